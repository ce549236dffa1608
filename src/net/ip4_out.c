/* SPDX-License-Identifier: MIT */
/*
 * IPv4 output (RFC 791, RFC 1122 §3.2, RFC 6864).
 *
 * The header is written straight before the transport's in head[]. While the transport checksum is
 * a flag (CSUM_PARTIAL) the header's is one too: both are computed where the packet leaves for
 * somewhere that looks. What the path knows is not looked up again; only its generation is
 * compared.
 *
 * Identification: one counter for a path's (source, destination), of NET_ID_SLOTS that start at
 * random and are chosen by a keyed hash, so that a stranger can neither foresee identifiers nor
 * count somebody else's packets (RFC 7739 says why). Linux does the same, with time mixed in.
 *
 * Fragments share the payload of the packet they are cut from.
 */
#include <errno.h>
#include <string.h>

#include "net/context.h"
#include "net/ip4_options.h"
#include "net/mcast.h"

#define IP4_BYTES_MAX 65535u
#define TTL_MULTICAST 1u /* RFC 1112 §6.1 */

static int refuse(struct net *net, struct berth_packet *p, enum drop reason, int err)
{
	drop(net->env, reason);
	packet_free(p);
	return err;
}

/* Linux: ip_mc_output(). */
void ip_loop_copy(struct net *net, const struct berth_packet *p, struct netif *n)
{
	struct berth_packet *copy = packet_clone(p);

	if (copy)
		link_loop(n, copy);
	else
		drop(net->env, DROP_NO_MEMORY);
}

/* Sends one packet that fits. */
static int transmit(struct net *net, struct berth_packet *p, const struct ip_path *path)
{
	struct neigh *neigh = path->neigh;

	if (neigh)
		return neigh_output(neigh, p);
	if (path->netif->kind == BERTH_NETIF_LOOPBACK)
		return link_output(path->netif, p, path->netif->mac, LINK_IP4);
	if (path->broadcast)
		return link_output(path->netif, p, link_broadcast_mac, LINK_IP4);
	if (path->multicast) {
		uint8_t mac[6];

		link_multicast_mac(&path->dst, mac);
		return link_output(path->netif, p, mac, LINK_IP4);
	}
	neigh = neigh_get(net->neighs, path->netif, &path->next_hop);
	return neigh ? neigh_output(neigh, p) : refuse(net, p, DROP_NEIGH_TABLE_FULL, -ENOBUFS);
}

/* The options that every fragment carries (RFC 791 §3.1), padded; returns how many bytes. */
static uint8_t copied_options(const struct ip4_header *h, uint8_t out[IP4_OPTIONS_BYTES_MAX])
{
	struct reader r = reader_of(h->options, h->options_len);
	struct ip4_option o;
	size_t bytes = 0;

	while (ip4_option_next(&r, &o)) {
		if (!ip4_option_copied(o.type))
			continue;
		memcpy(out + bytes, o.at, o.bytes);
		bytes += o.bytes;
	}
	while (bytes % 4)
		out[bytes++] = IP4_OPT_END;
	return (uint8_t)bytes;
}

static void push_header(struct berth_packet *p, const struct ip4_header *h)
{
	uint8_t *at = packet_push(p, h->header_bytes);

	ip4_write(at, h);
	ip4_write_checksum(at, h->header_bytes);
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + h->header_bytes);
}

/* RFC 791 §3.2, RFC 1812 §4.2.2.7: cuts at multiples of 8 bytes, front to back. */
static int fragment(struct net *net, struct berth_packet *p, const struct ip_path *path,
		    const struct ip4_header *whole, uint32_t mtu)
{
	uint8_t options[IP4_OPTIONS_BYTES_MAX];
	struct ip4_header h = *whole;
	size_t bytes = packet_bytes(p) - whole->header_bytes;
	size_t step = (mtu - whole->header_bytes) & ~(size_t)7;
	int result = 0;

	packet_complete(p);
	h.df = false;
	for (size_t at = 0; at < bytes && !result; at += step) {
		size_t n = bytes - at < step ? bytes - at : step;
		struct berth_packet *q = packet_slice(p, whole->header_bytes, at, n);

		if (!q)
			return refuse(net, p, DROP_NO_MEMORY, -ENOBUFS);
		if (at > 0 && h.options == whole->options) {
			h.options_len = copied_options(whole, options);
			h.options = options;
			h.header_bytes = (uint8_t)(IP4_HEADER_BYTES + h.options_len);
		}
		h.fragment_offset = (uint16_t)(whole->fragment_offset + at);
		h.mf = whole->mf || at + n < bytes;
		h.total_bytes = (uint16_t)(h.header_bytes + n);
		push_header(q, &h);
		result = transmit(net, q, path);
	}
	packet_free(p);
	return result;
}

