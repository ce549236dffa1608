/* SPDX-License-Identifier: MIT */
/*
 * ICMPv6: echo, errors sent and errors received, path MTU. Errors come from fd09::fe about packets
 * that the host is said to have sent to fd09::2; what its protocol was told is in the nethost.
 */
#include "../nethost6.h"

static struct nethost h;
static struct frame f;

static int setup(void **state)
{
	(void)state;
	nethost6_init(&h, 64);
	learn6(&h, PEER6, peer_mac);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static void echoes(void **state)
{
	const struct icmp6_header echo = {.type = ICMP6_ECHO_REQUEST, .info = 0x00070009};

	(void)state;
	icmp6_in(&h, PEER6, ME6, &echo, "payload", 7);
	assert_int_equal(icmp6_out(&h, &f, ICMP6_ECHO_REPLY, 0).info, 0x00070009);
	assert_addr(ip6_of(&f).src, ME6);
	assert_addr(ip6_of(&f).dst, PEER6);
	assert_memory_equal(payload6_of(&f) + ICMP6_HEADER_BYTES, "payload", 7);
	icmp6_in(&h, PEER6, ip6("ff02::1"), &echo, "x", 1);
	(void)icmp6_out(&h, &f, ICMP6_ECHO_REPLY, 0);
	assert_addr(ip6_of(&f).src, ME6);
	h.f.env.knobs.icmp6_echo_ignore_multicast = 1;
	icmp6_in(&h, PEER6, ip6("ff02::1"), &echo, "x", 1);
	h.f.env.knobs.icmp6_echo_ignore_all = 1;
	icmp6_in(&h, PEER6, ME6, &echo, "x", 1);
	assert_false(frame_out(&h, &f));
	assert_int_equal(drops_of(&h, DROP_ICMP_TYPE), 2);
}

static void checksums_count(void **state)
{
	struct ip6_header ip = ip6_header(PEER6, ME6, 0);
	uint8_t message[8] = {ICMP6_ECHO_REQUEST};

	(void)state;
	frame_icmp6(&f, &ip, message, sizeof(message));
	f.data[f.bytes - 1] ^= 1;
	frame_in(&h, &f);
	frame_icmp6(&f, &ip, message, 4);
	frame_in(&h, &f);
	assert_int_equal(drops_of(&h, DROP_ICMP_CHECKSUM), 1);
	assert_int_equal(drops_of(&h, DROP_ICMP_TRUNCATED), 1);
	assert_false(frame_out(&h, &f));
}

/* A packet that the host sent, as an error quotes it. */
static size_t quoted(uint8_t *out, struct ipaddr src, struct ipaddr dst, uint8_t next)
{
	struct ip6_header ip = ip6_header(src, dst, next);

	ip.payload_bytes = 1400;
	ip.flow_label = 0x777;
	ip6_write(out, &ip);
	memcpy(out + IP6_HEADER_BYTES, "01234567", 8);
	return IP6_HEADER_BYTES + 8;
}

static void error_in(uint8_t type, uint8_t code, uint32_t info)
{
	const struct icmp6_header icmp = {.type = type, .code = code, .info = info};
	uint8_t body[64];

	icmp6_in(&h, ip6("fd09::fe"), ME6, &icmp, body, quoted(body, ME6, PEER6, IPPROTO_UDP));
}

/* Linux: icmpv6_err_convert(). */
static void errors_reach_their_protocol(void **state)
{
	static const struct {
		uint8_t type, code;
		int error;
		bool hard;
	} errors[] = {
		{1, 0, ENETUNREACH, false},  {1, 1, EACCES, true},
		{1, 2, EHOSTUNREACH, false}, {1, 3, EHOSTUNREACH, false},
		{1, 4, ECONNREFUSED, true},  {1, 5, EACCES, true},
		{1, 6, EACCES, true},	     {1, 77, EPROTO, true},
		{2, 0, EMSGSIZE, false},     {3, 0, EHOSTUNREACH, false},
		{4, 1, EPROTO, true},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(errors); i++) {
		error_in(errors[i].type, errors[i].code, 1400);
		assert_int_equal(h.errors, i + 1);
		assert_int_equal(h.error.error, errors[i].error);
		assert_int_equal(h.error.hard, errors[i].hard);
		assert_int_equal(h.error.icmp_type, errors[i].type);
		assert_int_equal(h.error.icmp_code, errors[i].code);
		assert_int_equal(h.error.info, 1400);
		assert_addr(h.error.src, ME6);
		assert_addr(h.error.dst, PEER6);
		assert_addr(h.error.offender, ip6("fd09::fe"));
		assert_int_equal(h.error.flow_label, 0x777);
		assert_int_equal(h.error.ifindex, h.eth);
		assert_memory_equal(h.error_l4, "01234567", 8);
	}
}

static void forged_errors_are_dropped(void **state)
{
	const struct icmp6_header icmp = {.type = ICMP6_UNREACHABLE, .code = 4};
	uint8_t body[64];
	size_t n = quoted(body, PEER6, ME6, IPPROTO_UDP); /* not from us */

	(void)state;
	icmp6_in(&h, PEER6, ME6, &icmp, body, n);
	n = quoted(body, ME6, PEER6, IPPROTO_UDP);
	icmp6_in(&h, PEER6, ME6, &icmp, body, n - 1);
	icmp6_in(&h, PEER6, ME6, &icmp, body, 20);
	assert_int_equal(drops_of(&h, DROP_ICMP_EMBEDDED), 3);
	h.refuse_errors = true;
	icmp6_in(&h, PEER6, ME6, &icmp, body, n);
	n = quoted(body, ME6, PEER6, IPPROTO_TCP);
	icmp6_in(&h, PEER6, ME6, &icmp, body, n);
	assert_int_equal(drops_of(&h, DROP_ICMP_UNMATCHED), 2);
	assert_int_equal(h.errors, 0);
}

static uint32_t path_mtu(void)
{
	struct ipaddr peer = PEER6;
	struct ipaddr any = {{0}};
	struct ip_path path;

	assert_int_equal(ip_path_find(h.net, &peer, &any, 0, &path), 0);
	return path.mtu;
}

/* RFC 8201: never below 1,280, never up by a message, back after ten minutes. */
static void path_mtus(void **state)
{
	(void)state;
	error_in(ICMP6_TOO_BIG, 0, 1279);
	assert_int_equal(path_mtu(), 1500);
	h.refuse_errors = true;
	error_in(ICMP6_TOO_BIG, 0, 1300);
	assert_int_equal(path_mtu(), 1500);
	h.refuse_errors = false;
	error_in(ICMP6_TOO_BIG, 0, 1300);
	assert_int_equal(h.error.mtu, 1300);
	assert_int_equal(path_mtu(), 1300);
	error_in(ICMP6_TOO_BIG, 0, 1400);
	assert_int_equal(path_mtu(), 1300);
	error_in(ICMP6_TOO_BIG, 0, 1280);
	assert_int_equal(path_mtu(), 1280);
	pass(&h, 601 * BERTH_SEC);
	assert_int_equal(path_mtu(), 1500);
}

/* What a protocol without a listener says, in the words of ICMP. */
static void port_unreachable(void **state)
{
	struct ip6_header ip = ip6_header(PEER6, ME6, IPPROTO_UDP);
	struct berth_packet *p;
	static uint8_t payload[2000];

	(void)state;
	frame_ip6(&f, &ip, payload, 1400);
	p = packet_from(h.pool, f.data + ETHER_HEADER_BYTES, f.bytes - ETHER_HEADER_BYTES);
	assert_true(packet_pull(p, IP6_HEADER_BYTES));
	p->l3_off = p->head_off;
	p->ifindex = (uint16_t)h.eth;
	packet_trim_front(p, IP6_HEADER_BYTES);
	h.info = (struct ip_info){.src = PEER6, .dst = ME6};
	icmp_error_send(h.net, p, &h.info, ICMP4_UNREACHABLE, ICMP4_UNREACHABLE_PORT, 0);
	packet_free(p);
	(void)icmp6_out(&h, &f, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_PORT);
	assert_int_equal(f.bytes - ETHER_HEADER_BYTES, 1280); /* RFC 4443 §2.4 (c) */
	assert_addr(ip6_of(&f).src, ME6);
}

/* RFC 4443 §2.4 (e). */
static void no_errors_about(void **state)
{
	static const char *const sources[] = {"::", "ff02::5"};
	struct ip6_header ip = ip6_header(PEER6, ME6, 200);
	const struct icmp6_header icmp = {.type = ICMP6_UNREACHABLE};
	uint8_t body[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		ip.src = ip6(sources[i]);
		frame_ip6(&f, &ip, "12345678", 8);
		frame_in(&h, &f);
	}
	ip = ip6_header(PEER6, ip6("ff02::1"), 200);
	frame_ip6(&f, &ip, "12345678", 8);
	frame_in(&h, &f);
	assert_false(frame_out(&h, &f));
	/* An error, behind an option that would be complained about. */
	memset(body, 0, sizeof(body));
	body[0] = IPPROTO_ICMPV6;
	body[2] = 0x85;
	body[3] = 4;
	icmp6_write(body + 8, &icmp);
	ip = ip6_header(PEER6, ME6, IP6_DESTINATION);
	frame_ip6(&f, &ip, body, 40);
	frame_in(&h, &f);
	assert_int_equal(drops_of(&h, DROP_IP6_OPTIONS), 1);
	assert_false(frame_out(&h, &f));
}

static void errors_are_limited(void **state)
{
	struct ip6_header ip = ip6_header(PEER6, ME6, 200);
	unsigned sent = 0;

	(void)state;
	frame_ip6(&f, &ip, "12345678", 8);
	for (int i = 0; i < 20; i++) {
		static struct frame out;

		frame_in(&h, &f);
		while (frame_out(&h, &out))
			sent++;
	}
	assert_int_equal(sent, 6);
	assert_int_equal(drops_of(&h, DROP_ICMP_RATE), 14);
}

/* A neighbour that does not answer: the protocol hears of it. */
static void unreachable_neighbours(void **state)
{
	(void)state;
	assert_int_equal(send6(&h, ip6("fd09::77"), "12345678", 8, (struct ip_send){0}), 0);
	pass(&h, 4 * BERTH_SEC);
	assert_int_equal(h.errors, 1);
	assert_int_equal(h.error.error, EHOSTUNREACH);
	assert_addr(h.error.dst, ip6("fd09::77"));
	assert_int_equal(frames_drain(&h), 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(echoes),
		T(checksums_count),
		T(errors_reach_their_protocol),
		T(forged_errors_are_dropped),
		T(path_mtus),
		T(port_unreachable),
		T(no_errors_about),
		T(errors_are_limited),
		T(unreachable_neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
