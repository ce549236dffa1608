/* SPDX-License-Identifier: MIT */
/*
 * Control data in both directions: what a piece of it does to the datagram that it comes with, what
 * the options ask for, and what is not understood.
 * One socket, which sends to itself; the clock is the test's.
 */
#include <sys/time.h>

#include "../stack/pair.h"

static struct pair pr;
static int fd;
static struct sockaddr_in self;

static int setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	self = in_addr_of("127.0.0.1", 99);
	fd = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(berth_bind(pr.host[0], fd, SA(self), sizeof(self)), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_fini(&pr);
	return 0;
}

static void option(int level, int name)
{
	int on = 1;

	assert_int_equal(berth_setsockopt(pr.host[0], fd, level, name, &on, sizeof(on)), 0);
}

/* Sends one byte to itself with one piece of control data, whose header says `cmsg_len`. */
static ssize_t send_with(int level, int type, const void *data, size_t bytes, size_t cmsg_len)
{
	_Alignas(struct cmsghdr) char control[128] = {0};
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;
	struct iovec iov = {(char[1]){'x'}, 1};
	struct msghdr msg = {.msg_name = &self,
			     .msg_namelen = sizeof(self),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = CMSG_SPACE(bytes)};

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = cmsg_len;
	memcpy(CMSG_DATA(c), data, bytes);
	return berth_sendmsg(pr.host[0], fd, &msg, 0);
}

/* Receives, and finds the piece of this kind; NULL: there is none. Static until the next call. */
static const struct cmsghdr *recv_with(int level, int type)
{
	static _Alignas(struct cmsghdr) char control[256];
	static char buf[10];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};

	assert_int_equal(berth_recvmsg(pr.host[0], fd, &msg, 0), 1);
	assert_int_equal(msg.msg_flags, 0);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == level && c->cmsg_type == type)
			return c;
	}
	return NULL;
}

static void ttl_and_tos(void **state)
{
	const struct cmsghdr *c;
	int ttl = 7;
	int bad = 256;
	uint8_t tos = 0x10;
	int got;

	(void)state;
	option(IPPROTO_IP, IP_RECVTTL);
	option(IPPROTO_IP, IP_RECVTOS);
	assert_int_equal(send_with(IPPROTO_IP, IP_TTL, &ttl, 4, CMSG_LEN(4)), 1);
	c = recv_with(IPPROTO_IP, IP_TTL);
	assert_non_null(c);
	memcpy(&got, CMSG_DATA(c), sizeof(got));
	assert_int_equal(got, 7);
	assert_int_equal(send_with(IPPROTO_IP, IP_TOS, &tos, 1, CMSG_LEN(1)), 1);
	c = recv_with(IPPROTO_IP, IP_TOS);
	assert_non_null(c);
	assert_int_equal(*CMSG_DATA(c), 0x10);
	assert_int_equal(send_with(IPPROTO_IP, IP_TTL, &bad, 4, CMSG_LEN(4)), -EINVAL);
	bad = 0;
	assert_int_equal(send_with(IPPROTO_IP, IP_TTL, &bad, 4, CMSG_LEN(4)), -EINVAL);
	assert_int_equal(send_with(IPPROTO_IP, IP_TTL, &ttl, 4, CMSG_LEN(2)), -EINVAL);
	assert_int_equal(send_with(IPPROTO_IP, IP_TTL, &ttl, 4, 3), -EINVAL);
	assert_int_equal(send_with(IPPROTO_IP, IP_TTL, &ttl, 4, 1000), -EINVAL);
	assert_int_equal(send_with(IPPROTO_IP, 9999, &ttl, 4, CMSG_LEN(4)), -EINVAL);
	assert_int_equal(send_with(12345, IP_TTL, &ttl, 4, CMSG_LEN(4)), 1); /* as Linux */
}

