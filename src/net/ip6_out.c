/* SPDX-License-Identifier: MIT */
/*
 * IPv6 output (RFC 8200, RFC 6437).
 *
 * The headers are written straight before the transport's in head[], as for IPv4; there is no
 * checksum of their own. Only the source fragments: the part that every fragment repeats is the
 * IPv6 header with the hop-by-hop and routing headers and what stands between them; the rest is cut
 * at multiples of 8 bytes. Identifications are drawn (RFC 7739 §5.3), as Linux does.
 *
 * Flow labels: who gives none gets one that is a keyed hash of addresses, ports and protocol, so
 * that it is the same for all packets of a flow and tells a stranger nothing (RFC 6437 §3; Linux:
 * auto_flowlabels=1). The hash of the addresses is kept in the path.
 *
 * Limit: extension headers of more than IP6_EXTS_BYTES_MAX bytes have no room in head[] beside the
 * largest TCP header, and are refused with -EMSGSIZE.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/mcast.h"

#define HOPS_MULTICAST 1u /* RFC 3493 §5.2 */
#define HOPS_ND 255u	  /* RFC 4861 §3.1 */

static int refuse(struct net *net, struct berth_packet *p, enum drop reason, int err)
{
	drop(net->env, reason);
	packet_free(p);
	return err;
}

/* Sends one packet that fits. */
static int transmit(struct net *net, struct berth_packet *p, const struct ip_path *path)
{
	struct neigh *neigh = path->neigh;
	uint8_t mac[6];

	if (neigh)
		return neigh_output(neigh, p);
	if (path->netif->kind == BERTH_NETIF_LOOPBACK)
		return link_output(path->netif, p, path->netif->mac, LINK_IP6);
	if (path->multicast) {
		link_multicast_mac(&path->dst, mac);
		return link_output(path->netif, p, mac, LINK_IP6);
	}
	neigh = neigh_get(net->neighs, path->netif, &path->next_hop);
	return neigh ? neigh_output(neigh, p) : refuse(net, p, DROP_NEIGH_TABLE_FULL, -ENOBUFS);
}

/* What every fragment begins with: up to the routing header, or, without one, the hop-by-hop
 * header (RFC 8200 §4.5). *out_next_at is where the number of what follows it is. */
static size_t unfragmentable_bytes(const struct berth_packet *p, size_t *out_next_at)
{
	const uint8_t *head = p->head + p->head_off;
	struct reader r = reader_of(head, p->head_len);
	uint8_t type = head[6];
	struct ip6_ext_header e;
	size_t bytes = IP6_HEADER_BYTES;

	*out_next_at = 6;
	(void)read_bytes(&r, IP6_HEADER_BYTES); /* we wrote it */
	while (ip6_ext_next(&r, type, &e)) {
		if (type == IP6_HOP_BY_HOP || type == IP6_ROUTING) {
			bytes = (size_t)(e.at - head) + e.bytes;
			*out_next_at = (size_t)(e.at - head);
		}
		type = e.next;
	}
	return bytes;
}

static void push_fragment_headers(struct berth_packet *p, const struct berth_packet *whole,
				  size_t bytes, size_t next_at, const struct ip6_fragment *f)
{
	size_t payload = packet_bytes(p);
	uint8_t *at = packet_push(p, IP6_FRAGMENT_BYTES);

	ip6_fragment_write(at, f);
	at = packet_push(p, bytes);
	memcpy(at, whole->head + whole->head_off, bytes);
	at[next_at] = IP6_FRAGMENT;
	store_be16(at + 4, (uint16_t)(bytes - IP6_HEADER_BYTES + IP6_FRAGMENT_BYTES + payload));
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + bytes + IP6_FRAGMENT_BYTES);
}

