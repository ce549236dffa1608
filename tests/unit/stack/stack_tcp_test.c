/* SPDX-License-Identifier: MIT */
/*
 * Streams through whole stacks: the calls of both ends, and the data between, over loopback and
 * over a cable; how connections begin, end and fail.
 * The inside of TCP has tests of its own, in unit/tcp.
 */
#include <netinet/tcp.h>

#include "pair.h"

static int setup(void **state)
{
	static struct pair pr;

	pair_init(&pr, 0);
	*state = &pr;
	return 0;
}

static int setup_super(void **state)
{
	static struct pair pr;

	pair_init(&pr, BERTH_NETIF_CSUM | BERTH_NETIF_GSO);
	*state = &pr;
	return 0;
}

static int teardown(void **state)
{
	pair_fini(*state);
	return 0;
}

static int listen_at(struct berth_stack *st, const char *address, uint16_t port, int backlog)
{
	struct sockaddr_in in = in_addr_of(address, port);
	int fd = berth_socket(st, AF_INET, SOCK_STREAM, 0);
	int on = 1;

	assert_true(fd >= 0);
	assert_int_equal(berth_setsockopt(st, fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(berth_bind(st, fd, SA(in), sizeof(in)), 0);
	assert_int_equal(berth_listen(st, fd, backlog), 0);
	return fd;
}

/* A connection from host 0 to host 1: client and accepted descriptor. */
static void connected(struct pair *pr, int *out_client, int *out_server)
{
	struct sockaddr_in to = in_addr_of("10.0.0.2", 80);
	int listener = listen_at(pr->host[1], "0.0.0.0", 80, 10);
	int client = berth_socket(pr->host[0], AF_INET, SOCK_STREAM, 0);

	assert_int_equal(berth_connect(pr->host[0], client, SA(to), sizeof(to)), -EINPROGRESS);
	assert_int_equal(pair_poll(pr, 0, client, POLLIN | POLLOUT), 0);
	assert_int_equal(berth_connect(pr->host[0], client, SA(to), sizeof(to)), -EALREADY);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(pair_poll(pr, 0, client, POLLIN | POLLOUT), POLLOUT);
	assert_int_equal(berth_connect(pr->host[0], client, SA(to), sizeof(to)), 0);
	assert_int_equal(berth_connect(pr->host[0], client, SA(to), sizeof(to)), -EISCONN);
	assert_int_equal(pair_poll(pr, 1, listener, POLLIN | POLLOUT), POLLIN);
	*out_server = berth_accept(pr->host[1], listener, NULL, NULL);
	assert_true(*out_server >= 0);
	assert_int_equal(berth_accept(pr->host[1], listener, NULL, NULL), -EAGAIN);
	assert_int_equal(berth_close(pr->host[1], listener), 0);
	*out_client = client;
}

static void over_loopback(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in to = in_addr_of("127.0.0.1", 80);
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	int listener = listen_at(st, "127.0.0.1", 80, 10);
	int client = berth_socket(st, AF_INET, SOCK_STREAM, 0);
	int server;
	char buf[10];

	assert_int_equal(berth_connect(st, client, SA(to), sizeof(to)), -EINPROGRESS);
	assert_int_equal(berth_connect(st, client, SA(to), sizeof(to)), 0);
	server = berth_accept(st, listener, SA(peer), &len);
	assert_int_equal(server, 2);
	assert_int_equal(len, sizeof(peer));
	assert_int_equal(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(berth_send(st, client, "ping", 4, 0), 4);
	assert_int_equal(berth_recv(st, server, buf, sizeof(buf), 0), 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(berth_send(st, server, "pong", 4, 0), 4);
	assert_int_equal(berth_recv(st, client, buf, 2, MSG_PEEK), 2);
	assert_int_equal(berth_recv(st, client, buf, sizeof(buf), 0), 4);
	assert_int_equal(berth_recv(st, client, buf, sizeof(buf), 0), -EAGAIN);
	assert_int_equal(berth_close(st, client), 0);
	assert_int_equal(pair_poll(pr, 0, server, POLLIN | POLLOUT | POLLRDHUP),
			 POLLIN | POLLOUT | POLLRDHUP);
	assert_int_equal(berth_recv(st, server, buf, sizeof(buf), 0), 0);
	assert_int_equal(berth_close(st, server), 0);
}

static void request_and_response(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	char buf[100];
	int client, server;

	connected(pr, &client, &server);
	assert_int_equal(berth_getpeername(pr->host[0], client, SA(name), &len), 0);
	assert_int_equal(name.sin_port, htons(80));
	assert_int_equal(berth_getsockname(pr->host[1], server, SA(name), &len), 0);
	assert_int_equal(name.sin_addr.s_addr, inet_addr("10.0.0.2"));
	assert_int_equal(berth_send(pr->host[0], client, "GET /", 5, 0), 5);
	assert_int_equal(berth_shutdown(pr->host[0], client, SHUT_WR), 0);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr->host[1], server, buf, sizeof(buf), 0), 5);
	assert_int_equal(berth_recv(pr->host[1], server, buf, sizeof(buf), 0), 0);
	assert_int_equal(berth_send(pr->host[1], server, "200", 3, 0), 3);
	assert_int_equal(berth_close(pr->host[1], server), 0);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(berth_recv(pr->host[0], client, buf, sizeof(buf), 0), 3);
	assert_int_equal(berth_recv(pr->host[0], client, buf, sizeof(buf), 0), 0);
	assert_int_equal(berth_send(pr->host[0], client, "x", 1, 0), -EPIPE);
	assert_int_equal(berth_close(pr->host[0], client), 0);
}

/* Every byte arrives, in order, whatever the buffers and the pieces. */
static void bulk(void **state)
{
	struct pair *pr = *state;
	static uint8_t sent[100000];
	static uint8_t got[70000];
	size_t total = 20u << 20;
	size_t out = 0;
	size_t in = 0;
	int client, server;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 251);
	connected(pr, &client, &server);
	for (int rounds = 0; in < total; rounds++) {
		ssize_t n;

		assert_true(rounds < 1000000);
		while (out < total) {
			size_t at = out % sizeof(sent);
			size_t piece = sizeof(sent) - at;

			if (piece > total - out)
				piece = total - out;
			n = berth_send(pr->host[0], client, sent + at, piece, 0);
			if (n == -EAGAIN)
				break;
			assert_true(n > 0);
			out += (size_t)n;
		}
		pair_run(pr, 100 * BERTH_USEC);
		while ((n = berth_recv(pr->host[1], server, got, sizeof(got), 0)) > 0) {
			for (ssize_t i = 0; i < n; i++) {
				if (got[i] != sent[(in + (size_t)i) % sizeof(sent)])
					fail_msg("wrong byte at %zu", in + (size_t)i);
			}
			in += (size_t)n;
		}
		assert_int_equal(n, -EAGAIN);
	}
	assert_int_equal(berth_close(pr->host[0], client), 0);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(berth_recv(pr->host[1], server, got, sizeof(got), 0), 0);
}

static void refused(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in to = in_addr_of("10.0.0.2", 81);
	int fd = berth_socket(pr->host[0], AF_INET, SOCK_STREAM, 0);
	char buf[4];

	assert_int_equal(berth_connect(pr->host[0], fd, SA(to), sizeof(to)), -EINPROGRESS);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(pair_poll(pr, 0, fd, POLLIN | POLLOUT | POLLRDHUP),
			 POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	assert_int_equal(berth_connect(pr->host[0], fd, SA(to), sizeof(to)), -ECONNREFUSED);
	assert_int_equal(berth_recv(pr->host[0], fd, buf, sizeof(buf), 0), -ENOTCONN);
	/* The same socket may try again. */
	assert_true(listen_at(pr->host[1], "0.0.0.0", 81, 1) >= 0);
	assert_int_equal(berth_connect(pr->host[0], fd, SA(to), sizeof(to)), -EINPROGRESS);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_connect(pr->host[0], fd, SA(to), sizeof(to)), 0);
}

static void reset(void **state)
{
	struct pair *pr = *state;
	int client, server;
	char buf[4];

	connected(pr, &client, &server);
	assert_int_equal(berth_abort(pr->host[0], client), 0);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(pair_poll(pr, 1, server, POLLIN | POLLOUT | POLLRDHUP),
			 POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	assert_int_equal(berth_recv(pr->host[1], server, buf, sizeof(buf), 0), -ECONNRESET);
	assert_int_equal(berth_recv(pr->host[1], server, buf, sizeof(buf), 0), 0);
	assert_int_equal(berth_send(pr->host[1], server, "x", 1, 0), -EPIPE);
}

/* close() with unread data resets (RFC 2525 §2.17). */
static void reset_by_unread(void **state)
{
	struct pair *pr = *state;
	int client, server;
	char buf[4];

	connected(pr, &client, &server);
	assert_int_equal(berth_send(pr->host[0], client, "unread", 6, 0), 6);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_close(pr->host[1], server), 0);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr->host[0], client, buf, sizeof(buf), 0), -ECONNRESET);
}

