/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>

#include "cli/cmd.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

static const struct command commands[] = {
	{"run", cmd_run, "run programs on a network that misbehaves"},
	{"validate", cmd_validate, "check a network file"},
	{"doctor", cmd_doctor, "check this machine"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	puts("usage: berth COMMAND ...\n"
	     "\n"
	     "Runs unmodified programs over a TCP/IP stack of its own, on networks that delay,\n"
	     "lose, duplicate and reorder what they send. No root, no namespaces, no "
	     "recompiling.\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  berth %-10s %s\n", commands[i].name, commands[i].summary);
	puts("\n"
	     "  berth run --delay 40ms --loss 1% -- pytest     one command on one host\n"
	     "  berth run -f shop.yaml                         the hosts of a network file\n"
	     "\n"
	     "`berth COMMAND --help` tells more, and berth(1) all.");
}

int cmd_usage(const char *command, const char *format, ...)
{
	va_list args;

	if (format) {
		fprintf(stderr, "berth %s: ", command);
		va_start(args, format);
		vfprintf(stderr, format, args);
		va_end(args);
		fputc('\n', stderr);
	}
	fprintf(stderr, "Try `berth %s --help`.\n", command);
	return EXIT_USAGE;
}

static int finish(int status)
{
	if (fflush(stdout) == 0 || status != EXIT_SUCCESS)
		return status;
	perror("berth: standard output");
	return EXIT_BERTH_FAILED;
}

/* Standard streams that were closed: no descriptor that berth opens may have their numbers. What
 * takes their place fails as they would, and programs do not inherit it. */
static bool take_closed_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", (fd == 0 ? O_WRONLY : O_RDONLY) | O_CLOEXEC) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!take_closed_streams())
		return EXIT_BERTH_FAILED; /* there is nowhere to say so */
	if (!name) {
		fputs("berth: which command? Try `berth --help`.\n", stderr);
		return EXIT_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help();
		return finish(EXIT_SUCCESS);
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("berth " BERTH_VERSION);
		return finish(EXIT_SUCCESS);
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		char full[32];

		if (strcmp(name, commands[i].name) != 0)
			continue;
		snprintf(full, sizeof(full), "berth %s", name);
		argv[1] = full; /* so getopt's messages begin */
		return finish(commands[i].run(argc - 1, argv + 1));
	}
	fprintf(stderr, "berth: unknown command '%s'. Try `berth --help`.\n", name);
	return EXIT_USAGE;
}
