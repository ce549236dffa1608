/* SPDX-License-Identifier: MIT */
/*
 * Making connections between the sockets of a host.
 *
 * A stream or seqpacket connection is there as soon as connect() returns: the listener's new end is
 * made by connect(), with the listener's name and credentials of the caller, and waits as an
 * "embryo" to be accepted. What the client sends meanwhile waits in the embryo's queue.
 *
 * A listener whose queue is full (backlog + 1, as on Linux) makes connect() say -EAGAIN, which a
 * blocking caller waits out; POLLOUT is told then. Connecting a datagram socket only sets where its
 * datagrams go, and whose it takes.
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "transport/demux.h"
#include "unix/unix.h"

int unix_listen(struct sock *s, int backlog)
{
	struct unix_sock *u = unix_of(s);

	if (!u->end->name || u->state == TCP_ESTABLISHED)
		return -EINVAL;
	u->backlog = (uint32_t)backlog;
	u->state = TCP_LISTEN;
	s->listening = true; /* SO_ACCEPTCONN */
	unix_own_creds(u, &u->peercred);
	if (!unix_full(u))
		unix_wake_waiters(u->end);
	return 0;
}

int unix_accept(struct sock *s, struct sock **out)
{
	struct unix_sock *u = unix_of(s);
	struct unix_sock *made;

	if (u->state != TCP_LISTEN)
		return -EINVAL;
	if (list_empty(&u->embryos))
		return s->shut_rd ? -EINVAL : -EAGAIN;
	made = list_first(&u->embryos, struct unix_sock, embryo_link);
	list_del(&made->embryo_link);
	made->embryo = false;
	u->embryo_count--;
	if (!unix_full(u))
		unix_wake_waiters(u->end);
	*out = &made->sock;
	return 0;
}

/* The listener's end of a connection from `u`. */
static int make_embryo(struct unix_sock *u, struct unix_sock *listener)
{
	struct sock *s;
	struct unix_sock *made;

	s = sock_new(u->sock.tp, u->sock.proto, AF_UNIX);
	if (!s)
		return -ENOMEM;
	made = unix_of(s);
	made->embryo = true;
	made->state = TCP_ESTABLISHED;
	made->passcred = listener->passcred;
	made->passsec = listener->passsec;
	made->refuse_rights = listener->refuse_rights;
	made->end->name = listener->end->name;
	made->end->name->refs++;
	unix_own_creds(u, &made->peercred);
	unix_set_peer(made, u);
	unix_set_peer(u, made);
	u->state = TCP_ESTABLISHED;
	u->peercred = listener->peercred;
	list_add_tail(&listener->embryos, &made->embryo_link);
	listener->embryo_count++;
	sock_notify(&u->sock, POLLOUT);
	sock_notify(&listener->sock, POLLIN);
	return 0;
}

static int connect_stream(struct unix_sock *u, const struct unix_key *key)
{
	struct unix_sock *listener;
	int result = u->passcred ? unix_autobind(u) : 0;

	if (result == 0)
		result = unix_find(u, key, &listener);
	if (result < 0)
		return result;
	if (listener->state != TCP_LISTEN || listener->sock.shut_rd)
		return -ECONNREFUSED;
	if (unix_full(listener)) {
		unix_wait(u, listener);
		return -EAGAIN;
	}
	if (u->state == TCP_ESTABLISHED)
		return -EISCONN;
	if (u->state != TCP_CLOSE)
		return -EINVAL;
	return make_embryo(u, listener);
}

/* Both may talk to whom they like, or are each other's peers. Linux: unix_may_send(). */
static bool may_send(const struct unix_sock *from, const struct unix_sock *to)
{
	return !to->peer || to->peer == from->end;
}

/* `to` NULL: nobody any more. */
static void redirect(struct unix_sock *u, struct unix_sock *to)
{
	struct unix_end *was = u->peer;

	if (was)
		was->refs++;
	unix_set_peer(u, to);
	if (!was)
		return;
	if (!to || was != to->end)
		unix_dgram_disconnected(u, was);
	unix_end_put(sock_env(&u->sock), was);
}

static int connect_dgram(struct unix_sock *u, const struct sockaddr *addr, socklen_t len)
{
	struct unix_sock *to = NULL;
	struct unix_key key;
	sa_family_t family;
	int result = 0;

	memcpy(&family, addr, sizeof(family));
	if (family != AF_UNSPEC) {
		result = unix_key_parse(addr, len, &key);
		if (result == 0 && u->passcred)
			result = unix_autobind(u);
		if (result == 0)
			result = unix_find(u, &key, &to);
		if (result == 0 && !may_send(u, to))
			result = -EPERM;
	}
	if (result < 0)
		return result;
	redirect(u, to);
	u->state = to ? TCP_ESTABLISHED : TCP_CLOSE;
	sock_notify(&u->sock, POLLOUT);
	return 0;
}

int unix_connect(struct sock *s, const struct sockaddr *addr, socklen_t len)
{
	struct unix_sock *u = unix_of(s);
	struct unix_key key;
	int result;

	if (unix_is_dgram(u))
		return connect_dgram(u, addr, len);
	result = unix_key_parse(addr, len, &key);
	return result < 0 ? result : connect_stream(u, &key);
}

int unix_getname(const struct sock *s, bool peer, struct sockaddr_storage *out)
{
	const struct unix_sock *u = unix_of_const(s);

	if (peer && !u->peer)
		return -ENOTCONN;
	return (int)unix_name_give(peer ? u->peer : u->end, out);
}

void unix_socketpair(struct sock *a, struct sock *b)
{
	struct unix_sock *u = unix_of(a);
	struct unix_sock *v = unix_of(b);

	ASSERT(u->state == TCP_CLOSE && v->state == TCP_CLOSE);
	unix_set_peer(u, v);
	unix_set_peer(v, u);
	u->state = v->state = TCP_ESTABLISHED;
	unix_own_creds(u, &u->peercred);
	unix_own_creds(v, &v->peercred);
}
