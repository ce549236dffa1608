/* SPDX-License-Identifier: MIT */
/*
 * What the network layer offers to those above it: paths, output, and the protocols that
 * register for input. IPv4 and IPv6 differ below this header only.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "pkt/packet.h"
#include "wire/ipaddr.h"

struct env;
struct links;
struct neigh;
struct neighs;
struct net; /* routes, addresses, reassembly, path MTUs, ICMP limits of one host */
struct netif;

/* A received packet's IP header, and what was found out about it. */
struct ip_info {
	struct ipaddr src, dst;
	uint8_t protocol;
	uint8_t ttl, tos;
	bool broadcast, multicast; /* the destination is one */
	/* It came in through; of an IPv6 packet to this host's own address, which lo carried, the
	 * interface that has the address. */
	unsigned ifindex;
	uint16_t fragment_bytes; /* of the largest fragment that it came in; 0: in one piece */
	uint8_t options_len;	 /* IPv4 options as received, for IP_RECVOPTS */
	uint8_t options[40];
	/* IPv6. `tos` is the traffic class, `ttl` the hop limit. */
	uint32_t flow_label; /* 20 bits */
	/* The extension headers between the IPv6 header and the transport header, as received:
	 * borrowed, until input() returns. Walk them with ip6_ext_next(). */
	uint8_t ext_first; /* protocol number of the first of them */
	uint16_t ext_bytes;
	const uint8_t *ext;
};

/* An ICMP error about a packet we sent. The upper layer finds its socket by src, dst and `l4`. */
struct ip_error {
	struct ipaddr src, dst; /* of the packet we sent */
	struct ipaddr offender; /* who sent the error */
	uint8_t protocol;
	uint8_t icmp_type, icmp_code;
	int error;    /* the errno Linux makes of it: ECONNREFUSED, EHOSTUNREACH, EMSGSIZE ... */
	bool hard;    /* Linux reports it at once even without IP_RECVERR (UDP) */
	uint32_t mtu; /* with EMSGSIZE: the path's new MTU */
	/* ICMPv6: the four bytes behind the checksum, which ee_info shows (MTU, pointer). */
	uint32_t info;
	uint32_t flow_label; /* of the packet we sent */
	unsigned ifindex;    /* the error came in through: the scope of a link-local address */
	const uint8_t *l4;   /* the first bytes of the transport header, at least 8 */
	size_t l4_bytes;
	size_t l3_bytes;	       /* of the IP header, which is before them */
	const struct ip_info *message; /* of the packet with it; NULL: this host's own */
};

/*
 * The network layer of one host. `links` is borrowed and must outlive it; what it hands up is taken
 * from here on. NULL: no memory.
 */
struct net *net_new(struct env *env, struct links *links);
/* Frees it with all that waits in it. Nobody may hold a path any more. NULL is fine. */
void net_free(struct net *net);

/* A protocol above IP. `p` starts at the transport header, its IP header still before it in head[]
 * (l3_off), and is consumed. Its bytes are as received: pull before parsing. */
struct ip_protocol {
	void (*input)(void *ctx, struct berth_packet *p, const struct ip_info *info);
	void (*error)(void *ctx, const struct ip_error *error);
	/* Whether a socket of this protocol sent the packet, as far as can be told (TCP: the
	 * sequence number is in flight): only then is a path MTU from the network believed. NULL:
	 * always. */
	bool (*concerns)(void *ctx, const struct ip_error *error);
	void *ctx;
};
/*
 * Registers the handler of a protocol (copied; input NULL: there is none any more). ICMP is handled
 * by net itself; a handler for it hears every valid ICMP message besides (ping sockets), each in a
 * packet of its own.
 */
void net_register(struct net *net, uint8_t protocol, const struct ip_protocol *handler);

/*
 * Who hears of packets of every protocol for this host, besides and before its handler: raw
 * sockets.
 */
struct ip_raw {
	/* `p`, borrowed, starts at the transport header, its IP header still before it in head[]
	 * (l3_off). True: somebody is there for its protocol, so that no error is to be sent. */
	bool (*input)(void *ctx, const struct berth_packet *p, const struct ip_info *info);
	void (*error)(void *ctx, const struct ip_error *error);
	/* See ip_protocol.concerns. */
	bool (*concerns)(void *ctx, const struct ip_error *error);
	void *ctx;
};
/* Copied; NULL: nobody any more, which costs nothing. */
void net_set_raw(struct net *net, const struct ip_raw *raw);

/*
 * A path: the answer to "how do packets get there from here", kept by a socket so that the steady
 * state looks nothing up. ip_path_check() refreshes it when routes, addresses or interfaces have
 * changed.
 */
struct ip_path {
	struct ipaddr src, dst, next_hop;
	struct netif *netif;
	struct neigh *neigh; /* cached; valid while generation is */
	uint64_t generation; /* 0: never found */
	uint32_t mtu;	     /* of the path, as known now (RFC 1191, RFC 8201) */
	uint32_t flow_hash;  /* keyed, of (src, dst): IPv4 identifications, IPv6 flow labels */
	bool mtu_locked;     /* smaller than we believe in: nothing is sent with DF */
	bool local;	     /* dst is this host */
	bool broadcast, multicast;
	bool gateway;	   /* next_hop is a router */
	uint8_t hop_limit; /* IPv6: what the link's routers advertise, or the host's default */
	uint16_t ifindex;  /* what was asked for; the scope of a link-local destination */
};

