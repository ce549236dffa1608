/* SPDX-License-Identifier: MIT */
/*
 * IPv4 input, packet by packet: what is delivered, what is dropped and for what reason
 * (RFC 1122 §3.2.1), hostile headers and options included.
 */
#include "../nethost.h"

static struct nethost h;
static struct frame f;

static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static void give(uint32_t src, uint32_t dst)
{
	struct ip4_header ip = ip_header(src, dst, IPPROTO_UDP);

	frame_ip(&f, &ip, "0123456789", 10);
	frame_in(&h, &f);
}

static void a_packet_for_us_is_delivered(void **state)
{
	(void)state;
	give(PEER, ME);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, 10);
	assert_memory_equal(h.payload, "0123456789", 10);
	assert_int_equal(ipaddr_to4(&h.info.src), PEER);
	assert_int_equal(ipaddr_to4(&h.info.dst), ME);
	assert_int_equal(h.info.ttl, 64);
	assert_int_equal(h.info.ifindex, h.eth);
	assert_false(h.info.broadcast || h.info.multicast);
}

/* Ethernet pads short frames: what is behind the total length is not the packet's. */
static void padding_is_cut_off(void **state)
{
	struct ip4_header ip = ip_header(PEER, ME, IPPROTO_UDP);

	(void)state;
	frame_ip(&f, &ip, "ab", 2);
	memset(f.data + f.bytes, 0xee, 60 - f.bytes);
	f.bytes = 60;
	frame_in(&h, &f);
	assert_int_equal(h.payload_bytes, 2);
}

static void a_frame_for_another_station_is_not_ours(void **state)
{
	struct ip4_header ip = ip_header(PEER, ME, IPPROTO_UDP);

	(void)state;
	frame_ip(&f, &ip, "ab", 2);
	f.data[5] ^= 1;
	frame_in(&h, &f);
	assert_int_equal(h.inputs, 0);
	assert_int_equal(drops_of(&h, DROP_ETHER_OTHERHOST), 1);
}

static void every_truncation_is_dropped(void **state)
{
	struct ip4_header ip = ip_header(PEER, ME, IPPROTO_UDP);
	size_t whole;

	(void)state;
	frame_ip(&f, &ip, "0123456789", 10);
	whole = f.bytes;
	for (f.bytes = 0; f.bytes < whole; f.bytes++)
		frame_in(&h, &f);
	assert_int_equal(h.inputs, 0);
	assert_int_equal(drops_of(&h, DROP_ETHER_TRUNCATED), ETHER_HEADER_BYTES);
	assert_int_equal(drops_of(&h, DROP_IP4_TRUNCATED), whole - ETHER_HEADER_BYTES);
}

/* RFC 1122 §3.2.1.2: a wrong checksum, version or header length is silence. */
static void any_flipped_header_bit_is_dropped(void **state)
{
	struct ip4_header ip = ip_header(PEER, ME, IPPROTO_UDP);

	(void)state;
	for (size_t bit = 0; bit < IP4_HEADER_BYTES * 8; bit++) {
		frame_ip(&f, &ip, "0123456789", 10);
		f.data[ETHER_HEADER_BYTES + bit / 8] ^= (uint8_t)(1u << bit % 8);
		frame_in(&h, &f);
	}
	assert_int_equal(h.inputs, 0);
	assert_int_equal(frames_drain(&h), 0);
	assert_true(drops_of(&h, DROP_IP4_CHECKSUM) > 100);
	assert_true(drops_of(&h, DROP_IP4_HEADER) > 0);
}

