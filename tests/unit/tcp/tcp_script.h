/* SPDX-License-Identifier: MIT */
/*
 * Scripts: host 0 is real, its peer is the test. Sequence numbers are relative to either side's
 * SYN, so that the first byte of data is 1. give() hands a segment to the host, expect() takes the
 * next that it sent.
 */
#ifndef TESTS_UNIT_TCP_SCRIPT_H
#define TESTS_UNIT_TCP_SCRIPT_H

#include "tcp_rig.h"

#define F TCPF_FIN
#define S TCPF_SYN
#define R TCPF_RST
#define P TCPF_PSH
#define A TCPF_ACK
#define U TCPF_URG

#define PEER_PORT 80

struct script {
	struct rig r;
	struct sock *s; /* the end that is tested */
	uint32_t iss, peer_iss;
	uint16_t local_port, peer_port;
	uint16_t window;	 /* of what give() sends */
	bool stamps;		 /* give() puts timestamps in */
	uint32_t ts_val, ts_ecr; /* what it puts there; ts_ecr follows what was received */
	struct tcp_options opt;	 /* more options of the next give() */
	struct tcp_header got;	 /* the last segment that expect() took */
	uint8_t got_tos;	 /* its type of service */
	uint8_t data[65536];	 /* and its payload */
};

static inline void script_init(struct script *x)
{
	rig_init(&x->r, 7);
	x->r.scripted = true;
	x->s = NULL;
	x->peer_iss = 0xfffffff0u; /* wraps early */
	x->iss = 0;
	x->peer_port = PEER_PORT;
	x->window = 65535;
	x->stamps = false;
	x->ts_val = 1000;
	tcp_options_init(&x->opt);
}

static inline void script_fini(struct script *x)
{
	if (x->s)
		tcp_proto.abort(x->s);
	rig_fini(&x->r);
}

static inline void script_run(struct script *x, int64_t ms)
{
	rig_run(&x->r, x->r.now + ms * BERTH_MSEC);
}

/* A segment with these exact numbers. */
static inline void give_raw(struct script *x, uint8_t flags, uint32_t seq, uint32_t ack,
			    uint32_t bytes)
{
	struct berth_packet *p = packet_new(x->r.pool);
	struct tcp_header h = {.src_port = x->peer_port,
			       .dst_port = x->local_port,
			       .seq = seq,
			       .ack = flags & A ? ack : 0,
			       .flags = flags,
			       .window = x->window,
			       .options = x->opt};
	static const uint8_t text[65536] = "data";

	assert_non_null(p);
	if (x->stamps) {
		h.options.has_ts = true;
		h.options.ts_val = x->ts_val;
		h.options.ts_ecr = x->ts_ecr;
	}
	if (bytes) {
		uint8_t copy[65536];

		memcpy(copy, text, bytes);
		for (uint32_t i = 0; i < bytes; i++)
			copy[i] = rig_byte(seq - x->peer_iss - 1 + i);
		assert_int_equal(packet_append_copy(p, copy, bytes), 0);
	}
	tcp_write(packet_push(p, TCP_HEADER_BYTES + tcp_options_bytes(&h.options)), &h);
	p->csum = CSUM_VERIFIED;
	tcp_options_init(&x->opt);
	rig_give(&x->r, 0, p);
	rig_settle(&x->r);
}

static inline void give(struct script *x, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t bytes)
{
	give_raw(x, flags, x->peer_iss + seq, x->iss + ack, bytes);
}

static inline void give_urgent(struct script *x, uint32_t seq, uint32_t ack, uint32_t bytes,
			       uint16_t pointer)
{
	struct berth_packet *p = packet_new(x->r.pool);
	struct tcp_header h = {.src_port = x->peer_port,
			       .dst_port = x->local_port,
			       .seq = x->peer_iss + seq,
			       .ack = x->iss + ack,
			       .flags = A | P | U,
			       .urgent = pointer,
			       .window = x->window};
	uint8_t copy[256];

	for (uint32_t i = 0; i < bytes; i++)
		copy[i] = rig_byte(seq - 1 + i);
	assert_int_equal(packet_append_copy(p, copy, bytes), 0);
	tcp_write(packet_push(p, TCP_HEADER_BYTES), &h);
	p->csum = CSUM_VERIFIED;
	rig_give(&x->r, 0, p);
	rig_settle(&x->r);
}

