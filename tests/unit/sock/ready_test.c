/* SPDX-License-Identifier: MIT */
/*
 * poll, select and events: what is ready, what is told once, and when the driver is woken. Poll
 * masks in all states of a socket are compared with the kernel's in dual_test.c.
 * One host, whose sockets send to each other; nothing takes time.
 */
#include "../stack/pair.h"

static int setup(void **state)
{
	static struct pair pr;

	pair_init(&pr, 0);
	*state = &pr;
	return 0;
}

static int teardown(void **state)
{
	pair_fini(*state);
	return 0;
}

static int udp_at(struct berth_stack *st, uint16_t port)
{
	struct sockaddr_in in = in_addr_of("127.0.0.1", port);
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(berth_bind(st, fd, SA(in), sizeof(in)), 0);
	return fd;
}

static void send_to(struct berth_stack *st, int fd, uint16_t port)
{
	struct sockaddr_in in = in_addr_of("127.0.0.1", port);

	assert_int_equal(berth_sendto(st, fd, "x", 1, 0, SA(in), sizeof(in)), 1);
}

static void polls(void **state)
{
	struct berth_stack *st = ((struct pair *)*state)->host[0];
	int a = udp_at(st, 1000);
	int b = udp_at(st, 1001);
	struct pollfd fds[] = {{a, POLLIN, 7}, {-1, POLLIN, 7}, {b, POLLOUT, 7}, {99, POLLIN, 7}};

	assert_int_equal(berth_poll(st, fds, 4), 2);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(fds[1].revents, 0);
	assert_int_equal(fds[2].revents, POLLOUT);
	assert_int_equal(fds[3].revents, POLLNVAL);
	send_to(st, b, 1000);
	assert_int_equal(berth_poll(st, fds, 2), 1);
	assert_int_equal(fds[0].revents, POLLIN);
	assert_int_equal(berth_poll(st, NULL, 0), 0);
}

static void selects(void **state)
{
	struct berth_stack *st = ((struct pair *)*state)->host[0];
	int a = udp_at(st, 1000);
	int b = udp_at(st, 1001);
	fd_set r, w, x;

	send_to(st, a, 1001);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&x);
	FD_SET(a, &r);
	FD_SET(b, &r);
	FD_SET(a, &w);
	FD_SET(b, &x);
	assert_int_equal(berth_select(st, 10, &r, &w, &x), 2);
	assert_false(FD_ISSET(a, &r));
	assert_true(FD_ISSET(b, &r));
	assert_true(FD_ISSET(a, &w));
	assert_false(FD_ISSET(b, &x));
	assert_int_equal(berth_select(st, 10, NULL, NULL, NULL), 0);
	assert_int_equal(berth_select(st, -1, NULL, NULL, NULL), -EINVAL);
	FD_SET(9, &r);
	assert_int_equal(berth_select(st, 10, &r, NULL, NULL), -EBADF);
	assert_true(FD_ISSET(9, &r)); /* nothing is changed by a failure */
}

/* Oldest first, each once, with what is true when it is asked. */
static void events(void **state)
{
	struct berth_stack *st = ((struct pair *)*state)->host[0];
	int a = udp_at(st, 1000);
	int b = udp_at(st, 1001);
	int c = udp_at(st, 1002);
	struct berth_event ev;
	int users[3];
	char buf[4];

	assert_int_equal(berth_sock_set_user(st, a, &users[0]), 0);
	assert_int_equal(berth_sock_set_user(st, b, &users[1]), 0);
	assert_int_equal(berth_sock_set_user(st, 77, &users[2]), -EBADF);
	while (berth_next_event(st, &ev))
		;
	send_to(st, c, 1001);
	send_to(st, c, 1000);
	send_to(st, c, 1001);
	send_to(st, a, 1002); /* nobody watches it */
	assert_true(berth_next_event(st, &ev));
	assert_int_equal(ev.fd, b);
	assert_ptr_equal(ev.user, &users[1]);
	/* What was read meanwhile is no news. */
	assert_int_equal(berth_recv(st, a, buf, 4, 0), 1);
	assert_true(berth_next_event(st, &ev));
	assert_int_equal(ev.fd, a);
	assert_int_equal(ev.events, POLLOUT);
	assert_false(berth_next_event(st, &ev));
	/* A closed socket takes its event with it. */
	send_to(st, c, 1000);
	assert_int_equal(berth_close(st, a), 0);
	assert_false(berth_next_event(st, &ev));
}

/* The driver is woken by the first news after it heard "none" twice, and not again. */
static void wakes(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	int a = udp_at(st, 1000);
	int b = udp_at(st, 1001);
	struct berth_event ev;
	unsigned ifindex;
	unsigned before;

	assert_int_equal(berth_sock_set_user(st, a, &ev), 0);
	pair_run(pr, BERTH_SEC);
	while (berth_next_event(st, &ev))
		;
	assert_null(berth_output(st, &ifindex));
	before = pr->wakes;
	send_to(st, b, 1000);
	assert_int_equal(pr->wakes, before + 1);
	send_to(st, b, 1000);
	assert_int_equal(pr->wakes, before + 1);
	assert_true(berth_next_event(st, &ev));
	assert_false(berth_next_event(st, &ev));
	assert_null(berth_output(st, &ifindex));
	send_to(st, b, 1000);
	assert_int_equal(pr->wakes, before + 2);
}

/* A deadline that comes nearer is news as well. */
static void deadline_wakes(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_in to = in_addr_of("10.0.0.2", 80);
	int fd = berth_socket(st, AF_INET, SOCK_STREAM, 0);
	struct berth_event ev;
	unsigned before;

	pair_run(pr, BERTH_SEC);
	assert_false(berth_next_event(st, &ev));
	before = pr->wakes;
	assert_int_equal(berth_connect(st, fd, SA(to), sizeof(to)), -EINPROGRESS);
	assert_true(pr->wakes > before);
	assert_true(berth_stack_deadline(st) <= pr->now + 3 * BERTH_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(polls, setup, teardown),
		cmocka_unit_test_setup_teardown(selects, setup, teardown),
		cmocka_unit_test_setup_teardown(events, setup, teardown),
		cmocka_unit_test_setup_teardown(wakes, setup, teardown),
		cmocka_unit_test_setup_teardown(deadline_wakes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
