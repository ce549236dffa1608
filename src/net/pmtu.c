/* SPDX-License-Identifier: MIT */
/*
 * Path MTUs that routers told of (RFC 1191, RFC 8201), by destination, for ten minutes each; and,
 * in the same entries, what IPv6 routers said would be a better first hop (RFC 4861 §8.3).
 *
 * A change ends net's generation, so that every path asks again; so does forgetting one, which is
 * how a larger path is tried again (RFC 1191 §6.3). The table is bounded; the oldest entry gives
 * way.
 *
 * Nothing below 552 is believed (Linux: min_pmtu): what claims to need less is sent at 552
 * without DF, so that a forged message can't make every byte a packet. For IPv6 the least is 1,280,
 * which the caller sees to.
 */
#include "net/context.h"

#define PMTU_MIN 552u
#define PMTU_AGE_NS (600 * BERTH_SEC) /* Linux: net.ipv4.route.mtu_expires */
#define PMTU_ENTRIES_MAX 1024u

struct pmtu {
	struct table_node node; /* by dst */
	struct list link;	/* in net's list, oldest first */
	struct net *net;
	struct ipaddr dst;
	uint32_t mtu; /* >= PMTU_MIN; UINT32_MAX: nobody told */
	bool locked;  /* the path needs less than PMTU_MIN */
	bool has_gateway;
	unsigned ifindex; /* with a gateway: of the link that it is on */
	struct ipaddr gateway;
	struct timer timer;
};

static uint32_t pmtu_hash(const struct net *net, const struct ipaddr *dst)
{
	return env_hash(net->env, dst->bytes, sizeof(dst->bytes));
}

static struct pmtu *pmtu_find(const struct net *net, const struct ipaddr *dst)
{
	struct table_node *at;
	uint32_t hash;

	if (net->pmtus.count == 0)
		return NULL;
	hash = pmtu_hash(net, dst);
	for (at = table_chain(&net->pmtus, hash); at; at = at->next) {
		struct pmtu *m = container_of(at, struct pmtu, node);

		if (at->hash == hash && ipaddr_equal(&m->dst, dst))
			return m;
	}
	return NULL;
}

static void pmtu_free(struct pmtu *m)
{
	struct net *net = m->net;

	timer_disarm(net->env, &m->timer);
	timers_release(net->env, 1);
	table_del(&net->pmtus, &m->node);
	list_del(&m->link);
	env_free(net->env, m);
}

static void on_age(struct timer *t)
{
	struct pmtu *m = container_of(t, struct pmtu, timer);
	struct net *net = m->net;

	pmtu_free(m);
	net_changed(net);
}

static struct pmtu *pmtu_new(struct net *net, const struct ipaddr *dst)
{
	struct pmtu *m;

	if (net->pmtus.count >= PMTU_ENTRIES_MAX)
		pmtu_free(list_first(&net->pmtu_list, struct pmtu, link));
	if (timers_reserve(net->env, 1))
		return NULL;
	m = env_calloc(net->env, 1, sizeof(*m));
	if (!m) {
		timers_release(net->env, 1);
		return NULL;
	}
	m->net = net;
	m->dst = *dst;
	m->mtu = UINT32_MAX;
	timer_init(&m->timer, on_age);
	table_add(&net->pmtus, net->env, &m->node, pmtu_hash(net, dst));
	list_add_tail(&net->pmtu_list, &m->link);
	return m;
}

uint32_t pmtu_get(const struct net *net, const struct ipaddr *dst, uint32_t mtu, bool *out_locked)
{
	const struct pmtu *m = pmtu_find(net, dst);

	*out_locked = m && m->locked;
	return m && m->mtu < mtu ? m->mtu : mtu;
}

void pmtu_update(struct net *net, const struct ipaddr *dst, uint32_t mtu, unsigned ifindex)
{
	struct ipaddr any = {{0}};
	struct ip_path path;
	struct pmtu *m;

	/* RFC 1191 §3: never raised by a message, and only where there is a path at all. */
	if (ip_path_find(net, dst, &any, ifindex, &path) || path.local || mtu >= path.mtu)
		return;
	m = pmtu_find(net, dst);
	if (!m)
		m = pmtu_new(net, dst);
	if (!m)
		return;
	m->locked = mtu < PMTU_MIN;
	if (!m->locked)
		m->mtu = mtu;
	else
		m->mtu = path.mtu < PMTU_MIN ? path.mtu : PMTU_MIN;
	timer_arm(net->env, &m->timer, net->env->now + PMTU_AGE_NS);
	net_changed(net);
}

void pmtu_redirect(struct net *net, const struct ipaddr *dst, const struct ipaddr *gateway,
		   unsigned ifindex)
{
	struct pmtu *m = pmtu_find(net, dst);

	if (!m)
		m = pmtu_new(net, dst);
	if (!m)
		return;
	m->has_gateway = true;
	m->gateway = *gateway;
	m->ifindex = ifindex;
	timer_arm(net->env, &m->timer, net->env->now + PMTU_AGE_NS);
	net_changed(net);
}

bool pmtu_gateway(const struct net *net, const struct ipaddr *dst, const struct netif *n,
		  struct ipaddr *out_gateway)
{
	const struct pmtu *m = pmtu_find(net, dst);

	if (!m || !m->has_gateway || m->ifindex != n->ifindex)
		return false;
	*out_gateway = m->gateway;
	return true;
}

void pmtu_forget_gateway(struct net *net, const struct ipaddr *gateway)
{
	struct list *l;

	list_for_each (l, &net->pmtu_list) {
		struct pmtu *m = list_entry(l, struct pmtu, link);

		if (m->has_gateway && ipaddr_equal(&m->gateway, gateway))
			m->has_gateway = false;
	}
}

void pmtu_fini(struct net *net)
{
	while (!list_empty(&net->pmtu_list))
		pmtu_free(list_first(&net->pmtu_list, struct pmtu, link));
	table_fini(&net->pmtus, net->env);
}

uint32_t pmtu_plateau(uint32_t bytes)
{
	static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002,
					    1492,  1006,  508,	296,  68};

	for (size_t i = 0; i < ARRAY_LEN(plateaus); i++) {
		if (plateaus[i] < bytes)
			return plateaus[i];
	}
	return 68;
}
