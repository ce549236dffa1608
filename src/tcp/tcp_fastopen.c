/* SPDX-License-Identifier: MIT */
/*
 * TCP Fast Open (RFC 7413), at the end that connects.
 *
 *     sendto(MSG_FASTOPEN)           cookie known: SYN with cookie and data
 *     connect(), then send(), with   not known:    SYN that asks for one, data after the handshake
 *     TCP_FASTOPEN_CONNECT           not needed:   SYN with data (TCP_FASTOPEN_NO_COOKIE)
 *
 * The data lies in the send queue, and counts as never sent until the answer says how much of it
 * was taken: so what was not is sent as if for the first time, without blame on anybody. Only the
 * first SYN carries option and data; those sent again are plain (§4.1.3.1).
 *
 * The cache (tcp_fastcache.c) remembers cookies. Two SYNs in a row whose data never arrived keep
 * the next from trying for a minute, two, four ...; and with
 * net.ipv4.tcp_fastopen_blackhole_timeout_sec, connections that use it and time out three times
 * stop it to all servers, as long as that and doubling up to 64 times (Linux).
 *
 * Left out: the experimental option (kind 254, §4.1.1) that came before.
 */
#include "tcp/tcp_fastopen.h"

#include <string.h>

#include "tcp/tcp_fastcache.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_settings.h"

#define OPTIONS_RESERVE 40u /* Linux: for what is added on the way */
#define PAUSE_LOST (60 * BERTH_SEC)
#define LOST_MAX 10u
#define PAUSE_DOUBLINGS_MAX 6u

/* tcpi_fastopen_client_fail */
enum { FAIL_NONE, FAIL_NO_COOKIE, FAIL_NOT_ACKED, FAIL_RETRANSMITTED };

bool tcp_fast_under_way(const struct tcp *t)
{
	const struct tcp_fast *f = tcp_fast_of(t);

	return f && f->syn_bytes && t->state == TCP_SYN_SENT;
}

/* Whether nobody is to be tried now. */
static bool paused(const struct tcp *t, struct tcp_fast *f)
{
	const struct tcp_stack *ts = t->ts;
	berth_time pause =
		ts->env->knobs.tcp_fastopen_blackhole_timeout_sec * (berth_time)BERTH_SEC;
	uint32_t doublings = ts->fast_holes ? ts->fast_holes - 1 : 0;

	if (pause == 0 || ts->fast_holes == 0)
		return false;
	if (doublings > PAUSE_DOUBLINGS_MAX)
		doublings = PAUSE_DOUBLINGS_MAX;
	if ((ts->env->now - ts->fast_hole_at) >> doublings < pause)
		return true;
	f->tries_again = true;
	return false;
}

/* Whether this server has not answered such SYNs lately. */
static bool shunned(const struct tcp *t, const struct tcp_known *known)
{
	return known->lost > 1 && t->ts->env->now < known->lost_at + (PAUSE_LOST << known->lost);
}

/* What fits a SYN beside all options. */
static uint16_t room_of(const struct tcp *t, const struct tcp_known *known)
{
	uint32_t headers = (ipaddr_is4(&t->sock.path.dst) ? 40u : 60u) +
			   sock_send_overhead(&t->sock, &t->sock.path);
	uint32_t mtu = t->sock.path.mtu;
	uint32_t mss = mtu > headers ? mtu - headers : 0;
	uint32_t most = known->mss ? known->mss : tcp_mss_to_offer(t);

	if (mss > most)
		mss = most;
	if (t->set->user_mss && mss > t->set->user_mss)
		mss = t->set->user_mss;
	mss = mss > OPTIONS_RESERVE ? mss - OPTIONS_RESERVE : 0;
	return (uint16_t)(mss < UINT16_MAX ? mss : UINT16_MAX);
}

uint32_t tcp_fast_begin(struct tcp *t)
{
	struct tcp_rare *r = tcp_rare(t);
	struct tcp_known known;
	struct tcp_fast *f;

	if (!r)
		return 0; /* it opens as any other */
	f = &r->fast;
	*f = (struct tcp_fast){.involved = true};
	list_init(&f->link);
	known = tcp_fastcache_get(t->ts, &t->sock.local.addr, &t->sock.remote.addr);
	if (paused(t, f) || shunned(t, &known))
		return 0;
	if (t->set->fastopen_no_cookie ||
	    (t->ts->env->knobs.tcp_fastopen & FAST_CLIENT_NO_COOKIE)) {
		f->room = room_of(t, &known);
		return f->room;
	}
	f->option = true;
	f->cookie = known.cookie;
	if (known.cookie.bytes)
		f->room = room_of(t, &known);
	else
		f->fail = FAIL_NO_COOKIE;
	return f->room;
}

