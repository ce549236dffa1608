/* SPDX-License-Identifier: MIT */
#include "dns/columns.h"

#include <string.h>

#include "base/env.h"

#define BLANKS " \t\r\v\f"

void columns_count(const char *text, size_t *out_lines, size_t *out_words)
{
	size_t lines = 1;
	size_t words = 0;
	const char *p = text;

	for (; *p; p++)
		lines += *p == '\n';
	for (p = text; *p;) {
		p += strspn(p, BLANKS "\n");
		words += *p != '\0';
		p += strcspn(p, BLANKS "\n");
	}
	*out_lines = lines;
	*out_words = words;
}

char *columns_copy(struct env *env, const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = env_alloc(env, bytes);

	if (copy)
		memcpy(copy, text, bytes);
	return copy;
}

char *columns_line(char **rest)
{
	char *line = *rest;
	size_t bytes = strcspn(line, "\n");

	if (*line == '\0')
		return NULL;
	*rest = line + bytes + (line[bytes] == '\n');
	line[bytes] = '\0';
	line[strcspn(line, "#")] = '\0';
	return line;
}

char *columns_next(char **line)
{
	char *word = *line + strspn(*line, BLANKS);
	size_t bytes = strcspn(word, BLANKS);

	if (bytes == 0)
		return NULL;
	*line = word + bytes + (word[bytes] != '\0');
	word[bytes] = '\0';
	return word;
}
