/* SPDX-License-Identifier: MIT */
/*
 * Datagram sockets: queues.
 *
 * A received packet is queued as it is, its payload still in the chunks in which the sender or the
 * driver put it; the one copy is made by recv(). What has to be known about it besides (both
 * addresses, the port, TTL, TOS) is kept in the packet's own header area, whose headers have been
 * read by then.
 *
 * SO_RCVBUF counts the packets' overhead as Linux does (its "truesize"), so that a program which
 * sizes its buffer for bursts of small datagrams sees about the same number of them: 277 of 64
 * bytes by default.
 *
 * Errors come in two ways: SO_ERROR, for connected sockets, and, with IP_RECVERR, the queue of
 * errq.h.
 *
 * Ownership: the queue owns its packets, the sock its memberships (member.c).
 */
#include "transport/dgram.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/check.h"
#include "base/env.h"
#include "transport/bpf.h"
#include "transport/errq.h"
#include "transport/member.h"

/* The overhead of a queued packet as Linux counts it, and the step in which its buffers grow. */
#define PACKET_COST 704u
#define PACKET_STEP 64u

/* What is kept at the begin of a queued packet's header area. */
struct dgram_meta {
	struct ipaddr src, dst;
	struct dgram_ext *ext; /* owned; NULL: none, or not asked for */
	uint32_t cost;
	uint32_t flow_label;
	uint16_t port;
	uint16_t ifindex;
	uint16_t fragment_bytes;
	uint16_t segment_bytes; /* UDP_GRO: of the datagrams in it; 0: it is one */
	uint8_t ttl, tos;
	bool broadcast, multicast;
	bool peeked; /* MSG_PEEK has shown it: an empty one is passed by SO_PEEK_OFF */
};

struct dgram_ext {
	uint16_t bytes;
	uint8_t first; /* IPv6: the kind of the first one */
	uint8_t data[];
};

STATIC_ASSERT(sizeof(struct dgram_meta) <= 80);
STATIC_ASSERT(offsetof(struct berth_packet, head) % _Alignof(struct dgram_meta) == 0);

void dgram_init(struct dgram *d)
{
	list_init(&d->blocked_link);
}

static const struct dgram_meta *meta_of(const struct berth_packet *p)
{
	return (const struct dgram_meta *)(const void *)p->head;
}

void dgram_fini(struct dgram *d)
{
	struct env *env = sock_env(&d->sock);

	ASSERT(env->bytes_held >= d->held);
	env->bytes_held -= d->held;
	d->held = 0;
	for (const struct berth_packet *p = d->queue.head; p; p = p->next)
		env_free(env, meta_of(p)->ext);
	packet_queue_clear(&d->queue);
	env_free(env, d->last_ext);
	d->last_ext = NULL;
	member_leave_all(d);
	list_del(&d->blocked_link);
}

/* Makes room for the meta data in front of the payload bytes that are in head[]. */
static bool store_meta(struct berth_packet *p, const struct dgram_meta *meta)
{
	if (p->head_len == 0) {
		p->head_off = (uint8_t)sizeof(*meta);
	} else if (p->head_off < sizeof(*meta)) {
		size_t off = PACKET_HEAD_BYTES - p->head_len;

		if (off < sizeof(*meta))
			return false;
		memmove(p->head + off, p->head + p->head_off, p->head_len);
		p->head_off = (uint8_t)off;
	}
	memcpy(p->head, meta, sizeof(*meta));
	return true;
}

static bool wants_ext(const struct sock_options *o, const struct ip_info *info)
{
	if (info->options_len)
		return o->recvopts || o->retopts;
	return info->ext_bytes && (o->recvhopopts6 || o->recvdstopts6 || o->recvrthdr6 ||
				   o->hopopts6_2292 || o->dstopts6_2292 || o->rthdr6_2292);
}

/* The headers that the program asks for, kept. NULL: none, or no memory. */
static struct dgram_ext *keep_ext(const struct sock *s, const struct ip_info *info)
{
	size_t bytes = info->options_len ? info->options_len : info->ext_bytes;
	struct dgram_ext *ext;

	if (!wants_ext(s->opt, info))
		return NULL;
	ext = env_alloc(sock_env(s), sizeof(*ext) + bytes);
	if (!ext)
		return NULL;
	ext->bytes = (uint16_t)bytes;
	ext->first = info->ext_first;
	memcpy(ext->data, info->options_len ? info->options : info->ext, bytes);
	return ext;
}

