/* SPDX-License-Identifier: MIT */
/*
 * The name service on the hosts of a world, asked as a program's resolver asks: datagrams and
 * connections to port 53. What the answers say is dns_serve_test's; here it is who is asked, who
 * is known, and that impairments and the driver's events do not come in between.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <berth/berth.h>

#include "dns/dns_msg.h"

struct reply {
	struct dns_header header;
	uint8_t first[16];	   /* the data of the first answer, cut to this */
	char name[DNS_TEXT_BYTES]; /* the same as a name, if it is PTR */
};

static struct sockaddr_in ip4(const char *text, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET, text, &sin.sin_addr), 1);
	return sin;
}

/* web and client on lan; client and far on wan, where far is an alias's host too. */
static int setup(void **state)
{
	const struct berth_world_config config = {.seed = 5};
	struct berth_network_config nets[2] = {{.name = "lan", .prefix_len = 24},
					       {.name = "wan", .prefix_len = 24}};
	struct sockaddr_in lan = ip4("10.9.0.0", 0);
	struct sockaddr_in wan = ip4("10.1.0.0", 0);
	struct sockaddr_in server = ip4("127.0.0.53", 0);
	struct berth_world *w = berth_world_new(&config);
	const struct berth_host_config hosts[3] = {
		{.name = "web"}, {.name = "client"}, {.name = "far"}};
	const struct berth_cable_config cables[5] = {{.host = 0, .network = 0},
						     {.host = 1, .network = 0},
						     {.host = 1, .network = 1},
						     {.host = 2, .network = 1},
						     {.host = 0, .network = 1}};

	memcpy(&nets[0].subnet, &lan, sizeof(lan));
	memcpy(&nets[1].subnet, &wan, sizeof(wan));
	assert_non_null(w);
	*state = w;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(berth_world_add_network(w, &nets[i]), i);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(berth_world_add_host(w, &hosts[i]), i);
	/* Before some hosts and after others. */
	assert_int_equal(berth_world_add_nameserver(w, (struct sockaddr *)&server), 0);
	assert_int_equal(berth_world_add_host(w, &hosts[2]), 2);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(berth_world_add_cable(w, &cables[i]), i);
	assert_int_equal(berth_world_add_alias(w, "db.example.com", 2), 0);
	assert_int_equal(berth_world_route(w), 0);
	return 0;
}

static int teardown(void **state)
{
	berth_world_free(*state);
	return 0;
}

static size_t make_query(uint8_t *out, const char *name, uint16_t type)
{
	const struct dns_header header = {.id = 9, .recursion_desired = true};
	struct dns_question q = {.type = type, .class = DNS_IN};
	struct dns_writer w;

	assert_true(dns_name_parse(name, &q.name));
	dns_write_start(&w, out, 512);
	dns_write_question(&w, &q);
	return dns_write_end(&w, &header);
}

static void read_reply(const uint8_t *buf, size_t bytes, struct reply *out)
{
	struct dns_question q;
	struct dns_record r;
	struct dns_parser p;
	struct dns_name n;

	memset(out, 0, sizeof(*out));
	assert_true(dns_parse(&p, buf, bytes, &out->header));
	assert_int_equal(out->header.id, 9);
	assert_true(dns_parse_question(&p, &q));
	if (out->header.answers == 0)
		return;
	assert_true(dns_parse_record(&p, &r));
	memcpy(out->first, r.data, r.data_bytes < 16 ? r.data_bytes : 16);
	if (r.type == DNS_PTR) {
		assert_true(dns_read_name_at(&p, r.data, &n, NULL));
		dns_name_print(&n, out->name);
	}
}

static void ask_at(struct berth_world *w, int host, const char *server, const char *name,
		   uint16_t type, struct reply *out)
{
	struct sockaddr_in to = ip4(server, 53);
	struct berth_stack *st = berth_world_stack(w, host);
	uint8_t buf[4096];
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(berth_connect(st, fd, (struct sockaddr *)&to, sizeof(to)), 0);
	size_t bytes = make_query(buf, name, type);

	assert_int_equal(berth_send(st, fd, buf, bytes, 0), bytes);
	ssize_t got = berth_world_recv(w, host, fd, buf, sizeof(buf), 0, 0);

	assert_true(got > 0);
	read_reply(buf, (size_t)got, out);
	assert_int_equal(berth_close(st, fd), 0);
}

static void ask(struct berth_world *w, int host, const char *name, uint16_t type, struct reply *out)
{
	ask_at(w, host, "127.0.0.53", name, type, out);
}

