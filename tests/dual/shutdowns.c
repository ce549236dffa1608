// SPDX-License-Identifier: MIT
/*
 * shutdown() in each state of each kind of socket, with each `how` and with what is none; what a
 * second one says, and what sending and receiving say then.
 */
#include "dual.h"

static const struct kind {
	const char *name;
	int type, protocol;
} kinds[] = {{"tcp", SOCK_STREAM, 0}, {"udp", SOCK_DGRAM, 0}, {"raw", SOCK_RAW, 203}};

static const char *how_text(int how)
{
	static const char *const names[] = {"RD", "WR", "RDWR"};
	static char other[16];
	if (how >= 0 && how < 3)
		return names[how];
	snprintf(other, sizeof other, "%d", how);
	return other;
}

/* Shuts down once and once more, and says what calls answer then. */
static void shut(const char *state, int fd, int how)
{
	char what[96], byte;
	snprintf(what, sizeof what, "%s, %s", state, how_text(how));
	RESULT(what, shutdown(fd, how));
	settle();
	snprintf(what, sizeof what, "%s, %s, then RDWR", state, how_text(how));
	RESULT(what, shutdown(fd, SHUT_RDWR));
	settle();
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	snprintf(what, sizeof what, "%s, %s, recvmsg", state, how_text(how));
	RESULT(what, recvmsg(fd, &m, MSG_DONTWAIT));
	close(fd);
}

static void alone(int family, const struct kind *k, int how)
{
	int fd = must(socket(family, k->type, k->protocol), "socket");
	struct endpoint name = loopback(family, 0);
	shut("new", fd, how);
	fd = must(socket(family, k->type, k->protocol), "socket");
	must(bind(fd, sa(&name), name.size), "bind");
	shut("bound", fd, how);
}

static void datagrams(int family, const struct kind *k, int how)
{
	struct endpoint name = loopback(family, 9);
	const int fd = must(socket(family, k->type, k->protocol), "socket");
	must(connect(fd, sa(&name), name.size), "connect");
	shut("connected", fd, how);
}

static void streams(int family, int how)
{
	struct endpoint name;
	int fd[2];
	shut("listening", listening(family, 5, &name), how);
	tcp_pair(family, fd);
	shut("connected", fd[0], how);
	close(fd[1]);
	tcp_pair(family, fd);
	send(fd[1], "abc", 3, 0);
	settle();
	shut("with data", fd[0], how);
	close(fd[1]);
	tcp_pair(family, fd);
	shutdown(fd[1], SHUT_WR);
	settle();
	shut("peer shut down", fd[0], how);
	close(fd[1]);
	name = nobody(family, SOCK_STREAM);
	fd[0] = must(socket(family, SOCK_STREAM, 0), "socket");
	(void)connect(fd[0], sa(&name), name.size);
	shut("refused", fd[0], how);
	tcp_pair(family, fd);
	reset_on_close(fd[1]);
	settle();
	shut("reset", fd[0], how);
}

static void all(int family)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		scope("shutdowns %s %s", family_name(family), kinds[i].name);
		for (int how = -1; how <= 3; how++) {
			alone(family, &kinds[i], how);
			if (kinds[i].type == SOCK_STREAM)
				streams(family, how);
			else
				datagrams(family, &kinds[i], how);
		}
	}
	scope("shutdowns %s", family_name(family));
	RESULT("a file", shutdown(1, SHUT_RDWR));
	RESULT("closed", shutdown(999, SHUT_RDWR));
}

int main(void)
{
	both(all);
	return 0;
}
