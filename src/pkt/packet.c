/* SPDX-License-Identifier: MIT */
/*
 * Packets: making, editing, reading. See packet.h for their shape.
 *
 * Packets come from and return to their pool's free list; only the first cache line is written when
 * one is made. They are aligned so that the headers at the end of head[] and the first views are
 * two lines more.
 *
 * Invariants: head_off + head_len <= PACKET_HEAD_BYTES; view_count <=
 * view_capacity; views are not empty, lie within their chunks and add up to payload_bytes.
 */
#include "pkt/packet.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "pkt/csum.h"
#include "pkt/pool.h"

#define PACKET_ALIGN 64u
#define FREE_PACKETS_MAX 4096u
#define FREE_ARRAYS_MAX 256u
/* Where the first header of a packet from a wire goes: room in front for a longer one. */
#define WIRE_HEAD_OFF 16u

STATIC_ASSERT(offsetof(struct berth_packet, head) == PACKET_ALIGN);

static struct berth_packet *packet_alloc(struct berth_pool *pool)
{
	void *memory =
		pool->mem.alloc(pool->mem.ctx, sizeof(struct berth_packet) + PACKET_ALIGN - 1);

	if (memory == NULL)
		return NULL;
	uintptr_t at = ((uintptr_t)memory + PACKET_ALIGN - 1) & ~(uintptr_t)(PACKET_ALIGN - 1);
	struct berth_packet *p = (struct berth_packet *)at;

	p->memory = memory;
	p->pool = pool;
	return p;
}

struct berth_packet *packet_new(struct berth_pool *pool)
{
	struct berth_packet *p = pool->free_packets;

	if (p != NULL) {
		pool->free_packets = p->next;
		pool->free_packet_count--;
		if (p->next)
			__builtin_prefetch(p->next, 1);
	} else {
		p = packet_alloc(pool);
		if (p == NULL)
			return NULL;
	}
	pool->packets++;
	memset(p, 0, offsetof(struct berth_packet, head));
	p->mark = 0;
	p->priority = 0;
	p->pool = pool;
	p->views = p->inline_views;
	p->view_capacity = PACKET_INLINE_VIEWS;
	p->head_off = PACKET_HEAD_BYTES;
	return p;
}

static void free_array(struct berth_pool *pool, struct view *views)
{
	union view_array *a = (union view_array *)(void *)views;

	if (pool->free_array_count >= FREE_ARRAYS_MAX) {
		pool->mem.free(pool->mem.ctx, a);
		return;
	}
	a->next = pool->free_arrays;
	pool->free_arrays = a;
	pool->free_array_count++;
}

void packet_free(struct berth_packet *p)
{
	if (p == NULL)
		return;
	struct berth_pool *pool = p->pool;

	for (unsigned i = 0; i < p->view_count; i++)
		chunk_put(p->views[i].chunk);
	if (p->views != p->inline_views)
		free_array(pool, p->views);
#ifdef BERTH_DEBUG
	void *memory = p->memory;

	memset(p, 0xdb, sizeof(*p));
	p->memory = memory;
#endif
	ASSERT(pool->packets > 0);
	pool->packets--;
	if (pool->free_packet_count >= FREE_PACKETS_MAX) {
		pool->mem.free(pool->mem.ctx, p->memory);
		return;
	}
	p->next = pool->free_packets;
	pool->free_packets = p;
	pool->free_packet_count++;
}

/* Room for more than the inline views. */
static int grow_views(struct berth_packet *p)
{
	struct berth_pool *pool = p->pool;
	union view_array *a = pool->free_arrays;

	if (p->view_capacity == PACKET_VIEWS_MAX)
		return -EMSGSIZE;
	if (a != NULL) {
		pool->free_arrays = a->next;
		pool->free_array_count--;
	} else {
		a = pool->mem.alloc(pool->mem.ctx, sizeof(*a));
		if (a == NULL)
			return -ENOMEM;
	}
	memcpy(a->views, p->views, p->view_count * sizeof(p->views[0]));
	p->views = a->views;
	p->view_capacity = PACKET_VIEWS_MAX;
	return 0;
}

