/* SPDX-License-Identifier: MIT */
/*
 * Addresses: RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR.
 *
 * A list has all IPv4 addresses first, then all of IPv6, each by interface. Which scope an address
 * has follows from what it is; whether an IPv4 address is secondary, from those before it on its
 * interface.
 *
 * Left out: point-to-point addresses (EOPNOTSUPP), labels of one's own.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "net/addr.h"
#include "netlink/rtnetlink.h"

#define ADDR_MAX 12
#define FOR_EVER 0xffffffffu

static uint8_t scope_of(const struct ipaddr *a)
{
	if (ipaddr_is_loopback(a))
		return RT_SCOPE_HOST;
	return ipaddr_is_link_local(a) && !ipaddr_is4(a) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

/* Another address of its subnet stands before it. */
static bool is_secondary(const struct netlink *nl, const struct addr *a)
{
	const struct addr *b = addr_nth(nl->net, 0);

	for (; b && b != a; b = addr_after(nl->net, b)) {
		if (b->netif == a->netif && b->prefix_len == a->prefix_len &&
		    ipaddr_is4(&b->addr) && ipaddr_in_prefix(&a->addr, &b->addr, a->prefix_len))
			return true;
	}
	return false;
}

static uint32_t flags_of(const struct netlink *nl, const struct addr *a)
{
	bool is4 = ipaddr_is4(&a->addr);
	uint32_t flags = a->flags;

	/* That nobody was asked is nothing to tell of IPv4, or of lo. */
	if (is4 || a->netif->kind == BERTH_NETIF_LOOPBACK)
		flags &= ~(uint32_t)ADDR_NODAD;
	return flags | (is4 && is_secondary(nl, a) ? IFA_F_SECONDARY : 0);
}

static uint32_t seconds_until(const struct netlink *nl, berth_time then)
{
	if (then == BERTH_TIME_NEVER)
		return FOR_EVER;
	if (then <= nl->env->now)
		return 0;
	/* Linux: what was given, less the whole seconds since. */
	return (uint32_t)((then - nl->env->now + BERTH_SEC - 1) / BERTH_SEC);
}

/* Hundredths of a second, as the kernel counts for programs. */
static uint32_t ticks(berth_time t)
{
	return (uint32_t)(t / (10 * BERTH_MSEC));
}

static void put_lifetimes(struct nl_writer *w, const struct netlink *nl, const struct addr *a)
{
	const struct ifa_cacheinfo info = {
		.ifa_prefered = seconds_until(nl, a->preferred_until),
		.ifa_valid = seconds_until(nl, a->valid_until),
		.cstamp = ticks(a->created),
		.tstamp = ticks(a->updated),
	};

	nlw_put(w, IFA_CACHEINFO, &info, sizeof(info));
}

bool rtaddr_put(struct nl_writer *w, const struct nlmsghdr *h, const struct netlink *nl,
		const struct addr *a)
{
	bool is4 = ipaddr_is4(&a->addr);
	uint32_t flags = flags_of(nl, a);
	struct ifaddrmsg body = {.ifa_family = is4 ? AF_INET : AF_INET6,
				 .ifa_prefixlen = (uint8_t)a->prefix_len,
				 .ifa_flags = (uint8_t)flags,
				 .ifa_scope = scope_of(&a->addr),
				 .ifa_index = a->netif->ifindex};

	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_addr(w, IFA_ADDRESS, &a->addr);
	if (is4) {
		nlw_put_addr(w, IFA_LOCAL, &a->addr);
		if (!ipaddr_is_any(&a->broadcast))
			nlw_put_addr(w, IFA_BROADCAST, &a->broadcast);
		nlw_put_string(w, IFA_LABEL, a->netif->name);
		nlw_put_u32(w, IFA_FLAGS, flags);
	}
	put_lifetimes(w, nl, a);
	if (!is4)
		nlw_put_u32(w, IFA_FLAGS, flags);
	return nlw_end(w);
}

/* --- asking --- */

struct addr_attrs {
	struct ifaddrmsg body;
	struct nl_attr at[ADDR_MAX];
};

static int read_attrs(struct nl_request *rq, struct addr_attrs *out)
{
	if (rq->bytes < sizeof(out->body))
		return -EINVAL;
	nl_body_read(rq->body, rq->bytes, &out->body, sizeof(out->body));
	if (!nl_attrs_read(rq->body + sizeof(out->body), rq->bytes - sizeof(out->body), out->at,
			   ADDR_MAX))
		return -EINVAL;
	if (out->body.ifa_family != AF_INET && out->body.ifa_family != AF_INET6)
		return -EOPNOTSUPP;
	return 0;
}

