/* SPDX-License-Identifier: MIT */
/*
 * A TCP server for many clients at once, as select_server, with poll(): a list of sockets
 * and what is waited for at each, so that there is no limit to their numbers.
 *
 *     poll_server [PORT]
 */
#include <ctype.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 1000

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

	fds[0] = (struct pollfd){.fd = open_server(argc > 1 ? argv[1] : "7000"), .events = POLLIN};
	for (;;) {
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
}
