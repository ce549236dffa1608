/* SPDX-License-Identifier: MIT */
/*
 * Ethernet: the way in and out of interfaces (RFC 894, RFC 1122 §2.3).
 *
 * Going in, a frame for another station is dropped, the header comes off and the EtherType
 * chooses who gets the packet. Going out, the header is pushed, and what the interface does not
 * take (super-packets, checksums that are only a flag) is turned into what a wire carries.
 */
#include <errno.h>
#include <string.h>

#include "base/env.h"
#include "link/links.h"
#include "wire/ether_header.h"

const uint8_t link_broadcast_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static const uint16_t ether_types[] = {
	[LINK_IP4] = ETHER_TYPE_IP4,
	[LINK_IP6] = ETHER_TYPE_IP6,
	[LINK_ARP] = ETHER_TYPE_ARP,
};
STATIC_ASSERT(ARRAY_LEN(ether_types) == LINK_PROTOCOLS);

void link_multicast_mac(const struct ipaddr *group, uint8_t out_mac[6])
{
	const uint8_t *a = group->bytes;

	if (ipaddr_is4(group)) {
		const uint8_t mac[6] = {0x01, 0x00, 0x5e, a[13] & 0x7f, a[14], a[15]};

		memcpy(out_mac, mac, sizeof(mac));
	} else {
		const uint8_t mac[6] = {0x33, 0x33, a[12], a[13], a[14], a[15]};

		memcpy(out_mac, mac, sizeof(mac));
	}
}

static void drop_rx(struct netif *n, struct berth_packet *p, enum drop reason)
{
	n->rx_dropped++;
	drop(n->links->env, reason);
	packet_free(p);
}

void links_deliver(struct netif *n, struct berth_packet *p, enum link_protocol protocol)
{
	struct links *ls = n->links;

	p->ifindex = (uint16_t)n->ifindex;
	p->time = ls->env->now;
	if (ls->inputs[protocol].fn)
		ls->inputs[protocol].fn(ls->inputs[protocol].ctx, n, p);
	else
		drop_rx(n, p, DROP_ETHER_TYPE);
}

/* Which of ours the EtherType is; LINK_PROTOCOLS: none. */
static enum link_protocol protocol_of(uint16_t type)
{
	switch (type) {
	case ETHER_TYPE_IP4:
		return LINK_IP4;
	case ETHER_TYPE_IP6:
		return LINK_IP6;
	case ETHER_TYPE_ARP:
		return LINK_ARP;
	default:
		return LINK_PROTOCOLS;
	}
}

/* Linux: eth_type_trans(). */
static enum link_kind kind_of(const struct netif *n, const struct ether_header *h)
{
	if (memcmp(h->dst, n->mac, sizeof(h->dst)) == 0)
		return LINK_TO_US;
	if (!mac_is_multicast(h->dst))
		return LINK_TO_OTHER;
	return mac_is_broadcast(h->dst) && n->kind == BERTH_NETIF_ETHER ? LINK_TO_ALL
									: LINK_TO_GROUP;
}

static void show(struct netif *n, const struct berth_packet *p, const struct ether_header *h,
		 enum link_kind kind, const void *sender)
{
	const struct link_frame f = {n, p, false, h->type, kind, h->src, sender};

	n->links->tap(n->links->tap_ctx, &f);
}

void links_tap_bare(struct netif *n, const struct berth_packet *p, enum link_kind kind)
{
	bool is4 = p->head[p->head_off] >> 4 == 4;
	const struct link_frame f = {n,	   p,	   true, is4 ? ETHER_TYPE_IP4 : ETHER_TYPE_IP6,
				     kind, n->mac, NULL};

	n->links->tap(n->links->tap_ctx, &f);
}

