/* SPDX-License-Identifier: MIT */
/*
 * The options of level IPPROTO_IPV6 (RFC 3493 §5, RFC 3542, and Linux's own). Values are ints; a
 * shorter one is EINVAL, of an option that is not known ENOPROTOOPT all the same.
 *
 * Sticky extension headers (RFC 3542 §6) are kept in struct sock_extra as they are sent: the bytes
 * that the header's own length says, a multiple of 8.
 *
 * Left out, with ENOPROTOOPT: IPsec (IPV6_XFRM_POLICY), netfilter's own options, IPV6_NEXTHOP and
 * IPV6_USE_MIN_MTU, which Linux does not have either. Anycast groups are refused.
 */
#include "sock/opt_level.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "link/links.h"
#include "sock/flow_label.h"
#include "sock/opt_mcast.h"
#include "sock/sockaddr.h"
#include "transport/member.h"

/* Linux's numbers that libc's headers lack. */
#define OPT_FLOWINFO 11
#define OPT_MULTICAST_ALL 29
#define OPT_ROUTER_ALERT_ISOLATE 30
#define OPT_RECVERR_RFC4884 31
#define OPT_FLOWLABEL_MGR 32
#define OPT_FLOWINFO_SEND 33
#define OPT_IPSEC_POLICY 34
#define OPT_XFRM_POLICY 35
#define OPT_AUTOFLOWLABEL 70
#define OPT_ADDR_PREFERENCES 72
#define OPT_MINHOPCOUNT 73
#define OPT_ORIGDSTADDR 74
#define OPT_TRANSPARENT 75
#define OPT_UNICAST_IF 76
#define OPT_RECVFRAGSIZE 77
#define OPT_FREEBIND 78
#define OPT_PMTUDISC_OMIT 5

#define ECN_MASK 0x03
#define HOPS_DEFAULT 64
#define MTU_MIN 1280
#define EXT_BYTES_MAX 2040u
#define ROUTE_MOBILE 2u	  /* RFC 6275 §6.4 */
#define ROUTE_SEGMENTS 4u /* RFC 8754 §2 */

/* RFC 5014 §5 */
#define PREFER_TMP 0x0001u
#define PREFER_PUBLIC 0x0002u
#define PREFER_COA 0x0004u
#define PREFER_CGA 0x0008u
#define PREFER_PUBTMP_DEFAULT 0x0100u
#define PREFER_HOME 0x0400u
#define PREFER_NONCGA 0x0800u

static bool connected(const struct sock *s)
{
	return sock_connected(s) || s->linked;
}

static bool transport_of_ports(const struct sock *s)
{
	return s->protocol == IPPROTO_TCP || s->protocol == IPPROTO_UDP ||
	       s->protocol == IPPROTO_UDPLITE;
}

/* RFC 3493 §3.7's addresses make either family's socket able to do it. */
static int set_addrform(struct opt_arg *a)
{
	struct sock *s = a->s;

	if (a->value != PF_INET)
		return -EINVAL;
	if (!transport_of_ports(s))
		return -ENOPROTOOPT;
	if (!sock_connected(s))
		return -ENOTCONN;
	if (s->opt->v6only || !ipaddr_is4(&s->remote.addr))
		return -EADDRNOTAVAIL;
	s->family = AF_INET;
	return 0;
}

static int get_addrform(struct opt_arg *a)
{
	if (!transport_of_ports(a->s))
		return -ENOPROTOOPT;
	if (!sock_connected(a->s))
		return -ENOTCONN;
	a->out.number = a->s->family;
	return 0;
}

/* Linux: control data of RFC 2292; what is shorter than any is taken. */
static int set_pktoptions(struct opt_arg *a)
{
	return a->len < sizeof(struct cmsghdr) ? 0 : -EINVAL;
}

static int get_pktoptions(struct opt_arg *a)
{
	if (a->s->type != SOCK_STREAM)
		return -ENOPROTOOPT;
	a->out_len = 0;
	return 0;
}

