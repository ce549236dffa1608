/* SPDX-License-Identifier: MIT */
/*
 * A router's own advertisements (RFC 4861 §6.2), from every interface that forwards and has
 * adv_send set; what they say is the adv_* knobs of the interface.
 *
 * To all nodes they go at random times between adv_interval_min and adv_interval_max, the first
 * three 16 s apart at most (§6.2.4); a solicitation brings the next one forward, but never closer
 * than 3 s to the last (§6.2.6), so that nobody makes us send more than that. When the interface
 * stops to advertise, a last one with lifetime 0 takes the router out of the hosts' lists (§6.2.5).
 *
 * Each prefix of an address of the interface that is no link-local one is told, for hosts to make
 * addresses from it, with lifetimes that do not run down.
 */
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/route.h"
#include "wire/nd_message.h"

#define INITIAL_COUNT 3u			 /* MAX_INITIAL_RTR_ADVERTISEMENTS */
#define INITIAL_INTERVAL_MAX_NS (16 * BERTH_SEC) /* MAX_INITIAL_RTR_ADVERT_INTERVAL */
#define DELAY_MIN_NS (3 * BERTH_SEC)		 /* MIN_DELAY_BETWEEN_RAS */
#define ANSWER_DELAY_MAX_MS 500u		 /* MAX_RA_DELAY_TIME */
#define PREFIXES_MAX 16u
#define MESSAGE_BYTES_MAX                                                                          \
	(ND_ROUTER_ADVERT_BYTES + ND_OPTION_MAC_BYTES + ND_OPTION_MTU_BYTES +                      \
	 PREFIXES_MAX * ND_OPTION_PREFIX_BYTES)

static bool advertises(const struct net *net, const struct netif *n)
{
	return n->if6 && n->kind == BERTH_NETIF_ETHER && netif_usable(n) && if6_mtu(n) &&
	       n->if6->conf.adv_send && if6_forwards(net, n);
}

/* Whether a prefix of ours was told by an address before this one. */
static bool told_before(const struct net *net, const struct addr *a)
{
	struct list *l;

	list_for_each (l, &net->addrs) {
		const struct addr *b = list_entry(l, struct addr, link);

		if (b == a)
			return false;
		if (b->netif == a->netif && b->prefix_len == a->prefix_len &&
		    ipaddr_in_prefix(&b->addr, &a->addr, a->prefix_len))
			return true;
	}
	return false;
}

static size_t write_prefixes(const struct net *net, const struct netif *n, uint8_t *out)
{
	const struct if6_conf *conf = &n->if6->conf;
	unsigned count = 0;
	size_t bytes = 0;
	struct list *l;

	if (!conf->adv_valid)
		return 0;
	list_for_each (l, &net->addrs) {
		const struct addr *a = list_entry(l, struct addr, link);
		struct nd_prefix m = {
			.prefix_len = (uint8_t)a->prefix_len,
			.on_link = true,
			.autonomous = a->prefix_len == 64,
			.valid = (uint32_t)conf->adv_valid,
			.preferred = (uint32_t)(conf->adv_preferred < conf->adv_valid
							? conf->adv_preferred
							: conf->adv_valid),
		};

		if (a->netif != n || ipaddr_is4(&a->addr) || ipaddr_is_link_local(&a->addr) ||
		    a->prefix_len == 128 || told_before(net, a))
			continue;
		if (count++ >= PREFIXES_MAX)
			break;
		m.prefix = route_mask(&a->addr, a->prefix_len);
		bytes += nd_option_write_prefix(out + bytes, &m);
	}
	return bytes;
}

