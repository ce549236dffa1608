/* SPDX-License-Identifier: MIT */
/*
 * The program's side of AF_NETLINK: what each call does to a socket.
 *
 * A socket has a port number in place of an address: the one it asks for, or, at its first use, a
 * random one of those that no process has (Linux gives the first socket of a process the process's
 * number; the library knows of no processes, and a driver that does may bind it). What it sends to
 * port 0 goes to the protocol's request function, within the call; to other ports, to that socket;
 * to a group, to its members.
 *
 * Received datagrams are queued up to SO_RCVBUF, counted with Linux's overhead. One that does not
 * fit is lost, and the next call says ENOBUFS: once, and again only after the queue was emptied
 * (NETLINK_NO_ENOBUFS: never).
 *
 * Ownership: a socket owns its queue and its dump.
 *
 * A filter sees a message from its first byte on. The options are in nlsock_opt.c.
 */
#include "netlink/nlsock.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "transport/bpf.h"
#include "transport/control.h"
#include "transport/demux.h"
#include "transport/option.h"

#define DATAGRAM_OVERHEAD 576u /* Linux: struct sk_buff and struct skb_shared_info */
#define SMALL_HEAD 704u	       /* Linux: SKB_SMALL_HEAD_CACHE_SIZE */
#define SEND_OVERHEAD 32u      /* Linux: netlink_sendmsg() */
#define LOOSE_ATTEMPTS 64u
#define REQUEST_ON_STACK 1024u

/* --- datagrams --- */

static uint32_t cost_of(size_t room)
{
	size_t head = room + 320 < SMALL_HEAD ? SMALL_HEAD : room + 320;

	return (uint32_t)(head + DATAGRAM_OVERHEAD - 320);
}

struct nl_datagram *nl_datagram_new(struct env *env, size_t room)
{
	struct nl_datagram *d = env_alloc(env, sizeof(*d) + room);

	if (!d)
		return NULL;
	*d = (struct nl_datagram){.cost = cost_of(room)};
	return d;
}

void nl_datagram_free(struct env *env, struct nl_datagram *d)
{
	env_free(env, d);
}

void nlsock_overrun(struct nlsock *s)
{
	s->dropped++;
	drop(s->nl->env, DROP_NETLINK_RCVBUF);
	if (s->no_enobufs || s->congested)
		return;
	s->congested = true;
	s->sock.error = ENOBUFS;
	sock_notify(&s->sock, POLLERR);
}

/* Whether the socket's filter (SO_ATTACH_FILTER) takes a datagram, which it may shorten. */
static bool filter_takes(const struct nlsock *s, struct nl_datagram *d)
{
	struct bpf_packet packet = {.protocol = (uint16_t)s->family->protocol,
				    .random = env_random_u32(s->nl->env)};
	struct berth_packet *p = berth_packet_new(s->nl->env->pool, d->data, d->bytes);
	uint32_t keep;

	if (!p)
		return false; /* lost, as for want of room */
	packet.p = p;
	keep = bpf_run(s->sock.opt->filter, &packet);
	berth_packet_free(p);
	if (keep < d->bytes)
		d->bytes = keep;
	return keep > 0;
}

int nlsock_deliver(struct nlsock *s, struct nl_datagram *d)
{
	struct env *env = s->nl->env;

	if (s->sock.opt->filter && !filter_takes(s, d)) {
		nl_datagram_free(env, d);
		return 0;
	}

	if (s->held > s->sock.rcvbuf || s->congested ||
	    env->bytes_held + d->cost > env->limits.bytes_max) {
		nl_datagram_free(env, d);
		nlsock_overrun(s);
		return -ENOBUFS;
	}
	d->next = NULL;
	*s->last = d;
	s->last = &d->next;
	s->held += d->cost;
	env->bytes_held += d->cost;
	sock_notify(&s->sock, POLLIN);
	return 0;
}

static void take_first(struct nlsock *s)
{
	struct nl_datagram *d = s->first;

	ASSERT(s->held >= d->cost && s->nl->env->bytes_held >= d->cost);
	s->held -= d->cost;
	s->nl->env->bytes_held -= d->cost;
	s->first = d->next;
	if (!s->first)
		s->last = &s->first;
	nl_datagram_free(s->nl->env, d);
}

/* --- ports --- */

