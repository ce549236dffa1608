/* SPDX-License-Identifier: MIT */
#include "wire/ip6_header.h"

#include "base/check.h"

#define FLAG_MORE 0x0001u
#define OFFSET_MASK 0xfff8u

bool ip6_parse(struct reader *r, struct ip6_header *h)
{
	const uint8_t *at = read_bytes(r, IP6_HEADER_BYTES);

	if (at == NULL || at[0] >> 4 != 6)
		return false;
	uint32_t first = load_be32(at);

	h->tclass = (uint8_t)(first >> 20);
	h->flow_label = first & 0xfffffu;
	h->payload_bytes = load_be16(at + 4);
	h->next = at[6];
	h->hop_limit = at[7];
	memcpy(h->src.bytes, at + 8, sizeof(h->src.bytes));
	memcpy(h->dst.bytes, at + 24, sizeof(h->dst.bytes));
	return true;
}

void ip6_write(uint8_t *at, const struct ip6_header *h)
{
	ASSERT(h->flow_label <= 0xfffffu);
	store_be32(at, UINT32_C(6) << 28 | (uint32_t)h->tclass << 20 | h->flow_label);
	store_be16(at + 4, h->payload_bytes);
	at[6] = h->next;
	at[7] = h->hop_limit;
	memcpy(at + 8, h->src.bytes, sizeof(h->src.bytes));
	memcpy(at + 24, h->dst.bytes, sizeof(h->dst.bytes));
}

bool ip6_is_ext(uint8_t type)
{
	return type == IP6_HOP_BY_HOP || type == IP6_ROUTING || type == IP6_FRAGMENT ||
	       type == IP6_AUTH || type == IP6_DESTINATION;
}

/* How long a header of `type` says that it is; `at` holds two bytes. */
static uint16_t ext_bytes(uint8_t type, const uint8_t *at)
{
	switch (type) {
	case IP6_FRAGMENT:
		return IP6_FRAGMENT_BYTES;
	case IP6_AUTH: /* RFC 4302 §2.2 */
		return (uint16_t)((at[1] + 2u) * 4u);
	default:
		return (uint16_t)((at[1] + 1u) * 8u);
	}
}

bool ip6_ext_next(struct reader *r, uint8_t type, struct ip6_ext_header *out)
{
	if (!ip6_is_ext(type))
		return false;
	const uint8_t *at = read_bytes(r, 2);

	if (at == NULL)
		return false;
	uint16_t bytes = ext_bytes(type, at);

	if (read_bytes(r, bytes - 2u) == NULL)
		return false;
	*out = (struct ip6_ext_header){.type = type, .next = at[0], .bytes = bytes, .at = at};
	return true;
}

void ip6_fragment_parse(const uint8_t *at, struct ip6_fragment *out)
{
	uint16_t offset = load_be16(at + 2);

	*out = (struct ip6_fragment){
		.id = load_be32(at + 4),
		.offset = (uint16_t)(offset & OFFSET_MASK),
		.next = at[0],
		.more = offset & FLAG_MORE,
	};
}

void ip6_fragment_write(uint8_t *at, const struct ip6_fragment *f)
{
	ASSERT(f->offset % 8 == 0);
	at[0] = f->next;
	at[1] = 0;
	store_be16(at + 2, (uint16_t)(f->offset | (f->more ? FLAG_MORE : 0)));
	store_be32(at + 4, f->id);
}

void ip6_routing_parse(const uint8_t *at, struct ip6_routing *out)
{
	*out = (struct ip6_routing){.type = at[2], .segments_left = at[3]};
}

#define PADDING_MAX 7

static bool all_zero(const uint8_t *at, size_t bytes)
{
	while (bytes > 0 && *at == 0) {
		at++;
		bytes--;
	}
	return bytes == 0;
}

bool ip6_option_next(struct reader *r, struct ip6_option *o)
{
	size_t padding = 0; /* bytes in a row */
	uint8_t type;

	while (r->ok && reader_left(r) > 0) {
		const uint8_t *at = r->at;

		type = read_u8(r);
		uint8_t bytes = type == IP6_OPT_PAD1 ? 0 : read_u8(r);

		if (!r->ok || (bytes && read_bytes(r, bytes) == NULL)) {
			r->ok = false;
			return false;
		}
		if (type == IP6_OPT_PAD1 || type == IP6_OPT_PADN) {
			/* Linux: no more than aligns what follows, and nothing in it. */
			padding += (size_t)(r->at - at);
			if (padding > PADDING_MAX || !all_zero(at + (bytes ? 2 : 0), bytes)) {
				r->ok = false;
				return false;
			}
			continue;
		}
		*o = (struct ip6_option){.type = type, .bytes = bytes, .at = at};
		return true;
	}
	return false;
}
