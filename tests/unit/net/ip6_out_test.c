/* SPDX-License-Identifier: MIT */
/*
 * IPv6 output: headers, flow labels, extension headers, fragments that the source makes, groups.
 * The frames that leave are read again; the neighbour is known from the start.
 */
#include "../nethost6.h"
#include "net/mcast.h"

static struct nethost h;
static struct frame f;
static uint8_t data[70000];

static int setup(void **state)
{
	(void)state;
	nethost6_init(&h, 62);
	learn6(&h, PEER6, peer_mac);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static void a_header(void **state)
{
	(void)state;
	assert_int_equal(
		send6(&h, PEER6, data, 100, (struct ip_send){.tos = 0x2e, .flow_label = 0xabcde}),
		0);
	assert_true(frame_out(&h, &f));
	assert_addr(ip6_of(&f).src, ME6);
	assert_addr(ip6_of(&f).dst, PEER6);
	assert_int_equal(ip6_of(&f).next, IPPROTO_UDP);
	assert_int_equal(ip6_of(&f).hop_limit, 64);
	assert_int_equal(ip6_of(&f).tclass, 0x2e);
	assert_int_equal(ip6_of(&f).flow_label, 0xabcde);
	assert_memory_equal(payload6_of(&f), data, 100);
	assert_memory_equal(ether_of(&f).dst, peer_mac, 6);
	assert_int_equal(send6(&h, PEER6, data, 1, (struct ip_send){.ttl = 9}), 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip6_of(&f).hop_limit, 9);
	conf6(&h, "eth0", "hop_limit", 33);
	assert_int_equal(send6(&h, PEER6, data, 1, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip6_of(&f).hop_limit, 33);
}

static uint32_t label_of(uint16_t port, struct ip_send send)
{
	struct ipaddr peer = PEER6;
	struct ipaddr any = {{0}};
	struct berth_packet *p = packet_new(h.pool);
	struct ip_path path;

	store_be16(packet_push(p, 8), port);
	memset(packet_head(p) + 2, 0, 6);
	send.protocol = IPPROTO_UDP;
	assert_int_equal(ip_path_find(h.net, &peer, &any, 0, &path), 0);
	assert_int_equal(ip_output(h.net, p, &path, &send), 0);
	assert_true(frame_out(&h, &f));
	return ip6_of(&f).flow_label;
}

/* RFC 6437 §3: the same for a flow, another for another, none if none is wanted. */
static void flow_labels(void **state)
{
	uint32_t first = label_of(1000, (struct ip_send){0});

	(void)state;
	assert_int_not_equal(first, 0);
	assert_int_equal(label_of(1000, (struct ip_send){0}), first);
	assert_int_not_equal(label_of(1001, (struct ip_send){0}), first);
	assert_int_equal(label_of(1000, (struct ip_send){.no_flow_label = true}), 0);
	h.f.env.knobs.ip6_auto_flowlabels = 0;
	assert_int_equal(label_of(1000, (struct ip_send){0}), 0);
}

/* RFC 8200 §4.1: in this order, each with the number of the next. */
static void extension_headers(void **state)
{
	static const uint8_t hop[8] = {99, 0, 5, 2, 0, 0, 1, 0};
	static const uint8_t before[8] = {99, 0, 1, 4};
	static const uint8_t route[24] = {99, 2, 4, 0};
	static const uint8_t dst[16] = {99, 1, 1, 12};
	static const uint8_t order[] = {IP6_HOP_BY_HOP, IP6_DESTINATION, IP6_ROUTING,
					IP6_DESTINATION};
	const struct ip6_exts exts = {{hop, 8}, {before, 8}, {route, 24}, {dst, 16}};
	struct ip6_exts large = {.hop_by_hop = {data, IP6_EXTS_BYTES_MAX + 8}};
	struct ip6_ext_header e;
	struct reader r;
	uint8_t next;

	(void)state;
	assert_int_equal(send6(&h, PEER6, data, 10, (struct ip_send){.exts = &exts}), 0);
	assert_true(frame_out(&h, &f));
	next = ip6_of(&f).next;
	r = reader_of(payload6_of(&f), ip6_of(&f).payload_bytes);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		assert_int_equal(next, order[i]);
		assert_true(ip6_ext_next(&r, next, &e));
		next = e.next;
	}
	assert_int_equal(next, IPPROTO_UDP);
	assert_int_equal(reader_left(&r), 10);
	assert_memory_equal(r.at, data, 10);
	assert_int_equal(send6(&h, PEER6, data, 10, (struct ip_send){.exts = &large}), -EMSGSIZE);
}

/* Puts the fragments that leave together; what all begin with is `header` bytes. */
static size_t collect(size_t header, uint8_t next, uint32_t mtu, uint8_t *out)
{
	struct ip6_fragment piece;
	size_t total = 0;
	uint32_t id = 0;
	bool more = true;

	while (more) {
		assert_true(frame_out(&h, &f));
		assert_true(f.bytes - ETHER_HEADER_BYTES <= mtu);
		ip6_fragment_parse(f.data + ETHER_HEADER_BYTES + header, &piece);
		size_t n = f.bytes - ETHER_HEADER_BYTES - header - IP6_FRAGMENT_BYTES;

		assert_int_equal(ip6_of(&f).payload_bytes, header - IP6_HEADER_BYTES + 8 + n);
		assert_int_equal(piece.next, next);
		assert_int_equal(piece.offset, total);
		assert_true(total == 0 || piece.id == id);
		assert_true(!piece.more || n % 8 == 0);
		id = piece.id;
		more = piece.more;
		memcpy(out + total, f.data + f.bytes - n, n);
		total += n;
	}
	assert_false(frame_out(&h, &f));
	return total;
}

static void fragments(void **state)
{
	static const uint8_t hop[8] = {0, 0, 1, 4};
	static const uint8_t dst[8] = {0, 0, 1, 4};
	static uint8_t got[70000];
	const struct ip6_exts exts = {.hop_by_hop = {hop, 8}, .dst = {dst, 8}};

	(void)state;
	assert_int_equal(send6(&h, PEER6, data, 1460, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip6_of(&f).next, IPPROTO_UDP);
	assert_int_equal(send6(&h, PEER6, data, 1461, (struct ip_send){0}), 0);
	assert_int_equal(collect(40, IPPROTO_UDP, 1500, got), 1461);
	assert_memory_equal(got, data, 1461);
	assert_int_equal(send6(&h, PEER6, data, 65535, (struct ip_send){0}), 0);
	assert_int_equal(collect(40, IPPROTO_UDP, 1500, got), 65535);
	assert_memory_equal(got, data, 65535);
	assert_int_equal(send6(&h, PEER6, data, 65536, (struct ip_send){0}), -EMSGSIZE);
	/* Destination options are part of what is cut. */
	assert_int_equal(send6(&h, PEER6, data, 3000, (struct ip_send){.exts = &exts}), 0);
	assert_int_equal(collect(48, IP6_DESTINATION, 1500, got), 3008);
	assert_memory_equal(got + 8, data, 3000);
}

static void those_who_do_not_want_fragments(void **state)
{
	static uint8_t got[2000];

	(void)state;
	assert_int_equal(send6(&h, PEER6, data, 1461, (struct ip_send){.df = true}), -EMSGSIZE);
	assert_int_equal(send6(&h, PEER6, data, 1240, (struct ip_send){.frag_bytes = 1280}), 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip6_of(&f).next, IPPROTO_UDP);
	assert_int_equal(send6(&h, PEER6, data, 1241, (struct ip_send){.frag_bytes = 1280}), 0);
	assert_int_equal(collect(40, IPPROTO_UDP, 1280, got), 1241);
	assert_memory_equal(got, data, 1241);
}

static void groups(void **state)
{
	static const uint8_t mac[6] = {0x33, 0x33, 0, 0, 0x12, 0x34};
	struct ipaddr group = ip6("ff0e::1234");
	struct ipaddr inner = ip6("ff01::1234");

	(void)state;
	assert_int_equal(send6(&h, group, data, 10, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	assert_memory_equal(ether_of(&f).dst, mac, 6);
	assert_int_equal(ip6_of(&f).hop_limit, 1);
	assert_int_equal(h.inputs, 0);
	assert_int_equal(mcast_join(h.net, h.eth, &group), 0);
	frames_drain(&h);
	assert_int_equal(send6(&h, group, data, 10, (struct ip_send){0}), 0);
	while (links_run(h.links))
		continue;
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.info.ifindex, h.eth);
	assert_true(frame_out(&h, &f));
	assert_int_equal(send6(&h, group, data, 10, (struct ip_send){.no_mcast_loop = true}), 0);
	assert_true(frame_out(&h, &f));
	/* Neither without hops nor with the scope of the interface does anything leave. */
	assert_int_equal(send6(&h, group, data, 10, (struct ip_send){.ttl_zero = true}), 0);
	assert_int_equal(send6(&h, inner, data, 10, (struct ip_send){0}), 0);
	assert_false(frame_out(&h, &f));
	while (links_run(h.links))
		continue;
	assert_int_equal(h.inputs, 2);
}

/* To itself, by whichever address: through lo, from that address. */
static void to_this_host(void **state)
{
	static const char *const own[] = {"::1", "fd09::1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		assert_int_equal(send6(&h, ip6(own[i]), data, 60000, (struct ip_send){0}), 0);
		while (links_run(h.links))
			continue;
		assert_int_equal(h.inputs, i + 1);
		assert_int_equal(h.payload_bytes, 60000);
		assert_memory_equal(h.payload, data, 60000);
		assert_addr(h.info.src, ip6(own[i]));
		/* Linux: the interface that has the address. */
		assert_int_equal(h.info.ifindex, i == 0 ? h.lo : h.eth);
	}
	assert_false(frame_out(&h, &f));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_header),
		T(flow_labels),
		T(extension_headers),
		T(fragments),
		T(those_who_do_not_want_fragments),
		T(groups),
		T(to_this_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
