/* SPDX-License-Identifier: MIT */
/*
 * Reassembly: every order, every overlap, every bound (RFC 791 §3.2, RFC 815, RFC 5722), with
 * seeded payloads that are compared to the byte.
 */
#include "../nethost.h"

static struct nethost h;
static struct frame f;
static uint8_t data[66000];

static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 3);
	fixture_fill(&h.f, data, sizeof(data));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

/* One fragment of `data`: bytes [from, from + bytes). */
static void piece_of(uint16_t id, size_t from, size_t bytes, bool more, uint8_t tos)
{
	struct ip4_header ip = ip_header(PEER, ME, IPPROTO_UDP);

	ip.id = id;
	ip.fragment_offset = (uint16_t)from;
	ip.mf = more;
	ip.tos = tos;
	frame_ip(&f, &ip, data + from, bytes);
	frame_in(&h, &f);
}

static void piece(size_t from, size_t bytes, bool more)
{
	piece_of(7, from, bytes, more, 0);
}

static void assert_whole(size_t bytes)
{
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, bytes);
	assert_memory_equal(h.payload, data, bytes);
}

static void in_order(void **state)
{
	(void)state;
	piece(0, 1480, true);
	piece(1480, 1480, true);
	assert_int_equal(h.inputs, 0);
	piece(2960, 100, false);
	assert_whole(3060);
}

/* Every order of many pieces, drawn: the datagram comes out the same, once. */
static void in_any_order(void **state)
{
	enum { PIECES = 20 };

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		unsigned order[PIECES];

		h.inputs = 0;
		for (unsigned i = 0; i < PIECES; i++)
			order[i] = i;
		for (unsigned i = PIECES - 1; i > 0; i--) {
			size_t j = fixture_below(&h.f, i + 1);
			unsigned t = order[i];

			order[i] = order[j];
			order[j] = t;
		}
		for (unsigned i = 0; i < PIECES; i++) {
			piece_of((uint16_t)round, order[i] * 64, 64, order[i] < PIECES - 1, 0);
			if (i % 5 == 0 && i < PIECES - 1) /* duplicated on the way */
				frame_in(&h, &f);
		}
		assert_whole((size_t)PIECES * 64);
	}
	assert_true(drops_of(&h, DROP_FRAG_DUPLICATE) > 0);
}

/* 65,535 bytes in the smallest pieces there are: more of them than a packet has views. */
static void largest_datagram_in_smallest_pieces(void **state)
{
	size_t total = 65515;

	(void)state;
	h.f.env.limits.frag_bytes_max = 4u << 20;
	for (size_t at = 0; at < total; at += 48)
		piece(at, total - at < 48 ? total - at : 48, at + 48 < total);
	assert_whole(total);
}

/* CVE-1999-0128 ("ping of death"): beyond 65,535 bytes. */
static void too_large_is_dropped(void **state)
{
	(void)state;
	piece(0, 1480, true);
	piece(65528, 8, false);
	piece(65512, 8, false);
	assert_int_equal(drops_of(&h, DROP_FRAG_MALFORMED), 2);
	assert_int_equal(h.inputs, 0);
}

/* RFC 791 §3.2: all but the last are multiples of 8; none is empty. */
static void odd_and_empty_pieces_are_dropped(void **state)
{
	(void)state;
	piece(0, 1477, true);
	piece(0, 0, true);
	piece(8, 0, false);
	assert_int_equal(drops_of(&h, DROP_FRAG_MALFORMED), 3);
	assert_int_equal(h.inputs, 0);
}

/* RFC 5722 for IPv4: overlaps condemn the datagram, in whichever direction (teardrop and kin). */
static void overlaps_condemn(void **state)
{
	static const struct {
		size_t from, bytes;
	} overlaps[] = {{8, 1480}, {1472, 16}, {720, 1480}, {0, 1488}};

	(void)state;
	for (uint16_t i = 0; i < ARRAY_LEN(overlaps); i++) {
		piece_of(i, 0, 1480, true, 0);
		piece_of(i, overlaps[i].from, overlaps[i].bytes, true, 0);
		assert_int_equal(drops_of(&h, DROP_FRAG_OVERLAP), 2 * i + 1);
		piece_of(i, 1480, 1000, false, 0); /* would have completed it */
		assert_int_equal(drops_of(&h, DROP_FRAG_OVERLAP), 2 * i + 2);
	}
	assert_int_equal(h.inputs, 0);
	/* The whole time they hold nothing but a name. */
	pass(&h, 31 * BERTH_SEC);
	assert_int_equal(pool_packets(h.pool), 0);
}

static void contradicting_ends_condemn(void **state)
{
	(void)state;
	piece_of(1, 800, 8, false, 0);
	piece_of(1, 800, 16, false, 0);
	piece_of(2, 800, 8, false, 0);
	piece_of(2, 808, 8, true, 0);
	piece_of(3, 800, 8, true, 0);
	piece_of(3, 400, 8, false, 0);
	assert_int_equal(drops_of(&h, DROP_FRAG_MALFORMED), 3);
	assert_int_equal(h.inputs, 0);
}

