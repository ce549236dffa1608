// SPDX-License-Identifier: MIT
/*
 * The error queue: what is in it after each error that loopback can make, into rooms of all sizes,
 * in which order, and what SO_ERROR, the next calls and poll say of it, with IP_RECVERR and
 * without.
 */
#include "dual.h"

#include <linux/errqueue.h>

#define ROOM 512

static int v6(int family)
{
	return family == AF_INET6;
}

static void recverr(int family, int fd, int value)
{
	if (v6(family))
		set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, value);
	else
		set_int(fd, IPPROTO_IP, IP_RECVERR, value);
}

/* One entry, into so much room. */
static void entry_into(const char *what, int fd, size_t data_room, size_t room)
{
	static _Alignas(struct cmsghdr) unsigned char space[ROOM];
	char data[2048] = "";
	struct endpoint from;
	struct iovec iov = {data, data_room};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = space,
			   .msg_controllen = room,
			   .msg_name = sa(&from),
			   .msg_namelen = sizeof from.address};
	settle();
	errno = 0;
	const long got = recvmsg(fd, &m, MSG_ERRQUEUE);
	from.size = m.msg_namelen;
	const bool named = got >= 0 && m.msg_namelen;
	result_with(what, got, "%.8s, to %s, %s: %s", data, named ? name_text(&from) : "none",
		    flags_text(m.msg_flags), control_text(&m));
}

static void entry(const char *what, int fd)
{
	entry_into(what, fd, 1024, ROOM);
}

static void pending(const char *what, int fd)
{
	char text[96];
	int error = -1;
	socklen_t size = sizeof error;
	settle();
	snprintf(text, sizeof text, "%s, SO_ERROR", what);
	errno = 0;
	const int got = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	result_with(text, got, "%s", error ? strerrorname_np(error) : "none");
}

/* A socket connected to a port on which nobody is. */
static int lonely(int family, int with)
{
	struct endpoint name = nobody(family, SOCK_DGRAM);
	const int fd = must(socket(family, SOCK_DGRAM, 0), "socket");
	recverr(family, fd, with);
	must(connect(fd, sa(&name), name.size), "connect");
	return fd;
}

static void say_one(int fd, const char *text)
{
	send(fd, text, strlen(text), MSG_NOSIGNAL);
	settle();
}

static void refused(int family)
{
	int fd = lonely(family, 1);
	entry("empty", fd);
	pending("empty", fd);
	say_one(fd, "one");
	ready("refused", fd);
	entry("refused", fd);
	ready("taken", fd);
	pending("taken", fd);
	entry("taken, again", fd);
	say_one(fd, "two");
	pending("refused, asked", fd);
	ready("refused and asked", fd);
	entry("refused and asked", fd);
	say_one(fd, "three");
	RESULT("sendto after an error", sendto(fd, "x", 1, MSG_NOSIGNAL, NULL, 0));
	entry("after the sendto", fd);
	close(fd);
	fd = lonely(family, 0);
	say_one(fd, "one");
	entry("without RECVERR", fd);
	pending("without RECVERR", fd);
	recverr(family, fd, 1);
	say_one(fd, "two");
	recverr(family, fd, 0);
	entry("RECVERR taken back", fd);
	pending("RECVERR taken back", fd);
	close(fd);
}

/* Errors that follow one another, and what is left when only some are taken. */
static void order(int family)
{
	const int fd = lonely(family, 1);
	char what[64];
	struct endpoint other[3];
	must(connect(fd, &(struct sockaddr){AF_UNSPEC, {0}}, sizeof(struct sockaddr)), "connect");
	for (int i = 0; i < 3; i++) {
		char text[8] = "to x";
		text[3] = (char)('a' + i);
		other[i] = nobody(family, SOCK_DGRAM);
		sendto(fd, text, 4, 0, sa(&other[i]), other[i].size);
		settle();
		(void)getpid();
	}
	pending("three", fd);
	for (int i = 0; i < 4; i++) {
		snprintf(what, sizeof what, "entry %d of three", i + 1);
		entry(what, fd);
		snprintf(what, sizeof what, "after entry %d of three", i + 1);
		pending(what, fd);
	}
	close(fd);
}

