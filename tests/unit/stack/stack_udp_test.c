/* SPDX-License-Identifier: MIT */
/*
 * Datagrams through whole stacks, over loopback and between two hosts: what arrives where, what is
 * told with it, and what errors come back.
 * Sockets and hosts are made anew for each case; no frame is lost unless it says so.
 */
#include "pair.h"

static int setup(void **state)
{
	static struct pair pr;

	pair_init(&pr, 0);
	*state = &pr;
	return 0;
}

static int teardown(void **state)
{
	pair_fini(*state);
	return 0;
}

static int udp_at(struct berth_stack *st, const char *address, uint16_t port)
{
	struct sockaddr_in in = in_addr_of(address, port);
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(berth_bind(st, fd, SA(in), sizeof(in)), 0);
	return fd;
}

static void loopback(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in to = in_addr_of("127.0.0.1", 5000);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[100];
	int server = udp_at(st, "127.0.0.1", 5000);
	int client = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(server, 0);
	assert_int_equal(client, 1);
	assert_int_equal(berth_recv(st, server, buf, sizeof(buf), 0), -EAGAIN);
	assert_int_equal(berth_sendto(st, client, "hello", 5, 0, SA(to), sizeof(to)), 5);
	assert_int_equal(pair_poll(pr, 0, server, POLLIN), POLLIN);
	assert_int_equal(berth_recvfrom(st, server, buf, sizeof(buf), 0, SA(from), &len), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(len, sizeof(from));
	assert_int_equal(from.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_in_range(ntohs(from.sin_port), 32768, 60999);
	assert_int_equal(berth_sendto(st, server, "", 0, 0, SA(from), sizeof(from)), 0);
	assert_int_equal(berth_recv(st, client, buf, sizeof(buf), 0), 0);
	assert_int_equal(berth_recv(st, client, buf, sizeof(buf), 0), -EAGAIN);
}

static void between_hosts(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in to = in_addr_of("10.0.0.2", 53);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char sent[4000];
	char got[5000];
	int server = udp_at(pr->host[1], "0.0.0.0", 53);
	int client = berth_socket(pr->host[0], AF_INET, SOCK_DGRAM, 0);

	memset(sent, 'x', sizeof(sent));
	assert_int_equal(berth_connect(pr->host[0], client, SA(to), sizeof(to)), 0);
	assert_int_equal(berth_send(pr->host[0], client, sent, sizeof(sent), 0), sizeof(sent));
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recvfrom(pr->host[1], server, got, sizeof(got), 0, SA(from), &len),
			 sizeof(sent));
	assert_memory_equal(sent, got, sizeof(sent));
	assert_int_equal(from.sin_addr.s_addr, inet_addr("10.0.0.1"));
	assert_int_equal(berth_sendto(pr->host[1], server, "back", 4, 0, SA(from), len), 4);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr->host[0], client, got, sizeof(got), 0), 4);
}

/* RFC 1122 §4.1.3.3: a connected socket hears of ICMP port unreachable. */
static void refused(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in to = in_addr_of("10.0.0.2", 9);
	int client = berth_socket(pr->host[0], AF_INET, SOCK_DGRAM, 0);
	char buf[10];
	int error;
	socklen_t len = sizeof(error);

	assert_int_equal(berth_connect(pr->host[0], client, SA(to), sizeof(to)), 0);
	assert_int_equal(berth_send(pr->host[0], client, "x", 1, 0), 1);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(pair_poll(pr, 0, client, POLLIN | POLLOUT), POLLERR | POLLOUT);
	assert_int_equal(berth_recv(pr->host[0], client, buf, sizeof(buf), 0), -ECONNREFUSED);
	assert_int_equal(berth_recv(pr->host[0], client, buf, sizeof(buf), 0), -EAGAIN);
	assert_int_equal(berth_send(pr->host[0], client, "x", 1, 0), 1);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_getsockopt(pr->host[0], client, SOL_SOCKET, SO_ERROR, &error, &len),
			 0);
	assert_int_equal(error, ECONNREFUSED);
}

