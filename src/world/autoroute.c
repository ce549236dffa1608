/* SPDX-License-Identifier: MIT */
/*
 * Routes that nobody has to write: a breadth-first search from each network outwards over the hosts
 * that forward. A network reached in the search learns its gateway, the router's cable on
 * it; every host there gets a route through it, unless it is on the target network itself.
 * A host on several networks takes the one that is fewest routers away, then the first added.
 *
 * Multicast of IPv4 goes out by a host's first cable, unless its program says otherwise: there is
 * no default route that would say so, and IPv6 has routes to its groups on every interface anyway.
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "world/core.h"

/* How one network reaches the target of the search. */
struct hop {
	const struct cable *gateway; /* NULL: it is the target, or there is no way */
	int distance;		     /* routers in between; -1: no way */
};

static bool forwards(const struct host *h)
{
	return h->cables.count > 1 && !h->no_forwarding;
}

/* All networks that `n`'s routers lead to and that have not been reached are so now. */
static void expand(const struct network *n, struct hop *hops, const struct network **queue,
		   int *tail)
{
	for (int i = 0; i < n->ports.count; i++) {
		const struct host *router = ((struct cable *)n->ports.items[i])->host;

		for (int j = 0; forwards(router) && j < router->cables.count; j++) {
			const struct cable *c = router->cables.items[j];
			struct hop *hop = &hops[c->network->index];

			if (hop->distance >= 0)
				continue;
			hop->gateway = c;
			hop->distance = hops[n->index].distance + 1;
			queue[(*tail)++] = c->network;
		}
	}
}

static void search(const struct berth_world *w, const struct network *target, struct hop *hops,
		   const struct network **queue)
{
	int head = 0;
	int tail = 0;

	for (int i = 0; i < w->networks.count; i++)
		hops[i] = (struct hop){NULL, -1};
	hops[target->index].distance = 0;
	queue[tail++] = target;
	while (head < tail)
		expand(queue[head++], hops, queue, &tail);
}

/* `gateway` NULL: on the link. */
static int give_route(struct host *h, const struct cable *via, const struct netaddr *gateway,
		      const struct netaddr *dst, unsigned prefix_len)
{
	struct env *env = &h->world->env;
	struct sockaddr_storage dst_sa;
	struct sockaddr_storage gateway_sa;
	struct given_route *grown;

	if (dst->family == 0 || (gateway && gateway->family == 0))
		return 0;
	grown = env_realloc(env, h->routes, (size_t)h->route_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	h->routes = grown;
	netaddr_to(dst, 0, &dst_sa);
	if (gateway)
		netaddr_to(gateway, 0, &gateway_sa);
	int error =
		berth_route_add(h->stack, (struct sockaddr *)&dst_sa, prefix_len,
				gateway ? (struct sockaddr *)&gateway_sa : NULL, via->ifindex, 0);

	if (error == 0)
		h->routes[h->route_count++] = (struct given_route){*dst, prefix_len};
	return error == -EEXIST ? 0 : error; /* the embedding program's own route stays */
}

/* The host's cable nearest to the target; NULL: it is on it, or there is no way. */
static const struct cable *nearest(const struct host *h, const struct hop *hops)
{
	const struct cable *best = NULL;

	for (int i = 0; i < h->cables.count; i++) {
		const struct cable *c = h->cables.items[i];
		int distance = hops[c->network->index].distance;

		if (distance == 0)
			return NULL;
		if (distance > 0 && (!best || distance < hops[best->network->index].distance))
			best = c;
	}
	return best;
}

static int route_to(struct berth_world *w, const struct network *target, const struct hop *hops)
{
	int error = 0;

	for (int i = 0; i < w->hosts.count && error == 0; i++) {
		struct host *h = w->hosts.items[i];
		const struct cable *via = nearest(h, hops);

		if (!via)
			continue;
		const struct cable *gateway = hops[via->network->index].gateway;

		ASSERT(gateway && gateway->host != h);
		error = give_route(h, via, &gateway->address, &target->subnet, target->prefix_len);
		if (error == 0 && !via->auto6) /* else it hears of its routers */
			error = give_route(h, via, &gateway->address6, &target->subnet6,
					   target->prefix6_len);
	}
	return error;
}

static void take_routes_back(struct host *h)
{
	struct sockaddr_storage sa;

	for (int i = 0; i < h->route_count; i++) {
		netaddr_to(&h->routes[i].dst, 0, &sa);
		/* It may be gone already: the embedding program has the same calls. */
		(void)berth_route_del(h->stack, (struct sockaddr *)&sa, h->routes[i].prefix_len);
	}
	h->route_count = 0;
}

static int route_multicast(struct host *h)
{
	static const struct netaddr groups = {.family = AF_INET, .bytes = {224}};

	for (int i = 0; i < h->cables.count; i++) {
		const struct cable *c = h->cables.items[i];

		if (c->address.family)
			return give_route(h, c, NULL, &groups, 4);
	}
	return 0;
}

int berth_world_route(struct berth_world *w)
{
	size_t networks = (size_t)w->networks.count;
	struct hop *hops = env_calloc(&w->env, networks + 1, sizeof(*hops));
	const struct network **queue = env_calloc(&w->env, networks + 1, sizeof(*queue));
	int error = hops && queue ? 0 : -ENOMEM;

	for (int i = 0; i < w->hosts.count && error == 0; i++)
		take_routes_back(w->hosts.items[i]);
	for (int i = 0; i < w->hosts.count && error == 0; i++)
		error = route_multicast(w->hosts.items[i]);
	for (int i = 0; i < w->networks.count && error == 0; i++) {
		search(w, w->networks.items[i], hops, queue);
		error = route_to(w, w->networks.items[i], hops);
	}
	env_free(&w->env, hops);
	env_free(&w->env, queue);
	return error;
}
