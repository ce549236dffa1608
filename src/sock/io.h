/* SPDX-License-Identifier: MIT */
/*
 * The send and receive families. The program's memory is borrowed for the call; nothing is kept of
 * it. Results are bytes, or errors: -EAGAIN: it would wait; -EMSGSIZE: more than 1,024 pieces, or
 * than a datagram holds; -EINVAL: pieces of more than SSIZE_MAX bytes, an address or control data
 * that is none; and those of the protocol's send() and recv().
 */
#ifndef SOCK_IO_H
#define SOCK_IO_H

#include <sys/socket.h>

#include "sock/socket.h"

/* `msg` with its destination and control data; `flags` MSG_*. */
ssize_t io_sendmsg(struct socket *so, const struct msghdr *msg, int flags);
/* Fills in msg_namelen, msg_controllen and msg_flags as well. */
ssize_t io_recvmsg(struct socket *so, struct msghdr *msg, int flags);

/* Several at once, at most 1,024: how many, or the error of the first. A later one ends the call;
 * received, it becomes the socket's unless it is -EAGAIN. */
int io_sendmmsg(struct socket *so, struct mmsghdr *msgs, unsigned count, int flags);
int io_recvmmsg(struct socket *so, struct mmsghdr *msgs, unsigned count, int flags);

/* One piece of memory. `addr` NULL: to or from the peer, no name wanted; io_recvfrom(): *len is the
 * room before and the length after, -EFAULT: there is no `len`, -EINVAL: it is negative (and the
 * datagram is gone). */
ssize_t io_sendto(struct socket *so, const void *buf, size_t bytes, int flags,
		  const struct sockaddr *addr, socklen_t len);
ssize_t io_recvfrom(struct socket *so, void *buf, size_t bytes, int flags, struct sockaddr *addr,
		    socklen_t *len);

#endif
