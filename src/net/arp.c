/* SPDX-License-Identifier: MIT */
/*
 * ARP (RFC 826, RFC 5227), as arp_process() of Linux does it.
 *
 * A request for an address of ours is answered, and teaches us the asker, who is about to talk to
 * us. Everything else only refreshes entries that are already there: nobody fills the table by
 * talking to himself. An address that has just changed is not changed again within a second
 * (LOCKTIME), so that the first of several answers holds.
 *
 * Who claims an address of ours is counted and not believed. Deviation: the address is neither
 * defended nor given up (RFC 5227 §2.4); Linux does neither by default.
 */
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "wire/arp_packet.h"

#define LOCKTIME_NS (1 * BERTH_SEC) /* Linux: net.ipv4.neigh.default.locktime */

static void arp_send(struct net *net, struct netif *n, const struct arp_packet *a,
		     const uint8_t mac[6])
{
	struct berth_packet *p = packet_new(net->env->pool);

	if (!p) {
		drop(net->env, DROP_NO_MEMORY);
		return;
	}
	arp_write(packet_push(p, ARP_PACKET_BYTES), a);
	(void)link_output(n, p, mac, LINK_ARP); /* counted there; asked again later */
}

static struct arp_packet request_from(const struct netif *n, uint32_t sender, uint32_t target)
{
	struct arp_packet a = {.op = ARP_REQUEST, .sender_ip = sender, .target_ip = target};

	memcpy(a.sender_mac, n->mac, sizeof(a.sender_mac));
	return a;
}

/* From which of our addresses to ask: that of the packet which waits, if it is ours, so that the
 * neighbour learns whom to answer (Linux: arp_solicit() with arp_announce=0). */
static uint32_t solicit_source(const struct net *net, const struct neigh *n)
{
	const struct addr *chosen;

	if (n->queue.head) {
		const struct berth_packet *p = n->queue.head;
		struct reader r = reader_of(p->head + p->head_off, p->head_len);
		struct ip4_header h;

		if (ip4_parse(&r, &h)) {
			struct ipaddr src = ipaddr_from4(h.src);

			if (addr_find(net, NULL, &src))
				return h.src;
		}
	}
	chosen = addr_select(net, n->netif, &n->addr);
	return chosen ? ipaddr_to4(&chosen->addr) : 0;
}

void arp_solicit(struct net *net, struct neigh *n, bool unicast)
{
	struct arp_packet a = request_from(n->netif, solicit_source(net, n), ipaddr_to4(&n->addr));

	arp_send(net, n->netif, &a, unicast ? n->mac : link_broadcast_mac);
}

void arp_announce(struct net *net, struct netif *n, const struct ipaddr *addr)
{
	struct arp_packet a;

	if (n->kind != BERTH_NETIF_ETHER || !ipaddr_is4(addr))
		return;
	a = request_from(n, ipaddr_to4(addr), ipaddr_to4(addr));
	arp_send(net, n, &a, link_broadcast_mac);
}

static void reply_to(struct net *net, struct netif *n, const struct arp_packet *request)
{
	struct arp_packet a = {
		.op = ARP_REPLY,
		.sender_ip = request->target_ip,
		.target_ip = request->sender_ip,
	};

	memcpy(a.sender_mac, n->mac, sizeof(a.sender_mac));
	memcpy(a.target_mac, request->sender_mac, sizeof(a.target_mac));
	arp_send(net, n, &a, request->sender_mac);
}

/* Somebody asks for an address of ours. */
static void on_request_for_us(struct net *net, struct netif *n, const struct arp_packet *a)
{
	struct ipaddr sender = ipaddr_from4(a->sender_ip);
	struct neigh *neigh;

	if (a->sender_ip != 0) { /* 0: a probe (RFC 5227 §1.1), to be answered, not learnt */
		neigh = neigh_get(net->neighs, n, &sender);
		if (neigh)
			neigh_update(neigh, a->sender_mac, NEIGH_STALE, NEIGH_OVERRIDE);
	}
	reply_to(net, n, a);
}

/* What else is heard refreshes what is known; only an answer to us proves anything. */
static void on_hearsay(struct net *net, struct netif *n, const struct arp_packet *a, bool to_us)
{
	struct ipaddr sender = ipaddr_from4(a->sender_ip);
	struct neigh *neigh = neigh_find(net->neighs, n, &sender);
	bool gratuitous = a->sender_ip == a->target_ip;
	bool answer = a->op == ARP_REPLY && to_us;
	unsigned flags = 0;

	if (!neigh) {
		drop(net->env, DROP_ARP_UNKNOWN);
		return;
	}
	if (gratuitous || net->env->now - neigh->updated > LOCKTIME_NS)
		flags |= NEIGH_OVERRIDE;
	neigh_update(neigh, a->sender_mac, answer ? NEIGH_REACHABLE : NEIGH_STALE, flags);
}

/* Addresses that no neighbour has: groups, broadcasts, 127/8, and our own. */
static bool sender_valid(struct net *net, const struct arp_packet *a)
{
	struct ipaddr sender = ipaddr_from4(a->sender_ip);

	if (a->sender_ip == 0)
		return a->op == ARP_REQUEST;
	if (addr_find(net, NULL, &sender)) {
		drop(net->env, DROP_ARP_CONFLICT);
		return false;
	}
	if (a->sender_ip >> 28 >= 0xe || a->sender_ip >> 24 == 127 || a->sender_ip >> 24 == 0 ||
	    addr_by_broadcast(net, &sender)) {
		drop(net->env, DROP_ARP_MALFORMED);
		return false;
	}
	return true;
}

void arp_input(void *ctx, struct netif *n, struct berth_packet *p)
{
	struct net *net = ctx;
	bool to_us = !p->broadcast;
	bool parsed = packet_pull(p, ARP_PACKET_BYTES);
	struct ipaddr target;
	struct arp_packet a;

	if (parsed) {
		struct reader r = reader_of(packet_head(p), ARP_PACKET_BYTES);

		parsed = arp_parse(&r, &a);
	}
	packet_free(p);
	if (!parsed || n->kind != BERTH_NETIF_ETHER) {
		drop(net->env, DROP_ARP_MALFORMED);
		return;
	}
	if (!sender_valid(net, &a))
		return;
	target = ipaddr_from4(a.target_ip);
	if (a.op == ARP_REQUEST && a.target_ip >> 24 != 127 && addr_find(net, NULL, &target))
		on_request_for_us(net, n, &a);
	else if (a.sender_ip != 0)
		on_hearsay(net, n, &a, to_us);
}