/*
 * Finds a path to `dst`. `src` any (of either family): choose (RFC 6724, Linux's choice for IPv4);
 * else it must be ours. `ifindex` 0: any; it is the scope of a link-local `dst`, which must have
 * one (-EINVAL). `dst` any means this host: path->dst says what became of it.
 * -ENETUNREACH, -EHOSTUNREACH, -EACCES (prohibited), -EINVAL (bad source, blackhole), -ENODEV.
 * *path untouched on failure.
 */
int ip_path_find(struct net *net, const struct ipaddr *dst, const struct ipaddr *src,
		 unsigned ifindex, struct ip_path *path);
/* Finds it again if the world has changed since; `ifindex` 0: as it was asked for. Errors as
 * above. */
int ip_path_check(struct net *net, struct ip_path *path, unsigned ifindex);

/* An IPv6 extension header to be sent, as RFC 3542 options give it: from its "next header" byte,
 * which is overwritten, on; `bytes` is a multiple of 8 and what its length byte says. */
struct ip6_ext {
	const uint8_t *at;
	uint16_t bytes; /* 0: none */
};

/* What fits besides all other headers; more is -EMSGSIZE. */
#define IP6_EXTS_BYTES_MAX 72u

/* In the order in which they are sent (RFC 8200 §4.1). A routing header is sent as it is: the path
 * leads to the first node that it names. */
struct ip6_exts {
	struct ip6_ext hop_by_hop;	 /* IPV6_HOPOPTS */
	struct ip6_ext dst_before_route; /* IPV6_RTHDRDSTOPTS; only with a routing header */
	struct ip6_ext route;		 /* IPV6_RTHDR */
	struct ip6_ext dst;		 /* IPV6_DSTOPTS */
};

/* How a packet is to be sent. */
struct ip_send {
	uint8_t protocol;
	uint8_t ttl;	 /* 0: the host's default (64; multicast: 1), unless ttl_zero */
	bool ttl_zero;	 /* indeed 0: nothing leaves this host */
	uint8_t tos;	 /* IPv6: the traffic class */
	bool df;	 /* do not fragment: -EMSGSIZE when it is too large */
	bool df_if_fits; /* set DF if it fits, else fragment (IP_PMTUDISC_WANT on datagrams) */
	bool probe; /* ignore the path's MTU, only the interface's counts (IP_PMTUDISC_PROBE) */
	bool no_mcast_loop;  /* no copy of a multicast for this host's own members */
	uint8_t options_len; /* IPv4 options to add (IP_OPTIONS) */
	const uint8_t *options;
	/* IPv6 */
	uint32_t flow_label;	     /* 0: one is chosen (RFC 6437), unless no_flow_label */
	bool no_flow_label;	     /* IPV6_AUTOFLOWLABEL 0 */
	uint32_t frag_bytes;	     /* IPV6_MTU: as if the path took no more; 0: what it takes */
	const struct ip6_exts *exts; /* NULL: none */
};

/*
 * Sends a packet whose first byte is the transport header; consumed. The transport checksum is
 * CSUM_PARTIAL (l4_off set and the field zero; net or the driver completes it when needed) or
 * complete. Fragments when larger than the path's MTU and !df; super-packets (gso_bytes) are passed
 * whole or cut, as the interface can. 0; -EMSGSIZE; -ENETUNREACH...; -ENOBUFS: the interface's
 * queue is full (the packet is dropped and counted).
 */
int ip_output(struct net *net, struct berth_packet *p, const struct ip_path *path,
	      const struct ip_send *send);

/*
 * Sends a packet that begins with an IP header of the program's own (IP_HDRINCL); consumed. Of
 * IPv4, length and checksum are filled in, and source and identification where they are zero. It is
 * never cut. Results as ip_output(); -EINVAL: shorter than its header.
 */
int ip_output_given(struct net *net, struct berth_packet *p, const struct ip_path *path);

/* Whether the address is one of this host's (any interface), a broadcast of its subnets, or the
 * like. */
enum ip_kind { IP_KIND_OTHER, IP_KIND_LOCAL, IP_KIND_BROADCAST, IP_KIND_MULTICAST };
enum ip_kind ip_kind_of(const struct net *net, const struct ipaddr *a);

/* Sends ICMP port unreachable (or another error) about a packet that came in; borrows `p`, which
 * starts at the transport header, its IP header still before it in head[]. Rate-limited, never
 * about errors, broadcasts or fragments. `type` and `code` are ICMP's for IPv4; about a packet of
 * IPv6 the one that means the same is sent. */
void icmp_error_send(struct net *net, const struct berth_packet *p, const struct ip_info *info,
		     uint8_t type, uint8_t code, uint32_t mtu);

/* A transport saw forward progress with this peer (RFC 4861 §7.3.1): its neighbour entry stays
 * reachable. */
void ip_path_confirm(struct net *net, struct ip_path *path);

struct addr;  /* net/addr.h */
struct route; /* net/route.h */

/* One who wants to know what becomes of the host's addresses, routes and neighbours: told after
 * something came or changed, and while what goes is still there. Any function may be NULL; none may
 * change anything. */
struct net_listener {
	struct list link; /* net's */
	void *ctx;
	void (*on_addr)(void *ctx, const struct addr *a, bool gone);
	void (*on_route)(void *ctx, const struct route *r, bool gone);
	void (*on_neigh)(void *ctx, const struct neigh *n, bool gone);
};
/* The caller owns the listener, and takes it off with list_del() before it dies. */
void net_tell_to(struct net *net, struct net_listener *listener);

/* The interfaces that net_new() was given. */
struct links *net_links(const struct net *net);
/* Neighbour entries, for listings. */
struct neighs *net_neighs(const struct net *net);

#endif
