/* SPDX-License-Identifier: MIT */
/* The switch's memory: learning, moving, ageing, and its bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/env.h"
#include "world/fdb.h"

static void init_env(struct env *env)
{
	*env = (struct env){.mem = mem_or_libc(NULL)};
}

static void test_learns_moves_and_ages(void **state)
{
	struct fdb f = {0};
	struct env env;

	(void)state;
	init_env(&env);
	assert_int_equal(fdb_reserve(&f, &env, 2), 0);
	assert_int_equal(fdb_find(&f, 0x020000000001, 0), -1);
	fdb_learn(&f, 0x020000000001, 0, 0);
	assert_int_equal(fdb_find(&f, 0x020000000001, 0), 0);
	fdb_learn(&f, 0x020000000001, 1, 10);
	assert_int_equal(fdb_find(&f, 0x020000000001, FDB_AGE_NS + 9), 1);
	assert_int_equal(fdb_find(&f, 0x020000000001, FDB_AGE_NS + 10), -1);
	fdb_learn(&f, 0x020000000001, 1, FDB_AGE_NS + 20);
	assert_int_equal(fdb_find(&f, 0x020000000001, FDB_AGE_NS + 20), 1);
	fdb_forget_port(&f, 1);
	assert_int_equal(fdb_find(&f, 0x020000000001, FDB_AGE_NS + 20), -1);
	fdb_fini(&f, &env);
}

static void test_keeps_what_it_knows_when_it_grows(void **state)
{
	struct fdb f = {0};
	struct env env;

	(void)state;
	init_env(&env);
	for (int port = 0; port < 1000; port++) {
		assert_int_equal(fdb_reserve(&f, &env, (uint32_t)port + 1), 0);
		fdb_learn(&f, 0x020000000000 + (uint64_t)port, port, port);
	}
	for (int port = 0; port < 1000; port++)
		assert_int_equal(fdb_find(&f, 0x020000000000 + (uint64_t)port, 1000), port);
	fdb_fini(&f, &env);
}

/* A million made-up addresses neither grow it nor push out one that keeps talking. */
static void test_flood_of_addresses(void **state)
{
	struct fdb f = {0};
	struct env env;

	(void)state;
	init_env(&env);
	assert_int_equal(fdb_reserve(&f, &env, 2), 0);
	uint32_t buckets = f.buckets;

	for (uint64_t i = 0; i < 1000000; i++) {
		fdb_learn(&f, 0x021111111111, 0, (berth_time)i);
		fdb_learn(&f, 0x060000000000 + i, 1, (berth_time)i);
	}
	assert_int_equal(f.buckets, buckets);
	assert_int_equal(fdb_find(&f, 0x021111111111, 1000000), 0);
	fdb_fini(&f, &env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_learns_moves_and_ages),
		cmocka_unit_test(test_keeps_what_it_knows_when_it_grows),
		cmocka_unit_test(test_flood_of_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
