/* SPDX-License-Identifier: MIT */
/*
 * Trapped calls that make, name and join sockets.
 *
 * Order matters, for a call may be interrupted at any moment (see notify.c): what can fail
 * is done first, then the answer is sent, then what cannot fail is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/seccomp.h>

#include "run/call.h"
#include "run/epolls.h"
#include "run/park.h"
#include "run/spare.h"

#define TYPE_MASK 0xf
#define TYPE_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

static void tell_listen(const struct carrier *c)
{
	struct run *r = c->run;
	struct sockaddr_storage local;
	socklen_t len = sizeof(local);

	if (r->config.on_listen &&
	    berth_getsockname(c->stack, c->sock, (struct sockaddr *)&local, &len) == 0)
		r->config.on_listen(r->config.ctx, c->host, c->type, (struct sockaddr *)&local);
}

/* What carries a socket: fds[0] is for the program, fds[1] for berth or -1. */
struct ends {
	int fds[2];
	struct sockaddr_un name; /* of a datagram pair that can tell of errors; name_len 0: none */
	socklen_t name_len;
};

static void close_ends(const struct ends *e)
{
	close(e->fds[0]);
	if (e->fds[1] >= 0)
		close(e->fds[1]);
}

static int open_ends(const struct command *cmd, int family, int type, int flags, struct ends *out)
{
	int how = SOCK_CLOEXEC | (flags & SOCK_NONBLOCK);
	int error = 0;

	*out = (struct ends){.fds = {-1, -1}};
	if (type == SOCK_STREAM)
		out->fds[0] = socket(AF_UNIX, SOCK_STREAM | how, 0);
	else if (family != AF_NETLINK)
		error = dgram_open(how, out->fds, &out->name, &out->name_len);
	else if (socketpair(AF_UNIX, SOCK_SEQPACKET | how, 0, out->fds) < 0)
		error = -errno;
	if (type == SOCK_STREAM && out->fds[0] < 0)
		error = -errno;
	if (error < 0)
		return error == -EMFILE ? -ENFILE : error;
	if (spare_keeps(cmd, out->fds[1] < 0 ? out->fds[0] : out->fds[1]))
		return 0;
	close_ends(out);
	return -ENFILE;
}

/* Hands a new carrier's program end over, or takes all back. */
static long deliver(struct call *call, struct carrier *c, const struct ends *e, bool cloexec)
{
	int number = -ENOBUFS;

	c->end = e->fds[1];
	c->name = e->name;
	c->name_len = e->name_len;
	if (c->name_len > 0)
		carrier_watch(c, e->fds[0]);
	if (c->name_len == 0 || c->watch >= 0)
		number = call_reply_fd(call, e->fds[0], cloexec);
	if (number < 0) {
		carrier_close(c);
		close(e->fds[0]);
		return number == -ENOENT ? CALL_DONE : number;
	}
	c->hint_pid = call->task->process->pid;
	c->hint_fd = number;
	if (c->sock >= 0)
		(void)berth_sock_set_user(c->stack, c->sock, c); /* it is open */
	if (c->end >= 0) {
		close(e->fds[0]);
		if (carrier_serve(c) < 0)
			carrier_close(c); /* no memory: the program sees it hang up */
	} else {
		carrier_keep_young(c, e->fds[0]);
	}
	return CALL_DONE;
}

static struct carrier *new_carrier(struct command *cmd, int sock, int family, int type,
				   int protocol, int fd)
{
	enum carrier_state state = type == SOCK_STREAM ? CARRIER_NEW : CARRIER_DATAGRAM;

	return carrier_new(cmd, sock, family, type, protocol, state, fd);
}

/* Netlink of the machine, not of its network: devices, audits, keys. The kernel answers. */
static bool of_machine(int family, int protocol)
{
	return family == AF_NETLINK &&
	       (protocol == NETLINK_KOBJECT_UEVENT || protocol == NETLINK_AUDIT ||
		protocol == NETLINK_CONNECTOR || protocol == NETLINK_SELINUX ||
		protocol == NETLINK_CRYPTO || protocol == NETLINK_ISCSI ||
		protocol == NETLINK_SCSITRANSPORT || protocol == NETLINK_ECRYPTFS);
}

