/* SPDX-License-Identifier: MIT */
/*
 * Random calls with random arguments on two hosts whose cable loses, doubles and flips: nothing
 * crashes (the sanitizers watch), connections die out when their programs are gone, and all memory
 * comes back. RANDOM_TEST_SEED=n plays another game; the seed is printed on failure.
 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "pair.h"

#define CALLS 60000
#define FDS 24

struct game {
	struct pair pr;
	uint64_t state;
};

static uint32_t below(struct game *g, uint32_t bound)
{
	g->state = g->state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((g->state >> 33) % bound);
}

static uint16_t some_port(struct game *g)
{
	static const uint16_t ports[] = {0, 53, 80, 80, 80, 443, 5000};

	return ports[below(g, 7)];
}

static struct sockaddr_in some_address(struct game *g)
{
	static const char *const addresses[] = {"127.0.0.1", "10.0.0.1",   "10.0.0.2",	"0.0.0.0",
						"10.0.0.77", "10.0.0.255", "239.1.1.1", "192.0.2.1",
						"10.0.0.1",  "10.0.0.2"};
	struct sockaddr_in in = in_addr_of(addresses[below(g, 10)], some_port(g));

	if (below(g, 40) == 0)
		in.sin_family = (sa_family_t)below(g, 12);
	return in;
}

static socklen_t some_len(struct game *g)
{
	return below(g, 30) == 0 ? below(g, 200) : sizeof(struct sockaddr_in);
}

/* A frame crosses, or does not, or twice, or with a bit flipped. */
static void cross(struct game *g, int from, struct berth_packet *p)
{
	uint32_t fate = below(g, 100);
	struct berth_packet *copy;

	if (fate < 3) {
		berth_packet_free(p);
		return;
	}
	if (fate < 6) {
		copy = berth_packet_clone(p);
		if (copy)
			berth_input_packet(g->pr.host[1 - from], g->pr.ifindex[1 - from], copy);
	} else if (fate < 8) {
		berth_packet_complete(p);
		(void)berth_packet_flip_bit(p, below(g, (uint32_t)berth_packet_bytes(p) * 8));
	}
	berth_input_packet(g->pr.host[1 - from], g->pr.ifindex[1 - from], p);
}

static void run(struct game *g, berth_time ns)
{
	struct berth_event ev;

	g->pr.now += ns;
	for (int rounds = 0; rounds < 4; rounds++) {
		for (int i = 0; i < 2; i++) {
			struct berth_packet *p;
			unsigned ifindex;

			berth_advance(g->pr.host[i], g->pr.now);
			while ((p = berth_output(g->pr.host[i], &ifindex)))
				cross(g, i, p);
			while (berth_next_event(g->pr.host[i], &ev))
				assert_true(ev.events != 0);
		}
	}
}

static void do_option(struct game *g, struct berth_stack *st, int fd)
{
	static const int levels[] = {SOL_SOCKET, SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP};
	uint8_t value[64];
	socklen_t len = below(g, 4) ? 4 : below(g, sizeof(value));
	int level = levels[below(g, 5)];
	int name = (int)below(g, 80);

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = below(g, 3) ? 0 : (uint8_t)below(g, 256);
	if (below(g, 2))
		value[0] = 1;
	/* These hold a pointer, which is read. */
	if (level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_ATTACH_REUSEPORT_CBPF))
		memset(value, 0, sizeof(value));
	/* Whatever it answers. Buffers of a few bytes only slow the game down. */
	if (below(g, 2) && !(level == SOL_SOCKET && (name == SO_RCVBUF || name == SO_SNDBUF)))
		(void)berth_setsockopt(st, fd, level, name, value, len);
	else
		(void)berth_getsockopt(st, fd, level, name, value, &len);
	assert_true(len <= sizeof(value) || len > 0);
}

static void do_io(struct game *g, struct berth_stack *st, int fd)
{
	static char buf[20000];
	struct sockaddr_in name = some_address(g);
	char control[128];
	struct iovec iov[3] = {
		{buf, below(g, 3000)}, {buf + 3000, 0}, {buf + 4000, below(g, 9000)}};
	struct msghdr msg = {.msg_name = &name,
			     .msg_namelen = sizeof(name),
			     .msg_iov = iov,
			     .msg_iovlen = below(g, 4),
			     .msg_control = control,
			     .msg_controllen = below(g, sizeof(control))};
	int flags = below(g, 3) ? 0 : (int)below(g, 0x10000);
	struct iovec views[4];
	int n;

	memset(control, 0, sizeof(control));
	/* Any result will do. */
	switch (below(g, 8)) {
	case 0:
		(void)berth_sendto(st, fd, buf, below(g, 1500), flags, SA(name), some_len(g));
		break;
	case 1:
		(void)berth_sendmsg(st, fd, &msg, flags);
		break;
	case 2:
		(void)berth_recvmsg(st, fd, &msg, flags);
		break;
	case 3:
	case 4:
		(void)berth_send(st, fd, buf, below(g, sizeof(buf)), 0);
		break;
	case 5:
		(void)berth_recv(st, fd, buf, below(g, sizeof(buf)), 0);
		break;
	case 6:
		n = berth_send_reserve(st, fd, 1 + below(g, 9000), views, 4);
		if (n > 0)
			(void)berth_send_commit(st, fd, views[0].iov_len, 0);
		break;
	default:
		n = berth_recv_peek(st, fd, views, 4);
		if (n > 0)
			(void)berth_recv_consume(st, fd, below(g, (uint32_t)views[0].iov_len + 1));
		break;
	}
}

