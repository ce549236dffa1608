/* SPDX-License-Identifier: MIT */
/*
 * A host whose hosts file, services file and name server are an enemy's. The input is a list of
 * pieces: what, a length of two bytes, and as many bytes, which are a file's text, a name to look
 * up, or what the server says next, over UDP or TCP.
 *
 * What must hold: nothing crashes, lookups end once time passes, names that are found are strings,
 * and every packet and allocation is given back.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>
#include <berth/resolve.h>

#include "base/check.h"
#include "host.h"

#define PIECES_MAX 60u
#define NAME_MAX_BYTES 300u
#define SAYINGS_MAX 24u
#define TURNS_MAX 200u /* of one lookup: a chain of servers and tries, each with its time */

enum piece {
	PIECE_HOSTS,
	PIECE_SERVICES,
	PIECE_SAY,     /* bytes as they are */
	PIECE_ANSWER,  /* the query's id and question before them */
	PIECE_HEADER,  /* the query's id before them */
	PIECE_NAME,    /* gethostbyname2() */
	PIECE_INFO,    /* getaddrinfo() */
	PIECE_ADDRESS, /* gethostbyaddr(), getnameinfo() */
	PIECE_SERVICE, /* getservbyname() */
	PIECES,
};

struct saying {
	enum piece how;
	const uint8_t *data;
	size_t bytes;
};

struct play {
	struct berth_stack *st;
	int udp, listener, tcp;
	struct saying says[SAYINGS_MAX];
	unsigned say_count, said;
	char *hosts, *services; /* NULL: none */
	struct fuzz_host host;
	berth_time now;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* In memory of its own, terminated. */
static char *string(const uint8_t *data, size_t bytes)
{
	char *s = malloc(bytes + 1);

	ASSERT(s);
	memcpy(s, data, bytes);
	s[bytes] = '\0';
	return s;
}

static void configure(struct play *x)
{
	struct sockaddr_storage server = {.ss_family = AF_INET};
	static const char *const search[] = {"example.org", "org"};
	const struct berth_resolver_config config = {.servers = &server,
						     .server_count = 1,
						     .search = search,
						     .search_count = 2,
						     .hosts = x->hosts,
						     .services = x->services};
	const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

	memcpy(&server, &in, sizeof(in));
	ASSERT(berth_resolver_set(x->st, &config) == 0);
}

static int serve(struct play *x, int type)
{
	const struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(53)};
	int fd = berth_socket(x->st, AF_INET, type, 0);

	ASSERT(fd >= 0);
	ASSERT(berth_bind(x->st, fd, (const struct sockaddr *)&in, sizeof(in)) == 0);
	return fd;
}

static void setup(struct play *x, uint8_t seed)
{
	const struct berth_stack_config config = {
		.mem = {fuzz_alloc, fuzz_realloc, fuzz_free, &x->host},
		.random = fuzz_random,
		.ctx = &x->host,
		.now = BERTH_SEC};

	*x = (struct play){.host.seed = seed, .now = BERTH_SEC, .tcp = -1};
	x->st = berth_stack_new(&config);
	ASSERT(x->st);
	x->udp = serve(x, SOCK_DGRAM);
	x->listener = serve(x, SOCK_STREAM);
	ASSERT(berth_listen(x->st, x->listener, 4) == 0);
	configure(x);
}

/* What the server says to a query; returns how much. */
static size_t next_saying(struct play *x, const uint8_t *query, size_t bytes, uint8_t *out,
			  size_t max)
{
	const struct saying *s;
	size_t at = 0;
	size_t keep;

	if (x->say_count == 0)
		return 0;
	s = &x->says[x->said++ % x->say_count];
	if (s->how == PIECE_HEADER)
		at = bytes < 2 ? bytes : 2;
	else if (s->how == PIECE_ANSWER)
		at = bytes < 11 ? bytes : bytes - 11; /* all but the OPT record */
	memcpy(out, query, at);
	if (s->how == PIECE_ANSWER && at >= 12) {
		memcpy(out + 2, "\x81\x80\0\1\0\3\0\1\0\0", 10);
		if (s->bytes >= 2) {
			out[3] = (uint8_t)(0x80 | (s->data[0] & 0xf));
			out[7] = s->data[1];
		}
	}
	keep = s->bytes < max - at ? s->bytes : max - at;
	memcpy(out + at, s->data, keep);
	return at + keep;
}

