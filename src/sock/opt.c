/* SPDX-License-Identifier: MIT */
/*
 * The option table of SOL_SOCKET and IPPROTO_IP.
 *
 * One row per option. Most are a flag or a number in struct sock_options: the row says where it
 * lies and what range it has, and nothing else is needed. The rest have functions of their own.
 * What values mean, what lengths are taken and which error comes first follow Linux;
 * tests/unit/sock/dual_test.c asks both.
 *
 *     SOL_SOCKET takes no less than an int, gives as much of it as fits.
 *     IPPROTO_IP takes an int or a byte; gives a byte if only that fits.
 *
 * Levels of a protocol (IPPROTO_TCP, IPPROTO_UDP) go to proto->setopt; a protocol hears of changes
 * to common options through proto->option_changed.
 *
 * Privileges: hosts belong to their user, whose programs see what an unprivileged program sees:
 * options that need CAP_NET_ADMIN or CAP_NET_RAW give EPERM or EACCES as there.
 *
 * Left out, with ENOPROTOOPT: packet filters (SO_ATTACH_FILTER), SO_TIMESTAMPING, SO_TXTIME,
 * SO_PEEK_OFF, source-specific multicast. SO_ZEROCOPY is EOPNOTSUPP, so that programs copy.
 */
#include "sock/opt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>

#include "base/check.h"
#include "base/env.h"
#include "link/links.h"
#include "net/addr.h"
#include "sock/sockaddr.h"
#include "transport/dgram.h"
#include "transport/port.h"

/* Linux's numbers, which libc's headers have under names that depend on the size of time_t. */
#define OPT_RCVTIMEO_OLD 20
#define OPT_SNDTIMEO_OLD 21
#define OPT_TIMESTAMP_OLD 29
#define OPT_TIMESTAMPNS_OLD 35
#define OPT_TIMESTAMP_NEW 63
#define OPT_TIMESTAMPNS_NEW 64
#define OPT_RCVTIMEO_NEW 66
#define OPT_SNDTIMEO_NEW 67
#define OPT_BUF_LOCK 72
#define OPT_NOFCS 43
#define OPT_BSDCOMPAT 14
#define OPT_IP_RECVERR_RFC4884 26
#define OPT_IP_LOCAL_PORT_RANGE 51
#define OPT_IP_PROTOCOL 52

#define SNDBUF_MIN 4608u
#define RCVBUF_MIN 2304u
#define ECN_MASK 0x03

enum type {
	OPT_FLAG,    /* a bool at `offset` */
	OPT_BYTE,    /* a uint8_t at `offset`, min to max */
	OPT_NOTHING, /* taken without effect, 0 when asked */
	OPT_ASK,     /* can't be set: -ENOPROTOOPT; `get` */
	OPT_DENIED,  /* 0 is fine, anything else needs a privilege: -EPERM */
	OPT_OWN,     /* `set` (len bytes) and `get` */
};

/* What a program gave or asks for. */
struct arg {
	struct socket *so;
	struct sock *s;
	struct sock_options *opt; /* set: those of `s`, to be changed */
	const void *in;		  /* set: `len` bytes */
	socklen_t len;
	int value; /* set: the first int, or byte */
	/* get: what goes out, and how long it is. */
	union {
		int number;
		uint64_t big;
		struct linger linger;
		struct timeval time;
		struct in_addr in;
		uint8_t bytes[sizeof(struct sockaddr_storage)];
	} out;
	socklen_t out_len;
};

struct row {
	int level, name;
	const char *symbol;
	enum type type;
	size_t offset;
	int min, max;
	int (*set)(struct arg *a);
	int (*get)(struct arg *a);
	const char *text;
};

#define AT(field) offsetof(struct sock_options, field)

static int set_reuseaddr(struct arg *a)
{
	a->opt->reuseaddr = a->value != 0;
	port_sharing_changed(a->s);
	return 0;
}

static int get_reuseaddr(struct arg *a)
{
	a->out.number = a->s->opt->reuseaddr;
	return 0;
}

static int get_type(struct arg *a)
{
	a->out.number = a->s->type;
	return 0;
}

static int get_domain(struct arg *a)
{
	a->out.number = a->s->family;
	return 0;
}

static int get_protocol(struct arg *a)
{
	a->out.number = a->s->protocol;
	return 0;
}

static int get_error(struct arg *a)
{
	a->out.number = socket_take_error(a->so);
	if (!a->out.number) {
		a->out.number = a->s->soft_error;
		a->s->soft_error = 0;
	}
	return 0;
}

static int get_acceptconn(struct arg *a)
{
	a->out.number = a->s->listening;
	return 0;
}

static int get_one(struct arg *a)
{
	a->out.number = 1;
	return 0;
}

static int set_debug(struct arg *a)
{
	return a->value ? -EACCES : 0;
}

static int get_zero(struct arg *a)
{
	a->out.number = 0;
	return 0;
}

