/* SPDX-License-Identifier: MIT */
/*
 * Which port numbers are held by anybody: a bit each, so that a free one is found in a few hundred
 * steps when tens of thousands are taken.
 */
#ifndef TRANSPORT_PORTMAP_H
#define TRANSPORT_PORTMAP_H

#include <stdbool.h>
#include <stdint.h>

#define PORTMAP_WORDS (65536u / 64u)

struct portmap {
	uint64_t held[PORTMAP_WORDS];
};

static inline void portmap_set(struct portmap *m, uint16_t number, bool held)
{
	uint64_t bit = UINT64_C(1) << number % 64;

	if (held)
		m->held[number / 64] |= bit;
	else
		m->held[number / 64] &= ~bit;
}

/* The first number that nobody holds, of those from `start` to `hi` and then from `lo` to `start`,
 * that is odd or even as `start` is; 0: there is none. lo <= start <= hi <= 65535. */
uint16_t portmap_find(const struct portmap *m, uint32_t lo, uint32_t hi, uint32_t start);

#endif
