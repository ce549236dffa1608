/* SPDX-License-Identifier: MIT */
/*
 * TCP headers: every option alone and with others through writer and parser, the bytes that Linux
 * puts into a SYN, and options that are malformed in each way there is.
 *
 * The seed is fixed: a failure repeats.
 */
#include "../fixture.h"

#include "wire/tcp_header.h"

static bool parse(const uint8_t *data, size_t bytes, struct tcp_header *h)
{
	struct reader r = reader_of(data, bytes);

	memset(h, 0xaa, sizeof(*h));
	return tcp_parse(&r, h);
}

/* A header with these raw options, padded with END. */
static size_t raw(uint8_t *out, const uint8_t *options, size_t bytes)
{
	size_t total = TCP_HEADER_BYTES + (bytes + 3) / 4 * 4;

	memset(out, 0, total);
	out[12] = (uint8_t)(total / 4 << 4);
	memcpy(out + TCP_HEADER_BYTES, options, bytes);
	return total;
}

static bool parse_options(const uint8_t *options, size_t bytes, struct tcp_options *o)
{
	uint8_t out[TCP_HEADER_BYTES_MAX];
	struct tcp_header h;
	bool ok = parse(out, raw(out, options, bytes), &h);

	*o = h.options;
	return ok;
}

static void check_options(const struct tcp_options *got, const struct tcp_options *want)
{
	assert_int_equal(got->has_mss, want->has_mss);
	if (want->has_mss)
		assert_int_equal(got->mss, want->mss);
	assert_int_equal(got->has_wscale, want->has_wscale);
	assert_int_equal(got->wscale, want->wscale);
	assert_int_equal(got->sack_permitted, want->sack_permitted);
	assert_int_equal(got->has_ts, want->has_ts);
	if (want->has_ts) {
		assert_int_equal(got->ts_val, want->ts_val);
		assert_int_equal(got->ts_ecr, want->ts_ecr);
	}
	assert_int_equal(got->has_fastopen, want->has_fastopen);
	assert_int_equal(got->cookie_bytes, want->cookie_bytes);
	assert_memory_equal(got->cookie, want->cookie, want->cookie_bytes);
	assert_int_equal(got->sack_count, want->sack_count);
	assert_memory_equal(got->sacks, want->sacks, want->sack_count * sizeof(want->sacks[0]));
}

static void parses_what_it_writes(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 91);
	for (int i = 0; i < 20000; i++) {
		uint8_t out[TCP_HEADER_BYTES_MAX];
		struct tcp_header h;
		struct tcp_header got;

		fixture_fill(&f, &h.seq, sizeof(h.seq));
		fixture_fill(&f, &h.ack, sizeof(h.ack));
		h.src_port = (uint16_t)fixture_random(&f);
		h.dst_port = (uint16_t)fixture_random(&f);
		h.flags = (uint8_t)fixture_random(&f);
		h.window = (uint16_t)fixture_random(&f);
		h.urgent = (uint16_t)fixture_random(&f);
		tcp_options_init(&h.options);
		struct tcp_options *o = &h.options;

		o->has_mss = fixture_below(&f, 2);
		o->mss = (uint16_t)fixture_random(&f);
		o->has_wscale = fixture_below(&f, 2);
		o->wscale = o->has_wscale ? (uint8_t)fixture_below(&f, 15) : 0;
		o->sack_permitted = fixture_below(&f, 2);
		o->has_ts = fixture_below(&f, 2);
		fixture_fill(&f, &o->ts_val, 8);
		o->has_fastopen = fixture_below(&f, 2);
		if (o->has_fastopen && fixture_below(&f, 2))
			o->cookie_bytes = (uint8_t)(4 + 2 * fixture_below(&f, 7));
		fixture_fill(&f, o->cookie, sizeof(o->cookie));
		o->sack_count = (uint8_t)fixture_below(&f, 5);
		fixture_fill(&f, o->sacks, sizeof(o->sacks));
		if (tcp_options_bytes(o) > 40)
			continue;
		size_t bytes = tcp_write(out, &h);

		assert_int_equal(bytes % 4, 0);
		assert_int_equal(bytes, TCP_HEADER_BYTES + tcp_options_bytes(o));
		assert_int_equal(tcp_peek_header_bytes(out), bytes);
		assert_true(parse(out, bytes, &got));
		assert_int_equal(got.src_port, h.src_port);
		assert_int_equal(got.dst_port, h.dst_port);
		assert_int_equal(got.seq, h.seq);
		assert_int_equal(got.ack, h.ack);
		assert_int_equal(got.flags, h.flags);
		assert_int_equal(got.window, h.window);
		assert_int_equal(got.urgent, h.urgent);
		assert_int_equal(got.checksum, 0);
		assert_int_equal(got.header_bytes, bytes);
		check_options(&got.options, o);
		assert_false(parse(out, bytes - 1, &got));
	}
}

