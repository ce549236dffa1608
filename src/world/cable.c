/* SPDX-License-Identifier: MIT */
/*
 * Cables: each ties an Ethernet interface of a host to a port of a network's switch, with a
 * lane for each direction. The name "host:network" of a cable seeds its fates and its link address,
 * so that neither depends on the order in which a world was built.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "world/core.h"

#define CABLE_NAME_BYTES 520u
/* How many addresses are tried before a subnet is called full. */
#define ADDRESS_SEARCH_MAX (1u << 24)

static void leave_up(struct lane *lane, struct berth_packet *p)
{
	network_switch(container_of(lane, struct cable, up), p);
}

static void leave_down(struct lane *lane, struct berth_packet *p)
{
	struct cable *c = container_of(lane, struct cable, down);

	host_input(c->host, c->ifindex, p);
}

/* The address after `a`. */
static void increment(struct netaddr *a)
{
	for (unsigned i = netaddr_bits(a) / 8; i-- > 0;) {
		if (++a->bytes[i] != 0)
			return;
	}
}

/* Whether a host may have this address: not the subnet's first or, in IPv4, its last; save that
 * /31 has no such two (RFC 3021). */
static bool address_usable(const struct netaddr *a, const struct netaddr *subnet,
			   unsigned prefix_len)
{
	unsigned bits = netaddr_bits(a);
	unsigned ones = 0;
	unsigned zeros = 0;

	if (!netaddr_in_prefix(a, subnet, prefix_len))
		return false;
	if (bits == 32 && prefix_len == 31)
		return true;
	for (unsigned bit = prefix_len; bit < bits; bit++) {
		if (a->bytes[bit / 8] & (0x80u >> bit % 8))
			ones++;
		else
			zeros++;
	}
	return ones > 0 && (bits == 128 || zeros > 0);
}

/* The next free one, from where the last search ended. */
static int draw_address(struct berth_world *w, const struct netaddr *subnet, unsigned prefix_len,
			struct netaddr *next, struct netaddr *out)
{
	for (unsigned tries = 0; tries < ADDRESS_SEARCH_MAX; tries++) {
		struct netaddr a = *next;

		if (!netaddr_in_prefix(&a, subnet, prefix_len))
			return -ENOSPC;
		increment(next);
		if (address_usable(&a, subnet, prefix_len) && directory_find_address(w, &a) < 0) {
			*out = a;
			return 0;
		}
	}
	return -ENOSPC;
}

/* The address asked for, or a free one; none if the network has no such subnet. */
static int choose_address(struct berth_world *w, const struct sockaddr_storage *wish,
			  const struct netaddr *subnet, unsigned prefix_len, struct netaddr *next,
			  struct netaddr *out)
{
	*out = (struct netaddr){0};
	if (wish->ss_family == AF_UNSPEC)
		return subnet->family ? draw_address(w, subnet, prefix_len, next, out) : 0;
	if (!netaddr_from((const struct sockaddr *)wish, out) ||
	    !address_usable(out, subnet, prefix_len))
		return -EINVAL;
	return directory_find_address(w, out) >= 0 ? -EEXIST : 0;
}

static bool mac_taken(const struct network *n, uint64_t mac)
{
	for (int i = 0; i < n->ports.count; i++) {
		if (((struct cable *)n->ports.items[i])->mac == mac)
			return true;
	}
	return false;
}

/* Unicast, locally administered, and no other cable's on this network. */
static int choose_mac(const struct network *n, const uint8_t wish[6], const char *name,
		      uint8_t out[6])
{
	static const uint8_t none[6];
	struct fate_key key = fate_key_make(0, name, BERTH_UP);
	uint64_t words[2];

	memcpy(out, wish, 6);
	if (memcmp(wish, none, 6) != 0)
		return wish[0] & 1 ? -EINVAL : mac_taken(n, frame_mac(wish)) ? -EEXIST : 0;
	for (uint64_t i = 0;; i++) {
		fate_words(&key, i, DRAW_LOSS, words);
		memcpy(out, words, 6);
		out[0] = (uint8_t)((out[0] & 0xfcu) | 0x02u);
		if (!mac_taken(n, frame_mac(out)))
			return 0;
	}
}

