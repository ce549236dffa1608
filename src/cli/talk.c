/* SPDX-License-Identifier: MIT */
/*
 * From the recording of a run to conversations.
 *
 * Packets say themselves to which conversation they belong: by both addresses, both ports and the
 * protocol. Calls do so only in part. A socket() names no address; a server's bind() and listen()
 * belong to every connection, and are told with the first. So calls are first gathered by
 * socket, which is a host, a process, a descriptor and the time since it was last handed out, by
 * socket() or accept(); then each socket is matched, by its addresses, with the conversation.
 *
 * A packet counts as sent again when all of it lies before the highest sequence number that
 * its side has sent so far. Sequence numbers are told relative to the SYN's.
 */
#include "cli/talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

/* A call that takes this long is told twice: when it begins and when it returns. */
#define LONG_CALL BERTH_MSEC
/* A longer name leaves no room for the port in the margin of a ladder. */
#define CONNECT_NAME_MAX 4
/* Bytes moved within this time of each other are told as one. */
#define SAME_TRANSFER BERTH_MSEC

struct sock {
	int host;
	pid_t pid;
	int fd;
	int type;
	struct endpoint local, remote;
	bool listens;
	bool told; /* its socket(), bind() and listen() */
};

struct socks {
	struct sock *socks;
	size_t count, capacity;
	size_t *of_event; /* of each event; SIZE_MAX: none */
};

/* --- sockets --- */

static size_t add_sock(struct socks *s, const struct event *ev, int fd)
{
	struct sock *k;

	s->socks = xgrow(s->socks, &s->capacity, s->count + 1, sizeof(*k));
	k = &s->socks[s->count];
	memset(k, 0, sizeof(*k));
	k->host = ev->host;
	k->pid = ev->pid;
	k->fd = fd;
	k->type = ev->type;
	return s->count++;
}

/* The latest socket of that number; a child may use its parent's, known by its port. */
static size_t find_sock(const struct socks *s, const struct event *ev)
{
	size_t inherited = SIZE_MAX;

	for (size_t i = s->count; i > 0; i--) {
		const struct sock *k = &s->socks[i - 1];

		if (k->host != ev->host || k->fd != ev->fd)
			continue;
		if (k->pid == ev->pid)
			return i - 1;
		if (inherited == SIZE_MAX && ev->local.port != 0 && k->local.port == ev->local.port)
			inherited = i - 1;
	}
	return inherited;
}

/* libc knocks at the local sockets of name services, which are not a network's. */
static bool is_local(const struct event *ev)
{
	return strcmp(ev->name, "connect") == 0 && ev->remote.family == AF_UNSPEC;
}

static void learn(struct sock *k, const struct event *ev)
{
	if (ev->type != 0)
		k->type = ev->type;
	if (ev->local.port != 0)
		k->local = ev->local;
	if (ev->remote.port != 0 && (k->type != SOCK_DGRAM || strcmp(ev->name, "connect") == 0))
		k->remote = ev->remote;
	k->listens |= strcmp(ev->name, "listen") == 0 && ev->result == 0;
}

static void gather(const struct events *e, struct socks *s)
{
	memset(s, 0, sizeof(*s));
	s->of_event = xcalloc(e->event_count, sizeof(*s->of_event));
	for (size_t i = 0; i < e->event_count; i++) {
		const struct event *ev = &e->events[i];
		size_t k = SIZE_MAX;

		s->of_event[i] = SIZE_MAX;
		if (ev->kind != EVENT_CALL || ev->fd < 0 || is_local(ev))
			continue;
		if (strcmp(ev->name, "socket") != 0)
			k = find_sock(s, ev);
		if (k == SIZE_MAX)
			k = add_sock(s, ev, ev->fd);
		s->of_event[i] = k;
		if (strcmp(ev->name, "accept") != 0) {
			learn(&s->socks[k], ev);
		} else if (ev->result >= 0) {
			k = add_sock(s, ev, (int)ev->result);
			learn(&s->socks[k], ev);
		}
	}
}

