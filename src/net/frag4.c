/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "net/frag.h"

#define IP4_BYTES_MAX 65535u

/* The datagram is complete: makes one packet of it, and forgets it. NULL: it was no good. */
static struct berth_packet *assemble(struct frags *fs, struct datagram *d)
{
	struct berth_packet *first = frag_first(d);
	struct reader r = reader_of(packet_head(first), first->head_len);
	uint8_t header[IP4_HEADER_BYTES_MAX];
	struct berth_packet *p;
	struct ip4_header h;

	(void)ip4_parse(&r, &h); /* it was parsed when it came in */
	h.mf = false;
	h.df = false;
	if (h.header_bytes + frag_total(d) > IP4_BYTES_MAX || !frag_merge_ecn(d, &h.tos)) {
		frag_refuse(fs, d, DROP_FRAG_MALFORMED);
		return NULL;
	}
	h.total_bytes = (uint16_t)(h.header_bytes + frag_total(d));
	ip4_write(header, &h);
	ip4_write_checksum(header, h.header_bytes);
	p = frag_join(fs, d, header, h.header_bytes);
	if (!p)
		return NULL;
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + h.header_bytes);
	return p;
}

/* What no honest sender makes (RFC 791 §3.2, RFC 1858). */
static bool fragment_valid(const struct ip4_header *h)
{
	uint32_t bytes = (uint32_t)h->total_bytes - h->header_bytes;

	if (bytes == 0 || (h->mf && bytes % 8 != 0))
		return false;
	return (uint32_t)h->header_bytes + h->fragment_offset + bytes <= IP4_BYTES_MAX;
}

struct berth_packet *frag_input(struct frags *fs, struct berth_packet *p,
				const struct ip4_header *h)
{
	const struct fragment f = {
		.key = {ipaddr_from4(h->src), ipaddr_from4(h->dst), h->id, h->protocol, 0},
		.offset = h->fragment_offset,
		.bytes = (uint32_t)h->total_bytes - h->header_bytes,
		.header_bytes = h->header_bytes,
		.more = h->mf,
		.ecn = h->tos & FRAG_ECN_MASK,
	};
	struct datagram *d;

	if (!fragment_valid(h)) {
		drop(frags_net(fs)->env, DROP_FRAG_MALFORMED);
		packet_free(p);
		return NULL;
	}
	d = frag_add(fs, p, &f);
	return d ? assemble(fs, d) : NULL;
}
