/* SPDX-License-Identifier: MIT */
/* The ioctls by which an administrator changes interfaces, routes and neighbours. */
#ifndef SOCK_IOCTL_SET_H
#define SOCK_IOCTL_SET_H

#include "sock/socket.h"

/* Whether a request is one of them; `arg` is what it wants: struct ifreq, rtentry or arpreq. */
bool ioctl_changes(unsigned long request);
/* -ENODEV, -EINVAL, -EADDRNOTAVAIL ... as netdevice(7) and arp(7); -ENOTTY: not of this family. */
int ioctl_set(struct socket *so, unsigned long request, void *arg);

#endif