long call_socket(struct call *call)
{
	int family = (int)call->args[0];
	int type = (int)call->args[1] & TYPE_MASK;
	int flags = (int)call->args[1] & ~TYPE_MASK;
	int protocol = (int)call->args[2];
	struct berth_stack *st = berth_world_stack(call->run->world, call->command->host);
	struct carrier *c;
	struct ends ends;
	int error;
	int sock;

	if (flags & ~TYPE_FLAGS)
		return -EINVAL;
	if (of_machine(family, protocol))
		return CALL_CONTINUE;
	sock = berth_socket(st, family, type, protocol);
	if (sock < 0)
		return sock;
	error = open_ends(call->command, family, type, flags, &ends);
	c = error < 0 ? NULL
		      : new_carrier(call->command, sock, family, type, protocol, ends.fds[0]);
	if (c)
		return deliver(call, c, &ends, flags & SOCK_CLOEXEC);
	(void)berth_close(st, sock); /* it was just made */
	if (error < 0)
		return error;
	close_ends(&ends);
	return -ENOMEM;
}

/* Linux: the port of a process's first netlink socket is the process's number. */
static long bind_netlink(struct call *call, struct carrier *c)
{
	struct sockaddr_nl name;
	long result;

	memcpy(&name, &call->addr, sizeof(name));
	if (call->args[2] >= sizeof(name) && name.nl_family == AF_NETLINK && name.nl_pid == 0) {
		name.nl_pid = (uint32_t)call->task->process->pid;
		result = berth_bind(c->stack, c->sock, (struct sockaddr *)&name, sizeof(name));
		if (result == 0)
			return 0;
	}
	return berth_bind(c->stack, c->sock, (struct sockaddr *)&call->addr,
			  (socklen_t)call->args[2]);
}

long call_bind(struct call *call)
{
	struct carrier *c = call_carrier(call);
	struct sockaddr_storage *addr = &call->addr;
	long result;

	if (!c)
		return CALL_CONTINUE;
	result = call_read_addr(call, call->args[1], call->args[2], addr);
	if (result < 0)
		return result;
	if (c->family == AF_NETLINK)
		return bind_netlink(call, c);
	result = berth_bind(c->stack, c->sock, (struct sockaddr *)addr, (socklen_t)call->args[2]);
	if (result < 0)
		return result;
	if (c->state == CARRIER_NEW)
		carrier_watch(c, call->fd); /* from now on others see when it closes: the port */
	else if (c->state == CARRIER_DATAGRAM)
		tell_listen(c);
	return 0;
}

long call_listen(struct call *call)
{
	struct carrier *c = call_carrier(call);
	long result;

	if (!c)
		return CALL_CONTINUE;
	result = berth_listen(c->stack, c->sock, (int)call->args[1]);
	if (result < 0)
		return result;
	if (c->state == CARRIER_LISTENING)
		return 0;
	result = carrier_listen(c, call->fd);
	if (result == 0)
		tell_listen(c);
	return result;
}

/*
 * connect
 */

