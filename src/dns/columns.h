/* SPDX-License-Identifier: MIT */
/*
 * Text in the form of hosts(5) and services(5): lines of words, with comments after a #. A copy is
 * cut up in place.
 */
#ifndef DNS_COLUMNS_H
#define DNS_COLUMNS_H

#include <stddef.h>

struct env;

/* Bounds of what there is: no more lines and words than these. Lines are at least 1. */
void columns_count(const char *text, size_t *out_lines, size_t *out_words);
/* A copy to be cut up; NULL: no memory. */
char *columns_copy(struct env *env, const char *text);
/* The next line of *rest, terminated, without its comment; NULL: no more. */
char *columns_line(char **rest);
/* The next word of *line, terminated; NULL: no more. */
char *columns_next(char **line);

#endif
