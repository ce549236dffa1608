/* SPDX-License-Identifier: MIT */
/*
 * Options whose answer on the kernel depends on privileges or the machine, and what options do.
 * Values and errors that any kernel gives are compared in dual_test.c.
 */
#include <net/if.h>
#include <netinet/tcp.h>

#include "../stack/pair.h"

/* Linux's numbers that libc's headers may lack. */
#ifndef TCP_SAVE_SYN
#define TCP_SAVE_SYN 27
#define TCP_SAVED_SYN 28
#endif
#ifndef TCP_INQ
#define TCP_INQ 36
#define TCP_CM_INQ TCP_INQ
#endif

static struct pair pr;
static int udp, tcp;

static int setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	udp = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);
	tcp = berth_socket(pr.host[0], AF_INET, SOCK_STREAM, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_fini(&pr);
	return 0;
}

static int set(int fd, int level, int name, int value)
{
	return berth_setsockopt(pr.host[0], fd, level, name, &value, sizeof(value));
}

static int get(int fd, int level, int name)
{
	int value = -12345;
	socklen_t len = sizeof(value);

	assert_int_equal(berth_getsockopt(pr.host[0], fd, level, name, &value, &len), 0);
	assert_int_equal(len, sizeof(value));
	return value;
}

static void privileges(void **state)
{
	(void)state;
	assert_int_equal(set(udp, SOL_SOCKET, SO_DEBUG, 1), 0);
	assert_int_equal(get(udp, SOL_SOCKET, SO_DEBUG), 1);
	assert_int_equal(set(udp, SOL_SOCKET, SO_MARK, 17), 0);
	assert_int_equal(get(udp, SOL_SOCKET, SO_MARK), 17);
	assert_int_equal(set(udp, SOL_SOCKET, SO_PRIORITY, 7), 0);
	assert_int_equal(get(udp, SOL_SOCKET, SO_PRIORITY), 7);
	assert_int_equal(set(udp, SOL_SOCKET, SO_RCVBUFFORCE, 100000000), 0);
	assert_int_equal(get(udp, SOL_SOCKET, SO_RCVBUF), 200000000);
	assert_int_equal(set(udp, SOL_SOCKET, SO_SNDBUFFORCE, 100000000), 0);
	assert_int_equal(get(udp, SOL_SOCKET, SO_SNDBUF), 200000000);
	assert_int_equal(set(udp, IPPROTO_IP, IP_TRANSPARENT, 1), 0);
	assert_int_equal(get(udp, IPPROTO_IP, IP_TRANSPARENT), 1);
	assert_int_equal(set(udp, SOL_SOCKET, SO_ZEROCOPY, 1), 0);
}

static void devices(void **state)
{
	char name[IF_NAMESIZE] = "";
	socklen_t len = sizeof(name);

	(void)state;
	assert_int_equal(berth_getsockopt(pr.host[0], udp, SOL_SOCKET, SO_BINDTODEVICE, name, &len),
			 0);
	assert_int_equal(len, 0);
	assert_int_equal(berth_setsockopt(pr.host[0], udp, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4),
			 0);
	len = sizeof(name);
	assert_int_equal(berth_getsockopt(pr.host[0], udp, SOL_SOCKET, SO_BINDTODEVICE, name, &len),
			 0);
	assert_string_equal(name, "eth0");
	assert_int_equal(len, 5);
	len = 4;
	assert_int_equal(berth_getsockopt(pr.host[0], udp, SOL_SOCKET, SO_BINDTODEVICE, name, &len),
			 -EINVAL);
	assert_int_equal(get(udp, SOL_SOCKET, SO_BINDTOIFINDEX), 2);
	assert_int_equal(berth_setsockopt(pr.host[0], udp, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3),
			 0);
	assert_int_equal(get(udp, SOL_SOCKET, SO_BINDTOIFINDEX), 1);
	assert_int_equal(berth_setsockopt(pr.host[0], udp, SOL_SOCKET, SO_BINDTODEVICE, "", 1), 0);
	assert_int_equal(get(udp, SOL_SOCKET, SO_BINDTOIFINDEX), 0);
}

