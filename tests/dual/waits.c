// SPDX-License-Identifier: MIT
/*
 * Calls that wait: SO_RCVTIMEO and SO_SNDTIMEO on each of them, and signals that come meanwhile,
 * with handlers that restart calls and that do not. How long a call took is said in words.
 */
#include "dual.h"

#define WAIT_MS 80

static volatile sig_atomic_t signals_seen;

static void on_signal(int number)
{
	(void)number;
	signals_seen++;
}

static void handle(int flags)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = flags};
	sigaction(SIGALRM, &act, NULL);
	signals_seen = 0;
}

static void alarm_in(long ms)
{
	const struct itimerval timer = {{0, 0}, {ms / 1000, ms % 1000 * 1000}};
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void time_out(int fd, int option, long ms)
{
	const struct timeval tv = {ms / 1000, ms % 1000 * 1000};
	must(setsockopt(fd, SOL_SOCKET, option, &tv, sizeof tv), "SO_xxxTIMEO");
}

static const char *took(long began)
{
	const long ms = now_ms() - began;
	return ms < WAIT_MS - 40 ? "at once" : ms < 8000 ? "a while" : "too long";
}

/* A call that waits on one of these sockets. */
static char byte[4];

static long by_recv(int fd)
{
	return recv(fd, byte, 1, 0);
}
static long by_read(int fd)
{
	return read(fd, byte, 1);
}
static long by_readv(int fd)
{
	struct iovec iov = {byte, 1};
	return readv(fd, &iov, 1);
}
static long by_recvfrom(int fd)
{
	struct endpoint from = {.size = sizeof from.address};
	return recvfrom(fd, byte, 1, 0, sa(&from), &from.size);
}
static long by_recvmsg(int fd)
{
	struct iovec iov = {byte, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	return recvmsg(fd, &m, 0);
}
static long by_recvmmsg(int fd)
{
	struct iovec iov = {byte, 1};
	struct mmsghdr m = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
	return recvmmsg(fd, &m, 1, 0, NULL);
}
static long by_peek(int fd)
{
	return recv(fd, byte, 1, MSG_PEEK);
}
static long by_waitall(int fd)
{
	return recv(fd, byte, 3, MSG_WAITALL);
}
static long by_accept(int fd)
{
	const int got = accept(fd, NULL, NULL);
	if (got != -1)
		close(got);
	return got == -1 ? -1 : 0;
}
static long by_accept4(int fd)
{
	const int got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (got != -1)
		close(got);
	return got == -1 ? -1 : 0;
}

static const struct way {
	const char *name;
	long (*call)(int fd);
} readers[] = {{"recv", by_recv},
	       {"recvfrom", by_recvfrom},
	       {"recvmsg", by_recvmsg},
	       {"recvmmsg", by_recvmmsg},
	       {"WAITALL", by_waitall}},
  plain[] = {{"read", by_read}, {"readv", by_readv}, {"PEEK", by_peek}},
  takers[] = {{"accept", by_accept}, {"accept4", by_accept4}};

static void timed(const struct way *way, int fd)
{
	char what[64];
	time_out(fd, SO_RCVTIMEO, WAIT_MS);
	const long began = now_ms();
	errno = 0;
	const long got = way->call(fd);
	const int error = errno;
	snprintf(what, sizeof what, "%s with a time-out", way->name);
	say("%s: %ld %s, %s", what, got, got == -1 ? strerrorname_np(error) : "", took(began));
	time_out(fd, SO_RCVTIMEO, 0);
}

/* Something comes while the call waits: by itself, or after a signal. */
struct coming {
	const char *name;
	int fd;			/* where it is sent, or connected from */
	struct endpoint *where; /* NULL: sent */
};

static pid_t later(const struct coming *c, long ms)
{
	const pid_t child = fork();
	if (child != 0)
		return child;
	pause_ms(ms);
	if (c->where) {
		connect(c->fd, sa(c->where), c->where->size);
		pause_ms(50);
	} else {
		send(c->fd, "xyz", 3, MSG_NOSIGNAL);
	}
	_exit(0);
}

static void interrupted(const struct way *way, int fd, const struct coming *c, int flags, long ms)
{
	char what[96];
	handle(flags);
	time_out(fd, SO_RCVTIMEO, ms);
	const pid_t child = later(c, 2 * WAIT_MS);
	alarm_in(WAIT_MS);
	errno = 0;
	const long got = way->call(fd);
	const int error = errno;
	snprintf(what, sizeof what, "%s, a signal%s%s", way->name,
		 flags & SA_RESTART ? " that restarts" : "", ms ? ", with a time-out" : "");
	say("%s: %ld %s, signals %d", what, got, got == -1 ? strerrorname_np(error) : "",
	    (int)signals_seen);
	waitpid(child, NULL, 0);
	time_out(fd, SO_RCVTIMEO, 0);
	/* What came is taken away. */
	settle();
	const int was = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, was | O_NONBLOCK);
	if (c->where)
		by_accept(fd);
	else
		while (recv(fd, byte, sizeof byte, 0) > 0)
			;
	fcntl(fd, F_SETFL, was);
}

static void waits_of(const struct way *ways, size_t count, int fd, const struct coming *c)
{
	for (size_t i = 0; i < count; i++) {
		timed(&ways[i], fd);
		interrupted(&ways[i], fd, c, 0, 0);
		interrupted(&ways[i], fd, c, SA_RESTART, 0);
		interrupted(&ways[i], fd, c, 0, 4000);
		interrupted(&ways[i], fd, c, SA_RESTART, 4000);
	}
}

/* Time-outs of senders, once the peer takes no more. */
static void senders(int family)
{
	static char block[65536];
	int fd[2];
	char what[64];
	tcp_pair(family, fd);
	set_int(fd[0], SOL_SOCKET, SO_SNDBUF, 8192);
	set_int(fd[1], SOL_SOCKET, SO_RCVBUF, 4096);
	const int was = fcntl(fd[0], F_GETFL);
	fcntl(fd[0], F_SETFL, was | O_NONBLOCK);
	for (int quiet = 0; quiet < 3;) {
		if (send(fd[0], block, sizeof block, 0) > 0) {
			quiet = 0;
		} else {
			quiet++;
			pause_ms(60);
		}
	}
	fcntl(fd[0], F_SETFL, was);
	time_out(fd[0], SO_SNDTIMEO, WAIT_MS);
	long began = now_ms();
	RESULT("send with a time-out", send(fd[0], block, 1, 0));
	say("send with a time-out took: %s", took(began));
	began = now_ms();
	RESULT("write with a time-out", write(fd[0], block, 1));
	say("write with a time-out took: %s", took(began));
	struct iovec iov = {block, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	began = now_ms();
	RESULT("sendmsg with a time-out", sendmsg(fd[0], &m, 0));
	say("sendmsg with a time-out took: %s", took(began));
	for (int i = 0; i < 4; i++) {
		handle(i & 1 ? SA_RESTART : 0);
		time_out(fd[0], SO_SNDTIMEO, i & 2 ? 4 * WAIT_MS : 0);
		if (i == 1)
			continue; /* would wait for good */
		alarm_in(WAIT_MS);
		errno = 0;
		const long got = send(fd[0], block, 1, 0);
		snprintf(what, sizeof what, "send, a signal%s%s", i & 1 ? " that restarts" : "",
			 i & 2 ? ", with a time-out" : "");
		result(what, got);
	}
	close(fd[0]);
	close(fd[1]);
}

/* What values are taken, and how they are told. */
static void values(int family)
{
	static const struct timeval all[] = {{0, 0},	{0, 1},	   {0, 500001}, {0, 1000000},
					     {0, -1},	{-1, 0},   {5, 250000}, {1000000000, 0},
					     {0, 3999}, {0, 4001}, {2, -5}};
	static const int names[] = {SO_RCVTIMEO, SO_SNDTIMEO};
	for (size_t i = 0; i < COUNT(names) * COUNT(all); i++) {
		const int name = names[i / COUNT(all)];
		const struct timeval tv = all[i % COUNT(all)];
		struct timeval told = {-5, -5};
		socklen_t size = sizeof told;
		char what[96];
		const int fd = must(socket(family, SOCK_DGRAM, 0), "socket");
		snprintf(what, sizeof what, "%s of %ld.%06ld",
			 name == SO_RCVTIMEO ? "SO_RCVTIMEO" : "SO_SNDTIMEO", (long)tv.tv_sec,
			 (long)tv.tv_usec);
		errno = 0;
		const int got = setsockopt(fd, SOL_SOCKET, name, &tv, sizeof tv);
		const int error = errno;
		getsockopt(fd, SOL_SOCKET, name, &told, &size);
		/* Clocks of 1000, 250 and 100 ticks round differently. */
		const bool exact = tv.tv_usec % 20000 == 0;
		errno = error;
		result_with(what, got, "%ld.%06ld", (long)told.tv_sec,
			    exact ? (long)told.tv_usec : told.tv_usec / 40000);
		close(fd);
	}
}

static void all(int family)
{
	int fd[2];
	struct endpoint name;
	scope("waits %s tcp", family_name(family));
	tcp_pair(family, fd);
	const struct coming data = {"data", fd[1], NULL};
	waits_of(readers, COUNT(readers), fd[0], &data);
	for (size_t i = 0; i < COUNT(plain); i++)
		timed(&plain[i], fd[0]);
	close(fd[0]);
	close(fd[1]);
	senders(family);
	const int listener = listening(family, 5, &name);
	for (size_t i = 0; i < COUNT(takers); i++) {
		const struct coming one = {"a connection",
					   must(socket(family, SOCK_STREAM, 0), "socket"), &name};
		const struct coming two = {"a connection",
					   must(socket(family, SOCK_STREAM, 0), "socket"), &name};
		timed(&takers[i], listener);
		interrupted(&takers[i], listener, &one, 0, 0);
		interrupted(&takers[i], listener, &two, SA_RESTART, 0);
		close(one.fd);
		close(two.fd);
	}
	close(listener);
	scope("waits %s udp", family_name(family));
	udp_pair(family, fd);
	const struct coming datagram = {"a datagram", fd[1], NULL};
	waits_of(readers, COUNT(readers) - 1, fd[0], &datagram);
	close(fd[0]);
	close(fd[1]);
	values(family);
}

int main(void)
{
	both(all);
	return 0;
}
