/* SPDX-License-Identifier: MIT */
/*
 * Demultiplexing.
 *
 * Two tables per protocol. Connected socks lie under a keyed hash of all four numbers, since peers
 * choose two of them; ports lie under their number, which only the host's own programs choose. A
 * packet asks the first, then the second, whose chain is the few socks that are bound there and not
 * connected. So the cost of a lookup does not grow with the number of connections. Packets come in
 * trains, so the sock that the last one was for is tried before anything is hashed.
 *
 * port.c fills the tables.
 */
#include "transport/demux.h"

#include <linux/if_ether.h>
#include <string.h>

#include "base/env.h"
#include "pkt/packet.h"
#include "transport/bpf.h"
#include "transport/port.h"

uint32_t flow_hash(const struct transport *tp, const struct flow *f)
{
	uint8_t key[36];

	if (f->hashed)
		return f->hash;
	if (ipaddr_is4(&f->local)) {
		memcpy(key, &f->local.bytes[12], 4);
		memcpy(key + 4, &f->remote.bytes[12], 4);
		memcpy(key + 8, &f->local_port, 2);
		memcpy(key + 10, &f->remote_port, 2);
		return env_hash(tp->env, key, 12);
	}
	memcpy(key, f->local.bytes, 16);
	memcpy(key + 16, f->remote.bytes, 16);
	memcpy(key + 32, &f->local_port, 2);
	memcpy(key + 34, &f->remote_port, 2);
	return env_hash(tp->env, key, 36);
}

static bool has_ends(const struct sock *s, const struct flow *f)
{
	return s->local.port == f->local_port && s->remote.port == f->remote_port &&
	       ipaddr_equal(&s->remote.addr, &f->remote) && ipaddr_equal(&s->local.addr, &f->local);
}

struct sock *demux_connected(struct transport *tp, enum space space, struct flow *f)
{
	const struct table *t = &tp->space[space].tuples;
	struct sock *last = tp->space[space].last;

	if (last && tp->space[space].last_ifindex == f->ifindex && has_ends(last, f))
		return last;
	if (t->count == 0)
		return NULL;
	flow_keep_hash(tp, f);

	for (struct table_node *n = table_chain(t, f->hash); n; n = n->next) {
		struct sock *s = container_of(n, struct sock, tuple_node);

		if (n->hash == f->hash && has_ends(s, f) &&
		    (!s->opt->ifindex || !f->ifindex || s->opt->ifindex == f->ifindex)) {
			tp->space[space].last = s;
			tp->space[space].last_ifindex = f->ifindex;
			return s;
		}
	}
	return NULL;
}

struct wait *demux_wait(const struct transport *tp, const struct flow *f)
{
	if (tp->waits.count == 0)
		return NULL;
	uint32_t hash = flow_hash(tp, f);

	for (struct table_node *n = table_chain(&tp->waits, hash); n; n = n->next) {
		struct wait *w = container_of(n, struct wait, node);

		if (n->hash == hash && w->local.port == f->local_port &&
		    w->remote.port == f->remote_port && ipaddr_equal(&w->remote.addr, &f->remote) &&
		    ipaddr_equal(&w->local.addr, &f->local))
			return w;
	}
	return NULL;
}

static struct port *find_port(const struct transport *tp, enum space space, uint16_t number)
{
	for (struct table_node *n = table_chain(&tp->space[space].ports, port_hash(number)); n;
	     n = n->next) {
		if (n->hash == port_hash(number))
			return container_of(n, struct port, node);
	}
	return NULL;
}

/* Whether an unconnected sock is for packets of the flow's version: IPv6 socks take both, unless
 * IPV6_V6ONLY or an IPv4-mapped address says otherwise (RFC 3493 §5.3). */
static bool takes_version(const struct sock *s, const struct flow *f)
{
	if (ipaddr_is4(&f->local))
		return s->family == AF_INET || !sock_v6only(s);
	return s->family == AF_INET6 && !ipaddr_is4(&s->local.addr);
}

/* How well an unconnected sock suits a flow: 0 not at all. An address of its own outweighs an
 * interface of its own, and that a family of its own (Linux: compute_score()). */
