/* SPDX-License-Identifier: MIT */
/*
 * Telling routers of memberships: RFC 3376 §5 and RFC 3810 §6, which are one machine.
 *
 *     a filter changes ---> state-change report at once, and again, robustness - 1 times, each
 *                           within a second of the one before
 *     a router asks ------> current-state report, after a random part of the time it gives:
 *                             of all groups      one timer of the interface
 *                             of one, or of some of its sources    one timer of the group
 *
 * What a state-change report says is made up when it is sent, from counters of how often each
 * change is still to be told: a change of mode tells all; else each source says whether it is let
 * through now (RFC 3376 §5.1). So changes that come quickly merge by themselves.
 *
 * Older versions (RFC 3376 §7.2, RFC 3810 §8.2): while a router that speaks one is known, groups
 * are reported one by one, in its form; sources are not told; a report that another host sends of
 * the same group is enough; and who reported last says when it leaves.
 *
 * Never reported: all-hosts (RFC 3376 §5, RFC 3810 §6), and anything on a loopback interface.
 * Groups of one link are, as the RFCs have it, unless a knob says otherwise: no router forwards
 * them (Linux: igmp_link_local_mcast_reports; a world clears the one for MLD, since every address
 * brings such a group with it and the reports would come between programs' packets).
 */
#include <string.h>

#include "net/group.h"
#include "wire/icmp6_header.h"

#define SCOPE_MASK 0xf
#define SCOPE_LINK 2				  /* RFC 4291 §2.7 */
#define ROBUSTNESS 2u				  /* RFC 3376 §8.1, RFC 3810 §9.1 */
#define QUERY_INTERVAL (125 * BERTH_SEC)	  /* RFC 3376 §8.2 */
#define UNSOLICITED_INTERVAL BERTH_SEC		  /* RFC 3376 §8.11 */
#define UNSOLICITED_INTERVAL_OLD (10 * BERTH_SEC) /* RFC 2236 §8.10, RFC 2710 §7.10 */

enum { OLD_V1, OLD_V2 }; /* of group_if.old_until */

static struct env *env_of(const struct group_if *gi)
{
	return gi->net->env;
}

static void on_if_answer(struct timer *t);
static void on_change(struct timer *t);
static void on_answer(struct timer *t);

struct group_if *group_if_get(struct net *net, struct netif *n, bool v6)
{
	struct group_if *gi;
	struct list *l;

	list_for_each (l, &net->group_ifs) {
		gi = list_entry(l, struct group_if, link);
		if (gi->netif == n && gi->v6 == v6)
			return gi;
	}
	if (timers_reserve(net->env, 1) < 0)
		return NULL;
	gi = env_calloc(net->env, 1, sizeof(*gi));
	if (!gi) {
		timers_release(net->env, 1);
		return NULL;
	}
	*gi = (struct group_if){.net = net,
				.netif = n,
				.v6 = v6,
				.robustness = ROBUSTNESS,
				.interval_ns = QUERY_INTERVAL};
	timer_init(&gi->answer_timer, on_if_answer);
	list_add_tail(&net->group_ifs, &gi->link);
	return gi;
}

void group_if_free(struct group_if *gi)
{
	struct env *env = env_of(gi);

	timer_disarm(env, &gi->answer_timer);
	timers_release(env, 1);
	list_del(&gi->link);
	env_free(env, gi);
}

void group_init_timers(struct group *g)
{
	timer_init(&g->change_timer, on_change);
	timer_init(&g->answer_timer, on_answer);
}

/* The version to speak now: 3, unless an older querier is present. */
static int version_of(const struct group_if *gi)
{
	berth_time now = env_of(gi)->now;

	if (now < gi->old_until[OLD_V1])
		return 1;
	return now < gi->old_until[OLD_V2] ? 2 : 3;
}

static bool is_reported(const struct group *g)
{
	const struct knobs *k = &env_of(g->gi)->knobs;
	const uint8_t *b = g->addr.bytes;

	if (g->gi->netif->kind == BERTH_NETIF_LOOPBACK)
		return false;
	if (!g->gi->v6) /* 224.0.0.0/24 is of the link */
		return k->igmp_link_local_mcast_reports || ipaddr_to4(&g->addr) >> 8 != 0xe00000u;
	/* What does not leave the interface, and all-nodes (RFC 3810 §6). */
	if ((b[1] & SCOPE_MASK) < SCOPE_LINK || ipaddr_equal(&g->addr, &ip6_all_nodes))
		return false;
	return k->mld_link_local_mcast_reports || (b[1] & SCOPE_MASK) > SCOPE_LINK;
}

