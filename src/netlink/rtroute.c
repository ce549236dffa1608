/* SPDX-License-Identifier: MIT */
/*
 * Routes: RTM_NEWROUTE, RTM_DELROUTE, and lists of them.
 *
 * There are two tables, as on a host without rules of its own. `main` is net/route.c's. `local` is
 * what the host's addresses imply: each is a local route, and a subnet's broadcast is one of its
 * own kind; nothing keeps them, they are made up for whoever looks (rtlocal_*). A route whose
 * interface is down is not there, as on Linux.
 *
 * Left out, each with EOPNOTSUPP and the reason: other tables, several next hops, metrics of TCP,
 * tunnels, next-hop objects.
 */
#include "net/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "net/addr.h"
#include "netlink/rtlocal.h"
#include "netlink/rtnetlink.h"

#define ROUTE_ATTR_MAX 32
static uint8_t type_of(const struct route *r)
{
	switch (r->kind) {
	case ROUTE_UNICAST:
		return RTN_UNICAST;
	case ROUTE_BLACKHOLE:
		return RTN_BLACKHOLE;
	case ROUTE_UNREACHABLE:
		return RTN_UNREACHABLE;
	case ROUTE_PROHIBIT:
		return RTN_PROHIBIT;
	}
	return RTN_UNSPEC;
}

/* RFC 4191 §2.1, as IPv6 routes show it: 0 medium, 1 high, 3 low. */
static uint8_t preference_of(const struct route *r)
{
	return (uint8_t)(r->preference & 3);
}

/* When it will be gone, which only IPv6 routes may be. */
static void put_lifetime(struct nl_writer *w, const struct netlink *nl, const struct route *r)
{
	struct rta_cacheinfo info = {0};

	if (r->expires != BERTH_TIME_NEVER)
		info.rta_expires = (int)((r->expires - nl->env->now) / (10 * BERTH_MSEC));
	nlw_put(w, RTA_CACHEINFO, &info, sizeof(info));
	nlw_put_u8(w, RTA_PREF, preference_of(r));
}

bool rtroute_put(struct nl_writer *w, const struct nlmsghdr *h, const struct netlink *nl,
		 const struct route *r)
{
	bool is4 = ipaddr_is4(&r->dst);
	const struct netif *n = r->netif;
	struct rtmsg body = {
		.rtm_family = is4 ? AF_INET : AF_INET6,
		.rtm_dst_len = (uint8_t)r->prefix_len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = r->protocol,
		.rtm_scope = is4 && n && !r->has_gateway ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = type_of(r),
		.rtm_flags = n && !n->running ? RTNH_F_LINKDOWN : 0,
	};

	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_u32(w, RTA_TABLE, RT_TABLE_MAIN);
	if (r->prefix_len > 0)
		nlw_put_addr(w, RTA_DST, &r->dst);
	if (r->metric)
		nlw_put_u32(w, RTA_PRIORITY, r->metric);
	if (!ipaddr_is_any(&r->src))
		nlw_put_addr(w, RTA_PREFSRC, &r->src);
	if (r->has_gateway)
		nlw_put_addr(w, RTA_GATEWAY, &r->gateway);
	if (!n && !is4)
		n = links_loopback(nl->links); /* Linux: where IPv6 loses packets */
	if (n)
		nlw_put_u32(w, RTA_OIF, n->ifindex);
	if (!is4)
		put_lifetime(w, nl, r);
	return nlw_end(w);
}

/* --- lists --- */

/* In this order, which is the kernel's: IPv6's default routes come last. */
enum route_part {
	PART_MAIN4,
	PART_LOCAL4,
	PART_MAIN6,
	PART_DEFAULT6,
	PART_LOCAL6,
	PART_COUNT,
};

/* Which routes a strict request wants. */
struct route_filter {
	int family;
	uint32_t table; /* 0: all */
	uint8_t protocol, type;
	uint32_t oif;
};

