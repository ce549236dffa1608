/* SPDX-License-Identifier: MIT */
/*
 * No allocation per packet in the steady state: a connection, a flow of datagrams, on the loopback,
 * between two stacks and through a world's cables, is warmed up until pools and tables have
 * their sizes; then thousands of packets pass, and memory's requests are counted. None is allowed
 * where the network is the same from one moment to the next.
 */
#include "pair.h"

#define PIECE 20000

/* What a flow needs of those that carry it: to let the network do its work. */
struct flow {
	struct berth_stack *from, *to;
	int out, in;
	size_t piece;
	bool full; /* the sender always has more */
	void (*turn)(struct flow *f);
	struct pair *pair;
	struct berth_world *world;
	berth_time now;
};

static char data[1 << 16];

static void turn_pair(struct flow *f)
{
	pair_run(f->pair, 10 * BERTH_MSEC);
}

static void turn_world(struct flow *f)
{
	berth_time end = f->now + 10 * BERTH_MSEC;
	berth_time next;

	while ((next = berth_world_run(f->world, f->now)) <= end)
		f->now = next > f->now ? next : f->now;
	f->now = end;
}

static void drain_events(struct berth_stack *st)
{
	struct berth_event ev;

	while (berth_next_event(st, &ev))
		;
}

/* As much as the sender's buffer takes, on its way while the receiver reads. */
static void pass_much(struct flow *f)
{
	ssize_t n;

	while (berth_send(f->from, f->out, data, f->piece, 0) > 0)
		;
	f->turn(f);
	while ((n = berth_recv(f->to, f->in, data, sizeof(data), 0)) > 0)
		;
	assert_int_equal(n, -EAGAIN);
	drain_events(f->from);
	drain_events(f->to);
}

/* One piece over, and all of it read. */
static void pass_one(struct flow *f)
{
	size_t got = 0;

	if (f->full) {
		pass_much(f);
		return;
	}
	assert_int_equal(berth_send(f->from, f->out, data, f->piece, 0), f->piece);
	while (got < f->piece) {
		ssize_t n;

		f->turn(f);
		while ((n = berth_recv(f->to, f->in, data, sizeof(data), 0)) > 0)
			got += (size_t)n;
		assert_int_equal(n, -EAGAIN);
	}
	drain_events(f->from);
	drain_events(f->to);
}

/* How many requests for memory `pieces` pieces make, after five hundred that do not count. */
static long requests_of(struct flow *f, const struct memory *m, int pieces)
{
	long before;

	for (int i = 0; i < 500; i++)
		pass_one(f);
	before = m->requests;
	for (int i = 0; i < pieces; i++)
		pass_one(f);
	return m->requests - before;
}

