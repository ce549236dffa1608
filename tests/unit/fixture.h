/* SPDX-License-Identifier: MIT */
/*
 * What unit tests stand on: an env with seeded randomness, and an allocator that counts
 * what is out and can be told to fail.
 */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/env.h"

struct fixture {
	struct env env;
	uint64_t state; /* of the generator */
	long allocated; /* pieces out */
	long calls;	/* allocations asked for */
	long fail_at;	/* this call fails, counted from 1; 0: none */
	unsigned wakes;
};

static inline uint64_t fixture_random(struct fixture *f)
{
	/* SplitMix64 (Steele, Lea and Flood, 2014). */
	uint64_t z = f->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 .. bound - 1 */
static inline size_t fixture_below(struct fixture *f, size_t bound)
{
	return (size_t)(fixture_random(f) % bound);
}

static inline void fixture_fill(void *ctx, void *buf, size_t bytes)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)fixture_random(ctx);
}

static inline void *fixture_realloc(void *ctx, void *ptr, size_t bytes)
{
	struct fixture *f = ctx;

	if (++f->calls == f->fail_at)
		return NULL;
	void *p = realloc(ptr, bytes);

	assert_non_null(p);
	if (ptr == NULL)
		f->allocated++;
	return p;
}

static inline void *fixture_alloc(void *ctx, size_t bytes)
{
	return fixture_realloc(ctx, NULL, bytes);
}

static inline void fixture_free(void *ctx, void *ptr)
{
	struct fixture *f = ctx;

	if (ptr != NULL)
		f->allocated--;
	free(ptr);
}

static inline void fixture_wake(struct env *env)
{
	container_of(env, struct fixture, env)->wakes++;
}

static inline void fixture_init(struct fixture *f, uint64_t seed)
{
	*f = (struct fixture){.state = seed};
	f->env.mem = (struct berth_mem){fixture_alloc, fixture_realloc, fixture_free, f};
	f->env.random = fixture_fill;
	f->env.random_ctx = f;
	f->env.wake = fixture_wake;
	timers_init(&f->env.timers);
	fixture_fill(f, f->env.hash_key, sizeof(f->env.hash_key));
}

/* Nothing that was allocated is left. */
static inline void fixture_fini(struct fixture *f)
{
	timers_fini(&f->env.timers, &f->env);
	assert_int_equal(f->allocated, 0);
}

#endif