static unsigned score_of(const struct sock *s, enum space space, const struct flow *f)
{
	unsigned score = 1;

	if ((space == SPACE_TCP && !s->listening) || !takes_version(s, f))
		return 0;
	if (!ipaddr_is_any(&s->local.addr)) {
		if (!ipaddr_equal(&s->local.addr, &f->local))
			return 0;
		score += 8;
	}
	if (s->opt->ifindex) {
		if (f->ifindex && s->opt->ifindex != f->ifindex)
			return 0;
		score += 4;
	}
	score += s->family == AF_INET ? 2 : 0;
	return score;
}

/* What the group's filter says of a packet, which begins at its payload. Linux: a number that is
 * nobody's leaves it to the hash. */
static uint32_t choose(const struct sock *member, const struct flow *f, uint32_t members)
{
	struct bpf_packet packet = {.p = f->packet,
				    .data_at = (int32_t)f->payload_at,
				    .net_at = f->packet->l3_off - f->packet->head_off,
				    .link_at = f->packet->l3_off - f->packet->head_off - ETH_HLEN,
				    .protocol = ipaddr_is4(&f->local) ? ETH_P_IP : ETH_P_IPV6,
				    .ifindex = f->ifindex,
				    .mark = f->packet->mark,
				    .random = env_random_u32(member->tp->env)};
	uint32_t pick = bpf_run(member->extra->chooser, &packet);

	return pick < members ? pick : UINT32_MAX;
}

/* Of the members of a SO_REUSEPORT group, the one that their filter or a hash of the flow says. */
static struct sock *pick_member(const struct transport *tp, enum space space,
				const struct port *port, const struct flow *f, unsigned score,
				uint32_t members, const struct sock *any)
{
	uint32_t pick = UINT32_MAX;
	struct list *l;

	if (f->packet && any->extra && any->extra->chooser)
		pick = choose(any, f, members);
	if (pick == UINT32_MAX)
		pick = (uint32_t)(((uint64_t)flow_hash(tp, f) * members) >> 32);

	list_for_each (l, &port->binders) {
		struct sock *s = list_entry(l, struct sock, port_link);

		if (s->opt->reuseport && score_of(s, space, f) == score && pick-- == 0)
			return s;
	}
	return NULL;
}

struct sock *demux_bound(const struct transport *tp, enum space space, const struct flow *f)
{
	const struct port *port = find_port(tp, space, f->local_port);
	struct sock *best = NULL;
	unsigned best_score = 0;
	uint32_t members = 0;
	struct list *l;

	if (!port)
		return NULL;
	list_for_each (l, &port->binders) {
		struct sock *s = list_entry(l, struct sock, port_link);
		unsigned score = score_of(s, space, f);

		if (score > best_score) {
			best = s;
			best_score = score;
			members = s->opt->reuseport ? 1 : 0;
		} else if (score > 0 && score == best_score && s->opt->reuseport) {
			members++;
		}
	}
	if (members > 1 && best->opt->reuseport)
		return pick_member(tp, space, port, f, best_score, members, best);
	return best;
}

struct sock *demux_find(struct transport *tp, enum space space, struct flow *f)
{
	struct sock *s = demux_connected(tp, space, f);

	return s ? s : demux_bound(tp, space, f);
}

static bool takes_group_packet(const struct sock *s, const struct flow *f)
{
	if (!takes_version(s, f))
		return false;
	if (!ipaddr_is_any(&s->local.addr) && !ipaddr_equal(&s->local.addr, &f->local))
		return false;
	if (sock_connected(s) &&
	    (s->remote.port != f->remote_port || !ipaddr_equal(&s->remote.addr, &f->remote)))
		return false;
	return !s->opt->ifindex || s->opt->ifindex == f->ifindex;
}

void demux_each(const struct transport *tp, enum space space, const struct flow *f,
		void (*fn)(void *ctx, struct sock *s), void *ctx)
{
	const struct port *port = find_port(tp, space, f->local_port);
	struct list *l;

	if (!port)
		return;
	list_for_each (l, &port->binders) {
		struct sock *s = list_entry(l, struct sock, port_link);

		if (takes_group_packet(s, f))
			fn(ctx, s);
	}
	list_for_each (l, &port->users) {
		struct sock *s = list_entry(l, struct sock, port_link);

		if (takes_group_packet(s, f))
			fn(ctx, s);
	}
}
