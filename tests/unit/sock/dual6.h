/* SPDX-License-Identifier: MIT */
/* Addresses of both families for dual tests, as text: "::1", "::ffff:127.0.0.1", "127.0.0.1". */
#ifndef TESTS_SOCK_DUAL6_H
#define TESTS_SOCK_DUAL6_H

#include "dual.h"

/* A sockaddr of the family that the text is of. */
static inline socklen_t any_addr(struct sockaddr_storage *out, const char *text, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

static inline long bind_to(struct side *w, int fd, const char *text, uint16_t port)
{
	struct sockaddr_storage a;
	socklen_t len = any_addr(&a, text, port);

	return do_bind(w, fd, &a, len);
}

static inline long connect_to(struct side *w, int fd, const char *text, uint16_t port)
{
	struct sockaddr_storage a;
	socklen_t len = any_addr(&a, text, port);

	return do_connect(w, fd, &a, len);
}

static inline long send_to(struct side *w, int fd, const char *text, uint16_t port)
{
	struct sockaddr_storage a;
	socklen_t len = any_addr(&a, text, port);

	return do_sendto(w, fd, "hello", 5, 0, &a, len);
}

static inline const char *print_addr(const struct sockaddr_storage *a, char text[96])
{
	char address[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memcpy(&in, a, sizeof(in));
	memcpy(&in6, a, sizeof(in6));
	if (a->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6.sin6_addr, address, sizeof(address));
		snprintf(text, 96, "%s scope %u flow %x port %s", address, in6.sin6_scope_id,
			 ntohl(in6.sin6_flowinfo), in6.sin6_port ? "yes" : "no");
	} else {
		inet_ntop(AF_INET, &in.sin_addr, address, sizeof(address));
		snprintf(text, 96, "family %u %s port %s", a->ss_family, address,
			 in.sin_port ? "yes" : "no");
	}
	return text;
}

/* Notes the name of this end or the peer's, whether it has a port, and how long it is. */
static inline void note_name(struct side *w, const char *label, int fd, bool peer)
{
	struct sockaddr_storage a = {0};
	struct sockaddr *sa = (struct sockaddr *)(void *)&a;
	socklen_t len = sizeof(a);
	char text[96];
	long result;

	if (w->st)
		result = peer ? berth_getpeername(w->st, fd, sa, &len)
			      : berth_getsockname(w->st, fd, sa, &len);
	else
		result = or_errno(peer ? getpeername(fd, sa, &len) : getsockname(fd, sa, &len));
	note_text(w, label, result < 0 ? "-" : print_addr(&a, text));
	w->notes[w->count - 1].value = result < 0 ? result : (long)len;
}

static inline uint16_t port6_of(struct side *w, int fd)
{
	struct sockaddr_in6 in6 = {0};
	struct sockaddr *sa = (struct sockaddr *)(void *)&in6;
	socklen_t len = sizeof(in6);

	assert_int_equal(w->st ? berth_getsockname(w->st, fd, sa, &len) : getsockname(fd, sa, &len),
			 0);
	return ntohs(in6.sin6_port); /* where sockaddr_in has it too */
}

/* Receives, and notes how many bytes from whom. */
static inline void note_recv(struct side *w, const char *label, int fd)
{
	struct sockaddr_storage a = {0};
	struct sockaddr *sa = (struct sockaddr *)(void *)&a;
	socklen_t len = sizeof(a);
	char buf[2000], text[96];
	long n;

	settle(w);
	n = w->st ? berth_recvfrom(w->st, fd, buf, sizeof(buf), 0, sa, &len)
		  : or_errno(recvfrom(fd, buf, sizeof(buf), 0, sa, &len));
	note_text(w, label, n < 0 || len == 0 ? "-" : print_addr(&a, text));
	w->notes[w->count - 1].value = n;
}

/* Ends the test as skipped where the kernel has no IPv6. */
static inline void need_ipv6(void)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)(void *)&in6, sizeof(in6)) == 0;

	if (fd >= 0)
		close(fd);
	if (!has)
		skip();
}

#define TEST6(name)                                                                                \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		need_ipv6();                                                                       \
		compare(case_##name);                                                              \
	}

#endif
