/* SPDX-License-Identifier: MIT */
/*
 * Sockets that are passed on: messages of AF_UNIX carry references to them (SCM_RIGHTS), and who
 * receives one gets a further descriptor of the same socket. Linux: struct file and its count.
 *
 * Nearly every socket has one descriptor all its life, so the counts are in a struct passed beside
 * it, from when it is first sent until it has one descriptor again and is in no message.
 */
#ifndef SOCK_PASSED_H
#define SOCK_PASSED_H

#include "base/list.h"
#include "base/table.h"
#include "sock/socket.h"

struct passed {
	struct table_node node; /* by socket */
	struct socket *so;
	uint32_t descriptors;
	uint32_t in_flight; /* messages that carry it, not yet received */
	struct list link;   /* sockets->in_flight, while there are any */
	/* The garbage collector's (unix/unix_gc.c), during one collection: */
	struct list work;
	uint32_t internal;
	uint8_t mark;
};

/* NULL: it has one descriptor and was not sent. */
struct passed *passed_find(const struct socket *so);

/* A message takes it along. -ENOMEM; -ETOOMANYREFS: too many are under way. */
int passed_send(struct socket *so);
/* Another message takes it along, as this one does. False: too many. */
bool passed_again(struct socket *so);
/* The same without an end, for who takes messages apart: passed_drop() follows. */
void passed_hold(struct passed *p);
/* The message is gone. Without a descriptor and a message the socket closes. */
void passed_drop(struct socket *so);
/* A new descriptor for it, the lowest free one; the message still has it. -EMFILE. */
int passed_receive(struct socket *so);
/* One of its descriptors is closed. */
void passed_close(struct socket *so, int fd);

#endif
