/* SPDX-License-Identifier: MIT */
/*
 * Local ports.
 *
 * A struct port exists while somebody holds its number. Its socks are on one of two lists: binders,
 * who take packets of any peer (a TCP sock that was bound, a listener, a datagram sock that is not
 * connected), and users, who are connected. The lists are apart because binders are few and walked
 * for each packet that no connected sock takes, while a busy server's port has tens of thousands of
 * users.
 *
 * bind() compares with everyone on the port (RFC 9293 leaves this open; the rules are Linux's):
 * two socks conflict when their addresses and interfaces could both match one packet, unless both
 * have SO_REUSEPORT, or both have SO_REUSEADDR and, for TCP, the other one does not listen. The
 * users need not be walked when all of them share (users_share), which is what a server restarting
 * over its TIME-WAIT connections meets.
 *
 * Ports that are chosen: bind() prefers odd ones and starts anywhere; connect() prefers even ones
 * and starts at a keyed hash of the peer plus an increment kept per hash (RFC 6056 §3.3.4), and may
 * share a port which only connect() uses, since the four numbers together stay unique. It does so
 * only once all numbers are held: one that nobody holds is found in a bitmap, one that can be
 * shared by trying.
 *
 * Ownership: a port belongs to its socks; the last one that leaves frees it.
 *
 * Left out: user ids (all socks of a host belong to one user), privileged ports, reserved ports.
 */
#include "transport/port.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "transport/bpf.h"
#include "transport/portmap.h"

static enum space space_of(const struct sock *s)
{
	switch (s->protocol) {
	case IPPROTO_TCP:
		return SPACE_TCP;
	case IPPROTO_UDPLITE:
		return SPACE_UDPLITE;
	default:
		return SPACE_UDP;
	}
}

static struct table *ports_of(const struct sock *s)
{
	return &s->tp->space[space_of(s)].ports;
}

static struct table *tuples_of(const struct sock *s)
{
	return &s->tp->space[space_of(s)].tuples;
}

static struct port *port_find(const struct sock *s, uint16_t number)
{
	for (struct table_node *n = table_chain(ports_of(s), port_hash(number)); n; n = n->next) {
		if (n->hash == port_hash(number))
			return container_of(n, struct port, node);
	}
	return NULL;
}

/* NULL: no memory. It has to get a sock at once. */
static struct port *port_new(const struct sock *s, uint16_t number, bool connect_only)
{
	struct port *port = env_calloc(s->tp->env, 1, sizeof(*port));

	if (!port)
		return NULL;
	port->number = number;
	port->connect_only = connect_only;
	port->users_share = true;
	list_init(&port->binders);
	list_init(&port->users);
	list_init(&port->waits);
	table_add(ports_of(s), s->tp->env, &port->node, port_hash(number));
	if (s->tp->space[space_of(s)].map)
		portmap_set(s->tp->space[space_of(s)].map, number, true);
	return port;
}

static void port_join(struct port *port, struct sock *s, bool user)
{
	ASSERT(!s->port || s->port == port);
	list_del(&s->port_link);
	list_add_tail(user ? &port->users : &port->binders, &s->port_link);
	if (user)
		port->users_share = port->users_share && (s->opt->reuseaddr || s->hidden);
	s->port = port;
	s->local.port = port->number;
}

/* Frees a port that nobody holds any more. */
static void port_settle(struct transport *tp, enum space space, struct port *port)
{
	if (!list_empty(&port->users) || !list_empty(&port->waits))
		return;
	port->users_share = true;
	if (!list_empty(&port->binders))
		return;
	if (tp->space[space].map)
		portmap_set(tp->space[space].map, port->number, false);
	table_del(&tp->space[space].ports, &port->node);
	env_free(tp->env, port);
}

/* Whether both are of one group: sockets that share an address (SO_REUSEPORT). */
static bool same_group(const struct sock *s, const struct sock *o)
{
	return s->opt->reuseport && o->opt->reuseport && s->family == o->family &&
	       s->opt->ifindex == o->opt->ifindex && ipaddr_equal(&s->local.addr, &o->local.addr);
}

