/* SPDX-License-Identifier: MIT */
/*
 * The minder: a process between berth and a program, which sees to it that nothing outlives berth.
 */
#ifndef RUN_MINDER_H
#define RUN_MINDER_H

#include <sys/types.h>

/* What a minder writes: the program has ended. */
struct minder_report {
	int status; /* as waitpid(2) */
};

/* Lets the terminal's signals pass by; they are for the program. To be called before the fork. */
void minder_ignore_signals(void);

/* Minds `pid` (< 0: there is none) and all that comes of it. `up` leads to berth. */
_Noreturn void minder(int up, pid_t pid);

/* Kills every descendant of the calling process and reaps them. */
void minder_kill_all(void);

#endif
