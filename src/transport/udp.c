/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768).
 *
 * Sending: a datagram is copied once into the pool's chunks and given to IP with its checksum left
 * to whoever needs it (dgram_send.c has what all datagrams go through). MSG_MORE and UDP_CORK
 * collect pieces in one packet under the destination of the first.
 *
 * Receiving: a packet goes to the sock connected with its ends, else to the best one bound to its
 * port; broadcasts and multicasts to all of them. Nobody: port unreachable (RFC 1122 §4.1.3.1).
 *
 * ICMP errors find their sock by the ends in the datagram that comes back, see dgram_on_error().
 *
 * A checksum of zero means none was made (RFC 768); SO_NO_CHECK sends such.
 *
 * Left out: UDP-Lite, UDP_SEGMENT and UDP_GRO, UDP_ENCAP.
 */
#include "transport/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "link/netif.h"
#include "pkt/csum.h"
#include "transport/dgram.h"
#include "transport/member.h"
#include "transport/port.h"
#include "wire/udp_header.h"

#define IP4_HEADER_BYTES 20u
#define UDP_PAYLOAD_MAX (65535u - IP4_HEADER_BYTES - UDP_HEADER_BYTES)

STATIC_ASSERT(offsetof(struct udp, d) == 0);
STATIC_ASSERT(offsetof(struct dgram, sock) == 0);

static int init(struct sock *s)
{
	dgram_init(dgram_of(s));
	return 0;
}

static void drop_corked(struct udp *u)
{
	packet_free(u->corked);
	env_free(sock_env(&u->d.sock), u->corked_to);
	u->corked = NULL;
	u->corked_to = NULL;
}

static void close_sock(struct sock *s)
{
	drop_corked(udp_of(s));
	dgram_fini(dgram_of(s));
	sock_free(s);
}

static int connect_sock(struct sock *s, const struct endpoint *remote)
{
	struct endpoint peer = *remote;
	struct ip_path path;
	int result = port_autobind(s);

	if (result == 0)
		result = dgram_connect_path(s, &remote->addr, &path);
	if (result < 0)
		return result;
	if (sock_connected(s))
		port_disconnect(s);
	if (ipaddr_is_any(&s->local.addr))
		s->local.addr = path.src;
	s->path = path;
	peer.addr = path.dst;
	return port_connect(s, &peer);
}

static int disconnect_sock(struct sock *s)
{
	if (sock_connected(s))
		port_disconnect(s);
	if (!s->bound_port)
		port_release(s);
	else if (!s->bound_addr)
		s->local.addr = sock_any(s);
	s->path.generation = 0;
	return 0;
}

/* Prepends the header and sends. Consumes `p`, the payload. */
static int send_packet(struct sock *s, struct berth_packet *p, const struct dgram_target *to,
		       const struct ip_path *path)
{
	size_t bytes = packet_bytes(p) + UDP_HEADER_BYTES;
	struct udp_header h = {s->local.port, to->to.port, (uint16_t)bytes, 0};

	udp_write(packet_push(p, UDP_HEADER_BYTES), &h);
	p->l4_off = p->head_off;
	p->l4_protocol = IPPROTO_UDP;
	p->csum = s->opt->no_check ? CSUM_VERIFIED : CSUM_PARTIAL;
	return dgram_output(s, p, to, path);
}

/* Errors that come before anything is done with the data, in Linux's order. */
static int check_send(const struct sock *s, const struct proto_msg *m)
{
	if (m->bytes > 65535)
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!m->has_addr && !sock_connected(s))
		return -EDESTADDRREQ;
	if (m->has_addr && m->addr.port == 0)
		return -EINVAL;
	return 0;
}

int udp_flush_corked(struct udp *u)
{
	struct berth_packet *p = u->corked;
	struct dgram_target to;

	if (!p)
		return 0;
	to = *u->corked_to;
	u->corked = NULL;
	drop_corked(u);
	if (ip_path_check(sock_net(&u->d.sock), &to.path, u->d.sock.opt->ifindex) < 0) {
		packet_free(p);
		return -ENETUNREACH;
	}
	return send_packet(&u->d.sock, p, &to, &to.path);
}

static ssize_t start_corked(struct udp *u, const struct proto_msg *m, const struct dgram_target *to,
			    const struct ip_path *path)
{
	u->corked = dgram_payload(&u->d.sock, m);
	u->corked_to = env_alloc(sock_env(&u->d.sock), sizeof(*to));
	if (!u->corked || !u->corked_to) {
		drop_corked(u);
		return -ENOBUFS;
	}
	*u->corked_to = *to;
	u->corked_to->path = *path;
	return (ssize_t)m->bytes;
}

static ssize_t add_corked(struct udp *u, const struct proto_msg *m)
{
	int result = 0;

	if (packet_bytes(u->corked) + m->bytes > UDP_PAYLOAD_MAX) {
		drop_corked(u);
		return -EMSGSIZE;
	}
	if (m->bytes > 0)
		result = packet_append_iov(u->corked, m->iov, m->iov_count, m->bytes);
	if (result < 0) {
		drop_corked(u);
		return result == -EMSGSIZE ? result : -ENOBUFS;
	}
	if (!u->cork && !(m->flags & MSG_MORE))
		result = udp_flush_corked(u);
	return result < 0 ? result : (ssize_t)m->bytes;
}

