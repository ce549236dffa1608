/* SPDX-License-Identifier: MIT */
/*
 * SO_MAX_PACING_RATE: packets of a connection leave no faster than so many bytes per second. See
 * tcp_pace.c.
 */
#ifndef TCP_TCP_PACE_H
#define TCP_TCP_PACE_H

#include "tcp/tcp.h"

static inline bool tcp_paced(const struct tcp *t)
{
	return t->sock.opt->max_pacing_rate != UINT64_MAX;
}

/* Whether the next packet has to wait; the timer is set for it then. */
bool tcp_pace_holds(struct tcp *t);
/* A packet of so many bytes has left. */
void tcp_pace_sent(struct tcp *t, uint32_t bytes);
/* The most one packet is to carry, so that none is a burst; `most` or less. */
uint32_t tcp_pace_packet_max(const struct tcp *t, uint32_t most);

/* What the connection waits for; NEVER: nothing. */
static inline berth_time tcp_pace_deadline(const struct tcp *t)
{
	return t->sock.extra && t->sock.extra->pace_waits ? t->sock.extra->pace_at
							  : BERTH_TIME_NEVER;
}
/* That time has come. */
static inline void tcp_pace_due(struct tcp *t)
{
	t->sock.extra->pace_waits = false;
}

#endif
