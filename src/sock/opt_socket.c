/* SPDX-License-Identifier: MIT */
/*
 * The options of level SOL_SOCKET. What values mean, what lengths are taken and which error comes
 * first follow Linux; tests/unit/sock/dual_test.c asks both. A value is no shorter than an int;
 * as much of it is given as fits.
 *
 * Left out, with ENOPROTOOPT: packet filters (SO_ATTACH_FILTER), SO_TIMESTAMPING, SO_TXTIME,
 * SO_PEEK_OFF. SO_ZEROCOPY is EOPNOTSUPP, so that programs copy.
 */
#include "sock/opt_level.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "link/links.h"
#include "sock/sockaddr.h"
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

#define SNDBUF_MIN 4608u
#define RCVBUF_MIN 2304u

static int set_reuseaddr(struct opt_arg *a)
{
	a->opt->reuseaddr = a->value != 0;
	port_sharing_changed(a->s);
	return 0;
}

static int get_reuseaddr(struct opt_arg *a)
{
	a->out.number = a->s->opt->reuseaddr;
	return 0;
}

static int get_type(struct opt_arg *a)
{
	a->out.number = a->s->type;
	return 0;
}

static int get_domain(struct opt_arg *a)
{
	a->out.number = a->s->family;
	return 0;
}

static int get_protocol(struct opt_arg *a)
{
	a->out.number = a->s->protocol;
	return 0;
}

static int get_error(struct opt_arg *a)
{
	a->out.number = a->s->error;
	a->s->error = 0;
	if (!a->out.number) {
		a->out.number = a->s->soft_error;
		a->s->soft_error = 0;
	}
	return 0;
}

static int get_acceptconn(struct opt_arg *a)
{
	a->out.number = a->s->listening;
	return 0;
}

static int set_debug(struct opt_arg *a)
{
	return a->value ? -EACCES : 0;
}

/* socket(7): the kernel doubles the value, to allow space for bookkeeping. */
static uint32_t buffer_bytes(int value, uint32_t ceiling, uint32_t least)
{
	uint32_t bytes = (uint32_t)value < ceiling ? (uint32_t)value : ceiling;

	if (bytes > INT_MAX / 2)
		bytes = INT_MAX / 2;
	return bytes * 2 > least ? bytes * 2 : least;
}

static int set_sndbuf(struct opt_arg *a)
{
	a->s->sndbuf = buffer_bytes(a->value, a->s->tp->env->limits.wmem_max, SNDBUF_MIN);
	a->opt->sndbuf_locked = true;
	return 0;
}

static int get_sndbuf(struct opt_arg *a)
{
	a->out.number = (int)a->s->sndbuf;
	return 0;
}

static int set_rcvbuf(struct opt_arg *a)
{
	a->s->rcvbuf = buffer_bytes(a->value, a->s->tp->env->limits.rmem_max, RCVBUF_MIN);
	a->opt->rcvbuf_locked = true;
	return 0;
}

static int get_rcvbuf(struct opt_arg *a)
{
	a->out.number = (int)a->s->rcvbuf;
	return 0;
}

static int set_not_permitted(struct opt_arg *a)
{
	(void)a;
	return -EPERM;
}

static int set_priority(struct opt_arg *a)
{
	if (a->value < 0 || a->value > 6)
		return -EPERM;
	a->opt->priority = (uint32_t)a->value;
	return 0;
}

static int get_priority(struct opt_arg *a)
{
	a->out.number = (int)a->s->opt->priority;
	return 0;
}

static int set_linger(struct opt_arg *a)
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

static int get_linger(struct opt_arg *a)
{
	a->out.linger = (struct linger){a->s->opt->linger, a->s->opt->linger_seconds};
	a->out_len = sizeof(a->out.linger);
	return 0;
}

static int set_timeout(const struct opt_arg *a, berth_time *out)
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

static int get_timeout(struct opt_arg *a, berth_time t)
{
	a->out.time = (struct timeval){t / BERTH_SEC, t % BERTH_SEC / BERTH_USEC};
	a->out_len = sizeof(a->out.time);
	return 0;
}