/* RFC 8200 §4.5, front to back. */
static int fragment(struct net *net, struct berth_packet *p, const struct ip_path *path,
		    uint32_t mtu)
{
	size_t next_at;
	size_t header = unfragmentable_bytes(p, &next_at);
	size_t bytes = packet_bytes(p) - header;
	size_t step = (mtu - header - IP6_FRAGMENT_BYTES) & ~(size_t)7;
	struct ip6_fragment f = {.id = env_random_u32(net->env),
				 .next = p->head[p->head_off + next_at]};
	int result = 0;

	packet_complete(p);
	for (size_t at = 0; at < bytes && !result; at += step) {
		size_t n = bytes - at < step ? bytes - at : step;
		struct berth_packet *q = packet_slice(p, header, at, n);

		if (!q)
			return refuse(net, p, DROP_NO_MEMORY, -ENOBUFS);
		f.offset = (uint16_t)at;
		f.more = at + n < bytes;
		push_fragment_headers(q, p, header, next_at, &f);
		result = transmit(net, q, path);
	}
	packet_free(p);
	return result;
}

int ip6_send(struct net *net, struct berth_packet *p, const struct ip_path *path, uint32_t mtu)
{
	size_t bytes = packet_bytes(p);

	if (p->gso_bytes && p->payload_bytes > p->gso_bytes)
		bytes = (size_t)p->head_len + p->gso_bytes;
	else
		p->gso_bytes = 0;
	if (bytes > mtu)
		return refuse(net, p, DROP_IP6_TOO_BIG, -EMSGSIZE);
	return transmit(net, p, path);
}

/* A super-packet whose segments do not fit: segment by segment. */
static int fragment_segments(struct net *net, struct berth_packet *p, const struct ip_path *path,
			     uint32_t mtu)
{
	int result = 0;

	while (p && !result) {
		struct berth_packet *segment = packet_cut(&p);

		if (!segment)
			return refuse(net, p, DROP_NO_MEMORY, -ENOBUFS);
		result = packet_bytes(segment) <= mtu ? transmit(net, segment, path)
						      : fragment(net, segment, path, mtu);
	}
	packet_free(p);
	return result;
}

static size_t exts_bytes(const struct ip6_exts *x)
{
	size_t bytes = (size_t)x->hop_by_hop.bytes + x->route.bytes + x->dst.bytes;

	return bytes + (x->route.bytes ? x->dst_before_route.bytes : 0u);
}

/* Puts an extension header before what is there, which is `*next`. */
static void push_ext(struct berth_packet *p, const struct ip6_ext *x, uint8_t type, uint8_t *next)
{
	uint8_t *at;

	if (!x->bytes)
		return;
	at = packet_push(p, x->bytes);
	memcpy(at, x->at, x->bytes);
	at[0] = *next;
	*next = type;
}

/* All of them, the last first; returns the type of the first. */
static uint8_t push_exts(struct berth_packet *p, const struct ip6_exts *x, uint8_t protocol)
{
	uint8_t next = protocol;

	push_ext(p, &x->dst, IP6_DESTINATION, &next);
	push_ext(p, &x->route, IP6_ROUTING, &next);
	if (x->route.bytes)
		push_ext(p, &x->dst_before_route, IP6_DESTINATION, &next);
	push_ext(p, &x->hop_by_hop, IP6_HOP_BY_HOP, &next);
	return next;
}

/* The first four bytes of a transport header that has ports. */
static uint32_t ports_of(const struct berth_packet *p, uint8_t protocol)
{
	bool has = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
		   protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;

	return has && p->head_len >= 4 ? load_be32(p->head + p->head_off) : 0;
}

static uint32_t choose_label(const struct net *net, const struct berth_packet *p,
			     const struct ip_path *path, const struct ip_send *send)
{
	uint32_t mixed;

	if (send->flow_label)
		return send->flow_label & 0xfffffu;
	if (send->no_flow_label || !net->env->knobs.ip6_auto_flowlabels)
		return 0;
	mixed = path->flow_hash ^ ports_of(p, send->protocol) * 0x9e3779b1u ^ send->protocol;
	mixed = (mixed ^ mixed >> 15) * 0x85ebca6bu;
	return mixed >> 12 ? mixed >> 12 : 1;
}

static uint8_t choose_hops(const struct ip_path *path, const struct ip_send *send)
{
	if (send->ttl || send->ttl_zero)
		return send->ttl;
	return path->multicast ? HOPS_MULTICAST : path->hop_limit;
}

