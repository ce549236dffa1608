/* SPDX-License-Identifier: MIT */
/*
 * Record route and timestamp: filled in by who sends, who is met and who forwards; how answers
 * carry them on; what is wrong, and where; and that nothing leaves its bytes.
 */
#include "../nethost.h"

#include <string.h>

#include "net/ip4_options.h"

static struct nethost h;

static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static uint32_t here(void *ctx)
{
	(void)ctx;
	return ME;
}

static int receive(uint8_t *options, size_t bytes, uint8_t *out_slot, bool *changed)
{
	return ip4_options_receive(h.net, options, bytes, here, NULL, out_slot, changed);
}

static void a_route_is_recorded(void **state)
{
	uint8_t o[12] = {IP4_OPT_NOP, IP4_OPT_RECORD_ROUTE, 11, 4};
	uint8_t slot;
	bool changed;

	(void)state;
	assert_int_equal(receive(o, sizeof(o), &slot, &changed), IP4_OPTIONS_FINE);
	assert_true(changed);
	assert_int_equal(o[3], 8);
	assert_int_equal(load_be32(o + 4), ME);
	assert_int_equal(load_be32(o + 8), 0);
	/* A router enters the interface through which it leaves instead. */
	ip4_options_forward(o, slot, PEER);
	assert_int_equal(load_be32(o + 4), PEER);
	ip4_options_send(h.net, o, sizeof(o), AFAR);
	assert_int_equal(o[3], 12);
	assert_int_equal(load_be32(o + 8), AFAR);
	/* It is full: nobody is entered any more. */
	assert_int_equal(receive(o, sizeof(o), &slot, &changed), IP4_OPTIONS_FINE);
	assert_false(changed);
	assert_int_equal(slot, 0);
	ip4_options_send(h.net, o, sizeof(o), STRANGER);
	assert_int_equal(load_be32(o + 8), AFAR);
}

static void times_are_recorded(void **state)
{
	uint8_t only[8] = {IP4_OPT_TIMESTAMP, 8, 5, 0};
	uint8_t both[12] = {IP4_OPT_TIMESTAMP, 12, 5, 1};
	uint8_t slot;
	bool changed;

	(void)state;
	h.f.env.epoch = 25 * 3600 * BERTH_SEC + 7 * BERTH_MSEC;
	h.f.env.now = 0;
	assert_int_equal(receive(only, 8, &slot, &changed), IP4_OPTIONS_FINE);
	assert_int_equal(load_be32(only + 4), 3600 * 1000 + 7);
	assert_int_equal(only[2], 9);
	assert_int_equal(receive(both, 12, &slot, &changed), IP4_OPTIONS_FINE);
	assert_int_equal(load_be32(both + 4), ME);
	assert_int_equal(load_be32(both + 8), 3600 * 1000 + 7);
	assert_int_equal(both[2], 13);
	assert_int_equal(slot, 0); /* Linux: a router leaves this address as it is */
	/* Who finds it full is counted, up to fifteen. */
	for (int i = 1; i <= 15; i++) {
		assert_int_equal(receive(both, 12, &slot, &changed), IP4_OPTIONS_FINE);
		assert_true(changed);
		assert_int_equal(both[3], i << 4 | 1);
	}
	assert_int_equal(receive(both, 12, &slot, &changed), 3);
}

static void given_addresses_are_waited_for(void **state)
{
	uint8_t o[20] = {IP4_OPT_TIMESTAMP, 20, 5, 3};
	uint8_t slot;
	bool changed;

	(void)state;
	store_be32(o + 4, PEER);
	store_be32(o + 12, ME);
	assert_int_equal(receive(o, sizeof(o), &slot, &changed), IP4_OPTIONS_FINE);
	assert_false(changed);
	o[2] = 13; /* the peer has been there */
	h.f.env.epoch = 1234 * BERTH_MSEC;
	h.f.env.now = 0;
	assert_int_equal(receive(o, sizeof(o), &slot, &changed), IP4_OPTIONS_FINE);
	assert_int_equal(load_be32(o + 16), 1234);
	assert_int_equal(o[2], 21);
}

