/* SPDX-License-Identifier: MIT */
/* The descriptor table: the lowest free one, beside a twin that looks for it naively. */
#include "../stack/pair.h"

#define TWIN_MAX 9000

static void lowest_first(void **state)
{
	static bool twin[TWIN_MAX];
	static struct pair pr;
	uint32_t random = 1;

	(void)state;
	memset(twin, 0, sizeof(twin));
	pair_init(&pr, 0);
	for (int i = 0; i < 30000; i++) {
		random = random * 1664525 + 1013904223;
		int fd = (int)((random >> 8) % 5000);

		/* First it grows to a few thousand, then it shrinks. */
		if (i < 9000 || (random >> 24) % 3) {
			int lowest = 0;

			while (twin[lowest])
				lowest++;
			if (lowest >= 6000)
				continue;
			assert_int_equal(berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0), lowest);
			twin[lowest] = true;
		}
		assert_int_equal(berth_close(pr.host[0], fd), twin[fd] ? 0 : -EBADF);
		twin[fd] = false;
	}
	pair_fini(&pr);
}

static void limit(void **state)
{
	struct pair pr = {.random_state = 3};
	struct berth_stack_config config = {
		.limits.sockets_max = 3, .random = pair_random, .ctx = &pr};
	struct berth_stack *st = berth_stack_new(&config);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(berth_socket(st, AF_INET, SOCK_STREAM, 0), i);
	assert_int_equal(berth_socket(st, AF_INET, SOCK_STREAM, 0), -ENFILE);
	assert_int_equal(berth_close(st, 1), 0);
	assert_int_equal(berth_socket(st, AF_INET, SOCK_STREAM, 0), 1);
	berth_stack_free(st);
}

static void families(void **state)
{
	struct pair pr = {.random_state = 3};
	struct berth_stack_config config = {.random = pair_random, .ctx = &pr};
	struct berth_stack *st = berth_stack_new(&config);

	(void)state;
	assert_int_equal(berth_socket(st, AF_AX25, SOCK_STREAM, 0), -EAFNOSUPPORT);
	assert_int_equal(berth_socket(st, AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
			 0);
	assert_int_equal(berth_socket(st, AF_INET6, SOCK_STREAM, 0), 1);
	assert_int_equal(berth_socket(st, AF_INET6, SOCK_DGRAM, IPPROTO_UDP), 2);
	assert_int_equal(berth_socket(st, AF_INET6, SOCK_DGRAM, IPPROTO_TCP), -EPROTONOSUPPORT);
	berth_stack_free(st);
	config.random = NULL;
	assert_null(berth_stack_new(&config));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lowest_first),
		cmocka_unit_test(limit),
		cmocka_unit_test(families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
