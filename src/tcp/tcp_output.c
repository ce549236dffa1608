/* SPDX-License-Identifier: MIT */
/*
 * What leaves: data, retransmissions, ACKs, probes.
 *
 * tcp_output() decides, at the end of every event, what may be sent now: first what is thought
 * lost, then new data, as far as the congestion window (bytes in flight, RFC 6675 §4 "pipe"), the
 * peer's window and Nagle's rule allow, then an ACK if one is due and no data carried it. A packet
 * holds views of the send queue's bytes, so nothing is copied; where the interface takes
 * super-packets, one packet holds many segments. Segments sent in one instant share one record in
 * the scoreboard (tcp_sack.c cuts it when it must).
 *
 * An interface without room stops output; the connection waits on ts->blocked for
 * tcp_on_tx_space(). A packet that could not be built for want of memory is not sent and not
 * recorded; the retransmission timer, armed all the same, tries again.
 *
 * RFC 9293 §3.8.6.2.1 (silly windows at the sender), §3.7.4 (Nagle), RFC 5681 §4.1 (restart after
 * idle).
 */
#include "tcp/tcp_output.h"

#include <errno.h>
#include <netinet/in.h>

#include "link/netif.h"
#include "tcp/tcp_cc.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_fastopen.h"
#include "tcp/tcp_mtu_probe.h"
#include "tcp/tcp_pace.h"
#include "tcp/tcp_rack.h"
#include "tcp/tcp_reass.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_stamp.h"
#include "tcp/tcp_timer.h"

#define SUPER_BYTES_MAX 65000u

uint32_t tcp_clock_ms(const struct tcp *t)
{
	return (uint32_t)(t->ts->env->now / BERTH_MSEC) + t->ts_offset;
}

/* Bytes that may be received and held: half of the buffer, as Linux counts (tcp_adv_win_scale 1).
 */
uint32_t tcp_rcv_space(const struct tcp *t)
{
	uint64_t full = t->sock.rcvbuf / 2;
	uint64_t used = viewq_bytes(&t->rcvq);

	return full > used ? (uint32_t)(full - used) : 0;
}

/* RFC 9293 §3.8.6.2.2: the window's right edge never moves back, and forward only in steps worth a
 * segment. */
uint32_t tcp_window_to_offer(const struct tcp *t)
{
	uint32_t full = t->sock.rcvbuf / 2;
	uint32_t space = tcp_rcv_space(t);
	uint32_t offered = t->rcv_acked + t->rcv_wnd;
	uint32_t current = seq_gt(offered, t->rcv_nxt) ? offered - t->rcv_nxt : 0;
	uint32_t mss = t->rcv_mss < full ? t->rcv_mss : full;
	uint32_t window = space < t->set->window_clamp ? space : t->set->window_clamp;
	uint32_t ceiling = TCP_WINDOW_MAX << t->agreed.rcv_wscale;

	if (space < full / 2 && (space < full / 16 || space < mss))
		window = 0;
	if (window > ceiling)
		window = ceiling;
	/* Only whole units of the field are offered anew. */
	uint32_t unit = 1u << t->agreed.rcv_wscale;

	window = window & ~(unit - 1);
	return window > current ? window : current;
}

/* The window field of a segment sent now; remembers what it promises. */
static uint16_t take_window(struct tcp *t)
{
	uint32_t window = tcp_window_to_offer(t);
	/* Up: what is left of an earlier offer need not be whole units, and is not taken back. */
	uint32_t unit_up = (1u << t->agreed.rcv_wscale) - 1;
	uint32_t field = (window + unit_up) >> t->agreed.rcv_wscale;

	if (field > TCP_WINDOW_MAX)
		field = TCP_WINDOW_MAX;
	t->rcv_acked = t->rcv_nxt;
	t->rcv_wnd = field << t->agreed.rcv_wscale;
	return (uint16_t)field;
}

