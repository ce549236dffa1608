/* SPDX-License-Identifier: MIT */
#include "../nethost.h"

static struct nethost h;
static struct frame f;
static struct ip_path path;
static uint8_t data[2000];

static int setup(void **state)
{
	struct ipaddr any = ipaddr_from4(0);
	struct ipaddr dst = ipaddr_from4(AFAR);

	(void)state;
	nethost_init(&h, 9);
	learn(&h, ROUTER, other_mac);
	assert_int_equal(route_via(&h, 0, 0, ROUTER), 0);
	assert_int_equal(ip_path_find(h.net, &dst, &any, 0, &path), 0);
	assert_int_equal(path.mtu, 1500);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nethost_fini(&h);
	return 0;
}

/* A router says that our packet of `total` bytes is too large for a link of `mtu`. */
static void frag_needed(uint16_t mtu, uint16_t total)
{
	const struct icmp_header icmp = {
		.type = ICMP4_UNREACHABLE, .code = ICMP4_UNREACHABLE_FRAG_NEEDED, .mtu = mtu};
	struct ip4_header quoted = ip_header(ME, AFAR, IPPROTO_UDP);
	struct ip4_header ip = ip_header(ROUTER, ME, IPPROTO_ICMP);
	uint8_t body[28] = {0};
	uint8_t message[36];

	quoted.total_bytes = total;
	quoted.df = true;
	ip4_write(body, &quoted);
	frame_ip(&f, &ip, message, icmp_message(message, &icmp, body, sizeof(body)));
	frame_in(&h, &f);
}

static uint32_t mtu_now(void)
{
	assert_int_equal(ip_path_check(h.net, &path, 0), 0);
	return path.mtu;
}

/* RFC 1191 §3, §6.1. */
static void a_smaller_mtu_is_believed(void **state)
{
	(void)state;
	frag_needed(1400, 1500);
	assert_int_equal(mtu_now(), 1400);
	assert_int_equal(h.errors, 1);
	assert_int_equal(h.error.error, EMSGSIZE);
	assert_int_equal(h.error.mtu, 1400);
	assert_int_equal(send_bytes(&h, AFAR, data, 1381, (struct ip_send){.df = true}), -EMSGSIZE);
	assert_int_equal(send_bytes(&h, AFAR, data, 1380, (struct ip_send){.df = true}), 0);
	/* IP_PMTUDISC_PROBE looks at the interface only. */
	assert_int_equal(
		send_bytes(&h, AFAR, data, 1480, (struct ip_send){.df = true, .probe = true}), 0);
	assert_int_equal(frames_drain(&h), 2);
}

static void it_is_never_raised(void **state)
{
	(void)state;
	frag_needed(1300, 1500);
	frag_needed(1400, 1500);
	assert_int_equal(mtu_now(), 1300);
	frag_needed(1500, 1500); /* not smaller than what it complains about */
	frag_needed(9000, 1500);
	assert_int_equal(mtu_now(), 1300);
	frag_needed(67, 1500); /* less than any link */
	assert_int_equal(mtu_now(), 1300);
}

/* RFC 1191 §6.3: after ten minutes a larger one is tried again. */
static void it_is_forgotten(void **state)
{
	(void)state;
	frag_needed(1300, 1500);
	pass(&h, 599 * BERTH_SEC);
	assert_int_equal(mtu_now(), 1300);
	pass(&h, 2 * BERTH_SEC);
	assert_int_equal(mtu_now(), 1500);
}

/* RFC 1191 §5, §7.1: an old router does not tell; the next plateau is tried. */
static void plateaus(void **state)
{
	(void)state;
	frag_needed(0, 1500);
	assert_int_equal(mtu_now(), 1492);
	frag_needed(0, 1492);
	assert_int_equal(mtu_now(), 1006);
}

/* Linux: min_pmtu. Less than 552 is sent at 552, in fragments if it must be. */
static void tiny_mtus_are_locked(void **state)
{
	(void)state;
	frag_needed(300, 1500);
	assert_int_equal(mtu_now(), 552);
	assert_true(path.mtu_locked);
	assert_int_equal(send_bytes(&h, AFAR, data, 500, (struct ip_send){.df = true}), 0);
	assert_true(frame_out(&h, &f));
	assert_false(ip_of(&f).df);
	assert_int_equal(send_bytes(&h, AFAR, data, 1000, (struct ip_send){.df = true}), 0);
	assert_int_equal(frames_drain(&h), 2);
}

/* Who can't know what we send changes nothing. */
static void forged_messages(void **state)
{
	(void)state;
	h.refuse_errors = true;
	frag_needed(600, 1500);
	assert_int_equal(mtu_now(), 1500);
	assert_int_equal(h.errors, 0);
	assert_int_equal(drops_of(&h, DROP_ICMP_UNMATCHED), 1);
	h.refuse_errors = false;
	h.f.env.knobs.ip_no_pmtu_disc = 1;
	frag_needed(600, 1500);
	assert_int_equal(mtu_now(), 1500);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_smaller_mtu_is_believed), T(it_is_never_raised),
		T(it_is_forgotten),	      T(plateaus),
		T(tiny_mtus_are_locked),      T(forged_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
