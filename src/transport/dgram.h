/* SPDX-License-Identifier: MIT */
/*
 * What datagram sockets share, whatever they carry: a bounded queue of received packets, what
 * becomes of errors, multicast groups, and the wait for room at an interface.
 */
#ifndef TRANSPORT_DGRAM_H
#define TRANSPORT_DGRAM_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "pkt/packet.h"
#include "transport/demux.h"
#include "transport/proto.h"

struct member;	  /* transport/member.h */
struct dgram_ext; /* IPv6 extension headers, or IPv4 options, of a packet that waits */

struct dgram {
	struct sock sock;
	struct packet_queue queue;  /* received; each starts at its payload */
	uint32_t held;		    /* what they cost of SO_RCVBUF, overhead included */
	uint32_t dropped;	    /* for want of room */
	berth_time stamp;	    /* arrival of the last one read, SIOCGSTAMP; 0: none */
	struct dgram_ext *last_ext; /* its headers, which recv() tells of; owned, or NULL */
	struct member *members;	    /* of multicast groups */
	/* Of the transport header that stands before what is delivered; filters begin with it. */
	uint8_t header_bytes;
	struct list blocked_link; /* in tp->blocked: its last send met a full interface */
};

static inline struct dgram *dgram_of(struct sock *s)
{
	return container_of(s, struct dgram, sock);
}

static inline const struct dgram *dgram_of_const(const struct sock *s)
{
	return (const struct dgram *)(const void *)s;
}

/* Of struct proto's init(), for a sock whose common fields are set. */
void dgram_init(struct dgram *d);
/* Drops the queues and leaves all groups; the sock is to be freed next. */
void dgram_fini(struct dgram *d);

/*
 * Sending, see dgram_send.c. What is the same for all pieces of one datagram:
 */
struct dgram_target {
	struct endpoint to;
	struct ip_path path;
	int ttl, tos; /* -1: the socket's */
	bool dontfrag;
	bool has_label;	    /* flow_label is the program's */
	uint16_t gso_bytes; /* UDP_SEGMENT; 0: none */
	uint32_t flow_label;
	uint32_t tsflags;
	uint32_t mark, priority;
	const struct proto_extras *extras; /* NULL: none */
};

/* The path that a datagram to `dst` takes; errors of ip_path_find(). */
int dgram_find_path(const struct sock *s, const struct ipaddr *dst, struct ip_path *path);
/* The same for connect(2); -EACCES too: a broadcast without SO_BROADCAST. */
int dgram_connect_path(const struct sock *s, const struct ipaddr *dst, struct ip_path *path);
/* connect() of struct proto for protocols without ports (raw, ping): from now on `remote` is the
 * peer, which no table knows, and an unbound sock has the path's source. Errors of
 * dgram_connect_path(), with which nothing has changed. */
int dgram_link(struct sock *s, const struct endpoint *remote);
/* Its opposite; the local end is the protocol's to see to. */
void dgram_unlink(struct sock *s);
/* Finds where a datagram goes. With control data that names the source, the path is the datagram's
 * own (in out->path); else it is s->path, and *out_path says which. */
int dgram_aim(struct sock *s, const struct proto_msg *m, struct dgram_target *out,
	      const struct ip_path **out_path);
/* SO_ERROR, a shut down direction, a full interface: what sock_alloc_send_skb() is to Linux. */
int dgram_check_room(struct sock *s, const struct ip_path *path);
/* A datagram larger than the path takes: for who asked for errors, the MTU comes with the error.
 * -EMSGSIZE. */
int dgram_too_big(struct sock *s, const struct endpoint *to, uint32_t mtu);
/* A copy that stands by itself, to be freed with env_free(). NULL: no memory. */
const struct proto_extras *dgram_extras_copy(struct env *env, const struct proto_extras *x);
/* A packet of the program's bytes; NULL: no memory. */
struct berth_packet *dgram_payload(const struct sock *s, const struct proto_msg *m);
/* Sends a packet that starts at its transport header, whose checksum is seen to, as the socket's
 * options say. Consumed; results as dgram_sent(). */
int dgram_output(struct sock *s, struct berth_packet *p, const struct dgram_target *to,
		 const struct ip_path *path);
/* What the program is told. Linux: a datagram lost in a queue of our own is told only to those who
 * ask (IP_RECVERR). */
static inline int dgram_sent(const struct sock *s, int result)
{
	return result == -ENOBUFS && !s->opt->recverr ? 0 : result;
}
/* option_changed() and shutdown() of struct proto. */
void dgram_option_changed(struct sock *s, int level, int name);
int dgram_shutdown(struct sock *s, int how);

/* Queues a packet, which starts at its payload; consumed. Dropped and counted if the filter does
 * not want it or it does not fit in SO_RCVBUF. `port` is the sender's (0: none). */
void dgram_deliver(struct dgram *d, struct berth_packet *p, const struct ip_info *info,
		   uint16_t port);

/* recv() of struct proto. -EAGAIN; the pending error. */
ssize_t dgram_recv(struct sock *s, struct proto_msg *m);

/* poll() of struct proto. */
unsigned dgram_poll(const struct sock *s);

/* The bytes of the next datagram, and of all (SIOCOUTQ's and FIONREAD's use). */
size_t dgram_next_bytes(const struct dgram *d);

/* ioctl() of struct proto. */
int dgram_ioctl(struct sock *s, unsigned long request, int *value);
/* info() of struct proto. */
void dgram_info(const struct sock *s, struct berth_sock_info *out);

/* Tells of an ICMP error about a packet to `port` that `s` had sent, `payload_at` bytes of
 * transport header before its payload: keeps it for MSG_ERRQUEUE if the program wants that, sets
 * SO_ERROR if it is due. */
void dgram_on_error(struct dgram *d, const struct ip_error *e, uint16_t port, size_t payload_at);

/* Waits for room at an interface: POLLOUT is false until dgram_on_tx_space(). */
void dgram_block(struct dgram *d);
void dgram_on_tx_space(struct transport *tp);

#endif
