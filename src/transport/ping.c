/* SPDX-License-Identifier: MIT */
/*
 * ICMP datagram sockets (icmp(7); Linux: net/ipv4/ping.c).
 *
 * A sock has an identifier as others have a port: bind() chooses it, or the first send does. It is
 * written into every echo request, and replies with it come back, from the ICMP header on, to the
 * first sock that has it. Nothing but echo requests can be sent, and of what arrives only echo
 * replies are given out; errors about its requests find the sock by the identifier in the quotation
 * and go the way of all datagrams' errors.
 *
 * Linux asks whether the program's group is in ping_group_range. A host of ours knows no groups:
 * its programs may, unless the range is empty.
 *
 * Socks with an identifier are in one table for both versions. Ownership: struct pings belongs to
 * the transport, made for the first sock and kept.
 */
#include "transport/ping.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "pkt/csum.h"
#include "transport/dgram.h"
#include "wire/icmp6_header.h"
#include "wire/icmp_header.h"

#define BUCKETS 16u

struct ping {
	struct dgram d;
	struct table_node node; /* in pings.by_id, while it has an identifier (local.port) */
	bool hears;		/* open_sock() has succeeded */
};

STATIC_ASSERT(offsetof(struct ping, d) == 0);

struct pings {
	struct table by_id;
	uint32_t open[2]; /* socks, of AF_INET6 and AF_INET */
	uint16_t last;	  /* that was chosen for a sock */
};

static bool is_request(uint8_t protocol, uint8_t type)
{
	if (protocol == IPPROTO_ICMP)
		return type == ICMP4_ECHO || type == ICMP4_EXT_ECHO;
	return type == ICMP6_ECHO_REQUEST || type == ICMP6_EXT_ECHO_REQUEST;
}

static bool is_reply(uint8_t protocol, uint8_t type)
{
	if (protocol == IPPROTO_ICMP)
		return type == ICMP4_ECHO_REPLY || type == ICMP4_EXT_ECHO_REPLY;
	return type == ICMP6_ECHO_REPLY || type == ICMP6_EXT_ECHO_REPLY;
}

static struct ping *ping_of(struct sock *s)
{
	return container_of(dgram_of(s), struct ping, d);
}

static uint32_t id_hash(uint16_t id)
{
	return (uint32_t)id * 0x9e3779b1u >> 16;
}

/*
 * Identifiers
 */

static void give_up_id(struct sock *s)
{
	struct ping *g = ping_of(s);

	if (table_node_linked(&g->node))
		table_del(&s->tp->pings->by_id, &g->node);
	s->local.port = 0;
}

static void take_id(struct sock *s, uint16_t id)
{
	s->local.port = id;
	table_add(&s->tp->pings->by_id, s->tp->env, &ping_of(s)->node, id_hash(id));
}

/* The first sock after `n` (NULL: of all) with this identifier. */
static struct ping *next_of(const struct pings *pings, const struct ping *after, uint16_t id)
{
	struct table_node *n = after ? after->node.next : table_chain(&pings->by_id, id_hash(id));

	for (; n; n = n->next) {
		struct ping *g = container_of(n, struct ping, node);

		if (g->d.sock.local.port == id)
			return g;
	}
	return NULL;
}

/* Whether a sock may have it: not while another has, unless both have SO_REUSEADDR. */
static bool id_free(const struct sock *s, uint16_t id)
{
	const struct ping *g = NULL;

	while ((g = next_of(s->tp->pings, g, id))) {
		if (!s->opt->reuseaddr || !g->d.sock.opt->reuseaddr)
			return false;
	}
	return true;
}

/* -EAGAIN: all are taken. */
static int choose_id(struct sock *s)
{
	struct pings *pings = s->tp->pings;

	if (s->local.port)
		return 0;
	for (uint32_t i = 0; i < UINT16_MAX; i++) {
		if (++pings->last == 0)
			pings->last = 1;
		if (!next_of(pings, NULL, pings->last)) {
			take_id(s, pings->last);
			return 0;
		}
	}
	return -EAGAIN;
}

/*
 * Life
 */

static int init(struct sock *s)
{
	struct sock_options *opt;

	dgram_init(dgram_of(s));
	if (s->family != AF_INET6)
		return 0;
	/* Linux: there is no ICMPv6 over IPv4. */
	opt = sock_edit_options(s);
	if (opt)
		opt->v6only = true;
	return opt ? 0 : -ENOMEM;
}

