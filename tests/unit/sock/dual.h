/* SPDX-License-Identifier: MIT */
/*
 * The same steps on the kernel's loopback and on a stack's: every result, error, poll mask and
 * option value is noted under a label, and the two notes must agree. Sockets do not block. What
 * differs on purpose is not asked.
 */
#ifndef TESTS_SOCK_DUAL_H
#define TESTS_SOCK_DUAL_H

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../stack/pair.h"

#define NOTES_MAX 800

struct note {
	char label[120];
	char text[96]; /* besides the value; empty: none */
	long value;
};

/* One of the two worlds, and what was noted there. */
struct side {
	struct berth_stack *st; /* NULL: the kernel */
	struct note notes[NOTES_MAX];
	int count;
	int open[64];
	int open_count;
};

/* Group setup: a network namespace of the test's own, so that no port of the kernel's side is
 * anybody else's. Where users may not have one, the machine's loopback has to do. */
static inline int own_loopback(void **state)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	(void)state;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_return_code(fd, errno);
	assert_return_code(ioctl(fd, SIOCSIFFLAGS, &lo), errno);
	close(fd);
	return 0;
}

static inline void note(struct side *w, const char *label, long value)
{
	assert_in_range(w->count, 0, NOTES_MAX - 1);
	snprintf(w->notes[w->count].label, sizeof(w->notes[0].label), "%.*s",
		 (int)sizeof(w->notes[0].label) - 1, label);
	w->notes[w->count].text[0] = '\0';
	w->notes[w->count++].value = value;
}

static inline void note_text(struct side *w, const char *label, const char *text)
{
	note(w, label, 0);
	snprintf(w->notes[w->count - 1].text, sizeof(w->notes[0].text), "%s", text);
}

#define NOTE(w, call) note(w, #call, (long)(call))

static inline long or_errno(long result)
{
	return result < 0 ? -errno : result;
}

static inline int do_socket(struct side *w, int family, int type, int protocol)
{
	int fd = w->st ? berth_socket(w->st, family, type, protocol)
		       : (int)or_errno(socket(family, type | SOCK_NONBLOCK, protocol));

	if (fd >= 0)
		w->open[w->open_count++] = fd;
	return fd;
}

/* The descriptor is not noted, but that there is one. */
static inline long try_socket(struct side *w, int family, int type, int protocol)
{
	int fd = do_socket(w, family, type, protocol);

	return fd < 0 ? fd : 0;
}

static inline long do_bind(struct side *w, int fd, const void *a, socklen_t len)
{
	return w->st ? berth_bind(w->st, fd, a, len) : or_errno(bind(fd, a, len));
}

static inline long do_listen(struct side *w, int fd, int backlog)
{
	return w->st ? berth_listen(w->st, fd, backlog) : or_errno(listen(fd, backlog));
}

static inline long do_connect(struct side *w, int fd, const void *a, socklen_t len)
{
	return w->st ? berth_connect(w->st, fd, a, len) : or_errno(connect(fd, a, len));
}

static inline long do_shutdown(struct side *w, int fd, int how)
{
	return w->st ? berth_shutdown(w->st, fd, how) : or_errno(shutdown(fd, how));
}

static inline int do_accept(struct side *w, int fd)
{
	int got = w->st ? berth_accept(w->st, fd, NULL, NULL)
			: (int)or_errno(accept4(fd, NULL, NULL, SOCK_NONBLOCK));

	if (got >= 0)
		w->open[w->open_count++] = got;
	return got;
}

static inline long try_accept(struct side *w, int fd)
{
	int got = do_accept(w, fd);

	return got < 0 ? got : 0;
}

static inline long do_close(struct side *w, int fd)
{
	for (int i = 0; i < w->open_count; i++) {
		if (w->open[i] == fd)
			w->open[i] = w->open[--w->open_count];
	}
	return w->st ? berth_close(w->st, fd) : or_errno(close(fd));
}

static inline long do_send(struct side *w, int fd, const void *buf, size_t n, int flags)
{
	flags |= MSG_NOSIGNAL;
	return w->st ? berth_send(w->st, fd, buf, n, flags) : or_errno(send(fd, buf, n, flags));
}

static inline long do_sendto(struct side *w, int fd, const void *buf, size_t n, int flags,
			     const void *a, socklen_t len)
{
	flags |= MSG_NOSIGNAL;
	return w->st ? berth_sendto(w->st, fd, buf, n, flags, a, len)
		     : or_errno(sendto(fd, buf, n, flags, a, len));
}

static inline long do_recv(struct side *w, int fd, size_t n, int flags)
{
	char buf[4096];

	return w->st ? berth_recv(w->st, fd, buf, n, flags) : or_errno(recv(fd, buf, n, flags));
}

static inline long do_name(struct side *w, int fd, bool peer, struct sockaddr_in *in)
{
	socklen_t len = sizeof(*in);

	if (w->st)
		return peer ? berth_getpeername(w->st, fd, (struct sockaddr *)(void *)in, &len)
			    : berth_getsockname(w->st, fd, (struct sockaddr *)(void *)in, &len);
	return or_errno(peer ? getpeername(fd, (struct sockaddr *)(void *)in, &len)
			     : getsockname(fd, (struct sockaddr *)(void *)in, &len));
}

