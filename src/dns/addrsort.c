/* SPDX-License-Identifier: MIT */
/*
 * Destinations are compared by the source that this host would use for each, which the network
 * layer says. Addresses are few: they are inserted one by one.
 *
 * Left out: rule 4 (home addresses) and rule 7 (native transport), of which a berth host has
 * neither.
 */
#include "dns/addrsort.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "net/net.h"

#define ADDRSORT_MAX 128u
#define SCOPE_LINK 2
#define SCOPE_SITE 5
#define SCOPE_GLOBAL 14

struct policy {
	struct ipaddr prefix;
	uint8_t bits; /* from the start of all 128 */
	uint8_t precedence, label;
};

/* The longest prefix first. Linux: these are glibc's (gai.conf(5)), in which unlike in RFC 6724
 * §2.1 a unique local address of IPv6 comes before one of IPv4. */
static const struct policy policies[] = {
	{{{[15] = 1}}, 128, 50, 0},  {{{[10] = 0xff, [11] = 0xff}}, 96, 10, 4},
	{{{0}}, 96, 20, 3},	     {{{0x20, 0x01}}, 32, 40, 7},
	{{{0x20, 0x02}}, 16, 30, 2}, {{{0xfe, 0xc0}}, 10, 40, 5},
	{{{0xfc}}, 7, 40, 6},	     {{{0}}, 0, 40, 1},
};

struct candidate {
	struct ipaddr dst, src;
	bool reachable;
};

/* How many leading bits agree. */
static unsigned common_bits(const struct ipaddr *a, const struct ipaddr *b)
{
	for (unsigned i = 0; i < sizeof(a->bytes); i++) {
		unsigned differ = a->bytes[i] ^ b->bytes[i];

		if (differ)
			return i * 8 + (unsigned)__builtin_clz(differ) - 24;
	}
	return 128;
}

static const struct policy *policy_of(const struct ipaddr *a)
{
	const struct policy *p = policies;

	while (common_bits(a, &p->prefix) < p->bits)
		p++; /* the last one fits all */
	return p;
}

/* RFC 6724 §3.1 and §3.2: an IPv4 address is of the link if it is 127/8 or 169.254/16. */
static int scope_of(const struct ipaddr *a)
{
	const uint8_t *b = a->bytes;

	if (ipaddr_is4(a))
		return b[12] == 127 || (b[12] == 169 && b[13] == 254) ? SCOPE_LINK : SCOPE_GLOBAL;
	if (ipaddr_is_multicast(a))
		return b[1] & 0xf;
	if (ipaddr_is_loopback(a) || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
		return SCOPE_LINK;
	return b[0] == 0xfe && (b[1] & 0xc0) == 0xc0 ? SCOPE_SITE : SCOPE_GLOBAL;
}

/* Which of two truths is better: < 0: the first. */
static int prefer(bool a, bool b)
{
	return (int)b - (int)a;
}

/* The rules of RFC 6724 §6, by number. < 0: `a` comes before `b`. */
static int compare(const struct candidate *a, const struct candidate *b)
{
	const struct policy *pa = policy_of(&a->dst);
	const struct policy *pb = policy_of(&b->dst);
	int scope_a = scope_of(&a->dst);
	int scope_b = scope_of(&b->dst);
	int rule = prefer(a->reachable, b->reachable); /* 1 */

	if (rule || !a->reachable)
		return rule;
	rule = prefer(scope_a == scope_of(&a->src), scope_b == scope_of(&b->src)); /* 2 */
	if (!rule)								   /* 5 */
		rule = prefer(pa->label == policy_of(&a->src)->label,
			      pb->label == policy_of(&b->src)->label);
	if (!rule) /* 6 */
		rule = pb->precedence - pa->precedence;
	if (!rule) /* 8 */
		rule = scope_a - scope_b;
	if (!rule && !ipaddr_is4(&a->dst) && !ipaddr_is4(&b->dst)) /* 9 */
		rule = (int)common_bits(&b->dst, &b->src) - (int)common_bits(&a->dst, &a->src);
	return rule; /* 10: as they were */
}

void addrsort(struct net *net, struct ipaddr *addrs, unsigned count)
{
	const struct ipaddr any = ipaddr_from4(0);
	struct candidate sorted[ADDRSORT_MAX];
	struct ip_path path;

	ASSERT(count <= ADDRSORT_MAX);
	for (unsigned i = 0; i < count; i++) {
		struct candidate c = {.dst = addrs[i]};
		unsigned at = i;

		c.reachable = ip_path_find(net, &c.dst, &any, 0, &path) == 0;
		if (c.reachable)
			c.src = path.src;
		for (; at > 0 && compare(&c, &sorted[at - 1]) < 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = c;
	}
	for (unsigned i = 0; i < count; i++)
		addrs[i] = sorted[i].dst;
}