static int give_chooser(struct sock *s, struct bpf *f)
{
	struct sock_extra *x = f ? sock_extra(s) : s->extra;

	if (!x)
		return f ? -ENOMEM : 0;
	if (f)
		bpf_get(f);
	bpf_put(s->tp->env, x->chooser);
	x->chooser = f;
	return 0;
}

int port_set_chooser(struct sock *s, struct bpf *f)
{
	struct list *l;
	int result;

	if (!s->opt->reuseport)
		return -EINVAL;
	result = give_chooser(s, f);
	if (!s->port)
		return result;
	list_for_each (l, &s->port->binders) {
		struct sock *o = list_entry(l, struct sock, port_link);

		if (o != s && result == 0 && same_group(s, o))
			result = give_chooser(o, f);
	}
	return result;
}

/* A new member has what its group has. For want of memory the hash chooses. */
static void join_group(const struct port *port, struct sock *s)
{
	struct list *l;

	list_for_each (l, &port->binders) {
		struct sock *o = list_entry(l, struct sock, port_link);

		if (o != s && same_group(s, o)) {
			(void)give_chooser(s, o->extra ? o->extra->chooser : NULL);
			return;
		}
	}
}

/* Linux: the last of a group takes the place of one that leaves. */
static void leave_group(const struct port *port, struct sock *s)
{
	struct sock *last = list_entry(port->binders.prev, struct sock, port_link);

	if (last == s || list_empty(&port->binders) || !same_group(s, last))
		return;
	list_del(&last->port_link);
	list_add_before(&s->port_link, &last->port_link);
}

static void port_leave(struct sock *s)
{
	struct port *port = s->port;

	if (!port)
		return;
	if (s->opt->reuseport && !sock_connected(s))
		leave_group(port, s);
	list_del(&s->port_link);
	s->port = NULL;
	port_settle(s->tp, space_of(s), port);
}

/* Linux: ipv6_rcv_saddr_equal() and ipv4_rcv_saddr_equal(). Across the families only the wildcard
 * of a dual-stack sock meets anything. */
static bool overlap(const struct ipaddr *a, bool a_v6only, const struct ipaddr *b, bool b_v6only)
{
	if (ipaddr_is4(a) == ipaddr_is4(b))
		return ipaddr_is_any(a) || ipaddr_is_any(b) || ipaddr_equal(a, b);
	return ipaddr_is4(a) ? ipaddr_is_any(b) && !b_v6only : ipaddr_is_any(a) && !a_v6only;
}

static bool could_match_same(const struct sock *s, const struct ipaddr *addr, bool v6only,
			     unsigned ifindex)
{
	if (s->opt->ifindex && ifindex && s->opt->ifindex != ifindex)
		return false;
	return overlap(&s->local.addr, sock_v6only(s), addr, v6only);
}

/* Linux: inet_csk_bind_conflict() and udp_lib_lport_inuse(); a TCP port that was chosen, not asked
 * for, is never shared with an address that overlaps. */
static bool conflicts(const struct sock *s, const struct sock *o, bool asked_for)
{
	if (s == o || s->hidden || o->hidden ||
	    !could_match_same(s, &o->local.addr, sock_v6only(o), o->opt->ifindex))
		return false;
	if (space_of(s) == SPACE_TCP && !asked_for)
		return true;
	if (s->opt->reuseport && o->opt->reuseport)
		return false;
	if (s->opt->reuseaddr && o->opt->reuseaddr)
		return space_of(s) == SPACE_TCP && o->listening;
	return true;
}

/* The same for an end in TIME-WAIT. */
static bool conflicts_wait(const struct sock *s, const struct wait *w, bool asked_for)
{
	if (s->hidden || !could_match_same(s, &w->local.addr, false, w->ifindex))
		return false;
	return !asked_for ||
	       !((s->opt->reuseport && w->reuseport) || (s->opt->reuseaddr && w->reuseaddr));
}

