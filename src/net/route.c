/* SPDX-License-Identifier: MIT */
/*
 * Routes.
 *
 * A look-up tries the prefix lengths that exist, longest first, each in one hash table by
 * (masked destination, length). Hosts have routes of two or three lengths, so this is two or
 * three probes however many routes there are; and only a new path does it, no packet.
 *
 * Routes of one prefix stay in their chain; the best is the one with the smallest metric, then
 * the oldest. The list of all is kept in the order in which listings show it.
 */
#include "net/route.h"

#include <errno.h>
#include <string.h>

#include "net/addr.h"
#include "net/context.h"

static unsigned family_of(const struct ipaddr *a)
{
	return ipaddr_is4(a) ? 0 : 1;
}

struct ipaddr route_mask(const struct ipaddr *a, unsigned prefix_len)
{
	unsigned bits = ipaddr_is4(a) ? 96 + prefix_len : prefix_len;
	struct ipaddr m = *a;

	for (unsigned i = 0; i < sizeof(m.bytes); i++) {
		unsigned left = bits > i * 8 ? bits - i * 8 : 0;

		if (left < 8)
			m.bytes[i] &= (uint8_t) ~(0xffu >> left);
	}
	return m;
}

/* No key: the administrator chooses what is in the table; strangers add few (net/autoconf.c). */
static uint32_t route_hash(const struct ipaddr *dst, unsigned prefix_len)
{
	uint32_t mixed = prefix_len;

	for (unsigned i = 0; i < sizeof(dst->bytes); i += 4)
		mixed = (mixed ^ load_be32(dst->bytes + i)) * 0x9e3779b1u;
	return mixed ^ mixed >> 15;
}

static struct route *next_match(struct table_node *at, uint32_t hash, const struct ipaddr *dst,
				unsigned prefix_len)
{
	for (; at; at = at->next) {
		struct route *r = container_of(at, struct route, node);

		if (at->hash == hash && r->prefix_len == prefix_len && ipaddr_equal(&r->dst, dst))
			return r;
	}
	return NULL;
}

/* By destination, prefix length, metric, interface: the order of listings. */
static int route_compare(const struct route *a, const struct route *b)
{
	int order = memcmp(a->dst.bytes, b->dst.bytes, sizeof(a->dst.bytes));

	if (order == 0)
		order = (a->prefix_len > b->prefix_len) - (a->prefix_len < b->prefix_len);
	if (order == 0)
		order = (a->metric > b->metric) - (a->metric < b->metric);
	return order;
}

static void list_route(struct net *net, struct route *r)
{
	struct list *l;

	list_for_each (l, &net->routes) {
		if (route_compare(r, list_entry(l, struct route, link)) < 0)
			break;
	}
	list_add_before(l, &r->link);
}

static void route_free(struct net *net, struct route *r)
{
	table_del(&net->route_table, &r->node);
	list_del(&r->link);
	net->route_counts[family_of(&r->dst)][r->prefix_len]--;
	env_free(net->env, r);
}

/* Whether packets that one would take go where the other's go. */
static bool same_gateway(const struct route *r, const struct ipaddr *gateway)
{
	return r->has_gateway == (gateway != NULL) &&
	       (!gateway || ipaddr_equal(&r->gateway, gateway));
}

static uint32_t metric_of(const struct route_config *config)
{
	if (config->metric || ipaddr_is4(&config->dst))
		return config->metric;
	return config->connected ? ROUTE6_METRIC_CONNECTED : ROUTE6_METRIC;
}

/* Another route that this one would be mistaken for. */
static bool route_exists(const struct net *net, const struct route_config *config,
			 const struct netif *n)
{
	uint32_t hash = route_hash(&config->dst, config->prefix_len);
	struct table_node *at = table_chain(&net->route_table, hash);
	struct route *r;

	for (; (r = next_match(at, hash, &config->dst, config->prefix_len)); at = r->node.next) {
		if (r->metric != metric_of(config) || (config->connected && r->netif != n))
			continue;
		/* Several routers may offer themselves on one link, or on several. */
		if (config->protocol != ROUTE_RA ||
		    (r->netif == n && same_gateway(r, config->gateway)))
			return true;
	}
	return false;
}

