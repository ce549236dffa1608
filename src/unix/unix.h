/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX: sockets that talk to each other inside one host, without a packet. What the files of
 * this folder share.
 *
 *     unix.c         the protocols: life, readiness, options, queues' lengths
 *     unix_name.c    names: paths, abstract names, and who is bound to them
 *     unix_conn.c    bind, listen, connect, accept, socketpair
 *     unix_msg.c     messages: what waits in a receive queue, and what it costs the sender
 *     unix_stream.c  sending and receiving on streams, urgent data
 *     unix_dgram.c   the same on datagram and seqpacket sockets
 *     unix_rights.c  SCM_RIGHTS and SCM_CREDENTIALS
 *     unix_gc.c      sockets that only each other's messages hold
 *
 * A socket is a struct unix_sock while it is open; what others may still need of it when it is
 * closed is its struct unix_end, which is counted: its name (a peer, or who reads its last message,
 * may ask), and how much of its send buffer is in others' queues.
 */
#ifndef UNIX_UNIX_H
#define UNIX_UNIX_H

#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/list.h"
#include "base/table.h"
#include "base/timer.h"
#include "pkt/packet.h"
#include "sock/socket.h"
#include "transport/proto.h"

/* The family, a full sun_path, and the byte that ends it. */
#define UNIX_NAME_MAX (sizeof(struct sockaddr_un) + 1)
#define UNIX_NAME_AT offsetof(struct sockaddr_un, sun_path)

struct unix_sock;

/* A name of the host's: an address as getsockname() gives it, and who has it. */
struct unix_name {
	struct table_node node;
	uint32_t refs;		 /* ends that have it; the table, while it is there */
	struct unix_sock *owner; /* bound to it; NULL: a path whose socket is closed */
	uint8_t type;		 /* abstract names are one space for each type */
	uint8_t len;		 /* of `bytes` */
	uint8_t bytes[];
};

/* See above. */
struct unix_end {
	uint32_t refs;		/* its sock, peers, messages it sent */
	uint32_t wmem;		/* bytes of its send buffer in others' queues, overhead counted */
	struct unix_sock *sock; /* NULL: closed */
	struct unix_name *name; /* counted; NULL: unnamed */
	struct list waiters;	/* ends that wait for room in this one's queue */
	struct list wait_link;	/* in the `waiters` of the one that had none for it */
};

/* One message, or one piece of a stream, in a receive queue. Its bytes are in the packet in whose
 * header area it lies. */
struct unix_msg {
	struct list link;
	struct unix_end *from;	    /* counted */
	struct unix_rights *rights; /* owned; NULL: none */
	uint32_t bytes, consumed;
	uint32_t cost; /* of the sender's buffer */
	bool has_creds;
};

/* Sockets that a message carries: SCM_RIGHTS. */
#define UNIX_RIGHTS_MAX 253
struct unix_rights {
	struct list link; /* in its receiver's `carried` */
	uint32_t count;
	struct socket *files[]; /* a reference each, see sock/passed.h */
};

struct unix_sock {
	struct sock sock;
	struct unix_end *end;
	struct unix_end *peer; /* counted; NULL: not connected */
	uint8_t state;	       /* TCP_CLOSE, TCP_LISTEN or TCP_ESTABLISHED */
	bool passcred, passsec, refuse_rights;
	bool embryo;	       /* in a listener's `embryos`, not accepted yet */
	struct ucred peercred; /* SO_PEERCRED: pid 0, uid and gid -1: nobody's */
	int peek_off;	       /* SO_PEEK_OFF; -1: off */
	struct list queue;     /* struct unix_msg */
	uint32_t queue_count;
	struct unix_msg *oob; /* the urgent byte, in the queue; NULL: none unread */
	struct list carried;  /* struct unix_rights of the queue */
	uint32_t backlog;     /* listen()'s, or how many datagrams may wait */
	struct list embryos;  /* listening: struct unix_sock, by embryo_link */
	struct list embryo_link;
	uint32_t embryo_count;
};

/* What the AF_UNIX of one host has in common. */
struct unix_space {
	struct sockets *all;
	struct table names;
	struct timer gc_timer;
};

/* Makes the space of a host's sockets. -ENOMEM. unix_fini() takes it away, with all that nobody
 * holds any more: to be called when every descriptor is closed; harmless without a space. */
int unix_init(struct sockets *all);
void unix_fini(struct sockets *all);

/* AF_UNIX's rows of the table of protocols. */
extern const struct proto unix_stream_proto, unix_dgram_proto, unix_seqpacket_proto, unix_raw_proto;

/* AF_UNIX's own of SOL_SOCKET. */
extern const struct opt_level unix_options;

static inline struct unix_sock *unix_of(struct sock *s)
{
	return container_of(s, struct unix_sock, sock);
}

static inline const struct unix_sock *unix_of_const(const struct sock *s)
{
	return container_of(s, const struct unix_sock, sock);
}

static inline struct sockets *unix_sockets(const struct unix_sock *u)
{
	return u->sock.tp->notify_ctx;
}

