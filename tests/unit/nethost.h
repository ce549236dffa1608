/* SPDX-License-Identifier: MIT */
/*
 * A host as link/ and net/ see it, for scripts of frames in and frames out: lo, and eth0 with
 * 10.0.0.1/24 on a link where everybody else is played by the test.
 */
#ifndef TESTS_UNIT_NETHOST_H
#define TESTS_UNIT_NETHOST_H

#include <errno.h>
#include <netinet/in.h>

#include <berth/stack.h>

#include "fixture.h"
#include "link/links.h"
#include "link/neigh.h"
#include "net/addr.h"
#include "net/net.h"
#include "net/route.h"
#include "pkt/csum.h"
#include "wire/arp_packet.h"
#include "wire/ether_header.h"
#include "wire/icmp_header.h"
#include "wire/ip4_header.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))
#define ME IP(10, 0, 0, 1)
#define PEER IP(10, 0, 0, 2)
#define STRANGER IP(10, 0, 0, 77)
#define ROUTER IP(10, 0, 0, 254)
#define AFAR IP(192, 0, 2, 9)

static const uint8_t my_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t other_mac[6] = {2, 0, 0, 0, 0, 3};

/* A frame as bytes. */
struct frame {
	size_t bytes;
	uint8_t data[70000];
};

struct nethost {
	struct fixture f;
	struct berth_pool *pool;
	struct links *links;
	struct net *net;
	unsigned lo, eth;
	/* What a registered protocol was given. */
	unsigned inputs, errors;
	struct ip_info info;
	struct ip_error error;
	size_t payload_bytes;
	uint8_t payload[66000];
	uint8_t error_l4[64];
	uint8_t ext[256];   /* what info.ext pointed to */
	bool refuse_errors; /* concerns() says no */
};

static inline void nethost_on_input(void *ctx, struct berth_packet *p, const struct ip_info *info)
{
	struct nethost *h = ctx;

	h->inputs++;
	h->info = *info;
	if (info->ext_bytes)
		memcpy(h->ext, info->ext, info->ext_bytes);
	h->payload_bytes = packet_copy_out(p, 0, h->payload, sizeof(h->payload));
	packet_free(p);
}

static inline void nethost_on_error(void *ctx, const struct ip_error *e)
{
	struct nethost *h = ctx;

	h->errors++;
	h->error = *e;
	memcpy(h->error_l4, e->l4, e->l4_bytes < 64 ? e->l4_bytes : 64);
}

static inline bool nethost_concerns(void *ctx, const struct ip_error *e)
{
	struct nethost *h = ctx;

	(void)e;
	return !h->refuse_errors;
}

/* The next frame that the host sends; false: none. */
static inline bool frame_out(struct nethost *h, struct frame *out)
{
	unsigned ifindex;
	struct berth_packet *p = links_output(h->links, &ifindex);

	if (!p)
		return false;
	packet_complete(p);
	out->bytes = packet_copy_out(p, 0, out->data, sizeof(out->data));
	packet_free(p);
	return true;
}

static inline unsigned frames_drain(struct nethost *h)
{
	unsigned n = 0;
	struct berth_packet *p;
	unsigned ifindex;

	for (; (p = links_output(h->links, &ifindex)); n++)
		packet_free(p);
	return n;
}

static inline void frame_in_if(struct nethost *h, unsigned ifindex, const struct frame *frame)
{
	struct berth_packet *p = packet_from(h->pool, frame->data, frame->bytes);

	if (!p) { /* a test of allocations that fail */
		assert_int_not_equal(h->f.fail_at, 0);
		return;
	}
	links_input(h->links, ifindex, p);
	while (links_run(h->links))
		continue;
}

static inline void frame_in(struct nethost *h, const struct frame *frame)
{
	frame_in_if(h, h->eth, frame);
}

/* Lets time pass up to `now`, timer by timer. */
static inline void pass(struct nethost *h, berth_time ns)
{
	berth_time until = h->f.env.now + ns;
	berth_time next;

	while ((next = timers_deadline(&h->f.env.timers)) <= until) {
		h->f.env.now = next > h->f.env.now ? next : h->f.env.now;
		timers_run(&h->f.env);
		while (links_run(h->links))
			continue;
	}
	h->f.env.now = until;
}

