/* SPDX-License-Identifier: MIT */
/*
 * TIME-WAIT: what is left of a connection for a minute, so that old segments find somebody who
 * knows them, and a lost last ACK is sent again. A small object: the control block is given back at
 * once, also when the program still holds its descriptor (the sock is then CLOSED, as on Linux).
 *
 * All wait equally long, so they lie in one list in order of expiry and share one timer. Past
 * limits.timewait_max the oldest goes.
 *
 * A SYN with a later timestamp or sequence number opens a new connection (RFC 6191, RFC 9293
 * §3.6.1); a RST ends the wait unless tcp_rfc1337 is set (RFC 1337).
 */
#include "tcp/tcp_timewait.h"

#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_rst.h"
#include "transport/port.h"

#define ANSWER_INTERVAL (500 * BERTH_MSEC)
#define ISS_STEP (65535u + 2) /* Linux: beyond anything the old connection has sent */

struct tcp_timewait {
	struct wait wait;
	struct list link;
	berth_time expires;
	berth_time answered;
	uint32_t snd_nxt, rcv_nxt, rcv_wnd;
	uint32_t ts_recent, ts_offset;
	berth_time ts_recent_at;
	bool ts;
	uint8_t rcv_wscale, tos;
};

static void end(struct tcp_stack *ts, struct tcp_timewait *w)
{
	list_del(&w->link);
	ts->timewait_count--;
	port_wait_end(ts->tp, &w->wait);
	env_free(ts->env, w);
}

static void on_timer(struct timer *timer)
{
	struct tcp_stack *ts = container_of(timer, struct tcp_stack, timewait_timer);

	while (!list_empty(&ts->timewait)) {
		struct tcp_timewait *w = list_first(&ts->timewait, struct tcp_timewait, link);

		if (w->expires > ts->env->now) {
			timer_arm(ts->env, timer, w->expires);
			return;
		}
		end(ts, w);
	}
}

void tcp_timewait_init(struct tcp_stack *ts)
{
	timer_init(&ts->timewait_timer, on_timer);
}

void tcp_timewait_clear(struct tcp_stack *ts)
{
	while (!list_empty(&ts->timewait))
		end(ts, list_first(&ts->timewait, struct tcp_timewait, link));
}

/* It waits a whole minute from now. */
static void restart(struct tcp_stack *ts, struct tcp_timewait *w)
{
	list_del(&w->link);
	list_add_tail(&ts->timewait, &w->link);
	w->expires = ts->env->now + TCP_TIMEWAIT;
	w->wait.until = w->expires;
	if (!timer_armed(&ts->timewait_timer))
		timer_arm(ts->env, &ts->timewait_timer, w->expires);
}

void tcp_timewait_enter(struct tcp *t)
{
	struct tcp_stack *ts = t->ts;
	struct tcp_timewait *w;

	while (ts->timewait_count >= ts->env->limits.timewait_max && !list_empty(&ts->timewait))
		end(ts, list_first(&ts->timewait, struct tcp_timewait, link));
	w = env_calloc(ts->env, 1, sizeof(*w));
	if (w) {
		w->snd_nxt = t->snd_nxt;
		w->rcv_nxt = t->rcv_nxt;
		w->rcv_wnd = t->rcv_wnd;
		w->rcv_wscale = t->agreed.rcv_wscale;
		w->ts = t->agreed.ts;
		w->ts_recent = t->ts_recent;
		w->ts_recent_at = t->ts_recent_at;
		w->ts_offset = t->ts_offset;
		w->tos = t->sock.opt->tos;
		list_init(&w->link);
		port_wait(&w->wait, &t->sock);
		ts->timewait_count++;
		restart(ts, w);
	}
	/* Linux: without memory the wait is given up. */
	tcp_done(t, 0);
}

static void send_ack(struct tcp_stack *ts, struct tcp_timewait *w)
{
	struct tcp_lone lone = {
		.src = w->wait.local.addr, .dst = w->wait.remote.addr, .tos = w->tos};
	struct tcp_header *h = &lone.h;

	if (w->answered && ts->env->now - w->answered < ANSWER_INTERVAL)
		return;
	w->answered = ts->env->now;
	tcp_options_init(&h->options);
	lone.ifindex = w->wait.ifindex;
	h->src_port = w->wait.local.port;
	h->dst_port = w->wait.remote.port;
	h->flags = TCPF_ACK;
	h->seq = w->snd_nxt;
	h->ack = w->rcv_nxt;
	h->window = (uint16_t)(w->rcv_wnd >> w->rcv_wscale);
	if (w->ts) {
		h->options.has_ts = true;
		h->options.ts_val = (uint32_t)(ts->env->now / BERTH_MSEC) + w->ts_offset;
		h->options.ts_ecr = w->ts_recent;
	}
	tcp_send_lone(ts, &lone);
}

bool tcp_timewait_input(struct tcp_stack *ts, const struct flow *f, struct tcp_in *in)
{
	struct wait *found = ts->timewait_count ? demux_wait(ts->tp, f) : NULL;

	if (!found)
		return false;
	struct tcp_timewait *w = container_of(found, struct tcp_timewait, wait);
	uint8_t flags = in->h.flags;
	bool stamped = w->ts && in->h.options.has_ts;
	bool old = stamped && seq_lt(in->h.options.ts_val, w->ts_recent);

	if (!old && in->h.seq == w->rcv_nxt && (in->end == in->h.seq || (flags & TCPF_RST))) {
		if (flags & TCPF_RST) {
			if (!ts->env->knobs.tcp_rfc1337)
				end(ts, w);
			return true;
		}
		restart(ts, w);
		if (stamped) {
			w->ts_recent = in->h.options.ts_val;
			w->ts_recent_at = ts->env->now;
		}
		return true;
	}
	if ((flags & (TCPF_SYN | TCPF_RST | TCPF_ACK)) == TCPF_SYN && !old &&
	    (seq_gt(in->h.seq, w->rcv_nxt) ||
	     (stamped && seq_gt(in->h.options.ts_val, w->ts_recent)))) {
		in->iss_given = true;
		in->iss = w->snd_nxt + ISS_STEP;
		end(ts, w);
		return false;
	}
	if (flags & TCPF_RST)
		return true;
	drop(ts->env, old ? DROP_TCP_PAWS : DROP_TCP_SEQUENCE);
	if (old || (flags & TCPF_ACK))
		restart(ts, w);
	send_ack(ts, w);
	return true;
}

bool tcp_timewait_yield(void *ctx, struct wait *found, const struct sock *to)
{
	struct tcp_stack *ts = ctx;
	struct tcp_timewait *w = container_of(found, struct tcp_timewait, wait);
	int32_t reuse = ts->env->knobs.tcp_tw_reuse;

	if (reuse == 0 || (reuse == 2 && !ipaddr_is_loopback(&to->local.addr)))
		return false;
	/* Linux: the peer's PAWS protects it once the timestamp clock has moved on by a second. */
	if (!w->ts || ts->env->now - w->ts_recent_at <= BERTH_SEC)
		return false;
	ts->reuse_iss = w->snd_nxt + ISS_STEP;
	ts->reused = true;
	end(ts, w);
	return true;
}
