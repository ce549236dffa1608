/* SPDX-License-Identifier: MIT */
/*
 * Forwarding (RFC 1812 §5): a router's packets between its interfaces.
 *
 * Super-packets pass whole if each segment of theirs would: what comes in as one goes out as one,
 * or is cut by an interface that does not take it.
 *
 * Deviation: redirects (RFC 1812 §5.2.7.2) are not sent; the hosts of a world know their routers.
 */
#include <netinet/in.h>

#include "net/context.h"
#include "net/ip4_options.h"
#include "wire/icmp6_header.h"
#include "wire/icmp_header.h"
#include "wire/tcp_header.h"
#include "wire/udp_header.h"

/* Bytes of the largest IP packet that this will be on a wire. */
static size_t wire_bytes(const struct berth_packet *p, const struct ip4_header *h)
{
	if (p->gso_bytes && p->payload_bytes > p->gso_bytes)
		return packet_bytes(p) - p->payload_bytes + p->gso_bytes;
	return h->total_bytes;
}

/* Super-packets are cut at the end of their headers, which must be all that is in head[]; a
 * checksum that is only a flag is written into the transport header, which must be there. */
static bool pull_headers(struct berth_packet *p, struct ip4_header *h)
{
	size_t l4_at = h->header_bytes;
	size_t l4_bytes = h->protocol == IPPROTO_TCP ? TCP_HEADER_BYTES : UDP_HEADER_BYTES;

	if (p->csum != CSUM_PARTIAL && p->gso_bytes == 0)
		return true;
	if (!packet_pull(p, l4_at + l4_bytes))
		return false;
	if (p->gso_bytes != 0 && h->protocol == IPPROTO_TCP &&
	    !packet_pull(p, l4_at + tcp_peek_header_bytes(packet_head(p) + l4_at)))
		return false;
	h->options = packet_head(p) + IP4_HEADER_BYTES; /* pulling may have moved them */
	return true;
}

/* Linux: ip_forward_options(). */
static void enter_way_out(struct net *net, struct berth_packet *p, const struct ip4_header *h,
			  const struct ip_path *path, uint8_t slot)
{
	struct ipaddr any = ipaddr_from4(0);
	struct ipaddr dst = ipaddr_from4(h->dst);
	struct ip_path out;

	if (ip_path_find(net, &dst, &any, path->netif->ifindex, &out))
		return;
	ip4_options_forward(packet_head(p) + IP4_HEADER_BYTES, slot, ipaddr_to4(&out.src));
	ip4_write_checksum(packet_head(p), h->header_bytes);
}

void ip4_forward(struct net *net, struct berth_packet *p, struct ip4_header *h,
		 const struct ip_path *path, uint8_t slot)
{
	/* Linux: not the path MTU that this host has learnt for itself (ip_forward_use_pmtu=0). */
	uint32_t mtu = path->netif->mtu;

	/* RFC 1812 §5.3.4, §4.2.3.1: what came to all is for nobody else. */
	if (p->broadcast || path->broadcast || path->multicast) {
		net_refuse(net, p, DROP_IP4_BROADCAST);
		return;
	}
	if (h->ttl <= 1) { /* RFC 1812 §5.3.1 */
		icmp4_error_about(net, p, h, ICMP4_TIME_EXCEEDED, ICMP4_TIME_EXCEEDED_TTL, 0);
		net_refuse(net, p, DROP_IP4_TTL);
		return;
	}
	if (!pull_headers(p, h)) {
		net_refuse(net, p, DROP_IP4_TRUNCATED);
		return;
	}
	if (h->df && wire_bytes(p, h) > mtu) { /* RFC 1191 §4 */
		icmp4_error_about(net, p, h, ICMP4_UNREACHABLE, ICMP4_UNREACHABLE_FRAG_NEEDED, mtu);
		net_refuse(net, p, DROP_IP4_TOO_BIG);
		return;
	}
	if (slot)
		enter_way_out(net, p, h, path, slot);
	ip4_decrement_ttl(packet_head(p));
	h->ttl--;
	p->flags |= PACKET_FORWARDED;
	(void)ip4_send(net, p, path, h, mtu); /* counted there */
}

/* Where the transport header is, all before it contiguous; 0: it is not there. */
static size_t find_l4(struct berth_packet *p, uint8_t next)
{
	size_t at = IP6_HEADER_BYTES;
	struct ip6_ext_header e;

	while (ip6_is_ext(next)) {
		if (!packet_pull(p, at + 2))
			return 0;
		size_t bytes = (packet_head(p)[at + 1] + 1u) * 8u;

		if (!packet_pull(p, at + bytes))
			return 0;
		struct reader r = reader_of(packet_head(p) + at, bytes);

		if (next == IP6_FRAGMENT || !ip6_ext_next(&r, next, &e))
			return 0;
		next = e.next;
		at += bytes;
	}
	return at;
}

/* As pull_headers(). */
static bool pull_headers6(struct berth_packet *p, const struct ip6_header *h)
{
	size_t l4_at;
	size_t l4_bytes = p->l4_protocol == IPPROTO_TCP ? TCP_HEADER_BYTES : UDP_HEADER_BYTES;

	if (p->csum != CSUM_PARTIAL && p->gso_bytes == 0)
		return true;
	l4_at = find_l4(p, h->next);
	if (l4_at == 0 || !packet_pull(p, l4_at + l4_bytes))
		return false;
	if (p->gso_bytes != 0 && p->l4_protocol == IPPROTO_TCP &&
	    !packet_pull(p, l4_at + tcp_peek_header_bytes(packet_head(p) + l4_at)))
		return false;
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + l4_at);
	return true;
}

void ip6_forward(struct net *net, struct netif *in, struct berth_packet *p, struct ip6_header *h,
		 const struct ip_path *path)
{
	uint32_t mtu = if6_mtu(path->netif);

	if (p->broadcast || path->multicast) {
		net_refuse(net, p, DROP_IP6_NOT_LOCAL);
		return;
	}
	/* RFC 4007 §9, RFC 4443 §3.1: a link-local source means nothing on another link. */
	if (ipaddr_is_link_local(&h->src) && path->netif != in) {
		icmp6_error_about(net, p, h, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_SCOPE, 0);
		net_refuse(net, p, DROP_IP6_SOURCE);
		return;
	}
	if (h->hop_limit <= 1) { /* RFC 8200 §3 */
		icmp6_error_about(net, p, h, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEEDED_HOPS, 0);
		net_refuse(net, p, DROP_IP6_HOPS);
		return;
	}
	if (!pull_headers6(p, h)) {
		net_refuse(net, p, DROP_IP6_TRUNCATED);
		return;
	}
	if (packet_wire_bytes(p, 0) > mtu) { /* RFC 8200 §5: the source's to cut */
		icmp6_error_about(net, p, h, ICMP6_TOO_BIG, 0, mtu);
		net_refuse(net, p, DROP_IP6_TOO_BIG);
		return;
	}
	packet_head(p)[7]--; /* the hop limit; no checksum covers it */
	p->flags |= PACKET_FORWARDED;
	(void)ip6_send(net, p, path, mtu); /* counted there */
}
