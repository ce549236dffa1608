/* SPDX-License-Identifier: MIT */
/*
 * Everything in wire/ on arbitrary bytes, as a frame that arrives would meet it, with the checks
 * that must hold for whatever parses: lengths agree with what was read, and writing it again gives
 * a header that parses to the same.
 *
 * Built by meson setup -Dfuzz=true with clang; run as build/tests/fuzz/wire_fuzz
 * tests/fuzz/corpus/wire.
 */
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "pkt/packet.h"
#include "wire/arp_packet.h"
#include "wire/ether_header.h"
#include "wire/group_message.h"
#include "wire/icmp_header.h"
#include "wire/ip4_header.h"
#include "wire/ip6_header.h"
#include "wire/nd_message.h"
#include "wire/print.h"
#include "wire/tcp_header.h"
#include "wire/udp_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void try_tcp(struct reader r)
{
	struct tcp_header h;
	struct tcp_header again;
	uint8_t out[TCP_HEADER_BYTES_MAX];

	if (!tcp_parse(&r, &h))
		return;
	ASSERT(h.header_bytes >= TCP_HEADER_BYTES && h.header_bytes <= TCP_HEADER_BYTES_MAX);
	ASSERT(h.options.sack_count <= TCP_SACKS_MAX && h.options.wscale <= 14);
	ASSERT(h.options.cookie_bytes <= TCP_COOKIE_BYTES_MAX);
	/* Without padding it may have been shorter than we write it. */
	if (tcp_options_bytes(&h.options) > TCP_HEADER_BYTES_MAX - TCP_HEADER_BYTES)
		return;
	struct reader w = reader_of(out, tcp_write(out, &h));

	ASSERT(tcp_parse(&w, &again) && reader_left(&w) == 0);
	ASSERT(again.seq == h.seq && again.flags == h.flags);
	ASSERT(again.options.has_ts == h.options.has_ts);
	ASSERT(again.options.sack_count == h.options.sack_count);
	ASSERT(again.options.cookie_bytes == h.options.cookie_bytes);
}

static void try_ip4(struct reader r)
{
	struct ip4_header h;
	struct ip4_option option;
	uint8_t out[IP4_HEADER_BYTES_MAX];
	const uint8_t *at = r.at;

	if (!ip4_parse(&r, &h))
		return;
	ASSERT(h.header_bytes == ip4_peek_header_bytes(at) && h.total_bytes >= h.header_bytes);
	ip4_write(out, &h);
	(void)ip4_checksum_ok(at, h.header_bytes); /* right or not, it must not read too far */
	struct reader options = reader_of(h.options, h.options_len);
	size_t sum = 0;

	while (ip4_option_next(&options, &option)) {
		ASSERT(option.bytes >= 2 && option.type > IP4_OPT_NOP);
		sum += option.bytes;
	}
	ASSERT(sum <= h.options_len);
	struct udp_header udp;
	struct reader l4 = r;

	if (udp_parse(&l4, &udp))
		udp_write(out, &udp);
	try_tcp(r);
}

static void try_icmp(struct reader r)
{
	struct icmp_header h;
	uint8_t out[ICMP_HEADER_BYTES];

	if (!icmp_parse(&r, &h))
		return;
	icmp_write(out, &h);
	if (icmp_is_error(h.type))
		try_ip4(r);
}

static void try_group_query(const uint8_t *data, size_t bytes, bool v6)
{
	struct group_query q;

	if (!group_query_parse(data, bytes, v6, &q))
		return;
	ASSERT(q.version >= 1 && q.version <= 3 && q.response_ms > 0);
	ASSERT(q.version == 3 || q.source_count == 0);
	for (unsigned i = 0; i < q.source_count; i++) {
		struct ipaddr a = group_query_source(&q, i, v6);

		ASSERT(v6 || ipaddr_is4(&a));
	}
}

static void try_ip6(struct reader r)
{
	struct ip6_header h;
	struct ip6_header again;
	struct ip6_ext_header e;
	struct ip6_option o;
	uint8_t out[IP6_HEADER_BYTES];
	uint8_t next;

	if (!ip6_parse(&r, &h))
		return;
	ip6_write(out, &h);
	struct reader w = reader_of(out, sizeof(out));

	ASSERT(ip6_parse(&w, &again) && again.flow_label == h.flow_label &&
	       again.tclass == h.tclass && again.payload_bytes == h.payload_bytes);
	for (next = h.next; ip6_ext_next(&r, next, &e); next = e.next) {
		struct reader options = reader_of(e.at + 2, e.bytes - 2u);

		ASSERT(e.bytes >= 8 && e.at + e.bytes == r.at);
		while (ip6_option_next(&options, &o))
			ASSERT(o.type > IP6_OPT_PADN && o.at + 2 + o.bytes <= options.end);
	}
}

/* Every message of neighbour discovery, whatever the type says, and its options. */
static void try_nd(struct reader r)
{
	struct nd_router_advert router;
	struct nd_redirect redirect;
	struct nd_prefix prefix;
	struct nd_option o;
	struct reader first = r;
	uint8_t out[ND_REDIRECT_BYTES];
	uint8_t mac[6];
	uint32_t mtu;

	if (nd_redirect_parse(&first, &redirect)) {
		(void)nd_redirect_write(out, &redirect);
		ASSERT(memcmp(out + 8, r.at + 8, sizeof(out) - 8) == 0);
	}
	if (!nd_router_advert_parse(&r, &router))
		return;
	(void)nd_router_advert_write(out, &router);
	while (nd_option_next(&r, &o)) {
		ASSERT(o.bytes >= 8 && o.at + o.bytes == r.at);
		(void)nd_option_mac(&o, mac);
		(void)nd_option_mtu(&o, &mtu);
		(void)nd_option_prefix(&o, &prefix);
	}
}

static void try_packet(struct berth_pool *pool, const uint8_t *data, size_t bytes)
{
	char line[120];
	struct berth_packet *p = packet_from(pool, data, bytes);

	if (p == NULL)
		return;
	size_t n = print_packet(p, line, sizeof(line));

	ASSERT(n < sizeof(line) && strlen(line) == n);
	packet_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct reader r = reader_of(data, bytes);
	struct ether_header ether;
	struct arp_packet arp;
	struct berth_pool *pool = pool_new(NULL, 0);

	if (pool == NULL)
		return 0;
	if (ether_parse(&r, &ether)) {
		struct reader a = r;
		uint8_t out[ARP_PACKET_BYTES];

		if (arp_parse(&a, &arp)) {
			arp_write(out, &arp);
			ASSERT(memcmp(out, r.at, sizeof(out)) == 0);
		}
		try_group_query(r.at, reader_left(&r), false);
		try_group_query(r.at, reader_left(&r), true);
		try_ip4(r);
		try_icmp(r);
		try_ip6(r);
		try_nd(r);
		try_tcp(r);
	}
	try_packet(pool, data, bytes);
	ASSERT(pool_packets(pool) == 0 && pool_chunks(pool) == 0);
	pool_free(pool);
	return 0;
}
