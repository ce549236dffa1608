/* SPDX-License-Identifier: MIT */
/*
 * The options of level SOL_SOCKET. What values mean, what lengths are taken and which error comes
 * first follow Linux; tests/unit/sock/dual_test.c asks both. A value is no shorter than an int;
 * as much of it is given as fits.
 *
 * What needs a privilege over a host's network is allowed: a host belongs to its programs.
 *
 * Left out, with ENOPROTOOPT: device memory (SO_DEVMEM_*), labels of security modules (SO_PEERSEC).
 */
#include "sock/opt_socket.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "link/links.h"
#include "sock/opt_level.h"
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
#define OPT_TIMESTAMPING_OLD 37
#define OPT_WIFI_STATUS 41
#define OPT_PEEK_OFF 42
#define OPT_LOCK_FILTER 44
#define OPT_BPF_EXTENSIONS 48
#define OPT_ATTACH_BPF 50
#define OPT_ATTACH_REUSEPORT_CBPF 51
#define OPT_ATTACH_REUSEPORT_EBPF 52
#define OPT_DETACH_REUSEPORT_BPF 68
#define OPT_DEVMEM_DONTNEED 80
#define OPT_MEMINFO 55
#define OPT_PEERGROUPS 59
#define OPT_TXTIME 61
#define OPT_TIMESTAMPING_NEW 65
#define OPT_PREFER_BUSY_POLL 69
#define OPT_BUSY_POLL_BUDGET 70
#define OPT_NETNS_COOKIE 71
#define OPT_RESERVE_MEM 73
#define OPT_TXREHASH 74
#define OPT_RCVMARK 75
#define OPT_PASSPIDFD 76
#define OPT_PEERPIDFD 77
#define OPT_RCVPRIORITY 82
#define OPT_PASSRIGHTS 83

/* SK_MEMINFO_* */
enum { MEMINFO_RMEM, MEMINFO_RCVBUF, MEMINFO_WMEM, MEMINFO_SNDBUF, MEMINFO_WQUEUE = 5 };
#define MEMINFO_VARS 9

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

/* Linux: only where there are ports. */
static int set_reuseport(struct opt_arg *a)
{
	if (a->value && a->s->family != AF_INET && a->s->family != AF_INET6)
		return -EOPNOTSUPP;
	a->opt->reuseport = a->value != 0;
	return 0;
}

