/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets: IP packets of one protocol, whichever it is (raw(7), RFC 3542 §3).
 */
#ifndef TRANSPORT_RAW_H
#define TRANSPORT_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/proto.h"

/* SOCK_RAW of AF_INET and AF_INET6. */
extern const struct proto raw_proto;

/* Frees what is the transport's; all socks are gone. */
void raw_fini(struct transport *tp);

/* One bit for each type of ICMPv6; of ICMP only the first 32 are used. A bit set: it is blocked. */
struct raw_filter {
	uint32_t blocked[8];
};

/*
 * ICMP_FILTER (4 bytes) and ICMP6_FILTER (32): the first `bytes` bytes of the filter, as programs
 * have it. -EOPNOTSUPP: the socket is not of that protocol.
 */
int raw_set_filter(struct sock *s, uint8_t protocol, const void *value, size_t bytes);
int raw_get_filter(const struct sock *s, uint8_t protocol, void *out, size_t *bytes);

/* IPV6_CHECKSUM: where a checksum is made and verified; -1: nowhere. -EINVAL: odd. */
int raw_set_checksum(struct sock *s, int offset);
int raw_get_checksum(const struct sock *s);
/* raw_opt.c */
extern const struct opt_level raw_options;	 /* SOL_RAW */
extern const struct opt_level raw_icmp6_options; /* IPPROTO_ICMPV6 */
extern const struct opt_level raw_ip6_options;	 /* IPPROTO_IPV6, of which these are raw sockets' */

#endif
