/* SPDX-License-Identifier: MIT */
/*
 * A program's output, each line behind the name of its host. A line is passed on when it is
 * whole, so that lines of many programs never mix within one.
 */
#ifndef CLI_PREFIX_H
#define CLI_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

struct prefix {
	char *label; /* "web    | ", with colour around it if there is any */
	char *held;  /* the beginning of a line that is not whole yet */
	size_t used, capacity;
	void (*write)(void *ctx, const char *bytes, size_t count);
	void *ctx;
};

/* `width` is that of the longest name; `colour` is which of the colours, negative: none. */
void prefix_init(struct prefix *p, const char *name, size_t width, int colour,
		 void (*write)(void *ctx, const char *bytes, size_t count), void *ctx);

/* Takes output; writes the lines that it completes, in one go. A line of more than 64 KiB is
 * broken there. */
void prefix_feed(struct prefix *p, const char *bytes, size_t count);

/* The output is over: what is held becomes a line. */
void prefix_end(struct prefix *p);

/* Frees what is held, unwritten. */
void prefix_fini(struct prefix *p);

#endif
