/* SPDX-License-Identifier: MIT */
/*
 * lookup NAME|ADDRESS...: what this libc's resolver says. Built with glibc and with musl.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* All addresses of a name, sorted, on one line. */
static void forward(const char *name)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *res = NULL;
	char text[128][64];
	size_t count = 0;
	int error = getaddrinfo(name, NULL, &hints, &res);

	printf("%s:", name);
	if (error) {
		printf(" %s\n", error == EAI_NONAME ? "unknown" : gai_strerror(error));
		return;
	}
	for (struct addrinfo *a = res; a && count < 128; a = a->ai_next)
		getnameinfo(a->ai_addr, a->ai_addrlen, text[count++], sizeof(text[0]), NULL, 0,
			    NI_NUMERICHOST);
	qsort(text, count, sizeof(text[0]), compare);
	for (size_t i = 0; i < count; i++)
		printf(" %s", text[i]);
	printf("\n");
	freeaddrinfo(res);
}

static void reverse(const char *address, int family, const void *bytes)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr *sa = family == AF_INET ? (void *)&in : (void *)&in6;
	socklen_t len = family == AF_INET ? sizeof(in) : sizeof(in6);
	char name[256];
	int error;

	if (family == AF_INET)
		memcpy(&in.sin_addr, bytes, 4);
	else
		memcpy(&in6.sin6_addr, bytes, 16);
	error = getnameinfo(sa, len, name, sizeof(name), NULL, 0, NI_NAMEREQD);
	printf("%s: %s\n", address, error ? "unknown" : name);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		unsigned char bytes[16];

		if (inet_pton(AF_INET, argv[i], bytes) == 1)
			reverse(argv[i], AF_INET, bytes);
		else if (inet_pton(AF_INET6, argv[i], bytes) == 1)
			reverse(argv[i], AF_INET6, bytes);
		else
			forward(argv[i]);
	}
	return 0;
}
