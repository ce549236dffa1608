/* SPDX-License-Identifier: MIT */
/*
 * Pools and the payload memory that they hand out.
 *
 * A pool fills one chunk after another from the front, so that the bytes of many small writes share
 * a chunk, and those of consecutive writes are neighbours, whose views merge. A chunk is recycled
 * when its last view goes; if nobody but the pool knows the chunk that is being filled, filling
 * starts again at its front: a request and its response then always use the same few cache lines.
 *
 * Ownership: the pool has a reference to each open chunk, every view has one to its chunk. A chunk
 * without references is on the free list or given back to the allocator.
 *
 * Limits: chunks in use never exceed chunks_max. What idles on free lists is at most
 * FREE_CHUNKS_MAX chunks, FREE_PACKETS_MAX packets, FREE_ARRAYS_MAX arrays and 2.5 MiB of blocks.
 */
#include "pkt/pool.h"

#include <errno.h>
#include <string.h>

#include "base/env.h"

#define BYTES_MAX_DEFAULT (UINT64_C(4) << 30)
#define FREE_CHUNKS_MAX 256u
#define OPEN_CHUNKS_MAX 64u

struct berth_pool *pool_new(const struct berth_mem *mem, uint64_t bytes_max)
{
	struct berth_mem m = mem_or_libc(mem);
	struct berth_pool *pool = m.alloc(m.ctx, sizeof(*pool));
	uint64_t bytes = bytes_max ? bytes_max : BYTES_MAX_DEFAULT;

	if (pool == NULL)
		return NULL;
	*pool = (struct berth_pool){
		.mem = m,
		.chunks_max = bytes < CHUNK_BYTES ? 1 : bytes / CHUNK_BYTES,
	};
	return pool;
}

static void free_lists(struct berth_pool *pool)
{
	while (pool->free_chunks != NULL) {
		struct chunk *c = pool->free_chunks;

		pool->free_chunks = c->next;
		pool->mem.free(pool->mem.ctx, c);
	}
	while (pool->free_packets != NULL) {
		struct berth_packet *p = pool->free_packets;

		pool->free_packets = p->next;
		pool->mem.free(pool->mem.ctx, p->memory);
	}
	while (pool->free_arrays != NULL) {
		union view_array *a = pool->free_arrays;

		pool->free_arrays = a->next;
		pool->mem.free(pool->mem.ctx, a);
	}
	for (unsigned i = 0; i < BLOCK_CLASSES; i++) {
		while (pool->free_blocks[i] != NULL) {
			union block *b = pool->free_blocks[i];

			pool->free_blocks[i] = b->next;
			pool->mem.free(pool->mem.ctx, b);
		}
	}
}

void pool_free(struct berth_pool *pool)
{
	if (pool == NULL)
		return;
	INVARIANT(pool_packets(pool) == 0);
	INVARIANT(pool_chunks(pool) == 0);
	while (pool->open != NULL) {
		struct chunk *c = pool->open;

		pool->open = c->next;
		chunk_put(c);
	}
	free_lists(pool);
	pool->mem.free(pool->mem.ctx, pool);
}

struct chunk *pool_chunk_new(struct berth_pool *pool)
{
	if (pool->chunks >= pool->chunks_max)
		return NULL;
	struct chunk *c = pool->free_chunks;

	if (c != NULL) {
		pool->free_chunks = c->next;
		pool->free_chunk_count--;
	} else {
		c = pool->mem.alloc(pool->mem.ctx, sizeof(*c));
		if (c == NULL)
			return NULL;
		c->pool = pool;
	}
	c->next = NULL;
	c->refs = 1;
	c->filled = 0;
	pool->chunks++;
	return c;
}

void chunk_release(struct chunk *c)
{
	struct berth_pool *pool = c->pool;

	ASSERT(c->refs == 0 && pool->chunks > 0);
	pool->chunks--;
	if (pool->free_chunk_count >= FREE_CHUNKS_MAX) {
		pool->mem.free(pool->mem.ctx, c);
		return;
	}
	c->next = pool->free_chunks;
	pool->free_chunks = c;
	pool->free_chunk_count++;
}

/* The chunk that is being filled, with space in it; NULL: no memory. */
static struct chunk *open_chunk(struct berth_pool *pool)
{
	struct chunk *c = pool->open;

	if (c != NULL && c->refs == 1)
		c->filled = 0;
	if (c != NULL && c->filled == CHUNK_BYTES) {
		pool->open = c->next;
		chunk_put(c);
		c = pool->open;
	}
	if (c == NULL) {
		c = pool_chunk_new(pool);
		pool->open = c;
	}
	return c;
}

int pool_reserve(struct berth_pool *pool, size_t bytes, struct iovec *iov, int count)
{
	struct chunk *c = open_chunk(pool);
	int pieces = 0;

	while (c != NULL && bytes > 0 && pieces < count) {
		size_t space = CHUNK_BYTES - c->filled;
		size_t n = bytes < space ? bytes : space;

		iov[pieces++] = (struct iovec){c->data + c->filled, n};
		bytes -= n;
		if (c->next == NULL && bytes > 0 && pieces < count && pieces < (int)OPEN_CHUNKS_MAX)
			c->next = pool_chunk_new(pool);
		c = c->next;
	}
	return pieces;
}

/* Takes up to `bytes` bytes of the first open chunk, as a view with a reference of its own. */
static struct view take(struct berth_pool *pool, size_t bytes)
{
	struct chunk *c = pool->open;

	ASSERT(c != NULL);
	if (c->filled == CHUNK_BYTES) {
		ASSERT(c->next != NULL);
		pool->open = c->next;
		chunk_put(c);
		c = pool->open;
	}
	size_t space = CHUNK_BYTES - c->filled;
	uint32_t n = (uint32_t)(bytes < space ? bytes : space);
	struct view v = {c, c->filled, n};

	ASSERT(n > 0);
	chunk_get(c);
	c->filled += n;
	return v;
}

void pool_commit(struct berth_pool *pool, size_t bytes, void (*add)(void *ctx, struct view v),
		 void *ctx)
{
	while (bytes > 0) {
		struct view v = take(pool, bytes);

		bytes -= v.bytes;
		add(ctx, v);
	}
}

uint64_t pool_packets(const struct berth_pool *pool)
{
	return pool->packets;
}

uint64_t pool_chunks(const struct berth_pool *pool)
{
	uint64_t n = pool->chunks;

	for (const struct chunk *c = pool->open; c != NULL; c = c->next) {
		if (c->refs == 1)
			n--;
	}
	return n;
}
