/* SPDX-License-Identifier: MIT */
/*
 * Prints every row of the option tables for tools/options, one a line, with tabs between: level,
 * symbol, number, form, range, whether it can be set, asked, or is lacking, what it is on fresh
 * sockets, its words. What it is comes from a stack, not from the table.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <berth/berth.h>

#include "base/check.h"
#include "stack/optlist.h"

static const struct {
	const char *name;
	int family, type, protocol;
} kinds[] = {
	{"TCP", AF_INET, SOCK_STREAM, 0},
	{"UDP", AF_INET, SOCK_DGRAM, 0},
	{"TCP6", AF_INET6, SOCK_STREAM, 0},
	{"UDP6", AF_INET6, SOCK_DGRAM, 0},
	{"UDP-Lite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE},
	{"raw", AF_INET, SOCK_RAW, IPPROTO_ICMP},
	{"raw6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
	{"packet", AF_PACKET, SOCK_RAW, 0},
	{"netlink", AF_NETLINK, SOCK_RAW, 0},
	{"unix", AF_UNIX, SOCK_STREAM, 0},
};

/* Nothing printed depends on chance. */
static void fill(void *ctx, void *buf, size_t bytes)
{
	uint8_t *state = ctx;

	for (size_t i = 0; i < bytes; i++)
		((uint8_t *)buf)[i] = (*state)++;
}

/* What is not the same on each host, or each time. */
static bool varies(const struct opt_doc *o)
{
	static const char *const names[] = {"SO_COOKIE", "SO_NETNS_COOKIE", "SO_MEMINFO",
					    "TCP_TIMESTAMP", "TCP_INFO"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(o->row->symbol, names[i]) == 0)
			return true;
	return false;
}

/* The number that a fresh socket of a kind has; empty: none, or no number. */
static void text_of_default(struct berth_stack *st, size_t kind, const struct opt_doc *o,
			    char *text, size_t room)
{
	unsigned char value[256];
	socklen_t len = sizeof(value);
	int fd = berth_socket(st, kinds[kind].family, kinds[kind].type, kinds[kind].protocol);
	int number;

	text[0] = '\0';
	if (fd >= 0 && !varies(o) &&
	    berth_getsockopt(st, fd, o->level->level, o->row->name, value, &len) == 0) {
		if (len == sizeof(number)) {
			memcpy(&number, value, sizeof(number));
			snprintf(text, room, "%d", number);
		} else if (len == 0) {
			snprintf(text, room, "none");
		} else if (o->row->form[0] == 'c' && memchr(value, 0, len)) {
			snprintf(text, room, "%.32s", (const char *)value);
		}
	}
	if (fd >= 0)
		(void)berth_close(st, fd);
}

/* One answer where all kinds that have the option agree, else each kind's. */
static void print_defaults(struct berth_stack *st, const struct opt_doc *o)
{
	char texts[ARRAY_LEN(kinds)][64];
	const char *first = NULL;
	bool same = true;
	const char *comma = "";

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		text_of_default(st, i, o, texts[i], sizeof(texts[i]));
		if (!texts[i][0])
			continue;
		same = same && (!first || strcmp(first, texts[i]) == 0);
		first = first ? first : texts[i];
	}
	if (first && same) {
		printf("%s", first);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		bool told = !texts[i][0];

		/* Those with the same answer together. */
		for (size_t j = 0; j < i; j++)
			told = told || strcmp(texts[i], texts[j]) == 0;
		if (told)
			continue;
		printf("%s%s (%s", comma, texts[i], kinds[i].name);
		for (size_t j = i + 1; j < ARRAY_LEN(kinds); j++)
			if (strcmp(texts[i], texts[j]) == 0)
				printf(", %s", kinds[j].name);
		printf(")");
		comma = "; ";
	}
}

static void print_row(struct berth_stack *st, const struct opt_doc *o)
{
	const struct opt_row *r = o->row;
	bool lacking = r->type == OPT_LACKING;
	bool own = r->type == OPT_OWN || r->type == OPT_BYTES;
	bool set = !lacking && r->type != OPT_ASK;
	bool get = !lacking && (r->get || !(own || r->type == OPT_ASK));

	printf("%s\t%s\t%d\t%s\t", o->level->symbol, r->symbol, r->name, r->form);
	if (r->type != OPT_FLAG && r->type != OPT_LAX && r->max > r->min &&
	    (r->min != INT32_MIN || r->max != INT32_MAX))
		printf("%d to %d", r->min, r->max);
	printf("\t%s%s%s\t", lacking ? "lacking" : "", set ? "set" : "",
	       get ? set ? ", get" : "get" : "");
	print_defaults(st, o);
	printf("\t%s\n", r->text);
}

int main(void)
{
	uint8_t state = 1;
	const struct berth_stack_config config = {.random = fill, .ctx = &state};
	struct berth_stack *st = berth_stack_new(&config);
	struct opt_doc o;

	if (!st)
		return 1;
	for (unsigned i = 0; optlist_row(i, &o); i++)
		print_row(st, &o);
	berth_stack_free(st);
	return 0;
}
