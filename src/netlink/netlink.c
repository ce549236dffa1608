/* SPDX-License-Identifier: MIT */
/*
 * The host's side of AF_NETLINK: ports, groups, and the way of a request.
 *
 * A program's datagram may hold several requests. Each goes to its protocol's function; an error,
 * or NLM_F_ACK, is answered with a NLMSG_ERROR that holds the request's header and, unless
 * NETLINK_CAP_ACK is set or nothing went wrong, the request (Linux: netlink_ack()). A request that
 * starts a dump is answered by the dump alone.
 *
 * Multicasts are copied for each member; what nobody listens to is never built
 * (nl_group_heard()).
 *
 * Ownership: tp->netlink is this file's; socks are on its lists from their first breath to their
 * last, and in the table of ports while they have one.
 */
#include "netlink/netlink.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "netlink/genl.h"
#include "netlink/nlsock.h"
#include "netlink/rtnetlink.h"
#include "netlink/rtnotify.h"
#include "netlink/sockdiag.h"
#include "transport/demux.h"

#define TABLE_BUCKETS 8u

/* What every kernel has, and what berth has of the rest. Linux: a netns without more modules. */
static const struct nl_family families[NL_FAMILIES] = {
	{NETLINK_ROUTE, 36, rtnetlink_request},	   {NETLINK_USERSOCK, 32, NULL},
	{NETLINK_SOCK_DIAG, 32, sockdiag_request}, {NETLINK_KOBJECT_UEVENT, 32, NULL},
	{NETLINK_GENERIC, 32, genl_request},
};

const struct nl_family *nl_family_find(int protocol)
{
	for (unsigned i = 0; i < NL_FAMILIES; i++) {
		if (families[i].protocol == protocol)
			return &families[i];
	}
	return NULL;
}

unsigned nl_family_index(const struct nl_family *f)
{
	return (unsigned)(f - families);
}

int netlink_init(struct transport *tp)
{
	struct netlink *nl = env_calloc(tp->env, 1, sizeof(*nl));

	if (!nl)
		return -ENOMEM;
	nl->env = tp->env;
	nl->tp = tp;
	nl->net = tp->net;
	nl->links = net_links(tp->net);
	for (unsigned i = 0; i < NL_FAMILIES; i++)
		list_init(&nl->socks[i]);
	if (table_init(&nl->ports, nl->env, TABLE_BUCKETS) < 0) {
		env_free(tp->env, nl);
		return -ENOMEM;
	}
	rtnotify_start(nl);
	tp->netlink = nl;
	return 0;
}

void netlink_fini(struct transport *tp)
{
	struct netlink *nl = tp->netlink;

	if (!nl)
		return;
	rtnotify_stop(nl);
	for (unsigned i = 0; i < NL_FAMILIES; i++)
		ASSERT(list_empty(&nl->socks[i]));
	table_fini(&nl->ports, nl->env);
	tp->netlink = NULL;
	env_free(nl->env, nl);
}

bool nl_group_heard(const struct netlink *nl, int protocol, unsigned group)
{
	const struct nl_family *f = nl_family_find(protocol);

	ASSERT(f && group >= 1 && group <= NL_GROUPS_MAX);
	return nl->members[nl_family_index(f)][group - 1] > 0;
}

void nl_broadcast(struct netlink *nl, int protocol, unsigned group, uint32_t from_port,
		  const struct nlsock *not_to, const void *data, size_t bytes)
{
	struct list *socks = &nl->socks[nl_family_index(nl_family_find(protocol))];
	struct list *l;

	if (!nl_group_heard(nl, protocol, group))
		return;
	list_for_each (l, socks) {
		struct nlsock *s = list_entry(l, struct nlsock, link);
		struct nl_datagram *d;

		/* Linux: one without a port hears nothing, as port 0 is the kernel's. */
		if (s == not_to || !s->port || !(s->groups & UINT64_C(1) << (group - 1)))
			continue;
		d = nl_datagram_new(nl->env, bytes);
		if (!d) {
			nlsock_overrun(s);
			continue;
		}
		memcpy(d->data, data, bytes);
		d->bytes = (uint32_t)bytes;
		d->port = from_port;
		d->group = group;
		(void)nlsock_deliver(s, d); /* it was told */
	}
}

/* --- answers --- */

