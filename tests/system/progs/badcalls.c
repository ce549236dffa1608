/* SPDX-License-Identifier: MIT */
/*
 * Socket calls with bad pointers, lengths, descriptors and addresses, straight to the kernel so
 * that libc cannot refuse them first; prints a line with each one's errno. What the kernel says
 * to the same program is what it must say under berth.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BAD ((void *)8L)

static void say(const char *what, long result)
{
	const char *text = result < 0 ? strerrorname_np(errno) : "0";

	printf("%-32s %s\n", what, text);
}

#define TRY(what, ...) say(what, syscall(__VA_ARGS__) < 0 ? -1 : 0)

static void each_address_call(int fd, const char *kind)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in odd = to;
	char what[64];

	odd.sin_family = 77;
	for (int call = 0; call < 2; call++) {
		long number = call ? SYS_connect : SYS_bind;
		snprintf(what, sizeof(what), "%s %s", kind, call ? "connect" : "bind");
		puts(what);
		TRY("  bad pointer", number, fd, BAD, sizeof(to));
		TRY("  null", number, fd, NULL, sizeof(to));
		TRY("  no length", number, fd, &to, 0);
		TRY("  short", number, fd, &to, 7);
		TRY("  negative length", number, fd, &to, -1);
		TRY("  long", number, fd, &to, 129);
		TRY("  odd family", number, fd, &odd, sizeof(odd));
	}
}

static void each_option_call(int fd)
{
	int value = 1;
	socklen_t len = sizeof(value);
	socklen_t minus = (socklen_t)-1;

	puts("options");
	TRY("  set bad pointer", SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, BAD, len);
	TRY("  set null", SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, NULL, len);
	TRY("  set short", SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &value, 3);
	TRY("  set negative", SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &value, -1);
	TRY("  set unknown", SYS_setsockopt, fd, SOL_SOCKET, 9999, &value, len);
	TRY("  set unknown level", SYS_setsockopt, fd, 9999, 1, &value, len);
	TRY("  set short linger", SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, &value, len);
	TRY("  get bad pointer", SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, BAD, &len);
	TRY("  get bad length pointer", SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &value, BAD);
	TRY("  get null length", SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &value, NULL);
	TRY("  get negative", SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &value, &minus);
	TRY("  get unknown", SYS_getsockopt, fd, SOL_SOCKET, 9999, &value, &len);
	TRY("  set what is only got", SYS_setsockopt, fd, SOL_SOCKET, SO_ERROR, &value, 4);
}

/* Options of a level that is another protocol's. */
static void each_foreign_option_call(int fd, int level, const char *kind)
{
	int value = 1;
	socklen_t len = sizeof(value);
	socklen_t minus = (socklen_t)-1;

	puts(kind);
	TRY("  set", SYS_setsockopt, fd, level, 1, &value, len);
	TRY("  set bad pointer", SYS_setsockopt, fd, level, 1, BAD, len);
	TRY("  set null", SYS_setsockopt, fd, level, 1, NULL, len);
	TRY("  set short", SYS_setsockopt, fd, level, 1, &value, 3);
	TRY("  set nothing", SYS_setsockopt, fd, level, 1, &value, 0);
	TRY("  set negative", SYS_setsockopt, fd, level, 1, &value, -1);
	TRY("  get", SYS_getsockopt, fd, level, 1, &value, &len);
	TRY("  get bad pointer", SYS_getsockopt, fd, level, 1, BAD, &len);
	TRY("  get bad length pointer", SYS_getsockopt, fd, level, 1, &value, BAD);
	TRY("  get null length", SYS_getsockopt, fd, level, 1, &value, NULL);
	TRY("  get negative", SYS_getsockopt, fd, level, 1, &value, &minus);
}

/* Which comes first: what the socket cannot do, or what cannot be read? */
static void each_send_call(int fd, const char *kind)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct iovec bad = {BAD, 1};
	struct msghdr m = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &bad,
			   .msg_iovlen = 1};

	puts(kind);
	TRY("  good data", SYS_sendto, fd, "x", 1, MSG_NOSIGNAL, &to, sizeof(to));
	TRY("  bad data", SYS_sendto, fd, BAD, 10, MSG_NOSIGNAL, &to, sizeof(to));
	TRY("  bad address", SYS_sendto, fd, "x", 1, MSG_NOSIGNAL, BAD, sizeof(to));
	TRY("  both bad", SYS_sendto, fd, BAD, 1, MSG_NOSIGNAL, BAD, sizeof(to));
	TRY("  message of bad data", SYS_sendmsg, fd, &m, MSG_NOSIGNAL);
	TRY("  receive", SYS_recvfrom, fd, BAD, 10, MSG_DONTWAIT, BAD, BAD);
}

