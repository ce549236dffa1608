/* SPDX-License-Identifier: MIT */
/*
 * Socket options. They are the stack's; those that govern how a plain read(2) or write(2) waits are
 * set on the carrier as well.
 *
 * Values pass through a buffer here, as the program's memory can't be pointed to. Which mistake of
 * several is reported follows Linux: the level, then the pointers, then the rest. A packet filter
 * is a pointer to a program in that memory, and its lengths are instructions.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/if_packet.h>

#include "run/ring.h"

#define OPTION_BYTES_MAX 4096
#define FLOWLABEL_MGR 32 /* IPV6_FLOWLABEL_MGR, which libc's headers lack */
#define QUESTION_BYTES sizeof(struct group_filter)

long call_broken_error(struct call *call, struct carrier *c)
{
	int native = 0;
	socklen_t len = sizeof(native);
	int error = c->error;

	if (call_open(call) == 0)
		(void)getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &native, &len); /* and clears it */
	c->error = 0;
	if (!native)
		return 0;
	return error ? error : native;
}

/* How the stack sees it, or what the carrier has kept. */
static int get_option(struct call *call, struct carrier *c, int level, int name, void *value,
		      socklen_t *len)
{
	int error;

	if (c->state == CARRIER_BROKEN && level == SOL_SOCKET && name == SO_ERROR) {
		error = (int)call_broken_error(call, c);
		if (*len > sizeof(error))
			*len = sizeof(error);
		memcpy(value, &error, *len);
		return 0;
	}
	if (c->state == CARRIER_DATAGRAM && level == SOL_SOCKET && name == SO_ERROR) {
		error = -dgram_error(call);
		dgram_hush(call);
		if (*len > sizeof(error))
			*len = sizeof(error);
		memcpy(value, &error, *len);
		return 0;
	}
	if (level == SOL_SOCKET && name == SO_COOKIE && *len >= sizeof(c->cookie)) {
		*len = sizeof(c->cookie);
		memcpy(value, &c->cookie, sizeof(c->cookie));
		return 0;
	}
	if (c->family == AF_PACKET && level == SOL_PACKET) {
		long result = ring_getopt(c, name, value, len);

		if (result != RING_NOT_MINE)
			return (int)result;
	}
	return berth_getsockopt(c->stack, c->sock, level, name, value, len);
}

/* Linux sees that a level is not the socket's before it looks at where the answer should go: that
 * error, or else the one that was found. */
static int unwritable(const struct carrier *c, int level, int error)
{
	int none;
	socklen_t len = sizeof(none);
	int result = berth_getsockopt(c->stack, c->sock, level, -1, &none, &len);

	return result == -EOPNOTSUPP || (c->family == AF_NETLINK && level > SOL_SOCKET &&
					 level != SOL_NETLINK)
		       ? result
		       : error;
}

/* Linux: a room of less than nothing is as good as a large one to IPv6's options. */
static bool takes_any_room(const struct carrier *c, int level)
{
	return c->family == AF_INET6 && (level == IPPROTO_IPV6 || level == SOL_RAW);
}

/* A value that is not in the program's memory. Linux: IPv6's options take none for 0. */
static long set_missing(const struct call *call, const struct carrier *c, int level, int name,
			socklen_t len)
{
	const int zero = 0;

	if (!call->args[3] && c->family == AF_INET6 && level == IPPROTO_IPV6 && len >= sizeof(zero))
		return berth_setsockopt(c->stack, c->sock, level, name, &zero, sizeof(zero));
	return berth_setsockopt(c->stack, c->sock, level, name, NULL, len);
}

/* Whether the question stands where the answer is to go. What cannot be read is an empty one. */
static bool asked_in_place(int level, int name)
{
	if (level == SOL_PACKET)
		return name == PACKET_HDRLEN;
	return (level == IPPROTO_IP && name == IP_MSFILTER) ||
	       ((level == IPPROTO_IP || level == IPPROTO_IPV6) && name == MCAST_MSFILTER);
}

/* SO_GET_FILTER: room and length are instructions. */
static long get_filter(struct call *call, struct carrier *c, uint32_t room)
{
	socklen_t count = room < BPF_MAXINSNS ? room : BPF_MAXINSNS;
	struct sock_filter *code = calloc(count + 1, sizeof(*code));
	int error;

	if (!code)
		return -ENOMEM;
	error = berth_getsockopt(c->stack, c->sock, SOL_SOCKET, SO_GET_FILTER, code, &count);
	if (error == 0 && room > 0 &&
	    task_write(call->task, call->args[3], code, count * sizeof(*code)) < 0)
		error = -EFAULT;
	free(code);
	return error < 0 ? error : task_write(call->task, call->args[4], &count, sizeof(count));
}

/* SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF. */
static long set_filter(struct call *call, struct carrier *c, int name, socklen_t len)
{
	struct sock_fprog program;
	struct sock_filter *code;
	long error = -EFAULT;

	if (len < sizeof(int))
		return -EINVAL;
	if (task_read(call->task, call->args[3], &program,
		      len < sizeof(program) ? sizeof(int) : sizeof(program)) < 0)
		return -EFAULT;
	if (len != sizeof(program))
		return -EINVAL;
	if (!program.filter || program.len == 0 || program.len > BPF_MAXINSNS)
		return -EINVAL;
	code = calloc(program.len, sizeof(*code));
	if (!code)
		return -ENOMEM;
	if (task_read(call->task, (uintptr_t)program.filter, code, program.len * sizeof(*code)) >=
	    0) {
		program.filter = code;
		error = berth_setsockopt(c->stack, c->sock, SOL_SOCKET, name, &program,
					 sizeof(program));
	}
	free(code);
	return error;
}

