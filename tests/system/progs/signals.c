/* SPDX-License-Identifier: MIT */
/*
 * Signals around blocked calls, on localhost: signals MODE CALL.
 *
 * eintr    a handler without SA_RESTART: the call fails with EINTR, and works when repeated
 * restart  a handler with SA_RESTART runs several times while the call goes on waiting
 * jump     alarm() and a handler that leaves the call by siglongjmp()
 * kill     a child blocked in the call is killed, and gone at once
 *
 * CALL is accept, connect, recv, recvfrom (UDP), recvmsg (UDP), send, poll or epoll. poll and epoll
 * are never restarted. What keeps connect waiting is a listener whose queue is full; an interrupted
 * one goes on by itself, and whoever calls again waits for its end.
 * Prints "ok".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t handled;
static sigjmp_buf jump;

static void on_alarm(int sig)
{
	(void)sig;
	handled++;
}

static void on_alarm_jump(int sig)
{
	(void)sig;
	siglongjmp(jump, 1);
}

static void fail(const char *what)
{
	fprintf(stderr, "signals: %s (%s)\n", what, strerror(errno));
	exit(1);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A socket on which a call blocks, and what makes it return. */
struct scene {
	const char *call;
	int fd;                  /* the blocked call's */
	int other;               /* what unblock() acts on */
	struct sockaddr_in addr; /* of the server */
};

static int bound(int type, struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, type, 0);

	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)addr, &len) < 0)
		fail("bind");
	return fd;
}

static void set_up(struct scene *s, const char *call)
{
	int stream = strcmp(call, "recvfrom") != 0 && strcmp(call, "recvmsg") != 0;

	s->call = call;
	s->fd = bound(stream ? SOCK_STREAM : SOCK_DGRAM, &s->addr);
	s->other = -1;
	if (!stream)
		return;
	if (listen(s->fd, 8) < 0)
		fail("listen");
	if (strcmp(call, "accept") == 0)
		return;
	int client = socket(AF_INET, SOCK_STREAM, 0);
	if (strcmp(call, "connect") == 0) {
		if (listen(s->fd, 0) < 0)
			fail("listen");
		s->other = s->fd;
		s->fd = socket(AF_INET, SOCK_STREAM, 0);
	}
	if (connect(client, (struct sockaddr *)&s->addr, sizeof(s->addr)) < 0)
		fail("connect");
	if (strcmp(call, "connect") == 0)
		return;
	s->other = client;
	s->fd = accept(s->fd, NULL, NULL);
	if (s->fd < 0)
		fail("accept");
}

/* The call itself; returns its result. */
static long blocked_call(struct scene *s)
{
	static char buf[1 << 20];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	if (strcmp(s->call, "accept") == 0)
		return accept(s->fd, (struct sockaddr *)&from, &len);
	if (strcmp(s->call, "connect") == 0)
		return connect(s->fd, (struct sockaddr *)&s->addr, sizeof(s->addr));
	if (strcmp(s->call, "recv") == 0)
		return recv(s->fd, buf, sizeof(buf), 0);
	if (strcmp(s->call, "recvfrom") == 0)
		return recvfrom(s->fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
	if (strcmp(s->call, "recvmsg") == 0) {
		struct iovec iov = {buf, sizeof(buf)};
		struct msghdr msg = {.msg_name = &from, .msg_namelen = len, .msg_iov = &iov,
				     .msg_iovlen = 1};
		return recvmsg(s->fd, &msg, 0);
	}
	if (strcmp(s->call, "send") == 0) {
		long n;
		do /* until it blocks with nothing sent; a short count is an interrupted send */
			n = send(s->fd, buf, sizeof(buf), 0);
		while (n == (long)sizeof(buf));
		return n >= 0 && handled > 0 && s->other >= 0 ? (errno = EINTR, -1) : n;
	}
	if (strcmp(s->call, "poll") == 0) {
		struct pollfd p = {.fd = s->fd, .events = POLLIN};
		return poll(&p, 1, -1);
	}
	if (strcmp(s->call, "epoll") == 0) {
		struct epoll_event ev = {.events = EPOLLIN};
		int ep = epoll_create1(EPOLL_CLOEXEC);
		epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &ev);
		long n = epoll_wait(ep, &ev, 1, -1);
		int error = errno;
		close(ep);
		errno = error;
		return n;
	}
	fail("no such call");
	return -1;
}