/* A moment within `range` from now, not this one. */
static berth_time random_moment(struct env *env, berth_time range)
{
	uint32_t ms = (uint32_t)(range / BERTH_MSEC);

	return env->now + (1 + (berth_time)env_random_below(env, ms ? ms : 1)) * BERTH_MSEC;
}

static void send_message(struct group_if *gi, const uint8_t *message, size_t bytes,
			 const struct ipaddr *dst)
{
	struct berth_packet *p;

	if (!netif_usable(gi->netif))
		return;
	p = packet_new(gi->net->env->pool);
	if (!p ||
	    packet_append_copy(p, message + GROUP_MESSAGE_BYTES, bytes - GROUP_MESSAGE_BYTES) < 0) {
		packet_free(p);
		drop(gi->net->env, DROP_NO_MEMORY);
		return;
	}
	memcpy(packet_push(p, GROUP_MESSAGE_BYTES), message, GROUP_MESSAGE_BYTES);
	if (gi->v6)
		mld_send(gi, p, dst);
	else
		igmp_send(gi, p, dst);
}

/*
 * A report under construction
 */

struct report {
	struct group_if *gi;
	uint16_t records;
	size_t bytes;
	uint8_t message[GROUP_REPORT_BYTES];
};

static void report_start(struct report *r, struct group_if *gi)
{
	r->gi = gi;
	r->records = 0;
	r->bytes = GROUP_MESSAGE_BYTES;
}

static void report_send(struct report *r)
{
	/* Those who want to know: 224.0.0.22, ff02::16. */
	static const struct ipaddr routers6 = {{0xff, 0x02, [15] = 0x16}};
	const struct ipaddr routers4 = ipaddr_from4(0xe0000016u);

	if (r->records == 0)
		return;
	group_report_write(r->message, r->gi->v6, r->records);
	send_message(r->gi, r->message, r->bytes, r->gi->v6 ? &routers6 : &routers4);
	report_start(r, r->gi);
}

/* Which sources of a group a record names. */
typedef bool (*source_chooser)(const struct group *g, const struct group_source *s);

static uint32_t count_sources(const struct group *g, source_chooser chosen)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < g->count; i++)
		count += chosen(g, &g->sources[i]);
	return count;
}

/* Adds a record; with `keep_empty` even without a source. More sources than fit a message go into
 * further ones, but for those that are excluded: they are cut (RFC 3376 §4.2.16). */
static void report_add(struct report *r, const struct group *g, enum group_record_type type,
		       source_chooser chosen, bool keep_empty)
{
	bool v6 = r->gi->v6;
	bool excludes = type == GROUP_IS_EXCLUDE || type == GROUP_TO_EXCLUDE;
	uint32_t left = count_sources(g, chosen);
	uint32_t at = 0;

	if (left == 0 && !keep_empty)
		return;
	do {
		size_t room = GROUP_REPORT_BYTES - GROUP_MESSAGE_BYTES;
		size_t fits = (room - group_record_bytes(v6, 0)) / group_address_bytes(v6);
		uint16_t count = (uint16_t)(left < fits ? left : fits);
		uint8_t *record;

		if (r->bytes + group_record_bytes(v6, count) > GROUP_REPORT_BYTES)
			report_send(r);
		record = r->message + r->bytes;
		group_record_write(record, v6, type, &g->addr, count);
		for (unsigned i = 0; i < count; at++)
			if (chosen(g, &g->sources[at]))
				group_source_write(record, v6, i++, &g->sources[at].addr);
		r->bytes += group_record_bytes(v6, count);
		r->records++;
		left -= count;
	} while (left > 0 && !excludes);
}

static bool is_active(const struct group *g, const struct group_source *s)
{
	(void)g;
	return s->active;
}

/* A source that is let through now and was not, or the reverse (RFC 3376 §5.1). */
static bool is_allowed(const struct group *g, const struct group_source *s)
{
	return s->changes_left && s->active != g->exclude;
}

static bool is_blocked(const struct group *g, const struct group_source *s)
{
	return s->changes_left && s->active == g->exclude;
}

