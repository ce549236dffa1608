/* SPDX-License-Identifier: MIT */
/*
 * What rows of options say, done; option.h has the rows. A value is read as an int, or as the level
 * takes shorter ones, before its row is looked at; so the order of errors is Linux's: length, then
 * name, then range. The common options are copied for the socket (sock_edit_options()) only when a
 * row is about to change them.
 */
#include "transport/option.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"

int opt_get_zero(struct opt_arg *a)
{
	a->out.number = 0;
	return 0;
}

int opt_get_one(struct opt_arg *a)
{
	a->out.number = 1;
	return 0;
}

const struct opt_row *opt_level_row(const struct opt_level *level, int name)
{
	for (size_t i = 0; i < level->count; i++) {
		if (level->rows[i].name == name)
			return &level->rows[i];
	}
	return NULL;
}

static const uint8_t *field_of(const struct opt_level *level, const struct sock *s,
			       const struct opt_row *row)
{
	const void *base = level->of_block ? (const void *)s : (const void *)s->opt;

	return (const uint8_t *)base + row->offset;
}

static uint8_t *field_to_change(const struct opt_level *level, const struct opt_arg *a,
				const struct opt_row *row)
{
	void *base = level->of_block ? (void *)a->s : (void *)a->opt;

	return (uint8_t *)base + row->offset;
}

static bool changes_options(const struct opt_level *level, const struct opt_row *row)
{
	if (level->of_block || row->type == OPT_NOTHING || row->type == OPT_ASK ||
	    row->type == OPT_LACKING)
		return false;
	return row->set || (row->type != OPT_OWN && row->type != OPT_BYTES);
}

static int set_row(const struct opt_level *level, struct opt_arg *a, const struct opt_row *row)
{
	if (changes_options(level, row)) {
		a->opt = sock_edit_options(a->s);
		if (!a->opt)
			return -ENOMEM;
	}
	switch (row->type) {
	case OPT_FLAG:
		if (a->len < (socklen_t)row->min)
			return -EINVAL;
		*(bool *)field_to_change(level, a, row) = a->value != 0;
		return 0;
	case OPT_LAX:
		*(bool *)field_to_change(level, a, row) = a->value != 0;
		return 0;
	case OPT_BYTE:
		if (a->value < row->min || a->value > row->max)
			return -EINVAL;
		*field_to_change(level, a, row) = (uint8_t)a->value;
		return 0;
	case OPT_INT:
		if (a->value < row->min || a->value > row->max)
			return -EINVAL;
		memcpy(field_to_change(level, a, row), &a->value, sizeof(a->value));
		return 0;
	case OPT_NOTHING:
		return 0;
	case OPT_ASK:
	case OPT_LACKING:
		return -ENOPROTOOPT;
	case OPT_OWN:
	case OPT_BYTES:
		return row->set ? row->set(a) : 0;
	}
	return -ENOPROTOOPT;
}

static int get_row(const struct opt_level *level, struct opt_arg *a, const struct opt_row *row)
{
	a->out.number = 0;
	a->out_len = sizeof(a->out.number);
	switch (row->type) {
	case OPT_FLAG:
	case OPT_LAX:
		if (row->get)
			return row->get(a);
		a->out.number = *(const bool *)field_of(level, a->s, row);
		return 0;
	case OPT_BYTE:
		a->out.number = *field_of(level, a->s, row);
		return 0;
	case OPT_INT:
		memcpy(&a->out.number, field_of(level, a->s, row), sizeof(a->out.number));
		return 0;
	case OPT_NOTHING:
		return 0;
	case OPT_LACKING:
		return -ENOPROTOOPT;
	case OPT_ASK:
	case OPT_OWN:
	case OPT_BYTES:
		return row->get ? row->get(a) : -ENOPROTOOPT;
	}
	return -ENOPROTOOPT;
}

static bool takes_number(const struct opt_row *row)
{
	return row->type == OPT_FLAG || row->type == OPT_BYTE || row->type == OPT_INT ||
	       row->type == OPT_OWN;
}

static int read_value(struct opt_arg *a, const struct opt_level *level, const struct opt_row *row)
{
	a->value = 0;
	if (a->len >= sizeof(a->value)) {
		memcpy(&a->value, a->in, sizeof(a->value));
		return 0;
	}
	switch (level->shorter) {
	case OPT_SHORT_INVALID:
		return row && row->type == OPT_BYTES ? 0 : -EINVAL;
	case OPT_SHORT_BYTE:
		if (a->len >= 1)
			a->value = *(const uint8_t *)a->in;
		return 0;
	case OPT_SHORT_ROW:
		return row && takes_number(row) ? -EINVAL : 0;
	}
	return 0;
}

int opt_level_set(const struct opt_level *level, struct sock *s, int name, const void *value,
		  socklen_t len)
{
	struct opt_arg a = {.s = s, .level = level->level, .name = name, .in = value, .len = len};
	const struct opt_row *row = opt_level_row(level, name);
	int result = read_value(&a, level, row);

	if (result < 0)
		return result;
	return row ? set_row(level, &a, row) : -ENOPROTOOPT;
}

/* Linux: ip_getsockopt() gives small values as a byte to who has no room for an int. */
static bool give_byte(const struct opt_level *level, const struct opt_arg *a)
{
	return level->shorter == OPT_SHORT_BYTE && a->out_len == sizeof(int) &&
	       a->len < sizeof(int) && a->len > 0 && a->out.number >= 0 && a->out.number <= 255;
}

int opt_level_get(const struct opt_level *level, struct sock *s, int name, void *value,
		  socklen_t *len)
{
	struct opt_arg a = {.s = s,
			    .level = level->level,
			    .name = name,
			    .in = value,
			    .room = value,
			    .len = *len};
	const struct opt_row *row = opt_level_row(level, name);
	int result = row ? get_row(level, &a, row) : -ENOPROTOOPT;

	if (result < 0)
		return result;
	if (a.written) {
		*len = a.out_len;
		return 0;
	}
	ASSERT(a.out_len <= sizeof(a.out));
	if (give_byte(level, &a)) {
		*len = 1;
		*(uint8_t *)value = (uint8_t)a.out.number;
		return 0;
	}
	if (*len > a.out_len)
		*len = a.out_len;
	if (*len > 0)
		memcpy(value, &a.out, *len);
	if (a.told_len)
		*len = a.told_len;
	return 0;
}
