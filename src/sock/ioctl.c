/* SPDX-License-Identifier: MIT */
/*
 * ioctl() on a socket.
 *
 * Questions about the host (netdevice(7)) are answered from link/ and net/, whatever socket they
 * are asked of, but for addresses; those about queues go to the protocol. Only IPv4 addresses are
 * told, as on Linux. What changes the host is in ioctl_set.c.
 */
#include "sock/ioctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

#include "base/env.h"
#include "link/links.h"
#include "net/addr.h"
#include "sock/ioctl_set.h"
#include "transport/dgram.h"

static struct links *links_of(const struct socket *so)
{
	return net_links(so->sock->tp->net);
}

/* The first IPv4 address of an interface. */
static const struct addr *first_addr(const struct socket *so, const struct netif *n)
{
	const struct addr *a;

	for (unsigned i = 0; (a = addr_nth(so->sock->tp->net, i)); i++) {
		if (a->netif == n && ipaddr_is4(&a->addr))
			return a;
	}
	return NULL;
}

static void put_addr(struct sockaddr *out, uint32_t host_order)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host_order)};

	memcpy(out, &in, sizeof(in));
}

static uint32_t mask_of(unsigned prefix_len)
{
	return prefix_len == 0 ? 0 : UINT32_MAX << (32 - prefix_len);
}

static int get_addr(const struct socket *so, const struct netif *n, unsigned long request,
		    struct ifreq *ifr)
{
	const struct addr *a = first_addr(so, n);

	if (!a)
		return -EADDRNOTAVAIL;
	switch (request) {
	case SIOCGIFBRDADDR:
		put_addr(&ifr->ifr_broadaddr,
			 ipaddr_is_any(&a->broadcast) ? 0 : ipaddr_to4(&a->broadcast));
		return 0;
	case SIOCGIFNETMASK:
		put_addr(&ifr->ifr_netmask, mask_of(a->prefix_len));
		return 0;
	default: /* SIOCGIFADDR, SIOCGIFDSTADDR */
		put_addr(&ifr->ifr_addr, ipaddr_to4(&a->addr));
		return 0;
	}
}

static int get_netif(const struct netif *n, unsigned long request, struct ifreq *ifr)
{
	struct berth_netif_info info;

	netif_info(n, &info);
	switch (request) {
	case SIOCGIFFLAGS:
		ifr->ifr_flags = (short)info.flags;
		return 0;
	case SIOCGIFMTU:
		ifr->ifr_mtu = (int)info.mtu;
		return 0;
	case SIOCGIFINDEX:
		ifr->ifr_ifindex = (int)info.ifindex;
		return 0;
	case SIOCGIFMETRIC:
		ifr->ifr_metric = 0;
		return 0;
	case SIOCGIFTXQLEN:
		ifr->ifr_qlen = 1000;
		return 0;
	case SIOCGIFMAP: /* no device here has registers */
		memset(&ifr->ifr_map, 0, sizeof(ifr->ifr_map));
		return 0;
	case SIOCGIFHWADDR:
		memset(&ifr->ifr_hwaddr, 0, sizeof(ifr->ifr_hwaddr));
		ifr->ifr_hwaddr.sa_family =
			info.kind == BERTH_NETIF_LOOPBACK ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
		memcpy(ifr->ifr_hwaddr.sa_data, info.mac, sizeof(info.mac));
		return 0;
	default:
		return -EINVAL;
	}
}

static int get_ifreq(const struct socket *so, unsigned long request, struct ifreq *ifr)
{
	char name[IF_NAMESIZE];
	const struct netif *n;
	bool alias;

	if (!ifr)
		return -EFAULT;
	/* Linux: what stands behind a colon was another address's name once. */
	memcpy(name, ifr->ifr_name, sizeof(name));
	name[IF_NAMESIZE - 1] = '\0';
	alias = strchr(name, ':') != NULL;
	name[strcspn(name, ":")] = '\0';
	n = links_by_name(links_of(so), name);
	switch (request) {
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
		/* Linux: it is IPv4 that answers these, and nobody else knows them. */
		if (so->sock->family != AF_INET && so->sock->family != AF_PACKET)
			return -ENOTTY;
		if (!n)
			return -ENODEV;
		return alias ? -EADDRNOTAVAIL : get_addr(so, n, request, ifr);
	default:
		return n ? get_netif(n, request, ifr) : -ENODEV;
	}
}

