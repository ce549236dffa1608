/* SPDX-License-Identifier: MIT */
/*
 * TCP Fast Open at both ends (RFC 7413): cookies asked for, given, shown and forged; data in SYNs,
 * taken, refused and lost; bounds; what is remembered. The script is the other end.
 */
#include "tcp_script.h"

#include "tcp/tcp_connect.h"
#include "tcp/tcp_fastcache.h"
#include "tcp/tcp_fastopen.h"

static const uint8_t cookie[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static struct tcp *tcp_in(struct sock *s)
{
	return (struct tcp *)(void *)s;
}

static void set(struct sock *s, int name, int value)
{
	assert_int_equal(opt_level_set(&tcp_options, s, name, &value, sizeof(value)), 0);
}

static struct tcp_info_now {
	uint8_t bytes[256];
} info_of(struct sock *s)
{
	struct tcp_info_now info;
	socklen_t len = sizeof(info);

	assert_int_equal(opt_level_get(&tcp_options, s, TCP_INFO, &info, &len), 0);
	return info;
}

static bool syn_data_of(struct sock *s)
{
	return (info_of(s).bytes[5] & TCPI_OPT_SYN_DATA) != 0;
}

static int fail_of(struct sock *s)
{
	return info_of(s).bytes[7] >> 1 & 3;
}

/* sendto(MSG_FASTOPEN) of so many bytes of the test stream. */
static ssize_t open_with(struct script *x, size_t bytes)
{
	static uint8_t data[8192];
	struct iovec iov = {data, bytes};
	struct proto_msg m = {.iov = &iov,
			      .iov_count = 1,
			      .bytes = bytes,
			      .flags = MSG_FASTOPEN,
			      .has_addr = true,
			      .addr = rig_endpoint(&x->r, 1, PEER_PORT)};

	for (size_t i = 0; i < bytes; i++)
		data[i] = rig_byte(i);
	if (!x->s)
		x->s = rig_socket(&x->r, 0);
	ssize_t n = tcp_proto.send(x->s, &m);

	x->local_port = x->s->local.port;
	x->iss = tcp_in(x->s)->iss;
	return n;
}

static void start(struct script *x)
{
	script_init(x);
	x->r.hosts[0].f.env.knobs.tcp_fastopen = FAST_CLIENT;
}

/* The next socket of the same script. */
static void again(struct script *x)
{
	tcp_proto.abort(x->s);
	x->s = NULL;
	forget_sent(x);
}

/* Makes the host know a cookie of the peer's. */
static void teach(struct script *x)
{
	assert_int_equal(open_with(x, 100), -EINPROGRESS);
	expect(x, S, 0, 0, 0);
	assert_true(x->got.options.has_fastopen);
	assert_int_equal(x->got.options.cookie_bytes, 0);
	assert_int_equal(fail_of(x->s), 1);
	offer(x, WITH_SACK);
	x->opt.has_fastopen = true;
	x->opt.cookie_bytes = sizeof(cookie);
	memcpy(x->opt.cookie, cookie, sizeof(cookie));
	give(x, S | A, 0, 1, 0);
	expect(x, A, 1, 1, 0);
	assert_int_equal(rig_state(x->s), TCP_ESTABLISHED);
	again(x);
}

static void expect_cookie(const struct script *x)
{
	assert_true(x->got.options.has_fastopen);
	assert_int_equal(x->got.options.cookie_bytes, sizeof(cookie));
	assert_memory_equal(x->got.options.cookie, cookie, sizeof(cookie));
}

/* §4.1.2: the second connection sends data in its SYN, which the peer takes. */
static void data_in_syn(void **state)
{
	struct script x;

	(void)state;
	start(&x);
	teach(&x);
	assert_int_equal(open_with(&x, 100), 100);
	expect(&x, S, 0, 0, 100);
	expect_cookie(&x);
	assert_int_equal(x.data[99], rig_byte(99));
	offer(&x, WITH_SACK);
	/* The answer may carry data too. */
	give(&x, S | A, 0, 101, 50);
	expect(&x, A, 101, 51, 0);
	assert_int_equal(rig_state(x.s), TCP_ESTABLISHED);
	assert_int_equal(rig_recv(x.s, x.data, 100, 0), 50);
	assert_int_equal(viewq_bytes(&tcp_in(x.s)->sndq), 0);
	assert_true(syn_data_of(x.s));
	assert_int_equal(fail_of(x.s), 0);
	script_write(&x, 10);
	expect(&x, A, 101, 51, 10);
	script_fini(&x);
}

/* Only as much as fits a SYN: the peer's MSS less 40 bytes of options. */
static void room(void **state)
{
	struct script x;

	(void)state;
	start(&x);
	teach(&x);
	assert_int_equal(open_with(&x, 8000), 1420);
	expect(&x, S, 0, 0, 1420);
	script_fini(&x);
}

/* The peer acknowledges the SYN alone, or part of the data: the rest is sent again, at once. */
static void not_taken(void **state)
{
	(void)state;
	for (uint32_t taken = 0; taken < 100; taken += 40) {
		struct script x;

		start(&x);
		teach(&x);
		assert_int_equal(open_with(&x, 100), 100);
		expect(&x, S, 0, 0, 100);
		offer(&x, WITH_SACK);
		give(&x, S | A, 0, 1 + taken, 0);
		expect(&x, A, 1 + taken, 1, (int)(100 - taken));
		assert_int_equal(x.data[0], rig_byte(taken));
		assert_false(syn_data_of(x.s));
		assert_int_equal(fail_of(x.s), 2);
		assert_int_equal(tcp_in(x.s)->ca, CA_OPEN);
		script_fini(&x);
	}
}

/* An answer that acknowledges what was not sent is refused. */
static void beyond(void **state)
{
	struct script x;

	(void)state;
	start(&x);
	teach(&x);
	assert_int_equal(open_with(&x, 100), 100);
	expect(&x, S, 0, 0, 100);
	offer(&x, 0);
	give(&x, S | A, 0, 102, 0);
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got.flags, R);
	assert_int_equal(rig_state(x.s), TCP_SYN_SENT);
	script_fini(&x);
}

