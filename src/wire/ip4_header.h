/* SPDX-License-Identifier: MIT */
/*
 * IPv4 headers with their options (RFC 791 §3.1).
 */
#ifndef WIRE_IP4_HEADER_H
#define WIRE_IP4_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define IP4_HEADER_BYTES 20u /* without options */
#define IP4_HEADER_BYTES_MAX 60u
#define IP4_OPTIONS_BYTES_MAX 40u

struct ip4_header {
	uint32_t src; /* host order */
	uint32_t dst;
	uint16_t total_bytes; /* >= header_bytes */
	uint16_t id;
	uint16_t fragment_offset; /* in bytes, a multiple of 8 */
	bool df;		  /* do not fragment */
	bool mf;		  /* more fragments */
	uint8_t tos;
	uint8_t ttl;
	uint8_t protocol;
	uint8_t header_bytes;	/* IP4_HEADER_BYTES + options_len */
	uint8_t options_len;	/* a multiple of 4 */
	const uint8_t *options; /* borrowed: parsing points into the parsed bytes */
};

static inline bool ip4_is_fragment(const struct ip4_header *h)
{
	return h->mf || h->fragment_offset != 0;
}

/* False: truncated, not version 4, or lengths that contradict each other. Neither the checksum is
 * verified, nor that total_bytes are there (inside ICMP errors they are not). The reader stands
 * behind the options after. */
bool ip4_parse(struct reader *r, struct ip4_header *h);

/* The header length that the first byte tells, to make as many bytes contiguous before parsing; 0:
 * not an IPv4 header. */
static inline size_t ip4_peek_header_bytes(const uint8_t *at)
{
	size_t bytes = (at[0] & 0xfu) * 4u;

	return at[0] >> 4 == 4 && bytes >= IP4_HEADER_BYTES ? bytes : 0;
}

/*
 * A header that a program gives with its packet (IP_HDRINCL). The length that it says it has: 0 to
 * 60, whatever the version. `at` holds IP4_HEADER_BYTES bytes.
 */
static inline size_t ip4_given_header_bytes(const uint8_t *at)
{
	return (at[0] & 0xfu) * 4u;
}
/* Fills in what the host knows better: length and checksum, and source and identification where
 * they are zero. True: `id` was taken. Linux: one that forbids fragments keeps a zero. */
bool ip4_fill_given(uint8_t *at, size_t header_bytes, uint16_t total_bytes, uint32_t src,
		    uint16_t id);

/* Whether the checksum of a header of `header_bytes` bytes is right. */
bool ip4_checksum_ok(const uint8_t *at, size_t header_bytes);

/* Writes header_bytes bytes; the checksum is zero, to be completed with the packet or by
 * ip4_write_checksum(). */
void ip4_write(uint8_t *at, const struct ip4_header *h);
void ip4_write_checksum(uint8_t *at, size_t header_bytes);

/* What a router does: one hop less, the checksum kept right (RFC 1624). The TTL is not 0. */
void ip4_decrement_ttl(uint8_t *at);

/* Options (RFC 791 §3.1, RFC 2113). */
#define IP4_OPT_END 0u
#define IP4_OPT_NOP 1u
#define IP4_OPT_RECORD_ROUTE 7u
#define IP4_OPT_TIMESTAMP 68u
#define IP4_OPT_LOOSE_ROUTE 131u
#define IP4_OPT_STRICT_ROUTE 137u
#define IP4_OPT_ROUTER_ALERT 148u

static inline bool ip4_option_copied(uint8_t type)
{
	return type & 0x80;
}

struct ip4_option {
	uint8_t type;	   /* never END or NOP */
	uint8_t bytes;	   /* with type and length: >= 2 */
	const uint8_t *at; /* its type byte */
};

/* The next option of `r`, a reader_of() the options. False: no more, or, if !r->ok, malformed
 * (o->at tells where). */
bool ip4_option_next(struct reader *r, struct ip4_option *o);

#endif
