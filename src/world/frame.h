/* SPDX-License-Identifier: MIT */
/*
 * The little that a world reads in the frames it carries: link addresses, IP addresses, ports.
 */
#ifndef WORLD_FRAME_H
#define WORLD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <berth/netif.h>

#define FRAME_ETHER_BYTES 14u

/* An address without port. `family` 0: none. IPv4 uses the first four bytes; the rest are zero. */
struct netaddr {
	uint16_t family;
	uint8_t bytes[16];
};

/* The link addresses of a frame, as numbers. */
struct frame_link {
	uint64_t dst, src;
};

/* Where an IP packet comes from and goes; false: it isn't a whole IP header. Ports are 0 unless
 * it is TCP or UDP and not a later fragment. */
struct frame_ip {
	struct netaddr src, dst;
	uint16_t src_port, dst_port;
	bool discovery; /* IPv6 neighbour discovery, which is what ARP is to IPv4 */
};

#define FRAME_GROUP_BIT (UINT64_C(1) << 40)

static inline bool frame_is_group(uint64_t mac)
{
	return mac & FRAME_GROUP_BIT;
}

/* A link address as a number, its first byte the highest of the six. */
uint64_t frame_mac(const uint8_t mac[6]);
/* False: shorter than an Ethernet header. */
bool frame_read_link(const struct berth_packet *p, struct frame_link *out);
bool frame_read_ip(const struct berth_packet *p, struct frame_ip *out);

/* How many packets a wire would carry for `p`: 1 but for super-packets. */
uint64_t frame_segments(const struct berth_packet *p);

/* From and to socket addresses. False: neither AF_INET nor AF_INET6. */
bool netaddr_from(const struct sockaddr *sa, struct netaddr *out);
void netaddr_to(const struct netaddr *a, uint16_t port, struct sockaddr_storage *out);
unsigned netaddr_bits(const struct netaddr *a);
bool netaddr_equal(const struct netaddr *a, const struct netaddr *b);
/* Whether the first `prefix_len` bits of both agree; false across families. */
bool netaddr_in_prefix(const struct netaddr *a, const struct netaddr *prefix, unsigned prefix_len);
bool netaddr_is_loopback(const struct netaddr *a);
/* fe80::/10 */
bool netaddr_is_link_local(const struct netaddr *a);

#endif
