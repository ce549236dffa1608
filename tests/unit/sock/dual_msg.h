/* SPDX-License-Identifier: MIT */
/* Messages with control data for dual tests: sent with a piece, received and noted as text. */
#ifndef TESTS_SOCK_DUAL_MSG_H
#define TESTS_SOCK_DUAL_MSG_H

#include <linux/errqueue.h>

#include "dual6.h"

#define LABEL 0x12345u /* the flow label that tests choose */

/* What recvmsg() gave, as text: bytes, flags, the name, each piece. Times and interfaces differ. */
static inline void print_piece(const struct cmsghdr *c, char *text, size_t room)
{
	size_t bytes = c->cmsg_len - CMSG_LEN(0);
	int value = 0;
	struct sock_extended_err ee;

	memcpy(&value, CMSG_DATA(c), bytes < sizeof(value) ? bytes : sizeof(value));
	/* A flow label that the program did not choose is a matter of chance. */
	if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == 11 &&
	    (ntohl((uint32_t)value) & 0xfffff) != LABEL)
		value &= (int)htonl(0x0ff00000);
	if (c->cmsg_level == SOL_SOCKET)
		snprintf(text, room, " s%d/%zu", c->cmsg_type, bytes);
	else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		 (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
		memcpy(&ee, CMSG_DATA(c), sizeof(ee));
		snprintf(text, room, " err%d/%zu %u,%u,%u,%u,%u,%u", c->cmsg_level, bytes,
			 ee.ee_errno, ee.ee_origin, ee.ee_type, ee.ee_code, ee.ee_info, ee.ee_data);
	} else if (bytes > sizeof(value))
		snprintf(text, room, " %d.%d/%zu", c->cmsg_level, c->cmsg_type, bytes);
	else
		snprintf(text, room, " %d.%d=%d", c->cmsg_level, c->cmsg_type, value);
}

static inline void note_msg_room(struct side *w, const char *label, int fd, int flags, size_t room,
				 size_t bytes)
{
	static char buf[70000];
	_Alignas(struct cmsghdr) char control[1024];
	struct sockaddr_storage from = {0};
	struct iovec iov = {buf, bytes};
	struct msghdr msg = {.msg_name = &from,
			     .msg_namelen = sizeof(from),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = room ? control : NULL,
			     .msg_controllen = room};
	char text[96];
	size_t used;
	long n;

	settle(w);
	n = w->st ? berth_recvmsg(w->st, fd, &msg, flags)
		  : or_errno(recvmsg(fd, &msg, flags | MSG_DONTWAIT));
	snprintf(text, sizeof(text), "%ld", n);
	if (n >= 0)
		snprintf(text, sizeof(text), "%ld f%x n%u c%zu", n,
			 (unsigned)msg.msg_flags & ~(unsigned)MSG_CMSG_CLOEXEC, msg.msg_namelen,
			 msg.msg_controllen);
	used = strlen(text);
	for (struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&msg); c && used < 90;
	     c = CMSG_NXTHDR(&msg, c)) {
		print_piece(c, text + used, sizeof(text) - used);
		used = strlen(text);
	}
	note_text(w, label, text);
}

static inline void note_msg(struct side *w, const char *label, int fd, int flags)
{
	note_msg_room(w, label, fd, flags, 1024, 65536);
}

static inline long send_piece(struct side *w, int fd, const char *to, uint16_t port, size_t bytes,
			      int level, int type, const void *data, size_t data_bytes)
{
	static char buf[70000];
	_Alignas(struct cmsghdr) char control[256] = {0};
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;
	struct sockaddr_storage a;
	socklen_t len = to ? any_addr(&a, to, port) : 0;
	struct iovec iov = {buf, bytes};
	struct msghdr msg = {.msg_name = to ? &a : NULL,
			     .msg_namelen = len,
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = CMSG_SPACE(data_bytes)};

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(data_bytes);
	memcpy(CMSG_DATA(c), data, data_bytes);
	return w->st ? berth_sendmsg(w->st, fd, &msg, 0) : or_errno(sendmsg(fd, &msg, 0));
}

#endif
