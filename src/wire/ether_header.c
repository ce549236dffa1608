/* SPDX-License-Identifier: MIT */
#include "wire/ether_header.h"

bool ether_parse(struct reader *r, struct ether_header *h)
{
	const uint8_t *at = read_bytes(r, ETHER_HEADER_BYTES);

	if (at == NULL)
		return false;
	memcpy(h->dst, at, ETHER_MAC_BYTES);
	memcpy(h->src, at + 6, ETHER_MAC_BYTES);
	h->type = load_be16(at + 12);
	return true;
}

void ether_write(uint8_t *at, const struct ether_header *h)
{
	memcpy(at, h->dst, ETHER_MAC_BYTES);
	memcpy(at + 6, h->src, ETHER_MAC_BYTES);
	store_be16(at + 12, h->type);
}
