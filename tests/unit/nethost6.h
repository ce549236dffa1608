/* SPDX-License-Identifier: MIT */
/*
 * The host of nethost.h with IPv6: fd09::1/64 on eth0, where everybody else is played by the test.
 */
#ifndef TESTS_UNIT_NETHOST6_H
#define TESTS_UNIT_NETHOST6_H

#include <arpa/inet.h>

#include "net/if6.h"
#include "nethost.h"
#include "wire/icmp6_header.h"
#include "wire/ip6_header.h"
#include "wire/nd_message.h"

static inline struct ipaddr ip6(const char *text)
{
	struct ipaddr a;

	assert_int_equal(inet_pton(AF_INET6, text, a.bytes), 1);
	return a;
}

#define ME6 ip6("fd09::1")
#define PEER6 ip6("fd09::2")
#define ROUTER6 ip6("fe80::254")

static inline void conf6(struct nethost *h, const char *whose, const char *name, int64_t value)
{
	assert_int_equal(if6_conf_set(h->net, whose, name, value), 0);
}

static inline void nethost6_init(struct nethost *h, uint64_t seed)
{
	struct ipaddr a = ME6;
	struct ipaddr localhost = ip6("::1");

	nethost_init(h, seed);
	h->f.env.knobs.icmp6_ratelimit = 1000;
	h->f.env.knobs.ip6_auto_flowlabels = 1;
	assert_int_equal(addr_add(h->net, h->lo, &localhost, 128), 0);
	assert_int_equal(addr_add(h->net, h->eth, &a, 64), 0);
	frames_drain(h);
}

/* Building frames. */

static inline struct ip6_header ip6_header(struct ipaddr src, struct ipaddr dst, uint8_t next)
{
	return (struct ip6_header){.src = src, .dst = dst, .next = next, .hop_limit = 64};
}

/* A frame with `bytes` bytes of payload behind header `h`, whose length is filled in. Groups go to
 * their link address. */
static inline void frame_ip6(struct frame *f, struct ip6_header *h, const void *payload,
			     size_t bytes)
{
	uint8_t mac[6];

	memcpy(mac, my_mac, 6);
	if (ipaddr_is_multicast(&h->dst))
		link_multicast_mac(&h->dst, mac);
	frame_ether(f, mac, peer_mac, ETHER_TYPE_IP6);
	h->payload_bytes = (uint16_t)bytes;
	ip6_write(f->data + f->bytes, h);
	f->bytes += IP6_HEADER_BYTES;
	if (bytes)
		memcpy(f->data + f->bytes, payload, bytes);
	f->bytes += bytes;
}

/* The same with an ICMPv6 message, whose checksum is filled in. */
static inline void frame_icmp6(struct frame *f, struct ip6_header *h, uint8_t *message,
			       size_t bytes)
{
	uint32_t sum = csum_pseudo6(h->src.bytes, h->dst.bytes, IPPROTO_ICMPV6, bytes);

	h->next = IPPROTO_ICMPV6;
	store_be16(message + 2, 0);
	store_be16(message + 2, csum_finish(csum_add(message, bytes, sum)));
	frame_ip6(f, h, message, bytes);
}

/* An ICMPv6 message with a header and a body arrives. */
static inline void icmp6_in(struct nethost *h, struct ipaddr src, struct ipaddr dst,
			    const struct icmp6_header *icmp, const void *body, size_t bytes)
{
	static struct frame f;
	uint8_t message[2000];
	struct ip6_header ip = ip6_header(src, dst, 0);

	icmp6_write(message, icmp);
	if (bytes)
		memcpy(message + ICMP6_HEADER_BYTES, body, bytes);
	frame_icmp6(&f, &ip, message, ICMP6_HEADER_BYTES + bytes);
	frame_in(h, &f);
}

/* A message of neighbour discovery arrives, with hop limit 255. */
static inline void nd_in(struct nethost *h, struct ipaddr src, struct ipaddr dst, uint8_t *message,
			 size_t bytes)
{
	static struct frame f;
	struct ip6_header ip = ip6_header(src, dst, 0);

	ip.hop_limit = 255;
	frame_icmp6(&f, &ip, message, bytes);
	frame_in(h, &f);
}

