/* SPDX-License-Identifier: MIT */
/*
 * IPv6 input, packet by packet: what is for this host and what is not, extension headers and what
 * is said about those that nobody here understands.
 */
#include "../nethost6.h"

static struct nethost h;
static struct frame f;

static int setup(void **state)
{
	(void)state;
	nethost6_init(&h, 61);
	h.f.env.knobs.icmp6_ratelimit = 0;
	learn6(&h, PEER6, peer_mac);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static void give(struct ipaddr src, struct ipaddr dst, uint8_t next, const void *payload, size_t n)
{
	struct ip6_header ip = ip6_header(src, dst, next);

	frame_ip6(&f, &ip, payload, n);
	frame_in(&h, &f);
}

static void a_packet_for_us(void **state)
{
	struct ip6_header ip = ip6_header(PEER6, ME6, IPPROTO_UDP);

	(void)state;
	ip.flow_label = 0x12345;
	ip.tclass = 0xb8;
	ip.hop_limit = 7;
	frame_ip6(&f, &ip, "12345678", 8);
	memset(f.data + f.bytes, 0xee, 20); /* Ethernet pads */
	f.bytes += 20;
	frame_in(&h, &f);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, 8);
	assert_addr(h.info.src, PEER6);
	assert_addr(h.info.dst, ME6);
	assert_int_equal(h.info.flow_label, 0x12345);
	assert_int_equal(h.info.tos, 0xb8);
	assert_int_equal(h.info.ttl, 7);
	assert_int_equal(h.info.ifindex, h.eth);
	assert_int_equal(h.info.ext_bytes, 0);
	assert_false(h.info.multicast);
}

static void headers_are_checked(void **state)
{
	struct ip6_header ip = ip6_header(PEER6, ME6, IPPROTO_UDP);

	(void)state;
	frame_ip6(&f, &ip, "12345678", 8);
	f.data[ETHER_HEADER_BYTES] = 0x50;
	frame_in(&h, &f);
	assert_int_equal(drops_of(&h, DROP_IP6_HEADER), 1);
	frame_ip6(&f, &ip, "12345678", 8);
	f.bytes--;
	frame_in(&h, &f);
	f.bytes = ETHER_HEADER_BYTES + IP6_HEADER_BYTES - 1;
	frame_in(&h, &f);
	assert_int_equal(drops_of(&h, DROP_IP6_TRUNCATED), 2);
	assert_int_equal(h.inputs, 0);
}

