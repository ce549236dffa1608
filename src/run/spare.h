/* SPDX-License-Identifier: MIT */
/*
 * berth's own descriptors, of which there are as many as the hard limit says. Those that a call
 * needs for its own length have a reserve that nothing lasting is taken from: when the rest is
 * used up, programs get no more sockets, and all that they have goes on working.
 */
#ifndef RUN_SPARE_H
#define RUN_SPARE_H

#include "run/carrier.h"

/* Whether `fd`, which was just made and is to last, leaves the reserve alone. If not, it is to be
 * closed and the program to get ENFILE; this is said once in a run. The kernel gives out the lowest
 * number that is free, so the number tells. */
bool spare_keeps(const struct command *cmd, int fd);

/* The same for what is not to fail while anything is left, and may have half of the reserve: what
 * each process needs one of, and the end of a connection that is established already. */
bool spare_keeps_half(const struct command *cmd, int fd);

/* Queues no more of a listener's connections for now; what is closed makes it try again. */
void spare_wait(struct carrier *c);
void spare_freed(struct run *r);

/* Lets those that wait try again, if anything was freed since. */
void spare_retry(struct run *r);

#endif
