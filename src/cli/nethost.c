/* SPDX-License-Identifier: MIT */
/*
 * The network file's hosts: cables, loopback, and commands with what they wait for.
 *
 * A host with one command has the keys of the command beside its own; a host with several has a
 * list under `commands:`. All hosts are named before the first is read, so that `after` may
 * point forward.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "cli/netread.h"
#include "cli/sysctls.h"
#include "cli/units.h"
#include "cli/xalloc.h"

#define AFTER_EXPECTED "HOST (has ended), HOST:PORT or HOST:PORT/udp (listens)"

/* --- cables --- */

static void take_ip(struct netread *r, const struct ynode *n, int family,
		    struct sockaddr_storage *out, struct diag_pos *out_pos)
{
	void *to = family == AF_INET ? (void *)&((struct sockaddr_in *)out)->sin_addr
				     : (void *)&((struct sockaddr_in6 *)out)->sin6_addr;

	*out_pos = n->pos;
	if (n->kind == YNODE_SCALAR && inet_pton(family, n->text, to) == 1) {
		out->ss_family = (sa_family_t)family;
		return;
	}
	diag_add(r->diag, n->pos,
		 family == AF_INET ? "an address such as 10.9.0.1"
				   : "an address such as fd09::1, or auto",
		 "bad address '%s'", n->kind == YNODE_SCALAR ? n->text : ynode_kind_name(n));
}

static void take_address(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_cable *c = object;

	take_ip(r, n, AF_INET, &c->address, &c->address_pos);
}

static void take_address6(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_cable *c = object;

	c->address6_pos = n->pos;
	c->auto6 = n->kind == YNODE_SCALAR && strcmp(n->text, "auto") == 0;
	if (!c->auto6)
		take_ip(r, n, AF_INET6, &c->address6, &c->address6_pos);
}

static struct netem_pair *cable_impair(void *object)
{
	return &((struct netfile_cable *)object)->impair;
}

static void take_cable(struct netread *r, int host, const struct ynode *key,
		       const struct ynode *value)
{
	static const struct netread_field fields[] = {
		{"address", take_address}, {"address6", take_address6}, {NULL, NULL}};
	static const struct netread_schema schema = {"a cable", fields, cable_impair, NULL};
	const char *name = netread_text(r, key, "a network", "the name of a network");
	struct netfile_host *h = &r->file->hosts[host];
	struct netfile_cable *c;
	int network;

	if (!name)
		return;
	network = netfile_find_network(r->file, name);
	if (network < 0) {
		char *known = netread_network_names(r->file);

		diag_add(r->diag, key->pos, known, "unknown network '%s'", name);
		free(known);
		return;
	}
	for (size_t i = 0; i < h->cable_count; i++) {
		if (h->cables[i].network == network) {
			diag_add(r->diag, key->pos, NULL, "host '%s' is on network '%s' twice",
				 h->name, name);
			return;
		}
	}
	c = netfile_add_cable(r->file, host, network);
	c->pos = key->pos;
	if (value)
		netread_map(r, value, &schema, c);
}

static void take_cables(struct netread *r, const struct ynode *n, void *object)
{
	int host = (int)((struct netfile_host *)object - r->file->hosts);

	if (n->kind == YNODE_MAP) {
		for (size_t i = 0; i < n->count; i++)
			take_cable(r, host, n->keys[i], n->values[i]);
	} else if (n->kind == YNODE_LIST) {
		for (size_t i = 0; i < n->count; i++)
			take_cable(r, host, n->values[i], NULL);
	} else {
		diag_add(r->diag, n->pos, "names with their settings, or a list of names",
			 "%s as networks", ynode_kind_name(n));
	}
}

static struct netem_words *loopback_words(void *object)
{
	return object;
}

static void take_loopback(struct netread *r, const struct ynode *n, void *object)
{
	static const struct netread_field fields[] = {{NULL, NULL}};
	static const struct netread_schema schema = {"a loopback", fields, NULL, loopback_words};
	struct netfile_host *h = object;

	netread_map(r, n, &schema, &h->loopback);
}

