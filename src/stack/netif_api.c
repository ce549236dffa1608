/* SPDX-License-Identifier: MIT */
/*
 * The public calls on interfaces, addresses, routes and neighbours: sockaddrs become addresses, and
 * the layers below do the rest. Listings take an index, which the layers promise to be stable.
 * Nothing is decided here: errors are those of the layers, save that an index must exist.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include <berth/netif.h>

#include "link/neigh.h"
#include "net/addr.h"
#include "net/route.h"
#include "sock/sockaddr.h"
#include "stack/host.h"

static int parse(const struct sockaddr *addr, struct ipaddr *out)
{
	struct endpoint e;
	socklen_t len = addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						    : sizeof(struct sockaddr_in);
	int error = sockaddr_parse(addr, len, &e);

	if (error == 0)
		*out = e.addr;
	return error;
}

static void give(const struct ipaddr *a, struct sockaddr_storage *out)
{
	const struct endpoint e = {.addr = *a};

	(void)sockaddr_of_endpoint(&e, out); /* its length follows from the family */
}

/* A link-local address comes with the interface that it belongs to. */
static void give_scoped(const struct ipaddr *a, const struct netif *n, struct sockaddr_storage *out)
{
	const struct endpoint e = {
		.addr = *a,
		.scope = ipaddr_needs_scope(a) ? (uint16_t)n->ifindex : 0,
	};

	(void)sockaddr_of_endpoint(&e, out); /* its length follows from the family */
}

/* Ends a call that changed something. */
static int done(struct berth_stack *st, int result)
{
	stack_settle(st);
	return result;
}

int berth_netif_add(struct berth_stack *st, const struct berth_netif_config *config)
{
	int ifindex = links_add(st->links, config);

	if (ifindex > 0)
		netif_set_running(links_get(st->links, (unsigned)ifindex), true);
	return done(st, ifindex);
}

int berth_netif_remove(struct berth_stack *st, unsigned ifindex)
{
	return done(st, links_remove(st->links, ifindex));
}

int berth_netif_set_up(struct berth_stack *st, unsigned ifindex, bool up)
{
	struct netif *n = links_get(st->links, ifindex);

	if (n == NULL)
		return -ENODEV;
	netif_set_up(n, up);
	return done(st, 0);
}

int berth_netif_set_running(struct berth_stack *st, unsigned ifindex, bool running)
{
	struct netif *n = links_get(st->links, ifindex);

	if (n == NULL)
		return -ENODEV;
	netif_set_running(n, running);
	return done(st, 0);
}

int berth_netif_set_mtu(struct berth_stack *st, unsigned ifindex, uint32_t mtu)
{
	struct netif *n = links_get(st->links, ifindex);

	return n == NULL ? -ENODEV : done(st, netif_set_mtu(n, mtu));
}

int berth_netif_set_features(struct berth_stack *st, unsigned ifindex, uint32_t features)
{
	struct netif *n = links_get(st->links, ifindex);

	if (n == NULL)
		return -ENODEV;
	netif_set_features(n, features);
	return done(st, 0);
}

int berth_netif_set_external(struct berth_stack *st, unsigned ifindex, bool external)
{
	struct netif *n = links_get(st->links, ifindex);

	if (n == NULL || n->kind != BERTH_NETIF_LOOPBACK)
		return -ENODEV;
	return done(st, netif_set_external(n, external));
}

int berth_addr_add(struct berth_stack *st, unsigned ifindex, const struct sockaddr *addr,
		   unsigned prefix_len)
{
	struct ipaddr a;
	int error = parse(addr, &a);

	return error < 0 ? error : done(st, addr_add(st->net, ifindex, &a, prefix_len));
}

static berth_time for_ever(berth_time ns)
{
	return ns == 0 ? BERTH_TIME_NEVER : ns;
}

int berth_addr_set(struct berth_stack *st, unsigned ifindex, const struct berth_addr_config *c)
{
	struct addr_config config = {
		.prefix_len = c->prefix_len,
		.flags = c->flags & (ADDR_NODAD | ADDR_NOPREFIXROUTE),
		.preferred_ns = for_ever(c->preferred_ns),
		.valid_ns = for_ever(c->valid_ns),
	};
	int error = parse((const struct sockaddr *)&c->addr, &config.addr);
	const struct netif *n = links_get(st->links, ifindex);
	struct addr *a;

	if (error < 0)
		return error;
	a = n ? addr_entry(st->net, n, &config.addr) : NULL;
	if (a && a->prefix_len == c->prefix_len)
		return done(st,
			    addr_set_lifetimes(st->net, a, config.preferred_ns, config.valid_ns));
	return done(st, addr_set(st->net, ifindex, &config));
}