static inline bool unix_is_dgram(const struct unix_sock *u)
{
	return u->sock.type == SOCK_DGRAM;
}

/* The open socket at the other end; NULL: none, or closed. */
static inline struct unix_sock *unix_peer(const struct unix_sock *u)
{
	return u->peer ? u->peer->sock : NULL;
}

/* Gives a reference back; the last one frees the end and its reference to its name. */
void unix_end_put(struct env *env, struct unix_end *e);
/* `u`'s peer is `peer` from now on (NULL: nobody), whose end it counts; the old one is let go, and
 * `u` waits for no room any more. */
void unix_set_peer(struct unix_sock *u, struct unix_sock *peer);
/* Closes a socket that the caller has taken off every list: the peer of one that was never accepted
 * is reset. */
void unix_release(struct unix_sock *u);
/* The error of a socket, cleared: 0 or negative. */
int unix_take_error(struct unix_sock *u);
/* Whether a queue has all that may wait in it. */
bool unix_full(const struct unix_sock *u);
/* `u` wants to hear of room in the queue of `at`: of one queue at a time. POLLOUT tells of it, to
 * all that wait for `e`, once. */
void unix_wait(struct unix_sock *u, struct unix_sock *at);
void unix_wake_waiters(struct unix_end *e);
/* Linux: unix_writable(), POLLOUT; whether `wmem` of the buffer leave enough of it. */
static inline bool unix_writable(const struct sock *s, uint32_t wmem)
{
	return (uint64_t)wmem * 4 <= s->sndbuf;
}
/* The credentials that the host's programs have. */
void unix_own_creds(const struct unix_sock *u, struct ucred *out);

/* unix_name.c */

/* What a program gave as an address, in the form in which names are kept. */
struct unix_key {
	socklen_t len;
	uint8_t bytes[UNIX_NAME_MAX];
};
/* An address of `len` bytes. -EINVAL: too short or too long for a name, or of another family. */
int unix_key_parse(const struct sockaddr *addr, socklen_t len, struct unix_key *out);
/* bind(2); of the family alone, unix_autobind(). -EINVAL: no name, or it has one; -EADDRINUSE: of
 * another, closed or not; -ENOSPC: too many names; -ENOMEM. */
int unix_bind(struct sock *s, const struct sockaddr *addr, socklen_t len);
/* An abstract name of the host's choice (five hexadecimal digits), if it has none. -ENOSPC: all are
 * taken, or too many names; -ENOMEM. */
int unix_autobind(struct unix_sock *u);
/* Who is bound there, of the same type. -ENOENT: there is no such path; -ECONNREFUSED: no such
 * abstract name, or its socket is closed; -EPROTOTYPE: of another type. */
int unix_find(const struct unix_sock *u, const struct unix_key *key, struct unix_sock **out);
/* unlink(2) for the paths of a host: the name is free, and its socket keeps it as its address.
 * -ENOENT: no such path; -ENAMETOOLONG: more than 108 bytes. */
int unix_unlink(struct sockets *all, const char *path);
/* The owner is closing: an abstract name is free, a path stays until it is unlinked. */
void unix_name_leave(struct unix_sock *u);
/* Gives a reference back; the last one frees it. NULL is fine. */
void unix_name_put(struct env *env, struct unix_name *n);
/* As getsockname() has it; returns the length. */
socklen_t unix_name_give(const struct unix_end *e, struct sockaddr_storage *out);

/* unix_conn.c */

/* listen(2), of struct proto: `backlog` + 1 connections may wait. -EINVAL: without a name, or
 * connected. */
int unix_listen(struct sock *s, int backlog);
/* accept(2): the oldest embryo, which the caller owns. -EAGAIN: none; -EINVAL: no listener, or one
 * that is shut down. */
int unix_accept(struct sock *s, struct sock **out);
/* connect(2), of struct proto_names; errors of unix_key_parse(), unix_find() and unix_autobind().
 * -EAGAIN: the listener's queue is full, POLLOUT tells of room; -ECONNREFUSED: it does not listen;
 * -EISCONN, -EINVAL: of a stream in another state; -EPERM: the datagram socket there has a peer of
 * its own; -ENOMEM. */
int unix_connect(struct sock *s, const struct sockaddr *addr, socklen_t len);
/* Its own address, or the peer's: the length; -ENOTCONN. */
int unix_getname(const struct sock *s, bool peer, struct sockaddr_storage *out);
/* Ties two new sockets of one type together. */
void unix_socketpair(struct sock *a, struct sock *b);

/* unix_msg.c */

/* Whether a message of this cost may be sent now: 0, -EAGAIN, -EPIPE, -ENOBUFS, SO_ERROR. */
int unix_may_alloc(struct unix_sock *u, uint32_t cost);
/* What Linux's buffers of a message of so many bytes would count for. */
uint32_t unix_stream_cost(size_t bytes);
uint32_t unix_dgram_cost(size_t bytes);
/* The most bytes of one piece of a stream. */
#define UNIX_PIECE_MAX 36544u
/* A message with bytes [at, at + bytes) of what the program gave, for which `cost` of the sender's
 * buffer is taken. The caller owns it until it is queued. NULL: no memory. */
