/* SPDX-License-Identifier: MIT */
/*
 * IPv4 sockets on the kernel and on a stack, see dual.h: results, errors and poll masks of
 * every call in every state, flags, queues, and what options take and give.
 */
#include <netinet/tcp.h>

#include "dual.h"

/* The cases. */

static void case_socket(struct side *w)
{
	NOTE(w, try_socket(w, AF_INET, SOCK_STREAM, 0));
	NOTE(w, try_socket(w, AF_INET, SOCK_STREAM, IPPROTO_TCP));
	NOTE(w, try_socket(w, AF_INET, SOCK_STREAM, IPPROTO_UDP));
	NOTE(w, try_socket(w, AF_INET, SOCK_DGRAM, IPPROTO_UDP));
	NOTE(w, try_socket(w, AF_INET, SOCK_DGRAM, IPPROTO_TCP));
	NOTE(w, try_socket(w, AF_INET, SOCK_SEQPACKET, 0));
	NOTE(w, try_socket(w, AF_INET, 0, 0));
	NOTE(w, try_socket(w, AF_INET, 99, 0));
	NOTE(w, try_socket(w, AF_INET, -1, 0));
	NOTE(w, try_socket(w, AF_INET, SOCK_STREAM, -1));
	NOTE(w, try_socket(w, AF_INET, SOCK_STREAM, 100000));
	NOTE(w, try_socket(w, 9999, SOCK_STREAM, 0));
	NOTE(w, try_socket(w, -1, SOCK_STREAM, 0));
	NOTE(w, try_socket(w, AF_UNSPEC, SOCK_STREAM, 0));
}

static void case_bad_descriptor(struct side *w)
{
	struct sockaddr_in in = here(1);

	NOTE(w, do_bind(w, 900, &in, sizeof(in)));
	NOTE(w, do_listen(w, 900, 1));
	NOTE(w, do_connect(w, 900, &in, sizeof(in)));
	NOTE(w, try_accept(w, 900));
	NOTE(w, do_shutdown(w, 900, SHUT_RD));
	NOTE(w, do_send(w, 900, "x", 1, 0));
	NOTE(w, do_recv(w, 900, 1, 0));
	NOTE(w, do_peer(w, 900));
	NOTE(w, do_poll(w, 900));
	NOTE(w, do_close(w, 900));
	NOTE(w, do_close(w, -1));
}

static void case_bind(struct side *w)
{
	struct sockaddr_in in = in_addr_of("127.0.0.1", 0);
	struct sockaddr_in strange = in_addr_of("203.0.113.7", 0);
	struct sockaddr_in unspec = in_addr_of("0.0.0.0", 0);
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	char big[200] = {0};
	int fd = do_socket(w, AF_INET, SOCK_STREAM, 0);

	NOTE(w, has_port(w, fd));
	NOTE(w, do_bind(w, fd, &in, 4));
	NOTE(w, do_bind(w, fd, &in, 15));
	NOTE(w, do_bind(w, fd, big, sizeof(big)));
	NOTE(w, do_bind(w, fd, &in6, sizeof(in6)));
	NOTE(w, do_bind(w, fd, &strange, sizeof(strange)));
	unspec.sin_family = AF_UNSPEC;
	NOTE(w, do_bind(w, fd, &unspec, sizeof(unspec)));
	NOTE(w, has_port(w, fd));
	NOTE(w, local_addr(w, fd));
	NOTE(w, do_bind(w, fd, &in, sizeof(in)));
	NOTE(w, do_bind(w, fd, &strange, sizeof(strange)));
	fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	in.sin_family = AF_UNSPEC;
	NOTE(w, do_bind(w, fd, &in, sizeof(in)));
	in = in_addr_of("127.3.4.5", 0);
	NOTE(w, do_bind(w, fd, &in, sizeof(in)));
	NOTE(w, local_addr(w, fd));
	fd = do_socket(w, AF_INET, SOCK_DGRAM, 0);
	in = in_addr_of("224.0.0.1", 0);
	NOTE(w, do_bind(w, fd, &in, sizeof(in)));
	NOTE(w, do_bind(w, fd, &in, sizeof(in)));
	fd = do_socket(w, AF_INET, SOCK_DGRAM, 0);
	in = in_addr_of("255.255.255.255", 0);
	NOTE(w, do_bind(w, fd, &in, sizeof(in)));
	fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_FREEBIND, 1));
	NOTE(w, do_bind(w, fd, &strange, sizeof(strange)));
	fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));
	in = here(0);
	NOTE(w, do_bind(w, fd, &in, sizeof(in)));
	NOTE(w, has_port(w, fd));
}

/* Whether a second socket may have the first one's port, by the options and states of both. */
static void conflict(struct side *w, int type, int first_opt, bool first_listens, int second_opt,
		     const char *first_addr, const char *second_addr)
{
	struct sockaddr_in in = in_addr_of(first_addr, 0);
	struct sockaddr_in in2;
	int a = do_socket(w, AF_INET, type, 0);
	int b = do_socket(w, AF_INET, type, 0);

	if (first_opt)
		assert_int_equal(set_int(w, a, SOL_SOCKET, first_opt, 1), 0);
	if (second_opt)
		assert_int_equal(set_int(w, b, SOL_SOCKET, second_opt, 1), 0);
	assert_int_equal(do_bind(w, a, &in, sizeof(in)), 0);
	if (first_listens)
		assert_int_equal(do_listen(w, a, 1), 0);
	in2 = in_addr_of(second_addr, port_of(w, a));
	NOTE(w, do_bind(w, b, &in2, sizeof(in2)));
	if (type == SOCK_STREAM) {
		NOTE(w, do_listen(w, b, 1));
		NOTE(w, do_listen(w, a, 1));
	}
	assert_int_equal(do_close(w, a), 0);
	assert_int_equal(do_close(w, b), 0);
}