static void errqueue(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in to = in_addr_of("10.0.0.2", 9);
	struct sockaddr_in name;
	int client = berth_socket(pr->host[0], AF_INET, SOCK_DGRAM, 0);
	int on = 1;
	char buf[10];
	char control[200];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_name = &name,
			     .msg_namelen = sizeof(name),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};

	assert_int_equal(
		berth_setsockopt(pr->host[0], client, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)), 0);
	assert_int_equal(berth_recvmsg(pr->host[0], client, &msg, MSG_ERRQUEUE), -EAGAIN);
	assert_int_equal(berth_sendto(pr->host[0], client, "lost", 4, 0, SA(to), sizeof(to)), 4);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(pair_poll(pr, 0, client, POLLIN), POLLERR);
	assert_int_equal(berth_recvmsg(pr->host[0], client, &msg, MSG_ERRQUEUE), 4);
	assert_memory_equal(buf, "lost", 4);
	assert_true(msg.msg_flags & MSG_ERRQUEUE);
	assert_int_equal(name.sin_port, htons(9));
	assert_non_null(CMSG_FIRSTHDR(&msg));
	assert_int_equal(CMSG_FIRSTHDR(&msg)->cmsg_type, IP_RECVERR);
	assert_int_equal(pair_poll(pr, 0, client, POLLIN), 0);
}

static void peek_and_truncate(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in to = in_addr_of("127.0.0.1", 5000);
	int fd = udp_at(st, "127.0.0.1", 5000);
	char buf[4];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	int waiting;

	assert_int_equal(berth_sendto(st, fd, "longer", 6, 0, SA(to), sizeof(to)), 6);
	assert_int_equal(berth_ioctl(st, fd, 0x541b, &waiting), 0); /* FIONREAD */
	assert_int_equal(waiting, 6);
	assert_int_equal(berth_recv(st, fd, buf, 4, MSG_PEEK), 4);
	assert_int_equal(berth_recv(st, fd, buf, 4, MSG_PEEK | MSG_TRUNC), 6);
	assert_int_equal(berth_recvmsg(st, fd, &msg, 0), 4);
	assert_int_equal(msg.msg_flags, MSG_TRUNC);
	assert_int_equal(berth_recv(st, fd, buf, 4, 0), -EAGAIN);
}

static void control_data(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in to = in_addr_of("127.0.0.1", 5000);
	int fd = udp_at(st, "0.0.0.0", 5000);
	int on = 1;
	int ttl = 33;
	char buf[4];
	char control[256];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	struct in_pktinfo info;

	assert_int_equal(berth_setsockopt(st, fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)), 0);
	assert_int_equal(berth_setsockopt(st, fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)), 0);
	assert_int_equal(berth_setsockopt(st, fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)), 0);
	assert_int_equal(berth_sendto(st, fd, "x", 1, 0, SA(to), sizeof(to)), 1);
	assert_int_equal(berth_recvmsg(st, fd, &msg, 0), 1);
	c = CMSG_FIRSTHDR(&msg);
	assert_non_null(c);
	assert_int_equal(c->cmsg_type, IP_PKTINFO);
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	assert_int_equal(info.ipi_ifindex, 1);
	assert_int_equal(info.ipi_addr.s_addr, htonl(INADDR_LOOPBACK));
	c = CMSG_NXTHDR(&msg, c);
	assert_non_null(c);
	assert_int_equal(c->cmsg_type, IP_TTL);
	memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
	assert_int_equal(ttl, 33);
	assert_null(CMSG_NXTHDR(&msg, c));

	/* No room: what fits, and MSG_CTRUNC. */
	assert_int_equal(berth_sendto(st, fd, "x", 1, 0, SA(to), sizeof(to)), 1);
	msg.msg_controllen = CMSG_SPACE(sizeof(info));
	assert_int_equal(berth_recvmsg(st, fd, &msg, 0), 1);
	assert_int_equal(msg.msg_flags, MSG_CTRUNC);
	assert_int_equal(msg.msg_controllen, CMSG_SPACE(sizeof(info)));
}

static void corked(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in to = in_addr_of("127.0.0.1", 5000);
	int fd = udp_at(st, "127.0.0.1", 5000);
	char buf[10];

	assert_int_equal(berth_sendto(st, fd, "ab", 2, MSG_MORE, SA(to), sizeof(to)), 2);
	assert_int_equal(berth_sendto(st, fd, "cd", 2, MSG_MORE, SA(to), sizeof(to)), 2);
	assert_int_equal(berth_recv(st, fd, buf, sizeof(buf), 0), -EAGAIN);
	assert_int_equal(berth_sendto(st, fd, "ef", 2, 0, SA(to), sizeof(to)), 2);
	assert_int_equal(berth_recv(st, fd, buf, sizeof(buf), 0), 6);
	assert_memory_equal(buf, "abcdef", 6);
}

