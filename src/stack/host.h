/* SPDX-License-Identifier: MIT */
/*
 * The inside of struct berth_stack: the contexts of all layers of one host.
 *
 * Every public call that can move packets or timers ends with stack_settle(), which delivers
 * what loops back inside the host and wakes the driver if there is news for it.
 */
#ifndef STACK_HOST_H
#define STACK_HOST_H

#include <berth/stack.h>

#include "base/env.h"
#include "link/links.h"
#include "net/net.h"
#include "sock/socket.h"
#include "transport/demux.h"

/* Who takes events of sockets before the driver sees them: the resolver (dns/resolver.h), once
 * there is one. */
struct event_taker {
	bool (*take)(void *ctx, const struct berth_event *ev); /* NULL: nobody */
	void (*free)(void *ctx);
	void *ctx;
};

struct berth_stack {
	struct env env;
	struct links *links;
	struct net *net;
	struct transport *tp;
	struct sockets *sockets;
	struct link_listener listener;
	struct event_taker taker;
	bool resolved; /* the resolver has an answer that the driver was not told of */
	struct berth_pool *own_pool; /* made here, because the configuration gave none; or NULL */
	void (*wake)(void *ctx);
	void *ctx;
	const berth_time *clock;   /* the driver's present, or NULL */
	bool awake;		   /* the driver was woken, and has not drained us since */
	berth_time deadline_known; /* what the driver was told, or will be when it has drained us */
};

/* Ends a public call: see above. */
void stack_settle(struct berth_stack *st);

/* Begins a call that may depend on the time: an idle host's is that of its last packet. */
static inline void stack_catch_up(struct berth_stack *st)
{
	if (st->clock && *st->clock > st->env.now)
		berth_advance(st, *st->clock);
}

/* Fills in the defaults of what is zero. */
void limits_default(struct berth_limits *limits);

/* The knobs of a new host. */
void knobs_default(struct knobs *knobs);

#endif