static void case_conflicts(struct side *w)
{
	static const int opts[] = {0, SO_REUSEADDR, SO_REUSEPORT};
	static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "0.0.0.0"};

	for (int i = 0; i < 3 * 3 * 3 * 3; i++) {
		const char *first = addresses[i / 3 % 3];
		const char *second = addresses[i % 3];
		int first_opt = opts[i / 27];
		int second_opt = opts[i / 9 % 3];
		char label[120];

		snprintf(label, sizeof(label), "%s %s options %d %d", first, second, first_opt,
			 second_opt);
		note(w, label, 0);
		conflict(w, SOCK_DGRAM, first_opt, false, second_opt, first, second);
		if (w->count > NOTES_MAX - 10)
			break;
	}
}

static void case_conflicts_stream(struct side *w)
{
	static const int opts[] = {0, SO_REUSEADDR, SO_REUSEPORT};

	for (int i = 0; i < 3 * 3 * 2 * 2; i++) {
		char label[120];
		bool listens = i & 1;
		const char *second = i & 2 ? "0.0.0.0" : "127.0.0.1";
		int first_opt = opts[i / 12];
		int second_opt = opts[i / 4 % 3];

		snprintf(label, sizeof(label), "127.0.0.1 %s options %d %d listens %d", second,
			 first_opt, second_opt, listens);
		note(w, label, 0);
		conflict(w, SOCK_STREAM, first_opt, listens, second_opt, "127.0.0.1", second);
	}
}

static void case_listen(struct side *w)
{
	struct sockaddr_in to;
	int fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	int udp = do_socket(w, AF_INET, SOCK_DGRAM, 0);

	NOTE(w, try_accept(w, fd));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_ACCEPTCONN));
	NOTE(w, do_listen(w, fd, 5));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_ACCEPTCONN));
	NOTE(w, has_port(w, fd));
	NOTE(w, local_addr(w, fd));
	NOTE(w, do_listen(w, fd, -1));
	NOTE(w, do_listen(w, fd, 0));
	NOTE(w, try_accept(w, fd));
	NOTE(w, do_poll(w, fd));
	NOTE(w, do_peer(w, fd));
	NOTE(w, do_send(w, fd, "x", 1, 0));
	NOTE(w, do_recv(w, fd, 1, 0));
	to = here(port_of(w, fd));
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	NOTE(w, do_bind(w, fd, &to, sizeof(to)));
	NOTE(w, do_shutdown(w, fd, SHUT_WR));
	NOTE(w, do_poll(w, fd));
	NOTE(w, try_accept(w, fd));
	NOTE(w, do_shutdown(w, fd, SHUT_RD));
	NOTE(w, do_poll(w, fd));
	NOTE(w, try_accept(w, fd));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_ACCEPTCONN));
	NOTE(w, do_listen(w, fd, 5));
	NOTE(w, try_accept(w, fd));
	NOTE(w, do_listen(w, udp, 5));
	NOTE(w, try_accept(w, udp));
}

static void case_unconnected(struct side *w)
{
	struct sockaddr_in to = here(9);
	int fd = do_socket(w, AF_INET, SOCK_STREAM, 0);

	NOTE(w, do_poll(w, fd));
	NOTE(w, do_send(w, fd, "x", 1, 0));
	NOTE(w, do_recv(w, fd, 1, 0));
	NOTE(w, do_recv(w, fd, 1, MSG_OOB));
	NOTE(w, do_peer(w, fd));
	NOTE(w, do_shutdown(w, fd, 7));
	NOTE(w, do_shutdown(w, fd, -1));
	NOTE(w, do_shutdown(w, fd, SHUT_RD));
	NOTE(w, do_poll(w, fd));
	NOTE(w, do_shutdown(w, fd, SHUT_RDWR));
	NOTE(w, do_poll(w, fd));
	NOTE(w, do_send(w, fd, "x", 1, 0));
	NOTE(w, do_recv(w, fd, 1, 0));
	fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	NOTE(w, do_sendto(w, fd, "x", 1, 0, &to, sizeof(to)));
	NOTE(w, do_ioctl(w, fd, FIONREAD));
}

static void case_connect_addresses(struct side *w)
{
	struct sockaddr_in to = here(1);
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	int fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	int udp = do_socket(w, AF_INET, SOCK_DGRAM, 0);

	NOTE(w, do_connect(w, fd, &to, 1));
	NOTE(w, do_connect(w, fd, &to, 8));
	NOTE(w, do_connect(w, fd, &in6, sizeof(in6)));
	NOTE(w, do_connect(w, udp, &to, 8));
	NOTE(w, do_connect(w, udp, &in6, sizeof(in6)));
	to = in_addr_of("224.0.0.1", 1);
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	to = in_addr_of("255.255.255.255", 1);
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	to.sin_family = AF_UNSPEC;
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	NOTE(w, do_connect(w, fd, &to, 2));
	NOTE(w, do_connect(w, udp, &to, sizeof(to)));
}

static void case_refused(struct side *w)
{
	int closed = bound(w, SOCK_STREAM, "127.0.0.1", 0);
	struct sockaddr_in to = here(port_of(w, closed));
	int fd = do_socket(w, AF_INET, SOCK_STREAM, 0);

	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	NOTE(w, do_poll(w, fd));
	NOTE(w, local_addr(w, fd));
	NOTE(w, has_port(w, fd));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_ERROR));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_ERROR));
	NOTE(w, do_poll(w, fd));
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	settle(w);
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	NOTE(w, local_addr(w, fd));
	NOTE(w, has_port(w, fd));
	NOTE(w, do_poll(w, fd));
	NOTE(w, do_listen(w, fd, 1));
	fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	settle(w);
	NOTE(w, do_send(w, fd, "x", 1, 0));
	NOTE(w, do_send(w, fd, "x", 1, 0));
	NOTE(w, do_recv(w, fd, 1, 0));
	fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	settle(w);
	NOTE(w, do_recv(w, fd, 1, 0));
	NOTE(w, do_recv(w, fd, 1, 0));
	NOTE(w, do_peer(w, fd));
}

