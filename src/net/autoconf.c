/* SPDX-License-Identifier: MIT */
/*
 * How a host configures itself (RFC 4861 §6.3, RFC 4862, RFC 7217).
 *
 * An interface that comes up gets a link-local address made from its link address (EUI-64, RFC 2464
 * §4), or, with addr_gen_mode 2 or 3, a stable one that tells nobody the link address (RFC 7217).
 * Then routers are solicited, as RFC 7559 has it: at first after 4 s, then twice as long each time
 * up to an hour, till one answers. What it advertises becomes: a default route that ends with the
 * router's lifetime, routes to prefixes that are on the link, addresses in those that are for
 * autoconfiguration, and the MTU, hop limit and times of the link.
 *
 * An address whose valid lifetime an advertisement would cut below two hours keeps two hours (RFC
 * 4862 §5.5.3 (e)), so that a forged one can't take addresses away.
 *
 * Bounds: limits on addresses (ADDRESSES_MAX per interface, as Linux's max_addresses), on default
 * routers and on prefixes that are on the link, as whoever is on it can name many. Times that are
 * too short would make us ask without end: they have a least (Linux: ndisc_router_discovery()).
 *
 * Deviation: route information options (RFC 4191 §2.3), which Linux ignores by default, and name
 * servers (RFC 8106), which it leaves to user space, are ignored.
 */
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/route.h"
#include "wire/nd_message.h"

#define MODE_NONE 1
#define MODE_STABLE 2 /* or more */

#define ADDRESSES_MAX 16u /* Linux: max_addresses */
#define ROUTERS_MAX 16u
#define PREFIXES_MAX 64u
#define REACHABLE_MIN_NS (100 * BERTH_MSEC)
#define RETRANS_MIN_NS (10 * BERTH_MSEC)
#define STABLE_ROUNDS_MAX 3u /* IDGEN_RETRIES, RFC 7217 §7 */
#define TWO_HOURS_NS (7200 * BERTH_SEC)
#define RS_INTERVAL_MAX_NS (3600 * BERTH_SEC) /* RFC 7559 §2 */

static berth_time lifetime_of(uint32_t seconds)
{
	return seconds == ND_LIFETIME_INFINITE ? BERTH_TIME_NEVER : (berth_time)seconds * BERTH_SEC;
}

/* Addresses. */

/* RFC 2464 §4: the link address with ff:fe in the middle and its universal bit turned. */
static void eui64(const struct netif *n, struct ipaddr *a)
{
	const uint8_t id[8] = {(uint8_t)(n->mac[0] ^ 0x02u),
			       n->mac[1],
			       n->mac[2],
			       0xff,
			       0xfe,
			       n->mac[3],
			       n->mac[4],
			       n->mac[5]};

	memcpy(a->bytes + 8, id, sizeof(id));
}

/* RFC 7217 §5: F(prefix, interface, round, secret). The interface is its link address, as on Linux.
 */
static void stable_id(const struct net *net, const struct netif *n, uint8_t round, struct ipaddr *a)
{
	uint8_t key[8 + 6 + 1];
	uint64_t id;

	memcpy(key, a->bytes, 8);
	memcpy(key + 8, n->mac, 6);
	key[14] = round;
	id = siphash(net->env->hash_key, key, sizeof(key));
	store_be32(a->bytes + 8, (uint32_t)(id >> 32));
	store_be32(a->bytes + 12, (uint32_t)id);
}

/* Completes an address of which the first half is there. */
static uint32_t make_id(const struct net *net, const struct netif *n, uint8_t round,
			struct ipaddr *a)
{
	if (n->if6->conf.addr_gen_mode < MODE_STABLE) {
		eui64(n, a);
		return 0;
	}
	stable_id(net, n, round, a);
	return ADDR_STABLE_PRIVACY;
}

