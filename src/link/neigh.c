/* SPDX-License-Identifier: MIT */
/*
 * Neighbours: see neigh.h for the machine, RFC 4861 §7.3 for its reasons; ARP uses it as Linux
 * does.
 *
 * An entry has one timer, armed in INCOMPLETE, DELAY and PROBE only: in REACHABLE the time of the
 * last confirmation is compared when a packet passes, so that confirmations cost one store.
 *
 * Bounds: limits.neighbours_max entries, limits.neighbour_queue_max packets waiting at each. A
 * full table gives up, oldest first, an entry that failed or was neither used nor confirmed for
 * 5 s and that no path points to; else one that paths point to, which costs them a look-up; else
 * nothing, and the newcomer is refused. So a flood of strangers does not evict those in use.
 *
 * Ownership: the table owns entries and the packets that wait in them. Entries are pointed to by
 * paths (net/), which ops.forget() invalidates.
 *
 * Left out: proxies, and link-layer addresses of other lengths than 6.
 */
#include "link/neigh.h"

#include <errno.h>
#include <string.h>

#include "base/env.h"
#include "link/links.h"

/* Linux: the defaults of net.ipv4.neigh.default.* */
#define RETRANS_NS (1 * BERTH_SEC)	     /* retrans_time_ms */
#define REACHABLE_BASE_NS (30 * BERTH_SEC)   /* base_reachable_time_ms */
#define DELAY_FIRST_PROBE_NS (5 * BERTH_SEC) /* delay_first_probe_time */
#define MULTICAST_PROBES_MAX 3u		     /* mcast_solicit */
#define UNICAST_PROBES_MAX 3u		     /* ucast_solicit */
#define IDLE_NS (5 * BERTH_SEC)		     /* before an entry is given up for another */
#define FULL_NS (10 * BERTH_MSEC)	     /* before a full table is searched again */

struct neighs {
	struct env *env;
	struct neigh_ops ops;
	struct table table;
	struct list list;    /* struct neigh.link, oldest first */
	uint64_t generation; /* of the paths that are valid */
	berth_time full;     /* nothing was to be given up before this time */
};

struct neighs *neighs_new(struct env *env, const struct neigh_ops *ops)
{
	struct neighs *ns = env_calloc(env, 1, sizeof(*ns));

	if (!ns)
		return NULL;
	if (table_init(&ns->table, env, 8)) {
		env_free(env, ns);
		return NULL;
	}
	ns->env = env;
	ns->ops = *ops;
	list_init(&ns->list);
	return ns;
}

static void tell(const struct neigh *n, bool gone)
{
	const struct neigh_ops *ops = &n->table->ops;

	if (ops->changed && n->state != NEIGH_NONE)
		ops->changed(ops->ctx, n, gone);
}

static void neigh_free(struct neigh *n)
{
	struct neighs *ns = n->table;

	packet_queue_clear(&n->queue);
	timer_disarm(ns->env, &n->timer);
	timers_release(ns->env, 1);
	table_del(&ns->table, &n->node);
	list_del(&n->link);
	env_free(ns->env, n);
}

void neighs_free(struct neighs *ns)
{
	if (!ns)
		return;
	while (!list_empty(&ns->list))
		neigh_free(list_first(&ns->list, struct neigh, link));
	table_fini(&ns->table, ns->env);
	env_free(ns->env, ns);
}

void neighs_set_generation(struct neighs *ns, uint64_t generation)
{
	ns->generation = generation;
}

static bool is_pinned(const struct neigh *n)
{
	return n->pinned == n->table->generation;
}

static void neigh_forget(struct neigh *n)
{
	if (is_pinned(n))
		n->table->ops.forget(n->table->ops.ctx, n);
	tell(n, true);
	neigh_free(n);
}

