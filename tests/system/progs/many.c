/* SPDX-License-Identifier: MIT */
/*
 * Many connections open at once: many serve PORT, many connect HOST PORT COUNT. The client
 * opens COUNT connections, sends a number on each, and expects it back on each while all are
 * open; then it closes them. Prints "COUNT open, COUNT echoed".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void raise_limit(rlim_t wanted)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < wanted) {
		fprintf(stderr, "needs a limit of %lu descriptors\n", (unsigned long)wanted);
		exit(1);
	}
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void watch(int ep, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data = {.fd = fd}};

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) < 0)
		die("epoll_ctl");
}

static void serve(uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct epoll_event events[256];
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int ep = epoll_create1(0);

	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 4096) < 0)
		die("listen");
	watch(ep, listener);
	for (;;) {
		int count = epoll_wait(ep, events, 256, -1);
		for (int i = 0; i < count; i++) {
			uint32_t word;
			int fd = events[i].data.fd;
			if (fd == listener) {
				while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
					watch(ep, fd);
				if (errno != EAGAIN)
					die("accept");
				continue;
			}
			ssize_t n = read(fd, &word, sizeof(word));
			if (n == sizeof(word) && write(fd, &word, sizeof(word)) == sizeof(word))
				continue;
			if (n < 0 && errno == EAGAIN)
				continue;
			close(fd);
		}
	}
}

static void run(const char *host, const char *port, uint32_t count)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET};
	struct addrinfo *found;
	int *fds = calloc(count, sizeof(*fds));
	uint32_t echoed = 0;

	if (fds == NULL || getaddrinfo(host, port, &hints, &found) != 0)
		die("getaddrinfo");
	for (uint32_t i = 0; i < count; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (fds[i] < 0 || connect(fds[i], found->ai_addr, found->ai_addrlen) < 0) {
			fprintf(stderr, "connection %u\n", i);
			die("connect");
		}
	}
	for (uint32_t i = 0; i < count; i++)
		if (write(fds[i], &i, sizeof(i)) != sizeof(i))
			die("write");
	for (uint32_t i = 0; i < count; i++) {
		uint32_t word;
		if (read(fds[i], &word, sizeof(word)) != sizeof(word) || word != i)
			die("read");
		echoed++;
	}
	printf("%u open, %u echoed\n", count, echoed);
	for (uint32_t i = 0; i < count; i++)
		close(fds[i]);
}

int main(int argc, char **argv)
{
	raise_limit(1024);
	if (argc == 3)
		serve((uint16_t)atoi(argv[2]));
	else if (argc == 5)
		run(argv[2], argv[3], (uint32_t)atoi(argv[4]));
	return 2 * (argc != 5);
}
