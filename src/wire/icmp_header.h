/* SPDX-License-Identifier: MIT */
/*
 * ICMP for IPv4 (RFC 792). What follows the header: of an echo its data, of an error the IPv4
 * header and the first bytes of the packet that it is about.
 */
#ifndef WIRE_ICMP_HEADER_H
#define WIRE_ICMP_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define ICMP_HEADER_BYTES 8u

enum icmp4_type {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_SOURCE_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
	ICMP4_TIMESTAMP = 13,
	ICMP4_TIMESTAMP_REPLY = 14,
	ICMP4_EXT_ECHO = 42, /* RFC 8335 §2 */
	ICMP4_EXT_ECHO_REPLY = 43,
};

/* Codes of ICMP4_UNREACHABLE (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1). */
enum icmp4_unreachable_code {
	ICMP4_UNREACHABLE_NET = 0,
	ICMP4_UNREACHABLE_HOST = 1,
	ICMP4_UNREACHABLE_PROTOCOL = 2,
	ICMP4_UNREACHABLE_PORT = 3,
	ICMP4_UNREACHABLE_FRAG_NEEDED = 4,
	ICMP4_UNREACHABLE_SOURCE_ROUTE = 5,
	ICMP4_UNREACHABLE_NET_UNKNOWN = 6,
	ICMP4_UNREACHABLE_HOST_UNKNOWN = 7,
	ICMP4_UNREACHABLE_HOST_ISOLATED = 8,
	ICMP4_UNREACHABLE_NET_PROHIBITED = 9,
	ICMP4_UNREACHABLE_HOST_PROHIBITED = 10,
	ICMP4_UNREACHABLE_NET_TOS = 11,
	ICMP4_UNREACHABLE_HOST_TOS = 12,
	ICMP4_UNREACHABLE_FILTERED = 13,
};

#define ICMP4_TIME_EXCEEDED_TTL 0
#define ICMP4_TIME_EXCEEDED_REASSEMBLY 1

struct icmp_header {
	uint8_t type;
	uint8_t code;
	uint16_t checksum; /* as received; written as zero */
	uint16_t id;	   /* echo and timestamp; else 0 */
	uint16_t seq;
	uint16_t mtu;	  /* fragmentation needed; 0: the router does not tell */
	uint8_t pointer;  /* parameter problem: the offending byte's offset */
	uint32_t gateway; /* redirect: host order */
};

/* False: truncated. The checksum is not verified: it covers all of the packet. */
bool icmp_parse(struct reader *r, struct icmp_header *h);
/* Writes ICMP_HEADER_BYTES bytes, the checksum zero. */
void icmp_write(uint8_t *at, const struct icmp_header *h);

/* The identifier of an echo message, of either version of IP; writing it clears the checksum. `at`
 * holds ICMP_HEADER_BYTES bytes. */
static inline uint16_t icmp_echo_id(const uint8_t *at)
{
	return load_be16(at + 4);
}
static inline void icmp_echo_set_id(uint8_t *at, uint16_t id)
{
	store_be16(at + 2, 0);
	store_be16(at + 4, id);
}

/* Errors are never answered with an error (RFC 1122 §3.2.2). */
static inline bool icmp_is_error(uint8_t type)
{
	return type == ICMP4_UNREACHABLE || type == ICMP4_SOURCE_QUENCH || type == ICMP4_REDIRECT ||
	       type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER;
}

#endif
