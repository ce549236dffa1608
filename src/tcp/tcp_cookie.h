/* SPDX-License-Identifier: MIT */
/* SYN cookies (RFC 4987 §3.6): see tcp_cookie.c. */
#ifndef TCP_COOKIE_H
#define TCP_COOKIE_H

#include "tcp/tcp.h"

/* The sequence number that says what a request block would hold. */
uint32_t tcp_cookie_make(const struct tcp_stack *ts, const struct flow *f, uint32_t irs,
			 uint16_t peer_mss);
/* The MSS a cookie holds, if `cookie` is one of ours and young; 0: it is not. */
uint16_t tcp_cookie_check(const struct tcp_stack *ts, const struct flow *f, uint32_t irs,
			  uint32_t cookie);

/* A timestamp (without offset) near `now_ms` that holds the options agreed on, and what one holds.
 */
uint32_t tcp_cookie_stamp(uint32_t now_ms, const struct tcp_agreed *agreed);
void tcp_cookie_unstamp(uint32_t stamp, struct tcp_agreed *out);

#endif
