/* SPDX-License-Identifier: MIT */
/*
 * YAML into a tree, by libyaml's document loader, which keeps the position of every node (a
 * schema library above it does not hand them out, and cannot express mappings whose keys are
 * names that the user chose).
 *
 * libyaml numbers the nodes of a document from 1; ours stand in one array in the same order, so an
 * alias is simply the same pointer twice. libyaml does not mind a key that stands twice in a
 * mapping: that is refused here. Nothing recurses; but libyaml looks at every open bracket for
 * each token, so a first pass, which keeps nothing, refuses what is nested too deeply.
 */
#include "cli/ydoc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "cli/xalloc.h"

#define DEPTH_MAX 64 /* a network file needs 6 */

static struct diag_pos pos_of(const yaml_mark_t *mark)
{
	struct diag_pos pos = {(unsigned)mark->line + 1, (unsigned)mark->column + 1};

	return pos;
}

/* The place of a byte offset, for errors of the character reader, which knows no lines. */
static struct diag_pos pos_of_offset(const char *text, size_t bytes, size_t offset)
{
	struct diag_pos pos = {1, 1};

	for (size_t i = 0; i < offset && i < bytes; i++) {
		pos.column++;
		if (text[i] == '\n') {
			pos.line++;
			pos.column = 1;
		}
	}
	return pos;
}

/* Whether the white space that begins the line at `mark` has a tab in it, and where. */
static bool tab_indents(const char *text, size_t bytes, const yaml_mark_t *mark,
			struct diag_pos *out)
{
	size_t i = mark->index < bytes ? mark->index : bytes;

	while (i > 0 && text[i - 1] != '\n')
		i--;
	for (unsigned column = 1; i < bytes && (text[i] == ' ' || text[i] == '\t'); i++, column++) {
		if (text[i] != '\t')
			continue;
		out->line = (unsigned)mark->line + 1;
		out->column = column;
		return true;
	}
	return false;
}

static void report(const yaml_parser_t *parser, const char *text, size_t bytes, struct diag *d)
{
	struct diag_pos pos;

	if (parser->error == YAML_MEMORY_ERROR) {
		diag_add(d, (struct diag_pos){0, 0}, NULL, "out of memory");
	} else if (parser->error == YAML_READER_ERROR) {
		diag_add(d, pos_of_offset(text, bytes, parser->problem_offset), "UTF-8 text", "%s",
			 parser->problem);
	} else if (tab_indents(text, bytes, &parser->problem_mark, &pos)) {
		diag_add(d, pos, "spaces", "a tab in the indentation");
	} else if (parser->context) {
		diag_add(d, pos_of(&parser->problem_mark), NULL, "not YAML: %s %s (line %u)",
			 parser->problem, parser->context, (unsigned)parser->context_mark.line + 1);
	} else {
		diag_add(d, pos_of(&parser->problem_mark), NULL, "not YAML: %s", parser->problem);
	}
}

static bool is_null(const char *text, bool quoted)
{
	return !quoted && (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
			   strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0);
}

static void take_scalar(struct ynode *n, const yaml_node_t *y, struct diag *d)
{
	const char *text = (const char *)y->data.scalar.value;

	n->text = xstrndup(text, y->data.scalar.length);
	n->quoted = y->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->kind = is_null(n->text, n->quoted) ? YNODE_NULL : YNODE_SCALAR;
	if (strlen(n->text) != y->data.scalar.length)
		diag_add(d, n->pos, "text", "a NUL character");
}

static void take_list(struct ydoc *doc, struct ynode *n, const yaml_node_t *y)
{
	const yaml_node_item_t *first = y->data.sequence.items.start;

	n->kind = YNODE_LIST;
	n->text = xstrdup("");
	n->count = (size_t)(y->data.sequence.items.top - first);
	n->values = xcalloc(n->count, sizeof(*n->values));
	for (size_t i = 0; i < n->count; i++)
		n->values[i] = &doc->nodes[first[i] - 1];
}

static void take_map(struct ydoc *doc, struct ynode *n, const yaml_node_t *y)
{
	const yaml_node_pair_t *first = y->data.mapping.pairs.start;

	n->kind = YNODE_MAP;
	n->text = xstrdup("");
	n->count = (size_t)(y->data.mapping.pairs.top - first);
	n->keys = xcalloc(n->count, sizeof(*n->keys));
	n->values = xcalloc(n->count, sizeof(*n->values));
	for (size_t i = 0; i < n->count; i++) {
		n->keys[i] = &doc->nodes[first[i].key - 1];
		n->values[i] = &doc->nodes[first[i].value - 1];
	}
}

static int compare_keys(const void *a, const void *b)
{
	const struct ynode *const *x = a;
	const struct ynode *const *y = b;
	int order = strcmp((*x)->text, (*y)->text);

	if (order != 0)
		return order;
	return (*x)->pos.line != (*y)->pos.line ? ((*x)->pos.line < (*y)->pos.line ? -1 : 1)
						: (int)(*x)->pos.column - (int)(*y)->pos.column;
}

