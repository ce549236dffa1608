/* SPDX-License-Identifier: MIT */
/*
 * Streams between two sockets of a host.
 *
 * A stream is a queue of pieces, one for each send (several for a long one); a receive goes over as
 * many of them as fit, and stops at one that carries sockets, and where credentials change, if it
 * asks for them: what came with the bytes belongs to the bytes.
 *
 * Urgent data (MSG_OOB, Linux 5.15 and later; the rules are those of 6.11, with its fixes). The
 * last byte of an urgent send is a piece of its own, to which `oob` points until it has been read.
 * One urgent byte at a time: the next makes the one before an ordinary byte. Read with MSG_OOB, it
 * stays behind as a piece of no bytes, the mark. A receive that has got something stops at the
 * urgent byte or the mark; one that begins there goes past it: an urgent byte not read by then is
 * lost, unless SO_OOBINLINE says that it is an ordinary one.
 *
 *     queue    "ab" "c"!  "de"      recv 10: "ab"     MSG_OOB: "c"     recv 10: "de"
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "unix/unix.h"

/* How many bytes the next piece takes: Linux keeps two in the buffer. */
static size_t piece_bytes(const struct unix_sock *u, size_t left)
{
	size_t most = u->sock.sndbuf / 2 - 64;

	if (most > UNIX_PIECE_MAX)
		most = UNIX_PIECE_MAX;
	return left < most ? left : most;
}

/* Queues bytes [at, at + bytes); the message, or NULL and why not. */
static struct unix_msg *send_piece(struct unix_sock *u, struct proto_msg *m, size_t at,
				   size_t bytes, int *out_error)
{
	uint32_t cost = unix_stream_cost(bytes);
	struct unix_sock *peer;
	struct unix_msg *msg;

	*out_error = unix_may_alloc(u, cost);
	if (*out_error < 0)
		return NULL;
	peer = unix_peer(u);
	*out_error = !peer || peer->sock.shut_rd	  ? -EPIPE
		     : m->attached && peer->refuse_rights ? -EPERM
							  : 0;
	if (*out_error < 0)
		return NULL;
	msg = unix_msg_new(u, m, at, bytes, cost);
	if (msg)
		unix_msg_queue(u, peer, msg, m);
	else
		*out_error = -ENOBUFS;
	return msg;
}

static ssize_t send_pieces(struct unix_sock *u, struct proto_msg *m, size_t bytes)
{
	size_t sent = 0;
	int error = 0;

	while (sent < bytes) {
		size_t part = piece_bytes(u, bytes - sent);

		if (!send_piece(u, m, sent, part, &error))
			return sent > 0 ? (ssize_t)sent : error;
		sent += part;
	}
	return (ssize_t)sent;
}

/* The byte at `at`, urgent. */
static ssize_t send_urgent(struct unix_sock *u, struct proto_msg *m, size_t at)
{
	int error;
	struct unix_msg *msg = send_piece(u, m, at, 1, &error);

	if (!msg)
		return at > 0 ? (ssize_t)at : error;
	unix_peer(u)->oob = msg;
	sock_notify(&unix_peer(u)->sock, POLLPRI);
	return (ssize_t)at + 1;
}

ssize_t unix_stream_send(struct sock *s, struct proto_msg *m)
{
	struct unix_sock *u = unix_of(s);
	bool urgent = m->flags & MSG_OOB && m->bytes > 0;
	size_t ordinary = m->bytes - urgent;
	ssize_t result;

	if (m->flags & MSG_OOB && m->bytes == 0)
		return unix_sent(u, m, -EOPNOTSUPP);
	if (m->name)
		return unix_sent(u, m, u->state == TCP_ESTABLISHED ? -EISCONN : -EOPNOTSUPP);
	if (!u->peer)
		return unix_sent(u, m, -ENOTCONN);
	if (s->shut_wr)
		return unix_sent(u, m, -EPIPE);
	result = send_pieces(u, m, ordinary);
	if (urgent && result == (ssize_t)ordinary)
		result = send_urgent(u, m, ordinary);
	return unix_sent(u, m, result);
}

bool unix_at_mark(const struct unix_sock *u)
{
	const struct unix_msg *first = unix_msg_first(u);

	if (!first)
		return false;
	if (first == u->oob)
		return true;
	return unix_msg_left(first) == 0 && (!u->oob || unix_msg_next(u, first) == u->oob);
}

