/* SPDX-License-Identifier: MIT */
/*
 * Raw and ping sockets between two hosts and over loopback: who hears what, in which form, what is
 * filled in on the way out, and which errors come back.
 */
#include <linux/icmp.h>
#include <netinet/ip.h>

#include "../stack/pair.h"
#include "base/check.h"
#include "pkt/csum.h"

#define TEST_PROTOCOL 253 /* RFC 3692 §2.1 */
#define LEVEL_RAW 255

static int setup(void **state)
{
	static struct pair pr;

	pair_init(&pr, 0);
	*state = &pr;
	return 0;
}

static int teardown(void **state)
{
	pair_fini(*state);
	return 0;
}

static int raw_of(struct berth_stack *st, int protocol)
{
	int fd = berth_socket(st, AF_INET, SOCK_RAW, protocol);

	assert_true(fd >= 0);
	return fd;
}

static ssize_t send_to(struct berth_stack *st, int fd, const void *data, size_t bytes,
		       const char *address)
{
	struct sockaddr_in in = in_addr_of(address, 0);

	return berth_sendto(st, fd, data, bytes, 0, SA(in), sizeof(in));
}

static size_t echo_of(uint8_t *out, uint8_t type, uint16_t id, const char *text)
{
	size_t bytes = 8 + strlen(text);

	memset(out, 0, 8);
	out[0] = type;
	out[4] = (uint8_t)(id >> 8);
	out[5] = (uint8_t)id;
	memcpy(out + 8, text, bytes - 8);
	uint16_t sum = csum_finish(csum_add(out, bytes, 0));

	out[2] = (uint8_t)(sum >> 8);
	out[3] = (uint8_t)sum;
	return bytes;
}

/* The next packet of a raw socket without its header; its length, or the error. */
static ssize_t payload_of(struct berth_stack *st, int fd, uint8_t *out, size_t room,
			  struct iphdr *out_header)
{
	uint8_t buf[2048];
	ssize_t n = berth_recv(st, fd, buf, sizeof(buf), 0);

	if (n < 0)
		return n;
	assert_true((size_t)n >= sizeof(*out_header));
	memcpy(out_header, buf, sizeof(*out_header));
	assert_int_equal(csum_finish(csum_add(buf, out_header->ihl * 4u, 0)), 0);
	n -= (ssize_t)(out_header->ihl * 4u);
	memcpy(out, buf + out_header->ihl * 4u, (size_t)n < room ? (size_t)n : room);
	return n;
}

