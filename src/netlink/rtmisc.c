/* SPDX-License-Identifier: MIT */
/*
 * What is the same on every host: the rules by which tables are looked up, the queueing discipline
 * that an interface does not have, the labels of RFC 6724, and what of a host's settings
 * RTM_GETNETCONF shows. All of it can be asked for, none of it changed.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/gen_stats.h>
#include <linux/if_addrlabel.h>
#include <linux/netconf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "netlink/rtnetlink.h"

#define ATTR_MAX 16
#define NO_GROUP 0xffffffffu

/* --- rules --- */

static const struct {
	uint8_t family, table;
	uint32_t priority;
} rules[] = {
	{AF_INET, RT_TABLE_LOCAL, 0},	    {AF_INET, RT_TABLE_MAIN, 32766},
	{AF_INET, RT_TABLE_DEFAULT, 32767}, {AF_INET6, RT_TABLE_LOCAL, 0},
	{AF_INET6, RT_TABLE_MAIN, 32766},
};

int rtrule_dump(struct nl_dump *d, struct nl_writer *w)
{
	int family = d->body[0];
	struct nlmsghdr h = nl_dump_header(d, RTM_NEWRULE);

	/* Linux: a family that has no rules. */
	if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
		return family == RTNL_FAMILY_IPMR || family == RTNL_FAMILY_IP6MR ? 0
										 : -EAFNOSUPPORT;
	for (; d->at[0] < ARRAY_LEN(rules); d->at[0]++) {
		struct fib_rule_hdr body = {.family = rules[d->at[0]].family,
					    .table = rules[d->at[0]].table,
					    .action = FR_ACT_TO_TBL};

		if (family != AF_UNSPEC && family != body.family)
			continue;
		nlw_begin(w, &h, &body, sizeof(body));
		nlw_put_u32(w, FRA_TABLE, body.table);
		nlw_put_u32(w, FRA_SUPPRESS_PREFIXLEN, NO_GROUP);
		nlw_put_u8(w, FRA_PROTOCOL, RTPROT_KERNEL);
		if (rules[d->at[0]].priority)
			nlw_put_u32(w, FRA_PRIORITY, rules[d->at[0]].priority);
		if (!nlw_end(w))
			return 1;
	}
	return 0;
}

/* --- queueing disciplines --- */

/* Linux: every interface without a queue of its own has "noqueue", which counts nothing. */
static bool put_qdisc(struct nl_writer *w, const struct nlmsghdr *h, const struct netif *n)
{
	static const uint8_t nothing[40];
	const struct tcmsg body = {
		.tcm_ifindex = (int)n->ifindex, .tcm_parent = TC_H_ROOT, .tcm_info = 2};
	size_t nest;

	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_string(w, TCA_KIND, "noqueue");
	nlw_put_u8(w, 12 /* TCA_HW_OFFLOAD */, 0);
	nest = nlw_nest(w, TCA_STATS2);
	nlw_put(w, TCA_STATS_BASIC, nothing, 16);
	nlw_put(w, TCA_STATS_QUEUE, nothing, 20);
	nlw_nest_end(w, nest);
	nlw_put(w, TCA_STATS, nothing, 36);
	return nlw_end(w);
}

int rtqdisc_get(struct nl_request *rq)
{
	struct tcmsg body;
	struct nl_answer answer;
	struct nlmsghdr h;
	const struct netif *n;
	int error;

	if (rq->bytes < sizeof(body))
		return -EINVAL;
	nl_body_read(rq->body, rq->bytes, &body, sizeof(body));
	n = body.tcm_ifindex > 0 ? links_get(rq->from->nl->links, (unsigned)body.tcm_ifindex)
				 : NULL;
	if (!n)
		return -ENODEV;
	if (body.tcm_parent != TC_H_ROOT)
		return nl_fail(rq, -ENOENT, "Failed to find qdisc with specified classid");
	error = nl_answer(rq, RTLINK_ROOM, RTM_NEWQDISC, &h, &answer);
	if (error < 0)
		return error;
	(void)put_qdisc(&answer.w, &h, n); /* it fits */
	return nl_answer_send(&answer);
}

int rtqdisc_dump(struct nl_dump *d, struct nl_writer *w)
{
	const struct links *ls = d->sock->nl->links;
	struct nlmsghdr h = nl_dump_header(d, RTM_NEWQDISC);

	for (; d->at[0] <= ls->index_last; d->at[0]++) {
		const struct netif *n = links_get(ls, (unsigned)d->at[0]);

		if (!nl_dump_spend(d))
			return 1;
		if (n && !put_qdisc(w, &h, n))
			return 1;
	}
	return 0;
}

/* --- settings --- */

