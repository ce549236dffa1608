/* SPDX-License-Identifier: MIT */
/*
 * All interfaces of one host, and what they hand up: packets by EtherType, news to listeners.
 *
 * Frames carry an Ethernet header on every interface, lo included (with zero addresses, as on
 * Linux), so that drivers and captures know one format; only a packet that loops back inside the
 * stack does without.
 */
#ifndef LINK_LINKS_H
#define LINK_LINKS_H

#include <stdbool.h>

#include "base/list.h"
#include "link/netif.h"

struct env;

/* The protocols above a link, and their place in the dispatch table. */
enum link_protocol { LINK_IP4, LINK_IP6, LINK_ARP, LINK_PROTOCOLS };

/* What changed about an interface. */
enum link_change {
	LINK_ADDED,
	LINK_REMOVED, /* told while the interface is still there */
	LINK_UP,      /* IFF_UP and the carrier are both there now */
	LINK_DOWN,
	LINK_FLAGS, /* one of IFF_UP and the carrier, without that it makes a difference */
	LINK_MTU,
	LINK_NAME,
	LINK_ADDRESS,
	LINK_FEATURES,
};

/* Receives the packets of one protocol: head[] starts at its header. Consumes `p`. */
typedef void (*link_input_fn)(void *ctx, struct netif *n, struct berth_packet *p);

/* One who wants to know. Either function may be NULL. */
struct link_listener {
	struct list link; /* links' */
	void *ctx;
	/* The queue of `n` had been full and has room again. */
	void (*on_tx_space)(void *ctx, struct netif *n);
	void (*on_change)(void *ctx, struct netif *n, enum link_change change);
};

/* Whom a frame is for, as Linux numbers it (PACKET_HOST ...). */
enum link_kind {
	LINK_TO_US,
	LINK_TO_ALL,
	LINK_TO_GROUP,
	LINK_TO_OTHER,
	LINK_FROM_US, /* it is on its way out */
};

/* A frame as a tap sees it. */
struct link_frame {
	struct netif *netif;
	const struct berth_packet *packet; /* from its link header on, or if `bare` without one */
	bool bare;			   /* on lo: its addresses are zeros */
	uint16_t type;			   /* EtherType, or the length of an IEEE 802.3 frame */
	enum link_kind kind;
	const uint8_t *src; /* 6 bytes */
	const void *sender; /* LINK_FROM_US: what link_send_frame() was given; else NULL */
};
typedef void (*link_tap_fn)(void *ctx, const struct link_frame *f);

/* The parts of link/ share it; others go through the functions. */
struct links {
	struct env *env;
	struct list list;	 /* struct netif.link, by index */
	struct netif **by_index; /* [ifindex], NULL: none */
	unsigned index_capacity, index_last;
	struct list gone;	    /* struct netif.link, removed */
	struct netif *loopback;	    /* NULL: not added yet */
	struct list tx_list;	    /* struct netif.tx_link: those with frames for the driver */
	struct packet_queue looped; /* link_loop(), by their ifindex */
	struct list listeners;
	struct {
		link_input_fn fn;
		void *ctx;
	} inputs[LINK_PROTOCOLS];
	link_tap_fn tap; /* NULL: nobody looks */
	void *tap_ctx;
};

/* NULL: no memory. No interface is there at first, not even lo. */
struct links *links_new(struct env *env);
/* Frees all interfaces and queued packets without telling anybody; NULL is fine. */
void links_free(struct links *ls);

/* Who receives the packets of a protocol; `ctx` is the function's first argument. A protocol
 * without one has its packets dropped. */
void links_set_input(struct links *ls, enum link_protocol protocol, link_input_fn fn, void *ctx);

/* Shows every frame of every interface, coming in and going out, to `fn`, which must not call back;
 * NULL: nobody, which costs nothing. */
void links_set_tap(struct links *ls, link_tap_fn fn, void *ctx);

/* The caller owns the listener, and takes it off with list_del() before it dies. */
void links_listen(struct links *ls, struct link_listener *listener);

/* As berth_netif_add(), berth_netif_remove(); lo is an interface of kind LOOPBACK, at most one. */
int links_add(struct links *ls, const struct berth_netif_config *config);
/* What was removed stays in memory, down for ever: a path that has not been checked since may still
 * point to it. */
