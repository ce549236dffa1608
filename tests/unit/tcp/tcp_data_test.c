/* SPDX-License-Identifier: MIT */
/*
 * Data: what is sent when, what is acknowledged when, and what the windows allow; out of order, out
 * of band and out of memory. Host 0 is real; the script is its peer.
 */
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "tcp_script.h"

static void set(struct script *x, int name, int value)
{
	assert_int_equal(opt_level_set(&tcp_options, x->s, name, &value, sizeof(value)), 0);
}

static ssize_t receive(struct script *x, size_t bytes)
{
	return rig_recv(x->s, x->data, bytes, 0);
}

/* RFC 9293 §3.7.4: a second small segment waits for the ACK of the first. */
static void nagle(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	script_write(&x, 100);
	expect(&x, A, 1, 1, 100);
	script_write(&x, 100);
	expect_none(&x);
	script_write(&x, 1460);
	expect(&x, A, 101, 1, 1460);
	expect_none(&x);
	give(&x, A, 1, 1561, 0);
	expect(&x, A, 1561, 1, 100);
	set(&x, TCP_NODELAY, 1);
	script_write(&x, 1);
	expect(&x, A, 1661, 1, 1);
	script_write(&x, 1);
	expect(&x, A, 1662, 1, 1);
	script_fini(&x);
}

/* TCP_CORK: only full segments, for 200 ms at most. */
static void cork(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	set(&x, TCP_CORK, 1);
	script_write(&x, 100);
	expect_none(&x);
	script_write(&x, 1400);
	expect(&x, A, 1, 1, 1460);
	give(&x, A, 1, 1461, 0);
	expect_none(&x);
	set(&x, TCP_CORK, 0);
	expect(&x, A, 1461, 1, 40);
	give(&x, A, 1, 1501, 0);
	set(&x, TCP_CORK, 1);
	script_write(&x, 7);
	script_run(&x, 190);
	expect_none(&x);
	script_run(&x, 100);
	expect(&x, A, 1501, 1, 7);
	script_fini(&x);
}

static void msg_more(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	assert_int_equal(rig_send(x.s, "a", 1, MSG_MORE), 1);
	expect_none(&x);
	assert_int_equal(rig_send(x.s, "b", 1, 0), 1);
	expect(&x, A, 1, 1, 2);
	script_fini(&x);
}

/* RFC 5681 §4.2: every second full segment, and 40 ms at the latest; at the start at once (Linux).
 */
static void delayed_ack(void **state)
{
	struct script x;
	uint32_t at = 1;

	(void)state;
	script_open(&x, 0);
	for (int i = 0; i < 15; i++) {
		give(&x, A, at, 1, 1460);
		at += 1460;
		expect(&x, A, 1, at, 0);
		assert_int_equal(receive(&x, 1460), 1460);
	}
	forget_sent(&x);
	give(&x, A, at, 1, 1460);
	expect_none(&x);
	give(&x, A, at + 1460, 1, 1460);
	expect(&x, A, 1, at + 2920, 0);
	at += 2920;
	assert_int_equal(receive(&x, 10000), 2920);
	forget_sent(&x);
	give(&x, A, at, 1, 100);
	script_run(&x, 39);
	expect_none(&x);
	script_run(&x, 1);
	expect(&x, A, 1, at + 100, 0);
	at += 100;
	/* An answer carries the ACK. */
	give(&x, A, at, 1, 100);
	script_write(&x, 10);
	expect(&x, A, 1, at + 100, 10);
	script_run(&x, 100);
	script_fini(&x);
}

/* RFC 9293 §3.8.6.1: a closed window is probed, with backoff, and never gives up while answered. */
static void zero_window(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	script_write(&x, 1460);
	expect(&x, A, 1, 1, 1460);
	x.window = 0;
	give(&x, A, 1, 1461, 0);
	script_write(&x, 100);
	expect_none(&x);
	berth_time wait = ((struct tcp *)(void *)x.s)->rto;

	for (int i = 0; i < 5; i++) {
		rig_run(&x.r, x.r.now + wait - BERTH_MSEC);
		expect_none(&x);
		script_run(&x, 1);
		expect(&x, A, 1460, 1, 0);
		give(&x, A, 1, 1461, 0);
		wait *= 2;
	}
	x.window = 5000;
	give(&x, A, 1, 1461, 0);
	expect(&x, A, 1461, 1, 100);
	script_fini(&x);
}

