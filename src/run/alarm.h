/* SPDX-License-Identifier: MIT */
/*
 * Things to do at a moment: a binary heap of alarms that live in their owners.
 */
#ifndef RUN_ALARM_H
#define RUN_ALARM_H

#include <stddef.h>

#include <berth/types.h>

/* All zero: not set. */
struct alarm {
	berth_time when;
	void (*fire)(struct alarm *a);
	size_t place; /* in the heap, counted from 1; 0: not set */
};

struct alarms {
	struct alarm **heap;
	size_t count;
	size_t cap;
};

/* Sets an alarm, or moves it. `fire` is called once, the alarm no longer set. -ENOMEM. */
int alarm_set(struct alarms *as, struct alarm *a, berth_time when);

/* Cancels an alarm; harmless when it is not set. */
void alarm_cancel(struct alarms *as, struct alarm *a);

/* When the next one is due; BERTH_TIME_NEVER if none is set. */
berth_time alarms_next(const struct alarms *as);

/* Fires all that are due. */
void alarms_run(struct alarms *as, berth_time now);

/* Frees the heap; no alarm fires any more. */
void alarms_fini(struct alarms *as);

#endif
