/* SPDX-License-Identifier: MIT */
/*
 * Floods of packets that make a host remember something, each from somebody else and about
 * something else: neighbours, routers, prefixes, redirects, path MTUs, fragments, connections,
 * memberships, and datagrams that nobody reads. What is remembered is bounded, goes away with time,
 * and is given back; and the host still answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>

#define FRAMES 20000u
#define BYTES_MAX (16L << 20)

struct rig {
	struct berth_stack *st;
	long live;
	uint64_t state;
	berth_time now;
};

static void *get(void *ctx, size_t bytes)
{
	void *p = malloc(bytes);

	((struct rig *)ctx)->live += (long)malloc_usable_size(p);
	return p;
}

static void *change(void *ctx, void *ptr, size_t bytes)
{
	struct rig *r = ctx;
	void *p;

	r->live -= (long)malloc_usable_size(ptr);
	p = realloc(ptr, bytes);
	r->live += (long)malloc_usable_size(p);
	return p;
}

static void put(void *ctx, void *ptr)
{
	((struct rig *)ctx)->live -= (long)malloc_usable_size(ptr);
	free(ptr);
}

static uint32_t draw(struct rig *r)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(r->state >> 32);
}

static void fill(void *ctx, void *buf, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((uint8_t *)buf)[i] = (uint8_t)draw(ctx);
}

static void add_address(struct rig *r, int family, const char *text, unsigned prefix)
{
	struct sockaddr_storage ss = {.ss_family = (sa_family_t)family};
	void *at = family == AF_INET ? (void *)&((struct sockaddr_in *)(void *)&ss)->sin_addr
				     : (void *)&((struct sockaddr_in6 *)(void *)&ss)->sin6_addr;

	assert_int_equal(inet_pton(family, text, at), 1);
	assert_int_equal(berth_addr_add(r->st, 2, (struct sockaddr *)(void *)&ss, prefix), 0);
}

static void open_sockets(struct rig *r)
{
	const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(7)};
	int stream = berth_socket(r->st, AF_INET6, SOCK_STREAM, 0);
	int dgram = berth_socket(r->st, AF_INET6, SOCK_DGRAM, 0);

	assert_int_equal(berth_bind(r->st, stream, (const void *)&any, sizeof(any)), 0);
	assert_int_equal(berth_listen(r->st, stream, 128), 0);
	assert_int_equal(berth_bind(r->st, dgram, (const void *)&any, sizeof(any)), 0);
	assert_true(berth_socket(r->st, AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
	assert_true(berth_socket(r->st, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6) >= 0);
	assert_true(berth_socket(r->st, AF_PACKET, SOCK_RAW, htons(3)) >= 0);
}

static void setup(struct rig *r)
{
	const struct berth_netif_config eth = {
		.name = "eth0", .kind = BERTH_NETIF_ETHER, .mac = {2, 0, 0, 0, 0, 1}};
	const struct berth_stack_config config = {
		.mem = {get, change, put, r}, .random = fill, .ctx = r, .now = BERTH_SEC};

	*r = (struct rig){.now = BERTH_SEC, .state = 7};
	r->st = berth_stack_new(&config);
	assert_non_null(r->st);
	assert_int_equal(berth_netif_add(r->st, &eth), 2);
	assert_int_equal(berth_netif_set_up(r->st, 2, true), 0);
	add_address(r, AF_INET, "10.0.0.1", 8);
	add_address(r, AF_INET6, "fd00::1", 64);
	add_address(r, AF_INET6, "fe80::1", 64);
	open_sockets(r);
}

static uint32_t sum(const uint8_t *data, size_t bytes)
{
	uint32_t s = 0;

	for (size_t i = 0; i < bytes; i++)
		s += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	return s;
}

static void store_sum(uint8_t *at, uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	at[0] = (uint8_t)(~s >> 8);
	at[1] = (uint8_t)~s;
}

/* Behind an Ethernet header, from a stranger. `check`: where in the body its checksum is. */
static void input6(struct rig *r, uint8_t next, uint8_t hops, bool on_link, const uint8_t *body,
		   size_t bytes, size_t check)
{
	uint8_t f[14 + 40 + 200] = {2, 0, 0, 0, 0, 1, 2, 9, 0, 0, 0, 0, 0x86, 0xdd, 0x60};
	uint8_t *ip = f + 14;
	uint32_t who = draw(r);

	memcpy(f + 8, &who, 4);
	ip[5] = (uint8_t)bytes;
	ip[6] = next;
	ip[7] = hops;
	ip[8] = on_link ? 0xfe : 0xfd;
	ip[9] = on_link ? 0x80 : 0;
	memcpy(ip + 20, &who, 4);
	ip[24] = on_link ? 0xfe : 0xfd;
	ip[25] = on_link ? 0x80 : 0;
	ip[39] = 1;
	memcpy(ip + 40, body, bytes);
	if (next != 44)
		store_sum(ip + 40 + check,
			  sum(ip + 8, 32) + sum(ip + 40, bytes) + next + (uint32_t)bytes);
	berth_input(r->st, 2, f, 54 + bytes);
}

