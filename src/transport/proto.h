/* SPDX-License-Identifier: MIT */
/*
 * The one seam between sockets and protocols. A protocol sees struct sock, which its own control
 * block starts with; the socket layer sees struct proto, the protocol's operations. News rises
 * through sock_notify().
 */
#ifndef TRANSPORT_PROTO_H
#define TRANSPORT_PROTO_H

#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <berth/socket.h>

#include "base/list.h"
#include "base/table.h"
#include "net/net.h"
#include "wire/ipaddr.h"

struct bpf;	/* transport/bpf.h */
struct control; /* transport/control.h */
struct env;
struct opt_level;
struct tcp_stamps;
struct port; /* who uses a local port: transport/port.h */
struct proto;
struct sock;
struct transport; /* demultiplexing tables and ports of one host: transport/demux.h */

/* An error about a packet that was sent, as IP_RECVERR tells it (struct sock_extended_err). */
struct sock_error {
	int error;		    /* positive errno */
	uint8_t origin, type, code; /* SO_EE_ORIGIN_* */
	uint32_t info;		    /* EMSGSIZE: the path's MTU; a timestamp: which kind */
	uint32_t data;		    /* a timestamp: whose (SOF_TIMESTAMPING_OPT_ID) */
	struct ipaddr offender;
	unsigned ifindex; /* where the error came in; 0: from here */
	/* Of the packet that brought it; the address is where that was sent. */
	bool has_message;
	uint8_t ttl, tos;
	uint32_t flow_label;
	struct ipaddr message_dst;
};

/* Control data about how one datagram is to be sent, which few bring: all zero else. */
struct proto_extras {
	struct ip6_exts exts; /* IPv6 extension headers, in the program's own bytes */
	uint8_t options[40];  /* IPv4's, padded */
	uint8_t options_len;
	bool has_options; /* instead of the socket's */
	bool has_ts_id;
	uint32_t ts_id; /* SCM_TS_OPT_ID */
};

/* One send or receive, after the socket layer has taken the program's structures apart. */
struct proto_msg {
	const struct iovec *iov;
	int iov_count;
	size_t bytes;  /* sum of the iov */
	int flags;     /* MSG_*; MSG_DONTWAIT is implied */
	bool has_addr; /* send: a destination is given; recv: the peer is wanted */
	struct endpoint addr;
	int family; /* of addr */
	/* The same where the family has names of its own (struct proto_names): the destination
	 * given, and where the sender's name goes to. A length of 0: none. */
	const struct sockaddr *name;
	socklen_t name_len;
	struct sockaddr_storage *out_name;
	socklen_t out_name_len;
	uint32_t flow;	 /* class and label: sin6_flowinfo, IPV6_FLOWINFO; host order */
	bool flow_given; /* as control data */
	/* What goes along with the bytes, in the family's own words: from parse_control() to
	 * send(), from recv() to fill_control(). */
	void *attached;
	bool attached_creds;
	/* Send: control data that overrides the socket's options, -1 or 0: not given. */
	int ttl, tos;
	int dontfrag, gso_bytes;
	int64_t mark, priority, tsflags;
	unsigned pktinfo_ifindex;
	struct ipaddr pktinfo_src;   /* any: not given */
	struct proto_extras *extras; /* NULL: none */
	/* Receive: what the protocol found out, for control data; out_flags: MSG_TRUNC, MSG_OOB ...
	 */
	int out_flags;
	struct ip_info info;
	berth_time time;
	bool has_info;
	uint32_t rx_mark, rx_priority; /* of the packet, with has_info */
	uint32_t dropped;	       /* datagrams lost so far for want of space, SO_RXQ_OVFL */
	uint32_t path_mtu; /* IPV6_PATHMTU: that to `addr`, and nothing else is told; 0: none */
	int inq;	   /* TCP_INQ: bytes left to be read; -1: not told */
	uint16_t segment_bytes; /* UDP_GRO: of the datagrams in this one; 0: it is one */
	bool has_error;		/* with MSG_ERRQUEUE */
	struct sock_error error;
};

/*
 * How a family names its ends when they are not an Internet address and a port. An `addr` has `len`
 * bytes, at most those of a sockaddr_storage, and may be cut short or of another family.
 */