static void times_out(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in to = in_addr_of("10.0.0.2", 80);
	int fd = berth_socket(pr->host[0], AF_INET, SOCK_STREAM, 0);
	int client, server;

	connected(pr, &client, &server); /* so that neighbours are known */
	pr->drop_all = true;
	assert_int_equal(berth_connect(pr->host[0], fd, SA(to), sizeof(to)), -EINPROGRESS);
	pair_run(pr, 20 * BERTH_SEC);
	assert_int_equal(berth_connect(pr->host[0], fd, SA(to), sizeof(to)), -EALREADY);
	pair_run(pr, 200 * BERTH_SEC);
	assert_int_equal(pair_poll(pr, 0, fd, POLLOUT) & POLLERR, POLLERR);
}

static void zero_copy(void **state)
{
	struct pair *pr = *state;
	struct iovec iov[4];
	int client, server;
	int pieces;

	connected(pr, &client, &server);
	pieces = berth_send_reserve(pr->host[0], client, 1000, iov, 4);
	assert_true(pieces > 0);
	memcpy(iov[0].iov_base, "zero", 4);
	assert_int_equal(berth_send_commit(pr->host[0], client, 4, 0), 0);
	pair_run(pr, BERTH_MSEC);
	pieces = berth_recv_peek(pr->host[1], server, iov, 4);
	assert_int_equal(pieces, 1);
	assert_int_equal(iov[0].iov_len, 4);
	assert_memory_equal(iov[0].iov_base, "zero", 4);
	assert_int_equal(berth_recv_consume(pr->host[1], server, 4), 0);
	assert_int_equal(berth_recv_peek(pr->host[1], server, iov, 4), -EAGAIN);
	assert_int_equal(berth_close(pr->host[0], client), 0);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recv_peek(pr->host[1], server, iov, 4), 0);
}