/* What every segment after the SYN carries. */
static void fill_header(struct tcp *t, struct tcp_header *h, uint32_t seq, uint8_t flags)
{
	tcp_options_init(&h->options);
	h->src_port = t->sock.local.port;
	h->dst_port = t->sock.remote.port;
	h->seq = seq;
	h->flags = flags;
	h->ack = flags & TCPF_ACK ? t->rcv_nxt : 0;
	h->urgent = 0;
	if (t->agreed.ts) {
		h->options.has_ts = true;
		h->options.ts_val = tcp_clock_ms(t);
		h->options.ts_ecr = t->ts_recent;
	}
	if (flags & TCPF_SYN)
		return;
	h->window = take_window(t);
	if (t->ecn & TCP_ECN_DEMAND)
		h->flags |= TCPF_ECE;
	/* RFC 9293 §3.8.5: the pointer is to the byte after the urgent one, as everyone has it. */
	if (seq_gt(t->snd_up, seq) && t->snd_up - seq <= UINT16_MAX) {
		h->flags |= TCPF_URG;
		h->urgent = (uint16_t)(t->snd_up - seq);
	}
}

/* RFC 2018 §4, RFC 2883 §4: what we have beyond rcv_nxt, in ACKs only. */
static void fill_sacks(struct tcp *t, struct tcp_header *h)
{
	struct tcp_reass *r = t->reass;
	uint8_t room = t->agreed.ts ? 3 : 4;
	uint8_t n = 0;

	if (!t->agreed.sack || (!r->dsack_pending && r->sacks_count == 0))
		return;
	if (r->dsack_pending) {
		h->options.sacks[n++] = (struct tcp_sack_block){r->dsack.start, r->dsack.end};
		r->dsack_pending = false;
	}
	for (uint8_t i = 0; i < r->sacks_count && n < room; i++)
		h->options.sacks[n++] = (struct tcp_sack_block){r->sacks[i].start, r->sacks[i].end};
	h->options.sack_count = n;
	tcp_reass_settle(t);
}

/* Puts the header before the payload and sends it, the ECN field of IP's being `ect`. Consumes `p`.
 */
static int transmit(struct tcp *t, struct berth_packet *p, const struct tcp_header *h, uint8_t ect)
{
	struct ip_send how = {
		.protocol = IPPROTO_TCP,
		.df = t->sock.opt->pmtudisc != IP_PMTUDISC_DONT,
	};

	sock_fill_send(&t->sock, &t->sock.path, &how);
	how.tos |= ect; /* options of streams leave these bits alone */

	size_t bytes = TCP_HEADER_BYTES + tcp_options_bytes(&h->options);
	uint32_t payload = (uint32_t)packet_bytes(p);

	(void)tcp_write(packet_push(p, bytes), h); /* as many bytes as were made room for */
	p->csum = CSUM_PARTIAL;
	p->l4_protocol = IPPROTO_TCP;
	p->l4_off = p->head_off;
	if (h->flags & TCPF_ACK) {
		t->ack_now = false;
		t->ack_delayed = false;
		t->delack_at = BERTH_TIME_NEVER;
		if (t->quick_acks)
			t->quick_acks--;
	}
	t->segs_out++;
	if (payload && tcp_stamp_waits(t))
		tcp_stamp_sent(t, h->seq, payload, p, &how);
	if (payload && tcp_paced(t))
		tcp_pace_sent(t, payload);
	return ip_output(t->ts->net, p, &t->sock.path, &how);
}

int tcp_send_ack(struct tcp *t)
{
	struct berth_packet *p = packet_new(t->ts->env->pool);
	struct tcp_header h;

	if (!p) {
		/* Linux: an ACK that could not be built is tried again later. */
		tcp_delay_ack(t, t->ts->env->now + TCP_RTO_MIN);
		return -ENOMEM;
	}
	fill_header(t, &h, t->snd_nxt, TCPF_ACK);
	fill_sacks(t, &h);
	return transmit(t, p, &h, 0);
}

