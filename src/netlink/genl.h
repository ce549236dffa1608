/* SPDX-License-Identifier: MIT */
/* NETLINK_GENERIC: the controller, and no families beside it. */
#ifndef NETLINK_GENL_H
#define NETLINK_GENL_H

#include "netlink/netlink.h"

/* struct nl_family's request. */
int genl_request(struct nl_request *rq);

#endif
