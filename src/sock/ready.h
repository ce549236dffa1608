/* SPDX-License-Identifier: MIT */
/*
 * What is behind select, poll and berth_next_event().
 */
#ifndef SOCK_READY_H
#define SOCK_READY_H

#include <poll.h>
#include <stdbool.h>
#include <sys/select.h>

#include "sock/socket.h"

/* Transport's news: puts the socket on the list of events. `ctx` is the struct sockets. */
void ready_on_notify(void *ctx, struct sock *s, unsigned events);

/* POLL* as Linux's poll methods return them, POLLRDNORM and the like too. */
short ready_mask(const struct socket *so);

/* See berth_sock_set_user(). */
void ready_set_user(struct socket *so, void *user);
/* berth_next_event(): takes the oldest event off the list; false: there is none. */
bool ready_next(struct sockets *all, struct berth_event *out);

/* poll(2) and select(2) that do not wait: fill in what is ready now, and say how many. -EINVAL:
 * `nfds` is negative; -EBADF: a set names a descriptor that is not open. */
int ready_poll(const struct sockets *all, struct pollfd *fds, nfds_t count);
int ready_select(const struct sockets *all, int nfds, fd_set *readfds, fd_set *writefds,
		 fd_set *exceptfds);

#endif
