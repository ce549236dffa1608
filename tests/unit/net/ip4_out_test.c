/* SPDX-License-Identifier: MIT */
/*
 * IPv4 output: headers, fragments, loops, groups and super-packets, as frames that are taken
 * apart again.
 */
#include "../nethost.h"

#include "net/mcast.h"

static struct nethost h;
static struct frame f;
static uint8_t data[66000];

static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 7);
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

static void a_header_is_written(void **state)
{
	struct ip4_header ip;

	(void)state;
	assert_int_equal(send_bytes(&h, PEER, data, 100, (struct ip_send){.tos = 0x10, .df = true}),
			 0);
	assert_true(frame_out(&h, &f));
	ip = ip_of(&f);
	assert_int_equal(ip.src, ME);
	assert_int_equal(ip.dst, PEER);
	assert_int_equal(ip.ttl, 64);
	assert_int_equal(ip.tos, 0x10);
	assert_int_equal(ip.protocol, IPPROTO_UDP);
	assert_true(ip.df);
	assert_false(ip4_is_fragment(&ip));
	assert_memory_equal(ether_of(&f).dst, peer_mac, 6);
	assert_memory_equal(ether_of(&f).src, my_mac, 6);
	assert_memory_equal(f.data + 34, data, 100);
}

/* RFC 6864 §4.3: unique while they may be in the network; per pair of addresses here. */
static void identifications_count_up(void **state)
{
	uint16_t first;

	(void)state;
	assert_int_equal(send_bytes(&h, PEER, data, 1, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	first = ip_of(&f).id;
	assert_int_equal(send_bytes(&h, PEER, data, 1, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).id, (uint16_t)(first + 1));
}

/* The four ways of IP_MTU_DISCOVER at, below and above the MTU. */
static void df_and_fragments(void **state)
{
	const struct ip_send dont = {0};
	const struct ip_send want = {.df_if_fits = true};
	const struct ip_send strict = {.df = true};

	(void)state;
	assert_int_equal(send_bytes(&h, PEER, data, 1480, dont), 0);
	assert_true(frame_out(&h, &f));
	assert_false(ip_of(&f).df);
	assert_int_equal(send_bytes(&h, PEER, data, 1480, want), 0);
	assert_true(frame_out(&h, &f));
	assert_true(ip_of(&f).df);
	assert_int_equal(send_bytes(&h, PEER, data, 1481, want), 0);
	assert_true(frame_out(&h, &f));
	assert_false(ip_of(&f).df);
	assert_true(ip_of(&f).mf);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).fragment_offset, 1480);
	assert_int_equal(ip_of(&f).total_bytes, 21);
	assert_int_equal(send_bytes(&h, PEER, data, 1481, strict), -EMSGSIZE);
	assert_int_equal(send_bytes(&h, PEER, data, 65516, dont), -EMSGSIZE);
	assert_int_equal(drops_of(&h, DROP_IP4_TOO_BIG), 2);
	assert_false(frame_out(&h, &f));
}

/* RFC 791 §3.1: some options are in every fragment, the others in the first alone. */
static void options_in_fragments(void **state)
{
	static const uint8_t options[] = {IP4_OPT_RECORD_ROUTE, 7, 4, 0, 0, 0, 0,
					  IP4_OPT_ROUTER_ALERT, 4, 0, 0};
	static const uint8_t sent[] = {IP4_OPT_RECORD_ROUTE, 7, 8, 10, 0, 0, 1,
				       IP4_OPT_ROUTER_ALERT, 4, 0, 0};

	(void)state;
	assert_int_equal(send_bytes(&h, PEER, data, 3000,
				    (struct ip_send){.options = options, .options_len = 11}),
			 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).options_len, 12);
	assert_memory_equal(ip_of(&f).options, sent, 11); /* the sender is in it */
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).options_len, 4);
	assert_int_equal(ip_of(&f).options[0], IP4_OPT_ROUTER_ALERT);
	assert_int_equal(frames_drain(&h), 1);
}