int links_remove(struct links *ls, unsigned ifindex);

/* NULL: there is none. By index O(1). */
struct netif *links_get(const struct links *ls, unsigned ifindex);
struct netif *links_by_name(const struct links *ls, const char *name);
/* The `i`th in order of index. */
struct netif *links_nth(const struct links *ls, unsigned i);
/* The loopback interface. */
struct netif *links_loopback(const struct links *ls);

/* Gives an interface another name. -EINVAL: no name; -EEXIST: another one has it. */
int links_rename(struct links *ls, struct netif *n, const char *name);

/* Whether an interface of that kind can have it: from 68 bytes on. */
bool netif_mtu_valid(enum berth_netif_kind kind, uint32_t mtu);
/* What an interface can be told. -EINVAL as in berth_netif_set_*(). */
void netif_set_up(struct netif *n, bool up);
void netif_set_running(struct netif *n, bool running);
int netif_set_mtu(struct netif *n, uint32_t mtu);
/* Its own address on the link. -EADDRNOTAVAIL: no station's. */
int netif_set_address(struct netif *n, const uint8_t mac[6]);
void netif_set_features(struct netif *n, uint32_t features);
int netif_set_external(struct netif *n, bool external);
void netif_info(const struct netif *n, struct berth_netif_info *out);

/* A frame from the driver: checked against the interface's address and handed up. Consumed. */
void links_input(struct links *ls, unsigned ifindex, struct berth_packet *p);

/* The next frame for the driver, oldest first per interface; NULL: none. O(1). */
struct berth_packet *links_output(struct links *ls, unsigned *out_ifindex);

/*
 * Delivers what waits on lo (unless the driver carries it), and what that gives rise to, until
 * nothing is left or a bound is reached. The stack calls it at the end of every call into it;
 * true: something is still waiting, come back at once.
 */
bool links_run(struct links *ls);
/* Gives this host a copy of its own multicast or broadcast, as if it had come in through `n`
 * (PACKET_LOOPED), when links_run() is next called; consumed. */
void link_loop(struct netif *n, struct berth_packet *p);
/* Whether links_run() has something to do. */
static inline bool links_pending(const struct links *ls)
{
	const struct netif *lo = ls->loopback;

	return ls->looped.count > 0 || (lo && lo->txq.count > 0 && !lo->external);
}

/*
 * Sends a packet that starts at its network header, consumed: pushes the link header, completes
 * checksums and cuts super-packets that the interface does not take, queues, wakes the driver.
 * 0; -ENETDOWN; -ENOBUFS: the queue is full, or no memory. Failures are counted.
 */
int link_output(struct netif *n, struct berth_packet *p, const uint8_t mac[6],
		enum link_protocol protocol);

/* Sends a complete frame, which has at least a link header (of any type), as it is; consumed.
 * `sender` is told to the tap, and `type` in place of the frame's own, unless it is 0. Results as
 * link_output(). */
int link_send_frame(struct netif *n, struct berth_packet *p, const void *sender, uint16_t type);

/* For link/ alone: a frame that came in, from its link header on; consumed. */
void links_rx(struct netif *n, struct berth_packet *p);
/* For link/ alone: shows a frame that has no link header to the tap, which is there. */
void links_tap_bare(struct netif *n, const struct berth_packet *p, enum link_kind kind);
/* For link/ alone: puts a complete frame into the queue of `n`; -ENOBUFS. Consumed. */
int netif_enqueue(struct netif *n, struct berth_packet *p);
/* For link/ alone: takes the oldest frame out; NULL: none. Tells of the room it made. */
struct berth_packet *netif_dequeue(struct netif *n);
/* For link/ alone: tells the listeners what changed. */
void links_tell(struct netif *n, enum link_change change);
/* For link/ alone: hands a packet, which starts at its network header, to its protocol. */
void links_deliver(struct netif *n, struct berth_packet *p, enum link_protocol protocol);

/* The address that all stations hear. */
extern const uint8_t link_broadcast_mac[6];
/* The Ethernet address of a multicast group (RFC 1112 §6.4, RFC 2464 §7). */
void link_multicast_mac(const struct ipaddr *group, uint8_t out_mac[6]);

#endif
