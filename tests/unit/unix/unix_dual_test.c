/* SPDX-License-Identifier: MIT */
/*
 * The same steps on the kernel's AF_UNIX and on a stack's: every result, error, poll mask, name and
 * queue length is noted under a label, and the two notes must agree. Nothing blocks. Paths are
 * relative, on the kernel's side in a directory of the test's own; the test gives up root, as which
 * the kernel would believe any credentials.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../stack/pair.h"

#define NOTES_MAX 1500
#define NOBODY 65534
#define NOT_OURS 12345

struct note {
	char label[120];
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

static char directory[64];
static long compared;

static void note(struct side *w, const char *label, long value)
{
	assert_in_range(w->count, 0, NOTES_MAX - 1);
	snprintf(w->notes[w->count].label, sizeof(w->notes[0].label), "%s", label);
	w->notes[w->count++].value = value;
}

#define NOTE(w, call) note(w, #call, (long)(call))

static long or_errno(long result)
{
	return result < 0 ? -errno : result;
}

static int keep(struct side *w, int fd)
{
	if (fd >= 0)
		w->open[w->open_count++] = fd;
	return fd;
}

static int do_socket(struct side *w, int type, int protocol)
{
	return keep(w, w->st ? berth_socket(w->st, AF_UNIX, type, protocol)
			     : (int)or_errno(socket(AF_UNIX, type | SOCK_NONBLOCK, protocol)));
}

static int new (struct side *w, int type)
{
	int fd = do_socket(w, type, 0);

	assert_true(fd >= 0);
	return fd;
}

static long try_socket(struct side *w, int type, int protocol)
{
	int fd = do_socket(w, type, protocol);

	return fd < 0 ? fd : 0;
}

static long do_pair(struct side *w, int type, int sv[2])
{
	long result = w->st ? berth_socketpair(w->st, AF_UNIX, type, 0, sv)
			    : or_errno(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, sv));

	if (result == 0) {
		keep(w, sv[0]);
		keep(w, sv[1]);
	}
	return result;
}

/* An address of either kind, and how long it is. */
struct name {
	struct sockaddr_un un;
	socklen_t len;
};

#define AT offsetof(struct sockaddr_un, sun_path)

static struct name path(const char *text)
{
	struct name n = {.un.sun_family = AF_UNIX, .len = (socklen_t)(AT + strlen(text) + 1)};

	assert_true(strlen(text) < sizeof(n.un.sun_path));
	strcpy(n.un.sun_path, text);
	return n;
}

/* Abstract names are the whole machine's. */
static struct name hidden(const char *text)
{
	struct name n = {.un.sun_family = AF_UNIX};
	int bytes = snprintf(n.un.sun_path + 1, sizeof(n.un.sun_path) - 1, "berth-%d-%s",
			     (int)getpid(), text);

	n.len = (socklen_t)AT + 1 + (socklen_t)bytes;
	return n;
}

static struct name cut(struct name n, socklen_t len)
{
	n.len = len;
	return n;
}

static struct name of_family(struct name n, sa_family_t family)
{
	n.un.sun_family = family;
	return n;
}

static long do_bind(struct side *w, int fd, struct name n)
{
	return w->st ? berth_bind(w->st, fd, SA(n.un), n.len) : or_errno(bind(fd, SA(n.un), n.len));
}

static long do_connect(struct side *w, int fd, struct name n)
{
	return w->st ? berth_connect(w->st, fd, SA(n.un), n.len)
		     : or_errno(connect(fd, SA(n.un), n.len));
}

static long do_listen(struct side *w, int fd, int backlog)
{
	return w->st ? berth_listen(w->st, fd, backlog) : or_errno(listen(fd, backlog));
}

static long do_unlink(struct side *w, const char *text)
{
	return w->st ? berth_unlink(w->st, text) : or_errno(unlink(text));
}

static long do_shutdown(struct side *w, int fd, int how)
{
	return w->st ? berth_shutdown(w->st, fd, how) : or_errno(shutdown(fd, how));
}

static int do_accept(struct side *w, int fd)
{
	return keep(w, w->st ? berth_accept(w->st, fd, NULL, NULL)
			     : (int)or_errno(accept4(fd, NULL, NULL, SOCK_NONBLOCK)));
}

static long try_accept(struct side *w, int fd)
{
	int got = do_accept(w, fd);

	return got < 0 ? got : 0;
}

/* The peer's name as accept() tells it. */
static long accept_name(struct side *w, int fd, int *out)
{
	struct sockaddr_un un = {0};
	socklen_t len = sizeof(un);

	*out = keep(w, w->st ? berth_accept(w->st, fd, SA(un), &len)
			     : (int)or_errno(accept4(fd, SA(un), &len, SOCK_NONBLOCK)));
	return *out < 0 ? *out : 256 * (long)len + un.sun_path[0];
}

static long do_close(struct side *w, int fd)
{
	for (int i = 0; i < w->open_count; i++) {
		if (w->open[i] == fd)
			w->open[i] = w->open[--w->open_count];
	}
	return w->st ? berth_close(w->st, fd) : or_errno(close(fd));
}

static long do_send(struct side *w, int fd, const void *buf, size_t n, int flags)
{
	flags |= MSG_NOSIGNAL;
	return w->st ? berth_send(w->st, fd, buf, n, flags) : or_errno(send(fd, buf, n, flags));
}

static long do_sendto(struct side *w, int fd, const char *text, struct name to)
{
	return w->st ? berth_sendto(w->st, fd, text, strlen(text), MSG_NOSIGNAL, SA(to.un), to.len)
		     : or_errno(sendto(fd, text, strlen(text), MSG_NOSIGNAL, SA(to.un), to.len));
}

static long do_say(struct side *w, int fd, const char *text)
{
	return do_send(w, fd, text, strlen(text), 0);
}

static long do_recv(struct side *w, int fd, void *buf, size_t n, int flags)
{
	return w->st ? berth_recv(w->st, fd, buf, n, flags) : or_errno(recv(fd, buf, n, flags));
}

/* The result, and the first bytes that came. */
static long hear(struct side *w, int fd, size_t n, int flags)
{
	unsigned char buf[4096] = {0};
	long result = do_recv(w, fd, buf, n, flags);

	return result <= 0 ? result
			   : result + 1000 * (long)buf[0] + 1000000 * (long)buf[1] +
				     1000000000 * (long)buf[2];
}

/* The same with recvmsg()'s flags and the length of the sender's name. */
static long hear_msg(struct side *w, int fd, size_t n, int flags)
{
	char buf[4096];
	struct sockaddr_un un;
	struct iovec iov = {buf, n};
	struct msghdr msg = {
		.msg_name = &un, .msg_namelen = sizeof(un), .msg_iov = &iov, .msg_iovlen = 1};
	long result =
		w->st ? berth_recvmsg(w->st, fd, &msg, flags) : or_errno(recvmsg(fd, &msg, flags));

	return result < 0 ? result
			  : result + 1000L * msg.msg_flags + 1000000000L * (long)msg.msg_namelen;
}

static long drain(struct side *w, int fd)
{
	char buf[4096];
	long sum = 0;
	long n;

	while ((n = do_recv(w, fd, buf, sizeof(buf), 0)) > 0)
		sum += n;
	return sum;
}

static long mask(struct side *w, int fd)
{
	struct pollfd pfd = {fd,
			     POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM |
				     POLLRDBAND | POLLWRBAND,
			     0};

	if (w->st)
		(void)berth_poll(w->st, &pfd, 1); /* revents says it */
	else
		(void)poll(&pfd, 1, 0);
	return pfd.revents;
}