void links_rx(struct netif *n, struct berth_packet *p)
{
	struct ether_header h;
	enum link_protocol protocol;
	enum link_kind kind;

	if (!packet_pull(p, ETHER_HEADER_BYTES)) {
		drop_rx(n, p, DROP_ETHER_TRUNCATED);
		return;
	}
	struct reader r = reader_of(packet_head(p), ETHER_HEADER_BYTES);

	(void)ether_parse(&r, &h); /* as many bytes are there */
	kind = kind_of(n, &h);
	if (n->links->tap)
		show(n, p, &h, kind, NULL);
	if (kind == LINK_TO_OTHER) {
		drop_rx(n, p, DROP_ETHER_OTHERHOST);
		return;
	}
	if (kind != LINK_TO_US)
		p->broadcast = 1;
	protocol = protocol_of(h.type);
	if (protocol == LINK_PROTOCOLS) {
		drop_rx(n, p, DROP_ETHER_TYPE);
		return;
	}
	packet_trim_front(p, ETHER_HEADER_BYTES);
	links_deliver(n, p, protocol);
}

void links_input(struct links *ls, unsigned ifindex, struct berth_packet *p)
{
	struct netif *n = links_get(ls, ifindex);

	if (!n || !netif_usable(n)) {
		drop(ls->env, DROP_NETIF_DOWN);
		packet_free(p);
		return;
	}
	n->rx_packets++;
	n->rx_bytes += packet_bytes(p);
	p->broadcast = 0;
	p->flags = 0;
	p->mark = 0;
	p->priority = 0;
	links_rx(n, p);
}

/* Puts a frame into the queue; whoever looks sees it go. */
static int transmit(struct netif *n, struct berth_packet *p, const void *sender, uint16_t type)
{
	if (n->links->tap) {
		struct reader r = reader_of(packet_head(p), ETHER_HEADER_BYTES);
		struct ether_header h;

		(void)ether_parse(&r, &h); /* whoever sends has written it */
		if (type)
			h.type = type;
		show(n, p, &h, LINK_FROM_US, sender);
	}
	return netif_enqueue(n, p);
}

/* Queues a super-packet segment by segment, for an interface that does not take it whole. */
static int output_cut(struct netif *n, struct berth_packet *p)
{
	struct env *env = n->links->env;
	int result = 0;

	while (p) {
		struct berth_packet *segment = packet_cut(&p);
		int err;

		if (!segment) {
			n->tx_dropped++;
			drop(env, DROP_NO_MEMORY);
			packet_free(p);
			return -ENOBUFS;
		}
		if (!(n->features & BERTH_NETIF_CSUM))
			packet_complete(segment);
		err = transmit(n, segment, NULL, 0);
		if (err)
			result = err;
	}
	return result;
}

/* An interface that can send nothing. Linux: no carrier loses packets silently. */
static int lose(struct netif *n, struct berth_packet *p)
{
	n->tx_dropped++;
	drop(n->links->env, DROP_NETIF_DOWN);
	packet_free(p);
	return n->up ? 0 : -ENETDOWN;
}

int link_send_frame(struct netif *n, struct berth_packet *p, const void *sender, uint16_t type)
{
	if (!netif_usable(n))
		return lose(n, p);
	if (!packet_pull(p, ETHER_HEADER_BYTES)) {
		packet_free(p);
		return -EINVAL;
	}
	if (n->kind == BERTH_NETIF_LOOPBACK && !n->external)
		p->flags |= PACKET_FRAMED;
	return transmit(n, p, sender, type);
}

int link_output(struct netif *n, struct berth_packet *p, const uint8_t mac[6],
		enum link_protocol protocol)
{
	struct ether_header h;

	if (!netif_usable(n))
		return lose(n, p);
	if (n->kind == BERTH_NETIF_LOOPBACK && !n->external) {
		ASSERT(protocol != LINK_ARP);
		if (n->links->tap)
			links_tap_bare(n, p, LINK_FROM_US);
		return netif_enqueue(n, p);
	}
	memcpy(h.dst, mac, sizeof(h.dst));
	memcpy(h.src, n->mac, sizeof(h.src));
	h.type = ether_types[protocol];
	ether_write(packet_push(p, ETHER_HEADER_BYTES), &h);
	if (p->gso_bytes && !(n->features & BERTH_NETIF_GSO))
		return output_cut(n, p);
	if (!(n->features & BERTH_NETIF_CSUM))
		packet_complete(p);
	return transmit(n, p, NULL, 0);
}