/* Packets of another interface do not reach it. */
static void device_filters(void **state)
{
	struct sockaddr_in at = in_addr_of("0.0.0.0", 99);
	struct sockaddr_in to = in_addr_of("127.0.0.1", 99);
	int client = berth_socket(pr.host[1], AF_INET, SOCK_DGRAM, 0);
	char buf[4];

	(void)state;
	assert_int_equal(berth_setsockopt(pr.host[0], udp, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4),
			 0);
	assert_int_equal(berth_bind(pr.host[0], udp, SA(at), sizeof(at)), 0);
	int local = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(berth_sendto(pr.host[0], local, "x", 1, 0, SA(to), sizeof(to)), 1);
	assert_int_equal(berth_recv(pr.host[0], udp, buf, 4, 0), -EAGAIN);
	to = in_addr_of("10.0.0.1", 99);
	assert_int_equal(berth_sendto(pr.host[1], client, "x", 1, 0, SA(to), sizeof(to)), 1);
	pair_run(&pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr.host[0], udp, buf, 4, 0), 1);
}

static void wide_values(void **state)
{
	uint64_t rate = UINT64_C(10000000000);
	uint64_t got = 0;
	uint64_t cookie[2];
	socklen_t len = sizeof(got);

	(void)state;
	assert_int_equal(berth_setsockopt(pr.host[0], tcp, SOL_SOCKET, SO_MAX_PACING_RATE, &rate,
					  sizeof(rate)),
			 0);
	assert_int_equal(
		berth_getsockopt(pr.host[0], tcp, SOL_SOCKET, SO_MAX_PACING_RATE, &got, &len), 0);
	assert_true(got == rate);
	assert_int_equal(get(tcp, SOL_SOCKET, SO_MAX_PACING_RATE), -1);
	for (int i = 0; i < 2; i++) {
		len = sizeof(cookie[i]);
		assert_int_equal(berth_getsockopt(pr.host[0], i ? tcp : udp, SOL_SOCKET, SO_COOKIE,
						  &cookie[i], &len),
				 0);
	}
	assert_true(cookie[0] != cookie[1]);
	len = 4;
	assert_int_equal(berth_getsockopt(pr.host[0], tcp, SOL_SOCKET, SO_COOKIE, &got, &len),
			 -EINVAL);
}

static void ip_options(void **state)
{
	static const uint8_t route[11] = {7, 11, 4};
	static const uint8_t source_route[7] = {131, 7, 4, 10, 0, 0, 2};
	uint8_t got[40];
	socklen_t len = sizeof(got);

	(void)state;
	assert_int_equal(
		berth_setsockopt(pr.host[0], udp, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)), 0);
	assert_int_equal(berth_getsockopt(pr.host[0], udp, IPPROTO_IP, IP_OPTIONS, got, &len), 0);
	assert_int_equal(len, 12);
	assert_memory_equal(got, route, sizeof(route));
	assert_int_equal(berth_setsockopt(pr.host[0], udp, IPPROTO_IP, IP_OPTIONS, source_route,
					  sizeof(source_route)),
			 -EINVAL);
	assert_int_equal(berth_setsockopt(pr.host[0], udp, IPPROTO_IP, IP_OPTIONS, "\7\2", 2),
			 -EINVAL);
	assert_int_equal(berth_setsockopt(pr.host[0], udp, IPPROTO_IP, IP_OPTIONS, "\7\20", 2),
			 -EINVAL);
	assert_int_equal(berth_setsockopt(pr.host[0], udp, IPPROTO_IP, IP_OPTIONS, NULL, 0), 0);
	len = sizeof(got);
	assert_int_equal(berth_getsockopt(pr.host[0], udp, IPPROTO_IP, IP_OPTIONS, got, &len), 0);
	assert_int_equal(len, 0);
}

static void path_mtu(void **state)
{
	struct sockaddr_in to = in_addr_of("10.0.0.2", 9);
	int value;
	socklen_t len = sizeof(value);

	(void)state;
	assert_int_equal(berth_getsockopt(pr.host[0], udp, IPPROTO_IP, IP_MTU, &value, &len),
			 -ENOTCONN);
	assert_int_equal(berth_connect(pr.host[0], udp, SA(to), sizeof(to)), 0);
	assert_int_equal(get(udp, IPPROTO_IP, IP_MTU), 1500);
	/* With IP_PMTUDISC_DO nothing is fragmented. */
	static char big[2000];

	assert_int_equal(berth_send(pr.host[0], udp, big, sizeof(big), 0), sizeof(big));
	assert_int_equal(set(udp, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO), 0);
	assert_int_equal(berth_send(pr.host[0], udp, big, sizeof(big), 0), -EMSGSIZE);
	assert_int_equal(berth_send(pr.host[0], udp, big, 1472, 0), 1472);
}

