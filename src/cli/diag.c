/* SPDX-License-Identifier: MIT */
#include "cli/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

void diag_init(struct diag *d, const char *file)
{
	memset(d, 0, sizeof(*d));
	d->file = file;
}

void diag_fini(struct diag *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->entries[i].message);
		free(d->entries[i].expected);
	}
	free(d->entries);
	memset(d, 0, sizeof(*d));
}

void diag_add(struct diag *d, struct diag_pos pos, const char *expected, const char *format, ...)
{
	struct diag_entry *e;
	va_list args;
	char *message;

	d->entries = xgrow(d->entries, &d->capacity, d->count + 1, sizeof(*d->entries));
	e = &d->entries[d->count++];
	e->pos = pos;
	e->expected = expected ? xstrdup(expected) : NULL;
	va_start(args, format);
	message = xvasprintf(format, args);
	va_end(args);
	e->message = xplain(message, strlen(message)); /* it quotes what stands in the file */
	free(message);
}

static int compare(const void *a, const void *b)
{
	const struct diag_entry *x = a;
	const struct diag_entry *y = b;

	if (x->pos.line != y->pos.line)
		return x->pos.line < y->pos.line ? -1 : 1;
	if (x->pos.column != y->pos.column)
		return x->pos.column < y->pos.column ? -1 : 1;
	return 0;
}

void diag_sort(struct diag *d)
{
	if (d->count > 1)
		qsort(d->entries, d->count, sizeof(*d->entries), compare);
}

void diag_print(const struct diag *d, FILE *out)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct diag_entry *e = &d->entries[i];

		fputs(d->file, out);
		if (e->pos.line > 0)
			fprintf(out, ":%u:%u", e->pos.line, e->pos.column);
		fprintf(out, ": %s", e->message);
		if (e->expected)
			fprintf(out, "; expected %s", e->expected);
		fputc('\n', out);
	}
}
