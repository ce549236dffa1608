/* SPDX-License-Identifier: MIT */
/*
 * Packets: a small header area and views into counted chunks.
 *
 *     head[]:  |  headroom  | ether | ip | tcp |        views:  [chunk 7, 100..1548) [chunk 9, ...
 *                           ^ head_off          ^ head_off + head_len
 *
 * The bytes of the packet are the used part of `head`, then the views in order. A layer that sends
 * prepends its header (packet_push); one that receives parses packet_head() after
 * packet_pull() made enough of it contiguous, and drops it (packet_trim_front). Payload bytes are
 * written once, into a chunk, and never change while more than one view or packet shares them.
 *
 * Ownership: see STYLE in CONTRIBUTING: `const struct berth_packet *` borrows, without const it is
 * consumed; only the packet_* functions of this header edit without consuming.
 */
#ifndef PKT_PACKET_H
#define PKT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <berth/types.h>

#include "base/check.h"

#define CHUNK_BYTES 65536u
#define PACKET_HEAD_BYTES 192u
#define PACKET_INLINE_VIEWS 6u
#define PACKET_VIEWS_MAX 64u

/* A counted piece of payload memory. Filled from the front by its pool. */
struct chunk {
	struct berth_pool *pool;
	struct chunk *next; /* the pool's: free, or waiting to be filled */
	uint32_t refs;
	uint32_t filled; /* the pool's: bytes given out */
	uint8_t data[CHUNK_BYTES];
};

struct view {
	struct chunk *chunk; /* a counted reference */
	uint32_t offset;
	uint32_t bytes;
};

/* What is known of the packet's transport checksum. */
enum csum {
	CSUM_NONE,     /* the field is whatever it is: compute to verify */
	CSUM_PARTIAL,  /* not computed, known to be right: l4 offsets are set */
	CSUM_VERIFIED, /* computed, and found right */
};

struct berth_packet {
	struct berth_packet *next; /* in a packet queue */
	struct berth_packet *link; /* the driver's */
	struct berth_pool *pool;
	struct view *views;	/* inline_views, or an array of the pool's */
	uint32_t payload_bytes; /* sum of the views */
	uint16_t view_count, view_capacity;
	uint8_t head_off, head_len;
	uint8_t csum;	     /* enum csum */
	uint8_t l4_protocol; /* with CSUM_PARTIAL or gso_bytes: IPPROTO_TCP, _UDP, _ICMPV6 */
	/* Offsets in head[] (not from head_off), kept by whoever pushed or parsed the header. */
	uint8_t l3_off, l4_off;
	uint16_t gso_bytes; /* payload per segment of a TCP or UDP super-packet, 0: none */
	/* For the receiving side, set by link and net as the packet rises. */
	uint16_t ifindex;
	uint8_t broadcast; /* link-layer broadcast or multicast, or IP one */
	uint8_t flags;	   /* PACKET_* */
	berth_time time;   /* of arrival */
	uint8_t head[PACKET_HEAD_BYTES];
	/* SO_MARK and SO_PRIORITY of the sender, within one host. */
	uint32_t mark, priority;
	struct view inline_views[PACKET_INLINE_VIEWS];
	void *memory; /* what the pool allocated, this packet within */
};

#define PACKET_FORWARDED 0x1u	  /* came in through another interface of this host */
#define PACKET_LOOPED 0x2u	  /* a copy of what this host sends to a group or broadcast */
#define PACKET_FRAMED 0x4u	  /* on lo: made by a program, link header and all */
#define PACKET_COMPLETE_CUT 0x80u /* packet_cut() owes each segment its checksums */

/* An empty packet with all of head[] as headroom, zeros in all other fields before head[], whose
 * bytes are undefined; NULL: no memory. */
struct berth_packet *packet_new(struct berth_pool *pool);
void packet_free(struct berth_packet *p); /* takes NULL */
/* A packet with a copy of these bytes, as one that came over a wire: headers are made contiguous by
 * packet_pull(). NULL: no memory. */
struct berth_packet *packet_from(struct berth_pool *pool, const void *frame, size_t bytes);
/* A copy of the header area; payload shared. NULL: no memory. */
struct berth_packet *packet_clone(const struct berth_packet *p);
/* A copy whose memory is all of `pool`. NULL: no memory. */
struct berth_packet *packet_copy(struct berth_pool *pool, const struct berth_packet *p);

static inline size_t packet_bytes(const struct berth_packet *p)
{
	return p->head_len + p->payload_bytes;
}

static inline uint8_t *packet_head(struct berth_packet *p)
{
	return p->head + p->head_off;
}

/* What packet_pull() and packet_trim_front() do when head[] alone is not enough. */
bool packet_pull_views(struct berth_packet *p, size_t bytes);
void packet_trim_views(struct berth_packet *p, size_t bytes);

/* Makes room for `bytes` header bytes in front and returns where they go. The caller knows that
 * they fit: ASSERTs head_off >= bytes (Ethernet 14 + IP 60 + TCP 60 always fit). */
static inline uint8_t *packet_push(struct berth_packet *p, size_t bytes)
{
	ASSERT(p->head_off >= bytes);
	p->head_off = (uint8_t)(p->head_off - bytes);
	p->head_len = (uint8_t)(p->head_len + bytes);
	return p->head + p->head_off;
}

/* Makes the first `bytes` bytes contiguous in head[], copying from views if need be (pointers into
 * head[] are stale then). False: the packet is shorter, or the header area too small; the packet is
 * unchanged. */
