/* SPDX-License-Identifier: MIT */
/*
 * ICMP: echoes, the errors that are sent, and those that are believed (RFC 1122 §3.2.2,
 * RFC 1812 §4.3). The test plays the peer, and the protocol above.
 */
#include "../nethost.h"

static struct nethost h;
static struct frame f;
static uint8_t data[66000];

static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 5);
	fixture_fill(&h.f, data, sizeof(data));
	learn(&h, PEER, peer_mac);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static void give_icmp(uint32_t src, uint32_t dst, const struct icmp_header *icmp, const void *body,
		      size_t bytes)
{
	static uint8_t message[66000];
	struct ip4_header ip = ip_header(src, dst, IPPROTO_ICMP);

	frame_ip(&f, &ip, message, icmp_message(message, icmp, body, bytes));
	frame_in(&h, &f);
}

/* RFC 1122 §3.2.2.6. */
static void echo_is_answered(void **state)
{
	const struct icmp_header echo = {.type = ICMP4_ECHO, .id = 77, .seq = 5};
	const uint8_t *at;
	size_t bytes;

	(void)state;
	give_icmp(PEER, ME, &echo, data, 56);
	assert_true(frame_out(&h, &f));
	assert_int_equal(icmp_of(&f).type, ICMP4_ECHO_REPLY);
	assert_int_equal(icmp_of(&f).id, 77);
	assert_int_equal(icmp_of(&f).seq, 5);
	assert_int_equal(ip_of(&f).src, ME);
	assert_int_equal(ip_of(&f).dst, PEER);
	at = l4_of(&f, &bytes);
	assert_int_equal(bytes, 64);
	assert_memory_equal(at + 8, data, 56);
	assert_false(frame_out(&h, &f));
}

/* The largest there is, in fragments both ways. */
static void echo_of_65507_bytes(void **state)
{
	static uint8_t message[66000];
	static uint8_t got[66000];
	const struct icmp_header echo = {.type = ICMP4_ECHO, .id = 1, .seq = 2};
	size_t bytes = icmp_message(message, &echo, data, 65507);
	size_t received = 0;

	(void)state;
	for (size_t at = 0; at < bytes; at += 1480) {
		struct ip4_header ip = ip_header(PEER, ME, IPPROTO_ICMP);

		ip.fragment_offset = (uint16_t)at;
		ip.mf = at + 1480 < bytes;
		frame_ip(&f, &ip, message + at, ip.mf ? 1480 : bytes - at);
		frame_in(&h, &f);
	}
	while (frame_out(&h, &f)) {
		struct ip4_header ip = ip_of(&f);
		size_t n;
		const uint8_t *at = l4_of(&f, &n);

		memcpy(got + ip.fragment_offset, at, n);
		received += n;
		assert_int_equal(ip.mf, received < bytes);
	}
	assert_int_equal(received, bytes);
	assert_int_equal(got[0], ICMP4_ECHO_REPLY);
	assert_memory_equal(got + 8, data, 65507);
	assert_int_equal(csum_finish(csum_add(got, bytes, 0)), 0);
}

static void echo_to_all_is_ignored(void **state)
{
	const struct icmp_header echo = {.type = ICMP4_ECHO};

	(void)state;
	give_icmp(PEER, IP(10, 0, 0, 255), &echo, data, 8);
	give_icmp(PEER, 0xffffffff, &echo, data, 8);
	give_icmp(PEER, IP(224, 0, 0, 1), &echo, data, 8);
	assert_false(frame_out(&h, &f));
	h.f.env.knobs.icmp_echo_ignore_broadcasts = 0;
	give_icmp(PEER, IP(10, 0, 0, 255), &echo, data, 8);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).src, ME);
	h.f.env.knobs.icmp_echo_ignore_all = 1;
	give_icmp(PEER, ME, &echo, data, 8);
	assert_false(frame_out(&h, &f));
}

static void bad_messages_are_dropped(void **state)
{
	const struct icmp_header echo = {.type = ICMP4_ECHO};
	struct ip4_header ip = ip_header(PEER, ME, IPPROTO_ICMP);
	const struct icmp_header odd = {.type = 200};

	(void)state;
	for (size_t n = 0; n < ICMP_HEADER_BYTES; n++) {
		frame_ip(&f, &ip, data, n);
		frame_in(&h, &f);
	}
	assert_int_equal(drops_of(&h, DROP_ICMP_TRUNCATED), 8);
	give_icmp(PEER, ME, &echo, data, 8);
	assert_int_equal(frames_drain(&h), 1);
	f.data[f.bytes - 1] ^= 1;
	frame_in(&h, &f);
	assert_int_equal(drops_of(&h, DROP_ICMP_CHECKSUM), 1);
	give_icmp(PEER, ME, &odd, data, 8);
	assert_int_equal(drops_of(&h, DROP_ICMP_TYPE), 1);
	assert_false(frame_out(&h, &f));
}