/* --- items --- */

static struct talk_item *add_item(struct talk *t, enum talk_kind kind, berth_time time, int side)
{
	struct talk_item *item;

	t->items = xgrow(t->items, &t->item_capacity, t->item_count + 1, sizeof(*item));
	item = &t->items[t->item_count];
	memset(item, 0, sizeof(*item));
	item->kind = kind;
	item->time = time;
	item->side = side;
	item->order = t->item_count++;
	return item;
}

static int compare_items(const void *a, const void *b)
{
	const struct talk_item *x = a;
	const struct talk_item *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* --- calls --- */

static void print_error(long result, char *buf, size_t bytes)
{
	const char *name = strerrorname_np((int)-result);

	if (name)
		snprintf(buf, bytes, "= -1 %s", name);
	else
		snprintf(buf, bytes, "= -1 errno %ld", -result);
}

/* "connect(web:80)", "bind(:80)", "listen(5)". */
static void print_begin(const struct events *e, const struct event *ev, char *buf, size_t bytes)
{
	const struct event_host *h = events_find_host(e, &ev->remote);

	if (strcmp(ev->name, "connect") == 0 && h && strlen(h->name) > CONNECT_NAME_MAX)
		snprintf(buf, bytes, "connect(%s)", h->name);
	else if (strcmp(ev->name, "connect") == 0)
		snprintf(buf, bytes, "connect(%s:%u)", h ? h->name : "", ev->remote.port);
	else if (strcmp(ev->name, "bind") == 0)
		snprintf(buf, bytes, "bind(:%u)", ev->local.port);
	else if (strcmp(ev->name, "listen") == 0 || strcmp(ev->name, "shutdown") == 0)
		snprintf(buf, bytes, "%s(%s)", ev->name, ev->arguments);
	else
		snprintf(buf, bytes, "%s()", ev->name);
}

/* Whether a call makes packets leave. */
static bool is_act(const struct event *ev)
{
	return strcmp(ev->name, "connect") == 0 || strncmp(ev->name, "send", 4) == 0 ||
	       strcmp(ev->name, "shutdown") == 0;
}

static void tell_call(const struct events *e, struct talk *t, const struct event *ev, int side)
{
	bool quick = ev->end - ev->start < LONG_CALL;
	bool failed = ev->result < 0;
	bool counts = strcmp(ev->name, "connect") != 0 && ev->result != 0;
	struct talk_item *item;
	char begin[96];

	print_begin(e, ev, begin, sizeof(begin));
	item = add_item(t, TALK_TEXT, ev->start, side);
	item->acts = is_act(ev);
	if (quick && !failed && counts)
		snprintf(item->text, sizeof(item->text), "%s = %ld", begin, ev->result);
	else
		snprintf(item->text, sizeof(item->text), "%s", begin);
	if (quick && !failed)
		return;
	item = add_item(t, TALK_TEXT, ev->end, side);
	if (failed)
		print_error(ev->result, item->text, sizeof(item->text));
	else
		snprintf(item->text, sizeof(item->text), "%s() = %ld", ev->name, ev->result);
}

static bool is_quiet(const struct event *ev)
{
	static const char *const names[] = {"getsockopt",  "setsockopt", "getsockname",
					    "getpeername", "ioctl",	 "fcntl",
					    "socketpair"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(ev->name, names[i]) == 0)
			return true;
	}
	return ev->result == -EAGAIN;
}

static bool sets_up(const struct event *ev)
{
	return strcmp(ev->name, "socket") == 0 || strcmp(ev->name, "bind") == 0 ||
	       strcmp(ev->name, "listen") == 0;
}

static bool is_peer(const struct endpoint *a, const struct endpoint *peer)
{
	return a->port == peer->port && endpoint_same_host(a, peer);
}

