/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/imap.h"

#define KEYS 500

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

/* The same operations on a plain array must give the same answers. */
static void behaves_as_an_array(void **state)
{
	struct imap m = {0};
	void *twin[KEYS] = {0};
	static char values[KEYS];
	uint64_t seed = 20;
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t key = next(&seed) % KEYS;

		if (next(&seed) % 2) {
			assert_int_equal(imap_put(&m, key * 4096, &values[key]), 0);
			count += !twin[key];
			twin[key] = &values[key];
		} else {
			assert_ptr_equal(imap_del(&m, key * 4096), twin[key]);
			count -= !!twin[key];
			twin[key] = NULL;
		}
		assert_int_equal(m.count, count);
		key = next(&seed) % KEYS;
		assert_ptr_equal(imap_get(&m, key * 4096), twin[key]);
	}
	for (size_t key = 0; key < KEYS; key++)
		assert_ptr_equal(imap_get(&m, key * 4096), twin[key]);
	imap_fini(&m);
}

static void is_empty_at_first(void **state)
{
	struct imap m = {0};
	int value;

	(void)state;
	assert_null(imap_get(&m, 1));
	assert_null(imap_del(&m, 1));
	assert_null(imap_any(&m));
	assert_int_equal(imap_put(&m, 0, &value), 0);
	assert_ptr_equal(imap_any(&m), &value);
	assert_ptr_equal(imap_del(&m, 0), &value);
	assert_null(imap_any(&m));
	imap_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaves_as_an_array),
		cmocka_unit_test(is_empty_at_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
