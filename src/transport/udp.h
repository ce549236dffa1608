/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768), the protocol behind SOCK_DGRAM, and UDP-Lite (RFC 3828).
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
	uint16_t segment_bytes; /* UDP_SEGMENT; 0: whole */
	/* UDP-Lite: bytes that the checksum of what is sent covers, and of what is received has to
	 * cover, when the program limits either; 0: all. */
	uint16_t send_coverage, recv_coverage;
	bool limits_send, limits_recv;
	bool cork; /* UDP_CORK */
	bool gro;  /* UDP_GRO */
	bool no_check6_tx, no_check6_rx;
};

static inline struct udp *udp_of(struct sock *s)
{
	return container_of(dgram_of(s), struct udp, d);
}

static inline const struct udp *udp_of_const(const struct sock *s)
{
	return (const struct udp *)(const void *)s;
}

extern const struct proto udp_proto, udplite_proto;
extern const struct opt_level udp_options;     /* IPPROTO_UDP: udp_opt.c */
extern const struct opt_level udplite_options; /* IPPROTO_UDPLITE */

/* Sends the datagram that UDP_CORK or MSG_MORE held back, if there is one. 0 or what sending
 * answers. */
int udp_flush_corked(struct udp *u);

/* Registers both with tp->net: udp_in.c. */
void udp_init(struct transport *tp);

#endif