/* A connect() that failed may have no local address to tell; the first packet's time decides. */
static bool caused(const struct talk *t, const struct event *ev)
{
	berth_time first = t->packets[0].passage->leave;

	return strcmp(ev->name, "connect") == 0 && ev->start <= first && first <= ev->end;
}

/* Whether a call of `k` belongs to this side of the conversation. */
static bool belongs(const struct talk *t, const struct sock *k, const struct event *ev, int side)
{
	const struct endpoint *me = &t->ends[side];
	const struct endpoint *peer = &t->ends[1 - side];
	bool mine = k->local.port == me->port && endpoint_same_host(&k->local, me);

	if (k->host != t->hosts[side] || (k->type == SOCK_DGRAM) != (t->protocol == IPPROTO_UDP))
		return false;
	if (k->remote.port != 0 && !k->listens)
		return is_peer(&k->remote, peer) && (mine || (k->local.port == 0 && caused(t, ev)));
	if (!mine)
		return false;
	if (sets_up(ev))
		return !k->told;
	return is_peer(&ev->remote, peer);
}

static void take_calls(const struct events *e, struct socks *s, struct talk *t)
{
	for (size_t i = 0; i < e->event_count; i++) {
		const struct event *ev = &e->events[i];
		size_t k = s->of_event[i];

		if (k == SIZE_MAX || is_quiet(ev))
			continue;
		for (int side = 0; side < 2; side++) {
			if (!belongs(t, &s->socks[k], ev, side))
				continue;
			tell_call(e, t, ev, side);
			break;
		}
	}
	for (size_t i = 0; i < s->count; i++) {
		struct sock *k = &s->socks[i];

		for (int side = 0; side < 2; side++)
			k->told |= k->host == t->hosts[side] && k->local.port == t->ends[side].port;
	}
}

/* --- transfers --- */

static void print_transfer(const struct event *ev, size_t bytes, char *buf, size_t size)
{
	const char *name = ev->kind == EVENT_WRITE ? "write" : "read";

	if (bytes > 0)
		snprintf(buf, size, "%s %zu bytes", name, bytes);
	else
		snprintf(buf, size, "%s", ev->kind == EVENT_WRITE ? "close()" : "read: the end");
}

static int side_of_transfer(const struct talk *t, const struct event *ev)
{
	for (int side = 0; side < 2; side++) {
		if (ev->host == t->hosts[side] && ev->local.port == t->ends[side].port &&
		    is_peer(&ev->remote, &t->ends[1 - side]))
			return side;
	}
	return -1;
}

/* Whether the program said shutdown() itself, so that the end of its stream needs no other word. */
static bool was_shut(const struct events *e, const struct talk *t, int side)
{
	for (size_t i = 0; i < e->event_count; i++) {
		const struct event *ev = &e->events[i];

		if (ev->kind == EVENT_CALL && strcmp(ev->name, "shutdown") == 0 &&
		    ev->host == t->hosts[side] && ev->local.port == t->ends[side].port)
			return true;
	}
	return false;
}

static void take_transfers(const struct events *e, struct talk *t)
{
	const struct event *last[2] = {NULL, NULL};
	size_t item[2] = {0, 0};
	size_t sum[2] = {0, 0};

	if (t->protocol != IPPROTO_TCP)
		return;
	for (size_t i = 0; i < e->event_count; i++) {
		const struct event *ev = &e->events[i];
		int side = ev->kind == EVENT_CALL ? -1 : side_of_transfer(t, ev);

		if (side < 0)
			continue;
		if (ev->kind == EVENT_WRITE && ev->bytes == 0 && was_shut(e, t, side))
			continue;
		if (last[side] && last[side]->kind == ev->kind && ev->bytes > 0 && sum[side] > 0 &&
		    ev->start - last[side]->start < SAME_TRANSFER) {
			sum[side] += ev->bytes;
		} else {
			item[side] = t->item_count;
			sum[side] = ev->bytes;
			add_item(t, TALK_TEXT, ev->start, side)->acts = ev->kind == EVENT_WRITE;
		}
		last[side] = ev;
		print_transfer(ev, sum[side], t->items[item[side]].text, sizeof(t->items[0].text));
	}
}

