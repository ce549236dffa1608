/* SPDX-License-Identifier: MIT */
/* TCP_INFO: see tcp_info.h. */
#include "tcp/tcp_info.h"

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

void tcp_info_fill(const struct tcp *t, struct tcp_info_now *i)
{
	*i = (struct tcp_info_now){.state = t->state};
	i->ca_state = t->ca;
	i->retransmits = t->wait == WAIT_RTO ? t->backoff : 0;
	i->probes = t->probes;
	i->backoff = t->backoff;
	i->options = (uint8_t)((t->agreed.ts ? TCPI_OPT_TIMESTAMPS : 0) |
			       (t->agreed.sack ? TCPI_OPT_SACK : 0) |
			       (t->agreed.wscale ? TCPI_OPT_WSCALE : 0));
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
	i->pacing_rate = UINT64_MAX;
	i->max_pacing_rate = UINT64_MAX;
	i->bytes_acked = t->sndq.begin;
	i->bytes_received = t->rcvq.end;
	i->segs_out = t->segs_out;
	i->segs_in = t->segs_in;
	i->notsent_bytes = t->state == TCP_CLOSE || t->state == TCP_LISTEN ? 0 : tcp_unsent(t);
	i->min_rtt = microseconds(t->rtt_min);
	i->data_segs_in = t->data_segs_in;
	i->data_segs_out = t->data_segs_out;
	i->delivered = segments(t, t->delivered);
	i->bytes_sent = t->bytes_sent;
	i->bytes_retrans = t->bytes_retrans;
	i->dsack_dups = t->dsack_dups;
	i->reord_seen = t->reord_seen;
	i->snd_wnd = t->snd_wnd;
	i->rcv_wnd = t->rcv_wnd;
}
