/* SPDX-License-Identifier: MIT */
/*
 * Super-packets cut up and compared, field by field, with what TCP would have sent one by one; for
 * both versions of IP, with checksums still a flag and with checksums computed.
 *
 * The payload is a function of its position, so that misplaced bytes show.
 */
#include "../fixture.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "pkt/csum.h"
#include "pkt/packet.h"

#define ETHER 14
#define IP4 20
#define IP6 40
#define TCP 32 /* with timestamps */
#define SEQ 0xfffffe00u

#define FIN 0x01
#define PSH 0x08
#define ACK 0x10
#define CWR 0x80

static void build_headers(struct berth_packet *p, bool ip6, uint8_t flags)
{
	size_t ip_bytes = ip6 ? IP6 : IP4;
	uint8_t *tcp = packet_push(p, TCP);

	memset(tcp, 0, TCP);
	store_be16(tcp, 80);
	store_be32(tcp + 4, SEQ);
	tcp[12] = TCP / 4 << 4;
	tcp[13] = flags;
	p->l4_off = p->head_off;
	uint8_t *ip = packet_push(p, ip_bytes);

	memset(ip, 0, ip_bytes);
	ip[0] = ip6 ? 0x60 : 0x45;
	if (ip6) {
		store_be16(ip + 4, (uint16_t)(packet_bytes(p) - IP6));
		ip[6] = IPPROTO_TCP;
		ip[8] = 0xfd;
		ip[24] = 0xfd;
	} else {
		store_be16(ip + 2, (uint16_t)packet_bytes(p));
		store_be16(ip + 4, 0xffff);
		ip[9] = IPPROTO_TCP;
		store_be32(ip + 12, 0x0a090001);
		store_be32(ip + 16, 0x0a090002);
	}
	p->l3_off = p->head_off;
	memset(packet_push(p, ETHER), 0xee, ETHER);
	p->l4_protocol = IPPROTO_TCP;
	p->csum = CSUM_PARTIAL;
}

static struct berth_packet *super_packet(struct berth_pool *pool, size_t bytes, uint16_t mss,
					 bool ip6, uint8_t flags)
{
	struct berth_packet *p = packet_new(pool);
	uint8_t data[64];

	for (size_t at = 0; at < bytes; at += sizeof(data)) {
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)((at + i) * 7 >> 3);
		size_t n = bytes - at < sizeof(data) ? bytes - at : sizeof(data);

		assert_int_equal(packet_append_copy(p, data, n), 0);
	}
	build_headers(p, ip6, flags);
	p->gso_bytes = mss;
	return p;
}

static void check_sums(struct berth_packet *p, bool ip6)
{
	const uint8_t *ip = p->head + p->l3_off;
	size_t l4 = packet_bytes(p) - ETHER - (ip6 ? IP6 : IP4);
	uint32_t sum = ip6 ? csum_pseudo6(ip + 8, ip + 24, IPPROTO_TCP, l4)
			   : csum_pseudo4(load_be32(ip + 12), load_be32(ip + 16), IPPROTO_TCP, l4);

	assert_int_equal(p->csum, CSUM_NONE);
	assert_int_equal(csum_finish(packet_sum(p, packet_bytes(p) - l4, l4, sum)), 0);
	if (!ip6)
		assert_int_equal(csum_finish(csum_add(ip, IP4, 0)), 0);
}

/* Segment `i` of `count`, which carries `n` bytes from `at` on. */
static void check_segment(struct berth_packet *p, bool ip6, unsigned i, unsigned count, size_t at,
			  size_t n)
{
	const uint8_t *ip = p->head + p->l3_off;
	const uint8_t *tcp = p->head + p->l4_off;
	uint8_t flags = ACK;
	uint8_t data[2000];

	assert_int_equal(p->payload_bytes, n);
	assert_int_equal(p->gso_bytes, 0);
	assert_int_equal(load_be32(tcp + 4), (uint32_t)(SEQ + at));
	if (i == 0)
		flags |= CWR;
	if (i == count - 1)
		flags |= FIN | PSH;
	assert_int_equal(tcp[13], flags);
	if (ip6) {
		assert_int_equal(load_be16(ip + 4), TCP + n);
	} else {
		assert_int_equal(load_be16(ip + 2), IP4 + TCP + n);
		assert_int_equal(load_be16(ip + 4), (uint16_t)(0xffff + i));
	}
	assert_int_equal(packet_copy_out(p, p->head_len, data, sizeof(data)), n);
	for (size_t k = 0; k < n; k++) {
		size_t block = (at + k) / 64 * 64;

		assert_int_equal(data[k], (uint8_t)((block + (at + k) % 64) * 7 >> 3));
	}
}

