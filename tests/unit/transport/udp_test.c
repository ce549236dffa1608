/* SPDX-License-Identifier: MIT */
/*
 * UDP between two hosts: super-packets over interfaces that take them and over one that does not,
 * and UDP-Lite's checksum, which covers what the program says.
 */
#include <netinet/udp.h>

#include "../stack/pair.h"

#define OPT_UDP_SEGMENT 103
#define OPT_UDP_GRO 104

static struct pair pr;
static int from, to;

static struct sockaddr_in6 in6_of(const char *text, uint16_t port)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	inet_pton(AF_INET6, text, &in6.sin6_addr);
	return in6;
}

static void option(int host, int fd, int level, int name, int value)
{
	assert_int_equal(berth_setsockopt(pr.host[host], fd, level, name, &value, sizeof(value)),
			 0);
}

/* Two hosts, fd00::1 and fd00::2 besides; a socket on each, the second bound to port 99. */
static void start(uint32_t features, int family, int protocol)
{
	static const char *const addresses[] = {"fd00::1", "fd00::2"};
	struct sockaddr_in in = in_addr_of("0.0.0.0", 99);
	struct sockaddr_in6 any = in6_of("::", 99);

	pair_init(&pr, features);
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in6 a = in6_of(addresses[i], 0);

		assert_int_equal(berth_addr_add(pr.host[i], pr.ifindex[i], SA(a), 64), 0);
	}
	pair_run(&pr, 3 * BERTH_SEC); /* duplicate address detection */
	from = berth_socket(pr.host[0], family, SOCK_DGRAM, protocol);
	to = berth_socket(pr.host[1], family, SOCK_DGRAM, protocol);
	if (family == AF_INET)
		assert_int_equal(berth_bind(pr.host[1], to, SA(in), sizeof(in)), 0);
	else
		assert_int_equal(berth_bind(pr.host[1], to, SA(any), sizeof(any)), 0);
}

