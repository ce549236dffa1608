/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "run/alarm.h"

#define ALARMS 300

struct fired {
	struct alarm alarm;
	int times;
	berth_time last;
};

static berth_time latest;

static void fire(struct alarm *a)
{
	struct fired *f = container_of(a, struct fired, alarm);

	assert_true(a->when >= latest); /* in order */
	latest = a->when;
	f->times++;
	f->last = a->when;
	assert_int_equal(a->place, 0);
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void fires_in_order_what_was_not_cancelled(void **state)
{
	static struct fired f[ALARMS];
	struct alarms as = {0};
	berth_time when[ALARMS];
	uint64_t seed = 7;

	(void)state;
	latest = 0;
	for (int i = 0; i < ALARMS; i++) {
		f[i].alarm.fire = fire;
		when[i] = (berth_time)(next(&seed) % 1000);
		assert_int_equal(alarm_set(&as, &f[i].alarm, when[i]), 0);
	}
	for (int i = 0; i < ALARMS; i += 3)
		alarm_cancel(&as, &f[i].alarm);
	for (int i = 1; i < ALARMS; i += 3) {
		when[i] = (berth_time)(next(&seed) % 1000);
		assert_int_equal(alarm_set(&as, &f[i].alarm, when[i]), 0);
	}
	alarms_run(&as, 500);
	assert_true(alarms_next(&as) > 500);
	alarms_run(&as, 1000);
	assert_int_equal(alarms_next(&as), BERTH_TIME_NEVER);
	for (int i = 0; i < ALARMS; i++) {
		assert_int_equal(f[i].times, i % 3 != 0);
		if (i % 3)
			assert_int_equal(f[i].last, when[i]);
	}
	alarms_fini(&as);
}

static void cancels_twice(void **state)
{
	struct fired f = {.alarm.fire = fire};
	struct alarms as = {0};

	(void)state;
	alarm_cancel(&as, &f.alarm);
	assert_int_equal(alarm_set(&as, &f.alarm, 5), 0);
	assert_int_equal(alarms_next(&as), 5);
	alarm_cancel(&as, &f.alarm);
	alarm_cancel(&as, &f.alarm);
	alarms_run(&as, 10);
	assert_int_equal(f.times, 0);
	alarms_fini(&as);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_in_order_what_was_not_cancelled),
		cmocka_unit_test(cancels_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
