/* SPDX-License-Identifier: MIT */
/*
 * Loss and its repair: timeouts, fast retransmit with and without SACK, RACK and tail loss probes,
 * what the congestion window does meanwhile, and how a needless reduction is undone. The script
 * decides which segments were lost by what it acknowledges, and when.
 */
#include "tcp_script.h"

static struct tcp *tcb(const struct script *x)
{
	return (struct tcp *)(void *)x->s;
}

/* An ACK that tells of blocks beyond. */
static void give_sack(struct script *x, uint32_t ack, uint32_t start, uint32_t end)
{
	x->opt.sack_count = 1;
	x->opt.sacks[0] = (struct tcp_sack_block){x->iss + start, x->iss + end};
	give(x, A, 1, ack, 0);
}

/* Opens the window to `segments` full segments and sends as many: they are not taken yet. */
static void fill(struct script *x, uint32_t segments)
{
	tcb(x)->cwnd = segments * tcb(x)->snd_mss;
	tcb(x)->ssthresh = tcb(x)->cwnd;
	x->s->sndbuf = 1 << 20;
	sock_edit_options(x->s)->sndbuf_locked = true;
	for (uint32_t i = 0; i < segments; i++)
		script_write(x, tcb(x)->snd_mss);
}

/* RFC 6298 §2, §5: 200 ms above the RTT (Linux), then twice as long each time. */
static void timeout(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	script_write(&x, 1460);
	script_write(&x, 1460);
	expect(&x, A, 1, 1, 1460);
	expect(&x, A, 1461, 1, 1460);
	script_run(&x, 219);
	expect_none(&x);
	script_run(&x, 1);
	expect(&x, A, 1, 1, 1460);
	assert_int_equal(tcb(&x)->cwnd, 1460);
	script_run(&x, 439);
	expect_none(&x);
	script_run(&x, 1);
	expect(&x, A, 1, 1, 1460);
	script_run(&x, 880);
	expect(&x, A, 1, 1, 1460);
	expect_none(&x);
	/* RFC 6298 §5.7: progress ends the backoff; what is left follows at once. */
	give(&x, A, 1, 1461, 0);
	expect(&x, A, 1461, 1, 1460);
	assert_int_equal(tcb(&x)->backoff, 0);
	script_fini(&x);
}

/* RFC 9293 §3.8.3 R2; Linux's 15 tries take 924.6 s. */
static void gives_up(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	script_write(&x, 10);
	script_run(&x, 900000);
	assert_int_equal(rig_state(x.s), TCP_ESTABLISHED);
	script_run(&x, 300000);
	assert_int_equal(rig_state(x.s), TCP_CLOSE);
	assert_int_equal(x.s->error, ETIMEDOUT);
	script_fini(&x);
}

/* RFC 5681 §3.2, RFC 3042, RFC 6582: without SACK. */
static void newreno(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	fill(&x, 10);
	for (uint32_t i = 0; i < 10; i++)
		expect(&x, A, 1 + i * 1460, 1, 1460);
	script_run(&x, 20);
	script_write(&x, 14600);
	/* Segments 1 and 4 were lost. The first two duplicates let new data out. */
	give(&x, A, 1, 1, 0);
	expect(&x, A, 14601, 1, 1460);
	give(&x, A, 1, 1, 0);
	expect(&x, A, 16061, 1, 1460);
	expect_none(&x);
	give(&x, A, 1, 1, 0);
	expect(&x, A, 1, 1, 1460);
	assert_int_equal(tcb(&x)->ca, CA_RECOVERY);
	assert_int_equal(tcb(&x)->ssthresh, 14600 * 7 / 10);
	for (int i = 0; i < 6; i++)
		give(&x, A, 1, 1, 0);
	forget_sent(&x);
	/* A partial ACK: the next hole at once. */
	give(&x, A, 1, 4381, 0);
	expect(&x, A, 4381, 1, 1460);
	forget_sent(&x);
	give(&x, A, 1, tcb(&x)->segs->recover - x.iss, 0);
	assert_int_equal(tcb(&x)->ca, CA_OPEN);
	assert_int_equal(tcb(&x)->cwnd, 14600 * 7 / 10);
	script_fini(&x);
}

