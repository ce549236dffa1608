/* SPDX-License-Identifier: MIT */
/*
 * Reassembly, for both versions of IP: what frag4.c and frag6.c share.
 */
#ifndef NET_FRAG_H
#define NET_FRAG_H

#include "net/context.h"

#define FRAG_ECN_MASK 0x3u

/* What the fragments of one datagram have in common; padding is zero. */
struct frag_key {
	struct ipaddr src, dst;
	uint32_t id;
	uint16_t protocol; /* IPv4's; of IPv6 0: the identification says it all (RFC 8200 §4.5) */
	uint16_t ifindex;  /* the scope of link-local addresses */
};

struct fragment {
	struct frag_key key;
	uint32_t offset, bytes; /* of the datagram's payload; bytes > 0 */
	size_t header_bytes;	/* in front of them in the packet */
	bool more;
	uint8_t ecn;
};

struct datagram;

/* Takes a fragment in; consumed. Returns the datagram once it is whole, else NULL. */
struct datagram *frag_add(struct frags *fs, struct berth_packet *p, const struct fragment *f);
/* The first fragment of a whole datagram, with all its headers; the datagram keeps it. */
struct berth_packet *frag_first(const struct datagram *d);
/* Payload bytes of a whole datagram. */
uint32_t frag_total(const struct datagram *d);
/* RFC 3168 §5.3: merges the ECN bits of all fragments into `tos`. False: they contradict each
 * other. */
bool frag_merge_ecn(const struct datagram *d, uint8_t *tos);
/* Joins all pieces behind `bytes` bytes of header; the datagram is gone after. NULL: no memory
 * (counted). */
struct berth_packet *frag_join(struct frags *fs, struct datagram *d, const uint8_t *header,
			       size_t bytes);
/* Gives up a whole datagram that is no good. */
void frag_refuse(struct frags *fs, struct datagram *d, enum drop reason);
struct net *frags_net(const struct frags *fs);

#endif
