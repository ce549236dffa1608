/* SPDX-License-Identifier: MIT */
/*
 * How many ICMP errors a host sends (RFC 1812 §4.3.2.8), with the numbers of Linux: to one peer
 * a burst of six and then one in icmp_ratelimit milliseconds; to all together a burst of 50 and
 * 1,000 a second.
 *
 * Peers share a fixed number of buckets by keyed hash. Who falls into another's bucket gets fewer
 * errors, never more, and nobody can make the table grow.
 */
#include "net/context.h"

#define PEER_BUCKETS 256u /* a power of two */
#define PEER_BURST 6
#define ALL_PER_SECOND 1000
#define ALL_BURST 50

/* Credit is kept as time: an error costs its interval, credit beyond a burst is lost. */
struct bucket {
	berth_time empty_at; /* when the credit began to grow, as if from nothing */
};

struct limiter {
	struct env *env;
	struct bucket all;
	struct bucket peers[PEER_BUCKETS];
};

struct limiter *limiter_new(struct env *env)
{
	struct limiter *l = env_calloc(env, 1, sizeof(*l));

	if (!l)
		return NULL;
	l->env = env;
	l->all.empty_at = env->now - ALL_BURST * (BERTH_SEC / ALL_PER_SECOND);
	for (size_t i = 0; i < PEER_BUCKETS; i++)
		l->peers[i].empty_at = INT64_MIN / 2;
	return l;
}

void limiter_free(struct limiter *l)
{
	if (l)
		env_free(l->env, l);
}

static bool has_credit(struct bucket *b, berth_time now, berth_time interval, int burst)
{
	if (b->empty_at < now - burst * interval)
		b->empty_at = now - burst * interval;
	return now - b->empty_at >= interval;
}

bool limiter_allow(struct limiter *l, const struct ipaddr *peer, int32_t ratelimit_ms)
{
	struct env *env = l->env;
	berth_time interval = ratelimit_ms * BERTH_MSEC;
	berth_time all_interval = BERTH_SEC / ALL_PER_SECOND;
	uint32_t hash = env_hash(env, peer->bytes, sizeof(peer->bytes));
	struct bucket *b = &l->peers[hash & (PEER_BUCKETS - 1)];

	if (!has_credit(&l->all, env->now, all_interval, ALL_BURST) ||
	    !has_credit(b, env->now, interval, PEER_BURST)) {
		drop(env, DROP_ICMP_RATE);
		return false;
	}
	l->all.empty_at += all_interval;
	b->empty_at += interval;
	return true;
}
