/* SPDX-License-Identifier: MIT */
/*
 * A UDP client: says words to a server, each after the answer to the one before.
 *
 *     udp_client HOST [PORT [WORD...]]
 *
 * A datagram, or its answer, may be lost, and nobody but us will send it again. So we wait for a
 * second, and after three tries give up. The calls are:
 *
 *     socket -> sendto and recvfrom -> close
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TRIES 3

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

static struct addrinfo *find_server(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *server;
	int err = getaddrinfo(host, port, &hints, &server);

	if (err != 0) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	return server;
}

/* Sends a word and prints the answer. False: none came. An answer to an earlier try, late, is
 * taken for one to this: programs that mind put numbers into their datagrams. */
static int ask(int fd, const struct addrinfo *server, const char *word)
{
	char buf[2048];

	for (int i = 0; i < TRIES; i++) {
		ssize_t n = sendto(fd, word, strlen(word), 0, server->ai_addr, server->ai_addrlen);

		if (n < 0)
			fail("sendto");
		n = recvfrom(fd, buf, sizeof(buf), 0, NULL, NULL);
		if (n >= 0) {
			printf("%.*s\n", (int)n, buf);
			return 1;
		}
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			fail("recvfrom");
		printf("no answer to %s\n", word);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct timeval second = {.tv_sec = 1};
	struct addrinfo *server;
	int status = EXIT_SUCCESS;
	int fd;

	if (argc < 2) {
		fprintf(stderr, "usage: udp_client HOST [PORT [WORD...]]\n");
		return EXIT_FAILURE;
	}
	server = find_server(argv[1], argc > 2 ? argv[2] : "7000");
	fd = socket(server->ai_family, server->ai_socktype, server->ai_protocol);
	if (fd < 0)
		fail("socket");
	/* So that recvfrom() does not wait for ever. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) < 0)
		fail("setsockopt");
	for (int i = 3; i < argc; i++) {
		if (!ask(fd, server, argv[i]))
			status = EXIT_FAILURE;
	}
	freeaddrinfo(server);
	if (close(fd) < 0)
		fail("close");
	return status;
}
