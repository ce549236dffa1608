/* SPDX-License-Identifier: MIT */
/*
 * TCP and UDP over IPv6 through whole stacks: over loopback, between two hosts that find each
 * other by neighbour discovery, with global and with link-local addresses, larger than a packet.
 */
#include "pair.h"

static struct sockaddr_in6 in6_of(const char *text, uint16_t port, unsigned scope)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope};

	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return in6;
}

static int setup(void **state)
{
	static const char *const addresses[2][2] = {{"fd09::1", "fe80::1"}, {"fd09::2", "fe80::2"}};
	static struct pair pr;

	pair_init(&pr, BERTH_NETIF_CSUM | BERTH_NETIF_GSO);
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 2; j++) {
			struct sockaddr_in6 in6 = in6_of(addresses[i][j], 0, 0);

			assert_int_equal(berth_addr_add(pr.host[i], pr.ifindex[i], SA(in6), 64), 0);
		}
	}
	*state = &pr;
	return 0;
}

static int teardown(void **state)
{
	pair_fini(*state);
	return 0;
}

static int bound(struct berth_stack *st, int type, const char *address, uint16_t port,
		 unsigned scope)
{
	struct sockaddr_in6 in6 = in6_of(address, port, scope);
	int fd = berth_socket(st, AF_INET6, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(berth_bind(st, fd, SA(in6), sizeof(in6)), 0);
	return fd;
}

/* A datagram of `bytes` bytes there and back. */
static void ping_pong(struct pair *pr, int from, int to, const char *address, unsigned scope,
		      size_t bytes)
{
	static char sent[60000];
	static char got[60001];
	struct sockaddr_in6 peer = in6_of(address, 53, scope);
	socklen_t len = sizeof(peer);
	int server = bound(pr->host[to], SOCK_DGRAM, "::", 53, 0);
	int client = berth_socket(pr->host[from], AF_INET6, SOCK_DGRAM, 0);

	for (size_t i = 0; i < bytes; i++)
		sent[i] = (char)(i * 7);
	assert_int_equal(
		berth_sendto(pr->host[from], client, sent, bytes, 0, SA(peer), sizeof(peer)),
		bytes);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recvfrom(pr->host[to], server, got, sizeof(got), 0, SA(peer), &len),
			 bytes);
	assert_memory_equal(got, sent, bytes);
	assert_int_equal(len, sizeof(peer));
	assert_int_equal(berth_sendto(pr->host[to], server, "back", 4, 0, SA(peer), len), 4);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr->host[from], client, got, sizeof(got), 0), 4);
	assert_int_equal(berth_close(pr->host[from], client), 0);
	assert_int_equal(berth_close(pr->host[to], server), 0);
}

static void datagrams(void **state)
{
	struct pair *pr = *state;

	ping_pong(pr, 0, 0, "::1", 0, 5);
	ping_pong(pr, 0, 0, "fd09::1", 0, 5);
	ping_pong(pr, 0, 1, "fd09::2", 0, 5);
	ping_pong(pr, 1, 0, "fd09::1", 0, 0);
	ping_pong(pr, 0, 1, "fe80::2", pr->ifindex[0], 100);
	ping_pong(pr, 0, 1, "fd09::2", 0, 1452);
	ping_pong(pr, 0, 1, "fd09::2", 0, 1453); /* two fragments */
	ping_pong(pr, 0, 1, "fd09::2", 0, 60000);
	ping_pong(pr, 0, 0, "::1", 0, 60000);
}

static void move(struct pair *pr, int from, int from_fd, int to, int to_fd, size_t bytes)
{
	static char buf[65536];
	size_t sent = 0;
	size_t got = 0;

	while (got < bytes) {
		ssize_t n = (ssize_t)(bytes - sent);

		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (char)((sent + i) * 13);
		if (n > (ssize_t)sizeof(buf))
			n = sizeof(buf);
		n = n > 0 ? berth_send(pr->host[from], from_fd, buf, (size_t)n, 0) : 0;
		if (n > 0)
			sent += (size_t)n;
		pair_run(pr, BERTH_MSEC);
		while ((n = berth_recv(pr->host[to], to_fd, buf, sizeof(buf), 0)) > 0) {
			for (ssize_t i = 0; i < n; i++)
				assert_int_equal(buf[i], (char)((got + (size_t)i) * 13));
			got += (size_t)n;
		}
		assert_int_equal(n, -EAGAIN);
	}
}

static void connection(struct pair *pr, int from, int to, const char *address, unsigned scope)
{
	struct sockaddr_in6 peer = in6_of(address, 80, scope);
	int listener = bound(pr->host[to], SOCK_STREAM, "::", 80, 0);
	int client = berth_socket(pr->host[from], AF_INET6, SOCK_STREAM, 0);
	socklen_t len = sizeof(peer);
	int server;

	assert_int_equal(berth_listen(pr->host[to], listener, 5), 0);
	assert_int_equal(berth_connect(pr->host[from], client, SA(peer), sizeof(peer)),
			 -EINPROGRESS);
	pair_run(pr, 10 * BERTH_MSEC);
	server = berth_accept(pr->host[to], listener, SA(peer), &len);
	assert_true(server >= 0);
	assert_int_equal(peer.sin6_family, AF_INET6);
	move(pr, from, client, to, server, 300000);
	move(pr, to, server, from, client, 300000);
	assert_int_equal(berth_close(pr->host[from], client), 0);
	assert_int_equal(berth_close(pr->host[to], server), 0);
	assert_int_equal(berth_close(pr->host[to], listener), 0);
	pair_run(pr, 70 * BERTH_SEC);
}

static void connections(void **state)
{
	struct pair *pr = *state;

	connection(pr, 0, 0, "::1", 0);
	connection(pr, 0, 1, "fd09::2", 0);
	connection(pr, 1, 0, "fe80::1", pr->ifindex[1]);
}

/* Nobody listens; nobody is there; there is no way. */
static void refusals(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in6 peer = in6_of("fd09::2", 81, 0);
	struct sockaddr_in6 nobody = in6_of("fd09::77", 81, 0);
	struct sockaddr_in6 afar = in6_of("2001:db8::1", 81, 0);
	int udp = berth_socket(pr->host[0], AF_INET6, SOCK_DGRAM, 0);
	int tcp = berth_socket(pr->host[0], AF_INET6, SOCK_STREAM, 0);
	int error = 0;
	socklen_t len = sizeof(error);
	char buf[8];

	assert_int_equal(berth_connect(pr->host[0], udp, SA(peer), sizeof(peer)), 0);
	assert_int_equal(berth_send(pr->host[0], udp, "x", 1, 0), 1);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr->host[0], udp, buf, sizeof(buf), 0), -ECONNREFUSED);
	assert_int_equal(berth_connect(pr->host[0], tcp, SA(peer), sizeof(peer)), -EINPROGRESS);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_getsockopt(pr->host[0], tcp, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	assert_int_equal(error, ECONNREFUSED);
	tcp = berth_socket(pr->host[0], AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(berth_connect(pr->host[0], tcp, SA(nobody), sizeof(nobody)), -EINPROGRESS);
	pair_run(pr, 10 * BERTH_SEC);
	assert_int_equal(berth_getsockopt(pr->host[0], tcp, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	assert_int_equal(error, EHOSTUNREACH);
	assert_int_equal(berth_connect(pr->host[0], udp, SA(afar), sizeof(afar)), -ENETUNREACH);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(datagrams),
		T(connections),
		T(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
