/* SPDX-License-Identifier: MIT */
#include "dns/hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/env.h"
#include "dns/columns.h"

struct hosts {
	char *text;	    /* words, each terminated */
	const char **names; /* of all lines, one after the other */
	struct hosts_line *lines;
	unsigned count;
};

static bool parse_addr(const char *word, struct ipaddr *out)
{
	struct in_addr in;

	if (inet_pton(AF_INET, word, &in) == 1) {
		*out = ipaddr_from4(ntohl(in.s_addr));
		return true;
	}
	return inet_pton(AF_INET6, word, out->bytes) == 1;
}

/* Takes a line's words apart; false: it is no entry. */
static bool take_line(struct hosts *hosts, char *line, unsigned *names_used)
{
	struct hosts_line *l = &hosts->lines[hosts->count];
	const char **names = hosts->names + *names_used;
	const char *word = columns_next(&line);

	if (!word || !parse_addr(word, &l->addr))
		return false;
	l->names = names;
	l->name_count = 0;
	while ((word = columns_next(&line)) != NULL)
		names[l->name_count++] = word;
	*names_used += l->name_count;
	return l->name_count > 0;
}

struct hosts *hosts_new(struct env *env, const char *text)
{
	struct hosts *hosts = env_calloc(env, 1, sizeof(*hosts));
	unsigned names_used = 0;
	size_t words;
	size_t lines;
	char *rest;
	char *line;

	if (!hosts)
		return NULL;
	columns_count(text, &lines, &words);
	hosts->text = columns_copy(env, text);
	hosts->lines = env_calloc(env, lines, sizeof(*hosts->lines));
	hosts->names = env_calloc(env, words + 1, sizeof(*hosts->names));
	if (!hosts->text || !hosts->lines || !hosts->names) {
		hosts_free(hosts, env);
		return NULL;
	}
	rest = hosts->text;
	while ((line = columns_line(&rest)) != NULL)
		hosts->count += take_line(hosts, line, &names_used);
	return hosts;
}

void hosts_free(struct hosts *hosts, struct env *env)
{
	if (!hosts)
		return;
	env_free(env, hosts->text);
	env_free(env, hosts->lines);
	env_free(env, hosts->names);
	env_free(env, hosts);
}

const struct hosts_line *hosts_by_name(const struct hosts *hosts, const char *name, unsigned *at)
{
	while (hosts && *at < hosts->count) {
		const struct hosts_line *l = &hosts->lines[(*at)++];

		for (unsigned i = 0; i < l->name_count; i++)
			if (strcasecmp(l->names[i], name) == 0)
				return l;
	}
	return NULL;
}

const struct hosts_line *hosts_by_addr(const struct hosts *hosts, const struct ipaddr *addr)
{
	for (unsigned i = 0; hosts && i < hosts->count; i++)
		if (ipaddr_equal(&hosts->lines[i].addr, addr))
			return &hosts->lines[i];
	return NULL;
}
