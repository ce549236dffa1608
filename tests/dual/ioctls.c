// SPDX-License-Identifier: MIT
/*
 * ioctl() on sockets: what it says of lo, of queues in every state, of descriptors, and how it
 * refuses. Of interfaces only lo is asked for, as networks differ in the others.
 */
#include "dual.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>

#define BAD ((void *)8)

static const struct kind {
	const char *name;
	int family, type, protocol;
} kinds[] = {
	{"tcp 4", AF_INET, SOCK_STREAM, 0},	    {"tcp 6", AF_INET6, SOCK_STREAM, 0},
	{"udp 4", AF_INET, SOCK_DGRAM, 0},	    {"udp 6", AF_INET6, SOCK_DGRAM, 0},
	{"raw 4", AF_INET, SOCK_RAW, IPPROTO_ICMP}, {"raw 6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
	{"packet", AF_PACKET, SOCK_RAW, 0},	    {"netlink", AF_NETLINK, SOCK_RAW, 0},
	{"unix", AF_UNIX, SOCK_STREAM, 0},
};

static const struct request {
	unsigned long number;
	const char *name;
} asks[] = {{SIOCGIFNAME, "SIOCGIFNAME"},	{SIOCGIFINDEX, "SIOCGIFINDEX"},
	    {SIOCGIFFLAGS, "SIOCGIFFLAGS"},	{SIOCGIFADDR, "SIOCGIFADDR"},
	    {SIOCGIFDSTADDR, "SIOCGIFDSTADDR"}, {SIOCGIFBRDADDR, "SIOCGIFBRDADDR"},
	    {SIOCGIFNETMASK, "SIOCGIFNETMASK"}, {SIOCGIFMETRIC, "SIOCGIFMETRIC"},
	    {SIOCGIFMTU, "SIOCGIFMTU"},		{SIOCGIFHWADDR, "SIOCGIFHWADDR"},
	    {SIOCGIFTXQLEN, "SIOCGIFTXQLEN"}};

static const char *address_text(const struct sockaddr *a)
{
	static char text[64];
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a;
	if (a->sa_family == AF_INET)
		snprintf(text, sizeof text, "%s", inet_ntoa(in->sin_addr));
	else
		snprintf(text, sizeof text, "family %u of %02x%02x", a->sa_family,
			 (unsigned char)a->sa_data[0], (unsigned char)a->sa_data[5]);
	return text;
}

static const char *answer_text(unsigned long request, const struct ifreq *r)
{
	static char text[96];
	switch (request) {
	case SIOCGIFFLAGS:
		snprintf(text, sizeof text, "%#x", (unsigned short)r->ifr_flags);
		break;
	case SIOCGIFNAME:
		snprintf(text, sizeof text, "%s", r->ifr_name);
		break;
	case SIOCGIFINDEX:
	case SIOCGIFMETRIC:
	case SIOCGIFMTU:
	case SIOCGIFTXQLEN:
		snprintf(text, sizeof text, "%d", r->ifr_ifindex);
		break;
	default:
		snprintf(text, sizeof text, "%s", address_text(&r->ifr_addr));
	}
	return text;
}

static void interfaces(int fd)
{
	static const char *const names[] = {"lo", "none9", "", "lo:1", "lo:", "0123456789abcdef"};
	char what[96];
	for (size_t i = 0; i < COUNT(asks); i++) {
		for (size_t j = 0; j < COUNT(names); j++) {
			struct ifreq r;
			memset(&r, 0, sizeof r);
			memcpy(r.ifr_name, names[j], strnlen(names[j], sizeof r.ifr_name));
			if (asks[i].number == SIOCGIFNAME)
				r.ifr_ifindex = j == 0 ? 1 : j == 1 ? 0 : j == 2 ? -1 : 99;
			snprintf(what, sizeof what, "%s of \"%s\"", asks[i].name, names[j]);
			errno = 0;
			const int got = ioctl(fd, asks[i].number, &r);
			result_with(what, got, "%s", answer_text(asks[i].number, &r));
		}
		snprintf(what, sizeof what, "%s, nowhere", asks[i].name);
		RESULT(what, ioctl(fd, asks[i].number, BAD));
		snprintf(what, sizeof what, "%s, NULL", asks[i].name);
		RESULT(what, ioctl(fd, asks[i].number, NULL));
	}
}

/* The list, into rooms around one entry. */
static void lists(int fd)
{
	static const int sizes[] = {0, 1, 16, sizeof(struct ifreq) - 1, sizeof(struct ifreq), -1};
	struct ifreq list[16];
	char what[64];
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct ifconf conf = {.ifc_len = sizes[i], .ifc_req = list};
		memset(list, 0, sizeof list);
		snprintf(what, sizeof what, "SIOCGIFCONF into %d", sizes[i]);
		errno = 0;
		const int got = ioctl(fd, SIOCGIFCONF, &conf);
		result_with(what, got, "of %d, \"%s\" %s", conf.ifc_len, list[0].ifr_name,
			    address_text(&list[0].ifr_addr));
	}
	struct ifconf conf = {.ifc_len = 123, .ifc_buf = NULL};
	errno = 0;
	const int got = ioctl(fd, SIOCGIFCONF, &conf);
	result_with("SIOCGIFCONF of a length", got, "%s",
		    conf.ifc_len % (int)sizeof(struct ifreq) ? "no entries" : "whole entries");
	conf = (struct ifconf){.ifc_len = sizeof list, .ifc_buf = BAD};
	RESULT("SIOCGIFCONF to nowhere", ioctl(fd, SIOCGIFCONF, &conf));
	RESULT("SIOCGIFCONF, nowhere", ioctl(fd, SIOCGIFCONF, BAD));
	RESULT("SIOCGIFCONF, NULL", ioctl(fd, SIOCGIFCONF, NULL));
}

