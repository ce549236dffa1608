/* SPDX-License-Identifier: MIT */
/*
 * Membership of groups, and what routers are told of it: RFC 3376 (IGMPv3, with its older versions)
 * and RFC 3810 (MLDv2), as scripts of joins, queries and reports.
 */
#include "../nethost.h"

#include <stdio.h>

#include "net/mcast.h"
#include "wire/group_message.h"
#include "wire/icmp6_header.h"
#include "wire/ip6_header.h"

#define GROUP IP(239, 1, 2, 3)
#define OTHER IP(239, 9, 9, 9)
#define REPORTS IP(224, 0, 0, 22)

static const struct mcast_filter everybody = {.exclude = true};

static struct ipaddr sources[4];
static const struct mcast_filter only_a = {false, 1, &sources[0]};
static const struct mcast_filter only_b = {false, 1, &sources[1]};
static const struct mcast_filter not_a = {true, 1, &sources[0]};
static const struct mcast_filter not_ab = {true, 2, &sources[0]};

static int setup(void **state)
{
	struct nethost *h = calloc(1, sizeof(*h));

	for (unsigned i = 0; i < 4; i++)
		sources[i] = ipaddr_from4(IP(10, 0, 0, 50 + i));
	nethost_init(h, 3);
	pass(h, 10 * BERTH_SEC);
	frames_drain(h);
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	nethost_fini(*state);
	free(*state);
	return 0;
}

static int change(struct nethost *h, uint32_t group, const struct mcast_filter *was,
		  const struct mcast_filter *is)
{
	struct ipaddr g = ipaddr_from4(group);

	return mcast_change(h->net, h->eth, &g, was, is);
}

/* The next IGMP frame of the host as text: "v3 to-exclude 239.1.2.3", "" if there is none. */
static const char *records_text(const uint8_t *at, size_t bytes, bool v6)
{
	static const char *const words[] = {"?",	  "is-include", "is-exclude", "to-include",
					    "to-exclude", "allow",	"block"};
	static char text[1024];
	unsigned records = load_be16(at + 6);
	size_t size = group_address_bytes(v6);
	size_t offset = GROUP_MESSAGE_BYTES;

	snprintf(text, sizeof(text), "v3");
	for (unsigned i = 0; i < records; i++) {
		unsigned count = load_be16(at + offset + 2);

		assert_true(at[offset] >= 1 && at[offset] <= 6);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s",
			 words[at[offset]]);
		for (unsigned j = 0; j <= count; j++) {
			struct ipaddr a = {{0}};
			char buf[IPADDR_TEXT_BYTES];

			assert_true(offset + 4 + (j + 1) * size <= bytes);
			if (v6)
				memcpy(a.bytes, at + offset + 4 + j * size, 16);
			else
				a = ipaddr_from4(load_be32(at + offset + 4 + j * size));
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%c%s",
				 j == 0 ? ' ' : ',', ipaddr_print(&a, buf));
		}
		offset += group_record_bytes(v6, count);
	}
	assert_int_equal(offset, bytes);
	return text;
}

static const char *report(struct nethost *h)
{
	static struct frame f;
	struct ip4_header ip;
	const uint8_t *at;
	size_t bytes;

	do
		if (!frame_out(h, &f))
			return "";
	while (ether_of(&f).type != ETHER_TYPE_IP4);
	ip = ip_of(&f);
	at = l4_of(&f, &bytes);
	assert_int_equal(ip.protocol, IPPROTO_IGMP);
	assert_int_equal(ip.ttl, 1);
	assert_int_equal(ip.src, ME);
	assert_int_equal(ip.options_len, 4); /* router alert */
	assert_int_equal(csum_finish(csum_add(at, bytes, 0)), 0);
	if (at[0] == IGMP_REPORT3) {
		assert_int_equal(ip.dst, REPORTS);
		assert_int_equal(ip.tos, 0xc0);
		return records_text(at, bytes, false);
	}
	assert_int_equal(bytes, GROUP_MESSAGE_BYTES);
	assert_int_equal(load_be32(at + 4), GROUP);
	assert_int_equal(ip.dst, at[0] == IGMP_LEAVE2 ? IP(224, 0, 0, 2) : GROUP);
	return at[0] == IGMP_LEAVE2    ? "v2 leave"
	       : at[0] == IGMP_REPORT2 ? "v2 report"
				       : "v1 report";
}

