/* SPDX-License-Identifier: MIT */
/* The commands. Each gets its own arguments (argv[0] is "berth NAME"); returns the exit status. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#define EXIT_USAGE 2
#define EXIT_BERTH_FAILED 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

/* Each has its page in berth(1). */
int cmd_run(int argc, char **argv);
int cmd_validate(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/* Says on standard error what was wrong with the arguments of a command, and returns EXIT_USAGE. */
int cmd_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
