// SPDX-License-Identifier: MIT
/*
 * connect(), listen() and accept(): their errors, and what they answer in every state of a
 * stream or a datagram socket, blocking and not.
 */
#include "dual.h"

static void bad_connects(int family, int type)
{
	struct endpoint name = loopback(family, 9);
	int fd = must(socket(family, type, 0), "socket");
	RESULT("connect, nowhere", connect(fd, NULL, name.size));
	RESULT("connect, no length", connect(fd, sa(&name), 0));
	RESULT("connect, short", connect(fd, sa(&name), 8));
	RESULT("connect, one byte", connect(fd, sa(&name), 1));
	RESULT("connect, too long", connect(fd, sa(&name), sizeof name.address + 1));
	name.address.ss_family = AF_UNIX;
	RESULT("connect, AF_UNIX", connect(fd, sa(&name), name.size));
	name = loopback(family == AF_INET ? AF_INET6 : AF_INET, 9);
	RESULT("connect, the other family", connect(fd, sa(&name), name.size));
	close(fd);
	RESULT("connect, closed", connect(fd, sa(&name), name.size));
	name = nobody(family, type);
	fd = must(socket(family, type, 0), "socket");
	RESULT("connect to nobody", connect(fd, sa(&name), name.size));
	own_and_peer("connected to nobody", fd);
	RESULT("connect to nobody again", connect(fd, sa(&name), name.size));
	name.address.ss_family = AF_UNSPEC;
	RESULT("disconnect from nobody", connect(fd, sa(&name), name.size));
	own_and_peer("disconnected", fd);
	RESULT("disconnect again", connect(fd, sa(&name), name.size));
	close(fd);
	fd = must(socket(family, type, 0), "socket");
	name = loopback(family, 0);
	if (type == SOCK_DGRAM) {
		RESULT("connect to port 0", connect(fd, sa(&name), name.size));
		own_and_peer("connected to port 0", fd);
	}
	name = any_address(family, 1);
	RESULT("connect to the wildcard", connect(fd, sa(&name), name.size));
	if (type == SOCK_DGRAM)
		own_and_peer("connected to the wildcard", fd);
	close(fd);
	if (type == SOCK_DGRAM) {
		RESULT("listen", listen(fd = bound(family, type, NULL), 1));
		RESULT("accept", accept(fd, NULL, NULL));
		close(fd);
	}
}

static void states(int family)
{
	struct endpoint name;
	const int listener = listening(family, 5, &name);
	int fd = must(socket(family, SOCK_STREAM, 0), "socket");
	RESULT("accept, not listening", accept(fd, NULL, NULL));
	nonblocking(fd);
	RESULT("connect, not blocking", connect(fd, sa(&name), name.size));
	settle();
	RESULT("connect, second", connect(fd, sa(&name), name.size));
	RESULT("connect, third", connect(fd, sa(&name), name.size));
	RESULT("listen, connected", listen(fd, 1));
	RESULT("bind, connected", bind(fd, sa(&name), name.size));
	RESULT("accept, connected", accept(fd, NULL, NULL));
	struct endpoint none = name;
	none.address.ss_family = AF_UNSPEC;
	RESULT("disconnect from the listener", connect(fd, sa(&none), none.size));
	own_and_peer("disconnected from it", fd);
	RESULT("connect after that", connect(fd, sa(&name), name.size));
	settle();
	own_and_peer("connected again", fd);
	close(fd);
	RESULT("listen, again", listen(listener, 3));
	RESULT("listen, backlog of -1", listen(listener, -1));
	RESULT("listen, backlog of 0", listen(listener, 0));
	RESULT("connect, listening", connect(listener, sa(&name), name.size));
	RESULT("bind, listening", bind(listener, sa(&name), name.size));
	own_and_peer("listening", listener);
	none = name;
	none.address.ss_family = AF_UNSPEC;
	RESULT("disconnect, listening", connect(listener, sa(&none), none.size));
	RESULT("accept after that", accept(listener, NULL, NULL));
	RESULT("listen after that", listen(listener, 1));
	close(listener);
	fd = must(socket(family, SOCK_STREAM, 0), "socket");
	RESULT("listen, not bound", listen(fd, 1));
	own_and_peer("listening, not bound", fd);
	close(fd);
	RESULT("listen, closed", listen(fd, 1));
	RESULT("listen, a file", listen(1, 1));
}

