/* SPDX-License-Identifier: MIT */
/*
 * The send and receive families, all of which are sendmsg() or recvmsg() in the end.
 *
 * A program's structures are taken apart into a struct proto_msg, on which the protocol works, and
 * put together again after. No copy is made here: the protocol moves bytes between its own memory
 * and the program's pieces. MSG_DONTWAIT is implied; a flag that is not known is ignored, as on
 * Linux.
 */
#include "sock/io.h"

#include <errno.h>
#include <limits.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>

#include "sock/cmsg.h"
#include "sock/conn.h"
#include "sock/name6.h"
#include "sock/sockaddr.h"

#define IOV_MAX_COUNT 1024

/* The whole length; -EINVAL: more than a ssize_t. */
static ssize_t sum_iov(const struct iovec *iov, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		if (iov[i].iov_len > SSIZE_MAX - sum)
			return -EINVAL;
		sum += iov[i].iov_len;
	}
	return (ssize_t)sum;
}

static int start(const struct socket *so, const struct msghdr *msg, int flags, struct proto_msg *m)
{
	ssize_t bytes;

	if (msg->msg_iovlen > IOV_MAX_COUNT)
		return -EMSGSIZE;
	bytes = sum_iov(msg->msg_iov, msg->msg_iovlen);
	if (bytes < 0)
		return (int)bytes;
	/* Field by field: `info` and `error` are large, and only read when has_ says so. */
	m->iov = msg->msg_iov;
	m->iov_count = (int)msg->msg_iovlen;
	m->bytes = (size_t)bytes;
	m->flags = flags;
	m->has_addr = false;
	m->addr = (struct endpoint){.addr = ipaddr_from4(0)};
	m->flow = 0;
	m->flow_given = false;
	m->dontfrag = -1;
	m->gso_bytes = 0;
	m->mark = -1;
	m->priority = -1;
	m->tsflags = -1;
	m->extras = NULL;
	m->segment_bytes = 0;
	m->inq = -1;
	m->path_mtu = 0;
	m->family = so->sock->family;
	m->name = NULL;
	m->name_len = 0;
	m->out_name = NULL;
	m->out_name_len = 0;
	m->attached = NULL;
	m->attached_creds = false;
	m->ttl = -1;
	m->tos = -1;
	m->pktinfo_ifindex = 0;
	m->pktinfo_src = ipaddr_from4(0);
	m->out_flags = 0;
	m->time = 0;
	m->has_info = false;
	m->has_error = false;
	m->dropped = 0;
	return 0;
}

/* Linux: a stream takes no notice of an address; a datagram's may be of family AF_UNSPEC. */
static int parse_dst(const struct socket *so, const struct msghdr *msg, struct proto_msg *m)
{
	struct sockaddr_in in;

	if (!msg->msg_name || msg->msg_namelen == 0)
		return 0;
	if (msg->msg_namelen > sizeof(struct sockaddr_storage))
		return -EINVAL;
	if (so->sock->proto->names) {
		m->name = msg->msg_name;
		m->name_len = msg->msg_namelen;
		return 0;
	}
	if (so->sock->type == SOCK_STREAM)
		return 0;
	if (so->sock->family == AF_INET6)
		return name6_dst(so, msg->msg_name, msg->msg_namelen, m);
	if (msg->msg_namelen < sizeof(in))
		return -EINVAL;
	memcpy(&in, msg->msg_name, sizeof(in));
	if (in.sin_family != AF_INET && in.sin_family != AF_UNSPEC)
		return -EAFNOSUPPORT;
	in.sin_family = AF_INET;
	m->has_addr = true;
	return sockaddr_parse((const struct sockaddr *)(const void *)&in, sizeof(in), &m->addr);
}

static int parse_control(struct socket *so, const struct msghdr *msg, struct proto_msg *m,
			 struct proto_extras *extras)
{
	const struct proto_names *names = so->sock->proto->names;

	if (names)
		return names->parse_control ? names->parse_control(so->sock, msg, m) : 0;
	return cmsg_parse(so, msg, m, extras);
}

ssize_t io_sendmsg(struct socket *so, const struct msghdr *msg, int flags)
{
	struct proto_extras extras; /* set up when there is control data */
	struct proto_msg m;
	int result = start(so, msg, flags, &m);

	if (result < 0)
		return result;
	result = parse_dst(so, msg, &m);
	if (result == 0 && msg->msg_controllen > 0)
		result = parse_control(so, msg, &m, &extras);
	if (result < 0)
		return result;
	if ((flags & MSG_FASTOPEN) && so->sock->proto->protocol == IPPROTO_TCP)
		return conn_send_opening(so, msg, &m);
	return so->sock->proto->send(so->sock, &m);
}

