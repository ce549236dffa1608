/* SPDX-License-Identifier: MIT */
/*
 * Random calls on sockets of every kind, with arguments that no sane program would give, from
 * several threads of several processes at once. Descriptors are shared between threads, which close
 * and reuse them under each other's calls. Nothing that is answered is checked: only that nobody
 * but this program suffers by it is of interest.
 *
 *     rude SEED SECONDS PROCESSES THREADS
 *
 * Never to be run as root outside of berth: it sets interfaces and routes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rude_values.h"

#define FDS 40
#define CONTROL_AT 8192
#define FILTER_AT 4096

static atomic_int fds[FDS];
static time_t until;
static uint64_t seed;

static const int levels[] = {SOL_SOCKET,   SOL_SOCKET,	 IPPROTO_IP,  IPPROTO_IP,
			     IPPROTO_IPV6, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP,
			     136,	   IPPROTO_ICMP, IPPROTO_RAW, IPPROTO_ICMPV6,
			     SOL_PACKET,   SOL_NETLINK,	 999,	      -1};

/* Only descriptors of ours are closed: never 0 to 2. */
static void replace(int i, int fd)
{
	int old = atomic_exchange(&fds[i], fd);

	if (old > 2)
		close(old);
}

static void do_socket(int i)
{
	static const int families[] = {AF_INET,	  AF_INET,    AF_INET6, AF_INET6,
				       AF_PACKET, AF_NETLINK, AF_UNIX,	45};
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM,	 SOCK_DGRAM, SOCK_RAW, SOCK_RAW,
				    SOCK_RAW,	 SOCK_SEQPACKET, SOCK_RDM,   10,       0};
	static const int protocols[] = {0,  0,	0,   1,	  2,   4,   6,	 16, 17,
					41, 58, 132, 135, 136, 255, 256, -1, 0x0300};
	int family = PICK(families);
	int type = PICK(types);
	int protocol = PICK(protocols);
	int fd;

	if (family == AF_PACKET)
		protocol = htons((uint16_t)(rnd(2) ? 3 : odd_number()));
	if (family == AF_NETLINK && rnd(4))
		protocol = rnd(3) ? 0 : (int)rnd(24);
	fd = socket(family, type | SOCK_NONBLOCK, protocol);
	if (fd < 0)
		fd = socket(rnd(2) ? AF_INET : AF_INET6,
			    (rnd(2) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0);
	replace(i, fd);
}

static void do_setsockopt(int fd)
{
	int level = PICK(levels);
	int name = rnd(8) ? (int)rnd(90) : (int)odd_number();
	size_t len = odd_number();

	scribble(buf, 4096);
	if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO))
		return; /* calls would take their time, and this test too */
	if (level == SOL_SOCKET && rnd(6) == 0) {
		struct sock_fprog prog = filter(buf + FILTER_AT);

		setsockopt(fd, level, SO_ATTACH_FILTER, &prog,
			   rnd(9) ? sizeof(prog) : odd_number());
		return;
	}
	if ((level == IPPROTO_IP || level == IPPROTO_IPV6) && rnd(3) == 0)
		len = membership(level, &name);
	setsockopt(fd, level, name, pointer(len), (socklen_t)len);
}

static void do_getsockopt(int fd)
{
	socklen_t len = odd_number();

	if (rnd(2))
		scribble(buf, 300);
	getsockopt(fd, PICK(levels), rnd(8) ? (int)rnd(90) : (int)odd_number(), pointer(len),
		   rnd(20) ? &len : pointer(4));
}

static int flags_of(void)
{
	uint32_t flags = rnd(2) ? 0 : rnd(3) ? 1u << rnd(31) : odd_number();

	return (int)((flags | MSG_DONTWAIT | MSG_NOSIGNAL) & ~(uint32_t)MSG_WAITALL);
}