static void answers_carry_on(void **state)
{
	static const uint8_t came[16] = {
		IP4_OPT_ROUTER_ALERT, 4, 0, 0, IP4_OPT_RECORD_ROUTE, 11, 8, 10, 0, 0, 1, 9, 9, 9, 9,
		IP4_OPT_NOP,
	};
	uint8_t out[40];

	(void)state;
	assert_int_equal(ip4_options_echo(came, sizeof(came), out), 12);
	assert_memory_equal(out, came + 4, 11);
	assert_int_equal(out[11], IP4_OPT_END);
	/* IP_RETOPTS: with the next place empty. */
	assert_int_equal(ip4_options_returned(h.net, came, sizeof(came), out), 12);
	assert_memory_equal(out, came + 4, 7);
	assert_int_equal(load_be32(out + 7), 0);
	assert_int_equal(ip4_options_echo(came, 4, out), 0);
}

static void faults_are_found(void **state)
{
	static const struct {
		uint8_t o[8];
		int at;
	} lists[] = {
		{{IP4_OPT_RECORD_ROUTE, 2, 4}, 1},
		{{IP4_OPT_RECORD_ROUTE, 7, 3}, 2},
		{{IP4_OPT_RECORD_ROUTE, 7, 5}, 2},
		{{1, IP4_OPT_RECORD_ROUTE, 6, 4}, 3},
		{{IP4_OPT_TIMESTAMP, 3, 5}, 1},
		{{IP4_OPT_TIMESTAMP, 8, 4}, 2},
		{{IP4_OPT_TIMESTAMP, 8, 5, 1}, 2},
		{{IP4_OPT_TIMESTAMP, 8, 6, 0}, 2},
		{{1, 1, 99, 1}, 2},
		{{1, 1, 1, 1, 1, 1, 1, 99}, 7},
		{{7, 3, 4, 0}, IP4_OPTIONS_FINE},
		{{7, 3, 4, 7, 3, 4, 0}, 3},
		{{IP4_OPT_LOOSE_ROUTE, 7, 4}, IP4_OPTIONS_SILENT},
	};
	uint8_t slot;
	bool changed;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		uint8_t o[8];

		memcpy(o, lists[i].o, sizeof(o));
		assert_int_equal(receive(o, sizeof(o), &slot, &changed), lists[i].at);
		assert_memory_equal(o, lists[i].o, sizeof(o));
		assert_int_equal(ip4_options_valid(o, sizeof(o)), lists[i].at == IP4_OPTIONS_FINE);
	}
}

/* Whatever comes stays within its bytes. */
static void anything_at_all(void **state)
{
	uint64_t x = 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		uint8_t o[48], out[48];
		size_t bytes = 4u * (1 + (size_t)round % 10);
		uint8_t slot;
		bool changed;

		memset(o, 0xee, sizeof(o));
		memset(out, 0xee, sizeof(out));
		for (size_t i = 0; i < bytes; i++) {
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
			o[i] = (uint8_t)(x >> 33) % 45; /* lengths and pointers mostly fit */
			if (o[i] > 40)
				o[i] = (uint8_t[]){7, 68, 1, 68}[o[i] - 41];
		}
		if (receive(o, bytes, &slot, &changed) == IP4_OPTIONS_FINE) {
			assert_true(ip4_options_echo(o, bytes, out) <= bytes);
			assert_true(ip4_options_returned(h.net, o, bytes, out) <= bytes);
			if (slot)
				ip4_options_forward(o, slot, PEER);
			ip4_options_send(h.net, o, bytes, ME);
		}
		for (size_t i = bytes; i < sizeof(o); i++)
			assert_true(o[i] == 0xee && out[i] == 0xee);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_route_is_recorded), T(times_are_recorded), T(given_addresses_are_waited_for),
		T(answers_carry_on),	T(faults_are_found),   T(anything_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
