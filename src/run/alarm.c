/* SPDX-License-Identifier: MIT */
#include "run/alarm.h"

#include <errno.h>
#include <stdlib.h>

static void place(struct alarms *as, size_t i, struct alarm *a)
{
	as->heap[i - 1] = a;
	a->place = i;
}

static void sift_up(struct alarms *as, size_t i)
{
	struct alarm *a = as->heap[i - 1];

	while (i > 1 && as->heap[i / 2 - 1]->when > a->when) {
		place(as, i, as->heap[i / 2 - 1]);
		i /= 2;
	}
	place(as, i, a);
}

static void sift_down(struct alarms *as, size_t i)
{
	struct alarm *a = as->heap[i - 1];

	for (size_t child = 2 * i; child <= as->count; child = 2 * i) {
		if (child < as->count && as->heap[child]->when < as->heap[child - 1]->when)
			child++;
		if (as->heap[child - 1]->when >= a->when)
			break;
		place(as, i, as->heap[child - 1]);
		i = child;
	}
	place(as, i, a);
}

int alarm_set(struct alarms *as, struct alarm *a, berth_time when)
{
	alarm_cancel(as, a);
	if (as->count == as->cap) {
		size_t cap = as->cap ? 2 * as->cap : 64;
		struct alarm **heap = realloc(as->heap, cap * sizeof(struct alarm *));

		if (!heap)
			return -ENOMEM;
		as->heap = heap;
		as->cap = cap;
	}
	a->when = when;
	as->heap[as->count++] = a;
	sift_up(as, as->count);
	return 0;
}

void alarm_cancel(struct alarms *as, struct alarm *a)
{
	size_t i = a->place;
	struct alarm *last;

	if (!i)
		return;
	a->place = 0;
	last = as->heap[--as->count];
	if (last == a)
		return;
	place(as, i, last);
	sift_up(as, i);
	sift_down(as, last->place);
}

berth_time alarms_next(const struct alarms *as)
{
	return as->count ? as->heap[0]->when : BERTH_TIME_NEVER;
}

void alarms_run(struct alarms *as, berth_time now)
{
	while (as->count && as->heap[0]->when <= now) {
		struct alarm *a = as->heap[0];

		alarm_cancel(as, a);
		a->fire(a);
	}
}

void alarms_fini(struct alarms *as)
{
	free(as->heap);
	*as = (struct alarms){0};
}
