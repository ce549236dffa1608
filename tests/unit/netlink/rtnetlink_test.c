/* SPDX-License-Identifier: MIT */
/*
 * rtnetlink: what is listed, what can be changed, who is told. Expected values were seen on
 * Linux 6.18 in a private namespace.
 */
#include "nlkit.h"

#define OPT_STRICT 12

static int watcher;

static void watch(uint32_t group)
{
	const struct sockaddr_nl any = {.nl_family = AF_NETLINK};

	watcher = kit_socket(NETLINK_ROUTE);
	assert_int_equal(
		berth_bind(pr.host[0], watcher, (const struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(berth_setsockopt(pr.host[0], watcher, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
					  &group, sizeof(group)),
			 0);
}

/* The watcher's next message, of this type. */
static void told(unsigned type)
{
	assert_true(next_on(watcher));
	assert_int_equal(kit_h.nlmsg_type, type);
}

static void strict(void)
{
	int one = 1;

	assert_int_equal(
		berth_setsockopt(pr.host[0], nl, SOL_NETLINK, OPT_STRICT, &one, sizeof(one)), 0);
}

/* --- interfaces --- */

static struct ifinfomsg link_body(void)
{
	struct ifinfomsg body;

	assert_int_equal(kit_h.nlmsg_type, RTM_NEWLINK);
	memcpy(&body, kit_body, sizeof(body));
	return body;
}

static void links(void **state)
{
	struct ifinfomsg body = {.ifi_index = 1};
	struct nl_attr name;

	(void)state;
	ask(RTM_GETLINK, 0, &body, sizeof(body));
	answer();
	body = link_body();
	assert_int_equal(body.ifi_flags, IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP);
	assert_int_equal(u32_of(16, IFLA_MTU), 65536);
	assert_int_equal(attr_of(16, IFLA_OPERSTATE).data[0], 0);
	assert_int_equal(attr_of(16, IFLA_STATS64).bytes, 200);
	body = (struct ifinfomsg){0};
	ask(RTM_GETLINK, 0, &body, sizeof(body));
	nlw_put_string(&kit_w, IFLA_IFNAME, "eth0");
	nlw_put_u32(&kit_w, IFLA_EXT_MASK, 8); /* RTEXT_FILTER_SKIP_STATS */
	answer();
	assert_int_equal(link_body().ifi_index, pr.ifindex[0]);
	name = attr_of(16, IFLA_IFNAME);
	assert_string_equal((const char *)name.data, "eth0");
	assert_int_equal(attr_of(16, IFLA_OPERSTATE).data[0], 6);
	assert_null(attr_of(16, IFLA_STATS64).data);
	ask(RTM_GETLINK, 0, &body, sizeof(body));
	nlw_put_string(&kit_w, IFLA_IFNAME, "nope");
	assert_int_equal(outcome(), -ENODEV);
	ask(RTM_GETLINK, 0, &body, sizeof(body));
	assert_int_equal(outcome(), -EINVAL);
	ask(RTM_GETLINK, 0, &body, 8);
	assert_int_equal(outcome(), -EINVAL);
	ask(RTM_GETLINK, NLM_F_DUMP, &body, sizeof(body));
	send_on(nl);
	assert_int_equal(count_dump(nl), 2);
	/* No interface is a bridge's port. */
	ask(RTM_GETLINK, NLM_F_DUMP, &body, sizeof(body));
	nlw_put_u32(&kit_w, IFLA_MASTER, 1);
	send_on(nl);
	assert_int_equal(count_dump(nl), 0);
}

static void links_change(void **state)
{
	struct ifinfomsg body = {.ifi_index = (int)pr.ifindex[0]};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 77};

	(void)state;
	watch(RTNLGRP_LINK);
	ask(RTM_SETLINK, NLM_F_ACK, &body, sizeof(body));
	nlw_put_u32(&kit_w, IFLA_MTU, 1400);
	nlw_put_string(&kit_w, IFLA_IFNAME, "wan");
	nlw_put(&kit_w, IFLA_ADDRESS, mac, sizeof(mac));
	assert_int_equal(outcome(), 0);
	told(RTM_NEWLINK);
	assert_memory_equal(attr_of(16, IFLA_ADDRESS).data, mac, 6);
	told(RTM_NEWLINK);
	assert_int_equal(u32_of(16, IFLA_MTU), 1400);
	told(RTM_NEWLINK);
	assert_string_equal((const char *)attr_of(16, IFLA_IFNAME).data, "wan");
	kit_bytes = 0;
	body.ifi_change = IFF_UP;
	ask(RTM_NEWLINK, NLM_F_ACK, &body, sizeof(body));
	assert_int_equal(outcome(), 0);
	told(RTM_NEWLINK);
	assert_int_equal(link_body().ifi_flags & (IFF_UP | IFF_RUNNING), 0);
	kit_bytes = 0;
	body.ifi_change = 0;
	ask(RTM_SETLINK, NLM_F_ACK, &body, sizeof(body));
	nlw_put_u32(&kit_w, IFLA_MTU, 10);
	assert_int_equal(outcome(), -EINVAL);
	ask(RTM_SETLINK, NLM_F_ACK, &body, sizeof(body));
	nlw_put_u32(&kit_w, IFLA_MASTER, 1);
	assert_int_equal(outcome(), -EOPNOTSUPP);
	ask(RTM_SETLINK, NLM_F_ACK, &body, sizeof(body));
	nlw_put_string(&kit_w, IFLA_IFNAME, "lo");
	assert_int_equal(outcome(), -EEXIST);
	body.ifi_index = 0;
	ask(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	nlw_put_string(&kit_w, IFLA_IFNAME, "dummy0");
	assert_int_equal(outcome(), -EOPNOTSUPP);
	ask(RTM_DELLINK, NLM_F_ACK, &body, sizeof(body));
	assert_int_equal(outcome(), -EOPNOTSUPP);
}

/* --- addresses --- */

static void request_addr(unsigned type, unsigned flags, const char *addr, unsigned prefix_len)
{
	const struct ifaddrmsg body = {.ifa_family = AF_INET,
				       .ifa_prefixlen = (uint8_t)prefix_len,
				       .ifa_index = pr.ifindex[0]};

	ask(type, flags | NLM_F_ACK, &body, sizeof(body));
	put_ip(IFA_LOCAL, addr);
	put_ip(IFA_ADDRESS, addr);
}

static void addresses(void **state)
{
	struct ifaddrmsg body;

	(void)state;
	request_addr(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "10.7.0.1", 24);
	assert_int_equal(outcome(), 0);
	request_addr(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "10.7.0.1", 24);
	assert_int_equal(outcome(), -EEXIST);
	request_addr(RTM_NEWADDR, NLM_F_CREATE, "10.7.0.2", 24);
	assert_int_equal(outcome(), 0);
	request_addr(RTM_NEWADDR, NLM_F_CREATE, "10.7.0.3", 33);
	assert_int_equal(outcome(), -EINVAL);
	request_addr(RTM_NEWADDR, NLM_F_CREATE, "224.0.0.1", 24);
	assert_int_equal(outcome(), -EINVAL);
	strict();
	body = (struct ifaddrmsg){.ifa_family = AF_INET, .ifa_index = pr.ifindex[0]};
	ask(RTM_GETADDR, NLM_F_DUMP, &body, sizeof(body));
	answer();
	assert_int_equal(kit_h.nlmsg_flags & NLM_F_DUMP_FILTERED, NLM_F_DUMP_FILTERED);
	assert_int_equal(u32_of(8, IFA_LOCAL), ip("10.0.0.1"));
	assert_int_equal(u32_of(8, IFA_BROADCAST), ip("10.0.0.255"));
	assert_true(next_on(nl));
	assert_int_equal(u32_of(8, IFA_FLAGS), IFA_F_PERMANENT);
	assert_true(next_on(nl));
	assert_int_equal(u32_of(8, IFA_LOCAL), ip("10.7.0.2"));
	assert_int_equal(u32_of(8, IFA_FLAGS), IFA_F_PERMANENT | IFA_F_SECONDARY);
	assert_int_equal(count_dump(nl), 0);
	body.ifa_scope = 1;
	ask(RTM_GETADDR, NLM_F_DUMP, &body, sizeof(body));
	answer();
	assert_int_equal(kit_h.nlmsg_type, NLMSG_DONE);
	assert_int_equal(*(const int *)(const void *)kit_body, -EINVAL);
	request_addr(RTM_DELADDR, 0, "10.7.0.2", 16);
	assert_int_equal(outcome(), -EADDRNOTAVAIL);
	request_addr(RTM_DELADDR, 0, "10.7.0.2", 24);
	assert_int_equal(outcome(), 0);
	request_addr(RTM_DELADDR, 0, "10.7.0.2", 24);
	assert_int_equal(outcome(), -EADDRNOTAVAIL);
}

static void addresses_are_told_of(void **state)
{
	(void)state;
	watch(RTNLGRP_IPV4_IFADDR);
	request_addr(RTM_NEWADDR, NLM_F_CREATE, "10.7.0.1", 24);
	assert_int_equal(outcome(), 0);
	told(RTM_NEWADDR);
	assert_int_equal(kit_h.nlmsg_seq, kit_seq);
	assert_true(kit_h.nlmsg_pid != 0);
	assert_int_equal(u32_of(8, IFA_LOCAL), ip("10.7.0.1"));
	request_addr(RTM_DELADDR, 0, "10.7.0.1", 24);
	kit_bytes = 0;
	assert_int_equal(outcome(), 0);
	told(RTM_DELADDR);
	/* Who asks to see it gets a copy of its own, before the acknowledgment. */
	request_addr(RTM_NEWADDR, NLM_F_CREATE | NLM_F_ECHO, "10.7.0.1", 24);
	kit_bytes = 0;
	do
		answer();
	while (kit_h.nlmsg_type != RTM_NEWADDR && kit_at < kit_bytes);
}

/* --- routes --- */

static struct rtmsg route_body(unsigned prefix_len)
{
	return (struct rtmsg){.rtm_family = AF_INET,
			      .rtm_dst_len = (uint8_t)prefix_len,
			      .rtm_table = RT_TABLE_MAIN,
			      .rtm_protocol = RTPROT_STATIC,
			      .rtm_type = RTN_UNICAST};
}

static void request_route(unsigned type, unsigned flags, const char *dst, unsigned prefix_len,
			  const char *gateway)
{
	const struct rtmsg body = route_body(prefix_len);

	ask(type, flags | NLM_F_ACK, &body, sizeof(body));
	put_ip(RTA_DST, dst);
	if (gateway)
		put_ip(RTA_GATEWAY, gateway);
}

static unsigned count_routes(uint32_t table)
{
	const struct rtmsg body = {.rtm_family = AF_INET};

	ask(RTM_GETROUTE, NLM_F_DUMP, &body, sizeof(body));
	nlw_put_u32(&kit_w, RTA_TABLE, table);
	send_on(nl);
	return count_dump(nl);
}

static void routes(void **state)
{
	struct rtmsg body;

	(void)state;
	strict();
	watch(RTNLGRP_IPV4_ROUTE);
	assert_int_equal(count_routes(RT_TABLE_MAIN), 1);
	assert_int_equal(count_routes(RT_TABLE_LOCAL), 5); /* lo's three, eth0's two */
	request_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "10.20.0.0", 16, "10.0.0.2");
	assert_int_equal(outcome(), 0);
	told(RTM_NEWROUTE);
	memcpy(&body, kit_body, sizeof(body));
	assert_int_equal(body.rtm_protocol, RTPROT_STATIC);
	assert_int_equal(body.rtm_scope, RT_SCOPE_UNIVERSE);
	assert_int_equal(u32_of(12, RTA_GATEWAY), ip("10.0.0.2"));
	kit_bytes = 0;
	request_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "10.20.0.0", 16, "10.0.0.3");
	assert_int_equal(outcome(), -EEXIST);
	request_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, "10.20.0.0", 16, "10.0.0.3");
	assert_int_equal(outcome(), 0);
	assert_int_equal(count_routes(RT_TABLE_MAIN), 2);
	/* What cannot be put in its place leaves it. */
	request_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, "10.20.0.0", 16, "192.0.2.1");
	assert_int_equal(outcome(), -ENETUNREACH);
	request_route(RTM_NEWROUTE, NLM_F_REPLACE, "10.21.0.0", 16, "10.0.0.3");
	assert_int_equal(outcome(), -ENOENT);
	request_route(RTM_NEWROUTE, NLM_F_CREATE, "10.20.0.1", 16, "10.0.0.3");
	assert_int_equal(outcome(), -EINVAL);
	request_route(RTM_DELROUTE, 0, "10.20.0.0", 16, "10.0.0.2");
	assert_int_equal(outcome(), -ESRCH);
	request_route(RTM_DELROUTE, 0, "10.20.0.0", 16, NULL);
	assert_int_equal(outcome(), 0);
	assert_int_equal(count_routes(RT_TABLE_MAIN), 1);
	request_route(RTM_NEWROUTE, NLM_F_CREATE, "10.30.0.0", 16, "10.0.0.2");
	nlw_put_u32(&kit_w, RTA_TABLE, 100);
	assert_int_equal(outcome(), -EOPNOTSUPP);
}

