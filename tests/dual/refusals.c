// SPDX-License-Identifier: MIT
/*
 * A datagram socket whose peer is not there: what send(), recv(), read(), poll() and SO_ERROR tell
 * of it, how often, and that the socket goes on as before. And how soon its port is free again.
 */
#include "dual.h"

static int error_of(int fd)
{
	int error = -1;
	socklen_t size = sizeof error;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return error;
}

static int refused(int family)
{
	struct endpoint name = nobody(family, SOCK_DGRAM);
	const int fd = must(socket(family, SOCK_DGRAM, 0), "socket");
	must(connect(fd, sa(&name), name.size), "connect");
	return fd;
}

static void provoke(int fd)
{
	send(fd, "x", 1, 0);
	settle();
}

static void natively(int family)
{
	char byte;
	const int fd = refused(family);
	for (int i = 0; i < 2; i++) {
		scope("refusals %s udp round %d", family_name(family), i);
		RESULT("sent to nobody", send(fd, "x", 1, 0));
		RESULT("natively, recv that waited", recv(fd, &byte, 1, 0));
	}
	scope("refusals %s udp", family_name(family));
	nonblocking(fd);
	provoke(fd);
	RESULT("natively, read", read(fd, &byte, 1));
	RESULT("read again", read(fd, &byte, 1));
	provoke(fd);
	RESULT("natively, send", send(fd, "x", 1, 0));
	settle();
	RESULT("natively, write", write(fd, "x", 1));
	settle();
	RESULT("natively, recv of the last", recv(fd, &byte, 1, 0));
	RESULT("SO_ERROR of what was told", error_of(fd));
	RESULT("recvfrom of what was told",
	       recvfrom(fd, &byte, 1, 0, sa(&(struct endpoint){0}), &(socklen_t){0}));
	ready("told", fd);
	close(fd);
}

static void trapped(int family)
{
	struct endpoint from = {.size = sizeof from.address};
	char byte;
	const int fd = refused(family);
	nonblocking(fd);
	provoke(fd);
	ready("untold", fd);
	ready("still untold", fd);
	say("SO_ERROR: %s", strerrorname_np(error_of(fd)));
	ready("asked for", fd);
	RESULT("recv of what was asked for", recv(fd, &byte, 1, 0));
	provoke(fd);
	RESULT("recvfrom", recvfrom(fd, &byte, 1, 0, sa(&from), &from.size));
	RESULT("recvfrom again", recvfrom(fd, &byte, 1, 0, sa(&from), &from.size));
	RESULT("recv after recvfrom", recv(fd, &byte, 1, 0));
	close(fd);
}

static void copies(int family)
{
	char byte;
	const int fd = refused(family);
	const int copy = dup(fd);
	const pid_t child = fork();
	if (child == 0) {
		errno = 0;
		recv(copy, &byte, 1, 0);
		_exit(errno == ECONNREFUSED || errno == ECONNRESET ? 3 : 4);
	}
	pause_ms(60);
	send(fd, "x", 1, 0);
	int status = -1;
	waitpid(child, &status, 0);
	say("a child that waited for it: %d", WEXITSTATUS(status));
	nonblocking(fd);
	RESULT("the others then", recv(copy, &byte, 1, 0));
	close(copy);
	close(fd);
}

static void goes_on(int family)
{
	struct endpoint name, from = {.size = sizeof from.address};
	char bytes[16] = "";
	int server = bound(family, SOCK_DGRAM, &name);
	const int fd = must(socket(family, SOCK_DGRAM, 0), "socket");
	must(connect(fd, sa(&name), name.size), "connect");
	for (int i = 0; i < 3; i++) {
		scope("refusals %s udp turn %d", family_name(family), i);
		close(server);
		RESULT("sent to who has gone", send(fd, "a", 1, 0));
		RESULT("natively, recv", recv(fd, bytes, 1, 0));
		server = must(socket(family, SOCK_DGRAM, 0), "socket");
		RESULT("the port is free again", bind(server, sa(&name), name.size));
		RESULT("sent to who is back", send(fd, "bc", 2, 0));
		RESULT("received", recvfrom(server, bytes, sizeof bytes, 0, sa(&from), &from.size));
		sendto(server, "def", 3, 0, sa(&from), from.size);
		RESULT("answered", recv(fd, bytes, sizeof bytes, 0));
	}
	scope("refusals %s udp", family_name(family));
	send(fd, "1", 1, 0);
	sendto(server, "2", 1, 0, sa(&from), from.size);
	settle();
	close(server);
	provoke(fd);
	RESULT("natively, recv with data there", recv(fd, bytes, sizeof bytes, 0));
	RESULT("the data", recv(fd, bytes, sizeof bytes, 0));
	close(fd);
}

static void run(int family)
{
	scope("refusals %s udp", family_name(family));
	natively(family);
	trapped(family);
	copies(family);
	goes_on(family);
}

int main(void)
{
	both(run);
	return 0;
}
