/* SPDX-License-Identifier: MIT */
/*
 * Trapped calls that send and receive: those with addresses or control data.
 *
 * On streams they are rare (an address means something with MSG_FASTOPEN alone) and left to the
 * kernel if they carry no address; else they are done here on a duplicate of the program's end,
 * because AF_UNIX would name berth's end to the program. So are those with flags that AF_UNIX does
 * not know.
 *
 * A datagram is taken out of the carrier or the stack before the answer, and put back if the answer
 * does not arrive: the other order would let a second thread read it twice.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/call.h"

#define UIO_MAX 1024
#define CONTROL_MAX 1024

/* A struct msghdr of the program, with what it points to in our memory. */
struct message {
	struct msghdr there; /* as the program has it */
	struct iovec *iov;   /* the program's buffers; owned unless it is `one` */
	struct iovec one;
	size_t bytes;  /* of all buffers */
	bool gathered; /* they are in run->buf already */
	struct sockaddr_storage name;
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];
};

static void message_fini(struct message *m)
{
	if (m->iov != &m->one)
		free(m->iov);
}

static int count_bytes(struct message *m)
{
	m->there.msg_iov = m->iov;
	m->bytes = 0;
	for (size_t i = 0; i < m->there.msg_iovlen; i++) {
		if (m->iov[i].iov_len > SSIZE_MAX || m->bytes > SSIZE_MAX - m->iov[i].iov_len)
			return -EINVAL;
		m->bytes += m->iov[i].iov_len;
	}
	return 0;
}

/* Reads the message header at `addr` and its list of buffers. message_fini() follows. */
static int message_read(const struct call *call, uint64_t addr, struct message *m)
{
	int error;

	m->gathered = false;
	m->iov = &m->one;
	if (task_read(call->task, addr, &m->there, sizeof(m->there)) < 0)
		return -EFAULT;
	if (m->there.msg_iovlen > UIO_MAX)
		return -EMSGSIZE;
	if ((int)m->there.msg_namelen < 0)
		return -EINVAL;
	if (m->there.msg_iovlen > 1) {
		m->iov = calloc(m->there.msg_iovlen, sizeof(struct iovec));
		if (!m->iov)
			return -ENOMEM;
	}
	error = task_read(call->task, (uintptr_t)m->there.msg_iov, m->iov,
			  m->there.msg_iovlen * sizeof(struct iovec));
	return error < 0 ? error : count_bytes(m);
}

/* sendto(2) and recvfrom(2) as a message of one buffer. */
static int message_of_one(const struct call *call, struct message *m)
{
	m->one.iov_base = (void *)(uintptr_t)call->args[1];
	m->one.iov_len = call->args[2];
	m->gathered = false;
	m->iov = &m->one;
	m->there = (struct msghdr){.msg_iov = &m->one, .msg_iovlen = 1};
	m->there.msg_name = (void *)(uintptr_t)call->args[4];
	if (m->one.iov_len > SSIZE_MAX)
		m->one.iov_len = SSIZE_MAX;
	m->bytes = m->one.iov_len;
	return 0;
}

/*
 * Sending
 */

/* On a stream that the first bytes are to open (MSG_FASTOPEN); the rest goes the usual way. */
static long send_opening(struct call *call, struct message *m, int flags)
{
	struct run *r = call->run;
	size_t bytes = m->bytes < RUN_BUF_BYTES ? m->bytes : RUN_BUF_BYTES;
	ssize_t n = task_gather(call->task, r->buf, bytes, m->iov, m->there.msg_iovlen);
	size_t sent;
	long result;

	if (n < 0)
		return -EFAULT;
	if (!call_valid(call))
		return CALL_DONE;
	call->addr = m->name;
	call->addr_len = m->there.msg_namelen;
	result = call_open_with(call, (size_t)n, flags, &sent);
	if (result != 0)
		return result;
	/* What happened meanwhile may have used the buffer. */
	n = task_gather(call->task, r->buf, bytes, m->iov, m->there.msg_iovlen);
	if (n <= (ssize_t)sent || call_open(call) < 0)
		return (long)sent;
	n = send(call->fd, (char *)r->buf + sent, (size_t)n - sent,
		 (flags & ~MSG_FASTOPEN) | MSG_DONTWAIT | MSG_NOSIGNAL);
	return (long)sent + (n > 0 ? n : 0);
}