/* RFC 8985 §6: with SACK the third segment behind tells; then reordering is allowed for. */
static void rack(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK | WITH_WSCALE);
	fill(&x, 10);
	for (uint32_t i = 0; i < 10; i++)
		expect(&x, A, 1 + i * 1460, 1, 1460);
	script_run(&x, 20);
	give_sack(&x, 1, 1461, 2921);
	expect_none(&x);
	give_sack(&x, 1, 1461, 4381);
	expect_none(&x);
	give_sack(&x, 1, 1461, 5841);
	expect(&x, A, 1, 1, 1460);
	assert_int_equal(tcb(&x)->ca, CA_RECOVERY);
	assert_int_equal(tcb(&x)->sacked_bytes, 4380);
	script_fini(&x);
}

/* §6.2 step 5: what was merely late is not sent again; a quarter of an RTT is waited for. */
static void rack_reordering(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK | WITH_WSCALE);
	fill(&x, 10);
	forget_sent(&x);
	script_run(&x, 20);
	give_sack(&x, 1, 1461, 2921);
	/* The first comes a little later: reordering was seen when something below was SACKed. */
	give(&x, A, 1, 2921, 0);
	give_sack(&x, 2921, 5841, 7301);
	give_sack(&x, 2921, 4381, 7301);
	assert_true(tcb(&x)->rack_reordering);
	give_sack(&x, 2921, 4381, 14601);
	expect_none(&x);
	script_run(&x, 3);
	expect_none(&x);
	script_run(&x, 3);
	expect(&x, A, 2921, 1, 1460);
	script_fini(&x);
}

/* §6: a retransmission that was lost as well is found without a timeout. */
static void lost_retransmission(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK | WITH_WSCALE);
	fill(&x, 10);
	forget_sent(&x);
	script_write(&x, 20000);
	script_run(&x, 20);
	give_sack(&x, 1, 1461, 14601);
	expect(&x, A, 1, 1, 1460);
	uint32_t next = tcb(&x)->snd_nxt - x.iss;

	forget_sent(&x);
	assert_true(next > 14601);
	script_run(&x, 20);
	/* New data, sent with or after the retransmission, arrived; it did not. */
	give_sack(&x, 1, 1461, next);
	expect(&x, A, 1, 1, 1460);
	script_fini(&x);
}

/* §7: a lost tail is probed after two RTTs, not after a timeout. */
static void tail_loss_probe(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK | WITH_WSCALE);
	fill(&x, 5);
	forget_sent(&x);
	script_run(&x, 41);
	expect_none(&x);
	script_run(&x, 2);
	expect(&x, A, 5841, 1, 1460);
	/* It tells that the three before are gone: recovery, when they might not just be late. */
	script_run(&x, 20);
	give_sack(&x, 1461, 5841, 7301);
	script_run(&x, 6);
	expect(&x, A, 1461, 1, 1460);
	assert_int_equal(tcb(&x)->ca, CA_RECOVERY);
	script_fini(&x);
}

/* §7.4: the probe was the repair: the window is reduced; or it was needless: it is not. */
static void probe_judged(void **state)
{
	struct script x;

	(void)state;
	for (int needless = 0; needless < 2; needless++) {
		script_open(&x, WITH_SACK | WITH_WSCALE);
		fill(&x, 5);
		script_run(&x, 43);
		forget_sent(&x);
		uint32_t cwnd = tcb(&x)->cwnd;

		script_run(&x, 20);
		if (needless)
			give_sack(&x, 7301, 5841, 7301);
		else
			give(&x, A, 1, 7301, 0);
		script_write(&x, 10);
		forget_sent(&x);
		script_run(&x, 20);
		give(&x, A, 1, 7311, 0);
		if (needless)
			assert_true(tcb(&x)->cwnd >= cwnd);
		else
			assert_true(tcb(&x)->cwnd < cwnd);
		script_fini(&x);
	}
}

