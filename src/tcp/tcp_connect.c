/* SPDX-License-Identifier: MIT */
/*
 * Active opens: struct proto's connect, the opening with data (TCP Fast Open: tcp_fastopen.c says
 * what goes with the SYN), and the way back to a socket that is as new.
 *
 * connect() finds the path and the port, chooses the numbers, and sends the SYN. With
 * TCP_FASTOPEN_CONNECT, where data may go with it, the SYN is left to the first send.
 */
#include "tcp/tcp_connect.h"

#include <errno.h>
#include <netinet/in.h>

#include "tcp/tcp_fastopen.h"
#include "tcp/tcp_listen.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_rst.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_stamp.h"
#include "tcp/tcp_timer.h"
#include "tcp/tcp_usr.h"
#include "transport/port.h"

/* What a first SYN says, given the path and the program's options. */
static void prepare_syn(struct tcp *t)
{
	struct tcp_stack *ts = t->ts;
	const struct knobs *k = &ts->env->knobs;
	struct tcp_numbers n = tcp_numbers_for(ts, &t->sock.local, &t->sock.remote);

	t->agreed = (struct tcp_agreed){.ts = k->tcp_timestamps != 0,
					.sack = k->tcp_sack != 0,
					.wscale = k->tcp_window_scaling != 0,
					.ecn = k->tcp_ecn == 1};
	t->ecn = 0;
	t->agreed.rcv_wscale = t->agreed.wscale ? tcp_wscale_for(ts, &t->sock) : 0;
	t->ts_offset = n.ts_offset;
	t->ts_recent = 0;
	t->iss = ts->reused && seq_gt(ts->reuse_iss, n.iss) ? ts->reuse_iss : n.iss;
	t->snd_una = t->iss;
	t->snd_nxt = t->iss;
	t->snd_up = t->iss;
	t->small_end = t->iss;
	t->rack_fack = t->iss;
	t->rcv_nxt = 0;
	t->rcv_acked = 0;
	t->rcv_wnd = 0;
	t->peer_mss = TCP_DEFAULT_MSS;
	t->rcv_mss = TCP_DEFAULT_MSS;
	t->snd_wnd = 0;
	t->snd_wnd_max = 0;
	t->snd_mss = TCP_DEFAULT_MSS;
}

int tcp_connect_launch(struct tcp *t)
{
	struct sock *s = &t->sock;
	int error;

	if (!tcp_segs_reserve(t))
		return -ENOMEM;
	tcp_segs_add(t, 1, SEG_SYN);
	t->snd_nxt = t->iss + 1;
	error = tcp_send_syn(t, false);
	tcp_wait(t, WAIT_RTO, t->ts->env->now + TCP_RTO_INIT);
	if (error == -EHOSTUNREACH || error == -ENETUNREACH) {
		tcp_done(t, 0);
		t->connecting = false;
		s->shut_rd = s->shut_wr = false;
		return error;
	}
	return 0;
}

/* All of connecting but the SYN. */
static int prepare(struct tcp *t, const struct endpoint *remote)
{
	struct sock *s = &t->sock;
	struct ip_path path;
	int error;

	error = ip_path_find(t->ts->net, &remote->addr, &s->local.addr, s->opt->ifindex, &path);
	if (error)
		return error;
	if (path.broadcast || path.multicast || sock_avoids(s, &path))
		return -ENETUNREACH;
	s->path = path;
	s->local.addr = path.src;

	struct endpoint to = *remote;

	/* Linux: connecting to the wildcard address reaches this host. */
	to.addr = path.dst;
	t->ts->reused = false;
	if (!tcp_segs_reserve(t))
		return -ENOMEM;
	error = port_connect(s, &to);
	if (error) {
		tcp_segs_free(t);
		return error;
	}
	prepare_syn(t);
	tcp_set_state(t, TCP_SYN_SENT);
	t->connecting = true;
	t->last_received = t->ts->env->now;
	return 0;
}