static void case_connection(struct side *w)
{
	struct sockaddr_in to;
	int client, server;

	make_pair(w, &client, &server);
	NOTE(w, do_poll(w, client));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, client, 10, 0));
	NOTE(w, do_recv(w, client, 10, MSG_OOB));
	NOTE(w, do_recv(w, client, 0, 0));
	NOTE(w, do_send(w, client, "hello", 5, 0));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_ioctl(w, server, FIONREAD));
	NOTE(w, do_recv(w, server, 2, MSG_PEEK));
	NOTE(w, do_recv(w, server, 2, 0));
	NOTE(w, do_recv(w, server, 10, MSG_TRUNC));
	NOTE(w, do_send(w, client, "", 0, 0));
	NOTE(w, do_recv(w, server, 10, 0));
	to = here(port_of(w, client));
	NOTE(w, do_connect(w, client, &to, sizeof(to)));
	NOTE(w, do_bind(w, client, &to, sizeof(to)));
	NOTE(w, do_listen(w, client, 1));
	NOTE(w, try_accept(w, client));
	NOTE(w, do_sendto(w, client, "x", 1, 0, &to, sizeof(to)));
	NOTE(w, do_peer(w, client));
	NOTE(w, local_addr(w, server));
	NOTE(w, do_shutdown(w, client, SHUT_WR));
	NOTE(w, do_shutdown(w, client, SHUT_WR));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_send(w, server, "bye", 3, 0));
	NOTE(w, do_close(w, server));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_recv(w, client, 10, 0));
	NOTE(w, do_recv(w, client, 10, 0));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_peer(w, client));
	NOTE(w, local_addr(w, client));
	NOTE(w, has_port(w, client));
	NOTE(w, do_shutdown(w, client, SHUT_RD));
	NOTE(w, get_int(w, client, SOL_SOCKET, SO_ERROR));
}

static void case_shut_read(struct side *w)
{
	int client, server;

	make_pair(w, &client, &server);
	NOTE(w, do_send(w, server, "abc", 3, 0));
	settle(w);
	NOTE(w, do_shutdown(w, client, SHUT_RD));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_recv(w, client, 2, 0));
	NOTE(w, do_recv(w, client, 2, 0));
	NOTE(w, do_recv(w, client, 2, 0));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_shutdown(w, client, SHUT_RDWR));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_poll(w, server));
}

static void case_reset(struct side *w)
{
	struct linger linger = {1, 0};
	int client, server;

	make_pair(w, &client, &server);
	NOTE(w, do_set(w, client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	NOTE(w, do_send(w, server, "x", 1, 0));
	NOTE(w, do_close(w, client));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_peer(w, server));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_send(w, server, "x", 1, 0));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_shutdown(w, server, SHUT_WR));
	make_pair(w, &client, &server);
	NOTE(w, do_set(w, client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	NOTE(w, do_close(w, client));
	settle(w);
	NOTE(w, do_send(w, server, "x", 1, 0));
	NOTE(w, do_send(w, server, "x", 1, 0));
	NOTE(w, get_int(w, server, SOL_SOCKET, SO_ERROR));
	make_pair(w, &client, &server);
	NOTE(w, do_set(w, client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	NOTE(w, do_close(w, client));
	settle(w);
	NOTE(w, get_int(w, server, SOL_SOCKET, SO_ERROR));
	NOTE(w, do_recv(w, server, 10, 0));
	/* A peer that has gone without a reset. */
	make_pair(w, &client, &server);
	NOTE(w, do_close(w, client));
	settle(w);
	NOTE(w, do_poll(w, server));
	NOTE(w, do_send(w, server, "x", 1, 0));
	settle(w);
	NOTE(w, do_poll(w, server));
	NOTE(w, do_send(w, server, "x", 1, 0));
}

static void case_disconnect(struct side *w)
{
	struct sockaddr_in none = {.sin_family = AF_UNSPEC};
	struct sockaddr_in to;
	int client, server;

	make_pair(w, &client, &server);
	NOTE(w, do_connect(w, client, &none, sizeof(none)));
	NOTE(w, do_peer(w, client));
	NOTE(w, local_addr(w, client));
	NOTE(w, has_port(w, client));
	NOTE(w, do_poll(w, client));
	NOTE(w, get_int(w, client, SOL_SOCKET, SO_ERROR));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_listen(w, client, 1));
	client = bound(w, SOCK_STREAM, "127.0.0.1", 0);
	server = listening(w);
	to = here(port_of(w, server));
	NOTE(w, do_connect(w, client, &to, sizeof(to)));
	NOTE(w, do_connect(w, client, &none, sizeof(none)));
	NOTE(w, local_addr(w, client));
	NOTE(w, has_port(w, client));
	NOTE(w, do_connect(w, client, &to, sizeof(to)));
}

static void case_urgent(struct side *w)
{
	int client, server;

	make_pair(w, &client, &server);
	NOTE(w, do_send(w, client, "ab", 2, MSG_OOB));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_ioctl(w, server, SIOCATMARK));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_ioctl(w, server, SIOCATMARK));
	NOTE(w, do_recv(w, server, 10, MSG_OOB));
	NOTE(w, do_recv(w, server, 10, MSG_OOB));
	NOTE(w, do_poll(w, server));
	NOTE(w, set_int(w, server, SOL_SOCKET, SO_OOBINLINE, 1));
	NOTE(w, do_send(w, client, "cd", 2, MSG_OOB));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, server, 10, MSG_OOB));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_ioctl(w, server, SIOCATMARK));
	NOTE(w, do_recv(w, server, 10, 0));
}

static void case_accept_queue(struct side *w)
{
	int listener = listening(w);
	struct sockaddr_in to = here(port_of(w, listener));
	int client = do_socket(w, AF_INET, SOCK_STREAM, 0);

	NOTE(w, do_connect(w, client, &to, sizeof(to)));
	NOTE(w, do_poll(w, listener));
	NOTE(w, do_send(w, client, "early", 5, 0));
	NOTE(w, do_close(w, client));
	settle(w);
	client = do_accept(w, listener);
	NOTE(w, client >= 0);
	NOTE(w, do_recv(w, client, 10, 0));
	NOTE(w, do_recv(w, client, 10, 0));
	client = do_socket(w, AF_INET, SOCK_STREAM, 0);
	NOTE(w, do_connect(w, client, &to, sizeof(to)));
	settle(w);
	NOTE(w, do_close(w, listener));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_recv(w, client, 10, 0));
}