int tcp_send_probe(struct tcp *t)
{
	struct berth_packet *p = packet_new(t->ts->env->pool);
	struct tcp_header h;

	if (!p)
		return -ENOMEM;
	/* RFC 9293 §3.8.4, §3.8.6.1: a byte the peer has had, so that it must answer. */
	fill_header(t, &h, t->snd_una - 1, TCPF_ACK);
	return transmit(t, p, &h, 0);
}

/* Linux: whole segments, in the 16 bits there are. */
uint32_t tcp_first_window(const struct sock *s, uint32_t mss)
{
	uint32_t space = s->rcvbuf / 2;

	if (space > tcp_of_const(s)->set->window_clamp)
		space = tcp_of_const(s)->set->window_clamp;
	if (space > TCP_WINDOW_MAX)
		space = TCP_WINDOW_MAX;
	return space > mss ? space - space % mss : space;
}

int tcp_send_syn(struct tcp *t, bool with_ack)
{
	struct berth_packet *p = packet_new(t->ts->env->pool);
	struct tcp_header h;

	if (!p)
		return -ENOMEM;
	fill_header(t, &h, t->iss, tcp_ecn_syn_flags(t, with_ack));
	/* Linux: an answer's is a multiple of what segments will carry. */
	h.window = (uint16_t)tcp_first_window(
		&t->sock, tcp_mss_to_offer(t) - (with_ack && t->agreed.ts ? 12u : 0u));
	t->rcv_acked = t->rcv_nxt;
	t->rcv_wnd = h.window;
	h.options.has_mss = true;
	h.options.mss = tcp_mss_to_offer(t);
	h.options.sack_permitted = t->agreed.sack;
	h.options.has_wscale = t->agreed.wscale;
	h.options.wscale = t->agreed.rcv_wscale;
	if (t->rare)
		tcp_fast_fill_syn(t, p, &h);
	return transmit(t, p, &h, 0);
}

uint16_t tcp_mss_to_offer(const struct tcp *t)
{
	const struct netif *n = t->sock.path.netif;
	uint32_t mtu = n && n->mtu ? n->mtu : t->sock.path.mtu;
	uint32_t headers = ipaddr_is4(&t->sock.path.dst) ? 40 : 60;
	uint32_t mss = mtu > headers + TCP_MSS_MIN ? mtu - headers : TCP_MSS_MIN;

	/* Linux: on lo (mtu 65536) no more than a packet holds; IPv6's length leaves its header
	 * out.
	 */
	if (headers == 40 && mss > UINT16_MAX - 40)
		mss = UINT16_MAX - 40;
	else if (mss > UINT16_MAX - 20)
		mss = UINT16_MAX - 20;
	if (t->set->user_mss && t->set->user_mss < mss)
		mss = t->set->user_mss;
	return (uint16_t)mss;
}

void tcp_update_mss(struct tcp *t)
{
	uint32_t headers = (ipaddr_is4(&t->sock.path.dst) ? 40u : 60u) +
			   sock_send_overhead(&t->sock, &t->sock.path);
	uint32_t mtu = t->sock.path.mtu;
	uint32_t most = tcp_mtu_bound(t, mtu);
	uint32_t mss = most > headers ? most - headers : 0;

	if (mss > t->peer_mss)
		mss = t->peer_mss;
	if (t->set->user_mss && mss > t->set->user_mss)
		mss = t->set->user_mss;
	mss = mss > (t->agreed.ts ? 12u : 0u) ? mss - (t->agreed.ts ? 12u : 0u) : 0;
	/* Linux: never below 48, or a hostile MTU would make us send dust. */
	if (mss < TCP_SND_MSS_MIN)
		mss = TCP_SND_MSS_MIN;
	/* RFC 9293 §3.8.6.2.1: a peer with a tiny buffer is never sent more than half of it at
	 * once. */
	uint32_t half = t->snd_wnd_max > TCP_DEFAULT_MSS ? t->snd_wnd_max / 2 : t->snd_wnd_max;

	if (half && mss > half) {
		/* Linux: but the 68 bytes that every link carries, options included (RFC 791). */
		uint32_t least = headers < 68 ? 68 - headers : 0;

		mss = half > least ? half : least;
		mss = mss ? mss : 1;
	}
	t->path_mtu = mtu;
	t->snd_mss = mss;
}

