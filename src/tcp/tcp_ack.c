/* SPDX-License-Identifier: MIT */
/*
 * What the ACK field, the window and the SACK blocks of a segment mean: bytes leave the send queue,
 * round-trip times are measured, losses found, windows grown or cut (tcp_cc.c), timers moved.
 *
 * RFC 9293 §3.10.7.4 (fifth), RFC 5961 §5 (ACKs out of range), RFC 7323 §4 (RTT from timestamps),
 * RFC 6298 §5.
 */
#include "tcp/tcp_ack.h"

#include "tcp/tcp_cc.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_info.h"
#include "tcp/tcp_mtu_probe.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_rack.h"
#include "tcp/tcp_rst.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_stamp.h"
#include "tcp/tcp_timer.h"

/* Linux: the window that a send buffer of this size would need, packets counted with their
 * overhead. */
void tcp_sndbuf_expand(struct tcp *t)
{
	uint32_t max = t->ts->env->limits.tcp_wmem_max;
	uint64_t per_mss = 1;
	uint32_t packets = t->cwnd / t->snd_mss;

	if (t->sock.opt->sndbuf_locked || t->sock.sndbuf >= max)
		return;
	while (per_mss < t->snd_mss + 320u)
		per_mss *= 2;
	per_mss += 256;
	if (packets < TCP_INIT_CWND)
		packets = TCP_INIT_CWND;
	uint64_t want = 2 * packets * per_mss;

	if (want > max)
		want = max;
	if (want > t->sock.sndbuf)
		t->sock.sndbuf = (uint32_t)want;
}

/* RFC 9293 §3.10.7.4: newer segments say what the window is. */
static bool update_window(struct tcp *t, const struct tcp_in *in)
{
	uint32_t window = (uint32_t)in->h.window << t->agreed.snd_wscale;
	uint32_t ack = in->h.ack;
	bool changed = window != t->snd_wnd;

	if (!(seq_gt(ack, t->snd_una) || seq_gt(in->h.seq, t->snd_wl1) ||
	      (in->h.seq == t->snd_wl1 && (window > t->snd_wnd || window == 0))))
		return false;
	t->snd_wl1 = in->h.seq;
	t->snd_wnd = window;
	if (window > t->snd_wnd_max) {
		t->snd_wnd_max = window;
		tcp_update_mss(t);
	}
	return changed;
}

/* Bytes up to `ack` leave the send queue; SYN and FIN are no bytes. */
static void consume_sent(struct tcp *t, uint32_t ack)
{
	uint32_t bytes = ack - t->snd_una;
	uint64_t queued = viewq_bytes(&t->sndq);

	if (t->fin_sent && ack == t->snd_nxt) {
		t->fin_acked = true;
		bytes--;
	}
	if (bytes > queued)
		bytes = (uint32_t)queued;
	t->snd_una = ack;
	if (tcp_stamp_waits(t))
		tcp_stamp_acked(t);
	if (bytes == 0)
		return;
	viewq_consume(&t->sndq, t->ts->env, bytes);
	tcp_unhold(t, bytes);
}

/* There may be room in the send buffer again. */
static void on_send_space(struct tcp *t)
{
	uint64_t queued = viewq_bytes(&t->sndq);

	if (t->cwnd_limited || t->cwnd > t->sock.sndbuf / 2)
		tcp_sndbuf_expand(t);
	if (t->nospace && t->sock.sndbuf > queued && t->sock.sndbuf - queued >= queued / 2) {
		t->nospace = false;
		sock_notify(&t->sock, POLLOUT);
	}
}

static void measure_rtt(struct tcp *t, struct tcp_acked *a)
{
	/* RFC 6298 §3, and more: what lay behind a hole was acknowledged when the hole was filled,
	 * not when it arrived. */
	berth_time rtt = a->rtt >= 0 && !a->retransmitted ? a->rtt : -1;

	/* RFC 7323 §4.1: after a retransmission only the echoed timestamp tells which was answered.
	 */
	if (rtt < 0 && !(a->acked && a->has_tsecr)) {
		rtt = a->sack_rtt;
	} else if (rtt < 0 && a->tsecr) {
		uint32_t ms = tcp_clock_ms(t) - a->tsecr;

		if (ms < 600000)
			rtt = ms ? ms * BERTH_MSEC : BERTH_MSEC / 2;
	}
	tcp_rtt_sample(t, rtt);
}

