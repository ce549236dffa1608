/* SPDX-License-Identifier: MIT */
/* getsockopt and setsockopt: see transport/option.h for the tables they are made from. */
#ifndef SOCK_OPT_H
#define SOCK_OPT_H

#include <sys/socket.h>

#include "sock/socket.h"
#include "transport/option.h"

/* setsockopt(2) and getsockopt(2): *len is the room before and the length after. -ENOPROTOOPT: no
 * such option of the socket (-EOPNOTSUPP: no such level of its family); -EFAULT: no `value` or
 * `len`; -EINVAL: too short, or out of range; and what the option's row answers. */
int opt_set(struct socket *so, int level, int name, const void *value, socklen_t len);
int opt_get(struct socket *so, int level, int name, void *value, socklen_t *len);

#endif
