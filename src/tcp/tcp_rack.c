/* SPDX-License-Identifier: MIT */
/*
 * RACK-TLP (RFC 8985): loss is judged by time of sending. Once a segment is delivered, those sent a
 * reordering window earlier and not delivered are lost. The window is nothing until reordering was
 * seen, a quarter of the shortest RTT then, more when duplicate SACKs say that retransmissions were
 * needless. What is not yet old enough is looked at again by the reordering timer (WAIT_REORDER).
 *
 * When the tail of a flight is lost nobody SACKs; so after two RTTs of silence a probe is sent
 * (WAIT_TLP): new data if there is, else the last segment again. What comes back starts recovery,
 * or tells that nothing was lost.
 *
 * The walk over the scoreboard ends at the first record that was sent later than the latest
 * delivered one, unless something behind it was retransmitted (retrans_high).
 */
#include "tcp/tcp_rack.h"

#include "tcp/tcp_cc.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_sack.h"
#include "wire/tcp_header.h"

#define REO_PERSIST 16u			 /* recoveries that a widened window lasts (§6.2 step 4) */
#define TLP_ACK_DELAY (200 * BERTH_MSEC) /* the peer's delayed ACK (§7.2) */

/* Whether (sent1, end1) left after (sent2, end2). */
static bool sent_after(berth_time sent1, uint32_t end1, berth_time sent2, uint32_t end2)
{
	return sent1 > sent2 || (sent1 == sent2 && seq_gt(end1, end2));
}

void tcp_rack_delivered(struct tcp *t, const struct tcp_seg *s, uint32_t end,
			const struct tcp_acked *a)
{
	berth_time rtt = t->ts->env->now - s->sent;

	/* §6.2 step 2: it may be the original that was delivered, not the retransmission. */
	if (s->flags & SEG_EVER) {
		uint32_t tsval = (uint32_t)(s->sent / BERTH_MSEC) + t->ts_offset;

		if (t->agreed.ts && a->has_tsecr && seq_lt(a->tsecr, tsval))
			return;
		if (rtt < t->rtt_min)
			return;
	}
	t->segs->rack_rtt = rtt;
	if (sent_after(s->sent, end, t->segs->rack_sent, t->segs->rack_end)) {
		t->segs->rack_sent = s->sent;
		t->segs->rack_end = end;
	}
}

void tcp_rack_reordered(struct tcp *t)
{
	t->rack_reordering = true;
	t->reord_seen++;
}

void tcp_rack_dsack(struct tcp *t)
{
	/* Once per round trip. */
	if (t->rack_dsack_seen && seq_lt(t->snd_una, t->rack_dsack_round))
		return;
	t->rack_dsack_seen = true;
	t->rack_dsack_round = t->snd_nxt;
	t->rack_reo_persist = REO_PERSIST;
	if (t->rack_reo_mult < UINT8_MAX)
		t->rack_reo_mult++;
}

static berth_time reorder_window(const struct tcp *t)
{
	if (!t->rack_reordering) {
		if (t->ca >= CA_RECOVERY)
			return 0;
		if (t->sacked_bytes >= TCP_DUP_THRESH * t->snd_mss)
			return 0;
	}
	berth_time window = t->rtt_min / 4 * t->rack_reo_mult;

	return window < t->srtt ? window : t->srtt;
}

berth_time tcp_rack_detect(struct tcp *t)
{
	berth_time window = reorder_window(t);
	berth_time again = 0;

	if (t->segs->rack_sent == 0)
		return 0;
	for (uint32_t i = 0; i < t->segs->count; i++) {
		struct tcp_seg *s = tcp_segs_at(t->segs, i);

		if (!sent_after(t->segs->rack_sent, t->segs->rack_end, s->sent,
				s->seq + s->bytes)) {
			if (seq_ge(s->seq, t->segs->retrans_high) ||
			    seq_le(t->segs->retrans_high, t->snd_una))
				break;
			continue;
		}
		if (s->flags & (SEG_SACKED | SEG_LOST))
			continue;
		berth_time left = s->sent + t->segs->rack_rtt + window - t->ts->env->now;

		if (left <= 0)
			tcp_segs_mark_lost(t, s);
		else if (left > again)
			again = left;
	}
	return again;
}

berth_time tcp_tlp_timeout(const struct tcp *t)
{
	uint32_t out = t->snd_nxt - t->snd_una;

	if (!t->agreed.sack || t->tlp_pending || t->ca > CA_CWR || t->sacked_bytes || out == 0)
		return 0;
	if (t->state != TCP_ESTABLISHED && t->state != TCP_CLOSE_WAIT &&
	    t->state != TCP_FIN_WAIT1 && t->state != TCP_LAST_ACK && t->state != TCP_CLOSING)
		return 0;
	berth_time timeout = t->srtt ? 2 * t->srtt : TCP_RTO_INIT;

	if (t->srtt)
		timeout += out <= t->snd_mss ? TLP_ACK_DELAY : 2 * BERTH_MSEC;
	return timeout < t->rto ? timeout : 0;
}

bool tcp_tlp_send(struct tcp *t)
{
	if (t->segs->count == 0)
		return false;
	t->tlp_retrans = false;
	if (!tcp_send_forced(t)) {
		struct tcp_seg *last = tcp_segs_at(t->segs, t->segs->count - 1);

		if (last->flags & SEG_SACKED)
			return false;
		if (last->bytes > t->snd_mss) {
			if (!tcp_segs_cut(t, last, last->seq + last->bytes - t->snd_mss))
				return false;
			last = tcp_segs_at(t->segs, t->segs->count - 1);
		}
		if (tcp_retransmit(t, last, last->bytes) < 0)
			return false;
		t->tlp_retrans = true;
	}
	t->tlp_pending = true;
	t->segs->tlp_end = t->snd_nxt;
	return true;
}

void tcp_tlp_input(struct tcp *t, uint32_t ack, const struct tcp_acked *a)
{
	if (!t->tlp_pending || seq_lt(ack, t->segs->tlp_end))
		return;
	if (!t->tlp_retrans || a->dsack) {
		/* §7.4.2: new data was acknowledged, or both copies arrived: nothing was lost. */
		t->tlp_pending = false;
	} else if (seq_gt(ack, t->segs->tlp_end)) {
		/* The probe repaired the only loss: congestion all the same. */
		t->tlp_pending = false;
		tcp_cc_enter_cwr(t);
	} else if (a->duplicate && !a->new_sack) {
		t->tlp_pending = false;
	}
}
