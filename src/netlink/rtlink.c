/* SPDX-License-Identifier: MIT */
/*
 * Interfaces: RTM_NEWLINK, RTM_GETLINK, RTM_SETLINK, RTM_GETSTATS.
 *
 * What is told of an interface is what Linux tells, in its order, as far as it means something
 * here: no queueing disciplines, no hardware, no statistics per protocol. An administrator can set
 * the name, MTU, link address and IFF_UP; anything else that is asked for is EOPNOTSUPP
 * with the reason. Interfaces cannot be made or removed: they are the world's cables.
 *
 * Linux: an interface that is taken down loses the routes that were not made by its addresses.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "net/route.h"
#include "netlink/rtnetlink.h"

/* Numbers that older headers lack. */
#define LINK_PROP_LIST 52
#define LINK_ALT_IFNAME 53
#define LINK_MAX 72
#define LINK_GRO_MAX_SIZE 58
#define LINK_TSO_MAX_SIZE 59
#define LINK_TSO_MAX_SEGS 60
#define LINK_ALLMULTI 61
#define LINK_GSO_IPV4_MAX_SIZE 63
#define LINK_GRO_IPV4_MAX_SIZE 64
#define LINK_NETNS_IMMUTABLE 67
#define EXT_SKIP_STATS 8u
#define OPER_UNKNOWN 0
#define OPER_DOWN 2
#define OPER_UP 6
#define ETHER_MTU_MAX 65535u
#define STATS64_WORDS 25
#define STATS_WORDS 24
#define CONF4_WORDS 33
#define QUEUE_LENGTH 1000u
#define STATS_LINK_64 1u

/* struct rtnl_link_stats64 as the kernel lays it out; headers differ in its length. */
static void count_all(const struct netif *n, uint64_t out[STATS64_WORDS])
{
	memset(out, 0, STATS64_WORDS * sizeof(*out));
	out[0] = n->rx_packets;
	out[1] = n->tx_packets;
	out[2] = n->rx_bytes;
	out[3] = n->tx_bytes;
	out[6] = n->rx_dropped;
	out[7] = n->tx_dropped;
}

static void put_stats(struct nl_writer *w, const struct netif *n)
{
	uint64_t wide[STATS64_WORDS];
	uint32_t narrow[STATS_WORDS];

	count_all(n, wide);
	for (unsigned i = 0; i < STATS_WORDS; i++)
		narrow[i] = (uint32_t)wide[i];
	nlw_put(w, IFLA_STATS64, wide, sizeof(wide));
	nlw_put(w, IFLA_STATS, narrow, sizeof(narrow));
}

static void put_offloads(struct nl_writer *w, const struct netif *n)
{
	nlw_put_u32(w, IFLA_NUM_TX_QUEUES, 1);
	nlw_put_u32(w, IFLA_GSO_MAX_SEGS, 65535);
	nlw_put_u32(w, IFLA_GSO_MAX_SIZE, 65536);
	nlw_put_u32(w, LINK_GRO_MAX_SIZE, 65536);
	nlw_put_u32(w, LINK_GSO_IPV4_MAX_SIZE, 65536);
	nlw_put_u32(w, LINK_GRO_IPV4_MAX_SIZE, 65536);
	nlw_put_u32(w, LINK_TSO_MAX_SIZE, 65536);
	nlw_put_u32(w, LINK_TSO_MAX_SEGS, 65535);
	nlw_put_u32(w, IFLA_NUM_RX_QUEUES, 1);
	nlw_put_u8(w, IFLA_CARRIER, n->running);
	nlw_put_u32(w, IFLA_CARRIER_CHANGES, 0);
	nlw_put_u8(w, IFLA_PROTO_DOWN, 0);
}

/* The settings of each family: of IPv4 a word each, of which forwarding is the first. */
static void put_af_spec(struct nl_writer *w, const struct netif *n)
{
	const struct knobs *k = &n->links->env->knobs;
	uint32_t conf4[CONF4_WORDS] = {[0] = (uint32_t)k->ip_forward};
	const uint32_t cache6[4] = {65535, 0, 30000, 1000};
	size_t spec = nlw_nest(w, IFLA_AF_SPEC);
	size_t family = nlw_nest(w, AF_INET);

	nlw_put(w, IFLA_INET_CONF, conf4, sizeof(conf4));
	nlw_nest_end(w, family);
	family = nlw_nest(w, AF_INET6);
	nlw_put_u32(w, IFLA_INET6_FLAGS, n->up ? 0x80000000u : 0); /* IF_READY */
	nlw_put(w, IFLA_INET6_CACHEINFO, cache6, sizeof(cache6));
	nlw_put_u8(w, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_EUI64);
	nlw_nest_end(w, family);
	nlw_nest_end(w, spec);
}

