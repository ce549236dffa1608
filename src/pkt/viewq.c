/* SPDX-License-Identifier: MIT */
/*
 * The ring of views. Entry i (from the front) is ring[(first + i) & (capacity - 1)]; its `at` is
 * the stream position of the view's first byte, so positions ascend without gaps: entry 0 is at
 * `begin`, and each ends where the next begins, the last at `end`.
 *
 * A sender looks up one position after the other, so the place where the last look-up ended is
 * tried first, and the one after it.
 *
 * Ownership: each entry holds one reference to its chunk.
 */
#include "pkt/viewq.h"

#include <errno.h>
#include <string.h>

#include "base/env.h"
#include "pkt/block.h"

#define RING_FIRST 4u
#define RING_MAX (1u << 24)

static inline struct viewq_entry *entry(const struct viewq *q, uint32_t i)
{
	return &q->ring[(q->first + i) & (q->capacity - 1)];
}

void viewq_init(struct viewq *q, uint64_t position)
{
	*q = (struct viewq){.begin = position, .end = position};
}

static void free_ring(struct viewq *q, struct env *env)
{
	ASSERT(q->count == 0);
	block_free(env->pool, q->ring, q->capacity * sizeof(*q->ring));
	q->ring = NULL;
	q->first = 0;
	q->capacity = 0;
}

void viewq_clear(struct viewq *q, struct env *env)
{
	if (q->ring == NULL)
		return;
	for (uint32_t i = 0; i < q->count; i++)
		chunk_put(entry(q, i)->view.chunk);
	q->count = 0;
	q->begin = q->end;
	free_ring(q, env);
}

int viewq_reserve(struct viewq *q, struct env *env, uint32_t views)
{
	ASSERT(views < RING_MAX);
	uint32_t wanted = q->count + views;
	uint32_t capacity = q->capacity ? q->capacity : RING_FIRST;

	if (wanted <= q->capacity)
		return 0;
	if (wanted > RING_MAX)
		return -ENOMEM;
	while (capacity < wanted)
		capacity *= 2;
	struct viewq_entry *ring = block_new(env->pool, capacity * sizeof(*ring));

	if (ring == NULL)
		return -ENOMEM;
	uint32_t straight = q->capacity - q->first; /* entries before the ring's end */

	if (straight > q->count)
		straight = q->count;
	if (q->count > 0) {
		memcpy(ring, q->ring + q->first, straight * sizeof(*ring));
		memcpy(ring + straight, q->ring, (q->count - straight) * sizeof(*ring));
	}
	block_free(env->pool, q->ring, q->capacity * sizeof(*ring));
	q->ring = ring;
	q->first = 0;
	q->capacity = capacity;
	return 0;
}

void viewq_append(struct viewq *q, struct view v)
{
	ASSERT(v.bytes > 0);
	if (q->count > 0) {
		struct view *last = &entry(q, q->count - 1)->view;

		if (last->chunk == v.chunk && last->offset + last->bytes == v.offset) {
			last->bytes += v.bytes;
			q->end += v.bytes;
			chunk_put(v.chunk);
			return;
		}
	}
	ASSERT(q->count < q->capacity);
	*entry(q, q->count++) = (struct viewq_entry){v, q->end};
	q->end += v.bytes;
}

int viewq_append_packet(struct viewq *q, struct env *env, const struct berth_packet *p,
			size_t offset)
{
	ASSERT(offset <= p->payload_bytes);
	if (offset == p->payload_bytes)
		return 0;
	int err = viewq_reserve(q, env, p->view_count);

	if (err != 0)
		return err;
	for (unsigned i = 0; i < p->view_count; i++) {
		struct view v = p->views[i];

		if (offset >= v.bytes) {
			offset -= v.bytes;
			continue;
		}
		v.offset += (uint32_t)offset;
		v.bytes -= (uint32_t)offset;
		offset = 0;
		chunk_get(v.chunk);
		viewq_append(q, v);
	}
	return 0;
}

int viewq_move(struct viewq *q, struct env *env, struct viewq *from)
{
	if (from->count == 0)
		return 0;
	int err = viewq_reserve(q, env, from->count);

	if (err != 0)
		return err;
	for (uint32_t i = 0; i < from->count; i++)
		viewq_append(q, entry(from, i)->view);
	from->count = 0;
	from->begin = from->end;
	free_ring(from, env);
	return 0;
}

void viewq_consume(struct viewq *q, struct env *env, uint64_t bytes)
{
	ASSERT(bytes <= viewq_bytes(q));
	q->begin += bytes;
	while (bytes > 0) {
		struct viewq_entry *e = entry(q, 0);

		if (bytes < e->view.bytes) {
			e->view.offset += (uint32_t)bytes;
			e->view.bytes -= (uint32_t)bytes;
			e->at += bytes;
			return;
		}
		bytes -= e->view.bytes;
		chunk_put(e->view.chunk);
		q->first = (q->first + 1) & (q->capacity - 1);
		q->count--;
		q->found -= q->found > 0;
	}
	if (q->count == 0)
		free_ring(q, env);
}

static bool holds(const struct viewq *q, uint32_t i, uint64_t at)
{
	return i < q->count && at - entry(q, i)->at < entry(q, i)->view.bytes;
}

/* The index of the entry that holds position `at`, which is in the queue. */
static uint32_t find(struct viewq *q, uint64_t at)
{
	uint32_t low = 0;
	uint32_t high = q->count;

	if (holds(q, q->found, at))
		return q->found;
	if (holds(q, q->found + 1, at))
		return ++q->found;
	while (low + 1 < high) {
		uint32_t middle = low + (high - low) / 2;

		if (entry(q, middle)->at <= at)
			low = middle;
		else
			high = middle;
	}
	q->found = low;
	return low;
}

size_t viewq_fill(struct viewq *q, uint64_t at, size_t bytes, struct berth_packet *p)
{
	size_t done = 0;

	ASSERT(at >= q->begin && at <= q->end);
	if (at == q->end)
		return 0;
	for (uint32_t i = find(q, at); i < q->count && done < bytes; i++) {
		const struct viewq_entry *e = entry(q, i);
		uint32_t skip = (uint32_t)(at + done - e->at);
		size_t n = e->view.bytes - skip;

		n = n < bytes - done ? n : bytes - done;
		if (packet_append(p, e->view.chunk, e->view.offset + skip, (uint32_t)n) != 0)
			break;
		done += n;
	}
	return done;
}

size_t viewq_copy(struct viewq *q, uint64_t at, void *buf, size_t bytes)
{
	size_t done = 0;

	ASSERT(at >= q->begin && at <= q->end);
	if (at == q->end)
		return 0;
	for (uint32_t i = find(q, at); i < q->count && done < bytes; i++) {
		const struct viewq_entry *e = entry(q, i);
		size_t skip = (size_t)(at + done - e->at);
		size_t n = e->view.bytes - skip;

		n = n < bytes - done ? n : bytes - done;
		memcpy((uint8_t *)buf + done, e->view.chunk->data + e->view.offset + skip, n);
		done += n;
	}
	return done;
}

int viewq_iov(const struct viewq *q, struct iovec *iov, int count)
{
	int n = q->count < (uint32_t)count ? (int)q->count : count;

	for (int i = 0; i < n; i++) {
		const struct view *v = &entry(q, (uint32_t)i)->view;

		iov[i] = (struct iovec){v->chunk->data + v->offset, v->bytes};
	}
	return n;
}
