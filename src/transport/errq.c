/* SPDX-License-Identifier: MIT */
/*
 * The error queue: entries in the order in which they came, each with a copy of the packet it is
 * about. It is bounded, and what comes when it is full is lost. Only entries that the network sent
 * make SO_ERROR; times and completed calls (MSG_ZEROCOPY) make POLLERR alone. Runs of completed
 * calls share an entry.
 */
#include "transport/errq.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <string.h>

#include "base/env.h"

#define ENTRIES_MAX 256u /* about what Linux's default SO_RCVBUF holds */
#define DATA_MAX 1024u

struct errq_entry {
	struct list link;
	struct endpoint dst;
	struct sock_error error;
	berth_time time;
	size_t bytes;
	uint8_t data[];
};

bool errq_add(struct sock *s, const struct sock_error *error, const struct endpoint *dst,
	      berth_time time, const void *data, size_t bytes)
{
	struct sock_extra *x = sock_extra(s);
	struct errq_entry *e;

	if (!x || x->errors_count >= ENTRIES_MAX)
		return false;
	if (bytes > DATA_MAX)
		bytes = DATA_MAX;
	e = env_alloc(sock_env(s), sizeof(*e) + bytes);
	if (!e)
		return false;
	e->dst = *dst;
	e->error = *error;
	e->time = time;
	e->bytes = bytes;
	if (bytes > 0)
		memcpy(e->data, data, bytes);
	list_add_tail(&x->errors, &e->link);
	x->errors_count++;
	return true;
}

void errq_add_icmp(struct sock *s, const struct ip_error *e, uint16_t port, size_t payload_at)
{
	size_t bytes = e->l4_bytes > payload_at ? e->l4_bytes - payload_at : 0;
	struct endpoint dst = {.addr = e->dst, .port = port};
	bool is4 = ipaddr_is4(&e->dst);
	struct sock_error error = {.error = e->error,
				   .origin = is4 ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6,
				   .type = e->icmp_type,
				   .code = e->icmp_code,
				   .info = !is4			  ? e->info
					   : e->error == EMSGSIZE ? e->mtu
								  : 0,
				   .offender = e->offender,
				   .ifindex = e->message ? e->message->ifindex : 0,
				   .has_message = e->message != NULL};

	if (e->message) {
		error.ttl = e->message->ttl;
		error.tos = e->message->tos;
		error.flow_label = e->message->flow_label;
		error.message_dst = e->message->dst;
	}
	if (ipaddr_needs_scope(&dst.addr))
		dst.scope = (uint16_t)e->ifindex;
	/* What does not fit is lost; the socket hears of an error all the same. */
	(void)errq_add(s, &error, &dst, sock_env(s)->now, e->l4 + payload_at, bytes);
}

/* Linux: skb_zerocopy_notify_extend(): runs of calls share an entry. */
static bool extend_zerocopy(struct sock_extra *x, uint32_t key)
{
	struct errq_entry *e;

	if (list_empty(&x->errors))
		return false;
	e = list_entry(x->errors.prev, struct errq_entry, link);
	if (e->error.origin != SO_EE_ORIGIN_ZEROCOPY || e->error.data + 1 != key)
		return false;
	e->error.data = key;
	return true;
}

void errq_tell_zerocopy(struct sock *s)
{
	struct sock_extra *x = sock_extra(s);
	struct endpoint nobody = {.addr = sock_any(s)};
	struct sock_error error = {.origin = SO_EE_ORIGIN_ZEROCOPY,
				   .code = SO_EE_CODE_ZEROCOPY_COPIED,
				   .offender = sock_any(s)};

	if (!x)
		return;
	error.info = error.data = x->zerocopy_key++;
	if (extend_zerocopy(x, error.data) || errq_add(s, &error, &nobody, 0, NULL, 0))
		sock_notify(s, POLLERR);
}

static struct errq_entry *first(const struct sock *s)
{
	return list_first(&s->extra->errors, struct errq_entry, link);
}

static void take_out(struct sock *s, struct errq_entry *e)
{
	list_del(&e->link);
	s->extra->errors_count--;
	env_free(sock_env(s), e);
}

static bool from_icmp(const struct sock_error *e)
{
	return e->origin == SO_EE_ORIGIN_ICMP || e->origin == SO_EE_ORIGIN_ICMP6;
}

static size_t scatter(const struct errq_entry *e, const struct proto_msg *m)
{
	size_t done = 0;

	for (int i = 0; i < m->iov_count && done < e->bytes; i++) {
		size_t part = e->bytes - done;

		if (part > m->iov[i].iov_len)
			part = m->iov[i].iov_len;
		if (part > 0)
			memcpy(m->iov[i].iov_base, e->data + done, part);
		done += part;
	}
	return done;
}

ssize_t errq_recv(struct sock *s, struct proto_msg *m)
{
	struct errq_entry *e;
	size_t done;
	bool icmp;

	if (!errq_pending(s))
		return -EAGAIN;
	e = first(s);
	done = scatter(e, m);
	m->out_flags |= MSG_ERRQUEUE;
	if (done < e->bytes)
		m->out_flags |= MSG_TRUNC;
	m->addr = e->dst;
	m->has_error = true;
	m->error = e->error;
	m->time = e->time;
	icmp = from_icmp(&e->error);
	take_out(s, e);
	/* Linux: SO_ERROR is that of the next one in the queue, if the network sent it. */
	if (errq_pending(s) && from_icmp(&first(s)->error))
		s->error = first(s)->error.error;
	else if (icmp)
		s->error = 0;
	return (ssize_t)done;
}

void errq_clear(struct sock *s)
{
	while (errq_pending(s))
		take_out(s, first(s));
}
