/* SPDX-License-Identifier: MIT */
#include "pkt/csum.h"

#include <string.h>

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The sum of the last 0 to 7 bytes: pieces at even offsets may be added at any even place. */
static inline uint64_t load_tail(const uint8_t *p, size_t bytes)
{
	uint64_t v = 0;
	uint32_t four;
	uint16_t two;

	if (bytes & 1)
		v = p[bytes - 1];
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v <<= 8;
#endif
	if (bytes & 2) {
		memcpy(&two, p + (bytes & 4), sizeof(two));
		v += two;
	}
	if (bytes & 4) {
		memcpy(&four, p, sizeof(four));
		v += four;
	}
	return v;
}

/*
 * One's complement addition does not care how wide its words are nor in which byte order, as long
 * as carries come back in and the result is swapped at the end (RFC 1071 §2). Four chains of 64-bit
 * words count their carries apart, in the upper half of 128 bits.
 */
uint32_t csum_add(const void *data, size_t bytes, uint32_t sum)
{
	const uint8_t *p = data;
	__extension__ unsigned __int128 a = 0;
	__extension__ unsigned __int128 b = 0;
	__extension__ unsigned __int128 c = 0;
	__extension__ unsigned __int128 d = 0;
	uint64_t word;

	for (; bytes >= 64; bytes -= 64, p += 64) {
		a += load64(p);
		b += load64(p + 8);
		c += load64(p + 16);
		d += load64(p + 24);
		a += load64(p + 32);
		b += load64(p + 40);
		c += load64(p + 48);
		d += load64(p + 56);
	}
	for (; bytes >= 8; bytes -= 8, p += 8)
		a += load64(p);
	word = load_tail(p, bytes);
	a += b;
	a += c;
	a += d;
	a += word;

	/* 2^64 is 1 here, and so is 2^32 and 2^16. */
	uint64_t low = (uint64_t)a;
	uint64_t s = (low >> 32) + (low & 0xffffffff) + (uint64_t)(a >> 64);

	s = (s >> 32) + (s & 0xffffffff);
	s = (s >> 16) + (s & 0xffff);
	s = (s >> 16) + (s & 0xffff);
	s = (s >> 16) + (s & 0xffff);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	s = __builtin_bswap16((uint16_t)s);
#endif
	return sum + (uint32_t)s;
}

uint32_t csum_pseudo6(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, size_t bytes)
{
	uint32_t sum = csum_add(src, 16, protocol);

	return csum_add(dst, 16, sum) + (uint32_t)(bytes >> 16) + (uint32_t)(bytes & 0xffff);
}
