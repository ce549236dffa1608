/* SPDX-License-Identifier: MIT */
/*
 * The options of level SOL_PACKET (packet(7)). Those of mapped rings and of fan-out are answered as
 * by a kernel that was built without them: ENOPROTOOPT. `berth run` answers the rows of rings for
 * receiving itself, as it can map memory (run/ring.c).
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>

#include "base/check.h"
#include "transport/afpacket.h"
#include "transport/option.h"

#define LEVEL_PACKET 263 /* Linux: SOL_PACKET */
#define OPT_IGNORE_OUTGOING 23

static int read_mreq(const struct opt_arg *a, struct packet_mreq *out)
{
	if (a->len < sizeof(*out))
		return -EINVAL;
	memcpy(out, a->in, sizeof(*out));
	return 0;
}

static int add_membership(struct opt_arg *a)
{
	struct packet_mreq mr;
	int result = read_mreq(a, &mr);

	return result < 0 ? result : afpacket_join(afpacket_of(a->s), &mr);
}

static int drop_membership(struct opt_arg *a)
{
	struct packet_mreq mr;
	int result = read_mreq(a, &mr);

	return result < 0 ? result : afpacket_leave(afpacket_of(a->s), &mr);
}

/* Counts from nothing again after. */
static int get_statistics(struct opt_arg *a)
{
	struct afpacket *p = afpacket_of(a->s);
	struct tpacket_stats stats = {p->taken + p->lost, p->lost};

	memcpy(a->out.bytes, &stats, sizeof(stats));
	a->out_len = sizeof(stats);
	p->taken = p->lost = 0;
	return 0;
}

/* Linux: some rows take an int and nothing longer. */
static int exact(const struct opt_arg *a)
{
	return a->len == sizeof(int) ? 0 : -EINVAL;
}

static int set_copy_thresh(struct opt_arg *a)
{
	if (exact(a) < 0)
		return -EINVAL;
	afpacket_of(a->s)->copy_thresh = a->value;
	return 0;
}

static int get_copy_thresh(struct opt_arg *a)
{
	a->out.number = afpacket_of(a->s)->copy_thresh;
	return 0;
}

static int set_timestamp(struct opt_arg *a)
{
	if (exact(a) < 0)
		return -EINVAL;
	afpacket_of(a->s)->timestamp = a->value;
	return 0;
}

static int get_timestamp(struct opt_arg *a)
{
	a->out.number = afpacket_of(a->s)->timestamp;
	return 0;
}

static int set_ignore_outgoing(struct opt_arg *a)
{
	if (exact(a) < 0 || a->value < 0 || a->value > 1)
		return -EINVAL;
	afpacket_of(a->s)->ignore_outgoing = a->value;
	return 0;
}

static int get_ignore_outgoing(struct opt_arg *a)
{
	a->out.number = afpacket_of(a->s)->ignore_outgoing;
	return 0;
}

#define RINGS "mapped rings: under berth run only, versions 1 and 2"
#define FLAG(field) OPT_FLAG, offsetof(struct afpacket, field), 0, 0, NULL, NULL, "int"
#define EXACT_FLAG(field)                                                                          \
	OPT_FLAG, offsetof(struct afpacket, field), sizeof(int), sizeof(int), NULL, NULL, "int"

static const struct opt_row rows[] = {
	{PACKET_ADD_MEMBERSHIP, "PACKET_ADD_MEMBERSHIP", OPT_BYTES, OPT_NONE, add_membership, NULL,
	 "struct packet_mreq", "kept: an interface takes every frame that reaches it anyway"},
	{PACKET_DROP_MEMBERSHIP, "PACKET_DROP_MEMBERSHIP", OPT_BYTES, OPT_NONE, drop_membership,
	 NULL, "struct packet_mreq", "ends a membership"},
	{PACKET_STATISTICS, "PACKET_STATISTICS", OPT_ASK, OPT_NONE, NULL, get_statistics,
	 "struct tpacket_stats",
	 "frames, and those lost for want of room, since it was last asked"},
	{PACKET_COPY_THRESH, "PACKET_COPY_THRESH", OPT_OWN, OPT_NONE, set_copy_thresh,
	 get_copy_thresh, "int", "kept, without effect"},
	{PACKET_AUXDATA, "PACKET_AUXDATA", FLAG(auxdata),
	 "lengths and state of a frame as control data"},
	{PACKET_ORIGDEV, "PACKET_ORIGDEV", FLAG(origdev),
	 "kept: no interface here is part of another"},
	{PACKET_LOSS, "PACKET_LOSS", EXACT_FLAG(loss), "kept, without effect"},
	{PACKET_TIMESTAMP, "PACKET_TIMESTAMP", OPT_OWN, OPT_NONE, set_timestamp, get_timestamp,
	 "int", "kept, without effect"},
	{PACKET_TX_HAS_OFF, "PACKET_TX_HAS_OFF", EXACT_FLAG(tx_has_off),
	 "kept, without effect"},
	{PACKET_QDISC_BYPASS, "PACKET_QDISC_BYPASS", EXACT_FLAG(qdisc_bypass),
	 "kept: nothing is in between"},
	{OPT_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING", OPT_OWN, OPT_NONE, set_ignore_outgoing,
	 get_ignore_outgoing, "int", "does not see what goes out"},
	{PACKET_RX_RING, "PACKET_RX_RING", OPT_WITHOUT("struct tpacket_req"), RINGS},
	{PACKET_VERSION, "PACKET_VERSION", OPT_WITHOUT("int"), RINGS},
	{PACKET_HDRLEN, "PACKET_HDRLEN", OPT_WITHOUT("int"), RINGS},
	{PACKET_RESERVE, "PACKET_RESERVE", OPT_WITHOUT("int"), RINGS},
	{PACKET_TX_RING, "PACKET_TX_RING", OPT_WITHOUT("struct tpacket_req"),
	 "no rings for sending"},
	{PACKET_VNET_HDR, "PACKET_VNET_HDR", OPT_WITHOUT("int"), "no headers of virtual machines"},
	{PACKET_TX_TIMESTAMP, "PACKET_TX_TIMESTAMP", OPT_WITHOUT("int"), "no rings for sending"},
	{PACKET_FANOUT, "PACKET_FANOUT", OPT_WITHOUT("int"), "every socket sees all"},
	{PACKET_ROLLOVER_STATS, "PACKET_ROLLOVER_STATS",
	 OPT_WITHOUT("struct tpacket_rollover_stats"), "every socket sees all"},
	{PACKET_FANOUT_DATA, "PACKET_FANOUT_DATA", OPT_WITHOUT("struct sock_fprog"),
	 "every socket sees all"},
};

const struct opt_level afpacket_options = {LEVEL_PACKET,      "SOL_PACKET", OPT_SHORT_ROW,
					   opt_control_block, rows,	    ARRAY_LEN(rows)};
