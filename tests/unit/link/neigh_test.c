/* SPDX-License-Identifier: MIT */
/*
 * The neighbour machine alone, with the protocol above it played by the test: states, timers and
 * bounds (RFC 4861 §7.3, with Linux's constants).
 */
#include "../nethost.h"

static struct fixture fx;
static struct berth_pool *pool;
static struct links *links;
static struct neighs *ns;
static struct netif *eth;
static unsigned asked_all, asked_one, unreachable, forgotten;

static void on_solicit(void *ctx, struct neigh *n, bool unicast)
{
	(void)ctx;
	(void)n;
	if (unicast)
		asked_one++;
	else
		asked_all++;
}

static void on_unreachable(void *ctx, struct berth_packet *p)
{
	(void)ctx;
	unreachable++;
	packet_free(p);
}

static void on_forget(void *ctx, struct neigh *n)
{
	(void)ctx;
	(void)n;
	forgotten++;
	neighs_set_generation(ns, 2);
}

static unsigned changes, deaths;
static enum neigh_state last_state;

static void on_changed(void *ctx, const struct neigh *n, bool gone)
{
	(void)ctx;
	changes++;
	deaths += gone;
	last_state = (enum neigh_state)n->state;
}

static int setup(void **state)
{
	const struct berth_netif_config config = {
		.name = "eth0", .kind = BERTH_NETIF_ETHER, .features = BERTH_NETIF_CSUM};
	const struct neigh_ops ops = {NULL, on_solicit, on_unreachable, on_forget, on_changed};

	(void)state;
	asked_all = asked_one = unreachable = forgotten = 0;
	fixture_init(&fx, 11);
	fx.env.now = 1000 * BERTH_SEC;
	fx.env.limits.neighbours_max = 4;
	fx.env.limits.neighbour_queue_max = 3;
	fx.env.limits.txq_packets_max = 100;
	pool = berth_pool_new(&fx.env.mem, 0);
	fx.env.pool = pool;
	links = links_new(&fx.env);
	eth = links_get(links, (unsigned)links_add(links, &config));
	netif_set_up(eth, true);
	ns = neighs_new(&fx.env, &ops);
	neighs_set_generation(ns, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	neighs_free(ns);
	links_free(links);
	assert_int_equal(pool_packets(pool), 0);
	berth_pool_free(pool);
	fixture_fini(&fx);
	return 0;
}

static struct neigh *entry(uint32_t address)
{
	struct ipaddr a = ipaddr_from4(address);

	return neigh_get(ns, eth, &a);
}

static void output(struct neigh *n)
{
	struct berth_packet *p = packet_new(pool);

	memset(packet_push(p, 20), 0x45, 20);
	assert_int_equal(neigh_output(n, p), 0);
}

static unsigned sent(void)
{
	struct berth_packet *p;
	unsigned count = 0;
	unsigned ifindex;

	for (; (p = links_output(links, &ifindex)); count++)
		packet_free(p);
	return count;
}

static void wait_for(berth_time ns_)
{
	berth_time until = fx.env.now + ns_;
	berth_time next;

	while ((next = timers_deadline(&fx.env.timers)) <= until) {
		fx.env.now = next > fx.env.now ? next : fx.env.now;
		timers_run(&fx.env);
	}
	fx.env.now = until;
}

/* RFC 4861 §7.2.2: three requests a second apart, then the packets come back. */
static void nobody_answers(void **state)
{
	struct neigh *n = entry(PEER);

	(void)state;
	assert_int_equal(neigh_state(n), NEIGH_NONE);
	output(n);
	output(n);
	assert_int_equal(neigh_state(n), NEIGH_INCOMPLETE);
	assert_int_equal(asked_all, 1);
	wait_for(2500 * BERTH_MSEC);
	assert_int_equal(asked_all, 3);
	assert_int_equal(unreachable, 0);
	wait_for(BERTH_SEC);
	assert_int_equal(asked_all, 3);
	assert_int_equal(unreachable, 2);
	assert_int_equal(neigh_state(n), NEIGH_FAILED);
	assert_int_equal(fx.env.drops[DROP_NEIGH_FAILED], 2);
	output(n); /* Linux: asks again at once */
	assert_int_equal(neigh_state(n), NEIGH_INCOMPLETE);
	assert_int_equal(asked_all, 4);
	assert_int_equal(sent(), 0);
}

static void the_queue_is_bounded(void **state)
{
	struct neigh *n = entry(PEER);

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		output(n);
	assert_int_equal(fx.env.drops[DROP_NEIGH_QUEUE_FULL], 7);
	neigh_update(n, peer_mac, NEIGH_REACHABLE, NEIGH_OVERRIDE);
	assert_int_equal(sent(), 3);
	assert_int_equal(asked_all, 1);
}

/* REACHABLE for half to one and a half of 30 s, then STALE; a packet makes it DELAY; 5 s later
 * PROBE. */
static void reachability_lapses(void **state)
{
	struct neigh *n = entry(PEER);

	(void)state;
	neigh_update(n, peer_mac, NEIGH_REACHABLE, NEIGH_OVERRIDE);
	output(n);
	assert_int_equal(neigh_state(n), NEIGH_REACHABLE);
	wait_for(14 * BERTH_SEC);
	assert_int_equal(neigh_state(n), NEIGH_REACHABLE);
	wait_for(32 * BERTH_SEC);
	assert_int_equal(neigh_state(n), NEIGH_STALE);
	output(n);
	assert_int_equal(neigh_state(n), NEIGH_DELAY);
	assert_int_equal(sent(), 2);
	wait_for(4 * BERTH_SEC);
	assert_int_equal(asked_one, 0);
	wait_for(2 * BERTH_SEC);
	assert_int_equal(neigh_state(n), NEIGH_PROBE);
	assert_int_equal(asked_one, 2);
	output(n); /* still sent: the address may be right */
	assert_int_equal(sent(), 1);
	wait_for(3 * BERTH_SEC);
	assert_int_equal(asked_one, 3);
	assert_int_equal(neigh_state(n), NEIGH_FAILED);
	assert_int_equal(unreachable, 0);
}

/* RFC 4861 §7.3.1: progress above is as good as an answer. */
static void confirmations_keep_it(void **state)
{
	struct neigh *n = entry(PEER);

	(void)state;
	neigh_update(n, peer_mac, NEIGH_REACHABLE, NEIGH_OVERRIDE);
	for (unsigned i = 0; i < 100; i++) {
		wait_for(5 * BERTH_SEC);
		neigh_confirm(n);
		output(n);
		assert_int_equal(neigh_state(n), NEIGH_REACHABLE);
	}
	assert_int_equal(sent(), 100);
	wait_for(60 * BERTH_SEC);
	output(n);
	wait_for(6 * BERTH_SEC);
	assert_int_equal(neigh_state(n), NEIGH_PROBE);
	neigh_confirm(n);
	assert_int_equal(neigh_state(n), NEIGH_REACHABLE);
	wait_for(10 * BERTH_SEC);
	assert_int_equal(asked_one, 2);
}

/* RFC 4861 §7.2.3, §7.2.5: what an announcement changes. */
static void hearsay(void **state)
{
	struct neigh *n = entry(PEER);

	(void)state;
	neigh_update(n, peer_mac, NEIGH_STALE, 0);
	assert_int_equal(neigh_state(n), NEIGH_STALE);
	neigh_update(n, peer_mac, NEIGH_REACHABLE, 0);
	assert_int_equal(neigh_state(n), NEIGH_REACHABLE);
	neigh_update(n, peer_mac, NEIGH_STALE, NEIGH_OVERRIDE); /* the same: nothing new */
	assert_int_equal(neigh_state(n), NEIGH_REACHABLE);
	neigh_update(n, other_mac, NEIGH_REACHABLE, 0); /* another, and not to override */
	assert_memory_equal(n->mac, peer_mac, 6);
	neigh_update(n, other_mac, NEIGH_STALE, NEIGH_OVERRIDE);
	assert_memory_equal(n->mac, other_mac, 6);
	assert_int_equal(neigh_state(n), NEIGH_STALE);
}

/* A full table gives up what nobody misses, first what no path points to. */
static void the_table_is_bounded(void **state)
{
	struct neigh *pinned = entry(IP(10, 0, 0, 10));

	(void)state;
	neigh_pin(pinned, 1);
	for (uint32_t i = 1; i < 4; i++)
		neigh_update(entry(IP(10, 0, 0, 10) + i), peer_mac, NEIGH_STALE, 0);
	assert_null(entry(PEER)); /* all are fresh */
	assert_int_equal(fx.env.drops[DROP_NEIGH_TABLE_FULL], 1);
	wait_for(6 * BERTH_SEC);
	for (uint32_t i = 0; i < 3; i++)
		assert_non_null(entry(IP(10, 0, 0, 20) + i));
	assert_int_equal(forgotten, 0);
	assert_int_equal(neighs_count(ns), 4);
	assert_non_null(entry(IP(10, 0, 0, 30)));
	assert_int_equal(forgotten, 1);
	assert_int_equal(neighs_count(ns), 4);
}

static void an_interface_goes(void **state)
{
	struct neigh *n = entry(PEER);

	(void)state;
	output(n);
	output(n);
	neighs_flush(ns, eth);
	assert_int_equal(neighs_count(ns), 0);
	assert_int_equal(fx.env.drops[DROP_NETIF_DOWN], 2);
	assert_int_equal(timers_deadline(&fx.env.timers), BERTH_TIME_NEVER);
}

/* Linux: neigh_update(), neigh_delete(), as `ip neigh` has them done. */
static void the_administrator(void **state)
{
	const struct ipaddr addr = ipaddr_from4(PEER);
	struct neigh *n = neigh_get(ns, eth, &addr);

	(void)state;
	changes = deaths = 0;
	neigh_set(n, peer_mac, NEIGH_PERMANENT);
	assert_int_equal(changes, 1);
	assert_int_equal(last_state, NEIGH_PERMANENT);
	neigh_update(n, other_mac, NEIGH_REACHABLE, NEIGH_OVERRIDE);
	assert_memory_equal(n->mac, peer_mac, 6);
	assert_ptr_equal(neighs_nth(ns, 0), n);
	assert_null(neighs_after(ns, n));
	neigh_set(n, NULL, NEIGH_FAILED);
	assert_int_equal(neigh_state(n), NEIGH_FAILED);
	neigh_remove(n);
	assert_int_equal(deaths, 1);
	assert_null(neigh_find(ns, eth, &addr));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nobody_answers),
		T(the_queue_is_bounded),
		T(reachability_lapses),
		T(confirmations_keep_it),
		T(hearsay),
		T(the_table_is_bounded),
		T(an_interface_goes),
		T(the_administrator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
