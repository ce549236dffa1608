/* SPDX-License-Identifier: MIT */
/*
 * The one bounded reader and writer of wire bytes. A reader that runs past its end yields zeros and
 * remembers it: parse everything, then check `ok` once.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *at, *end;
	bool ok;
};

static inline struct reader reader_of(const void *data, size_t bytes)
{
	return (struct reader){data, (const uint8_t *)data + bytes, true};
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/* The next `bytes` bytes, or NULL when there are not as many. */
static inline const uint8_t *read_bytes(struct reader *r, size_t bytes)
{
	if (!r->ok || reader_left(r) < bytes) {
		r->ok = false;
		return NULL;
	}
	const uint8_t *p = r->at;

	r->at += bytes;
	return p;
}

static inline uint8_t read_u8(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t read_be16(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 2);

	return p ? load_be16(p) : 0;
}

static inline uint32_t read_be32(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 4);

	return p ? load_be32(p) : 0;
}

static inline void store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void store_be32(uint8_t *p, uint32_t v)
{
	store_be16(p, (uint16_t)(v >> 16));
	store_be16(p + 2, (uint16_t)v);
}

#endif
