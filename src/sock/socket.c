/* SPDX-License-Identifier: MIT */
/*
 * The descriptor table and the life of a socket.
 *
 * The lowest free descriptor is found through two bitmaps, one bit per descriptor and one per full
 * word of those, from a mark below which none is free: a few steps however many are open.
 *
 * A struct socket is what the program holds, a struct sock what the protocol holds; close() takes
 * the former away, and the latter lives on until its last packet has been acknowledged.
 *
 * Ownership: the table owns sockets; a socket owns its sock until socket_close(). One that was
 * passed on has several descriptors, or is in messages: passed.c counts them.
 */
#include "sock/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/env.h"
#include "sock/passed.h"
#include "sock/ready.h"

#define WORD_BITS 64u
#define PASSED_BUCKETS 8u
#define TABLE_STEP 4096u /* descriptors; one word of `full` */

static void on_owner(void *ctx, const struct sock *s, struct berth_sock_owner *out)
{
	const struct sockets *all = ctx;
	const struct socket *so = s->upper;

	if (all->owner && so->user)
		all->owner(so->user, out);
}

struct sockets *sockets_new(struct env *env, struct transport *tp,
			    const struct proto *const *protos)
{
	struct sockets *all = env_calloc(env, 1, sizeof(*all));

	if (!all)
		return NULL;
	all->env = env;
	all->tp = tp;
	all->protos = protos;
	list_init(&all->events);
	list_init(&all->in_flight);
	list_init(&all->dying);
	if (table_init(&all->passed, env, PASSED_BUCKETS) < 0) {
		env_free(env, all);
		return NULL;
	}
	tp->notify = ready_on_notify;
	tp->owner = on_owner;
	tp->notify_ctx = all;
	return all;
}

void sockets_free(struct sockets *all)
{
	if (!all)
		return;
	for (uint32_t fd = 0; fd < all->capacity; fd++)
		env_free(all->env, all->table[fd]);
	env_free(all->env, all->table);
	env_free(all->env, all->used);
	env_free(all->env, all->full);
	ASSERT(all->passed.count == 0);
	table_fini(&all->passed, all->env);
	env_free(all->env, all);
}

/* Small tables first: most hosts have a few sockets. */
static uint32_t next_capacity(uint32_t capacity)
{
	if (capacity < TABLE_STEP)
		return capacity == 0		    ? WORD_BITS
		       : capacity * 8 <= TABLE_STEP ? capacity * 8
						    : TABLE_STEP;
	return capacity * 2;
}

static int table_grow(struct sockets *all)
{
	uint32_t was = all->capacity;
	uint32_t capacity = next_capacity(was);
	uint32_t full_words = (capacity + TABLE_STEP - 1) / TABLE_STEP;
	uint32_t full_was = (was + TABLE_STEP - 1) / TABLE_STEP;
	void *table = env_realloc(all->env, all->table, capacity, sizeof(*all->table));

	if (!table)
		return -ENOMEM;
	all->table = table;
	void *used = env_realloc(all->env, all->used, capacity / WORD_BITS, sizeof(*all->used));

	if (!used)
		return -ENOMEM;
	all->used = used;
	void *full = env_realloc(all->env, all->full, full_words, sizeof(*all->full));

	if (!full)
		return -ENOMEM;
	all->full = full;
	memset(all->table + was, 0, (capacity - was) * sizeof(*all->table));
	memset(all->used + was / WORD_BITS, 0, (capacity - was) / WORD_BITS * sizeof(*all->used));
	memset(all->full + full_was, 0, (full_words - full_was) * sizeof(*all->full));
	all->capacity = capacity;
	return 0;
}

/* The lowest free descriptor, or all->capacity. */
static uint32_t find_free(const struct sockets *all)
{
	uint32_t words = all->capacity / WORD_BITS;
	uint32_t word = all->lowest / WORD_BITS;

	while (word < words) {
		uint64_t free_words = ~all->full[word / WORD_BITS] >> word % WORD_BITS;

		if (free_words == 0) {
			word = (word / WORD_BITS + 1) * WORD_BITS;
			continue;
		}
		word += (uint32_t)__builtin_ctzll(free_words);
		if (word >= words)
			break;
		return word * WORD_BITS + (uint32_t)__builtin_ctzll(~all->used[word]);
	}
	return all->capacity;
}

static void mark_used(struct sockets *all, uint32_t fd)
{
	uint32_t word = fd / WORD_BITS;

	all->used[word] |= UINT64_C(1) << fd % WORD_BITS;
	if (all->used[word] == UINT64_MAX)
		all->full[word / WORD_BITS] |= UINT64_C(1) << word % WORD_BITS;
	all->lowest = fd + 1;
}

