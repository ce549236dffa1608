/* SPDX-License-Identifier: MIT */
/*
 * Which sock a packet is for. Connected socks are found by both endpoints in a keyed hash table;
 * what matches none of them goes to the best of those bound to its local port (port.h keeps both).
 */
#ifndef TRANSPORT_DEMUX_H
#define TRANSPORT_DEMUX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/table.h"
#include "transport/proto.h"

struct env;
struct net;
struct portmap;
struct afpackets; /* transport/afpacket.c */
struct pings;	  /* transport/ping.c */
struct raws;	  /* transport/raw.c */
struct wait;	  /* an end in TIME-WAIT that has no sock any more: transport/port.h */

/* The protocols that have ports. */
enum space { SPACE_TCP, SPACE_UDP, SPACE_UDPLITE, SPACE_COUNT };

struct transport {
	struct env *env;
	struct net *net;
	struct {
		struct table tuples; /* struct sock, by tuple_node */
		struct table ports;  /* struct port, by number */
		/* What demux_connected() found last, for packets through which interface; NULL
		 * once `tuples` has changed. */
		struct sock *last;
		unsigned last_ifindex;
		struct portmap *map; /* the same as bits; NULL until one had to be chosen */
	} space[SPACE_COUNT];
	struct table waits; /* struct wait, TCP's */
	/* TCP's: a new connection wants the ends of `w`: true when it was given up (port_wait_end()
	 * was called). */
	bool (*wait_yield)(void *tcp, struct wait *w, const struct sock *to);
	struct list all;       /* every sock, oldest first, by all_link */
	struct list all_waits; /* struct wait, oldest first, by all_link */
	/* What transport_next() and transport_next_wait() returned last, while it lives. */
	struct sock *walked;
	struct wait *walked_wait;
	uint64_t cookie; /* SO_NETNS_COOKIE; 0: not asked for yet */
	uint64_t last_id;
	uint32_t count;		/* socks in `all` */
	uint16_t port_next[16]; /* RFC 6056 §3.3.4: the increments, by a hash of the peer */
	/* Registered by the socket layer; see sock_notify(). */
	void (*notify)(void *ctx, struct sock *s, unsigned events);
	/* Whose a sock is, for sock_diag; it has a descriptor. NULL: nobody knows. */
	void (*owner)(void *ctx, const struct sock *s, struct berth_sock_owner *out);
	void *notify_ctx;	     /* of both */
	struct raws *raws;	     /* raw.c's; NULL: there was no raw socket yet */
	struct afpackets *afpackets; /* the same of afpacket.c */
	struct pings *pings;	     /* the same of ping.c */
	void *tcp;		     /* TCP's own context; TCP makes and frees it */
	void *netlink;		     /* AF_NETLINK's: netlink_init(), netlink_fini() */
	struct list blocked;	     /* struct dgram that wait for room at an interface */
};

/* A number that tells this host from others, the same each time (SO_NETNS_COOKIE). */
uint64_t transport_cookie(struct transport *tp);

/* NULL: no memory. */
struct transport *transport_new(struct env *env, struct net *net);
/* All socks are gone. NULL is fine. */
void transport_free(struct transport *tp);

/* A packet's two ends, seen from this host. */
struct flow {
	struct ipaddr local, remote;
	uint16_t local_port, remote_port;
	unsigned ifindex; /* it came in through */
	bool hashed;	  /* `hash` is flow_hash() of the ends, which do not change */
	uint32_t hash;
	/* The packet itself, and where its payload begins, for SO_ATTACH_REUSEPORT_CBPF. NULL: it
	 * is not there. */
	const struct berth_packet *packet;
	uint32_t payload_at;
};

static inline struct flow flow_of(const struct ip_info *info, uint16_t src_port, uint16_t dst_port)
{
	return (struct flow){.local = info->dst,
			     .remote = info->src,
			     .local_port = dst_port,
			     .remote_port = src_port,
			     .ifindex = info->ifindex};
}

/* The sock connected with exactly these ends, TIME-WAIT included, or NULL. If the hash had to be
 * computed, it is kept in `f`. */
struct sock *demux_connected(struct transport *tp, enum space space, struct flow *f);

/*
 * The best of those bound to the local port (TCP: of the listeners) or NULL. As Linux scores: an
 * address of its own beats the wildcard, SO_BINDTODEVICE beats none; among equals with SO_REUSEPORT
 * a filter of theirs or a hash of the flow chooses.
 */
struct sock *demux_bound(const struct transport *tp, enum space space, const struct flow *f);

/* demux_connected(), else demux_bound(). */
struct sock *demux_find(struct transport *tp, enum space space, struct flow *f);

/* Calls `fn` for every sock that a broadcast or multicast packet is for. It must not free one. */
void demux_each(const struct transport *tp, enum space space, const struct flow *f,
		void (*fn)(void *ctx, struct sock *s), void *ctx);

/* The end in TIME-WAIT with exactly these ends, or NULL. */
struct wait *demux_wait(const struct transport *tp, const struct flow *f);

/* The hash of a flow under the stack's key. */
uint32_t flow_hash(const struct transport *tp, const struct flow *f);
/* Keeps it in `f`, for a flow that is looked up in more than one table. */
static inline void flow_keep_hash(const struct transport *tp, struct flow *f)
{
	f->hash = flow_hash(tp, f);
	f->hashed = true;
}

/* The sock after `id` in order of creation; id 0: the first. NULL: none. */
struct sock *transport_next(struct transport *tp, uint64_t id);
struct wait *transport_next_wait(struct transport *tp, uint64_t id);

#endif