static bool is_asked_and_heard(const struct group *g, const struct group_source *s)
{
	return s->asked && s->active != g->exclude;
}

static void add_current(struct report *r, const struct group *g)
{
	report_add(r, g, g->exclude ? GROUP_IS_EXCLUDE : GROUP_IS_INCLUDE, is_active, true);
}

/* Counts one report of each change. False: all have been told often enough. */
static bool count_down(struct group *g)
{
	bool more = false;

	if (g->changes_left)
		g->changes_left--;
	for (uint32_t i = 0; i < g->count; i++) {
		struct group_source *s = &g->sources[i];

		if (s->changes_left)
			s->changes_left--;
		more = more || s->changes_left;
	}
	return more || g->changes_left;
}

/*
 * Older versions
 */

static void old_report(struct group *g)
{
	uint8_t message[MLD1_MESSAGE_BYTES];
	uint8_t type = g->gi->v6		? ICMP6_MLD_REPORT
		       : version_of(g->gi) == 1 ? IGMP_REPORT1
						: IGMP_REPORT2;

	send_message(g->gi, message, group_old_write(message, g->gi->v6, type, &g->addr), &g->addr);
	g->reporter = true;
}

/* RFC 2236 §6: version 1 has no word for it. */
static void old_leave(struct group *g)
{
	static const struct ipaddr routers6 = {{0xff, 0x02, [15] = 0x02}};
	const struct ipaddr routers4 = ipaddr_from4(0xe0000002u);
	bool v6 = g->gi->v6;
	uint8_t message[MLD1_MESSAGE_BYTES];
	size_t bytes = group_old_write(message, v6, v6 ? ICMP6_MLD_DONE : IGMP_LEAVE2, &g->addr);

	if (g->reporter && version_of(g->gi) == 2)
		send_message(g->gi, message, bytes, v6 ? &routers6 : &routers4);
}

/* One more report of a change, in an older version. False: it was the last. */
static bool old_change(struct group *g)
{
	if (g->members == 0) {
		old_leave(g);
		return false;
	}
	old_report(g);
	return count_down(g);
}

/*
 * Changes
 */

static bool send_change(struct group *g)
{
	struct report r;

	if (version_of(g->gi) < 3)
		return old_change(g);
	report_start(&r, g->gi);
	if (g->changes_left) {
		report_add(&r, g, g->exclude ? GROUP_TO_EXCLUDE : GROUP_TO_INCLUDE, is_active,
			   true);
	} else {
		report_add(&r, g, GROUP_ALLOW, is_allowed, false);
		report_add(&r, g, GROUP_BLOCK, is_blocked, false);
	}
	report_send(&r);
	return count_down(g);
}

/* All there is to tell was told: what is of no more use goes, perhaps the group itself. */
static void settle(struct group *g)
{
	g->changes_left = 0;
	for (uint32_t i = 0; i < g->count; i++)
		g->sources[i].changes_left = 0;
	if (g->members == 0)
		group_free(g);
	else
		group_prune(g);
}

static void on_change(struct timer *t)
{
	struct group *g = container_of(t, struct group, change_timer);
	berth_time range = version_of(g->gi) < 3 ? UNSOLICITED_INTERVAL_OLD : UNSOLICITED_INTERVAL;

	if (send_change(g))
		timer_arm(env_of(g->gi), t, random_moment(env_of(g->gi), range));
	else
		settle(g);
}

/* Whether the source is in the merged filter. */
static bool is_merged(const struct group *g, const struct group_source *s)
{
	if (g->excludes == 0)
		return s->includes > 0;
	return s->excludes == g->excludes && s->includes == 0;
}

void group_report_changes(struct group *g)
{
	bool exclude = g->excludes > 0;
	bool mode = exclude != g->exclude;
	bool any = mode;

	g->exclude = exclude;
	for (uint32_t i = 0; i < g->count; i++) {
		struct group_source *s = &g->sources[i];
		bool active = is_merged(g, s);

		if (mode)
			s->changes_left = 0; /* the report of the mode tells all */
		else if (active != s->active)
			s->changes_left = g->gi->robustness;
		any = any || active != s->active;
		s->active = active;
	}
	if (mode)
		g->changes_left = g->gi->robustness;
	if (any && is_reported(g))
		timer_arm(env_of(g->gi), &g->change_timer, env_of(g->gi)->now);
	else if (!timer_armed(&g->change_timer))
		settle(g);
}

