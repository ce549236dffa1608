/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets (raw(7); RFC 3542 §3 for IPv6).
 *
 * Receiving: every packet for this host is shown to the raw sockets of its protocol before the
 * protocol itself gets it, and each that matches (addresses, interface, filter) takes a copy, whose
 * payload is shared. An IPv4 socket reads it from the IP header on, an IPv6 socket what follows
 * the headers. Only while there is a raw socket does the network layer show anything.
 *
 * Sending: the program gives what follows the IP header, or, with IP_HDRINCL, the header too, in
 * which Linux's few fields are filled in. Fragments are cut as of any datagram, but never of a
 * packet whose header the program made.
 *
 * Socks lie in a list for each protocol number, for a packet's cost to be that of the sockets it
 * may be for. A sock's "port" is its protocol, which getsockname() shows.
 *
 * Linux: disconnecting takes the sock out of its list, and it hears no more (__udp_disconnect(),
 * which raw sockets share).
 *
 * Ownership: struct raws belongs to the transport, made for the first socket and kept.
 */
#include "transport/raw.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/env.h"
#include "link/netif.h"
#include "pkt/csum.h"
#include "transport/dgram.h"
#include "transport/member.h"

#define PROTOCOLS 256u
#define PROTOCOL_MH 135 /* mobility header, RFC 6275 §6.1 */
#define ICMP_TYPES4 32u
#define ICMP_BYTES4 8u
#define ICMP_BYTES6 4u

struct raw {
	struct dgram d;
	struct list link;	  /* in raws.by_protocol, while it hears */
	int checksum_at;	  /* IPV6_CHECKSUM; -1: none */
	struct raw_filter filter; /* of ICMP and ICMPv6 */
};

STATIC_ASSERT(offsetof(struct raw, d) == 0);

struct raws {
	struct list by_protocol[PROTOCOLS];
	uint32_t hearing; /* socks in these lists */
};

static struct raw *raw_of(struct sock *s)
{
	return container_of(dgram_of(s), struct raw, d);
}

static const struct raw *raw_of_const(const struct sock *s)
{
	return (const struct raw *)(const void *)s;
}

/*
 * Receiving
 */

/* Whether a packet from `remote` to `local` is the sock's, as far as addresses tell. */
static bool matches(const struct sock *s, const struct ipaddr *local, const struct ipaddr *remote,
		    unsigned ifindex)
{
	if ((s->family == AF_INET) != ipaddr_is4(local))
		return false;
	if (s->linked && !ipaddr_is_any(&s->remote.addr) && !ipaddr_equal(&s->remote.addr, remote))
		return false;
	if (s->opt->ifindex && ifindex && s->opt->ifindex != ifindex)
		return false;
	return ipaddr_is_any(&s->local.addr) || ipaddr_equal(&s->local.addr, local);
}