static void case_udp(struct side *w)
{
	int server = bound(w, SOCK_DGRAM, "127.0.0.1", 0);
	int client = do_socket(w, AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to = here(port_of(w, server));
	struct sockaddr_in port0 = here(0);
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in none = {.sin_family = AF_UNSPEC};
	static char big[70000];

	NOTE(w, do_poll(w, client));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_recv(w, client, 1, 0));
	NOTE(w, do_recv(w, client, 1, MSG_OOB));
	NOTE(w, do_recv(w, client, 1, MSG_ERRQUEUE));
	NOTE(w, do_peer(w, client));
	NOTE(w, has_port(w, client));
	NOTE(w, do_sendto(w, client, "x", 1, 0, &to, 8));
	NOTE(w, do_sendto(w, client, "x", 1, 0, &in6, sizeof(in6)));
	NOTE(w, do_sendto(w, client, "x", 1, 0, &port0, sizeof(port0)));
	NOTE(w, do_sendto(w, client, "x", 1, MSG_OOB, &to, sizeof(to)));
	NOTE(w, do_sendto(w, client, big, 65508, 0, &to, sizeof(to)));
	NOTE(w, do_sendto(w, client, big, 65536, 0, &to, sizeof(to)));
	NOTE(w, do_sendto(w, client, "hello", 5, 0, &to, sizeof(to)));
	NOTE(w, has_port(w, client));
	NOTE(w, local_addr(w, client));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_ioctl(w, server, FIONREAD));
	NOTE(w, do_recv(w, server, 2, MSG_PEEK | MSG_TRUNC));
	NOTE(w, do_recv(w, server, 2, 0));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_sendto(w, client, big, 65507, 0, &to, sizeof(to)));
	NOTE(w, do_sendto(w, client, "", 0, 0, &to, sizeof(to)));
	settle(w);
	NOTE(w, do_recv(w, server, 10, MSG_TRUNC));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_connect(w, client, &to, sizeof(to)));
	NOTE(w, do_connect(w, client, &to, sizeof(to)));
	NOTE(w, local_addr(w, client));
	NOTE(w, do_peer(w, client));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_bind(w, client, &port0, sizeof(port0)));
	NOTE(w, do_connect(w, client, &none, sizeof(none)));
	NOTE(w, local_addr(w, client));
	NOTE(w, has_port(w, client));
	NOTE(w, do_peer(w, client));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_connect(w, client, &port0, sizeof(port0)));
	NOTE(w, do_peer(w, client));
	NOTE(w, do_shutdown(w, server, SHUT_RD));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_shutdown(w, server, SHUT_RDWR));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_sendto(w, server, "x", 1, 0, &to, sizeof(to)));
}

static void case_udp_refused(struct side *w)
{
	int closed = bound(w, SOCK_DGRAM, "127.0.0.1", 0);
	struct sockaddr_in to = here(port_of(w, closed));
	int client = do_socket(w, AF_INET, SOCK_DGRAM, 0);

	NOTE(w, do_close(w, closed));
	NOTE(w, do_sendto(w, client, "x", 1, 0, &to, sizeof(to)));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_connect(w, client, &to, sizeof(to)));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_recv(w, client, 1, 0));
	NOTE(w, do_recv(w, client, 1, 0));
	NOTE(w, set_int(w, client, IPPROTO_IP, IP_RECVERR, 1));
	NOTE(w, do_send(w, client, "abc", 3, 0));
	NOTE(w, do_poll(w, client));
	NOTE(w, do_recv(w, client, 10, MSG_ERRQUEUE));
	NOTE(w, do_recv(w, client, 10, MSG_ERRQUEUE));
	NOTE(w, do_poll(w, client));
	NOTE(w, get_int(w, client, SOL_SOCKET, SO_ERROR));
}

/* A port that connects to itself: a simultaneous open with one party (RFC 9293 §3.5). */
static void case_self_connect(struct side *w)
{
	int fd = bound(w, SOCK_STREAM, "127.0.0.1", 0);
	struct sockaddr_in to = here(port_of(w, fd));

	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	settle(w);
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	NOTE(w, do_poll(w, fd));
	NOTE(w, do_send(w, fd, "me", 2, 0));
	NOTE(w, do_poll(w, fd));
	NOTE(w, do_recv(w, fd, 10, 0));
	NOTE(w, do_shutdown(w, fd, SHUT_WR));
	NOTE(w, do_poll(w, fd));
	NOTE(w, do_recv(w, fd, 10, 0));
}

/* More connections than the backlog: the queue takes one more than it says. */
static void case_backlog(struct side *w)
{
	int listener = bound(w, SOCK_STREAM, "127.0.0.1", 0);
	struct sockaddr_in to = here(port_of(w, listener));
	int clients[4];

	NOTE(w, do_listen(w, listener, 1));
	for (int i = 0; i < 4; i++) {
		clients[i] = do_socket(w, AF_INET, SOCK_STREAM, 0);
		NOTE(w, do_connect(w, clients[i], &to, sizeof(to)));
		settle(w);
	}
	for (int i = 0; i < 4; i++)
		NOTE(w, do_poll(w, clients[i]));
	NOTE(w, do_connect(w, clients[3], &to, sizeof(to)));
	for (int i = 0; i < 4; i++)
		NOTE(w, try_accept(w, listener));
}

static void case_receive_flags(struct side *w)
{
	int client, server;

	make_pair(w, &client, &server);
	NOTE(w, do_recv(w, client, 10, MSG_ERRQUEUE));
	NOTE(w, do_send(w, client, "abcdef", 6, MSG_MORE));
	NOTE(w, do_send(w, client, "gh", 2, 0));
	settle(w);
	NOTE(w, do_recv(w, server, 100, MSG_WAITALL));
	NOTE(w, do_recv(w, server, 100, MSG_WAITALL));
	NOTE(w, do_send(w, client, "abcdef", 6, 0));
	settle(w);
	NOTE(w, do_recv(w, server, 4, MSG_PEEK | MSG_WAITALL));
	NOTE(w, do_recv(w, server, 100, MSG_PEEK));
	NOTE(w, do_recv(w, server, 4, MSG_TRUNC | MSG_PEEK));
	NOTE(w, do_recv(w, server, 0, MSG_PEEK));
	NOTE(w, set_int(w, server, SOL_SOCKET, SO_RCVLOWAT, 10));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, server, 2, 0));
	NOTE(w, do_send(w, client, "0123456789", 10, 0));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, server, 100, 0));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_close(w, client));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, server, 100, MSG_WAITALL));
	NOTE(w, do_recv(w, server, 100, MSG_WAITALL));
}