static void rooms(int family)
{
	static const size_t sizes[] = {0, 8, 15, 16, 24, 32, 40, 47, 48, 56, 60, 64, 72, 80, 128};
	const int fd = lonely(family, 1);
	char what[64];
	for (size_t i = 0; i < COUNT(sizes); i++) {
		say_one(fd, "sized");
		snprintf(what, sizeof what, "control room of %zu", sizes[i]);
		entry_into(what, fd, 64, sizes[i]);
		pending(what, fd);
	}
	for (size_t bytes = 0; bytes < 7; bytes += 2) {
		say_one(fd, "sized");
		snprintf(what, sizeof what, "data room of %zu", bytes);
		entry_into(what, fd, bytes, ROOM);
		pending(what, fd);
	}
	say_one(fd, "plain");
	char data[16] = "";
	errno = 0;
	long got = recv(fd, data, sizeof data, MSG_ERRQUEUE);
	result_with("plain recv with ERRQUEUE", got, "%s", data);
	say_one(fd, "waits");
	RESULT("ERRQUEUE with WAITALL", recv(fd, data, sizeof data, MSG_ERRQUEUE | MSG_WAITALL));
	say_one(fd, "peek");
	RESULT("ERRQUEUE with PEEK", recv(fd, data, sizeof data, MSG_ERRQUEUE | MSG_PEEK));
	RESULT("ERRQUEUE after PEEK", recv(fd, data, sizeof data, MSG_ERRQUEUE));
	say_one(fd, "truncated");
	RESULT("ERRQUEUE with TRUNC", recv(fd, data, 2, MSG_ERRQUEUE | MSG_TRUNC));
	close(fd);
}

/* Errors that are made here, before anything is sent. */
static void too_big(int family)
{
	static char data[70000];
	const int fd = bound(family, SOCK_DGRAM, NULL);
	struct endpoint name = own_name(fd);
	recverr(family, fd, 1);
	RESULT("70000 bytes", sendto(fd, data, sizeof data, 0, sa(&name), name.size));
	entry("70000 bytes, its entry", fd);
	pending("70000 bytes", fd);
	if (v6(family)) {
		set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
		set_int(fd, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
	} else {
		set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	}
	RESULT("65507 bytes, whole", sendto(fd, data, 65507, MSG_DONTWAIT, sa(&name), name.size));
	entry("65507 bytes, whole, its entry", fd);
	RESULT("65508 bytes, whole", sendto(fd, data, 65508, MSG_DONTWAIT, sa(&name), name.size));
	entry("65508 bytes, whole, its entry", fd);
	pending("65508 bytes, whole", fd);
	close(fd);
}

/* Raw sockets hear of them too. */
static void raw(int family)
{
	const int protocol = 201;
	const int fd = must(socket(family, SOCK_RAW, protocol), "socket");
	struct endpoint name = loopback(family, 0);
	recverr(family, fd, 1);
	must(connect(fd, sa(&name), name.size), "connect");
	close(must(socket(family, SOCK_RAW, 202), "socket"));
	say_one(fd, "raw");
	char data[64];
	RESULT("raw, own packet", recv(fd, data, sizeof data, MSG_DONTWAIT));
	entry("raw, its entry", fd);
	close(fd);
}

static void streams(int family)
{
	struct endpoint name = nobody(family, SOCK_STREAM);
	scope("errqueue %s tcp", family_name(family));
	int fd = must(socket(family, SOCK_STREAM, 0), "socket");
	recverr(family, fd, 1);
	RESULT("connect to nobody", connect(fd, sa(&name), name.size));
	pending("refused", fd);
	close(fd);
	int pair[2];
	tcp_pair(family, pair);
	recverr(family, pair[0], 1);
	entry("connected", pair[0]);
	send(pair[1], "abc", 3, 0);
	settle();
	entry("data there", pair[0]);
	reset_on_close(pair[1]);
	pending("reset", pair[0]);
	close(pair[0]);
}

static void all(int family)
{
	scope("errqueue %s udp", family_name(family));
	refused(family);
	order(family);
	rooms(family);
	too_big(family);
	scope("errqueue %s raw", family_name(family));
	raw(family);
	streams(family);
}

int main(void)
{
	both(all);
	return 0;
}
