/* SPDX-License-Identifier: MIT */
/*
 * Paths, routes and addresses: which way a packet would take, and how that changes with the
 * world (Linux: ip_route_output_key_hash()).
 */
#include "../nethost.h"

static struct nethost h;
static struct ip_path path;
static const uint8_t eth1_mac[6] = {2, 0, 0, 0, 1, 1};

static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 6);
	path = (struct ip_path){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static int find(uint32_t dst, uint32_t src, unsigned ifindex)
{
	struct ipaddr d = ipaddr_from4(dst);
	struct ipaddr s = ipaddr_from4(src);

	return ip_path_find(h.net, &d, &s, ifindex, &path);
}

static void on_the_link(void **state)
{
	(void)state;
	assert_int_equal(find(PEER, 0, 0), 0);
	assert_int_equal(path.netif->ifindex, h.eth);
	assert_int_equal(ipaddr_to4(&path.src), ME);
	assert_int_equal(ipaddr_to4(&path.next_hop), PEER);
	assert_int_equal(path.mtu, 1500);
	assert_false(path.local || path.broadcast || path.multicast || path.gateway);
	assert_non_null(path.neigh);
}

static void through_a_router(void **state)
{
	(void)state;
	assert_int_equal(find(AFAR, 0, 0), -ENETUNREACH);
	assert_int_equal(route_via(&h, 0, 0, ROUTER), 0);
	assert_int_equal(find(AFAR, 0, 0), 0);
	assert_int_equal(ipaddr_to4(&path.next_hop), ROUTER);
	assert_int_equal(ipaddr_to4(&path.src), ME);
	assert_true(path.gateway);
}

static void to_this_host(void **state)
{
	(void)state;
	assert_int_equal(find(ME, 0, 0), 0);
	assert_true(path.local);
	assert_int_equal(path.netif->ifindex, h.lo);
	assert_int_equal(ipaddr_to4(&path.src), ME);
	assert_int_equal(path.mtu, 65535);
	/* Linux: all of 127/8 is local, and is sent to from 127.0.0.1. */
	assert_int_equal(find(IP(127, 0, 0, 53), 0, 0), 0);
	assert_true(path.local);
	assert_int_equal(ipaddr_to4(&path.src), IP(127, 0, 0, 1));
	/* BSD and Linux: 0.0.0.0 is this host. */
	assert_int_equal(find(0, 0, 0), 0);
	assert_int_equal(ipaddr_to4(&path.dst), IP(127, 0, 0, 1));
	assert_int_equal(find(0, ME, 0), 0);
	assert_int_equal(ipaddr_to4(&path.dst), ME);
}

static void broadcasts_and_groups(void **state)
{
	(void)state;
	assert_int_equal(find(IP(10, 0, 0, 255), 0, 0), 0);
	assert_true(path.broadcast);
	assert_int_equal(path.netif->ifindex, h.eth);
	/* Without a route nobody knows where to; with an interface or a source, it is clear. */
	assert_int_equal(find(0xffffffff, 0, 0), -ENETUNREACH);
	assert_int_equal(find(IP(239, 1, 2, 3), 0, 0), -ENETUNREACH);
	assert_int_equal(find(0xffffffff, 0, h.eth), 0);
	assert_true(path.broadcast);
	assert_int_equal(find(IP(239, 1, 2, 3), ME, 0), 0);
	assert_true(path.multicast);
	assert_int_equal(path.netif->ifindex, h.eth);
	/* Groups are not sent to the router. */
	assert_int_equal(route_via(&h, 0, 0, ROUTER), 0);
	assert_int_equal(find(IP(239, 1, 2, 3), 0, 0), 0);
	assert_int_equal(ipaddr_to4(&path.next_hop), IP(239, 1, 2, 3));
}

static void bad_arguments(void **state)
{
	(void)state;
	path.mtu = 4711;
	assert_int_equal(find(PEER, STRANGER, 0), -ENETUNREACH);
	assert_int_equal(find(PEER, IP(224, 0, 0, 1), 0), -EINVAL);
	assert_int_equal(find(PEER, 0, 99), -ENODEV);
	assert_int_equal(find(IP(0, 1, 2, 3), 0, 0), -EINVAL);
	/* RFC 1122 §3.2.1.3 (g): 127/8 stays inside. */
	assert_int_equal(find(PEER, IP(127, 0, 0, 1), 0), -EINVAL);
	assert_int_equal(path.mtu, 4711);
}

/* The longest prefix, then the smallest metric, then the oldest. */
static void the_best_route(void **state)
{
	struct route_config r = {.dst = ipaddr_from4(IP(192, 0, 2, 0)), .prefix_len = 24};
	struct ipaddr gw1 = ipaddr_from4(IP(10, 0, 0, 101));
	struct ipaddr gw2 = ipaddr_from4(IP(10, 0, 0, 102));

	(void)state;
	assert_int_equal(route_via(&h, 0, 0, ROUTER), 0);
	r.gateway = &gw1;
	r.metric = 20;
	assert_int_equal(route_add(h.net, &r), 0);
	assert_int_equal(find(AFAR, 0, 0), 0);
	assert_int_equal(ipaddr_to4(&path.next_hop), IP(10, 0, 0, 101));
	assert_int_equal(route_add(h.net, &r), -EEXIST);
	r.gateway = &gw2;
	r.metric = 10;
	assert_int_equal(route_add(h.net, &r), 0);
	assert_int_equal(ip_path_check(h.net, &path, 0), 0);
	assert_int_equal(ipaddr_to4(&path.next_hop), IP(10, 0, 0, 102));
	assert_int_equal(route_via(&h, AFAR, 32, ROUTER), 0);
	assert_int_equal(ip_path_check(h.net, &path, 0), 0);
	assert_int_equal(ipaddr_to4(&path.next_hop), ROUTER);
	/* And back again, as they go. */
	assert_int_equal(route_del(h.net, &path.dst, 32, 0), 0);
	assert_int_equal(route_del(h.net, &r.dst, 24, 0), 0);
	assert_int_equal(ip_path_check(h.net, &path, 0), 0);
	assert_int_equal(ipaddr_to4(&path.next_hop), IP(10, 0, 0, 101));
	assert_int_equal(route_del(h.net, &path.dst, 32, 0), -ESRCH);
}

static void routes_that_refuse(void **state)
{
	struct route_config r = {.dst = ipaddr_from4(IP(192, 0, 2, 0)), .prefix_len = 24};

	(void)state;
	r.kind = ROUTE_UNREACHABLE;
	assert_int_equal(route_add(h.net, &r), 0);
	assert_int_equal(find(AFAR, 0, 0), -EHOSTUNREACH);
	assert_int_equal(route_del(h.net, &r.dst, 24, 0), 0);
	r.kind = ROUTE_PROHIBIT;
	assert_int_equal(route_add(h.net, &r), 0);
	assert_int_equal(find(AFAR, 0, 0), -EACCES);
	assert_int_equal(route_del(h.net, &r.dst, 24, 0), 0);
	r.kind = ROUTE_BLACKHOLE;
	assert_int_equal(route_add(h.net, &r), 0);
	assert_int_equal(find(AFAR, 0, 0), -EINVAL);
}

static void bad_routes(void **state)
{
	(void)state;
	assert_int_equal(route_via(&h, IP(192, 0, 2, 1), 24, ROUTER), -EINVAL);
	assert_int_equal(route_via(&h, IP(192, 0, 2, 0), 33, ROUTER), -EINVAL);
	assert_int_equal(route_via(&h, IP(192, 0, 2, 0), 24, AFAR), -ENETUNREACH);
	assert_int_equal(route_via(&h, IP(192, 0, 2, 0), 24, ME), -EINVAL);
}

/* A listing of routes is in one order, whatever the order of adding. */
static void listing(void **state)
{
	static const uint32_t expected[] = {0, IP(10, 0, 0, 0), IP(172, 16, 0, 0), AFAR};
	unsigned i = 0;

	(void)state;
	assert_int_equal(route_via(&h, AFAR, 32, ROUTER), 0);
	assert_int_equal(route_via(&h, 0, 0, ROUTER), 0);
	assert_int_equal(route_via(&h, IP(172, 16, 0, 0), 12, ROUTER), 0);
	for (const struct route *r; (r = route_nth(h.net, i)); i++)
		assert_int_equal(ipaddr_to4(&r->dst), expected[i]);
	assert_int_equal(i, ARRAY_LEN(expected));
}

/* A path found before the world changed is found again, or fails. */
static void interfaces_come_and_go(void **state)
{
	unsigned eth1;

	(void)state;
	eth1 = nethost_add_eth(&h, "eth1", eth1_mac, IP(10, 1, 0, 1), 16);
	assert_int_equal(find(IP(10, 1, 2, 3), 0, 0), 0);
	assert_int_equal(path.netif->ifindex, eth1);
	netif_set_mtu(path.netif, 1400);
	assert_int_equal(ip_path_check(h.net, &path, 0), 0);
	assert_int_equal(path.mtu, 1400);
	netif_set_up(path.netif, false);
	assert_int_equal(ip_path_check(h.net, &path, 0), -ENETUNREACH);
	netif_set_up(links_get(h.links, eth1), true);
	assert_int_equal(ip_path_check(h.net, &path, 0), 0);
	struct ip_path stale = path;

	assert_int_equal(links_remove(h.links, eth1), 0);
	/* Whoever has not looked again finds it down, not freed. */
	assert_false(netif_usable(stale.netif));
	assert_true(netif_tx_space(stale.netif));
	assert_true(ip_output(h.net, payload_packet(&h, "x", 1), &stale,
			      &(struct ip_send){.protocol = IPPROTO_UDP}) < 0);
	assert_true(ip_path_check(h.net, &path, 0) < 0);
	assert_int_equal(links_remove(h.links, eth1), -ENODEV);
}

/* Two addresses in one subnet: the first is sent from; when it goes, the other takes over. */
static void secondary_addresses(void **state)
{
	struct ipaddr first = ipaddr_from4(ME);
	struct ipaddr second = ipaddr_from4(IP(10, 0, 0, 9));

	(void)state;
	assert_int_equal(addr_add(h.net, h.eth, &second, 24), 0);
	assert_int_equal(addr_add(h.net, h.eth, &second, 24), -EEXIST);
	assert_int_equal(find(PEER, 0, 0), 0);
	assert_int_equal(ipaddr_to4(&path.src), ME);
	assert_int_equal(addr_del(h.net, h.eth, &first, 24), 0);
	assert_int_equal(find(PEER, 0, 0), 0);
	assert_int_equal(ipaddr_to4(&path.src), IP(10, 0, 0, 9));
	assert_int_equal(addr_del(h.net, h.eth, &second, 24), 0);
	assert_int_equal(find(PEER, 0, 0), -ENETUNREACH);
}

static void kinds(void **state)
{
	static const struct {
		uint32_t address;
		enum ip_kind kind;
	} cases[] = {
		{ME, IP_KIND_LOCAL},
		{IP(127, 1, 2, 3), IP_KIND_LOCAL},
		{PEER, IP_KIND_OTHER},
		{IP(10, 0, 0, 255), IP_KIND_BROADCAST},
		{0xffffffff, IP_KIND_BROADCAST},
		{IP(224, 0, 0, 5), IP_KIND_MULTICAST},
		{IP(10, 0, 0, 0), IP_KIND_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ipaddr a = ipaddr_from4(cases[i].address);

		assert_int_equal(ip_kind_of(h.net, &a), cases[i].kind);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(on_the_link),
		T(through_a_router),
		T(to_this_host),
		T(broadcasts_and_groups),
		T(bad_arguments),
		T(the_best_route),
		T(routes_that_refuse),
		T(bad_routes),
		T(listing),
		T(interfaces_come_and_go),
		T(secondary_addresses),
		T(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
