/* SPDX-License-Identifier: MIT */
/*
 * Passive opens: how many may wait, half open and established; cookies when they are too many; and
 * hostile segments at a half-open end. The script is the client; the listener's limits are counted
 * as Linux counts them.
 */
#include "tcp_script.h"

static void syn_from(struct script *x, uint16_t port)
{
	x->peer_port = port;
	offer(x, WITH_SACK | WITH_STAMPS | WITH_WSCALE);
	give(x, S, 0, 0, 0);
}

static struct script *opened(struct script *x, int backlog, struct sock **listener)
{
	script_init(x);
	*listener = rig_listen(&x->r, 0, 80, backlog);
	x->local_port = 80;
	return x;
}

/* Linux: backlog + 1 connections wait; then SYNs and ACKs are dropped, nobody is refused. */
static void accept_queue(void **state)
{
	struct script x;
	struct sock *l;
	struct sock *s;

	(void)state;
	opened(&x, 2, &l);
	for (uint16_t i = 0; i < 3; i++) {
		syn_from(&x, (uint16_t)(4000 + i));
		assert_int_equal(take(&x), 0);
		x.iss = x.got.seq;
		give(&x, A, 1, 1, 0);
	}
	syn_from(&x, 4003);
	expect_none(&x);
	assert_int_equal(x.r.hosts[0].f.env.drops[DROP_TCP_BACKLOG], 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tcp_proto.accept(l, &s), 0);
		tcp_proto.abort(s);
	}
	assert_int_equal(tcp_proto.accept(l, &s), -EAGAIN);
	tcp_proto.close(l);
	script_fini(&x);
}

/* The third ACK finds the queue full: the connection is made by what comes later. */
static void ack_when_full(void **state)
{
	struct script x;
	struct sock *l;
	struct sock *s;

	(void)state;
	opened(&x, 0, &l);
	x.r.hosts[0].f.env.knobs.tcp_syncookies = 0;
	syn_from(&x, 4000);
	assert_int_equal(take(&x), 0);
	uint32_t first = x.got.seq;

	x.iss = first;
	give(&x, A, 1, 1, 0);
	x.r.hosts[0].f.env.knobs.tcp_syncookies = 1;
	assert_int_equal(tcp_proto.accept(l, &s), 0);
	/* One waits, which is all that backlog 0 takes; the next is half open. */
	syn_from(&x, 4001);
	assert_int_equal(take(&x), 0);
	uint32_t second = x.got.seq;

	syn_from(&x, 4002);
	assert_int_equal(take(&x), 0);
	x.peer_port = 4001;
	x.iss = second;
	give(&x, A, 1, 1, 0);
	x.peer_port = 4002;
	x.iss = x.got.seq;
	give(&x, A, 1, 1, 0);
	struct sock *later;

	assert_int_equal(tcp_proto.accept(l, &later), 0);
	tcp_proto.abort(later);
	tcp_proto.abort(s);
	tcp_proto.close(l);
	script_fini(&x);
}

/* RFC 6298, Linux's tcp_synack_retries 5: 1, 2, 4, 8, 16 s. */
static void synack_again(void **state)
{
	struct script x;
	struct sock *l;

	(void)state;
	opened(&x, 5, &l);
	syn_from(&x, 4000);
	assert_int_equal(take(&x), 0);
	for (int64_t wait = 1000; wait <= 16000; wait *= 2) {
		script_run(&x, wait - 1);
		expect_none(&x);
		script_run(&x, 1);
		assert_int_equal(take(&x), 0);
		assert_int_equal(x.got.flags, S | A);
	}
	script_run(&x, 200000);
	expect_none(&x);
	assert_int_equal(((struct tcp_stack *)x.r.hosts[0].tp->tcp)->requests.count, 0);
	tcp_proto.close(l);
	script_fini(&x);
}

/* RFC 4987 §3.6: past the half-open bound no memory is spent, and connections still come. */
static void syn_cookies(void **state)
{
	struct script x;
	struct sock *l;
	struct sock *s;
	char buf[200];

	(void)state;
	opened(&x, 3, &l);
	for (uint16_t i = 0; i < 100; i++) {
		syn_from(&x, (uint16_t)(5000 + i));
		assert_int_equal(take(&x), 0);
		assert_int_equal(x.got.flags, S | A);
	}
	assert_int_equal(((struct tcp_stack *)x.r.hosts[0].tp->tcp)->requests.count, 3);
	x.iss = x.got.seq;
	/* A guess is refused. */
	give(&x, A, 1, 12345, 0);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got.flags, R);
	assert_int_equal(tcp_proto.accept(l, &s), -EAGAIN);
	script_run(&x, 30);
	give(&x, A, 1, 1, 100);
	assert_int_equal(tcp_proto.accept(l, &s), 0);
	assert_int_equal(rig_recv(s, buf, sizeof(buf), 0), 100);
	/* The options lived in the timestamp. */
	struct tcp *t = (struct tcp *)(void *)s;

	assert_true(t->agreed.ts && t->agreed.sack && t->agreed.wscale);
	assert_int_equal(t->agreed.snd_wscale, 7);
	assert_int_equal(t->peer_mss, 1460);
	tcp_proto.abort(s);
	tcp_proto.close(l);
	script_fini(&x);
}

