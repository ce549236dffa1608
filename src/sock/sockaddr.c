/* SPDX-License-Identifier: MIT */
#include "sock/sockaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

int sockaddr_parse(const struct sockaddr *addr, socklen_t len, struct endpoint *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	sa_family_t family;

	if (!addr || len < sizeof(family))
		return -EINVAL;
	memcpy(&family, addr, sizeof(family));
	if (family == AF_INET) {
		if (len < sizeof(in))
			return -EINVAL;
		memcpy(&in, addr, sizeof(in));
		*out = (struct endpoint){ipaddr_from4(ntohl(in.sin_addr.s_addr)),
					 ntohs(in.sin_port), 0};
		return 0;
	}
	if (family != AF_INET6)
		return -EAFNOSUPPORT;
	if (len < SOCKADDR_IN6_MIN)
		return -EINVAL;
	memset(&in6, 0, sizeof(in6));
	memcpy(&in6, addr, len < sizeof(in6) ? len : sizeof(in6));
	memcpy(out->addr.bytes, &in6.sin6_addr, sizeof(out->addr.bytes));
	out->port = ntohs(in6.sin6_port);
	/* An index that no interface can have stays one. */
	out->scope = in6.sin6_scope_id < UINT16_MAX ? (uint16_t)in6.sin6_scope_id : UINT16_MAX;
	return 0;
}

uint32_t sockaddr_flow(const struct sockaddr *addr)
{
	struct sockaddr_in6 in6;

	memcpy(&in6, addr, SOCKADDR_IN6_MIN);
	return ntohl(in6.sin6_flowinfo) & 0x0fffffffu;
}

socklen_t sockaddr_fill(int family, const struct endpoint *e, struct sockaddr_storage *out)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(e->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(e->port)};

	memset(out, 0, sizeof(*out));
	if (family == AF_INET) {
		in.sin_addr.s_addr = htonl(ipaddr_to4(&e->addr));
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	memcpy(&in6.sin6_addr, e->addr.bytes, sizeof(e->addr.bytes));
	in6.sin6_scope_id = e->scope;
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

socklen_t sockaddr_of_endpoint(const struct endpoint *e, struct sockaddr_storage *out)
{
	return sockaddr_fill(ipaddr_is4(&e->addr) ? AF_INET : AF_INET6, e, out);
}

int sockaddr_give(const struct sockaddr_storage *from, socklen_t len, struct sockaddr *out,
		  socklen_t *out_len)
{
	socklen_t room;

	if (!out)
		return 0;
	if (!out_len)
		return -EFAULT;
	if (*out_len > INT32_MAX)
		return -EINVAL;
	room = *out_len < len ? *out_len : len;
	if (room > 0)
		memcpy(out, from, room);
	*out_len = len;
	return 0;
}
