/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets: frames as interfaces carry them (packet(7)). Named afpacket as packets are
 * everywhere.
 */
#ifndef TRANSPORT_AFPACKET_H
#define TRANSPORT_AFPACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "link/links.h"
#include "transport/dgram.h"

/* One membership (PACKET_ADD_MEMBERSHIP), which changes nothing: an interface of ours takes every
 * frame that reaches it, as a promiscuous one does. */
struct afpacket_member {
	struct afpacket_member *next;
	unsigned ifindex;
	uint16_t type, addr_bytes;
	uint8_t addr[6];
	uint32_t count;
};

struct afpacket {
	struct dgram d; /* its own queue stays empty; what is held, and waiting for room, is its */
	struct packet_queue frames;
	struct list link;     /* in afpackets.seeing, while it sees frames */
	uint16_t ethertype;   /* ETH_P_*; 0: none, it sees nothing */
	unsigned ifindex;     /* 0: all */
	bool gone;	      /* the interface that it was bound to */
	uint32_t taken, lost; /* since PACKET_STATISTICS was last asked */
	struct afpacket_member *members;
	bool auxdata, origdev, ignore_outgoing;
	bool loss, tx_has_off, qdisc_bypass; /* kept */
	int copy_thresh, timestamp;	     /* kept */
	uint32_t last_bytes, last_kept; /* of the frame read last: all of it, what a filter left */
};

static inline struct afpacket *afpacket_of(struct sock *s)
{
	return container_of(dgram_of(s), struct afpacket, d);
}

extern const struct proto afpacket_raw_proto;
extern const struct proto afpacket_dgram_proto;

/* SOL_PACKET */
extern const struct opt_level afpacket_options;

/* See struct afpacket_member. -ENODEV, -EINVAL, -ENOBUFS: too many. */
struct packet_mreq;
int afpacket_join(struct afpacket *a, const struct packet_mreq *mr);
int afpacket_leave(struct afpacket *a, const struct packet_mreq *mr);

/* An interface went down or away. */
void afpacket_on_link(struct transport *tp, const struct netif *n, enum link_change change);
/* Frees what is the transport's; all socks are gone. */
void afpacket_fini(struct transport *tp);

#endif
