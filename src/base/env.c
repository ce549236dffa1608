/* SPDX-License-Identifier: MIT */
/*
 * Memory, randomness and keyed hashing of one stack.
 *
 * SipHash (Aumasson and Bernstein, 2012) keeps peers from choosing colliding keys: with 2 rounds
 * per word and 4 at the end where an answer can be seen from outside (sequence numbers), with 1 and
 * 3 in hash tables, which is what Linux and the languages' tables trust.
 */
#include "base/env.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static void *libc_alloc(void *ctx, size_t bytes)
{
	(void)ctx;
	return malloc(bytes);
}

static void *libc_realloc(void *ctx, void *ptr, size_t bytes)
{
	(void)ctx;
	return realloc(ptr, bytes);
}

static void libc_free(void *ctx, void *ptr)
{
	(void)ctx;
	free(ptr);
}

struct berth_mem mem_or_libc(const struct berth_mem *mem)
{
	if (mem != NULL && mem->alloc != NULL) {
		ASSERT(mem->realloc != NULL && mem->free != NULL);
		return *mem;
	}
	return (struct berth_mem){libc_alloc, libc_realloc, libc_free, NULL};
}

void *env_alloc(struct env *env, size_t bytes)
{
	ASSERT(bytes > 0);
	return env->mem.alloc(env->mem.ctx, bytes);
}

void *env_calloc(struct env *env, size_t count, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total))
		return NULL;
	void *ptr = env_alloc(env, total);

	if (ptr != NULL)
		memset(ptr, 0, total);
	return ptr;
}

void *env_realloc(struct env *env, void *ptr, size_t count, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total))
		return NULL;
	ASSERT(total > 0);
	return env->mem.realloc(env->mem.ctx, ptr, total);
}

void env_free(struct env *env, void *ptr)
{
	env->mem.free(env->mem.ctx, ptr);
}

void env_random(struct env *env, void *buf, size_t bytes)
{
	env->random(env->random_ctx, buf, bytes);
}

uint32_t env_random_u32(struct env *env)
{
	uint32_t v;

	env_random(env, &v, sizeof(v));
	return v;
}

uint32_t env_random_below(struct env *env, uint32_t bound)
{
	ASSERT(bound > 0);
	/* Values under `skew` would make the low results likelier (Lemire, 2019). */
	uint32_t skew = (0u - bound) % bound;
	uint64_t product;

	do {
		product = (uint64_t)env_random_u32(env) * bound;
	} while ((uint32_t)product < skew);
	return (uint32_t)(product >> 32);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_rounds(struct sip *s, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		s->v0 += s->v1;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v2 = rotl(s->v2, 32);
	}
}

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline uint64_t sip(const uint8_t key[16], const uint8_t *p, size_t bytes, int word_rounds,
			   int final_rounds)
{
	uint64_t k0 = load_le64(key);
	uint64_t k1 = load_le64(key + 8);
	struct sip s = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
			k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
	uint64_t last = (uint64_t)bytes << 56;
	size_t left = bytes;

	for (; left >= 8; left -= 8, p += 8) {
		uint64_t word = load_le64(p);

		s.v3 ^= word;
		sip_rounds(&s, word_rounds);
		s.v0 ^= word;
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)p[i] << (8 * i);
	s.v3 ^= last;
	sip_rounds(&s, word_rounds);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	sip_rounds(&s, final_rounds);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint32_t env_hash(const struct env *env, const void *data, size_t bytes)
{
	return (uint32_t)sip(env->hash_key, data, bytes, 1, 3);
}

uint64_t siphash(const uint8_t key[16], const void *data, size_t bytes)
{
	return sip(key, data, bytes, 2, 4);
}

const char *drop_name(enum drop reason)
{
	static const char *const names[] = {
#define DROP_NAME(id, name) [DROP_##id] = name,
		DROP_REASONS(DROP_NAME)
#undef DROP_NAME
	};

	STATIC_ASSERT(ARRAY_LEN(names) == DROP_COUNT);
	ASSERT((unsigned)reason < DROP_COUNT);
	return names[reason];
}
