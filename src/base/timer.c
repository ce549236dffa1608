/* SPDX-License-Identifier: MIT */
/*
 * The timer heap. Each place holds its key beside the pointer, so that sifting compares without
 * touching the timers; a timer knows its place (slot), so that it can be taken out.
 *
 * A timer moved to a later time keeps its place: its `due` is then later than its key, and when the
 * key comes up it is queued again under `due`. A retransmission timer that every acknowledgement
 * moves thus costs one store. Equal times fire in the order in which they were queued.
 *
 * Invariants: heap[i] is not after its children 4i+1 .. 4i+4; heap[i].timer->slot == i + 1;
 * key <= timer->due; count <= reserved <= capacity.
 */
#include "base/timer.h"

#include <errno.h>
#include <stddef.h>

#include "base/check.h"
#include "base/env.h"

#define HEAP_FIRST 16u

void timers_init(struct timers *ts)
{
	*ts = (struct timers){.heap = NULL};
}

void timers_fini(struct timers *ts, struct env *env)
{
	env_free(env, ts->heap);
	timers_init(ts);
}

int timers_reserve(struct env *env, uint32_t count)
{
	struct timers *ts = &env->timers;
	uint32_t wanted;

	if (__builtin_add_overflow(ts->reserved, count, &wanted) || wanted > UINT32_MAX / 4)
		return -ENOMEM;
	if (wanted > ts->capacity) {
		uint32_t capacity = ts->capacity ? ts->capacity : HEAP_FIRST;

		while (capacity < wanted)
			capacity *= 2;
		void *heap = env_realloc(env, ts->heap, capacity, sizeof(*ts->heap));

		if (heap == NULL)
			return -ENOMEM;
		ts->heap = heap;
		ts->capacity = capacity;
	}
	ts->reserved = wanted;
	return 0;
}

void timers_release(struct env *env, uint32_t count)
{
	ASSERT(env->timers.reserved >= count);
	env->timers.reserved -= count;
	ASSERT(env->timers.count <= env->timers.reserved);
}

static inline bool before(const struct timer_entry *a, const struct timer_entry *b)
{
	return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static inline void place(struct timers *ts, uint32_t i, struct timer_entry e)
{
	ts->heap[i] = e;
	e.timer->slot = i + 1;
}

/* Puts `e` at the hole `i` or above it. */
static void sift_up(struct timers *ts, uint32_t i, struct timer_entry e)
{
	while (i > 0) {
		uint32_t parent = (i - 1) / 4;

		if (!before(&e, &ts->heap[parent]))
			break;
		place(ts, i, ts->heap[parent]);
		i = parent;
	}
	place(ts, i, e);
}

/* Puts `e` at the hole `i` or below it. */
static void sift_down(struct timers *ts, uint32_t i, struct timer_entry e)
{
	for (;;) {
		uint32_t child = 4 * i + 1;
		uint32_t end = child + 4 < ts->count ? child + 4 : ts->count;

		if (child >= end)
			break;
		uint32_t least = child;

		while (++child < end) {
			if (before(&ts->heap[child], &ts->heap[least]))
				least = child;
		}
		if (!before(&ts->heap[least], &e))
			break;
		place(ts, i, ts->heap[least]);
		i = least;
	}
	place(ts, i, e);
}

/* Fills the hole `i` with `e`, whichever way that goes. */
static void fill_hole(struct timers *ts, uint32_t i, struct timer_entry e)
{
	if (i > 0 && before(&e, &ts->heap[(i - 1) / 4]))
		sift_up(ts, i, e);
	else
		sift_down(ts, i, e);
}

void timer_arm(struct env *env, struct timer *t, berth_time due)
{
	struct timers *ts = &env->timers;

	ASSERT(t->fn != NULL);
	t->due = due;
	if (t->slot == 0) {
		ASSERT(ts->count < ts->reserved);
		sift_up(ts, ts->count++, (struct timer_entry){due, ts->order++, t});
	} else if (due < ts->heap[t->slot - 1].key) {
		sift_up(ts, t->slot - 1, (struct timer_entry){due, ts->order++, t});
	} else {
		return; /* not earlier than its place: timers_run() sees to it */
	}
	if (t->slot == 1 && env->wake != NULL)
		env->wake(env);
}

void timer_disarm(struct env *env, struct timer *t)
{
	struct timers *ts = &env->timers;

	if (t->slot == 0)
		return;
	uint32_t hole = t->slot - 1;

	ASSERT(hole < ts->count && ts->heap[hole].timer == t);
	t->slot = 0;
	ts->count--;
	if (hole != ts->count)
		fill_hole(ts, hole, ts->heap[ts->count]);
}

void timers_run(struct env *env)
{
	struct timers *ts = &env->timers;

	while (ts->count > 0 && ts->heap[0].key <= env->now) {
		struct timer *t = ts->heap[0].timer;

		if (t->due > ts->heap[0].key) {
			sift_down(ts, 0, (struct timer_entry){t->due, ts->order++, t});
			continue;
		}
		timer_disarm(env, t);
		t->fn(t);
	}
}
