/* SPDX-License-Identifier: MIT */
/*
 * The states of RFC 9293 §3.3.2, and what moves a connection between them: opens and closes of all
 * kinds, resets and challenges, timeouts, TIME-WAIT. Host 0 is real; the script is its peer.
 * Results and readiness that a program sees are Linux's.
 */
#include <poll.h>
#include <sys/ioctl.h>

#include "tcp_script.h"

#include "tcp/tcp_pcb.h"

/* RFC 9293 §3.5, RFC 7323 §2.2, RFC 2018 §2: what our SYN says. */
static void syn_options(void **state)
{
	struct script x;

	(void)state;
	script_init(&x);
	script_syn(&x);
	assert_int_equal(x.got.options.mss, 1460);
	assert_true(x.got.options.sack_permitted);
	assert_true(x.got.options.has_ts);
	assert_int_equal(x.got.options.wscale, 7);
	assert_int_equal(x.got.window, 64240);
	script_fini(&x);
}

/* RFC 6298 §5.5 with Linux's six retries, of which the first four are not counted: 1, 1, 1, 1, 1,
 * 2, 4 ... 64 s; then ETIMEDOUT after 131 s, as six alone would have taken 127. */
static void syn_timeout(void **state)
{
	struct script x;

	(void)state;
	script_init(&x);
	script_syn(&x);
	for (int64_t wait = 1000, n = 0; wait <= 32000; wait *= n++ < 4 ? 1 : 2) {
		script_run(&x, wait - 1);
		expect_none(&x);
		script_run(&x, 1);
		expect(&x, S, 0, 0, 0);
	}
	script_run(&x, 63999);
	assert_int_equal(x.s->error, 0);
	script_run(&x, 1);
	assert_int_equal(x.s->error, ETIMEDOUT);
	assert_int_equal(rig_state(x.s), TCP_CLOSE);
	script_fini(&x);
}

/* RFC 9293 §3.10.7.3: an ACK of something we did not send is answered by a reset. */
static void syn_sent_bad_ack(void **state)
{
	struct script x;

	(void)state;
	script_init(&x);
	script_syn(&x);
	give(&x, S | A, 0, 7, 0);
	expect(&x, R, 7, 0, 0);
	assert_int_equal(rig_state(x.s), TCP_SYN_SENT);
	give(&x, R, 0, 0, 0);
	assert_int_equal(rig_state(x.s), TCP_SYN_SENT);
	give(&x, R | A, 0, 1, 0);
	assert_int_equal(rig_state(x.s), TCP_CLOSE);
	assert_int_equal(x.s->error, ECONNREFUSED);
	assert_int_equal(tcp_proto.poll(x.s) & (POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP),
			 POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	script_fini(&x);
}

/* connect(2): what a second and third call say. */
static void connect_results(void **state)
{
	struct script x;
	struct endpoint to;

	(void)state;
	script_init(&x);
	script_syn(&x);
	to = rig_endpoint(&x.r, 1, PEER_PORT);
	assert_int_equal(tcp_proto.connect(x.s, &to), -EALREADY);
	offer(&x, 0);
	give(&x, S | A, 0, 1, 0);
	assert_int_equal(tcp_proto.connect(x.s, &to), 0);
	assert_int_equal(tcp_proto.connect(x.s, &to), -EISCONN);
	script_fini(&x);
}

/* A refused socket can try again. */
static void connect_again(void **state)
{
	struct script x;
	struct endpoint to;

	(void)state;
	script_init(&x);
	script_syn(&x);
	give(&x, R | A, 0, 1, 0);
	to = rig_endpoint(&x.r, 1, PEER_PORT);
	assert_int_equal(tcp_proto.connect(x.s, &to), -ECONNREFUSED);
	assert_int_equal(tcp_proto.connect(x.s, &to), -EINPROGRESS);
	assert_int_equal(take(&x), 0);
	x.iss = x.got.seq;
	x.local_port = x.got.src_port;
	offer(&x, 0);
	give(&x, S | A, 0, 1, 0);
	expect(&x, A, 1, 1, 0);
	script_fini(&x);
}

/* RFC 9293 §3.5, figure 7. */
static void simultaneous_open(void **state)
{
	struct script x;

	(void)state;
	script_init(&x);
	script_syn(&x);
	offer(&x, WITH_SACK);
	give(&x, S, 0, 0, 0);
	expect(&x, S | A, 0, 1, 0);
	assert_int_equal(rig_state(x.s), TCP_SYN_RECV);
	offer(&x, WITH_SACK);
	give(&x, S | A, 0, 1, 0);
	assert_int_equal(rig_state(x.s), TCP_ESTABLISHED);
	forget_sent(&x);
	give(&x, A, 1, 1, 10);
	expect(&x, A, 1, 11, 0);
	script_fini(&x);
}

/* A connection to itself, as Linux allows. */
static void self_connect(void **state)
{
	struct rig r;
	struct endpoint at;
	struct sock *s;
	char buf[8];

	(void)state;
	rig_init(&r, 3);
	s = rig_socket(&r, 0);
	at = rig_endpoint(&r, 0, 5000);
	assert_int_equal(transport_bind(s, &at), 0);
	assert_int_equal(tcp_proto.connect(s, &at), -EINPROGRESS);
	r.hosts[1].net.addr = r.hosts[0].net.addr; /* so that it comes from itself */
	rig_run(&r, r.now + BERTH_SEC);
	assert_int_equal(rig_state(s), TCP_ESTABLISHED);
	assert_int_equal(rig_send(s, "hello", 5, 0), 5);
	rig_run(&r, r.now + BERTH_SEC);
	assert_int_equal(rig_recv(s, buf, 8, 0), 5);
	assert_memory_equal(buf, "hello", 5);
	tcp_proto.close(s);
	rig_run(&r, r.now + 200 * BERTH_SEC);
	rig_fini(&r);
}

/* RFC 9293 §3.10.7.1: nobody there. */
static void closed_port(void **state)
{
	struct script x;

	(void)state;
	script_init(&x);
	x.local_port = 9;
	give_raw(&x, S, 100, 0, 0);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got.flags, R | A);
	assert_int_equal(x.got.seq, 0);
	assert_int_equal(x.got.ack, 101);
	give_raw(&x, A, 100, 777, 5);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got.flags, R);
	assert_int_equal(x.got.seq, 777);
	give_raw(&x, R, 100, 0, 0);
	expect_none(&x);
	script_fini(&x);
}