static void do_ask(struct game *g, struct berth_stack *st, int fd)
{
	static const unsigned long requests[] = {FIONREAD, TIOCOUTQ, 0x8905, 0x8906, 0x8912, 1234};
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLPRI, 0};
	struct sockaddr_storage name;
	struct berth_sock_info info;
	uint64_t cursor = 0;
	socklen_t len = below(g, sizeof(name));
	long room[64] = {0};
	int walked = 0;

	switch (below(g, 5)) {
	case 0:
		(void)berth_poll(st, &p, 1); /* any answer */
		break;
	case 1:
		(void)berth_getsockname(st, fd, SA(name), &len); /* any answer */
		break;
	case 2:
		(void)berth_getpeername(st, fd, SA(name), &len); /* any answer */
		break;
	case 3:
		(void)berth_ioctl(st, fd, requests[below(g, 6)], room); /* any answer */
		break;
	default:
		while (berth_sock_next(st, &cursor, &info))
			walked++;
		assert_in_range(walked, 0, 100000);
		break;
	}
}

static void do_call(struct game *g)
{
	struct berth_stack *st = g->pr.host[below(g, 2)];
	int fd = (int)below(g, FDS);
	struct sockaddr_in in = some_address(g);
	uint32_t what = below(g, 100);

	/* Any result will do. */
	if (what < 8)
		(void)berth_socket(st, AF_INET, below(g, 3) ? SOCK_STREAM : SOCK_DGRAM, 0);
	else if (what < 12)
		(void)berth_bind(st, fd, SA(in), some_len(g));
	else if (what < 16)
		(void)berth_listen(st, fd, (int)below(g, 10) - 1);
	else if (what < 26)
		(void)berth_connect(st, fd, SA(in), some_len(g));
	else if (what < 34)
		(void)berth_accept(st, fd, NULL, NULL);
	else if (what < 37)
		(void)berth_shutdown(st, fd, (int)below(g, 4));
	else if (what < 41)
		(void)berth_close(st, fd);
	else if (what < 42)
		(void)berth_abort(st, fd);
	else if (what < 44)
		(void)berth_sock_set_user(st, fd, below(g, 4) ? g : NULL);
	else if (what < 50)
		do_option(g, st, fd);
	else if (what < 56)
		do_ask(g, st, fd);
	else
		do_io(g, st, fd);
}

/* `short_of_memory`: now and then a request for memory fails. */
static void play(bool short_of_memory)
{
	static struct game g;
	const char *text = getenv("RANDOM_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 10) : 1;

	print_message("seed %llu\n", (unsigned long long)seed);
	memset(&g, 0, sizeof(g));
	pair_init(&g.pr, seed & 1 ? BERTH_NETIF_CSUM | BERTH_NETIF_GSO : 0);
	g.state = seed * 977;
	for (int i = 0; i < CALLS; i++) {
		if (short_of_memory && below(&g, 100) == 0)
			g.pr.memory.fail_at = g.pr.memory.requests + 1 + below(&g, 20);
		do_call(&g);
		if (below(&g, 4) == 0)
			run(&g, below(&g, 50) ? below(&g, 5000000) : below(&g, 3) * BERTH_SEC);
	}
	for (int fd = 0; fd < 5000; fd++) {
		(void)berth_close(g.pr.host[0], fd); /* if it is open */
		(void)berth_close(g.pr.host[1], fd); /* likewise */
	}
	if (seed % 3 == 0) {
		/* Everything dies down by itself: nothing is left but the hosts. */
		uint64_t cursor = 0;
		struct berth_sock_info info;

		for (int i = 0; i < 3000; i++)
			run(&g, BERTH_SEC);
		assert_false(berth_sock_next(g.pr.host[0], &cursor, &info));
	}
	pair_fini(&g.pr);
}

static void any_calls(void **state)
{
	(void)state;
	play(false);
}

static void short_of_memory(void **state)
{
	(void)state;
	play(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_calls),
		cmocka_unit_test(short_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
