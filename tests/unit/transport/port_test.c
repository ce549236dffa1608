/* SPDX-License-Identifier: MIT */
/*
 * Ports that are chosen, shared, kept and given back. Who may bind beside whom is compared with the
 * kernel in sock/dual_test.c.
 * The range of ports that may be chosen is narrowed to eight, so that it runs out.
 */
#include "bare.h"

static struct pair pr;
static struct transport *tp;

static int setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	tp = pr.host[0]->tp;
	/* Room for eight. */
	assert_int_equal(
		berth_stack_sysctl_set(pr.host[0], "net.ipv4.ip_local_port_range.hi", 40007), 0);
	assert_int_equal(
		berth_stack_sysctl_set(pr.host[0], "net.ipv4.ip_local_port_range.lo", 40000), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bare_free_all(tp);
	assert_int_equal(tp->space[SPACE_TCP].ports.count, 0);
	assert_int_equal(tp->space[SPACE_UDP].ports.count, 0);
	pair_fini(&pr);
	return 0;
}

static int connect_to(const struct proto *proto, const char *remote, uint16_t port,
		      struct sock **out)
{
	struct endpoint to = end_of(remote, port);
	struct sock *s = sock_new(tp, proto, AF_INET);
	int result;

	assert_non_null(s);
	s->local.addr = end_of("10.0.0.1", 0).addr;
	result = port_connect(s, &to);
	if (out)
		*out = s;
	return result;
}

/* Every port serves once for each peer, even ones first. */
static void connects_share(void **state)
{
	static const char *const peers[] = {"10.0.0.2", "10.0.0.3"};
	struct sock *s;

	(void)state;
	for (int peer = 0; peer < 2; peer++) {
		unsigned seen = 0;

		for (int i = 0; i < 8; i++) {
			assert_int_equal(connect_to(&bare_tcp, peers[peer], 80, &s), 0);
			assert_in_range(s->local.port, 40000, 40007);
			if (peer == 0)
				assert_int_equal(s->local.port % 2, i >= 4);
			seen |= 1u << (s->local.port - 40000);
		}
		assert_int_equal(seen, 0xff);
		assert_int_equal(connect_to(&bare_tcp, peers[peer], 80, &s), -EADDRNOTAVAIL);
		sock_free(s);
	}
	/* Another port of the same peer is another peer. */
	assert_int_equal(connect_to(&bare_tcp, "10.0.0.2", 81, NULL), 0);
}

/* A port that bind() has is nobody's to choose; bind() takes odd ones first. */
static void binds_do_not_share(void **state)
{
	struct sock *s;

	(void)state;
	for (int i = 0; i < 8; i++) {
		s = bare_bound(tp, &bare_tcp, "10.0.0.1", 0, false);
		assert_int_equal(s->local.port % 2, i < 4);
		assert_false(s->bound_port);
		assert_true(s->bound_addr);
	}
	struct endpoint any = end_of("10.0.0.1", 0);

	s = sock_new(tp, &bare_tcp, AF_INET);
	sock_edit_options(s)->reuseaddr = true;
	assert_int_equal(transport_bind(s, &any), -EADDRINUSE);
	assert_true(ipaddr_is_any(&s->local.addr));
	assert_int_equal(port_autobind(s), -EADDRINUSE);
	assert_int_equal(connect_to(&bare_tcp, "10.0.0.2", 80, NULL), -EADDRNOTAVAIL);
	/* UDP has ports of its own, and another word for having none left. */
	for (int i = 0; i < 8; i++)
		bare_bound(tp, &bare_udp, "10.0.0.1", 0, false);
	s = sock_new(tp, &bare_udp, AF_INET);
	assert_int_equal(port_autobind(s), -EAGAIN);
}

/* RFC 6056 §3.3.4: the next connection to a peer has another port, which is not its neighbour. */
static void hard_to_guess(void **state)
{
	int neighbours = 0;
	uint16_t last = 0;
	struct sock *s;

	(void)state;
	assert_int_equal(
		berth_stack_sysctl_set(pr.host[0], "net.ipv4.ip_local_port_range.hi", 60999), 0);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(connect_to(&bare_tcp, "10.0.0.2", 80, &s), 0);
		assert_int_not_equal(s->local.port, last);
		neighbours += s->local.port == last + 2;
		last = s->local.port;
		sock_free(s);
	}
	assert_in_range(neighbours, 0, 60);
}

static void no_port_before_connect(void **state)
{
	struct endpoint local = end_of("10.0.0.1", 0);
	struct endpoint to = end_of("10.0.0.2", 80);

	(void)state;
	/* With IP_BIND_ADDRESS_NO_PORT, more connections than ports, from one address. */
	for (int i = 0; i < 16; i++) {
		struct sock *s = sock_new(tp, &bare_tcp, AF_INET);

		sock_edit_options(s)->bind_address_no_port = true;
		assert_int_equal(transport_bind(s, &local), 0);
		assert_int_equal(s->local.port, 0);
		to.port = (uint16_t)(80 + i / 8);
		assert_int_equal(port_connect(s, &to), 0);
	}
}

