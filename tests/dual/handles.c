// SPDX-License-Identifier: MIT
/*
 * Several descriptors of one socket: by dup(), dup2(), dup3() and fcntl(), in a child, in a program
 * that a child executes, and passed over AF_UNIX. What they share, what each has of its own, and
 * what the others see when one is closed.
 */
#include "dual.h"

enum { SHARED = 240 }; /* the descriptor of a program that was executed */

/* The kinds of sockets, each as one that is watched and one that sends to it. */
static const char *const kinds[] = {"listening", "connected", "datagram", "raw"};
enum { LISTENING, CONNECTED, DATAGRAM, RAW };

struct subject {
	int kind, fd, other;
	struct endpoint name;
};

static struct subject make(int family, int kind)
{
	struct subject s = {.kind = kind, .fd = -1, .other = -1};
	int pair[2] = {-1, -1};
	if (kind == LISTENING) {
		s.fd = listening(family, 5, &s.name);
		return s;
	}
	if (kind == CONNECTED) {
		tcp_pair(family, pair);
	} else if (kind == DATAGRAM) {
		udp_pair(family, pair);
	} else {
		struct endpoint to = loopback(family, 0);
		for (int i = 0; i < 2; i++)
			pair[i] = must(socket(family, SOCK_RAW, 203 + i), "socket");
		must(connect(pair[0], sa(&to), to.size), "connect");
		close(pair[1]);
		pair[1] = must(socket(family, SOCK_RAW, 203), "socket");
		must(connect(pair[1], sa(&to), to.size), "connect");
	}
	s.fd = pair[0];
	s.other = pair[1];
	return s;
}

static void discard(struct subject *s)
{
	close(s->fd);
	if (s->other != -1)
		close(s->other);
}

/* Gives the socket something to take: a connection or some bytes. */
static void stir(struct subject *s)
{
	if (s->kind == LISTENING) {
		const int to = must(socket(s->name.address.ss_family, SOCK_STREAM, 0), "socket");
		must(connect(to, sa(&s->name), s->name.size), "connect");
		close(s->other);
		s->other = to;
	} else {
		must((int)send(s->other, "hello", 5, 0), "send");
	}
	settle();
}

/* Takes what is there: -1 and errno, or 1. */
static long take(const struct subject *s, int fd)
{
	char bytes[128];
	if (s->kind != LISTENING)
		return recv(fd, bytes, sizeof bytes, 0) > 0 ? 1 : -1;
	const int got = accept(fd, NULL, NULL);
	if (got != -1)
		close(got);
	return got == -1 ? -1 : 1;
}

static const char *flags_of(int fd)
{
	static char text[64];
	const int flags = fcntl(fd, F_GETFL), own = fcntl(fd, F_GETFD);
	snprintf(text, sizeof text, "%s %s", flags & O_NONBLOCK ? "NONBLOCK" : "blocking",
		 own & FD_CLOEXEC ? "CLOEXEC" : "inherited");
	return text;
}

static long get(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof value;
	return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

/* What every descriptor of the socket says of it. */
static void described(const char *what, int fd)
{
	char text[96];
	snprintf(text, sizeof text, "%s, flags", what);
	say("%s: %s", text, flags_of(fd));
	static const struct {
		const char *name;
		int option;
	} options[] = {{"SO_TYPE", SO_TYPE},
		       {"SO_DOMAIN", SO_DOMAIN},
		       {"SO_PROTOCOL", SO_PROTOCOL},
		       {"SO_ACCEPTCONN", SO_ACCEPTCONN},
		       {"SO_MARK", SO_MARK},
		       {"SO_PRIORITY", SO_PRIORITY}};
	for (size_t i = 0; i < COUNT(options); i++) {
		snprintf(text, sizeof text, "%s, %s", what, options[i].name);
		RESULT(text, get(fd, options[i].option));
	}
	own_and_peer(what, fd);
}

/* What is set by one is set for the other, but for close-on-exec. */
static void shares(const char *how, struct subject *s, int copy)
{
	char text[96];
	snprintf(text, sizeof text, "%s %s", kinds[s->kind], how);
	described(text, copy);
	set_int(copy, SOL_SOCKET, SO_MARK, 77);
	set_int(s->fd, SOL_SOCKET, SO_PRIORITY, 3);
	nonblocking(copy);
	must(fcntl(copy, F_SETFD, FD_CLOEXEC), "F_SETFD");
	snprintf(text, sizeof text, "%s %s, first", kinds[s->kind], how);
	described(text, s->fd);
	snprintf(text, sizeof text, "%s %s, set", kinds[s->kind], how);
	described(text, copy);
	snprintf(text, sizeof text, "%s %s, nothing there", kinds[s->kind], how);
	RESULT(text, take(s, s->fd));
	stir(s);
	snprintf(text, sizeof text, "%s %s, stirred, copy", kinds[s->kind], how);
	ready(text, copy);
	snprintf(text, sizeof text, "%s %s, stirred", kinds[s->kind], how);
	ready(text, s->fd);
	snprintf(text, sizeof text, "%s %s, taken by the copy", kinds[s->kind], how);
	RESULT(text, take(s, copy));
	snprintf(text, sizeof text, "%s %s, gone for the first", kinds[s->kind], how);
	RESULT(text, take(s, s->fd));
	int off = 0;
	snprintf(text, sizeof text, "%s %s, FIONBIO", kinds[s->kind], how);
	RESULT(text, ioctl(s->fd, FIONBIO, &off));
	snprintf(text, sizeof text, "%s %s, after FIONBIO", kinds[s->kind], how);
	say("%s: %s", text, flags_of(copy));
	close(s->fd);
	s->fd = copy;
	stir(s);
	snprintf(text, sizeof text, "%s %s, taken when the first is closed", kinds[s->kind], how);
	RESULT(text, take(s, copy));
	nonblocking(copy);
	snprintf(text, sizeof text, "%s %s, then nothing", kinds[s->kind], how);
	RESULT(text, take(s, copy));
	snprintf(text, sizeof text, "%s %s, left", kinds[s->kind], how);
	described(text, copy);
}

static int passed(int fd)
{
	int way[2];
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte = 'x';
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof control.room};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	*c = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, way), "socketpair");
	must((int)sendmsg(way[0], &m, 0), "sendmsg");
	must((int)recvmsg(way[1], &m, 0), "recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	close(way[0]);
	close(way[1]);
	return fd;
}

