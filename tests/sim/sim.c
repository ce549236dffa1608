/* SPDX-License-Identifier: MIT */
/*
 * The simulation's driver: the world's events go to watchers, happenings come when they are due,
 * and time jumps from one moment at which something happens to the next.
 *
 * What a flow carries is a function of its seed and the offset, so that each byte can be checked
 * when it comes, wherever in the stream that is. Sizes of reads and writes are drawn.
 */
#include "sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 32768u
#define FIRST_PORT 1000u

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

uint64_t sim_below(struct sim *sim, uint64_t bound)
{
	return mix(sim->seed ^ mix(sim->chance++)) % bound;
}

double sim_real(struct sim *sim, double max)
{
	return (double)sim_below(sim, 1u << 30) / (1u << 30) * max;
}

static void describe_side(const char *what, const struct side *s)
{
	fprintf(stderr, "  %s: host %d fd %d%s%s%s, sent %llu of %llu, got %llu of %llu\n", what,
		s->host, s->fd, s->connected ? " connected" : "", s->sent_all ? " finished" : "",
		s->got_all ? " heard-all" : "", (unsigned long long)s->tx_bytes,
		(unsigned long long)s->tx_total, (unsigned long long)s->rx_bytes,
		(unsigned long long)s->rx_total);
}

_Noreturn void sim_fail(const struct sim *sim, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "FAILED %s seed %llu at %.6f s: ", sim->name, (unsigned long long)sim->seed,
		(double)berth_world_now(sim->w) / 1e9);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	for (const struct flow *f = sim->flows; f; f = f->next) {
		if (f->end)
			continue;
		fprintf(stderr, "flow to port %u, not done:\n", f->port);
		describe_side("client", &f->client);
		describe_side("server", &f->server);
	}
	if (sim->capture_file)
		fclose(sim->capture_file);
	abort();
}

static int on_capture(void *ctx, const void *buf, size_t bytes)
{
	struct sim *sim = ctx;
	const uint8_t *at = buf;

	for (size_t i = 0; i < bytes; i++) /* FNV-1a */
		sim->capture_hash = (sim->capture_hash ^ at[i]) * UINT64_C(0x100000001b3);
	sim->capture_bytes += bytes;
	if (sim->capture_file)
		fwrite(buf, 1, bytes, sim->capture_file);
	return 0;
}

static void on_packet(void *ctx, const struct berth_packet_event *ev)
{
	struct sim *sim = ctx;

	sim->packets++;
	sim->lost += ev->fate == BERTH_FATE_LOST;
	sim->duplicated += ev->fate == BERTH_FATE_DUPLICATED;
	sim->corrupted += ev->corrupted;
	sim->reordered += ev->reordered;
	if (sim->look)
		sim->look(sim, ev);
	if (berth_pcapng_packet(sim->capture, ev) < 0)
		sim_fail(sim, "the capture failed");
}

void sim_init(struct sim *sim, const char *name, uint64_t seed, bool capture)
{
	const struct berth_world_config config = {.seed = seed};

	memset(sim, 0, sizeof(*sim));
	sim->name = name;
	sim->seed = seed;
	sim->ip6 = getenv("SIM_IP6") != NULL;
	sim->capture_hash = UINT64_C(0xcbf29ce484222325);
	sim->w = berth_world_new(&config);
	if (!sim->w)
		sim_fail(sim, "no world");
	if (!capture)
		return;
	sim->capture_path = getenv("SIM_CAPTURE");
	if (sim->capture_path)
		sim->capture_file = fopen(sim->capture_path, "wb");
	sim->capture = berth_pcapng_new(sim->w, on_capture, sim);
	berth_world_set_observer(sim->w, on_packet, sim);
}

void sim_fini(struct sim *sim)
{
	struct flow *f;
	struct happening *h;

	berth_pcapng_free(sim->capture);
	berth_world_free(sim->w);
	if (sim->capture_file)
		fclose(sim->capture_file);
	while ((f = sim->flows) != NULL) {
		sim->flows = f->next;
		free(f);
	}
	while ((h = sim->happenings) != NULL) {
		sim->happenings = h->next;
		free(h);
	}
}

