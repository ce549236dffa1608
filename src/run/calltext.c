/* SPDX-License-Identifier: MIT */
/*
 * What a call looks like to a reader: "connect(3, 10.9.0.1:80) = 0".
 *
 * The arguments are those the program gave, the address is the one that was read from it or handed
 * out to it (call->addr), and the socket's own addresses are asked when the result is
 * known. Nothing is allocated; a text that does not fit is cut.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "run/call.h"

static void print_addr(const struct sockaddr_storage *addr, char *buf, size_t bytes)
{
	char text[INET6_ADDRSTRLEN] = "?";
	const struct sockaddr_in *in = (const void *)addr;
	const struct sockaddr_in6 *in6 = (const void *)addr;

	if (addr->ss_family == AF_INET) {
		(void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		snprintf(buf, bytes, ", %s:%u", text, ntohs(in->sin_port));
	} else if (addr->ss_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		snprintf(buf, bytes, ", [%s]:%u", text, ntohs(in6->sin6_port));
	} else {
		buf[0] = '\0';
	}
}

static const char *type_name(int type)
{
	switch (type & 0xf) {
	case SOCK_STREAM:
		return "SOCK_STREAM";
	case SOCK_DGRAM:
		return "SOCK_DGRAM";
	case SOCK_RAW:
		return "SOCK_RAW";
	case SOCK_SEQPACKET:
		return "SOCK_SEQPACKET";
	default:
		return "?";
	}
}

static const char *family_name(int family)
{
	switch (family) {
	case AF_INET:
		return "AF_INET";
	case AF_INET6:
		return "AF_INET6";
	case AF_NETLINK:
		return "AF_NETLINK";
	case AF_PACKET:
		return "AF_PACKET";
	case AF_VSOCK:
		return "AF_VSOCK";
	case AF_TIPC:
		return "AF_TIPC";
	case AF_RDS:
		return "AF_RDS";
	case AF_SMC:
		return "AF_SMC";
	case AF_XDP:
		return "AF_XDP";
	case AF_KEY:
		return "AF_KEY";
	case AF_CAN:
		return "AF_CAN";
	default:
		return "?";
	}
}

void call_print_args(const struct call *call, char *buf, size_t bytes)
{
	static const char *const hows[] = {"SHUT_RD", "SHUT_WR", "SHUT_RDWR"};
	int fd = (int)call->args[0];
	char addr[80];

	print_addr(&call->addr, addr, sizeof(addr));
	switch (call->entry->text) {
	case TEXT_SOCKET:
		snprintf(buf, bytes, "%s, %s", family_name(fd), type_name((int)call->args[1]));
		break;
	case TEXT_ADDRESS:
	case TEXT_FD:
		snprintf(buf, bytes, "%d%s", fd, addr);
		break;
	case TEXT_BACKLOG:
		snprintf(buf, bytes, "%d, %d", fd, (int)call->args[1]);
		break;
	case TEXT_HOW:
		snprintf(buf, bytes, "%d, %s", fd,
			 call->args[1] < ARRAY_LEN(hows) ? hows[call->args[1]] : "?");
		break;
	case TEXT_OPTION:
		snprintf(buf, bytes, "%d, %d, %d", fd, (int)call->args[1], (int)call->args[2]);
		break;
	case TEXT_BYTES:
		snprintf(buf, bytes, "%d, %llu bytes%s", fd, (unsigned long long)call->args[2],
			 addr);
		break;
	case TEXT_REQUEST:
		snprintf(buf, bytes, "%d, %#x", fd, (unsigned)call->args[1]);
		break;
	case TEXT_NOTHING:
		buf[0] = '\0';
		break;
	}
}

/* Whether the address of a call is its peer's, and not its own. */
static bool names_peer(const struct call *call)
{
	switch (call->entry->nr) {
	case SYS_accept:
	case SYS_accept4:
	case SYS_connect:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_recvfrom:
	case SYS_recvmsg:
		return true;
	default:
		return false;
	}
}

static void fill_sock(const struct call *call, struct run_call *out)
{
	const struct carrier *c = call->carrier;
	struct berth_sock_info info;

	if (!c)
		return;
	out->family = c->family;
	out->type = c->type;
	if (c->sock < 0 || berth_sock_info(c->stack, c->sock, &info) < 0)
		return;
	out->local = info.local;
	out->remote =
		info.remote.ss_family == AF_UNSPEC && names_peer(call) ? call->addr : info.remote;
}

void call_tell(const struct call *call, long result)
{
	struct run *r = call->run;
	char args[CALL_TEXT_BYTES];
	char text[256];
	const char *error = result < 0 ? strerrorname_np((int)-result) : NULL;
	struct run_call told = {
		.start = call->start,
		.end = r->now,
		.host = call->command->host,
		.pid = call->task->process->pid,
		.tid = call->task->tid,
		.name = call->entry->name,
		.text = text,
		.result = result,
	};

	if (call->entry->text == TEXT_NOTHING)
		return;
	call_print_args(call, args, sizeof(args));
	if (result < 0)
		snprintf(text, sizeof(text), "%s(%s) = -1 %s", call->entry->name, args,
			 error ? error : "?");
	else
		snprintf(text, sizeof(text), "%s(%s) = %ld", call->entry->name, args, result);
	fill_sock(call, &told);
	r->config.on_call(r->config.ctx, &told);
}