/* RFC 9293 §3.6, figure 12: we close first. */
static void active_close(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	assert_int_equal(tcp_proto.shutdown(x.s, SHUT_WR), 0);
	expect(&x, F | A, 1, 1, 0);
	assert_int_equal(rig_state(x.s), TCP_FIN_WAIT1);
	give(&x, A, 1, 2, 0);
	assert_int_equal(rig_state(x.s), TCP_FIN_WAIT2);
	/* Half closed: the peer still sends. */
	give(&x, A, 1, 2, 100);
	expect(&x, A, 2, 101, 0);
	give(&x, F | A, 101, 2, 0);
	expect(&x, A, 2, 102, 0);
	/* The minute of TIME_WAIT is a small object's; the program sees CLOSE. */
	assert_int_equal(rig_state(x.s), TCP_CLOSE);
	assert_int_equal(x.s->error, 0);
	char buf[200];

	assert_int_equal(rig_recv(x.s, buf, sizeof(buf), 0), 100);
	assert_int_equal(rig_recv(x.s, buf, sizeof(buf), 0), 0);
	/* RFC 9293 §3.10.7.4: the FIN again: our ACK was lost. */
	give(&x, F | A, 101, 2, 0);
	expect(&x, A, 2, 102, 0);
	script_run(&x, 59900);
	give(&x, F | A, 101, 2, 0);
	expect(&x, A, 2, 102, 0);
	script_run(&x, 60001);
	give(&x, F | A, 101, 2, 0);
	expect(&x, R, 2, 0, 0);
	script_fini(&x);
}

/* RFC 9293 §3.6, figure 13. */
static void simultaneous_close(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	tcp_proto.close(x.s);
	x.s = NULL;
	expect(&x, F | A, 1, 1, 0);
	give(&x, F | A, 1, 1, 0);
	expect(&x, A, 2, 2, 0);
	give(&x, A, 2, 2, 0);
	expect_none(&x);
	/* In TIME_WAIT now: a new segment is acknowledged, not reset. */
	script_run(&x, 1000);
	give(&x, A, 2, 2, 5);
	expect(&x, A, 2, 2, 0);
	script_fini(&x);
}

