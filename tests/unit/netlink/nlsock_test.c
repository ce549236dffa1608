/* SPDX-License-Identifier: MIT */
/*
 * AF_NETLINK sockets: names, groups, queues, sizes, errors. What is expected was seen on Linux 6.18
 * (netlink(7)); tests/system/test_netlink.py asks the kernel again.
 */
#include <stdio.h>

#include "nlkit.h"

#include <linux/filter.h>

#define OPT_STRICT 12

static struct sockaddr_nl name_of(int fd)
{
	struct sockaddr_nl name;
	socklen_t len = sizeof(name);

	assert_int_equal(berth_getsockname(pr.host[0], fd, SA(name), &len), 0);
	assert_int_equal(len, sizeof(name));
	assert_int_equal(name.nl_family, AF_NETLINK);
	return name;
}

static int bind_to(int fd, uint32_t port, uint32_t groups)
{
	const struct sockaddr_nl name = {
		.nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups};

	return berth_bind(pr.host[0], fd, (const struct sockaddr *)&name, sizeof(name));
}

static int join(int fd, int option, uint32_t group)
{
	return berth_setsockopt(pr.host[0], fd, SOL_NETLINK, option, &group, sizeof(group));
}

static int set_flag(int fd, int option)
{
	return join(fd, option, 1);
}

static void which_sockets_there_are(void **state)
{
	(void)state;
	assert_int_equal(berth_socket(pr.host[0], AF_NETLINK, SOCK_STREAM, 0), -ESOCKTNOSUPPORT);
	assert_int_equal(berth_socket(pr.host[0], AF_NETLINK, SOCK_RAW, NETLINK_XFRM),
			 -EPROTONOSUPPORT);
	assert_int_equal(berth_socket(pr.host[0], AF_NETLINK, SOCK_RAW, -1), -EPROTONOSUPPORT);
	assert_int_equal(berth_socket(pr.host[0], AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG),
			 nl + 1);
}

static void names(void **state)
{
	int other = kit_socket(NETLINK_ROUTE);
	struct sockaddr_in in = in_addr_of("10.0.0.1", 1);

	(void)state;
	assert_int_equal(name_of(nl).nl_pid, 0);
	assert_int_equal(bind_to(nl, 4711, 0), 0);
	assert_int_equal(name_of(nl).nl_pid, 4711);
	assert_int_equal(bind_to(other, 4711, 0), -EADDRINUSE);
	assert_int_equal(bind_to(nl, 4712, 0), -EINVAL);
	assert_int_equal(bind_to(other, 0, 0x11), 0);
	assert_true((int32_t)name_of(other).nl_pid < 0);
	assert_int_equal(name_of(other).nl_groups, 0x11);
	assert_int_equal(berth_bind(pr.host[0], other, SA(in), sizeof(in)), -EINVAL);
	assert_int_equal(berth_bind(pr.host[0], other, SA(in), 4), -EINVAL);
	/* Ports are a protocol's own. */
	assert_int_equal(bind_to(kit_socket(NETLINK_SOCK_DIAG), 4711, 0), 0);
	assert_int_equal(berth_listen(pr.host[0], nl, 1), -EOPNOTSUPP);
	assert_int_equal(berth_shutdown(pr.host[0], nl, SHUT_RD), -EOPNOTSUPP);
}

static void groups(void **state)
{
	uint32_t words[2] = {9, 9};
	socklen_t len = sizeof(words);

	(void)state;
	assert_int_equal(join(nl, NETLINK_ADD_MEMBERSHIP, RTNLGRP_NEIGH), 0);
	assert_int_equal(join(nl, NETLINK_ADD_MEMBERSHIP, 33), 0);
	assert_int_equal(join(nl, NETLINK_ADD_MEMBERSHIP, 0), -EINVAL);
	assert_int_equal(join(nl, NETLINK_ADD_MEMBERSHIP, 65), -EINVAL);
	assert_int_equal(berth_getsockopt(pr.host[0], nl, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS,
					  words, &len),
			 0);
	assert_int_equal(len, 8);
	assert_int_equal(words[0], 1u << (RTNLGRP_NEIGH - 1));
	assert_int_equal(words[1], 1);
	/* How much there is to know is told to those who have no room. */
	len = 0;
	assert_int_equal(
		berth_getsockopt(pr.host[0], nl, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, NULL, &len),
		0);
	assert_int_equal(len, 8);
	assert_int_equal(join(nl, NETLINK_DROP_MEMBERSHIP, RTNLGRP_NEIGH), 0);
	assert_int_equal(name_of(nl).nl_groups, 0);
}

