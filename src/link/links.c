/* SPDX-License-Identifier: MIT */
/*
 * The interfaces of a host, by index and by name, and the way up from them.
 *
 * An index is given once and never again, as on Linux, so that whoever kept one finds nothing
 * rather than another interface. Interfaces are few and long-lived: names are compared one by
 * one, indexes through an array.
 *
 * Paths (net/) point to interfaces and are checked only when they are used. So what is removed is
 * taken out of all lists, but its memory is kept until the host ends; as no index is given twice,
 * there are at most IFINDEX_MAX of them.
 *
 * Ownership: links own interfaces and the frames queued in them; listeners belong to others.
 */
#include "link/links.h"

#include <errno.h>
#include <string.h>

#include "base/env.h"

#define IFINDEX_MAX 65535u /* struct berth_packet.ifindex has 16 bits */
#define MTU_DEFAULT 1500u

struct links *links_new(struct env *env)
{
	struct links *ls = env_calloc(env, 1, sizeof(*ls));

	if (!ls)
		return NULL;
	ls->env = env;
	list_init(&ls->list);
	list_init(&ls->gone);
	list_init(&ls->tx_list);
	list_init(&ls->listeners);
	return ls;
}

static void netif_free(struct netif *n)
{
	packet_queue_clear(&n->txq);
	list_del(&n->link);
	env_free(n->links->env, n);
}

void links_free(struct links *ls)
{
	if (!ls)
		return;
	while (!list_empty(&ls->list))
		netif_free(list_first(&ls->list, struct netif, link));
	while (!list_empty(&ls->gone))
		netif_free(list_first(&ls->gone, struct netif, link));
	packet_queue_clear(&ls->looped);
	env_free(ls->env, ls->by_index);
	env_free(ls->env, ls);
}

void links_set_input(struct links *ls, enum link_protocol protocol, link_input_fn fn, void *ctx)
{
	ASSERT(protocol < LINK_PROTOCOLS);
	ls->inputs[protocol].fn = fn;
	ls->inputs[protocol].ctx = ctx;
}

void links_set_tap(struct links *ls, link_tap_fn fn, void *ctx)
{
	ls->tap = fn;
	ls->tap_ctx = ctx;
}

void links_listen(struct links *ls, struct link_listener *listener)
{
	list_add_tail(&ls->listeners, &listener->link);
}

void links_tell(struct netif *n, enum link_change change)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &n->links->listeners) {
		struct link_listener *who = list_entry(l, struct link_listener, link);

		if (who->on_change)
			who->on_change(who->ctx, n, change);
	}
}

/* Linux: dev_valid_name(). */
static bool name_valid(const char *name)
{
	size_t bytes = name ? strlen(name) : 0;

	if (bytes == 0 || bytes >= BERTH_NETIF_NAME_BYTES)
		return false;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	return strpbrk(name, "/: \t\n\v\f\r") == NULL;
}

static int index_reserve(struct links *ls, unsigned ifindex)
{
	unsigned capacity = ls->index_capacity ? ls->index_capacity : 8;
	struct netif **grown;

	while (capacity <= ifindex)
		capacity *= 2;
	if (capacity == ls->index_capacity)
		return 0;
	grown = env_realloc(ls->env, ls->by_index, capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + ls->index_capacity, 0, (capacity - ls->index_capacity) * sizeof(*grown));
	ls->by_index = grown;
	ls->index_capacity = capacity;
	return 0;
}

/* A random address, locally administered, unicast (IEEE 802 §8.2). */
static void mac_draw(struct env *env, uint8_t mac[6])
{
	env_random(env, mac, 6);
	mac[0] = (uint8_t)((mac[0] & 0xfcu) | 0x02u);
}

static void netif_set_mac(struct netif *n, const uint8_t mac[6])
{
	static const uint8_t zero[6] = {0};

	memcpy(n->mac, mac, sizeof(n->mac));
	if (n->kind == BERTH_NETIF_ETHER && memcmp(mac, zero, sizeof(zero)) == 0)
		mac_draw(n->links->env, n->mac);
}

int links_add(struct links *ls, const struct berth_netif_config *config)
{
	uint32_t mtu = config->mtu ? config->mtu : MTU_DEFAULT;
	unsigned ifindex = ls->index_last + 1;
	struct netif *n;
	int err;

	if (!name_valid(config->name) || !netif_mtu_valid(config->kind, mtu))
		return -EINVAL;
	if (links_by_name(ls, config->name) ||
	    (config->kind == BERTH_NETIF_LOOPBACK && ls->loopback))
		return -EEXIST;
	if (ifindex > IFINDEX_MAX)
		return -ENOMEM;
	err = index_reserve(ls, ifindex);
	if (err)
		return err;
	n = env_calloc(ls->env, 1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->links = ls;
	n->ifindex = ifindex;
	n->kind = config->kind;
	n->features = config->features;
	n->mtu = mtu;
	n->running = true;
	memcpy(n->name, config->name, strlen(config->name) + 1);
	netif_set_mac(n, config->mac);
	list_init(&n->tx_link);
	list_add_tail(&ls->list, &n->link);
	ls->by_index[ifindex] = n;
	ls->index_last = ifindex;
	if (n->kind == BERTH_NETIF_LOOPBACK)
		ls->loopback = n;
	links_tell(n, LINK_ADDED);
	return (int)ifindex;
}

int links_remove(struct links *ls, unsigned ifindex)
{
	struct netif *n = links_get(ls, ifindex);

	if (!n)
		return -ENODEV;
	netif_set_up(n, false);
	links_tell(n, LINK_REMOVED);
	ASSERT(n->txq.count == 0);
	ls->by_index[ifindex] = NULL;
	if (ls->loopback == n)
		ls->loopback = NULL;
	list_del(&n->link);
	list_add_tail(&ls->gone, &n->link);
	return 0;
}

int links_rename(struct links *ls, struct netif *n, const char *name)
{
	if (!name_valid(name))
		return -EINVAL;
	if (links_by_name(ls, name))
		return -EEXIST;
	memset(n->name, 0, sizeof(n->name));
	memcpy(n->name, name, strlen(name));
	links_tell(n, LINK_NAME);
	return 0;
}

struct netif *links_get(const struct links *ls, unsigned ifindex)
{
	return ifindex < ls->index_capacity ? ls->by_index[ifindex] : NULL;
}

struct netif *links_by_name(const struct links *ls, const char *name)
{
	struct list *l;

	list_for_each (l, &ls->list) {
		struct netif *n = list_entry(l, struct netif, link);

		if (strcmp(n->name, name) == 0)
			return n;
	}
	return NULL;
}

struct netif *links_nth(const struct links *ls, unsigned i)
{
	struct list *l;

	list_for_each (l, &ls->list) {
		if (i-- == 0)
			return list_entry(l, struct netif, link);
	}
	return NULL;
}

struct netif *links_loopback(const struct links *ls)
{
	return ls->loopback;
}