/* The copy for members on this host; and whether anything leaves it besides. */
static bool loop_group(struct net *net, const struct berth_packet *p, const struct ip_path *path,
		       const struct ip_send *send, uint8_t hops)
{
	bool lo = path->netif->kind == BERTH_NETIF_LOOPBACK;

	if (!path->multicast || lo)
		return true;
	if (!send->no_mcast_loop && mcast_joined(net, path->netif, &path->dst))
		ip_loop_copy(net, p, path->netif);
	/* Linux: ip6_finish_output2(): neither without hops nor with interface scope. */
	return hops > 0 && addr_scope(&path->dst) > 1;
}

static void prepend(struct berth_packet *p, const struct ip_path *path, const struct ip_send *send,
		    uint32_t label, uint8_t hops)
{
	struct ip6_header h = {
		.src = path->src,
		.dst = path->dst,
		.flow_label = label,
		.tclass = send->tos,
		.hop_limit = hops,
		.next = send->protocol,
	};
	size_t l4_at = p->head_off;

	if (send->exts)
		h.next = push_exts(p, send->exts, send->protocol);
	h.payload_bytes = (uint16_t)packet_bytes(p);
	ip6_write(packet_push(p, IP6_HEADER_BYTES), &h);
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)l4_at;
	p->l4_protocol = send->protocol;
}

int ip6_output(struct net *net, struct berth_packet *p, const struct ip_path *path,
	       const struct ip_send *send)
{
	uint32_t mtu = send->probe ? if6_mtu(path->netif) : path->mtu;
	size_t exts = send->exts ? exts_bytes(send->exts) : 0;
	size_t header = IP6_HEADER_BYTES + exts;
	uint8_t hops = choose_hops(path, send);
	bool fits;

	if (send->frag_bytes && send->frag_bytes < mtu)
		mtu = send->frag_bytes;
	fits = packet_wire_bytes(p, header) <= mtu;
	if (exts > IP6_EXTS_BYTES_MAX || exts + packet_bytes(p) > IP6_PAYLOAD_MAX ||
	    (!fits && send->df))
		return refuse(net, p, DROP_IP6_TOO_BIG, -EMSGSIZE);
	prepend(p, path, send, choose_label(net, p, path, send), hops);
	if (!loop_group(net, p, path, send, hops)) {
		packet_free(p);
		return 0;
	}
	if (fits)
		return transmit(net, p, path);
	if (p->gso_bytes)
		return fragment_segments(net, p, path, mtu);
	return fragment(net, p, path, mtu);
}

/* Hop-by-hop: router alert (RFC 2711: MLD), PadN. */
static const uint8_t alert[8] = {0, 0, IP6_OPT_ROUTER_ALERT, 2, 0, 0, IP6_OPT_PADN, 0};

void ip6_send_link(struct net *net, struct netif *n, struct berth_packet *p,
		   const struct ipaddr *src, const struct ipaddr *dst, bool router_alert)
{
	struct ip6_header h = {
		.src = *src,
		.dst = *dst,
		.hop_limit = router_alert ? 1 : HOPS_ND,
		.next = IPPROTO_ICMPV6,
	};
	struct neigh *neigh;
	uint8_t mac[6];

	p->l4_off = p->head_off;
	p->l4_protocol = IPPROTO_ICMPV6;
	p->csum = CSUM_PARTIAL;
	if (router_alert) {
		memcpy(packet_push(p, sizeof(alert)), alert, sizeof(alert));
		packet_head(p)[0] = IPPROTO_ICMPV6;
		h.next = IP6_HOP_BY_HOP;
	}
	h.payload_bytes = (uint16_t)packet_bytes(p);
	ip6_write(packet_push(p, IP6_HEADER_BYTES), &h);
	p->l3_off = p->head_off;
	if (ipaddr_is_multicast(dst)) {
		link_multicast_mac(dst, mac);
		(void)link_output(n, p, mac, LINK_IP6); /* counted there */
		return;
	}
	neigh = neigh_get(net->neighs, n, dst);
	if (neigh)
		(void)neigh_output(neigh, p); /* the same */
	else
		(void)refuse(net, p, DROP_NEIGH_TABLE_FULL, 0);
}
