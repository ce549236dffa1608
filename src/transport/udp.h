/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768): the protocol behind SOCK_DGRAM.
 */
#ifndef TRANSPORT_UDP_H
#define TRANSPORT_UDP_H

#include "transport/dgram.h"
#include "transport/option.h"
#include "transport/proto.h"

struct udp {
	struct dgram d;
	struct berth_packet *corked; /* the payload so far */
	struct dgram_target *corked_to;
	bool cork; /* UDP_CORK */
};

static inline struct udp *udp_of(struct sock *s)
{
	return container_of(dgram_of(s), struct udp, d);
}

extern const struct proto udp_proto;
extern const struct opt_level udp_options; /* IPPROTO_UDP: udp_opt.c */

/* Sends the datagram that UDP_CORK or MSG_MORE held back, if there is one. 0 or what sending
 * answers. */
int udp_flush_corked(struct udp *u);

/* Registers UDP with tp->net. */
void udp_init(struct transport *tp);

#endif