static int set_rcvtimeo(struct opt_arg *a)
{
	return set_timeout(a, &a->opt->rcvtimeo);
}

static int get_rcvtimeo(struct opt_arg *a)
{
	return get_timeout(a, a->s->opt->rcvtimeo);
}

static int set_sndtimeo(struct opt_arg *a)
{
	return set_timeout(a, &a->opt->sndtimeo);
}

static int get_sndtimeo(struct opt_arg *a)
{
	return get_timeout(a, a->s->opt->sndtimeo);
}

static int set_rcvlowat(struct opt_arg *a)
{
	a->opt->rcvlowat = a->value < 0 ? INT_MAX : a->value == 0 ? 1 : (uint32_t)a->value;
	return 0;
}

static int get_rcvlowat(struct opt_arg *a)
{
	a->out.number = (int)a->s->opt->rcvlowat;
	return 0;
}

static int set_timestamp(struct opt_arg *a)
{
	a->opt->timestamp = a->value != 0;
	a->opt->timestampns = false;
	return 0;
}

static int set_timestampns(struct opt_arg *a)
{
	a->opt->timestampns = a->value != 0;
	a->opt->timestamp = false;
	return 0;
}

static int get_timestamp(struct opt_arg *a)
{
	a->out.number = a->s->opt->timestamp;
	return 0;
}

static int get_timestampns(struct opt_arg *a)
{
	a->out.number = a->s->opt->timestampns;
	return 0;
}

static int set_pacing(struct opt_arg *a)
{
	uint64_t rate = a->value == -1 ? UINT64_MAX : (uint32_t)a->value;

	if (a->len == sizeof(rate))
		memcpy(&rate, a->in, sizeof(rate));
	a->opt->max_pacing_rate = rate;
	return 0;
}

static int get_pacing(struct opt_arg *a)
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

static int get_incoming_cpu(struct opt_arg *a)
{
	a->out.number = -1;
	return 0;
}

static int get_cookie(struct opt_arg *a)
{
	if (a->len < sizeof(a->out.big))
		return -EINVAL;
	a->out.big = a->s->id;
	a->out_len = sizeof(a->out.big);
	return 0;
}

static int set_zerocopy(struct opt_arg *a)
{
	if (a->value < 0 || a->value > 1)
		return -EINVAL;
	return a->value ? -EOPNOTSUPP : 0;
}

static int get_peername(struct opt_arg *a)
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

static int get_peercred(struct opt_arg *a)
{
	struct ucred none = {0, (uid_t)-1, (gid_t)-1};

	memcpy(a->out.bytes, &none, sizeof(none));
	a->out_len = sizeof(none);
	return 0;
}

static int set_bindtodevice(struct opt_arg *a)
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

static int get_bindtodevice(struct opt_arg *a)
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

static int set_bindtoifindex(struct opt_arg *a)
{
	if (a->value < 0)
		return -EINVAL;
	if (a->s->opt->ifindex && (unsigned)a->value != a->s->opt->ifindex)
		return -EPERM;
	a->opt->ifindex = (unsigned)a->value;
	return 0;
}

static int get_bindtoifindex(struct opt_arg *a)
{
	a->out.number = (int)a->s->opt->ifindex;
	return 0;
}

static int set_buf_lock(struct opt_arg *a)
{
	if (a->value & ~3)
		return -EINVAL;
	a->opt->sndbuf_locked = a->value & 1;
	a->opt->rcvbuf_locked = a->value & 2;
	return 0;
}

static int get_buf_lock(struct opt_arg *a)
{
	a->out.number = a->s->opt->sndbuf_locked | a->s->opt->rcvbuf_locked << 1;
	return 0;
}