int packet_append(struct berth_packet *p, struct chunk *c, uint32_t offset, uint32_t bytes)
{
	ASSERT(bytes <= CHUNK_BYTES && offset <= CHUNK_BYTES - bytes);
	if (bytes == 0)
		return 0;
	if (p->view_count > 0) {
		struct view *last = &p->views[p->view_count - 1];

		if (last->chunk == c && last->offset + last->bytes == offset) {
			last->bytes += bytes;
			p->payload_bytes += bytes;
			return 0;
		}
	}
	if (p->view_count == p->view_capacity) {
		int err = grow_views(p);

		if (err != 0)
			return err;
	}
	chunk_get(c);
	p->views[p->view_count++] = (struct view){c, offset, bytes};
	p->payload_bytes += bytes;
	return 0;
}

int packet_append_from(struct berth_packet *p, const struct berth_packet *from, size_t offset,
		       size_t bytes)
{
	size_t before = packet_bytes(p);

	ASSERT(p != from);
	ASSERT(offset <= from->payload_bytes && bytes <= from->payload_bytes - offset);
	for (unsigned i = 0; bytes > 0; i++) {
		const struct view *v = &from->views[i];

		if (offset >= v->bytes) {
			offset -= v->bytes;
			continue;
		}
		size_t n = v->bytes - offset < bytes ? v->bytes - offset : bytes;
		int err = packet_append(p, v->chunk, v->offset + (uint32_t)offset, (uint32_t)n);

		if (err != 0) {
			packet_trim_to(p, before);
			return err;
		}
		offset = 0;
		bytes -= n;
	}
	return 0;
}

struct append {
	struct berth_packet *p;
	int err;
};

static void append_taken(void *ctx, struct view v)
{
	struct append *a = ctx;

	if (a->err == 0)
		a->err = packet_append(a->p, v.chunk, v.offset, v.bytes);
	chunk_put(v.chunk);
}

/* Takes what was copied into reserved space. */
static int append_commit(struct berth_packet *p, size_t bytes)
{
	struct append a = {p, 0};
	size_t before = packet_bytes(p);

	pool_commit(p->pool, bytes, append_taken, &a);
	if (a.err != 0)
		packet_trim_to(p, before);
	return a.err;
}

/* Copies from the place (*iov, *skip) on, and moves it. */
static void copy_iov(uint8_t *to, size_t bytes, const struct iovec **iov, size_t *skip)
{
	while (bytes > 0) {
		size_t n = (*iov)->iov_len - *skip;

		if (n > bytes)
			n = bytes;
		if (n > 0)
			memcpy(to, (const uint8_t *)(*iov)->iov_base + *skip, n);
		to += n;
		bytes -= n;
		*skip += n;
		if (*skip == (*iov)->iov_len) {
			(*iov)++;
			*skip = 0;
		}
	}
}

int packet_append_iov(struct berth_packet *p, const struct iovec *iov, int count, size_t bytes)
{
	struct iovec space[PACKET_VIEWS_MAX];
	size_t skip = 0;
	size_t room = 0;
	int pieces = pool_reserve(p->pool, bytes, space, PACKET_VIEWS_MAX);

	(void)count; /* the caller vouches that the iov holds `bytes` bytes */
	for (int i = 0; i < pieces; i++)
		room += space[i].iov_len;
	if (room < bytes)
		return -ENOMEM;
	for (int i = 0; i < pieces; i++)
		copy_iov(space[i].iov_base, space[i].iov_len, &iov, &skip);
	return append_commit(p, bytes);
}

int packet_append_copy(struct berth_packet *p, const void *data, size_t bytes)
{
	struct iovec iov = {(void *)(uintptr_t)data, bytes};

	return packet_append_iov(p, &iov, 1, bytes);
}

struct berth_packet *packet_from(struct berth_pool *pool, const void *frame, size_t bytes)
{
	struct berth_packet *p = packet_new(pool);

	if (p == NULL)
		return NULL;
	p->head_off = WIRE_HEAD_OFF;
	if (packet_append_copy(p, frame, bytes) != 0) {
		packet_free(p);
		return NULL;
	}
	return p;
}

/* A packet with the same header area and fields, and no views. */
static struct berth_packet *copy_head(struct berth_pool *pool, const struct berth_packet *p)
{
	struct berth_packet *q = packet_new(pool);

	if (q == NULL)
		return NULL;
	q->head_off = p->head_off;
	q->head_len = p->head_len;
	q->csum = p->csum;
	q->l4_protocol = p->l4_protocol;
	q->l3_off = p->l3_off;
	q->l4_off = p->l4_off;
	q->gso_bytes = p->gso_bytes;
	q->ifindex = p->ifindex;
	q->broadcast = p->broadcast;
	q->flags = p->flags;
	q->time = p->time;
	q->mark = p->mark;
	q->priority = p->priority;
	/* All of it: headers already taken off stay readable before head_off. */
	memcpy(q->head, p->head, sizeof(q->head));
	return q;
}

