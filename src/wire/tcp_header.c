/* SPDX-License-Identifier: MIT */
/*
 * TCP headers. Nearly all segments of a connection carry the same twelve option bytes, two NOPs and
 * the timestamps (RFC 7323 appendix A), or those and SACK blocks, so these are tried first.
 *
 * An option whose length is not the one its kind has is skipped by the length it tells; one whose
 * length runs out of the header, or is less than 2, ends the options. What was read before stays.
 */
#include "wire/tcp_header.h"

#include <string.h>

#include "base/check.h"

enum tcp_option_kind {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WSCALE = 3,
	OPT_SACK_PERMITTED = 4,
	OPT_SACK = 5,
	OPT_TS = 8,
	OPT_FASTOPEN = 34,
};

#define MSS_BYTES 4u
#define WSCALE_BYTES 3u
#define SACK_PERMITTED_BYTES 2u
#define SACK_BLOCK_BYTES 8u
#define TS_BYTES 10u
#define WSCALE_MAX 14u

/* NOP, NOP, kind, length: an option of 10 bytes and its padding, as everybody writes it. */
#define ALIGNED_TS ((uint32_t)OPT_NOP << 24 | OPT_NOP << 16 | OPT_TS << 8 | TS_BYTES)
#define ALIGNED_TS_BYTES 12u

static void parse_sacks(struct tcp_options *o, const uint8_t *at, size_t bytes)
{
	size_t count = bytes / SACK_BLOCK_BYTES;

	if (count == 0 || count > TCP_SACKS_MAX || bytes % SACK_BLOCK_BYTES != 0)
		return;
	for (size_t i = 0; i < count; i++, at += SACK_BLOCK_BYTES)
		o->sacks[i] = (struct tcp_sack_block){load_be32(at), load_be32(at + 4)};
	o->sack_count = (uint8_t)count;
}

/* A cookie (RFC 7413 §4.1.1); other lengths are no cookie, and no request for one either. */
static void parse_fastopen(struct tcp_options *o, const uint8_t *at, size_t bytes)
{
	if (bytes > TCP_COOKIE_BYTES_MAX || bytes % 2 != 0 || (bytes > 0 && bytes < 4))
		return;
	o->has_fastopen = true;
	o->cookie_bytes = (uint8_t)bytes;
	memcpy(o->cookie, at, bytes);
}

/* One option with its kind and length taken off. */
static void parse_option(struct tcp_options *o, uint8_t kind, const uint8_t *at, size_t bytes)
{
	switch (kind) {
	case OPT_MSS:
		if (bytes == MSS_BYTES - 2) {
			o->has_mss = true;
			o->mss = load_be16(at);
		}
		break;
	case OPT_WSCALE:
		if (bytes == WSCALE_BYTES - 2) {
			o->has_wscale = true;
			o->wscale = at[0] < WSCALE_MAX ? at[0] : WSCALE_MAX;
		}
		break;
	case OPT_SACK_PERMITTED:
		if (bytes == SACK_PERMITTED_BYTES - 2)
			o->sack_permitted = true;
		break;
	case OPT_SACK:
		parse_sacks(o, at, bytes);
		break;
	case OPT_TS:
		if (bytes == TS_BYTES - 2) {
			o->has_ts = true;
			o->ts_val = load_be32(at);
			o->ts_ecr = load_be32(at + 4);
		}
		break;
	case OPT_FASTOPEN:
		parse_fastopen(o, at, bytes);
		break;
	default:
		break; /* RFC 9293 §3.1: ignored */
	}
}

static void parse_options(struct tcp_options *o, const uint8_t *at, size_t left)
{
	if (left >= ALIGNED_TS_BYTES && load_be32(at) == ALIGNED_TS) {
		o->has_ts = true;
		o->ts_val = load_be32(at + 4);
		o->ts_ecr = load_be32(at + 8);
		at += ALIGNED_TS_BYTES;
		left -= ALIGNED_TS_BYTES;
	}
	while (left > 0 && at[0] != OPT_END) {
		size_t bytes = 1;

		if (at[0] != OPT_NOP) {
			if (left < 2 || at[1] < 2 || at[1] > left)
				return;
			bytes = at[1];
			parse_option(o, at[0], at + 2, bytes - 2);
		}
		at += bytes;
		left -= bytes;
	}
}

