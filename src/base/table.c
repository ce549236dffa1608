/* SPDX-License-Identifier: MIT */
#include "base/table.h"

#include <errno.h>

#include "base/check.h"
#include "base/env.h"

#define BUCKETS_MAX (1u << 28)

int table_init(struct table *t, struct env *env, uint32_t buckets)
{
	ASSERT(buckets > 0 && (buckets & (buckets - 1)) == 0 && buckets <= BUCKETS_MAX);
	t->buckets = env_calloc(env, buckets, sizeof(t->buckets[0]));
	if (t->buckets == NULL)
		return -ENOMEM;
	t->mask = buckets - 1;
	t->count = 0;
	return 0;
}

void table_fini(struct table *t, struct env *env)
{
	env_free(env, t->buckets);
	*t = (struct table){.buckets = NULL};
}

static void link_node(struct table_node **bucket, struct table_node *n)
{
	n->next = *bucket;
	if (n->next != NULL)
		n->next->pprev = &n->next;
	n->pprev = bucket;
	*bucket = n;
}

/* Doubles the buckets, at half as many nodes as there are buckets: a look-up that finds nothing,
 * and an addition, should not meet a stranger, whom it would have to fetch from memory. Each
 * addition has paid for moving one node, so additions stay O(1). */
static void grow(struct table *t, struct env *env)
{
	uint32_t buckets = (t->mask + 1) * 2;

	if (buckets > BUCKETS_MAX)
		return;
	struct table_node **bigger = env_calloc(env, buckets, sizeof(bigger[0]));

	if (bigger == NULL)
		return;
	for (uint32_t i = 0; i <= t->mask; i++) {
		struct table_node *n = t->buckets[i];

		while (n != NULL) {
			struct table_node *next = n->next;

			link_node(&bigger[n->hash & (buckets - 1)], n);
			n = next;
		}
	}
	env_free(env, t->buckets);
	t->buckets = bigger;
	t->mask = buckets - 1;
}

void table_add(struct table *t, struct env *env, struct table_node *n, uint32_t hash)
{
	ASSERT(!table_node_linked(n));
	if (t->count > t->mask / 2)
		grow(t, env);
	n->hash = hash;
	link_node(&t->buckets[hash & t->mask], n);
	t->count++;
}

void table_del(struct table *t, struct table_node *n)
{
	ASSERT(table_node_linked(n) && t->count > 0);
	*n->pprev = n->next;
	if (n->next != NULL)
		n->next->pprev = n->pprev;
	n->pprev = NULL;
	n->next = NULL;
	t->count--;
}
