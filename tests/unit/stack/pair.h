/* SPDX-License-Identifier: MIT */
/*
 * Two hosts, 10.0.0.1 and 10.0.0.2, on one cable without loss, and one clock: what the tests of
 * stack/ and sock/ play on. Memory is counted, and its n-th request can be made to fail.
 */
#ifndef TESTS_STACK_PAIR_H
#define TESTS_STACK_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>

struct memory {
	long live;     /* blocks handed out now */
	long requests; /* so far */
	long fail_at;  /* the request that fails, from 1; 0: none */
};

struct pair {
	struct memory memory;
	struct berth_mem mem;
	struct berth_pool *pool;
	struct berth_stack *host[2];
	unsigned ifindex[2];
	berth_time now;
	uint64_t random_state;
	unsigned wakes;
	unsigned long frames; /* that crossed the cable */
	bool drop_all;	      /* the cable is cut */
};

static inline void *memory_alloc(void *ctx, size_t bytes)
{
	struct memory *m = ctx;

	if (++m->requests == m->fail_at)
		return NULL;
	void *ptr = malloc(bytes);

	m->live += ptr != NULL;
	return ptr;
}

static inline void *memory_realloc(void *ctx, void *ptr, size_t bytes)
{
	struct memory *m = ctx;

	if (++m->requests == m->fail_at)
		return NULL;
	void *to = realloc(ptr, bytes);

	m->live += ptr == NULL && to != NULL;
	return to;
}

static inline void memory_free(void *ctx, void *ptr)
{
	struct memory *m = ctx;

	m->live -= ptr != NULL;
	free(ptr);
}

/* splitmix64: the same bytes in each run. */
static inline void pair_random(void *ctx, void *buf, size_t bytes)
{
	struct pair *pr = ctx;

	for (size_t i = 0; i < bytes; i++) {
		uint64_t z = pr->random_state += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		((uint8_t *)buf)[i] = (uint8_t)(z ^ z >> 31);
	}
}

static inline void pair_wake(void *ctx)
{
	((struct pair *)ctx)->wakes++;
}

static inline struct sockaddr_in in_addr_of(const char *text, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, text, &in.sin_addr);
	return in;
}

#define SA(in) ((struct sockaddr *)(void *)&(in))

static inline struct berth_stack *pair_host(struct pair *pr)
{
	struct berth_stack_config config = {.pool = pr->pool,
					    .mem = pr->mem,
					    .now = pr->now,
					    .random = pair_random,
					    .wake = pair_wake,
					    .ctx = pr};

	return berth_stack_new(&config);
}

static inline void pair_init(struct pair *pr, uint32_t features)
{
	static const char *const addresses[2] = {"10.0.0.1", "10.0.0.2"};

	memset(pr, 0, sizeof(*pr));
	pr->random_state = 7;
	pr->now = BERTH_SEC;
	pr->mem = (struct berth_mem){memory_alloc, memory_realloc, memory_free, &pr->memory};
	pr->pool = berth_pool_new(&pr->mem, 0);
	assert_non_null(pr->pool);
	for (int i = 0; i < 2; i++) {
		struct berth_netif_config eth = {
			.name = "eth0", .kind = BERTH_NETIF_ETHER, .features = features};
		struct sockaddr_in in = in_addr_of(addresses[i], 0);
		int ifindex;

		pr->host[i] = pair_host(pr);
		assert_non_null(pr->host[i]);
		ifindex = berth_netif_add(pr->host[i], &eth);
		assert_true(ifindex > 0);
		pr->ifindex[i] = (unsigned)ifindex;
		assert_int_equal(berth_netif_set_running(pr->host[i], (unsigned)ifindex, true), 0);
		assert_int_equal(berth_netif_set_up(pr->host[i], (unsigned)ifindex, true), 0);
		assert_int_equal(berth_addr_add(pr->host[i], (unsigned)ifindex, SA(in), 24), 0);
	}
}

static inline void pair_fini(struct pair *pr)
{
	berth_stack_free(pr->host[0]);
	berth_stack_free(pr->host[1]);
	berth_pool_free(pr->pool);
	assert_int_equal(pr->memory.live, 0);
}

/* Moves all frames that wait, at once and in order; whether there were any. */
static inline bool pair_carry(struct pair *pr)
{
	bool any = false;

	for (int i = 0; i < 2; i++) {
		struct berth_packet *p;
		unsigned ifindex;

		while ((p = berth_output(pr->host[i], &ifindex))) {
			any = true;
			pr->frames++;
			if (pr->drop_all)
				berth_packet_free(p);
			else
				berth_input_packet(pr->host[1 - i], pr->ifindex[1 - i], p);
		}
	}
	return any;
}

static inline void pair_advance(struct pair *pr)
{
	berth_advance(pr->host[0], pr->now);
	berth_advance(pr->host[1], pr->now);
}

/* Lets `ns` pass, firing timers when they are due. */
static inline void pair_run(struct pair *pr, berth_time ns)
{
	berth_time end = pr->now + ns;

	for (;;) {
		berth_time a, b, next;

		pair_advance(pr);
		while (pair_carry(pr))
			;
		a = berth_stack_deadline(pr->host[0]);
		b = berth_stack_deadline(pr->host[1]);
		next = a < b ? a : b;
		if (next > end)
			break;
		if (next > pr->now)
			pr->now = next;
	}
	pr->now = end;
	pair_advance(pr);
}

static inline short pair_poll(struct pair *pr, int host, int fd, short events)
{
	struct pollfd pfd = {fd, events, 0};

	(void)berth_poll(pr->host[host], &pfd, 1); /* revents says it */
	return pfd.revents;
}

#endif
