/* SPDX-License-Identifier: MIT */
/*
 * Duplicate address detection (RFC 4862 §5.4).
 *
 * A tentative address is asked for dad_transmits times, a second apart (RetransTimer), the first
 * time after a random delay of up to a second, since hosts that are switched on together would
 * otherwise ask together. If nobody says that it is his, or asks for it too, a second after the
 * last question it is assigned. If somebody does it has failed, and stays on the list for whoever
 * wonders. A link-local address that was made from the link address and fails ends IPv6 on that
 * interface only with accept_dad=2 (RFC 4862 §5.4.5), as on Linux.
 *
 * The solicited-node group is joined from the start, for the questions of others (§5.4.2).
 *
 * Linux: with dad_transmits=0 or accept_dad=0 there is no waiting.
 */
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/mcast.h"

#define DELAY_MAX_MS 1000u /* MAX_RTR_SOLICITATION_DELAY, RFC 4862 §5.4.2 */
#define RETRANS_NS (1 * BERTH_SEC)

static void join_group(struct net *net, const struct addr *a)
{
	struct ipaddr group = ndp_solicited_node(&a->addr);

	/* No memory: neighbours find nobody here till they ask again in vain. */
	(void)mcast_join(net, a->netif->ifindex, &group);
}

void dad_leave_group(struct net *net, struct addr *a)
{
	struct ipaddr group = ndp_solicited_node(&a->addr);

	if (ipaddr_is4(&a->addr) || a->netif->kind != BERTH_NETIF_ETHER)
		return;
	(void)mcast_leave(net, a->netif->ifindex, &group); /* it may not have been joined */
}

/* Whether anybody is to be asked. */
static bool wants_dad(const struct addr *a)
{
	const struct if6 *i = a->netif->if6;

	return !(a->flags & ADDR_NODAD) && i && i->conf.dad_transmits > 0 && i->conf.accept_dad > 0;
}

void dad_start(struct net *net, struct addr *a)
{
	if (!(a->flags & ADDR_TENTATIVE))
		join_group(net, a);
	if (!wants_dad(a)) {
		addr_assign(net, a);
		return;
	}
	a->flags |= ADDR_TENTATIVE;
	a->dad_left = (uint8_t)a->netif->if6->conf.dad_transmits;
	if (netif_usable(a->netif)) /* else if6_up() comes back */
		timer_arm(net->env, &a->dad_timer,
			  net->env->now + env_random_below(net->env, DELAY_MAX_MS) * BERTH_MSEC);
}

void dad_stop(struct net *net, struct addr *a)
{
	timer_disarm(net->env, &a->dad_timer);
}

static berth_time retrans_ns(const struct addr *a)
{
	return a->netif->nd_retrans_ns ? a->netif->nd_retrans_ns : RETRANS_NS;
}

void dad_on_timer(struct timer *t)
{
	struct addr *a = container_of(t, struct addr, dad_timer);
	struct net *net = a->net;

	if (a->dad_left > 0) {
		a->dad_left--;
		timer_arm(net->env, &a->dad_timer, net->env->now + retrans_ns(a));
		ndp_probe(net, a);
		return;
	}
	addr_assign(net, a);
	/* Linux: router solicitations wait for the link-local address. */
	if (ipaddr_is_link_local(&a->addr)) {
		autoconf_start(net, a->netif);
		radv_refresh(net, a->netif);
	}
}

void dad_conflict(struct net *net, struct addr *a)
{
	struct netif *n = a->netif;
	bool give_up = ipaddr_is_link_local(&a->addr) && n->if6 && n->if6->conf.accept_dad > 1;

	if (a->flags & ADDR_DADFAILED)
		return;
	drop(net->env, DROP_ND_CONFLICT);
	a->flags |= ADDR_DADFAILED;
	timer_disarm(net->env, &a->dad_timer);
	if (give_up) {
		n->if6->conf.disable_ipv6 = 1;
		net_changed(net);
	} else if (a->flags & ADDR_STABLE_PRIVACY) {
		autoconf_on_conflict(net, a);
	}
}
