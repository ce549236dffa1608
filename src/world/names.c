/* SPDX-License-Identifier: MIT */
/*
 * The name service's sockets: on every host, for each name server's address, a UDP and a TCP socket
 * on port 53 like any other, answered from the world's directory (dns/dns_serve.h does the
 * talking).
 *
 * An address outside 127/8 is added to the host's loopback as a /32 (or /128). The sockets are
 * served whenever the host is drained (host_drain), by the socket events that belong to them; so
 * queries are answered within the run that brings them. A TCP connection may ask any number of
 * questions, one after the other, each behind its length (RFC 1035 §4.2.2); there are at most
 * CONNECTIONS_MAX of them at a time, the oldest makes room.
 *
 * The host's own networks come first in an answer, since a router between is a detour.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "dns/dns_msg.h"
#include "dns/dns_serve.h"
#include "world/core.h"

#define LOOPBACK_IFINDEX 1u
#define BACKLOG 16
#define CONNECTIONS_MAX 32
#define QUERY_BYTES 4096u /* longer ones are no queries that we could answer */
#define NAMES_TTL_S 5u	  /* worlds change while programs run */

enum name_socket_kind { NAME_UDP, NAME_LISTENER, NAME_CONNECTION };

struct name_socket {
	struct list link; /* in its service: oldest first */
	enum name_socket_kind kind;
	int fd;
	size_t filled; /* of in[] */
	size_t unsent; /* of out[], from `sent` on */
	size_t sent;
	uint8_t *in;  /* NAME_CONNECTION: 2 + QUERY_BYTES */
	uint8_t *out; /* NAME_CONNECTION: an answer behind its length */
};

struct name_service {
	struct host *host;
	struct list sockets;
	int connections;
	struct dns_source source;
	uint8_t query[QUERY_BYTES];
	uint8_t answer[2 + DNS_MSG_BYTES];
};

static void add_addresses(const struct host *h, const struct host *asker, bool shared,
			  struct dns_addresses *out)
{
	for (int i = 0; i < h->cables.count; i++) {
		const struct cable *c = h->cables.items[i];
		bool on_it = berth_world_find_cable(h->world, asker->index, c->network->index) >= 0;

		if (on_it != shared)
			continue;
		if (c->address.family && out->v4_count < DNS_ADDRESSES_MAX)
			memcpy(out->v4[out->v4_count++], c->address.bytes, 4);
		if (c->address6.family && out->v6_count < DNS_ADDRESSES_MAX &&
		    (!c->auto6 || cable_has_address6(c)))
			memcpy(out->v6[out->v6_count++], c->address6.bytes, 16);
	}
}

static int lookup(void *ctx, const char *name, struct dns_addresses *out)
{
	static const uint8_t localhost[4] = {127, 0, 0, 1};
	static const uint8_t localhost6[16] = {[15] = 1};
	const struct name_service *s = ctx;
	int index = directory_find_name(s->host->world, name);

	*out = (struct dns_addresses){.v4_count = 0};
	if (index < 0 && strcasecmp(name, "localhost") == 0) { /* RFC 6761 §6.3 */
		memcpy(out->v4[out->v4_count++], localhost, 4);
		memcpy(out->v6[out->v6_count++], localhost6, 16);
		return 0;
	}
	if (index < 0)
		return -ENOENT;
	const struct host *h = world_host(s->host->world, index);

	add_addresses(h, s->host, true, out);
	add_addresses(h, s->host, false, out);
	return 0;
}

static const char *reverse(void *ctx, const uint8_t *address, size_t bytes)
{
	const struct name_service *s = ctx;
	struct netaddr a = {.family = bytes == 4 ? AF_INET : AF_INET6};

	memcpy(a.bytes, address, bytes);
	if (netaddr_is_loopback(&a))
		return "localhost";
	int index = directory_find_address(s->host->world, &a);

	return index < 0 ? NULL : berth_world_host_name(s->host->world, index);
}

static struct name_socket *add_socket(struct name_service *s, enum name_socket_kind kind, int fd)
{
	struct env *env = &s->host->world->env;
	struct name_socket *n = env_calloc(env, 1, sizeof(*n));

	if (!n)
		return NULL;
	list_init(&n->link);
	n->kind = kind;
	n->fd = fd;
	if (kind == NAME_CONNECTION) {
		n->in = env_alloc(env, 2 + QUERY_BYTES);
		n->out = env_alloc(env, 2 + DNS_MSG_BYTES);
		if (!n->in || !n->out)
			goto out;
	}
	if (berth_sock_set_user(s->host->stack, fd, n) < 0)
		goto out;
	list_add_tail(&s->sockets, &n->link);
	s->connections += kind == NAME_CONNECTION;
	return n;
out:
	env_free(env, n->in);
	env_free(env, n->out);
	env_free(env, n);
	return NULL;
}