int rtaddr_get(struct nl_request *rq)
{
	const struct netlink *nl = rq->from->nl;
	const struct addr *found;
	struct nl_answer answer;
	struct addr_attrs a;
	struct ipaddr want;
	struct netif *n;
	struct nlmsghdr h;
	int error = read_attrs(rq, &a);

	if (error < 0)
		return error;
	/* Linux: of IPv4 there are only lists. */
	if (a.body.ifa_family != AF_INET6)
		return -EOPNOTSUPP;
	if (!nl_attr_addr(&a.at[IFA_ADDRESS], AF_INET6, &want))
		return -EINVAL;
	n = links_get(nl->links, a.body.ifa_index);
	found = addr_entry(nl->net, n, &want);
	if (!found)
		return -EADDRNOTAVAIL;
	error = nl_answer(rq, RTADDR_ROOM, RTM_NEWADDR, &h, &answer);
	if (error < 0)
		return error;
	(void)rtaddr_put(&answer.w, &h, nl, found); /* it fits */
	return nl_answer_send(&answer);
}

/* The interface that a strict request is about; 0: all. */
static int read_filter(struct nl_dump *d, struct ifaddrmsg *out)
{
	nl_body_read(d->body, d->bytes, out, sizeof(*out));
	if (!d->sock->strict) {
		out->ifa_index = 0;
		return 0;
	}
	if (d->bytes < sizeof(*out) || out->ifa_prefixlen || out->ifa_flags || out->ifa_scope) {
		d->why = out->ifa_family == AF_INET6
				 ? "Invalid values in header for address dump request"
				 : "ipv4: Invalid values in header for address dump request";
		return -EINVAL;
	}
	if (out->ifa_index) {
		d->flags |= NLM_F_DUMP_FILTERED;
		if (!links_get(d->sock->nl->links, out->ifa_index))
			return -ENODEV;
	}
	return 0;
}

/* at[0] is the family: 0 IPv4, 1 IPv6; at[1] the next one's place in the list. */
static int dump_family(struct nl_dump *d, struct nl_writer *w, unsigned ifindex)
{
	const struct netlink *nl = d->sock->nl;
	const struct addr *a = addr_nth(nl->net, (unsigned)d->at[1]);
	struct nlmsghdr h = nl_dump_header(d, RTM_NEWADDR);

	for (; a; a = addr_after(nl->net, a), d->at[1]++) {
		if (!nl_dump_spend(d))
			return 1;
		if (ipaddr_is4(&a->addr) != (d->at[0] == 0))
			continue;
		if (ifindex && a->netif->ifindex != ifindex)
			continue;
		if (!rtaddr_put(w, &h, nl, a))
			return 1;
	}
	return 0;
}

int rtaddr_dump(struct nl_dump *d, struct nl_writer *w)
{
	struct ifaddrmsg filter;
	int result = read_filter(d, &filter);

	for (; result == 0 && d->at[0] < 2; d->at[0]++, d->at[1] = 0) {
		int family = d->at[0] == 0 ? AF_INET : AF_INET6;

		if (filter.ifa_family == AF_UNSPEC || filter.ifa_family == family)
			result = dump_family(d, w, filter.ifa_index);
		if (result)
			break;
	}
	return result;
}

/* --- changing --- */

/* The address that a request is about: the local one, which IPv6 has under another name. */
static int read_local(struct nl_request *rq, const struct addr_attrs *a, struct ipaddr *out)
{
	int family = a->body.ifa_family;
	struct ipaddr peer;

	if (!nl_attr_addr(&a->at[IFA_LOCAL], family, out)) {
		if (family == AF_INET)
			return nl_fail(rq, -EINVAL, "ipv4: Local address is not supplied");
		if (!nl_attr_addr(&a->at[IFA_ADDRESS], family, out))
			return nl_fail(rq, -EINVAL, "IPv6 address is not supplied");
	}
	if (nl_attr_addr(&a->at[IFA_ADDRESS], family, &peer) && !ipaddr_equal(&peer, out))
		return nl_fail_attr(rq, -EOPNOTSUPP, &a->at[IFA_ADDRESS],
				    "berth has no point-to-point addresses");
	return 0;
}

static berth_time lifetime(uint32_t seconds)
{
	return seconds == FOR_EVER ? BERTH_TIME_NEVER : seconds * BERTH_SEC;
}

