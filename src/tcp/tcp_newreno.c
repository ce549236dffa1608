/* SPDX-License-Identifier: MIT */
/* The plain algorithm: slow start, one MSS per window, halving (RFC 5681 §3.1). */
#include "tcp/tcp_cc.h"
#include "tcp/tcp_output.h"

static void init(struct tcp *t)
{
	t->cwnd_acked = 0;
}

static void on_ack(struct tcp *t, uint32_t acked)
{
	if (t->cwnd < t->ssthresh)
		acked = tcp_slow_start(t, acked);
	if (acked)
		tcp_grow(t, t->cwnd, acked);
}

static uint32_t on_loss(struct tcp *t)
{
	return t->cwnd / 2;
}

static void on_restart(struct tcp *t)
{
	t->cwnd_acked = 0;
}

const struct tcp_cc tcp_newreno = {
	.name = "reno",
	.init = init,
	.on_ack = on_ack,
	.on_loss = on_loss,
	.on_restart = on_restart,
};
