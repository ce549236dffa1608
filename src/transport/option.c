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

void *opt_control_block(struct sock *s, bool edit)
{
	(void)edit;
	return s;
}

static const uint8_t *field_of(const struct opt_level *level, struct sock *s,
			       const struct opt_row *row)
{
	const void *base = level->block ? level->block(s, false) : s->opt;

	return (const uint8_t *)base + row->offset;
}

static bool is_field(const struct opt_row *row)
{
	return row->type == OPT_FLAG || row->type == OPT_LAX || row->type == OPT_BYTE ||
	       row->type == OPT_INT;
}

/* Makes what the row changes its own to be changed. `*out_field`: where, if it is a field. */
static int prepare(const struct opt_level *level, struct opt_arg *a, const struct opt_row *row,
		   uint8_t **out_field)
{
	void *base;

	if (level->block) {
		base = is_field(row) ? level->block(a->s, true) : a->s;
	} else {
		if (!is_field(row) && !row->set)
			return 0;
		a->opt = sock_edit_options(a->s);
		base = a->opt;
	}
	if (!base)
		return -ENOMEM;
	if (is_field(row))
		*out_field = (uint8_t *)base + row->offset;
	return 0;
}

/* Whether the value is one that a field takes. */
static bool in_range(const struct opt_arg *a, const struct opt_row *row)
{
	if (row->type == OPT_FLAG)
		return a->len >= (socklen_t)row->min &&
		       (!row->max || a->len <= (socklen_t)row->max);
	return row->type == OPT_LAX || (a->value >= row->min && a->value <= row->max);
}

static void store(const struct opt_arg *a, const struct opt_row *row, uint8_t *field)
{
	if (row->type == OPT_INT)
		memcpy(field, &a->value, sizeof(a->value));
	else if (row->type == OPT_BYTE)
		*field = (uint8_t)a->value;
	else
		*(bool *)field = a->value != 0;
}

static int set_row(const struct opt_level *level, struct opt_arg *a, const struct opt_row *row)
{
	uint8_t *field = NULL;
	int result;

	if (row->type == OPT_NOTHING)
		return 0;
	if (row->type == OPT_ASK || row->type == OPT_LACKING)
		return -ENOPROTOOPT;
	if (is_field(row) && !in_range(a, row))
		return -EINVAL;
	result = prepare(level, a, row, &field);
	if (result < 0)
		return result;
	if (field)
		store(a, row, field);
	return row->set ? row->set(a) : 0;
}

static int get_row(const struct opt_level *level, struct opt_arg *a, const struct opt_row *row)
{
	a->out.number = 0;
	a->out_len = sizeof(a->out.number);
	if (row->type == OPT_NOTHING)
		return 0;
	if (row->get && row->type != OPT_LACKING)
		return row->get(a);
	if (!is_field(row))
		return -ENOPROTOOPT;
	if (row->type == OPT_INT)
		memcpy(&a->out.number, field_of(level, a->s, row), sizeof(a->out.number));
	else
		a->out.number = *field_of(level, a->s, row);
	return 0;
}

static bool takes_number(const struct opt_row *row)
{
	return row->type == OPT_FLAG || row->type == OPT_BYTE || row->type == OPT_INT ||
	       row->type == OPT_OWN;
}

/* A value that cannot be read. Linux: that is noticed where it is copied, which is after some of
 * the other mistakes, and not at all where a value is too short to be looked at. */
static int miss_value(const struct opt_arg *a, const struct opt_level *level,
		      const struct opt_row *row)
{
	const bool is_short = a->len < sizeof(a->value);

	switch (level->shorter) {
	case OPT_SHORT_INVALID:
		return is_short && !(row && row->type == OPT_BYTES) ? -EINVAL : -EFAULT;
	case OPT_SHORT_BYTE:
		return !row || row->type == OPT_ASK || row->type == OPT_LACKING ? -ENOPROTOOPT
										: -EFAULT;
	case OPT_SHORT_ROW:
		if (!is_short || !row || row->type == OPT_BYTES)
			return is_short && !row ? -ENOPROTOOPT : -EFAULT;
		return takes_number(row) ? -EINVAL : 0;
	}
	return -EFAULT;
}

static int read_value(struct opt_arg *a, const struct opt_level *level, const struct opt_row *row)
{
	a->value = 0;
	if (!a->in && a->len > 0)
		return miss_value(a, level, row);
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
