/* SPDX-License-Identifier: MIT */
/*
 * The resolver against a name server that is played here: host 0 asks, host 1 answers from a table
 * of names (or does not, or badly), over UDP and TCP as the two hosts really exchange them.
 */
#include "../stack/pair.h"

#include <netdb.h>
#include <stdio.h>
#include <strings.h>

#include "dns/dns_msg.h"

enum act {
	ADDRESS, /* an A record */
	ALIAS,	 /* a CNAME record, and no more */
	POINTER, /* a PTR record */
	EMPTY,	 /* the name is there, this type is not */
	SILENT,
	REFUSE,
	LARGE,	 /* too large for UDP; an A record by TCP */
	NO_EDNS, /* FORMERR without the question, if there is an OPT record; else an A record */
	FORGED,	 /* a wrong id, then another question, then an A record */
	RESET,	 /* too large for UDP; TCP is closed at once */
};

struct row {
	const char *name;
	uint16_t type;
	enum act act;
	const char *data;
};

struct rig {
	struct pair pr;
	const struct row *rows;
	int udp, tcp, conn;
	unsigned queries, by_tcp, with_edns;
	bool slow; /* every other datagram is lost */
	struct sockaddr_in servers[2];
};

static const struct row *find(const struct rig *rig, const char *name, uint16_t type, bool *exists)
{
	*exists = false;
	for (const struct row *r = rig->rows; r->name; r++) {
		if (strcasecmp(r->name, name) != 0)
			continue;
		*exists = true;
		if (r->type == type || r->act == ALIAS)
			return r;
	}
	return NULL;
}

static void write_data(struct dns_writer *w, const struct dns_question *q, const struct row *row)
{
	struct dns_name target;
	struct in_addr in;
	struct in6_addr in6;

	if (row->act == ALIAS || row->act == POINTER) {
		assert_true(dns_name_parse(row->data, &target));
		dns_write_name_record(w, DNS_ANSWER, &q->name,
				      row->act == ALIAS ? DNS_CNAME : DNS_PTR, 60, &target);
	} else if (inet_pton(AF_INET6, row->data, &in6) == 1) {
		dns_write_record(w, DNS_ANSWER, &q->name, DNS_AAAA, DNS_IN, 60, &in6, 16);
	} else {
		assert_int_equal(inet_pton(AF_INET, row->data, &in), 1);
		dns_write_record(w, DNS_ANSWER, &q->name, DNS_A, DNS_IN, 60, &in, 4);
	}
}

struct ask {
	struct dns_header header;
	struct dns_question q;
	bool edns;
	bool tcp;
};

/* One response; 0: none. */
static size_t respond(struct rig *rig, const struct ask *ask, uint16_t id, uint8_t *out, size_t max)
{
	struct dns_header h = {.id = id, .response = true, .recursion_available = true};
	char text[DNS_TEXT_BYTES];
	struct dns_writer w;
	const struct row *row;
	bool exists;

	dns_name_print(&ask->q.name, text);
	row = find(rig, text, ask->q.type, &exists);
	dns_write_start(&w, out, max);
	if (row && row->act == SILENT)
		return 0;
	if (row && row->act == NO_EDNS && ask->edns) {
		h.rcode = DNS_FORMERR;
		return dns_write_end(&w, &h);
	}
	dns_write_question(&w, &ask->q);
	if (row && row->act == REFUSE)
		h.rcode = DNS_REFUSED;
	else if (row && (row->act == LARGE || row->act == RESET) && !ask->tcp)
		h.truncated = true;
	else if (row && row->act != EMPTY)
		write_data(&w, &ask->q, row);
	else if (!exists)
		h.rcode = DNS_NXDOMAIN;
	return dns_write_end(&w, &h);
}