static int pings_init(struct transport *tp)
{
	struct pings *pings;

	if (tp->pings)
		return 0;
	pings = env_calloc(tp->env, 1, sizeof(*pings));
	if (!pings)
		return -ENOMEM;
	if (table_init(&pings->by_id, tp->env, BUCKETS) < 0) {
		env_free(tp->env, pings);
		return -ENOMEM;
	}
	env_random(tp->env, &pings->last, sizeof(pings->last));
	tp->pings = pings;
	return 0;
}

static void input(void *ctx, struct berth_packet *p, const struct ip_info *info);
static bool concerns(void *ctx, const struct ip_error *e);
static void on_error(void *ctx, const struct ip_error *e);

/* The network layer shows messages only while somebody is there. */
static void hear(struct sock *s)
{
	struct ip_protocol handler = {
		.input = input, .error = on_error, .concerns = concerns, .ctx = s->tp};

	ping_of(s)->hears = true;
	if (s->tp->pings->open[s->family == AF_INET]++ == 0)
		net_register(s->tp->net, sock_ip_protocol(s), &handler);
}

static void hear_no_more(struct sock *s)
{
	static const struct ip_protocol nobody = {0};

	give_up_id(s);
	if (--s->tp->pings->open[s->family == AF_INET] == 0)
		net_register(s->tp->net, sock_ip_protocol(s), &nobody);
}