void autoconf_link_local(struct net *net, struct netif *n)
{
	struct addr_config config = {
		.addr = {{0xfe, 0x80}},
		.prefix_len = 64,
		.preferred_ns = BERTH_TIME_NEVER,
		.valid_ns = BERTH_TIME_NEVER,
	};

	if (n->kind != BERTH_NETIF_ETHER || !n->if6 || n->if6->conf.addr_gen_mode == MODE_NONE)
		return;
	config.flags = make_id(net, n, 0, &config.addr);
	(void)addr_set(net, n->ifindex, &config); /* it may be there already */
}

void autoconf_on_conflict(struct net *net, struct addr *a)
{
	struct addr_config config = {
		.addr = a->addr,
		.prefix_len = a->prefix_len,
		.autoconf = a->autoconf,
		.dad_round = (uint8_t)(a->dad_round + 1),
		.preferred_ns = BERTH_TIME_NEVER,
		.valid_ns = BERTH_TIME_NEVER,
	};
	berth_time now = net->env->now;

	if (config.dad_round > STABLE_ROUNDS_MAX || !a->netif->if6)
		return;
	if (a->valid_until != BERTH_TIME_NEVER)
		config.valid_ns = a->valid_until - now;
	if (a->preferred_until != BERTH_TIME_NEVER)
		config.preferred_ns = a->preferred_until > now ? a->preferred_until - now : 0;
	config.flags = make_id(net, a->netif, config.dad_round, &config.addr);
	(void)addr_set(net, a->netif->ifindex, &config); /* no memory: none, then */
}

/* Soliciting routers. */

static bool listens(const struct net *net, const struct netif *n)
{
	const struct if6 *i = n->if6;

	if (!i || n->kind != BERTH_NETIF_ETHER || !if6_mtu(n))
		return false;
	return i->conf.accept_ra == 2 || (i->conf.accept_ra == 1 && !if6_forwards(net, n));
}

void autoconf_start(struct net *net, struct netif *n)
{
	struct if6 *i = n->if6;
	uint32_t delay_ms;

	/* Linux: routers are solicited from the link-local address. */
	if (!listens(net, n) || i->conf.router_solicitations == 0 || !netif_usable(n) ||
	    !addr_link_local(net, n))
		return;
	i->rs_left = i->conf.router_solicitations;
	i->rs_interval_ns = i->conf.router_solicitation_interval * BERTH_SEC;
	/* RFC 4861 §6.3.7: not all at once. */
	delay_ms = (uint32_t)i->conf.router_solicitation_delay * 1000u;
	timer_arm(net->env, &i->rs_timer,
		  net->env->now +
			  (delay_ms ? env_random_below(net->env, delay_ms) * BERTH_MSEC : 0));
}

void autoconf_stop(struct net *net, struct netif *n)
{
	if (n->if6)
		timer_disarm(net->env, &n->if6->rs_timer);
}

static void solicit(struct net *net, struct netif *n)
{
	const struct addr *from = addr_link_local(net, n);
	struct berth_packet *p;
	uint8_t message[ND_ROUTER_SOLICIT_BYTES + ND_OPTION_MAC_BYTES];
	size_t bytes = nd_router_solicit_write(message);

	if (!from)
		return;
	bytes += nd_option_write_mac(message + bytes, ND_OPTION_SOURCE_MAC, n->mac);
	p = packet_new(net->env->pool);
	if (!p) {
		drop(net->env, DROP_NO_MEMORY);
		return;
	}
	memcpy(packet_push(p, bytes), message, bytes);
	ip6_send_link(net, n, p, &from->addr, &ip6_all_routers, false);
}

void autoconf_on_timer(struct timer *t)
{
	struct if6 *i = container_of(t, struct if6, rs_timer);
	struct net *net = i->net;

	if (i->rs_left == 0)
		return;
	if (i->rs_left > 0)
		i->rs_left--;
	timer_arm(net->env, t, net->env->now + i->rs_interval_ns);
	i->rs_interval_ns *= 2;
	if (i->rs_interval_ns > RS_INTERVAL_MAX_NS)
		i->rs_interval_ns = RS_INTERVAL_MAX_NS;
	solicit(net, i->netif);
}

/* What routers say. */

