/* SPDX-License-Identifier: MIT */
/*
 * What the groups of NETLINK_ROUTE are told, from what link and net tell. Who makes a notification
 * asks rtnotify_heard(), writes the message behind rtnotify_header(), and publishes it.
 */
#ifndef NETLINK_RTNOTIFY_H
#define NETLINK_RTNOTIFY_H

#include "netlink/netlink.h"

/* Registers with the host's links and net, which tell from then on; and takes `nl`, which must be
 * registered, off their lists again. */
void rtnotify_start(struct netlink *nl);
void rtnotify_stop(struct netlink *nl);

/* Something has changed that lists show, which dumps on their way notice (nl->changes). Whether
 * there is somebody to be told: a member of `group` (RTNLGRP_*), or who asked for an echo. */
bool rtnotify_heard(struct netlink *nl, unsigned group);
/* The header of a notification of `type` (RTM_*), its length still 0. Sequence number and port are
 * those of the request behind it; 0: nobody asked. */
struct nlmsghdr rtnotify_header(const struct netlink *nl, unsigned type);
/* Sends what is in `w`, which stays the caller's, to the members of a group, and to who asked to
 * see it (NLM_F_ECHO). For want of memory or room a reader gets ENOBUFS instead. */
void rtnotify_publish(struct netlink *nl, unsigned group, const struct nl_writer *w);

#endif
