/* SPDX-License-Identifier: MIT */
/*
 * Names of ports: a services file (services(5)), or the well-known ones.
 */
#ifndef DNS_SERVICES_H
#define DNS_SERVICES_H

#include <stdint.h>

struct env;
struct services;

/* One line. The names are terminated strings; names[0] is the official one. */
struct service {
	uint16_t port;
	const char *protocol; /* "tcp" */
	const char *const *names;
	unsigned name_count; /* at least 1 */
};

/* `text` NULL: the well-known services. Lines that are no entries are passed over. NULL: no
 * memory. */
struct services *services_new(struct env *env, const char *text);
void services_free(struct services *services, struct env *env);

/* `protocol` NULL: any, the first that fits. NULL: none, or no `services`. */
const struct service *services_by_name(const struct services *services, const char *name,
				       const char *protocol);
const struct service *services_by_port(const struct services *services, uint16_t port,
				       const char *protocol);

#endif
