/* SPDX-License-Identifier: MIT */
/*
 * The Berkeley calls on the stack of the program's host. libberth never blocks: a call that says
 * -EAGAIN gives the turn away and is tried again when it comes back, as long as SO_RCVTIMEO or
 * SO_SNDTIMEO allow. Descriptors are the stack's, after the three that a process begins with.
 *
 * Left out, since the programs here do not use them: sockets that do not block (fcntl), sendmsg()
 * and recvmsg(), dup().
 */
#include "berkeley.h"

#include <stdint.h>

#include "turns.h"

#define FIRST_FD 3

static int owner[PROGRAMS_MAX][OWN_MAX]; /* by host: whose a descriptor is, its number + 1 */

static int plain(int fd)
{
	return fd < FIRST_FD ? -1 : fd - FIRST_FD;
}

static ssize_t result_of(ssize_t result)
{
	turns_progress();
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

static void own(int fd, int whose)
{
	if (fd >= 0 && fd < OWN_MAX)
		owner[turns_me()->host][fd] = whose;
}

static int new_fd(int fd)
{
	if (fd < 0)
		return (int)result_of(fd);
	own(fd, turns_me()->number + 1);
	turns_progress();
	return fd + FIRST_FD;
}

/* When a call that begins now has waited long enough. */
static berth_time limit(int fd, int option)
{
	struct timeval tv = {0};
	socklen_t len = sizeof(tv);
	berth_time ns;

	if (berth_getsockopt(turns_stack(), plain(fd), SOL_SOCKET, option, &tv, &len) < 0)
		return BERTH_TIME_NEVER;
	ns = tv.tv_sec * BERTH_SEC + tv.tv_usec * BERTH_USEC;
	return ns == 0 ? BERTH_TIME_NEVER : berth_world_now(turns_world()) + ns;
}

int berkeley_socket(int family, int type, int protocol)
{
	return new_fd(berth_socket(turns_stack(), family, type, protocol));
}

int berkeley_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)result_of(berth_bind(turns_stack(), plain(fd), addr, len));
}

int berkeley_listen(int fd, int backlog)
{
	return (int)result_of(berth_listen(turns_stack(), plain(fd), backlog));
}

int berkeley_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	berth_time until = limit(fd, SO_SNDTIMEO);

	for (;;) {
		int result = berth_connect(turns_stack(), plain(fd), addr, len);

		/* -EAGAIN: the queue of a UNIX listener is full. */
		if (result != -EINPROGRESS && result != -EALREADY && result != -EAGAIN)
			return (int)result_of(result);
		if (!turns_wait(until))
			return (int)result_of(result);
	}
}

int berkeley_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	berth_time until = limit(fd, SO_RCVTIMEO);
	int result;

	do
		result = berth_accept(turns_stack(), plain(fd), addr, len);
	while (result == -EAGAIN && turns_wait(until));
	return new_fd(result);
}

ssize_t berkeley_sendto(int fd, const void *buf, size_t bytes, int flags,
			const struct sockaddr *addr, socklen_t len)
{
	berth_time until = limit(fd, SO_SNDTIMEO);
	const char *at = buf;
	size_t sent = 0;
	ssize_t result;

	/* Of a stream only a part may fit; the rest goes when there is room. */
	for (;;) {
		result = berth_sendto(turns_stack(), plain(fd), at + sent, bytes - sent, flags,
				      addr, len);
		if (result >= 0) {
			sent += (size_t)result;
			turns_progress();
			if (sent >= bytes)
				break;
		} else if (result != -EAGAIN || !turns_wait(until)) {
			break;
		}
	}
	return result_of(sent > 0 ? (ssize_t)sent : result);
}

ssize_t berkeley_recvfrom(int fd, void *buf, size_t bytes, int flags, struct sockaddr *addr,
			  socklen_t *len)
{
	berth_time until = limit(fd, SO_RCVTIMEO);
	ssize_t result;

	do
		result = berth_recvfrom(turns_stack(), plain(fd), buf, bytes, flags, addr, len);
	while (result == -EAGAIN && turns_wait(until));
	return result_of(result);
}

ssize_t berkeley_send(int fd, const void *buf, size_t bytes, int flags)
{
	return berkeley_sendto(fd, buf, bytes, flags, NULL, 0);
}

