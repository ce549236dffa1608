/* SPDX-License-Identifier: MIT */
#include "cli/prefix.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define LINE_BYTES_MAX 65536

void prefix_init(struct prefix *p, const char *name, size_t width, int colour,
		 void (*write)(void *ctx, const char *bytes, size_t count), void *ctx)
{
	static const char *const colours[] = {"36", "33", "32", "35", "34", "96", "93", "92", "95"};
	size_t count = sizeof(colours) / sizeof(colours[0]);

	memset(p, 0, sizeof(*p));
	p->write = write;
	p->ctx = ctx;
	if (colour < 0)
		p->label = xasprintf("%-*s | ", (int)width, name);
	else
		p->label = xasprintf("\033[%sm%-*s |\033[0m ", colours[(size_t)colour % count],
				     (int)width, name);
}

static void hold(struct prefix *p, const char *bytes, size_t count)
{
	p->held = xgrow(p->held, &p->capacity, p->used + count + 1, 1);
	if (count > 0)
		memcpy(p->held + p->used, bytes, count);
	p->used += count;
}

struct text {
	char *bytes;
	size_t used, capacity;
};

static void text_add(struct text *t, const char *bytes, size_t count)
{
	t->bytes = xgrow(t->bytes, &t->capacity, t->used + count + 1, 1);
	if (count > 0)
		memcpy(t->bytes + t->used, bytes, count);
	t->used += count;
}

/* Label, what is held, and `bytes`, as a line. */
static void text_add_line(struct text *t, struct prefix *p, const char *bytes, size_t count)
{
	text_add(t, p->label, strlen(p->label));
	text_add(t, p->held, p->used);
	text_add(t, bytes, count);
	text_add(t, "\n", 1);
	p->used = 0;
}

void prefix_feed(struct prefix *p, const char *bytes, size_t count)
{
	struct text lines = {NULL, 0, 0};
	const char *end = bytes + count;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t length = (size_t)((newline ? newline : end) - bytes);
		bool whole = newline != NULL;

		if (p->used + length > LINE_BYTES_MAX) {
			length = LINE_BYTES_MAX - p->used;
			whole = true;
			newline = NULL;
		}
		if (whole)
			text_add_line(&lines, p, bytes, length);
		else
			hold(p, bytes, length);
		bytes += length + (newline ? 1 : 0);
	}
	if (lines.used > 0)
		p->write(p->ctx, lines.bytes, lines.used);
	free(lines.bytes);
}

void prefix_end(struct prefix *p)
{
	if (p->used > 0)
		prefix_feed(p, "\n", 1);
}

void prefix_fini(struct prefix *p)
{
	free(p->label);
	free(p->held);
	memset(p, 0, sizeof(*p));
}
