/* SPDX-License-Identifier: MIT */
/*
 * Which IPv6 address to send from (RFC 6724 §5).
 *
 * Candidates are the unicast addresses that are assigned: for destinations of link scope and groups
 * those of the outgoing interface, else of all (§4, and ipv6_dev_get_saddr() of Linux). Two
 * are compared rule by rule; what is equal by all rules stays in the order of adding.
 *
 * Rule 4 (home addresses) and 7 (temporary addresses) have nothing to compare here. Rule 5.5 (the
 * prefix that the next hop advertised) is left out, as in Linux.
 *
 * Labels are those of Linux (net/ipv6/addrlabel.c), whose numbers differ from RFC 6724 §2.1 for
 * some prefixes; only equality counts.
 */
#include "net/addr.h"
#include "net/context.h"

static const struct {
	struct ipaddr prefix;
	uint8_t prefix_len, label;
} labels[] = {
	/* By length, longest first. */
	{{{[15] = 1}}, 128, 0},		  /* ::1 */
	{{{0}}, 96, 3},			  /* IPv4-compatible, deprecated */
	{{{0x20, 0x01}}, 32, 6},	  /* Teredo, RFC 4380 */
	{{{0x20, 0x01, 0, 0x10}}, 28, 7}, /* ORCHID, RFC 4843 */
	{{{0x20, 0x02}}, 16, 2},	  /* 6to4, RFC 3056 */
	{{{0x3f, 0xfe}}, 16, 12},	  /* 6bone, RFC 3701 */
	{{{0xfe, 0xc0}}, 10, 11},	  /* site-local, deprecated */
	{{{0xfc}}, 7, 5},		  /* unique local, RFC 4193 */
};

#define LABEL_REST 1u

static unsigned label_of(const struct ipaddr *a)
{
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		if (ipaddr_in_prefix(a, &labels[i].prefix, labels[i].prefix_len))
			return labels[i].label;
	}
	return LABEL_REST;
}

unsigned addr_scope(const struct ipaddr *a)
{
	if (ipaddr_is_multicast(a))
		return a->bytes[1] & 0xfu;
	if (ipaddr_is_link_local(a) || ipaddr_is_loopback(a))
		return 2;
	if (a->bytes[0] == 0xfe && a->bytes[1] >> 6 == 3)
		return 5; /* site-local */
	return 14;
}

/* Bits that both have in common in front, at most as many as the prefix of `a` has (RFC 6724
 * §2.2). */
static unsigned common_bits(const struct addr *a, const struct ipaddr *dst)
{
	unsigned bits = 0;

	while (bits < a->prefix_len && ipaddr_in_prefix(&a->addr, dst, bits + 1))
		bits++;
	return bits;
}

/* Rule 2: the smallest scope that reaches the destination, else the largest. */
static int compare_scopes(unsigned a, unsigned b, unsigned dst)
{
	if (a == b)
		return 0;
	if (a < b)
		return a < dst ? -1 : 1;
	return b < dst ? 1 : -1;
}

/* 1: `a` is better than `b`; -1: worse. */
static int compare(const struct addr *a, const struct addr *b, const struct netif *n,
		   const struct ipaddr *dst)
{
	int order = ipaddr_equal(&a->addr, dst) - ipaddr_equal(&b->addr, dst); /* rule 1 */

	if (order == 0)
		order = compare_scopes(addr_scope(&a->addr), addr_scope(&b->addr), addr_scope(dst));
	if (order == 0) /* rule 3 */
		order = !(a->flags & ADDR_DEPRECATED) - !(b->flags & ADDR_DEPRECATED);
	if (order == 0) /* rule 5 */
		order = (a->netif == n) - (b->netif == n);
	if (order == 0) { /* rule 6 */
		unsigned label = label_of(dst);

		order = (label_of(&a->addr) == label) - (label_of(&b->addr) == label);
	}
	if (order == 0) /* rule 8 */
		order = (int)common_bits(a, dst) - (int)common_bits(b, dst);
	return order;
}

const struct addr *addr_select6(const struct net *net, const struct netif *n,
				const struct ipaddr *dst)
{
	bool here = ipaddr_is_multicast(dst) || ipaddr_is_link_local(dst);
	const struct addr *best = NULL;
	struct list *l;

	list_for_each (l, &net->addrs) {
		const struct addr *a = list_entry(l, struct addr, link);

		if (ipaddr_is4(&a->addr) || (a->flags & ADDR_TENTATIVE))
			continue;
		if (a->netif != n &&
		    (here || ipaddr_is_link_local(&a->addr) || ipaddr_is_loopback(&a->addr)))
			continue;
		if (!best || compare(a, best, n, dst) > 0)
			best = a;
	}
	return best;
}

const struct addr *addr_link_local(const struct net *net, const struct netif *n)
{
	struct list *l;

	list_for_each (l, &net->addrs) {
		const struct addr *a = list_entry(l, struct addr, link);

		if (a->netif == n && ipaddr_is_link_local(&a->addr) && !(a->flags & ADDR_TENTATIVE))
			return a;
	}
	return NULL;
}
