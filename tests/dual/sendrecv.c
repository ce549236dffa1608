// SPDX-License-Identifier: MIT
/*
 * Sending and receiving, with every flag: results and errors in each state of a stream (new,
 * listening, connected, half closed, closed, reset) and of a datagram socket.
 */
#include "dual.h"

static void each_call(const char *state, int fd)
{
	char text[96];
	char bytes[8];
	struct iovec piece = {bytes, sizeof bytes};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	if (fcntl(fd, F_GETFD) != -1)
		nonblocking(fd);
	memset(bytes, 'e', sizeof bytes);
#define EACH(call, expression)                                                                     \
	(snprintf(text, sizeof text, "%s, %s", state, call), RESULT(text, expression))
	EACH("recv", recv(fd, bytes, 1, 0));
	EACH("read", read(fd, bytes, 1));
	EACH("recvfrom", recvfrom(fd, bytes, 1, 0, NULL, NULL));
	EACH("recvmsg", recvmsg(fd, &message, 0));
	EACH("recv PEEK", recv(fd, bytes, 1, MSG_PEEK));
	EACH("recv OOB", recv(fd, bytes, 1, MSG_OOB));
	EACH("recv ERRQUEUE", recv(fd, bytes, 1, MSG_ERRQUEUE));
	EACH("send", send(fd, bytes, 1, MSG_NOSIGNAL));
	EACH("write", write(fd, bytes, 1));
	EACH("sendmsg", sendmsg(fd, &message, MSG_NOSIGNAL));
	EACH("send nothing", send(fd, bytes, 0, MSG_NOSIGNAL));
	EACH("recv nothing", recv(fd, bytes, 0, 0));
	EACH("send OOB", send(fd, bytes, 1, MSG_OOB | MSG_NOSIGNAL));
#undef EACH
}

static void stream_states(int family)
{
	int fd[2];
	int alone = must(socket(family, SOCK_STREAM, 0), "socket");
	each_call("new", alone);
	close(alone);
	alone = listening(family, 1, NULL);
	each_call("listening", alone);
	close(alone);
	tcp_pair(family, fd);
	each_call("connected", fd[0]);
	close(fd[0]);
	close(fd[1]);
	tcp_pair(family, fd);
	shutdown(fd[0], SHUT_WR);
	settle();
	each_call("sending shut down", fd[0]);
	each_call("end of the stream", fd[1]);
	close(fd[0]);
	close(fd[1]);
	tcp_pair(family, fd);
	shutdown(fd[0], SHUT_RD);
	settle();
	each_call("receiving shut down", fd[0]);
	close(fd[0]);
	close(fd[1]);
	tcp_pair(family, fd);
	shutdown(fd[0], SHUT_RDWR);
	settle();
	each_call("shut down", fd[0]);
	close(fd[0]);
	close(fd[1]);
	tcp_pair(family, fd);
	reset_on_close(fd[1]);
	settle();
	each_call("reset", fd[0]);
	close(fd[0]);
	each_call("closed", 999);
}

static void peeking(int family)
{
	int fd[2];
	char bytes[16] = "";
	tcp_pair(family, fd);
	send(fd[0], "abcdef", 6, 0);
	settle();
	RESULT("PEEK 3", recv(fd[1], bytes, 3, MSG_PEEK));
	RESULT("PEEK 9", recv(fd[1], bytes, 9, MSG_PEEK));
	RESULT("PEEK and TRUNC", recv(fd[1], bytes, 3, MSG_PEEK | MSG_TRUNC));
	RESULT("TRUNC throws away", recv(fd[1], NULL, 2, MSG_TRUNC));
	RESULT("after throwing away", recv(fd[1], bytes, 9, 0));
	say("got after throwing away: %.4s", bytes);
	RESULT("DONTWAIT", recv(fd[1], bytes, 1, MSG_DONTWAIT));
	RESULT("PEEK, DONTWAIT", recv(fd[1], bytes, 1, MSG_DONTWAIT | MSG_PEEK));
	RESULT("WAITALL, DONTWAIT", recv(fd[1], bytes, 1, MSG_DONTWAIT | MSG_WAITALL));
	const pid_t child = fork();
	if (child == 0) {
		pause_ms(60);
		send(fd[0], "12", 2, 0);
		pause_ms(60);
		send(fd[0], "345", 3, 0);
		_exit(0);
	}
	RESULT("WAITALL", recv(fd[1], bytes, 5, MSG_WAITALL));
	say("got with WAITALL: %.5s", bytes);
	waitpid(child, NULL, 0);
	send(fd[0], "xy", 2, 0);
	shutdown(fd[0], SHUT_WR);
	RESULT("WAITALL to the end", recv(fd[1], bytes, 5, MSG_WAITALL));
	RESULT("WAITALL at the end", recv(fd[1], bytes, 5, MSG_WAITALL));
	close(fd[0]);
	close(fd[1]);
	tcp_pair(family, fd);
	send(fd[0], "more", 4, MSG_MORE);
	send(fd[0], "over", 4, 0);
	RESULT("after MORE", recv(fd[1], bytes, 8, MSG_WAITALL));
	shutdown(fd[0], SHUT_WR);
	RESULT("send after shutting down", send(fd[0], "x", 1, MSG_NOSIGNAL));
	close(fd[0]);
	close(fd[1]);
}

