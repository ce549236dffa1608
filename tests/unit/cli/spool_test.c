/* SPDX-License-Identifier: MIT */
#include "cli/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#define BYTES ((size_t)1 << 20)

static char pattern(size_t i)
{
	return (char)(i * 7 % 251);
}

/* Nothing waits for a reader, and all of it arrives in order once there is one. */
static void a_slow_reader(void **state)
{
	struct spool s = {0};
	char buf[8192];
	size_t put = 0;
	size_t got = 0;
	int ends[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	s.fd = ends[1];
	while (put < BYTES) {
		size_t count = 1 + put % 5000;

		for (size_t i = 0; i < count; i++)
			buf[i] = pattern(put + i);
		spool_put(&s, buf, count);
		put += count;
		spool_flush(&s, false);
		if (put % 3 == 0)
			continue;
		n = read(ends[0], buf, 100);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], pattern(got++));
	}
	assert_true(spool_waiting(&s) > BYTES / 2);
	while (spool_waiting(&s) > 0) {
		while ((n = read(ends[0], buf, sizeof(buf))) > 0)
			for (ssize_t i = 0; i < n; i++)
				assert_int_equal(buf[i], pattern(got++));
		spool_flush(&s, false);
	}
	while ((n = read(ends[0], buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], pattern(got++));
	assert_int_equal(got, put);
	assert_int_equal(s.error, 0);
	spool_fini(&s);
	close(ends[0]);
	close(ends[1]);
}

static void nothing(int number)
{
	(void)number;
}

/* Who waits in the end for a reader that never reads is released by a signal. */
static void a_signal(void **state)
{
	struct itimerval soon = {.it_value.tv_usec = 20000, .it_interval.tv_usec = 20000};
	struct itimerval never = {0};
	struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
	struct spool s = {0};
	char *bytes = calloc(1, BYTES);
	int ends[2];

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(pipe(ends), 0);
	s.fd = ends[1];
	spool_put(&s, bytes, BYTES);
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &soon, NULL);
	spool_flush(&s, true);
	(void)setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(s.error, -EINTR);
	assert_int_equal(spool_waiting(&s), 0);
	spool_fini(&s);
	free(bytes);
	close(ends[0]);
	close(ends[1]);
}

static void nobody_reads(void **state)
{
	struct spool s = {0};
	int ends[2];

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	s.fd = ends[1];
	spool_put(&s, "lost\n", 5);
	spool_flush(&s, false);
	assert_int_equal(s.error, -EPIPE);
	assert_int_equal(spool_waiting(&s), 0);
	spool_fini(&s);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_reader),
		cmocka_unit_test(a_signal),
		cmocka_unit_test(nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