static void of_descriptors(int fd)
{
	int value = 0;
	errno = 0;
	int got = ioctl(fd, SIOCGPGRP, &value);
	result_with("SIOCGPGRP at first", got, "%d", value);
	value = getpid();
	RESULT("SIOCSPGRP of this process", ioctl(fd, SIOCSPGRP, &value));
	value = 0;
	errno = 0;
	got = ioctl(fd, SIOCGPGRP, &value);
	result_with("SIOCGPGRP then", got, "%s", value == getpid() ? "this process" : "another");
	errno = 0;
	got = ioctl(fd, FIOGETOWN, &value);
	result_with("FIOGETOWN", got, "%s", value == getpid() ? "this process" : "another");
	say("F_GETOWN: %s", fcntl(fd, F_GETOWN) == getpid() ? "this process" : "another");
	value = -getpgrp();
	RESULT("FIOSETOWN of the group", ioctl(fd, FIOSETOWN, &value));
	say("F_GETOWN of a group: %s", fcntl(fd, F_GETOWN) == -getpgrp() ? "it" : "another");
	value = 1 << 30;
	RESULT("SIOCSPGRP of nobody", ioctl(fd, SIOCSPGRP, &value));
	RESULT("SIOCSPGRP, nowhere", ioctl(fd, SIOCSPGRP, BAD));
	RESULT("SIOCGPGRP, nowhere", ioctl(fd, SIOCGPGRP, BAD));
	value = 1;
	RESULT("FIONBIO", ioctl(fd, FIONBIO, &value));
	say("flags then: %s", fcntl(fd, F_GETFL) & O_NONBLOCK ? "NONBLOCK" : "blocking");
	value = 0;
	RESULT("FIONBIO of 0", ioctl(fd, FIONBIO, &value));
	say("flags after that: %s", fcntl(fd, F_GETFL) & O_NONBLOCK ? "NONBLOCK" : "blocking");
	RESULT("FIONBIO, nowhere", ioctl(fd, FIONBIO, BAD));
	value = 1;
	RESULT("FIOASYNC", ioctl(fd, FIOASYNC, &value));
	say("async then: %s", fcntl(fd, F_GETFL) & O_ASYNC ? "ASYNC" : "no");
	value = 0;
	RESULT("FIOASYNC of 0", ioctl(fd, FIOASYNC, &value));
	say("async after that: %s", fcntl(fd, F_GETFL) & O_ASYNC ? "ASYNC" : "no");
	RESULT("FIOASYNC, nowhere", ioctl(fd, FIOASYNC, BAD));
	RESULT("FIOCLEX", ioctl(fd, FIOCLEX));
	say("FD_CLOEXEC: %d", fcntl(fd, F_GETFD));
	RESULT("FIONCLEX", ioctl(fd, FIONCLEX));
}

/* What a queue holds. */
static void queues(const char *state, int fd)
{
	static const struct request rows[] = {{FIONREAD, "FIONREAD"},
					      {TIOCOUTQ, "TIOCOUTQ"},
					      {SIOCOUTQNSD, "SIOCOUTQNSD"},
					      {SIOCATMARK, "SIOCATMARK"}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char what[96];
		int value = -7;
		settle();
		errno = 0;
		const int got = ioctl(fd, rows[i].number, &value);
		snprintf(what, sizeof what, "%s, %s", state, rows[i].name);
		result_with(what, got, "%d", value);
	}
}

static void stamps(const char *state, int fd)
{
	char what[64];
	struct timeval tv = {-1, -1};
	struct timespec ts = {-1, -1};
	errno = 0;
	int got = ioctl(fd, SIOCGSTAMP, &tv);
	snprintf(what, sizeof what, "%s, SIOCGSTAMP", state);
	result_with(what, got, "%s", tv.tv_sec > 1000000000 ? "a time" : "none");
	errno = 0;
	got = ioctl(fd, SIOCGSTAMPNS, &ts);
	snprintf(what, sizeof what, "%s, SIOCGSTAMPNS", state);
	result_with(what, got, "%s", ts.tv_sec > 1000000000 ? "a time" : "none");
	snprintf(what, sizeof what, "%s, SIOCGSTAMP nowhere", state);
	RESULT(what, ioctl(fd, SIOCGSTAMP, BAD));
}

