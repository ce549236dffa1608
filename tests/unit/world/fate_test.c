/* SPDX-License-Identifier: MIT */
/*
 * Fates: repeatable, independent, and distributed as they should be. Counts over 1e5 packets are
 * held against five standard deviations; nothing here is random, so what passes once passes
 * always.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "world/fate.h"

#define PACKETS 100000u

static void test_same_inputs_same_fate(void **state)
{
	const struct berth_impair impair = {.delay = 10 * BERTH_MSEC,
					    .jitter = BERTH_MSEC,
					    .loss = 0.1,
					    .duplicate = 0.1,
					    .reorder = 0.1,
					    .corrupt = 0.1};
	struct fate_key a = fate_key_make(7, "web:lan", BERTH_UP);
	struct fate_key b = fate_key_make(7, "web:lan", BERTH_UP);
	struct gemodel none = {0};
	struct fate first;
	struct fate second;

	(void)state;
	for (uint64_t n = 0; n < 1000; n++) {
		fate_draw(&a, &impair, n, &none, &first);
		fate_draw(&b, &impair, n, &none, &second);
		assert_int_equal(first.rule, second.rule);
		assert_int_equal(first.delay_ns, second.delay_ns);
		assert_int_equal(first.duplicate, second.duplicate);
		assert_int_equal(first.reorder, second.reorder);
		assert_int_equal(first.corrupt_word, second.corrupt_word);
	}
}

/* Frozen: a change of these is a change of what every seed means. */
static void test_known_words(void **state)
{
	const struct fate_key zero = {{0, 0}};
	const struct fate_key ones = {{0xffffffff, 0xffffffff}};
	uint64_t words[2];

	(void)state;
	/* Random123's known answer for philox4x32-10 with all counters and keys zero. */
	fate_words(&zero, 0, 0, words);
	assert_int_equal(words[0], UINT64_C(0xe169c58d6627e8d5));
	assert_int_equal(words[1], UINT64_C(0x9b00dbd8bc57ac4c));
	fate_words(&ones, 1, DRAW_LOSS, words);
	uint64_t first = words[0];

	fate_words(&ones, 2, DRAW_LOSS, words);
	assert_int_not_equal(first, words[0]);
}

static void test_key_depends_on_everything(void **state)
{
	struct fate_key base = fate_key_make(1, "a:lan", BERTH_UP);
	struct fate_key others[] = {fate_key_make(2, "a:lan", BERTH_UP),
				    fate_key_make(1, "b:lan", BERTH_UP),
				    fate_key_make(1, "a:lan", BERTH_DOWN)};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_memory_not_equal(&base, &others[i], sizeof(base));
}

/* Within five standard deviations of a binomial's mean. */
static void assert_binomial(unsigned hits, double p)
{
	double mean = PACKETS * p;
	double sigma = sqrt(mean * (1 - p));

	if (fabs(hits - mean) > 5 * sigma + 1)
		fail_msg("%u hits where %.0f +- %.0f were due", hits, mean, 5 * sigma);
}

static void count(const struct berth_impair *impair, unsigned hits[4])
{
	struct fate_key key = fate_key_make(42, "count:lan", BERTH_DOWN);
	struct gemodel none = {0};
	struct fate fate;

	memset(hits, 0, 4 * sizeof(hits[0]));
	for (uint64_t n = 0; n < PACKETS; n++) {
		fate_draw(&key, impair, n, &none, &fate);
		hits[0] += fate.rule == BERTH_RULE_LOSS;
		hits[1] += fate.duplicate;
		hits[2] += fate.reorder;
		hits[3] += fate.corrupt;
	}
}

static void test_rates(void **state)
{
	static const double rates[] = {0, 0.001, 0.01, 0.25, 0.5, 0.99, 1};
	unsigned hits[4];

	(void)state;
	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct berth_impair loss = {.loss = rates[i]};
		struct berth_impair rest = {
			.duplicate = rates[i], .reorder = rates[i], .corrupt = rates[i]};

		count(&loss, hits);
		assert_binomial(hits[0], rates[i]);
		count(&rest, hits);
		assert_int_equal(hits[0], 0);
		for (unsigned kind = 1; kind < 4; kind++)
			assert_binomial(hits[kind], rates[i]);
	}
}

/* Which packets are duplicated does not change with loss, nor one draw with another. */
static void test_draws_are_independent(void **state)
{
	const struct berth_impair both = {.duplicate = 0.5, .corrupt = 0.5};
	const struct berth_impair one = {.duplicate = 0.5};
	struct fate_key key = fate_key_make(3, "x:y", BERTH_UP);
	struct gemodel none = {0};
	unsigned together = 0;
	struct fate a;
	struct fate b;

	(void)state;
	for (uint64_t n = 0; n < PACKETS; n++) {
		fate_draw(&key, &both, n, &none, &a);
		fate_draw(&key, &one, n, &none, &b);
		assert_int_equal(a.duplicate, b.duplicate);
		together += a.duplicate && a.corrupt;
	}
	assert_binomial(together, 0.25);
}

