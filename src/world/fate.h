/* SPDX-License-Identifier: MIT */
/*
 * The fate of a packet on a cable: a function of (seed, cable name, direction, packet
 * number) and of the cable's impairments, and of nothing else.
 */
#ifndef WORLD_FATE_H
#define WORLD_FATE_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/world.h>

/* What a fate is drawn with: stands for the seed, the cable's name and the direction. */
struct fate_key {
	uint32_t words[2];
};

/* The independent draws that one packet has. */
enum fate_draw {
	DRAW_LOSS,
	DRAW_GEMODEL_STEP,
	DRAW_GEMODEL_LOSS,
	DRAW_DUPLICATE,
	DRAW_REORDER,
	DRAW_CORRUPT,
	DRAW_CORRUPT_BIT,
	DRAW_JITTER,
	DRAW_JITTER_DITHER,
};

/* The Gilbert-Elliott chain at packet `number`, so that it is not walked anew for each. */
struct gemodel {
	bool valid;
	bool bad;
	uint64_t number;
};

/* What was drawn for one packet. `rule` says why it is lost. */
struct fate {
	enum berth_rule rule; /* NONE: it arrives */
	bool duplicate, reorder, corrupt;
	uint64_t corrupt_word; /* the bit to flip is this modulo the number of bits */
	berth_time delay_ns;   /* jitter included, >= 0 */
};

/* The key of one direction of the cable called `name`. */
struct fate_key fate_key_make(uint64_t seed, const char *name, enum berth_direction direction);

/* 128 bits that follow from key, packet number and kind of draw alone, all independent. */
void fate_words(const struct fate_key *key, uint64_t number, enum fate_draw kind, uint64_t out[2]);

/* Whether the chain is in its bad state at packet `number`. It starts good at packet 0. */
bool fate_gemodel_bad(const struct fate_key *key, double p, double r, uint64_t number);

/* Draws the fate of packet `number`. `gemodel` is a memory of the chain, to be made invalid
 * whenever its parameters change; it saves time and changes nothing. */
void fate_draw(const struct fate_key *key, const struct berth_impair *impair, uint64_t number,
	       struct gemodel *gemodel, struct fate *out);

/* 0, or -EINVAL: a probability outside 0 to 1, a negative time or one over a day. */
int impair_check(const struct berth_impair *impair);

/* Whether each packet has a draw or a limit of its own, so that super-packets must be cut. */
bool impair_per_packet(const struct berth_impair *impair);

#endif
