/* SPDX-License-Identifier: MIT */
/*
 * Neighbour discovery messages and their options (RFC 4861 §4). Each starts with its ICMPv6 header;
 * a parser leaves the reader at the options, and a writer returns how many bytes it wrote, the
 * checksum zero. Numbers are in host order. `at` of a writer has room for the ND_*_BYTES of what it
 * writes, and need not be aligned.
 */
#ifndef WIRE_ND_MESSAGE_H
#define WIRE_ND_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/ipaddr.h"

#define ND_SOLICIT_BYTES 24u /* without options; advertisements of neighbours too */
#define ND_REDIRECT_BYTES 40u
#define ND_ROUTER_SOLICIT_BYTES 8u
#define ND_ROUTER_ADVERT_BYTES 16u
#define ND_OPTION_MAC_BYTES 8u
#define ND_OPTION_MTU_BYTES 8u
#define ND_OPTION_PREFIX_BYTES 32u
#define ND_LIFETIME_INFINITE UINT32_MAX /* seconds */

enum nd_option_type {
	ND_OPTION_SOURCE_MAC = 1,
	ND_OPTION_TARGET_MAC = 2,
	ND_OPTION_PREFIX = 3,
	ND_OPTION_REDIRECTED = 4,
	ND_OPTION_MTU = 5,
	ND_OPTION_NONCE = 14,	   /* RFC 3971 §5.3.2, RFC 7527 */
	ND_OPTION_ROUTE_INFO = 24, /* RFC 4191 §2.3 */
	ND_OPTION_RDNSS = 25,	   /* RFC 8106 */
};

/* One option, within the message that it was read from. */
struct nd_option {
	uint8_t type;
	uint16_t bytes;	   /* of the whole option, a multiple of 8, not 0 */
	const uint8_t *at; /* its type byte */
};

/* The next option. False: no more, or, if !r->ok, malformed: the message is to be discarded. */
bool nd_option_next(struct reader *r, struct nd_option *o);
/* Whether all options are well-formed. */
bool nd_options_valid(struct reader r);

/* §4.3: who is asked for. */
struct nd_solicit {
	struct ipaddr target;
};

/* §4.4: whose link address it tells, and the flags R, S and O. */
struct nd_advert {
	struct ipaddr target;
	bool router, solicited, override;
};

/* §4.5: the better first hop (`dst` itself if it is on the link), and for which destination. */
struct nd_redirect {
	struct ipaddr target, dst;
};

/* Default router preferences (RFC 4191 §2.1). */
enum nd_preference { ND_PREFERENCE_LOW = -1, ND_PREFERENCE_MEDIUM = 0, ND_PREFERENCE_HIGH = 1 };

struct nd_router_advert {
	uint8_t hop_limit;   /* 0: unspecified, as the two times below */
	bool managed, other; /* DHCPv6 has addresses, or other things, to give */
	enum nd_preference preference;
	uint16_t lifetime; /* seconds; 0: no default router */
	uint32_t reachable_ms, retrans_ms;
};

struct nd_prefix {
	struct ipaddr prefix;
	uint8_t prefix_len; /* as received: may exceed 128 */
	bool on_link, autonomous;
	uint32_t valid, preferred; /* seconds */
};

/* What stands before the options. False: truncated, and *m is as it was. Codes, hop limits and
 * addresses are not judged. */
bool nd_solicit_parse(struct reader *r, struct nd_solicit *m);
bool nd_advert_parse(struct reader *r, struct nd_advert *m);
bool nd_redirect_parse(struct reader *r, struct nd_redirect *m);
/* A solicitation of routers has nothing but options. */
bool nd_router_solicit_parse(struct reader *r);
bool nd_router_advert_parse(struct reader *r, struct nd_router_advert *m);

/* The contents of an option of that type; false: it has another length. */
bool nd_option_mac(const struct nd_option *o, uint8_t out_mac[6]);
bool nd_option_mtu(const struct nd_option *o, uint32_t *out_mtu);
bool nd_option_prefix(const struct nd_option *o, struct nd_prefix *out);

/* Messages without their options, which go behind; ND_*_BYTES of each kind is returned. */
size_t nd_solicit_write(uint8_t *at, const struct nd_solicit *m);
size_t nd_advert_write(uint8_t *at, const struct nd_advert *m);
size_t nd_redirect_write(uint8_t *at, const struct nd_redirect *m);
size_t nd_router_solicit_write(uint8_t *at);
size_t nd_router_advert_write(uint8_t *at, const struct nd_router_advert *m);
/* Options, each a multiple of 8 bytes. `type`: ND_OPTION_SOURCE_MAC or _TARGET_MAC. */
size_t nd_option_write_mac(uint8_t *at, enum nd_option_type type, const uint8_t mac[6]);
size_t nd_option_write_mtu(uint8_t *at, uint32_t mtu);
size_t nd_option_write_prefix(uint8_t *at, const struct nd_prefix *p);

#endif
