/* SPDX-License-Identifier: MIT */
/*
 * Lanes: what a cable does to the packets of one direction.
 *
 * A packet that enters is numbered, its fate is drawn (world/fate.h), and it either is freed or
 * goes through three stations: the rate, a pipe that sends one packet after the other; the delay,
 * in which any number are on the way; and `leave`, the function at the far end. The order of the
 * rules is: partition, mtu, loss or gemodel, limit; the first that hits is the one told. A
 * duplicate follows its original through rate and delay, without a number, and is never corrupted.
 *
 * `limit` is the number of packets that may wait for the rate. Without a rate nobody waits, so
 * there a limit that is given bounds the packets on the way, as it does in netem.
 *
 * Invariants: the queue is sorted by arrival, equal ones in order of entry; the timer is armed for
 * the head's arrival, and only if there is a head. A lane whose mode is LANE_IDEAL and whose queue
 * is empty costs a call. Numbers count what a wire would carry, so that they do not depend on
 * whether super-packets were cut.
 *
 * Ownership: a lane owns the packets in its queue.
 */
#include "world/lane.h"

#include "base/check.h"
#include "world/core.h"
#include "world/frame.h"

/* Packets on the way where no limit is given and no rate makes them wait. */
#define TRANSIT_MAX 1000000u
#define DEPARTURES_FIRST 64u

static void on_arrival(struct timer *t);

void lane_init(struct lane *lane, struct berth_world *w, const char *name,
	       enum berth_direction direction,
	       void (*leave)(struct lane *lane, struct berth_packet *p))
{
	*lane = (struct lane){
		.world = w,
		.direction = direction,
		.key = fate_key_make(w->seed, name, direction),
		.leave = leave,
	};
	timer_init(&lane->timer, on_arrival);
	lane_refresh(lane);
}

void lane_fini(struct lane *lane)
{
	struct env *env = &lane->world->env;
	struct transit *t;

	while ((t = lane->head) != NULL) {
		lane->head = t->next;
		berth_packet_free(t->packet);
		env_free(env, t);
	}
	timer_disarm(env, &lane->timer);
	env_free(env, lane->waiting.times);
}

void transits_fini(struct transits *spare, struct env *env)
{
	struct transit *t;

	while ((t = spare->spare) != NULL) {
		spare->spare = t->next;
		env_free(env, t);
	}
}

void lane_refresh(struct lane *lane)
{
	if (lane->world->on_packet || impair_per_packet(&lane->impair))
		lane->mode = LANE_PACKETS;
	else
		lane->mode = lane->impair.delay > 0 ? LANE_DELAY : LANE_IDEAL;
}

void lane_set_impair(struct lane *lane, const struct berth_impair *impair)
{
	lane->impair = *impair;
	lane->gemodel.valid = false;
	lane_refresh(lane);
}

static struct transit *transit_new(struct berth_world *w)
{
	struct transit *t = w->transits.spare;

	if (!t)
		return env_alloc(&w->env, sizeof(*t));
	w->transits.spare = t->next;
	return t;
}

static void transit_free(struct berth_world *w, struct transit *t)
{
	t->next = w->transits.spare;
	w->transits.spare = t;
}

/* Behind all that arrive no later. Looks from the end first: that is where nearly all belong. */
static void queue_insert(struct lane *lane, struct transit *t)
{
	struct transit **at = &lane->head;

	if (lane->tail && lane->tail->arrival <= t->arrival)
		at = &lane->tail->next;
	while (*at && (*at)->arrival <= t->arrival)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
	if (!t->next)
		lane->tail = t;
	lane->count++;
	if (lane->head == t)
		timer_arm(&lane->world->env, &lane->timer, t->arrival);
}

