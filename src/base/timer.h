/* SPDX-License-Identifier: MIT */
/*
 * Timers of one stack: a 4-ary heap of intrusive nodes, ordered by (due time, order of arming), so
 * that runs are repeatable. Arming and disarming cost O(log n) of the armed timers; moving
 * a timer to a later time is O(1) until it would have fired (it is re-queued then).
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/types.h>

struct env;

struct timer {
	berth_time due;		     /* when it fires; valid while armed */
	void (*fn)(struct timer *t); /* gets at its object with container_of() */
	uint32_t slot;		     /* 1 + index in the heap; 0: not armed */
};

struct timer_entry {
	berth_time key; /* <= timer->due */
	uint64_t order;
	struct timer *timer;
};

struct timers {
	struct timer_entry *heap;
	uint32_t count, reserved, capacity; /* count <= reserved <= capacity */
	uint64_t order;
};

/* An empty heap, which has no memory before timers_reserve(). At the end no timer fires any more,
 * armed or not. */
void timers_init(struct timers *ts);
void timers_fini(struct timers *ts, struct env *env);

static inline void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){.fn = fn};
}

static inline bool timer_armed(const struct timer *t)
{
	return t->slot != 0;
}

/* Arms `t` for `due`, or moves it there. Never fails: see timers_reserve(). */
void timer_arm(struct env *env, struct timer *t, berth_time due);
void timer_disarm(struct env *env, struct timer *t);

/* Room for `count` timers more, so that arming them cannot fail; undone by timers_release().
 * Whoever makes an object with timers in it reserves them first. -ENOMEM. */
int timers_reserve(struct env *env, uint32_t count);
void timers_release(struct env *env, uint32_t count);

/* Fires all that are due at env->now; a timer armed meanwhile for a past time fires too. */
void timers_run(struct env *env);

/* The earliest due time; BERTH_TIME_NEVER: none. May be early, never late. */
static inline berth_time timers_deadline(const struct timers *ts)
{
	return ts->count > 0 ? ts->heap[0].key : BERTH_TIME_NEVER;
}

#endif
