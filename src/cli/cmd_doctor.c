/* SPDX-License-Identifier: MIT */
#include "cli/cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "run/run.h"

static const char help[] = "usage: berth doctor [--json]\n"
			   "\n"
			   "Tries what berth needs of this machine, and says what is missing and\n"
			   "the remedy. Exits with 1 if `berth run` cannot work here.\n"
			   "\n"
			   "  --json    the same for programs\n";

static const char *verdict(const struct run_requirement *r)
{
	if (r->met)
		return "ok";
	return r->fatal ? "MISSING" : "slower";
}

static void print_row(const struct run_requirement *r, bool colour)
{
	const char *on = r->met ? "\033[32m" : r->fatal ? "\033[31m" : "\033[33m";

	printf("%s%-8s%s %-32s %s\n", colour ? on : "", verdict(r), colour ? "\033[0m" : "",
	       r->what, r->detail);
	if (!r->met && r->remedy)
		printf("%-8s %-32s remedy: %s\n", "", "", r->remedy);
}

static json_t *row_json(const struct run_requirement *r)
{
	json_t *row = json_object();

	json_object_set_new(row, "what", json_string(r->what));
	json_object_set_new(row, "met", json_boolean(r->met));
	json_object_set_new(row, "fatal", json_boolean(r->fatal));
	json_object_set_new(row, "detail", json_string(r->detail));
	json_object_set_new(row, "remedy", r->remedy ? json_string(r->remedy) : json_null());
	return row;
}

static int examine(bool json)
{
	const char *no_colour = getenv("NO_COLOR");
	bool colour = isatty(STDOUT_FILENO) && (!no_colour || !*no_colour);
	json_t *list = json_array();
	struct run_requirement r;
	bool able = true;

	for (unsigned i = 0; run_check(i, &r); i++) {
		able &= r.met || !r.fatal;
		if (json)
			json_array_append_new(list, row_json(&r));
		else
			print_row(&r, colour);
	}
	if (json) {
		json_t *root = json_object();

		json_object_set_new(root, "ok", json_boolean(able));
		json_object_set(root, "requirements", list);
		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(root);
	} else {
		puts(able ? "\nberth run works on this machine."
			  : "\nberth run cannot work on this machine.");
	}
	json_decref(list);
	return able ? EXIT_SUCCESS : EXIT_FAILURE;
}

int cmd_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	bool json = false;
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
		if (option != 'j')
			return cmd_usage("doctor", NULL);
		json = true;
	}
	if (optind < argc)
		return cmd_usage("doctor", "unexpected word '%s'", argv[optind]);
	return examine(json);
}