static uint32_t port_hash(const struct netlink *nl, const struct nl_family *f, uint32_t port)
{
	uint32_t key[2] = {nl_family_index(f), port};

	return env_hash(nl->env, key, sizeof(key));
}

static struct nlsock *find_port(const struct netlink *nl, const struct nl_family *f, uint32_t port)
{
	uint32_t hash = port_hash(nl, f, port);
	struct table_node *at;

	for (at = table_chain(&nl->ports, hash); at; at = at->next) {
		struct nlsock *s = container_of(at, struct nlsock, port_node);

		if (at->hash == hash && s->family == f && s->port == port)
			return s;
	}
	return NULL;
}

static int take_port(struct nlsock *s, uint32_t port)
{
	if (s->port)
		return s->port == port ? 0 : -EBUSY;
	if (find_port(s->nl, s->family, port))
		return -EADDRINUSE;
	s->port = port;
	table_add(&s->nl->ports, s->nl->env, &s->port_node, port_hash(s->nl, s->family, port));
	return 0;
}

/* One that no process has: a negative number, to those who print it as an int. */
static int autobind(struct nlsock *s)
{
	int error = -EADDRINUSE;

	for (unsigned i = 0; !s->port && i < LOOSE_ATTEMPTS && error == -EADDRINUSE; i++)
		error = take_port(s, env_random_u32(s->nl->env) | 0x80000000u);
	return s->port ? 0 : error;
}

/* --- groups --- */

void nlsock_set_groups(struct nlsock *s, uint64_t groups)
{
	uint32_t *members = s->nl->members[nl_family_index(s->family)];

	for (unsigned i = 0; i < NL_GROUPS_MAX; i++) {
		if ((s->groups ^ groups) >> i & 1)
			members[i] += groups >> i & 1 ? 1u : (uint32_t)-1;
	}
	s->groups = groups;
	s->grouped = s->grouped || groups;
}

static uint32_t group_mask(uint32_t group)
{
	return group >= 1 && group <= 32 ? 1u << (group - 1) : 0;
}

/* --- life --- */

static int nlsock_open(struct sock *sock, int protocol)
{
	struct nlsock *s = nlsock_of(sock);
	const struct nl_family *f = nl_family_find(protocol);

	if (!f)
		return -EPROTONOSUPPORT;
	if (timers_reserve(sock->tp->env, 1) < 0)
		return -ENOMEM;
	s->nl = sock->tp->netlink;
	s->family = f;
	sock->protocol = (uint8_t)protocol;
	timer_init(&s->timer, nl_dump_on_timer);
	list_add_tail(&s->nl->socks[nl_family_index(f)], &s->link);
	return 0;
}

static int nlsock_init(struct sock *sock)
{
	struct nlsock *s = nlsock_of(sock);

	s->last = &s->first;
	list_init(&s->link);
	return 0;
}

static void nlsock_close(struct sock *sock)
{
	struct nlsock *s = nlsock_of(sock);

	if (s->family) {
		nl_dump_drop(s);
		timers_release(s->nl->env, 1);
		nlsock_set_groups(s, 0);
		if (s->port)
			table_del(&s->nl->ports, &s->port_node);
		while (s->first)
			take_first(s);
		list_del(&s->link);
	}
	sock_free(sock);
}

/* --- names --- */

static int parse_name(const struct sockaddr *addr, socklen_t len, struct sockaddr_nl *out)
{
	if (len < sizeof(*out))
		return -EINVAL;
	memcpy(out, addr, sizeof(*out));
	return out->nl_family == AF_NETLINK ? 0 : -EINVAL;
}

static int nlsock_bind(struct sock *sock, const struct sockaddr *addr, socklen_t len)
{
	struct nlsock *s = nlsock_of(sock);
	struct sockaddr_nl name;
	int error = parse_name(addr, len, &name);

	if (error < 0)
		return error;
	if (s->port && name.nl_pid != s->port)
		return -EINVAL;
	if (!s->port)
		error = name.nl_pid ? take_port(s, name.nl_pid) : autobind(s);
	if (error < 0)
		return error;
	/* Linux: the first 32 groups are those that are given, the others stay. */
	if (name.nl_groups || (uint32_t)s->groups)
		nlsock_set_groups(s, (s->groups & ~UINT64_C(0xffffffff)) | name.nl_groups);
	return 0;
}

