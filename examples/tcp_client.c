/* SPDX-License-Identifier: MIT */
/*
 * A TCP client: says lines to a server, each after the answer to the one before.
 *
 *     tcp_client HOST [PORT [LINE...]]
 *
 * The calls are those of every stream client, in this order:
 *
 *     socket -> connect -> write and read -> shutdown -> close
 */
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

/* A socket connected to a server. A name may stand for several addresses: the first that answers.
 */
static int open_client(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *addresses;
	int err = getaddrinfo(host, port, &hints, &addresses);
	int fd = -1;

	if (err != 0) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	for (struct addrinfo *a = addresses; a; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
		if (fd < 0)
			fail("socket");
		/* Our own address and port are chosen here. It returns when the server's host
		 * has answered: the connection is there, even if nobody has accepted it yet. */
		if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		perror("connect");
		close(fd);
		fd = -1;
	}
	freeaddrinfo(addresses);
	if (fd < 0)
		exit(EXIT_FAILURE);
	return fd;
}

static void say(int fd, const char *line)
{
	char buf[1024];
	int length = snprintf(buf, sizeof(buf), "%s\n", line);
	const char *bytes = buf;

	if (length >= (int)sizeof(buf)) {
		fprintf(stderr, "too long: %s\n", line);
		exit(EXIT_FAILURE);
	}
	while (length > 0) {
		/* Returns when the bytes are on their way, not when they have arrived. */
		ssize_t n = write(fd, bytes, (size_t)length);

		if (n < 0)
			fail("write");
		bytes += n;
		length -= (int)n;
	}
}

/* Prints what comes, up to the end of a line. It may come in pieces. False: the server has ended.
 */
static int hear(int fd)
{
	char buf[4096];
	ssize_t n;

	do {
		n = read(fd, buf, sizeof(buf));
		if (n < 0)
			fail("read");
		fwrite(buf, 1, (size_t)n, stdout);
	} while (n > 0 && buf[n - 1] != '\n');
	fflush(stdout);
	return n > 0;
}

int main(int argc, char **argv)
{
	int fd;

	if (argc < 2) {
		fprintf(stderr, "usage: tcp_client HOST [PORT [LINE...]]\n");
		return EXIT_FAILURE;
	}
	fd = open_client(argv[1], argc > 2 ? argv[2] : "7000");
	for (int i = 3; i < argc; i++) {
		say(fd, argv[i]);
		if (!hear(fd)) {
			fprintf(stderr, "the server has gone\n");
			return EXIT_FAILURE;
		}
	}
	/* "I have said all": the server's read() returns 0. We can still read. */
	if (shutdown(fd, SHUT_WR) < 0)
		fail("shutdown");
	while (hear(fd))
		;
	if (close(fd) < 0)
		fail("close");
	return EXIT_SUCCESS;
}