int sim_network(struct sim *sim, const char *name, const char *subnet)
{
	struct berth_network_config c = {.name = name, .prefix_len = 24};
	struct sockaddr_in *sin = (struct sockaddr_in *)&c.subnet;

	sin->sin_family = AF_INET;
	inet_pton(AF_INET, subnet, &sin->sin_addr);
	if (sim->ip6) {
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&c.subnet6;

		sin6->sin6_family = AF_INET6;
		sin6->sin6_addr.s6_addr[0] = 0xfd;
		sin6->sin6_addr.s6_addr[7] = (uint8_t)(ntohl(sin->sin_addr.s_addr) >> 16);
		c.prefix6_len = 64;
	}
	int index = berth_world_add_network(sim->w, &c);

	if (index < 0)
		sim_fail(sim, "network %s: %s", name, strerror(-index));
	return index;
}

int sim_host(struct sim *sim, const char *name)
{
	const struct berth_host_config c = {.name = name};
	int index = berth_world_add_host(sim->w, &c);

	if (index < 0)
		sim_fail(sim, "host %s: %s", name, strerror(-index));
	return index;
}

int sim_cable(struct sim *sim, int host, int network, const struct berth_impair *both)
{
	struct berth_cable_config c = {.host = host, .network = network};

	if (both)
		c.up = c.down = *both;
	int index = berth_world_add_cable(sim->w, &c);

	if (index < 0)
		sim_fail(sim, "cable %d to %d: %s", host, network, strerror(-index));
	return index;
}

void sim_route(struct sim *sim)
{
	int error = berth_world_route(sim->w);

	if (error < 0)
		sim_fail(sim, "routes: %s", strerror(-error));
}

struct sockaddr_in sim_address(struct sim *sim, int host, uint16_t port)
{
	struct berth_cable_info info;
	struct sockaddr_in sin;

	for (int i = 0; berth_world_cable_get(sim->w, i, &info); i++) {
		if (info.host != host)
			continue;
		memcpy(&sin, &info.address, sizeof(sin));
		sin.sin_port = htons(port);
		return sin;
	}
	sim_fail(sim, "host %d has no cable", host);
}

struct sockaddr_in6 sim_address6(struct sim *sim, int host, uint16_t port)
{
	struct berth_cable_info info;
	struct sockaddr_in6 sin6;

	for (int i = 0; berth_world_cable_get(sim->w, i, &info); i++) {
		if (info.host != host || info.address6.ss_family != AF_INET6)
			continue;
		memcpy(&sin6, &info.address6, sizeof(sin6));
		sin6.sin6_port = htons(port);
		return sin6;
	}
	sim_fail(sim, "host %d has no cable with IPv6", host);
}

static uint8_t byte_at(uint64_t seed, uint64_t offset)
{
	return (uint8_t)(mix(seed ^ offset >> 3) >> 8 * (offset & 7));
}

static void finish_side(struct side *s)
{
	struct flow *f = s->flow;
	struct sim *sim = f->sim;

	if (!s->sent_all || !s->got_all || s->fd < 0)
		return;
	int error = berth_close(berth_world_stack(sim->w, s->host), s->fd);

	if (error < 0)
		sim_fail(sim, "close: %s", strerror(-error));
	s->fd = -1;
	if (f->client.fd < 0 && f->server.fd < 0 && f->server.connected) {
		f->end = berth_world_now(sim->w);
		sim->flows_left--;
	}
}

static void send_some(struct side *s)
{
	struct sim *sim = s->flow->sim;
	struct berth_stack *st = berth_world_stack(sim->w, s->host);
	uint8_t buf[CHUNK];

	while (s->tx_bytes < s->tx_total) {
		uint64_t left = s->tx_total - s->tx_bytes;
		size_t bytes = 1 + (size_t)sim_below(sim, left < CHUNK ? left : CHUNK);

		for (size_t i = 0; i < bytes; i++)
			buf[i] = byte_at(s->tx_seed, s->tx_bytes + i);
		ssize_t sent = berth_send(st, s->fd, buf, bytes, MSG_NOSIGNAL);

		if (sent == -EAGAIN)
			return;
		if (sent <= 0)
			sim_fail(sim, "send on port %u: %s", s->flow->port, strerror((int)-sent));
		s->tx_bytes += (uint64_t)sent;
	}
	if (!s->sent_all) {
		int error = berth_shutdown(st, s->fd, SHUT_WR);

		if (error < 0)
			sim_fail(sim, "shutdown: %s", strerror(-error));
		s->sent_all = true;
	}
}

