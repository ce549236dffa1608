/* SPDX-License-Identifier: MIT */
#include "pkt/csum.h"

#include <string.h>

#define BLOCK_BYTES 64u /* that are added at once */

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

/* Four words that are added at once, as wide as the machine can. */
typedef uint64_t lanes __attribute__((vector_size(32)));

/*
 * One's complement addition does not care how wide its words are nor in which byte order, as long
 * as carries come back in and the result is swapped at the end (RFC 1071 §2). Halves of 64-bit
 * words are added apart, so that carries have 32 bits of room and wait for nobody.
 */
static inline __attribute__((always_inline)) uint64_t add_blocks(const uint8_t *p, size_t blocks)
{
	const uint64_t half = 0xffffffff;
	lanes low = {0};
	lanes high = {0};

	for (; blocks > 0; blocks--, p += BLOCK_BYTES) {
		lanes x;
		lanes y;

		memcpy(&x, p, sizeof(x));
		memcpy(&y, p + sizeof(x), sizeof(y));
		low += (x & half) + (y & half);
		high += (x >> 32) + (y >> 32);
	}
	low += high;
	return low[0] + low[1] + low[2] + low[3];
}

#if defined(__x86_64__)
/* The same lines for processors whose registers hold all lanes, which not every x86-64 has. */
__attribute__((target("avx2"))) static uint64_t add_blocks_avx2(const uint8_t *p, size_t blocks)
{
	return add_blocks(p, blocks);
}

static uint64_t add_most(const uint8_t *p, size_t blocks)
{
	if (blocks > 1 && __builtin_cpu_supports("avx2"))
		return add_blocks_avx2(p, blocks);
	return add_blocks(p, blocks);
}
#else
static uint64_t add_most(const uint8_t *p, size_t blocks)
{
	return add_blocks(p, blocks);
}
#endif

uint32_t csum_add(const void *data, size_t bytes, uint32_t sum)
{
	const uint64_t half = 0xffffffff;
	const uint8_t *p = data;
	uint64_t s = add_most(p, bytes / BLOCK_BYTES);

	p += bytes / BLOCK_BYTES * BLOCK_BYTES;
	bytes %= BLOCK_BYTES;
	for (; bytes >= 8; bytes -= 8, p += 8)
		s += (load64(p) >> 32) + (load64(p) & half);
	s += load_tail(p, bytes);

	/* 2^32 is 1 here, and so is 2^16. */
	s = (s >> 32) + (s & half);
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
