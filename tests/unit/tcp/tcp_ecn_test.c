/* SPDX-License-Identifier: MIT */
/*
 * Explicit congestion notification: what SYNs agree on, which packets are marked, how marks come
 * back and what they do to the window. The script is the peer, and the routers.
 */
#include "tcp_script.h"

#include "tcp/tcp_ecn.h"

#define E TCPF_ECE
#define C TCPF_CWR

#define MSS 1460

static struct tcp *end_of(const struct script *x)
{
	return (struct tcp *)(void *)x->s;
}

/* Connects, with the host's tcp_ecn; the SYN is in x->got. */
static void begin(struct script *x, int ecn)
{
	script_init(x);
	x->r.hosts[0].f.env.knobs.tcp_ecn = ecn;
	x->s = rig_connect(&x->r, 0, PEER_PORT);
	assert_int_equal(take(x), 0);
	x->iss = x->got.seq;
	x->local_port = x->got.src_port;
}

/* A connection that the host opened, whose peer agrees. */
static void open_ecn(struct script *x, unsigned with)
{
	begin(x, 1);
	assert_int_equal(x->got.flags, S | E | C);
	assert_int_equal(x->got_tos, 0);
	script_run(x, 20);
	offer(x, with);
	give(x, S | A | E, 0, 1, 0);
	x->window = with & WITH_WSCALE ? 512 : 65535;
	expect(x, A, 1, 1, 0);
	assert_int_equal(x->got_tos, 0);
	assert_true(end_of(x)->agreed.ecn);
}

static void give_marked(struct script *x, uint8_t tos, uint8_t flags, uint32_t seq, uint32_t ack,
			uint32_t bytes)
{
	x->r.give_tos = tos;
	give(x, flags, seq, ack, bytes);
	x->r.give_tos = 0;
}

/* RFC 3168 §6.1.1: what the answers to an ECN-setup SYN mean. */
static void answers(void **state)
{
	static const struct {
		uint8_t flags;
		bool agreed;
	} of[] = {
		{S | A, false},
		{S | A | E, true},
		{S | A | E | C, false}, /* reflects what it does not know */
		{S | A | C, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		struct script x;

		begin(&x, 1);
		offer(&x, 0);
		give(&x, of[i].flags, 0, 1, 0);
		expect(&x, A, 1, 1, 0);
		assert_int_equal(end_of(&x)->agreed.ecn, of[i].agreed);
		script_write(&x, 100);
		assert_int_equal(take(&x), 100);
		assert_int_equal(x.got_tos, of[i].agreed ? IP_ECN_ECT0 : 0);
		script_fini(&x);
	}
}

/* By default the host does not ask; then ECE in an answer means nothing. */
static void does_not_ask(void **state)
{
	(void)state;
	for (int ecn = 0; ecn <= 2; ecn += 2) {
		struct script x;

		begin(&x, ecn);
		assert_int_equal(x.got.flags, S);
		offer(&x, 0);
		give(&x, S | A | E, 0, 1, 0);
		expect(&x, A, 1, 1, 0);
		assert_false(end_of(&x)->agreed.ecn);
		script_fini(&x);
	}
}

/* RFC 3168 §6.1.1.1: a SYN that is sent again does not ask, unless tcp_ecn_fallback is 0. */
static void falls_back(void **state)
{
	struct script x;

	(void)state;
	begin(&x, 1);
	script_run(&x, 1000);
	expect(&x, S, 0, 0, 0);
	/* The first was answered after all. */
	offer(&x, 0);
	give(&x, S | A | E, 0, 1, 0);
	assert_true(end_of(&x)->agreed.ecn);
	script_fini(&x);

	begin(&x, 1);
	x.r.hosts[0].f.env.knobs.tcp_ecn_fallback = 0;
	script_run(&x, 1000);
	expect(&x, S | E | C, 0, 0, 0);
	script_fini(&x);
}

/* A simultaneous open asks on both sides. */
static void crossing(void **state)
{
	struct script x;

	(void)state;
	begin(&x, 1);
	give(&x, S | E | C, 0, 0, 0);
	expect(&x, S | A | E, 0, 1, 0);
	give(&x, A, 1, 1, 0);
	assert_true(end_of(&x)->agreed.ecn);
	script_fini(&x);
	begin(&x, 1);
	give(&x, S, 0, 0, 0);
	expect(&x, S | A, 0, 1, 0);
	script_fini(&x);
}

/* What a listener answers to a SYN with these flags and marks. */
static uint8_t answer_to(int ecn, uint8_t flags, uint8_t tos)
{
	struct script x;
	struct sock *l;

	script_init(&x);
	x.r.hosts[0].f.env.knobs.tcp_ecn = ecn;
	l = rig_listen(&x.r, 0, 80, 5);
	x.local_port = 80;
	offer(&x, 0);
	give_marked(&x, tos, flags, 0, 0, 0);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got_tos, 0);
	uint8_t answer = x.got.flags;

	x.iss = x.got.seq;
	give(&x, A, 1, 1, 0);
	assert_int_equal(tcp_proto.accept(l, &x.s), 0);
	assert_int_equal(end_of(&x)->agreed.ecn, answer == (S | A | E));
	tcp_proto.close(l);
	script_fini(&x);
	return answer;
}

