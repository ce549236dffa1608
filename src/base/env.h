/* SPDX-License-Identifier: MIT */
/*
 * What every layer of one stack shares: the time, memory, randomness, timers, limits, counters. The
 * stack owns it; a layer's context or an object leads to it.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stdint.h>

#include <berth/types.h>

#include "base/drops.h"
#include "base/knobs.h"
#include "base/timer.h"

struct env {
	berth_time now;		    /* written by stack/ only */
	berth_time epoch;	    /* Unix time at 0: added to timestamps that programs see */
	struct berth_mem mem;	    /* all three functions set */
	struct berth_limits limits; /* every field set */
	struct knobs knobs;	    /* set by stack/, read by all */
	struct timers timers;
	struct berth_pool *pool; /* packets and chunks */
	void (*random)(void *ctx, void *buf, size_t bytes);
	/* Tells the driver that there is output, an event or an earlier deadline. Call it
	 * freely: it does nothing but set a flag and, the first time, call the driver. */
	void (*wake)(struct env *env);
	void *random_ctx;
	struct {
		uint32_t pid, uid, gid;
	} creds;	      /* of all programs on the host, as AF_UNIX tells them */
	uint8_t hash_key[16]; /* of env_hash() */
	uint64_t drops[DROP_COUNT];
	uint64_t bytes_held; /* payload in socket queues, <= limits.bytes_max */
};

/* `mem`, or libc's allocator where it is NULL or all zero. */
struct berth_mem mem_or_libc(const struct berth_mem *mem);

/* Memory of the stack's, to be given back with env_free(); env_calloc()'s is zeroed, and its
 * product may not overflow. NULL: no memory. */
void *env_alloc(struct env *env, size_t bytes);
void *env_calloc(struct env *env, size_t count, size_t bytes);
/* Grows or shrinks an array to `count` elements; NULL: no memory, `ptr` is as it was. */
void *env_realloc(struct env *env, void *ptr, size_t count, size_t bytes);
/* NULL is fine. */
void env_free(struct env *env, void *ptr);

/* Bytes that nobody can guess, from the driver's `random`. */
void env_random(struct env *env, void *buf, size_t bytes);
uint32_t env_random_u32(struct env *env);
/* Uniform in 0 .. bound - 1; bound > 0. */
uint32_t env_random_below(struct env *env, uint32_t bound);

/* SipHash-1-3 of `bytes` bytes under the stack's key, for tables that peers can fill. */
uint32_t env_hash(const struct env *env, const void *data, size_t bytes);
/* SipHash-2-4 under a key of the caller's, where peers see results (RFC 6528 sequence numbers). */
uint64_t siphash(const uint8_t key[16], const void *data, size_t bytes);

static inline void drop(struct env *env, enum drop reason)
{
	env->drops[reason]++;
}

/* As counters are called: "tcp_checksum". */
const char *drop_name(enum drop reason);

#endif
