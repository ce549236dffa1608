/* SPDX-License-Identifier: MIT */
/*
 * Addresses. All are 16 bytes; an IPv4 address is held as its IPv4-mapped form (::ffff:a.b.c.d,
 * RFC 4291 §2.5.5.2), so that tables, sockets and dual-stack code know one type.
 */
#ifndef WIRE_IPADDR_H
#define WIRE_IPADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ipaddr {
	uint8_t bytes[16];
};

/* An address and a port, as a socket is named; scope is an interface index for link-local ones. */
struct endpoint {
	struct ipaddr addr;
	uint16_t port;
	uint16_t scope;
};

/* `host_order` is 0x7f000001 for 127.0.0.1. */
static inline struct ipaddr ipaddr_from4(uint32_t host_order)
{
	return (struct ipaddr){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
				(uint8_t)(host_order >> 24), (uint8_t)(host_order >> 16),
				(uint8_t)(host_order >> 8), (uint8_t)host_order}};
}

static inline uint32_t ipaddr_to4(const struct ipaddr *a)
{
	return (uint32_t)a->bytes[12] << 24 | (uint32_t)a->bytes[13] << 16 |
	       (uint32_t)a->bytes[14] << 8 | a->bytes[15];
}

static inline bool ipaddr_is4(const struct ipaddr *a)
{
	static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(a->bytes, prefix, sizeof(prefix)) == 0;
}

static inline bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* 0.0.0.0 or ::. */
bool ipaddr_is_any(const struct ipaddr *a);
/* 224/4 or ff00::/8. */
bool ipaddr_is_multicast(const struct ipaddr *a);
/* 127/8 or ::1. */
bool ipaddr_is_loopback(const struct ipaddr *a);
/* 255.255.255.255; subnet broadcasts are known to net/ only. */
bool ipaddr_is_limited_broadcast(const struct ipaddr *a);
/* fe80::/10 */
bool ipaddr_is_link_local(const struct ipaddr *a);
/* Means something only together with an interface: fe80::/10, and the IPv6 groups of an interface
 * or link (ff01::/16, ff02::/16; RFC 4007 §6). */
bool ipaddr_needs_scope(const struct ipaddr *a);
/* Whether the first `prefix_len` bits agree; for IPv4 count from the start of the IPv4 part. */
bool ipaddr_in_prefix(const struct ipaddr *a, const struct ipaddr *prefix, unsigned prefix_len);

/* The sum of the pseudo-header of either version, for pkt/csum.h. Both are of the same version. */
uint32_t ipaddr_pseudo_sum(const struct ipaddr *src, const struct ipaddr *dst, uint8_t protocol,
			   size_t bytes);

#define IPADDR_TEXT_BYTES 46
/* Dotted quad or RFC 5952 text, terminated; returns `buf`. */
char *ipaddr_print(const struct ipaddr *a, char buf[IPADDR_TEXT_BYTES]);

#endif