/* Name services that know nothing of berth's hosts: libc falls back to DNS. */
static bool is_name_service(const char *path)
{
	static const char *const prefixes[] = {"/run/nscd/", "/var/run/nscd/",
					       "/run/systemd/resolve/"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (!strncmp(path, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static long connect_foreign(struct call *call)
{
	struct sockaddr_storage addr;
	struct sockaddr_un *un = (struct sockaddr_un *)&addr;

	if (call->fd < 0 || call_read_addr(call, call->args[1], call->args[2], &addr) < 0 ||
	    addr.ss_family != AF_UNIX)
		return CALL_CONTINUE;
	un->sun_path[sizeof(un->sun_path) - 1] = '\0';
	return is_name_service(un->sun_path) ? -ECONNREFUSED : CALL_CONTINUE;
}

/* A socket whose connection was refused may try again, and one that listens no more looks like a
 * new one, but its carrier is spent: the program gets a new one under the same number. */
static long replace(struct call *call, struct carrier *c)
{
	int flags = fcntl(call->fd, F_GETFL) & O_NONBLOCK ? SOCK_NONBLOCK : 0;
	struct seccomp_notif_addfd add = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.newfd = (uint32_t)call->args[0],
		.newfd_flags = task_cloexec(call->task, (int)call->args[0]) ? O_CLOEXEC : 0,
	};
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -errno;
	add.srcfd = (uint32_t)fd;
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0 ||
	    imap_put(&c->run->carriers, cookie, c) < 0) {
		close(fd);
		return -ENOMEM;
	}
	carrier_unwatch(c); /* before the old one's last copy goes */
	if (ioctl(call->command->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0) {
		imap_del(&c->run->carriers, cookie);
		carrier_watch(c, call->fd);
		close(fd);
		return -EINTR;
	}
	epolls_carry(call->task, (int)call->args[0], fd);
	imap_del(&c->run->carriers, c->cookie);
	c->cookie = cookie;
	c->inode = 0;
	c->state = CARRIER_NEW;
	c->error = 0;
	c->readable = c->ended = c->gone = c->out_done = c->in_done = c->full = c->deaf =
		c->failed = c->shut_rd = c->shut_wr = c->shut_both = c->parted = false;
	parting_forget(c);
	close(call->fd);
	call->fd = fd;
	carrier_watch(c, fd); /* it may be bound, so that others see when it closes */
	return 0;
}

static bool connected(const struct carrier *c)
{
	struct berth_sock_info info;

	return berth_sock_info(c->stack, c->sock, &info) == 0 && info.state != TCP_SYN_SENT &&
	       info.state != TCP_SYN_RECV && info.state != TCP_CLOSE;
}

/* TCP is connected: so are the ends now. */
static long join(struct call *call, struct carrier *c)
{
	int error = call_open(call);

	if (error < 0 && c->abandoned)
		return 0; /* closed while it waited, which it did not notice */
	if (error == 0)
		error = carrier_attach(c, call->fd, false);
	if (error == 0)
		error = carrier_establish(c);
	if (error < 0)
		carrier_break(c);
	return error;
}

/* The SYN is on its way, and the caller does not wait. */
static long connect_later(struct call *call, struct carrier *c)
{
	struct berth_sock_info info;
	int error;

	if (connected(c)) {
		error = (int)join(call, c);
		return error < 0 ? error : -EINPROGRESS;
	}
	error = carrier_attach(c, call->fd, true);
	if (error < 0)
		return error;
	if (berth_sock_info(c->stack, c->sock, &info) == 0 && info.state == TCP_CLOSE)
		carrier_break(c);
	return -EINPROGRESS;
}

/* A blocking connect: once more if it was asked before, until there is a result. */
static long connect_now(struct call *call, struct carrier *c)
{
	long result =
		berth_connect(c->stack, c->sock, (struct sockaddr *)&call->addr, call->addr_len);

	if (result == 0 || (result == -EISCONN && connected(c)))
		return join(call, c);
	if (result == -EALREADY || result == -EINPROGRESS) {
		c->state = CARRIER_CONNECTING;
		return call_nonblocking(call, 0) ? -EALREADY : CALL_PARK;
	}
	c->state = CARRIER_NEW;
	return result;
}

/* What a connection needs of the program's descriptor. *out_failure: of the attempt before, which
 * nobody has asked for; 0: there was none. */
static long ready_to_connect(struct call *call, struct carrier *c, long *out_failure)
{
	*out_failure = 0;
	if (!spare_keeps(call->command, call->fd + 1))
		return -ENOBUFS; /* the connection would need one besides */
	if (c->state != CARRIER_BROKEN)
		return 0;
	*out_failure = call_broken_error(call, c);
	return replace(call, c);
}

/* sendto(2) or sendmsg(2) with MSG_FASTOPEN, of `bytes` bytes that are in run->buf. What is not in
 * the SYN is the caller's to send: *out_sent is what is. */
static long open_with(struct call *call, struct carrier *c, size_t bytes, int flags,
		      size_t *out_sent)
{
	bool nonblocking = call_nonblocking(call, flags);
	long failure;
	long result = ready_to_connect(call, c, &failure);

	*out_sent = 0;
	if (result < 0)
		return result;
	result = berth_sendto(c->stack, c->sock, call->run->buf, bytes, flags | MSG_DONTWAIT,
			      (struct sockaddr *)&call->addr, call->addr_len);
	if (result < 0 && result != -EINPROGRESS)
		return result;
	c->opened_with = result > 0 ? (size_t)result : 0;
	*out_sent = c->opened_with;
	run_settle(c->run);
	if (c->closed)
		return -EBADF;
	result = nonblocking ? connect_later(call, c) : connect_now(call, c);
	if (result != CALL_PARK)
		c->opened_with = 0;
	return result == -EINPROGRESS && *out_sent ? (long)*out_sent : result;
}

long call_open_with(struct call *call, size_t bytes, int flags, size_t *out_sent)
{
	struct carrier *c = call->carrier;
	long result;

	switch (c->state) {
	case CARRIER_NEW:
	case CARRIER_BROKEN:
		return open_with(call, c, bytes, flags, out_sent);
	case CARRIER_CONNECTING:
		/* This call, again; or another beside it. */
		result = connect_now(call, c);
		*out_sent = c->opened_with;
		if (result != CALL_PARK)
			c->opened_with = 0;
		return result;
	case CARRIER_FILLED:
	case CARRIER_ESTABLISHED:
	case CARRIER_LISTENING:
	case CARRIER_DATAGRAM:
	case CARRIER_STATES:
		/* This call was interrupted, and has succeeded since. Else it is an answer of the
		 * stack's: connected, or on its way. */
		*out_sent = c->opened_with;
		c->opened_with = 0;
		break;
	}
	if (*out_sent)
		return 0;
	return berth_sendto(c->stack, c->sock, call->run->buf, 0, flags | MSG_DONTWAIT,
			    (struct sockaddr *)&call->addr, call->addr_len);
}

static long connect_stream(struct call *call, struct carrier *c)
{
	bool nonblocking = call_nonblocking(call, 0);
	long failure;
	long result;

	if (c->state == CARRIER_CONNECTING)
		return connect_now(call, c);
	result = ready_to_connect(call, c, &failure);
	if (result < 0)
		return result;
	result = berth_connect(c->stack, c->sock, (struct sockaddr *)&call->addr, call->addr_len);
	if (c->state == CARRIER_FILLED && result == -EALREADY && !nonblocking)
		return CALL_PARK;
	if (result == -ECONNABORTED && failure)
		return -failure; /* of the attempt before, which nobody has asked for */
	if (c->state != CARRIER_NEW)
		return result;
	if (result == 0)
		return join(call, c);
	if (result != -EINPROGRESS)
		return result;
	run_settle(c->run); /* on a clean network the answer is there at once */
	if (c->closed)
		return -EBADF;
	return nonblocking ? connect_later(call, c) : connect_now(call, c);
}

long call_connect(struct call *call)
{
	struct carrier *c = call_carrier(call);
	long result;

	if (!c)
		return connect_foreign(call);
	/* One that has waited had its address read; the program may have taken it away since. */
	result = call->again ? 0 : call_read_addr(call, call->args[1], call->args[2], &call->addr);
	if (result < 0)
		return result;
	call->addr_len = (socklen_t)call->args[2];
	if (c->state == CARRIER_DATAGRAM)
		return berth_connect(c->stack, c->sock, (struct sockaddr *)&call->addr,
				     call->addr_len);
	return connect_stream(call, c);
}

/*
 * accept
 */

/* Connections that were taken from the stack and not delivered come first. */
static int take_connection(struct carrier *c, struct sockaddr_storage *peer, socklen_t *len)
{
	int sock;

	/* The name comes with it: a connection that was reset meanwhile has none any more. */
	if (c->undelivered_count == 0)
		return berth_accept(c->stack, c->sock, (struct sockaddr *)peer, len);
	sock = c->undelivered[0];
	c->undelivered_count--;
	memmove(c->undelivered, c->undelivered + 1, c->undelivered_count * sizeof(int));
	if (berth_getpeername(c->stack, sock, (struct sockaddr *)peer, len) < 0)
		*len = 0;
	return sock;
}

static void give_connection_back(struct carrier *c, int sock)
{
	int *more = realloc(c->undelivered, (c->undelivered_count + 1) * sizeof(int));

	if (!more) {
		(void)berth_close(c->stack, sock); /* the peer is told */
		return;
	}
	c->undelivered = more;
	c->undelivered[c->undelivered_count++] = sock;
	carrier_top_up(c);
}

/* Takes the oldest queued carrier: fds[0] is the program's end, fds[1] berth's. */
static int take_carrier(struct carrier *c, int listener, int flags, int fds[2])
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	if (c->token_count == 0) {
		/* Somebody waited for it, or berth was short of descriptors when it came. */
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (flags & SOCK_NONBLOCK), 0,
			       fds) < 0)
			return errno == EMFILE ? -ENFILE : -errno;
		if (spare_keeps(c->command, fds[1]))
			return 0;
		close(fds[0]);
		close(fds[1]);
		return -ENFILE;
	}
	do {
		fds[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | (flags & SOCK_NONBLOCK));
		if (fds[0] < 0)
			return -errno;
		if (getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
		    cred.pid == c->run->pid)
			break;
		close(fds[0]); /* a stranger found the listener's name */
	} while (true);
	fds[1] = c->tokens[c->token_first];
	c->token_first = (c->token_first + 1) % c->token_cap;
	c->token_count--;
	return 0;
}

