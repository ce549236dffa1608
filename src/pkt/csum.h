/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum (RFC 1071). Sums are unfinished: 32 bits that more may be added to (up to
 * 65,000 times), in the order of host integers, so that header fields are added as they are.
 */
#ifndef PKT_CSUM_H
#define PKT_CSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds `bytes` bytes, which begin at an even offset of what is summed. */
uint32_t csum_add(const void *data, size_t bytes, uint32_t sum);

/* Folds to 16 bits, not complemented. */
static inline uint16_t csum_fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)((sum >> 16) + sum);
}

/* The value of the checksum field, if the field was zero in `sum`; and zero, if `sum` covers a
 * right checksum. */
static inline uint16_t csum_finish(uint32_t sum)
{
	return (uint16_t)~csum_fold(sum);
}

/* Appends the sum of a piece that begins `offset` bytes in: at odd ones its bytes trade places. */
static inline uint32_t csum_join(uint32_t sum, uint32_t piece, size_t offset)
{
	uint32_t folded = csum_fold(piece);

	return sum + (offset & 1 ? (folded << 8 | folded >> 8) & 0xffff : folded);
}

/* The sum of a pseudo-header; addresses of IPv4 in host order, of IPv6 as on the wire. */
static inline uint32_t csum_pseudo4(uint32_t src, uint32_t dst, uint8_t protocol, size_t bytes)
{
	return (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + protocol +
	       (uint32_t)bytes;
}
uint32_t csum_pseudo6(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, size_t bytes);

/* The field after a 16-bit word that it covers has changed (RFC 1624). */
static inline uint16_t csum_update(uint16_t field, uint16_t was, uint16_t is)
{
	return csum_finish((uint32_t)(uint16_t)~field + (uint16_t)~was + is);
}

#endif
