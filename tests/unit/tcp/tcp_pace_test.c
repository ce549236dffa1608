/* SPDX-License-Identifier: MIT */
/* SO_MAX_PACING_RATE: a transfer takes as long as the rate says, in small pieces, whatever is lost;
 * without a rate, or with one of 0, it does not. */
#include "tcp_rig.h"

#define BYTES 2000000u

static berth_time transfer(uint64_t rate, unsigned loss)
{
	struct rig r;
	struct sock *pair[2];

	rig_init(&r, 1);
	r.loss = loss;
	rig_pair(&r, 80, pair);
	if (rate != UINT64_MAX) {
		struct sock_options *o = sock_edit_options(pair[0]);

		assert_non_null(o);
		o->max_pacing_rate = rate;
	}

	struct rig_stream x = {.from = pair[0], .to = pair[1], .total = BYTES, .chunk = 30000};
	berth_time took = rig_transfer(&r, &x, 3600 * BERTH_SEC);

	tcp_proto.close(pair[1]);
	tcp_proto.close(pair[0]);
	rig_run(&r, r.now + 200 * BERTH_SEC);
	rig_fini(&r);
	return took;
}

static void paced(void **state)
{
	(void)state;
	/* Two seconds' worth. */
	assert_in_range(transfer(1000000, 0), 1900 * BERTH_MSEC, 2200 * BERTH_MSEC);
	assert_in_range(transfer(4000000, 0), 450 * BERTH_MSEC, 700 * BERTH_MSEC);
	assert_in_range(transfer(1000000, 20), 1900 * BERTH_MSEC, 4000 * BERTH_MSEC);
}

static void not_paced(void **state)
{
	(void)state;
	assert_true(transfer(UINT64_MAX, 0) < 600 * BERTH_MSEC);
	assert_true(transfer(0, 0) < 600 * BERTH_MSEC);
	assert_true(transfer(UINT64_MAX - 1, 0) < 600 * BERTH_MSEC);
}

/* Segments leave one by one: never two packets' worth between two looks a millisecond apart. */
static void in_pieces(void **state)
{
	struct rig r;
	struct sock *pair[2];
	static uint8_t data[200000];

	(void)state;
	rig_init(&r, 1);
	rig_pair(&r, 80, pair);
	struct sock_options *o = sock_edit_options(pair[0]);

	assert_non_null(o);
	o->max_pacing_rate = 100000;
	pair[0]->sndbuf = 1000000;
	assert_int_equal(rig_send(pair[0], data, sizeof(data), 0), sizeof(data));

	const struct tcp *t = (struct tcp *)(void *)pair[0];
	uint64_t before = t->bytes_sent;

	/* The first ten segments are free. */
	assert_true(before <= 12 * (uint64_t)t->snd_mss);
	for (int i = 0; i < 400; i++) {
		rig_run(&r, r.now + BERTH_MSEC);
		assert_true(t->bytes_sent - before <= 2 * (uint64_t)t->snd_mss);
		before = t->bytes_sent;
	}
	assert_in_range(before, 45000, 62000);
	assert_int_equal(t->total_retrans, 0);
	/* A connection whose data is held back by its pace probes no window. */
	assert_int_equal(t->probes, 0);
	o = sock_edit_options(pair[0]);
	o->max_pacing_rate = UINT64_MAX;
	rig_run(&r, r.now + BERTH_SEC);
	tcp_proto.close(pair[1]);
	tcp_proto.close(pair[0]);
	rig_run(&r, r.now + 200 * BERTH_SEC);
	rig_fini(&r);
}

/* The time of what is read is that of its last byte's packet. */
static void arrivals(void **state)
{
	struct rig r;
	struct sock *pair[2];
	uint8_t buf[8];
	berth_time first, second;

	(void)state;
	rig_init(&r, 1);
	rig_pair(&r, 80, pair);
	struct sock_options *o = sock_edit_options(pair[1]);

	assert_non_null(o);
	o->timestamp = true;
	rig_send(pair[0], "abc", 3, 0);
	rig_run(&r, r.now + BERTH_SEC);
	first = ((struct tcp *)(void *)pair[1])->last_data;
	rig_send(pair[0], "def", 3, 0);
	rig_run(&r, r.now + BERTH_SEC);
	second = ((struct tcp *)(void *)pair[1])->last_data;
	assert_true(second > first);
	for (int i = 0; i < 3; i++) {
		struct iovec iov = {buf, i == 1 ? 2 : 1};
		struct proto_msg m = {.iov = &iov, .iov_count = 1, .bytes = iov.iov_len, .inq = -1};

		assert_int_equal(tcp_proto.recv(pair[1], &m), (ssize_t)iov.iov_len);
		assert_true(m.time == (i < 2 ? first : second));
	}
	tcp_proto.close(pair[1]);
	tcp_proto.close(pair[0]);
	rig_run(&r, r.now + 200 * BERTH_SEC);
	rig_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paced),
		cmocka_unit_test(not_paced),
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(arrivals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
