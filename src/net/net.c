/* SPDX-License-Identifier: MIT */
/*
 * The network layer of one host: its parts' life, protocols above, interfaces below.
 *
 * One number, the generation, says whether what a path or a cache knows still holds. Everything
 * that could make an answer of ip_path_find() wrong (an address, a route, an interface's state or
 * MTU, a path MTU, a neighbour entry that dies) ends the generation; nothing else is ever told.
 */
#include "net/net.h"

#include <netinet/in.h>
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/mcast.h"
#include "net/route.h"
#include "wire/icmp6_header.h"
#include "wire/icmp_header.h"

void net_changed(struct net *net)
{
	net->generation++;
	neighs_set_generation(net->neighs, net->generation);
}

static void on_solicit(void *ctx, struct neigh *n, bool unicast)
{
	if (ipaddr_is4(&n->addr))
		arp_solicit(ctx, n, unicast);
	else
		ndp_solicit(ctx, n, unicast);
}

/* Linux: ndisc_error_report(), ip6_link_failure(). */
static void on_unreachable6(struct net *net, struct berth_packet *p)
{
	struct reader r = reader_of(packet_head(p), p->head_len);
	struct ip6_header h;

	if (!(p->flags & PACKET_FORWARDED))
		icmp6_error_local(net, p, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_ADDRESS);
	else if (ip6_parse(&r, &h))
		icmp6_error_about(net, p, &h, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_ADDRESS, 0);
}

/* Linux: arp_error_report(), ipv4_link_failure(). */
static void on_unreachable(void *ctx, struct berth_packet *p)
{
	struct net *net = ctx;

	if (p->head_len && packet_head(p)[0] >> 4 == 6)
		on_unreachable6(net, p);
	else if (p->flags & PACKET_FORWARDED) {
		struct reader r = reader_of(packet_head(p), p->head_len);
		struct ip4_header h;

		if (ip4_parse(&r, &h))
			icmp4_error_about(net, p, &h, ICMP4_UNREACHABLE, ICMP4_UNREACHABLE_HOST, 0);
	} else {
		icmp4_error_local(net, p, ICMP4_UNREACHABLE, ICMP4_UNREACHABLE_HOST);
	}
	packet_free(p);
}

static void on_forget(void *ctx, struct neigh *n)
{
	(void)n; /* which one does not matter: all paths look again */
	net_changed(ctx);
}

void net_tell_to(struct net *net, struct net_listener *listener)
{
	list_add_tail(&net->listeners, &listener->link);
}

void net_tell_addr(const struct net *net, const struct addr *a, bool gone)
{
	struct list *l;

	list_for_each (l, &net->listeners) {
		const struct net_listener *who = list_entry(l, struct net_listener, link);

		if (who->on_addr)
			who->on_addr(who->ctx, a, gone);
	}
}

void net_tell_route(const struct net *net, const struct route *r, bool gone)
{
	struct list *l;

	list_for_each (l, &net->listeners) {
		const struct net_listener *who = list_entry(l, struct net_listener, link);

		if (who->on_route)
			who->on_route(who->ctx, r, gone);
	}
}

static void on_neigh_changed(void *ctx, const struct neigh *n, bool gone)
{
	struct net *net = ctx;
	struct list *l;

	/* RFC 4861 §7.3.3: there may be another router. */
	if (n->router && n->state == NEIGH_FAILED)
		net_changed(net);

	list_for_each (l, &net->listeners) {
		const struct net_listener *who = list_entry(l, struct net_listener, link);

		if (who->on_neigh)
			who->on_neigh(who->ctx, n, gone);
	}
}