static int read_strict(struct nl_dump *d, const struct rtmsg *body, const struct nl_attr *at,
		       struct route_filter *out)
{
	if (d->bytes < sizeof(*body) || body->rtm_src_len || body->rtm_dst_len || body->rtm_tos ||
	    body->rtm_scope) {
		d->why = "Invalid values in header for FIB dump request";
		return -EINVAL;
	}
	out->table = nl_attr_u32(&at[RTA_TABLE], body->rtm_table);
	out->protocol = body->rtm_protocol;
	out->type = body->rtm_type;
	out->oif = nl_attr_u32(&at[RTA_OIF], 0);
	if (out->table || out->protocol || out->type || out->oif)
		d->flags |= NLM_F_DUMP_FILTERED;
	if (out->oif && !links_get(d->sock->nl->links, out->oif))
		return -ENODEV;
	if (out->table && out->table != RT_TABLE_MAIN && out->table != RT_TABLE_LOCAL &&
	    out->family != AF_UNSPEC) {
		d->why = out->family == AF_INET ? "ipv4: FIB table does not exist"
						: "ipv6: FIB table does not exist";
		return -ENOENT;
	}
	return 0;
}

/* Sets *out_none if only caches are asked for, of which there are none. */
static int read_filter(struct nl_dump *d, struct route_filter *out, bool *out_none)
{
	struct rtmsg body;
	struct nl_attr at[ROUTE_ATTR_MAX];
	size_t head = d->bytes < sizeof(body) ? d->bytes : sizeof(body);

	nl_body_read(d->body, d->bytes, &body, sizeof(body));
	*out = (struct route_filter){.family = body.rtm_family};
	*out_none = d->bytes >= sizeof(body) && body.rtm_flags & (RTM_F_CLONED | RTM_F_PREFIX);
	if (!nl_attrs_read(d->body + head, d->bytes - head, at, ROUTE_ATTR_MAX))
		return d->sock->strict ? -EINVAL : 0;
	return d->sock->strict ? read_strict(d, &body, at, out) : 0;
}

static bool wants(const struct route_filter *f, unsigned type, unsigned protocol,
		  const struct netif *n)
{
	return (!f->type || f->type == type) && (!f->protocol || f->protocol == protocol) &&
	       (!f->oif || (n && n->ifindex == f->oif));
}

/* A part of the list; d->at[1] is where to go on in it. */
static int dump_main(struct nl_dump *d, struct nl_writer *w, enum route_part part,
		     const struct route_filter *f)
{
	const struct netlink *nl = d->sock->nl;
	const struct route *r = route_nth(nl->net, (unsigned)d->at[1]);
	struct nlmsghdr h = nl_dump_header(d, RTM_NEWROUTE);

	for (; r; r = route_after(nl->net, r), d->at[1]++) {
		if (!nl_dump_spend(d))
			return 1;
		if (ipaddr_is4(&r->dst) != (part == PART_MAIN4) || (r->netif && !r->netif->up))
			continue;
		if (part != PART_MAIN4 && (r->prefix_len == 0) != (part == PART_DEFAULT6))
			continue;
		if (wants(f, type_of(r), r->protocol, r->netif) && !rtroute_put(w, &h, nl, r))
			return 1;
	}
	return 0;
}

static int dump_local(struct nl_dump *d, struct nl_writer *w, bool is4,
		      const struct route_filter *f)
{
	struct nlmsghdr h = nl_dump_header(d, RTM_NEWROUTE);
	struct rtlocal at = rtlocal_from(d->sock->nl, is4, d->at[1], d->at[2]);

	for (; rtlocal_here(&at); rtlocal_next(&at)) {
		d->at[1] = at.place;
		d->at[2] = at.part;
		if (!nl_dump_spend(d))
			return 1;
		if (wants(f, at.type, RTPROT_KERNEL, at.netif) && !rtlocal_put(w, &h, &at))
			return 1;
	}
	return 0;
}

static int dump_part(struct nl_dump *d, struct nl_writer *w, enum route_part part,
		     const struct route_filter *f)
{
	bool is4 = part == PART_MAIN4 || part == PART_LOCAL4;
	bool local = part == PART_LOCAL4 || part == PART_LOCAL6;

	if (f->family != AF_UNSPEC && f->family != (is4 ? AF_INET : AF_INET6))
		return 0;
	if (f->table && f->table != (local ? RT_TABLE_LOCAL : RT_TABLE_MAIN))
		return 0;
	return local ? dump_local(d, w, is4, f) : dump_main(d, w, part, f);
}

/* d->at[0] is the part. */
int rtroute_dump(struct nl_dump *d, struct nl_writer *w)
{
	struct route_filter f;
	bool none;
	int result = read_filter(d, &f, &none);

	if (result < 0 || none)
		return result;
	for (; d->at[0] < PART_COUNT; d->at[0]++, d->at[1] = 0, d->at[2] = 0) {
		result = dump_part(d, w, (enum route_part)d->at[0], &f);
		if (result)
			return result;
	}
	return 0;
}

/* --- changes --- */