struct proto_names {
	int (*bind)(struct sock *s, const struct sockaddr *addr, socklen_t len);
	/* Takes AF_UNSPEC too: struct proto's connect and disconnect are not used. */
	int (*connect)(struct sock *s, const struct sockaddr *addr, socklen_t len);
	/* This end's name, or the peer's: its length; -ENOTCONN. */
	int (*name)(const struct sock *s, bool peer, struct sockaddr_storage *out);
	/* Takes the control data of a message to be sent apart. NULL: ignored. What it acquired for
	 * `m` is send()'s to release, whatever comes of it. */
	int (*parse_control)(struct sock *s, const struct msghdr *msg, struct proto_msg *m);
	/* Writes what came with a message that was received. NULL: never any. */
	void (*fill_control)(struct sock *s, struct proto_msg *m, struct control *out);
};

#define PROTO_ANY (-1) /* struct proto's protocol: takes every number */

struct proto {
	const char *name;		 /* "TCP" */
	int family;			 /* AF_UNSPEC: those of the Internet */
	int type, protocol;		 /* SOCK_STREAM, IPPROTO_TCP */
	const struct proto_names *names; /* NULL: Internet addresses */
	size_t object_bytes;		 /* of the control block that starts with struct sock */

	int (*init)(struct sock *s); /* after the common fields are set */
	/* The rest of socket(2), with the protocol as the program gave it (0: any). A failed one is
	 * closed next. NULL: nothing to do. */
	int (*open)(struct sock *s, int protocol);
	/* The last descriptor is gone. The sock belongs to the protocol alone from here on, and
	 * it frees it with sock_free() when the last packet has been sent. */
	void (*close)(struct sock *s);
	void (*abort)(struct sock *s);				   /* the same, with a reset */
	int (*bind)(struct sock *s, const struct endpoint *local); /* NULL: transport_bind() */
	int (*connect)(struct sock *s, const struct endpoint *remote);
	int (*disconnect)(struct sock *s);	    /* connect() with AF_UNSPEC */
	int (*listen)(struct sock *s, int backlog); /* NULL: -EOPNOTSUPP, as below */
	int (*accept)(struct sock *s, struct sock **out);
	int (*shutdown)(struct sock *s, int how);
	ssize_t (*send)(struct sock *s, struct proto_msg *m);
	ssize_t (*recv)(struct sock *s, struct proto_msg *m);
	/* See berth_send_reserve() and its fellows; NULL: -EOPNOTSUPP. */
	int (*reserve)(struct sock *s, size_t bytes, struct iovec *iov, int count);
	int (*commit)(struct sock *s, size_t bytes, int flags);
	int (*peek)(struct sock *s, struct iovec *iov, int count);
	int (*consume)(struct sock *s, size_t bytes);
	unsigned (*poll)(const struct sock *s); /* POLL* */
	/* Options of the protocol's own levels (transport/option.h), NULL-terminated; NULL: none.
	 * Of common options that have changed (SO_SNDBUF, SO_KEEPALIVE ...) it hears by
	 * option_changed, which may be NULL. */
	const struct opt_level *const *options;
	void (*option_changed)(struct sock *s, int level, int name);
	int (*ioctl)(struct sock *s, unsigned long request,
		     int *value); /* SIOCINQ, SIOCOUTQ, SIOCATMARK */
	void (*info)(const struct sock *s, struct berth_sock_info *out); /* state, queues, timer */
	/* Another sock of the protocol wants the endpoints of `s`, which nobody holds any more
	 * (TIME-WAIT): true when `s` has given them up, that is, was freed. NULL: never. */
	bool (*yield)(struct sock *s, const struct sock *to);
};

