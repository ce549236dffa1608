/* SPDX-License-Identifier: MIT */
/*
 * The arguments of `berth run`.
 *
 * Each option is taken by itself and its value checked, so that a mistake is a usage error and says
 * what was expected; then what does not go together is refused. What stands behind the options is
 * the command, which is not looked at.
 */
#include "cli/runargs.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/netfile.h"
#include "cli/sysctls.h"
#include "cli/units.h"
#include "cli/xalloc.h"

enum {
	OPTION_CAPTURE = 256,
	OPTION_HOST,
	OPTION_LADDER,
	OPTION_SEED,
	OPTION_SYSCTL,
	OPTION_NETEM, /* and NETEM_KEYS more */
};

/* "+": options end at the first word, so that those of the command are its own. */
static const char short_options[] = "+f:h";

static const struct option long_options[] = {
	{"file", required_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{"capture", required_argument, NULL, OPTION_CAPTURE},
	{"host", required_argument, NULL, OPTION_HOST},
	{"ladder", no_argument, NULL, OPTION_LADDER},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"sysctl", required_argument, NULL, OPTION_SYSCTL},
	{"delay", required_argument, NULL, OPTION_NETEM + NETEM_DELAY},
	{"jitter", required_argument, NULL, OPTION_NETEM + NETEM_JITTER},
	{"loss", required_argument, NULL, OPTION_NETEM + NETEM_LOSS},
	{"duplicate", required_argument, NULL, OPTION_NETEM + NETEM_DUPLICATE},
	{"reorder", required_argument, NULL, OPTION_NETEM + NETEM_REORDER},
	{"corrupt", required_argument, NULL, OPTION_NETEM + NETEM_CORRUPT},
	{"rate", required_argument, NULL, OPTION_NETEM + NETEM_RATE},
	{"limit", required_argument, NULL, OPTION_NETEM + NETEM_LIMIT},
	{"mtu", required_argument, NULL, OPTION_NETEM + NETEM_MTU},
	{NULL, 0, NULL, 0},
};

static int take_impairment(struct runargs *a, enum netem_key key, const char *text)
{
	const char *expected;

	if (netem_parse(&a->impair, key, text, &expected) == 0)
		return 0;
	(void)cmd_usage("run", "bad --%s '%s'; expected %s", netem_name(key), text, expected);
	return -EINVAL;
}

static int take_sysctl(struct runargs *a, const char *text)
{
	const char *expected = "NAME=NUMBER";
	char *name = xstrdup(text);
	char *number = strchr(name, '=');
	int64_t value;
	int result = -EINVAL;

	if (number) {
		*number++ = '\0';
		result = sysctls_parse(name, number, &value, &expected);
	}
	if (result == 0) {
		a->sysctls =
			xgrow(a->sysctls, &a->sysctl_capacity, a->sysctl_count + 1, sizeof(char *));
		a->sysctls[a->sysctl_count++] = xstrdup(text);
	} else {
		(void)cmd_usage("run", "bad --sysctl '%s'; expected %s", text, expected);
	}
	free(name);
	return result;
}

static int take_option(struct runargs *a, int option, const char *text)
{
	switch (option) {
	case 'f':
		a->file = text;
		return 0;
	case 'h':
		a->help = true;
		return 0;
	case OPTION_CAPTURE:
		a->capture = text;
		return 0;
	case OPTION_HOST:
		a->host = text;
		return 0;
	case OPTION_LADDER:
		a->ladder = true;
		return 0;
	case OPTION_SEED:
		a->has_seed = true;
		if (unit_count(text, 0, UINT64_MAX, &a->seed) == 0)
			return 0;
		(void)cmd_usage("run", "bad --seed '%s'; expected a whole number", text);
		return -EINVAL;
	case OPTION_SYSCTL:
		return take_sysctl(a, text);
	case '?':
		(void)cmd_usage("run", NULL); /* getopt has said what is wrong */
		return -EINVAL;
	default:
		return take_impairment(a, (enum netem_key)(option - OPTION_NETEM), text);
	}
}

/* What does not go together. */
static int check(const struct runargs *a)
{
	if (!a->file && !a->command[0])
		(void)cmd_usage("run", "which command? Expected -f NET.yaml or -- CMD...");
	else if (a->file && a->command[0])
		(void)cmd_usage("run", "'%s' beside -f; the commands stand in the network file",
				a->command[0]);
	else if (a->file && a->host)
		(void)cmd_usage("run", "--host beside -f; the hosts stand in the network file");
	else if (a->file && a->impair.set != 0)
		(void)cmd_usage("run", "impairments beside -f; they stand in the network file");
	else if (a->file && a->sysctl_count)
		(void)cmd_usage("run", "--sysctl beside -f; they stand in the network file");
	else if (a->host && !netfile_name_ok(a->host))
		(void)cmd_usage("run", "bad --host '%s'; expected " NETFILE_NAME_EXPECTED, a->host);
	else
		return 0;
	return -EINVAL;
}

int runargs_parse(int argc, char **argv, struct runargs *out)
{
	struct runargs a;
	int option;

	memset(&a, 0, sizeof(a));
	optind = 0; /* getopt starts anew, and forgets what it knew of "+" */
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (take_option(&a, option, optarg) < 0)
			goto bad;
	}
	a.command = argv + optind;
	if (!a.help && check(&a) < 0)
		goto bad;
	*out = a;
	return 0;
bad:
	runargs_fini(&a);
	return -EINVAL;
}

void runargs_fini(struct runargs *a)
{
	for (size_t i = 0; i < a->sysctl_count; i++)
		free(a->sysctls[i]);
	free(a->sysctls);
}
