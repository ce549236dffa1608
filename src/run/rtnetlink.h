/* SPDX-License-Identifier: MIT */
/*
 * Sockets of AF_NETLINK, NETLINK_ROUTE. Handlers for calls whose carrier is in state NETLINK.
 */
#ifndef RUN_RTNETLINK_H
#define RUN_RTNETLINK_H

#include "run/call.h"

void rtnetlink_ready(struct source *s, uint32_t events);
long rtnetlink_bind(struct call *call);
long rtnetlink_sendto(struct call *call);
/* `there` has the program's buffers; `addr` is its struct msghdr, 0: it called recvfrom(2). */
long rtnetlink_recv(struct call *call, struct msghdr *there, uint64_t addr, int flags);
long rtnetlink_getsockname(struct call *call); /* and getpeername */
long rtnetlink_getsockopt(struct call *call);

#endif
