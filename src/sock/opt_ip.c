/* SPDX-License-Identifier: MIT */
/*
 * The options of level IPPROTO_IP. As on Linux a value is an int or a byte, and a byte is given
 * if only that fits; tests/unit/sock/dual_test.c asks both.
 * Multicast is in opt_mcast.c. Left out, with ENOPROTOOPT: IPsec (IP_XFRM_POLICY), source routes in
 * IP_OPTIONS, netfilter's and multicast routing's own options.
 */
#include "sock/opt_level.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "link/links.h"
#include "net/ip4_options.h"
#include "sock/opt_mcast.h"
#include "transport/control.h"
#include "transport/demux.h"

/* Linux's numbers that older headers lack. */
#define OPT_IP_ROUTER_ALERT 5
#define OPT_IP_PKTOPTIONS 9
#define OPT_IP_IPSEC_POLICY 16
#define OPT_IP_XFRM_POLICY 17
#define OPT_IP_CHECKSUM 23
#define OPT_IP_RECVFRAGSIZE 25
#define OPT_IP_RECVERR_RFC4884 26
#define OPT_IP_UNICAST_IF 50
#define OPT_IP_LOCAL_PORT_RANGE 51
#define OPT_IP_PROTOCOL 52

#define ECN_MASK 0x03

/* Linux: rt_tos2priority(), the packet scheduler's class of an old type of service. */
static uint32_t priority_of_tos(uint8_t tos)
{
	static const uint8_t of_upper_bits[] = {0, 2, 6, 4}; /* best effort, bulk, interactive */

	return of_upper_bits[tos >> 3 & 3];
}

static int set_tos(struct opt_arg *a)
{
	uint8_t tos = (uint8_t)a->value;

	/* The ECN bits of a stream are TCP's. */
	if (a->s->type == SOCK_STREAM)
		tos = (uint8_t)((tos & ~ECN_MASK) | (a->s->opt->tos & ECN_MASK));
	if (tos != a->opt->tos)
		a->opt->priority = priority_of_tos(tos);
	a->opt->tos = tos;
	return 0;
}

static int get_tos(struct opt_arg *a)
{
	a->out.number = a->s->opt->tos;
	return 0;
}

static int set_ttl(struct opt_arg *a)
{
	if (a->len < 1 || (a->value != -1 && (a->value < 1 || a->value > 255)))
		return -EINVAL;
	a->opt->ttl = a->value;
	return 0;
}

static int get_ttl(struct opt_arg *a)
{
	a->out.number = a->s->opt->ttl >= 0 ? a->s->opt->ttl : a->s->tp->env->knobs.ip_default_ttl;
	return 0;
}

/* Linux: what follows the end of the list is made nothing. */
static void clear_after_end(uint8_t *o, size_t len)
{
	size_t at = 0;

	while (at < len && o[at] != 0)
		at += o[at] == 1 ? 1 : o[at + 1];
	if (at < len)
		memset(o + at, 0, len - at);
}

static int set_options(struct opt_arg *a)
{
	struct env *env = a->s->tp->env;
	size_t padded = (a->len + 3u) & ~3u;
	uint8_t *options = NULL;

	if (a->len > sizeof(((struct ip_info *)0)->options))
		return -EINVAL;
	if (padded > 0) {
		if (!ip4_options_valid(a->in, a->len))
			return -EINVAL;
		options = env_calloc(env, 1, padded);
		if (!options)
			return -ENOMEM;
		memcpy(options, a->in, a->len);
	}
	clear_after_end(options, padded);
	env_free(env, a->opt->options);
	a->opt->options = options;
	a->opt->options_len = (uint8_t)padded;
	return 0;
}

static int get_options(struct opt_arg *a)
{
	a->out_len = a->s->opt->options_len;
	if (a->out_len > 0)
		memcpy(a->out.bytes, a->s->opt->options, a->out_len);
	return 0;
}