/* The interface that a new route uses. */
static int choose_netif(const struct net *net, const struct route_config *config,
			struct netif **out)
{
	struct netif *n = links_get(net->links, config->ifindex);
	const struct route *r;

	if (config->ifindex && !n)
		return -ENODEV;
	if (!config->gateway) {
		*out = n;
		return n ? 0 : -ENODEV;
	}
	/* What is on every link says nothing of which. Linux: ip6_route_check_nh(). */
	if (ipaddr_is_link_local(config->gateway)) {
		*out = n;
		return n && !addr_find(net, n, config->gateway) ? 0 : -EINVAL;
	}
	/* Linux: fib_check_nh(): the gateway is a neighbour, and not this host itself. */
	r = route_find(net, config->gateway, config->ifindex);
	if (addr_is_local(net, config->gateway) || ipaddr_is_multicast(config->gateway))
		return -EINVAL;
	if (!r || r->kind != ROUTE_UNICAST || r->has_gateway)
		return -ENETUNREACH;
	*out = r->netif;
	return 0;
}

static void fill(struct net *net, struct route *r, const struct route_config *config,
		 struct netif *n)
{
	r->dst = config->dst;
	r->prefix_len = config->prefix_len;
	r->kind = config->kind;
	r->has_gateway = config->gateway && config->kind == ROUTE_UNICAST;
	if (r->has_gateway)
		r->gateway = *config->gateway;
	r->connected = config->connected;
	r->netif = n;
	r->metric = metric_of(config);
	r->src = config->src;
	r->protocol = (uint8_t)(config->protocol    ? config->protocol
				: config->connected ? ROUTE_KERNEL
						    : ROUTE_BOOT);
	r->preference = config->preference;
	r->expires = config->lifetime_ns ? net->env->now + config->lifetime_ns : BERTH_TIME_NEVER;
	r->order = ++net->route_order;
}

