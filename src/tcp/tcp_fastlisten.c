/* SPDX-License-Identifier: MIT */
/*
 * TCP Fast Open (RFC 7413), at the end that listens.
 *
 * Who has had a connection before has a cookie, a keyed hash of both addresses, which says that
 * packets to that address reach it. A SYN that shows it makes a connection at once: its data can be
 * read, and answered, before the handshake is complete. Until then it is in SYN_RECV ("early"),
 * sends its SYN+ACK again as a half-open end would, and counts against the listener's bound, which
 * TCP_FASTOPEN sets (§5.1): past it SYNs open as usual. One that the peer resets after it was
 * accepted counts for another minute: that is what becomes of SYNs with false addresses (Linux).
 *
 * The SYN itself is done when the connection is made: snd_una is behind it, so that the send queue
 * and the scoreboard know of data only.
 *
 * net.ipv4.tcp_fastopen says whether any listener does this, as on Linux: by default none does.
 */
#include "tcp/tcp_fastlisten.h"

#include <string.h>

#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_settings.h"
#include "tcp/tcp_timer.h"

#define COOKIE_BYTES 8u
#define RESET_COUNTS (60 * BERTH_SEC)

struct fast_reset {
	struct list link;
	berth_time until;
};

void tcp_fastq_init(struct tcp_fastq *q)
{
	list_init(&q->early);
	list_init(&q->resets);
	q->count = 0;
}

static void forget_reset(struct tcp_fastq *q, struct env *env)
{
	struct fast_reset *r = list_first(&q->resets, struct fast_reset, link);

	list_del(&r->link);
	env_free(env, r);
	q->count--;
}

void tcp_fastq_fini(struct tcp_fastq *q, struct env *env)
{
	while (!list_empty(&q->early)) {
		struct tcp_fast *f = list_first(&q->early, struct tcp_fast, link);

		list_del(&f->link);
		f->queue = NULL;
		q->count--;
	}
	while (!list_empty(&q->resets))
		forget_reset(q, env);
	ASSERT(q->count == 0);
}

/* The cookie of a client under a key, the same as Linux's under the same key. */
static void make_cookie(const uint8_t key[TCP_FAST_KEY_BYTES], const struct flow *f,
			struct tcp_fast_cookie *out)
{
	uint8_t ends[2 * sizeof(struct ipaddr)];
	size_t bytes = sizeof(ends);
	uint64_t hash;

	if (ipaddr_is4(&f->remote)) {
		store_be32(ends, ipaddr_to4(&f->remote));
		store_be32(ends + 4, ipaddr_to4(&f->local));
		bytes = 8;
	} else {
		memcpy(ends, f->remote.bytes, sizeof(f->remote.bytes));
		memcpy(ends + sizeof(f->remote.bytes), f->local.bytes, sizeof(f->local.bytes));
	}
	hash = siphash(key, ends, bytes);
	out->bytes = COOKIE_BYTES;
	for (unsigned i = 0; i < COOKIE_BYTES; i++)
		out->at[i] = (uint8_t)(hash >> 8 * i);
}

static bool shows(const struct tcp_options *o, const struct tcp_fast_cookie *c)
{
	uint8_t differs = 0;

	if (o->cookie_bytes != c->bytes)
		return false;
	for (unsigned i = 0; i < c->bytes; i++)
		differs |= o->cookie[i] ^ c->at[i];
	return differs == 0;
}

/* The keys that cookies of a listener are made with: its own or the host's. Which of them the SYN
 * shows a cookie of, counted from 1; 0: none. The first one's is given. */
