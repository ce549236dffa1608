/* SPDX-License-Identifier: MIT */
/*
 * The berth_* calls on sockets: find the descriptor, call down, settle.
 *
 * What the calls do is in sock/ and below. Whatever can send a packet, or arm a timer, ends in
 * stack_settle(); calls that only look do not.
 */
#include <berth/socket.h>

#include <errno.h>

#include "sock/conn.h"
#include "sock/io.h"
#include "sock/ioctl.h"
#include "sock/opt.h"
#include "sock/ready.h"
#include "stack/host.h"
#include "stack/optlist.h"
#include "unix/unix.h"

/* The socket of a call that begins now. Calls that end what another began (commit, consume) take
 * it as it is: no timer may run between the two. */
static struct socket *find(struct berth_stack *st, int fd)
{
	stack_catch_up(st);
	return socket_get(st->sockets, fd);
}

static int settled(struct berth_stack *st, int result)
{
	stack_settle(st);
	return result;
}

static ssize_t settled_io(struct berth_stack *st, ssize_t result)
{
	stack_settle(st);
	return result;
}

int berth_socket(struct berth_stack *st, int family, int type, int protocol)
{
	return socket_new(st->sockets, family, type, protocol);
}

int berth_socketpair(struct berth_stack *st, int family, int type, int protocol, int out_fds[2])
{
	int a = socket_new(st->sockets, family, type, protocol);
	int b = a < 0 ? a : socket_new(st->sockets, family, type, protocol);

	if (b >= 0 && family == AF_UNIX) {
		unix_socketpair(socket_get(st->sockets, a)->sock, socket_get(st->sockets, b)->sock);
		out_fds[0] = a;
		out_fds[1] = b;
		return 0;
	}
	if (a >= 0)
		sockets_close(st->sockets, a, false);
	if (b >= 0)
		sockets_close(st->sockets, b, false);
	return settled(st, b < 0 ? b : -EOPNOTSUPP);
}

int berth_unlink(struct berth_stack *st, const char *path)
{
	return path ? unix_unlink(st->sockets, path) : -EFAULT;
}

int berth_bind(struct berth_stack *st, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct socket *so = find(st, fd);

	return so ? conn_bind(so, addr, len) : -EBADF;
}

int berth_listen(struct berth_stack *st, int fd, int backlog)
{
	struct socket *so = find(st, fd);

	return so ? settled(st, conn_listen(so, backlog)) : -EBADF;
}

int berth_connect(struct berth_stack *st, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct socket *so = find(st, fd);

	return so ? settled(st, conn_connect(so, addr, len)) : -EBADF;
}

int berth_accept(struct berth_stack *st, int fd, struct sockaddr *addr, socklen_t *len)
{
	struct socket *so = find(st, fd);

	return so ? settled(st, conn_accept(so, addr, len)) : -EBADF;
}

ssize_t berth_sendto(struct berth_stack *st, int fd, const void *buf, size_t bytes, int flags,
		     const struct sockaddr *addr, socklen_t len)
{
	struct socket *so = find(st, fd);

	return so ? settled_io(st, io_sendto(so, buf, bytes, flags, addr, len)) : -EBADF;
}

ssize_t berth_recvfrom(struct berth_stack *st, int fd, void *buf, size_t bytes, int flags,
		       struct sockaddr *addr, socklen_t *len)
{
	struct socket *so = find(st, fd);

	return so ? settled_io(st, io_recvfrom(so, buf, bytes, flags, addr, len)) : -EBADF;
}

ssize_t berth_send(struct berth_stack *st, int fd, const void *buf, size_t bytes, int flags)
{
	return berth_sendto(st, fd, buf, bytes, flags, NULL, 0);
}

ssize_t berth_recv(struct berth_stack *st, int fd, void *buf, size_t bytes, int flags)
{
	return berth_recvfrom(st, fd, buf, bytes, flags, NULL, NULL);
}

ssize_t berth_sendmsg(struct berth_stack *st, int fd, const struct msghdr *msg, int flags)
{
	struct socket *so = find(st, fd);

	return so ? settled_io(st, io_sendmsg(so, msg, flags)) : -EBADF;
}

ssize_t berth_recvmsg(struct berth_stack *st, int fd, struct msghdr *msg, int flags)
{
	struct socket *so = find(st, fd);

	return so ? settled_io(st, io_recvmsg(so, msg, flags)) : -EBADF;
}

int berth_sendmmsg(struct berth_stack *st, int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
	struct socket *so = find(st, fd);

	return so ? settled(st, io_sendmmsg(so, msgs, count, flags)) : -EBADF;
}

int berth_recvmmsg(struct berth_stack *st, int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
	struct socket *so = find(st, fd);

	return so ? settled(st, io_recvmmsg(so, msgs, count, flags)) : -EBADF;
}

