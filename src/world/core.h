/* SPDX-License-Identifier: MIT */
/*
 * What the parts of a world share. A world owns its hosts, networks and cables; each is
 * allocated for itself, so that pointers to it stay valid, and found by index.
 */
#ifndef WORLD_CORE_H
#define WORLD_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/berth.h>

#include "base/env.h"
#include "base/list.h"
#include "base/table.h"
#include "world/fdb.h"
#include "world/frame.h"
#include "world/lane.h"

struct host;
struct name_service;

/* An array of pointers that grows. */
struct vec {
	void **items;
	int count, capacity;
};

struct cable {
	struct berth_world *world;
	int index;
	struct host *host;
	struct network *network;
	int port;			  /* its place in network->ports */
	unsigned ifindex;		  /* on the host's stack */
	struct netaddr address, address6; /* auto6: address6 is what the host will make */
	bool auto6;
	uint64_t mac;
	struct lane up, down;
};

struct network {
	struct berth_world *world;
	int index;
	char *name;
	struct netaddr subnet, subnet6;
	unsigned prefix_len, prefix6_len;
	struct netaddr next, next6; /* where the search for a free address goes on */
	uint32_t mtu;
	struct vec ports; /* of struct cable */
	struct fdb fdb;
};

/* A route that berth_world_route() gave to a host. */
struct given_route {
	struct netaddr dst;
	unsigned prefix_len;
};

struct host {
	struct berth_world *world;
	int index;
	char *name;
	struct berth_stack *stack;
	bool no_forwarding;
	bool local_wires;     /* the loopback is carried by us, not by the stack */
	berth_time advanced;  /* the last berth_advance() */
	struct timer timer;   /* the stack's deadline */
	struct list ready;    /* in world->ready: has frames to pull */
	struct list eventful; /* in world->eventful: may have socket events */
	bool event_held;      /* one event was taken from the stack while serving names */
	bool resolved;	      /* and the one that says that a name was resolved */
	struct berth_event event;
	struct lane loopback;
	struct vec cables;     /* of struct cable */
	struct vec by_ifindex; /* of struct cable, NULL where there is none */
	int *cut_from;	       /* hosts whose packets don't reach this one */
	int cut_from_count;
	struct given_route *routes;
	int route_count;
	uint64_t random_count; /* numbers drawn from the seed so far */
	struct fate_key random_key;
	struct name_service *names; /* NULL: no name server yet */
};

/* A host's name or alias, as a key of the name table. */
struct host_name {
	struct table_node node;
	int host;
	char text[]; /* lower case */
};

/* A host's address, as a key of the address table. */
struct host_address {
	struct table_node node;
	int host;
	struct netaddr addr;
};

struct berth_world {
	struct env env; /* the clock, memory and timers; drops are not used */
	uint64_t seed;
	struct berth_world_config config;
	struct berth_pool *pool;
	void (*on_packet)(void *ctx, const struct berth_packet_event *ev);
	void *observer_ctx;
	struct vec hosts, networks, cables;
	struct table names;	/* of struct host_name */
	struct table addresses; /* of struct host_address */
	struct vec nameservers; /* of struct netaddr */
	struct list ready, eventful;
	struct transits transits;
};

static inline struct host *world_host(const struct berth_world *w, int i)
{
	return i >= 0 && i < w->hosts.count ? w->hosts.items[i] : NULL;
}

static inline struct network *world_network(const struct berth_world *w, int i)
{
	return i >= 0 && i < w->networks.count ? w->networks.items[i] : NULL;
}

static inline struct cable *world_cable(const struct berth_world *w, int i)
{
	return i >= 0 && i < w->cables.count ? w->cables.items[i] : NULL;
}

/* -ENOMEM. */
int vec_reserve(struct env *env, struct vec *v, int count);
/* Room was reserved. */
void vec_add(struct vec *v, void *item);
void vec_fini(struct env *env, struct vec *v);

/* A copy, for env_free(). NULL: no memory. */
char *world_strdup(struct env *env, const char *text);

/* Does all that the ready hosts have to do at the world's present, until none is ready. */
void world_drain(struct berth_world *w);

/* host.c */
void host_free(struct host *h);
/* Brings the host's stack to the world's present. */
void host_advance(struct host *h);
/* The host has frames to pull, or a new deadline. */
void host_mark_ready(struct host *h);
/* Pulls all frames, serves names, and takes over the stack's new deadline. */
void host_drain(struct host *h);
/* A packet arrives at an interface; consumed. */
void host_input(struct host *h, unsigned ifindex, struct berth_packet *p);
/* Decides whether the loopback's packets pass through the world. */
void host_refresh_loopback(struct host *h);

/* directory.c: names and addresses of hosts */
/* -EEXIST, -EINVAL: not a name; -ENOMEM. */
int directory_add_name(struct berth_world *w, const char *name, int host);
void directory_del_name(struct berth_world *w, const char *name);
/* -ENOENT. */
int directory_find_name(const struct berth_world *w, const char *name);
/* -EEXIST, -ENOMEM. */
int directory_add_address(struct berth_world *w, const struct netaddr *addr, int host);
void directory_del_address(struct berth_world *w, const struct netaddr *addr);
/* -ENOENT. */
int directory_find_address(const struct berth_world *w, const struct netaddr *addr);
void directory_fini(struct berth_world *w);
/* Whether hosts and networks may be called this. */
bool directory_name_ok(const char *name);

/* network.c */
void network_free(struct network *n);
/* A frame leaves the host at `from` and reaches the switch; consumed. */
void network_switch(struct cable *from, struct berth_packet *p);

/* cable6.c: what IPv6 needs on a cable */

/* The address that the host makes itself on a network; -EINVAL: its subnet6 is no /64. */
int cable_auto_address(const struct network *n, const uint8_t mac[6], struct netaddr *out);
/* Sets the host's interface up for IPv6, before it is switched on. */
void cable_prepare6(const struct cable *c, const char *name);
/* Lets routers advertise themselves where somebody listens: after a cable was added. */
void cable_refresh_adverts(struct berth_world *w);
/* Whether the host has the address now. */
bool cable_has_address6(const struct cable *c);

/* cable.c */
void cable_free(struct cable *c);
/* -ENOMEM: the network has no room for another port. */
int network_attach(struct network *n, struct cable *c);
void network_detach(struct network *n, struct cable *c);

/* partition.c: the function for a lane down to a host that is cut off from others. */
bool partition_cuts(const struct lane *lane, const struct berth_packet *p);
/* Gives the lanes of a host its cut_off functions, or takes them away. */
void partition_refresh(struct host *h);

/* names.c */
/* Opens the name service's sockets for one more address on this host. */
int names_open(struct host *h, const struct netaddr *server);
void names_free(struct host *h);
/* Whether this socket is the name service's. */
bool names_owns(const struct host *h, const struct berth_event *ev);
void names_serve(struct host *h, const struct berth_event *ev);
/* Whether a packet on the loopback belongs to the name service. */
bool names_packet(const struct berth_world *w, const struct berth_packet *p);

#endif
