/* SPDX-License-Identifier: MIT */
/*
 * Memory that goes away while a call waits: a thread blocks in a call whose buffer, address or
 * message lies on a page that another thread then unmaps, or makes unreadable, before the call can
 * finish. Prints what each call says, and whether the socket works afterwards. What the kernel says
 * to the same program is what it must say under berth.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAGE 4096

enum place { DATA, ADDRESS, LENGTH, MESSAGE, PLACES };

struct wait {
	const char *call;
	int fd;
	void *at[PLACES]; /* where each thing lies: on the page, or elsewhere */
	long result;
	int error;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int bound(int type, struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, type, 0);

	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)addr, &len) < 0)
		fail("bind");
	return fd;
}

static void *blocked(void *arg)
{
	struct wait *w = arg;
	struct msghdr *m = w->at[MESSAGE];

	if (strcmp(w->call, "recvfrom") == 0)
		w->result = recvfrom(w->fd, w->at[DATA], 100, 0, w->at[ADDRESS], w->at[LENGTH]);
	else if (strcmp(w->call, "recvmsg") == 0)
		w->result = recvmsg(w->fd, m, 0);
	else if (strcmp(w->call, "recvmmsg") == 0)
		w->result = recvmmsg(w->fd, w->at[MESSAGE], 2, MSG_WAITFORONE, NULL);
	else if (strcmp(w->call, "accept") == 0)
		w->result = accept(w->fd, w->at[ADDRESS], w->at[LENGTH]);
	else if (strcmp(w->call, "connect") == 0)
		w->result = connect(w->fd, w->at[ADDRESS], sizeof(struct sockaddr_in));
	w->error = errno;
	return NULL;
}

static const char *place_name(enum place place)
{
	static const char *const names[] = {"data", "address", "length", "message"};

	return names[place];
}

/* Everything where it stays, but for `place`, which is on a page of its own. */
static void *lay_out(struct wait *w, enum place place)
{
	static char data[PAGE];
	static struct sockaddr_in address;
	static socklen_t length;
	static struct iovec iov[2];
	static struct mmsghdr message[2];
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mmsghdr *m;

	if (page == MAP_FAILED)
		fail("mmap");
	w->at[DATA] = data;
	w->at[ADDRESS] = &address;
	w->at[LENGTH] = &length;
	w->at[MESSAGE] = message;
	w->at[place] = page;
	*(socklen_t *)w->at[LENGTH] = sizeof(address);
	m = w->at[MESSAGE];
	for (int i = 0; i < 2; i++) {
		iov[i] = (struct iovec){w->at[DATA], 100};
		memset(&m[i], 0, sizeof(m[i]));
		m[i].msg_hdr.msg_name = w->at[ADDRESS];
		m[i].msg_hdr.msg_namelen = sizeof(address);
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	return page;
}

/* Lets the thread block, takes its page away, and makes the call return by `unblock`. */
static void play(struct wait *w, enum place place, void *page, int how,
		 void (*unblock)(const struct sockaddr_in *to), const struct sockaddr_in *to)
{
	static const char *const ways[] = {"unmapped", "protected"};
	pthread_t thread;

	if (pthread_create(&thread, NULL, blocked, w) != 0)
		fail("pthread_create");
	usleep(100000);
	if (how == 0 ? munmap(page, PAGE) < 0 : mprotect(page, PAGE, PROT_NONE) < 0)
		fail("munmap");
	unblock(to);
	pthread_join(thread, NULL);
	printf("%s, %s %s: %s\n", w->call, place_name(place), ways[how],
	       w->result < 0 ? strerrorname_np(w->error) : "done");
	fflush(stdout);
}

static void send_one(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (sendto(fd, "x", 1, 0, (const struct sockaddr *)to, sizeof(*to)) != 1)
		fail("sendto");
	close(fd);
}

static void connect_one(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		fail("connect");
	/* It stays open until the program ends. */
}

static int listener; /* whose queue is full */

static void accept_one(const struct sockaddr_in *to)
{
	(void)to;
	if (accept(listener, NULL, NULL) < 0)
		fail("accept");
}

/* How many datagrams, or connections, are left after a call that failed. */
static void say_rest(int fd, int stream)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;
	int n = 0;

	while (poll(&p, 1, 100) == 1) {
		if (stream ? accept(fd, NULL, NULL) < 0 : recv(fd, &byte, 1, 0) < 0)
			fail("what is left");
		n++;
	}
	printf("  left: %d\n", n);
}

static void datagrams(const char *call, enum place place, int how)
{
	struct wait w = {.call = call};
	struct sockaddr_in to;
	void *page = lay_out(&w, place);

	w.fd = bound(SOCK_DGRAM, &to);
	play(&w, place, page, how, send_one, &to);
	say_rest(w.fd, 0);
	send_one(&to);
	say_rest(w.fd, 0);
	close(w.fd);
}

static void accepts(enum place place, int how)
{
	struct wait w = {.call = "accept"};
	struct sockaddr_in to;
	void *page = lay_out(&w, place);

	w.fd = bound(SOCK_STREAM, &to);
	if (listen(w.fd, 5) < 0)
		fail("listen");
	play(&w, place, page, how, connect_one, &to);
	say_rest(w.fd, 1);
	connect_one(&to);
	say_rest(w.fd, 1);
	close(w.fd);
}

static void connects(int how)
{
	struct wait w = {.call = "connect"};
	struct sockaddr_in to;
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	void *page = lay_out(&w, ADDRESS);

	listener = bound(SOCK_STREAM, &to);
	if (listen(listener, 0) < 0)
		fail("listen");
	connect_one(&to);
	w.fd = socket(AF_INET, SOCK_STREAM, 0);
	memcpy(w.at[ADDRESS], &to, sizeof(to));
	play(&w, ADDRESS, page, how, accept_one, &to);
	if (getpeername(w.fd, (struct sockaddr *)&peer, &len) < 0)
		printf("  peer: %s\n", strerrorname_np(errno));
	else
		puts("  peer: yes");
	close(w.fd);
	close(listener);
}

int main(void)
{
	for (int how = 0; how < 2; how++) {
		datagrams("recvfrom", DATA, how);
		datagrams("recvfrom", ADDRESS, how);
		datagrams("recvfrom", LENGTH, how);
		datagrams("recvmsg", DATA, how);
		datagrams("recvmsg", ADDRESS, how);
		datagrams("recvmsg", MESSAGE, how);
		datagrams("recvmmsg", DATA, how);
		datagrams("recvmmsg", MESSAGE, how);
		accepts(ADDRESS, how);
		accepts(LENGTH, how);
		connects(how);
	}
	return 0;
}
