/* SPDX-License-Identifier: MIT */
/*
 * Input: from a packet to its connection, and there through the steps of RFC 9293 §3.10.7 in their
 * order.
 *
 *     sequence number -> RST -> SYN -> ACK -> URG -> data -> FIN
 *
 * A segment is first looked at for what nearly all are: the next data in order, or an ACK of new
 * data, with nothing else in it (header prediction, fast()). What is not goes through the steps.
 * Output, ACKs included, happens once, in tcp_settle(), after the segment was digested.
 *
 * Everything in a segment may be hostile. What is unacceptable is dropped and counted; what would
 * kill a connection must hit it exactly (RFC 5961), or is answered by a challenge ACK.
 *
 * Ownership: `in->p` is tcp_input()'s; the queues share its payload.
 *
 * RFC 9293 §3.10.7; RFC 7323 §5 (PAWS); RFC 5961 §3, §4; RFC 5681 §4.2 (when to ACK); Linux's quick
 * ACKs.
 */
#include "tcp/tcp_input.h"

#include <errno.h>
#include <netinet/in.h>

#include "link/netif.h"
#include "pkt/csum.h"
#include "tcp/tcp_ack.h"
#include "tcp/tcp_cc.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_fastlisten.h"
#include "tcp/tcp_listen.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_reass.h"
#include "tcp/tcp_rst.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_stamp.h"
#include "tcp/tcp_timer.h"
#include "tcp/tcp_timewait.h"
#include "tcp/tcp_usr.h"
#include "transport/bpf.h"
#include "transport/errq.h"

#define PAWS_IDLE (24 * 24 * 3600 * BERTH_SEC) /* RFC 7323 §5.5 */

static void count_segment(struct tcp_in *in)
{
	in->bytes = (uint32_t)packet_bytes(in->p);
	in->end = in->h.seq + in->bytes + !!(in->h.flags & TCPF_SYN) + !!(in->h.flags & TCPF_FIN);
}

/* Takes the header off the packet. False: it is malformed. */
static bool parse(struct tcp_stack *ts, struct tcp_in *in)
{
	struct berth_packet *p = in->p;
	size_t bytes;

	if (!packet_pull(p, TCP_HEADER_BYTES)) {
		drop(ts->env, DROP_TCP_TRUNCATED);
		return false;
	}
	if (p->csum == CSUM_NONE) {
		uint32_t sum = ipaddr_pseudo_sum(&in->info->src, &in->info->dst, IPPROTO_TCP,
						 packet_bytes(p));

		if (csum_finish(packet_sum(p, 0, packet_bytes(p), sum)) != 0) {
			drop(ts->env, DROP_TCP_CHECKSUM);
			return false;
		}
	}
	bytes = tcp_peek_header_bytes(packet_head(p));
	if (bytes == 0 || !packet_pull(p, bytes)) {
		drop(ts->env, DROP_TCP_HEADER);
		return false;
	}
	struct reader r = reader_of(packet_head(p), bytes);

	if (!tcp_parse(&r, &in->h)) {
		drop(ts->env, DROP_TCP_HEADER);
		return false;
	}
	packet_trim_front(p, bytes);
	in->header_bytes = (uint32_t)bytes;
	count_segment(in);
	return true;
}

/* Payload that lies in the header area (a frame that came as plain bytes) moves to a chunk. */
static bool settle_payload(struct tcp_stack *ts, struct tcp_in *in)
{
	struct berth_packet *p = in->p;
	struct berth_packet *moved;

	if (p->head_len == 0)
		return true;
	moved = packet_new(ts->env->pool);
	if (!moved || packet_append_copy(moved, packet_head(p), p->head_len) < 0 ||
	    packet_append_from(moved, p, 0, p->payload_bytes) < 0) {
		packet_free(moved);
		drop(ts->env, DROP_NO_MEMORY);
		return false;
	}
	/* The headers stay before it, for filters. */
	memcpy(moved->head, p->head, p->head_off);
	moved->head_off = p->head_off;
	moved->l3_off = p->l3_off;
	moved->gso_bytes = p->gso_bytes;
	packet_free(p);
	in->p = moved;
	return true;
}

