/* SPDX-License-Identifier: MIT */
/*
 * Two end points make a connection, the socket pair. A server that prints the pair of every
 * connection it has, and says it to the client too:
 *
 *     socket_pairs [-4|-6|-u] [PORT|PATH [CONNECTIONS]]   after that many it ends; 0: never
 *
 *     206.62.226.35,p21 + 198.69.10.2,p1500
 *     206.62.226.35,p21 + 198.69.10.2,p1499
 *
 * The server's end is the same each time: address and port of the client tell connections apart.
 * stream_client shows what is said to it.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WORDS (NI_MAXHOST + NI_MAXSERV + 4) /* an end point's */

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

/* An end point in words: network layer's address, transport layer's port; or a path. */
static void describe(const struct sockaddr *name, socklen_t length, char *out, size_t room)
{
	char address[NI_MAXHOST];
	char port[NI_MAXSERV];
	int err;

	if (name->sa_family == AF_UNIX) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)name;

		/* A client that did not bind() has no name. */
		snprintf(out, room, "%s", length > sizeof(un->sun_family) ? un->sun_path : "-");
		return;
	}
	err = getnameinfo(name, length, address, sizeof(address), port, sizeof(port),
			  NI_NUMERICHOST | NI_NUMERICSERV);
	if (err != 0) {
		fprintf(stderr, "getnameinfo: %s\n", gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	snprintf(out, room, "%s,p%s", address, port);
}

static void describe_pair(int fd, char *out, size_t room)
{
	struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
	struct sockaddr_storage remote = {.ss_family = AF_UNSPEC};
	socklen_t local_length = sizeof(local);
	socklen_t remote_length = sizeof(remote);
	char ends[2][WORDS];

	if (getsockname(fd, (struct sockaddr *)&local, &local_length) < 0)
		fail("getsockname");
	if (getpeername(fd, (struct sockaddr *)&remote, &remote_length) < 0)
		fail("getpeername");
	describe((struct sockaddr *)&local, local_length, ends[0], sizeof(ends[0]));
	describe((struct sockaddr *)&remote, remote_length, ends[1], sizeof(ends[1]));
	snprintf(out, room, "%s + %s\n", ends[0], ends[1]);
}

static int open_server(int family, const char *where)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct addrinfo hints = {
		.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *local;
	int yes = 1;
	int err;
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		fail("socket");
	if (family == AF_UNIX) {
		snprintf(path.sun_path, sizeof(path.sun_path), "%s", where);
		(void)unlink(path.sun_path); /* of an earlier server, if it was there */
		if (bind(fd, (struct sockaddr *)&path, sizeof(path)) < 0)
			fail("bind");
		return fd;
	}
	err = getaddrinfo(NULL, where, &hints, &local);
	if (err != 0) {
		fprintf(stderr, "port %s: %s\n", where, gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
		fail("setsockopt");
	if (bind(fd, local->ai_addr, local->ai_addrlen) < 0)
		fail("bind");
	freeaddrinfo(local);
	return fd;
}

int main(int argc, char **argv)
{
	int family = AF_INET;
	int option;
	int server;

	while ((option = getopt(argc, argv, "46u")) != -1) {
		if (option == '?') {
			fprintf(stderr,
				"usage: socket_pairs [-4|-6|-u] [PORT|PATH [CONNECTIONS]]\n");
			return EXIT_FAILURE;
		}
		family = option == '4' ? AF_INET : option == '6' ? AF_INET6 : AF_UNIX;
	}
	const char *where = optind < argc ? argv[optind] : family == AF_UNIX ? "socket" : "7000";
	int connections = optind + 1 < argc ? atoi(argv[optind + 1]) : 0;

	server = open_server(family, where);
	if (listen(server, 5) < 0)
		fail("listen");
	for (int i = 0; connections == 0 || i < connections; i++) {
		char pair[2 * WORDS + 8];
		char byte;
		int client = accept(server, NULL, NULL);

		if (client < 0)
			fail("accept");
		describe_pair(client, pair, sizeof(pair));
		fputs(pair, stdout);
		fflush(stdout);
		if (write(client, pair, strlen(pair)) < 0)
			perror("write");
		if (shutdown(client, SHUT_WR) < 0)
			perror("shutdown");
		while (read(client, &byte, 1) > 0) /* until it has said all */
			;
		close(client);
	}
	close(server);
	return EXIT_SUCCESS;
}