static void check(struct side *s, const uint8_t *buf, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		uint64_t offset = s->rx_bytes + i;

		if (offset >= s->rx_total)
			sim_fail(s->flow->sim, "port %u: more bytes than were sent", s->flow->port);
		if (buf[i] != byte_at(s->rx_seed, offset))
			sim_fail(s->flow->sim, "port %u: byte %llu is wrong", s->flow->port,
				 (unsigned long long)offset);
	}
	s->rx_bytes += bytes;
}

static void receive_some(struct side *s)
{
	struct sim *sim = s->flow->sim;
	struct berth_stack *st = berth_world_stack(sim->w, s->host);
	uint8_t buf[CHUNK];

	while (!s->got_all) {
		size_t bytes = 1 + (size_t)sim_below(sim, sizeof(buf));
		ssize_t got = berth_recv(st, s->fd, buf, bytes, 0);

		if (got == -EAGAIN)
			return;
		if (got < 0)
			sim_fail(sim, "recv on port %u: %s", s->flow->port, strerror((int)-got));
		if (got > 0) {
			check(s, buf, (size_t)got);
			continue;
		}
		if (s->rx_bytes != s->rx_total)
			sim_fail(sim, "port %u: ended after %llu of %llu bytes", s->flow->port,
				 (unsigned long long)s->rx_bytes, (unsigned long long)s->rx_total);
		s->got_all = true;
	}
}

static void on_side(struct watcher *self, short events)
{
	struct side *s = (struct side *)self;
	struct sim *sim = s->flow->sim;
	int error = 0;
	socklen_t len = sizeof(error);

	if (s->fd < 0)
		return;
	if (!s->connected) {
		if (!(events & (POLLOUT | POLLERR | POLLHUP)))
			return;
		int result = berth_getsockopt(berth_world_stack(sim->w, s->host), s->fd, SOL_SOCKET,
					      SO_ERROR, &error, &len);

		if (result < 0 || error != 0)
			sim_fail(sim, "connect to port %u: %s", s->flow->port,
				 strerror(result < 0 ? -result : error));
		s->connected = true;
	}
	receive_some(s);
	send_some(s);
	finish_side(s);
}

static void on_listener(struct watcher *self, short events)
{
	struct flow *f = (struct flow *)self;
	struct sim *sim = f->sim;
	struct berth_stack *st = berth_world_stack(sim->w, f->server.host);

	(void)events;
	int fd = berth_accept(st, f->listen_fd, NULL, NULL);

	if (fd == -EAGAIN)
		return;
	if (fd < 0)
		sim_fail(sim, "accept on port %u: %s", f->port, strerror(-fd));
	if (f->server.connected)
		sim_fail(sim, "port %u: a second connection", f->port);
	f->server.fd = fd;
	f->server.connected = true;
	berth_sock_set_user(st, fd, &f->server);
	on_side(&f->server.watcher, POLLIN | POLLOUT);
}

static void must(struct sim *sim, int result, const char *what)
{
	if (result < 0 && result != -EINPROGRESS)
		sim_fail(sim, "%s: %s", what, strerror(-result));
}

/* Where a flow's server listens, and where its client finds it. */
static socklen_t addresses_of(struct sim *sim, const struct flow *f, struct sockaddr_storage *any,
			      struct sockaddr_storage *there)
{
	bool lo = f->server.host == f->client.host;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(f->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(f->port)};

	memcpy(any, sim->ip6 ? (void *)&in6 : (void *)&in, sim->ip6 ? sizeof(in6) : sizeof(in));
	if (sim->ip6) {
		in6.sin6_addr = in6addr_loopback;
		if (!lo)
			in6 = sim_address6(sim, f->server.host, f->port);
		memcpy(there, &in6, sizeof(in6));
		return sizeof(in6);
	}
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!lo)
		in = sim_address(sim, f->server.host, f->port);
	memcpy(there, &in, sizeof(in));
	return sizeof(in);
}

