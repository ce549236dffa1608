/* SPDX-License-Identifier: MIT */
/*
 * Neighbours: RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH, and the settings of their tables
 * (RTM_GETNEIGHTBL). ARP's and NDP's entries are in one table (link/neigh.c), which lists show a
 * family at a time. Proxies are left out: a list of them is empty, one to be made is EOPNOTSUPP.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "link/neigh.h"
#include "netlink/rtnetlink.h"

#define NEIGH_ATTR_MAX 16

/* Hundredths of a second since `then`, as the kernel counts for programs. */
static uint32_t ticks_since(const struct netlink *nl, berth_time then)
{
	berth_time since = nl->env->now - then;

	return since < 0 ? 0 : (uint32_t)(since / (10 * BERTH_MSEC));
}

bool rtneigh_put(struct nl_writer *w, const struct nlmsghdr *h, const struct netlink *nl,
		 const struct neigh *n)
{
	enum neigh_state state = neigh_state(n);
	struct ndmsg body = {.ndm_family = ipaddr_is4(&n->addr) ? AF_INET : AF_INET6,
			     .ndm_ifindex = (int)n->netif->ifindex,
			     .ndm_state = (uint16_t)state,
			     .ndm_type = RTN_UNICAST};
	const struct nda_cacheinfo info = {.ndm_confirmed = ticks_since(nl, n->confirmed),
					   .ndm_used = ticks_since(nl, n->used),
					   .ndm_updated = ticks_since(nl, n->updated)};

	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_addr(w, NDA_DST, &n->addr);
	if (state & NEIGH_VALID)
		nlw_put(w, NDA_LLADDR, n->mac, sizeof(n->mac));
	nlw_put_u32(w, NDA_PROBES, n->probes);
	nlw_put(w, NDA_CACHEINFO, &info, sizeof(info));
	return nlw_end(w);
}

struct neigh_attrs {
	struct ndmsg body;
	struct nl_attr at[NEIGH_ATTR_MAX];
	struct ipaddr dst;
	struct netif *netif;
};

/* Reads which entry a request is about. */
static int read_attrs(struct nl_request *rq, struct neigh_attrs *out)
{
	if (rq->bytes < sizeof(out->body))
		return -EINVAL;
	nl_body_read(rq->body, rq->bytes, &out->body, sizeof(out->body));
	if (!nl_attrs_read(rq->body + sizeof(out->body), rq->bytes - sizeof(out->body), out->at,
			   NEIGH_ATTR_MAX))
		return -EINVAL;
	if (!out->at[NDA_DST].data)
		return nl_fail(rq, -EINVAL, "Network address not specified");
	if (out->body.ndm_family != AF_INET && out->body.ndm_family != AF_INET6)
		return -EAFNOSUPPORT;
	if (!nl_attr_addr(&out->at[NDA_DST], out->body.ndm_family, &out->dst))
		return nl_fail(rq, -EINVAL, "Invalid network address");
	out->netif = out->body.ndm_ifindex > 0
			     ? links_get(rq->from->nl->links, (unsigned)out->body.ndm_ifindex)
			     : NULL;
	if (out->body.ndm_ifindex && !out->netif)
		return -ENODEV;
	return 0;
}

int rtneigh_get(struct nl_request *rq)
{
	const struct netlink *nl = rq->from->nl;
	struct nl_answer answer;
	struct neigh_attrs a;
	const struct neigh *n;
	struct nlmsghdr h;
	int error = read_attrs(rq, &a);

	if (error < 0)
		return error;
	if (!a.netif)
		return nl_fail(rq, -EINVAL, "No device specified");
	n = neigh_find(net_neighs(nl->net), a.netif, &a.dst);
	if (!n || n->state == NEIGH_NONE)
		return nl_fail(rq, -ENOENT, "Neighbour entry not found");
	error = nl_answer(rq, RTNEIGH_ROOM, RTM_NEWNEIGH, &h, &answer);
	if (error < 0)
		return error;
	(void)rtneigh_put(&answer.w, &h, nl, n); /* it fits */
	return nl_answer_send(&answer);
}

/* Which entries a list is to have. */
struct neigh_filter {
	int family;
	unsigned ifindex;
	bool none; /* proxies, ports of a bridge */
};