/* Nothing to accept: whatever is queued then is left over, or a stranger's. */
static void drain_queue(struct carrier *c, int listener)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	while (poll(&p, 1, 0) == 1 && p.revents & POLLIN) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return;
		close(fd);
		if (c->token_count > 0) {
			close(c->tokens[c->token_first]);
			c->token_first = (c->token_first + 1) % c->token_cap;
			c->token_count--;
		}
	}
}

/* The child takes over what Linux lets it inherit and the kernel keeps for us. */
static void inherit(struct carrier *child, const struct carrier *c, int fd)
{
	const struct timeval *in = &c->receive_timeout;
	const struct timeval *out = &c->send_timeout;

	child->send_bytes = c->send_bytes;
	child->receive_bytes = c->receive_bytes;
	child->receive_timeout = *in;
	child->send_timeout = *out;
	if (in->tv_sec || in->tv_usec)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, in, sizeof(*in));
	if (out->tv_sec || out->tv_usec)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, out, sizeof(*out));
}

/* Gives connection `sock` to the program. */
static long accept_one(struct call *call, struct carrier *c, int sock, int flags)
{
	struct carrier *child;
	int fds[2] = {-1, -1};
	int number;
	int error = c->token_count > 0 ? call_open(call) : 0;

	if (error == 0)
		error = take_carrier(c, call->fd, flags, fds);

	child = error < 0 ? NULL
			  : carrier_new(c->command, sock, c->family, c->type, c->protocol,
					CARRIER_NEW, fds[0]);
	if (!child) {
		give_connection_back(c, sock);
		return error < 0 ? error : -ENOMEM;
	}
	inherit(child, c, fds[0]);
	number = call_reply_fd(call, fds[0], flags & SOCK_CLOEXEC);
	if (number < 0) {
		close(fds[0]);
		child->sock = -1;
		close(fds[1]);
		carrier_close(child);
		give_connection_back(c, sock);
		return number == -ENOENT ? CALL_DONE : number;
	}
	child->end = fds[1];
	carrier_shrink(child, fds[0]);
	close(fds[0]);
	child->hint_pid = call->task->process->pid;
	child->hint_fd = number;
	(void)berth_sock_set_user(child->stack, sock, child); /* it is open */
	if (carrier_establish(child) < 0)
		carrier_close(child); /* no memory: the program sees it hang up */
	return CALL_DONE;
}

