/* SPDX-License-Identifier: MIT */
/*
 * Packetization-layer path MTU discovery (RFC 4821, with RFC 8899's words): for paths on which
 * packets that are too large vanish without a word.
 *
 * A search goes on between `low`, a size that gets through and that segments are made for, and
 * `high`, the path's MTU as IP knows it. A probe is one segment of new data of the size halfway. If
 * it is acknowledged, `low` is raised to it; if it is lost and nothing before it is, it was too
 * large: `high` falls, its bytes are sent again in segments of the usual size, and the congestion
 * window is left alone (RFC 4821 §7.6). Other losses leave it undecided. The search ends when both
 * are close (tcp_probe_threshold), and begins anew every tcp_probe_interval seconds.
 *
 * A probe is only sent when the window is large, nothing is wrong, and enough data follows to tell
 * that it is lost by duplicate ACKs; and no other is in flight (§7.2, §7.4; Linux:
 * tcp_mtu_probe()).
 *
 * net.ipv4.tcp_mtu_probing: 2 searches from the start; 1 once timeouts have gone on as long as
 * tcp_retries1 says, as if everything large were swallowed (§7.7): segments are then made for
 * tcp_base_mss, and half of that each further time. 0 never.
 */
#include "tcp/tcp_mtu_probe.h"

#include <netinet/in.h>

#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_sack.h"

#define CWND_SEGMENTS 11u /* Linux: less is not enough to recover fast from losing one */
#define FOLLOWERS 4u	  /* segments behind the probe, whose arrival shows that it is lost */

/* What a segment's packet has beside data. */
static uint32_t overhead(const struct tcp *t)
{
	return (ipaddr_is4(&t->sock.path.dst) ? 40u : 60u) +
	       sock_send_overhead(&t->sock, &t->sock.path) + (t->agreed.ts ? 12u : 0u);
}

/* The largest packet that both ends and IP let pass. */
static uint32_t ceiling(const struct tcp *t)
{
	uint32_t mtu = t->peer_mss + overhead(t) - (t->agreed.ts ? 12u : 0u);

	return mtu < t->sock.path.mtu ? mtu : t->sock.path.mtu;
}

static bool start(struct tcp *t)
{
	struct tcp_rare *r = tcp_rare(t);

	if (!r)
		return false;
	r->mtup = (struct tcp_mtup){
		.enabled = true,
		.low = (uint32_t)t->ts->env->knobs.tcp_base_mss + overhead(t),
		.high = ceiling(t),
		.since = t->ts->env->now,
	};
	return true;
}

void tcp_mtu_begin(struct tcp *t)
{
	if (t->ts->env->knobs.tcp_mtu_probing > 1 && start(t))
		tcp_update_mss(t);
}

void tcp_mtu_on_timeouts(struct tcp *t)
{
	const struct knobs *k = &t->ts->env->knobs;
	struct tcp_mtup *m;
	uint32_t mss;

	if (k->tcp_mtu_probing == 0)
		return;
	if (!t->rare || !t->rare->mtup.enabled) {
		if (start(t))
			tcp_update_mss(t);
		return;
	}
	m = &t->rare->mtup;
	mss = m->low > overhead(t) ? (m->low - overhead(t)) / 2 : 0;
	if (mss > (uint32_t)k->tcp_base_mss)
		mss = (uint32_t)k->tcp_base_mss;
	if (mss < (uint32_t)k->tcp_mtu_probe_floor)
		mss = (uint32_t)k->tcp_mtu_probe_floor;
	if (mss < (uint32_t)k->tcp_min_snd_mss)
		mss = (uint32_t)k->tcp_min_snd_mss;
	m->low = mss + overhead(t);
	tcp_update_mss(t);
}

/* The search is over: once in a while it begins anew, as paths change (RFC 4821 §7.3). */
static void search_again(struct tcp *t, struct tcp_mtup *m)
{
	berth_time interval = t->ts->env->knobs.tcp_probe_interval * (berth_time)BERTH_SEC;

	if (t->ts->env->now - m->since < interval)
		return;
	m->low = t->snd_mss + overhead(t);
	m->high = ceiling(t);
	m->since = t->ts->env->now;
}

/* Bytes of data that a probe would have now; 0: none is due. */
static uint32_t due(struct tcp *t, struct tcp_mtup *m)
{
	uint32_t size;

	if (m->high > ceiling(t))
		m->high = ceiling(t); /* a router has told of less */
	size = m->low + (m->high > m->low ? (m->high - m->low) / 2 : 0);
	if (size <= m->low || m->high - m->low < (uint32_t)t->ts->env->knobs.tcp_probe_threshold ||
	    size <= t->snd_mss + overhead(t)) {
		search_again(t, m);
		return 0;
	}
	return size - overhead(t);
}

bool tcp_mtu_probe(struct tcp *t)
{
	struct tcp_mtup *m = &t->rare->mtup;
	bool sacks = t->reass->sacks_count || t->reass->dsack_pending;

	if (!m->enabled || m->size || t->ca != CA_OPEN || t->cwnd < CWND_SEGMENTS * t->snd_mss ||
	    sacks || t->sock.opt->pmtudisc == IP_PMTUDISC_DONT)
		return true;
	uint32_t bytes = due(t, m);
	uint32_t needed = bytes + FOLLOWERS * t->snd_mss;
	uint32_t out = t->snd_nxt - t->snd_una;

	if (bytes == 0 || tcp_unsent(t) < needed || t->snd_wnd < needed)
		return true;
	/* Room for the probe and what follows comes with the next ACKs. */
	if (out + needed > t->snd_wnd || tcp_pipe(t) + bytes + t->snd_mss > t->cwnd)
		return out == 0;
	uint32_t from = t->snd_nxt;
	uint32_t sent = tcp_send_large(t, bytes);

	if (sent > t->snd_mss) {
		m->size = sent + overhead(t);
		m->start = from;
		m->end = from + sent;
	}
	return true;
}

void tcp_mtu_on_ack(struct tcp *t)
{
	struct tcp_mtup *m = &t->rare->mtup;

	if (m->size == 0 || seq_lt(t->snd_una, m->end))
		return;
	m->low = m->size;
	m->size = 0;
	tcp_update_mss(t);
}

bool tcp_mtu_on_loss(struct tcp *t)
{
	struct tcp_mtup *m = &t->rare->mtup;

	if (m->size == 0 || t->ca >= CA_CWR || t->snd_una != m->start)
		return false;
	m->high = m->size - 1;
	m->size = 0;
	for (uint32_t i = 0; i < t->segs->count; i++) {
		struct tcp_seg *s = tcp_segs_at(t->segs, i);

		if (seq_ge(s->seq, m->end))
			break;
		if (seq_gt(s->seq + s->bytes, m->end)) {
			s = tcp_segs_cut(t, s, m->end);
			if (!s)
				break; /* then what was found lost is, and the rest by and by */
		}
		if (!(s->flags & (SEG_SACKED | SEG_LOST | SEG_RETRANS)))
			tcp_segs_mark_lost(t, s);
	}
	return true;
}

void tcp_mtu_undecided(struct tcp *t)
{
	t->rare->mtup.size = 0;
}
