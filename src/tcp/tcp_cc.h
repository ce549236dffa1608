/* SPDX-License-Identifier: MIT */
/* Congestion control: the state machine around the algorithms. See tcp_cc.c. */
#ifndef TCP_CC_H
#define TCP_CC_H

#include "tcp/tcp.h"

extern const struct tcp_cc tcp_newreno;
extern const struct tcp_cc tcp_cubic;

/* The algorithm of that name, or NULL; `number` is the host's knob. */
const struct tcp_cc *tcp_cc_find(const char *name, size_t bytes);
const struct tcp_cc *tcp_cc_numbered(int number);

/* Congestion state of a new connection (its MSS is known), RFC 6928. */
void tcp_cc_init(struct tcp *t);
uint32_t tcp_cwnd_init(const struct tcp *t);

/* All that an acceptable ACK means for loss recovery and the window; before new data is sent. */
void tcp_cc_on_ack(struct tcp *t, struct tcp_acked *a);
/* Loss was found by the reordering timer: recovery begins or goes on. */
void tcp_cc_on_loss_found(struct tcp *t);
/* The retransmission timer expired: all is lost, slow start. */
void tcp_cc_on_timeout(struct tcp *t);
/* The window is reduced without anything to retransmit. */
void tcp_cc_enter_cwr(struct tcp *t);

/* Slow start by `acked` bytes as far as ssthresh; returns the bytes left over. */
uint32_t tcp_slow_start(struct tcp *t, uint32_t acked);
/* Congestion avoidance: one MSS for each `per` bytes acknowledged (RFC 5681 §3.1). */
void tcp_grow(struct tcp *t, uint32_t per, uint32_t acked);

#endif
