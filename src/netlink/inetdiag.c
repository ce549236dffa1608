/* SPDX-License-Identifier: MIT */
/*
 * sock_diag of the Internet's sockets: lists with filters, one socket by its ends, and the end of
 * one (`ss -K`).
 *
 * A list is made in parts: TCP's listeners, each followed by its half-open ends; all other
 * sockets; ends in TIME-WAIT. Each part goes on from the number of the socket that it showed last,
 * so that a list of any length is made in pieces, whatever happens between them.
 *
 * The cookie of a socket is its number, which is never given twice. The inode and user are those of
 * the driver's descriptor, if it tells them (berth_stack_config.owner).
 *
 * Left out: SCTP, DCCP and MPTCP (ENOENT, as of a kernel without them), storage of BPF programs.
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "netlink/diagfilter.h"
#include "netlink/nlsock.h"
#include "netlink/sockdiag.h"
#include "tcp/tcp_cc.h"
#include "tcp/tcp_listen.h"
#include "tcp/tcp_timewait.h"
#include "tcp/tcp_usr.h"
#include "transport/demux.h"
#include "transport/option.h"
#include "transport/port.h"

#define MESSAGE_ROOM 1024u
#define REQ_ATTR_MAX 4
#define REQ_PROTOCOL 3 /* INET_DIAG_REQ_PROTOCOL */
#define DIAG_SOCKOPT 22
#define TIMER_ON 1
#define TIMER_KEEPALIVE 2
#define TIMER_TIMEWAIT 3
#define TIMER_PERSIST 4

enum part { PART_LISTEN, PART_OTHERS, PART_WAITS, PART_COUNT };

/* A request, taken apart. */
struct diag_request {
	struct inet_diag_req_v2 body;
	int protocol;
	const uint8_t *filter; /* NULL: everything */
	size_t filter_bytes;
};

static int read_request(const uint8_t *data, size_t bytes, struct diag_request *out)
{
	struct nl_attr at[REQ_ATTR_MAX];

	if (bytes < sizeof(out->body))
		return -EINVAL;
	nl_body_read(data, bytes, &out->body, sizeof(out->body));
	if (!nl_attrs_read(data + sizeof(out->body), bytes - sizeof(out->body), at, REQ_ATTR_MAX))
		return -EINVAL;
	out->protocol = (int)nl_attr_u32(&at[REQ_PROTOCOL], out->body.sdiag_protocol);
	out->filter = at[INET_DIAG_REQ_BYTECODE].data;
	out->filter_bytes = at[INET_DIAG_REQ_BYTECODE].bytes;
	if (out->protocol != IPPROTO_TCP && out->protocol != IPPROTO_UDP &&
	    out->protocol != IPPROTO_UDPLITE && out->protocol != IPPROTO_RAW)
		return -ENOENT;
	return 0;
}

/* --- one message --- */

static void put_ends(struct inet_diag_msg *m, const struct endpoint *local,
		     const struct endpoint *remote, unsigned ifindex, uint64_t cookie)
{
	bool is4 = m->idiag_family == AF_INET;

	m->id.idiag_sport = htons(local->port);
	m->id.idiag_dport = htons(remote->port);
	if (is4) {
		memcpy(m->id.idiag_src, local->addr.bytes + 12, 4);
		memcpy(m->id.idiag_dst, remote->addr.bytes + 12, 4);
	} else {
		memcpy(m->id.idiag_src, local->addr.bytes, 16);
		memcpy(m->id.idiag_dst, remote->addr.bytes, 16);
	}
	m->id.idiag_if = ifindex;
	m->id.idiag_cookie[0] = (uint32_t)cookie;
	m->id.idiag_cookie[1] = (uint32_t)(cookie >> 32);
}

static bool asks(const struct diag_request *rq, int extension)
{
	return rq->body.idiag_ext & 1u << (extension - 1);
}

static uint32_t milliseconds(berth_time ns)
{
	return ns == BERTH_TIME_NEVER || ns < 0 ? 0 : (uint32_t)(ns / BERTH_MSEC);
}