static inline bool packet_pull(struct berth_packet *p, size_t bytes)
{
	return bytes <= p->head_len || packet_pull_views(p, bytes);
}

/* Takes bytes away in front: headers first, then views; at most packet_bytes(). */
static inline void packet_trim_front(struct berth_packet *p, size_t bytes)
{
	size_t n = bytes < p->head_len ? bytes : p->head_len;

	p->head_off = (uint8_t)(p->head_off + n);
	p->head_len = (uint8_t)(p->head_len - n);
	if (bytes > n)
		packet_trim_views(p, bytes - n);
}
/* Keeps the first `bytes` bytes. */
void packet_trim_to(struct berth_packet *p, size_t bytes);

/* Appends a view; the packet takes its own reference. -ENOMEM, -EMSGSIZE past PACKET_VIEWS_MAX.
 * Merges with the last view when the bytes are neighbours. */
int packet_append(struct berth_packet *p, struct chunk *c, uint32_t offset, uint32_t bytes);

/* Appends the payload bytes [offset, offset + bytes) of `from`, shared. -ENOMEM, -EMSGSIZE. */
int packet_append_from(struct berth_packet *p, const struct berth_packet *from, size_t offset,
		       size_t bytes);

/* Moves the first `bytes` payload bytes (fewer than there are) to a new packet with a copy of the
 * header area and all fields. NULL: no memory, `p` is unchanged. */
struct berth_packet *packet_split(struct berth_packet *p, size_t bytes);

/* Copies out `bytes` bytes from `offset` on (of head and views); returns how many there were. */
size_t packet_copy_out(const struct berth_packet *p, size_t offset, void *buf, size_t bytes);

/* Overwrites bytes of a packet that shares its payload with nobody yet; all there. */
void packet_store(struct berth_packet *p, size_t offset, const void *data, size_t bytes);

/* Internet checksum (RFC 1071) over `bytes` bytes from `offset`, added to `sum`, not folded: see
 * pkt/csum.h. The packet has as many bytes. */
uint32_t packet_sum(const struct berth_packet *p, size_t offset, size_t bytes, uint32_t sum);

/* Computes the transport (and IPv4 header) checksum of a CSUM_PARTIAL packet, which is CSUM_NONE
 * after. Both headers are in head[], l3_off and l4_off lead to them. With l4_protocol 0 (a
 * fragment), only IPv4's. Harmless else. */
void packet_complete(struct berth_packet *p);

/* Flips one bit, 0 to 8 * packet_bytes() - 1; shared payload is copied first. -ENOMEM. */
int packet_flip_bit(struct berth_packet *p, uint64_t bit);

/* See berth_packet_cut(). head[] holds the headers of a super-packet and nothing else. What is left
 * in *p is at any time a packet with right lengths and sequence number; checksums stay partial, or,
 * when they were computed, are computed for each segment. */
struct berth_packet *packet_cut(struct berth_packet **p);

/*
 * Payload memory. A pool hands out space from its current chunk, so that small writes share
 * chunks and consecutive big ones are neighbours that merge into one view.
 */
/* Describes up to `bytes` bytes of fresh space in up to `count` pieces; returns the pieces, 0: no
 * memory. Nothing is taken before pool_commit(); nothing else is to be reserved or appended in
 * between. */
int pool_reserve(struct berth_pool *pool, size_t bytes, struct iovec *iov, int count);
/* Takes the first `bytes` bytes of what pool_reserve() described, and tells the views through
 * `add`, one per chunk, each with a reference that becomes the receiver's. */
void pool_commit(struct berth_pool *pool, size_t bytes, void (*add)(void *ctx, struct view v),
		 void *ctx);
/* Appends a copy of `bytes` bytes to a packet. -ENOMEM, -EMSGSIZE: the packet is unchanged. */
int packet_append_copy(struct berth_packet *p, const void *data, size_t bytes);
int packet_append_iov(struct berth_packet *p, const struct iovec *iov, int count, size_t bytes);

/* Takes and gives back a reference; the last one gives the chunk to its pool. */
static inline void chunk_get(struct chunk *c)
{
	ASSERT(c->refs > 0);
	c->refs++;
}

/* For chunk_put() alone. */
void chunk_release(struct chunk *c);

static inline void chunk_put(struct chunk *c)
{
	ASSERT(c->refs > 0);
	if (--c->refs == 0)
		chunk_release(c);
}

/* `mem` NULL or zero: malloc; `bytes_max` bounds the payload chunks, 0: 4 GiB. NULL: no memory. */
struct berth_pool *pool_new(const struct berth_mem *mem, uint64_t bytes_max);
/* Every packet and view is gone. Takes NULL. */
void pool_free(struct berth_pool *pool);

/* Packets and chunks now handed out, for tests that nothing leaks. */
uint64_t pool_packets(const struct berth_pool *pool);
uint64_t pool_chunks(const struct berth_pool *pool);

/* A first-in first-out queue of packets. */
struct packet_queue {
	struct berth_packet *head, *tail;
	uint32_t count;
	uint64_t bytes;
};

/* All zero is an empty queue. It owns the packets in it, by their `next`. */
void packet_queue_add(struct packet_queue *q, struct berth_packet *p);
/* The oldest, the caller's from now on. NULL: empty. */
struct berth_packet *packet_queue_take(struct packet_queue *q);
/* Frees them all. */
void packet_queue_clear(struct packet_queue *q);

#endif
