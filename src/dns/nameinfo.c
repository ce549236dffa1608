/* SPDX-License-Identifier: MIT */
/*
 * getnameinfo(): an address and a port as text, by name where there is one (RFC 3493 §6.2).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "dns/lookup.h"
#include "dns/resolver.h"
#include "dns/services.h"
#include "link/links.h"
#include "sock/sockaddr.h"
#include "stack/host.h"

#define FLAGS (NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM | NI_IDN)

static int copy_out(const char *text, char *out, socklen_t bytes)
{
	size_t length = strlen(text) + 1;

	if (length > bytes)
		return EAI_OVERFLOW;
	memcpy(out, text, length);
	return 0;
}

static bool is_link_local(const struct ipaddr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* The number, and for what is of one link alone its interface (RFC 4007 §11). */
static int numeric_host(const struct berth_stack *st, int family, const struct endpoint *e,
			char *host, socklen_t bytes)
{
	char text[INET6_ADDRSTRLEN + 1 + BERTH_NETIF_NAME_BYTES];
	const struct netif *n = e->scope ? links_get(st->links, e->scope) : NULL;
	const void *addr = family == AF_INET ? e->addr.bytes + 12 : e->addr.bytes;
	size_t used;

	(void)inet_ntop(family, addr, text, sizeof(text)); /* there is room */
	used = strlen(text);
	if (e->scope && n && is_link_local(&e->addr))
		(void)snprintf(text + used, sizeof(text) - used, "%%%s", n->name);
	else if (e->scope)
		(void)snprintf(text + used, sizeof(text) - used, "%%%u", e->scope);
	return copy_out(text, host, bytes);
}

/* Without the domain that is this host's own, if NI_NOFQDN asks for that. */
static void cut_domain(const struct resolver *r, char *text)
{
	char domain[DNS_TEXT_BYTES];
	char *dot = strchr(text, '.');

	if (!dot || r->config.search_count == 0)
		return;
	dns_name_print(&r->config.search[0], domain);
	if (strcmp(dot + 1, domain) == 0)
		*dot = '\0';
}

static int host_text(struct resolver *r, int family, const struct endpoint *e, int flags,
		     char *host, socklen_t bytes)
{
	struct lookup_names names;
	char text[DNS_TEXT_BYTES];
	int outcome;

	if (flags & NI_NUMERICHOST)
		return flags & NI_NAMEREQD ? EAI_NONAME
					   : numeric_host(r->st, family, e, host, bytes);
	outcome = lookup_reverse(r, &e->addr, &names);
	if (outcome == DNS_RESOLVING)
		return EAI_INPROGRESS;
	if (outcome == DNS_FOUND) {
		(void)snprintf(text, sizeof(text), "%s", names.text[0]);
		if (flags & NI_NOFQDN)
			cut_domain(r, text);
		return copy_out(text, host, bytes);
	}
	if (flags & NI_NAMEREQD)
		return outcome == DNS_TRY_AGAIN ? EAI_AGAIN : EAI_NONAME;
	return numeric_host(r->st, family, e, host, bytes);
}

static int service_text(struct resolver *r, uint16_t port, int flags, char *service,
			socklen_t bytes)
{
	const struct service *s = NULL;
	char text[8];

	if (!(flags & NI_NUMERICSERV))
		s = services_by_port(resolver_services(r), port, flags & NI_DGRAM ? "udp" : "tcp");
	(void)snprintf(text, sizeof(text), "%u", port);
	return copy_out(s ? s->names[0] : text, service, bytes);
}

int berth_getnameinfo(struct berth_stack *st, const struct sockaddr *addr, socklen_t len,
		      char *host, socklen_t host_bytes, char *service, socklen_t service_bytes,
		      int flags)
{
	struct resolver *r = resolver_of(st);
	bool want_host = host && host_bytes > 0;
	bool want_service = service && service_bytes > 0;
	struct endpoint e = {.port = 0};
	sa_family_t family;
	int result = 0;

	if (!r)
		return EAI_MEMORY;
	if (flags & ~FLAGS)
		return EAI_BADFLAGS;
	if (!want_host && !want_service)
		return EAI_NONAME;
	if (len < sizeof(family) || sockaddr_parse(addr, len, &e) < 0)
		return EAI_FAMILY;
	memcpy(&family, addr, sizeof(family));
	if (want_host)
		result = host_text(r, family, &e, flags, host, host_bytes);
	if (result == 0 && want_service)
		result = service_text(r, e.port, flags, service, service_bytes);
	return result;
}