/* On a stream, to an address that does not matter. */
static long send_stream(struct call *call, struct message *m, int flags)
{
	if (flags & MSG_FASTOPEN && m->there.msg_name)
		return send_opening(call, m, flags);
	size_t bytes = m->bytes < RUN_BUF_BYTES ? m->bytes : RUN_BUF_BYTES;
	ssize_t n = task_gather(call->task, call->run->buf, bytes, m->iov, m->there.msg_iovlen);
	bool readable = n >= 0;

	if (!call_valid(call))
		return CALL_DONE;
	if (call_open(call) < 0)
		return -EBADF;
	/* Nothing, where the data can't be read: Linux sees first that nobody would get them. */
	n = send(call->fd, call->run->buf, readable ? (size_t)n : 0,
		 flags | MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0)
		return readable ? n : -EFAULT;
	if (errno == EAGAIN)
		return call_wait(call, flags);
	if (errno != EPIPE && errno != ENOTCONN)
		return -errno;
	if (!(flags & MSG_NOSIGNAL))
		(void)syscall(SYS_tgkill, call->task->process->pid, call->task->tid, SIGPIPE);
	return -EPIPE;
}

/* MSG_MORE on a stream: bytes that wait for those of the next send. What does not fit at once is
 * the kernel's to wait for, and needs no patience. */
static long send_more(struct call *call, const struct message *m)
{
	struct carrier *c = call->carrier;
	ssize_t n;

	if (c->state != CARRIER_ESTABLISHED || c->shut_wr || m->bytes == 0 ||
	    m->bytes > RUN_BUF_BYTES)
		return CALL_CONTINUE;
	n = task_gather(call->task, call->run->buf, m->bytes, m->iov, m->there.msg_iovlen);
	if (n < 0 || (size_t)n < m->bytes)
		return CALL_CONTINUE;
	if (!call_valid(call))
		return CALL_DONE;
	return stream_more(c, call->run->buf, m->bytes) ? n : CALL_CONTINUE;
}

/* On a stream, without an address. The carrier does not know all errors. */
static long send_plain(struct call *call, struct message *m, int flags)
{
	struct carrier *c = call->carrier;
	long error;

	if (c->state == CARRIER_NEW || c->state == CARRIER_LISTENING)
		return send_stream(call, m, flags);
	if (c->state == CARRIER_BROKEN && (error = call_broken_error(call, c)) != 0)
		return -error;
	return flags & MSG_MORE ? send_more(call, m) : CALL_CONTINUE;
}

/* Reads address and data of a sendto(2) at once; false: to be done one by one. */
static bool gather_at_once(struct call *call, struct message *m)
{
	struct iovec here[2] = {{&m->name, call->args[5]}, {call->run->buf, m->bytes}};
	struct iovec there[2] = {{m->there.msg_name, call->args[5]}, m->one};

	if (call->carrier->native || m->bytes > RUN_BUF_BYTES || call->args[5] > sizeof(m->name) ||
	    !m->there.msg_name)
		return false;
	memset(&m->name, 0, sizeof(m->name));
	m->gathered = task_read_all(call->task, here, there, 2) == 0;
	return m->gathered;
}

static long send_dgram(struct call *call, struct message *m, int flags)
{
	struct carrier *c = call->carrier;
	struct iovec iov = {.iov_base = call->run->buf};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;
	int error;

	if (c->native)
		dgram_out(c); /* what was sent before leaves before */
	if (m->bytes > RUN_BUF_BYTES)
		return -EMSGSIZE;
	n = m->gathered ? (ssize_t)m->bytes
			: task_gather(call->task, call->run->buf, m->bytes, m->iov,
				      m->there.msg_iovlen);
	if (n < 0 || (size_t)n < m->bytes)
		return -EFAULT;
	iov.iov_len = (size_t)n;
	if (m->there.msg_name) {
		msg.msg_name = &m->name;
		msg.msg_namelen = m->there.msg_namelen;
		call->addr = m->name;
	}
	if (m->there.msg_controllen > 0) {
		msg.msg_control = m->control;
		msg.msg_controllen = m->there.msg_controllen;
	}
	if (!call_valid(call))
		return CALL_DONE;
	error = dgram_error(call);
	if (error < 0)
		return error;
	n = berth_sendmsg(c->stack, c->sock, &msg, flags | MSG_DONTWAIT);
	return n == -EAGAIN ? call_wait(call, flags) : n;
}

