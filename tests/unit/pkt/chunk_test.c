/* SPDX-License-Identifier: MIT */
/*
 * Payload memory: what a reservation promises and a commitment takes, which chunks come back, and
 * that neither what is used nor what idles grows past its bound.
 *
 * Each case has a pool of its own, and ends with everything given back.
 */
#include "../fixture.h"

#include <errno.h>

#include "pkt/packet.h"

struct taken {
	struct view views[8];
	int count;
};

static void note(void *ctx, struct view v)
{
	struct taken *t = ctx;

	assert_true(t->count < 8);
	t->views[t->count++] = v;
}

static void give_back(struct taken *t)
{
	for (int i = 0; i < t->count; i++)
		chunk_put(t->views[i].chunk);
	t->count = 0;
}

static void reserving_takes_nothing(void **state)
{
	struct fixture f;
	struct iovec a[4];
	struct iovec b[4];

	(void)state;
	fixture_init(&f, 51);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);

	assert_int_equal(pool_reserve(pool, 150000, a, 4), 3);
	assert_int_equal(a[0].iov_len, CHUNK_BYTES);
	assert_int_equal(a[1].iov_len, CHUNK_BYTES);
	assert_int_equal(a[2].iov_len, 150000 - 2 * CHUNK_BYTES);
	assert_int_equal(pool_reserve(pool, 150000, b, 4), 3);
	assert_memory_equal(a, b, 3 * sizeof(a[0]));
	assert_int_equal(pool_reserve(pool, 150000, b, 2), 2);
	assert_int_equal(pool_chunks(pool), 0);
	pool_free(pool);
	fixture_fini(&f);
}

static void commits_are_views_of_what_was_reserved(void **state)
{
	struct fixture f;
	struct iovec iov[4];
	struct taken t = {.count = 0};

	(void)state;
	fixture_init(&f, 52);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);

	assert_int_equal(pool_reserve(pool, 100000, iov, 4), 2);
	memset(iov[0].iov_base, 'a', iov[0].iov_len);
	memset(iov[1].iov_base, 'b', iov[1].iov_len);
	pool_commit(pool, 70000, note, &t);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.views[0].bytes, CHUNK_BYTES);
	assert_int_equal(t.views[1].bytes, 70000 - CHUNK_BYTES);
	assert_int_equal(t.views[0].chunk->data[CHUNK_BYTES - 1], 'a');
	assert_int_equal(t.views[1].chunk->data[0], 'b');
	/* The next space is the neighbour of the last. */
	assert_int_equal(pool_reserve(pool, 5, iov, 4), 1);
	assert_ptr_equal(iov[0].iov_base, t.views[1].chunk->data + t.views[1].bytes);
	pool_commit(pool, 0, note, &t);
	assert_int_equal(t.count, 2);
	assert_int_equal(pool_chunks(pool), 2);
	give_back(&t);
	assert_int_equal(pool_chunks(pool), 0);
	pool_free(pool);
	fixture_fini(&f);
}

static void a_chunk_that_nobody_sees_is_filled_again_from_its_front(void **state)
{
	struct fixture f;
	struct iovec first[2];
	struct iovec again[2];
	struct taken t = {.count = 0};

	(void)state;
	fixture_init(&f, 53);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);

	assert_int_equal(pool_reserve(pool, 64, first, 2), 1);
	pool_commit(pool, 64, note, &t);
	assert_int_equal(pool_reserve(pool, 64, again, 2), 1);
	assert_ptr_equal(again[0].iov_base, (uint8_t *)first[0].iov_base + 64);
	give_back(&t);
	assert_int_equal(pool_reserve(pool, 64, again, 2), 1);
	assert_ptr_equal(again[0].iov_base, first[0].iov_base);
	pool_free(pool);
	fixture_fini(&f);
}

static void the_bound_holds(void **state)
{
	struct fixture f;
	struct iovec iov[8];
	struct taken t = {.count = 0};

	(void)state;
	fixture_init(&f, 54);
	struct berth_pool *pool = pool_new(&f.env.mem, 3 * CHUNK_BYTES);

	assert_int_equal(pool_reserve(pool, 8 * CHUNK_BYTES, iov, 8), 3);
	pool_commit(pool, 3 * CHUNK_BYTES, note, &t);
	assert_int_equal(pool_reserve(pool, 1, iov, 8), 0);
	struct berth_packet *p = packet_new(pool);

	assert_int_equal(packet_append_copy(p, "x", 1), -ENOMEM);
	assert_int_equal(packet_bytes(p), 0);
	assert_null(packet_from(pool, "x", 1));
	give_back(&t);
	assert_int_equal(packet_append_copy(p, "x", 1), 0);
	packet_free(p);
	pool_free(pool);
	fixture_fini(&f);
}

static void idle_memory_is_bounded(void **state)
{
	struct fixture f;
	struct packet_queue q = {NULL, NULL, 0, 0};

	(void)state;
	fixture_init(&f, 55);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);

	for (int i = 0; i < 10000; i++)
		packet_queue_add(&q, packet_new(pool));
	for (int i = 0; i < 600; i++) {
		static uint8_t data[CHUNK_BYTES];
		struct berth_packet *p = packet_new(pool);

		assert_int_equal(packet_append_copy(p, data, sizeof(data)), 0);
		packet_queue_add(&q, p);
	}
	assert_true(f.allocated > 10600);
	packet_queue_clear(&q);
	assert_true(f.allocated < 4400);
	pool_free(pool);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reserving_takes_nothing),
		cmocka_unit_test(commits_are_views_of_what_was_reserved),
		cmocka_unit_test(a_chunk_that_nobody_sees_is_filled_again_from_its_front),
		cmocka_unit_test(the_bound_holds),
		cmocka_unit_test(idle_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