/* socket(7): the kernel doubles the value, to allow space for bookkeeping. */
static uint32_t buffer_bytes(int value, uint32_t ceiling, uint32_t least)
{
	uint32_t bytes = (uint32_t)value < ceiling ? (uint32_t)value : ceiling;

	if (bytes > INT_MAX / 2)
		bytes = INT_MAX / 2;
	return bytes * 2 > least ? bytes * 2 : least;
}

static int set_sndbuf(struct arg *a)
{
	a->s->sndbuf = buffer_bytes(a->value, a->s->tp->env->limits.wmem_max, SNDBUF_MIN);
	a->opt->sndbuf_locked = true;
	return 0;
}

static int get_sndbuf(struct arg *a)
{
	a->out.number = (int)a->s->sndbuf;
	return 0;
}

static int set_rcvbuf(struct arg *a)
{
	a->s->rcvbuf = buffer_bytes(a->value, a->s->tp->env->limits.rmem_max, RCVBUF_MIN);
	a->opt->rcvbuf_locked = true;
	return 0;
}

static int get_rcvbuf(struct arg *a)
{
	a->out.number = (int)a->s->rcvbuf;
	return 0;
}

static int set_not_permitted(struct arg *a)
{
	(void)a;
	return -EPERM;
}

static int set_priority(struct arg *a)
{
	if (a->value < 0 || a->value > 6)
		return -EPERM;
	a->opt->priority = (uint32_t)a->value;
	return 0;
}

static int get_priority(struct arg *a)
{
	a->out.number = (int)a->s->opt->priority;
	return 0;
}

static int set_linger(struct arg *a)
{
	struct linger linger;

	if (a->len < sizeof(linger))
		return -EINVAL;
	memcpy(&linger, a->in, sizeof(linger));
	a->opt->linger = linger.l_onoff != 0;
	if (linger.l_onoff)
		a->opt->linger_seconds = linger.l_linger < 0 ? INT_MAX : linger.l_linger;
	return 0;
}

static int get_linger(struct arg *a)
{
	a->out.linger = (struct linger){a->s->opt->linger, a->s->opt->linger_seconds};
	a->out_len = sizeof(a->out.linger);
	return 0;
}

