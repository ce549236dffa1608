/* SPDX-License-Identifier: MIT */
/*
 * Datagram sockets: the way out. What UDP, ping and raw sockets do alike before a packet is theirs
 * to build: find where it goes, see that there is room, copy the payload once.
 *
 * The path of the last destination is kept in the sock, connected or not, so that the usual
 * program, which talks to one peer, looks up no route. When the interface's queue is full, the
 * sender gets -EAGAIN and its POLLOUT comes back with the room: where Linux stops a sender by
 * SO_SNDBUF, we stop it by the one queue that its datagrams wait in.
 */
#include "transport/dgram.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>

#include "base/env.h"
#include "link/netif.h"
#include "transport/errq.h"
#include "transport/stamp.h"

/* The source that packets to `dst` are to have: any when the sock has no address of its own, or one
 * that only receives. */
static struct ipaddr source_of(const struct sock *s, const struct ipaddr *dst)
{
	if (ipaddr_is_any(&s->local.addr) && ipaddr_is4(dst) && ipaddr_is_multicast(dst))
		return s->opt->mcast_src;
	if (s->extra && !ipaddr_is4(dst) && !ipaddr_is_any(&s->extra->pktinfo_src))
		return s->extra->pktinfo_src;
	switch (ip_kind_of(s->tp->net, &s->local.addr)) {
	case IP_KIND_BROADCAST:
	case IP_KIND_MULTICAST:
		return sock_any(s);
	case IP_KIND_LOCAL:
	case IP_KIND_OTHER:
		break;
	}
	return s->local.addr;
}

static unsigned ifindex_to(const struct sock *s, const struct ipaddr *dst)
{
	if (s->opt->ifindex)
		return s->opt->ifindex;
	if (ipaddr_is4(dst))
		return ipaddr_is_multicast(dst) ? s->opt->mcast_ifindex : s->opt->unicast_ifindex;
	if (s->extra && s->extra->pktinfo_ifindex)
		return s->extra->pktinfo_ifindex;
	return ipaddr_is_multicast(dst) ? s->opt->mcast6_ifindex : s->opt->unicast6_ifindex;
}

/* The interface of a datagram: that of its address's scope, else the socket's. */
static unsigned ifindex_of(const struct sock *s, const struct endpoint *to)
{
	return to->scope ? to->scope : ifindex_to(s, &to->addr);
}

int dgram_find_path(const struct sock *s, const struct ipaddr *dst, struct ip_path *path)
{
	struct ipaddr src = source_of(s, dst);

	return ip_path_find(s->tp->net, dst, &src, ifindex_to(s, dst), path);
}

int dgram_connect_path(const struct sock *s, const struct ipaddr *dst, struct ip_path *path)
{
	struct ip_path found;
	int result = dgram_find_path(s, dst, &found);

	if (result < 0)
		return result;
	if (sock_avoids(s, &found))
		return -ENETUNREACH;
	if (found.broadcast && !s->opt->broadcast)
		return -EACCES;
	*path = found;
	return 0;
}

int dgram_link(struct sock *s, const struct endpoint *remote)
{
	struct ip_path path;
	int result = dgram_connect_path(s, &remote->addr, &path);

	if (result < 0)
		return result;
	if (ipaddr_is_any(&s->local.addr))
		s->local.addr = path.src;
	s->path = path;
	s->remote = *remote;
	s->remote.addr = path.dst;
	s->linked = true;
	return 0;
}

void dgram_unlink(struct sock *s)
{
	s->linked = false;
	s->remote = (struct endpoint){.addr = sock_any(s)};
	s->path.generation = 0;
}

/* Leaves the path to `to` in s->path. */
static int refresh_path(struct sock *s, const struct endpoint *to)
{
	unsigned ifindex = ifindex_of(s, to);
	struct ipaddr src;

	if (s->path.generation && ipaddr_equal(&s->path.dst, &to->addr) &&
	    s->path.ifindex == ifindex && ip_path_check(s->tp->net, &s->path, ifindex) == 0)
		return 0;
	s->path.generation = 0;
	src = source_of(s, &to->addr);
	return ip_path_find(s->tp->net, &to->addr, &src, ifindex, &s->path);
}

