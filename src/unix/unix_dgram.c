/* SPDX-License-Identifier: MIT */
/*
 * Datagrams, and the messages of seqpacket connections.
 *
 * Nothing is lost: a receiver in whose queue as many datagrams wait as may (net.unix.
 * max_dgram_qlen + 1) makes senders wait, save the one that it is itself connected to, whom only
 * its own send buffer holds up. A sender to whom a receiver said no is told when there is room.
 *
 * A datagram socket connected to one that has closed finds out with its next send: ECONNREFUSED,
 * and it is connected no more.
 */
#include <errno.h>

#include "base/check.h"
#include "base/env.h"
#include "unix/unix.h"

#define SIZE_SPARE 32u /* Linux: a datagram is smaller than the send buffer by this */

void unix_dgram_disconnected(struct unix_sock *u, struct unix_end *from)
{
	struct unix_sock *peer = from->sock;

	if (list_empty(&u->queue))
		return;
	unix_purge(u);
	unix_wake_waiters(u->end);
	/* Linux: what it sent us is lost, which it is told if we were its peer. */
	if (peer && peer->peer == u->end) {
		peer->sock.error = ECONNRESET;
		sock_notify(&peer->sock, POLLERR | POLLIN | POLLOUT);
	}
}

/* The peer was there once. */
static int lost_peer(struct unix_sock *u)
{
	struct unix_end *was = u->peer;

	if (u->sock.type == SOCK_SEQPACKET)
		return -EPIPE;
	was->refs++;
	unix_set_peer(u, NULL);
	u->state = TCP_CLOSE;
	unix_dgram_disconnected(u, was);
	unix_end_put(sock_env(&u->sock), was);
	return -ECONNREFUSED;
}

/* Who it goes to. */
static int find_receiver(struct unix_sock *u, const struct unix_key *key, struct unix_sock **out)
{
	if (key->len > 0)
		return unix_find(u, key, out);
	if (!u->peer)
		return -ENOTCONN;
	*out = unix_peer(u);
	return *out ? 0 : lost_peer(u);
}

/* Whether the receiver takes a message. */
static int admit(struct unix_sock *u, struct unix_sock *to, const struct proto_msg *m)
{
	if (to->peer && to->peer != u->end)
		return -EPERM;
	if (to->sock.shut_rd)
		return -EPIPE;
	if (m->attached && to->refuse_rights)
		return -EPERM;
	if (to != u && to->peer != u->end && unix_full(to)) {
		unix_wait(u, to);
		return -EAGAIN;
	}
	return 0;
}

/* What can be told without looking at the receiver. */
static int check(struct unix_sock *u, const struct proto_msg *m, struct unix_key *key)
{
	int result = 0;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	key->len = 0;
	if (m->name && u->sock.type == SOCK_DGRAM)
		result = unix_key_parse(m->name, m->name_len, key);
	if (result == 0 && u->passcred)
		result = unix_autobind(u);
	if (result < 0)
		return result;
	if (m->bytes > u->sock.sndbuf - SIZE_SPARE)
		return -EMSGSIZE;
	return unix_may_alloc(u, unix_dgram_cost(m->bytes));
}

static ssize_t send_one(struct unix_sock *u, struct proto_msg *m)
{
	struct unix_sock *to;
	struct unix_msg *msg;
	struct unix_key key;
	size_t bytes = m->bytes;
	int result = check(u, m, &key);

	if (result == 0)
		result = find_receiver(u, &key, &to);
	if (result == 0 && to->sock.opt->filter) {
		result = unix_msg_filter(to, m, &bytes);
		if (result == 0) /* Linux: it is lost, and the sender is not told */
			return (ssize_t)m->bytes;
		result = result < 0 ? result : 0;
	}
	if (result == 0)
		result = admit(u, to, m);
	if (result != 0)
		return result;
	msg = unix_msg_new(u, m, 0, bytes, unix_dgram_cost(m->bytes));
	if (!msg)
		return -ENOBUFS;
	unix_msg_queue(u, to, msg, m);
	return (ssize_t)m->bytes;
}

ssize_t unix_dgram_send(struct sock *s, struct proto_msg *m)
{
	struct unix_sock *u = unix_of(s);

	return unix_sent(u, m, send_one(u, m));
}

ssize_t unix_seqpacket_send(struct sock *s, struct proto_msg *m)
{
	struct unix_sock *u = unix_of(s);
	int error = unix_take_error(u);

	if (error == 0 && u->state != TCP_ESTABLISHED)
		error = -ENOTCONN;
	return unix_sent(u, m, error < 0 ? error : send_one(u, m));
}

/* The message that a receive is about; SO_PEEK_OFF may lead past the first. `skip`: and into it. */
static struct unix_msg *find_message(const struct unix_sock *u, bool peek, size_t *skip)
{
	struct unix_msg *msg = unix_msg_first(u);

	*skip = peek && u->peek_off > 0 ? (size_t)u->peek_off : 0;
	while (msg && *skip > 0 && *skip >= msg->bytes) {
		*skip -= msg->bytes;
		msg = unix_msg_next(u, msg);
	}
	return msg;
}

static ssize_t nothing(struct unix_sock *u, const struct proto_msg *m)
{
	/* Linux: a datagram socket that does not block says EAGAIN for ever. */
	bool says_end = u->sock.type == SOCK_SEQPACKET || !(m->flags & MSG_DONTWAIT);

	return u->sock.shut_rd && says_end ? 0 : -EAGAIN;
}

static void take_attached(struct unix_sock *u, struct unix_msg *msg, struct proto_msg *m)
{
	m->attached_creds = msg->has_creds;
	m->time = sock_env(&u->sock)->now;
	if (m->out_name && msg->from->name)
		m->out_name_len = unix_name_give(msg->from, m->out_name);
	unix_rights_take(u, msg, m);
}

ssize_t unix_dgram_recv(struct sock *s, struct proto_msg *m)
{
	struct unix_sock *u = unix_of(s);
	bool peek = m->flags & MSG_PEEK;
	struct unix_msg *msg;
	size_t skip, whole, given;
	int error;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	error = unix_take_error(u);
	if (error < 0)
		return error;
	msg = find_message(u, peek, &skip);
	if (!msg)
		return nothing(u, m);
	whole = msg->bytes - skip;
	given = whole < m->bytes ? whole : m->bytes;
	if (given < whole)
		m->out_flags |= MSG_TRUNC;
	unix_msg_copy(msg, skip, given, m, 0);
	take_attached(u, msg, m);
	unix_peek_move(u, peek ? (int64_t)given : -(int64_t)msg->bytes);
	if (!peek) {
		bool was_full = unix_full(u);

		unix_msg_free(u, msg);
		if (was_full && !unix_full(u))
			unix_wake_waiters(u->end);
	}
	return (ssize_t)(m->flags & MSG_TRUNC ? whole : given);
}

ssize_t unix_seqpacket_recv(struct sock *s, struct proto_msg *m)
{
	return unix_of(s)->state == TCP_ESTABLISHED ? unix_dgram_recv(s, m) : -ENOTCONN;
}
