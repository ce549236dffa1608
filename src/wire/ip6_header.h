/* SPDX-License-Identifier: MIT */
/*
 * IPv6 headers and extension headers (RFC 8200 §3 and §4).
 *
 * Extension headers are walked, not collected: ip6_ext_next() yields one after the other, up to the
 * first that it does not know how to skip, which is the transport header, ESP, or "nothing".
 */
#ifndef WIRE_IP6_HEADER_H
#define WIRE_IP6_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/ipaddr.h"

#define IP6_HEADER_BYTES 40u
#define IP6_MTU_MIN 1280u /* RFC 8200 §5: every link carries as much */
#define IP6_PAYLOAD_MAX 65535u
#define IP6_FRAGMENT_BYTES 8u

/* "Next header" values that are no transport protocol. */
enum ip6_next {
	IP6_HOP_BY_HOP = 0,
	IP6_ROUTING = 43,
	IP6_FRAGMENT = 44,
	IP6_ESP = 50,
	IP6_AUTH = 51,
	IP6_NONE = 59,
	IP6_DESTINATION = 60,
};

struct ip6_header {
	struct ipaddr src, dst;
	uint32_t flow_label;	/* 20 bits */
	uint16_t payload_bytes; /* what follows the header, extension headers included */
	uint8_t tclass;
	uint8_t next;
	uint8_t hop_limit;
};

/* False: truncated, or not version 6. The payload need not be there. */
bool ip6_parse(struct reader *r, struct ip6_header *h);
/* Writes IP6_HEADER_BYTES bytes. */
void ip6_write(uint8_t *at, const struct ip6_header *h);

/* One extension header. */
struct ip6_ext_header {
	uint8_t type;	   /* enum ip6_next: hop-by-hop, destination, routing, fragment or AH */
	uint8_t next;	   /* what follows it */
	uint16_t bytes;	   /* all of it */
	const uint8_t *at; /* its first byte */
};

/* Whether headers of this type are skipped by ip6_ext_next(). */
bool ip6_is_ext(uint8_t type);

/* Reads the header of type `type` that `r` stands at. False: `type` is none that can be skipped
 * (nothing was read), or it is truncated (!r->ok). */
bool ip6_ext_next(struct reader *r, uint8_t type, struct ip6_ext_header *out);

/* A fragment header (RFC 8200 §4.5). */
struct ip6_fragment {
	uint32_t id;
	uint16_t offset; /* in bytes, a multiple of 8 */
	uint8_t next;
	bool more;
};

/* `at` holds IP6_FRAGMENT_BYTES bytes. */
void ip6_fragment_parse(const uint8_t *at, struct ip6_fragment *out);
void ip6_fragment_write(uint8_t *at, const struct ip6_fragment *f);

/* The fields of a routing header that every type has (RFC 8200 §4.4); `at` holds 4 bytes. */
struct ip6_routing {
	uint8_t type;
	uint8_t segments_left;
};
void ip6_routing_parse(const uint8_t *at, struct ip6_routing *out);

/* Options of hop-by-hop and destination headers (RFC 8200 §4.2). */
#define IP6_OPT_PAD1 0u
#define IP6_OPT_PADN 1u
#define IP6_OPT_ROUTER_ALERT 5u /* RFC 2711 */
#define IP6_OPT_JUMBO 0xc2u	/* RFC 2675 */

/* What to do with an option that is not known: its two highest bits. */
enum ip6_option_action {
	IP6_OPTION_SKIP = 0,
	IP6_OPTION_DISCARD = 1,
	IP6_OPTION_DISCARD_TELL = 2,	     /* parameter problem, code 2 */
	IP6_OPTION_DISCARD_TELL_UNICAST = 3, /* the same, unless it was sent to a group */
};

struct ip6_option {
	uint8_t type;	   /* never PAD1 or PADN */
	uint8_t bytes;	   /* of its data */
	const uint8_t *at; /* its type byte */
};

static inline enum ip6_option_action ip6_option_action(uint8_t type)
{
	return (enum ip6_option_action)(type >> 6);
}

/* The next option of `r`, a reader_of() what follows the first two bytes of the header. False: no
 * more, or, if !r->ok, malformed. */
bool ip6_option_next(struct reader *r, struct ip6_option *o);

#endif
