/* SPDX-License-Identifier: MIT */
/*
 * The options of level IPPROTO_IP. As on Linux a value is an int or a byte, and a byte is given
 * if only that fits; tests/unit/sock/dual_test.c asks both.
 *
 * Left out, with ENOPROTOOPT: source-specific multicast.
 */
#include "sock/opt_level.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "link/links.h"
#include "net/addr.h"
#include "transport/dgram.h"

/* Linux's numbers that older headers lack. */
#define OPT_IP_RECVERR_RFC4884 26
#define OPT_IP_LOCAL_PORT_RANGE 51
#define OPT_IP_PROTOCOL 52

#define ECN_MASK 0x03

static int set_tos(struct opt_arg *a)
{
	uint8_t tos = (uint8_t)a->value;

	/* The ECN bits of a stream are TCP's. */
	if (a->s->type == SOCK_STREAM)
		tos = (uint8_t)((tos & ~ECN_MASK) | (a->s->opt->tos & ECN_MASK));
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

static int set_transparent(struct opt_arg *a)
{
	if (a->len < 1)
		return -EINVAL;
	return a->value ? -EPERM : 0;
}

/* No-operations, and the kinds that record on the way: RFC 791 §3.1. A source route would change
 * the path. */
static bool ip_options_valid(const uint8_t *o, size_t len)
{
	size_t at = 0;

	while (at < len && o[at] != 0) {
		if (o[at] == 1) {
			at++;
			continue;
		}
		if (len - at < 3 || o[at + 1] < 3 || o[at + 1] > len - at)
			return false;
		if (o[at] != 7 && o[at] != 68 && o[at] != 130 && o[at] != 148)
			return false;
		at += o[at + 1];
	}
	return true;
}

static int set_options(struct opt_arg *a)
{
	struct env *env = a->s->tp->env;
	size_t padded = (a->len + 3u) & ~3u;
	uint8_t *options = NULL;

	if (a->len > sizeof(((struct ip_info *)0)->options) || !ip_options_valid(a->in, a->len))
		return -EINVAL;
	if (padded > 0) {
		options = env_calloc(env, 1, padded);
		if (!options)
			return -ENOMEM;
		memcpy(options, a->in, a->len);
	}
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

static int set_raw_only(struct opt_arg *a)
{
	(void)a;
	return -ENOPROTOOPT;
}

static int set_minttl(struct opt_arg *a)
{
	return a->len < 1 || a->value < 0 || a->value > 255 ? -EINVAL : 0;
}

static int set_mcast_ttl(struct opt_arg *a)
{
	if (a->s->type == SOCK_STREAM || a->len < 1)
		return -EINVAL;
	if (a->value < -1 || a->value > 255)
		return -EINVAL;
	a->opt->mcast_ttl = a->value == -1 ? 1 : a->value;
	return 0;
}

static int get_mcast_ttl(struct opt_arg *a)
{
	a->out.number = a->s->opt->mcast_ttl >= 0 ? a->s->opt->mcast_ttl : 1;
	return 0;
}

/* The interface that an ip_mreqn names, by index or address; 0: none named. -ENODEV. */
static int find_ifindex(const struct sock *s, const struct ip_mreqn *mr, unsigned *out)
{
	struct ipaddr addr = ipaddr_from4(ntohl(mr->imr_address.s_addr));
	const struct addr *own;

	*out = 0;
	if (mr->imr_ifindex) {
		if (!links_get(net_links(s->tp->net), (unsigned)mr->imr_ifindex))
			return -ENODEV;
		*out = (unsigned)mr->imr_ifindex;
	} else if (!ipaddr_is_any(&addr)) {
		own = addr_find(s->tp->net, NULL, &addr);
		if (!own)
			return -ENODEV;
		*out = own->netif->ifindex;
	}
	return 0;
}

/* struct ip_mreqn, ip_mreq, or (if `short_form`) in_addr of the interface alone. */
static int read_mreqn(const struct opt_arg *a, bool short_form, struct ip_mreqn *out)
{
	memset(out, 0, sizeof(*out));
	if (a->len >= sizeof(struct ip_mreqn)) {
		memcpy(out, a->in, sizeof(*out));
		return 0;
	}
	if (a->len >= sizeof(struct ip_mreq)) {
		memcpy(out, a->in, sizeof(struct ip_mreq));
		return 0;
	}
	if (!short_form || a->len < sizeof(struct in_addr))
		return -EINVAL;
	memcpy(&out->imr_address, a->in, sizeof(struct in_addr));
	return 0;
}

static int set_mcast_if(struct opt_arg *a)
{
	struct ip_mreqn mr;
	unsigned ifindex;

	if (a->s->type == SOCK_STREAM || read_mreqn(a, true, &mr) < 0)
		return -EINVAL;
	if (find_ifindex(a->s, &mr, &ifindex) < 0)
		return -EADDRNOTAVAIL;
	if (ifindex && a->s->opt->ifindex && a->s->opt->ifindex != ifindex)
		return -EINVAL;
	a->opt->mcast_ifindex = ifindex;
	a->opt->mcast_src = ipaddr_from4(ntohl(mr.imr_address.s_addr));
	return 0;
}

static int get_mcast_if(struct opt_arg *a)
{
	a->out.in.s_addr = htonl(ipaddr_to4(&a->s->opt->mcast_src));
	a->out_len = sizeof(a->out.in);
	return 0;
}

static int set_mcast_all(struct opt_arg *a)
{
	if (a->len < 1 || (a->value != 0 && a->value != 1))
		return -EINVAL;
	a->opt->mcast_all = a->value;
	return 0;
}

static int get_mcast_all(struct opt_arg *a)
{
	a->out.number = a->s->opt->mcast_all;
	return 0;
}

static int member(struct opt_arg *a, const struct ip_mreqn *mr, bool join)
{
	struct ipaddr group = ipaddr_from4(ntohl(mr->imr_multiaddr.s_addr));
	unsigned ifindex;
	int result = find_ifindex(a->s, mr, &ifindex);

	if (!ipaddr_is_multicast(&group))
		return join ? -EINVAL : -EADDRNOTAVAIL;
	if (result < 0)
		return result;
	return join ? dgram_join(dgram_of(a->s), &group, ifindex)
		    : dgram_leave(dgram_of(a->s), &group, ifindex);
}

static int set_member(struct opt_arg *a, bool join)
{
	struct ip_mreqn mr;

	if (a->s->type == SOCK_STREAM)
		return -EPROTO;
	if (read_mreqn(a, false, &mr) < 0)
		return -EINVAL;
	return member(a, &mr, join);
}

static int set_add_membership(struct opt_arg *a)
{
	return set_member(a, true);
}

static int set_drop_membership(struct opt_arg *a)
{
	return set_member(a, false);
}

/* RFC 3678 §5.1: the same for either family. */
static int set_group(struct opt_arg *a, bool join)
{
	struct group_req req;
	struct sockaddr_in in;
	struct ip_mreqn mr = {.imr_ifindex = 0};

	if (a->len < sizeof(req))
		return -EINVAL;
	memcpy(&req, a->in, sizeof(req));
	memcpy(&in, &req.gr_group, sizeof(in));
	if (in.sin_family != AF_INET)
		return -EINVAL;
	if (a->s->type == SOCK_STREAM)
		return -EPROTO;
	mr.imr_multiaddr = in.sin_addr;
	mr.imr_ifindex = (int)req.gr_interface;
	return member(a, &mr, join);
}

static int set_join_group(struct opt_arg *a)
{
	return set_group(a, true);
}

static int set_leave_group(struct opt_arg *a)
{
	return set_group(a, false);
}

static int get_protocol(struct opt_arg *a)
{
	a->out.number = a->s->protocol;
	return 0;
}

static const struct opt_row rows[] = {
	{IP_TOS, "IP_TOS", OPT_OWN, OPT_NONE, set_tos, get_tos,
	 "the type of service; the ECN bits are TCP's"},
	{IP_TTL, "IP_TTL", OPT_OWN, OPT_NONE, set_ttl, get_ttl, "1 to 255, -1: the host's"},
	{IP_HDRINCL, "IP_HDRINCL", OPT_OWN, OPT_NONE, set_raw_only, opt_get_zero,
	 "raw sockets only"},
	{IP_OPTIONS, "IP_OPTIONS", OPT_OWN, OPT_NONE, set_options, get_options,
	 "options of packets sent: route recording, timestamps"},
	{IP_RECVOPTS, "IP_RECVOPTS", OPT_FLAG, OPT_FIELD(recvopts), "kept, without effect"},
	{IP_RETOPTS, "IP_RETOPTS", OPT_FLAG, OPT_FIELD(retopts), "kept, without effect"},
	{IP_PKTINFO, "IP_PKTINFO", OPT_FLAG, OPT_FIELD(pktinfo),
	 "where a datagram came in, as control data"},
	{IP_MTU_DISCOVER, "IP_MTU_DISCOVER", OPT_BYTE, OPT_AT(pmtudisc), IP_PMTUDISC_DONT,
	 IP_PMTUDISC_OMIT, NULL, NULL, "whether packets may be fragmented"},
	{IP_RECVERR, "IP_RECVERR", OPT_OWN, OPT_NONE, set_recverr, get_recverr,
	 "a queue of errors, for MSG_ERRQUEUE"},
	{OPT_IP_RECVERR_RFC4884, "IP_RECVERR_RFC4884", OPT_NOTHING, OPT_NONE, NULL, NULL,
	 "without effect"},
	{IP_RECVTTL, "IP_RECVTTL", OPT_FLAG, OPT_FIELD(recvttl), "TTL as control data"},
	{IP_RECVTOS, "IP_RECVTOS", OPT_FLAG, OPT_FIELD(recvtos), "TOS as control data"},
	{IP_MTU, "IP_MTU", OPT_ASK, OPT_NONE, NULL, get_mtu, "of the path, when connected"},
	{IP_FREEBIND, "IP_FREEBIND", OPT_FLAG, OPT_FIELD(freebind),
	 "bind() to addresses that are not there yet"},
	{IP_TRANSPARENT, "IP_TRANSPARENT", OPT_OWN, OPT_NONE, set_transparent, opt_get_zero,
	 "needs a privilege"},
	{IP_ORIGDSTADDR, "IP_RECVORIGDSTADDR", OPT_FLAG, OPT_FIELD(recvorigdstaddr),
	 "the destination as control data"},
	{IP_MINTTL, "IP_MINTTL", OPT_OWN, OPT_NONE, set_minttl, opt_get_zero, "without effect"},
	{IP_NODEFRAG, "IP_NODEFRAG", OPT_OWN, OPT_NONE, set_raw_only, opt_get_zero,
	 "raw sockets only"},
	{IP_BIND_ADDRESS_NO_PORT, "IP_BIND_ADDRESS_NO_PORT", OPT_FLAG,
	 OPT_FIELD(bind_address_no_port), "bind() leaves the choice of port to connect()"},
	{IP_MULTICAST_IF, "IP_MULTICAST_IF", OPT_OWN, OPT_NONE, set_mcast_if, get_mcast_if,
	 "interface and source of multicasts"},
	{IP_MULTICAST_TTL, "IP_MULTICAST_TTL", OPT_OWN, OPT_NONE, set_mcast_ttl, get_mcast_ttl,
	 "their TTL, 1 unless set"},
	{IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", OPT_FLAG, OPT_FIELD(mcast_loop),
	 "members on this host get them too"},
	{IP_MULTICAST_ALL, "IP_MULTICAST_ALL", OPT_OWN, OPT_NONE, set_mcast_all, get_mcast_all,
	 "receive what any socket of the host joined"},
	{IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP", OPT_OWN, OPT_NONE, set_add_membership, NULL,
	 "join a group"},
	{IP_DROP_MEMBERSHIP, "IP_DROP_MEMBERSHIP", OPT_OWN, OPT_NONE, set_drop_membership, NULL,
	 "leave a group"},
	{MCAST_JOIN_GROUP, "MCAST_JOIN_GROUP", OPT_OWN, OPT_NONE, set_join_group, NULL,
	 "join a group, by index of the interface"},
	{MCAST_LEAVE_GROUP, "MCAST_LEAVE_GROUP", OPT_OWN, OPT_NONE, set_leave_group, NULL,
	 "leave a group, by index of the interface"},
	{OPT_IP_PROTOCOL, "IP_PROTOCOL", OPT_ASK, OPT_NONE, NULL, get_protocol, "as SO_PROTOCOL"},
};

const struct opt_level opt_ip = {IPPROTO_IP, "IPPROTO_IP", OPT_SHORT_BYTE,
				 false,	     rows,	   ARRAY_LEN(rows)};
