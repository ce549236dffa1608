/* SPDX-License-Identifier: MIT */
/* What a segment acknowledges: see tcp_ack.c. */
#ifndef TCP_ACK_H
#define TCP_ACK_H

#include "tcp/tcp_input.h"

/* The ACK field of a segment whose sequence number was acceptable (RFC 9293 §3.10.7.4, fifth).
 * False: drop the rest. */
bool tcp_ack_input(struct tcp *t, const struct tcp_in *in);

/* The same when only new data is acknowledged, nothing is wrong and the window has not changed. */
void tcp_ack_fast(struct tcp *t, const struct tcp_in *in);

#endif
