/* SPDX-License-Identifier: MIT */
/*
 * The transport layer's context, and the life of a sock.
 *
 * A sock is the first part of its protocol's control block. It is on the list of all socks
 * from sock_new() to sock_free(), and in the tables of demux.h from when it gets a port or a peer
 * (port.c).
 *
 * Ownership: the protocol owns its socks, from sock_new() on. A descriptor (sock->upper) only
 * refers to one, and takes its reference away before proto->close().
 */
#include "transport/demux.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "transport/bpf.h"
#include "transport/errq.h"
#include "transport/port.h"

#define TABLE_BUCKETS 16u

struct transport *transport_new(struct env *env, struct net *net)
{
	struct transport *tp = env_calloc(env, 1, sizeof(*tp));

	if (!tp)
		return NULL;
	tp->env = env;
	tp->net = net;
	list_init(&tp->all);
	list_init(&tp->blocked);
	list_init(&tp->all_waits);
	env_random(env, tp->port_next, sizeof(tp->port_next));
	for (int i = 0; i < SPACE_COUNT; i++) {
		if (table_init(&tp->space[i].tuples, env, TABLE_BUCKETS) < 0 ||
		    table_init(&tp->space[i].ports, env, TABLE_BUCKETS) < 0) {
			transport_free(tp);
			return NULL;
		}
	}
	if (table_init(&tp->waits, env, TABLE_BUCKETS) < 0) {
		transport_free(tp);
		return NULL;
	}
	return tp;
}

uint64_t transport_cookie(struct transport *tp)
{
	while (tp->cookie == 0)
		env_random(tp->env, &tp->cookie, sizeof(tp->cookie));
	return tp->cookie;
}

void transport_free(struct transport *tp)
{
	if (!tp)
		return;
	ASSERT(list_empty(&tp->all));
	ASSERT(list_empty(&tp->all_waits));
	for (int i = 0; i < SPACE_COUNT; i++) {
		if (tp->space[i].tuples.buckets)
			table_fini(&tp->space[i].tuples, tp->env);
		if (tp->space[i].ports.buckets)
			table_fini(&tp->space[i].ports, tp->env);
		env_free(tp->env, tp->space[i].map);
	}
	if (tp->waits.buckets)
		table_fini(&tp->waits, tp->env);
	env_free(tp->env, tp);
}

struct sock *transport_next(struct transport *tp, uint64_t id)
{
	struct list *l = &tp->all;

	if (id > 0 && tp->walked && tp->walked->id == id) {
		l = &tp->walked->all_link;
	} else if (id > 0) {
		while (l->next != &tp->all && list_entry(l->next, struct sock, all_link)->id <= id)
			l = l->next;
	}
	if (l->next == &tp->all)
		return NULL;
	tp->walked = list_entry(l->next, struct sock, all_link);
	return tp->walked;
}

struct wait *transport_next_wait(struct transport *tp, uint64_t id)
{
	struct list *l = &tp->all_waits;

	if (id > 0 && tp->walked_wait && tp->walked_wait->id == id) {
		l = &tp->walked_wait->all_link;
	} else if (id > 0) {
		while (l->next != &tp->all_waits &&
		       list_entry(l->next, struct wait, all_link)->id <= id)
			l = l->next;
	}
	if (l->next == &tp->all_waits)
		return NULL;
	tp->walked_wait = list_entry(l->next, struct wait, all_link);
	return tp->walked_wait;
}

/* The options of a fresh socket, as Linux has them. */
#define DEFAULT_OPTIONS(all, discover)                                                             \
	{                                                                                          \
		.rcvlowat = 1, .ttl = -1, .mcast_ttl = -1, .mcast_loop = true, .mcast_all = (all), \
		.max_pacing_rate = UINT64_MAX, .pmtudisc = (discover), .hop_limit = -1,            \
		.mcast_hops = -1, .tclass = -1, .mcast6_loop = true, .mcast6_all = true,           \
		.txrehash = 1, .incoming_cpu = -1, .autoflowlabel = -1,                            \
		.pmtudisc6 = IPV6_PMTUDISC_WANT, .mcast_src = {                                    \
			{[10] = 0xff, [11] = 0xff}                                                 \
		}                                                                                  \
	}