/* --- packets --- */

/* What is known of one direction of a TCP connection. */
struct direction {
	bool started;
	bool acked;    /* the two below are known */
	uint32_t base; /* the SYN's number */
	uint32_t sent; /* highest number sent, relative */
	uint32_t last_ack;
	uint16_t last_window;
};

/* "ARP who has 10.9.0.1?", "ND I have fd09::1"; a long address stands alone. */
static void label_neighbour(struct talk_packet *p)
{
	const struct segment *s = &p->passage->segment;
	bool asks = s->flags == SEGMENT_ASKS;
	const struct endpoint *e = asks ? &s->to : &s->from;
	const char *protocol = e->family == AF_INET6 ? "ND" : "ARP";
	char address[INET6_ADDRSTRLEN] = "?";

	(void)inet_ntop(e->family, e->address, address, sizeof(address)); /* has room */
	snprintf(p->labels[0], sizeof(p->labels[0]), "%s %s %s%s", protocol,
		 asks ? "who has" : "I have", address, asks ? "?" : "");
	snprintf(p->labels[1], sizeof(p->labels[1]), "%s%s", address, asks ? "?" : "");
	snprintf(p->labels[2], sizeof(p->labels[2]), "%s %s", protocol,
		 asks ? "who has it?" : "I have it");
}

static const char *flag_names(const struct segment *s)
{
	bool ack = s->flags & SEGMENT_ACK;

	if (s->flags & SEGMENT_RST)
		return "RST";
	if (s->flags & SEGMENT_SYN)
		return ack ? "SYN+ACK" : "SYN";
	if (s->flags & SEGMENT_FIN)
		return s->bytes > 0 ? "DATA+FIN" : "FIN";
	return s->bytes > 0 ? "DATA" : "ACK";
}

static const char *attribute(const struct talk_packet *p)
{
	if (p->passage->copy)
		return " copy";
	if (p->passage->corrupted)
		return " damaged";
	return p->again || p->repeated ? " again" : "";
}

/* "DATA again seq=1 len=24 ack=1"; then without the acknowledgement, then without the length. An
 * acknowledgement alone also tells what it has behind a hole, or has got twice (RFC 2883). */
static void label_tcp(struct talk_packet *p, const struct direction *d,
		      const struct direction *back)
{
	const struct segment *s = &p->passage->segment;
	const char *flags = flag_names(s);
	const char *what = attribute(p);
	uint32_t seq = s->seq - d->base;
	uint32_t ack = s->ack - back->base;
	uint32_t left = s->sack_left - back->base;
	uint32_t right = s->sack_right - back->base - 1;
	const char *got = (int32_t)(right - ack) < 0 ? "twice" : "has";
	const size_t bytes = sizeof(p->labels[0]);
	char head[40];
	char length[24] = "";
	char acked[24] = "";

	if (s->bytes == 0 && !(s->flags & (SEGMENT_SYN | SEGMENT_FIN))) {
		snprintf(p->labels[2], bytes, "%s%s ack=%u", flags, what, ack);
		memcpy(p->labels[0], p->labels[2], bytes);
		memcpy(p->labels[1], p->labels[2], bytes);
		if (s->has_sack) {
			snprintf(p->labels[0], bytes, "%s%s ack=%u %s %u-%u", flags, what, ack, got,
				 left, right);
			snprintf(p->labels[1], bytes, "%s%s %u %s %u-%u", flags, what, ack, got,
				 left, right);
		}
		return;
	}
	snprintf(head, sizeof(head), "%s%s seq=%u", flags, what, seq);
	if (s->bytes > 0)
		snprintf(length, sizeof(length), " len=%u", s->bytes);
	if (s->flags & SEGMENT_ACK)
		snprintf(acked, sizeof(acked), " ack=%u", ack);
	snprintf(p->labels[0], bytes, "%s%s%s", head, length, acked);
	snprintf(p->labels[1], bytes, "%s%s", head, length);
	snprintf(p->labels[2], bytes, "%s", head);
}

