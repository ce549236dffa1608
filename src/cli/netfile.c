/* SPDX-License-Identifier: MIT */
/*
 * The network file: from text to struct netfile.
 *
 * ydoc makes a tree of the text; then each part is read by a table of keys (netread), in the
 * order networks, hosts, timeline, whatever the order in the file, so that names are known
 * before they are used. Reading goes on after an error, so that one run shows all of them;
 * what was wrong is left out of the result, which is thrown away in the end. What only the
 * whole can show is checked afterwards (netcheck), and only if the parts were good.
 */
#include "cli/netfile.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/netread.h"
#include "cli/units.h"
#include "cli/xalloc.h"

#define FILE_BYTES_MAX (8u << 20)

/* --- building --- */

int netfile_add_network(struct netfile *f, const char *name)
{
	struct netfile_network *n;

	f->networks = xgrow(f->networks, &f->network_capacity, f->network_count + 1, sizeof(*n));
	n = &f->networks[f->network_count];
	memset(n, 0, sizeof(*n));
	n->name = xstrdup(name);
	return (int)f->network_count++;
}

int netfile_add_host(struct netfile *f, const char *name)
{
	struct netfile_host *h;

	f->hosts = xgrow(f->hosts, &f->host_capacity, f->host_count + 1, sizeof(*h));
	h = &f->hosts[f->host_count];
	memset(h, 0, sizeof(*h));
	h->name = xstrdup(name);
	return (int)f->host_count++;
}

struct netfile_cable *netfile_add_cable(struct netfile *f, int host, int network)
{
	struct netfile_host *h = &f->hosts[host];
	struct netfile_cable *c;

	h->cables = xgrow(h->cables, &h->cable_capacity, h->cable_count + 1, sizeof(*c));
	c = &h->cables[h->cable_count++];
	memset(c, 0, sizeof(*c));
	c->network = network;
	c->impair = f->networks[network].impair;
	return c;
}

struct netfile_command *netfile_add_command(struct netfile_host *h)
{
	struct netfile_command *c;

	h->commands = xgrow(h->commands, &h->command_capacity, h->command_count + 1, sizeof(*c));
	c = &h->commands[h->command_count++];
	memset(c, 0, sizeof(*c));
	return c;
}

void netfile_add_sysctl(struct netfile_host *h, const char *name, int64_t value)
{
	h->sysctls =
		xgrow(h->sysctls, &h->sysctl_capacity, h->sysctl_count + 1, sizeof(*h->sysctls));
	h->sysctls[h->sysctl_count++] =
		(struct netfile_sysctl){.name = xstrdup(name), .value = value};
}

bool netfile_name_ok(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > 63 || !isalnum((unsigned char)name[0]) ||
	    !isalnum((unsigned char)name[length - 1]))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	}
	return true;
}