/* The lengths and contents of names. */
static long name_len(struct side *w, int fd, bool peer, socklen_t room, bool null)
{
	char name[64] = {0};
	struct sockaddr *at = null ? NULL : (struct sockaddr *)(void *)name;
	socklen_t len = room;
	long result;

	if (w->st)
		result = peer ? berth_getpeername(w->st, fd, at, &len)
			      : berth_getsockname(w->st, fd, at, &len);
	else
		result = or_errno(peer ? getpeername(fd, at, &len) : getsockname(fd, at, &len));
	return result < 0 ? result : (long)len;
}

static long from_len(struct side *w, int fd, socklen_t room)
{
	char name[64] = {0};
	char buf[10];
	socklen_t len = room;
	struct sockaddr *at = (struct sockaddr *)(void *)name;
	long result = w->st ? berth_recvfrom(w->st, fd, buf, sizeof(buf), 0, at, &len)
			    : or_errno(recvfrom(fd, buf, sizeof(buf), 0, at, &len));

	return result < 0 ? result : (long)len;
}

static void case_names(struct side *w)
{
	int a = bound(w, SOCK_DGRAM, "127.0.0.1", 0);
	struct sockaddr_in to = here(port_of(w, a));
	int client, server;

	make_pair(w, &client, &server);
	NOTE(w, name_len(w, client, false, 16, false));
	NOTE(w, name_len(w, client, false, 64, false));
	NOTE(w, name_len(w, client, false, 3, false));
	NOTE(w, name_len(w, client, false, 0, false));
	NOTE(w, name_len(w, client, true, 3, false));
	NOTE(w, name_len(w, client, false, (socklen_t)-1, false));
	NOTE(w, name_len(w, client, false, 16, true));
	NOTE(w, name_len(w, a, true, 16, false));
	NOTE(w, do_send(w, client, "x", 1, 0));
	settle(w);
	NOTE(w, from_len(w, server, 16));
	NOTE(w, do_sendto(w, a, "x", 1, 0, &to, sizeof(to)));
	NOTE(w, do_sendto(w, a, "x", 1, 0, &to, sizeof(to)));
	NOTE(w, do_sendto(w, a, "x", 1, 0, &to, sizeof(to)));
	settle(w);
	NOTE(w, from_len(w, a, 16));
	NOTE(w, from_len(w, a, 5));
	NOTE(w, from_len(w, a, (socklen_t)-1));
	NOTE(w, from_len(w, a, 64));
	NOTE(w, from_len(w, a, 16));
}

/* sendmsg() and recvmsg() with odd vectors. */
static long send_vectors(struct side *w, int fd, size_t count, size_t each)
{
	static char buf[1024];
	static struct iovec iov[1100];
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count};

	for (size_t i = 0; i < count && i < 1100; i++)
		iov[i] = (struct iovec){buf, each};
	return w->st ? berth_sendmsg(w->st, fd, &msg, MSG_NOSIGNAL)
		     : or_errno(sendmsg(fd, &msg, MSG_NOSIGNAL));
}

static long recv_vectors(struct side *w, int fd, size_t count, size_t each, int flags,
			 int *out_flags)
{
	static char buf[4096];
	static struct iovec iov[1100];
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count, .msg_flags = 0x55};
	long result;

	for (size_t i = 0; i < count && i < 1100; i++)
		iov[i] = (struct iovec){buf, each};
	result = w->st ? berth_recvmsg(w->st, fd, &msg, flags) : or_errno(recvmsg(fd, &msg, flags));
	*out_flags = msg.msg_flags & ~MSG_CMSG_CLOEXEC;
	return result;
}

static void case_vectors(struct side *w)
{
	int a = bound(w, SOCK_DGRAM, "127.0.0.1", 0);
	struct sockaddr_in to = here(port_of(w, a));
	int client, server;
	int flags = 0;

	make_pair(w, &client, &server);
	NOTE(w, do_connect(w, a, &to, sizeof(to)));
	for (int i = 0; i < 2; i++) {
		int from = i ? client : a;
		int into = i ? server : a;

		NOTE(w, send_vectors(w, from, 0, 0));
		NOTE(w, send_vectors(w, from, 3, 5));
		NOTE(w, send_vectors(w, from, 1024, 1));
		NOTE(w, send_vectors(w, from, 1025, 1));
		settle(w);
		NOTE(w, recv_vectors(w, into, 0, 0, 0, &flags));
		NOTE(w, recv_vectors(w, into, 2, 5, 0, &flags));
		NOTE(w, flags);
		NOTE(w, recv_vectors(w, into, 1025, 5, 0, &flags));
		NOTE(w, recv_vectors(w, into, 3, 1000, MSG_PEEK | MSG_TRUNC, &flags));
		NOTE(w, flags & ~MSG_TRUNC);
		NOTE(w, recv_vectors(w, into, 3, 1000, 0, &flags));
		NOTE(w, flags);
		NOTE(w, recv_vectors(w, into, 3, 1000, 0, &flags));
	}
}

