/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "run/call.h"
#include "run/runner.h"

/* IPv6 is not among them: resolvers and runtimes try it first as a matter of course. */
enum remark {
	REMARK_NONE = 0,
	REMARK_NO_WAY_OUT = 0x1,
	REMARK_TYPE = 0x2,
	REMARK_OPTION = 0x4,
	REMARK_FAMILY = 0x8,
};

/* Whether it is berth that lacks it, and not Linux too: raw sockets need a number (not 0), and
 * nobody has heard of most others. */
static bool lacks_protocol(const struct call *call, long result)
{
	static const int known[] = {IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_MPTCP};

	if (result != -EPROTONOSUPPORT && result != -ESOCKTNOSUPPORT)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if ((int)call->args[2] == known[i])
			return true;
	}
	return false;
}

/* Families that a program would use for its own sake, and does not just try in passing. */
static bool lacks_family(const struct call *call, long result)
{
	static const int known[] = {AF_VSOCK, AF_TIPC, AF_RDS, AF_SMC, AF_XDP, AF_KEY, AF_CAN};

	for (size_t i = 0; result == -EAFNOSUPPORT && i < ARRAY_LEN(known); i++) {
		if ((int)call->args[0] == known[i])
			return true;
	}
	return false;
}

static const char *option_lacking(const struct call *call)
{
	return berth_option_lacking((int)call->args[1], (int)call->args[2]);
}

static enum remark kind_of(const struct call *call, long result)
{
	switch (call->entry->nr) {
	case SYS_connect:
	case SYS_sendto:
	case SYS_sendmsg:
		return result == -ENETUNREACH ? REMARK_NO_WAY_OUT : REMARK_NONE;
	case SYS_setsockopt:
		return result == -ENOPROTOOPT && option_lacking(call) ? REMARK_OPTION : REMARK_NONE;
	case SYS_socket:
		if (lacks_family(call, result))
			return REMARK_FAMILY;
		return lacks_protocol(call, result) ? REMARK_TYPE : REMARK_NONE;
	default:
		return REMARK_NONE;
	}
}

void call_remark(const struct call *call, long result)
{
	struct run *r = call->run;
	enum remark kind = kind_of(call, result);
	const char *why =
		"of SCTP, DCCP and MPTCP berth has none; there are TCP, UDP, ICMP and raw IP";
	char args[CALL_TEXT_BYTES];
	char option[64];
	char text[2 * CALL_TEXT_BYTES];

	if (kind == REMARK_NONE || r->remarked & kind)
		return;
	r->remarked |= kind;
	if (kind == REMARK_NO_WAY_OUT)
		why = "no network of this world has the address, and there is no way out of it";
	if (kind == REMARK_FAMILY)
		why = "berth has IPv4, IPv6, packets and netlink, and leaves AF_UNIX to the kernel";
	if (kind == REMARK_OPTION) {
		snprintf(option, sizeof(option), "berth does not have %s", option_lacking(call));
		why = option;
	}
	call_print_args(call, args, sizeof(args));
	snprintf(text, sizeof(text), "%s(%s): %s", call->entry->name, args, why);
	r->config.on_remark(r->config.ctx, call->command->host, text);
}
