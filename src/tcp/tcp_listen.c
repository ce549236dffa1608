/* SPDX-License-Identifier: MIT */
/*
 * Passive opens. A SYN makes a struct tcp_request, which is all that a half-open end costs; the ACK
 * that completes it makes the struct tcp, which waits in its listener's accept queue.
 *
 * Two bounds, as on Linux: the accept queue holds backlog + 1 connections, and while it is full
 * SYNs are dropped and completing ACKs ignored (the peer believes it is connected, and its data or
 * our SYN+ACK will ask again; tcp_abort_on_overflow resets instead). The half-open ends are no more
 * than the backlog either; past it SYN cookies need no memory at all (tcp_cookie.c), or, with
 * tcp_syncookies 0, SYNs are dropped.
 *
 * A request sends its SYN+ACK again after 1, 2, 4 ... s, tcp_synack_retries times. With
 * TCP_DEFER_ACCEPT it waits for data after the ACK.
 *
 * Ownership: a listener owns its requests and the children in its queue; a request is in
 * ts->requests as well.
 *
 * RFC 9293 §3.10.7.2, §3.10.7.4 for SYN-RECEIVED; RFC 4987; RFC 5961.
 */
#include "tcp/tcp_listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "link/netif.h"
#include "tcp/tcp_cookie.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_fastlisten.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_rst.h"
#include "tcp/tcp_timer.h"
#include "transport/port.h"
#include "wire/ether_header.h"

#define COOKIES_BELIEVED (120 * BERTH_SEC)
#define SYNACK_INTERVAL (500 * BERTH_MSEC) /* between two that repeated SYNs provoke */

struct tcp_listener {
	struct list queue;    /* struct tcp, the oldest first */
	struct list requests; /* struct tcp_request */
	uint32_t queued, request_count;
	uint32_t backlog;
	struct tcp_fastq fast;
};

struct tcp_request {
	struct table_node node;
	struct list link;
	struct tcp *listener;
	struct timer timer;
	struct flow flow;
	struct ip_path path;
	struct tcp_agreed agreed;
	uint32_t irs, iss;
	uint32_t ts_recent, ts_offset;
	uint32_t window; /* that the SYN+ACK offered */
	uint16_t peer_mss;
	uint8_t tries; /* SYN+ACKs sent again by the timer */
	bool acked;    /* the ACK came, but could not be used */
	berth_time sent, answered;
	uint8_t *syn; /* TCP_SAVE_SYN: its headers, owned; NULL: not wanted */
	uint16_t syn_bytes;
};

/* --- the program's side --- */

