/* SPDX-License-Identifier: MIT */
/*
 * IPv6 headers, extension headers and their options: what is written is parsed again with the same
 * values, walks end where they must, and lengths beyond the packet are refused.
 */
#include "../fixture.h"

#include "wire/ip6_header.h"

static void header_comes_back(void **state)
{
	const struct ip6_header h = {
		.src.bytes = {0xfd, 9, [15] = 1},
		.dst.bytes = {0xff, 2, [15] = 2},
		.flow_label = 0xabcde,
		.payload_bytes = 1460,
		.tclass = 0xb8,
		.next = 6,
		.hop_limit = 64,
	};
	static const uint8_t first[8] = {0x6b, 0x8a, 0xbc, 0xde, 0x05, 0xb4, 6, 64};
	uint8_t data[IP6_HEADER_BYTES];
	struct reader r = reader_of(data, sizeof(data));
	struct ip6_header again;

	(void)state;
	ip6_write(data, &h);
	assert_memory_equal(data, first, sizeof(first));
	assert_true(ip6_parse(&r, &again));
	assert_true(ipaddr_equal(&again.src, &h.src));
	assert_true(ipaddr_equal(&again.dst, &h.dst));
	assert_int_equal(again.flow_label, h.flow_label);
	assert_int_equal(again.payload_bytes, h.payload_bytes);
	assert_int_equal(again.tclass, h.tclass);
	assert_int_equal(again.next, h.next);
	assert_int_equal(again.hop_limit, h.hop_limit);
	r = reader_of(data, sizeof(data) - 1);
	assert_false(ip6_parse(&r, &again));
	data[0] = 0x45;
	r = reader_of(data, sizeof(data));
	assert_false(ip6_parse(&r, &again));
}

/* Hop-by-hop, routing, fragment, AH, destination, then TCP. */
static void walk_ends_at_the_transport(void **state)
{
	static const uint8_t data[] = {
		43,   0, 1,    4,    0, 0, 0, 0, /* hop-by-hop: PadN of four */
		44,   1, 0,    1,    0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, /* routing type 0 */
		51,   0, 0x05, 0xc9, 0, 0, 0, 7,			 /* fragment 1480, more */
		60,   2, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* AH: 16 bytes */
		6,    0, 0,    0,    0, 0, 0, 0, /* destination: Pad1 six times */
		0xaa,
	};
	static const uint8_t types[] = {IP6_HOP_BY_HOP, IP6_ROUTING, IP6_FRAGMENT, IP6_AUTH,
					IP6_DESTINATION};
	static const uint8_t sizes[] = {8, 16, 8, 16, 8};
	struct reader r = reader_of(data, sizeof(data));
	struct ip6_fragment f;
	struct ip6_routing routing;
	struct ip6_ext_header e;
	uint8_t type = IP6_HOP_BY_HOP;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		assert_true(ip6_ext_next(&r, type, &e));
		assert_int_equal(e.type, types[i]);
		assert_int_equal(e.bytes, sizes[i]);
		if (e.type == IP6_FRAGMENT)
			ip6_fragment_parse(e.at, &f);
		if (e.type == IP6_ROUTING)
			ip6_routing_parse(e.at, &routing);
		type = e.next;
	}
	assert_int_equal(type, 6);
	assert_false(ip6_ext_next(&r, type, &e));
	assert_true(r.ok);
	assert_int_equal(reader_left(&r), 1);
	assert_int_equal(f.offset, 1480);
	assert_true(f.more);
	assert_int_equal(f.id, 7);
	assert_int_equal(f.next, IP6_AUTH);
	assert_int_equal(routing.type, 0);
	assert_int_equal(routing.segments_left, 1);
	assert_false(ip6_is_ext(IP6_ESP));
	assert_false(ip6_is_ext(IP6_NONE));
}

static void ext_beyond_the_packet_is_refused(void **state)
{
	static const uint8_t data[16] = {6, 1};
	struct ip6_ext_header e;

	(void)state;
	for (size_t n = 0; n < sizeof(data); n++) {
		struct reader r = reader_of(data, n);

		assert_false(ip6_ext_next(&r, IP6_DESTINATION, &e));
		assert_false(r.ok);
	}
}

static void fragment_header_comes_back(void **state)
{
	const struct ip6_fragment f = {.id = 0xdeadbeef, .offset = 65528, .next = 17, .more = true};
	uint8_t data[IP6_FRAGMENT_BYTES];
	struct ip6_fragment again;

	(void)state;
	ip6_fragment_write(data, &f);
	ip6_fragment_parse(data, &again);
	assert_int_equal(again.id, f.id);
	assert_int_equal(again.offset, f.offset);
	assert_int_equal(again.next, f.next);
	assert_true(again.more);
}

static void options_one_by_one(void **state)
{
	static const uint8_t data[] = {0, 1, 2, 0, 0, 5, 2, 0, 0, 0xc2, 4, 0, 1, 0, 0, 1, 0};
	static const uint8_t cut[] = {1, 0, 0xc2, 4, 0, 1, 0};
	struct reader r = reader_of(data, sizeof(data));
	struct ip6_option o;

	(void)state;
	assert_true(ip6_option_next(&r, &o));
	assert_int_equal(o.type, IP6_OPT_ROUTER_ALERT);
	assert_int_equal(o.bytes, 2);
	assert_int_equal(ip6_option_action(o.type), IP6_OPTION_SKIP);
	assert_true(ip6_option_next(&r, &o));
	assert_int_equal(o.type, IP6_OPT_JUMBO);
	assert_ptr_equal(o.at, data + 9);
	assert_int_equal(ip6_option_action(o.type), IP6_OPTION_DISCARD_TELL_UNICAST);
	assert_false(ip6_option_next(&r, &o));
	assert_true(r.ok);
	r = reader_of(cut, sizeof(cut));
	assert_false(ip6_option_next(&r, &o));
	assert_false(r.ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_comes_back),
		cmocka_unit_test(walk_ends_at_the_transport),
		cmocka_unit_test(ext_beyond_the_packet_is_refused),
		cmocka_unit_test(fragment_header_comes_back),
		cmocka_unit_test(options_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