/* RFC 9293 §3.8.6.2.1: a window that opens a little is not filled. */
static void silly_window_sender(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	script_write(&x, 14600);
	forget_sent(&x);
	x.window = 100;
	give(&x, A, 1, 14601, 0);
	script_write(&x, 5000);
	expect_none(&x);
	/* Only when it has been so for long. */
	script_run(&x, 300);
	expect(&x, A, 14601, 1, 100);
	x.window = 4000;
	give(&x, A, 1, 14701, 0);
	expect(&x, A, 14701, 1, 1460);
	expect(&x, A, 16161, 1, 1460);
	expect_none(&x);
	script_fini(&x);
}

/* §3.8.6.2.2: our window opens by much or not at all, and its edge does not move back. */
static void silly_window_receiver(void **state)
{
	struct script x;
	uint32_t at = 1;

	(void)state;
	script_open(&x, 0);
	sock_edit_options(x.s)->rcvbuf_locked = true;
	uint32_t edge = 1 + 64240;

	while (at < edge) {
		uint32_t n = edge - at < 1460 ? edge - at : 1460;

		give(&x, A, at, 1, n);
		at += n;
		while (take(&x) >= 0) {
			uint32_t now = x.got.ack - x.peer_iss + x.got.window;

			assert_true(seq_ge(now, edge));
			edge = now;
		}
	}
	script_run(&x, 100);
	while (take(&x) >= 0)
		edge = x.got.ack - x.peer_iss + x.got.window;
	assert_int_equal(x.got.window, 0);
	/* Beyond the window: acknowledged, not taken. */
	give(&x, A, at, 1, 100);
	expect(&x, A, 1, at, 0);
	assert_int_equal(receive(&x, 500), 500);
	expect_none(&x);
	assert_int_equal(receive(&x, 60000), 60000);
	assert_int_equal(take(&x), 0);
	assert_true(x.got.window > 50000);
	script_fini(&x);
}

/* RFC 9293 §3.10.7.4: a window that shrinks is obeyed for new data. */
static void window_shrinks(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	script_write(&x, 1460);
	expect(&x, A, 1, 1, 1460);
	x.window = 500;
	give(&x, A, 1, 1461, 0);
	script_write(&x, 1460);
	expect_none(&x);
	script_fini(&x);
}

/* Out of order, overlapping, twice: what came first stays. */
static void reassembly(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK);
	give(&x, A, 201, 1, 100);
	expect(&x, A, 1, 1, 0);
	assert_int_equal(x.got.options.sack_count, 1);
	assert_int_equal(x.got.options.sacks[0].start - x.peer_iss, 201);
	assert_int_equal(x.got.options.sacks[0].end - x.peer_iss, 301);
	give(&x, A, 401, 1, 100);
	expect(&x, A, 1, 1, 0);
	/* RFC 2018 §4: the latest first. */
	assert_int_equal(x.got.options.sack_count, 2);
	assert_int_equal(x.got.options.sacks[0].start - x.peer_iss, 401);
	assert_int_equal(x.got.options.sacks[1].start - x.peer_iss, 201);
	/* Joins both, with overlaps at both ends. */
	give(&x, A, 251, 1, 200);
	expect(&x, A, 1, 1, 0);
	assert_int_equal(x.got.options.sacks[x.got.options.sack_count - 1].start - x.peer_iss, 201);
	assert_int_equal(x.got.options.sacks[x.got.options.sack_count - 1].end - x.peer_iss, 501);
	assert_int_equal(receive(&x, 10), -EAGAIN);
	give(&x, F | A, 501, 1, 0);
	forget_sent(&x);
	give(&x, A, 1, 1, 250);
	expect(&x, A, 1, 502, 0);
	assert_int_equal(receive(&x, 1000), 500);
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(x.data[i], rig_byte(i));
	assert_int_equal(receive(&x, 1000), 0);
	script_fini(&x);
}