static void read_ask(struct rig *rig, const void *msg, size_t bytes, bool tcp, struct ask *out)
{
	struct dns_parser p;
	struct dns_record r;

	*out = (struct ask){.tcp = tcp};
	assert_true(dns_parse(&p, msg, bytes, &out->header));
	assert_true(dns_parse_question(&p, &out->q));
	for (unsigned i = 0; i < out->header.additionals; i++) {
		assert_true(dns_parse_record(&p, &r));
		out->edns = out->edns || r.type == DNS_OPT;
	}
	rig->queries++;
	rig->by_tcp += tcp;
	rig->with_edns += out->edns;
}

static bool is(struct rig *rig, const struct ask *ask, enum act act)
{
	char text[DNS_TEXT_BYTES];
	const struct row *row;
	bool exists;

	dns_name_print(&ask->q.name, text);
	row = find(rig, text, ask->q.type, &exists);
	return row && row->act == act;
}

static void answer_udp(struct rig *rig)
{
	struct berth_stack *st = rig->pr.host[1];
	uint8_t buf[1500];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t got;

	while ((got = berth_recvfrom(st, rig->udp, buf, sizeof(buf), 0, SA(from), &len)) > 0) {
		struct ask ask;
		size_t bytes;

		read_ask(rig, buf, (size_t)got, false, &ask);
		if (rig->slow && rig->queries % 2)
			continue;
		if (is(rig, &ask, FORGED)) {
			struct ask other = ask;

			bytes = respond(rig, &ask, (uint16_t)(ask.header.id + 1), buf, sizeof(buf));
			(void)berth_sendto(st, rig->udp, buf, bytes, 0, SA(from), len);
			other.q.type = DNS_TXT;
			bytes = respond(rig, &other, ask.header.id, buf, sizeof(buf));
			(void)berth_sendto(st, rig->udp, buf, bytes, 0, SA(from), len);
		}
		bytes = respond(rig, &ask, ask.header.id, buf, sizeof(buf));
		if (bytes > 0)
			(void)berth_sendto(st, rig->udp, buf, bytes, 0, SA(from), len);
		len = sizeof(from);
	}
}

static void answer_tcp(struct rig *rig)
{
	struct berth_stack *st = rig->pr.host[1];
	uint8_t buf[1500];
	struct ask ask;
	ssize_t got;

	if (rig->conn < 0)
		rig->conn = berth_accept(st, rig->tcp, NULL, NULL);
	if (rig->conn < 0)
		return;
	got = berth_recv(st, rig->conn, buf, sizeof(buf), 0);
	if (got > 2) {
		size_t bytes;

		read_ask(rig, buf + 2, (size_t)got - 2, true, &ask);
		bytes = is(rig, &ask, RESET)
				? 0
				: respond(rig, &ask, ask.header.id, buf + 2, sizeof(buf) - 2);
		store_be16(buf, (uint16_t)bytes);
		/* In two pieces, the first of one byte. */
		if (bytes > 0) {
			(void)berth_send(st, rig->conn, buf, 1, 0);
			pair_run(&rig->pr, BERTH_MSEC);
			(void)berth_send(st, rig->conn, buf + 1, bytes + 1, 0);
			pair_run(&rig->pr, BERTH_MSEC);
		}
	}
	if (got != -EAGAIN) {
		(void)berth_close(st, rig->conn);
		rig->conn = -1;
	}
}

/* Some time passes; the events of host 0 are fetched, as a driver does. Returns whether one said
 * that a name was resolved. */
static bool pass(struct rig *rig, berth_time ns)
{
	struct berth_event ev;
	bool resolved = false;

	pair_run(&rig->pr, ns);
	answer_udp(rig);
	answer_tcp(rig);
	pair_run(&rig->pr, 0);
	while (berth_next_event(rig->pr.host[0], &ev))
		resolved = resolved || ev.fd == -1;
	return resolved;
}