/* How many routes were learnt: to routers, or to prefixes on the link. */
static unsigned count_learnt(const struct net *net, bool has_gateway)
{
	unsigned count = 0;
	struct list *l;

	list_for_each (l, &net->routes) {
		const struct route *r = list_entry(l, struct route, link);

		count += r->protocol == ROUTE_RA && r->has_gateway == has_gateway;
	}
	return count;
}

/* RFC 4861 §6.3.4, RFC 4191 §3.1. */
static void note_default_router(struct net *net, const struct netif *n,
				const struct nd_router_advert *m, const struct ipaddr *router)
{
	bool by_preference = n->if6->conf.accept_ra_rtr_pref;
	struct route_config config = {
		.gateway = router,
		.ifindex = n->ifindex,
		.protocol = ROUTE_RA,
		.preference = (int8_t)(by_preference ? m->preference : ND_PREFERENCE_MEDIUM),
		.lifetime_ns = m->lifetime * BERTH_SEC,
	};
	struct route *r = route_find_ra(net, &ip6_any, 0, router, n);

	if (r && (m->lifetime == 0 || r->preference != config.preference)) {
		route_remove(net, r);
		r = NULL;
	}
	if (m->lifetime == 0)
		return;
	if (r)
		route_set_expiry(net, r, net->env->now + config.lifetime_ns);
	else if (count_learnt(net, true) < ROUTERS_MAX)
		(void)route_add(net, &config); /* no memory: the next one may fare better */
}

void autoconf_forget_router(struct net *net, const struct netif *n, const struct ipaddr *router)
{
	struct route *r = route_find_ra(net, &ip6_any, 0, router, n);

	if (r)
		route_remove(net, r);
	pmtu_forget_gateway(net, router);
	net_changed(net);
}

/* A prefix that is on the link (RFC 4861 §6.3.4). */
static void note_prefix_route(struct net *net, const struct netif *n, const struct nd_prefix *m)
{
	struct route_config config = {
		.dst = route_mask(&m->prefix, m->prefix_len),
		.prefix_len = m->prefix_len,
		.ifindex = n->ifindex,
		.metric = ROUTE6_METRIC_CONNECTED,
		.protocol = ROUTE_RA,
	};
	berth_time valid = lifetime_of(m->valid);
	struct route *r = route_find_ra(net, &config.dst, config.prefix_len, NULL, n);

	if (m->valid == 0) {
		if (r)
			route_remove(net, r);
		return;
	}
	config.lifetime_ns = valid == BERTH_TIME_NEVER ? 0 : valid;
	if (r)
		route_set_expiry(net, r, valid == BERTH_TIME_NEVER ? valid : net->env->now + valid);
	else if (count_learnt(net, false) < PREFIXES_MAX)
		(void)route_add(net, &config); /* an address of ours may have made one */
}

/* The address that was made from a prefix; *out_count: how many there are on the interface. */
static struct addr *find_made(const struct net *net, const struct netif *n,
			      const struct nd_prefix *m, unsigned *out_count)
{
	struct addr *found = NULL;
	struct list *l;

	*out_count = 0;
	list_for_each (l, &net->addrs) {
		struct addr *a = list_entry(l, struct addr, link);

		if (a->netif != n || ipaddr_is4(&a->addr))
			continue;
		++*out_count;
		if (a->autoconf && !(a->flags & ADDR_DADFAILED) &&
		    ipaddr_in_prefix(&a->addr, &m->prefix, m->prefix_len))
			found = a;
	}
	return found;
}

/* RFC 4862 §5.5.3 (e). */
static void prolong(struct net *net, struct addr *a, berth_time valid, berth_time preferred)
{
	berth_time now = net->env->now;
	berth_time left =
		a->valid_until == BERTH_TIME_NEVER ? BERTH_TIME_NEVER : a->valid_until - now;

	if (valid <= TWO_HOURS_NS && valid <= left)
		valid = left <= TWO_HOURS_NS ? left : TWO_HOURS_NS;
	if (preferred > valid)
		preferred = valid;
	(void)addr_set_lifetimes(net, a, preferred, valid); /* it is greater than 0 */
	net_changed(net);
}