static void refusals(int fd)
{
	static const struct request rows[] = {{0, "0"},
					      {0x8900, "0x8900"},
					      {0x89ff, "0x89ff"},
					      {0x5413, "TIOCGWINSZ"},
					      {0x5401, "TCGETS"},
					      {0x12345678, "0x12345678"},
					      {SIOCGIFMAP, "SIOCGIFMAP"},
					      {SIOCGIFMEM, "SIOCGIFMEM"},
					      {SIOCGIFENCAP, "SIOCGIFENCAP"},
					      {SIOCGIFSLAVE, "SIOCGIFSLAVE"},
					      {SIOCGIFPFLAGS, "SIOCGIFPFLAGS"},
					      {SIOCGIFBR, "SIOCGIFBR"},
					      {SIOCRTMSG, "SIOCRTMSG"},
					      {SIOCGRARP, "SIOCGRARP"}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ifreq r;
		memset(&r, 0, sizeof r);
		strcpy(r.ifr_name, "lo");
		RESULT(rows[i].name, ioctl(fd, rows[i].number, &r));
	}
	struct arpreq arp;
	memset(&arp, 0, sizeof arp);
	RESULT("SIOCGARP of nothing", ioctl(fd, SIOCGARP, &arp));
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)&arp.arp_pa;
	in->sin_family = AF_INET;
	inet_pton(AF_INET, "127.0.0.9", &in->sin_addr);
	strcpy(arp.arp_dev, "lo");
	RESULT("SIOCGARP of a neighbour on lo", ioctl(fd, SIOCGARP, &arp));
	RESULT("SIOCGARP, nowhere", ioctl(fd, SIOCGARP, BAD));
	RESULT("SIOCADDRT, nowhere", ioctl(fd, SIOCADDRT, BAD));
	RESULT("SIOCDELRT, nowhere", ioctl(fd, SIOCDELRT, BAD));
}

static void streams(int family)
{
	struct endpoint name;
	int fd[2];
	char bytes[8];
	scope("ioctls tcp %s", family_name(family));
	const int listener = listening(family, 5, &name);
	queues("listening", listener);
	fd[0] = must(socket(family, SOCK_STREAM, 0), "socket");
	must(connect(fd[0], sa(&name), name.size), "connect");
	queues("listening, one waits", listener);
	fd[1] = must(accept(listener, NULL, NULL), "accept");
	queues("connected", fd[0]);
	send(fd[0], "abcde", 5, 0);
	queues("sent", fd[0]);
	queues("data", fd[1]);
	recv(fd[1], bytes, 2, 0);
	queues("some read", fd[1]);
	recv(fd[1], bytes, 3, 0);
	queues("all read", fd[1]);
	stamps("all read", fd[1]);
	send(fd[0], "x!", 2, MSG_OOB);
	queues("urgent ahead", fd[1]);
	recv(fd[1], bytes, 1, 0);
	queues("at the urgent byte", fd[1]);
	recv(fd[1], bytes, 1, MSG_OOB);
	queues("the urgent byte read", fd[1]);
	send(fd[0], "yz", 2, 0);
	queues("more behind it", fd[1]);
	recv(fd[1], bytes, 2, 0);
	shutdown(fd[0], SHUT_WR);
	queues("shut down", fd[0]);
	queues("the end", fd[1]);
	recv(fd[1], bytes, 1, 0);
	queues("the end read", fd[1]);
	close(fd[1]);
	queues("closed by the peer", fd[0]);
	close(fd[0]);
	tcp_pair(family, fd);
	reset_on_close(fd[1]);
	queues("reset", fd[0]);
	close(fd[0]);
	close(listener);
}

static void datagrams(int family)
{
	int fd[2];
	char bytes[8];
	scope("ioctls udp %s", family_name(family));
	udp_pair(family, fd);
	queues("connected", fd[0]);
	stamps("connected", fd[0]);
	send(fd[1], "abc", 3, 0);
	send(fd[1], "de", 2, 0);
	queues("two there", fd[0]);
	recv(fd[0], bytes, 1, 0);
	queues("one there", fd[0]);
	stamps("one read", fd[0]);
	recv(fd[0], bytes, 8, 0);
	queues("none there", fd[0]);
	send(fd[1], "", 0, 0);
	queues("an empty one there", fd[0]);
	shutdown(fd[0], SHUT_RDWR);
	queues("shut down", fd[0]);
	close(fd[0]);
	close(fd[1]);
}

static void all(int family)
{
	streams(family);
	datagrams(family);
}

int main(void)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct kind *k = &kinds[i];
		const int fd = must(socket(k->family, k->type, k->protocol), k->name);
		scope("ioctls %s", k->name);
		interfaces(fd);
		lists(fd);
		of_descriptors(fd);
		refusals(fd);
		queues("new", fd);
		if (k->family != AF_UNIX)
			stamps("new", fd);
		close(fd);
		RESULT("FIONREAD, closed", ioctl(fd, FIONREAD, BAD));
	}
	scope("ioctls");
	const int fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	queues("a stream that is new", fd);
	close(fd);
	both(all);
	return 0;
}