static uint32_t neigh_hash(const struct env *env, const struct netif *n, const struct ipaddr *addr)
{
	struct {
		struct ipaddr addr;
		uint32_t ifindex;
	} key = {*addr, n->ifindex};

	return env_hash(env, &key, sizeof(key));
}

static struct neigh *find_hashed(const struct neighs *ns, const struct netif *netif,
				 const struct ipaddr *addr, uint32_t hash)
{
	struct table_node *at;

	for (at = table_chain(&ns->table, hash); at; at = at->next) {
		struct neigh *n = container_of(at, struct neigh, node);

		if (at->hash == hash && n->netif == netif && ipaddr_equal(&n->addr, addr))
			return n;
	}
	return NULL;
}

struct neigh *neigh_find(const struct neighs *ns, const struct netif *n, const struct ipaddr *addr)
{
	return find_hashed(ns, n, addr, neigh_hash(ns->env, n, addr));
}

/* Whether nobody would miss the entry soon. */
static bool is_idle(const struct neigh *n)
{
	berth_time now = n->table->env->now;

	if (n->state == NEIGH_PERMANENT || n->state == NEIGH_INCOMPLETE)
		return false;
	if (n->state == NEIGH_FAILED)
		return true;
	return now - n->used > IDLE_NS && now - n->updated > IDLE_NS;
}

/* Gives up one entry for another. False: all are in use. */
static bool evict(struct neighs *ns)
{
	struct neigh *pinned = NULL;
	struct list *l;

	if (ns->env->now < ns->full)
		return false; /* strangers in a flood do not each cost a search */
	list_for_each (l, &ns->list) {
		struct neigh *n = list_entry(l, struct neigh, link);

		if (!is_idle(n))
			continue;
		if (!is_pinned(n)) {
			neigh_forget(n);
			return true;
		}
		if (!pinned)
			pinned = n;
	}
	if (!pinned) {
		ns->full = ns->env->now + FULL_NS;
		return false;
	}
	neigh_forget(pinned);
	return true;
}

/* Half to one and a half of the base (RFC 4861 §6.3.2), so that hosts do not ask in step. */
static berth_time draw_reachable(struct env *env, const struct netif *n, const struct ipaddr *addr)
{
	bool told = n->nd_reachable_ns && !ipaddr_is4(addr);
	berth_time base = told ? n->nd_reachable_ns : REACHABLE_BASE_NS;
	uint32_t base_ms = (uint32_t)(base / BERTH_MSEC);

	return (base_ms / 2 + env_random_below(env, base_ms)) * BERTH_MSEC;
}

static void on_timer(struct timer *t);

struct neigh *neigh_get(struct neighs *ns, struct netif *netif, const struct ipaddr *addr)
{
	uint32_t hash = neigh_hash(ns->env, netif, addr);
	struct neigh *n = find_hashed(ns, netif, addr, hash);

	if (n)
		return n;
	if (ns->table.count >= ns->env->limits.neighbours_max && !evict(ns)) {
		drop(ns->env, DROP_NEIGH_TABLE_FULL);
		return NULL;
	}
	if (timers_reserve(ns->env, 1))
		return NULL;
	n = env_calloc(ns->env, 1, sizeof(*n));
	if (!n) {
		timers_release(ns->env, 1);
		return NULL;
	}
	n->table = ns;
	n->netif = netif;
	n->addr = *addr;
	n->state = NEIGH_NONE;
	n->reachable_ns = draw_reachable(ns->env, netif, addr);
	n->updated = ns->env->now;
	n->used = ns->env->now;
	timer_init(&n->timer, on_timer);
	table_add(&ns->table, ns->env, &n->node, hash);
	list_add_tail(&ns->list, &n->link);
	return n;
}

static void set_state(struct neigh *n, enum neigh_state state)
{
	struct env *env = n->table->env;

	ASSERT(n->queue.count == 0 || state == NEIGH_INCOMPLETE);
	n->state = (uint8_t)state;
	n->probes = 0;
	n->updated = env->now;
	timer_disarm(env, &n->timer);
	if (state != NEIGH_INCOMPLETE && state != NEIGH_DELAY)
		tell(n, false);
}

