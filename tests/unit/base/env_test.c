/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

/* The vectors published with SipHash: key 00..0f, input 00, 01, ... */
static void siphash_agrees_with_its_paper(void **state)
{
	static const uint64_t wanted[] = {
		UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd),
		UINT64_C(0x0d6c8009d9a94f5a), UINT64_C(0x85676696d7fb7e2d),
		UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
		UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137),
		UINT64_C(0x93f5f5799a932462),
	};
	uint8_t key[16];
	uint8_t data[16];

	(void)state;
	for (uint8_t i = 0; i < 16; i++) {
		key[i] = i;
		data[i] = i;
	}
	for (size_t n = 0; n < ARRAY_LEN(wanted); n++)
		assert_int_equal(siphash(key, data, n), wanted[n]);
	assert_int_equal(siphash(key, data, 15), UINT64_C(0xa129ca6149be45e5));
}

static void hashes_depend_on_key_length_and_every_byte(void **state)
{
	struct fixture f;
	uint8_t data[40] = {0};

	(void)state;
	fixture_init(&f, 1);
	uint32_t base = env_hash(&f.env, data, sizeof(data));

	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = 1;
		assert_int_not_equal(env_hash(&f.env, data, sizeof(data)), base);
		data[i] = 0;
	}
	assert_int_not_equal(env_hash(&f.env, data, sizeof(data) - 1), base);
	f.env.hash_key[5] ^= 1;
	assert_int_not_equal(env_hash(&f.env, data, sizeof(data)), base);
}

static void random_below_is_even(void **state)
{
	struct fixture f;
	unsigned seen[6] = {0};

	(void)state;
	fixture_init(&f, 2);
	for (int i = 0; i < 60000; i++)
		seen[env_random_below(&f.env, 6)]++;
	for (int i = 0; i < 6; i++)
		assert_in_range(seen[i], 9600, 10400); /* 4 sigma and more */
	for (int i = 0; i < 100; i++)
		assert_int_equal(env_random_below(&f.env, 1), 0);
	assert_true(env_random_below(&f.env, UINT32_MAX) < UINT32_MAX);
}

static void sizes_that_overflow_are_no_memory(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3);
	assert_null(env_calloc(&f.env, SIZE_MAX / 2, 3));
	assert_null(env_realloc(&f.env, NULL, SIZE_MAX / 4, 5));
	assert_int_equal(f.calls, 0);
	uint64_t *zeros = env_calloc(&f.env, 4, sizeof(*zeros));

	assert_non_null(zeros);
	for (int i = 0; i < 4; i++)
		assert_int_equal(zeros[i], 0);
	env_free(&f.env, zeros);
	env_free(&f.env, NULL);
	fixture_fini(&f);
}

static void no_allocator_means_libc(void **state)
{
	struct berth_mem none = {NULL, NULL, NULL, NULL};
	struct berth_mem m = mem_or_libc(&none);
	void *p = m.alloc(m.ctx, 10);

	(void)state;
	assert_non_null(p);
	p = m.realloc(m.ctx, p, 1000);
	assert_non_null(p);
	m.free(m.ctx, p);
	assert_ptr_equal(mem_or_libc(NULL).alloc, m.alloc);
}

static void every_drop_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DROP_COUNT; i++) {
		assert_true(strlen(drop_name((enum drop)i)) > 0);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(drop_name((enum drop)i), drop_name((enum drop)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_agrees_with_its_paper),
		cmocka_unit_test(hashes_depend_on_key_length_and_every_byte),
		cmocka_unit_test(random_below_is_even),
		cmocka_unit_test(sizes_that_overflow_are_no_memory),
		cmocka_unit_test(no_allocator_means_libc),
		cmocka_unit_test(every_drop_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