static void groups(void **state)
{
	struct group_req req = {.gr_interface = 2};
	struct sockaddr_in group = in_addr_of("239.1.1.1", 0);

	(void)state;
	memcpy(&req.gr_group, &group, sizeof(group));
	assert_int_equal(
		berth_setsockopt(pr.host[0], udp, IPPROTO_IP, MCAST_LEAVE_GROUP, &req, sizeof(req)),
		-EADDRNOTAVAIL);
	assert_int_equal(
		berth_setsockopt(pr.host[0], udp, IPPROTO_IP, MCAST_JOIN_GROUP, &req, sizeof(req)),
		0);
	assert_int_equal(
		berth_setsockopt(pr.host[0], udp, IPPROTO_IP, MCAST_LEAVE_GROUP, &req, sizeof(req)),
		0);
	/* net.ipv4.igmp_max_memberships */
	for (uint32_t i = 0; i < 21; i++) {
		struct ip_mreqn mr = {.imr_multiaddr.s_addr = htonl(0xef000001 + i),
				      .imr_ifindex = 2};

		assert_int_equal(berth_setsockopt(pr.host[0], udp, IPPROTO_IP, IP_ADD_MEMBERSHIP,
						  &mr, sizeof(mr)),
				 i < 20 ? 0 : -ENOBUFS);
	}
}

