/* SPDX-License-Identifier: MIT */
/*
 * IPv4 headers: what is written is parsed again with the same values, options come one by one, and
 * lengths that contradict each other or the packet are refused.
 */
#include "../fixture.h"

#include "wire/ip4_header.h"

static bool parse(const uint8_t *data, size_t bytes, struct ip4_header *h)
{
	struct reader r = reader_of(data, bytes);

	return ip4_parse(&r, h);
}

static struct ip4_header sample(void)
{
	return (struct ip4_header){
		.src = 0x0a090001,
		.dst = 0xc0a8fffe,
		.total_bytes = 1500,
		.id = 0xbeef,
		.fragment_offset = 1480,
		.mf = true,
		.tos = 0xb8,
		.ttl = 64,
		.protocol = 6,
		.header_bytes = IP4_HEADER_BYTES,
	};
}

/* The header that RFC 1071's readers know: 4500 0073 ... sums to b861. */
static void checksum_of_a_known_header(void **state)
{
	uint8_t data[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
			  0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
	struct ip4_header h;

	(void)state;
	assert_true(ip4_checksum_ok(data, sizeof(data)));
	assert_true(parse(data, sizeof(data), &h));
	assert_true(h.df);
	assert_false(ip4_is_fragment(&h));
	assert_int_equal(h.protocol, 17);
	data[8]--;
	assert_false(ip4_checksum_ok(data, sizeof(data)));
	ip4_write_checksum(data, sizeof(data));
	assert_true(ip4_checksum_ok(data, sizeof(data)));
}

/* All fields but the borrowed options; padding has no value. */
static void assert_same(const struct ip4_header *a, const struct ip4_header *b)
{
	assert_int_equal(a->src, b->src);
	assert_int_equal(a->dst, b->dst);
	assert_int_equal(a->total_bytes, b->total_bytes);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->fragment_offset, b->fragment_offset);
	assert_int_equal(a->df, b->df);
	assert_int_equal(a->mf, b->mf);
	assert_int_equal(a->tos, b->tos);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(a->header_bytes, b->header_bytes);
	assert_int_equal(a->options_len, b->options_len);
}

static void parses_what_it_writes(void **state)
{
	static const uint8_t options[8] = {IP4_OPT_ROUTER_ALERT, 4, 0, 0, IP4_OPT_NOP, 0, 0, 0};
	struct ip4_header h = sample();
	struct ip4_header got;
	uint8_t out[IP4_HEADER_BYTES_MAX];

	(void)state;
	for (uint8_t len = 0; len <= 8; len = (uint8_t)(len + 4)) {
		h.options = options;
		h.options_len = len;
		h.header_bytes = (uint8_t)(IP4_HEADER_BYTES + len);
		ip4_write(out, &h);
		ip4_write_checksum(out, h.header_bytes);
		assert_true(ip4_checksum_ok(out, h.header_bytes));
		assert_int_equal(ip4_peek_header_bytes(out), h.header_bytes);
		assert_true(parse(out, h.header_bytes, &got));
		assert_memory_equal(got.options, options, len);
		assert_same(&got, &h);
		assert_false(parse(out, h.header_bytes - 1u, &got));
	}
}

static void lengths_that_contradict_are_refused(void **state)
{
	struct ip4_header h = sample();
	uint8_t out[IP4_HEADER_BYTES_MAX] = {0};

	(void)state;
	ip4_write(out, &h);
	out[0] = 0x44; /* less than a header */
	assert_int_equal(ip4_peek_header_bytes(out), 0);
	assert_false(parse(out, sizeof(out), &h));
	out[0] = 0x65; /* another version */
	assert_false(parse(out, sizeof(out), &h));
	out[0] = 0x46;
	store_be16(out + 2, 23); /* the packet ends within its header */
	assert_false(parse(out, sizeof(out), &h));
	store_be16(out + 2, 24);
	assert_true(parse(out, sizeof(out), &h));
	assert_int_equal(h.options_len, 4);
}

static void options_come_one_by_one(void **state)
{
	static const uint8_t data[] = {
		IP4_OPT_NOP, IP4_OPT_LOOSE_ROUTE, 7, 4, 1, 2, 3, 4, IP4_OPT_ROUTER_ALERT, 4, 0,
		0,	     IP4_OPT_END,	  9, 9, 9};
	struct reader r = reader_of(data, sizeof(data));
	struct ip4_option o;

	(void)state;
	assert_true(ip4_option_next(&r, &o));
	assert_int_equal(o.type, IP4_OPT_LOOSE_ROUTE);
	assert_int_equal(o.bytes, 7);
	assert_ptr_equal(o.at, data + 1);
	assert_true(ip4_option_copied(o.type));
	assert_true(ip4_option_next(&r, &o));
	assert_int_equal(o.type, IP4_OPT_ROUTER_ALERT);
	assert_false(ip4_option_next(&r, &o));
	assert_true(r.ok);
}

static void malformed_options_are_told(void **state)
{
	static const uint8_t bad[][3] = {
		{IP4_OPT_NOP, IP4_OPT_NOP, 7}, {7, 0, 0}, {7, 1, 0}, {7, 4, 0}};
	struct ip4_option o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reader r = reader_of(bad[i], sizeof(bad[i]));

		assert_false(ip4_option_next(&r, &o));
		assert_false(r.ok);
		assert_false(ip4_option_next(&r, &o));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksum_of_a_known_header),
		cmocka_unit_test(parses_what_it_writes),
		cmocka_unit_test(lengths_that_contradict_are_refused),
		cmocka_unit_test(options_come_one_by_one),
		cmocka_unit_test(malformed_options_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