/* Who hears whom: connected datagram sockets are deaf to others. */
static void case_udp_filter(struct side *w)
{
	int a = bound(w, SOCK_DGRAM, "127.0.0.1", 0);
	int b = bound(w, SOCK_DGRAM, "127.0.0.1", 0);
	int c = bound(w, SOCK_DGRAM, "127.0.0.2", 0);
	struct sockaddr_in to_a = here(port_of(w, a));
	struct sockaddr_in to_b = here(port_of(w, b));
	struct sockaddr_in wild = in_addr_of("0.0.0.0", port_of(w, a));

	NOTE(w, do_sendto(w, c, "early", 5, 0, &to_a, sizeof(to_a)));
	settle(w);
	NOTE(w, do_connect(w, a, &to_b, sizeof(to_b)));
	NOTE(w, do_recv(w, a, 10, 0));
	NOTE(w, do_sendto(w, c, "x", 1, 0, &to_a, sizeof(to_a)));
	settle(w);
	NOTE(w, do_recv(w, a, 10, 0));
	NOTE(w, do_sendto(w, b, "y", 1, 0, &to_a, sizeof(to_a)));
	settle(w);
	NOTE(w, do_recv(w, a, 10, 0));
	NOTE(w, do_sendto(w, a, "z", 1, 0, &to_a, sizeof(to_a)));
	settle(w);
	NOTE(w, do_recv(w, a, 10, 0));
	/* The wildcard as a destination is this host. */
	NOTE(w, do_sendto(w, b, "w", 1, 0, &wild, sizeof(wild)));
	settle(w);
	NOTE(w, do_recv(w, a, 10, 0));
	NOTE(w, do_connect(w, c, &wild, sizeof(wild)));
	NOTE(w, local_addr(w, c));
	NOTE(w, do_shutdown(w, a, SHUT_WR));
	NOTE(w, do_send(w, a, "x", 1, 0));
	NOTE(w, do_poll(w, a));
	NOTE(w, do_shutdown(w, a, SHUT_RD));
	NOTE(w, do_poll(w, a));
}

/* Half of each: what the other half may still do. */
static void case_shut_both_ends(struct side *w)
{
	int client, server;

	make_pair(w, &client, &server);
	NOTE(w, do_shutdown(w, client, SHUT_WR));
	settle(w);
	NOTE(w, do_shutdown(w, server, SHUT_WR));
	settle(w);
	NOTE(w, do_poll(w, client));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_peer(w, client));
	NOTE(w, do_peer(w, server));
	NOTE(w, local_addr(w, client));
	NOTE(w, has_port(w, client));
	NOTE(w, local_addr(w, server));
	NOTE(w, do_recv(w, client, 10, 0));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_send(w, client, "x", 1, 0));
	NOTE(w, do_shutdown(w, client, SHUT_RDWR));
	NOTE(w, do_shutdown(w, server, SHUT_RD));
	NOTE(w, do_listen(w, server, 1));
	NOTE(w, get_int(w, client, SOL_SOCKET, SO_ERROR));
	NOTE(w, do_ioctl(w, client, FIONREAD));
	NOTE(w, do_ioctl(w, client, TIOCOUTQ));
}

/* shutdown() of an attempt, and a socket used again after it. */
static void case_shut_while_connecting(struct side *w)
{
	int listener = bound(w, SOCK_STREAM, "127.0.0.1", 0);
	struct sockaddr_in to = here(port_of(w, listener));
	int fill[3];
	int fd = do_socket(w, AF_INET, SOCK_STREAM, 0);

	NOTE(w, do_listen(w, listener, 0));
	for (int i = 0; i < 3; i++) {
		fill[i] = do_socket(w, AF_INET, SOCK_STREAM, 0);
		(void)do_connect(w, fill[i], &to, sizeof(to)); /* so that the queue is full */
		settle(w);
	}
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	NOTE(w, do_poll(w, fd));
	NOTE(w, do_send(w, fd, "x", 1, 0));
	NOTE(w, do_recv(w, fd, 1, 0));
	NOTE(w, do_peer(w, fd));
	NOTE(w, local_addr(w, fd));
	NOTE(w, do_listen(w, fd, 1));
	NOTE(w, do_bind(w, fd, &to, sizeof(to)));
	NOTE(w, do_shutdown(w, fd, SHUT_WR));
	NOTE(w, do_poll(w, fd));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_ERROR));
	NOTE(w, do_connect(w, fd, &to, sizeof(to)));
	NOTE(w, do_close(w, fill[2]));
}

