/* SPDX-License-Identifier: MIT */
/*
 * Congestion control around the algorithms: when the window may grow, when it is cut, how it is
 * spent in recovery.
 *
 *             loss found                      all acknowledged up to `recover`
 *   OPEN ------------------> RECOVERY ------------------------------------------> OPEN
 *   DISORDER (SACKs seen)        | timeout                                          ^
 *   CWR (ECN, TLP's finding)     +------------> LOSS -------------------------------+
 *
 * In RECOVERY and CWR the window is set on each ACK by proportional rate reduction (RFC 6937, with
 * the safe-ACK rule of its successor): it falls to ssthresh over one RTT, never to a burst. In LOSS
 * the algorithm grows it by slow start. If timestamps (RFC 3522) or duplicate SACKs show that the
 * retransmissions were needless, the cut is undone, unless a router has marked packets as well.
 *
 * CWR follows an ACK that says so (RFC 3168 §6.1.2), as well as a loss that a probe repaired. With
 * ECN it lasts until something sent after the cut is acknowledged, which has told the peer (CWR),
 * or its next ECE would be taken for news. Linux: ECN cuts as a loss does (RFC 8511's ABE is not
 * there).
 *
 * Without SACK, each duplicate ACK stands for one segment that left (sacked_bytes is an estimate),
 * the third starts recovery, and a partial ACK means that the next segment is lost too (RFC 6582).
 *
 * RFC 3168, 5681, 6582, 6675 §5, 6928, 6937.
 */
#include "tcp/tcp_cc.h"

#include <string.h>

#include "tcp/tcp_ecn.h"
#include "tcp/tcp_mtu_probe.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_rack.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_timer.h"

#define CWND_MAX (UINT32_C(1) << 30)

const struct tcp_cc *tcp_cc_numbered(int number)
{
	return number == 0 ? &tcp_newreno : &tcp_cubic;
}

const struct tcp_cc *tcp_cc_find(const char *name, size_t bytes)
{
	static const struct tcp_cc *const all[] = {&tcp_newreno, &tcp_cubic};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (strlen(all[i]->name) == bytes && memcmp(all[i]->name, name, bytes) == 0)
			return all[i];
	}
	return NULL;
}

uint32_t tcp_cwnd_init(const struct tcp *t)
{
	return TCP_INIT_CWND * t->snd_mss;
}

void tcp_cc_init(struct tcp *t)
{
	t->ca = CA_OPEN;
	t->cwnd = tcp_cwnd_init(t);
	/* RFC 5681 §3.1: a lost SYN means one segment. Linux: only the second loss does. */
	if (t->total_retrans > 1)
		t->cwnd = t->snd_mss;
	t->ssthresh = UINT32_MAX;
	t->undo_possible = false;
	t->rack_reo_mult = 1;
	t->cc->init(t);
}

uint32_t tcp_slow_start(struct tcp *t, uint32_t acked)
{
	uint32_t room = t->ssthresh - t->cwnd;
	uint32_t step = acked < room ? acked : room;

	t->cwnd += step;
	if (t->cwnd > CWND_MAX)
		t->cwnd = CWND_MAX;
	return acked - step;
}

void tcp_grow(struct tcp *t, uint32_t per, uint32_t acked)
{
	if (per < t->snd_mss)
		per = t->snd_mss;
	t->cwnd_acked += acked;
	if (t->cwnd_acked >= per) {
		uint32_t steps = t->cwnd_acked / per;

		t->cwnd_acked -= steps * per;
		t->cwnd += steps * t->snd_mss;
	}
	if (t->cwnd > CWND_MAX)
		t->cwnd = CWND_MAX;
}

/* RFC 7661 in short: only a window that was in use has been shown to be right. */
static bool in_use(const struct tcp *t)
{
	if (t->cwnd < t->ssthresh)
		return t->cwnd < 2 * (uint64_t)t->cwnd_used;
	return t->cwnd_limited || t->cwnd < t->cwnd_used + t->snd_mss;
}

static void remember(struct tcp *t)
{
	t->undo_possible = true;
	t->segs->undo_cwnd = t->cwnd;
	t->segs->undo_ssthresh = t->ssthresh;
	t->segs->undo_seq = t->snd_una;
	t->segs->undo_retrans = -1;
	t->segs->undo_at = 0;
}

static void reduce(struct tcp *t)
{
	uint32_t threshold = t->cc->on_loss(t);

	t->ssthresh = threshold > 2 * t->snd_mss ? threshold : 2 * t->snd_mss;
	t->segs->prr_delivered = 0;
	t->segs->prr_out = 0;
	t->segs->prr_start = t->cwnd;
	t->cwnd_acked = 0;
	t->segs->recover = t->snd_nxt;
	t->ecn |= TCP_ECN_REDUCED;
}

void tcp_cc_enter_cwr(struct tcp *t)
{
	if (t->ca >= CA_CWR)
		return;
	t->undo_possible = false;
	reduce(t);
	t->ca = CA_CWR;
}

