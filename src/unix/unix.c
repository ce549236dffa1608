/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX sockets: what struct proto asks of them.
 *
 * Which result a call has in which state is that of Linux 6.18 (unix(7), and what it leaves out);
 * tests/unit/unix/unix_dual_test.c compares with the kernel in the same program. There is no packet
 * in between: a send is in the receiver's queue when it returns, and readiness is told to both
 * sides at once.
 *
 * Life. When a socket closes, its name is free or without owner, its peer (on streams and seqpacket
 * connections) sees the end, or a reset if something sent had not been read; connections that it
 * had not accepted are reset; then what was in its queue is thrown away, and sockets that were in
 * there with it. Its struct unix_end stays as long as somebody may ask for its name.
 *
 * Left out, as unknown options or requests: SO_PEERPIDFD, SO_PASSPIDFD and SIOCUNIXFILE, which give
 * descriptors of the kernel's; MSG_SPLICE_PAGES. There are no security labels (SO_PEERSEC), as on
 * a kernel without such a module.
 */
#include "unix/unix.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/check.h"
#include "base/env.h"
#include "transport/demux.h"
#include "transport/option.h"

#define NAME_BUCKETS 16u
#define OPT_PEERGROUPS 59
#define OPT_PASSRIGHTS 83

int unix_init(struct sockets *all)
{
	struct unix_space *space = env_calloc(all->env, 1, sizeof(*space));

	if (!space)
		return -ENOMEM;
	if (table_init(&space->names, all->env, NAME_BUCKETS) < 0 ||
	    timers_reserve(all->env, 1) < 0) {
		table_fini(&space->names, all->env);
		env_free(all->env, space);
		return -ENOMEM;
	}
	timer_init(&space->gc_timer, unix_gc_on_timer);
	space->all = all;
	all->unix_space = space;
	all->unheld = unix_gc_hint;
	return 0;
}

/* Paths whose sockets are closed. */
static void forget_names(struct unix_space *space, struct env *env)
{
	for (uint32_t i = 0; i <= space->names.mask; i++) {
		struct table_node *n;

		while ((n = space->names.buckets[i])) {
			struct unix_name *name = container_of(n, struct unix_name, node);

			ASSERT(!name->owner);
			table_del(&space->names, n);
			unix_name_put(env, name);
		}
	}
}

void unix_fini(struct sockets *all)
{
	struct unix_space *space = all->unix_space;
	struct env *env = all->env;

	if (!space)
		return;
	unix_gc(all);
	ASSERT(all->in_flight_count == 0);
	forget_names(space, env);
	timer_disarm(env, &space->gc_timer);
	timers_release(env, 1);
	table_fini(&space->names, env);
	env_free(env, space);
	all->unix_space = NULL;
	all->unheld = NULL;
}

void unix_end_put(struct env *env, struct unix_end *e)
{
	ASSERT(e->refs > 0);
	if (--e->refs > 0)
		return;
	ASSERT(!e->sock && e->wmem == 0 && list_empty(&e->waiters));
	unix_name_put(env, e->name);
	env_free(env, e);
}

void unix_set_peer(struct unix_sock *u, struct unix_sock *peer)
{
	struct unix_end *was = u->peer;

	u->peer = peer ? peer->end : NULL;
	if (peer)
		peer->end->refs++;
	list_del(&u->end->wait_link);
	if (was)
		unix_end_put(sock_env(&u->sock), was);
}

int unix_take_error(struct unix_sock *u)
{
	int error = u->sock.error;

	u->sock.error = 0;
	return -error;
}

bool unix_full(const struct unix_sock *u)
{
	return (u->state == TCP_LISTEN ? u->embryo_count : u->queue_count) > u->backlog;
}

void unix_wait(struct unix_sock *u, struct unix_sock *at)
{
	list_del(&u->end->wait_link);
	list_add_tail(&at->end->waiters, &u->end->wait_link);
}

void unix_wake_waiters(struct unix_end *e)
{
	while (!list_empty(&e->waiters)) {
		struct unix_end *waiter = list_first(&e->waiters, struct unix_end, wait_link);

		list_del(&waiter->wait_link);
		if (waiter->sock)
			sock_notify(&waiter->sock->sock, POLLOUT);
	}
}

