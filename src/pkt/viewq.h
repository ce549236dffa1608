/* SPDX-License-Identifier: MIT */
/*
 * A byte stream as a ring of views: the send and receive queues of stream sockets. Positions are
 * 64-bit stream offsets, so that a retransmission finds its bytes by binary search. An empty
 * queue owns no memory but itself.
 */
#ifndef PKT_VIEWQ_H
#define PKT_VIEWQ_H

#include <sys/uio.h>

#include "pkt/packet.h"

struct env;

struct viewq_entry {
	struct view view;
	uint64_t at; /* stream position of its first byte */
};

struct viewq {
	struct viewq_entry *ring;
	uint32_t first, count, capacity; /* capacity is a power of two or 0 */
	uint32_t found;			 /* where the last look-up ended */
	uint64_t begin, end;		 /* stream positions: bytes queued are end - begin */
};

/* Empty, its first byte to have this position. */
void viewq_init(struct viewq *q, uint64_t position);
/* Drops all bytes and the ring; begin is end then. */
void viewq_clear(struct viewq *q, struct env *env);

static inline uint64_t viewq_bytes(const struct viewq *q)
{
	return q->end - q->begin;
}

/* Room for `views` more entries, so that viewq_append() cannot fail. -ENOMEM. */
int viewq_reserve(struct viewq *q, struct env *env, uint32_t views);
/* Appends a view, whose reference becomes the queue's; merges neighbours. Room was reserved. */
void viewq_append(struct viewq *q, struct view v);
/* Appends all payload views of a packet, from `offset` of its payload on, shared. -ENOMEM:
 * unchanged. */
int viewq_append_packet(struct viewq *q, struct env *env, const struct berth_packet *p,
			size_t offset);
/* Appends all of `from` (its views move, and it is empty after). -ENOMEM: unchanged. */
int viewq_move(struct viewq *q, struct env *env, struct viewq *from);

/* Drops bytes at the front; when it becomes empty its ring is freed. */
void viewq_consume(struct viewq *q, struct env *env, uint64_t bytes);

/* Appends up to `bytes` bytes from stream position `at` to a packet, as views; returns how many
 * fitted (fewer when the packet's view slots run out or memory is short). */
size_t viewq_fill(struct viewq *q, uint64_t at, size_t bytes, struct berth_packet *p);

/* Copies from position `at`; returns how many bytes. Describes bytes from the front; returns
 * pieces. */
size_t viewq_copy(struct viewq *q, uint64_t at, void *buf, size_t bytes);
int viewq_iov(const struct viewq *q, struct iovec *iov, int count);

#endif
