/* SPDX-License-Identifier: MIT */
/*
 * A host's life told again and again with the n-th allocation failing, for every n until none
 * fails: nothing leaks, nothing crashes.
 */
#include "../nethost6.h"

#include "net/mcast.h"

#define DATA_BYTES 9000u

static struct frame f;
static uint8_t data[DATA_BYTES];

static void receive(struct nethost *h)
{
	struct ip4_header ip = ip_header(PEER, ME, IPPROTO_ICMP);
	const struct icmp_header echo = {.type = ICMP4_ECHO};
	uint8_t message[2000];
	size_t bytes = icmp_message(message, &echo, data, 1000);

	ip.mf = true;
	frame_ip(&f, &ip, message, 504);
	frame_in(h, &f);
	ip.mf = false;
	ip.fragment_offset = 504;
	frame_ip(&f, &ip, message + 504, bytes - 504);
	frame_in(h, &f);
	ip = ip_header(PEER, ME, 99);
	frame_ip(&f, &ip, data, 100);
	frame_in(h, &f);
}

static void send_some(struct nethost *h, uint32_t dst)
{
	struct ipaddr any = ipaddr_from4(0);
	struct ipaddr to = ipaddr_from4(dst);
	const struct ip_send send = {.protocol = IPPROTO_UDP};
	struct berth_packet *p = packet_new(h->pool);
	struct ip_path path;

	if (p && packet_append_copy(p, data, DATA_BYTES) == 0 &&
	    ip_path_find(h->net, &to, &any, 0, &path) == 0)
		(void)ip_output(h->net, p, &path, &send);
	else
		packet_free(p);
}

/* A router's advertisement, and a datagram in two fragments. */
static void receive6(struct nethost *h)
{
	const struct nd_router_advert ra = {.lifetime = 1800};
	const struct nd_prefix prefix = {ip6("2001:db8::"), 64, true, true, 7200, 3600};
	const struct ip6_fragment fragments[2] = {{9, 0, IPPROTO_UDP, true},
						  {9, 504, IPPROTO_UDP, false}};
	const struct nd_redirect redirect = {ip6("fe80::253"), ip6("2001:db8:9::1")};
	uint8_t message[600];
	size_t bytes = nd_router_advert_write(message, &ra);

	bytes += nd_option_write_mac(message + bytes, ND_OPTION_SOURCE_MAC, peer_mac);
	bytes += nd_option_write_prefix(message + bytes, &prefix);
	nd_in(h, ROUTER6, ip6("ff02::1"), message, bytes);
	bytes = nd_redirect_write(message, &redirect);
	nd_in(h, ROUTER6, ME6, message, bytes);
	solicit_in(h, PEER6, ME6, ME6, peer_mac);
	for (size_t i = 0; i < 2; i++) {
		struct ip6_header ip = ip6_header(PEER6, ME6, IP6_FRAGMENT);

		ip6_fragment_write(message, &fragments[i]);
		memcpy(message + IP6_FRAGMENT_BYTES, data, 504);
		frame_ip6(&f, &ip, message, IP6_FRAGMENT_BYTES + 504);
		frame_in(h, &f);
	}
}

/* The same in IPv6: what an interface does by itself, an address that is asked for, a router's
 * words, fragments both ways, and a router of its own. */
