/* SPDX-License-Identifier: MIT */
/*
 * One interface: its switches, and its queue towards the driver.
 *
 * The queue is bounded in packets. Once full it counts as full until it is half empty: then the
 * listeners are told, so that a sender which was stopped comes back for many packets at once. An
 * interface is on the host's list of those to pull from exactly while the driver carries its
 * frames and its queue is not empty, which makes pulling O(1) however many interfaces there are.
 */
#include "link/netif.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "base/env.h"
#include "link/links.h"

#define MTU_MIN 68u /* RFC 791 §3.2: every link carries as much */
#define MTU_MAX 65535u
#define MTU_MAX_LOOPBACK 65536u

bool netif_mtu_valid(enum berth_netif_kind kind, uint32_t mtu)
{
	return mtu >= MTU_MIN && mtu <= (kind == BERTH_NETIF_LOOPBACK ? MTU_MAX_LOOPBACK : MTU_MAX);
}

static bool driver_carries(const struct netif *n)
{
	return n->kind != BERTH_NETIF_LOOPBACK || n->external;
}

int netif_enqueue(struct netif *n, struct berth_packet *p)
{
	struct env *env = n->links->env;
	uint32_t max = env->limits.txq_packets_max;

	if (n->txq.count >= max) {
		n->tx_dropped++;
		drop(env, DROP_TXQ_FULL);
		packet_free(p);
		return -ENOBUFS;
	}
	n->tx_packets++;
	n->tx_bytes += packet_bytes(p);
	packet_queue_add(&n->txq, p);
	if (n->txq.count >= max)
		n->tx_full = true;
	if (n->txq.count == 1 && driver_carries(n)) {
		list_add_tail(&n->links->tx_list, &n->tx_link);
		env->wake(env);
	}
	return 0;
}

static void tell_tx_space(struct netif *n)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &n->links->listeners) {
		struct link_listener *who = list_entry(l, struct link_listener, link);

		if (who->on_tx_space)
			who->on_tx_space(who->ctx, n);
	}
}

/* Ends the time in which the queue counts as full. */
static void netif_drained(struct netif *n)
{
	if (!n->tx_full)
		return;
	n->tx_full = false;
	tell_tx_space(n);
}

struct berth_packet *netif_dequeue(struct netif *n)
{
	struct berth_packet *p = packet_queue_take(&n->txq);

	if (!p)
		return NULL;
	if (n->txq.count == 0)
		list_del(&n->tx_link);
	if (n->txq.count <= n->links->env->limits.txq_packets_max / 2)
		netif_drained(n);
	return p;
}

struct berth_packet *links_output(struct links *ls, unsigned *out_ifindex)
{
	struct netif *n;

	if (list_empty(&ls->tx_list))
		return NULL;
	n = list_first(&ls->tx_list, struct netif, tx_link);
	*out_ifindex = n->ifindex;
	return netif_dequeue(n);
}

/* Drops what waits to be sent: the queue of an interface that goes down. Whoever waited for room
 * is told by netif_drained(). */
static void netif_flush(struct netif *n)
{
	while (n->txq.count > 0) {
		n->tx_dropped++;
		drop(n->links->env, DROP_NETIF_DOWN);
		packet_free(packet_queue_take(&n->txq));
	}
	list_del(&n->tx_link);
}

static void netif_set_flags(struct netif *n, bool up, bool running)
{
	bool was = netif_usable(n);
	bool same = n->up == up && n->running == running;

	n->up = up;
	n->running = running;
	if (netif_usable(n) == was) {
		if (!same)
			links_tell(n, LINK_FLAGS);
		return;
	}
	if (was)
		netif_flush(n);
	links_tell(n, was ? LINK_DOWN : LINK_UP);
	netif_drained(n);
}

void netif_set_up(struct netif *n, bool up)
{
	netif_set_flags(n, up, n->running);
}

void netif_set_running(struct netif *n, bool running)
{
	netif_set_flags(n, n->up, running);
}

int netif_set_mtu(struct netif *n, uint32_t mtu)
{
	if (!netif_mtu_valid(n->kind, mtu))
		return -EINVAL;
	if (n->mtu != mtu) {
		n->mtu = mtu;
		links_tell(n, LINK_MTU);
	}
	return 0;
}

int netif_set_address(struct netif *n, const uint8_t mac[6])
{
	static const uint8_t zero[6];

	/* Linux: is_valid_ether_addr(). */
	if (mac[0] & 1 || memcmp(mac, zero, sizeof(zero)) == 0)
		return -EADDRNOTAVAIL;
	memcpy(n->mac, mac, sizeof(n->mac));
	links_tell(n, LINK_ADDRESS);
	return 0;
}

void netif_set_features(struct netif *n, uint32_t features)
{
	if (n->features != features) {
		n->features = features;
		links_tell(n, LINK_FEATURES);
	}
}

int netif_set_external(struct netif *n, bool external)
{
	if (n->kind != BERTH_NETIF_LOOPBACK)
		return -ENODEV;
	if (n->external != external) {
		netif_flush(n); /* the frames of the other kind have another shape */
		n->external = external;
		netif_drained(n);
	}
	return 0;
}

void netif_info(const struct netif *n, struct berth_netif_info *out)
{
	bool lo = n->kind == BERTH_NETIF_LOOPBACK;

	*out = (struct berth_netif_info){
		.ifindex = n->ifindex,
		.kind = n->kind,
		.mtu = n->mtu,
		.rx_packets = n->rx_packets,
		.rx_bytes = n->rx_bytes,
		.rx_dropped = n->rx_dropped,
		.tx_packets = n->tx_packets,
		.tx_bytes = n->tx_bytes,
		.tx_dropped = n->tx_dropped,
	};
	memcpy(out->name, n->name, sizeof(out->name));
	memcpy(out->mac, n->mac, sizeof(out->mac));
	out->flags = lo ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST;
	if (n->up)
		out->flags |= IFF_UP;
	if (netif_usable(n))
		out->flags |= IFF_RUNNING;
}