static void cut_all(struct berth_pool *pool, size_t bytes, bool ip6, bool completed)
{
	const uint16_t mss = 1448;
	struct berth_packet *rest = super_packet(pool, bytes, mss, ip6, ACK | CWR | FIN | PSH);
	unsigned count = (unsigned)((bytes + mss - 1) / mss);
	unsigned i = 0;
	size_t at = 0;

	if (completed)
		packet_complete(rest);
	while (rest != NULL) {
		struct berth_packet *p = packet_cut(&rest);
		size_t n = bytes - at < mss ? bytes - at : mss;

		assert_non_null(p);
		check_segment(p, ip6, i++, count, at, n);
		if (!completed) {
			assert_int_equal(p->csum, CSUM_PARTIAL);
			packet_complete(p);
		}
		check_sums(p, ip6);
		at += n;
		packet_free(p);
		if (rest != NULL)
			assert_int_equal(rest->payload_bytes, bytes - at);
	}
	assert_int_equal(at, bytes);
	assert_int_equal(i, count);
}

static void segments_are_what_a_wire_would_carry(void **state)
{
	static const size_t sizes[] = {1, 1447, 1448, 1449, 2896, 2897, 65000};
	struct fixture f;

	(void)state;
	fixture_init(&f, 61);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (unsigned how = 0; how < 4; how++)
			cut_all(pool, sizes[i], how & 1, how & 2);
	}
	assert_int_equal(pool_packets(pool), 0);
	pool_free(pool);
	fixture_fini(&f);
}

static void an_ordinary_packet_is_its_own_only_segment(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 62);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);
	struct berth_packet *p = super_packet(pool, 3000, 0, false, ACK);
	struct berth_packet *rest = p;

	assert_ptr_equal(packet_cut(&rest), p);
	assert_null(rest);
	assert_int_equal(p->payload_bytes, 3000);
	assert_int_equal(p->csum, CSUM_PARTIAL);
	packet_free(p);
	pool_free(pool);
	fixture_fini(&f);
}

static void udp_never_says_that_it_has_no_checksum(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 63);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);

	for (uint32_t port = 0; port <= 0xffff; port++) {
		struct berth_packet *p = packet_new(pool);
		uint8_t *udp = packet_push(p, 8);

		memset(udp, 0, 8);
		store_be16(udp, (uint16_t)port);
		store_be16(udp + 4, 8);
		p->l4_off = p->head_off;
		uint8_t *ip = packet_push(p, IP4);

		memset(ip, 0, IP4);
		ip[0] = 0x45;
		p->l3_off = p->head_off;
		p->l4_protocol = IPPROTO_UDP;
		p->csum = CSUM_PARTIAL;
		packet_complete(p);
		assert_int_not_equal(load_be16(udp + 6), 0);
		packet_free(p);
	}
	pool_free(pool);
	fixture_fini(&f);
}

/* No memory for a segment: nothing has happened, and it works the next time. */
static void cutting_can_be_tried_again(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 64);
	struct berth_pool *pool = pool_new(&f.env.mem, 0);
	struct berth_packet *rest = super_packet(pool, 5000, 1000, false, ACK);
	struct berth_packet *before = rest;
	uint8_t was[5200];
	uint8_t is[5200];
	size_t n = packet_copy_out(rest, 0, was, sizeof(was));

	f.fail_at = f.calls + 1;
	assert_null(packet_cut(&rest));
	assert_ptr_equal(rest, before);
	assert_int_equal(packet_copy_out(rest, 0, is, sizeof(is)), n);
	assert_memory_equal(is, was, n);
	struct berth_packet *p = packet_cut(&rest);

	assert_non_null(p);
	packet_free(p);
	packet_free(rest);
	pool_free(pool);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_what_a_wire_would_carry),
		cmocka_unit_test(an_ordinary_packet_is_its_own_only_segment),
		cmocka_unit_test(udp_never_says_that_it_has_no_checksum),
		cmocka_unit_test(cutting_can_be_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
