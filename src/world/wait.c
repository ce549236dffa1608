/* SPDX-License-Identifier: MIT */
/*
 * Blocking calls in virtual time: try, run the world to its next moment, try again.
 *
 * A wait ends when the call can finish, when its time is over, or when the world has no next
 * moment, which means that nothing but the caller could ever change anything: a deadlock, told as
 * such. The state of a wait is on the caller's stack; nothing is left behind when it ends.
 */
#include <errno.h>

#include "base/check.h"
#include "world/core.h"

/* One wait: until when, in world time. */
struct wait {
	struct berth_world *w;
	berth_time until;
};

static struct wait wait_start(struct berth_world *w, berth_time timeout)
{
	berth_time now = w->env.now;
	bool forever = timeout < 0 || timeout >= BERTH_TIME_NEVER - now;

	return (struct wait){w, forever ? BERTH_TIME_NEVER : now + timeout};
}

/* Lets the world go on to its next moment. -EAGAIN: the time is over; -EDEADLK: it never ends. */
static int wait_step(const struct wait *wait)
{
	struct berth_world *w = wait->w;
	berth_time next = berth_world_run(w, w->env.now);

	if (w->env.now >= wait->until)
		return -EAGAIN;
	if (next == BERTH_TIME_NEVER && wait->until == BERTH_TIME_NEVER)
		return -EDEADLK;
	(void)berth_world_run(w, next < wait->until ? next : wait->until);
	return 0;
}

static struct berth_stack *stack_of(struct berth_world *w, int host)
{
	/* What was done on other hosts has to leave before this one tries. */
	(void)berth_world_run(w, w->env.now);
	return berth_world_stack(w, host);
}

int berth_world_poll(struct berth_world *w, int host, struct pollfd *fds, nfds_t count,
		     berth_time timeout)
{
	struct wait wait = wait_start(w, timeout);
	struct berth_stack *st = stack_of(w, host);
	int result;
	int error;

	if (!st)
		return -EINVAL;
	for (;;) {
		result = berth_poll(st, fds, count);
		if (result != 0)
			return result;
		error = wait_step(&wait);
		if (error == 0)
			continue;
		/* poll(2) says 0 when the time is over; what the last run brought still counts. */
		result = berth_poll(st, fds, count);
		return result != 0 ? result : error == -EAGAIN ? 0 : error;
	}
}

/* Waits until one of `events` is there. 0, or why not. */
static int wait_for(const struct wait *wait, int host, int fd, short events)
{
	struct pollfd pfd = {.fd = fd, .events = events};
	berth_time left = wait->until == BERTH_TIME_NEVER ? -1 : wait->until - wait->w->env.now;
	int result = berth_world_poll(wait->w, host, &pfd, 1, left);

	return result > 0 ? 0 : result == 0 ? -EAGAIN : result;
}

int berth_world_connect(struct berth_world *w, int host, int fd, const struct sockaddr *addr,
			socklen_t len, berth_time timeout)
{
	struct wait wait = wait_start(w, timeout);
	struct berth_stack *st = stack_of(w, host);

	if (!st)
		return -EINVAL;
	for (;;) {
		/* A second call tells how the first attempt ended, as connect(2) does. */
		int result = berth_connect(st, fd, addr, len);

		if (result == -EAGAIN) /* AF_UNIX: the listener's queue is full */
			result = wait_step(&wait);
		else if (result == -EINPROGRESS || result == -EALREADY)
			result = wait_for(&wait, host, fd, POLLOUT);
		else
			return result;
		if (result < 0)
			return result;
	}
}

int berth_world_accept(struct berth_world *w, int host, int fd, struct sockaddr *addr,
		       socklen_t *len, berth_time timeout)
{
	struct wait wait = wait_start(w, timeout);
	struct berth_stack *st = stack_of(w, host);

	if (!st)
		return -EINVAL;
	for (;;) {
		int result = berth_accept(st, fd, addr, len);

		if (result != -EAGAIN)
			return result;
		result = wait_for(&wait, host, fd, POLLIN);
		if (result < 0)
			return result;
	}
}

ssize_t berth_world_send(struct berth_world *w, int host, int fd, const void *buf, size_t bytes,
			 int flags, berth_time timeout)
{
	struct wait wait = wait_start(w, timeout);
	struct berth_stack *st = stack_of(w, host);
	const char *at = buf;
	size_t done = 0;

	if (!st)
		return -EINVAL;
	for (;;) {
		ssize_t result = berth_send(st, fd, at + done, bytes - done, flags);

		if (result > 0)
			done += (size_t)result;
		if (result >= 0 && done >= bytes)
			break;
		if (result == -EAGAIN && !(flags & MSG_DONTWAIT))
			result = wait_for(&wait, host, fd, POLLOUT);
		if (result < 0) {
			if (done == 0)
				return result;
			break;
		}
	}
	(void)berth_world_run(w, w->env.now);
	return (ssize_t)done;
}

