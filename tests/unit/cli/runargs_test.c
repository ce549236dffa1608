/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/runargs.h"

#define WORDS_MAX 16

/* Stands in for the one in main.c, which prints. */
int cmd_usage(const char *command, const char *format, ...)
{
	(void)command;
	(void)format;
	return EXIT_USAGE;
}

static int parse(struct runargs *a, char *line)
{
	static char *words[WORDS_MAX];
	static char name[] = "berth run";
	int count = 1;

	words[0] = name;
	for (char *w = strtok(line, " "); w && count < WORDS_MAX - 1; w = strtok(NULL, " "))
		words[count++] = w;
	words[count] = NULL;
	return runargs_parse(count, words, a);
}

static void a_command_keeps_its_options(void **state)
{
	char line[] = "--delay 40ms --loss=2% --host web --seed 7 curl -f --delay x -- y";
	struct runargs a;

	(void)state;
	assert_int_equal(parse(&a, line), 0);
	assert_int_equal(a.impair.value.delay, 40 * BERTH_MSEC);
	assert_true(a.impair.value.loss > 0);
	assert_string_equal(a.host, "web");
	assert_true(a.has_seed && a.seed == 7);
	assert_null(a.file);
	assert_string_equal(a.command[0], "curl");
	assert_string_equal(a.command[1], "-f");
	assert_string_equal(a.command[4], "--");
	assert_string_equal(a.command[5], "y");
	assert_null(a.command[6]);
}

static void two_dashes_end_the_options(void **state)
{
	char line[] = "--ladder -- --odd name";
	struct runargs a;

	(void)state;
	assert_int_equal(parse(&a, line), 0);
	assert_true(a.ladder);
	assert_string_equal(a.command[0], "--odd");
}

static void a_file(void **state)
{
	char line[] = "-f shop.yaml --capture - --seed 0";
	struct runargs a;

	(void)state;
	assert_int_equal(parse(&a, line), 0);
	assert_string_equal(a.file, "shop.yaml");
	assert_string_equal(a.capture, "-");
	assert_true(a.has_seed);
}

static void what_does_not_go_together(void **state)
{
	static const char *const lines[] = {
		"",
		"--delay 40ms",
		"--delay 40 ls",
		"--loss 101% ls",
		"--mtu 60 ls",
		"--seed x ls",
		"-f a.yaml ls",
		"-f a.yaml --host x",
		"-f a.yaml --delay 1ms",
		"--host a_ ls",
		"--nonsense ls",
		"--delay",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char line[64];
		struct runargs a;

		strcpy(line, lines[i]);
		if (parse(&a, line) != -EINVAL)
			fail_msg("accepted: %s", lines[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_keeps_its_options),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(a_file),
		cmocka_unit_test(what_does_not_go_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
