/* SPDX-License-Identifier: MIT */
/*
 * CUBIC (RFC 9438) with HyStart++ (RFC 9406).
 *
 * After a loss at window w_max the window follows w_max + C (t - K)^3, t seconds after: fast back
 * to where it was, slowly past it, fast again if nothing happens there; never below what Reno would
 * have (w_est). All in bytes; time in milliseconds; integers only, so that a run is the same on
 * every machine.
 *
 * Slow start ends when the least RTT of a round has grown by an eighth (4 to 16 ms): the window
 * then grows at a quarter of the pace for five rounds, and if the RTT falls again it was a false
 * alarm.
 */
#include "tcp/tcp_cc.h"
#include "tcp/tcp_output.h"

#define BETA_NUM 7u /* RFC 9438 §4.6: 0.7; Linux has 717/1024 */
#define BETA_DEN 10u
#define ALPHA_NUM 9u /* §4.3: 3 (1 - beta) / (1 + beta) = 9/17 */
#define ALPHA_DEN 17u
#define ELAPSED_MAX_MS 100000

#define HYSTART_SAMPLES 8u
#define HYSTART_MIN_US 4000u
#define HYSTART_MAX_US 16000u
#define HYSTART_CSS_DIVISOR 4u
#define HYSTART_CSS_ROUNDS 5u
#define NO_RTT UINT32_MAX

static uint64_t cube_root(uint64_t v)
{
	uint64_t root = 0;

	for (int bit = 21; bit >= 0; bit--) {
		uint64_t next = root | UINT64_C(1) << bit;

		if (next <= 2642245 && next * next * next <= v)
			root = next;
	}
	return root;
}

static void reset_hystart(struct tcp *t)
{
	t->cubic.round_end = t->snd_nxt;
	t->cubic.last_min_us = NO_RTT;
	t->cubic.min_us = NO_RTT;
	t->cubic.samples = 0;
	t->cubic.css_rounds = 0;
}

static void init(struct tcp *t)
{
	t->cubic = (struct tcp_cubic){0};
	reset_hystart(t);
}

/* RFC 9438 §4.2: a new epoch of growth begins. */
static void begin_epoch(struct tcp *t)
{
	struct tcp_cubic *c = &t->cubic;

	c->epoch = t->ts->env->now;
	c->w_est = t->cwnd;
	c->k_ms = 0;
	if (c->w_max > t->cwnd) {
		/* K = cbrt((w_max - cwnd) / C), C = 0.4 segments per second cubed. */
		uint64_t segments_1024 = ((uint64_t)(c->w_max - t->cwnd) << 10) / t->snd_mss;

		c->k_ms = (uint32_t)cube_root(segments_1024 * 5 / 2 * 1000000000 >> 10);
	} else {
		c->w_max = t->cwnd;
	}
}

/* W_cubic at `ms` after the epoch's begin. */
static uint64_t window_at(const struct tcp *t, int64_t ms)
{
	int64_t d = ms - t->cubic.k_ms;

	if (d > ELAPSED_MAX_MS)
		d = ELAPSED_MAX_MS;
	if (d < -ELAPSED_MAX_MS)
		d = -ELAPSED_MAX_MS;
	/* 0.4 d^3 / 10^9 segments, in 1/1024 of one. */
	int64_t change = d * d * d * 4096 / INT64_C(10000000000);
	int64_t window = (int64_t)t->cubic.w_max + change * t->snd_mss / 1024;

	return window > 0 ? (uint64_t)window : 0;
}