/* Of one interface, or of all of them (NETCONFA_IFINDEX_ALL), or of those to come. */
static bool put_conf(struct nl_writer *w, const struct nlmsghdr *h, const struct netlink *nl,
		     int family, int ifindex)
{
	struct netconfmsg body = {.ncm_family = (uint8_t)family};
	uint32_t forwarding = (uint32_t)nl->env->knobs.ip_forward;

	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_u32(w, NETCONFA_IFINDEX, (uint32_t)ifindex);
	nlw_put_u32(w, NETCONFA_FORWARDING, forwarding);
	if (family == AF_INET)
		nlw_put_u32(w, NETCONFA_RP_FILTER, 0);
	nlw_put_u32(w, NETCONFA_MC_FORWARDING, 0);
	if (family == AF_INET)
		nlw_put_u32(w, NETCONFA_BC_FORWARDING, 0);
	nlw_put_u32(w, NETCONFA_PROXY_NEIGH, 0);
	nlw_put_u32(w, NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, 0);
	return nlw_end(w);
}

int rtconf_get(struct nl_request *rq)
{
	const struct netlink *nl = rq->from->nl;
	struct nl_attr at[ATTR_MAX];
	struct nl_answer answer;
	struct nlmsghdr h;
	int family = rq->body[0];
	int ifindex;
	int error;

	if (rq->bytes < sizeof(struct netconfmsg) || (family != AF_INET && family != AF_INET6))
		return family == AF_INET || family == AF_INET6 ? -EINVAL : -EOPNOTSUPP;
	if (!nl_attrs_read(rq->body + nl_align(sizeof(struct netconfmsg)),
			   rq->bytes > nl_align(sizeof(struct netconfmsg))
				   ? rq->bytes - nl_align(sizeof(struct netconfmsg))
				   : 0,
			   at, ATTR_MAX) ||
	    !at[NETCONFA_IFINDEX].data)
		return -EINVAL;
	ifindex = (int)nl_attr_u32(&at[NETCONFA_IFINDEX], 0);
	if (ifindex != NETCONFA_IFINDEX_ALL && ifindex != NETCONFA_IFINDEX_DEFAULT &&
	    (ifindex <= 0 || !links_get(nl->links, (unsigned)ifindex)))
		return -ENODEV;
	error = nl_answer(rq, RTADDR_ROOM, RTM_NEWNETCONF, &h, &answer);
	if (error < 0)
		return error;
	(void)put_conf(&answer.w, &h, nl, family, ifindex); /* it fits */
	return nl_answer_send(&answer);
}

/* at[0] is the family; at[1] the interface, after the last of which come "all" and "default". */
int rtconf_dump(struct nl_dump *d, struct nl_writer *w)
{
	const struct netlink *nl = d->sock->nl;
	struct nlmsghdr h = nl_dump_header(d, RTM_NEWNETCONF);
	int only = d->body[0];

	for (; d->at[0] < 2; d->at[0]++, d->at[1] = 0) {
		int family = d->at[0] == 0 ? AF_INET : AF_INET6;
		uint64_t last = nl->links->index_last;

		if (only != AF_UNSPEC && only != family)
			continue;
		for (; d->at[1] <= last + 2; d->at[1]++) {
			int ifindex = d->at[1] <= last	     ? (int)d->at[1]
				      : d->at[1] == last + 1 ? NETCONFA_IFINDEX_ALL
							     : NETCONFA_IFINDEX_DEFAULT;

			if (!nl_dump_spend(d))
				return 1;
			if (ifindex >= 0 && !links_get(nl->links, (unsigned)ifindex))
				continue;
			if (!put_conf(w, &h, nl, family, ifindex))
				return 1;
		}
	}
	return 0;
}

/* --- labels --- */

/* RFC 6724 §2.1, with what Linux has kept of RFC 3484. */
static const struct {
	struct ipaddr prefix;
	uint8_t len;
	uint32_t label;
} labels[] = {
	{{{[15] = 1}}, 128, 0},
	{{{0}}, 96, 3},
	{{{[10] = 0xff, [11] = 0xff}}, 96, 4},
	{{{0x20, 0x01}}, 32, 6},
	{{{0x20, 0x01, 0x00, 0x10}}, 28, 7},
	{{{0x3f, 0xfe}}, 16, 12},
	{{{0x20, 0x02}}, 16, 2},
	{{{0xfe, 0xc0}}, 10, 11},
	{{{0xfc}}, 7, 5},
	{{{0}}, 0, 1},
};

int rtlabel_dump(struct nl_dump *d, struct nl_writer *w)
{
	struct nlmsghdr h = nl_dump_header(d, RTM_NEWADDRLABEL);

	if (d->body[0] != AF_UNSPEC && d->body[0] != AF_INET6)
		return 0;
	for (; d->at[0] < ARRAY_LEN(labels); d->at[0]++) {
		const struct ipaddr *prefix = &labels[d->at[0]].prefix;
		struct ifaddrlblmsg body = {.ifal_family = AF_INET6,
					    .ifal_prefixlen = labels[d->at[0]].len,
					    .ifal_seq = ARRAY_LEN(labels)};

		nlw_begin(w, &h, &body, sizeof(body));
		nlw_put(w, IFAL_ADDRESS, prefix->bytes, sizeof(prefix->bytes));
		nlw_put_u32(w, IFAL_LABEL, labels[d->at[0]].label);
		if (!nlw_end(w))
			return 1;
	}
	return 0;
}
