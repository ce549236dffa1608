/* SPDX-License-Identifier: MIT */
/*
 * The addresses of a host: which are ours, which are broadcasts, and which to send from.
 */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <stdbool.h>

#include "base/list.h"
#include "base/table.h"
#include "base/timer.h"
#include "net/net.h"

/* What is known of an address. The values are those of IFA_F_* in <linux/if_addr.h>, which
 * listings show. */
enum addr_flag {
	ADDR_NODAD = 0x02,	     /* used without asking whether somebody has it */
	ADDR_OPTIMISTIC = 0x04,	     /* RFC 4429: not made here, for listings' sake */
	ADDR_DADFAILED = 0x08,	     /* somebody has it: never used */
	ADDR_DEPRECATED = 0x20,	     /* no new connections from it (RFC 4862 §5.5.4) */
	ADDR_TENTATIVE = 0x40,	     /* not used yet: somebody might have it (RFC 4862 §5.4) */
	ADDR_PERMANENT = 0x80,	     /* for ever valid */
	ADDR_NOPREFIXROUTE = 0x200,  /* no connected route is made for it */
	ADDR_STABLE_PRIVACY = 0x800, /* RFC 7217 */
};

struct addr {
	struct list link;	      /* in net's list: by interface, then in order of adding */
	struct table_node node;	      /* by address, unless it is tentative */
	struct table_node bcast_node; /* by broadcast address, when it has one */
	struct netif *netif;
	struct ipaddr addr;
	struct ipaddr broadcast; /* of the subnet; any: none (prefix longer than 30, lo) */
	unsigned prefix_len;	 /* within the family: 0 to 32, or 128 */
	struct net *net;
	uint32_t flags; /* enum addr_flag */
	berth_time created, updated;
	berth_time preferred_until, valid_until; /* BERTH_TIME_NEVER: for ever */
	bool autoconf;				 /* made from a router's advertisement */
	bool assigned; /* it has been told of as in use */
	/* IPv6 on a link: duplicate address detection, dad.c. */
	uint8_t dad_left;  /* solicitations to be sent */
	uint8_t dad_round; /* of RFC 7217: how many addresses were taken before it */
	struct timer dad_timer;
};

/* What a new address is to be. */
struct addr_config {
	struct ipaddr addr;
	unsigned prefix_len;
	uint32_t flags; /* ADDR_NODAD, ADDR_NOPREFIXROUTE, ADDR_STABLE_PRIVACY */
	/* From now on; BERTH_TIME_NEVER: for ever. Preferred 0 is deprecated at once. */
	berth_time preferred_ns, valid_ns;
	bool autoconf;
	uint8_t dad_round;
};

/* Adds an address and its connected route, and announces it on the link. -EEXIST: this interface
 * has it already; -EINVAL: no host address; -ENODEV; -ENOMEM. */
int addr_add(struct net *net, unsigned ifindex, const struct ipaddr *a, unsigned prefix_len);
/* The same with all that can be said about an address; an IPv6 address without ADDR_NODAD is
 * tentative until nobody objected. -EINVAL also: lifetimes that contradict each other, IPv6 on a
 * link that can't carry it. */
int addr_set(struct net *net, unsigned ifindex, const struct addr_config *config);
/* Changes the lifetimes of an address; -EINVAL as above. */
int addr_set_lifetimes(struct net *net, struct addr *a, berth_time preferred_ns,
		       berth_time valid_ns);
/* -EADDRNOTAVAIL: there is none; -ENODEV. */
int addr_del(struct net *net, unsigned ifindex, const struct ipaddr *a, unsigned prefix_len);
/* The `i`th in a stable order; NULL past the last. */
const struct addr *addr_nth(const struct net *net, unsigned i);
/* The next one after `a`; NULL: it was the last. */
const struct addr *addr_after(const struct net *net, const struct addr *a);

/* The entry of exactly this address, on `n` (NULL: on any); NULL: not ours, or not yet. */
const struct addr *addr_find(const struct net *net, const struct netif *n, const struct ipaddr *a);
/* The same of those that are tentative or failed too. */
struct addr *addr_entry(const struct net *net, const struct netif *n, const struct ipaddr *a);
/* Whether packets to it are for this host: also all of 127/8 when lo has an address in it. */
bool addr_is_local(const struct net *net, const struct ipaddr *a);
/* The address whose subnet broadcast this is; NULL: none. */
const struct addr *addr_by_broadcast(const struct net *net, const struct ipaddr *a);
/* The address to send from through `n` towards `next_hop` (Linux: inet_select_addr): one that
 * shares its subnet, else the first of the interface, else the first of another that is not lo;
 * NULL: none. */
const struct addr *addr_select(const struct net *net, const struct netif *n,
			       const struct ipaddr *next_hop);

/* IPv6: the address to send from to `dst` through `n` (RFC 6724 §5); NULL: none. */
const struct addr *addr_select6(const struct net *net, const struct netif *n,
				const struct ipaddr *dst);
/* The link-local address of an interface, not tentative; NULL: none. */
const struct addr *addr_link_local(const struct net *net, const struct netif *n);
/* Scopes (RFC 4007, RFC 6724 §3.1): values of RFC 4291 §2.7, 2 link, 5 site, 14 global. */
unsigned addr_scope(const struct ipaddr *a);

/* Announces the addresses of an interface, which just came up. */
void addr_announce(struct net *net, struct netif *n);
/* Forgets the addresses of an interface, which is going away. */
void addr_flush(struct net *net, const struct netif *n);

#endif