static int add_address(struct cable *c, const struct netaddr *addr, unsigned prefix_len)
{
	struct berth_world *w = c->world;
	struct sockaddr_storage sa;

	if (addr->family == 0)
		return 0;
	int error = directory_add_address(w, addr, c->host->index);

	if (error < 0)
		return error;
	netaddr_to(addr, 0, &sa);
	error = berth_addr_add(c->host->stack, c->ifindex, (struct sockaddr *)&sa, prefix_len);
	if (error < 0)
		directory_del_address(w, addr);
	return error;
}

/* Gives the host its interface, up, with its addresses. */
static int add_interface(struct cable *c, const uint8_t mac[6])
{
	struct berth_stack *st = c->host->stack;
	struct network *n = c->network;
	char name[BERTH_NETIF_NAME_BYTES];
	struct berth_netif_config config = {
		.name = name,
		.kind = BERTH_NETIF_ETHER,
		.mtu = n->mtu,
		.features = BERTH_NETIF_CSUM | BERTH_NETIF_GSO,
	};

	(void)snprintf(name, sizeof(name), "eth%d", c->host->cables.count);
	memcpy(config.mac, mac, 6);
	int ifindex = berth_netif_add(st, &config);

	if (ifindex < 0)
		return ifindex;
	c->ifindex = (unsigned)ifindex;
	cable_prepare6(c, name);
	int error = berth_netif_set_running(st, c->ifindex, true);

	if (error == 0)
		error = berth_netif_set_up(st, c->ifindex, true);
	if (error == 0)
		error = add_address(c, &c->address, n->prefix_len);
	if (error == 0) {
		error = c->auto6 ? directory_add_address(c->world, &c->address6, c->host->index)
				 : add_address(c, &c->address6, n->prefix6_len);
		if (error < 0 && c->address.family)
			directory_del_address(c->world, &c->address);
	}
	if (error < 0)
		(void)berth_netif_remove(st, c->ifindex); /* it was just added */
	return error;
}

static void init_lanes(struct cable *c, const char *name, const struct berth_cable_config *config)
{
	lane_init(&c->up, c->world, name, BERTH_UP, leave_up);
	lane_init(&c->down, c->world, name, BERTH_DOWN, leave_down);
	c->up.cable = c->down.cable = c->index;
	c->up.host = c->down.host = c->host->index;
	lane_set_impair(&c->up, &config->up);
	lane_set_impair(&c->down, &config->down);
}

/* The knobs exist. */
static void be_router(struct host *h)
{
	(void)berth_stack_sysctl_set(h->stack, "net.ipv4.ip_forward", 1);
	(void)berth_stack_sysctl_set(h->stack, "net.ipv6.conf.default.forwarding", 1);
	(void)berth_stack_sysctl_set(h->stack, "net.ipv6.conf.all.forwarding", 1);
}

/* Makes the cable known to its host and network; room on all lists was reserved. */
static int attach(struct cable *c, const uint8_t mac[6])
{
	struct host *h = c->host;
	struct env *env = &c->world->env;
	int error = network_attach(c->network, c);

	if (error < 0)
		return error;
	error = add_interface(c, mac);
	if (error < 0)
		goto out_port;
	error = vec_reserve(env, &h->by_ifindex, (int)c->ifindex + 1);
	if (error < 0)
		goto out_interface;
	while (h->by_ifindex.count <= (int)c->ifindex)
		vec_add(&h->by_ifindex, NULL);
	h->by_ifindex.items[c->ifindex] = c;
	vec_add(&h->cables, c);
	vec_add(&c->world->cables, c);
	partition_refresh(h);
	host_mark_ready(h);
	if (h->cables.count == 2 && !h->no_forwarding)
		be_router(h);
	cable_refresh_adverts(c->world);
	return 0;
out_interface:
	if (c->address.family)
		directory_del_address(c->world, &c->address);
	if (c->address6.family)
		directory_del_address(c->world, &c->address6);
	(void)berth_netif_remove(h->stack, c->ifindex); /* it was just added */
out_port:
	network_detach(c->network, c);
	return error;
}