static uint8_t operstate(const struct netif *n)
{
	if (n->kind == BERTH_NETIF_LOOPBACK)
		return OPER_UNKNOWN;
	return netif_usable(n) ? OPER_UP : OPER_DOWN;
}

static uint32_t flags_of(const struct netif *n)
{
	struct berth_netif_info info;

	netif_info(n, &info);
	return info.flags | (netif_usable(n) ? IFF_LOWER_UP : 0u);
}

bool rtlink_put(struct nl_writer *w, const struct nlmsghdr *h, const struct netif *n,
		uint32_t filter, unsigned change)
{
	static const uint8_t nobody[6];
	bool lo = n->kind == BERTH_NETIF_LOOPBACK;
	struct ifinfomsg body = {.ifi_type = lo ? ARPHRD_LOOPBACK : ARPHRD_ETHER,
				 .ifi_index = (int)n->ifindex,
				 .ifi_flags = flags_of(n),
				 .ifi_change = change};
	size_t nest;

	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_string(w, IFLA_IFNAME, n->name);
	nlw_put_u32(w, IFLA_TXQLEN, QUEUE_LENGTH);
	nlw_put_u8(w, IFLA_OPERSTATE, operstate(n));
	nlw_put_u8(w, IFLA_LINKMODE, 0);
	nlw_put_u8(w, LINK_NETNS_IMMUTABLE, lo);
	nlw_put_u32(w, IFLA_MTU, n->mtu);
	nlw_put_u32(w, IFLA_MIN_MTU, lo ? 0 : 68);
	nlw_put_u32(w, IFLA_MAX_MTU, lo ? 0 : ETHER_MTU_MAX);
	nlw_put_u32(w, IFLA_GROUP, 0);
	nlw_put_u32(w, IFLA_PROMISCUITY, 0);
	nlw_put_u32(w, LINK_ALLMULTI, 0);
	put_offloads(w, n);
	nlw_put(w, IFLA_ADDRESS, n->mac, sizeof(n->mac));
	nlw_put(w, IFLA_BROADCAST, lo ? nobody : link_broadcast_mac, sizeof(nobody));
	if (!(filter & EXT_SKIP_STATS))
		put_stats(w, n);
	nest = nlw_nest(w, IFLA_XDP);
	nlw_put_u8(w, IFLA_XDP_ATTACHED, 0);
	nlw_nest_end(w, nest);
	nlw_put_string(w, IFLA_QDISC, "noqueue");
	put_af_spec(w, n);
	return nlw_end(w);
}

/* --- asking --- */

/* What a request says besides its header. */
struct link_attrs {
	struct ifinfomsg body;
	struct nl_attr at[LINK_MAX];
};

static int read_attrs(struct nl_request *rq, struct link_attrs *out)
{
	if (rq->bytes < sizeof(out->body))
		return -EINVAL;
	nl_body_read(rq->body, rq->bytes, &out->body, sizeof(out->body));
	if (!nl_attrs_read(rq->body + nl_align(sizeof(out->body)),
			   rq->bytes - nl_align(sizeof(out->body)), out->at, LINK_MAX))
		return -EINVAL;
	return 0;
}

/* The interface that a request means; -EINVAL: it names none. */
static int find_netif(const struct netlink *nl, const struct link_attrs *a, struct netif **out)
{
	char name[BERTH_NETIF_NAME_BYTES];

	if (a->body.ifi_index > 0)
		*out = links_get(nl->links, (unsigned)a->body.ifi_index);
	else if (a->body.ifi_index < 0)
		return -EINVAL;
	else if (nl_attr_string(&a->at[IFLA_IFNAME], name, sizeof(name)) ||
		 nl_attr_string(&a->at[LINK_ALT_IFNAME], name, sizeof(name)))
		*out = links_by_name(nl->links, name);
	else if (a->at[IFLA_IFNAME].data || a->at[LINK_ALT_IFNAME].data)
		*out = NULL;
	else
		return -EINVAL;
	return *out ? 0 : -ENODEV;
}

