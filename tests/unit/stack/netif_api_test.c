/* SPDX-License-Identifier: MIT */
/*
 * Interfaces, addresses, routes and neighbours as a driver sets and lists them, and what changing
 * them does to programs.
 * The host of pair.h: lo and eth0, with a neighbour that answers.
 */
#include <net/if.h>

#include "pair.h"

static struct pair pr;
static struct berth_stack *st;

static int setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	st = pr.host[0];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_fini(&pr);
	return 0;
}

static int add(const char *name, uint32_t mtu)
{
	struct berth_netif_config config = {.name = name, .kind = BERTH_NETIF_ETHER, .mtu = mtu};

	return berth_netif_add(st, &config);
}

static void interfaces(void **state)
{
	struct berth_netif_info info;

	(void)state;
	assert_true(berth_netif_get(st, 0, &info));
	assert_string_equal(info.name, "lo");
	assert_int_equal(info.ifindex, 1);
	assert_int_equal(info.mtu, 65536);
	assert_true(berth_netif_get(st, 1, &info));
	assert_string_equal(info.name, "eth0");
	assert_int_equal(info.mtu, 1500);
	assert_false(berth_netif_get(st, 2, &info));
	assert_int_equal(add("eth0", 0), -EEXIST);
	assert_int_equal(add("", 0), -EINVAL);
	assert_int_equal(add("a-name-that-is-long", 0), -EINVAL);
	assert_int_equal(add("eth1", 67), -EINVAL);
	assert_int_equal(add("eth1", 9000), 3);
	assert_true(berth_netif_get(st, 2, &info));
	assert_int_equal(info.flags & IFF_UP, 0);
	assert_int_equal(info.mtu, 9000);
	assert_int_equal(berth_netif_set_mtu(st, 3, 66), -EINVAL);
	assert_int_equal(berth_netif_set_mtu(st, 3, 1400), 0);
	assert_int_equal(berth_netif_set_up(st, 3, true), 0);
	assert_int_equal(berth_netif_set_running(st, 3, true), 0);
	assert_true(berth_netif_get(st, 2, &info));
	assert_int_equal(info.mtu, 1400);
	assert_int_equal(info.flags & (IFF_UP | IFF_RUNNING), IFF_UP | IFF_RUNNING);
	assert_int_equal(berth_netif_set_external(st, 3, true), -ENODEV);
	assert_int_equal(berth_netif_remove(st, 3), 0);
	assert_int_equal(berth_netif_remove(st, 3), -ENODEV);
	assert_int_equal(berth_netif_set_up(st, 3, true), -ENODEV);
	assert_int_equal(berth_netif_set_running(st, 99, true), -ENODEV);
	assert_int_equal(berth_netif_set_mtu(st, 99, 1500), -ENODEV);
	assert_int_equal(berth_netif_set_features(st, 99, 0), -ENODEV);
}

static void addresses(void **state)
{
	struct sockaddr_in in = in_addr_of("10.0.0.1", 0);
	struct sockaddr bad = {.sa_family = AF_UNIX};
	struct berth_addr_info info;
	unsigned count = 0;

	(void)state;
	assert_int_equal(berth_addr_add(st, 2, SA(in), 24), -EEXIST);
	assert_int_equal(berth_addr_add(st, 9, SA(in), 24), -ENODEV);
	assert_int_equal(berth_addr_add(st, 2, SA(in), 33), -EINVAL);
	assert_int_equal(berth_addr_add(st, 2, &bad, 24), -EAFNOSUPPORT);
	while (berth_addr_get(st, count, &info))
		count++;
	assert_int_equal(count, 3); /* 127.0.0.1, ::1, 10.0.0.1 */
	assert_int_equal(info.ifindex, 2);
	assert_int_equal(info.prefix_len, 24);
	assert_memory_equal(&info.addr, &in, sizeof(in));
	assert_int_equal(berth_addr_del(st, 2, SA(in), 24), 0);
	assert_false(berth_addr_get(st, 2, &info));
	assert_int_not_equal(berth_addr_del(st, 2, SA(in), 24), 0);
}