static unsigned check_cookie(const struct tcp *listener, const struct flow *f,
			     const struct tcp_options *o, struct tcp_fast_cookie *out_first)
{
	const struct tcp_settings *set = listener->set;
	unsigned count = set->fastopen_keys ? set->fastopen_keys : 1;
	unsigned found = 0;

	for (unsigned i = 0; i < count && !found; i++) {
		const uint8_t *key =
			set->fastopen_keys ? set->fastopen_key[i] : listener->ts->fastopen_key;
		struct tcp_fast_cookie c;

		make_cookie(key, f, &c);
		if (i == 0)
			*out_first = c;
		if (shows(o, &c))
			found = i + 1;
	}
	return found;
}

/* Whether one more may be opened so. */
static bool may_queue(const struct tcp *listener, struct tcp_fastq *q, uint32_t backlog)
{
	int32_t bits = listener->ts->env->knobs.tcp_fastopen;
	uint32_t most = listener->set->fastopen;

	if (!(bits & FAST_SERVER))
		return false;
	if (most == 0 && (bits & FAST_SERVER_ALL))
		most = backlog;
	if (most && q->count >= most && !list_empty(&q->resets) &&
	    list_first(&q->resets, struct fast_reset, link)->until <= listener->ts->env->now)
		forget_reset(q, listener->ts->env);
	return q->count < most;
}

bool tcp_fastlisten_judge(struct tcp *listener, struct tcp_fastq *q, uint32_t backlog,
			  const struct flow *f, const struct tcp_in *in,
			  struct tcp_fast_cookie *out_cookie)
{
	const struct tcp_options *o = &in->h.options;
	unsigned key;

	out_cookie->bytes = 0;
	if (!may_queue(listener, q, backlog))
		return false;
	if (listener->set->fastopen_no_cookie ||
	    (listener->ts->env->knobs.tcp_fastopen & FAST_SERVER_NO_COOKIE))
		return true;
	if (!o->has_fastopen)
		return false;
	/* One that is wrong, or of the older key, is answered by a right one. */
	key = check_cookie(listener, f, o, out_cookie);
	if (key == 1)
		out_cookie->bytes = 0;
	return key > 0;
}

bool tcp_fastlisten_begin(struct tcp *t, struct tcp_fastq *q)
{
	struct tcp_rare *r = tcp_rare(t);

	if (!r)
		return false;
	r->fast = (struct tcp_fast){
		.involved = true, .passive = true, .synack_at = t->ts->env->now, .queue = q};
	list_init(&r->fast.link);
	list_add_tail(&q->early, &r->fast.link);
	q->count++;
	return true;
}

void tcp_fastlisten_confirmed(struct tcp *t, const struct tcp_in *in)
{
	t->first_retrans = 0;
	t->backoff = 0;
	tcp_wait_nothing(t); /* what was sent meanwhile is waited for after this event */
	if (t->total_retrans == 0)
		tcp_rtt_sample(t, t->ts->env->now - t->rare->fast.synack_at);
	t->snd_wnd = (uint32_t)in->h.window << t->agreed.snd_wscale;
	if (t->snd_wnd > t->snd_wnd_max)
		t->snd_wnd_max = t->snd_wnd;
	t->snd_wl1 = in->h.seq;
	tcp_update_mss(t);
	tcp_fastlisten_end(t, false);
	tcp_set_state(t, TCP_ESTABLISHED);
	if (t->fin_wanted)
		tcp_set_state(t, TCP_FIN_WAIT1);
	sock_notify(&t->sock, POLLOUT);
}

void tcp_fastlisten_end(struct tcp *t, bool reset)
{
	struct tcp_fastq *q = t->rare ? t->rare->fast.queue : NULL;
	struct fast_reset *r;

	if (!q)
		return;
	list_del(&t->rare->fast.link);
	t->rare->fast.queue = NULL;
	q->count--;
	/* Linux: nobody has accepted it, or nobody pretends. */
	if (!reset || !list_empty(&t->link))
		return;
	r = env_alloc(t->ts->env, sizeof(*r));
	if (!r)
		return;
	r->until = t->ts->env->now + RESET_COUNTS;
	list_add_tail(&q->resets, &r->link);
	q->count++;
}
