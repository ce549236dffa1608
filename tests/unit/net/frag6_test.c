/* SPDX-License-Identifier: MIT */
/*
 * Fragments of IPv6, put together: in any order, with headers before them, alone (RFC 6946), and
 * those that no honest sender makes (RFC 5722, RFC 7112).
 */
#include "../nethost6.h"

static struct nethost h;
static struct frame f;
static uint8_t data[66000];

static int setup(void **state)
{
	(void)state;
	nethost6_init(&h, 63);
	h.f.env.knobs.icmp6_ratelimit = 0;
	learn6(&h, PEER6, peer_mac);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

/* Bytes [from, from + bytes) of data[] arrive as a fragment. */
static void piece(uint32_t id, uint16_t from, uint16_t bytes, bool more, uint8_t tclass)
{
	const struct ip6_fragment fragment = {
		.id = id, .offset = from, .next = IPPROTO_UDP, .more = more};
	struct ip6_header ip = ip6_header(PEER6, ME6, IP6_FRAGMENT);
	static uint8_t payload[3000];

	ip.tclass = tclass;
	ip6_fragment_write(payload, &fragment);
	memcpy(payload + IP6_FRAGMENT_BYTES, data + from, bytes);
	frame_ip6(&f, &ip, payload, IP6_FRAGMENT_BYTES + (size_t)bytes);
	frame_in(&h, &f);
}

static void in_any_order(void **state)
{
	static const uint8_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {1, 0, 2}};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(orders); i++) {
		for (size_t j = 0; j < 3; j++) {
			uint16_t k = orders[i][j];

			assert_int_equal(h.inputs, i);
			piece(i, (uint16_t)(k * 800), k < 2 ? 800 : 100, k < 2, 0);
		}
		assert_int_equal(h.inputs, i + 1);
		assert_int_equal(h.payload_bytes, 1700);
		assert_memory_equal(h.payload, data, 1700);
		assert_int_equal(h.info.protocol, IPPROTO_UDP);
	}
}

/* What precedes the fragment header is the first fragment's; what follows it is part of the data.
 */
static void with_other_headers(void **state)
{
	struct ip6_header ip = ip6_header(PEER6, ME6, IP6_DESTINATION);
	uint8_t first[] = {
		IP6_FRAGMENT, 0, 1, 4, 0, 0, 0, 0, 60,	0,   0,	  1,   0,   0,	 0,   9,
		IPPROTO_UDP,  0, 1, 4, 0, 0, 0, 0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
	uint8_t second[] = {60, 0, 0, 16, 0, 0, 0, 9, 'i', 'j'};

	(void)state;
	frame_ip6(&f, &ip, first, sizeof(first));
	frame_in(&h, &f);
	ip.next = IP6_FRAGMENT;
	frame_ip6(&f, &ip, second, sizeof(second));
	frame_in(&h, &f);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, 10);
	assert_memory_equal(h.payload, "abcdefghij", 10);
	assert_int_equal(h.info.ext_bytes, 16);
	assert_int_equal(h.info.ext_first, IP6_DESTINATION);
	assert_int_equal(h.ext[0], IP6_DESTINATION);
}

/* RFC 6946: delivered at once, though others with its identification wait. */
static void atomic_fragments(void **state)
{
	(void)state;
	piece(7, 0, 800, true, 0);
	piece(7, 0, 100, false, 0);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, 100);
	assert_int_equal(h.info.ext_bytes, 0);
	piece(7, 800, 100, false, 0);
	assert_int_equal(h.inputs, 2);
	assert_int_equal(h.payload_bytes, 900);
}

static void overlaps_condemn(void **state)
{
	(void)state;
	piece(1, 0, 800, true, 0);
	piece(1, 792, 800, true, 0);
	piece(1, 0, 800, true, 0);
	piece(1, 800, 100, false, 0);
	assert_int_equal(h.inputs, 0);
	assert_int_equal(drops_of(&h, DROP_FRAG_OVERLAP), 3);
	assert_false(frame_out(&h, &f));
}