static long name_of(struct side *w, int fd, bool peer, struct sockaddr_un *un)
{
	socklen_t len = sizeof(*un);
	long result;

	memset(un, 0x55, sizeof(*un));
	if (w->st)
		result = peer ? berth_getpeername(w->st, fd, SA(*un), &len)
			      : berth_getsockname(w->st, fd, SA(*un), &len);
	else
		result = or_errno(peer ? getpeername(fd, SA(*un), &len)
				       : getsockname(fd, SA(*un), &len));
	return result < 0 ? result : (long)len;
}

/* Its length, family, and a sum of its bytes. */
static long name_sum(struct side *w, int fd, bool peer)
{
	struct sockaddr_un un;
	long len = name_of(w, fd, peer, &un);
	long sum = 0;

	if (len < 0)
		return len;
	for (size_t i = AT; i < (size_t)len && i < sizeof(un); i++)
		sum = sum * 31 % 100003 + ((unsigned char *)&un)[i];
	return len + 1000L * un.sun_family + 1000000L * sum;
}

static long sock_name(struct side *w, int fd)
{
	return name_sum(w, fd, false);
}

static long peer_name(struct side *w, int fd)
{
	return name_sum(w, fd, true);
}

static long set_opt(struct side *w, int fd, int name, int value)
{
	return w->st ? berth_setsockopt(w->st, fd, SOL_SOCKET, name, &value, sizeof(value))
		     : or_errno(setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value)));
}

static long set_short(struct side *w, int fd, int name)
{
	return w->st ? berth_setsockopt(w->st, fd, SOL_SOCKET, name, "", 1)
		     : or_errno(setsockopt(fd, SOL_SOCKET, name, "", 1));
}

static long get_level(struct side *w, int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);
	long result = w->st ? berth_getsockopt(w->st, fd, level, name, &value, &len)
			    : or_errno(getsockopt(fd, level, name, &value, &len));

	return result < 0 ? -100000 + result : value;
}

static long get_opt(struct side *w, int fd, int name)
{
	return get_level(w, fd, SOL_SOCKET, name);
}

static long peer_cred(struct side *w, int fd)
{
	struct ucred c = {0};
	socklen_t len = sizeof(c);
	long result = w->st ? berth_getsockopt(w->st, fd, SOL_SOCKET, SO_PEERCRED, &c, &len)
			    : or_errno(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len));

	return result < 0 ? result
			  : (c.pid == getpid() ? 1
			     : c.pid == 0      ? 2
					       : 3) +
				    10L * len + 1000L * (long)(int)c.uid + (long)(int)c.gid;
}

static long ask(struct side *w, int fd, unsigned long request)
{
	int value = -77;
	long result = w->st ? berth_ioctl(w->st, fd, request, &value)
			    : or_errno(ioctl(fd, request, &value));

	return result < 0 ? -100000 + result : value;
}

/* What goes along with a message: up to three descriptors, credentials. */
struct along {
	int fds[300];
	int fd_count;
	bool creds;
	struct ucred cred;
	size_t room;	/* for what comes: bytes of control data */
	int flags;	/* what came */
	size_t control; /* msg_controllen */
};

static long send_along(struct side *w, int fd, const char *text, const struct along *a)
{
	_Alignas(struct cmsghdr) char control[2000] = {0};
	struct iovec iov = {(void *)(uintptr_t)text, strlen(text)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;

	if (a->fd_count >= 0) {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)a->fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), a->fds, (size_t)a->fd_count * sizeof(int));
		msg.msg_controllen += CMSG_SPACE((size_t)a->fd_count * sizeof(int));
		c = (struct cmsghdr *)(void *)(control + msg.msg_controllen);
	}
	if (a->creds) {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_CREDENTIALS;
		c->cmsg_len = CMSG_LEN(sizeof(a->cred));
		memcpy(CMSG_DATA(c), &a->cred, sizeof(a->cred));
		msg.msg_controllen += CMSG_SPACE(sizeof(a->cred));
	}
	return w->st ? berth_sendmsg(w->st, fd, &msg, MSG_NOSIGNAL)
		     : or_errno(sendmsg(fd, &msg, MSG_NOSIGNAL));
}

static struct along with_fds(int a, int b)
{
	return (struct along){.fds = {a, b}, .fd_count = b >= 0 ? 2 : 1};
}

static struct along with_creds(pid_t pid, uid_t uid, gid_t gid)
{
	return (struct along){.fd_count = -1, .creds = true, .cred = {pid, uid, gid}};
}

/* Receives; `a->room` says how much control data, 0: no buffer at all. */
static long recv_along(struct side *w, int fd, size_t n, int flags, struct along *a)
{
	_Alignas(struct cmsghdr) char control[2000];
	char buf[4096];
	struct iovec iov = {buf, n};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = a->room > 0 ? control : NULL,
			     .msg_controllen = a->room};
	long result =
		w->st ? berth_recvmsg(w->st, fd, &msg, flags) : or_errno(recvmsg(fd, &msg, flags));

	a->fd_count = 0;
	a->creds = false;
	a->flags = msg.msg_flags;
	a->control = msg.msg_controllen;
	if (result < 0)
		return result;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_type == SCM_RIGHTS) {
			size_t bytes = c->cmsg_len - CMSG_LEN(0);

			memcpy(a->fds, CMSG_DATA(c), bytes);
			a->fd_count = (int)(bytes / sizeof(int));
			for (int i = 0; i < a->fd_count; i++)
				keep(w, a->fds[i]);
		} else if (c->cmsg_type == SCM_CREDENTIALS) {
			a->creds = true;
			memcpy(&a->cred, CMSG_DATA(c), sizeof(a->cred));
		}
	}
	return result;
}

/* The same in one number. */
static long came(struct side *w, int fd, size_t n, int flags, size_t room)
{
	struct along a = {.room = room};
	long result = recv_along(w, fd, n, flags, &a);
	long cred = !a.creds ? 0 : a.cred.pid == getpid() ? 1 : a.cred.pid == 0 ? 2 : 3;

	if (result < 0)
		return result;
	if (a.creds)
		cred = cred * 10 + (a.cred.uid == getuid() ? 1 : a.cred.uid == NOBODY ? 2 : 3);
	return result + 1000L * a.flags + 1000000L * a.fd_count + 1000000000L * cred +
	       1000000000000L * (long)a.control;
}

static long kind(struct side *w, int fd)
{
	return get_opt(w, fd, SO_TYPE);
}

/* The host has what the machine's administrator may have set. */
static void adopt(struct berth_stack *st, const char *file, const char *knob)
{
	FILE *f = fopen(file, "re");
	long value = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld", &value), 1);
	(void)fclose(f); /* it was only read */
	assert_int_equal(berth_stack_sysctl_set(st, knob, value), 0);
}

/* Older kernels differ, above all in urgent data, and in bugs. */
static bool kernel_is_reference(void)
{
	struct utsname name;
	int major = 0;
	int minor = 0;

	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		return false;
	return major * 1000 + minor >= 6016;
}

