/* SPDX-License-Identifier: MIT */
/*
 * A story of a packet's life, told again and again with the n-th allocation failing, for every
 * n until none fails: nothing leaks, nothing crashes, and a failure leaves what it found.
 */
#include "../fixture.h"

#include <errno.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "pkt/viewq.h"

#define PAYLOAD 150000u

static uint8_t data[PAYLOAD];

/* Cuts `p`, queues what each segment carries; false: no memory. Consumes `p`. */
static bool cut_into(struct fixture *f, struct berth_packet *p, struct viewq *q)
{
	while (p != NULL) {
		struct berth_packet *segment = packet_cut(&p);

		if (segment == NULL) {
			packet_free(p);
			return false;
		}
		int err = viewq_append_packet(q, &f->env, segment, 0);

		packet_free(segment);
		if (err != 0) {
			assert_int_equal(err, -ENOMEM);
			packet_free(p);
			return false;
		}
	}
	return true;
}

/* A super-packet with the views that `from` could give it; NULL: no memory. */
static struct berth_packet *build(struct berth_pool *pool, const struct berth_packet *from)
{
	struct berth_packet *p = packet_new(pool);

	if (p == NULL)
		return NULL;
	for (size_t at = 0; at < 60000; at += 6000) {
		size_t before = packet_bytes(p);

		/* Not in order, so that views do not merge and outgrow the inline ones. */
		if (packet_append_from(p, from, 60000 - at, 5000) != 0) {
			assert_int_equal(packet_bytes(p), before);
			packet_free(p);
			return NULL;
		}
	}
	uint8_t *head = packet_push(p, 40);

	memset(head, 0, 40);
	head[0] = 0x45;
	head[32] = 0x50;
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + 20);
	p->l4_protocol = IPPROTO_TCP;
	p->csum = CSUM_PARTIAL;
	p->gso_bytes = 1460;
	return p;
}

static bool live(struct fixture *f, struct berth_pool *pool, struct viewq *q)
{
	struct berth_packet *whole = packet_from(pool, data, sizeof(data));

	if (whole == NULL)
		return false;
	struct berth_packet *p = build(pool, whole);
	struct berth_packet *clone = p != NULL ? packet_clone(p) : NULL;

	packet_free(whole);
	if (clone != NULL && packet_flip_bit(clone, 8 * 30000) != 0) {
		packet_free(clone);
		clone = NULL;
	}
	packet_free(clone);
	if (p == NULL || !cut_into(f, p, q))
		return false;
	return clone != NULL;
}

static void every_allocation_may_fail(void **state)
{
	bool whole = false;
	long n = 0;

	(void)state;
	while (!whole) {
		struct fixture f;
		struct viewq q;

		fixture_init(&f, 81);
		viewq_init(&q, 0);
		f.fail_at = ++n;
		struct berth_pool *pool = pool_new(&f.env.mem, 0);

		f.env.pool = pool;
		if (pool != NULL) {
			whole = live(&f, pool, &q);
			assert_int_equal(whole, f.calls < n);
			assert_true(viewq_bytes(&q) <= 50000);
			viewq_clear(&q, &f.env);
			assert_int_equal(pool_packets(pool), 0);
			assert_int_equal(pool_chunks(pool), 0);
			pool_free(pool);
		}
		fixture_fini(&f);
		assert_true(n < 1000);
	}
	assert_true(n > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