int dgram_aim(struct sock *s, const struct proto_msg *m, struct dgram_target *out,
	      const struct ip_path **out_path)
{
	bool own_source = m->pktinfo_ifindex || !ipaddr_is_any(&m->pktinfo_src);
	int result;

	out->to = m->has_addr ? m->addr : s->remote;
	out->ttl = m->ttl;
	out->tos = m->tos;
	out->dontfrag = m->dontfrag >= 0 ? m->dontfrag : s->opt->dontfrag6;
	out->gso_bytes = (uint16_t)m->gso_bytes;
	out->tsflags = (s->opt->tsflags & ~STAMP_TX_RECORD) |
		       (m->tsflags >= 0 ? (uint32_t)m->tsflags : s->opt->tsflags & STAMP_TX_RECORD);
	out->mark = m->mark >= 0 ? (uint32_t)m->mark : s->opt->mark;
	out->priority = m->priority >= 0 ? (uint32_t)m->priority : s->opt->priority;
	out->extras = m->extras;
	/* Linux: the label of a destination counts only with IPV6_FLOWINFO_SEND; that of a piece of
	 * control data always. */
	out->has_label = m->flow_given || (m->has_addr && s->opt->flowinfo_send);
	out->flow_label = m->flow & 0xfffff;
	if (!own_source) {
		result = refresh_path(s, &out->to);
		*out_path = &s->path;
	} else {
		struct ipaddr src = source_of(s, &out->to.addr);

		result = ip_path_find(s->tp->net, &out->to.addr,
				      ipaddr_is_any(&m->pktinfo_src) ? &src : &m->pktinfo_src,
				      m->pktinfo_ifindex ? m->pktinfo_ifindex
							 : ifindex_of(s, &out->to),
				      &out->path);
		*out_path = &out->path;
	}
	if (result < 0)
		return result;
	if (sock_avoids(s, *out_path) ||
	    (m->flags & MSG_DONTROUTE && (*out_path)->gateway && ipaddr_is4(&out->to.addr)))
		return -ENETUNREACH;
	if ((*out_path)->broadcast && !s->opt->broadcast)
		return -EACCES;
	return 0;
}

int dgram_check_room(struct sock *s, const struct ip_path *path)
{
	if (s->error) {
		int error = s->error;

		s->error = 0;
		return -error;
	}
	if (s->shut_wr)
		return -EPIPE;
	if (!netif_tx_space(path->netif)) {
		dgram_block(dgram_of(s));
		return -EAGAIN;
	}
	return 0;
}

struct berth_packet *dgram_payload(const struct sock *s, const struct proto_msg *m)
{
	struct berth_packet *p = packet_new(s->tp->env->pool);

	if (p && m->bytes > 0 && packet_append_iov(p, m->iov, m->iov_count, m->bytes) < 0) {
		packet_free(p);
		return NULL;
	}
	return p;
}

/* Linux: ip_local_error(), ipv6_local_error(). */
int dgram_too_big(struct sock *s, const struct endpoint *to, uint32_t mtu)
{
	bool is4 = ipaddr_is4(&to->addr);
	struct endpoint dst = *to;
	struct sock_error error = {.error = EMSGSIZE,
				   .origin = SO_EE_ORIGIN_LOCAL,
				   .info = mtu,
				   .offender = sock_any(s)};

	if (!is4 && s->opt->recvpathmtu6 && sock_extra(s)) {
		s->extra->path_mtu = mtu;
		s->extra->path_to = *to;
	}
	if (is4)
		dst.port = s->remote.port; /* Linux: inet_dport, also of another's datagram */
	if ((is4 ? s->opt->recverr : s->opt->recverr6) &&
	    errq_add(s, &error, &dst, sock_env(s)->now, NULL, 0))
		sock_notify(s, POLLERR);
	return -EMSGSIZE;
}

static uint8_t *copy_ext(uint8_t *at, struct ip6_ext *e)
{
	if (e->bytes == 0)
		return at;
	memcpy(at, e->at, e->bytes);
	e->at = at;
	return at + e->bytes;
}

