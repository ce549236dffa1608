/* SPDX-License-Identifier: MIT */
/*
 * Netlink messages in memory: the one bounded writer and the one bounded reader. Numbers are in
 * the machine's byte order unless a family says otherwise; a message and each attribute begin at a
 * multiple of four bytes (RFC 3549 §2.3.2).
 */
#ifndef NETLINK_NLMSG_H
#define NETLINK_NLMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

#include "wire/ipaddr.h"

/* The kernel's macros of these are ints, which do not mix with sizes. */
#define NL_HEADER_BYTES sizeof(struct nlmsghdr)
#define NL_ATTR_BYTES sizeof(struct nlattr)
#define NL_ATTR_TYPE 0x3fffu /* of nla_type; the rest are flags */

static inline size_t nl_align(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

/* Writes messages one behind the other into memory of the caller's. What does not fit is left
 * out and remembered: nlw_end() then takes the whole message back. */
struct nl_writer {
	uint8_t *data;
	size_t used, room;
	size_t message; /* where the present message begins */
	bool full;	/* the present message did not fit */
};

static inline struct nl_writer nl_writer_of(void *data, size_t room)
{
	return (struct nl_writer){.data = data, .room = room};
}

/* Begins a message whose family header is `body` (`bytes` long). */
void nlw_begin(struct nl_writer *w, const struct nlmsghdr *h, const void *body, size_t bytes);
/* Ends it. False: it did not fit, and is not there. */
bool nlw_end(struct nl_writer *w);
/* Takes the present message back. */
void nlw_cancel(struct nl_writer *w);

/* Adds an attribute to the present message. */
void nlw_put(struct nl_writer *w, unsigned type, const void *data, size_t bytes);
void nlw_put_u8(struct nl_writer *w, unsigned type, uint8_t value);
void nlw_put_u16(struct nl_writer *w, unsigned type, uint16_t value);
void nlw_put_u32(struct nl_writer *w, unsigned type, uint32_t value);
void nlw_put_u64(struct nl_writer *w, unsigned type, uint64_t value);
void nlw_put_string(struct nl_writer *w, unsigned type, const char *text);
/* Four bytes or sixteen, by the address's family. */
void nlw_put_addr(struct nl_writer *w, unsigned type, const struct ipaddr *a);
/* Begins an attribute that holds attributes; give what it returns to nlw_nest_end(). */
size_t nlw_nest(struct nl_writer *w, unsigned type);
void nlw_nest_end(struct nl_writer *w, size_t nest);
/* Adds bytes that are no attribute, padded to four. */
void nlw_raw(struct nl_writer *w, const void *data, size_t bytes);

/* One attribute as it was received; its data live as long as the message. */
struct nl_attr {
	const uint8_t *data; /* NULL: it is not there */
	uint16_t bytes;
};

/*
 * Reads a row of attributes into `table`, by type: those of type `count` or more are passed over,
 * of several of one type the last one counts. False: one is longer than what is left of the
 * message.
 */
bool nl_attrs_read(const uint8_t *data, size_t bytes, struct nl_attr *table, unsigned count);
/* The values; 0 or `otherwise` when the attribute is missing or too short. */
uint32_t nl_attr_u32(const struct nl_attr *a, uint32_t otherwise);
uint8_t nl_attr_u8(const struct nl_attr *a, uint8_t otherwise);
/* A terminated copy, cut to `room` - 1 bytes. False: it is missing, or does not fit. */
bool nl_attr_string(const struct nl_attr *a, char *out, size_t room);
/* An address of the family. False: it is missing, or of another length. */
bool nl_attr_addr(const struct nl_attr *a, int family, struct ipaddr *out);

/* A message's family header: the first `want` bytes of `bytes`, zeros where there are fewer. */
void nl_body_read(const uint8_t *data, size_t bytes, void *out, size_t want);

/* An address in network order. */
struct ipaddr nl_ipaddr(int family, const void *bytes);

static inline size_t nl_addr_bytes(int family)
{
	return family == 2 /* AF_INET */ ? 4 : 16;
}

#endif
