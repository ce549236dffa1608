/* SPDX-License-Identifier: MIT */
/*
 * The headers of a frame, as far as a ladder needs them. Nothing here trusts a length: what is
 * not whole is no segment.
 *
 * Left out: VLAN tags, fragments but the first.
 */
#include "cli/segment.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define ETHER_BYTES 14
#define ARP_BYTES 28
#define IP6_BYTES 40
#define FRAGMENT_BYTES 8
#define ND_BYTES 24 /* with the target's address */
#define ND_SOLICITATION 135
#define ND_ADVERTISEMENT 136
#define TCP_BYTES 20
#define UDP_BYTES 8

static uint16_t get16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void get_sack(const unsigned char *p, size_t bytes, struct segment *out)
{
	while (bytes > 0 && p[0] != 0) {
		size_t length = p[0] == 1 ? 1 : bytes > 1 ? p[1] : 0;

		if (length == 0 || length > bytes || (p[0] != 1 && length < 2))
			return;
		if (p[0] == 5 && length >= 10) {
			out->has_sack = true;
			out->sack_left = get32(p + 2);
			out->sack_right = get32(p + 6);
			return;
		}
		p += length;
		bytes -= length;
	}
}

/* `bytes` of the transport header and what follows are there, of `total`. */
static bool decode_transport(const unsigned char *p, size_t bytes, size_t total,
			     struct segment *out)
{
	size_t header;

	if (out->protocol == IPPROTO_UDP && bytes >= UDP_BYTES && total >= UDP_BYTES) {
		out->bytes = (uint32_t)(total - UDP_BYTES);
	} else if (out->protocol == IPPROTO_TCP && bytes >= TCP_BYTES) {
		header = (size_t)(p[12] >> 4) * 4;
		if (header < TCP_BYTES || header > bytes || header > total)
			return false;
		out->seq = get32(p + 4);
		out->ack = get32(p + 8);
		out->flags = p[13];
		out->window = get16(p + 14);
		out->bytes = (uint32_t)(total - header);
		get_sack(p + TCP_BYTES, header - TCP_BYTES, out);
	} else {
		return false;
	}
	out->from.port = get16(p);
	out->to.port = get16(p + 2);
	return true;
}

static bool decode_ip4(const unsigned char *p, size_t bytes, struct segment *out)
{
	size_t header = (size_t)(p[0] & 15) * 4;
	size_t total;

	if (bytes < 20 || header < 20 || header > bytes)
		return false;
	total = get16(p + 2);
	if (total < header || (get16(p + 6) & 0x1fff) != 0)
		return false;
	out->from.family = AF_INET;
	out->to.family = AF_INET;
	memcpy(out->from.address, p + 12, 4);
	memcpy(out->to.address, p + 16, 4);
	out->protocol = p[9];
	out->ip_id = get16(p + 4);
	return decode_transport(p + header, bytes - header, total - header, out);
}

/* RFC 4861 §4.3, §4.4: who asks for whom, who answers whom. A question whose asker has no address
 * yet (RFC 4862 §5.4) belongs to no conversation. */
static bool decode_nd(const unsigned char *p, size_t bytes, struct segment *out)
{
	static const unsigned char none[16];

	if (bytes < ND_BYTES)
		return false;
	if (p[0] == ND_SOLICITATION && memcmp(out->from.address, none, sizeof(none)) != 0) {
		out->flags = SEGMENT_ASKS;
		memcpy(out->to.address, p + 8, 16);
	} else if (p[0] == ND_ADVERTISEMENT) {
		out->flags = SEGMENT_ANSWERS;
		memcpy(out->from.address, p + 8, 16);
	} else {
		return false;
	}
	out->protocol = SEGMENT_NEIGHBOUR;
	return true;
}