/* A connection whose sending half is shut down. */
static int half_closed(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&at, len) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&at, len) < 0 || shutdown(fd, SHUT_WR) < 0)
		perror("half_closed");
	return fd;
}

static void each_name_call(int fd)
{
	struct sockaddr_in name;
	socklen_t minus = (socklen_t)-1;
	socklen_t len = sizeof(name);

	puts("names");
	TRY("  bad pointer", SYS_getsockname, fd, BAD, &len);
	TRY("  bad length pointer", SYS_getsockname, fd, &name, BAD);
	TRY("  negative", SYS_getsockname, fd, &name, &minus);
	len = 0;
	TRY("  no room", SYS_getsockname, fd, &name, &len);
	printf("  of %u bytes\n", len);
}

static void each_message_call(int fd)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	char byte = 'x';
	struct iovec good = {&byte, 1};
	struct iovec bad = {BAD, 1};
	struct msghdr m = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &good,
			   .msg_iovlen = 1};

	puts("datagrams");
	TRY("  send bad data", SYS_sendto, fd, BAD, 10, 0, &to, sizeof(to));
	TRY("  send bad address", SYS_sendto, fd, &byte, 1, 0, BAD, sizeof(to));
	TRY("  send short address", SYS_sendto, fd, &byte, 1, 0, &to, 3);
	TRY("  send negative address", SYS_sendto, fd, &byte, 1, 0, &to, -1);
	TRY("  bad message", SYS_sendmsg, fd, BAD, 0);
	TRY("  good message", SYS_sendmsg, fd, &m, 0);
	m.msg_iov = BAD;
	TRY("  bad vector", SYS_sendmsg, fd, &m, 0);
	m.msg_iov = &bad;
	TRY("  vector of bad data", SYS_sendmsg, fd, &m, 0);
	m.msg_iov = &good;
	m.msg_iovlen = 1025;
	TRY("  long vector", SYS_sendmsg, fd, &m, 0);
	m.msg_iovlen = 1;
	m.msg_control = BAD;
	m.msg_controllen = 64;
	TRY("  bad control data", SYS_sendmsg, fd, &m, 0);
	TRY("  receive bad message", SYS_recvmsg, fd, BAD, MSG_DONTWAIT);
}

static void each_bad_descriptor(int fd, const char *kind)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int value = 1;
	socklen_t len = sizeof(to);

	puts(kind);
	TRY("  bind", SYS_bind, fd, &to, sizeof(to));
	TRY("  connect", SYS_connect, fd, &to, sizeof(to));
	TRY("  listen", SYS_listen, fd, 1);
	TRY("  accept", SYS_accept4, fd, NULL, NULL, 0);
	TRY("  getsockname", SYS_getsockname, fd, &to, &len);
	TRY("  setsockopt", SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &value, 4);
	TRY("  sendto", SYS_sendto, fd, "x", 1, 0, &to, sizeof(to));
	TRY("  shutdown", SYS_shutdown, fd, SHUT_RD);
}

int main(void)
{
	int stream = socket(AF_INET, SOCK_STREAM, 0);
	int dgram = socket(AF_INET, SOCK_DGRAM, 0);

	puts("sockets");
	TRY("  odd type", SYS_socket, AF_INET, 99, 0);
	TRY("  odd flags", SYS_socket, AF_INET, SOCK_STREAM | 0x100, 0);
	TRY("  odd protocol", SYS_socket, AF_INET, SOCK_DGRAM, IPPROTO_TCP);
	TRY("  protocol 4000", SYS_socket, AF_INET, SOCK_STREAM, 4000);
	TRY("  odd accept flags", SYS_accept4, stream, NULL, NULL, 0x100);
	TRY("  odd shutdown", SYS_shutdown, stream, 7);
	TRY("  datagrams listen", SYS_listen, dgram, 1);
	TRY("  datagrams accept", SYS_accept4, dgram, NULL, NULL, 0);
	each_address_call(stream, "stream");
	each_address_call(dgram, "datagram");
	each_option_call(stream);
	each_option_call(dgram);
	each_foreign_option_call(dgram, IPPROTO_TCP, "TCP's options on UDP");
	each_foreign_option_call(stream, IPPROTO_UDP, "UDP's options on TCP");
	each_send_call(socket(AF_INET, SOCK_STREAM, 0), "sending on a new stream");
	each_send_call(half_closed(), "sending after shutdown");
	each_name_call(stream);
	each_message_call(dgram);
	each_bad_descriptor(-1, "no descriptor");
	each_bad_descriptor(4000, "a closed descriptor");
	each_bad_descriptor(open("/dev/null", O_RDWR), "no socket");
	return 0;
}
