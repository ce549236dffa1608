/* SPDX-License-Identifier: MIT */
/*
 * ping: asks a host whether it is there, with a raw socket, which sends and receives the packets of
 * a protocol above IP, here ICMP, without TCP or UDP in between.
 *
 *     ping [-4|-6] HOST [COUNT]
 *
 * A raw socket needs a privilege (CAP_NET_RAW), since it sees what is others'. The calls are:
 *
 *     socket -> setsockopt -> sendto and recvfrom -> close
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define DATA_BYTES 56

static void fail(const char *call)
{
	perror(call);
	exit(EXIT_FAILURE);
}

/* ICMP's messages begin alike in both families: type, code, checksum, and for an echo whose it is
 * and which of them. */
struct echo {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint16_t id;
	uint16_t sequence;
	uint8_t data[DATA_BYTES];
};

/* The Internet checksum (RFC 1071): the complement of the sum of all 16-bit words. */
static uint16_t checksum(const void *data, size_t bytes)
{
	const uint8_t *at = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < bytes; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static struct addrinfo *find_host(int family, const char *host)
{
	struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_RAW};
	struct addrinfo *found;
	int err = getaddrinfo(host, NULL, &hints, &found);

	if (err != 0) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(err));
		exit(EXIT_FAILURE);
	}
	return found;
}

static int open_socket(int family)
{
	struct timeval second = {.tv_sec = 1};
	int fd = socket(family, SOCK_RAW, family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	if (fd < 0)
		fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) < 0)
		fail("setsockopt");
	if (family == AF_INET6) { /* a raw socket gets all of ICMP, if it does not say otherwise */
		struct icmp6_filter filter;

		ICMP6_FILTER_SETBLOCKALL(&filter);
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
		if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0)
			fail("setsockopt");
	}
	return fd;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void ask(int fd, const struct addrinfo *host, uint16_t id, uint16_t sequence)
{
	struct echo e = {
		.type = host->ai_family == AF_INET6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.id = htons(id),
		.sequence = htons(sequence),
	};

	for (size_t i = 0; i < sizeof(e.data); i++)
		e.data[i] = (uint8_t)i;
	/* ICMPv6's covers addresses too, and is made for us. */
	if (host->ai_family == AF_INET)
		e.checksum = checksum(&e, sizeof(e));
	if (sendto(fd, &e, sizeof(e), 0, host->ai_addr, host->ai_addrlen) < 0)
		fail("sendto");
}

/* Waits for the answer. False: none came within a second. */
static int hear(int fd, uint16_t id, uint16_t sequence, double asked_ms)
{
	while (now_ms() - asked_ms < 1000) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		uint8_t packet[2048];
		char host[NI_MAXHOST];
		struct echo e;
		size_t header = 0;
		int type;
		ssize_t n =
			recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &length);

		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			fail("recvfrom");
		if (n < 0)
			break;
		/* A raw IPv4 socket gives the IP header too, whose length is in it; IPv6 does not.
		 */
		if (from.ss_family == AF_INET)
			header = 4 * (size_t)(packet[0] & 0xf);
		type = from.ss_family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
		if ((size_t)n < header + sizeof(e))
			continue;
		memcpy(&e, packet + header, sizeof(e));
		if (e.type != type || e.id != htons(id) || e.sequence != htons(sequence))
			continue; /* somebody else's, or one that comes late */
		if (getnameinfo((struct sockaddr *)&from, length, host, sizeof(host), NULL, 0,
				NI_NUMERICHOST) != 0)
			strcpy(host, "?");
		printf("%zu bytes from %s: sequence %u, %.1f ms\n", (size_t)n - header, host,
		       sequence, now_ms() - asked_ms);
		fflush(stdout);
		return 1;
	}
	printf("no answer to %u\n", sequence);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	int family = AF_UNSPEC;
	struct addrinfo *host;
	int answers = 0;
	int option;
	int count;
	int fd;

	while ((option = getopt(argc, argv, "46")) != -1)
		family = option == '4' ? AF_INET : option == '6' ? AF_INET6 : -1;
	if (family < 0 || optind >= argc) {
		fprintf(stderr, "usage: ping [-4|-6] HOST [COUNT]\n");
		return EXIT_FAILURE;
	}
	count = optind + 1 < argc ? atoi(argv[optind + 1]) : 3;
	host = find_host(family, argv[optind]);
	fd = open_socket(host->ai_family);
	for (int i = 1; i <= count; i++) {
		uint16_t id = (uint16_t)getpid();
		double asked_ms = now_ms();

		ask(fd, host, id, (uint16_t)i);
		answers += hear(fd, id, (uint16_t)i, asked_ms);
	}
	printf("%d of %d answered\n", answers, count);
	freeaddrinfo(host);
	close(fd);
	return answers > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
