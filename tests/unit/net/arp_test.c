/* SPDX-License-Identifier: MIT */
/*
 * ARP as scripts of frames: what is answered, what is learnt and what is not (RFC 826, RFC 5227),
 * down to storms and floods.
 */
#include "../nethost.h"

static struct nethost h;
static struct frame f;

static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static enum neigh_state state_of(uint32_t address)
{
	struct ipaddr a = ipaddr_from4(address);
	struct neigh *n = neigh_find(net_neighs(h.net), links_get(h.links, h.eth), &a);

	return n ? neigh_state(n) : NEIGH_NONE;
}

/* RFC 826: the answer goes to the asker, who is learnt. */
static void request_for_us_is_answered(void **state)
{
	struct arp_packet a;

	(void)state;
	frame_arp(&f, link_broadcast_mac, ARP_REQUEST, peer_mac, PEER, ME);
	frame_in(&h, &f);
	assert_true(frame_out(&h, &f));
	a = arp_of(&f);
	assert_int_equal(a.op, ARP_REPLY);
	assert_int_equal(a.sender_ip, ME);
	assert_int_equal(a.target_ip, PEER);
	assert_memory_equal(a.sender_mac, my_mac, 6);
	assert_memory_equal(ether_of(&f).dst, peer_mac, 6);
	assert_int_equal(state_of(PEER), NEIGH_STALE);
	assert_false(frame_out(&h, &f));
}

/* RFC 5227 §2.1.1: a probe has no sender; it is answered, nothing is learnt. */
static void probe_is_answered(void **state)
{
	(void)state;
	frame_arp(&f, link_broadcast_mac, ARP_REQUEST, peer_mac, 0, ME);
	frame_in(&h, &f);
	assert_true(frame_out(&h, &f));
	assert_int_equal(arp_of(&f).op, ARP_REPLY);
	assert_int_equal(neighs_count(net_neighs(h.net)), 0);
}

static void nobody_else_is_learnt(void **state)
{
	(void)state;
	/* A request for somebody else, a reply that nobody asked for, a gratuitous one. */
	frame_arp(&f, link_broadcast_mac, ARP_REQUEST, peer_mac, PEER, STRANGER);
	frame_in(&h, &f);
	frame_arp(&f, my_mac, ARP_REPLY, peer_mac, PEER, ME);
	frame_in(&h, &f);
	frame_arp(&f, link_broadcast_mac, ARP_REQUEST, peer_mac, PEER, PEER);
	frame_in(&h, &f);
	assert_int_equal(neighs_count(net_neighs(h.net)), 0);
	assert_int_equal(drops_of(&h, DROP_ARP_UNKNOWN), 3);
	assert_false(frame_out(&h, &f));
}

