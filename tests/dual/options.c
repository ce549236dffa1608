// SPDX-License-Identifier: MIT
/*
 * Every option of every level on every kind of socket: what a fresh one answers, into rooms of all
 * sizes and by pointers that lead nowhere; what comes of values and lengths from all over their
 * ranges; what is there afterwards, in the states of a stream, and on an accepted connection.
 *
 * Left out is what is the machine's (limits of buffers, cookies), what rights over the machine
 * are needed for, and options that kernels before 6.1 do not have.
 */
#include "dual.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/udp.h>
#include <stdarg.h>

#define BAD ((void *)8)

enum form {
	NUMBER,	 /* an int, any value may be tried */
	SMALL,	 /* an int; large values would meet limits of the machine */
	BYTES,	 /* something else; zeros and ones are tried */
	LENGTH,	 /* the value is another each time: only its length is compared */
	READ,	 /* the value is looked at and not set, as that takes the machine's rights */
	QUESTION /* asked only with pointers and lengths */
};

struct option {
	int level, name;
	const char *symbol;
	enum form form;
};

/* Names are made text where they stand, before they become numbers. */
#define ROW(level, name, form)                                                                     \
	{                                                                                          \
		level, name, #name, form                                                           \
	}
#define BASE(name, form)                                                                           \
	{                                                                                          \
		SOL_SOCKET, name, #name, form                                                      \
	}
#define IP(name, form)                                                                             \
	{                                                                                          \
		IPPROTO_IP, name, #name, form                                                      \
	}
#define IP6(name, form)                                                                            \
	{                                                                                          \
		IPPROTO_IPV6, name, #name, form                                                    \
	}
#define TCP(name, form)                                                                            \
	{                                                                                          \
		IPPROTO_TCP, name, #name, form                                                     \
	}

/* Of headers that are newer than libc's or cannot stand beside them. */
#define SO_RCVTIMEO_64 66
#define SO_SNDTIMEO_64 67
#define SO_TIMESTAMP_64 63
#define SO_TIMESTAMPNS_64 64
#define SO_TIMESTAMPING_64 65
#define SO_RCVMARK_ 75
#define SO_TXREHASH_ 74
#define SO_RESERVE_MEM_ 73
#define SO_BUF_LOCK_ 72
#define TCP_TX_DELAY_ 37
#define IP_BIND_NO_PORT 24
#define IPV6_FLOWLABEL_MGR_ 32
#define IPV6_FLOWINFO_SEND_ 33
#define IPV6_RTALERT_ISOLATE 30
#define UDP_NO_CHECK6_TX_ 101
#define UDP_NO_CHECK6_RX_ 102
#define SOL_UDPLITE_ 136
#define SEND_CSCOV 10
#define RECV_CSCOV 11
#define IPV6_2292OPTIONS 6
#define RAW6_HDRINCL 36
#define MCAST_JOIN_GROUP_6 MCAST_JOIN_GROUP
#define MCAST_MSFILTER_6 MCAST_MSFILTER

