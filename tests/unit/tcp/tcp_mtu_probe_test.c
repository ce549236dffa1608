/* SPDX-License-Identifier: MIT */
/*
 * Path MTU discovery by probes (RFC 4821): when one is sent, what its arrival and its loss do, and
 * black holes. The script is the peer, and the path.
 */
#include "tcp_script.h"

#include "tcp/tcp_mtu_probe.h"

#define BASE 1024 /* tcp_base_mss */

static struct tcp *end_of(const struct script *x)
{
	return (struct tcp *)(void *)x->s;
}

/* A connection that searches from the start, with a window that is large enough to. */
static void open_probing(struct script *x, unsigned with)
{
	script_init(x);
	x->r.hosts[0].f.env.knobs.tcp_mtu_probing = 2;
	script_syn(x);
	script_run(x, 20);
	offer(x, with);
	give(x, S | A, 0, 1, 0);
	x->window = 65535;
	expect(x, A, 1, 1, 0);
	assert_int_equal(end_of(x)->snd_mss, BASE);
	end_of(x)->cwnd = 20 * BASE;
	x->s->sndbuf = 1u << 20;
}

/* Halfway between 1064 and 1500 bytes of IP packet. */
#define PROBE (1282 - 40)

static void probe_arrives(void **state)
{
	struct script x;

	(void)state;
	open_probing(&x, WITH_SACK);
	script_write(&x, PROBE + 5 * BASE);
	expect(&x, A, 1, 1, PROBE);
	for (uint32_t i = 0; i < 5; i++)
		expect(&x, A, 1 + PROBE + i * BASE, 1, BASE);
	/* One at a time. */
	script_write(&x, 8 * BASE);
	expect(&x, A, 1 + PROBE + 5 * BASE, 1, BASE);
	forget_sent(&x);
	give(&x, A, 1, 1 + PROBE, 0);
	assert_int_equal(end_of(&x)->snd_mss, PROBE);
	/* The next is between that and the end: 1391 bytes. */
	script_write(&x, 10000);
	assert_int_equal(end_of(&x)->rare->mtup.low, 1282);
	give(&x, A, 1, end_of(&x)->snd_nxt - x.iss, 0);
	assert_int_equal(take(&x), 1391 - 40);
	script_fini(&x);
}

/* Until both ends of the search are eight bytes apart. */
static void search_ends(void **state)
{
	struct script x;
	int largest = 0;

	(void)state;
	open_probing(&x, WITH_SACK);
	for (int i = 0; i < 40; i++) {
		script_write(&x, 12000);
		for (int n = take(&x); n >= 0; n = take(&x))
			largest = n > largest ? n : largest;
		script_run(&x, 1);
		give(&x, A, 1, end_of(&x)->snd_nxt - x.iss, 0);
	}
	assert_true(largest > 1500 - 40 - 16 && largest <= 1460);
	assert_int_equal(end_of(&x)->snd_mss, largest);
	script_fini(&x);
}

/* RFC 4821 §7.6.3: too large; sent again in pieces, and the window is as it was. */
static void probe_is_lost(void **state)
{
	(void)state;
	for (unsigned sack = 0; sack < 2; sack++) {
		struct script x;

		open_probing(&x, sack ? WITH_SACK : 0);
		uint32_t cwnd = end_of(&x)->cwnd;

		script_write(&x, PROBE + 5 * BASE);
		forget_sent(&x);
		script_run(&x, 20);
		for (uint32_t i = 1; i <= 4; i++) {
			script_run(&x, 1);
			x.opt.sack_count = (uint8_t)sack;
			x.opt.sacks[0] = (struct tcp_sack_block){x.iss + 1 + PROBE,
								 x.iss + 1 + PROBE + i * BASE};
			give(&x, A, 1, 1, 0);
		}
		expect(&x, A, 1, 1, BASE);
		expect(&x, A, 1 + BASE, 1, PROBE - BASE);
		expect_none(&x);
		assert_int_equal(end_of(&x)->rare->mtup.high, 1281);
		assert_int_equal(end_of(&x)->ssthresh, UINT32_MAX);
		assert_true(end_of(&x)->cwnd >= cwnd);
		give(&x, A, 1, 1 + PROBE + 5 * BASE, 0);
		assert_int_equal(end_of(&x)->ca, CA_OPEN);
		/* The next is smaller: between 1064 and 1281. */
		script_write(&x, 9 * BASE);
		assert_int_equal(take(&x), 1172 - 40);
		script_fini(&x);
	}
}

