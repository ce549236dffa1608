/* SPDX-License-Identifier: MIT */
/* The options of raw sockets' own levels (raw(7), icmp(7); RFC 3542 §3). */
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>

#include "base/check.h"
#include "transport/option.h"
#include "transport/raw.h"

#define LEVEL_RAW 255 /* Linux: SOL_RAW */
#define OPT_IPV6_HDRINCL 36

static int set_icmp_filter(struct opt_arg *a)
{
	/* Linux: only IPv6's look at the length of what they do not know. */
	if (a->s->family != AF_INET)
		return a->len < sizeof(int) ? -EINVAL : -ENOPROTOOPT;
	return raw_set_filter(a->s, IPPROTO_ICMP, a->in, a->len);
}

static int get_icmp_filter(struct opt_arg *a)
{
	size_t bytes = a->len;
	int result = -ENOPROTOOPT;

	if (a->s->family == AF_INET)
		result = raw_get_filter(a->s, IPPROTO_ICMP, a->out.bytes, &bytes);
	a->out_len = (socklen_t)bytes;
	return result;
}

static int set_icmp6_filter(struct opt_arg *a)
{
	if (a->s->family != AF_INET6)
		return -ENOPROTOOPT;
	return raw_set_filter(a->s, IPPROTO_ICMPV6, a->in, a->len);
}

static int get_icmp6_filter(struct opt_arg *a)
{
	size_t bytes = a->len;
	int result = -EOPNOTSUPP;

	if (a->s->family == AF_INET6)
		result = raw_get_filter(a->s, IPPROTO_ICMPV6, a->out.bytes, &bytes);
	a->out_len = (socklen_t)bytes;
	return result;
}

static int set_checksum(struct opt_arg *a)
{
	if (a->s->family != AF_INET6)
		return -ENOPROTOOPT;
	/* RFC 3542 §3.1: that of ICMPv6 is not to be changed. Linux: by this level. */
	if (a->len < sizeof(int) || (a->level == IPPROTO_IPV6 && a->s->protocol == IPPROTO_ICMPV6))
		return -EINVAL;
	return raw_set_checksum(a->s, a->value);
}

static int get_checksum(struct opt_arg *a)
{
	if (a->s->family != AF_INET6)
		return -ENOPROTOOPT;
	a->out.number = raw_get_checksum(a->s);
	return 0;
}

static int set_hdrincl6(struct opt_arg *a)
{
	struct sock_options *opt;

	if (a->s->family != AF_INET6)
		return -ENOPROTOOPT;
	if (a->len < sizeof(int))
		return -EINVAL;
	opt = sock_edit_options(a->s);
	if (!opt)
		return -ENOMEM;
	opt->hdrincl = a->value != 0;
	return 0;
}

static int get_hdrincl6(struct opt_arg *a)
{
	if (a->s->family != AF_INET6)
		return -ENOPROTOOPT;
	a->out.number = a->s->opt->hdrincl;
	return 0;
}

static const struct opt_row rows[] = {
	{ICMP_FILTER, "ICMP_FILTER", OPT_BYTES, OPT_NONE, set_icmp_filter, get_icmp_filter,
	 "struct icmp_filter", "a bit for each type of ICMP message that is not given out"},
	{IPV6_CHECKSUM, "IPV6_CHECKSUM", OPT_BYTES, OPT_NONE, set_checksum, get_checksum, "int",
	 "where in an IPv6 packet a checksum is made and verified; -1: none"},
	{OPT_IPV6_HDRINCL, "IPV6_HDRINCL", OPT_BYTES, OPT_NONE, set_hdrincl6, get_hdrincl6, "int",
	 "the program makes IPv6's header"},
};

const struct opt_level raw_options = {LEVEL_RAW,	 "SOL_RAW", OPT_SHORT_ROW,
				      opt_control_block, rows,	    ARRAY_LEN(rows)};

static const struct opt_row icmp6_rows[] = {
	{ICMP6_FILTER, "ICMP6_FILTER", OPT_BYTES, OPT_NONE, set_icmp6_filter, get_icmp6_filter,
	 "struct icmp6_filter", "a bit for each type of ICMPv6 message that is not given out"},
};

const struct opt_level raw_icmp6_options = {IPPROTO_ICMPV6, "IPPROTO_ICMPV6",
					    OPT_SHORT_ROW,  opt_control_block,
					    icmp6_rows,	    ARRAY_LEN(icmp6_rows)};

/* Linux: the same by this level too. */
static const struct opt_row ip6_rows[] = {
	{IPV6_CHECKSUM, "IPV6_CHECKSUM", OPT_BYTES, OPT_NONE, set_checksum, get_checksum, "int",
	 "where in an IPv6 packet a checksum is made and verified; -1: none"},
	{OPT_IPV6_HDRINCL, "IPV6_HDRINCL", OPT_BYTES, OPT_NONE, set_hdrincl6, get_hdrincl6, "int",
	 "the program makes IPv6's header"},
};

const struct opt_level raw_ip6_options = {IPPROTO_IPV6,	     "IPPROTO_IPV6", OPT_SHORT_ROW,
					  opt_control_block, ip6_rows,	     ARRAY_LEN(ip6_rows)};