/* RFC 1122 §3.3.2: after 30 s, time exceeded, if the first fragment can be quoted. */
static void time_runs_out(void **state)
{
	(void)state;
	learn(&h, PEER, peer_mac);
	piece_of(1, 0, 1480, true, 0);
	piece_of(2, 1480, 1480, true, 0);
	pass(&h, 29 * BERTH_SEC);
	assert_int_equal(drops_of(&h, DROP_FRAG_TIMEOUT), 0);
	pass(&h, 2 * BERTH_SEC);
	assert_int_equal(drops_of(&h, DROP_FRAG_TIMEOUT), 2);
	assert_true(frame_out(&h, &f));
	assert_int_equal(icmp_of(&f).type, ICMP4_TIME_EXCEEDED);
	assert_int_equal(icmp_of(&f).code, ICMP4_TIME_EXCEEDED_REASSEMBLY);
	while (frame_out(&h, &f))
		assert_int_not_equal(ether_of(&f).type, ETHER_TYPE_IP4);
	piece_of(1, 1480, 100, false, 0); /* too late */
	assert_int_equal(h.inputs, 0);
}

static void number_is_bounded(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 100; i++)
		piece_of(i, 0, 8, true, 0);
	assert_int_equal(drops_of(&h, DROP_FRAG_LIMIT), 100 - 8);
	assert_int_equal(pool_packets(h.pool), 8);
	/* The newest live. */
	piece_of(99, 8, 8, false, 0);
	assert_int_equal(h.inputs, 1);
}

/* Memory is charged for what a packet costs, not for what it says. */
static void bytes_are_bounded(void **state)
{
	(void)state;
	h.f.env.limits.frag_datagrams_max = 100000;
	h.f.env.limits.frag_bytes_max = 100000;
	for (unsigned i = 0; i < 5000; i++)
		piece_of((uint16_t)i, 8, 8, true, 0);
	assert_true(pool_packets(h.pool) < 100000 / sizeof(struct berth_packet) + 1);
	assert_true(drops_of(&h, DROP_FRAG_LIMIT) > 4000);
	piece_of(1, 0, 60000, true, 0);
	assert_true(pool_packets(h.pool) < 100000 / sizeof(struct berth_packet) + 1);
}

/* RFC 3168 §5.3. */
static void congestion_marks_are_kept(void **state)
{
	(void)state;
	piece_of(1, 0, 8, true, 2);
	piece_of(1, 8, 8, false, 3);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.info.tos & 3, 3);
	piece_of(2, 0, 8, true, 0);
	piece_of(2, 8, 8, false, 3);
	assert_int_equal(h.inputs, 1);
	piece_of(3, 0, 8, true, 2);
	piece_of(3, 8, 8, false, 2);
	assert_int_equal(h.inputs, 2);
	assert_int_equal(h.info.tos & 3, 2);
	/* Linux: one that is not marked fits no other; ECT(0) and ECT(1) do. */
	piece_of(4, 0, 8, true, 2);
	piece_of(4, 8, 8, false, 0);
	assert_int_equal(h.inputs, 2);
	piece_of(5, 0, 8, true, 2);
	piece_of(5, 8, 8, false, 1);
	assert_int_equal(h.inputs, 3);
	assert_int_equal(h.info.tos & 3, 2);
}

/* Datagrams of different senders, protocols and identifications do not mix. */
static void keys_are_apart(void **state)
{
	struct ip4_header ip = ip_header(STRANGER, ME, IPPROTO_UDP);

	(void)state;
	piece_of(1, 0, 8, true, 0);
	piece_of(2, 8, 8, false, 0);
	ip.id = 1;
	ip.fragment_offset = 8;
	frame_ip(&f, &ip, data, 8);
	frame_in(&h, &f);
	ip = ip_header(PEER, ME, IPPROTO_TCP);
	ip.id = 1;
	ip.fragment_offset = 8;
	frame_ip(&f, &ip, data, 8);
	frame_in(&h, &f);
	assert_int_equal(h.inputs, 0);
}

/* What we send in fragments is what a host like us puts together. */
static void out_and_in_again(void **state)
{
	static struct nethost other;
	struct ipaddr a = ipaddr_from4(PEER);

	(void)state;
	nethost_init(&other, 4);
	assert_int_equal(addr_add(other.net, other.eth, &a, 24), 0);
	frames_drain(&other);
	learn(&h, PEER, my_mac); /* the other host has the same station address */
	assert_int_equal(addr_del(other.net, other.eth, &(struct ipaddr){{0}}, 24), -EADDRNOTAVAIL);
	a = ipaddr_from4(ME);
	assert_int_equal(addr_del(other.net, other.eth, &a, 24), 0);
	for (size_t bytes = 1; bytes <= 65515; bytes += 997) {
		other.inputs = 0;
		assert_int_equal(send_bytes(&h, PEER, data, bytes, (struct ip_send){0}), 0);
		while (frame_out(&h, &f))
			frame_in(&other, &f);
		assert_int_equal(other.inputs, 1);
		assert_int_equal(other.payload_bytes, bytes);
		assert_memory_equal(other.payload, data, bytes);
	}
	nethost_fini(&other);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(in_order),
		T(in_any_order),
		T(largest_datagram_in_smallest_pieces),
		T(too_large_is_dropped),
		T(odd_and_empty_pieces_are_dropped),
		T(overlaps_condemn),
		T(contradicting_ends_condemn),
		T(time_runs_out),
		T(number_is_bounded),
		T(bytes_are_bounded),
		T(congestion_marks_are_kept),
		T(keys_are_apart),
		T(out_and_in_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