/* What the program has asked not to be given. */
static bool filtered(const struct raw *r, const struct berth_packet *p, const struct ip_info *info)
{
	bool is4 = ipaddr_is4(&info->dst);
	uint8_t type;

	if (info->protocol != (is4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return false;
	/* Linux: what is shorter than a header is nobody's. */
	if (packet_bytes(p) < (is4 ? ICMP_BYTES4 : ICMP_BYTES6))
		return true;
	(void)packet_copy_out(p, 0, &type, 1); /* it is there */
	if (is4 && type >= ICMP_TYPES4)
		return false;
	return r->filter.blocked[type / 32] >> type % 32 & 1;
}

/* RFC 3542 §3.1: a wrong one is not delivered. */
static bool checksum_right(const struct raw *r, const struct berth_packet *p,
			   const struct ip_info *info)
{
	size_t bytes = packet_bytes(p);

	if (r->checksum_at < 0 || p->csum != CSUM_NONE)
		return true;
	return csum_finish(packet_sum(
		       p, 0, bytes,
		       ipaddr_pseudo_sum(&info->src, &info->dst, info->protocol, bytes))) == 0;
}

static void deliver(struct raw *r, const struct berth_packet *p, const struct ip_info *info)
{
	struct env *env = sock_env(&r->d.sock);
	struct berth_packet *copy;

	if (!checksum_right(r, p, info)) {
		drop(env, DROP_RAW_CHECKSUM);
		return;
	}
	copy = packet_clone(p);
	if (!copy) {
		drop(env, DROP_NO_MEMORY);
		return;
	}
	packet_complete(copy);
	copy->gso_bytes = 0;
	if (r->d.sock.family == AF_INET)
		(void)packet_push(copy, (size_t)copy->head_off - copy->l3_off);
	dgram_deliver(&r->d, copy, info, 0);
}

static bool input(void *ctx, const struct berth_packet *p, const struct ip_info *info)
{
	const struct raws *raws = ((struct transport *)ctx)->raws;
	bool is4 = ipaddr_is4(&info->dst);
	bool heard = false;
	struct list *l;

	list_for_each (l, &raws->by_protocol[info->protocol]) {
		struct raw *r = list_entry(l, struct raw, link);
		struct sock *s = &r->d.sock;

		if (!matches(s, &info->dst, &info->src, info->ifindex))
			continue;
		heard = true;
		if (filtered(r, p, info))
			continue;
		if (is4 && info->multicast && !member_wants(&r->d, info))
			continue;
		deliver(r, p, info);
	}
	return heard;
}

static bool concerns(void *ctx, const struct ip_error *e)
{
	const struct raws *raws = ((struct transport *)ctx)->raws;
	struct list *l;

	list_for_each (l, &raws->by_protocol[e->protocol]) {
		if (matches(&list_entry(l, struct raw, link)->d.sock, &e->src, &e->dst, 0))
			return true;
	}
	return false;
}

/* Linux: raw_err(): with a header of its own, the program gets that back as well. */
static void on_error(void *ctx, const struct ip_error *e)
{
	const struct raws *raws = ((struct transport *)ctx)->raws;
	struct ip_error whole = *e;
	struct list *l;

	whole.l4 -= e->l3_bytes;
	whole.l4_bytes += e->l3_bytes;
	list_for_each (l, &raws->by_protocol[e->protocol]) {
		struct raw *r = list_entry(l, struct raw, link);

		if (matches(&r->d.sock, &e->src, &e->dst, 0))
			dgram_on_error(&r->d, r->d.sock.opt->hdrincl ? &whole : e, 0, 0);
	}
}

/*
 * Life
 */

static struct raws *raws_get(struct transport *tp)
{
	if (tp->raws)
		return tp->raws;
	tp->raws = env_alloc(tp->env, sizeof(*tp->raws));
	if (!tp->raws)
		return NULL;
	tp->raws->hearing = 0;
	for (unsigned i = 0; i < PROTOCOLS; i++)
		list_init(&tp->raws->by_protocol[i]);
	return tp->raws;
}

static void hear(struct raw *r)
{
	struct transport *tp = r->d.sock.tp;
	const struct ip_raw ear = {input, on_error, concerns, tp};

	if (r->d.sock.protocol >= PROTOCOLS)
		return; /* no packet is of it */
	if (tp->raws->hearing++ == 0)
		net_set_raw(tp->net, &ear);
	list_add_tail(&tp->raws->by_protocol[r->d.sock.protocol], &r->link);
}

static void hear_no_more(struct raw *r)
{
	struct transport *tp = r->d.sock.tp;

	if (list_empty(&r->link))
		return;
	list_del(&r->link);
	if (--tp->raws->hearing == 0)
		net_set_raw(tp->net, NULL);
}

static int init(struct sock *s)
{
	struct raw *r = raw_of(s);

	dgram_init(&r->d);
	list_init(&r->link);
	r->checksum_at = -1;
	return 0;
}

/* Linux: inet_create(): there is no protocol by default. */
static int open_sock(struct sock *s, int protocol)
{
	struct sock_options *opt;
	struct raw *r = raw_of(s);

	if (protocol <= 0)
		return -EPROTONOSUPPORT;
	if (!raws_get(s->tp))
		return -ENOMEM;
	opt = sock_edit_options(s);
	if (!opt)
		return -ENOMEM;
	opt->reuseaddr = true; /* Linux: INET_PROTOSW_REUSE */
	opt->hdrincl = protocol == IPPROTO_RAW;
	s->protocol = (uint16_t)protocol;
	s->local.port = s->protocol;
	if (s->family == AF_INET6 && protocol == IPPROTO_ICMPV6)
		r->checksum_at = 2;
	else if (s->family == AF_INET6 && protocol == PROTOCOL_MH)
		r->checksum_at = 4;
	hear(r);
	return 0;
}

static void close_sock(struct sock *s)
{
	hear_no_more(raw_of(s));
	dgram_fini(dgram_of(s));
	sock_free(s);
}

void raw_fini(struct transport *tp)
{
	env_free(tp->env, tp->raws);
	tp->raws = NULL;
}

/*
 * Names
 */

static int bind_sock(struct sock *s, const struct endpoint *local)
{
	if (s->linked)
		return -EINVAL;
	if (!ipaddr_is_any(&local->addr) && !sock_binds_foreign(s) &&
	    ip_kind_of(s->tp->net, &local->addr) == IP_KIND_OTHER)
		return -EADDRNOTAVAIL;
	s->local.addr = local->addr;
	s->path.generation = 0;
	return 0;
}

static int disconnect_sock(struct sock *s)
{
	hear_no_more(raw_of(s));
	dgram_unlink(s);
	s->local.port = 0;
	return 0;
}

/*
 * Sending
 */

/* Linux: the port is a protocol there (RFC 3542 §3), and only then must be one that a packet can
 * name. */
static int check_port(const struct sock *s, unsigned port)
{
	if (port && port != s->protocol && s->protocol != IPPROTO_RAW)
		return -EINVAL;
	return (port ? port : s->protocol) >= PROTOCOLS ? -EINVAL : 0;
}

/* Errors that come before anything is done with the data, in Linux's order. */
static int check_send(const struct sock *s, const struct proto_msg *m)
{
	if (m->bytes > 65535)
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!m->has_addr && !s->linked)
		return -EDESTADDRREQ;
	if (s->family == AF_INET6 && m->has_addr && ipaddr_is4(&m->addr.addr))
		return -ENETUNREACH; /* Linux: no route of IPv6 leads to a mapped address */
	return s->family == AF_INET6 && m->has_addr ? check_port(s, m->addr.port) : 0;
}

/* What the path and the socket say about the size. */
static int check_bytes(const struct sock *s, const struct proto_msg *m, const struct ip_path *path)
{
	if (s->opt->hdrincl) {
		if (s->opt->options_len)
			return -EINVAL;
		if (m->bytes > path->netif->mtu)
			return -EMSGSIZE;
		return m->bytes < (s->family == AF_INET ? 20 : 40) ? -EINVAL : 0;
	}
	/* Linux: raw_probe_proto_opt() wants type and code. */
	if (m->bytes < 2 && s->protocol == (s->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return -EFAULT;
	if (raw_of_const(s)->checksum_at >= 0 &&
	    (size_t)raw_of_const(s)->checksum_at + 2 > m->bytes)
		return -EINVAL;
	return 0;
}

/* Makes the checksum that the socket asks for, whatever the program put there. */
static void write_checksum(const struct raw *r, struct berth_packet *p, const struct ip_path *path)
{
	size_t bytes = packet_bytes(p);
	uint8_t protocol = sock_ip_protocol(&r->d.sock);
	uint8_t field[2] = {0, 0};
	uint16_t sum;

	packet_store(p, (size_t)r->checksum_at, field, sizeof(field));
	sum = csum_finish(packet_sum(p, 0, bytes,
				     ipaddr_pseudo_sum(&path->src, &path->dst, protocol, bytes)));
	if (sum == 0 && protocol == IPPROTO_UDP)
		sum = 0xffff;
	store_be16(field, sum);
	packet_store(p, (size_t)r->checksum_at, field, sizeof(field));
}

/* Linux: without a header of its own, neither SO_ERROR nor shutdown() keeps a packet back. */
static int check_room(struct sock *s, const struct ip_path *path)
{
	if (s->opt->hdrincl)
		return dgram_check_room(s, path);
	if (netif_tx_space(path->netif))
		return 0;
	dgram_block(dgram_of(s));
	return -EAGAIN;
}

static ssize_t send_raw(struct sock *s, struct proto_msg *m)
{
	const struct raw *r = raw_of(s);
	const struct ip_path *path = NULL;
	struct dgram_target to;
	struct berth_packet *p;
	int result = check_send(s, m);

	if (result == 0)
		result = dgram_aim(s, m, &to, &path);
	if (result == 0)
		result = check_bytes(s, m, path);
	if (result == 0)
		result = check_room(s, path);
	if (result < 0)
		return result;
	p = dgram_payload(s, m);
	if (!p)
		return -ENOBUFS;
	if (s->opt->hdrincl) {
		result = dgram_sent(s, ip_output_given(s->tp->net, p, path));
	} else {
		if (r->checksum_at >= 0)
			write_checksum(r, p, path);
		result = dgram_output(s, p, &to, path);
	}
	return result < 0 ? result : (ssize_t)m->bytes;
}

/*
 * Options
 */

int raw_set_filter(struct sock *s, uint8_t protocol, const void *value, size_t bytes)
{
	size_t most = protocol == IPPROTO_ICMP ? sizeof(uint32_t) : sizeof(struct raw_filter);

	if (s->protocol != protocol)
		return -EOPNOTSUPP;
	if (bytes > 0)
		memcpy(raw_of(s)->filter.blocked, value, bytes < most ? bytes : most);
	return 0;
}

int raw_get_filter(const struct sock *s, uint8_t protocol, void *out, size_t *bytes)
{
	size_t most = protocol == IPPROTO_ICMP ? sizeof(uint32_t) : sizeof(struct raw_filter);

	if (s->protocol != protocol)
		return -EOPNOTSUPP;
	if (*bytes > most)
		*bytes = most;
	memcpy(out, raw_of_const(s)->filter.blocked, *bytes);
	return 0;
}

int raw_set_checksum(struct sock *s, int offset)
{
	if (offset > 0 && offset & 1)
		return -EINVAL;
	raw_of(s)->checksum_at = offset < 0 ? -1 : offset;
	return 0;
}

int raw_get_checksum(const struct sock *s)
{
	return raw_of_const(s)->checksum_at;
}

static const struct opt_level *const own_options[] = {&raw_options, &raw_icmp6_options,
						      &raw_ip6_options, NULL};

const struct proto raw_proto = {
	.name = "RAW",
	.type = SOCK_RAW,
	.protocol = PROTO_ANY,
	.object_bytes = sizeof(struct raw),
	.init = init,
	.open = open_sock,
	.close = close_sock,
	.abort = close_sock,
	.bind = bind_sock,
	.connect = dgram_link,
	.disconnect = disconnect_sock,
	.shutdown = dgram_shutdown,
	.send = send_raw,
	.recv = dgram_recv,
	.poll = dgram_poll,
	.options = own_options,
	.option_changed = dgram_option_changed,
	.ioctl = dgram_ioctl,
	.info = dgram_info,
};
