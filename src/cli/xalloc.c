/* SPDX-License-Identifier: MIT */
#include "cli/xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
	if (!p) {
		fputs("berth: out of memory\n", stderr);
		exit(125);
	}
	return p;
}

void *xcalloc(size_t count, size_t bytes)
{
	return checked(calloc(count ? count : 1, bytes));
}

void *xgrow(void *array, size_t *capacity, size_t count, size_t bytes)
{
	size_t next = *capacity ? *capacity : 8;

	if (count <= *capacity)
		return array;
	while (next < count)
		next *= 2;
	if (next > SIZE_MAX / bytes)
		return checked(NULL);
	array = checked(realloc(array, next * bytes));
	*capacity = next;
	return array;
}

char *xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *xstrndup(const char *s, size_t bytes)
{
	return checked(strndup(s, bytes));
}

char *xvasprintf(const char *format, va_list args)
{
	char *s = NULL;

	if (vasprintf(&s, format, args) < 0)
		s = NULL;
	return checked(s);
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	s = xvasprintf(format, args);
	va_end(args);
	return s;
}

/* How many bytes the control character at `p` takes; 0: it is none. */
static size_t control_bytes(const unsigned char *p, size_t left)
{
	if (p[0] < ' ' || p[0] == 0x7f)
		return 1;
	return left > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

char *xplain(const char *s, size_t bytes)
{
	char *out = xcalloc(bytes + 1, 4); /* as much as "\xff" for each */
	char *at = out;

	for (size_t i = 0; i < bytes;) {
		size_t control = control_bytes((const unsigned char *)s + i, bytes - i);

		if (control == 0)
			*at++ = s[i++];
		for (; control > 0; control--)
			at += sprintf(at, "\\x%02x", (unsigned char)s[i++]);
	}
	return out;
}