static void listen_at(struct rig *rig)
{
	struct berth_stack *st = rig->pr.host[1];
	struct sockaddr_in any = in_addr_of("0.0.0.0", 53);

	rig->udp = berth_socket(st, AF_INET, SOCK_DGRAM, 0);
	rig->tcp = berth_socket(st, AF_INET, SOCK_STREAM, 0);
	rig->conn = -1;
	assert_int_equal(berth_bind(st, rig->udp, SA(any), sizeof(any)), 0);
	assert_int_equal(berth_bind(st, rig->tcp, SA(any), sizeof(any)), 0);
	assert_int_equal(berth_listen(st, rig->tcp, 4), 0);
}

static void rig_start(struct rig *rig, const struct row *rows,
		      const struct berth_resolver_config *with)
{
	struct berth_resolver_config config = with ? *with : (struct berth_resolver_config){0};
	struct sockaddr_storage server = {0};
	struct sockaddr_in in = in_addr_of("10.0.0.2", 0);

	memset(rig, 0, sizeof(*rig));
	pair_init(&rig->pr, 0);
	rig->rows = rows;
	listen_at(rig);
	memcpy(&server, &in, sizeof(in));
	if (config.server_count == 0) {
		config.servers = &server;
		config.server_count = 1;
	}
	assert_int_equal(berth_resolver_set(rig->pr.host[0], &config), 0);
}

static void rig_end(struct rig *rig)
{
	pair_fini(&rig->pr);
}

/* Until the answer is there; how long that took at most goes to *out_ns. */
static int resolve(struct rig *rig, const char *name, int family, char *out, berth_time *out_ns)
{
	const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
	struct addrinfo *res = NULL;
	berth_time start = rig->pr.now;
	int result;

	*out = '\0';
	while ((result = berth_getaddrinfo(rig->pr.host[0], name, "http", &hints, &res)) ==
	       EAI_INPROGRESS) {
		(void)pass(rig, 50 * BERTH_MSEC);
		assert_true(rig->pr.now - start < 200 * BERTH_SEC);
	}
	if (out_ns)
		*out_ns = rig->pr.now - start;
	for (struct addrinfo *a = res; a; a = a->ai_next) {
		char text[64];

		assert_int_equal(berth_getnameinfo(rig->pr.host[0], a->ai_addr, a->ai_addrlen, text,
						   sizeof(text), NULL, 0, NI_NUMERICHOST),
				 0);
		assert_int_equal(((struct sockaddr_in *)(void *)a->ai_addr)->sin_port, htons(80));
		(void)snprintf(out + strlen(out), 256 - strlen(out), "%s%s", *out ? " " : "", text);
	}
	berth_freeaddrinfo(rig->pr.host[0], res);
	return result;
}

#define CHECK(rig, name, family, expect)                                                           \
	do {                                                                                       \
		char text_[256];                                                                   \
		assert_int_equal(resolve(rig, name, family, text_, NULL), 0);                      \
		assert_string_equal(text_, expect);                                                \
	} while (0)

#define CHECK_FAILS(rig, name, family, code)                                                       \
	do {                                                                                       \
		char text_[256];                                                                   \
		assert_int_equal(resolve(rig, name, family, text_, NULL), code);                   \
	} while (0)

static const struct row zone[] = {
	{"web", DNS_A, ADDRESS, "10.0.0.7"},
	{"web", DNS_AAAA, EMPTY, NULL},
	{"www", 0, ALIAS, "web"},
	{"far", 0, ALIAS, "www"},
	{"round", 0, ALIAS, "about"},
	{"about", 0, ALIAS, "round"},
	{"only4.example", DNS_A, ADDRESS, "10.0.0.9"},
	{"www.example", DNS_A, ADDRESS, "10.0.0.8"},
	{"refused", DNS_A, REFUSE, NULL},
	{"silent", DNS_A, SILENT, NULL},
	{"large", DNS_A, LARGE, "10.0.0.10"},
	{"reset", DNS_A, RESET, NULL},
	{"old", DNS_A, NO_EDNS, "10.0.0.11"},
	{"forged", DNS_A, FORGED, "10.0.0.12"},
	{"7.0.0.10.in-addr.arpa", DNS_PTR, POINTER, "web"},
	{NULL, 0, EMPTY, NULL},
};