/* To itself, without touching the link: not even for its own address there. */
static void own_addresses_loop_back(void **state)
{
	static const uint32_t own[] = {ME, IP(127, 0, 0, 1), IP(127, 8, 8, 8)};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(own); i++) {
		assert_int_equal(send_bytes(&h, own[i], data, 60000, (struct ip_send){0}), 0);
		assert_int_equal(h.inputs, i);
		assert_true(links_pending(h.links));
		assert_false(links_run(h.links));
		assert_int_equal(h.inputs, i + 1);
		assert_int_equal(h.payload_bytes, 60000);
		assert_int_equal(ipaddr_to4(&h.info.dst), own[i]);
		assert_int_equal(h.info.ifindex, h.lo);
	}
	assert_false(frame_out(&h, &f));
}

/* The driver may carry lo's frames: then they look like anybody's. */
static void external_loopback(void **state)
{
	(void)state;
	assert_int_equal(netif_set_external(links_get(h.links, h.lo), true), 0);
	assert_int_equal(send_bytes(&h, IP(127, 0, 0, 1), data, 500, (struct ip_send){0}), 0);
	assert_false(links_pending(h.links));
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).dst, IP(127, 0, 0, 1));
	frame_in_if(&h, h.lo, &f);
	assert_int_equal(h.inputs, 1);
	assert_int_equal(h.payload_bytes, 500);
	assert_int_equal(netif_set_external(links_get(h.links, h.eth), true), -ENODEV);
}

