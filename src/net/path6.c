/* SPDX-License-Identifier: MIT */
/*
 * Paths to IPv6 destinations, as ip6_route_output() of Linux finds them, for path.c.
 *
 * A link-local destination needs an interface: what was asked for (the scope), else that of the
 * source address if it is link-local too. Linux: with neither it is the first interface that has
 * the route; it is connect() that refuses such an address.
 *
 * A redirect (RFC 4861 §8.3) that pmtu.c remembers for a destination replaces the next hop that the
 * routes say.
 */
#include <errno.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/route.h"

static unsigned bound_index(const struct path_query *q)
{
	return q->bound ? q->bound->ifindex : 0;
}

/* Linux: ip6_dst_lookup_tail() fails when there is nothing to send from. */
static int choose_source(struct path_query *q)
{
	const struct addr *a;

	if (!ipaddr_is_any(&q->path.src))
		return 0;
	a = addr_select6(q->net, q->path.netif, &q->path.dst);
	if (!a)
		return -EADDRNOTAVAIL;
	q->path.src = a->addr;
	return 0;
}

/* The address of ours that is sent to; NULL: it is another's. */
static const struct addr *find_own(const struct path_query *q)
{
	const struct netif *n = ipaddr_needs_scope(&q->path.dst) ? q->bound : NULL;

	if (n && n->kind == BERTH_NETIF_LOOPBACK)
		n = NULL;
	return addr_find(q->net, n, &q->path.dst);
}

static int find_own_path(struct path_query *q, const struct addr *own)
{
	struct netif *lo = links_loopback(q->net->links);

	if (!lo || !lo->up)
		return -ENETUNREACH;
	q->path.netif = lo;
	q->path.local = true;
	q->path.next_hop = q->path.dst;
	if (ipaddr_is_any(&q->path.src))
		q->path.src = own->addr; /* RFC 6724 §5 rule 1 */
	if (ipaddr_needs_scope(&q->path.dst))
		q->path.ifindex = (uint16_t)own->netif->ifindex;
	return 0;
}

/* The first link that groups can be sent to (Linux: the first route to ff00::/8). */
static struct netif *first_link(const struct net *net)
{
	struct netif *n;

	for (unsigned i = 0; (n = links_nth(net->links, i)); i++) {
		if (n->kind != BERTH_NETIF_LOOPBACK && n->up && if6_mtu(n))
			return n;
	}
	return NULL;
}

static int find_group(struct path_query *q)
{
	const struct route *r;

	q->path.multicast = true;
	q->path.next_hop = q->path.dst;
	q->path.netif = q->bound;
	if (!q->path.netif) {
		r = route_find(q->net, &q->path.dst, 0);
		if (r && r->prefix_len >= 8 && r->kind == ROUTE_UNICAST)
			q->path.netif = r->netif;
		else
			q->path.netif = first_link(q->net);
	}
	if (!q->path.netif)
		return -ENETUNREACH;
	if (ipaddr_needs_scope(&q->path.dst))
		q->path.ifindex = (uint16_t)q->path.netif->ifindex;
	return choose_source(q);
}

static int find_routed(struct path_query *q)
{
	const struct route *r = route_find(q->net, &q->path.dst, bound_index(q));
	int err = r ? route_error(r) : -ENETUNREACH;

	if (err)
		return err;
	q->path.netif = r->netif;
	q->path.next_hop = q->path.dst;
	q->path.gateway = r->has_gateway;
	if (r->has_gateway)
		q->path.next_hop = r->gateway;
	if (pmtu_gateway(q->net, &q->path.dst, r->netif, &q->path.next_hop))
		q->path.gateway = !ipaddr_equal(&q->path.next_hop, &q->path.dst);
	if (ipaddr_is_any(&q->path.src) && !ipaddr_is_any(&r->src))
		q->path.src = r->src;
	return choose_source(q);
}

/* A source that means something on its link alone says which link it is. */
static int bind_to_source(struct path_query *q)
{
	const struct addr *a;

	if (!ipaddr_is_link_local(&q->path.src))
		return 0;
	a = addr_find(q->net, q->bound, &q->path.src);
	if (!a)
		return -EINVAL;
	if (!q->bound && ipaddr_needs_scope(&q->path.dst))
		q->bound = a->netif;
	return 0;
}

int path6_find_next_hop(struct path_query *q)
{
	const struct addr *own;
	int err = bind_to_source(q);

	if (err)
		return err;
	if (ipaddr_is_multicast(&q->path.dst))
		return find_group(q);
	own = find_own(q);
	return own ? find_own_path(q, own) : find_routed(q);
}

int path6_finish(struct path_query *q)
{
	struct ip_path *path = &q->path;
	const struct if6 *i = path->netif->if6;

	path->mtu = if6_mtu(path->netif);
	if (!path->mtu)
		return -ENETUNREACH;
	path->hop_limit = (uint8_t)i->conf.hop_limit;
	if (ipaddr_needs_scope(&path->dst) && !path->local)
		path->ifindex = (uint16_t)path->netif->ifindex;
	return 0;
}