/* Options every socket has; those with a bool are flags of setsockopt. */
struct sock_options {
	uint32_t refs; /* socks that share them; 0: the defaults, everybody's */
	/* What keeps packets from the sock, together, as it is looked at for each. */
	uint8_t minttl, min_hops6;	   /* IP_MINTTL, IPV6_MINHOPCOUNT; 0: any */
	struct bpf *filter;		   /* SO_ATTACH_FILTER, counted; NULL: none */
	bool rcvbuf_locked, sndbuf_locked; /* set by the program: no tuning */
	uint32_t rcvlowat;
	bool reuseaddr, reuseport, keepalive, broadcast, oobinline, dontroute, timestamp,
		timestampns, no_check, rxq_ovfl;
	bool linger;
	int linger_seconds;
	berth_time rcvtimeo,
		sndtimeo; /* kept for the driver, which does the waiting; 0: for ever */
	uint32_t priority, mark;
	uint64_t max_pacing_rate;
	unsigned ifindex; /* SO_BINDTODEVICE */
	bool zerocopy;	  /* SO_ZEROCOPY */
	bool debug, rcvmark, rcvpriority, wifi_status, nofcs, select_err_queue, prefer_busy_poll,
		filter_locked, passcred, passsec, passpidfd;
	uint8_t txrehash;
	int incoming_cpu, busy_poll, busy_poll_budget;
	int32_t txtime_clock; /* SO_TXTIME */
	uint32_t txtime_flags;
	/* SOF_TIMESTAMPING_*; times_new: all times are given in the 64-bit form */
	uint32_t tsflags;
	bool times_new;
	/* IPPROTO_IP */
	uint8_t tos;
	int ttl, mcast_ttl; /* -1: the default */
	bool mcast_loop, mcast_all;
	unsigned mcast_ifindex;
	struct ipaddr mcast_src;
	uint8_t pmtudisc; /* IP_PMTUDISC_* */
	bool recverr, pktinfo, recvttl, recvtos, recvopts, retopts, recvorigdstaddr, freebind,
		transparent, bind_address_no_port, hdrincl, nodefrag, recvfragsize, recverr_rfc4884,
		router_alert, recvchecksum, passsec4;
	unsigned unicast_ifindex;  /* IP_UNICAST_IF */
	uint16_t port_lo, port_hi; /* IP_LOCAL_PORT_RANGE; 0: the host's */
	uint8_t options_len;	   /* IP_OPTIONS: at most 40 */
	uint8_t *options;	   /* owned; NULL: none */
	/* IPPROTO_IPV6 */
	bool v6only;
	int hop_limit, mcast_hops, tclass; /* -1: the default */
	bool mcast6_loop, mcast6_all;
	unsigned mcast6_ifindex, unicast6_ifindex;
	uint8_t pmtudisc6; /* IPV6_PMTUDISC_* */
	bool recverr6, recvpktinfo6, recvhoplimit6, recvtclass6, recvflow6, recvhopopts6,
		recvdstopts6, recvrthdr6, recvpathmtu6, recvorigdstaddr6, recvfragsize6;
	/* The same with the names that they had in RFC 2292. */
	bool pktinfo6_2292, hoplimit6_2292, hopopts6_2292, dstopts6_2292, rthdr6_2292;
	bool dontfrag6, flowinfo_send, recverr6_rfc4884, router_alert_isolate6;
	int autoflowlabel;    /* -1: the host's way */
	uint16_t addr_prefs;  /* IPV6_PREFER_SRC_*, as they differ from the default */
	uint32_t frag_bytes6; /* IPV6_MTU as set: fragments are no larger; 0: not set */
};

/* What few sockets have, apart so that idle connections do not pay for it. */
struct sock_extra {
	struct list errors; /* struct errq_entry, oldest first: errq.c */
	uint32_t errors_count;
	int32_t peek_off;	   /* SO_PEEK_OFF; -1: off */
	uint32_t zerocopy_key;	   /* MSG_ZEROCOPY: the next call's number */
	struct bpf *chooser;	   /* SO_ATTACH_REUSEPORT_CBPF of its group, counted, or NULL */
	uint32_t ts_key;	   /* SOF_TIMESTAMPING_OPT_ID: the next number; TCP: of byte 0 */
	struct tcp_stamps *stamps; /* tcp/tcp_stamp.c's, owned; NULL: none */
	berth_time pace_at;	   /* SO_MAX_PACING_RATE: TCP's next packet may leave then */
	bool pace_waits;	   /* and it is there */
	uint32_t path_mtu;	   /* IPV6_RECVPATHMTU: to be told; 0: nothing new */
	struct endpoint path_to;   /* to where */
	uint32_t flow;		   /* sin6_flowinfo that connect() was given, host order */
	struct ipaddr pktinfo_src; /* IPV6_PKTINFO as an option; any: not set */
	unsigned pktinfo_ifindex;
	struct ip6_exts exts; /* sticky extension headers, each owned */
	bool has_exts;
	uint32_t *labels; /* flow labels that it has a lease of, owned */
	uint32_t labels_count;
};