static inline unsigned nethost_add_eth(struct nethost *h, const char *name, const uint8_t mac[6],
				       uint32_t address, unsigned prefix_len)
{
	struct berth_netif_config config = {.name = name, .kind = BERTH_NETIF_ETHER};
	struct ipaddr a = ipaddr_from4(address);
	int ifindex;

	memcpy(config.mac, mac, 6);
	ifindex = links_add(h->links, &config);
	assert_true(ifindex > 0);
	netif_set_up(links_get(h->links, (unsigned)ifindex), true);
	assert_int_equal(addr_add(h->net, (unsigned)ifindex, &a, prefix_len), 0);
	return (unsigned)ifindex;
}

static inline void nethost_register(struct nethost *h, uint8_t protocol)
{
	const struct ip_protocol handler = {nethost_on_input, nethost_on_error, nethost_concerns,
					    h};

	net_register(h->net, protocol, &handler);
}

static inline void nethost_init(struct nethost *h, uint64_t seed)
{
	struct berth_netif_config lo = {
		.name = "lo", .kind = BERTH_NETIF_LOOPBACK, .mtu = 65536, .features = 3};
	struct ipaddr localhost = ipaddr_from4(0x7f000001);

	memset(h, 0, sizeof(*h));
	fixture_init(&h->f, seed);
	h->f.env.now = 1000 * BERTH_SEC;
	h->f.env.limits = (struct berth_limits){
		.neighbours_max = 64,
		.neighbour_queue_max = 4,
		.frag_bytes_max = 1u << 20,
		.frag_datagrams_max = 8,
		.txq_packets_max = 100,
	};
	h->f.env.knobs.ip_default_ttl = 64;
	h->f.env.knobs.icmp_ratelimit = 1000;
	h->f.env.knobs.icmp_echo_ignore_broadcasts = 1;
	h->pool = berth_pool_new(&h->f.env.mem, 0);
	assert_non_null(h->pool);
	h->f.env.pool = h->pool;
	h->links = links_new(&h->f.env);
	assert_non_null(h->links);
	h->net = net_new(&h->f.env, h->links);
	assert_non_null(h->net);
	h->lo = (unsigned)links_add(h->links, &lo);
	netif_set_up(links_get(h->links, h->lo), true);
	assert_int_equal(addr_add(h->net, h->lo, &localhost, 8), 0);
	h->eth = nethost_add_eth(h, "eth0", my_mac, ME, 24);
	frames_drain(h);
	nethost_register(h, IPPROTO_UDP);
}

static inline void nethost_fini(struct nethost *h)
{
	net_free(h->net);
	links_free(h->links);
	assert_int_equal(pool_packets(h->pool), 0);
	berth_pool_free(h->pool);
	fixture_fini(&h->f);
}

static inline uint64_t drops_of(const struct nethost *h, enum drop reason)
{
	return h->f.env.drops[reason];
}

/* Building frames. */

static inline void frame_ether(struct frame *f, const uint8_t dst[6], const uint8_t src[6],
			       uint16_t type)
{
	struct ether_header e = {.type = type};

	memcpy(e.dst, dst, 6);
	memcpy(e.src, src, 6);
	ether_write(f->data, &e);
	f->bytes = ETHER_HEADER_BYTES;
}

static inline void frame_arp(struct frame *f, const uint8_t dst[6], uint16_t op,
			     const uint8_t sender_mac[6], uint32_t sender, uint32_t target)
{
	struct arp_packet a = {.op = op, .sender_ip = sender, .target_ip = target};

	memcpy(a.sender_mac, sender_mac, 6);
	memcpy(a.target_mac, dst, 6);
	frame_ether(f, dst, sender_mac, ETHER_TYPE_ARP);
	arp_write(f->data + f->bytes, &a);
	f->bytes += ARP_PACKET_BYTES;
}

static inline struct ip4_header ip_header(uint32_t src, uint32_t dst, uint8_t protocol)
{
	return (struct ip4_header){.src = src,
				   .dst = dst,
				   .protocol = protocol,
				   .ttl = 64,
				   .id = 7,
				   .header_bytes = IP4_HEADER_BYTES};
}

/* A frame with `bytes` bytes of payload behind header `h`, whose lengths are filled in. */
static inline void frame_ip(struct frame *f, struct ip4_header *h, const void *payload,
			    size_t bytes)
{
	uint8_t *at;

	frame_ether(f, my_mac, peer_mac, ETHER_TYPE_IP4);
	at = f->data + f->bytes;
	h->header_bytes = (uint8_t)(IP4_HEADER_BYTES + h->options_len);
	h->total_bytes = (uint16_t)(h->header_bytes + bytes);
	ip4_write(at, h);
	ip4_write_checksum(at, h->header_bytes);
	if (bytes)
		memcpy(at + h->header_bytes, payload, bytes);
	f->bytes += h->total_bytes;
}