static void options(void **state)
{
	static const int flags[] = {NETLINK_PKTINFO, NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS,
				    NETLINK_CAP_ACK, NETLINK_EXT_ACK,	      OPT_STRICT};
	int v = 0;
	socklen_t len = sizeof(v);

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		assert_int_equal(set_flag(nl, flags[i]), 0);
		assert_int_equal(berth_getsockopt(pr.host[0], nl, SOL_NETLINK, flags[i], &v, &len),
				 0);
		assert_int_equal(v, 1);
	}
	assert_int_equal(set_flag(nl, 40), -ENOPROTOOPT);
	assert_int_equal(berth_setsockopt(pr.host[0], nl, IPPROTO_IP, IP_TTL, &v, sizeof(v)),
			 -ENOPROTOOPT);
}

static void sizes(void **state)
{
	const struct ifinfomsg body = {.ifi_index = 1};
	uint8_t small[20];
	ssize_t whole;

	(void)state;
	ask(RTM_GETLINK, 0, &body, sizeof(body));
	send_on(nl);
	whole = berth_recv(pr.host[0], nl, NULL, 0, MSG_PEEK | MSG_TRUNC);
	assert_true(whole > 500);
	assert_int_equal(berth_recv(pr.host[0], nl, small, sizeof(small), MSG_PEEK), 20);
	assert_int_equal(berth_recv(pr.host[0], nl, small, sizeof(small), MSG_TRUNC), whole);
	assert_int_equal(berth_recv(pr.host[0], nl, small, sizeof(small), 0), -EAGAIN);
	assert_int_equal(berth_send(pr.host[0], nl, small, 0, 0), -ENODATA);
	assert_int_equal(berth_send(pr.host[0], nl, small, 1, MSG_OOB), -EOPNOTSUPP);
	assert_int_equal(berth_recv(pr.host[0], nl, small, 1, MSG_OOB), -EOPNOTSUPP);
}