static void label_udp(struct talk_packet *p)
{
	for (size_t i = 0; i < 3; i++)
		snprintf(p->labels[i], sizeof(p->labels[i]), "datagram%s len=%u", attribute(p),
			 p->passage->segment.bytes);
}

static void read_tcp(struct talk_packet *p, struct direction *d, const struct direction *back)
{
	const struct segment *s = &p->passage->segment;
	uint32_t length = s->bytes + !!(s->flags & SEGMENT_SYN) + !!(s->flags & SEGMENT_FIN);
	uint32_t end;

	if (!d->started) {
		d->started = true;
		d->base = s->flags & SEGMENT_SYN ? s->seq : s->seq - 1;
	}
	end = s->seq - d->base + length;
	if (!p->passage->copy && !(s->flags & SEGMENT_RST)) {
		p->again = length > 0 && d->sent > 0 && (int32_t)(end - d->sent) <= 0;
		if ((int32_t)(end - d->sent) > 0)
			d->sent = end;
	}
	if (s->flags & SEGMENT_ACK && !p->passage->copy) {
		p->repeated = length == 0 && !s->has_sack && d->acked && s->ack == d->last_ack &&
			      s->window == d->last_window && !(s->flags & SEGMENT_RST);
		d->acked = true;
		d->last_ack = s->ack;
		d->last_window = s->window;
	}
	label_tcp(p, d, back);
}

static void add_packet(struct talk *t, const struct passage *passage)
{
	struct talk_packet *p;

	t->packets = xgrow(t->packets, &t->packet_capacity, t->packet_count + 1, sizeof(*p));
	p = &t->packets[t->packet_count++];
	memset(p, 0, sizeof(*p));
	p->passage = passage;
	p->from = endpoint_equal(&passage->segment.from, &t->ends[0]) ? 0 : 1;
	if (passage->segment.protocol == SEGMENT_NEIGHBOUR)
		p->from = endpoint_same_host(&passage->segment.from, &t->ends[0]) ? 0 : 1;
	if (t->hosts[p->from] < 0)
		t->hosts[p->from] = passage->from_host;
	if (t->hosts[1 - p->from] < 0)
		t->hosts[1 - p->from] = passage->to_host;
}

static int compare_packets(const void *a, const void *b)
{
	const struct passage *x = ((const struct talk_packet *)a)->passage;
	const struct passage *y = ((const struct talk_packet *)b)->passage;

	if (x->leave != y->leave)
		return x->leave < y->leave ? -1 : 1;
	return x < y ? -1 : 1; /* the recording's order */
}

static void take_packets(struct talk *t)
{
	struct direction directions[2];

	memset(directions, 0, sizeof(directions));
	qsort(t->packets, t->packet_count, sizeof(*t->packets), compare_packets);
	for (size_t i = 0; i < t->packet_count; i++) {
		struct talk_packet *p = &t->packets[i];
		const struct passage *passage = p->passage;

		if (passage->segment.protocol == SEGMENT_NEIGHBOUR)
			label_neighbour(p);
		else if (t->protocol == IPPROTO_TCP)
			read_tcp(p, &directions[p->from], &directions[1 - p->from]);
		else
			label_udp(p);
		t->again += p->again;
		t->lost += passage->arrival == BERTH_TIME_NEVER;
		t->questions += passage->segment.protocol == SEGMENT_NEIGHBOUR;
		add_item(t, TALK_LEAVE, passage->leave, p->from)->packet = i;
		if (passage->arrival != BERTH_TIME_NEVER && !passage->open)
			add_item(t, TALK_ARRIVE, passage->arrival, 1 - p->from)->packet = i;
	}
}

/* --- conversations --- */

