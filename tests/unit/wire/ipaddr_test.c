/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

#include <arpa/inet.h>

#include "pkt/csum.h"
#include "wire/ipaddr.h"

static struct ipaddr addr(const char *text)
{
	struct ipaddr a;
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) == 1)
		return ipaddr_from4(ntohl(in.s_addr));
	assert_int_equal(inet_pton(AF_INET6, text, a.bytes), 1);
	return a;
}

static void kinds(void **state)
{
	static const struct {
		const char *text;
		bool any, multicast, loopback, broadcast;
	} cases[] = {
		{"0.0.0.0", true, false, false, false},
		{"::", true, false, false, false},
		{"127.255.3.4", false, false, true, false},
		{"128.0.0.1", false, false, false, false},
		{"::1", false, false, true, false},
		{"224.0.0.1", false, true, false, false},
		{"239.255.255.255", false, true, false, false},
		{"240.0.0.1", false, false, false, false},
		{"ff02::1", false, true, false, false},
		{"fe80::1", false, false, false, false},
		{"255.255.255.255", false, false, false, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ipaddr a = addr(cases[i].text);

		assert_int_equal(ipaddr_is_any(&a), cases[i].any);
		assert_int_equal(ipaddr_is_multicast(&a), cases[i].multicast);
		assert_int_equal(ipaddr_is_loopback(&a), cases[i].loopback);
		assert_int_equal(ipaddr_is_limited_broadcast(&a), cases[i].broadcast);
	}
}

static void prefixes(void **state)
{
	static const struct {
		const char *addr, *prefix;
		unsigned len;
		bool in;
	} cases[] = {
		{"10.9.0.1", "10.9.0.0", 24, true},   {"10.9.1.1", "10.9.0.0", 24, false},
		{"10.9.1.1", "10.9.0.0", 23, true},   {"10.9.0.1", "10.9.0.1", 32, true},
		{"10.9.0.1", "10.9.0.0", 32, false},  {"1.2.3.4", "0.0.0.0", 0, true},
		{"fd09::1", "0.0.0.0", 0, false},     {"1.2.3.4", "::", 0, false},
		{"fd09::1:2", "fd09::", 64, true},    {"fd09:0:0:1::", "fd09::", 64, false},
		{"fd09:0:0:1::", "fd09::", 63, true}, {"::1", "::1", 128, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ipaddr a = addr(cases[i].addr);
		struct ipaddr p = addr(cases[i].prefix);

		assert_int_equal(ipaddr_in_prefix(&a, &p, cases[i].len), cases[i].in);
	}
}

/* RFC 5952 §4: shortest zeros, the first of equals, no "::" for one group, lower case. */
static void text(void **state)
{
	static const char *const canonical[] = {
		"0.0.0.0",
		"192.168.255.1",
		"::",
		"::1",
		"fe80::1",
		"2001:db8::1:0:0:1",
		"2001:db8:0:1:1:1:1:1",
		"1::",
		"1:0:0:2::",
		"ff02::1:ff00:abcd",
		"1:2:3:4:5:6:7:8",
		"0:1:2:3:4:5:6:7",
	};
	char buf[IPADDR_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(canonical); i++) {
		struct ipaddr a = addr(canonical[i]);

		assert_string_equal(ipaddr_print(&a, buf), canonical[i]);
	}
}

static void pseudo_headers_know_both_versions(void **state)
{
	struct ipaddr a = addr("10.9.0.1");
	struct ipaddr b = addr("10.9.0.2");
	struct ipaddr c = addr("fd09::1");
	struct ipaddr d = addr("fd09::2");

	(void)state;
	assert_int_equal(csum_fold(ipaddr_pseudo_sum(&a, &b, 6, 100)),
			 csum_fold(csum_pseudo4(0x0a090001, 0x0a090002, 6, 100)));
	assert_int_equal(csum_fold(ipaddr_pseudo_sum(&c, &d, 6, 100)),
			 csum_fold(csum_pseudo6(c.bytes, d.bytes, 6, 100)));
	assert_true(ipaddr_is4(&a));
	assert_false(ipaddr_is4(&c));
	assert_int_equal(ipaddr_to4(&b), 0x0a090002);
	assert_false(ipaddr_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(text),
		cmocka_unit_test(pseudo_headers_know_both_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
