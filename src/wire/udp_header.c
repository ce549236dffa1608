/* SPDX-License-Identifier: MIT */
#include "wire/udp_header.h"

bool udp_parse(struct reader *r, struct udp_header *h)
{
	const uint8_t *at = read_bytes(r, UDP_HEADER_BYTES);

	if (at == NULL || load_be16(at + 4) < UDP_HEADER_BYTES)
		return false;
	h->src_port = load_be16(at);
	h->dst_port = load_be16(at + 2);
	h->bytes = load_be16(at + 4);
	h->checksum = load_be16(at + 6);
	return true;
}

void udp_write(uint8_t *at, const struct udp_header *h)
{
	store_be16(at, h->src_port);
	store_be16(at + 2, h->dst_port);
	store_be16(at + 4, h->bytes);
	store_be16(at + 6, h->checksum);
}
