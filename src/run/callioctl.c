/* SPDX-License-Identifier: MIT */
/*
 * ioctl(2) requests of the SIOC range. Those that name interfaces are answered for any
 * socket, as libc asks through whatever it has at hand; those about queues for ours alone.
 * Everything is read from the host's stack anew; nothing is kept. Left out: changing interfaces
 * (EPERM, as for any unprivileged program), ethtool, ARP's table.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/sockios.h>

#include "run/call.h"

#define IFREQS_MAX 64

static struct berth_stack *stack_of(const struct call *call)
{
	return berth_world_stack(call->run->world, call->command->host);
}

static bool find_netif(const struct call *call, const struct ifreq *ifr, bool by_index,
		       struct berth_netif_info *out)
{
	for (unsigned i = 0; berth_netif_get(stack_of(call), i, out); i++)
		if (by_index ? (int)out->ifindex == ifr->ifr_ifindex
			     : !strncmp(out->name, ifr->ifr_name, IFNAMSIZ))
			return true;
	return false;
}

/* The first IPv4 address of an interface. */
static bool find_addr(const struct call *call, unsigned ifindex, struct berth_addr_info *out)
{
	for (unsigned i = 0; berth_addr_get(stack_of(call), i, out); i++)
		if (out->ifindex == ifindex && out->addr.ss_family == AF_INET)
			return true;
	return false;
}

static uint32_t mask_of(unsigned prefix_len)
{
	return prefix_len ? htonl(~0u << (32 - prefix_len)) : 0;
}

static void set_addr(struct sockaddr *to, uint32_t addr)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = addr};

	memcpy(to, &sin, sizeof(sin));
}

/* SIOCGIFADDR and its kin. */
static int get_addr(const struct call *call, unsigned long request,
		    const struct berth_netif_info *n, struct ifreq *ifr)
{
	struct berth_addr_info a;
	uint32_t addr;
	uint32_t mask;

	if (!find_addr(call, n->ifindex, &a))
		return -EADDRNOTAVAIL;
	addr = ((struct sockaddr_in *)&a.addr)->sin_addr.s_addr;
	mask = mask_of(a.prefix_len);
	if (request == SIOCGIFNETMASK)
		set_addr(&ifr->ifr_netmask, mask);
	else if (request == SIOCGIFBRDADDR)
		set_addr(&ifr->ifr_broadaddr, n->flags & IFF_BROADCAST ? addr | ~mask : 0);
	else
		set_addr(&ifr->ifr_addr, addr); /* SIOCGIFDSTADDR too: no point-to-point links */
	return 0;
}

static int get_netif(const struct call *call, unsigned long request, struct ifreq *ifr)
{
	struct berth_netif_info n;

	if (!find_netif(call, ifr, request == SIOCGIFNAME, &n))
		return -ENODEV;
	switch (request) {
	case SIOCGIFNAME:
		memcpy(ifr->ifr_name, n.name, IFNAMSIZ);
		return 0;
	case SIOCGIFINDEX:
		ifr->ifr_ifindex = (int)n.ifindex;
		return 0;
	case SIOCGIFFLAGS:
		ifr->ifr_flags = (short)n.flags;
		return 0;
	case SIOCGIFMTU:
		ifr->ifr_mtu = (int)n.mtu;
		return 0;
	case SIOCGIFMETRIC:
		ifr->ifr_metric = 0;
		return 0;
	case SIOCGIFTXQLEN:
		ifr->ifr_qlen = 1000;
		return 0;
	case SIOCGIFHWADDR:
		memset(&ifr->ifr_hwaddr, 0, sizeof(ifr->ifr_hwaddr));
		ifr->ifr_hwaddr.sa_family =
			n.kind == BERTH_NETIF_ETHER ? ARPHRD_ETHER : ARPHRD_LOOPBACK;
		memcpy(ifr->ifr_hwaddr.sa_data, n.mac, sizeof(n.mac));
		return 0;
	default:
		return get_addr(call, request, &n, ifr);
	}
}

static long one_netif(struct call *call, unsigned long request)
{
	struct ifreq ifr;
	int error;

	if (task_read(call->task, call->args[2], &ifr, sizeof(ifr)) < 0)
		return -EFAULT;
	ifr.ifr_name[IFNAMSIZ - 1] = '\0';
	error = get_netif(call, request, &ifr);
	if (error < 0)
		return error;
	return task_write(call->task, call->args[2], &ifr, sizeof(ifr));
}

/* SIOCGIFCONF: the interfaces that have an IPv4 address. */
static long list_netifs(struct call *call)
{
	struct ifreq list[IFREQS_MAX] = {0};
	struct ifconf conf;
	struct berth_netif_info n;
	size_t count = 0;
	size_t bytes;

	if (task_read(call->task, call->args[2], &conf, sizeof(conf)) < 0)
		return -EFAULT;
	for (unsigned i = 0; count < IFREQS_MAX && berth_netif_get(stack_of(call), i, &n); i++) {
		if (get_addr(call, SIOCGIFADDR, &n, &list[count]) < 0)
			continue;
		memcpy(list[count].ifr_name, n.name, IFNAMSIZ);
		count++;
	}
	bytes = count * sizeof(struct ifreq);
	if (conf.ifc_buf) {
		size_t room = conf.ifc_len < 0 ? 0 : (size_t)conf.ifc_len;

		if (bytes > room)
			bytes = room - room % sizeof(struct ifreq);
		if (task_write(call->task, (uintptr_t)conf.ifc_buf, list, bytes) < 0)
			return -EFAULT;
	}
	conf.ifc_len = (int)bytes;
	return task_write(call->task, call->args[2], &conf, sizeof(conf));
}

/* What is not acknowledged yet, wherever it is. */
static long out_queue(struct call *call, struct carrier *c)
{
	struct berth_sock_info info;
	int bytes = 0;

	/* What berth has not read yet; a failure leaves 0. */
	if (c->type == SOCK_STREAM && c->state == CARRIER_ESTABLISHED)
		(void)ioctl(c->end, FIONREAD, &bytes);
	if (berth_sock_info(c->stack, c->sock, &info) == 0)
		bytes += (int)info.send_q;
	return task_write(call->task, call->args[2], &bytes, sizeof(bytes));
}

static bool is_socket(const struct call *call)
{
	struct stat st;

	return call->fd >= 0 && fstat(call->fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

long call_ioctl(struct call *call)
{
	struct carrier *c = call_carrier(call);
	unsigned long request = (unsigned int)call->args[1];

	switch (request) {
	case SIOCOUTQ:
		return c && c->sock >= 0 ? out_queue(call, c) : CALL_CONTINUE;
	case SIOCGIFCONF:
		return is_socket(call) ? list_netifs(call) : CALL_CONTINUE;
	case SIOCGIFNAME:
	case SIOCGIFINDEX:
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFMETRIC:
	case SIOCGIFTXQLEN:
	case SIOCGIFHWADDR:
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
		return is_socket(call) ? one_netif(call, request) : CALL_CONTINUE;
	case SIOCSIFFLAGS:
	case SIOCSIFADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFMTU:
	case SIOCADDRT:
	case SIOCDELRT:
		return is_socket(call) ? -EPERM : CALL_CONTINUE;
	case SIOCETHTOOL:
		return is_socket(call) ? -EOPNOTSUPP : CALL_CONTINUE;
	default:
		return CALL_CONTINUE;
	}
}
