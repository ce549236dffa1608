/* SPDX-License-Identifier: MIT */
/*
 * Dumps in pieces: see nlsock.h.
 *
 * A piece is a datagram of messages with NLM_F_MULTI; the last one ends with NLMSG_DONE, in the
 * same datagram if there is room, as on Linux. A dump that finds the tables changed since it began
 * says so in each message from then on (NLM_F_DUMP_INTR).
 *
 * A step function that runs out of its budget before it has found anything is called again by a
 * timer that is due at once: the driver does other things in between.
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "netlink/nlsock.h"

int nl_dump_start(struct nl_request *rq, nl_dump_fn step, size_t piece_min, struct nl_dump **out)
{
	struct nlsock *s = rq->from;
	struct nl_dump *d;

	if (s->dump)
		return -EBUSY;
	d = env_calloc(s->nl->env, 1, sizeof(*d) + rq->bytes);
	if (!d)
		return -ENOMEM;
	d->sock = s;
	d->step = step;
	d->request = rq->h;
	d->bytes = rq->bytes;
	if (rq->bytes > 0)
		memcpy(d->body, rq->body, rq->bytes);
	d->changes = s->nl->changes;
	d->piece_min = piece_min > NL_PIECE_MIN ? piece_min : NL_PIECE_MIN;
	s->dump = d;
	rq->dumping = true;
	*out = d;
	return 0;
}

void nl_dump_drop(struct nlsock *s)
{
	struct env *env = s->nl->env;

	timer_disarm(env, &s->timer);
	env_free(env, s->dump);
	s->dump = NULL;
}

struct nlmsghdr nl_dump_header(const struct nl_dump *d, unsigned type)
{
	const struct netlink *nl = d->sock->nl;

	return (struct nlmsghdr){
		.nlmsg_type = (uint16_t)type,
		.nlmsg_flags = (uint16_t)(NLM_F_MULTI | d->flags |
					  (d->changes != nl->changes ? NLM_F_DUMP_INTR : 0)),
		.nlmsg_seq = d->request.nlmsg_seq,
		.nlmsg_pid = d->sock->port,
	};
}

/* False: it did not fit. */
static bool put_done(struct nl_dump *d, struct nl_writer *w)
{
	struct nlmsghdr h = nl_dump_header(d, NLMSG_DONE);
	bool reason = d->error && d->why && d->sock->ext_ack;

	if (reason)
		h.nlmsg_flags |= NLM_F_ACK_TLVS;
	nlw_begin(w, &h, &d->error, sizeof(d->error));
	if (reason)
		nlw_put_string(w, NLMSGERR_ATTR_MSG, d->why);
	return nlw_end(w);
}

/* Writes what fits into `w`. True: the dump is over. */
static bool fill(struct nl_dump *d, struct nl_writer *w)
{
	if (!d->over) {
		int result;

		d->budget = NL_DUMP_BUDGET;
		result = d->step(d, w);
		if (result > 0 && w->used == 0 && d->budget > 0)
			result = -EMSGSIZE; /* a message larger than any piece */
		if (result > 0)
			return false;
		d->over = true;
		d->error = result;
	}
	return put_done(d, w);
}

static void go_on_later(struct nlsock *s)
{
	timer_arm(s->nl->env, &s->timer, s->nl->env->now + 1); /* not in this run of timers */
	s->nl->env->wake(s->nl->env);
}

void nl_dump_go(struct nl_dump *d)
{
	struct nlsock *s = d->sock;
	size_t room = d->piece_min < s->read_max ? s->read_max : d->piece_min;
	struct nl_datagram *piece = nl_datagram_new(s->nl->env, room);
	struct nl_writer w;

	if (!piece) {
		nl_dump_drop(s);
		nlsock_overrun(s);
		return;
	}
	w = nl_writer_of(piece->data, room);
	bool over = fill(d, &w);

	if (over)
		nl_dump_drop(s);
	if (w.used == 0) {
		nl_datagram_free(s->nl->env, piece);
		go_on_later(s);
		return;
	}
	piece->bytes = (uint32_t)w.used;
	(void)nlsock_deliver(s, piece); /* it was told */
}

void nl_dump_on_timer(struct timer *t)
{
	struct nlsock *s = container_of(t, struct nlsock, timer);

	ASSERT(s->dump);
	nl_dump_go(s->dump);
}

void nl_dump_on_read(struct nlsock *s)
{
	if (s->dump && !timer_armed(&s->timer) && s->held <= s->sock.rcvbuf / 2)
		nl_dump_go(s->dump);
}