static void free_socket(struct name_service *s, struct name_socket *n)
{
	struct env *env = &s->host->world->env;

	s->connections -= n->kind == NAME_CONNECTION;
	list_del(&n->link);
	env_free(env, n->in);
	env_free(env, n->out);
	env_free(env, n);
}

static void close_socket(struct name_service *s, struct name_socket *n)
{
	(void)berth_close(s->host->stack, n->fd); /* open, so it can't fail */
	free_socket(s, n);
}

static void close_oldest(struct name_service *s)
{
	struct list *l;

	list_for_each (l, &s->sockets) {
		struct name_socket *n = list_entry(l, struct name_socket, link);

		if (n->kind == NAME_CONNECTION) {
			close_socket(s, n);
			return;
		}
	}
}

static void serve_udp(struct name_service *s, struct name_socket *n)
{
	struct berth_stack *st = s->host->stack;
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	ssize_t got;

	while ((got = berth_recvfrom(st, n->fd, s->query, sizeof(s->query), 0,
				     (struct sockaddr *)&peer, &len)) != -EAGAIN) {
		size_t bytes = got > 0 ? dns_serve(&s->source, s->query, (size_t)got, true,
						   s->answer, sizeof(s->answer))
				       : 0;

		/* An answer that can't be sent is lost, as datagrams are. */
		if (bytes > 0)
			(void)berth_sendto(st, n->fd, s->answer, bytes, 0, (struct sockaddr *)&peer,
					   len);
		len = sizeof(peer);
	}
}

/* Sends what is left of an answer. False: the connection is over. */
static bool flush(struct name_service *s, struct name_socket *n)
{
	while (n->unsent > 0) {
		ssize_t sent = berth_send(s->host->stack, n->fd, n->out + n->sent, n->unsent,
					  MSG_NOSIGNAL);

		if (sent < 0)
			return sent == -EAGAIN;
		n->sent += (size_t)sent;
		n->unsent -= (size_t)sent;
	}
	return true;
}

/* Answers the first query in in[], if it is there in full. False: the connection is over. */
static bool answer_one(struct name_service *s, struct name_socket *n, bool *out_answered)
{
	size_t bytes = n->filled >= 2 ? load_be16(n->in) : QUERY_BYTES;

	*out_answered = false;
	if (bytes > QUERY_BYTES)
		return false;
	if (n->filled < 2 + bytes)
		return true;
	size_t length = dns_serve(&s->source, n->in + 2, bytes, false, n->out + 2, DNS_MSG_BYTES);

	if (length == 0)
		return false;
	store_be16(n->out, (uint16_t)length);
	n->sent = 0;
	n->unsent = 2 + length;
	n->filled -= 2 + bytes;
	memmove(n->in, n->in + 2 + bytes, n->filled);
	*out_answered = true;
	return flush(s, n);
}

/* False: the connection is over. */
static bool serve_connection(struct name_service *s, struct name_socket *n)
{
	bool answered;

	for (;;) {
		if (!flush(s, n))
			return false;
		if (n->unsent > 0)
			return true;
		if (!answer_one(s, n, &answered))
			return false;
		if (answered)
			continue;
		ssize_t got = berth_recv(s->host->stack, n->fd, n->in + n->filled,
					 2 + QUERY_BYTES - n->filled, 0);

		if (got <= 0)
			return got == -EAGAIN;
		n->filled += (size_t)got;
	}
}

static void serve_listener(struct name_service *s, struct name_socket *n)
{
	int fd;

	while ((fd = berth_accept(s->host->stack, n->fd, NULL, NULL)) >= 0) {
		if (s->connections >= CONNECTIONS_MAX)
			close_oldest(s);
		if (!add_socket(s, NAME_CONNECTION, fd))
			(void)berth_close(s->host->stack, fd); /* open, so it can't fail */
	}
}

static struct name_socket *find_socket(const struct host *h, const struct berth_event *ev)
{
	struct list *l;

	list_for_each (l, &h->names->sockets) {
		struct name_socket *n = list_entry(l, struct name_socket, link);

		if (n == ev->user && n->fd == ev->fd)
			return n;
	}
	return NULL;
}

bool names_owns(const struct host *h, const struct berth_event *ev)
{
	return find_socket(h, ev) != NULL;
}

void names_serve(struct host *h, const struct berth_event *ev)
{
	struct name_service *s = h->names;
	struct name_socket *n = find_socket(h, ev);

	ASSERT(n);
	switch (n->kind) {
	case NAME_UDP:
		serve_udp(s, n);
		break;
	case NAME_LISTENER:
		serve_listener(s, n);
		break;
	case NAME_CONNECTION:
		if (!serve_connection(s, n))
			close_socket(s, n);
		break;
	}
}

