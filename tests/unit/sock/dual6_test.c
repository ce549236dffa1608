/* SPDX-License-Identifier: MIT */
/*
 * IPv6 sockets on the kernel and on a stack, see dual.h: addresses of every length and kind, both
 * families on one socket, and who may share a port with whom.
 */
#include "dual6.h"

static const char *const kinds[] = {
	"::",		"::1",	    "::ffff:0.0.0.0", "::ffff:127.0.0.1",
	"2001:db8::77", "fe80::77", "ff02::1",	      "::ffff:203.0.113.9"};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int sock6(struct side *w, int type)
{
	int fd = do_socket(w, AF_INET6, type, 0);

	assert_true(fd >= 0);
	return fd;
}

static void case_bind6(struct side *w)
{
	struct sockaddr_storage a;
	char label[120];

	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		for (size_t i = 0; i < KINDS; i++) {
			int fd = sock6(w, type);

			snprintf(label, sizeof(label), "type %d bind %s", type, kinds[i]);
			note(w, label, bind_to(w, fd, kinds[i], 0));
			note_name(w, label, fd, false);
			note(w, label, get_int(w, fd, IPPROTO_IPV6, IPV6_V6ONLY));
			note(w, label, bind_to(w, fd, "::1", 0));
			assert_int_equal(do_close(w, fd), 0);
		}
	}
	for (socklen_t len = 0; len <= 28; len += 2) {
		int fd = sock6(w, SOCK_STREAM);

		(void)any_addr(&a, "::1", 0);
		snprintf(label, sizeof(label), "bind of %u bytes", len);
		note(w, label, do_bind(w, fd, &a, len));
		assert_int_equal(do_close(w, fd), 0);
	}
	int fd = sock6(w, SOCK_STREAM);

	NOTE(w, bind_to(w, fd, "127.0.0.1", 0));
	(void)any_addr(&a, "::", 0);
	a.ss_family = AF_UNSPEC;
	NOTE(w, do_bind(w, fd, &a, 28));
	(void)any_addr(&a, "fe80::77", 0);
	((struct sockaddr_in6 *)(void *)&a)->sin6_scope_id = 7777;
	NOTE(w, do_bind(w, fd, &a, 28));
	fd = sock6(w, SOCK_DGRAM);
	((struct sockaddr_in6 *)(void *)&a)->sin6_scope_id = 1;
	NOTE(w, do_bind(w, fd, &a, 28));
	NOTE(w, do_bind(w, fd, &a, 24));
	NOTE(w, set_int(w, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	NOTE(w, bind_to(w, fd, "::ffff:127.0.0.1", 0));
}

/* Every kind of address on one socket, then on the other, by the options of both. */
static void conflicts6(struct side *w, int type, int options)
{
	static const char *const addresses[] = {"127.0.0.1", "0.0.0.0", "::", "::1",
						"::ffff:127.0.0.1"};
	static const int shared[] = {0, SO_REUSEADDR, SO_REUSEPORT};

	for (int i = 0; i < 5 * 5 * 4; i++) {
		const char *first = addresses[i / 4 / 5];
		const char *second = addresses[i / 4 % 5];
		int a = do_socket(w, strchr(first, ':') ? AF_INET6 : AF_INET, type, 0);
		int b = do_socket(w, strchr(second, ':') ? AF_INET6 : AF_INET, type, 0);
		char label[120];

		if (shared[options])
			assert_int_equal(set_int(w, a, SOL_SOCKET, shared[options], 1), 0);
		if (shared[options])
			assert_int_equal(set_int(w, b, SOL_SOCKET, shared[options], 1), 0);
		if (i & 1 && strcmp(first, "::") == 0)
			assert_int_equal(set_int(w, a, IPPROTO_IPV6, IPV6_V6ONLY, 1), 0);
		if (i & 2 && strcmp(second, "::") == 0)
			assert_int_equal(set_int(w, b, IPPROTO_IPV6, IPV6_V6ONLY, 1), 0);
		snprintf(label, sizeof(label), "%s%s then %s%s, option %d", first,
			 i & 1 ? " only" : "", second, i & 2 ? " only" : "", shared[options]);
		assert_int_equal(bind_to(w, a, first, 0), 0);
		note(w, label, bind_to(w, b, second, port6_of(w, a)));
		if (type == SOCK_STREAM) {
			note(w, label, do_listen(w, a, 1));
			note(w, label, do_listen(w, b, 1));
		}
		assert_int_equal(do_close(w, a), 0);
		assert_int_equal(do_close(w, b), 0);
	}
}

static void case_conflicts_dgram(struct side *w)
{
	conflicts6(w, SOCK_DGRAM, 0);
	conflicts6(w, SOCK_DGRAM, 1);
	conflicts6(w, SOCK_DGRAM, 2);
}

static void case_conflicts_stream(struct side *w)
{
	conflicts6(w, SOCK_STREAM, 0);
}

static void case_conflicts_reuse(struct side *w)
{
	conflicts6(w, SOCK_STREAM, 1);
}

static void case_conflicts_reuseport(struct side *w)
{
	conflicts6(w, SOCK_STREAM, 2);
}

static void case_connect6(struct side *w)
{
	struct sockaddr_storage a;
	char label[120];

	for (int i = 0; i < 2 * 2; i++) {
		int type = i & 1 ? SOCK_STREAM : SOCK_DGRAM;

		for (size_t k = 0; k < KINDS; k++) {
			int fd = sock6(w, type);

			if (strcmp(kinds[k], "2001:db8::77") == 0 ||
			    strcmp(kinds[k], "::ffff:203.0.113.9") == 0)
				continue; /* depends on the machine's routes */
			if (i & 2)
				(void)set_int(w, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
			snprintf(label, sizeof(label), "type %d only %d connect %s", type, i >> 1,
				 kinds[k]);
			if (type == SOCK_DGRAM)
				note(w, label, connect_to(w, fd, kinds[k], 9));
			else
				note(w, label, connect_to(w, fd, kinds[k], 1));
			settle(w);
			if (type == SOCK_DGRAM) {
				note_name(w, label, fd, false);
				note_name(w, label, fd, true);
			}
			assert_int_equal(do_close(w, fd), 0);
		}
	}
	for (socklen_t len = 0; len <= 28; len += 4) {
		int fd = sock6(w, SOCK_DGRAM);
		int stream = sock6(w, SOCK_STREAM);

		(void)any_addr(&a, "::1", 9);
		snprintf(label, sizeof(label), "connect of %u bytes", len);
		note(w, label, do_connect(w, fd, &a, len));
		note(w, label, do_connect(w, stream, &a, len < 24 ? len : 0));
	}
	int fd = sock6(w, SOCK_DGRAM);

	NOTE(w, connect_to(w, fd, "127.0.0.1", 9));
	note_name(w, "IPv4 peer", fd, true);
	note_name(w, "IPv4 here", fd, false);
	NOTE(w, connect_to(w, fd, "::1", 9));
	note_name(w, "then IPv6", fd, false);
	a.ss_family = AF_UNSPEC;
	NOTE(w, do_connect(w, fd, &a, 28));
	note_name(w, "dissolved", fd, false);
	NOTE(w, connect_to(w, fd, "::1", 9));
	note_name(w, "now IPv6", fd, false);
	note_name(w, "its peer", fd, true);
	fd = sock6(w, SOCK_STREAM);
	NOTE(w, connect_to(w, fd, "127.0.0.1", 9));
	fd = sock6(w, SOCK_DGRAM);
	NOTE(w, bind_to(w, fd, "::ffff:127.0.0.1", 0));
	NOTE(w, connect_to(w, fd, "::1", 9));
	NOTE(w, connect_to(w, fd, "::", 9));
	note_name(w, "mapped wildcard", fd, true);
	fd = sock6(w, SOCK_STREAM);
	NOTE(w, bind_to(w, fd, "::ffff:127.0.0.1", 0));
	NOTE(w, connect_to(w, fd, "::1", 9));
}

static void stream_pair(struct side *w, const char *listen_at, const char *connect_at, int family)
{
	int listener = do_socket(w, strchr(listen_at, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	int client = do_socket(w, family, SOCK_STREAM, 0);
	int server;

	assert_int_equal(bind_to(w, listener, listen_at, 0), 0);
	assert_int_equal(do_listen(w, listener, 5), 0);
	note(w, connect_at, connect_to(w, client, connect_at, port6_of(w, listener)));
	settle(w);
	note(w, connect_at, connect_to(w, client, connect_at, port6_of(w, listener)));
	server = do_accept(w, listener);
	note(w, listen_at, server >= 0);
	if (server < 0)
		return;
	note_name(w, "client", client, false);
	note_name(w, "client's peer", client, true);
	note_name(w, "server", server, false);
	note_name(w, "server's peer", server, true);
	NOTE(w, do_send(w, client, "ping", 4, 0));
	note_recv(w, "server reads", server);
	NOTE(w, do_send(w, server, "pong!", 5, 0));
	note_recv(w, "client reads", client);
	NOTE(w, get_int(w, client, IPPROTO_TCP, 2 /* TCP_MAXSEG */) > 1000);
	NOTE(w, do_shutdown(w, client, SHUT_WR));
	note_recv(w, "server's end", server);
	NOTE(w, do_poll(w, server));
	NOTE(w, do_close(w, server));
	NOTE(w, do_poll(w, client));
}

static void case_streams(struct side *w)
{
	stream_pair(w, "::", "127.0.0.1", AF_INET);
	stream_pair(w, "::", "::ffff:127.0.0.1", AF_INET6);
	stream_pair(w, "127.0.0.1", "::ffff:127.0.0.1", AF_INET6);
	stream_pair(w, "::ffff:127.0.0.1", "127.0.0.1", AF_INET);
	stream_pair(w, "::", "::1", AF_INET6);
	stream_pair(w, "::1", "::1", AF_INET6);
	stream_pair(w, "::1", "::", AF_INET6);
}

static void datagrams(struct side *w, const char *bind_at, const char *send_at, int family)
{
	int from = do_socket(w, family, SOCK_DGRAM, 0);
	int to = do_socket(w, strchr(bind_at, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind_to(w, to, bind_at, 0), 0);
	note(w, send_at, send_to(w, from, send_at, port6_of(w, to)));
	note_recv(w, bind_at, to);
	note_name(w, "sender", from, false);
	note(w, "send 0", send_to(w, from, send_at, 0));
}

static void case_datagrams(struct side *w)
{
	struct sockaddr_storage a;
	int fd = sock6(w, SOCK_DGRAM);

	datagrams(w, "::", "127.0.0.1", AF_INET);
	datagrams(w, "::", "127.0.0.1", AF_INET6);
	datagrams(w, "::", "::ffff:127.0.0.1", AF_INET6);
	datagrams(w, "127.0.0.1", "::ffff:127.0.0.1", AF_INET6);
	datagrams(w, "::", "::1", AF_INET6);
	datagrams(w, "::1", "::", AF_INET6);
	datagrams(w, "::ffff:127.0.0.1", "127.0.0.2", AF_INET6);
	NOTE(w, do_send(w, fd, "x", 1, 0));
	for (socklen_t len = 0; len <= 28; len += 4) {
		char label[120];

		(void)any_addr(&a, "::1", 9);
		snprintf(label, sizeof(label), "sendto of %u bytes", len);
		note(w, label, do_sendto(w, fd, "x", 1, 0, &a, len));
	}
	a.ss_family = AF_UNSPEC;
	NOTE(w, do_sendto(w, fd, "x", 1, 0, &a, 28));
	a.ss_family = AF_UNIX;
	NOTE(w, do_sendto(w, fd, "x", 1, 0, &a, 28));
	(void)set_int(w, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	fd = sock6(w, SOCK_DGRAM);
	(void)set_int(w, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	NOTE(w, send_to(w, fd, "127.0.0.1", 9));
	NOTE(w, send_to(w, fd, "::ffff:127.0.0.1", 9));
	fd = sock6(w, SOCK_DGRAM);
	NOTE(w, bind_to(w, fd, "::1", 0));
	NOTE(w, send_to(w, fd, "127.0.0.1", 9));
	fd = sock6(w, SOCK_DGRAM);
	NOTE(w, bind_to(w, fd, "::ffff:127.0.0.1", 0));
	NOTE(w, send_to(w, fd, "::1", 9));
	NOTE(w, send_to(w, fd, "::", 9));
	fd = sock6(w, SOCK_DGRAM);
	NOTE(w, connect_to(w, fd, "::ffff:127.0.0.1", 9));
	NOTE(w, do_send(w, fd, "x", 1, 0));
	settle(w);
	NOTE(w, do_send(w, fd, "x", 1, 0));
	fd = sock6(w, SOCK_DGRAM);
	NOTE(w, connect_to(w, fd, "::1", 9));
	NOTE(w, do_send(w, fd, "x", 1, 0));
	settle(w);
	NOTE(w, do_send(w, fd, "x", 1, 0));
	NOTE(w, send_to(w, fd, "::ffff:127.0.0.1", 9));
}

/* Which of two sockets a datagram goes to. */
static void prefer(struct side *w, const char *first, const char *second, const char *to)
{
	int from = do_socket(w, strchr(to, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	int a = do_socket(w, strchr(first, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	int b = do_socket(w, strchr(second, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	char label[120];

	assert_int_equal(set_int(w, a, SOL_SOCKET, SO_REUSEADDR, 1), 0);
	assert_int_equal(set_int(w, b, SOL_SOCKET, SO_REUSEADDR, 1), 0);
	assert_int_equal(bind_to(w, a, first, 0), 0);
	assert_int_equal(bind_to(w, b, second, port6_of(w, a)), 0);
	snprintf(label, sizeof(label), "to %s: %s or %s", to, first, second);
	note(w, label, send_to(w, from, to, port6_of(w, a)));
	settle(w);
	note(w, label, do_recv(w, a, 10, 0));
	note(w, label, do_recv(w, b, 10, 0));
}

static void case_preferred(struct side *w)
{
	prefer(w, "::", "0.0.0.0", "127.0.0.1");
	prefer(w, "0.0.0.0", "::", "127.0.0.1");
	prefer(w, "::", "127.0.0.1", "127.0.0.1");
	prefer(w, "::ffff:127.0.0.1", "0.0.0.0", "127.0.0.1");
	prefer(w, "::ffff:127.0.0.1", "127.0.0.1", "127.0.0.1");
	prefer(w, "127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1");
	prefer(w, "::", "::1", "::1");
	prefer(w, "0.0.0.0", "::", "::1");
	prefer(w, "::", "0.0.0.0", "::1");
	prefer(w, "::ffff:0.0.0.0", "::", "::1");
}

TEST6(bind6)
TEST6(conflicts_dgram)
TEST6(conflicts_stream)
TEST6(conflicts_reuse)
TEST6(conflicts_reuseport)
TEST6(connect6)
TEST6(streams)
TEST6(datagrams)
TEST6(preferred)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind6),
		cmocka_unit_test(test_conflicts_dgram),
		cmocka_unit_test(test_conflicts_stream),
		cmocka_unit_test(test_conflicts_reuse),
		cmocka_unit_test(test_conflicts_reuseport),
		cmocka_unit_test(test_connect6),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_preferred),
	};

	return cmocka_run_group_tests(tests, own_loopback, NULL);
}