/* Data beyond a FIN is nobody's: it is given back, and counted back. */
static void data_beyond_fin(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK);
	give(&x, A, 301, 1, 100);
	assert_int_equal(x.r.hosts[0].f.env.bytes_held, 100);
	give(&x, F | A, 1, 1, 100);
	assert_int_equal(x.r.hosts[0].f.env.bytes_held, 100);
	assert_int_equal(receive(&x, 1000), 100);
	assert_int_equal(receive(&x, 1000), 0);
	assert_int_equal(x.r.hosts[0].f.env.bytes_held, 0);
	script_fini(&x);
}

/* RFC 2883 §4: what came twice is reported once. */
static void duplicate_sack(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_SACK);
	give(&x, A, 1, 1, 100);
	expect(&x, A, 1, 101, 0);
	give(&x, A, 1, 1, 100);
	expect(&x, A, 1, 101, 0);
	assert_int_equal(x.got.options.sack_count, 1);
	assert_int_equal(x.got.options.sacks[0].start - x.peer_iss, 1);
	assert_int_equal(x.got.options.sacks[0].end - x.peer_iss, 101);
	give(&x, A, 51, 1, 100);
	expect(&x, A, 1, 151, 0);
	assert_int_equal(x.got.options.sacks[0].start - x.peer_iss, 51);
	assert_int_equal(x.got.options.sacks[0].end - x.peer_iss, 101);
	give(&x, A, 151, 1, 10);
	expect(&x, A, 1, 161, 0);
	assert_int_equal(x.got.options.sack_count, 0);
	script_fini(&x);
}

/* RFC 7323 §5.3: an old timestamp means an old segment. */
static void paws(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, WITH_STAMPS);
	give(&x, A, 1, 1, 100);
	expect(&x, A, 1, 101, 0);
	assert_int_equal(x.got.options.ts_ecr, 1000);
	x.ts_val = 999;
	give(&x, A, 101, 1, 100);
	expect(&x, A, 1, 101, 0);
	assert_int_equal(receive(&x, 1000), 100);
	x.ts_val = 1001;
	give(&x, A, 101, 1, 100);
	expect(&x, A, 1, 201, 0);
	assert_int_equal(x.got.options.ts_ecr, 1001);
	/* §4.3: out of order does not move what is echoed. */
	x.ts_val = 1005;
	give(&x, A, 301, 1, 100);
	expect(&x, A, 1, 201, 0);
	assert_int_equal(x.got.options.ts_ecr, 1001);
	assert_int_equal(x.r.hosts[0].f.env.drops[DROP_TCP_PAWS], 1);
	script_fini(&x);
}

/* RFC 9293 §3.8.5: urgent data, one byte out of band. */
static void urgent_received(void **state)
{
	struct script x;
	int mark;

	(void)state;
	script_open(&x, 0);
	/* Linux and everyone: the pointer is to the byte after. */
	give_urgent(&x, 1, 1, 5, 3);
	assert_true(tcp_proto.poll(x.s) & POLLPRI);
	assert_int_equal(rig_recv(x.s, x.data, 10, MSG_OOB), 1);
	assert_int_equal(x.data[0], rig_byte(2));
	assert_int_equal(rig_recv(x.s, x.data, 10, MSG_OOB), -EINVAL);
	assert_int_equal(receive(&x, 10), 2);
	assert_int_equal(tcp_proto.ioctl(x.s, SIOCATMARK, &mark), 0);
	assert_int_equal(mark, 1);
	assert_int_equal(receive(&x, 10), 2);
	assert_int_equal(x.data[0], rig_byte(3));
	assert_int_equal(tcp_proto.ioctl(x.s, SIOCATMARK, &mark), 0);
	assert_int_equal(mark, 0);
	script_fini(&x);
}