/* RFC 4291 §2.5.3, §2.7; and addresses that would be taken for IPv4 ones. */
static void sources_that_nobody_has(void **state)
{
	static const struct {
		const char *src, *dst;
	} bad[] = {
		{"ff02::1", "fd09::1"},
		{"::1", "fd09::1"},
		{"::ffff:10.0.0.2", "fd09::1"},
		{"fd09::2", "::1"},
		{"fd09::2", "::"},
		{"fd09::2", "ff01::1"},
		{"fd09::2", "ff00::1"},
		{"fd09::2", "::ffff:10.0.0.1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		give(ip6(bad[i].src), ip6(bad[i].dst), IPPROTO_UDP, "12345678", 8);
		assert_int_equal(drops_of(&h, DROP_IP6_SOURCE), i + 1);
	}
	assert_int_equal(h.inputs, 0);
	assert_false(frame_out(&h, &f));
}

static void whose_packets_are_whose(void **state)
{
	struct ipaddr own = ip6("fe80::1");
	unsigned eth1 = nethost_add_eth(&h, "eth1", other_mac, IP(10, 1, 0, 1), 24);
	struct ip6_header ip = ip6_header(ip6("fe80::2"), own, IPPROTO_UDP);

	(void)state;
	assert_int_equal(addr_add(h.net, h.eth, &own, 64), 0);
	give(PEER6, ip6("fd09::77"), IPPROTO_UDP, "12345678", 8);
	assert_int_equal(drops_of(&h, DROP_IP6_NOT_LOCAL), 1);
	give(ip6("fe80::2"), own, IPPROTO_UDP, "12345678", 8);
	assert_int_equal(h.inputs, 1);
	/* The same address means another host on another link. */
	frame_ip6(&f, &ip, "12345678", 8);
	memcpy(f.data, other_mac, 6);
	frame_in_if(&h, eth1, &f);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(drops_of(&h, DROP_IP6_NOT_LOCAL), 2);
}

static void groups(void **state)
{
	(void)state;
	give(PEER6, ip6("ff02::1"), IPPROTO_UDP, "12345678", 8);
	assert_int_equal(h.inputs, 1);
	assert_true(h.info.multicast);
	give(PEER6, ip6("ff02::1:ff00:1"), IPPROTO_UDP, "12345678", 8);
	assert_int_equal(h.inputs, 2);
	give(PEER6, ip6("ff02::2"), IPPROTO_UDP, "12345678", 8);
	give(PEER6, ip6("ff02::1:ff00:2"), IPPROTO_UDP, "12345678", 8);
	assert_int_equal(h.inputs, 2);
	conf6(&h, "all", "forwarding", 1);
	give(PEER6, ip6("ff02::2"), IPPROTO_UDP, "12345678", 8);
	assert_int_equal(h.inputs, 3);
}

/* Hop-by-hop with a router alert, destination options, a routing header that is used up, then UDP.
 */
static void extension_headers_are_walked(void **state)
{
	static const uint8_t chain[] = {
		60,  0,	  5,	2,   0, 0, 1, 0,			 /* hop-by-hop */
		43,  0,	  1,	4,   0, 0, 0, 0,			 /* destination */
		60,  2,	  4,	0,   0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, /* routing */
		9,   9,	  9,	9,   9, 9, 9, 9,			 /*   its end */
		17,  0,	  0x1e, 4,   1, 2, 3, 4, /* destination: unknown, to be skipped */
		'd', 'a', 't',	'a',
	};

	(void)state;
	give(PEER6, ME6, IP6_HOP_BY_HOP, chain, sizeof(chain));
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, 4);
	assert_memory_equal(h.payload, "data", 4);
	assert_int_equal(h.info.protocol, IPPROTO_UDP);
	assert_int_equal(h.info.ext_first, IP6_HOP_BY_HOP);
	assert_int_equal(h.info.ext_bytes, sizeof(chain) - 4);
}

/* The ICMPv6 parameter problem that a packet gives rise to; its pointer. */
static uint32_t problem(uint8_t code)
{
	static struct frame out;
	uint32_t pointer = icmp6_out(&h, &out, ICMP6_PARAMETER, code).info;

	assert_false(frame_out(&h, &out));
	return pointer;
}

static void what_is_unknown_is_told(void **state)
{
	uint8_t ext[16] = {IPPROTO_UDP, 0, 0xc5, 4};

	(void)state;
	give(PEER6, ME6, 200, "12345678", 8);
	assert_int_equal(problem(ICMP6_PARAMETER_NEXT), 6);
	ext[0] = 200; /* behind an extension header */
	ext[2] = IP6_OPT_PADN;
	give(PEER6, ME6, IP6_DESTINATION, ext, sizeof(ext));
	assert_int_equal(problem(ICMP6_PARAMETER_NEXT), 40);
	ext[0] = IPPROTO_UDP;
	ext[2] = 0x85; /* an option: discard and tell */
	give(PEER6, ME6, IP6_DESTINATION, ext, sizeof(ext));
	assert_int_equal(problem(ICMP6_PARAMETER_OPTION), 42);
	give(PEER6, ip6("ff02::1"), IP6_DESTINATION, ext, sizeof(ext));
	assert_int_equal(problem(ICMP6_PARAMETER_OPTION), 42);
	ext[2] = 0xc5; /* and tell unless it went to a group */
	give(PEER6, ME6, IP6_DESTINATION, ext, sizeof(ext));
	assert_int_equal(problem(ICMP6_PARAMETER_OPTION), 42);
	give(PEER6, ip6("ff02::1"), IP6_DESTINATION, ext, sizeof(ext));
	ext[2] = 0x45; /* discard silently */
	give(PEER6, ME6, IP6_DESTINATION, ext, sizeof(ext));
	assert_false(frame_out(&h, &f));
	assert_int_equal(drops_of(&h, DROP_IP6_OPTIONS), 5);
	assert_int_equal(h.inputs, 0);
}

