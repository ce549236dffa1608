/* SPDX-License-Identifier: MIT */
/*
 * What the files of net/ share, and nobody else sees.
 */
#ifndef NET_CONTEXT_H
#define NET_CONTEXT_H

#include "base/env.h"
#include "base/list.h"
#include "base/table.h"
#include "link/links.h"
#include "link/neigh.h"
#include "net/context6.h"
#include "net/if6.h"
#include "net/net.h"
#include "wire/ip4_header.h"
#include "wire/ip6_header.h"

struct paths;	/* path.c */
struct frags;	/* frag.c */
struct limiter; /* icmp_limit.c */
struct flows6;	/* ip6_in.c */
struct flows;	/* ip4_in.c */

#define NET_HANDLERS_MAX 15u
#define NET_ID_SLOTS 1024u /* a power of two */

struct net {
	struct env *env;
	struct links *links;
	struct neighs *neighs;
	struct link_listener listener;
	struct list listeners;				   /* struct net_listener.link */
	uint64_t generation;				   /* >= 1; of all answers given so far */
	struct ip_protocol handlers[NET_HANDLERS_MAX + 1]; /* [0]: nobody */
	uint8_t handler_of[256];			   /* by protocol number */
	unsigned handler_count;
	struct ip_raw raw; /* functions NULL: nobody */

	struct list addrs;	      /* struct addr.link */
	struct table addr_table;      /* by address */
	struct table broadcast_table; /* by subnet broadcast */

	struct list routes;	       /* struct route.link */
	struct table route_table;      /* by masked destination and length */
	uint64_t route_order;	       /* of the newest route */
	uint32_t route_counts[2][129]; /* how many of each length; [0]: IPv4 */

	struct list groups;	  /* struct group.link: group.h */
	struct table group_table; /* the same, by interface and address */
	struct list group_ifs;	  /* struct group_if.link */
	struct table pmtus;	  /* pmtu.c */
	struct list pmtu_list;	  /* oldest first */
	struct paths *paths;
	struct frags *frags;
	struct limiter *limiter;
	struct flows *flows;
	struct flows6 *flows6;
	struct if6_conf conf6_all, conf6_default;
	struct timer lifetimes; /* the next address or route to end, or be deprecated: lifetime.c */
	uint16_t ids[NET_ID_SLOTS]; /* next IPv4 identification, by a path's flow_hash */
};

/* Whatever paths and caches know may be wrong now. */
void net_changed(struct net *net);

/* Tell the listeners that something came, changed or (`gone`) is about to go. */
void net_tell_addr(const struct net *net, const struct addr *a, bool gone);
void net_tell_route(const struct net *net, const struct route *r, bool gone);

static inline const struct ip_protocol *net_handler(const struct net *net, uint8_t protocol)
{
	const struct ip_protocol *h = &net->handlers[net->handler_of[protocol]];

	return h->input ? h : NULL;
}

/* Lets raw sockets hear of a packet for this host; true: one is there for its protocol. */
static inline bool net_tell_raw(const struct net *net, const struct berth_packet *p,
				const struct ip_info *info)
{
	return net->raw.input && net->raw.input(net->raw.ctx, p, info);
}

/* Drops a packet, consumed (or NULL), and counts why. */
static inline void net_refuse(struct net *net, struct berth_packet *p, enum drop reason)
{
	drop(net->env, reason);
	packet_free(p);
}

/* The longest prefix of the address's family. */
static inline unsigned net_prefix_max(const struct ipaddr *a)
{
	return ipaddr_is4(a) ? 32 : 128;
}

/* path.c */

/* The answers that ip_path_find() gave last. NULL: no memory. */
struct paths *paths_new(struct env *env);
void paths_free(struct paths *paths, struct env *env);

/* slice.c: what fragmentation of both versions does */

/* A packet with bytes [from, from + bytes) of what follows the first `header` bytes of `p`. NULL:
 * no memory. */
struct berth_packet *packet_slice(const struct berth_packet *p, size_t header, size_t from,
				  size_t bytes);
/* How many bytes the largest IP packet will have that becomes of `p` with `header` bytes in
 * front. */
static inline size_t packet_wire_bytes(const struct berth_packet *p, size_t header)
{
	if (p->gso_bytes && p->payload_bytes > p->gso_bytes)
		return header + p->head_len + p->gso_bytes;
	return header + packet_bytes(p);
}

/* ip4_out.c */

/* Sends a packet that starts with a complete IPv4 header, whose l3_off and l4_off are set, along a
 * path: whole, or in fragments if it is larger than `mtu` allows (UINT32_MAX: never; `h` may be
 * NULL then). Consumed; results as ip_output().
 */
int ip4_send(struct net *net, struct berth_packet *p, const struct ip_path *path,
	     const struct ip4_header *h, uint32_t mtu);

/* ip4_in.c */

