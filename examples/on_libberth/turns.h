/* SPDX-License-Identifier: MIT */
/*
 * Programs that take turns. Each is a thread, but only one runs at any time: when it would have to
 * wait it gives its turn to the next, and when all wait, the world goes on to its next moment. So
 * a run is as repeatable as the world is.
 */
#ifndef ON_LIBBERTH_TURNS_H
#define ON_LIBBERTH_TURNS_H

#include <stdbool.h>
#include <stdio.h>

#include <berth/berth.h>

#define PROGRAMS_MAX 16
#define OWN_MAX 1024 /* descriptors of one host */

struct program {
	int number;
	int host; /* of the world */
	int (*main)(int argc, char **argv);
	int argc;
	char **argv;
	FILE *output;
	char line[512]; /* of its output, so far */
	size_t line_bytes;
	int optind; /* getopt()'s place, while others have the turn */
	bool done;
	int status;
	berth_time until; /* what it waits for, at the longest */
};

/* Adds a program on a host. False: too many. */
bool turns_add(int host, int (*main)(int argc, char **argv), int argc, char **argv);
/* Runs them all to their ends: the highest exit status. */
int turns_run(struct berth_world *w);

/* For who has the turn: */
struct program *turns_me(void);
struct berth_world *turns_world(void);
struct berth_stack *turns_stack(void);
/* Gives the turn away. False: it has come back, and `until` has passed. */
bool turns_wait(berth_time until);
/* Something was achieved: others may go on because of it. */
void turns_progress(void);

/* berkeley.c: closes what the program has left open. */
void berkeley_close_all(struct program *p);

#endif
