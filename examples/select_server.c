/* SPDX-License-Identifier: MIT */
/*
 * A stream server for many clients at once, in one process: select() says which of its sockets have
 * something to read, so that no recv() or accept() has to wait.
 *
 *     select_server [-4|-6|-u] [PORT|PATH [CLIENTS]]
 *
 * Every client's lines come back in capitals, as from stream_server. recv() and send() are read()
 * and write() with room for flags.
 */
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

static int open_unix_socket(const char *path)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		fail("socket");
	if (strlen(path) >= sizeof(local.sun_path)) {
		fprintf(stderr, "too long: %s\n", path);
		exit(EXIT_FAILURE);
	}
	strcpy(local.sun_path, path);
	(void)unlink(path); /* of an earlier server, if it was there */
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0)
		fail("bind");
	return fd;
}

static int open_internet_socket(int family, const char *port)
{
	struct addrinfo hints = {
		.ai_family = family,
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
	return fd;
}

/* With what the program was told on its command line: a family, a port or path, and how many
 * clients there will be (0: it never ends). */
static int open_server(int argc, char **argv, int *clients)
{
	int family = AF_INET;
	int option;
	int fd;

	while ((option = getopt(argc, argv, "46u")) != -1) {
		if (option == '?') {
			fprintf(stderr, "usage: select_server [-4|-6|-u] [PORT|PATH [CLIENTS]]\n");
			exit(EXIT_FAILURE);
		}
		family = option == '4' ? AF_INET : option == '6' ? AF_INET6 : AF_UNIX;
	}
	const char *where = optind < argc ? argv[optind] : family == AF_UNIX ? "socket" : "7000";

	*clients = optind + 1 < argc ? atoi(argv[optind + 1]) : 0;
	fd = family == AF_UNIX ? open_unix_socket(where) : open_internet_socket(family, where);
	if (listen(fd, 16) < 0)
		fail("listen");
	return fd;
}

/* Answers what one client has said. False: it has ended, or is gone. */
static int serve(int client)
{
	char buf[4096];
	ssize_t n = recv(client, buf, sizeof(buf), 0);
	ssize_t sent = 0;

	if (n <= 0)
		return 0;
	for (ssize_t i = 0; i < n; i++)
		buf[i] = (char)toupper((unsigned char)buf[i]);
	/* This send() may wait, for a client that does not read, and all others with it. A
	 * server that minds keeps what it has to say, and asks select() when there is room. Without
	 * MSG_NOSIGNAL a client that is gone would end us. */
	while (sent < n) {
		ssize_t count = send(client, buf + sent, (size_t)(n - sent), MSG_NOSIGNAL);

		if (count < 0)
			return 0;
		sent += count;
	}
	return 1;
}

int main(int argc, char **argv)
{
	int clients;
	int server = open_server(argc, argv, &clients);
	int highest = server;
	int served = 0;
	fd_set all;

	FD_ZERO(&all);
	FD_SET(server, &all);
	while (clients == 0 || served < clients) {
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
				served++;
			}
		}
	}
	close(server);
	return EXIT_SUCCESS;
}