static int nlsock_connect(struct sock *sock, const struct sockaddr *addr, socklen_t len)
{
	struct nlsock *s = nlsock_of(sock);
	struct sockaddr_nl name;
	int error;

	if (addr->sa_family == AF_UNSPEC) {
		s->dst_port = 0;
		s->dst_group = 0;
		return 0;
	}
	error = parse_name(addr, len, &name);
	if (error == 0)
		error = autobind(s);
	if (error < 0)
		return error;
	s->dst_port = name.nl_pid;
	s->dst_group = (uint32_t)__builtin_ffs((int)name.nl_groups);
	return 0;
}

static int nlsock_name(const struct sock *sock, bool peer, struct sockaddr_storage *out)
{
	const struct nlsock *s = nlsock_of_const(sock);
	struct sockaddr_nl name = {.nl_family = AF_NETLINK};

	name.nl_pid = peer ? s->dst_port : s->port;
	name.nl_groups = peer ? group_mask(s->dst_group) : (uint32_t)s->groups;
	memset(out, 0, sizeof(*out));
	memcpy(out, &name, sizeof(name));
	return (int)sizeof(name);
}

/* --- sending --- */

static void gather(const struct proto_msg *m, uint8_t *out)
{
	for (int i = 0; i < m->iov_count; i++) {
		if (m->iov[i].iov_len > 0)
			memcpy(out, m->iov[i].iov_base, m->iov[i].iov_len);
		out += m->iov[i].iov_len;
	}
}

static int send_to_port(struct nlsock *s, uint32_t port, const uint8_t *data, size_t bytes)
{
	struct nlsock *to = find_port(s->nl, s->family, port);
	struct nl_datagram *d;

	if (!to || (to->dst_port && to->dst_port != s->port))
		return -ECONNREFUSED; /* Linux: one that is connected hears its peer alone */
	if (to->held > to->sock.rcvbuf || to->congested)
		return -EAGAIN;
	d = nl_datagram_new(s->nl->env, bytes);
	if (!d)
		return -ENOBUFS;
	memcpy(d->data, data, bytes);
	d->bytes = (uint32_t)bytes;
	d->port = s->port;
	return nlsock_deliver(to, d);
}

static int send_data(struct nlsock *s, uint32_t port, uint32_t group, const uint8_t *data,
		     size_t bytes)
{
	if (group)
		nl_broadcast(s->nl, s->family->protocol, group, s->port, s, data, bytes);
	if (port)
		return send_to_port(s, port, data, bytes);
	if (!s->family->request)
		return group ? 0 : -ECONNREFUSED;
	nl_take(s, data, bytes);
	return 0;
}

static int find_destination(const struct nlsock *s, const struct proto_msg *m, uint32_t *out_port,
			    uint32_t *out_group)
{
	struct sockaddr_nl name;
	int error;

	*out_port = s->dst_port;
	*out_group = s->dst_group;
	if (m->name_len == 0)
		return 0;
	error = parse_name(m->name, m->name_len, &name);
	if (error < 0)
		return error;
	*out_port = name.nl_pid;
	*out_group = (uint32_t)__builtin_ffs((int)name.nl_groups);
	return 0;
}

static ssize_t nlsock_send(struct sock *sock, struct proto_msg *m)
{
	struct nlsock *s = nlsock_of(sock);
	_Alignas(struct nlmsghdr) uint8_t small[REQUEST_ON_STACK];
	uint8_t *data = small;
	uint32_t port;
	uint32_t group;
	int error;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->bytes == 0)
		return -ENODATA;
	error = find_destination(s, m, &port, &group);
	if (error == 0)
		error = autobind(s);
	if (error < 0)
		return error;
	if (sock->sndbuf < SEND_OVERHEAD || m->bytes > sock->sndbuf - SEND_OVERHEAD)
		return -EMSGSIZE;
	if (m->bytes > sizeof(small)) {
		data = env_alloc(s->nl->env, m->bytes);
		if (!data)
			return -ENOBUFS;
	}
	gather(m, data);
	error = send_data(s, port, group, data, m->bytes);
	if (data != small)
		env_free(s->nl->env, data);
	return error < 0 ? error : (ssize_t)m->bytes;
}

/* --- receiving --- */