bool tcp_admits(const struct sock *s, struct tcp_in *in)
{
	const struct sock_options *o = s->opt;
	uint8_t least = ipaddr_is4(&in->info->src) ? o->minttl : o->min_hops6;

	if (in->info->ttl < least) {
		drop(s->tp->env, DROP_TCP_TTL);
		return false;
	}
	if (!o->filter)
		return true;
	if (!bpf_admits(s, in->p, in->info, -(int32_t)in->header_bytes, in->header_bytes)) {
		drop(s->tp->env, DROP_FILTERED);
		return false;
	}
	count_segment(in);
	return true;
}

void tcp_input(void *ctx, struct berth_packet *p, const struct ip_info *info)
{
	struct tcp_stack *ts = ctx;
	struct tcp_in in;
	struct sock *s;

	in.p = p; /* the header's fields, and what follows from them, are parse()'s */
	in.info = info;
	in.iss_given = false;
	if (info->broadcast || info->multicast || !parse(ts, &in) || !settle_payload(ts, &in)) {
		packet_free(in.p);
		return;
	}
	struct flow flow = flow_of(info, in.h.src_port, in.h.dst_port);

	s = demux_connected(ts->tp, SPACE_TCP, &flow);
	if (s) {
		if (tcp_admits(s, &in))
			tcp_segment(tcp_of(s), &in);
	} else if (!tcp_request_input(ts, &flow, &in) && !tcp_timewait_input(ts, &flow, &in)) {
		flow.packet = in.p;
		s = demux_bound(ts->tp, SPACE_TCP, &flow);
		if (s && tcp_of(s)->state == TCP_LISTEN) {
			if (tcp_admits(s, &in))
				tcp_listen_input(tcp_of(s), &flow, &in);
		} else {
			drop(ts->env, DROP_TCP_NO_PORT);
			tcp_rst_answer(ts, &in);
		}
	}
	packet_free(in.p);
}

/* The connection that sent a segment which an error quotes; NULL: none that has it in flight. */
static struct tcp *sender_of(struct tcp_stack *ts, const struct ip_error *e)
{
	if (e->l4_bytes < 8)
		return NULL;
	struct flow flow = {.local = e->src,
			    .remote = e->dst,
			    .local_port = load_be16(e->l4),
			    .remote_port = load_be16(e->l4 + 2),
			    .ifindex = e->ifindex};
	struct sock *s = demux_connected(ts->tp, SPACE_TCP, &flow);

	if (!s)
		return NULL;
	struct tcp *t = tcp_of(s);
	uint32_t seq = load_be32(e->l4 + 4);

	/* RFC 5927 §4.1: only about what is in flight. */
	if (t->state == TCP_SYN_SENT && seq == t->iss)
		return t;
	return seq_ge(seq, t->snd_una) && seq_lt(seq, t->snd_nxt) ? t : NULL;
}

bool tcp_concerns(void *ctx, const struct ip_error *e)
{
	return sender_of(ctx, e) != NULL;
}

void tcp_error(void *ctx, const struct ip_error *e)
{
	struct tcp_stack *ts = ctx;
	struct tcp *t = sender_of(ts, e);
	struct sock *s;

	if (!t)
		return;
	s = &t->sock;
	if (e->error == EMSGSIZE) {
		if (ip_path_check(ts->net, &s->path, s->opt->ifindex) == 0 &&
		    s->path.mtu > e->mtu && e->mtu >= 68)
			s->path.mtu = e->mtu;
		if (t->state == TCP_SYN_SENT || t->state == TCP_LISTEN || t->state == TCP_CLOSE)
			return;
		uint32_t before = t->snd_mss;

		tcp_update_mss(t);
		/* What was too large did not arrive: again, in smaller pieces, without blaming
		 * congestion. */
		if (t->snd_mss < before && t->segs->count) {
			tcp_segs_mark_all_lost(t, false);
			tcp_settle(t);
		}
		return;
	}
	if (e->error == 0)
		return;
	/* RFC 5461 §4: a connection being opened gives up at once, as Linux; others bear it. */
	bool told = ipaddr_is4(&e->dst) ? s->opt->recverr : s->opt->recverr6;

	if (t->state == TCP_SYN_SENT || t->state == TCP_SYN_RECV) {
		/* Linux: whoever asks gets the segment back. */
		if (told)
			errq_add_icmp(s, e, s->remote.port, 0);
		tcp_done(t, e->error);
		tcp_settle(t);
	} else if (told) {
		s->error = e->error;
		sock_notify(s, POLLERR);
	} else {
		s->soft_error = e->error;
	}
}

