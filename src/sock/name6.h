/* SPDX-License-Identifier: MIT */
/*
 * The addresses that a program gives to an IPv6 socket: which are allowed where, what scope they
 * have, and which of them are IPv4 (RFC 3493 §3.7, RFC 4007).
 */
#ifndef SOCK_NAME6_H
#define SOCK_NAME6_H

#include <sys/socket.h>

#include "sock/socket.h"

/* bind(2). A link-local address ties the socket to its interface, one that is IPv6 alone makes the
 * socket so. -EINVAL, -EAFNOSUPPORT, -EADDRNOTAVAIL, -ENODEV, -EADDRINUSE ... */
int name6_bind(struct socket *so, const struct sockaddr *addr, socklen_t len);

/* The peer that connect(2) is given, for a stream or a datagram socket. -EINVAL, -EAFNOSUPPORT,
 * -ENETUNREACH: IPv4, and the socket is not for it. */
int name6_remote(struct socket *so, const struct sockaddr *addr, socklen_t len,
		 struct endpoint *out);

/* What connect() says of the flow, for who set IPV6_FLOWINFO_SEND. -ENOMEM. */
int name6_take_flow(struct sock *s, const struct sockaddr *addr);

/* The destination that a datagram is given; m->has_addr stays false for AF_UNSPEC. Errors as
 * above. */
int name6_dst(const struct socket *so, const struct sockaddr *addr, socklen_t len,
	      struct proto_msg *m);

#endif
