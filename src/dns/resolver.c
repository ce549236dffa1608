/* SPDX-License-Identifier: MIT */
/*
 * What a stack knows about names, and what it has been told.
 *
 * Answers are kept in one table, by question. An entry is used until it expires, and as long as
 * nobody has read it, for a while more: a call that began a question is made again to fetch the
 * answer, and must find it even if the answer was not to be kept at all, or was a failure. For the
 * same reason every answer is kept for HOLD at least: a call that asks for several names, one after
 * the other, goes through all of them each time it is made. While such a call waits for its next
 * answer, those it has read hold too, up to HELD_MAX, however slow the servers are.
 * (Deviation: RFC 1035 §3.2.1 has a time to live of 0 mean this transaction alone; HOLD is what one
 * transaction takes here.)
 *
 * Bounds: RESOLVER_ENTRIES_MAX entries, of which the one looked at least recently makes room;
 * RESOLVER_QUERIES_MAX of them on their way, and no more than that are begun.
 *
 * The search list is glibc's: names with ndots dots or more are tried as they are first, others
 * last; a name that ends in a dot is tried as it is only; a name server's failure ends the search,
 * a "no" does not.
 */
#include "dns/resolver.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "dns/hosts.h"
#include "dns/services.h"
#include "stack/host.h"

#define HOLD (5 * BERTH_SEC)
#define UNREAD_HOLD (60 * BERTH_SEC)
#define HELD_MAX (600 * BERTH_SEC)
#define ALIASES_MAX 8
#define NDOTS_MAX 15u
#define ATTEMPTS_MAX 5u
#define TIMEOUT_MAX (300 * BERTH_SEC)
#define TABLE_BUCKETS 16u

