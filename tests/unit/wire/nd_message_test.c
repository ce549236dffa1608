/* SPDX-License-Identifier: MIT */
/*
 * ICMPv6 and neighbour discovery messages: what is written is parsed again with the same values;
 * truncation at every length, and options without length or beyond the message, are refused.
 */
#include "../fixture.h"

#include "wire/icmp6_header.h"
#include "wire/nd_message.h"

static const struct ipaddr target = {{0xfd, 9, [15] = 7}};
static const struct ipaddr other = {{0xfe, 0x80, [15] = 8}};
static const uint8_t mac[6] = {2, 3, 4, 5, 6, 7};

static void icmp6_comes_back(void **state)
{
	const struct icmp6_header h = {.type = ICMP6_ECHO_REQUEST, .code = 0, .info = 0x12345678};
	uint8_t data[ICMP6_HEADER_BYTES];
	struct reader r = reader_of(data, sizeof(data));
	struct icmp6_header again;

	(void)state;
	icmp6_write(data, &h);
	assert_true(icmp6_parse(&r, &again));
	assert_int_equal(again.type, ICMP6_ECHO_REQUEST);
	assert_int_equal(icmp6_id(&again), 0x1234);
	assert_int_equal(icmp6_seq(&again), 0x5678);
	r = reader_of(data, sizeof(data) - 1);
	assert_false(icmp6_parse(&r, &again));
	assert_true(icmp6_is_error(ICMP6_PARAMETER));
	assert_false(icmp6_is_error(ICMP6_ECHO_REQUEST));
}

static void neighbours_come_back(void **state)
{
	const struct nd_solicit s = {target};
	const struct nd_advert a = {target, true, false, true};
	const struct nd_redirect d = {target, other};
	uint8_t data[ND_REDIRECT_BYTES];
	struct nd_solicit s2;
	struct nd_advert a2;
	struct nd_redirect d2;
	struct reader r;

	(void)state;
	assert_int_equal(nd_solicit_write(data, &s), ND_SOLICIT_BYTES);
	assert_int_equal(data[0], ICMP6_NEIGHBOUR_SOLICIT);
	r = reader_of(data, ND_SOLICIT_BYTES);
	assert_true(nd_solicit_parse(&r, &s2));
	assert_true(ipaddr_equal(&s2.target, &target));
	assert_int_equal(nd_advert_write(data, &a), ND_SOLICIT_BYTES);
	r = reader_of(data, ND_SOLICIT_BYTES);
	assert_true(nd_advert_parse(&r, &a2));
	assert_true(a2.router && !a2.solicited && a2.override);
	assert_int_equal(nd_redirect_write(data, &d), ND_REDIRECT_BYTES);
	r = reader_of(data, ND_REDIRECT_BYTES);
	assert_true(nd_redirect_parse(&r, &d2));
	assert_true(ipaddr_equal(&d2.target, &target) && ipaddr_equal(&d2.dst, &other));
	for (size_t n = 0; n < ND_REDIRECT_BYTES; n++) {
		r = reader_of(data, n);
		assert_false(nd_redirect_parse(&r, &d2));
		r = reader_of(data, n);
		assert_int_equal(nd_solicit_parse(&r, &s2), n >= ND_SOLICIT_BYTES);
	}
}

static void routers_come_back(void **state)
{
	struct nd_router_advert m = {64, true, false, ND_PREFERENCE_LOW, 1800, 30000, 1000};
	uint8_t data[ND_ROUTER_ADVERT_BYTES];
	struct nd_router_advert again;

	(void)state;
	for (int i = ND_PREFERENCE_LOW; i <= ND_PREFERENCE_HIGH; i++) {
		struct reader r = reader_of(data, sizeof(data));

		m.preference = (enum nd_preference)i;
		assert_int_equal(nd_router_advert_write(data, &m), sizeof(data));
		assert_true(nd_router_advert_parse(&r, &again));
		assert_int_equal(again.preference, i);
	}
	assert_int_equal(again.hop_limit, 64);
	assert_true(again.managed && !again.other);
	assert_int_equal(again.lifetime, 1800);
	assert_int_equal(again.reachable_ms, 30000);
	assert_int_equal(again.retrans_ms, 1000);
	data[5] |= 0x18; /* RFC 4191 §2.2: low; the reserved value is 10 */
	data[5] = (uint8_t)((data[5] & ~0x18u) | 0x10u);
	struct reader r = reader_of(data, sizeof(data));

	assert_true(nd_router_advert_parse(&r, &again));
	assert_int_equal(again.preference, ND_PREFERENCE_MEDIUM);
}

static void options_come_back(void **state)
{
	const struct nd_prefix prefix = {{{0xfd, 9}}, 64, true, false, 7200, 3600};
	uint8_t data[ND_OPTION_MAC_BYTES + ND_OPTION_MTU_BYTES + ND_OPTION_PREFIX_BYTES];
	size_t bytes = nd_option_write_mac(data, ND_OPTION_TARGET_MAC, mac);
	struct nd_prefix again;
	struct nd_option o;
	struct reader r;
	uint8_t got[6];
	uint32_t mtu;

	(void)state;
	bytes += nd_option_write_mtu(data + bytes, 1400);
	bytes += nd_option_write_prefix(data + bytes, &prefix);
	assert_int_equal(bytes, sizeof(data));
	r = reader_of(data, sizeof(data));
	assert_true(nd_options_valid(r));
	assert_true(nd_option_next(&r, &o));
	assert_int_equal(o.type, ND_OPTION_TARGET_MAC);
	assert_true(nd_option_mac(&o, got));
	assert_memory_equal(got, mac, 6);
	assert_false(nd_option_prefix(&o, &again));
	assert_true(nd_option_next(&r, &o));
	assert_true(nd_option_mtu(&o, &mtu));
	assert_int_equal(mtu, 1400);
	assert_true(nd_option_next(&r, &o));
	assert_true(nd_option_prefix(&o, &again));
	assert_false(nd_option_mac(&o, got));
	assert_true(ipaddr_equal(&again.prefix, &prefix.prefix));
	assert_int_equal(again.prefix_len, 64);
	assert_true(again.on_link && !again.autonomous);
	assert_int_equal(again.valid, 7200);
	assert_int_equal(again.preferred, 3600);
	assert_false(nd_option_next(&r, &o));
	assert_true(r.ok);
}

/* RFC 4861 §4.6: a length of 0 discards the message; so does one beyond it. */
static void bad_options_are_refused(void **state)
{
	static const uint8_t zero[8] = {1, 0};
	static const uint8_t beyond[8] = {1, 2};
	static const uint8_t one[1] = {1};

	(void)state;
	assert_false(nd_options_valid(reader_of(zero, sizeof(zero))));
	assert_false(nd_options_valid(reader_of(beyond, sizeof(beyond))));
	assert_false(nd_options_valid(reader_of(one, sizeof(one))));
	assert_true(nd_options_valid(reader_of(one, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(icmp6_comes_back),	   cmocka_unit_test(neighbours_come_back),
		cmocka_unit_test(routers_come_back),	   cmocka_unit_test(options_come_back),
		cmocka_unit_test(bad_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