static int open_sock(struct sock *s, int protocol)
{
	const struct knobs *knobs = &s->tp->env->knobs;
	bool is4 = s->family == AF_INET;
	struct sock_options *opt;
	int result;

	(void)protocol; /* it is the proto's */
	if (s->protocol != (is4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return -EPROTONOSUPPORT;
	if (knobs->ping_group_lo > knobs->ping_group_hi)
		return -EACCES;
	opt = sock_edit_options(s);
	if (!opt)
		return -ENOMEM;
	opt->reuseaddr = true; /* Linux: INET_PROTOSW_REUSE: identifiers are shared */
	result = pings_init(s->tp);
	if (result == 0)
		hear(s);
	return result;
}

static void close_sock(struct sock *s)
{
	if (ping_of(s)->hears)
		hear_no_more(s);
	dgram_fini(dgram_of(s));
	sock_free(s);
}

void ping_fini(struct transport *tp)
{
	if (tp->pings)
		table_fini(&tp->pings->by_id, tp->env);
	env_free(tp->env, tp->pings);
	tp->pings = NULL;
}

/*
 * Names
 */

static int bind_sock(struct sock *s, const struct endpoint *local)
{
	int result = 0;

	if (!ipaddr_is_any(&local->addr) && !sock_binds_foreign(s) &&
	    ip_kind_of(s->tp->net, &local->addr) != IP_KIND_LOCAL)
		return -EADDRNOTAVAIL;
	if (s->local.port)
		return -EINVAL;
	if (!local->port)
		result = choose_id(s) < 0 ? -EADDRINUSE : 0;
	else if (id_free(s, local->port))
		take_id(s, local->port);
	else
		result = -EADDRINUSE;
	if (result < 0)
		return result;
	s->local.addr = local->addr;
	s->bound_port = local->port != 0;
	s->bound_addr = !ipaddr_is_any(&local->addr);
	s->path.generation = 0;
	return 0;
}

static int connect_sock(struct sock *s, const struct endpoint *remote)
{
	int result = choose_id(s);

	return result < 0 ? result : dgram_link(s, remote);
}

static int disconnect_sock(struct sock *s)
{
	dgram_unlink(s);
	if (!s->bound_port)
		give_up_id(s);
	return 0;
}

/*
 * Sending
 */

/* Errors that come before it is known where to, in Linux's order; takes the header out. */
static int check_send(const struct sock *s, const struct proto_msg *m,
		      uint8_t header[ICMP_HEADER_BYTES])
{
	size_t have = 0;

	if (m->bytes > 65535)
		return -EMSGSIZE;
	if (m->bytes < ICMP_HEADER_BYTES)
		return -EINVAL;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	for (int i = 0; i < m->iov_count && have < ICMP_HEADER_BYTES; i++) {
		size_t part = ICMP_HEADER_BYTES - have;

		if (part > m->iov[i].iov_len)
			part = m->iov[i].iov_len;
		if (part > 0)
			memcpy(header + have, m->iov[i].iov_base, part);
		have += part;
	}
	if (!is_request(sock_ip_protocol(s), header[0]) || header[1] != 0)
		return -EINVAL;
	return m->has_addr || s->linked ? 0 : -EDESTADDRREQ;
}

static int send_packet(struct sock *s, struct berth_packet *p, const struct dgram_target *to,
		       const struct ip_path *path)
{
	(void)packet_pull(p, ICMP_HEADER_BYTES); /* check_send() has seen that it is there */
	icmp_echo_set_id(packet_head(p), s->local.port);
	p->l4_off = p->head_off;
	p->l4_protocol = sock_ip_protocol(s);
	p->csum = CSUM_PARTIAL;
	return dgram_output(s, p, to, path);
}

static ssize_t send_ping(struct sock *s, struct proto_msg *m)
{
	uint8_t header[ICMP_HEADER_BYTES];
	const struct ip_path *path = NULL;
	struct dgram_target to;
	struct berth_packet *p;
	int result = choose_id(s);

	if (result == 0)
		result = check_send(s, m, header);
	if (result == 0)
		result = dgram_aim(s, m, &to, &path);
	if (result == 0)
		result = dgram_check_room(s, path);
	if (result < 0)
		return result;
	p = dgram_payload(s, m);
	if (!p)
		return -ENOBUFS;
	result = send_packet(s, p, &to, path);
	return result < 0 ? result : (ssize_t)m->bytes;
}

/*
 * Receiving
 */

/* Linux: ping_lookup(): the first that has the identifier, the address and the interface. */
static struct ping *find(const struct transport *tp, const struct ipaddr *local, uint16_t id,
			 unsigned ifindex)
{
	struct ping *g = NULL;

	if (!tp->pings)
		return NULL;
	while ((g = next_of(tp->pings, g, id))) {
		const struct sock *s = &g->d.sock;

		if ((s->family == AF_INET) != ipaddr_is4(local))
			continue;
		if (!ipaddr_is_any(&s->local.addr) && !ipaddr_equal(&s->local.addr, local))
			continue;
		if (!s->opt->ifindex || !ifindex || s->opt->ifindex == ifindex)
			return g;
	}
	return NULL;
}

/* The network layer has verified the checksum, and shows every message. */
static void input(void *ctx, struct berth_packet *p, const struct ip_info *info)
{
	const struct transport *tp = ctx;
	uint8_t header[ICMP_HEADER_BYTES];
	struct ping *g = NULL;

	if (packet_copy_out(p, 0, header, sizeof(header)) == sizeof(header) &&
	    is_reply(info->protocol, header[0]))
		g = find(tp, &info->dst, icmp_echo_id(header), info->ifindex);
	if (!g) {
		packet_free(p);
		return;
	}
	packet_complete(p);
	dgram_deliver(&g->d, p, info, 0);
}

/* The sock that sent what an error quotes; NULL: none. */
static struct ping *sender_of(const struct transport *tp, const struct ip_error *e)
{
	if (e->l4_bytes < ICMP_HEADER_BYTES || !is_request(e->protocol, e->l4[0]))
		return NULL;
	return find(tp, &e->src, icmp_echo_id(e->l4), 0);
}

static bool concerns(void *ctx, const struct ip_error *e)
{
	return sender_of(ctx, e) != NULL;
}

static void on_error(void *ctx, const struct ip_error *e)
{
	struct ping *g = sender_of(ctx, e);

	if (g)
		dgram_on_error(&g->d, e, 0, 0);
}

#define PING_PROTO(number, text)                                                                   \
	{                                                                                          \
		.name = (text), .type = SOCK_DGRAM, .protocol = (number),                          \
		.object_bytes = sizeof(struct ping), .init = init, .open = open_sock,              \
		.close = close_sock, .abort = close_sock, .bind = bind_sock,                       \
		.connect = connect_sock, .disconnect = disconnect_sock,                            \
		.shutdown = dgram_shutdown, .send = send_ping, .recv = dgram_recv,                 \
		.poll = dgram_poll, .option_changed = dgram_option_changed, .ioctl = dgram_ioctl,  \
		.info = dgram_info,                                                                \
	}

const struct proto ping4_proto = PING_PROTO(IPPROTO_ICMP, "PING");
const struct proto ping6_proto = PING_PROTO(IPPROTO_ICMPV6, "PINGv6");