/* §4.1.3.1: a SYN that is sent again is plain; after two such losses the host waits a while. */
static void lost(void **state)
{
	struct script x;

	(void)state;
	start(&x);
	teach(&x);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_with(&x, 100), 100);
		expect(&x, S, 0, 0, 100);
		script_run(&x, 1000);
		expect(&x, S, 0, 0, 0);
		assert_false(x.got.options.has_fastopen);
		offer(&x, 0);
		give(&x, S | A, 0, 1, 0);
		expect(&x, A, 1, 1, 100);
		assert_int_equal(fail_of(x.s), 3);
		again(&x);
	}
	assert_int_equal(open_with(&x, 100), -EINPROGRESS);
	expect(&x, S, 0, 0, 0);
	assert_false(x.got.options.has_fastopen);
	again(&x);
	script_run(&x, 240000);
	assert_int_equal(open_with(&x, 100), 100);
	expect(&x, S, 0, 0, 100);
	script_fini(&x);
}

/* Linux's tcp_fastopen_blackhole_timeout_sec: three timeouts stop it for all, for a while. */
static void black_hole(void **state)
{
	struct script x;

	(void)state;
	start(&x);
	x.r.hosts[0].f.env.knobs.tcp_fastopen_blackhole_timeout_sec = 3600;
	teach(&x);
	assert_int_equal(open_with(&x, 100), 100);
	expect(&x, S, 0, 0, 100);
	script_run(&x, 3000);
	again(&x);
	assert_int_equal(open_with(&x, 100), -EINPROGRESS);
	expect(&x, S, 0, 0, 0);
	assert_false(x.got.options.has_fastopen);
	again(&x);
	script_run(&x, 3600000);
	assert_int_equal(open_with(&x, 100), 100);
	expect(&x, S, 0, 0, 100);
	/* One that gets through ends it. */
	offer(&x, 0);
	give(&x, S | A, 0, 101, 0);
	assert_int_equal(((struct tcp_stack *)x.r.hosts[0].tp->tcp)->fast_holes, 0);
	script_fini(&x);
}