static const struct option options[] = {
	BASE(SO_DEBUG, READ),
	BASE(SO_REUSEADDR, NUMBER),
	BASE(SO_REUSEPORT, NUMBER),
	BASE(SO_TYPE, NUMBER),
	BASE(SO_DOMAIN, NUMBER),
	BASE(SO_PROTOCOL, NUMBER),
	BASE(SO_ERROR, NUMBER),
	BASE(SO_ACCEPTCONN, NUMBER),
	BASE(SO_DONTROUTE, NUMBER),
	BASE(SO_BROADCAST, NUMBER),
	BASE(SO_SNDBUF, SMALL),
	BASE(SO_RCVBUF, SMALL),
	BASE(SO_KEEPALIVE, NUMBER),
	BASE(SO_OOBINLINE, NUMBER),
	BASE(SO_NO_CHECK, NUMBER),
	BASE(SO_PRIORITY, NUMBER),
	BASE(SO_LINGER, BYTES),
	BASE(SO_BSDCOMPAT, NUMBER),
	BASE(SO_RCVLOWAT, SMALL),
	BASE(SO_SNDLOWAT, NUMBER),
	BASE(SO_RCVTIMEO, BYTES),
	BASE(SO_RCVTIMEO_64, BYTES),
	BASE(SO_SNDTIMEO, BYTES),
	BASE(SO_SNDTIMEO_64, BYTES),
	BASE(SO_TIMESTAMP, NUMBER),
	BASE(SO_TIMESTAMP_64, NUMBER),
	BASE(SO_TIMESTAMPNS, NUMBER),
	BASE(SO_TIMESTAMPNS_64, NUMBER),
	BASE(SO_TIMESTAMPING, READ),
	BASE(SO_TIMESTAMPING_64, READ),
	BASE(SO_MARK, NUMBER),
	BASE(SO_RCVMARK_, NUMBER),
	BASE(SO_RXQ_OVFL, NUMBER),
	BASE(SO_WIFI_STATUS, NUMBER),
	BASE(SO_PEEK_OFF, NUMBER),
	BASE(SO_NOFCS, NUMBER),
	BASE(SO_ATTACH_FILTER, QUESTION),
	BASE(SO_DETACH_FILTER, NUMBER),
	BASE(SO_LOCK_FILTER, NUMBER),
	BASE(SO_BPF_EXTENSIONS, NUMBER),
	BASE(SO_SELECT_ERR_QUEUE, NUMBER),
	BASE(SO_BUSY_POLL, READ),
	BASE(SO_PREFER_BUSY_POLL, READ),
	BASE(SO_MAX_PACING_RATE, READ),
	BASE(SO_CNX_ADVICE, NUMBER),
	BASE(SO_INCOMING_NAPI_ID, NUMBER),
	BASE(SO_COOKIE, LENGTH),
	BASE(SO_NETNS_COOKIE, LENGTH),
	BASE(SO_MEMINFO, LENGTH),
	BASE(SO_PEERNAME, QUESTION),
	BASE(SO_PEERCRED, QUESTION),
	BASE(SO_PASSCRED, NUMBER),
	BASE(SO_PASSSEC, NUMBER),
	BASE(SO_TXTIME, BYTES),
	BASE(SO_RESERVE_MEM_, READ),
	BASE(SO_TXREHASH_, NUMBER),
	BASE(SO_BINDTODEVICE, BYTES),
	BASE(SO_BINDTOIFINDEX, SMALL),
	BASE(SO_BUF_LOCK_, NUMBER),
	IP(IP_TOS, NUMBER),
	IP(IP_TTL, NUMBER),
	IP(IP_HDRINCL, NUMBER),
	IP(IP_OPTIONS, BYTES),
	IP(IP_ROUTER_ALERT, READ),
	IP(IP_RECVOPTS, NUMBER),
	IP(IP_RETOPTS, NUMBER),
	IP(IP_PKTINFO, NUMBER),
	IP(IP_PKTOPTIONS, QUESTION),
	IP(IP_MTU_DISCOVER, NUMBER),
	IP(IP_RECVERR, NUMBER),
	IP(IP_RECVERR_RFC4884, NUMBER),
	IP(IP_RECVTTL, NUMBER),
	IP(IP_RECVTOS, NUMBER),
	IP(IP_MTU, NUMBER),
	IP(IP_FREEBIND, NUMBER),
	IP(IP_TRANSPARENT, NUMBER),
	IP(IP_PASSSEC, NUMBER),
	IP(IP_ORIGDSTADDR, NUMBER),
	IP(IP_MINTTL, NUMBER),
	IP(IP_NODEFRAG, NUMBER),
	IP(IP_CHECKSUM, NUMBER),
	IP(IP_RECVFRAGSIZE, NUMBER),
	IP(IP_BIND_NO_PORT, NUMBER),
	IP(IP_MULTICAST_IF, BYTES),
	IP(IP_MULTICAST_TTL, NUMBER),
	IP(IP_MULTICAST_LOOP, NUMBER),
	IP(IP_MULTICAST_ALL, NUMBER),
	IP(IP_UNICAST_IF, SMALL),
	IP(IP_ADD_MEMBERSHIP, BYTES),
	IP(IP_DROP_MEMBERSHIP, QUESTION),
	IP(IP_ADD_SOURCE_MEMBERSHIP, BYTES),
	IP(IP_DROP_SOURCE_MEMBERSHIP, BYTES),
	IP(IP_BLOCK_SOURCE, BYTES),
	IP(IP_UNBLOCK_SOURCE, BYTES),
	IP(IP_MSFILTER, BYTES),
	IP(MCAST_JOIN_GROUP, BYTES),
	IP(MCAST_LEAVE_GROUP, BYTES),
	IP(MCAST_MSFILTER, BYTES),
	IP6(IPV6_ADDRFORM, NUMBER),
	IP6(IPV6_2292PKTINFO, NUMBER),
	IP6(IPV6_2292HOPOPTS, NUMBER),
	IP6(IPV6_2292DSTOPTS, NUMBER),
	IP6(IPV6_2292RTHDR, NUMBER),
	IP6(IPV6_2292OPTIONS, QUESTION),
	IP6(IPV6_2292HOPLIMIT, NUMBER),
	IP6(IPV6_FLOWINFO, NUMBER),
	IP6(IPV6_UNICAST_HOPS, NUMBER),
	IP6(IPV6_MULTICAST_IF, SMALL),
	IP6(IPV6_MULTICAST_HOPS, NUMBER),
	IP6(IPV6_MULTICAST_LOOP, NUMBER),
	IP6(IPV6_ADD_MEMBERSHIP, BYTES),
	IP6(IPV6_DROP_MEMBERSHIP, BYTES),
	IP6(IPV6_ROUTER_ALERT, READ),
	IP6(IPV6_MTU_DISCOVER, NUMBER),
	IP6(IPV6_MTU, NUMBER),
	IP6(IPV6_RECVERR, NUMBER),
	IP6(IPV6_V6ONLY, NUMBER),
	IP6(IPV6_MULTICAST_ALL, NUMBER),
	IP6(IPV6_RTALERT_ISOLATE, NUMBER),
	IP6(IPV6_RECVERR_RFC4884, NUMBER),
	IP6(IPV6_FLOWLABEL_MGR_, QUESTION),
	IP6(IPV6_FLOWINFO_SEND_, NUMBER),
	IP6(IPV6_RECVPKTINFO, NUMBER),
	IP6(IPV6_PKTINFO, BYTES),
	IP6(IPV6_RECVHOPLIMIT, NUMBER),
	IP6(IPV6_HOPLIMIT, NUMBER),
	IP6(IPV6_RECVHOPOPTS, NUMBER),
	IP6(IPV6_HOPOPTS, BYTES),
	IP6(IPV6_RTHDRDSTOPTS, BYTES),
	IP6(IPV6_RECVRTHDR, NUMBER),
	IP6(IPV6_RTHDR, BYTES),
	IP6(IPV6_RECVDSTOPTS, NUMBER),
	IP6(IPV6_DSTOPTS, BYTES),
	IP6(IPV6_RECVPATHMTU, NUMBER),
	IP6(IPV6_PATHMTU, QUESTION),
	IP6(IPV6_DONTFRAG, NUMBER),
	IP6(IPV6_RECVTCLASS, NUMBER),
	IP6(IPV6_TCLASS, NUMBER),
	IP6(IPV6_AUTOFLOWLABEL, NUMBER),
	IP6(IPV6_ADDR_PREFERENCES, NUMBER),
	IP6(IPV6_MINHOPCOUNT, NUMBER),
	IP6(IPV6_ORIGDSTADDR, NUMBER),
	IP6(IPV6_TRANSPARENT, NUMBER),
	IP6(IPV6_UNICAST_IF, SMALL),
	IP6(IPV6_RECVFRAGSIZE, NUMBER),
	IP6(IPV6_FREEBIND, NUMBER),
	ROW(IPPROTO_IPV6, MCAST_JOIN_GROUP_6, BYTES),
	ROW(IPPROTO_IPV6, MCAST_MSFILTER_6, BYTES),
	TCP(TCP_NODELAY, NUMBER),
	TCP(TCP_MAXSEG, NUMBER),
	TCP(TCP_CORK, NUMBER),
	TCP(TCP_KEEPIDLE, NUMBER),
	TCP(TCP_KEEPINTVL, NUMBER),
	TCP(TCP_KEEPCNT, NUMBER),
	TCP(TCP_SYNCNT, NUMBER),
	TCP(TCP_LINGER2, NUMBER),
	TCP(TCP_DEFER_ACCEPT, NUMBER),
	TCP(TCP_WINDOW_CLAMP, SMALL),
	TCP(TCP_INFO, QUESTION),
	TCP(TCP_QUICKACK, NUMBER),
	TCP(TCP_CONGESTION, QUESTION),
	TCP(TCP_USER_TIMEOUT, NUMBER),
	TCP(TCP_FASTOPEN, SMALL),
	TCP(TCP_TIMESTAMP, LENGTH),
	TCP(TCP_NOTSENT_LOWAT, NUMBER),
	TCP(TCP_SAVE_SYN, NUMBER),
	TCP(TCP_SAVED_SYN, QUESTION),
	TCP(TCP_FASTOPEN_CONNECT, SMALL),
	TCP(TCP_ULP, BYTES),
	TCP(TCP_FASTOPEN_NO_COOKIE, NUMBER),
	TCP(TCP_INQ, NUMBER),
	TCP(TCP_TX_DELAY_, NUMBER),
	TCP(TCP_THIN_LINEAR_TIMEOUTS, NUMBER),
	TCP(TCP_THIN_DUPACK, NUMBER),
	ROW(IPPROTO_UDP, UDP_CORK, NUMBER),
	ROW(IPPROTO_UDP, UDP_ENCAP, READ),
	ROW(IPPROTO_UDP, UDP_NO_CHECK6_TX_, NUMBER),
	ROW(IPPROTO_UDP, UDP_NO_CHECK6_RX_, NUMBER),
	ROW(IPPROTO_UDP, UDP_SEGMENT, NUMBER),
	ROW(IPPROTO_UDP, UDP_GRO, NUMBER),
	ROW(SOL_UDPLITE_, SEND_CSCOV, NUMBER),
	ROW(SOL_UDPLITE_, RECV_CSCOV, NUMBER),
	ROW(SOL_RAW, ICMP_FILTER, NUMBER),
	ROW(SOL_RAW, IPV6_CHECKSUM, NUMBER),
	ROW(SOL_RAW, RAW6_HDRINCL, NUMBER),
	ROW(SOL_ICMPV6, ICMPV6_FILTER, BYTES),
	ROW(SOL_PACKET, PACKET_ADD_MEMBERSHIP, BYTES),
	ROW(SOL_PACKET, PACKET_DROP_MEMBERSHIP, BYTES),
	ROW(SOL_PACKET, PACKET_STATISTICS, BYTES),
	ROW(SOL_PACKET, PACKET_COPY_THRESH, NUMBER),
	ROW(SOL_PACKET, PACKET_AUXDATA, NUMBER),
	ROW(SOL_PACKET, PACKET_ORIGDEV, NUMBER),
	ROW(SOL_PACKET, PACKET_VERSION, SMALL),
	ROW(SOL_PACKET, PACKET_HDRLEN, QUESTION),
	ROW(SOL_PACKET, PACKET_RESERVE, SMALL),
	ROW(SOL_PACKET, PACKET_LOSS, NUMBER),
	ROW(SOL_PACKET, PACKET_TIMESTAMP, NUMBER),
	ROW(SOL_PACKET, PACKET_TX_HAS_OFF, NUMBER),
	ROW(SOL_PACKET, PACKET_QDISC_BYPASS, NUMBER),
	ROW(SOL_PACKET, PACKET_IGNORE_OUTGOING, NUMBER),
	ROW(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, SMALL),
	ROW(SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, SMALL),
	ROW(SOL_NETLINK, NETLINK_PKTINFO, NUMBER),
	ROW(SOL_NETLINK, NETLINK_BROADCAST_ERROR, NUMBER),
	ROW(SOL_NETLINK, NETLINK_NO_ENOBUFS, NUMBER),
	ROW(SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, QUESTION),
	ROW(SOL_NETLINK, NETLINK_CAP_ACK, NUMBER),
	ROW(SOL_NETLINK, NETLINK_EXT_ACK, NUMBER),
	ROW(SOL_NETLINK, NETLINK_GET_STRICT_CHK, NUMBER),
};

