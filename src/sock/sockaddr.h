/* SPDX-License-Identifier: MIT */
/*
 * sockaddr <-> endpoint. IPv4 sockets take and give sockaddr_in; sockaddr_in6, with
 * IPv4-mapped addresses as RFC 3493 §3.7 has them, is for listings and IPv6 sockets.
 */
#ifndef SOCK_SOCKADDR_H
#define SOCK_SOCKADDR_H

#include <sys/socket.h>

#include "wire/ipaddr.h"

/* What an IPv6 address has to have at least: all but the scope (RFC 2133's form). */
#define SOCKADDR_IN6_MIN 24u

/* Either family; port and scope come along. -EINVAL: too short; -EAFNOSUPPORT. */
int sockaddr_parse(const struct sockaddr *addr, socklen_t len, struct endpoint *out);

/* The flow information of a sockaddr_in6, host order: class and label. */
uint32_t sockaddr_flow(const struct sockaddr *addr);

/* The endpoint as a socket of `family` shows it; returns the length. */
socklen_t sockaddr_fill(int family, const struct endpoint *e, struct sockaddr_storage *out);

/* The same for an address of whichever family it is of (listings). */
socklen_t sockaddr_of_endpoint(const struct endpoint *e, struct sockaddr_storage *out);

/* Gives `len` bytes of `from` to a program: as many as *out_len says fit, and *out_len becomes
 * `len`. `out` NULL: nothing. -EINVAL: negative; -EFAULT: no out_len. */
int sockaddr_give(const struct sockaddr_storage *from, socklen_t len, struct sockaddr *out,
		  socklen_t *out_len);

#endif
