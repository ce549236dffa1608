/* SPDX-License-Identifier: MIT */
/*
 * Duplicate address detection (RFC 4862 §5.4): nobody uses an address before all were asked, and
 * who is told that it is taken never does.
 */
#include "../nethost6.h"
#include "net/mcast.h"

static struct nethost h;
static struct frame f;

#define NEW6 ip6("fd09::99")

static int setup(void **state)
{
	(void)state;
	nethost6_init(&h, 68);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static void add(struct ipaddr a, uint32_t flags)
{
	const struct addr_config config = {
		.addr = a,
		.prefix_len = 64,
		.flags = flags,
		.preferred_ns = BERTH_TIME_NEVER,
		.valid_ns = BERTH_TIME_NEVER,
	};

	assert_int_equal(addr_set(h.net, h.eth, &config), 0);
}

static uint32_t flags_of(struct ipaddr a)
{
	const struct addr *found = addr_entry(h.net, links_get(h.links, h.eth), &a);

	assert_non_null(found);
	return found->flags;
}

static bool is_ours(struct ipaddr a)
{
	return addr_is_local(h.net, &a);
}

static void nobody_objects(void **state)
{
	struct ipaddr group = ip6("ff02::1:ff00:99");
	struct nd_solicit m;
	struct reader r;

	(void)state;
	add(NEW6, 0);
	frames_drain(&h);
	assert_int_equal(flags_of(NEW6) & ADDR_TENTATIVE, ADDR_TENTATIVE);
	assert_false(is_ours(NEW6));
	assert_true(mcast_joined(h.net, links_get(h.links, h.eth), &group));
	solicit_in(&h, PEER6, group, NEW6, peer_mac); /* who resolves it gets no answer yet */
	assert_false(frame_out(&h, &f));
	pass(&h, BERTH_SEC); /* at most so long before the first question */
	(void)icmp6_out(&h, &f, ICMP6_NEIGHBOUR_SOLICIT, 0);
	assert_addr(ip6_of(&f).src, ip6("::"));
	assert_addr(ip6_of(&f).dst, group);
	r = reader_of(payload6_of(&f), ip6_of(&f).payload_bytes);
	assert_true(nd_solicit_parse(&r, &m));
	assert_addr(m.target, NEW6);
	/* Our own question, come back (RFC 7527), says nothing. */
	frame_in(&h, &f);
	assert_int_equal(flags_of(NEW6) & ADDR_DADFAILED, 0);
	pass(&h, BERTH_SEC);
	assert_int_equal(flags_of(NEW6), ADDR_PERMANENT);
	assert_true(is_ours(NEW6));
	solicit_in(&h, PEER6, group, NEW6, peer_mac);
	(void)icmp6_out(&h, &f, ICMP6_NEIGHBOUR_ADVERT, 0);
}

static void expect_failed(void)
{
	assert_int_equal(flags_of(NEW6) & (ADDR_TENTATIVE | ADDR_DADFAILED),
			 ADDR_TENTATIVE | ADDR_DADFAILED);
	pass(&h, 10 * BERTH_SEC);
	assert_false(is_ours(NEW6));
	frames_drain(&h);
}

static void somebody_has_it(void **state)
{
	const struct nd_advert m = {.target = NEW6, .override = true};
	struct ipaddr a = NEW6;

	(void)state;
	add(NEW6, 0);
	frames_drain(&h);
	advert_in(&h, NEW6, ip6("ff02::1"), &m, other_mac);
	expect_failed();
	solicit_in(&h, PEER6, ip6("ff02::1:ff00:99"), NEW6, peer_mac);
	assert_false(frame_out(&h, &f));
	assert_int_equal(drops_of(&h, DROP_ND_CONFLICT), 1);
	assert_int_equal(addr_del(h.net, h.eth, &a, 64), 0);
	add(NEW6, 0); /* one more try */
	pass(&h, 3 * BERTH_SEC);
	assert_true(is_ours(NEW6));
}

static void somebody_wants_it_too(void **state)
{
	(void)state;
	add(NEW6, 0);
	solicit_in(&h, ip6("::"), ip6("ff02::1:ff00:99"), NEW6, NULL);
	expect_failed();
}

static void without_asking(void **state)
{
	(void)state;
	add(NEW6, ADDR_NODAD);
	assert_true(is_ours(NEW6));
	conf6(&h, "eth0", "dad_transmits", 0);
	add(ip6("fd09::98"), 0);
	assert_true(is_ours(ip6("fd09::98")));
	conf6(&h, "eth0", "dad_transmits", 3);
	conf6(&h, "eth0", "accept_dad", 0);
	add(ip6("fd09::97"), 0);
	assert_true(is_ours(ip6("fd09::97")));
	conf6(&h, "eth0", "accept_dad", 1);
	add(ip6("fd09::96"), 0);
	frames_drain(&h);
	pass(&h, 5 * BERTH_SEC);
	assert_int_equal(frames_drain(&h), 3);
	assert_true(is_ours(ip6("fd09::96")));
}

/* An address that waits for the link is asked for when it comes. */
static void the_link_comes_later(void **state)
{
	struct netif *n = links_get(h.links, h.eth);

	(void)state;
	netif_set_up(n, false);
	add(NEW6, 0);
	pass(&h, 10 * BERTH_SEC);
	assert_false(is_ours(NEW6));
	netif_set_up(n, true);
	pass(&h, 3 * BERTH_SEC);
	assert_true(is_ours(NEW6));
}

/* RFC 7217 §6: another identifier, then another. */
static void stable_addresses_give_way(void **state)
{
	struct netif *n = links_get(h.links, h.eth);
	struct ipaddr tried[5] = {{{0}}};
	unsigned count = 0;

	(void)state;
	conf6(&h, "eth0", "addr_gen_mode", 2);
	for (unsigned i = 0; i < 6; i++) {
		const struct addr *a;
		struct nd_advert m = {.override = true};

		for (unsigned j = 0; (a = addr_nth(h.net, j)); j++) {
			if (ipaddr_is_link_local(&a->addr) && !(a->flags & ADDR_DADFAILED))
				break;
		}
		if (!a)
			break;
		assert_true(a->flags & ADDR_STABLE_PRIVACY);
		m.target = a->addr;
		for (unsigned j = 0; j < count; j++)
			assert_false(ipaddr_equal(&tried[j], &a->addr));
		tried[count++] = a->addr;
		advert_in(&h, PEER6, ip6("ff02::1"), &m, other_mac);
	}
	assert_int_equal(count, 4); /* IDGEN_RETRIES, and the first */
	assert_null(addr_link_local(h.net, n));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nobody_objects), T(somebody_has_it),	    T(somebody_wants_it_too),
		T(without_asking), T(the_link_comes_later), T(stable_addresses_give_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
