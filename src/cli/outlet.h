/* SPDX-License-Identifier: MIT */
/* One of a program's output streams, on its way to one of ours, behind its host's name. */
#ifndef CLI_OUTLET_H
#define CLI_OUTLET_H

#include "cli/prefix.h"
#include "cli/spool.h"

struct run;

struct outlet {
	struct run *run; /* borrowed */
	struct prefix prefix;
	int fd;		      /* we read; -1: over, or never opened */
	bool watched;	      /* the runner tells when there is something to read */
	struct spool pending; /* whole lines that our own stream does not take yet */
};

/* Opens a pipe and has the runner watch it. Returns the end for the program, which the caller
 * closes, or a negative errno. For the other arguments see prefix_init(). The outlet must
 * outlive the runner. */
int outlet_open(struct outlet *o, struct run *run, int out, const char *name, size_t width,
		int colour);

/* Passes on all that is there now, however long that takes. */
void outlet_drain(struct outlet *o);

/* What is held becomes a line; likewise. 0, or why output was lost: a negative errno. */
int outlet_close(struct outlet *o);

#endif