static void compare(void (*play)(struct side *w))
{
	static struct pair pr;
	static struct side kernel, ours;
	struct berth_stack_config config = {.random = pair_random, .ctx = &pr};
	int wrong = 0;

	if (!kernel_is_reference())
		skip();
	memset(&kernel, 0, sizeof(kernel));
	memset(&ours, 0, sizeof(ours));
	pair_init(&pr, 0);
	config.pool = pr.pool;
	config.mem = pr.mem;
	config.pid = (uint32_t)getpid();
	config.uid = getuid();
	config.gid = getgid();
	ours.st = berth_stack_new(&config);
	assert_non_null(ours.st);
	adopt(ours.st, "/proc/sys/net/unix/max_dgram_qlen", "net.unix.max_dgram_qlen");
	play(&kernel);
	play(&ours);
	for (int i = 0; i < kernel.open_count; i++)
		close(kernel.open[i]);
	assert_int_equal(kernel.count, ours.count);
	for (int i = 0; i < kernel.count; i++) {
		if (kernel.notes[i].value == ours.notes[i].value)
			continue;
		wrong++;
		print_error("note %d: %s: kernel %ld, berth %ld\n", i, kernel.notes[i].label,
			    kernel.notes[i].value, ours.notes[i].value);
	}
	berth_stack_free(ours.st);
	pair_fini(&pr);
	compared += kernel.count;
	assert_int_equal(wrong, 0);
	assert_true(kernel.count > 0);
}

static int listener(struct side *w, int type, struct name n, int backlog)
{
	int fd = new (w, type);

	assert_int_equal(do_bind(w, fd, n), 0);
	assert_int_equal(do_listen(w, fd, backlog), 0);
	return fd;
}

static void connection(struct side *w, int type, int out[2])
{
	int l = listener(w, type, hidden("connection"), 5);

	out[0] = new (w, type);
	assert_int_equal(do_connect(w, out[0], hidden("connection")), 0);
	out[1] = do_accept(w, l);
	assert_true(out[1] >= 0);
	do_close(w, l);
}

static void play_socket(struct side *w)
{
	int sv[2];

	NOTE(w, try_socket(w, SOCK_STREAM, 0));
	NOTE(w, try_socket(w, SOCK_DGRAM, 0));
	NOTE(w, try_socket(w, SOCK_SEQPACKET, 0));
	NOTE(w, try_socket(w, SOCK_RAW, 0));
	NOTE(w, try_socket(w, SOCK_RDM, 0));
	NOTE(w, try_socket(w, 0, 0));
	NOTE(w, try_socket(w, SOCK_STREAM, PF_UNIX));
	NOTE(w, try_socket(w, SOCK_STREAM, 2));
	NOTE(w, try_socket(w, SOCK_STREAM, 6));
	NOTE(w, try_socket(w, SOCK_STREAM, -1));
	NOTE(w, kind(w, new (w, SOCK_RAW)));
	NOTE(w, kind(w, new (w, SOCK_SEQPACKET)));
	NOTE(w, get_opt(w, new (w, SOCK_STREAM), SO_DOMAIN));
	NOTE(w, get_opt(w, do_socket(w, SOCK_STREAM, PF_UNIX), SO_PROTOCOL));
	NOTE(w, do_pair(w, SOCK_STREAM, sv));
	NOTE(w, do_pair(w, SOCK_RAW, sv));
	NOTE(w, kind(w, sv[1]));
	NOTE(w, do_pair(w, SOCK_RDM, sv));
	NOTE(w, w->st ? berth_socketpair(w->st, AF_INET, SOCK_STREAM, 0, sv)
		      : or_errno(socketpair(AF_INET, SOCK_STREAM, 0, sv)));
}

static void play_bind(struct side *w)
{
	int a = new (w, SOCK_STREAM);
	int b = new (w, SOCK_STREAM);
	int c = new (w, SOCK_DGRAM);
	struct name full = path("full");

	NOTE(w, do_bind(w, a, cut(path("x"), 0)));
	NOTE(w, do_bind(w, a, cut(path("x"), 1)));
	NOTE(w, do_bind(w, a, cut(path("x"), sizeof(struct sockaddr_un) + 1)));
	NOTE(w, do_bind(w, a, of_family(path("x"), AF_INET)));
	NOTE(w, do_bind(w, a, of_family(path("x"), AF_UNSPEC)));
	NOTE(w, sock_name(w, a));
	NOTE(w, do_bind(w, a, path("one")));
	NOTE(w, sock_name(w, a));
	NOTE(w, do_bind(w, a, path("two")));
	NOTE(w, do_bind(w, a, path("one")));
	NOTE(w, do_bind(w, a, hidden("other")));
	NOTE(w, do_bind(w, a, cut(path("x"), AT)));
	NOTE(w, do_bind(w, b, path("one")));
	NOTE(w, do_bind(w, c, path("one")));
	NOTE(w, do_unlink(w, "one"));
	NOTE(w, do_unlink(w, "one"));
	NOTE(w, do_unlink(w, ""));
	NOTE(w, do_unlink(w, "nothing"));
	NOTE(w, sock_name(w, a));
	NOTE(w, do_bind(w, b, path("one")));
	NOTE(w, sock_name(w, b));
	NOTE(w, do_bind(w, new (w, SOCK_STREAM), cut(path("cut-here"), AT + 3)));
	NOTE(w, do_unlink(w, "cut"));
	memset(full.un.sun_path, 'f', sizeof(full.un.sun_path));
	c = new (w, SOCK_STREAM);
	NOTE(w, do_bind(w, c, cut(full, sizeof(full.un))));
	NOTE(w, sock_name(w, c));
	do_close(w, b);
	NOTE(w, do_bind(w, new (w, SOCK_STREAM), path("one")));
	NOTE(w, do_connect(w, new (w, SOCK_STREAM), path("one")));
	NOTE(w, do_unlink(w, "one"));
	NOTE(w, do_connect(w, new (w, SOCK_STREAM), path("one")));
	NOTE(w, do_bind(w, new (w, SOCK_STREAM), path("one")));
}

static void play_abstract(struct side *w)
{
	int a = new (w, SOCK_STREAM);
	int b = new (w, SOCK_STREAM);
	int d = new (w, SOCK_DGRAM);
	struct sockaddr_un un;

	NOTE(w, do_bind(w, a, hidden("a")));
	NOTE(w, do_bind(w, a, hidden("b")));
	NOTE(w, do_bind(w, a, hidden("a")));
	NOTE(w, do_bind(w, b, hidden("a")));
	NOTE(w, do_bind(w, d, hidden("a")));
	NOTE(w, do_connect(w, b, hidden("a")));
	NOTE(w, do_connect(w, new (w, SOCK_SEQPACKET), hidden("a")));
	NOTE(w, do_connect(w, new (w, SOCK_DGRAM), hidden("a")));
	NOTE(w, do_connect(w, b, hidden("nobody")));
	NOTE(w, do_connect(w, new (w, SOCK_DGRAM), hidden("nobody")));
	do_close(w, a);
	NOTE(w, do_bind(w, b, hidden("a")));
	/* Autobind: a zero, five digits. */
	a = new (w, SOCK_STREAM);
	NOTE(w, do_bind(w, a, cut(path(""), AT)));
	NOTE(w, name_of(w, a, false, &un));
	NOTE(w, un.sun_path[0]);
	NOTE(w, strspn(un.sun_path + 1, "0123456789abcdef") >= 5);
	NOTE(w, do_bind(w, a, cut(path(""), AT)));
	NOTE(w, do_listen(w, a, 1));
	NOTE(w, do_connect(w, new (w, SOCK_STREAM), (struct name){un, (socklen_t)AT + 6}));
}

