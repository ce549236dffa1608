/* SPDX-License-Identifier: MIT */
/*
 * The world's clock and its run.
 *
 * Everything that happens at a moment of its own is a timer in one heap (base/timer.h), which
 * breaks ties by the order of arming: the deadline of each stack, the next arrival of each lane. A
 * run goes from one such moment to the next, sets the clock to it, fires what is due, and lets the
 * hosts that became ready send (world_drain); so a run that is called late passes through the same
 * moments in the same order as one called in time. Only what socket calls produced since the last
 * run has no moment: it leaves at the run's `now`.
 *
 * A frame between two hosts on ideal cables meets no timer, no copy and no allocation: pulled from
 * one stack, looked up in the switch, handed to the other, which then is ready and gets its turn.
 *
 * Nothing here calls the driver, save the observer, which must not call back.
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "world/core.h"

int vec_reserve(struct env *env, struct vec *v, int count)
{
	int capacity = v->capacity ? v->capacity : 4;

	while (capacity < count)
		capacity *= 2;
	if (capacity == v->capacity)
		return 0;
	void **items = env_realloc(env, v->items, (size_t)capacity, sizeof(*items));

	if (!items)
		return -ENOMEM;
	v->items = items;
	v->capacity = capacity;
	return 0;
}

void vec_add(struct vec *v, void *item)
{
	ASSERT(v->count < v->capacity);
	v->items[v->count++] = item;
}

void vec_fini(struct env *env, struct vec *v)
{
	env_free(env, v->items);
	*v = (struct vec){0};
}

char *world_strdup(struct env *env, const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = env_alloc(env, bytes);

	if (copy)
		memcpy(copy, text, bytes);
	return copy;
}

static void init_env(struct env *env, const struct berth_world_config *config)
{
	env->now = config->now;
	env->mem = mem_or_libc(&config->mem);
	timers_init(&env->timers);
	for (unsigned i = 0; i < sizeof(env->hash_key); i++)
		env->hash_key[i] = (uint8_t)(config->seed >> (8 * (i % 8)));
}

struct berth_world *berth_world_new(const struct berth_world_config *config)
{
	struct env env = {0};
	struct berth_world *w;

	init_env(&env, config);
	w = env_calloc(&env, 1, sizeof(*w));
	if (!w)
		return NULL;
	w->env = env;
	w->seed = config->seed;
	w->config = *config;
	w->on_packet = config->on_packet;
	w->observer_ctx = config->ctx;
	list_init(&w->ready);
	list_init(&w->eventful);
	w->pool = berth_pool_new(&w->env.mem, 0);
	if (!w->pool || table_init(&w->names, &w->env, 64) < 0 ||
	    table_init(&w->addresses, &w->env, 64) < 0) {
		berth_world_free(w);
		return NULL;
	}
	return w;
}

void berth_world_free(struct berth_world *w)
{
	if (!w)
		return;
	struct env env = w->env;

	for (int i = 0; i < w->cables.count; i++)
		cable_free(w->cables.items[i]);
	for (int i = 0; i < w->hosts.count; i++)
		host_free(w->hosts.items[i]);
	for (int i = 0; i < w->networks.count; i++)
		network_free(w->networks.items[i]);
	for (int i = 0; i < w->nameservers.count; i++)
		env_free(&w->env, w->nameservers.items[i]);
	transits_fini(&w->transits, &w->env);
	directory_fini(w);
	vec_fini(&w->env, &w->cables);
	vec_fini(&w->env, &w->hosts);
	vec_fini(&w->env, &w->networks);
	vec_fini(&w->env, &w->nameservers);
	timers_fini(&w->env.timers, &w->env);
	berth_pool_free(w->pool);
	env_free(&env, w);
}

void world_drain(struct berth_world *w)
{
	while (!list_empty(&w->ready)) {
		struct host *h = list_first(&w->ready, struct host, ready);

		list_del(&h->ready);
		host_drain(h);
	}
}

/* Everything that has a moment up to `now`, in order. Returns the next such moment. */
static berth_time run_until(struct berth_world *w, berth_time now)
{
	for (;;) {
		berth_time next = timers_deadline(&w->env.timers);

		if (next > now)
			return next;
		if (next > w->env.now)
			w->env.now = next;
		timers_run(&w->env);
		world_drain(w);
	}
}

/* Moves all of `from` to the end of `to`. */
static void splice(struct list *from, struct list *to)
{
	while (!list_empty(from)) {
		struct list *l = from->next;

		list_del(l);
		list_add_tail(to, l);
	}
}

berth_time berth_world_run(struct berth_world *w, berth_time now)
{
	struct list fresh;
	struct list *l;
	berth_time next;

	list_for_each (l, &w->eventful) {
		host_mark_ready(list_entry(l, struct host, eventful));
	}
	list_init(&fresh);
	splice(&w->ready, &fresh);
	(void)run_until(w, now);
	if (now > w->env.now)
		w->env.now = now;
	splice(&fresh, &w->ready);
	world_drain(w);
	next = run_until(w, w->env.now);
	ASSERT(list_empty(&w->ready));
	return next;
}

berth_time berth_world_now(const struct berth_world *w)
{
	return w->env.now;
}

void berth_world_set_observer(struct berth_world *w,
			      void (*on_packet)(void *ctx, const struct berth_packet_event *ev),
			      void *ctx)
{
	w->on_packet = on_packet;
	w->observer_ctx = ctx;
	for (int i = 0; i < w->cables.count; i++) {
		struct cable *c = w->cables.items[i];

		lane_refresh(&c->up);
		lane_refresh(&c->down);
	}
	for (int i = 0; i < w->hosts.count; i++)
		host_refresh_loopback(w->hosts.items[i]);
}

/* The event that a host holds, which is on no list. False: its socket is another one by now, or
 * none. */
static bool take_held(struct host *h, struct berth_event *out)
{
	struct berth_sock_info info;

	ASSERT(h->event_held || h->resolved);
	if (!h->event_held) {
		h->resolved = false;
		*out = (struct berth_event){-1, POLLIN, NULL};
		return true;
	}
	if (h->resolved)
		list_add_tail(&h->world->eventful, &h->eventful);
	h->event_held = false;
	*out = h->event;
	return berth_sock_info(h->stack, out->fd, &info) == 0 && info.user == out->user;
}

bool berth_world_next_event(struct berth_world *w, int *out_host, struct berth_event *out)
{
	while (!list_empty(&w->eventful)) {
		struct host *h = list_first(&w->eventful, struct host, eventful);

		list_del(&h->eventful);
		*out_host = h->index;
		bool valid = take_held(h, out);

		/* Looks for its next event, and sends what that made. */
		host_mark_ready(h);
		world_drain(w);
		if (valid)
			return true;
	}
	return false;
}