static void enter_recovery(struct tcp *t)
{
	if (t->ca < CA_CWR) {
		remember(t);
		reduce(t);
	} else {
		/* The window was cut already; what was sent since belongs to the same event. */
		t->segs->recover = t->snd_nxt;
	}
	t->ca = CA_RECOVERY;
}

/* RFC 6937 §3.1. The window becomes what is in flight and what may be sent for this ACK. */
static void reduce_proportionally(struct tcp *t, uint32_t delivered, bool progress, bool lost)
{
	uint32_t pipe = tcp_pipe(t);
	uint64_t send;

	if (delivered == 0 && t->segs->prr_out)
		return;
	t->segs->prr_delivered += delivered;
	if (pipe > t->ssthresh) {
		uint64_t due =
			((uint64_t)t->segs->prr_delivered * t->ssthresh + t->segs->prr_start - 1) /
			(t->segs->prr_start ? t->segs->prr_start : 1);

		send = due > t->segs->prr_out ? due - t->segs->prr_out : 0;
	} else {
		uint64_t limit = t->segs->prr_delivered > t->segs->prr_out
					 ? t->segs->prr_delivered - t->segs->prr_out
					 : 0;

		if (limit < delivered)
			limit = delivered;
		if (progress && !lost)
			limit += t->snd_mss;
		send = t->ssthresh - pipe;
		if (send > limit)
			send = limit;
	}
	/* The first retransmission leaves whatever the windows say. */
	if (t->segs->prr_out == 0 && send < t->snd_mss)
		send = t->snd_mss;
	t->cwnd = pipe + (uint32_t)send;
}

static void leave(struct tcp *t)
{
	if ((t->ca == CA_RECOVERY || t->ca == CA_CWR) && t->ssthresh < UINT32_MAX)
		t->cwnd = t->ssthresh;
	t->ca = CA_OPEN;
	t->undo_possible = false;
	t->dupacks = 0;
	if (t->rack_reo_persist && --t->rack_reo_persist == 0)
		t->rack_reo_mult = 1;
}

/* The cut was needless: the originals arrived. */
static void undo(struct tcp *t)
{
	if (t->segs->undo_cwnd > t->cwnd)
		t->cwnd = t->segs->undo_cwnd;
	if (t->segs->undo_ssthresh > t->ssthresh) {
		t->ssthresh = t->segs->undo_ssthresh;
		t->ecn &= (uint8_t)~TCP_ECN_REDUCED;
	}
	tcp_segs_unmark_lost(t);
	t->undo_possible = false;
	t->backoff = 0;
	t->dupacks = 0;
	t->ca = t->sacked_bytes ? CA_DISORDER : CA_OPEN;
}

/* Whether what was retransmitted had arrived after all. */
static bool needless(const struct tcp *t, const struct tcp_acked *a)
{
	if (!t->undo_possible || t->segs->undo_retrans < 0)
		return false;
	if (t->segs->undo_retrans == 0)
		return true;
	/* RFC 3522: the ACK answers a segment sent before the first retransmission. */
	return t->agreed.ts && a->has_tsecr && a->acked &&
	       seq_lt(a->tsecr, (uint32_t)(t->segs->undo_at / BERTH_MSEC) + t->ts_offset);
}

/* Duplicate ACKs instead of SACKs (RFC 6582 §3.2). */
static void reno_account(struct tcp *t, const struct tcp_acked *a)
{
	uint32_t out = t->snd_nxt - t->snd_una;

	if (t->agreed.sack)
		return;
	if (a->duplicate)
		t->sacked_bytes += t->snd_mss;
	else if (a->acked)
		t->sacked_bytes -= a->acked > t->snd_mss && t->sacked_bytes > a->acked - t->snd_mss
					   ? a->acked - t->snd_mss
					   : t->sacked_bytes;
	if (out == 0)
		t->sacked_bytes = 0;
	else if (t->sacked_bytes > out - 1)
		t->sacked_bytes = out > t->snd_mss ? out - t->snd_mss : 0;
}

/* The first segment is lost: without SACK, the only one we can know of. */
static void mark_head_lost(struct tcp *t)
{
	if (t->segs->count == 0)
		return;
	struct tcp_seg *s = tcp_segs_at(t->segs, 0);

	if (s->flags & (SEG_LOST | SEG_RETRANS))
		return;
	if (s->bytes > t->snd_mss) {
		s = tcp_segs_cut(t, s, s->seq + t->snd_mss);
		if (!s)
			return;
	}
	tcp_segs_mark_lost(t, s);
}

