/* SPDX-License-Identifier: MIT */
/*
 * Words that every other header of libberth uses: time, memory, limits.
 */
#ifndef BERTH_TYPES_H
#define BERTH_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BERTH_API __attribute__((visibility("default")))
#else
#define BERTH_API
#endif

/* Nanoseconds since an epoch of the caller's choice; never goes back. */
typedef int64_t berth_time;

#define BERTH_TIME_NEVER INT64_MAX
#define BERTH_USEC INT64_C(1000)
#define BERTH_MSEC INT64_C(1000000)
#define BERTH_SEC INT64_C(1000000000)

struct berth_stack;  /* one host: interfaces, routes, neighbours, sockets, timers */
struct berth_pool;   /* packet memory, shared by the stacks that exchange packets */
struct berth_packet; /* one frame, owned by whoever holds the pointer */
struct berth_world;  /* stacks, cables between them, one clock */

/*
 * Where memory comes from. All zero: malloc, realloc and free. `alloc` may
 * return NULL at any time; what failed then reports -ENOMEM or drops a packet,
 * and nothing is lost that was promised.
 */
struct berth_mem {
	void *(*alloc)(void *ctx, size_t bytes);
	void *(*realloc)(void *ctx, void *ptr, size_t bytes);
	void (*free)(void *ctx, void *ptr); /* takes NULL */
	void *ctx;
};

/* Bounds of one stack. A zero stands for the default in brackets. */
struct berth_limits {
	uint32_t sockets_max;	      /* descriptors [1048576] */
	uint32_t neighbours_max;      /* neighbour entries [4096] */
	uint32_t neighbour_queue_max; /* packets waiting for one neighbour [101] */
	uint32_t frag_bytes_max;      /* bytes waiting for reassembly [4 MiB] */
	uint32_t frag_datagrams_max;  /* datagrams waiting for reassembly [1024] */
	uint32_t txq_packets_max;     /* packets waiting at one interface [1000] */
	uint32_t timewait_max;	      /* connections in TIME-WAIT [65536] */
	uint32_t somaxconn;	      /* ceiling of a backlog [4096] */
	uint32_t tcp_rmem_max;	      /* ceiling of a tuned receive buffer [6 MiB] */
	uint32_t tcp_wmem_max;	      /* ceiling of a tuned send buffer [4 MiB] */
	uint32_t rmem_max;	      /* ceiling of SO_RCVBUF before doubling [4 MiB] */
	uint32_t wmem_max;	      /* ceiling of SO_SNDBUF before doubling [4 MiB] */
	uint64_t bytes_max;	      /* payload the stack's sockets may hold [1 GiB] */
};

#ifdef __cplusplus
}
#endif
#endif
