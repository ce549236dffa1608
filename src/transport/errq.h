/* SPDX-License-Identifier: MIT */
/*
 * A socket's error queue, which MSG_ERRQUEUE reads: errors with the datagram that they are about
 * (IP_RECVERR, IPV6_RECVERR), and the times when packets were sent (SO_TIMESTAMPING). Any
 * protocol's socks may have one; it is part of struct sock_extra.
 */
#ifndef TRANSPORT_ERRQ_H
#define TRANSPORT_ERRQ_H

#include <stdbool.h>
#include <stddef.h>

#include "transport/proto.h"

/* Appends an entry: `dst` is where the datagram went to, `data` what is left of it (copied),
 * `time` a timestamp's. Bounded; what is too much is lost. False: so was this one. */
bool errq_add(struct sock *s, const struct sock_error *error, const struct endpoint *dst,
	      berth_time time, const void *data, size_t bytes);

/* The same for an ICMP error about a packet to `port`, whose payload begins `payload_at` bytes into
 * its transport header. */
void errq_add_icmp(struct sock *s, const struct ip_error *e, uint16_t port, size_t payload_at);

/* One call with MSG_ZEROCOPY is through: the program's memory is its own again. */
void errq_tell_zerocopy(struct sock *s);

/* Whether something is there to be read. */
static inline bool errq_pending(const struct sock *s)
{
	return s->extra && s->extra->errors_count > 0;
}

/* recvmsg() with MSG_ERRQUEUE. -EAGAIN: nothing there. */
ssize_t errq_recv(struct sock *s, struct proto_msg *m);

/* All go: the option that asks for errors was cleared. */
void errq_clear(struct sock *s);

#endif