/* Which of its three deadlines a connection waits for, as the kernel would say it. */
static void put_timer(struct inet_diag_msg *m, const struct tcp *t)
{
	berth_time now = t->ts->env->now;

	if (t->wait != WAIT_NONE && t->rexmit_at != BERTH_TIME_NEVER) {
		m->idiag_timer = t->wait == WAIT_PERSIST ? TIMER_PERSIST : TIMER_ON;
		m->idiag_retrans = t->wait == WAIT_PERSIST ? t->probes : t->backoff;
		m->idiag_expires = milliseconds(t->rexmit_at - now);
	} else if (t->slow_at != BERTH_TIME_NEVER) {
		m->idiag_timer = TIMER_KEEPALIVE;
		m->idiag_retrans = t->keep_probes;
		m->idiag_expires = milliseconds(t->slow_at - now);
	}
}

static void put_memory(struct nl_writer *w, const struct diag_request *rq, const struct sock *s)
{
	uint32_t memory[SOCKDIAG_MEMORY_WORDS];
	struct inet_diag_meminfo old;

	sockdiag_memory(s, memory);
	old = (struct inet_diag_meminfo){.idiag_rmem = memory[SK_MEMINFO_RMEM_ALLOC],
					 .idiag_wmem = memory[SK_MEMINFO_WMEM_QUEUED]};
	if (asks(rq, INET_DIAG_MEMINFO))
		nlw_put(w, INET_DIAG_MEMINFO, &old, sizeof(old));
	if (asks(rq, INET_DIAG_SKMEMINFO))
		nlw_put(w, INET_DIAG_SKMEMINFO, memory, sizeof(memory));
}

static void put_tcp(struct nl_writer *w, const struct diag_request *rq, const struct sock *s)
{
	uint8_t info[512];
	socklen_t len = sizeof(info);

	if (asks(rq, INET_DIAG_INFO) &&
	    opt_level_get(&tcp_options, (struct sock *)(uintptr_t)s, TCP_INFO, info, &len) == 0)
		nlw_put(w, INET_DIAG_INFO, info, len);
	if (asks(rq, INET_DIAG_CONG))
		nlw_put_string(w, INET_DIAG_CONG, tcp_of_const(s)->cc->name);
}

/* What the kernel tells of a socket's options without being asked: struct inet_diag_sockopt. */
static void put_options(struct nl_writer *w, const struct sock *s)
{
	const struct sock_options *o = s->opt;
	uint8_t bits[2] = {0};

	bits[0] = (uint8_t)(o->recverr | (s->family == AF_INET) << 1 | o->freebind << 2 |
			    o->hdrincl << 3 | o->mcast_loop << 4 | o->transparent << 5 |
			    o->mcast_all << 6);
	bits[1] = (uint8_t)(o->bind_address_no_port | o->recverr6 << 1);
	nlw_put(w, DIAG_SOCKOPT, bits, sizeof(bits));
}

static void put_attributes(struct nl_writer *w, const struct diag_request *rq, const struct sock *s,
			   int state)
{
	uint8_t shut = (uint8_t)((s->shut_rd ? 1 : 0) | (s->shut_wr ? 2 : 0));

	nlw_put_u8(w, INET_DIAG_SHUTDOWN, shut);
	if (asks(rq, INET_DIAG_TOS))
		nlw_put_u8(w, INET_DIAG_TOS, s->opt->tos);
	if (s->family == AF_INET6) {
		if (asks(rq, INET_DIAG_TCLASS))
			nlw_put_u8(w, INET_DIAG_TCLASS,
				   s->opt->tclass < 0 ? 0 : (uint8_t)s->opt->tclass);
		if (state == TCP_LISTEN || state == TCP_CLOSE)
			nlw_put_u8(w, INET_DIAG_SKV6ONLY, sock_v6only(s));
	}
	if (s->opt->mark)
		nlw_put_u32(w, INET_DIAG_MARK, s->opt->mark);
	put_options(w, s);
	put_memory(w, rq, s);
	if (s->protocol == IPPROTO_TCP)
		put_tcp(w, rq, s);
}

