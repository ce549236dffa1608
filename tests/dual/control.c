// SPDX-License-Identifier: MIT
/*
 * Control messages both ways: what each option makes recvmsg() tell, alone and together and into
 * rooms that are too small; what sendmsg() takes, what it does, and what it refuses.
 */
#include "dual.h"

#include <net/if.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

#define ROOM 512
#define IPV6_FLOWINFO 11 /* which libc does not have */

/* A message with control data that is put together piece by piece. */
static _Alignas(struct cmsghdr) unsigned char control[ROOM];
static size_t control_bytes;

static void *add(int level, int type, const void *data, size_t bytes)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)(control + control_bytes);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(bytes);
	if (bytes)
		memcpy(CMSG_DATA(c), data, bytes);
	control_bytes += CMSG_SPACE(bytes);
	return c;
}

static void add_int(int level, int type, int value)
{
	add(level, type, &value, sizeof value);
}

/* Sends with what was added, and begins anew. */
static long sent(const char *what, int fd, struct endpoint *to, size_t bytes)
{
	static char data[4096] = "data";
	struct iovec iov = {data, bytes};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = control_bytes};
	if (to) {
		m.msg_name = sa(to);
		m.msg_namelen = to->size;
	}
	errno = 0;
	const long got = result(what, sendmsg(fd, &m, MSG_NOSIGNAL));
	memset(control, 0, sizeof control);
	control_bytes = 0;
	return got;
}

/* Receives, and says what came; `room` bytes for control data. */
static void received(const char *what, int fd, size_t room, int flags)
{
	static _Alignas(struct cmsghdr) unsigned char space[ROOM];
	char data[8192];
	struct endpoint from;
	struct iovec iov = {data, sizeof data};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = space,
			   .msg_controllen = room,
			   .msg_name = sa(&from),
			   .msg_namelen = sizeof from.address};
	memset(space, 0xa5, sizeof space);
	settle();
	errno = 0;
	const long got = recvmsg(fd, &m, flags | MSG_DONTWAIT);
	result_with(what, got, "%s of %zu: %s", flags_text(m.msg_flags), (size_t)m.msg_controllen,
		    control_text(&m));
}

