/* SPDX-License-Identifier: MIT */
/*
 * A name service without sockets: query bytes in, answer bytes out.
 */
#ifndef DNS_DNS_SERVE_H
#define DNS_DNS_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/dns_name.h"

#define DNS_ADDRESSES_MAX 64u
#define DNS_SERVE_UDP_BYTES 4096u /* the largest UDP answer, however large the client's buffer */

/* The addresses of a name. */
struct dns_addresses {
	uint8_t v4[DNS_ADDRESSES_MAX][4];
	uint8_t v6[DNS_ADDRESSES_MAX][16];
	unsigned v4_count, v6_count;
};

/* Who knows the names. */
struct dns_source {
	/* The addresses of `name` (text, without the final dot), best first; -ENOENT: no such name.
	 */
	int (*lookup)(void *ctx, const char *name, struct dns_addresses *out);
	/* The name of an address of 4 or 16 bytes, as text; NULL: nobody has it. */
	const char *(*reverse)(void *ctx, const uint8_t *address, size_t bytes);
	void *ctx;
	uint32_t ttl_s; /* of all records */
};

/*
 * Answers one query into `out` (`max` >= 512 bytes). `udp`: the answer is cut to what the client's
 * EDNS says, or to 512 bytes, with TC set. Returns the answer's length; 0: drop the query without a
 * word.
 */
size_t dns_serve(const struct dns_source *source, const void *query, size_t bytes, bool udp,
		 void *out, size_t max);

#endif