static bool put_sock(struct nl_writer *w, const struct nlmsghdr *h, const struct diag_request *rq,
		     const struct sock *s)
{
	struct berth_sock_info info = {.state = TCP_CLOSE};
	struct berth_sock_owner owner = sockdiag_owner(s);
	struct inet_diag_msg m = {.idiag_family = s->family};

	s->proto->info(s, &info);
	m.idiag_state = (uint8_t)info.state;
	m.idiag_rqueue = info.recv_q;
	m.idiag_wqueue = info.send_q;
	m.idiag_uid = owner.uid;
	m.idiag_inode = (uint32_t)owner.inode;
	put_ends(&m, &s->local, &s->remote, s->opt->ifindex, s->id);
	if (s->protocol == IPPROTO_TCP && info.state != TCP_LISTEN)
		put_timer(&m, tcp_of_const(s));
	nlw_begin(w, h, &m, sizeof(m));
	put_attributes(w, rq, s, info.state);
	return nlw_end(w);
}

/* --- which --- */

static bool has_state(const struct diag_request *rq, int state)
{
	return rq->body.idiag_states >> state & 1;
}

static bool passes(const struct diag_request *rq, const struct diag_ends *e)
{
	if (rq->body.sdiag_family != AF_UNSPEC && rq->body.sdiag_family != e->family)
		return false;
	if (rq->body.id.idiag_sport && rq->body.id.idiag_sport != htons(e->local.port))
		return false;
	if (rq->body.id.idiag_dport && rq->body.id.idiag_dport != htons(e->remote.port))
		return false;
	return !rq->filter || diagfilter_run(rq->filter, rq->filter_bytes, e);
}

static struct diag_ends ends_of(const struct sock *s)
{
	return (struct diag_ends){.family = s->family,
				  .local = s->local,
				  .remote = s->remote,
				  .bound_port = s->bound_port,
				  .ifindex = s->opt->ifindex,
				  .mark = s->opt->mark};
}

static int state_of(const struct sock *s)
{
	struct berth_sock_info info = {.state = TCP_CLOSE};

	s->proto->info(s, &info);
	return info.state;
}

/* Whether a sock is of the protocol and family that a request is about, and to be seen at all:
 * Linux finds it by its place in a table, which one without a port has not. */
static bool is_listed(const struct diag_request *rq, const struct sock *s)
{
	if (s->hidden || (s->family != AF_INET && s->family != AF_INET6))
		return false;
	if (rq->protocol == IPPROTO_RAW)
		return s->type == SOCK_RAW && (!rq->body.pad || rq->body.pad == s->protocol);
	if (s->type == SOCK_RAW || s->protocol != rq->protocol)
		return false;
	if (s->protocol == IPPROTO_TCP)
		return state_of(s) != TCP_CLOSE;
	return s->local.port != 0;
}

/* --- lists --- */

/* A dump's step, while it runs. */
struct list_step {
	struct nl_dump *d;
	struct nl_writer *w;
	struct nlmsghdr h;
	struct diag_request rq;
	const struct sock *listener; /* whose half-open ends are shown */
	bool stopped;		     /* in the middle of them */
};

/* False: this piece has no room for it. */
static bool show_sock(struct list_step *step, const struct sock *s)
{
	struct diag_ends ends = ends_of(s);

	if (!is_listed(&step->rq, s) || !has_state(&step->rq, state_of(s)) ||
	    !passes(&step->rq, &ends))
		return true;
	return put_sock(step->w, &step->h, &step->rq, s);
}