static int set_unicast_hops(struct opt_arg *a)
{
	if (a->value < -1 || a->value > 255)
		return -EINVAL;
	a->opt->hop_limit = a->value;
	return 0;
}

static int get_unicast_hops(struct opt_arg *a)
{
	const struct sock *s = a->s;

	a->out.number = s->opt->hop_limit;
	if (a->out.number < 0)
		a->out.number =
			connected(s) && s->path.hop_limit ? s->path.hop_limit : HOPS_DEFAULT;
	return 0;
}

static int set_mcast_if(struct opt_arg *a)
{
	const struct sock *s = a->s;

	if (s->type == SOCK_STREAM)
		return -ENOPROTOOPT;
	if (a->len < sizeof(a->value))
		return -EINVAL;
	if (a->value) {
		if (s->opt->ifindex && s->opt->ifindex != (unsigned)a->value)
			return -EINVAL;
		if (a->value < 0 || !links_get(net_links(s->tp->net), (unsigned)a->value))
			return -ENODEV;
	}
	a->opt->mcast6_ifindex = (unsigned)a->value;
	return 0;
}

static int get_mcast_if(struct opt_arg *a)
{
	a->out.number = (int)a->s->opt->mcast6_ifindex;
	return 0;
}

static int set_mcast_hops(struct opt_arg *a)
{
	if (a->s->type == SOCK_STREAM)
		return -ENOPROTOOPT;
	if (a->len < sizeof(a->value) || a->value < -1 || a->value > 255)
		return -EINVAL;
	a->opt->mcast_hops = a->value == -1 ? 1 : a->value;
	return 0;
}

static int get_mcast_hops(struct opt_arg *a)
{
	a->out.number = a->s->opt->mcast_hops >= 0 ? a->s->opt->mcast_hops : 1;
	return 0;
}

static int set_membership(struct opt_arg *a)
{
	struct ipv6_mreq mr;
	struct ipaddr group;

	if (a->len < sizeof(mr))
		return -EINVAL;
	if (a->s->type == SOCK_STREAM)
		return -EPROTO;
	memcpy(&mr, a->in, sizeof(mr));
	memcpy(group.bytes, &mr.ipv6mr_multiaddr, sizeof(group.bytes));
	if (!ipaddr_is_multicast(&group) || ipaddr_is4(&group))
		return -EINVAL;
	if (mr.ipv6mr_interface && !links_get(net_links(a->s->tp->net), mr.ipv6mr_interface))
		return -ENODEV;
	if (a->name == IPV6_ADD_MEMBERSHIP)
		return member_join(dgram_of(a->s), &group, mr.ipv6mr_interface, false);
	return member_leave(dgram_of(a->s), &group, mr.ipv6mr_interface);
}

static int set_router_alert(struct opt_arg *a)
{
	(void)a;
	return -ENOPROTOOPT;
}

static int set_mtu(struct opt_arg *a)
{
	if (a->value && a->value < MTU_MIN)
		return -EINVAL;
	a->opt->frag_bytes6 = (uint32_t)a->value;
	return 0;
}

static int get_mtu(struct opt_arg *a)
{
	struct sock *s = a->s;

	if (!connected(s) || ip_path_check(s->tp->net, &s->path, s->opt->ifindex) < 0)
		return -ENOTCONN;
	a->out.number = (int)s->path.mtu;
	return 0;
}

static int set_v6only(struct opt_arg *a)
{
	/* A raw socket's protocol counts as its port, and a ping socket's number. */
	if (a->s->port || a->s->type == SOCK_RAW ||
	    (a->s->protocol == IPPROTO_ICMPV6 && a->s->local.port))
		return -EINVAL;
	a->opt->v6only = a->value != 0;
	return 0;
}

static int get_v6only(struct opt_arg *a)
{
	a->out.number = a->s->opt->v6only;
	return 0;
}

