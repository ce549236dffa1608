/* SPDX-License-Identifier: MIT */
/*
 * IPV6_FLOWLABEL_MGR: leases of flow labels (RFC 6437 §3: a label is a socket's own while it has a
 * lease). Linux's interface; a lease is the socket's, and there are few of them.
 */
#ifndef SOCK_FLOW_LABEL_H
#define SOCK_FLOW_LABEL_H

#include "transport/option.h"

/* Asks for a lease, renews one or gives it back, as struct in6_flowlabel_req says. -EINVAL: no such
 * request, or a label of more than 20 bits; -ENOENT: there is no such lease and none is to be made;
 * -EEXIST: there is one and it is to be new; -ESRCH: none to be renewed or given back; -ENOBUFS:
 * the socket has too many; -EPERM: not shared. */
int opt_set_flow_label(struct opt_arg *a);
/* The label in use on a connection; -ENOENT. */
int opt_get_flow_label(struct opt_arg *a);

#endif
