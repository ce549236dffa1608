/* SPDX-License-Identifier: MIT */
/*
 * ICMP datagram sockets ("ping sockets", icmp(7)): echo requests out, their replies in, for
 * programs that may not have raw sockets.
 */
#ifndef TRANSPORT_PING_H
#define TRANSPORT_PING_H

#include "transport/proto.h"

/* SOCK_DGRAM of IPPROTO_ICMP (AF_INET) and of IPPROTO_ICMPV6 (AF_INET6). */
extern const struct proto ping4_proto;
extern const struct proto ping6_proto;

/* Frees what is the transport's; all socks are gone. */
void ping_fini(struct transport *tp);

#endif
