/* SPDX-License-Identifier: MIT */
/*
 * Signals that end a run, as something to read. Handlers are of the whole process, so this is
 * opened once.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

struct interrupt {
	int number;    /* SIGINT, SIGTERM or SIGHUP */
	bool terminal; /* sent by the kernel: Ctrl-C, or the terminal is gone */
};

/* Catches them. Returns a descriptor that is readable when there is one, or a negative errno. */
int interrupt_open(void);

/* The next one; false: no more for now. */
bool interrupt_read(int fd, struct interrupt *out);

#endif
