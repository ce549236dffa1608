/* SPDX-License-Identifier: MIT */
/* The life of a control block: see tcp_pcb.c. */
#ifndef TCP_PCB_H
#define TCP_PCB_H

#include "tcp/tcp.h"

static inline struct tcp_stack *tcp_stack_of(const struct sock *s)
{
	return s->tp->tcp;
}

/* proto.init: a closed control block. -ENOMEM. */
int tcp_pcb_init(struct sock *s);

/* A set of states has the bit of each. */
#define TCP_BIT(state) (1u << (state))

static inline bool tcp_is_in(const struct tcp *t, unsigned states)
{
	return (TCP_BIT(t->state) & states) != 0;
}

/* Where ABORT sends a reset (RFC 9293 §3.10.5). */
static inline bool tcp_peer_hears_abort(const struct tcp *t)
{
	return tcp_is_in(t, TCP_BIT(TCP_SYN_RECV) | TCP_BIT(TCP_ESTABLISHED) |
				    TCP_BIT(TCP_FIN_WAIT1) | TCP_BIT(TCP_FIN_WAIT2) |
				    TCP_BIT(TCP_CLOSE_WAIT));
}

/* The pending error (negative errno, 0: none), once. */
static inline int tcp_take_error(struct tcp *t)
{
	int error = t->sock.error;

	t->sock.error = 0;
	return -error;
}

/* Moves along an edge of the drawing in tcp.h; ASSERTs that there is one. */
void tcp_set_state(struct tcp *t, uint8_t state);

/*
 * The connection is over: CLOSED, with `error` (positive errno; 0: none) for the program. What was
 * received in order can still be read. The sock is freed by tcp_settle() if nobody holds it.
 */
void tcp_done(struct tcp *t, int error);

/*
 * Ends the handling of an event: sends what may be sent, and frees the control block if it is
 * closed and nobody holds it. Call it last: `t` may be gone after.
 */
void tcp_settle(struct tcp *t);

/* Its rare part, made if there is none. NULL: no memory. */
struct tcp_rare *tcp_rare(struct tcp *t);

/* Everything a connection owns beside itself, given back; it can be connected again. */
void tcp_forget(struct tcp *t);

/* The parameters that both kinds of open share, once path and peer's MSS are known: MSS, buffers,
 * congestion window. */
void tcp_established(struct tcp *t);

/* Numbers for a new connection (RFC 6528 §3, RFC 7323 §5.4). */
struct tcp_numbers {
	uint32_t iss;
	uint32_t ts_offset;
};
struct tcp_numbers tcp_numbers_for(const struct tcp_stack *ts, const struct endpoint *local,
				   const struct endpoint *remote);

/* The window scale we offer, given a receive buffer (RFC 7323 §2.3). */
uint8_t tcp_wscale_for(const struct tcp_stack *ts, const struct sock *s);

/* Payload bytes held in queues, for the stack's limit. */
static inline void tcp_hold(struct tcp *t, uint64_t bytes)
{
	t->ts->env->bytes_held += bytes;
}

static inline void tcp_unhold(struct tcp *t, uint64_t bytes)
{
	t->ts->env->bytes_held -= bytes;
}

/* Walks what can be walked and compares, in debug builds. */
void tcp_check(const struct tcp *t);

#endif
