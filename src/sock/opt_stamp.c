/* SPDX-License-Identifier: MIT */
/*
 * Rows of SOL_SOCKET about times: when packets came and went (SO_TIMESTAMP and its kin, whose
 * control data is made by cmsg.c, and by transport/stamp.c for the way out), and when they are to
 * go (SO_TXTIME).
 */
#include "sock/opt_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "tcp/tcp_stamp.h"

/* SOF_TIMESTAMPING_*, as far as Linux knows them. */
#define TS_MASK 0x7ffffu
#define TS_OPT_ID 0x80u
#define TS_OPT_TSONLY 0x800u
#define TS_OPT_STATS 0x1000u
#define TS_BIND_PHC 0x8000u
#define TS_OPT_ID_TCP 0x10000u

#define TXTIME_FLAGS 3u
#define CLOCK_ID_MAX 11

/* Linux: one form of time stamp at a time, and all of them old or all of them new. */
static int set_stamp(struct opt_arg *a, bool nanoseconds, bool wide)
{
	a->opt->timestamp = a->value && !nanoseconds;
	a->opt->timestampns = a->value && nanoseconds;
	a->opt->times_new = a->value && wide;
	return 0;
}

int opt_set_timestamp(struct opt_arg *a)
{
	return set_stamp(a, false, false);
}

int opt_set_timestamp_new(struct opt_arg *a)
{
	return set_stamp(a, false, true);
}

int opt_set_timestampns(struct opt_arg *a)
{
	return set_stamp(a, true, false);
}

int opt_set_timestampns_new(struct opt_arg *a)
{
	return set_stamp(a, true, true);
}

int opt_get_timestamp(struct opt_arg *a)
{
	a->out.number = a->s->opt->timestamp && !a->s->opt->times_new;
	return 0;
}

int opt_get_timestamp_new(struct opt_arg *a)
{
	const struct sock_options *opt = a->s->opt;

	/* Linux: whichever of the two kinds it is. */
	a->out.number = (opt->timestamp || opt->timestampns) && opt->times_new;
	return 0;
}

int opt_get_timestampns(struct opt_arg *a)
{
	a->out.number = a->s->opt->timestampns && !a->s->opt->times_new;
	return 0;
}

int opt_get_timestampns_new(struct opt_arg *a)
{
	a->out.number = a->s->opt->timestampns && a->s->opt->times_new;
	return 0;
}

/* Linux: sock_set_timestamping(). No interface has a clock of its own to bind to. */
static int set_tsflags(struct opt_arg *a, bool wide)
{
	uint32_t flags = (uint32_t)a->value;
	bool numbers = flags & TS_OPT_ID && !(a->s->opt->tsflags & TS_OPT_ID);

	if (flags & ~TS_MASK)
		return -EINVAL;
	if ((flags & TS_OPT_ID_TCP && !(flags & TS_OPT_ID)) ||
	    (flags & TS_OPT_STATS && !(flags & TS_OPT_TSONLY)))
		return -EINVAL;
	if (numbers && a->s->protocol == IPPROTO_TCP && (a->s->listening || !sock_connected(a->s)))
		return -EINVAL;
	if (flags & TS_BIND_PHC)
		return -EOPNOTSUPP;
	if (numbers) {
		struct sock_extra *extra = sock_extra(a->s);

		if (!extra)
			return -ENOMEM;
		extra->ts_key = a->s->protocol == IPPROTO_TCP
					? tcp_stamp_base(a->s, flags & TS_OPT_ID_TCP)
					: 0;
	}
	a->opt->tsflags = flags;
	a->opt->times_new = wide;
	return 0;
}

int opt_set_timestamping(struct opt_arg *a)
{
	return set_tsflags(a, false);
}

int opt_set_timestamping_new(struct opt_arg *a)
{
	return set_tsflags(a, true);
}

static int get_tsflags(struct opt_arg *a, bool wide)
{
	/* struct so_timestamping: flags, and the clock bound to. */
	uint32_t out[2] = {a->s->opt->times_new == wide ? a->s->opt->tsflags : 0, 0};

	memcpy(a->out.bytes, out, sizeof(out));
	a->out_len = sizeof(out);
	return 0;
}

int opt_get_timestamping(struct opt_arg *a)
{
	return get_tsflags(a, false);
}

int opt_get_timestamping_new(struct opt_arg *a)
{
	return get_tsflags(a, true);
}

int opt_set_txtime(struct opt_arg *a)
{
	struct {
		int32_t clock;
		uint32_t flags;
	} in;

	if (a->len != sizeof(in))
		return -EINVAL;
	memcpy(&in, a->in, sizeof(in));
	if (in.flags & ~TXTIME_FLAGS || in.clock < 0 || in.clock > CLOCK_ID_MAX)
		return -EINVAL;
	a->opt->txtime_clock = in.clock;
	a->opt->txtime_flags = in.flags;
	return 0;
}

int opt_get_txtime(struct opt_arg *a)
{
	uint32_t out[2] = {(uint32_t)a->s->opt->txtime_clock, a->s->opt->txtime_flags};

	memcpy(a->out.bytes, out, sizeof(out));
	a->out_len = sizeof(out);
	return 0;
}
