/* SPDX-License-Identifier: MIT */
/*
 * Interfaces of a host from outside: their names, indexes, switches and queues, and who is told
 * of what. Nobody answers on the link but the test.
 */
#include "../nethost.h"

#include <net/if.h>
#include <stdio.h>

static struct nethost h;
static struct frame f;
static unsigned changes[LINK_FEATURES + 1];
static unsigned spaces;

static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 12);
	memset(changes, 0, sizeof(changes));
	spaces = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static int add(const char *name, uint32_t mtu)
{
	const struct berth_netif_config config = {
		.name = name, .kind = BERTH_NETIF_ETHER, .mtu = mtu};

	return links_add(h.links, &config);
}

static void names_and_mtus_are_checked(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "a b", "a:b", "sixteen-letters-"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(add(bad[i], 1500), -EINVAL);
	assert_int_equal(add(NULL, 1500), -EINVAL);
	assert_int_equal(add("eth0", 1500), -EEXIST);
	assert_int_equal(add("eth1", 67), -EINVAL);
	assert_int_equal(add("eth1", 65536), -EINVAL);
	assert_int_equal(netif_set_mtu(links_get(h.links, h.lo), 65536), 0);
	assert_int_equal(netif_set_mtu(links_get(h.links, h.lo), 65537), -EINVAL);
}

static void indexes_are_never_given_twice(void **state)
{
	int a = add("a", 0);
	int b = add("b", 0);
	int c;

	(void)state;
	assert_int_equal(links_remove(h.links, (unsigned)b), 0);
	c = add("c", 0);
	assert_true(c > b && b > a);
	assert_null(links_get(h.links, (unsigned)b));
	assert_null(links_get(h.links, 4000000000u));
	assert_ptr_equal(links_by_name(h.links, "c"), links_get(h.links, (unsigned)c));
	assert_null(links_by_name(h.links, "b"));
	assert_int_equal(links_nth(h.links, 2)->ifindex, a);
	assert_int_equal(links_nth(h.links, 3)->ifindex, c);
	assert_null(links_nth(h.links, 4));
	for (int i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "x%d", i);
		assert_int_equal(add(name, 0), c + 1 + i);
	}
}

/* IEEE 802 §8.2: a drawn address is a station's, locally administered. */
static void addresses_are_drawn(void **state)
{
	struct berth_netif_info info;

	(void)state;
	netif_info(links_get(h.links, (unsigned)add("a", 0)), &info);
	assert_int_equal(info.mac[0] & 3, 2);
	assert_int_equal(info.mtu, 1500);
	assert_int_equal(info.flags, IFF_BROADCAST | IFF_MULTICAST);
	netif_info(links_get(h.links, h.lo), &info);
	assert_int_equal(info.flags, IFF_LOOPBACK | IFF_UP | IFF_RUNNING);
	assert_string_equal(info.name, "lo");
}

static void on_change(void *ctx, struct netif *n, enum link_change change)
{
	(void)ctx;
	(void)n;
	changes[change]++;
}

static void on_space(void *ctx, struct netif *n)
{
	(void)ctx;
	assert_true(netif_tx_space(n));
	spaces++;
}

static void listeners_are_told(void **state)
{
	struct link_listener l = {.on_change = on_change};
	struct netif *n;

	(void)state;
	links_listen(h.links, &l);
	n = links_get(h.links, (unsigned)add("a", 0));
	netif_set_up(n, true);
	netif_set_up(n, true);
	netif_set_running(n, false);
	netif_set_up(n, false);
	netif_set_running(n, true);
	assert_int_equal(netif_set_mtu(n, 1000), 0);
	assert_int_equal(netif_set_mtu(n, 1000), 0);
	netif_set_features(n, BERTH_NETIF_CSUM);
	assert_int_equal(links_remove(h.links, n->ifindex), 0);
	assert_int_equal(changes[LINK_ADDED], 1);
	assert_int_equal(changes[LINK_UP], 1);
	assert_int_equal(changes[LINK_DOWN], 1);
	assert_int_equal(changes[LINK_MTU], 1);
	assert_int_equal(changes[LINK_FEATURES], 1);
	assert_int_equal(changes[LINK_REMOVED], 1);
	list_del(&l.link);
}

/* Full until half empty; told once. */
static void room_is_told_at_half(void **state)
{
	struct link_listener l = {.on_tx_space = on_space};

	(void)state;
	links_listen(h.links, &l);
	learn(&h, PEER, peer_mac);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
	for (unsigned i = 0; i < 49; i++)
		assert_true(frame_out(&h, &f));
	assert_int_equal(spaces, 0);
	assert_true(frame_out(&h, &f));
	assert_int_equal(spaces, 1);
	assert_int_equal(frames_drain(&h), 50);
	assert_int_equal(spaces, 1);
	/* Who waits is told too when all is dropped with the cable. */
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
	netif_set_running(links_get(h.links, h.eth), false);
	assert_int_equal(spaces, 2);
	list_del(&l.link);
}

/* The driver is woken when a queue that was empty is not. */
static void the_driver_is_woken(void **state)
{
	unsigned before;

	(void)state;
	learn(&h, PEER, peer_mac);
	assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
	frames_drain(&h);
	before = h.f.wakes;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
	assert_int_equal(h.f.wakes, before + 1);
	frames_drain(&h);
}

/* A cable that is pulled: nothing is kept, nothing fails. An interface that is down does. */
static void without_a_carrier(void **state)
{
	struct netif *n = links_get(h.links, h.eth);

	(void)state;
	learn(&h, PEER, peer_mac);
	assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
	netif_set_running(n, false);
	assert_int_equal(frames_drain(&h), 0);
	assert_int_equal(drops_of(&h, DROP_NETIF_DOWN), 1);
	netif_set_running(n, true);
	learn(&h, PEER, peer_mac);
	assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), 0);
	assert_int_equal(frames_drain(&h), 1);
	netif_set_up(n, false);
	assert_int_equal(send_bytes(&h, PEER, "x", 1, (struct ip_send){0}), -ENETUNREACH);
}

static void unknown_types_are_dropped(void **state)
{
	(void)state;
	frame_ether(&f, my_mac, peer_mac, ETHER_TYPE_VLAN);
	frame_in(&h, &f);
	frame_ether(&f, my_mac, peer_mac, 46); /* a length: IEEE 802.3 */
	frame_in(&h, &f);
	assert_int_equal(drops_of(&h, DROP_ETHER_TYPE), 2);
	frame_in_if(&h, 4711, &f);
	assert_int_equal(drops_of(&h, DROP_NETIF_DOWN), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(names_and_mtus_are_checked), T(indexes_are_never_given_twice),
		T(addresses_are_drawn),	       T(listeners_are_told),
		T(room_is_told_at_half),       T(the_driver_is_woken),
		T(without_a_carrier),	       T(unknown_types_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
