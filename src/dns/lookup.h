/* SPDX-License-Identifier: MIT */
/*
 * Where names come from: what is a number, localhost, the hosts file, the name servers, in this
 * order. What gethostbyname() and getaddrinfo() and their reverses share.
 */
#ifndef DNS_LOOKUP_H
#define DNS_LOOKUP_H

#include <stdbool.h>

#include "dns/dns_answer.h"
#include "dns/resolver.h"

#define LOOKUP_V4 0x1u
#define LOOKUP_V6 0x2u

#define LOOKUP_ADDRESSES (2 * DNS_ANSWER_ADDRESSES)
#define LOOKUP_ALIASES 35u
#define LOOKUP_NAMES 36u

/* The addresses of a name. */
struct lookup {
	char canonical[DNS_TEXT_BYTES];
	char asked[DNS_TEXT_BYTES];
	const char *aliases[LOOKUP_ALIASES]; /* the hosts file's, or `asked` */
	unsigned alias_count;
	struct ipaddr addrs[LOOKUP_ADDRESSES];
	unsigned count;
	bool numeric; /* the name was an address */
};

/*
 * An enum dns_outcome, or DNS_RESOLVING; *out only with DNS_FOUND. Numbers are found whatever
 * family is wanted: what is of another one is left out, and then the outcome is DNS_NO_DATA.
 */
int lookup_forward(struct resolver *r, const char *name, unsigned want, struct lookup *out);

/* Reads "10.9.0.1", "127.1", "fd09::1". */
bool lookup_number(const char *text, struct ipaddr *out);

/* The names of an address, the canonical one first; terminated, the text in `buf` or the
 * resolver's. */
struct lookup_names {
	const char *text[LOOKUP_NAMES];
	unsigned count;
	char buf[DNS_ANSWER_NAMES][DNS_TEXT_BYTES];
};
int lookup_reverse(struct resolver *r, const struct ipaddr *a, struct lookup_names *out);

#endif
