// SPDX-License-Identifier: MIT
/*
 * The helpers of the dual programs; see dual.h. Standard output is written line by line, so that
 * children that fork() makes inherit no unwritten text.
 */
#include "dual.h"

#include <linux/errqueue.h>
#include <stdarg.h>

static char scope_text[128];

void scope(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(scope_text, sizeof scope_text, format, args);
	va_end(args);
}

void say(const char *format, ...)
{
	char text[1400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	printf("%s %s\n", scope_text, text);
	fflush(stdout);
}

long result(const char *what, long value)
{
	const int error = errno;
	if (value == -1)
		say("%s: -1 %s", what, strerrorname_np(error));
	else
		say("%s: %ld", what, value);
	errno = error;
	return value;
}

void result_with(const char *what, long value, const char *format, ...)
{
	char text[1200];
	const int error = errno;
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (value == -1)
		say("%s: -1 %s", what, strerrorname_np(error));
	else
		say("%s: %ld %s", what, value, text);
}

void pause_ms(long ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000};
	while (nanosleep(&left, &left) != 0)
		;
}

void settle(void)
{
	pause_ms(25);
}

long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct endpoint make(int family, int port, const char *four, const struct in6_addr *six)
{
	struct endpoint made;
	memset(&made, 0, sizeof made);
	if (family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&made.address;
		in->sin_family = AF_INET;
		inet_pton(AF_INET, four, &in->sin_addr);
		made.size = sizeof *in;
	} else {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)&made.address;
		in->sin6_family = AF_INET6;
		in->sin6_addr = *six;
		made.size = sizeof *in;
	}
	set_port(&made, port);
	return made;
}

struct endpoint loopback(int family, int port)
{
	return make(family, port, "127.0.0.1", &in6addr_loopback);
}

struct endpoint any_address(int family, int port)
{
	return make(family, port, "0.0.0.0", &in6addr_any);
}

struct endpoint own_name(int fd)
{
	struct endpoint name = {.size = sizeof name.address};
	must(getsockname(fd, sa(&name), &name.size), "getsockname");
	return name;
}

void set_port(struct endpoint *of, int port)
{
	/* The port stands at the same place in both. */
	((struct sockaddr_in *)&of->address)->sin_port = htons((uint16_t)port);
}

int port_of(const struct endpoint *of)
{
	return ntohs(((const struct sockaddr_in *)&of->address)->sin_port);
}

struct sockaddr *sa(struct endpoint *of)
{
	return (struct sockaddr *)&of->address;
}

const char *name_text(const struct endpoint *name)
{
	static char text[128];
	char address[INET6_ADDRSTRLEN] = "?";
	const int family = name->address.ss_family;
	if (name->size == 0)
		return "none";
	if (family == AF_INET)
		inet_ntop(family, &((const struct sockaddr_in *)&name->address)->sin_addr, address,
			  sizeof address);
	else if (family == AF_INET6)
		inet_ntop(family, &((const struct sockaddr_in6 *)&name->address)->sin6_addr,
			  address, sizeof address);
	snprintf(text, sizeof text, "%s %s %s of %u", family_name(family), address,
		 port_of(name) ? "port" : "0", (unsigned)name->size);
	return text;
}

const char *events_text(unsigned int events)
{
	static char text[128];
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {{POLLIN, "IN"},	     {POLLPRI, "PRI"},	     {POLLOUT, "OUT"},
		     {POLLERR, "ERR"},	     {POLLHUP, "HUP"},	     {POLLNVAL, "NVAL"},
		     {POLLRDNORM, "RDNORM"}, {POLLRDBAND, "RDBAND"}, {POLLWRNORM, "WRNORM"},
		     {POLLWRBAND, "WRBAND"}, {POLLRDHUP, "RDHUP"}};
	text[0] = '\0';
	for (size_t i = 0; i < COUNT(names); i++) {
		if (!(events & names[i].bit))
			continue;
		if (text[0])
			strcat(text, "|");
		strcat(text, names[i].name);
	}
	return text[0] ? text : "nothing";
}

const char *flags_text(int flags)
{
	static char text[128];
	static const struct {
		int bit;
		const char *name;
	} names[] = {{MSG_TRUNC, "TRUNC"},
		     {MSG_CTRUNC, "CTRUNC"},
		     {MSG_OOB, "OOB"},
		     {MSG_EOR, "EOR"},
		     {MSG_ERRQUEUE, "ERRQUEUE"}};
	text[0] = '\0';
	for (size_t i = 0; i < COUNT(names); i++) {
		if (!(flags & names[i].bit))
			continue;
		if (text[0])
			strcat(text, "|");
		strcat(text, names[i].name);
		flags &= ~names[i].bit;
	}
	if (flags & ~MSG_CMSG_CLOEXEC)
		snprintf(text + strlen(text), 16, "%s%#x", text[0] ? "|" : "", (unsigned)flags);
	return text[0] ? text : "no flags";
}

/* An address and whether it has a port, as name_text(), or its family if it is another. */
static void add_name(char *text, size_t room, const void *name, size_t bytes)
{
	struct endpoint end = {.size = (socklen_t)bytes};
	memcpy(&end.address, name, bytes < sizeof end.address ? bytes : sizeof end.address);
	snprintf(text, room, "%s", name_text(&end));
}

static void add_error(char *text, size_t room, const void *data, size_t bytes)
{
	struct sock_extended_err e;
	memcpy(&e, data, sizeof e);
	const int used = snprintf(text, room, "%s origin %u type %u code %u info %u data %u from ",
				  e.ee_errno ? strerrorname_np((int)e.ee_errno) : "0", e.ee_origin,
				  e.ee_type, e.ee_code, e.ee_info, e.ee_data);
	add_name(text + used, room - (size_t)used, (const char *)data + sizeof e, bytes - sizeof e);
}

