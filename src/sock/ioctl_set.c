/* SPDX-License-Identifier: MIT */
/*
 * The old way to change a host's network: ifconfig(8), route(8), arp(8) and small DHCP clients use
 * it, rtnetlink does the same and more.
 *
 * An interface has one IPv4 address as far as ioctls know, its first. To set it replaces that one,
 * with the prefix of its class, which SIOCSIFNETMASK then changes: in between the host has an
 * address with another prefix, as on Linux. To set 0.0.0.0 takes it away.
 *
 * Linux: devinet_ioctl(), ip_rt_ioctl(), arp_ioctl(), dev_ifsioc(). A route added this way has no
 * protocol but boot. Broadcast addresses follow from the prefix: another one is EOPNOTSUPP.
 */
#include "sock/ioctl_set.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/route.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <string.h>

#include "link/links.h"
#include "link/neigh.h"
#include "net/addr.h"
#include "net/route.h"

bool ioctl_changes(unsigned long request)
{
	switch (request) {
	case SIOCSIFADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFFLAGS:
	case SIOCSIFMTU:
	case SIOCSIFHWADDR:
	case SIOCSIFNAME:
	case SIOCADDRT:
	case SIOCDELRT:
	case SIOCSARP:
	case SIOCDARP:
	case SIOCGARP:
		return true;
	default:
		return false;
	}
}

/* An IPv4 address of a program's; false: of another family. */
static bool read_in(const struct sockaddr *sa, uint32_t *out_host_order)
{
	struct sockaddr_in in;

	memcpy(&in, sa, sizeof(in));
	*out_host_order = ntohl(in.sin_addr.s_addr);
	return in.sin_family == AF_INET;
}

/* -1: the mask has a hole. */
static int prefix_of(uint32_t mask)
{
	if (~mask & (~mask + 1))
		return -1;
	return mask ? __builtin_popcount(mask) : 0;
}

/* Linux: inet_abc_len(). -1: no host's address. */
static int class_prefix(uint32_t a)
{
	if (a >> 24 == 0)
		return 0;
	if (a >> 31 == 0)
		return 8;
	if (a >> 30 == 2)
		return 16;
	return a >> 29 == 6 ? 24 : -1;
}

/* --- interfaces --- */

static const struct addr *first_addr(const struct net *net, const struct netif *n)
{
	const struct addr *a = addr_nth(net, 0);

	while (a && (a->netif != n || !ipaddr_is4(&a->addr)))
		a = addr_after(net, a);
	return a;
}

/* Puts an address in the place of the first one (NULL: there is none). */
static int replace_addr(struct net *net, const struct netif *n, const struct addr *old,
			uint32_t host_order, unsigned prefix_len)
{
	struct ipaddr a = ipaddr_from4(host_order);
	struct ipaddr was;

	if (old) {
		was = old->addr;
		(void)addr_del(net, n->ifindex, &was, old->prefix_len); /* it is there */
	}
	return host_order ? addr_add(net, n->ifindex, &a, prefix_len) : 0;
}

static int set_addr(struct net *net, const struct netif *n, const struct sockaddr *sa)
{
	const struct addr *old = first_addr(net, n);
	uint32_t a;
	int prefix_len;

	if (!read_in(sa, &a))
		return -EINVAL;
	prefix_len = class_prefix(a);
	if (prefix_len < 0)
		return -EINVAL;
	if (old && ipaddr_to4(&old->addr) == a)
		return 0;
	return replace_addr(net, n, old, a, (unsigned)prefix_len);
}

static int set_mask(struct net *net, const struct netif *n, const struct sockaddr *sa)
{
	const struct addr *old = first_addr(net, n);
	uint32_t mask;
	int prefix_len;

	(void)read_in(sa, &mask); /* Linux: of whatever family it says */
	prefix_len = prefix_of(mask);
	if (!old)
		return -EADDRNOTAVAIL;
	if (prefix_len < 0)
		return -EINVAL;
	if (old->prefix_len == (unsigned)prefix_len)
		return 0;
	return replace_addr(net, n, old, ipaddr_to4(&old->addr), (unsigned)prefix_len);
}

