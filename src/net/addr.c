/* SPDX-License-Identifier: MIT */
/*
 * The addresses of a host.
 *
 * Linux keeps what is local in a routing table of its own; a table by address and one by
 * broadcast address say the same here, with one rule more: an address of lo makes all of its
 * prefix local, which is why 127.0.0.5 answers.
 *
 * An IPv6 address may be tentative: it is on the list, and its solicited-node group is joined, but
 * it is in no table, so that nobody takes it for ours, till dad.c assigns it. Lifetimes are
 * lifetime.c's.
 *
 * Left out: secondary addresses as a notion (the first one added in a subnet is the one sent
 * from, as on Linux, but nothing goes with it when it is taken away), scopes of IPv4.
 */
#include "net/addr.h"

#include <errno.h>

#include "net/context.h"
#include "net/route.h"

static uint32_t addr_hash(const struct net *net, const struct ipaddr *a)
{
	return env_hash(net->env, a->bytes, sizeof(a->bytes));
}

/* The last address of the subnet (RFC 919); any: it has none. */
static struct ipaddr broadcast_of(const struct netif *n, const struct ipaddr *a,
				  unsigned prefix_len)
{
	if (!ipaddr_is4(a) || prefix_len > 30 || n->kind == BERTH_NETIF_LOOPBACK)
		return (struct ipaddr){{0}};
	return ipaddr_from4(ipaddr_to4(a) | (uint32_t)(UINT64_C(0xffffffff) >> prefix_len));
}

struct addr *addr_entry(const struct net *net, const struct netif *n, const struct ipaddr *a)
{
	struct list *l;

	list_for_each (l, &net->addrs) {
		struct addr *at = list_entry(l, struct addr, link);

		if (ipaddr_equal(&at->addr, a) && (!n || at->netif == n))
			return at;
	}
	return NULL;
}

static bool addr_valid(const struct ipaddr *a, unsigned prefix_len)
{
	return prefix_len <= net_prefix_max(a) && !ipaddr_is_any(a) && !ipaddr_is_multicast(a) &&
	       !ipaddr_is_limited_broadcast(a);
}

const struct addr *addr_find(const struct net *net, const struct netif *n, const struct ipaddr *a)
{
	uint32_t hash = addr_hash(net, a);
	struct table_node *at;

	for (at = table_chain(&net->addr_table, hash); at; at = at->next) {
		struct addr *found = container_of(at, struct addr, node);

		if (at->hash == hash && ipaddr_equal(&found->addr, a) && (!n || found->netif == n))
			return found;
	}
	return NULL;
}

const struct addr *addr_by_broadcast(const struct net *net, const struct ipaddr *a)
{
	uint32_t hash = addr_hash(net, a);
	struct table_node *at;

	for (at = table_chain(&net->broadcast_table, hash); at; at = at->next) {
		struct addr *found = container_of(at, struct addr, bcast_node);

		if (at->hash == hash && ipaddr_equal(&found->broadcast, a))
			return found;
	}
	return NULL;
}

bool addr_is_local(const struct net *net, const struct ipaddr *a)
{
	const struct netif *lo = links_loopback(net->links);
	struct list *l;

	if (addr_find(net, NULL, a))
		return true;
	if (!lo)
		return false;
	/* lo is the first interface: its addresses are at the front. */
	list_for_each (l, &net->addrs) {
		const struct addr *at = list_entry(l, struct addr, link);

		if (at->netif->ifindex > lo->ifindex)
			break;
		if (at->netif == lo && ipaddr_is4(&at->addr) == ipaddr_is4(a) &&
		    ipaddr_in_prefix(a, &at->addr, at->prefix_len))
			return true;
	}
	return false;
}

/* Behind the addresses of its interface and of those before. */
static void list_addr(struct net *net, struct addr *a)
{
	struct list *l;

	list_for_each (l, &net->addrs) {
		if (list_entry(l, struct addr, link)->netif->ifindex > a->netif->ifindex)
			break;
	}
	list_add_before(l, &a->link);
}