/* RFC 5095; a hop-by-hop header anywhere but first; options that run over. */
static void what_is_forbidden(void **state)
{
	static const uint8_t route[24] = {IPPROTO_UDP, 2, 0, 1};
	static const uint8_t late[16] = {IP6_HOP_BY_HOP, 0, 1, 4};
	static const uint8_t over[8] = {IPPROTO_UDP, 0, 0x1e, 200};
	static const uint8_t beyond[8] = {IPPROTO_UDP, 9};

	(void)state;
	give(PEER6, ME6, IP6_ROUTING, route, sizeof(route));
	assert_int_equal(problem(ICMP6_PARAMETER_HEADER), 42);
	give(PEER6, ME6, IP6_DESTINATION, late, sizeof(late));
	assert_int_equal(problem(ICMP6_PARAMETER_NEXT), 40);
	give(PEER6, ME6, IP6_DESTINATION, over, sizeof(over));
	assert_int_equal(drops_of(&h, DROP_IP6_OPTIONS), 1);
	give(PEER6, ME6, IP6_DESTINATION, beyond, sizeof(beyond));
	assert_int_equal(drops_of(&h, DROP_IP6_TRUNCATED), 1);
	give(PEER6, ME6, IP6_NONE, "12345678", 8);
	assert_int_equal(drops_of(&h, DROP_IP6_PROTOCOL), 1);
	assert_false(frame_out(&h, &f));
	assert_int_equal(h.inputs, 0);
}

/* Linux: seven bytes in a row, of zeros. */
static void padding_is_bounded(void **state)
{
	uint8_t most[16] = {IPPROTO_UDP, 1, 0x1e, 5, 0, 0, 0, 0, 0, IP6_OPT_PADN, 5};
	uint8_t more[16] = {IPPROTO_UDP, 1, 0x1e, 4, 0, 0, 0, 0, IP6_OPT_PADN, 5, 0, 0, 0, 0, 0, 0};
	uint8_t full[8] = {IPPROTO_UDP, 0, IP6_OPT_PADN, 4, 0, 0, 7, 0};

	(void)state;
	give(PEER6, ME6, IP6_DESTINATION, most, sizeof(most));
	assert_int_equal(h.inputs, 1);
	give(PEER6, ME6, IP6_DESTINATION, more, sizeof(more));
	give(PEER6, ME6, IP6_DESTINATION, full, sizeof(full));
	assert_int_equal(h.inputs, 1);
	assert_int_equal(drops_of(&h, DROP_IP6_OPTIONS), 2);
}

/* 92 bytes of extension headers are the most. */
static void long_chains_are_dropped(void **state)
{
	uint8_t chain[104] = {IPPROTO_UDP, 10, 0x1e, 84}; /* an option to skip */

	(void)state;
	give(PEER6, ME6, IP6_DESTINATION, chain, 96);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.info.ext_bytes, 88);
	chain[1] = 11;
	chain[3] = 92;
	give(PEER6, ME6, IP6_DESTINATION, chain, sizeof(chain));
	assert_int_equal(h.inputs, 1);
	assert_int_equal(drops_of(&h, DROP_IP6_EXTENSION), 1);
}

static void without_ip6(void **state)
{
	struct ipaddr more = ip6("fd09::5");

	(void)state;
	conf6(&h, "eth0", "disable_ipv6", 1);
	give(PEER6, ME6, IPPROTO_UDP, "12345678", 8);
	assert_int_equal(h.inputs, 0);
	assert_int_equal(addr_add(h.net, h.eth, &more, 64), -EACCES);
	conf6(&h, "eth0", "disable_ipv6", 0);
	assert_int_equal(netif_set_mtu(links_get(h.links, h.eth), 1279), 0);
	assert_int_equal(addr_add(h.net, h.eth, &more, 64), -EINVAL);
	assert_int_equal(send6(&h, PEER6, "x", 1, (struct ip_send){0}), -ENETUNREACH);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_packet_for_us),
		T(headers_are_checked),
		T(sources_that_nobody_has),
		T(whose_packets_are_whose),
		T(groups),
		T(extension_headers_are_walked),
		T(what_is_unknown_is_told),
		T(what_is_forbidden),
		T(long_chains_are_dropped),
		T(padding_is_bounded),
		T(without_ip6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
