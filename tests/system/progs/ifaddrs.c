/* SPDX-License-Identifier: MIT */
/* Prints what getifaddrs(3) says: a line for each interface's link and address. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdio.h>

static void print_addr(const struct sockaddr *sa)
{
	char text[INET6_ADDRSTRLEN] = "-";

	if (sa && sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)sa)->sin_addr, text, sizeof(text));
	else if (sa && sa->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)sa)->sin6_addr, text,
			  sizeof(text));
	printf(" %s", text);
}

int main(void)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0) {
		perror("getifaddrs");
		return 1;
	}
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		if (!a->ifa_addr)
			continue;
		printf("%s %d", a->ifa_name, a->ifa_addr->sa_family);
		if (a->ifa_addr->sa_family == AF_PACKET) {
			const struct sockaddr_ll *ll = (const struct sockaddr_ll *)a->ifa_addr;

			printf(" index %d is %u, flags %d\n", ll->sll_ifindex,
			       if_nametoindex(a->ifa_name),
			       (a->ifa_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING));
			continue;
		}
		print_addr(a->ifa_addr);
		print_addr(a->ifa_netmask);
		print_addr(a->ifa_flags & IFF_BROADCAST ? a->ifa_broadaddr : NULL);
		printf("\n");
	}
	freeifaddrs(all);
	return 0;
}
