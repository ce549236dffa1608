/* SPDX-License-Identifier: MIT */
/*
 * Control data of sendmsg() and recvmsg() (RFC 3542's form; the IPv4 kinds of ip(7), socket(7)).
 */
#ifndef SOCK_CMSG_H
#define SOCK_CMSG_H

#include <sys/socket.h>

#include "sock/socket.h"

/* Reads what a program gives with a message into `m`, whose address is parsed already; what few
 * bring goes into `extras`, to which m->extras then points. -EINVAL, -ENODEV. */
int cmsg_parse(struct socket *so, const struct msghdr *msg, struct proto_msg *m,
	       struct proto_extras *extras);

/* Writes what the options of `so` ask for about the packet in `m`, or what else its family tells;
 * sets msg_controllen, and MSG_CTRUNC in m->out_flags if it does not fit. */
void cmsg_fill(struct socket *so, struct proto_msg *m, struct msghdr *msg);

#endif