static const struct kind {
	const char *name;
	int family, type, protocol;
} kinds[] = {
	{"tcp 4", AF_INET, SOCK_STREAM, 0},
	{"tcp 6", AF_INET6, SOCK_STREAM, 0},
	{"udp 4", AF_INET, SOCK_DGRAM, 0},
	{"udp 6", AF_INET6, SOCK_DGRAM, 0},
	{"lite 4", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE},
	{"lite 6", AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE},
	{"ping 4", AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
	{"ping 6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6},
	{"icmp 4", AF_INET, SOCK_RAW, IPPROTO_ICMP},
	{"icmp 6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
	{"raw 4", AF_INET, SOCK_RAW, IPPROTO_RAW},
	{"raw 6", AF_INET6, SOCK_RAW, 200},
	{"packet", AF_PACKET, SOCK_RAW, 0},
	{"netlink", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE},
};

static int made(const struct kind *k)
{
	return must(socket(k->family, k->type, k->protocol), k->name);
}

/* Lines that are put together of several answers. */
static char line[1024];

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *format, ...)
{
	const size_t used = strlen(line);
	va_list args;
	va_start(args, format);
	vsnprintf(line + used, sizeof line - used, format, args);
	va_end(args);
}

static void add_result(long value)
{
	if (value == -1)
		add(" %s", strerrorname_np(errno));
	else
		add(" %ld", value);
}

/* What getsockopt says: its error, or the length and the value. */
static void add_value(int fd, const struct option *o, socklen_t room)
{
	unsigned char value[64];
	socklen_t size = room;
	memset(value, 0x5a, sizeof value);
	const int got = getsockopt(fd, o->level, o->name, value, &size);
	if (got == -1) {
		add_result(got);
		return;
	}
	add(" %u", (unsigned)size);
	if (o->form == LENGTH || size == 0)
		return;
	int number;
	memcpy(&number, value, sizeof number);
	if (size == sizeof number) {
		add(":%d", number);
		return;
	}
	add(":");
	for (socklen_t i = 0; i < size && i < sizeof value; i++)
		add("%02x", value[i]);
}

static void finish(const char *what, const struct option *o)
{
	say("%s, %s:%s", o->symbol, what, line);
	line[0] = '\0';
}

static void rooms(const struct kind *k, const struct option *o)
{
	static const socklen_t sizes[] = {0, 1, 2, 3, 5, 8, 16};
	const int fd = made(k);
	if (o->form != QUESTION) {
		for (size_t i = 0; i < COUNT(sizes); i++)
			add_value(fd, o, sizes[i]);
		finish("got into rooms", o);
	}
	int value;
	socklen_t size = sizeof value;
	add_result(getsockopt(fd, o->level, o->name, NULL, &size));
	size = sizeof value;
	add_result(getsockopt(fd, o->level, o->name, BAD, &size));
	add_result(getsockopt(fd, o->level, o->name, &value, NULL));
	add_result(getsockopt(fd, o->level, o->name, &value, BAD));
	size = (socklen_t)-1;
	if (o->form == NUMBER || o->form == SMALL)
		add_result(getsockopt(fd, o->level, o->name, &value, &size));
	finish("got with bad pointers", o);
	close(fd);
}

static void lengths(const struct kind *k, const struct option *o)
{
	static const int sizes[] = {0, 1, 2, 3, 5, 8, 12, 16, 20, 32, 64, -1};
	static unsigned char bytes[64] = {1};
	const int fd = made(k);
	for (size_t i = 0; i < COUNT(sizes); i++)
		add_result(setsockopt(fd, o->level, o->name, bytes, (socklen_t)sizes[i]));
	finish("set with lengths", o);
	close(fd);
}

/* Bytes that are not there, of a number and of less. */
static void pointers(const struct kind *k, const struct option *o)
{
	if (o->form != NUMBER && o->form != SMALL)
		return;
	const int fd = made(k);
	add_result(setsockopt(fd, o->level, o->name, NULL, 4));
	add_result(setsockopt(fd, o->level, o->name, BAD, 4));
	if (o->level == SOL_SOCKET || o->level == IPPROTO_TCP || o->level == IPPROTO_UDP)
		add_result(setsockopt(fd, o->level, o->name, BAD, 1));
	finish("set with bad pointers", o);
	close(fd);
}

/* Kinds that share their code with another are walked less widely. */
static bool is_walked(const struct kind *k, const struct option *o)
{
	if (k->protocol == IPPROTO_RAW || k->protocol == 200 || k->family == AF_NETLINK)
		return o->level != SOL_SOCKET;
	if (k->type == SOCK_DGRAM && k->protocol != 0)
		return o->level == SOL_UDPLITE_;
	return o->level != IPPROTO_IP || k->family == AF_INET;
}

static void values(const struct kind *k, const struct option *o)
{
	static const int all[] = {1, -1, 0, 2, 5, 64, 255, 256, 1280, 100000, INT32_MAX, INT32_MIN};
	const size_t count = is_walked(k, o) ? COUNT(all) : 2;
	if (o->form != NUMBER && o->form != SMALL)
		return;
	const int fd = made(k);
	for (size_t i = 0; i < count; i++) {
		if (o->form == SMALL && (all[i] > 100000 || all[i] < 0 || all[i] == 2))
			continue;
		char what[32];
		const int done = setsockopt(fd, o->level, o->name, &all[i], sizeof all[i]);
		add_result(done);
		if (done == 0)
			add_value(fd, o, 16);
		snprintf(what, sizeof what, "set to %d", all[i]);
		finish(what, o);
	}
	close(fd);
}

/* Whether a level is one that the socket has. */
static bool has_level(const struct kind *k, const struct option *o)
{
	const bool inet = k->family == AF_INET || k->family == AF_INET6;
	switch (o->level) {
	case SOL_SOCKET:
		return true;
	case IPPROTO_IP:
		return inet && !(k->family == AF_INET6 && k->type == SOCK_RAW);
	case IPPROTO_IPV6:
		return k->family == AF_INET6;
	case IPPROTO_TCP:
		return inet && k->type == SOCK_STREAM;
	case IPPROTO_UDP:
		return inet && k->type == SOCK_DGRAM && k->protocol == 0;
	case SOL_UDPLITE_:
		return k->protocol == IPPROTO_UDPLITE;
	case SOL_RAW:
		return inet && k->type == SOCK_RAW &&
		       (k->family == AF_INET6
				? o->name != ICMP_FILTER
				: k->protocol == IPPROTO_ICMP && o->name == ICMP_FILTER);
	case SOL_ICMPV6:
		return k->family == AF_INET6 && k->type == SOCK_RAW;
	case SOL_PACKET:
		return k->family == AF_PACKET;
	default:
		return k->family == AF_NETLINK;
	}
}

static void fresh(const struct kind *k)
{
	scope("options %s", k->name);
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];
		if (!has_level(k, o))
			continue;
		const int fd = made(k);
		if (o->form != QUESTION) {
			add_value(fd, o, 64);
			finish("at first", o);
		}
		close(fd);
		if (is_walked(k, o))
			rooms(k, o);
		if (o->form == READ || o->form == LENGTH || o->form == QUESTION)
			continue;
		if (is_walked(k, o))
			lengths(k, o);
		if (is_walked(k, o))
			pointers(k, o);
		values(k, o);
	}
}