struct sock {
	const struct proto *proto;
	struct transport *tp;
	void *upper;	      /* the socket layer's descriptor; NULL: closed or not yet accepted */
	uint8_t family, type; /* AF_INET, SOCK_STREAM */
	uint16_t protocol;    /* of raw socks, Linux: more than a packet can name */
	bool hidden;	      /* in no listing; conflicts with nobody (name service) */
	bool bound_port,
		bound_addr; /* the program chose them (SOCK_BINDPORT_LOCK, SOCK_BINDADDR_LOCK) */
	bool shut_rd, shut_wr;
	bool linked;	/* connected without being in a table (raw, ping): `remote` is the peer */
	bool listening; /* port.c: takes packets of peers that no connected sock knows */
	struct endpoint local, remote;	/* port 0: not bound, not connected */
	int error;			/* SO_ERROR, positive errno, cleared by reading */
	int soft_error;			/* reported if it ends in failure */
	struct ip_path path;		/* to remote */
	uint32_t rcvbuf, sndbuf;	/* as getsockopt shows them (doubled) */
	const struct sock_options *opt; /* shared until sock_edit_options() */
	struct sock_extra *extra;	/* owned; NULL: everything as it is at first */
	/* Kept by transport/port.c alone: */
	struct port *port;	      /* the local port it holds; NULL: none */
	struct list port_link;	      /* in its port's list of binders or users */
	struct table_node tuple_node; /* by both endpoints, when connected */
	struct list all_link;	      /* transport: every sock of the host */
	uint64_t id;		      /* ascending, never reused: cursor of berth_sock_next() */
};

/* What its packets say. */
static inline uint8_t sock_ip_protocol(const struct sock *s)
{
	return (uint8_t)s->protocol;
}

/* Whether it has a peer; of protocols with ports: is in the table of connected socks. */
static inline bool sock_connected(const struct sock *s)
{
	return table_node_linked(&s->tuple_node) || s->linked;
}

/* Readiness may have risen: POLL* bits that are newly true or true again (new data). The socket
 * layer registers this. */
void sock_notify(struct sock *s, unsigned events);

/* A new sock of a protocol with the host's defaults, on no table, and its init() called. NULL: no
 * memory or too many. */
struct sock *sock_new(struct transport *tp, const struct proto *proto, int family);
/* For a passively opened sock: its listener's options, shared until one of the two changes one. */
void sock_inherit_options(struct sock *child, const struct sock *parent);
/* The options of this sock alone, to be changed. NULL: no memory, they are as they were. */
struct sock_options *sock_edit_options(struct sock *s);
/* The extra part, made if there is none. NULL: no memory. */
struct sock_extra *sock_extra(struct sock *s);
/* SO_PEEK_OFF: where MSG_PEEK reads from, in bytes; -1: it is off. What was read moves it forward
 * (by MSG_PEEK), or back. */
static inline int32_t sock_peek_off(const struct sock *s)
{
	return s->extra ? s->extra->peek_off : -1;
}
void sock_peek_off_move(struct sock *s, bool forward, size_t bytes);
/* Whether it may be bound to addresses that are not the host's: IP_FREEBIND, IP_TRANSPARENT, or
 * ip_nonlocal_bind for all. */
bool sock_binds_foreign(const struct sock *s);
/* The wildcard address of the sock's family. */
struct ipaddr sock_any(const struct sock *s);
/* Whether an IPv6 sock takes IPv6 alone. */
static inline bool sock_v6only(const struct sock *s)
{
	return s->family == AF_INET6 && s->opt->v6only;
}
/* Whether SO_DONTROUTE keeps it from this path, for which the error is -ENETUNREACH. Linux: IPv4's
 * alone (RT_SCOPE_LINK). */
static inline bool sock_avoids(const struct sock *s, const struct ip_path *path)
{
	return s->opt->dontroute && path->gateway && ipaddr_is4(&path->dst);
}
/* How the sock's options say that its packets along `path` go: TTL, class, options, extension
 * headers, flow label. The rest of *out is as it was. */
void sock_fill_send(const struct sock *s, const struct ip_path *path, struct ip_send *out);
/* What the options above make of each packet: bytes of IP options or extension headers. */
uint32_t sock_send_overhead(const struct sock *s, const struct ip_path *path);
/* Takes it out of all tables and frees it; the protocol has let go of its own parts. */
void sock_free(struct sock *s);

/* What its host shares, and its network layer. */
struct env *sock_env(const struct sock *s);
struct net *sock_net(const struct sock *s);

#endif
