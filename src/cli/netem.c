/* SPDX-License-Identifier: MIT */
/*
 * Impairments in words. A word is parsed into a copy and taken over only if it is good, so that
 * a bad one leaves what was there. Independent loss and the Gilbert-Elliott model share the
 * word `loss`: setting the one takes the other away.
 */
#include "cli/netem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/units.h"

static const char *const names[NETEM_KEYS] = {
	[NETEM_DELAY] = "delay",	 [NETEM_JITTER] = "jitter",   [NETEM_LOSS] = "loss",
	[NETEM_DUPLICATE] = "duplicate", [NETEM_REORDER] = "reorder", [NETEM_CORRUPT] = "corrupt",
	[NETEM_RATE] = "rate",		 [NETEM_LIMIT] = "limit",     [NETEM_MTU] = "mtu",
};

#define LOSS_EXPECTED                                                                              \
	"a percentage such as 1%, or `gemodel P R 1-H 1-K` such as \"gemodel 1% 10% 70% 0.1%\""
#define DELAY_EXPECTED "a time such as 40ms, 1.5s or 200us, or two (delay and jitter)"

const char *netem_name(enum netem_key key)
{
	return names[key];
}

enum netem_key netem_find(const char *name)
{
	unsigned key = 0;

	while (key < NETEM_KEYS && strcmp(names[key], name) != 0)
		key++;
	return (enum netem_key)key;
}

/* Cuts `text` into at most `max` words within `buf`; -1: too many or too long. */
static int cut(const char *text, char *buf, size_t bytes, char **words, int max)
{
	char *save = NULL;
	int count = 0;

	if ((size_t)snprintf(buf, bytes, "%s", text) >= bytes)
		return -1;
	for (char *w = strtok_r(buf, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (count == max)
			return -1;
		words[count++] = w;
	}
	return count;
}

static int parse_delay(struct netem_words *w, const char *text)
{
	char buf[96];
	char *words[2];
	berth_time times[2] = {0, 0};
	int count = cut(text, buf, sizeof(buf), words, 2);

	if (count < 1)
		return -EINVAL;
	for (int i = 0; i < count; i++) {
		if (unit_time(words[i], &times[i]) < 0)
			return -EINVAL;
	}
	w->value.delay = times[0];
	if (count == 2) {
		w->value.jitter = times[1];
		w->set |= 1u << NETEM_JITTER;
	}
	return 0;
}

/* netem's defaults: r is 1 - p, everything is lost in the bad state, nothing in the good one. */
static int parse_gemodel(struct berth_impair *v, char **words, int count)
{
	double numbers[4] = {0, 0, 1, 0};

	if (count < 1)
		return -EINVAL;
	for (int i = 0; i < count; i++) {
		if (unit_percent(words[i], &numbers[i]) < 0)
			return -EINVAL;
	}
	v->gemodel = true;
	v->loss = 0;
	v->gemodel_p = numbers[0];
	v->gemodel_r = count > 1 ? numbers[1] : 1 - numbers[0];
	v->gemodel_1_h = numbers[2];
	v->gemodel_1_k = numbers[3];
	return 0;
}

static int parse_loss(struct netem_words *w, const char *text)
{
	char buf[128];
	char *words[5];
	int count = cut(text, buf, sizeof(buf), words, 5);
	int first = 0;
	double loss;

	if (count < 1)
		return -EINVAL;
	if (strcmp(words[0], "gemodel") == 0)
		return parse_gemodel(&w->value, words + 1, count - 1);
	if (count == 2 && strcmp(words[0], "random") == 0)
		first = 1;
	if (count != first + 1 || unit_percent(words[first], &loss) < 0)
		return -EINVAL;
	w->value.loss = loss;
	w->value.gemodel = false;
	return 0;
}

static int parse_into(struct netem_words *w, enum netem_key key, const char *text,
		      const char **out_expected)
{
	uint64_t n = 0;
	int err = -EINVAL;

	*out_expected = UNIT_PERCENT_EXPECTED;
	switch (key) {
	case NETEM_DELAY:
		*out_expected = DELAY_EXPECTED;
		return parse_delay(w, text);
	case NETEM_JITTER:
		*out_expected = UNIT_TIME_EXPECTED;
		return unit_time(text, &w->value.jitter);
	case NETEM_LOSS:
		*out_expected = LOSS_EXPECTED;
		return parse_loss(w, text);
	case NETEM_DUPLICATE:
		return unit_percent(text, &w->value.duplicate);
	case NETEM_REORDER:
		return unit_percent(text, &w->value.reorder);
	case NETEM_CORRUPT:
		return unit_percent(text, &w->value.corrupt);
	case NETEM_RATE:
		*out_expected = UNIT_RATE_EXPECTED;
		return unit_rate(text, &w->value.rate_bits);
	case NETEM_LIMIT:
		*out_expected = "a number of packets from 1 to 10000000";
		err = unit_count(text, 1, 10000000, &n);
		w->value.limit = (uint32_t)n;
		return err;
	case NETEM_MTU:
		*out_expected = "a number of bytes from 68 to 65535";
		err = unit_count(text, 68, 65535, &n);
		w->value.mtu = (uint32_t)n;
		return err;
	case NETEM_KEYS:
		break;
	}
	return err;
}

int netem_parse(struct netem_words *w, enum netem_key key, const char *text,
		const char **out_expected)
{
	struct netem_words copy = *w;

	if (parse_into(&copy, key, text, out_expected) < 0)
		return -EINVAL;
	copy.set |= 1u << key;
	*w = copy;
	return 0;
}

static void merge_loss(struct berth_impair *into, const struct berth_impair *v)
{
	into->loss = v->loss;
	into->gemodel = v->gemodel;
	into->gemodel_p = v->gemodel_p;
	into->gemodel_r = v->gemodel_r;
	into->gemodel_1_h = v->gemodel_1_h;
	into->gemodel_1_k = v->gemodel_1_k;
}

static void merge_key(struct berth_impair *into, const struct berth_impair *v, enum netem_key key)
{
	switch (key) {
	case NETEM_DELAY:
		into->delay = v->delay;
		break;
	case NETEM_JITTER:
		into->jitter = v->jitter;
		break;
	case NETEM_LOSS:
		merge_loss(into, v);
		break;
	case NETEM_DUPLICATE:
		into->duplicate = v->duplicate;
		break;
	case NETEM_REORDER:
		into->reorder = v->reorder;
		break;
	case NETEM_CORRUPT:
		into->corrupt = v->corrupt;
		break;
	case NETEM_RATE:
		into->rate_bits = v->rate_bits;
		break;
	case NETEM_LIMIT:
		into->limit = v->limit;
		break;
	case NETEM_MTU:
		into->mtu = v->mtu;
		break;
	case NETEM_KEYS:
		break;
	}
}

void netem_merge(struct berth_impair *into, const struct netem_words *w)
{
	for (unsigned key = 0; key < NETEM_KEYS; key++) {
		if (w->set & 1u << key)
			merge_key(into, &w->value, (enum netem_key)key);
	}
}

void netem_merge_words(struct netem_words *into, const struct netem_words *w)
{
	netem_merge(&into->value, w);
	into->set |= w->set;
}
