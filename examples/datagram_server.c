/* SPDX-License-Identifier: MIT */
/*
 * A datagram server: answers each datagram with the same in capitals.
 *
 *     datagram_server [-4|-6] [PORT [DATAGRAMS]]   over UDP; after that many it ends; 0: never
 *     datagram_server -u [PATH [DATAGRAMS]]        between programs of one host
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
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

static int open_server(int family, const char *port)
{
	struct addrinfo hints = {
		.ai_family = family,
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

static int open_unix_server(const char *path)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

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

int main(int argc, char **argv)
{
	int family = AF_INET;
	int option;

	while ((option = getopt(argc, argv, "46u")) != -1) {
		if (option == '?') {
			fprintf(stderr,
				"usage: datagram_server [-4|-6|-u] [PORT|PATH [DATAGRAMS]]\n");
			return EXIT_FAILURE;
		}
		family = option == '4' ? AF_INET : option == '6' ? AF_INET6 : AF_UNIX;
	}
	const char *where = optind < argc ? argv[optind] : family == AF_UNIX ? "socket" : "7000";
	int datagrams = optind + 1 < argc ? atoi(argv[optind + 1]) : 0;
	int fd = family == AF_UNIX ? open_unix_server(where) : open_server(family, where);

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
	if (family == AF_UNIX)
		(void)unlink(where);
	return EXIT_SUCCESS;
}
