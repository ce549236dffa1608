/* SPDX-License-Identifier: MIT */
/*
 * Reading a mapping of the network file by a table: each key with a function that takes its
 * value. Shared by the files that read the parts of a network file.
 */
#ifndef CLI_NETREAD_H
#define CLI_NETREAD_H

#include "cli/netfile.h"
#include "cli/ydoc.h"

struct netread {
	struct netfile *file;
	struct diag *diag;
};

struct netread_field {
	const char *key;
	void (*take)(struct netread *r, const struct ynode *value, void *object);
};

struct netread_schema {
	const char *what;		    /* "a host" */
	const struct netread_field *fields; /* ends with a NULL key; taken in this order */
	/* Where the impairments go whose words stand among the keys; NULL: there are none. */
	struct netem_pair *(*impair)(void *object);
	struct netem_words *(*words)(void *object); /* the same without up: and down: */
};

/* Takes the values of a map (an empty one if the node is null) and refuses unknown keys. */
void netread_map(struct netread *r, const struct ynode *n, const struct netread_schema *schema,
		 void *object);

/* The text of a scalar, or NULL after an error that says what was expected. */
const char *netread_text(struct netread *r, const struct ynode *n, const char *what,
			 const char *expected);

/* Whether a name may name a host or a network; else an error. `what` is "host". */
bool netread_name(struct netread *r, const struct ynode *n, const char *what);

/* The index of the host that a scalar names, or -1 after an error. */
int netread_host(struct netread *r, const struct ynode *n, const char *name);

/* "web, db and client", for messages; the caller frees it. */
char *netread_host_names(const struct netfile *f);
char *netread_network_names(const struct netfile *f);

/* The parts. */
void netread_networks(struct netread *r, const struct ynode *n, void *file);
void netread_hosts(struct netread *r, const struct ynode *n, void *file);
void netread_timeline(struct netread *r, const struct ynode *n, void *file);

#endif
