/* SPDX-License-Identifier: MIT */
/*
 * What a wire's end would do to a packet: finish its checksums, and cut a TCP super-packet into
 * segments, or a UDP one into datagrams (what Linux calls CHECKSUM_PARTIAL and GSO).
 *
 * Both need a few header fields and no more, so they read and write them in place, at l3_off and
 * l4_off in head[]. The headers were written by this host or parsed by it before; that they lie
 * within head[] is asserted, not hoped.
 */
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "pkt/csum.h"
#include "pkt/packet.h"

#define IP4_HEADER_BYTES 20u
#define IP6_HEADER_BYTES 40u
#define TCP_HEADER_BYTES 20u
#define UDP_HEADER_BYTES 8u

/* Offsets of fields (RFC 791 §3.1, RFC 8200 §3, RFC 9293 §3.1). */
enum {
	IP4_TOTAL_LENGTH = 2,
	IP4_ID = 4,
	IP4_CHECKSUM = 10,
	IP4_SRC = 12,
	IP4_DST = 16,
	IP6_PAYLOAD_LENGTH = 4,
	IP6_SRC = 8,
	IP6_DST = 24,
	TCP_SEQ = 4,
	TCP_DATA_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_CHECKSUM = 16,
	UDP_LENGTH = 4,
	UDP_CHECKSUM = 6,
	ICMP_CHECKSUM = 2,
};

#define FLAG_FIN 0x01u
#define FLAG_PSH 0x08u
#define FLAG_CWR 0x80u

static bool is_ip4(const struct berth_packet *p)
{
	return p->head[p->l3_off] >> 4 == 4;
}

static size_t head_end(const struct berth_packet *p)
{
	return (size_t)p->head_off + p->head_len;
}

static void complete_ip4(struct berth_packet *p)
{
	uint8_t *ip = p->head + p->l3_off;
	size_t bytes = (ip[0] & 0xfu) * 4u;

	ASSERT(bytes >= IP4_HEADER_BYTES && p->l3_off + bytes <= head_end(p));
	store_be16(ip + IP4_CHECKSUM, 0);
	store_be16(ip + IP4_CHECKSUM, csum_finish(csum_add(ip, bytes, 0)));
}

/* Where a protocol has its checksum; 0: it has none. */
static size_t checksum_offset(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return TCP_CHECKSUM;
	case IPPROTO_UDP:
		return UDP_CHECKSUM;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return ICMP_CHECKSUM;
	default:
		return 0;
	}
}

static uint32_t pseudo_sum(const struct berth_packet *p, size_t l4_bytes)
{
	const uint8_t *ip = p->head + p->l3_off;

	if (p->l4_protocol == IPPROTO_ICMP)
		return 0;
	if (is_ip4(p))
		return csum_pseudo4(load_be32(ip + IP4_SRC), load_be32(ip + IP4_DST),
				    p->l4_protocol, l4_bytes);
	return csum_pseudo6(ip + IP6_SRC, ip + IP6_DST, p->l4_protocol, l4_bytes);
}

static void complete_l4(struct berth_packet *p)
{
	size_t field = checksum_offset(p->l4_protocol);

	if (field == 0)
		return;
	ASSERT(p->l4_off >= p->head_off && p->l4_off + field + 2 <= head_end(p));
	size_t offset = (size_t)(p->l4_off - p->head_off);
	size_t bytes = packet_bytes(p) - offset;
	uint8_t *at = p->head + p->l4_off + field;

	store_be16(at, 0);
	uint16_t sum = csum_finish(packet_sum(p, offset, bytes, pseudo_sum(p, bytes)));

	if (sum == 0 && p->l4_protocol == IPPROTO_UDP)
		sum = 0xffff; /* RFC 768: zero says "none" */
	store_be16(at, sum);
}

void packet_complete(struct berth_packet *p)
{
	if (p->csum != CSUM_PARTIAL)
		return;
	ASSERT(p->l3_off < head_end(p));
	if (is_ip4(p))
		complete_ip4(p);
	complete_l4(p);
	p->csum = CSUM_NONE;
}

/* Writes the IP length field for what the packet now holds. */
static void set_ip_length(struct berth_packet *p)
{
	uint8_t *ip = p->head + p->l3_off;
	size_t bytes = packet_bytes(p) - (size_t)(p->l3_off - p->head_off);

	if (is_ip4(p))
		store_be16(ip + IP4_TOTAL_LENGTH, (uint16_t)bytes);
	else
		store_be16(ip + IP6_PAYLOAD_LENGTH, (uint16_t)(bytes - IP6_HEADER_BYTES));
}

/* Writes the lengths for what the packet now holds. */
static void set_lengths(struct berth_packet *p)
{
	set_ip_length(p);
	if (p->l4_protocol == IPPROTO_UDP)
		store_be16(p->head + p->l4_off + UDP_LENGTH,
			   (uint16_t)(UDP_HEADER_BYTES + p->payload_bytes));
}

/* What follows the segment that was cut off: later in the stream, and never the first. */
static void advance_rest(struct berth_packet *rest, size_t bytes)
{
	uint8_t *ip = rest->head + rest->l3_off;
	uint8_t *tcp = rest->head + rest->l4_off;

	if (rest->l4_protocol == IPPROTO_TCP) {
		store_be32(tcp + TCP_SEQ, load_be32(tcp + TCP_SEQ) + (uint32_t)bytes);
		tcp[TCP_FLAGS] &= (uint8_t)~FLAG_CWR; /* RFC 3168 §6.1.2: once */
	}
	if (is_ip4(rest))
		store_be16(ip + IP4_ID, (uint16_t)(load_be16(ip + IP4_ID) + 1));
	if (rest->payload_bytes <= rest->gso_bytes)
		rest->gso_bytes = 0;
	set_lengths(rest);
}

static struct berth_packet *finish_segment(struct berth_packet *p)
{
	if (p->flags & PACKET_COMPLETE_CUT) {
		p->flags &= (uint8_t)~PACKET_COMPLETE_CUT;
		packet_complete(p);
	}
	return p;
}

/* All of the transport header, which is in head[]. */
static size_t l4_header_bytes(const struct berth_packet *p)
{
	if (p->l4_protocol == IPPROTO_UDP)
		return UDP_HEADER_BYTES;
	ASSERT(p->l4_protocol == IPPROTO_TCP);
	ASSERT(p->l4_off + TCP_HEADER_BYTES <= head_end(p));
	return (p->head[p->l4_off + TCP_DATA_OFFSET] >> 4) * 4u;
}

struct berth_packet *packet_cut(struct berth_packet **p)
{
	struct berth_packet *rest = *p;
	size_t bytes = rest->gso_bytes;

	if (bytes == 0 || rest->payload_bytes <= bytes) {
		*p = NULL;
		rest->gso_bytes = 0;
		return finish_segment(rest);
	}
	ASSERT(l4_header_bytes(rest) == head_end(rest) - rest->l4_off);
	struct berth_packet *first = packet_split(rest, bytes);

	if (first == NULL)
		return NULL;
	if (rest->csum != CSUM_PARTIAL) {
		rest->flags |= PACKET_COMPLETE_CUT;
		rest->csum = CSUM_PARTIAL;
	}
	first->csum = CSUM_PARTIAL;
	first->flags = rest->flags;
	first->gso_bytes = 0;
	if (first->l4_protocol == IPPROTO_TCP)
		first->head[first->l4_off + TCP_FLAGS] &= (uint8_t) ~(FLAG_FIN | FLAG_PSH);
	set_lengths(first);
	advance_rest(rest, bytes);
	return finish_segment(first);
}
