/* SPDX-License-Identifier: MIT */
/*
 * Connect, request, response, close, one after the other: crr serve PORT; crr ask HOST PORT
 * SECONDS prints how many were done per second. The server closes first.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BYTES 64

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void serve(uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	const int one = 1;
	char buf[BYTES];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 128) < 0)
		die("listen");
	for (;;) {
		int conn = accept(fd, NULL, NULL);
		if (conn < 0)
			die("accept");
		if (recv(conn, buf, BYTES, MSG_WAITALL) == BYTES)
			(void)send(conn, buf, BYTES, MSG_NOSIGNAL);
		close(conn);
	}
}

static void ask(const char *host, const char *port, double seconds)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	char buf[BYTES] = {0};
	double start = now_s();
	long count = 0;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		die("getaddrinfo");
	while (now_s() - start < seconds) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
			die("connect");
		if (send(fd, buf, BYTES, 0) != BYTES || recv(fd, buf, BYTES, MSG_WAITALL) != BYTES)
			die("request");
		if (recv(fd, buf, BYTES, 0) != 0)
			die("end");
		close(fd);
		count++;
	}
	printf("%.1f\n", (double)count / (now_s() - start));
	exit(0);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve((uint16_t)atoi(argv[2]));
	else if (argc == 5 && strcmp(argv[1], "ask") == 0)
		ask(argv[2], argv[3], atof(argv[4]));
	return 2;
}