ssize_t berth_world_recv(struct berth_world *w, int host, int fd, void *buf, size_t bytes,
			 int flags, berth_time timeout)
{
	struct wait wait = wait_start(w, timeout);
	struct berth_stack *st = stack_of(w, host);
	bool all = flags & MSG_WAITALL && !(flags & MSG_PEEK);
	char *at = buf;
	size_t done = 0;

	if (!st)
		return -EINVAL;
	for (;;) {
		ssize_t result = berth_recv(st, fd, at + done, bytes - done, flags);

		if (result >= 0) {
			done += (size_t)result;
			if (result == 0 || !all || done >= bytes)
				return (ssize_t)done;
			continue;
		}
		if (result == -EAGAIN && !(flags & MSG_DONTWAIT))
			result = wait_for(&wait, host, fd, POLLIN);
		if (result < 0)
			return done > 0 ? (ssize_t)done : result;
	}
}

/* Lets the world go on while names are being resolved; false: no longer. */
static bool go_on(const struct wait *wait, int *out_error)
{
	*out_error = wait_step(wait);
	return *out_error == 0;
}

/* What a resolver's call says that was made till the world went on no more. */
static int eai_of(int result, int error)
{
	if (result != EAI_INPROGRESS)
		return result;
	return error == -EAGAIN ? EAI_AGAIN : EAI_SYSTEM;
}

int berth_world_getaddrinfo(struct berth_world *w, int host, const char *node, const char *service,
			    const struct addrinfo *hints, struct addrinfo **res, berth_time timeout)
{
	struct wait wait = wait_start(w, timeout);
	struct berth_stack *st = stack_of(w, host);
	int error = 0;
	int result;

	if (!st)
		return EAI_SYSTEM;
	do
		result = berth_getaddrinfo(st, node, service, hints, res);
	while (result == EAI_INPROGRESS && go_on(&wait, &error));
	return eai_of(result, error);
}

int berth_world_getnameinfo(struct berth_world *w, int host, const struct sockaddr *addr,
			    socklen_t len, char *name, socklen_t name_bytes, char *service,
			    socklen_t service_bytes, int flags, berth_time timeout)
{
	struct wait wait = wait_start(w, timeout);
	struct berth_stack *st = stack_of(w, host);
	int error = 0;
	int result;

	if (!st)
		return EAI_SYSTEM;
	do
		result = berth_getnameinfo(st, addr, len, name, name_bytes, service, service_bytes,
					   flags);
	while (result == EAI_INPROGRESS && go_on(&wait, &error));
	return eai_of(result, error);
}

/* Either question: by name, or else by address. */
struct host_question {
	const char *name;
	const void *addr;
	socklen_t len;
	int family;
};

static struct hostent *ask_host(struct berth_world *w, int host, const struct host_question *q,
				int *out_h_errno, berth_time timeout)
{
	struct wait wait = wait_start(w, timeout);
	struct berth_stack *st = stack_of(w, host);
	struct hostent *found = NULL;
	int error = 0;

	*out_h_errno = NO_RECOVERY;
	if (!st)
		return NULL;
	do
		found = q->name ? berth_gethostbyname2(st, q->name, q->family, out_h_errno)
				: berth_gethostbyaddr(st, q->addr, q->len, q->family, out_h_errno);
	while (!found && *out_h_errno == BERTH_RESOLVING && go_on(&wait, &error));
	if (!found && *out_h_errno == BERTH_RESOLVING)
		*out_h_errno = error == -EAGAIN ? TRY_AGAIN : NO_RECOVERY;
	return found;
}

struct hostent *berth_world_gethostbyname(struct berth_world *w, int host, const char *name,
					  int family, int *out_h_errno, berth_time timeout)
{
	const struct host_question q = {.name = name, .family = family};

	return ask_host(w, host, &q, out_h_errno, timeout);
}

struct hostent *berth_world_gethostbyaddr(struct berth_world *w, int host, const void *addr,
					  socklen_t len, int family, int *out_h_errno,
					  berth_time timeout)
{
	const struct host_question q = {.addr = addr, .len = len, .family = family};

	return ask_host(w, host, &q, out_h_errno, timeout);
}