/* Whether a message holds times, which are never the same. */
static bool is_time(int level, int type)
{
	return level == SOL_SOCKET && (type == SO_TIMESTAMP || type == SO_TIMESTAMPNS ||
				       type == SO_TIMESTAMPING || (type >= 63 && type <= 65));
}

static void add_data(char *text, size_t room, const struct cmsghdr *c)
{
	const unsigned char *data = CMSG_DATA(c);
	const size_t bytes = c->cmsg_len - CMSG_LEN(0);
	size_t used = 0;
	if (is_time(c->cmsg_level, c->cmsg_type)) {
		snprintf(text, room, "of %zu", bytes);
	} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
		if (bytes > sizeof(struct sock_extended_err))
			add_error(text, room, data, bytes);
		else
			snprintf(text, room, "error of %zu", bytes);
	} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_ORIGDSTADDR) ||
		   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_ORIGDSTADDR)) {
		add_name(text, room, data, bytes);
	} else {
		for (size_t i = 0; i < bytes && used + 3 < room; i++)
			used += (size_t)snprintf(text + used, room - used, "%02x", data[i]);
	}
}

const char *control_text(struct msghdr *message)
{
	static char text[900];
	size_t used = 0;
	text[0] = '\0';
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%d/%d ",
					 used ? ", " : "", c->cmsg_level, c->cmsg_type);
		add_data(text + used, sizeof text - used, c);
		used = strlen(text);
	}
	return text[0] ? text : "none";
}

void own_and_peer(const char *what, int fd)
{
	char text[64];
	struct endpoint name = {.size = sizeof name.address};
	errno = 0;
	long got = getsockname(fd, sa(&name), &name.size);
	snprintf(text, sizeof text, "%s, getsockname", what);
	result_with(text, got, "%s", name_text(&name));
	name.size = sizeof name.address;
	got = getpeername(fd, sa(&name), &name.size);
	snprintf(text, sizeof text, "%s, getpeername", what);
	result_with(text, got, "%s", name_text(&name));
}

int must(int value, const char *what)
{
	if (value == -1) {
		fprintf(stderr, "%s: %s: %s\n", scope_text, what, strerror(errno));
		exit(1);
	}
	return value;
}

int bound(int family, int type, struct endpoint *out_name)
{
	const int fd = must(socket(family, type, 0), "socket");
	struct endpoint name = loopback(family, 0);
	must(bind(fd, sa(&name), name.size), "bind");
	if (out_name)
		*out_name = own_name(fd);
	return fd;
}

int listening(int family, int backlog, struct endpoint *out_name)
{
	const int fd = bound(family, SOCK_STREAM, out_name);
	must(listen(fd, backlog), "listen");
	return fd;
}

void tcp_pair(int family, int fd[2])
{
	struct endpoint name;
	const int listener = listening(family, 1, &name);
	fd[0] = must(socket(family, SOCK_STREAM, 0), "socket");
	must(connect(fd[0], sa(&name), name.size), "connect");
	fd[1] = must(accept(listener, NULL, NULL), "accept");
	close(listener);
}

void udp_pair(int family, int fd[2])
{
	struct endpoint name[2];
	for (int i = 0; i < 2; i++)
		fd[i] = bound(family, SOCK_DGRAM, &name[i]);
	for (int i = 0; i < 2; i++)
		must(connect(fd[i], sa(&name[1 - i]), name[1 - i].size), "connect");
}

struct endpoint nobody(int family, int type)
{
	struct endpoint name;
	close(bound(family, type, &name));
	return name;
}

void nonblocking(int fd)
{
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), "fcntl");
}

void set_int(int fd, int level, int name, int value)
{
	must(setsockopt(fd, level, name, &value, sizeof value), "setsockopt");
}

void reset_on_close(int fd)
{
	const struct linger hard = {1, 0};
	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), "SO_LINGER");
	close(fd);
}

static void ready_select(const char *what, int fd)
{
	fd_set sets[3];
	for (int i = 0; i < 3; i++) {
		FD_ZERO(&sets[i]);
		FD_SET(fd, &sets[i]);
	}
	struct timeval none = {0, 0};
	errno = 0;
	const int got = select(fd + 1, &sets[0], &sets[1], &sets[2], &none);
	char text[64];
	snprintf(text, sizeof text, "%s, select", what);
	result_with(text, got, "%s%s%s", FD_ISSET(fd, &sets[0]) ? "r" : "-",
		    FD_ISSET(fd, &sets[1]) ? "w" : "-", FD_ISSET(fd, &sets[2]) ? "x" : "-");
}

void ready(const char *what, int fd)
{
	char text[64];
	settle();
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
	errno = 0;
	int got = poll(&p, 1, 0);
	snprintf(text, sizeof text, "%s, poll", what);
	result_with(text, got, "%s", events_text((unsigned short)p.revents));
	ready_select(what, fd);
	const int watch = must(epoll_create1(0), "epoll_create1");
	struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP, {.u32 = 7}};
	must(epoll_ctl(watch, EPOLL_CTL_ADD, fd, &event), "EPOLL_CTL_ADD");
	event.events = 0;
	got = epoll_wait(watch, &event, 1, 0);
	snprintf(text, sizeof text, "%s, epoll", what);
	result_with(text, got, "%s", events_text(event.events));
	close(watch);
}

const char *family_name(int family)
{
	static char other[16];
	if (family == AF_INET || family == AF_INET6)
		return family == AF_INET ? "4" : "6";
	snprintf(other, sizeof other, "family %d", family);
	return other;
}

void both(void (*run)(int family))
{
	signal(SIGPIPE, SIG_IGN);
	run(AF_INET);
	run(AF_INET6);
}
