/* SPDX-License-Identifier: MIT */
/*
 * The options of level IPPROTO_TCP, with Linux's names, ranges and errors, and TCP_INFO.
 *
 * struct tcp_info has grown over the years, and callers pass the size they know; so it is written
 * here as the kernel lays it out (tools' headers differ), and as much as fits is copied. What is
 * not measured here is zero.
 */
#include "tcp/tcp_usr.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "tcp/tcp_cc.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_timer.h"

#define KEEPIDLE_MAX 32767
#define KEEPINTVL_MAX 32767
#define KEEPCNT_MAX 127
#define SYNCNT_MAX 127
#define MSS_MAX 32767
#define FIN_TIMEOUT_MAX 120
#define CC_NAME_BYTES 16

/* Options that some C libraries' headers lack. */
enum {
	OPT_TIMESTAMP = 24,
	OPT_NOTSENT_LOWAT = 25,
	OPT_CC_INFO = 26,
	OPT_SAVE_SYN = 27,
	OPT_ULP = 31,
	OPT_FASTOPEN_CONNECT = 30,
	OPT_FASTOPEN_NO_COOKIE = 34,
	OPT_INQ = 36,
	OPT_TX_DELAY = 37,
};

/* As the kernel's struct tcp_info. */
struct info {
	uint8_t state, ca_state, retransmits, probes, backoff, options, wscale, app_limited;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space, total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans;
	uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
	uint32_t rcv_wnd, rehash;
};
STATIC_ASSERT(offsetof(struct info, pacing_rate) == 104);
STATIC_ASSERT(offsetof(struct info, rcv_wnd) == 232);

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