static void test_jitter_is_normal(void **state)
{
	const struct berth_impair impair = {.delay = BERTH_SEC, .jitter = 10 * BERTH_MSEC};
	struct fate_key key = fate_key_make(5, "jitter:lan", BERTH_UP);
	struct gemodel none = {0};
	unsigned within[3] = {0};
	double sum = 0;
	double squares = 0;
	struct fate fate;

	(void)state;
	for (uint64_t n = 0; n < PACKETS; n++) {
		fate_draw(&key, &impair, n, &none, &fate);
		double z = (double)(fate.delay_ns - BERTH_SEC) / (10.0 * BERTH_MSEC);

		sum += z;
		squares += z * z;
		for (unsigned i = 0; i < 3; i++)
			within[i] += fabs(z) < i + 1;
	}
	assert_true(fabs(sum / PACKETS) < 5 / sqrt(PACKETS));
	assert_true(fabs(squares / PACKETS - 1) < 5 * sqrt(2.0 / PACKETS));
	assert_true(fabs(within[0] / (double)PACKETS - 0.6827) < 0.009);
	assert_true(fabs(within[1] / (double)PACKETS - 0.9545) < 0.004);
	assert_true(fabs(within[2] / (double)PACKETS - 0.9973) < 0.0012);
}

static void test_delay_is_never_negative(void **state)
{
	const struct berth_impair impair = {.delay = BERTH_MSEC, .jitter = 100 * BERTH_MSEC};
	struct fate_key key = fate_key_make(5, "clip:lan", BERTH_UP);
	struct gemodel none = {0};
	unsigned clipped = 0;
	struct fate fate;

	(void)state;
	for (uint64_t n = 0; n < 1000; n++) {
		fate_draw(&key, &impair, n, &none, &fate);
		assert_true(fate.delay_ns >= 0);
		clipped += fate.delay_ns == 0;
	}
	assert_in_range(clipped, 400, 600);
}

/* Losses, the length of bursts, and that walking on and finding anew agree. */
static void test_gemodel(void **state)
{
	const struct berth_impair impair = {.gemodel = true,
					    .gemodel_p = 0.01,
					    .gemodel_r = 0.25,
					    .gemodel_1_h = 0.9,
					    .gemodel_1_k = 0.001};
	struct fate_key key = fate_key_make(11, "ge:lan", BERTH_UP);
	struct gemodel walked = {0};
	struct gemodel anew;
	unsigned bad = 0;
	unsigned bursts = 0;
	unsigned lost = 0;
	bool was_bad = false;
	struct fate fate;
	struct fate other;

	(void)state;
	for (uint64_t n = 0; n < PACKETS; n++) {
		fate_draw(&key, &impair, n, &walked, &fate);
		anew = (struct gemodel){0};
		fate_draw(&key, &impair, n, &anew, &other);
		assert_int_equal(fate.rule, other.rule);
		assert_int_equal(walked.bad, anew.bad);
		bad += walked.bad;
		bursts += walked.bad && !was_bad;
		was_bad = walked.bad;
		lost += fate.rule == BERTH_RULE_GEMODEL;
	}
	/* In the long run p / (p + r) of the time is bad, for 1 / r packets at a time. */
	assert_true(fabs(bad / (double)PACKETS - 0.01 / 0.26) < 0.005);
	assert_true(fabs(bad / (double)bursts - 4.0) < 0.5);
	assert_true(fabs(lost - (0.9 * bad + 0.001 * (PACKETS - bad))) < 150);
}

static void test_gemodel_corners(void **state)
{
	struct fate_key key = fate_key_make(1, "corner:lan", BERTH_UP);

	(void)state;
	assert_false(fate_gemodel_bad(&key, 0, 0, 1000)); /* never leaves good */
	assert_true(fate_gemodel_bad(&key, 1, 0, 1));	  /* leaves at once, for ever */
	assert_true(fate_gemodel_bad(&key, 1, 0, 100000));
	for (uint64_t n = 0; n < 10; n++) /* to and fro */
		assert_int_equal(fate_gemodel_bad(&key, 1, 1, n), n % 2);
}

static void test_bad_impairments_are_refused(void **state)
{
	const struct berth_impair good = {.loss = 1, .delay = BERTH_SEC};
	const struct berth_impair bad[] = {
		{.loss = 1.01},	  {.loss = -0.1},	{.duplicate = NAN},    {.reorder = 2},
		{.corrupt = 1e9}, {.gemodel_p = -1},	{.gemodel_1_h = 1.5},  {.delay = -1},
		{.jitter = -1},	  {.delay = INT64_MAX}, {.jitter = INT64_MAX},
	};

	(void)state;
	assert_int_equal(impair_check(&good), 0);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(impair_check(&bad[i]) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_inputs_same_fate),
		cmocka_unit_test(test_known_words),
		cmocka_unit_test(test_key_depends_on_everything),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_draws_are_independent),
		cmocka_unit_test(test_jitter_is_normal),
		cmocka_unit_test(test_delay_is_never_negative),
		cmocka_unit_test(test_gemodel),
		cmocka_unit_test(test_gemodel_corners),
		cmocka_unit_test(test_bad_impairments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