/* The peer closes first. */
static void passive_close(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	give(&x, F | A, 1, 1, 0);
	expect(&x, A, 1, 2, 0);
	assert_int_equal(rig_state(x.s), TCP_CLOSE_WAIT);
	assert_true(tcp_proto.poll(x.s) & POLLRDHUP);
	assert_int_equal(rig_recv(x.s, x.data, 10, 0), 0);
	script_write(&x, 10);
	expect(&x, A, 1, 2, 10);
	tcp_proto.close(x.s);
	x.s = NULL;
	give(&x, A, 2, 11, 0);
	expect(&x, F | A, 11, 2, 0);
	give(&x, A, 2, 12, 0);
	give(&x, A, 2, 12, 0);
	expect(&x, R, 12, 0, 0);
	script_fini(&x);
}

/* RFC 5961 §3.2: only an exact reset kills. */
static void reset_in_window(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	give(&x, R, 100, 0, 0);
	expect(&x, A, 1, 1, 0);
	assert_int_equal(rig_state(x.s), TCP_ESTABLISHED);
	/* The next within half a second is not answered (§7). */
	give(&x, R, 100, 0, 0);
	expect_none(&x);
	/* Out of the window: nothing at all. */
	give(&x, R, 100000, 0, 0);
	expect_none(&x);
	give(&x, R, 1, 0, 0);
	assert_int_equal(rig_state(x.s), TCP_CLOSE);
	assert_int_equal(rig_recv(x.s, x.data, 10, 0), -ECONNRESET);
	assert_int_equal(rig_recv(x.s, x.data, 10, 0), 0);
	assert_int_equal(rig_send(x.s, x.data, 10, 0), -EPIPE);
	script_fini(&x);
}

/* RFC 5961 §4.2. */
static void syn_in_window(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	give(&x, S, 50, 0, 0);
	expect(&x, A, 1, 1, 0);
	script_run(&x, 600);
	give(&x, S | A, 0, 1, 0);
	expect(&x, A, 1, 1, 0);
	assert_int_equal(rig_state(x.s), TCP_ESTABLISHED);
	script_fini(&x);
}

/* RFC 5961 §5.2: ACKs of what was not sent, or much too old. */
static void ack_out_of_range(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	give(&x, A, 1, 5, 10);
	expect(&x, A, 1, 1, 0);
	assert_int_equal(rig_recv(x.s, x.data, 10, 0), -EAGAIN);
	script_run(&x, 600);
	give(&x, A, 1, (uint32_t)-200000, 10);
	expect(&x, A, 1, 1, 0);
	assert_int_equal(rig_recv(x.s, x.data, 10, 0), -EAGAIN);
	script_fini(&x);
}

/* RFC 9293 §3.10.4, RFC 2525 §2.17: closing with unread data resets. */
static void close_unread(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	give(&x, A, 1, 1, 10);
	expect(&x, A, 1, 11, 0);
	tcp_proto.close(x.s);
	x.s = NULL;
	expect(&x, R | A, 1, 11, 0);
	script_fini(&x);
}

/* SO_LINGER with zero time. */
static void close_abruptly(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	sock_edit_options(x.s)->linger = true;
	tcp_proto.close(x.s);
	x.s = NULL;
	expect(&x, R | A, 1, 1, 0);
	script_fini(&x);
}

/* Data for somebody who has gone. */
static void data_after_close(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	tcp_proto.close(x.s);
	x.s = NULL;
	expect(&x, F | A, 1, 1, 0);
	give(&x, A, 1, 2, 10);
	expect(&x, R, 2, 0, 0);
	script_fini(&x);
}

/* Linux: tcp_fin_timeout. */
static void fin_wait2_orphan(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	tcp_proto.close(x.s);
	x.s = NULL;
	expect(&x, F | A, 1, 1, 0);
	give(&x, A, 1, 2, 0);
	assert_int_equal(x.r.hosts[0].tp->count, 1);
	script_run(&x, 59999);
	assert_int_equal(x.r.hosts[0].tp->count, 1);
	script_run(&x, 2);
	assert_int_equal(x.r.hosts[0].tp->count, 0);
	script_fini(&x);
}

/* RFC 6191, RFC 9293 §3.6.1: a later SYN ends the wait. */
static void timewait_reopened(void **state)
{
	struct script x;
	struct sock *l;

	(void)state;
	script_accept(&x, 0, &l);
	tcp_proto.close(x.s);
	x.s = NULL;
	expect(&x, F | A, 1, 1, 0);
	give(&x, F | A, 1, 2, 0);
	expect(&x, A, 2, 2, 0);
	script_run(&x, 1000);
	uint32_t old = x.iss;

	offer(&x, 0);
	give(&x, S, 1000, 0, 0);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got.flags, S | A);
	/* And its number is beyond the old connection's. */
	assert_true(seq_gt(x.got.seq, old + 2));
	/* An old SYN would only be acknowledged. */
	tcp_proto.close(l);
	script_fini(&x);
}

