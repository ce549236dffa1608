/* SPDX-License-Identifier: MIT */
#include "wire/udp_header.h"

bool udp_read(struct reader *r, struct udp_header *h)
{
	const uint8_t *at = read_bytes(r, UDP_HEADER_BYTES);

	if (at == NULL)
		return false;
	h->src_port = load_be16(at);
	h->dst_port = load_be16(at + 2);
	h->bytes = load_be16(at + 4);
	h->checksum = load_be16(at + 6);
	return true;
}

bool udp_parse(struct reader *r, struct udp_header *h)
{
	struct udp_header read;

	if (!udp_read(r, &read) || read.bytes < UDP_HEADER_BYTES)
		return false;
	*h = read;
	return true;
}

void udp_write(uint8_t *at, const struct udp_header *h)
{
	store_be16(at, h->src_port);
	store_be16(at + 2, h->dst_port);
	store_be16(at + 4, h->bytes);
	store_be16(at + 6, h->checksum);
}