/* What is lost is found out: by time and SACK, or by counting duplicates. */
static void find_lost(struct tcp *t, struct tcp_acked *a)
{
	uint32_t before = t->lost_bytes;

	if (t->agreed.sack) {
		if (t->sacked_bytes || t->ca >= CA_RECOVERY || a->new_sack ||
		    seq_gt(t->segs->retrans_high, t->snd_una)) {
			berth_time again = tcp_rack_detect(t);

			if (again)
				tcp_wait(t, WAIT_REORDER, t->ts->env->now + again);
		}
	} else if (t->ca == CA_RECOVERY) {
		if (a->acked)
			mark_head_lost(t);
	} else if (t->ca < CA_CWR && t->dupacks >= TCP_DUP_THRESH) {
		mark_head_lost(t);
	}
	a->lost = t->lost_bytes > before;
}

/* RFC 6582 §3.2 step 1: duplicates of what was sent before a timeout do not start another recovery.
 */
static bool may_recover(struct tcp *t)
{
	if (t->lost_bytes == 0 || t->ca >= CA_RECOVERY)
		return false;
	return !t->rare || !tcp_mtu_on_loss(t);
}

static void grow(struct tcp *t, const struct tcp_acked *a)
{
	if (a->acked && in_use(t))
		t->cc->on_ack(t, a->acked);
}

static void on_ack_recovery(struct tcp *t, struct tcp_acked *a)
{
	if (seq_ge(t->snd_una, t->segs->recover)) {
		if (needless(t, a))
			undo(t);
		else
			leave(t);
		if (!t->agreed.sack)
			t->sacked_bytes = 0;
		return;
	}
	if (needless(t, a) && t->segs->undo_retrans == 0) {
		undo(t);
		return;
	}
	reduce_proportionally(t, a->delivered + (a->duplicate && !t->agreed.sack ? t->snd_mss : 0),
			      a->acked > 0, a->lost);
}

static void on_ack_loss(struct tcp *t, struct tcp_acked *a)
{
	if (needless(t, a)) {
		undo(t);
		return;
	}
	if (seq_ge(t->snd_una, t->segs->recover)) {
		leave(t);
		return;
	}
	grow(t, a);
}

/* A router marked something that the peer got: as good as lost, but for being there (RFC 3168
 * §6.1.2). */
static void on_mark(struct tcp *t)
{
	/* The cut for a loss that was none is right all the same. */
	t->undo_possible = false;
	tcp_cc_enter_cwr(t);
}

void tcp_cc_on_ack(struct tcp *t, struct tcp_acked *a)
{
	reno_account(t, a);
	if (a->duplicate)
		t->dupacks++;
	else if (a->acked)
		t->dupacks = 0;
	/* In LOSS everything up to `recover` was marked; a retransmission can be lost again. */
	find_lost(t, a);
	if (may_recover(t))
		enter_recovery(t);
	if (a->ece)
		on_mark(t);
	switch ((enum tcp_ca)t->ca) {
	case CA_OPEN:
	case CA_DISORDER:
		t->ca = t->sacked_bytes || t->dupacks ? CA_DISORDER : CA_OPEN;
		grow(t, a);
		/* RFC 3042: the first two duplicates let a new segment out each. */
		if (t->ca == CA_DISORDER && !t->agreed.sack && a->duplicate)
			t->cwnd_limited = true;
		break;
	case CA_CWR:
		if (seq_gt(t->snd_una, t->segs->recover) ||
		    (t->snd_una == t->segs->recover && !t->agreed.ecn))
			leave(t);
		else
			reduce_proportionally(t, a->delivered, a->acked > 0, false);
		break;
	case CA_RECOVERY:
		on_ack_recovery(t, a);
		break;
	case CA_LOSS:
		on_ack_loss(t, a);
		break;
	}
}

void tcp_cc_on_loss_found(struct tcp *t)
{
	if (!may_recover(t))
		return;
	enter_recovery(t);
	reduce_proportionally(t, 0, false, true);
}

void tcp_cc_on_timeout(struct tcp *t)
{
	bool again = t->ca == CA_LOSS && seq_lt(t->snd_una, t->segs->recover);

	if (!again) {
		if (t->ca < CA_CWR) {
			remember(t);
			reduce(t);
		} else if (t->ca == CA_RECOVERY || t->ca == CA_CWR) {
			t->segs->recover = t->snd_nxt;
		} else {
			remember(t);
			reduce(t);
		}
		t->cc->on_restart(t);
	}
	/* RFC 2018 §8: a peer that forgot what it SACKed has its head unacknowledged. */
	bool forget = t->segs->count && tcp_segs_at(t->segs, 0)->flags & SEG_SACKED;

	tcp_segs_mark_all_lost(t, forget);
	t->ca = CA_LOSS;
	t->cwnd = t->snd_mss;
	/* Linux: all that is out counts as used, or slow start would stay at two segments until
	 * new data is sent, which is when the last hole is filled. */
	t->cwnd_used = t->snd_nxt - t->snd_una;
	t->cwnd_used_end = t->snd_nxt;
	t->cwnd_acked = 0;
	t->dupacks = 0;
	t->tlp_pending = false;
	t->segs->recover = t->snd_nxt;
}
