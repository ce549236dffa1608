/* SPDX-License-Identifier: MIT */
/*
 * Control data that comes with what is to be sent. Each piece overrides an option of the socket for
 * this datagram alone.
 *
 * Which pieces are understood depends on the version that the datagram goes out in, not on the
 * socket's family: an IPv6 socket that sends to a mapped address takes IPv4's, and IPV6_PKTINFO
 * with a mapped address. A piece of a level that is not looked at is passed over, one that is not
 * known within its level is an error (Linux: __sock_cmsg_send(), ip_cmsg_send(),
 * ip6_datagram_send_ctl(), udp_cmsg_send()). Streams look at SOL_SOCKET alone.
 *
 * Extension headers are not copied: they stay in the program's memory until send() returns.
 */
#include "sock/cmsg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>

#include "base/env.h"
#include "link/links.h"
#include "net/addr.h"
#include "net/ip4_options.h"
#include "sock/opt_level.h"

/* Linux's numbers that libc's headers lack, or have under names that depend on the size of time_t.
 */
#define SO_TIMESTAMPING_OLD_NUMBER 37
#define SO_TIMESTAMPING_NEW_NUMBER 65
#define SCM_TXTIME_NUMBER 61
#define SCM_TS_OPT_ID_NUMBER 81
#define UDP_SEGMENT_NUMBER 103
#define IP_PROTOCOL_NUMBER 52
#define IPV6_2292PKTINFO_NUMBER 2
#define IPV6_2292HOPOPTS_NUMBER 3
#define IPV6_2292DSTOPTS_NUMBER 4
#define IPV6_2292RTHDR_NUMBER 5
#define IPV6_2292HOPLIMIT_NUMBER 8
#define IPV6_FLOWINFO_NUMBER 11

#define TX_COMPLETION (1 << 18)
#define TX_RECORD_MASK                                                                             \
	(SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | \
	 SOF_TIMESTAMPING_TX_ACK)

/* What is parsed, and into what. */
struct parse {
	struct socket *so;
	struct proto_msg *m;
	struct proto_extras *extras; /* room for them; m->extras points there once used */
};

static size_t data_bytes(const struct cmsghdr *c)
{
	return c->cmsg_len - CMSG_LEN(0);
}

/* The int in a piece of exactly this size, from min to max. */
static int parse_int(const struct cmsghdr *c, int min, int max, int *out)
{
	int value;

	if (data_bytes(c) != sizeof(value))
		return -EINVAL;
	memcpy(&value, CMSG_DATA(c), sizeof(value));
	if (value < min || value > max)
		return -EINVAL;
	*out = value;
	return 0;
}

static int parse_u32(const struct cmsghdr *c, uint32_t *out)
{
	if (data_bytes(c) != sizeof(*out))
		return -EINVAL;
	memcpy(out, CMSG_DATA(c), sizeof(*out));
	return 0;
}

static int parse_tsflags(const struct parse *p, const struct cmsghdr *c)
{
	uint32_t flags;

	if (parse_u32(c, &flags) < 0 || flags & ~(uint32_t)TX_RECORD_MASK)
		return -EINVAL;
	p->m->tsflags = flags;
	return 0;
}

static int parse_ts_id(const struct parse *p, const struct cmsghdr *c)
{
	const struct sock *s = p->so->sock;

	if (s->type == SOCK_STREAM || !(s->opt->tsflags & SOF_TIMESTAMPING_OPT_ID) ||
	    parse_u32(c, &p->extras->ts_id) < 0)
		return -EINVAL;
	p->extras->has_ts_id = true;
	p->m->extras = p->extras;
	return 0;
}

/* Linux keeps a flag of its own; the first clock without flags is what nobody asks for. */
static bool asks_txtime(const struct sock_options *o)
{
	return o->txtime_clock || o->txtime_flags;
}