static void live6(struct nethost *h)
{
	const char *const dsts[] = {"fd09::2", "2001:db8:9::1", "ff02::1", "fd09::1"};
	struct addr_config config = {.addr = ME6,
				     .prefix_len = 64,
				     .preferred_ns = 100 * BERTH_SEC,
				     .valid_ns = 200 * BERTH_SEC};
	struct netif *n = links_get(h->links, h->eth);
	struct ipaddr any = {{0}};
	struct ip_path path;

	(void)if6_conf_set(h->net, "eth0", "addr_gen_mode", 2);
	(void)addr_set(h->net, h->eth, &config);
	pass(h, 5 * BERTH_SEC);
	receive6(h);
	for (size_t i = 0; i < ARRAY_LEN(dsts); i++) {
		const struct ip_send send = {.protocol = IPPROTO_UDP};
		struct berth_packet *p = packet_new(h->pool);
		struct ipaddr to = ip6(dsts[i]);

		if (p && packet_append_copy(p, data, DATA_BYTES) == 0 &&
		    ip_path_find(h->net, &to, &any, h->eth, &path) == 0)
			(void)ip_output(h->net, p, &path, &send);
		else
			packet_free(p);
	}
	while (links_run(h->links))
		continue;
	(void)if6_conf_set(h->net, "all", "forwarding", 1);
	(void)if6_conf_set(h->net, "eth0", "adv_send", 1);
	pass(h, 300 * BERTH_SEC);
	netif_set_up(n, false);
	(void)links_remove(h->links, h->eth);
}

/* Everything that may fail may fail here; only what succeeded is built upon. */
static bool live(struct nethost *h)
{
	const struct berth_netif_config lo = {
		.name = "lo", .kind = BERTH_NETIF_LOOPBACK, .mtu = 65536, .features = 3};
	struct berth_netif_config eth = {.name = "eth0", .kind = BERTH_NETIF_ETHER};
	struct ipaddr localhost = ipaddr_from4(0x7f000001);
	struct ipaddr me = ipaddr_from4(ME);
	struct ipaddr group = ipaddr_from4(IP(239, 1, 1, 1));
	int index;

	memcpy(eth.mac, my_mac, 6);
	h->links = links_new(&h->f.env);
	h->net = h->links ? net_new(&h->f.env, h->links) : NULL;
	if (!h->net)
		return false;
	index = links_add(h->links, &lo);
	if (index < 0)
		return false;
	h->lo = (unsigned)index;
	netif_set_up(links_get(h->links, h->lo), true);
	index = links_add(h->links, &eth);
	if (index < 0)
		return false;
	h->eth = (unsigned)index;
	netif_set_up(links_get(h->links, h->eth), true);
	if (addr_add(h->net, h->lo, &localhost, 8) || addr_add(h->net, h->eth, &me, 24) ||
	    route_via(h, 0, 0, ROUTER) || mcast_join(h->net, h->eth, &group))
		return false;
	frame_arp(&f, my_mac, ARP_REQUEST, peer_mac, PEER, ME);
	frame_in(h, &f);
	receive(h);
	send_some(h, PEER);
	send_some(h, AFAR);
	send_some(h, IP(127, 0, 0, 1));
	send_some(h, IP(239, 1, 1, 1));
	while (links_run(h->links))
		continue;
	pass(h, 40 * BERTH_SEC);
	live6(h);
	return true;
}

static void every_allocation_may_fail(void **state)
{
	static struct nethost h;
	bool failed = true;

	(void)state;
	for (long at = 1; failed; at++) {
		memset(&h, 0, sizeof(h));
		fixture_init(&h.f, 10);
		h.f.env.limits = (struct berth_limits){.neighbours_max = 64,
						       .neighbour_queue_max = 4,
						       .frag_bytes_max = 1u << 20,
						       .frag_datagrams_max = 8,
						       .txq_packets_max = 100};
		h.f.env.knobs.ip_default_ttl = 64;
		h.pool = berth_pool_new(&h.f.env.mem, 0);
		assert_non_null(h.pool);
		h.f.env.pool = h.pool;
		/* The frames of the script have to exist. */
		for (unsigned i = 0; i < 4; i++)
			packet_free(packet_from(h.pool, data, 2000));
		h.f.calls = 0;
		h.f.fail_at = at;
		(void)live(&h);
		failed = h.f.calls >= at;
		h.f.fail_at = 0;
		net_free(h.net);
		links_free(h.links);
		assert_int_equal(pool_packets(h.pool), 0);
		berth_pool_free(h.pool);
		fixture_fini(&h.f);
		assert_true(at < 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
