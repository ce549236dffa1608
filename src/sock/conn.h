/* SPDX-License-Identifier: MIT */
/*
 * bind, listen, connect, accept, shutdown and the names of a socket, with Linux's answer in every
 * state. Addresses are the program's own bytes.
 */
#ifndef SOCK_CONN_H
#define SOCK_CONN_H

#include <sys/socket.h>

#include "sock/socket.h"

int conn_bind(struct socket *so, const struct sockaddr *addr, socklen_t len);
/* sendmsg() with MSG_FASTOPEN on a stream. Bytes taken; -EINPROGRESS: none, but it connects; errors
 * of both calls. */
ssize_t conn_send_opening(struct socket *so, const struct msghdr *msg, struct proto_msg *m);
int conn_listen(struct socket *so, int backlog);
/* -EINPROGRESS: begun, POLLOUT tells its end; -EALREADY: not ended yet. */
int conn_connect(struct socket *so, const struct sockaddr *addr, socklen_t len);
/* The new descriptor; -EAGAIN: none waits. */
int conn_accept(struct socket *so, struct sockaddr *addr, socklen_t *len);
int conn_shutdown(struct socket *so, int how);
/* This end's name or the peer's, as the family writes it: its length; -ENOTCONN. */
int conn_name(const struct sock *s, bool peer, struct sockaddr_storage *out);
int conn_sockname(struct socket *so, struct sockaddr *addr, socklen_t *len);
int conn_peername(struct socket *so, struct sockaddr *addr, socklen_t *len);

#endif