static void avoid_congestion(struct tcp *t, uint32_t acked)
{
	struct tcp_cubic *c = &t->cubic;

	if (c->epoch == 0)
		begin_epoch(t);
	/* §4.3: the Reno-friendly estimate. */
	c->w_est += (uint32_t)((uint64_t)acked * t->snd_mss * ALPHA_NUM / ALPHA_DEN /
			       (t->cwnd ? t->cwnd : 1));

	int64_t elapsed = (t->ts->env->now - c->epoch) / BERTH_MSEC;
	uint64_t target = window_at(t, elapsed + t->srtt / BERTH_MSEC);

	/* §4.4, §4.5: at most half as much again in a round trip. */
	if (target > (uint64_t)t->cwnd * 3 / 2)
		target = (uint64_t)t->cwnd * 3 / 2;
	if (target < c->w_est)
		target = c->w_est;
	if (target > t->cwnd) {
		uint64_t gap = target - t->cwnd;
		uint64_t per = (uint64_t)t->cwnd * t->snd_mss / gap;

		tcp_grow(t, per < UINT32_MAX / 2 ? (uint32_t)per : UINT32_MAX / 2, acked);
	} else {
		tcp_grow(t, t->cwnd < UINT32_MAX / 200 ? 100 * t->cwnd : UINT32_MAX / 2, acked);
	}
}

/* RFC 9406 §4.2: judges the round that ends and opens the next. */
static void hystart_round(struct tcp *t)
{
	struct tcp_cubic *c = &t->cubic;

	if (c->css_rounds && ++c->css_rounds > HYSTART_CSS_ROUNDS)
		t->ssthresh = t->cwnd;
	c->last_min_us = c->min_us;
	c->min_us = NO_RTT;
	c->samples = 0;
	c->round_end = t->snd_nxt;
}

static void hystart(struct tcp *t)
{
	struct tcp_cubic *c = &t->cubic;
	uint64_t rtt = (uint64_t)(t->rtt_last / BERTH_USEC);
	uint32_t us = rtt < NO_RTT ? (uint32_t)rtt : NO_RTT - 1;

	if (seq_gt(t->snd_una, c->round_end) || seq_lt(c->round_end, t->snd_una - (1u << 30)))
		hystart_round(t);
	if (us < c->min_us)
		c->min_us = us;
	if (c->samples < UINT16_MAX)
		c->samples++;
	if (c->samples < HYSTART_SAMPLES || c->last_min_us == NO_RTT)
		return;
	if (c->css_rounds) {
		if (c->min_us < c->css_base_us)
			c->css_rounds = 0;
		return;
	}
	uint32_t margin = c->last_min_us / 8;

	if (margin < HYSTART_MIN_US)
		margin = HYSTART_MIN_US;
	if (margin > HYSTART_MAX_US)
		margin = HYSTART_MAX_US;
	if (c->min_us >= c->last_min_us + margin) {
		c->css_base_us = c->min_us;
		c->css_rounds = 1;
	}
}

static void on_ack(struct tcp *t, uint32_t acked)
{
	if (t->cwnd < t->ssthresh) {
		/* HyStart is for the first slow start (RFC 9406 §4.3). */
		if (t->ssthresh == UINT32_MAX && t->rtt_last > 0)
			hystart(t);
		if (t->cwnd < t->ssthresh) {
			uint32_t pace = t->cubic.css_rounds ? HYSTART_CSS_DIVISOR : 1;

			acked = tcp_slow_start(t, acked / pace);
		}
	}
	if (acked && t->cwnd >= t->ssthresh)
		avoid_congestion(t, acked);
}

static uint32_t on_loss(struct tcp *t)
{
	struct tcp_cubic *c = &t->cubic;

	/* §4.7: fast convergence leaves room to those who came later. */
	if (t->cwnd < c->w_max)
		c->w_max = (uint32_t)((uint64_t)t->cwnd * (BETA_DEN + BETA_NUM) / (2 * BETA_DEN));
	else
		c->w_max = t->cwnd;
	c->epoch = 0;
	return (uint32_t)((uint64_t)t->cwnd * BETA_NUM / BETA_DEN);
}

static void on_restart(struct tcp *t)
{
	t->cubic.epoch = 0;
	reset_hystart(t);
}

const struct tcp_cc tcp_cubic = {
	.name = "cubic",
	.init = init,
	.on_ack = on_ack,
	.on_loss = on_loss,
	.on_restart = on_restart,
};
