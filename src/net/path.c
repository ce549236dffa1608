/* SPDX-License-Identifier: MIT */
/*
 * Paths: from a destination (and perhaps a source and an interface) to a next hop, its interface
 * and neighbour, the source address and the MTU. Follows ip_route_output_key_hash() of Linux
 * in what it finds and how it fails.
 *
 * A path is a value: nobody frees it, and its generation says whether it still holds. So the last
 * few answers are kept, in a small direct-mapped table, for those who keep no path of their own:
 * datagrams to changing peers, and connections one after the other to the same one.
 */
#include <errno.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/route.h"

static bool in_zero_net(const struct ipaddr *a)
{
	return ipaddr_is4(a) && ipaddr_to4(a) >> 24 == 0;
}

static struct ipaddr any_like(const struct ipaddr *a)
{
	return ipaddr_is4(a) ? ipaddr_from4(0) : (struct ipaddr){{0}};
}

static struct ipaddr loopback_like(const struct ipaddr *a)
{
	struct ipaddr one = {{0}};

	one.bytes[15] = 1;
	return ipaddr_is4(a) ? ipaddr_from4(0x7f000001) : one;
}

static void choose_source(struct path_query *q)
{
	const struct addr *a;

	if (!ipaddr_is_any(&q->path.src))
		return;
	a = addr_select(q->net, q->path.netif, &q->path.next_hop);
	q->path.src = a ? a->addr : any_like(&q->path.dst); /* Linux: 0.0.0.0 then */
}

/* The destination is this host: through lo, from the address that is sent to. */
static int find_local(struct path_query *q)
{
	struct netif *lo = links_loopback(q->net->links);

	if (!lo || !lo->up)
		return -ENETUNREACH;
	q->path.netif = lo;
	q->path.local = true;
	q->path.next_hop = q->path.dst;
	if (!ipaddr_is_any(&q->path.src))
		return 0;
	if (addr_find(q->net, NULL, &q->path.dst))
		q->path.src = q->path.dst;
	else
		choose_source(q);
	return 0;
}

static int find_routed(struct path_query *q)
{
	unsigned ifindex = q->bound ? q->bound->ifindex : 0;
	const struct route *r = route_find(q->net, &q->path.dst, ifindex);
	int err;

	q->path.next_hop = q->path.dst;
	if (!r) {
		if (!q->bound)
			return -ENETUNREACH;
		q->path.netif = q->bound; /* Linux: bound to a device, all is on its link */
		choose_source(q);
		return 0;
	}
	err = route_error(r);
	if (err)
		return err;
	q->path.netif = r->netif;
	if (r->has_gateway && !q->path.multicast && !q->path.broadcast) {
		q->path.next_hop = r->gateway;
		q->path.gateway = true;
	}
	if (ipaddr_is_any(&q->path.src) && !ipaddr_is_any(&r->src))
		q->path.src = r->src;
	choose_source(q);
	return 0;
}

/* Multicasts and 255.255.255.255 go where the program said: by interface, by source, by route. */
static int find_group(struct path_query *q)
{
	if (!q->bound && !ipaddr_is_any(&q->path.src)) {
		const struct addr *a = addr_find(q->net, NULL, &q->path.src);

		if (a)
			q->bound = a->netif;
	}
	if (!q->bound)
		return find_routed(q);
	q->path.netif = q->bound;
	q->path.next_hop = q->path.dst;
	choose_source(q);
	return 0;
}

static int find_subnet_broadcast(struct path_query *q, const struct addr *a)
{
	q->path.broadcast = true;
	q->path.netif = q->bound ? q->bound : a->netif;
	q->path.next_hop = q->path.dst;
	if (ipaddr_is_any(&q->path.src))
		q->path.src = a->addr;
	return q->path.netif->up ? 0 : -ENETUNREACH;
}

static int find_next_hop(struct path_query *q)
{
	const struct ipaddr *dst = &q->path.dst;
	const struct addr *a;

	if (ipaddr_is_multicast(dst)) {
		q->path.multicast = true;
		return find_group(q);
	}
	if (ipaddr_is_limited_broadcast(dst)) {
		q->path.broadcast = true;
		return find_group(q);
	}
	if (addr_is_local(q->net, dst))
		return find_local(q);
	a = addr_by_broadcast(q->net, dst);
	if (a)
		return find_subnet_broadcast(q, a);
	if (in_zero_net(dst))
		return -EINVAL;
	return find_routed(q);
}

