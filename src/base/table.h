/* SPDX-License-Identifier: MIT */
/*
 * A hash table of intrusive nodes, chained, doubling as it fills. The caller hashes (with
 * env_hash(), which is keyed against chosen collisions) and compares.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct env;

struct table_node {
	struct table_node *next;
	struct table_node **pprev; /* NULL: in no table */
	uint32_t hash;
};

struct table {
	struct table_node **buckets;
	uint32_t mask; /* buckets - 1 */
	uint32_t count;
};

/* -ENOMEM. `buckets` is a power of two. */
int table_init(struct table *t, struct env *env, uint32_t buckets);
/* The nodes are the caller's to free, before. */
void table_fini(struct table *t, struct env *env);

/* Never fails: if the table cannot grow, its chains do. */
void table_add(struct table *t, struct env *env, struct table_node *n, uint32_t hash);
void table_del(struct table *t, struct table_node *n);

static inline bool table_node_linked(const struct table_node *n)
{
	return n->pprev != NULL;
}

/* The first node of the chain; go on with ->next and check ->hash first. */
static inline struct table_node *table_chain(const struct table *t, uint32_t hash)
{
	return t->buckets[hash & t->mask];
}

#endif
