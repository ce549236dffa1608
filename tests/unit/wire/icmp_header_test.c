/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

#include "wire/icmp_header.h"

static void round_trip(const struct icmp_header *h)
{
	uint8_t out[ICMP_HEADER_BYTES];
	struct reader r = reader_of(out, sizeof(out));
	struct icmp_header got;

	memset(out, 0xaa, sizeof(out));
	icmp_write(out, h);
	assert_int_equal(load_be16(out + 2), 0);
	assert_true(icmp_parse(&r, &got));
	assert_int_equal(got.type, h->type);
	assert_int_equal(got.code, h->code);
	assert_int_equal(got.id, h->id);
	assert_int_equal(got.seq, h->seq);
	assert_int_equal(got.mtu, h->mtu);
	assert_int_equal(got.pointer, h->pointer);
	assert_int_equal(got.gateway, h->gateway);
}

static void each_type_has_its_own_fields(void **state)
{
	static const struct icmp_header headers[] = {
		{.type = ICMP4_ECHO, .id = 0x1234, .seq = 7},
		{.type = ICMP4_ECHO_REPLY, .id = 1, .seq = 0xffff},
		{.type = ICMP4_UNREACHABLE, .code = ICMP4_UNREACHABLE_FRAG_NEEDED, .mtu = 1400},
		{.type = ICMP4_UNREACHABLE, .code = ICMP4_UNREACHABLE_PORT},
		{.type = ICMP4_PARAMETER, .pointer = 20},
		{.type = ICMP4_REDIRECT, .code = 1, .gateway = 0x0a090003},
		{.type = ICMP4_TIME_EXCEEDED, .code = ICMP4_TIME_EXCEEDED_REASSEMBLY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		round_trip(&headers[i]);
}

/* The MTU of RFC 1191 §4 is the lower half; other codes have none there. */
static void only_frag_needed_tells_an_mtu(void **state)
{
	uint8_t data[8] = {ICMP4_UNREACHABLE, 4, 0xab, 0xcd, 0, 0, 5, 0x78};
	struct reader r = reader_of(data, sizeof(data));
	struct icmp_header h;

	(void)state;
	assert_true(icmp_parse(&r, &h));
	assert_int_equal(h.mtu, 1400);
	assert_int_equal(h.checksum, 0xabcd);
	data[1] = ICMP4_UNREACHABLE_HOST;
	r = reader_of(data, sizeof(data));
	assert_true(icmp_parse(&r, &h));
	assert_int_equal(h.mtu, 0);
	r = reader_of(data, 7);
	assert_false(icmp_parse(&r, &h));
}

static void errors_are_known(void **state)
{
	(void)state;
	assert_true(icmp_is_error(ICMP4_UNREACHABLE));
	assert_true(icmp_is_error(ICMP4_REDIRECT));
	assert_false(icmp_is_error(ICMP4_ECHO));
	assert_false(icmp_is_error(ICMP4_TIMESTAMP_REPLY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_has_its_own_fields),
		cmocka_unit_test(only_frag_needed_tells_an_mtu),
		cmocka_unit_test(errors_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