/* Asks once more, and again in a while. */
static void solicit(struct neigh *n, bool unicast)
{
	struct neighs *ns = n->table;
	bool told = n->netif->nd_retrans_ns && !ipaddr_is4(&n->addr);

	n->probes++;
	timer_arm(ns->env, &n->timer, ns->env->now + (told ? n->netif->nd_retrans_ns : RETRANS_NS));
	ns->ops.solicit(ns->ops.ctx, n, unicast);
}

static void fail(struct neigh *n)
{
	struct neighs *ns = n->table;
	struct packet_queue waiting = n->queue;
	struct berth_packet *p;

	n->queue = (struct packet_queue){0};
	set_state(n, NEIGH_FAILED);
	/* From here on the entry may change, or go: telling a socket makes it do anything. */
	while ((p = packet_queue_take(&waiting))) {
		drop(ns->env, DROP_NEIGH_FAILED);
		ns->ops.unreachable(ns->ops.ctx, p);
	}
}

static void on_timer(struct timer *t)
{
	struct neigh *n = container_of(t, struct neigh, timer);

	switch ((enum neigh_state)n->state) {
	case NEIGH_INCOMPLETE:
		if (n->probes < MULTICAST_PROBES_MAX)
			solicit(n, false);
		else
			fail(n);
		break;
	case NEIGH_DELAY:
		set_state(n, NEIGH_PROBE);
		solicit(n, true);
		break;
	case NEIGH_PROBE:
		if (n->probes < UNICAST_PROBES_MAX)
			solicit(n, true);
		else
			fail(n);
		break;
	case NEIGH_NONE:
	case NEIGH_REACHABLE:
	case NEIGH_STALE:
	case NEIGH_FAILED:
	case NEIGH_PERMANENT:
		ASSERT(n->state == NEIGH_PROBE); /* these have no timer */
	}
}

static enum link_protocol protocol_of(const struct neigh *n)
{
	return ipaddr_is4(&n->addr) ? LINK_IP4 : LINK_IP6;
}

/* Keeps a packet until the address is known; the oldest gives way (Linux: __neigh_event_send). */
static void wait_for_address(struct neigh *n, struct berth_packet *p)
{
	struct env *env = n->table->env;

	if (n->queue.count >= env->limits.neighbour_queue_max) {
		drop(env, DROP_NEIGH_QUEUE_FULL);
		packet_free(packet_queue_take(&n->queue));
	}
	packet_queue_add(&n->queue, p);
	if (n->state != NEIGH_INCOMPLETE) {
		set_state(n, NEIGH_INCOMPLETE);
		solicit(n, false);
	}
}

int neigh_output(struct neigh *n, struct berth_packet *p)
{
	struct env *env = n->table->env;

	n->used = env->now;
	switch ((enum neigh_state)n->state) {
	case NEIGH_REACHABLE:
		if (env->now - n->confirmed <= n->reachable_ns)
			break;
		/* fall through */
	case NEIGH_STALE:
		set_state(n, NEIGH_DELAY);
		timer_arm(env, &n->timer, env->now + DELAY_FIRST_PROBE_NS);
		break;
	case NEIGH_DELAY:
	case NEIGH_PROBE:
	case NEIGH_PERMANENT:
		break;
	case NEIGH_NONE:
	case NEIGH_INCOMPLETE:
	case NEIGH_FAILED:
		wait_for_address(n, p);
		return 0;
	}
	return link_output(n->netif, p, n->mac, protocol_of(n));
}

