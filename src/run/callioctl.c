/* SPDX-License-Identifier: MIT */
/*
 * ioctl(2) requests of the SIOC range. The library answers them. Those that name interfaces are
 * answered for any socket, as libc asks through whatever it has at hand: for one that is not ours
 * by an AF_UNIX socket of the library, made for the purpose. Those about queues for ours alone; a
 * stream's SIOCATMARK and FIONREAD are the carrier's.
 *
 * Whatever else of these ranges is asked of a socket is refused here: were it passed on, the kernel
 * would tell of the machine's network, and change it for those who may. Left out: ethtool, MII,
 * wireless and what drivers have of their own, with the error of a driver that lacks it.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/route.h>
#include <linux/sockios.h>

#include "run/call.h"

#define IFREQS_MAX 64
#define UNIX_FILE 0x89e0u     /* SIOCUNIXFILE, of <linux/un.h> */
#define SIOC_WIRELESS 0x8b00u /* SIOCIWFIRST, the first of its range */

/* Which of the library's sockets is asked; `made` has to be closed. */
struct asked {
	struct berth_stack *stack;
	int sock;
	bool made;
};

static bool is_socket(const struct call *call)
{
	struct stat st;

	return call->fd >= 0 && fstat(call->fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* False: not a socket, so that the request means something else. */
static bool asked_of(const struct call *call, const struct carrier *c, struct asked *out)
{
	out->stack = berth_world_stack(call->run->world, call->command->host);
	out->made = !c || c->sock < 0;
	if (!out->made)
		out->sock = c->sock;
	else if (is_socket(call))
		out->sock = berth_socket(out->stack, AF_UNIX, SOCK_DGRAM, 0);
	else
		return false;
	return true;
}

static long ask(const struct asked *a, unsigned long request, void *arg)
{
	long result = a->sock < 0 ? a->sock : berth_ioctl(a->stack, a->sock, request, arg);

	if (a->made && a->sock >= 0)
		(void)berth_close(a->stack, a->sock); /* it was just made */
	return result;
}

/* A request with `bytes` bytes that are handed in and out. */
static long ask_with(struct call *call, const struct asked *a, unsigned long request, size_t bytes)
{
	union {
		struct ifreq netif;
		struct arpreq arp;
	} arg;
	bool in = task_read(call->task, call->args[2], &arg, bytes) == 0;
	long result = ask(a, request, in ? &arg : NULL);

	return result < 0 ? result : task_write(call->task, call->args[2], &arg, bytes);
}

/* A route, whose interface's name is elsewhere in the program. */
static long ask_route(struct call *call, const struct asked *a, unsigned long request)
{
	struct rtentry route;
	char name[IFNAMSIZ] = "";

	if (task_read(call->task, call->args[2], &route, sizeof(route)) < 0)
		return ask(a, request, NULL);
	if (route.rt_dev &&
	    task_read(call->task, (uintptr_t)route.rt_dev, name, sizeof(name) - 1) < 0)
		return ask(a, request, NULL);
	if (route.rt_dev)
		route.rt_dev = name;
	return ask(a, request, &route);
}

static long list_netifs(struct call *call, const struct asked *a)
{
	struct ifreq list[IFREQS_MAX];
	struct ifconf there;
	struct ifconf conf = {.ifc_len = sizeof(list)};
	long result;

	if (task_read(call->task, call->args[2], &there, sizeof(there)) < 0)
		return ask(a, SIOCGIFCONF, NULL);
	if (there.ifc_buf) {
		conf.ifc_req = list;
		if (there.ifc_len < conf.ifc_len)
			conf.ifc_len = there.ifc_len;
	}
	result = ask(a, SIOCGIFCONF, &conf);
	if (result == 0 && there.ifc_buf)
		result = task_write(call->task, (uintptr_t)there.ifc_buf, list,
				    (size_t)conf.ifc_len);
	if (result < 0)
		return result;
	there.ifc_len = conf.ifc_len;
	return task_write(call->task, call->args[2], &there, sizeof(there));
}

/* What is not acknowledged yet, wherever it is. */
static long out_queue(struct call *call, struct carrier *c)
{
	struct berth_sock_info info;
	int bytes = 0;

	if (c->family == AF_NETLINK)
		return -ENOTTY;
	if (c->state == CARRIER_LISTENING)
		return -EINVAL;
	/* What berth has not read yet; a failure leaves 0. */
	if (c->type == SOCK_STREAM && c->state == CARRIER_ESTABLISHED)
		(void)ioctl(c->end, FIONREAD, &bytes);
	bytes = (c->parted ? 0 : bytes) + (int)parting_left(c);
	if (berth_sock_info(c->stack, c->sock, &info) == 0)
		bytes += (int)info.send_q;
	return task_write(call->task, call->args[2], &bytes, sizeof(bytes));
}

/* Requests about a descriptor, not about a network, of the same range. */
static bool of_descriptor(unsigned long request)
{
	return request == FIOSETOWN || request == SIOCSPGRP || request == FIOGETOWN ||
	       request == SIOCGPGRP || request == SIOCATMARK || request == SIOCGSTAMP_OLD ||
	       request == SIOCGSTAMPNS_OLD || request == UNIX_FILE;
}

/* What drivers are asked for; theirs here have none of it. */
static bool of_driver(unsigned long request)
{
	switch (request) {
	case SIOCETHTOOL:
	case SIOCGMIIPHY:
	case SIOCGMIIREG:
	case SIOCSMIIREG:
	case SIOCWANDEV:
	case SIOCGHWTSTAMP:
	case SIOCSHWTSTAMP:
		return true;
	default:
		return request >= SIOCDEVPRIVATE || (request & ~0xfful) == SIOC_WIRELESS;
	}
}

/* A request that berth does not know: never for the kernel, if it is about a network. */
static long refuse(const struct call *call, unsigned long request)
{
	const struct carrier *c = call->carrier;

	if (of_descriptor(request) || request == TIOCOUTQ || !is_socket(call))
		return CALL_CONTINUE;
	if (request == SIOCGIFSLAVE ||
	    (c && c->family == AF_INET && (request == SIOCGIFPFLAGS || request == SIOCRTMSG)))
		return -EINVAL;
	if (request == SIOCGIFBR)
		return -EOPNOTSUPP;
	return of_driver(request) ? -EOPNOTSUPP : -ENOTTY;
}

/* When the last datagram came, if one did: that there is none is told first. */
static long ask_time(struct call *call, const struct asked *a, unsigned long request)
{
	struct timeval when;
	long result = ask(a, request, &when);

	return result < 0 ? result : task_write(call->task, call->args[2], &when, sizeof(when));
}

/* What is asked of our sockets alone. */
static long ask_ours(struct call *call, struct carrier *c, unsigned long request)
{
	struct asked a = {c->stack, c->sock, false};
	const int none = 0;

	switch (request) {
	case SIOCOUTQ:
		return out_queue(call, c);
	case SIOCOUTQNSD:
		return ask_with(call, &a, request, sizeof(int));
	case SIOCGSTAMP_OLD:
	case SIOCGSTAMPNS_OLD:
		return ask_time(call, &a, request);
	case SIOCATMARK:
		if (c->state == CARRIER_LISTENING)
			return task_write(call->task, call->args[2], &none, sizeof(none));
		return c->type == SOCK_STREAM ? CALL_CONTINUE
					      : ask_with(call, &a, request, sizeof(int));
	default:
		return refuse(call, request);
	}
}

/* What ours has nothing of any more, as it has ended. */
static long ask_ended(struct call *call, const struct carrier *c, unsigned long request)
{
	const int none = 0;

	if (request == SIOCOUTQNSD && c->type == SOCK_STREAM)
		return task_write(call->task, call->args[2], &none, sizeof(none));
	if (request == SIOCATMARK && c->type != SOCK_STREAM)
		return -ENOTTY;
	return refuse(call, request);
}

long call_ioctl(struct call *call)
{
	struct carrier *c = call_carrier(call);
	unsigned long request = (unsigned int)call->args[1];
	struct asked a;

	switch (request) {
	case SIOCGIFCONF:
		return asked_of(call, c, &a) ? list_netifs(call, &a) : CALL_CONTINUE;
	case SIOCGIFNAME:
	case SIOCGIFINDEX:
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFMETRIC:
	case SIOCGIFTXQLEN:
	case SIOCGIFMAP:
	case SIOCGIFHWADDR:
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCSIFFLAGS:
	case SIOCSIFADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFMTU:
	case SIOCSIFHWADDR:
	case SIOCSIFNAME:
		return asked_of(call, c, &a) ? ask_with(call, &a, request, sizeof(struct ifreq))
					     : CALL_CONTINUE;
	case SIOCADDRT:
	case SIOCDELRT:
		return asked_of(call, c, &a) ? ask_route(call, &a, request) : CALL_CONTINUE;
	case SIOCGARP:
	case SIOCSARP:
	case SIOCDARP:
		return asked_of(call, c, &a) ? ask_with(call, &a, request, sizeof(struct arpreq))
					     : CALL_CONTINUE;
	default:
		if (c && c->sock < 0)
			return ask_ended(call, c, request);
		return c ? ask_ours(call, c, request) : refuse(call, request);
	}
}