/* The longest pause that an administrator can set, doubled, is longer than all time. */
static void black_hole_for_ever(void **state)
{
	struct script x;

	(void)state;
	start(&x);
	x.r.hosts[0].f.env.knobs.tcp_fastopen_blackhole_timeout_sec = INT32_MAX;
	teach(&x);
	assert_int_equal(open_with(&x, 100), 100);
	expect(&x, S, 0, 0, 100);
	script_run(&x, 3000);
	again(&x);
	((struct tcp_stack *)x.r.hosts[0].tp->tcp)->fast_holes = 4;
	assert_int_equal(open_with(&x, 100), -EINPROGRESS);
	expect(&x, S, 0, 0, 0);
	assert_false(x.got.options.has_fastopen);
	script_fini(&x);
}

/* TCP_FASTOPEN_NO_COOKIE, or the host's bit: data without asking. */
static void no_cookie(void **state)
{
	struct script x;

	(void)state;
	start(&x);
	x.s = rig_socket(&x.r, 0);
	set(x.s, 34, 1);
	assert_int_equal(open_with(&x, 10), 10);
	expect(&x, S, 0, 0, 10);
	assert_false(x.got.options.has_fastopen);
	again(&x);
	x.r.hosts[0].f.env.knobs.tcp_fastopen = FAST_CLIENT | FAST_CLIENT_NO_COOKIE;
	assert_int_equal(open_with(&x, 10), 10);
	expect(&x, S, 0, 0, 10);
	script_fini(&x);
}

/* TCP_FASTOPEN_CONNECT: with a cookie connect() has nothing to wait for but data. */
static void deferred(void **state)
{
	struct script x;
	struct endpoint to;

	(void)state;
	start(&x);
	teach(&x);
	to = rig_endpoint(&x.r, 1, PEER_PORT);
	x.s = rig_socket(&x.r, 0);
	set(x.s, 30, 1);
	assert_int_equal(tcp_proto.connect(x.s, &to), 0);
	expect_none(&x);
	assert_int_equal(tcp_proto.poll(x.s), POLLOUT | POLLWRNORM);
	assert_int_equal(rig_recv(x.s, x.data, 1, 0), -EAGAIN);
	script_run(&x, 5000);
	expect_none(&x);
	x.iss = tcp_in(x.s)->iss;
	x.local_port = x.s->local.port;
	script_write(&x, 30);
	expect(&x, S, 0, 0, 30);
	expect_cookie(&x);
	assert_int_equal(tcp_proto.poll(x.s), 0);
	assert_int_equal(rig_send(x.s, x.data, 5, 0), -EAGAIN);
	/* What was sent is not lost by closing. */
	tcp_proto.close(x.s);
	x.s = NULL;
	offer(&x, 0);
	give(&x, S | A, 0, 31, 0);
	expect(&x, F | A, 31, 1, 0);
	script_fini(&x);

	/* Without one it connects as ever, and asks. */
	start(&x);
	x.s = rig_socket(&x.r, 0);
	set(x.s, 30, 1);
	assert_int_equal(tcp_proto.connect(x.s, &to), -EINPROGRESS);
	assert_int_equal(take(&x), 0);
	assert_true(x.got.options.has_fastopen);
	script_fini(&x);

	/* Closed before anything was written. */
	start(&x);
	teach(&x);
	x.s = rig_socket(&x.r, 0);
	set(x.s, 30, 1);
	assert_int_equal(tcp_proto.connect(x.s, &to), 0);
	tcp_proto.close(x.s);
	x.s = NULL;
	expect_none(&x);
	script_fini(&x);
}

/* --- the end that listens --- */

static struct sock *listener_of(struct script *x, int qlen)
{
	struct sock *l;

