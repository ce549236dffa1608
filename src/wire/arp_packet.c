/* SPDX-License-Identifier: MIT */
#include "wire/arp_packet.h"

#define HARDWARE_ETHERNET 1u

bool arp_parse(struct reader *r, struct arp_packet *a)
{
	const uint8_t *at = read_bytes(r, ARP_PACKET_BYTES);

	if (at == NULL)
		return false;
	if (load_be16(at) != HARDWARE_ETHERNET || load_be16(at + 2) != ETHER_TYPE_IP4 ||
	    at[4] != ETHER_MAC_BYTES || at[5] != 4)
		return false;
	uint16_t op = load_be16(at + 6);

	if ((op != ARP_REQUEST && op != ARP_REPLY) || mac_is_multicast(at + 8))
		return false;
	a->op = op;
	memcpy(a->sender_mac, at + 8, ETHER_MAC_BYTES);
	a->sender_ip = load_be32(at + 14);
	memcpy(a->target_mac, at + 18, ETHER_MAC_BYTES);
	a->target_ip = load_be32(at + 24);
	return true;
}

void arp_write(uint8_t *at, const struct arp_packet *a)
{
	store_be16(at, HARDWARE_ETHERNET);
	store_be16(at + 2, ETHER_TYPE_IP4);
	at[4] = ETHER_MAC_BYTES;
	at[5] = 4;
	store_be16(at + 6, a->op);
	memcpy(at + 8, a->sender_mac, ETHER_MAC_BYTES);
	store_be32(at + 14, a->sender_ip);
	memcpy(at + 18, a->target_mac, ETHER_MAC_BYTES);
	store_be32(at + 24, a->target_ip);
}