static void urgent(void **state)
{
	struct pair *pr = *state;
	int client, server;
	int mark;
	char buf[10];

	connected(pr, &client, &server);
	assert_int_equal(berth_send(pr->host[0], client, "abc", 3, 0), 3);
	assert_int_equal(berth_send(pr->host[0], client, "!", 1, MSG_OOB), 1);
	assert_int_equal(berth_send(pr->host[0], client, "def", 3, 0), 3);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(pair_poll(pr, 1, server, POLLPRI), POLLPRI);
	assert_int_equal(berth_recv(pr->host[1], server, buf, sizeof(buf), MSG_OOB), 1);
	assert_int_equal(buf[0], '!');
	assert_int_equal(berth_recv(pr->host[1], server, buf, sizeof(buf), 0), 3);
	assert_int_equal(berth_ioctl(pr->host[1], server, 0x8905, &mark), 0); /* SIOCATMARK */
	assert_int_equal(mark, 1);
	assert_int_equal(berth_recv(pr->host[1], server, buf, sizeof(buf), 0), 3);
	assert_memory_equal(buf, "def", 3);
}

/* Ports and memory come back, however many connections were made. */
static void churn(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in to = in_addr_of("10.0.0.2", 80);
	int listener = listen_at(pr->host[1], "0.0.0.0", 80, 10);
	long live = 0;

	for (int i = 0; i < 3000; i++) {
		int client = berth_socket(pr->host[0], AF_INET, SOCK_STREAM, 0);
		int server;

		assert_int_equal(client, 0);
		assert_int_equal(berth_connect(pr->host[0], client, SA(to), sizeof(to)),
				 -EINPROGRESS);
		pair_run(pr, BERTH_USEC);
		server = berth_accept(pr->host[1], listener, NULL, NULL);
		assert_int_equal(server, 1);
		assert_int_equal(berth_close(pr->host[i % 2], i % 2 ? server : client), 0);
		pair_run(pr, BERTH_USEC);
		assert_int_equal(berth_close(pr->host[1 - i % 2], i % 2 ? client : server), 0);
		pair_run(pr, 100 * BERTH_MSEC);
		if (i == 1000)
			live = pr->memory.live;
	}
	/* TIME-WAIT lasts 60 s: 600 of them at any time. */
	assert_in_range(pr->memory.live, live - 50, live + 50);
}

