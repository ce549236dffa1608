/* SPDX-License-Identifier: MIT */
/*
 * Membership of groups.
 *
 * For each interface and group the members' filters are merged by counting (RFC 3376 §3.2; Linux
 * does the same): how many members there are, how many of them exclude, and for each source that
 * anybody names how many include and how many exclude it. Then the group's own filter
 *
 *     excludes those sources that all excluding members exclude, and nobody includes,
 *                                                        if any member excludes;
 *     includes those sources that any member includes,   else.
 *
 * A group whose last member has left stays until that has been reported (group_report.c).
 *
 * The switches of a world flood multicasts, and its routers do not forward them; reports are for
 * whoever looks, and for programs that act as routers.
 *
 * Bounds: GROUPS_MAX groups, GROUP_SOURCES_MAX sources in each.
 */
#include "net/mcast.h"

#include <errno.h>
#include <string.h>

#include "net/group.h"

#define ALL_HOSTS 0xe0000001u /* 224.0.0.1 (RFC 1112 §4) */

static uint32_t group_hash(const struct net *net, const struct netif *n, const struct ipaddr *addr)
{
	struct {
		struct ipaddr addr;
		uint32_t ifindex;
	} key = {*addr, n->ifindex};

	return env_hash(net->env, &key, sizeof(key));
}

struct group *group_find(const struct net *net, const struct netif *n, const struct ipaddr *addr)
{
	uint32_t hash = group_hash(net, n, addr);
	struct table_node *node = table_chain(&net->group_table, hash);

	for (; node; node = node->next) {
		struct group *g = container_of(node, struct group, node);

		if (node->hash == hash && g->gi->netif == n && ipaddr_equal(&g->addr, addr))
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

int mcast_ifindex(struct net *net, unsigned ifindex, const struct ipaddr *group)
{
	const struct netif *n = choose_netif(net, ifindex, group);

	return n ? (int)n->ifindex : -ENODEV;
}

static struct group *group_new(struct net *net, struct netif *n, const struct ipaddr *addr)
{
	struct group_if *gi = group_if_get(net, n, !ipaddr_is4(addr));
	struct group *g;

	if (!gi || net->group_table.count >= GROUPS_MAX || timers_reserve(net->env, 2) < 0)
		return NULL;
	g = env_calloc(net->env, 1, sizeof(*g));
	if (!g) {
		timers_release(net->env, 2);
		return NULL;
	}
	g->gi = gi;
	g->addr = *addr;
	group_init_timers(g);
	list_add_tail(&net->groups, &g->link);
	table_add(&net->group_table, net->env, &g->node, group_hash(net, n, addr));
	return g;
}

void group_free(struct group *g)
{
	struct net *net = g->gi->net;

	timer_disarm(net->env, &g->change_timer);
	timer_disarm(net->env, &g->answer_timer);
	timers_release(net->env, 2);
	table_del(&net->group_table, &g->node);
	list_del(&g->link);
	env_free(net->env, g->sources);
	env_free(net->env, g);
}

static struct group_source *source_find(const struct group *g, const struct ipaddr *addr)
{
	for (uint32_t i = 0; i < g->count; i++)
		if (ipaddr_equal(&g->sources[i].addr, addr))
			return &g->sources[i];
	return NULL;
}

/* Room for all sources that a filter may add. -ENOBUFS. */
static int reserve(struct group *g, const struct mcast_filter *f)
{
	struct group_source *grown;
	uint32_t need = g->count + f->count;

	if (need <= g->capacity)
		return 0;
	if (need > GROUP_SOURCES_MAX)
		return -ENOBUFS;
	grown = env_realloc(g->gi->net->env, g->sources, need, sizeof(*grown));
	if (!grown)
		return -ENOBUFS;
	g->sources = grown;
	g->capacity = need;
	return 0;
}

static void add_filter(struct group *g, const struct mcast_filter *f)
{
	g->members++;
	g->excludes += f->exclude;
	for (uint32_t i = 0; i < f->count; i++) {
		struct group_source *s = source_find(g, &f->sources[i]);

		if (!s) {
			ASSERT(g->count < g->capacity);
			s = &g->sources[g->count++];
			*s = (struct group_source){.addr = f->sources[i]};
		}
		s->includes += !f->exclude;
		s->excludes += f->exclude;
	}
}

static void remove_filter(struct group *g, const struct mcast_filter *f)
{
	ASSERT(g->members > 0);
	g->members--;
	g->excludes -= f->exclude;
	for (uint32_t i = 0; i < f->count; i++) {
		struct group_source *s = source_find(g, &f->sources[i]);

		ASSERT(s);
		s->includes -= !f->exclude;
		s->excludes -= f->exclude;
	}
}

void group_prune(struct group *g)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < g->count; i++) {
		const struct group_source *s = &g->sources[i];

		if (s->includes || s->excludes || s->changes_left)
			g->sources[kept++] = *s;
	}
	g->count = kept;
}