void tcp_take_syn_options(struct tcp *t, const struct tcp_header *h)
{
	const struct tcp_options *o = &h->options;

	t->agreed.ts = t->agreed.ts && o->has_ts;
	t->agreed.sack = t->agreed.sack && o->sack_permitted;
	t->agreed.wscale = t->agreed.wscale && o->has_wscale;
	t->agreed.snd_wscale = t->agreed.wscale ? o->wscale : 0;
	t->agreed.ecn = t->agreed.ecn && tcp_ecn_agreed(h->flags);
	if (!t->agreed.wscale)
		t->agreed.rcv_wscale = 0;
	if (t->agreed.ts) {
		t->ts_recent = o->ts_val;
		t->ts_recent_at = t->ts->env->now;
	}
	t->peer_mss = o->has_mss ? o->mss : TCP_DEFAULT_MSS;
	if (t->peer_mss < TCP_MSS_MIN)
		t->peer_mss = TCP_MSS_MIN;
}

/* The window that is still open of what our last ACK offered. */
static uint32_t open_window(const struct tcp *t)
{
	uint32_t edge = t->rcv_acked + t->rcv_wnd;

	return seq_gt(edge, t->rcv_nxt) ? edge - t->rcv_nxt : 0;
}

/* RFC 7323 §5.3 R1: an old timestamp means an old segment. */
static bool paws_rejects(struct tcp *t, const struct tcp_in *in)
{
	const struct tcp_options *o = &in->h.options;

	if (!t->agreed.ts || !o->has_ts || (in->h.flags & TCPF_RST))
		return false;
	if (!seq_lt(o->ts_val, t->ts_recent))
		return false;
	return t->ts->env->now - t->ts_recent_at < PAWS_IDLE;
}

static void take_timestamp(struct tcp *t, const struct tcp_in *in)
{
	const struct tcp_options *o = &in->h.options;

	/* RFC 7323 §4.3 (2): of the segment that the next ACK is about. */
	if (t->agreed.ts && o->has_ts && seq_le(in->h.seq, t->rcv_acked)) {
		t->ts_recent = o->ts_val;
		t->ts_recent_at = t->ts->env->now;
	}
}

/* First: RFC 9293 §3.10.7.4. False: dropped, and answered if it must be. */
static bool check_sequence(struct tcp *t, const struct tcp_in *in)
{
	if (paws_rejects(t, in)) {
		drop(t->ts->env, DROP_TCP_PAWS);
		if (in->bytes || tcp_answer_allowed(t)) {
			tcp_report_duplicate(t, in->h.seq, in->end);
			t->ack_now = true;
		}
		return false;
	}
	uint32_t window = open_window(t);
	bool acceptable = seq_ge(in->end, t->rcv_acked) && seq_le(in->h.seq, t->rcv_nxt + window);

	if (acceptable)
		return true;
	drop(t->ts->env, DROP_TCP_SEQUENCE);
	if (in->h.flags & TCPF_RST)
		return false;
	if (in->h.flags & TCPF_SYN) {
		tcp_challenge(t);
	} else if (in->bytes || tcp_answer_allowed(t)) {
		if (in->bytes && seq_lt(in->h.seq, t->rcv_nxt))
			tcp_report_duplicate(t, in->h.seq, seq_min(in->end, t->rcv_nxt));
		t->ack_now = true;
	}
	return false;
}

/* Second: RFC 9293 §3.10.7.4, RFC 5961 §3.2. */
static void on_rst(struct tcp *t, const struct tcp_in *in)
{
	if (in->h.seq != t->rcv_nxt) {
		tcp_challenge(t);
		return;
	}
	int error = ECONNRESET;

	if (t->state == TCP_CLOSE_WAIT)
		error = EPIPE;
	/* Linux: the end of a connection in TIME_WAIT, LAST_ACK or CLOSING is an end. */
	if (t->state == TCP_TIME_WAIT || t->state == TCP_CLOSING || t->state == TCP_LAST_ACK)
		error = 0;
	if (t->state == TCP_TIME_WAIT && t->ts->env->knobs.tcp_rfc1337)
		return;
	/* Linux: of one that its SYN has opened it is a reset. */
	if (t->state == TCP_SYN_RECV && !tcp_fast_early(t))
		error = ECONNREFUSED;
	tcp_done(t, error);
}

