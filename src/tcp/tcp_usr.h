/* SPDX-License-Identifier: MIT */
/* The calls of the program: see tcp_usr.c, tcp_opt.c. */
#ifndef TCP_USR_H
#define TCP_USR_H

#include "tcp/tcp.h"

/* Whether a read would not wait: SO_RCVLOWAT bytes, or an end. */
bool tcp_readable(const struct tcp *t);
/* Sequence number of the next byte the program reads. */
uint32_t tcp_read_seq(const struct tcp *t);
/* In FIN_WAIT2: an orphan does not wait for ever. */
void tcp_fin_wait2(struct tcp *t);

/* struct proto's setopt, getopt and option_changed (tcp_opt.c). */
int tcp_setopt(struct sock *s, int level, int name, const void *value, socklen_t len);
int tcp_getopt(struct sock *s, int level, int name, void *value, socklen_t *len);
void tcp_option_changed(struct sock *s, int level, int name);

#endif
