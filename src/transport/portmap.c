/* SPDX-License-Identifier: MIT */
#include "transport/portmap.h"

#include "base/check.h"

/* The first free number of lo .. hi among those that `mask` allows in each word. */
static uint16_t find_between(const struct portmap *m, uint32_t lo, uint32_t hi, uint64_t mask)
{
	for (uint32_t word = lo / 64; word <= hi / 64; word++) {
		uint64_t free = ~m->held[word] & mask;

		if (word == lo / 64)
			free &= UINT64_MAX << lo % 64;
		if (word == hi / 64)
			free &= UINT64_MAX >> (63 - hi % 64);
		if (free)
			return (uint16_t)(word * 64 + (uint32_t)__builtin_ctzll(free));
	}
	return 0;
}

uint16_t portmap_find(const struct portmap *m, uint32_t lo, uint32_t hi, uint32_t start)
{
	uint64_t mask = start & 1 ? UINT64_C(0xaaaaaaaaaaaaaaaa) : UINT64_C(0x5555555555555555);
	uint16_t number;

	ASSERT(lo <= start && start <= hi && hi <= UINT16_MAX);
	number = find_between(m, start, hi, mask);
	if (!number && start > lo)
		number = find_between(m, lo, start - 1, mask);
	return number;
}