/* RFC 9293 §3.10.7.4 and RFC 5961 at a half-open end. */
static void half_open(void **state)
{
	struct script x;
	struct sock *l;

	(void)state;
	opened(&x, 3, &l);
	syn_from(&x, 4000);
	assert_int_equal(take(&x), 0);
	x.iss = x.got.seq;
	/* An ACK of nothing: reset, and it stays half open. */
	give(&x, A, 1, 99, 0);
	expect(&x, R, 99, 0, 0);
	/* A reset that is not exact. */
	script_run(&x, 600);
	give(&x, R, 50, 0, 0);
	expect(&x, A, 1, 1, 0);
	/* The SYN again: the answer again. */
	script_run(&x, 100);
	give(&x, R, 1, 0, 0);
	assert_int_equal(((struct tcp_stack *)x.r.hosts[0].tp->tcp)->requests.count, 0);
	tcp_proto.close(l);
	script_fini(&x);
}

/* What is no SYN at a listener. */
static void at_listener(void **state)
{
	struct script x;
	struct sock *l;

	(void)state;
	opened(&x, 3, &l);
	x.peer_port = 4000;
	give_raw(&x, A, 5, 77, 0);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got.flags, R);
	assert_int_equal(x.got.seq, 77);
	give_raw(&x, R, 5, 0, 0);
	give_raw(&x, F, 5, 0, 0);
	give_raw(&x, S | F, 5, 0, 0);
	give_raw(&x, 0, 5, 0, 3);
	expect_none(&x);
	tcp_proto.close(l);
	script_fini(&x);
}

/* TCP_DEFER_ACCEPT: the program is not told before there is data. */
static void defer_accept(void **state)
{
	struct script x;
	struct sock *l;
	struct sock *s;
	int seconds = 5;

	(void)state;
	opened(&x, 3, &l);
	assert_int_equal(
		opt_level_set(&tcp_options, l, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)), 0);
	syn_from(&x, 4000);
	assert_int_equal(take(&x), 0);
	x.iss = x.got.seq;
	give(&x, A, 1, 1, 0);
	assert_int_equal(tcp_proto.accept(l, &s), -EAGAIN);
	give(&x, A, 1, 1, 10);
	assert_int_equal(tcp_proto.accept(l, &s), 0);
	tcp_proto.abort(s);
	tcp_proto.close(l);
	script_fini(&x);
}

/* A listener that closes: half-open ends vanish, those in the queue are reset. */
static void close_listener(void **state)
{
	struct script x;
	struct sock *l;

	(void)state;
	opened(&x, 3, &l);
	syn_from(&x, 4000);
	assert_int_equal(take(&x), 0);
	x.iss = x.got.seq;
	give(&x, A, 1, 1, 0);
	syn_from(&x, 4001);
	assert_int_equal(take(&x), 0);
	tcp_proto.close(l);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got.flags, R | A);
	assert_int_equal(x.got.dst_port, 4000);
	expect_none(&x);
	script_fini(&x);
}

/* A connection that was reset before accept() is accepted all the same, and says so. */
static void reset_in_queue(void **state)
{
	struct script x;
	struct sock *l;
	struct sock *s;

	(void)state;
	opened(&x, 3, &l);
	syn_from(&x, 4000);
	assert_int_equal(take(&x), 0);
	x.iss = x.got.seq;
	give(&x, A, 1, 1, 0);
	give(&x, R, 1, 0, 0);
	assert_int_equal(tcp_proto.accept(l, &s), 0);
	assert_int_equal(rig_recv(s, x.data, 1, 0), -ECONNRESET);
	tcp_proto.close(s);
	tcp_proto.close(l);
	script_fini(&x);
}

/* A flood of SYNs leaves nothing behind. */
static void flood(void **state)
{
	struct script x;
	struct sock *l;

	(void)state;
	opened(&x, 1000, &l);
	for (uint32_t i = 0; i < 3000; i++) {
		syn_from(&x, (uint16_t)(1024 + i));
		take(&x);
	}
	assert_true(((struct tcp_stack *)x.r.hosts[0].tp->tcp)->requests.count <= 1000);
	script_run(&x, 200000);
	assert_int_equal(((struct tcp_stack *)x.r.hosts[0].tp->tcp)->requests.count, 0);
	tcp_proto.close(l);
	script_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_queue),	  cmocka_unit_test(ack_when_full),
		cmocka_unit_test(synack_again),	  cmocka_unit_test(syn_cookies),
		cmocka_unit_test(half_open),	  cmocka_unit_test(at_listener),
		cmocka_unit_test(defer_accept),	  cmocka_unit_test(close_listener),
		cmocka_unit_test(reset_in_queue), cmocka_unit_test(flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
