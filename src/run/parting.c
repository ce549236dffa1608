/* SPDX-License-Identifier: MIT */
/*
 * A program shuts its stream down for sending.
 *
 * What it has written and the stack has no room for is taken out of the carrier then, into the
 * tail, whose size the carrier bounds: TCP calls a socket writable once it is shut down, AF_UNIX
 * when its buffer is empty.
 *
 * And the connection may be reset later. AF_UNIX tells the program so only if berth's end is closed
 * with something unread in it, and a program that has shut down sends nothing more: it would read a
 * reset as an orderly end. So berth puts one last byte there on the program's behalf, just before
 * the end is shut down, and never reads it.
 *
 * Another thread may write at this very moment, before or after that byte. Then the byte has to be
 * found: it came with credentials, which other bytes have not, and which keep them apart.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/carrier.h"

#define CREDENTIALS_BYTES CMSG_SPACE(sizeof(struct ucred))

static size_t waiting(const struct carrier *c)
{
	int bytes = 0;

	return ioctl(c->end, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

size_t parting_left(const struct carrier *c)
{
	return c->tail_bytes - c->tail_passed;
}

void parting_forget(struct carrier *c)
{
	free(c->tail);
	c->tail = NULL;
	c->tail_bytes = c->tail_passed = 0;
}

/* Makes room for `bytes` more in the tail. */
static unsigned char *grow_tail(struct carrier *c, size_t bytes)
{
	unsigned char *bigger = realloc(c->tail, c->tail_bytes + bytes);

	if (bigger)
		c->tail = bigger;
	return bigger ? bigger + c->tail_bytes : NULL;
}

static void take_tail(struct carrier *c)
{
	size_t bytes = waiting(c);
	unsigned char *room = bytes > 0 && !c->urgent ? grow_tail(c, bytes) : NULL;
	ssize_t n = room ? recv(c->end, room, bytes, MSG_DONTWAIT) : 0;

	if (n > 0)
		c->tail_bytes += (size_t)n;
}

/* Writes the last byte for the program. */
static bool send_last(const struct carrier *c, int fd)
{
	struct ucred own = {.pid = c->run->pid, .uid = getuid(), .gid = getgid()};
	_Alignas(struct cmsghdr) unsigned char control[CREDENTIALS_BYTES] = {0};
	struct iovec iov = {.iov_base = "", .iov_len = 1};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&msg);

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_CREDENTIALS;
	cm->cmsg_len = CMSG_LEN(sizeof(own));
	memcpy(CMSG_DATA(cm), &own, sizeof(own));
	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

bool parting_begin(struct carrier *c, int fd)
{
	stream_out(c);
	if (c->closed || c->state != CARRIER_ESTABLISHED || c->out_done)
		return false;
	take_tail(c);
	return waiting(c) == 0 && send_last(c, fd);
}

static bool is_own(struct msghdr *msg, pid_t pid)
{
	struct ucred from;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(msg); cm; cm = CMSG_NXTHDR(msg, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&from, CMSG_DATA(cm), sizeof(from));
		return from.pid == pid;
	}
	return false;
}

/* Reads all but the last byte, wherever it is. */
static void sort_out(struct carrier *c)
{
	_Alignas(struct cmsghdr) unsigned char control[CREDENTIALS_BYTES];
	int one = 1;

	(void)setsockopt(c->end, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	for (size_t bytes = waiting(c); bytes > 0; bytes = waiting(c)) {
		struct iovec iov = {.iov_base = grow_tail(c, bytes), .iov_len = bytes};
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = iov.iov_base ? recvmsg(c->end, &msg, MSG_DONTWAIT) : -1;

		if (n <= 0)
			break; /* no memory: they are lost with the connection */
		if (!is_own(&msg, c->run->pid))
			c->tail_bytes += (size_t)n;
	}
}

void parting_end(struct carrier *c)
{
	if (waiting(c) != 1)
		sort_out(c);
	c->parted = true;
}
