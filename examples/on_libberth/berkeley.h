/* SPDX-License-Identifier: MIT */
/*
 * The Berkeley calls of a program, on libberth. A program is compiled unchanged, with this file
 * included before its first line (cc -include berkeley.h -Dmain=NAME_main NAME.c): every call that
 * reaches the kernel's network, the clock or the terminal then means one of berkeley.c or names.c.
 *
 * What this file does not name stays libc's: inet_pton, htons, strerror, getopt ...
 */
#ifndef ON_LIBBERTH_BERKELEY_H
#define ON_LIBBERTH_BERKELEY_H

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int berkeley_socket(int family, int type, int protocol);
int berkeley_bind(int fd, const struct sockaddr *addr, socklen_t len);
int berkeley_listen(int fd, int backlog);
int berkeley_connect(int fd, const struct sockaddr *addr, socklen_t len);
int berkeley_accept(int fd, struct sockaddr *addr, socklen_t *len);
ssize_t berkeley_send(int fd, const void *buf, size_t bytes, int flags);
ssize_t berkeley_recv(int fd, void *buf, size_t bytes, int flags);
ssize_t berkeley_sendto(int fd, const void *buf, size_t bytes, int flags,
			const struct sockaddr *addr, socklen_t len);
ssize_t berkeley_recvfrom(int fd, void *buf, size_t bytes, int flags, struct sockaddr *addr,
			  socklen_t *len);
ssize_t berkeley_read(int fd, void *buf, size_t bytes);
ssize_t berkeley_write(int fd, const void *buf, size_t bytes);
int berkeley_shutdown(int fd, int how);
int berkeley_close(int fd);
int berkeley_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int berkeley_getpeername(int fd, struct sockaddr *addr, socklen_t *len);
int berkeley_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int berkeley_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int berkeley_select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
		    struct timeval *timeout);
int berkeley_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int berkeley_unlink(const char *path);

struct hostent *berkeley_gethostbyname(const char *name);
struct hostent *berkeley_gethostbyaddr(const void *addr, socklen_t len, int family);
int berkeley_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
			 struct addrinfo **out);
void berkeley_freeaddrinfo(struct addrinfo *res);
int berkeley_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
			 socklen_t host_bytes, char *service, socklen_t service_bytes, int flags);

int berkeley_clock_gettime(clockid_t clock, struct timespec *out);
pid_t berkeley_getpid(void);
FILE *berkeley_output(void);
void berkeley_perror(const char *call);
_Noreturn void berkeley_exit(int status);

int stream_server_main(int argc, char **argv);
int stream_client_main(int argc, char **argv);
int datagram_server_main(int argc, char **argv);
int datagram_client_main(int argc, char **argv);
int select_server_main(int argc, char **argv);
int poll_server_main(int argc, char **argv);
int socket_pairs_main(int argc, char **argv);
int resolver_main(int argc, char **argv);
int ping_main(int argc, char **argv);
int options_main(int argc, char **argv);

#ifndef ON_LIBBERTH /* this adapter's own files mean what they say */
#define socket berkeley_socket
#define bind berkeley_bind
#define listen berkeley_listen
#define connect berkeley_connect
#define accept berkeley_accept
#define send berkeley_send
#define recv berkeley_recv
#define sendto berkeley_sendto
#define recvfrom berkeley_recvfrom
#define read berkeley_read
#define write berkeley_write
#define shutdown berkeley_shutdown
#define close berkeley_close
#define getsockname berkeley_getsockname
#define getpeername berkeley_getpeername
#define getsockopt berkeley_getsockopt
#define setsockopt berkeley_setsockopt
#define select berkeley_select
#define poll berkeley_poll
#define unlink berkeley_unlink
#define gethostbyname berkeley_gethostbyname
#define gethostbyaddr berkeley_gethostbyaddr
#define getaddrinfo berkeley_getaddrinfo
#define freeaddrinfo berkeley_freeaddrinfo
#define getnameinfo berkeley_getnameinfo
#define clock_gettime berkeley_clock_gettime
#define getpid berkeley_getpid
#define perror berkeley_perror
#define exit berkeley_exit
#undef stdout
#undef stderr
#define stdout berkeley_output()
#define stderr berkeley_output()
#define printf(...) fprintf(berkeley_output(), __VA_ARGS__)
#endif

#endif
