/* SPDX-License-Identifier: MIT */
/*
 * getaddrinfo(): a name and a service become the addresses to try (RFC 3493 §6.1, and what glibc
 * does where that leaves a choice).
 *
 *     service -> ports, one for each kind of socket that has it      read_service()
 *     node    -> addresses, in the order of RFC 6724                 read_node()
 *     each address with each port is one struct addrinfo             build()
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "dns/addrsort.h"
#include "dns/lookup.h"
#include "dns/resolver.h"
#include "dns/services.h"
#include "link/links.h"
#include "net/addr.h"
#include "sock/sockaddr.h"
#include "stack/host.h"

#define FLAGS                                                                                      \
	(AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV | AI_V4MAPPED | AI_ALL |      \
	 AI_ADDRCONFIG | AI_IDN | AI_CANONIDN)

/* The kinds of sockets, in the order in which they are offered. */
struct kind {
	int type, protocol;
	const char *name; /* in services(5); NULL: has no services */
	bool any;	  /* offered to those who ask for no kind */
};

static const struct kind kinds[] = {
	{SOCK_STREAM, IPPROTO_TCP, "tcp", true},
	{SOCK_DGRAM, IPPROTO_UDP, "udp", true},
	{SOCK_DGRAM, IPPROTO_UDPLITE, "udplite", false},
	{SOCK_RAW, 0, NULL, true},
};

struct request {
	struct resolver *r;
	struct addrinfo hints;
	/* What the service is: */
	struct offer {
		int type, protocol;
		uint16_t port;
	} offers[ARRAY_LEN(kinds)];
	unsigned offer_count;
	/* What the node is: */
	struct lookup found;
	uint16_t scope;
};

/* One answer, in one piece of memory. */
struct answer {
	struct addrinfo info;
	struct sockaddr_storage addr;
	char canonical[]; /* of the first alone */
};

static bool wanted(const struct addrinfo *hints, const struct kind *k)
{
	bool raw = k->type == SOCK_RAW;

	if (hints->ai_socktype == 0 && hints->ai_protocol == 0)
		return k->any;
	if (hints->ai_socktype && hints->ai_socktype != k->type)
		return false;
	return hints->ai_protocol == 0 || raw || hints->ai_protocol == k->protocol;
}

static bool port_number(const char *text, uint16_t *out)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0')
		return false;
	*out = (uint16_t)value; /* Linux: glibc cuts it likewise */
	return true;
}

static void offer(struct request *q, const struct kind *k, uint16_t port)
{
	int protocol = k->type == SOCK_RAW ? q->hints.ai_protocol : k->protocol;

	q->offers[q->offer_count++] = (struct offer){k->type, protocol, port};
}

static int read_service(struct request *q, const char *service)
{
	uint16_t port = 0;
	bool number = !service || port_number(service, &port);
	bool any_kind = false;

	if (!number && q->hints.ai_flags & AI_NUMERICSERV)
		return EAI_NONAME;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct kind *k = &kinds[i];
		const struct service *s;

		if (!wanted(&q->hints, k))
			continue;
		/* Linux: glibc takes one kind for who asks for a type or a protocol. */
		if (any_kind && (q->hints.ai_socktype || q->hints.ai_protocol))
			break;
		any_kind = true;
		if (number) {
			offer(q, k, port);
			continue;
		}
		s = k->name ? services_by_name(resolver_services(q->r), service, k->name) : NULL;
		if (s)
			offer(q, k, s->port);
	}
	if (q->offer_count > 0)
		return 0;
	return !any_kind && q->hints.ai_socktype ? EAI_SOCKTYPE : EAI_SERVICE;
}