int netfile_find_network(const struct netfile *f, const char *name)
{
	for (size_t i = 0; i < f->network_count; i++) {
		if (strcmp(f->networks[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

int netfile_find_host(const struct netfile *f, const char *name)
{
	for (size_t i = 0; i < f->host_count; i++) {
		if (strcmp(f->hosts[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static void free_strings(char **strings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(strings[i]);
	free(strings);
}

static void free_command(struct netfile_command *c)
{
	for (char **arg = c->argv; arg && *arg; arg++)
		free(*arg);
	free(c->argv);
	free(c->text);
	free(c->after);
	free_strings(c->env, c->env_count);
	free(c->cwd);
}

static void free_host(struct netfile_host *h)
{
	for (size_t i = 0; i < h->command_count; i++)
		free_command(&h->commands[i]);
	free(h->commands);
	free(h->cables);
	free_strings(h->aliases, h->alias_count);
	for (size_t i = 0; i < h->sysctl_count; i++)
		free(h->sysctls[i].name);
	free(h->sysctls);
	free(h->name);
}

void netfile_fini(struct netfile *f)
{
	for (size_t i = 0; i < f->network_count; i++)
		free(f->networks[i].name);
	for (size_t i = 0; i < f->host_count; i++)
		free_host(&f->hosts[i]);
	free(f->networks);
	free(f->hosts);
	free(f->steps);
	free(f->name);
	free(f->capture);
	memset(f, 0, sizeof(*f));
}

/* --- networks --- */

/* Reads "10.9.0.0/24". A subnet with bits set behind its prefix is a mistake. */
static void take_prefix(struct netread *r, const struct ynode *n, int family, const char *expected,
			struct sockaddr_storage *out, unsigned *out_prefix)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	unsigned width = family == AF_INET ? 32 : 128;
	const char *slash = strchr(n->text, '/');
	uint64_t prefix;

	if (n->kind != YNODE_SCALAR || !slash || (size_t)(slash - n->text) >= sizeof(text) ||
	    unit_count(slash + 1, 1, width - 2, &prefix) < 0)
		goto bad;
	memcpy(text, n->text, (size_t)(slash - n->text));
	text[slash - n->text] = '\0';
	if (inet_pton(family, text, bytes) != 1)
		goto bad;
	for (unsigned bit = (unsigned)prefix; bit < width; bit++) {
		if (bytes[bit / 8] & 0x80u >> bit % 8) {
			diag_add(r->diag, n->pos, "zeros there",
				 "bits of '%s' are set behind its prefix", n->text);
			return;
		}
	}
	out->ss_family = (sa_family_t)family;
	if (family == AF_INET)
		memcpy(&((struct sockaddr_in *)out)->sin_addr, bytes, 4);
	else
		memcpy(&((struct sockaddr_in6 *)out)->sin6_addr, bytes, 16);
	*out_prefix = (unsigned)prefix;
	return;
bad:
	diag_add(r->diag, n->pos, expected, "bad subnet '%s'",
		 n->kind == YNODE_SCALAR ? n->text : ynode_kind_name(n));
}

static void take_subnet(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_network *network = object;

	network->subnet_pos = n->pos;
	take_prefix(r, n, AF_INET, "a subnet such as 10.9.0.0/24", &network->subnet,
		    &network->prefix);
}

static void take_subnet6(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_network *network = object;

	network->subnet_pos = n->pos;
	take_prefix(r, n, AF_INET6, "a subnet such as \"fd09::/64\"", &network->subnet6,
		    &network->prefix6);
}

/* The size of packets that the network's interfaces send; the word of the same name among a
 * cable's impairments loses larger ones. */
static void take_mtu(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile_network *network = object;
	uint64_t mtu;

	(void)r;
	if (unit_count(n->text, 68, 65535, &mtu) < 0)
		return; /* said already, when the impairments were read */
	network->mtu = (uint32_t)mtu;
	network->impair.up.set &= ~(1u << NETEM_MTU);
	network->impair.down.set &= ~(1u << NETEM_MTU);
	network->impair.up.value.mtu = 0;
	network->impair.down.value.mtu = 0;
}

static struct netem_pair *network_impair(void *object)
{
	return &((struct netfile_network *)object)->impair;
}

static void take_network(struct netread *r, const struct ynode *key, const struct ynode *value)
{
	static const struct netread_field fields[] = {
		{"subnet", take_subnet},
		{"subnet6", take_subnet6},
		{"mtu", take_mtu},
		{NULL, NULL},
	};
	static const struct netread_schema schema = {"a network", fields, network_impair, NULL};
	int index;

	if (!netread_name(r, key, "network"))
		return;
	if (strcmp(key->text, "lo") == 0) {
		diag_add(r->diag, key->pos, "another name", "'lo' names every host's loopback");
		return;
	}
	if (netfile_find_network(r->file, key->text) >= 0) {
		diag_add(r->diag, key->pos, NULL, "network '%s' stands twice", key->text);
		return;
	}
	index = netfile_add_network(r->file, key->text);
	r->file->networks[index].pos = key->pos;
	if (value)
		netread_map(r, value, &schema, &r->file->networks[index]);
}

void netread_networks(struct netread *r, const struct ynode *n, void *file)
{
	(void)file; /* the same as r->file */
	if (n->kind == YNODE_MAP) {
		for (size_t i = 0; i < n->count; i++)
			take_network(r, n->keys[i], n->values[i]);
	} else if (n->kind == YNODE_LIST) {
		for (size_t i = 0; i < n->count; i++)
			take_network(r, n->values[i], NULL);
	} else {
		diag_add(r->diag, n->pos, "names with their settings, or a list of names",
			 "%s as networks", ynode_kind_name(n));
	}
}

/* --- the file --- */

static void take_name(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile *f = object;

	if (netread_name(r, n, "network file")) {
		free(f->name);
		f->name = xstrdup(n->text);
	}
}

static void take_seed(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile *f = object;

	if (unit_count(n->text, 0, UINT64_MAX, &f->seed) < 0)
		diag_add(r->diag, n->pos, "a whole number, at most 64 bits", "bad seed '%s'",
			 n->text);
	f->has_seed = true;
}

static void take_capture(struct netread *r, const struct ynode *n, void *object)
{
	struct netfile *f = object;
	const char *text = netread_text(r, n, "capture", "the name of a file, or \"-\"");

	if (text)
		f->capture = xstrdup(text);
}

/* "dir/shop.yaml" is the network "shop". */
static char *name_of_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	return xstrndup(base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

static void read_root(struct netread *r, const struct ynode *root)
{
	static const struct netread_field fields[] = {
		{"name", take_name},
		{"seed", take_seed},
		{"networks", netread_networks},
		{"hosts", netread_hosts},
		{"timeline", netread_timeline},
		{"capture", take_capture},
		{NULL, NULL},
	};
	static const struct netread_schema schema = {"a network file", fields, NULL, NULL};

	if (root->kind == YNODE_MAP && !ynode_get(root, "networks"))
		(void)netfile_add_network(r->file, "net"); /* its index is 0 */
	netread_map(r, root, &schema, r->file);
	if (root->kind == YNODE_NULL || (root->kind == YNODE_MAP && !ynode_get(root, "hosts")))
		diag_add(r->diag, root->pos, "`hosts:` with at least one host", "no hosts");
}

int netfile_parse(struct netfile *out, const char *path, const char *text, size_t bytes,
		  struct diag *d)
{
	struct netread r = {out, d};
	size_t before = d->count;
	struct ydoc doc;

	memset(out, 0, sizeof(*out));
	if (ydoc_parse(&doc, text, bytes, d) < 0)
		return -EINVAL;
	out->name = name_of_path(path);
	read_root(&r, doc.root);
	ydoc_fini(&doc);
	if (d->count == before)
		(void)netfile_check(out, d); /* counted below */
	if (d->count == before)
		return 0;
	netfile_fini(out);
	return -EINVAL;
}

/* The whole of a file, or NULL and errno. */
static char *read_file(const char *path, size_t *out_bytes)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t capacity = 0;
	size_t used = 0;
	ssize_t n = -1;

	while (fd >= 0) {
		text = xgrow(text, &capacity, used + 4096, 1);
		n = read(fd, text + used, capacity - used);
		if (n <= 0)
			break;
		used += (size_t)n;
		if (used > FILE_BYTES_MAX) {
			errno = EFBIG;
			n = -1;
			break;
		}
	}
	if (n < 0) {
		int saved = errno;

		free(text);
		text = NULL;
		errno = saved;
	}
	if (fd >= 0)
		(void)close(fd); /* only read from */
	*out_bytes = used;
	return text;
}

int netfile_load(struct netfile *out, const char *path, struct diag *d)
{
	size_t bytes;
	char *text = read_file(path, &bytes);
	int err;

	memset(out, 0, sizeof(*out));
	if (!text) {
		diag_add(d, (struct diag_pos){0, 0}, NULL, "%s", strerror(errno));
		return -EINVAL;
	}
	err = netfile_parse(out, path, text, bytes, d);
	free(text);
	return err;
}
