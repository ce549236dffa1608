/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

#include "base/bytes.h"
#include "pkt/csum.h"

/* RFC 1071 §4.1, as it stands there. */
static uint16_t naive(const uint8_t *p, size_t bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i + 1 < bytes; i += 2)
		sum += load_be16(p + i);
	if (bytes & 1)
		sum += (uint32_t)p[bytes - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Both zeros are zero in one's complement. */
static uint16_t value(uint16_t sum)
{
	return sum == 0xffff ? 0 : sum;
}

static void agrees_with_the_twin(void **state)
{
	static uint8_t data[70000];
	struct fixture f;

	(void)state;
	fixture_init(&f, 31);
	fixture_fill(&f, data, sizeof(data));
	for (int i = 0; i < 5000; i++) {
		size_t at = fixture_below(&f, 300);
		size_t bytes = fixture_below(&f, i % 50 ? 300 : 69000);
		uint16_t got = csum_fold(csum_add(data + at, bytes, 0));

		assert_int_equal(value(got), value(naive(data + at, bytes)));
	}
	memset(data, 0xff, sizeof(data)); /* carries everywhere */
	for (size_t bytes = 0; bytes < 300; bytes++)
		assert_int_equal(value(csum_fold(csum_add(data, bytes, 0))),
				 value(naive(data, bytes)));
	assert_int_equal(csum_fold(csum_add(data, 65536, 0xfffe0000)), 0xfffe);
}

static void pieces_join_at_any_offset(void **state)
{
	uint8_t data[200];
	struct fixture f;

	(void)state;
	fixture_init(&f, 32);
	fixture_fill(&f, data, sizeof(data));
	for (size_t a = 0; a <= sizeof(data); a++) {
		size_t b = a + fixture_below(&f, sizeof(data) - a + 1);
		uint32_t sum = csum_add(data, a, 0);

		sum = csum_join(sum, csum_add(data + a, b - a, 0), a);
		sum = csum_join(sum, csum_add(data + b, sizeof(data) - b, 0), b);
		assert_int_equal(value(csum_fold(sum)), value(naive(data, sizeof(data))));
	}
}

/* RFC 1071 §3 sums these bytes to ddf2; RFC 1624 §4 updates dd2f to 0000. */
static void examples_of_the_rfcs(void **state)
{
	static const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(csum_fold(csum_add(data, sizeof(data), 0)), 0xddf2);
	assert_int_equal(csum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static void updating_is_computing_again(void **state)
{
	uint8_t header[20];
	struct fixture f;

	(void)state;
	fixture_init(&f, 33);
	for (int i = 0; i < 1000; i++) {
		fixture_fill(&f, header, sizeof(header));
		store_be16(header + 10, 0);
		store_be16(header + 10, csum_finish(csum_add(header, 20, 0)));
		uint16_t was = load_be16(header + 8);
		uint16_t is = (uint16_t)(was - 0x100);

		store_be16(header + 8, is);
		store_be16(header + 10, csum_update(load_be16(header + 10), was, is));
		assert_int_equal(csum_finish(csum_add(header, 20, 0)), 0);
	}
}

static void pseudo_headers_are_sums_of_their_bytes(void **state)
{
	uint8_t p4[12] = {10, 9, 0, 1, 192, 168, 255, 254, 0, 17, 0x12, 0x34};
	uint8_t p6[40] = {0xfd, 9, [15] = 1, 0xff, 2, [31] = 0xfb, 0, 1, 0x12, 0x34, 0, 0, 0, 58};

	(void)state;
	assert_int_equal(csum_fold(csum_pseudo4(0x0a090001, 0xc0a8fffe, 17, 0x1234)),
			 naive(p4, sizeof(p4)));
	assert_int_equal(csum_fold(csum_pseudo6(p6, p6 + 16, 58, 0x11234)), naive(p6, sizeof(p6)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_twin),
		cmocka_unit_test(pieces_join_at_any_offset),
		cmocka_unit_test(examples_of_the_rfcs),
		cmocka_unit_test(updating_is_computing_again),
		cmocka_unit_test(pseudo_headers_are_sums_of_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