/* Without a node: this host, or all its addresses for one that listens. */
static void this_host(struct request *q)
{
	static const struct ipaddr any6;
	static const struct ipaddr one6 = {{[15] = 1}};
	bool passive = q->hints.ai_flags & AI_PASSIVE;
	struct lookup *f = &q->found;

	f->count = 0;
	if (q->hints.ai_family != AF_INET6)
		f->addrs[f->count++] = ipaddr_from4(passive ? INADDR_ANY : INADDR_LOOPBACK);
	if (q->hints.ai_family != AF_INET)
		f->addrs[f->count++] = passive ? any6 : one6;
	if (!passive)
		addrsort(q->r->st->net, f->addrs, f->count);
}

/* "fe80::1%eth0": cuts the scope off and finds the interface. False: there is none of the name. */
static bool cut_scope(struct request *q, const char *node, char *buf, size_t bytes)
{
	const struct links *links = q->r->st->links;
	const char *percent = strchr(node, '%');
	size_t length = percent ? (size_t)(percent - node) : strlen(node);
	char *end;
	unsigned long number;

	if (!percent || length >= bytes)
		return true;
	memcpy(buf, node, length);
	buf[length] = '\0';
	for (unsigned i = 1; i <= links->index_last; i++) {
		const struct netif *n = links_get(links, i);

		if (n && strcmp(n->name, percent + 1) == 0)
			q->scope = (uint16_t)i;
	}
	number = strtoul(percent + 1, &end, 10);
	if (q->scope == 0 && percent[1] && *end == '\0' && number <= UINT16_MAX)
		q->scope = (uint16_t)number;
	return q->scope != 0;
}

/* AI_ADDRCONFIG: families in which this host has an address besides its loopback's. */
static unsigned configured(struct net *net)
{
	unsigned have = 0;
	const struct addr *a;

	for (unsigned i = 0; (a = addr_nth(net, i)) != NULL; i++)
		if (!ipaddr_is_loopback(&a->addr))
			have |= ipaddr_is4(&a->addr) ? LOOKUP_V4 : LOOKUP_V6;
	return have;
}

static unsigned families(const struct request *q)
{
	const struct addrinfo *h = &q->hints;
	unsigned want = 0;

	if (h->ai_family != AF_INET6)
		want |= LOOKUP_V4;
	if (h->ai_family != AF_INET)
		want |= LOOKUP_V6;
	if (h->ai_flags & AI_ADDRCONFIG) {
		unsigned have = configured(q->r->st->net);

		want &= have ? have : want;
	}
	return want;
}

static int eai_of(const struct request *q, int outcome)
{
	if (q->found.numeric)
		return EAI_ADDRFAMILY;
	switch (outcome) {
	case DNS_RESOLVING:
		return EAI_INPROGRESS;
	case DNS_NO_NAME:
		return EAI_NONAME;
	case DNS_NO_DATA:
		return EAI_NODATA;
	case DNS_NO_RECOVERY:
		return EAI_FAIL;
	default:
		return EAI_AGAIN;
	}
}

/* AI_V4MAPPED: IPv4 addresses for a program that takes IPv6 alone, if there are no others (or,
 * AI_ALL, besides them). */
static int add_mapped(struct request *q, const char *node, int outcome)
{
	struct lookup v4;
	int found = lookup_forward(q->r, node, LOOKUP_V4, &v4);

	if (found == DNS_RESOLVING || (found != DNS_FOUND && outcome != DNS_FOUND))
		return found == DNS_RESOLVING ? found : outcome;
	if (outcome != DNS_FOUND) {
		q->found = v4;
		q->found.alias_count = 0;
		return DNS_FOUND;
	}
	for (unsigned i = 0; found == DNS_FOUND && i < v4.count; i++)
		if (q->found.count < LOOKUP_ADDRESSES)
			q->found.addrs[q->found.count++] = v4.addrs[i];
	return DNS_FOUND;
}

