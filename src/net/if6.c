/* SPDX-License-Identifier: MIT */
/*
 * IPv6 on an interface: its life, and its knobs.
 *
 * When the link comes up the interface gets its link-local address (unless addr_gen_mode says
 * none), addresses that are still tentative begin to be asked for, and a host begins to solicit
 * routers while a router begins to advertise itself.
 *
 * Knobs are those of Linux, of one interface, of "all" and of "default". As on Linux, "default" is
 * what interfaces that are added later start with, and setting "all" changes every interface for
 * forwarding and disable_ipv6, and nothing for the others.
 *
 * Deviation: addr_gen_mode is 1 (no link-local address, and so neither solicitations nor
 * advertisements) till whoever made the host sets it, so that a library never sends what nobody
 * asked for. Linux: 0.
 *
 * Linux: addresses go when an interface is set down, unless keep_addr_on_down; here they stay
 * (Deviation), since a world's cables come and go.
 */
#include "net/if6.h"

#include <errno.h>
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/mcast.h"

struct conf_knob {
	const char *name;
	size_t offset; /* in struct if6_conf */
	int32_t min, max, initial;
};

#define CONF(field, min, max, initial)                                                             \
	{                                                                                          \
#field, offsetof(struct if6_conf, field), min, max, initial                        \
	}

static const struct conf_knob table[] = {
	CONF(forwarding, 0, 2, 0),
	CONF(hop_limit, 1, 255, 64),
	CONF(mtu, 0, INT32_MAX, 0),
	CONF(accept_ra, 0, 2, 1),
	CONF(accept_ra_defrtr, 0, 1, 1),
	CONF(accept_ra_pinfo, 0, 1, 1),
	CONF(accept_ra_mtu, 0, 1, 1),
	CONF(accept_ra_min_hop_limit, 0, 255, 1),
	CONF(accept_ra_rtr_pref, 0, 1, 1),
	CONF(accept_redirects, 0, 1, 1),
	CONF(autoconf, 0, 1, 1),
	CONF(addr_gen_mode, 0, 3, 1),
	CONF(dad_transmits, 0, 255, 1),
	CONF(accept_dad, 0, 2, 1),
	CONF(router_solicitations, -1, INT32_MAX, -1),
	CONF(router_solicitation_interval, 1, 3600, 4),
	CONF(router_solicitation_delay, 0, 3600, 1),
	CONF(disable_ipv6, 0, 1, 0),
	CONF(adv_send, 0, 1, 0),
	CONF(adv_interval_min, 3, 1350, 200),
	CONF(adv_interval_max, 4, 1800, 600),
	CONF(adv_lifetime, 0, 9000, 1800),
	CONF(adv_managed, 0, 1, 0),
	CONF(adv_other, 0, 1, 0),
	CONF(adv_mtu, 0, INT32_MAX, 0),
	CONF(adv_hop_limit, 0, 255, 64),
	CONF(adv_reachable_ms, 0, 3600000, 0),
	CONF(adv_retrans_ms, 0, INT32_MAX, 0),
	CONF(adv_valid, 0, INT32_MAX, 2592000),
	CONF(adv_preferred, 0, INT32_MAX, 604800),
};

STATIC_ASSERT(sizeof(struct if6_conf) == ARRAY_LEN(table) * sizeof(int32_t));

static int32_t *value_of(struct if6_conf *conf, const struct conf_knob *k)
{
	return (int32_t *)(void *)((char *)conf + k->offset);
}

void if6_defaults(struct net *net)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		*value_of(&net->conf6_all, &table[i]) = table[i].initial;
	net->conf6_default = net->conf6_all;
}

static const struct conf_knob *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

/* Whose knobs; NULL: nobody's. */
static struct if6_conf *conf_of(struct net *net, const char *whose)
{
	const struct netif *n;

	if (strcmp(whose, "all") == 0)
		return &net->conf6_all;
	if (strcmp(whose, "default") == 0)
		return &net->conf6_default;
	n = links_by_name(net->links, whose);
	return n && n->if6 ? &n->if6->conf : NULL;
}

int if6_conf_get(const struct net *net, const char *whose, const char *name, int64_t *out_value)
{
	const struct conf_knob *k = find(name);
	struct if6_conf *conf = conf_of((struct net *)(uintptr_t)net, whose); /* only read */

	if (!k || !conf)
		return -ENOENT;
	*out_value = *value_of(conf, k);
	return 0;
}