/* RFC 1122 §3.2.1.3, RFC 1812 §5.3.7. */
static void martian_sources_are_dropped(void **state)
{
	static const uint32_t sources[] = {
		IP(127, 0, 0, 1),	IP(127, 9, 9, 9),  IP(224, 0, 0, 1),
		IP(255, 255, 255, 255), IP(10, 0, 0, 255), IP(0, 0, 0, 0),
		IP(0, 1, 2, 3),		IP(240, 0, 0, 1),  ME, /* our own, from outside */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		give(sources[i], ME);
	assert_int_equal(h.inputs, 0);
	assert_int_equal(drops_of(&h, DROP_IP4_SOURCE), ARRAY_LEN(sources));
	/* RFC 2131: a host that has no address yet may shout. */
	give(0, 0xffffffff);
	assert_int_equal(h.inputs, 1);
}

static void strange_destinations_are_dropped(void **state)
{
	static const uint32_t destinations[] = {IP(127, 0, 0, 1), IP(0, 0, 0, 0),  STRANGER, AFAR,
						IP(224, 1, 2, 3), IP(240, 0, 0, 1)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(destinations); i++)
		give(PEER, destinations[i]);
	assert_int_equal(h.inputs, 0);
	assert_int_equal(drops_of(&h, DROP_IP4_NOT_LOCAL), ARRAY_LEN(destinations));
	assert_int_equal(frames_drain(&h), 0);
}

static void broadcasts_are_delivered_as_such(void **state)
{
	(void)state;
	give(PEER, 0xffffffff);
	assert_true(h.info.broadcast);
	give(PEER, IP(10, 0, 0, 255));
	assert_true(h.info.broadcast);
	give(PEER, IP(224, 0, 0, 1)); /* RFC 1112 §4: all hosts are members */
	assert_true(h.info.multicast);
	assert_int_equal(h.inputs, 3);
}

/* The judgement about a pair of addresses is kept, but no longer than it is true. */
static void addresses_come_and_go(void **state)
{
	struct ipaddr a = ipaddr_from4(IP(10, 0, 0, 9));

	(void)state;
	give(PEER, IP(10, 0, 0, 9));
	assert_int_equal(h.inputs, 0);
	assert_int_equal(addr_add(h.net, h.eth, &a, 24), 0);
	give(PEER, IP(10, 0, 0, 9));
	assert_int_equal(h.inputs, 1);
	assert_int_equal(addr_del(h.net, h.eth, &a, 24), 0);
	give(PEER, IP(10, 0, 0, 9));
	assert_int_equal(h.inputs, 1);
	frames_drain(&h);
	netif_set_up(links_get(h.links, h.eth), false);
	give(PEER, ME);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(drops_of(&h, DROP_NETIF_DOWN), 1);
}

static void options_are_delivered(void **state)
{
	static const uint8_t options[4] = {IP4_OPT_ROUTER_ALERT, 4, 0, 0};
	struct ip4_header ip = ip_header(PEER, ME, IPPROTO_UDP);

	(void)state;
	ip.options = options;
	ip.options_len = 4;
	frame_ip(&f, &ip, "ab", 2);
	frame_in(&h, &f);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, 2);
	assert_int_equal(h.info.options_len, 4);
	assert_memory_equal(h.info.options, options, 4);
}

static bool accepts_options(const uint8_t *options, uint8_t len)
{
	struct ip4_header ip = ip_header(PEER, ME, IPPROTO_UDP);
	unsigned before = h.inputs;

	ip.options = options;
	ip.options_len = len;
	frame_ip(&f, &ip, "ab", 2);
	frame_in(&h, &f);
	return h.inputs > before;
}

/* Lengths of 0 and 1, past the end, pointers into the option's own head (CVE-2019-12256 and the
 * like). */