/* Linux: an interface must be a router's, or have the address's prefix. */
static int set_anycast(struct opt_arg *a)
{
	if (a->len < sizeof(struct ipv6_mreq))
		return -EINVAL;
	return a->name == IPV6_JOIN_ANYCAST ? -EADDRNOTAVAIL : -ENOENT;
}

static int set_ipsec_policy(struct opt_arg *a)
{
	return a->len ? -EOPNOTSUPP : 0;
}

static int set_pktinfo(struct opt_arg *a)
{
	struct sock_extra *extra;
	struct in6_pktinfo in;

	if (a->len < sizeof(in))
		return -EINVAL;
	memcpy(&in, a->in, sizeof(in));
	if (a->s->opt->ifindex && in.ipi6_ifindex && in.ipi6_ifindex != a->s->opt->ifindex)
		return -EINVAL;
	extra = sock_extra(a->s);
	if (!extra)
		return -ENOMEM;
	memcpy(extra->pktinfo_src.bytes, &in.ipi6_addr, sizeof(extra->pktinfo_src.bytes));
	extra->pktinfo_ifindex = in.ipi6_ifindex;
	return 0;
}

static struct ip6_ext *ext_of(struct sock_extra *extra, int name)
{
	switch (name) {
	case IPV6_HOPOPTS:
		return &extra->exts.hop_by_hop;
	case IPV6_RTHDRDSTOPTS:
		return &extra->exts.dst_before_route;
	case IPV6_RTHDR:
		return &extra->exts.route;
	default:
		return &extra->exts.dst;
	}
}

/* RFC 6275 §6.4: one segment. RFC 8754 §2: as many as the length says. Type 0 is no more (RFC
 * 5095). */
static bool route_valid(const uint8_t *h)
{
	if (h[2] == ROUTE_MOBILE)
		return h[1] == 2 && h[3] == 1;
	return h[2] == ROUTE_SEGMENTS && h[1] >= 2 && h[1] % 2 == 0 && h[3] < h[1] / 2;
}

/* The bytes of a header that a program gives; 0: it is not one. */
static uint16_t ext_bytes(const struct opt_arg *a)
{
	const uint8_t *h = a->in;
	uint32_t bytes;

	if (a->len < 8 || a->len % 8 != 0 || a->len > EXT_BYTES_MAX)
		return 0;
	bytes = (h[1] + 1u) * 8;
	if (bytes > a->len || (a->name == IPV6_RTHDR && !route_valid(h)))
		return 0;
	return (uint16_t)bytes;
}

static int set_ext(struct opt_arg *a)
{
	struct env *env = a->s->tp->env;
	struct sock_extra *extra;
	struct ip6_ext *ext;
	uint8_t *copy = NULL;
	uint16_t bytes = 0;

	if (a->len > 0) {
		bytes = ext_bytes(a);
		if (!bytes)
			return -EINVAL;
	}
	extra = sock_extra(a->s);
	if (!extra)
		return -ENOMEM;
	if (bytes) {
		copy = env_alloc(env, bytes);
		if (!copy)
			return -ENOBUFS;
		memcpy(copy, a->in, bytes);
	}
	ext = ext_of(extra, a->name);
	env_free(env, (void *)(uintptr_t)ext->at);
	*ext = (struct ip6_ext){copy, bytes};
	extra->has_exts = extra->exts.hop_by_hop.bytes || extra->exts.dst_before_route.bytes ||
			  extra->exts.route.bytes || extra->exts.dst.bytes;
	return 0;
}

static int get_ext(struct opt_arg *a)
{
	const struct ip6_ext *ext;

	a->out_len = 0;
	if (!a->s->extra)
		return 0;
	ext = ext_of(a->s->extra, a->name);
	a->out_len = ext->bytes < a->len ? ext->bytes : a->len;
	if (a->out_len > 0)
		memcpy(a->room, ext->at, a->out_len);
	a->written = true;
	return 0;
}

