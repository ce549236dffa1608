/* SPDX-License-Identifier: MIT */
/* What the groups of NETLINK_ROUTE are told, from what link and net tell. */
#ifndef NETLINK_RTNOTIFY_H
#define NETLINK_RTNOTIFY_H

#include "netlink/netlink.h"

void rtnotify_start(struct netlink *nl);
void rtnotify_stop(struct netlink *nl);

/* Something has changed that lists show: whether there is somebody to be told. */
bool rtnotify_heard(struct netlink *nl, unsigned group);
/* The header of a notification, which names the request behind it. */
struct nlmsghdr rtnotify_header(const struct netlink *nl, unsigned type);
/* Sends what is in `w` to a group, and to who asked to see it. */
void rtnotify_publish(struct netlink *nl, unsigned group, const struct nl_writer *w);

#endif