/* Ping and raw sockets will hear what comes, and the host answers all the same. */
static void a_listener_hears_too(void **state)
{
	const struct icmp_header echo = {.type = ICMP4_ECHO};
	const struct icmp_header reply = {.type = ICMP4_ECHO_REPLY};

	(void)state;
	nethost_register(&h, IPPROTO_ICMP);
	give_icmp(PEER, ME, &echo, data, 8);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, 16);
	assert_int_equal(frames_drain(&h), 1);
	give_icmp(PEER, ME, &reply, data, 8);
	assert_int_equal(h.inputs, 2);
	assert_int_equal(drops_of(&h, DROP_ICMP_TYPE), 0);
}

/* Errors received. */

/* A packet that we could have sent, as an error would quote it. */
static size_t quoted(uint8_t *out, uint32_t src, uint32_t dst, uint8_t protocol,
		     uint16_t total_bytes)
{
	struct ip4_header ip = ip_header(src, dst, protocol);

	ip.total_bytes = total_bytes;
	ip4_write(out, &ip);
	ip4_write_checksum(out, 20);
	memcpy(out + 20, "\x04\xd2\x00\x35\x00\x10\x00\x00", 8);
	return 28;
}

static void errors_reach_their_protocol(void **state)
{
	static const struct {
		uint8_t type, code;
		int error;
		bool hard;
	} cases[] = {
		{ICMP4_UNREACHABLE, 0, ENETUNREACH, false},
		{ICMP4_UNREACHABLE, 1, EHOSTUNREACH, false},
		{ICMP4_UNREACHABLE, 2, ENOPROTOOPT, true},
		{ICMP4_UNREACHABLE, 3, ECONNREFUSED, true},
		{ICMP4_UNREACHABLE, 5, EOPNOTSUPP, false},
		{ICMP4_UNREACHABLE, 13, EHOSTUNREACH, true},
		{ICMP4_TIME_EXCEEDED, 0, EHOSTUNREACH, false},
		{ICMP4_PARAMETER, 0, EPROTO, true},
	};
	uint8_t body[64];
	size_t bytes = quoted(body, ME, AFAR, IPPROTO_UDP, 500);

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct icmp_header icmp = {.type = cases[i].type, .code = cases[i].code};

		give_icmp(PEER, ME, &icmp, body, bytes);
		assert_int_equal(h.errors, i + 1);
		assert_int_equal(h.error.error, cases[i].error);
		assert_int_equal(h.error.hard, cases[i].hard);
		assert_int_equal(ipaddr_to4(&h.error.src), ME);
		assert_int_equal(ipaddr_to4(&h.error.dst), AFAR);
		assert_int_equal(ipaddr_to4(&h.error.offender), PEER);
		assert_int_equal(h.error.l4_bytes, 8);
		assert_memory_equal(h.error_l4, body + 20, 8);
	}
}

/* What can't have been our packet, or quotes too little, is not believed. */
static void forged_errors_are_dropped(void **state)
{
	const struct icmp_header icmp = {.type = ICMP4_UNREACHABLE, .code = 3};
	const struct icmp_header unknown = {.type = ICMP4_UNREACHABLE, .code = 16};
	uint8_t body[64];
	size_t bytes = quoted(body, ME, AFAR, IPPROTO_UDP, 500);
	uint64_t dropped;

	(void)state;
	for (size_t n = 0; n < bytes; n++)
		give_icmp(PEER, ME, &icmp, body, n);
	body[0] = 0x4f; /* options past the end */
	give_icmp(PEER, ME, &icmp, body, bytes);
	(void)quoted(body, STRANGER, AFAR, IPPROTO_UDP, 500);
	give_icmp(PEER, ME, &icmp, body, bytes);
	(void)quoted(body, ME, AFAR, IPPROTO_UDP, 10); /* shorter than its header */
	give_icmp(PEER, ME, &icmp, body, bytes);
	dropped = drops_of(&h, DROP_ICMP_EMBEDDED);
	assert_int_equal(dropped, bytes + 3);
	(void)quoted(body, ME, AFAR, 99, 500);
	give_icmp(PEER, ME, &icmp, body, bytes);
	assert_int_equal(drops_of(&h, DROP_ICMP_UNMATCHED), 1);
	(void)quoted(body, ME, AFAR, IPPROTO_UDP, 500);
	give_icmp(PEER, ME, &unknown, body, bytes);
	assert_int_equal(drops_of(&h, DROP_ICMP_TYPE), 1);
	assert_int_equal(h.errors, 0);
}

/* Errors sent. */