static void prepare(int fd, struct msghdr *m, struct iovec *iov, struct sockaddr_storage *to,
		    int sending)
{
	static const uint32_t sizes[] = {0,   1,    8,	  20,	28,   40,    64,    100,
					 300, 1472, 1473, 2900, 9000, 65507, 65508, 65535};

	memset(m, 0, sizeof(*m));
	payload(buf);
	for (unsigned i = 0; i < 8; i++) {
		iov[i].iov_len = rnd(40) == 0 ? SIZE_MAX - rnd(9)
				 : rnd(10)    ? PICK(sizes)
					      : odd_number();
		iov[i].iov_base = rnd(16) ? buf : pointer(iov[i].iov_len);
	}
	m->msg_iov = rnd(20) ? iov : pointer(16);
	m->msg_iovlen = rnd(20) ? rnd(5) : odd_number();
	if (rnd(3)) {
		m->msg_namelen = address(fd, to);
		m->msg_name = rnd(16) ? (void *)to : pointer(28);
	}
	if (rnd(2)) {
		m->msg_control = buf + CONTROL_AT;
		m->msg_controllen = sending ? control(buf + CONTROL_AT) : rnd(600);
		if (rnd(16) == 0)
			m->msg_controllen = odd_number();
		if (rnd(16) == 0)
			m->msg_control = pointer(m->msg_controllen);
	}
}

static void do_message(int fd, int sending)
{
	struct mmsghdr m[4];
	struct iovec iov[4][8];
	struct sockaddr_storage to[4];
	unsigned many = 1 + rnd(4);
	void *one = rnd(20) ? (void *)&m[0].msg_hdr : pointer(56);

	memset(to, 0, sizeof(to));
	for (unsigned i = 0; i < 4; i++)
		prepare(fd, &m[i].msg_hdr, iov[i], &to[i], sending);
	if (sending && rnd(3) == 0)
		syscall(SYS_sendmmsg, fd, rnd(16) ? (void *)m : pointer(64), many, flags_of());
	else if (sending)
		syscall(SYS_sendmsg, fd, one, flags_of());
	else if (rnd(3) == 0)
		syscall(SYS_recvmmsg, fd, m, many, flags_of(), rnd(2) ? NULL : pointer(16));
	else
		syscall(SYS_recvmsg, fd, one, flags_of());
}

static void do_datagram(int fd, int sending)
{
	struct sockaddr_storage s;
	socklen_t len = sending ? address(fd, &s) : odd_number();
	size_t n = rnd(3) ? rnd(3000) : odd_number();
	void *at = rnd(16) ? buf : pointer(n);

	if (sending) {
		payload(buf);
		syscall(SYS_sendto, fd, at, n, flags_of(), rnd(4) ? (void *)&s : pointer(16), len);
	} else {
		syscall(SYS_recvfrom, fd, at, n < BYTES ? n : BYTES, flags_of(),
			rnd(4) ? (void *)&s : pointer(16), rnd(9) ? &len : pointer(4));
	}
}

static void do_ioctl(int fd)
{
	static const unsigned long requests[] = {
		0x8912, 0x8910, 0x8933, 0x8913, 0x8921, 0x891d, 0x8942, 0x8927, 0x8915, 0x8917,
		0x8919, 0x891b, 0x8914, 0x8916, 0x891a, 0x891c, 0x8922, 0x890b, 0x890c, 0x541b,
		0x5411, 0x894b, 0x8906, 0x8907, 0x8905, 0x8946, 0x8953, 0x8954};
	unsigned long request = rnd(10) ? PICK(requests) : 0x8900 + rnd(0x100);

	scribble(buf, 64);
	if (rnd(2))
		memcpy(buf, rnd(2) ? "eth0" : "lo\0\0", 5);
	if (request == SIOCGIFCONF && rnd(6)) {
		struct ifconf c = {.ifc_len = (int)odd_number(), .ifc_buf = pointer(40)};

		syscall(SYS_ioctl, fd, request, &c);
		return;
	}
	syscall(SYS_ioctl, fd, request, pointer(40));
}

