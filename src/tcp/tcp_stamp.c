/* SPDX-License-Identifier: MIT */
/*
 * Times of streams.
 *
 * A call that sends marks its last byte; the mark tells three times through the error queue, as
 * far as they were asked for: when the packet with that byte was given to its interface
 * (SCM_TSTAMP_SCHED), when it left (SCM_TSTAMP_SND), and when it was acknowledged (SCM_TSTAMP_ACK),
 * which ends it. The number that is told (ee_data) is the byte's place in the stream, from where
 * SOF_TIMESTAMPING_OPT_ID was set on.
 *
 * For the way in, where one packet's bytes end in the stream is kept with the time, until they are
 * read.
 *
 * Both lists are short rings behind struct sock_extra, made when first needed: who asks for no
 * times has none. A mark too many is not told; of arrivals too many the two latest become one, as
 * Linux makes one packet of two.
 *
 * An acknowledgment's entry brings no copy of what it acknowledged, as if
 * SOF_TIMESTAMPING_OPT_TSONLY were set; what is sent again is told once (docs/conformance.md).
 */
#include "tcp/tcp_stamp.h"

#include <linux/errqueue.h>
#include <string.h>

#include "transport/stamp.h"

#define MARKS_MAX 64u
#define ARRIVALS_MAX 64u

struct mark {
	uint32_t seq; /* of the byte */
	uint32_t flags;
	bool sent;
};

struct arrival {
	uint64_t end; /* stream position after its bytes */
	berth_time at;
};

struct tcp_stamps {
	struct mark marks[MARKS_MAX]; /* ascending */
	struct arrival arrivals[ARRIVALS_MAX];
	uint32_t marks_count, arrivals_count;
};

static struct tcp_stamps *stamps_of(const struct tcp *t)
{
	return t->sock.extra ? t->sock.extra->stamps : NULL;
}

static struct tcp_stamps *make(struct tcp *t)
{
	struct sock_extra *x = sock_extra(&t->sock);

	if (x && !x->stamps)
		x->stamps = env_calloc(t->ts->env, 1, sizeof(*x->stamps));
	return x ? x->stamps : NULL;
}

static uint32_t write_seq(const struct tcp *t)
{
	return t->snd_una + (uint32_t)viewq_bytes(&t->sndq);
}

uint32_t tcp_stamp_base(const struct sock *s, bool next)
{
	const struct tcp *t = tcp_of_const(s);

	return next ? write_seq(t) : t->snd_una;
}

void tcp_stamp_call(struct tcp *t, int64_t given)
{
	uint32_t flags = t->sock.opt->tsflags;
	struct tcp_stamps *st;

	if (given >= 0)
		flags = (flags & ~STAMP_TX_RECORD) | (uint32_t)given;
	if (!(flags & STAMP_TX_RECORD))
		return;
	st = make(t);
	if (!st || st->marks_count == MARKS_MAX)
		return;
	st->marks[st->marks_count++] = (struct mark){.seq = write_seq(t) - 1, .flags = flags};
}

static uint32_t key_of(const struct tcp *t, const struct mark *m)
{
	return m->flags & SOF_TIMESTAMPING_OPT_ID ? m->seq - t->sock.extra->ts_key : 0;
}

void tcp_stamp_sent(struct tcp *t, uint32_t seq, uint32_t bytes, const struct berth_packet *p,
		    const struct ip_send *how)
{
	struct tcp_stamps *st = stamps_of(t);

	for (uint32_t i = 0; i < st->marks_count; i++) {
		struct mark *m = &st->marks[i];
		struct stamp stamp;
		uint32_t key;

		if (m->sent || seq_lt(m->seq, seq) || seq_ge(m->seq, seq + bytes))
			continue;
		m->sent = true;
		key = key_of(t, m);
		stamp_begin(&stamp, &t->sock, m->flags, &key, p, &t->sock.path, how);
		stamp_sent(&stamp, &t->sock);
	}
}

void tcp_stamp_acked(struct tcp *t)
{
	struct tcp_stamps *st = stamps_of(t);
	uint32_t done = 0;

	while (done < st->marks_count && seq_lt(st->marks[done].seq, t->snd_una)) {
		if (st->marks[done].flags & SOF_TIMESTAMPING_TX_ACK)
			stamp_tell(&t->sock, SCM_TSTAMP_ACK, key_of(t, &st->marks[done]), NULL, 0);
		done++;
	}
	if (done == 0)
		return;
	st->marks_count -= done;
	memmove(st->marks, st->marks + done, st->marks_count * sizeof(st->marks[0]));
}

/* Those whose bytes were read. */
static void drop_read(struct tcp_stamps *st, uint64_t begin)
{
	uint32_t done = 0;

	while (done < st->arrivals_count && st->arrivals[done].end <= begin)
		done++;
	st->arrivals_count -= done;
	memmove(st->arrivals, st->arrivals + done, st->arrivals_count * sizeof(st->arrivals[0]));
}

void tcp_stamp_arrived(struct tcp *t)
{
	struct tcp_stamps *st = make(t);
	struct arrival a = {t->rcvq.end, t->ts->env->now};

	if (!st)
		return;
	if (st->arrivals_count > 0)
		drop_read(st, t->rcvq.begin);
	if (st->arrivals_count > 0 &&
	    (st->arrivals_count == ARRIVALS_MAX || st->arrivals[st->arrivals_count - 1].at == a.at))
		st->arrivals_count--;
	st->arrivals[st->arrivals_count++] = a;
}

berth_time tcp_stamp_arrival(const struct tcp *t, uint64_t end)
{
	const struct tcp_stamps *st = stamps_of(t);

	for (uint32_t i = 0; st && i < st->arrivals_count; i++) {
		if (st->arrivals[i].end >= end)
			return st->arrivals[i].at;
	}
	return t->last_data; /* it came before anybody asked */
}

void tcp_stamp_forget(struct tcp *t)
{
	struct tcp_stamps *st = stamps_of(t);

	if (st)
		st->marks_count = st->arrivals_count = 0;
}
