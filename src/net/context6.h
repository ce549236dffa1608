/* SPDX-License-Identifier: MIT */
/*
 * What the files of net/ share about IPv6; part of context.h.
 */
#ifndef NET_CONTEXT6_H
#define NET_CONTEXT6_H

#include "net/net.h"
#include "wire/ip6_header.h"

struct addr;   /* addr.h */
struct flows6; /* ip6_in.c */
struct timer;

/* What is being asked, and the path that grows out of it. */
struct path_query {
	struct net *net;
	struct netif *bound; /* NULL: any interface */
	struct ip_path path;
};

/* path6.c: the same for an IPv6 destination; errors of ip_path_find(). */
int path6_find_next_hop(struct path_query *q);
int path6_finish(struct path_query *q);

/* ip6_out.c */

/* ip_output() of a path to an IPv6 address. */
int ip6_output(struct net *net, struct berth_packet *p, const struct ip_path *path,
	       const struct ip_send *send);
/* Sends a packet that starts with a complete IPv6 header whose l3_off and l4_off are set, and that
 * is not to be fragmented: a router's. Consumed; results as ip_output(). */
int ip6_send(struct net *net, struct berth_packet *p, const struct ip_path *path, uint32_t mtu);
/* An ICMPv6 message of neighbour discovery or MLD, which `p` is (its checksum zero): from `src`,
 * which may be any, to `dst` on the link of `n`, with hop limit 255 or, with `router_alert`, 1 and
 * that option. Consumed. */
void ip6_send_link(struct net *net, struct netif *n, struct berth_packet *p,
		   const struct ipaddr *src, const struct ipaddr *dst, bool router_alert);
/* The copy of a packet to a group for this host itself. */
void ip_loop_copy(struct net *net, const struct berth_packet *p, struct netif *n);

/* ip6_in.c */

/* As flows_new(). */
struct flows6 *flows6_new(struct env *env);
void flows6_free(struct flows6 *f, struct env *env);
/* A packet from an interface, from its IPv6 header on; consumed. A link_input_fn. */
void ip6_input(void *ctx, struct netif *n, struct berth_packet *p);

/* icmp6.c */

/* A message for this host. */
void icmp6_input(struct net *net, struct netif *n, struct berth_packet *p,
		 const struct ip_info *info);
/* Sends an error about a packet whose header is `h` and which starts at l3_off; `info` is the MTU
 * or the pointer. Borrows `p`. */
void icmp6_error_about(struct net *net, const struct berth_packet *p, const struct ip6_header *h,
		       uint8_t type, uint8_t code, uint32_t info);
/* As icmp4_error_local(). */
void icmp6_error_local(struct net *net, const struct berth_packet *p, uint8_t type, uint8_t code);

/* ndp.c */

/* A message of neighbour discovery, whose checksum was right: `at` is all of it. */
void ndp_input(struct net *net, struct netif *n, const uint8_t *at, size_t bytes,
	       const struct ip_info *info);
/* Asks for the neighbour: neigh_ops.solicit for IPv6. */
void ndp_solicit(struct net *net, struct neigh *n, bool unicast);
/* Asks whether anybody has a tentative address. */
void ndp_probe(struct net *net, const struct addr *a);
/* ff02::1:ffXX:XXXX of an address (RFC 4291 §2.7.1). */
struct ipaddr ndp_solicited_node(const struct ipaddr *a);
extern const struct ipaddr ip6_any, ip6_all_nodes, ip6_all_routers;

/* mld.c: a message of MLD, whose checksum was right. */
void mld_input(struct net *net, struct netif *n, const uint8_t *message, size_t bytes,
	       const struct ip_info *info);

/* dad.c */

/* A new address: asks whether somebody has it, or assigns it at once (ADDR_NODAD, or the interface
 * does not ask). With the link down it waits, tentative, to be started again. */
void dad_start(struct net *net, struct addr *a);
/* Asks no more: the address goes. */
void dad_stop(struct net *net, struct addr *a);
/* Of addr.dad_timer. */
void dad_on_timer(struct timer *t);
/* Leaves the solicited-node group of an address that goes. */
void dad_leave_group(struct net *net, struct addr *a);
/* Somebody else uses, or wants, a tentative address. */
void dad_conflict(struct net *net, struct addr *a);

/* addr.c */

/* A tentative address is one of ours now. */
void addr_assign(struct net *net, struct addr *a);
/* Takes one away. */
void addr_remove(struct net *net, struct addr *a);

/* autoconf.c */

/* Solicits routers, if the interface listens to their advertisements, until one answers. */
void autoconf_start(struct net *net, struct netif *n);
void autoconf_stop(struct net *net, struct netif *n);
/* Of if6.rs_timer. */
void autoconf_on_timer(struct timer *t);
/* `router`, a link-local address of the link of `n`, has advertised itself: `at` is the message
 * from its ICMPv6 header on, its checksum, source, hop limit and options found right (RFC 4861
 * §6.1.2). What it offers is taken as accept_ra and its fellows say, and within bounds; what there
 * is no memory for is not there. */
void autoconf_on_advert(struct net *net, struct netif *n, const uint8_t *at, size_t bytes,
			const struct ipaddr *router);
/* The link-local address of an interface, made from its link address. */
void autoconf_link_local(struct net *net, struct netif *n);
/* An autoconfigured address turned out to be taken: another one (RFC 7217 §6). */
void autoconf_on_conflict(struct net *net, struct addr *a);
/* A neighbour is no router any more (RFC 4861 §7.2.5). */
void autoconf_forget_router(struct net *net, const struct netif *n, const struct ipaddr *router);

/* lifetime.c: addresses and routes that end by themselves */

/* An address or a route has come, gone or got another end: the timer is armed for whichever ends
 * next. */
void lifetime_refresh(struct net *net);
/* Of net.lifetimes: takes away what has ended. */
void lifetime_on_timer(struct timer *t);

/* radv.c: routers' advertisements */

/* Begins or ends to advertise, as the knobs say now. */
void radv_refresh(struct net *net, struct netif *n);
/* The link is down: no more, and no last one either. */
void radv_stop(struct net *net, struct netif *n);
/* Of if6.ra_timer. */
void radv_on_timer(struct timer *t);
/* A host has solicited: the next one comes soon. */
void radv_on_solicit(struct net *net, struct netif *n);

#endif
