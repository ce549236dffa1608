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

/* What protocol a packet without a link header is of: the version is in its first byte. */
static enum link_protocol protocol_of(struct berth_packet *p)
{
	return packet_head(p)[0] >> 4 == 4 ? LINK_IP4 : LINK_IP6;
}

void link_loop(struct netif *n, struct berth_packet *p)
{
	struct links *ls = n->links;

	if (ls->looped.count >= ls->env->limits.txq_packets_max) {
		drop(ls->env, DROP_TXQ_FULL);
		packet_free(p);
		return;
	}
	p->flags |= PACKET_LOOPED;
	p->ifindex = (uint16_t)n->ifindex;
	packet_queue_add(&ls->looped, p);
}

static void run_looped(struct links *ls)
{
	struct berth_packet *p = packet_queue_take(&ls->looped);
	struct netif *n = links_get(ls, p->ifindex);

	p->broadcast = 1;
	if (n) {
		links_deliver(n, p, protocol_of(p));
	} else {
		drop(ls->env, DROP_NETIF_DOWN);
		packet_free(p);
	}
}

static void run_lo(struct netif *lo)
{
	struct berth_packet *p = netif_dequeue(lo);

	lo->rx_packets++;
	lo->rx_bytes += packet_bytes(p);
	p->broadcast = 0;
	p->time = lo->links->env->now;
	if (p->flags & PACKET_FRAMED) {
		p->flags = PACKET_FRAMED;
		links_rx(lo, p);
		return;
	}
	p->flags = 0;
	if (lo->links->tap)
		links_tap_bare(lo, p, LINK_TO_US);
	links_deliver(lo, p, protocol_of(p));
}

bool links_run(struct links *ls)
{
	for (uint32_t i = 0; i < LOOP_PACKETS_MAX && links_pending(ls); i++) {
		if (ls->looped.count > 0)
			run_looped(ls);
		else
			run_lo(ls->loopback);
	}
	return links_pending(ls);
}
