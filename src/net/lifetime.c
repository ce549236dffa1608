/* SPDX-License-Identifier: MIT */
/*
 * Addresses and routes that end by themselves (RFC 4862 §5.5.4, RFC 4861 §6.3.4). There are few of
 * them and they change seldom, so one timer is armed for whichever ends next, found by looking at
 * all.
 */
#include "net/addr.h"
#include "net/context.h"
#include "net/route.h"

static berth_time next_end(const struct net *net)
{
	berth_time next = BERTH_TIME_NEVER;
	struct list *l;

	list_for_each (l, &net->addrs) {
		const struct addr *a = list_entry(l, struct addr, link);
		berth_time end = a->flags & ADDR_DEPRECATED ? a->valid_until : a->preferred_until;

		next = end < next ? end : next;
	}
	list_for_each (l, &net->routes) {
		const struct route *r = list_entry(l, struct route, link);

		next = r->expires < next ? r->expires : next;
	}
	return next;
}

void lifetime_refresh(struct net *net)
{
	berth_time next = next_end(net);

	if (next == BERTH_TIME_NEVER)
		timer_disarm(net->env, &net->lifetimes);
	else
		timer_arm(net->env, &net->lifetimes, next);
}

static void end_addresses(struct net *net)
{
	berth_time now = net->env->now;
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &net->addrs) {
		struct addr *a = list_entry(l, struct addr, link);

		if (a->valid_until <= now) {
			addr_remove(net, a);
		} else if (a->preferred_until <= now && !(a->flags & ADDR_DEPRECATED)) {
			a->flags |= ADDR_DEPRECATED;
			net_changed(net);
		}
	}
}

void lifetime_on_timer(struct timer *t)
{
	struct net *net = container_of(t, struct net, lifetimes);
	struct list *l;
	struct list *tmp;

	end_addresses(net);
	list_for_each_safe (l, tmp, &net->routes) {
		struct route *r = list_entry(l, struct route, link);

		if (r->expires <= net->env->now)
			route_remove(net, r);
	}
	lifetime_refresh(net);
}
