// SPDX-License-Identifier: MIT
/*
 * Every readiness transition of TCP and UDP sockets, through poll, select and level-triggered
 * epoll. Edges are in epolls.c.
 */
#include "dual.h"

static void fill(int fd)
{
	static char block[65536];
	nonblocking(fd);
	for (int quiet = 0; quiet < 3;) {
		if (send(fd, block, sizeof block, 0) > 0) {
			quiet = 0;
		} else {
			quiet++;
			pause_ms(60);
		}
	}
}

static void drain(int fd)
{
	static char block[65536];
	nonblocking(fd);
	for (int quiet = 0; quiet < 3;) {
		if (recv(fd, block, sizeof block, 0) > 0) {
			quiet = 0;
		} else {
			quiet++;
			pause_ms(60);
		}
	}
}

static void before_connection(int family)
{
	struct endpoint name;
	int fd = must(socket(family, SOCK_STREAM, 0), "socket");
	ready("new", fd);
	close(fd);
	fd = bound(family, SOCK_STREAM, NULL);
	ready("bound", fd);
	close(fd);
	fd = listening(family, 5, &name);
	ready("listening", fd);
	const int peer = must(socket(family, SOCK_STREAM, 0), "socket");
	must(connect(peer, sa(&name), name.size), "connect");
	ready("with a connection to accept", fd);
	const int got = must(accept(fd, NULL, NULL), "accept");
	ready("with none again", fd);
	ready("accepted", got);
	shutdown(fd, SHUT_RD);
	ready("listener shut down", fd);
	RESULT("accept from it", accept(fd, NULL, NULL));
	close(fd);
	ready("the accepted one, its listener closed", got);
	close(got);
	close(peer);
}

static void listening_again(int family)
{
	struct endpoint name;
	const int fd = listening(family, 5, NULL);
	shutdown(fd, SHUT_RD);
	RESULT("listen again", listen(fd, 5));
	name = own_name(fd);
	nonblocking(fd);
	ready("listening again", fd);
	const int peer = must(socket(family, SOCK_STREAM, 0), "socket");
	RESULT("connect to it again", connect(peer, sa(&name), name.size));
	ready("with a connection again", fd);
	const int got = must(accept(fd, NULL, NULL), "accept");
	ready("accepted again", got);
	ready("with none once more", fd);
	close(got);
	close(peer);
	RESULT("shut down again", shutdown(fd, SHUT_RDWR));
	ready("listener shut down again", fd);
	close(fd);
}

static void refused(int family)
{
	struct endpoint name = nobody(family, SOCK_STREAM);
	const int fd = must(socket(family, SOCK_STREAM, 0), "socket");
	nonblocking(fd);
	RESULT("connect to nobody", connect(fd, sa(&name), name.size));
	ready("refused", fd);
	int error = -1;
	socklen_t size = sizeof error;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	say("refused, SO_ERROR: %s", error ? strerrorname_np(error) : "0");
	ready("refused and told", fd);
	close(fd);
}

static void data(int family)
{
	int fd[2];
	char byte;
	tcp_pair(family, fd);
	ready("established", fd[0]);
	send(fd[1], "ab", 2, 0);
	ready("data", fd[0]);
	recv(fd[0], &byte, 1, 0);
	ready("some data left", fd[0]);
	recv(fd[0], &byte, 1, MSG_PEEK);
	ready("data peeked at", fd[0]);
	recv(fd[0], &byte, 1, 0);
	ready("data read", fd[0]);
	send(fd[1], "!", 1, MSG_OOB);
	ready("urgent", fd[0]);
	recv(fd[0], &byte, 1, MSG_OOB);
	ready("urgent read", fd[0]);
	set_int(fd[0], SOL_SOCKET, SO_OOBINLINE, 1);
	send(fd[1], "x!", 2, MSG_OOB);
	ready("urgent in line", fd[0]);
	close(fd[0]);
	close(fd[1]);
}

