/* SPDX-License-Identifier: MIT */
/*
 * A host with IPv6 and sockets, and frames from an enemy on its links. The input is a list of
 * frames, each behind a control byte and a length of two bytes; time passes between them, and the
 * host may turn into a router that advertises itself.
 *
 * Checksums are made right when the control byte says so: a fuzzer would not find them.
 *
 * What must hold: nothing crashes, every packet is given back, and nothing sent is malformed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <berth/berth.h>

#include "base/check.h"
#include "host.h"
#include "pkt/csum.h"
#include "pkt/packet.h"
#include "wire/ether_header.h"
#include "wire/ip6_header.h"

#define FRAME_BYTES_MAX 2048u
#define FRAMES_MAX 64u

enum control {
	CONTROL_SECOND_LINK = 0x01,
	CONTROL_CHECKSUMS = 0x02,
	CONTROL_WAIT = 0x0c, /* which of waits[] */
	CONTROL_BARE = 0x10, /* the bytes start at the IPv6 header */
	CONTROL_ROUTER = 0x20,
	CONTROL_GROUP = 0x40, /* with BARE: to the link address of a group */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void must(bool condition)
{
	ASSERT(condition);
}

static struct sockaddr_in6 address(const char *text, uint16_t port)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	must(inet_pton(AF_INET6, text, &sin6.sin6_addr) == 1);
	return sin6;
}

static void knob(struct berth_stack *st, const char *name, int value)
{
	must(berth_stack_sysctl_set(st, name, value) == 0);
}

static void add_link(struct berth_stack *st, const char *name, uint8_t last, const char *text,
		     uint32_t mtu)
{
	const struct berth_netif_config config = {
		.name = name, .kind = BERTH_NETIF_ETHER, .mtu = mtu, .mac = {2, 0, 0, 0, 0, last}};
	struct sockaddr_in6 sin6 = address(text, 0);
	int ifindex = berth_netif_add(st, &config);

	must(ifindex > 0);
	must(berth_netif_set_up(st, (unsigned)ifindex, true) == 0);
	must(berth_addr_add(st, (unsigned)ifindex, (struct sockaddr *)&sin6, 64) == 0);
}

static void add_sockets(struct berth_stack *st)
{
	struct sockaddr_in6 udp = address("::", 53);
	struct sockaddr_in6 tcp = address("::", 80);
	struct sockaddr_in6 peer = address("fd09::2", 4000);
	int fd = berth_socket(st, AF_INET6, SOCK_DGRAM, 0);

	must(fd >= 0 && berth_bind(st, fd, (struct sockaddr *)&udp, sizeof(udp)) == 0);
	fd = berth_socket(st, AF_INET6, SOCK_STREAM, 0);
	must(fd >= 0 && berth_bind(st, fd, (struct sockaddr *)&tcp, sizeof(tcp)) == 0);
	must(berth_listen(st, fd, 4) == 0);
	fd = berth_socket(st, AF_INET6, SOCK_STREAM, 0);
	must(fd >= 0);
	(void)berth_connect(st, fd, (struct sockaddr *)&peer, sizeof(peer)); /* -EINPROGRESS */
}

/* Makes the transport checksum of an IPv6 packet right where it has one. */
static void repair(uint8_t *at, size_t bytes)
{
	static const size_t fields[256] = {
		[IPPROTO_ICMPV6] = 2, [IPPROTO_TCP] = 16, [IPPROTO_UDP] = 6};
	struct reader r = reader_of(at, bytes);
	struct ip6_ext_header e;
	struct ip6_header h;
	uint8_t next;
	size_t field;
	uint32_t sum;

	if (!ip6_parse(&r, &h) || h.payload_bytes > reader_left(&r))
		return;
	r.end = r.at + h.payload_bytes;
	for (next = h.next; ip6_ext_next(&r, next, &e); next = e.next) {
		if (next == IP6_FRAGMENT)
			return;
	}
	field = fields[next];
	if (!r.ok || field == 0 || reader_left(&r) < field + 2)
		return;
	at += r.at - at;
	store_be16(at + field, 0);
	sum = csum_pseudo6(h.src.bytes, h.dst.bytes, next, reader_left(&r));
	store_be16(at + field, csum_finish(csum_add(at, reader_left(&r), sum)));
}

