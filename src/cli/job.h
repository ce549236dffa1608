/* SPDX-License-Identifier: MIT */
/* A command of a run: whether it waits, runs or has ended, and whether it did what was expected. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include <stdbool.h>

#include "cli/netfile.h"
#include "cli/outlet.h"

enum job_state {
	JOB_WAITING,
	JOB_RUNNING,
	JOB_ENDED,
	JOB_NEVER, /* could not be started, or what it waits for can't come */
};

struct job {
	const struct netfile_command *command;
	const char *host_name;
	int host;
	enum job_state state;
	int id;	    /* the runner's */
	int status; /* as waitpid(2), when it has ended */
	int err;    /* why it never started; 0: its `after` */
	bool early; /* ended although expected to be running */
	struct outlet outlets[2];
};

/* berth's own environment, with the command's words in place of those of the same name. The
 * array is the caller's, the strings are not. */
char **job_environment(const struct netfile_command *c);

/* The status as a shell has it, of a job that has ended. */
int job_exit_status(const struct job *j);

/* Whether the expectation was met; if not, a line on standard error says so. */
bool job_met(const struct job *j);

#endif
