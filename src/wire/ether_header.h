/* SPDX-License-Identifier: MIT */
/*
 * Ethernet II headers (RFC 894). A VLAN tag is not looked into: its 0x8100 is the type.
 */
#ifndef WIRE_ETHER_HEADER_H
#define WIRE_ETHER_HEADER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

#define ETHER_HEADER_BYTES 14u
#define ETHER_MAC_BYTES 6u

#define ETHER_TYPE_IP4 0x0800u
#define ETHER_TYPE_ARP 0x0806u
#define ETHER_TYPE_VLAN 0x8100u
#define ETHER_TYPE_IP6 0x86ddu

struct ether_header {
	uint8_t dst[ETHER_MAC_BYTES];
	uint8_t src[ETHER_MAC_BYTES];
	uint16_t type;
};

/* False: truncated. */
static inline bool ether_parse(struct reader *r, struct ether_header *h)
{
	const uint8_t *at = read_bytes(r, ETHER_HEADER_BYTES);

	if (at == NULL)
		return false;
	memcpy(h->dst, at, ETHER_MAC_BYTES);
	memcpy(h->src, at + 6, ETHER_MAC_BYTES);
	h->type = load_be16(at + 12);
	return true;
}

/* Writes ETHER_HEADER_BYTES bytes. */
static inline void ether_write(uint8_t *at, const struct ether_header *h)
{
	memcpy(at, h->dst, ETHER_MAC_BYTES);
	memcpy(at + 6, h->src, ETHER_MAC_BYTES);
	store_be16(at + 12, h->type);
}

/* Broadcast is a multicast too. */
static inline bool mac_is_multicast(const uint8_t mac[ETHER_MAC_BYTES])
{
	return mac[0] & 1;
}

static inline bool mac_is_broadcast(const uint8_t mac[ETHER_MAC_BYTES])
{
	return memcmp(mac, "\xff\xff\xff\xff\xff\xff", ETHER_MAC_BYTES) == 0;
}

#endif
