/* SPDX-License-Identifier: MIT */
/*
 * The addresses of a host: which are ours, which are broadcasts, and which to send from.
 */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <stdbool.h>

#include "base/list.h"
#include "base/table.h"
#include "net/net.h"

struct addr {
	struct list link;	      /* in net's list: by interface, then in order of adding */
	struct table_node node;	      /* by address */
	struct table_node bcast_node; /* by broadcast address, when it has one */
	struct netif *netif;
	struct ipaddr addr;
	struct ipaddr broadcast; /* of the subnet; any: none (prefix longer than 30, lo) */
	unsigned prefix_len;	 /* within the family: 0 to 32, or 128 */
};

/* Adds an address and its connected route, and announces it on the link. -EEXIST: this interface
 * has it already; -EINVAL: no host address; -ENODEV; -ENOMEM. */
int addr_add(struct net *net, unsigned ifindex, const struct ipaddr *a, unsigned prefix_len);
/* -EADDRNOTAVAIL: there is none; -ENODEV. */
int addr_del(struct net *net, unsigned ifindex, const struct ipaddr *a, unsigned prefix_len);
/* The `i`th in a stable order; NULL past the last. */
const struct addr *addr_nth(const struct net *net, unsigned i);
/* The next one after `a`; NULL: it was the last. */
const struct addr *addr_after(const struct net *net, const struct addr *a);

/* The entry of exactly this address, on `n` (NULL: on any); NULL: not ours. */
const struct addr *addr_find(const struct net *net, const struct netif *n, const struct ipaddr *a);
/* Whether packets to it are for this host: also all of 127/8 when lo has an address in it. */
bool addr_is_local(const struct net *net, const struct ipaddr *a);
/* The address whose subnet broadcast this is; NULL: none. */
const struct addr *addr_by_broadcast(const struct net *net, const struct ipaddr *a);
/* The address to send from through `n` towards `next_hop` (Linux: inet_select_addr): one that
 * shares its subnet, else the first of the interface, else the first of another that is not lo;
 * NULL: none. */
const struct addr *addr_select(const struct net *net, const struct netif *n,
			       const struct ipaddr *next_hop);

/* Announces the addresses of an interface, which just came up. */
void addr_announce(struct net *net, struct netif *n);
/* Forgets the addresses of an interface, which is going away. */
void addr_flush(struct net *net, const struct netif *n);

#endif