int tcp_listen(struct sock *s, int backlog)
{
	struct tcp *t = tcp_of(s);
	struct env *env = t->ts->env;
	uint32_t limit = (uint32_t)env->knobs.somaxconn;
	/* Linux: a negative backlog is a huge one. */
	uint32_t wanted = (uint32_t)backlog < limit ? (uint32_t)backlog : limit;

	if (t->state == TCP_LISTEN) {
		t->listener->backlog = wanted;
		return 0;
	}
	if (t->state != TCP_CLOSE || t->connecting)
		return -EINVAL;
	struct tcp_listener *l = env_calloc(env, 1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	int error = port_autobind(s);

	if (error == 0)
		error = port_listen(s);
	if (error) {
		env_free(env, l);
		return error;
	}
	list_init(&l->queue);
	list_init(&l->requests);
	tcp_fastq_init(&l->fast);
	l->backlog = wanted;
	t->listener = l;
	s->shut_rd = false;
	s->shut_wr = false;
	tcp_set_state(t, TCP_LISTEN);
	return 0;
}

int tcp_accept(struct sock *s, struct sock **out)
{
	struct tcp *t = tcp_of(s);

	if (t->state != TCP_LISTEN)
		return -EINVAL;
	if (list_empty(&t->listener->queue))
		return -EAGAIN;
	struct tcp *child = list_first(&t->listener->queue, struct tcp, link);

	list_del(&child->link);
	t->listener->queued--;
	*out = &child->sock;
	return 0;
}

bool tcp_listen_ready(const struct tcp *t)
{
	return t->listener->queued > 0;
}

void tcp_listen_info(const struct tcp *t, uint32_t *out_queued, uint32_t *out_backlog)
{
	*out_queued = t->listener->queued;
	*out_backlog = t->listener->backlog;
}

uint32_t tcp_listen_each(const struct tcp *t, uint32_t from,
			 bool (*show)(void *ctx, const struct tcp_half_open *half), void *ctx)
{
	uint32_t i = 0;
	struct list *l;

	list_for_each (l, &t->listener->requests) {
		const struct tcp_request *r = list_entry(l, struct tcp_request, link);
		const struct tcp_half_open half = {
			.local = {.addr = r->flow.local, .port = r->flow.local_port},
			.remote = {.addr = r->flow.remote, .port = r->flow.remote_port},
			.due = r->timer.due,
			.tries = r->tries,
		};

		if (i >= from && !show(ctx, &half))
			break;
		i++;
	}
	return i;
}

static void free_request(struct tcp_request *r)
{
	struct tcp_stack *ts = r->listener->ts;

	table_del(&ts->requests, &r->node);
	list_del(&r->link);
	r->listener->listener->request_count--;
	timer_disarm(ts->env, &r->timer);
	timers_release(ts->env, 1);
	env_free(ts->env, r->syn);
	env_free(ts->env, r);
}

void tcp_listen_stop(struct tcp *t)
{
	struct tcp_listener *l = t->listener;

	while (!list_empty(&l->requests))
		free_request(list_first(&l->requests, struct tcp_request, link));
	while (!list_empty(&l->queue)) {
		struct tcp *child = list_first(&l->queue, struct tcp, link);

		list_del(&child->link);
		tcp_proto.abort(&child->sock);
	}
	tcp_fastq_fini(&l->fast, t->ts->env);
	env_free(t->ts->env, l);
	t->listener = NULL;
	port_unlisten(&t->sock);
	t->sock.shut_rd = true;
	t->sock.shut_wr = true;
	tcp_set_state(t, TCP_CLOSE);
}

/* --- SYN+ACK --- */

static uint16_t mss_to_offer(const struct tcp *listener, const struct ip_path *path)
{
	uint32_t headers = ipaddr_is4(&path->dst) ? 40 : 60;
	uint32_t mtu = path->netif ? path->netif->mtu : path->mtu;
	uint32_t mss = mtu > headers + TCP_MSS_MIN ? mtu - headers : TCP_MSS_MIN;

	if (headers == 40 && mss > UINT16_MAX - 40)
		mss = UINT16_MAX - 40;
	else if (mss > UINT16_MAX - 20)
		mss = UINT16_MAX - 20;
	if (listener->set->user_mss && listener->set->user_mss < mss)
		mss = listener->set->user_mss;
	return (uint16_t)mss;
}

static uint32_t stamp_of(const struct tcp_stack *ts)
{
	return (uint32_t)(ts->env->now / BERTH_MSEC);
}

/* A segment from a half-open end: SYN+ACK, or a mere ACK. `cookie` NULL: none is given. */
static void send_from(struct tcp *listener, const struct tcp_request *r, bool syn, uint32_t stamp,
		      const struct tcp_fast_cookie *cookie)
{
	struct tcp_lone lone = {.src = r->flow.local,
				.dst = r->flow.remote,
				.path = &r->path,
				.as = &listener->sock};
	struct tcp_header *h = &lone.h;

	tcp_options_init(&h->options);
	h->src_port = r->flow.local_port;
	h->dst_port = r->flow.remote_port;
	h->seq = syn ? r->iss : r->iss + 1;
	h->ack = r->irs + 1;
	h->flags = syn ? TCPF_SYN | TCPF_ACK : TCPF_ACK;
	if (syn && r->agreed.ecn)
		h->flags |= TCPF_ECE; /* RFC 3168 §6.1.1 */
	h->window = (uint16_t)(syn ? r->window : r->window >> r->agreed.rcv_wscale);
	if (r->agreed.ts) {
		h->options.has_ts = true;
		h->options.ts_val = stamp + r->ts_offset;
		h->options.ts_ecr = r->ts_recent;
	}
	if (syn) {
		h->options.has_mss = true;
		h->options.mss = mss_to_offer(listener, &r->path);
		h->options.sack_permitted = r->agreed.sack;
		h->options.has_wscale = r->agreed.wscale;
		h->options.wscale = r->agreed.rcv_wscale;
	}
	if (cookie && cookie->bytes) {
		h->options.has_fastopen = true;
		h->options.cookie_bytes = cookie->bytes;
		memcpy(h->options.cookie, cookie->at, cookie->bytes);
	}
	tcp_send_lone(listener->ts, &lone);
}

static void on_timer(struct timer *timer)
{
	struct tcp_request *r = container_of(timer, struct tcp_request, timer);
	struct tcp *listener = r->listener;
	const struct knobs *k = &listener->ts->env->knobs;
	uint8_t most = listener->set->syn_retries ? listener->set->syn_retries
						  : (uint8_t)k->tcp_synack_retries;

	/* TCP_DEFER_ACCEPT: one that was acknowledged is given its time to send. */
	if (listener->set->defer_accept > most && r->acked)
		most = listener->set->defer_accept;
	if (r->tries >= most) {
		free_request(r);
		return;
	}
	r->tries++;
	if (!r->acked || r->tries >= listener->set->defer_accept)
		send_from(listener, r, true, stamp_of(listener->ts), NULL);
	berth_time wait = TCP_RTO_INIT << r->tries;

	timer_arm(listener->ts->env, timer,
		  listener->ts->env->now + (wait < TCP_RTO_MAX ? wait : TCP_RTO_MAX));
}

/* What the peer's SYN offers and we accept. */
static void agree(struct tcp_request *r, const struct tcp *listener, const struct tcp_in *in)
{
	const struct knobs *k = &listener->ts->env->knobs;
	const struct tcp_options *o = &in->h.options;

	r->agreed.ts = k->tcp_timestamps && o->has_ts;
	r->agreed.sack = k->tcp_sack && o->sack_permitted;
	r->agreed.wscale = k->tcp_window_scaling && o->has_wscale;
	r->agreed.ecn = k->tcp_ecn && tcp_ecn_asked(in);
	if (r->agreed.wscale) {
		r->agreed.snd_wscale = o->wscale;
		r->agreed.rcv_wscale = tcp_wscale_for(listener->ts, &listener->sock);
	}
	r->ts_recent = o->has_ts ? o->ts_val : 0;
	r->peer_mss = o->has_mss ? o->mss : TCP_DEFAULT_MSS;
	if (r->peer_mss < TCP_MSS_MIN)
		r->peer_mss = TCP_MSS_MIN;
}

/* Fills in what is known from the SYN and the listener. False: there is no way back to the peer. */
static bool prepare(struct tcp_request *r, struct tcp *listener, const struct flow *f,
		    const struct tcp_in *in)
{
	struct tcp_stack *ts = listener->ts;
	struct endpoint local = {.addr = f->local, .port = f->local_port};
	struct endpoint remote = {.addr = f->remote, .port = f->remote_port};
	struct tcp_numbers n = tcp_numbers_for(ts, &local, &remote);

	*r = (struct tcp_request){.listener = listener, .flow = *f, .irs = in->h.seq};
	unsigned ifindex = listener->sock.opt->ifindex;

	/* Linux: a link-local peer is on the link it came from. */
	if (!ifindex && ipaddr_needs_scope(&f->remote))
		ifindex = f->ifindex;
	if (ip_path_find(ts->net, &f->remote, &f->local, ifindex, &r->path) < 0)
		return false;
	agree(r, listener, in);
	r->iss = in->iss_given ? in->iss : n.iss;
	r->ts_offset = n.ts_offset;
	/* Linux: a multiple of what segments will carry. */
	r->window = tcp_first_window(&listener->sock,
				     mss_to_offer(listener, &r->path) - (r->agreed.ts ? 12u : 0u));
	r->sent = ts->env->now;
	r->answered = ts->env->now;
	return true;
}

static void answer_with_cookie(struct tcp *listener, const struct flow *f, const struct tcp_in *in)
{
	struct tcp_stack *ts = listener->ts;
	struct tcp_request r;

	if (!prepare(&r, listener, f, in))
		return;
	/* Without timestamps there is nowhere to keep the other options. */
	if (!r.agreed.ts)
		r.agreed = (struct tcp_agreed){0};
	r.iss = tcp_cookie_make(ts, f, r.irs, r.peer_mss);
	ts->cookies_until = ts->env->now + COOKIES_BELIEVED;
	send_from(listener, &r, true, tcp_cookie_stamp(stamp_of(ts), &r.agreed), NULL);
}

/* TCP_SAVE_SYN: the headers of a SYN from IP's on, or from the link's, which on a link without any
 * are those that Linux makes up. No memory: it is not kept. */
static void save_syn(struct tcp_request *r, const struct tcp_in *in)
{
	const struct berth_packet *p = in->p;
	struct env *env = r->listener->ts->env;
	uint32_t from_ip = (uint32_t)p->head_off - p->l3_off;
	uint32_t link = r->listener->set->save_syn == 2 ? ETHER_HEADER_BYTES : 0;

	r->syn = env_calloc(env, 1, link + from_ip);
	if (!r->syn)
		return;
	if (link && p->l3_off >= link)
		memcpy(r->syn, p->head + p->l3_off - link, link);
	memcpy(r->syn + link, p->head + p->l3_off, from_ip);
	r->syn_bytes = (uint16_t)(link + from_ip);
}

/* --- the third step --- */

/* What a child has from its listener (Linux: a copy of nearly everything). */
static void inherit(struct tcp *child, const struct tcp *listener)
{
	child->cc = listener->cc;
	child->nodelay = listener->nodelay;
	child->cork = listener->cork;
	tcp_settings_share(child, listener);
	child->quickack_mode = listener->quickack_mode;
}

static void take_numbers(struct tcp *child, const struct tcp_request *r, const struct tcp_in *in)
{
	child->agreed = r->agreed;
	child->peer_mss = r->peer_mss;
	child->iss = r->iss;
	child->snd_una = r->iss + 1;
	child->snd_nxt = r->iss + 1;
	child->snd_up = r->iss + 1;
	child->small_end = r->iss + 1;
	child->rack_fack = r->iss + 1;
	child->irs = r->irs;
	child->rcv_nxt = r->irs + 1;
	child->rcv_acked = child->rcv_nxt;
	child->rcv_wnd = r->window;
	child->snd_wnd = (uint32_t)in->h.window << r->agreed.snd_wscale;
	child->snd_wnd_max = child->snd_wnd;
	child->snd_wl1 = in->h.seq;
	child->ts_offset = r->ts_offset;
	child->ts_recent = r->ts_recent;
	child->ts_recent_at = child->ts->env->now;
	child->total_retrans = r->tries;
}

/* Linux: a connection with a link-local peer is tied to the link. False: no memory. */
static bool scope_child(struct sock *s, const struct flow *f)
{
	struct sock_options *opt;

	if (s->opt->ifindex || !ipaddr_needs_scope(&f->remote))
		return true;
	opt = sock_edit_options(s);
	if (opt)
		opt->ifindex = f->ifindex;
	return opt != NULL;
}

/* A connection, closed as yet, with all that it has from its listener. NULL: no memory. */
static struct tcp *new_child(struct tcp *listener, const struct tcp_request *r,
			     const struct tcp_in *in)
{
	struct sock *s = sock_new(listener->sock.tp, &tcp_proto, listener->sock.family);

	if (!s)
		return NULL;
	struct tcp *child = tcp_of(s);

	inherit(child, listener);
	s->local = (struct endpoint){.addr = r->flow.local, .port = r->flow.local_port};
	s->remote = (struct endpoint){.addr = r->flow.remote, .port = r->flow.remote_port};
	s->path = r->path;
	s->hidden = listener->sock.hidden;
	sock_inherit_options(s, &listener->sock);
	if (!scope_child(s, &r->flow) || port_inherit(s, &listener->sock) < 0) {
		child->orphan = true;
		tcp_settle(child);
		return NULL;
	}
	take_numbers(child, r, in);
	return child;
}

static void queue_child(struct tcp *listener, struct tcp *child)
{
	list_add_tail(&listener->listener->queue, &child->link);
	listener->listener->queued++;
	sock_notify(&listener->sock, POLLIN);
}

/* The connection stands. NULL: no memory. The caller goes on with the segment. */
static struct tcp *make_child(struct tcp *listener, const struct tcp_request *r,
			      const struct tcp_in *in)
{
	struct tcp *child = new_child(listener, r, in);

	if (!child)
		return NULL;
	tcp_set_state(child, TCP_ESTABLISHED);
	tcp_established(child);
	if (r->tries == 0 && r->sent)
		tcp_rtt_sample(child, listener->ts->env->now - r->sent);
	queue_child(listener, child);
	return child;
}

/* TCP Fast Open: the SYN makes the connection. False: no memory. */
static bool open_at_once(struct tcp *listener, const struct flow *f, struct tcp_in *in,
			 const struct tcp_fast_cookie *cookie)
{
	struct tcp_request r;
	struct tcp *child;

	if (!prepare(&r, listener, f, in))
		return false;
	child = new_child(listener, &r, in);
	if (!child)
		return false;
	if (!tcp_fastlisten_begin(child, &listener->listener->fast)) {
		child->orphan = true;
		tcp_settle(child);
		return false;
	}
	/* RFC 7323 §2.2: the window of a SYN is not scaled. */
	child->snd_wnd = in->h.window;
	child->snd_wnd_max = child->snd_wnd;
	child->rare->fast.cookie = *cookie;
	tcp_set_state(child, TCP_SYN_RECV);
	tcp_established(child);
	if (listener->set->save_syn) {
		save_syn(&r, in);
		if (r.syn)
			tcp_settings_keep_syn(child, r.syn, r.syn_bytes);
	}
	tcp_take_syn_data(child, in);
	child->rare->fast.acked = in->bytes > 0;
	(void)tcp_send_syn(child, true); /* the timer sends it again */
	tcp_wait(child, WAIT_RTO, listener->ts->env->now + TCP_RTO_INIT);
	queue_child(listener, child);
	return true;
}

/* An ACK may bring a cookie back. False: it does not. */
static bool on_cookie(struct tcp *listener, const struct flow *f, struct tcp_in *in)
{
	struct tcp_stack *ts = listener->ts;
	struct tcp_request r;
	uint16_t mss;

	if (ts->cookies_until <= ts->env->now)
		return false;
	mss = tcp_cookie_check(ts, f, in->h.seq - 1, in->h.ack - 1);
	if (mss == 0)
		return false;
	/* Linux: silence, so that data sent again brings the cookie back when there is room. */
	if (listener->listener->queued > listener->listener->backlog) {
		drop(ts->env, DROP_TCP_BACKLOG);
		return true;
	}
	if (!prepare(&r, listener, f, in))
		return false;
	r.irs = in->h.seq - 1;
	r.iss = in->h.ack - 1;
	r.peer_mss = mss;
	r.sent = 0;
	r.agreed = (struct tcp_agreed){0};
	if (in->h.options.has_ts) {
		tcp_cookie_unstamp(in->h.options.ts_ecr - r.ts_offset, &r.agreed);
		r.ts_recent = in->h.options.ts_val;
		if (r.agreed.wscale)
			r.agreed.rcv_wscale = tcp_wscale_for(ts, &listener->sock);
		r.agreed.ecn = r.agreed.ecn && ts->env->knobs.tcp_ecn;
	}
	struct tcp *child = make_child(listener, &r, in);

	if (child)
		tcp_segment(child, in);
	return true;
}

static void on_syn(struct tcp *listener, const struct flow *f, struct tcp_in *in)
{
	struct tcp_stack *ts = listener->ts;
	struct tcp_listener *l = listener->listener;
	const struct knobs *k = &ts->env->knobs;
	bool full = l->request_count >= (l->backlog ? l->backlog : 1) ||
		    l->request_count >= (uint32_t)k->tcp_max_syn_backlog;

	if (l->queued > l->backlog) {
		drop(ts->env, DROP_TCP_BACKLOG);
		return;
	}
	if (k->tcp_syncookies == 2 || (full && k->tcp_syncookies == 1)) {
		answer_with_cookie(listener, f, in);
		return;
	}
	if (full || timers_reserve(ts->env, 1) < 0) {
		drop(ts->env, DROP_TCP_BACKLOG);
		return;
	}
	struct tcp_fast_cookie cookie = {0};

	if (tcp_fastlisten_concerns(in) &&
	    tcp_fastlisten_judge(listener, &l->fast, l->backlog, f, in, &cookie) &&
	    open_at_once(listener, f, in, &cookie)) {
		timers_release(ts->env, 1);
		return;
	}
	struct tcp_request *r = env_alloc(ts->env, sizeof(*r));

	if (!r || !prepare(r, listener, f, in)) {
		env_free(ts->env, r);
		timers_release(ts->env, 1);
		drop(ts->env, DROP_NO_MEMORY);
		return;
	}
	if (listener->set->save_syn)
		save_syn(r, in);
	table_add(&ts->requests, ts->env, &r->node, flow_hash(ts->tp, f));
	list_add_tail(&l->requests, &r->link);
	l->request_count++;
	timer_init(&r->timer, on_timer);
	timer_arm(ts->env, &r->timer, ts->env->now + TCP_RTO_INIT);
	send_from(listener, r, true, stamp_of(ts), &cookie);
}

void tcp_listen_input(struct tcp *t, const struct flow *f, struct tcp_in *in)
{
	uint8_t flags = in->h.flags;

	/* RFC 9293 §3.10.7.2. */
	if (flags & TCPF_RST)
		return;
	if (flags & TCPF_ACK) {
		if ((flags & TCPF_SYN) || !on_cookie(t, f, in)) {
			drop(t->ts->env, DROP_TCP_ACK);
			tcp_rst_answer(t->ts, in);
		}
		return;
	}
	/* Linux: a SYN with a FIN is dropped. */
	if (!(flags & TCPF_SYN) || (flags & TCPF_FIN)) {
		drop(t->ts->env, DROP_TCP_SEQUENCE);
		return;
	}
	on_syn(t, f, in);
}

static struct tcp_request *find(const struct tcp_stack *ts, const struct flow *f)
{
	uint32_t hash;
	struct table_node *n;

	if (ts->requests.count == 0)
		return NULL;
	hash = flow_hash(ts->tp, f);
	for (n = table_chain(&ts->requests, hash); n; n = n->next) {
		struct tcp_request *r = container_of(n, struct tcp_request, node);

		if (n->hash == hash && r->flow.local_port == f->local_port &&
		    r->flow.remote_port == f->remote_port &&
		    ipaddr_equal(&r->flow.local, &f->local) &&
		    ipaddr_equal(&r->flow.remote, &f->remote))
			return r;
	}
	return NULL;
}

/* Answers once in a while something that does not complete the opening. */
static void answer(struct tcp_request *r, bool syn)
{
	struct tcp_stack *ts = r->listener->ts;

	if (ts->env->now - r->answered < SYNACK_INTERVAL)
		return;
	r->answered = ts->env->now;
	send_from(r->listener, r, syn, stamp_of(ts), NULL);
}

/* Whether the segment is worth looking at: RFC 9293 §3.10.7.4, first to fourth. */
static bool acceptable(struct tcp_request *r, const struct tcp_in *in)
{
	struct env *env = r->listener->ts->env;
	uint32_t next = r->irs + 1;
	uint8_t flags = in->h.flags;
	bool old =
		r->agreed.ts && in->h.options.has_ts && seq_lt(in->h.options.ts_val, r->ts_recent);
	bool inside = seq_ge(in->end, next) && seq_le(in->h.seq, next + r->window);

	if (old || !inside) {
		drop(env, old ? DROP_TCP_PAWS : DROP_TCP_SEQUENCE);
		if (!(flags & TCPF_RST))
			answer(r, false);
		return false;
	}
	if (flags & TCPF_RST) {
		if (in->h.seq == next)
			free_request(r);
		else
			answer(r, false);
		return false;
	}
	if (flags & TCPF_SYN) {
		answer(r, false);
		return false;
	}
	if (!(flags & TCPF_ACK))
		return false;
	if (in->h.ack != r->iss + 1) {
		tcp_rst_answer(r->listener->ts, in);
		return false;
	}
	return true;
}

bool tcp_request_input(struct tcp_stack *ts, const struct flow *f, struct tcp_in *in)
{
	struct tcp_request *r = find(ts, f);
	struct tcp *listener;

	if (!r)
		return false;
	listener = r->listener;
	if (!tcp_admits(&listener->sock, in))
		return true;
	/* The SYN came again: so does the answer. */
	if ((in->h.flags & (TCPF_SYN | TCPF_ACK | TCPF_RST)) == TCPF_SYN && in->h.seq == r->irs) {
		if (r->agreed.ts && in->h.options.has_ts &&
		    seq_gt(in->h.options.ts_val, r->ts_recent))
			r->ts_recent = in->h.options.ts_val;
		answer(r, true);
		return true;
	}
	if (!acceptable(r, in))
		return true;
	/* TCP_DEFER_ACCEPT: a bare ACK does not wake the program. */
	if (r->tries < listener->set->defer_accept && in->end == r->irs + 1) {
		r->acked = true;
		return true;
	}
	if (listener->listener->queued > listener->listener->backlog) {
		drop(ts->env, DROP_TCP_BACKLOG);
		if (ts->env->knobs.tcp_abort_on_overflow) {
			tcp_rst_answer(ts, in);
			free_request(r);
		} else {
			r->acked = true;
		}
		return true;
	}
	struct tcp *child = make_child(listener, r, in);

	if (!child) {
		drop(ts->env, DROP_NO_MEMORY);
		return true;
	}
	if (r->syn) {
		tcp_settings_keep_syn(child, r->syn, r->syn_bytes);
		r->syn = NULL;
	}
	free_request(r);
	tcp_segment(child, in);
	return true;
}
