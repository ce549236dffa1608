/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>

#include "base/env.h"
#include "dns/resolver.h"
#include "dns/services.h"
#include "stack/host.h"

/* Netdb's structures point to text that they do not change, without saying so. */
static char *netdb_text(const char *text)
{
	union {
		const char *given;
		char *taken;
	} u = {text};

	return u.taken;
}

void servent_free(struct resolver *r)
{
	env_free(r->env, r->servent_aliases);
}

static struct servent *fill(struct resolver *r, const struct service *s)
{
	char **aliases;

	if (!s)
		return NULL;
	aliases = env_realloc(r->env, r->servent_aliases, s->name_count, sizeof(*aliases));
	if (!aliases)
		return NULL;
	r->servent_aliases = aliases;
	for (unsigned i = 1; i < s->name_count; i++)
		aliases[i - 1] = netdb_text(s->names[i]);
	aliases[s->name_count - 1] = NULL;
	r->servent = (struct servent){.s_name = netdb_text(s->names[0]),
				      .s_aliases = aliases,
				      .s_port = htons(s->port),
				      .s_proto = netdb_text(s->protocol)};
	return &r->servent;
}

struct servent *berth_getservbyname(struct berth_stack *st, const char *name, const char *protocol)
{
	struct resolver *r = resolver_of(st);

	return r ? fill(r, services_by_name(resolver_services(r), name, protocol)) : NULL;
}

struct servent *berth_getservbyport(struct berth_stack *st, int port, const char *protocol)
{
	struct resolver *r = resolver_of(st);
	uint16_t host_order = ntohs((uint16_t)port);

	return r ? fill(r, services_by_port(resolver_services(r), host_order, protocol)) : NULL;
}
