/* SPDX-License-Identifier: MIT */
/*
 * An rtnetlink that answers dumps: what getifaddrs(3), getaddrinfo(3), Go's net package and ip(8)
 * ask. Its carrier is a SEQPACKET pair; requests come out of berth's end, or with sendto(2), and
 * answers go into it. A dump is cut into datagrams that fit a page, the least that readers
 * provide. Changes are refused (EPERM); groups can be joined and stay silent.
 */
#include "run/rtnetlink.h"

#include <errno.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "run/park.h"

#define DATAGRAM_BYTES 3800 /* less than a page with one more message */
#define REPLY_BYTES 8192

struct reply {
	struct carrier *carrier;
	const struct nlmsghdr *request;
	size_t bytes;
	size_t message; /* where the present message starts */
	_Alignas(struct nlmsghdr) unsigned char buf[REPLY_BYTES];
};

static void flush(struct reply *r)
{
	if (r->bytes > 0)
		(void)send(r->carrier->end, r->buf, r->bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
	r->bytes = 0; /* a full carrier: lost, as netlink loses */
}

static void *begin(struct reply *r, int type, int flags, const void *body, size_t bytes)
{
	struct nlmsghdr *h;

	if (r->bytes > DATAGRAM_BYTES)
		flush(r);
	r->message = r->bytes;
	h = (struct nlmsghdr *)(void *)(r->buf + r->message);
	memset(h, 0, NLMSG_SPACE(bytes));
	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_flags = (uint16_t)flags;
	h->nlmsg_seq = r->request->nlmsg_seq;
	h->nlmsg_pid = r->carrier->port;
	memcpy(NLMSG_DATA(h), body, bytes);
	r->bytes += NLMSG_SPACE(bytes);
	h->nlmsg_len = (uint32_t)(r->bytes - r->message);
	return h;
}

/* Adds an attribute to the present message. */
static void attribute(struct reply *r, int type, const void *data, size_t bytes)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)(r->buf + r->message);
	struct rtattr *a = (struct rtattr *)(void *)(r->buf + r->bytes);

	memset(a, 0, RTA_SPACE(bytes));
	a->rta_type = (uint16_t)type;
	a->rta_len = (uint16_t)RTA_LENGTH(bytes);
	memcpy(RTA_DATA(a), data, bytes);
	r->bytes += RTA_SPACE(bytes);
	h->nlmsg_len = (uint32_t)(r->bytes - r->message);
}

static void attribute_u32(struct reply *r, int type, uint32_t value)
{
	attribute(r, type, &value, sizeof(value));
}

static const void *addr_bytes(const struct sockaddr_storage *s, size_t *bytes)
{
	if (s->ss_family == AF_INET6) {
		*bytes = sizeof(struct in6_addr);
		return &((const struct sockaddr_in6 *)s)->sin6_addr;
	}
	*bytes = sizeof(struct in_addr);
	return &((const struct sockaddr_in *)s)->sin_addr;
}

static void attribute_addr(struct reply *r, int type, const struct sockaddr_storage *s)
{
	size_t bytes;
	const void *data = addr_bytes(s, &bytes);

	attribute(r, type, data, bytes);
}

static void add_link(struct reply *r, const struct berth_netif_info *n, int flags)
{
	static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t nobody[6];
	bool ether = n->kind == BERTH_NETIF_ETHER;
	struct ifinfomsg body = {
		.ifi_type = ether ? ARPHRD_ETHER : ARPHRD_LOOPBACK,
		.ifi_index = (int)n->ifindex,
		.ifi_flags = n->flags,
	};
	uint8_t state = n->flags & IFF_RUNNING ? 6 /* IF_OPER_UP */ : 2 /* IF_OPER_DOWN */;

	begin(r, RTM_NEWLINK, flags, &body, sizeof(body));
	attribute(r, IFLA_IFNAME, n->name, strlen(n->name) + 1);
	attribute_u32(r, IFLA_TXQLEN, 1000);
	attribute(r, IFLA_OPERSTATE, &state, sizeof(state));
	attribute_u32(r, IFLA_MTU, n->mtu);
	attribute(r, IFLA_ADDRESS, n->mac, sizeof(n->mac));
	attribute(r, IFLA_BROADCAST, ether ? everyone : nobody, sizeof(everyone));
	attribute(r, IFLA_QDISC, "noqueue", sizeof("noqueue"));
}

static bool netif_named(struct berth_stack *st, unsigned ifindex, struct berth_netif_info *out)
{
	for (unsigned i = 0; berth_netif_get(st, i, out); i++)
		if (out->ifindex == ifindex)
			return true;
	return false;
}

