/* SPDX-License-Identifier: MIT */
/*
 * Worlds from the outside: building them and what is refused, switching, routes, partitions,
 * blocking calls. All through include/berth, in virtual time, with datagrams as probes: a
 * datagram arrives within a given time, or does not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include <berth/berth.h>

#define PORT 7000

static struct sockaddr_storage ip4(const char *text)
{
	struct sockaddr_storage ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)&ss;

	memset(&ss, 0, sizeof(ss));
	sin->sin_family = AF_INET;
	sin->sin_port = htons(PORT);
	assert_int_equal(inet_pton(AF_INET, text, &sin->sin_addr), 1);
	return ss;
}

static int add_network(struct berth_world *w, const char *name, const char *subnet, unsigned len)
{
	const struct berth_network_config c = {
		.name = name, .subnet = ip4(subnet), .prefix_len = len};

	return berth_world_add_network(w, &c);
}

static int add_host(struct berth_world *w, const char *name)
{
	const struct berth_host_config c = {.name = name};

	return berth_world_add_host(w, &c);
}

static int add_cable(struct berth_world *w, int host, int network)
{
	const struct berth_cable_config c = {.host = host, .network = network};

	return berth_world_add_cable(w, &c);
}

static int add_cable_at(struct berth_world *w, int host, int network, const char *address)
{
	const struct berth_cable_config c = {
		.host = host, .network = network, .address = ip4(address)};

	return berth_world_add_cable(w, &c);
}

static int setup(void **state)
{
	const struct berth_world_config config = {.seed = 5};

	*state = berth_world_new(&config);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	berth_world_free(*state);
	return 0;
}

/* A datagram socket bound to PORT. */
static int udp(struct berth_world *w, int host)
{
	struct berth_stack *st = berth_world_stack(w, host);
	const struct sockaddr_storage any = ip4("0.0.0.0");
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(berth_bind(st, fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

static void send_to(struct berth_world *w, int host, int fd, const char *address)
{
	const struct sockaddr_storage to = ip4(address);

	assert_int_equal(berth_sendto(berth_world_stack(w, host), fd, "x", 1, 0,
				      (const struct sockaddr *)&to, sizeof(struct sockaddr_in)),
			 1);
}

/* Whether a datagram comes within `timeout`. */
static bool gets(struct berth_world *w, int host, int fd, berth_time timeout)
{
	char byte;

	return berth_world_recv(w, host, fd, &byte, 1, 0, timeout) == 1;
}

static void test_names_and_subnets_are_checked(void **state)
{
	struct berth_world *w = *state;

	assert_int_equal(add_network(w, "lan", "10.9.0.0", 24), 0);
	assert_int_equal(add_network(w, "lan", "10.8.0.0", 24), -EEXIST);
	assert_int_equal(add_network(w, "a", "10.9.0.0", 16), -EINVAL); /* overlaps */
	assert_int_equal(add_network(w, "a", "10.9.0.128", 25), -EINVAL);
	assert_int_equal(add_network(w, "a", "10.7.0.1", 24), -EINVAL); /* host bits */
	assert_int_equal(add_network(w, "a", "127.0.0.0", 8), -EINVAL);
	assert_int_equal(add_network(w, "a", "10.7.0.0", 32), -EINVAL);
	assert_int_equal(add_network(w, "", "10.7.0.0", 24), -EINVAL);
	assert_int_equal(add_network(w, "a:b", "10.7.0.0", 24), -EINVAL);
	assert_int_equal(add_host(w, "web"), 0);
	assert_int_equal(add_host(w, "WEB"), -EEXIST);
	assert_int_equal(add_host(w, "10.1.1.1"), -EINVAL);
	assert_int_equal(add_host(w, "-x"), -EINVAL);
	assert_int_equal(add_host(w, "a..b"), -EINVAL);
	assert_int_equal(berth_world_add_alias(w, "www", 0), 0);
	assert_int_equal(berth_world_add_alias(w, "www", 0), -EEXIST);
	assert_int_equal(add_host(w, "www"), -EEXIST);
	assert_int_equal(berth_world_find_host(w, "Www"), 0);
	assert_int_equal(berth_world_find_host(w, "nobody"), -ENOENT);
	assert_int_equal(berth_world_find_network(w, "lan"), 0);
	assert_int_equal(berth_world_hosts(w), 1);
	assert_string_equal(berth_world_host_name(w, 0), "web");
}

static void test_addresses(void **state)
{
	struct berth_world *w = *state;
	struct berth_cable_info info;
	int lan = add_network(w, "lan", "10.9.0.0", 30);
	int a = add_host(w, "a");
	int b = add_host(w, "b");
	int c = add_host(w, "c");

	assert_int_equal(add_cable_at(w, a, lan, "10.9.0.0"), -EINVAL); /* the subnet's */
	assert_int_equal(add_cable_at(w, a, lan, "10.9.0.3"), -EINVAL); /* broadcast */
	assert_int_equal(add_cable_at(w, a, lan, "10.9.1.1"), -EINVAL);
	assert_int_equal(add_cable_at(w, a, lan, "10.9.0.1"), 0);
	assert_int_equal(add_cable_at(w, b, lan, "10.9.0.1"), -EEXIST);
	assert_int_equal(add_cable(w, a, lan), -EEXIST);
	assert_int_equal(add_cable(w, b, lan), 1);
	assert_int_equal(add_cable(w, c, lan), -ENOSPC);
	assert_true(berth_world_cable_get(w, 1, &info));
	struct sockaddr_storage expected = ip4("10.9.0.2");

	assert_memory_equal(&((struct sockaddr_in *)&info.address)->sin_addr,
			    &((struct sockaddr_in *)&expected)->sin_addr, 4);
	assert_string_equal(info.host_name, "b");
	assert_int_equal(berth_world_find_cable(w, b, lan), 1);
	assert_int_equal(berth_world_find_cable(w, c, lan), -ENOENT);
	assert_false(berth_world_cable_get(w, 2, &info));
}

static void test_impairments_are_checked(void **state)
{
	const struct berth_impair bad = {.loss = 2};
	struct berth_world *w = *state;
	struct berth_host_config host = {.name = "bad", .loopback = bad};
	struct berth_cable_config cable = {.up = bad};

	add_network(w, "lan", "10.9.0.0", 24);
	assert_int_equal(add_host(w, "a"), 0);
	assert_int_equal(berth_world_add_host(w, &host), -EINVAL);
	assert_int_equal(berth_world_find_host(w, "bad"), -ENOENT);
	assert_int_equal(berth_world_add_cable(w, &cable), -EINVAL);
	assert_int_equal(berth_world_set_impair(w, 0, BERTH_UP, &bad), -ENOENT);
	assert_int_equal(add_cable(w, 0, 0), 0);
	assert_int_equal(berth_world_set_impair(w, 0, BERTH_UP, &bad), -EINVAL);
	assert_int_equal(berth_world_set_loopback(w, 0, &bad), -EINVAL);
	assert_int_equal(berth_world_set_loopback(w, 9, &bad), -ENOENT);
}

/* Counts, by host, the packets that go down its cable. */
struct counts {
	unsigned down[8];
};

static void count(void *ctx, const struct berth_packet_event *ev)
{
	struct counts *c = ctx;

	if (ev->direction == BERTH_DOWN)
		c->down[ev->host]++;
}

static void test_switch_learns(void **state)
{
	struct berth_world *w = *state;
	struct counts c = {{0}};
	int lan = add_network(w, "lan", "10.9.0.0", 24);
	int fds[3];

	for (int i = 0; i < 3; i++) {
		char name[] = {'a', 0};

		name[0] = (char)('a' + i);
		add_cable(w, add_host(w, name), lan);
		fds[i] = udp(w, i);
	}
	send_to(w, 0, fds[0], "10.9.0.2");
	assert_true(gets(w, 1, fds[1], BERTH_SEC));
	send_to(w, 1, fds[1], "10.9.0.1");
	assert_true(gets(w, 0, fds[0], BERTH_SEC));
	/* Both are known by now: the third sees no more of it. */
	berth_world_set_observer(w, count, &c);
	for (int i = 0; i < 10; i++) {
		send_to(w, 0, fds[0], "10.9.0.2");
		assert_true(gets(w, 1, fds[1], BERTH_SEC));
	}
	assert_int_equal(c.down[1], 10);
	assert_int_equal(c.down[2], 0);
	/* An unknown neighbour is asked for everywhere. */
	send_to(w, 0, fds[0], "10.9.0.200");
	(void)gets(w, 0, fds[0], 100 * BERTH_MSEC);
	assert_true(c.down[1] > 10 && c.down[2] > 0 && c.down[0] == 0);
}

/*
 *   a - left - r1 - middle - r2 - right - b      and a host z that is on left and right, but
 *                                                 does not forward
 */
static void test_routes(void **state)
{
	struct berth_world *w = *state;
	const struct berth_host_config lazy = {.name = "z", .no_forwarding = true};
	int left = add_network(w, "left", "10.1.0.0", 24);
	int middle = add_network(w, "middle", "10.2.0.0", 24);
	int right = add_network(w, "right", "10.3.0.0", 24);
	int z = berth_world_add_host(w, &lazy);
	int a = add_host(w, "a");
	int b = add_host(w, "b");
	int r1 = add_host(w, "r1");
	int r2 = add_host(w, "r2");

	add_cable(w, z, left);
	add_cable(w, z, right);
	add_cable(w, r1, left);
	add_cable(w, r1, middle);
	add_cable(w, r2, middle);
	add_cable(w, r2, right);
	add_cable_at(w, a, left, "10.1.0.100");
	add_cable_at(w, b, right, "10.3.0.100");
	assert_int_equal(berth_world_route(w), 0);
	assert_int_equal(berth_world_route(w), 0); /* again does no harm */

	int from = udp(w, a);
	int to = udp(w, b);

	send_to(w, a, from, "10.3.0.100");
	assert_true(gets(w, b, to, BERTH_SEC));
	send_to(w, b, to, "10.1.0.100");
	assert_true(gets(w, a, from, BERTH_SEC));
	send_to(w, a, from, "10.2.0.2"); /* r2, on the middle */
	int there = udp(w, r2);

	assert_true(gets(w, r2, there, BERTH_SEC));
}

static void test_partitions(void **state)
{
	struct berth_world *w = *state;
	struct berth_cable_info info;
	int lan = add_network(w, "lan", "10.9.0.0", 24);
	int a = add_host(w, "a");
	int b = add_host(w, "b");
	int c = add_host(w, "c");
	int fds[3];

	for (int i = 0; i < 3; i++) {
		add_cable(w, i, lan);
		fds[i] = udp(w, i);
	}
	assert_int_equal(berth_world_partition(w, a, a, false), -EINVAL);
	assert_int_equal(berth_world_partition(w, a, 7, false), -ENOENT);
	assert_int_equal(berth_world_partition(w, a, b, true), 0);
	assert_true(berth_world_cable_get(w, b, &info) && info.partitioned);
	send_to(w, a, fds[a], "10.9.0.2");
	assert_false(gets(w, b, fds[b], BERTH_SEC));
	send_to(w, b, fds[b], "10.9.0.1"); /* one way only */
	assert_true(gets(w, a, fds[a], BERTH_SEC));
	send_to(w, a, fds[a], "10.9.0.3"); /* and that pair only */
	assert_true(gets(w, c, fds[c], BERTH_SEC));
	assert_int_equal(berth_world_partition(w, a, b, false), 0);
	send_to(w, b, fds[b], "10.9.0.1");
	assert_false(gets(w, a, fds[a], BERTH_SEC));
	assert_int_equal(berth_world_heal(w, b, a), 0);
	send_to(w, b, fds[b], "10.9.0.1");
	assert_true(gets(w, a, fds[a], BERTH_SEC));
	send_to(w, a, fds[a], "10.9.0.2");
	assert_true(gets(w, b, fds[b], BERTH_SEC));
	/* One host's partitions, all at once. */
	berth_world_partition(w, a, b, false);
	berth_world_partition(w, c, a, false);
	assert_int_equal(berth_world_heal(w, -1, a), 0);
	send_to(w, c, fds[c], "10.9.0.1");
	assert_true(gets(w, a, fds[a], BERTH_SEC));
	send_to(w, b, fds[b], "10.9.0.1");
	assert_true(gets(w, a, fds[a], BERTH_SEC));
}

/* What a cuts off for itself still passes as a router. */
static void test_partition_leaves_routers_alone(void **state)
{
	struct berth_world *w = *state;
	int left = add_network(w, "left", "10.1.0.0", 24);
	int right = add_network(w, "right", "10.3.0.0", 24);
	int router = add_host(w, "router");
	int a = add_host(w, "a");
	int b = add_host(w, "b");

	add_cable(w, router, left);
	add_cable(w, router, right);
	add_cable(w, a, left);
	add_cable(w, b, right);
	assert_int_equal(berth_world_route(w), 0);
	int from = udp(w, a);
	int to = udp(w, b);
	int at_router = udp(w, router);

	assert_int_equal(berth_world_partition(w, a, router, false), 0);
	send_to(w, a, from, "10.1.0.1");
	assert_false(gets(w, router, at_router, BERTH_SEC));
	send_to(w, a, from, "10.3.0.2");
	assert_true(gets(w, b, to, BERTH_SEC));
}

static void test_delay_is_seen_by_programs(void **state)
{
	const struct berth_impair up = {.delay = 30 * BERTH_MSEC};
	const struct berth_impair down = {.delay = 12 * BERTH_MSEC};
	struct berth_world *w = *state;
	int lan = add_network(w, "lan", "10.9.0.0", 24);
	int fds[2];

	for (int i = 0; i < 2; i++) {
		add_cable(w, add_host(w, i ? "b" : "a"), lan);
		fds[i] = udp(w, i);
	}
	send_to(w, 0, fds[0], "10.9.0.2");
	assert_true(gets(w, 1, fds[1], BERTH_SEC)); /* ARP is done */
	assert_int_equal(berth_world_set_impair(w, 0, BERTH_UP, &up), 0);
	assert_int_equal(berth_world_set_impair(w, 1, BERTH_DOWN, &down), 0);
	berth_time before = berth_world_now(w);

	send_to(w, 0, fds[0], "10.9.0.2");
	assert_true(gets(w, 1, fds[1], BERTH_SEC));
	assert_int_equal(berth_world_now(w) - before, 42 * BERTH_MSEC);
	before = berth_world_now(w);
	send_to(w, 1, fds[1], "10.9.0.1");
	assert_true(gets(w, 0, fds[0], BERTH_SEC));
	assert_int_equal(berth_world_now(w) - before, 0);
}

static void test_loopback_is_impaired(void **state)
{
	const struct berth_impair slow = {.delay = 7 * BERTH_MSEC};
	const struct berth_impair none = {0};
	struct berth_world *w = *state;
	int a = add_host(w, "a");
	int fd = udp(w, a);

	assert_int_equal(berth_world_set_loopback(w, a, &slow), 0);
	berth_time before = berth_world_now(w);

	send_to(w, a, fd, "127.0.0.1");
	assert_true(gets(w, a, fd, BERTH_SEC));
	assert_int_equal(berth_world_now(w) - before, 7 * BERTH_MSEC);
	send_to(w, a, fd, "127.0.0.1"); /* on its way while the loopback is repaired */
	assert_int_equal(berth_world_run(w, berth_world_now(w)),
			 berth_world_now(w) + 7 * BERTH_MSEC);
	assert_int_equal(berth_world_set_loopback(w, a, &none), 0);
	assert_true(gets(w, a, fd, BERTH_SEC));
	before = berth_world_now(w);
	send_to(w, a, fd, "127.0.0.1");
	assert_true(gets(w, a, fd, BERTH_SEC));
	assert_int_equal(berth_world_now(w), before);
}

static void test_blocking_calls(void **state)
{
	const struct berth_impair slow = {.delay = 10 * BERTH_MSEC};
	struct berth_world *w = *state;
	int lan = add_network(w, "lan", "10.9.0.0", 24);
	int a = add_host(w, "a");
	int b = add_host(w, "b");
	const struct sockaddr_storage to = ip4("10.9.0.2");
	char buf[8];

	add_cable(w, a, lan);
	add_cable(w, b, lan);
	berth_world_set_impair(w, 0, BERTH_UP, &slow);
	int listener = berth_socket(berth_world_stack(w, b), AF_INET, SOCK_STREAM, 0);
	int client = berth_socket(berth_world_stack(w, a), AF_INET, SOCK_STREAM, 0);

	/* Nobody listens. */
	assert_int_equal(berth_world_connect(w, a, client, (const struct sockaddr *)&to,
					     sizeof(struct sockaddr_in), BERTH_SEC),
			 -ECONNREFUSED);
	assert_int_equal(berth_bind(berth_world_stack(w, b), listener, (const struct sockaddr *)&to,
				    sizeof(struct sockaddr_in)),
			 0);
	assert_int_equal(berth_listen(berth_world_stack(w, b), listener, 5), 0);
	assert_int_equal(berth_world_accept(w, b, listener, NULL, NULL, BERTH_SEC), -EAGAIN);
	assert_int_equal(berth_world_connect(w, a, client, (const struct sockaddr *)&to,
					     sizeof(struct sockaddr_in), BERTH_SEC),
			 0);
	int server = berth_world_accept(w, b, listener, NULL, NULL, BERTH_SEC);

	assert_true(server >= 0);
	assert_int_equal(berth_world_send(w, a, client, "hello", 5, 0, BERTH_SEC), 5);
	assert_int_equal(berth_world_recv(w, b, server, buf, 5, MSG_WAITALL, BERTH_SEC), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(berth_world_recv(w, b, server, buf, 5, 0, BERTH_SEC), -EAGAIN);
	assert_int_equal(berth_world_recv(w, b, server, buf, 5, MSG_DONTWAIT, -1), -EAGAIN);
	struct pollfd pfd = {.fd = server, .events = POLLIN};
	berth_time before = berth_world_now(w);

	assert_int_equal(berth_world_poll(w, b, &pfd, 1, 3 * BERTH_MSEC), 0);
	assert_int_equal(berth_world_now(w) - before, 3 * BERTH_MSEC);
	assert_int_equal(berth_world_recv(w, 9, server, buf, 5, 0, 0), -EINVAL);
}

/* A host that was idle for a minute measures its round trips from now, not from then. */
static void test_idle_hosts_know_the_time(void **state)
{
	const struct berth_impair slow = {.delay = 20 * BERTH_MSEC};
	struct berth_world *w = *state;
	int lan = add_network(w, "lan", "10.9.0.0", 24);
	const struct sockaddr_storage to = ip4("10.9.0.2");
	struct tcp_info info;
	socklen_t len = sizeof(info);
	char byte;

	add_cable(w, add_host(w, "a"), lan);
	add_cable(w, add_host(w, "b"), lan);
	berth_world_set_impair(w, 0, BERTH_UP, &slow);
	struct berth_stack *a = berth_world_stack(w, 0);
	struct berth_stack *b = berth_world_stack(w, 1);
	int listener = berth_socket(b, AF_INET, SOCK_STREAM, 0);
	int client = berth_socket(a, AF_INET, SOCK_STREAM, 0);

	assert_int_equal(
		berth_bind(b, listener, (const struct sockaddr *)&to, sizeof(struct sockaddr_in)),
		0);
	assert_int_equal(berth_listen(b, listener, 5), 0);
	assert_int_equal(berth_world_connect(w, 0, client, (const struct sockaddr *)&to,
					     sizeof(struct sockaddr_in), BERTH_SEC),
			 0);
	int server = berth_world_accept(w, 1, listener, NULL, NULL, BERTH_SEC);

	for (int i = 0; i < 25; i++) { /* the first RTT has that of ARP in it */
		(void)berth_world_run(w, berth_world_now(w) + 60 * BERTH_SEC);
		assert_int_equal(berth_send(a, client, "x", 1, 0), 1);
		assert_int_equal(berth_world_recv(w, 1, server, &byte, 1, 0, BERTH_SEC), 1);
		assert_int_equal(berth_send(b, server, "y", 1, 0), 1); /* with the ACK */
		assert_int_equal(berth_world_recv(w, 0, client, &byte, 1, 0, BERTH_SEC), 1);
	}
	assert_int_equal(berth_getsockopt(a, client, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	assert_in_range(info.tcpi_rtt, 19000, 25000);
	assert_int_equal(info.tcpi_total_retrans, 0);
}

/* A wait that nothing can end is told at once. */
static void test_deadlock(void **state)
{
	struct berth_world *w = *state;
	int a = add_host(w, "a");
	int fd = udp(w, a);
	char byte;

	assert_int_equal(berth_world_recv(w, a, fd, &byte, 1, 0, -1), -EDEADLK);
}

/* Two thousand hosts that do nothing: the world runs as if they weren't there. */
/* AF_UNIX does without the world's network, but waits in its time. */
static void test_unix_waits(void **state)
{
	struct berth_world *w = *state;
	int host = add_host(w, "a");
	struct berth_stack *st = berth_world_stack(w, host);
	const struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "socket"};
	const struct sockaddr *to = (const struct sockaddr *)&un;
	int l = berth_socket(st, AF_UNIX, SOCK_STREAM, 0);
	int first = berth_socket(st, AF_UNIX, SOCK_STREAM, 0);
	int second = berth_socket(st, AF_UNIX, SOCK_STREAM, 0);
	berth_time began = berth_world_now(w);
	char buf[8];
	int s;

	assert_int_equal(berth_bind(st, l, to, sizeof(un)), 0);
	assert_int_equal(berth_listen(st, l, 0), 0);
	assert_int_equal(berth_world_accept(w, host, l, NULL, NULL, BERTH_SEC), -EAGAIN);
	assert_true(berth_world_now(w) == began + BERTH_SEC);
	assert_int_equal(berth_world_connect(w, host, first, to, sizeof(un), -1), 0);
	/* The queue is full, and nobody there who would accept. */
	assert_int_equal(berth_world_connect(w, host, second, to, sizeof(un), BERTH_SEC), -EAGAIN);
	assert_true(berth_world_now(w) == began + 2 * BERTH_SEC);
	assert_int_equal(berth_world_connect(w, host, second, to, sizeof(un), -1), -EDEADLK);
	s = berth_world_accept(w, host, l, NULL, NULL, -1);
	assert_true(s >= 0);
	assert_int_equal(berth_world_connect(w, host, second, to, sizeof(un), -1), 0);
	assert_int_equal(berth_world_send(w, host, first, "hello", 5, 0, -1), 5);
	assert_int_equal(berth_world_recv(w, host, s, buf, sizeof(buf), 0, -1), 5);
	assert_int_equal(berth_world_recv(w, host, s, buf, sizeof(buf), 0, -1), -EDEADLK);
}

static void test_idle_hosts_are_free(void **state)
{
	struct berth_world *w = *state;
	char name[16];

	for (int i = 0; i < 2000; i++) {
		(void)snprintf(name, sizeof(name), "h%d", i);
		assert_int_equal(add_host(w, name), i);
	}
	assert_int_equal(berth_world_run(w, BERTH_SEC), BERTH_TIME_NEVER);
	int fd = udp(w, 1000);

	for (int i = 0; i < 100000; i++) {
		send_to(w, 1000, fd, "127.0.0.1");
		assert_int_equal(berth_world_run(w, BERTH_SEC + i), BERTH_TIME_NEVER);
		assert_true(gets(w, 1000, fd, 0));
	}
}

/* An event is told once for what happened, and not for sockets that are gone. */
static void test_events_come_once(void **state)
{
	struct berth_world *w = *state;
	struct berth_event ev;
	int lan = add_network(w, "lan", "10.9.0.0", 24);
	int fds[2];
	int host;
	char byte;

	for (int i = 0; i < 2; i++) {
		add_cable(w, add_host(w, i ? "b" : "a"), lan);
		fds[i] = udp(w, i);
		berth_sock_set_user(berth_world_stack(w, i), fds[i], &fds[i]);
	}
	(void)berth_world_run(w, 0);
	while (berth_world_next_event(w, &host, &ev)) /* both are writable */
		assert_true(ev.user == &fds[host]);
	send_to(w, 0, fds[0], "10.9.0.2");
	(void)berth_world_run(w, 0);
	assert_true(berth_world_next_event(w, &host, &ev));
	assert_int_equal(host, 1);
	assert_true(ev.user == &fds[1] && ev.events & POLLIN);
	assert_int_equal(berth_recv(berth_world_stack(w, 1), fds[1], &byte, 1, 0), 1);
	assert_false(berth_world_next_event(w, &host, &ev));
	/* An event that waits for a socket that was closed meanwhile is not told. */
	send_to(w, 0, fds[0], "10.9.0.2");
	(void)berth_world_run(w, 0);
	assert_int_equal(berth_close(berth_world_stack(w, 1), fds[1]), 0);
	assert_false(berth_world_next_event(w, &host, &ev));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_names_and_subnets_are_checked),
		WORLD_TEST(test_addresses),
		WORLD_TEST(test_impairments_are_checked),
		WORLD_TEST(test_switch_learns),
		WORLD_TEST(test_routes),
		WORLD_TEST(test_partitions),
		WORLD_TEST(test_partition_leaves_routers_alone),
		WORLD_TEST(test_delay_is_seen_by_programs),
		WORLD_TEST(test_loopback_is_impaired),
		WORLD_TEST(test_blocking_calls),
		WORLD_TEST(test_idle_hosts_know_the_time),
		WORLD_TEST(test_deadlock),
		WORLD_TEST(test_unix_waits),
		WORLD_TEST(test_idle_hosts_are_free),
		WORLD_TEST(test_events_come_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