/* The route to the subnet of an address. None for a single host, and none on lo. */
static int add_connected(struct net *net, const struct addr *a)
{
	struct route_config config = {
		.dst = route_mask(&a->addr, a->prefix_len),
		.prefix_len = a->prefix_len,
		.kind = ROUTE_UNICAST,
		.ifindex = a->netif->ifindex,
		.connected = true,
		.src = a->addr,
	};
	int err;

	if (a->prefix_len == net_prefix_max(&a->addr) || a->netif->kind == BERTH_NETIF_LOOPBACK ||
	    (a->flags & ADDR_NOPREFIXROUTE))
		return 0;
	if (!ipaddr_is4(&a->addr)) {
		config.src = (struct ipaddr){{0}}; /* RFC 6724 chooses */
		if (a->valid_until != BERTH_TIME_NEVER)
			config.lifetime_ns = a->valid_until - net->env->now;
	}
	err = route_add(net, &config);
	return err == -EEXIST ? 0 : err; /* an older address in the same subnet made it */
}

/* Whether duplicate address detection, and neighbours, are about it. */
static bool on_link6(const struct addr *a)
{
	return !ipaddr_is4(&a->addr) && a->netif->kind == BERTH_NETIF_ETHER;
}

static void addr_free(struct net *net, struct addr *a)
{
	if (table_node_linked(&a->node))
		table_del(&net->addr_table, &a->node);
	if (table_node_linked(&a->bcast_node))
		table_del(&net->broadcast_table, &a->bcast_node);
	if (on_link6(a)) {
		timer_disarm(net->env, &a->dad_timer);
		timers_release(net->env, 1);
	}
	list_del(&a->link);
	env_free(net->env, a);
}

static struct addr *addr_new(struct net *net, struct netif *n, const struct addr_config *config)
{
	struct addr *a = env_calloc(net->env, 1, sizeof(*a));

	if (!a)
		return NULL;
	a->net = net;
	a->netif = n;
	a->addr = config->addr;
	a->prefix_len = config->prefix_len;
	a->broadcast = broadcast_of(n, &config->addr, config->prefix_len);
	a->flags = config->flags;
	a->autoconf = config->autoconf;
	a->dad_round = config->dad_round;
	a->created = net->env->now;
	list_init(&a->link);
	if (on_link6(a) && timers_reserve(net->env, 1)) {
		env_free(net->env, a);
		return NULL;
	}
	timer_init(&a->dad_timer, dad_on_timer);
	return a;
}

static berth_time until(berth_time now, berth_time lifetime)
{
	return lifetime < BERTH_TIME_NEVER - now ? now + lifetime : BERTH_TIME_NEVER;
}

static bool shares_prefix(const struct addr *a, const struct addr *b)
{
	return a->netif == b->netif && a->prefix_len == b->prefix_len &&
	       ipaddr_is4(&a->addr) == ipaddr_is4(&b->addr) &&
	       ipaddr_in_prefix(&a->addr, &b->addr, a->prefix_len);
}

/* Linux: an IPv6 subnet's route lasts as long as the last of its addresses. */
static void refresh_connected(struct net *net, const struct addr *a)
{
	struct ipaddr dst = route_mask(&a->addr, a->prefix_len);
	struct route *r = route_find_connected(net, &dst, a->prefix_len, a->netif);
	berth_time last = 0;
	struct list *l;

	if (!r || ipaddr_is4(&a->addr))
		return;
	list_for_each (l, &net->addrs) {
		const struct addr *b = list_entry(l, struct addr, link);

		if (shares_prefix(a, b) && !(b->flags & ADDR_NOPREFIXROUTE) &&
		    b->valid_until > last)
			last = b->valid_until;
	}
	if (last)
		r->expires = last; /* Linux: nobody is told */
}

