/* SPDX-License-Identifier: MIT */
/* Two ends and a wire that loses, repeats and reorders: what arrives is what was sent, in time. */
#include "tcp_rig.h"

static void transfer(uint64_t seed, unsigned loss, unsigned duplicate, berth_time jitter,
		     uint64_t total, berth_time limit)
{
	struct rig r;
	struct sock *pair[2];

	rig_init(&r, seed);
	r.loss = loss;
	r.duplicate = duplicate;
	r.jitter = jitter;
	rig_pair(&r, 80, pair);

	struct rig_stream x = {.from = pair[0], .to = pair[1], .total = total, .chunk = 30000};
	berth_time took = rig_transfer(&r, &x, 3600 * BERTH_SEC);

	if (took > limit)
		fail_msg("seed %lu: %.3f s, more than %.3f", (unsigned long)seed,
			 (double)took / 1e9, (double)limit / 1e9);
	if (getenv("RIG_VERBOSE"))
		print_message("seed %lu loss %u: %.3f s, %u retransmissions\n", (unsigned long)seed,
			      loss, (double)took / 1e9,
			      ((struct tcp *)(void *)pair[0])->total_retrans);
	tcp_proto.close(pair[1]);
	tcp_proto.close(pair[0]);
	rig_run(&r, r.now + 200 * BERTH_SEC);
	rig_fini(&r);
}

static void clean(void **state)
{
	(void)state;
	transfer(1, 0, 0, 0, 10000000, 2 * BERTH_SEC);
}

static void lossy(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++)
		transfer(seed, 20, 0, 0, 2000000, 12 * BERTH_SEC);
}

static void everything(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		transfer(seed, 20, 10, 5 * BERTH_MSEC, 1000000, 10 * BERTH_SEC);
}

static void terrible(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++)
		transfer(seed, 200, 100, 30 * BERTH_MSEC, 100000, 300 * BERTH_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean),
		cmocka_unit_test(lossy),
		cmocka_unit_test(everything),
		cmocka_unit_test(terrible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
