/* SPDX-License-Identifier: MIT */
/*
 * Who is called what: the names and addresses of all hosts, in two hash tables. Names are
 * kept in lower case, since DNS compares them so (RFC 1035 §2.3.3). A host's own name and its
 * aliases are entries of the same kind.
 *
 * The entries are the tables', and freed with the world.
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "world/core.h"

#define NAME_MAX_BYTES 253u
#define LABEL_MAX_BYTES 63u

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool name_char(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

bool directory_name_ok(const char *name)
{
	size_t label = 0;
	bool has_letter = false;
	size_t i;

	for (i = 0; name[i]; i++) {
		if (i >= NAME_MAX_BYTES)
			return false;
		if (name[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!name_char(name[i]) || (label == 0 && name[i] == '-') ||
		    ++label > LABEL_MAX_BYTES)
			return false;
		has_letter |= name[i] < '0' || name[i] > '9';
	}
	/* Digits and dots alone would be taken for an address. */
	return i > 0 && label > 0 && has_letter;
}

/* Lower case into `out`; false: too long. */
static bool fold(const char *name, char out[NAME_MAX_BYTES + 1])
{
	size_t bytes = strlen(name);

	if (bytes > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i <= bytes; i++)
		out[i] = lower(name[i]);
	return true;
}

static struct host_name *find_name(const struct berth_world *w, const char *name,
				   uint32_t *out_hash, char folded[NAME_MAX_BYTES + 1])
{
	if (!fold(name, folded))
		return NULL;
	*out_hash = env_hash(&w->env, folded, strlen(folded));
	for (struct table_node *n = table_chain(&w->names, *out_hash); n; n = n->next) {
		struct host_name *entry = container_of(n, struct host_name, node);

		if (n->hash == *out_hash && strcmp(entry->text, folded) == 0)
			return entry;
	}
	return NULL;
}

int directory_add_name(struct berth_world *w, const char *name, int host)
{
	char folded[NAME_MAX_BYTES + 1];
	uint32_t hash = 0;

	if (!name || !directory_name_ok(name))
		return -EINVAL;
	if (find_name(w, name, &hash, folded))
		return -EEXIST;
	size_t bytes = strlen(folded) + 1;
	struct host_name *entry = env_calloc(&w->env, 1, sizeof(*entry) + bytes);

	if (!entry)
		return -ENOMEM;
	entry->host = host;
	memcpy(entry->text, folded, bytes);
	table_add(&w->names, &w->env, &entry->node, hash);
	return 0;
}

void directory_del_name(struct berth_world *w, const char *name)
{
	char folded[NAME_MAX_BYTES + 1];
	uint32_t hash = 0;
	struct host_name *entry = find_name(w, name, &hash, folded);

	ASSERT(entry);
	table_del(&w->names, &entry->node);
	env_free(&w->env, entry);
}

int directory_find_name(const struct berth_world *w, const char *name)
{
	char folded[NAME_MAX_BYTES + 1];
	uint32_t hash = 0;
	const struct host_name *entry = find_name(w, name, &hash, folded);

	return entry ? entry->host : -ENOENT;
}

static struct host_address *find_address(const struct berth_world *w, const struct netaddr *addr,
					 uint32_t *out_hash)
{
	*out_hash = env_hash(&w->env, addr->bytes, sizeof(addr->bytes));
	for (struct table_node *n = table_chain(&w->addresses, *out_hash); n; n = n->next) {
		struct host_address *entry = container_of(n, struct host_address, node);

		if (n->hash == *out_hash && netaddr_equal(&entry->addr, addr))
			return entry;
	}
	return NULL;
}

int directory_add_address(struct berth_world *w, const struct netaddr *addr, int host)
{
	uint32_t hash;

	if (find_address(w, addr, &hash))
		return -EEXIST;
	struct host_address *entry = env_calloc(&w->env, 1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->host = host;
	entry->addr = *addr;
	table_add(&w->addresses, &w->env, &entry->node, hash);
	return 0;
}

void directory_del_address(struct berth_world *w, const struct netaddr *addr)
{
	uint32_t hash;
	struct host_address *entry = find_address(w, addr, &hash);

	ASSERT(entry);
	table_del(&w->addresses, &entry->node);
	env_free(&w->env, entry);
}

int directory_find_address(const struct berth_world *w, const struct netaddr *addr)
{
	uint32_t hash;
	const struct host_address *entry = find_address(w, addr, &hash);

	return entry ? entry->host : -ENOENT;
}

static void free_nodes(struct berth_world *w, struct table *t, size_t node_offset)
{
	for (uint32_t i = 0; t->buckets && i <= t->mask; i++) {
		struct table_node *n;

		while ((n = t->buckets[i]) != NULL) {
			table_del(t, n);
			env_free(&w->env, (char *)n - node_offset);
		}
	}
	table_fini(t, &w->env);
}

void directory_fini(struct berth_world *w)
{
	free_nodes(w, &w->names, offsetof(struct host_name, node));
	free_nodes(w, &w->addresses, offsetof(struct host_address, node));
}

int berth_world_find_host(const struct berth_world *w, const char *name)
{
	return directory_find_name(w, name);
}

int berth_world_add_alias(struct berth_world *w, const char *name, int host)
{
	if (!world_host(w, host))
		return -EINVAL;
	return directory_add_name(w, name, host);
}
