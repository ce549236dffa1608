/* SPDX-License-Identifier: MIT */
/*
 * The recording of a run.
 *
 * A packet from one host to another crosses two cables, up and then down, more of them behind
 * routers, and each crossing is told as its own event. They are put together here: a crossing that
 * does not end at the packet's destination leaves its passage open, and the next crossing of
 * an equal packet closes it. Equal is what has the same ends, numbers and length; among
 * several the one that arrived at the switch at this moment, else the oldest.
 *
 * Memory is bounded: what comes after the maximum is counted and left out.
 */
#include "cli/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define EVENTS_MAX 200000
#define OPEN_SEARCH_MAX 4096
#define HEADERS_BYTES 160 /* Ethernet, IP and TCP with all options */

struct events *events_new(size_t max)
{
	struct events *e = xcalloc(1, sizeof(*e));

	e->max = max;
	return e;
}

struct events *events_of_world(struct berth_world *w)
{
	struct events *e = events_new(EVENTS_MAX);
	struct berth_cable_info info;

	for (int i = 0; berth_world_cable_get(w, i, &info); i++) {
		if (info.address.ss_family != AF_UNSPEC)
			events_add_host(e, info.host, info.host_name,
					(const struct sockaddr *)&info.address);
		if (info.address6.ss_family != AF_UNSPEC)
			events_add_host(e, info.host, info.host_name,
					(const struct sockaddr *)&info.address6);
	}
	return e;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	free(e->events);
	free(e->passages);
	free(e->hosts);
	free(e);
}

void events_add_host(struct events *e, int index, const char *name, const struct sockaddr *address)
{
	struct event_host *h;

	e->hosts = xgrow(e->hosts, &e->host_capacity, e->host_count + 1, sizeof(*h));
	h = &e->hosts[e->host_count++];
	memset(h, 0, sizeof(*h));
	h->index = index;
	snprintf(h->name, sizeof(h->name), "%s", name);
	h->address = endpoint_of(address);
	h->address.port = 0;
}

const struct event_host *events_find_host(const struct events *e, const struct endpoint *address)
{
	struct endpoint wanted = *address;

	wanted.port = 0;
	for (size_t i = 0; i < e->host_count; i++) {
		if (endpoint_equal(&e->hosts[i].address, &wanted))
			return &e->hosts[i];
	}
	return NULL;
}

static struct event *add_event(struct events *e, enum event_kind kind)
{
	struct event *ev;

	if (e->event_count >= e->max) {
		e->left_out++;
		return NULL;
	}
	e->events = xgrow(e->events, &e->event_capacity, e->event_count + 1, sizeof(*ev));
	ev = &e->events[e->event_count++];
	memset(ev, 0, sizeof(*ev));
	ev->kind = kind;
	ev->fd = -1;
	return ev;
}

/* "shutdown(3, SHUT_WR) = 0": the 3, and what is behind it up to the bracket. */
static void take_arguments(struct event *ev, const char *text)
{
	const char *open = text ? strchr(text, '(') : NULL;
	const char *close = open ? strrchr(open, ')') : NULL;
	char *end;
	long fd;

	if (!open || !close)
		return;
	fd = strtol(open + 1, &end, 10);
	if (end == open + 1)
		return;
	ev->fd = (int)fd;
	while (end < close && (*end == ',' || *end == ' '))
		end++;
	snprintf(ev->arguments, sizeof(ev->arguments), "%.*s", (int)(close - end), end);
}

void events_call(struct events *e, const struct run_call *call)
{
	struct event *ev = add_event(e, EVENT_CALL);

	if (!ev)
		return;
	ev->start = call->start;
	ev->end = call->end;
	ev->host = call->host;
	ev->pid = call->pid;
	ev->local = endpoint_of((const struct sockaddr *)&call->local);
	ev->remote = endpoint_of((const struct sockaddr *)&call->remote);
	snprintf(ev->name, sizeof(ev->name), "%s",
		 strcmp(call->name, "accept4") == 0 ? "accept" : call->name);
	ev->result = call->result;
	ev->type = call->type;
	if (strcmp(call->name, "socket") == 0)
		ev->fd = (int)call->result;
	else
		take_arguments(ev, call->text);
}