ssize_t berkeley_recv(int fd, void *buf, size_t bytes, int flags)
{
	return berkeley_recvfrom(fd, buf, bytes, flags, NULL, NULL);
}

ssize_t berkeley_write(int fd, const void *buf, size_t bytes)
{
	return berkeley_send(fd, buf, bytes, 0);
}

ssize_t berkeley_read(int fd, void *buf, size_t bytes)
{
	return berkeley_recv(fd, buf, bytes, 0);
}

int berkeley_shutdown(int fd, int how)
{
	return (int)result_of(berth_shutdown(turns_stack(), plain(fd), how));
}

int berkeley_close(int fd)
{
	own(plain(fd), 0);
	return (int)result_of(berth_close(turns_stack(), plain(fd)));
}

void berkeley_close_all(struct program *p)
{
	for (int fd = 0; fd < OWN_MAX; fd++) {
		if (owner[p->host][fd] == p->number + 1)
			(void)berkeley_close(fd + FIRST_FD); /* it is open */
	}
}

int berkeley_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)result_of(berth_getsockname(turns_stack(), plain(fd), addr, len));
}

int berkeley_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)result_of(berth_getpeername(turns_stack(), plain(fd), addr, len));
}

int berkeley_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return (int)result_of(berth_getsockopt(turns_stack(), plain(fd), level, name, value, len));
}

int berkeley_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return (int)result_of(berth_setsockopt(turns_stack(), plain(fd), level, name, value, len));
}

int berkeley_unlink(const char *path)
{
	return (int)result_of(berth_unlink(turns_stack(), path));
}

int berkeley_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	berth_time until = timeout_ms < 0
				   ? BERTH_TIME_NEVER
				   : berth_world_now(turns_world()) + timeout_ms * BERTH_MSEC;
	int result;

	do {
		for (nfds_t i = 0; i < count; i++)
			fds[i].fd -= fds[i].fd < 0 ? 0 : FIRST_FD;
		result = berth_poll(turns_stack(), fds, count);
		for (nfds_t i = 0; i < count; i++)
			fds[i].fd += fds[i].fd < 0 ? 0 : FIRST_FD;
	} while (result == 0 && timeout_ms != 0 && turns_wait(until));
	return (int)result_of(result);
}

/* A set with every descriptor `by` higher. */
static fd_set *shift(const fd_set *from, fd_set *to, int nfds, int by)
{
	if (!from)
		return NULL;
	FD_ZERO(to);
	for (int fd = 0; fd < nfds; fd++) {
		if (FD_ISSET(fd, from) && fd + by >= 0)
			FD_SET(fd + by, to);
	}
	return to;
}

int berkeley_select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
		    struct timeval *timeout)
{
	berth_time until = !timeout ? BERTH_TIME_NEVER
				    : berth_world_now(turns_world()) + timeout->tv_sec * BERTH_SEC +
					      timeout->tv_usec * BERTH_USEC;
	fd_set *const given[3] = {readfds, writefds, exceptfds};
	fd_set sets[3];
	fd_set *p[3];
	int result;

	do {
		for (int i = 0; i < 3; i++)
			p[i] = shift(given[i], &sets[i], nfds, -FIRST_FD);
		result = berth_select(turns_stack(), nfds - FIRST_FD, p[0], p[1], p[2]);
	} while (result == 0 && turns_wait(until));
	for (int i = 0; i < 3 && result >= 0; i++)
		(void)shift(p[i], given[i], nfds - FIRST_FD, FIRST_FD); /* in place */
	return (int)result_of(result);
}

int berkeley_clock_gettime(clockid_t clock, struct timespec *out)
{
	berth_time now = berth_world_now(turns_world());

	(void)clock; /* there is one */
	*out = (struct timespec){now / BERTH_SEC, now % BERTH_SEC};
	return 0;
}

pid_t berkeley_getpid(void)
{
	return 100 + turns_me()->number;
}

FILE *berkeley_output(void)
{
	return turns_me()->output;
}

void berkeley_perror(const char *call)
{
	fprintf(berkeley_output(), "%s: %s\n", call, strerror(errno));
}
