/* SPDX-License-Identifier: MIT */
/*
 * Text in the form of hosts(5) and services(5), and what the calls make of it: names and their
 * aliases both ways, ports, and the order in which a name's addresses are to be tried.
 */
#include "../stack/pair.h"

#include <netdb.h>

static struct berth_stack *host_with(struct pair *pr, const char *hosts, const char *services)
{
	const struct berth_resolver_config config = {.hosts = hosts, .services = services};

	pair_init(pr, 0);
	assert_int_equal(berth_resolver_set(pr->host[0], &config), 0);
	return pr->host[0];
}

static void test_hosts(void **state)
{
	static const char text[] = "# a comment\n"
				   "10.0.0.2\tweb.example web   www # its names\r\n"
				   "\n"
				   "not-an-address web\n"
				   "10.0.0.9\n"
				   "10.0.0.3 web\n"
				   "fd09::2 web";
	struct in_addr addr = {.s_addr = htonl(0x0a000002)};
	struct berth_stack *st;
	struct hostent *h;
	struct pair pr;
	int error;

	(void)state;
	st = host_with(&pr, text, NULL);
	h = berth_gethostbyname(st, "WWW", &error);
	assert_non_null(h);
	assert_string_equal(h->h_name, "web.example");
	assert_string_equal(h->h_aliases[0], "web");
	assert_string_equal(h->h_aliases[1], "www");
	assert_null(h->h_aliases[2]);
	h = berth_gethostbyname(st, "web", &error);
	assert_memory_equal(h->h_addr_list[0], "\x0a\x00\x00\x02", 4);
	assert_memory_equal(h->h_addr_list[1], "\x0a\x00\x00\x03", 4);
	assert_null(h->h_addr_list[2]);
	h = berth_gethostbyname2(st, "web", AF_INET6, &error);
	assert_int_equal(h->h_length, 16);
	assert_string_equal(h->h_name, "web");
	h = berth_gethostbyaddr(st, &addr, sizeof(addr), AF_INET, &error);
	assert_string_equal(h->h_name, "web.example");
	assert_null(berth_gethostbyname(st, "its", &error));
	assert_null(berth_gethostbyname2(st, "web", AF_UNIX, &error));
	assert_int_equal(error, NO_RECOVERY);
	pair_fini(&pr);
}

static void test_services(void **state)
{
	static const char text[] = "# ports\n"
				   "shop 7000/tcp store market\n"
				   "shop 7001/udp\n"
				   "bad 70000/tcp\nworse x/tcp\nworst 7/\n";
	struct berth_stack *st;
	struct servent *s;
	struct pair pr;

	(void)state;
	st = host_with(&pr, NULL, text);
	s = berth_getservbyname(st, "market", NULL);
	assert_non_null(s);
	assert_string_equal(s->s_name, "shop");
	assert_string_equal(s->s_aliases[1], "market");
	assert_null(s->s_aliases[2]);
	assert_int_equal(s->s_port, htons(7000));
	assert_string_equal(s->s_proto, "tcp");
	s = berth_getservbyname(st, "shop", "udp");
	assert_int_equal(s->s_port, htons(7001));
	assert_null(s->s_aliases[0]);
	s = berth_getservbyport(st, htons(7001), NULL);
	assert_string_equal(s->s_name, "shop");
	assert_null(berth_getservbyport(st, htons(7001), "tcp"));
	for (const char *const *name = (const char *const[]){"bad", "worse", "worst", NULL}; *name;
	     name++)
		assert_null(berth_getservbyname(st, *name, NULL));
	pair_fini(&pr);
}

/* The seed's: http 80, https 443, ftp 20 and 21, smtp 25. */
static void test_well_known(void **state)
{
	static const struct {
		const char *name;
		uint16_t port;
	} seed[] = {{"http", 80}, {"https", 443}, {"ftp", 21}, {"ftp-data", 20}, {"smtp", 25}};
	struct pair pr;

	(void)state;
	pair_init(&pr, 0);
	for (size_t i = 0; i < sizeof(seed) / sizeof(seed[0]); i++) {
		struct servent *s = berth_getservbyname(pr.host[0], seed[i].name, "tcp");

		assert_non_null(s);
		assert_int_equal(ntohs((uint16_t)s->s_port), seed[i].port);
		s = berth_getservbyport(pr.host[0], htons(seed[i].port), "tcp");
		assert_string_equal(s->s_name, seed[i].name);
	}
	pair_fini(&pr);
}

/* RFC 6724 §6: what cannot be reached comes last, IPv6 before IPv4 (rule 6), a destination like our
 * own address before others (rule 9), equals as they were. */
static void test_order(void **state)
{
	static const char text[] = "2001:db8::1 x\n10.0.0.9 x\nfd77::1 x\nfd09::9 x\n10.0.0.8 x\n";
	static const char *const expect[] = {"fd09::9", "fd77::1", "10.0.0.9", "10.0.0.8",
					     "2001:db8::1"};
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct sockaddr_in6 mine = {.sin6_family = AF_INET6};
	struct sockaddr_in6 far = {.sin6_family = AF_INET6};
	struct addrinfo *res;
	struct addrinfo *a;
	struct berth_stack *st;
	struct pair pr;

	(void)state;
	st = host_with(&pr, text, NULL);
	inet_pton(AF_INET6, "fd09::1", &mine.sin6_addr);
	inet_pton(AF_INET6, "fd77::", &far.sin6_addr);
	assert_int_equal(berth_addr_add(st, pr.ifindex[0], SA(mine), 64), 0);
	assert_int_equal(berth_route_add(st, SA(far), 64, NULL, pr.ifindex[0], 0), 0);
	pair_run(&pr, 5 * BERTH_SEC); /* duplicate address detection */
	assert_int_equal(berth_getaddrinfo(st, "x", NULL, &hints, &res), 0);
	a = res;
	for (unsigned i = 0; i < 5; i++, a = a->ai_next) {
		char host[64];

		assert_non_null(a);
		assert_int_equal(berth_getnameinfo(st, a->ai_addr, a->ai_addrlen, host,
						   sizeof(host), NULL, 0, NI_NUMERICHOST),
				 0);
		assert_string_equal(host, expect[i]);
	}
	assert_null(a);
	berth_freeaddrinfo(st, res);
	pair_fini(&pr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_well_known),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
