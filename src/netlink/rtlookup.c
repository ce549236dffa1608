/* SPDX-License-Identifier: MIT */
/*
 * RTM_GETROUTE without NLM_F_DUMP: which way a packet would take, as `ip route get` asks. The
 * answer is what a socket's connect() would find (net/path.c), or, with RTM_F_FIB_MATCH, the route
 * that decides. Linux: without rules of one's own, IPv4's two tables are one, which is called main.
 * Left out: what would become of a packet that comes in (RTA_IIF), EOPNOTSUPP.
 */
#include <errno.h>
#include <linux/in_route.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/check.h"
#include "net/addr.h"
#include "net/route.h"
#include "netlink/rtlocal.h"
#include "netlink/rtnetlink.h"

#define ROUTE_ATTR_MAX 32
#define ATTR_UID 25
#define F_FIB_MATCH 0x2000u /* RTM_F_FIB_MATCH */

struct lookup {
	struct rtmsg body;
	struct nl_attr at[ROUTE_ATTR_MAX];
	struct ipaddr dst, src;
	unsigned oif;
};

static int read_lookup(struct nl_request *rq, struct lookup *l)
{
	const uint8_t zero[16] = {0};
	int family;

	if (rq->bytes < sizeof(l->body))
		return -EINVAL;
	nl_body_read(rq->body, rq->bytes, &l->body, sizeof(l->body));
	if (!nl_attrs_read(rq->body + sizeof(l->body), rq->bytes - sizeof(l->body), l->at,
			   ROUTE_ATTR_MAX))
		return -EINVAL;
	family = l->body.rtm_family;
	if (family != AF_INET && family != AF_INET6)
		return -EOPNOTSUPP;
	l->dst = nl_ipaddr(family, zero);
	l->src = l->dst;
	if (l->at[RTA_DST].data && !nl_attr_addr(&l->at[RTA_DST], family, &l->dst))
		return -EINVAL;
	if (l->at[RTA_SRC].data && !nl_attr_addr(&l->at[RTA_SRC], family, &l->src))
		return -EINVAL;
	if (nl_attr_u32(&l->at[RTA_IIF], 0))
		return nl_fail_attr(rq, -EOPNOTSUPP, &l->at[RTA_IIF],
				    "berth answers for packets of this host alone");
	l->oif = nl_attr_u32(&l->at[RTA_OIF], 0);
	return 0;
}

/* RTCF_* of <linux/in_route.h>, and what kind of route it is. */
static uint32_t classify(const struct ip_path *path, uint8_t *out_type)
{
	if (path->broadcast) {
		*out_type = RTN_BROADCAST;
		return RTCF_LOCAL | RTCF_BROADCAST;
	}
	if (path->multicast) {
		*out_type = RTN_MULTICAST;
		return RTCF_MULTICAST;
	}
	*out_type = path->local ? RTN_LOCAL : RTN_UNICAST;
	return path->local ? RTCF_LOCAL : 0;
}

static const struct route *route_of(const struct netlink *nl, const struct ip_path *path)
{
	return path->local || path->broadcast ? NULL : route_find(nl->net, &path->dst, 0);
}

static void put_path4(struct nl_writer *w, const struct nlmsghdr *h, const struct lookup *l,
		      const struct ip_path *path)
{
	const struct rta_cacheinfo info = {.rta_clntref = 1};
	struct rtmsg body = {.rtm_family = AF_INET,
			     .rtm_dst_len = 32,
			     .rtm_src_len = l->at[RTA_SRC].data ? 32 : 0,
			     .rtm_tos = l->body.rtm_tos,
			     .rtm_table = RT_TABLE_MAIN,
			     .rtm_flags = RTM_F_CLONED};

	body.rtm_flags |= classify(path, &body.rtm_type);
	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_u32(w, RTA_TABLE, body.rtm_table);
	nlw_put_addr(w, RTA_DST, &l->dst);
	if (l->at[RTA_SRC].data)
		nlw_put_addr(w, RTA_SRC, &l->src);
	nlw_put_u32(w, RTA_OIF, path->netif->ifindex);
	if (!l->at[RTA_SRC].data)
		nlw_put_addr(w, RTA_PREFSRC, &path->src);
	if (path->gateway)
		nlw_put_addr(w, RTA_GATEWAY, &path->next_hop);
	nlw_put_u32(w, ATTR_UID, nl_attr_u32(&l->at[ATTR_UID], 0));
	nlw_put(w, RTA_CACHEINFO, &info, sizeof(info));
}

static void put_path6(struct nl_writer *w, const struct nlmsghdr *h, const struct lookup *l,
		      const struct ip_path *path, const struct route *r)
{
	const struct rta_cacheinfo info = {.rta_clntref = 1};
	struct rtmsg body = {.rtm_family = AF_INET6,
			     .rtm_dst_len = 128,
			     .rtm_src_len = 128,
			     .rtm_table = path->local ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
			     .rtm_protocol = r ? r->protocol : RTPROT_KERNEL};

	(void)classify(path, &body.rtm_type); /* the flags are IPv4's alone */
	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_u32(w, RTA_TABLE, body.rtm_table);
	nlw_put_addr(w, RTA_DST, &l->dst);
	nlw_put(w, RTA_SRC, l->src.bytes, sizeof(l->src.bytes));
	nlw_put_addr(w, RTA_PREFSRC, &path->src);
	nlw_put_u32(w, RTA_PRIORITY, r ? r->metric : 0);
	if (path->gateway)
		nlw_put_addr(w, RTA_GATEWAY, &path->next_hop);
	nlw_put_u32(w, RTA_OIF, path->netif->ifindex);
	nlw_put(w, RTA_CACHEINFO, &info, sizeof(info));
	nlw_put_u8(w, RTA_PREF, 0);
}

/* RTM_F_FIB_MATCH: the route itself, of whichever table. */
static bool put_match(struct nl_writer *w, const struct nlmsghdr *h, const struct netlink *nl,
		      const struct ip_path *path)
{
	const struct route *r = route_of(nl, path);
	struct rtlocal at = rtlocal_from(nl, ipaddr_is4(&path->dst), 0, 0);
	struct rtlocal best = {0};

	if (r)
		return rtroute_put(w, h, nl, r);
	for (; rtlocal_here(&at); rtlocal_next(&at)) {
		if (ipaddr_in_prefix(&path->dst, &at.dst, at.prefix_len) &&
		    (!best.netif || at.prefix_len > best.prefix_len))
			best = at;
	}
	return best.netif && rtlocal_put(w, h, &best);
}

int rtlookup_get(struct nl_request *rq)
{
	struct netlink *nl = rq->from->nl;
	struct nl_answer answer;
	struct ip_path path;
	struct nlmsghdr h;
	struct lookup l;
	int error = read_lookup(rq, &l);

	if (error == 0)
		error = ip_path_find(nl->net, &l.dst, &l.src, l.oif, &path);
	if (error == 0)
		error = nl_answer(rq, RTROUTE_ROOM, RTM_NEWROUTE, &h, &answer);
	if (error < 0)
		return error;
	if (l.body.rtm_flags & F_FIB_MATCH) {
		if (put_match(&answer.w, &h, nl, &path))
			return nl_answer_send(&answer);
		nl_answer_drop(&answer);
		return -EHOSTUNREACH;
	}
	if (ipaddr_is4(&path.dst))
		put_path4(&answer.w, &h, &l, &path);
	else
		put_path6(&answer.w, &h, &l, &path, route_of(nl, &path));
	(void)nlw_end(&answer.w); /* it fits */
	return nl_answer_send(&answer);
}
