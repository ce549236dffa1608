/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/prefix.h"

struct sink {
	char text[512];
	size_t used;
	unsigned writes;
};

static void take(void *ctx, const char *bytes, size_t count)
{
	struct sink *s = ctx;

	s->writes++;
	if (count > sizeof(s->text) - 1 - s->used)
		count = sizeof(s->text) - 1 - s->used;
	memcpy(s->text + s->used, bytes, count);
	s->used += count;
	s->text[s->used] = '\0';
}

static void feed(struct prefix *p, const char *text)
{
	prefix_feed(p, text, strlen(text));
}

static void lines_are_whole(void **state)
{
	struct sink sink = {"", 0, 0};
	struct prefix p;

	(void)state;
	prefix_init(&p, "web", 6, -1, take, &sink);
	feed(&p, "one\ntw");
	assert_string_equal(sink.text, "web    | one\n");
	feed(&p, "o");
	assert_int_equal(sink.writes, 1);
	feed(&p, "\n\nthree\n");
	assert_string_equal(sink.text, "web    | one\nweb    | two\nweb    | \nweb    | three\n");
	assert_int_equal(sink.writes, 2);
	prefix_end(&p);
	assert_int_equal(sink.writes, 2);
	feed(&p, "last");
	prefix_end(&p);
	assert_string_equal(sink.text + sink.used - 14, "web    | last\n");
	prefix_fini(&p);
}

static void colour_ends_before_the_line(void **state)
{
	struct sink sink = {"", 0, 0};
	struct prefix p;

	(void)state;
	prefix_init(&p, "a", 1, 0, take, &sink);
	feed(&p, "x\n");
	assert_string_equal(sink.text, "\033[36ma |\033[0m x\n");
	prefix_fini(&p);
}

/* A program that never ends its line does not take all memory. */
static void endless_lines_break(void **state)
{
	struct sink sink = {"", 0, 0};
	struct prefix p;
	char *block = malloc(40000);

	(void)state;
	assert_non_null(block);
	memset(block, 'x', 40000);
	prefix_init(&p, "a", 1, -1, take, &sink);
	prefix_feed(&p, block, 40000);
	assert_int_equal(sink.writes, 0);
	prefix_feed(&p, block, 40000);
	assert_int_equal(sink.writes, 1);
	assert_int_equal(p.used, 80000 - 65536);
	prefix_fini(&p);
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_whole),
		cmocka_unit_test(colour_ends_before_the_line),
		cmocka_unit_test(endless_lines_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