static void listens(void **state)
{
	(void)state;
	assert_int_equal(answer_to(2, S | E | C, 0), S | A | E);
	assert_int_equal(answer_to(1, S | E | C, 0), S | A | E);
	assert_int_equal(answer_to(0, S | E | C, 0), S | A);
	assert_int_equal(answer_to(2, S, 0), S | A);
	assert_int_equal(answer_to(2, S | E, 0), S | A);
	/* Linux: a SYN that is marked went through something that is broken. */
	assert_int_equal(answer_to(2, S | E | C, IP_ECN_ECT0), S | A);
	assert_int_equal(answer_to(2, S | E | C, 0xfc), S | A | E);
}

/* A cookie keeps it in the timestamp, as Linux does; without timestamps it is lost. */
static void cookies(void **state)
{
	(void)state;
	for (unsigned stamps = 0; stamps < 2; stamps++) {
		struct script x;
		struct sock *l;

		script_init(&x);
		x.r.hosts[0].f.env.knobs.tcp_syncookies = 2;
		l = rig_listen(&x.r, 0, 80, 5);
		x.local_port = 80;
		offer(&x, stamps ? WITH_SACK | WITH_STAMPS | WITH_WSCALE : WITH_SACK);
		give(&x, S | E | C, 0, 0, 0);
		assert_int_equal(take(&x), 0);
		assert_int_equal(x.got.flags, stamps ? S | A | E : S | A);
		x.iss = x.got.seq;
		give(&x, A, 1, 1, 0);
		assert_int_equal(tcp_proto.accept(l, &x.s), 0);
		assert_int_equal(end_of(&x)->agreed.ecn, stamps);
		assert_int_equal(end_of(&x)->agreed.sack, stamps);
		tcp_proto.close(l);
		script_fini(&x);
	}
}

/* RFC 3168 §6.1.4 to §6.1.6: new data alone is marked. */
static void what_is_marked(void **state)
{
	struct script x;

	(void)state;
	open_ecn(&x, WITH_SACK);
	script_write(&x, 2 * MSS);
	assert_int_equal(take(&x), MSS);
	assert_int_equal(x.got_tos, IP_ECN_ECT0);
	assert_int_equal(take(&x), MSS);
	assert_int_equal(x.got_tos, IP_ECN_ECT0);
	/* The probe and the timeout send old bytes. */
	script_run(&x, 3000);
	assert_true(take(&x) > 0);
	assert_int_equal(x.got_tos, 0);
	forget_sent(&x);
	give(&x, A, 1, 1 + 2 * MSS, 0);
	/* An ACK. */
	give(&x, A | P, 1, 1 + 2 * MSS, 10);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got_tos, 0);
	/* A FIN without data, and one that goes with data. */
	script_write(&x, 5);
	assert_int_equal(take(&x), 5);
	assert_int_equal(tcp_proto.shutdown(x.s, SHUT_WR), 0);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got.flags & F, F);
	assert_int_equal(x.got_tos, 0);
	script_fini(&x);
}

