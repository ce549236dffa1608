/* SPDX-License-Identifier: MIT */
/*
 * Making and ending associations.
 *
 * Which error a call gives in which state is Linux's (net/ipv4/af_inet.c describes it as a machine
 * of its own, above TCP's; tests/unit/sock/dual_test.c compares):
 *
 *     UNCONNECTED --connect--> CONNECTING --established, connect again--> CONNECTED
 *          ^                       |                                          |
 *          +---- failed, connect --+----------- connect(AF_UNSPEC) -----------+
 *
 * The end of a connection attempt is told by connect() itself, called again, or by SO_ERROR;
 * a failed one leaves the socket as new, to be tried again, with the port that the program bound.
 *
 * A wildcard destination means this host (Linux; RFC 1122 §3.2.1.3 forbids it on the wire).
 */
#include "sock/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "sock/name6.h"
#include "sock/sockaddr.h"
#include "transport/port.h"

/* bind() takes AF_UNSPEC for AF_INET if the address is the wildcard, as old programs have it. */
static int parse_bind(const struct sock *s, const struct sockaddr *addr, socklen_t len,
		      struct endpoint *out)
{
	struct sockaddr_in in;

	if (!addr || len < sizeof(in))
		return -EINVAL;
	memcpy(&in, addr, sizeof(in));
	/* Linux: raw_bind() does not look at it. */
	if ((in.sin_family == AF_UNSPEC && in.sin_addr.s_addr == INADDR_ANY) || s->type == SOCK_RAW)
		in.sin_family = AF_INET;
	if (in.sin_family != AF_INET)
		return -EAFNOSUPPORT;
	return sockaddr_parse((const struct sockaddr *)(const void *)&in, sizeof(in), out);
}

int conn_bind(struct socket *so, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s = so->sock;
	struct endpoint local;
	int result;

	if (len > sizeof(struct sockaddr_storage))
		return -EINVAL;
	if (s->proto->names)
		return addr ? s->proto->names->bind(s, addr, len) : -EINVAL;
	if (s->family == AF_INET6)
		return name6_bind(so, addr, len);
	result = parse_bind(s, addr, len, &local);
	if (result < 0)
		return result;
	if (s->type == SOCK_STREAM && socket_tcp_state(so) != TCP_CLOSE &&
	    (ipaddr_is_any(&local.addr) || ip_kind_of(s->tp->net, &local.addr) != IP_KIND_OTHER))
		return -EINVAL;
	return s->proto->bind ? s->proto->bind(s, &local) : transport_bind(s, &local);
}

int conn_listen(struct socket *so, int backlog)
{
	struct sock *s = so->sock;
	int limit = s->tp->env->knobs.somaxconn;
	int state;

	if (!s->proto->listen)
		return -EOPNOTSUPP;
	state = socket_tcp_state(so);
	if (!s->proto->names &&
	    (so->state != SOCKET_UNCONNECTED || (state != TCP_CLOSE && state != TCP_LISTEN)))
		return -EINVAL;
	/* A negative backlog is a large one, to Linux. */
	if (backlog < 0 || backlog > limit)
		backlog = limit;
	return s->proto->listen(s, backlog);
}

static int disconnect(struct socket *so)
{
	struct sock *s = so->sock;
	int result = s->proto->disconnect(s);

	if (result == 0 && !s->bound_addr)
		s->local.addr = sock_any(s);
	so->state = result < 0 ? SOCKET_DISCONNECTING : SOCKET_UNCONNECTED;
	return result;
}

static int parse_remote(struct socket *so, const struct sockaddr *addr, socklen_t len,
			struct endpoint *out)
{
	sa_family_t family;

	if (so->sock->family == AF_INET6) {
		int result = name6_remote(so, addr, len, out);

		return result < 0 ? result : name6_take_flow(so->sock, addr);
	}
	if (len < sizeof(struct sockaddr_in))
		return -EINVAL;
	memcpy(&family, addr, sizeof(family));
	if (family != AF_INET)
		return -EAFNOSUPPORT;
	return sockaddr_parse(addr, len, out);
}

