/* SPDX-License-Identifier: MIT */
/*
 * Readiness.
 *
 * A protocol tells of every change for the better (sock_notify); the socket then waits on one list
 * until the driver asks, and what it is told is the mask of that moment. So an event costs the
 * same however many changes it stands for, and a socket that nobody watches (no `user`) costs
 * nothing.
 */
#include "sock/ready.h"

#include <errno.h>

#include "base/env.h"

#define ALWAYS (POLLERR | POLLHUP)
#define SELECT_IN (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR)
#define SELECT_OUT (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR)
#define SELECT_EX POLLPRI

static void queue_event(struct socket *so)
{
	if (!so->user || so->fd < 0 || !list_empty(&so->event_link))
		return;
	struct sockets *all = sockets_of(so);

	list_add_tail(&all->events, &so->event_link);
	all->env->wake(all->env);
}

void ready_on_notify(void *ctx, struct sock *s, unsigned events)
{
	(void)ctx;
	(void)events;
	queue_event(s->upper);
}

/* Linux: tcp_poll() has no band for writing, all others have. */
static bool tcp_like(const struct sock *s)
{
	return s->type == SOCK_STREAM && !s->proto->names;
}

short ready_mask(const struct socket *so)
{
	const struct sock *s = so->sock;
	unsigned mask = s->proto->poll(s);

	if (mask & POLLIN)
		mask |= POLLRDNORM;
	if (mask & POLLOUT)
		mask |= POLLWRNORM | (tcp_like(s) ? 0u : (unsigned)POLLWRBAND);
	return (short)mask;
}

void ready_set_user(struct socket *so, void *user)
{
	so->user = user;
	if (!user)
		list_del(&so->event_link);
	else if (so->sock->proto->poll(so->sock))
		queue_event(so);
}

bool ready_next(struct sockets *all, struct berth_event *out)
{
	while (!list_empty(&all->events)) {
		struct socket *so = list_first(&all->events, struct socket, event_link);
		unsigned mask = so->sock->proto->poll(so->sock);

		list_del(&so->event_link);
		if (!mask)
			continue;
		*out = (struct berth_event){so->fd, (short)mask, so->user};
		return true;
	}
	return false;
}

int ready_poll(const struct sockets *all, struct pollfd *fds, nfds_t count)
{
	int ready = 0;

	for (nfds_t i = 0; i < count; i++) {
		const struct socket *so;

		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		so = socket_get(all, fds[i].fd);
		fds[i].revents = so ? (short)(ready_mask(so) & (fds[i].events | ALWAYS)) : POLLNVAL;
		ready += fds[i].revents != 0;
	}
	return ready;
}

/* Keeps of `set` what is ready; how many that are. */
static int keep_ready(fd_set *set, int fd, short mask, int wanted)
{
	if (!set || !FD_ISSET(fd, set))
		return 0;
	if (mask & wanted)
		return 1;
	FD_CLR(fd, set);
	return 0;
}

static bool is_set(int fd, const fd_set *set)
{
	return set && FD_ISSET(fd, set);
}

int ready_select(const struct sockets *all, int nfds, fd_set *readfds, fd_set *writefds,
		 fd_set *exceptfds)
{
	int ready = 0;

	if (nfds < 0)
		return -EINVAL;
	if (nfds > FD_SETSIZE)
		nfds = FD_SETSIZE;
	for (int fd = 0; fd < nfds; fd++) {
		if ((is_set(fd, readfds) || is_set(fd, writefds) || is_set(fd, exceptfds)) &&
		    !socket_get(all, fd))
			return -EBADF;
	}
	for (int fd = 0; fd < nfds; fd++) {
		const struct socket *so = socket_get(all, fd);
		short mask = so ? ready_mask(so) : 0;

		ready += keep_ready(readfds, fd, mask, SELECT_IN);
		ready += keep_ready(writefds, fd, mask, SELECT_OUT);
		ready += keep_ready(exceptfds, fd, mask, SELECT_EX);
	}
	return ready;
}
