/* SPDX-License-Identifier: MIT */
/*
 * Routes: the longest prefix wins, then the smallest metric, then the older.
 */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include <stdbool.h>

#include "base/list.h"
#include "base/table.h"
#include "net/net.h"

enum route_kind {
	ROUTE_UNICAST,
	ROUTE_BLACKHOLE,   /* -EINVAL, silently dropped */
	ROUTE_UNREACHABLE, /* -EHOSTUNREACH */
	ROUTE_PROHIBIT,	   /* -EACCES */
};

/* Who made a route. */
enum route_protocol {
	ROUTE_REDIRECT = 1,
	ROUTE_KERNEL = 2,
	ROUTE_BOOT = 3,
	ROUTE_STATIC = 4,
	ROUTE_RA = 9, /* from a router's advertisement; several of one metric may be there */
};

/* Metrics of IPv6 routes that give none, as Linux has them. */
#define ROUTE6_METRIC_CONNECTED 256u
#define ROUTE6_METRIC 1024u

struct route {
	struct list link;	/* in net's list, by destination, prefix and metric */
	struct table_node node; /* by (dst, prefix_len) */
	struct ipaddr dst;
	unsigned prefix_len; /* within the family */
	enum route_kind kind;
	bool has_gateway;
	bool connected; /* made by an address, goes with it */
	struct ipaddr gateway;
	struct netif *netif; /* NULL unless unicast */
	uint32_t metric;
	uint64_t order;	    /* ascending with age: of equals the oldest is used */
	uint8_t protocol;   /* RTPROT_* of <linux/rtnetlink.h>: enum route_protocol */
	int8_t preference;  /* of routers (RFC 4191): -1 low, 0 medium, 1 high */
	berth_time expires; /* BERTH_TIME_NEVER: does not */
	struct ipaddr src;  /* preferred source; any: choose */
};

/* What a new route is to be. */
struct route_config {
	struct ipaddr dst;
	unsigned prefix_len;
	enum route_kind kind;
	const struct ipaddr *gateway; /* NULL: on the link */
	unsigned ifindex;	      /* 0 with a gateway: the interface on whose link it is */
	uint32_t metric;
	bool connected;
	struct ipaddr src;
	enum route_protocol protocol; /* 0: ROUTE_BOOT, or ROUTE_KERNEL if connected */
	int8_t preference;
	berth_time lifetime_ns; /* 0: for ever */
};

/* -EEXIST; -ENETUNREACH: the gateway is not on a link; -ENODEV; -EINVAL: bits beyond the prefix;
 * -ENOMEM. */
int route_add(struct net *net, const struct route_config *config);
/* Takes the first route to this prefix away; `ifindex` 0: of any interface. -ESRCH: there is none.
 */
int route_del(struct net *net, const struct ipaddr *dst, unsigned prefix_len, unsigned ifindex);
/* The route to this prefix that an address on `n` made; NULL: none. */
struct route *route_find_connected(const struct net *net, const struct ipaddr *dst,
				   unsigned prefix_len, const struct netif *n);
/* Takes the route that an address made away. -ESRCH: there is none. */
int route_del_connected(struct net *net, const struct ipaddr *dst, unsigned prefix_len,
			const struct netif *n);
/* The route of protocol RA to this prefix through this gateway (NULL: on the link); NULL: none. */
struct route *route_find_ra(const struct net *net, const struct ipaddr *dst, unsigned prefix_len,
			    const struct ipaddr *gateway, const struct netif *n);
/* When it goes by itself; BERTH_TIME_NEVER: never. */
void route_set_expiry(struct net *net, struct route *r, berth_time expires);
/* Takes one away. */
void route_remove(struct net *net, struct route *r);
/* The address with the bits behind the prefix cleared. */
struct ipaddr route_mask(const struct ipaddr *a, unsigned prefix_len);
/* The `i`th in a stable order; NULL past the last. */
const struct route *route_nth(const struct net *net, unsigned i);
/* The next one after `r`; NULL: it was the last. */
const struct route *route_after(const struct net *net, const struct route *r);
/* The route to `dst`, through `ifindex` if that is not 0; routes of interfaces that are down do not
 * count. NULL: none. */
const struct route *route_find(const struct net *net, const struct ipaddr *dst, unsigned ifindex);
/* What sending by it comes to: 0 for unicast, else the error of its kind (enum route_kind). */
int route_error(const struct route *r);
/* An administrator took the interface down, or (`both` families: no) its last IPv4 address: those
 * that no address made go. */
void route_flush_static(struct net *net, const struct netif *n, bool both);
/* Forgets the routes of an interface, which is going away. */
void route_flush(struct net *net, const struct netif *n);

#endif