int berth_addr_del(struct berth_stack *st, unsigned ifindex, const struct sockaddr *addr,
		   unsigned prefix_len)
{
	struct ipaddr a;
	int error = parse(addr, &a);

	return error < 0 ? error : done(st, addr_del(st->net, ifindex, &a, prefix_len));
}

int berth_route_add(struct berth_stack *st, const struct sockaddr *dst, unsigned prefix_len,
		    const struct sockaddr *gateway, unsigned ifindex, uint32_t metric)
{
	struct ipaddr via;
	struct route_config config = {
		.prefix_len = prefix_len,
		.kind = ROUTE_UNICAST,
		.ifindex = ifindex,
		.metric = metric,
		.src = ipaddr_from4(INADDR_ANY),
	};
	int error = parse(dst, &config.dst);

	if (error == 0 && gateway != NULL) {
		error = parse(gateway, &via);
		config.gateway = &via;
	}
	return error < 0 ? error : done(st, route_add(st->net, &config));
}

int berth_route_del(struct berth_stack *st, const struct sockaddr *dst, unsigned prefix_len)
{
	struct ipaddr a;
	int error = parse(dst, &a);

	return error < 0 ? error : done(st, route_del(st->net, &a, prefix_len, 0));
}

bool berth_netif_get(const struct berth_stack *st, unsigned i, struct berth_netif_info *out)
{
	const struct netif *n = links_nth(st->links, i);

	if (n != NULL)
		netif_info(n, out);
	return n != NULL;
}

static berth_time left(const struct berth_stack *st, berth_time until)
{
	return until == BERTH_TIME_NEVER ? until : until - st->env.now;
}

static uint8_t scope_of(const struct addr *a)
{
	if (ipaddr_is_loopback(&a->addr))
		return RT_SCOPE_HOST;
	if (ipaddr_is4(&a->addr))
		return RT_SCOPE_UNIVERSE;
	return ipaddr_is_link_local(&a->addr) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

bool berth_addr_get(const struct berth_stack *st, unsigned i, struct berth_addr_info *out)
{
	const struct addr *a = addr_nth(st->net, i);

	if (a == NULL)
		return false;
	*out = (struct berth_addr_info){
		.ifindex = a->netif->ifindex,
		.prefix_len = a->prefix_len,
		.flags = a->flags,
		.scope = scope_of(a),
		.preferred_ns = left(st, a->preferred_until),
		.valid_ns = left(st, a->valid_until),
		.created = a->created,
		.updated = a->updated,
	};
	give_scoped(&a->addr, a->netif, &out->addr);
	return true;
}

bool berth_route_get(const struct berth_stack *st, unsigned i, struct berth_route_info *out)
{
	const struct route *r = route_nth(st->net, i);

	if (r == NULL)
		return false;
	*out = (struct berth_route_info){
		.prefix_len = r->prefix_len,
		.ifindex = r->netif != NULL ? r->netif->ifindex : 0,
		.metric = r->metric,
		.protocol = r->protocol,
		.preference = r->preference,
		.expires_ns = left(st, r->expires),
	};
	give(&r->dst, &out->dst);
	if (r->has_gateway)
		give_scoped(&r->gateway, r->netif, &out->gateway);
	return true;
}

bool berth_neigh_get(const struct berth_stack *st, unsigned i, struct berth_neigh_info *out)
{
	const struct neigh *n = neighs_nth(net_neighs(st->net), i);

	if (n == NULL)
		return false;
	*out = (struct berth_neigh_info){
		.ifindex = n->netif->ifindex,
		.state = (uint16_t)neigh_state(n),
		.router = n->router,
	};
	give_scoped(&n->addr, n->netif, &out->addr);
	memcpy(out->mac, n->mac, sizeof(out->mac));
	return true;
}

int berth_path_get(struct berth_stack *st, const struct sockaddr *dst, unsigned ifindex,
		   struct berth_path_info *out)
{
	const struct ipaddr any = {{0}};
	struct endpoint e;
	struct ip_path path;
	socklen_t len = dst->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						   : sizeof(struct sockaddr_in);
	int error = sockaddr_parse(dst, len, &e);

	if (error == 0 && ifindex == 0 && ipaddr_needs_scope(&e.addr))
		ifindex = e.scope;
	if (error == 0)
		error = ip_path_find(st->net, &e.addr, &any, ifindex, &path);
	if (error < 0)
		return error;
	*out = (struct berth_path_info){.ifindex = path.netif->ifindex, .mtu = path.mtu};
	e = (struct endpoint){.addr = path.src};
	if (ipaddr_needs_scope(&path.src)) /* one of ours, reached through lo, has its own link's */
		e.scope = path.local ? path.ifindex : (uint16_t)path.netif->ifindex;
	(void)sockaddr_of_endpoint(&e, &out->src); /* its length follows from the family */
	if (path.gateway)
		give_scoped(&path.next_hop, path.netif, &out->gateway);
	return 0;
}