/* What was found out for the packets received last. NULL: no memory. Freeing takes NULL. */
struct flows *flows_new(struct env *env);
void flows_free(struct flows *f, struct env *env);
/* A packet from an interface, from its IPv4 header on; consumed. A link_input_fn. */
void ip4_input(void *ctx, struct netif *n, struct berth_packet *p);

/* frag.c */

/* Datagrams of both versions that wait for their fragments. NULL: no memory. Freeing takes NULL. */
struct frags *frags_new(struct net *net);
void frags_free(struct frags *fs);
/* Takes a fragment, which starts with its header `h` (parsed), in. Returns the datagram once it is
 * whole, with a header that says so; else NULL. */
struct berth_packet *frag_input(struct frags *fs, struct berth_packet *p,
				const struct ip4_header *h);

/* Where in a packet a fragment header is: its offset, that of the field that says so, and what
 * follows it. */
struct frag6_place {
	size_t at, next_at;
	uint8_t next;
};
/* The same for IPv6: `p` starts with its IPv6 header `h`. What is returned has no fragment header
 * any more, and *place says where it was. */
struct berth_packet *frag6_input(struct frags *fs, struct berth_packet *p,
				 const struct ip6_header *h, struct frag6_place *place);

/* forward.c */

/* Sends a packet of another host, whose IPv4 header `h` it starts with, on its way; consumed.
 * `slot`: ip4_options_receive()'s. */
void ip4_forward(struct net *net, struct berth_packet *p, struct ip4_header *h,
		 const struct ip_path *path, uint8_t slot);
/* The same for IPv6. */
void ip6_forward(struct net *net, struct netif *in, struct berth_packet *p, struct ip6_header *h,
		 const struct ip_path *path);

/* arp.c */

/* A link_input_fn. */
void arp_input(void *ctx, struct netif *n, struct berth_packet *p);
/* Asks for the neighbour: neigh_ops.solicit for IPv4. */
void arp_solicit(struct net *net, struct neigh *n, bool unicast);
/* Tells the link that `a` is ours (RFC 5227 §2.3). */
void arp_announce(struct net *net, struct netif *n, const struct ipaddr *a);

/* icmp4.c */

/* An ICMP message for this host, delivered as to any protocol. */
void icmp4_input(struct net *net, struct berth_packet *p, const struct ip_info *info);
/* A packet of this host's own cannot be delivered: tells the socket as an ICMP error would. `p`
 * starts with its IPv4 header (l3_off); borrowed. */
void icmp4_error_local(struct net *net, const struct berth_packet *p, uint8_t type, uint8_t code);
/* icmp_error_send() about a packet whose header is parsed; `in` is where it came in. */
void icmp4_error_about(struct net *net, const struct berth_packet *p, const struct ip4_header *h,
		       uint8_t type, uint8_t code, uint32_t info);

/* icmp_limit.c */

/* What ICMP errors each peer was sent lately, in a table of fixed size. NULL: no memory. Freeing
 * takes NULL. */
struct limiter *limiter_new(struct env *env);
void limiter_free(struct limiter *l);
/* Whether another ICMP error may go to `peer` now; if so it is counted. */
bool limiter_allow(struct limiter *l, const struct ipaddr *peer, int32_t ratelimit_ms);

/* pmtu.c */

/* The path MTU that routers told of; `mtu` itself if none did, or it is larger. */
uint32_t pmtu_get(const struct net *net, const struct ipaddr *dst, uint32_t mtu, bool *out_locked);
/* A router says that packets to `dst` must not be larger; believed. Never raises it. `ifindex`: as
 * in ip_path_find(). */
void pmtu_update(struct net *net, const struct ipaddr *dst, uint32_t mtu, unsigned ifindex);
/* A router says that packets to `dst` better go through `gateway` of the link `n`. */
void pmtu_redirect(struct net *net, const struct ipaddr *dst, const struct ipaddr *gateway,
		   unsigned ifindex);
/* What it said; false: nothing. */
bool pmtu_gateway(const struct net *net, const struct ipaddr *dst, const struct netif *n,
		  struct ipaddr *out_gateway);
/* No redirection to a router that is gone. */
void pmtu_forget_gateway(struct net *net, const struct ipaddr *gateway);
void pmtu_fini(struct net *net);
/* The next smaller plateau below a packet of `bytes` bytes (RFC 1191 §7.1). */
uint32_t pmtu_plateau(uint32_t bytes);

/* path.c, addr.c, route.c, mcast.c: what is left of their parts at the end. */
void addr_fini(struct net *net);
void route_fini(struct net *net);
void mcast_fini(struct net *net);
/* -ENOMEM; mcast_fini() is due all the same. */
int mcast_init(struct net *net);

/* igmp.c: `input` of struct ip_protocol. */
void igmp_input(void *ctx, struct berth_packet *p, const struct ip_info *info);

#endif
