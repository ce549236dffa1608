/* SPDX-License-Identifier: MIT */
/*
 * NETLINK_ROUTE: which function a message type goes to.
 *
 * Types come in fours: NEW, DEL, GET, SET. A GET with NLM_F_DUMP lists, else it tells of one
 * object. Programs act with the rights of an administrator over their host, so nothing is EPERM.
 * A type that has no function is EOPNOTSUPP, as of a kernel without that part.
 *
 * Linux: rtnetlink_rcv_msg(); dumps go by the family in the header, and those of families that
 * have none of their own are what AF_UNSPEC has.
 */
#include "netlink/rtnetlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/check.h"

enum rt_verb { RT_NEW, RT_DEL, RT_GET, RT_SET };

/* What can be done with one kind of object. NULL: nothing. */
struct rt_kind {
	int first; /* RTM_NEW... */
	int (*make)(struct nl_request *rq);
	int (*del)(struct nl_request *rq);
	int (*get)(struct nl_request *rq);
	int (*set)(struct nl_request *rq);
	nl_dump_fn dump;
	size_t room; /* bytes that one message of a dump may take */
};

static const struct rt_kind kinds[] = {
	{RTM_NEWLINK, rtlink_set, NULL, rtlink_get, rtlink_set, rtlink_dump, RTLINK_ROOM},
	{RTM_NEWADDR, rtaddr_new, rtaddr_del, rtaddr_get, NULL, rtaddr_dump, RTADDR_ROOM},
	{RTM_NEWROUTE, rtroute_new, rtroute_del, rtlookup_get, NULL, rtroute_dump, RTROUTE_ROOM},
	{RTM_NEWNEIGH, rtneigh_new, rtneigh_del, rtneigh_get, NULL, rtneigh_dump, RTNEIGH_ROOM},
	{RTM_NEWRULE, NULL, NULL, NULL, NULL, rtrule_dump, 0},
	{RTM_NEWQDISC, NULL, NULL, rtqdisc_get, NULL, rtqdisc_dump, 0},
	{RTM_NEWTCLASS, NULL, NULL, NULL, NULL, rtnothing_dump, 0},
	{RTM_NEWTFILTER, NULL, NULL, NULL, NULL, rtnothing_dump, 0},
	{64 /* RTM_NEWNEIGHTBL */, NULL, NULL, NULL, NULL, rttable_dump, 0},
	{72 /* RTM_NEWADDRLABEL */, NULL, NULL, NULL, NULL, rtlabel_dump, 0},
	{80 /* RTM_NEWNETCONF */, NULL, NULL, rtconf_get, NULL, rtconf_dump, 0},
	{92 /* RTM_NEWSTATS */, NULL, NULL, rtlink_stats_get, NULL, rtlink_stats_dump, 0},
	{104 /* RTM_NEWNEXTHOP */, NULL, NULL, NULL, NULL, rtnothing_dump, 0},
};

static const struct rt_kind *find_kind(unsigned type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if ((unsigned)kinds[i].first == (type & ~3u))
			return &kinds[i];
	}
	return NULL;
}

int rtnothing_dump(struct nl_dump *d, struct nl_writer *w)
{
	(void)d;
	(void)w;
	return 0;
}

static int start_dump(struct nl_request *rq, const struct rt_kind *kind)
{
	struct nl_dump *d;
	nl_dump_fn step = kind->dump;

	if (!step)
		return -EOPNOTSUPP;
	/* Bridges, their forwarding tables, tunnels' and multicast routes: there are none. */
	if (rq->body[0] == AF_BRIDGE || rq->body[0] == RTNL_FAMILY_IPMR ||
	    rq->body[0] == RTNL_FAMILY_IP6MR)
		step = kind->first == RTM_NEWRULE ? kind->dump : rtnothing_dump;
	return nl_dump_start(rq, step, kind->room, &d);
}

int rtnetlink_request(struct nl_request *rq)
{
	unsigned type = rq->h.nlmsg_type;
	const struct rt_kind *kind = type <= RTM_MAX ? find_kind(type) : NULL;
	int (*act)(struct nl_request *) = NULL;

	if (type > RTM_MAX || type < RTM_BASE)
		return -EOPNOTSUPP;
	if (rq->bytes < sizeof(struct rtgenmsg))
		return 0; /* Linux: taken for nothing */
	if (!kind)
		return -EOPNOTSUPP;
	switch ((enum rt_verb)(type & 3)) {
	case RT_NEW:
		act = kind->make;
		break;
	case RT_DEL:
		act = kind->del;
		break;
	case RT_GET:
		if (rq->h.nlmsg_flags & NLM_F_DUMP)
			return start_dump(rq, kind);
		act = kind->get;
		break;
	case RT_SET:
		act = kind->set;
		break;
	}
	return act ? act(rq) : -EOPNOTSUPP;
}
