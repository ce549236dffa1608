/* SPDX-License-Identifier: MIT */
/*
 * Packets against a twin that is a plain array of bytes: pushes, pulls, trims and appends in any
 * order must leave both the same.
 *
 * The seed is fixed: a failure repeats.
 */
#include "../fixture.h"

#include <errno.h>

#include "pkt/csum.h"
#include "pkt/packet.h"

#define BYTES_MAX 200000

struct twin {
	uint8_t bytes[BYTES_MAX];
	size_t count;
};

static void check(const struct berth_packet *p, const struct twin *t)
{
	static uint8_t out[BYTES_MAX];
	uint32_t payload = 0;

	assert_int_equal(packet_bytes(p), t->count);
	assert_true(p->head_off + p->head_len <= (int)PACKET_HEAD_BYTES);
	assert_true(p->view_count <= p->view_capacity);
	for (unsigned i = 0; i < p->view_count; i++) {
		const struct view *v = &p->views[i];

		assert_true(v->bytes > 0 && v->offset + v->bytes <= CHUNK_BYTES);
		assert_true(v->chunk->refs > 0);
		payload += v->bytes;
	}
	assert_int_equal(p->payload_bytes, payload);
	assert_int_equal(packet_copy_out(p, 0, out, sizeof(out)), t->count);
	assert_memory_equal(out, t->bytes, t->count);
}

static void append(struct fixture *f, struct berth_packet *p, struct twin *t)
{
	size_t n = fixture_below(f, 10) ? fixture_below(f, 2000) : fixture_below(f, 70000);
	bool vectors = fixture_below(f, 2);

	if (t->count + n > BYTES_MAX)
		return;
	uint8_t *at = t->bytes + t->count;

	fixture_fill(f, at, n < 100 ? n : 100);
	struct iovec iov[3] = {{at, n / 3}, {at + n / 3, 0}, {at + n / 3, n - n / 3}};
	int err = vectors ? packet_append_iov(p, iov, 3, n) : packet_append_copy(p, at, n);

	if (err == 0)
		t->count += n;
	else
		assert_int_equal(err, -EMSGSIZE);
}

static void step(struct fixture *f, struct berth_packet *p, struct twin *t)
{
	size_t n;

	switch (fixture_below(f, 6)) {
	case 0:
		n = fixture_below(f, 40);
		if (n > p->head_off)
			return;
		memmove(t->bytes + n, t->bytes, t->count);
		fixture_fill(f, t->bytes, n);
		memcpy(packet_push(p, n), t->bytes, n);
		t->count += n;
		break;
	case 1:
		n = fixture_below(f, 100);
		if (packet_pull(p, n))
			assert_memory_equal(packet_head(p), t->bytes, n);
		else
			assert_true(n > t->count || n > p->head_len);
		break;
	case 2:
		n = fixture_below(f, fixture_below(f, 3) ? 60 : 30000) % (t->count + 1);
		packet_trim_front(p, n);
		t->count -= n;
		memmove(t->bytes, t->bytes + n, t->count);
		break;
	case 3:
		n = fixture_below(f, 5000) % (t->count + 1);
		packet_trim_to(p, t->count - n);
		t->count -= n;
		break;
	default:
		append(f, p, t);
	}
}

static void is_its_bytes_whatever_is_done_to_it(void **state)
{
	static struct twin twin;
	struct fixture f;

	(void)state;
	fixture_init(&f, 41);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);

	for (int round = 0; round < 60; round++) {
		struct berth_packet *p = packet_new(pool);

		twin.count = 0;
		for (int i = 0; i < 60; i++) {
			step(&f, p, &twin);
			check(p, &twin);
		}
		size_t from = fixture_below(&f, twin.count + 1);
		size_t n = fixture_below(&f, twin.count - from + 1);
		uint32_t sum = csum_add(twin.bytes + from, n, 0);

		assert_int_equal(csum_fold(packet_sum(p, from, n, 0)), csum_fold(sum));
		packet_free(p);
	}
	assert_int_equal(pool_packets(pool), 0);
	assert_int_equal(pool_chunks(pool), 0);
	pool_free(pool);
	fixture_fini(&f);
}

static void clones_and_copies_stay_as_they_were(void **state)
{
	static struct twin twin;
	struct fixture f;

	(void)state;
	fixture_init(&f, 42);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);
	struct berth_pool *other = pool_new(&f.env.mem, 0);
	struct berth_packet *p = packet_new(pool);

	for (int i = 0; i < 40; i++)
		step(&f, p, &twin);
	append(&f, p, &twin);
	assert_true(p->payload_bytes > 0);
	p->csum = CSUM_PARTIAL;
	p->ifindex = 7;
	struct berth_packet *clone = packet_clone(p);
	struct berth_packet *copy = packet_copy(other, p);

	assert_int_equal(clone->csum, CSUM_PARTIAL);
	assert_int_equal(clone->ifindex, 7);
	assert_ptr_equal(clone->views[0].chunk, p->views[0].chunk);
	assert_ptr_equal(copy->views[0].chunk->pool, other);
	for (uint64_t bit = 0; bit < 8 * packet_bytes(p); bit += 997)
		assert_int_equal(packet_flip_bit(p, bit), 0);
	assert_int_equal(p->csum, CSUM_NONE);
	check(clone, &twin);
	check(copy, &twin);
	for (uint64_t bit = 0; bit < 8 * packet_bytes(p); bit += 997)
		twin.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	check(p, &twin);
	packet_free(p);
	packet_free(clone);
	packet_free(copy);
	packet_free(NULL);
	assert_int_equal(pool_chunks(pool), 0);
	pool_free(pool);
	pool_free(other);
	fixture_fini(&f);
}

