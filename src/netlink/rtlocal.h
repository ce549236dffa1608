/* SPDX-License-Identifier: MIT */
/*
 * The routing table `local`, which nobody keeps: what follows from the host's addresses, one
 * address after the other, and what IPv6 multicasts take.
 */
#ifndef NETLINK_RTLOCAL_H
#define NETLINK_RTLOCAL_H

#include "netlink/netlink.h"

struct addr;

/* A place in the table, and the route there. */
struct rtlocal {
	const struct netlink *nl;
	bool is4;
	uint64_t place; /* of the address in net's list, then of the interface */
	uint64_t part;	/* which of its routes */
	const struct addr *addr;
	const struct netif *netif; /* NULL: past the last */
	struct ipaddr dst;
	unsigned prefix_len;
	uint8_t type, scope; /* RTN_*, RT_SCOPE_* */
	struct ipaddr src;   /* any: none */
};

/* The route at a place, or the next one that is there. */
struct rtlocal rtlocal_from(const struct netlink *nl, bool is4, uint64_t place, uint64_t part);
static inline bool rtlocal_here(const struct rtlocal *at)
{
	return at->netif != NULL;
}
void rtlocal_next(struct rtlocal *at);
/* Writes it; false: it did not fit. */
bool rtlocal_put(struct nl_writer *w, const struct nlmsghdr *h, const struct rtlocal *at);

/* Tells the groups of the routes that came or go with an address. */
void rtlocal_notify(struct netlink *nl, const struct addr *a, bool gone);

#endif
