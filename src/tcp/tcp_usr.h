/* SPDX-License-Identifier: MIT */
/* The calls of the program: see tcp_usr.c, tcp_opt.c. */
#ifndef TCP_USR_H
#define TCP_USR_H

#include "tcp/tcp.h"
#include "transport/option.h"

/* Whether a read would not wait: SO_RCVLOWAT bytes, or an end. */
bool tcp_readable(const struct tcp *t);
/* Sequence number of the next byte the program reads. */
uint32_t tcp_read_seq(const struct tcp *t);
/* Takes up to `bytes` bytes of the message, from `done` on, into the send queue. How many;
 * -ENOBUFS, -ENOMEM. */
ssize_t tcp_queue_message(struct tcp *t, const struct proto_msg *m, size_t done, size_t bytes);
/* In FIN_WAIT2: an orphan does not wait for ever. */
void tcp_fin_wait2(struct tcp *t);

/* An administrator ends a connection, or a listening: RST to the peer, ECONNABORTED for the program
 * (Linux: tcp_abort()). -ENOENT: there is none. The sock may be gone after. */
int tcp_destroy(struct sock *s);

extern const struct opt_level tcp_options; /* IPPROTO_TCP: tcp_opt.c */
/* struct proto's option_changed. */
void tcp_option_changed(struct sock *s, int level, int name);

#endif
