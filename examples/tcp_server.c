/* SPDX-License-Identifier: MIT */
/*
 * A TCP server: waits for a client, answers each line with the same line in capitals, until the
 * client has said all it has to say. Then the next client.
 *
 *     tcp_server [PORT [CLIENTS]]      after that many clients it ends; 0: never
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
#include <unistd.h>

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

/* A socket that listens on a port of every address this host has. */
static int open_server(const char *port)
{
	struct addrinfo hints = {
		.ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM, /* a stream: reliable, in order, without boundaries */
		.ai_flags = AI_PASSIVE,	    /* to bind to, not to connect to */
	};
	struct addrinfo *local;
	int yes = 1;
	int err;
	int fd;

	err = getaddrinfo(NULL, port, &hints, &local);
	if (err != 0) {
		fprintf(stderr, "port %s: %s\n", port, gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	fd = socket(local->ai_family, local->ai_socktype, local->ai_protocol);
	if (fd < 0)
		fail("socket");
	/* Otherwise the port stays taken for a minute after the server has ended. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
		fail("setsockopt");
	if (bind(fd, local->ai_addr, local->ai_addrlen) < 0)
		fail("bind");
	freeaddrinfo(local);
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

int main(int argc, char **argv)
{
	const char *port = argc > 1 ? argv[1] : "7000";
	int clients = argc > 2 ? atoi(argv[2]) : 0;
	int server = open_server(port);

	printf("listening on port %s\n", port);
	fflush(stdout);
	for (int i = 0; clients == 0 || i < clients; i++) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof(peer);
		char host[NI_MAXHOST] = "?";
		/* A new socket for this client; the listening one goes on listening. */
		int client = accept(server, (struct sockaddr *)&peer, &length);

		if (client < 0)
			fail("accept");
		(void)getnameinfo((struct sockaddr *)&peer, length, host, sizeof(host), NULL, 0,
				  0); /* without a name it stays "?" */
		printf("a client on %s\n", host);
		fflush(stdout);
		serve(client);
		if (close(client) < 0)
			fail("close");
	}
	if (close(server) < 0)
		fail("close");
	return EXIT_SUCCESS;
}