long call_getsockopt(struct call *call)
{
	struct carrier *c = call_carrier(call);
	_Alignas(8) unsigned char value[OPTION_BYTES_MAX];
	int room;
	socklen_t len;
	int error;

	if (!c)
		return CALL_CONTINUE;
	error = task_read(call->task, call->args[4], &room, sizeof(room));
	if (error == 0 && room < 0 && takes_any_room(c, (int)call->args[1]))
		room = OPTION_BYTES_MAX;
	else if (error == 0 && room < 0)
		error = -EINVAL;
	if (error < 0)
		return unwritable(c, (int)call->args[1], error);
	if ((int)call->args[1] == SOL_SOCKET && (int)call->args[2] == SO_GET_FILTER)
		return get_filter(call, c, (uint32_t)room);
	len = (socklen_t)room < sizeof(value) ? (socklen_t)room : sizeof(value);
	/* An interrupted connect(2) is still on its way: its outcome is what is asked for. */
	if (c->state == CARRIER_CONNECTING && (int)call->args[1] == SOL_SOCKET &&
	    (int)call->args[2] == SO_ERROR)
		return CALL_PARK;
	if (asked_in_place((int)call->args[1], (int)call->args[2])) {
		memset(value, 0, sizeof(value));
		(void)task_read(call->task, call->args[3], value,
				len < QUESTION_BYTES ? len : QUESTION_BYTES);
	}
	error = get_option(call, c, (int)call->args[1], (int)call->args[2], value, &len);
	if (error < 0)
		return error;
	/* Some options tell a length that is more than there was room for. */
	if (task_write(call->task, call->args[3], value,
		       len < (socklen_t)room ? len : (socklen_t)room) < 0)
		return -EFAULT;
	return task_write(call->task, call->args[4], &len, sizeof(len));
}

static void mirror(struct call *call, struct carrier *c, int name, const void *value, socklen_t len)
{
	struct timeval *tv = name == SO_RCVTIMEO ? &c->receive_timeout : &c->send_timeout;
	int bytes = 0;

	switch (name) {
	case SO_SNDBUF:
	case SO_RCVBUF:
		if (len >= sizeof(bytes))
			memcpy(&bytes, value, sizeof(bytes));
		if (bytes < 1 || bytes > CARRIER_BYTES)
			bytes = CARRIER_BYTES;
		*(name == SO_SNDBUF ? &c->send_bytes : &c->receive_bytes) = bytes;
		carrier_shrink(c, call->fd);
		return;
	case SO_RCVTIMEO:
	case SO_SNDTIMEO:
		if (len >= sizeof(*tv))
			memcpy(tv, value, sizeof(*tv));
		break;
	case SO_RCVLOWAT:
	case SO_OOBINLINE:
	case SO_PEEK_OFF:
		break;
	default:
		return;
	}
	(void)setsockopt(call->fd, SOL_SOCKET, name, value, len); /* the stack has judged it */
}

/* What a plain send(2) gives MSG_ZEROCOPY to is the carrier, which would never tell that the memory
 * is free: so that programs copy, they are told that it cannot be had. */
static int refuse_zerocopy(struct carrier *c, const unsigned char *value)
{
	static const int off;

	if (!value[0])
		return 0;
	(void)berth_setsockopt(c->stack, c->sock, SOL_SOCKET, SO_ZEROCOPY, &off, sizeof(off));
	return -EOPNOTSUPP;
}

long call_setsockopt(struct call *call)
{
	struct carrier *c = call_carrier(call);
	_Alignas(8) unsigned char value[OPTION_BYTES_MAX];
	int level = (int)call->args[1];
	int name = (int)call->args[2];
	int len = (int)call->args[4];
	int error;

	if (!c)
		return CALL_CONTINUE;
	if (len < 0)
		return -EINVAL;
	if (level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_ATTACH_REUSEPORT_CBPF))
		return set_filter(call, c, name, (socklen_t)len);
	if ((size_t)len > sizeof(value))
		len = sizeof(value);
	if (task_read(call->task, call->args[3], value, (size_t)len) < 0)
		return set_missing(call, c, level, name, (socklen_t)len);
	if (c->family == AF_PACKET && level == SOL_PACKET) {
		long result = ring_setopt(call, name, value, (socklen_t)len);

		if (result != RING_NOT_MINE)
			return result;
	}
	error = berth_setsockopt(c->stack, c->sock, level, name, value, (socklen_t)len);
	/* Linux writes the label that was drawn to where it was asked for. */
	if (error == 0 && level == IPPROTO_IPV6 && name == FLOWLABEL_MGR &&
	    task_write(call->task, call->args[3], value, (size_t)len) < 0)
		return -EFAULT;
	if (error == 0 && level == SOL_SOCKET && name == SO_ZEROCOPY)
		return refuse_zerocopy(c, value);
	if (error == 0 && level == SOL_SOCKET)
		mirror(call, c, name, value, (socklen_t)len);
	return error;
}