static void urgent_inline(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	sock_edit_options(x.s)->oobinline = true;
	give_urgent(&x, 1, 1, 5, 3);
	assert_int_equal(receive(&x, 10), 2);
	assert_int_equal(rig_recv(x.s, x.data, 10, MSG_OOB), -EINVAL);
	assert_int_equal(receive(&x, 10), 3);
	assert_int_equal(x.data[0], rig_byte(2));
	script_fini(&x);
}

static void urgent_sent(void **state)
{
	struct script x;

	(void)state;
	script_open(&x, 0);
	assert_int_equal(rig_send(x.s, "abc", 3, MSG_OOB), 3);
	expect(&x, A | U, 1, 1, 3);
	assert_int_equal(x.got.urgent, 3);
	script_fini(&x);
}

/* RFC 1191 §6.4: the path becomes narrower. */
static void path_mtu(void **state)
{
	struct script x;
	uint8_t l4[8];

	(void)state;
	script_open(&x, 0);
	script_write(&x, 2920);
	expect(&x, A, 1, 1, 1460);
	expect(&x, A, 1461, 1, 1460);
	store_be16(l4, x.local_port);
	store_be16(l4 + 2, PEER_PORT);
	store_be32(l4 + 4, x.iss + 1);

	struct ip_error e = {.src = x.r.hosts[0].net.addr,
			     .dst = x.r.hosts[1].net.addr,
			     .protocol = IPPROTO_TCP,
			     .error = EMSGSIZE,
			     .mtu = 1000,
			     .l4 = l4,
			     .l4_bytes = sizeof(l4)};

	x.r.hosts[0].net.mtu = 1000;
	x.r.hosts[0].net.tcp.error(x.r.hosts[0].tp->tcp, &e);
	expect(&x, A, 1, 1, 960);
	expect(&x, A, 961, 1, 960);
	expect(&x, A, 1921, 1, 960);
	expect(&x, A, 2881, 1, 40);
	expect_none(&x);
	script_fini(&x);
}

/* A peer that offers an absurd MSS is not sent dust. */
static void tiny_mss(void **state)
{
	struct script x;

	(void)state;
	script_init(&x);
	script_syn(&x);
	x.opt.has_mss = true;
	x.opt.mss = 1;
	give(&x, S | A, 0, 1, 0);
	expect(&x, A, 1, 1, 0);
	script_write(&x, 1000);
	assert_true(take(&x) >= 48);
	script_fini(&x);
}

/* Super-packets where the interface takes them; one record, cut where it must be. */
static void super_packets(void **state)
{
	struct script x;

	(void)state;
	script_init(&x);
	x.r.hosts[0].net.netif.features = BERTH_NETIF_GSO;
	script_syn(&x);
	offer(&x, WITH_SACK | WITH_WSCALE);
	give(&x, S | A, 0, 1, 0);
	x.window = 512;
	expect(&x, A, 1, 1, 0);
	script_write(&x, 30000);
	expect(&x, A, 1, 1, 14600);
	expect_none(&x);
	x.opt.sack_count = 1;
	x.opt.sacks[0] = (struct tcp_sack_block){x.iss + 1461, x.iss + 14601};
	give(&x, A, 1, 1, 0);
	/* RFC 8985: one segment is lost, all behind it arrived. */
	expect(&x, A, 1, 1, 1460);
	script_fini(&x);
}

/* SO_SNDBUF is what fits; poll says writable again at a third free. */
static void send_buffer(void **state)
{
	struct script x;
	static uint8_t data[1 << 20];
	ssize_t n;

	(void)state;
	script_open(&x, 0);
	x.s->sndbuf = 30000;
	sock_edit_options(x.s)->sndbuf_locked = true;
	n = rig_send(x.s, data, sizeof(data), 0);
	assert_int_equal(n, 30000);
	assert_int_equal(rig_send(x.s, data, 1, 0), -EAGAIN);
	assert_int_equal(tcp_proto.poll(x.s) & POLLOUT, 0);
	give(&x, A, 1, 1461, 0);
	assert_int_equal(tcp_proto.poll(x.s) & POLLOUT, 0);
	give(&x, A, 1, 14601, 0);
	assert_int_equal(tcp_proto.poll(x.s) & POLLOUT, POLLOUT);
	script_fini(&x);
}