/* Sixth: RFC 9293 §3.8.5, RFC 6093: one byte out of band, as everyone has it. */
static void on_urgent(struct tcp *t, const struct tcp_in *in)
{
	if (!(in->h.flags & TCPF_URG) || in->h.urgent == 0)
		return;
	uint32_t up = in->h.seq + in->h.urgent - 1;
	uint32_t read = t->irs + 1 + (uint32_t)t->rcvq.begin;

	if (seq_lt(up, read) || seq_lt(up, t->rcv_nxt))
		return;
	if (t->urgent != URGENT_NONE && seq_le(up, t->rcv_up))
		return;
	t->rcv_up = up;
	t->urgent = URGENT_EXPECTED;
	sock_notify(&t->sock, POLLPRI);
}

/* The urgent byte may be in what was just queued: [seq, rcv_nxt). */
static void take_urgent(struct tcp *t)
{
	uint8_t byte;

	if (t->urgent != URGENT_EXPECTED || seq_ge(t->rcv_up, t->rcv_nxt))
		return;
	uint64_t at = t->rcvq.end - (t->rcv_nxt - t->rcv_up);

	if (at < t->rcvq.begin || viewq_copy(&t->rcvq, at, &byte, 1) != 1)
		return;
	t->urgent = URGENT_VALID | byte;
	sock_notify(&t->sock, POLLPRI);
}

/* Linux: how soon data is acknowledged. At once at the start and after trouble, else every second
 * full segment. */
static void schedule_ack(struct tcp *t, uint32_t bytes)
{
	berth_time now = t->ts->env->now;

	if (now - t->last_received > t->rto && t->quick_acks < 16)
		t->quick_acks = 16;
	if (t->quick_acks && !t->interactive)
		t->ack_now = true;
	else if (t->quickack_mode || t->rcv_nxt - t->rcv_acked > t->rcv_mss)
		t->ack_now = true;
	else if (bytes)
		tcp_delay_ack(t, now + tcp_delack_max(t));
}

/* Learns the peer's segment size, and the RTT as a receiver sees it. */
static void learn_from_data(struct tcp *t, const struct tcp_in *in)
{
	uint32_t size = in->p->gso_bytes ? in->p->gso_bytes : in->bytes;

	if (size > t->rcv_mss)
		t->rcv_mss = (uint16_t)(size < UINT16_MAX ? size : UINT16_MAX);
	t->data_segs_in++;
	t->last_data = t->ts->env->now;
	if (tcp_stamp_wanted(t->sock.opt))
		tcp_stamp_arrived(t);
	if (t->agreed.ecn)
		tcp_ecn_on_data(t, in->info->tos);
}

static void tell_readable(struct tcp *t)
{
	if (tcp_readable(t))
		sock_notify(&t->sock, POLLIN);
}

/* The peer has finished: RFC 9293 §3.10.7.4, eighth. */
static void on_fin(struct tcp *t)
{
	t->rcv_nxt++;
	t->fin_received = true;
	t->sock.shut_rd = true;
	t->ack_now = true;
	tcp_reass_free(t);
	switch (t->state) {
	case TCP_ESTABLISHED:
		tcp_set_state(t, TCP_CLOSE_WAIT);
		break;
	case TCP_FIN_WAIT1:
		/* Our FIN is not acknowledged, or we would be in FIN_WAIT2. */
		tcp_set_state(t, TCP_CLOSING);
		break;
	case TCP_FIN_WAIT2:
		tcp_set_state(t, TCP_TIME_WAIT);
		break;
	default:
		break;
	}
	sock_notify(&t->sock, POLLIN | POLLRDHUP | (t->sock.shut_wr ? POLLHUP : 0u));
}

/* Takes the next bytes in order. False: no memory. */
static bool queue_in_order(struct tcp *t, struct tcp_in *in, uint32_t skip, uint32_t bytes)
{
	struct env *env = t->ts->env;

	if (skip + bytes < in->bytes)
		packet_trim_to(in->p, skip + bytes);
	if (env->bytes_held + bytes > env->limits.bytes_max ||
	    viewq_append_packet(&t->rcvq, env, in->p, skip) < 0) {
		drop(env, DROP_NO_MEMORY);
		return false;
	}
	tcp_hold(t, bytes);
	t->rcv_nxt += bytes;
	return true;
}