/* The SYN, or 0 if it waits for data. */
static int start_connecting(struct tcp *t, const struct endpoint *remote)
{
	int error = prepare(t, remote);

	if (error)
		return error;
	if (t->set->fastopen_connect && tcp_fast_begin(t)) {
		t->rare->fast.waits = true;
		tcp_segs_free(t);
		return 0;
	}
	error = tcp_connect_launch(t);
	return error ? error : -EINPROGRESS;
}

/* The SYN with as much of the message as goes with it. How much that was; or it is on its way. */
static ssize_t launch_with(struct tcp *t, const struct proto_msg *m, uint32_t room)
{
	ssize_t taken = 0;
	int error;

	if (room > m->bytes)
		room = (uint32_t)m->bytes;
	if (room)
		taken = tcp_queue_message(t, m, 0, room);
	/* Without memory it goes without. */
	error = tcp_connect_launch(t);
	if (error)
		return error;
	return taken > 0 ? taken : -EINPROGRESS;
}

/* An old connection's remains, before the next. */
static void reset_for_reuse(struct tcp *t)
{
	struct sock *s = &t->sock;

	tcp_forget(t);
	viewq_init(&t->sndq, 0);
	viewq_init(&t->rcvq, 0);
	t->fin_wanted = t->fin_sent = t->fin_acked = t->fin_received = false;
	t->was_connected = false;
	t->connecting = false;
	tcp_stamp_forget(t);
	t->urgent = URGENT_NONE;
	t->srtt = t->rttvar = t->rtt_min = 0;
	t->rto = TCP_RTO_INIT;
	t->backoff = 0;
	t->first_retrans = 0;
	t->total_retrans = 0;
	t->ca = CA_OPEN;
	t->rack_fack = 0;
	t->rack_reordering = false;
	t->tlp_pending = false;
	t->nospace = false;
	env_free(t->ts->env, t->rare);
	t->rare = NULL;
	s->shut_rd = s->shut_wr = false;
	s->soft_error = 0;
}

int tcp_connect(struct sock *s, const struct endpoint *remote)
{
	struct tcp *t = tcp_of(s);

	if (t->state == TCP_LISTEN)
		return -EISCONN;
	if (tcp_is_in(t, TCP_BIT(TCP_SYN_SENT) | TCP_BIT(TCP_SYN_RECV)))
		return -EALREADY;
	if (t->connecting) {
		/* The result of the attempt under way, told once. */
		t->connecting = false;
		if (t->state != TCP_CLOSE)
			return 0;
		int error = tcp_take_error(t);

		reset_for_reuse(t);
		return error ? error : -ECONNABORTED;
	}
	if (t->state != TCP_CLOSE)
		return -EISCONN;
	reset_for_reuse(t);
	s->error = 0;
	return start_connecting(t, remote);
}

int tcp_disconnect(struct sock *s)
{
	struct tcp *t = tcp_of(s);
	int error = 0;

	if (t->state == TCP_LISTEN) {
		tcp_listen_stop(t);
	} else if (t->state != TCP_CLOSE) {
		if (tcp_peer_hears_abort(t))
			tcp_rst_send(t);
		/* Linux: SO_ERROR remembers that something was cut off. */
		if (!tcp_is_in(t, TCP_BIT(TCP_CLOSING) | TCP_BIT(TCP_LAST_ACK) |
					  TCP_BIT(TCP_TIME_WAIT)))
			error = ECONNRESET;
		tcp_done(t, 0);
	}
	reset_for_reuse(t);
	s->error = error;
	return 0;
}

ssize_t tcp_connect_send(struct sock *s, struct proto_msg *m)
{
	struct tcp *t = tcp_of(s);
	int error;

	if (t->state != TCP_CLOSE || t->connecting)
		return -EISCONN;
	reset_for_reuse(t);
	s->error = 0;
	error = prepare(t, &m->addr);
	return error ? error : launch_with(t, m, tcp_fast_begin(t));
}

ssize_t tcp_connect_first(struct tcp *t, const struct proto_msg *m)
{
	return launch_with(t, m, t->rare->fast.room);
}
