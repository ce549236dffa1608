/* SPDX-License-Identifier: MIT */
/*
 * Fragments of IPv6 (RFC 8200 §4.5). What every fragment repeats, in front of the fragment header,
 * is taken from the first; a datagram is known by its addresses and its identification alone.
 *
 * A fragment that is a whole packet (an "atomic" one) is delivered by itself, whatever else has its
 * identification (RFC 6946). A first fragment that does not hold all headers is refused
 * (RFC 7112 §5, RFC 8200 §4.5; Linux: ipv6frag_thdr_truncated()).
 */
#include <netinet/in.h>
#include <string.h>

#include "net/frag.h"
#include "wire/icmp6_header.h"
#include "wire/tcp_header.h"
#include "wire/udp_header.h"

#define PEEK_BYTES 256u /* how far into a first fragment its headers may reach */
#define PAYLOAD_LENGTH_AT 4u

static struct berth_packet *refuse(struct frags *fs, struct berth_packet *p, enum drop reason)
{
	drop(frags_net(fs)->env, reason);
	packet_free(p);
	return NULL;
}

/* Tells the sender what is wrong at an offset, and drops the packet. */
static struct berth_packet *refuse_telling(struct frags *fs, struct berth_packet *p,
					   const struct ip6_header *h, uint8_t code, size_t offset)
{
	icmp6_error_about(frags_net(fs), p, h, ICMP6_PARAMETER, code, (uint32_t)offset);
	return refuse(fs, p, DROP_FRAG_MALFORMED);
}

/* Writes into a header, of which the first place->at bytes precede the fragment header, that there
 * is none, and how long the payload is. */
static void take_out(uint8_t *header, const struct frag6_place *place, size_t payload)
{
	header[place->next_at] = place->next;
	store_be16(header + PAYLOAD_LENGTH_AT, (uint16_t)(place->at - IP6_HEADER_BYTES + payload));
}

/* An atomic fragment becomes what it was before. */
static struct berth_packet *unwrap(struct berth_packet *p, const struct frag6_place *place)
{
	uint8_t *head = packet_head(p);

	take_out(head, place, packet_bytes(p) - place->at - IP6_FRAGMENT_BYTES);
	memmove(head + IP6_FRAGMENT_BYTES, head, place->at);
	packet_trim_front(p, IP6_FRAGMENT_BYTES);
	p->l3_off = p->head_off;
	return p;
}

/* Finds the fragment header of a first fragment. */
static void find_place(const uint8_t *head, struct frag6_place *out)
{
	uint8_t type = head[6];

	out->next_at = 6;
	out->at = IP6_HEADER_BYTES;
	while (type != IP6_FRAGMENT) { /* they were walked when it came in */
		type = head[out->at];
		out->next_at = out->at;
		out->at += (head[out->at + 1] + 1u) * 8u;
	}
	out->next = head[out->at];
}

/* The datagram is complete: makes one packet of it, and forgets it. NULL: it was no good. */
static struct berth_packet *assemble(struct frags *fs, struct datagram *d,
				     struct frag6_place *place)
{
	uint8_t *head = packet_head(frag_first(d));
	uint8_t header[PACKET_HEAD_BYTES];
	struct berth_packet *p;
	uint8_t tclass;

	find_place(head, place);
	memcpy(header, head, place->at);
	tclass = (uint8_t)(load_be16(header) >> 4);
	if (place->at - IP6_HEADER_BYTES + frag_total(d) > IP6_PAYLOAD_MAX ||
	    !frag_merge_ecn(d, &tclass)) {
		frag_refuse(fs, d, DROP_FRAG_MALFORMED);
		return NULL;
	}
	store_be16(header, (uint16_t)((load_be16(header) & 0xf00fu) | (unsigned)tclass << 4));
	take_out(header, place, frag_total(d));
	p = frag_join(fs, d, header, place->at);
	if (p)
		p->l3_off = p->head_off;
	return p;
}

/* How many bytes of a transport header have to be in the first fragment. */
static size_t least_bytes(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return TCP_HEADER_BYTES;
	case IPPROTO_UDP:
		return UDP_HEADER_BYTES;
	case IPPROTO_ICMPV6:
		return ICMP6_HEADER_BYTES;
	case IP6_NONE:
		return 0;
	default:
		return 1;
	}
}

static bool headers_complete(const struct berth_packet *p, size_t at, uint8_t next)
{
	uint8_t peek[PEEK_BYTES];
	struct reader r = reader_of(peek, packet_copy_out(p, at, peek, sizeof(peek)));
	struct ip6_ext_header e;

	while (ip6_ext_next(&r, next, &e))
		next = e.next;
	return r.ok && reader_left(&r) >= least_bytes(next);
}

struct berth_packet *frag6_input(struct frags *fs, struct berth_packet *p,
				 const struct ip6_header *h, struct frag6_place *place)
{
	size_t header = place->at + IP6_FRAGMENT_BYTES;
	size_t bytes = packet_bytes(p) - header;
	bool scoped = ipaddr_needs_scope(&h->src) || ipaddr_needs_scope(&h->dst);
	struct ip6_fragment f;
	struct datagram *d;

	ip6_fragment_parse(packet_head(p) + place->at, &f);
	place->next = f.next;
	const struct fragment fragment = {
		.key = {h->src, h->dst, f.id, 0, scoped ? p->ifindex : 0},
		.offset = f.offset,
		.bytes = (uint32_t)bytes,
		.header_bytes = header,
		.more = f.more,
		.ecn = h->tclass & FRAG_ECN_MASK,
	};

	if (f.offset == 0 && !f.more)
		return unwrap(p, place);
	if (f.more && bytes % 8 != 0)
		return refuse_telling(fs, p, h, ICMP6_PARAMETER_HEADER, PAYLOAD_LENGTH_AT);
	if (f.offset + bytes > IP6_PAYLOAD_MAX)
		return refuse_telling(fs, p, h, ICMP6_PARAMETER_HEADER, place->at + 2);
	if (bytes == 0)
		return refuse(fs, p, DROP_FRAG_MALFORMED);
	if (f.offset == 0 && !headers_complete(p, header, f.next))
		return refuse_telling(fs, p, h, ICMP6_PARAMETER_FRAGMENT, 0);
	d = frag_add(fs, p, &fragment);
	return d ? assemble(fs, d, place) : NULL;
}
