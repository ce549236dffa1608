/* SPDX-License-Identifier: MIT */
/*
 * The names of a host's AF_UNIX sockets (unix(7)).
 *
 * There is no file system: a path is a string of up to 108 bytes, and two paths are the same if
 * their bytes are. What programs see of paths is as if they were files: the name stays when its
 * socket is closed, connecting to it is refused then, binding to it is refused until somebody
 * unlinks it. An abstract name begins with a zero byte, has as many bytes as its length says, and
 * is gone with its socket; those of different types do not meet (Linux hashes them apart).
 *
 * A name is what getsockname() gives, family included. It is counted: the end that is bound to it
 * has a reference, so have the ends that a listener's name is passed to, and the table.
 *
 * Limit: as many names as sockets (limits.sockets_max).
 */
#include "unix/unix.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"

#define AUTOBIND_DIGITS 5u
#define AUTOBIND_NAMES (1u << (4 * AUTOBIND_DIGITS))

static bool is_abstract(const uint8_t *bytes)
{
	return bytes[UNIX_NAME_AT] == 0;
}

int unix_key_parse(const struct sockaddr *addr, socklen_t len, struct unix_key *out)
{
	sa_family_t family;

	if (len <= UNIX_NAME_AT || len > sizeof(struct sockaddr_un))
		return -EINVAL;
	memcpy(&family, addr, sizeof(family));
	if (family != AF_UNIX)
		return -EINVAL;
	memset(out->bytes, 0, sizeof(out->bytes));
	memcpy(out->bytes, addr, len);
	/* Linux: a path ends with its first zero byte, or one is added. */
	if (!is_abstract(out->bytes))
		len = UNIX_NAME_AT + (socklen_t)strlen((const char *)out->bytes + UNIX_NAME_AT) + 1;
	out->len = len;
	return 0;
}

static uint32_t hash_of(const struct env *env, const struct unix_key *key, uint8_t type)
{
	uint32_t hash = env_hash(env, key->bytes, key->len);

	return is_abstract(key->bytes) ? hash ^ type : hash;
}

static struct unix_name *look_up(const struct sockets *all, const struct unix_key *key,
				 uint8_t type)
{
	const struct table *names = &all->unix_space->names;
	uint32_t hash = hash_of(all->env, key, type);

	for (struct table_node *n = table_chain(names, hash); n; n = n->next) {
		struct unix_name *name = container_of(n, struct unix_name, node);

		if (n->hash == hash && name->len == key->len &&
		    memcmp(name->bytes, key->bytes, key->len) == 0 &&
		    (!is_abstract(key->bytes) || name->type == type))
			return name;
	}
	return NULL;
}

static int add(struct unix_sock *u, const struct unix_key *key)
{
	struct sockets *all = unix_sockets(u);
	struct table *names = &all->unix_space->names;
	struct unix_name *n;

	ASSERT(!u->end->name);
	if (names->count >= all->env->limits.sockets_max)
		return -ENOSPC;
	n = env_calloc(all->env, 1, sizeof(*n) + key->len);
	if (!n)
		return -ENOMEM;
	n->refs = 2;
	n->owner = u;
	n->type = u->sock.type;
	n->len = (uint8_t)key->len;
	memcpy(n->bytes, key->bytes, key->len);
	table_add(names, all->env, &n->node, hash_of(all->env, key, n->type));
	u->end->name = n;
	return 0;
}

void unix_name_put(struct env *env, struct unix_name *n)
{
	if (!n || --n->refs > 0)
		return;
	ASSERT(!table_node_linked(&n->node) && !n->owner);
	env_free(env, n);
}

static void take_off(struct sockets *all, struct unix_name *n)
{
	table_del(&all->unix_space->names, &n->node);
	unix_name_put(all->env, n);
}

int unix_bind(struct sock *s, const struct sockaddr *addr, socklen_t len)
{
	struct unix_sock *u = unix_of(s);
	struct unix_key key;
	sa_family_t family;
	int result;

	if (len == UNIX_NAME_AT) {
		memcpy(&family, addr, sizeof(family));
		if (family == AF_UNIX)
			return unix_autobind(u);
	}
	result = unix_key_parse(addr, len, &key);
	if (result < 0)
		return result;
	/* Linux makes the file first, and looks at the socket then. */
	if (is_abstract(key.bytes) && u->end->name)
		return -EINVAL;
	if (look_up(unix_sockets(u), &key, s->type))
		return -EADDRINUSE;
	return u->end->name ? -EINVAL : add(u, &key);
}

int unix_autobind(struct unix_sock *u)
{
	struct sockets *all = unix_sockets(u);
	uint32_t first = env_random_below(all->env, AUTOBIND_NAMES);
	struct unix_key key = {.len = UNIX_NAME_AT + 1 + AUTOBIND_DIGITS};
	const sa_family_t family = AF_UNIX;

	if (u->end->name)
		return 0;
	memcpy(key.bytes, &family, sizeof(family));
	for (uint32_t i = 0; i < AUTOBIND_NAMES; i++) {
		uint32_t number = (first + i) % AUTOBIND_NAMES;

		for (unsigned k = 0; k < AUTOBIND_DIGITS; k++) {
			unsigned digit = number >> 4 * (AUTOBIND_DIGITS - 1 - k) & 0xf;

			key.bytes[UNIX_NAME_AT + 1 + k] = (uint8_t) "0123456789abcdef"[digit];
		}
		if (!look_up(all, &key, u->sock.type))
			return add(u, &key);
	}
	return -ENOSPC;
}

int unix_find(const struct unix_sock *u, const struct unix_key *key, struct unix_sock **out)
{
	const struct unix_name *n = look_up(unix_sockets(u), key, u->sock.type);

	if (!n)
		return is_abstract(key->bytes) ? -ECONNREFUSED : -ENOENT;
	if (!n->owner)
		return -ECONNREFUSED;
	if (n->type != u->sock.type)
		return -EPROTOTYPE;
	*out = n->owner;
	return 0;
}

int unix_unlink(struct sockets *all, const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t bytes = strlen(path);
	struct unix_name *n;
	struct unix_key key;

	if (bytes > sizeof(un.sun_path))
		return -ENAMETOOLONG;
	if (bytes == 0)
		return -ENOENT;
	memcpy(un.sun_path, path, bytes);
	if (unix_key_parse((const struct sockaddr *)(const void *)&un,
			   (socklen_t)(UNIX_NAME_AT + bytes), &key) < 0)
		return -ENOENT;
	n = look_up(all, &key, 0);
	if (!n)
		return -ENOENT;
	take_off(all, n); /* its socket goes on, and keeps its address */
	return 0;
}

void unix_name_leave(struct unix_sock *u)
{
	struct unix_name *n = u->end->name;

	if (!n || n->owner != u)
		return;
	n->owner = NULL;
	if (!table_node_linked(&n->node))
		return; /* a path that was unlinked */
	if (is_abstract(n->bytes))
		take_off(unix_sockets(u), n);
}

socklen_t unix_name_give(const struct unix_end *e, struct sockaddr_storage *out)
{
	const sa_family_t family = AF_UNIX;

	STATIC_ASSERT(UNIX_NAME_MAX <= sizeof(*out));
	memset(out, 0, sizeof(*out));
	if (!e->name) {
		memcpy(out, &family, sizeof(family));
		return UNIX_NAME_AT;
	}
	memcpy(out, e->name->bytes, e->name->len);
	return e->name->len;
}
