/* SPDX-License-Identifier: MIT */
/*
 * The inside of a pool, for the files of this folder.
 */
#ifndef PKT_POOL_H
#define PKT_POOL_H

#include "pkt/packet.h"

/* Views of one packet that outgrew its inline ones; recycled through `next`. */
union view_array {
	struct view views[PACKET_VIEWS_MAX];
	union view_array *next;
};

/* A block that nobody uses; see pkt/block.h. */
union block {
	union block *next;
};

/* Classes of blocks: 64 bytes, 128, ... 32 KiB. Of each, as many are kept as make 256 KiB. */
#define BLOCK_BYTES_MIN 64u
#define BLOCK_CLASSES 10u
#define BLOCKS_KEPT (256u * 1024 / BLOCK_BYTES_MIN)

struct berth_pool {
	struct berth_mem mem;
	uint64_t chunks_max;
	/* Chunks. The open ones are a list: space is given out from the first, the others are
	 * empty and only there because a reservation spans them. The pool holds a reference to
	 * each. */
	struct chunk *open;
	struct chunk *free_chunks;
	uint64_t chunks; /* in use: open, or in somebody's view */
	uint32_t free_chunk_count;
	/* Packets and view arrays. */
	uint32_t free_packet_count;
	uint32_t free_array_count;
	struct berth_packet *free_packets;
	union view_array *free_arrays;
	uint64_t packets; /* handed out */
	union block *free_blocks[BLOCK_CLASSES];
	uint32_t free_block_count[BLOCK_CLASSES];
};

/* An empty chunk with one reference, the caller's, that is not being filled. NULL: no memory. */
struct chunk *pool_chunk_new(struct berth_pool *pool);

#endif
