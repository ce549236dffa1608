/* SPDX-License-Identifier: MIT */
/*
 * The options of levels IPPROTO_UDP and IPPROTO_UDPLITE; what they do is in udp.c and udp_in.c.
 * Encapsulations (UDP_ENCAP) are taken by the kernel's own tunnels alone: none is the only one.
 */
#include <errno.h>
#include <netinet/udp.h>

#include "base/check.h"
#include "transport/udp.h"

#define OPT_UDPLITE_SEND_CSCOV 10
#define OPT_UDPLITE_RECV_CSCOV 11
#define OPT_UDP_NO_CHECK6_TX 101
#define OPT_UDP_NO_CHECK6_RX 102
#define OPT_UDP_SEGMENT 103
#define OPT_UDP_GRO 104

#define AT(field) offsetof(struct udp, field), 0, 0, NULL, NULL

static int set_cork(struct opt_arg *a)
{
	struct udp *u = udp_of(a->s);

	u->cork = a->value != 0;
	return u->cork ? 0 : udp_flush_corked(u);
}

static int get_cork(struct opt_arg *a)
{
	a->out.number = udp_of(a->s)->cork;
	return 0;
}

static int set_encap(struct opt_arg *a)
{
	return a->value == 0 ? 0 : -ENOPROTOOPT;
}

static int set_segment(struct opt_arg *a)
{
	if (a->value < 0 || a->value > UINT16_MAX)
		return -EINVAL;
	udp_of(a->s)->segment_bytes = (uint16_t)a->value;
	return 0;
}

static int get_segment(struct opt_arg *a)
{
	a->out.number = udp_of(a->s)->segment_bytes;
	return 0;
}

static const struct opt_row rows[] = {
	{UDP_CORK, "UDP_CORK", OPT_OWN, OPT_NONE, set_cork, get_cork, "int",
	 "collect pieces of one datagram until it is cleared"},
	{UDP_ENCAP, "UDP_ENCAP", OPT_OWN, OPT_NONE, set_encap, opt_get_zero, "int",
	 "only 0: there are no tunnels"},
	{OPT_UDP_NO_CHECK6_TX, "UDP_NO_CHECK6_TX", OPT_FLAG, AT(no_check6_tx), "int",
	 "IPv6 datagrams without checksum"},
	{OPT_UDP_NO_CHECK6_RX, "UDP_NO_CHECK6_RX", OPT_FLAG, AT(no_check6_rx), "int",
	 "such are taken too"},
	{OPT_UDP_SEGMENT, "UDP_SEGMENT", OPT_OWN, OPT_NONE, set_segment, get_segment, "int",
	 "what one call sends is so many bytes a datagram"},
	{OPT_UDP_GRO, "UDP_GRO", OPT_FLAG, AT(gro), "int",
	 "what was sent so is received in one piece, with the size as control data"},
};

const struct opt_level udp_options = {IPPROTO_UDP,	 "IPPROTO_UDP", OPT_SHORT_INVALID,
				      opt_control_block, rows,		ARRAY_LEN(rows)};

/* Linux: 0 is all, and less than the header is the header. */
static uint16_t coverage_of(int value)
{
	if (value != 0 && value < 8)
		return 8;
	return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static int set_send_cscov(struct opt_arg *a)
{
	if (a->s->protocol != IPPROTO_UDPLITE)
		return -ENOPROTOOPT;
	udp_of(a->s)->send_coverage = coverage_of(a->value);
	udp_of(a->s)->limits_send = true;
	return 0;
}

static int get_send_cscov(struct opt_arg *a)
{
	a->out.number = udp_of(a->s)->send_coverage;
	return 0;
}

static int set_recv_cscov(struct opt_arg *a)
{
	if (a->s->protocol != IPPROTO_UDPLITE)
		return -ENOPROTOOPT;
	udp_of(a->s)->recv_coverage = coverage_of(a->value);
	udp_of(a->s)->limits_recv = true;
	return 0;
}

static int get_recv_cscov(struct opt_arg *a)
{
	a->out.number = udp_of(a->s)->recv_coverage;
	return 0;
}

static const struct opt_row lite_rows[] = {
	{OPT_UDPLITE_SEND_CSCOV, "UDPLITE_SEND_CSCOV", OPT_OWN, OPT_NONE, set_send_cscov,
	 get_send_cscov, "int", "bytes that the checksum of what is sent covers; 0: all"},
	{OPT_UDPLITE_RECV_CSCOV, "UDPLITE_RECV_CSCOV", OPT_OWN, OPT_NONE, set_recv_cscov,
	 get_recv_cscov, "int", "bytes that it has to cover of what is received; 0: all"},
};

const struct opt_level udplite_options = {IPPROTO_UDPLITE,   "IPPROTO_UDPLITE",
					  OPT_SHORT_INVALID, opt_control_block,
					  lite_rows,	     ARRAY_LEN(lite_rows)};
