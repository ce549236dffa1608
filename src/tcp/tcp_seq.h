/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on sequence numbers (RFC 9293 §3.4) and timestamps (RFC 7323 §5.2), modulo 2^32. They
 * are compared through these functions only.
 */
#ifndef TCP_SEQ_H
#define TCP_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_le(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline bool seq_gt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static inline bool seq_ge(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) >= 0;
}

static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_gt(a, b) ? a : b;
}

static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? a : b;
}

/* Whether `seq` is within [from, to). */
static inline bool seq_in(uint32_t seq, uint32_t from, uint32_t to)
{
	return seq - from < to - from;
}

#endif
