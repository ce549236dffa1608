/* SPDX-License-Identifier: MIT */
/*
 * Queues against a twin: the whole stream in one array, and two positions in it. Views come small
 * and scattered or big and mergeable, so that the ring wraps, grows and empties.
 *
 * The stream starts just below 2^32: positions are 64 bits wide.
 */
#include "../fixture.h"

#include <errno.h>

#include "pkt/viewq.h"

#define STREAM_MAX (4u << 20)
#define START UINT64_C(0xfffffff0) /* positions are 64 bits wide */

static uint8_t stream[STREAM_MAX];

struct rig {
	struct fixture f;
	struct berth_pool *pool;
	struct viewq q;
};

static void rig_init(struct rig *g, uint64_t seed)
{
	fixture_init(&g->f, seed);
	g->pool = pool_new(&g->f.env.mem, 0);
	g->f.env.pool = g->pool;
	viewq_init(&g->q, START);
}

static void rig_fini(struct rig *g)
{
	assert_int_equal(pool_packets(g->pool), 0);
	assert_int_equal(pool_chunks(g->pool), 0);
	pool_free(g->pool);
	fixture_fini(&g->f);
}

static void check(struct rig *g, uint64_t begin, uint64_t end)
{
	static uint8_t out[STREAM_MAX];
	static struct iovec iov[4096];
	struct viewq *q = &g->q;
	uint64_t at = begin;

	assert_int_equal(q->begin, begin);
	assert_int_equal(q->end, end);
	assert_int_equal(viewq_bytes(q), end - begin);
	assert_int_equal(viewq_copy(q, begin, out, sizeof(out)), end - begin);
	assert_memory_equal(out, stream + (begin - START), end - begin);
	int n = viewq_iov(q, iov, (int)ARRAY_LEN(iov));

	for (int i = 0; i < n; i++) {
		assert_memory_equal(iov[i].iov_base, stream + (at - START), iov[i].iov_len);
		at += iov[i].iov_len;
	}
	assert_int_equal(at, end);
	assert_int_equal(q->ring == NULL, begin == end);
}

/* A packet with the stream's next `bytes` bytes behind `skip` others, scattered if wished. */
static struct berth_packet *next_packet(struct rig *g, size_t skip, size_t bytes, bool scatter)
{
	struct berth_packet *p = packet_new(g->pool);
	const uint8_t *from = stream + (g->q.end - START);

	assert_int_equal(packet_append_copy(p, stream, skip), 0);
	while (bytes > 0) {
		size_t n = scatter && p->view_count < 50 && bytes > 20 ? 20 : bytes;

		assert_int_equal(packet_append_copy(p, from, n), 0);
		from += n;
		bytes -= n;
		if (scatter) { /* a gap, so that the next is no neighbour */
			struct berth_packet *gap = packet_from(g->pool, "-", 1);

			packet_free(gap);
		}
	}
	return p;
}

static void fill_and_compare(struct rig *g)
{
	static uint8_t out[STREAM_MAX];
	uint64_t bytes = viewq_bytes(&g->q);
	size_t skip = fixture_below(&g->f, (size_t)bytes + 1);
	size_t want = fixture_below(&g->f, 3000);
	struct berth_packet *p = packet_new(g->pool);
	size_t n = viewq_fill(&g->q, g->q.begin + skip, want, p);

	assert_int_equal(n, packet_bytes(p));
	if (p->view_count < PACKET_VIEWS_MAX)
		assert_int_equal(n, want < bytes - skip ? want : bytes - skip);
	packet_copy_out(p, 0, out, sizeof(out));
	assert_memory_equal(out, stream + (g->q.begin - START) + skip, n);
	assert_int_equal(viewq_copy(&g->q, g->q.begin + skip, out, want),
			 want < bytes - skip ? want : bytes - skip);
	assert_memory_equal(out, stream + (g->q.begin - START) + skip, n);
	packet_free(p);
}

static void is_the_stream_whatever_is_done_to_it(void **state)
{
	struct rig g;
	uint64_t begin = START;
	uint64_t end = START;

	(void)state;
	rig_init(&g, 71);
	fixture_fill(&g.f, stream, sizeof(stream));
	for (int i = 0; i < 4000; i++) {
		size_t n = fixture_below(&g.f, 1500);

		switch (fixture_below(&g.f, 4)) {
		case 0:
		case 1:
			if (end + n - START <= STREAM_MAX) {
				size_t skip = fixture_below(&g.f, 30);
				struct berth_packet *p =
					next_packet(&g, skip, n, fixture_below(&g.f, 3) == 0);

				assert_int_equal(viewq_append_packet(&g.q, &g.f.env, p, skip), 0);
				packet_free(p);
				end += n;
			}
			break;
		case 2:
			n = fixture_below(&g.f, 50) ? n * 2 : SIZE_MAX;
			n = n < end - begin ? n : (size_t)(end - begin);
			viewq_consume(&g.q, &g.f.env, n);
			begin += n;
			break;
		default:
			fill_and_compare(&g);
		}
		check(&g, begin, end);
	}
	viewq_clear(&g.q, &g.f.env);
	check(&g, end, end);
	rig_fini(&g);
}

static void moving_empties_the_other(void **state)
{
	struct rig g;
	struct viewq other;

	(void)state;
	rig_init(&g, 72);
	viewq_init(&other, 5);
	assert_int_equal(viewq_move(&g.q, &g.f.env, &other), 0);
	struct berth_packet *p = next_packet(&g, 0, 500, true);

	assert_int_equal(viewq_append_packet(&other, &g.f.env, p, 0), 0);
	assert_int_equal(viewq_append_packet(&other, &g.f.env, p, 500), 0); /* nothing */
	assert_int_equal(viewq_bytes(&other), 500);
	packet_free(p);
	assert_int_equal(viewq_move(&g.q, &g.f.env, &other), 0);
	assert_int_equal(viewq_bytes(&other), 0);
	assert_int_equal(other.end, 505);
	check(&g, START, START + 500);
	viewq_clear(&g.q, &g.f.env);
	rig_fini(&g);
}

static void no_memory_leaves_the_queue_as_it_was(void **state)
{
	struct rig g;

	(void)state;
	rig_init(&g, 73);
	struct berth_packet *p = next_packet(&g, 0, 700, true);

	g.f.fail_at = g.f.calls + 1;
	assert_int_equal(viewq_append_packet(&g.q, &g.f.env, p, 0), -ENOMEM);
	check(&g, START, START);
	g.f.fail_at = 0;
	assert_int_equal(viewq_append_packet(&g.q, &g.f.env, p, 0), 0);
	g.f.fail_at = g.f.calls + 1;
	assert_int_equal(viewq_reserve(&g.q, &g.f.env, 1000), -ENOMEM);
	check(&g, START, START + 700);
	packet_free(p);
	viewq_clear(&g.q, &g.f.env);
	rig_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_stream_whatever_is_done_to_it),
		cmocka_unit_test(moving_empties_the_other),
		cmocka_unit_test(no_memory_leaves_the_queue_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