/* Levels, and names of theirs that mean nothing. */
static void levels(const struct kind *k)
{
	static const int numbers[] = {
		SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP,
		SOL_RAW,    SOL_ICMPV6, SOL_PACKET,   SOL_NETLINK, SOL_UDPLITE_,
		2,	    99,		1000,	      -1};
	static const int names[] = {0, 150, 5000, -1};
	scope("options %s", k->name);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		const int fd = made(k);
		for (size_t j = 0; j < COUNT(names); j++) {
			int value = 0;
			socklen_t size = sizeof value;
			add_result(getsockopt(fd, numbers[i], names[j], &value, &size));
			add_result(setsockopt(fd, numbers[i], names[j], &value, sizeof value));
		}
		say("level %d, unknown names:%s", numbers[i], line);
		line[0] = '\0';
		close(fd);
	}
}

/* States that a socket can be in, and how it gets there; `out_peer` keeps what it needs. */
static int listener_of(const struct kind *k, int *out_peer)
{
	struct endpoint name;
	*out_peer = -1;
	return listening(k->family, 5, &name);
}

static int client_of(const struct kind *k, int *out_peer)
{
	int pair[2];
	tcp_pair(k->family, pair);
	*out_peer = pair[1];
	return pair[0];
}

static int server_of(const struct kind *k, int *out_peer)
{
	int pair[2];
	tcp_pair(k->family, pair);
	*out_peer = pair[0];
	return pair[1];
}

