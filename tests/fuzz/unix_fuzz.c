/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX under any order of calls. The input is a list of them, with their arguments: names of any
 * bytes, control data of any bytes or well made with descriptors in it, so that sockets are passed
 * on, in circles too. What must hold: no crash, and when the host is freed nothing is left.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include <linux/sockios.h>

#include <berth/berth.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define FDS 24
#define CALLS_MAX 400

struct play {
	struct berth_stack *st;
	struct reader in;
	berth_time now;
	long live; /* blocks of memory handed out */
	uint64_t state;
};

static void *take(void *ctx, size_t bytes)
{
	((struct play *)ctx)->live++;
	return malloc(bytes);
}

static void *retake(void *ctx, void *ptr, size_t bytes)
{
	((struct play *)ctx)->live += ptr == NULL;
	return realloc(ptr, bytes);
}

static void give(void *ctx, void *ptr)
{
	((struct play *)ctx)->live -= ptr != NULL;
	free(ptr);
}

static void fill(void *ctx, void *buf, size_t bytes)
{
	struct play *x = ctx;

	for (size_t i = 0; i < bytes; i++)
		((uint8_t *)buf)[i] =
			(uint8_t)(x->state = x->state * 6364136223846793005u + 1) >> 3;
}

static int a_fd(struct play *x)
{
	return read_u8(&x->in) % FDS;
}

static int a_type(struct play *x)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW};

	return types[read_u8(&x->in) % 4];
}

/* Mostly one of a few that others use too. */
static socklen_t a_name(struct play *x, struct sockaddr_un *un)
{
	uint8_t how = read_u8(&x->in);

	memset(un, 0, sizeof(*un));
	un->sun_family = how < 250 ? AF_UNIX : how & 1 ? AF_UNSPEC : AF_INET;
	un->sun_path[how & 1] = (char)('a' + how / 2 % 4);
	if (how >= 200)
		memset(un->sun_path, how, sizeof(un->sun_path));
	return how >= 200 ? read_u8(&x->in) % (sizeof(*un) + 2)
			  : (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 3);
}

static void send_along(struct play *x, int fd)
{
	_Alignas(struct cmsghdr) uint8_t control[256] = {0};
	static char payload[70000];
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;
	struct sockaddr_un un;
	struct iovec iov[2] = {{payload, read_u8(&x->in)},
			       {payload, (size_t)read_u8(&x->in) * read_u8(&x->in)}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2, .msg_control = control};
	uint8_t how = read_u8(&x->in);
	int flags = how & 1 ? MSG_OOB : 0;

	if (how & 2) {
		msg.msg_name = &un;
		msg.msg_namelen = a_name(x, &un);
	}
	if (how & 4) { /* descriptors */
		size_t count = read_u8(&x->in) % 4;

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof(int));
		for (size_t i = 0; i < count; i++) {
			int passed = a_fd(x);

			memcpy(CMSG_DATA(c) + i * sizeof(int), &passed, sizeof(passed));
		}
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
	} else if (how & 8) { /* anything */
		for (size_t i = 0; i < 48; i++)
			control[i] = read_u8(&x->in);
		if (how & 16)
			c->cmsg_level = SOL_SOCKET;
		if (how & 32)
			c->cmsg_len = read_u8(&x->in);
		msg.msg_controllen = read_u8(&x->in) % sizeof(control);
	}
	(void)berth_sendmsg(x->st, fd, &msg, flags);
}

static void receive(struct play *x, int fd)
{
	static const int flags[] = {0,	     MSG_PEEK,	  MSG_TRUNC,
				    MSG_OOB, MSG_WAITALL, MSG_OOB | MSG_PEEK};
	_Alignas(struct cmsghdr) uint8_t control[256];
	static char buf[70000];
	struct sockaddr_un un;
	struct iovec iov = {buf, (size_t)read_u8(&x->in) * read_u8(&x->in)};
	struct msghdr msg = {.msg_name = &un,
			     .msg_namelen = read_u8(&x->in) % sizeof(un),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = read_u8(&x->in)};

	(void)berth_recvmsg(x->st, fd, &msg, flags[read_u8(&x->in) % 6]);
}

static void look(struct play *x, int fd)
{
	struct pollfd pfd = {fd, POLLIN | POLLOUT | POLLPRI, 0};
	struct berth_sock_info info;
	struct berth_event ev;
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	uint64_t cursor = 0;
	int value;

	(void)berth_poll(x->st, &pfd, 1);
	(void)berth_getpeername(x->st, fd, (struct sockaddr *)&un, &len);
	(void)berth_ioctl(x->st, fd, SIOCINQ, &value);
	(void)berth_ioctl(x->st, fd, SIOCATMARK, &value);
	while (berth_sock_next(x->st, &cursor, &info))
		;
	while (berth_next_event(x->st, &ev))
		;
}

static void set_option(struct play *x, int fd)
{
	static const int names[] = {SO_PASSCRED, SO_PEEK_OFF, SO_SNDBUF, SO_OOBINLINE, 83};
	int name = names[read_u8(&x->in) % 5];
	int value = (int8_t)read_u8(&x->in);

	(void)berth_setsockopt(x->st, fd, SOL_SOCKET, name, &value, sizeof(value));
}

static void call(struct play *x)
{
	uint8_t which = read_u8(&x->in) % 16;
	int fd = a_fd(x);
	struct sockaddr_un un;
	socklen_t len;
	int sv[2];

	if (which == 0)
		(void)berth_socket(x->st, AF_UNIX, a_type(x), 0);
	else if (which <= 2)
		(void)berth_socketpair(x->st, AF_UNIX, a_type(x), 0, sv);
	else if (which <= 4) {
		len = a_name(x, &un);
		if (which == 3)
			(void)berth_bind(x->st, fd, (struct sockaddr *)&un, len);
		else
			(void)berth_connect(x->st, fd, (struct sockaddr *)&un, len);
	} else if (which == 5)
		(void)berth_listen(x->st, fd, read_u8(&x->in) % 4);
	else if (which == 6)
		(void)berth_accept(x->st, fd, NULL, NULL);
	else if (which <= 9)
		send_along(x, fd);
	else if (which <= 11)
		receive(x, fd);
	else if (which == 12)
		(void)berth_close(x->st, fd);
	else if (which == 13)
		(void)berth_shutdown(x->st, fd, read_u8(&x->in) % 3);
	else if (which == 14)
		set_option(x, fd);
	else {
		(void)berth_sock_set_user(x->st, fd, x);
		(void)berth_unlink(x->st, (char[2]){(char)('a' + fd % 4), 0});
		look(x, fd);
		berth_advance(x->st, x->now += 50 * BERTH_MSEC);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct play x = {.in = reader_of(data, bytes), .state = 1};
	const struct berth_stack_config config = {
		.mem = {take, retake, give, &x},
		.limits = {.sockets_max = FDS, .bytes_max = 1 << 20},
		.random = fill,
		.ctx = &x,
	};

	x.st = berth_stack_new(&config);
	for (int i = 0; i < CALLS_MAX && reader_left(&x.in) > 0; i++)
		call(&x);
	berth_stack_free(x.st);
	if (x.live != 0)
		abort();
	return 0;
}
