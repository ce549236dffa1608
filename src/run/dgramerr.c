/* SPDX-License-Identifier: MIT */
/*
 * Datagram sockets whose program waits for errors: those with IP_RECVERR or IPV6_RECVERR, for which
 * poll(2) is to say POLLERR while the error queue holds something.
 *
 * Of an AF_UNIX socket poll(2) says so after its peer took itself away with datagrams unread, which
 * only sockets of type DGRAM allow without an end of the pair. So when the option is set, the
 * program gets such a pair under the same number, its end with an autobound name; to raise an
 * error, berth reads what the program has sent, sends itself one more byte from the program's end,
 * and connects its own end anew. The kernel counts the lost byte as ECONNRESET, which a native call
 * that comes first reports in place of the true error; trapped ones report berth's, and take the
 * kernel's away.
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
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "run/call.h"
#include "run/epolls.h"

#define WAIT_FIRST (20 * BERTH_USEC)
#define WAIT_LAST (10 * BERTH_MSEC) /* then it is told whatever it does */

/* Whether the program has an error to hear of. */
static bool pending(const struct carrier *c)
{
	struct pollfd p = {.fd = c->sock, .events = POLLERR};

	return c->error || (berth_poll(c->stack, &p, 1) > 0 && p.revents & POLLERR);
}

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

void dgram_raise(struct carrier *c)
{
	struct run *r = c->run;

	if (!c->vocal || c->closed || c->held || !pending(c)) {
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

	if (!c->vocal || (c->type != SOCK_RAW && pending(c)) || call_open(call) < 0)
		return;
	(void)getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &error, &len); /* and clears it */
	dgram_raise(c);
}

/* A pair whose first end has a name. */
static int open_pair(int flags, int fds[2], struct carrier *c)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0, fds) < 0)
		return -errno;
	c->name_len = sizeof(c->name);
	if (bind(fds[0], (const struct sockaddr *)&any, sizeof(any.sun_family)) == 0 &&
	    getsockname(fds[0], (struct sockaddr *)&c->name, &c->name_len) == 0 &&
	    fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0)
		return 0;
	close(fds[0]);
	close(fds[1]);
	return -ENOMEM;
}

/* Gives `fd` to the program in place of its old end. */
static int hand_over(struct call *call, int fd)
{
	struct seccomp_notif_addfd add = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.srcfd = (uint32_t)fd,
		.newfd = (uint32_t)call->args[0],
		.newfd_flags = task_cloexec(call->task, (int)call->args[0]) ? O_CLOEXEC : 0,
	};

	if (ioctl(call->command->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0)
		return -EINTR;
	epolls_carry(call->task, (int)call->args[0], fd);
	return 0;
}

/* What the kernel keeps of waiting. */
static void copy_times(const struct carrier *c, int fd)
{
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &c->receive_timeout,
			 sizeof(c->receive_timeout));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &c->send_timeout, sizeof(c->send_timeout));
}

int dgram_make_vocal(struct call *call)
{
	struct carrier *c = call->carrier;
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int flags;
	int fds[2];
	int error = call_open(call);

	if (error < 0 || c->vocal || c->state != CARRIER_DATAGRAM)
		return error;
	dgram_out(c); /* what was sent before leaves before */
	if (c->closed)
		return -EBADF;
	flags = fcntl(call->fd, F_GETFL) & O_NONBLOCK ? SOCK_NONBLOCK : 0;
	error = open_pair(flags, fds, c);
	if (error < 0)
		return error;
	copy_times(c, fds[0]);
	if (getsockopt(fds[0], SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0 ||
	    imap_put(&c->run->carriers, cookie, c) < 0)
		error = -ENOMEM;
	else if ((error = hand_over(call, fds[0])) < 0)
		imap_del(&c->run->carriers, cookie);
	if (error < 0) {
		close(fds[0]);
		close(fds[1]);
		return error;
	}
	imap_del(&c->run->carriers, c->cookie);
	c->cookie = cookie;
	close(c->end); /* what it still carried is lost, as datagrams may be */
	c->end = fds[1];
	c->vocal = true;
	c->carried = c->full = c->readable = c->ended = c->gone = false;
	close(call->fd);
	call->fd = fds[0];
	carrier_watch(c, call->fd);
	if (carrier_serve(c) < 0)
		carrier_close(c); /* no memory: the program sees it hang up */
	return 0;
}