static void do_names(int fd)
{
	struct sockaddr_storage s;
	socklen_t len = address(fd, &s);
	void *at = rnd(20) ? (void *)&s : pointer(16);

	switch (rnd(4)) {
	case 0:
		syscall(SYS_bind, fd, at, len);
		break;
	case 1:
		syscall(SYS_connect, fd, at, len);
		break;
	case 2:
		len = odd_number();
		syscall(SYS_getsockname, fd, pointer(16), rnd(9) ? &len : pointer(4));
		break;
	default:
		len = odd_number();
		syscall(SYS_getpeername, fd, pointer(16), rnd(9) ? &len : pointer(4));
		break;
	}
}

static void do_accept(int fd)
{
	socklen_t len = odd_number();
	int flags = SOCK_NONBLOCK | (rnd(9) ? 0 : (int)odd_number());
	int got = (int)syscall(SYS_accept4, fd, rnd(3) ? pointer(16) : NULL,
			       rnd(4) ? &len : pointer(4), flags);

	if (got > 2)
		replace((int)rnd(FDS), got);
}

static void do_netlink(int fd)
{
	const struct sockaddr_nl nl = {.nl_family = AF_NETLINK};
	size_t n = netlink_request(buf);

	if (rnd(2))
		send(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		sendto(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&nl,
		       sizeof(nl));
}

/* What goes past berth to the carriers. */
static void do_native(int fd)
{
	struct pollfd p = {fd, (short)rnd(0x7fff), 0};

	switch (rnd(4)) {
	case 0:
		poll(&p, 1, 0);
		break;
	case 1:
		syscall(SYS_write, fd, pointer(500), rnd(500));
		break;
	case 2:
		syscall(SYS_read, fd, pointer(500), rnd(500));
		break;
	default:
		if (rnd(3) == 0)
			shutdown(fd, (int)rnd(4));
	}
}

static void do_descriptors(int i, int fd)
{
	switch (rnd(3)) {
	case 0:
		replace(i, -1);
		break;
	case 1:
		replace((int)rnd(FDS), dup(fd));
		break;
	default:
		do_socket(i);
	}
}

static void step(void)
{
	int i = (int)rnd(FDS);
	int fd = fds[i];
	unsigned what = rnd(29);

	if (fd >= 0 && fd <= 2)
		return;
	if (what < 2)
		do_descriptors(i, fd);
	else if (what < 6)
		do_setsockopt(fd);
	else if (what < 8)
		do_getsockopt(fd);
	else if (what < 11)
		do_names(fd);
	else if (what < 12)
		listen(fd, (int)odd_number());
	else if (what < 13)
		do_accept(fd);
	else if (what < 22)
		do_message(fd, what < 19);
	else if (what < 24)
		do_datagram(fd, what < 23);
	else if (what < 26)
		do_ioctl(fd);
	else if (what < 27)
		do_netlink(fd);
	else
		do_native(fd);
}

static void *thread(void *number)
{
	state = seed * 1000 + (uintptr_t)number;
	make_memory();
	while (time(NULL) < until)
		step();
	return NULL;
}

static void process(unsigned number, unsigned threads)
{
	pthread_t id[64];

	for (int i = 0; i < FDS; i++)
		fds[i] = -1;
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&id[i], NULL, thread, (void *)(uintptr_t)(number * 64 + i)))
			_exit(2);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned processes = argc == 5 ? (unsigned)atoi(argv[3]) : 0;
	unsigned threads = argc == 5 ? (unsigned)atoi(argv[4]) : 0;
	int status;
	int failed = 0;

	if (processes < 1 || processes > 64 || threads < 1 || threads > 64)
		return 2;
	seed = strtoull(argv[1], NULL, 10);
	until = time(NULL) + atoi(argv[2]);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	for (unsigned i = 0; i < processes; i++)
		if (fork() == 0)
			process(i, threads);
	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		printf("status %d\n", failed);
	else
		puts("survived");
	return failed != 0;
}