/* A super-packet whose segments do not fit: segment by segment. */
static int fragment_segments(struct net *net, struct berth_packet *p, const struct ip_path *path,
			     uint32_t mtu)
{
	int result = 0;

	while (p && !result) {
		struct berth_packet *segment = packet_cut(&p);
		struct ip4_header h;

		if (!segment)
			return refuse(net, p, DROP_NO_MEMORY, -ENOBUFS);
		struct reader r = reader_of(packet_head(segment), segment->head_len);

		(void)ip4_parse(&r, &h); /* it was written by ip4_write() */
		result = ip4_send(net, segment, path, &h, mtu);
	}
	packet_free(p);
	return result;
}

int ip4_send(struct net *net, struct berth_packet *p, const struct ip_path *path,
	     const struct ip4_header *h, uint32_t mtu)
{
	size_t bytes = packet_bytes(p);

	if (p->gso_bytes) {
		/* TCP: everything before the payload is in head[]. */
		bytes = (size_t)p->head_len + p->gso_bytes;
		if (bytes > mtu && p->payload_bytes > p->gso_bytes)
			return fragment_segments(net, p, path, mtu);
		p->gso_bytes = p->payload_bytes > p->gso_bytes ? p->gso_bytes : 0;
		bytes = p->gso_bytes ? bytes : packet_bytes(p);
	}
	return bytes <= mtu ? transmit(net, p, path) : fragment(net, p, path, h, mtu);
}

static uint8_t choose_ttl(const struct net *net, const struct ip_path *path,
			  const struct ip_send *send)
{
	if (send->ttl)
		return send->ttl;
	return path->multicast ? TTL_MULTICAST : (uint8_t)net->env->knobs.ip_default_ttl;
}

static uint16_t take_ids(struct net *net, const struct ip_path *path, const struct berth_packet *p)
{
	uint32_t slot = path->flow_hash & (NET_ID_SLOTS - 1);
	uint16_t id = net->ids[slot];
	uint32_t count = p->gso_bytes ? (p->payload_bytes - 1u) / p->gso_bytes + 1u : 1u;

	net->ids[slot] = (uint16_t)(id + count);
	return id;
}

static bool wants_loop_copy(const struct net *net, const struct ip_path *path,
			    const struct ip_send *send)
{
	if (path->netif->kind == BERTH_NETIF_LOOPBACK)
		return false; /* it comes back by itself */
	if (path->multicast)
		return !send->no_mcast_loop && mcast_joined(net, path->netif, &path->dst);
	return path->broadcast;
}

/* Puts the header in front; its checksum waits for the transport's if that is a flag. */
static void prepend(struct berth_packet *p, const struct ip4_header *h)
{
	uint8_t *at = packet_push(p, h->header_bytes);

	ip4_write(at, h);
	if (p->csum != CSUM_PARTIAL)
		ip4_write_checksum(at, h->header_bytes);
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + h->header_bytes);
	p->l4_protocol = h->protocol;
}

static int ip4_output(struct net *net, struct berth_packet *p, const struct ip_path *path,
		      const struct ip_send *send)
{
	uint8_t options[IP4_OPTIONS_BYTES_MAX];
	struct ip4_header h;
	uint32_t mtu = send->probe ? path->netif->mtu : path->mtu;
	size_t padded = (send->options_len + 3u) & ~3u;
	size_t header = IP4_HEADER_BYTES + padded;
	bool fits = packet_wire_bytes(p, header) <= mtu;
	bool df = send->df && !path->mtu_locked;

	ASSERT(padded <= IP4_OPTIONS_BYTES_MAX);
	if (header + packet_bytes(p) > IP4_BYTES_MAX || (!fits && df))
		return refuse(net, p, DROP_IP4_TOO_BIG, -EMSGSIZE);
	if (padded) {
		memset(options, IP4_OPT_END, sizeof(options));
		memcpy(options, send->options, send->options_len);
		ip4_options_send(net, options, send->options_len, ipaddr_to4(&path->src));
	}
	h.src = ipaddr_to4(&path->src);
	h.dst = ipaddr_to4(&path->dst);
	h.total_bytes = (uint16_t)(header + packet_bytes(p));
	h.id = take_ids(net, path, p);
	h.fragment_offset = 0;
	h.df = df || (send->df_if_fits && fits && !path->mtu_locked);
	h.mf = false;
	h.tos = send->tos;
	h.ttl = choose_ttl(net, path, send);
	h.protocol = send->protocol;
	h.header_bytes = (uint8_t)header;
	h.options_len = (uint8_t)padded;
	h.options = options;
	prepend(p, &h);
	if (wants_loop_copy(net, path, send))
		ip_loop_copy(net, p, path->netif);
	if (fits)
		return transmit(net, p, path);
	return ip4_send(net, p, path, &h, mtu);
}

int ip_output(struct net *net, struct berth_packet *p, const struct ip_path *path,
	      const struct ip_send *send)
{
	struct ip_path fresh;

	if (path->generation != net->generation) {
		int err;

		fresh = *path;
		err = ip_path_check(net, &fresh, 0);
		if (err)
			return refuse(net, p, DROP_IP4_NO_ROUTE, err);
		path = &fresh;
	}
	if (!ipaddr_is4(&path->dst))
		return ip6_output(net, p, path, send);
	return ip4_output(net, p, path, send);
}