static int set_broadcast(const struct net *net, const struct netif *n, const struct sockaddr *sa)
{
	const struct addr *old = first_addr(net, n);
	uint32_t a;

	(void)read_in(sa, &a); /* as above */
	if (!old)
		return -EADDRNOTAVAIL;
	return ipaddr_to4(&old->broadcast) == a ? 0 : -EOPNOTSUPP;
}

static void set_flags(struct net *net, struct netif *n, short flags)
{
	bool up = flags & IFF_UP;

	if (n->up == up)
		return;
	netif_set_up(n, up);
	if (!up)
		route_flush_static(net, n, true);
}

static int set_hwaddr(struct netif *n, const struct sockaddr *sa)
{
	if (n->kind == BERTH_NETIF_LOOPBACK)
		return -EOPNOTSUPP;
	if (sa->sa_family != ARPHRD_ETHER)
		return -EINVAL;
	return netif_set_address(n, (const uint8_t *)sa->sa_data);
}

static int set_netif(struct socket *so, unsigned long request, struct ifreq *ifr)
{
	struct net *net = so->sock->tp->net;
	struct netif *n;
	bool of_ip =
		request == SIOCSIFADDR || request == SIOCSIFNETMASK || request == SIOCSIFBRDADDR;

	ifr->ifr_name[IFNAMSIZ - 1] = '\0';
	n = links_by_name(net_links(net), ifr->ifr_name);
	/* Linux: it is IPv4 that does these. */
	if (of_ip && so->sock->family != AF_INET && so->sock->family != AF_PACKET)
		return -ENOTTY;
	if (!n)
		return -ENODEV;
	switch (request) {
	case SIOCSIFADDR:
		return set_addr(net, n, &ifr->ifr_addr);
	case SIOCSIFNETMASK:
		return set_mask(net, n, &ifr->ifr_netmask);
	case SIOCSIFBRDADDR:
		return set_broadcast(net, n, &ifr->ifr_broadaddr);
	case SIOCSIFFLAGS:
		set_flags(net, n, ifr->ifr_flags);
		return 0;
	case SIOCSIFHWADDR:
		return set_hwaddr(n, &ifr->ifr_hwaddr);
	case SIOCSIFNAME:
		ifr->ifr_newname[IFNAMSIZ - 1] = '\0';
		return links_rename(net_links(net), n, ifr->ifr_newname);
	default: /* SIOCSIFMTU */
		return ifr->ifr_mtu < 0 ? -EINVAL : netif_set_mtu(n, (uint32_t)ifr->ifr_mtu);
	}
}

/* --- routes --- */

static int read_route(const struct net *net, const struct rtentry *r, struct ipaddr *gateway,
		      struct route_config *out)
{
	uint32_t dst;
	uint32_t mask = UINT32_MAX;
	uint32_t via;

	*out = (struct route_config){.kind = ROUTE_UNICAST, .src = ipaddr_from4(0)};
	if (!read_in(&r->rt_dst, &dst))
		return -EAFNOSUPPORT;
	if (!(r->rt_flags & RTF_HOST) && !read_in(&r->rt_genmask, &mask) &&
	    (mask || r->rt_genmask.sa_family))
		return -EAFNOSUPPORT;
	if (prefix_of(mask) < 0 || dst & ~mask)
		return -EINVAL;
	out->dst = ipaddr_from4(dst);
	out->prefix_len = (unsigned)prefix_of(mask);
	if (r->rt_metric > 0)
		out->metric = (uint32_t)(r->rt_metric - 1);
	if (r->rt_flags & RTF_REJECT)
		out->kind = ROUTE_UNREACHABLE;
	if (r->rt_dev) {
		const struct netif *n = links_by_name(net_links(net), r->rt_dev);

		if (!n)
			return -ENODEV;
		out->ifindex = n->ifindex;
	}
	if (read_in(&r->rt_gateway, &via) && via) {
		*gateway = ipaddr_from4(via);
		out->gateway = gateway;
	}
	return r->rt_flags & RTF_GATEWAY && !out->gateway ? -EINVAL : 0;
}