static void queue_packet(struct dgram *d, struct berth_packet *p, const struct ip_info *info,
			 uint16_t port)
{
	struct env *env = sock_env(&d->sock);
	uint32_t bytes = (uint32_t)packet_bytes(p);
	uint32_t cost = PACKET_COST + (bytes + PACKET_STEP - 1) / PACKET_STEP * PACKET_STEP;
	struct dgram_meta meta = {.src = info->src,
				  .dst = info->dst,
				  .cost = cost,
				  .flow_label = info->flow_label,
				  .port = port,
				  .ifindex = (uint16_t)info->ifindex,
				  .fragment_bytes = info->fragment_bytes,
				  .segment_bytes =
					  d->sock.protocol == IPPROTO_UDP ? p->gso_bytes : 0,
				  .ttl = info->ttl,
				  .tos = info->tos,
				  .broadcast = info->broadcast,
				  .multicast = info->multicast};

	if (info->options_len || info->ext_bytes)
		meta.ext = keep_ext(&d->sock, info);
	if (d->held > d->sock.rcvbuf || env->bytes_held + cost > env->limits.bytes_max ||
	    !store_meta(p, &meta)) {
		d->dropped++;
		drop(env, d->sock.type == SOCK_RAW ? DROP_RAW_RCVBUF : DROP_UDP_RCVBUF);
		env_free(env, meta.ext);
		packet_free(p);
		return;
	}
	d->held += cost;
	env->bytes_held += cost;
	packet_queue_add(&d->queue, p);
	sock_notify(&d->sock, POLLIN);
}

void dgram_deliver(struct dgram *d, struct berth_packet *p, const struct ip_info *info,
		   uint16_t port)
{
	uint32_t least = d->header_bytes ? d->header_bytes : 1;

	if (bpf_admits(&d->sock, p, info, -(int32_t)d->header_bytes, least)) {
		queue_packet(d, p, info, port);
	} else {
		drop(sock_env(&d->sock), DROP_FILTERED);
		packet_free(p);
	}
}

static size_t scatter(const struct berth_packet *p, size_t from, const struct proto_msg *m)
{
	size_t done = 0;

	for (int i = 0; i < m->iov_count && from + done < packet_bytes(p); i++)
		done += packet_copy_out(p, from + done, m->iov[i].iov_base, m->iov[i].iov_len);
	return done;
}

static void fill_info(const struct dgram *d, const struct berth_packet *p,
		      const struct dgram_meta *meta, struct proto_msg *m)
{
	m->addr = (struct endpoint){.addr = meta->src, .port = meta->port};
	if (ipaddr_needs_scope(&meta->src))
		m->addr.scope = meta->ifindex;
	m->has_info = true;
	m->info.src = meta->src;
	m->info.dst = meta->dst;
	m->info.protocol = sock_ip_protocol(&d->sock);
	m->info.ttl = meta->ttl;
	m->info.tos = meta->tos;
	m->info.ifindex = meta->ifindex;
	m->info.broadcast = meta->broadcast;
	m->info.multicast = meta->multicast;
	m->info.flow_label = meta->flow_label;
	m->info.fragment_bytes = meta->fragment_bytes;
	m->info.options_len = 0;
	m->info.ext = meta->ext ? meta->ext->data : NULL;
	m->info.ext_bytes = meta->ext ? meta->ext->bytes : 0;
	m->info.ext_first = meta->ext ? meta->ext->first : 0;
	m->segment_bytes = meta->segment_bytes;
	m->time = p->time;
	m->rx_mark = p->mark;
	m->rx_priority = p->priority;
	m->dropped = d->dropped;
}

/* Takes the first packet of the queue out; its headers stay until the next time. */
static void consume(struct dgram *d)
{
	struct env *env = sock_env(&d->sock);
	struct berth_packet *p = packet_queue_take(&d->queue);
	const struct dgram_meta *meta = meta_of(p);

	d->held -= meta->cost;
	env->bytes_held -= meta->cost;
	if (d->last_ext || meta->ext) {
		env_free(env, d->last_ext);
		d->last_ext = meta->ext;
	}
	packet_free(p);
}

/* The packet that SO_PEEK_OFF has come to, and where in it. NULL: none so far out. */
static struct berth_packet *find_peeked(const struct dgram *d, size_t *out_from)
{
	struct berth_packet *p = d->queue.head;
	size_t off = (size_t)d->sock.extra->peek_off;

	while (p && off >= packet_bytes(p) && (off > 0 || meta_of(p)->peeked)) {
		off -= packet_bytes(p);
		p = p->next;
	}
	*out_from = off;
	return p;
}

