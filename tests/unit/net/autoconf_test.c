/* SPDX-License-Identifier: MIT */
/*
 * A host that configures itself from what routers say (RFC 4861 §6.3, RFC 4862 §5.5, RFC 7559): its
 * default routers, its addresses and their lifetimes, the link's numbers; and how little a stranger
 * can do to it by saying such things. Duplicates are not asked for, but in dad_test.c.
 */
#include "../nethost6.h"

static struct nethost h;
static struct frame f;

#define LOCAL6 ip6("fe80::ff:fe00:1") /* of 02:00:00:00:00:01 */

static int setup(void **state)
{
	(void)state;
	nethost6_init(&h, 69);
	conf6(&h, "eth0", "dad_transmits", 0);
	conf6(&h, "eth0", "addr_gen_mode", 0);
	frames_drain(&h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

/* A router's advertisement with at most one prefix and an MTU. */
static void advert(struct ipaddr router, const struct nd_router_advert *m,
		   const struct nd_prefix *prefix, uint32_t mtu)
{
	uint8_t message[128];
	size_t bytes = nd_router_advert_write(message, m);

	bytes += nd_option_write_mac(message + bytes, ND_OPTION_SOURCE_MAC, peer_mac);
	if (prefix)
		bytes += nd_option_write_prefix(message + bytes, prefix);
	if (mtu)
		bytes += nd_option_write_mtu(message + bytes, mtu);
	nd_in(&h, router, ip6("ff02::1"), message, bytes);
}

static struct nd_prefix prefix_of(const char *text, uint32_t valid, uint32_t preferred)
{
	return (struct nd_prefix){ip6(text), 64, true, true, valid, preferred};
}

static const struct addr *entry(struct ipaddr a)
{
	return addr_entry(h.net, links_get(h.links, h.eth), &a);
}

/* Where packets to a stranger go; any: nowhere. */
static struct ipaddr gateway(void)
{
	struct ipaddr to = ip6("2001:db8:77::1");
	struct ipaddr any = {{0}};
	struct ip_path path;

	return ip_path_find(h.net, &to, &any, 0, &path) ? any : path.next_hop;
}

/* RFC 7559: after up to a second, then 4 s, 8 s, ... up to an hour; till a router answers. */
static void routers_are_solicited(void **state)
{
	const struct nd_router_advert m = {.lifetime = 1800};
	struct netif *n = links_get(h.links, h.eth);

	(void)state;
	netif_set_up(n, false);
	netif_set_up(n, true);
	assert_non_null(entry(LOCAL6));
	frames_drain(&h);
	while (!frame_out(&h, &f))
		pass(&h, BERTH_MSEC);
	assert_int_equal(icmp6_of(&f).type, ICMP6_ROUTER_SOLICIT);
	assert_addr(ip6_of(&f).src, LOCAL6);
	assert_addr(ip6_of(&f).dst, ip6("ff02::2"));
	assert_int_equal(ip6_of(&f).hop_limit, 255);
	for (int wait = 4; wait < 3600; wait *= 2) {
		pass(&h, (wait - 1) * BERTH_SEC);
		assert_false(frame_out(&h, &f));
		pass(&h, BERTH_SEC);
		(void)icmp6_out(&h, &f, ICMP6_ROUTER_SOLICIT, 0);
	}
	pass(&h, 3600 * BERTH_SEC);
	(void)icmp6_out(&h, &f, ICMP6_ROUTER_SOLICIT, 0);
	advert(ROUTER6, &m, NULL, 0);
	frames_drain(&h);
	pass(&h, 100000 * BERTH_SEC);
	assert_int_equal(frames_drain(&h), 0);
}

static void a_default_router(void **state)
{
	struct nd_router_advert m = {.lifetime = 100};
	struct ipaddr second = ip6("fe80::253");

	(void)state;
	assert_addr(gateway(), ip6("::"));
	advert(ROUTER6, &m, NULL, 0);
	assert_addr(gateway(), ROUTER6);
	m.preference = ND_PREFERENCE_HIGH; /* RFC 4191: another, which is better */
	advert(second, &m, NULL, 0);
	assert_addr(gateway(), second);
	pass(&h, 99 * BERTH_SEC);
	m.preference = ND_PREFERENCE_MEDIUM;
	advert(ROUTER6, &m, NULL, 0);
	pass(&h, 2 * BERTH_SEC); /* the second was not heard of again */
	assert_addr(gateway(), ROUTER6);
	m.lifetime = 0;
	advert(ROUTER6, &m, NULL, 0);
	assert_addr(gateway(), ip6("::"));
}

/* RFC 4861 §6.3.6: one that does not answer is not used while there is another. */
static void a_dead_router(void **state)
{
	const struct nd_router_advert m = {.lifetime = 1800};
	struct ipaddr second = ip6("fe80::253");

	(void)state;
	advert(ROUTER6, &m, NULL, 0);
	advert(second, &m, NULL, 0);
	frames_drain(&h);
	assert_addr(gateway(), ROUTER6);
	assert_int_equal(send6(&h, ip6("2001:db8:77::1"), "x", 1, (struct ip_send){0}), 0);
	pass(&h, 9 * BERTH_SEC); /* delay, then three questions */
	frames_drain(&h);
	assert_int_equal(send6(&h, ip6("2001:db8:77::1"), "x", 1, (struct ip_send){0}), 0);
	frames_drain(&h);
	assert_addr(gateway(), second);
}

/* RFC 4862 §5.5.3: an address, a route to the prefix, lifetimes. */
static void an_address_is_made(void **state)
{
	const struct nd_router_advert m = {.lifetime = 1800};
	const struct nd_prefix prefix = prefix_of("2001:db8:1::", 7300, 3600);
	struct ipaddr made = ip6("2001:db8:1::ff:fe00:1");
	struct ipaddr near = ip6("2001:db8:1::5");
	struct ipaddr any = {{0}};
	struct ip_path path;

	(void)state;
	advert(ROUTER6, &m, &prefix, 1400);
	assert_non_null(entry(made));
	assert_int_equal(entry(made)->flags & (ADDR_PERMANENT | ADDR_TENTATIVE), 0);
	assert_int_equal(ip_path_find(h.net, &near, &any, 0, &path), 0);
	assert_addr(path.next_hop, near);
	assert_addr(path.src, made);
	assert_int_equal(path.mtu, 1400);
	pass(&h, 3601 * BERTH_SEC);
	assert_int_equal(entry(made)->flags & ADDR_DEPRECATED, ADDR_DEPRECATED);
	assert_true(addr_is_local(h.net, &made));
	pass(&h, 3700 * BERTH_SEC);
	assert_null(entry(made));
	assert_int_equal(ip_path_find(h.net, &near, &any, 0, &path), -ENETUNREACH);
}

/* RFC 4862 §5.5.3 (e): nobody takes an address away in less than two hours. */
static void the_two_hour_rule(void **state)
{
	const struct nd_router_advert m = {.lifetime = 1800};
	struct nd_prefix prefix = prefix_of("2001:db8:1::", 2592000, 604800);
	struct ipaddr made = ip6("2001:db8:1::ff:fe00:1");

	(void)state;
	advert(ROUTER6, &m, &prefix, 0);
	prefix.valid = 10;
	prefix.preferred = 0;
	advert(ROUTER6, &m, &prefix, 0);
	assert_int_equal(entry(made)->valid_until - h.f.env.now, 7200 * BERTH_SEC);
	assert_int_equal(entry(made)->flags & ADDR_DEPRECATED, ADDR_DEPRECATED);
	pass(&h, 3600 * BERTH_SEC);
	advert(ROUTER6, &m, &prefix, 0);
	assert_int_equal(entry(made)->valid_until - h.f.env.now, 3600 * BERTH_SEC);
	prefix.valid = 7201;
	prefix.preferred = 100;
	advert(ROUTER6, &m, &prefix, 0);
	assert_int_equal(entry(made)->valid_until - h.f.env.now, 7201 * BERTH_SEC);
	assert_int_equal(entry(made)->flags & ADDR_DEPRECATED, 0);
	prefix.valid = prefix.preferred = ND_LIFETIME_INFINITE;
	advert(ROUTER6, &m, &prefix, 0);
	assert_int_equal(entry(made)->flags & ADDR_PERMANENT, ADDR_PERMANENT);
}

static void prefixes_that_make_none(void **state)
{
	const struct nd_router_advert m = {.lifetime = 1800};
	struct nd_prefix prefixes[] = {
		prefix_of("fe80::", 1000, 1000),     prefix_of("ff02::", 1000, 1000),
		prefix_of("2001:db8:1::", 100, 200), prefix_of("2001:db8:1::", 0, 0),
		prefix_of("2001:db8:1::", 100, 100), prefix_of("2001:db8:1::", 100, 100),
		prefix_of("2001:db8:1::", 100, 100),
	};
	unsigned before = 0;
	unsigned after = 0;

	(void)state;
	while (addr_nth(h.net, before))
		before++;
	prefixes[4].prefix_len = 56;
	prefixes[5].prefix_len = 200;
	prefixes[6].autonomous = false;
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		advert(ROUTER6, &m, &prefixes[i], 0);
	while (addr_nth(h.net, after))
		after++;
	assert_int_equal(after, before);
}

static void the_link(void **state)
{
	const struct nd_router_advert m = {
		.hop_limit = 37, .lifetime = 1800, .reachable_ms = 10000, .retrans_ms = 250};
	struct netif *n = links_get(h.links, h.eth);

	(void)state;
	advert(ROUTER6, &m, NULL, 1279); /* too little */
	advert(ROUTER6, &m, NULL, 9000); /* too much */
	assert_int_equal(if6_mtu(n), 1500);
	assert_int_equal(n->if6->conf.hop_limit, 37);
	assert_int_equal(n->nd_reachable_ns, 10 * BERTH_SEC);
	assert_int_equal(n->nd_retrans_ns, 250 * BERTH_MSEC);
}

/* From whom and by whom they are not taken. */
static void who_listens_to_whom(void **state)
{
	const struct nd_router_advert m = {.lifetime = 1800};

	(void)state;
	advert(PEER6, &m, NULL, 0); /* not link-local */
	assert_int_equal(drops_of(&h, DROP_ND_MALFORMED), 1);
	conf6(&h, "eth0", "accept_ra", 0);
	advert(ROUTER6, &m, NULL, 0);
	assert_addr(gateway(), ip6("::"));
	conf6(&h, "eth0", "accept_ra", 1);
	conf6(&h, "all", "forwarding", 1);
	advert(ROUTER6, &m, NULL, 0);
	assert_addr(gateway(), ip6("::"));
	conf6(&h, "eth0", "accept_ra", 2);
	advert(ROUTER6, &m, NULL, 0);
	assert_addr(gateway(), ROUTER6);
}

/* RFC 4861 §7.2.5: a router says that it is none any more. */
static void a_router_retires(void **state)
{
	const struct nd_router_advert m = {.lifetime = 1800};
	struct nd_advert na = {.target = ROUTER6, .override = true};

	(void)state;
	advert(ROUTER6, &m, NULL, 0);
	assert_addr(gateway(), ROUTER6);
	advert_in(&h, ROUTER6, ip6("ff02::1"), &na, peer_mac);
	assert_addr(gateway(), ip6("::"));
}

/* What would make us ask without end (Linux: ndisc_router_discovery()). */
static void times_that_are_too_short(void **state)
{
	const struct nd_router_advert m = {.lifetime = 1800, .reachable_ms = 1, .retrans_ms = 1};
	struct netif *n = links_get(h.links, h.eth);

	(void)state;
	advert(ROUTER6, &m, NULL, 0);
	assert_int_equal(n->nd_reachable_ns, 100 * BERTH_MSEC);
	assert_int_equal(n->nd_retrans_ns, 10 * BERTH_MSEC);
}

/* Strangers can make so many addresses, routers and prefixes, and no more. */
static void bounds(void **state)
{
	const struct nd_router_advert m = {.lifetime = 1800};
	unsigned addresses = 0;
	unsigned routers = 0;
	unsigned prefixes = 0;
	const struct route *r;
	const struct addr *a;

	(void)state;
	for (uint16_t i = 0; i < 100; i++) {
		struct nd_prefix prefix = prefix_of("2001:db8::", 1000, 1000);
		struct ipaddr router = ROUTER6;

		store_be16(prefix.prefix.bytes + 4, i);
		store_be16(router.bytes + 12, i);
		advert(router, &m, &prefix, 0);
		frames_drain(&h);
	}
	for (unsigned i = 0; (a = addr_nth(h.net, i)); i++)
		addresses += a->netif->ifindex == h.eth && !ipaddr_is4(&a->addr);
	for (unsigned i = 0; (r = route_nth(h.net, i)); i++) {
		routers += r->protocol == ROUTE_RA && r->prefix_len == 0;
		prefixes += r->protocol == ROUTE_RA && r->prefix_len == 64;
	}
	assert_int_equal(addresses, 16);
	assert_int_equal(routers, 16);
	assert_int_equal(prefixes, 64);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(routers_are_solicited),
		T(a_default_router),
		T(a_dead_router),
		T(an_address_is_made),
		T(the_two_hour_rule),
		T(prefixes_that_make_none),
		T(times_that_are_too_short),
		T(the_link),
		T(who_listens_to_whom),
		T(a_router_retires),
		T(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
