/* SPDX-License-Identifier: MIT */
/*
 * Starting a program under the filter.
 */
#ifndef RUN_LAUNCH_H
#define RUN_LAUNCH_H

#include "run/runner.h"

/* Starts a program; fills in `out`'s pid, minder, minder_fd and listener. 0, or a negative
 * errno: execve's, or why it could not be put under the filter. */
int launch(struct run *r, const struct run_command *cmd, struct command *out);

#endif