/* read(2) of nothing asks nothing; recv(2) of nothing may tell of an error. */
ssize_t berth_read(struct berth_stack *st, int fd, void *buf, size_t bytes)
{
	if (bytes == 0)
		return find(st, fd) ? 0 : -EBADF;
	return berth_recv(st, fd, buf, bytes, 0);
}

ssize_t berth_write(struct berth_stack *st, int fd, const void *buf, size_t bytes)
{
	return berth_send(st, fd, buf, bytes, 0);
}

int berth_shutdown(struct berth_stack *st, int fd, int how)
{
	struct socket *so = find(st, fd);

	return so ? settled(st, conn_shutdown(so, how)) : -EBADF;
}

int berth_close(struct berth_stack *st, int fd)
{
	if (!find(st, fd))
		return -EBADF;
	sockets_close(st->sockets, fd, false);
	return settled(st, 0);
}

int berth_abort(struct berth_stack *st, int fd)
{
	if (!find(st, fd))
		return -EBADF;
	sockets_close(st->sockets, fd, true);
	return settled(st, 0);
}

int berth_getsockname(struct berth_stack *st, int fd, struct sockaddr *addr, socklen_t *len)
{
	struct socket *so = find(st, fd);

	return so ? conn_sockname(so, addr, len) : -EBADF;
}

int berth_getpeername(struct berth_stack *st, int fd, struct sockaddr *addr, socklen_t *len)
{
	struct socket *so = find(st, fd);

	return so ? conn_peername(so, addr, len) : -EBADF;
}

const char *berth_option_lacking(int level, int name)
{
	struct opt_doc o;

	for (unsigned i = 0; optlist_row(i, &o); i++) {
		if (o.level->level == level && o.row->name == name)
			return o.row->type == OPT_LACKING ? o.row->symbol : NULL;
	}
	return NULL;
}

int berth_getsockopt(struct berth_stack *st, int fd, int level, int name, void *value,
		     socklen_t *len)
{
	struct socket *so = find(st, fd);

	return so ? opt_get(so, level, name, value, len) : -EBADF;
}

int berth_setsockopt(struct berth_stack *st, int fd, int level, int name, const void *value,
		     socklen_t len)
{
	struct socket *so = find(st, fd);

	return so ? settled(st, opt_set(so, level, name, value, len)) : -EBADF;
}

int berth_ioctl(struct berth_stack *st, int fd, unsigned long request, void *arg)
{
	struct socket *so = find(st, fd);

	return so ? settled(st, ioctl_do(so, request, arg)) : -EBADF;
}

int berth_poll(struct berth_stack *st, struct pollfd *fds, nfds_t count)
{
	return ready_poll(st->sockets, fds, count);
}

int berth_select(struct berth_stack *st, int nfds, fd_set *readfds, fd_set *writefds,
		 fd_set *exceptfds)
{
	return ready_select(st->sockets, nfds, readfds, writefds, exceptfds);
}

int berth_sock_set_user(struct berth_stack *st, int fd, void *user)
{
	struct socket *so = find(st, fd);

	if (!so)
		return -EBADF;
	ready_set_user(so, user);
	return 0;
}

int berth_send_reserve(struct berth_stack *st, int fd, size_t bytes, struct iovec *iov, int iovcnt)
{
	struct socket *so = find(st, fd);

	if (!so)
		return -EBADF;
	if (bytes == 0 || iovcnt <= 0)
		return -EINVAL;
	if (!so->sock->proto->reserve)
		return -EOPNOTSUPP;
	return so->sock->proto->reserve(so->sock, bytes, iov, iovcnt);
}

int berth_send_commit(struct berth_stack *st, int fd, size_t bytes, int flags)
{
	struct socket *so = socket_get(st->sockets, fd);

	if (!so)
		return -EBADF;
	if (!so->sock->proto->commit)
		return -EOPNOTSUPP;
	return settled(st, so->sock->proto->commit(so->sock, bytes, flags));
}

int berth_recv_peek(struct berth_stack *st, int fd, struct iovec *iov, int iovcnt)
{
	struct socket *so = find(st, fd);

	if (!so)
		return -EBADF;
	if (iovcnt <= 0)
		return -EINVAL;
	if (!so->sock->proto->peek)
		return -EOPNOTSUPP;
	return so->sock->proto->peek(so->sock, iov, iovcnt);
}

int berth_recv_consume(struct berth_stack *st, int fd, size_t bytes)
{
	struct socket *so = socket_get(st->sockets, fd);

	if (!so)
		return -EBADF;
	if (!so->sock->proto->consume)
		return -EOPNOTSUPP;
	return settled(st, so->sock->proto->consume(so->sock, bytes));
}