static void routes(void **state)
{
	struct sockaddr_in any = in_addr_of("0.0.0.0", 0);
	struct sockaddr_in near = in_addr_of("10.0.0.2", 0);
	struct sockaddr_in far = in_addr_of("203.0.113.1", 0);
	struct berth_route_info info;
	bool seen = false;
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(berth_sendto(st, fd, "x", 1, 0, SA(far), sizeof(far)), -EINVAL);
	far.sin_port = htons(9);
	assert_int_equal(berth_sendto(st, fd, "x", 1, 0, SA(far), sizeof(far)), -ENETUNREACH);
	assert_int_equal(berth_route_add(st, SA(any), 0, SA(far), 0, 0), -ENETUNREACH);
	assert_int_equal(berth_route_add(st, SA(any), 0, SA(near), 0, 10), 0);
	assert_int_equal(berth_route_add(st, SA(any), 0, SA(near), 0, 10), -EEXIST);
	for (unsigned i = 0; berth_route_get(st, i, &info); i++) {
		if (info.prefix_len > 0)
			continue;
		seen = true;
		assert_int_equal(info.metric, 10);
		assert_int_equal(info.ifindex, 2);
		assert_memory_equal(&info.gateway, &near, sizeof(near));
	}
	assert_true(seen);
	assert_int_equal(berth_sendto(st, fd, "x", 1, 0, SA(far), sizeof(far)), 1);
	assert_int_equal(berth_route_del(st, SA(any), 0), 0);
	assert_int_not_equal(berth_route_del(st, SA(any), 0), 0);
	assert_int_equal(berth_sendto(st, fd, "x", 1, 0, SA(far), sizeof(far)), -ENETUNREACH);
}

static void neighbours(void **state)
{
	struct sockaddr_in to = in_addr_of("10.0.0.2", 9);
	struct berth_neigh_info info;
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(berth_sendto(st, fd, "x", 1, 0, SA(to), sizeof(to)), 1);
	pair_run(&pr, BERTH_MSEC);
	assert_true(berth_neigh_get(st, 0, &info));
	to.sin_port = 0;
	assert_memory_equal(&info.addr, &to, sizeof(to));
	assert_int_equal(info.ifindex, 2);
	assert_int_equal(info.state, 2); /* NUD_REACHABLE */
	assert_int_equal(info.mac[0] & 3, 2);
	assert_false(berth_neigh_get(st, 1, &info));
}

/* With an external lo, the driver carries what a host sends to itself. */
static void external_loopback(void **state)
{
	struct sockaddr_in at = in_addr_of("127.0.0.1", 99);
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);
	struct berth_packet *p;
	unsigned ifindex;
	char buf[4];
	char text[200];

	(void)state;
	pair_run(&pr, BERTH_MSEC);
	assert_int_equal(berth_netif_set_external(st, 1, true), 0);
	assert_int_equal(berth_bind(st, fd, SA(at), sizeof(at)), 0);
	assert_int_equal(berth_sendto(st, fd, "abc", 3, 0, SA(at), sizeof(at)), 3);
	assert_int_equal(berth_recv(st, fd, buf, 4, 0), -EAGAIN);
	p = berth_output(st, &ifindex);
	assert_non_null(p);
	assert_int_equal(ifindex, 1);
	assert_int_equal(berth_packet_bytes(p), 14 + 20 + 8 + 3);
	assert_true(berth_packet_print(p, text, sizeof(text)) > 20);
	assert_non_null(strstr(text, "127.0.0.1"));
	berth_input_packet(st, 1, p);
	assert_int_equal(berth_recv(st, fd, buf, 4, 0), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(interfaces, setup, teardown),
		cmocka_unit_test_setup_teardown(addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(routes, setup, teardown),
		cmocka_unit_test_setup_teardown(neighbours, setup, teardown),
		cmocka_unit_test_setup_teardown(external_loopback, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