static void add_addr(struct reply *r, const struct berth_addr_info *a, int flags)
{
	struct berth_netif_info n = {0};
	bool found = netif_named(r->carrier->stack, a->ifindex, &n);
	bool loopback = found && n.kind == BERTH_NETIF_LOOPBACK;
	struct ifaddrmsg body = {
		.ifa_family = (uint8_t)a->addr.ss_family,
		.ifa_prefixlen = (uint8_t)a->prefix_len,
		.ifa_flags = IFA_F_PERMANENT,
		.ifa_scope = loopback ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
		.ifa_index = a->ifindex,
	};

	begin(r, RTM_NEWADDR, flags, &body, sizeof(body));
	attribute_addr(r, IFA_ADDRESS, &a->addr);
	if (a->addr.ss_family == AF_INET) {
		uint32_t addr = ((const struct sockaddr_in *)&a->addr)->sin_addr.s_addr;
		uint32_t host = a->prefix_len < 32 ? htonl(~0u >> a->prefix_len) : 0;

		attribute_u32(r, IFA_LOCAL, addr);
		if (!loopback)
			attribute_u32(r, IFA_BROADCAST, addr | host);
		attribute(r, IFA_LABEL, n.name, strlen(n.name) + 1);
	}
	attribute_u32(r, IFA_FLAGS, IFA_F_PERMANENT);
}

static void add_route(struct reply *r, const struct berth_route_info *t, int flags)
{
	bool gateway = t->gateway.ss_family != AF_UNSPEC;
	struct rtmsg body = {
		.rtm_family = (uint8_t)t->dst.ss_family,
		.rtm_dst_len = (uint8_t)t->prefix_len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = gateway ? RTPROT_BOOT : RTPROT_KERNEL,
		.rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};

	begin(r, RTM_NEWROUTE, flags, &body, sizeof(body));
	attribute_u32(r, RTA_TABLE, RT_TABLE_MAIN);
	if (t->prefix_len > 0)
		attribute_addr(r, RTA_DST, &t->dst);
	if (gateway)
		attribute_addr(r, RTA_GATEWAY, &t->gateway);
	attribute_u32(r, RTA_OIF, t->ifindex);
	if (t->metric)
		attribute_u32(r, RTA_PRIORITY, t->metric);
}

static void add_error(struct reply *r, int error)
{
	struct nlmsgerr body = {.error = error, .msg = *r->request};

	begin(r, NLMSG_ERROR, 0, &body, sizeof(body));
}

static void add_done(struct reply *r)
{
	int zero = 0;

	begin(r, NLMSG_DONE, NLM_F_MULTI, &zero, sizeof(zero));
}

static bool family_matches(const struct reply *r, int family)
{
	const struct rtgenmsg *g = NLMSG_DATA(r->request);

	return r->request->nlmsg_len < NLMSG_LENGTH(sizeof(*g)) || g->rtgen_family == AF_UNSPEC ||
	       g->rtgen_family == family;
}

static void dump(struct reply *r)
{
	struct berth_stack *st = r->carrier->stack;
	struct berth_netif_info n;
	struct berth_addr_info a;
	struct berth_route_info t;

	switch (r->request->nlmsg_type) {
	case RTM_GETLINK:
		for (unsigned i = 0; berth_netif_get(st, i, &n); i++)
			add_link(r, &n, NLM_F_MULTI);
		break;
	case RTM_GETADDR:
		for (unsigned i = 0; berth_addr_get(st, i, &a); i++)
			if (family_matches(r, a.addr.ss_family))
				add_addr(r, &a, NLM_F_MULTI);
		break;
	case RTM_GETROUTE:
		for (unsigned i = 0; berth_route_get(st, i, &t); i++)
			if (family_matches(r, t.dst.ss_family))
				add_route(r, &t, NLM_F_MULTI);
		break;
	default:
		break; /* rules, neighbours and the like: none to tell of */
	}
	add_done(r);
}

