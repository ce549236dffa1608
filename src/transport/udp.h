/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768): the protocol behind SOCK_DGRAM.
 */
#ifndef TRANSPORT_UDP_H
#define TRANSPORT_UDP_H

#include "transport/proto.h"

extern const struct proto udp_proto;

/* Registers UDP with tp->net. */
void udp_init(struct transport *tp);

#endif
