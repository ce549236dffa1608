/* SPDX-License-Identifier: MIT */
/*
 * SO_TIMESTAMPING on the way out: when a packet was given to its interface and when it left, told
 * through the socket's error queue.
 */
#ifndef TRANSPORT_STAMP_H
#define TRANSPORT_STAMP_H

#include <linux/net_tstamp.h>

#include "transport/proto.h"

#define STAMP_TX_WANTED ((uint32_t)(SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE))
/* What control data replaces of the socket's flags. */
#define STAMP_TX_RECORD                                                                            \
	((uint32_t)(SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_TX_SOFTWARE |                  \
		    SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK))

#define STAMP_DATA_MAX 1024u

/* What is to be told of one packet. */
struct stamp {
	uint32_t flags; /* SOF_TIMESTAMPING_*; without STAMP_TX_WANTED nothing is */
	uint32_t key;
	size_t bytes; /* of the packet, link and IP header included, that come back */
	uint8_t data[STAMP_DATA_MAX];
};

/* Takes down what is needed of a packet that starts at its transport header. `id` NULL: the
 * socket's own count. */
void stamp_begin(struct stamp *stamp, struct sock *s, uint32_t flags, const uint32_t *id,
		 const struct berth_packet *p, const struct ip_path *path,
		 const struct ip_send *send);
/* It is with its interface. */
void stamp_sent(const struct stamp *stamp, struct sock *s);

/* One entry of the error queue: `kind` is SCM_TSTAMP_SND, _SCHED or _ACK. */
void stamp_tell(struct sock *s, uint32_t kind, uint32_t key, const void *data, size_t bytes);

#endif