static void on_link_change(void *ctx, struct netif *n, enum link_change change)
{
	struct net *net = ctx;

	switch (change) {
	case LINK_UP:
		net_changed(net);
		addr_announce(net, n);
		if6_up(net, n);
		mcast_up(net, n);
		return;
	case LINK_DOWN:
		if6_down(net, n);
		neighs_flush(net->neighs, n);
		break;
	case LINK_REMOVED:
		neighs_flush(net->neighs, n);
		route_flush(net, n);
		addr_flush(net, n);
		mcast_flush(net, n);
		if6_remove(net, n);
		break;
	case LINK_ADDRESS:
		neighs_flush(net->neighs, n);
		break;
	case LINK_ADDED:
		if6_add(net, n);
		break;
	case LINK_FLAGS:
	case LINK_NAME:
	case LINK_MTU:
	case LINK_FEATURES:
		break;
	}
	net_changed(net);
}

static void net_listen(struct net *net)
{
	net->listener.ctx = net;
	net->listener.on_change = on_link_change;
	links_listen(net->links, &net->listener);
	links_set_input(net->links, LINK_IP4, ip4_input, net);
	links_set_input(net->links, LINK_IP6, ip6_input, net);
	links_set_input(net->links, LINK_ARP, arp_input, net);
}

struct net *net_new(struct env *env, struct links *links)
{
	struct net *net = env_calloc(env, 1, sizeof(*net));
	const struct ip_protocol igmp = {.input = igmp_input, .ctx = net};
	const struct neigh_ops ops = {net, on_solicit, on_unreachable, on_forget, on_neigh_changed};

	if (!net)
		return NULL;
	net->env = env;
	net->links = links;
	net->generation = 1;
	list_init(&net->addrs);
	list_init(&net->routes);
	list_init(&net->groups);
	list_init(&net->group_ifs);
	list_init(&net->pmtu_list);
	list_init(&net->listener.link);
	list_init(&net->listeners);
	env_random(env, net->ids, sizeof(net->ids));
	timer_init(&net->lifetimes, lifetime_on_timer);
	if (timers_reserve(env, 1)) {
		env_free(env, net);
		return NULL;
	}
	if6_defaults(net);
	net->neighs = neighs_new(env, &ops);
	net->paths = paths_new(env);
	net->frags = frags_new(net);
	net->limiter = limiter_new(env);
	net->flows = flows_new(env);
	net->flows6 = flows6_new(env);
	if (!net->neighs || !net->paths || !net->frags || !net->limiter || !net->flows ||
	    !net->flows6 || table_init(&net->addr_table, env, 4) ||
	    table_init(&net->broadcast_table, env, 4) || table_init(&net->route_table, env, 8) ||
	    table_init(&net->pmtus, env, 4) || mcast_init(net)) {
		net_free(net);
		return NULL;
	}
	neighs_set_generation(net->neighs, net->generation);
	net_register(net, IPPROTO_IGMP, &igmp);
	net_listen(net);
	return net;
}

void net_free(struct net *net)
{
	if (!net)
		return;
	list_del(&net->listener.link);
	for (unsigned i = 0; i < LINK_PROTOCOLS; i++)
		links_set_input(net->links, (enum link_protocol)i, NULL, NULL);
	route_fini(net);
	addr_fini(net);
	mcast_fini(net);
	if6_fini(net);
	timer_disarm(net->env, &net->lifetimes);
	timers_release(net->env, 1);
	pmtu_fini(net);
	flows_free(net->flows, net->env);
	flows6_free(net->flows6, net->env);
	paths_free(net->paths, net->env);
	limiter_free(net->limiter);
	frags_free(net->frags);
	neighs_free(net->neighs);
	env_free(net->env, net);
}

void net_register(struct net *net, uint8_t protocol, const struct ip_protocol *handler)
{
	if (net->handler_of[protocol] == 0) {
		ASSERT(net->handler_count < NET_HANDLERS_MAX);
		net->handler_of[protocol] = (uint8_t)++net->handler_count;
	}
	net->handlers[net->handler_of[protocol]] = *handler;
}

void net_set_raw(struct net *net, const struct ip_raw *raw)
{
	net->raw = raw ? *raw : (struct ip_raw){0};
}

struct links *net_links(const struct net *net)
{
	return net->links;
}

struct neighs *net_neighs(const struct net *net)
{
	return net->neighs;
}