long call_accept(struct call *call)
{
	struct carrier *c = call_carrier(call);
	int flags = call->entry->nr == SYS_accept4 ? (int)call->args[3] : 0;
	socklen_t len = sizeof(call->addr);
	long result;
	int sock;

	if (!c)
		return CALL_CONTINUE;
	if (flags & ~TYPE_FLAGS)
		return -EINVAL;
	if (c->state == CARRIER_DATAGRAM)
		return -EOPNOTSUPP;
	sock = take_connection(c, &call->addr, &len);
	if (sock == -EAGAIN) {
		result = call_wait(call, 0);
		if (c->state == CARRIER_LISTENING && result == -EAGAIN)
			drain_queue(c, call->fd); /* or poll(2) would go on saying so */
		return result;
	}
	if (sock < 0)
		return sock;
	if (call->args[1]) {
		int error = call_write_addr(call, call->args[1], call->args[2], &call->addr, len);

		if (error == -EFAULT || error == -EINVAL) {
			(void)berth_close(c->stack, sock); /* Linux: the connection is lost */
			return error;
		}
	}
	return accept_one(call, c, sock, flags);
}

/*
 * shutdown, names
 */

/* A listener that is shut down is an unconnected stream again. AF_UNIX has no way back from
 * listening; so the program gets another carrier, unless copies of the descriptor would keep the
 * old one. */
