/* SPDX-License-Identifier: MIT */
#include "pkt/block.h"

#include "base/check.h"
#include "pkt/pool.h"

/* The smallest class that holds `bytes`; BLOCK_CLASSES: too large to be kept. */
static unsigned class_of(size_t bytes)
{
	unsigned class = 0;

	while (class < BLOCK_CLASSES && bytes > (size_t)BLOCK_BYTES_MIN << class)
		class ++;
	return class;
}

void *block_new(struct berth_pool *pool, size_t bytes)
{
	unsigned class = class_of(bytes);
	union block *b;

	ASSERT(bytes > 0);
	if (class == BLOCK_CLASSES)
		return pool->mem.alloc(pool->mem.ctx, bytes);
	b = pool->free_blocks[class];
	if (b == NULL)
		return pool->mem.alloc(pool->mem.ctx, (size_t)BLOCK_BYTES_MIN << class);
	pool->free_blocks[class] = b->next;
	pool->free_block_count[class]--;
	return b;
}

void block_free(struct berth_pool *pool, void *block, size_t bytes)
{
	union block *b = block;

	if (b == NULL)
		return;
	unsigned class = class_of(bytes);

	if (class == BLOCK_CLASSES || pool->free_block_count[class] >= BLOCKS_KEPT >> class) {
		pool->mem.free(pool->mem.ctx, b);
		return;
	}
	b->next = pool->free_blocks[class];
	pool->free_blocks[class] = b;
	pool->free_block_count[class]++;
}
