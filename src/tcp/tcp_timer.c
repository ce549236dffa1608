/* SPDX-License-Identifier: MIT */
/*
 * The timers of a connection and the round-trip estimate.
 *
 * There are three deadlines: `rexmit_at` serves five purposes, one at a time (enum tcp_wait):
 * retransmission timeout, tail loss probe, RACK's reordering timer, zero-window probe; `delack_at`
 * sends a delayed ACK; `slow_at` serves keepalive and FIN_WAIT2's limit. NEVER: nothing to do. A
 * connection with a pace has a fourth (tcp_pace.h).
 *
 * They share one struct timer, which is due no later than the earliest of them. It may fire earlier
 * and is moved on then, so that putting a deadline off or giving it up, which happens for every
 * segment, costs nothing.
 *
 * RFC 6298; RFC 9293 §3.8.3 (R1, R2), §3.8.4 (keepalive), §3.8.6.1 (zero windows); RFC 5482.
 */
#include "tcp/tcp_timer.h"

#include <errno.h>

#include "tcp/tcp_cc.h"
#include "tcp/tcp_fastopen.h"
#include "tcp/tcp_mtu_probe.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pace.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_rack.h"
#include "tcp/tcp_rst.h"
#include "tcp/tcp_sack.h"

#define THIN_SEGMENTS 4u
#define THIN_RETRIES 6u

void tcp_timer_by(struct tcp *t, berth_time at)
{
	if (!timer_armed(&t->timer) || t->timer.due > at)
		timer_arm(t->ts->env, &t->timer, at);
}

void tcp_wait(struct tcp *t, enum tcp_wait what, berth_time at)
{
	t->wait = (uint8_t)what;
	t->rexmit_at = at;
	tcp_timer_by(t, at);
}

void tcp_wait_nothing(struct tcp *t)
{
	t->wait = WAIT_NONE;
	t->rexmit_at = BERTH_TIME_NEVER;
}

void tcp_delay_ack(struct tcp *t, berth_time at)
{
	t->ack_delayed = true;
	if (at < t->delack_at) {
		t->delack_at = at;
		tcp_timer_by(t, at);
	}
}

void tcp_rtt_sample(struct tcp *t, berth_time rtt)
{
	berth_time now = t->ts->env->now;

	if (rtt < 0)
		return;
	if (rtt == 0)
		rtt = 1;
	t->rtt_last = rtt;
	/* The least of the last five minutes, as Linux's tcp_min_rtt_wlen. */
	if (t->rtt_min == 0 || rtt <= t->rtt_min || now - t->rtt_min_at > 300 * BERTH_SEC) {
		t->rtt_min = rtt;
		t->rtt_min_at = now;
	}
	if (t->srtt == 0) {
		t->srtt = rtt;
		t->rttvar = rtt / 2;
	} else {
		berth_time error = rtt - t->srtt;

		t->srtt += error / 8;
		if (error < 0) {
			error = -error;
			/* Linux: an RTT that falls does not raise the variance as much. */
			if (error > t->rttvar)
				error = t->rttvar + (error - t->rttvar) / 8;
		}
		t->rttvar += (error - t->rttvar) / 4;
	}
	/* Linux: the floor is on the variance, so the RTO is always 200 ms above the RTT. */
	berth_time margin = 4 * t->rttvar;

	berth_time least = tcp_rto_min(t);
	berth_time most = tcp_rto_max(t);

	t->rto = t->srtt + (margin > least ? margin : least);
	if (t->rto > most)
		t->rto = most;
	t->backoff = 0;
}

/* Linux: the first four retries of a SYN (tcp_syn_linear_timeouts) are without a doubling, and,
 * with TCP_THIN_LINEAR_TIMEOUTS, the first six of a stream with less than four segments in
 * flight. */
static unsigned doublings_spared(const struct tcp *t)
{
	if (t->state == TCP_SYN_SENT)
		return (unsigned)t->ts->env->knobs.tcp_syn_linear_timeouts;
	bool thin = t->set->thin && t->state == TCP_ESTABLISHED && t->segs->count < THIN_SEGMENTS &&
		    t->backoff <= THIN_RETRIES;

	return thin ? t->backoff : 0;
}

berth_time tcp_rto(const struct tcp *t)
{
	berth_time most = tcp_rto_max(t);
	berth_time rto = t->rto;

	for (unsigned i = doublings_spared(t); i < t->backoff && rto < most; i++)
		rto *= 2;
	return rto < most ? rto : most;
}

