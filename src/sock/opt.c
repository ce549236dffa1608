/* SPDX-License-Identifier: MIT */
/*
 * getsockopt and setsockopt: which table of options a level is, by the socket's family and
 * protocol. The rows are in opt_socket.c, opt_ip.c and the protocols' own files; what they say is
 * done by transport/option.c.
 *
 * A protocol hears of changes to common options through proto->option_changed.
 *
 * Privileges: a host belongs to its programs, as a network namespace to one who has CAP_NET_ADMIN
 * and CAP_NET_RAW over it, so that options which need them are allowed.
 */
#include "sock/opt.h"

#include <errno.h>
#include <limits.h>

#include "netlink/nlsock.h"
#include "sock/opt_level.h"
#include "transport/afpacket.h"
#include "transport/raw.h"

static bool is_own(const struct proto *proto, const struct opt_level *level)
{
	for (const struct opt_level *const *own = proto->options; own && *own; own++) {
		if (*own == level)
			return true;
	}
	return false;
}

/* The options of every socket of a family at a level. */
static const struct opt_level *common_level(const struct sock *s, int level)
{
	if (level == SOL_SOCKET)
		return &opt_socket;
	if (level == IPPROTO_IPV6 && s->family == AF_INET6)
		return &opt_ip6;
	/* Linux: IPv6 sockets have IPv4's options too, for what they do with mapped addresses. */
	if (level == IPPROTO_IP &&
	    (s->family == AF_INET || (s->family == AF_INET6 && s->type != SOCK_RAW)))
		return &opt_ip;
	return NULL;
}

/* The protocol's own rows come before the common ones of the same level. NULL: a level that means
 * nothing to this socket. */
static const struct opt_level *find_level(const struct sock *s, int level, int name)
{
	const struct opt_level *common = common_level(s, level);

	for (const struct opt_level *const *own = s->proto->options; own && *own; own++) {
		/* A raw socket has those of both families. */
		if (s->family != AF_INET6 && (level == IPPROTO_IPV6 || level == IPPROTO_ICMPV6))
			continue;
		if ((*own)->level == level && (!common || opt_level_row(*own, name)))
			return *own;
	}
	return common;
}

/* Linux: a level that a raw socket of another protocol has is a third error. */
static bool is_other_raw(const struct sock *s, int level)
{
	return level == IPPROTO_ICMPV6 && s->family == AF_INET6 && s->type == SOCK_RAW &&
	       s->protocol != IPPROTO_ICMPV6;
}

int opt_set(struct socket *so, int level, int name, const void *value, socklen_t len)
{
	struct sock *s = so->sock;
	const struct opt_level *table = find_level(s, level, name);
	int result;

	if (len > INT_MAX)
		return -EINVAL;
	if (is_other_raw(s, level))
		return -EOPNOTSUPP;
	if (!table) /* Linux: AF_UNIX has nothing to ask at all */
		return s->family == AF_UNIX ? -EOPNOTSUPP : -ENOPROTOOPT;
	result = opt_level_set(table, s, name, value, len);
	if (result == 0 && s->proto->option_changed && !is_own(s->proto, table))
		s->proto->option_changed(s, level, name);
	return result;
}

static int foreign_get(const struct sock *s)
{
	return s->family == AF_INET || s->family == AF_UNIX ? -EOPNOTSUPP : -ENOPROTOOPT;
}

int opt_get(struct socket *so, int level, int name, void *value, socklen_t *len)
{
	const struct opt_level *table = find_level(so->sock, level, name);

	if (!len)
		return -EFAULT;
	if (*len > INT_MAX)
		return -EINVAL;
	/* Linux: only here, and not of all families, a level that is not its own is another error.
	 */
	if (is_other_raw(so->sock, level))
		return -EOPNOTSUPP;
	if (!table)
		return foreign_get(so->sock);
	return opt_level_get(table, so->sock, name, value, len);
}