static int read_node(struct request *q, const char *node)
{
	char buf[INET6_ADDRSTRLEN];
	const char *name = node;
	const struct addrinfo *h = &q->hints;
	struct ipaddr number;
	bool mapped = h->ai_family == AF_INET6 && h->ai_flags & AI_V4MAPPED;
	int outcome;

	if (!cut_scope(q, node, buf, sizeof(buf)))
		return EAI_NONAME;
	if (q->scope)
		name = buf;
	if ((h->ai_flags & AI_NUMERICHOST || q->scope) && !lookup_number(name, &number))
		return EAI_NONAME;
	outcome = lookup_forward(q->r, name, families(q), &q->found);
	if (mapped && outcome != DNS_RESOLVING && (outcome != DNS_FOUND || h->ai_flags & AI_ALL))
		outcome = add_mapped(q, name, outcome);
	if (outcome != DNS_FOUND)
		return eai_of(q, outcome);
	addrsort(q->r->st->net, q->found.addrs, q->found.count);
	return 0;
}

static struct answer *build_one(struct request *q, const struct ipaddr *a, const struct offer *o,
				const char *canonical)
{
	size_t name_bytes = canonical ? strlen(canonical) + 1 : 0;
	struct answer *n = env_calloc(q->r->env, 1, sizeof(*n) + name_bytes);
	int family = ipaddr_is4(a) && q->hints.ai_family != AF_INET6 ? AF_INET : AF_INET6;
	struct endpoint e = {*a, o->port, q->scope};

	if (!n)
		return NULL;
	n->info = (struct addrinfo){.ai_flags = q->hints.ai_flags,
				    .ai_family = family,
				    .ai_socktype = o->type,
				    .ai_protocol = o->protocol,
				    .ai_addrlen = sockaddr_fill(family, &e, &n->addr),
				    .ai_addr = (struct sockaddr *)&n->addr};
	if (canonical) {
		memcpy(n->canonical, canonical, name_bytes);
		n->info.ai_canonname = n->canonical;
	}
	return n;
}

static int build(struct request *q, const char *canonical, struct addrinfo **res)
{
	struct addrinfo *first = NULL;
	struct addrinfo **last = &first;

	for (unsigned i = 0; i < q->found.count; i++) {
		for (unsigned j = 0; j < q->offer_count; j++) {
			struct answer *n = build_one(q, &q->found.addrs[i], &q->offers[j],
						     first ? NULL : canonical);

			if (!n) {
				berth_freeaddrinfo(q->r->st, first);
				return EAI_MEMORY;
			}
			*last = &n->info;
			last = &n->info.ai_next;
		}
	}
	*res = first;
	return 0;
}

static int check(const char *node, const char *service, const struct addrinfo *h)
{
	if (!node && !service)
		return EAI_NONAME;
	if (h->ai_flags & ~FLAGS || (h->ai_flags & AI_CANONNAME && !node))
		return EAI_BADFLAGS;
	if (h->ai_family != AF_UNSPEC && h->ai_family != AF_INET && h->ai_family != AF_INET6)
		return EAI_FAMILY;
	return 0;
}

int berth_getaddrinfo(struct berth_stack *st, const char *node, const char *service,
		      const struct addrinfo *hints, struct addrinfo **res)
{
	/* glibc's, where the caller gives none. */
	static const struct addrinfo defaults = {.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG};
	struct request q = {.r = resolver_of(st), .hints = hints ? *hints : defaults};
	int result;

	if (!q.r)
		return EAI_MEMORY;
	result = check(node, service, &q.hints);
	if (result == 0)
		result = read_service(&q, service);
	if (result)
		return result;
	if (node)
		result = read_node(&q, node);
	else
		this_host(&q);
	if (result)
		return result;
	return build(&q, q.hints.ai_flags & AI_CANONNAME ? q.found.canonical : NULL, res);
}

void berth_freeaddrinfo(struct berth_stack *st, struct addrinfo *res)
{
	while (res) {
		struct addrinfo *next = res->ai_next;

		env_free(&st->env, container_of(res, struct answer, info));
		res = next;
	}
}