static void test_found(void **state)
{
	struct rig rig;

	(void)state;
	rig_start(&rig, zone, NULL);
	CHECK(&rig, "web", AF_INET, "10.0.0.7");
	assert_int_equal(rig.queries, 1);
	assert_int_equal(rig.with_edns, 1);
	CHECK(&rig, "WEB.", AF_INET, "10.0.0.7"); /* kept, and case does not matter */
	assert_int_equal(rig.queries, 1);
	CHECK(&rig, "web", AF_UNSPEC, "10.0.0.7"); /* the AAAA record is asked for besides */
	assert_int_equal(rig.queries, 2);
	CHECK_FAILS(&rig, "web", AF_INET6, EAI_NODATA);
	CHECK_FAILS(&rig, "nobody", AF_INET, EAI_NONAME);
	rig_end(&rig);
}

/* The answer is kept for its time to live, and no longer. */
static void test_expiry(void **state)
{
	struct rig rig;

	(void)state;
	rig_start(&rig, zone, NULL);
	CHECK(&rig, "web", AF_INET, "10.0.0.7");
	(void)pass(&rig, 59 * BERTH_SEC);
	CHECK(&rig, "web", AF_INET, "10.0.0.7");
	assert_int_equal(rig.queries, 1);
	(void)pass(&rig, 2 * BERTH_SEC);
	CHECK(&rig, "web", AF_INET, "10.0.0.7");
	assert_int_equal(rig.queries, 2);
	rig_end(&rig);
}

/* An event says that it is worth asking again; and without fetching events it works too. */
static void test_event(void **state)
{
	struct rig rig;
	int error;

	(void)state;
	rig_start(&rig, zone, NULL);
	assert_null(berth_gethostbyname(rig.pr.host[0], "web", &error));
	assert_int_equal(error, BERTH_RESOLVING);
	assert_true(pass(&rig, BERTH_MSEC));
	assert_non_null(berth_gethostbyname(rig.pr.host[0], "web", &error));
	assert_null(berth_gethostbyname(rig.pr.host[0], "only4.example", &error));
	pair_run(&rig.pr, BERTH_MSEC);
	answer_udp(&rig);
	pair_run(&rig.pr, BERTH_MSEC);
	assert_non_null(berth_gethostbyname(rig.pr.host[0], "only4.example", &error));
	rig_end(&rig);
}

static void test_aliases(void **state)
{
	struct rig rig;
	struct hostent *h;
	int error;

	(void)state;
	rig_start(&rig, zone, NULL);
	CHECK(&rig, "far", AF_INET, "10.0.0.7");
	assert_int_equal(rig.queries, 3); /* each alias came alone */
	h = berth_gethostbyname(rig.pr.host[0], "far", &error);
	assert_non_null(h);
	assert_string_equal(h->h_name, "web");
	assert_string_equal(h->h_aliases[0], "far");
	assert_null(h->h_aliases[1]);
	assert_int_equal(h->h_length, 4);
	assert_memory_equal(h->h_addr_list[0], "\x0a\x00\x00\x07", 4);
	assert_null(h->h_addr_list[1]);
	CHECK_FAILS(&rig, "round", AF_INET, EAI_AGAIN);
	rig_end(&rig);
}

