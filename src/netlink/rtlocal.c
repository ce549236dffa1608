/* SPDX-License-Identifier: MIT */
/*
 * A walk over routes that nobody keeps: each address of the host is up to three of them (itself,
 * the prefix of an address of lo, the broadcast of its subnet), and behind all addresses each
 * interface with IPv6 is the one for multicasts. A place is the number of the address in net's
 * list, or of the interface, and the part of it. Linux: fib_add_ifaddr(), addrconf_add_mroute().
 */
#include "netlink/rtlocal.h"

#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "net/addr.h"
#include "net/route.h"
#include "netlink/rtnetlink.h"
#include "netlink/rtnotify.h"

/* The routes of an address, in the order in which an address brings them. */
enum part { PART_HOST, PART_PREFIX, PART_BROADCAST, PART_COUNT };

#define INTERFACES (UINT64_C(1) << 32) /* places from here on are interfaces */

/* The first address of its subnet on the interface, which packets are sent from. */
static const struct addr *primary_of(const struct netlink *nl, const struct addr *a)
{
	const struct addr *b = addr_nth(nl->net, 0);

	for (; b && b != a; b = addr_after(nl->net, b)) {
		if (b->netif == a->netif && b->prefix_len == a->prefix_len &&
		    ipaddr_in_prefix(&a->addr, &b->addr, a->prefix_len))
			return b;
	}
	return a;
}

static struct ipaddr last_of(const struct ipaddr *a, unsigned prefix_len)
{
	return ipaddr_from4(ipaddr_to4(a) | (uint32_t)(UINT64_C(0xffffffff) >> prefix_len));
}

/* Linux: fib_add_ifaddr(). False: this address has no such route. */
static bool fill4(struct rtlocal *at, const struct addr *a)
{
	bool lo = a->netif->kind == BERTH_NETIF_LOOPBACK;
	const struct addr *primary = primary_of(at->nl, a);

	at->netif = a->netif;
	at->src = primary->addr;
	at->dst = a->addr;
	at->prefix_len = 32;
	at->type = RTN_LOCAL;
	at->scope = RT_SCOPE_HOST;
	switch ((enum part)at->part) {
	case PART_HOST:
		return true;
	case PART_PREFIX:
		at->dst = route_mask(&a->addr, a->prefix_len);
		at->prefix_len = a->prefix_len;
		return lo && a->prefix_len < 32 && a == primary && a->netif->up;
	case PART_BROADCAST:
		at->dst = last_of(&a->addr, a->prefix_len);
		at->type = RTN_BROADCAST;
		at->scope = RT_SCOPE_LINK;
		return a->prefix_len < 31 && a == primary && a->netif->up;
	case PART_COUNT:
		break;
	}
	return false;
}

static bool fill6(struct rtlocal *at, const struct addr *a)
{
	at->netif = a->netif;
	at->src = (struct ipaddr){{0}};
	at->dst = a->addr;
	at->prefix_len = 128;
	at->type = RTN_LOCAL;
	at->scope = RT_SCOPE_UNIVERSE;
	return at->part == PART_HOST && a->netif->up;
}

static bool has_ipv6(const struct netlink *nl, const struct netif *n)
{
	const struct addr *a = addr_nth(nl->net, 0);

	for (; a; a = addr_after(nl->net, a)) {
		if (a->netif == n && !ipaddr_is4(&a->addr))
			return true;
	}
	return false;
}

/* Where multicasts go, of each interface with IPv6 but lo. */
static bool fill_multicast(struct rtlocal *at, const struct netif *n)
{
	if (!n || !n->up || n->kind == BERTH_NETIF_LOOPBACK || !has_ipv6(at->nl, n))
		return false;
	at->netif = n;
	at->src = (struct ipaddr){{0}};
	at->dst = (struct ipaddr){{0xff}};
	at->prefix_len = 8;
	at->type = RTN_MULTICAST;
	at->scope = RT_SCOPE_UNIVERSE;
	return true;
}

static void settle_on_interface(struct rtlocal *at)
{
	for (; at->place - INTERFACES <= at->nl->links->index_last; at->place++) {
		if (fill_multicast(at,
				   links_get(at->nl->links, (unsigned)(at->place - INTERFACES))))
			return;
	}
	at->netif = NULL;
}

/* Goes on to the first route from here on. */
static void settle(struct rtlocal *at)
{
	for (; at->addr; at->addr = addr_after(at->nl->net, at->addr), at->place++, at->part = 0) {
		if (ipaddr_is4(&at->addr->addr) != at->is4)
			continue;
		for (; at->part < PART_COUNT; at->part++) {
			if (at->is4 ? fill4(at, at->addr) : fill6(at, at->addr))
				return;
		}
	}
	at->netif = NULL;
	if (at->is4)
		return;
	if (at->place < INTERFACES)
		at->place = INTERFACES;
	settle_on_interface(at);
}

struct rtlocal rtlocal_from(const struct netlink *nl, bool is4, uint64_t place, uint64_t part)
{
	struct rtlocal at = {.nl = nl, .is4 = is4, .place = place, .part = part};

	if (place < INTERFACES)
		at.addr = addr_nth(nl->net, (unsigned)place);
	settle(&at);
	return at;
}

void rtlocal_next(struct rtlocal *at)
{
	if (at->addr)
		at->part++;
	else
		at->place++;
	settle(at);
}

bool rtlocal_put(struct nl_writer *w, const struct nlmsghdr *h, const struct rtlocal *at)
{
	struct rtmsg body = {.rtm_family = at->is4 ? AF_INET : AF_INET6,
			     .rtm_dst_len = (uint8_t)at->prefix_len,
			     .rtm_table = RT_TABLE_LOCAL,
			     .rtm_protocol = RTPROT_KERNEL,
			     .rtm_scope = at->scope,
			     .rtm_type = at->type};
	const struct rta_cacheinfo info = {0};

	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_u32(w, RTA_TABLE, RT_TABLE_LOCAL);
	nlw_put_addr(w, RTA_DST, &at->dst);
	if (!at->is4)
		nlw_put_u32(w, RTA_PRIORITY, at->type == RTN_MULTICAST ? 256 : 0);
	if (!ipaddr_is_any(&at->src))
		nlw_put_addr(w, RTA_PREFSRC, &at->src);
	nlw_put_u32(w, RTA_OIF, at->netif->ifindex);
	if (!at->is4) {
		nlw_put(w, RTA_CACHEINFO, &info, sizeof(info));
		nlw_put_u8(w, RTA_PREF, 0);
	}
	return nlw_end(w);
}

void rtlocal_notify(struct netlink *nl, const struct addr *a, bool gone)
{
	unsigned group = ipaddr_is4(&a->addr) ? RTNLGRP_IPV4_ROUTE : RTNLGRP_IPV6_ROUTE;
	struct rtlocal at = {.nl = nl, .is4 = ipaddr_is4(&a->addr), .addr = a};

	if (!rtnotify_heard(nl, group))
		return;
	for (; at.part < PART_COUNT; at.part++) {
		_Alignas(struct nlmsghdr) uint8_t data[RTROUTE_ROOM];
		struct nl_writer w = nl_writer_of(data, sizeof(data));
		struct nlmsghdr h = rtnotify_header(nl, gone ? RTM_DELROUTE : RTM_NEWROUTE);

		if ((at.is4 ? fill4(&at, a) : fill6(&at, a)) && rtlocal_put(&w, &h, &at))
			rtnotify_publish(nl, group, &w);
	}
}
