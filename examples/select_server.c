/* SPDX-License-Identifier: MIT */
/*
 * A TCP server for many clients at once, in one process: select() says which of its sockets have
 * something to read, so that no read() or accept() has to wait.
 *
 *     select_server [PORT]
 *
 * Every client's lines come back in capitals, as from tcp_server.
 */
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

static int open_server(const char *port)
{
	struct addrinfo hints = {
		.ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE,
	};
	struct addrinfo *local;
	int yes = 1;
	int err = getaddrinfo(NULL, port, &hints, &local);
	int fd;

	if (err != 0) {
		fprintf(stderr, "port %s: %s\n", port, gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	fd = socket(local->ai_family, local->ai_socktype, local->ai_protocol);
	if (fd < 0)
		fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
		fail("setsockopt");
	if (bind(fd, local->ai_addr, local->ai_addrlen) < 0)
		fail("bind");
	freeaddrinfo(local);
	if (listen(fd, 16) < 0)
		fail("listen");
	return fd;
}

/* Answers what one client has said. False: it has ended, or is gone. */
static int serve(int client)
{
	char buf[4096];
	ssize_t n = read(client, buf, sizeof(buf));
	ssize_t sent = 0;

	if (n <= 0)
		return 0;
	for (ssize_t i = 0; i < n; i++)
		buf[i] = (char)toupper((unsigned char)buf[i]);
	/* This write() may wait, for a client that does not read, and all others with it. A
	 * server that minds keeps what it has to say, and asks select() when there is room. */
	while (sent < n) {
		ssize_t count = write(client, buf + sent, (size_t)(n - sent));

		if (count < 0)
			return 0;
		sent += count;
	}
	return 1;
}

int main(int argc, char **argv)
{
	int server = open_server(argc > 1 ? argv[1] : "7000");
	int highest = server;
	fd_set all;

	FD_ZERO(&all);
	FD_SET(server, &all);
	for (;;) {
		fd_set ready = all; /* select() leaves in the set only those that are ready */

		if (select(highest + 1, &ready, NULL, NULL, NULL) < 0)
			fail("select");
		for (int fd = 0; fd <= highest; fd++) {
			if (!FD_ISSET(fd, &ready))
				continue;
			if (fd == server) {
				int client = accept(server, NULL, NULL);

				if (client < 0)
					fail("accept");
				if (client >= FD_SETSIZE) { /* more than a set can hold */
					close(client);
					continue;
				}
				FD_SET(client, &all);
				if (client > highest)
					highest = client;
			} else if (!serve(fd)) {
				FD_CLR(fd, &all);
				close(fd);
			}
		}
	}
}
