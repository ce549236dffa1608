/* SPDX-License-Identifier: MIT */
/*
 * Neighbours: the link addresses of the hosts on the same link, and whether they can be reached.
 * One machine serves ARP and NDP (RFC 4861 §7.3, with the constants of Linux):
 *
 *                 +------------------- reply -------------------------+
 *                 |                                                   v
 *     (new) -> INCOMPLETE -- 3 requests, no reply --> FAILED      REACHABLE <----+
 *                 ^                                     |             |          |
 *                 +------------- packet ----------------+    30 s idle|   confirmation
 *                                                                     v          | or reply
 *     (heard of, not asked) -------------------------------------> STALE         |
 *                                                                     | packet   |
 *                                                                     v          |
 *                              FAILED <-- 3 requests -- PROBE <-5 s- DELAY ------+
 *
 * Packets to INCOMPLETE wait in a bounded queue; FAILED gives them back, to be answered with
 * "host unreachable". In STALE, DELAY, PROBE and REACHABLE the address known is used.
 */
#ifndef LINK_NEIGH_H
#define LINK_NEIGH_H

#include <stdbool.h>

#include "base/list.h"
#include "base/table.h"
#include "base/timer.h"
#include "link/netif.h"

struct env;

/* The values are those of NUD_* in <linux/neighbour.h>, which listings show. */
enum neigh_state {
	NEIGH_NONE = 0,
	NEIGH_INCOMPLETE = 0x01,
	NEIGH_REACHABLE = 0x02,
	NEIGH_STALE = 0x04,
	NEIGH_DELAY = 0x08,
	NEIGH_PROBE = 0x10,
	NEIGH_FAILED = 0x20,
	NEIGH_PERMANENT = 0x80,
};

/* The address in `mac` may be used. */
#define NEIGH_VALID (NEIGH_REACHABLE | NEIGH_STALE | NEIGH_DELAY | NEIGH_PROBE | NEIGH_PERMANENT)

struct neigh {
	struct table_node node; /* by (netif, addr) */
	struct list link;	/* in the table's list, oldest first */
	struct neighs *table;
	struct netif *netif;
	struct ipaddr addr;
	uint8_t mac[6];
	uint8_t state;		   /* enum neigh_state */
	uint8_t probes;		   /* requests sent in this state */
	bool router;		   /* IPv6: it said so itself (RFC 4861 §7.3.3) */
	berth_time reachable_ns;   /* how long a confirmation holds, drawn (RFC 4861 §6.3.2) */
	berth_time confirmed;	   /* last known to be reachable */
	berth_time updated;	   /* last change of address or state */
	berth_time used;	   /* last packet to it */
	uint64_t pinned;	   /* generation of the last path that kept a pointer here */
	struct timer timer;	   /* INCOMPLETE, DELAY, PROBE */
	struct packet_queue queue; /* INCOMPLETE: packets that wait */
};

/* What the table needs from the protocol above. */
struct neigh_ops {
	void *ctx;
	/* Ask who has n->addr: of the whole link, or (`unicast`) of n->mac alone. The packet
	 * that waits first, if any, is n->queue.head. */
	void (*solicit)(void *ctx, struct neigh *n, bool unicast);
	/* Nobody answered: a packet that waited, from its network header on; consumed. */
	void (*unreachable)(void *ctx, struct berth_packet *p);
	/* An entry that a path of the present generation points to dies. */
	void (*forget)(void *ctx, struct neigh *n);
	/* What listings show of it has changed, or (`gone`) it dies. May be NULL; must not change
	 * anything. Not told of INCOMPLETE and DELAY, as on Linux. */
	void (*changed)(void *ctx, const struct neigh *n, bool gone);
};

struct neighs; /* the table of one host */

/* NULL: no memory. */
struct neighs *neighs_new(struct env *env, const struct neigh_ops *ops);
/* Frees entries and waiting packets, without calling ops. NULL is fine. */
void neighs_free(struct neighs *ns);

/* NULL: not known. */
struct neigh *neigh_find(const struct neighs *ns, const struct netif *n, const struct ipaddr *addr);
/* Finds or makes an entry. A full table gives up its least useful one first; NULL: no memory, or
 * all are in use (counted). */
struct neigh *neigh_get(struct neighs *ns, struct netif *n, const struct ipaddr *addr);

/* The generation of paths that are valid from now on; all earlier ones are not. */
void neighs_set_generation(struct neighs *ns, uint64_t generation);

/* A path of this generation keeps a pointer to `n`: it is given up last, and ops.forget then
 * has to end the generation. */
static inline void neigh_pin(struct neigh *n, uint64_t generation)
{
	n->pinned = generation;
}

/*
 * Sends a packet, which starts at its network header, to a neighbour, or keeps it until the address
 * is known; consumed. Results as link_output(); waiting counts as success.
 */
int neigh_output(struct neigh *n, struct berth_packet *p);

#define NEIGH_OVERRIDE 0x1u /* replace an address that differs */
#define NEIGH_DOUBT 0x2u    /* an address that differs makes a reachable one stale */

/* Something was heard about `n`: its address, and whether that proves it reachable (REACHABLE) or
 * not (STALE). */
void neigh_update(struct neigh *n, const uint8_t mac[6], enum neigh_state state, unsigned flags);

/* Traffic proves that packets reach it (RFC 4861 §7.3.1). */
void neigh_confirm(struct neigh *n);

/* The administrator sets what is known: a state of NEIGH_VALID, with an address; or NEIGH_FAILED,
 * NEIGH_NONE. Packets that wait are sent or given back. */
void neigh_set(struct neigh *n, const uint8_t mac[6], enum neigh_state state);
/* The entry goes, with what waits in it. */
void neigh_remove(struct neigh *n);

/* Forgets all entries of an interface; waiting packets are dropped. */
void neighs_flush(struct neighs *ns, const struct netif *n);

/* The state as of now (REACHABLE lapses into STALE by time alone). */
enum neigh_state neigh_state(const struct neigh *n);
/* The `i`th entry of which anything is known, oldest first; NULL past the last. */
const struct neigh *neighs_nth(const struct neighs *ns, unsigned i);
/* The next one after `n`, which neighs_nth() or this returned just now. */
const struct neigh *neighs_after(const struct neighs *ns, const struct neigh *n);
uint32_t neighs_count(const struct neighs *ns);

#endif