/* Takes the next segment that was sent into x->got. Returns its payload bytes, -1: there is none.
 */
static inline int take(struct script *x)
{
	struct berth_packet *p = packet_queue_take(&x->r.sent);

	if (!p)
		return -1;
	x->got_tos = x->r.sent_tos[x->r.taken_count++ % RIG_SENT_MAX];
	size_t bytes = tcp_peek_header_bytes(packet_head(p));
	struct reader r = reader_of(packet_head(p), bytes);

	assert_true(tcp_parse(&r, &x->got));
	packet_trim_front(p, bytes);
	int payload = (int)packet_copy_out(p, 0, x->data, sizeof(x->data));

	packet_free(p);
	if (x->got.options.has_ts)
		x->ts_ecr = x->got.options.ts_val;
	return payload;
}

static inline void expect_at(struct script *x, int line, uint8_t flags, uint32_t seq, uint32_t ack,
			     int bytes)
{
	int n = take(x);

	if (n < 0)
		fail_msg("line %d: nothing was sent", line);
	if ((x->got.flags & ~(unsigned)P) != (flags & ~(unsigned)P) || x->got.seq - x->iss != seq ||
	    ((flags & A) && x->got.ack - x->peer_iss != ack) || n != bytes)
		fail_msg("line %d: flags %02x seq %u ack %u bytes %d, not %02x %u %u %d", line,
			 x->got.flags, x->got.seq - x->iss, x->got.ack - x->peer_iss, n, flags, seq,
			 ack, bytes);
}
#define expect(x, flags, seq, ack, bytes) expect_at(x, __LINE__, flags, seq, ack, bytes)

static inline void expect_none_at(struct script *x, int line)
{
	int n = take(x);

	if (n >= 0)
		fail_msg("line %d: flags %02x seq %u ack %u bytes %d was sent", line, x->got.flags,
			 x->got.seq - x->iss, x->got.ack - x->peer_iss, n);
}
#define expect_none(x) expect_none_at(x, __LINE__)

static inline void forget_sent(struct script *x)
{
	while (take(x) >= 0)
		;
}

/* What the peer's SYN offers. */
#define WITH_SACK 1u
#define WITH_STAMPS 2u
#define WITH_WSCALE 4u

static inline void offer(struct script *x, unsigned with)
{
	x->opt.has_mss = true;
	x->opt.mss = 1460;
	x->opt.sack_permitted = (with & WITH_SACK) != 0;
	x->opt.has_wscale = (with & WITH_WSCALE) != 0;
	x->opt.wscale = 7;
	x->stamps = (with & WITH_STAMPS) != 0;
}

/* Begins to connect: the SYN is in x->got. */
static inline void script_syn(struct script *x)
{
	x->s = rig_connect(&x->r, 0, PEER_PORT);
	assert_int_equal(take(x), 0);
	assert_int_equal(x->got.flags, S);
	x->iss = x->got.seq;
	x->local_port = x->got.src_port;
}

/* An established connection, opened by the host. */
static inline void script_open(struct script *x, unsigned with)
{
	script_init(x);
	script_syn(x);
	script_run(x, 20);
	offer(x, with);
	give(x, S | A, 0, 1, 0);
	x->window = with & WITH_WSCALE ? 512 : 65535;
	expect(x, A, 1, 1, 0);
	assert_int_equal(rig_state(x->s), TCP_ESTABLISHED);
}

/* The same, opened by the peer; *listener stays open. */
static inline void script_accept(struct script *x, unsigned with, struct sock **listener)
{
	script_init(x);
	*listener = rig_listen(&x->r, 0, 80, 5);
	x->local_port = 80;
	x->peer_port = 4000;
	offer(x, with);
	give(x, S, 0, 0, 0);
	assert_int_equal(take(x), 0);
	assert_int_equal(x->got.flags, S | A);
	x->iss = x->got.seq;
	x->window = with & WITH_WSCALE ? 512 : 65535;
	give(x, A, 1, 1, 0);
	assert_int_equal(tcp_proto.accept(*listener, &x->s), 0);
	expect_none(x);
}

static inline void script_write(struct script *x, size_t bytes)
{
	static uint8_t data[65536];

	assert_int_equal(rig_send(x->s, data, bytes, 0), (ssize_t)bytes);
}

#endif
