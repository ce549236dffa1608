/* SPDX-License-Identifier: MIT */
/*
 * Fates.
 *
 * A counter-based generator (Philox 4x32, 10 rounds; Salmon et al., SC 2011) turns (key, packet
 * number, kind of draw) into 128 bits, without state. The key is a hash of the seed, the cable's
 * name and the direction. So a packet's fate does not depend on other cables, on other
 * impairments of the same cable, or on when the packet came: switching `duplicate` on does not
 * change which packets are lost.
 *
 * The Gilbert-Elliott model has a state that steps from packet to packet. One number u per step
 * moves both states at once: good turns bad if u < p, bad stays bad if u < 1 - r. A step with
 * u below both or above both forgets where it came from; hence the state at packet n is found by
 * walking back to the latest such step (fate_gemodel_bad), and follows from n alone even when
 * the model is switched on in the middle of a run. From then on one step per packet is enough.
 *
 * Jitter is the number of ones in 128 bits, whose lattice is smoothed by two uniform numbers:
 * variance 32 + 1/6, excess kurtosis below 0.02, no tables and no libm, the same on every machine.
 */
#include "world/fate.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/env.h"

#define PHILOX_ROUNDS 10
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u

/* One over the standard deviation of the popcount of 128 bits plus two uniform numbers. */
#define JITTER_SCALE 0.17632110418490286 /* 1 / sqrt(32 + 1/6) */

/* How far fate_gemodel_bad() walks back; chains with p + r below a millionth forget slower. */
#define GEMODEL_WALK_MAX (UINT64_C(1) << 22)

#define DAY_NS (24 * 3600 * BERTH_SEC)

struct fate_key fate_key_make(uint64_t seed, const char *name, enum berth_direction direction)
{
	uint8_t key[16];

	for (unsigned i = 0; i < 8; i++)
		key[i] = (uint8_t)(seed >> (8 * i));
	memset(key + 8, direction == BERTH_UP ? 'u' : 'd', 8);

	uint64_t hash = siphash(key, name, strlen(name));

	return (struct fate_key){{(uint32_t)hash, (uint32_t)(hash >> 32)}};
}

void fate_words(const struct fate_key *key, uint64_t number, enum fate_draw kind, uint64_t out[2])
{
	uint32_t c0 = (uint32_t)number;
	uint32_t c1 = (uint32_t)(number >> 32);
	uint32_t c2 = (uint32_t)kind;
	uint32_t c3 = 0;
	uint32_t k0 = key->words[0];
	uint32_t k1 = key->words[1];

	for (int round = 0; round < PHILOX_ROUNDS; round++) {
		uint64_t product0 = (uint64_t)PHILOX_M0 * c0;
		uint64_t product1 = (uint64_t)PHILOX_M1 * c2;
		uint32_t next0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
		uint32_t next2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;

		c1 = (uint32_t)product1;
		c3 = (uint32_t)product0;
		c0 = next0;
		c2 = next2;
		k0 += PHILOX_W0;
		k1 += PHILOX_W1;
	}
	out[0] = (uint64_t)c1 << 32 | c0;
	out[1] = (uint64_t)c3 << 32 | c2;
}

/* Uniform in [0, 1). */
static double unit(uint64_t word)
{
	return (double)(word >> 11) * 0x1p-53;
}

static double draw_unit(const struct fate_key *key, uint64_t number, enum fate_draw kind)
{
	uint64_t words[2];

	fate_words(key, number, kind, words);
	return unit(words[0]);
}

/* Certainties need no draw. */
static bool chance(const struct fate_key *key, uint64_t number, enum fate_draw kind, double p)
{
	return p > 0 && (p >= 1 || draw_unit(key, number, kind) < p);
}

bool fate_gemodel_bad(const struct fate_key *key, double p, double r, uint64_t number)
{
	uint64_t stop = number > GEMODEL_WALK_MAX ? number - GEMODEL_WALK_MAX : 0;
	bool swapped = false;

	if (p <= 0)
		return false;
	for (uint64_t i = number; i > stop; i--) {
		double u = draw_unit(key, i - 1, DRAW_GEMODEL_STEP);
		bool good_turns_bad = u < p;
		bool bad_stays_bad = u < 1 - r;

		if (good_turns_bad == bad_stays_bad)
			return good_turns_bad != swapped;
		swapped ^= good_turns_bad;
	}
	return swapped;
}

