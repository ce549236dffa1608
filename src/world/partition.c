/* SPDX-License-Identifier: MIT */
/*
 * Partitions. Each host keeps the list of hosts whose IP packets don't reach it, whichever way
 * they come; the cut is where its own cables end. Packets that it would only forward pass, and so
 * do ARP and IPv6's neighbour discovery: a partitioned peer is silent, not unknown, as behind a
 * firewall that drops. A link-local address says nothing of its host; the link address beside it
 * does, since such packets are never forwarded.
 */
#include <errno.h>

#include "world/core.h"

/* The host behind a link address on the network that a lane leads from; -1: none. */
static int find_mac(const struct lane *lane, uint64_t mac)
{
	const struct network *n = world_cable(lane->world, lane->cable)->network;

	for (int i = 0; i < n->ports.count; i++) {
		const struct cable *c = n->ports.items[i];

		if (c->mac == mac)
			return c->host->index;
	}
	return -1;
}

static int find_host(const struct lane *lane, const struct netaddr *a, uint64_t mac)
{
	return netaddr_is_link_local(a) ? find_mac(lane, mac)
					: directory_find_address(lane->world, a);
}

bool partition_cuts(const struct lane *lane, const struct berth_packet *p)
{
	const struct host *h = world_host(lane->world, lane->host);
	struct frame_link link;
	struct frame_ip ip;

	if (!frame_read_link(p, &link) || !frame_read_ip(p, &ip) || ip.discovery)
		return false;
	int from = find_host(lane, &ip.src, link.src);

	if (from < 0 ||
	    (!frame_is_group(link.dst) && find_host(lane, &ip.dst, link.dst) != h->index))
		return false;
	for (int i = 0; i < h->cut_from_count; i++) {
		if (h->cut_from[i] == from)
			return true;
	}
	return false;
}

void partition_refresh(struct host *h)
{
	for (int i = 0; i < h->cables.count; i++) {
		struct cable *c = h->cables.items[i];

		c->down.cut_off = h->cut_from_count > 0 ? partition_cuts : NULL;
	}
}

static int cut(struct host *h, int from)
{
	struct env *env = &h->world->env;

	for (int i = 0; i < h->cut_from_count; i++) {
		if (h->cut_from[i] == from)
			return 0;
	}
	int *grown = env_realloc(env, h->cut_from, (size_t)h->cut_from_count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	h->cut_from = grown;
	h->cut_from[h->cut_from_count++] = from;
	partition_refresh(h);
	return 0;
}

/* `from` -1: all. */
static void uncut(struct host *h, int from)
{
	int kept = 0;

	for (int i = 0; i < h->cut_from_count; i++) {
		if (from >= 0 && h->cut_from[i] != from)
			h->cut_from[kept++] = h->cut_from[i];
	}
	h->cut_from_count = kept;
	partition_refresh(h);
}

int berth_world_partition(struct berth_world *w, int a, int b, bool one_way)
{
	struct host *ha = world_host(w, a);
	struct host *hb = world_host(w, b);

	if (!ha || !hb)
		return -ENOENT;
	if (a == b)
		return -EINVAL;
	int error = cut(hb, a);

	if (error == 0 && !one_way)
		error = cut(ha, b);
	return error;
}

int berth_world_heal(struct berth_world *w, int a, int b)
{
	if ((a >= 0 && !world_host(w, a)) || (b >= 0 && !world_host(w, b)))
		return -ENOENT;
	if (a < 0) {
		a = b;
		b = -1;
	}
	for (int i = 0; i < w->hosts.count; i++) {
		if (a < 0 || i == a)
			uncut(w->hosts.items[i], b);
		else if (b < 0 || i == b)
			uncut(w->hosts.items[i], a);
	}
	return 0;
}
