/* SPDX-License-Identifier: MIT */
/*
 * Timers against a twin that keeps due times in an array and looks at all of them: each fires once,
 * not before its time, in order, and the deadline is never late.
 *
 * The seed is fixed: a failure repeats.
 */
#include "../fixture.h"

#include <errno.h>

#include "base/timer.h"

#define TIMERS 200

struct probe {
	struct timer timer;
	struct fixture *f;
	berth_time fired_at; /* -1: not since it was armed */
	berth_time wanted;   /* the twin: when it is to fire; -1: not armed */
	int fired;
};

static berth_time last_due;

static void on_fire(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	assert_false(timer_armed(t));
	assert_true(t->due <= p->f->env.now);
	assert_true(t->due >= last_due);
	last_due = t->due;
	p->fired_at = p->f->env.now;
	p->fired++;
}

static void fire_in_order_whatever_was_moved(void **state)
{
	static struct probe probes[TIMERS];
	struct fixture f;

	(void)state;
	fixture_init(&f, 11);
	assert_int_equal(timers_reserve(&f.env, TIMERS), 0);
	for (int i = 0; i < TIMERS; i++) {
		probes[i] = (struct probe){.f = &f, .wanted = -1, .fired_at = -1};
		timer_init(&probes[i].timer, on_fire);
	}
	for (int step = 0; step < 50000; step++) {
		struct probe *p = &probes[fixture_below(&f, TIMERS)];
		size_t what = fixture_below(&f, 10);

		if (what < 6) {
			p->wanted = f.env.now + (berth_time)fixture_below(&f, 1000);
			p->fired_at = -1;
			timer_arm(&f.env, &p->timer, p->wanted);
		} else if (what < 8) {
			p->wanted = -1;
			timer_disarm(&f.env, &p->timer);
		} else {
			berth_time deadline = timers_deadline(&f.env.timers);

			for (int i = 0; i < TIMERS; i++) {
				if (probes[i].wanted >= 0)
					assert_true(deadline <= probes[i].wanted);
			}
			f.env.now += (berth_time)fixture_below(&f, 50);
			last_due = 0;
			timers_run(&f.env);
			for (int i = 0; i < TIMERS; i++) {
				bool due = probes[i].wanted >= 0 && probes[i].wanted <= f.env.now;

				assert_int_equal(probes[i].fired_at >= 0, due);
				assert_int_equal(timer_armed(&probes[i].timer),
						 probes[i].wanted >= 0 && !due);
				if (due) {
					probes[i].wanted = -1;
					probes[i].fired_at = -1;
				}
			}
		}
	}
	for (int i = 0; i < TIMERS; i++)
		timer_disarm(&f.env, &probes[i].timer);
	assert_int_equal(timers_deadline(&f.env.timers), BERTH_TIME_NEVER);
	timers_release(&f.env, TIMERS);
	fixture_fini(&f);
}

static int sequence;

static void note_order(struct timer *t)
{
	container_of(t, struct probe, timer)->fired = ++sequence;
}

static void equal_times_fire_in_the_order_of_arming(void **state)
{
	struct fixture f;
	struct probe probes[9];

	(void)state;
	fixture_init(&f, 12);
	sequence = 0;
	assert_int_equal(timers_reserve(&f.env, 9), 0);
	for (int i = 0; i < 9; i++) {
		timer_init(&probes[i].timer, note_order);
		timer_arm(&f.env, &probes[i].timer, 5);
	}
	f.env.now = 5;
	timers_run(&f.env);
	for (int i = 0; i < 9; i++)
		assert_int_equal(probes[i].fired, i + 1);
	timers_release(&f.env, 9);
	fixture_fini(&f);
}

static void rearm_twice(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	if (++p->fired < 3)
		timer_arm(&p->f->env, t, p->f->env.now - 1);
}

static void a_timer_armed_for_the_past_fires_in_the_same_run(void **state)
{
	struct fixture f;
	struct probe p = {.f = &f};

	(void)state;
	fixture_init(&f, 13);
	f.env.now = 100;
	timer_init(&p.timer, rearm_twice);
	assert_int_equal(timers_reserve(&f.env, 1), 0);
	timer_arm(&f.env, &p.timer, 100);
	timers_run(&f.env);
	assert_int_equal(p.fired, 3);
	timers_release(&f.env, 1);
	fixture_fini(&f);
}

static void moving_later_costs_no_queueing(void **state)
{
	struct fixture f;
	struct probe p = {.f = &f};

	(void)state;
	fixture_init(&f, 14);
	timer_init(&p.timer, on_fire);
	assert_int_equal(timers_reserve(&f.env, 1), 0);
	timer_arm(&f.env, &p.timer, 10);
	assert_int_equal(f.wakes, 1);
	timer_arm(&f.env, &p.timer, 50);
	assert_int_equal(f.wakes, 1);
	assert_int_equal(timers_deadline(&f.env.timers), 10); /* early, never late */
	f.env.now = 10;
	timers_run(&f.env);
	assert_int_equal(p.fired, 0);
	assert_int_equal(timers_deadline(&f.env.timers), 50);
	timer_arm(&f.env, &p.timer, 20);
	assert_int_equal(timers_deadline(&f.env.timers), 20);
	f.env.now = 60;
	last_due = 0;
	timers_run(&f.env);
	assert_int_equal(p.fired, 1);
	timers_release(&f.env, 1);
	fixture_fini(&f);
}

static void reservations_can_fail(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 15);
	f.fail_at = 1;
	assert_int_equal(timers_reserve(&f.env, 1), -ENOMEM);
	assert_int_equal(timers_reserve(&f.env, 1), 0);
	assert_int_equal(timers_reserve(&f.env, UINT32_MAX), -ENOMEM);
	timers_release(&f.env, 1);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fire_in_order_whatever_was_moved),
		cmocka_unit_test(equal_times_fire_in_the_order_of_arming),
		cmocka_unit_test(a_timer_armed_for_the_past_fires_in_the_same_run),
		cmocka_unit_test(moving_later_costs_no_queueing),
		cmocka_unit_test(reservations_can_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