static int set_recverr(struct opt_arg *a)
{
	a->opt->recverr = a->value != 0;
	return 0;
}

static int get_recverr(struct opt_arg *a)
{
	a->out.number = a->s->opt->recverr;
	return 0;
}

static int get_mtu(struct opt_arg *a)
{
	struct sock *s = a->s;

	if (!sock_connected(s) || ip_path_check(s->tp->net, &s->path, s->opt->ifindex) < 0)
		return -ENOTCONN;
	a->out.number = (int)s->path.mtu;
	return 0;
}

static int set_hdrincl(struct opt_arg *a)
{
	if (a->s->type != SOCK_RAW)
		return -ENOPROTOOPT;
	a->opt->hdrincl = a->value != 0;
	return 0;
}

static int get_hdrincl(struct opt_arg *a)
{
	a->out.number = a->s->opt->hdrincl;
	return 0;
}

static int set_nodefrag(struct opt_arg *a)
{
	if (a->s->type != SOCK_RAW)
		return -ENOPROTOOPT;
	a->opt->nodefrag = a->value != 0;
	return 0;
}

static int get_nodefrag(struct opt_arg *a)
{
	a->out.number = a->s->opt->nodefrag;
	return 0;
}

/* Linux: only raw sockets hear router alerts, and only where packets are forwarded. */
static int set_router_alert(struct opt_arg *a)
{
	if (a->s->type != SOCK_RAW || a->s->protocol == IPPROTO_RAW)
		return -EINVAL;
	if (!a->value && !a->opt->router_alert)
		return -ENOBUFS;
	if (a->value && a->opt->router_alert)
		return -EADDRINUSE;
	a->opt->router_alert = a->value != 0;
	return 0;
}

static int get_router_alert(struct opt_arg *a)
{
	a->out.number = a->s->opt->router_alert;
	return 0;
}

/* Linux: a policy of a kind that it does not know. */
static int set_ipsec_policy(struct opt_arg *a)
{
	return a->len ? -EOPNOTSUPP : 0;
}

static int set_minttl(struct opt_arg *a)
{
	if (a->len < 1 || a->value < 0 || a->value > 255)
		return -EINVAL;
	a->opt->minttl = (uint8_t)a->value;
	return 0;
}

static int get_minttl(struct opt_arg *a)
{
	a->out.number = a->s->opt->minttl;
	return 0;
}

static int set_recvfragsize(struct opt_arg *a)
{
	if (a->s->type == SOCK_STREAM)
		return -EINVAL;
	a->opt->recvfragsize = a->value != 0;
	return 0;
}

static int get_recvfragsize(struct opt_arg *a)
{
	a->out.number = a->s->opt->recvfragsize;
	return 0;
}

int opt_unicast_if(struct opt_arg *a, unsigned *out)
{
	unsigned ifindex;

	/* Linux: in network order, and exactly an int. */
	if (a->len != sizeof(a->value))
		return -EINVAL;
	ifindex = ntohl((uint32_t)a->value);
	if (ifindex && !links_get(net_links(a->s->tp->net), ifindex))
		return -EADDRNOTAVAIL;
	if (ifindex && a->s->opt->ifindex && a->s->opt->ifindex != ifindex)
		return -EINVAL;
	*out = ifindex;
	return 0;
}

static int set_unicast_if(struct opt_arg *a)
{
	return opt_unicast_if(a, &a->opt->unicast_ifindex);
}

static int get_unicast_if(struct opt_arg *a)
{
	a->out.number = (int)htonl(a->s->opt->unicast_ifindex);
	return 0;
}

static int set_port_range(struct opt_arg *a)
{
	uint16_t lo = (uint16_t)a->value;
	uint16_t hi = (uint16_t)((uint32_t)a->value >> 16);

	if (a->len != sizeof(a->value) || (lo && hi && lo > hi))
		return -EINVAL;
	a->opt->port_lo = lo;
	a->opt->port_hi = hi;
	return 0;
}