static void take_alias(struct netread *r, const struct ynode *n, struct netfile_host *h)
{
	if (!netread_name(r, n, "host"))
		return;
	h->aliases = xgrow(h->aliases, &h->alias_capacity, h->alias_count + 1, sizeof(char *));
	h->aliases[h->alias_count++] = xstrdup(n->text);
}

static void take_aliases(struct netread *r, const struct ynode *n, void *object)
{
	if (n->kind != YNODE_LIST) {
		take_alias(r, n, object);
		return;
	}
	for (size_t i = 0; i < n->count; i++)
		take_alias(r, n->values[i], object);
}

static void take_sysctls(struct netread *r, const struct ynode *n, void *object)
{
	for (size_t i = 0; n->kind == YNODE_MAP && i < n->count; i++) {
		const char *name = n->keys[i]->text;
		const char *expected = "a whole number";
		const struct ynode *value = n->values[i];
		int64_t number;

		if (value->kind == YNODE_SCALAR &&
		    sysctls_parse(name, value->text, &number, &expected) == 0)
			netfile_add_sysctl(object, name, number);
		else
			diag_add(r->diag, value->pos, expected, "bad sysctl '%s'", name);
	}
	if (n->kind != YNODE_MAP)
		diag_add(r->diag, n->pos, "`NAME: NUMBER` pairs", "%s as sysctls",
			 ynode_kind_name(n));
}

/* --- commands --- */

static void take_argv(struct netread *r, const struct ynode *n, struct netfile_command *c)
{
	size_t used = 0;
	size_t capacity = 0;

	c->argv = xcalloc(n->count + 1, sizeof(char *));
	for (size_t i = 0; i < n->count; i++) {
		const struct ynode *word = n->values[i];
		size_t length = strlen(word->text);

		if (word->kind == YNODE_LIST || word->kind == YNODE_MAP) {
			diag_add(r->diag, word->pos, "a word", "%s in a command",
				 ynode_kind_name(word));
			return;
		}
		c->argv[i] = xstrdup(word->text);
		c->text = xgrow(c->text, &capacity, used + length + 2, 1);
		memcpy(c->text + used, word->text, length);
		used += length;
		c->text[used++] = i + 1 == n->count ? '\0' : ' ';
	}
}

static void take_command(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_command *c = object;

	c->pos = n->pos;
	if (n->kind == YNODE_LIST && n->count > 0) {
		take_argv(r, n, c);
		return;
	}
	if (n->kind != YNODE_SCALAR || n->text[strspn(n->text, " \t\n")] == '\0') {
		diag_add(r->diag, n->pos, "a line for the shell, or a list of words",
			 "missing command");
		return;
	}
	c->argv = xcalloc(4, sizeof(char *));
	c->argv[0] = xstrdup("/bin/sh");
	c->argv[1] = xstrdup("-c");
	c->argv[2] = xstrdup(n->text);
	c->text = xstrdup(n->text);
}

static void take_exit(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_command *c = object;
	uint64_t status;

	if (unit_count(n->text, 0, 255, &status) < 0)
		diag_add(r->diag, n->pos, "a number from 0 to 255", "bad exit status '%s'",
			 n->text);
	else
		c->exit = (int)status;
}

static void take_expect(struct netread *r, const struct ynode *n, void *object)
{
	static const struct netread_field fields[] = {{"exit", take_exit}, {NULL, NULL}};
	static const struct netread_schema schema = {"an expectation", fields, NULL, NULL};
	struct netfile_command *c = object;

	if (n->kind == YNODE_MAP && n->count > 0)
		netread_map(r, n, &schema, c);
	else if (n->kind == YNODE_SCALAR && strcmp(n->text, "running") == 0)
		c->running = true;
	else
		diag_add(r->diag, n->pos, "`running` or `{exit: N}`", "bad expect '%s'",
			 n->kind == YNODE_SCALAR ? n->text : ynode_kind_name(n));
}

static void add_after(struct netfile_command *c, const struct netfile_after *a)
{
	c->after = xgrow(c->after, &c->after_capacity, c->after_count + 1, sizeof(*a));
	c->after[c->after_count++] = *a;
}

