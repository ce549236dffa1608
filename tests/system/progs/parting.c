/* SPDX-License-Identifier: MIT */
/*
 * parting COUNT: on COUNT connections one thread writes while another one shuts the socket down for
 * sending. The peer must get what write(2) has taken, no byte more or less, and the end.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int sender;
static size_t written;
static atomic_int begun;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *write_on(void *arg)
{
	unsigned char bytes[256];

	(void)arg;
	for (;;) {
		ssize_t n;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)((written + i) % 251 + 1);
		n = write(sender, bytes, 1 + written % sizeof(bytes));
		if (n < 0)
			return NULL;
		written += (size_t)n;
		atomic_store(&begun, 1);
	}
}

static void *shut_down(void *arg)
{
	struct timespec wait = {0, *(long *)arg};

	while (!atomic_load(&begun))
		;
	(void)nanosleep(&wait, NULL);
	if (shutdown(sender, SHUT_WR) < 0)
		die("shutdown");
	return NULL;
}

static size_t read_all(int fd)
{
	unsigned char bytes[4096];
	size_t got = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] != (got + (size_t)i) % 251 + 1) {
				fprintf(stderr, "byte %zu is %u\n", got + (size_t)i, bytes[i]);
				exit(1);
			}
		}
		got += (size_t)n;
	}
	if (n < 0)
		die("read");
	return got;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	(void)signal(SIGPIPE, SIG_IGN);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (argc != 2 || bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&at, &len) < 0)
		die("listen");
	for (int i = 0; i < atoi(argv[1]); i++) {
		pthread_t writer, shutter;
		long wait = i * 997L % 60000;
		int peer;
		size_t got;

		sender = socket(AF_INET, SOCK_STREAM, 0);
		written = 0;
		atomic_store(&begun, 0);
		if (connect(sender, (struct sockaddr *)&at, sizeof(at)) < 0)
			die("connect");
		peer = accept(listener, NULL, NULL);
		if (pthread_create(&writer, NULL, write_on, NULL) ||
		    pthread_create(&shutter, NULL, shut_down, &wait))
			die("pthread_create");
		got = read_all(peer);
		(void)pthread_join(writer, NULL);
		(void)pthread_join(shutter, NULL);
		if (got != written) {
			fprintf(stderr, "%zu written, %zu read\n", written, got);
			return 1;
		}
		close(sender);
		close(peer);
	}
	puts("whole");
	return 0;
}