static int set_lifetimes(struct net *net, struct addr *a, berth_time preferred_ns,
			 berth_time valid_ns)
{
	berth_time now = net->env->now;

	if (valid_ns <= 0 || preferred_ns < 0 || preferred_ns > valid_ns)
		return -EINVAL;
	a->updated = now;
	a->preferred_until = until(now, preferred_ns);
	a->valid_until = until(now, valid_ns);
	a->flags &= ~(uint32_t)(ADDR_PERMANENT | ADDR_DEPRECATED);
	if (a->valid_until == BERTH_TIME_NEVER)
		a->flags |= ADDR_PERMANENT;
	if (preferred_ns == 0)
		a->flags |= ADDR_DEPRECATED;
	refresh_connected(net, a);
	lifetime_refresh(net);
	return 0;
}

int addr_set_lifetimes(struct net *net, struct addr *a, berth_time preferred_ns,
		       berth_time valid_ns)
{
	int err = set_lifetimes(net, a, preferred_ns, valid_ns);

	if (!err)
		net_tell_addr(net, a, false);
	return err;
}

void addr_assign(struct net *net, struct addr *a)
{
	a->flags &= ~(uint32_t)ADDR_TENTATIVE;
	table_add(&net->addr_table, net->env, &a->node, addr_hash(net, &a->addr));
	if (!ipaddr_is_any(&a->broadcast))
		table_add(&net->broadcast_table, net->env, &a->bcast_node,
			  addr_hash(net, &a->broadcast));
	net_changed(net);
	net_tell_addr(net, a, false);
	a->assigned = true;
	if (ipaddr_is4(&a->addr) && netif_usable(a->netif))
		arp_announce(net, a->netif, &a->addr);
}

/* Whether the interface can have it. */
static int check_config(const struct net *net, const struct netif *n,
			const struct addr_config *config)
{
	bool is4 = ipaddr_is4(&config->addr);

	if (!addr_valid(&config->addr, config->prefix_len))
		return -EINVAL;
	if (config->valid_ns <= 0 || config->preferred_ns < 0 ||
	    config->preferred_ns > config->valid_ns)
		return -EINVAL;
	if (!is4 && n->if6 && n->if6->conf.disable_ipv6)
		return -EACCES; /* Linux: addrconf_add_dev() */
	if (!is4 && !if6_mtu(n))
		return n->if6 ? -EINVAL : -ENOMEM;
	return addr_entry(net, n, &config->addr) ? -EEXIST : 0;
}

int addr_set(struct net *net, unsigned ifindex, const struct addr_config *config)
{
	struct netif *n = links_get(net->links, ifindex);
	struct addr *added;
	int err;

	if (!n)
		return -ENODEV;
	err = check_config(net, n, config);
	if (err)
		return err;
	added = addr_new(net, n, config);
	if (!added)
		return -ENOMEM;
	/* Linux: the route to its subnet is told of before an IPv6 address, and after one of IPv4.
	 */
	added->valid_until = until(net->env->now, config->valid_ns);
	if (!ipaddr_is4(&added->addr)) {
		err = add_connected(net, added);
		if (err) {
			addr_free(net, added);
			return err;
		}
	}
	list_addr(net, added);
	(void)set_lifetimes(net, added, config->preferred_ns, config->valid_ns); /* checked */
	if (on_link6(added))
		dad_start(net, added);
	else
		addr_assign(net, added);
	if (!ipaddr_is4(&added->addr))
		return 0;
	err = add_connected(net, added);
	if (err)
		addr_remove(net, added);
	return err;
}

int addr_add(struct net *net, unsigned ifindex, const struct ipaddr *a, unsigned prefix_len)
{
	const struct addr_config config = {
		.addr = *a,
		.prefix_len = prefix_len,
		.flags = ADDR_NODAD,
		.preferred_ns = BERTH_TIME_NEVER,
		.valid_ns = BERTH_TIME_NEVER,
	};

	return addr_set(net, ifindex, &config);
}