/* IP_TOS keeps its own six bits. */
static void beside_tos(void **state)
{
	struct script x;

	(void)state;
	open_ecn(&x, 0);
	struct sock_options *o = sock_edit_options(x.s);

	o->tos = 0xb8;
	script_write(&x, 5);
	assert_int_equal(take(&x), 5);
	assert_int_equal(x.got_tos, 0xb8 | IP_ECN_ECT0);
	give(&x, A | P, 1, 6, 10);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got_tos, 0xb8);
	script_fini(&x);
}

/* RFC 3168 §6.1.3: CE is told until the sender says that it has acted. */
static void receiver(void **state)
{
	struct script x;
	struct tcp_info info;
	socklen_t len = sizeof(info);

	(void)state;
	open_ecn(&x, 0);
	end_of(&x)->quick_acks = 0;
	end_of(&x)->interactive = true;
	give_marked(&x, IP_ECN_ECT0, A | P, 1, 1, 100);
	expect_none(&x);
	/* Linux: at once, though ACKs are delayed now. */
	give_marked(&x, IP_ECN_CE, A | P, 101, 1, 100);
	expect(&x, A | E, 1, 201, 0);
	give_marked(&x, IP_ECN_ECT0, A | P, 201, 1, 100);
	expect(&x, A | E, 1, 301, 0);
	/* Data says it too. */
	script_write(&x, 10);
	expect(&x, A | P | E, 1, 301, 10);
	give_marked(&x, IP_ECN_ECT0, A | P | C, 301, 11, 100);
	expect(&x, A, 11, 401, 0);
	/* A segment may say CWR and be marked itself. */
	give_marked(&x, IP_ECN_CE, A | P | C, 401, 11, 100);
	expect(&x, A | E, 11, 501, 0);
	assert_int_equal(opt_level_get(&tcp_options, x.s, TCP_INFO, &info, &len), 0);
	assert_true(info.tcpi_options & TCPI_OPT_ECN);
	assert_true(info.tcpi_options & TCPI_OPT_ECN_SEEN);
	script_fini(&x);
}

/* Marks on a connection without ECN mean nothing. */
static void not_agreed(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	give_marked(&x, IP_ECN_CE, A | P, 1, 1, 100);
	expect(&x, A, 1, 101, 0);
	script_write(&x, 4 * MSS);
	uint32_t before = end_of(&x)->cwnd;

	give(&x, A | E, 101, 1 + 2 * MSS, 0);
	assert_int_equal(end_of(&x)->ca, CA_OPEN);
	assert_true(end_of(&x)->cwnd >= before);
	script_fini(&x);
}

/* RFC 3168 §6.1.2: one cut for each window of data, told by CWR with the next new data, and
 * nothing is sent again. */
static void sender(void **state)
{
	struct script x;
	struct tcp_info_bytes {
		uint8_t bytes[256];
	} info;
	socklen_t len = sizeof(info);

	(void)state;
	open_ecn(&x, WITH_SACK);
	struct tcp *t = end_of(&x);

	script_write(&x, 10 * MSS);
	forget_sent(&x);
	assert_int_equal(t->cwnd, 10 * MSS);
	give(&x, A | E, 1, 1 + 2 * MSS, 0);
	assert_int_equal(t->ca, CA_CWR);
	assert_int_equal(t->ssthresh, 7 * MSS); /* CUBIC's 0.7 */
	/* ECE goes on and on, until the peer hears of it; no more is cut. */
	give(&x, A | E, 1, 1 + 4 * MSS, 0);
	give(&x, A | E, 1, 1 + 6 * MSS, 0);
	assert_int_equal(t->ssthresh, 7 * MSS);
	script_write(&x, 2 * MSS);
	assert_int_equal(take(&x), MSS);
	assert_int_equal(x.got.flags & C, C);
	assert_int_equal(x.got_tos, IP_ECN_ECT0);
	assert_int_equal(take(&x), MSS);
	assert_int_equal(x.got.flags & C, 0);
	/* All that was out at the cut is acknowledged, by one who has not seen CWR. */
	give(&x, A | E, 1, 1 + 10 * MSS, 0);
	assert_int_equal(t->ca, CA_CWR);
	assert_int_equal(t->ssthresh, 7 * MSS);
	give(&x, A, 1, 1 + 11 * MSS, 0);
	assert_int_equal(t->ca, CA_OPEN);
	assert_int_equal(t->cwnd, 7 * MSS);
	assert_int_equal(t->total_retrans, 0);
	/* The next mark is another window's. */
	give(&x, A | E, 1, 1 + 12 * MSS, 0);
	assert_int_equal(t->ca, CA_CWR);
	assert_true(t->ssthresh < 7 * MSS);
	/* tcpi_delivered_ce: 2 + 2 + 2 + 4 + 1 segments. */
	assert_int_equal(opt_level_get(&tcp_options, x.s, TCP_INFO, &info, &len), 0);
	uint32_t delivered_ce;

	memcpy(&delivered_ce, info.bytes + 196, sizeof(delivered_ce));
	assert_int_equal(delivered_ce, 11);
	script_fini(&x);
}