static const struct told {
	const char *name;
	int level, option, value;
} all_told[] = {
	{"IP_PKTINFO", IPPROTO_IP, IP_PKTINFO, 1},
	{"IP_RECVTTL", IPPROTO_IP, IP_RECVTTL, 1},
	{"IP_RECVTOS", IPPROTO_IP, IP_RECVTOS, 1},
	{"IP_RECVOPTS", IPPROTO_IP, IP_RECVOPTS, 1},
	{"IP_RETOPTS", IPPROTO_IP, IP_RETOPTS, 1},
	{"IP_ORIGDSTADDR", IPPROTO_IP, IP_ORIGDSTADDR, 1},
	{"IP_RECVFRAGSIZE", IPPROTO_IP, IP_RECVFRAGSIZE, 1},
	{"IP_CHECKSUM", IPPROTO_IP, IP_CHECKSUM, 1},
	{"IPV6_RECVPKTINFO", IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},
	{"IPV6_2292PKTINFO", IPPROTO_IPV6, IPV6_2292PKTINFO, 1},
	{"IPV6_RECVHOPLIMIT", IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1},
	{"IPV6_2292HOPLIMIT", IPPROTO_IPV6, IPV6_2292HOPLIMIT, 1},
	{"IPV6_RECVTCLASS", IPPROTO_IPV6, IPV6_RECVTCLASS, 1},
	{"IPV6_RECVDSTOPTS", IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1},
	{"IPV6_RECVHOPOPTS", IPPROTO_IPV6, IPV6_RECVHOPOPTS, 1},
	{"IPV6_RECVRTHDR", IPPROTO_IPV6, IPV6_RECVRTHDR, 1},
	{"IPV6_RECVPATHMTU", IPPROTO_IPV6, IPV6_RECVPATHMTU, 1},
	{"IPV6_ORIGDSTADDR", IPPROTO_IPV6, IPV6_ORIGDSTADDR, 1},
	{"IPV6_RECVFRAGSIZE", IPPROTO_IPV6, IPV6_RECVFRAGSIZE, 1},
	{"SO_TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, 1},
	{"SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, 1},
	{"SO_TIMESTAMP_NEW", SOL_SOCKET, 63, 1},
	{"SO_TIMESTAMPNS_NEW", SOL_SOCKET, 64, 1},
	{"SO_TIMESTAMPING", SOL_SOCKET, SO_TIMESTAMPING, 0x18},
	{"SO_RXQ_OVFL", SOL_SOCKET, SO_RXQ_OVFL, 1},
};

/* Each option alone, with what a datagram has by itself and with what the sender gave it. */
static void told_alone(int family)
{
	for (size_t i = 0; i < COUNT(all_told); i++) {
		const struct told *t = &all_told[i];
		char what[96];
		int fd[2];
		udp_pair(family, fd);
		if (setsockopt(fd[0], t->level, t->option, &t->value, sizeof t->value) == -1) {
			close(fd[0]);
			close(fd[1]);
			continue;
		}
		send(fd[1], "a", 1, 0);
		snprintf(what, sizeof what, "%s, plain", t->name);
		received(what, fd[0], ROOM, 0);
		if (family == AF_INET) {
			set_int(fd[1], IPPROTO_IP, IP_TOS, 0x68);
			set_int(fd[1], IPPROTO_IP, IP_TTL, 9);
		} else {
			set_int(fd[1], IPPROTO_IPV6, IPV6_TCLASS, 0x68);
			set_int(fd[1], IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9);
		}
		send(fd[1], "bc", 2, 0);
		snprintf(what, sizeof what, "%s, of a marked one, peeked at", t->name);
		received(what, fd[0], ROOM, MSG_PEEK);
		snprintf(what, sizeof what, "%s, of a marked one", t->name);
		received(what, fd[0], ROOM, 0);
		send(fd[1], "d", 1, 0);
		snprintf(what, sizeof what, "%s, no room", t->name);
		received(what, fd[0], 0, 0);
		send(fd[1], "e", 1, 0);
		snprintf(what, sizeof what, "%s, room for a header", t->name);
		received(what, fd[0], sizeof(struct cmsghdr), 0);
		send(fd[1], "f", 1, 0);
		snprintf(what, sizeof what, "%s, a little room", t->name);
		received(what, fd[0], sizeof(struct cmsghdr) + 2, 0);
		int off = 0;
		must(setsockopt(fd[0], t->level, t->option, &off, sizeof off), t->name);
		send(fd[1], "g", 1, 0);
		snprintf(what, sizeof what, "%s, no more", t->name);
		received(what, fd[0], ROOM, 0);
		close(fd[0]);
		close(fd[1]);
	}
}

/* All together, into every room there can be. */
static void told_together(int family)
{
	int fd[2];
	udp_pair(family, fd);
	for (size_t i = 0; i < COUNT(all_told); i++) {
		const struct told *t = &all_told[i];
		(void)setsockopt(fd[0], t->level, t->option, &t->value, sizeof t->value);
	}
	set_int(fd[0], SOL_SOCKET, SO_TIMESTAMP, 0);
	set_int(fd[0], SOL_SOCKET, SO_TIMESTAMPING, 0);
	for (size_t room = 0; room <= 320; room += 4) {
		char what[64];
		send(fd[1], "all", 3, 0);
		pause_ms(1);
		snprintf(what, sizeof what, "everything into %zu", room);
		received(what, fd[0], room, 0);
	}
	close(fd[0]);
	close(fd[1]);
}

/* A receiver that is told everything of each datagram, and where it is. */
static int hearer(int family, struct endpoint *out_name)
{
	const int fd = bound(family, SOCK_DGRAM, out_name);
	if (family == AF_INET) {
		set_int(fd, IPPROTO_IP, IP_RECVTTL, 1);
		set_int(fd, IPPROTO_IP, IP_RECVTOS, 1);
		set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
	} else {
		set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPOPTS, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_RECVRTHDR, 1);
	}
	return fd;
}

struct hearing {
	int from, to;
	struct endpoint name;
};

static void outcome(const struct hearing *h, const char *what)
{
	char text[96];
	struct endpoint name = h->name;
	snprintf(text, sizeof text, "send with %s", what);
	sent(text, h->from, &name, 4);
	snprintf(text, sizeof text, "got with %s", what);
	received(text, h->to, ROOM, 0);
}

/* Numbers from all over the range, in every length. */
static void numbers(const struct hearing *h, const char *what, int level, int type)
{
	static const int values[] = {-2, -1, 0, 1, 3, 64, 255, 256, 70000};
	char text[64];
	for (size_t i = 0; i < COUNT(values); i++) {
		snprintf(text, sizeof text, "%s of %d", what, values[i]);
		add_int(level, type, values[i]);
		outcome(h, text);
	}
	for (size_t bytes = 0; bytes <= 8; bytes++) {
		const unsigned char data[8] = {5};
		snprintf(text, sizeof text, "%s in %zu bytes", what, bytes);
		add(level, type, data, bytes);
		outcome(h, text);
	}
}

static void pktinfo4(const struct hearing *h)
{
	static const struct {
		const char *what;
		int index;
		const char *source, *other;
	} cases[] = {{"IP_PKTINFO of nothing", 0, "0.0.0.0", "0.0.0.0"},
		     {"IP_PKTINFO of lo", 1, "0.0.0.0", "0.0.0.0"},
		     {"IP_PKTINFO of 127.0.0.5", 0, "127.0.0.5", "0.0.0.0"},
		     {"IP_PKTINFO of lo and 127.0.0.5", 1, "127.0.0.5", "9.9.9.9"},
		     {"IP_PKTINFO of an interface that is not", 99, "0.0.0.0", "0.0.0.0"},
		     {"IP_PKTINFO of a foreign address", 0, "192.0.2.1", "0.0.0.0"},
		     {"IP_PKTINFO of a negative interface", -1, "0.0.0.0", "0.0.0.0"}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct in_pktinfo info = {.ipi_ifindex = cases[i].index};
		inet_pton(AF_INET, cases[i].source, &info.ipi_spec_dst);
		inet_pton(AF_INET, cases[i].other, &info.ipi_addr);
		add(IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
		outcome(h, cases[i].what);
	}
}

static void pktinfo6(const struct hearing *h, int type, const char *name)
{
	static const struct {
		const char *what;
		unsigned index;
		const char *source;
	} cases[] = {{"nothing", 0, "::"},
		     {"lo", 1, "::"},
		     {"its address", 0, "::1"},
		     {"both", 1, "::1"},
		     {"no interface", 99, "::"},
		     {"a foreign address", 0, "2001:db8::1"},
		     {"a mapped address", 0, "::ffff:127.0.0.1"},
		     {"a link-local address", 1, "fe80::1"}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char what[64];
		struct in6_pktinfo info = {.ipi6_ifindex = cases[i].index};
		inet_pton(AF_INET6, cases[i].source, &info.ipi6_addr);
		add(IPPROTO_IPV6, type, &info, sizeof info);
		snprintf(what, sizeof what, "%s of %s", name, cases[i].what);
		outcome(h, what);
	}
}

/* Extension headers: one that is right, and what is wrong with others. */
static void extensions(const struct hearing *h)
{
	static const struct {
		const char *what;
		int type;
		unsigned char data[24];
		size_t bytes;
	} cases[] = {
		{"HOPOPTS of padding", IPV6_HOPOPTS, {0, 0, 1, 4}, 8},
		{"HOPOPTS, too short", IPV6_HOPOPTS, {0, 1, 1, 4}, 8},
		{"HOPOPTS, half a header", IPV6_HOPOPTS, {0}, 2},
		{"HOPOPTS, longer than it says", IPV6_HOPOPTS, {0, 0, 1, 4}, 16},
		{"HOPOPTS of an unknown option to skip",
		 IPV6_HOPOPTS,
		 {0, 0, 0x1e, 4, 1, 2, 3, 4},
		 8},
		{"DSTOPTS of padding", IPV6_DSTOPTS, {0, 0, 1, 4}, 8},
		{"DSTOPTS of 16", IPV6_DSTOPTS, {0, 1, 1, 12}, 16},
		{"DSTOPTS, too short", IPV6_DSTOPTS, {0, 2, 1, 4}, 16},
		{"RTHDRDSTOPTS of padding", IPV6_RTHDRDSTOPTS, {0, 0, 1, 4}, 8},
		{"2292HOPOPTS of padding", IPV6_2292HOPOPTS, {0, 0, 1, 4}, 8},
		{"2292DSTOPTS of padding", IPV6_2292DSTOPTS, {0, 0, 1, 4}, 8},
		{"RTHDR of type 0", IPV6_RTHDR, {0, 2, 0, 1}, 24},
		{"RTHDR of type 3", IPV6_RTHDR, {0, 2, 3, 0}, 24},
		{"RTHDR, too short", IPV6_RTHDR, {0, 2, 2, 1}, 8},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		add(IPPROTO_IPV6, cases[i].type, cases[i].data, cases[i].bytes);
		outcome(h, cases[i].what);
	}
}

static void flow_labels(const struct hearing *h)
{
	struct endpoint name = h->name;
	set_int(h->to, IPPROTO_IPV6, IPV6_FLOWINFO, 1);
	set_int(h->from, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
	((struct sockaddr_in6 *)&name.address)->sin6_flowinfo = htonl(0x01200000);
	sent("sin6_flowinfo that is not sent", h->from, &name, 4);
	received("what came of it", h->to, ROOM, 0);
	set_int(h->from, IPPROTO_IPV6, 33, 1);
	sent("sin6_flowinfo that is a class", h->from, &name, 4);
	received("what came of the class", h->to, ROOM, 0);
	((struct sockaddr_in6 *)&name.address)->sin6_flowinfo = htonl(0x00012345);
	sent("sin6_flowinfo that is a label nobody leased", h->from, &name, 4);
	set_int(h->from, IPPROTO_IPV6, 33, 0);
	for (int value = 0; value < 2; value++) {
		const uint32_t info = htonl(value ? 0x00054321 : 0x0fe00000);
		add(IPPROTO_IPV6, IPV6_FLOWINFO, &info, sizeof info);
		outcome(h, value ? "IPV6_FLOWINFO of a label" : "IPV6_FLOWINFO of a class");
	}
}

/* What is no control message, or not this socket's. */
static void malformed(const struct hearing *h)
{
	struct cmsghdr *c = add(IPPROTO_IP, IP_TTL, "\5\0\0\0", 4);
	c->cmsg_len = 0;
	outcome(h, "cmsg_len of 0");
	c = add(IPPROTO_IP, IP_TTL, "\5\0\0\0", 4);
	c->cmsg_len = sizeof(struct cmsghdr) - 1;
	outcome(h, "cmsg_len of less than a header");
	c = add(IPPROTO_IP, IP_TTL, "\5\0\0\0", 4);
	c->cmsg_len = CMSG_LEN(64);
	outcome(h, "cmsg_len past the end");
	c = add(IPPROTO_IP, IP_TTL, "\5\0\0\0", 4);
	c->cmsg_len = (size_t)-1;
	outcome(h, "cmsg_len of everything");
	c = add(IPPROTO_IP, IP_TTL, "\5\0\0\0", 4);
	control_bytes = 8;
	outcome(h, "half a header of control data");
	c = add(IPPROTO_IP, IP_TTL, "\5\0\0\0", 4);
	control_bytes = CMSG_LEN(4) - 1;
	outcome(h, "a byte less of control data");
	c = add(IPPROTO_IP, IP_TTL, "\5\0\0\0", 4);
	control_bytes = CMSG_LEN(4);
	outcome(h, "control data without padding");
	add_int(IPPROTO_IP, 999, 5);
	outcome(h, "an unknown type of IPPROTO_IP");
	add_int(IPPROTO_IPV6, 999, 5);
	outcome(h, "an unknown type of IPPROTO_IPV6");
	add_int(SOL_SOCKET, 999, 5);
	outcome(h, "an unknown type of SOL_SOCKET");
	add_int(IPPROTO_TCP, 1, 5);
	outcome(h, "another protocol's level");
	add_int(12345, 1, 5);
	outcome(h, "an unknown level");
	add_int(SOL_SOCKET, SO_MARK, 5);
	outcome(h, "SO_MARK");
	add(SOL_SOCKET, SO_MARK, "\1", 1);
	outcome(h, "SO_MARK in a byte");
	const int file = 1;
	add(SOL_SOCKET, SCM_RIGHTS, &file, sizeof file);
	outcome(h, "SCM_RIGHTS");
	const struct ucred me = {getpid(), getuid(), getgid()};
	add(SOL_SOCKET, SCM_CREDENTIALS, &me, sizeof me);
	outcome(h, "SCM_CREDENTIALS");
	control_bytes = 0;
	struct endpoint name = h->name;
	struct iovec iov = {"data", 4};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_name = sa(&name),
			   .msg_namelen = name.size,
			   .msg_control = (void *)8,
			   .msg_controllen = 32};
	RESULT("control data nowhere", sendmsg(h->from, &m, 0));
	m.msg_control = NULL;
	RESULT("control data of NULL", sendmsg(h->from, &m, 0));
	m.msg_control = control;
	m.msg_controllen = (size_t)INT32_MAX + 1;
	RESULT("control data of more than an int", sendmsg(h->from, &m, 0));
	m.msg_controllen = 1 << 20;
	RESULT("control data of a megabyte", sendmsg(h->from, &m, 0));
	settle();
	char bytes[8];
	while (recv(h->to, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
}

static void several(const struct hearing *h, int family)
{
	if (family == AF_INET) {
		add_int(IPPROTO_IP, IP_TTL, 5);
		add_int(IPPROTO_IP, IP_TOS, 0x20);
		outcome(h, "TTL and TOS");
		add_int(IPPROTO_IP, IP_TTL, 5);
		add_int(IPPROTO_IP, IP_TTL, 6);
		outcome(h, "TTL twice");
		add_int(IPPROTO_IP, IP_TTL, 5);
		add_int(IPPROTO_IP, IP_TTL, 600);
		outcome(h, "TTL, and one that is wrong");
		add_int(SOL_SOCKET, SO_MARK, 3);
		add_int(IPPROTO_IP, IP_TTL, 7);
		outcome(h, "SO_MARK and TTL");
		return;
	}
	const struct in6_pktinfo lo = {IN6ADDR_LOOPBACK_INIT, 1};
	const unsigned char options[8] = {0, 0, 1, 4};
	add_int(IPPROTO_IPV6, IPV6_HOPLIMIT, 5);
	add_int(IPPROTO_IPV6, IPV6_TCLASS, 0x20);
	outcome(h, "HOPLIMIT and TCLASS");
	add(IPPROTO_IPV6, IPV6_HOPOPTS, options, sizeof options);
	add(IPPROTO_IPV6, IPV6_DSTOPTS, options, sizeof options);
	add(IPPROTO_IPV6, IPV6_PKTINFO, &lo, sizeof lo);
	add_int(IPPROTO_IPV6, IPV6_HOPLIMIT, 6);
	outcome(h, "both kinds of options, PKTINFO and HOPLIMIT");
	add_int(IPPROTO_IPV6, IPV6_HOPLIMIT, 5);
	add_int(IPPROTO_IPV6, IPV6_HOPLIMIT, 600);
	outcome(h, "HOPLIMIT, and one that is wrong");
	add_int(IPPROTO_IPV6, IPV6_DONTFRAG, 1);
	outcome(h, "DONTFRAG");
	add_int(IPPROTO_IPV6, IPV6_DONTFRAG, 2);
	outcome(h, "DONTFRAG of 2");
	add_int(IPPROTO_IP, IP_TTL, 5);
	outcome(h, "TTL of IPv4");
}

static void segments(int family)
{
	static const int sizes[] = {-1, 0, 1, 100, 1000, 1001, 2000, 65535, 65536};
	int fd[2];
	udp_pair(family, fd);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char what[64], data[4096];
		const uint16_t size = (uint16_t)sizes[i];
		add(IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
		snprintf(what, sizeof what, "UDP_SEGMENT of %d", sizes[i]);
		sent(what, fd[0], NULL, sizes[i] == 1 ? 60 : 1000);
		settle();
		long count = 0, last = 0, got;
		while ((got = recv(fd[1], data, sizeof data, MSG_DONTWAIT)) > 0) {
			count++;
			last = got;
		}
		say("%s, received: %ld, the last of %ld", what, count, last);
	}
	add_int(IPPROTO_UDP, UDP_SEGMENT, 100);
	sent("UDP_SEGMENT as an int", fd[0], NULL, 1000);
	close(fd[0]);
	close(fd[1]);
	udp_pair(family, fd);
	set_int(fd[1], IPPROTO_UDP, UDP_GRO, 1);
	const uint16_t size = 100;
	add(IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
	sent("UDP_SEGMENT to one with UDP_GRO", fd[0], NULL, 1000);
	received("UDP_GRO", fd[1], ROOM, 0);
	send(fd[0], "x", 1, 0);
	received("UDP_GRO of a single one", fd[1], ROOM, 0);
	close(fd[0]);
	close(fd[1]);
}

static void datagrams(int family)
{
	struct hearing h;
	scope("control %s udp", family_name(family));
	told_alone(family);
	told_together(family);
	h.from = bound(family, SOCK_DGRAM, NULL);
	h.to = hearer(family, &h.name);
	malformed(&h);
	several(&h, family);
	if (family == AF_INET) {
		numbers(&h, "IP_TTL", IPPROTO_IP, IP_TTL);
		numbers(&h, "IP_TOS", IPPROTO_IP, IP_TOS);
		pktinfo4(&h);
	} else {
		numbers(&h, "HOPLIMIT", IPPROTO_IPV6, IPV6_HOPLIMIT);
		numbers(&h, "2292HOPLIMIT", IPPROTO_IPV6, IPV6_2292HOPLIMIT);
		numbers(&h, "TCLASS", IPPROTO_IPV6, IPV6_TCLASS);
		pktinfo6(&h, IPV6_PKTINFO, "PKTINFO");
		pktinfo6(&h, IPV6_2292PKTINFO, "2292PKTINFO");
		extensions(&h);
		flow_labels(&h);
	}
	close(h.from);
	close(h.to);
	segments(family);
}

/* What a stream tells and takes. */
static void streams(int family)
{
	int fd[2];
	scope("control %s tcp", family_name(family));
	tcp_pair(family, fd);
	received("nothing to receive", fd[1], ROOM, 0);
	send(fd[0], "a", 1, 0);
	received("plain", fd[1], ROOM, 0);
	add_int(IPPROTO_IP, IP_TTL, 5);
	sent("IP_TTL", fd[0], NULL, 4);
	received("what came of IP_TTL", fd[1], ROOM, 0);
	send(fd[0], "abcdef", 6, 0);
	settle();
	set_int(fd[1], IPPROTO_TCP, 36, 1);
	char byte;
	must((int)recv(fd[1], &byte, 1, 0), "recv");
	received("TCP_INQ, no more", fd[1], ROOM, 0);
	close(fd[0]);
	close(fd[1]);
}

/* Sockets that go from one program to another by an AF_UNIX socket. */
static void passed(int family)
{
	int pair[2], way[2], got[4];
	scope("control %s rights", family_name(family));
	tcp_pair(family, pair);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, way), "socketpair");
	for (int cloexec = 0; cloexec < 2; cloexec++) {
		char data[4], what[64];
		struct iovec iov = {data, sizeof data};
		struct msghdr m = {.msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = control,
				   .msg_controllen = ROOM};
		add(SOL_SOCKET, SCM_RIGHTS, pair, sizeof pair);
		snprintf(what, sizeof what, "sent, cloexec %d", cloexec);
		sent(what, way[0], NULL, 1);
		errno = 0;
		const long n = recvmsg(way[1], &m, cloexec ? MSG_CMSG_CLOEXEC : 0);
		memcpy(got, CMSG_DATA(CMSG_FIRSTHDR(&m)), 2 * sizeof(int));
		snprintf(what, sizeof what, "received, cloexec %d", cloexec);
		result_with(what, n, "of %zu, %s %s", (size_t)m.msg_controllen,
			    fcntl(got[0], F_GETFD) & FD_CLOEXEC ? "CLOEXEC" : "inherited",
			    fcntl(got[1], F_GETFD) & FD_CLOEXEC ? "CLOEXEC" : "inherited");
		snprintf(what, sizeof what, "passed, cloexec %d", cloexec);
		own_and_peer(what, got[0]);
		send(got[0], "hello", 5, 0);
		char bytes[8] = "";
		snprintf(what, sizeof what, "through them, cloexec %d", cloexec);
		const long hello = recv(got[1], bytes, sizeof bytes, 0);
		result_with(what, hello, "%s", bytes);
		close(got[0]);
		close(got[1]);
		memset(control, 0, sizeof control);
	}
	add(SOL_SOCKET, SCM_RIGHTS, pair, sizeof pair);
	sent("sent to little room", way[0], NULL, 1);
	char data[4];
	struct iovec iov = {data, sizeof data};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = CMSG_LEN(sizeof(int))};
	errno = 0;
	const long n = recvmsg(way[1], &m, 0);
	result_with("received with little room", n, "%s of %zu", flags_text(m.msg_flags),
		    (size_t)m.msg_controllen);
	close(way[0]);
	close(way[1]);
	close(pair[0]);
	close(pair[1]);
}

static void all(int family)
{
	datagrams(family);
	streams(family);
	passed(family);
}

int main(void)
{
	both(all);
	return 0;
}