static void bound_connects(void **state)
{
	struct endpoint to = end_of("10.0.0.2", 80);
	struct sock *a = bare_bound(tp, &bare_tcp, "10.0.0.1", 1000, true);
	struct sock *b = bare_bound(tp, &bare_tcp, "10.0.0.1", 1000, true);

	(void)state;
	assert_int_equal(port_connect(a, &to), 0);
	assert_int_equal(port_connect(b, &to), -EADDRNOTAVAIL);
	to.port = 81;
	assert_int_equal(port_connect(b, &to), 0);
	/* The program chose the port: it outlives the connection. */
	port_keep(a);
	assert_non_null(a->port);
	assert_int_equal(a->local.port, 1000);
	assert_int_equal(a->remote.port, 80);
	assert_false(sock_connected(a));
	port_release(a);
	assert_null(a->port);
	assert_int_equal(a->local.port, 0);
	/* One that was chosen for it does not. */
	struct sock *c;

	assert_int_equal(connect_to(&bare_tcp, "10.0.0.2", 80, &c), 0);
	port_keep(c);
	assert_null(c->port);
	assert_int_not_equal(c->local.port, 0);
}

/* Accepted socks share their listener's port, which may be bound again only by those who all agree.
 */
static void children(void **state)
{
	struct sock *listener = bare_bound(tp, &bare_tcp, "0.0.0.0", 80, false);
	struct endpoint local = end_of("0.0.0.0", 80);
	struct sock *child[2];
	struct sock *s;

	(void)state;
	sock_edit_options(listener)->reuseaddr = true;
	assert_int_equal(port_listen(listener), 0);
	for (int i = 0; i < 2; i++) {
		child[i] = sock_new(tp, &bare_tcp, AF_INET);
		sock_inherit_options(child[i], listener);
		child[i]->local = end_of("10.0.0.1", 80);
		child[i]->remote = end_of("10.0.0.2", 999);
		assert_int_equal(port_inherit(child[i], listener), i == 0 ? 0 : -EADDRINUSE);
	}
	s = sock_new(tp, &bare_tcp, AF_INET);
	sock_edit_options(s)->reuseaddr = true;
	assert_int_equal(transport_bind(s, &local), -EADDRINUSE); /* it listens */
	sock_free(listener);
	assert_int_equal(transport_bind(s, &local), 0); /* only the connection is left */
	port_release(s);
	sock_edit_options(s)->reuseaddr = false;
	assert_int_equal(transport_bind(s, &local), -EADDRINUSE);
	sock_edit_options(s)->reuseaddr = true;
	sock_edit_options(child[0])->reuseaddr = false;
	port_sharing_changed(child[0]);
	assert_int_equal(transport_bind(s, &local), -EADDRINUSE);
}

/* An end in TIME-WAIT keeps its numbers, from connect() too. */
static void waits(void **state)
{
	struct endpoint local = end_of("10.0.0.1", 0);
	struct wait wait[8];
	struct sock *s;

	(void)state;
	for (int i = 0; i < 8; i++) {
		assert_int_equal(connect_to(&bare_tcp, "10.0.0.2", 80, &s), 0);
		memset(&wait[i], 0, sizeof(wait[i]));
		port_wait(&wait[i], s);
		assert_false(sock_connected(s));
		assert_null(s->port);
	}
	/* TCP would be asked to give one up, and knows none of these. */
	tp->wait_yield = NULL;
	assert_int_equal(connect_to(&bare_tcp, "10.0.0.2", 80, NULL), -EADDRNOTAVAIL);
	assert_int_equal(connect_to(&bare_tcp, "10.0.0.3", 80, NULL), 0);
	s = sock_new(tp, &bare_tcp, AF_INET);
	local.port = wait[0].local.port;
	assert_int_equal(transport_bind(s, &local), -EADDRINUSE);
	for (int i = 0; i < 8; i++)
		port_wait_end(tp, &wait[i]);
	assert_int_equal(connect_to(&bare_tcp, "10.0.0.2", 80, NULL), 0);
}

static void hidden(void **state)
{
	struct endpoint local = end_of("0.0.0.0", 53);
	struct sock *a = bare_bound(tp, &bare_udp, "0.0.0.0", 53, false);
	struct sock *b = sock_new(tp, &bare_udp, AF_INET);

	(void)state;
	assert_int_equal(transport_bind(b, &local), -EADDRINUSE);
	a->hidden = true;
	assert_int_equal(transport_bind(b, &local), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(connects_share, setup, teardown),
		cmocka_unit_test_setup_teardown(binds_do_not_share, setup, teardown),
		cmocka_unit_test_setup_teardown(hard_to_guess, setup, teardown),
		cmocka_unit_test_setup_teardown(no_port_before_connect, setup, teardown),
		cmocka_unit_test_setup_teardown(bound_connects, setup, teardown),
		cmocka_unit_test_setup_teardown(children, setup, teardown),
		cmocka_unit_test_setup_teardown(waits, setup, teardown),
		cmocka_unit_test_setup_teardown(hidden, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
