/* SPDX-License-Identifier: MIT */
/*
 * Which address to send from: the rules of RFC 6724 §5 in their order, and its examples (§10.1) as
 * far as they have no temporary or home addresses.
 */
#include "../nethost6.h"

static struct nethost h;
static unsigned eth1;

static int setup(void **state)
{
	struct ipaddr me = ME6;

	(void)state;
	nethost6_init(&h, 66);
	eth1 = nethost_add_eth(&h, "eth1", other_mac, IP(10, 1, 0, 1), 24);
	assert_int_equal(addr_del(h.net, h.eth, &me, 64), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static void add(unsigned ifindex, const char *text, bool deprecated)
{
	const struct addr_config config = {
		.addr = ip6(text),
		.prefix_len = 64,
		.flags = ADDR_NODAD,
		.preferred_ns = deprecated ? 0 : BERTH_TIME_NEVER,
		.valid_ns = BERTH_TIME_NEVER,
	};

	assert_int_equal(addr_set(h.net, ifindex, &config), 0);
}

/* The source for a destination, as text; "": none. */
static const char *source(const char *dst)
{
	static char text[IPADDR_TEXT_BYTES];
	struct ipaddr to = ip6(dst);
	const struct addr *a = addr_select6(h.net, links_get(h.links, h.eth), &to);

	return a ? ipaddr_print(&a->addr, text) : "";
}

static void the_same_address(void **state)
{
	(void)state;
	add(h.eth, "2001:db8::1", false);
	add(h.eth, "2001:db8::2", true);
	assert_string_equal(source("2001:db8::2"), "2001:db8::2");
	assert_string_equal(source("2001:db8::3"), "2001:db8::1");
}

static void scopes(void **state)
{
	(void)state;
	add(h.eth, "fe80::1", false);
	assert_string_equal(source("2001:db8:1::1"), "fe80::1");
	add(h.eth, "2001:db8:3::1", false);
	assert_string_equal(source("2001:db8:1::1"), "2001:db8:3::1");
	assert_string_equal(source("ff05::1"), "2001:db8:3::1");
	assert_string_equal(source("ff02::1"), "fe80::1");
	assert_string_equal(source("fe80::2"), "fe80::1");
}

static void deprecated_ones(void **state)
{
	(void)state;
	add(h.eth, "2001:db8:1::1", true);
	add(h.eth, "2001:db8:2::1", false);
	assert_string_equal(source("2001:db8:1::5"), "2001:db8:2::1");
	/* RFC 6724 §10.1: the smaller scope does not help a deprecated one of the right scope. */
	add(h.eth, "fe80::1", false);
	assert_string_equal(source("2001:db8:1::5"), "2001:db8:2::1");
}

static void the_outgoing_interface(void **state)
{
	(void)state;
	add(eth1, "2001:db8:1::1", false);
	assert_string_equal(source("2001:db8:1::5"), "2001:db8:1::1"); /* better than none */
	assert_string_equal(source("fe80::2"), "");
	assert_string_equal(source("ff02::1"), "");
	add(h.eth, "2001:db8:2::1", false);
	assert_string_equal(source("2001:db8:1::5"), "2001:db8:2::1");
}

static void labels(void **state)
{
	(void)state;
	add(h.eth, "2002:c633:6401::1", false); /* 6to4 */
	add(h.eth, "2001:db8:1::1", false);
	add(h.eth, "fd00::1", false);
	assert_string_equal(source("2002:c633:6401:1::5"), "2002:c633:6401::1");
	assert_string_equal(source("2001:db8:5::5"), "2001:db8:1::1");
	assert_string_equal(source("fd77::5"), "fd00::1");
	assert_string_equal(source("2a00::1"), "2001:db8:1::1");
}

static void the_longest_prefix(void **state)
{
	(void)state;
	add(h.eth, "2001:db8:1::1", false);
	add(h.eth, "2001:db8:3::1", false);
	assert_string_equal(source("2001:db8:3:77::1"), "2001:db8:3::1");
	assert_string_equal(source("2001:db8:1:77::1"), "2001:db8:1::1");
	assert_string_equal(source("2a00::1"), "2001:db8:1::1"); /* equal: the first added */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_same_address),	   T(scopes), T(deprecated_ones),
		T(the_outgoing_interface), T(labels), T(the_longest_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