struct berth_packet *packet_clone(const struct berth_packet *p)
{
	struct berth_packet *q = copy_head(p->pool, p);

	if (q != NULL && packet_append_from(q, p, 0, p->payload_bytes) != 0) {
		packet_free(q);
		return NULL;
	}
	return q;
}

struct berth_packet *packet_copy(struct berth_pool *pool, const struct berth_packet *p)
{
	struct berth_packet *q = copy_head(pool, p);
	int err = 0;

	if (q == NULL)
		return NULL;
	for (unsigned i = 0; i < p->view_count && err == 0; i++)
		err = packet_append_copy(q, p->views[i].chunk->data + p->views[i].offset,
					 p->views[i].bytes);
	if (err != 0) {
		packet_free(q);
		return NULL;
	}
	return q;
}

/* Drops payload bytes in front; what is left moves to the first place. */
void packet_trim_views(struct berth_packet *p, size_t bytes)
{
	unsigned gone = 0;

	ASSERT(bytes <= p->payload_bytes);
	p->payload_bytes -= (uint32_t)bytes;
	while (bytes > 0) {
		struct view *v = &p->views[gone];

		if (bytes < v->bytes) {
			v->offset += (uint32_t)bytes;
			v->bytes -= (uint32_t)bytes;
			break;
		}
		bytes -= v->bytes;
		chunk_put(v->chunk);
		gone++;
	}
	if (gone > 0) {
		p->view_count = (uint16_t)(p->view_count - gone);
		memmove(p->views, p->views + gone, p->view_count * sizeof(p->views[0]));
	}
}

struct berth_packet *packet_split(struct berth_packet *p, size_t bytes)
{
	ASSERT(bytes < p->payload_bytes);
	struct berth_packet *first = copy_head(p->pool, p);

	if (first == NULL)
		return NULL;
	if (packet_append_from(first, p, 0, bytes) != 0) {
		packet_free(first);
		return NULL;
	}
	packet_trim_views(p, bytes);
	return first;
}

void packet_store(struct berth_packet *p, size_t offset, const void *data, size_t bytes)
{
	const uint8_t *from = data;

	ASSERT(offset + bytes <= packet_bytes(p));
	for (; bytes > 0 && offset < p->head_len; bytes--, offset++)
		p->head[p->head_off + offset] = *from++;
	offset -= bytes > 0 ? p->head_len : 0;
	for (unsigned i = 0; bytes > 0; i++) {
		struct view *v = &p->views[i];

		for (; bytes > 0 && offset < v->bytes; bytes--, offset++)
			v->chunk->data[v->offset + offset] = *from++;
		offset -= v->bytes;
	}
}

/* Moves what is in head[] towards the front, with the network header if it is before head_off. */
static bool shift_head(struct berth_packet *p, size_t by)
{
	size_t first = p->l3_off != 0 && p->l3_off < p->head_off ? p->l3_off : p->head_off;
	size_t tail = (size_t)p->head_off + p->head_len;

	if (by > first)
		return false;
	memmove(p->head + first - by, p->head + first, tail - first);
	if (p->l3_off >= first)
		p->l3_off = (uint8_t)(p->l3_off - by);
	if (p->l4_off >= first)
		p->l4_off = (uint8_t)(p->l4_off - by);
	p->head_off = (uint8_t)(p->head_off - by);
	return true;
}

bool packet_pull_views(struct berth_packet *p, size_t bytes)
{
	size_t missing = bytes - p->head_len;
	size_t tail = (size_t)p->head_off + p->head_len;
	size_t room = PACKET_HEAD_BYTES - tail;

	if (missing > p->payload_bytes)
		return false;
	if (missing > room && !shift_head(p, missing - room))
		return false;
	tail = (size_t)p->head_off + p->head_len;
	(void)packet_copy_out(p, p->head_len, p->head + tail, missing); /* all there: checked */
	packet_trim_views(p, missing);
	p->head_len = (uint8_t)(p->head_len + missing);
	return true;
}

