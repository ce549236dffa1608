/* SPDX-License-Identifier: MIT */
/*
 * A UDP server: answers each datagram with the same in capitals.
 *
 *     udp_server [PORT [DATAGRAMS]]    after that many datagrams it ends; 0: never
 *
 * No listen(), no accept(): there are no connections. One socket serves all clients; each datagram
 * says whose it is. The calls are:
 *
 *     socket -> bind -> recvfrom and sendto -> close
 */
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
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
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_PASSIVE,
	};
	struct addrinfo *local;
	int err = getaddrinfo(NULL, port, &hints, &local);
	int fd;

	if (err != 0) {
		fprintf(stderr, "port %s: %s\n", port, gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	fd = socket(local->ai_family, local->ai_socktype, local->ai_protocol);
	if (fd < 0)
		fail("socket");
	if (bind(fd, local->ai_addr, local->ai_addrlen) < 0)
		fail("bind");
	freeaddrinfo(local);
	return fd;
}

int main(int argc, char **argv)
{
	const char *port = argc > 1 ? argv[1] : "7000";
	int datagrams = argc > 2 ? atoi(argv[2]) : 0;
	int fd = open_server(port);

	for (int i = 0; datagrams == 0 || i < datagrams; i++) {
		struct sockaddr_storage client;
		socklen_t length = sizeof(client);
		char buf[2048];
		/* A datagram arrives whole or not at all; what is longer than buf is cut off. */
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&client, &length);

		if (n < 0)
			fail("recvfrom");
		for (ssize_t k = 0; k < n; k++)
			buf[k] = (char)toupper((unsigned char)buf[k]);
		if (sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&client, length) < 0)
			perror("sendto"); /* one client's trouble is not the others' */
	}
	if (close(fd) < 0)
		fail("close");
	return EXIT_SUCCESS;
}
