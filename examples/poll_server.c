/* SPDX-License-Identifier: MIT */
/*
 * A stream server for many clients at once, as select_server, with poll(): a list of sockets
 * and what is waited for at each, so that there is no limit to their numbers.
 *
 *     poll_server [-4|-6|-u] [PORT|PATH [CLIENTS]]
 */
#include <ctype.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS_MAX 1000

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
			fprintf(stderr, "usage: poll_server [-4|-6|-u] [PORT|PATH [CLIENTS]]\n");
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
	ssize_t n = read(client, buf, sizeof(buf));
	ssize_t sent = 0;

	if (n <= 0)
		return 0;
	for (ssize_t i = 0; i < n; i++)
		buf[i] = (char)toupper((unsigned char)buf[i]);
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
	struct pollfd fds[1 + CLIENTS_MAX];
	nfds_t count = 1;
	int clients;
	int served = 0;

	fds[0] = (struct pollfd){.fd = open_server(argc, argv, &clients), .events = POLLIN};
	while (clients == 0 || served < clients) {
		if (poll(fds, count, -1) < 0)
			fail("poll");
		/* From the back, so that the last may take the place of one that leaves. */
		for (nfds_t i = count - 1; i > 0; i--) {
			/* Not only POLLIN: a client that is gone shows as POLLHUP or POLLERR,
			 * and read() says which. */
			if (fds[i].revents == 0 || serve(fds[i].fd))
				continue;
			close(fds[i].fd);
			fds[i] = fds[--count];
			served++;
		}
		if (fds[0].revents & POLLIN) {
			int client = accept(fds[0].fd, NULL, NULL);

			if (client < 0)
				fail("accept");
			if (count == 1 + CLIENTS_MAX)
				close(client);
			else
				fds[count++] = (struct pollfd){.fd = client, .events = POLLIN};
		}
	}
	close(fds[0].fd);
	return EXIT_SUCCESS;
}