static inline long do_peer(struct side *w, int fd)
{
	struct sockaddr_in in;

	return do_name(w, fd, true, &in);
}

/* The local address, and whether it has a port. */
static inline long local_addr(struct side *w, int fd)
{
	struct sockaddr_in in = {0};
	long result = do_name(w, fd, false, &in);

	return result < 0 ? result : (long)ntohl(in.sin_addr.s_addr);
}

static inline long has_port(struct side *w, int fd)
{
	struct sockaddr_in in = {0};
	long result = do_name(w, fd, false, &in);

	return result < 0 ? result : in.sin_port != 0;
}

static inline uint16_t port_of(struct side *w, int fd)
{
	struct sockaddr_in in = {0};

	assert_int_equal(do_name(w, fd, false, &in), 0);
	return ntohs(in.sin_port);
}

static inline long do_set(struct side *w, int fd, int level, int name, const void *value,
			  socklen_t len)
{
	return w->st ? berth_setsockopt(w->st, fd, level, name, value, len)
		     : or_errno(setsockopt(fd, level, name, value, len));
}

static inline long set_int(struct side *w, int fd, int level, int name, int value)
{
	return do_set(w, fd, level, name, &value, sizeof(value));
}

static inline long do_get(struct side *w, int fd, int level, int name, void *value, socklen_t *len)
{
	return w->st ? berth_getsockopt(w->st, fd, level, name, value, len)
		     : or_errno(getsockopt(fd, level, name, value, len));
}

/* The value; an error as -100000 - errno, so that -1 stays a value. */
static inline long get_int(struct side *w, int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);
	long result = do_get(w, fd, level, name, &value, &len);

	return result < 0 ? -100000 + result : value;
}

/* The kernel's packets take their time. */
static inline void settle(struct side *w)
{
	if (!w->st)
		usleep(3000);
}

static inline long do_poll(struct side *w, int fd)
{
	struct pollfd p = {fd,
			   POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM |
				   POLLWRBAND | POLLRDBAND,
			   0};

	settle(w);
	if (w->st)
		(void)berth_poll(w->st, &p, 1); /* revents says it */
	else
		(void)poll(&p, 1, 0); /* likewise */
	return p.revents;
}

static inline long do_ioctl(struct side *w, int fd, unsigned long request)
{
	int value = 0;
	long result = w->st ? berth_ioctl(w->st, fd, request, &value)
			    : or_errno(ioctl(fd, request, &value));

	return result < 0 ? result : value;
}

static inline struct sockaddr_in here(uint16_t port)
{
	return in_addr_of("127.0.0.1", port);
}

static inline int bound(struct side *w, int type, const char *address, uint16_t port)
{
	struct sockaddr_in in = in_addr_of(address, port);
	int fd = do_socket(w, AF_INET, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(do_bind(w, fd, &in, sizeof(in)), 0);
	return fd;
}

static inline int listening(struct side *w)
{
	int fd = bound(w, SOCK_STREAM, "127.0.0.1", 0);

	assert_int_equal(do_listen(w, fd, 5), 0);
	return fd;
}

static inline void make_pair(struct side *w, int *out_client, int *out_server)
{
	int listener = listening(w);
	struct sockaddr_in to = here(port_of(w, listener));

	*out_client = do_socket(w, AF_INET, SOCK_STREAM, 0);
	assert_int_equal(do_connect(w, *out_client, &to, sizeof(to)), -EINPROGRESS);
	settle(w);
	assert_int_equal(do_connect(w, *out_client, &to, sizeof(to)), 0);
	*out_server = do_accept(w, listener);
	assert_true(*out_server >= 0);
	assert_int_equal(do_close(w, listener), 0);
}

/* Plays a case on both sides and compares what was noted. */
static inline void compare(void (*play)(struct side *w))
{
	static struct pair pr;
	static struct side kernel, ours;
	struct sockaddr_in any = in_addr_of("0.0.0.0", 0);
	struct sockaddr_in router = in_addr_of("10.0.0.2", 0);
	int wrong = 0;

	memset(&kernel, 0, sizeof(kernel));
	memset(&ours, 0, sizeof(ours));
	pair_init(&pr, 0);
	ours.st = pr.host[0];
	assert_int_equal(berth_route_add(ours.st, SA(any), 0, SA(router), 0, 0), 0);
	play(&kernel);
	play(&ours);
	for (int i = 0; i < kernel.open_count; i++)
		close(kernel.open[i]);
	assert_int_equal(kernel.count, ours.count);
	for (int i = 0; i < kernel.count; i++) {
		if (kernel.notes[i].value == ours.notes[i].value &&
		    strcmp(kernel.notes[i].text, ours.notes[i].text) == 0)
			continue;
		wrong++;
		print_error("note %d: %s: kernel %ld %s, berth %ld %s\n", i, kernel.notes[i].label,
			    kernel.notes[i].value, kernel.notes[i].text, ours.notes[i].value,
			    ours.notes[i].text);
	}
	pair_fini(&pr);
	assert_int_equal(wrong, 0);
	assert_true(kernel.count > 0);
}

#define TEST(name)                                                                                 \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		compare(case_##name);                                                              \
	}

#endif
