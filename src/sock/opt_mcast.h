/* SPDX-License-Identifier: MIT */
/* Functions of the rows that are about multicast: opt_ip.c and opt_ip6.c have the rows. */
#ifndef SOCK_OPT_MCAST_H
#define SOCK_OPT_MCAST_H

#include "transport/option.h"

/* As `set` and `get` of struct opt_row, each for the options of its name in both families. -EINVAL:
 * no group, or too short; -ENODEV, -EADDRNOTAVAIL, -EADDRINUSE, -ENOBUFS: as ip(7) has them. */
int opt_set_mcast_if(struct opt_arg *a);
int opt_get_mcast_if(struct opt_arg *a);
int opt_set_mcast_ttl(struct opt_arg *a);
int opt_get_mcast_ttl(struct opt_arg *a);
int opt_set_mcast_all(struct opt_arg *a);
int opt_get_mcast_all(struct opt_arg *a);
int opt_change_membership(struct opt_arg *a);
int opt_add_source(struct opt_arg *a);
int opt_change_source(struct opt_arg *a);
int opt_set_msfilter(struct opt_arg *a);
int opt_get_msfilter(struct opt_arg *a);

/* MCAST_*, of IPPROTO_IP and IPPROTO_IPV6. */
int opt_change_group(struct opt_arg *a);
int opt_change_group_source(struct opt_arg *a);
int opt_set_group_filter(struct opt_arg *a);
int opt_get_group_filter(struct opt_arg *a);

#endif
