/* SPDX-License-Identifier: MIT */
/*
 * The public calls on interfaces, addresses, routes and neighbours: sockaddrs become addresses, and
 * the layers below do the rest. Listings take an index, which the layers promise to be stable.
 * Nothing is decided here: errors are those of the layers, save that an index must exist.
 */
#include <errno.h>
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

bool berth_addr_get(const struct berth_stack *st, unsigned i, struct berth_addr_info *out)
{
	const struct addr *a = addr_nth(st->net, i);

	if (a == NULL)
		return false;
	*out = (struct berth_addr_info){.ifindex = a->netif->ifindex, .prefix_len = a->prefix_len};
	give(&a->addr, &out->addr);
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
	};
	give(&r->dst, &out->dst);
	if (r->has_gateway)
		give(&r->gateway, &out->gateway);
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
	};
	give(&n->addr, &out->addr);
	memcpy(out->mac, n->mac, sizeof(out->mac));
	return true;
}