static void accept_errors(int family)
{
	struct endpoint name;
	const int fd = listening(family, 5, &name);
	const int peer = must(socket(family, SOCK_STREAM, 0), "socket");
	nonblocking(fd);
	RESULT("accept, nobody there", accept(fd, NULL, NULL));
	RESULT("accept4, unknown flag", accept4(fd, NULL, NULL, 1));
	RESULT("accept, closed", accept(999, NULL, NULL));
	RESULT("accept, a file", accept(1, NULL, NULL));
	must(connect(peer, sa(&name), name.size), "connect");
	settle();
	struct endpoint from = {.size = 6};
	errno = 0;
	int got = accept4(fd, sa(&from), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	result_with("accept4, short name", got == -1 ? -1 : 0, "of %u family %d",
		    (unsigned)from.size, from.address.ss_family);
	say("accepted: %s %s", fcntl(got, F_GETFL) & O_NONBLOCK ? "NONBLOCK" : "blocking",
	    fcntl(got, F_GETFD) & FD_CLOEXEC ? "CLOEXEC" : "inherited");
	own_and_peer("accepted", got);
	close(got);
	const int second = must(socket(family, SOCK_STREAM, 0), "socket");
	must(connect(second, sa(&name), name.size), "connect");
	settle();
	got = must(accept(fd, NULL, NULL), "accept");
	say("of a non-blocking listener: %s",
	    fcntl(got, F_GETFL) & O_NONBLOCK ? "NONBLOCK" : "blocking");
	close(got);
	close(second);
	close(peer);
	const int gone = must(socket(family, SOCK_STREAM, 0), "socket");
	must(connect(gone, sa(&name), name.size), "connect");
	settle();
	reset_on_close(gone);
	settle();
	got = accept(fd, NULL, NULL);
	result("accept of a reset one", got == -1 ? -1 : 0);
	char byte;
	RESULT("recv on it", recv(got, &byte, 1, 0));
	RESULT("recv again", recv(got, &byte, 1, 0));
	close(got);
	close(fd);
}

static void inherited(int family)
{
	struct endpoint name;
	const int fd = listening(family, 5, &name);
	static const struct {
		const char *what;
		int level, option, value;
	} kept[] = {{"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1},
		    {"SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1},
		    {"SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 5},
		    {"SO_PRIORITY", SOL_SOCKET, SO_PRIORITY, 3},
		    {"SO_MARK", SOL_SOCKET, SO_MARK, 9},
		    {"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1},
		    {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1},
		    {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 77},
		    {"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 7777},
		    {"TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0},
		    {"IP_TTL", IPPROTO_IP, IP_TTL, 33},
		    {"IP_TOS", IPPROTO_IP, IP_TOS, 8}};
	for (size_t i = 0; i < COUNT(kept); i++)
		set_int(fd, kept[i].level, kept[i].option, kept[i].value);
	const int peer = must(socket(family, SOCK_STREAM, 0), "socket");
	must(connect(peer, sa(&name), name.size), "connect");
	const int got = must(accept(fd, NULL, NULL), "accept");
	for (size_t i = 0; i < COUNT(kept); i++) {
		int value = -1;
		socklen_t size = sizeof value;
		getsockopt(got, kept[i].level, kept[i].option, &value, &size);
		say("accepted, %s: %d", kept[i].what, value);
	}
	close(got);
	close(peer);
	close(fd);
}

static void run(int family)
{
	scope("connects %s udp", family_name(family));
	bad_connects(family, SOCK_DGRAM);
	scope("connects %s tcp", family_name(family));
	bad_connects(family, SOCK_STREAM);
	states(family);
	accept_errors(family);
	inherited(family);
}

int main(void)
{
	both(run);
	return 0;
}
