// SPDX-License-Identifier: MIT
/* bind(), getsockname() and getpeername(): errors, lengths, and what names are in each state. */
#include "dual.h"

static void bad_names(int family, int type)
{
	struct endpoint name = loopback(family, 0);
	int fd = must(socket(family, type, 0), "socket");
	own_and_peer("new", fd);
	RESULT("bind, short", bind(fd, sa(&name), 4));
	RESULT("bind, no length", bind(fd, sa(&name), 0));
	RESULT("bind, nowhere", bind(fd, NULL, name.size));
	RESULT("bind, too long", bind(fd, sa(&name), sizeof name.address + 1));
	name.address.ss_family = AF_UNIX;
	RESULT("bind, AF_UNIX", bind(fd, sa(&name), name.size));
	name.address.ss_family = AF_UNSPEC;
	RESULT("bind, AF_UNSPEC", bind(fd, sa(&name), name.size));
	name = loopback(family == AF_INET ? AF_INET6 : AF_INET, 0);
	RESULT("bind, the other family", bind(fd, sa(&name), name.size));
	close(fd);
	fd = must(socket(family, type, 0), "socket");
	name = loopback(family, 0);
	if (family == AF_INET)
		inet_pton(AF_INET, "192.0.2.9", &((struct sockaddr_in *)&name.address)->sin_addr);
	else
		inet_pton(AF_INET6, "2001:db8::9",
			  &((struct sockaddr_in6 *)&name.address)->sin6_addr);
	RESULT("bind, a foreign address", bind(fd, sa(&name), name.size));
	name = loopback(family, 0);
	RESULT("bind, longer than the family's", bind(fd, sa(&name), sizeof name.address));
	RESULT("bind, again", bind(fd, sa(&name), name.size));
	own_and_peer("bound", fd);
	close(fd);
}

static void conflicts(int family, int type)
{
	static const struct {
		const char *what;
		int first, second;
	} reuse[] = {{"plain", 0, 0},
		     {"SO_REUSEADDR first", SO_REUSEADDR, 0},
		     {"SO_REUSEADDR second", 0, SO_REUSEADDR},
		     {"SO_REUSEADDR both", SO_REUSEADDR, SO_REUSEADDR},
		     {"SO_REUSEPORT first", SO_REUSEPORT, 0},
		     {"SO_REUSEPORT both", SO_REUSEPORT, SO_REUSEPORT},
		     {"SO_REUSEPORT and SO_REUSEADDR", SO_REUSEPORT, SO_REUSEADDR}};
	for (size_t i = 0; i < COUNT(reuse); i++) {
		char text[96];
		for (int wild = 0; wild < 2; wild++) {
			const int a = must(socket(family, type, 0), "socket");
			const int b = must(socket(family, type, 0), "socket");
			if (reuse[i].first)
				set_int(a, SOL_SOCKET, reuse[i].first, 1);
			if (reuse[i].second)
				set_int(b, SOL_SOCKET, reuse[i].second, 1);
			struct endpoint name = loopback(family, 0);
			must(bind(a, sa(&name), name.size), "bind");
			name = own_name(a);
			const int port = port_of(&name);
			name = wild ? any_address(family, port) : loopback(family, port);
			snprintf(text, sizeof text, "port in use, %s, %s", reuse[i].what,
				 wild ? "wildcard" : "the same");
			RESULT(text, bind(b, sa(&name), name.size));
			if (type == SOCK_STREAM) {
				snprintf(text, sizeof text, "listen on both, %s, %s", reuse[i].what,
					 wild ? "wildcard" : "the same");
				errno = 0;
				const int first = listen(a, 1);
				const int second = listen(b, 1);
				result_with(text, second, "and %d", first);
			}
			close(a);
			close(b);
		}
	}
}

static void lengths(int family)
{
	int fd[2];
	static const int sizes[] = {0, 1, 2, 4, 15, 16, 27, 28, 100, -1};
	tcp_pair(family, fd);
	own_and_peer("connected", fd[0]);
	own_and_peer("accepted", fd[1]);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct endpoint name;
		char text[64];
		memset(&name, 0x55, sizeof name);
		name.size = (socklen_t)sizes[i];
		errno = 0;
		long got = getsockname(fd[0], sa(&name), &name.size);
		snprintf(text, sizeof text, "getsockname into %d", sizes[i]);
		result_with(text, got, "says %u", (unsigned)name.size);
		name.size = (socklen_t)sizes[i];
		got = getpeername(fd[0], sa(&name), &name.size);
		snprintf(text, sizeof text, "getpeername into %d", sizes[i]);
		result_with(text, got, "says %u", (unsigned)name.size);
	}
	struct endpoint name = {.size = sizeof name.address};
	RESULT("getsockname, no name", getsockname(fd[0], NULL, &name.size));
	RESULT("getsockname, no length", getsockname(fd[0], sa(&name), NULL));
	close(fd[1]);
	settle();
	own_and_peer("the peer closed", fd[0]);
	shutdown(fd[0], SHUT_RDWR);
	settle();
	own_and_peer("and shut down", fd[0]);
	close(fd[0]);
	tcp_pair(family, fd);
	reset_on_close(fd[1]);
	settle();
	own_and_peer("reset", fd[0]);
	close(fd[0]);
	RESULT("getsockname of nothing", getsockname(fd[0], sa(&name), &name.size));
	RESULT("getpeername of a file", getpeername(1, sa(&name), &name.size));
}

static void run(int family)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
	for (int i = 0; i < 2; i++) {
		scope("names %s %s", family_name(family), i == 0 ? "tcp" : "udp");
		bad_names(family, types[i]);
		conflicts(family, types[i]);
	}
	scope("names %s tcp", family_name(family));
	lengths(family);
}

int main(void)
{
	both(run);
	return 0;
}
