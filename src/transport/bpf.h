/* SPDX-License-Identifier: MIT */
/*
 * Classic packet filters (SO_ATTACH_FILTER): checked once, as Linux does, and run for each packet
 * that a socket is to get. See bpf.c.
 */
#ifndef TRANSPORT_BPF_H
#define TRANSPORT_BPF_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct berth_packet;
struct bpf; /* a filter that was found right; counted */
struct env;
struct ip_info;
struct sock;

/* A packet as a filter sees it. Offsets are from the packet's first byte on, and may be negative as
 * far as there is something before it in head[]. */
struct bpf_packet {
	const struct berth_packet *p;
	int32_t data_at;	 /* what the filter calls offset 0 */
	int32_t net_at, link_at; /* the network header (SKF_NET_OFF) and the link's (SKF_LL_OFF) */
	uint16_t protocol;	 /* ETH_P_* */
	uint16_t hatype;	 /* ARPHRD_* */
	uint8_t pkttype;	 /* PACKET_HOST ... */
	uint32_t ifindex, mark, random;
};

/* Checks and copies a program. -EINVAL: it is not one; -ENOMEM. The caller has one reference. */
int bpf_new(struct env *env, const struct sock_filter *code, uint32_t count, struct bpf **out);
void bpf_get(struct bpf *f);
void bpf_put(struct env *env, struct bpf *f); /* takes NULL */
/* The program as it was given. */
const struct sock_filter *bpf_code(const struct bpf *f, uint32_t *out_count);

/* The bytes of the packet to be kept; 0: none, drop it. */
uint32_t bpf_run(const struct bpf *f, const struct bpf_packet *packet);

/* Whether a filter lets a packet pass; it is shortened to what the filter wants of it, but never to
 * less than `least` bytes from data_at on. */
bool bpf_pass(const struct bpf *f, const struct bpf_packet *packet, struct berth_packet *p,
	      uint32_t least);

/*
 * Whether a socket's filter, if it has one, lets a packet pass that came by IP; see
 * bpf_pass().
 */
bool bpf_admits(const struct sock *s, struct berth_packet *p, const struct ip_info *info,
		int32_t data_at, uint32_t least);

#endif