/* Errors come with the request, or without it; and with the reason. */
static void errors(void **state)
{
	const struct ifinfomsg body = {.ifi_index = 9};
	const struct ifaddrmsg addr = {.ifa_family = AF_INET, .ifa_prefixlen = 8, .ifa_index = 9};

	(void)state;
	ask(RTM_GETLINK, NLM_F_ACK, &body, sizeof(body));
	assert_int_equal(outcome(), -ENODEV);
	assert_int_equal(kit_h.nlmsg_len, 36 + 16);
	assert_int_equal(kit_h.nlmsg_flags, 0);
	assert_memory_equal(kit_body + 20, &body, sizeof(body));
	assert_int_equal(set_flag(nl, NETLINK_CAP_ACK), 0);
	ask(RTM_GETLINK, NLM_F_ACK, &body, sizeof(body));
	assert_int_equal(outcome(), -ENODEV);
	assert_int_equal(kit_h.nlmsg_len, 36);
	assert_int_equal(kit_h.nlmsg_flags, NLM_F_CAPPED);
	assert_int_equal(set_flag(nl, NETLINK_EXT_ACK), 0);
	ask(RTM_NEWADDR, NLM_F_ACK, &addr, sizeof(addr));
	put_ip(IFA_LOCAL, "10.0.0.1");
	assert_int_equal(outcome(), -ENODEV);
	assert_int_equal(kit_h.nlmsg_flags, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	assert_string_equal((const char *)attr_of(20, NLMSGERR_ATTR_MSG).data,
			    "ipv4: Device not found");
	ask(NLMSG_NOOP, NLM_F_ACK, NULL, 0);
	assert_int_equal(outcome(), 0);
	ask(4000, 0, &body, sizeof(body));
	assert_int_equal(outcome(), -EOPNOTSUPP);
	assert_int_equal(read_on(nl, 100), -EAGAIN);
}

/* Several requests in one datagram, the last one cut short: it is nobody's. */
static void several_at_once(void **state)
{
	struct nlmsghdr h = {.nlmsg_len = 16,
			     .nlmsg_type = NLMSG_NOOP,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK};
	uint8_t data[16 * 3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		h.nlmsg_seq = i;
		h.nlmsg_len = i == 2 ? 17 : 16;
		memcpy(data + i * sizeof(h), &h, sizeof(h));
	}
	assert_int_equal(berth_send(pr.host[0], nl, data, sizeof(data), 0), sizeof(data));
	for (unsigned i = 0; i < 2; i++) {
		assert_true(next_on(nl));
		assert_int_equal(kit_h.nlmsg_seq, i);
	}
	assert_false(next_on(nl));
}

/* A reader that does not read: messages are lost, which is said once, until it has read all. */
static void overrun(void **state)
{
	const struct ifinfomsg body = {.ifi_index = 1};
	int small = 1;
	unsigned held = 0;

	(void)state;
	assert_int_equal(
		berth_setsockopt(pr.host[0], nl, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (unsigned i = 0; i < 10; i++) {
		ask(RTM_GETLINK, 0, &body, sizeof(body));
		send_on(nl);
	}
	assert_int_equal(read_on(nl, sizeof(kit_in)), -ENOBUFS);
	while (read_on(nl, sizeof(kit_in)) > 0)
		held++;
	assert_true(held >= 1 && held < 5);
	ask(RTM_GETLINK, 0, &body, sizeof(body));
	answer();
	assert_int_equal(set_flag(nl, NETLINK_NO_ENOBUFS), 0);
	kit_bytes = 0;
	for (unsigned i = 0; i < 10; i++) {
		ask(RTM_GETLINK, 0, &body, sizeof(body));
		send_on(nl);
	}
	assert_true(read_on(nl, sizeof(kit_in)) > 0);
}

static void dump_links(int fd)
{
	const struct ifinfomsg body = {0};

	ask(RTM_GETLINK, NLM_F_DUMP, &body, sizeof(body));
	send_on(fd);
}

static void one_dump_at_a_time(void **state)
{
	int fresh;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		char name[8];
		const struct berth_netif_config config = {.name = name, .kind = BERTH_NETIF_ETHER};

		(void)snprintf(name, sizeof(name), "eth%u", i + 1);
		assert_true(berth_netif_add(pr.host[0], &config) > 0);
	}
	kit_room = 4096;
	dump_links(nl);
	dump_links(nl);
	/* The first piece, and the refusal of the second dump. */
	assert_true(next_on(nl));
	assert_int_equal(kit_h.nlmsg_type, RTM_NEWLINK);
	assert_true(kit_bytes <= 3776);
	kit_at = kit_bytes;
	assert_true(next_on(nl));
	assert_int_equal(error_of(), -EBUSY);
	/* The rest comes in pieces as large as the reader's buffer. */
	kit_room = 8192;
	assert_true(count_dump(nl) < 22);
	assert_true(kit_largest > 4096 && kit_largest <= 8192);
	kit_room = sizeof(kit_in);
	dump_links(nl);
	assert_int_equal(count_dump(nl), 22);
	/* What has changed meanwhile is said. */
	fresh = kit_socket(NETLINK_ROUTE);
	kit_room = 4096;
	dump_links(fresh);
	assert_int_equal(berth_netif_set_mtu(pr.host[0], 2, 1400), 0);
	while (next_on(fresh) && kit_h.nlmsg_type != NLMSG_DONE)
		;
	assert_true(kit_h.nlmsg_flags & NLM_F_DUMP_INTR);
}

static void programs_among_themselves(void **state)
{
	int a = kit_socket(NETLINK_USERSOCK);
	int b = kit_socket(NETLINK_USERSOCK);
	struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = 77};
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	char buf[8];

	(void)state;
	assert_int_equal(berth_sendto(pr.host[0], a, "hi", 2, 0, SA(to), sizeof(to)),
			 -ECONNREFUSED);
	assert_int_equal(berth_send(pr.host[0], a, "hi", 2, 0), -ECONNREFUSED);
	assert_int_equal(bind_to(b, 77, 1), 0);
	assert_int_equal(berth_sendto(pr.host[0], a, "hi", 2, 0, SA(to), sizeof(to)), 2);
	assert_int_equal(berth_recvfrom(pr.host[0], b, buf, sizeof(buf), 0, SA(from), &len), 2);
	assert_int_equal(from.nl_pid, name_of(a).nl_pid);
	assert_int_equal(from.nl_groups, 0);
	to = (struct sockaddr_nl){.nl_family = AF_NETLINK, .nl_groups = 1};
	(void)berth_sendto(pr.host[0], a, "all", 3, 0, SA(to), sizeof(to));
	len = sizeof(from);
	assert_int_equal(berth_recvfrom(pr.host[0], b, buf, sizeof(buf), 0, SA(from), &len), 3);
	assert_int_equal(from.nl_groups, 1);
	assert_int_equal(berth_connect(pr.host[0], a, SA(to), 3), -EINVAL);
	to = (struct sockaddr_nl){.nl_family = AF_NETLINK, .nl_pid = 77};
	assert_int_equal(berth_connect(pr.host[0], a, SA(to), sizeof(to)), 0);
	assert_int_equal(berth_send(pr.host[0], a, "x", 1, 0), 1);
	len = sizeof(from);
	assert_int_equal(berth_getpeername(pr.host[0], a, SA(from), &len), 0);
	assert_int_equal(from.nl_pid, 77);
}

static void control_data(void **state)
{
	_Alignas(struct cmsghdr) uint8_t control[128];
	struct iovec iov = {kit_in, sizeof(kit_in)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	struct nl_pktinfo info;
	struct ucred cred = {1, 1, 1};
	int one = 1;

	(void)state;
	assert_int_equal(set_flag(nl, NETLINK_PKTINFO), 0);
	assert_int_equal(
		berth_setsockopt(pr.host[0], nl, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)), 0);
	assert_int_equal(join(nl, NETLINK_ADD_MEMBERSHIP, RTNLGRP_LINK), 0);
	assert_int_equal(berth_netif_set_mtu(pr.host[0], 2, 1300), 0);
	assert_int_equal(read_on(nl, 100), -EAGAIN); /* without a port it hears nothing */
	assert_int_equal(bind_to(nl, 0, 0x1), 0);
	assert_int_equal(berth_netif_set_mtu(pr.host[0], 2, 1400), 0);
	assert_true(berth_recvmsg(pr.host[0], nl, &msg, 0) > 0);
	c = CMSG_FIRSTHDR(&msg);
	assert_int_equal(c->cmsg_level, SOL_NETLINK);
	assert_int_equal(c->cmsg_type, NETLINK_PKTINFO);
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	assert_int_equal(info.group, RTNLGRP_LINK);
	c = CMSG_NXTHDR(&msg, c);
	assert_int_equal(c->cmsg_type, SCM_CREDENTIALS);
	memcpy(&cred, CMSG_DATA(c), sizeof(cred));
	assert_true(cred.pid == 0 && cred.uid == 0 && cred.gid == 0);
}

/* SO_ATTACH_FILTER: this one takes answers about lo alone (ifi_index is at 20). */
static void filters(void **state)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 100),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = {.len = 4, .filter = code};

	(void)state;
	assert_int_equal(
		berth_setsockopt(pr.host[0], nl, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)),
		0);
	for (int i = 1; i <= 2; i++) {
		const struct ifinfomsg body = {.ifi_index = i};

		ask(RTM_GETLINK, 0, &body, sizeof(body));
		send_on(nl);
		assert_int_equal(read_on(nl, kit_room), i == 1 ? 100 : -EAGAIN);
	}
}

