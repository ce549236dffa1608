// SPDX-License-Identifier: MIT
/*
 * socket() and socketpair() of families, types and protocols, and what a new socket is: its
 * flags, type, protocol and domain. Ping sockets are left out.
 */
#include "dual.h"

static const struct {
	const char *name;
	int type;
} types[] = {{"STREAM", SOCK_STREAM},
	     {"DGRAM", SOCK_DGRAM},
	     {"RAW", SOCK_RAW},
	     {"RDM", SOCK_RDM},
	     {"SEQPACKET", SOCK_SEQPACKET},
	     {"PACKET", SOCK_PACKET},
	     {"type 0", 0},
	     {"type 15", 15},
	     {"STREAM|unknown flag", SOCK_STREAM | 0x100}};

static const int protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6, 256, -1};

static void identity(int fd)
{
	static const struct {
		const char *name;
		int option;
	} asked[] = {{"SO_TYPE", SO_TYPE},
		     {"SO_PROTOCOL", SO_PROTOCOL},
		     {"SO_DOMAIN", SO_DOMAIN},
		     {"SO_ACCEPTCONN", SO_ACCEPTCONN},
		     {"SO_ERROR", SO_ERROR}};
	char line[128] = "";
	for (size_t i = 0; i < COUNT(asked); i++) {
		int value = -1;
		socklen_t size = sizeof value;
		getsockopt(fd, SOL_SOCKET, asked[i].option, &value, &size);
		snprintf(line + strlen(line), sizeof line - strlen(line), " %s=%d", asked[i].name,
			 value);
	}
	say("socket: made%s", line);
}

static void run(int family)
{
	for (size_t t = 0; t < COUNT(types); t++) {
		for (size_t p = 0; p < COUNT(protocols); p++) {
			if (types[t].type == SOCK_DGRAM &&
			    (protocols[p] == IPPROTO_ICMP || protocols[p] == IPPROTO_ICMPV6))
				continue; /* what ping_group_range permits is the host's choice */
			scope("sockets %s %s %d", family_name(family), types[t].name, protocols[p]);
			errno = 0;
			const int fd = socket(family, types[t].type, protocols[p]);
			if (fd == -1) {
				result("socket", fd);
				continue;
			}
			identity(fd);
			close(fd);
		}
	}
	int pair[2];
	scope("sockets %s pair", family_name(family));
	RESULT("stream", socketpair(family, SOCK_STREAM, 0, pair));
	RESULT("datagram", socketpair(family, SOCK_DGRAM, 0, pair));
	for (int flags = 0; flags < 4; flags++) {
		const int fd = socket(family,
				      SOCK_STREAM | (flags & 1 ? SOCK_NONBLOCK : 0) |
					      (flags & 2 ? SOCK_CLOEXEC : 0),
				      0);
		say("flags %d: %s %s", flags,
		    fcntl(fd, F_GETFL) & O_NONBLOCK ? "NONBLOCK" : "blocking",
		    fcntl(fd, F_GETFD) & FD_CLOEXEC ? "CLOEXEC" : "inherited");
		close(fd);
	}
}

int main(void)
{
	both(run);
	scope("sockets of families");
	RESULT("AF_UNSPEC", socket(AF_UNSPEC, SOCK_STREAM, 0));
	RESULT("-1", socket(-1, SOCK_STREAM, 0));
	RESULT("200", socket(200, SOCK_STREAM, 0));
	return 0;
}
