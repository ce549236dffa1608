/* SPDX-License-Identifier: MIT */
/*
 * A host with sockets of every kind, and a program that sends netlink requests. The input is a list
 * of datagrams, each behind a control byte and a length of two bytes, all read back to the end.
 *
 * What must hold: nothing crashes or runs for ever, every message that is told is well formed (its
 * lengths fit, its attributes too where their place is known), and nothing is left.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include <berth/berth.h>

#include "base/bytes.h"
#include "base/check.h"
#include "host.h"
#include "netlink/nlmsg.h"

#define REQUESTS_MAX 32u
#define DATAGRAMS_MAX 4096u
#define READ_BYTES 32768u

enum control {
	CONTROL_PROTOCOL = 0x03, /* which of protocols[] */
	CONTROL_SMALL = 0x04,	 /* read with a small buffer */
	CONTROL_STRICT = 0x08,
	CONTROL_EXT_ACK = 0x10,
	CONTROL_WAIT = 0x20,
	CONTROL_UNREAD = 0x40, /* the answers stay where they are */
};

static const int protocols[] = {NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_GENERIC,
				NETLINK_USERSOCK};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void must(bool condition)
{
	ASSERT(condition);
}

static struct sockaddr_in address(const char *text, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};

	must(inet_pton(AF_INET, text, &sin.sin_addr) == 1);
	return sin;
}

static void add_network(struct berth_stack *st)
{
	const struct berth_netif_config config = {
		.name = "eth0", .kind = BERTH_NETIF_ETHER, .mac = {2, 0, 0, 0, 0, 1}};
	struct sockaddr_in sin = address("10.0.0.1", 0);
	int ifindex = berth_netif_add(st, &config);

	must(ifindex > 0);
	must(berth_netif_set_up(st, (unsigned)ifindex, true) == 0);
	must(berth_addr_add(st, (unsigned)ifindex, (struct sockaddr *)&sin, 24) == 0);
}

static void add_sockets(struct berth_stack *st)
{
	struct sockaddr_in any = address("0.0.0.0", 80);
	struct sockaddr_in to = address("127.0.0.1", 80);
	int fd = berth_socket(st, AF_INET, SOCK_STREAM, 0);

	must(fd >= 0 && berth_bind(st, fd, (struct sockaddr *)&any, sizeof(any)) == 0);
	must(berth_listen(st, fd, 4) == 0);
	fd = berth_socket(st, AF_INET, SOCK_STREAM, 0);
	must(fd >= 0);
	(void)berth_connect(st, fd, (struct sockaddr *)&to, sizeof(to)); /* -EINPROGRESS */
	fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);
	must(fd >= 0 && berth_bind(st, fd, (struct sockaddr *)&any, sizeof(any)) == 0);
}

/* One that is in every group of NETLINK_ROUTE. */
static int add_watcher(struct berth_stack *st)
{
	const struct sockaddr_nl all = {.nl_family = AF_NETLINK, .nl_groups = 0xffffffff};
	int fd = berth_socket(st, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	must(fd >= 0);
	must(berth_bind(st, fd, (const struct sockaddr *)&all, sizeof(all)) == 0);
	return fd;
}

/* Bytes of the family header of an rtnetlink message; 0: not looked into. */
static size_t head_of(unsigned type)
{
	switch (type & ~3u) {
	case RTM_NEWLINK:
		return sizeof(struct ifinfomsg);
	case RTM_NEWADDR:
		return sizeof(struct ifaddrmsg);
	case RTM_NEWROUTE:
	case RTM_NEWRULE:
		return sizeof(struct rtmsg);
	case RTM_NEWQDISC:
		return sizeof(struct tcmsg);
	default:
		return 0;
	}
}

static void check_datagram(const uint8_t *data, size_t bytes, bool route)
{
	while (bytes > 0) {
		struct nlmsghdr h;
		struct nl_attr at[64];
		size_t head;

		must(bytes >= sizeof(h));
		memcpy(&h, data, sizeof(h));
		must(h.nlmsg_len >= sizeof(h) && h.nlmsg_len <= bytes);
		head = route && h.nlmsg_type >= RTM_BASE ? head_of(h.nlmsg_type) : 0;
		if (head) {
			must(h.nlmsg_len >= sizeof(h) + head);
			must(nl_attrs_read(data + sizeof(h) + head, h.nlmsg_len - sizeof(h) - head,
					   at, 64));
		}
		head = nl_align(h.nlmsg_len) < bytes ? nl_align(h.nlmsg_len) : bytes;
		data += head;
		bytes -= head;
	}
}

static void read_all(struct berth_stack *st, int fd, size_t room, bool route, berth_time *now)
{
	static _Alignas(8) uint8_t buf[READ_BYTES];

	for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
		ssize_t n = berth_recv(st, fd, buf, room, MSG_TRUNC);

		if (n == -EAGAIN && berth_stack_deadline(st) <= *now + 1) {
			berth_advance(st, ++*now);
			continue;
		}
		if (n == -EAGAIN)
			return;
		must(n > 0 || n == -ENOBUFS);
		if (n > 0 && (size_t)n <= room)
			check_datagram(buf, (size_t)n, route);
	}
}

static void drain(struct berth_stack *st)
{
	struct berth_packet *p;
	struct berth_event ev;
	unsigned ifindex;

	while ((p = berth_output(st, &ifindex)))
		berth_packet_free(p);
	while (berth_next_event(st, &ev))
		continue;
}

static void give(struct berth_stack *st, int fd, uint8_t control, const uint8_t *data, size_t bytes)
{
	int strict = (control & CONTROL_STRICT) != 0;
	int ext_ack = (control & CONTROL_EXT_ACK) != 0;

	must(berth_setsockopt(st, fd, SOL_NETLINK, 12, &strict, sizeof(strict)) == 0);
	must(berth_setsockopt(st, fd, SOL_NETLINK, NETLINK_EXT_ACK, &ext_ack, sizeof(ext_ack)) ==
	     0);
	(void)berth_send(st, fd, data, bytes, 0); /* any error is right */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_host host = {.seed = 1};
	struct berth_pool *pool = berth_pool_new(NULL, 64u << 20);
	const struct berth_stack_config config = {
		.pool = pool, .random = fuzz_random, .ctx = &host, .limits = {.neighbours_max = 8}};
	struct berth_stack *st = berth_stack_new(&config);
	struct reader r = reader_of(data, bytes);
	berth_time now = 0;
	int fds[4];
	int watcher;

	must(st != NULL);
	add_network(st);
	add_sockets(st);
	watcher = add_watcher(st);
	for (unsigned i = 0; i < 4; i++)
		fds[i] = berth_socket(st, AF_NETLINK, SOCK_RAW, protocols[i]);
	for (unsigned i = 0; i < REQUESTS_MAX && reader_left(&r) >= 3; i++) {
		uint8_t control = read_u8(&r);
		int fd = fds[control & CONTROL_PROTOCOL];
		size_t n = read_be16(&r);

		n = n < reader_left(&r) ? n : reader_left(&r);
		give(st, fd, control, read_bytes(&r, n), n);
		if (!(control & CONTROL_UNREAD)) {
			read_all(st, fd, control & CONTROL_SMALL ? 100 : READ_BYTES,
				 (control & CONTROL_PROTOCOL) == 0, &now);
			read_all(st, watcher, READ_BYTES, true, &now);
		}
		now += control & CONTROL_WAIT ? 5 * BERTH_SEC : 0;
		berth_advance(st, now);
		drain(st);
	}
	berth_stack_free(st);
	berth_pool_free(pool);
	return 0;
}
