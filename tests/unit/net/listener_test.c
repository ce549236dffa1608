/* SPDX-License-Identifier: MIT */
/* What those who listen to net hear of addresses, routes and neighbours. */
#include <stdio.h>

#include "../nethost.h"

static struct nethost h;
static struct net_listener listener;
static char heard[512];

static void hear(const char *what, bool gone, const struct ipaddr *a)
{
	size_t used = strlen(heard);

	snprintf(heard + used, sizeof(heard) - used, "%s%s %u.%u;", gone ? "-" : "+", what,
		 a->bytes[14], a->bytes[15]);
}

static void on_addr(void *ctx, const struct addr *a, bool gone)
{
	assert_ptr_equal(ctx, &h);
	hear("addr", gone, &a->addr);
}

static void on_route(void *ctx, const struct route *r, bool gone)
{
	(void)ctx;
	hear("route", gone, &r->dst);
}

static void on_neigh(void *ctx, const struct neigh *n, bool gone)
{
	(void)ctx;
	hear("neigh", gone, &n->addr);
}

static int setup(void **state)
{
	(void)state;
	nethost_init(&h, 6);
	heard[0] = '\0';
	listener = (struct net_listener){
		.ctx = &h, .on_addr = on_addr, .on_route = on_route, .on_neigh = on_neigh};
	net_tell_to(h.net, &listener);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	list_del(&listener.link);
	nethost_fini(&h);
	return 0;
}

static void addresses_and_routes(void **state)
{
	const struct ipaddr a = ipaddr_from4(IP(10, 0, 7, 1));

	(void)state;
	assert_int_equal(addr_add(h.net, h.eth, &a, 24), 0);
	assert_int_equal(addr_add(h.net, h.eth, &a, 24), -EEXIST);
	assert_int_equal(addr_del(h.net, h.eth, &a, 24), 0);
	assert_string_equal(heard, "+addr 7.1;+route 7.0;-addr 7.1;-route 7.0;");
}

static void an_interface_goes(void **state)
{
	(void)state;
	assert_int_equal(route_via(&h, AFAR, 32, ROUTER), 0);
	heard[0] = '\0';
	assert_int_equal(links_remove(h.links, h.eth), 0);
	assert_non_null(strstr(heard, "-route 2.9;"));
	assert_non_null(strstr(heard, "-addr 0.1;"));
}

static void neighbours(void **state)
{
	(void)state;
	learn(&h, PEER, peer_mac);
	assert_non_null(strstr(heard, "+neigh 0.2;"));
}

static void each_in_turn(void **state)
{
	const struct addr *a = addr_nth(h.net, 0);
	const struct route *r = route_nth(h.net, 0);
	unsigned i = 0;

	(void)state;
	for (; a; a = addr_after(h.net, a), i++)
		assert_ptr_equal(a, addr_nth(h.net, i));
	assert_true(i >= 2);
	for (i = 0; r; r = route_after(h.net, r), i++)
		assert_ptr_equal(r, route_nth(h.net, i));
	assert_true(i >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(addresses_and_routes, setup, teardown),
		cmocka_unit_test_setup_teardown(an_interface_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(neighbours, setup, teardown),
		cmocka_unit_test_setup_teardown(each_in_turn, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