static void test_search(void **state)
{
	static const char *const search[] = {"none", "example"};
	const struct berth_resolver_config config = {.search = search, .search_count = 2};
	struct rig rig;

	(void)state;
	rig_start(&rig, zone, &config);
	CHECK(&rig, "only4", AF_INET, "10.0.0.9");
	assert_int_equal(rig.queries, 2);	  /* only4.none, only4.example */
	CHECK(&rig, "www", AF_INET, "10.0.0.8");  /* the list comes first */
	CHECK(&rig, "www.", AF_INET, "10.0.0.7"); /* not for this one */
	CHECK(&rig, "web", AF_INET, "10.0.0.7");  /* itself at last */
	rig.queries = 0;
	CHECK(&rig, "only4.example", AF_INET, "10.0.0.9"); /* has a dot: first, and kept */
	assert_int_equal(rig.queries, 0);
	rig_end(&rig);
}

static void test_truncated(void **state)
{
	struct rig rig;

	(void)state;
	rig_start(&rig, zone, NULL);
	CHECK(&rig, "large", AF_INET, "10.0.0.10");
	assert_int_equal(rig.by_tcp, 1);
	CHECK_FAILS(&rig, "reset", AF_INET, EAI_AGAIN);
	rig_end(&rig);
}

static void test_without_edns(void **state)
{
	struct rig rig;

	(void)state;
	rig_start(&rig, zone, NULL);
	CHECK(&rig, "old", AF_INET, "10.0.0.11");
	assert_int_equal(rig.queries, 2);
	assert_int_equal(rig.with_edns, 1);
	rig_end(&rig);
}

/* RFC 5452 §9: what does not fit the question is passed over. */
static void test_forged(void **state)
{
	struct rig rig;

	(void)state;
	rig_start(&rig, zone, NULL);
	CHECK(&rig, "forged", AF_INET, "10.0.0.12");
	assert_int_equal(rig.queries, 1);
	rig_end(&rig);
}

