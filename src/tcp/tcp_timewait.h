/* SPDX-License-Identifier: MIT */
/* Ends in TIME-WAIT: see tcp_timewait.c. */
#ifndef TCP_TIMEWAIT_H
#define TCP_TIMEWAIT_H

#include "tcp/tcp_input.h"

struct wait;

/* No end is in TIME-WAIT; and all are forgotten, as the stack goes. */
void tcp_timewait_init(struct tcp_stack *ts);
void tcp_timewait_clear(struct tcp_stack *ts);

/* `t`, in TIME_WAIT, leaves its ends to a struct tcp_timewait and is CLOSED. */
void tcp_timewait_enter(struct tcp *t);
/* A segment for an end in TIME-WAIT. False: there is none with these ends, or it has just made room
 * for a new connection. */
bool tcp_timewait_input(struct tcp_stack *ts, const struct flow *f, struct tcp_in *in);
/* transport->wait_yield: `to` is about to connect with the same ends. */
bool tcp_timewait_yield(void *ctx, struct wait *w, const struct sock *to);

#endif
