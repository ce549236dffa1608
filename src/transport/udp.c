/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768) and UDP-Lite (RFC 3828), the way out; udp_in.c is the way in.
 *
 * Sending: a datagram is copied once into the pool's chunks and given to IP with its checksum left
 * to whoever needs it (dgram_send.c has what all datagrams go through). MSG_MORE and UDP_CORK
 * collect pieces in one packet under the destination of the first.
 *
 * UDP_SEGMENT: the datagrams that one call sends leave as one super-packet with the size of each in
 * it, which the first interface that has to cuts (pkt/cut.c), as GSO does on Linux.
 *
 * A checksum of zero means none was made (RFC 768); SO_NO_CHECK sends such over IPv4, where that is
 * allowed, UDP_NO_CHECK6_TX over IPv6 (RFC 6935). UDP-Lite has in place of the length how many
 * bytes the checksum covers, and always one; it is made here, since what takes part is not seen
 * later.
 *
 * Left out: UDP_ENCAP.
 */
#include "transport/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "link/netif.h"
#include "pkt/csum.h"
#include "transport/dgram.h"
#include "transport/errq.h"
#include "transport/member.h"
#include "transport/port.h"
#include "wire/udp_header.h"

#define IP4_HEADER_BYTES 20u
#define IP6_HEADER_BYTES 40u
#define SEGMENTS_MAX 128u /* Linux: UDP_MAX_SEGMENTS */
#define MSG_PROBE_ONLY                                                                             \
	0x10 /* Linux: MSG_PROBE, which is not for programs and yet known to some                  \
	      */

STATIC_ASSERT(offsetof(struct udp, d) == 0);
STATIC_ASSERT(offsetof(struct dgram, sock) == 0);

static int init(struct sock *s)
{
	dgram_init(dgram_of(s));
	dgram_of(s)->header_bytes = UDP_HEADER_BYTES;
	return 0;
}