long call_sendto(struct call *call)
{
	struct carrier *c = call_carrier_only(call);
	struct message m;
	int flags = (int)call->args[3];
	int error;

	if (!c)
		return CALL_CONTINUE;
	(void)message_of_one(call, &m);
	if (c->type == SOCK_STREAM && !m.there.msg_name)
		return send_plain(call, &m, flags);
	if (m.there.msg_name && (c->type == SOCK_STREAM || !gather_at_once(call, &m))) {
		error = call_read_addr(call, call->args[4], call->args[5], &m.name);
		if (error < 0)
			return error;
	}
	m.there.msg_namelen = (socklen_t)call->args[5];
	return c->type == SOCK_STREAM ? send_stream(call, &m, flags) : send_dgram(call, &m, flags);
}

/* Reads what a message to send has beside data. */
static int read_extras(struct call *call, struct message *m)
{
	int error;

	if (m->there.msg_namelen > sizeof(m->name))
		m->there.msg_namelen = sizeof(m->name);
	if (m->there.msg_name) {
		error = call_read_addr(call, (uintptr_t)m->there.msg_name, m->there.msg_namelen,
				       &m->name);
		if (error < 0)
			return error;
	}
	if (m->there.msg_controllen > sizeof(m->control))
		return -ENOBUFS;
	return task_read(call->task, (uintptr_t)m->there.msg_control, m->control,
			 m->there.msg_controllen);
}

static long send_message(struct call *call, uint64_t addr, int flags)
{
	struct carrier *c = call->carrier;
	struct message m;
	long result = message_read(call, addr, &m);

	if (result < 0)
		goto out;
	if (c->type == SOCK_STREAM && !m.there.msg_name) {
		result = send_plain(call, &m, flags);
		goto out;
	}
	result = read_extras(call, &m);
	if (result < 0)
		goto out;
	result =
		c->type == SOCK_STREAM ? send_stream(call, &m, flags) : send_dgram(call, &m, flags);
out:
	message_fini(&m);
	return result;
}

long call_sendmsg(struct call *call)
{
	struct carrier *c = call_carrier(call);

	if (!c)
		return CALL_CONTINUE;
	return send_message(call, call->args[1], (int)call->args[2]);
}

/* What many calls in one return: how many were done, or the first one's error. */
static long so_far(struct call *call, long result)
{
	if (call->progress == 0 || result == CALL_PARK)
		return result;
	return call->progress;
}

long call_sendmmsg(struct call *call)
{
	struct carrier *c = call_carrier(call);
	unsigned count = (unsigned)call->args[2] < UIO_MAX ? (unsigned)call->args[2] : UIO_MAX;

	if (!c || c->type == SOCK_STREAM)
		return CALL_CONTINUE;
	while (call->progress < (long)count) {
		uint64_t at = call->args[1] + (uint64_t)call->progress * sizeof(struct mmsghdr);
		long n = send_message(call, at, (int)call->args[3]);
		unsigned len = (unsigned)n;

		if (n == CALL_PARK && call->progress > 0)
			break; /* Linux: what went is enough */
		if (n < 0)
			return so_far(call, n);
		if (task_write(call->task, at + offsetof(struct mmsghdr, msg_len), &len,
			       sizeof(len)) < 0)
			return so_far(call, -EFAULT);
		call->progress++;
	}
	return call->progress;
}

/*
 * Receiving
 */

/* Room for a received datagram: its bytes in run->buf, what comes with them here. */
struct incoming {
	struct msghdr msg;
	struct iovec iov;
	struct sockaddr_storage name;
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_MAX];
};

static void incoming_init(struct incoming *in, struct run *r)
{
	in->iov = (struct iovec){.iov_base = r->buf, .iov_len = RUN_BUF_BYTES};
	in->msg = (struct msghdr){
		.msg_name = &in->name,
		.msg_namelen = sizeof(in->name),
		.msg_iov = &in->iov,
		.msg_iovlen = 1,
		.msg_control = in->control,
		.msg_controllen = sizeof(in->control),
	};
}

/* Linux: what MSG_OOB is to those who have no urgent data. UDP does not look at it. */
static int no_urgent(const struct carrier *c)
{
	bool internet = c->family == AF_INET || c->family == AF_INET6;

	if (c->family == AF_PACKET)
		return -EINVAL;
	return internet && c->type == SOCK_DGRAM && c->protocol != IPPROTO_ICMP &&
			       c->protocol != IPPROTO_ICMPV6
		       ? 0
		       : -EOPNOTSUPP;
}

/* The next datagram, in run->buf, for a program that has `room` for it: from the carrier, where the
 * oldest are, or the stack. */