static void query(struct nethost *h, unsigned version, uint32_t group, uint8_t code, unsigned count,
		  ...)
{
	struct ip4_header ip = ip_header(ROUTER, group ? group : IP(224, 0, 0, 1), IPPROTO_IGMP);
	uint8_t message[64] = {IGMP_QUERY, code};
	size_t bytes = version == 3 ? 12 + 4 * count : 8;
	struct frame *f = calloc(1, sizeof(*f));
	va_list list;

	ip.ttl = 1;
	store_be32(message + 4, group);
	if (version == 3)
		store_be16(message + 10, (uint16_t)count);
	va_start(list, count);
	for (unsigned i = 0; i < count; i++)
		store_be32(message + 12 + 4 * i, va_arg(list, uint32_t));
	va_end(list);
	store_be16(message + 2, csum_finish(csum_add(message, bytes, 0)));
	frame_ip(f, &ip, message, bytes);
	frame_in(h, f);
	free(f);
}

/* A change is told at once and once more within a second (RFC 3376 §5.1, robustness 2). */
static void test_join_and_leave(void **state)
{
	struct nethost *h = *state;

	assert_int_equal(change(h, GROUP, NULL, &everybody), 0);
	pass(h, 0);
	assert_string_equal(report(h), "v3 to-exclude 239.1.2.3");
	assert_string_equal(report(h), "");
	pass(h, BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report(h), "v3 to-exclude 239.1.2.3");
	assert_int_equal(change(h, GROUP, NULL, &everybody), 0); /* a second member */
	assert_int_equal(change(h, GROUP, &everybody, NULL), 0);
	pass(h, 100 * BERTH_SEC);
	assert_string_equal(report(h), "");
	assert_int_equal(change(h, GROUP, &everybody, NULL), 0);
	assert_int_equal(change(h, GROUP, &everybody, NULL), -EADDRNOTAVAIL);
	pass(h, 0);
	assert_string_equal(report(h), "v3 to-include 239.1.2.3");
	pass(h, BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report(h), "v3 to-include 239.1.2.3");
	pass(h, 100 * BERTH_SEC);
	assert_string_equal(report(h), "");
}

/* RFC 3376 §3.2: include A, include B, exclude A, exclude A and B together, in turn. */
static void test_merge(void **state)
{
	struct nethost *h = *state;
	struct ipaddr group = ipaddr_from4(GROUP);

#define HEARS(i) mcast_hears(h->net, h->eth, &group, &sources[i])
	assert_int_equal(change(h, GROUP, NULL, &only_a), 0);
	pass(h, 5 * BERTH_SEC);
	assert_string_equal(report(h), "v3 allow 239.1.2.3,10.0.0.50");
	assert_string_equal(report(h), "v3 allow 239.1.2.3,10.0.0.50");
	assert_int_equal(change(h, GROUP, NULL, &only_b), 0);
	assert_true(HEARS(0) && HEARS(1) && !HEARS(2));
	pass(h, 0);
	assert_string_equal(report(h), "v3 allow 239.1.2.3,10.0.0.51");
	/* One that excludes both: what the others include is heard all the same. */
	assert_int_equal(change(h, GROUP, NULL, &not_ab), 0);
	assert_true(HEARS(0) && HEARS(1) && HEARS(2));
	pass(h, 5 * BERTH_SEC);
	assert_string_equal(report(h), "v3 to-exclude 239.1.2.3");
	assert_string_equal(report(h), "v3 to-exclude 239.1.2.3");
	assert_int_equal(change(h, GROUP, &only_a, NULL), 0);
	assert_true(!HEARS(0) && HEARS(1) && HEARS(2));
	pass(h, 5 * BERTH_SEC);
	assert_string_equal(report(h), "v3 block 239.1.2.3,10.0.0.50");
	assert_string_equal(report(h), "v3 block 239.1.2.3,10.0.0.50");
	assert_int_equal(change(h, GROUP, &only_b, &not_a), 0);
	pass(h, 0);
	assert_true(!HEARS(0) && HEARS(1)); /* b is excluded by one of the two only */
	assert_string_equal(report(h), "");
	assert_int_equal(change(h, GROUP, &not_a, NULL), 0);
	assert_true(!HEARS(0) && !HEARS(1) && HEARS(2));
	assert_int_equal(change(h, GROUP, &not_ab, NULL), 0);
	pass(h, 5 * BERTH_SEC);
	assert_string_equal(report(h), "v3 to-include 239.1.2.3");
	assert_string_equal(report(h), "v3 to-include 239.1.2.3");
	assert_string_equal(report(h), "");
	assert_false(HEARS(2));
}