static void play_unconnected(struct side *w)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

	for (size_t i = 0; i < 3; i++) {
		int fd = new (w, types[i]);

		NOTE(w, mask(w, fd));
		NOTE(w, do_say(w, fd, "x"));
		NOTE(w, do_send(w, fd, "", 0, 0));
		NOTE(w, do_sendto(w, fd, "x", hidden("nobody")));
		NOTE(w, do_sendto(w, fd, "x", path("nobody")));
		NOTE(w, do_sendto(w, fd, "x", of_family(path("nobody"), AF_INET)));
		NOTE(w, do_send(w, fd, "x", 1, MSG_OOB));
		NOTE(w, hear(w, fd, 10, 0));
		NOTE(w, hear(w, fd, 10, MSG_PEEK));
		NOTE(w, hear(w, fd, 10, MSG_OOB));
		NOTE(w, do_listen(w, fd, 5));
		NOTE(w, try_accept(w, fd));
		NOTE(w, peer_name(w, fd));
		NOTE(w, peer_cred(w, fd));
		NOTE(w, get_opt(w, fd, SO_PEERSEC));
		NOTE(w, get_opt(w, fd, SO_ERROR));
		NOTE(w, ask(w, fd, SIOCINQ));
		NOTE(w, ask(w, fd, SIOCOUTQ));
		NOTE(w, ask(w, fd, SIOCATMARK));
		NOTE(w, do_connect(w, fd, cut(path("x"), 1)));
		NOTE(w, do_connect(w, fd, cut(path("x"), AT)));
		NOTE(w, do_connect(w, fd, path("nobody")));
		NOTE(w, do_connect(w, fd, of_family(path("x"), AF_INET)));
		NOTE(w, do_connect(w, fd, of_family(path("x"), AF_UNSPEC)));
		NOTE(w, do_shutdown(w, fd, 3));
		NOTE(w, do_shutdown(w, fd, SHUT_WR));
		NOTE(w, do_say(w, fd, "x"));
		NOTE(w, mask(w, fd));
		NOTE(w, do_shutdown(w, fd, SHUT_RD));
		NOTE(w, hear(w, fd, 10, MSG_DONTWAIT));
		NOTE(w, mask(w, fd));
	}
}

static void play_listen(struct side *w, int type)
{
	int l = new (w, type);
	int c[4];
	int s;

	NOTE(w, do_bind(w, l, path("listener")));
	NOTE(w, do_connect(w, new (w, type), path("listener")));
	NOTE(w, get_opt(w, l, SO_ACCEPTCONN));
	NOTE(w, do_listen(w, l, 1));
	NOTE(w, do_listen(w, l, 1));
	NOTE(w, get_opt(w, l, SO_ACCEPTCONN));
	NOTE(w, mask(w, l));
	NOTE(w, try_accept(w, l));
	NOTE(w, peer_cred(w, l));
	NOTE(w, ask(w, l, SIOCINQ));
	NOTE(w, do_say(w, l, "x"));
	NOTE(w, hear(w, l, 1, 0));
	NOTE(w, do_connect(w, l, path("listener")));
	NOTE(w, do_connect(w, new (w, SOCK_DGRAM), path("listener")));
	NOTE(w, do_connect(w, new (w, type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM),
			   path("listener")));
	for (int i = 0; i < 4; i++) {
		c[i] = new (w, type);
		NOTE(w, do_connect(w, c[i], path("listener")));
	}
	NOTE(w, mask(w, l));
	NOTE(w, mask(w, c[0]));
	NOTE(w, mask(w, c[3]));
	NOTE(w, peer_name(w, c[0]));
	NOTE(w, peer_name(w, c[3]));
	NOTE(w, peer_cred(w, c[0]));
	NOTE(w, do_connect(w, c[0], path("listener")));
	NOTE(w, do_connect(w, c[0], path("nobody")));
	NOTE(w, do_say(w, c[0], "early"));
	NOTE(w, accept_name(w, l, &s));
	NOTE(w, do_connect(w, c[0], path("listener")));
	NOTE(w, do_connect(w, s, path("listener")));
	NOTE(w, hear(w, s, 10, 0));
	NOTE(w, sock_name(w, s));
	NOTE(w, peer_name(w, s));
	NOTE(w, peer_cred(w, s));
	NOTE(w, get_opt(w, s, SO_ACCEPTCONN));
	NOTE(w, do_bind(w, c[0], hidden("late")));
	NOTE(w, peer_name(w, s));
	NOTE(w, do_listen(w, s, 1));
	NOTE(w, do_listen(w, c[0], 1));
	NOTE(w, do_connect(w, c[3], path("listener")));
	NOTE(w, do_listen(w, l, 7));
	NOTE(w, do_connect(w, new (w, type), path("listener")));
	/* A client that has gone before it was accepted; one that sent before. */
	do_say(w, c[1], "bye");
	do_close(w, c[1]);
	NOTE(w, accept_name(w, l, &s));
	NOTE(w, mask(w, s));
	NOTE(w, hear(w, s, 10, 0));
	NOTE(w, hear(w, s, 10, 0));
	NOTE(w, do_say(w, s, "x"));
	NOTE(w, do_shutdown(w, l, SHUT_RD));
	NOTE(w, mask(w, l));
	NOTE(w, try_accept(w, l));
	NOTE(w, do_connect(w, new (w, type), path("listener")));
	NOTE(w, do_unlink(w, "listener"));
	do_close(w, l);
	/* Those that were never accepted. */
	NOTE(w, mask(w, c[3]));
	NOTE(w, get_opt(w, c[3], SO_ERROR));
	NOTE(w, hear(w, c[3], 10, 0));
	NOTE(w, mask(w, c[0]));
}

static void play_listen_stream(struct side *w)
{
	play_listen(w, SOCK_STREAM);
}

static void play_listen_seqpacket(struct side *w)
{
	play_listen(w, SOCK_SEQPACKET);
}

static void play_shutdown(struct side *w, int type)
{
	int sv[2];

	for (int how = SHUT_RD; how <= SHUT_RDWR; how++) {
		NOTE(w, do_pair(w, type, sv));
		do_say(w, sv[0], "to b");
		do_say(w, sv[1], "to a");
		NOTE(w, do_shutdown(w, sv[0], how));
		NOTE(w, mask(w, sv[0]));
		NOTE(w, mask(w, sv[1]));
		NOTE(w, do_say(w, sv[0], "x"));
		NOTE(w, do_say(w, sv[1], "x"));
		for (int i = 0; i < 3; i++) {
			NOTE(w, hear(w, sv[0], 10, MSG_DONTWAIT));
			NOTE(w, hear(w, sv[1], 10, MSG_DONTWAIT));
		}
		NOTE(w, mask(w, sv[0]));
		NOTE(w, mask(w, sv[1]));
		NOTE(w, do_shutdown(w, sv[1], how));
		NOTE(w, mask(w, sv[0]));
		NOTE(w, do_shutdown(w, sv[0], how));
		NOTE(w, peer_name(w, sv[0]));
	}
}

static void play_shutdown_stream(struct side *w)
{
	play_shutdown(w, SOCK_STREAM);
}

static void play_shutdown_seqpacket(struct side *w)
{
	play_shutdown(w, SOCK_SEQPACKET);
}

static void play_shutdown_dgram(struct side *w)
{
	play_shutdown(w, SOCK_DGRAM);
}

static void play_close(struct side *w, int type)
{
	int sv[2];

	/* With everything read. */
	NOTE(w, do_pair(w, type, sv));
	do_say(w, sv[0], "last");
	do_close(w, sv[0]);
	NOTE(w, mask(w, sv[1]));
	NOTE(w, peer_name(w, sv[1]));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, hear(w, sv[1], 10, MSG_DONTWAIT));
	NOTE(w, mask(w, sv[1]));
	NOTE(w, do_say(w, sv[1], "x"));
	NOTE(w, do_say(w, sv[1], "x"));
	NOTE(w, peer_name(w, sv[1]));
	NOTE(w, mask(w, sv[1]));
	NOTE(w, get_opt(w, sv[1], SO_ERROR));
	/* With something that was not. */
	NOTE(w, do_pair(w, type, sv));
	do_say(w, sv[0], "unread");
	do_say(w, sv[1], "read");
	do_close(w, sv[1]);
	NOTE(w, mask(w, sv[0]));
	NOTE(w, hear(w, sv[0], 10, MSG_DONTWAIT));
	NOTE(w, hear(w, sv[0], 10, MSG_DONTWAIT));
	NOTE(w, hear(w, sv[0], 10, MSG_DONTWAIT));
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, do_pair(w, type, sv));
	do_say(w, sv[0], "unread");
	do_close(w, sv[1]);
	NOTE(w, do_say(w, sv[0], "x"));
	NOTE(w, get_opt(w, sv[0], SO_ERROR));
	NOTE(w, get_opt(w, sv[0], SO_ERROR));
}