static void test_names_and_addresses(void **state)
{
	struct berth_world *w = *state;
	struct reply r;

	ask(w, 1, "web", DNS_A, &r);
	assert_int_equal(r.header.answers, 2);
	assert_memory_equal(r.first, "\x0a\x09\x00\x01", 4);
	ask(w, 1, "DB.Example.COM", DNS_A, &r);
	assert_memory_equal(r.first, "\x0a\x01\x00\x02", 4);
	ask(w, 0, "nobody", DNS_A, &r);
	assert_int_equal(r.header.rcode, DNS_NXDOMAIN);
	ask(w, 0, "web", DNS_AAAA, &r);
	assert_int_equal(r.header.rcode, DNS_NOERROR);
	assert_int_equal(r.header.answers, 0);
	ask(w, 2, "2.0.9.10.in-addr.arpa", DNS_PTR, &r);
	assert_string_equal(r.name, "client");
	ask(w, 2, "1.0.0.127.in-addr.arpa", DNS_PTR, &r);
	assert_string_equal(r.name, "localhost");
	ask(w, 2, "localhost", DNS_A, &r);
	assert_memory_equal(r.first, "\x7f\x00\x00\x01", 4);
}

/* web is on both networks: far, which is on the second, is told that address first. */
static void test_nearest_address_first(void **state)
{
	struct reply r;

	ask(*state, 2, "web", DNS_A, &r);
	assert_int_equal(r.header.answers, 2);
	assert_memory_equal(r.first, "\x0a\x01\x00\x03", 4);
}

static void test_servers_outside_127(void **state)
{
	struct berth_world *w = *state;
	struct sockaddr_in server = ip4("192.0.2.53", 0);
	struct sockaddr_in taken = ip4("10.9.0.1", 0);
	struct reply r;

	assert_int_equal(berth_world_add_nameserver(w, (struct sockaddr *)&server), 0);
	assert_int_equal(berth_world_add_nameserver(w, (struct sockaddr *)&server), -EEXIST);
	assert_int_equal(berth_world_add_nameserver(w, (struct sockaddr *)&taken), -EEXIST);
	for (int host = 0; host < 3; host++) {
		ask_at(w, host, "192.0.2.53", "client", DNS_A, &r);
		assert_int_equal(r.header.answers, 2);
	}
}

static void test_impairments_do_not_touch_it(void **state)
{
	const struct berth_impair dead = {.loss = 1, .delay = BERTH_SEC};
	struct berth_world *w = *state;
	struct reply r;

	assert_int_equal(berth_world_set_loopback(w, 0, &dead), 0);
	ask(w, 0, "web", DNS_A, &r);
	assert_int_equal(r.header.answers, 2);
	assert_int_equal(berth_world_now(w), 0);
}

static int tcp_client(struct berth_world *w, int host)
{
	struct sockaddr_in to = ip4("127.0.0.53", 53);
	int fd = berth_socket(berth_world_stack(w, host), AF_INET, SOCK_STREAM, 0);

	assert_int_equal(
		berth_world_connect(w, host, fd, (struct sockaddr *)&to, sizeof(to), BERTH_SEC), 0);
	return fd;
}

static void read_tcp(struct berth_world *w, int fd, struct reply *r)
{
	uint8_t length[2];
	uint8_t buf[4096];

	assert_int_equal(berth_world_recv(w, 0, fd, length, 2, MSG_WAITALL, BERTH_SEC), 2);
	size_t bytes = load_be16(length);

	assert_true(bytes < sizeof(buf));
	assert_int_equal(berth_world_recv(w, 0, fd, buf, bytes, MSG_WAITALL, BERTH_SEC), bytes);
	read_reply(buf, bytes, r);
}

/* Three questions on one connection, in odd pieces. */
static void test_tcp(void **state)
{
	struct berth_world *w = *state;
	int fd = tcp_client(w, 0);
	uint8_t stream[1024];
	size_t filled = 0;
	struct reply r;

	for (unsigned i = 0; i < 3; i++) {
		size_t bytes = make_query(stream + filled + 2, i == 1 ? "nobody" : "far", DNS_A);

		store_be16(stream + filled, (uint16_t)bytes);
		filled += 2 + bytes;
	}
	for (size_t i = 0; i < filled; i += 7) {
		size_t piece = filled - i < 7 ? filled - i : 7;

		assert_int_equal(berth_world_send(w, 0, fd, stream + i, piece, 0, BERTH_SEC),
				 piece);
	}
	for (unsigned i = 0; i < 3; i++) {
		read_tcp(w, fd, &r);
		assert_int_equal(r.header.rcode, i == 1 ? DNS_NXDOMAIN : DNS_NOERROR);
	}
	/* What can't be a query ends the connection. */
	assert_int_equal(berth_world_send(w, 0, fd, "\xff\xff", 2, 0, BERTH_SEC), 2);
	assert_true(berth_world_recv(w, 0, fd, stream, 1, 0, BERTH_SEC) <= 0);
}

