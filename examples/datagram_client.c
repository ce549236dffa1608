/* SPDX-License-Identifier: MIT */
/*
 * A datagram client: says words to a server, each after the answer to the one before.
 *
 *     datagram_client [-4|-6] HOST [PORT [WORD...]]   over UDP; without a family, IPv4
 *     datagram_client -u PATH [WORD...]               to a server on the same host
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
#include <sys/un.h>
#include <unistd.h>

#define TRIES 3

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

struct address {
	struct sockaddr_storage name;
	socklen_t length;
};

static struct address find_server(int family, const char *host, const char *port)
{
	struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found;
	struct address server = {.length = 0};
	int err = getaddrinfo(host, port, &hints, &found);

	if (err != 0) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	memcpy(&server.name, found->ai_addr, found->ai_addrlen);
	server.length = found->ai_addrlen;
	freeaddrinfo(found);
	return server;
}

static struct address unix_server(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct address server = {.length = sizeof(name)};

	if (strlen(path) >= sizeof(name.sun_path)) {
		fprintf(stderr, "too long: %s\n", path);
		exit(EXIT_FAILURE);
	}
	strcpy(name.sun_path, path);
	memcpy(&server.name, &name, sizeof(name));
	return server;
}

static int open_client(int family)
{
	struct timeval second = {.tv_sec = 1};
	int fd = socket(family, SOCK_DGRAM, 0);

	if (fd < 0)
		fail("socket");
	/* On the Internet sendto() gives us a port, by which answers find us. Here we ask for a
	 * name ourselves: bind() to none at all is to any that is free. */
	if (family == AF_UNIX) {
		struct sockaddr_un any = {.sun_family = AF_UNIX};

		if (bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)) < 0)
			fail("bind");
	}
	/* So that recvfrom() does not wait for ever. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) < 0)
		fail("setsockopt");
	return fd;
}

/* Sends a word and prints the answer. False: none came. An answer to an earlier try, late, is
 * taken for one to this: programs that mind put numbers into their datagrams. */
static int ask(int fd, const struct address *server, const char *word)
{
	char buf[2048];

	for (int i = 0; i < TRIES; i++) {
		ssize_t n = sendto(fd, word, strlen(word), 0,
				   (const struct sockaddr *)&server->name, server->length);

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
	struct address server;
	int family = AF_INET;
	int status = EXIT_SUCCESS;
	int option;
	int fd;

	while ((option = getopt(argc, argv, "46u")) != -1)
		family = option == '4'	 ? AF_INET
			 : option == '6' ? AF_INET6
			 : option == 'u' ? AF_UNIX
					 : -1;
	if (family < 0 || optind >= argc) {
		fprintf(stderr, "usage: datagram_client [-4|-6] HOST [PORT [WORD...]]\n"
				"       datagram_client -u PATH [WORD...]\n");
		return EXIT_FAILURE;
	}
	if (family == AF_UNIX) {
		server = unix_server(argv[optind++]);
	} else {
		const char *host = argv[optind++];

		server = find_server(family, host, optind < argc ? argv[optind] : "7000");
		optind++;
	}
	fd = open_client(family);
	for (int i = optind; i < argc; i++) {
		if (!ask(fd, &server, argv[i]))
			status = EXIT_FAILURE;
	}
	if (close(fd) < 0)
		fail("close");
	return status;
}
