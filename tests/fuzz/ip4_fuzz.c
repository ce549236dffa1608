/* SPDX-License-Identifier: MIT */
/*
 * A router with sockets, and frames from an enemy on its links. The input is a list of frames, each
 * behind a control byte and a length of two bytes; time passes between them.
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
#include "wire/ip4_header.h"

#define FRAME_BYTES_MAX 2048u
#define FRAMES_MAX 64u

enum control {
	CONTROL_SECOND_LINK = 0x01,
	CONTROL_CHECKSUMS = 0x02,
	CONTROL_WAIT = 0x0c, /* which of waits[] */
	CONTROL_BARE = 0x10, /* the bytes start at the IPv4 header */
};

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

static void add_link(struct berth_stack *st, const char *name, uint8_t last, const char *text,
		     uint32_t mtu)
{
	const struct berth_netif_config config = {
		.name = name, .kind = BERTH_NETIF_ETHER, .mtu = mtu, .mac = {2, 0, 0, 0, 0, last}};
	struct sockaddr_in sin = address(text, 0);
	int ifindex = berth_netif_add(st, &config);

	must(ifindex > 0);
	must(berth_netif_set_up(st, (unsigned)ifindex, true) == 0);
	must(berth_addr_add(st, (unsigned)ifindex, (struct sockaddr *)&sin, 24) == 0);
}

static void add_sockets(struct berth_stack *st)
{
	struct sockaddr_in udp = address("0.0.0.0", 53);
	struct sockaddr_in tcp = address("0.0.0.0", 80);
	struct sockaddr_in peer = address("10.0.0.2", 4000);
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	must(fd >= 0 && berth_bind(st, fd, (struct sockaddr *)&udp, sizeof(udp)) == 0);
	fd = berth_socket(st, AF_INET, SOCK_STREAM, 0);
	must(fd >= 0 && berth_bind(st, fd, (struct sockaddr *)&tcp, sizeof(tcp)) == 0);
	must(berth_listen(st, fd, 4) == 0);
	fd = berth_socket(st, AF_INET, SOCK_STREAM, 0);
	must(fd >= 0);
	(void)berth_connect(st, fd, (struct sockaddr *)&peer, sizeof(peer)); /* -EINPROGRESS */
}

/* Makes the checksums of an IPv4 packet right where it is sane enough to have them. */
static void repair(uint8_t *at, size_t bytes)
{
	static const size_t fields[256] = {
		[IPPROTO_ICMP] = 2, [IPPROTO_TCP] = 16, [IPPROTO_UDP] = 6};
	struct reader r = reader_of(at, bytes);
	struct ip4_header h;
	size_t l4_bytes;
	size_t field;
	uint32_t sum = 0;

	if (!ip4_parse(&r, &h) || h.total_bytes > bytes)
		return;
	ip4_write_checksum(at, h.header_bytes);
	l4_bytes = (size_t)h.total_bytes - h.header_bytes;
	field = fields[h.protocol];
	if (ip4_is_fragment(&h) || field == 0 || l4_bytes < field + 2)
		return;
	at += h.header_bytes;
	store_be16(at + field, 0);
	if (h.protocol != IPPROTO_ICMP)
		sum = csum_pseudo4(h.src, h.dst, h.protocol, l4_bytes);
	store_be16(at + field, csum_finish(csum_add(at, l4_bytes, sum)));
}

/* What leaves has a header that parses and checksums that are right. */
static void drain(struct berth_stack *st)
{
	struct berth_packet *p;
	struct berth_event ev;
	unsigned ifindex;

	while ((p = berth_output(st, &ifindex))) {
		uint8_t head[ETHER_HEADER_BYTES + IP4_HEADER_BYTES_MAX];
		size_t n = berth_packet_copy(p, 0, head, sizeof(head));
		struct reader r = reader_of(head, n);
		struct ether_header e;
		struct ip4_header h;

		must(ether_parse(&r, &e));
		if (e.type == ETHER_TYPE_IP4) {
			must(ip4_parse(&r, &h));
			must(ip4_checksum_ok(head + ETHER_HEADER_BYTES, h.header_bytes));
			must(h.total_bytes == berth_packet_bytes(p) - ETHER_HEADER_BYTES);
		}
		berth_packet_free(p);
	}
	while (berth_next_event(st, &ev))
		continue;
}

static void give(struct berth_stack *st, uint8_t control, const uint8_t *data, size_t bytes)
{
	static const struct ether_header header = {
		.dst = {2, 0, 0, 0, 0, 1}, .src = {2, 0, 0, 0, 0, 9}, .type = ETHER_TYPE_IP4};
	uint8_t frame[ETHER_HEADER_BYTES + FRAME_BYTES_MAX];
	size_t at = 0;

	if (control & CONTROL_BARE) {
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const berth_time waits[] = {0, BERTH_MSEC, BERTH_SEC, 40 * BERTH_SEC};
	struct fuzz_host host = {.seed = 1};
	struct berth_pool *pool = berth_pool_new(NULL, 64u << 20);
	const struct berth_stack_config config = {
		.pool = pool,
		.random = fuzz_random,
		.ctx = &host,
		.forwarding = true,
		.limits = {.neighbours_max = 8, .frag_datagrams_max = 4, .frag_bytes_max = 65536},
	};
	struct berth_stack *st = berth_stack_new(&config);
	struct reader r = reader_of(data, bytes);
	berth_time now = 0;

	must(st != NULL);
	add_link(st, "eth0", 1, "10.0.0.1", 1500);
	add_link(st, "eth1", 1, "10.1.0.1", 600);
	add_sockets(st);
	for (unsigned i = 0; i < FRAMES_MAX && reader_left(&r) >= 3; i++) {
		uint8_t control = read_u8(&r);
		size_t n = read_be16(&r);

		n = n < reader_left(&r) ? n : reader_left(&r);
		give(st, control, read_bytes(&r, n), n);
		drain(st);
		now += waits[(control & CONTROL_WAIT) >> 2];
		berth_advance(st, now);
		drain(st);
	}
	berth_stack_free(st);
	must(pool_packets(pool) == 0 && pool_chunks(pool) <= 1);
	berth_pool_free(pool);
	return 0;
}
