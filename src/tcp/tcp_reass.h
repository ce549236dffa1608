/* SPDX-License-Identifier: MIT */
/* Data out of order, and the SACK blocks that tell of it: see tcp_reass.c. */
#ifndef TCP_REASS_H
#define TCP_REASS_H

#include "tcp/tcp.h"

/* Keeps the payload [seq, end) of `p` (its whole payload, lent) for later; seq is beyond rcv_nxt.
 * What is there already stays. */
void tcp_reass_add(struct tcp *t, const struct berth_packet *p, uint32_t seq, uint32_t end);
/* A FIN at `seq`, beyond rcv_nxt. */
void tcp_reass_fin(struct tcp *t, uint32_t seq);
/* Moves what rcv_nxt has reached to the receive queue. Returns whether anything moved; *out_fin: a
 * FIN is next. */
bool tcp_reass_pull(struct tcp *t, bool *out_fin);
/* Nothing is waiting, and there is no memory for it. */
void tcp_reass_init(struct tcp *t);
void tcp_reass_free(struct tcp *t);
/* Gives the memory back if nothing is waiting and nothing is to be reported. */
void tcp_reass_settle(struct tcp *t);
void tcp_reass_check(const struct tcp *t);

static inline bool tcp_reass_empty(const struct tcp *t)
{
	return t->reass->count == 0;
}

/* [seq, end) came a second time: the next ACK says so (RFC 2883). */
void tcp_report_duplicate(struct tcp *t, uint32_t seq, uint32_t end);

#endif