/* Whether a segment smaller than full may be sent now (RFC 9293 §3.7.4; Minshall's variant, as
 * Linux). */
static bool nagle_allows(const struct tcp *t, uint8_t flags)
{
	if (flags & TCPF_FIN)
		return true;
	if (t->cork || t->more)
		return false;
	if (t->nodelay)
		return true;
	return !(seq_gt(t->small_end, t->snd_una) && seq_le(t->small_end, t->snd_nxt));
}

uint32_t tcp_unsent(const struct tcp *t)
{
	uint32_t sent = t->snd_nxt - t->snd_una;

	if (t->fin_sent)
		return 0;
	return (uint32_t)viewq_bytes(&t->sndq) - sent;
}

uint32_t tcp_pipe(const struct tcp *t)
{
	uint32_t out = t->snd_nxt - t->snd_una;
	uint32_t gone = t->sacked_bytes + t->lost_bytes;

	return out > gone ? out - gone : 0;
}

/* Room at the interface, or else a place in the list of those who wait for it. */
static bool tx_space(struct tcp *t)
{
	struct netif *n = t->sock.path.netif;

	if (!n || netif_tx_space(n))
		return true;
	if (!t->output_blocked) {
		t->output_blocked = true;
		list_add_tail(&t->ts->blocked, &t->blocked_link);
	}
	return false;
}

/* How many segments so many bytes make. Most often it is one, without a division. */
static uint32_t segments(const struct tcp *t, size_t bytes)
{
	return bytes <= t->snd_mss ? 1 : (uint32_t)((bytes + t->snd_mss - 1) / t->snd_mss);
}

/*
 * Sends `bytes` bytes (and FIN, if in `flags`) from `seq` on. Returns how much sequence space went
 * out, 0 when memory was short, or -EMSGSIZE when the path has become narrower.
 */
static int64_t send_segment(struct tcp *t, uint32_t seq, uint32_t bytes, uint8_t flags)
{
	struct berth_packet *p = packet_new(t->ts->env->pool);
	struct tcp_header h;
	size_t filled = 0;

	if (!p)
		return 0;
	if (bytes) {
		filled = viewq_fill(&t->sndq, t->sndq.begin + (seq - t->snd_una), bytes, p);
		if (filled > t->snd_mss && filled < bytes)
			filled -= filled % t->snd_mss;
		if (filled == 0) {
			packet_free(p);
			return 0;
		}
		if (filled < p->payload_bytes)
			packet_trim_to(p, filled);
		if (filled < bytes)
			flags &= (uint8_t) ~(TCPF_FIN | TCPF_PSH);
	}
	if (filled > t->snd_mss)
		p->gso_bytes = (uint16_t)t->snd_mss;
	fill_header(t, &h, seq, flags);
	/* RFC 3168 §6.1.5: what is sent again is not marked, nor what has no data. */
	uint8_t ect = 0;

	if (t->agreed.ecn && filled && seq == t->snd_nxt)
		ect = tcp_ecn_mark(t, &h);

	int error = transmit(t, p, &h, ect);

	if (error == -EMSGSIZE)
		return error;
	/* What a failure may later be blamed on; a full queue is no reason. */
	if (error == -EHOSTUNREACH || error == -ENETUNREACH)
		t->sock.soft_error = -error;
	t->last_sent = t->ts->env->now;
	if (filled) {
		t->data_segs_out += segments(t, filled);
		t->bytes_sent += filled;
	}
	return (int64_t)(filled + (flags & TCPF_FIN ? 1 : 0));
}

