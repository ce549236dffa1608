/* SPDX-License-Identifier: MIT */
/*
 * One question on its way.
 *
 *     UDP to server 0, 1 .. n-1, then the next round, each for its time
 *      |-- truncated ------------------> TCP to the same server
 *      |-- can't take EDNS ------------> UDP to the same server, without
 *      |-- refused, failed, no answer -> the next server
 *      '-- answer ---------------------> done
 *
 * Each datagram leaves from a socket of its own, connected to the server: a port and an id that
 * nobody can guess (RFC 5452 §4.5), and datagrams of others never arrive. What is no response to
 * the question is passed over and the wait goes on.
 *
 * Times are glibc's: the timeout doubles with each round, and later rounds share it between the
 * servers.
 *
 * Ownership: a query owns its descriptor; the entry owns the query. It ends by query_free(), from
 * resolver_answered() or when the resolver forgets.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "dns/resolver.h"
#include "stack/host.h"

#define EDNS_BYTES 1232u /* what gets through undivided nearly everywhere (RFC 9715 §3.2) */
#define QUERY_BYTES 320u /* a header, a question of any name, and OPT */

struct dns_query {
	struct list link;
	struct resolver *r;
	struct dns_entry *entry;
	struct timer timer;
	unsigned server, round;
	int fd; /* -1: none */
	uint16_t id;
	bool tcp;
	bool sent;    /* TCP: the query has left */
	bool no_edns; /* this server can't take it */
	uint8_t *in;  /* TCP: 2 + DNS_MSG_BYTES, made when needed */
	size_t filled;
};

static void attempt(struct dns_query *q);

static void close_socket(struct dns_query *q)
{
	if (q->fd >= 0)
		(void)berth_close(q->r->st, q->fd); /* open, so it can't fail */
	q->fd = -1;
}

void query_free(struct dns_query *q)
{
	struct env *env = q->r->env;

	close_socket(q);
	timer_disarm(env, &q->timer);
	timers_release(env, 1);
	list_del(&q->link);
	q->r->query_count--;
	q->entry->query = NULL;
	env_free(env, q->in);
	env_free(env, q);
}

static void finish(struct dns_query *q)
{
	struct resolver *r = q->r;
	struct dns_entry *e = q->entry;

	query_free(q);
	resolver_answered(r, e);
}

/* Goes on to the next server, or to the end of all rounds. False: there is none left. */
static bool next_server(struct dns_query *q)
{
	q->tcp = false;
	q->no_edns = false;
	if (++q->server < q->r->config.server_count)
		return true;
	q->server = 0;
	return ++q->round < q->r->config.attempts;
}

static void ask_next(struct dns_query *q)
{
	if (next_server(q)) {
		attempt(q);
		return;
	}
	q->entry->answer = (struct dns_answer){.outcome = DNS_TRY_AGAIN};
	finish(q);
}

static void on_timeout(struct timer *t)
{
	ask_next(container_of(t, struct dns_query, timer));
}

static berth_time patience(const struct dns_query *q)
{
	berth_time t = q->r->config.timeout << q->round;

	if (q->round > 0)
		t /= q->r->config.server_count;
	return t < BERTH_SEC && q->r->config.timeout >= BERTH_SEC ? BERTH_SEC : t;
}

/* Writes the query behind its length; returns how long the two are. */
static size_t write_query(const struct dns_query *q, uint8_t out[2 + QUERY_BYTES])
{
	struct dns_header header = {.id = q->id, .recursion_desired = true};
	struct dns_writer w;
	size_t bytes;

	dns_write_start(&w, out + 2, QUERY_BYTES);
	dns_write_question(&w, &q->entry->question);
	if (!q->no_edns)
		dns_write_opt(&w, EDNS_BYTES, 0);
	bytes = dns_write_end(&w, &header);
	store_be16(out, (uint16_t)bytes);
	return 2 + bytes;
}

static int send_query(struct dns_query *q)
{
	uint8_t buf[2 + QUERY_BYTES];
	size_t skip = q->tcp ? 0 : 2; /* datagrams have a length of their own */
	size_t bytes = write_query(q, buf) - skip;
	ssize_t sent = berth_send(q->r->st, q->fd, buf + skip, bytes, MSG_NOSIGNAL);

	if (sent < 0)
		return (int)sent;
	q->sent = true;
	return (size_t)sent == bytes ? 0 : -EMSGSIZE;
}

