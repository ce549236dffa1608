/* SPDX-License-Identifier: MIT */
/* What is wrong with a file: a list of places, each with what was wrong and what was expected. */
#ifndef CLI_DIAG_H
#define CLI_DIAG_H

#include <stddef.h>
#include <stdio.h>

/* A place in a file, counted from 1; line 0: the file as a whole. */
struct diag_pos {
	unsigned line, column;
};

struct diag_entry {
	struct diag_pos pos;
	char *message;
	char *expected; /* NULL: the message says all */
};

struct diag {
	const char *file; /* borrowed */
	struct diag_entry *entries;
	size_t count, capacity;
};

/* Without errors; `file` is what they are printed with. Both are to be paired. */
void diag_init(struct diag *d, const char *file);
void diag_fini(struct diag *d);

/* Adds an error. `expected` is copied and may be NULL. */
void diag_add(struct diag *d, struct diag_pos pos, const char *expected, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Sorts by place; to be called once, before printing. */
void diag_sort(struct diag *d);

/* A line for each: "FILE:LINE:COLUMN: message; expected ...". */
void diag_print(const struct diag *d, FILE *out);

#endif