	script_init(x);
	x->r.hosts[0].f.env.knobs.tcp_fastopen = FAST_CLIENT | FAST_SERVER;
	l = rig_listen(&x->r, 0, 80, 5);
	x->local_port = 80;
	x->peer_port = 4000;
	if (qlen)
		set(l, TCP_FASTOPEN, qlen);
	return l;
}

static void give_syn(struct script *x, const struct tcp_fast_cookie *c, uint32_t bytes)
{
	offer(x, WITH_SACK | WITH_STAMPS | WITH_WSCALE);
	if (c) {
		x->opt.has_fastopen = true;
		x->opt.cookie_bytes = c->bytes;
		memcpy(x->opt.cookie, c->at, c->bytes);
	}
	give(x, S, 0, 0, bytes);
	assert_int_equal(take(x), 0);
	assert_int_equal(x->got.flags, S | A);
	x->iss = x->got.seq;
}

/* The cookie that the listener gives. */
static struct tcp_fast_cookie ask(struct script *x)
{
	struct tcp_fast_cookie c = {0};

	give_syn(x, &c, 0);
	assert_true(x->got.options.has_fastopen);
	c.bytes = x->got.options.cookie_bytes;
	assert_int_equal(c.bytes, 8);
	memcpy(c.at, x->got.options.cookie, c.bytes);
	give(x, R, 1, 0, 0);
	x->peer_port++;
	forget_sent(x);
	return c;
}