/* Data that begins at or before rcv_nxt and ends after it. */
static void on_in_order(struct tcp *t, struct tcp_in *in, bool fin)
{
	uint32_t skip = t->rcv_nxt - in->h.seq;
	uint32_t bytes = in->bytes - skip;
	uint32_t window = open_window(t);
	bool later_fin = false;

	if (skip)
		tcp_report_duplicate(t, in->h.seq, t->rcv_nxt);
	if (bytes > window) {
		/* RFC 9293 §3.4: what is beyond the window is cut off. */
		bytes = window;
		fin = false;
		if (bytes == 0) {
			drop(t->ts->env, DROP_TCP_RCVBUF);
			t->ack_now = true;
			return;
		}
	}
	if (bytes && !queue_in_order(t, in, skip, bytes))
		return;
	learn_from_data(t, in);
	if (skip)
		t->ack_now = true;
	if (!tcp_reass_empty(t) || t->reass->fin) {
		/* RFC 5681 §4.2: a gap that closes is told at once. */
		t->ack_now = true;
		if (tcp_reass_pull(t, &later_fin) || later_fin)
			fin |= later_fin;
	}
	take_urgent(t);
	schedule_ack(t, bytes);
	if (fin)
		on_fin(t);
	else
		tell_readable(t);
}

static void on_out_of_order(struct tcp *t, struct tcp_in *in, bool fin)
{
	uint32_t end = in->h.seq + in->bytes;
	uint32_t edge = t->rcv_nxt + open_window(t);
	struct env *env = t->ts->env;

	t->ack_now = true; /* RFC 5681 §4.2 */
	if (seq_ge(in->h.seq, edge)) {
		drop(env, DROP_TCP_RCVBUF);
		return;
	}
	if (seq_gt(end, edge)) {
		packet_trim_to(in->p, edge - in->h.seq);
		end = edge;
		fin = false;
	}
	if (env->bytes_held + in->bytes > env->limits.bytes_max) {
		drop(env, DROP_TCP_REASS);
		return;
	}
	learn_from_data(t, in);
	t->rcv_ooopack++;
	if (end != in->h.seq)
		tcp_reass_add(t, in->p, in->h.seq, end);
	if (fin)
		tcp_reass_fin(t, end);
}

/* Seventh and eighth: data and FIN. */
static void on_data(struct tcp *t, struct tcp_in *in)
{
	bool fin = (in->h.flags & TCPF_FIN) != 0;
	uint32_t end = in->h.seq + in->bytes;

	if (in->bytes == 0 && !fin)
		return;
	if (in->h.flags & TCPF_CWR)
		tcp_ecn_on_cwr(t);
	if (t->state != TCP_ESTABLISHED && t->state != TCP_FIN_WAIT1 && t->state != TCP_FIN_WAIT2) {
		/* The peer's FIN came again: it has not had our ACK. */
		if (seq_le(in->end, t->rcv_nxt))
			t->ack_now = true;
		return;
	}
	/* RFC 9293 §3.10.4: data that nobody will read. */
	if (t->state != TCP_ESTABLISHED && t->sock.shut_rd && in->bytes &&
	    seq_gt(end, t->rcv_nxt)) {
		drop(t->ts->env, DROP_TCP_CLOSED);
		tcp_rst_answer(t->ts, in);
		tcp_done(t, ECONNRESET);
		return;
	}
	if (seq_gt(in->h.seq, t->rcv_nxt)) {
		on_out_of_order(t, in, fin);
		return;
	}
	if (seq_lt(end, t->rcv_nxt) || (end == t->rcv_nxt && in->bytes && !fin)) {
		/* All of it known (RFC 2883 §4.1.1). */
		drop(t->ts->env, DROP_TCP_DUPLICATE);
		tcp_report_duplicate(t, in->h.seq, end);
		t->ack_now = true;
		return;
	}
	on_in_order(t, in, fin);
}