void packet_trim_to(struct berth_packet *p, size_t bytes)
{
	ASSERT(bytes <= packet_bytes(p));
	if (bytes < p->head_len)
		p->head_len = (uint8_t)bytes;
	size_t excess = packet_bytes(p) - bytes;

	excess = excess < p->payload_bytes ? excess : p->payload_bytes;
	p->payload_bytes -= (uint32_t)excess;
	while (excess > 0) {
		struct view *v = &p->views[p->view_count - 1];

		if (excess < v->bytes) {
			v->bytes -= (uint32_t)excess;
			break;
		}
		excess -= v->bytes;
		chunk_put(v->chunk);
		p->view_count--;
	}
}

size_t packet_copy_out(const struct berth_packet *p, size_t offset, void *buf, size_t bytes)
{
	uint8_t *to = buf;
	size_t done = 0;

	if (offset < p->head_len) {
		size_t n = p->head_len - offset;

		done = n < bytes ? n : bytes;
		memcpy(to, p->head + p->head_off + offset, done);
		offset = 0;
	} else {
		offset -= p->head_len;
	}
	for (unsigned i = 0; i < p->view_count && done < bytes; i++) {
		const struct view *v = &p->views[i];

		if (offset >= v->bytes) {
			offset -= v->bytes;
			continue;
		}
		size_t n = v->bytes - offset;

		n = n < bytes - done ? n : bytes - done;
		memcpy(to + done, v->chunk->data + v->offset + offset, n);
		done += n;
		offset = 0;
	}
	return done;
}

uint32_t packet_sum(const struct berth_packet *p, size_t offset, size_t bytes, uint32_t sum)
{
	size_t done = 0;

	ASSERT(offset <= packet_bytes(p) && bytes <= packet_bytes(p) - offset);
	if (offset < p->head_len) {
		size_t n = p->head_len - offset;

		done = n < bytes ? n : bytes;
		sum = csum_join(sum, csum_add(p->head + p->head_off + offset, done, 0), 0);
		offset = 0;
	} else {
		offset -= p->head_len;
	}
	for (unsigned i = 0; i < p->view_count && done < bytes; i++) {
		const struct view *v = &p->views[i];

		if (offset >= v->bytes) {
			offset -= v->bytes;
			continue;
		}
		size_t n = v->bytes - offset;

		n = n < bytes - done ? n : bytes - done;
		sum = csum_join(sum, csum_add(v->chunk->data + v->offset + offset, n, 0), done);
		done += n;
		offset = 0;
	}
	ASSERT(done == bytes);
	return sum;
}

/* Gives a view bytes of its own: written bytes never change while others may see them. */
static int unshare(struct berth_pool *pool, struct view *v)
{
	if (v->chunk->refs == 1)
		return 0;
	struct chunk *own = pool_chunk_new(pool);

	if (own == NULL)
		return -ENOMEM;
	memcpy(own->data, v->chunk->data + v->offset, v->bytes);
	chunk_put(v->chunk);
	v->chunk = own;
	v->offset = 0;
	return 0;
}

int packet_flip_bit(struct berth_packet *p, uint64_t bit)
{
	size_t at = (size_t)(bit / 8);
	uint8_t mask = (uint8_t)(1u << bit % 8);

	ASSERT(at < packet_bytes(p));
	if (at < p->head_len) {
		p->head[p->head_off + at] ^= mask;
	} else {
		struct view *v = p->views;

		at -= p->head_len;
		for (; at >= v->bytes; v++)
			at -= v->bytes;
		if (unshare(p->pool, v) != 0)
			return -ENOMEM;
		v->chunk->data[v->offset + at] ^= mask;
	}
	p->csum = CSUM_NONE;
	return 0;
}

void packet_queue_add(struct packet_queue *q, struct berth_packet *p)
{
	p->next = NULL;
	if (q->tail != NULL)
		q->tail->next = p;
	else
		q->head = p;
	q->tail = p;
	q->count++;
	q->bytes += packet_bytes(p);
}

struct berth_packet *packet_queue_take(struct packet_queue *q)
{
	struct berth_packet *p = q->head;

	if (p == NULL)
		return NULL;
	q->head = p->next;
	if (q->head == NULL)
		q->tail = NULL;
	else
		__builtin_prefetch(q->head); /* whoever drains the queue wants it next */
	p->next = NULL;
	ASSERT(q->count > 0 && q->bytes >= packet_bytes(p));
	q->count--;
	q->bytes -= packet_bytes(p);
	return p;
}

void packet_queue_clear(struct packet_queue *q)
{
	struct berth_packet *p;

	while ((p = packet_queue_take(q)) != NULL)
		packet_free(p);
}
