/* SPDX-License-Identifier: MIT */
/*
 * A web client and server of plain Berkeley calls, to be linked statically: fetch HOST PORT
 * PATH writes the body to standard output, fetch -s PORT serves the files of this folder, bound to
 * the address $ANY.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void write_all(int fd, const char *buf, size_t bytes)
{
	while (bytes > 0) {
		ssize_t n = write(fd, buf, bytes);
		if (n < 0)
			die("write");
		buf += n;
		bytes -= (size_t)n;
	}
}

static void fetch(const char *host, const char *port, const char *path)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	char buf[65536];
	ssize_t n;
	int body = 0;
	int error = getaddrinfo(host, port, &hints, &found);

	if (error != 0) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
		exit(1);
	}
	int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
	if (fd < 0)
		die("socket");
	if (connect(fd, found->ai_addr, found->ai_addrlen) < 0)
		die("connect");
	freeaddrinfo(found);
	n = snprintf(buf, sizeof(buf), "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
	write_all(fd, buf, (size_t)n);
	size_t have = 0;
	while ((n = read(fd, buf + have, sizeof(buf) - 1 - have)) > 0) {
		have += (size_t)n;
		if (!body) {
			buf[have] = 0;
			char *end = strstr(buf, "\r\n\r\n");
			if (end == NULL)
				continue;
			body = 1;
			end += 4;
			write_all(1, end, have - (size_t)(end - buf));
		} else {
			write_all(1, buf, have);
		}
		have = 0;
	}
	if (n < 0)
		die("read");
	close(fd);
}

static void answer(int fd)
{
	char buf[65536];
	char path[256];
	size_t have = 0;
	ssize_t n;

	do {
		n = read(fd, buf + have, sizeof(buf) - 1 - have);
		if (n <= 0)
			return;
		have += (size_t)n;
		buf[have] = 0;
	} while (strstr(buf, "\r\n\r\n") == NULL);
	if (sscanf(buf, "GET /%255s", path) != 1)
		return;
	int file = open(path, O_RDONLY);
	if (file < 0)
		return;
	write_all(fd, "HTTP/1.0 200 OK\r\n\r\n", 19);
	while ((n = read(file, buf, sizeof(buf))) > 0)
		write_all(fd, buf, (size_t)n);
	close(file);
}

static void serve(const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found;
	const int one = 1;

	if (getaddrinfo(getenv("ANY"), port, &hints, &found) != 0)
		die("getaddrinfo");
	int fd = socket(found->ai_family, SOCK_STREAM, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, found->ai_addr, found->ai_addrlen) < 0)
		die("bind");
	if (listen(fd, 16) < 0)
		die("listen");
	for (;;) {
		int conn = accept(fd, NULL, NULL);
		if (conn < 0)
			die("accept");
		if (fork() == 0) {
			close(fd);
			answer(conn);
			exit(0);
		}
		close(conn);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "-s") == 0)
		serve(argv[2]);
	else if (argc == 4)
		fetch(argv[1], argv[2], argv[3]);
	else
		return 2;
	return 0;
}
