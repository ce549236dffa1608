/* SPDX-License-Identifier: MIT */
/*
 * Notifications of trapped calls, and answers to them.
 */
#ifndef RUN_NOTIFY_H
#define RUN_NOTIFY_H

#include "run/runner.h"

/* Asks the kernel how large its notifications are. 0 or a negative errno. */
int notify_init(struct run *r);
void notify_fini(struct run *r);

/* Gives a command's listener to the loop. 0 or a negative errno. */
int notify_listen(struct command *cmd);

#endif