/* Tells who sent it. Streams have no name to give (Linux: a length of 0). */
static void give_name(const struct socket *so, const struct proto_msg *m, struct msghdr *msg)
{
	struct sockaddr_storage name;
	const void *from = m->out_name;
	socklen_t room = msg->msg_namelen;

	if (!msg->msg_name)
		return;
	msg->msg_namelen = m->out_name_len;
	if (!from && (m->has_info || m->path_mtu ||
		      (m->has_error && m->error.origin != SO_EE_ORIGIN_TIMESTAMPING &&
		       m->error.origin != SO_EE_ORIGIN_ZEROCOPY))) {
		msg->msg_namelen = sockaddr_fill(so->sock->family, &m->addr, &name);
		from = &name;
	}
	if (from)
		memcpy(msg->msg_name, from, room < msg->msg_namelen ? room : msg->msg_namelen);
}

ssize_t io_recvmsg(struct socket *so, struct msghdr *msg, int flags)
{
	struct sockaddr_storage name;
	struct proto_msg m;
	ssize_t result = start(so, msg, flags, &m);

	if (result < 0)
		return result;
	m.has_addr = msg->msg_name != NULL;
	if (so->sock->proto->names)
		m.out_name = &name;
	result = so->sock->proto->recv(so->sock, &m);
	if (result < 0)
		return result;
	give_name(so, &m, msg);
	/* Linux: where there is no room at all, MSG_CTRUNC says that something was to be told. */
	if (!msg->msg_control)
		msg->msg_controllen = 0;
	cmsg_fill(so, &m, msg);
	msg->msg_flags = m.out_flags;
	return result;
}

/* Linux: __sys_sendmmsg(). */
int io_sendmmsg(struct socket *so, struct mmsghdr *msgs, unsigned count, int flags)
{
	unsigned done = 0;

	for (; done < count && done < IOV_MAX_COUNT; done++) {
		ssize_t n = io_sendmsg(so, &msgs[done].msg_hdr, flags);

		if (n < 0)
			return done > 0 ? (int)done : (int)n;
		msgs[done].msg_len = (unsigned)n;
	}
	return (int)done;
}

/* Linux: do_recvmmsg(). The socket's error comes before anything that waits. */
int io_recvmmsg(struct socket *so, struct mmsghdr *msgs, unsigned count, int flags)
{
	unsigned done = 0;
	int error = flags & MSG_ERRQUEUE ? 0 : socket_take_error(so);

	if (error)
		return -error;
	for (; done < count && done < IOV_MAX_COUNT; done++) {
		ssize_t n = io_recvmsg(so, &msgs[done].msg_hdr, flags);

		if (n < 0 && done == 0)
			return (int)n;
		if (n < 0) {
			if (n != -EAGAIN)
				so->sock->error = (int)-n;
			break;
		}
		msgs[done].msg_len = (unsigned)n;
		if (msgs[done].msg_hdr.msg_flags & MSG_OOB)
			return (int)done + 1;
	}
	return (int)done;
}

ssize_t io_sendto(struct socket *so, const void *buf, size_t bytes, int flags,
		  const struct sockaddr *addr, socklen_t len)
{
	union {
		const void *given;
		void *taken;
	} data = {buf};
	union {
		const struct sockaddr *given;
		void *taken;
	} name = {addr};
	struct iovec iov = {data.taken, bytes};
	struct msghdr msg = {.msg_name = name.taken,
			     .msg_namelen = addr ? len : 0,
			     .msg_iov = &iov,
			     .msg_iovlen = 1};

	/* Linux: sendmsg() takes an address of no length for none, sendto() does not. */
	if (addr && len == 0 && so->sock->type != SOCK_STREAM && !so->sock->proto->names)
		return -EINVAL;
	return io_sendmsg(so, &msg, flags);
}

ssize_t io_recvfrom(struct socket *so, void *buf, size_t bytes, int flags, struct sockaddr *addr,
		    socklen_t *len)
{
	struct iovec iov = {buf, bytes};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t result;

	if (addr && !len)
		return -EFAULT;
	if (addr) {
		msg.msg_name = addr;
		msg.msg_namelen = *len > INT32_MAX ? 0 : *len;
	}
	result = io_recvmsg(so, &msg, flags);
	/* Linux: a negative length is noticed when the datagram is gone already. */
	if (result >= 0 && addr && *len > INT32_MAX)
		return -EINVAL;
	if (result >= 0 && addr)
		*len = msg.msg_namelen;
	return result;
}