/* What a new value changes at once. */
static void conf_changed(struct net *net, struct netif *n)
{
	net_changed(net);
	if (!netif_usable(n) || n->kind == BERTH_NETIF_LOOPBACK)
		return;
	if (if6_mtu(n) && !addr_link_local(net, n))
		autoconf_link_local(net, n);
	radv_refresh(net, n);
	if (if6_forwards(net, n))
		autoconf_stop(net, n);
}

int if6_conf_set(struct net *net, const char *whose, const char *name, int64_t value)
{
	const struct conf_knob *k = find(name);
	struct if6_conf *conf = conf_of(net, whose);
	struct netif *n;

	if (!k || !conf)
		return -ENOENT;
	if (value < k->min || value > k->max)
		return -EINVAL;
	if (strcmp(name, "adv_send") == 0 && value && strcmp(whose, "all") == 0)
		return -EINVAL; /* what is to be told differs from link to link */
	*value_of(conf, k) = (int32_t)value;
	for (unsigned i = 0; (n = links_nth(net->links, i)); i++) {
		bool all = conf == &net->conf6_all &&
			   (k->offset == offsetof(struct if6_conf, forwarding) ||
			    k->offset == offsetof(struct if6_conf, disable_ipv6));

		if (!n->if6 || (!all && conf != &n->if6->conf))
			continue;
		*value_of(&n->if6->conf, k) = (int32_t)value;
		conf_changed(net, n);
	}
	return 0;
}

void if6_add(struct net *net, struct netif *n)
{
	struct if6 *i;

	if (timers_reserve(net->env, 2))
		return;
	i = env_calloc(net->env, 1, sizeof(*i));
	if (!i) {
		timers_release(net->env, 2);
		return;
	}
	i->net = net;
	i->netif = n;
	i->conf = net->conf6_default;
	i->ra_sent = INT64_MIN / 2;
	timer_init(&i->rs_timer, autoconf_on_timer);
	timer_init(&i->ra_timer, radv_on_timer);
	n->if6 = i;
}

void if6_remove(struct net *net, struct netif *n)
{
	if (!n->if6)
		return;
	timer_disarm(net->env, &n->if6->rs_timer);
	timer_disarm(net->env, &n->if6->ra_timer);
	timers_release(net->env, 2);
	env_free(net->env, n->if6);
	n->if6 = NULL;
}

void if6_fini(struct net *net)
{
	struct netif *n;

	for (unsigned i = 0; (n = links_nth(net->links, i)); i++)
		if6_remove(net, n);
}

uint32_t if6_mtu(const struct netif *n)
{
	const struct if6 *i = n->if6;
	uint32_t mtu = n->mtu;

	if (!i || i->conf.disable_ipv6 || mtu < IP6_MTU_MIN)
		return 0;
	if (i->conf.mtu >= (int32_t)IP6_MTU_MIN && (uint32_t)i->conf.mtu < mtu)
		mtu = (uint32_t)i->conf.mtu;
	return mtu;
}

bool if6_forwards(const struct net *net, const struct netif *n)
{
	(void)net;
	return n->if6 && n->if6->conf.forwarding;
}

/* Addresses that waited for the link. */
static void start_tentative(struct net *net, const struct netif *n)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &net->addrs) {
		struct addr *a = list_entry(l, struct addr, link);

		if (a->netif == n && (a->flags & ADDR_TENTATIVE) && !(a->flags & ADDR_DADFAILED))
			dad_start(net, a);
	}
}

void if6_up(struct net *net, struct netif *n)
{
	if (!if6_mtu(n) || n->kind == BERTH_NETIF_LOOPBACK)
		return;
	start_tentative(net, n);
	autoconf_link_local(net, n);
	autoconf_start(net, n);
	radv_refresh(net, n);
}

void if6_down(struct net *net, struct netif *n)
{
	struct list *l;

	if (!n->if6)
		return;
	autoconf_stop(net, n);
	radv_stop(net, n);
	list_for_each (l, &net->addrs) {
		struct addr *a = list_entry(l, struct addr, link);

		if (a->netif == n)
			dad_stop(net, a);
	}
}
