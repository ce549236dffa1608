/* SPDX-License-Identifier: MIT */
/* The options of level IPPROTO_UDP. Left out, with ENOPROTOOPT: UDP_SEGMENT, UDP_GRO, UDP_ENCAP. */
#include <netinet/udp.h>

#include "base/check.h"
#include "transport/udp.h"

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

static const struct opt_row rows[] = {
	{UDP_CORK, "UDP_CORK", OPT_OWN, OPT_NONE, set_cork, get_cork, "int",
	 "collect pieces of one datagram until it is cleared"},
};

const struct opt_level udp_options = {IPPROTO_UDP, "IPPROTO_UDP", OPT_SHORT_INVALID,
				      true,	   rows,	  ARRAY_LEN(rows)};