static struct rtmsg look_up(const char *dst, uint32_t flags)
{
	struct rtmsg body = {.rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_flags = flags};

	ask(RTM_GETROUTE, 0, &body, sizeof(body));
	put_ip(RTA_DST, dst);
	answer();
	if (kit_h.nlmsg_type == RTM_NEWROUTE)
		memcpy(&body, kit_body, sizeof(body));
	return body;
}

static void lookups(void **state)
{
	struct rtmsg body;

	(void)state;
	request_route(RTM_NEWROUTE, NLM_F_CREATE, "10.20.0.0", 16, "10.0.0.2");
	assert_int_equal(outcome(), 0);
	body = look_up("10.20.3.4", 0);
	assert_int_equal(body.rtm_type, RTN_UNICAST);
	assert_int_equal(body.rtm_flags, RTM_F_CLONED);
	assert_int_equal(u32_of(12, RTA_GATEWAY), ip("10.0.0.2"));
	assert_int_equal(u32_of(12, RTA_PREFSRC), ip("10.0.0.1"));
	body = look_up("10.0.0.1", 0);
	assert_int_equal(body.rtm_type, RTN_LOCAL);
	assert_int_equal(body.rtm_flags, 0x80000200);
	body = look_up("10.0.0.255", 0);
	assert_int_equal(body.rtm_type, RTN_BROADCAST);
	body = look_up("10.20.3.4", 0x2000 /* RTM_F_FIB_MATCH */);
	assert_int_equal(body.rtm_dst_len, 16);
	body = look_up("10.0.0.255", 0x2000);
	assert_int_equal(body.rtm_table, RT_TABLE_LOCAL);
	(void)look_up("8.8.8.8", 0);
	assert_int_equal(error_of(), -ENETUNREACH);
}