static int set_timeout(const struct arg *a, berth_time *out)
{
	struct timeval tv;

	if (a->len < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, a->in, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		*out = 1; /* Linux: no waiting at all */
	else if (tv.tv_sec > INT64_MAX / BERTH_SEC - 1)
		*out = 0;
	else
		*out = tv.tv_sec * BERTH_SEC + tv.tv_usec * BERTH_USEC;
	return 0;
}

static int get_timeout(struct arg *a, berth_time t)
{
	a->out.time = (struct timeval){t / BERTH_SEC, t % BERTH_SEC / BERTH_USEC};
	a->out_len = sizeof(a->out.time);
	return 0;
}

static int set_rcvtimeo(struct arg *a)
{
	return set_timeout(a, &a->opt->rcvtimeo);
}

static int get_rcvtimeo(struct arg *a)
{
	return get_timeout(a, a->s->opt->rcvtimeo);
}

static int set_sndtimeo(struct arg *a)
{
	return set_timeout(a, &a->opt->sndtimeo);
}

static int get_sndtimeo(struct arg *a)
{
	return get_timeout(a, a->s->opt->sndtimeo);
}

static int set_rcvlowat(struct arg *a)
{
	a->opt->rcvlowat = a->value < 0 ? INT_MAX : a->value == 0 ? 1 : (uint32_t)a->value;
	return 0;
}

static int get_rcvlowat(struct arg *a)
{
	a->out.number = (int)a->s->opt->rcvlowat;
	return 0;
}

static int set_timestamp(struct arg *a)
{
	a->opt->timestamp = a->value != 0;
	a->opt->timestampns = false;
	return 0;
}

static int set_timestampns(struct arg *a)
{
	a->opt->timestampns = a->value != 0;
	a->opt->timestamp = false;
	return 0;
}

static int get_timestamp(struct arg *a)
{
	a->out.number = a->s->opt->timestamp;
	return 0;
}

static int get_timestampns(struct arg *a)
{
	a->out.number = a->s->opt->timestampns;
	return 0;
}

static int set_pacing(struct arg *a)
{
	uint64_t rate = a->value == -1 ? UINT64_MAX : (uint32_t)a->value;

	if (a->len == sizeof(rate))
		memcpy(&rate, a->in, sizeof(rate));
	a->opt->max_pacing_rate = rate;
	return 0;
}

static int get_pacing(struct arg *a)
{
	uint64_t rate = a->s->opt->max_pacing_rate;

	if (a->len >= sizeof(rate)) {
		a->out.big = rate;
		a->out_len = sizeof(rate);
	} else {
		uint32_t low = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;

		memcpy(&a->out.number, &low, sizeof(low));
	}
	return 0;
}

static int get_incoming_cpu(struct arg *a)
{
	a->out.number = -1;
	return 0;
}

static int get_cookie(struct arg *a)
{
	if (a->len < sizeof(a->out.big))
		return -EINVAL;
	a->out.big = a->s->id;
	a->out_len = sizeof(a->out.big);
	return 0;
}

static int set_zerocopy(struct arg *a)
{
	if (a->value < 0 || a->value > 1)
		return -EINVAL;
	return a->value ? -EOPNOTSUPP : 0;
}

static int get_peername(struct arg *a)
{
	struct sockaddr_storage name;

	if (a->s->remote.port == 0 || !sock_connected(a->s))
		return -ENOTCONN;
	a->out_len = sockaddr_fill(a->s->family, &a->s->remote, &name);
	if (a->len > a->out_len)
		return -EINVAL;
	memcpy(a->out.bytes, &name, a->out_len);
	return 0;
}

static int get_peercred(struct arg *a)
{
	struct ucred none = {0, (uid_t)-1, (gid_t)-1};

	memcpy(a->out.bytes, &none, sizeof(none));
	a->out_len = sizeof(none);
	return 0;
}

static int set_bindtodevice(struct arg *a)
{
	char name[IF_NAMESIZE] = "";
	const struct netif *n;

	/* Linux 5.7: only a socket that is bound to one needs a privilege to change. */
	if (a->s->opt->ifindex)
		return -EPERM;
	memcpy(name, a->in, a->len < sizeof(name) ? a->len : sizeof(name) - 1);
	if (!name[0])
		return 0;
	n = links_by_name(net_links(a->s->tp->net), name);
	if (!n)
		return -ENODEV;
	a->opt->ifindex = n->ifindex;
	return 0;
}

static int get_bindtodevice(struct arg *a)
{
	const struct netif *n = links_get(net_links(a->s->tp->net), a->s->opt->ifindex);

	a->out_len = 0;
	if (!a->s->opt->ifindex)
		return 0;
	if (!n)
		return -ENODEV;
	if (a->len < IF_NAMESIZE)
		return -EINVAL;
	a->out_len = (socklen_t)strlen(n->name) + 1;
	memcpy(a->out.bytes, n->name, a->out_len);
	return 0;
}

static int set_bindtoifindex(struct arg *a)
{
	if (a->value < 0)
		return -EINVAL;
	if (a->s->opt->ifindex && (unsigned)a->value != a->s->opt->ifindex)
		return -EPERM;
	a->opt->ifindex = (unsigned)a->value;
	return 0;
}

static int get_bindtoifindex(struct arg *a)
{
	a->out.number = (int)a->s->opt->ifindex;
	return 0;
}

static int set_buf_lock(struct arg *a)
{
	if (a->value & ~3)
		return -EINVAL;
	a->opt->sndbuf_locked = a->value & 1;
	a->opt->rcvbuf_locked = a->value & 2;
	return 0;
}

static int get_buf_lock(struct arg *a)
{
	a->out.number = a->s->opt->sndbuf_locked | a->s->opt->rcvbuf_locked << 1;
	return 0;
}

/* IPPROTO_IP */

static int set_tos(struct arg *a)
{
	uint8_t tos = (uint8_t)a->value;

	/* The ECN bits of a stream are TCP's. */
	if (a->s->type == SOCK_STREAM)
		tos = (uint8_t)((tos & ~ECN_MASK) | (a->s->opt->tos & ECN_MASK));
	a->opt->tos = tos;
	return 0;
}

static int get_tos(struct arg *a)
{
	a->out.number = a->s->opt->tos;
	return 0;
}

static int set_ttl(struct arg *a)
{
	if (a->len < 1 || (a->value != -1 && (a->value < 1 || a->value > 255)))
		return -EINVAL;
	a->opt->ttl = a->value;
	return 0;
}

static int get_ttl(struct arg *a)
{
	a->out.number = a->s->opt->ttl >= 0 ? a->s->opt->ttl : a->s->tp->env->knobs.ip_default_ttl;
	return 0;
}

static int set_transparent(struct arg *a)
{
	if (a->len < 1)
		return -EINVAL;
	return a->value ? -EPERM : 0;
}

/* No-operations, and the kinds that record on the way: RFC 791 §3.1. A source route would change
 * the path. */
static bool ip_options_valid(const uint8_t *o, size_t len)
{
	size_t at = 0;

	while (at < len && o[at] != 0) {
		if (o[at] == 1) {
			at++;
			continue;
		}
		if (len - at < 3 || o[at + 1] < 3 || o[at + 1] > len - at)
			return false;
		if (o[at] != 7 && o[at] != 68 && o[at] != 130 && o[at] != 148)
			return false;
		at += o[at + 1];
	}
	return true;
}

static int set_options(struct arg *a)
{
	struct env *env = a->s->tp->env;
	size_t padded = (a->len + 3u) & ~3u;
	uint8_t *options = NULL;

	if (a->len > sizeof(((struct ip_info *)0)->options) || !ip_options_valid(a->in, a->len))
		return -EINVAL;
	if (padded > 0) {
		options = env_calloc(env, 1, padded);
		if (!options)
			return -ENOMEM;
		memcpy(options, a->in, a->len);
	}
	env_free(env, a->opt->options);
	a->opt->options = options;
	a->opt->options_len = (uint8_t)padded;
	return 0;
}

static int get_options(struct arg *a)
{
	a->out_len = a->s->opt->options_len;
	if (a->out_len > 0)
		memcpy(a->out.bytes, a->s->opt->options, a->out_len);
	return 0;
}

static int set_recverr(struct arg *a)
{
	a->opt->recverr = a->value != 0;
	return 0;
}

static int get_recverr(struct arg *a)
{
	a->out.number = a->s->opt->recverr;
	return 0;
}

static int get_mtu(struct arg *a)
{
	struct sock *s = a->s;

	if (!sock_connected(s) || ip_path_check(s->tp->net, &s->path, s->opt->ifindex) < 0)
		return -ENOTCONN;
	a->out.number = (int)s->path.mtu;
	return 0;
}

static int set_raw_only(struct arg *a)
{
	(void)a;
	return -ENOPROTOOPT;
}

static int set_minttl(struct arg *a)
{
	return a->len < 1 || a->value < 0 || a->value > 255 ? -EINVAL : 0;
}

static int set_mcast_ttl(struct arg *a)
{
	if (a->s->type == SOCK_STREAM || a->len < 1)
		return -EINVAL;
	if (a->value < -1 || a->value > 255)
		return -EINVAL;
	a->opt->mcast_ttl = a->value == -1 ? 1 : a->value;
	return 0;
}

static int get_mcast_ttl(struct arg *a)
{
	a->out.number = a->s->opt->mcast_ttl >= 0 ? a->s->opt->mcast_ttl : 1;
	return 0;
}

/* The interface that an ip_mreqn names, by index or address; 0: none named. -ENODEV. */
static int find_ifindex(const struct sock *s, const struct ip_mreqn *mr, unsigned *out)
{
	struct ipaddr addr = ipaddr_from4(ntohl(mr->imr_address.s_addr));
	const struct addr *own;

	*out = 0;
	if (mr->imr_ifindex) {
		if (!links_get(net_links(s->tp->net), (unsigned)mr->imr_ifindex))
			return -ENODEV;
		*out = (unsigned)mr->imr_ifindex;
	} else if (!ipaddr_is_any(&addr)) {
		own = addr_find(s->tp->net, NULL, &addr);
		if (!own)
			return -ENODEV;
		*out = own->netif->ifindex;
	}
	return 0;
}

/* struct ip_mreqn, ip_mreq, or (if `short_form`) in_addr of the interface alone. */
static int read_mreqn(const struct arg *a, bool short_form, struct ip_mreqn *out)
{
	memset(out, 0, sizeof(*out));
	if (a->len >= sizeof(struct ip_mreqn)) {
		memcpy(out, a->in, sizeof(*out));
		return 0;
	}
	if (a->len >= sizeof(struct ip_mreq)) {
		memcpy(out, a->in, sizeof(struct ip_mreq));
		return 0;
	}
	if (!short_form || a->len < sizeof(struct in_addr))
		return -EINVAL;
	memcpy(&out->imr_address, a->in, sizeof(struct in_addr));
	return 0;
}

static int set_mcast_if(struct arg *a)
{
	struct ip_mreqn mr;
	unsigned ifindex;

	if (a->s->type == SOCK_STREAM || read_mreqn(a, true, &mr) < 0)
		return -EINVAL;
	if (find_ifindex(a->s, &mr, &ifindex) < 0)
		return -EADDRNOTAVAIL;
	if (ifindex && a->s->opt->ifindex && a->s->opt->ifindex != ifindex)
		return -EINVAL;
	a->opt->mcast_ifindex = ifindex;
	a->opt->mcast_src = ipaddr_from4(ntohl(mr.imr_address.s_addr));
	return 0;
}

static int get_mcast_if(struct arg *a)
{
	a->out.in.s_addr = htonl(ipaddr_to4(&a->s->opt->mcast_src));
	a->out_len = sizeof(a->out.in);
	return 0;
}

static int set_mcast_all(struct arg *a)
{
	if (a->len < 1 || (a->value != 0 && a->value != 1))
		return -EINVAL;
	a->opt->mcast_all = a->value;
	return 0;
}

static int get_mcast_all(struct arg *a)
{
	a->out.number = a->s->opt->mcast_all;
	return 0;
}

static int member(struct arg *a, const struct ip_mreqn *mr, bool join)
{
	struct ipaddr group = ipaddr_from4(ntohl(mr->imr_multiaddr.s_addr));
	unsigned ifindex;
	int result = find_ifindex(a->s, mr, &ifindex);

	if (!ipaddr_is_multicast(&group))
		return join ? -EINVAL : -EADDRNOTAVAIL;
	if (result < 0)
		return result;
	return join ? dgram_join(dgram_of(a->s), &group, ifindex)
		    : dgram_leave(dgram_of(a->s), &group, ifindex);
}

static int set_member(struct arg *a, bool join)
{
	struct ip_mreqn mr;

	if (a->s->type == SOCK_STREAM)
		return -EPROTO;
	if (read_mreqn(a, false, &mr) < 0)
		return -EINVAL;
	return member(a, &mr, join);
}

static int set_add_membership(struct arg *a)
{
	return set_member(a, true);
}

static int set_drop_membership(struct arg *a)
{
	return set_member(a, false);
}

/* RFC 3678 §5.1: the same for either family. */
static int set_group(struct arg *a, bool join)
{
	struct group_req req;
	struct sockaddr_in in;
	struct ip_mreqn mr = {.imr_ifindex = 0};

	if (a->len < sizeof(req))
		return -EINVAL;
	memcpy(&req, a->in, sizeof(req));
	memcpy(&in, &req.gr_group, sizeof(in));
	if (in.sin_family != AF_INET)
		return -EINVAL;
	if (a->s->type == SOCK_STREAM)
		return -EPROTO;
	mr.imr_multiaddr = in.sin_addr;
	mr.imr_ifindex = (int)req.gr_interface;
	return member(a, &mr, join);
}

static int set_join_group(struct arg *a)
{
	return set_group(a, true);
}

static int set_leave_group(struct arg *a)
{
	return set_group(a, false);
}

#define NONE 0, 0, 0
#define FIELD(field) AT(field), 0, 0, NULL, NULL

static const struct row rows[] = {
	{SOL_SOCKET, SO_DEBUG, "SO_DEBUG", OPT_OWN, NONE, set_debug, get_zero, "needs a privilege"},
	{SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", OPT_OWN, NONE, set_reuseaddr, get_reuseaddr,
	 "bind() to a port whose other holders allow it too and do not listen"},
	{SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", OPT_FLAG, FIELD(reuseport),
	 "several listeners on one port, chosen by a hash of the peer"},
	{SOL_SOCKET, SO_TYPE, "SO_TYPE", OPT_ASK, NONE, NULL, get_type, "SOCK_STREAM, SOCK_DGRAM"},
	{SOL_SOCKET, SO_DOMAIN, "SO_DOMAIN", OPT_ASK, NONE, NULL, get_domain, "AF_INET"},
	{SOL_SOCKET, SO_PROTOCOL, "SO_PROTOCOL", OPT_ASK, NONE, NULL, get_protocol, "IPPROTO_*"},
	{SOL_SOCKET, SO_ERROR, "SO_ERROR", OPT_ASK, NONE, NULL, get_error,
	 "the pending error, cleared by asking"},
	{SOL_SOCKET, SO_ACCEPTCONN, "SO_ACCEPTCONN", OPT_ASK, NONE, NULL, get_acceptconn,
	 "whether it listens"},
	{SOL_SOCKET, SO_DONTROUTE, "SO_DONTROUTE", OPT_FLAG, FIELD(dontroute),
	 "kept, without effect"},
	{SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST", OPT_FLAG, FIELD(broadcast),
	 "leave to send to broadcast addresses"},
	{SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF", OPT_OWN, NONE, set_sndbuf, get_sndbuf,
	 "bytes that may wait to be sent; doubled, and then no longer tuned"},
	{SOL_SOCKET, SO_SNDBUFFORCE, "SO_SNDBUFFORCE", OPT_OWN, NONE, set_not_permitted, NULL,
	 "needs a privilege"},
	{SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF", OPT_OWN, NONE, set_rcvbuf, get_rcvbuf,
	 "bytes that may wait to be read; doubled, and then no longer tuned"},
	{SOL_SOCKET, SO_RCVBUFFORCE, "SO_RCVBUFFORCE", OPT_OWN, NONE, set_not_permitted, NULL,
	 "needs a privilege"},
	{SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE", OPT_FLAG, FIELD(keepalive),
	 "ask an idle peer whether it is still there"},
	{SOL_SOCKET, SO_OOBINLINE, "SO_OOBINLINE", OPT_FLAG, FIELD(oobinline),
	 "urgent data stays in the stream"},
	{SOL_SOCKET, SO_NO_CHECK, "SO_NO_CHECK", OPT_FLAG, FIELD(no_check), "UDP without checksum"},
	{SOL_SOCKET, SO_PRIORITY, "SO_PRIORITY", OPT_OWN, NONE, set_priority, get_priority,
	 "kept, without effect"},
	{SOL_SOCKET, SO_LINGER, "SO_LINGER", OPT_OWN, NONE, set_linger, get_linger,
	 "close() waits for the last byte, or resets with a time of 0"},
	{SOL_SOCKET, OPT_BSDCOMPAT, "SO_BSDCOMPAT", OPT_NOTHING, NONE, NULL, NULL, "obsolete"},
	{SOL_SOCKET, SO_RCVLOWAT, "SO_RCVLOWAT", OPT_OWN, NONE, set_rcvlowat, get_rcvlowat,
	 "bytes that make a stream readable"},
	{SOL_SOCKET, SO_SNDLOWAT, "SO_SNDLOWAT", OPT_ASK, NONE, NULL, get_one, "always 1"},
	{SOL_SOCKET, OPT_RCVTIMEO_OLD, "SO_RCVTIMEO", OPT_OWN, NONE, set_rcvtimeo, get_rcvtimeo,
	 "how long a receiving call waits"},
	{SOL_SOCKET, OPT_RCVTIMEO_NEW, "SO_RCVTIMEO_NEW", OPT_OWN, NONE, set_rcvtimeo, get_rcvtimeo,
	 "the same with a 64-bit time"},
	{SOL_SOCKET, OPT_SNDTIMEO_OLD, "SO_SNDTIMEO", OPT_OWN, NONE, set_sndtimeo, get_sndtimeo,
	 "how long a sending call, and connect(), waits"},
	{SOL_SOCKET, OPT_SNDTIMEO_NEW, "SO_SNDTIMEO_NEW", OPT_OWN, NONE, set_sndtimeo, get_sndtimeo,
	 "the same with a 64-bit time"},
	{SOL_SOCKET, OPT_TIMESTAMP_OLD, "SO_TIMESTAMP", OPT_OWN, NONE, set_timestamp, get_timestamp,
	 "when a datagram arrived, as control data"},
	{SOL_SOCKET, OPT_TIMESTAMP_NEW, "SO_TIMESTAMP_NEW", OPT_OWN, NONE, set_timestamp,
	 get_timestamp, "the same with a 64-bit time"},
	{SOL_SOCKET, OPT_TIMESTAMPNS_OLD, "SO_TIMESTAMPNS", OPT_OWN, NONE, set_timestampns,
	 get_timestampns, "the same in nanoseconds"},
	{SOL_SOCKET, OPT_TIMESTAMPNS_NEW, "SO_TIMESTAMPNS_NEW", OPT_OWN, NONE, set_timestampns,
	 get_timestampns, "the same with a 64-bit time"},
	{SOL_SOCKET, SO_MARK, "SO_MARK", OPT_DENIED, NONE, NULL, NULL, "needs a privilege"},
	{SOL_SOCKET, SO_RXQ_OVFL, "SO_RXQ_OVFL", OPT_FLAG, FIELD(rxq_ovfl),
	 "datagrams lost for want of space, as control data"},
	{SOL_SOCKET, OPT_NOFCS, "SO_NOFCS", OPT_NOTHING, NONE, NULL, NULL, "without effect"},
	{SOL_SOCKET, SO_SELECT_ERR_QUEUE, "SO_SELECT_ERR_QUEUE", OPT_NOTHING, NONE, NULL, NULL,
	 "without effect"},
	{SOL_SOCKET, SO_BUSY_POLL, "SO_BUSY_POLL", OPT_DENIED, NONE, NULL, NULL,
	 "needs a privilege"},
	{SOL_SOCKET, SO_MAX_PACING_RATE, "SO_MAX_PACING_RATE", OPT_OWN, NONE, set_pacing,
	 get_pacing, "bytes per second, kept"},
	{SOL_SOCKET, SO_INCOMING_CPU, "SO_INCOMING_CPU", OPT_OWN, NONE, NULL, get_incoming_cpu,
	 "unknown: -1"},
	{SOL_SOCKET, SO_CNX_ADVICE, "SO_CNX_ADVICE", OPT_OWN, NONE, NULL, NULL, "without effect"},
	{SOL_SOCKET, SO_INCOMING_NAPI_ID, "SO_INCOMING_NAPI_ID", OPT_ASK, NONE, NULL, get_zero,
	 "there is none"},
	{SOL_SOCKET, SO_COOKIE, "SO_COOKIE", OPT_ASK, NONE, NULL, get_cookie,
	 "a number that no other socket of the host ever has"},
	{SOL_SOCKET, SO_ZEROCOPY, "SO_ZEROCOPY", OPT_OWN, NONE, set_zerocopy, get_zero,
	 "not supported"},
	{SOL_SOCKET, SO_PEERNAME, "SO_PEERNAME", OPT_ASK, NONE, NULL, get_peername,
	 "as getpeername()"},
	{SOL_SOCKET, SO_PEERCRED, "SO_PEERCRED", OPT_ASK, NONE, NULL, get_peercred,
	 "nobody's, on an Internet socket"},
	{SOL_SOCKET, SO_BINDTODEVICE, "SO_BINDTODEVICE", OPT_OWN, NONE, set_bindtodevice,
	 get_bindtodevice, "packets of one interface only"},
	{SOL_SOCKET, SO_BINDTOIFINDEX, "SO_BINDTOIFINDEX", OPT_OWN, NONE, set_bindtoifindex,
	 get_bindtoifindex, "the same by index"},
	{SOL_SOCKET, OPT_BUF_LOCK, "SO_BUF_LOCK", OPT_OWN, NONE, set_buf_lock, get_buf_lock,
	 "which buffers are not tuned: 1 sending, 2 receiving"},

	{IPPROTO_IP, IP_TOS, "IP_TOS", OPT_OWN, NONE, set_tos, get_tos,
	 "the type of service; the ECN bits are TCP's"},
	{IPPROTO_IP, IP_TTL, "IP_TTL", OPT_OWN, NONE, set_ttl, get_ttl, "1 to 255, -1: the host's"},
	{IPPROTO_IP, IP_HDRINCL, "IP_HDRINCL", OPT_OWN, NONE, set_raw_only, get_zero,
	 "raw sockets only"},
	{IPPROTO_IP, IP_OPTIONS, "IP_OPTIONS", OPT_OWN, NONE, set_options, get_options,
	 "options of packets sent: route recording, timestamps"},
	{IPPROTO_IP, IP_RECVOPTS, "IP_RECVOPTS", OPT_FLAG, FIELD(recvopts), "kept, without effect"},
	{IPPROTO_IP, IP_RETOPTS, "IP_RETOPTS", OPT_FLAG, FIELD(retopts), "kept, without effect"},
	{IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO", OPT_FLAG, FIELD(pktinfo),
	 "where a datagram came in, as control data"},
	{IPPROTO_IP, IP_MTU_DISCOVER, "IP_MTU_DISCOVER", OPT_BYTE, AT(pmtudisc), IP_PMTUDISC_DONT,
	 IP_PMTUDISC_OMIT, NULL, NULL, "whether packets may be fragmented"},
	{IPPROTO_IP, IP_RECVERR, "IP_RECVERR", OPT_OWN, NONE, set_recverr, get_recverr,
	 "a queue of errors, for MSG_ERRQUEUE"},
	{IPPROTO_IP, OPT_IP_RECVERR_RFC4884, "IP_RECVERR_RFC4884", OPT_NOTHING, NONE, NULL, NULL,
	 "without effect"},
	{IPPROTO_IP, IP_RECVTTL, "IP_RECVTTL", OPT_FLAG, FIELD(recvttl), "TTL as control data"},
	{IPPROTO_IP, IP_RECVTOS, "IP_RECVTOS", OPT_FLAG, FIELD(recvtos), "TOS as control data"},
	{IPPROTO_IP, IP_MTU, "IP_MTU", OPT_ASK, NONE, NULL, get_mtu, "of the path, when connected"},
	{IPPROTO_IP, IP_FREEBIND, "IP_FREEBIND", OPT_FLAG, FIELD(freebind),
	 "bind() to addresses that are not there yet"},
	{IPPROTO_IP, IP_TRANSPARENT, "IP_TRANSPARENT", OPT_OWN, NONE, set_transparent, get_zero,
	 "needs a privilege"},
	{IPPROTO_IP, IP_ORIGDSTADDR, "IP_RECVORIGDSTADDR", OPT_FLAG, FIELD(recvorigdstaddr),
	 "the destination as control data"},
	{IPPROTO_IP, IP_MINTTL, "IP_MINTTL", OPT_OWN, NONE, set_minttl, get_zero, "without effect"},
	{IPPROTO_IP, IP_NODEFRAG, "IP_NODEFRAG", OPT_OWN, NONE, set_raw_only, get_zero,
	 "raw sockets only"},
	{IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, "IP_BIND_ADDRESS_NO_PORT", OPT_FLAG,
	 FIELD(bind_address_no_port), "bind() leaves the choice of port to connect()"},
	{IPPROTO_IP, IP_MULTICAST_IF, "IP_MULTICAST_IF", OPT_OWN, NONE, set_mcast_if, get_mcast_if,
	 "interface and source of multicasts"},
	{IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", OPT_OWN, NONE, set_mcast_ttl,
	 get_mcast_ttl, "their TTL, 1 unless set"},
	{IPPROTO_IP, IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", OPT_FLAG, FIELD(mcast_loop),
	 "members on this host get them too"},
	{IPPROTO_IP, IP_MULTICAST_ALL, "IP_MULTICAST_ALL", OPT_OWN, NONE, set_mcast_all,
	 get_mcast_all, "receive what any socket of the host joined"},
	{IPPROTO_IP, IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP", OPT_OWN, NONE, set_add_membership,
	 NULL, "join a group"},
	{IPPROTO_IP, IP_DROP_MEMBERSHIP, "IP_DROP_MEMBERSHIP", OPT_OWN, NONE, set_drop_membership,
	 NULL, "leave a group"},
	{IPPROTO_IP, MCAST_JOIN_GROUP, "MCAST_JOIN_GROUP", OPT_OWN, NONE, set_join_group, NULL,
	 "join a group, by index of the interface"},
	{IPPROTO_IP, MCAST_LEAVE_GROUP, "MCAST_LEAVE_GROUP", OPT_OWN, NONE, set_leave_group, NULL,
	 "leave a group, by index of the interface"},
	{IPPROTO_IP, OPT_IP_PROTOCOL, "IP_PROTOCOL", OPT_ASK, NONE, NULL, get_protocol,
	 "as SO_PROTOCOL"},
};

bool opt_row(unsigned i, struct opt_doc *out)
{
	if (i >= ARRAY_LEN(rows))
		return false;
	*out = (struct opt_doc){rows[i].level, rows[i].name, rows[i].symbol, rows[i].text};
	return true;
}

static const struct row *find_row(int level, int name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].level == level && rows[i].name == name)
			return &rows[i];
	}
	return NULL;
}

