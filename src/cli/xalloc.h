/* SPDX-License-Identifier: MIT */
/* Memory for the command line: a command that gets none says so and ends with 125. */
#ifndef CLI_XALLOC_H
#define CLI_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* Zeroed room for `count` objects of `bytes` bytes; never NULL. */
void *xcalloc(size_t count, size_t bytes);

/* Makes room for at least `count` objects of `bytes` bytes each, doubling; *capacity is updated and
 * new room is not zeroed. Returns the array. */
void *xgrow(void *array, size_t *capacity, size_t count, size_t bytes);

/* Copies of a string, or of its first `bytes` bytes, terminated, that the caller frees. */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t bytes);

/* A formatted string that the caller frees. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* The first `bytes` bytes of `s`, for a terminal: control characters, those of C1 in UTF-8 too,
 * stand as "\x1b". The caller frees it. */
char *xplain(const char *s, size_t bytes);

#endif
