/* SPDX-License-Identifier: MIT */
/*
 * A router between two links: what passes and what comes back instead (RFC 1812 §5).
 * The far link has the smaller MTU.
 */
#include "../nethost.h"

static struct nethost h;
static struct frame f;
static unsigned eth1;
static uint8_t data[4000];
static const uint8_t eth1_mac[6] = {2, 0, 0, 0, 1, 1};
static const uint8_t far_mac[6] = {2, 0, 0, 0, 1, 2};

#define FAR IP(10, 1, 0, 2)

/* A router between 10.0.0.0/24, where PEER is, and 10.1.0.0/16, where FAR is, with a small MTU. */
static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 8);
	fixture_fill(&h.f, data, sizeof(data));
	h.f.env.knobs.ip_forward = 1;
	eth1 = nethost_add_eth(&h, "eth1", eth1_mac, IP(10, 1, 0, 1), 16);
	assert_int_equal(netif_set_mtu(links_get(h.links, eth1), 1000), 0);
	learn(&h, PEER, peer_mac);
	frame_arp(&f, eth1_mac, ARP_REQUEST, far_mac, FAR, IP(10, 1, 0, 1));
	frame_in_if(&h, eth1, &f);
	frames_drain(&h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static void give(struct ip4_header ip, size_t bytes)
{
	frame_ip(&f, &ip, data, bytes);
	frame_in(&h, &f);
}

static void a_packet_passes(void **state)
{
	struct ip4_header ip = ip_header(PEER, FAR, IPPROTO_UDP);

	(void)state;
	give(ip, 200);
	assert_true(frame_out(&h, &f));
	assert_memory_equal(ether_of(&f).dst, far_mac, 6);
	assert_memory_equal(ether_of(&f).src, eth1_mac, 6);
	assert_int_equal(ip_of(&f).ttl, 63);
	assert_int_equal(ip_of(&f).src, PEER);
	assert_int_equal(ip_of(&f).id, 7);
	assert_memory_equal(f.data + 34, data, 200);
	assert_int_equal(h.inputs, 0);
}

/* RFC 1812 §5.3.1. */
static void the_last_hop_is_told(void **state)
{
	struct ip4_header ip = ip_header(PEER, FAR, IPPROTO_UDP);

	(void)state;
	ip.ttl = 1;
	give(ip, 200);
	assert_true(frame_out(&h, &f));
	assert_int_equal(icmp_of(&f).type, ICMP4_TIME_EXCEEDED);
	assert_int_equal(ip_of(&f).dst, PEER);
	assert_int_equal(ip_of(&f).src, ME);
	assert_int_equal(drops_of(&h, DROP_IP4_TTL), 1);
	assert_false(frame_out(&h, &f));
}

/* RFC 1191 §4: the sender is told the MTU, as often as it asks. */
static void too_large_with_df(void **state)
{
	struct ip4_header ip = ip_header(PEER, FAR, IPPROTO_UDP);

	(void)state;
	ip.df = true;
	for (unsigned i = 0; i < 20; i++) {
		give(ip, 1000);
		assert_true(frame_out(&h, &f));
		assert_int_equal(icmp_of(&f).type, ICMP4_UNREACHABLE);
		assert_int_equal(icmp_of(&f).code, ICMP4_UNREACHABLE_FRAG_NEEDED);
		assert_int_equal(icmp_of(&f).mtu, 1000);
	}
	give(ip, 980);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).total_bytes, 1000);
}

/* RFC 1812 §4.2.2.7; a fragment is cut again and stays one. */
static void too_large_without_df(void **state)
{
	struct ip4_header ip = ip_header(PEER, FAR, IPPROTO_UDP);

	(void)state;
	ip.mf = true;
	ip.fragment_offset = 1480;
	give(ip, 1480);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).fragment_offset, 1480);
	assert_int_equal(ip_of(&f).total_bytes, 996);
	assert_true(ip_of(&f).mf);
	assert_memory_equal(f.data + 34, data, 976);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).fragment_offset, 1480 + 976);
	assert_true(ip_of(&f).mf);
	assert_memory_equal(f.data + 34, data + 976, 1480 - 976);
	assert_int_equal(ip_of(&f).ttl, 63);
	assert_false(frame_out(&h, &f));
}