static const uint8_t *field_of(const struct sock *s, const struct row *row)
{
	return (const uint8_t *)s->opt + row->offset;
}

static bool changes_options(const struct row *row)
{
	return row->type == OPT_FLAG || row->type == OPT_BYTE || (row->type == OPT_OWN && row->set);
}

static int set_row(struct arg *a, const struct row *row)
{
	if (changes_options(row)) {
		a->opt = sock_edit_options(a->s);
		if (!a->opt)
			return -ENOMEM;
	}
	switch (row->type) {
	case OPT_FLAG:
		*(bool *)((uint8_t *)a->opt + row->offset) = a->value != 0;
		return 0;
	case OPT_BYTE:
		if (a->value < row->min || a->value > row->max)
			return -EINVAL;
		*((uint8_t *)a->opt + row->offset) = (uint8_t)a->value;
		return 0;
	case OPT_NOTHING:
		return 0;
	case OPT_ASK:
		return -ENOPROTOOPT;
	case OPT_DENIED:
		return a->value ? -EPERM : 0;
	case OPT_OWN:
		return row->set ? row->set(a) : 0;
	}
	return -ENOPROTOOPT;
}

static int get_row(struct arg *a, const struct row *row)
{
	a->out.number = 0;
	a->out_len = sizeof(a->out.number);
	switch (row->type) {
	case OPT_FLAG:
		a->out.number = *(const bool *)field_of(a->s, row);
		return 0;
	case OPT_BYTE:
		a->out.number = *field_of(a->s, row);
		return 0;
	case OPT_NOTHING:
	case OPT_DENIED:
		return 0;
	case OPT_ASK:
	case OPT_OWN:
		return row->get ? row->get(a) : -ENOPROTOOPT;
	}
	return -ENOPROTOOPT;
}

