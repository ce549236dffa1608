/* SPDX-License-Identifier: MIT */
/*
 * An interface of one host: its addresses on the link, its queue towards the driver.
 */
#ifndef LINK_NETIF_H
#define LINK_NETIF_H

#include <stdbool.h>

#include <berth/netif.h>

#include "base/list.h"
#include "pkt/packet.h"
#include "wire/ipaddr.h"

struct env;
struct links; /* all interfaces of a host, and what they hand up to: link/links */

struct netif {
	struct list link; /* in its links, by index */
	struct links *links;
	unsigned ifindex;
	char name[BERTH_NETIF_NAME_BYTES];
	enum berth_netif_kind kind;
	uint32_t features; /* BERTH_NETIF_CSUM, _GSO */
	uint32_t mtu;
	uint8_t mac[6];
	bool up, running, external;
	bool tx_full;		 /* the queue was full, and is not yet half empty */
	struct packet_queue txq; /* bounded by limits.txq_packets_max */
	struct list tx_link;	 /* in links' list of those with frames to pull */
	struct if6 *if6;	 /* net's: what IPv6 knows of it; NULL: no memory, or gone */
	/* How IPv6 neighbours are asked for (RFC 4861 §6.3.2), as routers advertise it; 0: the
	 * defaults. */
	berth_time nd_reachable_ns, nd_retrans_ns;
	uint64_t rx_packets, rx_bytes, rx_dropped;
	uint64_t tx_packets, tx_bytes, tx_dropped;
};

static inline bool netif_usable(const struct netif *n)
{
	return n->up && n->running;
}

/* Payload bytes of a TCP super-packet that this interface takes in one; 0: none. */
static inline uint32_t netif_gso_max(const struct netif *n)
{
	return n->features & BERTH_NETIF_GSO ? 65535u - 200u : 0;
}

/* Room for one more frame: TCP asks before it builds a segment, and is told by links' on_tx_space
 * when there is room again. */
static inline bool netif_tx_space(const struct netif *n)
{
	return !n->tx_full;
}

#endif