struct unix_msg *unix_msg_new(struct unix_sock *from, const struct proto_msg *m, size_t at,
			      size_t bytes, uint32_t cost);
/* Whether a filter (SO_ATTACH_FILTER) of `to` takes a message, and how much of it. -ENOBUFS. */
int unix_msg_filter(const struct unix_sock *to, const struct proto_msg *m, size_t *bytes);
/* Puts it, consumed, into the queue of `to`, with the rights (from then on the message's) and
 * credentials that go along, and tells `to`. */
void unix_msg_queue(struct unix_sock *from, struct unix_sock *to, struct unix_msg *msg,
		    struct proto_msg *m);
/* Takes it off the queue of `at` and frees it with what it carries; its sender has its cost back,
 * and hears of room. */
void unix_msg_free(struct unix_sock *at, struct unix_msg *msg);
/* The same for all. */
void unix_purge(struct unix_sock *u);
/* The oldest, and the one after it. NULL: there is none. */
struct unix_msg *unix_msg_first(const struct unix_sock *u);
struct unix_msg *unix_msg_next(const struct unix_sock *u, const struct unix_msg *msg);
static inline size_t unix_msg_left(const struct unix_msg *msg)
{
	return msg->bytes - msg->consumed;
}
/* Gives `bytes` bytes of what is unread from `skip` on, which are there, to the program, behind the
 * `done` that it has. */
void unix_msg_copy(const struct unix_msg *msg, size_t skip, size_t bytes, const struct proto_msg *m,
		   size_t done);
/* SO_PEEK_OFF, after bytes were looked at (> 0) or taken (< 0). */
void unix_peek_move(struct unix_sock *u, int64_t bytes);

/* unix_stream.c, unix_dgram.c */

/* send() and recv() of struct proto. A send uses up m->attached, whatever comes of it. Sending,
 * -EAGAIN: no room in the send buffer or the receiver's queue, POLLOUT tells of it; -EPIPE: the
 * other end is closed or shut down; -ENOTCONN, -EISCONN, -EOPNOTSUPP; -EPERM: it takes no rights,
 * or has a peer of its own; -EMSGSIZE; -ENOBUFS. Receiving, 0: the end; -EAGAIN: nothing yet;
 * -EINVAL, -ENOTCONN; and SO_ERROR of either. */
ssize_t unix_stream_send(struct sock *s, struct proto_msg *m);
ssize_t unix_stream_recv(struct sock *s, struct proto_msg *m);
/* SIOCATMARK: whether the next byte is the urgent one, or follows its mark. */
bool unix_at_mark(const struct unix_sock *u);
ssize_t unix_dgram_send(struct sock *s, struct proto_msg *m);
ssize_t unix_dgram_recv(struct sock *s, struct proto_msg *m);
ssize_t unix_seqpacket_send(struct sock *s, struct proto_msg *m);
ssize_t unix_seqpacket_recv(struct sock *s, struct proto_msg *m);
/* What a datagram socket loses with its peer `from`: what it had not read; who sent that is told
 * (ECONNRESET) if `u` was its peer. */
void unix_dgram_disconnected(struct unix_sock *u, struct unix_end *from);

/* unix_rights.c */

/* parse_control() of struct proto_names: the sockets, each with a reference, are m->attached, which
 * send() uses up. -EINVAL: malformed, or more than UNIX_RIGHTS_MAX; -EBADF; -EPERM: credentials of
 * another; -ETOOMANYREFS: too many under way; -EFAULT; -ENOMEM: nothing is attached. */
int unix_parse_control(struct sock *s, const struct msghdr *msg, struct proto_msg *m);
/* fill_control() of struct proto_names: uses up m->attached, and makes descriptors of as many as
 * the room and the host allow; out->cut says that there were more. */
void unix_fill_control(struct sock *s, struct proto_msg *m, struct control *out);
/* Gives the references back, of which the last closes a socket. Takes NULL. */
void unix_rights_free(struct env *env, struct unix_rights *r);
/* A send has come to `result`, which it returns: what no message took of what the program attached
 * is let go. */
ssize_t unix_sent(struct unix_sock *u, struct proto_msg *m, ssize_t result);
/* What goes along with a message that is being read becomes m->attached; with MSG_PEEK the same
 * again, unless there is no memory or too many are under way. */
void unix_rights_take(struct unix_sock *u, struct unix_msg *msg, struct proto_msg *m);

/* unix_gc.c */

/* A socket in flight has lost its last descriptor: collects, at once or, when there are many, a
 * little later. */
void unix_gc_hint(struct sockets *all);
/* Empties the queues of all that can't be received any more. */
void unix_gc(struct sockets *all);
/* Of unix_space.gc_timer. */
void unix_gc_on_timer(struct timer *t);

#endif