static uint32_t question_hash(const struct env *env, const struct dns_question *q)
{
	struct {
		uint16_t type;
		uint8_t wire[DNS_NAME_BYTES];
	} key = {.type = q->type};

	for (unsigned i = 0; i < q->name.bytes; i++) {
		uint8_t c = q->name.wire[i];

		key.wire[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
	}
	return env_hash(env, &key, offsetof(__typeof__(key), wire) + q->name.bytes);
}

static struct dns_entry *entry_find(const struct resolver *r, const struct dns_question *q,
				    uint32_t hash)
{
	struct table_node *n = table_chain(&r->entries, hash);

	for (; n; n = n->next) {
		struct dns_entry *e = container_of(n, struct dns_entry, node);

		if (n->hash == hash && e->question.type == q->type &&
		    dns_name_equal(&e->question.name, &q->name))
			return e;
	}
	return NULL;
}

static void entry_free(struct resolver *r, struct dns_entry *e)
{
	if (e->query)
		query_free(e->query);
	table_del(&r->entries, &e->node);
	list_del(&e->link);
	env_free(r->env, e);
}

/* Makes room for one more. Those on their way stay. */
static bool entry_make_room(struct resolver *r)
{
	struct list *l;

	if (r->entries.count < RESOLVER_ENTRIES_MAX)
		return true;
	list_for_each (l, &r->entry_list) {
		struct dns_entry *e = list_entry(l, struct dns_entry, link);

		if (!e->query) {
			entry_free(r, e);
			return true;
		}
	}
	return false;
}

static struct dns_entry *entry_new(struct resolver *r, const struct dns_question *q, uint32_t hash)
{
	struct dns_entry *e = entry_make_room(r) ? env_calloc(r->env, 1, sizeof(*e)) : NULL;

	if (!e)
		return NULL;
	e->question = *q;
	e->asked = r->env->now;
	list_add_tail(&r->entry_list, &e->link);
	table_add(&r->entries, r->env, &e->node, hash);
	if (query_start(r, e) < 0) {
		entry_free(r, e);
		return NULL;
	}
	return e;
}

/* Whether a call has read this answer since `asked`, and so may go on with it. */
static bool entry_read_since(const struct dns_entry *e, berth_time asked)
{
	return !e->query && e->read && e->read >= asked;
}

/* Whether a question on its way is perhaps that of a call which has read this answer before. */
static bool entry_in_use(const struct resolver *r, const struct dns_entry *e)
{
	const struct list *l;

	if (r->query_count == 0 || r->env->now > e->answered + HELD_MAX)
		return false;
	list_for_each (l, &r->entry_list) {
		const struct dns_entry *other = list_entry(l, struct dns_entry, link);

		if (other->query && entry_read_since(e, other->asked))
			return true;
	}
	return false;
}

static bool entry_stale(const struct resolver *r, const struct dns_entry *e)
{
	berth_time until = e->expires;

	if (!e->read && until < e->expires + UNREAD_HOLD)
		until = e->expires + UNREAD_HOLD;
	return !e->query && r->env->now > until && !entry_in_use(r, e);
}

/* What was read while `e` was on its way: the call will be made again, and need it. */
static void hold_read(struct resolver *r, const struct dns_entry *e)
{
	berth_time until = r->env->now + HOLD;
	struct list *l;

	list_for_each (l, &r->entry_list) {
		struct dns_entry *other = list_entry(l, struct dns_entry, link);

		if (entry_read_since(other, e->asked) && other->expires < until &&
		    until <= other->answered + HELD_MAX)
			other->expires = until;
	}
}

void resolver_answered(struct resolver *r, struct dns_entry *e)
{
	berth_time keep = (berth_time)e->answer.ttl_s * BERTH_SEC;

	ASSERT(!e->query);
	e->answered = r->env->now;
	e->expires = r->env->now + (keep > HOLD ? keep : HOLD);
	e->read = 0;
	hold_read(r, e);
	r->st->resolved = true;
	r->env->wake(r->env);
}

static int look_up_once(struct resolver *r, const struct dns_name *name, uint16_t type,
			const struct dns_answer **out)
{
	struct dns_question q = {.name = *name, .type = type, .class = DNS_IN};
	uint32_t hash = question_hash(r->env, &q);
	struct dns_entry *e = entry_find(r, &q, hash);

	if (r->config.server_count == 0)
		return DNS_TRY_AGAIN;
	if (e && entry_stale(r, e)) {
		entry_free(r, e);
		e = NULL;
	}
	if (!e)
		e = entry_new(r, &q, hash);
	if (!e)
		return DNS_TRY_AGAIN;
	list_del(&e->link);
	list_add_tail(&r->entry_list, &e->link);
	if (e->query)
		query_poll(e->query);
	if (e->query)
		return DNS_RESOLVING;
	e->read = r->env->now;
	*out = &e->answer;
	return (int)e->answer.outcome;
}

int resolver_lookup(struct resolver *r, const struct dns_name *name, uint16_t type,
		    const struct dns_answer **out)
{
	const struct dns_answer *answer = NULL;
	struct dns_name at = *name;

	for (int i = 0; i < ALIASES_MAX; i++) {
		int outcome = look_up_once(r, &at, type, &answer);

		if (outcome != DNS_ALIAS) {
			*out = answer;
			return outcome;
		}
		at = answer->canonical;
	}
	return DNS_TRY_AGAIN; /* aliases that go in circles */
}

/* Both types of one name. What comes of the two together. */
static int look_up_pair(struct resolver *r, const struct dns_name *name, struct resolver_pair *p)
{
	static const uint16_t types[2] = {DNS_A, DNS_AAAA};
	int worst = DNS_NO_NAME;

	for (int i = 0; i < 2; i++)
		p->outcome[i] = p->want[i] ? resolver_lookup(r, name, types[i], &p->answer[i])
					   : DNS_NO_DATA;
	for (int i = 0; i < 2; i++)
		if (p->outcome[i] == DNS_RESOLVING)
			return DNS_RESOLVING;
	for (int i = 0; i < 2; i++) {
		if (p->outcome[i] == DNS_FOUND)
			return DNS_FOUND;
		if (p->want[i] && p->outcome[i] > worst)
			worst = p->outcome[i];
	}
	return worst;
}

/* `name` below `domain`. False: too long. */
static bool append(const struct dns_name *name, const struct dns_name *domain, struct dns_name *out)
{
	size_t bytes = (size_t)name->bytes - 1 + domain->bytes;

	if (bytes > DNS_NAME_BYTES)
		return false;
	memcpy(out->wire, name->wire, name->bytes - 1u);
	memcpy(out->wire + name->bytes - 1, domain->wire, domain->bytes);
	out->bytes = (uint8_t)bytes;
	return true;
}

/* One step of a search. True: it ends here, with *outcome. A "no" that says more is kept. */
static bool step(struct resolver *r, const struct dns_name *name, struct resolver_pair *p,
		 int *outcome)
{
	int found = look_up_pair(r, name, p);

	if (found == DNS_NO_NAME && *outcome == DNS_NO_DATA)
		return false;
	*outcome = found;
	return found != DNS_NO_NAME && found != DNS_NO_DATA;
}

int resolver_search(struct resolver *r, const char *text, struct resolver_pair *p)
{
	struct dns_name domain;
	struct dns_name name;
	int outcome = DNS_NO_NAME;
	unsigned dots = 0;
	bool absolute;

	if (!dns_name_parse(text, &name))
		return DNS_NO_NAME;
	for (const char *c = text; *c; c++)
		dots += *c == '.';
	absolute = text[strlen(text) - 1] == '.';
	if (dots >= r->config.ndots || absolute)
		if (step(r, &name, p, &outcome) || absolute)
			return outcome;
	for (unsigned i = 0; i < r->config.search_count; i++)
		if (append(&name, &r->config.search[i], &domain) && step(r, &domain, p, &outcome))
			return outcome;
	if (dots < r->config.ndots)
		(void)step(r, &name, p, &outcome); /* the last, whatever comes of it */
	return outcome;
}

void resolver_reverse_name(const struct ipaddr *a, struct dns_name *out)
{
	char text[80];
	char *at = text;

	if (ipaddr_is4(a)) {
		(void)snprintf(text, sizeof(text), "%u.%u.%u.%u.in-addr.arpa", a->bytes[15],
			       a->bytes[14], a->bytes[13], a->bytes[12]);
	} else {
		for (int i = 15; i >= 0; i--)
			at += snprintf(at, 5, "%x.%x.", a->bytes[i] & 0xfu, a->bytes[i] >> 4u);
		(void)snprintf(at, sizeof("ip6.arpa"), "ip6.arpa");
	}
	bool fine = dns_name_parse(text, out);

	ASSERT(fine);
}

/* Ends all questions and forgets all answers. */
static void forget(struct resolver *r)
{
	while (!list_empty(&r->entry_list))
		entry_free(r, list_first(&r->entry_list, struct dns_entry, link));
}

static void config_fini(struct resolver_config *c, struct env *env)
{
	env_free(env, c->servers);
	env_free(env, c->search);
	hosts_free(c->hosts, env);
	services_free(c->services, env);
}

static int read_servers(const struct berth_resolver_config *c, struct resolver_config *out)
{
	for (unsigned i = 0; i < c->server_count; i++) {
		union {
			struct sockaddr_storage any;
			struct sockaddr_in in;
		} server = {.any = c->servers[i]};

		if (server.any.ss_family != AF_INET && server.any.ss_family != AF_INET6)
			return -EAFNOSUPPORT;
		if (server.in.sin_port == 0) /* at the same place in both families */
			server.in.sin_port = htons(DNS_PORT);
		out->servers[i] = server.any;
	}
	out->server_count = c->server_count;
	return 0;
}

static int read_search(const struct berth_resolver_config *c, struct resolver_config *out)
{
	for (unsigned i = 0; i < c->search_count; i++)
		if (!dns_name_parse(c->search[i], &out->search[i]))
			return -EINVAL;
	out->search_count = c->search_count;
	return 0;
}

/* Reads all parts into memory that was made for them. */
static int read_parts(struct env *env, const struct berth_resolver_config *c,
		      struct resolver_config *out)
{
	int error;

	out->servers = env_calloc(env, c->server_count + 1, sizeof(*out->servers));
	out->search = env_calloc(env, c->search_count + 1, sizeof(*out->search));
	if (!out->servers || !out->search)
		return -ENOMEM;
	error = read_servers(c, out);
	if (error == 0)
		error = read_search(c, out);
	if (error == 0 && c->hosts && !(out->hosts = hosts_new(env, c->hosts)))
		error = -ENOMEM;
	if (error == 0 && c->services && !(out->services = services_new(env, c->services)))
		error = -ENOMEM;
	return error;
}

static int config_read(struct env *env, const struct berth_resolver_config *c,
		       struct resolver_config *out)
{
	int error;

	if (c->server_count > BERTH_RESOLVER_SERVERS_MAX ||
	    c->search_count > BERTH_RESOLVER_SEARCH_MAX || c->ndots > NDOTS_MAX ||
	    c->attempts > ATTEMPTS_MAX || c->timeout < 0 || c->timeout > TIMEOUT_MAX)
		return -EINVAL;
	*out = (struct resolver_config){.ndots = c->ndots ? c->ndots : 1,
					.attempts = c->attempts ? c->attempts : 2,
					.timeout = c->timeout ? c->timeout : 5 * BERTH_SEC};
	error = read_parts(env, c, out);
	if (error < 0)
		config_fini(out, env);
	return error;
}

const struct services *resolver_services(struct resolver *r)
{
	if (!r->config.services)
		r->config.services = services_new(r->env, NULL);
	return r->config.services;
}

static bool take_event(void *ctx, const struct berth_event *ev)
{
	return query_take(ctx, ev);
}

static void resolver_free(void *ctx)
{
	struct resolver *r = ctx;
	struct env *env = r->env;

	forget(r);
	gethost_free(r);
	servent_free(r);
	config_fini(&r->config, env);
	table_fini(&r->entries, env);
	env_free(env, r);
}

struct resolver *resolver_of(struct berth_stack *st)
{
	static const struct berth_resolver_config defaults;
	struct env *env = &st->env;
	struct resolver *r = st->taker.ctx;

	if (r)
		return r;
	r = env_calloc(env, 1, sizeof(*r));
	if (!r)
		return NULL;
	r->st = st;
	r->env = env;
	list_init(&r->entry_list);
	list_init(&r->queries);
	if (table_init(&r->entries, env, TABLE_BUCKETS) < 0) {
		env_free(env, r);
		return NULL;
	}
	if (config_read(env, &defaults, &r->config) < 0) {
		table_fini(&r->entries, env);
		env_free(env, r);
		return NULL;
	}
	st->taker = (struct event_taker){take_event, resolver_free, r};
	return r;
}

int berth_resolver_set(struct berth_stack *st, const struct berth_resolver_config *config)
{
	struct resolver *r = resolver_of(st);
	struct resolver_config next;
	int error = r ? config_read(&st->env, config, &next) : -ENOMEM;

	if (error < 0)
		return error;
	forget(r);
	config_fini(&r->config, r->env);
	r->config = next;
	return 0;
}