static void ends(int family)
{
	int fd[2];
	char byte;
	tcp_pair(family, fd);
	shutdown(fd[1], SHUT_WR);
	ready("peer shut down sending", fd[0]);
	ready("own sending shut down", fd[1]);
	recv(fd[0], &byte, 1, 0);
	ready("end read", fd[0]);
	shutdown(fd[0], SHUT_WR);
	ready("both shut down sending", fd[0]);
	ready("both shut down sending, peer", fd[1]);
	close(fd[0]);
	close(fd[1]);
	tcp_pair(family, fd);
	shutdown(fd[0], SHUT_RD);
	ready("own receiving shut down", fd[0]);
	ready("peer shut down receiving", fd[1]);
	close(fd[0]);
	close(fd[1]);
	tcp_pair(family, fd);
	shutdown(fd[0], SHUT_RDWR);
	ready("own both shut down", fd[0]);
	ready("peer shut down both", fd[1]);
	close(fd[0]);
	close(fd[1]);
	tcp_pair(family, fd);
	send(fd[1], "z", 1, 0);
	settle();
	close(fd[1]);
	ready("data and the peer closed", fd[0]);
	recv(fd[0], &byte, 1, 0);
	ready("peer closed, data read", fd[0]);
	close(fd[0]);
}

static void resets(int family)
{
	int fd[2];
	tcp_pair(family, fd);
	reset_on_close(fd[1]);
	ready("reset", fd[0]);
	int error = -1;
	socklen_t size = sizeof error;
	getsockopt(fd[0], SOL_SOCKET, SO_ERROR, &error, &size);
	say("reset, SO_ERROR: %s", error ? strerrorname_np(error) : "0");
	ready("reset and told", fd[0]);
	close(fd[0]);
	tcp_pair(family, fd);
	send(fd[1], "q", 1, 0);
	settle();
	reset_on_close(fd[1]);
	ready("data, then a reset", fd[0]);
	close(fd[0]);
	tcp_pair(family, fd);
	shutdown(fd[0], SHUT_WR);
	settle();
	reset_on_close(fd[1]);
	ready("reset after shutting down sending", fd[0]);
	close(fd[0]);
}

static void full(int family)
{
	int fd[2];
	tcp_pair(family, fd);
	fill(fd[0]);
	ready("full", fd[0]);
	drain(fd[1]);
	ready("drained", fd[0]);
	fill(fd[0]);
	shutdown(fd[0], SHUT_WR);
	ready("full and shut down", fd[0]);
	drain(fd[1]);
	ready("peer has it all", fd[1]);
	close(fd[0]);
	close(fd[1]);
}

static void datagrams(int family)
{
	int fd[2];
	char byte;
	scope("readiness %s udp", family_name(family));
	int alone = must(socket(family, SOCK_DGRAM, 0), "socket");
	ready("new", alone);
	close(alone);
	udp_pair(family, fd);
	ready("connected", fd[0]);
	send(fd[1], "ab", 2, 0);
	ready("datagram", fd[0]);
	recv(fd[0], &byte, 1, 0);
	ready("datagram read", fd[0]);
	send(fd[1], "", 0, 0);
	ready("empty datagram", fd[0]);
	recv(fd[0], &byte, 1, 0);
	ready("empty datagram read", fd[0]);
	shutdown(fd[0], SHUT_RD);
	ready("receiving shut down", fd[0]);
	shutdown(fd[0], SHUT_RDWR);
	ready("both shut down", fd[0]);
	close(fd[0]);
	send(fd[1], "ab", 2, 0);
	ready("port unreachable", fd[1]);
	int error = -1;
	socklen_t size = sizeof error;
	getsockopt(fd[1], SOL_SOCKET, SO_ERROR, &error, &size);
	say("port unreachable, SO_ERROR: %s", error ? strerrorname_np(error) : "0");
	ready("port unreachable and told", fd[1]);
	close(fd[1]);
}

static void run(int family)
{
	scope("readiness %s tcp", family_name(family));
	before_connection(family);
	listening_again(family);
	refused(family);
	data(family);
	ends(family);
	resets(family);
	full(family);
	datagrams(family);
}

int main(void)
{
	both(run);
	return 0;
}