static inline size_t icmp_message(uint8_t *out, const struct icmp_header *icmp, const void *body,
				  size_t bytes)
{
	icmp_write(out, icmp);
	if (bytes)
		memcpy(out + ICMP_HEADER_BYTES, body, bytes);
	bytes += ICMP_HEADER_BYTES;
	store_be16(out + 2, csum_finish(csum_add(out, bytes, 0)));
	return bytes;
}

/* Reading frames. */

static inline struct ether_header ether_of(const struct frame *f)
{
	struct reader r = reader_of(f->data, f->bytes);
	struct ether_header e;

	assert_true(ether_parse(&r, &e));
	return e;
}

static inline struct arp_packet arp_of(const struct frame *f)
{
	struct reader r = reader_of(f->data + ETHER_HEADER_BYTES, f->bytes - ETHER_HEADER_BYTES);
	struct arp_packet a;

	assert_int_equal(ether_of(f).type, ETHER_TYPE_ARP);
	assert_true(arp_parse(&r, &a));
	return a;
}

static inline struct ip4_header ip_of(const struct frame *f)
{
	struct reader r = reader_of(f->data + ETHER_HEADER_BYTES, f->bytes - ETHER_HEADER_BYTES);
	struct ip4_header h;

	assert_int_equal(ether_of(f).type, ETHER_TYPE_IP4);
	assert_true(ip4_parse(&r, &h));
	assert_true(ip4_checksum_ok(f->data + ETHER_HEADER_BYTES, h.header_bytes));
	assert_int_equal(h.total_bytes, f->bytes - ETHER_HEADER_BYTES);
	return h;
}

/* What is behind the IPv4 header. */
static inline const uint8_t *l4_of(const struct frame *f, size_t *out_bytes)
{
	struct ip4_header h = ip_of(f);

	*out_bytes = (size_t)h.total_bytes - h.header_bytes;
	return f->data + ETHER_HEADER_BYTES + h.header_bytes;
}

static inline struct icmp_header icmp_of(const struct frame *f)
{
	size_t bytes;
	const uint8_t *at = l4_of(f, &bytes);
	struct reader r = reader_of(at, bytes);
	struct icmp_header icmp;

	assert_int_equal(ip_of(f).protocol, IPPROTO_ICMP);
	assert_true(icmp_parse(&r, &icmp));
	assert_int_equal(csum_finish(csum_add(at, bytes, 0)), 0);
	return icmp;
}

/* Sending from the host. */

static inline struct berth_packet *payload_packet(struct nethost *h, const void *data, size_t bytes)
{
	struct berth_packet *p = packet_new(h->pool);

	assert_non_null(p);
	if (bytes)
		assert_int_equal(packet_append_copy(p, data, bytes), 0);
	return p;
}

/* Sends `bytes` bytes of protocol UDP (which need not look like it). */
static inline int send_bytes(struct nethost *h, uint32_t dst, const void *data, size_t bytes,
			     struct ip_send send)
{
	struct ipaddr any = ipaddr_from4(0);
	struct ipaddr to = ipaddr_from4(dst);
	struct ip_path path;
	int err = ip_path_find(h->net, &to, &any, 0, &path);

	if (err)
		return err;
	send.protocol = IPPROTO_UDP;
	return ip_output(h->net, payload_packet(h, data, bytes), &path, &send);
}

/* The host learns who `address` is. */
static inline void learn(struct nethost *h, uint32_t address, const uint8_t mac[6])
{
	struct frame f;

	frame_arp(&f, my_mac, ARP_REQUEST, mac, address, ME);
	frame_in(h, &f);
	frames_drain(h);
}

static inline int route_via(struct nethost *h, uint32_t dst, unsigned prefix_len, uint32_t gateway)
{
	struct ipaddr gw = ipaddr_from4(gateway);
	const struct route_config config = {
		.dst = ipaddr_from4(dst),
		.prefix_len = prefix_len,
		.gateway = gateway ? &gw : NULL,
		.ifindex = gateway ? 0 : h->eth,
	};

	return route_add(h->net, &config);
}

#endif
