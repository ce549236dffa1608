/* SPDX-License-Identifier: MIT */
/*
 * Control data that comes with what was received: the pieces that the socket's options ask for, in
 * Linux's order: times, overflow count, segment size, then those of IPv6 that any packet has, then
 * those of the packet's version. What does not fit is cut, and MSG_CTRUNC says so.
 *
 * An IPv6 socket that gets an IPv4 packet tells of it by IPv4's options, but for IPV6_PKTINFO,
 * which shows mapped addresses.
 *
 * A message from the error queue brings what is known of the packet that told of the error, and the
 * error itself at the end.
 */
#include "sock/cmsg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "base/env.h"
#include "link/netif.h"
#include "net/addr.h"
#include "net/ip4_options.h"
#include "sock/sockaddr.h"
#include "transport/control.h"
#include "wire/ip6_header.h"

/* Linux's numbers that libc's headers lack, or have under names that depend on the size of time_t.
 */
#define TIMESTAMP_OLD 29
#define TIMESTAMPNS_OLD 35
#define TIMESTAMPING_OLD 37
#define TIMESTAMP_NEW 63
#define TIMESTAMPNS_NEW 64
#define TIMESTAMPING_NEW 65
#define UDP_GRO_NUMBER 104
#define TCP_CM_INQ_NUMBER 36
#define IP_RECVFRAGSIZE_NUMBER 25
#define IPV6_2292PKTINFO_NUMBER 2
#define IPV6_2292HOPOPTS_NUMBER 3
#define IPV6_2292DSTOPTS_NUMBER 4
#define IPV6_2292RTHDR_NUMBER 5
#define IPV6_2292HOPLIMIT_NUMBER 8
#define IPV6_FLOWINFO_NUMBER 11
#define IPV6_ORIGDSTADDR_NUMBER 74
#define IPV6_RECVFRAGSIZE_NUMBER 77

/* What is told of, and where to. */
struct fill {
	struct control *out;
	const struct sock *s;
	const struct sock_options *opt;
	const struct proto_msg *m;
	const struct ip_info *info; /* of the packet */
};

static void put_int(const struct fill *f, int level, int type, int value)
{
	control_put(f->out, level, type, &value, sizeof(value));
}

static struct timespec timespec_of(berth_time t)
{
	return (struct timespec){t / BERTH_SEC, t % BERTH_SEC};
}

/* Linux: __sock_recv_timestamp(). */
static void put_times(struct control *out, const struct sock *s, const struct proto_msg *m)
{
	const struct sock_options *o = s->opt;
	struct timespec ts = timespec_of(sock_env(s)->epoch + m->time);
	bool taken = m->has_error || o->timestamp || o->timestampns ||
		     o->tsflags & SOF_TIMESTAMPING_RX_SOFTWARE;
	struct timespec three[3] = {ts};

	if (o->timestamp) {
		struct timeval tv = {ts.tv_sec, ts.tv_nsec / 1000};

		control_put(out, SOL_SOCKET, o->times_new ? TIMESTAMP_NEW : TIMESTAMP_OLD, &tv,
			    sizeof(tv));
	} else if (o->timestampns) {
		control_put(out, SOL_SOCKET, o->times_new ? TIMESTAMPNS_NEW : TIMESTAMPNS_OLD, &ts,
			    sizeof(ts));
	}
	if (o->tsflags & SOF_TIMESTAMPING_SOFTWARE && taken &&
	    !(m->has_error && m->error.origin == SO_EE_ORIGIN_LOCAL))
		control_put(out, SOL_SOCKET, o->times_new ? TIMESTAMPING_NEW : TIMESTAMPING_OLD,
			    three, sizeof(three));
}

/* The address of ours that the packet was for: the interface's own, if it went to many. */
static struct ipaddr specific_dst(const struct fill *f)
{
	const struct addr *a;

	if (!f->info->broadcast && !f->info->multicast)
		return f->info->dst;
	for (unsigned i = 0; (a = addr_nth(f->s->tp->net, i)); i++) {
		if (a->netif->ifindex == f->info->ifindex && ipaddr_is4(&a->addr))
			return a->addr;
	}
	return f->info->dst;
}

static void put_pktinfo4(const struct fill *f)
{
	struct ipaddr local = specific_dst(f);
	struct in_pktinfo out = {.ipi_ifindex = (int)f->info->ifindex,
				 .ipi_spec_dst.s_addr = htonl(ipaddr_to4(&local)),
				 .ipi_addr.s_addr = htonl(ipaddr_to4(&f->info->dst))};

	control_put(f->out, IPPROTO_IP, IP_PKTINFO, &out, sizeof(out));
}

static void put_pktinfo6(const struct fill *f, int type)
{
	struct in6_pktinfo out = {.ipi6_ifindex = f->info->ifindex};

	memcpy(&out.ipi6_addr, f->info->dst.bytes, sizeof(out.ipi6_addr));
	control_put(f->out, IPPROTO_IPV6, type, &out, sizeof(out));
}

