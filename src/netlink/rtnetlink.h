/* SPDX-License-Identifier: MIT */
/*
 * NETLINK_ROUTE (RFC 3549, rtnetlink(7)): interfaces, addresses, routes, neighbours, rules. What
 * each kind of message does is in a file of its own; this header is what they share.
 */
#ifndef NETLINK_RTNETLINK_H
#define NETLINK_RTNETLINK_H

#include "netlink/nlsock.h"

struct addr;
struct neigh;
struct netif;
struct route;

/* struct nl_family's request. */
int rtnetlink_request(struct nl_request *rq);

/* What each message type does: as struct rt_kind's functions. */
int rtlink_get(struct nl_request *rq);
int rtlink_set(struct nl_request *rq); /* RTM_NEWLINK, RTM_SETLINK */
int rtlink_dump(struct nl_dump *d, struct nl_writer *w);
int rtlink_stats_get(struct nl_request *rq);
int rtlink_stats_dump(struct nl_dump *d, struct nl_writer *w);
int rtaddr_new(struct nl_request *rq);
int rtaddr_del(struct nl_request *rq);
int rtaddr_get(struct nl_request *rq);
int rtaddr_dump(struct nl_dump *d, struct nl_writer *w);
int rtroute_new(struct nl_request *rq);
int rtroute_del(struct nl_request *rq);
int rtroute_dump(struct nl_dump *d, struct nl_writer *w);
int rtlookup_get(struct nl_request *rq); /* RTM_GETROUTE of one destination */
int rtneigh_new(struct nl_request *rq);
int rtneigh_del(struct nl_request *rq);
int rtneigh_get(struct nl_request *rq);
int rtneigh_dump(struct nl_dump *d, struct nl_writer *w);
int rttable_dump(struct nl_dump *d, struct nl_writer *w); /* RTM_GETNEIGHTBL */
int rtrule_dump(struct nl_dump *d, struct nl_writer *w);
int rtqdisc_get(struct nl_request *rq);
int rtqdisc_dump(struct nl_dump *d, struct nl_writer *w);
int rtconf_get(struct nl_request *rq); /* RTM_GETNETCONF */
int rtconf_dump(struct nl_dump *d, struct nl_writer *w);
int rtlabel_dump(struct nl_dump *d, struct nl_writer *w); /* RTM_GETADDRLABEL */
int rtnothing_dump(struct nl_dump *d, struct nl_writer *w);

/* Bytes that the largest message of a kind takes; for nl_answer() and dumps. */
#define RTLINK_ROOM 2048u
#define RTADDR_ROOM 256u
#define RTROUTE_ROOM 512u
#define RTNEIGH_ROOM 256u

/* Writes one message; false: it did not fit. `h` is its header, without a length. */
bool rtlink_put(struct nl_writer *w, const struct nlmsghdr *h, const struct netif *n,
		uint32_t filter, unsigned change);
bool rtaddr_put(struct nl_writer *w, const struct nlmsghdr *h, const struct netlink *nl,
		const struct addr *a);
bool rtroute_put(struct nl_writer *w, const struct nlmsghdr *h, const struct netlink *nl,
		 const struct route *r);
bool rtneigh_put(struct nl_writer *w, const struct nlmsghdr *h, const struct netlink *nl,
		 const struct neigh *n);

#endif