/* MSG_MORE on a stream: held back for what comes next, and not for ever. */
static void more(int family)
{
	int fd[2];
	char bytes[16] = "";
	struct iovec piece = {"ef", 2};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	struct pollfd waits = {.events = POLLIN};
	tcp_pair(family, fd);
	waits.fd = fd[1];
	RESULT("MORE", send(fd[0], "ab", 2, MSG_MORE));
	RESULT("poll right after MORE", poll(&waits, 1, 60));
	RESULT("poll later", poll(&waits, 1, 2000));
	RESULT("what MORE sent", recv(fd[1], bytes, sizeof bytes, 0));
	RESULT("MORE again", send(fd[0], "cd", 2, MSG_MORE));
	RESULT("MORE of sendmsg", sendmsg(fd[0], &message, MSG_MORE));
	RESULT("poll right after both", poll(&waits, 1, 60));
	RESULT("the rest", write(fd[0], "gh", 2));
	settle();
	RESULT("all at once", recv(fd[1], bytes, sizeof bytes, 0));
	say("got together: %.6s", bytes);
	send(fd[0], "ij", 2, MSG_MORE);
	shutdown(fd[0], SHUT_WR);
	RESULT("MORE, then the end", recv(fd[1], bytes, sizeof bytes, MSG_WAITALL));
	close(fd[0]);
	close(fd[1]);
}

static void urgent(int family, int inline_too)
{
	int fd[2], mark = -1;
	char bytes[16];
	tcp_pair(family, fd);
	nonblocking(fd[1]);
	set_int(fd[1], SOL_SOCKET, SO_OOBINLINE, inline_too);
	RESULT("OOB, none", recv(fd[1], bytes, 1, MSG_OOB));
	send(fd[0], "abc", 3, 0);
	send(fd[0], "d!", 2, MSG_OOB);
	send(fd[0], "ef", 2, 0);
	settle();
	for (int i = 0; i < 4; i++) {
		must(ioctl(fd[1], SIOCATMARK, &mark), "SIOCATMARK");
		memset(bytes, 0, sizeof bytes);
		errno = 0;
		const long got = recv(fd[1], bytes, 9, 0);
		char what[32];
		snprintf(what, sizeof what, "part %d up to the mark", i);
		result_with(what, got, "%s, at mark %d", bytes, mark);
		if (i == 0) {
			RESULT("OOB PEEK", recv(fd[1], bytes, 1, MSG_OOB | MSG_PEEK));
			RESULT("OOB", recv(fd[1], bytes, 1, MSG_OOB));
			RESULT("OOB again", recv(fd[1], bytes, 1, MSG_OOB));
		}
	}
	send(fd[0], "1", 1, MSG_OOB);
	settle();
	send(fd[0], "2", 1, MSG_OOB);
	settle();
	memset(bytes, 0, sizeof bytes);
	errno = 0;
	result_with("the second urgent byte", recv(fd[1], bytes, 1, MSG_OOB), "%s", bytes);
	memset(bytes, 0, sizeof bytes);
	result_with("after two urgent bytes", recv(fd[1], bytes, 9, 0), "%s", bytes);
	close(fd[0]);
	close(fd[1]);
}

static void datagram_truncation(int family)
{
	int fd[2];
	char bytes[16];
	struct iovec piece = {bytes, 2};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	udp_pair(family, fd);
	nonblocking(fd[1]);
	static const int flags[] = {MSG_PEEK, MSG_PEEK | MSG_TRUNC, MSG_TRUNC, 0, MSG_WAITALL};
	for (size_t i = 0; i < COUNT(flags); i++) {
		char text[64];
		send(fd[0], "abcdef", 6, 0);
		settle();
		message.msg_flags = -1;
		errno = 0;
		const long got = recvmsg(fd[1], &message, flags[i]);
		snprintf(text, sizeof text, "recvmsg into 2, flags %x", (unsigned)flags[i]);
		result_with(text, got, "flags %x", (unsigned)message.msg_flags);
		snprintf(text, sizeof text, "recv into 2, flags %x", (unsigned)flags[i]);
		send(fd[0], "abcdef", 6, 0);
		settle();
		RESULT(text, recv(fd[1], bytes, 2, flags[i]));
		while (recv(fd[1], bytes, 9, MSG_DONTWAIT) >= 0)
			;
	}
	RESULT("sent with OOB", send(fd[0], "x", 1, MSG_OOB));
	RESULT("received with OOB", recv(fd[1], bytes, 1, MSG_OOB));
	send(fd[0], "ab", 2, MSG_MORE);
	settle();
	RESULT("after MORE", recv(fd[1], bytes, 9, 0));
	send(fd[0], "cd", 2, 0);
	settle();
	RESULT("after the rest", recv(fd[1], bytes, 9, 0));
	static char large[70000];
	RESULT("65507 bytes", send(fd[0], large, 65507, 0));
	RESULT("65508 bytes", send(fd[0], large, 65508, 0));
	RESULT("65527 bytes", send(fd[0], large, 65527, 0));
	RESULT("65528 bytes", send(fd[0], large, 65528, 0));
	RESULT("70000 bytes", send(fd[0], large, sizeof large, 0));
	close(fd[0]);
	close(fd[1]);
}