/* IPV6_RECVPATHMTU: a message without bytes. */
static ssize_t recv_path_mtu(struct sock *s, struct proto_msg *m)
{
	m->path_mtu = s->extra->path_mtu;
	m->addr = s->extra->path_to;
	s->extra->path_mtu = 0;
	return 0;
}

ssize_t dgram_recv(struct sock *s, struct proto_msg *m)
{
	struct dgram *d = dgram_of(s);
	bool peek = (m->flags & MSG_PEEK) != 0;
	struct berth_packet *p = d->queue.head;
	size_t from = 0;

	if (m->flags & MSG_ERRQUEUE)
		return errq_recv(s, m);
	if (s->error) {
		int error = s->error;

		s->error = 0;
		return -error;
	}
	if (s->extra && s->extra->path_mtu && s->opt->recvpathmtu6)
		return recv_path_mtu(s, m);
	if (peek && sock_peek_off(s) >= 0)
		p = find_peeked(d, &from);
	if (!p)
		return s->shut_rd && !(m->flags & MSG_DONTWAIT) ? 0 : -EAGAIN;
	size_t bytes = packet_bytes(p);
	size_t done = scatter(p, from, m);
	size_t result = m->flags & MSG_TRUNC ? bytes : done;

	if (from + done < bytes)
		m->out_flags |= MSG_TRUNC;
	fill_info(d, p, meta_of(p), m);
	d->stamp = p->time;
	sock_peek_off_move(s, peek, peek ? result : bytes);
	if (peek)
		((struct dgram_meta *)(void *)p->head)->peeked = true;
	else
		consume(d);
	return (ssize_t)result;
}

unsigned dgram_poll(const struct sock *s)
{
	const struct dgram *d = dgram_of_const(s);
	unsigned events = 0;

	if (s->error || errq_pending(s))
		events |= POLLERR;
	/* Linux: select() shows it among the exceptions then. */
	if (s->opt->select_err_queue && errq_pending(s))
		events |= POLLPRI;
	if (s->shut_rd)
		events |= POLLIN | POLLRDHUP;
	if (s->shut_rd && s->shut_wr)
		events |= POLLHUP;
	if (d->queue.head)
		events |= POLLIN;
	if (list_empty(&d->blocked_link))
		events |= POLLOUT;
	return events;
}

size_t dgram_next_bytes(const struct dgram *d)
{
	return d->queue.head ? packet_bytes(d->queue.head) : 0;
}

int dgram_ioctl(struct sock *s, unsigned long request, int *value)
{
	switch (request) {
	case SIOCINQ:
		*value = (int)dgram_next_bytes(dgram_of(s));
		return 0;
	case SIOCOUTQ:
		*value = 0;
		return 0;
	default:
		return -ENOTTY;
	}
}

void dgram_info(const struct sock *s, struct berth_sock_info *out)
{
	out->state = sock_connected(s) ? TCP_ESTABLISHED : TCP_CLOSE;
	out->recv_q = dgram_of_const(s)->held;
	out->send_q = 0;
	out->timer_ns = BERTH_TIME_NEVER;
}

void dgram_on_error(struct dgram *d, const struct ip_error *e, uint16_t port, size_t payload_at)
{
	struct sock *s = &d->sock;
	bool is4 = ipaddr_is4(&e->dst);
	bool hard = e->hard;

	if (e->error == EMSGSIZE && is4) {
		if (s->opt->pmtudisc == IP_PMTUDISC_DONT)
			return;
		hard = true;
	} else if (e->error == EMSGSIZE) {
		hard = s->opt->pmtudisc6 != IPV6_PMTUDISC_DONT;
	}
	if (is4 ? s->opt->recverr : s->opt->recverr6)
		errq_add_icmp(s, e, port, payload_at);
	else if (!hard || !sock_connected(s))
		return;
	s->error = e->error;
	sock_notify(s, POLLERR | POLLIN | POLLOUT);
}

void dgram_block(struct dgram *d)
{
	if (list_empty(&d->blocked_link))
		list_add_tail(&d->sock.tp->blocked, &d->blocked_link);
}

void dgram_on_tx_space(struct transport *tp)
{
	while (!list_empty(&tp->blocked)) {
		struct dgram *d = list_first(&tp->blocked, struct dgram, blocked_link);

		list_del(&d->blocked_link);
		sock_notify(&d->sock, POLLOUT);
	}
}