static int parse_socket(const struct parse *p, const struct cmsghdr *c)
{
	uint32_t value;

	switch (c->cmsg_type) {
	case SO_MARK:
		if (parse_u32(c, &value) < 0)
			return -EINVAL;
		p->m->mark = value;
		return 0;
	case SO_PRIORITY:
		if (parse_u32(c, &value) < 0)
			return -EINVAL;
		p->m->priority = value;
		return 0;
	case SO_TIMESTAMPING_OLD_NUMBER:
	case SO_TIMESTAMPING_NEW_NUMBER:
		return parse_tsflags(p, c);
	case SCM_TS_OPT_ID_NUMBER:
		return parse_ts_id(p, c);
	case SCM_TXTIME_NUMBER:
		if (!asks_txtime(p->so->sock->opt) || data_bytes(c) != sizeof(uint64_t))
			return -EINVAL;
		return 0; /* no queue here delays packets */
	case SCM_RIGHTS:
	case SCM_CREDENTIALS:
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse_udp(const struct parse *p, const struct cmsghdr *c)
{
	uint16_t segment;

	if (c->cmsg_type != UDP_SEGMENT_NUMBER || data_bytes(c) != sizeof(segment))
		return -EINVAL;
	memcpy(&segment, CMSG_DATA(c), sizeof(segment));
	p->m->gso_bytes = segment;
	return 0;
}

/* IPv4 */

static int parse_pktinfo4(const struct parse *p, const struct cmsghdr *c)
{
	struct in_pktinfo info;

	if (data_bytes(c) != sizeof(info))
		return -EINVAL;
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	if (info.ipi_ifindex)
		p->m->pktinfo_ifindex = (unsigned)info.ipi_ifindex;
	p->m->pktinfo_src = ipaddr_from4(ntohl(info.ipi_spec_dst.s_addr));
	return 0;
}

/* IPV6_PKTINFO of a mapped address: what IP_PKTINFO would be. */
static int parse_pktinfo_mapped(const struct parse *p, const struct cmsghdr *c)
{
	struct in6_pktinfo info;
	struct ipaddr src;

	if (data_bytes(c) < sizeof(info))
		return -EINVAL;
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	memcpy(src.bytes, &info.ipi6_addr, sizeof(src.bytes));
	if (!ipaddr_is4(&src))
		return -EINVAL;
	if (info.ipi6_ifindex)
		p->m->pktinfo_ifindex = info.ipi6_ifindex;
	p->m->pktinfo_src = src;
	return 0;
}

static int parse_tos(const struct parse *p, const struct cmsghdr *c)
{
	if (data_bytes(c) != 1)
		return parse_int(c, 0, 255, &p->m->tos);
	p->m->tos = *CMSG_DATA(c);
	return 0;
}

static int parse_options4(const struct parse *p, const struct cmsghdr *c)
{
	struct proto_extras *x = p->extras;
	size_t bytes = data_bytes(c);

	if (bytes > sizeof(x->options))
		bytes = sizeof(x->options);
	memset(x->options, 0, sizeof(x->options));
	memcpy(x->options, CMSG_DATA(c), bytes);
	if (!ip4_options_valid(x->options, bytes))
		return -EINVAL;
	x->options_len = (uint8_t)((bytes + 3) & ~(size_t)3);
	x->has_options = true;
	p->m->extras = x;
	return 0;
}

static int parse_ip(const struct parse *p, const struct cmsghdr *c)
{
	int ignored;

	switch (c->cmsg_type) {
	case IP_PKTINFO:
		return parse_pktinfo4(p, c);
	case IP_RETOPTS:
		return parse_options4(p, c);
	case IP_TTL:
		return parse_int(c, 1, 255, &p->m->ttl);
	case IP_TOS:
		return parse_tos(p, c);
	case IP_PROTOCOL_NUMBER:
		return parse_int(c, 1, 255, &ignored); /* raw sockets with IPPROTO_RAW heed it */
	default:
		return -EINVAL;
	}
}

/* IPv6 */

static int parse_pktinfo6(const struct parse *p, const struct cmsghdr *c)
{
	const struct sock *s = p->so->sock;
	struct net *net = s->tp->net;
	struct in6_pktinfo info;
	struct ipaddr src;
	unsigned ifindex = p->m->addr.scope ? p->m->addr.scope : s->opt->ifindex;

	if (data_bytes(c) < sizeof(info))
		return -EINVAL;
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	memcpy(src.bytes, &info.ipi6_addr, sizeof(src.bytes));
	if (info.ipi6_ifindex) {
		if (ifindex && s->opt->ifindex && s->opt->ifindex != info.ipi6_ifindex)
			return -EINVAL;
		ifindex = info.ipi6_ifindex;
		p->m->pktinfo_ifindex = ifindex;
	}
	if (ifindex && !links_get(net_links(net), ifindex))
		return -ENODEV;
	if (!ifindex && ipaddr_is_link_local(&src))
		return -EINVAL;
	if (ipaddr_is_any(&src))
		return 0;
	if (ipaddr_is4(&src) ||
	    (!s->opt->freebind && !s->opt->transparent && !addr_is_local(net, &src)))
		return -EINVAL;
	p->m->pktinfo_src = src;
	return 0;
}

static int parse_flowinfo(const struct parse *p, const struct cmsghdr *c)
{
	uint32_t flow;

	if (data_bytes(c) < sizeof(flow))
		return -EINVAL;
	memcpy(&flow, CMSG_DATA(c), sizeof(flow));
	p->m->flow = ntohl(flow) & 0x0fffffffu;
	p->m->flow_given = true;
	return 0;
}

/* A header of `least` bytes or more, whose length byte tells the truth; not given before. */
static int parse_ext(const struct parse *p, const struct cmsghdr *c, size_t least,
		     struct ip6_ext *out)
{
	const uint8_t *at = CMSG_DATA(c);
	size_t bytes;

	if (data_bytes(c) < least)
		return -EINVAL;
	bytes = (at[1] + 1u) * 8u;
	if (data_bytes(c) < bytes)
		return -EINVAL;
	*out = (struct ip6_ext){at, (uint16_t)bytes};
	p->m->extras = p->extras;
	return 0;
}

/* Linux: -1, which means the socket's to RFC 3542 §6.5, is as many ones. */
static int parse_tclass(const struct parse *p, const struct cmsghdr *c)
{
	int result = parse_int(c, -1, 255, &p->m->tos);

	if (result == 0)
		p->m->tos &= 255;
	return result;
}

static int parse_ip6(const struct parse *p, const struct cmsghdr *c)
{
	struct ip6_exts *exts = &p->extras->exts;

	switch (c->cmsg_type) {
	case IPV6_PKTINFO:
	case IPV6_2292PKTINFO_NUMBER:
		return parse_pktinfo6(p, c);
	case IPV6_FLOWINFO_NUMBER:
		return parse_flowinfo(p, c);
	case IPV6_HOPOPTS:
	case IPV6_2292HOPOPTS_NUMBER:
		return exts->hop_by_hop.bytes ? -EINVAL : parse_ext(p, c, 2, &exts->hop_by_hop);
	case IPV6_2292DSTOPTS_NUMBER:
		return exts->dst.bytes ? -EINVAL : parse_ext(p, c, 2, &exts->dst);
	case IPV6_DSTOPTS:
		return parse_ext(p, c, 2, &exts->dst);
	case IPV6_RTHDRDSTOPTS:
		return parse_ext(p, c, 2, &exts->dst_before_route);
	/* Linux without mobile IPv6: no type of routing header may come with a datagram. */
	case IPV6_RTHDR:
	case IPV6_2292RTHDR_NUMBER:
		return -EINVAL;
	case IPV6_HOPLIMIT:
	case IPV6_2292HOPLIMIT_NUMBER:
		return parse_int(c, -1, 255, &p->m->ttl);
	case IPV6_TCLASS:
		return parse_tclass(p, c);
	case IPV6_DONTFRAG:
		return parse_int(c, 0, 1, &p->m->dontfrag);
	default:
		return -EINVAL;
	}
}

static bool goes_by_ip4(const struct parse *p)
{
	const struct sock *s = p->so->sock;

	if (s->family == AF_INET)
		return true;
	return ipaddr_is4(p->m->has_addr ? &p->m->addr.addr : &s->remote.addr);
}

static int parse_piece(const struct parse *p, const struct cmsghdr *c)
{
	const struct sock *s = p->so->sock;

	if (c->cmsg_level == SOL_SOCKET)
		return parse_socket(p, c);
	if (s->type == SOCK_STREAM)
		return 0;
	if (c->cmsg_level == IPPROTO_UDP && s->protocol == IPPROTO_UDP)
		return parse_udp(p, c);
	if (!goes_by_ip4(p))
		return c->cmsg_level == IPPROTO_IPV6 ? parse_ip6(p, c) : 0;
	if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO && s->family == AF_INET6)
		return parse_pktinfo_mapped(p, c);
	return c->cmsg_level == IPPROTO_IP ? parse_ip(p, c) : 0;
}

int cmsg_parse(struct socket *so, const struct msghdr *msg, struct proto_msg *m,
	       struct proto_extras *extras)
{
	struct parse p = {so, m, extras};
	struct msghdr copy = *msg;

	if (!msg->msg_control || msg->msg_controllen < sizeof(struct cmsghdr))
		return 0;
	memset(extras, 0, sizeof(*extras));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c; c = CMSG_NXTHDR(&copy, c)) {
		size_t at = (size_t)((const char *)c - (const char *)msg->msg_control);
		int result;

		if (c->cmsg_len < sizeof(*c) || c->cmsg_len > msg->msg_controllen - at)
			return -EINVAL;
		result = parse_piece(&p, c);
		if (result < 0)
			return result;
	}
	return 0;
}
