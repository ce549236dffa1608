/* SPDX-License-Identifier: MIT */
/*
 * Names of the world's hosts, for the programs on them. What is a number is left to libc, which
 * asks nobody for it.
 */
#include "berkeley.h"

#include "turns.h"

#define ADDRESSES_MAX 8

/* The `i`th address of a host or localhost, as text; false: it has no more. */
static bool nth_address(const char *name, int family, int i, char *out, socklen_t room)
{
	struct berth_world *w = turns_world();
	struct berth_cable_info info;
	bool local = strcmp(name, "localhost") == 0;
	int host = berth_world_find_host(w, name);

	if (local && i == 0) {
		snprintf(out, room, "%s", family == AF_INET6 ? "::1" : "127.0.0.1");
		return true;
	}
	for (int c = 0; !local && berth_world_cable_get(w, c, &info); c++) {
		const struct sockaddr_storage *a =
			family == AF_INET6 ? &info.address6 : &info.address;

		if (info.host != host || a->ss_family != family || i-- > 0)
			continue;
		return getnameinfo((const struct sockaddr *)a,
				   family == AF_INET6 ? sizeof(struct sockaddr_in6)
						      : sizeof(struct sockaddr_in),
				   out, room, NULL, 0, NI_NUMERICHOST) == 0;
	}
	return false;
}

/* Whose address it is; NULL: nobody's. */
static const char *name_of(const char *address)
{
	struct berth_world *w = turns_world();
	char text[INET6_ADDRSTRLEN];

	if (strcmp(address, "127.0.0.1") == 0 || strcmp(address, "::1") == 0)
		return "localhost";
	for (int host = 0; host < berth_world_hosts(w); host++) {
		const char *name = berth_world_host_name(w, host);
		static const int families[] = {AF_INET, AF_INET6};

		for (int f = 0; f < 2; f++) {
			for (int i = 0; nth_address(name, families[f], i, text, sizeof(text));
			     i++) {
				if (strcmp(text, address) == 0)
					return name;
			}
		}
	}
	return NULL;
}

int berkeley_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
			 struct addrinfo **out)
{
	static const int families[] = {AF_INET6, AF_INET};
	struct addrinfo numeric = hints ? *hints : (struct addrinfo){0};
	struct addrinfo **end = out;
	char address[INET6_ADDRSTRLEN];
	int err;

	numeric.ai_flags |= AI_NUMERICHOST;
	err = getaddrinfo(host, service, &numeric, out);
	if (err != EAI_NONAME || !host)
		return err;
	for (int f = 0; f < 2; f++) {
		if (hints && hints->ai_family != AF_UNSPEC && hints->ai_family != families[f])
			continue;
		for (int i = 0; nth_address(host, families[f], i, address, sizeof(address)); i++) {
			if (getaddrinfo(address, service, &numeric, end) != 0)
				return EAI_MEMORY;
			while (*end)
				end = &(*end)->ai_next;
		}
	}
	return end == out ? EAI_NONAME : 0;
}

int berkeley_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
			 socklen_t host_bytes, char *service, socklen_t service_bytes, int flags)
{
	char address[INET6_ADDRSTRLEN];
	const char *name;
	int err = getnameinfo(addr, len, address, sizeof(address), service, service_bytes,
			      (flags & ~NI_NAMEREQD) | NI_NUMERICHOST);

	if (err != 0 || !host)
		return err;
	name = flags & NI_NUMERICHOST ? NULL : name_of(address);
	if (!name && flags & NI_NAMEREQD)
		return EAI_NONAME;
	snprintf(host, host_bytes, "%s", name ? name : address);
	return 0;
}

/* What the older calls give: each program's own, until it asks again. */
static _Thread_local struct answer {
	struct hostent host;
	char name[NI_MAXHOST];
	uint8_t addresses[ADDRESSES_MAX][16];
	char *list[ADDRESSES_MAX + 1];
	char *aliases[1];
} answer;

static struct hostent *found(const char *name, int family)
{
	snprintf(answer.name, sizeof(answer.name), "%s", name);
	answer.host = (struct hostent){
		.h_name = answer.name,
		.h_aliases = answer.aliases,
		.h_addrtype = family,
		.h_length = family == AF_INET ? 4 : 16,
		.h_addr_list = answer.list,
	};
	return &answer.host;
}

struct hostent *berkeley_gethostbyname(const char *name)
{
	char text[INET6_ADDRSTRLEN];
	int n = 0;

	while (n < ADDRESSES_MAX && nth_address(name, AF_INET, n, text, sizeof(text))) {
		inet_pton(AF_INET, text, answer.addresses[n]);
		answer.list[n] = (char *)answer.addresses[n];
		n++;
	}
	answer.list[n] = NULL;
	if (n > 0)
		return found(name, AF_INET);
	h_errno = HOST_NOT_FOUND;
	return NULL;
}

struct hostent *berkeley_gethostbyaddr(const void *addr, socklen_t len, int family)
{
	char text[INET6_ADDRSTRLEN];
	const char *name;

	if (len != (family == AF_INET ? 4u : 16u) || !inet_ntop(family, addr, text, sizeof(text))) {
		h_errno = NETDB_INTERNAL;
		return NULL;
	}
	name = name_of(text);
	if (!name) {
		h_errno = HOST_NOT_FOUND;
		return NULL;
	}
	memcpy(answer.addresses[0], addr, len);
	answer.list[0] = (char *)answer.addresses[0];
	answer.list[1] = NULL;
	return found(name, family);
}