/* In a child: after `delay` seconds, makes the blocked call return. */
static pid_t unblock_later(struct scene *s, double delay)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	usleep((useconds_t)(delay * 1e6));
	if (strcmp(s->call, "accept") == 0) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&s->addr, sizeof(s->addr)) < 0)
			fail("connect of the child");
	} else if (strcmp(s->call, "connect") == 0) {
		if (accept(s->other, NULL, NULL) < 0)
			fail("accept of the child");
	} else if (s->other < 0) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (sendto(fd, "x", 1, 0, (struct sockaddr *)&s->addr, sizeof(s->addr)) != 1)
			fail("sendto of the child");
	} else if (send(s->other, "x", 1, 0) != 1) {
		fail("send of the child");
	}
	_exit(0);
}

static void handle(int flags, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	if (sigaction(SIGALRM, &action, NULL) < 0)
		fail("sigaction");
}

static void alarms(long first_us, long every_us)
{
	struct itimerval timer = {{0, every_us}, {0, first_us}};

	if (setitimer(ITIMER_REAL, &timer, NULL) < 0)
		fail("setitimer");
}

static void collect(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail("the child that unblocks");
}

static void test_eintr(struct scene *s)
{
	handle(0, on_alarm);
	alarms(200000, 0);
	double start = seconds();
	long result = blocked_call(s);
	if (result != -1 || errno != EINTR)
		fail("not EINTR");
	if (handled != 1 || seconds() - start > 5)
		fail("the handler did not run once, soon");
	if (strcmp(s->call, "send") == 0)
		return;
	pid_t pid = unblock_later(s, 0.2);
	if (blocked_call(s) < 0)
		fail("the repeated call");
	collect(pid);
}

static void test_restart(struct scene *s)
{
	handle(SA_RESTART, on_alarm);
	pid_t pid = unblock_later(s, 1.0);
	alarms(100000, 100000);
	double start = seconds();
	long result = blocked_call(s);
	int error = errno;
	alarms(0, 0);
	errno = error;
	int never = strcmp(s->call, "poll") == 0 || strcmp(s->call, "epoll") == 0;
	if (never) {
		if (result != -1 || errno != EINTR)
			fail("poll was restarted");
	} else {
		if (result < 0)
			fail("not restarted");
		if (handled < 3 || seconds() - start < 0.5)
			fail("the handler did not run while the call waited");
	}
	collect(pid);
}

static void test_jump(struct scene *s)
{
	handle(0, on_alarm_jump);
	double start = seconds();
	if (sigsetjmp(jump, 1) == 0) {
		alarm(1);
		blocked_call(s);
		fail("the call returned");
	}
	if (seconds() - start < 0.9 || seconds() - start > 5)
		fail("not after a second");
	if (strcmp(s->call, "send") == 0)
		return;
	pid_t pid = unblock_later(s, 0.2); /* the socket is as good as before */
	if (blocked_call(s) < 0)
		fail("the call after the jump");
	collect(pid);
}

static void test_kill(struct scene *s)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		blocked_call(s);
		_exit(9);
	}
	usleep(300000);
	double start = seconds();
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		fail("not killed");
	if (seconds() - start > 2)
		fail("killed late");
	pid = unblock_later(s, 0.2);
	if (strcmp(s->call, "send") != 0 && blocked_call(s) < 0)
		fail("the call after the kill");
	collect(pid);
}

int main(int argc, char **argv)
{
	struct scene s;

	if (argc != 3)
		return 2;
	set_up(&s, argv[2]);
	if (strcmp(argv[1], "eintr") == 0)
		test_eintr(&s);
	else if (strcmp(argv[1], "restart") == 0)
		test_restart(&s);
	else if (strcmp(argv[1], "jump") == 0)
		test_jump(&s);
	else if (strcmp(argv[1], "kill") == 0)
		test_kill(&s);
	else
		return 2;
	puts("ok");
	return 0;
}