/* What connect() says of an attempt that was begun, now or earlier. */
static int connect_result(struct socket *so, int pending)
{
	int state = socket_tcp_state(so);
	int error;

	if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return pending;
	if (state != TCP_CLOSE) {
		so->state = SOCKET_CONNECTED;
		return 0;
	}
	error = socket_take_error(so);
	(void)disconnect(so); /* its state says whether that worked */
	return error ? -error : -ECONNABORTED;
}

/* TCP_FASTOPEN_CONNECT: connect() has succeeded before there is a connection. */
static bool waits_for_data(struct socket *so)
{
	return socket_tcp_state(so) == TCP_SYN_SENT &&
	       (so->sock->proto->poll(so->sock) & POLLOUT) != 0;
}

static int connect_stream(struct socket *so, const struct sockaddr *addr, socklen_t len)
{
	struct endpoint remote;
	int result;

	switch ((enum socket_state)so->state) {
	case SOCKET_CONNECTED:
		return -EISCONN;
	case SOCKET_DISCONNECTING:
		return -EINVAL;
	case SOCKET_CONNECTING:
		return waits_for_data(so) ? -EISCONN : connect_result(so, -EALREADY);
	case SOCKET_UNCONNECTED:
		break;
	}
	if (socket_tcp_state(so) != TCP_CLOSE)
		return -EISCONN;
	result = parse_remote(so, addr, len, &remote);
	if (result < 0)
		return result;
	result = so->sock->proto->connect(so->sock, &remote);
	if (result < 0 && result != -EINPROGRESS)
		return result;
	so->state = SOCKET_CONNECTING;
	/* 0: the SYN waits for data. */
	return result == 0 && waits_for_data(so) ? 0 : connect_result(so, -EINPROGRESS);
}

/* Linux: tcp_sendmsg_fastopen(): connect() and the first send() in one. */
ssize_t conn_send_opening(struct socket *so, const struct msghdr *msg, struct proto_msg *m)
{
	const struct sockaddr *addr = msg->msg_name;
	sa_family_t family = AF_UNSPEC;
	ssize_t result;

	if (addr && msg->msg_namelen >= sizeof(family))
		memcpy(&family, addr, sizeof(family));
	else if (addr)
		return -EINVAL;
	if (!(so->sock->tp->env->knobs.tcp_fastopen & 1) || (addr && family == AF_UNSPEC))
		return -EOPNOTSUPP;
	if (so->state == SOCKET_CONNECTED)
		return -EISCONN;
	if (so->state == SOCKET_DISCONNECTING)
		return -EINVAL;
	if (so->state == SOCKET_CONNECTING) {
		result = waits_for_data(so) ? 0 : connect_result(so, -EALREADY);
		return result < 0 ? result : so->sock->proto->send(so->sock, m);
	}
	if (socket_tcp_state(so) != TCP_CLOSE)
		return -EISCONN;
	result = addr ? parse_remote(so, addr, msg->msg_namelen, &m->addr) : -EINVAL;
	if (result < 0)
		return result;
	m->has_addr = true;
	result = so->sock->proto->send(so->sock, m);
	if (result >= 0 || result == -EINPROGRESS)
		so->state = SOCKET_CONNECTING;
	return result;
}

static int connect_dgram(struct socket *so, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s = so->sock;
	struct endpoint remote;
	/* Who binds in a way of its own has no port to choose, or chooses it by itself. */
	int result = s->proto->bind ? 0 : port_autobind(s);

	if (result == 0)
		result = parse_remote(so, addr, len, &remote);
	if (result == 0)
		result = s->proto->connect(s, &remote);
	return result;
}

int conn_connect(struct socket *so, const struct sockaddr *addr, socklen_t len)
{
	sa_family_t family;

	if (len > sizeof(struct sockaddr_storage) || len < sizeof(family) || !addr)
		return -EINVAL;
	if (so->sock->proto->names)
		return so->sock->proto->names->connect(so->sock, addr, len);
	memcpy(&family, addr, sizeof(family));
	if (family == AF_UNSPEC)
		return disconnect(so);
	return so->sock->type == SOCK_STREAM ? connect_stream(so, addr, len)
					     : connect_dgram(so, addr, len);
}