static int get_ifname(const struct socket *so, struct ifreq *ifr)
{
	const struct netif *n;

	if (!ifr)
		return -EFAULT;
	n = ifr->ifr_ifindex > 0 ? links_get(links_of(so), (unsigned)ifr->ifr_ifindex) : NULL;
	if (!n)
		return -ENODEV;
	memcpy(ifr->ifr_name, n->name, sizeof(ifr->ifr_name));
	return 0;
}

/* The interfaces that have an IPv4 address; with no buffer, how much room they need. */
static int get_ifconf(const struct socket *so, struct ifconf *conf)
{
	const struct addr *a;
	int used = 0;

	if (!conf)
		return -EFAULT;
	for (unsigned i = 0; (a = addr_nth(so->sock->tp->net, i)); i++) {
		struct ifreq ifr = {0};

		if (!ipaddr_is4(&a->addr))
			continue;
		if (conf->ifc_buf) {
			if (conf->ifc_len - used < (int)sizeof(ifr))
				break;
			memcpy(ifr.ifr_name, a->netif->name, sizeof(ifr.ifr_name));
			put_addr(&ifr.ifr_addr, ipaddr_to4(&a->addr));
			memcpy(conf->ifc_buf + used, &ifr, sizeof(ifr));
		}
		used += (int)sizeof(ifr);
	}
	conf->ifc_len = used;
	return 0;
}

static int get_stamp(const struct socket *so, bool nanoseconds, void *out)
{
	bool never = so->sock->family == AF_UNIX || so->sock->family == AF_NETLINK;
	bool keeps = so->sock->type != SOCK_STREAM && !never;
	berth_time t = keeps ? dgram_of_const(so->sock)->stamp : 0;
	berth_time unix_time = sock_env(so->sock)->epoch + t;
	struct timeval tv = {unix_time / BERTH_SEC, unix_time % BERTH_SEC / BERTH_USEC};
	struct timespec ts = {unix_time / BERTH_SEC, unix_time % BERTH_SEC};

	if (never) /* Linux: they keep none */
		return -ENOTTY;
	if (!out)
		return -EFAULT;
	if (!t)
		return -ENOENT;
	if (nanoseconds)
		memcpy(out, &ts, sizeof(ts));
	else
		memcpy(out, &tv, sizeof(tv));
	return 0;
}

static int ask_proto(const struct socket *so, unsigned long request, void *arg)
{
	int value;
	int result = so->sock->proto->ioctl ? so->sock->proto->ioctl(so->sock, request, &value)
					    : -ENOTTY;

	if (result < 0)
		return result;
	if (!arg)
		return -EFAULT;
	memcpy(arg, &value, sizeof(value));
	return 0;
}

int ioctl_do(struct socket *so, unsigned long request, void *arg)
{
	switch (request) {
	case FIONBIO: /* no call blocks */
	case FIOASYNC:
		return 0;
	case SIOCGSTAMP_OLD:
		return get_stamp(so, false, arg);
	case SIOCGSTAMPNS_OLD:
		return get_stamp(so, true, arg);
	case SIOCGIFCONF:
		return get_ifconf(so, arg);
	case SIOCGIFNAME:
		return get_ifname(so, arg);
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFINDEX:
	case SIOCGIFMETRIC:
	case SIOCGIFMAP:
	case SIOCGIFTXQLEN:
	case SIOCGIFHWADDR:
		return get_ifreq(so, request, arg);
	default:
		return ioctl_changes(request) ? ioctl_set(so, request, arg)
					      : ask_proto(so, request, arg);
	}
}
