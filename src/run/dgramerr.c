/* SPDX-License-Identifier: MIT */
/*
 * Errors of datagram sockets, which ICMP brings: what waits in poll(2), read(2) or recv(2) is to
 * hear of them, though these calls are the kernel's.
 *
 * AF_UNIX has one error that comes by itself: a socket of type DGRAM gets ECONNRESET, which ends
 * whatever waits, when its peer takes itself away with datagrams unread. So all sockets but
 * netlink's have a DGRAM pair whose first end, the program's, has an autobound name. To raise an
 * error, berth reads what the program has sent, sends itself one more byte from the program's end,
 * and connects its own end anew. Nothing that waits for the program is lost by it. A native call
 * that comes first reports ECONNRESET in place of the true error; trapped ones report berth's, and
 * take the kernel's away. Either way it is told once.
 *
 * A raw socket's send() reports no error at all. There it is raised only when a thread of the
 * program waits (/proc says in which call), and taken away as soon as one was told, to be raised
 * again for the next when it waits again.
 *
 * A DGRAM end does not hang up; inotify tells when the program's last copy is closed. Nobody else
 * can send to the name, as the kernel lets only the peer.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/call.h"

#define WAIT_FIRST (20 * BERTH_USEC)
#define WAIT_LAST (10 * BERTH_MSEC) /* then it is told whatever it does */

/* Whether the program has an error to hear of. */
static bool pending(const struct carrier *c)
{
	struct pollfd p = {.fd = c->sock, .events = POLLERR};

	return c->error || (berth_poll(c->stack, &p, 1) > 0 && p.revents & POLLERR);
}

/* Whether the kernel still has the error that was raised. */
static bool raised(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) == 1 && p.revents & POLLERR;
}

static bool waits_in(int nr)
{
	switch (nr) {
#ifdef SYS_poll
	case SYS_poll:
	case SYS_select:
	case SYS_epoll_wait:
#endif
	case SYS_ppoll:
	case SYS_pselect6:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
	case SYS_read:
	case SYS_readv:
	case SYS_recvfrom:
		return true;
	default:
		return false;
	}
}

/* Whether a thread waits for something that an error would end; true if that cannot be told. */
static bool thread_waits(pid_t pid, const char *tid)
{
	char path[64];
	char line[16] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/syscall", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n <= 0)
		return true;
	return line[0] >= '0' && line[0] <= '9' && waits_in(atoi(line)); /* else it is running */
}

static bool process_waits(pid_t pid)
{
	char path[64];
	const struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return true;
	while (!found && (e = readdir(dir)))
		found = e->d_name[0] != '.' && thread_waits(pid, e->d_name);
	(void)closedir(dir); /* it was only read */
	return found;
}

static void raise_now(struct carrier *c)
{
	static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	int fd = carrier_find_end(c);

	if (fd < 0)
		return;
	c->raised = true;
	if (!raised(fd)) {
		dgram_out(c); /* what is unread would be lost */
		if (!c->closed && !c->held) {
			/* When there is no room something is there already. */
			(void)send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
			(void)connect(c->end, &nobody, sizeof(nobody.sa_family));
			if (connect(c->end, (struct sockaddr *)&c->name, c->name_len) < 0)
				carrier_close(c); /* no memory: the program sees it hang up */
		}
	}
	close(fd);
}

static void on_alarm(struct alarm *a)
{
	dgram_raise(container_of(a, struct carrier, raise_alarm));
}

/* A native call may have told of the error already. */
static void settle_error(struct carrier *c)
{
	int fd;

	if (!c->error || !c->raised)
		return;
	fd = carrier_find_end(c);
	if (fd < 0)
		return;
	if (!raised(fd)) {
		c->error = 0;
		c->raised = false;
	}
	close(fd);
}

void dgram_raise(struct carrier *c)
{
	struct run *r = c->run;

	settle_error(c);
	if (c->name_len == 0 || c->closed || c->held || !pending(c)) {
		c->raise_since = 0;
		return;
	}
	if (!c->raise_since)
		c->raise_since = r->now;
	if (c->type != SOCK_RAW || r->now - c->raise_since >= WAIT_LAST ||
	    process_waits(c->hint_pid)) {
		c->raise_since = 0;
		raise_now(c);
		return;
	}
	c->raise_alarm.fire = on_alarm;
	if (!c->raise_alarm.place &&
	    alarm_set(&r->alarms, &c->raise_alarm,
		      r->now + WAIT_FIRST + (r->now - c->raise_since) / 4) < 0)
		raise_now(c);
}

void dgram_hush(struct call *call)
{
	struct carrier *c = call->carrier;
	int error;
	socklen_t len = sizeof(error);

	if (!c->raised || (c->type != SOCK_RAW && pending(c)) || call_open(call) < 0)
		return;
	c->raised = false;
	(void)getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &error, &len); /* and clears it */
	dgram_raise(c);
}

int dgram_error(struct call *call)
{
	struct carrier *c = call->carrier;
	int error;

	dgram_keep_error(c);
	settle_error(c);
	error = c->error;
	c->error = 0;
	if (error)
		dgram_hush(call);
	return -error;
}

int dgram_open(int flags, int fds[2], struct sockaddr_un *name, socklen_t *name_len)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0, fds) < 0)
		return -errno;
	*name_len = sizeof(*name);
	if (bind(fds[0], (const struct sockaddr *)&any, sizeof(any.sun_family)) == 0 &&
	    getsockname(fds[0], (struct sockaddr *)name, name_len) == 0)
		return 0;
	close(fds[0]);
	close(fds[1]);
	return -ENOBUFS;
}