/* "80", "80/tcp" or "53/udp". */
static bool parse_port(const char *text, struct netfile_after *a)
{
	const char *slash = strchr(text, '/');
	char number[8] = "";
	size_t digits = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t port;

	if (digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	if (unit_count(number, 1, 65535, &port) < 0)
		return false;
	if (slash && strcmp(slash, "/tcp") != 0 && strcmp(slash, "/udp") != 0)
		return false;
	a->listens = true;
	a->port = (uint16_t)port;
	a->type = slash && strcmp(slash, "/udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	return true;
}

static void take_after_text(struct netread *r, const struct ynode *n, struct netfile_command *c)
{
	struct netfile_after a = {.type = SOCK_STREAM, .pos = n->pos};
	const char *text = netread_text(r, n, "after", AFTER_EXPECTED);
	const char *colon = text ? strchr(text, ':') : NULL;
	char *name;

	if (!text)
		return;
	if (colon && !parse_port(colon + 1, &a)) {
		diag_add(r->diag, n->pos, AFTER_EXPECTED, "bad port '%s'", colon + 1);
		return;
	}
	name = xstrndup(text, colon ? (size_t)(colon - text) : strlen(text));
	a.host = netread_host(r, n, name);
	free(name);
	if (a.host >= 0)
		add_after(c, &a);
}

static void take_after_host(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_after *a = object;
	const char *name = netread_text(r, n, "a host", "the name of a host");

	if (name)
		a->host = netread_host(r, n, name);
}

static void take_after_port(struct netread *r, const struct ynode *n, void *object)
{
	if (!parse_port(n->text, object))
		diag_add(r->diag, n->pos, "a port such as 80, or 53/udp", "bad port '%s'", n->text);
}

static void take_after_map(struct netread *r, const struct ynode *n, struct netfile_command *c)
{
	static const struct netread_field fields[] = {
		{"host", take_after_host}, {"port", take_after_port}, {NULL, NULL}};
	static const struct netread_schema schema = {"an `after`", fields, NULL, NULL};
	struct netfile_after a = {.host = -1, .type = SOCK_STREAM, .pos = n->pos};

	if (!ynode_get(n, "host"))
		diag_add(r->diag, n->pos, "`{host: NAME, port: PORT}`", "`after` without a host");
	netread_map(r, n, &schema, &a);
	if (a.host >= 0)
		add_after(c, &a);
}

static void take_after_one(struct netread *r, const struct ynode *n, struct netfile_command *c)
{
	if (n->kind == YNODE_MAP)
		take_after_map(r, n, c);
	else
		take_after_text(r, n, c);
}

static void take_after(struct netread *r, const struct ynode *n, void *object)
{
	if (n->kind != YNODE_LIST) {
		take_after_one(r, n, object);
		return;
	}
	for (size_t i = 0; i < n->count; i++)
		take_after_one(r, n->values[i], object);
}

static void add_env(struct netfile_command *c, char *entry)
{
	c->env = xgrow(c->env, &c->env_capacity, c->env_count + 1, sizeof(char *));
	c->env[c->env_count++] = entry;
}

static void take_environment(struct netread *r, const struct ynode *n, void *object)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct ynode *value = n->values[i];
		bool plain = value->kind == YNODE_SCALAR || value->kind == YNODE_NULL;

		if (!plain ||
		    (n->kind == YNODE_LIST && (value->text[0] == '\0' || value->text[0] == '=')))
			diag_add(r->diag, value->pos, "a word", "%s in an environment",
				 ynode_kind_name(value));
		else if (n->kind == YNODE_LIST)
			add_env(object, xstrdup(value->text));
		else if (value->kind == YNODE_NULL)
			add_env(object, xstrdup(n->keys[i]->text));
		else
			add_env(object, xasprintf("%s=%s", n->keys[i]->text, value->text));
	}
	if (n->kind == YNODE_SCALAR)
		diag_add(r->diag, n->pos, "`NAME: value` pairs, or a list of NAME=value",
			 "a word as environment");
}