/* What a deletion does not say matches all. */
static int del_route(struct net *net, const struct route_config *c, bool metric_given)
{
	const struct route *r = route_nth(net, 0);

	for (; r; r = route_after(net, r)) {
		if (r->prefix_len != c->prefix_len || !ipaddr_equal(&r->dst, &c->dst) ||
		    (metric_given && r->metric != c->metric) ||
		    (c->ifindex && (!r->netif || r->netif->ifindex != c->ifindex)) ||
		    (c->gateway && (!r->has_gateway || !ipaddr_equal(&r->gateway, c->gateway))))
			continue;
		route_remove(net, (struct route *)(uintptr_t)r);
		return 0;
	}
	return -ESRCH;
}

static int set_route(struct net *net, unsigned long request, const struct rtentry *r)
{
	struct ipaddr gateway;
	struct route_config config;
	int error = read_route(net, r, &gateway, &config);

	if (error < 0)
		return error;
	return request == SIOCADDRT ? route_add(net, &config)
				    : del_route(net, &config, r->rt_metric > 0);
}

/* --- neighbours --- */

/* The interface of a request that names none: that of the route. */
static struct netif *arp_netif(struct net *net, const char *name, const struct ipaddr *a)
{
	const struct route *r;

	if (name[0])
		return links_by_name(net_links(net), name);
	r = route_find(net, a, 0);
	return r ? r->netif : NULL;
}

static int get_arp(const struct neigh *n, struct arpreq *r)
{
	if (!n || !(n->state & NEIGH_VALID))
		return -ENXIO;
	memset(&r->arp_ha, 0, sizeof(r->arp_ha));
	r->arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(r->arp_ha.sa_data, n->mac, sizeof(n->mac));
	r->arp_flags = ATF_COM | (n->state == NEIGH_PERMANENT ? ATF_PERM : 0);
	return 0;
}

static int set_arp(struct net *net, unsigned long request, struct arpreq *r)
{
	struct neighs *all = net_neighs(net);
	struct ipaddr a;
	struct neigh *n;
	struct netif *netif;
	uint32_t addr;

	r->arp_dev[sizeof(r->arp_dev) - 1] = '\0';
	if (!read_in(&r->arp_pa, &addr))
		return -EPFNOSUPPORT;
	if (r->arp_flags & ATF_PUBL)
		return request == SIOCSARP ? -EOPNOTSUPP : -ENXIO; /* there are no proxies */
	a = ipaddr_from4(addr);
	netif = arp_netif(net, r->arp_dev, &a);
	if (!netif)
		return r->arp_dev[0] ? -ENODEV : -EINVAL;
	n = neigh_find(all, netif, &a);
	if (request == SIOCGARP)
		return get_arp(n, r);
	if (request == SIOCDARP) {
		if (!n || n->state == NEIGH_NONE)
			return -ENXIO;
		neigh_remove(n);
		return 0;
	}
	if (netif->kind == BERTH_NETIF_LOOPBACK || r->arp_ha.sa_family != ARPHRD_ETHER)
		return -EINVAL;
	n = neigh_get(all, netif, &a);
	if (!n)
		return -ENOBUFS;
	neigh_set(n, (const uint8_t *)r->arp_ha.sa_data,
		  r->arp_flags & ATF_PERM ? NEIGH_PERMANENT : NEIGH_STALE);
	return 0;
}

int ioctl_set(struct socket *so, unsigned long request, void *arg)
{
	struct net *net = so->sock->tp->net;
	bool internet = so->sock->family == AF_INET || so->sock->family == AF_PACKET;

	if (!arg)
		return -EFAULT;
	switch (request) {
	case SIOCADDRT:
	case SIOCDELRT:
		return internet ? set_route(net, request, arg) : -ENOTTY;
	case SIOCSARP:
	case SIOCDARP:
	case SIOCGARP:
		return internet ? set_arp(net, request, arg) : -ENOTTY;
	default:
		return set_netif(so, request, arg);
	}
}
