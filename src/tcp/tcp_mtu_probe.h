/* SPDX-License-Identifier: MIT */
/* Packetization-layer path MTU discovery: see tcp_mtu_probe.c. */
#ifndef TCP_MTU_PROBE_H
#define TCP_MTU_PROBE_H

#include "tcp/tcp.h"

/* The connection stands, its MSS is known: with tcp_mtu_probing 2 the search begins. */
void tcp_mtu_begin(struct tcp *t);
/* Timeouts go on and on: perhaps because packets are too large (black hole detection). */
void tcp_mtu_on_timeouts(struct tcp *t);

/* The packets that may be as large as that, while there is a search: the MTU that segments are made
 * for. */
static inline uint32_t tcp_mtu_bound(const struct tcp *t, uint32_t mtu)
{
	if (!t->rare || !t->rare->mtup.enabled)
		return mtu;
	return t->rare->mtup.low < mtu ? t->rare->mtup.low : mtu;
}

/* New data may be sent. Sends it as a probe, if one is due. False: what may be sent has to wait,
 * until there is room for one. */
bool tcp_mtu_probe(struct tcp *t);
/* snd_una has moved: the probe may have arrived. */
void tcp_mtu_on_ack(struct tcp *t);
/* Something is found lost. True: it is the probe, for its size; all of it is marked lost, and the
 * window has nothing to do with it. */
bool tcp_mtu_on_loss(struct tcp *t);
/* Something is sent again, which leaves the probe undecided. */
void tcp_mtu_undecided(struct tcp *t);

#endif
