/* SPDX-License-Identifier: MIT */
/*
 * Control blocks: made, moved from state to state, ended, freed; and TCP's context of a stack.
 *
 * A control block belongs to the program (through the socket layer) until close(), to its listener
 * while it waits in an accept queue, else to TCP (`orphan`). Whoever handles an event for it (a
 * segment, a timer, a call) ends with tcp_settle(), the only place where one is freed; so inside an
 * event it stays valid whatever happens to it.
 */
#include "tcp/tcp_pcb.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "link/netif.h"
#include "tcp/tcp_cc.h"
#include "tcp/tcp_fastcache.h"
#include "tcp/tcp_fastlisten.h"
#include "tcp/tcp_info.h"
#include "tcp/tcp_input.h"
#include "tcp/tcp_listen.h"
#include "tcp/tcp_mtu_probe.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_reass.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_timer.h"
#include "tcp/tcp_timewait.h"
#include "transport/port.h"

/* Where each state may go, beside CLOSE. */
static const uint16_t next_states[] = {
	[TCP_ESTABLISHED] = TCP_BIT(TCP_FIN_WAIT1) | TCP_BIT(TCP_CLOSE_WAIT),
	[TCP_SYN_SENT] = TCP_BIT(TCP_ESTABLISHED) | TCP_BIT(TCP_SYN_RECV),
	[TCP_SYN_RECV] = TCP_BIT(TCP_ESTABLISHED),
	[TCP_FIN_WAIT1] = TCP_BIT(TCP_FIN_WAIT2) | TCP_BIT(TCP_CLOSING) | TCP_BIT(TCP_TIME_WAIT),
	[TCP_FIN_WAIT2] = TCP_BIT(TCP_TIME_WAIT),
	[TCP_TIME_WAIT] = 0,
	[TCP_CLOSE] = TCP_BIT(TCP_SYN_SENT) | TCP_BIT(TCP_LISTEN) | TCP_BIT(TCP_SYN_RECV) |
		      TCP_BIT(TCP_ESTABLISHED),
	[TCP_CLOSE_WAIT] = TCP_BIT(TCP_LAST_ACK),
	[TCP_LAST_ACK] = 0,
	[TCP_LISTEN] = 0,
	[TCP_CLOSING] = TCP_BIT(TCP_TIME_WAIT),
};
STATIC_ASSERT(ARRAY_LEN(next_states) == TCP_CLOSING + 1);

void tcp_set_state(struct tcp *t, uint8_t state)
{
	ASSERT(state == TCP_CLOSE || (next_states[t->state] & TCP_BIT(state)));
	t->state = state;
}

uint8_t tcp_wscale_for(const struct tcp_stack *ts, const struct sock *s)
{
	uint64_t space = ts->env->limits.tcp_rmem_max;
	uint8_t scale = 0;

	if (s->opt->rcvbuf_locked)
		space = s->rcvbuf / 2;
	else if (space < ts->env->limits.rmem_max)
		space = ts->env->limits.rmem_max;
	while (space > TCP_WINDOW_MAX && scale < TCP_WSCALE_MAX) {
		space >>= 1;
		scale++;
	}
	return scale;
}

struct tcp_numbers tcp_numbers_for(const struct tcp_stack *ts, const struct endpoint *local,
				   const struct endpoint *remote)
{
	struct {
		struct ipaddr local, remote;
		uint16_t ports[2];
	} key = {local->addr, remote->addr, {local->port, remote->port}};
	uint64_t hash = siphash(ts->isn_key, &key, sizeof(key));

	/* RFC 6528 §3: ISN = M + F; M ticks every 64 ns, as Linux. */
	return (struct tcp_numbers){
		.iss = (uint32_t)hash + (uint32_t)(ts->env->now >> 6),
		.ts_offset = (uint32_t)(hash >> 32),
	};
}

