/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

#include "wire/udp_header.h"

static const uint8_t data[] = {0x13, 0x88, 0x00, 0x35, 0x00, 0x0a, 0xbe, 0xef, 'h', 'i'};

static void parses_what_it_writes(void **state)
{
	struct reader r = reader_of(data, sizeof(data));
	struct udp_header h;
	uint8_t out[UDP_HEADER_BYTES];

	(void)state;
	assert_true(udp_parse(&r, &h));
	assert_int_equal(h.src_port, 5000);
	assert_int_equal(h.dst_port, 53);
	assert_int_equal(h.bytes, 10);
	assert_int_equal(h.checksum, 0xbeef);
	assert_int_equal(reader_left(&r), 2);
	udp_write(out, &h);
	assert_memory_equal(out, data, sizeof(out));
}

static void a_length_less_than_the_header_is_refused(void **state)
{
	uint8_t bad[UDP_HEADER_BYTES] = {0, 1, 0, 2, 0, 7};
	struct reader r = reader_of(bad, sizeof(bad));
	struct udp_header h;

	(void)state;
	assert_false(udp_parse(&r, &h));
	for (size_t n = 0; n < UDP_HEADER_BYTES; n++) {
		r = reader_of(data, n);
		assert_false(udp_parse(&r, &h));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_it_writes),
		cmocka_unit_test(a_length_less_than_the_header_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
