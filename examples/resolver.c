/* SPDX-License-Identifier: MIT */
/*
 * Names to addresses and back, both ways of asking:
 *
 *     resolver NAME|ADDRESS...     gethostbyname, gethostbyaddr; getaddrinfo, getnameinfo
 *     resolver -s SERVICE...       the standard port of a service: http, https, ftp, smtp
 *
 * The older calls give an IPv4 address unless they are asked otherwise, and keep their answer in
 * memory of their own, which the next call overwrites. The newer ones give addresses of all
 * families, ready to be connected to.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void print_hostent(const char *call, const char *asked, const struct hostent *host)
{
	char address[INET6_ADDRSTRLEN];

	printf("%s %s: %s", call, asked, host->h_name);
	for (char **alias = host->h_aliases; *alias; alias++)
		printf(" (%s)", *alias);
	for (char **a = host->h_addr_list; *a; a++)
		printf(" %s", inet_ntop(host->h_addrtype, *a, address, sizeof(address)));
	printf("\n");
}

/* 0: found. */
static int by_name(const char *name)
{
	const struct hostent *host = gethostbyname(name);

	if (!host) {
		printf("gethostbyname %s: %s\n", name, hstrerror(h_errno));
		return 1;
	}
	print_hostent("gethostbyname", name, host);
	return 0;
}

static int by_address(const char *text, int family, const void *address, socklen_t length)
{
	const struct hostent *host = gethostbyaddr(address, length, family);

	if (!host) {
		printf("gethostbyaddr %s: %s\n", text, hstrerror(h_errno));
		return 1;
	}
	print_hostent("gethostbyaddr", text, host);
	return 0;
}

/* Every address, and the name that it leads back to. */
static int by_addrinfo(const char *name)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int err = getaddrinfo(name, NULL, &hints, &found);

	if (err != 0) {
		printf("getaddrinfo %s: %s\n", name, gai_strerror(err));
		return 1;
	}
	for (const struct addrinfo *a = found; a; a = a->ai_next) {
		char address[NI_MAXHOST];
		char back[NI_MAXHOST];

		if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof(address), NULL, 0,
				NI_NUMERICHOST) != 0)
			continue;
		err = getnameinfo(a->ai_addr, a->ai_addrlen, back, sizeof(back), NULL, 0,
				  NI_NAMEREQD);
		printf("getaddrinfo %s: %s\n", name, address);
		printf("getnameinfo %s: %s\n", address, err == 0 ? back : gai_strerror(err));
	}
	freeaddrinfo(found);
	return 0;
}

static int ask(const char *word)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, word, &v4) == 1)
		return by_address(word, AF_INET, &v4, sizeof(v4)) | by_addrinfo(word);
	if (inet_pton(AF_INET6, word, &v6) == 1)
		return by_address(word, AF_INET6, &v6, sizeof(v6)) | by_addrinfo(word);
	return by_name(word) | by_addrinfo(word);
}

static int service(const char *name)
{
	const struct servent *s = getservbyname(name, "tcp");

	if (!s) {
		printf("%s: no such service\n", name);
		return 1;
	}
	printf("%s: %d\n", name, ntohs((unsigned short)s->s_port));
	return 0;
}

int main(int argc, char **argv)
{
	int services = argc > 1 && strcmp(argv[1], "-s") == 0;
	int status = 0;

	if (argc < 2 + services) {
		fprintf(stderr, "usage: resolver NAME|ADDRESS...\n       resolver -s SERVICE...\n");
		return EXIT_FAILURE;
	}
	for (int i = 1 + services; i < argc; i++)
		status |= services ? service(argv[i]) : ask(argv[i]);
	return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
