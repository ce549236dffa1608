/* SPDX-License-Identifier: MIT */
/*
 * Options whose answer on the kernel depends on privileges or the machine, and what options do.
 * Values and errors that any kernel gives are compared in dual_test.c.
 * The table itself is walked as well: each option is there once, with its words.
 */
#include <net/if.h>
#include <netinet/tcp.h>

#include "../stack/pair.h"
#include "sock/opt.h"

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

/* Each option once, each with its words. */
static void table(void **state)
{
	struct opt_doc a, b;
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; opt_row(i, &a); i++) {
		assert_true(strlen(a.row->text) > 3);
		assert_true(strlen(a.row->symbol) > 5);
		for (unsigned j = 0; j < i && opt_row(j, &b); j++)
			assert_false(a.level == b.level && a.row->name == b.row->name);
		count++;
	}
	assert_true(count > 90);
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
	assert_int_equal(set(udp, SOL_SOCKET, SO_ZEROCOPY, 1), -EOPNOTSUPP);
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

/* A listener's options are its children's. */
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(table, setup, teardown),
		cmocka_unit_test_setup_teardown(privileges, setup, teardown),
		cmocka_unit_test_setup_teardown(devices, setup, teardown),
		cmocka_unit_test_setup_teardown(device_filters, setup, teardown),
		cmocka_unit_test_setup_teardown(wide_values, setup, teardown),
		cmocka_unit_test_setup_teardown(ip_options, setup, teardown),
		cmocka_unit_test_setup_teardown(path_mtu, setup, teardown),
		cmocka_unit_test_setup_teardown(groups, setup, teardown),
		cmocka_unit_test_setup_teardown(inherited, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