static void play_close_stream(struct side *w)
{
	play_close(w, SOCK_STREAM);
}

static void play_close_seqpacket(struct side *w)
{
	play_close(w, SOCK_SEQPACKET);
}

static void play_close_dgram(struct side *w)
{
	play_close(w, SOCK_DGRAM);
}

static void play_stream(struct side *w)
{
	char big[1000];
	int sv[2];

	connection(w, SOCK_STREAM, sv);
	memset(big, 'b', sizeof(big));
	NOTE(w, do_say(w, sv[0], "abc"));
	NOTE(w, do_say(w, sv[0], "def"));
	NOTE(w, do_send(w, sv[0], "", 0, 0));
	NOTE(w, ask(w, sv[1], SIOCINQ));
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, hear(w, sv[1], 0, 0));
	NOTE(w, hear(w, sv[1], 2, MSG_PEEK));
	NOTE(w, hear(w, sv[1], 10, MSG_PEEK));
	NOTE(w, hear(w, sv[1], 2, 0));
	NOTE(w, ask(w, sv[1], SIOCINQ));
	NOTE(w, hear(w, sv[1], 2, 0));
	NOTE(w, hear(w, sv[1], 10, MSG_TRUNC));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, hear(w, sv[1], 0, 0));
	NOTE(w, hear(w, sv[1], 10, MSG_PEEK));
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, do_sendto(w, sv[0], "x", hidden("nobody")));
	NOTE(w, do_say(w, sv[0], "named"));
	NOTE(w, hear_msg(w, sv[1], 10, 0));
	NOTE(w, do_say(w, sv[1], "named"));
	NOTE(w, hear_msg(w, sv[0], 2, 0));
	NOTE(w, hear(w, sv[0], 10, MSG_WAITALL | MSG_DONTWAIT));
	for (size_t n = 1; n < sizeof(big); n += 123) {
		NOTE(w, do_send(w, sv[0], big, n, 0));
		NOTE(w, ask(w, sv[0], SIOCOUTQ));
	}
	NOTE(w, ask(w, sv[1], SIOCINQ));
	NOTE(w, do_recv(w, sv[1], big, 500, 0));
	NOTE(w, do_recv(w, sv[1], big, 1000, 0));
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, drain(w, sv[1]));
}

/* How much fits, when there is room again. */
static void play_full_stream(struct side *w)
{
	static char big[1 << 20];
	int count = 0;
	int sv[2];

	NOTE(w, do_pair(w, SOCK_STREAM, sv));
	NOTE(w, get_opt(w, sv[0], SO_SNDBUF));
	NOTE(w, get_opt(w, sv[0], SO_RCVBUF));
	while (do_send(w, sv[0], "x", 1, 0) == 1)
		count++;
	NOTE(w, count);
	NOTE(w, do_send(w, sv[0], "x", 1, 0));
	NOTE(w, mask(w, sv[0]));
	NOTE(w, do_recv(w, sv[1], big, 1, 0));
	NOTE(w, mask(w, sv[0]));
	NOTE(w, do_send(w, sv[0], "x", 1, 0));
	for (int i = 0; i < 14; i++) {
		do_recv(w, sv[1], big, 15, 0);
		NOTE(w, mask(w, sv[0]));
	}
	NOTE(w, drain(w, sv[1]));
	NOTE(w, do_send(w, sv[0], big, sizeof(big), 0));
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, do_recv(w, sv[1], big, 40000, 0));
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, drain(w, sv[1]));
	NOTE(w, set_opt(w, sv[0], SO_SNDBUF, 1));
	NOTE(w, get_opt(w, sv[0], SO_SNDBUF));
	NOTE(w, do_send(w, sv[0], big, sizeof(big), 0));
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, set_opt(w, sv[0], SO_SNDBUF, 60000));
	NOTE(w, do_send(w, sv[0], big, sizeof(big), 0));
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, mask(w, sv[0]));
	do_close(w, sv[1]);
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, mask(w, sv[0]));
}

static void play_urgent(struct side *w)
{
	int sv[2];

	NOTE(w, do_pair(w, SOCK_STREAM, sv));
	NOTE(w, do_send(w, sv[0], "", 0, MSG_OOB));
	NOTE(w, hear(w, sv[1], 1, MSG_OOB));
	/* Read in order. */
	NOTE(w, do_send(w, sv[0], "abc", 3, MSG_OOB));
	NOTE(w, mask(w, sv[1]));
	NOTE(w, ask(w, sv[1], SIOCATMARK));
	NOTE(w, ask(w, sv[1], SIOCINQ));
	NOTE(w, hear(w, sv[1], 10, MSG_PEEK));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, ask(w, sv[1], SIOCATMARK));
	NOTE(w, hear(w, sv[1], 1, MSG_OOB | MSG_PEEK));
	NOTE(w, hear(w, sv[1], 1, MSG_OOB));
	NOTE(w, hear(w, sv[1], 1, MSG_OOB));
	NOTE(w, mask(w, sv[1]));
	NOTE(w, ask(w, sv[1], SIOCATMARK));
	NOTE(w, ask(w, sv[1], SIOCINQ));
	NOTE(w, do_say(w, sv[0], "de"));
	NOTE(w, hear(w, sv[1], 10, 0));
	/* Urgent byte first, then what came before and after. */
	do_say(w, sv[0], "12");
	do_send(w, sv[0], "!", 1, MSG_OOB);
	do_say(w, sv[0], "34");
	NOTE(w, hear_msg(w, sv[1], 5, MSG_OOB));
	NOTE(w, ask(w, sv[1], SIOCATMARK));
	NOTE(w, hear(w, sv[1], 10, MSG_PEEK));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, ask(w, sv[1], SIOCATMARK));
	NOTE(w, hear(w, sv[1], 10, MSG_PEEK));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, hear(w, sv[1], 10, 0));
	/* Never asked for. */
	do_send(w, sv[0], "xy", 2, MSG_OOB);
	do_say(w, sv[0], "z");
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, hear(w, sv[1], 1, MSG_OOB));
	/* A second one. */
	do_send(w, sv[0], "1", 1, MSG_OOB);
	do_send(w, sv[0], "2", 1, MSG_OOB);
	NOTE(w, mask(w, sv[1]));
	NOTE(w, hear(w, sv[1], 1, MSG_OOB));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, hear(w, sv[1], 10, 0));
	/* Two, both read as urgent. */
	do_send(w, sv[0], "1", 1, MSG_OOB);
	NOTE(w, hear(w, sv[1], 1, MSG_OOB));
	do_send(w, sv[0], "2", 1, MSG_OOB);
	NOTE(w, hear(w, sv[1], 1, MSG_OOB));
	NOTE(w, ask(w, sv[1], SIOCATMARK));
	do_say(w, sv[0], "rest");
	NOTE(w, hear(w, sv[1], 10, 0));
	/* In line. */
	NOTE(w, set_opt(w, sv[1], SO_OOBINLINE, 1));
	do_say(w, sv[0], "in");
	do_send(w, sv[0], "u", 1, MSG_OOB);
	do_say(w, sv[0], "line");
	NOTE(w, hear(w, sv[1], 1, MSG_OOB));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, ask(w, sv[1], SIOCATMARK));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, hear(w, sv[1], 10, 0));
	/* Only a mark is left when one side closes: no reset. */
	NOTE(w, do_pair(w, SOCK_STREAM, sv));
	do_send(w, sv[0], "!", 1, MSG_OOB);
	NOTE(w, hear(w, sv[1], 1, MSG_OOB));
	do_close(w, sv[1]);
	NOTE(w, hear(w, sv[0], 1, 0));
	NOTE(w, do_pair(w, SOCK_STREAM, sv));
	do_send(w, sv[0], "!", 1, MSG_OOB);
	do_close(w, sv[1]);
	NOTE(w, hear(w, sv[0], 1, 0));
	NOTE(w, do_send(w, sv[0], "!", 1, MSG_OOB));
}

