/* SPDX-License-Identifier: MIT */
/*
 * A netlink socket: its port number, its groups, a bounded queue of datagrams, and at most one
 * dump.
 *
 * A dump is answered in pieces. Its first piece is made by the request, each further one when the
 * reader takes a datagram and less than half of SO_RCVBUF is full, so that a dump of any length
 * takes little memory; a piece that has looked at NL_DUMP_BUDGET objects without finding enough
 * goes on after others had their turn. A piece is as large as the largest buffer that the program
 * has read with, at least 3,776 bytes, at most 32 KiB (Linux: netlink_dump()).
 */
#ifndef NETLINK_NLSOCK_H
#define NETLINK_NLSOCK_H

#include "base/timer.h"
#include "netlink/netlink.h"
#include "transport/proto.h"

#define NL_PIECE_MIN 3776u /* Linux: NLMSG_GOODSIZE with pages of 4 KiB */
#define NL_PIECE_MAX 32448u
#define NL_DUMP_BUDGET 4096u

struct nl_datagram {
	struct nl_datagram *next;
	uint32_t bytes, cost;
	uint32_t port;	/* the sender's; 0: the kernel */
	uint32_t group; /* it was sent to, 0: none */
	_Alignas(struct nlmsghdr) uint8_t data[];
};

struct nl_dump;
/* Writes as many messages as fit. 0: all are written; 1: more are to come; or a negative errno,
 * which ends the dump. */
typedef int (*nl_dump_fn)(struct nl_dump *d, struct nl_writer *w);

struct nl_dump {
	struct nlsock *sock;
	nl_dump_fn step;
	struct nlmsghdr request;
	uint64_t at[4];				  /* where to go on; the step's own */
	uint16_t flags;				  /* NLM_F_* of every message besides NLM_F_MULTI */
	uint32_t changes;			  /* netlink's, when the dump began */
	uint32_t budget;			  /* objects that this piece may still look at */
	size_t piece_min;			  /* bytes that one message may need */
	bool over;				  /* only NLMSG_DONE is to come */
	int error;				  /* with it */
	const char *why;			  /* said of an error */
	size_t bytes;				  /* of `body` */
	_Alignas(struct nlmsghdr) uint8_t body[]; /* of the request */
};

struct nlsock {
	struct sock sock;
	struct netlink *nl;
	const struct nl_family *family;
	struct list link; /* in nl->socks */
	struct table_node port_node;
	uint32_t port; /* 0: none yet */
	uint32_t dst_port, dst_group;
	uint64_t groups; /* bit 0: group 1 */
	bool grouped;	 /* it has been in one */
	/* The options NETLINK_*. */
	bool pktinfo, broadcast_error, no_enobufs, all_nsid, cap_ack, ext_ack, strict;
	bool congested; /* a datagram was lost: nothing more until all was read */
	uint32_t held;	/* of SO_RCVBUF */
	uint32_t dropped;
	uint32_t read_max; /* the largest buffer that it was read with */
	struct nl_datagram *first, **last;
	struct nl_dump *dump; /* NULL: none under way */
	struct timer timer;   /* goes on with a dump that found nothing yet */
};

static inline struct nlsock *nlsock_of(struct sock *s)
{
	return container_of(s, struct nlsock, sock);
}

static inline const struct nlsock *nlsock_of_const(const struct sock *s)
{
	return (const struct nlsock *)(const void *)s;
}

extern const struct proto netlink_raw_proto, netlink_dgram_proto;

/* NULL: no memory. */
struct nl_datagram *nl_datagram_new(struct env *env, size_t room);
void nl_datagram_free(struct env *env, struct nl_datagram *d);

/* Queues a datagram, consumed; -ENOBUFS: it did not fit, and the socket was told. */
int nlsock_deliver(struct nlsock *s, struct nl_datagram *d);

/* A datagram for it was lost: ENOBUFS, unless NETLINK_NO_ENOBUFS. */
void nlsock_overrun(struct nlsock *s);

/* Joins and leaves groups: it is in those of `groups` after. */
void nlsock_set_groups(struct nlsock *s, uint64_t groups);

/* The options of level SOL_NETLINK. */
extern const struct opt_level netlink_options;

/*
 * Starts a dump in answer to a request. -EBUSY: one is under way; -ENOMEM. `piece_min`: bytes that
 * its largest message takes. Sets rq->dumping on success.
 */
int nl_dump_start(struct nl_request *rq, nl_dump_fn step, size_t piece_min, struct nl_dump **out);
/* Makes the first piece, once the caller has set the dump up. */
void nl_dump_go(struct nl_dump *d);
/* Ends the dump of a socket, if there is one, without a word. */
void nl_dump_drop(struct nlsock *s);
/* The reader has taken a datagram: the next piece, if there is room for it. */
void nl_dump_on_read(struct nlsock *s);
void nl_dump_on_timer(struct timer *t);

/* The header of a dump's message of this type. */
struct nlmsghdr nl_dump_header(const struct nl_dump *d, unsigned type);
/* Counts an object that was looked at. False: enough for this piece. */
static inline bool nl_dump_spend(struct nl_dump *d)
{
	if (d->budget == 0)
		return false;
	d->budget--;
	return true;
}

#endif