berth_time tcp_retry_span(berth_time rto, unsigned count)
{
	berth_time span = 0;

	for (unsigned i = 0; i <= count; i++) {
		span += rto;
		rto = rto * 2 < TCP_RTO_MAX ? rto * 2 : TCP_RTO_MAX;
	}
	return span;
}

/* The retransmission timeout, or earlier a tail loss probe. */
static void wait_for_ack(struct tcp *t)
{
	berth_time now = t->ts->env->now;
	berth_time probe = tcp_tlp_timeout(t);

	if (probe) {
		/* No later than the timeout of what was sent first, however much follows. */
		berth_time limit = tcp_segs_at(t->segs, 0)->sent + t->rto;
		berth_time at = now + probe < limit ? now + probe : limit;

		tcp_wait(t, WAIT_TLP, at > now ? at : now);
	} else {
		tcp_wait(t, WAIT_RTO, now + tcp_rto(t));
	}
}

void tcp_rearm(struct tcp *t)
{
	if (t->snd_una == t->snd_nxt)
		tcp_wait_nothing(t);
	else
		wait_for_ack(t);
}

void tcp_arm_after_output(struct tcp *t, bool sent_new)
{
	if (t->snd_una != t->snd_nxt) {
		bool fresh = t->wait == WAIT_NONE || t->wait == WAIT_PERSIST;
		/* RFC 8985 §7.2: the probe is two RTTs behind the latest new data. */
		bool probe = sent_new && t->backoff == 0 &&
			     (t->wait == WAIT_TLP || t->wait == WAIT_RTO) && tcp_tlp_timeout(t);

		if (fresh || probe)
			wait_for_ack(t);
		return;
	}
	/* Something is to be sent, and nothing in flight will bring news: a closed window
	 * (§3.8.6.1), a cork, or no memory. (A full interface tells when it has room, and the pace
	 * has a deadline.) */
	if ((tcp_unsent(t) || (t->fin_wanted && !t->fin_sent)) && !t->output_blocked &&
	    tcp_pace_deadline(t) == BERTH_TIME_NEVER) {
		if (t->wait != WAIT_PERSIST)
			tcp_wait(t, WAIT_PERSIST, t->ts->env->now + tcp_rto(t));
	} else if (t->wait != WAIT_NONE) {
		tcp_wait_nothing(t);
	}
}

/* R2 of RFC 9293 §3.8.3: has it been tried for too long? */
static bool given_up(const struct tcp *t, unsigned tries_max)
{
	berth_time since = t->ts->env->now - t->first_retrans;

	if (t->first_retrans == 0)
		return false;
	if (t->set->user_timeout_ms)
		return since >= t->set->user_timeout_ms * BERTH_MSEC;
	return since >= tcp_retry_span(TCP_RTO_MIN, tries_max);
}

static unsigned tries_max(const struct tcp *t)
{
	const struct knobs *k = &t->ts->env->knobs;

	if (!t->orphan)
		return (unsigned)k->tcp_retries2;
	/* Linux: an orphan is worth less patience; 0 stands for 8. */
	return k->tcp_orphan_retries ? (unsigned)k->tcp_orphan_retries : 8;
}

static void time_out(struct tcp *t)
{
	tcp_done(t, t->sock.soft_error ? t->sock.soft_error : ETIMEDOUT);
}

/* The SYN, or SYN+ACK of a simultaneous open, once more. */
/* Linux: so many retries of a SYN as were asked for take as long as if each waited twice as long as
 * the one before, however many they are in truth. */
static bool syn_given_up(const struct tcp *t)
{
	const struct knobs *k = &t->ts->env->knobs;
	/* Linux: one more where the program may have the connection already. */
	int usual = tcp_fast_early(t) ? k->tcp_synack_retries + 1 : k->tcp_syn_retries;
	unsigned tries = t->set->syn_retries ? t->set->syn_retries : (unsigned)usual;
	berth_time since = t->ts->env->now - t->first_retrans;

	if (t->first_retrans == 0)
		return false;
	if (t->set->user_timeout_ms && since >= t->set->user_timeout_ms * BERTH_MSEC)
		return true;
	return t->backoff >= tries + doublings_spared(t) ||
	       since + t->rto >= tcp_retry_span(t->rto, tries);
}