static int refused_of(const struct kind *k, int *out_peer)
{
	struct endpoint name = nobody(k->family, SOCK_STREAM);
	const int fd = made(k);
	(void)connect(fd, sa(&name), name.size);
	*out_peer = -1;
	return fd;
}

static int connected_of(const struct kind *k, int *out_peer)
{
	struct endpoint name = loopback(k->family, k->type == SOCK_DGRAM ? 9 : 0);
	const int fd = made(k);
	must(connect(fd, sa(&name), name.size), "connect");
	*out_peer = -1;
	return fd;
}

/* Each option in a state: as it is, and set to some values. */
static void in_state(const char *state, int (*get)(const struct kind *, int *),
		     const struct kind *k)
{
	static const int all[] = {1, 0, 2, 255};
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];
		int peer;
		if (!has_level(k, o) || (o->form != NUMBER && o->form != SMALL))
			continue;
		if (o->level == SOL_SOCKET && o->name == SO_SNDBUF && k->type == SOCK_STREAM)
			continue; /* grows with a connection, as the machine says */
		const int fd = get(k, &peer);
		add_value(fd, o, 16);
		for (size_t j = 0; j < (o->form == SMALL ? 2 : COUNT(all)); j++) {
			add(", %d:", all[j]);
			const int done = setsockopt(fd, o->level, o->name, &all[j], sizeof all[j]);
			add_result(done);
			if (done == 0)
				add_value(fd, o, 16);
		}
		finish(state, o);
		close(fd);
		close(peer);
	}
}