static void fill_info(const struct tcp *t, struct info *i)
{
	*i = (struct info){.state = t->state};
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

static int set_congestion(struct tcp *t, const char *name, socklen_t len)
{
	size_t bytes = strnlen(name, len < CC_NAME_BYTES ? len : CC_NAME_BYTES);
	const struct tcp_cc *cc = tcp_cc_find(name, bytes);

	if (!cc)
		return -ENOENT;
	if (cc != t->cc) {
		t->cc = cc;
		if (t->state != TCP_CLOSE && t->state != TCP_LISTEN)
			cc->init(t);
	}
	return 0;
}

static bool within(int value, int low, int high)
{
	return value >= low && value <= high;
}

static int set_number(uint32_t *where, int value, int low, int high)
{
	if (!within(value, low, high))
		return -EINVAL;
	*where = (uint32_t)value;
	return 0;
}

/* Nagle or cork were lifted: what they held back may go. */
static void push(struct tcp *t)
{
	if (t->state != TCP_CLOSE && t->state != TCP_LISTEN)
		tcp_settle(t);
}

/* Retries that `seconds` of waiting between SYN+ACKs make (Linux: secs_to_retrans). */
static uint8_t retries_of(int seconds)
{
	uint8_t n = 0;
	int64_t span = 0;
	int64_t step = TCP_RTO_INIT / BERTH_SEC;

	while (seconds > span && n < UINT8_MAX) {
		span += step;
		step = step * 2 < TCP_RTO_MAX / BERTH_SEC ? step * 2 : TCP_RTO_MAX / BERTH_SEC;
		n++;
	}
	return n;
}

static int seconds_of(uint8_t retries)
{
	int64_t span = 0;
	int64_t step = TCP_RTO_INIT / BERTH_SEC;

	for (; retries; retries--) {
		span += step;
		step = step * 2 < TCP_RTO_MAX / BERTH_SEC ? step * 2 : TCP_RTO_MAX / BERTH_SEC;
	}
	return (int)span;
}

static int set_keepalive(struct tcp *t, int name, int v)
{
	uint32_t count = 0;
	int error;

	if (name == TCP_KEEPIDLE) {
		error = set_number(&t->keep_idle_s, v, 1, KEEPIDLE_MAX);
	} else if (name == TCP_KEEPINTVL) {
		error = set_number(&t->keep_interval_s, v, 1, KEEPINTVL_MAX);
	} else {
		error = set_number(&count, v, 1, KEEPCNT_MAX);
		if (error == 0)
			t->keep_count = (uint8_t)count;
	}
	if (error == 0 && t->sock.opt->keepalive)
		tcp_slow_update(t);
	return error;
}

/* Options that only say how to send. */
static int set_sending(struct tcp *t, int name, int v)
{
	switch (name) {
	case TCP_NODELAY:
		t->nodelay = v != 0;
		if (v)
			push(t);
		return 0;
	case TCP_CORK:
		t->cork = v != 0;
		if (!v)
			push(t);
		return 0;
	case TCP_MAXSEG:
		/* Linux: 0 takes the limit away. */
		if (v && !within(v, (int)TCP_MSS_MIN, MSS_MAX))
			return -EINVAL;
		t->user_mss = (uint16_t)v;
		return 0;
	case OPT_NOTSENT_LOWAT:
		t->notsent_lowat = (uint32_t)v;
		if (t->state != TCP_LISTEN)
			sock_notify(&t->sock, POLLOUT);
		return 0;
	default:
		if (v < 0)
			return -EINVAL;
		t->user_timeout_ms = (uint32_t)v;
		return 0;
	}
}

/* Options that only say how to receive. */
static int set_receiving(struct tcp *t, int name, int v)
{
	if (name == TCP_QUICKACK) {
		t->quickack_mode = v != 0;
		t->interactive = v == 0;
		if (v && t->ack_delayed) {
			t->ack_now = true;
			push(t);
		}
		return 0;
	}
	if (v == 0) {
		if (t->state != TCP_CLOSE)
			return -EINVAL;
		t->window_clamp = UINT32_MAX;
	} else {
		/* Linux: no less than SOCK_MIN_RCVBUF / 2. */
		t->window_clamp = v < 1152 ? 1152 : (uint32_t)v;
	}
	return 0;
}

int tcp_setopt(struct sock *s, int level, int name, const void *value, socklen_t len)
{
	struct tcp *t = tcp_of(s);
	uint32_t count = 0;
	int v;
	int error;

	if (level != IPPROTO_TCP)
		return -ENOPROTOOPT;
	if (name == TCP_CONGESTION)
		return len < 1 ? -EINVAL : set_congestion(t, value, len);
	if (name == OPT_ULP)
		return -ENOENT; /* Linux without the tls module */
	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	switch (name) {
	case TCP_NODELAY:
	case TCP_CORK:
	case TCP_MAXSEG:
	case OPT_NOTSENT_LOWAT:
	case TCP_USER_TIMEOUT:
		return set_sending(t, name, v);
	case TCP_QUICKACK:
	case TCP_WINDOW_CLAMP:
		return set_receiving(t, name, v);
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
	case TCP_KEEPCNT:
		return set_keepalive(t, name, v);
	case TCP_SYNCNT:
		error = set_number(&count, v, 1, SYNCNT_MAX);
		if (error == 0)
			t->syn_retries = (uint8_t)count;
		return error;
	case TCP_LINGER2:
		t->linger2_s = v < 0 ? -1 : v > FIN_TIMEOUT_MAX ? FIN_TIMEOUT_MAX : v;
		return 0;
	case TCP_DEFER_ACCEPT:
		t->defer_accept = retries_of(v);
		return 0;
	case TCP_FASTOPEN:
	case OPT_FASTOPEN_CONNECT:
	case OPT_FASTOPEN_NO_COOKIE:
		/* Accepted; the connection opens without it. */
		if (v < 0)
			return -EINVAL;
		t->fastopen = v > UINT8_MAX ? UINT8_MAX : (uint8_t)v;
		return 0;
	case OPT_TIMESTAMP:
	case OPT_SAVE_SYN:
	case OPT_TX_DELAY:
	case OPT_INQ:
		return within(v, 0, 1) ? 0 : -EINVAL;
	default:
		return -ENOPROTOOPT;
	}
}

static int give(const void *from, size_t bytes, void *value, socklen_t *len)
{
	socklen_t n = *len < bytes ? *len : (socklen_t)bytes;

	memcpy(value, from, n);
	*len = n;
	return 0;
}

/* The value of an option that is a number. False: no such option. */
static bool number_of(const struct tcp *t, int name, int *out)
{
	const struct knobs *k = &t->ts->env->knobs;

	switch (name) {
	case TCP_NODELAY:
		*out = t->nodelay;
		return true;
	case TCP_CORK:
		*out = t->cork;
		return true;
	case TCP_MAXSEG:
		*out = t->state == TCP_CLOSE || t->state == TCP_LISTEN
			       ? t->user_mss ? t->user_mss : (int)TCP_DEFAULT_MSS
			       : (int)t->snd_mss;
		return true;
	case TCP_KEEPIDLE:
		*out = t->keep_idle_s ? (int)t->keep_idle_s : k->tcp_keepalive_time;
		return true;
	case TCP_KEEPINTVL:
		*out = t->keep_interval_s ? (int)t->keep_interval_s : k->tcp_keepalive_intvl;
		return true;
	case TCP_KEEPCNT:
		*out = t->keep_count ? t->keep_count : k->tcp_keepalive_probes;
		return true;
	case TCP_SYNCNT:
		*out = t->syn_retries ? t->syn_retries : k->tcp_syn_retries;
		return true;
	case TCP_LINGER2:
		*out = t->linger2_s ? t->linger2_s : k->tcp_fin_timeout;
		return true;
	case TCP_DEFER_ACCEPT:
		*out = seconds_of(t->defer_accept);
		return true;
	case TCP_WINDOW_CLAMP:
		*out = t->window_clamp == UINT32_MAX ? 0 : (int)t->window_clamp;
		return true;
	case TCP_QUICKACK:
		*out = !t->interactive;
		return true;
	case TCP_USER_TIMEOUT:
		*out = (int)t->user_timeout_ms;
		return true;
	case OPT_NOTSENT_LOWAT:
		*out = (int)t->notsent_lowat;
		return true;
	case TCP_FASTOPEN:
	case OPT_FASTOPEN_CONNECT:
	case OPT_FASTOPEN_NO_COOKIE:
		*out = t->fastopen;
		return true;
	case OPT_TIMESTAMP:
		*out = (int)tcp_clock_ms(t);
		return true;
	case OPT_SAVE_SYN:
	case OPT_TX_DELAY:
	case OPT_INQ:
		*out = 0;
		return true;
	default:
		return false;
	}
}

int tcp_getopt(struct sock *s, int level, int name, void *value, socklen_t *len)
{
	struct tcp *t = tcp_of(s);
	struct info info;
	int v;

	if (level != IPPROTO_TCP)
		return -ENOPROTOOPT;
	if (name == TCP_INFO) {
		fill_info(t, &info);
		return give(&info, sizeof(info), value, len);
	}
	if (name == TCP_CONGESTION) {
		char text[CC_NAME_BYTES] = {0};

		memcpy(text, t->cc->name, strlen(t->cc->name));
		return give(text, sizeof(text), value, len);
	}
	if (name == OPT_ULP) {
		*len = 0;
		return 0;
	}
	if (!number_of(t, name, &v))
		return -ENOPROTOOPT;
	return give(&v, sizeof(v), value, len);
}

void tcp_option_changed(struct sock *s, int level, int name)
{
	struct tcp *t = tcp_of(s);

	if (level != SOL_SOCKET)
		return;
	if (name == SO_KEEPALIVE) {
		if (t->state != TCP_LISTEN)
			tcp_slow_update(t);
	} else if (name == SO_SNDBUF) {
		if (t->state != TCP_LISTEN)
			sock_notify(s, POLLOUT);
	} else if (name == SO_RCVLOWAT) {
		/* Linux: the buffer must be able to hold as much. */
		uint64_t need = (uint64_t)s->opt->rcvlowat * 2;

		if (!s->opt->rcvbuf_locked && need > s->rcvbuf)
			s->rcvbuf = need < t->ts->env->limits.tcp_rmem_max
					    ? (uint32_t)need
					    : t->ts->env->limits.tcp_rmem_max;
		if (t->state != TCP_LISTEN && tcp_readable(t))
			sock_notify(s, POLLIN);
	}
}