/* A change that is taken back before it was told again is told as it is now. */
static void test_quick_changes(void **state)
{
	struct nethost *h = *state;

	assert_int_equal(change(h, GROUP, NULL, &only_a), 0);
	assert_int_equal(change(h, GROUP, &only_a, &only_b), 0);
	pass(h, 0);
	assert_string_equal(report(h), "v3 allow 239.1.2.3,10.0.0.51 block 239.1.2.3,10.0.0.50");
	assert_int_equal(change(h, GROUP, &only_b, NULL), 0);
	pass(h, 5 * BERTH_SEC);
	assert_string_equal(report(h), "v3 block 239.1.2.3,10.0.0.50,10.0.0.51");
	assert_string_equal(report(h), "v3 block 239.1.2.3,10.0.0.51");
	assert_string_equal(report(h), "");
}

static void quiet_member(struct nethost *h, const struct mcast_filter *f)
{
	assert_int_equal(change(h, GROUP, NULL, f), 0);
	pass(h, 5 * BERTH_SEC);
	frames_drain(h);
}

/* RFC 3376 §5.2 */
static void test_queries(void **state)
{
	struct nethost *h = *state;

	quiet_member(h, &not_a);
	assert_int_equal(change(h, OTHER, NULL, &only_b), 0);
	pass(h, 5 * BERTH_SEC);
	frames_drain(h);
	query(h, 3, 0, 20, 0); /* within two seconds */
	assert_string_equal(report(h), "");
	pass(h, 2 * BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report(h),
			    "v3 is-exclude 239.1.2.3,10.0.0.50 is-include 239.9.9.9,10.0.0.51");
	assert_string_equal(report(h), "");
	query(h, 3, GROUP, 10, 0);
	pass(h, BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report(h), "v3 is-exclude 239.1.2.3,10.0.0.50");
	query(h, 3, OTHER, 10, 2, IP(10, 0, 0, 50), IP(10, 0, 0, 51));
	pass(h, BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report(h), "v3 is-include 239.9.9.9,10.0.0.51");
	query(h, 3, OTHER, 10, 1, IP(10, 0, 0, 50));
	query(h, 3, IP(239, 7, 7, 7), 10, 0);
	pass(h, BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report(h), "");
}

static void heard_report(struct nethost *h, uint8_t type)
{
	struct ip4_header ip = ip_header(PEER, GROUP, IPPROTO_IGMP);
	uint8_t message[8] = {type};
	struct frame *f = calloc(1, sizeof(*f));

	store_be32(message + 4, GROUP);
	store_be16(message + 2, csum_finish(csum_add(message, 8, 0)));
	frame_ip(f, &ip, message, 8);
	frame_in(h, f);
	free(f);
}

/* RFC 2236, RFC 3376 §7.2: reports in the router's form, suppressed by others', and a leave. */
static void test_version_2(void **state)
{
	struct nethost *h = *state;

	quiet_member(h, &everybody);
	query(h, 2, 0, 100, 0);
	pass(h, 10 * BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report(h), "v2 report");
	assert_string_equal(report(h), "");
	query(h, 2, GROUP, 100, 0);
	heard_report(h, IGMP_REPORT2);
	pass(h, 11 * BERTH_SEC);
	assert_string_equal(report(h), "");
	assert_int_equal(change(h, GROUP, &everybody, NULL), 0); /* the other one reported last */
	pass(h, 11 * BERTH_SEC);
	assert_string_equal(report(h), "");
	assert_int_equal(change(h, GROUP, NULL, &only_a), 0);
	pass(h, 0);
	assert_string_equal(report(h), "v2 report");
	pass(h, 11 * BERTH_SEC);
	assert_string_equal(report(h), "v2 report");
	assert_int_equal(change(h, GROUP, &only_a, NULL), 0);
	pass(h, 11 * BERTH_SEC);
	assert_string_equal(report(h), "v2 leave");
	assert_string_equal(report(h), "");
	pass(h, 300 * BERTH_SEC); /* the old router is forgotten: RFC 3376 §8.12 */
	assert_int_equal(change(h, GROUP, NULL, &everybody), 0);
	pass(h, 0);
	assert_string_equal(report(h), "v3 to-exclude 239.1.2.3");
}

