/* SPDX-License-Identifier: MIT */
/* sock_diag of AF_NETLINK and AF_PACKET: lists alone, as of Linux. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "netlink/nlsock.h"
#include "netlink/sockdiag.h"
#include "transport/demux.h"

#define MESSAGE_ROOM 256u

static void cookie_of(const struct sock *s, uint32_t out[2])
{
	out[0] = (uint32_t)s->id;
	out[1] = (uint32_t)(s->id >> 32);
}

static void put_memory(struct nl_writer *w, unsigned type, const struct sock *s)
{
	uint32_t memory[SOCKDIAG_MEMORY_WORDS];

	sockdiag_memory(s, memory);
	nlw_put(w, type, memory, sizeof(memory));
}

static bool put_netlink(struct nl_writer *w, const struct nlmsghdr *h, uint32_t show,
			const struct nlsock *s)
{
	struct netlink_diag_msg m = {.ndiag_family = AF_NETLINK,
				     .ndiag_type = s->sock.type,
				     .ndiag_protocol = sock_ip_protocol(&s->sock),
				     .ndiag_state = s->dst_port || s->dst_group,
				     .ndiag_portid = s->port,
				     .ndiag_dst_portid = s->dst_port,
				     .ndiag_dst_group = s->dst_group,
				     .ndiag_ino = (uint32_t)sockdiag_owner(&s->sock).inode};

	cookie_of(&s->sock, m.ndiag_cookie);
	nlw_begin(w, h, &m, sizeof(m));
	if (show & NDIAG_SHOW_MEMINFO)
		put_memory(w, NETLINK_DIAG_MEMINFO, &s->sock);
	if (show & NDIAG_SHOW_GROUPS)
		nlw_put(w, NETLINK_DIAG_GROUPS, &s->groups, sizeof(s->groups));
	return nlw_end(w);
}

/* at[0] is the number of the sock that was shown last. */
static int list_netlink(struct nl_dump *d, struct nl_writer *w)
{
	struct nlmsghdr h = nl_dump_header(d, SOCK_DIAG_BY_FAMILY);
	struct netlink_diag_req req;
	const struct sock *s;

	nl_body_read(d->body, d->bytes, &req, sizeof(req));
	for (; (s = transport_next(d->sock->nl->tp, d->at[0])); d->at[0] = s->id) {
		if (!nl_dump_spend(d))
			return 1;
		if (s->family != AF_NETLINK || s->hidden)
			continue;
		if (req.sdiag_protocol != NDIAG_PROTO_ALL && req.sdiag_protocol != s->protocol)
			continue;
		if (!put_netlink(w, &h, req.ndiag_show, nlsock_of_const(s)))
			return 1;
	}
	return 0;
}

int netlinkdiag_request(struct nl_request *rq)
{
	struct nl_dump *d;

	if (rq->bytes < sizeof(struct netlink_diag_req))
		return -EINVAL;
	if (!(rq->h.nlmsg_flags & NLM_F_DUMP))
		return -EOPNOTSUPP;
	return nl_dump_start(rq, list_netlink, MESSAGE_ROOM, &d);
}

/* What it is bound to is its name, which its own family writes. */
static bool put_packet(struct nl_writer *w, const struct nlmsghdr *h, uint32_t show,
		       const struct sock *s)
{
	struct sockaddr_storage name = {0};
	struct sockaddr_ll ll;
	struct packet_diag_msg m = {.pdiag_family = AF_PACKET,
				    .pdiag_type = s->type,
				    .pdiag_ino = (uint32_t)sockdiag_owner(s).inode};
	struct packet_diag_info info = {0};

	if (s->proto->names)
		(void)s->proto->names->name(s, false, &name); /* nothing: it has none yet */
	memcpy(&ll, &name, sizeof(ll));
	m.pdiag_num = ntohs(ll.sll_protocol);
	info.pdi_index = (uint32_t)ll.sll_ifindex;
	cookie_of(s, m.pdiag_cookie);
	nlw_begin(w, h, &m, sizeof(m));
	if (show & PACKET_SHOW_INFO) {
		nlw_put(w, PACKET_DIAG_INFO, &info, sizeof(info));
		nlw_put_u32(w, PACKET_DIAG_UID, sockdiag_owner(s).uid);
	}
	if (show & PACKET_SHOW_MEMINFO)
		put_memory(w, PACKET_DIAG_MEMINFO, s);
	return nlw_end(w);
}

static int list_packet(struct nl_dump *d, struct nl_writer *w)
{
	struct nlmsghdr h = nl_dump_header(d, SOCK_DIAG_BY_FAMILY);
	struct packet_diag_req req;
	const struct sock *s;

	nl_body_read(d->body, d->bytes, &req, sizeof(req));
	for (; (s = transport_next(d->sock->nl->tp, d->at[0])); d->at[0] = s->id) {
		if (!nl_dump_spend(d))
			return 1;
		if (s->family == AF_PACKET && !s->hidden && !put_packet(w, &h, req.pdiag_show, s))
			return 1;
	}
	return 0;
}

int packetdiag_request(struct nl_request *rq)
{
	struct packet_diag_req req;
	struct nl_dump *d;

	if (rq->bytes < sizeof(req))
		return -EINVAL;
	nl_body_read(rq->body, rq->bytes, &req, sizeof(req));
	if (req.sdiag_protocol)
		return -EINVAL;
	if (!(rq->h.nlmsg_flags & NLM_F_DUMP))
		return -EOPNOTSUPP;
	return nl_dump_start(rq, list_packet, MESSAGE_ROOM, &d);
}
