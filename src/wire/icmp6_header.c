/* SPDX-License-Identifier: MIT */
#include "wire/icmp6_header.h"

bool icmp6_parse(struct reader *r, struct icmp6_header *h)
{
	const uint8_t *at = read_bytes(r, ICMP6_HEADER_BYTES);

	if (at == NULL)
		return false;
	*h = (struct icmp6_header){
		.type = at[0],
		.code = at[1],
		.checksum = load_be16(at + 2),
		.info = load_be32(at + 4),
	};
	return true;
}

void icmp6_write(uint8_t *at, const struct icmp6_header *h)
{
	at[0] = h->type;
	at[1] = h->code;
	store_be16(at + 2, 0);
	store_be32(at + 4, h->info);
}