static void put_destination(const struct fill *f, int level, int type, int family)
{
	struct endpoint dst = {.addr = f->info->dst, .port = f->s->local.port};
	struct sockaddr_storage name;
	socklen_t len;

	if (ipaddr_needs_scope(&dst.addr))
		dst.scope = (uint16_t)f->info->ifindex;
	len = sockaddr_fill(family, &dst, &name);
	control_put(f->out, level, type, &name, len);
}

/* Linux: ip_cmsg_recv_offset(). */
static void put_ip4(const struct fill *f)
{
	const struct sock_options *o = f->opt;

	if (o->pktinfo)
		put_pktinfo4(f);
	if (o->recvttl)
		put_int(f, IPPROTO_IP, IP_TTL, f->info->ttl);
	if (o->recvtos)
		control_put(f->out, IPPROTO_IP, IP_TOS, &f->info->tos, 1);
	if (o->recvopts && f->info->ext_bytes)
		control_put(f->out, IPPROTO_IP, IP_RECVOPTS, f->info->ext, f->info->ext_bytes);
	if (o->retopts && f->info->ext_bytes) {
		uint8_t options[40];
		size_t bytes = ip4_options_returned(f->s->tp->net, f->info->ext, f->info->ext_bytes,
						    options);

		control_put(f->out, IPPROTO_IP, IP_RETOPTS, options, bytes);
	}
	if (o->recvorigdstaddr && f->m->has_info)
		put_destination(f, IPPROTO_IP, IP_ORIGDSTADDR, AF_INET);
	if (o->recvfragsize && f->info->fragment_bytes)
		put_int(f, IPPROTO_IP, IP_RECVFRAGSIZE_NUMBER, f->info->fragment_bytes);
}

/* The extension headers of one kind. With `hop_only` the first one alone. */
static void put_exts(const struct fill *f, uint8_t kind, int type)
{
	struct ip6_ext_header h;
	uint8_t next = f->info->ext_first;
	struct reader r;

	if (!f->info->ext_bytes)
		return;
	r = reader_of(f->info->ext, f->info->ext_bytes);
	while (ip6_ext_next(&r, next, &h)) {
		if (h.type == kind)
			control_put(f->out, IPPROTO_IPV6, type, h.at, h.bytes);
		next = h.next;
	}
}

/* Both kinds in the order in which they came. */
static void put_dst_and_route(const struct fill *f)
{
	struct ip6_ext_header h;
	uint8_t next = f->info->ext_first;
	struct reader r;

	if (!f->info->ext_bytes)
		return;
	r = reader_of(f->info->ext, f->info->ext_bytes);
	while (ip6_ext_next(&r, next, &h)) {
		if (h.type == IP6_DESTINATION && f->opt->recvdstopts6)
			control_put(f->out, IPPROTO_IPV6, IPV6_DSTOPTS, h.at, h.bytes);
		if (h.type == IP6_ROUTING && f->opt->recvrthdr6)
			control_put(f->out, IPPROTO_IPV6, IPV6_RTHDR, h.at, h.bytes);
		next = h.next;
	}
}

/* By the names of RFC 2292. */
static void put_ip6_old(const struct fill *f)
{
	const struct sock_options *o = f->opt;

	if (o->pktinfo6_2292)
		put_pktinfo6(f, IPV6_2292PKTINFO_NUMBER);
	if (o->hoplimit6_2292)
		put_int(f, IPPROTO_IPV6, IPV6_2292HOPLIMIT_NUMBER, f->info->ttl);
	if (o->hopopts6_2292)
		put_exts(f, IP6_HOP_BY_HOP, IPV6_2292HOPOPTS_NUMBER);
	if (o->dstopts6_2292)
		put_exts(f, IP6_DESTINATION, IPV6_2292DSTOPTS_NUMBER);
	if (o->rthdr6_2292)
		put_exts(f, IP6_ROUTING, IPV6_2292RTHDR_NUMBER);
}

/* Linux: ip6_datagram_recv_specific_ctl(). */
static void put_ip6(const struct fill *f)
{
	const struct sock_options *o = f->opt;
	uint32_t flow = htonl((uint32_t)f->info->tos << 20 | f->info->flow_label);

	if (o->recvhoplimit6)
		put_int(f, IPPROTO_IPV6, IPV6_HOPLIMIT, f->info->ttl);
	if (o->recvtclass6)
		put_int(f, IPPROTO_IPV6, IPV6_TCLASS, f->info->tos);
	if (o->recvflow6 && flow)
		control_put(f->out, IPPROTO_IPV6, IPV6_FLOWINFO_NUMBER, &flow, sizeof(flow));
	if (o->recvhopopts6)
		put_exts(f, IP6_HOP_BY_HOP, IPV6_HOPOPTS);
	if (o->recvdstopts6 || o->recvrthdr6)
		put_dst_and_route(f);
	put_ip6_old(f);
	if (o->recvorigdstaddr6 && f->m->has_info)
		put_destination(f, IPPROTO_IPV6, IPV6_ORIGDSTADDR_NUMBER, AF_INET6);
	if (o->recvfragsize6 && f->info->fragment_bytes)
		put_int(f, IPPROTO_IPV6, IPV6_RECVFRAGSIZE_NUMBER, f->info->fragment_bytes);
}

