/* SPDX-License-Identifier: MIT */
/*
 * Segments that answer nonsense: resets where there is no connection, challenge ACKs where there is
 * one (RFC 5961), and the limits on both, without which two broken or malicious ends would keep
 * each other busy for ever.
 */
#include "tcp/tcp_rst.h"

#include <netinet/in.h>

#include "tcp/tcp_output.h"

#define ANSWER_INTERVAL (500 * BERTH_MSEC)

void tcp_send_lone(struct tcp_stack *ts, const struct tcp_lone *lone)
{
	struct ip_path path;
	struct ip_send how = {.protocol = IPPROTO_TCP, .tos = lone->tos, .df = true};
	struct berth_packet *p;

	if (lone->path)
		path = *lone->path;
	else if (ip_path_find(ts->net, &lone->dst, &lone->src, lone->ifindex, &path) < 0)
		return;
	if (lone->as)
		sock_fill_send(lone->as, &path, &how);
	p = packet_new(ts->env->pool);
	if (!p)
		return;
	size_t bytes = TCP_HEADER_BYTES + tcp_options_bytes(&lone->h.options);

	(void)tcp_write(packet_push(p, bytes), &lone->h); /* as many as were made room for */
	p->csum = CSUM_PARTIAL;
	p->l4_protocol = IPPROTO_TCP;
	p->l4_off = p->head_off;
	(void)ip_output(ts->net, p, &path, &how); /* as good as lost */
}

void tcp_rst_answer(struct tcp_stack *ts, const struct tcp_in *in)
{
	struct tcp_lone lone = {.src = in->info->dst, .dst = in->info->src};

	/* A link-local peer is on the link it came from. */
	if (ipaddr_needs_scope(&lone.dst))
		lone.ifindex = in->info->ifindex;
	struct tcp_header *h = &lone.h;

	if ((in->h.flags & TCPF_RST) || in->info->broadcast || in->info->multicast)
		return;
	tcp_options_init(&h->options);
	h->src_port = in->h.dst_port;
	h->dst_port = in->h.src_port;
	if (in->h.flags & TCPF_ACK) {
		h->flags = TCPF_RST;
		h->seq = in->h.ack;
	} else {
		h->flags = TCPF_RST | TCPF_ACK;
		h->ack = in->end;
	}
	tcp_send_lone(ts, &lone);
}

void tcp_rst_send(struct tcp *t)
{
	struct tcp_lone lone = {
		.src = t->sock.local.addr, .dst = t->sock.remote.addr, .as = &t->sock};
	struct tcp_header *h = &lone.h;

	lone.ifindex = t->sock.opt->ifindex;
	tcp_options_init(&h->options);
	h->src_port = t->sock.local.port;
	h->dst_port = t->sock.remote.port;
	h->flags = TCPF_RST | TCPF_ACK;
	h->seq = t->snd_nxt;
	h->ack = t->rcv_nxt;
	if (t->agreed.ts) {
		h->options.has_ts = true;
		h->options.ts_val = tcp_clock_ms(t);
		h->options.ts_ecr = t->ts_recent;
	}
	t->segs_out++;
	tcp_send_lone(t->ts, &lone);
}

bool tcp_challenge_allowed(struct tcp_stack *ts)
{
	int32_t limit = ts->env->knobs.tcp_challenge_ack_limit;
	berth_time second = ts->env->now / BERTH_SEC;

	if (limit == INT32_MAX)
		return true;
	if (second != ts->challenge_second || ts->challenge_left > (uint32_t)limit) {
		ts->challenge_second = second;
		/* Linux: by chance half as much to half as much again, or the count would tell an
		 * attacker something (CVE-2016-5696). */
		ts->challenge_left = (uint32_t)limit / 2 +
				     (limit ? env_random_below(ts->env, (uint32_t)limit) : 0);
	}
	if (ts->challenge_left == 0)
		return false;
	ts->challenge_left--;
	return true;
}

bool tcp_answer_allowed(struct tcp *t)
{
	berth_time now = t->ts->env->now;

	if (t->oow_answered && now - t->last_oow_ack < ANSWER_INTERVAL)
		return false;
	t->oow_answered = true;
	t->last_oow_ack = now;
	return true;
}

void tcp_challenge(struct tcp *t)
{
	if (tcp_answer_allowed(t) && tcp_challenge_allowed(t->ts))
		t->ack_now = true;
}