static void start(struct sim *sim, struct flow *f)
{
	struct berth_stack *server = berth_world_stack(sim->w, f->server.host);
	struct berth_stack *client = berth_world_stack(sim->w, f->client.host);
	struct sockaddr_storage any;
	struct sockaddr_storage there;
	socklen_t len = addresses_of(sim, f, &any, &there);

	f->listen_fd = berth_socket(server, any.ss_family, SOCK_STREAM, 0);
	must(sim, f->listen_fd, "socket");
	must(sim, berth_bind(server, f->listen_fd, (struct sockaddr *)&any, len), "bind");
	must(sim, berth_listen(server, f->listen_fd, 1), "listen");
	must(sim, berth_sock_set_user(server, f->listen_fd, f), "set_user");
	f->client.fd = berth_socket(client, there.ss_family, SOCK_STREAM, 0);
	must(sim, f->client.fd, "socket");
	must(sim, berth_connect(client, f->client.fd, (struct sockaddr *)&there, len), "connect");
	must(sim, berth_sock_set_user(client, f->client.fd, &f->client), "set_user");
}

struct flow *sim_flow(struct sim *sim, int client, int server, uint64_t up_bytes,
		      uint64_t down_bytes)
{
	struct flow *f = calloc(1, sizeof(*f));

	if (!f)
		sim_fail(sim, "no memory");
	f->sim = sim;
	f->next = sim->flows;
	sim->flows = f;
	f->port = (uint16_t)(FIRST_PORT + sim->flow_count++);
	sim->flows_left++;
	f->listener.fn = on_listener;
	f->client = (struct side){.watcher = {on_side}, .flow = f, .host = client, .fd = -1};
	f->server = (struct side){.watcher = {on_side}, .flow = f, .host = server, .fd = -1};
	f->client.tx_seed = f->server.rx_seed = mix(sim->seed + f->port);
	f->server.tx_seed = f->client.rx_seed = mix(sim->seed + f->port + 65536);
	f->client.tx_total = f->server.rx_total = up_bytes;
	f->server.tx_total = f->client.rx_total = down_bytes;
	f->start = berth_world_now(sim->w);
	start(sim, f);
	return f;
}

void sim_at(struct sim *sim, berth_time when, void (*fn)(struct sim *sim, void *arg), void *arg)
{
	struct happening **at = &sim->happenings;
	struct happening *h = calloc(1, sizeof(*h));

	if (!h)
		sim_fail(sim, "no memory");
	*h = (struct happening){.when = when, .fn = fn, .arg = arg};
	while (*at && (*at)->when <= when)
		at = &(*at)->next;
	h->next = *at;
	*at = h;
}

static void happen(struct sim *sim)
{
	struct happening *h;

	while ((h = sim->happenings) != NULL && h->when <= berth_world_now(sim->w)) {
		sim->happenings = h->next;
		h->fn(sim, h->arg);
		free(h);
	}
}

/* Serves all that is there at the present. Returns when the next thing happens. */
static berth_time serve(struct sim *sim)
{
	struct berth_event ev;
	berth_time next;
	bool any;
	int host;

	do {
		happen(sim);
		next = berth_world_run(sim->w, berth_world_now(sim->w));
		any = false;
		while (berth_world_next_event(sim->w, &host, &ev)) {
			struct watcher *watcher = ev.user;

			any = true;
			watcher->fn(watcher, ev.events);
		}
	} while (any);
	if (sim->happenings && sim->happenings->when < next)
		next = sim->happenings->when;
	return next;
}

void sim_run(struct sim *sim, berth_time limit)
{
	berth_time end = berth_world_now(sim->w) + limit;

	for (;;) {
		berth_time next = serve(sim);

		if (sim->flows_left == 0)
			return;
		if (next == BERTH_TIME_NEVER)
			sim_fail(sim, "nothing can happen any more");
		if (next > end)
			sim_fail(sim, "not done after %.1f s", (double)limit / 1e9);
		(void)berth_world_run(sim->w, next);
	}
}

void sim_run_for(struct sim *sim, berth_time duration)
{
	berth_time end = berth_world_now(sim->w) + duration;

	while (berth_world_now(sim->w) < end) {
		berth_time next = serve(sim);

		(void)berth_world_run(sim->w, next < end ? next : end);
	}
	(void)serve(sim);
}