static void events(void **state)
{
	const struct ifinfomsg body = {.ifi_index = 1};
	struct berth_event ev;
	struct pollfd p = {.fd = nl, .events = POLLIN | POLLOUT};

	(void)state;
	assert_int_equal(berth_poll(pr.host[0], &p, 1), 1);
	assert_int_equal(p.revents, POLLOUT);
	assert_int_equal(berth_sock_set_user(pr.host[0], nl, &pr), 0);
	while (berth_next_event(pr.host[0], &ev))
		;
	ask(RTM_GETLINK, 0, &body, sizeof(body));
	send_on(nl);
	assert_true(berth_next_event(pr.host[0], &ev));
	assert_int_equal(ev.fd, nl);
	assert_int_equal(ev.events, POLLIN | POLLOUT);
}

/* Every allocation of a few requests fails in turn: nothing leaks, nothing breaks. */
static void no_memory(void **state)
{
	(void)state;
	for (long n = 1; n < 40; n++) {
		const struct ifaddrmsg addr = {
			.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 2};
		int fd;

		pr.memory.fail_at = pr.memory.requests + n;
		fd = berth_socket(pr.host[0], AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
		if (fd < 0)
			continue;
		(void)join(fd, NETLINK_ADD_MEMBERSHIP, RTNLGRP_IPV4_IFADDR);
		dump_links(fd);
		ask(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE, &addr, sizeof(addr));
		put_ip(IFA_LOCAL, "10.7.0.1");
		assert_true(nlw_end(&kit_w));
		(void)berth_send(pr.host[0], fd, kit_out, kit_w.used, 0);
		while (berth_recv(pr.host[0], fd, kit_in, sizeof(kit_in), 0) != -EAGAIN)
			;
		(void)berth_close(pr.host[0], fd);
		pr.memory.fail_at = 0;
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(which_sockets_there_are),
		T(names),
		T(groups),
		T(options),
		T(sizes),
		T(errors),
		T(several_at_once),
		T(overrun),
		T(one_dump_at_a_time),
		T(programs_among_themselves),
		T(control_data),
		T(filters),
		T(events),
		T(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