static int read_filter(struct nl_dump *d, struct neigh_filter *out)
{
	struct ndmsg body;
	struct nl_attr at[NEIGH_ATTR_MAX];
	size_t head = d->bytes < sizeof(body) ? d->bytes : sizeof(body);

	nl_body_read(d->body, d->bytes, &body, sizeof(body));
	if (!nl_attrs_read(d->body + head, d->bytes - head, at, NEIGH_ATTR_MAX))
		return d->sock->strict ? -EINVAL : 0;
	if (d->sock->strict &&
	    (d->bytes < sizeof(body) || body.ndm_ifindex || body.ndm_state || body.ndm_type)) {
		d->why = "Invalid values in header for neighbor dump request";
		return -EINVAL;
	}
	out->family = body.ndm_family;
	out->ifindex = nl_attr_u32(&at[NDA_IFINDEX], 0);
	out->none = (d->bytes >= sizeof(body) && body.ndm_flags & NTF_PROXY) ||
		    nl_attr_u32(&at[NDA_MASTER], 0);
	if (out->ifindex || out->none)
		d->flags |= NLM_F_DUMP_FILTERED;
	return 0;
}

/* at[0] is the family: 0 IPv4, 1 IPv6; at[1] the next one's place in the list. */
static int dump_family(struct nl_dump *d, struct nl_writer *w, unsigned ifindex)
{
	const struct netlink *nl = d->sock->nl;
	const struct neighs *all = net_neighs(nl->net);
	const struct neigh *n = neighs_nth(all, (unsigned)d->at[1]);
	struct nlmsghdr h = nl_dump_header(d, RTM_NEWNEIGH);

	for (; n; n = neighs_after(all, n), d->at[1]++) {
		if (!nl_dump_spend(d))
			return 1;
		if (ipaddr_is4(&n->addr) != (d->at[0] == 0))
			continue;
		if (ifindex && n->netif->ifindex != ifindex)
			continue;
		if (!rtneigh_put(w, &h, nl, n))
			return 1;
	}
	return 0;
}

int rtneigh_dump(struct nl_dump *d, struct nl_writer *w)
{
	struct neigh_filter filter = {0};
	int result = read_filter(d, &filter);

	if (filter.none)
		return result;
	for (; result == 0 && d->at[0] < 2; d->at[0]++, d->at[1] = 0) {
		int family = d->at[0] == 0 ? AF_INET : AF_INET6;

		if (filter.family == AF_UNSPEC || filter.family == family)
			result = dump_family(d, w, filter.ifindex);
		if (result)
			break;
	}
	return result;
}

/* --- changing --- */

/* The state that is asked for, as one the machine has. NOARP entries need no proof, like permanent
 * ones. */
static enum neigh_state wanted_state(const struct neigh_attrs *a)
{
	unsigned state = a->body.ndm_state;

	if (state & (NUD_PERMANENT | NUD_NOARP))
		return NEIGH_PERMANENT;
	if (state & NUD_REACHABLE)
		return NEIGH_REACHABLE;
	if (state & NUD_DELAY)
		return NEIGH_DELAY;
	if (state & NUD_PROBE)
		return NEIGH_PROBE;
	return state & NUD_STALE ? NEIGH_STALE : NEIGH_FAILED;
}

static int check_new(struct nl_request *rq, const struct neigh_attrs *a)
{
	if (a->body.ndm_flags & NTF_PROXY)
		return nl_fail(rq, -EOPNOTSUPP, "berth has no proxy neighbours");
	if (!a->netif)
		return nl_fail(rq, -EINVAL, "Device not specified");
	if (a->at[NDA_LLADDR].data && a->at[NDA_LLADDR].bytes < sizeof(((struct neigh *)0)->mac))
		return nl_fail(rq, -EINVAL, "Invalid link address");
	if (a->netif->kind == BERTH_NETIF_LOOPBACK)
		return -EINVAL;
	return 0;
}

int rtneigh_new(struct nl_request *rq)
{
	struct neighs *all = net_neighs(rq->from->nl->net);
	struct neigh_attrs a;
	struct neigh *n;
	enum neigh_state state;
	const uint8_t *mac;
	int error = read_attrs(rq, &a);

	if (error == 0)
		error = check_new(rq, &a);
	if (error < 0)
		return error;
	n = neigh_find(all, a.netif, &a.dst);
	if (n && n->state == NEIGH_NONE)
		n = NULL;
	if (!n && !(rq->h.nlmsg_flags & NLM_F_CREATE))
		return -ENOENT;
	if (n && rq->h.nlmsg_flags & NLM_F_EXCL)
		return -EEXIST;
	state = wanted_state(&a);
	mac = a.at[NDA_LLADDR].data;
	if (!mac && n && n->state & NEIGH_VALID)
		mac = n->mac;
	if (state & NEIGH_VALID && !mac)
		return -EINVAL;
	if (n && n->state & NEIGH_VALID && !(rq->h.nlmsg_flags & NLM_F_REPLACE) &&
	    memcmp(mac ? mac : n->mac, n->mac, sizeof(n->mac)) != 0)
		return 0; /* Linux: no override without NLM_F_REPLACE */
	if (!n)
		n = neigh_get(all, a.netif, &a.dst);
	if (!n)
		return -ENOBUFS;
	neigh_set(n, mac, state);
	return 0;
}

