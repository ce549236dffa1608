/* SPDX-License-Identifier: MIT */
/*
 * Bytes on their way to a descriptor that others may read slowly or not at all: a pipe, a terminal.
 * The loop that calls us moves the packets too and must not wait.
 */
#ifndef CLI_SPOOL_H
#define CLI_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

struct spool {
	int fd;	     /* borrowed */
	char *bytes; /* owned: [begin, used) wait */
	size_t begin, used, capacity;
	int error; /* negative errno of the first write that failed */
};

/* All zero but for `fd`: empty. Adds bytes, however many are there. */
void spool_put(struct spool *s, const void *bytes, size_t count);

/* How many wait. */
size_t spool_waiting(const struct spool *s);

/* Writes what waits as far as it is taken at once, or (`wait`) all of it, unless a signal comes.
 * What a write that failed should have taken is dropped. */
void spool_flush(struct spool *s, bool wait);

/* Frees what it owns. */
void spool_fini(struct spool *s);

#endif