int rtlink_get(struct nl_request *rq)
{
	struct link_attrs a;
	struct nl_answer answer;
	struct netif *n;
	struct nlmsghdr h;
	int error = read_attrs(rq, &a);

	if (error == 0)
		error = find_netif(rq->from->nl, &a, &n);
	if (error == 0)
		error = nl_answer(rq, RTLINK_ROOM, RTM_NEWLINK, &h, &answer);
	if (error < 0)
		return error;
	(void)rtlink_put(&answer.w, &h, n, nl_attr_u32(&a.at[IFLA_EXT_MASK], 0), 0); /* it fits */
	return nl_answer_send(&answer);
}

/* Those that a filter wants; none is a port of a bridge, or of another kind than its own. */
static int read_filter(struct nl_dump *d, uint32_t *out_ext, bool *out_none)
{
	struct ifinfomsg body;
	struct nl_attr at[LINK_MAX];
	size_t head = d->bytes < sizeof(body) ? d->bytes : sizeof(body);

	nl_body_read(d->body, d->bytes, &body, sizeof(body));
	if (!nl_attrs_read(d->body + head, d->bytes - head, at, LINK_MAX)) {
		*out_ext = 0;
		*out_none = false;
		return d->sock->strict ? -EINVAL : 0;
	}
	if (d->sock->strict &&
	    (d->bytes < sizeof(body) || body.ifi_type || body.ifi_flags || body.ifi_change)) {
		d->why = "Invalid values in header for link dump request";
		return -EINVAL;
	}
	if (d->sock->strict && body.ifi_index) {
		d->why = "Filter by device index not supported for link dumps";
		return -EINVAL;
	}
	*out_ext = nl_attr_u32(&at[IFLA_EXT_MASK], 0);
	*out_none = nl_attr_u32(&at[IFLA_MASTER], 0) != 0 || at[IFLA_LINKINFO].data;
	if (*out_none)
		d->flags |= NLM_F_DUMP_FILTERED;
	return 0;
}

int rtlink_dump(struct nl_dump *d, struct nl_writer *w)
{
	const struct links *ls = d->sock->nl->links;
	struct nlmsghdr h;
	uint32_t ext;
	bool none;
	int error = read_filter(d, &ext, &none);

	if (error < 0 || none)
		return error;
	h = nl_dump_header(d, RTM_NEWLINK);
	for (; d->at[0] <= ls->index_last; d->at[0]++) {
		const struct netif *n = links_get(ls, (unsigned)d->at[0]);

		if (!nl_dump_spend(d))
			return 1;
		if (n && !rtlink_put(w, &h, n, ext, 0))
			return 1;
	}
	return 0;
}

/* --- counters alone --- */

static bool put_counters(struct nl_writer *w, const struct nlmsghdr *h, const struct netif *n)
{
	struct if_stats_msg body = {.ifindex = n->ifindex, .filter_mask = STATS_LINK_64};
	uint64_t wide[STATS64_WORDS];

	count_all(n, wide);
	nlw_begin(w, h, &body, sizeof(body));
	nlw_put(w, IFLA_STATS_LINK_64, wide, sizeof(wide));
	return nlw_end(w);
}

int rtlink_stats_get(struct nl_request *rq)
{
	struct if_stats_msg body;
	struct nl_answer answer;
	struct nlmsghdr h;
	struct netif *n;
	int error;

	if (rq->bytes < sizeof(body))
		return -EINVAL;
	nl_body_read(rq->body, rq->bytes, &body, sizeof(body));
	n = body.ifindex > 0 ? links_get(rq->from->nl->links, body.ifindex) : NULL;
	if (body.ifindex == 0)
		return -EINVAL;
	if (!n)
		return -ENODEV;
	if (!body.filter_mask)
		return nl_fail(rq, -EINVAL, "Filter mask must be set for stats get");
	error = nl_answer(rq, RTLINK_ROOM, RTM_NEWSTATS, &h, &answer);
	if (error < 0)
		return error;
	(void)put_counters(&answer.w, &h, n); /* it fits */
	return nl_answer_send(&answer);
}

