/* SPDX-License-Identifier: MIT */
/* Passive opens: see tcp_listen.c. */
#ifndef TCP_LISTEN_H
#define TCP_LISTEN_H

#include "tcp/tcp_input.h"

/* struct proto's listen and accept. tcp_listen(): `backlog` + 1 connections may wait; again, it
 * takes the new one. -EADDRINUSE: another listener's port; -EINVAL: in another state; -ENOMEM.
 * tcp_accept(): the oldest connection, the caller's from now on; -EAGAIN: none; -EINVAL: no
 * listener. */
int tcp_listen(struct sock *s, int backlog);
int tcp_accept(struct sock *s, struct sock **out);

/* Ends listening: half-open ends vanish, connections not yet accepted are reset. State CLOSE after.
 */
void tcp_listen_stop(struct tcp *t);

/* A segment for a listener that no connection and no half-open end took. */
void tcp_listen_input(struct tcp *t, const struct flow *f, struct tcp_in *in);
/* A segment for a half-open end. False: there is none with these ends. */
bool tcp_request_input(struct tcp_stack *ts, const struct flow *f, struct tcp_in *in);

/* What listings show of a half-open end. */
struct tcp_half_open {
	struct endpoint local, remote;
	berth_time due; /* of the next SYN+ACK */
	uint8_t tries;	/* SYN+ACKs sent again */
};
/* Shows the half-open ends of a listener, from the `from`th on, to `show` until that says false.
 * Returns the place of the first one that was not shown. */
uint32_t tcp_listen_each(const struct tcp *t, uint32_t from,
			 bool (*show)(void *ctx, const struct tcp_half_open *half), void *ctx);

/* Whether tcp_accept() has a connection to give. */
bool tcp_listen_ready(const struct tcp *t);
/* How many wait to be accepted, and the backlog. */
void tcp_listen_info(const struct tcp *t, uint32_t *out_queued, uint32_t *out_backlog);

#endif