/* The path became narrower under us (RFC 1191): the next attempt uses what it is now. */
static void path_narrowed(struct tcp *t)
{
	(void)ip_path_check(t->ts->net, &t->sock.path, t->sock.opt->ifindex);
	if (t->sock.path.mtu >= t->path_mtu)
		t->sock.path.mtu = t->path_mtu > 108 ? t->path_mtu - 8 : 100;
	tcp_update_mss(t);
}

/* The most one packet may carry now. */
static uint32_t packet_bytes_max(const struct tcp *t)
{
	const struct netif *n = t->sock.path.netif;
	uint32_t super = n ? netif_gso_max(n) : 0;

	if (super > SUPER_BYTES_MAX)
		super = SUPER_BYTES_MAX;
	if (tcp_paced(t))
		super = tcp_pace_packet_max(t, super);
	return super > t->snd_mss ? super - super % t->snd_mss : t->snd_mss;
}

/* Sends what is thought lost again, as the window allows. False: stop, nothing more can leave. */
static bool send_lost(struct tcp *t)
{
	while (t->lost_bytes) {
		struct tcp_seg *s = tcp_segs_next_lost(t);

		if (!s)
			break;
		uint32_t pipe = tcp_pipe(t);
		uint32_t most = packet_bytes_max(t);
		uint32_t room = t->cwnd > pipe ? t->cwnd - pipe : 0;
		uint32_t bytes = s->bytes;

		if (room < bytes && room < t->snd_mss)
			return false;
		if (bytes > most)
			bytes = most;
		if (bytes > room)
			bytes = room - room % t->snd_mss;
		/* RFC 9293 §3.8.6.1: a window that was shrunk is obeyed, but for the first segment.
		 */
		if (seq_gt(s->seq + bytes, t->snd_una + t->snd_wnd) && s->seq != t->snd_una)
			return false;
		if (!tx_space(t) || (tcp_paced(t) && tcp_pace_holds(t)))
			return false;
		if (tcp_retransmit(t, s, bytes) < 0)
			return false;
	}
	return true;
}

int tcp_retransmit(struct tcp *t, struct tcp_seg *s, uint32_t bytes)
{
	if (t->rare)
		tcp_mtu_undecided(t);
	if (bytes > s->bytes)
		bytes = s->bytes;
	if (bytes < s->bytes) {
		s = tcp_segs_cut(t, s, s->seq + bytes);
		if (!s)
			return -ENOMEM;
	}
	ASSERT(!(s->flags & SEG_SYN));
	bool fin = (s->flags & SEG_FIN) != 0;
	uint32_t payload = s->bytes - fin;
	uint8_t flags = TCPF_ACK | (fin ? TCPF_FIN : 0);
	uint32_t seq = s->seq;

	if (fin || seq + payload == t->snd_nxt)
		flags |= TCPF_PSH;
	int64_t sent = send_segment(t, seq, payload, flags);

	if (sent == -EMSGSIZE) {
		path_narrowed(t);
		return payload > t->snd_mss ? tcp_retransmit(t, s, t->snd_mss) : -EMSGSIZE;
	}
	if (sent == 0)
		return -ENOMEM;
	if ((uint32_t)sent < s->bytes) {
		s = tcp_segs_cut(t, s, seq + (uint32_t)sent);
		if (!s)
			return -ENOMEM;
	}
	tcp_segs_mark_retransmitted(t, s);
	return 0;
}

