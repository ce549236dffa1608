/* SPDX-License-Identifier: MIT */
#include "../fixture.h"
#include "pkt/block.h"
#include "pkt/packet.h"

static void what_is_given_back_is_used_again(void **state)
{
	static const size_t sizes[] = {1, 64, 65, 96, 1000, 1024, 32768};
	struct fixture f;
	struct berth_pool *pool;

	(void)state;
	fixture_init(&f, 61);
	pool = pool_new(&f.env.mem, 0);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		void *a = block_new(pool, sizes[i]);
		void *b = block_new(pool, sizes[i]);

		assert_non_null(a);
		assert_ptr_not_equal(a, b);
		memset(a, 1, sizes[i]);
		memset(b, 2, sizes[i]);
		block_free(pool, a, sizes[i]);
		assert_ptr_equal(block_new(pool, sizes[i]), a);
		block_free(pool, a, sizes[i]);
		block_free(pool, b, sizes[i]);
	}
	block_free(pool, NULL, 100);
	pool_free(pool);
	fixture_fini(&f);
}

/* Sizes of one class share their blocks, up to the class's last byte (the sanitizers watch). */
static void a_block_is_as_large_as_its_class(void **state)
{
	struct fixture f;
	struct berth_pool *pool;
	void *block;

	(void)state;
	fixture_init(&f, 62);
	pool = pool_new(&f.env.mem, 0);
	block = block_new(pool, 65);
	block_free(pool, block, 65);
	assert_ptr_equal(block_new(pool, 128), block);
	memset(block, 3, 128);
	block_free(pool, block, 128);
	pool_free(pool);
	fixture_fini(&f);
}

static void large_ones_and_too_many_go_back(void **state)
{
	static void *blocks[100];
	struct fixture f;
	struct berth_pool *pool;
	long kept;

	(void)state;
	fixture_init(&f, 63);
	pool = pool_new(&f.env.mem, 0);
	kept = f.allocated;
	blocks[0] = block_new(pool, 32769);
	assert_non_null(blocks[0]);
	block_free(pool, blocks[0], 32769);
	assert_int_equal(f.allocated, kept);
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		blocks[i] = block_new(pool, 30000);
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		block_free(pool, blocks[i], 30000);
	assert_int_equal(f.allocated, kept + 8); /* 256 KiB */
	pool_free(pool);
	fixture_fini(&f);
}

static void no_memory_is_told(void **state)
{
	struct fixture f;
	struct berth_pool *pool;

	(void)state;
	fixture_init(&f, 64);
	pool = pool_new(&f.env.mem, 0);
	f.fail_at = f.calls + 1;
	assert_null(block_new(pool, 64));
	pool_free(pool);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_given_back_is_used_again),
		cmocka_unit_test(a_block_is_as_large_as_its_class),
		cmocka_unit_test(large_ones_and_too_many_go_back),
		cmocka_unit_test(no_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
