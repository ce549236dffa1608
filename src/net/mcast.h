/* SPDX-License-Identifier: MIT */
/*
 * The multicast groups that a host has joined, per interface, counted. Enough for delivery: the
 * switches of a world flood multicasts, so no membership is reported (IGMP is left out).
 */
#ifndef NET_MCAST_H
#define NET_MCAST_H

#include <stdbool.h>

#include "net/net.h"

/* Each join needs its own leave. `ifindex` 0: the interface that the routes choose. -EINVAL: no
 * group; -ENODEV; -ENOMEM. */
int mcast_join(struct net *net, unsigned ifindex, const struct ipaddr *group);
/* -EADDRNOTAVAIL: it had not been joined. */
int mcast_leave(struct net *net, unsigned ifindex, const struct ipaddr *group);
/* Whether packets to `group` that come in through `n` are wanted; all-hosts always are. */
bool mcast_joined(const struct net *net, const struct netif *n, const struct ipaddr *group);
/* Forgets the groups of an interface, which is going away. */
void mcast_flush(struct net *net, const struct netif *n);

#endif