/* The chain's state at `number`: one step on from the packet before, or found anew. */
static bool gemodel_state(const struct fate_key *key, const struct berth_impair *impair,
			  uint64_t number, struct gemodel *g)
{
	if (g->valid && g->number + 1 == number) {
		double u = draw_unit(key, g->number, DRAW_GEMODEL_STEP);

		g->bad = g->bad ? u < 1 - impair->gemodel_r : u < impair->gemodel_p;
	} else if (!g->valid || g->number != number) {
		g->bad = fate_gemodel_bad(key, impair->gemodel_p, impair->gemodel_r, number);
	}
	g->valid = true;
	g->number = number;
	return g->bad;
}

static enum berth_rule draw_loss(const struct fate_key *key, const struct berth_impair *impair,
				 uint64_t number, struct gemodel *g)
{
	if (!impair->gemodel)
		return chance(key, number, DRAW_LOSS, impair->loss) ? BERTH_RULE_LOSS
								    : BERTH_RULE_NONE;
	bool bad = gemodel_state(key, impair, number, g);
	double p = bad ? impair->gemodel_1_h : impair->gemodel_1_k;

	return chance(key, number, DRAW_GEMODEL_LOSS, p) ? BERTH_RULE_GEMODEL : BERTH_RULE_NONE;
}

static berth_time draw_delay(const struct fate_key *key, const struct berth_impair *impair,
			     uint64_t number)
{
	uint64_t bits[2];
	uint64_t dither[2];

	if (impair->jitter == 0)
		return impair->delay;
	fate_words(key, number, DRAW_JITTER, bits);
	fate_words(key, number, DRAW_JITTER_DITHER, dither);

	int ones = __builtin_popcountll(bits[0]) + __builtin_popcountll(bits[1]);
	double z = (ones - 65 + unit(dither[0]) + unit(dither[1])) * JITTER_SCALE;
	double delay = (double)impair->delay + z * (double)impair->jitter;

	return delay > 0 ? (berth_time)delay : 0;
}

void fate_draw(const struct fate_key *key, const struct berth_impair *impair, uint64_t number,
	       struct gemodel *gemodel, struct fate *out)
{
	uint64_t words[2];

	*out = (struct fate){.rule = draw_loss(key, impair, number, gemodel)};
	if (out->rule != BERTH_RULE_NONE)
		return;
	out->duplicate = chance(key, number, DRAW_DUPLICATE, impair->duplicate);
	out->reorder = chance(key, number, DRAW_REORDER, impair->reorder);
	out->corrupt = chance(key, number, DRAW_CORRUPT, impair->corrupt);
	out->delay_ns = draw_delay(key, impair, number);
	if (out->corrupt) {
		fate_words(key, number, DRAW_CORRUPT_BIT, words);
		out->corrupt_word = words[0];
	}
}

static bool is_probability(double p)
{
	return p >= 0 && p <= 1; /* false for NaN */
}

int impair_check(const struct berth_impair *i)
{
	if (i->delay < 0 || i->delay > DAY_NS || i->jitter < 0 || i->jitter > DAY_NS)
		return -EINVAL;
	if (!is_probability(i->loss) || !is_probability(i->duplicate) ||
	    !is_probability(i->reorder) || !is_probability(i->corrupt))
		return -EINVAL;
	if (!is_probability(i->gemodel_p) || !is_probability(i->gemodel_r) ||
	    !is_probability(i->gemodel_1_h) || !is_probability(i->gemodel_1_k))
		return -EINVAL;
	return 0;
}

bool impair_per_packet(const struct berth_impair *i)
{
	return i->jitter > 0 || i->loss > 0 || i->gemodel || i->duplicate > 0 || i->reorder > 0 ||
	       i->corrupt > 0 || i->rate_bits > 0 || i->limit > 0 || i->mtu > 0;
}