static long shutdown_listener(struct call *call, struct carrier *c, int how)
{
	struct stat st;
	long result = berth_shutdown(c->stack, c->sock, how);

	if (result < 0 || how == SHUT_WR)
		return result;
	(void)shutdown(call->fd, SHUT_RDWR); /* wakes who polls it */
	if (fstat(call->fd, &st) == 0 && task_count_ends(call->command, st.st_ino) == 1 &&
	    replace(call, c) == 0)
		carrier_unlisten(c);
	park_retry(c);
	return result;
}

static long shutdown_stream(struct call *call, struct carrier *c, int how)
{
	struct berth_sock_info info;
	bool parting;

	if (c->state == CARRIER_LISTENING)
		return shutdown_listener(call, c, how);
	if (c->state == CARRIER_BROKEN)
		return -ENOTCONN;
	if (c->state != CARRIER_ESTABLISHED)
		return berth_shutdown(c->stack, c->sock, how);
	if (berth_sock_info(c->stack, c->sock, &info) == 0 &&
	    (info.state == TCP_CLOSE || info.state == TCP_TIME_WAIT))
		return -ENOTCONN;
	parting = how != SHUT_RD && !c->shut_wr && parting_begin(c, call->fd);
	if (c->closed)
		return -EBADF;
	carrier_shut(c, how, call->fd);
	/* berth's end sees it after all that was written before. */
	if (shutdown(call->fd, how) < 0)
		return -errno;
	if (parting)
		parting_end(c);
	return 0;
}

long call_shutdown(struct call *call)
{
	struct carrier *c = call_carrier(call);
	int how = (int)call->args[1];
	long result;

	if (!c)
		return CALL_CONTINUE;
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	if (c->type == SOCK_STREAM)
		return shutdown_stream(call, c, how);
	result = berth_shutdown(c->stack, c->sock, how);
	if (result < 0)
		return result;
	carrier_shut(c, how, call->fd);
	(void)shutdown(call->fd, how); /* so that read(2) and write(2) say so */
	return 0;
}

long call_getsockname(struct call *call)
{
	struct carrier *c = call_carrier(call);
	socklen_t len = sizeof(call->addr);
	long result;

	if (!c)
		return CALL_CONTINUE;
	result = berth_getsockname(c->stack, c->sock, (struct sockaddr *)&call->addr, &len);
	if (result < 0)
		return result;
	return call_write_addr(call, call->args[1], call->args[2], &call->addr, len);
}

long call_getpeername(struct call *call)
{
	struct carrier *c = call_carrier(call);
	socklen_t len = sizeof(call->addr);
	long result;

	if (!c)
		return CALL_CONTINUE;
	result = berth_getpeername(c->stack, c->sock, (struct sockaddr *)&call->addr, &len);
	if (result < 0)
		return result;
	return call_write_addr(call, call->args[1], call->args[2], &call->addr, len);
}
