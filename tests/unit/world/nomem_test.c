/* SPDX-License-Identifier: MIT */
/*
 * The n-th allocation fails, for every n: worlds are built, used and freed all the same. What fails
 * says so; what is done afterwards may fail too, but nothing crashes and nothing is kept.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/berth.h>

/* Fails once, at allocation `fail_at`, or from there on. */
struct heap {
	uint64_t count, fail_at;
	bool for_good;
	int64_t held; /* pieces not freed yet */
};

static bool fails(struct heap *h)
{
	h->count++;
	return h->for_good ? h->count >= h->fail_at : h->count == h->fail_at;
}

static void *heap_alloc(void *ctx, size_t bytes)
{
	struct heap *h = ctx;
	void *p = fails(h) ? NULL : malloc(bytes);

	h->held += p != NULL;
	return p;
}

static void *heap_realloc(void *ctx, void *ptr, size_t bytes)
{
	struct heap *h = ctx;
	void *p = fails(h) ? NULL : realloc(ptr, bytes);

	h->held += p != NULL && ptr == NULL;
	return p;
}

static void heap_free(void *ctx, void *ptr)
{
	struct heap *h = ctx;

	h->held -= ptr != NULL;
	free(ptr);
}

static int on_write(void *ctx, const void *buf, size_t bytes)
{
	(void)ctx;
	(void)buf;
	(void)bytes;
	return 0;
}

static void on_packet(void *ctx, const struct berth_packet_event *ev)
{
	(void)berth_pcapng_packet(ctx, ev); /* -ENOMEM is fine here */
}

static void build(struct berth_world *w)
{
	struct berth_network_config net = {.name = "lan", .prefix_len = 24};
	const struct berth_impair bad = {
		.delay = BERTH_MSEC, .duplicate = 0.3, .rate_bits = 10000000};
	const struct berth_host_config a = {.name = "a"};
	const struct berth_host_config b = {.name = "b", .loopback = bad};
	struct sockaddr_in *sin = (struct sockaddr_in *)&net.subnet;
	struct sockaddr_in server = {.sin_family = AF_INET};

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(0x0a090000);
	server.sin_addr.s_addr = htonl(0xc0000235);
	(void)berth_world_add_network(w, &net);
	(void)berth_world_add_host(w, &a);
	(void)berth_world_add_nameserver(w, (struct sockaddr *)&server);
	(void)berth_world_add_host(w, &b);
	(void)berth_world_add_cable(w, &(struct berth_cable_config){.host = 0, .up = bad});
	(void)berth_world_add_cable(w, &(struct berth_cable_config){.host = 1});
	(void)berth_world_add_alias(w, "other", 1);
	(void)berth_world_route(w);
	(void)berth_world_partition(w, 0, 1, true);
	(void)berth_world_heal(w, -1, -1);
}

/* Sends a few hundred kilobytes and looks at how far they get. */
static void talk(struct berth_world *w)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
	static const char data[100000];
	static char back[100000];

	to.sin_addr.s_addr = htonl(0x0a090002);
	if (!berth_world_stack(w, 1))
		return;
	struct berth_stack *b = berth_world_stack(w, 1);
	int listener = berth_socket(b, AF_INET, SOCK_STREAM, 0);
	int client = berth_socket(berth_world_stack(w, 0), AF_INET, SOCK_STREAM, 0);

	(void)berth_bind(b, listener, (struct sockaddr *)&to, sizeof(to));
	(void)berth_listen(b, listener, 5);
	(void)berth_world_connect(w, 0, client, (struct sockaddr *)&to, sizeof(to), 5 * BERTH_SEC);
	int server = berth_world_accept(w, 1, listener, NULL, NULL, BERTH_SEC);

	(void)berth_world_send(w, 0, client, data, sizeof(data), MSG_NOSIGNAL, BERTH_SEC);
	(void)berth_world_recv(w, 1, server, back, sizeof(back), MSG_WAITALL, BERTH_SEC);
	(void)berth_close(b, server);
	(void)berth_world_run(w, berth_world_now(w) + 10 * BERTH_SEC);
}

/* Returns how many allocations there were. */
static uint64_t try_world(uint64_t fail_at, bool for_good)
{
	struct heap heap = {.fail_at = fail_at, .for_good = for_good};
	const struct berth_world_config config = {
		.seed = 1, .mem = {heap_alloc, heap_realloc, heap_free, &heap}};
	struct berth_world *w = berth_world_new(&config);

	if (w) {
		build(w);
		struct berth_pcapng *capture = berth_pcapng_new(w, on_write, NULL);

		if (capture)
			berth_world_set_observer(w, on_packet, capture);
		talk(w);
		berth_pcapng_free(capture);
		berth_world_set_observer(w, NULL, NULL);
		berth_world_free(w);
	}
	if (heap.held != 0)
		fail_msg("allocation %llu failed%s: %lld pieces were kept",
			 (unsigned long long)fail_at, for_good ? " and all after it" : "",
			 (long long)heap.held);
	return heap.count;
}

static void test_nothing_is_kept(void **state)
{
	(void)state;
	assert_true(try_world(0, false) > 50);
}

static void test_one_failure(void **state)
{
	uint64_t total = try_world(0, false);

	(void)state;
	for (uint64_t n = 1; n <= total; n++)
		(void)try_world(n, false);
}

static void test_failure_for_good(void **state)
{
	uint64_t total = try_world(0, false);

	(void)state;
	for (uint64_t n = 1; n <= total; n++)
		(void)try_world(n, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_kept),
		cmocka_unit_test(test_one_failure),
		cmocka_unit_test(test_failure_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
