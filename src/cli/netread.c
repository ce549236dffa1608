/* SPDX-License-Identifier: MIT */
/*
 * Mappings by table. Fields are taken in the order of the table, whatever their order in the file,
 * and unknown keys are refused with the nearest known one, or with all of them. The words of
 * impairments may stand among the keys of some mappings; those under `up:` and `down:` win over
 * those for both directions.
 */
#include "cli/netread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define WORD_BYTES 32

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be changed, added or taken away to make one word of the other. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_BYTES + 1];
	size_t m = strlen(a);
	size_t n = strlen(b);

	if (m > WORD_BYTES || n > WORD_BYTES)
		return WORD_BYTES;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = smaller(change, smaller(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

struct word_list {
	const char *words[48];
	size_t count;
};

static void list_add(struct word_list *l, const char *word)
{
	if (l->count < sizeof(l->words) / sizeof(l->words[0]))
		l->words[l->count++] = word;
}

static void list_keys(struct word_list *l, const struct netread_schema *schema)
{
	l->count = 0;
	for (const struct netread_field *f = schema->fields; f->key; f++) {
		if (netem_find(f->key) == NETEM_KEYS)
			list_add(l, f->key);
	}
	if (!schema->impair && !schema->words)
		return;
	for (unsigned key = 0; key < NETEM_KEYS; key++)
		list_add(l, netem_name((enum netem_key)key));
	if (schema->impair) {
		list_add(l, "up");
		list_add(l, "down");
	}
}

static void unknown_key(struct netread *r, const struct ynode *key,
			const struct netread_schema *schema)
{
	struct word_list known;
	const char *nearest = NULL;
	char expected[512] = "one of";
	size_t best = 3;
	size_t used = strlen(expected);

	list_keys(&known, schema);
	for (size_t i = 0; i < known.count; i++) {
		size_t d = distance(key->text, known.words[i]);

		if (d < best && d < strlen(known.words[i])) {
			best = d;
			nearest = known.words[i];
		}
		used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s %s",
					 i ? "," : "", known.words[i]);
		if (used >= sizeof(expected))
			break;
	}
	if (nearest)
		snprintf(expected, sizeof(expected), "'%s'", nearest);
	diag_add(r->diag, key->pos, expected, "unknown key '%s' in %s", key->text, schema->what);
}

static bool is_known(const char *key, const struct netread_schema *schema)
{
	struct word_list known;

	list_keys(&known, schema);
	for (size_t i = 0; i < known.count; i++) {
		if (strcmp(key, known.words[i]) == 0)
			return true;
	}
	return false;
}

static void take_words(struct netread *r, const struct ynode *n, struct netem_words *words)
{
	for (size_t i = 0; i < n->count; i++) {
		enum netem_key key = netem_find(n->keys[i]->text);
		const struct ynode *value = n->values[i];
		const char *expected;

		if (key == NETEM_KEYS)
			continue;
		if (netem_parse(words, key, value->text, &expected) == 0)
			continue;
		if (value->kind == YNODE_SCALAR)
			diag_add(r->diag, value->pos, expected, "bad %s '%s'", netem_name(key),
				 value->text);
		else
			diag_add(r->diag, value->pos, expected, "%s as %s", ynode_kind_name(value),
				 netem_name(key));
	}
}

static struct netem_words *same_words(void *object)
{
	return object;
}

/* The words for both directions first, then those for one, which win. */
static void take_pair(struct netread *r, const struct ynode *n, struct netem_pair *pair)
{
	static const struct netread_field none[] = {{NULL, NULL}};
	static const struct netread_schema direction = {"a direction", none, NULL, same_words};
	const struct ynode *up = ynode_get(n, "up");
	const struct ynode *down = ynode_get(n, "down");
	struct netem_words both = {0, {0}};

	take_words(r, n, &both);
	netem_merge_words(&pair->up, &both);
	netem_merge_words(&pair->down, &both);
	if (up)
		netread_map(r, up, &direction, &pair->up);
	if (down)
		netread_map(r, down, &direction, &pair->down);
}

void netread_map(struct netread *r, const struct ynode *n, const struct netread_schema *schema,
		 void *object)
{
	if (n->kind == YNODE_NULL)
		return;
	if (n->kind != YNODE_MAP) {
		diag_add(r->diag, n->pos, "a mapping (`key: value`)", "%s where %s should be",
			 ynode_kind_name(n), schema->what);
		return;
	}
	for (size_t i = 0; i < n->count; i++) {
		if (!is_known(n->keys[i]->text, schema))
			unknown_key(r, n->keys[i], schema);
	}
	if (schema->impair)
		take_pair(r, n, schema->impair(object));
	else if (schema->words)
		take_words(r, n, schema->words(object));
	for (const struct netread_field *f = schema->fields; f->key; f++) {
		const struct ynode *value = ynode_get(n, f->key);

		if (value && f->take)
			f->take(r, value, object);
	}
}

const char *netread_text(struct netread *r, const struct ynode *n, const char *what,
			 const char *expected)
{
	if (n->kind == YNODE_SCALAR && n->text[0] != '\0')
		return n->text;
	diag_add(r->diag, n->pos, expected, "%s as %s",
		 n->kind == YNODE_SCALAR ? "an empty word" : ynode_kind_name(n), what);
	return NULL;
}

bool netread_name(struct netread *r, const struct ynode *n, const char *what)
{
	if (n->kind == YNODE_SCALAR && netfile_name_ok(n->text))
		return true;
	diag_add(r->diag, n->pos, NETFILE_NAME_EXPECTED, "bad name '%s' for a %s", n->text, what);
	return false;
}

static char *join(const char *const *names, size_t count)
{
	char *all = xstrdup(count ? "" : "(none)");

	for (size_t i = 0; i < count && i < 16; i++) {
		const char *between = i == 0 ? "" : i + 1 == count ? " or " : ", ";
		char *longer = xasprintf("%s%s%s%s", all, between, names[i],
					 i == 15 && count > 16 ? ", ..." : "");

		free(all);
		all = longer;
	}
	return all;
}

char *netread_host_names(const struct netfile *f)
{
	const char **names = xcalloc(f->host_count, sizeof(*names));
	char *all;

	for (size_t i = 0; i < f->host_count; i++)
		names[i] = f->hosts[i].name;
	all = join(names, f->host_count);
	free(names);
	return all;
}

char *netread_network_names(const struct netfile *f)
{
	const char **names = xcalloc(f->network_count, sizeof(*names));
	char *all;

	for (size_t i = 0; i < f->network_count; i++)
		names[i] = f->networks[i].name;
	all = join(names, f->network_count);
	free(names);
	return all;
}

int netread_host(struct netread *r, const struct ynode *n, const char *name)
{
	int host = netfile_find_host(r->file, name);
	char *known;

	if (host >= 0)
		return host;
	known = netread_host_names(r->file);
	diag_add(r->diag, n->pos, known, "unknown host '%s'", name);
	free(known);
	return -1;
}