static void test_version_1(void **state)
{
	struct nethost *h = *state;

	quiet_member(h, &everybody);
	query(h, 1, 0, 0, 0);
	pass(h, 10 * BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report(h), "v1 report");
	assert_int_equal(change(h, GROUP, &everybody, NULL), 0);
	pass(h, 11 * BERTH_SEC);
	assert_string_equal(report(h), "");
}

/* Wrong checksums, lengths, a distant router; and a link that comes up again. */
static void test_bad_and_up(void **state)
{
	struct nethost *h = *state;
	struct ip4_header ip = ip_header(ROUTER, IP(224, 0, 0, 1), IPPROTO_IGMP);
	uint8_t message[12] = {IGMP_QUERY, 1};
	struct frame *f = calloc(1, sizeof(*f));
	struct netif *n = links_get(h->links, h->eth);

	quiet_member(h, &everybody);
	frame_ip(f, &ip, message, 12);
	frame_in(h, f); /* the checksum */
	store_be16(message + 2, csum_finish(csum_add(message, 10, 0)));
	frame_ip(f, &ip, message, 10);
	frame_in(h, f); /* neither 8 bytes nor 12 and more (RFC 3376 §7.1) */
	store_be16(message + 2, 0);
	store_be16(message + 2, csum_finish(csum_add(message, 12, 0)));
	frame_ip(f, &ip, message, 12);
	frame_in(h, f); /* a TTL of 64 */
	message[11] = 1;
	store_be16(message + 2, 0);
	store_be16(message + 2, csum_finish(csum_add(message, 12, 0)));
	ip.ttl = 1;
	frame_ip(f, &ip, message, 12);
	frame_in(h, f); /* says one source and has none */
	frame_ip(f, &ip, message, 3);
	frame_in(h, f);
	assert_int_equal(drops_of(h, DROP_IGMP_MALFORMED), 5);
	pass(h, BERTH_SEC);
	assert_string_equal(report(h), "");
	free(f);
	netif_set_up(n, false);
	netif_set_up(n, true);
	pass(h, 5 * BERTH_SEC);
	assert_string_equal(report(h), "v3 to-exclude 239.1.2.3");
	assert_string_equal(report(h), "v3 to-exclude 239.1.2.3");
}

/* More sources than a message holds; more than a group may have. */
static void test_many_sources(void **state)
{
	struct nethost *h = *state;
	struct ipaddr many[260];
	const struct mcast_filter first = {false, 200, many};
	const struct mcast_filter rest = {false, 57, many + 200};

	for (unsigned i = 0; i < 260; i++)
		many[i] = ipaddr_from4(IP(10, 1, 0, 0) + i);
	assert_int_equal(change(h, GROUP, NULL, &first), 0);
	assert_int_equal(change(h, GROUP, NULL, &rest), -ENOBUFS);
	assert_int_equal(change(h, OTHER, NULL, &(struct mcast_filter){false, 260, many}),
			 -ENOBUFS);
	pass(h, 5 * BERTH_SEC);
	frames_drain(h);
	assert_int_equal(change(h, GROUP, &first, NULL), 0);
	pass(h, 5 * BERTH_SEC);
}

/* Every allocation on the way may fail. */
static void test_no_memory(void **state)
{
	struct nethost *h = *state;

	for (long n = 1; n < 8; n++) {
		struct ipaddr group = ipaddr_from4(GROUP + (uint32_t)n);
		int result;

		h->f.fail_at = h->f.calls + n;
		result = mcast_change(h->net, h->eth, &group, NULL, &not_ab);
		assert_true(result == 0 || result == -ENOBUFS);
		pass(h, 5 * BERTH_SEC);
		if (result == 0)
			assert_int_equal(mcast_change(h->net, h->eth, &group, &not_ab, NULL), 0);
		pass(h, 5 * BERTH_SEC);
		h->f.fail_at = 0;
		frames_drain(h);
	}
}

/*
 * MLD
 */

static const struct ipaddr group6 = {{0xff, 0x05, [15] = 0x77}};
static const struct ipaddr router6 = {{0xfe, 0x80, [15] = 0xfe}};

