/* SPDX-License-Identifier: MIT */
#include "pair.h"

static struct pair pr;

static int setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_fini(&pr);
	return 0;
}

static int64_t get(const char *name)
{
	int64_t value = -77;

	assert_int_equal(berth_stack_sysctl_get(pr.host[0], name, &value), 0);
	return value;
}

static void knobs(void **state)
{
	struct berth_stack *st = pr.host[0];
	int64_t value;

	(void)state;
	assert_int_equal(get("net.ipv4.tcp_fin_timeout"), 60);
	assert_int_equal(berth_stack_sysctl_set(st, "net.ipv4.tcp_fin_timeout", 5), 0);
	assert_int_equal(get("net.ipv4.tcp_fin_timeout"), 5);
	assert_int_equal(berth_stack_sysctl_set(st, "net.ipv4.tcp_fin_timeout", 0), -EINVAL);
	assert_int_equal(berth_stack_sysctl_set(st, "net.ipv4.ip_default_ttl", 256), -EINVAL);
	assert_int_equal(berth_stack_sysctl_set(st, "net.ipv4.ip_default_ttl", INT64_MIN), -EINVAL);
	assert_int_equal(get("net.ipv4.ip_default_ttl"), 64);
	assert_int_equal(berth_stack_sysctl_set(st, "net.ipv4.no_such", 1), -ENOENT);
	assert_int_equal(berth_stack_sysctl_get(st, "", &value), -ENOENT);
	assert_int_equal(berth_stack_sysctl_set(st, "net.ipv4.ip_local_port_range.lo", 61000),
			 -EINVAL);
	assert_int_equal(get("net.ipv4.ip_local_port_range.lo"), 32768);
	assert_int_equal(get("net.ipv4.ip_forward"), 0);
}

/* A knob is one host's, and is heeded at once. */
static void heeded(void **state)
{
	int fd = berth_socket(pr.host[0], AF_INET, SOCK_STREAM, 0);
	int value;
	socklen_t len = sizeof(value);

	(void)state;
	assert_int_equal(berth_stack_sysctl_set(pr.host[1], "net.ipv4.ip_default_ttl", 9), 0);
	assert_int_equal(berth_getsockopt(pr.host[0], fd, IPPROTO_IP, IP_TTL, &value, &len), 0);
	assert_int_equal(value, 64);
	assert_int_equal(berth_stack_sysctl_set(pr.host[0], "net.ipv4.ip_default_ttl", 10), 0);
	assert_int_equal(berth_getsockopt(pr.host[0], fd, IPPROTO_IP, IP_TTL, &value, &len), 0);
	assert_int_equal(value, 10);
}

static void limits(void **state)
{
	struct berth_stack_config config = {
		.limits.somaxconn = 7, .random = pair_random, .ctx = &pr, .forwarding = true};
	struct berth_stack *st = berth_stack_new(&config);
	int64_t value;

	(void)state;
	assert_int_equal(berth_stack_sysctl_get(st, "net.core.somaxconn", &value), 0);
	assert_int_equal(value, 7);
	assert_int_equal(berth_stack_sysctl_get(st, "net.ipv4.ip_forward", &value), 0);
	assert_int_equal(value, 1);
	berth_stack_free(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(knobs, setup, teardown),
		cmocka_unit_test_setup_teardown(heeded, setup, teardown),
		cmocka_unit_test_setup_teardown(limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
