/* SPDX-License-Identifier: MIT */
/*
 * A router of IPv6, packet by packet: fd09::/64 on eth0, fd0a::/64 on eth1.
 */
#include "../nethost6.h"

static struct nethost h;
static struct frame f;
static unsigned eth1;
static uint8_t data[2000];

#define FAR6 ip6("fd0a::2")

static int setup(void **state)
{
	struct ipaddr a = ip6("fd0a::1");
	struct ipaddr local = ip6("fe80::1");
	struct ipaddr far = FAR6;

	(void)state;
	nethost6_init(&h, 65);
	eth1 = nethost_add_eth(&h, "eth1", other_mac, IP(10, 1, 0, 1), 24);
	assert_int_equal(addr_add(h.net, eth1, &a, 64), 0);
	assert_int_equal(addr_add(h.net, h.eth, &local, 64), 0);
	conf6(&h, "all", "forwarding", 1);
	h.f.env.knobs.icmp6_ratelimit = 0;
	learn6(&h, PEER6, peer_mac);
	neigh_update(neigh_get(net_neighs(h.net), links_get(h.links, eth1), &far), peer_mac,
		     NEIGH_REACHABLE, 0);
	frames_drain(&h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static void give(struct ipaddr src, struct ipaddr dst, uint8_t hops, size_t bytes)
{
	struct ip6_header ip = ip6_header(src, dst, IPPROTO_UDP);

	ip.hop_limit = hops;
	frame_ip6(&f, &ip, data, bytes);
	frame_in(&h, &f);
}

static void one_hop_less(void **state)
{
	(void)state;
	give(PEER6, FAR6, 2, 1460);
	assert_true(frame_out(&h, &f));
	assert_addr(ip6_of(&f).dst, FAR6);
	assert_int_equal(ip6_of(&f).hop_limit, 1);
	assert_memory_equal(ether_of(&f).src, other_mac, 6);
	give(PEER6, FAR6, 1, 100);
	(void)icmp6_out(&h, &f, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEEDED_HOPS);
	assert_addr(ip6_of(&f).dst, PEER6);
	assert_addr(ip6_of(&f).src, ME6);
	assert_int_equal(drops_of(&h, DROP_IP6_HOPS), 1);
}

static void too_big(void **state)
{
	(void)state;
	assert_int_equal(netif_set_mtu(links_get(h.links, eth1), 1300), 0);
	give(PEER6, FAR6, 64, 1260);
	assert_true(frame_out(&h, &f));
	give(PEER6, FAR6, 64, 1261);
	assert_int_equal(icmp6_out(&h, &f, ICMP6_TOO_BIG, 0).info, 1300);
	assert_int_equal(drops_of(&h, DROP_IP6_TOO_BIG), 1);
}

/* RFC 4007 §9: link-local addresses stay on their link. */
static void scopes(void **state)
{
	struct ipaddr neighbour = ip6("fe80::2");

	(void)state;
	neigh_update(neigh_get(net_neighs(h.net), links_get(h.links, h.eth), &neighbour), peer_mac,
		     NEIGH_REACHABLE, 0);
	give(neighbour, FAR6, 64, 10);
	(void)icmp6_out(&h, &f, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_SCOPE);
	assert_addr(ip6_of(&f).dst, neighbour);
	give(PEER6, ip6("fe80::77"), 64, 10);
	give(ip6("::"), FAR6, 64, 10);
	give(PEER6, ip6("ff0e::1"), 64, 10);
	assert_int_equal(drops_of(&h, DROP_IP6_NOT_LOCAL), 3);
	assert_false(frame_out(&h, &f));
}

static void nowhere_to_go(void **state)
{
	struct route_config config = {
		.dst = ip6("2001:db8:1::"), .prefix_len = 48, .kind = ROUTE_UNREACHABLE};

	(void)state;
	give(PEER6, ip6("2001:db8::1"), 64, 10);
	(void)icmp6_out(&h, &f, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_ROUTE);
	assert_int_equal(route_add(h.net, &config), 0);
	give(PEER6, ip6("2001:db8:1::1"), 64, 10);
	(void)icmp6_out(&h, &f, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_ADDRESS);
	config.dst = ip6("2001:db8:2::");
	config.kind = ROUTE_PROHIBIT;
	assert_int_equal(route_add(h.net, &config), 0);
	give(PEER6, ip6("2001:db8:2::1"), 64, 10);
	(void)icmp6_out(&h, &f, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_PROHIBITED);
	assert_int_equal(drops_of(&h, DROP_IP6_NO_ROUTE), 3);
	/* A neighbour that does not answer. */
	give(PEER6, ip6("fd0a::77"), 64, 10);
	pass(&h, 3 * BERTH_SEC);
	assert_true(frame_out(&h, &f) && frame_out(&h, &f) && frame_out(&h, &f));
	(void)icmp6_out(&h, &f, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_ADDRESS);
	assert_addr(ip6_of(&f).dst, PEER6);
}

static void hosts_do_not_forward(void **state)
{
	(void)state;
	conf6(&h, "all", "forwarding", 0);
	give(PEER6, FAR6, 64, 10);
	assert_int_equal(drops_of(&h, DROP_IP6_NOT_LOCAL), 1);
	assert_false(frame_out(&h, &f));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(one_hop_less), T(too_big), T(scopes), T(nowhere_to_go), T(hosts_do_not_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