/* Taken down, an interface loses what an administrator gave it (Linux: fib_disable_ip()). */
static void an_interface_goes_down(void **state)
{
	struct ifinfomsg body = {.ifi_index = (int)pr.ifindex[0], .ifi_change = IFF_UP};

	(void)state;
	strict();
	request_route(RTM_NEWROUTE, NLM_F_CREATE, "10.20.0.0", 16, "10.0.0.2");
	assert_int_equal(outcome(), 0);
	ask(RTM_NEWLINK, NLM_F_ACK, &body, sizeof(body));
	assert_int_equal(outcome(), 0);
	assert_int_equal(count_routes(RT_TABLE_MAIN), 0);
	body.ifi_flags = IFF_UP;
	ask(RTM_NEWLINK, NLM_F_ACK, &body, sizeof(body));
	assert_int_equal(outcome(), 0);
	assert_int_equal(count_routes(RT_TABLE_MAIN), 1);
}

/* --- neighbours --- */

static void request_neigh(unsigned type, unsigned flags, uint16_t state)
{
	const struct ndmsg body = {
		.ndm_family = AF_INET, .ndm_ifindex = (int)pr.ifindex[0], .ndm_state = state};

	ask(type, flags, &body, sizeof(body));
	put_ip(NDA_DST, "10.0.0.9");
}

