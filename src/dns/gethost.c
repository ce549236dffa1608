/* SPDX-License-Identifier: MIT */
/*
 * gethostbyname() and gethostbyaddr(): numbers, then the hosts file, then the name servers, as
 * "hosts: files dns" in nsswitch.conf(5) has it. localhost, and what ends in .localhost, is
 * loopback without asking anybody (RFC 6761 §6.3).
 *
 * The answer is a struct hostent of the stack's, in one piece of memory that the next call
 * overwrites, as it always was.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/env.h"
#include "dns/hosts.h"
#include "dns/lookup.h"
#include "dns/resolver.h"
#include "stack/host.h"

#define ADDRESSES_MAX DNS_ANSWER_ADDRESSES
#define ALIASES_MAX 35u /* glibc's */
#define TEXT_BYTES 8192u

struct gethost {
	struct hostent ent;
	char *aliases[ALIASES_MAX + 1];
	unsigned alias_count;
	char *addrs[ADDRESSES_MAX + 1];
	unsigned addr_count;
	uint8_t data[ADDRESSES_MAX][16];
	size_t text_used;
	char text[TEXT_BYTES];
};

void gethost_free(struct resolver *r)
{
	env_free(r->env, r->gethost);
}

static struct gethost *start(struct resolver *r, int family)
{
	struct gethost *g = r->gethost;

	if (!g)
		g = r->gethost = env_alloc(r->env, sizeof(*g));
	if (!g)
		return NULL;
	g->ent = (struct hostent){.h_aliases = g->aliases,
				  .h_addrtype = family,
				  .h_length = family == AF_INET ? 4 : 16,
				  .h_addr_list = g->addrs};
	g->alias_count = 0;
	g->addr_count = 0;
	g->text_used = 0;
	g->aliases[0] = NULL;
	g->addrs[0] = NULL;
	return g;
}

/* A copy of the text; NULL: there is no room. */
static char *keep(struct gethost *g, const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *at = g->text + g->text_used;

	if (bytes > TEXT_BYTES - g->text_used)
		return NULL;
	memcpy(at, text, bytes);
	g->text_used += bytes;
	return at;
}

static void add_alias(struct gethost *g, const char *text)
{
	char *copy = g->alias_count < ALIASES_MAX ? keep(g, text) : NULL;

	if (!copy)
		return;
	g->aliases[g->alias_count++] = copy;
	g->aliases[g->alias_count] = NULL;
}

static void add_addr(struct gethost *g, const struct ipaddr *a)
{
	size_t length = (size_t)g->ent.h_length;
	uint8_t *at;

	if (g->addr_count == ADDRESSES_MAX)
		return;
	at = g->data[g->addr_count];
	memcpy(at, a->bytes + 16 - length, length);
	g->addrs[g->addr_count++] = (char *)at;
	g->addrs[g->addr_count] = NULL;
}

static int h_errno_of(int outcome)
{
	switch (outcome) {
	case DNS_RESOLVING:
		return BERTH_RESOLVING;
	case DNS_NO_NAME:
		return HOST_NOT_FOUND;
	case DNS_NO_DATA:
		return NO_DATA;
	case DNS_NO_RECOVERY:
		return NO_RECOVERY;
	default:
		return TRY_AGAIN;
	}
}

static struct hostent *fail(int error, int *out_h_errno)
{
	*out_h_errno = error;
	return NULL;
}

struct hostent *berth_gethostbyname2(struct berth_stack *st, const char *name, int family,
				     int *out_h_errno)
{
	struct resolver *r = resolver_of(st);
	struct lookup found;
	struct gethost *g;
	int outcome;

	if (family != AF_INET && family != AF_INET6)
		return fail(NO_RECOVERY, out_h_errno);
	g = r ? start(r, family) : NULL;
	if (!g)
		return fail(TRY_AGAIN, out_h_errno);
	outcome = lookup_forward(r, name, family == AF_INET ? LOOKUP_V4 : LOOKUP_V6, &found);
	if (outcome != DNS_FOUND)
		return fail(h_errno_of(outcome), out_h_errno);
	g->ent.h_name = keep(g, found.canonical);
	for (unsigned i = 0; i < found.alias_count; i++)
		add_alias(g, found.aliases[i]);
	for (unsigned i = 0; i < found.count; i++)
		add_addr(g, &found.addrs[i]);
	return &g->ent;
}

struct hostent *berth_gethostbyname(struct berth_stack *st, const char *name, int *out_h_errno)
{
	return berth_gethostbyname2(st, name, AF_INET, out_h_errno);
}

struct hostent *berth_gethostbyaddr(struct berth_stack *st, const void *addr, socklen_t len,
				    int family, int *out_h_errno)
{
	struct resolver *r = resolver_of(st);
	struct lookup_names names;
	struct ipaddr a;
	struct gethost *g;
	int outcome;

	if (!((family == AF_INET && len == 4) || (family == AF_INET6 && len == 16)))
		return fail(NO_RECOVERY, out_h_errno);
	g = r ? start(r, family) : NULL;
	if (!g)
		return fail(TRY_AGAIN, out_h_errno);
	a = ipaddr_from4(0);
	memcpy(a.bytes + 16 - len, addr, len);
	outcome = lookup_reverse(r, &a, &names);
	if (outcome != DNS_FOUND)
		return fail(h_errno_of(outcome), out_h_errno);
	g->ent.h_name = keep(g, names.text[0]);
	for (unsigned i = 1; i < names.count; i++)
		add_alias(g, names.text[i]);
	add_addr(g, &a);
	return &g->ent;
}
