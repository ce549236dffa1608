/* SPDX-License-Identifier: MIT */
/*
 * What happened during a run, for ladders: the socket calls of programs, the bytes that they moved,
 * and the packets on the cables, each packet's way from host to host put together.
 */
#ifndef CLI_EVENTS_H
#define CLI_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include <berth/netif.h>
#include <berth/world.h>

#include "cli/segment.h"
#include "run/run.h"

enum event_kind {
	EVENT_CALL,
	EVENT_WRITE, /* bytes from a program into a stream; 0: their end */
	EVENT_READ,  /* the reverse */
};

/* Something that a program did. */
struct event {
	enum event_kind kind;
	berth_time start, end; /* of a call; else the same */
	int host;
	pid_t pid;
	struct endpoint local, remote;
	size_t bytes; /* read or written */
	/* Of a call. */
	char name[16];
	char arguments[48]; /* behind the descriptor: "SHUT_WR" */
	int fd;		    /* its first argument; of socket(): the result; -1: none */
	long result;
	int type; /* SOCK_*; 0: not known */
};

/* A packet from host to host. */
struct passage {
	struct segment segment;
	int from_host, to_host; /* to_host is -1 until it arrives */
	berth_time leave;
	berth_time arrival;   /* BERTH_TIME_NEVER: lost */
	enum berth_rule rule; /* why */
	bool copy;	      /* made by a cable */
	bool corrupted, reordered;
	bool open; /* on the way between two cables */
};

struct event_host {
	int index; /* of the world */
	char name[64];
	struct endpoint address; /* port 0 */
};

struct events {
	struct event *events;
	size_t event_count, event_capacity;
	struct passage *passages;
	size_t passage_count, passage_capacity;
	struct event_host *hosts;
	size_t host_count, host_capacity;
	size_t max;	 /* of each of the first two */
	size_t left_out; /* because there were more */
};

/* A recording that knows the hosts of a world. Never NULL. */
struct events *events_of_world(struct berth_world *w);

/* An empty one; at most `max` calls and as many packets are kept. */
struct events *events_new(size_t max);
void events_free(struct events *e);

/* An address of a host (its port does not matter). */
void events_add_host(struct events *e, int index, const char *name, const struct sockaddr *address);

/* Something happened: a call of a program, bytes that one wrote or read, a packet on a cable. What
 * there is no more room for is counted. */
void events_call(struct events *e, const struct run_call *call);
void events_transfer(struct events *e, const struct run_transfer *t);
void events_packet(struct events *e, const struct berth_packet_event *ev);

/* The same for a packet that was decoded already; ev->packet is not looked at. */
void events_segment(struct events *e, const struct berth_packet_event *ev,
		    const struct segment *segment);

/* When the last of the packets arrives, at a host or half-way, that do so after `since`;
 * BERTH_TIME_NEVER: there is none. */
berth_time events_under_way(const struct events *e, berth_time since);

/* The host that has an address; NULL: none. */
const struct event_host *events_find_host(const struct events *e, const struct endpoint *address);

#endif