static void neighbours(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	const struct ndmsg all = {.ndm_family = AF_INET};
	struct ndmsg body;

	(void)state;
	watch(RTNLGRP_NEIGH);
	request_neigh(RTM_NEWNEIGH, NLM_F_ACK, NUD_PERMANENT);
	nlw_put(&kit_w, NDA_LLADDR, mac, sizeof(mac));
	assert_int_equal(outcome(), -ENOENT);
	request_neigh(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE, NUD_PERMANENT);
	assert_int_equal(outcome(), -EINVAL); /* no address */
	request_neigh(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, NUD_PERMANENT);
	nlw_put(&kit_w, NDA_LLADDR, mac, sizeof(mac));
	assert_int_equal(outcome(), 0);
	told(RTM_NEWNEIGH);
	request_neigh(RTM_GETNEIGH, 0, 0);
	kit_bytes = 0;
	answer();
	memcpy(&body, kit_body, sizeof(body));
	assert_int_equal(body.ndm_state, NUD_PERMANENT);
	assert_memory_equal(attr_of(12, NDA_LLADDR).data, mac, 6);
	ask(RTM_GETNEIGH, NLM_F_DUMP, &all, sizeof(all));
	send_on(nl);
	assert_int_equal(count_dump(nl), 1);
	request_neigh(RTM_DELNEIGH, NLM_F_ACK, 0);
	assert_int_equal(outcome(), 0);
	told(RTM_NEWNEIGH); /* it fails, and then goes */
	told(RTM_DELNEIGH);
	request_neigh(RTM_GETNEIGH, 0, 0);
	kit_bytes = 0;
	assert_int_equal(outcome(), -ENOENT);
}

/* --- the rest --- */

static void lists_that_are_the_same_everywhere(void **state)
{
	static const struct {
		unsigned type, count;
	} lists[] = {
		{RTM_GETRULE, 5},	{RTM_GETQDISC, 2},   {RTM_GETNEIGHTBL, 6},
		{RTM_GETADDRLABEL, 10}, {RTM_GETNETCONF, 8}, {RTM_GETSTATS, 2},
		{RTM_GETTCLASS, 0},
	};
	const uint8_t body[20] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		ask(lists[i].type, NLM_F_DUMP, body, sizeof(body));
		send_on(nl);
		assert_int_equal(count_dump(nl), lists[i].count);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(links),
		T(links_change),
		T(addresses),
		T(addresses_are_told_of),
		T(routes),
		T(lookups),
		T(an_interface_goes_down),
		T(neighbours),
		T(lists_that_are_the_same_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
