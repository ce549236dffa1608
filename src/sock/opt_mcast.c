/* SPDX-License-Identifier: MIT */
/*
 * Multicast options: of IPPROTO_IP by IPv4 addresses, and MCAST_* (RFC 3678 §5), which both
 * families have. What structures a program gives are taken apart here into group, interface and
 * source; transport/member.c keeps them. Streams have no memberships, and each option has its own
 * way to say so, which is Linux's.
 */
#include "sock/opt_mcast.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "link/links.h"
#include "net/addr.h"
#include "sock/sockaddr.h"
#include "transport/member.h"

#define SOURCES_MAX 10u

int opt_set_mcast_ttl(struct opt_arg *a)
{
	if (a->s->type == SOCK_STREAM || a->len < 1)
		return -EINVAL;
	if (a->value < -1 || a->value > 255)
		return -EINVAL;
	a->opt->mcast_ttl = a->value == -1 ? 1 : a->value;
	return 0;
}

int opt_get_mcast_ttl(struct opt_arg *a)
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

int opt_set_mcast_if(struct opt_arg *a)
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

int opt_get_mcast_if(struct opt_arg *a)
{
	struct in_addr in = {htonl(ipaddr_to4(&a->s->opt->mcast_src))};

	/* Not a number, so never a byte. */
	a->out_len = a->len < sizeof(in) ? a->len : sizeof(in);
	if (a->out_len > 0)
		memcpy(a->room, &in, a->out_len);
	a->written = true;
	return 0;
}

int opt_set_mcast_all(struct opt_arg *a)
{
	if (a->len < 1 || (a->value != 0 && a->value != 1))
		return -EINVAL;
	a->opt->mcast_all = a->value;
	return 0;
}

int opt_get_mcast_all(struct opt_arg *a)
{
	a->out.number = a->s->opt->mcast_all;
	return 0;
}

/* An operation on a membership. */
struct target {
	struct ipaddr group, source;
	unsigned ifindex;
};

static int check(const struct opt_arg *a)
{
	return a->s->type == SOCK_STREAM ? -EPROTO : 0;
}

int opt_change_membership(struct opt_arg *a)
{
	bool join = a->name == IP_ADD_MEMBERSHIP;
	struct ip_mreqn mr;
	struct ipaddr group;
	unsigned ifindex;
	int result = check(a);

	if (result < 0)
		return result;
	if (read_mreqn(a, false, &mr) < 0)
		return -EINVAL;
	group = ipaddr_from4(ntohl(mr.imr_multiaddr.s_addr));
	result = find_ifindex(a->s, &mr, &ifindex);
	if (!ipaddr_is_multicast(&group))
		return join ? -EINVAL : -EADDRNOTAVAIL;
	if (result < 0)
		return result;
	return join ? member_join(dgram_of(a->s), &group, ifindex, false)
		    : member_leave(dgram_of(a->s), &group, ifindex);
}

static int read_source(const struct opt_arg *a, struct target *out)
{
	struct ip_mreq_source mr;
	struct ip_mreqn n = {.imr_ifindex = 0};

	if (a->len != sizeof(mr))
		return -EINVAL;
	memcpy(&mr, a->in, sizeof(mr));
	n.imr_address = mr.imr_interface;
	out->group = ipaddr_from4(ntohl(mr.imr_multiaddr.s_addr));
	out->source = ipaddr_from4(ntohl(mr.imr_sourceaddr.s_addr));
	if (!ipaddr_is_multicast(&out->group))
		return -EINVAL;
	return find_ifindex(a->s, &n, &out->ifindex);
}

/* Linux: to hear a source is to join, if that was not done. */
static int add_source(struct opt_arg *a, const struct target *t)
{
	struct dgram *d = dgram_of(a->s);
	int result = member_join(d, &t->group, t->ifindex, true);

	if (result < 0 && result != -EADDRINUSE)
		return result;
	return member_source(d, &t->group, t->ifindex, &t->source, false, true);
}

int opt_add_source(struct opt_arg *a)
{
	struct target t;
	int result = read_source(a, &t);

	if (result == 0)
		result = check(a);
	return result < 0 ? result : add_source(a, &t);
}

int opt_change_source(struct opt_arg *a)
{
	struct target t;
	int result = read_source(a, &t);

	if (result < 0)
		return result;
	if (a->s->type == SOCK_STREAM)
		return -EINVAL;
	return member_source(dgram_of(a->s), &t.group, t.ifindex, &t.source,
			     a->name != IP_DROP_SOURCE_MEMBERSHIP, a->name == IP_BLOCK_SOURCE);
}