static void pktinfo(void **state)
{
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = inet_addr("127.0.0.9")};
	char buf[4];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	(void)state;
	assert_int_equal(
		send_with(IPPROTO_IP, IP_PKTINFO, &info, sizeof(info), CMSG_LEN(sizeof(info))), 1);
	assert_int_equal(berth_recvfrom(pr.host[0], fd, buf, 4, 0, SA(from), &len), 1);
	assert_int_equal(from.sin_addr.s_addr, inet_addr("127.0.0.9"));
	assert_int_equal(send_with(IPPROTO_IP, IP_PKTINFO, &info, 4, CMSG_LEN(4)), -EINVAL);
	info.ipi_spec_dst.s_addr = inet_addr("8.8.8.8");
	assert_int_equal(
		send_with(IPPROTO_IP, IP_PKTINFO, &info, sizeof(info), CMSG_LEN(sizeof(info))),
		-ENETUNREACH);
	info = (struct in_pktinfo){.ipi_ifindex = 77};
	assert_int_equal(
		send_with(IPPROTO_IP, IP_PKTINFO, &info, sizeof(info), CMSG_LEN(sizeof(info))),
		-ENODEV);
}

static void timestamps(void **state)
{
	const struct cmsghdr *c;
	struct timeval tv;
	struct timespec ts;

	(void)state;
	pair_run(&pr, 2345678 * BERTH_USEC);
	option(SOL_SOCKET, SO_TIMESTAMP);
	assert_int_equal(berth_sendto(pr.host[0], fd, "x", 1, 0, SA(self), sizeof(self)), 1);
	c = recv_with(SOL_SOCKET, SO_TIMESTAMP);
	assert_non_null(c);
	memcpy(&tv, CMSG_DATA(c), sizeof(tv));
	assert_int_equal(tv.tv_sec, 3);
	assert_int_equal(tv.tv_usec, 345678);
	option(SOL_SOCKET, SO_TIMESTAMPNS);
	assert_int_equal(berth_sendto(pr.host[0], fd, "x", 1, 0, SA(self), sizeof(self)), 1);
	c = recv_with(SOL_SOCKET, SO_TIMESTAMPNS);
	assert_non_null(c);
	memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	assert_int_equal(ts.tv_nsec, 345678000);
}

static void original_destination(void **state)
{
	const struct cmsghdr *c;
	struct sockaddr_in in;

	(void)state;
	option(IPPROTO_IP, IP_ORIGDSTADDR);
	assert_int_equal(berth_sendto(pr.host[0], fd, "x", 1, 0, SA(self), sizeof(self)), 1);
	c = recv_with(IPPROTO_IP, IP_ORIGDSTADDR);
	assert_non_null(c);
	memcpy(&in, CMSG_DATA(c), sizeof(in));
	assert_int_equal(in.sin_port, htons(99));
	assert_int_equal(in.sin_addr.s_addr, self.sin_addr.s_addr);
}

/* RFC 2292's options and RFC 3542's, of a datagram that has no extension header. */
static void no_extension_headers(void **state)
{
	static const int names[] = {3, 4, 5, IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS, IPV6_RECVRTHDR};
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(98)};

	(void)state;
	to.sin6_addr = in6addr_loopback;
	fd = berth_socket(pr.host[0], AF_INET6, SOCK_DGRAM, 0);
	assert_int_equal(berth_bind(pr.host[0], fd, SA(to), sizeof(to)), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		option(IPPROTO_IPV6, names[i]);
	assert_int_equal(berth_sendto(pr.host[0], fd, "x", 1, 0, SA(to), sizeof(to)), 1);
	assert_null(recv_with(IPPROTO_IPV6, IPV6_HOPOPTS));
}

static void overflow(void **state)
{
	const struct cmsghdr *c;
	uint32_t lost;
	char buf[4];

	(void)state;
	option(SOL_SOCKET, SO_RXQ_OVFL);
	for (int i = 0; i < 300; i++)
		assert_int_equal(berth_sendto(pr.host[0], fd, "x", 1, 0, SA(self), sizeof(self)),
				 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(berth_recv(pr.host[0], fd, buf, 4, 0), 1);
	c = recv_with(SOL_SOCKET, SO_RXQ_OVFL);
	assert_non_null(c);
	memcpy(&lost, CMSG_DATA(c), sizeof(lost));
	assert_in_range(lost, 10, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ttl_and_tos, setup, teardown),
		cmocka_unit_test_setup_teardown(pktinfo, setup, teardown),
		cmocka_unit_test_setup_teardown(timestamps, setup, teardown),
		cmocka_unit_test_setup_teardown(original_destination, setup, teardown),
		cmocka_unit_test_setup_teardown(no_extension_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(overflow, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
