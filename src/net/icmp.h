/* SPDX-License-Identifier: MIT */
/*
 * What ICMP does alike for both versions of IP: quoting packets, and finding whom messages concern.
 */
#ifndef NET_ICMP_H
#define NET_ICMP_H

#include "net/net.h"

/* Copies a packet from its IP header on, which may already have been taken off, as far as `bytes`
 * bytes hold it. Returns how many there are. */
size_t icmp_quote(const struct berth_packet *p, uint8_t *buf, size_t bytes);

/* Lets the protocol's handler, the ping sockets, have a copy of a valid message. */
void icmp_tell_listener(struct net *net, uint8_t protocol, const struct berth_packet *p,
			const struct ip_info *info);

/* Who says that the packet of an error concerns one of its sockets. */
struct icmp_listeners {
	const struct ip_protocol *protocol; /* NULL: none */
	bool raw;
};

/* Who they are, of its protocol and of raw sockets. Nobody: no packet of ours is known to which the
 * error fits, and what it says of the path is not believed (RFC 5927). */
struct icmp_listeners icmp_listeners(const struct net *net, const struct ip_error *e);
/* Tells them, raw sockets first. */
void icmp_tell(const struct net *net, const struct icmp_listeners *to, const struct ip_error *e);

static inline bool icmp_heard(const struct icmp_listeners *to)
{
	return to->protocol || to->raw;
}

#endif
