/* SPDX-License-Identifier: MIT */
/*
 * Notifications: whatever changes interfaces, addresses, routes or neighbours, a program or the
 * world, the members of its group are sent the message that a GET would have been answered with
 * (RFC 3549 §2.2). A request that caused it with NLM_F_ECHO gets a copy with its own sequence
 * number and port; its sender is not told twice (Linux: nlmsg_notify()).
 */
#include "netlink/rtnotify.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "net/addr.h"
#include "net/route.h"
#include "netlink/rtlocal.h"
#include "netlink/rtnetlink.h"

#define ROOM RTLINK_ROOM

void rtnotify_publish(struct netlink *nl, unsigned group, const struct nl_writer *w)
{
	const struct nlsock *not_to = NULL;

	if (nl->acting && nl->acting->h.nlmsg_flags & NLM_F_ECHO) {
		struct nl_datagram *d = nl_datagram_new(nl->env, w->used);

		not_to = nl->acting->from;
		if (d) {
			memcpy(d->data, w->data, w->used);
			d->bytes = (uint32_t)w->used;
			(void)nlsock_deliver(nl->acting->from, d); /* it was told */
		} else {
			nlsock_overrun(nl->acting->from);
		}
	}
	nl_broadcast(nl, NETLINK_ROUTE, group, 0, not_to, w->data, w->used);
}

bool rtnotify_heard(struct netlink *nl, unsigned group)
{
	nl->changes++;
	return nl_group_heard(nl, NETLINK_ROUTE, group) ||
	       (nl->acting && nl->acting->h.nlmsg_flags & NLM_F_ECHO);
}

struct nlmsghdr rtnotify_header(const struct netlink *nl, unsigned type)
{
	struct nlmsghdr h = {.nlmsg_type = (uint16_t)type};

	if (nl->acting) {
		h.nlmsg_seq = nl->acting->h.nlmsg_seq;
		h.nlmsg_pid = nl->acting->from->port;
	}
	return h;
}

static void on_link(void *ctx, struct netif *n, enum link_change change)
{
	struct netlink *nl = ctx;
	_Alignas(struct nlmsghdr) uint8_t data[ROOM];
	struct nl_writer w = nl_writer_of(data, sizeof(data));
	struct nlmsghdr h = rtnotify_header(nl, change == LINK_REMOVED ? RTM_DELLINK : RTM_NEWLINK);
	unsigned changed = change == LINK_UP || change == LINK_DOWN ? IFF_UP | IFF_RUNNING : 0;

	if (change == LINK_FEATURES || !rtnotify_heard(nl, RTNLGRP_LINK))
		return;
	if (change == LINK_ADDED || change == LINK_REMOVED)
		changed = UINT32_MAX;
	if (rtlink_put(&w, &h, n, 0, changed))
		rtnotify_publish(nl, RTNLGRP_LINK, &w);
}

static void on_addr(void *ctx, const struct addr *a, bool gone)
{
	struct netlink *nl = ctx;
	unsigned group = ipaddr_is4(&a->addr) ? RTNLGRP_IPV4_IFADDR : RTNLGRP_IPV6_IFADDR;
	_Alignas(struct nlmsghdr) uint8_t data[RTADDR_ROOM];
	struct nl_writer w = nl_writer_of(data, sizeof(data));
	struct nlmsghdr h = rtnotify_header(nl, gone ? RTM_DELADDR : RTM_NEWADDR);

	if (rtnotify_heard(nl, group) && rtaddr_put(&w, &h, nl, a))
		rtnotify_publish(nl, group, &w);
	if (gone || !a->assigned) /* else it only changed */
		rtlocal_notify(nl, a, gone);
}

static void on_route(void *ctx, const struct route *r, bool gone)
{
	struct netlink *nl = ctx;
	unsigned group = ipaddr_is4(&r->dst) ? RTNLGRP_IPV4_ROUTE : RTNLGRP_IPV6_ROUTE;
	_Alignas(struct nlmsghdr) uint8_t data[RTROUTE_ROOM];
	struct nl_writer w = nl_writer_of(data, sizeof(data));
	struct nlmsghdr h = rtnotify_header(nl, gone ? RTM_DELROUTE : RTM_NEWROUTE);

	if (!gone && nl->acting)
		h.nlmsg_flags = nl->acting->h.nlmsg_flags &
				(NLM_F_REPLACE | NLM_F_EXCL | NLM_F_CREATE | NLM_F_APPEND);
	if (rtnotify_heard(nl, group) && rtroute_put(&w, &h, nl, r))
		rtnotify_publish(nl, group, &w);
}

static void on_neigh(void *ctx, const struct neigh *n, bool gone)
{
	struct netlink *nl = ctx;
	_Alignas(struct nlmsghdr) uint8_t data[RTNEIGH_ROOM];
	struct nl_writer w = nl_writer_of(data, sizeof(data));
	struct nlmsghdr h = rtnotify_header(nl, gone ? RTM_DELNEIGH : RTM_NEWNEIGH);

	if (rtnotify_heard(nl, RTNLGRP_NEIGH) && rtneigh_put(&w, &h, nl, n))
		rtnotify_publish(nl, RTNLGRP_NEIGH, &w);
}

void rtnotify_start(struct netlink *nl)
{
	nl->link_listener = (struct link_listener){.ctx = nl, .on_change = on_link};
	links_listen(nl->links, &nl->link_listener);
	nl->net_listener = (struct net_listener){
		.ctx = nl, .on_addr = on_addr, .on_route = on_route, .on_neigh = on_neigh};
	net_tell_to(nl->net, &nl->net_listener);
}

void rtnotify_stop(struct netlink *nl)
{
	list_del(&nl->link_listener.link);
	list_del(&nl->net_listener.link);
}