static void play_dgram(struct side *w)
{
	int a = new (w, SOCK_DGRAM);
	int b = new (w, SOCK_DGRAM);
	int c = new (w, SOCK_DGRAM);

	NOTE(w, do_bind(w, a, path("a.dgram")));
	NOTE(w, do_sendto(w, b, "nameless", path("a.dgram")));
	NOTE(w, mask(w, a));
	NOTE(w, hear_msg(w, a, 100, 0));
	NOTE(w, do_bind(w, b, hidden("b")));
	NOTE(w, do_sendto(w, b, "named", path("a.dgram")));
	NOTE(w, hear_msg(w, a, 100, MSG_PEEK));
	NOTE(w, hear_msg(w, a, 2, MSG_PEEK));
	NOTE(w, hear_msg(w, a, 2, MSG_PEEK | MSG_TRUNC));
	NOTE(w, hear_msg(w, a, 2, 0));
	NOTE(w, hear_msg(w, a, 2, 0));
	NOTE(w, do_sendto(w, b, "", path("a.dgram")));
	NOTE(w, do_sendto(w, b, "12345", path("a.dgram")));
	NOTE(w, ask(w, a, SIOCINQ));
	NOTE(w, ask(w, b, SIOCOUTQ));
	NOTE(w, hear(w, a, 100, 0));
	NOTE(w, ask(w, a, SIOCINQ));
	NOTE(w, hear(w, a, 3, MSG_TRUNC));
	NOTE(w, ask(w, a, SIOCINQ));
	NOTE(w, do_send(w, b, "x", 1, 0));
	NOTE(w, do_connect(w, b, path("a.dgram")));
	NOTE(w, do_send(w, b, "x", 1, MSG_OOB));
	NOTE(w, hear(w, b, 1, MSG_OOB));
	NOTE(w, peer_name(w, b));
	NOTE(w, peer_cred(w, b));
	NOTE(w, do_say(w, b, "connected"));
	NOTE(w, hear(w, a, 100, 0));
	/* A receiver that is connected takes its peer's only. */
	NOTE(w, do_connect(w, a, hidden("b")));
	NOTE(w, do_sendto(w, c, "stranger", path("a.dgram")));
	NOTE(w, do_connect(w, c, path("a.dgram")));
	NOTE(w, do_say(w, b, "peer"));
	NOTE(w, hear(w, a, 100, 0));
	/* Disconnecting loses what was there and tells the peer. */
	NOTE(w, do_say(w, b, "lost"));
	NOTE(w, do_connect(w, a, of_family(path(""), AF_UNSPEC)));
	NOTE(w, hear(w, a, 100, 0));
	NOTE(w, mask(w, b));
	NOTE(w, do_say(w, b, "x"));
	NOTE(w, do_say(w, b, "y"));
	NOTE(w, hear(w, a, 100, 0));
	NOTE(w, peer_name(w, a));
	/* A peer that closes, and one that takes its name. */
	NOTE(w, do_bind(w, c, hidden("c")));
	NOTE(w, do_connect(w, b, hidden("c")));
	do_close(w, c);
	NOTE(w, mask(w, b));
	NOTE(w, peer_name(w, b));
	NOTE(w, do_say(w, b, "x"));
	NOTE(w, do_say(w, b, "x"));
	NOTE(w, peer_name(w, b));
	NOTE(w, do_sendto(w, b, "x", hidden("c")));
	NOTE(w, do_sendto(w, b, "x", path("none")));
	NOTE(w, do_sendto(w, b, "x", cut(path("none"), AT)));
	/* To oneself. */
	NOTE(w, do_sendto(w, b, "me", hidden("b")));
	NOTE(w, hear_msg(w, b, 100, 0));
	NOTE(w, do_connect(w, b, hidden("b")));
	NOTE(w, do_say(w, b, "me again"));
	NOTE(w, hear(w, b, 100, 0));
	NOTE(w, do_unlink(w, "a.dgram"));
	NOTE(w, do_sendto(w, b, "x", path("a.dgram")));
}

static void play_late_name(struct side *w)
{
	int a = new (w, SOCK_DGRAM);
	int b = new (w, SOCK_DGRAM);

	NOTE(w, do_bind(w, a, hidden("late-a")));
	NOTE(w, do_sendto(w, b, "x", hidden("late-a")));
	NOTE(w, do_sendto(w, b, "y", hidden("late-a")));
	NOTE(w, do_bind(w, b, hidden("late-b")));
	NOTE(w, hear_msg(w, a, 10, 0));
	do_close(w, b);
	NOTE(w, hear_msg(w, a, 10, 0));
	NOTE(w, do_bind(w, new (w, SOCK_DGRAM), hidden("late-b")));
}

/* Back-pressure. */
static void play_full_dgram(struct side *w)
{
	static char big[300000];
	int a = new (w, SOCK_DGRAM);
	int b = new (w, SOCK_DGRAM);
	int c = new (w, SOCK_DGRAM);
	int count = 0;
	int sv[2];

	NOTE(w, do_bind(w, a, hidden("full")));
	NOTE(w, do_connect(w, b, hidden("full")));
	while (do_say(w, b, "x") == 1)
		count++;
	NOTE(w, count);
	NOTE(w, do_say(w, b, "x"));
	NOTE(w, mask(w, b));
	NOTE(w, do_sendto(w, c, "x", hidden("full")));
	NOTE(w, mask(w, c));
	NOTE(w, hear(w, a, 10, 0));
	NOTE(w, mask(w, b));
	NOTE(w, do_say(w, b, "x"));
	NOTE(w, do_say(w, b, "x"));
	NOTE(w, do_shutdown(w, a, SHUT_RD));
	NOTE(w, do_say(w, b, "x"));
	NOTE(w, mask(w, b));
	/* Between peers only the send buffer counts. */
	NOTE(w, do_pair(w, SOCK_DGRAM, sv));
	for (count = 0; do_say(w, sv[0], "x") == 1; count++)
		;
	NOTE(w, count);
	NOTE(w, mask(w, sv[0]));
	NOTE(w, drain(w, sv[1]));
	NOTE(w, mask(w, sv[0]));
	NOTE(w, do_send(w, sv[0], big, 212960, 0));
	NOTE(w, ask(w, sv[0], SIOCOUTQ));
	NOTE(w, do_send(w, sv[0], big, 1, 0));
	NOTE(w, do_recv(w, sv[1], big, sizeof(big), 0));
	NOTE(w, do_send(w, sv[0], big, 212961, 0));
	for (size_t n = 0; n < 100000; n += 7777) {
		NOTE(w, do_send(w, sv[0], big, n, 0));
		NOTE(w, ask(w, sv[0], SIOCOUTQ));
		do_recv(w, sv[1], big, sizeof(big), 0);
	}
	NOTE(w, set_opt(w, sv[0], SO_SNDBUF, 3000));
	NOTE(w, do_send(w, sv[0], big, 6000, 0));
	NOTE(w, do_send(w, sv[0], big, 5968, 0));
}

