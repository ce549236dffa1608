/* SPDX-License-Identifier: MIT */
/*
 * Names: the library's own resolver, which asks the world's name service. A call that has to ask
 * is made again a little later.
 */
#include "berkeley.h"

#include "turns.h"

/* True. */
static bool later(void)
{
	(void)turns_wait(berth_world_now(turns_world()) + BERTH_MSEC);
	return true;
}

struct hostent *berkeley_gethostbyname(const char *name)
{
	struct hostent *found;
	int error = 0;

	do
		found = berth_gethostbyname(turns_stack(), name, &error);
	while (!found && error == BERTH_RESOLVING && later());
	h_errno = error;
	return found;
}

struct hostent *berkeley_gethostbyaddr(const void *addr, socklen_t len, int family)
{
	struct hostent *found;
	int error = 0;

	do
		found = berth_gethostbyaddr(turns_stack(), addr, len, family, &error);
	while (!found && error == BERTH_RESOLVING && later());
	h_errno = error;
	return found;
}

int berkeley_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
			 struct addrinfo **out)
{
	int result;

	do
		result = berth_getaddrinfo(turns_stack(), host, service, hints, out);
	while (result == EAI_INPROGRESS && later());
	return result;
}

void berkeley_freeaddrinfo(struct addrinfo *res)
{
	berth_freeaddrinfo(turns_stack(), res);
}

int berkeley_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
			 socklen_t host_bytes, char *service, socklen_t service_bytes, int flags)
{
	int result;

	do
		result = berth_getnameinfo(turns_stack(), addr, len, host, host_bytes, service,
					   service_bytes, flags);
	while (result == EAI_INPROGRESS && later());
	return result;
}
