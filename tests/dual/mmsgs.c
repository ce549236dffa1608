// SPDX-License-Identifier: MIT
/*
 * sendmmsg() and recvmmsg(): how many are done, what an error in the middle does, times that run
 * out, and pointers that lead nowhere at each place.
 */
#include "dual.h"

#define BAD ((void *)8)
#define MANY 8

struct batch {
	struct mmsghdr m[MANY];
	struct iovec iov[MANY];
	struct endpoint name[MANY];
	char data[MANY][32];
};

/* Messages with data "0", "01", "012" ... or room for them. */
static struct batch *batch(int fill)
{
	static struct batch b;
	memset(&b, 0, sizeof b);
	for (int i = 0; i < MANY; i++) {
		b.m[i].msg_len = 77;
		b.iov[i].iov_base = b.data[i];
		b.iov[i].iov_len = fill ? (size_t)i + 1 : sizeof b.data[i];
		for (int j = 0; fill && j <= i; j++)
			b.data[i][j] = (char)('0' + j);
		b.m[i].msg_hdr.msg_iov = &b.iov[i];
		b.m[i].msg_hdr.msg_iovlen = 1;
		if (!fill) {
			b.m[i].msg_hdr.msg_name = sa(&b.name[i]);
			b.m[i].msg_hdr.msg_namelen = sizeof b.name[i].address;
		}
	}
	return &b;
}

static void add_all(char *text, size_t room, const struct batch *b, long count)
{
	size_t used = 0;
	text[0] = '\0';
	for (int i = 0; i < MANY && i < count + 1; i++)
		used += (size_t)snprintf(text + used, room - used, "%s%u%s", i ? " " : "",
					 b->m[i].msg_len, b->m[i].msg_hdr.msg_flags ? "!" : "");
}

static long received(const char *what, int fd, unsigned count, int flags, struct timespec *time)
{
	struct batch *b = batch(0);
	char text[256];
	settle();
	errno = 0;
	const long got = recvmmsg(fd, b->m, count, flags, time);
	const int error = errno;
	add_all(text, sizeof text, b, got);
	errno = error;
	result_with(what, got, "lengths %s, first \"%s\"", text, b->data[0]);
	return got;
}

static long sent(const char *what, int fd, struct batch *b, unsigned count)
{
	char text[256];
	errno = 0;
	const long got = sendmmsg(fd, b->m, count, MSG_NOSIGNAL);
	const int error = errno;
	add_all(text, sizeof text, b, got);
	errno = error;
	result_with(what, got, "lengths %s", text);
	return got;
}

static void counts(int family)
{
	static const unsigned all[] = {0, 1, 3, MANY};
	int fd[2];
	char what[64];
	udp_pair(family, fd);
	for (size_t i = 0; i < COUNT(all); i++) {
		snprintf(what, sizeof what, "sendmmsg of %u", all[i]);
		sent(what, fd[0], batch(1), all[i]);
		snprintf(what, sizeof what, "recvmmsg after %u", all[i]);
		received(what, fd[1], MANY, MSG_DONTWAIT, NULL);
	}
	sent("for one by one", fd[0], batch(1), 5);
	received("recvmmsg of none", fd[1], 0, MSG_DONTWAIT, NULL);
	received("recvmmsg of one", fd[1], 1, 0, NULL);
	received("recvmmsg of two", fd[1], 2, 0, NULL);
	received("WAITFORONE", fd[1], MANY, MSG_WAITFORONE, NULL);
	received("nothing left", fd[1], MANY, MSG_DONTWAIT, NULL);
	sent("for a peek", fd[0], batch(1), 2);
	received("PEEK", fd[1], 2, MSG_PEEK, NULL);
	received("after the PEEK", fd[1], MANY, MSG_DONTWAIT, NULL);
	RESULT("sendmmsg of as many as there are numbers", sendmmsg(fd[0], BAD, UINT32_MAX, 0));
	RESULT("recvmmsg of as many as there are numbers",
	       recvmmsg(fd[1], BAD, UINT32_MAX, MSG_DONTWAIT, NULL));
	RESULT("sendmmsg, closed", sendmmsg(999, batch(1)->m, 1, 0));
	RESULT("sendmmsg, a file", sendmmsg(1, batch(1)->m, 1, 0));
	RESULT("recvmmsg, closed", recvmmsg(999, batch(0)->m, 1, 0, NULL));
	RESULT("recvmmsg, a file", recvmmsg(1, batch(0)->m, 1, 0, NULL));
	close(fd[0]);
	close(fd[1]);
}

/* An error at the first, the middle and the last. */
static void errors(int family)
{
	int fd[2];
	char what[64];
	struct endpoint foreign = loopback(family == AF_INET ? AF_INET6 : AF_INET, 9);
	foreign.address.ss_family = AF_UNIX;
	udp_pair(family, fd);
	for (int at = 0; at < 4; at++) {
		struct batch *b = batch(1);
		b->m[at].msg_hdr.msg_name = sa(&foreign);
		b->m[at].msg_hdr.msg_namelen = foreign.size;
		snprintf(what, sizeof what, "a wrong name at %d", at);
		sent(what, fd[0], b, 4);
		snprintf(what, sizeof what, "after a wrong name at %d", at);
		received(what, fd[1], MANY, MSG_DONTWAIT, NULL);
		b = batch(1);
		b->m[at].msg_hdr.msg_iov = BAD;
		snprintf(what, sizeof what, "a bad iov at %d", at);
		sent(what, fd[0], b, 4);
		snprintf(what, sizeof what, "after a bad iov at %d", at);
		received(what, fd[1], MANY, MSG_DONTWAIT, NULL);
		b = batch(1);
		b->iov[at].iov_base = BAD;
		snprintf(what, sizeof what, "bad data at %d", at);
		sent(what, fd[0], b, 4);
		snprintf(what, sizeof what, "after bad data at %d", at);
		received(what, fd[1], MANY, MSG_DONTWAIT, NULL);
	}
	close(fd[0]);
	close(fd[1]);
}