static int get_path_mtu(struct opt_arg *a)
{
	struct sock *s = a->s;
	struct ip6_mtuinfo info;

	if (a->len < sizeof(info))
		return -EINVAL;
	if (!connected(s) || ip_path_check(s->tp->net, &s->path, s->opt->ifindex) < 0)
		return -ENOTCONN;
	memset(&info, 0, sizeof(info));
	info.ip6m_mtu = s->path.mtu;
	memcpy(a->out.bytes, &info, sizeof(info));
	a->out_len = sizeof(info);
	return 0;
}

static int set_tclass(struct opt_arg *a)
{
	int value = a->value;

	if (value < -1 || value > 255)
		return -EINVAL;
	/* RFC 3542 §6.5: -1 is the default, which is 0. */
	if (value == -1)
		value = 0;
	if (a->s->type == SOCK_STREAM) {
		int ecn = a->s->opt->tclass > 0 ? a->s->opt->tclass & ECN_MASK : 0;

		value = (value & ~ECN_MASK) | ecn;
	}
	a->opt->tclass = value;
	return 0;
}

static int get_tclass(struct opt_arg *a)
{
	a->out.number = a->s->opt->tclass > 0 ? a->s->opt->tclass : 0;
	return 0;
}

static int set_autoflowlabel(struct opt_arg *a)
{
	a->opt->autoflowlabel = a->value != 0;
	return 0;
}

static int get_autoflowlabel(struct opt_arg *a)
{
	a->out.number = a->s->opt->autoflowlabel != 0;
	return 0;
}

/* Whether at most one bit of `mask` is set. */
static bool one_of(uint32_t value, uint32_t mask)
{
	return ((value & mask) & ((value & mask) - 1)) == 0;
}

/* RFC 5014 §5.1: contradictions are refused. What is kept is only what differs from the default. */
static int set_addr_preferences(struct opt_arg *a)
{
	const uint32_t pubtmp = PREFER_PUBLIC | PREFER_TMP | PREFER_PUBTMP_DEFAULT;
	uint32_t value = (uint32_t)a->value;

	if (!one_of(value, pubtmp) || !one_of(value, PREFER_HOME | PREFER_COA) ||
	    !one_of(value, PREFER_CGA | PREFER_NONCGA))
		return -EINVAL;
	/* Linux: what is not said is as at first, not as it was. */
	a->opt->addr_prefs = (uint16_t)(value & (PREFER_PUBLIC | PREFER_TMP | PREFER_COA));
	return 0;
}

static int get_addr_preferences(struct opt_arg *a)
{
	uint32_t kept = a->s->opt->addr_prefs;
	uint32_t value = kept & (PREFER_TMP | PREFER_PUBLIC);

	if (!value)
		value = PREFER_PUBTMP_DEFAULT;
	value |= kept & PREFER_COA ? PREFER_COA : PREFER_HOME;
	a->out.number = (int)value;
	return 0;
}

static int set_unicast_if(struct opt_arg *a)
{
	return opt_unicast_if(a, &a->opt->unicast6_ifindex);
}

static int get_unicast_if(struct opt_arg *a)
{
	a->out.number = (int)htonl(a->s->opt->unicast6_ifindex);
	return 0;
}