static void put_packet(const struct fill *f)
{
	bool is4 = ipaddr_is4(&f->info->dst);

	if (f->s->family == AF_INET6 && f->opt->recvpktinfo6)
		put_pktinfo6(f, IPV6_PKTINFO);
	if (is4)
		put_ip4(f);
	else
		put_ip6(f);
}

static void put_error(const struct fill *f)
{
	const struct sock_error *e = &f->m->error;
	bool told = e->origin == SO_EE_ORIGIN_ICMP || e->origin == SO_EE_ORIGIN_ICMP6;
	struct endpoint offender = {.addr = e->offender};
	struct sockaddr_storage name = {0};
	struct sock_extended_err ee = {.ee_errno = (uint32_t)e->error,
				       .ee_origin = e->origin,
				       .ee_type = e->type,
				       .ee_code = e->code,
				       .ee_info = e->info,
				       .ee_data = e->data};
	uint8_t out[sizeof(ee) + sizeof(struct sockaddr_in6)];
	socklen_t len =
		f->s->family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (ipaddr_needs_scope(&offender.addr))
		offender.scope = (uint16_t)e->ifindex;
	if (told)
		(void)sockaddr_fill(f->s->family, &offender, &name); /* `len` bytes */
	memcpy(out, &ee, sizeof(ee));
	memcpy(out + sizeof(ee), &name, len);
	if (f->s->family == AF_INET6)
		control_put(f->out, IPPROTO_IPV6, IPV6_RECVERR, out, sizeof(ee) + len);
	else
		control_put(f->out, IPPROTO_IP, IP_RECVERR, out, sizeof(ee) + len);
}

/* IPV6_RECVPATHMTU: what was learned of a path since. */
static void put_path_mtu(const struct fill *f)
{
	struct ip6_mtuinfo out = {.ip6m_mtu = f->m->path_mtu};
	struct sockaddr_storage name;

	(void)sockaddr_fill(AF_INET6, &f->m->addr, &name);
	memcpy(&out.ip6m_addr, &name, sizeof(out.ip6m_addr));
	control_put(f->out, IPPROTO_IPV6, IPV6_PATHMTU, &out, sizeof(out));
}

static void fill_error(const struct fill *of)
{
	const struct sock_error *e = &of->m->error;
	struct ip_info message = {.src = e->offender,
				  .dst = e->message_dst,
				  .ttl = e->ttl,
				  .tos = e->tos,
				  .flow_label = e->flow_label,
				  .ifindex = e->ifindex};
	struct fill f = *of;

	f.info = &message;
	if (e->has_message)
		put_packet(&f);
	put_error(&f);
}

static void fill(struct control *out, const struct sock *s, const struct proto_msg *m)
{
	struct fill f = {out, s, s->opt, m, &m->info};

	if (m->path_mtu) {
		put_path_mtu(&f);
		return;
	}
	if (m->inq >= 0)
		control_put(out, IPPROTO_TCP, TCP_CM_INQ_NUMBER, &m->inq, sizeof(m->inq));
	if (m->has_error) {
		fill_error(&f);
	} else if (m->has_info) {
		if (f.opt->rxq_ovfl && m->dropped)
			control_put(out, SOL_SOCKET, SO_RXQ_OVFL, &m->dropped, sizeof(m->dropped));
		if (f.opt->rcvmark)
			control_put(out, SOL_SOCKET, SO_MARK, &m->rx_mark, sizeof(m->rx_mark));
		if (f.opt->rcvpriority)
			control_put(out, SOL_SOCKET, SO_PRIORITY, &m->rx_priority,
				    sizeof(m->rx_priority));
		if (m->segment_bytes)
			put_int(&f, IPPROTO_UDP, UDP_GRO_NUMBER, m->segment_bytes);
		put_packet(&f);
	}
}

void cmsg_fill(struct socket *so, struct proto_msg *m, struct msghdr *msg)
{
	const struct proto_names *names = so->sock->proto->names;
	struct control w = {msg->msg_control, msg->msg_controllen, 0, false};

	if (m->time)
		put_times(&w, so->sock, m);
	if (!names)
		fill(&w, so->sock, m);
	else if (names->fill_control)
		names->fill_control(so->sock, m, &w);
	if (w.cut)
		m->out_flags |= MSG_CTRUNC;
	msg->msg_controllen = w.used;
}