const struct proto_extras *dgram_extras_copy(struct env *env, const struct proto_extras *x)
{
	const struct ip6_exts *e = &x->exts;
	size_t bytes = (size_t)e->hop_by_hop.bytes + e->dst_before_route.bytes + e->route.bytes +
		       e->dst.bytes;
	struct proto_extras *copy = env_alloc(env, sizeof(*copy) + bytes);
	uint8_t *at;

	if (!copy)
		return NULL;
	*copy = *x;
	at = (uint8_t *)(copy + 1);
	at = copy_ext(at, &copy->exts.hop_by_hop);
	at = copy_ext(at, &copy->exts.dst_before_route);
	at = copy_ext(at, &copy->exts.route);
	(void)copy_ext(at, &copy->exts.dst); /* the last */
	return copy;
}

/* What control data says instead of the socket's options. */
static void override(const struct proto_extras *x, bool is4, struct ip_send *send)
{
	const struct ip6_exts *e = &x->exts;

	if (is4 && x->has_options) {
		send->options = x->options;
		send->options_len = x->options_len;
	}
	if (!is4 &&
	    (e->hop_by_hop.bytes || e->dst_before_route.bytes || e->route.bytes || e->dst.bytes))
		send->exts = e;
}

static int output(struct sock *s, struct berth_packet *p, const struct dgram_target *to,
		  const struct ip_path *path, const struct ip_send *send)
{
	int result = ip_output(s->tp->net, p, path, send);

	if (result == -EMSGSIZE) {
		uint32_t mtu = send->probe ? path->netif->mtu : path->mtu;

		if (send->frag_bytes && send->frag_bytes < mtu)
			mtu = send->frag_bytes;
		return dgram_too_big(s, &to->to, mtu);
	}
	return dgram_sent(s, result);
}

static int output_stamped(struct sock *s, struct berth_packet *p, const struct dgram_target *to,
			  const struct ip_path *path, const struct ip_send *send)
{
	const struct proto_extras *x = to->extras;
	struct stamp stamp;
	int result;

	stamp_begin(&stamp, s, to->tsflags, x && x->has_ts_id ? &x->ts_id : NULL, p, path, send);
	result = output(s, p, to, path, send);
	if (result == 0)
		stamp_sent(&stamp, s);
	return result;
}

int dgram_output(struct sock *s, struct berth_packet *p, const struct dgram_target *to,
		 const struct ip_path *path)
{
	struct ip_send send = {.protocol = sock_ip_protocol(s)};
	bool is4 = ipaddr_is4(&path->dst);
	uint8_t discover = is4 ? s->opt->pmtudisc : s->opt->pmtudisc6;

	p->mark = to->mark;
	p->priority = to->priority;
	sock_fill_send(s, path, &send);
	if (to->extras)
		override(to->extras, is4, &send);
	if (to->has_label && !is4)
		send.flow_label = to->flow_label;
	/* IPV6_PMTUDISC_* have IPv4's numbers. */
	send.df = discover == IP_PMTUDISC_DO || discover == IP_PMTUDISC_PROBE ||
		  (!is4 && to->dontfrag);
	send.df_if_fits = discover == IP_PMTUDISC_WANT;
	send.probe = discover >= IP_PMTUDISC_PROBE;
	send.frag_bytes = is4 ? 0 : s->opt->frag_bytes6;
	if (to->ttl >= 0) {
		send.ttl = (uint8_t)to->ttl;
		send.ttl_zero = to->ttl == 0;
	}
	if (to->tos >= 0)
		send.tos = (uint8_t)to->tos;
	if (to->tsflags & STAMP_TX_WANTED)
		return output_stamped(s, p, to, path, &send);
	return output(s, p, to, path, &send);
}

void dgram_option_changed(struct sock *s, int level, int name)
{
	/* Linux: with the errors of one version go those of the other, and times. */
	if ((level == IPPROTO_IP && name == IP_RECVERR && !s->opt->recverr) ||
	    (level == IPPROTO_IPV6 && name == IPV6_RECVERR && !s->opt->recverr6))
		errq_clear(s);
	s->path.generation = 0;
	if (sock_connected(s) && dgram_find_path(s, &s->remote.addr, &s->path) < 0)
		s->path.generation = 0;
}

int dgram_shutdown(struct sock *s, int how)
{
	s->shut_rd = s->shut_rd || how != SHUT_WR;
	s->shut_wr = s->shut_wr || how != SHUT_RD;
	sock_notify(s, POLLIN | POLLRDHUP);
	return sock_connected(s) ? 0 : -ENOTCONN;
}