int rtlink_stats_dump(struct nl_dump *d, struct nl_writer *w)
{
	const struct links *ls = d->sock->nl->links;
	struct nlmsghdr h = nl_dump_header(d, RTM_NEWSTATS);

	for (; d->at[0] <= ls->index_last; d->at[0]++) {
		const struct netif *n = links_get(ls, (unsigned)d->at[0]);

		if (!nl_dump_spend(d))
			return 1;
		if (n && !put_counters(w, &h, n))
			return 1;
	}
	return 0;
}

/* --- setting --- */

static int set_mtu(struct nl_request *rq, struct netif *n, const struct nl_attr *a)
{
	uint32_t mtu = nl_attr_u32(a, 0);

	if (a->bytes < sizeof(mtu))
		return nl_fail_attr(rq, -ERANGE, a, NULL);
	if (netif_set_mtu(n, mtu) == 0)
		return 0;
	return nl_fail(rq, -EINVAL,
		       mtu < n->mtu ? "mtu less than device minimum"
				    : "mtu greater than device maximum");
}

static int set_mac(struct nl_request *rq, struct netif *n, const struct nl_attr *a)
{
	if (n->kind == BERTH_NETIF_LOOPBACK)
		return -EOPNOTSUPP;
	if (a->bytes < sizeof(n->mac))
		return -EINVAL;
	return netif_set_address(n, a->data) < 0 ? nl_fail_attr(rq, -EADDRNOTAVAIL, a, NULL) : 0;
}

static int set_name(struct nl_request *rq, struct netif *n, const struct nl_attr *a)
{
	char name[BERTH_NETIF_NAME_BYTES];

	if (!nl_attr_string(a, name, sizeof(name)))
		return nl_fail_attr(rq, -EINVAL, a, NULL);
	if (name[0] == '\0' || strcmp(name, n->name) == 0)
		return 0;
	return links_rename(rq->from->nl->links, n, name);
}

static void set_up(struct netlink *nl, struct netif *n, bool up)
{
	if (n->up == up)
		return;
	netif_set_up(n, up);
	if (!up)
		route_flush_static(nl->net, n, true);
}

static int apply(struct nl_request *rq, struct netif *n, const struct link_attrs *a)
{
	static const int without[] = {IFLA_MASTER,    IFLA_LINKINFO,	IFLA_NET_NS_PID,
				      IFLA_NET_NS_FD, IFLA_VFINFO_LIST, IFLA_XDP,
				      LINK_PROP_LIST};
	uint32_t change = a->body.ifi_change ? a->body.ifi_change : UINT32_MAX;
	int error = 0;

	for (size_t i = 0; i < ARRAY_LEN(without); i++) {
		if (a->at[without[i]].data)
			return nl_fail_attr(rq, -EOPNOTSUPP, &a->at[without[i]], NULL);
	}
	if (a->at[IFLA_ADDRESS].data)
		error = set_mac(rq, n, &a->at[IFLA_ADDRESS]);
	if (error == 0 && a->at[IFLA_MTU].data)
		error = set_mtu(rq, n, &a->at[IFLA_MTU]);
	if (error == 0 && a->body.ifi_index > 0 && a->at[IFLA_IFNAME].data)
		error = set_name(rq, n, &a->at[IFLA_IFNAME]);
	if (error == 0 && (a->body.ifi_flags || a->body.ifi_change) && change & IFF_UP)
		set_up(rq->from->nl, n, a->body.ifi_flags & IFF_UP);
	return error;
}

int rtlink_set(struct nl_request *rq)
{
	bool is_new = rq->h.nlmsg_type == RTM_NEWLINK;
	bool make = is_new && rq->h.nlmsg_flags & NLM_F_CREATE;
	struct link_attrs a;
	struct netif *n;
	int error = read_attrs(rq, &a);

	if (error < 0)
		return error;
	error = find_netif(rq->from->nl, &a, &n);
	if (error == 0 && make && rq->h.nlmsg_flags & NLM_F_EXCL)
		return -EEXIST;
	if (error < 0 && make)
		return nl_fail(rq, -EOPNOTSUPP, "Unknown device type");
	if (error < 0 && is_new)
		return -ENODEV; /* Linux: also of one that is not named, by which ip(8) knows it */
	return error < 0 ? error : apply(rq, n, &a);
}
