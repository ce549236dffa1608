/* SPDX-License-Identifier: MIT */
/*
 * Sockets that only messages hold, which nobody can receive any more.
 *
 * A socket that was sent to itself, or two that were sent to each other, keep each other alive when
 * their last descriptors are closed: the queue with the message belongs to a socket that only the
 * message holds. Counting does not see that, so whenever a socket in flight loses its last
 * descriptor, this looks for what can still be reached.
 *
 * A candidate is an AF_UNIX socket in messages alone: others hold nothing, and one with a
 * descriptor can be read from. A candidate that is in a message of anybody but a candidate can be
 * received, so it lives, and with it all that is in its own messages. (A listener's are also those
 * of the connections that it has not accepted.) The rest is garbage: its queues are emptied, which
 * takes away the last references.
 *
 * Cost: proportional to the sockets in flight and the messages that carry them. With many of them
 * a collection waits for a timer, so that closing thousands one by one is one collection.
 */
#include "base/check.h"
#include "base/env.h"
#include "sock/passed.h"
#include "unix/unix.h"

#define AT_ONCE_MAX 64u
#define LATER (100 * BERTH_MSEC)

enum mark {
	MARK_NONE, /* held by a descriptor, or no AF_UNIX socket */
	MARK_CANDIDATE,
	MARK_REACHED,
};

static struct unix_sock *unix_sock_of(const struct passed *p)
{
	struct sock *s = p->so->sock;

	return s->family == AF_UNIX ? unix_of(s) : NULL;
}

typedef void (*visit_fn)(struct passed *child, struct list *work);

static void visit_queue(const struct unix_sock *u, visit_fn visit, struct list *work)
{
	struct list *l;

	list_for_each (l, &u->carried) {
		const struct unix_rights *r = list_entry(l, const struct unix_rights, link);

		for (uint32_t i = 0; i < r->count; i++)
			visit(passed_find(r->files[i]), work);
	}
}

/* All sockets in the messages that `u` could receive. */
static void visit_children(const struct unix_sock *u, visit_fn visit, struct list *work)
{
	struct list *l;

	visit_queue(u, visit, work);
	list_for_each (l, &u->embryos)
		visit_queue(list_entry(l, struct unix_sock, embryo_link), visit, work);
}

static void count_internal(struct passed *child, struct list *work)
{
	(void)work;
	if (child->mark == MARK_CANDIDATE)
		child->internal++;
}

static void reach(struct passed *child, struct list *work)
{
	if (child->mark != MARK_CANDIDATE)
		return;
	child->mark = MARK_REACHED;
	list_add_tail(work, &child->work);
}

static void find_candidates(struct sockets *all)
{
	struct list *l;

	list_for_each (l, &all->in_flight) {
		struct passed *p = list_entry(l, struct passed, link);

		p->internal = 0;
		p->mark = p->descriptors == 0 && unix_sock_of(p) ? MARK_CANDIDATE : MARK_NONE;
	}
	list_for_each (l, &all->in_flight) {
		struct passed *p = list_entry(l, struct passed, link);

		if (p->mark == MARK_CANDIDATE)
			visit_children(unix_sock_of(p), count_internal, NULL);
	}
}

static void find_reachable(struct sockets *all)
{
	struct list work;
	struct list *l;

	list_init(&work);
	list_for_each (l, &all->in_flight) {
		struct passed *p = list_entry(l, struct passed, link);

		ASSERT(p->internal <= p->in_flight);
		if (p->internal < p->in_flight)
			reach(p, &work);
	}
	while (!list_empty(&work)) {
		struct passed *p = list_first(&work, struct passed, work);

		list_del(&p->work);
		visit_children(unix_sock_of(p), reach, &work);
	}
}

/* Empties its queues. It is held, so that it does not go away meanwhile. */
static void empty(struct unix_sock *u)
{
	struct list *l, *next;

	unix_purge(u);
	list_for_each_safe (l, next, &u->embryos)
		unix_purge(list_entry(l, struct unix_sock, embryo_link));
}

void unix_gc(struct sockets *all)
{
	struct list garbage;
	struct list *l;

	find_candidates(all);
	find_reachable(all);
	list_init(&garbage);
	list_for_each (l, &all->in_flight) {
		struct passed *p = list_entry(l, struct passed, link);

		if (p->mark != MARK_CANDIDATE)
			continue;
		list_add_tail(&garbage, &p->work);
		passed_hold(p);
	}
	list_for_each (l, &garbage)
		empty(unix_sock_of(list_entry(l, struct passed, work)));
	while (!list_empty(&garbage)) {
		struct passed *p = list_first(&garbage, struct passed, work);

		list_del(&p->work);
		passed_drop(p->so);
	}
}

void unix_gc_on_timer(struct timer *t)
{
	struct unix_space *space = container_of(t, struct unix_space, gc_timer);

	unix_gc(space->all);
}

void unix_gc_hint(struct sockets *all)
{
	struct timer *t = &all->unix_space->gc_timer;

	if (all->in_flight_count <= AT_ONCE_MAX)
		unix_gc(all);
	else if (!timer_armed(t))
		timer_arm(all->env, t, all->env->now + LATER);
}
