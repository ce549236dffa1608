/* SPDX-License-Identifier: MIT */
/*
 * Interfaces, addresses, routes and neighbours of a stack, and the packets that
 * pass between stacks.
 */
#ifndef BERTH_NETIF_H
#define BERTH_NETIF_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <berth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BERTH_NETIF_NAME_BYTES 16

enum berth_netif_kind {
	BERTH_NETIF_LOOPBACK, /* the one interface "lo" */
	BERTH_NETIF_ETHER,
};

/* Features a driver offers; they spare work, never change what programs see. */
#define BERTH_NETIF_CSUM 0x1u /* checksums are a flag on the packet, not computed */
#define BERTH_NETIF_GSO 0x2u  /* takes TCP packets of up to 64 KiB, with a segment size */

/* What berth_netif_add() takes. */
struct berth_netif_config {
	const char *name; /* such as "eth0"; unique on the host, < 16 bytes */
	enum berth_netif_kind kind;
	uint32_t mtu;	   /* bytes of IP; 68 to 65535; 0: 1500 */
	uint8_t mac[6];	   /* zero: drawn, locally administered */
	uint32_t features; /* BERTH_NETIF_* */
};

/* Adds an interface, down and without addresses. Returns its index (> 0);
 * -EEXIST: the name is taken; -EINVAL: a bad name or mtu; -ENOMEM. */
BERTH_API int berth_netif_add(struct berth_stack *st, const struct berth_netif_config *config);

/* Takes an interface and its addresses and routes away. -ENODEV. */
BERTH_API int berth_netif_remove(struct berth_stack *st, unsigned ifindex);

/* Sets IFF_UP or clears it. -ENODEV. */
BERTH_API int berth_netif_set_up(struct berth_stack *st, unsigned ifindex, bool up);

/* Whether the carrier (the cable) is there: IFF_RUNNING. -ENODEV. */
BERTH_API int berth_netif_set_running(struct berth_stack *st, unsigned ifindex, bool running);

/* -ENODEV; -EINVAL: out of range (lo: up to 65536). */
BERTH_API int berth_netif_set_mtu(struct berth_stack *st, unsigned ifindex, uint32_t mtu);

/* Replaces the features of an interface (a cable that impairs takes GSO away). -ENODEV. */
BERTH_API int berth_netif_set_features(struct berth_stack *st, unsigned ifindex, uint32_t features);

/* Whether the driver carries the frames of the loopback interface: berth_output() then
 * yields them, and the driver gives them back with berth_input_packet() when and if it
 * likes. Otherwise (the default) the stack does this itself at once. -ENODEV: not lo. */
BERTH_API int berth_netif_set_external(struct berth_stack *st, unsigned ifindex, bool external);

/* An address of an interface: `addr` is a sockaddr_in or sockaddr_in6 (port ignored).
 * Adds the connected route too. An IPv6 address is used at once, without asking whether
 * somebody else has it. -EEXIST, -EINVAL, -ENODEV, -EAFNOSUPPORT, -ENOMEM. */
BERTH_API int berth_addr_add(struct berth_stack *st, unsigned ifindex, const struct sockaddr *addr,
			     unsigned prefix_len);
BERTH_API int berth_addr_del(struct berth_stack *st, unsigned ifindex, const struct sockaddr *addr,
			     unsigned prefix_len);

/* The same with all that can be said about an address. */
struct berth_addr_config {
	struct sockaddr_storage addr;
	unsigned prefix_len;
	uint32_t flags;		 /* IFA_F_NODAD, IFA_F_NOPREFIXROUTE of <linux/if_addr.h> */
	berth_time preferred_ns; /* how long it is used for new connections; 0: for ever */
	berth_time valid_ns;	 /* how long it is there; 0: for ever */
};

/* Adds an address, or changes the lifetimes of one that is there. A new IPv6 address without
 * IFA_F_NODAD is tentative until nobody has objected for a second or two (RFC 4862). -EINVAL
 * also: preferred longer than valid. */
BERTH_API int berth_addr_set(struct berth_stack *st, unsigned ifindex,
			     const struct berth_addr_config *config);

/* A route to dst/prefix_len, through `gateway` (NULL: on the link). Longest prefix wins,
 * then the smallest metric. -EEXIST, -ENETUNREACH: gateway not on link, -ENODEV, -EINVAL. */
BERTH_API int berth_route_add(struct berth_stack *st, const struct sockaddr *dst,
			      unsigned prefix_len, const struct sockaddr *gateway, unsigned ifindex,
			      uint32_t metric);
BERTH_API int berth_route_del(struct berth_stack *st, const struct sockaddr *dst,
			      unsigned prefix_len);

/* What a listing tells of one interface. */
struct berth_netif_info {
	unsigned ifindex;
	char name[BERTH_NETIF_NAME_BYTES];
	enum berth_netif_kind kind;
	uint32_t flags; /* IFF_* of <net/if.h> */
	uint32_t mtu;
	uint8_t mac[6];
	uint64_t rx_packets, rx_bytes, rx_dropped;
	uint64_t tx_packets, tx_bytes, tx_dropped;
};

