/* SPDX-License-Identifier: MIT */
#include "tcp/tcp_cookie.h"

#include "pkt/packet.h"

#define PERIOD (64 * BERTH_SEC) /* a cookie is good for one to two of them */
#define PERIODS 2u
#define LOW_BITS 0x00ffffffu
#define STAMP_BITS 6u
#define STAMP_MASK ((1u << STAMP_BITS) - 1)
#define STAMP_SACK 0x10u
#define STAMP_ECN 0x20u
#define STAMP_NO_WSCALE 0x0fu

static const uint16_t sizes[] = {536, 1200, 1300, 1400, 1440, 1460, 8960, 65483};

static uint32_t hash(const struct tcp_stack *ts, const struct flow *f, uint32_t what)
{
	struct {
		struct ipaddr local, remote;
		uint16_t ports[2];
		uint32_t what;
	} key = {f->local, f->remote, {f->local_port, f->remote_port}, what};

	return (uint32_t)siphash(ts->cookie_key, &key, sizeof(key));
}

static uint32_t period(const struct tcp_stack *ts)
{
	return (uint32_t)(ts->env->now / PERIOD);
}

uint32_t tcp_cookie_make(const struct tcp_stack *ts, const struct flow *f, uint32_t irs,
			 uint16_t peer_mss)
{
	uint32_t i = ARRAY_LEN(sizes) - 1;
	uint32_t count = period(ts);

	while (i > 0 && sizes[i] > peer_mss)
		i--;
	return hash(ts, f, UINT32_MAX) + irs + (count << 24) +
	       ((hash(ts, f, count & 0x7fffffff) + i) & LOW_BITS);
}

uint16_t tcp_cookie_check(const struct tcp_stack *ts, const struct flow *f, uint32_t irs,
			  uint32_t cookie)
{
	uint32_t count = period(ts);
	uint32_t rest = cookie - hash(ts, f, UINT32_MAX) - irs;
	uint32_t age = (count - (rest >> 24)) & 0xff;

	if (age >= PERIODS)
		return 0;
	uint32_t i = (rest - hash(ts, f, (count - age) & 0x7fffffff)) & LOW_BITS;

	return i < ARRAY_LEN(sizes) ? sizes[i] : 0;
}

uint32_t tcp_cookie_stamp(uint32_t now_ms, const struct tcp_agreed *agreed)
{
	uint32_t bits = agreed->wscale ? agreed->snd_wscale : STAMP_NO_WSCALE;
	uint32_t stamp;

	if (agreed->sack)
		bits |= STAMP_SACK;
	if (agreed->ecn)
		bits |= STAMP_ECN;
	stamp = (now_ms & ~STAMP_MASK) | bits;
	return stamp > now_ms ? stamp - (1u << STAMP_BITS) : stamp;
}

void tcp_cookie_unstamp(uint32_t stamp, struct tcp_agreed *out)
{
	uint32_t scale = stamp & 0x0f;

	out->ts = true;
	out->sack = (stamp & STAMP_SACK) != 0;
	out->ecn = (stamp & STAMP_ECN) != 0;
	out->wscale = scale <= TCP_WSCALE_MAX;
	out->snd_wscale = out->wscale ? (uint8_t)scale : 0;
}
