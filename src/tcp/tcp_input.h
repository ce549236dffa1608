/* SPDX-License-Identifier: MIT */
/* Input: see tcp_input.c. */
#ifndef TCP_INPUT_H
#define TCP_INPUT_H

#include "tcp/tcp.h"
#include "wire/tcp_header.h"

/* A segment being taken in. */
struct tcp_in {
	struct berth_packet *p; /* owned; starts at the payload */
	const struct ip_info *info;
	struct tcp_header h;
	uint32_t bytes; /* of payload */
	uint32_t header_bytes;
	uint32_t end; /* sequence number after payload, SYN and FIN */
	uint32_t iss; /* a SYN that ended a TIME-WAIT: the number to answer with */
	bool iss_given;
};

/* Handlers of struct ip_protocol; ctx is the struct tcp_stack. */
void tcp_input(void *ctx, struct berth_packet *p, const struct ip_info *info);
void tcp_error(void *ctx, const struct ip_error *e);
/* Whether it is about a segment in flight. */
bool tcp_concerns(void *ctx, const struct ip_error *e);

/* Whether the sock takes it: TTL (RFC 5082) and filter. It may be shorter after. */
bool tcp_admits(const struct sock *s, struct tcp_in *in);

/* A segment for a connection; `t` may be gone after. in->p stays the caller's to free. */
void tcp_segment(struct tcp *t, struct tcp_in *in);

/* Data in a SYN, for a connection that was made of it; what does not fit is left out. */
void tcp_take_syn_data(struct tcp *t, struct tcp_in *in);

/* The peer's options, from its SYN. */
void tcp_take_syn_options(struct tcp *t, const struct tcp_header *h);

/* The send buffer grows with the congestion window (Linux: tcp_sndbuf_expand). */
void tcp_sndbuf_expand(struct tcp *t);

#endif