static int init(struct sock *s)
{
	struct env *env = sock_env(s);
	struct unix_sock *u = unix_of(s);

	u->end = env_calloc(env, 1, sizeof(*u->end));
	if (!u->end)
		return -ENOMEM;
	u->end->refs = 1;
	u->end->sock = u;
	list_init(&u->end->waiters);
	list_init(&u->end->wait_link);
	s->rcvbuf = (uint32_t)env->knobs.rmem_default;
	s->sndbuf = (uint32_t)env->knobs.wmem_default;
	if (s->type == SOCK_RAW) /* Linux: unix_create() */
		s->type = SOCK_DGRAM;
	s->protocol = 0;
	u->state = TCP_CLOSE;
	u->peercred = (struct ucred){.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
	u->peek_off = -1;
	u->backlog = (uint32_t)env->knobs.unix_max_dgram_qlen;
	list_init(&u->queue);
	list_init(&u->carried);
	list_init(&u->embryos);
	list_init(&u->embryo_link);
	return 0;
}

static int open_protocol(struct sock *s, int protocol)
{
	(void)s;
	return protocol == 0 || protocol == PF_UNIX ? 0 : -EPROTONOSUPPORT;
}

static bool has_unread(const struct unix_sock *u)
{
	const struct unix_msg *msg = unix_msg_first(u);

	/* A mark is not something to be read. */
	if (msg && !unix_is_dgram(u) && msg->bytes > 0 && unix_msg_left(msg) == 0)
		msg = unix_msg_next(u, msg);
	return msg != NULL;
}

static void tell_peer(struct unix_sock *u, bool reset)
{
	struct unix_sock *peer = unix_peer(u);

	if (!peer || unix_is_dgram(u))
		return;
	peer->sock.shut_rd = peer->sock.shut_wr = true;
	if (reset)
		peer->sock.error = ECONNRESET;
	sock_notify(&peer->sock, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
}

void unix_release(struct unix_sock *u)
{
	struct sock *s = &u->sock;
	struct env *env = sock_env(s);

	/* First it is nobody's to be found, then what was in it goes. */
	tell_peer(u, u->embryo || has_unread(u));
	unix_name_leave(u);
	unix_set_peer(u, NULL);
	u->end->sock = NULL;
	unix_wake_waiters(u->end);
	while (!list_empty(&u->embryos)) {
		struct unix_sock *embryo = list_first(&u->embryos, struct unix_sock, embryo_link);

		list_del(&embryo->embryo_link);
		unix_release(embryo);
	}
	unix_purge(u);
	unix_end_put(env, u->end);
	sock_free(s);
}

static void close_sock(struct sock *s)
{
	unix_release(unix_of(s));
}

static int shut(struct sock *s, int how)
{
	struct unix_sock *u = unix_of(s);
	struct unix_sock *peer = unix_is_dgram(u) ? NULL : unix_peer(u);
	bool rd = how != SHUT_WR;
	bool wr = how != SHUT_RD;

	s->shut_rd = s->shut_rd || rd;
	s->shut_wr = s->shut_wr || wr;
	sock_notify(s, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	if (rd)
		unix_wake_waiters(u->end);
	if (!peer)
		return 0;
	peer->sock.shut_rd = peer->sock.shut_rd || wr;
	peer->sock.shut_wr = peer->sock.shut_wr || rd;
	sock_notify(&peer->sock, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	return 0;
}

/* Linux: unix_dgram_poll() also looks whether the peer has room, and waits for it if not. */
static bool has_room(const struct unix_sock *u)
{
	struct unix_sock *peer = unix_peer(u);

	if (u->state == TCP_LISTEN || !unix_writable(&u->sock, u->end->wmem))
		return false;
	if (u->sock.type == SOCK_STREAM || !peer || peer->peer == u->end || !unix_full(peer))
		return true;
	unix_wait(u->end->sock, peer);
	return false;
}

static unsigned poll_sock(const struct sock *s)
{
	const struct unix_sock *u = unix_of_const(s);
	unsigned mask = 0;

	if (s->error)
		mask |= POLLERR;
	if (s->shut_rd && s->shut_wr)
		mask |= POLLHUP;
	if (s->shut_rd)
		mask |= POLLRDHUP | POLLIN;
	if (!list_empty(&u->queue) || !list_empty(&u->embryos))
		mask |= POLLIN;
	if (u->oob)
		mask |= POLLPRI;
	if (!unix_is_dgram(u) && u->state == TCP_CLOSE)
		mask |= POLLHUP;
	if (has_room(u))
		mask |= POLLOUT;
	return mask;
}

/* Bytes that can be read: all of a connection's, or of the first datagram. */
static size_t unread_bytes(const struct unix_sock *u)
{
	size_t sum = 0;

	for (const struct unix_msg *msg = unix_msg_first(u); msg; msg = unix_msg_next(u, msg)) {
		sum += unix_msg_left(msg);
		if (unix_is_dgram(u))
			break;
	}
	return sum;
}

static int ask(struct sock *s, unsigned long request, int *value)
{
	const struct unix_sock *u = unix_of(s);

	switch (request) {
	case SIOCINQ:
		if (u->state == TCP_LISTEN)
			return -EINVAL;
		*value = (int)unread_bytes(u);
		return 0;
	case SIOCOUTQ:
		*value = (int)u->end->wmem;
		return 0;
	case SIOCATMARK:
		if (s->type != SOCK_STREAM)
			return -EOPNOTSUPP;
		*value = unix_at_mark(u);
		return 0;
	default:
		return -ENOTTY;
	}
}

static void info(const struct sock *s, struct berth_sock_info *out)
{
	const struct unix_sock *u = unix_of_const(s);
	bool listening = u->state == TCP_LISTEN;

	out->state = u->state;
	out->recv_q = listening ? u->embryo_count : (uint32_t)unread_bytes(u);
	out->send_q = listening ? u->backlog : u->end->wmem;
	out->timer_ns = BERTH_TIME_NEVER;
}

static int set_peek_off(struct opt_arg *a)
{
	unix_of(a->s)->peek_off = a->value;
	return 0;
}

static int get_peek_off(struct opt_arg *a)
{
	a->out.number = unix_of(a->s)->peek_off;
	return 0;
}

static int set_passrights(struct opt_arg *a)
{
	unix_of(a->s)->refuse_rights = a->value == 0;
	return 0;
}

static int get_passrights(struct opt_arg *a)
{
	a->out.number = !unix_of(a->s)->refuse_rights;
	return 0;
}

static int get_peercred(struct opt_arg *a)
{
	const struct unix_sock *u = unix_of(a->s);

	memcpy(a->out.bytes, &u->peercred, sizeof(u->peercred));
	a->out_len = sizeof(u->peercred);
	return 0;
}

static int get_peergroups(struct opt_arg *a)
{
	if (unix_of(a->s)->peercred.pid == 0)
		return -ENODATA;
	a->out_len = 0; /* there are no supplementary groups */
	return 0;
}

#define FLAG(field) OPT_FLAG, offsetof(struct unix_sock, field), 0, 0, NULL, NULL, "flag"

static const struct opt_row rows[] = {
	{SO_PASSCRED, "SO_PASSCRED", FLAG(passcred), "credentials come with what is received"},
	{SO_PASSSEC, "SO_PASSSEC", FLAG(passsec), "kept; there are no security labels"},
	{OPT_PASSRIGHTS, "SO_PASSRIGHTS", OPT_OWN, OPT_NONE, set_passrights, get_passrights, "flag",
	 "whether others may send it sockets"},
	{SO_PEEK_OFF, "SO_PEEK_OFF", OPT_OWN, OPT_NONE, set_peek_off, get_peek_off, "int",
	 "where MSG_PEEK begins, -1: at the front"},
	{SO_PEERCRED, "SO_PEERCRED", OPT_ASK, OPT_NONE, NULL, get_peercred, "struct ucred",
	 "who made the other end"},
	{OPT_PEERGROUPS, "SO_PEERGROUPS", OPT_ASK, OPT_NONE, NULL, get_peergroups, "gid_t[]",
	 "its supplementary groups: none"},
};

const struct opt_level unix_options = {SOL_SOCKET,	  "SOL_SOCKET", OPT_SHORT_INVALID,
				       opt_control_block, rows,		ARRAY_LEN(rows)};
static const struct opt_level *const option_levels[] = {&unix_options, NULL};

static const struct proto_names names = {
	.bind = unix_bind,
	.connect = unix_connect,
	.name = unix_getname,
	.parse_control = unix_parse_control,
	.fill_control = unix_fill_control,
};

#define COMMON                                                                                     \
	.family = AF_UNIX, .protocol = PROTO_ANY, .names = &names,                                 \
	.object_bytes = sizeof(struct unix_sock), .init = init, .open = open_protocol,             \
	.close = close_sock, .abort = close_sock, .shutdown = shut, .poll = poll_sock,             \
	.options = option_levels, .ioctl = ask, .info = info

const struct proto unix_stream_proto = {
	COMMON,
	.name = "UNIX-STREAM",
	.type = SOCK_STREAM,
	.listen = unix_listen,
	.accept = unix_accept,
	.send = unix_stream_send,
	.recv = unix_stream_recv,
};

const struct proto unix_seqpacket_proto = {
	COMMON,
	.name = "UNIX-SEQPACKET",
	.type = SOCK_SEQPACKET,
	.listen = unix_listen,
	.accept = unix_accept,
	.send = unix_seqpacket_send,
	.recv = unix_seqpacket_recv,
};

const struct proto unix_dgram_proto = {
	COMMON,
	.name = "UNIX",
	.type = SOCK_DGRAM,
	.send = unix_dgram_send,
	.recv = unix_dgram_recv,
};

/* Another word for datagrams. */
const struct proto unix_raw_proto = {
	COMMON, .name = "UNIX", .type = SOCK_RAW, .send = unix_dgram_send, .recv = unix_dgram_recv,
};