bool tcp_parse(struct reader *r, struct tcp_header *h)
{
	const uint8_t *at = read_bytes(r, TCP_HEADER_BYTES);

	if (at == NULL)
		return false;
	size_t header_bytes = tcp_peek_header_bytes(at);

	if (header_bytes == 0)
		return false;
	const uint8_t *options = read_bytes(r, header_bytes - TCP_HEADER_BYTES);

	if (options == NULL)
		return false;
	h->src_port = load_be16(at);
	h->dst_port = load_be16(at + 2);
	h->seq = load_be32(at + 4);
	h->ack = load_be32(at + 8);
	h->flags = at[13];
	h->header_bytes = (uint8_t)header_bytes;
	h->window = load_be16(at + 14);
	h->checksum = load_be16(at + 16);
	h->urgent = load_be16(at + 18);
	tcp_options_init(&h->options);
	if (header_bytes > TCP_HEADER_BYTES)
		parse_options(&h->options, options, header_bytes - TCP_HEADER_BYTES);
	return true;
}

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

size_t tcp_options_bytes(const struct tcp_options *o)
{
	size_t bytes = 0;

	if (o->has_mss)
		bytes += MSS_BYTES;
	if (o->has_ts)
		bytes += ALIGNED_TS_BYTES;
	else if (o->sack_permitted)
		bytes += padded(SACK_PERMITTED_BYTES);
	if (o->has_wscale)
		bytes += padded(WSCALE_BYTES);
	if (o->has_fastopen)
		bytes += padded(2u + o->cookie_bytes);
	if (o->sack_count > 0)
		bytes += padded(2u + o->sack_count * SACK_BLOCK_BYTES);
	return bytes;
}

/* Timestamps; what pads them in a SYN is SACK-permitted, as Linux does it. */
static uint8_t *write_ts(uint8_t *at, const struct tcp_options *o)
{
	store_be32(at, ALIGNED_TS);
	if (o->sack_permitted) {
		at[0] = OPT_SACK_PERMITTED;
		at[1] = SACK_PERMITTED_BYTES;
	}
	store_be32(at + 4, o->ts_val);
	store_be32(at + 8, o->ts_ecr);
	return at + ALIGNED_TS_BYTES;
}

/* An option that begins after as many NOPs as align its end; returns where its data goes. */
static uint8_t *write_kind(uint8_t *at, uint8_t kind, size_t bytes)
{
	for (size_t nops = padded(bytes) - bytes; nops > 0; nops--)
		*at++ = OPT_NOP;
	*at++ = kind;
	*at++ = (uint8_t)bytes;
	return at;
}

static uint8_t *write_sacks(uint8_t *at, const struct tcp_options *o)
{
	at = write_kind(at, OPT_SACK, 2u + o->sack_count * SACK_BLOCK_BYTES);
	for (unsigned i = 0; i < o->sack_count; i++, at += SACK_BLOCK_BYTES) {
		store_be32(at, o->sacks[i].start);
		store_be32(at + 4, o->sacks[i].end);
	}
	return at;
}

static uint8_t *write_options(uint8_t *at, const struct tcp_options *o)
{
	if (o->has_mss) {
		at = write_kind(at, OPT_MSS, MSS_BYTES);
		store_be16(at, o->mss);
		at += 2;
	}
	if (o->has_ts)
		at = write_ts(at, o);
	else if (o->sack_permitted)
		at = write_kind(at, OPT_SACK_PERMITTED, SACK_PERMITTED_BYTES);
	if (o->has_wscale) {
		at = write_kind(at, OPT_WSCALE, WSCALE_BYTES);
		*at++ = o->wscale;
	}
	if (o->has_fastopen) {
		at = write_kind(at, OPT_FASTOPEN, 2u + o->cookie_bytes);
		memcpy(at, o->cookie, o->cookie_bytes);
		at += o->cookie_bytes;
	}
	if (o->sack_count > 0)
		at = write_sacks(at, o);
	return at;
}

size_t tcp_write(uint8_t *at, const struct tcp_header *h)
{
	ASSERT(h->options.sack_count <= TCP_SACKS_MAX);
	ASSERT(h->options.cookie_bytes <= TCP_COOKIE_BYTES_MAX);
	size_t bytes = (size_t)(write_options(at + TCP_HEADER_BYTES, &h->options) - at);

	ASSERT(bytes <= TCP_HEADER_BYTES_MAX);
	store_be16(at, h->src_port);
	store_be16(at + 2, h->dst_port);
	store_be32(at + 4, h->seq);
	store_be32(at + 8, h->ack);
	at[12] = (uint8_t)(bytes / 4 << 4);
	at[13] = h->flags;
	store_be16(at + 14, h->window);
	store_be16(at + 16, 0);
	store_be16(at + 18, h->urgent);
	return bytes;
}