struct berth_addr_info {
	unsigned ifindex;
	struct sockaddr_storage addr; /* link-local: with its scope */
	unsigned prefix_len;
	uint32_t flags; /* IFA_F_*: permanent, tentative, dadfailed, deprecated ... */
	uint8_t scope;	/* RT_SCOPE_* of <linux/rtnetlink.h> */
	berth_time preferred_ns, valid_ns; /* from now on; BERTH_TIME_NEVER: for ever */
	berth_time created, updated;	   /* in the driver's time */
};

struct berth_route_info {
	struct sockaddr_storage dst;
	unsigned prefix_len;
	struct sockaddr_storage gateway; /* AF_UNSPEC: on the link */
	unsigned ifindex;
	uint32_t metric;
	uint8_t protocol;      /* RTPROT_* of <linux/rtnetlink.h> */
	int8_t preference;     /* of a router that advertised itself: -1 low, 0, 1 high */
	berth_time expires_ns; /* from now on; BERTH_TIME_NEVER: does not */
};

struct berth_neigh_info {
	unsigned ifindex;
	struct sockaddr_storage addr;
	uint8_t mac[6];
	uint16_t state; /* NUD_* of <linux/neighbour.h> */
	bool router;	/* IPv6: it says so */
};

/* How packets get to a destination. */
struct berth_path_info {
	struct sockaddr_storage src;	 /* the address that they are sent from */
	struct sockaddr_storage gateway; /* AF_UNSPEC: it is on the link, or this host */
	unsigned ifindex;
	uint32_t mtu; /* of the path, as known now */
};

/* The `i`th entry, in a stable order; false past the last. */
BERTH_API bool berth_netif_get(const struct berth_stack *st, unsigned i,
			       struct berth_netif_info *out);
BERTH_API bool berth_addr_get(const struct berth_stack *st, unsigned i,
			      struct berth_addr_info *out);
BERTH_API bool berth_route_get(const struct berth_stack *st, unsigned i,
			       struct berth_route_info *out);
BERTH_API bool berth_neigh_get(const struct berth_stack *st, unsigned i,
			       struct berth_neigh_info *out);

/* Which way packets to `dst` go now, and from which address (RFC 6724 §5): what a
 * connect() of a datagram socket would find out. `ifindex` 0: any; a link-local `dst` brings
 * its own (sin6_scope_id). -ENETUNREACH, -EHOSTUNREACH, -EADDRNOTAVAIL, -EINVAL ... */
BERTH_API int berth_path_get(struct berth_stack *st, const struct sockaddr *dst, unsigned ifindex,
			     struct berth_path_info *out);

/*
 * Packets. A packet has one owner; functions that take `struct berth_packet *` without
 * const consume it, save those that only edit it (named _set_, _flip_ or _complete).
 */

/* A packet holding a copy of `bytes` bytes; NULL: no memory. */
BERTH_API struct berth_packet *berth_packet_new(struct berth_pool *pool, const void *frame,
						size_t bytes);
BERTH_API void berth_packet_free(struct berth_packet *p);

/* A second packet that shares the payload bytes; NULL: no memory. */
BERTH_API struct berth_packet *berth_packet_clone(const struct berth_packet *p);

/* Bytes of the frame, headers included. */
BERTH_API size_t berth_packet_bytes(const struct berth_packet *p);

/* Payload bytes per segment of a TCP super-packet; 0: an ordinary packet. */
BERTH_API size_t berth_packet_gso_bytes(const struct berth_packet *p);

/* Copies up to `bytes` bytes from `offset` on; returns how many. */
BERTH_API size_t berth_packet_copy(const struct berth_packet *p, size_t offset, void *buf,
				   size_t bytes);

/* Computes the checksums that so far are only a flag, so that the bytes are what a wire
 * would carry. Harmless when they already are. */
BERTH_API void berth_packet_complete(struct berth_packet *p);

/* Flips one bit (0 to 8 * bytes - 1) of a packet whose checksums are complete; the payload is
 * copied first if it is shared. -ENOMEM: nothing changed. */
BERTH_API int berth_packet_flip_bit(struct berth_packet *p, uint64_t bit);

/*
 * Cuts a super-packet into the segments that a wire would carry: unlinks and returns
 * the first, and keeps the rest in *p, which is NULL after the last. An ordinary packet
 * is its own only segment. NULL with *p untouched: no memory.
 */
BERTH_API struct berth_packet *berth_packet_cut(struct berth_packet **p);

/* One line as tcpdump prints it, without time; always terminated. Returns its length. */
BERTH_API size_t berth_packet_print(const struct berth_packet *p, char *buf, size_t bytes);

/* A word for the packet's driver, and a link for its queues; the stack ignores both,
 * and a packet that comes out of a stack has zeros there. */
BERTH_API void berth_packet_set_link(struct berth_packet *p, struct berth_packet *next);
BERTH_API struct berth_packet *berth_packet_link(const struct berth_packet *p);

#ifdef __cplusplus
}
#endif
#endif
