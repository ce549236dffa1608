/* SPDX-License-Identifier: MIT */
/*
 * Names. The calls of <netdb.h> on one stack: they know its hosts file, its name servers and its
 * services, ask over its own sockets, and never block. A call that has to ask says so
 * (BERTH_RESOLVING, EAI_INPROGRESS) and is to be made again, with the same arguments, when
 * berth_next_event() yields an event whose fd is -1. What was answered is kept for its time to
 * live, and at least for some seconds, so that the call made again finds it.
 *
 * The calls in <berth/world.h> that start with berth_world_ wait.
 *
 * A query on its way takes a descriptor of the stack, as libc's resolver takes one of the process.
 */
#ifndef BERTH_RESOLVE_H
#define BERTH_RESOLVE_H

#include <netdb.h>
#include <sys/socket.h>

#include <berth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BERTH_RESOLVER_SERVERS_MAX 8u
#define BERTH_RESOLVER_SEARCH_MAX 8u

/* What resolv.conf(5), hosts(5) and services(5) say elsewhere. A zero stands for the default in
 * brackets. */
struct berth_resolver_config {
	const struct sockaddr_storage *servers; /* port 0: 53 */
	unsigned server_count;			/* at most BERTH_RESOLVER_SERVERS_MAX */
	const char *const *search;		/* domains, in order */
	unsigned search_count;			/* at most BERTH_RESOLVER_SEARCH_MAX */
	unsigned ndots;	      /* names with as many dots are tried as they are first; <= 15 [1] */
	berth_time timeout;   /* for one server's first try [5 s] */
	unsigned attempts;    /* rounds through the servers, at most 5 [2] */
	const char *hosts;    /* text in the form of hosts(5) [none]; localhost is always known */
	const char *services; /* text in the form of services(5) [the well-known ones] */
};

/*
 * Sets or replaces what a stack knows about names; everything is copied, and what was asked or
 * known before is forgotten. Without it a stack knows localhost and the well-known services.
 * -EINVAL: a value out of range, or a domain that is no name; -EAFNOSUPPORT: a server of another
 * family; -ENOMEM: everything is as it was.
 */
BERTH_API int berth_resolver_set(struct berth_stack *st,
				 const struct berth_resolver_config *config);

/* In *out_h_errno: the answer is not there yet. */
#define BERTH_RESOLVING (-100)

/*
 * IPv4 addresses of a name, or of `family`; what an address is called. The answer is the stack's,
 * and valid until the next of these three calls on it. NULL with *out_h_errno HOST_NOT_FOUND,
 * NO_DATA, TRY_AGAIN (no server answers, or no memory), NO_RECOVERY or BERTH_RESOLVING.
 */
BERTH_API struct hostent *berth_gethostbyname(struct berth_stack *st, const char *name,
					      int *out_h_errno);
BERTH_API struct hostent *berth_gethostbyname2(struct berth_stack *st, const char *name, int family,
					       int *out_h_errno);
BERTH_API struct hostent *berth_gethostbyaddr(struct berth_stack *st, const void *addr,
					      socklen_t len, int family, int *out_h_errno);

/*
 * As getaddrinfo(3), in the order of RFC 6724 for this host. 0, and *res is to be given to
 * berth_freeaddrinfo(); or an EAI_ code: EAI_INPROGRESS: the answer is not there yet.
 */
BERTH_API int berth_getaddrinfo(struct berth_stack *st, const char *node, const char *service,
				const struct addrinfo *hints, struct addrinfo **res);
/* NULL is fine. */
BERTH_API void berth_freeaddrinfo(struct berth_stack *st, struct addrinfo *res);

/* As getnameinfo(3). 0 or an EAI_ code: EAI_INPROGRESS: the answer is not there yet. */
BERTH_API int berth_getnameinfo(struct berth_stack *st, const struct sockaddr *addr, socklen_t len,
				char *host, socklen_t host_bytes, char *service,
				socklen_t service_bytes, int flags);

/* `protocol` NULL: any; `port` in network order. The answer is the stack's, and valid until the
 * next of these two calls on it. NULL: not known, or no memory. */
BERTH_API struct servent *berth_getservbyname(struct berth_stack *st, const char *name,
					      const char *protocol);
BERTH_API struct servent *berth_getservbyport(struct berth_stack *st, int port,
					      const char *protocol);

#ifdef __cplusplus
}
#endif
#endif