/* What follows from our FIN being acknowledged. */
static void on_fin_acked(struct tcp *t)
{
	switch (t->state) {
	case TCP_FIN_WAIT1:
		tcp_set_state(t, TCP_FIN_WAIT2);
		tcp_fin_wait2(t);
		break;
	case TCP_CLOSING:
		tcp_set_state(t, TCP_TIME_WAIT);
		break;
	case TCP_LAST_ACK:
		tcp_done(t, 0);
		break;
	default:
		break;
	}
}

/* The peer answered our SYN: RFC 9293 §3.10.7.3. */
static void enter_established(struct tcp *t, const struct tcp_in *in)
{
	t->snd_wnd = (uint32_t)in->h.window;
	if (!(in->h.flags & TCPF_SYN))
		t->snd_wnd <<= t->agreed.snd_wscale;
	t->snd_wnd_max = t->snd_wnd;
	t->snd_wl1 = in->h.seq;
	tcp_set_state(t, TCP_ESTABLISHED);
	tcp_established(t);
	if (t->fin_wanted)
		tcp_set_state(t, TCP_FIN_WAIT1);
	sock_notify(&t->sock, POLLOUT);
}

/* Our SYN is acknowledged: its record leaves, its round trip counts. */
static void syn_acked(struct tcp *t, const struct tcp_in *in)
{
	struct tcp_acked a = {.rtt = -1, .sack_rtt = -1};
	berth_time sent = t->segs->count ? tcp_segs_at(t->segs, 0)->sent : 0;
	const struct tcp_options *o = &in->h.options;

	tcp_segs_acked(t, t->iss + 1, &a);
	t->snd_una = t->iss + 1;
	/* Sent more than once: only if it is the last that was answered. */
	if (t->agreed.ts && o->has_ts && a.retransmitted &&
	    o->ts_ecr == (uint32_t)(sent / BERTH_MSEC) + t->ts_offset)
		a.rtt = t->ts->env->now - sent;
	t->backoff = 0;
	tcp_wait_nothing(t);
	tcp_rtt_sample(t, a.rtt);
}

static void in_syn_sent(struct tcp *t, struct tcp_in *in)
{
	uint8_t flags = in->h.flags;
	bool ack = (flags & TCPF_ACK) != 0;

	if (tcp_fast_waits(t)) {
		/* Nothing was sent that this could answer. */
		drop(t->ts->env, DROP_TCP_ACK);
		if (ack)
			tcp_rst_answer(t->ts, in);
		return;
	}
	if (ack && (seq_le(in->h.ack, t->iss) || seq_gt(in->h.ack, tcp_fast_syn_end(t)))) {
		drop(t->ts->env, DROP_TCP_ACK);
		tcp_rst_answer(t->ts, in);
		return;
	}
	if (ack && t->agreed.ts && in->h.options.has_ts && in->h.options.ts_ecr &&
	    seq_gt(in->h.options.ts_ecr, tcp_clock_ms(t))) {
		drop(t->ts->env, DROP_TCP_PAWS);
		tcp_rst_answer(t->ts, in);
		return;
	}
	if (flags & TCPF_RST) {
		if (ack)
			tcp_done(t, ECONNREFUSED);
		else
			drop(t->ts->env, DROP_TCP_SEQUENCE);
		return;
	}
	if (!(flags & TCPF_SYN)) {
		drop(t->ts->env, DROP_TCP_SEQUENCE);
		return;
	}
	t->irs = in->h.seq;
	t->rcv_nxt = in->h.seq + 1;
	t->rcv_acked = t->rcv_nxt;
	tcp_take_syn_options(t, &in->h);
	if (ack) {
		syn_acked(t, in);
		if (t->rare)
			tcp_fast_answered(t, in);
		enter_established(t, in);
		/* Data or FIN with the SYN is taken as any other. */
		in->h.seq++;
		t->ack_now = true;
		on_data(t, in);
		return;
	}
	/* RFC 9293 §3.5: both opened at once (and a connection to itself). */
	t->snd_wnd = in->h.window;
	t->snd_wnd_max = t->snd_wnd;
	t->snd_wl1 = in->h.seq;
	tcp_set_state(t, TCP_SYN_RECV);
	tcp_update_mss(t);
	(void)tcp_send_syn(t, true); /* the timer sends it again */
	t->ack_now = false;
}