/* RFC 1337: a reset ends TIME-WAIT, unless the host is told otherwise. */
static void timewait_reset(void **state)
{
	struct script x;

	(void)state;
	for (int rfc1337 = 0; rfc1337 < 2; rfc1337++) {
		script_open(&x, 0);
		x.r.hosts[0].f.env.knobs.tcp_rfc1337 = rfc1337;
		tcp_proto.close(x.s);
		x.s = NULL;
		expect(&x, F | A, 1, 1, 0);
		give(&x, F | A, 1, 2, 0);
		expect(&x, A, 2, 2, 0);
		give(&x, R, 2, 0, 0);
		expect_none(&x);
		script_run(&x, 1000);
		give(&x, F | A, 1, 2, 0);
		if (rfc1337)
			expect(&x, A, 2, 2, 0);
		else
			expect(&x, R, 2, 0, 0);
		script_fini(&x);
	}
}

/* No more than limits.timewait_max wait. */
static void timewait_bounded(void **state)
{
	struct rig r;
	struct sock *l;

	(void)state;
	rig_init(&r, 5);
	r.hosts[0].f.env.limits.timewait_max = 3;
	l = rig_listen(&r, 1, 80, 100);
	for (int i = 0; i < 10; i++) {
		struct sock *c = rig_connect(&r, 0, 80);
		struct sock *s;

		rig_run(&r, r.now + BERTH_SEC);
		assert_int_equal(tcp_proto.accept(l, &s), 0);
		tcp_proto.close(c);
		rig_run(&r, r.now + BERTH_SEC);
		tcp_proto.close(s);
		rig_run(&r, r.now + BERTH_SEC);
	}
	assert_int_equal(((struct tcp_stack *)r.hosts[0].tp->tcp)->timewait_count, 3);
	rig_run(&r, r.now + 61 * BERTH_SEC);
	assert_int_equal(((struct tcp_stack *)r.hosts[0].tp->tcp)->timewait_count, 0);
	tcp_proto.close(l);
	rig_fini(&r);
}

