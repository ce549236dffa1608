/* SPDX-License-Identifier: MIT */
/*
 * TCP_INFO: see tcp_info.h. Most is read off the control block; what is measured besides is how
 * long there was something to send, and what held it up (Linux's chronographs, in milliseconds),
 * and the rate of delivery: bytes newly acknowledged or SACKed in the last round trip that carried
 * data. Pacing rates are what Linux would pace with, which we do not.
 */
#include "tcp/tcp_info.h"

#include "base/env.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_timer.h"

static uint32_t milliseconds_since(const struct tcp *t, berth_time then)
{
	return then ? (uint32_t)((t->ts->env->now - then) / BERTH_MSEC) : 0;
}

static uint32_t microseconds(berth_time ns)
{
	return (uint32_t)(ns / BERTH_USEC);
}

static uint32_t segments(const struct tcp *t, uint64_t bytes)
{
	uint32_t mss = t->snd_mss ? t->snd_mss : TCP_DEFAULT_MSS;

	return (uint32_t)((bytes + mss - 1) / mss);
}

static uint32_t retransmitted_bytes(const struct tcp *t)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < t->segs->count; i++) {
		const struct tcp_seg *s = tcp_segs_at(t->segs, i);

		bytes += s->flags & SEG_RETRANS ? s->bytes : 0;
	}
	return bytes;
}

static uint32_t now_ms(const struct tcp *t)
{
	return (uint32_t)(t->ts->env->now / BERTH_MSEC);
}

/* Linux: a window that does not hold the next segment, while the congestion window would. */
static bool window_limits(const struct tcp *t)
{
	uint32_t unsent = tcp_unsent(t);
	uint32_t wanted = unsent < t->snd_mss ? unsent : t->snd_mss;
	uint32_t edge = t->snd_una + t->snd_wnd;
	uint32_t window = seq_gt(edge, t->snd_nxt) ? edge - t->snd_nxt : 0;

	return window < wanted && tcp_pipe(t) < t->cwnd;
}

static enum tcp_chrono waits_for(const struct tcp *t)
{
	if (viewq_bytes(&t->sndq) == 0)
		return TCP_CHRONO_NONE;
	if (tcp_unsent(t) == 0)
		return t->nospace ? TCP_CHRONO_SNDBUF : TCP_CHRONO_BUSY;
	return window_limits(t) ? TCP_CHRONO_RWND : TCP_CHRONO_BUSY;
}

void tcp_chrono_update(struct tcp *t)
{
	enum tcp_chrono now = waits_for(t);

	if (now == t->chrono)
		return;
	if (t->chrono != TCP_CHRONO_NONE)
		t->chrono_ms[t->chrono] += now_ms(t) - t->chrono_ms[TCP_CHRONO_NONE];
	t->chrono_ms[TCP_CHRONO_NONE] = now_ms(t);
	t->chrono = (uint8_t)now;
}

/* Microseconds, with those that are running. */
static uint64_t chrono_us(const struct tcp *t, enum tcp_chrono which)
{
	uint64_t ms = t->chrono_ms[which];

	if (t->chrono == which)
		ms += now_ms(t) - t->chrono_ms[TCP_CHRONO_NONE];
	return ms * 1000;
}

void tcp_rate_sample(struct tcp *t)
{
	struct tcp_segs *q = t->segs;
	berth_time elapsed = t->ts->env->now - q->rate_at;
	uint64_t rate;

	if (q->capacity == 0 || elapsed < t->srtt || elapsed <= 0)
		return;
	rate = (uint64_t)(t->delivered - q->rate_delivered) * BERTH_SEC / (uint64_t)elapsed /
	       TCP_RATE_UNIT;
	t->delivery_rate = rate < UINT32_MAX ? (uint32_t)rate : UINT32_MAX;
	q->rate_at = t->ts->env->now;
	q->rate_delivered = t->delivered;
}

/* Linux: tcp_update_pacing_rate(): twice the window a round trip in slow start, else 1.2 times. */
static uint64_t pacing_rate(const struct tcp *t)
{
	uint64_t most = t->sock.opt->max_pacing_rate;
	uint32_t out = t->snd_nxt - t->snd_una;
	uint64_t bytes = t->cwnd > out ? t->cwnd : out;
	uint64_t rate;

	if (!t->srtt)
		return most;
	bytes = t->cwnd < t->ssthresh / 2 ? bytes * 2 : bytes * 6 / 5;
	rate = bytes * BERTH_SEC / (uint64_t)t->srtt;
	return rate < most ? rate : most;
}