/* Two rounds of 5 s and 10 s, as glibc's; then it is over, and no socket is left. */
static void test_silence(void **state)
{
	struct rig rig;
	char text[256];
	berth_time took;
	int fd;

	(void)state;
	rig_start(&rig, zone, NULL);
	assert_int_equal(resolve(&rig, "silent", AF_INET, text, &took), EAI_AGAIN);
	assert_true(took >= 15 * BERTH_SEC && took < 16 * BERTH_SEC);
	assert_int_equal(rig.queries, 2);
	fd = berth_socket(rig.pr.host[0], AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(fd, 0);
	rig_end(&rig);
}

/* A call whose questions take longer, one after the other, than their answers hold, comes to its
 * end all the same, without asking anything again. */
static void test_slow(void **state)
{
	static const char *const search[] = {"a", "b", "c", "d", "e", "f"};
	const struct berth_resolver_config config = {.search = search, .search_count = 6};
	struct rig rig;
	char text[256];
	berth_time took;

	(void)state;
	rig_start(&rig, zone, &config);
	rig.slow = true;
	assert_int_equal(resolve(&rig, "nobody", AF_INET, text, &took), EAI_NONAME);
	assert_true(took >= 35 * BERTH_SEC && took < 37 * BERTH_SEC);
	assert_int_equal(rig.queries, 14);
	(void)pass(&rig, 6 * BERTH_SEC); /* and then they hold no longer */
	rig.slow = false;
	assert_int_equal(resolve(&rig, "nobody", AF_INET, text, NULL), EAI_NONAME);
	assert_int_equal(rig.queries, 21);
	rig_end(&rig);
}

/* A server that nobody is at, or that refuses, costs no time: ICMP says so. */
static void test_next_server(void **state)
{
	struct sockaddr_storage servers[2] = {{0}};
	struct sockaddr_in nobody = in_addr_of("10.0.0.2", 5353);
	struct sockaddr_in good = in_addr_of("10.0.0.2", 0);
	const struct berth_resolver_config config = {.servers = servers, .server_count = 2};
	struct rig rig;
	char text[256];
	berth_time took;

	(void)state;
	memcpy(&servers[0], &nobody, sizeof(nobody));
	memcpy(&servers[1], &good, sizeof(good));
	rig_start(&rig, zone, &config);
	assert_int_equal(resolve(&rig, "web", AF_INET, text, &took), 0);
	assert_string_equal(text, "10.0.0.7");
	assert_true(took < BERTH_SEC);
	assert_int_equal(resolve(&rig, "refused", AF_INET, text, &took), EAI_AGAIN);
	assert_true(took < BERTH_SEC);
	rig_end(&rig);
}

static void test_reverse(void **state)
{
	struct sockaddr_in in = in_addr_of("10.0.0.7", 443);
	struct sockaddr_in unknown = in_addr_of("10.0.0.77", 9999);
	struct rig rig;
	char host[64];
	char service[16];
	struct hostent *h;
	int error;

	(void)state;
	rig_start(&rig, zone, NULL);
	while (berth_getnameinfo(rig.pr.host[0], SA(in), sizeof(in), host, sizeof(host), service,
				 sizeof(service), 0) == EAI_INPROGRESS)
		(void)pass(&rig, BERTH_MSEC);
	assert_string_equal(host, "web");
	assert_string_equal(service, "https");
	assert_int_equal(berth_getnameinfo(rig.pr.host[0], SA(in), sizeof(in), host, 3, NULL, 0, 0),
			 EAI_OVERFLOW);
	h = berth_gethostbyaddr(rig.pr.host[0], &in.sin_addr, 4, AF_INET, &error);
	assert_non_null(h);
	assert_string_equal(h->h_name, "web");
	while (berth_getnameinfo(rig.pr.host[0], SA(unknown), sizeof(unknown), host, sizeof(host),
				 service, sizeof(service), 0) == EAI_INPROGRESS)
		(void)pass(&rig, BERTH_MSEC);
	assert_string_equal(host, "10.0.0.77");
	assert_string_equal(service, "9999");
	assert_int_equal(berth_getnameinfo(rig.pr.host[0], SA(unknown), sizeof(unknown), host,
					   sizeof(host), NULL, 0, NI_NAMEREQD),
			 EAI_NONAME);
	assert_null(berth_gethostbyaddr(rig.pr.host[0], &unknown.sin_addr, 4, AF_INET, &error));
	assert_int_equal(error, HOST_NOT_FOUND);
	assert_null(berth_gethostbyaddr(rig.pr.host[0], &in.sin_addr, 3, AF_INET, &error));
	assert_int_equal(error, NO_RECOVERY);
	rig_end(&rig);
}

/* Without configuration nobody is asked, and there is localhost and what is a number. */
static void test_unconfigured(void **state)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *res;
	struct pair pr;
	struct hostent *h;
	int error;

	(void)state;
	pair_init(&pr, 0);
	h = berth_gethostbyname(pr.host[0], "localhost", &error);
	assert_non_null(h);
	assert_memory_equal(h->h_addr_list[0], "\x7f\x00\x00\x01", 4);
	assert_non_null(berth_gethostbyname(pr.host[0], "a.b.LOCALHOST.", &error));
	h = berth_gethostbyname(pr.host[0], "127.1", &error);
	assert_non_null(h);
	assert_string_equal(h->h_name, "127.1");
	assert_null(berth_gethostbyname(pr.host[0], "web", &error));
	assert_int_equal(error, TRY_AGAIN);
	assert_null(berth_gethostbyname(pr.host[0], "-\\-..", &error));
	assert_int_equal(error, HOST_NOT_FOUND);
	assert_int_equal(berth_getaddrinfo(pr.host[0], "web", NULL, &hints, &res), EAI_AGAIN);
	pair_fini(&pr);
}

