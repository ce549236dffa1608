/* SPDX-License-Identifier: MIT */
/*
 * NETLINK_SOCK_DIAG: what ss(8) asks. One file for the Internet's sockets, one for the filters that
 * it compiles for them, one for the other families.
 */
#ifndef NETLINK_SOCKDIAG_H
#define NETLINK_SOCKDIAG_H

#include "netlink/netlink.h"

struct sock;

/* struct nl_family's request. */
int sockdiag_request(struct nl_request *rq);

/* AF_INET and AF_INET6: a list, one socket, the end of one. */
int inetdiag_request(struct nl_request *rq);
/* AF_NETLINK and AF_PACKET: lists. */
int netlinkdiag_request(struct nl_request *rq);
int packetdiag_request(struct nl_request *rq);

/* SK_MEMINFO_*: what a socket's buffers hold. */
#define SOCKDIAG_MEMORY_WORDS 9
void sockdiag_memory(const struct sock *s, uint32_t out[SOCKDIAG_MEMORY_WORDS]);

/* Whose a socket is: the user and the inode of the descriptor, 0 if nobody knows. */
struct berth_sock_owner sockdiag_owner(const struct sock *s);

#endif