static void play_seqpacket(struct side *w)
{
	int sv[2];

	connection(w, SOCK_SEQPACKET, sv);
	NOTE(w, do_say(w, sv[0], "one"));
	NOTE(w, do_say(w, sv[0], "two"));
	NOTE(w, do_send(w, sv[0], "", 0, 0));
	NOTE(w, do_say(w, sv[0], "three"));
	NOTE(w, ask(w, sv[1], SIOCINQ));
	NOTE(w, hear(w, sv[1], 10, MSG_PEEK));
	NOTE(w, hear_msg(w, sv[1], 2, 0));
	NOTE(w, hear(w, sv[1], 2, MSG_TRUNC));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, do_sendto(w, sv[0], "addressed", hidden("nobody")));
	NOTE(w, hear(w, sv[1], 10, 0));
	NOTE(w, do_send(w, sv[0], "x", 1, MSG_OOB));
	NOTE(w, hear(w, sv[1], 10, MSG_OOB));
	NOTE(w, do_connect(w, sv[0], of_family(path(""), AF_UNSPEC)));
	NOTE(w, mask(w, sv[0]));
	NOTE(w, do_connect(w, sv[0], hidden("connection")));
}

static void play_peek_off(struct side *w)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int sv[2];

	for (size_t i = 0; i < 3; i++) {
		NOTE(w, do_pair(w, types[i], sv));
		NOTE(w, get_opt(w, sv[1], SO_PEEK_OFF));
		do_say(w, sv[0], "abcdef");
		do_say(w, sv[0], "ghi");
		NOTE(w, set_opt(w, sv[1], SO_PEEK_OFF, 1));
		NOTE(w, get_opt(w, sv[1], SO_PEEK_OFF));
		NOTE(w, hear(w, sv[1], 2, MSG_PEEK));
		NOTE(w, get_opt(w, sv[1], SO_PEEK_OFF));
		NOTE(w, hear(w, sv[1], 2, MSG_PEEK));
		NOTE(w, hear(w, sv[1], 2, MSG_PEEK));
		NOTE(w, hear(w, sv[1], 2, MSG_PEEK | MSG_TRUNC));
		NOTE(w, hear(w, sv[1], 100, MSG_PEEK));
		NOTE(w, hear(w, sv[1], 100, MSG_PEEK));
		NOTE(w, get_opt(w, sv[1], SO_PEEK_OFF));
		NOTE(w, hear(w, sv[1], 2, 0));
		NOTE(w, get_opt(w, sv[1], SO_PEEK_OFF));
		NOTE(w, hear(w, sv[1], 2, MSG_PEEK));
		NOTE(w, set_opt(w, sv[1], SO_PEEK_OFF, 0));
		NOTE(w, hear(w, sv[1], 100, MSG_PEEK));
		NOTE(w, set_opt(w, sv[1], SO_PEEK_OFF, -1));
		NOTE(w, hear(w, sv[1], 100, MSG_PEEK));
		NOTE(w, hear(w, sv[1], 100, 0));
	}
}

static void play_options(struct side *w)
{
	static const int names[] = {SO_PASSCRED,  SO_PASSSEC,	SO_REUSEADDR, SO_KEEPALIVE,
				    SO_BROADCAST, SO_OOBINLINE, SO_PRIORITY,  SO_RCVLOWAT,
				    SO_SNDLOWAT,  SO_TIMESTAMP, SO_DONTROUTE, SO_MARK};
	int fd = new (w, SOCK_STREAM);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		NOTE(w, get_opt(w, fd, names[i]));
		NOTE(w, set_short(w, fd, names[i]));
	}
	NOTE(w, set_opt(w, fd, SO_PASSCRED, 2));
	NOTE(w, get_opt(w, fd, SO_PASSCRED));
	NOTE(w, set_opt(w, fd, SO_PEERCRED, 1));
	NOTE(w, set_opt(w, fd, SO_PEERSEC, 1));
	NOTE(w, get_level(w, fd, IPPROTO_TCP, 1));
	NOTE(w, get_level(w, fd, IPPROTO_IP, 1));
	NOTE(w, get_opt(w, fd, 9999));
	NOTE(w, set_opt(w, fd, 9999, 1));
}

static void play_creds(struct side *w)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	struct along own = with_creds(getpid(), getuid(), getgid());
	struct along pid = with_creds(1, getuid(), getgid());
	struct along uid = with_creds(getpid(), NOT_OURS, getgid());
	struct along gid = with_creds(getpid(), getuid(), NOT_OURS);
	int sv[2];

	for (size_t i = 0; i < 3; i++) {
		NOTE(w, do_pair(w, types[i], sv));
		NOTE(w, peer_cred(w, sv[0]));
		NOTE(w, send_along(w, sv[0], "own", &own));
		NOTE(w, send_along(w, sv[0], "pid", &pid));
		NOTE(w, send_along(w, sv[0], "uid", &uid));
		NOTE(w, send_along(w, sv[0], "gid", &gid));
		NOTE(w, came(w, sv[1], 10, 0, 200));
		/* Asked for too late, in time, without room. */
		do_say(w, sv[0], "late");
		NOTE(w, set_opt(w, sv[1], SO_PASSCRED, 1));
		do_say(w, sv[0], "in time");
		NOTE(w, came(w, sv[1], 100, 0, 200));
		NOTE(w, came(w, sv[1], 100, 0, 200));
		do_say(w, sv[0], "no room");
		NOTE(w, came(w, sv[1], 100, 0, 0));
		do_say(w, sv[0], "little room");
		NOTE(w, came(w, sv[1], 100, 0, CMSG_LEN(8)));
		do_say(w, sv[0], "less");
		NOTE(w, came(w, sv[1], 100, 0, 8));
		do_say(w, sv[0], "looked at");
		NOTE(w, came(w, sv[1], 100, MSG_PEEK, 200));
		NOTE(w, came(w, sv[1], 100, 0, 200));
		do_say(w, sv[0], "plain");
		NOTE(w, hear(w, sv[1], 100, 0));
		/* The sender's wish is enough for them to be there. */
		NOTE(w, set_opt(w, sv[1], SO_PASSCRED, 0));
		NOTE(w, set_opt(w, sv[0], SO_PASSCRED, 1));
		do_say(w, sv[0], "sender");
		NOTE(w, set_opt(w, sv[1], SO_PASSCRED, 1));
		NOTE(w, came(w, sv[1], 100, 0, 200));
	}
}

/* SO_PASSCRED binds whoever connects or sends; accepted sockets inherit it. */
static void play_passcred_names(struct side *w)
{
	int l = listener(w, SOCK_STREAM, hidden("pass"), 5);
	int d = new (w, SOCK_DGRAM);
	int c = new (w, SOCK_STREAM);
	struct sockaddr_un un;
	int s;

	NOTE(w, set_opt(w, l, SO_PASSCRED, 1));
	NOTE(w, set_opt(w, c, SO_PASSCRED, 1));
	NOTE(w, do_connect(w, c, hidden("pass")));
	NOTE(w, name_of(w, c, false, &un));
	s = do_accept(w, l);
	NOTE(w, get_opt(w, s, SO_PASSCRED));
	NOTE(w, do_bind(w, d, hidden("pass-d")));
	d = new (w, SOCK_DGRAM);
	NOTE(w, set_opt(w, d, SO_PASSCRED, 1));
	NOTE(w, do_sendto(w, d, "x", hidden("pass-d")));
	NOTE(w, name_of(w, d, false, &un));
	d = new (w, SOCK_DGRAM);
	NOTE(w, set_opt(w, d, SO_PASSCRED, 1));
	NOTE(w, do_connect(w, d, hidden("pass-d")));
	NOTE(w, name_of(w, d, false, &un));
}

