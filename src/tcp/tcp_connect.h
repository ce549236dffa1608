/* SPDX-License-Identifier: MIT */
/* Active opens: see tcp_connect.c. */
#ifndef TCP_CONNECT_H
#define TCP_CONNECT_H

#include "tcp/tcp.h"

/* struct proto's connect and disconnect. With TCP_FASTOPEN_CONNECT connect may return 0 with the
 * SYN not sent: tcp_fast_waits(). */
int tcp_connect(struct sock *s, const struct endpoint *remote);
int tcp_disconnect(struct sock *s);

/* Connects to m->addr, if possible with the first bytes of the message in the SYN (MSG_FASTOPEN).
 * How many went; -EINPROGRESS: none; connect()'s errors. */
ssize_t tcp_connect_send(struct sock *s, struct proto_msg *m);
/* The same when connect() has been called, and the SYN waits. */
ssize_t tcp_connect_first(struct tcp *t, const struct proto_msg *m);
/* Sends the SYN that waited, with what is in the send queue. 0; -ENOMEM; -EHOSTUNREACH,
 * -ENETUNREACH: it is closed again. */
int tcp_connect_launch(struct tcp *t);

#endif