static int open_socket(struct name_service *s, const struct netaddr *server, int type)
{
	struct berth_stack *st = s->host->stack;
	struct sockaddr_storage sa;
	socklen_t len = server->family == AF_INET ? sizeof(struct sockaddr_in)
						  : sizeof(struct sockaddr_in6);
	int fd = berth_socket(st, server->family, type, 0);
	int error;

	if (fd < 0)
		return fd;
	netaddr_to(server, DNS_PORT, &sa);
	(void)berth_sock_hide(st, fd); /* it is open */
	error = berth_bind(st, fd, (struct sockaddr *)&sa, len);
	if (error == 0 && type == SOCK_STREAM)
		error = berth_listen(st, fd, BACKLOG);
	if (error == 0 && !add_socket(s, type == SOCK_STREAM ? NAME_LISTENER : NAME_UDP, fd))
		error = -ENOMEM;
	if (error < 0)
		(void)berth_close(st, fd); /* open, so it can't fail */
	return error;
}

static struct name_service *service_of(struct host *h)
{
	struct name_service *s = h->names;

	if (s)
		return s;
	s = env_calloc(&h->world->env, 1, sizeof(*s));
	if (!s)
		return NULL;
	s->host = h;
	list_init(&s->sockets);
	s->source = (struct dns_source){lookup, reverse, s, NAMES_TTL_S};
	h->names = s;
	return s;
}

/* The host's own resolver asks the world's servers. */
static int set_resolver(struct host *h)
{
	struct sockaddr_storage servers[BERTH_RESOLVER_SERVERS_MAX];
	struct berth_resolver_config config = {.servers = servers};
	const struct vec *all = &h->world->nameservers;

	for (int i = 0; i < all->count && config.server_count < ARRAY_LEN(servers); i++)
		netaddr_to(all->items[i], DNS_PORT, &servers[config.server_count++]);
	return berth_resolver_set(h->stack, &config);
}

int names_open(struct host *h, const struct netaddr *server)
{
	struct name_service *s = service_of(h);
	struct sockaddr_storage sa;
	int error = s ? 0 : -ENOMEM;

	netaddr_to(server, 0, &sa);
	if (error == 0 && !netaddr_is_loopback(server))
		error = berth_addr_add(h->stack, LOOPBACK_IFINDEX, (struct sockaddr *)&sa,
				       netaddr_bits(server));
	if (error == 0)
		error = open_socket(s, server, SOCK_DGRAM);
	if (error == 0)
		error = open_socket(s, server, SOCK_STREAM);
	if (error == 0)
		error = set_resolver(h);
	host_mark_ready(h);
	return error;
}

void names_free(struct host *h)
{
	struct name_service *s = h->names;

	if (!s)
		return;
	/* The descriptors go with the stack. */
	while (!list_empty(&s->sockets))
		free_socket(s, list_first(&s->sockets, struct name_socket, link));
	env_free(&h->world->env, s);
	h->names = NULL;
}

bool names_packet(const struct berth_world *w, const struct berth_packet *p)
{
	struct frame_ip ip;

	if (w->nameservers.count == 0 || !frame_read_ip(p, &ip))
		return false;
	for (int i = 0; i < w->nameservers.count; i++) {
		const struct netaddr *server = w->nameservers.items[i];

		if ((ip.dst_port == DNS_PORT && netaddr_equal(&ip.dst, server)) ||
		    (ip.src_port == DNS_PORT && netaddr_equal(&ip.src, server)))
			return true;
	}
	return false;
}

/* Whether a network or another server has the address. */
static int check_server(const struct berth_world *w, const struct netaddr *server)
{
	if (directory_find_address(w, server) >= 0)
		return -EEXIST;
	for (int i = 0; i < w->nameservers.count; i++) {
		if (netaddr_equal(w->nameservers.items[i], server))
			return -EEXIST;
	}
	return 0;
}

int berth_world_add_nameserver(struct berth_world *w, const struct sockaddr *addr)
{
	struct netaddr server;
	struct netaddr *kept;
	int error;

	if (!netaddr_from(addr, &server))
		return -EINVAL;
	error = check_server(w, &server);
	if (error < 0)
		return error;
	if (vec_reserve(&w->env, &w->nameservers, w->nameservers.count + 1) < 0)
		return -ENOMEM;
	kept = env_alloc(&w->env, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	*kept = server;
	vec_add(&w->nameservers, kept);
	for (int i = 0; i < w->hosts.count && error == 0; i++)
		error = names_open(w->hosts.items[i], kept);
	return error;
}
