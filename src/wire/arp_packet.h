/* SPDX-License-Identifier: MIT */
/*
 * ARP for IPv4 over Ethernet (RFC 826).
 */
#ifndef WIRE_ARP_PACKET_H
#define WIRE_ARP_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/ether_header.h"

#define ARP_PACKET_BYTES 28u

enum arp_op {
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
};

struct arp_packet {
	uint16_t op; /* ARP_REQUEST or ARP_REPLY */
	uint8_t sender_mac[ETHER_MAC_BYTES];
	uint8_t target_mac[ETHER_MAC_BYTES]; /* of no meaning in a request */
	uint32_t sender_ip;		     /* host order; 0: a probe (RFC 5227) */
	uint32_t target_ip;
};

/* False: truncated, another hardware or protocol, another operation, a multicast sender. */
bool arp_parse(struct reader *r, struct arp_packet *a);
/* Writes ARP_PACKET_BYTES bytes. */
void arp_write(uint8_t *at, const struct arp_packet *a);

#endif