/* Every option of the tables, read on a new socket. */
static void defaults(struct side *w, int type)
{
	static const struct {
		const char *label;
		int level, name;
	} options[] = {
#define OPT(level, name) {#name, level, name}
		OPT(SOL_SOCKET, SO_DEBUG),
		OPT(SOL_SOCKET, SO_REUSEADDR),
		OPT(SOL_SOCKET, SO_TYPE),
		OPT(SOL_SOCKET, SO_ERROR),
		OPT(SOL_SOCKET, SO_DONTROUTE),
		OPT(SOL_SOCKET, SO_BROADCAST),
		OPT(SOL_SOCKET, SO_KEEPALIVE),
		OPT(SOL_SOCKET, SO_OOBINLINE),
		OPT(SOL_SOCKET, SO_NO_CHECK),
		OPT(SOL_SOCKET, SO_PRIORITY),
		OPT(SOL_SOCKET, SO_LINGER),
		OPT(SOL_SOCKET, SO_BSDCOMPAT),
		OPT(SOL_SOCKET, SO_REUSEPORT),
		OPT(SOL_SOCKET, SO_RCVLOWAT),
		OPT(SOL_SOCKET, SO_SNDLOWAT),
		OPT(SOL_SOCKET, SO_TIMESTAMP),
		OPT(SOL_SOCKET, SO_ACCEPTCONN),
		OPT(SOL_SOCKET, SO_PROTOCOL),
		OPT(SOL_SOCKET, SO_DOMAIN),
		OPT(SOL_SOCKET, SO_MARK),
		OPT(SOL_SOCKET, SO_RXQ_OVFL),
		OPT(SOL_SOCKET, SO_SNDBUFFORCE),
		OPT(SOL_SOCKET, SO_PEERNAME),
		OPT(SOL_SOCKET, SO_BINDTOIFINDEX),
		OPT(SOL_SOCKET, SO_TIMESTAMPNS),
		OPT(SOL_SOCKET, SO_ZEROCOPY),
		OPT(SOL_SOCKET, SO_SELECT_ERR_QUEUE),
		OPT(SOL_SOCKET, SO_NOFCS),
		OPT(SOL_SOCKET, SO_MAX_PACING_RATE),
		OPT(SOL_SOCKET, SO_COOKIE),
		OPT(SOL_SOCKET, 9999),
		OPT(SOL_SOCKET, SO_PEERSEC),
		OPT(IPPROTO_IP, IP_TOS),
		OPT(IPPROTO_IP, IP_TTL),
		OPT(IPPROTO_IP, IP_HDRINCL),
		OPT(IPPROTO_IP, IP_RECVOPTS),
		OPT(IPPROTO_IP, IP_RETOPTS),
		OPT(IPPROTO_IP, IP_PKTINFO),
		OPT(IPPROTO_IP, IP_MTU_DISCOVER),
		OPT(IPPROTO_IP, IP_RECVERR),
		OPT(IPPROTO_IP, IP_RECVTTL),
		OPT(IPPROTO_IP, IP_RECVTOS),
		OPT(IPPROTO_IP, IP_MTU),
		OPT(IPPROTO_IP, IP_FREEBIND),
		OPT(IPPROTO_IP, IP_TRANSPARENT),
		OPT(IPPROTO_IP, IP_MULTICAST_TTL),
		OPT(IPPROTO_IP, IP_MULTICAST_LOOP),
		OPT(IPPROTO_IP, IP_MULTICAST_IF),
		OPT(IPPROTO_IP, IP_MULTICAST_ALL),
		OPT(IPPROTO_IP, IP_MINTTL),
		OPT(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
		OPT(IPPROTO_IP, IP_ADD_MEMBERSHIP),
		OPT(IPPROTO_IP, 9999),
		OPT(IPPROTO_IPV6, 26),
		OPT(12345, 1),
		OPT(IPPROTO_TCP, TCP_NODELAY),
		OPT(IPPROTO_TCP, TCP_MAXSEG),
		OPT(IPPROTO_TCP, TCP_CORK),
		OPT(IPPROTO_TCP, TCP_KEEPIDLE),
		OPT(IPPROTO_TCP, TCP_KEEPINTVL),
		OPT(IPPROTO_TCP, TCP_KEEPCNT),
		OPT(IPPROTO_TCP, TCP_SYNCNT),
		OPT(IPPROTO_TCP, TCP_LINGER2),
		OPT(IPPROTO_TCP, TCP_DEFER_ACCEPT),
		OPT(IPPROTO_TCP, TCP_WINDOW_CLAMP),
		OPT(IPPROTO_TCP, TCP_QUICKACK),
		OPT(IPPROTO_TCP, TCP_USER_TIMEOUT),
		OPT(IPPROTO_TCP, TCP_FASTOPEN),
		OPT(IPPROTO_TCP, 9999),
#undef OPT
	};
	int fd = do_socket(w, AF_INET, type, 0);

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		note(w, options[i].label, get_int(w, fd, options[i].level, options[i].name));
}

static void case_defaults_stream(struct side *w)
{
	defaults(w, SOCK_STREAM);
}

static void case_defaults_dgram(struct side *w)
{
	defaults(w, SOCK_DGRAM);
}

static void case_set_socket(struct side *w)
{
	struct timeval tv = {3, 500000};
	struct linger linger = {1, 7};
	struct sockaddr_in to;
	socklen_t len;
	char byte = 1;
	int fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	int value;

	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_SNDBUF, 10000));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_SNDBUF));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_SNDBUF, 1));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_SNDBUF));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_RCVBUF, 50000));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_RCVBUF));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_RCVBUF, 0));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_RCVBUF));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_REUSEADDR, 17));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_REUSEADDR));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_KEEPALIVE, -4));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_KEEPALIVE));
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_KEEPALIVE, &byte, 1));
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_KEEPALIVE, NULL, 4));
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_KEEPALIVE, &byte, 0));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_TYPE, 1));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_ERROR, 1));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_ACCEPTCONN, 1));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_PRIORITY, 5));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_PRIORITY));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_RCVLOWAT, 0));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_RCVLOWAT));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_RCVLOWAT, 5));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_RCVLOWAT));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_SNDLOWAT, 5));
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_LINGER, &linger, 4));
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	len = sizeof(linger);
	NOTE(w, do_get(w, fd, SOL_SOCKET, SO_LINGER, &linger, &len));
	NOTE(w, linger.l_linger);
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_RCVTIMEO, &tv, 4));
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	memset(&tv, 0, sizeof(tv));
	len = sizeof(tv);
	NOTE(w, do_get(w, fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
	NOTE(w, tv.tv_sec);
	NOTE(w, len);
	tv.tv_usec = 1000000;
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	tv.tv_usec = -1;
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	len = 1;
	value = 0;
	NOTE(w, do_get(w, fd, SOL_SOCKET, SO_RCVLOWAT, &value, &len));
	NOTE(w, len);
	NOTE(w, value);
	len = 100;
	NOTE(w, do_get(w, fd, SOL_SOCKET, SO_TYPE, &value, &len));
	NOTE(w, len);
	len = (socklen_t)-1;
	NOTE(w, do_get(w, fd, SOL_SOCKET, SO_TYPE, &value, &len));
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	len = 16;
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_BINDTOIFINDEX));
	fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	NOTE(w, do_set(w, fd, SOL_SOCKET, SO_BINDTODEVICE, "nosuch0", 8));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_BINDTOIFINDEX, 9999));
	NOTE(w, set_int(w, fd, 12345, 1, 1));
	NOTE(w, set_int(w, fd, SOL_SOCKET, 9999, 1));
	NOTE(w, do_set(w, fd, SOL_SOCKET, 9999, &byte, 1));
	to = here(0);
	NOTE(w, do_bind(w, fd, &to, sizeof(to)));
}