static void input4(struct rig *r, uint8_t protocol, uint16_t frag, const uint8_t *body,
		   size_t bytes, size_t check)
{
	uint8_t f[14 + 20 + 200] = {2, 0, 0, 0, 0, 1, 2, 9, 0, 0, 0, 0, 8, 0, 0x45};
	uint8_t *ip = f + 14;
	uint32_t who = draw(r);

	memcpy(f + 8, &who, 4);
	ip[3] = (uint8_t)(20 + bytes);
	memcpy(ip + 4, &who, 2);
	ip[6] = (uint8_t)(frag >> 8);
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, &who, 4);
	ip[12] = 10;
	ip[16] = 10;
	ip[19] = 1;
	store_sum(ip + 10, sum(ip, 20));
	memcpy(ip + 20, body, bytes);
	if (frag == 0)
		store_sum(ip + 20 + check,
			  sum(ip + 20, bytes) +
				  (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP
					   ? sum(ip + 12, 8) + protocol + (uint32_t)bytes
					   : 0));
	berth_input(r->st, 2, f, 34 + bytes);
}

/* Neighbour discovery: type, and what follows its first eight bytes is random but for some. */
static void discovery(struct rig *r, unsigned which)
{
	uint8_t b[72] = {0};

	fill(r, b + 8, 64);
	switch (which) {
	case 0: /* a solicitation for our address */
		b[0] = 135;
		memcpy(b + 8, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\1", 18);
		input6(r, IPPROTO_ICMPV6, 255, true, b, 32, 2);
		break;
	case 1: /* an advertisement of a router, with a prefix */
		b[0] = 134;
		memcpy(b + 4, "\x40\0\x07\x08\0\0\0\0\0\0\0\0\3\4\x40\xc0\0\1\0\0\0\1\0\0", 24);
		b[32] = 0x20;
		input6(r, IPPROTO_ICMPV6, 255, true, b, 48, 2);
		break;
	case 2: /* a redirect */
		b[0] = 137;
		memcpy(b + 8, "\xfe\x80", 2);
		input6(r, IPPROTO_ICMPV6, 255, true, b, 40, 2);
		break;
	case 3: /* a path MTU, of a datagram that could be ours */
		b[0] = 2;
		memcpy(b + 4, "\0\0\5\0\x60\0\0\0\0\x08\x11\x40\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
		       28);
		memcpy(b + 48, "\0\7\0\7\0\x08\0\0", 8);
		input6(r, IPPROTO_ICMPV6, 64, false, b, 56, 2);
		break;
	default: /* a query of the multicast listeners */
		b[0] = 130;
		input6(r, IPPROTO_ICMPV6, 1, true, b, 28, 2);
	}
}

static void transport(struct rig *r, unsigned which)
{
	uint8_t tcp[20] = {0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff};
	uint8_t udp[108] = {0, 9, 0, 7, 0, 108};
	uint8_t part[48] = {IPPROTO_UDP, 0, 0, 1};
	uint8_t unreachable[36] = {3, 4, 0, 0, 0, 0, 2, 0x58, 0x45, 0, 0, 60, 0, 1, 0, 0, 64, 17};

	fill(r, tcp, 2);
	fill(r, tcp + 4, 4);
	fill(r, part + 4, 44);
	memcpy(unreachable + 20, "\x0a\0\0\1", 4);
	fill(r, unreachable + 24, 4);
	memcpy(unreachable + 28, "\0\7\0\7\0\x28\0\0", 8);
	switch (which) {
	case 0:
		input6(r, IPPROTO_TCP, 64, false, tcp, 20, 16);
		break;
	case 1:
		input4(r, IPPROTO_TCP, 0, tcp, 20, 16);
		break;
	case 2:
		input6(r, IPPROTO_UDP, 64, false, udp, 108, 6);
		break;
	case 3:
		input4(r, IPPROTO_UDP, 0, udp, 108, 6);
		break;
	case 4:
		input6(r, 44, 64, false, part, 48, 0);
		break;
	case 5:
		input4(r, IPPROTO_UDP, 0x2000, part, 48, 0);
		break;
	default:
		input4(r, IPPROTO_ICMP, 0, unreachable, 36, 2);
	}
}

static void drain(struct rig *r)
{
	struct berth_packet *p;
	unsigned ifindex;

	while ((p = berth_output(r->st, &ifindex)))
		berth_packet_free(p);
}

/* The most that was alive at any time. */
static long flood(struct rig *r, unsigned which)
{
	long most = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		if (which < 5)
			discovery(r, which);
		else
			transport(r, which - 5);
		r->now += 100 * BERTH_USEC;
		berth_advance(r->st, r->now);
		drain(r);
		most = r->live > most ? r->live : most;
	}
	return most;
}

static void test_floods(void **state)
{
	struct rig r;
	long quiet;
	long kinds[12];

	(void)state;
	setup(&r);
	quiet = r.live;
	for (unsigned which = 0; which < 12; which++) {
		kinds[which] = flood(&r, which);
		if (kinds[which] > BYTES_MAX)
			fail_msg("flood %u: %ld bytes", which, kinds[which]);
	}
	/* The same again finds no more room than before. */
	for (unsigned which = 0; which < 12; which++)
		assert_in_range(flood(&r, which), 0, kinds[11] + kinds[11] / 4 + (1 << 20));
	assert_true(quiet < kinds[0]);
	berth_stack_free(r.st);
	assert_int_equal(r.live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_floods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