static ssize_t take_dgram(struct call *call, struct msghdr *msg, size_t room, int flags)
{
	struct carrier *c = call->carrier;
	int how;
	ssize_t n;

	if (flags & MSG_OOB && (how = no_urgent(c)) < 0)
		return how;
	how = flags & (MSG_PEEK | MSG_ERRQUEUE);
	/* Netlink answers within the call that asks, be that one a plain send(2). */
	if (c->family == AF_NETLINK && c->end >= 0)
		dgram_out(c);
	n = flags & MSG_ERRQUEUE ? 0 : dgram_error(call);
	if (n < 0)
		return n;
	if (c->carried && !(flags & MSG_ERRQUEUE) && call_open(call) == 0) {
		struct iovec iov = *msg->msg_iov;
		struct msghdr native = {.msg_iov = &iov, .msg_iovlen = 1};

		n = recvmsg(call->fd, &native, how | MSG_DONTWAIT);
		if (n > 0 || (n == 0 && !c->ended)) {
			memcpy(msg->msg_name, &c->peer, c->peer_len);
			msg->msg_namelen = c->peer_len;
			memcpy(msg->msg_control, c->control, c->control_len);
			msg->msg_controllen = c->control_len;
			msg->msg_flags = 0;
			return n;
		}
		if (n < 0 && errno == EAGAIN)
			c->carried = false;
	}
	/* What it learns from the reader's buffer is for the pieces of the next dump. */
	if (c->family == AF_NETLINK && !(flags & MSG_PEEK) && room < msg->msg_iov->iov_len) {
		msg->msg_iov->iov_len = room;
		how |= MSG_TRUNC;
	}
	n = berth_recvmsg(c->stack, c->sock, msg, how | MSG_DONTWAIT);
	if (n >= 0 && flags & MSG_ERRQUEUE)
		c->error = 0; /* Linux: SO_ERROR is the next one's now, which the stack has */
	if (flags & MSG_ERRQUEUE)
		dgram_hush(call);
	return n;
}

/* Cuts received control data to the program's room as the kernel does: the last message that has a
 * place for its header is shortened to what is left. */
static void fit_control(struct msghdr *msg, size_t room)
{
	unsigned char *control = msg->msg_control;
	size_t at = 0;

	while (msg->msg_controllen - at >= sizeof(struct cmsghdr)) {
		struct cmsghdr *cm = (struct cmsghdr *)(void *)(control + at);
		size_t left = room - at;

		if (left < cm->cmsg_len)
			msg->msg_flags |= MSG_CTRUNC;
		if (left < sizeof(*cm))
			break;
		if (left < cm->cmsg_len)
			cm->cmsg_len = left;
		at += CMSG_ALIGN(cm->cmsg_len);
		if (at > msg->msg_controllen)
			at = msg->msg_controllen;
		if (at > room)
			at = room;
	}
	msg->msg_controllen = at;
}

void call_piece_message(struct call_pieces *out, uint64_t addr, const struct msghdr *there,
			struct msghdr *msg)
{
	fit_control(msg, there->msg_control ? there->msg_controllen : 0);
	call_piece(out, (uintptr_t)there->msg_control, msg->msg_control, msg->msg_controllen);
	if (there->msg_name) {
		socklen_t room = there->msg_namelen < msg->msg_namelen ? there->msg_namelen
								       : msg->msg_namelen;

		call_piece(out, (uintptr_t)there->msg_name, msg->msg_name, room);
		call_piece(out, addr + offsetof(struct msghdr, msg_namelen), &msg->msg_namelen,
			   sizeof(msg->msg_namelen));
	}
	call_piece(out, addr + offsetof(struct msghdr, msg_controllen), &msg->msg_controllen,
		   sizeof(msg->msg_controllen));
	call_piece(out, addr + offsetof(struct msghdr, msg_flags), &msg->msg_flags,
		   sizeof(msg->msg_flags));
}

/* Hands a received message out: `bytes` bytes of run->buf, and what came with them. `addr` is the
 * program's struct msghdr, 0: it called recvfrom(2). */
static int hand_out(struct call *call, const struct message *m, uint64_t addr, struct msghdr *msg,
		    size_t bytes)
{
	struct call_pieces out = {.count = 0};
	int error = call_valid(call) ? 0 : -ENOENT;

	if (error < 0)
		return error;
	if (addr)
		call_piece_message(&out, addr, &m->there, msg);
	else if (call->args[4])
		error = call_piece_addr(call, &out, call->args[4], call->args[5], msg->msg_name,
					&msg->msg_namelen);
	if (error < 0)
		return error;
	if (m->there.msg_iovlen == 1)
		call_piece(&out, (uintptr_t)m->iov[0].iov_base, call->run->buf, bytes);
	else if (task_scatter(call->task, call->run->buf, bytes, m->iov, m->there.msg_iovlen) !=
		 (ssize_t)bytes)
		return -EFAULT;
	return call_write_pieces(call, &out);
}