/* The checksum of what leaves, with all headers before it. */
static void check_sent(const uint8_t *at, size_t bytes)
{
	struct reader r = reader_of(at, bytes);
	struct ip6_ext_header e;
	struct ip6_header h;
	uint8_t next;

	must(ip6_parse(&r, &h));
	must(h.payload_bytes == bytes - IP6_HEADER_BYTES);
	must(!ipaddr_is_multicast(&h.src) && !ipaddr_is4(&h.src));
	for (next = h.next; ip6_ext_next(&r, next, &e); next = e.next) {
		if (next == IP6_FRAGMENT)
			return;
	}
	if (next == IPPROTO_ICMPV6 && r.ok)
		must(csum_finish(csum_add(
			     r.at, reader_left(&r),
			     csum_pseudo6(h.src.bytes, h.dst.bytes, next, reader_left(&r)))) == 0);
}

/* `forwarded`: frames of others may leave, with whatever is in them. */
static void drain(struct berth_stack *st, bool forwarded)
{
	static uint8_t frame[70000];
	struct berth_packet *p;
	struct berth_event ev;
	unsigned ifindex;

	while ((p = berth_output(st, &ifindex))) {
		size_t n = berth_packet_copy(p, 0, frame, sizeof(frame));
		struct reader r = reader_of(frame, n);
		struct ether_header e;

		must(ether_parse(&r, &e));
		if (e.type == ETHER_TYPE_IP6 && !forwarded)
			check_sent(r.at, reader_left(&r));
		berth_packet_free(p);
	}
	while (berth_next_event(st, &ev))
		continue;
}

static void give(struct berth_stack *st, uint8_t control, const uint8_t *data, size_t bytes)
{
	struct ether_header header = {
		.dst = {2, 0, 0, 0, 0, 1}, .src = {2, 0, 0, 0, 0, 9}, .type = ETHER_TYPE_IP6};
	uint8_t frame[ETHER_HEADER_BYTES + FRAME_BYTES_MAX];
	size_t at = 0;

	if (control & CONTROL_BARE) {
		if (control & CONTROL_GROUP)
			memcpy(header.dst, "\x33\x33\0\0\0\1", 6);
		ether_write(frame, &header);
		at = ETHER_HEADER_BYTES;
	}
	if (bytes > FRAME_BYTES_MAX)
		bytes = FRAME_BYTES_MAX;
	if (bytes > 0)
		memcpy(frame + at, data, bytes);
	bytes += at;
	if ((control & CONTROL_CHECKSUMS) && bytes > ETHER_HEADER_BYTES)
		repair(frame + ETHER_HEADER_BYTES, bytes - ETHER_HEADER_BYTES);
	berth_input(st, control & CONTROL_SECOND_LINK ? 3 : 2, frame, bytes);
}

static struct berth_stack *host_new(struct berth_pool *pool, struct fuzz_host *host)
{
	const struct berth_stack_config config = {
		.pool = pool,
		.random = fuzz_random,
		.ctx = host,
		.limits = {.neighbours_max = 8, .frag_datagrams_max = 4, .frag_bytes_max = 65536},
	};
	struct berth_stack *st = berth_stack_new(&config);

	must(st != NULL);
	knob(st, "net.ipv6.conf.default.addr_gen_mode", 2);
	add_link(st, "eth0", 1, "fd09::1", 1500);
	add_link(st, "eth1", 1, "fd0a::1", 1300);
	add_sockets(st);
	return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const berth_time waits[] = {0, BERTH_MSEC, BERTH_SEC, 70 * BERTH_SEC};
	struct fuzz_host host = {.seed = 1};
	struct berth_pool *pool = berth_pool_new(NULL, 64u << 20);
	struct berth_stack *st = host_new(pool, &host);
	struct reader r = reader_of(data, bytes);
	bool forwarded = false;
	berth_time now = 0;

	for (unsigned i = 0; i < FRAMES_MAX && reader_left(&r) >= 3; i++) {
		uint8_t control = read_u8(&r);
		size_t n = read_be16(&r);
		bool router = control & CONTROL_ROUTER;

		forwarded |= router;
		knob(st, "net.ipv6.conf.all.forwarding", router);
		knob(st, "net.ipv6.conf.eth0.adv_send", router);
		n = n < reader_left(&r) ? n : reader_left(&r);
		give(st, control, read_bytes(&r, n), n);
		drain(st, forwarded);
		now += waits[(control & CONTROL_WAIT) >> 2];
		berth_advance(st, now);
		drain(st, forwarded);
	}
	berth_stack_free(st);
	must(pool_packets(pool) == 0 && pool_chunks(pool) <= 1);
	berth_pool_free(pool);
	return 0;
}