/* poll(2) as Linux's tcp_poll() has it. */
static void poll_masks(void **state)
{
	struct script x;

	(void)state;
	script_init(&x);
	struct sock *fresh = rig_socket(&x.r, 0);

	assert_int_equal(tcp_proto.poll(fresh), POLLOUT | POLLWRNORM | POLLHUP);
	assert_int_equal(rig_send(fresh, "x", 1, 0), -EPIPE);
	assert_int_equal(rig_recv(fresh, x.data, 1, 0), -ENOTCONN);
	assert_int_equal(tcp_proto.shutdown(fresh, SHUT_WR), -ENOTCONN);
	tcp_proto.close(fresh);
	script_syn(&x);
	assert_int_equal(tcp_proto.poll(x.s), 0);
	assert_int_equal(rig_send(x.s, "x", 1, 0), -EAGAIN);
	offer(&x, 0);
	give(&x, S | A, 0, 1, 0);
	assert_int_equal(tcp_proto.poll(x.s), POLLOUT | POLLWRNORM);
	give(&x, A, 1, 1, 10);
	assert_int_equal(tcp_proto.poll(x.s), POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
	script_fini(&x);
}

/* RFC 9293 §3.8.4; Linux's times. */
static void keepalive(void **state)
{
	struct script x;
	int one = 1;
	int idle = 10;
	int interval = 5;
	int count = 3;

	(void)state;
	script_open(&x, 0);
	opt_level_set(&tcp_options, x.s, TCP_KEEPIDLE, &idle, sizeof(idle));
	opt_level_set(&tcp_options, x.s, TCP_KEEPINTVL, &interval, sizeof(interval));
	opt_level_set(&tcp_options, x.s, TCP_KEEPCNT, &count, sizeof(count));
	sock_edit_options(x.s)->keepalive = one;
	tcp_proto.option_changed(x.s, SOL_SOCKET, SO_KEEPALIVE);
	script_run(&x, 9999);
	expect_none(&x);
	script_run(&x, 1);
	expect(&x, A, 0, 1, 0);
	give(&x, A, 1, 1, 0);
	script_run(&x, 9999);
	expect_none(&x);
	script_run(&x, 1);
	expect(&x, A, 0, 1, 0);
	script_run(&x, 5000);
	expect(&x, A, 0, 1, 0);
	script_run(&x, 5000);
	expect(&x, A, 0, 1, 0);
	script_run(&x, 4999);
	assert_int_equal(rig_state(x.s), TCP_ESTABLISHED);
	script_run(&x, 1);
	expect(&x, R | A, 1, 1, 0);
	assert_int_equal(x.s->error, ETIMEDOUT);
	script_fini(&x);
}

/* RFC 5482: TCP_USER_TIMEOUT. */
static void user_timeout(void **state)
{
	struct script x;
	int ms = 3000;

	(void)state;
	script_open(&x, 0);
	opt_level_set(&tcp_options, x.s, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	script_write(&x, 10);
	script_run(&x, 10000);
	assert_int_equal(x.s->error, ETIMEDOUT);
	script_fini(&x);
}

/* RFC 5461 §4.1: an ICMP error while connecting; later it is only remembered. */
static void icmp_errors(void **state)
{
	struct script x;
	struct tcp_stack *ts;
	uint8_t l4[8];

	(void)state;
	script_init(&x);
	ts = x.r.hosts[0].tp->tcp;
	script_syn(&x);

	struct ip_error e = {.src = x.r.hosts[0].net.addr,
			     .dst = x.r.hosts[1].net.addr,
			     .protocol = IPPROTO_TCP,
			     .error = EHOSTUNREACH,
			     .l4 = l4,
			     .l4_bytes = sizeof(l4)};

	store_be16(l4, x.local_port);
	store_be16(l4 + 2, PEER_PORT);
	/* About another sequence number: somebody else's, or forged. */
	store_be32(l4 + 4, x.iss + 5);
	x.r.hosts[0].net.tcp.error(ts, &e);
	assert_int_equal(rig_state(x.s), TCP_SYN_SENT);
	store_be32(l4 + 4, x.iss);
	x.r.hosts[0].net.tcp.error(ts, &e);
	assert_int_equal(rig_state(x.s), TCP_CLOSE);
	assert_int_equal(x.s->error, EHOSTUNREACH);
	script_fini(&x);
}

/* RFC 6528 §3: the same ends go up with the clock, other ends and other hosts tell nothing. */
static void first_sequence_numbers(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 11);
	const struct tcp_stack *ts = r.hosts[0].tp->tcp;
	const struct tcp_stack *other = r.hosts[1].tp->tcp;
	struct endpoint local = rig_endpoint(&r, 0, 40000);
	struct endpoint remote = rig_endpoint(&r, 1, 80);
	uint32_t first = tcp_numbers_for(ts, &local, &remote).iss;
	uint32_t near = 0;

	assert_int_not_equal(first, tcp_numbers_for(other, &local, &remote).iss);
	for (uint16_t i = 1; i <= 1000; i++) {
		struct endpoint next = local;

		next.port = (uint16_t)(local.port + i);
		uint32_t distance = tcp_numbers_for(ts, &next, &remote).iss - first;

		near += distance < 1u << 20 || distance > UINT32_MAX - (1u << 20);
	}
	assert_in_range(near, 0, 5); /* 0.5 of 1000 by chance */
	rig_set_now(&r, r.now + BERTH_MSEC);
	assert_int_equal(tcp_numbers_for(ts, &local, &remote).iss - first, BERTH_MSEC >> 6);
	rig_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syn_options),	     cmocka_unit_test(syn_timeout),
		cmocka_unit_test(syn_sent_bad_ack),  cmocka_unit_test(connect_results),
		cmocka_unit_test(connect_again),     cmocka_unit_test(simultaneous_open),
		cmocka_unit_test(self_connect),	     cmocka_unit_test(closed_port),
		cmocka_unit_test(active_close),	     cmocka_unit_test(simultaneous_close),
		cmocka_unit_test(passive_close),     cmocka_unit_test(reset_in_window),
		cmocka_unit_test(syn_in_window),     cmocka_unit_test(ack_out_of_range),
		cmocka_unit_test(close_unread),	     cmocka_unit_test(close_abruptly),
		cmocka_unit_test(data_after_close),  cmocka_unit_test(fin_wait2_orphan),
		cmocka_unit_test(timewait_reopened), cmocka_unit_test(timewait_reset),
		cmocka_unit_test(timewait_bounded),  cmocka_unit_test(poll_masks),
		cmocka_unit_test(keepalive),	     cmocka_unit_test(user_timeout),
		cmocka_unit_test(icmp_errors),	     cmocka_unit_test(first_sequence_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
