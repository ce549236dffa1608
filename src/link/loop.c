/* SPDX-License-Identifier: MIT */
/*
 * The loopback interface, when the stack carries its frames itself.
 *
 * What is sent through lo waits in its queue until the call that sent it is about to return;
 * only then is it delivered, so that no protocol is entered while it is still at work.
 */
#include "base/env.h"
#include "link/links.h"

/* A bound against two sides that answer each other for ever; nobody waits for more. */
#define LOOP_PACKETS_MAX 65536u

bool links_pending(const struct links *ls)
{
	const struct netif *lo = ls->loopback;

	return lo && !lo->external && lo->txq.count > 0;
}

/* What protocol a packet without a link header is of: the version is in its first byte. */
static enum link_protocol protocol_of(struct berth_packet *p)
{
	return packet_head(p)[0] >> 4 == 4 ? LINK_IP4 : LINK_IP6;
}

bool links_run(struct links *ls)
{
	for (uint32_t i = 0; i < LOOP_PACKETS_MAX && links_pending(ls); i++) {
		struct netif *lo = ls->loopback;
		struct berth_packet *p = netif_dequeue(lo);

		lo->rx_packets++;
		lo->rx_bytes += packet_bytes(p);
		p->broadcast = 0;
		p->flags = 0;
		links_deliver(lo, p, protocol_of(p));
	}
	return links_pending(ls);
}
