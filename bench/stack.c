/* SPDX-License-Identifier: MIT */
/*
 * The stack alone: two hosts in one process on one core, through include/berth.
 *
 * Two stacks share a pool, and the frames that leave one are handed to the other; 1500 bytes of
 * MTU and no super-packets. Time is virtual: it passes a little with every exchange, so that no
 * timer is waited for. Printed, each as ns of CPU and cycles of the core (see figure.h):
 *
 * segment     one full-sized segment, sent, received and acknowledged, both ends together,
 *             with the copies in and out; without and with checksums
 * connect     a connection opened and closed, both ends, with 0 and with 8,000 others open
 * memory      bytes that one idle established end holds, by a counting allocator
 *
 * bench-stack [WORD [ROUNDS]] measures those whose name has WORD in it, for a profiler's sake.
 */
#include <berth/berth.h>

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"

#define ROUNDS 5
#define MSS 1448
#define BULK_BYTES ((size_t)300 << 20)
#define CONNECTS 20000
#define OTHERS 8000

static void check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench-stack: %s\n", what);
		exit(1);
	}
}

/* Memory that is counted. */
static void *count_alloc(void *ctx, size_t bytes)
{
	void *p = malloc(bytes);

	if (p != NULL)
		*(size_t *)ctx += malloc_usable_size(p);
	return p;
}

static void count_free(void *ctx, void *p)
{
	if (p != NULL)
		*(size_t *)ctx -= malloc_usable_size(p);
	free(p);
}

static void *count_realloc(void *ctx, void *p, size_t bytes)
{
	size_t before = p == NULL ? 0 : malloc_usable_size(p);
	void *moved = realloc(p, bytes);

	if (moved != NULL)
		*(size_t *)ctx += malloc_usable_size(moved) - before;
	return moved;
}

static void draw(void *ctx, void *buf, size_t bytes)
{
	uint64_t *state = ctx;
	uint8_t *out = buf;

	for (size_t i = 0; i < bytes; i++) {
		*state = *state * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(*state >> 56);
	}
}

/* Two hosts and what is between them: nothing. */
struct pair {
	struct berth_pool *pool;
	struct berth_stack *host[2];
	unsigned ifindex[2];
	berth_time now;
	size_t bytes; /* held by both stacks */
	uint64_t random;
	int listener; /* on host 1 */
	struct sockaddr_in server;
};

static void add_host(struct pair *w, int i, uint32_t features)
{
	const struct berth_stack_config config = {
		.pool = w->pool,
		.mem = {count_alloc, count_realloc, count_free, &w->bytes},
		.now = w->now,
		.random = draw,
		.ctx = &w->random,
	};
	const struct berth_netif_config eth = {
		.name = "eth0", .kind = BERTH_NETIF_ETHER, .mtu = 1500, .features = features};
	struct sockaddr_in addr = {.sin_family = AF_INET};

	w->host[i] = berth_stack_new(&config);
	check(w->host[i] != NULL, "no stack");
	int ifindex = berth_netif_add(w->host[i], &eth);
	check(ifindex > 0, "no interface");
	w->ifindex[i] = (unsigned)ifindex;
	addr.sin_addr.s_addr = htonl(0x0a090001u + (uint32_t)i);
	check(berth_addr_add(w->host[i], w->ifindex[i], (struct sockaddr *)&addr, 24) == 0,
	      "no address");
	check(berth_netif_set_running(w->host[i], w->ifindex[i], true) == 0, "not running");
	check(berth_netif_set_up(w->host[i], w->ifindex[i], true) == 0, "not up");
	if (i == 1)
		w->server = addr;
}

/* Lets a little time pass and moves frames until none leaves. */
static void exchange(struct pair *w)
{
	struct berth_event event;
	unsigned ifindex;
	int moved;

	w->now += 10 * BERTH_USEC;
	for (int i = 0; i < 2; i++)
		berth_advance(w->host[i], w->now);
	do {
		moved = 0;
		for (int i = 0; i < 2; i++) {
			struct berth_packet *p;
			while ((p = berth_output(w->host[i], &ifindex)) != NULL) {
				berth_input_packet(w->host[!i], w->ifindex[!i], p);
				moved = 1;
			}
			while (berth_next_event(w->host[i], &event))
				;
		}
	} while (moved);
}

static struct pair *pair_new(uint32_t features)
{
	struct pair *w = calloc(1, sizeof(*w));