int tcp_pcb_init(struct sock *s)
{
	struct tcp *t = tcp_of(s);
	struct tcp_stack *ts = tcp_stack_of(s);
	int error = timers_reserve(ts->env, 1);

	if (error)
		return error;
	t->ts = ts;
	t->cc = tcp_cc_numbered(ts->env->knobs.tcp_congestion_control);
	t->state = TCP_CLOSE;
	t->set = &tcp_settings_default;
	s->rcvbuf = (uint32_t)ts->env->knobs.tcp_rmem_default;
	s->sndbuf = (uint32_t)ts->env->knobs.tcp_wmem_default;
	viewq_init(&t->sndq, 0);
	viewq_init(&t->rcvq, 0);
	tcp_segs_init(t);
	tcp_reass_init(t);
	list_init(&t->link);
	list_init(&t->blocked_link);
	tcp_timers_init(t);
	return 0;
}

struct tcp_rare *tcp_rare(struct tcp *t)
{
	if (!t->rare)
		t->rare = env_calloc(t->ts->env, 1, sizeof(*t->rare));
	return t->rare;
}

void tcp_forget(struct tcp *t)
{
	tcp_unhold(t, viewq_bytes(&t->sndq) + viewq_bytes(&t->rcvq));
	viewq_clear(&t->sndq, t->ts->env);
	viewq_clear(&t->rcvq, t->ts->env);
	tcp_reass_free(t);
	tcp_segs_free(t);
	tcp_timers_stop(t);
	list_del(&t->blocked_link);
	t->output_blocked = false;
}

/* What the program may send or receive from here on is nothing; it is told why. */
void tcp_done(struct tcp *t, int error)
{
	bool had_connection = t->state != TCP_CLOSE;

	tcp_fastlisten_end(t, error == ECONNRESET);
	if (error)
		t->sock.error = error;
	tcp_unhold(t, viewq_bytes(&t->sndq));
	viewq_clear(&t->sndq, t->ts->env);
	tcp_reass_free(t);
	tcp_segs_free(t);
	tcp_timers_stop(t);
	list_del(&t->blocked_link);
	t->output_blocked = false;
	t->ack_now = false;
	t->ack_delayed = false;
	t->fin_wanted = false;
	t->sock.shut_rd = true;
	t->sock.shut_wr = true;
	t->snd_una = t->snd_nxt;
	t->urgent = URGENT_NONE;
	tcp_set_state(t, TCP_CLOSE);
	if (had_connection)
		port_keep(&t->sock);
	sock_notify(&t->sock, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | (error ? POLLERR : 0u));
}

static void destroy(struct tcp *t)
{
	struct env *env = t->ts->env;

	tcp_forget(t);
	tcp_fastlisten_end(t, false);
	list_del(&t->link);
	timers_release(env, 1);
	tcp_settings_drop(t);
	env_free(env, t->rare);
	sock_free(&t->sock);
}

void tcp_settle(struct tcp *t)
{
	if (INVARIANTS)
		tcp_check(t);
	if (t->state != TCP_CLOSE && t->state != TCP_LISTEN)
		tcp_output(t);
	tcp_chrono_update(t);
	if (t->segs->count == 0)
		tcp_segs_settle(t);
	if (t->state == TCP_TIME_WAIT && !t->ack_now)
		tcp_timewait_enter(t);
	if (t->state == TCP_CLOSE && t->orphan)
		destroy(t);
}

void tcp_established(struct tcp *t)
{
	struct env *env = t->ts->env;
	uint32_t mss;

	tcp_update_mss(t);
	tcp_mtu_begin(t);
	mss = t->snd_mss;
	tcp_cc_init(t);
	t->was_connected = true;
	t->last_received = env->now;
	t->last_sent = env->now;
	t->first_retrans = 0;
	t->backoff = 0;
	/* Linux: quick ACKs until the peer's window has opened. */
	t->quick_acks = 16;
	t->rcv_mss = (uint16_t)(mss < TCP_DEFAULT_MSS ? mss : TCP_DEFAULT_MSS);
	t->drs_at = env->now;
	t->drs_copied = t->rcvq.begin;
	t->drs_space = t->rcv_wnd < TCP_INIT_CWND * mss ? t->rcv_wnd : TCP_INIT_CWND * mss;
	if (!t->sock.opt->sndbuf_locked)
		tcp_sndbuf_expand(t);
	tcp_slow_update(t);
}