static void nowhere_to_go(void **state)
{
	(void)state;
	give(ip_header(PEER, AFAR, IPPROTO_UDP), 100);
	assert_true(frame_out(&h, &f));
	assert_int_equal(icmp_of(&f).type, ICMP4_UNREACHABLE);
	assert_int_equal(icmp_of(&f).code, ICMP4_UNREACHABLE_NET);
	/* Nobody there: three requests, then host unreachable. */
	give(ip_header(PEER, IP(10, 1, 0, 3), IPPROTO_UDP), 100);
	pass(&h, 2900 * BERTH_MSEC);
	assert_int_equal(frames_drain(&h), 3);
	pass(&h, 200 * BERTH_MSEC);
	assert_true(frame_out(&h, &f));
	assert_int_equal(icmp_of(&f).type, ICMP4_UNREACHABLE);
	assert_int_equal(icmp_of(&f).code, ICMP4_UNREACHABLE_HOST);
	assert_int_equal(ip_of(&f).dst, PEER);
}

/* RFC 1812 §5.3.4, §5.3.7, §4.2.2.11: what stays where it is. */
static void not_everything_is_forwarded(void **state)
{
	static const uint32_t destinations[] = {IP(127, 0, 0, 1), IP(0, 0, 0, 1), IP(240, 1, 1, 1),
						IP(239, 1, 2, 3)};
	struct ip4_header ip = ip_header(PEER, FAR, IPPROTO_UDP);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(destinations); i++)
		give(ip_header(PEER, destinations[i], IPPROTO_UDP), 100);
	assert_int_equal(drops_of(&h, DROP_IP4_NOT_LOCAL), 4);
	frame_ip(&f, &ip, data, 100);
	memset(f.data, 0xff, 6);
	frame_in(&h, &f);
	assert_int_equal(drops_of(&h, DROP_IP4_BROADCAST), 1);
	/* A broadcast of the far subnet is for us, and goes no further. */
	give(ip_header(PEER, IP(10, 1, 255, 255), IPPROTO_UDP), 100);
	assert_int_equal(h.inputs, 1);
	assert_false(frame_out(&h, &f));
}

/* The knob works at once, although judgements are kept. */
static void a_host_does_not_forward(void **state)
{
	(void)state;
	give(ip_header(PEER, FAR, IPPROTO_UDP), 100);
	assert_int_equal(frames_drain(&h), 1);
	h.f.env.knobs.ip_forward = 0;
	give(ip_header(PEER, FAR, IPPROTO_UDP), 100);
	assert_int_equal(drops_of(&h, DROP_IP4_NOT_LOCAL), 1);
	assert_int_equal(frames_drain(&h), 0);
	h.f.env.knobs.ip_forward = 1;
	give(ip_header(PEER, FAR, IPPROTO_UDP), 100);
	assert_int_equal(frames_drain(&h), 1);
}

/* A super-packet passes whole, or is cut by an interface that does not take it. */
static void super_packets_pass(void **state)
{
	struct ip4_header ip = ip_header(PEER, FAR, IPPROTO_TCP);
	uint8_t tcp[20 + 3000] = {0};

	(void)state;
	tcp[12] = 0x50;
	ip.df = true;
	frame_ip(&f, &ip, tcp, sizeof(tcp));
	for (unsigned whole = 0; whole < 2; whole++) {
		struct berth_packet *p = packet_from(h.pool, f.data, f.bytes);

		netif_set_features(links_get(h.links, eth1), whole ? 3 : 0);
		p->csum = CSUM_PARTIAL;
		p->l4_protocol = IPPROTO_TCP;
		p->gso_bytes = 900;
		links_input(h.links, h.eth, p);
		assert_int_equal(frames_drain(&h), whole ? 1 : 4);
	}
	struct berth_packet *p = packet_from(h.pool, f.data, f.bytes);

	p->csum = CSUM_PARTIAL;
	p->l4_protocol = IPPROTO_TCP;
	p->gso_bytes = 1000; /* its segments are larger than the MTU */
	links_input(h.links, h.eth, p);
	assert_true(frame_out(&h, &f));
	assert_int_equal(icmp_of(&f).code, ICMP4_UNREACHABLE_FRAG_NEEDED);
	assert_false(frame_out(&h, &f));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_packet_passes),	    T(the_last_hop_is_told), T(too_large_with_df),
		T(too_large_without_df),    T(nowhere_to_go),	     T(not_everything_is_forwarded),
		T(a_host_does_not_forward), T(super_packets_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
