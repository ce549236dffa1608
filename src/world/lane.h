/* SPDX-License-Identifier: MIT */
/*
 * A lane: one direction of a cable, or a host's loopback. Packets enter, meet their fate, and
 * leave at its far end, later.
 */
#ifndef WORLD_LANE_H
#define WORLD_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/world.h>

#include "base/env.h"
#include "world/fate.h"

/* Packets that may wait where `limit` says nothing. */
#define LANE_LIMIT_DEFAULT 1000u

/* How a lane treats packets; follows from its impairments and the world's observer. */
enum lane_mode {
	LANE_IDEAL,   /* straight through, super-packets whole */
	LANE_DELAY,   /* late, but whole */
	LANE_PACKETS, /* cut to what a wire carries, each with a fate of its own */
};

/* A packet on the way. */
struct transit {
	struct transit *next;
	struct berth_packet *packet;
	berth_time arrival;
};

/* Spare transit entries of a world, so that the steady state allocates nothing. */
struct transits {
	struct transit *spare;
};

/* When those packets that wait for the rate will have been sent: a ring, oldest first. */
struct departures {
	berth_time *times;
	uint32_t first, count, capacity;
};

struct lane {
	struct berth_world *world;
	int cable; /* index; -1 - host: that host's loopback */
	int host;  /* at the cable's end */
	enum berth_direction direction;
	enum lane_mode mode;
	struct fate_key key;
	struct berth_impair impair;
	struct gemodel gemodel;
	uint64_t number;	     /* of the next packet */
	berth_time busy_until;	     /* the rate is used up to here */
	berth_time last_arrival;     /* nothing but `reorder` arrives before it */
	struct transit *head, *tail; /* by arrival */
	uint32_t count;
	struct departures waiting;
	struct timer timer; /* due when head arrives */
	/* Where packets leave; takes the packet. */
	void (*leave)(struct lane *lane, struct berth_packet *p);
	/* Whether a partition cuts this packet. NULL: never. */
	bool (*cut_off)(const struct lane *lane, const struct berth_packet *p);
};

/* `name` is the cable's; the lane's timer must have been reserved. */
void lane_init(struct lane *lane, struct berth_world *w, const char *name,
	       enum berth_direction direction,
	       void (*leave)(struct lane *lane, struct berth_packet *p));
/* Frees the packets on the way. */
void lane_fini(struct lane *lane);

/* Takes new impairments, valid ones, from the next packet on. */
void lane_set_impair(struct lane *lane, const struct berth_impair *impair);
/* Follows a change of the observer. */
void lane_refresh(struct lane *lane);

/* A packet enters; it is consumed. It may leave before this returns. */
void lane_enter(struct lane *lane, struct berth_packet *p);
/* A packet passes untouched, uncounted and at once (the name service's). */
void lane_bypass(struct lane *lane, struct berth_packet *p);

/* Frees the spare entries. */
void transits_fini(struct transits *spare, struct env *env);

#endif