static void case_set_ip(struct side *w)
{
	struct ip_mreqn mr = {.imr_ifindex = 0};
	uint8_t byte = 7;
	socklen_t len;
	int fd = do_socket(w, AF_INET, SOCK_DGRAM, 0);
	int tcp = do_socket(w, AF_INET, SOCK_STREAM, 0);
	int value;

	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_TOS, 0xff));
	NOTE(w, get_int(w, fd, IPPROTO_IP, IP_TOS));
	NOTE(w, set_int(w, tcp, IPPROTO_IP, IP_TOS, 0xff));
	NOTE(w, get_int(w, tcp, IPPROTO_IP, IP_TOS));
	NOTE(w, do_set(w, fd, IPPROTO_IP, IP_TOS, &byte, 1));
	NOTE(w, get_int(w, fd, IPPROTO_IP, IP_TOS));
	for (int tos = 0; tos < 256; tos += 4) {
		NOTE(w, set_int(w, fd, IPPROTO_IP, IP_TOS, tos));
		NOTE(w, get_int(w, fd, SOL_SOCKET, SO_PRIORITY));
	}
	len = 1;
	value = 0;
	NOTE(w, do_get(w, fd, IPPROTO_IP, IP_TOS, &value, &len));
	NOTE(w, len);
	NOTE(w, value);
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_TTL, 0));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_TTL, 256));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_TTL, 9));
	NOTE(w, get_int(w, fd, IPPROTO_IP, IP_TTL));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_TTL, -1));
	NOTE(w, get_int(w, fd, IPPROTO_IP, IP_TTL));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO));
	NOTE(w, get_int(w, fd, IPPROTO_IP, IP_MTU_DISCOVER));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_MTU_DISCOVER, 6));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_MTU_DISCOVER, -1));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_HDRINCL, 1));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_MULTICAST_TTL, 300));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_MULTICAST_TTL, 5));
	NOTE(w, get_int(w, fd, IPPROTO_IP, IP_MULTICAST_TTL));
	NOTE(w, set_int(w, tcp, IPPROTO_IP, IP_MULTICAST_TTL, 5));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0));
	NOTE(w, get_int(w, fd, IPPROTO_IP, IP_MULTICAST_LOOP));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_MULTICAST_ALL, 2));
	NOTE(w, do_set(w, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, 4));
	NOTE(w, do_set(w, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	mr.imr_multiaddr.s_addr = inet_addr("239.9.9.9");
	mr.imr_ifindex = 1;
	NOTE(w, do_set(w, fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mr, sizeof(mr)));
	NOTE(w, do_set(w, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	NOTE(w, do_set(w, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	NOTE(w, do_set(w, fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mr, sizeof(mr)));
	mr.imr_ifindex = 9999;
	NOTE(w, do_set(w, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	NOTE(w, do_set(w, tcp, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_MTU, 1));
	NOTE(w, set_int(w, fd, IPPROTO_IP, 9999, 1));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_NODELAY, 1));
	NOTE(w, set_int(w, tcp, IPPROTO_UDP, 1, 1));
	NOTE(w, set_int(w, fd, IPPROTO_UDP, 1, 1));
	NOTE(w, get_int(w, fd, IPPROTO_UDP, 1));
	NOTE(w, set_int(w, fd, IPPROTO_UDP, 9999, 1));
	len = 40;
	NOTE(w, do_get(w, tcp, IPPROTO_IP, IP_OPTIONS, (char[40]){0}, &len));
	NOTE(w, len);
}

static void case_set_tcp(struct side *w)
{
	char name[16] = "";
	socklen_t len;
	int fd = do_socket(w, AF_INET, SOCK_STREAM, 0);
	char byte = 1;

	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_NODELAY, 5));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_NODELAY));
	NOTE(w, do_set(w, fd, IPPROTO_TCP, TCP_NODELAY, &byte, 1));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_CORK, 1));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_CORK));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_MAXSEG, 10));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_MAXSEG, 40000));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_MAXSEG, 1000));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_KEEPIDLE, 0));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_KEEPIDLE, 32768));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_KEEPIDLE, 30));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_KEEPIDLE));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_KEEPINTVL, 0));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_KEEPINTVL, 3));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_KEEPINTVL));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_KEEPCNT, 128));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_KEEPCNT, 4));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_KEEPCNT));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_SYNCNT, 0));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_SYNCNT, 3));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_SYNCNT));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, -1));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_LINGER2, -1));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_LINGER2));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_LINGER2, 10));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_LINGER2));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_QUICKACK, 0));
	NOTE(w, get_int(w, fd, IPPROTO_TCP, TCP_QUICKACK));
	NOTE(w, set_int(w, fd, IPPROTO_TCP, 9999, 1));
	NOTE(w, do_set(w, fd, IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8));
	NOTE(w, do_set(w, fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	len = sizeof(name);
	NOTE(w, do_get(w, fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	NOTE(w, memcmp(name, "reno", 5));
	NOTE(w, len);
	NOTE(w, set_int(w, fd, IPPROTO_TCP, TCP_INFO, 1));
}

TEST(socket)
TEST(bad_descriptor)
TEST(bind)
TEST(conflicts)
TEST(conflicts_stream)
TEST(listen)
TEST(unconnected)
TEST(connect_addresses)
TEST(refused)
TEST(connection)
TEST(shut_read)
TEST(reset)
TEST(disconnect)
TEST(urgent)
TEST(accept_queue)
TEST(udp)
TEST(udp_refused)
TEST(self_connect)
TEST(backlog)
TEST(receive_flags)
TEST(names)
TEST(vectors)
TEST(udp_filter)
TEST(shut_both_ends)
TEST(shut_while_connecting)
TEST(defaults_stream)
TEST(defaults_dgram)
TEST(set_socket)
TEST(set_ip)
TEST(set_tcp)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_bad_descriptor),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_conflicts_stream),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_unconnected),
		cmocka_unit_test(test_connect_addresses),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_shut_read),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_disconnect),
		cmocka_unit_test(test_urgent),
		cmocka_unit_test(test_accept_queue),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_udp_refused),
		cmocka_unit_test(test_self_connect),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_receive_flags),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_udp_filter),
		cmocka_unit_test(test_shut_both_ends),
		cmocka_unit_test(test_shut_while_connecting),
		cmocka_unit_test(test_defaults_stream),
		cmocka_unit_test(test_defaults_dgram),
		cmocka_unit_test(test_set_socket),
		cmocka_unit_test(test_set_ip),
		cmocka_unit_test(test_set_tcp),
	};

	return cmocka_run_group_tests(tests, own_loopback, NULL);
}