/* Opens a socket to the present server and sends. 0, or why that can't be. */
static int open_and_send(struct dns_query *q)
{
	const struct sockaddr_storage *server = &q->r->config.servers[q->server];
	socklen_t len = server->ss_family == AF_INET ? sizeof(struct sockaddr_in)
						     : sizeof(struct sockaddr_in6);
	struct berth_stack *st = q->r->st;
	int error;

	q->fd = berth_socket(st, server->ss_family, q->tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (q->fd < 0)
		return q->fd;
	error = berth_sock_set_user(st, q->fd, q);
	if (error == 0)
		error = berth_connect(st, q->fd, (const struct sockaddr *)server, len);
	if (q->tcp && error == -EINPROGRESS)
		return 0; /* sent when it is writable */
	return error < 0 ? error : send_query(q);
}

/* Asks the present server; if that fails at once, the timer asks the next. */
static void attempt(struct dns_query *q)
{
	struct env *env = q->r->env;

	close_socket(q);
	q->id = (uint16_t)env_random_u32(env);
	q->sent = false;
	q->filled = 0;
	timer_arm(env, &q->timer, open_and_send(q) < 0 ? env->now : env->now + patience(q));
}

/* Acts on a message from the server. False: it is none of ours, wait on. */
static bool take_message(struct dns_query *q, const uint8_t *msg, size_t bytes)
{
	switch (dns_answer_read(msg, bytes, q->id, &q->entry->question, &q->entry->answer)) {
	case DNS_IGNORE:
		return false;
	case DNS_TAKE:
		finish(q);
		return true;
	case DNS_TRUNCATED:
		if (q->tcp)
			break;
		q->tcp = true;
		attempt(q);
		return true;
	case DNS_NO_EDNS:
		if (q->no_edns)
			break;
		q->no_edns = true;
		attempt(q);
		return true;
	case DNS_REFUSES:
		break;
	}
	ask_next(q);
	return true;
}

static void serve_udp(struct dns_query *q)
{
	uint8_t buf[EDNS_BYTES];

	for (;;) {
		ssize_t got = berth_recv(q->r->st, q->fd, buf, sizeof(buf), 0);

		if (got == -EAGAIN)
			return;
		if (got < 0) { /* nobody listens there, or cannot be reached */
			ask_next(q);
			return;
		}
		if (take_message(q, buf, (size_t)got))
			return;
	}
}

/* Reads on. False: the connection is of no use. */
static bool read_stream(struct dns_query *q)
{
	size_t need = q->filled < 2 ? 2 : 2u + load_be16(q->in);

	while (q->filled < need) {
		ssize_t got = berth_recv(q->r->st, q->fd, q->in + q->filled, need - q->filled, 0);

		if (got <= 0)
			return got == -EAGAIN;
		q->filled += (size_t)got;
		if (q->filled == 2)
			need = 2u + load_be16(q->in);
	}
	return true;
}

static bool stream_whole(const struct dns_query *q)
{
	return q->filled >= 2 && q->filled == 2u + load_be16(q->in);
}

static void serve_tcp(struct dns_query *q)
{
	bool fine = true;

	if (!q->in)
		q->in = env_alloc(q->r->env, 2 + DNS_MSG_BYTES);
	if (!q->in) {
		ask_next(q);
		return;
	}
	if (!q->sent) {
		int result = send_query(q);

		if (result == -EAGAIN || result == -ENOTCONN)
			return;
		fine = result == 0;
	}
	if (fine)
		fine = read_stream(q);
	if (!fine || (stream_whole(q) && !take_message(q, q->in + 2, q->filled - 2)))
		ask_next(q);
}

void query_poll(struct dns_query *q)
{
	if (q->fd < 0)
		return; /* the timer goes on with the next server */
	if (q->tcp)
		serve_tcp(q);
	else
		serve_udp(q);
}

bool query_take(struct resolver *r, const struct berth_event *ev)
{
	struct list *l;

	list_for_each (l, &r->queries) {
		struct dns_query *q = list_entry(l, struct dns_query, link);

		if (q != ev->user || q->fd != ev->fd)
			continue;
		query_poll(q);
		return true;
	}
	return false;
}

int query_start(struct resolver *r, struct dns_entry *e)
{
	struct dns_query *q;

	ASSERT(!e->query);
	ASSERT(r->config.server_count > 0);
	if (r->query_count >= RESOLVER_QUERIES_MAX)
		return -EAGAIN;
	q = env_calloc(r->env, 1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	if (timers_reserve(r->env, 1) < 0) {
		env_free(r->env, q);
		return -ENOMEM;
	}
	q->r = r;
	q->entry = e;
	q->fd = -1;
	timer_init(&q->timer, on_timeout);
	list_add_tail(&r->queries, &q->link);
	r->query_count++;
	e->query = q;
	attempt(q);
	return 0;
}