/* Keys must be words, and stand once. Sorted to find doubles, so that a long map stays cheap. */
static void check_keys(const struct ynode *n, struct diag *d)
{
	struct ynode **sorted = xcalloc(n->count, sizeof(*sorted));

	for (size_t i = 0; i < n->count; i++) {
		sorted[i] = n->keys[i];
		if (sorted[i]->kind != YNODE_SCALAR)
			diag_add(d, sorted[i]->pos, "a word", "%s as a key",
				 ynode_kind_name(sorted[i]));
	}
	if (n->count > 1)
		qsort(sorted, n->count, sizeof(struct ynode *), compare_keys);
	for (size_t i = 1; i < n->count; i++) {
		if (sorted[i]->kind == YNODE_SCALAR &&
		    strcmp(sorted[i]->text, sorted[i - 1]->text) == 0)
			diag_add(d, sorted[i]->pos, NULL, "key '%s' stands twice, first in line %u",
				 sorted[i]->text, sorted[i - 1]->pos.line);
	}
	free(sorted);
}

static void take_nodes(struct ydoc *doc, yaml_document_t *y, struct diag *d)
{
	doc->count = (size_t)(y->nodes.top - y->nodes.start);
	doc->nodes = xcalloc(doc->count, sizeof(*doc->nodes));
	for (size_t i = 0; i < doc->count; i++) {
		const yaml_node_t *from = &y->nodes.start[i];
		struct ynode *n = &doc->nodes[i];

		n->pos = pos_of(&from->start_mark);
		if (from->type == YAML_SCALAR_NODE)
			take_scalar(n, from, d);
		else if (from->type == YAML_SEQUENCE_NODE)
			take_list(doc, n, from);
		else
			take_map(doc, n, from);
	}
	for (size_t i = 0; i < doc->count; i++) {
		if (doc->nodes[i].kind == YNODE_MAP)
			check_keys(&doc->nodes[i], d);
	}
	doc->root = doc->count > 0 ? &doc->nodes[0] : NULL;
}

/* One file is one document: what stands behind a second `---` would silently do nothing. */
static void refuse_second(yaml_parser_t *parser, const char *text, size_t bytes, struct diag *d)
{
	yaml_document_t document;

	if (!yaml_parser_load(parser, &document)) {
		report(parser, text, bytes, d);
		return;
	}
	if (yaml_document_get_root_node(&document))
		diag_add(d, pos_of(&document.start_mark), "one", "a second document in the file");
	yaml_document_delete(&document);
}

/* False: nested too deeply, reported. What is not YAML is left to the loader to report. */
static bool check_depth(const char *text, size_t bytes, struct diag *d)
{
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;
	int depth = 0;

	if (!yaml_parser_initialize(&parser))
		return true; /* no memory: the loader finds the same */
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
	while (more && depth <= DEPTH_MAX && yaml_parser_parse(&parser, &event)) {
		if (event.type == YAML_SEQUENCE_START_EVENT ||
		    event.type == YAML_MAPPING_START_EVENT)
			depth++;
		else if (event.type == YAML_SEQUENCE_END_EVENT ||
			 event.type == YAML_MAPPING_END_EVENT)
			depth--;
		if (depth > DEPTH_MAX)
			diag_add(d, pos_of(&event.start_mark), NULL,
				 "lists and mappings nested more than %d deep", DEPTH_MAX);
		more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return depth <= DEPTH_MAX;
}

int ydoc_parse(struct ydoc *doc, const char *text, size_t bytes, struct diag *d)
{
	size_t before = d->count;
	yaml_parser_t parser;
	yaml_document_t document;

	memset(doc, 0, sizeof(*doc));
	if (!check_depth(text, bytes, d))
		return -EINVAL;
	if (!yaml_parser_initialize(&parser)) {
		diag_add(d, (struct diag_pos){0, 0}, NULL, "out of memory");
		return -EINVAL;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
	if (yaml_parser_load(&parser, &document)) {
		take_nodes(doc, &document, d);
		yaml_document_delete(&document);
		if (!doc->root)
			diag_add(d, (struct diag_pos){1, 1}, "a mapping with `hosts:`",
				 "the file is empty");
		else
			refuse_second(&parser, text, bytes, d);
	} else {
		report(&parser, text, bytes, d);
	}
	yaml_parser_delete(&parser);
	if (d->count == before)
		return 0;
	ydoc_fini(doc);
	return -EINVAL;
}

void ydoc_fini(struct ydoc *doc)
{
	for (size_t i = 0; i < doc->count; i++) {
		free(doc->nodes[i].text);
		free(doc->nodes[i].keys);
		free(doc->nodes[i].values);
	}
	free(doc->nodes);
	memset(doc, 0, sizeof(*doc));
}

const struct ynode *ynode_get(const struct ynode *map, const char *key)
{
	if (!map || map->kind != YNODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->values[i];
	}
	return NULL;
}

const char *ynode_kind_name(const struct ynode *n)
{
	switch (n->kind) {
	case YNODE_NULL:
		return "nothing";
	case YNODE_SCALAR:
		return "a word";
	case YNODE_LIST:
		return "a list";
	case YNODE_MAP:
		return "a mapping";
	}
	return "nothing";
}