/* Every matching socket gets a copy, from the IP header on. */
static void copies(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in me = in_addr_of("10.0.0.2", 0);
	struct sockaddr_in other = in_addr_of("10.0.0.9", 0);
	int from = raw_of(pr->host[0], TEST_PROTOCOL);
	int any = raw_of(pr->host[1], TEST_PROTOCOL);
	int bound = raw_of(pr->host[1], TEST_PROTOCOL);
	int connected = raw_of(pr->host[1], TEST_PROTOCOL);
	int stranger = raw_of(pr->host[1], TEST_PROTOCOL + 1);
	struct iphdr ip;
	uint8_t buf[64];

	assert_int_equal(berth_bind(pr->host[1], bound, SA(me), sizeof(me)), 0);
	assert_int_equal(berth_connect(pr->host[1], connected, SA(other), sizeof(other)), 0);
	assert_int_equal(send_to(pr->host[0], from, "hello", 5, "10.0.0.2"), 5);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(payload_of(pr->host[1], any, buf, sizeof(buf), &ip), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(ip.protocol, TEST_PROTOCOL);
	assert_int_equal(ip.ttl, 64);
	assert_int_equal(payload_of(pr->host[1], bound, buf, sizeof(buf), &ip), 5);
	assert_int_equal(payload_of(pr->host[1], connected, buf, sizeof(buf), &ip), -EAGAIN);
	assert_int_equal(payload_of(pr->host[1], stranger, buf, sizeof(buf), &ip), -EAGAIN);
}

/* The name shows the protocol where others show a port. */
static void names(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in in = in_addr_of("10.0.0.1", 77);
	struct sockaddr_in peer = in_addr_of("10.0.0.2", 0);
	struct sockaddr unspec = {.sa_family = AF_UNSPEC};
	socklen_t len = sizeof(in);
	int fd = raw_of(st, TEST_PROTOCOL);

	assert_int_equal(berth_bind(st, fd, SA(in), sizeof(in)), 0);
	assert_int_equal(berth_getsockname(st, fd, SA(in), &len), 0);
	assert_int_equal(ntohs(in.sin_port), TEST_PROTOCOL);
	assert_int_equal(in.sin_addr.s_addr, inet_addr("10.0.0.1"));
	assert_int_equal(berth_connect(st, fd, SA(peer), sizeof(peer)), 0);
	assert_int_equal(berth_getpeername(st, fd, SA(in), &len), -ENOTCONN); /* port 0 */
	assert_int_equal(berth_bind(st, fd, SA(in), sizeof(in)), -EINVAL);
	peer.sin_port = htons(9);
	assert_int_equal(berth_connect(st, fd, SA(peer), sizeof(peer)), 0);
	assert_int_equal(berth_getpeername(st, fd, SA(in), &len), 0);
	assert_int_equal(ntohs(in.sin_port), 9);
	assert_int_equal(berth_send(st, fd, "x", 1, 0), 1);
	assert_int_equal(berth_connect(st, fd, &unspec, sizeof(unspec)), 0);
	assert_int_equal(berth_send(st, fd, "x", 1, 0), -EDESTADDRREQ);
	in = in_addr_of("192.0.2.1", 0);
	assert_int_equal(berth_bind(st, fd, SA(in), sizeof(in)), -EADDRNOTAVAIL);
}

/* Linux: sockets of protocols that no packet can name. They send 0 and hear nothing. */
static void large_protocols(void **state)
{
	struct pair *pr = *state;
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	struct iphdr ip;
	uint8_t buf[64];
	int fd = raw_of(pr->host[0], 256);
	int fd6 = berth_socket(pr->host[0], AF_INET6, SOCK_RAW, 262);
	int there = raw_of(pr->host[1], 256);
	int protocol = 0;

	assert_true(fd6 >= 0);
	assert_int_equal(berth_socket(pr->host[0], AF_INET, SOCK_RAW, 263), -EINVAL);
	assert_int_equal(berth_getsockname(pr->host[0], fd, SA(name), &len), 0);
	assert_int_equal(ntohs(name.sin_port), 256);
	len = sizeof(protocol);
	assert_int_equal(
		berth_getsockopt(pr->host[0], fd6, SOL_SOCKET, SO_PROTOCOL, &protocol, &len), 0);
	assert_int_equal(protocol, 262);
	assert_int_equal(send_to(pr->host[0], fd, "hello", 5, "10.0.0.2"), 5);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(payload_of(pr->host[1], there, buf, sizeof(buf), &ip), -EAGAIN);
	assert_int_equal(berth_sendto(pr->host[0], fd6, "x", 1, 0, SA(to6), sizeof(to6)), -EINVAL);
}

static void icmp_filter(void **state)
{
	struct pair *pr = *state;
	struct icmp_filter filter = {1u << ICMP_ECHO};
	struct icmp_filter got = {0};
	socklen_t len = sizeof(got);
	struct iphdr ip;
	uint8_t buf[64];
	int fd = raw_of(pr->host[1], IPPROTO_ICMP);
	int from = raw_of(pr->host[0], IPPROTO_ICMP);
	int other = raw_of(pr->host[0], TEST_PROTOCOL);
	size_t bytes = echo_of(buf, ICMP_ECHO, 5, "ping");

	assert_int_equal(berth_setsockopt(pr->host[0], other, LEVEL_RAW, ICMP_FILTER, &filter,
					  sizeof(filter)),
			 -EOPNOTSUPP);
	assert_int_equal(
		berth_setsockopt(pr->host[1], fd, LEVEL_RAW, ICMP_FILTER, &filter, sizeof(filter)),
		0);
	assert_int_equal(berth_getsockopt(pr->host[1], fd, LEVEL_RAW, ICMP_FILTER, &got, &len), 0);
	assert_int_equal(got.data, filter.data);
	assert_int_equal(send_to(pr->host[0], from, buf, bytes, "10.0.0.2"), (ssize_t)bytes);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(payload_of(pr->host[1], fd, buf, sizeof(buf), &ip), -EAGAIN);
	/* The host answers as if nobody listened. */
	assert_int_equal(payload_of(pr->host[0], from, buf, sizeof(buf), &ip), (ssize_t)bytes);
	assert_int_equal(buf[0], ICMP_ECHOREPLY);
	buf[0] = 200; /* a type that no filter reaches; too short a message is nobody's */
	assert_int_equal(send_to(pr->host[0], from, buf, 7, "10.0.0.2"), 7);
	assert_int_equal(send_to(pr->host[0], from, buf, 8, "10.0.0.2"), 8);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(payload_of(pr->host[1], fd, buf, sizeof(buf), &ip), 8);
	assert_int_equal(payload_of(pr->host[1], fd, buf, sizeof(buf), &ip), -EAGAIN);
}

/* RFC 1122 §3.2.2.1: nobody has the protocol, unless a raw socket does. */
static void unreachable(void **state)
{
	struct pair *pr = *state;
	int on = 1;
	int error = 0;
	socklen_t len = sizeof(error);
	struct sockaddr_in peer = in_addr_of("10.0.0.2", 0);
	int icmp = raw_of(pr->host[0], IPPROTO_ICMP);
	int fd = raw_of(pr->host[0], TEST_PROTOCOL);
	struct iphdr ip;
	uint8_t buf[64];

	assert_int_equal(send_to(pr->host[0], fd, "12345678", 8, "10.0.0.2"), 8);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(payload_of(pr->host[0], icmp, buf, sizeof(buf), &ip), 36);
	assert_int_equal(buf[0], ICMP_DEST_UNREACH);
	assert_int_equal(buf[1], ICMP_PROT_UNREACH);
	assert_int_equal(pair_poll(pr, 0, fd, POLLIN), 0); /* not connected: not told */
	assert_int_equal(berth_connect(pr->host[0], fd, SA(peer), sizeof(peer)), 0);
	assert_int_equal(berth_send(pr->host[0], fd, "12345678", 8, 0), 8);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(berth_recv(pr->host[0], fd, buf, sizeof(buf), 0), -ENOPROTOOPT);
	assert_int_equal(berth_setsockopt(pr->host[0], fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)),
			 0);
	assert_int_equal(berth_send(pr->host[0], fd, "12345678", 8, 0), 8);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(berth_recv(pr->host[0], fd, buf, sizeof(buf), MSG_ERRQUEUE), 8);
	assert_memory_equal(buf, "12345678", 8);
	assert_int_equal(berth_getsockopt(pr->host[0], fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	assert_int_equal(error, 0);
	(void)raw_of(pr->host[1], TEST_PROTOCOL);
	assert_int_equal(berth_send(pr->host[0], fd, "12345678", 8, 0), 8);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(berth_recv(pr->host[0], fd, buf, sizeof(buf), 0), -EAGAIN);
}

/* raw(7): what is filled in of a header that the program gives. */
static void header_included(void **state)
{
	struct pair *pr = *state;
	struct {
		struct iphdr ip;
		char text[4];
	} p = {.ip = {.version = 4, .ihl = 5, .ttl = 9, .protocol = TEST_PROTOCOL}, .text = "abc"};
	int fd = raw_of(pr->host[0], IPPROTO_RAW);
	int to = raw_of(pr->host[1], TEST_PROTOCOL);
	struct iphdr ip;
	uint8_t buf[64];

	p.ip.daddr = inet_addr("10.0.0.2");
	assert_int_equal(send_to(pr->host[0], fd, &p, sizeof(p), "10.0.0.2"), sizeof(p));
	pair_run(pr, BERTH_SEC);
	assert_int_equal(payload_of(pr->host[1], to, buf, sizeof(buf), &ip), 4);
	assert_int_equal(ip.saddr, inet_addr("10.0.0.1"));
	assert_int_equal(ip.ttl, 9);
	assert_int_not_equal(ip.id, 0);
	p.ip.saddr = inet_addr("10.0.0.77");
	p.ip.id = htons(1234);
	assert_int_equal(send_to(pr->host[0], fd, &p, sizeof(p), "10.0.0.2"), sizeof(p));
	pair_run(pr, BERTH_SEC);
	assert_int_equal(payload_of(pr->host[1], to, buf, sizeof(buf), &ip), 4);
	assert_int_equal(ip.saddr, inet_addr("10.0.0.77"));
	assert_int_equal(ip.id, htons(1234));
	assert_int_equal(send_to(pr->host[0], fd, &p, 19, "10.0.0.2"), -EINVAL);
	p.ip.ihl = 7;
	assert_int_equal(send_to(pr->host[0], fd, &p, sizeof(p), "10.0.0.2"), -EINVAL);
	p.ip.ihl = 4;
	assert_int_equal(send_to(pr->host[0], fd, &p, sizeof(p), "10.0.0.2"), -EINVAL);
	static uint8_t big[1501];

	assert_int_equal(send_to(pr->host[0], fd, big, sizeof(big), "10.0.0.2"), -EMSGSIZE);
}

/* A large one without a header is cut, and joined before raw sockets see it. */
static void fragments(void **state)
{
	struct pair *pr = *state;
	static uint8_t big[4000];
	static uint8_t buf[5000];
	int from = raw_of(pr->host[0], TEST_PROTOCOL);
	int to = raw_of(pr->host[1], TEST_PROTOCOL);

	memset(big, 0x5a, sizeof(big));
	assert_int_equal(send_to(pr->host[0], from, big, sizeof(big), "10.0.0.2"), sizeof(big));
	pair_run(pr, BERTH_SEC);
	assert_int_equal(berth_recv(pr->host[1], to, buf, sizeof(buf), 0), sizeof(big) + 20);
	assert_memory_equal(buf + 20, big, sizeof(big));
}

/* A flood costs no more than SO_RCVBUF allows, and is counted. */
static void flood(void **state)
{
	struct pair *pr = *state;
	int small = 4000;
	int from = raw_of(pr->host[0], TEST_PROTOCOL);
	int to = raw_of(pr->host[1], TEST_PROTOCOL);
	struct berth_counter c;
	uint64_t lost = 0;
	int heard = 0;
	char byte;

	assert_int_equal(
		berth_setsockopt(pr->host[1], to, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(send_to(pr->host[0], from, "x", 1, "10.0.0.2"), 1);
		pair_run(pr, BERTH_MSEC);
	}
	while (berth_recv(pr->host[1], to, &byte, 1, 0) > 0)
		heard++;
	for (unsigned i = 0; berth_stack_drops(pr->host[1], i, &c); i++)
		lost += strcmp(c.name, "raw_rcvbuf") == 0 ? c.count : 0;
	assert_in_range(heard, 8, 12); /* 8,000 bytes of 768 each, and the one that goes past */
	assert_int_equal(heard + (int)lost, 1000);
}

/* icmp(7): the identifier is the port, whatever the program writes. */
static void ping(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in in = in_addr_of("0.0.0.0", 777);
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	int other = berth_socket(st, AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t buf[64];
	size_t bytes = echo_of(buf, ICMP_ECHO, 5, "ping");

	assert_int_equal(berth_bind(st, fd, SA(in), sizeof(in)), 0);
	assert_int_equal(berth_bind(st, fd, SA(in), sizeof(in)), -EINVAL);
	assert_int_equal(send_to(st, fd, buf, 7, "10.0.0.2"), -EINVAL);
	buf[0] = ICMP_TIMESTAMP;
	assert_int_equal(send_to(st, fd, buf, bytes, "10.0.0.2"), -EINVAL);
	buf[0] = ICMP_ECHO;
	assert_int_equal(send_to(st, fd, buf, bytes, "10.0.0.2"), (ssize_t)bytes);
	assert_int_equal(berth_send(st, other, buf, bytes, 0), -EDESTADDRREQ);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(berth_recvfrom(st, fd, buf, sizeof(buf), 0, SA(from), &len),
			 (ssize_t)bytes);
	assert_int_equal(buf[0], ICMP_ECHOREPLY);
	assert_int_equal(buf[4] << 8 | buf[5], 777);
	assert_memory_equal(buf + 8, "ping", 4);
	assert_int_equal(csum_finish(csum_add(buf, bytes, 0)), 0);
	assert_int_equal(from.sin_addr.s_addr, inet_addr("10.0.0.2"));
	assert_int_equal(from.sin_port, 0);
	assert_int_equal(berth_recv(st, other, buf, sizeof(buf), 0), -EAGAIN);
}

/* A ping that finds nobody: the neighbour is not there. */
static void ping_error(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in to = in_addr_of("10.0.0.99", 0);
	int on = 1;
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	uint8_t buf[64];
	size_t bytes = echo_of(buf, ICMP_ECHO, 5, "ping");

	assert_int_equal(berth_setsockopt(st, fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)), 0);
	assert_int_equal(berth_connect(st, fd, SA(to), sizeof(to)), 0);
	assert_int_equal(berth_send(st, fd, buf, bytes, 0), (ssize_t)bytes);
	pair_run(pr, 10 * BERTH_SEC);
	assert_int_equal(berth_recv(st, fd, buf, sizeof(buf), MSG_ERRQUEUE), (ssize_t)bytes);
	assert_int_equal(buf[0], ICMP_ECHO);
}

static void not_permitted(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];

	assert_int_equal(berth_socket(st, AF_INET, SOCK_RAW, 0), -EPROTONOSUPPORT);
	assert_int_equal(berth_socket(st, AF_INET, SOCK_DGRAM, IPPROTO_ICMPV6), -EPROTONOSUPPORT);
	assert_int_equal(berth_stack_sysctl_set(st, "net.ipv4.ping_group_range.lo", 1), 0);
	assert_int_equal(berth_stack_sysctl_set(st, "net.ipv4.ping_group_range.hi", 0), 0);
	assert_int_equal(berth_socket(st, AF_INET, SOCK_DGRAM, IPPROTO_ICMP), -EACCES);
}

static void no_memory(void **state)
{
	struct pair *pr = *state;

	for (long at = 1; at < 20; at++) {
		for (int type = SOCK_DGRAM; type <= SOCK_RAW; type++) {
			int fd;

			pr->memory.fail_at = pr->memory.requests + at;
			fd = berth_socket(pr->host[0], AF_INET, type, IPPROTO_ICMP);
			pr->memory.fail_at = 0;
			if (fd >= 0)
				assert_int_equal(berth_close(pr->host[0], fd), 0);
			else
				assert_int_equal(fd, -ENOMEM);
		}
	}
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(copies),	   CASE(names),	      CASE(large_protocols),
		CASE(icmp_filter), CASE(unreachable), CASE(header_included),
		CASE(fragments),   CASE(flood),	      CASE(ping),
		CASE(ping_error),  CASE(no_memory),   CASE(not_permitted),
	};

	return cmocka_run_group_tests_name("raw", tests, NULL, NULL);
}
