/* SPDX-License-Identifier: MIT */
/*
 * A stack: one host. It has no threads, reads no clock and makes no system
 * call. Its driver (a struct berth_world, or your own loop) does four things:
 *
 *     berth_advance(st, now);                     time passes, timers fire
 *     berth_input_packet(st, ifindex, p);         a frame arrives
 *     while ((p = berth_output(st, &ifindex)))    frames leave
 *     while (berth_next_event(st, &ev))           sockets became ready
 *
 * and calls berth_advance() again no later than berth_stack_deadline(). Early
 * calls are harmless, late ones correct. `wake` in the configuration tells that
 * one of the last three has become worth calling, so that a driver of ten
 * thousand stacks does no work for the idle ones.
 *
 * A stack is single-threaded. Stacks that share a pool belong to one thread.
 */
#ifndef BERTH_STACK_H
#define BERTH_STACK_H

#include <stdbool.h>

#include <berth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What berth_stack_new() takes. Zero-initialise; every zero has a meaning. */
struct berth_stack_config {
	struct berth_pool *pool; /* borrowed; NULL: a private one */
	struct berth_mem mem;	 /* zero: malloc */
	struct berth_limits limits;
	berth_time now; /* the first moment */
	/* Fills `buf` with unpredictable bytes (tests: seeded ones). Must be set:
	 * sequence numbers, ports and hash keys come from it. */
	void (*random)(void *ctx, void *buf, size_t bytes);
	/* Called when the stack turns from quiet to having output, events or an
	 * earlier deadline; not again before the driver has drained it (both
	 * berth_output() and berth_next_event() said "none"). May be NULL. Must
	 * not call into the stack. */
	void (*wake)(void *ctx);
	void *ctx;	 /* for the two callbacks */
	bool forwarding; /* a router: net.ipv4.ip_forward=1, and
			    net.ipv6.conf.all.forwarding=1 */
	/* Where the driver keeps its present, if it has such a place: socket calls then need no
	 * berth_advance() before them, however long the host was idle. NULL: it advances. */
	const berth_time *clock;
	/* The Unix time when the driver's time was 0, for the timestamps that programs are
	 * given (SO_TIMESTAMP, SIOCGSTAMP). */
	berth_time epoch;
	/* Who the host's programs are, for SO_PEERCRED and SCM_CREDENTIALS. pid 0: 1. */
	uint32_t pid, uid, gid;
};

/*
 * Makes a host with a loopback interface "lo" (index 1, 127.0.0.1/8, ::1, mtu 65536, up).
 * Returns NULL when memory or `random` is missing. The caller frees it.
 */
BERTH_API struct berth_stack *berth_stack_new(const struct berth_stack_config *config);

/* Frees a host with all its sockets, without a word to their peers. NULL is fine. */
BERTH_API void berth_stack_free(struct berth_stack *st);

/*
 * Packet memory. `bytes_max` bounds the payload chunks handed out (0: 4 GiB);
 * past it, sends fail with -ENOBUFS and packets are dropped. The pool must
 * outlive every stack and packet that uses it.
 */
BERTH_API struct berth_pool *berth_pool_new(const struct berth_mem *mem, uint64_t bytes_max);
BERTH_API void berth_pool_free(struct berth_pool *pool);

/* Lets time pass up to `now` (never back: an earlier `now` is taken as the
 * present) and fires the timers that are due. */
BERTH_API void berth_advance(struct berth_stack *st, berth_time now);

/* The moment at which berth_advance() has something to do; BERTH_TIME_NEVER if none. */
BERTH_API berth_time berth_stack_deadline(const struct berth_stack *st);

/* A frame of `bytes` bytes arrives at interface `ifindex`; it is copied. Bad frames are
 * dropped and counted (berth_stack_drops). Checksums are verified. */
BERTH_API void berth_input(struct berth_stack *st, unsigned ifindex, const void *frame,
			   size_t bytes);

/* The same for a packet, which is consumed whatever happens. A packet of another
 * pool is copied. */
BERTH_API void berth_input_packet(struct berth_stack *st, unsigned ifindex, struct berth_packet *p);

/* The next frame that leaves through any interface whose frames the driver carries,
 * oldest first per interface; NULL if none. The caller owns it. */
BERTH_API struct berth_packet *berth_output(struct berth_stack *st, unsigned *out_ifindex);

/* A socket whose readiness rose since it was last reported. */
struct berth_event {
	int fd;	      /* -1: a name was resolved (berth/resolve.h) */
	short events; /* POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP, POLLPRI as of now */
	void *user;   /* berth_sock_set_user() */
};

/*
 * The next socket event, oldest first; false if none. Edge-triggered: a socket is
 * reported once after each change for the better (data, space, a connection, an error),
 * however many changes there were. Only sockets with a `user` are reported.
 */
BERTH_API bool berth_next_event(struct berth_stack *st, struct berth_event *out);

/* One named number of a stack: how many packets were dropped for a reason, or sent. */
struct berth_counter {
	const char *name; /* such as "tcp_checksum" */
	uint64_t count;
};

/* The `i`th reason for which packets are dropped and how many were; false past the last. */
BERTH_API bool berth_stack_drops(const struct berth_stack *st, unsigned i,
				 struct berth_counter *out);

/* Reads or sets one of the host's knobs by its sysctl name, such as
 * "net.ipv4.tcp_fin_timeout". -ENOENT: no such knob; -EINVAL: out of range. */
BERTH_API int berth_stack_sysctl_get(const struct berth_stack *st, const char *name,
				     int64_t *out_value);
BERTH_API int berth_stack_sysctl_set(struct berth_stack *st, const char *name, int64_t value);

#ifdef __cplusplus
}
#endif
#endif