/* The n-th allocation fails, for every n: nothing is lost that was promised, nothing leaks. */
static void no_memory(void **state)
{
	(void)state;
	for (long n = 1; n < 60; n++) {
		struct rig r;
		struct sock *pair[2];

		rig_init(&r, 11);
		r.loss = 30;
		r.jitter = 3 * BERTH_MSEC;
		rig_pair(&r, 80, pair);
		for (int i = 0; i < 2; i++) {
			r.hosts[i].f.calls = 0;
			r.hosts[i].f.fail_at = n;
		}
		struct rig_stream out = {pair[0], pair[1], .total = 200000, .chunk = 5000};

		for (int turn = 0; turn < 200 && out.received < out.total; turn++) {
			/* -ENOMEM is an answer, too: the program tries again. */
			while (out.sent < out.total) {
				uint8_t buf[5000];

				for (size_t i = 0; i < sizeof(buf); i++)
					buf[i] = rig_byte(out.sent + i);
				ssize_t done = rig_send(out.from, buf, sizeof(buf), 0);

				if (done < 0)
					break;
				out.sent += (uint64_t)done;
			}
			for (;;) {
				uint8_t buf[5000];
				ssize_t got = rig_recv(out.to, buf, sizeof(buf), 0);

				if (got <= 0)
					break;
				for (ssize_t i = 0; i < got; i++)
					assert_int_equal(buf[i],
							 rig_byte(out.received + (uint64_t)i));
				out.received += (uint64_t)got;
			}
			rig_run(&r, r.now + BERTH_SEC);
		}
		if (out.received < out.total)
			fail_msg("allocation %ld: %lu of %lu bytes arrived", n,
				 (unsigned long)out.received, (unsigned long)out.sent);
		tcp_proto.close(pair[0]);
		tcp_proto.close(pair[1]);
		rig_run(&r, r.now + 200 * BERTH_SEC);
		rig_fini(&r);
	}
}

/* TCP_INFO has the kernel's layout. */
static void info(void **state)
{
	struct script x;
	uint8_t raw[400];
	socklen_t len = sizeof(raw);

	(void)state;
	script_open(&x, WITH_SACK | WITH_STAMPS | WITH_WSCALE);
	script_write(&x, 5000);
	assert_int_equal(opt_level_get(&tcp_options, x.s, TCP_INFO, raw, &len), 0);

	struct tcp_info i;

	memcpy(&i, raw, sizeof(i));
	assert_int_equal(i.tcpi_state, TCP_ESTABLISHED);
	assert_int_equal(i.tcpi_options, TCPI_OPT_SACK | TCPI_OPT_TIMESTAMPS | TCPI_OPT_WSCALE);
	assert_int_equal(i.tcpi_snd_mss, 1448);
	assert_int_equal(i.tcpi_snd_cwnd, 10);
	assert_int_equal(i.tcpi_rtt, 20000);
	assert_int_equal(i.tcpi_rto, 220000);
	assert_int_equal(i.tcpi_unacked, 4);
	script_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nagle),
		cmocka_unit_test(cork),
		cmocka_unit_test(msg_more),
		cmocka_unit_test(delayed_ack),
		cmocka_unit_test(zero_window),
		cmocka_unit_test(silly_window_sender),
		cmocka_unit_test(silly_window_receiver),
		cmocka_unit_test(window_shrinks),
		cmocka_unit_test(reassembly),
		cmocka_unit_test(data_beyond_fin),
		cmocka_unit_test(duplicate_sack),
		cmocka_unit_test(paws),
		cmocka_unit_test(urgent_received),
		cmocka_unit_test(urgent_inline),
		cmocka_unit_test(urgent_sent),
		cmocka_unit_test(path_mtu),
		cmocka_unit_test(tiny_mss),
		cmocka_unit_test(super_packets),
		cmocka_unit_test(send_buffer),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
