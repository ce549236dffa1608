/* SPDX-License-Identifier: MIT */
/*
 * Which sock a packet is for: the better match, the group's member, all of them. Socks without a
 * protocol stand in the tables.
 * They are looked up as a packet would, and never receive one.
 */
#include "bare.h"

static struct pair pr;
static struct transport *tp;

static int setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	tp = pr.host[0]->tp;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bare_free_all(tp);
	pair_fini(&pr);
	return 0;
}

static struct flow flow_from(const char *remote, uint16_t remote_port, const char *local,
			     uint16_t local_port, unsigned ifindex)
{
	struct endpoint r = end_of(remote, remote_port);
	struct endpoint l = end_of(local, local_port);

	return (struct flow){.local = l.addr,
			     .remote = r.addr,
			     .local_port = local_port,
			     .remote_port = remote_port,
			     .ifindex = ifindex};
}

static struct sock *connect_bare(const struct proto *proto, const char *remote, uint16_t port)
{
	struct endpoint to = end_of(remote, port);
	struct sock *s = sock_new(tp, proto, AF_INET);

	s->local.addr = end_of("10.0.0.1", 0).addr;
	assert_int_equal(port_connect(s, &to), 0);
	return s;
}

/* A connection beats an address of its own, that beats an interface, that beats the wildcard. */
static void best_match(void **state)
{
	struct flow f = flow_from("10.0.0.2", 7, "10.0.0.1", 53, 2);
	struct flow near = flow_from("10.0.0.2", 8, "10.0.0.1", 53, 2);
	struct flow other = flow_from("10.0.0.2", 7, "127.0.0.1", 53, 1);
	struct endpoint to = end_of("10.0.0.2", 7);
	struct sock *wild, *device, *address, *connected;

	(void)state;
	assert_null(demux_find(tp, SPACE_UDP, &f));
	wild = bare_bound(tp, &bare_udp, "0.0.0.0", 53, true);
	assert_ptr_equal(demux_find(tp, SPACE_UDP, &f), wild);
	assert_null(demux_find(tp, SPACE_TCP, &f));
	device = bare_bound(tp, &bare_udp, "0.0.0.0", 53, true);
	sock_edit_options(device)->ifindex = 2;
	assert_ptr_equal(demux_find(tp, SPACE_UDP, &f), device);
	assert_ptr_equal(demux_find(tp, SPACE_UDP, &other), wild);
	address = bare_bound(tp, &bare_udp, "10.0.0.1", 53, true);
	assert_ptr_equal(demux_find(tp, SPACE_UDP, &f), address);
	assert_ptr_equal(demux_find(tp, SPACE_UDP, &other), wild);
	connected = bare_bound(tp, &bare_udp, "10.0.0.1", 53, true);
	assert_int_equal(port_connect(connected, &to), 0);
	assert_ptr_equal(demux_find(tp, SPACE_UDP, &f), connected);
	assert_ptr_equal(demux_connected(tp, SPACE_UDP, &f), connected);
	assert_ptr_equal(demux_find(tp, SPACE_UDP, &near), address);
	port_disconnect(connected);
	assert_null(demux_connected(tp, SPACE_UDP, &f));
	sock_free(connected);
	sock_free(address);
	assert_ptr_equal(demux_find(tp, SPACE_UDP, &f), device);
}

/* What was found for the packet before is no answer once a better one is there, for another
 * interface, or when it has gone. */
static void trains(void **state)
{
	struct flow f = flow_from("10.0.0.2", 7, "10.0.0.1", 53, 2);
	struct flow other = flow_from("10.0.0.2", 7, "10.0.0.1", 53, 3);
	struct endpoint to = end_of("10.0.0.2", 7);
	struct sock *older, *newer;

	(void)state;
	older = bare_bound(tp, &bare_udp, "10.0.0.1", 53, true);
	assert_int_equal(port_connect(older, &to), 0);
	assert_ptr_equal(demux_connected(tp, SPACE_UDP, &f), older);
	newer = bare_bound(tp, &bare_udp, "10.0.0.1", 53, true);
	sock_edit_options(newer)->ifindex = 2;
	assert_int_equal(port_connect(newer, &to), 0);
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(demux_connected(tp, SPACE_UDP, &f), newer);
		assert_ptr_equal(demux_connected(tp, SPACE_UDP, &other), older);
	}
	assert_ptr_equal(demux_connected(tp, SPACE_UDP, &f), newer);
	sock_free(newer);
	assert_ptr_equal(demux_connected(tp, SPACE_UDP, &f), older);
	sock_free(older);
	assert_null(demux_connected(tp, SPACE_UDP, &f));
}

static void listeners_only(void **state)
{
	struct flow f = flow_from("10.0.0.2", 7, "10.0.0.1", 80, 2);
	struct sock *s;

	(void)state;
	s = bare_bound(tp, &bare_tcp, "0.0.0.0", 80, false);
	assert_null(demux_find(tp, SPACE_TCP, &f));
	assert_int_equal(port_listen(s), 0);
	assert_ptr_equal(demux_find(tp, SPACE_TCP, &f), s);
	port_unlisten(s);
	assert_null(demux_find(tp, SPACE_TCP, &f));
}