static int get_reuseport(struct opt_arg *a)
{
	a->out.number = a->s->opt->reuseport;
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

static int set_sndbuf_force(struct opt_arg *a)
{
	a->s->sndbuf = buffer_bytes(a->value < 0 ? 0 : a->value, INT_MAX, SNDBUF_MIN);
	a->opt->sndbuf_locked = true;
	return 0;
}

static int set_rcvbuf_force(struct opt_arg *a)
{
	a->s->rcvbuf = buffer_bytes(a->value < 0 ? 0 : a->value, INT_MAX, RCVBUF_MIN);
	a->opt->rcvbuf_locked = true;
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
	uint32_t value = a->value < 0 ? INT_MAX : a->value == 0 ? 1 : (uint32_t)a->value;
	const struct sock *s = a->s;

	/* Linux: tcp_set_rcvlowat(): the buffer must be able to hold as much. */
	if (s->protocol == IPPROTO_TCP) {
		uint32_t most = s->opt->rcvbuf_locked ? s->rcvbuf : s->tp->env->limits.tcp_rmem_max;

		if (value > most / 2)
			value = most / 2;
	}
	a->opt->rcvlowat = value;
	return 0;
}

static int get_rcvlowat(struct opt_arg *a)
{
	a->out.number = (int)a->s->opt->rcvlowat;
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
	if (a->s->protocol != IPPROTO_TCP && a->s->protocol != IPPROTO_UDP)
		return -EOPNOTSUPP;
	if (a->value < 0 || a->value > 1)
		return -EINVAL;
	a->opt->zerocopy = a->value;
	return 0;
}

static int get_zerocopy(struct opt_arg *a)
{
	a->out.number = a->s->opt->zerocopy;
	return 0;
}

/* Linux: protocols that have a set_peek_off(). */
static bool peeks(const struct sock *s)
{
	return s->family == AF_UNIX || s->protocol == IPPROTO_TCP || s->protocol == IPPROTO_UDP ||
	       s->protocol == IPPROTO_UDPLITE;
}

static int set_peek_off(struct opt_arg *a)
{
	struct sock_extra *extra;

	if (!peeks(a->s))
		return -EOPNOTSUPP;
	extra = sock_extra(a->s);
	if (!extra)
		return -ENOMEM;
	extra->peek_off = a->value;
	return 0;
}

static int get_peek_off(struct opt_arg *a)
{
	a->out.number = a->s->extra ? a->s->extra->peek_off : -1;
	return peeks(a->s) ? 0 : -EOPNOTSUPP;
}

/* Linux: the SK_MEMINFO_* of sock_diag. Overheads are in what is held. */
static int get_meminfo(struct opt_arg *a)
{
	struct berth_sock_info info = {0};
	uint32_t out[MEMINFO_VARS] = {0};

	a->s->proto->info(a->s, &info);
	out[MEMINFO_RMEM] = info.recv_q;
	out[MEMINFO_RCVBUF] = a->s->rcvbuf;
	out[MEMINFO_WMEM] = info.send_q;
	out[MEMINFO_SNDBUF] = a->s->sndbuf;
	out[MEMINFO_WQUEUE] = info.send_q;
	memcpy(a->out.bytes, out, sizeof(out));
	a->out_len = sizeof(out);
	return 0;
}

/* Linux: never told. */
static int set_busy_poll_budget(struct opt_arg *a)
{
	if (a->value < 0 || a->value > UINT16_MAX)
		return -EINVAL;
	a->opt->busy_poll_budget = a->value;
	return 0;
}

static int get_netns_cookie(struct opt_arg *a)
{
	if (a->len != sizeof(a->out.big))
		return -EINVAL;
	a->out.big = transport_cookie(a->s->tp);
	a->out_len = sizeof(a->out.big);
	return 0;
}

/* Linux: without a memory cgroup there is none to be reserved. */
static int set_reserve_mem(struct opt_arg *a)
{
	return a->value < 0 ? -EINVAL : -EOPNOTSUPP;
}

static int set_txrehash(struct opt_arg *a)
{
	if (a->s->protocol != IPPROTO_TCP)
		return -EOPNOTSUPP;
	if (a->value < -1 || a->value > 1)
		return -EINVAL;
	a->opt->txrehash = a->value != 0;
	return 0;
}

static int get_txrehash(struct opt_arg *a)
{
	a->out.number = a->s->opt->txrehash;
	return a->s->protocol == IPPROTO_TCP ? 0 : -EOPNOTSUPP;
}

static int set_bindtodevice(struct opt_arg *a)
{
	char name[IF_NAMESIZE] = "";
	const struct netif *n;

	if (a->len > 0)
		memcpy(name, a->in, a->len < sizeof(name) ? a->len : sizeof(name) - 1);
	if (!name[0]) {
		a->opt->ifindex = 0;
		return 0;
	}
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
	{SO_DEBUG, "SO_DEBUG", OPT_FLAG, OPT_FIELD(debug), "kept, without effect"},
	{SO_REUSEADDR, "SO_REUSEADDR", OPT_OWN, OPT_NONE, set_reuseaddr, get_reuseaddr, "flag",
	 "bind() to a port whose other holders allow it too and do not listen"},
	{SO_REUSEPORT, "SO_REUSEPORT", OPT_OWN, OPT_NONE, set_reuseport, get_reuseport, "flag",
	 "several listeners on one port, chosen by a hash of the peer"},
	{SO_TYPE, "SO_TYPE", OPT_ASK, OPT_NONE, NULL, get_type, "int",
	 "SOCK_STREAM, SOCK_DGRAM ..."},
	{SO_DOMAIN, "SO_DOMAIN", OPT_ASK, OPT_NONE, NULL, get_domain, "int",
	 "AF_INET, AF_INET6 ..."},
	{SO_PROTOCOL, "SO_PROTOCOL", OPT_ASK, OPT_NONE, NULL, get_protocol, "int", "IPPROTO_*"},
	{SO_ERROR, "SO_ERROR", OPT_ASK, OPT_NONE, NULL, get_error, "int",
	 "the pending error, cleared by asking"},
	{SO_ACCEPTCONN, "SO_ACCEPTCONN", OPT_ASK, OPT_NONE, NULL, get_acceptconn, "int",
	 "whether it listens"},
	{SO_DONTROUTE, "SO_DONTROUTE", OPT_FLAG, OPT_FIELD(dontroute),
	 "IPv4 goes to neighbours only; without effect on IPv6, as on Linux"},
	{SO_BROADCAST, "SO_BROADCAST", OPT_FLAG, OPT_FIELD(broadcast),
	 "leave to send to broadcast addresses"},
	{SO_SNDBUF, "SO_SNDBUF", OPT_OWN, OPT_NONE, set_sndbuf, get_sndbuf, "int",
	 "bytes that may wait to be sent; doubled, and then no longer tuned"},
	{SO_SNDBUFFORCE, "SO_SNDBUFFORCE", OPT_OWN, OPT_NONE, set_sndbuf_force, NULL, "int",
	 "as SO_SNDBUF, above wmem_max too"},
	{SO_RCVBUF, "SO_RCVBUF", OPT_OWN, OPT_NONE, set_rcvbuf, get_rcvbuf, "int",
	 "bytes that may wait to be read; doubled, and then no longer tuned"},
	{SO_RCVBUFFORCE, "SO_RCVBUFFORCE", OPT_OWN, OPT_NONE, set_rcvbuf_force, NULL, "int",
	 "as SO_RCVBUF, above rmem_max too"},
	{SO_KEEPALIVE, "SO_KEEPALIVE", OPT_FLAG, OPT_FIELD(keepalive),
	 "ask an idle peer whether it is still there"},
	{SO_OOBINLINE, "SO_OOBINLINE", OPT_FLAG, OPT_FIELD(oobinline),
	 "urgent data stays in the stream"},
	{SO_NO_CHECK, "SO_NO_CHECK", OPT_FLAG, OPT_FIELD(no_check), "UDP without checksum"},
	{SO_PRIORITY, "SO_PRIORITY", OPT_INT, OPT_AT(priority), INT_MIN, INT_MAX, NULL, NULL, "int",
	 "told to receivers of the same host; queues here are first in, first out"},
	{SO_LINGER, "SO_LINGER", OPT_OWN, OPT_NONE, set_linger, get_linger, "struct linger",
	 "close() waits for the last byte, or resets with a time of 0"},
	{OPT_BSDCOMPAT, "SO_BSDCOMPAT", OPT_NOTHING, OPT_NONE, NULL, NULL, "flag", "obsolete"},
	{SO_RCVLOWAT, "SO_RCVLOWAT", OPT_OWN, OPT_NONE, set_rcvlowat, get_rcvlowat, "int",
	 "bytes that make a stream readable"},
	{SO_SNDLOWAT, "SO_SNDLOWAT", OPT_ASK, OPT_NONE, NULL, opt_get_one, "int", "always 1"},
	{OPT_RCVTIMEO_OLD, "SO_RCVTIMEO", OPT_OWN, OPT_NONE, set_rcvtimeo, get_rcvtimeo,
	 "struct timeval", "how long a receiving call waits"},
	{OPT_RCVTIMEO_NEW, "SO_RCVTIMEO_NEW", OPT_OWN, OPT_NONE, set_rcvtimeo, get_rcvtimeo,
	 "struct timeval", "the same with a 64-bit time"},
	{OPT_SNDTIMEO_OLD, "SO_SNDTIMEO", OPT_OWN, OPT_NONE, set_sndtimeo, get_sndtimeo,
	 "struct timeval", "how long a sending call, and connect(), waits"},
	{OPT_SNDTIMEO_NEW, "SO_SNDTIMEO_NEW", OPT_OWN, OPT_NONE, set_sndtimeo, get_sndtimeo,
	 "struct timeval", "the same with a 64-bit time"},
	{OPT_TIMESTAMP_OLD, "SO_TIMESTAMP", OPT_OWN, OPT_NONE, opt_set_timestamp, opt_get_timestamp,
	 "flag", "when what is received arrived, as control data"},
	{OPT_TIMESTAMP_NEW, "SO_TIMESTAMP_NEW", OPT_OWN, OPT_NONE, opt_set_timestamp_new,
	 opt_get_timestamp_new, "flag", "the same with a 64-bit time"},
	{OPT_TIMESTAMPNS_OLD, "SO_TIMESTAMPNS", OPT_OWN, OPT_NONE, opt_set_timestampns,
	 opt_get_timestampns, "flag", "the same in nanoseconds"},
	{OPT_TIMESTAMPNS_NEW, "SO_TIMESTAMPNS_NEW", OPT_OWN, OPT_NONE, opt_set_timestampns_new,
	 opt_get_timestampns_new, "flag", "the same with a 64-bit time"},
	{OPT_TIMESTAMPING_OLD, "SO_TIMESTAMPING", OPT_OWN, OPT_NONE, opt_set_timestamping,
	 opt_get_timestamping, "struct so_timestamping",
	 "when packets came and went, as control data and in the error queue"},
	{OPT_TIMESTAMPING_NEW, "SO_TIMESTAMPING_NEW", OPT_OWN, OPT_NONE, opt_set_timestamping_new,
	 opt_get_timestamping_new, "struct so_timestamping", "the same with a 64-bit time"},
	{SO_MARK, "SO_MARK", OPT_INT, OPT_AT(mark), INT_MIN, INT_MAX, NULL, NULL, "int",
	 "told to filters and receivers of the same host, and by sock_diag"},
	{OPT_RCVMARK, "SO_RCVMARK", OPT_FLAG, OPT_FIELD(rcvmark),
	 "the sender's SO_MARK, on the same host, as control data"},
	{OPT_RCVPRIORITY, "SO_RCVPRIORITY", OPT_FLAG, OPT_FIELD(rcvpriority),
	 "the sender's SO_PRIORITY, on the same host, as control data"},
	{SO_RXQ_OVFL, "SO_RXQ_OVFL", OPT_FLAG, OPT_FIELD(rxq_ovfl),
	 "datagrams lost for want of space, as control data"},
	{OPT_WIFI_STATUS, "SO_WIFI_STATUS", OPT_FLAG, OPT_FIELD(wifi_status),
	 "kept, without effect"},
	{OPT_PEEK_OFF, "SO_PEEK_OFF", OPT_OWN, OPT_NONE, set_peek_off, get_peek_off, "int",
	 "where MSG_PEEK begins; -1: at the front"},
	{OPT_NOFCS, "SO_NOFCS", OPT_FLAG, OPT_FIELD(nofcs), "kept, without effect"},
	{SO_ATTACH_FILTER, "SO_ATTACH_FILTER", OPT_BYTES, OPT_NONE, opt_set_filter, opt_get_filter,
	 "struct sock_fprog", "a classic packet filter"},
	{SO_DETACH_FILTER, "SO_DETACH_FILTER", OPT_OWN, OPT_NONE, opt_detach_filter, NULL, "int",
	 "takes it away; any value"},
	{OPT_LOCK_FILTER, "SO_LOCK_FILTER", OPT_OWN, OPT_NONE, opt_set_lock_filter,
	 opt_get_lock_filter, "flag", "the filter stays as it is, for good"},
	{OPT_BPF_EXTENSIONS, "SO_BPF_EXTENSIONS", OPT_ASK, OPT_NONE, NULL, opt_get_bpf_extensions,
	 "int", "facts that a filter can load (SKF_AD_MAX)"},
	{OPT_ATTACH_BPF, "SO_ATTACH_BPF", OPT_OWN, OPT_NONE, opt_set_ebpf, NULL, "int",
	 "there are no eBPF programs: EINVAL"},
	{SO_SELECT_ERR_QUEUE, "SO_SELECT_ERR_QUEUE", OPT_FLAG, OPT_FIELD(select_err_queue),
	 "poll() shows POLLPRI when the error queue has something"},
	{SO_BUSY_POLL, "SO_BUSY_POLL", OPT_INT, OPT_AT(busy_poll), 0, INT_MAX, NULL, NULL, "int",
	 "kept, without effect"},
	{OPT_PREFER_BUSY_POLL, "SO_PREFER_BUSY_POLL", OPT_FLAG, OPT_FIELD(prefer_busy_poll),
	 "kept, without effect"},
	{OPT_BUSY_POLL_BUDGET, "SO_BUSY_POLL_BUDGET", OPT_OWN, OPT_AT(busy_poll_budget), 0,
	 UINT16_MAX, set_busy_poll_budget, NULL, "int", "taken without effect"},
	{SO_MAX_PACING_RATE, "SO_MAX_PACING_RATE", OPT_OWN, OPT_NONE, set_pacing, get_pacing,
	 "int or uint64_t",
	 "bytes per second at which a stream sends; without effect on datagrams, as on Linux"
	 " without the queue fq"},
	{SO_INCOMING_CPU, "SO_INCOMING_CPU", OPT_INT, OPT_AT(incoming_cpu), INT_MIN, INT_MAX, NULL,
	 NULL, "int", "kept, without effect; -1: none"},
	{SO_CNX_ADVICE, "SO_CNX_ADVICE", OPT_OWN, OPT_NONE, NULL, NULL, "int", "without effect"},
	{SO_INCOMING_NAPI_ID, "SO_INCOMING_NAPI_ID", OPT_ASK, OPT_NONE, NULL, opt_get_zero, "int",
	 "there is none"},
	{SO_COOKIE, "SO_COOKIE", OPT_ASK, OPT_NONE, NULL, get_cookie, "uint64_t",
	 "a number that no other socket of the host ever has"},
	{OPT_NETNS_COOKIE, "SO_NETNS_COOKIE", OPT_ASK, OPT_NONE, NULL, get_netns_cookie, "uint64_t",
	 "a number that the sockets of one host share"},
	{OPT_MEMINFO, "SO_MEMINFO", OPT_ASK, OPT_NONE, NULL, get_meminfo, "uint32_t[9]",
	 "bytes held and allowed, as sock_diag tells them"},
	{SO_ZEROCOPY, "SO_ZEROCOPY", OPT_OWN, OPT_NONE, set_zerocopy, get_zerocopy, "flag",
	 "MSG_ZEROCOPY is told of in the error queue; what is sent is copied, which it says. "
	 "Under berth run: EOPNOTSUPP"},
	{SO_PEERNAME, "SO_PEERNAME", OPT_ASK, OPT_NONE, NULL, opt_get_peername, "struct sockaddr",
	 "as getpeername()"},
	{SO_PEERCRED, "SO_PEERCRED", OPT_ASK, OPT_NONE, NULL, opt_get_peercred, "struct ucred",
	 "nobody's, on an Internet socket"},
	{OPT_PEERGROUPS, "SO_PEERGROUPS", OPT_ASK, OPT_NONE, NULL, opt_get_no_peer, "gid_t[]",
	 "none, on an Internet socket"},
	{OPT_PEERPIDFD, "SO_PEERPIDFD", OPT_ASK, OPT_NONE, NULL, opt_get_no_peer, "int",
	 "none, on an Internet socket"},
	{SO_PASSCRED, "SO_PASSCRED", OPT_OWN, OPT_NONE, opt_set_passcred, opt_get_passcred, "flag",
	 "credentials of the sender as control data; not of Internet sockets"},
	{SO_PASSSEC, "SO_PASSSEC", OPT_OWN, OPT_NONE, opt_set_passsec, opt_get_passsec, "flag",
	 "labels of the sender, of which there are none; not of Internet sockets"},
	{OPT_PASSPIDFD, "SO_PASSPIDFD", OPT_OWN, OPT_NONE, opt_set_passpidfd, opt_get_passpidfd,
	 "flag", "not of Internet sockets"},
	{OPT_PASSRIGHTS, "SO_PASSRIGHTS", OPT_OWN, OPT_NONE, opt_set_unix_only, opt_set_unix_only,
	 "flag", "AF_UNIX only"},
	{OPT_TXTIME, "SO_TXTIME", OPT_OWN, OPT_NONE, opt_set_txtime, opt_get_txtime,
	 "struct sock_txtime", "kept, without effect, as on Linux without the queues fq and etf"},
	{OPT_RESERVE_MEM, "SO_RESERVE_MEM", OPT_OWN, OPT_NONE, set_reserve_mem, opt_get_zero, "int",
	 "not supported"},
	{OPT_TXREHASH, "SO_TXREHASH", OPT_OWN, OPT_NONE, set_txrehash, get_txrehash, "int",
	 "kept, without effect; TCP only"},
	{SO_BINDTODEVICE, "SO_BINDTODEVICE", OPT_BYTES, OPT_NONE, set_bindtodevice,
	 get_bindtodevice, "char[]", "packets of one interface only"},
	{SO_BINDTOIFINDEX, "SO_BINDTOIFINDEX", OPT_OWN, OPT_NONE, set_bindtoifindex,
	 get_bindtoifindex, "int", "the same by index"},
	{OPT_BUF_LOCK, "SO_BUF_LOCK", OPT_OWN, OPT_NONE, set_buf_lock, get_buf_lock, "int",
	 "which buffers are not tuned: 1 sending, 2 receiving"},
	{SO_PEERSEC, "SO_PEERSEC", OPT_WITHOUT("char[]"), "no security module labels sockets"},
	{OPT_ATTACH_REUSEPORT_CBPF, "SO_ATTACH_REUSEPORT_CBPF", OPT_BYTES, OPT_NONE,
	 opt_set_chooser, NULL, "struct sock_fprog",
	 "a packet filter says which of those that share a port gets a packet, by its place"},
	{OPT_ATTACH_REUSEPORT_EBPF, "SO_ATTACH_REUSEPORT_EBPF", OPT_OWN, OPT_NONE, opt_set_ebpf,
	 NULL, "int", "there are no eBPF programs: EINVAL"},
	{OPT_DETACH_REUSEPORT_BPF, "SO_DETACH_REUSEPORT_BPF", OPT_OWN, OPT_NONE, opt_detach_chooser,
	 NULL, "int", "a hash of the peer chooses again; any value"},
	{OPT_DEVMEM_DONTNEED, "SO_DEVMEM_DONTNEED", OPT_WITHOUT("struct dmabuf_token[]"),
	 "no device has memory"},
};

const struct opt_level opt_socket = {SOL_SOCKET, "SOL_SOCKET", OPT_SHORT_INVALID,
				     NULL,	 rows,	       ARRAY_LEN(rows)};
