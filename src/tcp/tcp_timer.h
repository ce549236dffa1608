/* SPDX-License-Identifier: MIT */
/* Timers and the round-trip time: see tcp_timer.c. */
#ifndef TCP_TIMER_H
#define TCP_TIMER_H

#include "tcp/tcp.h"

/* None of the three is due; the RTO is the first one (RFC 6298 §2). */
void tcp_timers_init(struct tcp *t);
/* Disarms all three for good. */
void tcp_timers_stop(struct tcp *t);

/* The timer goes off no later than `at`. */
void tcp_timer_by(struct tcp *t, berth_time at);
/* The retransmission timer stands for `what` from now on, due `at`. */
void tcp_wait(struct tcp *t, enum tcp_wait what, berth_time at);
void tcp_wait_nothing(struct tcp *t);
/* After output: waits for what must be waited for. */
void tcp_arm_after_output(struct tcp *t, bool sent_new);
/* New data was acknowledged: the timer starts anew (RFC 6298 §5.3). */
void tcp_rearm(struct tcp *t);

/* An ACK is due at `at` at the latest. */
void tcp_delay_ack(struct tcp *t, berth_time at);
/* An orphan in FIN_WAIT2 ends then. */
void tcp_slow_at(struct tcp *t, berth_time at);
/* (Re)computes when a keepalive probe is due. */
void tcp_slow_update(struct tcp *t);

/* A round-trip time was measured (RFC 6298 §2). */
void tcp_rtt_sample(struct tcp *t, berth_time rtt);
/* The RTO with its present backoff. */
berth_time tcp_rto(const struct tcp *t);
/* How long `count` retransmissions take from the first on, as Linux counts. */
berth_time tcp_retry_span(berth_time rto, unsigned count);

#endif