static bool is_of(const struct talk *t, const struct segment *s)
{
	return t->protocol == s->protocol &&
	       ((endpoint_equal(&t->ends[0], &s->from) && endpoint_equal(&t->ends[1], &s->to)) ||
		(endpoint_equal(&t->ends[0], &s->to) && endpoint_equal(&t->ends[1], &s->from)));
}

/* The latest conversation of a packet. Looked for from the end, where it mostly is. */
static struct talk *find_talk(struct talks *all, const struct segment *s)
{
	for (size_t i = all->count; i > 0; i--) {
		if (is_of(&all->talks[i - 1], s))
			return &all->talks[i - 1];
	}
	return NULL;
}

static struct talk *add_talk(struct talks *all, const struct segment *s)
{
	struct talk *t;

	all->talks = xgrow(all->talks, &all->capacity, all->count + 1, sizeof(*t));
	t = &all->talks[all->count++];
	memset(t, 0, sizeof(*t));
	t->protocol = s->protocol;
	t->ends[0] = s->from;
	t->ends[1] = s->to;
	t->hosts[0] = -1;
	t->hosts[1] = -1;
	return t;
}

static const char *name_of(const struct events *e, const struct talk *t, int side)
{
	const struct event_host *h = events_find_host(e, &t->ends[side]);

	for (size_t i = 0; i < e->host_count && !h; i++) {
		if (e->hosts[i].index == t->hosts[side])
			h = &e->hosts[i];
	}
	return h ? h->name : "?";
}

/* The questions of two hosts for each other's hardware address belong to the first of their
 * conversations that is not over: it has to wait for the answers. */
static void take_questions(const struct events *e, struct talks *all)
{
	for (size_t i = 0; i < e->passage_count; i++) {
		const struct passage *p = &e->passages[i];

		if (p->segment.protocol != SEGMENT_NEIGHBOUR ||
		    endpoint_same_host(&p->segment.from, &p->segment.to))
			continue;
		for (size_t k = 0; k < all->count; k++) {
			struct talk *t = &all->talks[k];
			const struct endpoint *a = &t->ends[0];
			const struct endpoint *b = &t->ends[1];
			bool there = endpoint_same_host(&p->segment.from, a) &&
				     endpoint_same_host(&p->segment.to, b);
			bool back = endpoint_same_host(&p->segment.from, b) &&
				    endpoint_same_host(&p->segment.to, a);

			if ((there || back) && p->leave <= t->last) {
				add_packet(t, p);
				break;
			}
		}
	}
}

/* A host that no packet reached is known by its address. */
static void name_hosts(const struct events *e, struct talk *t)
{
	for (int side = 0; side < 2; side++) {
		const struct event_host *h = events_find_host(e, &t->ends[side]);

		if (t->hosts[side] < 0 && h)
			t->hosts[side] = h->index;
		t->names[side] = name_of(e, t, side);
	}
}

void talks_find(const struct events *e, struct talks *out)
{
	struct socks socks;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < e->passage_count; i++) {
		const struct passage *p = &e->passages[i];
		struct talk *t;

		if (p->segment.protocol == SEGMENT_NEIGHBOUR)
			continue;
		t = find_talk(out, &p->segment);
		if (!t)
			t = add_talk(out, &p->segment);
		add_packet(t, p);
		t->last = p->leave;
	}
	take_questions(e, out);
	gather(e, &socks);
	for (size_t i = 0; i < out->count; i++) {
		struct talk *t = &out->talks[i];

		name_hosts(e, t);
		take_packets(t);
		take_calls(e, &socks, t);
		take_transfers(e, t);
		qsort(t->items, t->item_count, sizeof(*t->items), compare_items);
	}
	free(socks.socks);
	free(socks.of_event);
}

void talks_fini(struct talks *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->talks[i].packets);
		free(t->talks[i].items);
	}
	free(t->talks);
	memset(t, 0, sizeof(*t));
}