static void listing(void **state)
{
	struct pair *pr = *state;
	struct berth_sock_info info;
	uint64_t cursor = 0;
	int client, server;
	int seen = 0;

	connected(pr, &client, &server);
	while (berth_sock_next(pr->host[0], &cursor, &info)) {
		seen++;
		assert_int_equal(info.fd, client);
		assert_int_equal(info.state, TCP_ESTABLISHED);
		assert_int_equal(info.protocol, IPPROTO_TCP);
		assert_int_equal(((struct sockaddr_in *)(void *)&info.remote)->sin_port, htons(80));
	}
	assert_int_equal(seen, 1);
	assert_int_equal(berth_sock_info(pr->host[1], server, &info), 0);
	assert_int_equal(info.state, TCP_ESTABLISHED);
	assert_int_equal(berth_sock_info(pr->host[1], 99, &info), -EBADF);
	/* The end that closed first stays for a minute. */
	assert_int_equal(berth_close(pr->host[0], client), 0);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_close(pr->host[1], server), 0);
	pair_run(pr, 10 * BERTH_SEC);
	cursor = 0;
	assert_false(berth_sock_next(pr->host[1], &cursor, &info));
	cursor = 0;
	assert_true(berth_sock_next(pr->host[0], &cursor, &info));
	assert_int_equal(info.state, TCP_TIME_WAIT);
	assert_int_equal(info.fd, -1);
	assert_in_range(info.timer_ns, 49 * BERTH_SEC, 50 * BERTH_SEC);
	assert_int_equal(((struct sockaddr_in *)(void *)&info.remote)->sin_port, htons(80));
	assert_false(berth_sock_next(pr->host[0], &cursor, &info));
	pair_run(pr, 60 * BERTH_SEC);
	cursor = 0;
	assert_false(berth_sock_next(pr->host[0], &cursor, &info));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(over_loopback, setup, teardown),
		cmocka_unit_test_setup_teardown(request_and_response, setup, teardown),
		cmocka_unit_test_setup_teardown(bulk, setup, teardown),
		cmocka_unit_test_setup_teardown(bulk, setup_super, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(reset, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_by_unread, setup, teardown),
		cmocka_unit_test_setup_teardown(times_out, setup, teardown),
		cmocka_unit_test_setup_teardown(zero_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(urgent, setup, teardown),
		cmocka_unit_test_setup_teardown(churn, setup, teardown),
		cmocka_unit_test_setup_teardown(listing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