int mcast_change(struct net *net, unsigned ifindex, const struct ipaddr *group,
		 const struct mcast_filter *was, const struct mcast_filter *is)
{
	struct netif *n;
	struct group *g;
	uint32_t before;

	if (!ipaddr_is_multicast(group))
		return -EINVAL;
	n = choose_netif(net, ifindex, group);
	if (!n)
		return -ENODEV;
	g = group_find(net, n, group);
	if (was && (!g || g->members == 0))
		return -EADDRNOTAVAIL;
	if (!g)
		g = group_new(net, n, group);
	if (!g)
		return -ENOBUFS;
	if (is && reserve(g, is) < 0) {
		group_report_changes(g); /* a new one goes again */
		return -ENOBUFS;
	}
	before = g->members;
	if (was)
		remove_filter(g, was);
	if (is)
		add_filter(g, is);
	if ((before == 0) != (g->members == 0))
		net_changed(net); /* paths know whether a copy loops back */
	group_report_changes(g);
	return 0;
}

static const struct mcast_filter everybody = {.exclude = true};

int mcast_join(struct net *net, unsigned ifindex, const struct ipaddr *group)
{
	return mcast_change(net, ifindex, group, NULL, &everybody);
}

int mcast_leave(struct net *net, unsigned ifindex, const struct ipaddr *group)
{
	return mcast_change(net, ifindex, group, &everybody, NULL);
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
	const struct group *g;

	if (ipaddr_is4(group) && ipaddr_to4(group) == ALL_HOSTS)
		return true;
	if (!ipaddr_is4(group) && is_own_group6(net, n, group))
		return true;
	g = group_find(net, n, group);
	return g && g->members > 0;
}

bool mcast_hears(const struct net *net, unsigned ifindex, const struct ipaddr *group,
		 const struct ipaddr *source)
{
	const struct netif *n = links_get(net->links, ifindex);
	const struct group *g = n ? group_find(net, n, group) : NULL;
	const struct group_source *s = g ? source_find(g, source) : NULL;

	if (!g || g->members == 0)
		return n && mcast_joined(net, n, group);
	return (s && s->active) != g->exclude;
}

void mcast_flush(struct net *net, const struct netif *n)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &net->groups) {
		struct group *g = list_entry(l, struct group, link);

		if (g->gi->netif == n)
			group_free(g);
	}
	list_for_each_safe (l, tmp, &net->group_ifs) {
		struct group_if *gi = list_entry(l, struct group_if, link);

		if (gi->netif == n)
			group_if_free(gi);
	}
}

void mcast_up(struct net *net, const struct netif *n)
{
	struct list *l;

	list_for_each (l, &net->groups) {
		struct group *g = list_entry(l, struct group, link);

		if (g->gi->netif == n)
			group_report_again(g);
	}
}

int mcast_init(struct net *net)
{
	return table_init(&net->group_table, net->env, 16);
}

void mcast_fini(struct net *net)
{
	while (!list_empty(&net->groups))
		group_free(list_first(&net->groups, struct group, link));
	while (!list_empty(&net->group_ifs))
		group_if_free(list_first(&net->group_ifs, struct group_if, link));
	if (net->group_table.buckets)
		table_fini(&net->group_table, net->env);
}