/* One datagram to the program. `addr` is its struct msghdr, 0: it called recvfrom(2). With `reply`
 * the call is answered here, so that the datagram can be put back. */
static long recv_dgram(struct call *call, struct message *m, uint64_t addr, int flags, bool reply)
{
	struct incoming in;
	size_t fits;
	long result;
	ssize_t n;
	int error;

	incoming_init(&in, call->run);
	if (!addr)
		in.msg.msg_controllen = 0;
	n = take_dgram(call, &in.msg, m->bytes, flags);
	if (n < 0)
		return n == -EAGAIN && !(flags & MSG_ERRQUEUE) ? call_wait(call, flags) : n;
	fits = (size_t)n < m->bytes ? (size_t)n : m->bytes;
	if ((size_t)n > fits)
		in.msg.msg_flags |= MSG_TRUNC;
	error = hand_out(call, m, addr, &in.msg, fits);
	if (error == -ENOENT && !(flags & MSG_PEEK))
		dgram_put_back(call->carrier, &in.msg, (size_t)n);
	if (error < 0)
		return error == -ENOENT ? CALL_DONE : error;
	call->addr = in.name;
	result = (flags & (MSG_TRUNC | MSG_ERRQUEUE)) == MSG_TRUNC ? n : (long)fits;
	if (!reply)
		return result;
	if (!call_reply(call, result)) {
		call->task->unclaimed = false; /* it comes again as if for the first time */
		if (!(flags & MSG_PEEK))
			dgram_put_back(call->carrier, &in.msg, (size_t)n);
	}
	return CALL_DONE;
}

/* Why the connection failed, which the kernel has just told of in its own word. */
static int told_error(struct carrier *c)
{
	int error = c->error ? c->error : ECONNRESET;

	c->error = 0;
	return error;
}

/* On a stream, with room for an address, which stays empty as it does on TCP. */
static long recv_stream(struct call *call, struct message *m, uint64_t addr, int flags)
{
	size_t bytes = m->bytes < RUN_BUF_BYTES ? m->bytes : RUN_BUF_BYTES;
	struct msghdr none = {0};
	ssize_t n;
	int error;

	if (flags & MSG_ERRQUEUE)
		return -EAGAIN;
	/* Linux: there is no urgent data, which it sees before it sees that nobody could send
	 * it. */
	if (call->carrier->state == CARRIER_NEW && flags & MSG_OOB)
		return -EINVAL;
	if (call->carrier->state == CARRIER_NEW || call->carrier->state == CARRIER_LISTENING)
		return -ENOTCONN;
	error = call_open(call);
	if (error < 0)
		return error;
	if (!call_valid(call))
		return CALL_DONE;
	n = recv(call->fd, call->run->buf, bytes, (flags & MSG_OOB) | MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && errno == ECONNRESET)
		return -told_error(call->carrier);
	if (n < 0)
		return errno == EAGAIN ? call_wait(call, flags) : -errno;
	/* Linux: MSG_TRUNC throws them away. */
	error = hand_out(call, m, addr, &none, flags & MSG_TRUNC ? 0 : (size_t)n);
	if (error < 0)
		return error == -ENOENT ? CALL_DONE : error;
	if (flags & MSG_TRUNC) { /* plain reads follow, which must not find them */
		if (!(flags & MSG_PEEK))
			(void)recv(call->fd, call->run->buf, (size_t)n, MSG_DONTWAIT);
		return n;
	}
	if (!call_reply(call, n))
		call->task->unclaimed = false; /* they are still there */
	else if (!(flags & MSG_PEEK))
		(void)recv(call->fd, call->run->buf, (size_t)n, (flags & MSG_OOB) | MSG_DONTWAIT);
	return CALL_DONE;
}

/* Whether the carrier says all that a stream would say to who gives no room for an address. */
static bool kernel_receives(const struct call *call, int flags)
{
	enum carrier_state state = call->carrier->state;

	return state != CARRIER_NEW && state != CARRIER_LISTENING && state != CARRIER_BROKEN &&
	       !(flags & (MSG_ERRQUEUE | MSG_TRUNC));
}