static bool show_half(void *ctx, const struct tcp_half_open *half)
{
	struct list_step *step = ctx;
	const struct sock *l = step->listener;
	struct inet_diag_msg m = {.idiag_family = l->family,
				  .idiag_state = TCP_SYN_RECV,
				  .idiag_timer = TIMER_ON,
				  .idiag_retrans = half->tries};
	struct diag_ends ends = {.family = l->family,
				 .local = half->local,
				 .remote = half->remote,
				 .ifindex = l->opt->ifindex,
				 .mark = l->opt->mark};

	step->stopped = !nl_dump_spend(step->d);
	if (step->stopped)
		return false;
	if (!passes(&step->rq, &ends))
		return true;
	m.idiag_expires = milliseconds(half->due - l->tp->env->now);
	put_ends(&m, &half->local, &half->remote, l->opt->ifindex, 0);
	nlw_begin(step->w, &step->h, &m, sizeof(m));
	nlw_put_u8(step->w, INET_DIAG_SHUTDOWN, 0);
	step->stopped = !nlw_end(step->w);
	return !step->stopped;
}

/* at[1] is the number of the last listener that is done with; at[2], of the next one: 0, it is to
 * be shown itself, else one more than of its half-open ends have been. */
static int list_listeners(struct list_step *step)
{
	struct nl_dump *d = step->d;
	struct transport *tp = d->sock->nl->tp;
	const struct sock *s;

	for (; (s = transport_next(tp, d->at[1])); d->at[1] = s->id, d->at[2] = 0) {
		const struct tcp *t = tcp_of_const(s);
		uint32_t from;

		if (!nl_dump_spend(d))
			return 1;
		if (s->protocol != IPPROTO_TCP || s->type != SOCK_STREAM || s->hidden ||
		    t->state != TCP_LISTEN)
			continue;
		if (d->at[2] == 0) {
			if (!show_sock(step, s))
				return 1;
			d->at[2] = 1;
		}
		if (!has_state(&step->rq, TCP_SYN_RECV))
			continue;
		step->listener = s;
		from = (uint32_t)(d->at[2] - 1);
		d->at[2] = 1 + (uint64_t)tcp_listen_each(t, from, show_half, step);
		if (step->stopped)
			return 1;
	}
	return 0;
}

/* at[1] is the number of the last sock that is done with. */
static int list_others(struct list_step *step)
{
	struct nl_dump *d = step->d;
	const struct sock *s;

	for (; (s = transport_next(d->sock->nl->tp, d->at[1])); d->at[1] = s->id) {
		if (!nl_dump_spend(d))
			return 1;
		if (s->type == SOCK_STREAM && s->family != AF_UNIX && s->protocol == IPPROTO_TCP &&
		    tcp_of_const(s)->state == TCP_LISTEN)
			continue;
		if (!show_sock(step, s))
			return 1;
	}
	return 0;
}

static bool put_wait(struct list_step *step, const struct wait *wait, const struct diag_ends *ends)
{
	struct inet_diag_msg m = {.idiag_family = (uint8_t)ends->family,
				  .idiag_state = TCP_TIME_WAIT,
				  .idiag_timer = TIMER_TIMEWAIT};

	m.idiag_expires = milliseconds(wait->until - step->d->sock->nl->env->now);
	put_ends(&m, &wait->local, &wait->remote, wait->ifindex, wait->id);
	nlw_begin(step->w, &step->h, &m, sizeof(m));
	return nlw_end(step->w);
}

/* at[1] is the number of the last end that is done with. */
static int list_waits(struct list_step *step)
{
	struct nl_dump *d = step->d;
	const struct wait *wait;

	if (!has_state(&step->rq, TCP_TIME_WAIT))
		return 0;
	for (; (wait = transport_next_wait(d->sock->nl->tp, d->at[1])); d->at[1] = wait->id) {
		struct diag_ends ends = {
			.local = wait->local, .remote = wait->remote, .ifindex = wait->ifindex};

		ends.family = ipaddr_is4(&wait->local.addr) ? AF_INET : AF_INET6;
		if (!nl_dump_spend(d))
			return 1;
		if (passes(&step->rq, &ends) && !put_wait(step, wait, &ends))
			return 1;
	}
	return 0;
}

static int list_part(struct list_step *step, enum part part)
{
	bool tcp = step->rq.protocol == IPPROTO_TCP;

	switch (part) {
	case PART_LISTEN:
		return tcp ? list_listeners(step) : 0;
	case PART_OTHERS:
		return list_others(step);
	case PART_WAITS:
		return tcp ? list_waits(step) : 0;
	case PART_COUNT:
		break;
	}
	return 0;
}

