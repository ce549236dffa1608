/* SPDX-License-Identifier: MIT */
/*
 * The network file's timeline: what happens to the cables while the programs run. A step has a time
 * and one action: a link with impairments, a partition, or a heal. Steps may stand in any
 * order.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/netread.h"
#include "cli/units.h"
#include "cli/xalloc.h"

static void take_at(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_step *s = object;

	if (unit_time(n->text, &s->at) < 0)
		diag_add(r->diag, n->pos, UNIT_TIME_EXPECTED, "bad time '%s'",
			 n->kind == YNODE_SCALAR ? n->text : ynode_kind_name(n));
}

static bool has_cable(const struct netfile_host *h, int network)
{
	for (size_t i = 0; i < h->cable_count; i++) {
		if (h->cables[i].network == network)
			return true;
	}
	return false;
}

static void take_link_network(struct netread *r, const struct ynode *n, const char *name,
			      struct netfile_step *s)
{
	const struct netfile_host *h = &r->file->hosts[s->host];

	if (strcmp(name, "lo") == 0) {
		s->network = NETFILE_LOOPBACK;
		return;
	}
	s->network = netfile_find_network(r->file, name);
	if (s->network < 0 || !has_cable(h, s->network))
		diag_add(r->diag, n->pos, "one of the host's networks, or lo",
			 "unknown link '%s': host '%s' is not on a network '%s'", n->text, h->name,
			 name);
}

static void take_link(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_step *s = object;
	const char *text = netread_text(r, n, "a link", "HOST or HOST:NETWORK");
	const char *colon = text ? strchr(text, ':') : NULL;
	char *name;

	if (!text)
		return;
	s->action = NETFILE_LINK;
	s->network = NETFILE_ALL_NETWORKS;
	name = xstrndup(text, colon ? (size_t)(colon - text) : strlen(text));
	s->host = netfile_find_host(r->file, name);
	if (s->host < 0) {
		char *known = netread_host_names(r->file);

		diag_add(r->diag, n->pos, known, "unknown link '%s': no host '%s'", text, name);
		free(known);
	} else if (colon) {
		take_link_network(r, n, colon + 1, s);
	}
	free(name);
}

static void take_two(struct netread *r, const struct ynode *n, struct netfile_step *s)
{
	if (n->kind != YNODE_LIST || n->count != 2) {
		diag_add(r->diag, n->pos, "two hosts, such as [web, client]", "%s",
			 n->kind == YNODE_LIST ? "not two hosts" : ynode_kind_name(n));
		return;
	}
	s->a = netread_host(r, n->values[0], n->values[0]->text);
	s->b = netread_host(r, n->values[1], n->values[1]->text);
	if (s->a >= 0 && s->a == s->b)
		diag_add(r->diag, n->pos, "two hosts", "a host and itself");
}

static void take_partition(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_step *s = object;

	s->action = NETFILE_PARTITION;
	take_two(r, n, s);
}

static void take_heal(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_step *s = object;

	s->action = NETFILE_HEAL;
	s->a = -1;
	s->b = -1;
	if (n->kind == YNODE_SCALAR && strcmp(n->text, "all") == 0)
		return;
	if (n->kind == YNODE_LIST)
		take_two(r, n, s);
	else
		diag_add(r->diag, n->pos, "`all` or two hosts, such as [web, client]",
			 "bad heal '%s'", n->text);
}

static void take_one_way(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_step *s = object;

	if (strcmp(n->text, "true") == 0)
		s->one_way = true;
	else if (strcmp(n->text, "false") != 0)
		diag_add(r->diag, n->pos, "true or false", "bad one_way '%s'", n->text);
}

static struct netem_pair *step_impair(void *object)
{
	return &((struct netfile_step *)object)->impair;
}

static unsigned count_keys(const struct ynode *n, const char *const *keys)
{
	unsigned count = 0;

	for (; *keys; keys++)
		count += ynode_get(n, *keys) != NULL;
	return count;
}

static void take_step(struct netread *r, const struct ynode *n, struct netfile_step *s)
{
	static const struct netread_field fields[] = {
		{"at", take_at},     {"link", take_link},	{"partition", take_partition},
		{"heal", take_heal}, {"one_way", take_one_way}, {NULL, NULL},
	};
	static const struct netread_schema schema = {"a step of the timeline", fields, step_impair,
						     NULL};
	static const char *const actions[] = {"link", "partition", "heal", NULL};
	unsigned given = count_keys(n, actions);
	unsigned words;

	s->pos = n->pos;
	netread_map(r, n, &schema, s);
	if (n->kind != YNODE_MAP)
		return;
	words = s->impair.up.set | s->impair.down.set;
	if (!ynode_get(n, "at"))
		diag_add(r->diag, n->pos, "`at:` with " UNIT_TIME_EXPECTED,
			 "a step without a time");
	if (given != 1)
		diag_add(r->diag, n->pos, "one of link, partition, heal", "%s in one step",
			 given == 0 ? "no action" : "two actions");
	else if (ynode_get(n, "link") && words == 0)
		diag_add(r->diag, n->pos, "at least one, such as `loss: 100%`",
			 "a link without impairments");
	else if (!ynode_get(n, "link") && words != 0)
		diag_add(r->diag, n->pos, "`link: HOST` beside it", "impairments without a link");
	if (ynode_get(n, "one_way") && !ynode_get(n, "partition"))
		diag_add(r->diag, n->pos, "`partition: [A, B]` beside it",
			 "one_way without a partition");
}

/* Steps may stand in any order in the file; those of the same time keep theirs. */
static void sort_steps(struct netfile *f)
{
	for (size_t i = 1; i < f->step_count; i++) {
		struct netfile_step step = f->steps[i];
		size_t to = i;

		for (; to > 0 && f->steps[to - 1].at > step.at; to--)
			f->steps[to] = f->steps[to - 1];
		f->steps[to] = step;
	}
}

void netread_timeline(struct netread *r, const struct ynode *n, void *file)
{
	struct netfile *f = file;

	if (n->kind == YNODE_NULL)
		return;
	if (n->kind != YNODE_LIST) {
		diag_add(r->diag, n->pos, "a list such as `- {at: 5s, link: web, loss: 100%}`",
			 "%s as timeline", ynode_kind_name(n));
		return;
	}
	for (size_t i = 0; i < n->count; i++) {
		f->steps = xgrow(f->steps, &f->step_capacity, f->step_count + 1, sizeof(*f->steps));
		memset(&f->steps[f->step_count], 0, sizeof(*f->steps));
		take_step(r, n->values[i], &f->steps[f->step_count++]);
	}
	sort_steps(f);
}
