/* SPDX-License-Identifier: MIT */
/*
 * The send and receive families.
 */
#ifndef SOCK_IO_H
#define SOCK_IO_H

#include <sys/socket.h>

#include "sock/socket.h"

ssize_t io_sendmsg(struct socket *so, const struct msghdr *msg, int flags);
/* Fills in msg_namelen, msg_controllen and msg_flags as well. */
ssize_t io_recvmsg(struct socket *so, struct msghdr *msg, int flags);

/* Several at once: how many, or the error of the first. */
int io_sendmmsg(struct socket *so, struct mmsghdr *msgs, unsigned count, int flags);
int io_recvmmsg(struct socket *so, struct mmsghdr *msgs, unsigned count, int flags);

ssize_t io_sendto(struct socket *so, const void *buf, size_t bytes, int flags,
		  const struct sockaddr *addr, socklen_t len);
ssize_t io_recvfrom(struct socket *so, void *buf, size_t bytes, int flags, struct sockaddr *addr,
		    socklen_t *len);

#endif