/* RFC 1122 §3.3.6: a broadcast goes to all, this host too. */
static void broadcasts_are_heard_here_too(void **state)
{
	(void)state;
	assert_int_equal(send_bytes(&h, IP(10, 0, 0, 255), data, 10, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	assert_memory_equal(ether_of(&f).dst, link_broadcast_mac, 6);
	assert_false(links_run(h.links));
	assert_int_equal(h.inputs, 1);
	assert_true(h.info.broadcast);
	assert_int_equal(h.info.ifindex, h.eth);
}

static int send_group(bool no_loop)
{
	struct ipaddr group = ipaddr_from4(IP(239, 129, 2, 3));
	struct ipaddr any = ipaddr_from4(0);
	const struct ip_send send = {.protocol = IPPROTO_UDP, .no_mcast_loop = no_loop};
	struct ip_path path;

	assert_int_equal(ip_path_find(h.net, &group, &any, h.eth, &path), 0);
	return ip_output(h.net, payload_packet(&h, data, 10), &path, &send);
}

/* RFC 1112 §6.1, §6.4. */
static void groups(void **state)
{
	static const uint8_t mac[6] = {0x01, 0x00, 0x5e, 0x01, 0x02, 0x03};
	struct ipaddr group = ipaddr_from4(IP(239, 129, 2, 3));

	(void)state;
	assert_int_equal(send_group(false), 0);
	assert_true(frame_out(&h, &f));
	assert_memory_equal(ether_of(&f).dst, mac, 6);
	assert_int_equal(ip_of(&f).ttl, 1);
	assert_false(links_pending(h.links)); /* not a member */
	assert_int_equal(mcast_join(h.net, h.eth, &group), 0);
	assert_int_equal(mcast_join(h.net, h.eth, &group), 0);
	assert_int_equal(send_group(false), 0);
	assert_false(links_run(h.links));
	assert_int_equal(h.inputs, 1);
	assert_true(h.info.multicast);
	assert_int_equal(send_group(true), 0);
	assert_false(links_pending(h.links));
	/* Each join needs a leave. */
	assert_int_equal(mcast_leave(h.net, h.eth, &group), 0);
	assert_int_equal(send_group(false), 0);
	assert_true(links_pending(h.links));
	assert_false(links_run(h.links));
	assert_int_equal(mcast_leave(h.net, h.eth, &group), 0);
	assert_int_equal(mcast_leave(h.net, h.eth, &group), -EADDRNOTAVAIL);
	assert_int_equal(mcast_join(h.net, h.eth, &(struct ipaddr){{1}}), -EINVAL);
	assert_int_equal(mcast_join(h.net, 99, &group), -ENODEV);
}

static void a_full_queue_is_told(void **state)
{
	int err = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		err |= send_bytes(&h, PEER, data, 10, (struct ip_send){0});
	assert_int_equal(err, 0);
	assert_false(netif_tx_space(links_get(h.links, h.eth)));
	assert_int_equal(send_bytes(&h, PEER, data, 10, (struct ip_send){0}), -ENOBUFS);
	assert_int_equal(drops_of(&h, DROP_TXQ_FULL), 1);
	for (unsigned i = 0; i < 50; i++)
		assert_true(frame_out(&h, &f));
	assert_true(netif_tx_space(links_get(h.links, h.eth)));
}

/* TCP's super-packets: whole where they are taken, in segments where not, in fragments of
 * segments where they must be. */
static struct berth_packet *super_packet(size_t bytes, uint16_t segment)
{
	struct berth_packet *p = payload_packet(&h, data, bytes);
	uint8_t *tcp = packet_push(p, 20);

	memset(tcp, 0, 20);
	tcp[12] = 0x50;
	tcp[13] = 0x18;
	p->csum = CSUM_PARTIAL;
	p->l4_protocol = IPPROTO_TCP;
	p->l4_off = p->head_off;
	p->gso_bytes = segment;
	return p;
}

static int send_super(size_t bytes, uint16_t segment, bool df)
{
	struct ipaddr any = ipaddr_from4(0);
	struct ipaddr to = ipaddr_from4(PEER);
	const struct ip_send send = {.protocol = IPPROTO_TCP, .df = df};
	struct ip_path path;

	assert_int_equal(ip_path_find(h.net, &to, &any, 0, &path), 0);
	return ip_output(h.net, super_packet(bytes, segment), &path, &send);
}

static uint16_t tcp_sum(void)
{
	struct ip4_header ip = ip_of(&f);
	size_t bytes;
	const uint8_t *at = l4_of(&f, &bytes);

	return csum_finish(csum_add(at, bytes, csum_pseudo4(ip.src, ip.dst, ip.protocol, bytes)));
}

static void super_packets(void **state)
{
	struct netif *eth = links_get(h.links, h.eth);
	uint16_t id = 0;

	(void)state;
	netif_set_features(eth, BERTH_NETIF_CSUM | BERTH_NETIF_GSO);
	assert_int_equal(send_super(10000, 1460, true), 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(ip_of(&f).total_bytes, 10040);
	assert_false(frame_out(&h, &f));
	netif_set_features(eth, 0);
	assert_int_equal(send_super(10000, 1460, true), 0);
	for (size_t at = 0; at < 10000; at += 1460) {
		size_t n = 10000 - at < 1460 ? 10000 - at : 1460;

		assert_true(frame_out(&h, &f));
		assert_int_equal(ip_of(&f).total_bytes, 40 + n);
		assert_int_equal(tcp_sum(), 0);
		assert_memory_equal(f.data + 54, data + at, n);
		if (at > 0)
			assert_int_equal(ip_of(&f).id, (uint16_t)(id + 1));
		id = ip_of(&f).id;
	}
	assert_int_equal(send_super(10000, 1461, true), -EMSGSIZE);
	assert_int_equal(send_super(3000, 1500, false), 0);
	assert_int_equal(frames_drain(&h), 4);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_header_is_written),
		T(identifications_count_up),
		T(df_and_fragments),
		T(options_in_fragments),
		T(own_addresses_loop_back),
		T(external_loopback),
		T(broadcasts_are_heard_here_too),
		T(groups),
		T(a_full_queue_is_told),
		T(super_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