/* Made by each call that makes a copy. */
static void copies(int family, int kind)
{
	static const char *const how[] = {"dup",	  "dup2",	     "dup3",
					  "dup3 CLOEXEC", "F_DUPFD_CLOEXEC", "SCM_RIGHTS"};
	for (size_t i = 0; i < COUNT(how); i++) {
		struct subject s = make(family, kind);
		const int copy = i == 0	  ? dup(s.fd)
				 : i == 1 ? dup2(s.fd, 201)
				 : i == 2 ? dup3(s.fd, 201, 0)
				 : i == 3 ? dup3(s.fd, 201, O_CLOEXEC)
				 : i == 4 ? fcntl(s.fd, F_DUPFD_CLOEXEC, 200)
					  : passed(s.fd);
		shares(how[i], &s, must(copy, how[i]));
		discard(&s);
	}
}

/* dup2() onto another socket closes that. */
static void onto(int family)
{
	int one[2], two[2];
	char bytes[8];
	scope("handles %s onto", family_name(family));
	tcp_pair(family, one);
	tcp_pair(family, two);
	RESULT("dup2 onto itself", dup2(one[0], one[0]) == one[0]);
	RESULT("dup3 onto itself", dup3(one[0], one[0], 0));
	RESULT("dup2 of none", dup2(999, one[0]));
	RESULT("dup2 onto another", dup2(one[0], two[0]) == two[0]);
	settle();
	RESULT("the other's peer reads", recv(two[1], bytes, sizeof bytes, 0));
	RESULT("sent by the copy", send(two[0], "abc", 3, 0));
	RESULT("received from the copy", recv(one[1], bytes, sizeof bytes, 0));
	close(one[0]);
	settle();
	RESULT("one closed, peer reads", recv(one[1], bytes, sizeof bytes, MSG_DONTWAIT));
	close(two[0]);
	settle();
	RESULT("both closed, peer reads", recv(one[1], bytes, sizeof bytes, MSG_DONTWAIT));
	close(one[1]);
	close(two[1]);
}