void neigh_update(struct neigh *n, const uint8_t mac[6], enum neigh_state state, unsigned flags)
{
	struct env *env = n->table->env;
	bool was_valid = n->state & NEIGH_VALID;
	bool same = was_valid && memcmp(n->mac, mac, sizeof(n->mac)) == 0;
	struct packet_queue waiting = n->queue;
	struct berth_packet *p;

	ASSERT(state == NEIGH_REACHABLE || state == NEIGH_STALE);
	if (n->state == NEIGH_PERMANENT)
		return;
	if (was_valid && !same && !(flags & NEIGH_OVERRIDE)) {
		/* RFC 4861 §7.2.5: somebody else answers; ask again soon. */
		if (n->state == NEIGH_REACHABLE && (flags & NEIGH_DOUBT))
			set_state(n, NEIGH_STALE);
		return;
	}
	if (state == NEIGH_REACHABLE) {
		n->confirmed = env->now;
		n->reachable_ns = draw_reachable(env, n->netif, &n->addr);
	} else if (same) {
		return; /* RFC 4861 §7.2.3: nothing new, and no proof */
	}
	memcpy(n->mac, mac, sizeof(n->mac));
	n->queue = (struct packet_queue){0};
	if (n->state != state || !same)
		set_state(n, state);
	while ((p = packet_queue_take(&waiting)))
		(void)link_output(n->netif, p, n->mac, protocol_of(n)); /* counted there */
}

void neigh_set(struct neigh *n, const uint8_t mac[6], enum neigh_state state)
{
	struct env *env = n->table->env;
	struct packet_queue waiting = n->queue;
	struct berth_packet *p;

	ASSERT(state != NEIGH_INCOMPLETE);
	if (state == NEIGH_FAILED || state == NEIGH_NONE) {
		fail(n);
		return;
	}
	memmove(n->mac, mac, sizeof(n->mac)); /* it may be its own */
	n->confirmed = env->now;
	n->reachable_ns = draw_reachable(env, n->netif, &n->addr);
	n->queue = (struct packet_queue){0};
	set_state(n, state);
	if (state == NEIGH_DELAY)
		timer_arm(env, &n->timer, env->now + DELAY_FIRST_PROBE_NS);
	else if (state == NEIGH_PROBE)
		solicit(n, true);
	while ((p = packet_queue_take(&waiting)))
		(void)link_output(n->netif, p, n->mac, protocol_of(n)); /* counted there */
}

void neigh_remove(struct neigh *n)
{
	neigh_forget(n);
}

void neigh_confirm(struct neigh *n)
{
	n->confirmed = n->table->env->now;
	if (n->state & (NEIGH_STALE | NEIGH_DELAY | NEIGH_PROBE))
		set_state(n, NEIGH_REACHABLE);
}

void neighs_flush(struct neighs *ns, const struct netif *netif)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &ns->list) {
		struct neigh *n = list_entry(l, struct neigh, link);

		if (n->netif != netif)
			continue;
		for (uint32_t i = 0; i < n->queue.count; i++)
			drop(ns->env, DROP_NETIF_DOWN);
		neigh_forget(n);
	}
}

enum neigh_state neigh_state(const struct neigh *n)
{
	if (n->state == NEIGH_REACHABLE && n->table->env->now - n->confirmed > n->reachable_ns)
		return NEIGH_STALE;
	return (enum neigh_state)n->state;
}

const struct neigh *neighs_after(const struct neighs *ns, const struct neigh *n)
{
	const struct list *l;

	for (l = n->link.next; l != &ns->list; l = l->next) {
		n = (const struct neigh *)(const void *)((const char *)l -
							 offsetof(struct neigh, link));
		if (n->state != NEIGH_NONE)
			return n;
	}
	return NULL;
}

const struct neigh *neighs_nth(const struct neighs *ns, unsigned i)
{
	struct list *l;

	list_for_each (l, &ns->list) {
		const struct neigh *n = list_entry(l, struct neigh, link);

		if (n->state != NEIGH_NONE && i-- == 0)
			return n;
	}
	return NULL;
}

uint32_t neighs_count(const struct neighs *ns)
{
	return ns->table.count;
}
