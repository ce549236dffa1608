/* SPDX-License-Identifier: MIT */
/*
 * A YAML document as a tree in which every node knows its place in the file. Aliases and anchors
 * are resolved (`*x` is the node that `&x` named), so the tree is a graph: walk it by
 * schema, never blindly.
 */
#ifndef CLI_YDOC_H
#define CLI_YDOC_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/diag.h"

enum ynode_kind {
	YNODE_NULL, /* empty, ~ or null */
	YNODE_SCALAR,
	YNODE_LIST,
	YNODE_MAP, /* keys are scalars, no key twice */
};

struct ynode {
	enum ynode_kind kind;
	struct diag_pos pos;
	bool quoted;  /* a scalar in quotes: never null */
	char *text;   /* of a scalar, "" otherwise */
	size_t count; /* items of a list, pairs of a map */
	struct ynode **values;
	struct ynode **keys; /* of a map */
};

struct ydoc {
	struct ynode *nodes; /* all of them */
	size_t count;
	const struct ynode *root;
};

/* Reads a document from `text`. 0; -EINVAL: `d` says what is wrong, and `doc` is empty. */
int ydoc_parse(struct ydoc *doc, const char *text, size_t bytes, struct diag *d);
void ydoc_fini(struct ydoc *doc);

/* The value of a key of a map, or NULL. Not a map: NULL. */
const struct ynode *ynode_get(const struct ynode *map, const char *key);

/* "a list", for messages. */
const char *ynode_kind_name(const struct ynode *n);

#endif