/* §4.2: the data is there, and answered, before the handshake ends. */
static void before_the_handshake(void **state)
{
	struct script x;
	struct sock *l = listener_of(&x, 5);
	struct tcp_fast_cookie c = ask(&x);

	(void)state;
	give_syn(&x, &c, 100);
	assert_int_equal(x.got.ack - x.peer_iss, 101);
	assert_false(x.got.options.has_fastopen);
	assert_int_equal(tcp_proto.poll(l), POLLIN | POLLRDNORM);
	assert_int_equal(tcp_proto.accept(l, &x.s), 0);
	assert_int_equal(rig_state(x.s), TCP_SYN_RECV);
	assert_int_equal(tcp_proto.poll(x.s), POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
	assert_int_equal(rig_recv(x.s, x.data, 200, 0), 100);
	assert_int_equal(x.data[99], rig_byte(98)); /* the script counts from the SYN */
	assert_true(syn_data_of(x.s));
	script_write(&x, 70);
	expect(&x, A, 1, 101, 70);
	x.window = 512;
	give(&x, A, 101, 71, 0);
	assert_int_equal(rig_state(x.s), TCP_ESTABLISHED);
	assert_int_equal(viewq_bytes(&tcp_in(x.s)->sndq), 0);
	assert_int_equal(tcp_in(x.s)->snd_wnd, 512 << 7);
	give(&x, A, 101, 71, 10);
	script_run(&x, 50);
	expect(&x, A, 71, 111, 0);
	assert_int_equal(rig_recv(x.s, x.data, 200, 0), 10);
	tcp_proto.close(l);
	script_fini(&x);
}

/* The SYN+ACK is lost, and the answer's data: both come again. */
static void synack_lost(void **state)
{
	struct script x;
	struct sock *l = listener_of(&x, 5);
	struct tcp_fast_cookie c = ask(&x);

	(void)state;
	give_syn(&x, &c, 100);
	assert_int_equal(tcp_proto.accept(l, &x.s), 0);
	script_write(&x, 70);
	expect(&x, A, 1, 101, 70);
	script_run(&x, 1000);
	expect(&x, S | A, 0, 101, 0);
	/* The peer's SYN again, plain: answered. */
	script_run(&x, 600);
	offer(&x, WITH_SACK | WITH_STAMPS | WITH_WSCALE);
	give(&x, S, 0, 0, 0);
	expect(&x, S | A, 0, 101, 0);
	/* It had taken the SYN+ACK, not the data. */
	x.window = 512;
	give(&x, A, 101, 1, 0);
	assert_int_equal(rig_state(x.s), TCP_ESTABLISHED);
	script_run(&x, 3000);
	assert_int_equal(take(&x), 70);
	give(&x, A, 101, 71, 0);
	assert_int_equal(viewq_bytes(&tcp_in(x.s)->sndq), 0);
	tcp_proto.close(l);
	script_fini(&x);
}

/* Nobody completes it: it ends, after one retry more than usual. */
static void never_completed(void **state)
{
	struct script x;
	struct sock *l = listener_of(&x, 5);
	struct tcp_fast_cookie c = ask(&x);
	int count = 0;

	(void)state;
	give_syn(&x, &c, 10);
	assert_int_equal(tcp_proto.accept(l, &x.s), 0);
	script_run(&x, 300000);
	while (take(&x) >= 0)
		count++;
	assert_int_equal(count, 6);
	assert_int_equal(rig_state(x.s), TCP_CLOSE);
	assert_int_equal(x.s->error, ETIMEDOUT);
	tcp_proto.close(l);
	script_fini(&x);
}

/* A cookie that is wrong is answered by a right one, and the data not taken. */
static void forged(void **state)
{
	struct script x;
	struct sock *l = listener_of(&x, 5);
	struct tcp_fast_cookie c = ask(&x);
	struct tcp_fast_cookie bad = c;

	(void)state;
	bad.at[7] ^= 1;
	give_syn(&x, &bad, 100);
	assert_int_equal(x.got.ack - x.peer_iss, 1);
	assert_memory_equal(x.got.options.cookie, c.at, 8);
	assert_int_equal(tcp_proto.accept(l, &x.s), -EAGAIN);
	give(&x, A, 1, 1, 100);
	assert_int_equal(tcp_proto.accept(l, &x.s), 0);
	assert_int_equal(rig_recv(x.s, x.data, 200, 0), 100);
	assert_false(syn_data_of(x.s));
	tcp_proto.close(l);
	script_fini(&x);

	/* One of another length; and data without any. */
	l = listener_of(&x, 5);
	bad.bytes = 4;
	give_syn(&x, &bad, 100);
	assert_int_equal(x.got.ack - x.peer_iss, 1);
	x.peer_port++;
	give_syn(&x, NULL, 100);
	assert_int_equal(x.got.ack - x.peer_iss, 1);
	assert_false(x.got.options.has_fastopen);
	x.s = NULL;
	tcp_proto.close(l);
	script_fini(&x);
}

/* Without TCP_FASTOPEN, or without the host's bit, there is none of it. */
static void not_enabled(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct script x;
		struct sock *l = listener_of(&x, i == 0 ? 0 : 5);
		struct tcp_fast_cookie none = {0};

		x.r.hosts[0].f.env.knobs.tcp_fastopen = i == 1	 ? FAST_CLIENT
							: i == 0 ? FAST_CLIENT | FAST_SERVER
								 : FAST_SERVER | FAST_SERVER_ALL;
		give_syn(&x, &none, 0);
		assert_int_equal(x.got.options.has_fastopen, i == 2);
		tcp_proto.close(l);
		script_fini(&x);
	}
}

/* §5.1: no more than so many at a time; the rest open as usual. One that was reset after it was
 * accepted counts for another minute. */