static size_t write_advert(const struct net *net, const struct netif *n, bool last,
			   uint8_t out[MESSAGE_BYTES_MAX])
{
	const struct if6_conf *conf = &n->if6->conf;
	const struct nd_router_advert m = {
		.hop_limit = (uint8_t)conf->adv_hop_limit,
		.managed = conf->adv_managed,
		.other = conf->adv_other,
		.lifetime = last ? 0 : (uint16_t)conf->adv_lifetime,
		.reachable_ms = (uint32_t)conf->adv_reachable_ms,
		.retrans_ms = (uint32_t)conf->adv_retrans_ms,
	};
	size_t bytes = nd_router_advert_write(out, &m);

	bytes += nd_option_write_mac(out + bytes, ND_OPTION_SOURCE_MAC, n->mac);
	if (conf->adv_mtu)
		bytes += nd_option_write_mtu(out + bytes, (uint32_t)conf->adv_mtu);
	return bytes + write_prefixes(net, n, out + bytes);
}

static void send_advert(struct net *net, struct netif *n, bool last)
{
	const struct addr *from = addr_link_local(net, n);
	uint8_t message[MESSAGE_BYTES_MAX];
	struct berth_packet *p;
	size_t bytes;

	if (!from)
		return;
	bytes = write_advert(net, n, last, message);
	p = packet_new(net->env->pool);
	if (!p || packet_append_copy(p, message, bytes) ||
	    !packet_pull(p, ND_ROUTER_ADVERT_BYTES)) {
		packet_free(p);
		drop(net->env, DROP_NO_MEMORY);
		return;
	}
	n->if6->ra_sent = net->env->now;
	ip6_send_link(net, n, p, &from->addr, &ip6_all_nodes, false);
}

/* When the next one goes to all (RFC 4861 §6.2.4). */
static berth_time draw_interval(struct net *net, const struct if6 *i)
{
	uint32_t max_ms = (uint32_t)i->conf.adv_interval_max * 1000u;
	uint32_t min_ms = (uint32_t)i->conf.adv_interval_min * 1000u;
	berth_time interval;

	if (min_ms > max_ms)
		min_ms = max_ms;
	interval = (min_ms + env_random_below(net->env, max_ms - min_ms + 1)) * BERTH_MSEC;
	if (i->ra_initial_left > 0 && interval > INITIAL_INTERVAL_MAX_NS)
		interval = INITIAL_INTERVAL_MAX_NS;
	return interval;
}

void radv_on_timer(struct timer *t)
{
	struct if6 *i = container_of(t, struct if6, ra_timer);
	struct net *net = i->net;

	if (!advertises(net, i->netif))
		return;
	if (i->ra_initial_left > 0)
		i->ra_initial_left--;
	timer_arm(net->env, t, net->env->now + draw_interval(net, i));
	send_advert(net, i->netif, false);
}

void radv_refresh(struct net *net, struct netif *n)
{
	struct if6 *i = n->if6;

	if (!i)
		return;
	if (!advertises(net, n) || !addr_link_local(net, n)) {
		if (timer_armed(&i->ra_timer) && netif_usable(n))
			send_advert(net, n, true);
		timer_disarm(net->env, &i->ra_timer);
		return;
	}
	if (timer_armed(&i->ra_timer))
		return;
	i->ra_initial_left = INITIAL_COUNT;
	timer_arm(net->env, &i->ra_timer,
		  net->env->now + env_random_below(net->env, ANSWER_DELAY_MAX_MS) * BERTH_MSEC);
}

void radv_stop(struct net *net, struct netif *n)
{
	timer_disarm(net->env, &n->if6->ra_timer);
}

void radv_on_solicit(struct net *net, struct netif *n)
{
	struct if6 *i = n->if6;
	berth_time when =
		net->env->now + env_random_below(net->env, ANSWER_DELAY_MAX_MS) * BERTH_MSEC;

	if (!timer_armed(&i->ra_timer))
		return;
	if (when < i->ra_sent + DELAY_MIN_NS)
		when = i->ra_sent + DELAY_MIN_NS;
	if (when < i->ra_timer.due)
		timer_arm(net->env, &i->ra_timer, when);
}
