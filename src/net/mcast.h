/* SPDX-License-Identifier: MIT */
/*
 * The multicast groups that a host is a member of, for each interface: what its sockets joined,
 * merged (RFC 3376 §3.2), and told to routers by IGMPv3 and MLDv2 or, where a router is older, by
 * its version.
 */
#ifndef NET_MCAST_H
#define NET_MCAST_H

#include <stdbool.h>

#include "net/net.h"

/* From whom a member wants to hear: all but the sources, or the sources alone. */
struct mcast_filter {
	bool exclude;
	uint32_t count;
	const struct ipaddr *sources; /* borrowed; each is there once */
};

/* The interface of a membership: `ifindex` itself, or, for 0, that of the route to the group.
 * -ENODEV. */
int mcast_ifindex(struct net *net, unsigned ifindex, const struct ipaddr *group);

/*
 * One member's filter changes from `was` to `is`; NULL: it is no member, before or after. -EINVAL:
 * no group; -ENODEV; -ENOBUFS: too many groups or sources, or no memory (nothing has changed). What
 * takes sources or the membership away never fails while the interface is there.
 */
int mcast_change(struct net *net, unsigned ifindex, const struct ipaddr *group,
		 const struct mcast_filter *was, const struct mcast_filter *is);

/* The same for a member that hears everybody: each join needs its own leave. */
int mcast_join(struct net *net, unsigned ifindex, const struct ipaddr *group);
int mcast_leave(struct net *net, unsigned ifindex, const struct ipaddr *group);

/* Whether packets to `group` that come in through `n` are wanted; all-hosts always are. */
bool mcast_joined(const struct net *net, const struct netif *n, const struct ipaddr *group);
/* Whether any member wants those of `source`. */
bool mcast_hears(const struct net *net, unsigned ifindex, const struct ipaddr *group,
		 const struct ipaddr *source);

/* The link of an interface has come up. */
void mcast_up(struct net *net, const struct netif *n);
/* Forgets the groups of an interface, which is going away. */
void mcast_flush(struct net *net, const struct netif *n);

#endif
