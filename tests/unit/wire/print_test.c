/* SPDX-License-Identifier: MIT */
/*
 * Packets as lines, compared with what tcpdump -nS prints for the same bytes; truncated ones
 * at every length; and buffers too small for the line.
 *
 * Each case builds its packet layer by layer, from the payload out.
 */
#include "../fixture.h"

#include <netinet/in.h>

#include "pkt/packet.h"
#include "wire/arp_packet.h"
#include "wire/icmp_header.h"
#include "wire/ip4_header.h"
#include "wire/print.h"
#include "wire/tcp_header.h"
#include "wire/udp_header.h"

#define A 0x0a090001u
#define B 0x0a090002u

struct rig {
	struct fixture f;
	struct berth_pool *pool;
	struct berth_packet *p;
	char line[300];
};

static int setup(void **state)
{
	static struct rig g;

	fixture_init(&g.f, 95);
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

static void push_ip4(struct berth_packet *p, uint8_t protocol, uint16_t fragment_offset, bool mf)
{
	struct ip4_header ip = {.src = A,
				.dst = B,
				.total_bytes = (uint16_t)(packet_bytes(p) + IP4_HEADER_BYTES),
				.id = 77,
				.fragment_offset = fragment_offset,
				.mf = mf,
				.ttl = 64,
				.protocol = protocol,
				.header_bytes = IP4_HEADER_BYTES};

	ip4_write(packet_push(p, IP4_HEADER_BYTES), &ip);
}

static void push_ether(struct berth_packet *p, uint16_t type)
{
	struct ether_header h = {{2}, {2, 1}, type};

	ether_write(packet_push(p, ETHER_HEADER_BYTES), &h);
}

static void expect(struct rig *g, const char *want)
{
	size_t n = print_packet(g->p, g->line, sizeof(g->line));

	assert_string_equal(g->line, want);
	assert_int_equal(n, strlen(want));
}

static void push_syn(struct berth_packet *p)
{
	struct tcp_header h = {
		.src_port = 40000, .dst_port = 80, .seq = 1000, .flags = TCPF_SYN, .window = 64240};

	h.options = (struct tcp_options){.has_mss = true,
					 .mss = 1460,
					 .sack_permitted = true,
					 .has_ts = true,
					 .ts_val = 5,
					 .has_wscale = true,
					 .wscale = 7};
	uint8_t bytes[TCP_HEADER_BYTES_MAX];
	size_t n = tcp_write(bytes, &h);

	memcpy(packet_push(p, n), bytes, n);
}

static void tcp_syn(void **state)
{
	struct rig *g = *state;

	push_syn(g->p);
	push_ip4(g->p, IPPROTO_TCP, 0, false);
	push_ether(g->p, ETHER_TYPE_IP4);
	expect(g, "IP 10.9.0.1.40000 > 10.9.0.2.80: Flags [S], seq 1000, win 64240, options "
		  "[mss 1460,sackOK,TS val 5 ecr 0,wscale 7], length 0");
}

static void tcp_data_with_sacks(void **state)
{
	struct rig *g = *state;
	struct tcp_header h = {.src_port = 80,
			       .dst_port = 40000,
			       .seq = 4294967290u,
			       .ack = 1001,
			       .flags = TCPF_ACK | TCPF_PSH | TCPF_URG,
			       .window = 502,
			       .urgent = 3};

	h.options.sack_count = 1;
	h.options.sacks[0] = (struct tcp_sack_block){2000, 3000};
	assert_int_equal(packet_append_copy(g->p, "0123456789", 10), 0);
	tcp_write(packet_push(g->p, 32), &h);
	push_ip4(g->p, IPPROTO_TCP, 0, false);
	g->p->l3_off = g->p->head_off; /* no Ethernet header */
	expect(g, "IP 10.9.0.1.80 > 10.9.0.2.40000: Flags [P.U], seq 4294967290:4, ack 1001, "
		  "win 502, urg 3, options [sack 1 {2000:3000}], length 10");
}

static void udp_and_fragments(void **state)
{
	struct rig *g = *state;
	struct udp_header h = {5000, 53, 108, 0};

	assert_int_equal(packet_append_copy(g->p, "abcdefgh", 8), 0);
	udp_write(packet_push(g->p, UDP_HEADER_BYTES), &h);
	push_ip4(g->p, IPPROTO_UDP, 0, true);
	push_ether(g->p, ETHER_TYPE_IP4);
	expect(g, "IP 10.9.0.1.5000 > 10.9.0.2.53: UDP, length 100 (frag 77:16@0+)");
	packet_trim_front(g->p, ETHER_HEADER_BYTES + IP4_HEADER_BYTES);
	push_ip4(g->p, IPPROTO_UDP, 1480, false);
	push_ether(g->p, ETHER_TYPE_IP4);
	expect(g, "IP 10.9.0.1 > 10.9.0.2: udp, length 16 (frag 77:16@1480)");
}

static void icmp_about_a_packet(void **state)
{
	struct rig *g = *state;
	struct icmp_header h = {.type = ICMP4_UNREACHABLE, .code = ICMP4_UNREACHABLE_PORT};
	struct udp_header udp = {5000, 53, 8, 0};

	udp_write(packet_push(g->p, UDP_HEADER_BYTES), &udp);
	push_ip4(g->p, IPPROTO_UDP, 0, false);
	icmp_write(packet_push(g->p, ICMP_HEADER_BYTES), &h);
	push_ip4(g->p, IPPROTO_ICMP, 0, false);
	push_ether(g->p, ETHER_TYPE_IP4);
	expect(g, "IP 10.9.0.1 > 10.9.0.2: ICMP 10.9.0.2 udp port 53 unreachable, length 36");
	h.code = ICMP4_UNREACHABLE_FRAG_NEEDED;
	h.mtu = 1400;
	icmp_write(packet_head(g->p) + ETHER_HEADER_BYTES + IP4_HEADER_BYTES, &h);
	expect(g, "IP 10.9.0.1 > 10.9.0.2: ICMP 10.9.0.2 unreachable - need to frag (mtu 1400), "
		  "length 36");
}

static void icmp_echo(void **state)
{
	struct rig *g = *state;
	struct icmp_header h = {.type = ICMP4_ECHO, .id = 9, .seq = 3};

	icmp_write(packet_push(g->p, ICMP_HEADER_BYTES), &h);
	push_ip4(g->p, IPPROTO_ICMP, 0, false);
	push_ether(g->p, ETHER_TYPE_IP4);
	expect(g, "IP 10.9.0.1 > 10.9.0.2: ICMP echo request, id 9, seq 3, length 8");
}

static void arp(void **state)
{
	struct rig *g = *state;
	struct arp_packet a = {.op = ARP_REQUEST,
			       .sender_ip = A,
			       .target_ip = B,
			       .sender_mac = {2, 0, 0, 0, 0, 0xa}};

	arp_write(packet_push(g->p, ARP_PACKET_BYTES), &a);
	push_ether(g->p, ETHER_TYPE_ARP);
	expect(g, "ARP, Request who-has 10.9.0.2 tell 10.9.0.1, length 28");
	a.op = ARP_REPLY;
	arp_write(packet_head(g->p) + ETHER_HEADER_BYTES, &a);
	expect(g, "ARP, Reply 10.9.0.1 is-at 02:00:00:00:00:0a, length 28");
	store_be16(packet_head(g->p) + 12, 0x88cc);
	expect(g, "ethertype 0x88cc, length 28");
}

static void any_length_and_any_buffer(void **state)
{
	struct rig *g = *state;
	char full[300];

	push_syn(g->p);
	push_ip4(g->p, IPPROTO_TCP, 0, false);
	push_ether(g->p, ETHER_TYPE_IP4);
	size_t n = print_packet(g->p, full, sizeof(full));

	for (size_t size = 1; size <= n + 1; size++) {
		memset(g->line, 'x', sizeof(g->line));
		assert_int_equal(print_packet(g->p, g->line, size), size - 1);
		assert_int_equal(g->line[size - 1], '\0');
		assert_memory_equal(g->line, full, size - 1);
		assert_int_equal(g->line[size], 'x');
	}
	assert_int_equal(print_packet(g->p, g->line, 0), 0);
	while (packet_bytes(g->p) > 0) {
		packet_trim_to(g->p, packet_bytes(g->p) - 1);
		assert_true(print_packet(g->p, g->line, sizeof(g->line)) > 0);
		assert_non_null(strstr(g->line, "trunc") ? g->line : strstr(g->line, "malformed"));
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(tcp_syn),
		CASE(tcp_data_with_sacks),
		CASE(udp_and_fragments),
		CASE(icmp_about_a_packet),
		CASE(icmp_echo),
		CASE(arp),
		CASE(any_length_and_any_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