void group_report_again(struct group *g)
{
	if (g->members == 0 || !is_reported(g))
		return;
	g->changes_left = g->gi->robustness;
	timer_arm(env_of(g->gi), &g->change_timer, env_of(g->gi)->now);
}

/*
 * Answers
 */

static void on_if_answer(struct timer *t)
{
	struct group_if *gi = container_of(t, struct group_if, answer_timer);
	struct report r;
	struct list *l;

	report_start(&r, gi);
	list_for_each (l, &gi->net->groups) {
		struct group *g = list_entry(l, struct group, link);

		if (g->gi == gi && g->members > 0 && is_reported(g))
			add_current(&r, g);
	}
	report_send(&r);
}

static void on_answer(struct timer *t)
{
	struct group *g = container_of(t, struct group, answer_timer);
	struct report r;

	if (g->members > 0 && version_of(g->gi) < 3) {
		old_report(g);
	} else if (g->members > 0) {
		report_start(&r, g->gi);
		if (g->answer_all)
			add_current(&r, g);
		else
			report_add(&r, g, GROUP_IS_INCLUDE, is_asked_and_heard, false);
		report_send(&r);
	}
	g->answer_all = false;
	for (uint32_t i = 0; i < g->count; i++)
		g->sources[i].asked = false;
}

/* Sooner if it was to be sent later. */
static void answer_by(struct env *env, struct timer *t, berth_time when)
{
	if (!timer_armed(t) || when < t->due)
		timer_arm(env, t, when);
}

/* RFC 3376 §5.2, about one group: answered within the time that the router gives. */
static void on_group_query(struct group *g, const struct group_query *q, berth_time when)
{
	if (q->source_count == 0)
		g->answer_all = true;
	for (unsigned i = 0; i < q->source_count && !g->answer_all; i++) {
		struct ipaddr source = group_query_source(q, i, g->gi->v6);
		bool known = false;

		for (uint32_t j = 0; j < g->count; j++) {
			if (!ipaddr_equal(&g->sources[j].addr, &source))
				continue;
			g->sources[j].asked = true;
			known = true;
		}
		/* Heard because nobody excludes it: there is no place to note the question, and
		 * the whole state answers it too. */
		if (!known && g->exclude)
			g->answer_all = true;
	}
	answer_by(env_of(g->gi), &g->answer_timer, when);
}

/* Versions before 3 answer for each group, each in its own time (RFC 2236 §3). */
static void on_old_general_query(struct group_if *gi, const struct group_query *q)
{
	struct env *env = env_of(gi);
	struct list *l;

	list_for_each (l, &gi->net->groups) {
		struct group *g = list_entry(l, struct group, link);

		if (g->gi == gi && g->members > 0 && is_reported(g))
			answer_by(env, &g->answer_timer,
				  random_moment(env, q->response_ms * BERTH_MSEC));
	}
}

/* What the query says about the router (RFC 3376 §4.1.6, §7.2.1, §8.12). */
static void learn(struct group_if *gi, const struct group_query *q)
{
	berth_time response = q->response_ms * BERTH_MSEC;

	if (q->version < 3) {
		gi->old_until[q->version == 1 ? OLD_V1 : OLD_V2] =
			env_of(gi)->now + gi->robustness * gi->interval_ns + response;
		return;
	}
	gi->robustness = q->robustness ? q->robustness : ROBUSTNESS;
	gi->interval_ns = q->interval_s ? q->interval_s * BERTH_SEC : QUERY_INTERVAL;
}

void group_on_query(struct group_if *gi, const struct group_query *q)
{
	struct env *env = env_of(gi);
	berth_time when = random_moment(env, q->response_ms * BERTH_MSEC);
	struct group *g;

	learn(gi, q);
	if (!ipaddr_is_any(&q->group)) {
		g = group_find(gi->net, gi->netif, &q->group);
		if (g && g->members > 0 && is_reported(g))
			on_group_query(g, q, when);
		return;
	}
	if (version_of(gi) < 3)
		on_old_general_query(gi, q);
	else
		answer_by(env, &gi->answer_timer, when);
}

void group_on_report(struct group_if *gi, const struct ipaddr *addr)
{
	struct group *g = group_find(gi->net, gi->netif, addr);

	if (!g || version_of(gi) == 3)
		return;
	timer_disarm(env_of(gi), &g->answer_timer);
	g->reporter = false;
}