/* The value as the level has it: SOL_SOCKET wants an int, IPPROTO_IP takes a byte as well. */
static int read_value(struct arg *a, int level, int name)
{
	a->value = 0;
	if (a->len >= sizeof(a->value))
		memcpy(&a->value, a->in, sizeof(a->value));
	else if (level == SOL_SOCKET && name != SO_BINDTODEVICE)
		return -EINVAL;
	else if (level == IPPROTO_IP && a->len >= 1)
		a->value = *(const uint8_t *)a->in;
	return 0;
}

int opt_set(struct socket *so, int level, int name, const void *value, socklen_t len)
{
	struct arg a = {.so = so, .s = so->sock, .in = value, .len = len};
	const struct proto *proto = a.s->proto;
	const struct row *row = find_row(level, name);
	int result;

	if (len > INT_MAX)
		return -EINVAL;
	if (len > 0 && !value)
		return -EFAULT;
	if (level != SOL_SOCKET && level != IPPROTO_IP)
		return proto->setopt ? proto->setopt(a.s, level, name, value, len) : -ENOPROTOOPT;
	result = read_value(&a, level, name);
	if (result < 0)
		return result;
	result = row ? set_row(&a, row) : -ENOPROTOOPT;
	if (result == 0 && proto->option_changed)
		proto->option_changed(a.s, level, name);
	return result;
}