static void hostile_options_are_dropped(void **state)
{
	static const uint8_t bad[][8] = {
		{IP4_OPT_RECORD_ROUTE, 0, 4, 0},    {IP4_OPT_RECORD_ROUTE, 1, 4, 0},
		{IP4_OPT_RECORD_ROUTE, 9, 4, 0},    {IP4_OPT_RECORD_ROUTE, 255, 4, 0},
		{IP4_OPT_RECORD_ROUTE, 7, 3, 0},    {IP4_OPT_RECORD_ROUTE, 2, 0, 0},
		{IP4_OPT_TIMESTAMP, 3, 5, 0},	    {IP4_OPT_TIMESTAMP, 8, 4, 0},
		{IP4_OPT_NOP, IP4_OPT_NOP, 222, 0}, {1, 1, 1, 1, 1, 1, 1, 222},
	};

	(void)state;
	learn(&h, PEER, peer_mac);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(accepts_options(bad[i], 8));
	assert_int_equal(drops_of(&h, DROP_IP4_OPTIONS), ARRAY_LEN(bad));
	/* RFC 1122 §3.2.2.5: parameter problem, pointing at the byte. */
	assert_true(frame_out(&h, &f));
	assert_int_equal(icmp_of(&f).type, ICMP4_PARAMETER);
	assert_in_range(icmp_of(&f).pointer, 20, 28);
}

/* RFC 7126 §4.3: source routes are refused, and nobody is told. */
static void source_routes_are_refused(void **state)
{
	static const uint8_t loose[8] = {IP4_OPT_LOOSE_ROUTE, 7, 4, 192, 0, 2, 1, 0};
	static const uint8_t strict[8] = {IP4_OPT_STRICT_ROUTE, 7, 4, 192, 0, 2, 1, 0};

	(void)state;
	learn(&h, PEER, peer_mac);
	assert_false(accepts_options(loose, 8));
	assert_false(accepts_options(strict, 8));
	assert_int_equal(drops_of(&h, DROP_IP4_OPTIONS), 2);
	assert_false(frame_out(&h, &f));
}

/* RFC 1122 §3.2.2.1: protocol unreachable. */
static void unknown_protocols_are_refused(void **state)
{
	struct ip4_header ip = ip_header(PEER, ME, 132);

	(void)state;
	learn(&h, PEER, peer_mac);
	frame_ip(&f, &ip, "0123456789", 10);
	frame_in(&h, &f);
	assert_int_equal(drops_of(&h, DROP_IP4_PROTOCOL), 1);
	assert_true(frame_out(&h, &f));
	assert_int_equal(icmp_of(&f).type, ICMP4_UNREACHABLE);
	assert_int_equal(icmp_of(&f).code, ICMP4_UNREACHABLE_PROTOCOL);
}

/* Random bytes behind a valid Ethernet header, and mutated packets: nothing breaks. */
static void noise(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct ip4_header ip = ip_header(PEER, ME, (uint8_t)(i % 2 ? IPPROTO_ICMP : 17));
		uint8_t payload[64];

		fixture_fill(&h.f, payload, sizeof(payload));
		ip.mf = i % 3 == 0;
		ip.fragment_offset = (uint16_t)(fixture_below(&h.f, 5) * 8);
		frame_ip(&f, &ip, payload, fixture_below(&h.f, 65));
		for (unsigned k = 0; k < fixture_below(&h.f, 4); k++)
			f.data[14 + fixture_below(&h.f, 20)] = (uint8_t)fixture_random(&h.f);
		ip4_write_checksum(f.data + 14, 20);
		frame_in(&h, &f);
		h.f.env.now += BERTH_MSEC;
		frames_drain(&h);
	}
	pass(&h, 60 * BERTH_SEC);
	frames_drain(&h);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_packet_for_us_is_delivered),
		T(padding_is_cut_off),
		T(a_frame_for_another_station_is_not_ours),
		T(every_truncation_is_dropped),
		T(any_flipped_header_bit_is_dropped),
		T(martian_sources_are_dropped),
		T(strange_destinations_are_dropped),
		T(broadcasts_are_delivered_as_such),
		T(addresses_come_and_go),
		T(options_are_delivered),
		T(hostile_options_are_dropped),
		T(source_routes_are_refused),
		T(unknown_protocols_are_refused),
		T(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
