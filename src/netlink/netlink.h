/* SPDX-License-Identifier: MIT */
/*
 * AF_NETLINK of one host: its sockets, and the "kernel" they talk to.
 *
 * A protocol (NETLINK_ROUTE ...) is a row of a table: what it calls with each request, and how many
 * multicast groups it has. Requests are answered within the send() that brings them; dumps in
 * pieces, as the reader takes them (nlsock.h).
 */
#ifndef NETLINK_NETLINK_H
#define NETLINK_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/table.h"
#include "link/links.h"
#include "net/net.h"
#include "netlink/nlmsg.h"

struct env;
struct netlink;
struct nlsock;
struct transport;

/* One request, while it is being answered. */
struct nl_request {
	struct nlsock *from;
	struct nlmsghdr h;
	const uint8_t *body; /* behind the header, as far as the datagram has it */
	size_t bytes;
	const char *why;    /* said with an error to those who set NETLINK_EXT_ACK; NULL: nothing */
	const uint8_t *bad; /* the attribute that is wrong, within the datagram; or NULL */
	bool dumping;	    /* a dump was started: no acknowledgment, it ends by itself */
};

/* A protocol. */
struct nl_family {
	int protocol;
	unsigned groups;
	/* Answers one request. 0 or a negative errno, which the sender is told. NULL: nobody is
	 * there to be asked (-ECONNREFUSED). */
	int (*request)(struct nl_request *rq);
};

#define NL_FAMILIES 5u
#define NL_GROUPS_MAX 64u

struct netlink {
	struct env *env;
	struct transport *tp;
	struct net *net;
	struct links *links;
	struct link_listener link_listener;
	struct net_listener net_listener;
	struct list socks[NL_FAMILIES]; /* struct nlsock.link */
	struct table ports;		/* struct nlsock.port_node, by protocol and port */
	/* How many have joined; [0]: group 1. */
	uint32_t members[NL_FAMILIES][NL_GROUPS_MAX];
	const struct nl_request *acting; /* whose changes are being made; NULL: the world's */
	uint32_t changes;		 /* of what dumps list: one that sees it change says so */
};

/* NULL: no memory. Stores itself in tp->netlink. */
int netlink_init(struct transport *tp);
/* All its sockets are gone. Harmless if there is none. */
void netlink_fini(struct transport *tp);

/* NULL: there is no such protocol, as on a kernel without its module. */
const struct nl_family *nl_family_find(int protocol);
unsigned nl_family_index(const struct nl_family *f);

/* What a datagram of the program's holds: request by request, with the answers. */
void nl_take(struct nlsock *from, const uint8_t *data, size_t bytes);

/* Whether anybody listens to a group (from 1 on) of NETLINK_ROUTE or NETLINK_SOCK_DIAG. */
bool nl_group_heard(const struct netlink *nl, int protocol, unsigned group);

/* Gives a datagram to every member of a group except `not_to` (may be NULL). */
void nl_broadcast(struct netlink *nl, int protocol, unsigned group, uint32_t from_port,
		  const struct nlsock *not_to, const void *data, size_t bytes);

/*
 * Answering with one message of up to `room` bytes: nl_answer() makes the writer, and the header
 * with which the message is to be begun; nl_answer_send() sends it. -ENOBUFS; -EMSGSIZE: nothing is
 * in it.
 */
struct nl_answer {
	struct nl_writer w;
	struct nl_datagram *d;
	struct nlsock *to;
};
int nl_answer(struct nl_request *rq, size_t room, unsigned type, struct nlmsghdr *out_h,
	      struct nl_answer *out);
int nl_answer_send(struct nl_answer *a);
void nl_answer_drop(struct nl_answer *a);

/* Sets what is said of an error, and returns the error. */
static inline int nl_fail(struct nl_request *rq, int error, const char *why)
{
	rq->why = why;
	return error;
}

static inline int nl_fail_attr(struct nl_request *rq, int error, const struct nl_attr *a,
			       const char *why)
{
	rq->why = why;
	rq->bad = a->data ? a->data - NL_ATTR_BYTES : NULL;
	return error;
}

#endif
