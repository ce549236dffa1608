/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>

#include "cli/netem.h"
#include "cli/units.h"

static void times_have_units(void **state)
{
	berth_time t = -1;

	(void)state;
	assert_int_equal(unit_time("40ms", &t), 0);
	assert_int_equal(t, 40 * BERTH_MSEC);
	assert_int_equal(unit_time("1.5s", &t), 0);
	assert_int_equal(t, 1500 * BERTH_MSEC);
	assert_int_equal(unit_time("200us", &t), 0);
	assert_int_equal(t, 200 * BERTH_USEC);
	assert_int_equal(unit_time("2 sec", &t), 0);
	assert_int_equal(t, 2 * BERTH_SEC);
	assert_int_equal(unit_time("0", &t), 0);
	assert_int_equal(t, 0);
	t = 7;
	assert_int_equal(unit_time("40", &t), -EINVAL);
	assert_int_equal(unit_time("40mss", &t), -EINVAL);
	assert_int_equal(unit_time("", &t), -EINVAL);
	assert_int_equal(unit_time("ms", &t), -EINVAL);
	assert_int_equal(unit_time("inf s", &t), -EINVAL);
	assert_int_equal(unit_time("0x10ms", &t), -EINVAL);
	assert_int_equal(unit_time("-3ms", &t), -ERANGE);
	assert_int_equal(unit_time("99999999999s", &t), -ERANGE);
	assert_int_equal(t, 7);
}

static void rates_are_tc_s(void **state)
{
	uint64_t bits = 0;

	(void)state;
	assert_int_equal(unit_rate("10mbit", &bits), 0);
	assert_int_equal(bits, 10000000);
	assert_int_equal(unit_rate("512Kbit", &bits), 0);
	assert_int_equal(bits, 512000);
	assert_int_equal(unit_rate("100kbps", &bits), 0);
	assert_int_equal(bits, 800000);
	assert_int_equal(unit_rate("1Mibit", &bits), 0);
	assert_int_equal(bits, 1048576);
	assert_int_equal(unit_rate("10", &bits), -EINVAL);
	assert_int_equal(unit_rate("10mb", &bits), -EINVAL);
}

static void percentages_end_at_100(void **state)
{
	double p = -1;

	(void)state;
	assert_int_equal(unit_percent("1%", &p), 0);
	assert_true(p > 0.00999 && p < 0.01001);
	assert_int_equal(unit_percent("100%", &p), 0);
	assert_true(p >= 1.0);
	assert_int_equal(unit_percent("101%", &p), -ERANGE);
	assert_int_equal(unit_percent("-1%", &p), -ERANGE);
	assert_int_equal(unit_percent("0.01", &p), -EINVAL);
}

static void words_merge(void **state)
{
	struct netem_words w = {0, {0}};
	struct berth_impair set = {.delay = 7, .loss = 0.5, .duplicate = 0.25};
	const char *expected;

	(void)state;
	assert_int_equal(netem_parse(&w, NETEM_DELAY, "20ms 5ms", &expected), 0);
	assert_int_equal(w.value.jitter, 5 * BERTH_MSEC);
	assert_int_equal(netem_parse(&w, NETEM_LOSS, "0%", &expected), 0);
	netem_merge(&set, &w);
	assert_int_equal(set.delay, 20 * BERTH_MSEC);
	assert_int_equal(set.jitter, 5 * BERTH_MSEC);
	assert_true(set.loss <= 0);
	assert_true(set.duplicate > 0.2); /* not among the words: as it was */
}

static void gemodel_as_netem_s(void **state)
{
	struct netem_words w = {0, {0}};
	const char *expected;

	(void)state;
	assert_int_equal(netem_parse(&w, NETEM_LOSS, "gemodel 1% 10% 70% 0.1%", &expected), 0);
	assert_true(w.value.gemodel);
	assert_true(w.value.gemodel_1_h > 0.699 && w.value.gemodel_1_h < 0.701);
	assert_int_equal(netem_parse(&w, NETEM_LOSS, "gemodel 1%", &expected), 0);
	assert_true(w.value.gemodel_r > 0.989 && w.value.gemodel_r < 0.991);
	assert_true(w.value.gemodel_1_h > 0.999);
	assert_int_equal(netem_parse(&w, NETEM_LOSS, "gemodel", &expected), -EINVAL);
	assert_int_equal(netem_parse(&w, NETEM_LOSS, "gemodel 1% 2% 3% 4% 5%", &expected), -EINVAL);
	assert_true(w.value.gemodel); /* as it was */
	assert_int_equal(netem_parse(&w, NETEM_LOSS, "2%", &expected), 0);
	assert_false(w.value.gemodel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_units),	  cmocka_unit_test(rates_are_tc_s),
		cmocka_unit_test(percentages_end_at_100), cmocka_unit_test(words_merge),
		cmocka_unit_test(gemodel_as_netem_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