struct route_attrs {
	struct rtmsg body;
	struct nl_attr at[ROUTE_ATTR_MAX];
	struct route_config config;
	struct ipaddr gateway;
};

static const struct {
	int type;
	const char *why;
} without[] = {
	{RTA_MULTIPATH, "berth has no routes with several next hops"},
	{RTA_METRICS, "berth keeps no metrics with a route"},
	{RTA_ENCAP, "berth has no tunnels"},
	{RTA_VIA, "berth's next hops are of the destination's family"},
	{30 /* RTA_NH_ID */, "berth has no next-hop objects"},
};

static int check_scope_of_request(struct nl_request *rq, const struct route_attrs *a)
{
	uint32_t table = nl_attr_u32(&a->at[RTA_TABLE], a->body.rtm_table);

	for (size_t i = 0; i < ARRAY_LEN(without); i++) {
		if (a->at[without[i].type].data)
			return nl_fail_attr(rq, -EOPNOTSUPP, &a->at[without[i].type],
					    without[i].why);
	}
	if (table && table != RT_TABLE_MAIN)
		return nl_fail(rq, -EOPNOTSUPP, "berth's only routing table to change is main");
	if (a->body.rtm_src_len)
		return nl_fail(rq, -EINVAL, "berth has no routes by source");
	return 0;
}

static int kind_of(uint8_t type, enum route_kind *out)
{
	switch (type) {
	case RTN_UNSPEC: /* of a deletion: any */
	case RTN_UNICAST:
		*out = ROUTE_UNICAST;
		return 0;
	case RTN_BLACKHOLE:
		*out = ROUTE_BLACKHOLE;
		return 0;
	case RTN_UNREACHABLE:
		*out = ROUTE_UNREACHABLE;
		return 0;
	case RTN_PROHIBIT:
		*out = ROUTE_PROHIBIT;
		return 0;
	default:
		return -EINVAL;
	}
}

static int read_config(struct nl_request *rq, struct route_attrs *a)
{
	int family = a->body.rtm_family;
	struct route_config *c = &a->config;
	const uint8_t zero[16] = {0};

	*c = (struct route_config){
		.prefix_len = a->body.rtm_dst_len,
		.metric = nl_attr_u32(&a->at[RTA_PRIORITY], family == AF_INET6 ? ROUTE6_METRIC : 0),
		.protocol = a->body.rtm_protocol,
		.lifetime_ns = nl_attr_u32(&a->at[RTA_EXPIRES], 0) * BERTH_SEC,
		.ifindex = nl_attr_u32(&a->at[RTA_OIF], 0),
		.dst = nl_ipaddr(family, zero),
		.src = nl_ipaddr(family, zero)};
	if (c->prefix_len > nl_addr_bytes(family) * 8)
		return nl_fail(rq, -EINVAL, "Invalid prefix length");
	if (kind_of(a->body.rtm_type, &c->kind) < 0)
		return nl_fail(rq, -EINVAL, "Invalid route type");
	if (a->at[RTA_DST].data && !nl_attr_addr(&a->at[RTA_DST], family, &c->dst))
		return nl_fail_attr(rq, -EINVAL, &a->at[RTA_DST], NULL);
	if (a->at[RTA_PREFSRC].data && !nl_attr_addr(&a->at[RTA_PREFSRC], family, &c->src))
		return nl_fail_attr(rq, -EINVAL, &a->at[RTA_PREFSRC], NULL);
	if (a->at[RTA_GATEWAY].data) {
		if (!nl_attr_addr(&a->at[RTA_GATEWAY], family, &a->gateway))
			return nl_fail_attr(rq, -EINVAL, &a->at[RTA_GATEWAY], NULL);
		if (!ipaddr_is_any(&a->gateway))
			c->gateway = &a->gateway;
	}
	return 0;
}

static int read_attrs(struct nl_request *rq, struct route_attrs *a)
{
	int error;

	if (rq->bytes < sizeof(a->body))
		return -EINVAL;
	nl_body_read(rq->body, rq->bytes, &a->body, sizeof(a->body));
	if (!nl_attrs_read(rq->body + sizeof(a->body), rq->bytes - sizeof(a->body), a->at,
			   ROUTE_ATTR_MAX))
		return -EINVAL;
	if (a->body.rtm_family != AF_INET && a->body.rtm_family != AF_INET6)
		return -EOPNOTSUPP;
	error = check_scope_of_request(rq, a);
	return error < 0 ? error : read_config(rq, a);
}