/* How much of `unsent` bytes one packet takes now; 0: wait. Sets `*fin` if the FIN goes with it. */
static uint32_t next_bytes(struct tcp *t, uint32_t unsent, bool *fin)
{
	uint32_t pipe = tcp_pipe(t);
	uint32_t cwnd = t->cwnd > pipe ? t->cwnd - pipe : 0;
	uint32_t edge = t->snd_una + t->snd_wnd;
	uint32_t window = seq_gt(edge, t->snd_nxt) ? edge - t->snd_nxt : 0;
	uint32_t bytes = unsent;
	uint32_t most = packet_bytes_max(t);
	uint32_t mss = t->snd_mss;

	*fin = false;
	if (bytes > most)
		bytes = most;
	if (bytes > window) {
		/* Silly window avoidance: what the window cuts off must be worth sending. */
		bytes = window >= mss ? window - window % mss : window;
		if (window < mss && window < t->snd_wnd_max / 2)
			return 0;
	}
	if (bytes > cwnd) {
		t->cwnd_limited = true;
		bytes = cwnd - cwnd % mss;
		return bytes;
	}
	if (bytes == unsent) {
		if (t->fin_wanted) {
			*fin = window > bytes;
			return bytes;
		}
		/* The tail that does not fill a segment: Nagle decides whether it goes. */
		if (bytes % mss && !nagle_allows(t, 0))
			bytes -= bytes % mss;
	}
	return bytes;
}

/* RFC 5681 §4.1: after an idle time the ACK clock is gone; Linux halves for each RTO that passed.
 */
static void restart_after_idle(struct tcp *t)
{
	berth_time idle = t->ts->env->now - t->last_sent;
	uint32_t floor = tcp_cwnd_init(t);

	if (t->snd_nxt != t->snd_una || idle <= t->rto ||
	    !t->ts->env->knobs.tcp_slow_start_after_idle)
		return;
	if (t->cwnd <= floor || t->ca != CA_OPEN)
		return;
	uint32_t threshold = t->cwnd / 4 * 3;

	if (t->ssthresh < threshold)
		t->ssthresh = threshold;
	while (idle > t->rto && t->cwnd > floor) {
		t->cwnd /= 2;
		idle -= t->rto;
	}
	if (t->cwnd < floor)
		t->cwnd = floor;
	t->cc->on_restart(t);
}

static void record_sent(struct tcp *t, uint32_t bytes, bool fin)
{
	t->snd_nxt += bytes + fin;
	t->segs->prr_out += bytes;
	if (fin)
		t->fin_sent = true;
	if (bytes != t->snd_mss && bytes % t->snd_mss)
		t->small_end = t->snd_nxt;

	uint32_t pipe = tcp_pipe(t);

	/* RFC 7661 in short: a window that was never filled does not grow. */
	if (pipe > t->cwnd_used || seq_ge(t->snd_una, t->cwnd_used_end)) {
		t->cwnd_used = pipe;
		t->cwnd_used_end = t->snd_nxt;
	}
}

/* States in which data may be sent for the first time. */
static bool may_send(const struct tcp *t)
{
	return t->state == TCP_ESTABLISHED || t->state == TCP_CLOSE_WAIT ||
	       (t->fin_wanted && !t->fin_acked &&
		(t->state == TCP_FIN_WAIT1 || t->state == TCP_LAST_ACK || t->state == TCP_CLOSING));
}

