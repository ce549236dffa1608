/* SPDX-License-Identifier: MIT */
/*
 * The inside of multicast membership, shared by mcast.c (who is a member), group_report.c (what is
 * told to routers, and when), igmp.c and mld.c (how it is sent and heard).
 */
#ifndef NET_GROUP_H
#define NET_GROUP_H

#include "base/table.h"
#include "base/timer.h"
#include "net/context.h"
#include "net/mcast.h"
#include "wire/group_message.h"

#define GROUPS_MAX 4096u	/* of a host */
#define GROUP_SOURCES_MAX 256u	/* of a group */
#define GROUP_REPORT_BYTES 1232 /* fits the least MTU of IPv6, and nearly all of IPv4 */

struct group_source {
	struct ipaddr addr;
	uint32_t includes, excludes; /* members that name it */
	bool active;		     /* in the merged filter */
	bool asked;		     /* a router asked about it */
	uint8_t changes_left;	     /* reports that are to tell of its change */
};

/* A group, while it has members or its end is still to be reported. */
struct group {
	struct list link;	/* in net->groups, oldest first */
	struct table_node node; /* by interface and address */
	struct group_if *gi;
	struct ipaddr addr;
	uint32_t members, excludes; /* all; those that exclude sources */
	bool exclude;		    /* of the merged filter */
	bool reporter;		    /* older versions: the last one to report it was us */
	bool answer_all;	    /* a router asked about the group, not about sources alone */
	uint8_t changes_left;	    /* reports that are to tell of its change of mode */
	uint32_t count, capacity;
	struct group_source *sources;
	struct timer change_timer, answer_timer;
};

/* What is known about the routers of an interface, for one version of IP. */
struct group_if {
	struct list link; /* in net->group_ifs */
	struct net *net;
	struct netif *netif;
	bool v6;
	uint8_t robustness;
	berth_time interval_ns;	   /* as queries said last */
	berth_time old_until[2];   /* IGMPv1's, and v2's or MLDv1's, querier present */
	struct timer answer_timer; /* a general query waits for its answer */
};

/* group_report.c */

/* The state of an interface, made if need be. NULL: no memory. */
struct group_if *group_if_get(struct net *net, struct netif *n, bool v6);
void group_if_free(struct group_if *gi);
/* A new group's timers. */
void group_init_timers(struct group *g);
/* The members' filters have changed: reports are to be sent. A group without members may be freed.
 */
void group_report_changes(struct group *g);
/* The link has come up: whoever is there now has to be told. */
void group_report_again(struct group *g);
/* A router asks. */
void group_on_query(struct group_if *gi, const struct group_query *q);
/* Another host has reported the group, in an older version: that is enough. */
void group_on_report(struct group_if *gi, const struct ipaddr *group);

/* mcast.c */

/* NULL: the interface has no such group, with or without members. */
struct group *group_find(const struct net *net, const struct netif *n, const struct ipaddr *addr);
/* Ends a group without members. */
void group_free(struct group *g);
/* Forgets sources that no member names and nobody has to be told of. */
void group_prune(struct group *g);

/* igmp.c, mld.c: send a message, whose header is in head[], the checksum zero; consumed. */
void igmp_send(struct group_if *gi, struct berth_packet *p, const struct ipaddr *dst);
void mld_send(struct group_if *gi, struct berth_packet *p, const struct ipaddr *dst);

#endif