/* An address goes: its connected route too, unless another address on the link still needs it. */
static void del_connected(struct net *net, const struct addr *gone)
{
	struct ipaddr dst = route_mask(&gone->addr, gone->prefix_len);
	const struct addr *heir = NULL;
	struct list *l;

	list_for_each (l, &net->addrs) {
		const struct addr *a = list_entry(l, struct addr, link);

		if (a != gone && !heir && shares_prefix(a, gone))
			heir = a;
	}
	/* Of IPv4 it names its address, and is another then. */
	if (heir && !ipaddr_is4(&gone->addr))
		return;
	(void)route_del_connected(net, &dst, gone->prefix_len, gone->netif); /* may have none */
	if (heir)
		(void)add_connected(net, heir); /* out of memory: it goes without */
}

int addr_del(struct net *net, unsigned ifindex, const struct ipaddr *a, unsigned prefix_len)
{
	struct netif *n = links_get(net->links, ifindex);
	struct addr *found;

	if (!n)
		return -ENODEV;
	found = addr_entry(net, n, a);
	if (!found || found->prefix_len != prefix_len)
		return -EADDRNOTAVAIL;
	addr_remove(net, found);
	return 0;
}

static bool has_ip4(const struct net *net, const struct netif *n)
{
	struct list *l;

	list_for_each (l, &net->addrs) {
		const struct addr *a = list_entry(l, struct addr, link);

		if (a->netif == n && ipaddr_is4(&a->addr))
			return true;
	}
	return false;
}

void addr_remove(struct net *net, struct addr *a)
{
	struct netif *n = a->netif;
	bool is4 = ipaddr_is4(&a->addr);

	net_tell_addr(net, a, true);
	del_connected(net, a);
	a->flags |= ADDR_NOPREFIXROUTE; /* it counts no longer */
	refresh_connected(net, a);
	lifetime_refresh(net);
	dad_leave_group(net, a);
	addr_free(net, a);
	net_changed(net);
	/* Linux: fib_disable_ip(). Without an address there is no IPv4 on an interface. */
	if (is4 && !has_ip4(net, n))
		route_flush_static(net, n, false);
}

void addr_flush(struct net *net, const struct netif *n)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &net->addrs) {
		struct addr *a = list_entry(l, struct addr, link);

		if (a->netif != n)
			continue;
		net_tell_addr(net, a, true);
		dad_leave_group(net, a);
		addr_free(net, a);
	}
}

void addr_fini(struct net *net)
{
	while (!list_empty(&net->addrs))
		addr_free(net, list_first(&net->addrs, struct addr, link));
	table_fini(&net->addr_table, net->env);
	table_fini(&net->broadcast_table, net->env);
}

const struct addr *addr_nth(const struct net *net, unsigned i)
{
	struct list *l;

	list_for_each (l, &net->addrs) {
		if (i-- == 0)
			return list_entry(l, struct addr, link);
	}
	return NULL;
}

const struct addr *addr_after(const struct net *net, const struct addr *a)
{
	return a->link.next == &net->addrs ? NULL : list_entry(a->link.next, struct addr, link);
}

const struct addr *addr_select(const struct net *net, const struct netif *n,
			       const struct ipaddr *next_hop)
{
	const struct addr *own = NULL;
	const struct addr *other = NULL;
	bool is4 = ipaddr_is4(next_hop);
	struct list *l;

	list_for_each (l, &net->addrs) {
		const struct addr *a = list_entry(l, struct addr, link);

		if (ipaddr_is4(&a->addr) != is4)
			continue;
		if (a->netif != n) {
			if (!other && a->netif->kind != BERTH_NETIF_LOOPBACK)
				other = a;
			continue;
		}
		if (ipaddr_in_prefix(next_hop, &a->addr, a->prefix_len))
			return a;
		if (!own)
			own = a;
	}
	return own ? own : other;
}

void addr_announce(struct net *net, struct netif *n)
{
	struct list *l;

	list_for_each (l, &net->addrs) {
		const struct addr *a = list_entry(l, struct addr, link);

		if (a->netif == n)
			arp_announce(net, n, &a->addr);
	}
}