/* Sends new data as far as all windows allow. */
static void send_new(struct tcp *t)
{
	bool fin_due = t->fin_wanted && !t->fin_sent;

	for (;;) {
		uint32_t unsent = tcp_unsent(t);
		bool fin = false;

		if (unsent == 0 && !fin_due)
			return;
		uint32_t bytes = unsent ? next_bytes(t, unsent, &fin) : 0;

		if (unsent == 0)
			fin = t->snd_wnd > t->snd_nxt - t->snd_una || t->snd_nxt == t->snd_una;
		if (bytes == 0 && !fin)
			return;
		if (!tcp_segs_reserve(t) || !tx_space(t) || (tcp_paced(t) && tcp_pace_holds(t)))
			return;
		uint8_t flags = TCPF_ACK;

		if (fin)
			flags |= TCPF_FIN;
		if (bytes == unsent || bytes > t->snd_wnd_max / 2)
			flags |= TCPF_PSH;
		int64_t sent = send_segment(t, t->snd_nxt, bytes, flags);

		if (sent == -EMSGSIZE) {
			path_narrowed(t);
			continue;
		}
		if (sent <= 0)
			return;
		fin = sent > bytes;
		tcp_segs_add(t, (uint32_t)sent, fin ? SEG_FIN : 0);
		record_sent(t, (uint32_t)sent - fin, fin);
		fin_due = t->fin_wanted && !t->fin_sent;
		/* Linux: a program that answers what it has just got can carry the ACK. */
		if (bytes && t->last_data)
			t->interactive = t->ts->env->now - t->last_data < TCP_DELACK;
	}
}

uint32_t tcp_send_large(struct tcp *t, uint32_t bytes)
{
	uint32_t mss = t->snd_mss;
	int64_t sent;

	if (!tcp_segs_reserve(t) || !tx_space(t))
		return 0;
	t->snd_mss = bytes; /* it is one segment */
	sent = send_segment(t, t->snd_nxt, bytes, TCPF_ACK);
	if (sent > 0) {
		tcp_segs_add(t, (uint32_t)sent, 0);
		record_sent(t, (uint32_t)sent, false);
	}
	t->snd_mss = mss;
	return sent > 0 ? (uint32_t)sent : 0;
}

bool tcp_send_forced(struct tcp *t)
{
	uint32_t edge = t->snd_una + t->snd_wnd;
	uint32_t window = seq_gt(edge, t->snd_nxt) ? edge - t->snd_nxt : 0;
	uint32_t unsent = tcp_unsent(t);
	uint32_t bytes = unsent < t->snd_mss ? unsent : t->snd_mss;

	if (bytes > window)
		bytes = window;
	bool fin = t->fin_wanted && !t->fin_sent && bytes == unsent && window > bytes;

	if ((bytes == 0 && !fin) || !may_send(t) || !tcp_segs_reserve(t) || !tx_space(t))
		return false;
	int64_t sent =
		send_segment(t, t->snd_nxt, bytes, TCPF_ACK | TCPF_PSH | (fin ? TCPF_FIN : 0));

	if (sent <= 0)
		return false;
	fin = sent > bytes;
	tcp_segs_add(t, (uint32_t)sent, fin ? SEG_FIN : 0);
	record_sent(t, (uint32_t)sent - fin, fin);
	return true;
}

void tcp_output(struct tcp *t)
{
	if (t->state == TCP_CLOSE || t->state == TCP_LISTEN || t->state == TCP_SYN_SENT ||
	    t->state == TCP_SYN_RECV || t->state == TCP_TIME_WAIT) {
		/* The timer is that of the SYN+ACK. */
		if (tcp_fast_early(t) && (tcp_unsent(t) || (t->fin_wanted && !t->fin_sent)))
			send_new(t);
		if (t->ack_now && (t->state == TCP_TIME_WAIT || t->state == TCP_SYN_RECV))
			(void)tcp_send_ack(t); /* the peer will ask again */
		return;
	}
	uint32_t before = t->snd_nxt;
	bool more = t->lost_bytes == 0;

	if (!more)
		more = send_lost(t);
	if (more && may_send(t) && (tcp_unsent(t) || (t->fin_wanted && !t->fin_sent))) {
		if (t->sock.path.mtu != t->path_mtu)
			tcp_update_mss(t);
		restart_after_idle(t);
		t->cwnd_limited = false;
		if (!t->rare || tcp_mtu_probe(t))
			send_new(t);
	}
	if (t->ack_now)
		(void)tcp_send_ack(t); /* memory: tried again by the delayed ACK timer */
	tcp_arm_after_output(t, before != t->snd_nxt);
}