/* Linux: ip_getsockopt() gives small values as a byte to who has no room for an int. */
static void narrow(const struct arg *a, int level, socklen_t *len, uint8_t *out_byte, bool *out_is)
{
	*out_is = level == IPPROTO_IP && a->out_len == sizeof(int) && *len < sizeof(int) &&
		  *len > 0 && a->out.number >= 0 && a->out.number <= 255;
	if (*out_is) {
		*out_byte = (uint8_t)a->out.number;
		*len = 1;
	}
}

int opt_get(struct socket *so, int level, int name, void *value, socklen_t *len)
{
	struct arg a = {.so = so, .s = so->sock};
	const struct proto *proto = a.s->proto;
	const struct row *row = find_row(level, name);
	uint8_t byte;
	bool is_byte;
	int result;

	if (!len)
		return -EFAULT;
	if (*len > INT_MAX)
		return -EINVAL;
	if (level != SOL_SOCKET && level != IPPROTO_IP) {
		/* Linux: only here a level that is not its own is another error. */
		if (level != proto->protocol || !proto->getopt)
			return -EOPNOTSUPP;
		return proto->getopt(a.s, level, name, value, len);
	}
	a.len = *len;
	result = row ? get_row(&a, row) : -ENOPROTOOPT;
	if (result < 0)
		return result;
	narrow(&a, level, len, &byte, &is_byte);
	if (is_byte) {
		memcpy(value, &byte, 1);
		return 0;
	}
	if (*len > a.out_len)
		*len = a.out_len;
	if (*len > 0)
		memcpy(value, &a.out, *len);
	return 0;
}