static void on_arrival(struct timer *timer)
{
	struct lane *lane = container_of(timer, struct lane, timer);
	struct berth_world *w = lane->world;
	struct transit *t;

	while ((t = lane->head) != NULL && t->arrival <= w->env.now) {
		struct berth_packet *p = t->packet;

		lane->head = t->next;
		if (!lane->head)
			lane->tail = NULL;
		lane->count--;
		transit_free(w, t);
		lane->leave(lane, p);
	}
	if (t)
		timer_arm(&w->env, &lane->timer, t->arrival);
}

/* Lets `p` leave at `arrival`, which may be now. */
static void send_at(struct lane *lane, struct berth_packet *p, struct transit *t,
		    berth_time arrival)
{
	if (arrival <= lane->world->env.now && !lane->head) {
		transit_free(lane->world, t);
		lane->leave(lane, p);
		return;
	}
	t->packet = p;
	t->arrival = arrival;
	queue_insert(lane, t);
}

/* Forgets those that have been sent by now. */
static void departures_expire(struct departures *d, berth_time now)
{
	while (d->count > 0 && d->times[d->first] <= now) {
		d->first = (d->first + 1) & (d->capacity - 1);
		d->count--;
	}
}

static int departures_add(struct departures *d, struct env *env, berth_time when)
{
	if (d->count == d->capacity) {
		uint32_t capacity = d->capacity ? 2 * d->capacity : DEPARTURES_FIRST;
		berth_time *times = env_calloc(env, capacity, sizeof(*times));

		if (!times)
			return -1;
		for (uint32_t i = 0; i < d->count; i++)
			times[i] = d->times[(d->first + i) & (d->capacity - 1)];
		env_free(env, d->times);
		*d = (struct departures){times, 0, d->count, capacity};
	}
	d->times[(d->first + d->count++) & (d->capacity - 1)] = when;
	return 0;
}

/* Whether the queue has no room for one more. */
static bool queue_full(struct lane *lane)
{
	uint32_t limit = lane->impair.limit;

	if (lane->impair.rate_bits == 0)
		return lane->count >= (limit ? limit : TRANSIT_MAX);
	departures_expire(&lane->waiting, lane->world->env.now);
	/* The one that is being sent waits no more. */
	return lane->waiting.count > (limit ? limit : LANE_LIMIT_DEFAULT);
}

/* When the last bit of `bytes` bytes has been sent, if they are queued now. */
static berth_time take_rate(struct lane *lane, size_t bytes)
{
	berth_time now = lane->world->env.now;
	uint64_t rate = lane->impair.rate_bits;

	if (rate == 0)
		return now;
	uint64_t bits = bytes * 8;
	uint64_t ns = (bits * (uint64_t)BERTH_SEC + rate - 1) / rate;

	if (lane->busy_until < now)
		lane->busy_until = now;
	lane->busy_until += (berth_time)ns;
	/* Without memory for its departure a packet isn't counted as waiting: no harm. */
	(void)departures_add(&lane->waiting, &lane->world->env, lane->busy_until);
	return lane->busy_until;
}

static berth_time arrival_of(struct lane *lane, size_t bytes, const struct fate *fate)
{
	berth_time sent = take_rate(lane, bytes);

	if (fate->reorder)
		return sent;
	berth_time arrival = sent + fate->delay_ns;

	if (arrival < lane->last_arrival)
		arrival = lane->last_arrival;
	lane->last_arrival = arrival;
	return arrival;
}

static void tell(const struct lane *lane, struct berth_packet_event *ev, struct berth_packet *p)
{
	struct berth_world *w = lane->world;

	if (!w->on_packet)
		return;
	berth_packet_complete(p);
	ev->packet = p;
	w->on_packet(w->observer_ctx, ev);
}

/* The rule by which the packet is lost, if any. */
static enum berth_rule lost_by(struct lane *lane, const struct berth_packet *p,
			       const struct fate *fate)
{
	uint32_t mtu = lane->impair.mtu;

	if (lane->cut_off && lane->cut_off(lane, p))
		return BERTH_RULE_PARTITION;
	if (mtu && berth_packet_bytes(p) > (size_t)mtu + FRAME_ETHER_BYTES)
		return BERTH_RULE_MTU;
	if (fate->rule != BERTH_RULE_NONE)
		return fate->rule;
	return queue_full(lane) ? BERTH_RULE_LIMIT : BERTH_RULE_NONE;
}