/* A request for every allocation that fails, in turn: an error, or the answer; nothing is lost. */
static void test_no_memory(void **state)
{
	(void)state;
	for (long n = 1; n < 60; n++) {
		const struct addrinfo hints = {.ai_family = AF_INET};
		struct addrinfo *res = NULL;
		struct rig rig;
		int result = EAI_INPROGRESS;

		rig_start(&rig, zone, NULL);
		rig.pr.memory.fail_at = rig.pr.memory.requests + n;
		for (int i = 0; i < 1000 && result == EAI_INPROGRESS; i++) {
			result = berth_getaddrinfo(rig.pr.host[0], "large", "80", &hints, &res);
			(void)pass(&rig, 50 * BERTH_MSEC);
		}
		assert_true(result == 0 || result == EAI_AGAIN || result == EAI_MEMORY);
		if (result == 0)
			berth_freeaddrinfo(rig.pr.host[0], res);
		rig_end(&rig);
	}
}

/* Freed with questions on their way; replaced with some. */
static void test_interrupted(void **state)
{
	const struct berth_resolver_config none = {.hosts = "10.0.0.9 web\n"};
	struct rig rig;
	int error;

	(void)state;
	rig_start(&rig, zone, NULL);
	assert_null(berth_gethostbyname(rig.pr.host[0], "web", &error));
	assert_int_equal(berth_resolver_set(rig.pr.host[0], &none), 0);
	assert_non_null(berth_gethostbyname(rig.pr.host[0], "web", &error));
	(void)pass(&rig, BERTH_SEC);
	rig_end(&rig);
	rig_start(&rig, zone, NULL);
	assert_null(berth_gethostbyname(rig.pr.host[0], "web", &error));
	rig_end(&rig);
}

/* More questions than there may be: some are told to try again, the rest are answered. */
static void test_many(void **state)
{
	struct rig rig;
	unsigned waiting = 0;
	unsigned refused = 0;

	(void)state;
	rig_start(&rig, zone, NULL);
	for (int i = 0; i < 200; i++) {
		char name[16];
		int error;

		(void)snprintf(name, sizeof(name), "n%d", i);
		assert_null(berth_gethostbyname(rig.pr.host[0], name, &error));
		waiting += error == BERTH_RESOLVING;
		refused += error == TRY_AGAIN;
	}
	assert_int_equal(waiting, 128);
	assert_int_equal(refused, 72);
	for (int round = 0; round < 10; round++)
		for (int i = 0; i < 1000; i++) {
			char name[16];
			int error;

			(void)snprintf(name, sizeof(name), "n%d", i);
			(void)berth_gethostbyname(rig.pr.host[0], name, &error);
			if (i % 100 == 0)
				(void)pass(&rig, BERTH_MSEC);
		}
	rig_end(&rig);
}

static void test_bad_config(void **state)
{
	struct sockaddr_storage unix_server = {.ss_family = AF_UNIX};
	static const char *const bad[] = {"a..b"};
	struct pair pr;

	(void)state;
	pair_init(&pr, 0);
#define SET(...) berth_resolver_set(pr.host[0], &(struct berth_resolver_config){__VA_ARGS__})
	assert_int_equal(SET(.servers = &unix_server, .server_count = 1), -EAFNOSUPPORT);
	assert_int_equal(SET(.server_count = 9), -EINVAL);
	assert_int_equal(SET(.search = bad, .search_count = 1), -EINVAL);
	assert_int_equal(SET(.ndots = 16), -EINVAL);
	assert_int_equal(SET(.attempts = 6), -EINVAL);
	assert_int_equal(SET(.timeout = -1), -EINVAL);
	assert_int_equal(SET(.hosts = "", .services = ""), 0);
	assert_null(berth_getservbyname(pr.host[0], "http", NULL));
	pair_fini(&pr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),	     cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_event),	     cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_search),	     cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_without_edns), cmocka_unit_test(test_forged),
		cmocka_unit_test(test_silence),	     cmocka_unit_test(test_next_server),
		cmocka_unit_test(test_reverse),	     cmocka_unit_test(test_unconfigured),
		cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_many),	     cmocka_unit_test(test_bad_config),
		cmocka_unit_test(test_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
