/* SPDX-License-Identifier: MIT */
/*
 * The options of level SOL_PACKET (packet(7)). Those of mapped rings and of fan-out are answered as
 * by a kernel that was built without them: ENOPROTOOPT.
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
	 get_copy_thresh, "int", "kept, as there are no rings"},
	{PACKET_AUXDATA, "PACKET_AUXDATA", FLAG(auxdata),
	 "lengths and state of a frame as control data"},
	{PACKET_ORIGDEV, "PACKET_ORIGDEV", FLAG(origdev),
	 "kept: no interface here is part of another"},
	{PACKET_LOSS, "PACKET_LOSS", EXACT_FLAG(loss), "kept, as there are no rings"},
	{PACKET_TIMESTAMP, "PACKET_TIMESTAMP", OPT_OWN, OPT_NONE, set_timestamp, get_timestamp,
	 "int", "kept, as there are no rings"},
	{PACKET_TX_HAS_OFF, "PACKET_TX_HAS_OFF", EXACT_FLAG(tx_has_off),
	 "kept, as there are no rings"},
	{PACKET_QDISC_BYPASS, "PACKET_QDISC_BYPASS", EXACT_FLAG(qdisc_bypass),
	 "kept: nothing is in between"},
	{OPT_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING", OPT_OWN, OPT_NONE, set_ignore_outgoing,
	 get_ignore_outgoing, "int", "does not see what goes out"},
};

const struct opt_level afpacket_options = {LEVEL_PACKET,      "SOL_PACKET", OPT_SHORT_ROW,
					   opt_control_block, rows,	    ARRAY_LEN(rows)};