/* Connections that ask nothing don't keep others out. */
static void test_idle_connections_make_room(void **state)
{
	struct berth_world *w = *state;
	uint8_t stream[514];
	struct reply r;

	for (unsigned i = 0; i < 200; i++)
		(void)tcp_client(w, 0);
	int fd = tcp_client(w, 0);
	size_t bytes = make_query(stream + 2, "web", DNS_A);

	store_be16(stream, (uint16_t)bytes);
	assert_int_equal(berth_world_send(w, 0, fd, stream, 2 + bytes, 0, BERTH_SEC), 2 + bytes);
	read_tcp(w, fd, &r);
	assert_int_equal(r.header.answers, 2);
}

/* The driver sees its own sockets' events and no others. */
static void test_events_are_the_drivers_own(void **state)
{
	struct berth_world *w = *state;
	struct sockaddr_in to = ip4("127.0.0.53", 53);
	struct berth_stack *st = berth_world_stack(w, 0);
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);
	struct berth_event ev;
	unsigned readable = 0;
	uint8_t buf[512];
	int host;

	berth_sock_set_user(st, fd, &fd);
	for (unsigned i = 0; i < 10; i++) {
		size_t bytes = make_query(buf, "web", DNS_A);

		assert_int_equal(
			berth_sendto(st, fd, buf, bytes, 0, (struct sockaddr *)&to, sizeof(to)),
			bytes);
		(void)berth_world_run(w, 0);
		while (berth_world_next_event(w, &host, &ev)) {
			assert_int_equal(host, 0);
			assert_true(ev.user == &fd);
			readable += (ev.events & POLLIN) != 0;
		}
		assert_true(berth_recv(st, fd, buf, sizeof(buf), 0) > 0);
	}
	assert_true(readable >= 10);
}

#define NAMES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* The hosts' own resolvers ask the service. */
static void test_own_resolver(void **state)
{
	struct berth_world *w = *state;
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct sockaddr_in in = ip4("10.9.0.1", 80);
	struct addrinfo *res;
	struct hostent *h;
	char host[64];
	int error;

	h = berth_world_gethostbyname(w, 2, "WEB", AF_INET, &error, BERTH_SEC);
	assert_non_null(h);
	assert_string_equal(h->h_name, "WEB");
	assert_memory_equal(h->h_addr_list[0], "\x0a\x01", 2); /* the network that both are on */
	assert_memory_equal(h->h_addr_list[1], "\x0a\x09", 2);
	h = berth_world_gethostbyaddr(w, 2, &in.sin_addr, 4, AF_INET, &error, BERTH_SEC);
	assert_non_null(h);
	assert_string_equal(h->h_name, "web");
	assert_null(berth_world_gethostbyname(w, 2, "nobody", AF_INET, &error, BERTH_SEC));
	assert_int_equal(error, HOST_NOT_FOUND);
	assert_int_equal(berth_world_getnameinfo(w, 0, (struct sockaddr *)&in, sizeof(in), host,
						 sizeof(host), NULL, 0, 0, BERTH_SEC),
			 0);
	assert_string_equal(host, "web");
	assert_int_equal(berth_world_getaddrinfo(w, 1, "far", "http", &hints, &res, BERTH_SEC), 0);
	assert_int_equal(res->ai_family, AF_INET);
	assert_null(res->ai_next);
	berth_freeaddrinfo(berth_world_stack(w, 1), res);
	assert_int_equal(berth_world_getaddrinfo(w, 9, "far", NULL, &hints, &res, 0), EAI_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NAMES_TEST(test_names_and_addresses),
		NAMES_TEST(test_nearest_address_first),
		NAMES_TEST(test_servers_outside_127),
		NAMES_TEST(test_impairments_do_not_touch_it),
		NAMES_TEST(test_tcp),
		NAMES_TEST(test_idle_connections_make_room),
		NAMES_TEST(test_events_are_the_drivers_own),
		NAMES_TEST(test_own_resolver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