static void serve_udp(struct play *x)
{
	uint8_t query[600], answer[5000];
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	ssize_t got;

	while ((got = berth_recvfrom(x->st, x->udp, query, sizeof(query), MSG_DONTWAIT,
				     (struct sockaddr *)&peer, &len)) >= 0) {
		size_t n = next_saying(x, query, (size_t)got, answer, sizeof(answer));

		if (n > 0)
			(void)berth_sendto(x->st, x->udp, answer, n, MSG_DONTWAIT,
					   (struct sockaddr *)&peer, len);
		len = sizeof(peer);
	}
}

static void serve_tcp(struct play *x)
{
	uint8_t query[600], answer[5002];
	int fd = berth_accept(x->st, x->listener, NULL, NULL);
	ssize_t got;

	if (fd >= 0 && x->tcp >= 0)
		(void)berth_close(x->st, x->tcp); /* open */
	if (fd >= 0)
		x->tcp = fd;
	if (x->tcp < 0)
		return;
	got = berth_recv(x->st, x->tcp, query, sizeof(query), MSG_DONTWAIT);
	if (got > 2) {
		size_t n = next_saying(x, query + 2, (size_t)got - 2, answer + 2, 5000);

		answer[0] = (uint8_t)(n >> 8);
		answer[1] = (uint8_t)n;
		(void)berth_send(x->st, x->tcp, answer, n + 2, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

/* Some time passes, in which the server answers. */
static void turn(struct play *x)
{
	struct berth_event ev;

	for (int i = 0; i < 4; i++) {
		x->now += BERTH_MSEC;
		berth_advance(x->st, x->now);
		serve_udp(x);
		serve_tcp(x);
		while (berth_next_event(x->st, &ev))
			;
	}
	x->now += BERTH_SEC / 2;
	berth_advance(x->st, x->now);
}

static void read_host(const struct hostent *h)
{
	if (!h)
		return;
	ASSERT(h->h_name && (h->h_length == 4 || h->h_length == 16));
	(void)strlen(h->h_name);
	for (char **alias = h->h_aliases; *alias; alias++)
		(void)strlen(*alias);
	for (char **a = h->h_addr_list; *a; a++) {
		char text[INET6_ADDRSTRLEN];

		ASSERT(inet_ntop(h->h_addrtype, *a, text, sizeof(text)));
	}
}

static void look_name(struct play *x, const char *name, int family)
{
	struct hostent *h = NULL;
	int error = BERTH_RESOLVING;

	for (unsigned i = 0; i < TURNS_MAX && error == BERTH_RESOLVING; i++) {
		error = 0;
		h = berth_gethostbyname2(x->st, name, family, &error);
		if (!h && error == BERTH_RESOLVING)
			turn(x);
	}
	ASSERT(h || error != BERTH_RESOLVING);
	read_host(h);
}

static void look_info(struct play *x, const char *name, uint8_t how)
{
	static const int families[] = {AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX};
	static const int types[] = {0, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW};
	const struct addrinfo hints = {.ai_family = families[how % 4],
				       .ai_socktype = types[how / 4 % 4],
				       .ai_flags = how / 16 * 2};
	const char *service = strchr(name, '/');
	char node[NAME_MAX_BYTES + 1];
	struct addrinfo *res = NULL;
	int error = EAI_INPROGRESS;

	snprintf(node, sizeof(node), "%.*s", (int)strcspn(name, "/"), name);
	for (unsigned i = 0; i < TURNS_MAX && error == EAI_INPROGRESS; i++) {
		error = berth_getaddrinfo(x->st, node, service ? service + 1 : NULL, &hints, &res);
		if (error == EAI_INPROGRESS)
			turn(x);
	}
	ASSERT(error != EAI_INPROGRESS);
	for (struct addrinfo *a = error == 0 ? res : NULL; a; a = a->ai_next)
		ASSERT(a->ai_addr && a->ai_addrlen > 0 &&
		       (!a->ai_canonname || strlen(a->ai_canonname) < 2000));
	if (error == 0)
		berth_freeaddrinfo(x->st, res);
}

static void look_address(struct play *x, const uint8_t *data, size_t bytes)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(80)};
	const struct sockaddr *sa = bytes < 16 ? (void *)&four : (void *)&six;
	socklen_t len = bytes < 16 ? sizeof(four) : sizeof(six);
	int family = bytes < 16 ? AF_INET : AF_INET6;
	char host[64], service[8];
	struct hostent *h = NULL;
	int error = BERTH_RESOLVING;

	if (bytes < 4)
		return;
	memcpy(&four.sin_addr, data, 4);
	if (family == AF_INET6)
		memcpy(&six.sin6_addr, data, 16);
	for (unsigned i = 0; i < TURNS_MAX && !h && error == BERTH_RESOLVING; i++) {
		h = berth_gethostbyaddr(x->st, data, family == AF_INET ? 4 : 16, family, &error);
		if (!h && error == BERTH_RESOLVING)
			turn(x);
	}
	ASSERT(h || error != BERTH_RESOLVING);
	read_host(h);
	error = berth_getnameinfo(x->st, sa, len, host, sizeof(host), service, sizeof(service), 0);
	ASSERT(error != 0 || (memchr(host, 0, sizeof(host)) && memchr(service, 0, 8)));
}

static void look_service(struct play *x, const char *name)
{
	struct servent *s = berth_getservbyname(x->st, name, NULL);

	if (s)
		ASSERT(s->s_name && s->s_proto && s->s_aliases);
	s = berth_getservbyport(x->st, htons((uint16_t)(name[0] * 7)), "tcp");
	if (s)
		ASSERT(strcmp(s->s_proto, "tcp") == 0);
}

static void set_text(struct play *x, char **which, const uint8_t *data, size_t bytes)
{
	free(*which);
	*which = string(data, bytes);
	configure(x);
}

static void play(struct play *x, enum piece what, const uint8_t *data, size_t bytes)
{
	char *name = string(data, bytes < NAME_MAX_BYTES ? bytes : NAME_MAX_BYTES);

	switch (what) {
	case PIECE_HOSTS:
		set_text(x, &x->hosts, data, bytes);
		break;
	case PIECE_SERVICES:
		set_text(x, &x->services, data, bytes);
		break;
	case PIECE_SAY:
	case PIECE_ANSWER:
	case PIECE_HEADER:
		if (x->say_count < SAYINGS_MAX)
			x->says[x->say_count++] = (struct saying){what, data, bytes};
		break;
	case PIECE_NAME:
		look_name(x, name, bytes % 2 ? AF_INET : AF_INET6);
		break;
	case PIECE_INFO:
		look_info(x, name + (bytes > 0), bytes > 0 ? data[0] : 0);
		break;
	case PIECE_ADDRESS:
		look_address(x, data, bytes);
		break;
	case PIECE_SERVICE:
		look_service(x, name);
		break;
	case PIECES:
		break;
	}
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct play x;

	setup(&x, (uint8_t)bytes);
	for (unsigned n = 0; n < PIECES_MAX && bytes >= 3; n++) {
		enum piece what = (enum piece)(data[0] % PIECES);
		size_t len = (size_t)(data[1] | data[2] << 8);

		data += 3;
		bytes -= 3;
		if (len > bytes)
			len = bytes;
		play(&x, what, data, len);
		data += len;
		bytes -= len;
	}
	free(x.hosts);
	free(x.services);
	berth_stack_free(x.st);
	ASSERT(x.host.live == 0);
	return 0;
}