static void mark_free(struct sockets *all, uint32_t fd)
{
	uint32_t word = fd / WORD_BITS;

	all->used[word] &= ~(UINT64_C(1) << fd % WORD_BITS);
	all->full[word / WORD_BITS] &= ~(UINT64_C(1) << word % WORD_BITS);
	if (fd < all->lowest)
		all->lowest = fd;
}

int socket_reserve_fd(struct sockets *all, struct socket *so)
{
	uint32_t fd = find_free(all);

	if (fd >= all->env->limits.sockets_max)
		return -EMFILE;
	if (fd >= all->capacity && table_grow(all) < 0)
		return -ENOMEM;
	all->table[fd] = so;
	mark_used(all, fd);
	return (int)fd;
}

void socket_unreserve_fd(struct sockets *all, int fd)
{
	all->table[fd] = NULL;
	mark_free(all, (uint32_t)fd);
}

struct socket *socket_reserve(struct sockets *all)
{
	struct socket *so = env_calloc(all->env, 1, sizeof(*so));

	if (!so)
		return NULL;
	list_init(&so->event_link);
	so->fd = socket_reserve_fd(all, so);
	if (so->fd >= 0)
		return so;
	env_free(all->env, so);
	return NULL;
}

void socket_attach(struct socket *so, struct sock *s)
{
	ASSERT(!so->sock && !s->upper);
	so->sock = s;
	s->upper = so;
}

void socket_unreserve(struct sockets *all, struct socket *so)
{
	list_del(&so->event_link);
	if (so->fd >= 0) /* else it was last held by a message */
		socket_unreserve_fd(all, so->fd);
	env_free(all->env, so);
}

static bool internet(int family)
{
	return family == AF_INET || family == AF_INET6;
}

/* Linux: inet_create(). Protocol 0 or the type's own. */
static int find_proto(const struct sockets *all, int family, int type, int protocol,
		      const struct proto **out)
{
	int family_of_row = internet(family) ? AF_UNSPEC : family;
	int error = -EAFNOSUPPORT;

	for (const struct proto *const *p = all->protos; *p; p++) {
		if ((*p)->family != family_of_row)
			continue;
		if (error == -EAFNOSUPPORT)
			error = -ESOCKTNOSUPPORT;
		if ((*p)->type != type)
			continue;
		error = -EPROTONOSUPPORT;
		if ((*p)->protocol == PROTO_ANY || protocol == 0 || (*p)->protocol == protocol) {
			*out = *p;
			return 0;
		}
	}
	return error;
}

static struct sock *detach(struct socket *so)
{
	struct sock *s = so->sock;

	s->upper = NULL;
	socket_unreserve(sockets_of(so), so);
	return s;
}

void socket_close(struct socket *so)
{
	struct sock *s = detach(so);

	s->proto->close(s);
}

void socket_abort(struct socket *so)
{
	struct sock *s = detach(so);

	s->proto->abort(s);
}

int socket_new(struct sockets *all, int family, int type, int protocol)
{
	const struct proto *proto;
	struct socket *so;
	struct sock *s;
	int result;

	type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (family <= AF_UNSPEC || family > AF_MAX)
		return -EAFNOSUPPORT;
	if (type < 0 || type > SOCK_PACKET)
		return -EINVAL;
	if (internet(family) && (protocol < 0 || protocol >= IPPROTO_MAX))
		return -EINVAL;
	result = find_proto(all, family, type, protocol, &proto);
	if (result < 0)
		return result;
	if (all->tp->count >= all->env->limits.sockets_max)
		return -ENFILE;
	so = socket_reserve(all);
	if (!so) /* sockets that were passed on have several descriptors */
		return find_free(all) >= all->env->limits.sockets_max ? -EMFILE : -ENOMEM;
	s = sock_new(all->tp, proto, family);
	if (!s) {
		socket_unreserve(all, so);
		return -ENOMEM;
	}
	socket_attach(so, s);
	result = proto->open ? proto->open(s, protocol) : 0;
	if (result < 0) {
		socket_close(so);
		return result;
	}
	return so->fd;
}

void sockets_close(struct sockets *all, int fd, bool abort)
{
	struct socket *so = socket_get(all, fd);

	if (so->passed)
		passed_close(so, fd);
	else if (abort)
		socket_abort(so);
	else
		socket_close(so);
}

int socket_tcp_state(const struct socket *so)
{
	struct berth_sock_info info = {.state = TCP_CLOSE};

	so->sock->proto->info(so->sock, &info);
	return info.state;
}

int socket_take_error(struct socket *so)
{
	int error = so->sock->error;

	so->sock->error = 0;
	return error;
}
