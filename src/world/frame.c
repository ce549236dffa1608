/* SPDX-License-Identifier: MIT */
/*
 * Frames as a world sees them. Only the headers that decide where a packet goes are read, from a
 * copy of its first bytes, through the bounded reader; a frame that is too short or no IP is
 * nothing to be afraid of: it has no addresses, and the hosts will judge it.
 */
#include "world/frame.h"

#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"

#define ETHERTYPE_IP4 0x0800u
#define ETHERTYPE_IP6 0x86ddu
#define IP4_HEADER_BYTES 20u
#define IP6_HEADER_BYTES 40u
#define TCP_HEADER_BYTES 20u
#define HEADERS_BYTES (FRAME_ETHER_BYTES + 60u + 4u)

uint64_t frame_mac(const uint8_t mac[6])
{
	return (uint64_t)load_be16(mac) << 32 | load_be32(mac + 2);
}

bool frame_read_link(const struct berth_packet *p, struct frame_link *out)
{
	uint8_t head[12];

	if (berth_packet_copy(p, 0, head, sizeof(head)) < sizeof(head))
		return false;
	out->dst = frame_mac(head);
	out->src = frame_mac(head + 6);
	return true;
}

static void read_address(struct reader *r, uint16_t family, size_t bytes, struct netaddr *out)
{
	const uint8_t *at = read_bytes(r, bytes);

	*out = (struct netaddr){.family = family};
	if (at)
		memcpy(out->bytes, at, bytes);
}

static void read_ports(struct reader r, uint8_t protocol, struct frame_ip *out)
{
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return;
	uint16_t src = read_be16(&r);
	uint16_t dst = read_be16(&r);

	if (r.ok) {
		out->src_port = src;
		out->dst_port = dst;
	}
}

static bool read_ip4(struct reader r, struct frame_ip *out)
{
	struct reader l4 = r;
	uint8_t version = read_u8(&r);

	(void)read_bytes(&r, 5);
	uint16_t fragment = read_be16(&r);

	(void)read_u8(&r);
	uint8_t protocol = read_u8(&r);

	(void)read_bytes(&r, 2);
	read_address(&r, AF_INET, 4, &out->src);
	read_address(&r, AF_INET, 4, &out->dst);
	(void)read_bytes(&l4, (version & 0x0fu) * 4u);
	if (!(fragment & 0x1fffu))
		read_ports(l4, protocol, out);
	return r.ok && version >> 4 == 4;
}

/* Router solicitation to redirect (RFC 4861 §4). */
static bool is_discovery(struct reader r)
{
	uint8_t type = read_u8(&r);

	return type >= 133 && type <= 137;
}

static bool read_ip6(struct reader r, struct frame_ip *out)
{
	uint8_t version = read_u8(&r);

	(void)read_bytes(&r, 5);
	uint8_t protocol = read_u8(&r);

	(void)read_u8(&r);
	read_address(&r, AF_INET6, 16, &out->src);
	read_address(&r, AF_INET6, 16, &out->dst);
	read_ports(r, protocol, out);
	out->discovery = r.ok && protocol == IPPROTO_ICMPV6 && is_discovery(r);
	return r.ok && version >> 4 == 6;
}

bool frame_read_ip(const struct berth_packet *p, struct frame_ip *out)
{
	uint8_t head[HEADERS_BYTES];
	struct reader r = reader_of(head, berth_packet_copy(p, 0, head, sizeof(head)));

	*out = (struct frame_ip){0};
	(void)read_bytes(&r, 12);
	uint16_t type = read_be16(&r);

	if (!r.ok)
		return false;
	if (type == ETHERTYPE_IP4)
		return read_ip4(r, out);
	return type == ETHERTYPE_IP6 && read_ip6(r, out);
}

/* Bytes of an IPv6 header with those that follow it, up to what is no extension header. */
static size_t ip6_headers_bytes(const struct berth_packet *p, uint8_t *out_protocol)
{
	size_t bytes = IP6_HEADER_BYTES;
	uint8_t next = IPPROTO_NONE;
	uint8_t ext[2];

	(void)berth_packet_copy(p, FRAME_ETHER_BYTES + 6, &next, 1); /* NONE, then */
	while (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS) {
		if (berth_packet_copy(p, FRAME_ETHER_BYTES + bytes, ext, sizeof(ext)) < sizeof(ext))
			break;
		next = ext[0];
		bytes += (ext[1] + 1u) * 8u;
	}
	*out_protocol = next;
	return bytes;
}

/* Bytes of all headers in front of a super-packet's payload; 0: something else. */
static size_t headers_bytes(const struct berth_packet *p)
{
	uint8_t byte[FRAME_ETHER_BYTES + 10];
	size_t l4 = FRAME_ETHER_BYTES;
	uint8_t protocol;
	uint8_t offset;

	if (berth_packet_copy(p, 0, byte, sizeof(byte)) < sizeof(byte))
		return 0;
	protocol = byte[FRAME_ETHER_BYTES + 9];
	l4 += byte[12] == 0x08 ? (byte[14] & 0x0fu) * 4u : ip6_headers_bytes(p, &protocol);
	if (protocol == IPPROTO_UDP)
		return l4 + 8;
	if (protocol != IPPROTO_TCP || berth_packet_copy(p, l4 + 12, &offset, 1) < 1)
		return 0;
	return l4 + (offset >> 4) * 4u;
}

uint64_t frame_segments(const struct berth_packet *p)
{
	size_t gso = berth_packet_gso_bytes(p);
	size_t bytes = berth_packet_bytes(p);

	if (gso == 0)
		return 1;
	size_t headers = headers_bytes(p);

	if (headers == 0 || headers >= bytes)
		return 1;
	return (bytes - headers + gso - 1) / gso;
}

bool netaddr_from(const struct sockaddr *sa, struct netaddr *out)
{
	*out = (struct netaddr){.family = sa->sa_family};
	if (sa->sa_family == AF_INET) {
		memcpy(out->bytes, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
		return true;
	}
	return false;
}

void netaddr_to(const struct netaddr *a, uint16_t port, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	out->ss_family = a->family;
	if (a->family == AF_INET) {
		struct sockaddr_in *sin = (struct sockaddr_in *)out;

		sin->sin_port = htons(port);
		memcpy(&sin->sin_addr, a->bytes, 4);
	} else if (a->family == AF_INET6) {
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)out;

		sin6->sin6_port = htons(port);
		memcpy(&sin6->sin6_addr, a->bytes, 16);
	}
}

unsigned netaddr_bits(const struct netaddr *a)
{
	return a->family == AF_INET ? 32 : 128;
}

bool netaddr_equal(const struct netaddr *a, const struct netaddr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool netaddr_in_prefix(const struct netaddr *a, const struct netaddr *prefix, unsigned prefix_len)
{
	if (a->family != prefix->family)
		return false;
	if (memcmp(a->bytes, prefix->bytes, prefix_len / 8) != 0)
		return false;
	if (prefix_len % 8 == 0)
		return true;
	uint8_t differing = a->bytes[prefix_len / 8] ^ prefix->bytes[prefix_len / 8];

	return differing >> (8 - prefix_len % 8) == 0;
}

bool netaddr_is_link_local(const struct netaddr *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && a->bytes[1] >> 6 == 2;
}

bool netaddr_is_loopback(const struct netaddr *a)
{
	static const uint8_t loopback6[16] = {[15] = 1};

	if (a->family == AF_INET)
		return a->bytes[0] == 127;
	return a->family == AF_INET6 && memcmp(a->bytes, loopback6, 16) == 0;
}