/* A receive on its way through the queue. */
struct reader {
	struct unix_sock *u;
	struct proto_msg *m;
	bool peek;
	size_t copied;
	size_t skip;	/* SO_PEEK_OFF: bytes not to look at */
	bool has_creds; /* of what was copied */
};

/* The next message after one that is not wanted any more. */
static struct unix_msg *leave(const struct reader *r, struct unix_msg *msg)
{
	struct unix_msg *next = unix_msg_next(r->u, msg);

	if (!r->peek)
		unix_msg_free(r->u, msg);
	return next;
}

/* Where a receive that has come to `msg` goes on; NULL: it ends here. */
static struct unix_msg *pass_urgent(const struct reader *r, struct unix_msg *msg)
{
	struct unix_sock *u = r->u;

	if (unix_msg_left(msg) == 0) { /* a mark */
		if (r->copied > 0 && !u->oob)
			return NULL;
		msg = leave(r, msg);
	}
	if (!msg || msg != u->oob)
		return msg;
	if (r->copied > 0)
		return NULL;
	if (u->sock.opt->oobinline) {
		if (!r->peek)
			u->oob = NULL;
		return msg;
	}
	return leave(r, msg);
}

static ssize_t recv_urgent(struct unix_sock *u, struct proto_msg *m)
{
	struct unix_msg *msg = u->oob;
	struct list *before;

	if (u->sock.opt->oobinline || !msg)
		return -EINVAL;
	unix_msg_copy(msg, 0, m->bytes > 0, m, 0);
	m->out_flags |= MSG_OOB;
	if (m->flags & MSG_PEEK)
		return 1;
	u->oob = NULL;
	msg->consumed = 1;
	/* Of two marks in a row one is enough. */
	before = msg->link.prev;
	if (before != &u->queue && unix_msg_left(list_entry(before, struct unix_msg, link)) == 0)
		unix_msg_free(u, list_entry(before, struct unix_msg, link));
	return 1;
}

static void begin(struct reader *r, const struct unix_msg *msg)
{
	r->has_creds = msg->has_creds;
	r->m->attached_creds = msg->has_creds;
	if (r->m->out_name && msg->from->name)
		r->m->out_name_len = unix_name_give(msg->from, r->m->out_name);
}

/* Reads from one message. The next to read from; NULL: the receive ends. */
static struct unix_msg *read_message(struct reader *r, struct unix_msg *msg)
{
	size_t left = unix_msg_left(msg) - r->skip;
	size_t room = r->m->bytes - r->copied;
	size_t part = left < room ? left : room;
	bool stop = msg->rights != NULL;

	unix_msg_copy(msg, r->skip, part, r->m, r->copied);
	r->copied += part;
	r->skip = 0;
	unix_peek_move(r->u, r->peek ? (int64_t)part : -(int64_t)part);
	unix_rights_take(r->u, msg, r->m);
	if (!r->peek)
		msg->consumed += (uint32_t)part;
	if (!r->peek && unix_msg_left(msg) > 0)
		return NULL;
	msg = leave(r, msg);
	return stop || r->copied == r->m->bytes ? NULL : msg;
}

static ssize_t nothing(struct unix_sock *u)
{
	int error = unix_take_error(u);

	if (error < 0)
		return error;
	return u->sock.shut_rd ? 0 : -EAGAIN;
}

ssize_t unix_stream_recv(struct sock *s, struct proto_msg *m)
{
	struct unix_sock *u = unix_of(s);
	struct reader r = {.u = u, .m = m, .peek = m->flags & MSG_PEEK};
	struct unix_msg *msg = unix_msg_first(u);
	bool begun = false;

	if (u->state != TCP_ESTABLISHED)
		return -EINVAL;
	if (m->flags & MSG_OOB)
		return recv_urgent(u, m);
	if (r.peek && u->peek_off > 0)
		r.skip = (size_t)u->peek_off;
	while (msg && (msg = pass_urgent(&r, msg))) {
		if (r.skip > 0 && r.skip >= unix_msg_left(msg)) {
			r.skip -= unix_msg_left(msg);
			msg = unix_msg_next(u, msg);
			continue;
		}
		if (!begun)
			begin(&r, msg);
		else if (u->passcred && msg->has_creds != r.has_creds)
			break;
		begun = true;
		msg = read_message(&r, msg);
	}
	return begun ? (ssize_t)r.copied : nothing(u);
}
