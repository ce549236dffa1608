/* SPDX-License-Identifier: MIT */
/*
 * A filter is a row of instructions of four bytes each, some with operands behind them. Each says
 * how far to go on if its condition holds (`yes`), and how far if not (`no`). A program that comes
 * to its very end has taken the socket; one that jumps four bytes past it has not.
 *
 * Linux: inet_diag_bc_audit(), inet_diag_bc_run(). The length is bounded, as every instruction may
 * cost each socket a comparison.
 */
#include "netlink/diagfilter.h"

#include <linux/inet_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/nlmsg.h"

#define OP_BYTES sizeof(struct inet_diag_bc_op)
#define OPS_MAX (DIAGFILTER_BYTES_MAX / OP_BYTES)

static struct inet_diag_bc_op op_at(const uint8_t *code, size_t at)
{
	struct inet_diag_bc_op op;

	memcpy(&op, code + at, sizeof(op));
	return op;
}

/* Bytes that an instruction takes with its operands; 0: it is none, or is cut short. */
static size_t op_bytes(const uint8_t *code, size_t at, size_t bytes)
{
	struct inet_diag_hostcond cond;
	size_t want = 2 * OP_BYTES;

	switch (op_at(code, at).code) {
	case INET_DIAG_BC_NOP:
	case INET_DIAG_BC_JMP:
	case INET_DIAG_BC_AUTO:
		return OP_BYTES;
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_S_LE:
	case INET_DIAG_BC_D_GE:
	case INET_DIAG_BC_D_LE:
	case INET_DIAG_BC_S_EQ:
	case INET_DIAG_BC_D_EQ:
	case INET_DIAG_BC_DEV_COND:
		break;
	case INET_DIAG_BC_MARK_COND:
		want = OP_BYTES + sizeof(struct inet_diag_markcond);
		break;
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		want = OP_BYTES + sizeof(cond);
		if (bytes - at < want)
			return 0;
		memcpy(&cond, code + at + OP_BYTES, sizeof(cond));
		if (cond.family != AF_UNSPEC && cond.family != AF_INET && cond.family != AF_INET6)
			return 0;
		if (cond.family != AF_UNSPEC)
			want += nl_addr_bytes(cond.family);
		if (cond.prefix_len > (want - OP_BYTES - sizeof(cond)) * 8)
			return 0;
		break;
	default:
		return 0;
	}
	return bytes - at < want ? 0 : want;
}

/* A jump goes beyond its own instruction, and at most four bytes past the end. */
static bool jump_valid(size_t at, size_t own, size_t jump, size_t bytes)
{
	return jump >= own && jump % OP_BYTES == 0 && at + jump <= bytes + OP_BYTES;
}

bool diagfilter_valid(const uint8_t *code, size_t bytes)
{
	bool starts[OPS_MAX + 2] = {false}; /* where the `yes` path has instructions */
	size_t at = 0;

	if (bytes == 0 || bytes > DIAGFILTER_BYTES_MAX || bytes % OP_BYTES != 0)
		return false;
	while (at < bytes) {
		size_t own = op_bytes(code, at, bytes);

		if (own == 0 || !jump_valid(at, own, op_at(code, at).yes, bytes) ||
		    !jump_valid(at, OP_BYTES, op_at(code, at).no, bytes))
			return false;
		starts[at / OP_BYTES] = true;
		at += op_at(code, at).yes;
	}
	if (at != bytes)
		return false;
	starts[bytes / OP_BYTES] = true;
	starts[bytes / OP_BYTES + 1] = true;
	for (at = 0; at < bytes; at += op_at(code, at).yes) {
		if (!starts[(at + op_at(code, at).no) / OP_BYTES])
			return false;
	}
	return true;
}

static bool in_prefix(const struct diag_ends *e, const struct ipaddr *addr, int family,
		      const uint8_t *prefix, unsigned len)
{
	struct ipaddr want = nl_ipaddr(family, prefix);

	if (len == 0)
		return family == e->family || ipaddr_is4(addr) == (family == AF_INET);
	/* An IPv4 condition takes mapped addresses of IPv6 sockets too; not the other way round. */
	if (family != e->family && !(family == AF_INET && e->family == AF_INET6))
		return false;
	return ipaddr_is4(addr) == (family == AF_INET) && ipaddr_in_prefix(addr, &want, len);
}

static bool host_condition(const struct diag_ends *e, const struct endpoint *end,
			   const uint8_t *operand)
{
	struct inet_diag_hostcond cond;

	memcpy(&cond, operand, sizeof(cond));
	if (cond.port != -1 && cond.port != end->port)
		return false;
	if (cond.family == AF_UNSPEC)
		return true;
	return in_prefix(e, &end->addr, cond.family, operand + sizeof(cond), cond.prefix_len);
}

static bool holds(const uint8_t *code, size_t at, const struct diag_ends *e)
{
	const uint8_t *operand = code + at + OP_BYTES;
	struct inet_diag_markcond mark;
	uint32_t ifindex;

	switch (op_at(code, at).code) {
	case INET_DIAG_BC_JMP:
		return false;
	case INET_DIAG_BC_S_EQ:
		return e->local.port == op_at(code, at + OP_BYTES).no;
	case INET_DIAG_BC_S_GE:
		return e->local.port >= op_at(code, at + OP_BYTES).no;
	case INET_DIAG_BC_S_LE:
		return e->local.port <= op_at(code, at + OP_BYTES).no;
	case INET_DIAG_BC_D_EQ:
		return e->remote.port == op_at(code, at + OP_BYTES).no;
	case INET_DIAG_BC_D_GE:
		return e->remote.port >= op_at(code, at + OP_BYTES).no;
	case INET_DIAG_BC_D_LE:
		return e->remote.port <= op_at(code, at + OP_BYTES).no;
	case INET_DIAG_BC_AUTO:
		return !e->bound_port;
	case INET_DIAG_BC_S_COND:
		return host_condition(e, &e->local, operand);
	case INET_DIAG_BC_D_COND:
		return host_condition(e, &e->remote, operand);
	case INET_DIAG_BC_DEV_COND:
		memcpy(&ifindex, operand, sizeof(ifindex));
		return e->ifindex == ifindex;
	case INET_DIAG_BC_MARK_COND:
		memcpy(&mark, operand, sizeof(mark));
		return (e->mark & mark.mask) == mark.mark;
	default:
		return true; /* NOP */
	}
}

bool diagfilter_run(const uint8_t *code, size_t bytes, const struct diag_ends *ends)
{
	size_t at = 0;

	while (at < bytes) {
		struct inet_diag_bc_op op = op_at(code, at);

		at += holds(code, at, ends) ? op.yes : op.no;
	}
	return at == bytes;
}
