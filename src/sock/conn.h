/* SPDX-License-Identifier: MIT */
/*
 * bind, listen, connect, accept, shutdown and the names of a socket, with Linux's answer in every
 * state. Addresses are the program's own bytes, `len` of them. Errors that a protocol adds to
 * those named here come from struct proto's function of the same name.
 */
#ifndef SOCK_CONN_H
#define SOCK_CONN_H

#include <sys/socket.h>

#include "sock/socket.h"

/* bind(2). -EINVAL: too short or too long, or it has an end already; -EAFNOSUPPORT;
 * -EADDRNOTAVAIL: the address is not the host's; -EADDRINUSE. */
int conn_bind(struct socket *so, const struct sockaddr *addr, socklen_t len);
/* sendmsg() with MSG_FASTOPEN on a stream. Bytes taken; -EINPROGRESS: none, but it connects; errors
 * of both calls. */
ssize_t conn_send_opening(struct socket *so, const struct msghdr *msg, struct proto_msg *m);
/* listen(2). `backlog`: connections that may wait; somaxconn bounds it, and stands for a negative
 * one. A listener takes a new one. -EOPNOTSUPP: no stream; -EINVAL: connected, or being so;
 * -EADDRINUSE: the port is another listener's. */
int conn_listen(struct socket *so, int backlog);
/* connect(2); with AF_UNSPEC the opposite. -EINPROGRESS: begun, POLLOUT tells its end, and a second
 * call the result; -EALREADY: not ended yet; -EISCONN; -EINVAL, -EAFNOSUPPORT: of the address;
 * errors of ip_path_find(), and what ended the attempt (-ECONNREFUSED, -ETIMEDOUT ...). */
int conn_connect(struct socket *so, const struct sockaddr *addr, socklen_t len);
/* accept(2). The new descriptor; `addr` NULL: the peer's name is not wanted, else *len is its room
 * before and its length after. -EAGAIN: none waits; -EOPNOTSUPP, -EINVAL: no listener; -ENFILE: no
 * descriptor is free (the connection goes on waiting); -EFAULT: no `len`. */
int conn_accept(struct socket *so, struct sockaddr *addr, socklen_t *len);
/* shutdown(2), `how` SHUT_*, else -EINVAL. -ENOTCONN: without a connection, and shut down all the
 * same; a listener, or an attempt to connect, ends. */
int conn_shutdown(struct socket *so, int how);
/* This end's name or the peer's, as the family writes it: its length; -ENOTCONN. */
int conn_name(const struct sock *s, bool peer, struct sockaddr_storage *out);
/* getsockname(2) and getpeername(2): *len is the room before and the length after. -EFAULT: no
 * `addr` or `len`; -EINVAL: *len is negative; -ENOTCONN: no peer. */
int conn_sockname(struct socket *so, struct sockaddr *addr, socklen_t *len);
int conn_peername(struct socket *so, struct sockaddr *addr, socklen_t *len);

#endif
