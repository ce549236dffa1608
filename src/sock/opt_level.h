/* SPDX-License-Identifier: MIT */
/* The tables of options that every socket of a family has; the protocols' own are their own. */
#ifndef SOCK_OPT_LEVEL_H
#define SOCK_OPT_LEVEL_H

#include "transport/option.h"

extern const struct opt_level opt_socket; /* SOL_SOCKET */
extern const struct opt_level opt_ip;	  /* IPPROTO_IP */
extern const struct opt_level opt_ip6;	  /* IPPROTO_IPV6 */

/* IP_UNICAST_IF and IPV6_UNICAST_IF: the index that a program gives, checked. */
int opt_unicast_if(struct opt_arg *a, unsigned *out);

#endif
