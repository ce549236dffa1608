/* SPDX-License-Identifier: MIT */
/*
 * Small memory that comes and goes with packets: rings of queues, records of what is out, pieces of
 * datagrams. A pool keeps what is given back, by size, for whoever needs as much next, so that the
 * steady state asks the allocator for nothing.
 */
#ifndef PKT_BLOCK_H
#define PKT_BLOCK_H

#include <stddef.h>

struct berth_pool;

/* At least `bytes` bytes, not cleared; block_free() follows. NULL: no memory. */
void *block_new(struct berth_pool *pool, size_t bytes);
/* `bytes` as it was asked for. NULL is fine. */
void block_free(struct berth_pool *pool, void *block, size_t bytes);

#endif