/* IPv4's and IPv6's, each without and with ip_no_pmtu_disc. */
static const struct sock_options defaults[2][2] = {
	{DEFAULT_OPTIONS(true, IP_PMTUDISC_WANT), DEFAULT_OPTIONS(true, IP_PMTUDISC_DONT)},
	{DEFAULT_OPTIONS(false, IP_PMTUDISC_WANT), DEFAULT_OPTIONS(false, IP_PMTUDISC_DONT)},
};

static void set_defaults(struct sock *s, const struct knobs *knobs)
{
	bool stream = s->type == SOCK_STREAM;

	s->rcvbuf = (uint32_t)(stream ? knobs->tcp_rmem_default : knobs->rmem_default);
	s->sndbuf = (uint32_t)(stream ? knobs->tcp_wmem_default : knobs->wmem_default);
	s->opt = &defaults[s->family == AF_INET6][knobs->ip_no_pmtu_disc != 0];
}

/* Those that somebody set are counted, and nobody's but the counter's to change. */
static struct sock_options *counted(const struct sock *s)
{
	return s->opt->refs > 0 ? (struct sock_options *)(uintptr_t)s->opt : NULL;
}

static void drop_options(struct sock *s)
{
	struct sock_options *o = counted(s);

	s->opt = &defaults[0][0];
	if (o && --o->refs == 0) {
		env_free(s->tp->env, o->options);
		bpf_put(s->tp->env, o->filter);
		env_free(s->tp->env, o);
	}
}

struct sock_options *sock_edit_options(struct sock *s)
{
	struct env *env = s->tp->env;
	struct sock_options *o = counted(s);

	if (o && o->refs == 1)
		return o;
	o = env_alloc(env, sizeof(*o));
	if (!o)
		return NULL;
	*o = *s->opt;
	o->refs = 1;
	if (o->options) {
		o->options = env_alloc(env, o->options_len);
		if (!o->options) {
			env_free(env, o);
			return NULL;
		}
		memcpy(o->options, s->opt->options, o->options_len);
	}
	if (o->filter)
		bpf_get(o->filter);
	drop_options(s);
	s->opt = o;
	return o;
}

/* Linux: sk_peek_offset_fwd() and sk_peek_offset_bwd(). */
void sock_peek_off_move(struct sock *s, bool forward, size_t bytes)
{
	int64_t off = sock_peek_off(s);

	if (off < 0)
		return;
	off = forward ? off + (int64_t)bytes : off - (int64_t)bytes;
	s->extra->peek_off = off < 0 ? 0 : off > INT32_MAX ? INT32_MAX : (int32_t)off;
}

static void free_ext(struct env *env, struct ip6_ext *e)
{
	env_free(env, (void *)(uintptr_t)e->at);
}

static void free_extra(struct sock *s)
{
	struct env *env = s->tp->env;

	if (!s->extra)
		return;
	errq_clear(s);
	free_ext(env, &s->extra->exts.hop_by_hop);
	free_ext(env, &s->extra->exts.dst_before_route);
	free_ext(env, &s->extra->exts.route);
	free_ext(env, &s->extra->exts.dst);
	env_free(env, s->extra->labels);
	bpf_put(env, s->extra->chooser);
	env_free(env, s->extra->stamps);
	env_free(env, s->extra);
}

struct sock *sock_new(struct transport *tp, const struct proto *proto, int family)
{
	struct sock *s;

	ASSERT(proto->object_bytes >= sizeof(*s));
	if (tp->count >= tp->env->limits.sockets_max)
		return NULL;
	s = env_calloc(tp->env, 1, proto->object_bytes);
	if (!s)
		return NULL;
	s->proto = proto;
	s->tp = tp;
	s->family = (uint8_t)family;
	s->type = (uint8_t)proto->type;
	s->protocol = (uint16_t)proto->protocol;
	s->local.addr = sock_any(s);
	s->remote.addr = sock_any(s);
	list_init(&s->port_link);
	set_defaults(s, &tp->env->knobs);
	if (proto->init && proto->init(s) < 0) {
		free_extra(s);
		env_free(tp->env, s);
		return NULL;
	}
	s->id = ++tp->last_id;
	list_add_tail(&tp->all, &s->all_link);
	tp->count++;
	return s;
}

