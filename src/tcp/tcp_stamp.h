/* SPDX-License-Identifier: MIT */
/*
 * SO_TIMESTAMPING on streams: when the last byte of a call was sent and acknowledged, and when
 * bytes that are read arrived. See tcp_stamp.c.
 */
#ifndef TCP_TCP_STAMP_H
#define TCP_TCP_STAMP_H

#include "tcp/tcp.h"

struct ip_send;

/* What SOF_TIMESTAMPING_OPT_ID numbers bytes from: the next one to be queued, or the first that is
 * not acknowledged. */
uint32_t tcp_stamp_base(const struct sock *s, bool next);

/* The last byte that was queued ends a call: its times may be wanted, by the socket or by control
 * data (`given`: SOF_TIMESTAMPING_*, or -1). Without memory they are not told. */
void tcp_stamp_call(struct tcp *t, int64_t given);
/* Whether any mark waits, so that the two below have something to do. */
static inline bool tcp_stamp_waits(const struct tcp *t)
{
	return t->sock.extra && t->sock.extra->stamps;
}
/* A packet with the bytes [seq, seq + bytes) is about to leave, its TCP header in front. */
void tcp_stamp_sent(struct tcp *t, uint32_t seq, uint32_t bytes, const struct berth_packet *p,
		    const struct ip_send *how);
/* snd_una has moved. */
void tcp_stamp_acked(struct tcp *t);

/* Bytes have been appended to the receive queue; called only if somebody asked for times. */
void tcp_stamp_arrived(struct tcp *t);
static inline bool tcp_stamp_wanted(const struct sock_options *o)
{
	return o->timestamp || o->timestampns || o->tsflags;
}
/* When the byte before stream position `end` arrived. */
berth_time tcp_stamp_arrival(const struct tcp *t, uint64_t end);

/* A new connection begins: old marks mean nothing. */
void tcp_stamp_forget(struct tcp *t);

#endif
