/* SPDX-License-Identifier: MIT */
#include "tcp/tcp_fastcache.h"

#include <string.h>

#define SERVERS_MAX 1024u

struct server {
	struct table_node node; /* by both addresses */
	struct list link;	/* the one least recently heard of first */
	struct ipaddr ends[2];	/* ours, its */
	struct tcp_known known;
};

int tcp_fastcache_init(struct tcp_stack *ts)
{
	list_init(&ts->fast_servers);
	return table_init(&ts->fast_table, ts->env, 4);
}

static void forget(struct tcp_stack *ts, struct server *s)
{
	table_del(&ts->fast_table, &s->node);
	list_del(&s->link);
	env_free(ts->env, s);
}

void tcp_fastcache_fini(struct tcp_stack *ts)
{
	while (!list_empty(&ts->fast_servers))
		forget(ts, list_first(&ts->fast_servers, struct server, link));
	table_fini(&ts->fast_table, ts->env);
}

static struct server *find(const struct tcp_stack *ts, const struct ipaddr ends[2], uint32_t hash)
{
	for (struct table_node *n = table_chain(&ts->fast_table, hash); n; n = n->next) {
		struct server *s = container_of(n, struct server, node);

		if (n->hash == hash && ipaddr_equal(&s->ends[0], &ends[0]) &&
		    ipaddr_equal(&s->ends[1], &ends[1]))
			return s;
	}
	return NULL;
}

struct tcp_known tcp_fastcache_get(const struct tcp_stack *ts, const struct ipaddr *local,
				   const struct ipaddr *remote)
{
	const struct ipaddr ends[2] = {*local, *remote};
	const struct server *s = NULL;

	if (ts->fast_table.count)
		s = find(ts, ends, env_hash(ts->env, ends, sizeof(ends)));
	return s ? s->known : (struct tcp_known){0};
}

void tcp_fastcache_set(struct tcp_stack *ts, const struct ipaddr *local,
		       const struct ipaddr *remote, const struct tcp_known *known)
{
	const struct ipaddr ends[2] = {*local, *remote};
	uint32_t hash = env_hash(ts->env, ends, sizeof(ends));
	struct server *s = find(ts, ends, hash);

	if (s) {
		list_del(&s->link);
	} else {
		if (ts->fast_table.count >= SERVERS_MAX)
			forget(ts, list_first(&ts->fast_servers, struct server, link));
		s = env_calloc(ts->env, 1, sizeof(*s));
		if (!s)
			return;
		memcpy(s->ends, ends, sizeof(ends));
		table_add(&ts->fast_table, ts->env, &s->node, hash);
	}
	s->known = *known;
	list_add_tail(&ts->fast_servers, &s->link);
}
