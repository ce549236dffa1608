/* SPDX-License-Identifier: MIT */
/*
 * ioctl() on a socket: its queues, and the interfaces of the host (netdevice(7)).
 */
#ifndef SOCK_IOCTL_H
#define SOCK_IOCTL_H

#include "sock/socket.h"

/* `arg` is what the request wants: int *, struct ifreq *, struct ifconf *, struct timeval * ... */
int ioctl_do(struct socket *so, unsigned long request, void *arg);

#endif
