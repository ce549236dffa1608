/* SPDX-License-Identifier: MIT */
/*
 * IPv6 packets as lines, as tcpdump -nS prints them; truncated ones at every length.
 * Each case builds its packet layer by layer, from the payload out.
 */
#include "../fixture.h"

#include <netinet/in.h>

#include "pkt/packet.h"
#include "wire/ether_header.h"
#include "wire/icmp6_header.h"
#include "wire/ip6_header.h"
#include "wire/nd_message.h"
#include "wire/print.h"
#include "wire/tcp_header.h"
#include "wire/udp_header.h"

static const struct ipaddr a = {{0xfd, 9, [15] = 1}};
static const struct ipaddr b = {{0xfd, 9, [15] = 2}};

struct rig {
	struct fixture f;
	struct berth_pool *pool;
	struct berth_packet *p;
	char line[300];
};

static int setup(void **state)
{
	static struct rig g;

	fixture_init(&g.f, 96);
	g.pool = pool_new(&g.f.env.mem, 0);
	g.p = packet_new(g.pool);
	*state = &g;
	return 0;
}

static int teardown(void **state)
{
	struct rig *g = *state;

	packet_free(g->p);
	pool_free(g->pool);
	fixture_fini(&g->f);
	return 0;
}

static void push(struct rig *g, const void *bytes, size_t n)
{
	memcpy(packet_push(g->p, n), bytes, n);
}

static void push_ip6(struct rig *g, uint8_t next)
{
	const struct ip6_header h = {.src = a,
				     .dst = b,
				     .payload_bytes = (uint16_t)packet_bytes(g->p),
				     .next = next,
				     .hop_limit = 64};

	ip6_write(packet_push(g->p, IP6_HEADER_BYTES), &h);
}

static void expect(struct rig *g, const char *want)
{
	const struct ether_header ether = {{2}, {2, 1}, ETHER_TYPE_IP6};
	size_t n;

	g->p->l3_off = g->p->head_off;
	(void)print_packet(g->p, g->line, sizeof(g->line));
	assert_string_equal(g->line, want);
	ether_write(packet_push(g->p, ETHER_HEADER_BYTES), &ether);
	n = print_packet(g->p, g->line, sizeof(g->line));
	assert_string_equal(g->line, want);
	assert_int_equal(n, strlen(want));
	while (packet_bytes(g->p) > 0) {
		packet_trim_to(g->p, packet_bytes(g->p) - 1);
		assert_true(print_packet(g->p, g->line, sizeof(g->line)) < sizeof(g->line));
	}
}

static void tcp(void **state)
{
	struct tcp_header h = {
		.src_port = 1000, .dst_port = 80, .seq = 7, .flags = TCPF_SYN, .window = 100};

	tcp_options_init(&h.options);
	(void)tcp_write(packet_push(((struct rig *)*state)->p, TCP_HEADER_BYTES), &h);
	push_ip6(*state, IPPROTO_TCP);
	expect(*state, "IP6 fd09::1.1000 > fd09::2.80: Flags [S], seq 7, win 100, length 0");
}

static void push_udp(struct rig *g, uint16_t bytes)
{
	const struct udp_header h = {1000, 53, (uint16_t)(bytes + UDP_HEADER_BYTES), 0};

	udp_write(packet_push(g->p, UDP_HEADER_BYTES), &h);
}

static void first_fragment(void **state)
{
	const struct ip6_fragment f = {.id = 9, .next = IPPROTO_UDP, .more = true};
	uint8_t header[IP6_FRAGMENT_BYTES];

	ip6_fragment_write(header, &f);
	push_udp(*state, 3000);
	push(*state, header, sizeof(header));
	push_ip6(*state, IP6_FRAGMENT);
	expect(*state,
	       "IP6 fd09::1 > fd09::2: frag (0|8) fd09::1.1000 > fd09::2.53: UDP, length 3000");
}

static void later_fragment(void **state)
{
	const struct ip6_fragment f = {.id = 9, .next = IPPROTO_UDP, .offset = 1448};
	uint8_t header[IP6_FRAGMENT_BYTES];

	ip6_fragment_write(header, &f);
	push(*state, "01234567", 8);
	push(*state, header, sizeof(header));
	push_ip6(*state, IP6_FRAGMENT);
	expect(*state, "IP6 fd09::1 > fd09::2: frag (1448|8)");
}

static void push_icmp6(struct rig *g, uint8_t type, uint8_t code, uint32_t info)
{
	const struct icmp6_header h = {.type = type, .code = code, .info = info};

	icmp6_write(packet_push(g->p, ICMP6_HEADER_BYTES), &h);
	push_ip6(g, IPPROTO_ICMPV6);
}

static void echo(void **state)
{
	push(*state, "0123", 4);
	push_icmp6(*state, ICMP6_ECHO_REQUEST, 0, 0x00050001);
	expect(*state, "IP6 fd09::1 > fd09::2: ICMP6, echo request, id 5, seq 1, length 12");
}

static void port_unreachable(void **state)
{
	push_udp(*state, 0);
	push_ip6(*state, IPPROTO_UDP);
	push_icmp6(*state, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_PORT, 0);
	expect(*state, "IP6 fd09::1 > fd09::2: ICMP6, destination unreachable, unreachable port, "
		       "fd09::2 udp port 53, length 56");
}

static void too_big(void **state)
{
	push_icmp6(*state, ICMP6_TOO_BIG, 0, 1300);
	expect(*state, "IP6 fd09::1 > fd09::2: ICMP6, packet too big, mtu 1300, length 8");
}

static void solicitation(void **state)
{
	const struct nd_solicit m = {b};
	struct rig *g = *state;

	(void)nd_solicit_write(packet_push(g->p, ND_SOLICIT_BYTES), &m);
	push_ip6(g, IPPROTO_ICMPV6);
	expect(g, "IP6 fd09::1 > fd09::2: ICMP6, neighbor solicitation, who has fd09::2, "
		  "length 24");
}

static void listener_report(void **state)
{
	static const uint8_t alert[8] = {IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
	const struct icmp6_header h = {.type = ICMP6_MLD2_REPORT, .info = 1};
	struct rig *g = *state;

	icmp6_write(packet_push(g->p, ICMP6_HEADER_BYTES), &h);
	push(g, alert, sizeof(alert));
	push_ip6(g, IP6_HOP_BY_HOP);
	expect(g, "IP6 fd09::1 > fd09::2: HBH ICMP6, multicast listener report v2, "
		  "1 group record(s), length 8");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(tcp),	    T(first_fragment), T(later_fragment),  T(echo), T(port_unreachable),
		T(too_big), T(solicitation),   T(listener_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
