/* SPDX-License-Identifier: MIT */
/*
 * Hosts: a stack, its place on the world's lists, and its loopback.
 *
 * A host that has work is on the world's list `ready`; world_drain() pulls its frames, and looks
 * for one socket event, which it holds; a host that holds one is on the list `eventful`, for
 * berth_world_next_event(). A host that is on neither costs nothing. A stack's `wake` only puts its
 * host on `ready`; whoever hands a stack a packet or lets its time pass does so as well. A stack
 * that still has events keeps silent (see `wake` in berth/stack.h), hence eventful hosts are made
 * ready in each run.
 *
 * The loopback is the stack's own affair unless it is impaired or observed; then its frames come
 * out of the stack, go through one lane (both directions are one there), and go back in.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "world/core.h"

#define LOOPBACK_IFINDEX 1u
#define LANE_NAME_BYTES 300u

static void on_wake(void *ctx)
{
	host_mark_ready(ctx);
}

/* Repeatable secrets: the host's own stream of numbers from the seed. */
static void seeded_random(struct host *h, void *buf, size_t bytes)
{
	uint8_t *at = buf;

	while (bytes > 0) {
		uint64_t words[2];
		size_t piece = bytes < sizeof(words) ? bytes : sizeof(words);

		fate_words(&h->random_key, h->random_count++, DRAW_LOSS, words);
		memcpy(at, words, piece);
		at += piece;
		bytes -= piece;
	}
}

static void on_random(void *ctx, void *buf, size_t bytes)
{
	struct host *h = ctx;
	const struct berth_world_config *config = &h->world->config;

	if (config->random)
		config->random(config->ctx, buf, bytes);
	else
		seeded_random(h, buf, bytes);
}

static void on_deadline(struct timer *t)
{
	host_mark_ready(container_of(t, struct host, timer));
}

static void leave_loopback(struct lane *lane, struct berth_packet *p)
{
	host_input(container_of(lane, struct host, loopback), LOOPBACK_IFINDEX, p);
}

void host_mark_ready(struct host *h)
{
	if (list_empty(&h->ready))
		list_add_tail(&h->world->ready, &h->ready);
}

void host_advance(struct host *h)
{
	berth_time now = h->world->env.now;

	if (h->advanced == now)
		return;
	h->advanced = now;
	berth_advance(h->stack, now);
}

void host_input(struct host *h, unsigned ifindex, struct berth_packet *p)
{
	host_advance(h);
	berth_input_packet(h->stack, ifindex, p);
	host_mark_ready(h);
}

static void carry(struct host *h, unsigned ifindex, struct berth_packet *p)
{
	struct cable *c = NULL;

	if (ifindex == LOOPBACK_IFINDEX) {
		if (names_packet(h->world, p))
			lane_bypass(&h->loopback, p);
		else
			lane_enter(&h->loopback, p);
		return;
	}
	if (ifindex < (unsigned)h->by_ifindex.count)
		c = h->by_ifindex.items[ifindex];
	if (c)
		lane_enter(&c->up, p);
	else
		berth_packet_free(p); /* an interface that the embedding program added */
}

/* Serves the name service's events; holds the first that is not its own. True if it served any. */
static bool take_events(struct host *h)
{
	bool served = false;

	while (!h->event_held && berth_next_event(h->stack, &h->event)) {
		if (h->names && names_owns(h, &h->event)) {
			names_serve(h, &h->event);
			served = true;
			continue;
		}
		/* Those who wait for names in virtual time fetch no events: it must not be in
		 * the way. */
		h->resolved = h->resolved || h->event.fd < 0;
		h->event_held = h->event.fd >= 0;
		if (list_empty(&h->eventful))
			list_add_tail(&h->world->eventful, &h->eventful);
	}
	return served;
}

void host_drain(struct host *h)
{
	struct env *env = &h->world->env;
	struct berth_packet *p;
	unsigned ifindex;

	host_advance(h);
	do {
		while ((p = berth_output(h->stack, &ifindex)) != NULL)
			carry(h, ifindex, p);
	} while (take_events(h));

	berth_time deadline = berth_stack_deadline(h->stack);

	/* A stack that is not done with the present gets the next nanosecond: no endless loops. */
	if (deadline <= env->now)
		deadline = env->now + 1;
	if (deadline == BERTH_TIME_NEVER)
		timer_disarm(env, &h->timer);
	else
		timer_arm(env, &h->timer, deadline);
}

