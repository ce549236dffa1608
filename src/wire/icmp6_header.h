/* SPDX-License-Identifier: MIT */
/*
 * ICMPv6 (RFC 4443). What follows the header: of an echo its data, of an error as much of the
 * packet that it is about as fits the minimum MTU.
 */
#ifndef WIRE_ICMP6_HEADER_H
#define WIRE_ICMP6_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define ICMP6_HEADER_BYTES 8u

enum icmp6_type {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO_REQUEST = 128,
	ICMP6_ECHO_REPLY = 129,
	/* RFC 8335 §2 */
	ICMP6_EXT_ECHO_REQUEST = 160,
	ICMP6_EXT_ECHO_REPLY = 161,
	/* RFC 2710, RFC 3810 */
	ICMP6_MLD_QUERY = 130,
	ICMP6_MLD_REPORT = 131,
	ICMP6_MLD_DONE = 132,
	ICMP6_MLD2_REPORT = 143,
	/* RFC 4861: wire/nd_message.h */
	ICMP6_ROUTER_SOLICIT = 133,
	ICMP6_ROUTER_ADVERT = 134,
	ICMP6_NEIGHBOUR_SOLICIT = 135,
	ICMP6_NEIGHBOUR_ADVERT = 136,
	ICMP6_REDIRECT = 137,
};

/* Codes of ICMP6_UNREACHABLE (RFC 4443 §3.1). */
enum icmp6_unreachable_code {
	ICMP6_UNREACHABLE_ROUTE = 0,
	ICMP6_UNREACHABLE_PROHIBITED = 1,
	ICMP6_UNREACHABLE_SCOPE = 2,
	ICMP6_UNREACHABLE_ADDRESS = 3,
	ICMP6_UNREACHABLE_PORT = 4,
	ICMP6_UNREACHABLE_POLICY = 5,
	ICMP6_UNREACHABLE_REJECT = 6,
};

#define ICMP6_TIME_EXCEEDED_HOPS 0
#define ICMP6_TIME_EXCEEDED_REASSEMBLY 1

#define ICMP6_PARAMETER_HEADER 0
#define ICMP6_PARAMETER_NEXT 1
#define ICMP6_PARAMETER_OPTION 2
#define ICMP6_PARAMETER_FRAGMENT 3 /* RFC 7112 §5: the first fragment lacks headers */

struct icmp6_header {
	uint8_t type;
	uint8_t code;
	uint16_t checksum; /* as received; written as zero */
	uint32_t info;	   /* MTU, pointer, or identifier and sequence number of an echo */
};

static inline uint16_t icmp6_id(const struct icmp6_header *h)
{
	return (uint16_t)(h->info >> 16);
}

static inline uint16_t icmp6_seq(const struct icmp6_header *h)
{
	return (uint16_t)h->info;
}

/* RFC 4443 §2.1: errors have types below 128, and are never answered with an error. */
static inline bool icmp6_is_error(uint8_t type)
{
	return type < 128;
}

/* False: truncated. The checksum is not verified: it covers all of the packet. */
bool icmp6_parse(struct reader *r, struct icmp6_header *h);
/* Writes ICMP6_HEADER_BYTES bytes, the checksum zero. */
void icmp6_write(uint8_t *at, const struct icmp6_header *h);

#endif
