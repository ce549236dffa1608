/* SPDX-License-Identifier: MIT */
/*
 * What a fuzzed stack has from outside: bytes that look random and are the same each time, and
 * memory that is counted, so that what is not given back is found without a sanitizer, too. The
 * functions are those of struct berth_stack_config; their `ctx` is the host.
 */
#ifndef TESTS_FUZZ_HOST_H
#define TESTS_FUZZ_HOST_H

#include <stdint.h>
#include <stdlib.h>

struct fuzz_host {
	uint8_t seed;
	long live; /* blocks of memory that are out */
};

static inline void fuzz_random(void *ctx, void *buf, size_t bytes)
{
	struct fuzz_host *h = ctx;

	for (size_t i = 0; i < bytes; i++)
		((uint8_t *)buf)[i] = h->seed = (uint8_t)(h->seed * 5 + 3);
}

static inline void *fuzz_alloc(void *ctx, size_t bytes)
{
	void *p = malloc(bytes);

	((struct fuzz_host *)ctx)->live += p != NULL;
	return p;
}

static inline void *fuzz_realloc(void *ctx, void *ptr, size_t bytes)
{
	void *p = realloc(ptr, bytes);

	((struct fuzz_host *)ctx)->live += ptr == NULL && p != NULL;
	return p;
}

static inline void fuzz_free(void *ctx, void *ptr)
{
	((struct fuzz_host *)ctx)->live -= ptr != NULL;
	free(ptr);
}

#endif