/* An ACK that completes a simultaneous open. False: drop. */
static bool in_syn_recv(struct tcp *t, struct tcp_in *in)
{
	if (seq_le(in->h.ack, t->iss) || seq_gt(in->h.ack, t->snd_nxt)) {
		drop(t->ts->env, DROP_TCP_ACK);
		tcp_rst_answer(t->ts, in);
		return false;
	}
	if (tcp_fast_early(t)) {
		tcp_fastlisten_confirmed(t, in);
		return true;
	}
	syn_acked(t, in);
	enter_established(t, in);
	return true;
}

/* Header prediction (RFC 7323 §6.1 in spirit): the two things that nearly all segments are. */
static bool fast(struct tcp *t, struct tcp_in *in)
{
	const struct tcp_header *h = &in->h;

	if (t->state != TCP_ESTABLISHED || (h->flags & ~TCPF_PSH) != TCPF_ACK ||
	    h->seq != t->rcv_nxt || t->ca != CA_OPEN || !tcp_reass_empty(t) ||
	    t->urgent == URGENT_EXPECTED || h->options.sack_count ||
	    (uint32_t)h->window << t->agreed.snd_wscale != t->snd_wnd)
		return false;
	if (t->agreed.ts) {
		if (!h->options.has_ts || seq_lt(h->options.ts_val, t->ts_recent))
			return false;
		if (seq_le(h->seq, t->rcv_acked)) {
			t->ts_recent = h->options.ts_val;
			t->ts_recent_at = t->ts->env->now;
		}
	}
	if (in->bytes == 0) {
		if (!seq_gt(h->ack, t->snd_una) || seq_gt(h->ack, t->snd_nxt))
			return false;
		tcp_ack_fast(t, in);
		return true;
	}
	if (h->ack != t->snd_una || in->bytes > open_window(t) || t->reass->fin ||
	    !queue_in_order(t, in, 0, in->bytes))
		return false;
	learn_from_data(t, in);
	schedule_ack(t, in->bytes);
	tell_readable(t);
	return true;
}

/* A SYN that has opened a connection comes again: so does the answer (Linux: one in 500 ms). */
static bool syn_again(struct tcp *t, const struct tcp_in *in)
{
	if ((in->h.flags & (TCPF_SYN | TCPF_ACK | TCPF_RST)) != TCPF_SYN || in->h.seq != t->irs ||
	    !tcp_fast_early(t))
		return false;
	if (tcp_answer_allowed(t))
		(void)tcp_send_syn(t, true); /* the timer tries again */
	return true;
}

void tcp_take_syn_data(struct tcp *t, struct tcp_in *in)
{
	uint32_t bytes = in->bytes < open_window(t) ? in->bytes : open_window(t);

	in->h.seq++;
	if (bytes && queue_in_order(t, in, 0, bytes))
		learn_from_data(t, in);
}

/* The steps of RFC 9293 §3.10.7.4. */
static void steps(struct tcp *t, struct tcp_in *in)
{
	uint8_t flags = in->h.flags;

	if (t->state == TCP_SYN_RECV && syn_again(t, in))
		return;
	if (!check_sequence(t, in))
		return;
	if (flags & TCPF_RST) {
		on_rst(t, in);
		return;
	}
	take_timestamp(t, in);
	if (flags & TCPF_SYN) {
		/* RFC 5961 §4.2. In a simultaneous open this is the SYN (with an ACK) that we wait
		 * for. */
		if (t->state != TCP_SYN_RECV || in->h.seq != t->irs) {
			tcp_challenge(t);
			return;
		}
		in->h.seq++;
	}
	if (!(flags & TCPF_ACK)) {
		drop(t->ts->env, DROP_TCP_ACK);
		return;
	}
	if (t->state == TCP_SYN_RECV && !in_syn_recv(t, in))
		return;
	if (!tcp_ack_input(t, in))
		return;
	if (t->fin_acked)
		on_fin_acked(t);
	if (t->state == TCP_CLOSE)
		return;
	on_urgent(t, in);
	on_data(t, in);
}

void tcp_segment(struct tcp *t, struct tcp_in *in)
{
	t->segs_in++;
	if (t->state == TCP_CLOSE) {
		tcp_rst_answer(t->ts, in);
		return;
	}
	if (t->state == TCP_SYN_SENT)
		in_syn_sent(t, in);
	else if (!fast(t, in))
		steps(t, in);
	t->last_received = t->ts->env->now;
	t->keep_probes = 0;
	tcp_settle(t);
}
