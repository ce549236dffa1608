// SPDX-License-Identifier: MIT
/*
 * epoll's modes: level, edge, one-shot and exclusive, through the life of a stream and of a
 * datagram socket, one event set watched all the while; and epoll_ctl's errors.
 */
#include "dual.h"

static const struct mode {
	const char *name;
	unsigned int bits;
} modes[] = {{"level", 0},
	     {"edge", EPOLLET},
	     {"one-shot", EPOLLONESHOT},
	     {"edge one-shot", EPOLLET | EPOLLONESHOT},
	     {"exclusive", EPOLLEXCLUSIVE},
	     {"exclusive edge", EPOLLEXCLUSIVE | EPOLLET}};

static int watch(int fd, unsigned int bits)
{
	const int set = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
	struct epoll_event event = {bits, {.u32 = 7}};
	must(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), "EPOLL_CTL_ADD");
	return set;
}

static void told(int set, const char *what)
{
	struct epoll_event events[4];
	settle();
	errno = 0;
	const int got = epoll_wait(set, events, 4, 0);
	result_with(what, got, "%s", got > 0 ? events_text(events[0].events) : "nothing");
}

static void rearm(int set, int fd, unsigned int bits, const char *what)
{
	struct epoll_event event = {bits, {.u32 = 7}};
	RESULT(what, epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
}

static void reading(int family, const struct mode *mode)
{
	int fd[2];
	char byte;
	const unsigned int bits = EPOLLIN | mode->bits;
	tcp_pair(family, fd);
	const int set = watch(fd[0], bits);
	told(set, "nothing yet");
	send(fd[1], "ab", 2, 0);
	told(set, "data");
	told(set, "data, still there");
	recv(fd[0], &byte, 1, 0);
	told(set, "some of it read");
	send(fd[1], "c", 1, 0);
	told(set, "more data");
	rearm(set, fd[0], bits, "armed again while there are data");
	told(set, "armed again with data");
	recv(fd[0], &byte, 1, 0);
	recv(fd[0], &byte, 1, 0);
	told(set, "all read");
	rearm(set, fd[0], bits, "armed again while there are none");
	told(set, "armed again with none");
	shutdown(fd[1], SHUT_WR);
	told(set, "the end");
	told(set, "the end, still");
	rearm(set, fd[0], bits, "armed again at the end");
	close(fd[1]);
	shutdown(fd[0], SHUT_WR);
	told(set, "both ends");
	close(fd[0]);
	told(set, "closed");
	close(set);
}

static void accepting(int family, const struct mode *mode)
{
	struct endpoint name;
	int peer[2];
	const int fd = listening(family, 5, &name);
	const int set = watch(fd, EPOLLIN | mode->bits);
	told(set, "listening");
	for (int i = 0; i < 2; i++) {
		peer[i] = must(socket(family, SOCK_STREAM, 0), "socket");
		must(connect(peer[i], sa(&name), name.size), "connect");
		told(set, i == 0 ? "one to accept" : "two to accept");
	}
	close(must(accept(fd, NULL, NULL), "accept"));
	told(set, "one left to accept");
	close(must(accept(fd, NULL, NULL), "accept"));
	told(set, "none left to accept");
	close(peer[0]);
	close(peer[1]);
	close(set);
	close(fd);
}

static void connecting(int family, const struct mode *mode)
{
	struct endpoint name = nobody(family, SOCK_STREAM);
	int fd = must(socket(family, SOCK_STREAM, 0), "socket");
	nonblocking(fd);
	const unsigned int bits = EPOLLIN | EPOLLOUT | mode->bits;
	int set = watch(fd, bits);
	told(set, "new");
	connect(fd, sa(&name), name.size);
	rearm(set, fd, bits, "armed again while waiting");
	told(set, "refused");
	close(fd);
	close(set);
	const int listener = listening(family, 1, &name);
	fd = must(socket(family, SOCK_STREAM, 0), "socket");
	nonblocking(fd);
	connect(fd, sa(&name), name.size);
	set = watch(fd, bits);
	told(set, "connected");
	told(set, "connected, still");
	rearm(set, fd, bits, "armed again when connected");
	const int got = must(accept(listener, NULL, NULL), "accept");
	reset_on_close(got);
	told(set, "reset");
	told(set, "reset, still");
	close(fd);
	close(set);
	close(listener);
}

static void datagrams(int family, const struct mode *mode)
{
	int fd[2];
	char byte;
	udp_pair(family, fd);
	const int set = watch(fd[0], EPOLLIN | mode->bits);
	told(set, "no datagram");
	send(fd[1], "ab", 2, 0);
	told(set, "a datagram");
	send(fd[1], "cd", 2, 0);
	told(set, "two datagrams");
	recv(fd[0], &byte, 1, 0);
	told(set, "one datagram left");
	recv(fd[0], &byte, 1, 0);
	told(set, "none left");
	close(fd[0]);
	close(fd[1]);
	close(set);
}

static void errors(int family)
{
	const int fd = must(socket(family, SOCK_STREAM, 0), "socket");
	const int set = must(epoll_create1(0), "epoll_create1");
	struct epoll_event event = {EPOLLIN, {.u32 = 7}};
	struct epoll_event *volatile nowhere = NULL; /* of which compilers know nothing */
	RESULT("MOD, unknown", epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
	RESULT("DEL, unknown", epoll_ctl(set, EPOLL_CTL_DEL, fd, &event));
	RESULT("ADD", epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	RESULT("ADD twice", epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	RESULT("ADD nowhere", epoll_ctl(set, EPOLL_CTL_ADD, fd, NULL));
	RESULT("what is no operation", epoll_ctl(set, 9, fd, &event));
	RESULT("ADD closed", epoll_ctl(set, EPOLL_CTL_ADD, 999, &event));
	RESULT("ADD to a socket", epoll_ctl(fd, EPOLL_CTL_ADD, fd, &event));
	RESULT("ADD itself", epoll_ctl(set, EPOLL_CTL_ADD, set, &event));
	event.events = EPOLLIN | EPOLLEXCLUSIVE;
	RESULT("MOD to exclusive", epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
	RESULT("DEL", epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL));
	event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT;
	RESULT("ADD exclusive one-shot", epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	event.events = EPOLLIN | EPOLLEXCLUSIVE;
	RESULT("ADD exclusive", epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	event.events = EPOLLIN;
	RESULT("MOD exclusive", epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
	RESULT("wait for none", epoll_wait(set, &event, 0, 0));
	RESULT("wait nowhere", epoll_wait(set, nowhere, 1, 0));
	RESULT("wait on a socket", epoll_wait(fd, &event, 1, 0));
	RESULT("wait, closed", epoll_wait(999, &event, 1, 0));
	close(fd);
	close(set);
}

static void run(int family)
{
	for (size_t m = 0; m < COUNT(modes); m++) {
		scope("epolls %s tcp %s", family_name(family), modes[m].name);
		reading(family, &modes[m]);
		accepting(family, &modes[m]);
		connecting(family, &modes[m]);
		scope("epolls %s udp %s", family_name(family), modes[m].name);
		datagrams(family, &modes[m]);
	}
	scope("epolls %s", family_name(family));
	errors(family);
}

int main(void)
{
	both(run);
	return 0;
}