static int choose_auto(struct cable *c, const struct berth_cable_config *config,
		       const uint8_t mac[6])
{
	if (config->address6.ss_family != AF_UNSPEC)
		return -EINVAL;
	c->auto6 = true;
	return cable_auto_address(c->network, mac, &c->address6);
}

/* Checks the configuration and fills in what it leaves open. */
static int prepare(struct cable *c, const struct berth_cable_config *config, const char *name,
		   uint8_t out_mac[6])
{
	struct berth_world *w = c->world;
	struct network *n = c->network;
	int error;

	if (impair_check(&config->up) < 0 || impair_check(&config->down) < 0)
		return -EINVAL;
	error = choose_mac(n, config->mac, name, out_mac);
	if (error == 0)
		error = choose_address(w, &config->address, &n->subnet, n->prefix_len, &n->next,
				       &c->address);
	if (error == 0 && !config->auto6)
		error = choose_address(w, &config->address6, &n->subnet6, n->prefix6_len, &n->next6,
				       &c->address6);
	else if (error == 0)
		error = choose_auto(c, config, out_mac);
	c->mac = frame_mac(out_mac);
	return error;
}

void cable_free(struct cable *c)
{
	if (!c)
		return;
	lane_fini(&c->up);
	lane_fini(&c->down);
	env_free(&c->world->env, c);
}

int berth_world_add_cable(struct berth_world *w, const struct berth_cable_config *config)
{
	struct host *h = world_host(w, config->host);
	struct network *n = world_network(w, config->network);
	char name[CABLE_NAME_BYTES];
	struct cable *c;
	uint8_t mac[6];
	int error = -ENOMEM;

	if (!h || !n)
		return -EINVAL;
	if (berth_world_find_cable(w, h->index, n->index) >= 0)
		return -EEXIST;
	if (vec_reserve(&w->env, &w->cables, w->cables.count + 1) < 0 ||
	    vec_reserve(&w->env, &h->cables, h->cables.count + 1) < 0 ||
	    timers_reserve(&w->env, 2) < 0)
		return error;
	c = env_calloc(&w->env, 1, sizeof(*c));
	if (!c)
		goto out_timers;
	(void)snprintf(name, sizeof(name), "%s:%s", h->name, n->name);
	c->world = w;
	c->index = w->cables.count;
	c->host = h;
	c->network = n;
	init_lanes(c, name, config);
	error = prepare(c, config, name, mac);
	if (error == 0)
		error = attach(c, mac);
	if (error == 0)
		return c->index;
	cable_free(c);
out_timers:
	timers_release(&w->env, 2);
	return error;
}

int berth_world_find_cable(const struct berth_world *w, int host, int network)
{
	const struct host *h = world_host(w, host);

	for (int i = 0; h && i < h->cables.count; i++) {
		const struct cable *c = h->cables.items[i];

		if (c->network->index == network)
			return c->index;
	}
	return -ENOENT;
}

bool berth_world_cable_get(const struct berth_world *w, int cable, struct berth_cable_info *out)
{
	const struct cable *c = world_cable(w, cable);

	if (!c)
		return false;
	*out = (struct berth_cable_info){
		.host = c->host->index,
		.network = c->network->index,
		.host_name = c->host->name,
		.network_name = c->network->name,
		.ifindex = c->ifindex,
		.auto6 = c->auto6,
		.up = c->up.impair,
		.down = c->down.impair,
		.partitioned = c->host->cut_from_count > 0,
	};
	netaddr_to(&c->address, 0, &out->address);
	netaddr_to(&c->address6, 0, &out->address6);
	return true;
}

int berth_world_set_impair(struct berth_world *w, int cable, enum berth_direction d,
			   const struct berth_impair *impair)
{
	struct cable *c = world_cable(w, cable);

	if (!c)
		return -ENOENT;
	if (impair_check(impair) < 0)
		return -EINVAL;
	lane_set_impair(d == BERTH_UP ? &c->up : &c->down, impair);
	return 0;
}