/* RFC 2018 §8, RFC 6675: nonsense in SACK blocks is ignored. */
static void hostile_sack(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK | WITH_WSCALE);
	fill(&x, 4);
	forget_sent(&x);
	give_sack(&x, 1, 5841, 9999);	     /* never sent */
	give_sack(&x, 1, 3000, 2000);	     /* backwards */
	give_sack(&x, 1, 1461, 1461);	     /* empty */
	give_sack(&x, 1, (uint32_t)-100, 1); /* from another time */
	give_sack(&x, 1, 0x7fffffff, 0x80000001);
	assert_int_equal(tcb(&x)->sacked_bytes, 0);
	expect_none(&x);
	/* CVE-2019-11477: a block for each byte, and the records stay bounded. */
	for (uint32_t i = 2; i < 5840; i += 2) {
		give_sack(&x, 1, i, i + 1);
		script_run(&x, 0);
	}
	forget_sent(&x);
	give(&x, A, 1, 5841, 0);
	assert_int_equal(tcb(&x)->segs->count, 0);
	script_fini(&x);
}

/* RFC 3522: the original's ACK shows by its timestamp that the timeout was needless. */
static void eifel(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK | WITH_STAMPS | WITH_WSCALE);
	fill(&x, 8);
	forget_sent(&x);
	uint32_t sent_at = x.ts_ecr;
	uint32_t cwnd = tcb(&x)->cwnd;

	/* The peer is silent for longer than the timeout. */
	script_run(&x, 400);
	assert_int_equal(tcb(&x)->ca, CA_LOSS);
	forget_sent(&x);
	x.ts_ecr = sent_at;
	give(&x, A, 1, 2897, 0);
	assert_int_equal(tcb(&x)->ca, CA_OPEN);
	assert_true(tcb(&x)->cwnd >= cwnd);
	assert_int_equal(tcb(&x)->lost_bytes, 0);
	script_fini(&x);
}

/* RFC 5681 §3.1: slow start doubles per round trip; a window that is not used does not grow. */
static void slow_start(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	x.s->sndbuf = 1 << 20;
	sock_edit_options(x.s)->sndbuf_locked = true;
	assert_int_equal(tcb(&x)->cwnd, 14600);
	for (int i = 0; i < 20; i++)
		script_write(&x, 1460);
	for (int i = 0; i < 10; i++)
		expect(&x, A, 1u + (uint32_t)i * 1460, 1, 1460);
	expect_none(&x);
	give(&x, A, 1, 14601, 0);
	assert_int_equal(tcb(&x)->cwnd, 29200);
	forget_sent(&x);
	give(&x, A, 1, 29201, 0);
	uint32_t cwnd = tcb(&x)->cwnd;

	for (uint32_t i = 0; i < 100; i++) {
		script_write(&x, 10);
		script_run(&x, 10);
		forget_sent(&x);
		give(&x, A, 1, 29201 + (i + 1) * 10, 0);
	}
	assert_int_equal(tcb(&x)->cwnd, cwnd);
	script_fini(&x);
}

/* RFC 5681 §4.1: after an idle time the window starts low again. */
static void idle_restart(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	fill(&x, 40);
	forget_sent(&x);
	give(&x, A, 1, 40 * 1460 + 1, 0);
	assert_true(tcb(&x)->cwnd >= 40 * 1460);
	script_run(&x, 10000);
	script_write(&x, 1460);
	assert_int_equal(tcb(&x)->cwnd, 14600);
	script_fini(&x);
}

/* A peer that takes SACKed data back (RFC 2018 §8) gets it all again after a timeout. */
static void reneging(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK | WITH_WSCALE);
	fill(&x, 3);
	forget_sent(&x);
	give_sack(&x, 1, 1461, 4381);
	script_run(&x, 2000);
	forget_sent(&x);
	give(&x, A, 1, 1461, 0);
	/* Its head is still marked as SACKed, but it does not acknowledge it. */
	script_run(&x, 3000);
	assert_int_equal(take(&x), 1460);
	script_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeout),	   cmocka_unit_test(gives_up),
		cmocka_unit_test(newreno),	   cmocka_unit_test(rack),
		cmocka_unit_test(rack_reordering), cmocka_unit_test(lost_retransmission),
		cmocka_unit_test(tail_loss_probe), cmocka_unit_test(probe_judged),
		cmocka_unit_test(hostile_sack),	   cmocka_unit_test(eifel),
		cmocka_unit_test(slow_start),	   cmocka_unit_test(idle_restart),
		cmocka_unit_test(reneging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
