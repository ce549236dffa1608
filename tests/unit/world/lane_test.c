/* SPDX-License-Identifier: MIT */
/*
 * Lanes: what each impairment does to packets. A lane is fed with packets that carry their number;
 * where they leave, number and time are noted. There are no hosts: the world is only a clock and
 * a place for timers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "world/core.h"

#define ARRIVALS_MAX 4096
#define HEADER_BYTES 14u

struct arrival {
	uint32_t number;
	berth_time time;
	bool changed; /* the bytes differ from those that were sent */
};

struct bed {
	struct berth_world w;
	struct lane lane;
	struct arrival arrivals[ARRIVALS_MAX];
	int arrival_count;
	struct berth_packet_event events[ARRIVALS_MAX];
	int event_count;
};

/* The bytes of packet `number`. */
static void fill(uint8_t *buf, size_t bytes, uint32_t number)
{
	memset(buf, 0x55, bytes);
	memcpy(buf + HEADER_BYTES, &number, sizeof(number));
}

static unsigned bits_set(unsigned byte)
{
	return (unsigned)__builtin_popcount(byte);
}

static void leave(struct lane *lane, struct berth_packet *p)
{
	struct bed *bed = container_of(lane, struct bed, lane);
	struct arrival *a = &bed->arrivals[bed->arrival_count++];
	uint8_t got[2048];
	uint8_t sent[2048];
	size_t bytes = berth_packet_copy(p, 0, got, sizeof(got));
	unsigned differing = 0;

	assert_in_range(bed->arrival_count, 1, ARRIVALS_MAX);
	memcpy(&a->number, got + HEADER_BYTES, sizeof(a->number));
	a->time = bed->w.env.now;
	fill(sent, bytes, a->number);
	for (size_t i = 0; i < bytes; i++)
		differing += bits_set((unsigned)(got[i] ^ sent[i]));
	a->changed = differing > 0;
	berth_packet_free(p);
}

static void observe(void *ctx, const struct berth_packet_event *ev)
{
	struct bed *bed = ctx;

	assert_in_range(bed->event_count, 0, ARRIVALS_MAX - 1);
	bed->events[bed->event_count++] = *ev;
}

static int setup(void **state)
{
	struct bed *bed = test_calloc(1, sizeof(*bed));

	bed->w.env.mem = mem_or_libc(NULL);
	timers_init(&bed->w.env.timers);
	bed->w.seed = 99;
	bed->w.pool = berth_pool_new(NULL, 0);
	bed->w.on_packet = observe;
	bed->w.observer_ctx = bed;
	assert_non_null(bed->w.pool);
	assert_int_equal(timers_reserve(&bed->w.env, 1), 0);
	lane_init(&bed->lane, &bed->w, "host:net", BERTH_UP, leave);
	*state = bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	lane_fini(&bed->lane);
	transits_fini(&bed->w.transits, &bed->w.env);
	timers_fini(&bed->w.env.timers, &bed->w.env);
	berth_pool_free(bed->w.pool);
	test_free(bed);
	return 0;
}

static void enter(struct bed *bed, uint32_t number, size_t bytes)
{
	uint8_t buf[2048];

	fill(buf, bytes, number);
	lane_enter(&bed->lane, berth_packet_new(bed->w.pool, buf, bytes));
}

static void run_until(struct bed *bed, berth_time until)
{
	struct env *env = &bed->w.env;
	berth_time next;

	while ((next = timers_deadline(&env->timers)) <= until) {
		env->now = next;
		timers_run(env);
	}
	env->now = until;
}

/* `count` packets of `bytes` bytes, one each `gap` ns, and then all the time they need. */
static void run_all(struct bed *bed, const struct berth_impair *impair, uint32_t count,
		    size_t bytes, berth_time gap)
{
	assert_int_equal(impair_check(impair), 0);
	lane_set_impair(&bed->lane, impair);
	for (uint32_t i = 0; i < count; i++) {
		enter(bed, i, bytes);
		run_until(bed, bed->w.env.now + gap);
	}
	run_until(bed, bed->w.env.now + 1000 * BERTH_SEC);
}

static int lost_by_rule(const struct bed *bed, enum berth_rule rule)
{
	int lost = 0;

	for (int i = 0; i < bed->event_count; i++)
		lost += bed->events[i].fate == BERTH_FATE_LOST && bed->events[i].rule == rule;
	return lost;
}

static void test_ideal_is_at_once(void **state)
{
	struct bed *bed = *state;

	bed->w.on_packet = NULL;
	lane_refresh(&bed->lane);
	enter(bed, 1, 100);
	enter(bed, 2, 100);
	assert_int_equal(bed->arrival_count, 2);
	assert_int_equal(bed->lane.number, 2);
	assert_int_equal(timers_deadline(&bed->w.env.timers), BERTH_TIME_NEVER);
}