/* Whether a route is one that a deletion means (Linux: what it does not say matches all). */
static bool is_meant(const struct route *r, const struct route_attrs *a)
{
	const struct route_config *c = &a->config;

	if (r->prefix_len != c->prefix_len || !ipaddr_equal(&r->dst, &c->dst))
		return false;
	if (a->at[RTA_PRIORITY].data && r->metric != c->metric)
		return false;
	if (a->body.rtm_type && r->kind != c->kind)
		return false;
	if (a->body.rtm_protocol && r->protocol != a->body.rtm_protocol)
		return false;
	if (c->ifindex && (!r->netif || r->netif->ifindex != c->ifindex))
		return false;
	if (c->gateway && (!r->has_gateway || !ipaddr_equal(&r->gateway, c->gateway)))
		return false;
	return ipaddr_is_any(&c->src) || ipaddr_equal(&r->src, &c->src);
}

/* The route that a new one would stand beside, of the same destination and metric; NULL: none. */
static struct route *find_rival(const struct netlink *nl, const struct route_config *c)
{
	const struct route *r = route_nth(nl->net, 0);

	for (; r; r = route_after(nl->net, r)) {
		if (r->prefix_len == c->prefix_len && r->metric == c->metric &&
		    ipaddr_equal(&r->dst, &c->dst))
			return (struct route *)(uintptr_t)r;
	}
	return NULL;
}

static int check_config(struct nl_request *rq, const struct route_config *c)
{
	const struct netlink *nl = rq->from->nl;
	struct ipaddr masked = route_mask(&c->dst, c->prefix_len);
	const struct netif *n = c->ifindex ? links_get(nl->links, c->ifindex) : NULL;

	if (!ipaddr_equal(&masked, &c->dst))
		return nl_fail(rq, -EINVAL, "Invalid prefix for given prefix length");
	if (!ipaddr_is_any(&c->src) && !addr_is_local(nl->net, &c->src))
		return nl_fail(rq, -EINVAL, "Invalid prefsrc address");
	if (c->ifindex && !n)
		return -ENODEV;
	if (n && !n->up)
		return nl_fail(rq, -ENETDOWN, "Nexthop device is not up");
	return 0;
}

static int add(struct nl_request *rq, const struct route_config *c)
{
	int error = route_add(rq->from->nl->net, c);

	if (error != -ENETUNREACH)
		return error;
	if (!ipaddr_is4(&c->dst))
		return -EHOSTUNREACH;
	return nl_fail(rq, error, "Nexthop has invalid gateway");
}

/* Puts a new route in an old one's place, or leaves that where it is. */
static int replace(struct nl_request *rq, struct route *old, const struct route_config *c)
{
	struct ipaddr gateway = old->gateway;
	struct route_config was = {.dst = old->dst,
				   .prefix_len = old->prefix_len,
				   .kind = old->kind,
				   .gateway = old->has_gateway ? &gateway : NULL,
				   .ifindex = old->netif ? old->netif->ifindex : 0,
				   .metric = old->metric,
				   .connected = old->connected,
				   .protocol = old->protocol,
				   .preference = old->preference,
				   .src = old->src};
	int error;

	route_remove(rq->from->nl->net, old);
	error = add(rq, c);
	if (error < 0)
		(void)route_add(rq->from->nl->net, &was); /* out of memory: it is gone */
	return error;
}

int rtroute_new(struct nl_request *rq)
{
	unsigned flags = rq->h.nlmsg_flags;
	struct route_attrs a;
	struct route *rival;
	int error = read_attrs(rq, &a);

	if (error == 0)
		error = check_config(rq, &a.config);
	if (error < 0)
		return error;
	rival = find_rival(rq->from->nl, &a.config);
	if (rival && flags & NLM_F_EXCL)
		return -EEXIST;
	if (rival && flags & NLM_F_REPLACE)
		return replace(rq, rival, &a.config);
	if (!rival && !(flags & NLM_F_CREATE))
		return -ENOENT;
	return add(rq, &a.config);
}

int rtroute_del(struct nl_request *rq)
{
	struct netlink *nl = rq->from->nl;
	const struct route *r = route_nth(nl->net, 0);
	struct route_attrs a;
	int error = read_attrs(rq, &a);

	if (error < 0)
		return error;
	for (; r; r = route_after(nl->net, r)) {
		if (!is_meant(r, &a))
			continue;
		route_remove(nl->net, (struct route *)(uintptr_t)r);
		return 0;
	}
	return -ESRCH;
}