/* Options that a connection would end by, or that change what kind of socket it is. */
static bool is_harmless(const struct option *o)
{
	return !(o->level == IPPROTO_IPV6 && o->name == IPV6_ADDRFORM) &&
	       !(o->level == SOL_SOCKET && o->name == SO_BINDTOIFINDEX);
}

static void accepted(const struct kind *k)
{
	struct endpoint name;
	const int listener = listening(k->family, 5, &name);
	scope("options %s", k->name);
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];
		const int value = 1;
		if ((o->form != NUMBER && o->form != SMALL) || !has_level(k, o) || !is_harmless(o))
			continue;
		(void)setsockopt(listener, o->level, o->name, &value, sizeof value);
	}
	const int fd = must(socket(k->family, SOCK_STREAM, 0), "socket");
	must(connect(fd, sa(&name), name.size), "connect");
	must((int)send(fd, "x", 1, 0), "send");
	const int got = must(accept(listener, NULL, NULL), "accept");
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];
		if (o->form == QUESTION || !has_level(k, o) || !is_harmless(o))
			continue;
		add_value(listener, o, 16);
		add(", accepted");
		add_value(got, o, 16);
		finish("of the listener", o);
	}
	close(fd);
	close(got);
	close(listener);
}

static void states(const struct kind *k)
{
	scope("options %s", k->name);
	if (k->type != SOCK_STREAM) {
		in_state("connected", connected_of, k);
		return;
	}
	in_state("listening", listener_of, k);
	in_state("connected", client_of, k);
	in_state("accepted", server_of, k);
	in_state("refused", refused_of, k);
	accepted(k);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		fresh(&kinds[i]);
		levels(&kinds[i]);
		if (kinds[i].family == AF_INET || kinds[i].family == AF_INET6)
			states(&kinds[i]);
	}
	return 0;
}