/* One link, by number or by name. */
static void get_link(struct reply *r)
{
	const struct ifinfomsg *want = NLMSG_DATA(r->request);
	const struct rtattr *a = IFLA_RTA(want);
	unsigned left = (unsigned)IFLA_PAYLOAD(r->request);
	const char *name = NULL;
	struct berth_netif_info n;

	if (r->request->nlmsg_len < NLMSG_LENGTH(sizeof(*want))) {
		add_error(r, -EINVAL);
		return;
	}
	for (; RTA_OK(a, (int)left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_IFNAME)
			name = RTA_DATA(a);
	for (unsigned i = 0; berth_netif_get(r->carrier->stack, i, &n); i++) {
		if (want->ifi_index ? want->ifi_index == (int)n.ifindex
				    : name && !strncmp(name, n.name, sizeof(n.name))) {
			add_link(r, &n, 0);
			return;
		}
	}
	add_error(r, -ENODEV);
}

static void answer_one(struct reply *r)
{
	bool get = (r->request->nlmsg_type & 3) == 2; /* RTM_GETx */

	if (r->request->nlmsg_type < RTM_BASE || !(r->request->nlmsg_flags & NLM_F_REQUEST))
		return;
	if (!get)
		add_error(r, -EPERM);
	else if ((r->request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		dump(r);
	else if (r->request->nlmsg_type == RTM_GETLINK)
		get_link(r);
	else
		add_error(r, -EOPNOTSUPP);
	flush(r);
}

/* Answers all requests in one datagram of the program's. */
static void answer_all(struct carrier *c, const void *data, size_t bytes)
{
	const struct nlmsghdr *h = data;
	unsigned left = (unsigned)bytes;

	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		struct reply r = {.carrier = c, .request = h};

		answer_one(&r);
	}
	park_retry(c);
}

void rtnetlink_ready(struct source *s, uint32_t events)
{
	struct carrier *c = container_of(s, struct carrier, source);
	_Alignas(struct nlmsghdr) unsigned char buf[REPLY_BYTES];
	ssize_t n;

	if (c->closed)
		return;
	while ((n = recv(c->end, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		answer_all(c, buf, (size_t)n);
	if (events & EPOLLHUP)
		carrier_close(c);
}

long rtnetlink_sendto(struct call *call)
{
	struct carrier *c = call->carrier;
	_Alignas(struct nlmsghdr) unsigned char buf[REPLY_BYTES];
	size_t bytes = call->args[2];

	if (bytes > sizeof(buf))
		return -EMSGSIZE;
	if (task_read(call->task, call->args[1], buf, bytes) < 0)
		return -EFAULT;
	answer_all(c, buf, bytes);
	return (long)bytes;
}

long rtnetlink_recv(struct call *call, struct msghdr *there, uint64_t addr, int flags)
{
	struct carrier *c = call->carrier;
	struct sockaddr_storage name = {0};
	struct sockaddr_nl *nl = (struct sockaddr_nl *)&name;
	struct iovec iov = {.iov_base = call->run->buf, .iov_len = RUN_BUF_BYTES};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	size_t room = 0;
	size_t fits;
	ssize_t n;
	struct call_pieces out = {.count = 0};
	int error = call_open(call);

	if (error < 0)
		return error;
	rtnetlink_ready(&c->source, 0); /* requests by write(2) may still be on their way */
	n = recvmsg(call->fd, &msg, (flags & MSG_PEEK) | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN ? call_wait(call, flags) : -errno;
	for (size_t i = 0; i < there->msg_iovlen; i++)
		room += there->msg_iov[i].iov_len;
	fits = (size_t)n < room ? (size_t)n : room;
	if (task_scatter(call->task, call->run->buf, fits, there->msg_iov, there->msg_iovlen) !=
	    (ssize_t)fits)
		return -EFAULT;
	nl->nl_family = AF_NETLINK;
	msg.msg_name = &name;
	msg.msg_namelen = sizeof(*nl);
	msg.msg_flags = (size_t)n > fits ? MSG_TRUNC : 0;
	if (addr)
		call_piece_message(&out, addr, there, &msg);
	else if (call->args[4])
		error = call_piece_addr(call, &out, call->args[4], call->args[5], &name,
					&msg.msg_namelen);
	if (error == 0)
		error = call_write_pieces(call, &out);
	if (error < 0)
		return error;
	return flags & MSG_TRUNC ? n : (long)fits;
}

long rtnetlink_bind(struct call *call)
{
	struct sockaddr_storage addr;
	const struct sockaddr_nl *nl = (const struct sockaddr_nl *)&addr;
	int error = call_read_addr(call, call->args[1], call->args[2], &addr);

	if (error < 0)
		return error;
	if (call->args[2] < sizeof(*nl) || nl->nl_family != AF_NETLINK)
		return -EINVAL;
	if (nl->nl_pid)
		call->carrier->port = nl->nl_pid;
	return 0;
}

long rtnetlink_getsockname(struct call *call)
{
	struct sockaddr_storage name = {0};
	struct sockaddr_nl *nl = (struct sockaddr_nl *)&name;

	nl->nl_family = AF_NETLINK;
	nl->nl_pid = call->entry->handle == call_getsockname ? call->carrier->port : 0;
	return call_write_addr(call, call->args[1], call->args[2], &name, sizeof(*nl));
}

long rtnetlink_getsockopt(struct call *call)
{
	int value;
	socklen_t len = sizeof(value);

	if ((int)call->args[1] != SOL_SOCKET)
		return -ENOPROTOOPT;
	switch ((int)call->args[2]) {
	case SO_DOMAIN:
		value = AF_NETLINK;
		break;
	case SO_TYPE:
		value = call->carrier->type;
		break;
	case SO_PROTOCOL:
		value = NETLINK_ROUTE;
		break;
	default:
		if (getsockopt(call->fd, SOL_SOCKET, (int)call->args[2], &value, &len) < 0)
			return -errno;
		break;
	}
	if (task_write(call->task, call->args[3], &value, sizeof(value)) < 0)
		return -EFAULT;
	len = sizeof(value);
	return task_write(call->task, call->args[4], &len, sizeof(len));
}