static bool port_taken(const struct sock *s, const struct port *port, bool asked_for)
{
	struct list *l;

	list_for_each (l, &port->binders) {
		if (conflicts(s, list_entry(l, struct sock, port_link), asked_for))
			return true;
	}
	if (asked_for && s->opt->reuseaddr && port->users_share)
		return false;
	list_for_each (l, &port->users) {
		if (conflicts(s, list_entry(l, struct sock, port_link), asked_for))
			return true;
	}
	list_for_each (l, &port->waits) {
		if (conflicts_wait(s, list_entry(l, struct wait, port_link), asked_for))
			return true;
	}
	return false;
}

static int port_take(struct sock *s, uint16_t number, bool asked_for)
{
	struct port *port = port_find(s, number);

	if (port && port_taken(s, port, asked_for))
		return -EADDRINUSE;
	if (!port)
		port = port_new(s, number, false);
	if (!port)
		return -ENOMEM;
	port->connect_only = false;
	port_join(port, s, false);
	if (s->opt->reuseport)
		join_group(port, s);
	return 0;
}

static uint32_t range_of(const struct sock *s, uint32_t *out_lo)
{
	const struct knobs *knobs = &s->tp->env->knobs;

	uint32_t lo = (uint32_t)knobs->ip_local_port_lo;
	uint32_t hi = (uint32_t)knobs->ip_local_port_hi;

	/* Linux: IP_LOCAL_PORT_RANGE only narrows the host's, or it does not count. */
	if (s->opt->port_lo >= lo && s->opt->port_lo <= hi)
		lo = s->opt->port_lo;
	if (s->opt->port_hi >= lo && s->opt->port_hi <= hi)
		hi = s->opt->port_hi;
	*out_lo = lo;
	return hi - lo + 1;
}

/* The `i`th port to try of a range, when those with the parity of `start` come first. */
static uint16_t nth_port(uint32_t lo, uint32_t count, uint32_t start, uint32_t i)
{
	uint32_t half = (count + 1) / 2;
	uint32_t parity = start & 1;
	uint32_t step;

	if (count == 1)
		return (uint16_t)lo;
	if (parity == 1)
		half = count / 2;
	if (i < half) {
		step = (start / 2 + i) % half;
	} else {
		parity ^= 1;
		step = (start / 2 + (i - half)) % (count - half);
	}
	return (uint16_t)(lo + step * 2 + parity);
}

/* The map of a space, made when it is first wanted. NULL: no memory. */
static struct portmap *map_of(struct transport *tp, enum space space)
{
	const struct table *ports = &tp->space[space].ports;
	struct portmap *map = tp->space[space].map;

	if (map)
		return map;
	map = env_calloc(tp->env, 1, sizeof(*map));
	if (!map)
		return NULL;
	for (uint32_t i = 0; i <= ports->mask; i++) {
		for (struct table_node *n = ports->buckets[i]; n; n = n->next)
			portmap_set(map, container_of(n, struct port, node)->number, true);
	}
	tp->space[space].map = map;
	return map;
}

/* A number of the range that nobody holds, the same parity as `start` (an offset) first; 0: none.
 */
static uint16_t find_free(const struct sock *s, uint32_t start)
{
	const struct portmap *map = map_of(s->tp, space_of(s));
	uint32_t lo;
	uint32_t count = range_of(s, &lo);
	uint16_t number;

	if (!map)
		return 0;
	number = portmap_find(map, lo, lo + count - 1, nth_port(lo, count, start, 0));
	if (!number && count > 1)
		number = portmap_find(map, lo, lo + count - 1, nth_port(lo, count, start ^ 1u, 0));
	return number;
}

