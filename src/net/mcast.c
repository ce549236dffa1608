/* SPDX-License-Identifier: MIT */
#include "net/mcast.h"

#include <errno.h>

#include "net/context.h"

#define ALL_HOSTS 0xe0000001u /* 224.0.0.1 (RFC 1112 §4) */

struct group {
	struct list link; /* in net's list */
	struct netif *netif;
	struct ipaddr addr;
	uint32_t joins; /* >= 1 */
};

static struct group *group_find(const struct net *net, const struct netif *n,
				const struct ipaddr *addr)
{
	struct list *l;

	list_for_each (l, &net->groups) {
		struct group *g = list_entry(l, struct group, link);

		if (g->netif == n && ipaddr_equal(&g->addr, addr))
			return g;
	}
	return NULL;
}

/* The interface of a join without one: that of the route to the group (Linux: ip_mc_find_dev()). */
static struct netif *choose_netif(struct net *net, unsigned ifindex, const struct ipaddr *group)
{
	struct ipaddr any = {{0}};
	struct ip_path path;

	if (ifindex)
		return links_get(net->links, ifindex);
	return ip_path_find(net, group, &any, 0, &path) ? NULL : path.netif;
}

int mcast_join(struct net *net, unsigned ifindex, const struct ipaddr *group)
{
	struct netif *n;
	struct group *g;

	if (!ipaddr_is_multicast(group))
		return -EINVAL;
	n = choose_netif(net, ifindex, group);
	if (!n)
		return -ENODEV;
	g = group_find(net, n, group);
	if (g) {
		g->joins++;
		return 0;
	}
	g = env_calloc(net->env, 1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	g->netif = n;
	g->addr = *group;
	g->joins = 1;
	list_add_tail(&net->groups, &g->link);
	net_changed(net);
	return 0;
}

static void group_free(struct net *net, struct group *g)
{
	list_del(&g->link);
	env_free(net->env, g);
}

int mcast_leave(struct net *net, unsigned ifindex, const struct ipaddr *group)
{
	struct netif *n = choose_netif(net, ifindex, group);
	struct group *g = n ? group_find(net, n, group) : NULL;

	if (!g)
		return -EADDRNOTAVAIL;
	if (--g->joins == 0) {
		group_free(net, g);
		net_changed(net);
	}
	return 0;
}

/* The groups that every node (RFC 4291 §2.8), and every router, is in: ff01::1, ff02::1, ff01::2,
 * ff02::2 and ff05::2. */
static bool is_own_group6(const struct net *net, const struct netif *n, const struct ipaddr *group)
{
	struct ipaddr like = {{0xff, group->bytes[1], [15] = group->bytes[15]}};
	uint8_t scope = group->bytes[1]; /* its flags are zero */

	if (!ipaddr_equal(&like, group))
		return false;
	if (group->bytes[15] == 1)
		return scope == 1 || scope == 2;
	return group->bytes[15] == 2 && (scope == 1 || scope == 2 || scope == 5) &&
	       if6_forwards(net, n);
}

bool mcast_joined(const struct net *net, const struct netif *n, const struct ipaddr *group)
{
	if (ipaddr_is4(group) && ipaddr_to4(group) == ALL_HOSTS)
		return true;
	if (!ipaddr_is4(group) && is_own_group6(net, n, group))
		return true;
	return group_find(net, n, group) != NULL;
}

void mcast_flush(struct net *net, const struct netif *n)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &net->groups) {
		struct group *g = list_entry(l, struct group, link);

		if (g->netif == n)
			group_free(net, g);
	}
}

void mcast_fini(struct net *net)
{
	while (!list_empty(&net->groups))
		group_free(net, list_first(&net->groups, struct group, link));
}