static void on_syn_timeout(struct tcp *t)
{
	bool last = syn_given_up(t);

	if (t->rare)
		tcp_fast_on_timeout(t, last);
	if (last) {
		time_out(t);
		return;
	}
	if (t->first_retrans == 0)
		t->first_retrans = t->ts->env->now;
	t->backoff++;
	t->total_retrans++;
	if (t->segs->count && !tcp_fast_early(t)) {
		tcp_segs_at(t->segs, 0)->flags |= SEG_EVER;
		tcp_segs_at(t->segs, 0)->sent = t->ts->env->now;
	}
	(void)ip_path_check(t->ts->net, &t->sock.path, t->sock.opt->ifindex); /* as it was, then */
	(void)tcp_send_syn(t, t->state == TCP_SYN_RECV);		      /* as good as lost */
	tcp_wait(t, WAIT_RTO, t->ts->env->now + tcp_rto(t));
}

static void on_rto(struct tcp *t)
{
	if (t->state == TCP_SYN_SENT || t->state == TCP_SYN_RECV) {
		on_syn_timeout(t);
		return;
	}
	if (t->snd_una == t->snd_nxt) {
		tcp_wait_nothing(t);
		return;
	}
	/* Linux: a peer that took its window back, and answers, is waited for. */
	bool waits = t->snd_wnd == 0 && t->ts->env->now - t->last_received < 2 * TCP_RTO_MAX;

	bool last = !waits && given_up(t, tries_max(t));

	if (t->rare)
		tcp_fast_on_timeout(t, last);
	if (last) {
		if (t->orphan)
			tcp_rst_send(t);
		time_out(t);
		return;
	}
	if (t->backoff >= t->ts->env->knobs.tcp_retries1)
		t->sock.path.neigh = NULL;
	(void)ip_path_check(t->ts->net, &t->sock.path, t->sock.opt->ifindex); /* as it was, then */
	if (t->first_retrans &&
	    t->ts->env->now - t->first_retrans >=
		    tcp_retry_span(TCP_RTO_MIN, (unsigned)t->ts->env->knobs.tcp_retries1))
		tcp_mtu_on_timeouts(t);
	tcp_cc_on_timeout(t);
	if (t->first_retrans == 0)
		t->first_retrans = t->ts->env->now;
	/* RFC 6298 §5.4 to §5.6. */
	struct tcp_seg *head = tcp_segs_next_lost(t);

	if (head)
		(void)tcp_retransmit(t, head, t->snd_mss); /* the timer tries again */
	if (t->backoff < 16)
		t->backoff++;
	tcp_wait(t, WAIT_RTO, t->ts->env->now + tcp_rto(t));
}

/* RFC 9293 §3.8.6.1: the window is closed, or what may be sent was held back long enough. */
static void on_persist(struct tcp *t)
{
	if (t->snd_una != t->snd_nxt) {
		tcp_rearm(t);
		return;
	}
	if (!tcp_unsent(t) && !(t->fin_wanted && !t->fin_sent)) {
		tcp_wait_nothing(t);
		return;
	}
	if (tcp_send_forced(t)) {
		t->probes = 0;
		t->backoff = 0;
		return;
	}
	berth_time now = t->ts->env->now;

	if (t->probes == 0)
		t->first_retrans = now;
	bool late = t->set->user_timeout_ms &&
		    now - t->first_retrans >= t->set->user_timeout_ms * BERTH_MSEC;

	if (t->probes > tries_max(t) || (t->probes && late)) {
		if (t->orphan)
			tcp_rst_send(t);
		time_out(t);
		return;
	}
	(void)tcp_send_probe(t); /* as good as lost */
	t->probes++;
	if (t->backoff < 16)
		t->backoff++;
	tcp_wait(t, WAIT_PERSIST, now + tcp_rto(t));
}

static void on_rexmit(struct tcp *t)
{
	berth_time now = t->ts->env->now;

	switch ((enum tcp_wait)t->wait) {
	case WAIT_NONE:
		t->rexmit_at = BERTH_TIME_NEVER;
		break;
	case WAIT_RTO:
		on_rto(t);
		break;
	case WAIT_TLP:
		(void)tcp_tlp_send(t); /* whether or not, the timeout is next */
		tcp_wait(t, WAIT_RTO, now + tcp_rto(t));
		break;
	case WAIT_REORDER: {
		berth_time again = tcp_rack_detect(t);

		tcp_cc_on_loss_found(t);
		if (again)
			tcp_wait(t, WAIT_REORDER, now + again);
		else
			tcp_wait(t, WAIT_RTO, now + tcp_rto(t));
		break;
	}
	case WAIT_PERSIST:
		on_persist(t);
		break;
	}
}

static berth_time keep_idle(const struct tcp *t)
{
	uint32_t s = t->set->keep_idle_s ? t->set->keep_idle_s
					 : (uint32_t)t->ts->env->knobs.tcp_keepalive_time;

	return s * BERTH_SEC;
}