void tcp_check(const struct tcp *t)
{
	INVARIANT(t->state >= TCP_ESTABLISHED && t->state <= TCP_CLOSING);
	INVARIANT(seq_le(t->snd_una, t->snd_nxt));
	INVARIANT(t->sacked_bytes + t->lost_bytes <= t->snd_nxt - t->snd_una);
	INVARIANT(t->state != TCP_CLOSE || t->segs->count == 0);
	if (t->state != TCP_CLOSE && t->state != TCP_LISTEN)
		tcp_segs_check(t);
	tcp_reass_check(t);
}

static int init_tables(struct tcp_stack *ts)
{
	int error = table_init(&ts->requests, ts->env, 16);

	if (error)
		return error;
	error = tcp_fastcache_init(ts);
	if (error)
		goto no_cache;
	error = timers_reserve(ts->env, 1);
	if (error == 0)
		return 0;
	tcp_fastcache_fini(ts);
no_cache:
	table_fini(&ts->requests, ts->env);
	return error;
}

int tcp_init(struct transport *tp)
{
	static const struct ip_protocol none = {0};
	struct tcp_stack *ts = env_calloc(tp->env, 1, sizeof(*ts));
	struct ip_protocol handler = none;

	if (!ts)
		return -ENOMEM;
	ts->env = tp->env;
	ts->net = tp->net;
	ts->tp = tp;
	env_random(ts->env, ts->isn_key, sizeof(ts->isn_key));
	env_random(ts->env, ts->cookie_key, sizeof(ts->cookie_key));
	env_random(ts->env, ts->fastopen_key, sizeof(ts->fastopen_key));
	list_init(&ts->timewait);
	list_init(&ts->blocked);
	int error = init_tables(ts);

	if (error) {
		env_free(ts->env, ts);
		return error;
	}
	tcp_timewait_init(ts);
	tp->tcp = ts;
	tp->wait_yield = tcp_timewait_yield;
	handler.input = tcp_input;
	handler.error = tcp_error;
	handler.concerns = tcp_concerns;
	handler.ctx = ts;
	net_register(tp->net, IPPROTO_TCP, &handler);
	return 0;
}

void tcp_shutdown(struct transport *tp)
{
	struct tcp_stack *ts = tp->tcp;
	struct list *l;
	struct list *next;

	if (!ts)
		return;
	list_for_each_safe (l, next, &tp->all) {
		struct sock *s = list_entry(l, struct sock, all_link);

		if (s->proto == &tcp_proto && tcp_of(s)->orphan)
			destroy(tcp_of(s));
	}
	tcp_timewait_clear(ts);
}

void tcp_fini(struct transport *tp)
{
	struct tcp_stack *ts = tp->tcp;

	if (!ts)
		return;
	tcp_shutdown(tp);
	timer_disarm(ts->env, &ts->timewait_timer);
	timers_release(ts->env, 1);
	ASSERT(ts->requests.count == 0);
	table_fini(&ts->requests, ts->env);
	tcp_fastcache_fini(ts);
	env_free(ts->env, ts);
	tp->tcp = NULL;
	tp->wait_yield = NULL;
}

void tcp_on_tx_space(struct transport *tp, struct netif *netif)
{
	struct tcp_stack *ts = tp->tcp;
	struct list waiting;
	struct list *l;

	if (!ts || list_empty(&ts->blocked))
		return;
	/* Those who find the queue full again go to the end of the list: so each gets its turn. */
	list_init(&waiting);
	list_insert_between(&waiting, ts->blocked.prev, ts->blocked.next);
	list_init(&ts->blocked);
	while (!list_empty(&waiting)) {
		l = waiting.next;
		struct tcp *t = list_entry(l, struct tcp, blocked_link);

		list_del(l);
		if (t->sock.path.netif && !netif_tx_space(t->sock.path.netif)) {
			list_add_tail(&ts->blocked, l);
			continue;
		}
		t->output_blocked = false;
		tcp_settle(t);
	}
	(void)netif; /* each asks its own interface */
}