static int ended(pid_t child)
{
	int status = -1;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* A child has the same sockets, and what it does to them is done. */
static void children(int family, int kind)
{
	struct subject s = make(family, kind);
	char text[96];
	pid_t child = fork();
	if (child == 0) {
		snprintf(text, sizeof text, "%s in a child", kinds[kind]);
		described(text, s.fd);
		set_int(s.fd, SOL_SOCKET, SO_MARK, 12);
		nonblocking(s.fd);
		fcntl(s.fd, F_SETFD, FD_CLOEXEC);
		_exit(0);
	}
	ended(child);
	snprintf(text, sizeof text, "%s after the child", kinds[kind]);
	described(text, s.fd);
	snprintf(text, sizeof text, "%s after the child, nothing there", kinds[kind]);
	RESULT(text, take(&s, s.fd));
	must(fcntl(s.fd, F_SETFL, 0), "F_SETFL");
	child = fork();
	if (child == 0) {
		errno = 0;
		const long got = take(&s, s.fd);
		_exit(got == 1 ? 7 : errno);
	}
	pause_ms(50);
	stir(&s);
	snprintf(text, sizeof text, "%s, a child that waited took it", kinds[kind]);
	say("%s: %d", text, ended(child));
	nonblocking(s.fd);
	snprintf(text, sizeof text, "%s, the parent then", kinds[kind]);
	RESULT(text, take(&s, s.fd));
	discard(&s);
}

/* One waits, another closes its descriptor: the waiting goes on, as the socket is there. */
static void closes(int family, int kind)
{
	struct subject s = make(family, kind);
	char text[96];
	const pid_t child = fork();
	if (child == 0) {
		alarm(5);
		errno = 0;
		const long got = take(&s, s.fd);
		_exit(got == 1 ? 7 : errno);
	}
	pause_ms(50);
	close(s.fd);
	s.fd = -1;
	pause_ms(50);
	int status;
	snprintf(text, sizeof text, "%s, closed by the parent while the child waits", kinds[kind]);
	RESULT(text, waitpid(child, &status, WNOHANG));
	stir(&s);
	snprintf(text, sizeof text, "%s, what the child took", kinds[kind]);
	say("%s: %d", text, ended(child));
	settle();
	if (kind == CONNECTED) {
		char byte;
		RESULT("connected, peer of all closed", recv(s.other, &byte, 1, MSG_DONTWAIT));
	}
	if (kind == LISTENING) {
		const int to = must(socket(family, SOCK_STREAM, 0), "socket");
		RESULT("listening, all closed, connect", connect(to, sa(&s.name), s.name.size));
		close(to);
	}
	if (kind == DATAGRAM) {
		settle();
		RESULT("datagram, sendto after all closed",
		       sendto(s.other, "x", 1, MSG_DONTWAIT, NULL, 0));
		settle();
		say("datagram, SO_ERROR after all closed: %ld", get(s.other, SO_ERROR));
	}
	if (s.other != -1)
		close(s.other);
}

/* A shutdown by one ends the waiting of the other. */
static void shuts(int family)
{
	int pair[2];
	char byte;
	scope("handles %s shutdown", family_name(family));
	tcp_pair(family, pair);
	const int copy = dup(pair[0]);
	const pid_t child = fork();
	if (child == 0)
		_exit(recv(copy, &byte, 1, 0) == 0 ? 8 : 9);
	pause_ms(50);
	RESULT("of the first", shutdown(pair[0], SHUT_RD));
	say("the copy's waiting in a child ended: %d", ended(child));
	RESULT("of the writing side of the copy", shutdown(copy, SHUT_WR));
	RESULT("the first sends", send(pair[0], "x", 1, MSG_NOSIGNAL));
	settle();
	RESULT("the peer reads", recv(pair[1], &byte, 1, MSG_DONTWAIT));
	close(copy);
	close(pair[0]);
	close(pair[1]);
}

/* Executes this program with the socket as descriptor SHARED, or without it. */
static void executed(const char *self, const char *family, struct subject *s, bool cloexec)
{
	char text[96], scoped[64], kind[8];
	snprintf(scoped, sizeof scoped, "executed%s", cloexec ? " CLOEXEC" : "");
	snprintf(kind, sizeof kind, "%d", s->kind);
	stir(s);
	const pid_t child = fork();
	if (child == 0) {
		must(dup3(s->fd, SHARED, cloexec ? O_CLOEXEC : 0), "dup3");
		execl(self, self, family, kind, scoped, (char *)NULL);
		_exit(1);
	}
	snprintf(text, sizeof text, "%s %s, ended", kinds[s->kind], scoped);
	say("%s: %d", text, ended(child));
	snprintf(text, sizeof text, "%s %s, afterwards", kinds[s->kind], scoped);
	described(text, s->fd);
	nonblocking(s->fd);
	snprintf(text, sizeof text, "%s %s, left to take", kinds[s->kind], scoped);
	RESULT(text, take(s, s->fd));
	must(fcntl(s->fd, F_SETFL, 0), "F_SETFL");
}

/* The program that was executed. */
static int inside(int kind, const char *scoped)
{
	char text[96];
	struct subject s = {.kind = kind};
	snprintf(text, sizeof text, "%s %s", kinds[kind], scoped);
	if (fcntl(SHARED, F_GETFD) == -1) {
		RESULT(text, fcntl(SHARED, F_GETFD));
		return 0;
	}
	described(text, SHARED);
	snprintf(text, sizeof text, "%s %s, taken", kinds[kind], scoped);
	RESULT(text, take(&s, SHARED));
	set_int(SHARED, SOL_SOCKET, SO_MARK, 5);
	return 0;
}

static const char *self;

static void all(int family)
{
	for (int kind = 0; kind < (int)COUNT(kinds); kind++) {
		scope("handles %s", family_name(family));
		copies(family, kind);
		children(family, kind);
		closes(family, kind);
		struct subject s = make(family, kind);
		executed(self, family_name(family), &s, false);
		executed(self, family_name(family), &s, true);
		discard(&s);
	}
	onto(family);
	shuts(family);
}

int main(int argc, char **argv)
{
	if (argc == 4) {
		scope("handles %s", argv[1]);
		return inside(atoi(argv[2]), argv[3]);
	}
	self = argv[0];
	both(all);
	return 0;
}