static berth_time keep_interval(const struct tcp *t)
{
	uint32_t s = t->set->keep_interval_s ? t->set->keep_interval_s
					     : (uint32_t)t->ts->env->knobs.tcp_keepalive_intvl;

	return s * BERTH_SEC;
}

static bool keeps_alive(const struct tcp *t)
{
	return t->sock.opt->keepalive && t->was_connected && t->state != TCP_CLOSE &&
	       t->state != TCP_LISTEN;
}

void tcp_slow_at(struct tcp *t, berth_time at)
{
	t->slow_at = at;
	tcp_timer_by(t, at);
}

void tcp_slow_update(struct tcp *t)
{
	berth_time at = BERTH_TIME_NEVER;

	if (t->state == TCP_FIN_WAIT2 && t->orphan)
		return; /* its end is set: tcp_slow_at() */
	if (keeps_alive(t))
		at = t->last_received + keep_idle(t) + t->keep_probes * keep_interval(t);
	t->slow_at = at;
	if (at != BERTH_TIME_NEVER)
		tcp_timer_by(t, at);
}

/* RFC 9293 §3.8.4. */
static void on_keepalive(struct tcp *t)
{
	unsigned max = t->set->keep_count ? t->set->keep_count
					  : (unsigned)t->ts->env->knobs.tcp_keepalive_probes;
	berth_time now = t->ts->env->now;
	berth_time silent = now - t->last_received;

	/* What is in flight asks already. */
	if (t->snd_una != t->snd_nxt || tcp_unsent(t)) {
		t->keep_probes = 0;
		t->slow_at = now + keep_idle(t);
		tcp_timer_by(t, t->slow_at);
		return;
	}
	if (silent < keep_idle(t)) {
		t->keep_probes = 0;
		tcp_slow_update(t);
		return;
	}
	bool late = t->set->user_timeout_ms
			    ? t->keep_probes > 0 && silent >= t->set->user_timeout_ms * BERTH_MSEC
			    : t->keep_probes >= max;

	if (late) {
		tcp_rst_send(t);
		time_out(t);
		return;
	}
	(void)tcp_send_probe(t); /* as good as lost */
	t->keep_probes++;
	t->slow_at = now + keep_interval(t);
	tcp_timer_by(t, t->slow_at);
}

static void on_slow(struct tcp *t)
{
	t->slow_at = BERTH_TIME_NEVER;
	if (t->state == TCP_FIN_WAIT2 && t->orphan)
		tcp_done(t, 0); /* Linux: tcp_fin_timeout; a late FIN is answered with RST */
	else if (keeps_alive(t))
		on_keepalive(t);
}

/* The earliest of the deadlines. */
static berth_time next_deadline(const struct tcp *t)
{
	berth_time at = t->rexmit_at < t->delack_at ? t->rexmit_at : t->delack_at;

	if (tcp_pace_deadline(t) < at)
		at = tcp_pace_deadline(t);
	return at < t->slow_at ? at : t->slow_at;
}

static void on_timer(struct timer *timer)
{
	struct tcp *t = container_of(timer, struct tcp, timer);
	berth_time now = t->ts->env->now;
	bool acted = false;

	if (t->delack_at <= now) {
		t->delack_at = BERTH_TIME_NEVER;
		t->ack_now |= t->ack_delayed;
		acted = true;
	}
	if (t->rexmit_at <= now) {
		on_rexmit(t);
		acted = true;
	}
	if (t->slow_at <= now) {
		on_slow(t);
		acted = true;
	}
	if (tcp_pace_deadline(t) <= now) {
		tcp_pace_due(t);
		acted = true;
	}
	berth_time next = next_deadline(t);

	if (next < BERTH_TIME_NEVER)
		tcp_timer_by(t, next);
	if (acted)
		tcp_settle(t);
}

void tcp_timers_init(struct tcp *t)
{
	timer_init(&t->timer, on_timer);
	t->rexmit_at = BERTH_TIME_NEVER;
	t->delack_at = BERTH_TIME_NEVER;
	t->slow_at = BERTH_TIME_NEVER;
	t->rto = TCP_RTO_INIT;
}

void tcp_timers_stop(struct tcp *t)
{
	timer_disarm(t->ts->env, &t->timer);
	t->rexmit_at = BERTH_TIME_NEVER;
	t->delack_at = BERTH_TIME_NEVER;
	t->slow_at = BERTH_TIME_NEVER;
	t->wait = WAIT_NONE;
}