/* What else is said of a new address: flags and lifetimes. */
static int read_config(struct nl_request *rq, const struct addr_attrs *a, struct addr_config *out)
{
	struct ifa_cacheinfo info = {.ifa_prefered = FOR_EVER, .ifa_valid = FOR_EVER};
	uint32_t flags = nl_attr_u32(&a->at[IFA_FLAGS], a->body.ifa_flags);

	if (a->at[IFA_CACHEINFO].bytes >= sizeof(info))
		memcpy(&info, a->at[IFA_CACHEINFO].data, sizeof(info));
	if (info.ifa_valid == 0 || info.ifa_prefered > info.ifa_valid)
		return nl_fail(rq, -EINVAL, "address lifetime invalid");
	*out = (struct addr_config){.prefix_len = a->body.ifa_prefixlen,
				    .flags = flags & (ADDR_NODAD | ADDR_NOPREFIXROUTE),
				    .preferred_ns = lifetime(info.ifa_prefered),
				    .valid_ns = lifetime(info.ifa_valid)};
	if (a->body.ifa_family == AF_INET)
		out->flags |= ADDR_NODAD;
	return 0;
}

/* Linux: ipv6_add_addr(). */
static int check_ip6(struct nl_request *rq, const struct netif *n, const struct ipaddr *a)
{
	if (ipaddr_is_any(a))
		return nl_fail(rq, -EADDRNOTAVAIL, "ipv6: Invalid address");
	if (ipaddr_is_multicast(a))
		return nl_fail(rq, -EINVAL,
			       "ipv6: Cannot assign multicast address without "
			       "\"IFA_F_MCAUTOJOIN\" flag");
	if (n->kind != BERTH_NETIF_LOOPBACK && ipaddr_is_loopback(a))
		return nl_fail(rq, -EADDRNOTAVAIL,
			       "ipv6: Cannot assign loopback address on this device");
	return 0;
}

int rtaddr_new(struct nl_request *rq)
{
	struct netlink *nl = rq->from->nl;
	struct addr_config config;
	struct addr_attrs a;
	struct ipaddr local;
	struct addr *old;
	const struct netif *n;
	int error = read_attrs(rq, &a);

	if (error < 0)
		return error;
	if (a.body.ifa_prefixlen > nl_addr_bytes(a.body.ifa_family) * 8)
		return nl_fail(rq, -EINVAL,
			       a.body.ifa_family == AF_INET ? "ipv4: Invalid prefix length"
							    : "ipv6: Invalid prefix length");
	error = read_local(rq, &a, &local);
	if (error < 0)
		return error;
	n = links_get(nl->links, a.body.ifa_index);
	if (!n)
		return nl_fail(rq, -ENODEV,
			       a.body.ifa_family == AF_INET ? "ipv4: Device not found"
							    : "ipv6: Unable to find the interface");
	error = read_config(rq, &a, &config);
	if (error < 0)
		return error;
	config.addr = local;
	old = addr_entry(nl->net, n, &local);
	if (!old && a.body.ifa_family == AF_INET6)
		error = check_ip6(rq, n, &local);
	if (error < 0)
		return error;
	if (!old)
		return addr_set(nl->net, n->ifindex, &config);
	if (rq->h.nlmsg_flags & NLM_F_EXCL || !(rq->h.nlmsg_flags & NLM_F_REPLACE))
		return nl_fail(rq, -EEXIST,
			       a.body.ifa_family == AF_INET ? "ipv4: Address already assigned"
							    : "ipv6: address already assigned");
	/* Linux: of IPv6 what is not said again is taken back. */
	if (a.body.ifa_family == AF_INET6)
		old->flags = (old->flags & ~(uint32_t)ADDR_NODAD) | (config.flags & ADDR_NODAD);
	return addr_set_lifetimes(nl->net, old, config.preferred_ns, config.valid_ns);
}

int rtaddr_del(struct nl_request *rq)
{
	struct netlink *nl = rq->from->nl;
	struct addr_attrs a;
	struct ipaddr local;
	struct netif *n;
	const struct addr *found;
	int error = read_attrs(rq, &a);

	if (error == 0)
		error = read_local(rq, &a, &local);
	if (error < 0)
		return error;
	n = links_get(nl->links, a.body.ifa_index);
	if (!n)
		return nl_fail(rq, -ENODEV,
			       a.body.ifa_family == AF_INET ? "ipv4: Device not found"
							    : "ipv6: Unable to find the interface");
	found = addr_entry(nl->net, n, &local);
	/* Linux: without IFA_ADDRESS the prefix does not matter. */
	if (!found || (a.at[IFA_ADDRESS].data && found->prefix_len != a.body.ifa_prefixlen))
		return nl_fail(rq, -EADDRNOTAVAIL,
			       a.body.ifa_family == AF_INET ? "ipv4: Address not found"
							    : "ipv6: address not found");
	return addr_del(nl->net, n->ifindex, &local, found->prefix_len);
}