static int choose_for_bind(struct sock *s)
{
	uint32_t lo;
	uint32_t count = range_of(s, &lo);
	uint32_t start = env_random_below(s->tp->env, count) | 1u;
	uint16_t number = find_free(s, start);

	if (number)
		return port_take(s, number, false);
	for (uint32_t i = 0; i < count; i++) {
		int result = port_take(s, nth_port(lo, count, start, i), false);

		if (result != -EADDRINUSE)
			return result;
	}
	return -EADDRINUSE;
}

static int bind_port(struct sock *s, uint16_t number)
{
	if (number > 0)
		return port_take(s, number, true);
	if (s->opt->bind_address_no_port)
		return 0;
	return choose_for_bind(s);
}

int transport_bind(struct sock *s, const struct endpoint *local)
{
	struct ipaddr any = sock_any(s);
	int result;

	if (!ipaddr_is_any(&local->addr) && !sock_binds_foreign(s) &&
	    ip_kind_of(s->tp->net, &local->addr) == IP_KIND_OTHER)
		return -EADDRNOTAVAIL;
	if (s->port || sock_connected(s))
		return -EINVAL;
	s->local.addr = local->addr;
	s->local.scope = local->scope;
	result = bind_port(s, local->port);
	if (result < 0) {
		s->local.addr = any;
		s->local.scope = 0;
		return result;
	}
	s->bound_addr = !ipaddr_equal(&local->addr, &any);
	s->bound_port = local->port != 0;
	return 0;
}

int port_autobind(struct sock *s)
{
	int result;

	if (s->port)
		return 0;
	result = choose_for_bind(s);
	return result == -EADDRINUSE && space_of(s) != SPACE_TCP ? -EAGAIN : result;
}

static struct flow flow_to(const struct sock *s, const struct endpoint *remote, uint16_t port)
{
	return (struct flow){.local = s->local.addr,
			     .remote = remote->addr,
			     .local_port = port,
			     .remote_port = remote->port,
			     .ifindex = s->opt->ifindex};
}

/* Whether a sock with these ends is there and does not give them up. */
static bool tuple_taken(struct sock *s, struct flow *f)
{
	struct transport *tp = s->tp;
	struct sock *o = demux_connected(tp, space_of(s), f);
	struct wait *w = space_of(s) == SPACE_TCP ? demux_wait(tp, f) : NULL;

	if (w && (!tp->wait_yield || !tp->wait_yield(tp->tcp, w, s)))
		return true;
	if (!o || o == s)
		return false;
	return !o->proto->yield || !o->proto->yield(o, s);
}

/* `f` has the ends of `s`. */
static void tuple_add(struct sock *s, const struct flow *f)
{
	ASSERT(!table_node_linked(&s->tuple_node));
	table_add(tuples_of(s), s->tp->env, &s->tuple_node, flow_hash(s->tp, f));
	s->tp->space[space_of(s)].last = NULL;
}

static void tuple_del(struct sock *s)
{
	if (!table_node_linked(&s->tuple_node))
		return;
	table_del(tuples_of(s), &s->tuple_node);
	s->tp->space[space_of(s)].last = NULL;
}

/* A port that other connections have and this one may have too; 0: none. Somebody in TIME-WAIT may
 * have given it up for us, and the port may be gone with it. */
static uint16_t find_shared(struct sock *s, struct flow *f, uint32_t start)
{
	uint32_t lo;
	uint32_t count = range_of(s, &lo);

	for (uint32_t i = 0; i < count; i++) {
		const struct port *port;

		f->local_port = nth_port(lo, count, start, i);
		f->hashed = false;
		port = port_find(s, f->local_port);
		if (!port || (port->connect_only && !tuple_taken(s, f)))
			return f->local_port;
	}
	return 0;
}

