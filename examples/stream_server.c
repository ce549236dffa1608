/* SPDX-License-Identifier: MIT */
/*
 * A stream server: waits for a client, answers each line with the same line in capitals, until the
 * client has said all it has to say. Then the next client.
 *
 *     stream_server [-4|-6] [PORT [CLIENTS]]   over TCP; after that many clients it ends; 0: never
 *     stream_server -u [PATH [CLIENTS]]        between programs of one host
 *
 * The calls are those of every stream server, in this order:
 *
 *     socket -> bind -> listen -> accept -> read and write -> close
 */
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

/* What the address says is the family's: an IP address and a port, or a path. */
struct address {
	struct sockaddr_storage name;
	socklen_t length;
};

/* A port of every address this host has. */
static struct address internet_address(int family, const char *port)
{
	struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE, /* to bind to, not to connect to */
	};
	struct addrinfo *found;
	struct address local = {.length = 0};
	int err = getaddrinfo(NULL, port, &hints, &found);

	if (err != 0) {
		fprintf(stderr, "port %s: %s\n", port, gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	memcpy(&local.name, found->ai_addr, found->ai_addrlen);
	local.length = found->ai_addrlen;
	freeaddrinfo(found);
	return local;
}

static struct address unix_address(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct address local = {.length = sizeof(name)};

	if (strlen(path) >= sizeof(name.sun_path)) {
		fprintf(stderr, "too long: %s\n", path);
		exit(EXIT_FAILURE);
	}
	strcpy(name.sun_path, path);
	memcpy(&local.name, &name, sizeof(name));
	return local;
}

static int open_server(int family, const char *where)
{
	struct address local =
		family == AF_UNIX ? unix_address(where) : internet_address(family, where);
	int yes = 1;
	/* A stream: reliable, in order, without boundaries. The protocol 0 is the one that the
	 * family has for streams: TCP, on the Internet. */
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		fail("socket");
	if (family == AF_UNIX)
		(void)unlink(where); /* of an earlier server, if it was there */
	/* Otherwise the port stays taken for a minute after the server has ended. */
	else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
		fail("setsockopt");
	if (bind(fd, (struct sockaddr *)&local.name, local.length) < 0)
		fail("bind");
	/* From now on clients can connect; up to 5 may wait until we accept them. */
	if (listen(fd, 5) < 0)
		fail("listen");
	return fd;
}

/* write() may take less than it is given. False: the client is gone. */
static int write_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t n = write(fd, bytes, count);

		if (n < 0) {
			perror("write");
			return 0;
		}
		bytes += n;
		count -= (size_t)n;
	}
	return 1;
}

/* A stream has no lines in it: what one write() sent may arrive in several pieces, and several
 * in one. Capitals can be made of any piece, so nothing has to be put together here. */
static void serve(int client)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(client, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			buf[i] = (char)toupper((unsigned char)buf[i]);
		if (!write_all(client, buf, (size_t)n))
			break;
	}
	if (n < 0)
		perror("read");
	/* n is 0: the client has shut down its side, so no more will come. */
}

static void greet(const struct sockaddr *peer, socklen_t length)
{
	char host[NI_MAXHOST] = "?";

	if (peer->sa_family == AF_UNIX)
		strcpy(host, "this host");
	else
		(void)getnameinfo(peer, length, host, sizeof(host), NULL, 0,
				  0); /* without a name it stays "?" */
	printf("a client on %s\n", host);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int family = AF_INET;
	int option;

	while ((option = getopt(argc, argv, "46u")) != -1) {
		if (option == '?') {
			fprintf(stderr, "usage: stream_server [-4|-6|-u] [PORT|PATH [CLIENTS]]\n");
			return EXIT_FAILURE;
		}
		family = option == '4' ? AF_INET : option == '6' ? AF_INET6 : AF_UNIX;
	}
	const char *where = optind < argc ? argv[optind] : family == AF_UNIX ? "socket" : "7000";
	int clients = optind + 1 < argc ? atoi(argv[optind + 1]) : 0;
	int server = open_server(family, where);

	printf("listening on %s %s\n", family == AF_UNIX ? "path" : "port", where);
	fflush(stdout);
	for (int i = 0; clients == 0 || i < clients; i++) {
		struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
		socklen_t length = sizeof(peer);
		/* A new socket for this client; the listening one goes on listening. */
		int client = accept(server, (struct sockaddr *)&peer, &length);

		if (client < 0)
			fail("accept");
		greet((struct sockaddr *)&peer, length);
		serve(client);
		if (close(client) < 0)
			fail("close");
	}
	if (close(server) < 0)
		fail("close");
	if (family == AF_UNIX)
		(void)unlink(where);
	return EXIT_SUCCESS;
}