int conn_name(const struct sock *s, bool peer, struct sockaddr_storage *out)
{
	if (s->proto->names)
		return s->proto->names->name(s, peer, out);
	struct endpoint e = peer ? s->remote : s->local;
	socklen_t len;

	/* Linux: ipv6_iface_scope_id(). */
	e.scope = ipaddr_needs_scope(&e.addr) ? (uint16_t)s->opt->ifindex : 0;
	len = sockaddr_fill(s->family, &e, out);
	if (peer && s->family == AF_INET6 && s->opt->flowinfo_send && s->extra)
		((struct sockaddr_in6 *)(void *)out)->sin6_flowinfo = htonl(s->extra->flow);
	return (int)len;
}

/* Gives a name to a program, as accept(2) and its like do. */
static int give_name(const struct sock *s, bool peer, struct sockaddr *addr, socklen_t *len)
{
	struct sockaddr_storage name;
	int bytes = conn_name(s, peer, &name);

	return bytes < 0 ? bytes : sockaddr_give(&name, (socklen_t)bytes, addr, len);
}

int conn_accept(struct socket *so, struct sockaddr *addr, socklen_t *len)
{
	struct sock *s = so->sock;
	struct socket *made;
	struct sock *child;
	int result;

	if (!s->proto->accept)
		return -EOPNOTSUPP;
	if (addr && !len)
		return -EFAULT;
	if (addr && *len > INT32_MAX)
		return -EINVAL;
	made = socket_reserve(sockets_of(so));
	if (!made)
		return -ENFILE;
	result = s->proto->accept(s, &child);
	if (result < 0) {
		socket_unreserve(sockets_of(so), made);
		return result;
	}
	ASSERT(!child->upper);
	socket_attach(made, child);
	made->state = SOCKET_CONNECTED;
	return give_name(child, true, addr, len) == -EFAULT ? -EFAULT : made->fd;
}

/* The half-made or listening ones are undone instead. */
static int shutdown_unmade(struct socket *so, int how, int state)
{
	if (state == TCP_LISTEN && how == SHUT_WR)
		return 0;
	return disconnect(so);
}

int conn_shutdown(struct socket *so, int how)
{
	struct sock *s = so->sock;
	int state = socket_tcp_state(so);
	int result;

	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	if (s->proto->names)
		return s->proto->shutdown ? s->proto->shutdown(s, how) : -EOPNOTSUPP;
	if (so->state == SOCKET_CONNECTING)
		so->state = state == TCP_LISTEN || state == TCP_SYN_SENT || state == TCP_CLOSE
				    ? SOCKET_DISCONNECTING
				    : SOCKET_CONNECTED;
	if (state == TCP_LISTEN || state == TCP_SYN_SENT) {
		result = shutdown_unmade(so, how, state);
		sock_notify(s, POLLIN | POLLOUT | POLLHUP);
		return result;
	}
	if (s->proto->shutdown)
		result = s->proto->shutdown(s, how);
	else
		result = -EOPNOTSUPP;
	/* Linux: a socket without a connection says so, but is shut down all the same. */
	if (state == TCP_CLOSE) {
		s->shut_rd = s->shut_rd || how != SHUT_WR;
		s->shut_wr = s->shut_wr || how != SHUT_RD;
		sock_notify(s, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
		return -ENOTCONN;
	}
	return result;
}

int conn_sockname(struct socket *so, struct sockaddr *addr, socklen_t *len)
{
	return addr ? give_name(so->sock, false, addr, len) : -EFAULT;
}

int conn_peername(struct socket *so, struct sockaddr *addr, socklen_t *len)
{
	const struct sock *s = so->sock;
	int state = socket_tcp_state(so);

	if (!s->proto->names &&
	    (s->remote.port == 0 || state == TCP_CLOSE || state == TCP_SYN_SENT))
		return -ENOTCONN;
	return addr ? give_name(s, true, addr, len) : -EFAULT;
}