static void time_runs_out(void **state)
{
	(void)state;
	piece(1, 0, 800, true, 0);
	piece(2, 800, 800, true, 0); /* without the first there is nothing to quote */
	pass(&h, 59 * BERTH_SEC);
	assert_int_equal(drops_of(&h, DROP_FRAG_TIMEOUT), 0);
	learn6(&h, PEER6, peer_mac);
	pass(&h, 2 * BERTH_SEC);
	assert_int_equal(drops_of(&h, DROP_FRAG_TIMEOUT), 2);
	(void)icmp6_out(&h, &f, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEEDED_REASSEMBLY);
	assert_memory_equal(payload6_of(&f) + ICMP6_HEADER_BYTES + 48, data, 100);
	assert_false(frame_out(&h, &f));
}

/* RFC 8200 §4.5: lengths; and headers that reach into another fragment (RFC 7112 §5). */
static void what_no_honest_sender_makes(void **state)
{
	(void)state;
	piece(1, 0, 801, true, 0);
	assert_int_equal(icmp6_out(&h, &f, ICMP6_PARAMETER, ICMP6_PARAMETER_HEADER).info, 4);
	piece(2, 65528, 100, false, 0);
	assert_int_equal(icmp6_out(&h, &f, ICMP6_PARAMETER, ICMP6_PARAMETER_HEADER).info, 42);
	piece(3, 8, 0, false, 0);
	assert_false(frame_out(&h, &f));
	data[0] = 0;
	{
		const struct ip6_fragment fragment = {.id = 4, .next = IPPROTO_TCP, .more = true};
		struct ip6_header ip = ip6_header(PEER6, ME6, IP6_FRAGMENT);
		uint8_t payload[24] = {0};

		ip6_fragment_write(payload, &fragment);
		frame_ip6(&f, &ip, payload, sizeof(payload)); /* 16 of TCP's 20 bytes */
		frame_in(&h, &f);
	}
	assert_int_equal(icmp6_out(&h, &f, ICMP6_PARAMETER, ICMP6_PARAMETER_FRAGMENT).info, 0);
	assert_int_equal(drops_of(&h, DROP_FRAG_MALFORMED), 4);
	assert_int_equal(h.inputs, 0);
}

/* A fragment header in what fragments were put together to. */
static void nested_fragments(void **state)
{
	struct ip6_header ip = ip6_header(PEER6, ME6, IP6_FRAGMENT);
	uint8_t payload[] = {44, 0, 0, 0, 0, 0, 0, 1, 17, 0, 0, 0, 0, 0, 0, 2, 'x'};

	(void)state;
	frame_ip6(&f, &ip, payload, sizeof(payload));
	frame_in(&h, &f);
	assert_int_equal(h.inputs, 0);
	assert_int_equal(drops_of(&h, DROP_FRAG_MALFORMED), 1);
}

/* RFC 3168 §5.3. */
static void congestion_marks(void **state)
{
	(void)state;
	piece(1, 0, 800, true, 0xfa);
	piece(1, 800, 100, false, 0xfb);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.info.tos, 0xfb);
	piece(2, 0, 800, true, 0);
	piece(2, 800, 100, false, 3);
	assert_int_equal(h.inputs, 1);
}

/* All that fits in one datagram, and what waits is bounded. */
static void the_largest(void **state)
{
	(void)state;
	for (uint32_t at = 0; at < 65528; at += 1448)
		piece(1, (uint16_t)at, (uint16_t)(65528 - at < 1448 ? 65528 - at : 1448),
		      at + 1448 < 65528, 0);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, 65528);
	assert_memory_equal(h.payload, data, 65528);
	for (uint32_t id = 10; id < 20; id++)
		piece(id, 0, 800, true, 0);
	assert_int_equal(drops_of(&h, DROP_FRAG_LIMIT), 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(in_any_order),     T(with_other_headers), T(atomic_fragments),
		T(overlaps_condemn), T(time_runs_out),	    T(what_no_honest_sender_makes),
		T(nested_fragments), T(congestion_marks),   T(the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