static ssize_t send_bytes(int family, size_t bytes)
{
	static uint8_t data[60000];
	struct sockaddr_in in = in_addr_of("10.0.0.2", 99);
	struct sockaddr_in6 in6 = in6_of("fd00::2", 99);
	ssize_t n;

	for (size_t i = 0; i < bytes; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	if (family == AF_INET)
		n = berth_sendto(pr.host[0], from, data, bytes, 0, SA(in), sizeof(in));
	else
		n = berth_sendto(pr.host[0], from, data, bytes, 0, SA(in6), sizeof(in6));
	pair_run(&pr, 100 * BERTH_MSEC);
	return n;
}

/* Receives a datagram that begins at byte `at` of what was sent. */
static void expect(size_t at, size_t bytes)
{
	static uint8_t data[65536];

	assert_int_equal(berth_recv(pr.host[1], to, data, sizeof(data), 0), bytes);
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(data[i], (uint8_t)((at + i) * 7 + (at + i) / 256));
}

static void segments(uint32_t features, int family, bool gro)
{
	start(features, family, 0);
	option(0, from, IPPROTO_UDP, OPT_UDP_SEGMENT, 1000);
	option(1, to, IPPROTO_UDP, OPT_UDP_GRO, gro);
	assert_int_equal(send_bytes(family, 10), 10); /* the neighbour is found */
	expect(0, 10);
	pr.frames = 0;
	assert_int_equal(send_bytes(family, 20500), 20500);
	assert_int_equal(pr.frames, features & BERTH_NETIF_GSO ? 1 : 21);
	if (gro && features & BERTH_NETIF_GSO) {
		expect(0, 20500);
	} else {
		for (size_t i = 0; i < 21; i++)
			expect(i * 1000, i < 20 ? 1000 : 500);
	}
	option(0, from, IPPROTO_UDP, OPT_UDP_SEGMENT, 1473);
	assert_int_equal(send_bytes(family, 3000), -EMSGSIZE);
	pair_fini(&pr);
}

static void cut_by_interface(void **state)
{
	(void)state;
	segments(0, AF_INET, false);
	segments(0, AF_INET6, false);
	segments(BERTH_NETIF_CSUM, AF_INET, true);
	segments(BERTH_NETIF_CSUM, AF_INET6, true);
}

static void cut_by_receiver(void **state)
{
	(void)state;
	segments(BERTH_NETIF_CSUM | BERTH_NETIF_GSO, AF_INET, false);
	segments(BERTH_NETIF_CSUM | BERTH_NETIF_GSO, AF_INET6, false);
}

static void received_whole(void **state)
{
	(void)state;
	segments(BERTH_NETIF_CSUM | BERTH_NETIF_GSO, AF_INET, true);
	segments(BERTH_NETIF_CSUM | BERTH_NETIF_GSO, AF_INET6, true);
}

/* Sends 100 bytes and flips a bit of the frame on its way; whether they arrive. */
static bool arrives_with_flip(int family, size_t byte_from_end)
{
	struct sockaddr_in in = in_addr_of("10.0.0.2", 99);
	struct sockaddr_in6 in6 = in6_of("fd00::2", 99);
	struct berth_packet *p;
	uint8_t data[100] = {1, 2, 3};
	unsigned ifindex;
	ssize_t n;

	if (family == AF_INET)
		n = berth_sendto(pr.host[0], from, data, 100, 0, SA(in), sizeof(in));
	else
		n = berth_sendto(pr.host[0], from, data, 100, 0, SA(in6), sizeof(in6));
	assert_int_equal(n, 100);
	p = berth_output(pr.host[0], &ifindex);
	assert_non_null(p);
	berth_packet_complete(p);
	assert_int_equal(berth_packet_flip_bit(p, 8 * (berth_packet_bytes(p) - 1 - byte_from_end)),
			 0);
	/* As a frame from a wire: nothing is known of its checksum. */
	uint8_t frame[400];
	size_t bytes = berth_packet_copy(p, 0, frame, sizeof(frame));

	berth_packet_free(p);
	berth_input(pr.host[1], pr.ifindex[1], frame, bytes);
	return berth_recv(pr.host[1], to, data, sizeof(data), 0) == 100;
}

static void lite_family(int family)
{
	start(0, family, IPPROTO_UDPLITE);
	assert_int_equal(send_bytes(family, 10), 10);
	expect(0, 10);
	assert_false(arrives_with_flip(family, 0)); /* all is covered */
	option(0, from, IPPROTO_UDPLITE, 10, 8 + 20);
	assert_true(arrives_with_flip(family, 0));
	assert_true(arrives_with_flip(family, 79));
	assert_false(arrives_with_flip(family, 80)); /* the 20th byte */
	option(1, to, IPPROTO_UDPLITE, 11, 8 + 21);
	assert_false(arrives_with_flip(family, 0)); /* too little is covered for this one */
	option(1, to, IPPROTO_UDPLITE, 11, 8 + 20);
	assert_true(arrives_with_flip(family, 0));
	pair_fini(&pr);
}

static void lite_coverage(void **state)
{
	(void)state;
	lite_family(AF_INET);
	lite_family(AF_INET6);
}

/* RFC 8200 §8.1, RFC 6936. */
static void no_checksum(void **state)
{
	char buf[100];

	(void)state;
	start(0, AF_INET6, 0);
	assert_int_equal(send_bytes(AF_INET6, 10), 10);
	expect(0, 10);
	option(0, from, IPPROTO_UDP, 101, 1);
	assert_int_equal(send_bytes(AF_INET6, 10), 10);
	assert_int_equal(berth_recv(pr.host[1], to, buf, sizeof(buf), 0), -EAGAIN);
	option(1, to, IPPROTO_UDP, 102, 1);
	assert_int_equal(send_bytes(AF_INET6, 10), 10);
	expect(0, 10);
	pair_fini(&pr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_by_interface), cmocka_unit_test(cut_by_receiver),
		cmocka_unit_test(received_whole),   cmocka_unit_test(lite_coverage),
		cmocka_unit_test(no_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