static void broadcast(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in to = in_addr_of("10.0.0.255", 67);
	int a = udp_at(pr->host[1], "0.0.0.0", 67);
	int b = berth_socket(pr->host[1], AF_INET, SOCK_DGRAM, 0);
	int client = berth_socket(pr->host[0], AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in any = in_addr_of("0.0.0.0", 67);
	int on = 1;
	char buf[10];

	assert_int_equal(berth_bind(pr->host[1], b, SA(any), sizeof(any)), -EADDRINUSE);
	assert_int_equal(
		berth_setsockopt(pr->host[1], a, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(
		berth_setsockopt(pr->host[1], b, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(berth_bind(pr->host[1], b, SA(any), sizeof(any)), 0);
	assert_int_equal(berth_sendto(pr->host[0], client, "x", 1, 0, SA(to), sizeof(to)), -EACCES);
	assert_int_equal(
		berth_setsockopt(pr->host[0], client, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)),
		0);
	assert_int_equal(berth_sendto(pr->host[0], client, "x", 1, 0, SA(to), sizeof(to)), 1);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr->host[1], a, buf, sizeof(buf), 0), 1);
	assert_int_equal(berth_recv(pr->host[1], b, buf, sizeof(buf), 0), 1);
}

static void multicast(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in to = in_addr_of("239.1.2.3", 4000);
	struct ip_mreqn mr = {.imr_multiaddr = to.sin_addr};
	int server = udp_at(pr->host[1], "0.0.0.0", 4000);
	int client = udp_at(pr->host[0], "10.0.0.1", 0);
	char buf[10];

	mr.imr_address.s_addr = inet_addr("10.0.0.2");
	assert_int_equal(berth_setsockopt(pr->host[1], server, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr,
					  sizeof(mr)),
			 0);
	assert_int_equal(berth_setsockopt(pr->host[1], server, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr,
					  sizeof(mr)),
			 -EADDRINUSE);
	mr.imr_address.s_addr = inet_addr("10.0.0.1");
	assert_int_equal(
		berth_setsockopt(pr->host[0], client, IPPROTO_IP, IP_MULTICAST_IF, &mr, sizeof(mr)),
		0);
	assert_int_equal(berth_sendto(pr->host[0], client, "x", 1, 0, SA(to), sizeof(to)), 1);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr->host[1], server, buf, sizeof(buf), 0), 1);
	mr.imr_address.s_addr = inet_addr("10.0.0.2");
	assert_int_equal(berth_setsockopt(pr->host[1], server, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mr,
					  sizeof(mr)),
			 0);
	assert_int_equal(berth_sendto(pr->host[0], client, "x", 1, 0, SA(to), sizeof(to)), 1);
	pair_run(pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr->host[1], server, buf, sizeof(buf), 0), -EAGAIN);
}

/* What Linux lets into its default buffer of 212992 bytes. */
static void bounded_queue(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in to = in_addr_of("127.0.0.1", 5000);
	int fd = udp_at(st, "127.0.0.1", 5000);
	char buf[64] = {0};
	int got = 0;

	for (int i = 0; i < 1000; i++)
		assert_int_equal(berth_sendto(st, fd, buf, 64, 0, SA(to), sizeof(to)), 64);
	while (berth_recv(st, fd, buf, sizeof(buf), 0) == 64)
		got++;
	assert_int_equal(got, 278);
	assert_int_equal(berth_sendto(st, fd, buf, 64, 0, SA(to), sizeof(to)), 64);
	assert_int_equal(berth_recv(st, fd, buf, sizeof(buf), 0), 64);
}

