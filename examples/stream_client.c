/* SPDX-License-Identifier: MIT */
/*
 * A stream client: says lines to a server, each after the answer to the one before.
 *
 *     stream_client [-4|-6] HOST [PORT [LINE...]]   over TCP; without a family, whichever answers
 *     stream_client -u PATH [LINE...]               to a server on the same host
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
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

/* A socket connected to a server. A name may stand for several addresses: the first that answers.
 */
static int open_client(int family, const char *host, const char *port)
{
	struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
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

static int open_unix_client(const char *path)
{
	struct sockaddr_un server = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		fail("socket");
	if (strlen(path) >= sizeof(server.sun_path)) {
		fprintf(stderr, "too long: %s\n", path);
		exit(EXIT_FAILURE);
	}
	strcpy(server.sun_path, path);
	/* We stay without a name: nobody needs it, as the connection leads both ways. */
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0)
		fail("connect");
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
	int family = AF_UNSPEC;
	int option;
	int fd;

	while ((option = getopt(argc, argv, "46u")) != -1)
		family = option == '4'	 ? AF_INET
			 : option == '6' ? AF_INET6
			 : option == 'u' ? AF_UNIX
					 : -1;
	if (family < 0 || optind >= argc) {
		fprintf(stderr, "usage: stream_client [-4|-6] HOST [PORT [LINE...]]\n"
				"       stream_client -u PATH [LINE...]\n");
		return EXIT_FAILURE;
	}
	if (family == AF_UNIX) {
		fd = open_unix_client(argv[optind++]);
	} else {
		const char *host = argv[optind++];

		fd = open_client(family, host, optind < argc ? argv[optind] : "7000");
		optind++;
	}
	for (int i = optind; i < argc; i++) {
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