/* The next MLD message; "" if there is none. Others (neighbour discovery) are passed over. */
static const char *report6(struct nethost *h)
{
	static struct frame f;
	struct ip6_header ip;
	const uint8_t *at;
	struct reader r;

	for (;;) {
		if (!frame_out(h, &f))
			return "";
		if (ether_of(&f).type != ETHER_TYPE_IP6)
			continue;
		r = reader_of(f.data + ETHER_HEADER_BYTES, f.bytes - ETHER_HEADER_BYTES);
		assert_true(ip6_parse(&r, &ip));
		if (ip.next == IP6_HOP_BY_HOP)
			break;
	}
	at = f.data + ETHER_HEADER_BYTES + IP6_HEADER_BYTES + 8;
	assert_int_equal(ip.hop_limit, 1);
	assert_int_equal(csum_finish(csum_add(at, ip.payload_bytes - 8u,
					      ipaddr_pseudo_sum(&ip.src, &ip.dst, IPPROTO_ICMPV6,
								ip.payload_bytes - 8u))),
			 0);
	if (at[0] == ICMP6_MLD2_REPORT)
		return records_text(at, ip.payload_bytes - 8u, true);
	assert_memory_equal(at + 8, group6.bytes, 16);
	return at[0] == ICMP6_MLD_REPORT ? "v1 report" : at[0] == ICMP6_MLD_DONE ? "v1 done" : "?";
}

static void query6(struct nethost *h, size_t bytes, const struct ipaddr *group, uint16_t code,
		   uint8_t hop_limit)
{
	struct ip6_header ip = {.src = router6,
				.dst = {{0xff, 0x02, [15] = 1}},
				.hop_limit = hop_limit,
				.next = IPPROTO_ICMPV6,
				.payload_bytes = (uint16_t)bytes};
	uint8_t message[64] = {ICMP6_MLD_QUERY};
	struct frame *f = calloc(1, sizeof(*f));
	uint8_t mac[6] = {0x33, 0x33, 0, 0, 0, 1};

	store_be16(message + 4, code);
	if (group)
		memcpy(message + 8, group->bytes, 16);
	store_be16(message + 2, csum_finish(csum_add(message, bytes,
						     ipaddr_pseudo_sum(&ip.src, &ip.dst,
								       IPPROTO_ICMPV6, bytes))));
	frame_ether(f, mac, other_mac, ETHER_TYPE_IP6);
	ip6_write(f->data + f->bytes, &ip);
	memcpy(f->data + f->bytes + IP6_HEADER_BYTES, message, bytes);
	f->bytes += IP6_HEADER_BYTES + bytes;
	frame_in(h, f);
	free(f);
}

static void test_mld(void **state)
{
	struct nethost *h = *state;

	const struct ipaddr mine = {{0xfe, 0x80, [15] = 1}};

	assert_int_equal(addr_add(h->net, h->eth, &mine, 64), 0);
	pass(h, 5 * BERTH_SEC);
	assert_int_equal(mcast_join(h->net, h->eth, &group6), 0);
	pass(h, 5 * BERTH_SEC);
	assert_string_equal(report6(h), "v3 to-exclude ff05::77");
	assert_string_equal(report6(h), "v3 to-exclude ff05::77");
	assert_string_equal(report6(h), ""); /* and not the solicited-node group */
	query6(h, 28, NULL, 1000, 1);
	pass(h, BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report6(h), "v3 is-exclude ff05::77");
	h->f.env.knobs.mld_link_local_mcast_reports = 1;
	query6(h, 28, NULL, 1000, 1);
	pass(h, BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report6(h), "v3 is-exclude ff02::1:ff00:1 is-exclude ff05::77");
	h->f.env.knobs.mld_link_local_mcast_reports = 0;
	query6(h, 28, NULL, 1000, 64); /* from elsewhere */
	query6(h, 26, NULL, 1000, 1);  /* RFC 3810 §8.1 */
	assert_int_equal(drops_of(h, DROP_MLD_MALFORMED), 2);
	query6(h, 24, &group6, 1000, 1); /* MLDv1 */
	pass(h, BERTH_SEC + BERTH_MSEC);
	assert_string_equal(report6(h), "v1 report");
	assert_int_equal(mcast_leave(h->net, h->eth, &group6), 0);
	pass(h, BERTH_SEC);
	assert_string_equal(report6(h), "v1 done");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_join_and_leave), TEST(test_merge),
		TEST(test_quick_changes),  TEST(test_queries),
		TEST(test_version_2),	   TEST(test_version_1),
		TEST(test_bad_and_up),	   TEST(test_many_sources),
		TEST(test_no_memory),	   TEST(test_mld),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
