/* SPDX-License-Identifier: MIT */
/*
 * Circular doubly linked lists whose links live inside the objects. An object that is on no
 * list has a link that points to itself, so that list_del() may be called twice.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>

#include "base/check.h"

struct list {
	struct list *next;
	struct list *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_between(struct list *l, struct list *prev, struct list *next)
{
	l->prev = prev;
	l->next = next;
	prev->next = l;
	next->prev = l;
}

static inline void list_add_head(struct list *head, struct list *l)
{
	list_insert_between(l, head, head->next);
}

static inline void list_add_tail(struct list *head, struct list *l)
{
	list_insert_between(l, head->prev, head);
}

/* Puts `l` before `at`, which is on a list. */
static inline void list_add_before(struct list *at, struct list *l)
{
	list_insert_between(l, at->prev, at);
}

static inline void list_del(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

#define list_entry(l, type, member) container_of(l, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_last(head, type, member) list_entry((head)->prev, type, member)

/* `l` is a struct list *; the loop must not remove it (list_for_each_safe may). */
#define list_for_each(l, head) for ((l) = (head)->next; (l) != (head); (l) = (l)->next)
#define list_for_each_safe(l, tmp, head)                                                           \
	for ((l) = (head)->next, (tmp) = (l)->next; (l) != (head); (l) = (tmp), (tmp) = (l)->next)

#endif
