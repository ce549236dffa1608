/* SPDX-License-Identifier: MIT */
#include "wire/ip4_header.h"

#include "base/check.h"
#include "pkt/csum.h"

#define FLAG_DF 0x4000u
#define FLAG_MF 0x2000u
#define OFFSET_MASK 0x1fffu

bool ip4_parse(struct reader *r, struct ip4_header *h)
{
	const uint8_t *at = read_bytes(r, IP4_HEADER_BYTES);

	if (at == NULL)
		return false;
	size_t header_bytes = ip4_peek_header_bytes(at);
	uint16_t total = load_be16(at + 2);
	uint16_t fragment = load_be16(at + 6);

	if (header_bytes == 0 || total < header_bytes)
		return false;
	const uint8_t *options = read_bytes(r, header_bytes - IP4_HEADER_BYTES);

	if (options == NULL)
		return false;
	h->tos = at[1];
	h->total_bytes = total;
	h->id = load_be16(at + 4);
	h->fragment_offset = (uint16_t)((fragment & OFFSET_MASK) * 8);
	h->df = fragment & FLAG_DF;
	h->mf = fragment & FLAG_MF;
	h->ttl = at[8];
	h->protocol = at[9];
	h->src = load_be32(at + 12);
	h->dst = load_be32(at + 16);
	h->header_bytes = (uint8_t)header_bytes;
	h->options_len = (uint8_t)(header_bytes - IP4_HEADER_BYTES);
	h->options = options;
	return true;
}

bool ip4_checksum_ok(const uint8_t *at, size_t header_bytes)
{
	return csum_finish(csum_add(at, header_bytes, 0)) == 0;
}

void ip4_write(uint8_t *at, const struct ip4_header *h)
{
	ASSERT(h->options_len <= IP4_OPTIONS_BYTES_MAX && h->options_len % 4 == 0);
	ASSERT(h->header_bytes == IP4_HEADER_BYTES + h->options_len);
	ASSERT(h->fragment_offset % 8 == 0);
	at[0] = (uint8_t)(0x40u | h->header_bytes / 4u);
	at[1] = h->tos;
	store_be16(at + 2, h->total_bytes);
	store_be16(at + 4, h->id);
	store_be16(at + 6, (uint16_t)((h->df ? FLAG_DF : 0) | (h->mf ? FLAG_MF : 0) |
				      h->fragment_offset / 8u));
	at[8] = h->ttl;
	at[9] = h->protocol;
	store_be16(at + 10, 0);
	store_be32(at + 12, h->src);
	store_be32(at + 16, h->dst);
	if (h->options_len > 0)
		memcpy(at + IP4_HEADER_BYTES, h->options, h->options_len);
}

void ip4_write_checksum(uint8_t *at, size_t header_bytes)
{
	store_be16(at + 10, 0);
	store_be16(at + 10, csum_finish(csum_add(at, header_bytes, 0)));
}

bool ip4_fill_given(uint8_t *at, size_t header_bytes, uint16_t total_bytes, uint32_t src,
		    uint16_t id)
{
	bool taken = load_be16(at + 4) == 0 && !(load_be16(at + 6) & FLAG_DF);

	store_be16(at + 2, total_bytes);
	if (taken)
		store_be16(at + 4, id);
	if (load_be32(at + 12) == 0)
		store_be32(at + 12, src);
	ip4_write_checksum(at, header_bytes);
	return taken;
}

void ip4_decrement_ttl(uint8_t *at)
{
	uint16_t was = load_be16(at + 8);

	ASSERT(at[8] > 0);
	at[8]--;
	store_be16(at + 10, csum_update(load_be16(at + 10), was, load_be16(at + 8)));
}

bool ip4_option_next(struct reader *r, struct ip4_option *o)
{
	uint8_t type;

	do {
		if (reader_left(r) == 0 || !r->ok)
			return false;
		type = read_u8(r);
	} while (type == IP4_OPT_NOP);
	if (type == IP4_OPT_END)
		return false;
	const uint8_t *at = r->at - 1;
	uint8_t bytes = read_u8(r);

	if (!r->ok || bytes < 2 || read_bytes(r, bytes - 2u) == NULL) {
		o->at = at;
		r->ok = false;
		return false;
	}
	*o = (struct ip4_option){.type = type, .bytes = bytes, .at = at};
	return true;
}
