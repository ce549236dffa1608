/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

#include "wire/ether_header.h"

static const uint8_t frame[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00,
				0x5e, 0x10, 0x20, 0x30, 0x81, 0x00, 0x00, 0x05};

static void parses_and_leaves_a_tag_alone(void **state)
{
	struct reader r = reader_of(frame, sizeof(frame));
	struct ether_header h;

	(void)state;
	assert_true(ether_parse(&r, &h));
	assert_true(mac_is_broadcast(h.dst));
	assert_true(mac_is_multicast(h.dst));
	assert_false(mac_is_broadcast(h.src));
	assert_false(mac_is_multicast(h.src));
	assert_memory_equal(h.src, frame + 6, 6);
	assert_int_equal(h.type, ETHER_TYPE_VLAN);
	assert_int_equal(reader_left(&r), 2);
}

static void writes_what_it_parsed(void **state)
{
	struct reader r = reader_of(frame, sizeof(frame));
	struct ether_header h;
	uint8_t out[ETHER_HEADER_BYTES];

	(void)state;
	assert_true(ether_parse(&r, &h));
	ether_write(out, &h);
	assert_memory_equal(out, frame, sizeof(out));
}

static void short_frames_are_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < ETHER_HEADER_BYTES; n++) {
		struct reader r = reader_of(frame, n);
		struct ether_header h;

		assert_false(ether_parse(&r, &h));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_leaves_a_tag_alone),
		cmocka_unit_test(writes_what_it_parsed),
		cmocka_unit_test(short_frames_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
