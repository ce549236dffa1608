/* SPDX-License-Identifier: MIT */
/*
 * Addresses given to IPv6 sockets, with the answers of Linux's inet6_bind(), tcp_v6_connect(),
 * __ip6_datagram_connect() and udpv6_sendmsg().
 *
 * An address that needs a scope (link-local, or a group of a link) means an interface: the one that
 * it names, else the one that the socket is tied to; with neither the call fails. bind() and
 * connect() tie the socket to that interface.
 *
 * The wildcard as a destination is this host: ::1, or 127.0.0.1 from a socket whose own address is
 * IPv4-mapped.
 */
#include "sock/name6.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "link/links.h"
#include "sock/sockaddr.h"
#include "transport/port.h"

static int parse(const struct sockaddr *addr, socklen_t len, struct endpoint *out)
{
	sa_family_t family;

	if (len < SOCKADDR_IN6_MIN)
		return -EINVAL;
	memcpy(&family, addr, sizeof(family));
	return family == AF_INET6 ? sockaddr_parse(addr, len, out) : -EAFNOSUPPORT;
}

static bool any6(const struct ipaddr *a)
{
	return ipaddr_is_any(a) && !ipaddr_is4(a);
}

/* Ties the socket to the interface that an address needs. -EINVAL: it needs one, and there is none,
 * or (connect) another than the socket has. */
static int take_scope(struct sock *s, struct endpoint *e, bool override)
{
	struct sock_options *opt;

	if (!ipaddr_needs_scope(&e->addr)) {
		e->scope = 0;
		return 0;
	}
	if (e->scope && e->scope != s->opt->ifindex) {
		if (s->opt->ifindex && !override)
			return -EINVAL;
		opt = sock_edit_options(s);
		if (!opt)
			return -ENOMEM;
		opt->ifindex = e->scope;
	}
	if (!s->opt->ifindex)
		return -EINVAL;
	e->scope = (uint16_t)s->opt->ifindex;
	return 0;
}

/* bind() to an IPv6 address: Linux sets sk_ipv6only with it, for as long as the socket lives. */
static int bind_v6only(struct sock *s, const struct endpoint *local)
{
	struct sock_options *opt = sock_edit_options(s);
	bool was;
	int result;

	if (!opt)
		return -ENOMEM;
	was = opt->v6only;
	opt->v6only = true;
	result = s->proto->bind ? s->proto->bind(s, local) : transport_bind(s, local);
	if (result < 0)
		opt->v6only = was;
	return result;
}

int name6_bind(struct socket *so, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s = so->sock;
	struct endpoint local;
	int result;

	if (!addr)
		return -EINVAL;
	result = parse(addr, len, &local);
	if (result < 0)
		return result;
	if (ipaddr_is_multicast(&local.addr) && !ipaddr_is4(&local.addr) && s->type == SOCK_STREAM)
		return -EINVAL;
	if (s->port || sock_connected(s))
		return -EINVAL;
	if (ipaddr_is4(&local.addr)) {
		local.scope = 0;
		if (s->opt->v6only)
			return -EINVAL;
	} else if (!any6(&local.addr)) {
		result = take_scope(s, &local, true);
		if (result < 0)
			return result;
		if (s->opt->ifindex && !links_get(net_links(s->tp->net), s->opt->ifindex))
			return -ENODEV;
		return bind_v6only(s, &local);
	}
	return s->proto->bind ? s->proto->bind(s, &local) : transport_bind(s, &local);
}

/* The wildcard is this host, and a socket of IPv6 alone does not speak IPv4. */
static int check_version(const struct sock *s, struct endpoint *e)
{
	if (any6(&e->addr)) {
		e->addr = ipaddr_from4(INADDR_LOOPBACK);
		if (any6(&s->local.addr) || !ipaddr_is4(&s->local.addr)) {
			e->addr = (struct ipaddr){{0}};
			e->addr.bytes[15] = 1;
		}
	}
	if (ipaddr_is4(&e->addr)) {
		e->scope = 0;
		return s->opt->v6only ? -ENETUNREACH : 0;
	}
	/* Linux: ip6_dst_lookup_tail(). */
	return ipaddr_is4(&s->local.addr) ? -EAFNOSUPPORT : 0;
}

/* A program that gives an IPv4 address as such. */
static int parse_mapped(const struct sock *s, const struct sockaddr *addr, socklen_t len,
			int not_for_it, struct endpoint *out)
{
	if (s->opt->v6only)
		return not_for_it;
	return sockaddr_parse(addr, len, out);
}

int name6_remote(struct socket *so, const struct sockaddr *addr, socklen_t len,
		 struct endpoint *out)
{
	struct sock *s = so->sock;
	sa_family_t family;
	int result;

	memcpy(&family, addr, sizeof(family));
	if (family == AF_INET && s->type == SOCK_DGRAM)
		return parse_mapped(s, addr, len, -EAFNOSUPPORT, out);
	result = parse(addr, len, out);
	if (result < 0)
		return result;
	result = check_version(s, out);
	if (result < 0)
		return result;
	if (ipaddr_is4(&out->addr))
		return 0;
	if (s->type == SOCK_STREAM && ipaddr_is_multicast(&out->addr))
		return -ENETUNREACH;
	return take_scope(s, out, false);
}

int name6_take_flow(struct sock *s, const struct sockaddr *addr)
{
	uint32_t flow = 0;
	sa_family_t family;

	memcpy(&family, addr, sizeof(family));
	if (s->opt->flowinfo_send && family == AF_INET6)
		flow = sockaddr_flow(addr);
	if (!flow && !s->extra)
		return 0;
	if (!sock_extra(s))
		return -ENOMEM;
	s->extra->flow = flow;
	return 0;
}

int name6_dst(const struct socket *so, const struct sockaddr *addr, socklen_t len,
	      struct proto_msg *m)
{
	const struct sock *s = so->sock;
	sa_family_t family;
	int result;

	if (len < sizeof(family))
		return -EINVAL;
	memcpy(&family, addr, sizeof(family));
	if (family == AF_UNSPEC)
		return 0;
	m->has_addr = true;
	if (family == AF_INET)
		return parse_mapped(s, addr, len, -ENETUNREACH, &m->addr);
	result = parse(addr, len, &m->addr);
	if (result == -EAFNOSUPPORT)
		return -EINVAL;
	if (result < 0)
		return result;
	m->flow = sockaddr_flow(addr);
	if (!ipaddr_needs_scope(&m->addr.addr))
		m->addr.scope = 0;
	return check_version(s, &m->addr);
}
