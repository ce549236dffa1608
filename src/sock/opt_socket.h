/* SPDX-License-Identifier: MIT */
/*
 * Functions of the rows of SOL_SOCKET, whose table is in opt_socket.c: each sets or answers the
 * option in its name, as struct opt_row says.
 */
#ifndef SOCK_OPT_SOCKET_H
#define SOCK_OPT_SOCKET_H

#include "transport/option.h"

/* opt_stamp.c: flags, and SOF_TIMESTAMPING_*; -EINVAL: unknown ones, or ones that need others;
 * -EOPNOTSUPP: a clock to be bound to. */
int opt_set_timestamp(struct opt_arg *a);
int opt_set_timestamp_new(struct opt_arg *a);
int opt_set_timestampns(struct opt_arg *a);
int opt_set_timestampns_new(struct opt_arg *a);
int opt_get_timestamp(struct opt_arg *a);
int opt_get_timestamp_new(struct opt_arg *a);
int opt_get_timestampns(struct opt_arg *a);
int opt_get_timestampns_new(struct opt_arg *a);
int opt_set_timestamping(struct opt_arg *a);
int opt_set_timestamping_new(struct opt_arg *a);
int opt_get_timestamping(struct opt_arg *a);
int opt_get_timestamping_new(struct opt_arg *a);
int opt_set_txtime(struct opt_arg *a);
int opt_get_txtime(struct opt_arg *a);

/* opt_filter.c. -EPERM: the filter is locked (SO_LOCK_FILTER); -ENOENT: there is none to be taken
 * away; -EINVAL: what is no program, and a chooser where no port is shared. */
int opt_set_filter(struct opt_arg *a);
int opt_get_filter(struct opt_arg *a);
int opt_detach_filter(struct opt_arg *a);
int opt_set_lock_filter(struct opt_arg *a);
int opt_get_lock_filter(struct opt_arg *a);
int opt_set_ebpf(struct opt_arg *a);
int opt_get_bpf_extensions(struct opt_arg *a);
int opt_set_chooser(struct opt_arg *a);
int opt_detach_chooser(struct opt_arg *a);

/* opt_peer.c. -EOPNOTSUPP: not of this family; -ENOTCONN, -ENODATA: there is no peer, or it has no
 * such thing. */
int opt_set_unix_only(struct opt_arg *a);
int opt_get_peername(struct opt_arg *a);
int opt_get_peercred(struct opt_arg *a);
int opt_get_no_peer(struct opt_arg *a);
int opt_set_passcred(struct opt_arg *a);
int opt_get_passcred(struct opt_arg *a);
int opt_set_passsec(struct opt_arg *a);
int opt_get_passsec(struct opt_arg *a);
int opt_set_passpidfd(struct opt_arg *a);
int opt_get_passpidfd(struct opt_arg *a);

#endif