static void bounded(void **state)
{
	struct script x;
	struct sock *l = listener_of(&x, 2);
	struct tcp_fast_cookie c = ask(&x);
	struct sock *s[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		x.peer_port++;
		give_syn(&x, &c, 10);
		assert_int_equal(x.got.ack - x.peer_iss, 11);
		assert_int_equal(tcp_proto.accept(l, &s[i]), 0);
	}
	x.peer_port++;
	give_syn(&x, &c, 10);
	assert_int_equal(x.got.ack - x.peer_iss, 1);
	assert_false(x.got.options.has_fastopen);
	/* The first is reset by its peer, the second completed. */
	x.peer_port = s[0]->remote.port;
	give(&x, R, 11, 0, 0);
	assert_int_equal(s[0]->error, ECONNRESET);
	x.peer_port = s[1]->remote.port;
	give(&x, A, 11, tcp_in(s[1])->iss + 1 - x.iss, 0);
	assert_int_equal(rig_state(s[1]), TCP_ESTABLISHED);
	x.peer_port += 10;
	give_syn(&x, &c, 10);
	assert_int_equal(x.got.ack - x.peer_iss, 11);
	x.peer_port++;
	give_syn(&x, &c, 10);
	assert_int_equal(x.got.ack - x.peer_iss, 1);
	script_run(&x, 61000);
	forget_sent(&x);
	x.ts_val += 61000;
	x.peer_port++;
	give_syn(&x, &c, 10);
	assert_int_equal(x.got.ack - x.peer_iss, 11);
	tcp_proto.abort(s[0]);
	tcp_proto.abort(s[1]);
	tcp_proto.close(l);
	x.s = NULL;
	script_fini(&x);
}

/* TCP_FASTOPEN_KEY: two keys, of which the second is on its way out. */
static void keys(void **state)
{
	static const uint8_t both[32] = "first key here..and the second..";
	struct script x;
	struct sock *l = listener_of(&x, 5);
	uint8_t got[64];
	socklen_t len = sizeof(got);

	(void)state;
	assert_int_equal(opt_level_set(&tcp_options, l, 33, both + 16, 16), 0);
	struct tcp_fast_cookie old = ask(&x);

	assert_int_equal(opt_level_set(&tcp_options, l, 33, both, 32), 0);
	assert_int_equal(opt_level_get(&tcp_options, l, 33, got, &len), 0);
	assert_int_equal(len, 32);
	assert_memory_equal(got, both, 32);
	x.peer_port++;
	give_syn(&x, &old, 10);
	assert_int_equal(x.got.ack - x.peer_iss, 11);
	/* It is given one of the new key. */
	assert_true(x.got.options.has_fastopen);
	assert_memory_not_equal(x.got.options.cookie, old.at, 8);
	tcp_proto.close(l);
	x.s = NULL;
	script_fini(&x);
}

/* The program closes before the handshake ends: data and FIN leave, and the rest follows. */
static void closed_early(void **state)
{
	struct script x;
	struct sock *l = listener_of(&x, 5);
	struct tcp_fast_cookie c = ask(&x);

	(void)state;
	give_syn(&x, &c, 10);
	assert_int_equal(tcp_proto.accept(l, &x.s), 0);
	assert_int_equal(rig_recv(x.s, x.data, 200, 0), 10);
	script_write(&x, 20);
	expect(&x, A, 1, 11, 20);
	tcp_proto.close(x.s);
	x.s = NULL;
	expect(&x, F | A, 21, 11, 0);
	give(&x, F | A, 11, 22, 0);
	expect(&x, A, 22, 12, 0);
	tcp_proto.close(l);
	script_fini(&x);
}

/* The listener goes while one that it opened is early. */
static void listener_gone(void **state)
{
	struct script x;
	struct sock *l = listener_of(&x, 5);
	struct tcp_fast_cookie c = ask(&x);

	(void)state;
	give_syn(&x, &c, 10);
	assert_int_equal(tcp_proto.accept(l, &x.s), 0);
	x.peer_port++;
	give_syn(&x, &c, 10);
	tcp_proto.close(l); /* resets the one that nobody accepted */
	assert_int_equal(take(&x), 0);
	assert_int_equal(x.got.flags & R, R);
	x.peer_port--;
	x.iss = tcp_in(x.s)->iss;
	give(&x, A, 11, 1, 0);
	assert_int_equal(rig_state(x.s), TCP_ESTABLISHED);
	script_fini(&x);
}

