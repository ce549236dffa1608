/* SPDX-License-Identifier: MIT */
/*
 * A hosts file (hosts(5)), kept as it was read: lines of an address, a name and its aliases.
 */
#ifndef DNS_HOSTS_H
#define DNS_HOSTS_H

#include "wire/ipaddr.h"

struct env;
struct hosts;

/* One line. The names are terminated strings; names[0] is the canonical one. */
struct hosts_line {
	struct ipaddr addr;
	const char *const *names;
	unsigned name_count; /* at least 1 */
};

/* Reads a file's text; lines that are no entries are passed over, as libc does. NULL: no
 * memory. */
struct hosts *hosts_new(struct env *env, const char *text);
void hosts_free(struct hosts *hosts, struct env *env);

/* `hosts` may be NULL below: there is no file. */

/* The next line with this name (upper and lower case being the same) after the `*at`th; NULL: no
 * more. Start with *at = 0. */
const struct hosts_line *hosts_by_name(const struct hosts *hosts, const char *name, unsigned *at);
/* The first line of an address; NULL: none. */
const struct hosts_line *hosts_by_addr(const struct hosts *hosts, const struct ipaddr *addr);

#endif
