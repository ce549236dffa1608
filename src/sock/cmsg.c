/* SPDX-License-Identifier: MIT */
/*
 * Control data.
 *
 * Sending: each piece overrides an option of the socket for this datagram alone. Anything that is
 * not understood is an error, as on Linux, so that a program notices what it does not get.
 * Receiving: the pieces that the socket's options ask for, in Linux's order: time, overflow count,
 * then IP's. What does not fit is cut and MSG_CTRUNC says so.
 *
 * Left out: control data on streams (ignored, as there is none that they take), SO_TIMESTAMPING,
 * UDP_SEGMENT.
 */
#include "sock/cmsg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "base/env.h"
#include "link/netif.h"
#include "net/addr.h"
#include "sock/sockaddr.h"
#include "transport/control.h"

/* The options by the names they had before time_t grew; the others are SO_TIMESTAMP_NEW ... */
#define TIMESTAMP_OLD 29
#define TIMESTAMPNS_OLD 35

static int parse_pktinfo(const struct cmsghdr *c, struct proto_msg *m)
{
	struct in_pktinfo info;

	if (c->cmsg_len != CMSG_LEN(sizeof(info)))
		return -EINVAL;
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	if (info.ipi_ifindex)
		m->pktinfo_ifindex = (unsigned)info.ipi_ifindex;
	m->pktinfo_src = ipaddr_from4(ntohl(info.ipi_spec_dst.s_addr));
	return 0;
}

static int parse_ip(const struct cmsghdr *c, struct proto_msg *m)
{
	int value;

	if (c->cmsg_type == IP_PKTINFO)
		return parse_pktinfo(c, m);
	if (c->cmsg_type != IP_TTL && c->cmsg_type != IP_TOS)
		return -EINVAL;
	if (c->cmsg_len == CMSG_LEN(sizeof(value)))
		memcpy(&value, CMSG_DATA(c), sizeof(value));
	else if (c->cmsg_type == IP_TOS && c->cmsg_len == CMSG_LEN(1))
		value = *CMSG_DATA(c);
	else
		return -EINVAL;
	if (value < (c->cmsg_type == IP_TTL) || value > 255)
		return -EINVAL;
	if (c->cmsg_type == IP_TTL)
		m->ttl = value;
	else
		m->tos = value;
	return 0;
}

int cmsg_parse(const struct msghdr *msg, struct proto_msg *m)
{
	struct msghdr copy = *msg;

	if (!msg->msg_control || msg->msg_controllen < sizeof(struct cmsghdr))
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c; c = CMSG_NXTHDR(&copy, c)) {
		size_t at = (size_t)((const char *)c - (const char *)msg->msg_control);
		int result;

		if (c->cmsg_len < sizeof(*c) || c->cmsg_len > msg->msg_controllen - at)
			return -EINVAL;
		if (c->cmsg_level != IPPROTO_IP)
			return -EINVAL;
		result = parse_ip(c, m);
		if (result < 0)
			return result;
	}
	return 0;
}

static void put_time(struct control *w, const struct proto_msg *m, const struct sock *s)
{
	const struct sock_options *opt = s->opt;
	berth_time t = sock_env(s)->epoch + m->time;

	if (opt->timestamp) {
		struct timeval tv = {t / BERTH_SEC, t % BERTH_SEC / BERTH_USEC};

		control_put(w, SOL_SOCKET, TIMESTAMP_OLD, &tv, sizeof(tv));
	} else if (opt->timestampns) {
		struct timespec ts = {t / BERTH_SEC, t % BERTH_SEC};

		control_put(w, SOL_SOCKET, TIMESTAMPNS_OLD, &ts, sizeof(ts));
	}
}

/* The address of ours that the packet was for: the interface's own, if it went to many. */
static struct ipaddr specific_dst(const struct socket *so, const struct ip_info *info)
{
	const struct addr *a;

	if (!info->broadcast && !info->multicast)
		return info->dst;
	for (unsigned i = 0; (a = addr_nth(so->sock->tp->net, i)); i++) {
		if (a->netif->ifindex == info->ifindex)
			return a->addr;
	}
	return info->dst;
}

static void put_pktinfo(struct control *w, const struct socket *so, const struct ip_info *info)
{
	struct ipaddr local = specific_dst(so, info);
	struct in_pktinfo out = {.ipi_ifindex = (int)info->ifindex,
				 .ipi_spec_dst.s_addr = htonl(ipaddr_to4(&local)),
				 .ipi_addr.s_addr = htonl(ipaddr_to4(&info->dst))};

	control_put(w, IPPROTO_IP, IP_PKTINFO, &out, sizeof(out));
}

static void put_error(struct control *w, const struct sock_error *e)
{
	struct {
		struct sock_extended_err ee;
		struct sockaddr_in offender;
	} out = {.ee = {.ee_errno = (uint32_t)e->error,
			.ee_origin = e->origin,
			.ee_type = e->type,
			.ee_code = e->code,
			.ee_info = e->info},
		 .offender = {.sin_family = AF_INET,
			      .sin_addr.s_addr = htonl(ipaddr_to4(&e->offender))}};

	control_put(w, IPPROTO_IP, IP_RECVERR, &out, sizeof(out));
}

static void put_pieces(struct control *w, const struct socket *so, const struct proto_msg *m)
{
	const struct sock_options *opt = so->sock->opt;

	if (m->has_info) {
		int ttl = m->info.ttl;

		if (opt->rxq_ovfl && m->dropped)
			control_put(w, SOL_SOCKET, SO_RXQ_OVFL, &m->dropped, sizeof(m->dropped));
		if (opt->pktinfo)
			put_pktinfo(w, so, &m->info);
		if (opt->recvttl)
			control_put(w, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
		if (opt->recvtos)
			control_put(w, IPPROTO_IP, IP_TOS, &m->info.tos, 1);
		if (opt->recvorigdstaddr) {
			struct endpoint dst = {m->info.dst, so->sock->local.port, 0};
			struct sockaddr_storage name;

			control_put(w, IPPROTO_IP, IP_ORIGDSTADDR, &name,
				    sockaddr_fill(AF_INET, &dst, &name));
		}
	}
	if (m->has_error)
		put_error(w, &m->error);
}

void cmsg_fill(struct socket *so, struct proto_msg *m, struct msghdr *msg)
{
	const struct proto_names *names = so->sock->proto->names;
	struct control w = {msg->msg_control, msg->msg_controllen, 0, false};

	if (m->time && !m->has_error)
		put_time(&w, m, so->sock);
	if (!names)
		put_pieces(&w, so, m);
	else if (names->fill_control)
		names->fill_control(so->sock, m, &w);
	if (w.cut)
		m->out_flags |= MSG_CTRUNC;
	msg->msg_controllen = w.used;
}