static void test_delay_is_exact(void **state)
{
	const struct berth_impair impair = {.delay = 40 * BERTH_MSEC};
	struct bed *bed = *state;

	run_all(bed, &impair, 100, 100, BERTH_MSEC);
	assert_int_equal(bed->arrival_count, 100);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(bed->arrivals[i].number, i);
		assert_int_equal(bed->arrivals[i].time, (i + 40) * BERTH_MSEC);
		assert_int_equal(bed->events[i].arrival, bed->arrivals[i].time);
		assert_int_equal(bed->events[i].number, i);
	}
}

static void test_jitter_never_overtakes(void **state)
{
	const struct berth_impair impair = {.delay = 10 * BERTH_MSEC, .jitter = 5 * BERTH_MSEC};
	struct bed *bed = *state;
	int late = 0;

	run_all(bed, &impair, 2000, 100, BERTH_MSEC);
	assert_int_equal(bed->arrival_count, 2000);
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(bed->arrivals[i].number, i);
		late += bed->arrivals[i].time > (i + 10) * BERTH_MSEC;
	}
	assert_in_range(late, 1000, 2000);
}

static void test_loss_is_what_was_drawn(void **state)
{
	const struct berth_impair impair = {.loss = 0.2};
	struct bed *bed = *state;
	struct gemodel none = {0};
	struct fate fate;
	int delivered = 0;

	run_all(bed, &impair, 2000, 100, 0);
	for (uint64_t n = 0; n < 2000; n++) {
		fate_draw(&bed->lane.key, &impair, n, &none, &fate);
		assert_int_equal(bed->events[n].rule, fate.rule);
		if (fate.rule == BERTH_RULE_NONE)
			assert_int_equal(bed->arrivals[delivered++].number, n);
	}
	assert_int_equal(delivered, bed->arrival_count);
	assert_int_equal(lost_by_rule(bed, BERTH_RULE_LOSS), 2000 - delivered);
	assert_in_range(delivered, 1500, 1700);
}

/* The fate of a packet does not depend on when it comes. */
static void test_time_does_not_matter(void **state)
{
	const struct berth_impair impair = {.loss = 0.3, .duplicate = 0.1, .corrupt = 0.1};
	struct bed *bed = *state;

	run_all(bed, &impair, 500, 100, BERTH_SEC);
	int first = bed->event_count;

	bed->lane.number = 0;
	run_all(bed, &impair, 500, 900, 0);
	assert_int_equal(bed->event_count, 2 * first);
	for (int i = 0; i < first; i++) {
		assert_int_equal(bed->events[i].fate, bed->events[first + i].fate);
		assert_int_equal(bed->events[i].corrupted, bed->events[first + i].corrupted);
	}
}

static void test_duplicate_follows_at_once(void **state)
{
	const struct berth_impair impair = {.delay = BERTH_MSEC, .duplicate = 0.3};
	struct bed *bed = *state;
	int copies = 0;

	run_all(bed, &impair, 1000, 100, BERTH_USEC);
	for (int i = 1; i < bed->arrival_count; i++) {
		assert_in_range(bed->arrivals[i].number, bed->arrivals[i - 1].number,
				bed->arrivals[i - 1].number + 1);
		copies += bed->arrivals[i].number == bed->arrivals[i - 1].number;
	}
	assert_int_equal(bed->arrival_count, 1000 + copies);
	assert_in_range(copies, 240, 360);
	int told = 0;

	for (int i = 0; i < bed->event_count; i++)
		told += bed->events[i].fate == BERTH_FATE_DUPLICATED;
	assert_int_equal(told, copies);
}

static void test_reordered_go_ahead(void **state)
{
	const struct berth_impair impair = {.delay = 10 * BERTH_MSEC, .reorder = 0.25};
	struct bed *bed = *state;
	uint32_t last = 0;
	int ahead = 0;

	run_all(bed, &impair, 1000, 100, BERTH_MSEC);
	assert_int_equal(bed->arrival_count, 1000);
	for (int i = 0; i < 1000; i++) {
		uint32_t number = bed->arrivals[i].number;

		if (bed->events[number].reordered) {
			assert_int_equal(bed->arrivals[i].time, number * BERTH_MSEC);
			ahead++;
			continue;
		}
		assert_int_equal(bed->arrivals[i].time, (number + 10) * BERTH_MSEC);
		assert_true(number >= last);
		last = number;
	}
	assert_in_range(ahead, 190, 310);
}

