/* SPDX-License-Identifier: MIT */
/*
 * The n-th request for memory fails, for every n, through the life of hosts, datagrams and streams:
 * a call may then report an error, and a packet may be lost, but nothing crashes, and all memory
 * comes back.
 */
#include "pair.h"

/* As pair_init(), but gives up where memory ends. */
static bool try_init(struct pair *pr, long fail_at)
{
	static const char *const addresses[2] = {"10.0.0.1", "10.0.0.2"};

	memset(pr, 0, sizeof(*pr));
	pr->random_state = 7;
	pr->now = BERTH_SEC;
	pr->memory.fail_at = fail_at;
	pr->mem = (struct berth_mem){memory_alloc, memory_realloc, memory_free, &pr->memory};
	pr->pool = berth_pool_new(&pr->mem, 0);
	if (!pr->pool)
		return false;
	for (int i = 0; i < 2; i++) {
		struct berth_netif_config eth = {.name = "eth0", .kind = BERTH_NETIF_ETHER};
		struct sockaddr_in in = in_addr_of(addresses[i], 0);
		int ifindex;

		pr->host[i] = pair_host(pr);
		if (!pr->host[i])
			return false;
		ifindex = berth_netif_add(pr->host[i], &eth);
		if (ifindex < 0)
			return false;
		pr->ifindex[i] = (unsigned)ifindex;
		(void)berth_netif_set_running(pr->host[i], (unsigned)ifindex, true);
		(void)berth_netif_set_up(pr->host[i], (unsigned)ifindex, true);
		if (berth_addr_add(pr->host[i], (unsigned)ifindex, SA(in), 24) < 0)
			return false;
	}
	return true;
}

static void datagrams(struct pair *pr)
{
	struct sockaddr_in at = in_addr_of("0.0.0.0", 53);
	struct sockaddr_in to = in_addr_of("10.0.0.2", 53);
	struct ip_mreqn mr = {.imr_multiaddr.s_addr = inet_addr("239.1.1.1"), .imr_ifindex = 2};
	struct berth_event ev;
	static char big[5000];
	int on = 1;
	int server = berth_socket(pr->host[1], AF_INET, SOCK_DGRAM, 0);
	int client = berth_socket(pr->host[0], AF_INET, SOCK_DGRAM, 0);
	int silent = berth_socket(pr->host[0], AF_INET, SOCK_DGRAM, 0);

	/* Whether any of these succeeds is the allocator's choice; the last lines are what counts.
	 */
	(void)berth_sock_set_user(pr->host[1], server, pr);
	(void)berth_bind(pr->host[1], server, SA(at), sizeof(at));
	(void)berth_setsockopt(pr->host[1], server, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr));
	(void)berth_setsockopt(pr->host[0], client, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	(void)berth_setsockopt(pr->host[0], client, IPPROTO_IP, IP_OPTIONS, "\1\1\1", 3);
	(void)berth_sendto(pr->host[0], client, "a", 1, 0, SA(to), sizeof(to));
	(void)berth_sendto(pr->host[0], client, big, sizeof(big), 0, SA(to), sizeof(to));
	pair_run(pr, BERTH_MSEC);
	while (berth_next_event(pr->host[1], &ev))
		;
	(void)berth_recv(pr->host[1], server, big, sizeof(big), MSG_PEEK);
	(void)berth_recv(pr->host[1], server, big, sizeof(big), 0);
	(void)berth_sendto(pr->host[0], client, "c", 1, MSG_MORE, SA(to), sizeof(to));
	(void)berth_sendto(pr->host[0], client, big, sizeof(big), MSG_MORE, SA(to), sizeof(to));
	to.sin_port = htons(99);
	(void)berth_connect(pr->host[0], silent, SA(to), sizeof(to));
	(void)berth_send(pr->host[0], silent, "d", 1, 0);
	to = in_addr_of("10.0.0.99", 1);
	(void)berth_sendto(pr->host[0], client, "e", 1, 0, SA(to), sizeof(to));
	pair_run(pr, 5 * BERTH_SEC);
	(void)berth_close(pr->host[0], client);
}

