/* SPDX-License-Identifier: MIT */
/*
 * Neighbour discovery, message by message (RFC 4861 §7 and §8): who is asked and answered, what is
 * believed of others, and which messages are not even read.
 */
#include "../nethost6.h"

static struct nethost h;
static struct frame f;

static int setup(void **state)
{
	(void)state;
	nethost6_init(&h, 67);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static struct neigh *peer(void)
{
	struct ipaddr a = PEER6;

	return neigh_find(net_neighs(h.net), links_get(h.links, h.eth), &a);
}

static struct nd_solicit solicit_out(void)
{
	struct nd_solicit m;
	struct reader r;

	(void)icmp6_out(&h, &f, ICMP6_NEIGHBOUR_SOLICIT, 0);
	assert_int_equal(ip6_of(&f).hop_limit, 255);
	r = reader_of(payload6_of(&f), ip6_of(&f).payload_bytes);
	assert_true(nd_solicit_parse(&r, &m));
	return m;
}

static struct nd_advert advert_out(void)
{
	struct nd_advert m;
	struct nd_option o;
	struct reader r;
	uint8_t mac[6];

	(void)icmp6_out(&h, &f, ICMP6_NEIGHBOUR_ADVERT, 0);
	assert_int_equal(ip6_of(&f).hop_limit, 255);
	r = reader_of(payload6_of(&f), ip6_of(&f).payload_bytes);
	assert_true(nd_advert_parse(&r, &m));
	assert_true(nd_option_next(&r, &o) && o.type == ND_OPTION_TARGET_MAC);
	assert_true(nd_option_mac(&o, mac));
	assert_memory_equal(mac, my_mac, 6);
	return m;
}

/* §7.2.2: to the solicited-node group, from the address of the packet that waits, three times. */
static void resolution(void **state)
{
	static const uint8_t group_mac[6] = {0x33, 0x33, 0xff, 0, 0, 2};
	const struct nd_advert answer = {.target = PEER6, .solicited = true, .override = true};

	(void)state;
	assert_int_equal(send6(&h, PEER6, "hello", 5, (struct ip_send){0}), 0);
	assert_addr(solicit_out().target, PEER6);
	assert_addr(ip6_of(&f).src, ME6);
	assert_addr(ip6_of(&f).dst, ip6("ff02::1:ff00:2"));
	assert_memory_equal(ether_of(&f).dst, group_mac, 6);
	pass(&h, BERTH_SEC);
	assert_addr(solicit_out().target, PEER6);
	advert_in(&h, PEER6, ME6, &answer, peer_mac);
	assert_int_equal(neigh_state(peer()), NEIGH_REACHABLE);
	assert_false(peer()->router);
	assert_true(frame_out(&h, &f));
	assert_memory_equal(ether_of(&f).dst, peer_mac, 6);
	assert_memory_equal(payload6_of(&f), "hello", 5);
	assert_false(frame_out(&h, &f));
}

/* §7.2.3, §7.2.4. */
static void we_are_asked(void **state)
{
	struct nd_advert m;

	(void)state;
	solicit_in(&h, PEER6, ip6("ff02::1:ff00:1"), ME6, peer_mac);
	m = advert_out();
	assert_addr(m.target, ME6);
	assert_true(m.solicited && m.override && !m.router);
	assert_addr(ip6_of(&f).dst, PEER6);
	assert_int_equal(neigh_state(peer()), NEIGH_DELAY); /* heard of, and answered */
	conf6(&h, "eth0", "forwarding", 1);
	solicit_in(&h, PEER6, ME6, ME6, peer_mac);
	assert_true(advert_out().router);
	/* One who wants the address for himself: all hear that it is ours. */
	solicit_in(&h, ip6("::"), ip6("ff02::1:ff00:1"), ME6, NULL);
	m = advert_out();
	assert_false(m.solicited);
	assert_addr(ip6_of(&f).dst, ip6("ff02::1"));
	solicit_in(&h, PEER6, ip6("ff02::1:ff00:1"), ip6("fd09::77"), peer_mac);
	assert_int_equal(drops_of(&h, DROP_ND_UNKNOWN), 1);
	assert_false(frame_out(&h, &f));
}

/* §7.1: hop limit 255, code 0, options with a length, no link address from nobody. */
static void what_is_not_read(void **state)
{
	const struct nd_solicit m = {ME6};
	const struct nd_advert to_all = {.target = PEER6, .solicited = true};
	struct ip6_header ip = ip6_header(PEER6, ME6, 0);
	uint8_t message[64];
	size_t bytes = nd_solicit_write(message, &m);

	(void)state;
	ip.hop_limit = 254;
	frame_icmp6(&f, &ip, message, bytes);
	frame_in(&h, &f);
	ip.hop_limit = 255;
	message[1] = 1;
	frame_icmp6(&f, &ip, message, bytes);
	frame_in(&h, &f);
	message[1] = 0;
	memset(message + bytes, 0, 8); /* an option of length 0 */
	nd_in(&h, PEER6, ME6, message, bytes + 8);
	nd_in(&h, PEER6, ME6, message, bytes - 1);
	solicit_in(&h, ip6("::"), ip6("ff02::1:ff00:1"), ME6, peer_mac);
	solicit_in(&h, ip6("::"), ME6, ME6, NULL);
	solicit_in(&h, PEER6, ME6, ip6("ff02::1"), peer_mac);
	advert_in(&h, PEER6, ip6("ff02::1"), &to_all, peer_mac);
	assert_int_equal(drops_of(&h, DROP_ND_MALFORMED), 8);
	assert_false(frame_out(&h, &f));
	assert_null(peer());
}

/* §7.2.5: by the flags. */
static void advertisements(void **state)
{
	struct nd_advert m = {.target = PEER6};

	(void)state;
	advert_in(&h, PEER6, ME6, &m, peer_mac); /* nobody asked */
	assert_null(peer());
	learn6(&h, PEER6, peer_mac);
	m.solicited = true;
	advert_in(&h, PEER6, ME6, &m, NULL); /* without an address it confirms the known one */
	assert_int_equal(neigh_state(peer()), NEIGH_REACHABLE);
	m.solicited = false;
	advert_in(&h, PEER6, ME6, &m, other_mac); /* another one, not to replace: doubt */
	assert_int_equal(neigh_state(peer()), NEIGH_STALE);
	assert_memory_equal(peer()->mac, peer_mac, 6);
	m.override = true;
	advert_in(&h, PEER6, ip6("ff02::1"), &m, other_mac);
	assert_memory_equal(peer()->mac, other_mac, 6);
	assert_int_equal(neigh_state(peer()), NEIGH_STALE);
	m.router = true;
	m.solicited = true;
	advert_in(&h, PEER6, ME6, &m, other_mac);
	assert_true(peer()->router);
	assert_int_equal(neigh_state(peer()), NEIGH_REACHABLE);
	m.target = ME6; /* somebody says that he is us */
	advert_in(&h, PEER6, ME6, &m, other_mac);
	assert_int_equal(drops_of(&h, DROP_ND_CONFLICT), 1);
}

/* Idle for long, then used: asked alone, three times, then everybody again. */
static void unreachability(void **state)
{
	(void)state;
	learn6(&h, PEER6, peer_mac);
	assert_int_equal(send6(&h, PEER6, "x", 1, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(neigh_state(peer()), NEIGH_DELAY);
	pass(&h, 5 * BERTH_SEC);
	for (int i = 0; i < 3; i++) {
		assert_addr(solicit_out().target, PEER6);
		assert_addr(ip6_of(&f).dst, PEER6);
		assert_memory_equal(ether_of(&f).dst, peer_mac, 6);
		pass(&h, BERTH_SEC);
	}
	assert_int_equal(neigh_state(peer()), NEIGH_FAILED);
}

static void route_through(const char *gateway)
{
	struct ipaddr gw = ip6(gateway);
	const struct route_config config = {.gateway = &gw, .ifindex = h.eth};

	assert_int_equal(route_add(h.net, &config), 0);
}

static struct ipaddr next_hop(const char *dst)
{
	struct ipaddr to = ip6(dst);
	struct ipaddr any = {{0}};
	struct ip_path path;

	assert_int_equal(ip_path_find(h.net, &to, &any, 0, &path), 0);
	return path.next_hop;
}

static void redirect_in(struct ipaddr from, const char *dst, const char *target)
{
	const struct nd_redirect m = {ip6(target), ip6(dst)};
	uint8_t message[64];
	size_t bytes = nd_redirect_write(message, &m);

	bytes += nd_option_write_mac(message + bytes, ND_OPTION_TARGET_MAC, other_mac);
	nd_in(&h, from, ME6, message, bytes);
}

/* §8.1, §8.3: from the router that is used now, to another one or to the host itself. */
static void redirects(void **state)
{
	struct ipaddr better = ip6("fe80::253");
	struct netif *n = links_get(h.links, h.eth);

	(void)state;
	route_through("fe80::254");
	assert_addr(next_hop("2001:db8::1"), ROUTER6);
	redirect_in(ip6("fe80::99"), "2001:db8::1", "fe80::253"); /* not our router */
	redirect_in(ip6("fd09::5"), "2001:db8::1", "fe80::253");  /* not link-local */
	redirect_in(ROUTER6, "2001:db8::1", "fd09::7");		  /* no router's address */
	redirect_in(ROUTER6, "ff0e::1", "ff0e::1");
	assert_addr(next_hop("2001:db8::1"), ROUTER6);
	redirect_in(ROUTER6, "2001:db8::1", "fe80::253");
	assert_addr(next_hop("2001:db8::1"), better);
	assert_addr(next_hop("2001:db8::2"), ROUTER6);
	assert_memory_equal(neigh_find(net_neighs(h.net), n, &better)->mac, other_mac, 6);
	redirect_in(ROUTER6, "2001:db8::2", "2001:db8::2");
	assert_addr(next_hop("2001:db8::2"), ip6("2001:db8::2"));
	conf6(&h, "eth0", "accept_redirects", 0);
	redirect_in(ROUTER6, "2001:db8::3", "fe80::253");
	assert_addr(next_hop("2001:db8::3"), ROUTER6);
	pass(&h, 601 * BERTH_SEC); /* they are forgotten, as path MTUs */
	assert_addr(next_hop("2001:db8::1"), ROUTER6);
}

static void routers_follow_no_redirects(void **state)
{
	(void)state;
	route_through("fe80::254");
	conf6(&h, "all", "forwarding", 1);
	redirect_in(ROUTER6, "2001:db8::1", "fe80::253");
	assert_addr(next_hop("2001:db8::1"), ROUTER6);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(resolution),
		T(we_are_asked),
		T(what_is_not_read),
		T(advertisements),
		T(unreachability),
		T(redirects),
		T(routers_follow_no_redirects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