long call_recvfrom(struct call *call)
{
	struct carrier *c = call_carrier_only(call);
	struct message m;
	int flags = (int)call->args[3];

	if (!c)
		return CALL_CONTINUE;
	if (c->type == SOCK_STREAM && !call->args[4] && kernel_receives(call, flags))
		return CALL_CONTINUE;
	(void)message_of_one(call, &m);
	return c->type == SOCK_STREAM ? recv_stream(call, &m, 0, flags)
				      : recv_dgram(call, &m, 0, flags, true);
}

/* The header of a message can't be read. If that is because it was taken away while the call
 * waited, Linux notices when there is a datagram, which is lost. */
static long recv_headless(struct call *call, int flags)
{
	struct incoming in;
	ssize_t n;

	incoming_init(&in, call->run);
	n = call->again ? take_dgram(call, &in.msg, 0, flags) : -EFAULT;
	if (n == -EAGAIN)
		return call_wait(call, flags);
	return n < 0 ? n : -EFAULT;
}

static long recv_message(struct call *call, uint64_t addr, int flags, bool reply)
{
	struct carrier *c = call->carrier;
	struct message m;
	long result = message_read(call, addr, &m);

	if (result == -EFAULT && c->state == CARRIER_DATAGRAM)
		result = recv_headless(call, flags);
	if (result < 0)
		goto out;
	if (c->type != SOCK_STREAM)
		result = recv_dgram(call, &m, addr, flags, reply);
	else if (m.there.msg_name || !kernel_receives(call, flags))
		result = recv_stream(call, &m, addr, flags);
	else
		result = CALL_CONTINUE;
out:
	message_fini(&m);
	return result;
}

long call_recvmsg(struct call *call)
{
	if (!call_carrier_only(call))
		return CALL_CONTINUE;
	return recv_message(call, call->args[1], (int)call->args[2], true);
}

/* Linux: judged before the first datagram is waited for, which no timeout cuts short. -1: none. */
static berth_time read_timeout(struct call *call)
{
	struct timespec t;

	if (!call->args[4])
		return -1;
	if (task_read(call->task, call->args[4], &t, sizeof(t)) < 0)
		return -EFAULT;
	if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= BERTH_SEC)
		return -EINVAL;
	return t.tv_sec > INT32_MAX ? INT32_MAX * BERTH_SEC
				    : (berth_time)t.tv_sec * BERTH_SEC + t.tv_nsec;
}

/* Tells the program what is left of its timeout. Linux: only after a datagram is it looked at. */
static bool time_is_over(struct call *call, berth_time timeout)
{
	berth_time left = timeout - (run_clock() - call->start);
	struct timespec t;

	if (timeout < 0)
		return false;
	if (left < 0)
		left = 0;
	t.tv_sec = left / BERTH_SEC;
	t.tv_nsec = left % BERTH_SEC;
	(void)task_write(call->task, call->args[4], &t, sizeof(t)); /* it was read from there */
	return left == 0;
}

/* Linux: an error that ends what has begun is the next call's. */
static long end_of_batch(struct call *call, long n)
{
	bool is_errno = n < 0 && n != CALL_PARK && n != CALL_DONE && n != CALL_CONTINUE;

	if (call->progress > 0 && is_errno && n != -EAGAIN)
		call->carrier->error = (int)-n;
	return so_far(call, n);
}

long call_recvmmsg(struct call *call)
{
	struct carrier *c = call_carrier(call);
	unsigned count = (unsigned)call->args[2] < UIO_MAX ? (unsigned)call->args[2] : UIO_MAX;
	int flags = (int)call->args[3];
	berth_time timeout;

	if (!c || c->type == SOCK_STREAM)
		return CALL_CONTINUE;
	timeout = read_timeout(call);
	if (timeout < -1)
		return so_far(call, timeout);
	while (call->progress < (long)count) {
		uint64_t at = call->args[1] + (uint64_t)call->progress * sizeof(struct mmsghdr);
		int now = call->progress > 0 && flags & MSG_WAITFORONE ? MSG_DONTWAIT : 0;
		long n = recv_message(call, at, (flags & ~MSG_WAITFORONE) | now, false);
		unsigned len = (unsigned)n;

		if (n < 0)
			return end_of_batch(call, n);
		if (task_write(call->task, at + offsetof(struct mmsghdr, msg_len), &len,
			       sizeof(len)) < 0)
			return so_far(call, -EFAULT);
		call->progress++;
		if (time_is_over(call, timeout))
			break;
	}
	return call->progress;
}
