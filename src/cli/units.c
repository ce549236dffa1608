/* SPDX-License-Identifier: MIT */
#include "cli/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct unit {
	const char *name;
	double factor;
};

static const struct unit time_units[] = {
	{"ns", 1},	{"nsec", 1},   {"nsecs", 1},  {"us", 1e3},    {"usec", 1e3},
	{"usecs", 1e3}, {"ms", 1e6},   {"msec", 1e6}, {"msecs", 1e6}, {"s", 1e9},
	{"sec", 1e9},	{"secs", 1e9}, {"min", 60e9},
};

static const struct unit rate_units[] = {
	{"bit", 1},
	{"kbit", 1e3},
	{"mbit", 1e6},
	{"gbit", 1e9},
	{"tbit", 1e12},
	{"kibit", 1024},
	{"mibit", 1048576},
	{"gibit", 1073741824},
	{"bps", 8},
	{"kbps", 8e3},
	{"mbps", 8e6},
	{"gbps", 8e9},
	{"tbps", 8e12},
	{"kibps", 8 * 1024.0},
	{"mibps", 8 * 1048576.0},
	{"gibps", 8 * 1073741824.0},
};

/* Splits "1.5ms" into 1.5 and "ms". Digits and one point only: strtod() would also take
 * "inf", "0x10" and "1e3". */
static int split(const char *s, double *out_number, const char **out_unit)
{
	size_t whole = strspn(s, "0123456789");
	size_t length = whole;
	size_t fraction = 0;
	char *end;

	if (s[0] == '-' && (isdigit((unsigned char)s[1]) || s[1] == '.'))
		return -ERANGE;
	if (s[whole] == '.') {
		fraction = strspn(s + whole + 1, "0123456789");
		length = whole + 1 + fraction;
	}
	if (whole + fraction == 0 || length > 32)
		return -EINVAL;
	*out_number = strtod(s, &end);
	if (end < s + length)
		return -EINVAL;
	*out_unit = s + length;
	while (**out_unit == ' ')
		(*out_unit)++;
	return 0;
}

static int scale(const char *s, const struct unit *units, size_t count, double limit, double *out)
{
	const char *unit;
	double number;
	int err = split(s, &number, &unit);

	if (err < 0)
		return err;
	if (*unit == '\0') {
		if (number != 0)
			return -EINVAL;
		*out = 0;
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(unit, units[i].name) != 0)
			continue;
		if (number * units[i].factor > limit)
			return -ERANGE;
		*out = number * units[i].factor;
		return 0;
	}
	return -EINVAL;
}

int unit_time(const char *s, berth_time *out)
{
	double ns;
	int err = scale(s, time_units, ARRAY_COUNT(time_units), 366.0 * 86400e9, &ns);

	if (err == 0)
		*out = (berth_time)llround(ns);
	return err;
}

int unit_rate(const char *s, uint64_t *out_bits)
{
	double bits;
	int err = scale(s, rate_units, ARRAY_COUNT(rate_units), 1e15, &bits);

	if (err == 0)
		*out_bits = (uint64_t)llround(bits);
	return err;
}

int unit_percent(const char *s, double *out)
{
	static const struct unit percent[] = {{"%", 0.01}};
	double fraction;
	int err = scale(s, percent, 1, 1.0, &fraction);

	if (err == 0)
		*out = fraction;
	return err;
}

int unit_count(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	unsigned long long n;
	size_t digits = strspn(s, "0123456789");

	if (s[0] == '-' && isdigit((unsigned char)s[1]))
		return -ERANGE;
	if (digits == 0 || s[digits] != '\0')
		return -EINVAL;
	errno = 0;
	n = strtoull(s, NULL, 10);
	if (errno != 0 || n < min || n > max)
		return -ERANGE;
	*out = n;
	return 0;
}