int nl_answer(struct nl_request *rq, size_t room, unsigned type, struct nlmsghdr *out_h,
	      struct nl_answer *out)
{
	*out_h = (struct nlmsghdr){.nlmsg_type = (uint16_t)type,
				   .nlmsg_seq = rq->h.nlmsg_seq,
				   .nlmsg_pid = rq->from->port};
	out->d = nl_datagram_new(rq->from->nl->env, room);
	if (!out->d)
		return -ENOBUFS;
	out->to = rq->from;
	out->w = nl_writer_of(out->d->data, room);
	return 0;
}

void nl_answer_drop(struct nl_answer *a)
{
	nl_datagram_free(a->to->nl->env, a->d);
}

int nl_answer_send(struct nl_answer *a)
{
	if (a->w.used == 0) {
		nl_answer_drop(a);
		return -EMSGSIZE;
	}
	a->d->bytes = (uint32_t)a->w.used;
	return nlsock_deliver(a->to, a->d) < 0 ? -ENOBUFS : 0;
}

/* What NETLINK_EXT_ACK adds: the reason in words, and where in the request it is. */
static void put_reason(struct nl_writer *w, const struct nl_request *rq, int error)
{
	if (rq->why)
		nlw_put_string(w, NLMSGERR_ATTR_MSG, rq->why);
	if (error && rq->bad)
		nlw_put_u32(w, NLMSGERR_ATTR_OFFS,
			    (uint32_t)(rq->bad - (rq->body - NL_HEADER_BYTES)));
}

static void acknowledge(struct nl_request *rq, int error)
{
	bool capped = !error || rq->from->cap_ack;
	bool reasons = rq->from->ext_ack && (rq->why || (error && rq->bad));
	struct nlmsgerr body = {.error = error, .msg = rq->h};
	struct nlmsghdr h = {.nlmsg_type = NLMSG_ERROR,
			     .nlmsg_flags = (uint16_t)((capped ? NLM_F_CAPPED : 0) |
						       (reasons ? NLM_F_ACK_TLVS : 0)),
			     .nlmsg_seq = rq->h.nlmsg_seq,
			     .nlmsg_pid = rq->from->port};
	size_t room = NL_HEADER_BYTES + sizeof(body) + nl_align(rq->bytes) +
		      (rq->why ? NL_ATTR_BYTES + nl_align(strlen(rq->why) + 1) : 0) + 8;
	struct nl_datagram *d = nl_datagram_new(rq->from->nl->env, room);
	struct nl_writer w;
	bool whole;

	if (!d) {
		nlsock_overrun(rq->from);
		return;
	}
	w = nl_writer_of(d->data, room);
	nlw_begin(&w, &h, &body, sizeof(body));
	if (!capped)
		nlw_raw(&w, rq->body, rq->bytes);
	if (reasons)
		put_reason(&w, rq, error);
	whole = nlw_end(&w);
	ASSERT(whole); /* it has the room that it needs */
	d->bytes = (uint32_t)w.used;
	(void)nlsock_deliver(rq->from, d); /* it was told */
}

/* --- requests --- */

static void take_one(struct nl_request *rq)
{
	struct netlink *nl = rq->from->nl;
	int error = 0;

	/* Linux: netlink_rcv_skb(). Only requests are for us; control messages are nobody's. */
	if (rq->h.nlmsg_flags & NLM_F_REQUEST && rq->h.nlmsg_type >= NLMSG_MIN_TYPE) {
		nl->acting = rq;
		error = rq->from->family->request(rq);
		nl->acting = NULL;
	}
	if (rq->dumping && error == 0) {
		nl_dump_go(rq->from->dump);
		return;
	}
	if (rq->dumping)
		nl_dump_drop(rq->from);
	if (error || rq->h.nlmsg_flags & NLM_F_ACK)
		acknowledge(rq, error);
}

void nl_take(struct nlsock *from, const uint8_t *data, size_t bytes)
{
	while (bytes >= NL_HEADER_BYTES) {
		struct nl_request rq = {.from = from};
		size_t step;

		memcpy(&rq.h, data, sizeof(rq.h));
		if (rq.h.nlmsg_len < NL_HEADER_BYTES || rq.h.nlmsg_len > bytes)
			return;
		rq.body = data + NL_HEADER_BYTES;
		rq.bytes = rq.h.nlmsg_len - NL_HEADER_BYTES;
		take_one(&rq);
		step = nl_align(rq.h.nlmsg_len);
		if (step >= bytes)
			return;
		data += step;
		bytes -= step;
	}
}