static void put_option(struct tcp_header *h, const struct tcp_fast_cookie *cookie)
{
	h->options.has_fastopen = true;
	h->options.cookie_bytes = cookie->bytes;
	memcpy(h->options.cookie, cookie->at, cookie->bytes);
}

void tcp_fast_fill_syn(struct tcp *t, struct berth_packet *p, struct tcp_header *h)
{
	struct tcp_fast *f = tcp_fast_of(t);
	uint64_t queued = viewq_bytes(&t->sndq);

	/* RFC 7413 §4.1.3.1: what is sent again is a SYN that everybody understands. */
	if (!f || t->backoff)
		return;
	if (f->passive && f->cookie.bytes)
		put_option(h, &f->cookie); /* one of the newer key */
	if (t->state != TCP_SYN_SENT)
		return;
	f->waits = false;
	if (f->option) {
		f->asked = true;
		put_option(h, &f->cookie);
	}
	if (queued > f->room)
		queued = f->room;
	if (queued == 0)
		return;
	size_t filled = viewq_fill(&t->sndq, t->sndq.begin, (size_t)queued, p);

	if (filled < p->payload_bytes)
		packet_trim_to(p, filled);
	f->syn_bytes = (uint16_t)filled;
	t->bytes_sent += filled;
	t->data_segs_out++;
}

uint32_t tcp_fast_syn_end(const struct tcp *t)
{
	const struct tcp_fast *f = tcp_fast_of(t);

	return t->snd_nxt + (f ? f->syn_bytes : 0);
}

/* Remembers what the answer says for the next time. */
static void learn(struct tcp *t, const struct tcp_fast *f, const struct tcp_in *in, bool all)
{
	const struct tcp_options *o = &in->h.options;
	bool cookie = f->asked && o->has_fastopen && o->cookie_bytes;
	struct tcp_known known =
		tcp_fastcache_get(t->ts, &t->sock.local.addr, &t->sock.remote.addr);

	if (t->peer_mss)
		known.mss = t->peer_mss;
	if (cookie) {
		known.cookie.bytes = o->cookie_bytes;
		memcpy(known.cookie.at, o->cookie, o->cookie_bytes);
	}
	/* The SYN with data got lost, or its answer: a plain one was answered (§4.1.3). */
	if (t->total_retrans && f->syn_bytes && !cookie && !all) {
		if (known.lost < LOST_MAX)
			known.lost++;
		known.lost_at = t->ts->env->now;
	} else {
		known.lost = 0;
	}
	tcp_fastcache_set(t->ts, &t->sock.local.addr, &t->sock.remote.addr, &known);
}

void tcp_fast_answered(struct tcp *t, const struct tcp_in *in)
{
	struct tcp_fast *f = tcp_fast_of(t);
	uint32_t acked = in->h.ack - t->snd_una;

	if (!f || (!f->asked && !f->syn_bytes))
		return;
	ASSERT(acked <= f->syn_bytes);
	learn(t, f, in, acked == f->syn_bytes);
	if (acked) {
		viewq_consume(&t->sndq, t->ts->env, acked);
		tcp_unhold(t, acked);
		t->snd_una = in->h.ack;
		t->snd_nxt = in->h.ack;
		t->rack_fack = in->h.ack;
		t->delivered += acked;
	}
	if (f->syn_bytes == 0)
		return;
	f->acked = acked == f->syn_bytes;
	if (f->acked) {
		/* Linux: the first that gets through after a pause ends it, but on this host. */
		if (f->tries_again && !t->sock.path.local)
			t->ts->fast_holes = 0;
		return;
	}
	f->fail = t->total_retrans ? FAIL_RETRANSMITTED : FAIL_NOT_ACKED;
	t->total_retrans++;
	t->bytes_retrans += f->syn_bytes - acked;
}

void tcp_fast_on_timeout(struct tcp *t, bool last)
{
	struct tcp_fast *f = tcp_fast_of(t);

	if (!f || f->passive || (!f->asked && !f->syn_bytes))
		return;
	/* Linux: the third in a row, or the last there is. */
	if (t->backoff != 2 && !(last && t->backoff < 2))
		return;
	if (t->ts->env->knobs.tcp_fastopen_blackhole_timeout_sec == 0)
		return;
	t->ts->fast_holes += t->ts->fast_holes < UINT32_MAX;
	t->ts->fast_hole_at = t->ts->env->now;
}