static void give_unknown_protocol(uint32_t src, uint32_t dst, bool mf, uint16_t offset)
{
	struct ip4_header ip = ip_header(src, dst, 99);

	ip.mf = mf;
	ip.fragment_offset = offset;
	frame_ip(&f, &ip, data, 800);
	frame_in(&h, &f);
}

/* RFC 1812 §4.3.2.3: as much as fits 576 bytes; §4.3.2.5: precedence 6. */
static void errors_quote_what_they_can(void **state)
{
	const uint8_t *at;
	size_t bytes;

	(void)state;
	give_unknown_protocol(PEER, ME, false, 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).total_bytes, 576);
	assert_int_equal(ip_of(&f).tos, 0xc0);
	at = l4_of(&f, &bytes);
	assert_memory_equal(at + 8 + 20, data, bytes - 28);
}

/* RFC 1122 §3.2.2, RFC 1812 §4.3.2.7. */
static void no_errors_about(void **state)
{
	const struct icmp_header error = {.type = ICMP4_UNREACHABLE, .code = 3};

	(void)state;
	give_unknown_protocol(PEER, IP(10, 0, 0, 255), false, 0);
	give_unknown_protocol(PEER, 0xffffffff, false, 0);
	give_unknown_protocol(PEER, IP(224, 0, 0, 1), false, 0);
	assert_int_equal(drops_of(&h, DROP_IP4_PROTOCOL), 3);
	/* A broadcast frame with our address in it. */
	give_unknown_protocol(PEER, ME, false, 0);
	assert_int_equal(frames_drain(&h), 1);
	memset(f.data, 0xff, 6);
	frame_in(&h, &f);
	/* An ICMP error that a router can't deliver. */
	h.f.env.knobs.ip_forward = 1;
	give_icmp(PEER, AFAR, &error, data, 100);
	assert_int_equal(drops_of(&h, DROP_IP4_NO_ROUTE), 1);
	assert_false(frame_out(&h, &f));
}

/* RFC 1812 §4.3.2.8, with Linux's numbers: six at once, then one a second. */
static void errors_are_limited_per_peer(void **state)
{
	unsigned sent = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		give_unknown_protocol(PEER, ME, false, 0);
	assert_int_equal(frames_drain(&h), 6);
	assert_int_equal(drops_of(&h, DROP_ICMP_RATE), 14);
	for (unsigned i = 0; i < 100; i++) {
		pass(&h, BERTH_SEC / 10);
		give_unknown_protocol(PEER, ME, false, 0);
		sent += frames_drain(&h);
	}
	assert_in_range(sent, 10, 13); /* one may be an ARP request */
}

static void errors_are_limited_together(void **state)
{
	(void)state;
	h.f.env.limits.neighbours_max = 1000;
	h.f.env.limits.txq_packets_max = 1000;
	for (uint32_t i = 0; i < 200; i++)
		learn(&h, IP(10, 0, 0, 10) + i, peer_mac);
	for (uint32_t i = 0; i < 200; i++)
		give_unknown_protocol(IP(10, 0, 0, 10) + i, ME, false, 0);
	assert_int_equal(frames_drain(&h), 50);
}

/* Linux: an address that nobody answers for is an error to the socket, without a message. */
static void no_neighbour_is_host_unreachable(void **state)
{
	(void)state;
	assert_int_equal(send_bytes(&h, STRANGER, "12345678", 8, (struct ip_send){0}), 0);
	pass(&h, 2900 * BERTH_MSEC);
	assert_int_equal(h.errors, 0);
	assert_int_equal(frames_drain(&h), 3);
	pass(&h, 200 * BERTH_MSEC);
	assert_int_equal(h.errors, 1);
	assert_int_equal(h.error.error, EHOSTUNREACH);
	assert_int_equal(ipaddr_to4(&h.error.dst), STRANGER);
	assert_int_equal(ipaddr_to4(&h.error.offender), ME);
	assert_memory_equal(h.error_l4, "12345678", 8);
	assert_int_equal(drops_of(&h, DROP_NEIGH_FAILED), 1);
	/* The next packet asks again. */
	assert_int_equal(send_bytes(&h, STRANGER, "12345678", 8, (struct ip_send){0}), 0);
	assert_int_equal(frames_drain(&h), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(echo_is_answered),
		T(echo_of_65507_bytes),
		T(echo_to_all_is_ignored),
		T(bad_messages_are_dropped),
		T(a_listener_hears_too),
		T(errors_reach_their_protocol),
		T(forged_errors_are_dropped),
		T(errors_quote_what_they_can),
		T(no_errors_about),
		T(errors_are_limited_per_peer),
		T(errors_are_limited_together),
		T(no_neighbour_is_host_unreachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