/* RFC 4862 §5.5.3. */
static void note_autonomous(struct net *net, struct netif *n, const struct nd_prefix *m)
{
	struct addr_config config = {
		.addr = m->prefix,
		.prefix_len = m->prefix_len,
		.flags = ADDR_NOPREFIXROUTE,
		.preferred_ns = lifetime_of(m->preferred),
		.valid_ns = lifetime_of(m->valid),
		.autoconf = true,
	};
	unsigned count;
	struct addr *a = find_made(net, n, m, &count);

	/* (d): our identifiers have 64 bits. */
	if (m->prefix_len != 64 || m->preferred > m->valid)
		return;
	if (a) {
		prolong(net, a, config.valid_ns, config.preferred_ns);
		return;
	}
	if (m->valid == 0 || count >= ADDRESSES_MAX)
		return;
	config.flags |= make_id(net, n, 0, &config.addr);
	(void)addr_set(net, n->ifindex, &config); /* somebody may have given it to us by hand */
}

static void note_prefix(struct net *net, struct netif *n, const struct nd_prefix *m)
{
	if (m->prefix_len > 128 || ipaddr_is_link_local(&m->prefix) ||
	    ipaddr_is_multicast(&m->prefix) || ipaddr_is4(&m->prefix))
		return;
	if (m->on_link && m->preferred <= m->valid)
		note_prefix_route(net, n, m);
	if (m->autonomous && n->if6->conf.autoconf)
		note_autonomous(net, n, m);
}

/* What is the same for all of the link (RFC 4861 §6.3.4). */
static void note_link(struct net *net, struct netif *n, const struct nd_router_advert *m)
{
	struct if6 *i = n->if6;
	berth_time reachable = (berth_time)m->reachable_ms * BERTH_MSEC;
	berth_time retrans = (berth_time)m->retrans_ms * BERTH_MSEC;

	if (m->hop_limit && m->hop_limit >= i->conf.accept_ra_min_hop_limit &&
	    i->conf.hop_limit != m->hop_limit) {
		i->conf.hop_limit = m->hop_limit;
		net_changed(net);
	}
	if (reachable && reachable <= 3600 * BERTH_SEC) /* RFC 4861 §6.2.1 */
		n->nd_reachable_ns = reachable > REACHABLE_MIN_NS ? reachable : REACHABLE_MIN_NS;
	if (retrans)
		n->nd_retrans_ns = retrans > RETRANS_MIN_NS ? retrans : RETRANS_MIN_NS;
}

static void note_mtu(struct net *net, struct netif *n, uint32_t mtu)
{
	struct if6 *i = n->if6;

	if (!i->conf.accept_ra_mtu || mtu < IP6_MTU_MIN || mtu > n->mtu ||
	    i->conf.mtu == (int32_t)mtu)
		return;
	i->conf.mtu = (int32_t)mtu;
	net_changed(net);
}

void autoconf_on_advert(struct net *net, struct netif *n, const uint8_t *at, size_t bytes,
			const struct ipaddr *router)
{
	struct reader r = reader_of(at, bytes);
	struct nd_router_advert m;
	struct nd_option o;
	struct nd_prefix prefix;
	uint32_t mtu;

	if (!listens(net, n) || !nd_router_advert_parse(&r, &m)) {
		drop(net->env, DROP_ND_UNKNOWN);
		return;
	}
	/* RFC 7559 §2.1: one that offers nothing does not end the search. */
	if (m.lifetime > 0)
		autoconf_stop(net, n);
	note_link(net, n, &m);
	if (n->if6->conf.accept_ra_defrtr)
		note_default_router(net, n, &m, router);
	while (nd_option_next(&r, &o)) {
		if (o.type == ND_OPTION_MTU && nd_option_mtu(&o, &mtu))
			note_mtu(net, n, mtu);
		else if (o.type == ND_OPTION_PREFIX && n->if6->conf.accept_ra_pinfo &&
			 nd_option_prefix(&o, &prefix))
			note_prefix(net, n, &prefix);
	}
}