void tcp_info_fill(const struct tcp *t, struct tcp_info_now *i)
{
	*i = (struct tcp_info_now){.state = t->state};
	i->ca_state = t->ca;
	i->retransmits = t->wait == WAIT_RTO ? t->backoff : 0;
	i->probes = t->probes;
	i->backoff = t->backoff;
	i->options = (uint8_t)((t->agreed.ts ? TCPI_OPT_TIMESTAMPS : 0) |
			       (t->agreed.sack ? TCPI_OPT_SACK : 0) |
			       (t->agreed.wscale ? TCPI_OPT_WSCALE : 0) |
			       (t->agreed.ecn ? TCPI_OPT_ECN : 0) |
			       (t->ecn & TCP_ECN_SEEN ? TCPI_OPT_ECN_SEEN : 0) |
			       (t->rare && t->rare->fast.acked ? TCPI_OPT_SYN_DATA : 0));
	/* The kernel's bit-fields: one for app-limited rates, then two. */
	i->app_limited = (uint8_t)(t->rare ? t->rare->fast.fail << 1 : 0);
	/* The kernel's two bit-fields of four: ours for what is sent, then for what is received. */
	i->wscale = (uint8_t)(t->agreed.snd_wscale | t->agreed.rcv_wscale << 4);
	i->rto = microseconds(tcp_rto(t));
	i->ato = microseconds(TCP_DELACK);
	i->snd_mss = t->snd_mss ? t->snd_mss : TCP_DEFAULT_MSS;
	i->rcv_mss = t->rcv_mss ? t->rcv_mss : TCP_DEFAULT_MSS;
	i->unacked = segments(t, t->snd_nxt - t->snd_una);
	i->sacked = segments(t, t->sacked_bytes);
	i->lost = segments(t, t->lost_bytes);
	i->retrans = segments(t, retransmitted_bytes(t));
	i->last_data_sent = milliseconds_since(t, t->last_sent);
	i->last_data_recv = milliseconds_since(t, t->last_data);
	i->last_ack_recv = milliseconds_since(t, t->last_received);
	i->pmtu = t->sock.path.mtu;
	i->rcv_ssthresh = t->sock.rcvbuf / 2;
	i->rtt = microseconds(t->srtt);
	i->rttvar = microseconds(t->rttvar);
	i->snd_ssthresh =
		t->ssthresh < UINT32_MAX && t->snd_mss ? t->ssthresh / t->snd_mss : 0x7fffffff;
	i->snd_cwnd = t->snd_mss ? t->cwnd / t->snd_mss : TCP_INIT_CWND;
	i->advmss = tcp_mss_to_offer(t) - (t->agreed.ts ? 12u : 0u);
	i->reordering = TCP_DUP_THRESH;
	i->rcv_rtt = microseconds(t->srtt);
	i->rcv_space = t->drs_space;
	i->total_retrans = t->total_retrans;
	i->pacing_rate = pacing_rate(t);
	i->max_pacing_rate = t->sock.opt->max_pacing_rate;
	i->bytes_acked = t->sndq.begin;
	i->bytes_received = t->rcvq.end;
	i->segs_out = t->segs_out;
	i->segs_in = t->segs_in;
	i->notsent_bytes = t->was_connected && t->state != TCP_CLOSE ? tcp_unsent(t) : 0;
	i->min_rtt = microseconds(t->rtt_min);
	i->data_segs_in = t->data_segs_in;
	i->data_segs_out = t->data_segs_out;
	i->delivery_rate = (uint64_t)t->delivery_rate * TCP_RATE_UNIT;
	i->rwnd_limited = chrono_us(t, TCP_CHRONO_RWND);
	i->sndbuf_limited = chrono_us(t, TCP_CHRONO_SNDBUF);
	i->busy_time = chrono_us(t, TCP_CHRONO_BUSY) + i->rwnd_limited + i->sndbuf_limited;
	i->rcv_ooopack = t->rcv_ooopack;
	i->delivered = segments(t, t->delivered);
	i->delivered_ce = t->rare ? segments(t, t->rare->delivered_ce) : 0;
	i->bytes_sent = t->bytes_sent;
	i->bytes_retrans = t->bytes_retrans;
	i->dsack_dups = t->dsack_dups;
	i->reord_seen = t->reord_seen;
	i->snd_wnd = t->snd_wnd;
	i->rcv_wnd = t->rcv_wnd;
}
