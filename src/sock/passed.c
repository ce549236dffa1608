/* SPDX-License-Identifier: MIT */
/*
 * The counts of sockets that have been passed on.
 *
 * A socket closes when the last descriptor and the last message that carries it are gone. Its
 * closing throws away what it had not received, which may be the last messages to carry other
 * sockets, and so on: a chain as long as a program likes to make it. So a socket that has lost its
 * last holder is put on a list, and whoever finds nobody at work on that list works it off: closing
 * never nests more than once.
 *
 * Messages that carry each other's receivers in a circle keep each other alive; all->unheld() tells
 * the collector (unix/unix_gc.c) when a socket has lost its last descriptor and lives in messages.
 *
 * Invariants: a struct passed is in the table as long as so->passed; it is on all->in_flight as
 * long as in_flight > 0; so->fd is its lowest descriptor, or -1. References under way, of all
 * sockets together, are at most limits.sockets_max.
 */
#include "sock/passed.h"

#include <errno.h>

#include "base/check.h"
#include "base/env.h"
#include "sock/ready.h"

static uint32_t hash_of(const struct sockets *all, const struct socket *so)
{
	return env_hash(all->env, &so, sizeof(so));
}

static struct passed *find(const struct sockets *all, const struct socket *so)
{
	uint32_t hash = hash_of(all, so);

	for (struct table_node *n = table_chain(&all->passed, hash); n; n = n->next) {
		struct passed *p = container_of(n, struct passed, node);

		if (n->hash == hash && p->so == so)
			return p;
	}
	return NULL;
}

struct passed *passed_find(const struct socket *so)
{
	return so->passed ? find(sockets_of(so), so) : NULL;
}

static struct passed *begin(struct sockets *all, struct socket *so)
{
	struct passed *p = env_calloc(all->env, 1, sizeof(*p));

	if (!p)
		return NULL;
	p->so = so;
	p->descriptors = 1;
	list_init(&p->link);
	list_init(&p->work);
	table_add(&all->passed, all->env, &p->node, hash_of(all, so));
	so->passed = true;
	return p;
}

static void end(struct sockets *all, struct passed *p)
{
	p->so->passed = false;
	list_del(&p->link);
	table_del(&all->passed, &p->node);
	env_free(all->env, p);
}

static void bury(struct sockets *all, struct socket *so)
{
	list_del(&so->event_link);
	list_add_tail(&all->dying, &so->event_link);
	if (all->burying)
		return;
	all->burying = true;
	while (!list_empty(&all->dying))
		socket_close(list_first(&all->dying, struct socket, event_link));
	all->burying = false;
}

/* After one of its counts has gone down. */
static void settle(struct sockets *all, struct passed *p)
{
	struct socket *so = p->so;

	if (p->in_flight > 0)
		return;
	if (p->descriptors == 0) {
		end(all, p);
		bury(all, so);
	} else if (p->descriptors == 1) {
		end(all, p);
	}
}

static bool count_in(struct sockets *all, struct passed *p)
{
	if (all->in_flight_count >= all->env->limits.sockets_max)
		return false;
	all->in_flight_count++;
	if (p->in_flight++ == 0)
		list_add_tail(&all->in_flight, &p->link);
	return true;
}

int passed_send(struct socket *so)
{
	struct sockets *all = sockets_of(so);
	struct passed *p = passed_find(so);

	if (!p)
		p = begin(all, so);
	if (!p)
		return -ENOMEM;
	if (count_in(all, p))
		return 0;
	settle(all, p);
	return -ETOOMANYREFS;
}

bool passed_again(struct socket *so)
{
	return count_in(sockets_of(so), passed_find(so));
}

void passed_hold(struct passed *p)
{
	ASSERT(p->in_flight > 0);
	p->in_flight++;
	sockets_of(p->so)->in_flight_count++;
}

void passed_drop(struct socket *so)
{
	struct sockets *all = sockets_of(so);
	struct passed *p = passed_find(so);

	ASSERT(p && p->in_flight > 0 && all->in_flight_count > 0);
	all->in_flight_count--;
	if (--p->in_flight == 0)
		list_del(&p->link);
	settle(all, p);
}

int passed_receive(struct socket *so)
{
	struct sockets *all = sockets_of(so);
	struct passed *p = passed_find(so);
	int fd = socket_reserve_fd(all, so);

	ASSERT(p && p->in_flight > 0);
	if (fd < 0)
		return fd;
	p->descriptors++;
	if (so->fd < 0 || fd < so->fd)
		so->fd = fd;
	return fd;
}

/* The next descriptor after `fd` that is the same socket's. There are no lower ones. */
static int next_fd(const struct sockets *all, const struct socket *so, int fd)
{
	for (uint32_t i = (uint32_t)fd + 1; i < all->capacity; i++) {
		if (all->table[i] == so)
			return (int)i;
	}
	return -1;
}

void passed_close(struct socket *so, int fd)
{
	struct sockets *all = sockets_of(so);
	struct passed *p = passed_find(so);

	ASSERT(p && p->descriptors > 0 && socket_get(all, fd) == so);
	socket_unreserve_fd(all, fd);
	p->descriptors--;
	if (so->fd == fd)
		so->fd = p->descriptors > 0 ? next_fd(all, so, fd) : -1;
	if (p->descriptors == 0)
		ready_set_user(so, NULL); /* nobody watches what nobody holds */
	if (p->descriptors == 0 && p->in_flight > 0 && all->unheld)
		all->unheld(all);
	else
		settle(all, p);
}