static void bad_rooms(int family)
{
	int fd[2];
	char what[64];
	udp_pair(family, fd);
	for (int at = 0; at < 3; at++) {
		for (int kind = 0; kind < 3; kind++) {
			static const char *const kinds[] = {"iov", "buffer", "name"};
			snprintf(what, sizeof what, "sent for a %s that is not there at %d",
				 kinds[kind], at);
			sent(what, fd[0], batch(1), 3);
			settle();
			struct batch *b = batch(0);
			if (kind == 0)
				b->m[at].msg_hdr.msg_iov = BAD;
			else if (kind == 1)
				b->iov[at].iov_base = BAD;
			else
				b->m[at].msg_hdr.msg_name = BAD;
			snprintf(what, sizeof what, "received with a bad %s at %d", kinds[kind],
				 at);
			RESULT(what, recvmmsg(fd[1], b->m, 3, MSG_DONTWAIT, NULL));
			snprintf(what, sizeof what, "left after a bad %s at %d", kinds[kind], at);
			received(what, fd[1], MANY, MSG_DONTWAIT, NULL);
		}
	}
	RESULT("recvmmsg, bad vector", recvmmsg(fd[1], BAD, 2, MSG_DONTWAIT, NULL));
	RESULT("sendmmsg, bad vector", sendmmsg(fd[0], BAD, 2, 0));
	RESULT("recvmmsg, bad time", recvmmsg(fd[1], batch(0)->m, 2, MSG_DONTWAIT, BAD));
	close(fd[0]);
	close(fd[1]);
}

/* How long a call took, in words that a busy machine does not change. */
static const char *took(long began)
{
	const long ms = now_ms() - began;
	return ms < 90 ? "at once" : ms < 5000 ? "a while" : "too long";
}

static void times(int family)
{
	int fd[2];
	char what[64];
	static const struct {
		const char *what;
		struct timespec time;
		bool times_out;
	} cases[] = {{"time of 0", {0, 0}, false},
		     {"negative seconds", {-1, 0}, false},
		     {"negative nanoseconds", {0, -1}, false},
		     {"a thousand million nanoseconds", {0, 1000000000}, false}};
	udp_pair(family, fd);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct timespec time = cases[i].time;
		snprintf(what, sizeof what, "sent for %s", cases[i].what);
		sent(what, fd[0], batch(1), 2);
		received(cases[i].what, fd[1], MANY, 0, &time);
		snprintf(what, sizeof what, "left after %s", cases[i].what);
		received(what, fd[1], MANY, MSG_DONTWAIT, NULL);
	}
	const struct timeval wait = {0, 120000};
	must(setsockopt(fd[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), "SO_RCVTIMEO");
	long began = now_ms();
	received("SO_RCVTIMEO, nothing", fd[1], 3, 0, NULL);
	say("SO_RCVTIMEO, nothing, took: %s", took(began));
	sent("for SO_RCVTIMEO", fd[0], batch(1), 2);
	began = now_ms();
	received("SO_RCVTIMEO, some", fd[1], 3, 0, NULL);
	say("SO_RCVTIMEO, some, took: %s", took(began));
	close(fd[0]);
	close(fd[1]);
}

static void states(int family)
{
	int fd = must(socket(family, SOCK_DGRAM, 0), "socket");
	sent("unconnected", fd, batch(1), 2);
	received("unbound", fd, 2, MSG_DONTWAIT, NULL);
	struct endpoint name = nobody(family, SOCK_DGRAM);
	must(connect(fd, sa(&name), name.size), "connect");
	sent("to nobody", fd, batch(1), 1);
	settle();
	sent("to nobody, after an error", fd, batch(1), 3);
	close(fd);
	int pair[2];
	udp_pair(family, pair);
	shutdown(pair[0], SHUT_RDWR);
	sent("shut down", pair[0], batch(1), 2);
	received("shut down, nothing", pair[0], 2, MSG_DONTWAIT, NULL);
	close(pair[0]);
	close(pair[1]);
}

static void streams(int family)
{
	int fd[2];
	scope("mmsgs %s tcp", family_name(family));
	tcp_pair(family, fd);
	sent("sendmmsg", fd[0], batch(1), 4);
	received("recvmmsg", fd[1], 4, MSG_DONTWAIT, NULL);
	sent("sendmmsg again", fd[0], batch(1), 4);
	received("WAITFORONE", fd[1], 4, MSG_WAITFORONE, NULL);
	close(fd[0]);
	settle();
	received("recvmmsg at the end", fd[1], 3, 0, NULL);
	close(fd[1]);
}

static void all(int family)
{
	scope("mmsgs %s udp", family_name(family));
	counts(family);
	errors(family);
	bad_rooms(family);
	times(family);
	states(family);
	streams(family);
}

int main(void)
{
	both(all);
	return 0;
}