/* A loss says CWR as well, so that an ECE for the same congestion cuts nothing. */
static void loss_says_it(void **state)
{
	struct script x;

	(void)state;
	open_ecn(&x, WITH_SACK);
	struct tcp *t = end_of(&x);

	script_write(&x, 10 * MSS);
	forget_sent(&x);
	x.opt.sack_count = 1;
	x.opt.sacks[0] = (struct tcp_sack_block){x.iss + 1 + MSS, x.iss + 1 + 6 * MSS};
	give(&x, A | E, 1, 1, 0);
	assert_int_equal(t->ca, CA_RECOVERY);
	uint32_t ssthresh = t->ssthresh;

	/* The lost one again: neither marked nor with CWR, which the first new data has. */
	assert_int_equal(take(&x), MSS);
	assert_int_equal(x.got.flags & C, 0);
	assert_int_equal(x.got_tos, 0);
	script_write(&x, 10 * MSS);
	give(&x, A | E, 1, 1 + 8 * MSS, 0);
	assert_int_equal(t->ssthresh, ssthresh);
	assert_true(take(&x) > 0);
	assert_int_equal(x.got.flags & C, C);
	assert_int_equal(x.got_tos, IP_ECN_ECT0);
	script_fini(&x);
}

/* Two hosts, a router that marks and one that loses: every byte arrives, the window is cut by marks
 * without anything sent twice. */
static void transfers(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct rig r;
		struct sock *ends[2];

		rig_init(&r, seed);
		r.mark = 20;
		r.loss = seed > 3 ? 10 : 0;
		r.hosts[0].f.env.knobs.tcp_ecn = 1;
		rig_pair(&r, 80, ends);
		struct rig_stream x = {
			.from = ends[0], .to = ends[1], .total = 2000000, .chunk = 10000};

		(void)rig_transfer(&r, &x, 200 * BERTH_SEC);
		const struct tcp *t = (const struct tcp *)(const void *)ends[0];

		assert_true(r.marked > 0);
		assert_true(t->ssthresh < UINT32_MAX);
		assert_true(t->rare && t->rare->delivered_ce > 0);
		if (r.loss == 0)
			assert_int_equal(t->total_retrans, 0);
		tcp_proto.close(ends[0]);
		tcp_proto.close(ends[1]);
		rig_run(&r, r.now + 200 * BERTH_SEC);
		rig_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),	  cmocka_unit_test(does_not_ask),
		cmocka_unit_test(falls_back),	  cmocka_unit_test(crossing),
		cmocka_unit_test(listens),	  cmocka_unit_test(cookies),
		cmocka_unit_test(what_is_marked), cmocka_unit_test(beside_tos),
		cmocka_unit_test(receiver),	  cmocka_unit_test(not_agreed),
		cmocka_unit_test(sender),	  cmocka_unit_test(loss_says_it),
		cmocka_unit_test(transfers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