static void packets_wait_for_the_answer(void **state)
{
	(void)state;
	assert_int_equal(send_bytes(&h, PEER, "hello", 5, (struct ip_send){0}), 0);
	assert_int_equal(send_bytes(&h, PEER, "again", 5, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(arp_of(&f).op, ARP_REQUEST);
	assert_int_equal(arp_of(&f).target_ip, PEER);
	assert_int_equal(arp_of(&f).sender_ip, ME);
	assert_memory_equal(ether_of(&f).dst, link_broadcast_mac, 6);
	assert_false(frame_out(&h, &f));
	frame_arp(&f, my_mac, ARP_REPLY, peer_mac, PEER, ME);
	frame_in(&h, &f);
	assert_int_equal(state_of(PEER), NEIGH_REACHABLE);
	assert_true(frame_out(&h, &f));
	assert_memory_equal(ether_of(&f).dst, peer_mac, 6);
	assert_memory_equal(f.data + 34, "hello", 5);
	assert_true(frame_out(&h, &f));
	assert_memory_equal(f.data + 34, "again", 5);
}

/* The first of several answers holds for a second (Linux: locktime). */
static void an_address_that_just_changed_stays(void **state)
{
	(void)state;
	assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
	frames_drain(&h);
	frame_arp(&f, my_mac, ARP_REPLY, peer_mac, PEER, ME);
	frame_in(&h, &f);
	frames_drain(&h);
	frame_arp(&f, my_mac, ARP_REPLY, other_mac, PEER, ME);
	frame_in(&h, &f);
	assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	assert_memory_equal(ether_of(&f).dst, peer_mac, 6);
	pass(&h, 2 * BERTH_SEC);
	frame_arp(&f, my_mac, ARP_REPLY, other_mac, PEER, ME);
	frame_in(&h, &f);
	assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
	assert_true(frame_out(&h, &f));
	assert_memory_equal(ether_of(&f).dst, other_mac, 6);
}

/* RFC 5227 §2.4, as far as we go: a claim to our address is not believed. */
static void our_address_is_not_given_away(void **state)
{
	(void)state;
	frame_arp(&f, link_broadcast_mac, ARP_REQUEST, peer_mac, ME, ME);
	frame_in(&h, &f);
	frame_arp(&f, my_mac, ARP_REPLY, peer_mac, ME, ME);
	frame_in(&h, &f);
	assert_int_equal(drops_of(&h, DROP_ARP_CONFLICT), 2);
	assert_int_equal(neighs_count(net_neighs(h.net)), 0);
	assert_false(frame_out(&h, &f));
}

static void nonsense_is_counted(void **state)
{
	static const uint32_t senders[] = {IP(127, 0, 0, 2), IP(224, 0, 0, 1), 0xffffffff,
					   IP(10, 0, 0, 255), IP(0, 1, 2, 3)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
		frame_arp(&f, my_mac, ARP_REQUEST, peer_mac, senders[i], ME);
		frame_in(&h, &f);
	}
	assert_int_equal(drops_of(&h, DROP_ARP_MALFORMED), ARRAY_LEN(senders));
	frame_arp(&f, my_mac, ARP_REQUEST, peer_mac, PEER, ME);
	for (size_t n = ETHER_HEADER_BYTES; n < ETHER_HEADER_BYTES + ARP_PACKET_BYTES; n++) {
		f.bytes = n;
		frame_in(&h, &f);
	}
	assert_int_equal(drops_of(&h, DROP_ARP_MALFORMED), ARRAY_LEN(senders) + ARP_PACKET_BYTES);
	assert_int_equal(neighs_count(net_neighs(h.net)), 0);
	assert_false(frame_out(&h, &f));
}

/* A storm of requests from strangers: the table stays bounded, who is in use stays in it. */
static void flood_does_not_evict_who_is_in_use(void **state)
{
	(void)state;
	learn(&h, PEER, peer_mac);
	for (uint32_t i = 0; i < 5000; i++) {
		assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
		frame_arp(&f, my_mac, ARP_REQUEST, other_mac, IP(10, 0, 1, 0) + i, ME);
		frame_in(&h, &f);
		frames_drain(&h);
		h.f.env.now += BERTH_MSEC;
		assert_true(neighs_count(net_neighs(h.net)) <= 64);
	}
	assert_true(state_of(PEER) & NEIGH_VALID);
	assert_true(drops_of(&h, DROP_NEIGH_TABLE_FULL) > 0);
	/* All are answered nevertheless, and later ones find room. */
	pass(&h, 10 * BERTH_SEC);
	frames_drain(&h);
	frame_arp(&f, my_mac, ARP_REQUEST, other_mac, STRANGER, ME);
	frame_in(&h, &f);
	assert_int_equal(state_of(STRANGER), NEIGH_STALE);
}

static void a_new_address_is_announced(void **state)
{
	struct ipaddr a = ipaddr_from4(IP(10, 0, 0, 9));

	(void)state;
	assert_int_equal(addr_add(h.net, h.eth, &a, 24), 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(arp_of(&f).sender_ip, IP(10, 0, 0, 9));
	assert_int_equal(arp_of(&f).target_ip, IP(10, 0, 0, 9));
	netif_set_up(links_get(h.links, h.eth), false);
	netif_set_up(links_get(h.links, h.eth), true);
	assert_int_equal(frames_drain(&h), 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(request_for_us_is_answered),
		T(probe_is_answered),
		T(nobody_else_is_learnt),
		T(packets_wait_for_the_answer),
		T(an_address_that_just_changed_stays),
		T(our_address_is_not_given_away),
		T(nonsense_is_counted),
		T(flood_does_not_evict_who_is_in_use),
		T(a_new_address_is_announced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