/* A listener's options are its children's, but for its priority. */
static void inherited(void **state)
{
	struct sockaddr_in at = in_addr_of("127.0.0.1", 80);
	int client = berth_socket(pr.host[0], AF_INET, SOCK_STREAM, 0);
	int child;

	(void)state;
	assert_int_equal(set(tcp, SOL_SOCKET, SO_KEEPALIVE, 1), 0);
	assert_int_equal(set(tcp, SOL_SOCKET, SO_RCVBUF, 30000), 0);
	assert_int_equal(set(tcp, IPPROTO_IP, IP_TTL, 9), 0);
	assert_int_equal(set(tcp, IPPROTO_TCP, TCP_NODELAY, 1), 0);
	assert_int_equal(set(tcp, SOL_SOCKET, SO_PRIORITY, 5), 0);
	assert_int_equal(berth_bind(pr.host[0], tcp, SA(at), sizeof(at)), 0);
	assert_int_equal(berth_listen(pr.host[0], tcp, 1), 0);
	assert_int_equal(berth_connect(pr.host[0], client, SA(at), sizeof(at)), -EINPROGRESS);
	child = berth_accept(pr.host[0], tcp, NULL, NULL);
	assert_true(child > 0);
	assert_int_equal(get(child, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(get(child, SOL_SOCKET, SO_RCVBUF), 60000);
	assert_int_equal(get(child, IPPROTO_IP, IP_TTL), 9);
	assert_int_equal(get(child, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(get(child, SOL_SOCKET, SO_ACCEPTCONN), 0);
	/* Linux: sk_clone_lock() begins anew with it. */
	assert_int_equal(get(child, SOL_SOCKET, SO_PRIORITY), 0);
	assert_int_equal(get(tcp, SOL_SOCKET, SO_PRIORITY), 5);
}

/* A connection from host 1 to `port` of host 0's listener `tcp`: both ends. */
static void join(uint16_t port, int *out_client, int *out_child)
{
	struct sockaddr_in at = in_addr_of("10.0.0.1", port);

	assert_int_equal(berth_bind(pr.host[0], tcp, SA(at), sizeof(at)), 0);
	assert_int_equal(berth_listen(pr.host[0], tcp, 1), 0);
	*out_client = berth_socket(pr.host[1], AF_INET, SOCK_STREAM, 0);
	assert_int_equal(berth_connect(pr.host[1], *out_client, SA(at), sizeof(at)), -EINPROGRESS);
	pair_run(&pr, 10 * BERTH_MSEC);
	*out_child = berth_accept(pr.host[0], tcp, NULL, NULL);
	assert_true(*out_child > 0);
}

/* TCP_SAVE_SYN: the headers, once; with 2 the link's as well. */
static void saved_syn(void **state)
{
	uint8_t syn[200];
	socklen_t len = sizeof(syn);
	int client, child;

	(void)state;
	assert_int_equal(set(tcp, IPPROTO_TCP, TCP_SAVE_SYN, 2), 0);
	join(80, &client, &child);
	len = 20;
	assert_int_equal(berth_getsockopt(pr.host[0], child, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len),
			 -EINVAL);
	len = sizeof(syn);
	assert_int_equal(berth_getsockopt(pr.host[0], child, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len),
			 0);
	assert_int_equal(len, 14 + 20 + 40);
	assert_int_equal(syn[12] << 8 | syn[13], 0x800);
	assert_int_equal(syn[14], 0x45);
	assert_int_equal(syn[14 + 20 + 3], 80);
	assert_int_equal(syn[14 + 20 + 13], 0x02);
	len = sizeof(syn);
	assert_int_equal(berth_getsockopt(pr.host[0], child, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len),
			 0);
	assert_int_equal(len, 0);
}

/* TCP_INQ: what is left, and one more when the end is. */
static void bytes_left(void **state)
{
	_Alignas(struct cmsghdr) char control[64];
	char buf[4];
	struct iovec iov = {buf, 4};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	static const int left[] = {6, 2, 1};
	int client, child;

	(void)state;
	join(80, &client, &child);
	assert_int_equal(set(child, IPPROTO_TCP, TCP_INQ, 1), 0);
	assert_int_equal(berth_send(pr.host[1], client, "0123456789", 10, 0), 10);
	assert_int_equal(berth_shutdown(pr.host[1], client, SHUT_WR), 0);
	pair_run(&pr, 10 * BERTH_MSEC);
	for (int i = 0; i < 3; i++) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		assert_int_equal(berth_recvmsg(pr.host[0], child, &msg, 0), i < 2 ? 4 : 2);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		assert_non_null(c);
		assert_int_equal(c->cmsg_level, IPPROTO_TCP);
		assert_int_equal(c->cmsg_type, TCP_CM_INQ);
		assert_int_equal(*(int *)(void *)CMSG_DATA(c), left[i]);
	}
}

/* The fields from pacing_rate on, which libc's struct may lack: offsets of the kernel's. */
static uint64_t info_u64(int host, int fd, size_t offset)
{
	uint8_t info[256] = {0};
	socklen_t len = sizeof(info);
	uint64_t value;

	assert_int_equal(berth_getsockopt(pr.host[host], fd, IPPROTO_TCP, TCP_INFO, info, &len), 0);
	assert_true(len >= offset + sizeof(value));
	memcpy(&value, info + offset, sizeof(value));
	return value;
}

#define INFO_PACING_RATE 104
#define INFO_DELIVERY_RATE 160
#define INFO_BUSY_TIME 168
#define INFO_RWND_LIMITED 176
#define INFO_SNDBUF_LIMITED 184

/* A reader that does not read holds the writer up for two seconds of three. */
static void what_limits(void **state)
{
	static char buf[65536];
	int client, child;
	uint64_t rwnd, busy;

	(void)state;
	assert_int_equal(set(tcp, SOL_SOCKET, SO_RCVBUF, 30000), 0);
	join(80, &client, &child);
	assert_true(info_u64(1, client, INFO_BUSY_TIME) == 0);
	pair_run(&pr, BERTH_SEC);
	assert_true(berth_send(pr.host[1], client, buf, sizeof(buf), 0) > 40000);
	pair_run(&pr, 2 * BERTH_SEC);
	rwnd = info_u64(1, client, INFO_RWND_LIMITED);
	busy = info_u64(1, client, INFO_BUSY_TIME);
	assert_in_range(rwnd, 1900000, 2000000);
	assert_in_range(busy, rwnd, 2000000);
	while (berth_recv(pr.host[0], child, buf, sizeof(buf), 0) > 0)
		pair_run(&pr, 300 * BERTH_MSEC);
	pair_run(&pr, BERTH_SEC);
	busy = info_u64(1, client, INFO_BUSY_TIME);
	/* All is delivered: the clocks stand. */
	pair_run(&pr, BERTH_SEC);
	assert_true(info_u64(1, client, INFO_BUSY_TIME) == busy);
	assert_true(info_u64(1, client, INFO_SNDBUF_LIMITED) == 0);
	assert_true(info_u64(1, client, INFO_DELIVERY_RATE) > 0);
	assert_true(info_u64(1, client, INFO_PACING_RATE) > 0);
	assert_true(info_u64(1, client, INFO_PACING_RATE) < UINT64_MAX);
}

/* What cannot be read is found out where Linux copies it: after the length, the name or neither. */
static void missing_values(void **state)
{
	int raw6 = berth_socket(pr.host[0], AF_INET6, SOCK_RAW, 200);
	struct berth_stack *st = pr.host[0];
	int value = 0;
	socklen_t len = sizeof(value);

	(void)state;
	assert_int_equal(berth_setsockopt(st, tcp, SOL_SOCKET, SO_KEEPALIVE, NULL, 4), -EFAULT);
	assert_int_equal(berth_setsockopt(st, tcp, SOL_SOCKET, SO_KEEPALIVE, NULL, 1), -EINVAL);
	assert_int_equal(berth_setsockopt(st, tcp, IPPROTO_TCP, TCP_NODELAY, NULL, 1), -EINVAL);
	assert_int_equal(berth_setsockopt(st, tcp, IPPROTO_IP, IP_TTL, NULL, 1), -EFAULT);
	assert_int_equal(berth_setsockopt(st, udp, IPPROTO_IP, IP_MTU, NULL, 4), -ENOPROTOOPT);
	assert_int_equal(berth_setsockopt(st, raw6, IPPROTO_IPV6, IPV6_TCLASS, NULL, 4), -EFAULT);
	assert_int_equal(berth_setsockopt(st, raw6, IPPROTO_IPV6, IPV6_TCLASS, NULL, 1), -EINVAL);
	/* A level that the socket's protocol lacks, and one that its family lacks. */
	assert_int_equal(berth_getsockopt(st, raw6, IPPROTO_ICMPV6, 1, &value, &len), -EOPNOTSUPP);
	assert_int_equal(berth_getsockopt(st, raw6, IPPROTO_TCP, 1, &value, &len), -ENOPROTOOPT);
	assert_int_equal(berth_getsockopt(st, udp, IPPROTO_TCP, 1, &value, &len), -EOPNOTSUPP);
	assert_int_equal(berth_close(st, raw6), 0);
}

/* Linux: what a value does not say is as at first. */
static void preferences(void **state)
{
	int udp6 = berth_socket(pr.host[0], AF_INET6, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(set(udp6, IPPROTO_IPV6, 72, 0x1), 0);
	assert_int_equal(get(udp6, IPPROTO_IPV6, 72), 0x401);
	assert_int_equal(set(udp6, IPPROTO_IPV6, 72, 0x4), 0);
	assert_int_equal(get(udp6, IPPROTO_IPV6, 72), 0x104);
	assert_int_equal(set(udp6, IPPROTO_IPV6, 72, 0), 0);
	assert_int_equal(get(udp6, IPPROTO_IPV6, 72), 0x500);
	assert_int_equal(berth_close(pr.host[0], udp6), 0);
}

/* Who routes nothing reaches neighbours, and no one behind a router. */
static void dontroute(void **state)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
	struct sockaddr_in any = in_addr_of("0.0.0.0", 0);
	struct sockaddr_in router = in_addr_of("10.0.0.2", 9);
	struct sockaddr_in far = in_addr_of("10.9.9.9", 9);

	(void)state;
	assert_int_equal(berth_route_add(pr.host[0], SA(any), 0, SA(router), 0, 0), 0);
	for (size_t i = 0; i < 2; i++) {
		int fd = berth_socket(pr.host[0], AF_INET, types[i], 0);
		int begun = types[i] == SOCK_STREAM ? -EINPROGRESS : 0;
		int on = 1;

		assert_int_equal(
			berth_setsockopt(pr.host[0], fd, SOL_SOCKET, SO_DONTROUTE, &on, sizeof(on)),
			0);
		assert_int_equal(berth_connect(pr.host[0], fd, SA(far), sizeof(far)), -ENETUNREACH);
		assert_int_equal(berth_connect(pr.host[0], fd, SA(router), sizeof(router)), begun);
		berth_close(pr.host[0], fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(privileges, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_values, setup, teardown),
		cmocka_unit_test_setup_teardown(preferences, setup, teardown),
		cmocka_unit_test_setup_teardown(dontroute, setup, teardown),
		cmocka_unit_test_setup_teardown(devices, setup, teardown),
		cmocka_unit_test_setup_teardown(device_filters, setup, teardown),
		cmocka_unit_test_setup_teardown(wide_values, setup, teardown),
		cmocka_unit_test_setup_teardown(ip_options, setup, teardown),
		cmocka_unit_test_setup_teardown(path_mtu, setup, teardown),
		cmocka_unit_test_setup_teardown(groups, setup, teardown),
		cmocka_unit_test_setup_teardown(inherited, setup, teardown),
		cmocka_unit_test_setup_teardown(saved_syn, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_left, setup, teardown),
		cmocka_unit_test_setup_teardown(what_limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
