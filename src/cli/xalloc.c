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