/* What struct ip_msfilter begins with. */
struct msfilter_head {
	struct in_addr group, interface;
	uint32_t mode, count;
};

static int find_filter(const struct opt_arg *a, const struct msfilter_head *head,
		       struct target *out)
{
	struct ip_mreqn n = {.imr_address = head->interface};

	out->group = ipaddr_from4(ntohl(head->group.s_addr));
	if (!ipaddr_is_multicast(&out->group))
		return -EINVAL;
	return find_ifindex(a->s, &n, &out->ifindex);
}

int opt_set_msfilter(struct opt_arg *a)
{
	struct msfilter_head head;
	struct ipaddr sources[SOURCES_MAX];
	struct target t;
	int result;

	if (a->len < sizeof(head))
		return -EINVAL;
	memcpy(&head, a->in, sizeof(head));
	if (head.count > SOURCES_MAX)
		return -ENOBUFS;
	if (a->len < sizeof(head) + head.count * sizeof(struct in_addr))
		return -EINVAL;
	if (head.mode != MCAST_INCLUDE && head.mode != MCAST_EXCLUDE)
		return -EINVAL;
	result = find_filter(a, &head, &t);
	if (result < 0)
		return result;
	if (a->s->type == SOCK_STREAM)
		return -EINVAL;
	for (uint32_t i = 0; i < head.count; i++) {
		uint32_t in;

		memcpy(&in, (const uint8_t *)a->in + sizeof(head) + i * sizeof(in), sizeof(in));
		sources[i] = ipaddr_from4(ntohl(in));
	}
	return member_filter(dgram_of(a->s), &t.group, t.ifindex, head.mode == MCAST_EXCLUDE,
			     sources, head.count);
}