/* The cache forgets the server least recently heard of. */
static void cache(void **state)
{
	struct rig r;
	struct tcp_known known = {.mss = 1000};

	(void)state;
	rig_init(&r, 1);
	struct tcp_stack *ts = r.hosts[0].tp->tcp;
	struct ipaddr me = ipaddr_from4(1);

	for (uint32_t i = 0; i < 2000; i++) {
		struct ipaddr a = ipaddr_from4(0x0b000000u + i);
		struct ipaddr first = ipaddr_from4(0x0b000000u);

		tcp_fastcache_set(ts, &me, &a, &known);
		tcp_fastcache_set(ts, &me, &first, &known);
	}
	assert_int_equal(ts->fast_table.count, 1024);
	for (uint32_t i = 0; i < 2000; i += 500) {
		struct ipaddr a = ipaddr_from4(0x0b000000u + i);

		assert_int_equal(tcp_fastcache_get(ts, &me, &a).mss,
				 i == 0 || i >= 1000 ? 1000 : 0);
	}
	rig_fini(&r);
}

/* Two hosts and a wire: a round trip less, and every byte, whatever is lost. */
static void transfers(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct rig r;
		struct sock *l;

		rig_init(&r, seed);
		r.loss = seed > 4 ? 100 : 0;
		r.hosts[0].f.env.knobs.tcp_fastopen = FAST_CLIENT;
		r.hosts[1].f.env.knobs.tcp_fastopen = FAST_SERVER;
		l = rig_listen(&r, 1, 80, 5);
		set(l, TCP_FASTOPEN, 5);
		for (int i = 0; i < 6; i++) {
			struct script x = {.s = rig_socket(&r, 0)};
			struct endpoint to = rig_endpoint(&r, 1, 80);
			struct sock *end = NULL;
			uint8_t first[300];
			struct iovec iov = {first, sizeof(first)};
			struct proto_msg m = {.iov = &iov,
					      .iov_count = 1,
					      .bytes = sizeof(first),
					      .flags = MSG_FASTOPEN,
					      .has_addr = true,
					      .addr = to};

			for (size_t k = 0; k < sizeof(first); k++)
				first[k] = rig_byte(k);
			ssize_t sent = tcp_proto.send(x.s, &m);

			assert_true(sent == 300 || sent == -EINPROGRESS);
			if (r.loss == 0)
				assert_int_equal(sent, i ? 300 : -EINPROGRESS);
			berth_time begin = r.now;

			while (tcp_proto.accept(l, &end) < 0 && r.now < begin + 300 * BERTH_SEC)
				rig_run(&r, r.now + BERTH_MSEC);
			assert_non_null(end);
			if (r.loss == 0 && i)
				assert_true(r.now - begin < 12 * BERTH_MSEC);
			/* Connected on both sides before more is sent. */
			while (rig_state(x.s) == TCP_SYN_SENT)
				rig_run(&r, r.now + BERTH_MSEC);
			struct rig_stream up = {.from = x.s,
						.to = end,
						.total = 20000,
						.sent = sent > 0 ? (uint64_t)sent : 0,
						.chunk = 1000};

			(void)rig_transfer(&r, &up, 300 * BERTH_SEC);
			tcp_proto.close(x.s);
			tcp_proto.close(end);
			rig_run(&r, r.now + 300 * BERTH_SEC);
		}
		tcp_proto.close(l);
		rig_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_in_syn),
		cmocka_unit_test(room),
		cmocka_unit_test(not_taken),
		cmocka_unit_test(beyond),
		cmocka_unit_test(lost),
		cmocka_unit_test(black_hole),
		cmocka_unit_test(black_hole_for_ever),
		cmocka_unit_test(no_cookie),
		cmocka_unit_test(deferred),
		cmocka_unit_test(before_the_handshake),
		cmocka_unit_test(synack_lost),
		cmocka_unit_test(never_completed),
		cmocka_unit_test(forged),
		cmocka_unit_test(not_enabled),
		cmocka_unit_test(bounded),
		cmocka_unit_test(keys),
		cmocka_unit_test(closed_early),
		cmocka_unit_test(listener_gone),
		cmocka_unit_test(cache),
		cmocka_unit_test(transfers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
