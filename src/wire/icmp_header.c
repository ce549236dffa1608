/* SPDX-License-Identifier: MIT */
#include "wire/icmp_header.h"

static bool has_id(uint8_t type)
{
	return type == ICMP4_ECHO || type == ICMP4_ECHO_REPLY || type == ICMP4_TIMESTAMP ||
	       type == ICMP4_TIMESTAMP_REPLY;
}

static bool has_mtu(uint8_t type, uint8_t code)
{
	return type == ICMP4_UNREACHABLE && code == ICMP4_UNREACHABLE_FRAG_NEEDED;
}

bool icmp_parse(struct reader *r, struct icmp_header *h)
{
	const uint8_t *at = read_bytes(r, ICMP_HEADER_BYTES);

	if (at == NULL)
		return false;
	*h = (struct icmp_header){.type = at[0], .code = at[1], .checksum = load_be16(at + 2)};
	if (has_id(h->type)) {
		h->id = load_be16(at + 4);
		h->seq = load_be16(at + 6);
	} else if (has_mtu(h->type, h->code)) {
		h->mtu = load_be16(at + 6); /* RFC 1191 §4 */
	} else if (h->type == ICMP4_PARAMETER) {
		h->pointer = at[4];
	} else if (h->type == ICMP4_REDIRECT) {
		h->gateway = load_be32(at + 4);
	}
	return true;
}

void icmp_write(uint8_t *at, const struct icmp_header *h)
{
	memset(at, 0, ICMP_HEADER_BYTES);
	at[0] = h->type;
	at[1] = h->code;
	if (has_id(h->type)) {
		store_be16(at + 4, h->id);
		store_be16(at + 6, h->seq);
	} else if (has_mtu(h->type, h->code)) {
		store_be16(at + 6, h->mtu);
	} else if (h->type == ICMP4_PARAMETER) {
		at[4] = h->pointer;
	} else if (h->type == ICMP4_REDIRECT) {
		store_be32(at + 4, h->gateway);
	}
}