/* The filter to be told; -EADDRNOTAVAIL: no member. */
static int filter_of(const struct opt_arg *a, const struct target *t, const struct member **out)
{
	if (a->s->type == SOCK_STREAM)
		return -EADDRNOTAVAIL;
	*out = member_find(dgram_of_const(a->s), &t->group, t->ifindex);
	return *out ? 0 : -EADDRNOTAVAIL;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

int opt_get_msfilter(struct opt_arg *a)
{
	struct msfilter_head head;
	const struct member *m = NULL;
	struct target t;
	uint32_t room;
	int result;

	if (a->len < sizeof(head))
		return -EINVAL;
	memcpy(&head, a->in, sizeof(head));
	result = find_filter(a, &head, &t);
	if (result == 0)
		result = filter_of(a, &t, &m);
	if (result < 0)
		return result;
	room = least(least(head.count, m->count), (a->len - (socklen_t)sizeof(head)) / 4);
	head.mode = m->exclude ? MCAST_EXCLUDE : MCAST_INCLUDE;
	head.count = m->count;
	memcpy(a->out.bytes, &head, sizeof(head));
	for (uint32_t i = 0; i < room; i++) {
		uint32_t source = htonl(ipaddr_to4(&m->sources[i]));

		memcpy(a->out.bytes + sizeof(head) + i * 4, &source, sizeof(source));
	}
	a->out_len = (socklen_t)(sizeof(head) + room * 4);
	return 0;
}

/* MCAST_*: addresses as sockaddrs, of the family of the level. */

static int family_of(const struct opt_arg *a)
{
	return a->level == IPPROTO_IPV6 ? AF_INET6 : AF_INET;
}

static int read_addr(const struct sockaddr_storage *from, int family, struct ipaddr *out)
{
	struct endpoint e;

	if (from->ss_family != family ||
	    sockaddr_parse((const struct sockaddr *)(const void *)from, sizeof(*from), &e) < 0)
		return family == AF_INET ? -EINVAL : -EADDRNOTAVAIL;
	*out = e.addr;
	return 0;
}

int opt_change_group(struct opt_arg *a)
{
	int family = family_of(a);
	bool join = a->name == MCAST_JOIN_GROUP;
	struct group_req req;
	struct ipaddr group;
	int result;

	if (a->len < sizeof(req))
		return -EINVAL;
	memcpy(&req, a->in, sizeof(req));
	result = read_addr(&req.gr_group, family, &group);
	if (result == 0)
		result = check(a);
	if (result < 0)
		return result;
	if (!ipaddr_is_multicast(&group))
		return join || family == AF_INET6 ? -EINVAL : -EADDRNOTAVAIL;
	if (req.gr_interface && !links_get(net_links(a->s->tp->net), req.gr_interface))
		return -ENODEV;
	return join ? member_join(dgram_of(a->s), &group, req.gr_interface, false)
		    : member_leave(dgram_of(a->s), &group, req.gr_interface);
}

static int read_group_source(const struct opt_arg *a, int family, struct target *out)
{
	struct group_source_req req;
	int result;

	if (a->len != sizeof(req))
		return -EINVAL;
	memcpy(&req, a->in, sizeof(req));
	if (read_addr(&req.gsr_group, family, &out->group) < 0 ||
	    read_addr(&req.gsr_source, family, &out->source) < 0)
		return -EADDRNOTAVAIL;
	if (!ipaddr_is_multicast(&out->group))
		return -EINVAL;
	out->ifindex = req.gsr_interface;
	if (out->ifindex && !links_get(net_links(a->s->tp->net), out->ifindex))
		return -ENODEV;
	result = check(a);
	return result;
}

int opt_change_group_source(struct opt_arg *a)
{
	struct target t;
	int result = read_group_source(a, family_of(a), &t);

	if (result < 0)
		return result;
	if (a->name == MCAST_JOIN_SOURCE_GROUP)
		return add_source(a, &t);
	return member_source(dgram_of(a->s), &t.group, t.ifindex, &t.source,
			     a->name != MCAST_LEAVE_SOURCE_GROUP, a->name == MCAST_BLOCK_SOURCE);
}

/* What struct group_filter begins with. */
struct group_filter_head {
	uint32_t ifindex;
	struct sockaddr_storage group;
	uint32_t mode, count;
};

#define GROUP_FILTER_HEAD offsetof(struct group_filter, gf_slist)

static int read_group_filter(const struct opt_arg *a, int family, struct group_filter_head *head,
			     struct target *out)
{
	STATIC_ASSERT(sizeof(*head) == GROUP_FILTER_HEAD);
	if (a->len < sizeof(*head))
		return -EINVAL;
	memcpy(head, a->in, sizeof(*head));
	if (read_addr(&head->group, family, &out->group) < 0)
		return -EADDRNOTAVAIL;
	if (!ipaddr_is_multicast(&out->group))
		return -EINVAL;
	out->ifindex = head->ifindex;
	return 0;
}

int opt_set_group_filter(struct opt_arg *a)
{
	int family = family_of(a);
	struct group_filter_head head;
	struct ipaddr sources[SOURCES_MAX];
	struct target t;
	int result = read_group_filter(a, family, &head, &t);

	if (a->len >= sizeof(head) && head.count > SOURCES_MAX)
		return -ENOBUFS;
	if (result < 0)
		return result;
	if (a->len < sizeof(head) + head.count * sizeof(struct sockaddr_storage))
		return -EINVAL;
	if (a->s->type == SOCK_STREAM || (head.mode != MCAST_INCLUDE && head.mode != MCAST_EXCLUDE))
		return -EINVAL;
	for (uint32_t i = 0; i < head.count; i++) {
		struct sockaddr_storage from;

		memcpy(&from, (const uint8_t *)a->in + sizeof(head) + i * sizeof(from),
		       sizeof(from));
		if (read_addr(&from, family, &sources[i]) < 0)
			return -EADDRNOTAVAIL;
	}
	return member_filter(dgram_of(a->s), &t.group, t.ifindex, head.mode == MCAST_EXCLUDE,
			     sources, head.count);
}

/* Longer than struct opt_arg has room for. */
int opt_get_group_filter(struct opt_arg *a)
{
	int family = family_of(a);
	struct group_filter_head head;
	const struct member *m = NULL;
	struct target t;
	uint32_t room;
	int result = read_group_filter(a, family, &head, &t);

	if (result == 0)
		result = filter_of(a, &t, &m);
	if (result < 0)
		return result;
	room = least(least(head.count, m->count),
		     (uint32_t)((a->len - sizeof(head)) / sizeof(struct sockaddr_storage)));
	head.mode = m->exclude ? MCAST_EXCLUDE : MCAST_INCLUDE;
	head.count = m->count;
	memcpy(a->room, &head, sizeof(head));
	for (uint32_t i = 0; i < room; i++) {
		struct endpoint e = {.addr = m->sources[i]};
		struct sockaddr_storage source = {0};

		(void)sockaddr_fill(family, &e, &source);
		memcpy((uint8_t *)a->room + sizeof(head) + i * sizeof(source), &source,
		       sizeof(source));
	}
	a->written = true;
	a->out_len = (socklen_t)(sizeof(head) + room * sizeof(struct sockaddr_storage));
	return 0;
}
