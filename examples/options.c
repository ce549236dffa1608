/* SPDX-License-Identifier: MIT */
/*
 * The options of a socket: prints those there are, after setting some.
 *
 *     options [-4|-6|-u] [-s|-d|-r] [NAME=VALUE...]    -s stream, -d datagram, -r raw (ICMP)
 *
 * An option belongs to a level: the socket itself, IP, TCP. A name that the socket does not have,
 * or a value that it does not take, is told with the error.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* How the value is written. */
enum kind { NUMBER, SECONDS, LINGER, TEXT };

static const struct option_row {
	const char *name;
	int level, option;
	enum kind kind;
} rows[] = {
	{"SO_TYPE", SOL_SOCKET, SO_TYPE, NUMBER},
	{"SO_DOMAIN", SOL_SOCKET, SO_DOMAIN, NUMBER},
	{"SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL, NUMBER},
	{"SO_ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN, NUMBER},
	{"SO_ERROR", SOL_SOCKET, SO_ERROR, NUMBER},
	{"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, NUMBER},
	{"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, NUMBER},
	{"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, NUMBER},
	{"SO_BROADCAST", SOL_SOCKET, SO_BROADCAST, NUMBER},
	{"SO_DONTROUTE", SOL_SOCKET, SO_DONTROUTE, NUMBER},
	{"SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, NUMBER},
	{"SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, NUMBER},
	{"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, NUMBER},
	{"SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, NUMBER},
	{"SO_SNDLOWAT", SOL_SOCKET, SO_SNDLOWAT, NUMBER},
	{"SO_RCVTIMEO", SOL_SOCKET, SO_RCVTIMEO, SECONDS},
	{"SO_SNDTIMEO", SOL_SOCKET, SO_SNDTIMEO, SECONDS},
	{"SO_LINGER", SOL_SOCKET, SO_LINGER, LINGER},
	{"SO_PRIORITY", SOL_SOCKET, SO_PRIORITY, NUMBER},
	{"SO_TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, NUMBER},
	{"SO_PASSCRED", SOL_SOCKET, SO_PASSCRED, NUMBER},
	{"SO_BINDTODEVICE", SOL_SOCKET, SO_BINDTODEVICE, TEXT},
	{"IP_TOS", IPPROTO_IP, IP_TOS, NUMBER},
	{"IP_TTL", IPPROTO_IP, IP_TTL, NUMBER},
	{"IP_MTU_DISCOVER", IPPROTO_IP, IP_MTU_DISCOVER, NUMBER},
	{"IP_MULTICAST_TTL", IPPROTO_IP, IP_MULTICAST_TTL, NUMBER},
	{"IP_MULTICAST_LOOP", IPPROTO_IP, IP_MULTICAST_LOOP, NUMBER},
	{"IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY, NUMBER},
	{"IPV6_UNICAST_HOPS", IPPROTO_IPV6, IPV6_UNICAST_HOPS, NUMBER},
	{"IPV6_MULTICAST_HOPS", IPPROTO_IPV6, IPV6_MULTICAST_HOPS, NUMBER},
	{"IPV6_TCLASS", IPPROTO_IPV6, IPV6_TCLASS, NUMBER},
	{"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, NUMBER},
	{"TCP_MAXSEG", IPPROTO_TCP, TCP_MAXSEG, NUMBER},
	{"TCP_CORK", IPPROTO_TCP, TCP_CORK, NUMBER},
	{"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, NUMBER},
	{"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, NUMBER},
	{"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, NUMBER},
	{"TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, NUMBER},
	{"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, NUMBER},
	{"TCP_CONGESTION", IPPROTO_TCP, TCP_CONGESTION, TEXT},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void print_option(int fd, const struct option_row *row)
{
	union {
		int number;
		struct timeval time;
		struct linger linger;
		char text[64];
	} value;
	socklen_t length = sizeof(value);

	memset(&value, 0, sizeof(value));
	if (getsockopt(fd, row->level, row->option, &value, &length) < 0) {
		printf("%s: %s\n", row->name, strerror(errno));
		return;
	}
	switch (row->kind) {
	case NUMBER:
		printf("%s = %d\n", row->name, value.number);
		break;
	case SECONDS:
		printf("%s = %.3f s\n", row->name,
		       (double)value.time.tv_sec + (double)value.time.tv_usec / 1e6);
		break;
	case LINGER:
		printf("%s = %s, %d s\n", row->name, value.linger.l_onoff ? "on" : "off",
		       value.linger.l_linger);
		break;
	case TEXT:
		printf("%s = \"%.*s\"\n", row->name, (int)sizeof(value.text), value.text);
		break;
	}
}

static int set(int fd, const struct option_row *row, const char *text)
{
	int number = atoi(text);
	double seconds = atof(text);
	struct timeval time = {.tv_sec = (time_t)seconds,
			       .tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)};
	struct linger linger = {.l_onoff = 1, .l_linger = number};

	switch (row->kind) {
	case NUMBER:
		return setsockopt(fd, row->level, row->option, &number, sizeof(number));
	case SECONDS:
		return setsockopt(fd, row->level, row->option, &time, sizeof(time));
	case LINGER:
		return setsockopt(fd, row->level, row->option, &linger, sizeof(linger));
	case TEXT:
		return setsockopt(fd, row->level, row->option, text, (socklen_t)strlen(text));
	}
	return -1;
}

/* NAME=VALUE. False: there is no such name. */
static int set_option(int fd, const char *word)
{
	for (size_t i = 0; i < ROWS; i++) {
		size_t length = strlen(rows[i].name);

		if (strncmp(word, rows[i].name, length) != 0 || word[length] != '=')
			continue;
		if (set(fd, &rows[i], word + length + 1) < 0)
			printf("setting %s: %s\n", word, strerror(errno));
		return 1;
	}
	fprintf(stderr, "%s: no such option\n", word);
	return 0;
}

int main(int argc, char **argv)
{
	int family = AF_INET;
	int type = SOCK_STREAM;
	int protocol = 0;
	int option;
	int fd;

	while ((option = getopt(argc, argv, "46usdr")) != -1) {
		switch (option) {
		case '4':
			family = AF_INET;
			break;
		case '6':
			family = AF_INET6;
			break;
		case 'u':
			family = AF_UNIX;
			break;
		case 's':
			type = SOCK_STREAM;
			break;
		case 'd':
			type = SOCK_DGRAM;
			break;
		case 'r':
			type = SOCK_RAW;
			break;
		default:
			fprintf(stderr, "usage: options [-4|-6|-u] [-s|-d|-r] [NAME=VALUE...]\n");
			return EXIT_FAILURE;
		}
	}
	if (type == SOCK_RAW && family != AF_UNIX)
		protocol = family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	fd = socket(family, type, protocol);
	if (fd < 0) {
		perror("socket");
		return EXIT_FAILURE;
	}
	for (int i = optind; i < argc; i++) {
		if (!set_option(fd, argv[i]))
			return EXIT_FAILURE;
	}
	for (size_t i = 0; i < ROWS; i++)
		print_option(fd, &rows[i]);
	close(fd);
	return EXIT_SUCCESS;
}