/* A socket of `type` on each side, joined, at port 80 of `address`. */
static void join(struct flow *f, int type, const char *address)
{
	struct sockaddr_in to = in_addr_of(address, 80);
	int server = berth_socket(f->to, AF_INET, type, 0);
	int bytes = 100000;

	f->out = berth_socket(f->from, AF_INET, type, 0);
	assert_int_equal(berth_bind(f->to, server, SA(to), sizeof(to)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(berth_listen(f->to, server, 5), 0);
	(void)berth_connect(f->from, f->out, SA(to), sizeof(to)); /* -EINPROGRESS, or done */
	f->in = type == SOCK_STREAM ? -EAGAIN : server;
	for (int i = 0; f->in == -EAGAIN && i < 10; i++) {
		f->turn(f);
		f->in = berth_accept(f->to, server, NULL, NULL);
	}
	assert_true(f->in >= 0);
	assert_int_equal(
		berth_setsockopt(f->from, f->out, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
}

struct scene {
	int type;
	size_t piece;
	uint32_t features;
	bool full;
};

static const struct scene scenes[] = {
	{SOCK_STREAM, PIECE, 0, false},
	{SOCK_STREAM, 1, 0, false},
	{SOCK_STREAM, PIECE, BERTH_NETIF_CSUM | BERTH_NETIF_GSO, false},
	{SOCK_STREAM, PIECE, 0, true},
	{SOCK_STREAM, PIECE, BERTH_NETIF_CSUM | BERTH_NETIF_GSO, true},
	{SOCK_DGRAM, 1000, 0, false},
	{SOCK_DGRAM, 1000, BERTH_NETIF_CSUM | BERTH_NETIF_GSO, false},
	{SOCK_DGRAM, PIECE, 0, false}, /* in fragments */
};

/* Between two stacks, and on one's own loopback. */
static void test_between_stacks(void **state)
{
	static struct pair pr;

	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		for (int far = 0; far < 2; far++) {
			struct flow f = {.turn = turn_pair,
					 .pair = &pr,
					 .piece = scenes[i].piece,
					 .full = scenes[i].full};
			unsigned long frames;
			long requests;

			pair_init(&pr, scenes[i].features);
			f.from = pr.host[0];
			f.to = pr.host[far];
			join(&f, scenes[i].type, far ? "10.0.0.2" : "127.0.0.1");
			frames = pr.frames;
			requests = requests_of(&f, &pr.memory, 1000);
			if (requests)
				fail_msg("scene %zu, %s: %ld requests", i, far ? "far" : "near",
					 requests);
			assert_true(!far || pr.frames - frames >= 1000);
			pair_fini(&pr);
		}
	}
}

static int add_host(struct berth_world *w, const char *name, const struct berth_impair *impair)
{
	struct berth_host_config host = {.name = name};
	struct berth_cable_config cable = {.up = *impair, .down = *impair};

	cable.host = berth_world_add_host(w, &host);
	assert_true(cable.host >= 0);
	assert_true(berth_world_add_cable(w, &cable) >= 0);
	return cable.host;
}

/* Over two cables and the switch between them. */
static long play_world(const struct scene *s, const struct berth_impair *impair)
{
	struct memory memory = {0};
	struct berth_world_config config = {
		.seed = 7, .mem = {memory_alloc, memory_realloc, memory_free, &memory}};
	struct berth_network_config lan = {.name = "lan", .prefix_len = 24};
	struct sockaddr_in subnet = in_addr_of("10.9.0.0", 0);
	struct berth_world *w = berth_world_new(&config);
	struct flow f = {.turn = turn_world, .world = w, .piece = s->piece, .full = s->full};
	long requests;

	assert_non_null(w);
	memcpy(&lan.subnet, &subnet, sizeof(subnet));
	assert_int_equal(berth_world_add_network(w, &lan), 0);
	f.from = berth_world_stack(w, add_host(w, "a", impair));
	f.to = berth_world_stack(w, add_host(w, "b", impair));
	assert_int_equal(berth_world_route(w), 0);
	join(&f, s->type, "10.9.0.2");
	requests = requests_of(&f, &memory, 1000);
	berth_world_free(w);
	assert_int_equal(memory.live, 0);
	return requests;
}

static void test_through_clean_cables(void **state)
{
	struct berth_impair none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		assert_int_equal(play_world(&scenes[i], &none), 0);
}

static void test_through_slow_cables(void **state)
{
	struct berth_impair slow = {.delay = 2 * BERTH_MSEC, .rate_bits = 100000000};

	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		assert_int_equal(play_world(&scenes[i], &slow), 0);
}

/* Chance makes new records of what is on its way at once, which need memory; ever fewer. */
static void test_through_bad_cables(void **state)
{
	struct berth_impair bad = {.delay = 2 * BERTH_MSEC,
				   .jitter = BERTH_MSEC / 4,
				   .loss = 0.01,
				   .duplicate = 0.01,
				   .reorder = 0.01};

	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		if (scenes[i].type == SOCK_STREAM)
			assert_in_range(play_world(&scenes[i], &bad), 0, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between_stacks),
		cmocka_unit_test(test_through_clean_cables),
		cmocka_unit_test(test_through_slow_cables),
		cmocka_unit_test(test_through_bad_cables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