static const struct opt_row rows[] = {
	{IPV6_ADDRFORM, "IPV6_ADDRFORM", OPT_OWN, OPT_NONE, set_addrform, get_addrform, "int",
	 "AF_INET turns a connection with a mapped address into one of IPv4"},
	{IPV6_2292PKTINFO, "IPV6_2292PKTINFO", OPT_FLAG, OPT_FIELD(pktinfo6_2292),
	 "as IPV6_RECVPKTINFO, with the control data of RFC 2292"},
	{IPV6_2292HOPOPTS, "IPV6_2292HOPOPTS", OPT_FLAG, OPT_FIELD(hopopts6_2292),
	 "as IPV6_RECVHOPOPTS, with the control data of RFC 2292"},
	{IPV6_2292DSTOPTS, "IPV6_2292DSTOPTS", OPT_FLAG, OPT_FIELD(dstopts6_2292),
	 "as IPV6_RECVDSTOPTS, with the control data of RFC 2292"},
	{IPV6_2292RTHDR, "IPV6_2292RTHDR", OPT_FLAG, OPT_FIELD(rthdr6_2292),
	 "as IPV6_RECVRTHDR, with the control data of RFC 2292"},
	{IPV6_2292PKTOPTIONS, "IPV6_2292PKTOPTIONS", OPT_BYTES, OPT_NONE, set_pktoptions,
	 get_pktoptions, "struct cmsghdr", "control data of a stream; none can be set"},
	{IPV6_2292HOPLIMIT, "IPV6_2292HOPLIMIT", OPT_FLAG, OPT_FIELD(hoplimit6_2292),
	 "as IPV6_RECVHOPLIMIT, with the control data of RFC 2292"},
	{OPT_FLOWINFO, "IPV6_FLOWINFO", OPT_FLAG, OPT_FIELD(recvflow6),
	 "class and label of a packet, as control data"},
	{IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS", OPT_OWN, OPT_NONE, set_unicast_hops,
	 get_unicast_hops, "int", "hop limit, 0 to 255; -1: the host's"},
	{IPV6_MULTICAST_IF, "IPV6_MULTICAST_IF", OPT_BYTES, OPT_NONE, set_mcast_if, get_mcast_if,
	 "int", "interface of multicasts"},
	{IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS", OPT_BYTES, OPT_NONE, set_mcast_hops,
	 get_mcast_hops, "int", "their hop limit, 1 unless set"},
	{IPV6_MULTICAST_LOOP, "IPV6_MULTICAST_LOOP", OPT_BYTE, OPT_AT(mcast6_loop), 0, 1, NULL,
	 NULL, "int", "members on this host get them too"},
	{IPV6_ADD_MEMBERSHIP, "IPV6_ADD_MEMBERSHIP", OPT_BYTES, OPT_NONE, set_membership, NULL,
	 "struct ipv6_mreq", "join a group"},
	{IPV6_DROP_MEMBERSHIP, "IPV6_DROP_MEMBERSHIP", OPT_BYTES, OPT_NONE, set_membership, NULL,
	 "struct ipv6_mreq", "leave a group"},
	{IPV6_ROUTER_ALERT, "IPV6_ROUTER_ALERT", OPT_OWN, OPT_NONE, set_router_alert, opt_get_zero,
	 "int", "raw sockets only"},
	{IPV6_MTU_DISCOVER, "IPV6_MTU_DISCOVER", OPT_BYTE, OPT_AT(pmtudisc6), IPV6_PMTUDISC_DONT,
	 OPT_PMTUDISC_OMIT, NULL, NULL, "int", "whether packets may be fragmented"},
	{IPV6_MTU, "IPV6_MTU", OPT_OWN, OPT_NONE, set_mtu, get_mtu, "int",
	 "of the path, when connected; set: what is sent is cut into pieces that are no larger"},
	{IPV6_RECVERR, "IPV6_RECVERR", OPT_FLAG, OPT_FIELD(recverr6),
	 "a queue of errors, for MSG_ERRQUEUE"},
	{IPV6_V6ONLY, "IPV6_V6ONLY", OPT_OWN, OPT_NONE, set_v6only, get_v6only, "int",
	 "no IPv4 by way of mapped addresses; before bind()"},
	{IPV6_JOIN_ANYCAST, "IPV6_JOIN_ANYCAST", OPT_BYTES, OPT_NONE, set_anycast, NULL,
	 "struct ipv6_mreq", "not supported"},
	{IPV6_LEAVE_ANYCAST, "IPV6_LEAVE_ANYCAST", OPT_BYTES, OPT_NONE, set_anycast, NULL,
	 "struct ipv6_mreq", "not supported"},
	{OPT_MULTICAST_ALL, "IPV6_MULTICAST_ALL", OPT_FLAG, OPT_FIELD(mcast6_all),
	 "receive what any socket of the host joined"},
	{OPT_ROUTER_ALERT_ISOLATE, "IPV6_ROUTER_ALERT_ISOLATE", OPT_FLAG,
	 OPT_FIELD(router_alert_isolate6), "kept, without effect"},
	{OPT_RECVERR_RFC4884, "IPV6_RECVERR_RFC4884", OPT_BYTE, OPT_AT(recverr6_rfc4884), 0, 1,
	 NULL, NULL, "int", "kept: no router here sends what it is about"},
	{OPT_FLOWLABEL_MGR, "IPV6_FLOWLABEL_MGR", OPT_BYTES, OPT_NONE, opt_set_flow_label,
	 opt_get_flow_label, "struct in6_flowlabel_req", "leases of flow labels"},
	{OPT_FLOWINFO_SEND, "IPV6_FLOWINFO_SEND", OPT_FLAG, OPT_FIELD(flowinfo_send),
	 "sin6_flowinfo of a destination says class and label"},
	{OPT_IPSEC_POLICY, "IPV6_IPSEC_POLICY", OPT_BYTES, OPT_NONE, set_ipsec_policy, NULL,
	 "struct sadb_x_policy", "there is no IPsec"},
	{MCAST_JOIN_GROUP, "MCAST_JOIN_GROUP", OPT_BYTES, OPT_NONE, opt_change_group, NULL,
	 "struct group_req", "join a group, by index of the interface"},
	{MCAST_BLOCK_SOURCE, "MCAST_BLOCK_SOURCE", OPT_BYTES, OPT_NONE, opt_change_group_source,
	 NULL, "struct group_source_req", "do not hear one source of a group"},
	{MCAST_UNBLOCK_SOURCE, "MCAST_UNBLOCK_SOURCE", OPT_BYTES, OPT_NONE, opt_change_group_source,
	 NULL, "struct group_source_req", "hear it again"},
	{MCAST_LEAVE_GROUP, "MCAST_LEAVE_GROUP", OPT_BYTES, OPT_NONE, opt_change_group, NULL,
	 "struct group_req", "leave a group, by index of the interface"},
	{MCAST_JOIN_SOURCE_GROUP, "MCAST_JOIN_SOURCE_GROUP", OPT_BYTES, OPT_NONE,
	 opt_change_group_source, NULL, "struct group_source_req",
	 "join a group to hear one source"},
	{MCAST_LEAVE_SOURCE_GROUP, "MCAST_LEAVE_SOURCE_GROUP", OPT_BYTES, OPT_NONE,
	 opt_change_group_source, NULL, "struct group_source_req", "hear a source no longer"},
	{MCAST_MSFILTER, "MCAST_MSFILTER", OPT_BYTES, OPT_NONE, opt_set_group_filter,
	 opt_get_group_filter, "struct group_filter", "all sources of a membership at once"},
	{IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO", OPT_FLAG, OPT_FIELD(recvpktinfo6),
	 "where a datagram came in, as control data"},
	{IPV6_PKTINFO, "IPV6_PKTINFO", OPT_BYTES, OPT_NONE, set_pktinfo, NULL, "struct in6_pktinfo",
	 "source and interface of packets"},
	{IPV6_RECVHOPLIMIT, "IPV6_RECVHOPLIMIT", OPT_FLAG, OPT_FIELD(recvhoplimit6),
	 "hop limit as control data"},
	{IPV6_RECVHOPOPTS, "IPV6_RECVHOPOPTS", OPT_FLAG, OPT_FIELD(recvhopopts6),
	 "hop-by-hop options as control data"},
	{IPV6_HOPOPTS, "IPV6_HOPOPTS", OPT_BYTES, OPT_NONE, set_ext, get_ext, "struct ip6_hbh",
	 "hop-by-hop options of packets sent"},
	{IPV6_RTHDRDSTOPTS, "IPV6_RTHDRDSTOPTS", OPT_BYTES, OPT_NONE, set_ext, get_ext,
	 "struct ip6_dest", "destination options before a routing header"},
	{IPV6_RECVRTHDR, "IPV6_RECVRTHDR", OPT_FLAG, OPT_FIELD(recvrthdr6),
	 "routing header as control data"},
	{IPV6_RTHDR, "IPV6_RTHDR", OPT_BYTES, OPT_NONE, set_ext, get_ext, "struct ip6_rthdr",
	 "routing header of packets sent, of types 2 and 4"},
	{IPV6_RECVDSTOPTS, "IPV6_RECVDSTOPTS", OPT_FLAG, OPT_FIELD(recvdstopts6),
	 "destination options as control data"},
	{IPV6_DSTOPTS, "IPV6_DSTOPTS", OPT_BYTES, OPT_NONE, set_ext, get_ext, "struct ip6_dest",
	 "destination options of packets sent"},
	{IPV6_RECVPATHMTU, "IPV6_RECVPATHMTU", OPT_FLAG, OPT_FIELD(recvpathmtu6),
	 "a path that has become narrower, as control data"},
	{IPV6_PATHMTU, "IPV6_PATHMTU", OPT_ASK, OPT_NONE, NULL, get_path_mtu, "struct ip6_mtuinfo",
	 "the path that is known, when connected"},
	{IPV6_DONTFRAG, "IPV6_DONTFRAG", OPT_LAX, OPT_FIELD(dontfrag6),
	 "datagrams that are too large are refused"},
	{IPV6_RECVTCLASS, "IPV6_RECVTCLASS", OPT_FLAG, OPT_FIELD(recvtclass6),
	 "traffic class as control data"},
	{IPV6_TCLASS, "IPV6_TCLASS", OPT_OWN, OPT_NONE, set_tclass, get_tclass, "int",
	 "the traffic class; the ECN bits of a stream are TCP's"},
	{OPT_AUTOFLOWLABEL, "IPV6_AUTOFLOWLABEL", OPT_BYTES, OPT_NONE, set_autoflowlabel,
	 get_autoflowlabel, "int", "flow labels are chosen (RFC 6437)"},
	{OPT_ADDR_PREFERENCES, "IPV6_ADDR_PREFERENCES", OPT_OWN, OPT_NONE, set_addr_preferences,
	 get_addr_preferences, "int", "kept, without effect: no address is temporary (RFC 5014)"},
	{OPT_MINHOPCOUNT, "IPV6_MINHOPCOUNT", OPT_BYTE, OPT_AT(min_hops6), 0, 255, NULL, NULL,
	 "int", "packets of a TCP connection with a lower hop limit are dropped (RFC 5082)"},
	{OPT_ORIGDSTADDR, "IPV6_RECVORIGDSTADDR", OPT_FLAG, OPT_FIELD(recvorigdstaddr6),
	 "the destination as control data"},
	{OPT_TRANSPARENT, "IPV6_TRANSPARENT", OPT_FLAG, OPT_FIELD(transparent),
	 "as IP_TRANSPARENT"},
	{OPT_UNICAST_IF, "IPV6_UNICAST_IF", OPT_OWN, OPT_NONE, set_unicast_if, get_unicast_if,
	 "int", "interface of packets to others, in network order"},
	{OPT_RECVFRAGSIZE, "IPV6_RECVFRAGSIZE", OPT_LAX, OPT_FIELD(recvfragsize6),
	 "the largest fragment of a packet, as control data"},
	{OPT_FREEBIND, "IPV6_FREEBIND", OPT_FLAG, OPT_FIELD(freebind), "as IP_FREEBIND"},
	{OPT_XFRM_POLICY, "IPV6_XFRM_POLICY", OPT_WITHOUT("struct xfrm_userpolicy_info"),
	 "there is no IPsec"},
};

const struct opt_level opt_ip6 = {IPPROTO_IPV6, "IPPROTO_IPV6", OPT_SHORT_ROW,
				  NULL,		rows,		ARRAY_LEN(rows)};