static size_t scatter(const struct nl_datagram *d, const struct proto_msg *m)
{
	size_t done = 0;

	for (int i = 0; i < m->iov_count && done < d->bytes; i++) {
		size_t n = d->bytes - done;

		if (n > m->iov[i].iov_len)
			n = m->iov[i].iov_len;
		if (n > 0)
			memcpy(m->iov[i].iov_base, d->data + done, n);
		done += n;
	}
	return done;
}

/* What the program reads with is what it can take. (Not what it peeks with: a driver that looks
 * ahead has another buffer. Linux learns from both.) */
static void learn_buffer(struct nlsock *s, size_t bytes)
{
	if (bytes > NL_PIECE_MAX)
		bytes = NL_PIECE_MAX;
	if (bytes > s->read_max)
		s->read_max = (uint32_t)bytes;
}

static void after_read(struct nlsock *s)
{
	take_first(s);
	nl_dump_on_read(s);
	if (!s->first && !s->no_enobufs)
		s->congested = false;
}

static ssize_t nlsock_recv(struct sock *sock, struct proto_msg *m)
{
	struct nlsock *s = nlsock_of(sock);
	const struct nl_datagram *d = s->first;
	struct sockaddr_nl name = {.nl_family = AF_NETLINK};
	size_t copied;
	size_t bytes;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (sock->error) {
		int error = -sock->error;

		sock->error = 0;
		return error;
	}
	if (!d)
		return -EAGAIN;
	if (!(m->flags & MSG_PEEK))
		learn_buffer(s, m->bytes);
	copied = scatter(d, m);
	bytes = d->bytes;
	if (copied < bytes)
		m->out_flags |= MSG_TRUNC;
	name.nl_pid = d->port;
	name.nl_groups = group_mask(d->group);
	memcpy(m->out_name, &name, sizeof(name));
	m->out_name_len = sizeof(name);
	m->pktinfo_ifindex = d->group;
	if (!(m->flags & MSG_PEEK))
		after_read(s);
	return m->flags & MSG_TRUNC ? (ssize_t)bytes : (ssize_t)copied;
}

static void nlsock_fill_control(struct sock *sock, struct proto_msg *m, struct control *out)
{
	struct nl_pktinfo info = {.group = m->pktinfo_ifindex};
	struct ucred kernel = {0};

	if (nlsock_of(sock)->pktinfo)
		control_put(out, SOL_NETLINK, NETLINK_PKTINFO, &info, sizeof(info));
	if (sock->opt->passcred)
		control_put(out, SOL_SOCKET, SCM_CREDENTIALS, &kernel, sizeof(kernel));
}

static unsigned nlsock_poll(const struct sock *sock)
{
	const struct nlsock *s = nlsock_of_const(sock);

	return (s->first ? POLLIN : 0u) | POLLOUT | (sock->error ? POLLERR : 0u);
}

/* --- the rest --- */

/* Linux: netlink_ioctl() knows none. */
static int nlsock_ioctl(struct sock *sock, unsigned long request, int *value)
{
	(void)sock;
	(void)request;
	(void)value;
	return -ENOTTY;
}

static void nlsock_info(const struct sock *sock, struct berth_sock_info *out)
{
	out->recv_q = nlsock_of_const(sock)->held;
}

static const struct opt_level *const nlsock_options[] = {&netlink_options, NULL};

static const struct proto_names names = {
	.bind = nlsock_bind,
	.connect = nlsock_connect,
	.name = nlsock_name,
	.fill_control = nlsock_fill_control,
};

#define NETLINK_PROTO(type_)                                                                       \
	{                                                                                          \
		.name = "NETLINK", .family = AF_NETLINK, .type = (type_), .protocol = PROTO_ANY,   \
		.names = &names, .object_bytes = sizeof(struct nlsock), .init = nlsock_init,       \
		.open = nlsock_open, .close = nlsock_close, .abort = nlsock_close,                 \
		.send = nlsock_send, .recv = nlsock_recv, .poll = nlsock_poll,                     \
		.options = nlsock_options, .ioctl = nlsock_ioctl, .info = nlsock_info              \
	}

const struct proto netlink_raw_proto = NETLINK_PROTO(SOCK_RAW);
const struct proto netlink_dgram_proto = NETLINK_PROTO(SOCK_DGRAM);