static void drop_corked(struct udp *u)
{
	struct env *env = sock_env(&u->d.sock);

	packet_free(u->corked);
	if (u->corked_to)
		env_free(env, (void *)(uintptr_t)u->corked_to->extras);
	env_free(env, u->corked_to);
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

static size_t payload_max(const struct ipaddr *dst)
{
	return 65535u - UDP_HEADER_BYTES - (ipaddr_is4(dst) ? IP4_HEADER_BYTES : 0);
}

/* RFC 3828 §3.1: how far the checksum goes, and what the header says of it. */
static uint16_t coverage(const struct udp *u, size_t bytes, uint16_t *out_field)
{
	*out_field = (uint16_t)bytes;
	if (!u->limits_send || u->send_coverage >= bytes)
		return (uint16_t)bytes;
	*out_field = u->send_coverage;
	return u->send_coverage ? u->send_coverage : (uint16_t)bytes;
}

static void write_lite(struct sock *s, struct berth_packet *p, struct udp_header *h,
		       const struct ip_path *path)
{
	size_t bytes = packet_bytes(p) + UDP_HEADER_BYTES;
	uint16_t covered = coverage(udp_of(s), bytes, &h->bytes);
	uint8_t *at = packet_push(p, UDP_HEADER_BYTES);
	uint32_t sum = ipaddr_pseudo_sum(&path->src, &path->dst, IPPROTO_UDPLITE, bytes);

	udp_write(at, h);
	h->checksum = csum_finish(packet_sum(p, 0, covered, sum));
	if (h->checksum == 0)
		h->checksum = 0xffff;
	udp_write(at, h);
	p->csum = CSUM_VERIFIED;
}

/* Makes a super-packet of it, if it is to be cut. Linux: udp_send_skb(). */
static int set_segments(const struct sock *s, struct berth_packet *p, const struct dgram_target *to,
			const struct ip_path *path)
{
	size_t header =
		UDP_HEADER_BYTES + (ipaddr_is4(&path->dst) ? IP4_HEADER_BYTES : IP6_HEADER_BYTES);
	size_t bytes = packet_bytes(p);
	size_t largest = bytes < to->gso_bytes ? bytes : to->gso_bytes;
	bool is4 = ipaddr_is4(&path->dst);
	bool probe = (is4 ? s->opt->pmtudisc : s->opt->pmtudisc6) >= IP_PMTUDISC_PROBE;
	bool unchecked = is4 ? s->opt->no_check : udp_of_const(s)->no_check6_tx;

	if (header + largest > (probe ? path->netif->mtu : path->mtu))
		return -EMSGSIZE;
	if (bytes > (size_t)to->gso_bytes * SEGMENTS_MAX || unchecked)
		return -EINVAL;
	if (s->protocol == IPPROTO_UDPLITE)
		return -EIO;
	p->gso_bytes = bytes > to->gso_bytes ? to->gso_bytes : 0;
	return 0;
}

/* Prepends the header and sends. Consumes `p`, the payload. */
static int send_packet(struct sock *s, struct berth_packet *p, const struct dgram_target *to,
		       const struct ip_path *path)
{
	struct udp_header h = {s->local.port, to->to.port, 0, 0};
	bool is4 = ipaddr_is4(&path->dst);
	int result = to->gso_bytes ? set_segments(s, p, to, path) : 0;

	if (result < 0) {
		packet_free(p);
		return result;
	}
	if (s->protocol == IPPROTO_UDPLITE) {
		write_lite(s, p, &h, path);
	} else {
		h.bytes = (uint16_t)(packet_bytes(p) + UDP_HEADER_BYTES);
		udp_write(packet_push(p, UDP_HEADER_BYTES), &h);
		p->csum = (is4 ? s->opt->no_check : udp_of_const(s)->no_check6_tx) ? CSUM_VERIFIED
										   : CSUM_PARTIAL;
	}
	p->l4_off = p->head_off;
	p->l4_protocol = sock_ip_protocol(s);
	return dgram_output(s, p, to, path);
}

/* Errors that come before anything is done with the data, in Linux's order. */
static int check_send(const struct sock *s, const struct proto_msg *m)
{
	const struct ipaddr *dst = m->has_addr ? &m->addr.addr : &s->remote.addr;

	if (!m->has_addr && !sock_connected(s))
		return m->bytes > 65535 && s->family == AF_INET ? -EMSGSIZE : -EDESTADDRREQ;
	if (ipaddr_is4(dst)) {
		if (m->bytes > 65535)
			return -EMSGSIZE;
		if (m->flags & MSG_OOB)
			return -EOPNOTSUPP;
	}
	return m->has_addr && m->addr.port == 0 ? -EINVAL : 0;
}

int udp_flush_corked(struct udp *u)
{
	struct berth_packet *p = u->corked;
	struct dgram_target to;
	struct proto_extras extras;
	int result;

	if (!p)
		return 0;
	to = *u->corked_to;
	if (to.extras) {
		extras = *to.extras;
		to.extras = &extras;
	}
	u->corked = NULL;
	if (ip_path_check(sock_net(&u->d.sock), &to.path, u->d.sock.opt->ifindex) < 0) {
		packet_free(p);
		result = -ENETUNREACH;
	} else {
		result = send_packet(&u->d.sock, p, &to, &to.path);
	}
	drop_corked(u);
	return result;
}

/* Keeps where the pieces go; what control data pointed to is the program's no longer. */
static struct dgram_target *keep_target(struct sock *s, const struct dgram_target *to,
					const struct ip_path *path)
{
	struct env *env = sock_env(s);
	struct dgram_target *kept;

	kept = env_alloc(env, sizeof(*kept));
	if (!kept)
		return NULL;
	*kept = *to;
	kept->path = *path;
	if (!to->extras)
		return kept;
	kept->extras = dgram_extras_copy(env, to->extras);
	if (!kept->extras) {
		env_free(env, kept);
		return NULL;
	}
	return kept;
}

static ssize_t start_corked(struct udp *u, const struct proto_msg *m, const struct dgram_target *to,
			    const struct ip_path *path)
{
	u->corked = dgram_payload(&u->d.sock, m);
	u->corked_to = keep_target(&u->d.sock, to, path);
	if (!u->corked || !u->corked_to) {
		drop_corked(u);
		return -ENOBUFS;
	}
	return (ssize_t)m->bytes;
}

static ssize_t add_corked(struct udp *u, const struct proto_msg *m)
{
	int result = 0;

	if (packet_bytes(u->corked) + m->bytes > payload_max(&u->corked_to->path.dst)) {
		result = dgram_too_big(&u->d.sock, &u->corked_to->to, u->corked_to->path.mtu);
		drop_corked(u);
		return result;
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

/* MSG_CONFIRM: the program has heard of the neighbour. True: that was all. */
static bool confirm(const struct sock *s, const struct proto_msg *m, const struct ip_path *path)
{
	struct ip_path copy = *path;

	ip_path_confirm(s->tp->net, &copy);
	return m->flags & MSG_PROBE_ONLY && m->bytes == 0;
}

static ssize_t send_copied(struct sock *s, struct proto_msg *m)
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
	if (result == 0 && m->flags & MSG_CONFIRM && confirm(s, m, path))
		return 0;
	if (result == 0 && m->bytes > payload_max(&path->dst))
		result = dgram_too_big(s, &to.to, path->mtu);
	if (result == 0)
		result = dgram_check_room(s, path);
	if (result != 0)
		return result;
	if (!to.gso_bytes)
		to.gso_bytes = u->segment_bytes;
	if (u->cork || m->flags & MSG_MORE)
		return start_corked(u, m, &to, path);
	p = dgram_payload(s, m);
	if (!p)
		return -ENOBUFS;
	result = send_packet(s, p, &to, path);
	return result < 0 ? result : (ssize_t)m->bytes;
}

static ssize_t send_datagram(struct sock *s, struct proto_msg *m)
{
	ssize_t result = send_copied(s, m);

	if (m->flags & MSG_ZEROCOPY && s->opt->zerocopy && result > 0)
		errq_tell_zerocopy(s);
	return result;
}

/* Linux: UDP knows the names of UDP-Lite. */
static const struct opt_level *const option_levels[] = {&udp_options, &udplite_options, NULL};
static const struct opt_level *const lite_levels[] = {&udplite_options, &udp_options, NULL};

#define PROTO(name_, protocol_, levels)                                                            \
	{                                                                                          \
		.name = (name_), .type = SOCK_DGRAM, .protocol = (protocol_),                      \
		.object_bytes = sizeof(struct udp), .init = init, .close = close_sock,             \
		.abort = close_sock, .connect = connect_sock, .disconnect = disconnect_sock,       \
		.shutdown = dgram_shutdown, .send = send_datagram, .recv = dgram_recv,             \
		.poll = dgram_poll, .options = (levels), .option_changed = dgram_option_changed,   \
		.ioctl = dgram_ioctl, .info = dgram_info,                                          \
	}

const struct proto udp_proto = PROTO("UDP", IPPROTO_UDP, option_levels);
const struct proto udplite_proto = PROTO("UDP-Lite", IPPROTO_UDPLITE, lite_levels);
