/* SPDX-License-Identifier: MIT */
/*
 * The Berkeley calls on the sockets of one stack. Structures, constants, results and
 * errors are those of <sys/socket.h> on Linux, save that a call which fails returns
 * the negative errno, and that no call blocks: one that would wait returns -EAGAIN (connect:
 * -EINPROGRESS), and berth_next_event() or berth_poll() tells when to try again. The calls in
 * <berth/world.h> that start with berth_world_ wait.
 *
 * Descriptors are small integers of the stack's own, the lowest free one first.
 * Every call returns -EBADF for a descriptor that is not open.
 */
#ifndef BERTH_SOCKET_H
#define BERTH_SOCKET_H

#include <poll.h>
#include <stdbool.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <berth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A new descriptor. `type` may have SOCK_NONBLOCK and SOCK_CLOEXEC, which mean nothing here.
 * -EAFNOSUPPORT, -ESOCKTNOSUPPORT, -EPROTONOSUPPORT; -EINVAL; -ENFILE: limits.sockets_max; -ENOMEM.
 */
BERTH_API int berth_socket(struct berth_stack *st, int family, int type, int protocol);
/* Two connected sockets. AF_UNIX only, else -EOPNOTSUPP. */
BERTH_API int berth_socketpair(struct berth_stack *st, int family, int type, int protocol,
			       int out_fds[2]);
/* Takes the path that an AF_UNIX socket is or was bound to off the host, as unlink(2). There is
 * no file system: a host has the paths that were bound and not yet unlinked. -ENOENT. */
BERTH_API int berth_unlink(struct berth_stack *st, const char *path);
/* bind(2) and listen(2). A port that the program does not choose is drawn (RFC 6056). */
BERTH_API int berth_bind(struct berth_stack *st, int fd, const struct sockaddr *addr,
			 socklen_t len);
BERTH_API int berth_listen(struct berth_stack *st, int fd, int backlog);
/* -EINPROGRESS: an event (POLLOUT) tells the end, and SO_ERROR, or this call again, the result.
 * -EAGAIN: an AF_UNIX listener has its queue full; an event (POLLOUT) tells of room. */
BERTH_API int berth_connect(struct berth_stack *st, int fd, const struct sockaddr *addr,
			    socklen_t len);
/* `addr` and `len` may be NULL. Returns the new descriptor; -EAGAIN: no connection waits. */
BERTH_API int berth_accept(struct berth_stack *st, int fd, struct sockaddr *addr, socklen_t *len);
/* The send and receive families: how many bytes. MSG_DONTWAIT is implied; no signal is raised, with
 * or without MSG_NOSIGNAL. The program's memory is not kept. */
BERTH_API ssize_t berth_send(struct berth_stack *st, int fd, const void *buf, size_t bytes,
			     int flags);
BERTH_API ssize_t berth_recv(struct berth_stack *st, int fd, void *buf, size_t bytes, int flags);
BERTH_API ssize_t berth_sendto(struct berth_stack *st, int fd, const void *buf, size_t bytes,
			       int flags, const struct sockaddr *addr, socklen_t len);
BERTH_API ssize_t berth_recvfrom(struct berth_stack *st, int fd, void *buf, size_t bytes, int flags,
				 struct sockaddr *addr, socklen_t *len);
BERTH_API ssize_t berth_sendmsg(struct berth_stack *st, int fd, const struct msghdr *msg,
				int flags);
BERTH_API ssize_t berth_recvmsg(struct berth_stack *st, int fd, struct msghdr *msg, int flags);
/* Several messages at once: how many of `count` (of which Linux takes no more than 1024) were sent
 * or received, with msg_len of each filled in. An error of the first is returned, one of a
 * later one ends the call; received, it becomes the socket's unless it is -EAGAIN. A time-out, as
 * recvmmsg(2) has one, is the waiting driver's. */
struct mmsghdr;
BERTH_API int berth_sendmmsg(struct berth_stack *st, int fd, struct mmsghdr *msgs, unsigned count,
			     int flags);
BERTH_API int berth_recvmmsg(struct berth_stack *st, int fd, struct mmsghdr *msgs, unsigned count,
			     int flags);
BERTH_API ssize_t berth_read(struct berth_stack *st, int fd, void *buf, size_t bytes);
BERTH_API ssize_t berth_write(struct berth_stack *st, int fd, const void *buf, size_t bytes);
/* `how`: SHUT_RD, SHUT_WR or SHUT_RDWR. */
BERTH_API int berth_shutdown(struct berth_stack *st, int fd, int how);
/* The descriptor is free at once; what was sent is still delivered, by the stack alone. */
BERTH_API int berth_close(struct berth_stack *st, int fd);
/* *len is the room before, and how long the name is after. */
BERTH_API int berth_getsockname(struct berth_stack *st, int fd, struct sockaddr *addr,
				socklen_t *len);
BERTH_API int berth_getpeername(struct berth_stack *st, int fd, struct sockaddr *addr,
				socklen_t *len);