static ssize_t send_datagram(struct sock *s, struct proto_msg *m)
{
	struct udp *u = udp_of(s);
	const struct ip_path *path = NULL;
	struct berth_packet *p;
	struct dgram_target to;
	int result;

	if (u->corked)
		return add_corked(u, m);
	/* Linux gives it a port before it looks at anything. */
	result = port_autobind(s);
	if (result == 0)
		result = check_send(s, m);
	if (result == 0)
		result = dgram_aim(s, m, &to, &path);
	if (result == 0 && m->bytes > UDP_PAYLOAD_MAX)
		result = -EMSGSIZE;
	if (result == 0)
		result = dgram_check_room(s, path);
	if (result < 0)
		return result;
	if (u->cork || m->flags & MSG_MORE)
		return start_corked(u, m, &to, path);
	p = dgram_payload(s, m);
	if (!p)
		return -ENOBUFS;
	result = send_packet(s, p, &to, path);
	return result < 0 ? result : (ssize_t)m->bytes;
}

/* A packet for many: each gets a copy of its own. */
struct group_packet {
	const struct berth_packet *p;
	const struct ip_info *info;
	uint16_t src_port;
	bool taken;
};

static void deliver_copy(void *ctx, struct sock *s)
{
	struct group_packet *g = ctx;
	struct berth_packet *copy;

	if (g->info->multicast && !member_wants(dgram_of(s), g->info))
		return;
	g->taken = true;
	copy = packet_clone(g->p);
	if (copy)
		dgram_deliver(dgram_of(s), copy, g->info, g->src_port);
	else
		drop(s->tp->env, DROP_NO_MEMORY);
}

static bool checksum_right(const struct berth_packet *p, const struct ip_info *info,
			   const struct udp_header *h)
{
	uint32_t sum;

	if (p->csum != CSUM_NONE || h->checksum == 0)
		return true;
	sum = ipaddr_is4(&info->src)
		      ? csum_pseudo4(ipaddr_to4(&info->src), ipaddr_to4(&info->dst), IPPROTO_UDP,
				     h->bytes)
		      : csum_pseudo6(info->src.bytes, info->dst.bytes, IPPROTO_UDP, h->bytes);
	return csum_finish(packet_sum(p, 0, h->bytes, sum)) == 0;
}

static void deliver_one(struct transport *tp, struct berth_packet *p, const struct ip_info *info,
			const struct flow *f)
{
	struct sock *s = demux_find(tp, SPACE_UDP, f);

	if (!s) {
		drop(tp->env, DROP_UDP_NO_PORT);
		icmp_error_send(tp->net, p, info, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
		packet_free(p);
		return;
	}
	packet_trim_front(p, UDP_HEADER_BYTES);
	dgram_deliver(dgram_of(s), p, info, f->remote_port);
}

static void deliver_all(struct transport *tp, struct berth_packet *p, const struct ip_info *info,
			const struct flow *f)
{
	struct group_packet g = {p, info, f->remote_port, false};

	packet_trim_front(p, UDP_HEADER_BYTES);
	demux_each(tp, SPACE_UDP, f, deliver_copy, &g);
	if (!g.taken)
		drop(tp->env, DROP_UDP_NO_PORT);
	packet_free(p);
}

static void input(void *ctx, struct berth_packet *p, const struct ip_info *info)
{
	struct transport *tp = ctx;
	struct udp_header h;
	struct reader r;

	if (!packet_pull(p, UDP_HEADER_BYTES)) {
		drop(tp->env, DROP_UDP_TRUNCATED);
		packet_free(p);
		return;
	}
	r = reader_of(packet_head(p), p->head_len);
	if (!udp_parse(&r, &h) || h.bytes > packet_bytes(p)) {
		drop(tp->env, DROP_UDP_TRUNCATED);
		packet_free(p);
		return;
	}
	packet_trim_to(p, h.bytes);
	if (!checksum_right(p, info, &h)) {
		drop(tp->env, DROP_UDP_CHECKSUM);
		packet_free(p);
		return;
	}
	struct flow f = flow_of(info, h.src_port, h.dst_port);

	if (info->broadcast || info->multicast)
		deliver_all(tp, p, info, &f);
	else
		deliver_one(tp, p, info, &f);
}

/* The socket that sent a packet which an error quotes; NULL: none. */
static struct sock *sender_of(struct transport *tp, const struct ip_error *e, uint16_t *out_port)
{
	struct reader r = reader_of(e->l4, e->l4_bytes);
	struct udp_header h;

	if (!udp_parse(&r, &h))
		return NULL;
	struct flow f = {e->src, e->dst, h.src_port, h.dst_port, 0, false, 0};

	*out_port = h.dst_port;
	return demux_find(tp, SPACE_UDP, &f);
}

static bool concerns(void *ctx, const struct ip_error *e)
{
	uint16_t port;

	return sender_of(ctx, e, &port) != NULL;
}

static void on_error(void *ctx, const struct ip_error *e)
{
	uint16_t port = 0;
	struct sock *s = sender_of(ctx, e, &port);

	if (s)
		dgram_on_error(dgram_of(s), e, port, UDP_HEADER_BYTES);
}

void udp_init(struct transport *tp)
{
	struct ip_protocol handler = {
		.input = input, .error = on_error, .concerns = concerns, .ctx = tp};

	net_register(tp->net, IPPROTO_UDP, &handler);
}

static const struct opt_level *const option_levels[] = {&udp_options, NULL};

const struct proto udp_proto = {
	.name = "UDP",
	.type = SOCK_DGRAM,
	.protocol = IPPROTO_UDP,
	.object_bytes = sizeof(struct udp),
	.init = init,
	.close = close_sock,
	.abort = close_sock,
	.connect = connect_sock,
	.disconnect = disconnect_sock,
	.shutdown = dgram_shutdown,
	.send = send_datagram,
	.recv = dgram_recv,
	.poll = dgram_poll,
	.options = option_levels,
	.option_changed = dgram_option_changed,
	.ioctl = dgram_ioctl,
	.info = dgram_info,
};