static int get_port_range(struct opt_arg *a)
{
	a->out.number = (int)((uint32_t)a->s->opt->port_hi << 16 | a->s->opt->port_lo);
	return 0;
}

/* RFC 2292's way to ask what control data would say; of streams alone, as on Linux. */
static int get_pktoptions(struct opt_arg *a)
{
	const struct sock *s = a->s;
	struct control c = {(char *)a->out.bytes, a->len < sizeof(a->out) ? a->len : sizeof(a->out),
			    0, false};

	if (s->type != SOCK_STREAM)
		return -ENOPROTOOPT;
	a->out_len = 0;
	if (s->opt->pktinfo) {
		struct in_pktinfo info = {.ipi_ifindex = (int)s->opt->mcast_ifindex,
					  .ipi_spec_dst.s_addr = htonl(ipaddr_to4(&s->local.addr)),
					  .ipi_addr.s_addr = htonl(ipaddr_to4(&s->local.addr))};

		control_put(&c, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (s->opt->recvttl) {
		int ttl = s->opt->mcast_ttl >= 0 ? s->opt->mcast_ttl : 1;

		control_put(&c, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	}
	if (s->opt->recvtos) {
		int tos = 0;

		control_put(&c, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	}
	a->out_len = (socklen_t)c.used;
	return 0;
}

/* Linux: a raw socket's protocol, which it keeps where others have their port. */
static int get_protocol(struct opt_arg *a)
{
	a->out.number = a->s->type == SOCK_RAW ? a->s->protocol : a->s->local.port;
	return 0;
}

static const struct opt_row rows[] = {
	{IP_TOS, "IP_TOS", OPT_OWN, OPT_NONE, set_tos, get_tos, "int",
	 "the type of service; the ECN bits are TCP's"},
	{IP_TTL, "IP_TTL", OPT_OWN, OPT_NONE, set_ttl, get_ttl, "int", "1 to 255, -1: the host's"},
	{IP_HDRINCL, "IP_HDRINCL", OPT_OWN, OPT_NONE, set_hdrincl, get_hdrincl, "int",
	 "raw sockets: the program makes the IP header"},
	{IP_OPTIONS, "IP_OPTIONS", OPT_OWN, OPT_NONE, set_options, get_options, "uint8_t[]",
	 "options of packets sent, which are filled in on the way: routes, timestamps"},
	{OPT_IP_ROUTER_ALERT, "IP_ROUTER_ALERT", OPT_OWN, OPT_NONE, set_router_alert,
	 get_router_alert, "int", "raw sockets only"},
	{IP_RECVOPTS, "IP_RECVOPTS", OPT_FLAG, OPT_FIELD(recvopts),
	 "options of a received packet as control data"},
	{IP_RETOPTS, "IP_RETOPTS", OPT_FLAG, OPT_FIELD(retopts),
	 "the same, turned round for an answer"},
	{IP_PKTINFO, "IP_PKTINFO", OPT_FLAG, OPT_FIELD(pktinfo),
	 "where a datagram came in, as control data"},
	{OPT_IP_PKTOPTIONS, "IP_PKTOPTIONS", OPT_ASK, OPT_NONE, NULL, get_pktoptions,
	 "struct cmsghdr", "control data of a stream"},
	{IP_MTU_DISCOVER, "IP_MTU_DISCOVER", OPT_BYTE, OPT_AT(pmtudisc), IP_PMTUDISC_DONT,
	 IP_PMTUDISC_OMIT, NULL, NULL, "int", "whether packets may be fragmented"},
	{IP_RECVERR, "IP_RECVERR", OPT_OWN, OPT_NONE, set_recverr, get_recverr, "int",
	 "a queue of errors, for MSG_ERRQUEUE"},
	{OPT_IP_RECVERR_RFC4884, "IP_RECVERR_RFC4884", OPT_BYTE, OPT_AT(recverr_rfc4884), 0, 1,
	 NULL, NULL, "int", "kept: no router here sends what it is about"},
	{IP_RECVTTL, "IP_RECVTTL", OPT_FLAG, OPT_FIELD(recvttl), "TTL as control data"},
	{IP_RECVTOS, "IP_RECVTOS", OPT_FLAG, OPT_FIELD(recvtos), "TOS as control data"},
	{IP_MTU, "IP_MTU", OPT_ASK, OPT_NONE, NULL, get_mtu, "int", "of the path, when connected"},
	{IP_FREEBIND, "IP_FREEBIND", OPT_FLAG, OPT_AT(freebind), 1, 0, NULL, NULL, "flag",
	 "bind() to addresses that are not there yet"},
	{IP_TRANSPARENT, "IP_TRANSPARENT", OPT_FLAG, OPT_AT(transparent), 1, 0, NULL, NULL, "flag",
	 "bind() to addresses that are not this host's"},
	{OPT_IP_IPSEC_POLICY, "IP_IPSEC_POLICY", OPT_BYTES, OPT_NONE, set_ipsec_policy, NULL,
	 "struct sadb_x_policy", "there is no IPsec"},
	{IP_PASSSEC, "IP_PASSSEC", OPT_FLAG, OPT_FIELD(passsec4), "kept; nobody labels packets"},
	{IP_ORIGDSTADDR, "IP_RECVORIGDSTADDR", OPT_FLAG, OPT_FIELD(recvorigdstaddr),
	 "the destination as control data"},
	{IP_MINTTL, "IP_MINTTL", OPT_OWN, 0, 0, 255, set_minttl, get_minttl, "int",
	 "packets of a TCP connection with a lower TTL are dropped (RFC 5082)"},
	{IP_NODEFRAG, "IP_NODEFRAG", OPT_OWN, OPT_NONE, set_nodefrag, get_nodefrag, "int",
	 "raw sockets: kept, as nothing here joins fragments on the way out"},
	{OPT_IP_CHECKSUM, "IP_CHECKSUM", OPT_FLAG, OPT_FIELD(recvchecksum), "kept, without effect"},
	{OPT_IP_RECVFRAGSIZE, "IP_RECVFRAGSIZE", OPT_OWN, OPT_NONE, set_recvfragsize,
	 get_recvfragsize, "int", "the largest fragment of a packet, as control data"},
	{IP_BIND_ADDRESS_NO_PORT, "IP_BIND_ADDRESS_NO_PORT", OPT_FLAG,
	 OPT_FIELD(bind_address_no_port), "bind() leaves the choice of port to connect()"},
	{IP_MULTICAST_IF, "IP_MULTICAST_IF", OPT_OWN, OPT_NONE, opt_set_mcast_if, opt_get_mcast_if,
	 "struct ip_mreqn", "interface and source of multicasts"},
	{IP_MULTICAST_TTL, "IP_MULTICAST_TTL", OPT_OWN, OPT_NONE, opt_set_mcast_ttl,
	 opt_get_mcast_ttl, "int", "their TTL, 1 unless set"},
	{IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", OPT_FLAG, OPT_AT(mcast_loop), 1, 0, NULL, NULL,
	 "flag", "members on this host get them too"},
	{IP_MULTICAST_ALL, "IP_MULTICAST_ALL", OPT_OWN, OPT_NONE, opt_set_mcast_all,
	 opt_get_mcast_all, "int", "receive what any socket of the host joined"},
	{IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP", OPT_OWN, OPT_NONE, opt_change_membership, NULL,
	 "struct ip_mreqn", "join a group"},
	{IP_DROP_MEMBERSHIP, "IP_DROP_MEMBERSHIP", OPT_OWN, OPT_NONE, opt_change_membership, NULL,
	 "struct ip_mreqn", "leave a group"},
	{IP_ADD_SOURCE_MEMBERSHIP, "IP_ADD_SOURCE_MEMBERSHIP", OPT_OWN, OPT_NONE, opt_add_source,
	 NULL, "struct ip_mreq_source", "join a group to hear one source"},
	{IP_DROP_SOURCE_MEMBERSHIP, "IP_DROP_SOURCE_MEMBERSHIP", OPT_OWN, OPT_NONE,
	 opt_change_source, NULL, "struct ip_mreq_source", "hear a source no longer"},
	{IP_BLOCK_SOURCE, "IP_BLOCK_SOURCE", OPT_OWN, OPT_NONE, opt_change_source, NULL,
	 "struct ip_mreq_source", "do not hear one source of a group"},
	{IP_UNBLOCK_SOURCE, "IP_UNBLOCK_SOURCE", OPT_OWN, OPT_NONE, opt_change_source, NULL,
	 "struct ip_mreq_source", "hear it again"},
	{IP_MSFILTER, "IP_MSFILTER", OPT_OWN, OPT_NONE, opt_set_msfilter, opt_get_msfilter,
	 "struct ip_msfilter", "all sources of a membership at once"},
	{MCAST_JOIN_GROUP, "MCAST_JOIN_GROUP", OPT_OWN, OPT_NONE, opt_change_group, NULL,
	 "struct group_req", "join a group, by index of the interface"},
	{MCAST_BLOCK_SOURCE, "MCAST_BLOCK_SOURCE", OPT_OWN, OPT_NONE, opt_change_group_source, NULL,
	 "struct group_source_req", "do not hear one source of a group"},
	{MCAST_UNBLOCK_SOURCE, "MCAST_UNBLOCK_SOURCE", OPT_OWN, OPT_NONE, opt_change_group_source,
	 NULL, "struct group_source_req", "hear it again"},
	{MCAST_LEAVE_GROUP, "MCAST_LEAVE_GROUP", OPT_OWN, OPT_NONE, opt_change_group, NULL,
	 "struct group_req", "leave a group, by index of the interface"},
	{MCAST_JOIN_SOURCE_GROUP, "MCAST_JOIN_SOURCE_GROUP", OPT_OWN, OPT_NONE,
	 opt_change_group_source, NULL, "struct group_source_req",
	 "join a group to hear one source"},
	{MCAST_LEAVE_SOURCE_GROUP, "MCAST_LEAVE_SOURCE_GROUP", OPT_OWN, OPT_NONE,
	 opt_change_group_source, NULL, "struct group_source_req", "hear a source no longer"},
	{MCAST_MSFILTER, "MCAST_MSFILTER", OPT_OWN, OPT_NONE, opt_set_group_filter,
	 opt_get_group_filter, "struct group_filter", "all sources of a membership at once"},
	{OPT_IP_UNICAST_IF, "IP_UNICAST_IF", OPT_OWN, OPT_NONE, set_unicast_if, get_unicast_if,
	 "int", "interface of packets to others, in network order"},
	{OPT_IP_LOCAL_PORT_RANGE, "IP_LOCAL_PORT_RANGE", OPT_OWN, OPT_NONE, set_port_range,
	 get_port_range, "int",
	 "ports that may be chosen, within the host's: lowest, and highest shifted by 16"},
	{OPT_IP_PROTOCOL, "IP_PROTOCOL", OPT_ASK, OPT_NONE, NULL, get_protocol, "int",
	 "a raw socket's protocol; of others their port, as on Linux"},
	{OPT_IP_XFRM_POLICY, "IP_XFRM_POLICY", OPT_WITHOUT("struct xfrm_userpolicy_info"),
	 "there is no IPsec"},
};

const struct opt_level opt_ip = {IPPROTO_IP, "IPPROTO_IP", OPT_SHORT_BYTE,
				 NULL,	     rows,	   ARRAY_LEN(rows)};
