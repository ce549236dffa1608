/* SPDX-License-Identifier: MIT */
/*
 * Pacing.
 *
 * Each packet moves the time before which the next may not leave by what it takes at the rate; a
 * packet carries about a millisecond's worth, two segments at least (Linux: tcp_tso_autosize()).
 * Who was late may catch up by half of a packet's time. As Linux, the first ten segments of a
 * connection are not held back, and a rate of 0 holds nothing.
 *
 * The state is in struct sock_extra: a connection without a rate has none. Only what is asked for
 * is paced: as long as nobody has set a rate, bursts of a window leave at once.
 */
#include "tcp/tcp_pace.h"

#include "tcp/tcp_timer.h"

#define FREE_SEGMENTS 10u
#define PACKETS_PER_SECOND 1024u

static bool limits(const struct tcp *t)
{
	return tcp_paced(t) && t->sock.opt->max_pacing_rate > 0 &&
	       t->data_segs_out >= FREE_SEGMENTS;
}

bool tcp_pace_holds(struct tcp *t)
{
	struct sock_extra *x = t->sock.extra;

	if (!x || !limits(t) || x->pace_at <= t->ts->env->now)
		return false;
	x->pace_waits = true;
	tcp_timer_by(t, x->pace_at);
	return true;
}

void tcp_pace_sent(struct tcp *t, uint32_t bytes)
{
	struct sock_extra *x = limits(t) ? sock_extra(&t->sock) : NULL;
	uint64_t rate = t->sock.opt->max_pacing_rate;
	berth_time now = t->ts->env->now;
	berth_time span, late;

	if (!x) /* without memory it leaves unpaced */
		return;
	/* At most 64 KiB: no overflow. */
	span = (berth_time)((uint64_t)bytes * BERTH_SEC / rate);
	late = now - x->pace_at;
	if (x->pace_at > 0 && late > 0)
		span -= late < span / 2 ? late : span / 2;
	x->pace_at = (late > 0 ? now : x->pace_at) + span;
}

uint32_t tcp_pace_packet_max(const struct tcp *t, uint32_t most)
{
	uint64_t bytes = t->sock.opt->max_pacing_rate / PACKETS_PER_SECOND;

	if (!limits(t) || bytes >= most)
		return most;
	bytes -= bytes % t->snd_mss;
	if (bytes < 2 * (uint64_t)t->snd_mss)
		bytes = 2 * (uint64_t)t->snd_mss;
	return bytes < most ? (uint32_t)bytes : most;
}