static void reuseport_spreads(void **state)
{
	struct pair *pr = *state;
	int on = 1;
	int fds[4];
	int used = 0;
	char buf[4];

	for (int i = 0; i < 4; i++) {
		struct sockaddr_in in = in_addr_of("0.0.0.0", 5000);

		fds[i] = berth_socket(pr->host[1], AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(berth_setsockopt(pr->host[1], fds[i], SOL_SOCKET, SO_REUSEPORT,
						  &on, sizeof(on)),
				 0);
		assert_int_equal(berth_bind(pr->host[1], fds[i], SA(in), sizeof(in)), 0);
	}
	for (int i = 0; i < 64; i++) {
		struct sockaddr_in to = in_addr_of("10.0.0.2", 5000);
		int fd = berth_socket(pr->host[0], AF_INET, SOCK_DGRAM, 0);

		assert_int_equal(berth_sendto(pr->host[0], fd, "x", 1, 0, SA(to), sizeof(to)), 1);
	}
	pair_run(pr, BERTH_MSEC);
	for (int i = 0; i < 4; i++) {
		int got = 0;

		while (berth_recv(pr->host[1], fds[i], buf, sizeof(buf), 0) == 1)
			got++;
		used += got >= 4;
	}
	assert_int_equal(used, 4);
}

/* Neighbour unknown and silent: Linux tells a datagram socket of "no route to host" only if it
 * asks. */
static void host_unreachable(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in to = in_addr_of("10.0.0.77", 53);
	int fd = berth_socket(pr->host[0], AF_INET, SOCK_DGRAM, 0);
	char buf[4];
	int on = 1;

	assert_int_equal(berth_connect(pr->host[0], fd, SA(to), sizeof(to)), 0);
	assert_int_equal(berth_send(pr->host[0], fd, "x", 1, 0), 1);
	pair_run(pr, 10 * BERTH_SEC);
	assert_int_equal(berth_recv(pr->host[0], fd, buf, sizeof(buf), 0), -EAGAIN);
	assert_int_equal(berth_setsockopt(pr->host[0], fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)),
			 0);
	assert_int_equal(berth_send(pr->host[0], fd, "x", 1, 0), 1);
	pair_run(pr, 10 * BERTH_SEC);
	assert_int_equal(berth_recv(pr->host[0], fd, buf, sizeof(buf), 0), -EHOSTUNREACH);
	to = in_addr_of("192.168.1.1", 53);
	assert_int_equal(berth_sendto(pr->host[0], fd, "x", 1, 0, SA(to), sizeof(to)),
			 -ENETUNREACH);
}

static void events_and_wake(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[1];
	struct sockaddr_in to = in_addr_of("10.0.0.2", 53);
	struct berth_event ev;
	int server = udp_at(st, "0.0.0.0", 53);
	int client = berth_socket(pr->host[0], AF_INET, SOCK_DGRAM, 0);
	int mark;
	unsigned wakes;

	assert_int_equal(berth_sock_set_user(st, server, &mark), 0);
	assert_true(berth_next_event(st, &ev)); /* writable from the start */
	assert_int_equal(ev.events, POLLOUT);
	assert_false(berth_next_event(st, &ev));
	pair_run(pr, BERTH_SEC);
	assert_false(berth_next_event(st, &ev));
	wakes = pr->wakes;
	assert_int_equal(berth_sendto(pr->host[0], client, "a", 1, 0, SA(to), sizeof(to)), 1);
	assert_int_equal(berth_sendto(pr->host[0], client, "b", 1, 0, SA(to), sizeof(to)), 1);
	assert_true(pr->wakes > wakes);
	pair_run(pr, BERTH_MSEC);
	assert_true(berth_next_event(st, &ev));
	assert_int_equal(ev.fd, server);
	assert_ptr_equal(ev.user, &mark);
	assert_int_equal(ev.events, POLLIN | POLLOUT);
	assert_false(berth_next_event(st, &ev));
	assert_int_equal(berth_sock_set_user(st, server, NULL), 0);
	assert_int_equal(berth_sendto(pr->host[0], client, "c", 1, 0, SA(to), sizeof(to)), 1);
	pair_run(pr, BERTH_MSEC);
	assert_false(berth_next_event(st, &ev));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(loopback, setup, teardown),
		cmocka_unit_test_setup_teardown(between_hosts, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(errqueue, setup, teardown),
		cmocka_unit_test_setup_teardown(peek_and_truncate, setup, teardown),
		cmocka_unit_test_setup_teardown(control_data, setup, teardown),
		cmocka_unit_test_setup_teardown(corked, setup, teardown),
		cmocka_unit_test_setup_teardown(broadcast, setup, teardown),
		cmocka_unit_test_setup_teardown(multicast, setup, teardown),
		cmocka_unit_test_setup_teardown(bounded_queue, setup, teardown),
		cmocka_unit_test_setup_teardown(reuseport_spreads, setup, teardown),
		cmocka_unit_test_setup_teardown(host_unreachable, setup, teardown),
		cmocka_unit_test_setup_teardown(events_and_wake, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