/* The name of an option that Linux has and a stack does not, which ENOPROTOOPT says; NULL: any
 * other number. */
BERTH_API const char *berth_option_lacking(int level, int name);
/* The options of docs/options.md, in Linux's form; *len is the room before, and what was given
 * after. -ENOPROTOOPT: not known. */
BERTH_API int berth_getsockopt(struct berth_stack *st, int fd, int level, int name, void *value,
			       socklen_t *len);
BERTH_API int berth_setsockopt(struct berth_stack *st, int fd, int level, int name,
			       const void *value, socklen_t len);
/* SIOC* and FION* of sockets and interfaces, `arg` as ioctl(2) has it. -ENOTTY: not known. */
BERTH_API int berth_ioctl(struct berth_stack *st, int fd, unsigned long request, void *arg);

/* Fill in what is ready now and return how many, as poll(2) and select(2) with a zero timeout. */
BERTH_API int berth_poll(struct berth_stack *st, struct pollfd *fds, nfds_t count);
BERTH_API int berth_select(struct berth_stack *st, int nfds, fd_set *readfds, fd_set *writefds,
			   fd_set *exceptfds);

/*
 * The calls below have no Berkeley name: they are for drivers that carry sockets.
 */

/* Ties a word to a socket, given back in its events; NULL stops its events. Setting
 * one on a socket that is already ready queues an event. */
BERTH_API int berth_sock_set_user(struct berth_stack *st, int fd, void *user);

/*
 * Zero-copy sending on a stream. berth_send_reserve() describes up to `bytes` bytes of free
 * space, in at most `iovcnt` pieces, and returns how many pieces (> 0); the caller fills
 * them from the front and says with berth_send_commit() how many bytes (0: none). Nothing
 * else may be called on the pool's stacks between the two. -EAGAIN: the send buffer is
 * full; -EPIPE, -ENOTCONN and the socket's error as send(2); -EOPNOTSUPP: not a TCP socket.
 * `flags`: MSG_OOB, MSG_MORE.
 */
BERTH_API int berth_send_reserve(struct berth_stack *st, int fd, size_t bytes, struct iovec *iov,
				 int iovcnt);
BERTH_API int berth_send_commit(struct berth_stack *st, int fd, size_t bytes, int flags);

/*
 * Zero-copy receiving on a stream. berth_recv_peek() describes the bytes that are next, without
 * taking them, and returns how many pieces; 0: the peer has finished; -EAGAIN: nothing yet; or the
 * socket's error as recv(2). They stay valid until the next call on this socket;
 * berth_recv_consume() takes the first `bytes` of them. Bytes before an urgent mark are one
 * answer, as recv(2) stops there.
 */
BERTH_API int berth_recv_peek(struct berth_stack *st, int fd, struct iovec *iov, int iovcnt);
BERTH_API int berth_recv_consume(struct berth_stack *st, int fd, size_t bytes);

/* Closes with a reset, as SO_LINGER with a zero time does. */
BERTH_API int berth_abort(struct berth_stack *st, int fd);

/* What ss(8) tells of one socket. */
struct berth_sock_info {
	int fd; /* -1: no descriptor any more (closing, or not yet accepted) */
	int family, type, protocol;
	int state; /* TCP_ESTABLISHED ... of <netinet/tcp.h>; 7 (CLOSE) for the rest */
	struct sockaddr_storage local, remote; /* remote AF_UNSPEC: not connected */
	uint32_t recv_q;     /* bytes unread; listening: connections not yet accepted */
	uint32_t send_q;     /* bytes not yet acknowledged; listening: the backlog */
	unsigned ifindex;    /* SO_BINDTODEVICE; 0: any */
	int error;	     /* pending SO_ERROR, not cleared by looking */
	berth_time timer_ns; /* until the next timer; BERTH_TIME_NEVER: none */
	void *user;
};
/* -EBADF. */
BERTH_API int berth_sock_info(struct berth_stack *st, int fd, struct berth_sock_info *out);

/* Whose a socket is, as sock_diag tells of it (`ss -e`, `ss -p`). */
struct berth_sock_owner {
	uint32_t uid;
	uint64_t inode; /* of the descriptor in /proc/PID/fd; 0: none */
};
/* Has the driver asked for owners, with the word of berth_sock_set_user(); NULL: nobody. */
BERTH_API void berth_stack_set_owner(struct berth_stack *st,
				     void (*owner)(void *user, struct berth_sock_owner *out));

/* Takes a socket of the driver's own, not yet bound, out of all listings; no program's socket is in
 * its way, nor it in theirs. */
BERTH_API int berth_sock_hide(struct berth_stack *st, int fd);

/* Walks all sockets of a stack, those without a descriptor too: start with *cursor = 0.
 * False past the last. Sockets made or closed on the way may be missed, none comes twice. */
BERTH_API bool berth_sock_next(struct berth_stack *st, uint64_t *cursor,
			       struct berth_sock_info *out);

#ifdef __cplusplus
}
#endif
#endif