/* What is lost before the probe is congestion, and tells nothing of sizes. */
static void other_loss(void **state)
{
	struct script x;

	(void)state;
	open_probing(&x, WITH_SACK);
	script_write(&x, 2 * BASE);
	expect(&x, A, 1, 1, BASE);
	expect(&x, A, 1 + BASE, 1, BASE);
	script_write(&x, PROBE + 5 * BASE);
	expect(&x, A, 1 + 2 * BASE, 1, PROBE);
	forget_sent(&x);
	x.opt.sack_count = 1;
	x.opt.sacks[0] = (struct tcp_sack_block){x.iss + 1 + BASE, x.iss + 1 + 6 * BASE};
	give(&x, A, 1, 1, 0);
	assert_int_equal(end_of(&x)->ca, CA_RECOVERY);
	assert_int_equal(end_of(&x)->rare->mtup.high, 1500);
	assert_int_equal(end_of(&x)->rare->mtup.size, 0);
	script_fini(&x);
}

/* Not when there is little to send, or the window is small. */
static void not_now(void **state)
{
	struct script x;

	(void)state;
	open_probing(&x, WITH_SACK);
	script_write(&x, PROBE + 3 * BASE);
	expect(&x, A, 1, 1, BASE);
	script_fini(&x);
	open_probing(&x, WITH_SACK);
	end_of(&x)->cwnd = 10 * BASE;
	script_write(&x, 20 * BASE);
	expect(&x, A, 1, 1, BASE);
	script_fini(&x);
}

/* §7.7: with tcp_mtu_probing 1, timeouts that go on make segments smaller, and smaller. */
static void black_hole(void **state)
{
	(void)state;
	for (int probing = 0; probing < 2; probing++) {
		struct script x;
		int sizes[40];
		int count = 0;

		script_init(&x);
		x.r.hosts[0].f.env.knobs.tcp_mtu_probing = probing;
		script_syn(&x);
		script_run(&x, 20);
		offer(&x, WITH_SACK);
		give(&x, S | A, 0, 1, 0);
		expect(&x, A, 1, 1, 0);
		script_write(&x, 1460);
		expect(&x, A, 1, 1, 1460);
		script_run(&x, 60000);
		for (int n = take(&x); n >= 0 && count < 40; n = take(&x))
			sizes[count++] = n;
		assert_true(count > 5);
		assert_int_equal(sizes[0], 1460);
		if (probing) {
			assert_int_equal(sizes[count - 1] < 512, 1);
			assert_true(end_of(&x)->rare->mtup.enabled);
		} else {
			assert_int_equal(sizes[count - 1], 1460);
		}
		script_fini(&x);
	}
}

/* A path through which nothing larger than 1,200 bytes gets, and that says nothing: with the search
 * a transfer goes on, and finds the size. */
static void transfers(void **state)
{
	(void)state;
	for (int probing = 1; probing <= 2; probing++) {
		for (unsigned seed = 1; seed <= 4; seed++) {
			struct rig r;
			struct sock *ends[2];

			rig_init(&r, seed);
			r.hole = 1200;
			r.loss = seed > 2 ? 5 : 0;
			r.hosts[0].f.env.knobs.tcp_mtu_probing = probing;
			rig_pair(&r, 80, ends);
			struct rig_stream x = {
				.from = ends[0], .to = ends[1], .total = 3000000, .chunk = 10000};

			(void)rig_transfer(&r, &x, 300 * BERTH_SEC);
			const struct tcp *t = (const struct tcp *)(const void *)ends[0];

			assert_true(t->rare && t->rare->mtup.enabled);
			assert_true(t->snd_mss + 52 <= 1200 && t->snd_mss >= BASE / 2);
			if (r.loss == 0)
				assert_true(t->snd_mss + 52 > 1200 - 16);
			tcp_proto.close(ends[0]);
			tcp_proto.close(ends[1]);
			rig_run(&r, r.now + 200 * BERTH_SEC);
			rig_fini(&r);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe_arrives), cmocka_unit_test(search_ends),
		cmocka_unit_test(probe_is_lost), cmocka_unit_test(other_loss),
		cmocka_unit_test(not_now),	 cmocka_unit_test(black_hole),
		cmocka_unit_test(transfers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
