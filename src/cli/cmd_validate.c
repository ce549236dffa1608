/* SPDX-License-Identifier: MIT */
#include "cli/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/diag.h"
#include "cli/netfile.h"

static const char help[] =
	"usage: berth validate [--json] NET.yaml\n"
	"\n"
	"Reads a network file and says what is wrong with it, a line for each mistake:\n"
	"FILE:LINE:COLUMN: what is wrong; expected what. Exits with 1 if there is any.\n"
	"\n"
	"  --json    the same for programs\n";

static size_t count_cables(const struct netfile *f)
{
	size_t count = 0;

	for (size_t i = 0; i < f->host_count; i++)
		count += f->hosts[i].cable_count;
	return count;
}

static size_t count_commands(const struct netfile *f)
{
	size_t count = 0;

	for (size_t i = 0; i < f->host_count; i++)
		count += f->hosts[i].command_count;
	return count;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_summary(const char *path, const struct netfile *f)
{
	size_t cables = count_cables(f);
	size_t commands = count_commands(f);

	printf("%s: ok: %zu network%s, %zu host%s, %zu cable%s, %zu command%s, %zu step%s\n", path,
	       f->network_count, plural(f->network_count), f->host_count, plural(f->host_count),
	       cables, plural(cables), commands, plural(commands), f->step_count,
	       plural(f->step_count));
}

/* `n` as JSON; a reference that json_object_set_new() takes. */
static json_t *number(size_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *errors_json(const struct diag *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->count; i++) {
		const struct diag_entry *e = &d->entries[i];
		json_t *entry = json_object();

		json_object_set_new(entry, "line", number(e->pos.line));
		json_object_set_new(entry, "column", number(e->pos.column));
		json_object_set_new(entry, "message", json_string(e->message));
		json_object_set_new(entry, "expected",
				    e->expected ? json_string(e->expected) : json_null());
		json_array_append_new(list, entry);
	}
	return list;
}

static void print_json(const char *path, const struct netfile *f, const struct diag *d)
{
	json_t *root = json_object();

	json_object_set_new(root, "file", json_string(path));
	json_object_set_new(root, "ok", json_boolean(d->count == 0));
	if (d->count == 0) {
		json_object_set_new(root, "name", json_string(f->name));
		json_object_set_new(root, "networks", number(f->network_count));
		json_object_set_new(root, "hosts", number(f->host_count));
		json_object_set_new(root, "cables", number(count_cables(f)));
		json_object_set_new(root, "commands", number(count_commands(f)));
		json_object_set_new(root, "steps", number(f->step_count));
	}
	json_object_set_new(root, "errors", errors_json(d));
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

static int validate(const char *path, bool json)
{
	struct netfile file;
	struct diag d;
	int status;

	diag_init(&d, path);
	status = netfile_load(&file, path, &d) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	diag_sort(&d);
	if (json)
		print_json(path, &file, &d);
	else if (status == EXIT_SUCCESS)
		print_summary(path, &file);
	else
		diag_print(&d, stderr);
	netfile_fini(&file);
	diag_fini(&d);
	return status;
}

int cmd_validate(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	bool json = false;
	int status = EXIT_SUCCESS;
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
		if (option != 'j')
			return cmd_usage("validate", NULL);
		json = true;
	}
	if (optind == argc)
		return cmd_usage("validate", "which file?");
	for (int i = optind; i < argc; i++) {
		if (validate(argv[i], json) != EXIT_SUCCESS)
			status = EXIT_FAILURE;
	}
	return status;
}
