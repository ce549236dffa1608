/* SPDX-License-Identifier: MIT */
/* Loss detection by time (RACK) and tail loss probes: see tcp_rack.c. */
#ifndef TCP_RACK_H
#define TCP_RACK_H

#include "tcp/tcp.h"

/* Record `s`, up to `end`, was delivered: RACK learns from it. */
void tcp_rack_delivered(struct tcp *t, const struct tcp_seg *s, uint32_t end,
			const struct tcp_acked *a);
/* A segment was overtaken by later ones. */
void tcp_rack_reordered(struct tcp *t);
/* A duplicate SACK came: the reordering window may be too small. */
void tcp_rack_dsack(struct tcp *t);
/* Marks what must be lost, given what was delivered. Returns after how many nanoseconds to look
 * again; 0: need not. */
berth_time tcp_rack_detect(struct tcp *t);

/* When a tail loss probe is due from now, or 0 if none should be sent. */
berth_time tcp_tlp_timeout(const struct tcp *t);
/* Sends the probe. False: nothing to send. */
bool tcp_tlp_send(struct tcp *t);
/* Judges a probe by what came back. */
void tcp_tlp_input(struct tcp *t, uint32_t ack, const struct tcp_acked *a);

#endif
