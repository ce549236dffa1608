/* SPDX-License-Identifier: MIT */
/* TCP Fast Open, at the end that connects: see tcp_fastopen.c. */
#ifndef TCP_FASTOPEN_H
#define TCP_FASTOPEN_H

#include "tcp/tcp_input.h"

/* Bits of net.ipv4.tcp_fastopen. */
#define FAST_CLIENT 0x1
#define FAST_SERVER 0x2
#define FAST_CLIENT_NO_COOKIE 0x4
#define FAST_SERVER_NO_COOKIE 0x200
#define FAST_SERVER_ALL 0x400 /* every listener, without TCP_FASTOPEN */

/* Its part of a connection; NULL: it has nothing to do with it. */
static inline struct tcp_fast *tcp_fast_of(const struct tcp *t)
{
	return t->rare && t->rare->fast.involved ? &t->rare->fast : NULL;
}

/* It was opened by a SYN that the handshake has not confirmed: it may send and receive already. */
static inline bool tcp_fast_early(const struct tcp *t)
{
	return t->state == TCP_SYN_RECV && t->rare && t->rare->fast.passive;
}

/* connect() has returned, and the SYN waits for the first data (TCP_FASTOPEN_CONNECT). */
static inline bool tcp_fast_waits(const struct tcp *t)
{
	return t->state == TCP_SYN_SENT && t->rare && t->rare->fast.waits;
}

/* Data has left with the SYN, or is to, that the peer has not had. */
bool tcp_fast_under_way(const struct tcp *t);

/* Decides what the SYN of a new connection will carry. Returns the bytes of data there is room for;
 * 0: none is to go with it. */
uint32_t tcp_fast_begin(struct tcp *t);
/* A SYN is about to leave: its option, and its data. */
void tcp_fast_fill_syn(struct tcp *t, struct berth_packet *p, struct tcp_header *h);
/* The highest number that an answer to the SYN may acknowledge. */
uint32_t tcp_fast_syn_end(const struct tcp *t);
/* The SYN was answered, and is acknowledged: what of its data was. */
void tcp_fast_answered(struct tcp *t, const struct tcp_in *in);
/* A retransmission timeout, before it is counted; `last`: the connection is given up. */
void tcp_fast_on_timeout(struct tcp *t, bool last);

#endif