struct ipaddr sock_any(const struct sock *s)
{
	static const struct ipaddr any6 = {{0}};

	return s->family == AF_INET6 ? any6 : ipaddr_from4(0);
}

bool sock_binds_foreign(const struct sock *s)
{
	return s->opt->freebind || s->opt->transparent || s->tp->env->knobs.ip_nonlocal_bind;
}

struct sock_extra *sock_extra(struct sock *s)
{
	if (!s->extra) {
		s->extra = env_calloc(s->tp->env, 1, sizeof(*s->extra));
		if (!s->extra)
			return NULL;
		list_init(&s->extra->errors);
		s->extra->peek_off = -1;
		s->extra->pktinfo_src = sock_any(s);
	}
	return s->extra;
}

void sock_free(struct sock *s)
{
	struct transport *tp = s->tp;

	ASSERT(!s->upper);
	ASSERT(tp->count > 0);
	port_release(s);
	if (tp->walked == s)
		tp->walked = NULL;
	list_del(&s->all_link);
	tp->count--;
	free_extra(s);
	drop_options(s);
	env_free(tp->env, s);
}

static void fill_send6(const struct sock *s, const struct ip_path *path, struct ip_send *out)
{
	const struct sock_options *o = s->opt;
	int hops = path->multicast ? o->mcast_hops : o->hop_limit;

	out->ttl = hops > 0 ? (uint8_t)hops : 0;
	out->ttl_zero = hops == 0;
	out->tos = o->tclass > 0 ? (uint8_t)o->tclass : 0;
	out->no_mcast_loop = !o->mcast6_loop;
	out->no_flow_label = o->autoflowlabel == 0;
	if (s->extra) {
		out->flow_label = s->extra->flow & 0xfffff;
		if (s->extra->has_exts)
			out->exts = &s->extra->exts;
	}
}

void sock_fill_send(const struct sock *s, const struct ip_path *path, struct ip_send *out)
{
	const struct sock_options *o = s->opt;

	if (!ipaddr_is4(&path->dst)) {
		fill_send6(s, path, out);
		return;
	}
	if (path->multicast)
		out->ttl = o->mcast_ttl >= 0 ? (uint8_t)o->mcast_ttl : 1;
	else
		out->ttl = o->ttl > 0 ? (uint8_t)o->ttl : 0;
	out->tos = o->tos;
	out->no_mcast_loop = !o->mcast_loop;
	out->options_len = o->options_len;
	out->options = o->options;
}

uint32_t sock_send_overhead(const struct sock *s, const struct ip_path *path)
{
	const struct ip6_exts *e;

	if (ipaddr_is4(&path->dst))
		return s->opt->options_len;
	if (!s->extra || !s->extra->has_exts)
		return 0;
	e = &s->extra->exts;
	return (uint32_t)e->hop_by_hop.bytes + e->dst_before_route.bytes + e->route.bytes +
	       e->dst.bytes;
}

void sock_inherit_options(struct sock *child, const struct sock *parent)
{
	struct sock_options *o = counted(parent);

	drop_options(child);
	child->opt = parent->opt;
	child->rcvbuf = parent->rcvbuf;
	child->sndbuf = parent->sndbuf;
	if (!o)
		return;
	o->refs++;
	/* Linux: all but SO_PRIORITY. Without memory it stays. */
	if (o->priority && (o = sock_edit_options(child)) != NULL)
		o->priority = 0;
}

void sock_notify(struct sock *s, unsigned events)
{
	if (s->upper && s->tp->notify)
		s->tp->notify(s->tp->notify_ctx, s, events);
}

struct env *sock_env(const struct sock *s)
{
	return s->tp->env;
}

struct net *sock_net(const struct sock *s)
{
	return s->tp->net;
}
