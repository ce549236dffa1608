/* SPDX-License-Identifier: MIT */
/*
 * Domain names in wire form: labels, each behind its length, and the empty label of the root.
 */
#ifndef DNS_DNS_NAME_H
#define DNS_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_BYTES 255u /* RFC 1035 §2.3.4, wire form, the root's zero included */
#define DNS_LABEL_BYTES 63u
#define DNS_TEXT_BYTES 1024u /* enough for any name as text, with every byte escaped */

/* A whole name, not compressed. Valid by construction. */
struct dns_name {
	uint8_t bytes; /* used of `wire` */
	uint8_t wire[DNS_NAME_BYTES];
};

/* The root. */
void dns_name_init(struct dns_name *n);

/* Appends a label in front of the root. False: too long, or empty. */
bool dns_name_add_label(struct dns_name *n, const void *label, size_t bytes);

/* From text such as "www.example.org", with or without the final dot; "\." and "\ddd" as in
 * RFC 1035 §5.1. False: not a name. */
bool dns_name_parse(const char *text, struct dns_name *out);

/* As text without the final dot (the root: "."), escaped where needed; always terminated. */
void dns_name_print(const struct dns_name *n, char out[DNS_TEXT_BYTES]);

/* Whether two names are equal, upper and lower case being the same (RFC 1035 §2.3.3). */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/* The address asked for by a name under in-addr.arpa (4 bytes) or ip6.arpa (16). Returns how many
 * bytes; 0: it is no such name. */
size_t dns_name_reverse(const struct dns_name *n, uint8_t out[16]);

#endif