int route_add(struct net *net, const struct route_config *config)
{
	struct ipaddr dst = route_mask(&config->dst, config->prefix_len);
	struct netif *n = NULL;
	struct route *r;

	if (config->prefix_len > net_prefix_max(&config->dst) || !ipaddr_equal(&dst, &config->dst))
		return -EINVAL;
	if (config->kind == ROUTE_UNICAST) {
		int err = choose_netif(net, config, &n);

		if (err)
			return err;
	}
	if (route_exists(net, config, n))
		return -EEXIST;
	r = env_calloc(net->env, 1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	fill(net, r, config, n);
	list_route(net, r);
	table_add(&net->route_table, net->env, &r->node, route_hash(&dst, r->prefix_len));
	net->route_counts[family_of(&dst)][r->prefix_len]++;
	net_changed(net);
	lifetime_refresh(net);
	net_tell_route(net, r, false);
	return 0;
}

int route_del(struct net *net, const struct ipaddr *dst, unsigned prefix_len, unsigned ifindex)
{
	struct list *l;

	list_for_each (l, &net->routes) {
		struct route *r = list_entry(l, struct route, link);

		if (r->prefix_len != prefix_len || !ipaddr_equal(&r->dst, dst))
			continue;
		if (ifindex && (!r->netif || r->netif->ifindex != ifindex))
			continue;
		route_remove(net, r);
		return 0;
	}
	return -ESRCH;
}

struct route *route_find_connected(const struct net *net, const struct ipaddr *dst,
				   unsigned prefix_len, const struct netif *n)
{
	uint32_t hash = route_hash(dst, prefix_len);
	struct table_node *at = table_chain(&net->route_table, hash);
	struct route *r;

	for (; (r = next_match(at, hash, dst, prefix_len)); at = r->node.next) {
		if (r->connected && r->netif == n)
			return r;
	}
	return NULL;
}

int route_del_connected(struct net *net, const struct ipaddr *dst, unsigned prefix_len,
			const struct netif *n)
{
	struct route *r = route_find_connected(net, dst, prefix_len, n);

	if (!r)
		return -ESRCH;
	route_remove(net, r);
	return 0;
}

struct route *route_find_ra(const struct net *net, const struct ipaddr *dst, unsigned prefix_len,
			    const struct ipaddr *gateway, const struct netif *n)
{
	uint32_t hash = route_hash(dst, prefix_len);
	struct table_node *at = table_chain(&net->route_table, hash);
	struct route *r;

	for (; (r = next_match(at, hash, dst, prefix_len)); at = r->node.next) {
		if (r->protocol == ROUTE_RA && r->netif == n && same_gateway(r, gateway))
			return r;
	}
	return NULL;
}

void route_set_expiry(struct net *net, struct route *r, berth_time expires)
{
	r->expires = expires;
	lifetime_refresh(net);
	net_tell_route(net, r, false);
}

void route_remove(struct net *net, struct route *r)
{
	net_tell_route(net, r, true);
	route_free(net, r);
	net_changed(net);
}

/* A router that is known not to answer is the last choice (RFC 4861 §6.3.6), then the preference
 * counts (RFC 4191 §3.2). */
static int rank_of(const struct net *net, const struct route *r)
{
	const struct neigh *n;

	if (!r->has_gateway || ipaddr_is4(&r->gateway))
		return 0;
	n = neigh_find(net->neighs, r->netif, &r->gateway);
	return (n && n->state == NEIGH_FAILED ? -10 : 0) + r->preference;
}

static bool is_better(const struct net *net, const struct route *r, const struct route *than)
{
	int order;

	if (r->metric != than->metric)
		return r->metric < than->metric;
	order = rank_of(net, r) - rank_of(net, than);
	return order > 0 || (order == 0 && r->order < than->order);
}

/* The best route of one prefix: the smallest metric, of several the oldest (Linux). */
static const struct route *best_of(const struct net *net, const struct ipaddr *dst,
				   unsigned prefix_len, unsigned ifindex)
{
	struct ipaddr key = route_mask(dst, prefix_len);
	uint32_t hash = route_hash(&key, prefix_len);
	struct table_node *at = table_chain(&net->route_table, hash);
	const struct route *best = NULL;
	struct route *r;

	for (; (r = next_match(at, hash, &key, prefix_len)); at = r->node.next) {
		if (r->netif && (!r->netif->up || (ifindex && r->netif->ifindex != ifindex)))
			continue;
		if (!best || is_better(net, r, best))
			best = r;
	}
	return best;
}

const struct route *route_find(const struct net *net, const struct ipaddr *dst, unsigned ifindex)
{
	const uint32_t *counts = net->route_counts[family_of(dst)];

	for (unsigned len = net_prefix_max(dst) + 1; len-- > 0;) {
		const struct route *r;

		if (counts[len] == 0)
			continue;
		r = best_of(net, dst, len, ifindex);
		if (r)
			return r;
	}
	return NULL;
}

void route_flush(struct net *net, const struct netif *n)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &net->routes) {
		struct route *r = list_entry(l, struct route, link);

		if (r->netif != n)
			continue;
		net_tell_route(net, r, true);
		route_free(net, r);
	}
}

void route_fini(struct net *net)
{
	while (!list_empty(&net->routes))
		route_free(net, list_first(&net->routes, struct route, link));
	table_fini(&net->route_table, net->env);
}

const struct route *route_nth(const struct net *net, unsigned i)
{
	struct list *l;

	list_for_each (l, &net->routes) {
		if (i-- == 0)
			return list_entry(l, struct route, link);
	}
	return NULL;
}

const struct route *route_after(const struct net *net, const struct route *r)
{
	return r->link.next == &net->routes ? NULL : list_entry(r->link.next, struct route, link);
}

int route_error(const struct route *r)
{
	switch (r->kind) {
	case ROUTE_BLACKHOLE:
		return -EINVAL;
	case ROUTE_UNREACHABLE:
		return -EHOSTUNREACH;
	case ROUTE_PROHIBIT:
		return -EACCES;
	case ROUTE_UNICAST:
		break;
	}
	return 0;
}

void route_flush_static(struct net *net, const struct netif *n, bool both)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &net->routes) {
		struct route *r = list_entry(l, struct route, link);

		if (r->netif != n || r->connected || (!both && !ipaddr_is4(&r->dst)))
			continue;
		/* Linux: of IPv4 without a word. */
		if (!ipaddr_is4(&r->dst))
			net_tell_route(net, r, true);
		route_free(net, r);
	}
	net_changed(net);
}