/* What depends on the next hop alone. */
static int finish(struct path_query *q)
{
	struct ip_path *path = &q->path;
	struct ipaddr pair[2] = {path->src, path->dst};
	bool lo = path->netif->kind == BERTH_NETIF_LOOPBACK;

	/* RFC 1122 §3.2.1.3 (g): 127/8 never leaves the host. */
	if (!lo && (ipaddr_is_loopback(&path->src) || ipaddr_is_loopback(&path->dst)))
		return -EINVAL;
	if (ipaddr_is4(&path->dst))
		path->mtu = path->netif->mtu < 65535 ? path->netif->mtu : 65535;
	if (!path->local && !path->multicast && !path->broadcast)
		path->mtu = pmtu_get(q->net, &path->dst, path->mtu, &path->mtu_locked);
	path->flow_hash = env_hash(q->net->env, pair, sizeof(pair));
	if (!lo && !path->multicast && !path->broadcast)
		path->neigh = neigh_get(q->net->neighs, path->netif, &path->next_hop);
	/* Making a neighbour entry may have ended a generation. */
	path->generation = q->net->generation;
	if (path->neigh)
		neigh_pin(path->neigh, path->generation);
	return 0;
}

/* An answer, and the question to it. */
struct known_path {
	struct ipaddr dst, src;
	unsigned ifindex;
	struct ip_path path; /* generation 0: none */
};

#define PATH_SLOTS 16u /* a power of two */

struct paths {
	struct known_path slots[PATH_SLOTS];
};

struct paths *paths_new(struct env *env)
{
	return env_calloc(env, 1, sizeof(struct paths));
}

void paths_free(struct paths *paths, struct env *env)
{
	env_free(env, paths);
}

/* Linux: a source of IPv4 that another host could have has no route from here. */
static int foreign_source(const struct ipaddr *src)
{
	bool is_host = ipaddr_is4(src) && !ipaddr_is_multicast(src) &&
		       ipaddr_to4(src) != UINT32_MAX && !in_zero_net(src);

	return is_host ? -ENETUNREACH : -EINVAL;
}

/* By the last bytes of both addresses, which differ most. */
static struct known_path *slot_of(struct net *net, const struct ipaddr *dst,
				  const struct ipaddr *src)
{
	uint32_t mixed = (load_be32(dst->bytes + 12) ^ load_be32(src->bytes + 12) * 0x9e3779b1u) *
			 0x85ebca6bu;

	return &net->paths->slots[mixed >> 28];
}
STATIC_ASSERT(PATH_SLOTS == 1u << (32 - 28));

static int find_anew(struct net *net, const struct ipaddr *dst, const struct ipaddr *src,
		     unsigned ifindex, struct ip_path *path)
{
	struct path_query q = {.net = net,
			       .path = {.dst = *dst, .src = *src, .ifindex = (uint16_t)ifindex}};
	int err;

	if (ipaddr_is_any(src))
		q.path.src = any_like(dst);

	if (ifindex) {
		q.bound = links_get(net->links, ifindex);
		if (!q.bound)
			return -ENODEV;
		if (!q.bound->up)
			return -ENETUNREACH;
	}
	if (!ipaddr_is_any(src) && !addr_is_local(net, src))
		return foreign_source(src);
	if (ipaddr_is_any(dst)) /* Linux: 0.0.0.0 is this host, as in BSD */
		q.path.dst = ipaddr_is_any(src) ? loopback_like(dst) : *src;
	if (ipaddr_is4(dst))
		err = find_next_hop(&q);
	else
		err = path6_find_next_hop(&q);
	if (!err && !ipaddr_is4(dst))
		err = path6_finish(&q);
	if (!err)
		err = finish(&q);
	if (!err)
		*path = q.path;
	return err;
}

int ip_path_find(struct net *net, const struct ipaddr *dst, const struct ipaddr *src,
		 unsigned ifindex, struct ip_path *path)
{
	struct known_path *known = slot_of(net, dst, src);
	struct ipaddr pair[2] = {*dst, *src}; /* they may lie in *path */
	int err;

	if (known->path.generation == net->generation && known->ifindex == ifindex &&
	    ipaddr_equal(&known->dst, dst) && ipaddr_equal(&known->src, src)) {
		*path = known->path;
		return 0;
	}
	err = find_anew(net, dst, src, ifindex, path);
	if (!err)
		*known = (struct known_path){pair[0], pair[1], ifindex, *path};
	return err;
}

int ip_path_check(struct net *net, struct ip_path *path, unsigned ifindex)
{
	if (path->generation == net->generation)
		return 0;
	if (!ifindex && ipaddr_needs_scope(&path->dst))
		ifindex = path->ifindex;
	return ip_path_find(net, &path->dst, &path->src, ifindex, path);
}

void ip_path_confirm(struct net *net, struct ip_path *path)
{
	if (path->neigh && path->generation == net->generation)
		neigh_confirm(path->neigh);
}

enum ip_kind ip_kind_of(const struct net *net, const struct ipaddr *a)
{
	if (ipaddr_is_multicast(a))
		return IP_KIND_MULTICAST;
	if (ipaddr_is_limited_broadcast(a) || addr_by_broadcast(net, a))
		return IP_KIND_BROADCAST;
	return addr_is_local(net, a) ? IP_KIND_LOCAL : IP_KIND_OTHER;
}
