/* SPDX-License-Identifier: MIT */
/*
 * Connections opened and closed in a row: churn serve PORT WAY, churn connect HOST PORT COUNT WAY,
 * the way being reset, orderly or shut. The server sends one byte. In order, it then closes, and
 * the client follows (so that TIME-WAIT is the server's, and the client has its port back);
 * otherwise the client reads the byte and resets (SO_LINGER 0). With `shut` the client shuts its
 * end down before it closes it.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void serve(uint16_t port, int reset)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 128) < 0)
		die("listen");
	for (;;) {
		char byte = 'x';
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			die("accept");
		if (send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && reset)
			while (read(fd, &byte, 1) > 0)
				;
		close(fd);
	}
}

static void run(const char *host, const char *port, long count, const char *way)
{
	const int reset = strcmp(way, "reset") == 0;
	const int shut = strcmp(way, "shut") == 0;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET};
	const struct linger linger = {1, 0};
	struct addrinfo *found;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		die("getaddrinfo");
	for (long i = 0; i < count; i++) {
		char byte;
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
			fprintf(stderr, "connection %ld\n", i);
			die("connect");
		}
		if (read(fd, &byte, 1) != 1)
			die("read");
		if (!reset && read(fd, &byte, 1) != 0)
			die("end");
		if (shut && shutdown(fd, SHUT_WR) < 0)
			die("shutdown");
		if (reset && setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
			die("SO_LINGER");
		close(fd);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4)
		serve((uint16_t)atoi(argv[2]), strcmp(argv[3], "reset") == 0);
	else if (argc == 6)
		run(argv[2], argv[3], atol(argv[4]), argv[5]);
	return 2 * (argc != 6);
}