void events_transfer(struct events *e, const struct run_transfer *t)
{
	struct event *ev = add_event(e, t->sent ? EVENT_WRITE : EVENT_READ);

	if (!ev)
		return;
	ev->start = t->time;
	ev->end = t->time;
	ev->host = t->host;
	ev->bytes = t->end ? 0 : t->bytes;
	ev->type = SOCK_STREAM;
	ev->local = endpoint_of((const struct sockaddr *)&t->local);
	ev->remote = endpoint_of((const struct sockaddr *)&t->remote);
}

static bool same_packet(const struct segment *a, const struct segment *b)
{
	return endpoint_equal(&a->from, &b->from) && endpoint_equal(&a->to, &b->to) &&
	       a->protocol == b->protocol && a->seq == b->seq && a->ack == b->ack &&
	       a->flags == b->flags && a->bytes == b->bytes && a->ip_id == b->ip_id;
}

static struct passage *find_open(struct events *e, const struct segment *segment, berth_time now)
{
	struct passage *oldest = NULL;
	size_t searched = 0;

	for (size_t i = e->passage_count; i > 0 && searched < OPEN_SEARCH_MAX; i--, searched++) {
		struct passage *p = &e->passages[i - 1];

		if (!p->open || !same_packet(&p->segment, segment))
			continue;
		if (p->arrival == now)
			return p;
		oldest = p;
	}
	return oldest;
}

/* Whether a crossing ends where the packet wants to go. */
static bool is_last(const struct events *e, const struct berth_packet_event *ev,
		    const struct segment *segment)
{
	const struct event_host *h = events_find_host(e, &segment->to);

	return ev->cable < 0 || (ev->direction == BERTH_DOWN && (!h || h->index == ev->host));
}

void events_segment(struct events *e, const struct berth_packet_event *ev,
		    const struct segment *segment)
{
	const struct event_host *sender = events_find_host(e, &segment->from);
	bool first = ev->cable < 0 ||
		     (ev->direction == BERTH_UP && (!sender || sender->index == ev->host));
	struct passage *p = NULL;

	if (segment->protocol == SEGMENT_NEIGHBOUR && !first && !is_last(e, ev, segment))
		return; /* a broadcast that reaches others too */
	if (!first && ev->fate != BERTH_FATE_DUPLICATED)
		p = find_open(e, segment, ev->time);
	if (!p) {
		if (e->passage_count >= e->max) {
			e->left_out++;
			return;
		}
		e->passages =
			xgrow(e->passages, &e->passage_capacity, e->passage_count + 1, sizeof(*p));
		p = &e->passages[e->passage_count++];
		memset(p, 0, sizeof(*p));
		p->segment = *segment;
		p->leave = ev->time;
		p->from_host = ev->host;
		p->to_host = -1;
	}
	p->arrival = ev->fate == BERTH_FATE_LOST ? BERTH_TIME_NEVER : ev->arrival;
	p->rule = ev->rule;
	p->copy |= ev->fate == BERTH_FATE_DUPLICATED;
	p->corrupted |= ev->corrupted;
	p->reordered |= ev->reordered;
	p->open = p->arrival != BERTH_TIME_NEVER && !is_last(e, ev, segment);
	if (p->arrival != BERTH_TIME_NEVER && !p->open)
		p->to_host = ev->host;
}

berth_time events_under_way(const struct events *e, berth_time since)
{
	berth_time last = BERTH_TIME_NEVER;
	size_t searched = 0;

	for (size_t i = e->passage_count; i > 0 && searched < OPEN_SEARCH_MAX; i--, searched++) {
		const struct passage *p = &e->passages[i - 1];

		if (p->arrival == BERTH_TIME_NEVER || p->arrival < since ||
		    p->segment.protocol == SEGMENT_NEIGHBOUR)
			continue;
		if (last == BERTH_TIME_NEVER || p->arrival > last)
			last = p->arrival;
	}
	return last;
}

void events_packet(struct events *e, const struct berth_packet_event *ev)
{
	unsigned char headers[HEADERS_BYTES];
	size_t bytes = berth_packet_copy(ev->packet, 0, headers, sizeof(headers));
	struct segment segment;

	if (segment_decode(headers, bytes, berth_packet_bytes(ev->packet), &segment))
		events_segment(e, ev, &segment);
}