static inline void solicit_in(struct nethost *h, struct ipaddr src, struct ipaddr dst,
			      struct ipaddr target, const uint8_t *mac)
{
	const struct nd_solicit m = {target};
	uint8_t message[64];
	size_t bytes = nd_solicit_write(message, &m);

	if (mac)
		bytes += nd_option_write_mac(message + bytes, ND_OPTION_SOURCE_MAC, mac);
	nd_in(h, src, dst, message, bytes);
}

static inline void advert_in(struct nethost *h, struct ipaddr src, struct ipaddr dst,
			     const struct nd_advert *m, const uint8_t *mac)
{
	uint8_t message[64];
	size_t bytes = nd_advert_write(message, m);

	if (mac)
		bytes += nd_option_write_mac(message + bytes, ND_OPTION_TARGET_MAC, mac);
	nd_in(h, src, dst, message, bytes);
}

/* The host learns who `address` is. */
static inline void learn6(struct nethost *h, struct ipaddr address, const uint8_t mac[6])
{
	solicit_in(h, address, ME6, ME6, mac);
	frames_drain(h);
}

/* Reading frames. */

static inline struct ip6_header ip6_of(const struct frame *f)
{
	struct reader r = reader_of(f->data + ETHER_HEADER_BYTES, f->bytes - ETHER_HEADER_BYTES);
	struct ip6_header h;

	assert_int_equal(ether_of(f).type, ETHER_TYPE_IP6);
	assert_true(ip6_parse(&r, &h));
	assert_int_equal(h.payload_bytes + IP6_HEADER_BYTES, f->bytes - ETHER_HEADER_BYTES);
	return h;
}

/* What is behind the IPv6 header. */
static inline const uint8_t *payload6_of(const struct frame *f)
{
	(void)ip6_of(f);
	return f->data + ETHER_HEADER_BYTES + IP6_HEADER_BYTES;
}

/* An ICMPv6 header right behind IPv6's; the checksum is right. */
static inline struct icmp6_header icmp6_of(const struct frame *f)
{
	struct ip6_header h = ip6_of(f);
	const uint8_t *at = payload6_of(f);
	uint32_t sum = csum_pseudo6(h.src.bytes, h.dst.bytes, IPPROTO_ICMPV6, h.payload_bytes);
	struct reader r = reader_of(at, h.payload_bytes);
	struct icmp6_header icmp;

	assert_int_equal(h.next, IPPROTO_ICMPV6);
	assert_int_equal(csum_finish(csum_add(at, h.payload_bytes, sum)), 0);
	assert_true(icmp6_parse(&r, &icmp));
	return icmp;
}

/* The next frame is an ICMPv6 message of this type and code. */
static inline struct icmp6_header icmp6_out(struct nethost *h, struct frame *f, uint8_t type,
					    uint8_t code)
{
	struct icmp6_header icmp;

	assert_true(frame_out(h, f));
	icmp = icmp6_of(f);
	assert_int_equal(icmp.type, type);
	assert_int_equal(icmp.code, code);
	return icmp;
}

#define assert_addr(a, b)                                                                          \
	do {                                                                                       \
		struct ipaddr got_ = (a);                                                          \
		struct ipaddr wanted_ = (b);                                                       \
                                                                                                   \
		assert_memory_equal(&got_, &wanted_, sizeof(got_));                                \
	} while (0)

/* Sending from the host: `bytes` bytes of protocol UDP (which need not look like it). */
static inline int send6(struct nethost *h, struct ipaddr dst, const void *data, size_t bytes,
			struct ip_send send)
{
	struct ipaddr any = {{0}};
	struct ip_path path;
	int err = ip_path_find(h->net, &dst, &any, ipaddr_needs_scope(&dst) ? h->eth : 0, &path);

	if (err)
		return err;
	send.protocol = IPPROTO_UDP;
	return ip_output(h->net, payload_packet(h, data, bytes), &path, &send);
}

#endif