static const struct opt_row rows[] = {
	{SO_DEBUG, "SO_DEBUG", OPT_OWN, OPT_NONE, set_debug, opt_get_zero, "needs a privilege"},
	{SO_REUSEADDR, "SO_REUSEADDR", OPT_OWN, OPT_NONE, set_reuseaddr, get_reuseaddr,
	 "bind() to a port whose other holders allow it too and do not listen"},
	{SO_REUSEPORT, "SO_REUSEPORT", OPT_FLAG, OPT_FIELD(reuseport),
	 "several listeners on one port, chosen by a hash of the peer"},
	{SO_TYPE, "SO_TYPE", OPT_ASK, OPT_NONE, NULL, get_type, "SOCK_STREAM, SOCK_DGRAM"},
	{SO_DOMAIN, "SO_DOMAIN", OPT_ASK, OPT_NONE, NULL, get_domain, "AF_INET"},
	{SO_PROTOCOL, "SO_PROTOCOL", OPT_ASK, OPT_NONE, NULL, get_protocol, "IPPROTO_*"},
	{SO_ERROR, "SO_ERROR", OPT_ASK, OPT_NONE, NULL, get_error,
	 "the pending error, cleared by asking"},
	{SO_ACCEPTCONN, "SO_ACCEPTCONN", OPT_ASK, OPT_NONE, NULL, get_acceptconn,
	 "whether it listens"},
	{SO_DONTROUTE, "SO_DONTROUTE", OPT_FLAG, OPT_FIELD(dontroute), "kept, without effect"},
	{SO_BROADCAST, "SO_BROADCAST", OPT_FLAG, OPT_FIELD(broadcast),
	 "leave to send to broadcast addresses"},
	{SO_SNDBUF, "SO_SNDBUF", OPT_OWN, OPT_NONE, set_sndbuf, get_sndbuf,
	 "bytes that may wait to be sent; doubled, and then no longer tuned"},
	{SO_SNDBUFFORCE, "SO_SNDBUFFORCE", OPT_OWN, OPT_NONE, set_not_permitted, NULL,
	 "needs a privilege"},
	{SO_RCVBUF, "SO_RCVBUF", OPT_OWN, OPT_NONE, set_rcvbuf, get_rcvbuf,
	 "bytes that may wait to be read; doubled, and then no longer tuned"},
	{SO_RCVBUFFORCE, "SO_RCVBUFFORCE", OPT_OWN, OPT_NONE, set_not_permitted, NULL,
	 "needs a privilege"},
	{SO_KEEPALIVE, "SO_KEEPALIVE", OPT_FLAG, OPT_FIELD(keepalive),
	 "ask an idle peer whether it is still there"},
	{SO_OOBINLINE, "SO_OOBINLINE", OPT_FLAG, OPT_FIELD(oobinline),
	 "urgent data stays in the stream"},
	{SO_NO_CHECK, "SO_NO_CHECK", OPT_FLAG, OPT_FIELD(no_check), "UDP without checksum"},
	{SO_PRIORITY, "SO_PRIORITY", OPT_OWN, OPT_NONE, set_priority, get_priority,
	 "kept, without effect"},
	{SO_LINGER, "SO_LINGER", OPT_OWN, OPT_NONE, set_linger, get_linger,
	 "close() waits for the last byte, or resets with a time of 0"},
	{OPT_BSDCOMPAT, "SO_BSDCOMPAT", OPT_NOTHING, OPT_NONE, NULL, NULL, "obsolete"},
	{SO_RCVLOWAT, "SO_RCVLOWAT", OPT_OWN, OPT_NONE, set_rcvlowat, get_rcvlowat,
	 "bytes that make a stream readable"},
	{SO_SNDLOWAT, "SO_SNDLOWAT", OPT_ASK, OPT_NONE, NULL, opt_get_one, "always 1"},
	{OPT_RCVTIMEO_OLD, "SO_RCVTIMEO", OPT_OWN, OPT_NONE, set_rcvtimeo, get_rcvtimeo,
	 "how long a receiving call waits"},
	{OPT_RCVTIMEO_NEW, "SO_RCVTIMEO_NEW", OPT_OWN, OPT_NONE, set_rcvtimeo, get_rcvtimeo,
	 "the same with a 64-bit time"},
	{OPT_SNDTIMEO_OLD, "SO_SNDTIMEO", OPT_OWN, OPT_NONE, set_sndtimeo, get_sndtimeo,
	 "how long a sending call, and connect(), waits"},
	{OPT_SNDTIMEO_NEW, "SO_SNDTIMEO_NEW", OPT_OWN, OPT_NONE, set_sndtimeo, get_sndtimeo,
	 "the same with a 64-bit time"},
	{OPT_TIMESTAMP_OLD, "SO_TIMESTAMP", OPT_OWN, OPT_NONE, set_timestamp, get_timestamp,
	 "when a datagram arrived, as control data"},
	{OPT_TIMESTAMP_NEW, "SO_TIMESTAMP_NEW", OPT_OWN, OPT_NONE, set_timestamp, get_timestamp,
	 "the same with a 64-bit time"},
	{OPT_TIMESTAMPNS_OLD, "SO_TIMESTAMPNS", OPT_OWN, OPT_NONE, set_timestampns, get_timestampns,
	 "the same in nanoseconds"},
	{OPT_TIMESTAMPNS_NEW, "SO_TIMESTAMPNS_NEW", OPT_OWN, OPT_NONE, set_timestampns,
	 get_timestampns, "the same with a 64-bit time"},
	{SO_MARK, "SO_MARK", OPT_DENIED, OPT_NONE, NULL, NULL, "needs a privilege"},
	{SO_RXQ_OVFL, "SO_RXQ_OVFL", OPT_FLAG, OPT_FIELD(rxq_ovfl),
	 "datagrams lost for want of space, as control data"},
	{OPT_NOFCS, "SO_NOFCS", OPT_NOTHING, OPT_NONE, NULL, NULL, "without effect"},
	{SO_SELECT_ERR_QUEUE, "SO_SELECT_ERR_QUEUE", OPT_NOTHING, OPT_NONE, NULL, NULL,
	 "without effect"},
	{SO_BUSY_POLL, "SO_BUSY_POLL", OPT_DENIED, OPT_NONE, NULL, NULL, "needs a privilege"},
	{SO_MAX_PACING_RATE, "SO_MAX_PACING_RATE", OPT_OWN, OPT_NONE, set_pacing, get_pacing,
	 "bytes per second, kept"},
	{SO_INCOMING_CPU, "SO_INCOMING_CPU", OPT_OWN, OPT_NONE, NULL, get_incoming_cpu,
	 "unknown: -1"},
	{SO_CNX_ADVICE, "SO_CNX_ADVICE", OPT_OWN, OPT_NONE, NULL, NULL, "without effect"},
	{SO_INCOMING_NAPI_ID, "SO_INCOMING_NAPI_ID", OPT_ASK, OPT_NONE, NULL, opt_get_zero,
	 "there is none"},
	{SO_COOKIE, "SO_COOKIE", OPT_ASK, OPT_NONE, NULL, get_cookie,
	 "a number that no other socket of the host ever has"},
	{SO_ZEROCOPY, "SO_ZEROCOPY", OPT_OWN, OPT_NONE, set_zerocopy, opt_get_zero,
	 "not supported"},
	{SO_PEERNAME, "SO_PEERNAME", OPT_ASK, OPT_NONE, NULL, get_peername, "as getpeername()"},
	{SO_PEERCRED, "SO_PEERCRED", OPT_ASK, OPT_NONE, NULL, get_peercred,
	 "nobody's, on an Internet socket"},
	{SO_BINDTODEVICE, "SO_BINDTODEVICE", OPT_BYTES, OPT_NONE, set_bindtodevice,
	 get_bindtodevice, "packets of one interface only"},
	{SO_BINDTOIFINDEX, "SO_BINDTOIFINDEX", OPT_OWN, OPT_NONE, set_bindtoifindex,
	 get_bindtoifindex, "the same by index"},
	{OPT_BUF_LOCK, "SO_BUF_LOCK", OPT_OWN, OPT_NONE, set_buf_lock, get_buf_lock,
	 "which buffers are not tuned: 1 sending, 2 receiving"},
};

const struct opt_level opt_socket = {SOL_SOCKET, "SOL_SOCKET", OPT_SHORT_INVALID,
				     false,	 rows,	       ARRAY_LEN(rows)};
