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

/* The defaults of a fresh socket, as Linux has them. */
static void set_defaults(struct sock *s, const struct knobs *knobs)
{
	bool stream = s->type == SOCK_STREAM;

	s->opt.rcvbuf = (uint32_t)(stream ? knobs->tcp_rmem_default : knobs->rmem_default);
	s->opt.sndbuf = (uint32_t)(stream ? knobs->tcp_wmem_default : knobs->wmem_default);
	s->opt.rcvlowat = 1;
	s->opt.ttl = -1;
	s->opt.mcast_ttl = -1;
	s->opt.mcast_loop = true;
	s->opt.mcast_all = true;
	s->opt.max_pacing_rate = UINT64_MAX;
	s->opt.pmtudisc = knobs->ip_no_pmtu_disc ? IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
	s->opt.mcast_src = ipaddr_from4(0);
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
	s->protocol = (uint8_t)proto->protocol;
	s->local.addr = ipaddr_from4(0);
	s->remote.addr = ipaddr_from4(0);
	list_init(&s->port_link);
	set_defaults(s, &tp->env->knobs);
	if (proto->init && proto->init(s) < 0) {
		env_free(tp->env, s);
		return NULL;
	}
	s->id = ++tp->last_id;
	list_add_tail(&tp->all, &s->all_link);
	tp->count++;
	return s;
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
	env_free(tp->env, s->opt.options);
	env_free(tp->env, s);
}

int sock_inherit_options(struct sock *child, const struct sock *parent)
{
	uint8_t *options = NULL;

	if (parent->opt.options_len > 0) {
		options = env_alloc(child->tp->env, parent->opt.options_len);
		if (!options)
			return -ENOMEM;
		memcpy(options, parent->opt.options, parent->opt.options_len);
	}
	env_free(child->tp->env, child->opt.options);
	child->opt = parent->opt;
	child->opt.options = options;
	return 0;
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