/* RFC 5961 §5: an ACK too old or of what was never sent is answered and dropped. */
static bool acceptable(struct tcp *t, uint32_t ack)
{
	if (seq_gt(ack, t->snd_nxt)) {
		drop(t->ts->env, DROP_TCP_ACK);
		tcp_challenge(t);
		return false;
	}
	if (seq_lt(ack, t->snd_una)) {
		uint32_t oldest = t->snd_una - (t->snd_wnd_max > TCP_WINDOW_MAX ? t->snd_wnd_max
										: TCP_WINDOW_MAX);

		if (seq_lt(ack, oldest)) {
			drop(t->ts->env, DROP_TCP_ACK);
			tcp_challenge(t);
			return false;
		}
	}
	return true;
}

static struct tcp_acked acked_of(const struct tcp *t, const struct tcp_in *in)
{
	return (struct tcp_acked){
		.prior_una = t->snd_una,
		.rtt = -1,
		.sack_rtt = -1,
		.tsecr = in->h.options.ts_ecr,
		.has_tsecr = in->h.options.has_ts && t->agreed.ts,
		.ece = t->agreed.ecn && (in->h.flags & (TCPF_ECE | TCPF_SYN)) == TCPF_ECE,
	};
}

/* New data was acknowledged: things move, patience starts anew. */
static void on_progress(struct tcp *t, struct tcp_acked *a)
{
	t->delivered += a->delivered;
	t->first_retrans = 0;
	t->sock.soft_error = 0;
	t->backoff = 0;
	if (seq_gt(t->snd_una, t->rack_fack))
		t->rack_fack = t->snd_una;
	measure_rtt(t, a);
	if (t->rare)
		tcp_mtu_on_ack(t);
	tcp_rate_sample(t);
	tcp_rearm(t);
	on_send_space(t);
}

void tcp_ack_fast(struct tcp *t, const struct tcp_in *in)
{
	struct tcp_acked a = acked_of(t, in);

	a.acked = in->h.ack - t->snd_una;
	tcp_segs_acked(t, in->h.ack, &a);
	t->snd_wl1 = in->h.seq;
	consume_sent(t, in->h.ack);
	if (t->tlp_pending)
		tcp_tlp_input(t, in->h.ack, &a);
	if (t->cwnd_limited || t->cwnd < t->ssthresh || t->ca != CA_OPEN)
		tcp_cc_on_ack(t, &a);
	on_progress(t, &a);
}

bool tcp_ack_input(struct tcp *t, const struct tcp_in *in)
{
	uint32_t ack = in->h.ack;

	if (!acceptable(t, ack))
		return false;
	struct tcp_acked a = acked_of(t, in);
	bool outstanding = t->snd_nxt != t->snd_una;
	bool old = seq_lt(ack, t->snd_una);
	bool window_changed = false;

	t->probes = 0;
	if (!old)
		window_changed = update_window(t, in);
	if (outstanding)
		tcp_sack_input(t, &in->h, &a);
	if (old) {
		a.ece = false;
		if (a.new_sack || a.dsack)
			tcp_cc_on_ack(t, &a);
		return true;
	}
	a.acked = ack - t->snd_una;
	/* RFC 5681 §2. */
	a.duplicate = a.acked == 0 && outstanding && in->bytes == 0 && !window_changed &&
		      !(in->h.flags & (TCPF_SYN | TCPF_FIN));
	if (a.acked) {
		tcp_segs_acked(t, ack, &a);
		consume_sent(t, ack);
	}
	if (t->tlp_pending)
		tcp_tlp_input(t, ack, &a);
	if (a.acked)
		on_progress(t, &a);
	else if (a.new_sack)
		measure_rtt(t, &a);
	if (a.ece)
		tcp_ecn_count(t, a.delivered);
	if (outstanding)
		tcp_cc_on_ack(t, &a);
	/* A window that opened ends the probing. */
	if (t->wait == WAIT_PERSIST && window_changed && t->snd_wnd) {
		t->backoff = 0;
		t->first_retrans = 0;
		tcp_wait_nothing(t);
	}
	if (a.acked)
		ip_path_confirm(t->ts->net, &t->sock.path);
	return true;
}
