/* SPDX-License-Identifier: MIT */
/*
 * Impairments in words: the keys of the network file, the options of `berth run` and what
 * they mean. Words remember which of them were given, so that a change merges with what
 * is set.
 */
#ifndef CLI_NETEM_H
#define CLI_NETEM_H

#include <stdbool.h>

#include <berth/world.h>

enum netem_key {
	NETEM_DELAY,
	NETEM_JITTER,
	NETEM_LOSS,
	NETEM_DUPLICATE,
	NETEM_REORDER,
	NETEM_CORRUPT,
	NETEM_RATE,
	NETEM_LIMIT,
	NETEM_MTU,
	NETEM_KEYS,
};

struct netem_words {
	unsigned set; /* bit 1 << key: given */
	struct berth_impair value;
};

/* The word for a key, such as "delay". */
const char *netem_name(enum netem_key key);

/* The key of a word; NETEM_KEYS: none. */
enum netem_key netem_find(const char *name);

/* Reads the value of a key: "40ms", or for delay also "40ms 5ms", or for loss "gemodel 1% 10% 70%
 * 0.1%". 0; -EINVAL: *out_expected says what a value looks like, and `w` is as it was. */
int netem_parse(struct netem_words *w, enum netem_key key, const char *text,
		const char **out_expected);

/* Writes the words given in `w` over `into`. */
void netem_merge(struct berth_impair *into, const struct netem_words *w);

/* Likewise for words that stay words. */
void netem_merge_words(struct netem_words *into, const struct netem_words *w);

#endif