	check(w != NULL, "no memory");
	w->random = 1;
	w->pool = berth_pool_new(NULL, 0);
	for (int i = 0; i < 2; i++)
		add_host(w, i, features);
	w->server.sin_port = htons(7000);
	w->listener = berth_socket(w->host[1], AF_INET, SOCK_STREAM, 0);
	check(berth_bind(w->host[1], w->listener, (struct sockaddr *)&w->server,
			 sizeof(w->server)) == 0,
	      "bind");
	check(berth_listen(w->host[1], w->listener, 128) == 0, "listen");
	return w;
}

static void pair_free(struct pair *w)
{
	for (int i = 0; i < 2; i++)
		berth_stack_free(w->host[i]);
	berth_pool_free(w->pool);
	free(w);
}

static void open_one(struct pair *w, int *out_client, int *out_server)
{
	int fd = berth_socket(w->host[0], AF_INET, SOCK_STREAM, 0);
	int error;

	check(fd >= 0, "socket");
	error = berth_connect(w->host[0], fd, (struct sockaddr *)&w->server, sizeof(w->server));
	check(error == -EINPROGRESS, "connect");
	do {
		exchange(w);
		*out_server = berth_accept(w->host[1], w->listener, NULL, NULL);
	} while (*out_server == -EAGAIN);
	check(*out_server >= 0, "accept");
	*out_client = fd;
}

/* Per full-sized segment of one long transfer, over an interface with some features. */
static double segment_ns(const struct figure *f)
{
	static char out[1 << 16];
	static char in[1 << 16];
	struct pair *w = pair_new((uint32_t)f->argument);
	size_t sent = 0;
	size_t got = 0;
	double start = 0;
	int client;
	int server;

	open_one(w, &client, &server);
	while (got < BULK_BYTES) {
		ssize_t n;
		if (got > BULK_BYTES / 10 && start <= 0) { /* the first part warms up */
			start = cpu_ns();
			sent = got;
		}
		while ((n = berth_send(w->host[0], client, out, sizeof(out), 0)) > 0)
			;
		check(n == -EAGAIN, "send");
		exchange(w);
		while ((n = berth_recv(w->host[1], server, in, sizeof(in), 0)) > 0)
			got += (size_t)n;
		check(n == -EAGAIN, "recv");
	}
	double ns = (cpu_ns() - start) / ((double)(got - sent) / MSS);
	pair_free(w);
	return ns;
}

static void open_others(struct pair *w, unsigned long others)
{
	int client;
	int server;

	for (unsigned long i = 0; i < others; i++)
		open_one(w, &client, &server);
	for (int i = 0; i < 1000; i++) /* what is kept for a moment is given back */
		exchange(w);
}

/* Per connection opened and closed while some others are open. */
static double connect_ns(const struct figure *f)
{
	struct pair *w = pair_new(BERTH_NETIF_CSUM);

	open_others(w, f->argument);
	double start = cpu_ns();
	for (int i = 0; i < CONNECTS; i++) {
		int client;
		int server;

		open_one(w, &client, &server);
		check(berth_close(w->host[1], server) == 0, "close");
		exchange(w);
		check(berth_close(w->host[0], client) == 0, "close");
		exchange(w);
		w->now += BERTH_MSEC;
	}
	double ns = (cpu_ns() - start) / CONNECTS;
	pair_free(w);
	return ns;
}

/* Bytes that each of many idle ends holds. */
static double end_bytes(void)
{
	struct pair *w = pair_new(BERTH_NETIF_CSUM);

	open_others(w, 1); /* what the first one makes is not its own */
	size_t before = w->bytes;
	open_others(w, OTHERS);
	double bytes = (double)(w->bytes - before) / (2.0 * OTHERS);
	pair_free(w);
	return bytes;
}

int main(int argc, char **argv)
{
	struct figure figures[] = {
		{.name = "segment, no checksums",
		 .measure = segment_ns,
		 .argument = BERTH_NETIF_CSUM},
		{.name = "segment, checksums", .measure = segment_ns},
		{.name = "connect and close", .measure = connect_ns},
		{.name = "connect, 8000 others open", .measure = connect_ns, .argument = OTHERS},
	};
	const char *word = argc > 1 ? argv[1] : "";
	int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS;

	figures_run(figures, sizeof(figures) / sizeof(figures[0]), word, rounds);
	if (strstr("idle established end", word) != NULL)
		printf("%-28s%8.0f bytes\n", "idle established end", end_bytes());
	return 0;
}
