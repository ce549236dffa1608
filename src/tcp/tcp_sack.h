/* SPDX-License-Identifier: MIT */
/* The scoreboard of what is in flight: see tcp_sack.c. */
#ifndef TCP_SACK_H
#define TCP_SACK_H

#include "tcp/tcp.h"

struct tcp_header;

/* None in flight, and no memory for them. */
void tcp_segs_init(struct tcp *t);
void tcp_segs_free(struct tcp *t);
/* The end of an event: gives the memory back if nothing is in flight, nor to be regretted. */
void tcp_segs_settle(struct tcp *t);

static inline struct tcp_seg *tcp_segs_at(const struct tcp_segs *q, uint32_t i)
{
	return &q->ring[(q->first + i) & (q->capacity - 1)];
}

/* Room for one record more. False: no memory, or too many. */
bool tcp_segs_reserve(struct tcp *t);
/* Records that [snd_nxt, + bytes) was sent just now; room was reserved. */
void tcp_segs_add(struct tcp *t, uint32_t bytes, uint8_t flags);
/* Cuts a record in two at `seq`, which is inside it, and returns the first. NULL: no room, nothing
 * changed. */
struct tcp_seg *tcp_segs_cut(struct tcp *t, struct tcp_seg *s, uint32_t seq);

/* The first record that is lost and not sent again. NULL: none. */
struct tcp_seg *tcp_segs_next_lost(struct tcp *t);
void tcp_segs_mark_lost(struct tcp *t, struct tcp_seg *s);
void tcp_segs_mark_retransmitted(struct tcp *t, struct tcp_seg *s);
/* All that is not SACKed is lost (after a timeout); `forget`: SACKs are not believed any more
 * (reneging). */
void tcp_segs_mark_all_lost(struct tcp *t, bool forget);
/* Takes all marks of loss back (after a needless timeout). */
void tcp_segs_unmark_lost(struct tcp *t);

/* Takes away what `ack` (in snd_una .. snd_nxt) acknowledges. */
void tcp_segs_acked(struct tcp *t, uint32_t ack, struct tcp_acked *a);
/* Enters the SACK blocks of a segment; blocks that make no sense are ignored. */
void tcp_sack_input(struct tcp *t, const struct tcp_header *h, struct tcp_acked *a);

/* Walks the records and compares sums, in debug builds. */
void tcp_segs_check(const struct tcp *t);

#endif
