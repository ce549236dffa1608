/* SPDX-License-Identifier: MIT */
/*
 * What the dual programs share. Each program makes socket calls on loopback and prints one line
 * for each observation, "scope what: result", without ports, numbers of descriptors or times, so
 * that the lines are the same wherever the calls mean the same. tests/system/test_dual.py runs
 * them on the kernel and under berth.
 */
#ifndef BERTH_TESTS_DUAL_H
#define BERTH_TESTS_DUAL_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct endpoint {
	struct sockaddr_storage address;
	socklen_t size;
};

/* One observation each: a text, or a call's result with its errno. */
void scope(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
long result(const char *what, long value);
void result_with(const char *what, long value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Clears errno first, so that what is reported is the call's. */
#define RESULT(what, call) (errno = 0, result((what), (long)(call)))

/* Gives what is under way on loopback the time to arrive. */
void settle(void);
void pause_ms(long ms);
long now_ms(void);

/* The family's loopback address. */
struct endpoint loopback(int family, int port);
struct endpoint any_address(int family, int port);
struct endpoint own_name(int fd);
void set_port(struct endpoint *of, int port);
int port_of(const struct endpoint *of);
struct sockaddr *sa(struct endpoint *of);

/* An address without its port's number: "4 127.0.0.1 port", "6 ::1 0". */
const char *name_text(const struct endpoint *name);
const char *events_text(unsigned int events);
/* The control messages of a message that was received, without times. */
const char *control_text(struct msghdr *message);
const char *flags_text(int flags);
/* Both names of a socket. */
void own_and_peer(const char *what, int fd);

/* Sockets that must be got, or the program ends: nothing to compare without them. */
int must(int value, const char *what);
int bound(int family, int type, struct endpoint *out_name);
int listening(int family, int backlog, struct endpoint *out_name);
void tcp_pair(int family, int fd[2]);
void udp_pair(int family, int fd[2]);
/* A port of the family on which nobody listens. */
struct endpoint nobody(int family, int type);
void nonblocking(int fd);
void set_int(int fd, int level, int name, int value);
void reset_on_close(int fd);

/* What poll, select and epoll say of a descriptor, a line each. */
void ready(const char *what, int fd);

/* Runs the cases for IPv4 and for IPv6. */
void both(void (*run)(int family));
const char *family_name(int family);

#endif