static int list(struct nl_dump *d, struct nl_writer *w)
{
	struct list_step step = {.d = d, .w = w, .h = nl_dump_header(d, SOCK_DIAG_BY_FAMILY)};
	int error = read_request(d->body, d->bytes, &step.rq);

	if (error < 0)
		return error;
	if (step.rq.filter)
		d->budget /= 1 + (uint32_t)(step.rq.filter_bytes / 64);
	for (; d->at[0] < PART_COUNT; d->at[0]++, d->at[1] = 0, d->at[2] = 0) {
		int result = list_part(&step, (enum part)d->at[0]);

		if (result)
			return result;
	}
	return 0;
}

/* --- one socket --- */

static bool same_end(int family, const uint32_t want[4], uint16_t port, const struct endpoint *e)
{
	struct ipaddr a = nl_ipaddr(family, want);

	return htons(e->port) == port && ipaddr_equal(&a, &e->addr);
}

/* The connected sock with these ends, or one that is bound to the local one. */
static struct sock *find_one(struct transport *tp, const struct diag_request *rq)
{
	const struct inet_diag_sockid *id = &rq->body.id;
	int family = rq->body.sdiag_family;
	struct sock *bound = NULL;
	struct sock *s = NULL;
	uint64_t at = 0;

	for (; (s = transport_next(tp, at)); at = s->id) {
		if (s->family != family || !is_listed(rq, s) ||
		    htons(s->local.port) != id->idiag_sport)
			continue;
		if (same_end(family, id->idiag_src, id->idiag_sport, &s->local) &&
		    same_end(family, id->idiag_dst, id->idiag_dport, &s->remote))
			return s;
		if (s->remote.port == 0 && !bound)
			bound = s;
	}
	return bound;
}

static int check_cookie(const struct diag_request *rq, const struct sock *s)
{
	const uint32_t *cookie = rq->body.id.idiag_cookie;

	if (cookie[0] == INET_DIAG_NOCOOKIE && cookie[1] == INET_DIAG_NOCOOKIE)
		return 0;
	return cookie[0] == (uint32_t)s->id && cookie[1] == (uint32_t)(s->id >> 32) ? 0 : -ESTALE;
}

static int tell_one(struct nl_request *rq, const struct diag_request *req, const struct sock *s)
{
	struct nl_answer answer;
	struct nlmsghdr h;
	int error = nl_answer(rq, MESSAGE_ROOM, SOCK_DIAG_BY_FAMILY, &h, &answer);

	if (error < 0)
		return error;
	(void)put_sock(&answer.w, &h, req, s); /* it fits */
	return nl_answer_send(&answer);
}

static int destroy_one(struct sock *s)
{
	if (s->protocol == IPPROTO_TCP)
		return tcp_destroy(s);
	/* Linux: udp_abort(). */
	if (s->proto->disconnect)
		(void)s->proto->disconnect(s); /* a socket that has no peer stays so */
	s->error = ECONNABORTED;
	sock_notify(s, POLLIN | POLLERR);
	return 0;
}

int inetdiag_request(struct nl_request *rq)
{
	struct diag_request req;
	struct nl_dump *d;
	struct sock *s;
	int error = read_request(rq->body, rq->bytes, &req);

	if (error < 0)
		return error;
	if (rq->h.nlmsg_type == SOCK_DIAG_BY_FAMILY && rq->h.nlmsg_flags & NLM_F_DUMP) {
		if (req.filter && !diagfilter_valid(req.filter, req.filter_bytes))
			return -EINVAL;
		return nl_dump_start(rq, list, MESSAGE_ROOM, &d);
	}
	if (req.body.sdiag_family == AF_UNSPEC)
		return -EINVAL;
	s = find_one(rq->from->nl->tp, &req);
	if (!s)
		return -ENOENT;
	error = check_cookie(&req, s);
	if (error < 0)
		return error;
	return rq->h.nlmsg_type == SOCK_DESTROY ? destroy_one(s) : tell_one(rq, &req, s);
}
