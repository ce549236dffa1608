/* SPDX-License-Identifier: MIT */
/*
 * What a router says of itself (RFC 4861 §6.2): when, to whom, and in which words. Its link-local
 * address is there at once, so that nothing has to wait for it.
 */
#include "../nethost6.h"

static struct nethost h;
static struct frame f;

static int setup(void **state)
{
	(void)state;
	nethost6_init(&h, 70);
	conf6(&h, "eth0", "dad_transmits", 0);
	conf6(&h, "eth0", "addr_gen_mode", 0);
	conf6(&h, "all", "forwarding", 1);
	frames_drain(&h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

static struct nd_router_advert advert_out(struct reader *out_options)
{
	struct nd_router_advert m;

	(void)icmp6_out(&h, &f, ICMP6_ROUTER_ADVERT, 0);
	assert_int_equal(ip6_of(&f).hop_limit, 255);
	assert_addr(ip6_of(&f).dst, ip6("ff02::1"));
	assert_addr(ip6_of(&f).src, ip6("fe80::ff:fe00:1"));
	*out_options = reader_of(payload6_of(&f), ip6_of(&f).payload_bytes);
	assert_true(nd_router_advert_parse(out_options, &m));
	return m;
}

static void what_it_says(void **state)
{
	struct ipaddr second = ip6("fd0b::1");
	struct ipaddr same = ip6("fd0b::2");
	struct nd_router_advert m;
	struct nd_prefix prefix;
	struct nd_option o;
	struct reader r;
	uint32_t mtu = 0;

	(void)state;
	assert_int_equal(addr_add(h.net, h.eth, &second, 64), 0);
	assert_int_equal(addr_add(h.net, h.eth, &same, 64), 0);
	conf6(&h, "eth0", "adv_mtu", 1400);
	conf6(&h, "eth0", "adv_managed", 1);
	conf6(&h, "eth0", "adv_preferred", 100);
	conf6(&h, "eth0", "adv_send", 1);
	pass(&h, BERTH_SEC);
	m = advert_out(&r);
	assert_int_equal(m.lifetime, 1800);
	assert_int_equal(m.hop_limit, 64);
	assert_true(m.managed && !m.other);
	assert_true(nd_option_next(&r, &o) && o.type == ND_OPTION_SOURCE_MAC);
	assert_true(nd_option_next(&r, &o) && nd_option_mtu(&o, &mtu));
	assert_int_equal(mtu, 1400);
	assert_true(nd_option_next(&r, &o) && nd_option_prefix(&o, &prefix));
	assert_addr(prefix.prefix, ip6("fd09::"));
	assert_true(prefix.on_link && prefix.autonomous);
	assert_int_equal(prefix.valid, 2592000);
	assert_int_equal(prefix.preferred, 100);
	assert_true(nd_option_next(&r, &o) && nd_option_prefix(&o, &prefix));
	assert_addr(prefix.prefix, ip6("fd0b::"));
	assert_false(nd_option_next(&r, &o)); /* neither the same twice nor fe80:: */
	assert_true(r.ok);
}

/* §6.2.4: three within 16 s each, then between the two bounds. */
static void when_it_says_it(void **state)
{
	berth_time last;
	berth_time gap;
	struct reader r;

	(void)state;
	conf6(&h, "eth0", "adv_send", 1);
	pass(&h, BERTH_SEC);
	(void)advert_out(&r);
	last = h.f.env.now;
	for (unsigned i = 0; i < 8; i++) {
		while (!frame_out(&h, &f))
			pass(&h, BERTH_SEC);
		gap = h.f.env.now - last;
		last = h.f.env.now;
		assert_true(i < 2 ? gap <= 17 * BERTH_SEC
				  : gap >= 199 * BERTH_SEC && gap <= 601 * BERTH_SEC);
	}
}

static void solicit(void)
{
	uint8_t message[16];
	size_t bytes = nd_router_solicit_write(message);

	nd_in(&h, ip6("fe80::2"), ip6("ff02::2"), message, bytes);
}

/* §6.2.6: within half a second, but three seconds after the last. */
static void it_is_asked(void **state)
{
	struct reader r;

	(void)state;
	solicit(); /* no router of this link */
	pass(&h, BERTH_SEC);
	assert_false(frame_out(&h, &f));
	conf6(&h, "eth0", "adv_send", 1);
	pass(&h, 60 * BERTH_SEC);
	frames_drain(&h);
	solicit();
	pass(&h, BERTH_SEC / 2);
	(void)advert_out(&r);
	for (int i = 0; i < 100; i++)
		solicit();
	pass(&h, 2 * BERTH_SEC);
	assert_false(frame_out(&h, &f));
	pass(&h, 2 * BERTH_SEC);
	(void)advert_out(&r);
	assert_false(frame_out(&h, &f));
}

/* §6.2.5: who stops to be a router says so. */
static void it_retires(void **state)
{
	struct reader r;

	(void)state;
	conf6(&h, "eth0", "adv_send", 1);
	pass(&h, BERTH_SEC);
	(void)advert_out(&r);
	conf6(&h, "eth0", "adv_send", 0);
	assert_int_equal(advert_out(&r).lifetime, 0);
	pass(&h, 3600 * BERTH_SEC);
	assert_false(frame_out(&h, &f));
}

static void knobs(void **state)
{
	int64_t value;

	(void)state;
	assert_int_equal(if6_conf_set(h.net, "eth0", "adv_interval_max", 3), -EINVAL);
	assert_int_equal(if6_conf_set(h.net, "eth0", "nonsense", 3), -ENOENT);
	assert_int_equal(if6_conf_set(h.net, "eth7", "hop_limit", 3), -ENOENT);
	assert_int_equal(if6_conf_set(h.net, "default", "hop_limit", 3), 0);
	assert_int_equal(if6_conf_get(h.net, "eth0", "hop_limit", &value), 0);
	assert_int_equal(value, 64);
	assert_int_equal(if6_conf_get(h.net, "eth0", "forwarding", &value), 0);
	assert_int_equal(value, 1); /* "all" was set */
	nethost_add_eth(&h, "eth1", other_mac, IP(10, 1, 0, 1), 24);
	assert_int_equal(if6_conf_get(h.net, "eth1", "hop_limit", &value), 0);
	assert_int_equal(value, 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_it_says), T(when_it_says_it), T(it_is_asked), T(it_retires), T(knobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