/* mss 1460, sackOK, TS val 1 ecr 0, nop, wscale 7 */
static void a_syn_looks_like_linuxs(void **state)
{
	static const uint8_t want[] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0,
				       0, 1, 0,	   0,	 0, 0, 1, 3,  3, 7};
	struct tcp_header h = {.flags = TCPF_SYN};
	uint8_t out[TCP_HEADER_BYTES_MAX];

	(void)state;
	h.options = (struct tcp_options){.has_mss = true,
					 .mss = 1460,
					 .sack_permitted = true,
					 .has_ts = true,
					 .ts_val = 1,
					 .has_wscale = true,
					 .wscale = 7};
	assert_int_equal(tcp_write(out, &h), TCP_HEADER_BYTES + sizeof(want));
	assert_memory_equal(out + TCP_HEADER_BYTES, want, sizeof(want));
}

/* Timestamps not aligned as RFC 7323 appendix A has them, and unknown options among known ones. */
static void any_order_and_unknown_ones(void **state)
{
	static const uint8_t options[] = {254, 6, 1, 2, 3, 4,  8, 10, 0, 0, 0, 5,
					  0,   0, 0, 6, 1, 19, 2, 2,  4, 2, 0};
	struct tcp_options o;

	(void)state;
	assert_true(parse_options(options, sizeof(options), &o));
	assert_true(o.has_ts);
	assert_int_equal(o.ts_val, 5);
	assert_int_equal(o.ts_ecr, 6);
	assert_true(o.has_mss);
	assert_int_equal(o.mss, 0x0200);
}

static void wrong_lengths_are_ignored(void **state)
{
	static const uint8_t options[] = {2, 3, 9, 3, 4, 1, 1, 4, 3, 0, 8, 9,  0, 0, 0, 0, 0,
					  0, 0, 5, 9, 0, 0, 0, 0, 0, 0, 0, 34, 3, 7, 5, 2};
	struct tcp_options o;
	struct tcp_options none;

	(void)state;
	tcp_options_init(&none);
	assert_true(parse_options(options, sizeof(options), &o));
	check_options(&o, &none);
}

/* RFC 9293 §3.1: lengths of 0 and 1, and lengths past the header, must not harm. */
static void malformed_options_end_the_rest(void **state)
{
	static const uint8_t tails[][4] = {{8, 0, 2, 4}, {8, 1, 2, 4}, {8, 10, 2, 4}, {1, 1, 1, 2}};
	uint8_t options[8] = {3, 3, 20, 1};
	struct tcp_options o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		memcpy(options + 4, tails[i], 4);
		assert_true(parse_options(options, sizeof(options), &o));
		assert_true(o.has_wscale);
		assert_int_equal(o.wscale, 14); /* RFC 7323 §2.3 */
		assert_false(o.has_ts);
		assert_false(o.has_mss);
	}
}

static void too_small_an_offset_is_refused(void **state)
{
	uint8_t data[TCP_HEADER_BYTES_MAX] = {0};
	struct tcp_header h;

	(void)state;
	for (unsigned offset = 0; offset < 16; offset++) {
		data[12] = (uint8_t)(offset << 4);
		assert_int_equal(parse(data, sizeof(data), &h), offset >= 5);
		assert_int_equal(parse(data, TCP_HEADER_BYTES, &h), offset == 5);
	}
	assert_false(parse(data, TCP_HEADER_BYTES - 1, &h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_it_writes),
		cmocka_unit_test(a_syn_looks_like_linuxs),
		cmocka_unit_test(any_order_and_unknown_ones),
		cmocka_unit_test(wrong_lengths_are_ignored),
		cmocka_unit_test(malformed_options_end_the_rest),
		cmocka_unit_test(too_small_an_offset_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
