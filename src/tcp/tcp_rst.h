/* SPDX-License-Identifier: MIT */
/* Resets and challenge ACKs: see tcp_rst.c. */
#ifndef TCP_RST_H
#define TCP_RST_H

#include "tcp/tcp_input.h"

/* Answers a segment that belongs to no connection (RFC 9293 §3.10.7.1). */
void tcp_rst_answer(struct tcp_stack *ts, const struct tcp_in *in);
/* Resets our own connection. */
void tcp_rst_send(struct tcp *t);
/* An ACK to a segment that cannot be right, if the limits allow (RFC 5961 §7). */
void tcp_challenge(struct tcp *t);
/* The stack-wide part of that limit, for those who have no struct tcp. */
bool tcp_challenge_allowed(struct tcp_stack *ts);
/* Whether an answer to something out of the window may be sent (Linux: one in 500 ms for each
 * connection). */
bool tcp_answer_allowed(struct tcp *t);

/* A segment without payload that no connection keeps account of. */
struct tcp_lone {
	struct ipaddr src, dst;
	const struct ip_path *path; /* NULL: to be found */
	const struct sock *as;	    /* whose options it obeys; NULL: the host's, and `tos` */
	uint8_t tos;
	unsigned ifindex;    /* of the path to be found; 0: any */
	struct tcp_header h; /* complete but for the checksum */
};
void tcp_send_lone(struct tcp_stack *ts, const struct tcp_lone *lone);

#endif
