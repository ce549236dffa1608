/* SPDX-License-Identifier: MIT */
/* The arguments of `berth run`. */
#ifndef CLI_RUNARGS_H
#define CLI_RUNARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/netem.h"

struct runargs {
	const char *file;    /* -f; NULL: the form with one command */
	const char *host;    /* NULL: not given */
	const char *capture; /* NULL: not given */
	bool has_seed;
	uint64_t seed;
	bool ladder;
	char **sysctls; /* NAME=NUMBER, checked; owned: runargs_fini() */
	size_t sysctl_count, sysctl_capacity;
	bool help;
	struct netem_words impair;
	char **command; /* what stands behind the options; NULL-terminated, may be empty */
};

/* 0; -EINVAL: a sentence on what is wrong was printed (argv[0] is "berth run"). */
int runargs_parse(int argc, char **argv, struct runargs *out);
void runargs_fini(struct runargs *a);

#endif