static void test_corrupt_flips_one_bit(void **state)
{
	const struct berth_impair impair = {.corrupt = 0.5};
	struct bed *bed = *state;
	int changed = 0;

	run_all(bed, &impair, 1000, 1500, 0);
	assert_int_equal(bed->arrival_count, 1000);
	for (int i = 0; i < 1000; i++) {
		/* A flip in the number itself makes another packet's bytes. */
		bool differs = bed->arrivals[i].changed || bed->arrivals[i].number != (uint32_t)i;

		assert_int_equal(differs, bed->events[i].corrupted);
		changed += differs;
	}
	assert_in_range(changed, 420, 580);
}

/* 1000 bytes at 8 Mbit/s take a millisecond. */
static void test_rate_spaces_packets(void **state)
{
	const struct berth_impair impair = {.rate_bits = 8000000, .delay = 5 * BERTH_MSEC};
	struct bed *bed = *state;

	run_all(bed, &impair, 100, 1000, 0);
	assert_int_equal(bed->arrival_count, 100);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(bed->arrivals[i].number, i);
		assert_int_equal(bed->arrivals[i].time, (i + 1 + 5) * BERTH_MSEC);
	}
}

static void test_limit_counts_those_that_wait(void **state)
{
	const struct berth_impair impair = {.rate_bits = 8000000, .limit = 10};
	struct bed *bed = *state;

	run_all(bed, &impair, 100, 1000, 0);
	/* One is being sent, ten wait. */
	assert_int_equal(bed->arrival_count, 11);
	assert_int_equal(lost_by_rule(bed, BERTH_RULE_LIMIT), 89);
	enter(bed, 100, 1000); /* and later there is room again */
	run_until(bed, bed->w.env.now + BERTH_SEC);
	assert_int_equal(bed->arrival_count, 12);
}

static void test_limit_without_rate_bounds_the_way(void **state)
{
	const struct berth_impair impair = {.delay = BERTH_SEC, .limit = 10};
	struct bed *bed = *state;

	run_all(bed, &impair, 100, 1000, 0);
	assert_int_equal(bed->arrival_count, 10);
}

static void test_mtu_loses_what_is_too_big(void **state)
{
	const struct berth_impair impair = {.mtu = 1400};
	struct bed *bed = *state;

	lane_set_impair(&bed->lane, &impair);
	enter(bed, 0, 1400 + HEADER_BYTES);
	enter(bed, 1, 1401 + HEADER_BYTES);
	assert_int_equal(bed->arrival_count, 1);
	assert_int_equal(lost_by_rule(bed, BERTH_RULE_MTU), 1);
}

/* A cable that becomes faster still delivers in order; those on the way keep their fate. */
static void test_change_keeps_order(void **state)
{
	const struct berth_impair slow = {.delay = BERTH_SEC};
	const struct berth_impair none = {0};
	struct bed *bed = *state;

	bed->w.on_packet = NULL;
	lane_set_impair(&bed->lane, &slow);
	enter(bed, 0, 100);
	run_until(bed, BERTH_MSEC);
	lane_set_impair(&bed->lane, &none);
	enter(bed, 1, 100);
	assert_int_equal(bed->arrival_count, 0);
	run_until(bed, 2 * BERTH_SEC);
	assert_int_equal(bed->arrival_count, 2);
	assert_int_equal(bed->arrivals[0].number, 0);
	assert_int_equal(bed->arrivals[1].time, BERTH_SEC);
	enter(bed, 2, 100); /* and then it is ideal again */
	assert_int_equal(bed->arrival_count, 3);
}

/* What was lost, late or doubled is freed: teardown would find it. */
static void test_free_with_packets_on_the_way(void **state)
{
	const struct berth_impair impair = {.delay = BERTH_SEC, .duplicate = 0.5};
	struct bed *bed = *state;

	lane_set_impair(&bed->lane, &impair);
	for (uint32_t i = 0; i < 100; i++)
		enter(bed, i, 100);
	assert_in_range(bed->lane.count, 120, 180);
}

#define LANE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LANE_TEST(test_ideal_is_at_once),
		LANE_TEST(test_delay_is_exact),
		LANE_TEST(test_jitter_never_overtakes),
		LANE_TEST(test_loss_is_what_was_drawn),
		LANE_TEST(test_time_does_not_matter),
		LANE_TEST(test_duplicate_follows_at_once),
		LANE_TEST(test_reordered_go_ahead),
		LANE_TEST(test_corrupt_flips_one_bit),
		LANE_TEST(test_rate_spaces_packets),
		LANE_TEST(test_limit_counts_those_that_wait),
		LANE_TEST(test_limit_without_rate_bounds_the_way),
		LANE_TEST(test_mtu_loses_what_is_too_big),
		LANE_TEST(test_change_keeps_order),
		LANE_TEST(test_free_with_packets_on_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
