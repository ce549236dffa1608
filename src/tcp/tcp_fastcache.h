/* SPDX-License-Identifier: MIT */
/*
 * What a host remembers of servers that it has opened connections to with TCP Fast Open (RFC 7413
 * §4.1.3): their cookies, their MSS, and how often a SYN with data got lost. By both addresses, as
 * Linux; the server least recently heard of gives way.
 */
#ifndef TCP_FASTCACHE_H
#define TCP_FASTCACHE_H

#include "tcp/tcp.h"

struct tcp_known {
	struct tcp_fast_cookie cookie; /* bytes 0: none */
	uint16_t mss;		       /* that it announced; 0: not known */
	uint8_t lost;		       /* SYNs with data that went unanswered, in a row */
	berth_time lost_at;
};

/* -ENOMEM. */
int tcp_fastcache_init(struct tcp_stack *ts);
void tcp_fastcache_fini(struct tcp_stack *ts);

/* All zero of those that are not known. */
struct tcp_known tcp_fastcache_get(const struct tcp_stack *ts, const struct ipaddr *local,
				   const struct ipaddr *remote);
/* Without memory it is forgotten. */
void tcp_fastcache_set(struct tcp_stack *ts, const struct ipaddr *local,
		       const struct ipaddr *remote, const struct tcp_known *known);

#endif