static void streams(struct pair *pr)
{
	struct sockaddr_in at = in_addr_of("0.0.0.0", 80);
	struct sockaddr_in to = in_addr_of("10.0.0.2", 80);
	static char big[100000];
	char got[10];
	int listener = berth_socket(pr->host[1], AF_INET, SOCK_STREAM, 0);
	int clients[3];

	(void)berth_bind(pr->host[1], listener, SA(at), sizeof(at));
	(void)berth_listen(pr->host[1], listener, 4);
	for (int i = 0; i < 3; i++) {
		int server;

		clients[i] = berth_socket(pr->host[0], AF_INET, SOCK_STREAM, 0);
		(void)berth_connect(pr->host[0], clients[i], SA(to), sizeof(to));
		pair_run(pr, 4 * BERTH_SEC);
		(void)berth_send(pr->host[0], clients[i], big, sizeof(big), 0);
		pair_run(pr, BERTH_MSEC);
		server = berth_accept(pr->host[1], listener, NULL, NULL);
		if (server < 0)
			continue;
		(void)berth_recv(pr->host[1], server, got, sizeof(got), 0);
		(void)berth_send(pr->host[1], server, "answer", 6, i == 1 ? MSG_OOB : 0);
		pair_run(pr, BERTH_SEC);
		(void)berth_recv(pr->host[0], clients[i], got, sizeof(got), 0);
		if (i == 0)
			(void)berth_close(pr->host[1], server);
		else if (i == 1)
			(void)berth_shutdown(pr->host[1], server, SHUT_WR);
	}
	(void)berth_close(pr->host[0], clients[1]);
	pair_run(pr, BERTH_SEC);
	(void)berth_close(pr->host[1], listener);
	pair_run(pr, 70 * BERTH_SEC);
}

static void loops(struct pair *pr)
{
	struct sockaddr_in at = in_addr_of("127.0.0.1", 80);
	int listener = berth_socket(pr->host[0], AF_INET, SOCK_STREAM, 0);
	int client = berth_socket(pr->host[0], AF_INET, SOCK_STREAM, 0);
	char buf[100];
	int server;

	(void)berth_bind(pr->host[0], listener, SA(at), sizeof(at));
	(void)berth_listen(pr->host[0], listener, 4);
	(void)berth_connect(pr->host[0], client, SA(at), sizeof(at));
	server = berth_accept(pr->host[0], listener, NULL, NULL);
	(void)berth_send(pr->host[0], client, buf, sizeof(buf), 0);
	(void)berth_recv(pr->host[0], server, buf, sizeof(buf), 0);
	(void)berth_abort(pr->host[0], client);
	(void)berth_recv(pr->host[0], server, buf, sizeof(buf), 0);
}

/* Plays it with the first request failing, then the second, until none fails any more. */
static void every_failure(void (*play)(struct pair *pr))
{
	long fail_at = 0;
	struct pair pr;

	do {
		bool whole = try_init(&pr, ++fail_at);

		if (whole)
			play(&pr);
		berth_stack_free(pr.host[0]);
		berth_stack_free(pr.host[1]);
		berth_pool_free(pr.pool);
		if (pr.memory.live != 0)
			fail_msg("request %ld failed: %ld blocks are left", fail_at,
				 pr.memory.live);
	} while (pr.memory.requests >= fail_at);
	assert_true(fail_at > 30);
}

static void test_datagrams(void **state)
{
	(void)state;
	every_failure(datagrams);
}

static void test_streams(void **state)
{
	(void)state;
	every_failure(streams);
}

static void test_loops(void **state)
{
	(void)state;
	every_failure(loops);
}

/* A stack that is short of payload memory refuses, and works again when some is free. */
static void test_pool_bound(void **state)
{
	struct berth_pool *pool = berth_pool_new(NULL, 1 << 20);
	struct pair pr = {.random_state = 1, .pool = pool};
	struct sockaddr_in to = in_addr_of("127.0.0.1", 80);
	static char big[60000];
	int sent = 0;
	int fd, on = 4 << 20;

	(void)state;
	pr.host[0] = pair_host(&pr);
	assert_non_null(pr.host[0]);
	fd = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(berth_bind(pr.host[0], fd, SA(to), sizeof(to)), 0);
	assert_int_equal(berth_setsockopt(pr.host[0], fd, SOL_SOCKET, SO_RCVBUF, &on, sizeof(on)),
			 0);
	while (berth_sendto(pr.host[0], fd, big, sizeof(big), 0, SA(to), sizeof(to)) > 0 &&
	       sent < 100)
		sent++;
	assert_in_range(sent, 10, 20);
	assert_int_equal(berth_sendto(pr.host[0], fd, big, sizeof(big), 0, SA(to), sizeof(to)),
			 -ENOBUFS);
	while (berth_recv(pr.host[0], fd, big, sizeof(big), 0) > 0)
		sent--;
	assert_int_equal(sent, 0);
	assert_int_equal(berth_sendto(pr.host[0], fd, big, sizeof(big), 0, SA(to), sizeof(to)),
			 sizeof(big));
	berth_stack_free(pr.host[0]);
	berth_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_pool_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