/* A flow stays with its member of the group; the group shares the flows about evenly. */
static void reuseport_group(void **state)
{
	struct sock *members[8];
	int counts[8] = {0};

	(void)state;
	for (int i = 0; i < 8; i++) {
		members[i] = bare_bound(tp, &bare_tcp, "0.0.0.0", 80, true);
		assert_int_equal(port_listen(members[i]), 0);
	}
	for (uint16_t port = 1; port <= 4000; port++) {
		struct flow f = flow_from("10.0.0.2", port, "10.0.0.1", 80, 2);
		struct sock *s = demux_find(tp, SPACE_TCP, &f);

		assert_ptr_equal(demux_find(tp, SPACE_TCP, &f), s);
		for (int i = 0; i < 8; i++)
			counts[i] += s == members[i];
	}
	for (int i = 0; i < 8; i++)
		assert_in_range(counts[i], 400, 600);
}

struct heard {
	struct sock *socks[10];
	int count;
};

static void hear(void *ctx, struct sock *s)
{
	struct heard *h = ctx;

	assert_in_range(h->count, 0, 9);
	h->socks[h->count++] = s;
}

static void to_all(void **state)
{
	struct flow f = flow_from("10.0.0.2", 7, "10.0.0.255", 53, 2);
	struct heard heard = {.count = 0};
	struct endpoint to = end_of("10.0.0.2", 7);
	struct sock *wild, *device, *specific, *connected;

	(void)state;
	wild = bare_bound(tp, &bare_udp, "0.0.0.0", 53, true);
	device = bare_bound(tp, &bare_udp, "0.0.0.0", 53, true);
	sock_edit_options(device)->ifindex = 1;
	specific = bare_bound(tp, &bare_udp, "10.0.0.1", 53, true);
	connected = bare_bound(tp, &bare_udp, "0.0.0.0", 53, true);
	assert_int_equal(port_connect(connected, &to), 0);
	demux_each(tp, SPACE_UDP, &f, hear, &heard);
	assert_int_equal(heard.count, 2);
	assert_ptr_equal(heard.socks[0], wild);
	assert_ptr_equal(heard.socks[1], connected);
	f.ifindex = 1;
	f.remote_port = 8;
	heard.count = 0;
	demux_each(tp, SPACE_UDP, &f, hear, &heard);
	assert_int_equal(heard.count, 2);
	assert_ptr_equal(heard.socks[1], device);
	f.local_port = 54;
	heard.count = 0;
	demux_each(tp, SPACE_UDP, &f, hear, &heard);
	assert_int_equal(heard.count, 0);
	(void)specific;
}

/* Many connections: each is found, and none after it has gone. */
static void many(void **state)
{
	enum { COUNT = 3000 };
	static struct sock *socks[COUNT];

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		socks[i] = connect_bare(&bare_tcp, i % 2 ? "10.0.0.2" : "10.0.0.3",
					(uint16_t)(i / 7 + 1));
		if (i % 3 == 0 && i > 10) {
			sock_free(socks[i - 10]);
			socks[i - 10] = NULL;
		}
	}
	for (int i = 0; i < COUNT; i++) {
		if (!socks[i])
			continue;
		struct flow f = {.local = socks[i]->local.addr,
				 .remote = socks[i]->remote.addr,
				 .local_port = socks[i]->local.port,
				 .remote_port = socks[i]->remote.port};

		assert_ptr_equal(demux_find(tp, SPACE_TCP, &f), socks[i]);
		sock_free(socks[i]);
		assert_null(demux_find(tp, SPACE_TCP, &f));
	}
}

/* In order of creation, whatever is freed on the way. */
static void walk(void **state)
{
	struct sock *socks[6];
	struct sock *s;

	(void)state;
	for (int i = 0; i < 6; i++)
		socks[i] = sock_new(tp, &bare_udp, AF_INET);
	s = transport_next(tp, 0);
	assert_ptr_equal(s, socks[0]);
	uint64_t id = s->id;

	sock_free(socks[0]);
	sock_free(socks[1]);
	s = transport_next(tp, id);
	assert_ptr_equal(s, socks[2]);
	s = transport_next(tp, s->id);
	assert_ptr_equal(s, socks[3]);
	assert_ptr_equal(transport_next(tp, socks[5]->id - 1), socks[5]);
	assert_null(transport_next(tp, socks[5]->id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(best_match, setup, teardown),
		cmocka_unit_test_setup_teardown(trains, setup, teardown),
		cmocka_unit_test_setup_teardown(listeners_only, setup, teardown),
		cmocka_unit_test_setup_teardown(reuseport_group, setup, teardown),
		cmocka_unit_test_setup_teardown(to_all, setup, teardown),
		cmocka_unit_test_setup_teardown(many, setup, teardown),
		cmocka_unit_test_setup_teardown(walk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
