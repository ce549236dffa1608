/* SPDX-License-Identifier: MIT */
/*
 * A program that talks netlink to the first host of a pair: requests as a script, answers message
 * by message.
 */
#ifndef TESTS_NETLINK_NLKIT_H
#define TESTS_NETLINK_NLKIT_H

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "../stack/pair.h"
#include "netlink/nlmsg.h"

#define KIT_BYTES 65536

static struct pair pr;
static int nl; /* the socket that most tests use */

/* The request under construction. */
static _Alignas(8) uint8_t kit_out[KIT_BYTES];
static struct nl_writer kit_w;
static uint32_t kit_seq;

/* The datagram that was read last, and the message in it that is looked at. */
static _Alignas(8) uint8_t kit_in[KIT_BYTES];
static size_t kit_bytes, kit_at;
static size_t kit_room;	   /* the buffer that is read with */
static size_t kit_largest; /* datagram so far */
static struct nlmsghdr kit_h;
static const uint8_t *kit_body;
static size_t kit_body_bytes;

static inline int kit_socket(int protocol)
{
	int fd = berth_socket(pr.host[0], AF_NETLINK, SOCK_RAW, protocol);

	assert_true(fd >= 0);
	return fd;
}

static inline int kit_setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	nl = kit_socket(NETLINK_ROUTE);
	kit_bytes = kit_at = kit_largest = 0;
	kit_room = sizeof(kit_in);
	kit_seq = 100;
	return 0;
}

static inline int kit_teardown(void **state)
{
	(void)state;
	pair_fini(&pr);
	return 0;
}

static inline void ask(unsigned type, unsigned flags, const void *body, size_t bytes)
{
	const struct nlmsghdr h = {.nlmsg_type = (uint16_t)type,
				   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
				   .nlmsg_seq = ++kit_seq};

	kit_w = nl_writer_of(kit_out, sizeof(kit_out));
	nlw_begin(&kit_w, &h, body, bytes);
}

static inline void send_on(int fd)
{
	assert_true(nlw_end(&kit_w));
	assert_int_equal(berth_send(pr.host[0], fd, kit_out, kit_w.used, 0), (ssize_t)kit_w.used);
}

/* Reads a datagram with a buffer of `room` bytes. */
static inline ssize_t read_on(int fd, size_t room)
{
	ssize_t n = berth_recv(pr.host[0], fd, kit_in, room, 0);

	kit_bytes = n > 0 ? (size_t)n : 0;
	kit_at = 0;
	if (kit_bytes > kit_largest)
		kit_largest = kit_bytes;
	return n;
}

/* The next message of the datagram, or of the next one. False: there is none. */
static inline bool next_on(int fd)
{
	if (kit_at >= kit_bytes && read_on(fd, kit_room) < 0)
		return false;
	assert_true(kit_bytes - kit_at >= sizeof(kit_h));
	memcpy(&kit_h, kit_in + kit_at, sizeof(kit_h));
	assert_true(kit_h.nlmsg_len <= kit_bytes - kit_at);
	kit_body = kit_in + kit_at + sizeof(kit_h);
	kit_body_bytes = kit_h.nlmsg_len - sizeof(kit_h);
	kit_at += nl_align(kit_h.nlmsg_len);
	return true;
}

/* Sends the request and looks at the first message of the answer. */
static inline void answer(void)
{
	send_on(nl);
	assert_true(next_on(nl));
	assert_int_equal(kit_h.nlmsg_seq, kit_seq);
}

/* The error of an answer: 0 is an acknowledgment. */
static inline int error_of(void)
{
	int error;

	assert_int_equal(kit_h.nlmsg_type, NLMSG_ERROR);
	memcpy(&error, kit_body, sizeof(error));
	return error;
}

/* Sends the request; its error. */
static inline int outcome(void)
{
	answer();
	return error_of();
}

/* An attribute behind a family header of `head` bytes. */
static inline struct nl_attr attr_of(size_t head, unsigned type)
{
	struct nl_attr at[80];

	assert_true(type < 80 && kit_body_bytes >= head);
	assert_true(nl_attrs_read(kit_body + head, kit_body_bytes - head, at, 80));
	return at[type];
}

static inline uint32_t u32_of(size_t head, unsigned type)
{
	struct nl_attr a = attr_of(head, type);

	assert_non_null(a.data);
	return nl_attr_u32(&a, 0);
}

static inline uint32_t ip(const char *text)
{
	return inet_addr(text);
}

static inline void put_ip(unsigned type, const char *text)
{
	nlw_put_u32(&kit_w, type, ip(text));
}

/* Counts the messages of a dump that is under way, up to its end, whose error must be 0. */
static inline unsigned count_dump(int fd)
{
	unsigned count = 0;
	int error;

	while (next_on(fd) && kit_h.nlmsg_type != NLMSG_DONE) {
		assert_int_equal(kit_h.nlmsg_flags & NLM_F_MULTI, NLM_F_MULTI);
		count++;
	}
	assert_int_equal(kit_h.nlmsg_type, NLMSG_DONE);
	memcpy(&error, kit_body, sizeof(error));
	assert_int_equal(error, 0);
	return count;
}

#endif