/* Bytes of an extension header that is passed over; 0: none, or one that hides what follows. */
static size_t extension_bytes(uint8_t protocol, const unsigned char *p, size_t bytes)
{
	if (bytes < FRAGMENT_BYTES)
		return 0;
	if (protocol == IPPROTO_FRAGMENT)
		return (get16(p + 2) & 0xfff8) == 0 ? FRAGMENT_BYTES : 0;
	if (protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	    protocol == IPPROTO_DSTOPTS)
		return ((size_t)p[1] + 1) * 8;
	return 0;
}

static bool decode_ip6(const unsigned char *p, size_t bytes, struct segment *out)
{
	size_t total;
	size_t extension;

	if (bytes < IP6_BYTES)
		return false;
	out->from.family = AF_INET6;
	out->to.family = AF_INET6;
	memcpy(out->from.address, p + 8, 16);
	memcpy(out->to.address, p + 24, 16);
	out->protocol = p[6];
	total = get16(p + 4);
	p += IP6_BYTES;
	bytes -= IP6_BYTES;
	while ((extension = extension_bytes(out->protocol, p, bytes)) > 0) {
		if (extension > bytes || extension > total)
			return false;
		out->protocol = p[0];
		p += extension;
		bytes -= extension;
		total -= extension;
	}
	if (out->protocol == IPPROTO_ICMPV6)
		return decode_nd(p, bytes, out);
	return decode_transport(p, bytes, total, out);
}

static bool decode_arp(const unsigned char *p, size_t bytes, struct segment *out)
{
	if (bytes < ARP_BYTES || get16(p + 2) != 0x0800 || p[4] != 6 || p[5] != 4)
		return false;
	out->protocol = SEGMENT_NEIGHBOUR;
	out->flags = p[7] == 1 ? SEGMENT_ASKS : SEGMENT_ANSWERS;
	out->from.family = AF_INET;
	out->to.family = AF_INET;
	memcpy(out->from.address, p + 14, 4);
	memcpy(out->to.address, p + 24, 4);
	return true;
}

bool segment_decode(const unsigned char *frame, size_t bytes, size_t frame_bytes,
		    struct segment *out)
{
	struct segment s;

	memset(&s, 0, sizeof(s));
	if (bytes < ETHER_BYTES || bytes > frame_bytes)
		return false;
	if (get16(frame + 12) == 0x0800 && frame[ETHER_BYTES] >> 4 == 4) {
		if (!decode_ip4(frame + ETHER_BYTES, bytes - ETHER_BYTES, &s))
			return false;
	} else if (get16(frame + 12) == 0x86dd) {
		if (!decode_ip6(frame + ETHER_BYTES, bytes - ETHER_BYTES, &s))
			return false;
	} else if (get16(frame + 12) == 0x0806) {
		if (!decode_arp(frame + ETHER_BYTES, bytes - ETHER_BYTES, &s))
			return false;
	} else {
		return false;
	}
	*out = s;
	return true;
}

struct endpoint endpoint_of(const struct sockaddr *a)
{
	struct endpoint e;

	memset(&e, 0, sizeof(e));
	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)a;

		e.family = AF_INET;
		e.port = ntohs(in->sin_port);
		memcpy(e.address, &in->sin_addr, 4);
	} else if (a->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;
		bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);

		e.family = mapped ? AF_INET : AF_INET6;
		e.port = ntohs(in6->sin6_port);
		memcpy(e.address, &in6->sin6_addr.s6_addr[mapped ? 12 : 0], mapped ? 4 : 16);
	}
	return e;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->family == b->family && a->port == b->port &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b)
{
	static const unsigned char any[16];

	if (memcmp(a->address, any, sizeof(any)) == 0 || memcmp(b->address, any, sizeof(any)) == 0)
		return true; /* also [::], which takes IPv4 as well */
	return a->family == b->family && memcmp(a->address, b->address, sizeof(any)) == 0;
}

void endpoint_print(const struct endpoint *e, char *buf, size_t bytes)
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (e->family != AF_UNSPEC)
		(void)inet_ntop(e->family, e->address, text, sizeof(text)); /* has room */
	snprintf(buf, bytes, e->family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, e->port);
}