/* RFC 6056 §3.3.4: where to start depends on the peer, and on how often that was used. */
static int choose_for_connect(struct sock *s, const struct endpoint *remote)
{
	struct transport *tp = s->tp;
	struct flow f = flow_to(s, remote, 0);
	uint32_t lo;
	uint32_t count = range_of(s, &lo);
	uint32_t hash = flow_hash(tp, &f);
	uint16_t *next = &tp->port_next[hash % ARRAY_LEN(tp->port_next)];
	uint32_t start = ((hash >> 4) + *next) % count & ~1u;
	uint16_t number = find_free(s, start);
	struct port *port = NULL;

	if (!number) {
		number = find_shared(s, &f, start);
		if (!number)
			return -EADDRNOTAVAIL;
		port = port_find(s, number);
	}
	if (!port)
		port = port_new(s, number, true);
	if (!port)
		return -ENOMEM;
	port_join(port, s, true);
	*next = (uint16_t)(*next + 2 * (1 + env_random_below(tp->env, 8)));
	return 0;
}

int port_connect(struct sock *s, const struct endpoint *remote)
{
	struct flow f;
	int result;

	ASSERT(!table_node_linked(&s->tuple_node));
	if (!s->port) {
		result = choose_for_connect(s, remote);
		if (result < 0)
			return result;
		f = flow_to(s, remote, s->local.port);
	} else {
		f = flow_to(s, remote, s->local.port);
		flow_keep_hash(s->tp, &f);
		if (space_of(s) == SPACE_TCP && tuple_taken(s, &f))
			return -EADDRNOTAVAIL;
		port_join(s->port, s, true);
	}
	s->remote = *remote;
	s->listening = false;
	tuple_add(s, &f);
	return 0;
}

void port_disconnect(struct sock *s)
{
	tuple_del(s);
	s->remote = (struct endpoint){.addr = sock_any(s)};
	if (s->port)
		port_join(s->port, s, false);
}

int port_listen(struct sock *s)
{
	int result = 0;

	if (s->port && port_taken(s, s->port, true))
		return -EADDRINUSE;
	if (!s->port)
		result = port_autobind(s);
	if (result == 0)
		s->listening = true;
	return result;
}

void port_unlisten(struct sock *s)
{
	s->listening = false;
}

int port_inherit(struct sock *child, const struct sock *listener)
{
	struct flow f = flow_to(child, &child->remote, child->local.port);

	ASSERT(listener->port && !child->port);
	flow_keep_hash(child->tp, &f);
	if (tuple_taken(child, &f))
		return -EADDRINUSE;
	port_join(listener->port, child, true);
	tuple_add(child, &f);
	return 0;
}

void port_wait(struct wait *w, struct sock *s)
{
	struct transport *tp = s->tp;

	ASSERT(s->port && sock_connected(s));
	w->local = s->local;
	w->remote = s->remote;
	w->ifindex = s->opt->ifindex;
	w->reuseaddr = s->opt->reuseaddr;
	w->reuseport = s->opt->reuseport;
	w->port = s->port;
	list_init(&w->port_link);
	list_add_tail(&w->port->waits, &w->port_link);
	w->port->users_share = w->port->users_share && w->reuseaddr;
	table_add(&tp->waits, tp->env, &w->node, s->tuple_node.hash);
	w->id = ++tp->last_id;
	list_add_tail(&tp->all_waits, &w->all_link);
	tuple_del(s);
	port_leave(s);
}

void port_wait_end(struct transport *tp, struct wait *w)
{
	table_del(&tp->waits, &w->node);
	if (tp->walked_wait == w)
		tp->walked_wait = NULL;
	list_del(&w->all_link);
	list_del(&w->port_link);
	port_settle(tp, SPACE_TCP, w->port);
}

void port_release(struct sock *s)
{
	tuple_del(s);
	port_leave(s);
	s->listening = false;
	s->local.port = 0;
	s->remote = (struct endpoint){.addr = sock_any(s)};
	if (!s->bound_addr)
		s->local.addr = sock_any(s);
}

void port_keep(struct sock *s)
{
	tuple_del(s);
	s->listening = false;
	if (s->port && s->bound_port)
		port_join(s->port, s, false);
	else
		port_leave(s);
}

void port_sharing_changed(struct sock *s)
{
	if (s->port && !s->opt->reuseaddr)
		s->port->users_share = false;
}