int rtneigh_del(struct nl_request *rq)
{
	struct neigh_attrs a;
	struct neigh *n;
	int error = read_attrs(rq, &a);

	if (error < 0)
		return error;
	if (a.body.ndm_flags & NTF_PROXY)
		return -ENOENT;
	if (!a.netif)
		return nl_fail(rq, -EINVAL, "Device not specified");
	n = neigh_find(net_neighs(rq->from->nl->net), a.netif, &a.dst);
	if (!n || n->state == NEIGH_NONE)
		return -ENOENT;
	neigh_set(n, NULL, NEIGH_FAILED); /* Linux: it fails first, and its packets with it */
	n = neigh_find(net_neighs(rq->from->nl->net), a.netif, &a.dst);
	if (n)
		neigh_remove(n);
	return 0;
}

/* --- tables --- */

/* A table's settings: the machine's constants (neigh.c). `ifindex` 0: the defaults. */
static bool put_table(struct nl_writer *w, const struct nlmsghdr *h, const struct netlink *nl,
		      bool is4, unsigned ifindex)
{
	static const struct {
		uint16_t type;
		uint64_t ms;
	} times[] = {{NDTPA_BASE_REACHABLE_TIME, 30000},
		     {NDTPA_GC_STALETIME, 60000},
		     {NDTPA_DELAY_PROBE_TIME, 5000},
		     {NDTPA_RETRANS_TIME, 1000},
		     {NDTPA_ANYCAST_DELAY, 1000},
		     {NDTPA_PROXY_DELAY, 800},
		     {NDTPA_LOCKTIME, 0}};
	struct ndtmsg body = {.ndtm_family = is4 ? AF_INET : AF_INET6};
	uint32_t most = nl->env->limits.neighbours_max;
	size_t parms;

	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_string(w, NDTA_NAME, is4 ? "arp_cache" : "ndisc_cache");
	if (!ifindex) {
		nlw_put_u32(w, NDTA_THRESH1, most);
		nlw_put_u32(w, NDTA_THRESH2, most);
		nlw_put_u32(w, NDTA_THRESH3, most);
		nlw_put_u64(w, NDTA_GC_INTERVAL, 30000);
	}
	parms = nlw_nest(w, NDTA_PARMS);
	if (ifindex)
		nlw_put_u32(w, NDTPA_IFINDEX, ifindex);
	nlw_put_u32(w, NDTPA_REFCNT, 1);
	nlw_put_u32(w, NDTPA_QUEUE_LEN, nl->env->limits.neighbour_queue_max);
	nlw_put_u32(w, NDTPA_PROXY_QLEN, 64);
	nlw_put_u32(w, NDTPA_APP_PROBES, 0);
	nlw_put_u32(w, NDTPA_UCAST_PROBES, 3);
	nlw_put_u32(w, NDTPA_MCAST_PROBES, 3);
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		nlw_put_u64(w, times[i].type, times[i].ms);
	nlw_nest_end(w, parms);
	return nlw_end(w);
}

/* at[0] is the family, at[1] the interface to go on with. */
int rttable_dump(struct nl_dump *d, struct nl_writer *w)
{
	const struct netlink *nl = d->sock->nl;
	struct nlmsghdr h = nl_dump_header(d, 64 /* RTM_NEWNEIGHTBL */);
	int only = d->body[0];

	for (; d->at[0] < 2; d->at[0]++, d->at[1] = 0) {
		bool is4 = d->at[0] == 0;

		if (only != AF_UNSPEC && only != (is4 ? AF_INET : AF_INET6))
			continue;
		for (; d->at[1] <= nl->links->index_last; d->at[1]++) {
			unsigned ifindex = (unsigned)d->at[1];

			if (!nl_dump_spend(d))
				return 1;
			if (ifindex && !links_get(nl->links, ifindex))
				continue;
			if (!put_table(w, &h, nl, is4, ifindex))
				return 1;
		}
	}
	return 0;
}