void host_refresh_loopback(struct host *h)
{
	lane_refresh(&h->loopback);

	bool wanted = h->loopback.mode != LANE_IDEAL;

	if (wanted != h->local_wires &&
	    berth_netif_set_external(h->stack, LOOPBACK_IFINDEX, wanted) == 0)
		h->local_wires = wanted;
}

void host_free(struct host *h)
{
	if (!h)
		return;
	struct env *env = &h->world->env;

	names_free(h);
	lane_fini(&h->loopback);
	timer_disarm(env, &h->timer);
	list_del(&h->ready);
	list_del(&h->eventful);
	berth_stack_free(h->stack);
	vec_fini(env, &h->cables);
	vec_fini(env, &h->by_ifindex);
	env_free(env, h->cut_from);
	env_free(env, h->routes);
	env_free(env, h->name);
	env_free(env, h);
}

static struct berth_stack *new_stack(struct host *h)
{
	struct berth_world *w = h->world;
	struct berth_stack_config config = {
		.pool = w->pool,
		.mem = w->config.mem,
		.limits = w->config.limits,
		.now = w->env.now,
		.clock = &w->env.now,
		.epoch = w->config.epoch,
		.random = on_random,
		.wake = on_wake,
		.ctx = h,
	};

	struct berth_stack *st = berth_stack_new(&config);

	/* Every address of IPv6 brings a group of its link with it. No switch here listens to
	 * reports of those, which would only come between programs' packets and their fates. */
	if (st)
		(void)berth_stack_sysctl_set(st, "net.ipv6.mld_link_local_mcast_reports", 0);
	return st;
}

static struct host *host_new(struct berth_world *w, const struct berth_host_config *c)
{
	char lane_name[LANE_NAME_BYTES];
	struct host *h = env_calloc(&w->env, 1, sizeof(*h));

	if (!h)
		return NULL;
	(void)snprintf(lane_name, sizeof(lane_name), "%s:lo", c->name);
	h->world = w;
	h->index = w->hosts.count;
	h->no_forwarding = c->no_forwarding;
	h->advanced = w->env.now;
	h->random_key = fate_key_make(w->seed, c->name, BERTH_UP);
	list_init(&h->ready);
	list_init(&h->eventful);
	timer_init(&h->timer, on_deadline);
	lane_init(&h->loopback, w, lane_name, BERTH_UP, leave_loopback);
	h->loopback.cable = -1 - h->index;
	h->loopback.host = h->index;
	h->name = world_strdup(&w->env, c->name);
	h->stack = h->name ? new_stack(h) : NULL;
	if (!h->stack) {
		host_free(h);
		return NULL;
	}
	return h;
}

/* The nameservers that were added before the host. */
static int open_nameservers(struct host *h)
{
	const struct vec *servers = &h->world->nameservers;
	int error = 0;

	for (int i = 0; i < servers->count && error == 0; i++)
		error = names_open(h, servers->items[i]);
	return error;
}

int berth_world_add_host(struct berth_world *w, const struct berth_host_config *c)
{
	struct host *h;
	int error = directory_add_name(w, c->name, w->hosts.count);

	if (error < 0)
		return error;
	error = impair_check(&c->loopback);
	if (error < 0)
		goto out_name;
	error = -ENOMEM;
	if (vec_reserve(&w->env, &w->hosts, w->hosts.count + 1) < 0 ||
	    timers_reserve(&w->env, 2) < 0)
		goto out_name;
	h = host_new(w, c);
	if (!h)
		goto out_timers;
	error = open_nameservers(h);
	if (error < 0)
		goto out_host;
	lane_set_impair(&h->loopback, &c->loopback);
	host_refresh_loopback(h);
	host_mark_ready(h);
	vec_add(&w->hosts, h);
	return h->index;
out_host:
	host_free(h);
out_timers:
	timers_release(&w->env, 2);
out_name:
	directory_del_name(w, c->name);
	return error;
}

int berth_world_hosts(const struct berth_world *w)
{
	return w->hosts.count;
}

const char *berth_world_host_name(const struct berth_world *w, int host)
{
	const struct host *h = world_host(w, host);

	return h ? h->name : NULL;
}

struct berth_stack *berth_world_stack(struct berth_world *w, int host)
{
	struct host *h = world_host(w, host);

	if (!h)
		return NULL;
	host_advance(h);
	return h->stack;
}

int berth_world_set_loopback(struct berth_world *w, int host, const struct berth_impair *impair)
{
	struct host *h = world_host(w, host);

	if (!h)
		return -ENOENT;
	if (impair_check(impair) < 0)
		return -EINVAL;
	lane_set_impair(&h->loopback, impair);
	host_refresh_loopback(h);
	return 0;
}