/* False: no memory, and nothing is corrupted. */
static bool corrupt(struct berth_packet *p, const struct fate *fate)
{
	if (!fate->corrupt)
		return false;
	berth_packet_complete(p);
	return berth_packet_flip_bit(p, fate->corrupt_word % (8 * berth_packet_bytes(p))) == 0;
}

/* Sends the additional copy, right behind its original. */
static void send_copy(struct lane *lane, struct berth_packet *copy, const struct fate *fate,
		      struct berth_packet_event *ev)
{
	struct transit *t = queue_full(lane) ? NULL : transit_new(lane->world);

	if (!t) {
		berth_packet_free(copy);
		return;
	}
	ev->fate = BERTH_FATE_DUPLICATED;
	ev->corrupted = false;
	ev->arrival = arrival_of(lane, berth_packet_bytes(copy), fate);
	tell(lane, ev, copy);
	send_at(lane, copy, t, ev->arrival);
}

/* One packet as a wire carries it. */
static void enter_packet(struct lane *lane, struct berth_packet *p)
{
	struct berth_world *w = lane->world;
	struct berth_packet_event ev = {
		.time = w->env.now,
		.arrival = BERTH_TIME_NEVER,
		.cable = lane->cable,
		.host = lane->host,
		.direction = lane->direction,
		.number = lane->number++,
		.fate = BERTH_FATE_LOST,
	};
	struct fate fate;

	fate_draw(&lane->key, &lane->impair, ev.number, &lane->gemodel, &fate);
	fate.reorder = fate.reorder && lane->impair.delay + lane->impair.jitter > 0;
	ev.rule = lost_by(lane, p, &fate);

	struct transit *t = ev.rule == BERTH_RULE_NONE ? transit_new(w) : NULL;

	if (!t) {
		if (ev.rule == BERTH_RULE_NONE)
			ev.rule = BERTH_RULE_LIMIT; /* no memory to queue it */
		tell(lane, &ev, p);
		berth_packet_free(p);
		return;
	}
	struct berth_packet *copy = fate.duplicate ? berth_packet_clone(p) : NULL;

	ev.fate = BERTH_FATE_DELIVERED;
	ev.corrupted = corrupt(p, &fate);
	ev.reordered = fate.reorder;
	ev.arrival = arrival_of(lane, berth_packet_bytes(p), &fate);
	tell(lane, &ev, p);
	send_at(lane, p, t, ev.arrival);
	if (copy)
		send_copy(lane, copy, &fate, &ev);
}

/* A packet that has no fate of its own: late, or stuck behind others, or cut off. */
static void enter_whole(struct lane *lane, struct berth_packet *p)
{
	struct fate fate = {.delay_ns = lane->impair.delay};
	struct transit *t;

	lane->number += frame_segments(p);
	if ((lane->cut_off && lane->cut_off(lane, p)) || queue_full(lane)) {
		berth_packet_free(p);
		return;
	}
	t = transit_new(lane->world);
	if (!t) {
		berth_packet_free(p);
		return;
	}
	send_at(lane, p, t, arrival_of(lane, berth_packet_bytes(p), &fate));
}

void lane_enter(struct lane *lane, struct berth_packet *p)
{
	if (lane->mode == LANE_IDEAL && !lane->head && !lane->cut_off) {
		lane->number += frame_segments(p);
		lane->leave(lane, p);
		return;
	}
	if (lane->mode != LANE_PACKETS) {
		enter_whole(lane, p);
		return;
	}
	while (p) {
		struct berth_packet *first = berth_packet_cut(&p);

		if (!first) {
			berth_packet_free(p);
			return;
		}
		enter_packet(lane, first);
	}
}

void lane_bypass(struct lane *lane, struct berth_packet *p)
{
	lane->leave(lane, p);
}
