/* SPDX-License-Identifier: MIT */
/*
 * 64-byte round trips, one at a time: rtt serve tcp|udp PORT; rtt ask tcp|udp HOST PORT COUNT
 * prints the microseconds that one takes, the median of 20 equal parts.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BYTES 64
#define PARTS 20

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Reads a whole message; false at the end. */
static int read_all(int fd, char *buf)
{
	size_t have = 0;

	while (have < BYTES) {
		ssize_t n = recv(fd, buf + have, BYTES - have, 0);
		if (n < 0)
			die("recv");
		if (n == 0)
			return 0;
		have += (size_t)n;
	}
	return 1;
}

static void serve(int type, uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	const int one = 1;
	char buf[BYTES];
	int fd = socket(AF_INET, type, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("bind");
	if (type == SOCK_DGRAM) {
		struct sockaddr_in peer;
		socklen_t len = sizeof(peer);
		ssize_t n;
		/* The first datagram tells the peer; from then on the socket is connected. */
		n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&peer, &len);
		if (n < 0 || connect(fd, (struct sockaddr *)&peer, len) < 0)
			die("connect");
		while (send(fd, buf, BYTES, 0) == BYTES && recv(fd, buf, sizeof(buf), 0) > 0)
			;
		return;
	}
	if (listen(fd, 1) < 0)
		die("listen");
	for (;;) {
		int conn = accept(fd, NULL, NULL);
		if (conn < 0)
			die("accept");
		setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		while (read_all(conn, buf))
			if (send(conn, buf, BYTES, MSG_NOSIGNAL) != BYTES)
				break;
		close(conn);
	}
}

static void ask(int type, const char *host, const char *port, long count)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = type};
	struct addrinfo *found;
	const int one = 1;
	double parts[PARTS];
	char buf[BYTES] = {0};

	if (getaddrinfo(host, port, &hints, &found) != 0)
		die("getaddrinfo");
	int fd = socket(AF_INET, type, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
		die("connect");
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (int part = -1; part < PARTS; part++) { /* part -1 warms up */
		double start = now_us();
		for (long i = 0; i < count / PARTS; i++)
			if (send(fd, buf, BYTES, 0) != BYTES || !read_all(fd, buf))
				die("round trip");
		if (part >= 0)
			parts[part] = (now_us() - start) / (double)(count / PARTS);
	}
	qsort(parts, PARTS, sizeof(parts[0]), by_value);
	printf("%.3f\n", parts[PARTS / 2]);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	int type = strcmp(argv[2], "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM;
	if (strcmp(argv[1], "serve") == 0)
		serve(type, (uint16_t)atoi(argv[3]));
	else if (argc == 6)
		ask(type, argv[3], argv[4], atol(argv[5]));
	return 0;
}