static void datagram_states(int family)
{
	struct endpoint name, from = {.size = sizeof from.address};
	char byte;
	const int to = bound(family, SOCK_DGRAM, &name);
	int fd = must(socket(family, SOCK_DGRAM, 0), "socket");
	nonblocking(fd);
	RESULT("unconnected, send", send(fd, "x", 1, 0));
	RESULT("unconnected, sendto without a name", sendto(fd, "x", 1, 0, NULL, 0));
	RESULT("unconnected, recv", recv(fd, &byte, 1, 0));
	RESULT("sendto", sendto(fd, "x", 1, 0, sa(&name), name.size));
	RESULT("sendto, short name", sendto(fd, "x", 1, 0, sa(&name), 4));
	RESULT("sendto, closed", sendto(999, "x", 1, 0, sa(&name), name.size));
	RESULT("sendto, bad pointer", sendto(fd, (void *)8, 1, 0, sa(&name), name.size));
	struct endpoint zero = name;
	set_port(&zero, 0);
	RESULT("sendto, port 0", sendto(fd, "x", 1, 0, sa(&zero), zero.size));
	zero.address.ss_family = AF_UNIX;
	RESULT("sendto, AF_UNIX", sendto(fd, "x", 1, 0, sa(&zero), zero.size));
	zero.address.ss_family = AF_UNSPEC;
	zero = family == AF_INET ? loopback(AF_INET6, 9) : loopback(AF_INET, 9);
	RESULT("sendto, the other family", sendto(fd, "x", 1, 0, sa(&zero), zero.size));
	settle();
	errno = 0;
	const long got = recvfrom(to, &byte, 1, 0, sa(&from), &from.size);
	result_with("recvfrom", got, "%s", name_text(&from));
	own_and_peer("having sent", fd);
	must(connect(fd, sa(&name), name.size), "connect");
	RESULT("connected, sendto", sendto(fd, "x", 1, 0, sa(&name), name.size));
	RESULT("connected, shut down", shutdown(fd, SHUT_WR));
	RESULT("send after that", send(fd, "x", 1, MSG_NOSIGNAL));
	RESULT("shut down reading", shutdown(fd, SHUT_RD));
	RESULT("recv after that", recv(fd, &byte, 1, 0));
	close(fd);
	fd = must(socket(family, SOCK_DGRAM, 0), "socket");
	RESULT("shutdown, unconnected", shutdown(fd, SHUT_RDWR));
	RESULT("shutdown, bad how", shutdown(fd, 9));
	close(fd);
	close(to);
}

static void shutdowns(int family)
{
	static const char *const names[] = {"RD", "WR", "RDWR", "3", "-1"};
	static const int hows[] = {SHUT_RD, SHUT_WR, SHUT_RDWR, 3, -1};
	int fd[2];
	char text[64];
	for (size_t i = 0; i < COUNT(hows); i++) {
		int alone = must(socket(family, SOCK_STREAM, 0), "socket");
		snprintf(text, sizeof text, "shutdown new, %s", names[i]);
		RESULT(text, shutdown(alone, hows[i]));
		close(alone);
		alone = listening(family, 1, NULL);
		snprintf(text, sizeof text, "shutdown listening, %s", names[i]);
		RESULT(text, shutdown(alone, hows[i]));
		close(alone);
		tcp_pair(family, fd);
		snprintf(text, sizeof text, "shutdown connected, %s", names[i]);
		RESULT(text, shutdown(fd[0], hows[i]));
		snprintf(text, sizeof text, "shutdown twice, %s", names[i]);
		RESULT(text, shutdown(fd[0], hows[i]));
		close(fd[1]);
		settle();
		snprintf(text, sizeof text, "shutdown after the peer's close, %s", names[i]);
		RESULT(text, shutdown(fd[0], hows[i]));
		close(fd[0]);
	}
	RESULT("shutdown, closed", shutdown(999, SHUT_RD));
	RESULT("shutdown, a file", shutdown(1, SHUT_RD));
}

static void run(int family)
{
	scope("sendrecv %s tcp", family_name(family));
	stream_states(family);
	shutdowns(family);
	peeking(family);
	more(family);
	urgent(family, 0);
	scope("sendrecv %s tcp, in line", family_name(family));
	urgent(family, 1);
	scope("sendrecv %s udp", family_name(family));
	datagram_truncation(family);
	datagram_states(family);
}

int main(void)
{
	both(run);
	return 0;
}
