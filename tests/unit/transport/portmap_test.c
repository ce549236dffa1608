/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

#include "transport/portmap.h"

/* Looks at every number in turn. */
static uint16_t naive(const bool *held, uint32_t lo, uint32_t hi, uint32_t start)
{
	for (uint32_t n = start; n <= hi; n += 2) {
		if (!held[n])
			return (uint16_t)n;
	}
	for (uint32_t n = lo + ((lo ^ start) & 1); n < start; n += 2) {
		if (!held[n])
			return (uint16_t)n;
	}
	return 0;
}

static void finds_what_a_walk_would_find(void **state)
{
	static struct portmap map;
	static bool held[65536];
	struct fixture f;

	(void)state;
	fixture_init(&f, 111);
	for (int round = 0; round < 400; round++) {
		uint32_t lo = 1 + (uint32_t)fixture_below(&f, 65535);
		uint32_t hi = lo + (uint32_t)fixture_below(&f, round % 2 ? 300 : 65536 - lo);
		size_t rare = 1 + fixture_below(&f, 300);

		if (hi > 65535)
			hi = 65535;
		for (uint32_t n = lo; n <= hi; n++) {
			held[n] = fixture_below(&f, rare) != 0;
			portmap_set(&map, (uint16_t)n, held[n]);
		}
		for (int i = 0; i < 50; i++) {
			uint32_t start = lo + (uint32_t)fixture_below(&f, hi - lo + 1);

			assert_int_equal(portmap_find(&map, lo, hi, start),
					 naive(held, lo, hi, start));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_walk_would_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
