/* SPDX-License-Identifier: MIT */
/* The options of level SOL_NETLINK. Linux: netlink_setsockopt(), netlink_getsockopt(). */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "netlink/nlsock.h"
#include "transport/option.h"

#define OPT_STRICT_CHK 12 /* NETLINK_GET_STRICT_CHK, which some C libraries' headers lack */

/* Words of 32 bits that its groups take. */
static unsigned group_words(const struct nlsock *s)
{
	return (s->family->groups + 31) / 32;
}

/* 0: no such group. */
static uint64_t group_bit(const struct opt_arg *a)
{
	unsigned group = (unsigned)a->value;

	if (group == 0 || group > nlsock_of(a->s)->family->groups)
		return 0;
	return UINT64_C(1) << (group - 1);
}

static int join(struct opt_arg *a)
{
	struct nlsock *s = nlsock_of(a->s);
	uint64_t bit = group_bit(a);

	if (!bit)
		return -EINVAL;
	nlsock_set_groups(s, s->groups | bit);
	return 0;
}

static int leave(struct opt_arg *a)
{
	struct nlsock *s = nlsock_of(a->s);
	uint64_t bit = group_bit(a);

	if (!bit)
		return -EINVAL;
	nlsock_set_groups(s, s->groups & ~bit);
	return 0;
}

static int list_groups(struct opt_arg *a)
{
	const struct nlsock *s = nlsock_of(a->s);

	/* Linux: one that never joined has no map yet. */
	if (!s->grouped) {
		a->out_len = 0;
		return 0;
	}
	for (unsigned i = 0; i < group_words(s); i++) {
		uint32_t word = (uint32_t)(s->groups >> i * 32);

		memcpy(a->out.bytes + i * sizeof(word), &word, sizeof(word));
	}
	a->out_len = (socklen_t)(group_words(s) * sizeof(uint32_t));
	a->told_len = a->out_len; /* Linux: however little room there is */
	return 0;
}

static int set_no_enobufs(struct opt_arg *a)
{
	struct nlsock *s = nlsock_of(a->s);

	s->no_enobufs = a->value != 0;
	if (a->value)
		s->congested = false;
	return 0;
}

/* Linux: asked for less than an int, it says so. */
static int give_flag(struct opt_arg *a, bool flag)
{
	if (a->len < sizeof(int))
		return -EINVAL;
	a->out.number = flag;
	return 0;
}

static int get_no_enobufs(struct opt_arg *a)
{
	return give_flag(a, nlsock_of(a->s)->no_enobufs);
}

static int get_flag(struct opt_arg *a)
{
	const struct nlsock *s = nlsock_of(a->s);

	switch (a->name) {
	case NETLINK_PKTINFO:
		return give_flag(a, s->pktinfo);
	case NETLINK_BROADCAST_ERROR:
		return give_flag(a, s->broadcast_error);
	case NETLINK_LISTEN_ALL_NSID:
		return give_flag(a, s->all_nsid);
	case NETLINK_CAP_ACK:
		return give_flag(a, s->cap_ack);
	case NETLINK_EXT_ACK:
		return give_flag(a, s->ext_ack);
	default:
		return give_flag(a, s->strict);
	}
}

#define FLAG(field) OPT_LAX, offsetof(struct nlsock, field), 0, 0, NULL, get_flag, "flag"

static const struct opt_row rows[] = {
	{NETLINK_ADD_MEMBERSHIP, "NETLINK_ADD_MEMBERSHIP", OPT_OWN, OPT_NONE, join, NULL, "int",
	 "join a multicast group, by its number"},
	{NETLINK_DROP_MEMBERSHIP, "NETLINK_DROP_MEMBERSHIP", OPT_OWN, OPT_NONE, leave, NULL, "int",
	 "leave it"},
	{NETLINK_PKTINFO, "NETLINK_PKTINFO", FLAG(pktinfo),
	 "the group of each message as control data"},
	{NETLINK_BROADCAST_ERROR, "NETLINK_BROADCAST_ERROR", FLAG(broadcast_error),
	 "kept; nobody is told that a broadcast did not reach all"},
	{NETLINK_NO_ENOBUFS, "NETLINK_NO_ENOBUFS", OPT_BYTES, OPT_NONE, set_no_enobufs,
	 get_no_enobufs, "flag", "no ENOBUFS when messages were lost"},
	{NETLINK_LISTEN_ALL_NSID, "NETLINK_LISTEN_ALL_NSID", FLAG(all_nsid),
	 "kept; there is one namespace"},
	{NETLINK_LIST_MEMBERSHIPS, "NETLINK_LIST_MEMBERSHIPS", OPT_ASK, OPT_NONE, NULL, list_groups,
	 "uint32_t[]", "the groups that are joined, as a bitmap"},
	{NETLINK_CAP_ACK, "NETLINK_CAP_ACK", FLAG(cap_ack),
	 "errors come without the payload of the request"},
	{NETLINK_EXT_ACK, "NETLINK_EXT_ACK", FLAG(ext_ack), "errors come with the reason in words"},
	{OPT_STRICT_CHK, "NETLINK_GET_STRICT_CHK", FLAG(strict),
	 "dumps obey filters, and refuse what they do not know"},
};

const struct opt_level netlink_options = {SOL_NETLINK,	     "SOL_NETLINK", OPT_SHORT_ROW,
					  opt_control_block, rows,	    ARRAY_LEN(rows)};
