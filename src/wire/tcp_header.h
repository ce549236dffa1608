/* SPDX-License-Identifier: MIT */
/*
 * TCP headers with their options (RFC 9293 §3.1; RFC 7323, 2018, 7413).
 */
#ifndef WIRE_TCP_HEADER_H
#define WIRE_TCP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define TCP_HEADER_BYTES 20u /* without options */
#define TCP_HEADER_BYTES_MAX 60u
#define TCP_SACKS_MAX 4u /* 3 beside timestamps */
#define TCP_COOKIE_BYTES_MAX 16u

#define TCPF_FIN 0x01u
#define TCPF_SYN 0x02u
#define TCPF_RST 0x04u
#define TCPF_PSH 0x08u
#define TCPF_ACK 0x10u
#define TCPF_URG 0x20u
#define TCPF_ECE 0x40u
#define TCPF_CWR 0x80u

struct tcp_sack_block {
	uint32_t start; /* first sequence number of the block */
	uint32_t end;	/* first one behind it */
};

struct tcp_options {
	bool has_mss;
	bool has_wscale;
	bool sack_permitted;
	bool has_ts;
	bool has_fastopen; /* cookie_bytes 0: a request for one */
	uint8_t wscale;	   /* 0 to 14; more is read as 14 (RFC 7323 §2.3) */
	uint8_t sack_count;
	uint8_t cookie_bytes; /* 0, or an even number from 4 to TCP_COOKIE_BYTES_MAX */
	uint16_t mss;
	uint32_t ts_val;
	uint32_t ts_ecr;
	struct tcp_sack_block sacks[TCP_SACKS_MAX];
	uint8_t cookie[TCP_COOKIE_BYTES_MAX];
};

/* No options, without writing what their flags and counts guard. */
static inline void tcp_options_init(struct tcp_options *o)
{
	o->has_mss = false;
	o->has_wscale = false;
	o->sack_permitted = false;
	o->has_ts = false;
	o->has_fastopen = false;
	o->wscale = 0;
	o->sack_count = 0;
	o->cookie_bytes = 0;
	o->mss = 0;
}

struct tcp_header {
	uint16_t src_port;
	uint16_t dst_port;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;	      /* TCPF_* */
	uint8_t header_bytes; /* with options; the writer computes its own */
	uint16_t window;      /* as on the wire, not scaled */
	uint16_t checksum;    /* as received; written as zero */
	uint16_t urgent;
	struct tcp_options
		options; /* unknown ones are skipped; fields without has_* are undefined */
};

/* The header length that the first 20 bytes tell, to make as many bytes contiguous before parsing;
 * 0: less than 20. */
static inline size_t tcp_peek_header_bytes(const uint8_t *at)
{
	size_t bytes = (at[12] >> 4) * 4u;

	return bytes >= TCP_HEADER_BYTES ? bytes : 0;
}

/* False: truncated, or the data offset is too small. Options after a malformed one, or options of a
 * wrong length, are ignored (RFC 9293 §3.1: must not crash; Linux ignores them too). The reader
 * stands at the data after. */
bool tcp_parse(struct reader *r, struct tcp_header *h);

/* Bytes that the options take, padded with NOPs to a multiple of 4. */
size_t tcp_options_bytes(const struct tcp_options *o);

/* Writes the header, the checksum zero; returns its bytes, TCP_HEADER_BYTES + tcp_options_bytes().
 * The options fit. */
size_t tcp_write(uint8_t *at, const struct tcp_header *h);

#endif