static void take_cwd(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_command *c = object;
	const char *text = netread_text(r, n, "working_dir", "a directory");

	if (text)
		c->cwd = xstrdup(text);
}

#define COMMAND_FIELDS                                                                             \
	{"command", take_command}, {"expect", take_expect}, {"after", take_after},                 \
		{"environment", take_environment},                                                 \
	{                                                                                          \
		"working_dir", take_cwd                                                            \
	}

static const struct netread_field command_fields[] = {COMMAND_FIELDS, {NULL, NULL}};
static const struct netread_schema command_schema = {"a command", command_fields, NULL, NULL};

static void take_one_command(struct netread *r, const struct ynode *n, struct netfile_host *h)
{
	if (n->kind != YNODE_MAP) {
		take_command(r, n, netfile_add_command(h));
		return;
	}
	if (!ynode_get(n, "command"))
		diag_add(r->diag, n->pos, "`command:`", "missing command");
	netread_map(r, n, &command_schema, netfile_add_command(h));
}

static void take_commands(struct netread *r, const struct ynode *n, void *object)
{
	if (n->kind != YNODE_LIST) {
		diag_add(r->diag, n->pos, "a list of commands", "%s as commands",
			 ynode_kind_name(n));
		return;
	}
	for (size_t i = 0; i < n->count; i++)
		take_one_command(r, n->values[i], object);
}

/* The keys of a host's only command, which stand beside the host's own. */
static void take_command_fields(struct netread *r, const struct ynode *host, struct netfile_host *h)
{
	struct netfile_command *c = NULL;
	const struct ynode *command = ynode_get(host, "command");

	if (command)
		c = netfile_add_command(h);
	for (const struct netread_field *f = command_fields; f->key; f++) {
		const struct ynode *value = ynode_get(host, f->key);

		if (value && c)
			f->take(r, value, c);
		else if (value && ynode_get(host, "commands"))
			diag_add(r->diag, value->pos, "it with each of the commands",
				 "'%s' beside `commands`", f->key);
		else if (value)
			diag_add(r->diag, value->pos, "`command:` beside it",
				 "'%s' without a command", f->key);
	}
}

/* --- hosts --- */

static void take_host(struct netread *r, int host, const struct ynode *n)
{
	/* The keys of a command may stand beside the host's own; they are read separately. */
	static const struct netread_field fields[] = {
		{"networks", take_cables},
		{"loopback", take_loopback},
		{"aliases", take_aliases},
		{"sysctls", take_sysctls},
		{"command", NULL},
		{"commands", take_commands},
		{"expect", NULL},
		{"after", NULL},
		{"environment", NULL},
		{"working_dir", NULL},
		{NULL, NULL},
	};
	static const struct netread_schema schema = {"a host", fields, NULL, NULL};
	struct netfile_host *h = &r->file->hosts[host];

	netread_map(r, n, &schema, h);
	if (n->kind == YNODE_MAP)
		take_command_fields(r, n, h);
	if (ynode_get(n, "networks"))
		return;
	if (r->file->network_count == 1)
		netfile_add_cable(r->file, host, 0)->pos = h->pos;
	else
		diag_add(r->diag, h->pos, "`networks:` with at least one of the networks",
			 "host '%s' is on no network", h->name);
}

void netread_hosts(struct netread *r, const struct ynode *n, void *file)
{
	size_t count = n->kind == YNODE_MAP ? n->count : 0;
	int *indexes = xcalloc(count, sizeof(*indexes));

	(void)file; /* the same as r->file */
	if (count == 0)
		diag_add(r->diag, n->pos, "names with their settings", "no hosts");
	for (size_t i = 0; i < count; i++) {
		indexes[i] = -1;
		if (!netread_name(r, n->keys[i], "host"))
			continue;
		indexes[i] = netfile_add_host(r->file, n->keys[i]->text);
		r->file->hosts[indexes[i]].pos = n->keys[i]->pos;
	}
	for (size_t i = 0; i < count; i++) {
		if (indexes[i] >= 0)
			take_host(r, indexes[i], n->values[i]);
	}
	free(indexes);
}