/* What a sender pushed ends where head[] ends; more can be pulled all the same. */
static void pulls_beyond_the_end_of_the_header_area(void **state)
{
	struct fixture f;
	uint8_t data[300];

	(void)state;
	fixture_init(&f, 43);
	fixture_fill(&f, data, sizeof(data));
	struct berth_pool *pool = pool_new(&f.env.mem, 0);
	struct berth_packet *p = packet_new(pool);

	assert_int_equal(packet_append_copy(p, data + 28, sizeof(data) - 28), 0);
	memcpy(packet_push(p, 28), data, 28);
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + 20);
	packet_trim_front(p, 20);
	assert_true(packet_pull(p, 60));
	assert_memory_equal(packet_head(p), data + 20, 60);
	assert_memory_equal(p->head + p->l3_off, data, 80); /* the IP header came along */
	assert_int_equal(p->l4_off, p->head_off);
	assert_false(packet_pull(p, PACKET_HEAD_BYTES));
	assert_false(packet_pull(p, 281));
	assert_int_equal(packet_bytes(p), 280);
	assert_memory_equal(packet_head(p), data + 20, 60);
	packet_free(p);
	pool_free(pool);
	fixture_fini(&f);
}

static void neighbours_merge_and_slots_run_out(void **state)
{
	struct fixture f;
	struct iovec iov[4];

	(void)state;
	fixture_init(&f, 44);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);
	struct berth_packet *whole = packet_new(pool);
	struct berth_packet *p = packet_new(pool);
	uint8_t data[1000] = {1};

	assert_int_equal(pool_reserve(pool, 10, iov, 4), 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(packet_append_copy(whole, data, 100), 0);
	assert_int_equal(whole->view_count, 1);
	assert_int_equal(whole->views[0].bytes, 1000);
	for (uint32_t i = 0; i < PACKET_VIEWS_MAX; i++)
		assert_int_equal(packet_append(p, whole->views[0].chunk, 2 * i, 1), 0);
	assert_int_equal(p->view_count, PACKET_VIEWS_MAX);
	assert_int_equal(packet_append(p, whole->views[0].chunk, 900, 1), -EMSGSIZE);
	assert_int_equal(packet_append_from(p, whole, 0, 500), -EMSGSIZE);
	assert_int_equal(packet_bytes(p), PACKET_VIEWS_MAX);
	assert_int_equal(packet_append(p, whole->views[0].chunk, 2 * PACKET_VIEWS_MAX - 1, 5), 0);
	packet_free(p);
	packet_free(whole);
	pool_free(pool);
	fixture_fini(&f);
}

static void queues_are_first_in_first_out(void **state)
{
	struct fixture f;
	struct packet_queue q = {NULL, NULL, 0, 0};
	struct berth_packet *p[5];

	(void)state;
	fixture_init(&f, 45);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);

	assert_null(packet_queue_take(&q));
	for (size_t i = 0; i < 5; i++) {
		p[i] = packet_new(pool);
		memset(packet_push(p[i], i), 0, i);
		packet_queue_add(&q, p[i]);
	}
	assert_int_equal(q.count, 5);
	assert_int_equal(q.bytes, 10);
	for (size_t i = 0; i < 3; i++) {
		assert_ptr_equal(packet_queue_take(&q), p[i]);
		packet_free(p[i]);
	}
	assert_int_equal(q.bytes, 7);
	packet_queue_clear(&q);
	assert_int_equal(q.count, 0);
	assert_int_equal(q.bytes, 0);
	assert_int_equal(pool_packets(pool), 0);
	pool_free(pool);
	fixture_fini(&f);
}

/* The steady state allocates nothing. */
static void packets_and_chunks_are_recycled(void **state)
{
	struct fixture f;
	uint8_t data[1400] = {0};
	long calls = 0;

	(void)state;
	fixture_init(&f, 46);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);

	for (int round = 0; round < 100; round++) {
		struct packet_queue q = {NULL, NULL, 0, 0};

		for (int i = 0; i < 200; i++) {
			struct berth_packet *p = packet_new(pool);

			assert_int_equal(packet_append_copy(p, data, sizeof(data)), 0);
			packet_queue_add(&q, p);
		}
		packet_queue_clear(&q);
		if (round == 1)
			calls = f.calls;
	}
	assert_int_equal(f.calls, calls);
	pool_free(pool);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_its_bytes_whatever_is_done_to_it),
		cmocka_unit_test(clones_and_copies_stay_as_they_were),
		cmocka_unit_test(pulls_beyond_the_end_of_the_header_area),
		cmocka_unit_test(neighbours_merge_and_slots_run_out),
		cmocka_unit_test(queues_are_first_in_first_out),
		cmocka_unit_test(packets_and_chunks_are_recycled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