static void play_rights(struct side *w)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	struct along bad = with_fds(9999, -1);
	struct along empty = {.fd_count = 0};
	struct along many = {.fd_count = 254};
	struct along got = {.room = 500};
	struct along two;
	int sv[2], passed[2];

	for (size_t i = 0; i < 3; i++) {
		NOTE(w, do_pair(w, types[i], sv));
		NOTE(w, do_pair(w, SOCK_STREAM, passed));
		two = with_fds(passed[0], passed[1]);
		NOTE(w, send_along(w, sv[0], "bad", &bad));
		NOTE(w, send_along(w, sv[0], "empty", &empty));
		NOTE(w, came(w, sv[1], 10, 0, 200));
		for (int k = 0; k < many.fd_count; k++)
			many.fds[k] = passed[0];
		NOTE(w, send_along(w, sv[0], "many", &many));
		NOTE(w, send_along(w, sv[0], "two", &two));
		/* The sockets live in the message. */
		do_say(w, passed[0], "inside");
		do_close(w, passed[0]);
		do_close(w, passed[1]);
		NOTE(w, recv_along(w, sv[1], 10, 0, &got));
		NOTE(w, got.fd_count);
		NOTE(w, got.flags);
		NOTE(w, hear(w, got.fds[1], 10, 0));
		NOTE(w, do_say(w, got.fds[1], "back"));
		NOTE(w, hear(w, got.fds[0], 10, 0));
		NOTE(w, do_close(w, got.fds[0]));
		NOTE(w, mask(w, got.fds[1]));
		/* No room, too little room, no recvmsg at all. */
		two = with_fds(sv[0], sv[1]);
		for (size_t room = 0; room <= CMSG_LEN(8); room += 4) {
			NOTE(w, send_along(w, sv[0], "room", &two));
			NOTE(w, came(w, sv[1], 10, 0, room));
		}
		NOTE(w, send_along(w, sv[0], "plain", &two));
		NOTE(w, hear(w, sv[1], 10, 0));
		NOTE(w, send_along(w, sv[0], "nothing sent", &two));
		NOTE(w, came(w, sv[1], 3, MSG_PEEK, 200));
		NOTE(w, came(w, sv[1], 3, 0, 200));
		NOTE(w, came(w, sv[1], 100, 0, 200));
		NOTE(w, send_along(w, sv[0], "", &two));
		NOTE(w, came(w, sv[1], 100, 0, 200));
		/* A stream does not go over them. */
		do_say(w, sv[0], "before");
		NOTE(w, send_along(w, sv[0], "with", &two));
		do_say(w, sv[0], "after");
		NOTE(w, came(w, sv[1], 100, MSG_PEEK, 200));
		NOTE(w, came(w, sv[1], 100, 0, 200));
		NOTE(w, came(w, sv[1], 100, 0, 200));
		NOTE(w, came(w, sv[1], 100, 0, 200));
		/* A message that is never read takes them along. */
		NOTE(w, do_pair(w, SOCK_STREAM, passed));
		two = with_fds(passed[0], -1);
		NOTE(w, send_along(w, sv[0], "lost", &two));
		do_close(w, passed[0]);
		NOTE(w, mask(w, passed[1]));
		do_close(w, sv[1]);
		NOTE(w, mask(w, passed[1]));
		NOTE(w, send_along(w, sv[0], "x", &two));
	}
}

/* A socket that was sent is the same one: state and options are shared. */
static void play_shared(struct side *w)
{
	int l = listener(w, SOCK_STREAM, hidden("shared"), 5);
	struct along got = {.room = 100};
	struct along it = with_fds(l, -1);
	int c = new (w, SOCK_STREAM);
	int sv[2];
	int other;

	NOTE(w, do_pair(w, SOCK_DGRAM, sv));
	NOTE(w, send_along(w, sv[0], "x", &it));
	NOTE(w, recv_along(w, sv[1], 1, 0, &got));
	other = got.fds[0];
	NOTE(w, set_opt(w, l, SO_PASSCRED, 1));
	NOTE(w, get_opt(w, other, SO_PASSCRED));
	NOTE(w, do_close(w, l));
	NOTE(w, do_close(w, l));
	NOTE(w, do_connect(w, c, hidden("shared")));
	NOTE(w, try_accept(w, other));
	NOTE(w, do_close(w, other));
	NOTE(w, do_connect(w, new (w, SOCK_STREAM), hidden("shared")));
	NOTE(w, do_bind(w, new (w, SOCK_STREAM), hidden("shared")));
}

#define TEST(name)                                                                                 \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		compare(play_##name);                                                              \
	}

TEST(socket)
TEST(bind)
TEST(abstract)
TEST(unconnected)
TEST(listen_stream)
TEST(listen_seqpacket)
TEST(shutdown_stream)
TEST(shutdown_seqpacket)
TEST(shutdown_dgram)
TEST(close_stream)
TEST(close_seqpacket)
TEST(close_dgram)
TEST(stream)
TEST(full_stream)
TEST(urgent)
TEST(dgram)
TEST(late_name)
TEST(full_dgram)
TEST(seqpacket)
TEST(peek_off)
TEST(options)
TEST(creds)
TEST(passcred_names)
TEST(rights)
TEST(shared)

static int make_directory(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/berth-unix-XXXXXX");
	if (!mkdtemp(directory) || chmod(directory, 0777) < 0 || chdir(directory) < 0)
		return -1;
	if (geteuid() != 0)
		return 0;
	/* Root comes back to take the directory away. */
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, 0) < 0)
		return -1;
	return setresuid(NOBODY, NOBODY, 0);
}

static int take_directory(void **state)
{
	static const char *const left[] = {"one", "two", "listener", "cut", "a.dgram"};
	char full[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1] = {0};

	(void)state;
	memset(full, 'f', sizeof(full) - 1);
	(void)unlink(full); /* those that are there */
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		(void)unlink(left[i]);
	print_message("%ld comparisons\n", compared);
	(void)seteuid(0); /* fails if it never was root */
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socket),		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_abstract),	cmocka_unit_test(test_unconnected),
		cmocka_unit_test(test_listen_stream),	cmocka_unit_test(test_listen_seqpacket),
		cmocka_unit_test(test_shutdown_stream), cmocka_unit_test(test_shutdown_seqpacket),
		cmocka_unit_test(test_shutdown_dgram),	cmocka_unit_test(test_close_stream),
		cmocka_unit_test(test_close_seqpacket), cmocka_unit_test(test_close_dgram),
		cmocka_unit_test(test_stream),		cmocka_unit_test(test_full_stream),
		cmocka_unit_test(test_urgent),		cmocka_unit_test(test_dgram),
		cmocka_unit_test(test_late_name),	cmocka_unit_test(test_full_dgram),
		cmocka_unit_test(test_seqpacket),	cmocka_unit_test(test_peek_off),
		cmocka_unit_test(test_options),		cmocka_unit_test(test_creds),
		cmocka_unit_test(test_passcred_names),	cmocka_unit_test(test_rights),
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests(tests, make_directory, take_directory);
}
