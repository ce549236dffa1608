/* SPDX-License-Identifier: MIT */
/*
 * TCP against a peer that does anything. The input is a list of deeds: segments whose numbers are
 * near what the connection expects (or wild), with raw option bytes; time passing; calls of the
 * program. What must hold: no crash, no leak, the invariants of tcp_check() in debug builds, sums
 * that agree at the end.
 */
#include "../unit/tcp/tcp_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define SOCKS 4

struct play {
	struct rig r;
	struct sock *listener;
	struct sock *socks[SOCKS];
	uint16_t local_port, peer_port;
	struct reader in;
};

/* The end the next segment is aimed at: what the last socket expects, if it is connected. */
static void aim(const struct play *x, uint32_t *seq, uint32_t *ack)
{
	*seq = 1000;
	*ack = 0;
	for (int i = 0; i < SOCKS; i++) {
		const struct tcp *t = (const struct tcp *)(const void *)x->socks[i];

		if (t && t->state != TCP_CLOSE && t->state != TCP_LISTEN) {
			*seq = t->state == TCP_SYN_SENT ? 1000 : t->rcv_nxt;
			*ack = t->snd_nxt;
			return;
		}
	}
}

/* A number near the one expected, or anywhere. */
static uint32_t near(uint32_t expected, int16_t off, int wild)
{
	uint32_t far = (uint32_t)(uint16_t)off << 16;
	int32_t little = off / 16;

	if (wild)
		return far;
	return expected + (uint32_t)little;
}

static void segment(struct play *x)
{
	struct berth_packet *p = packet_new(x->r.pool);
	uint8_t head[60] = {0};
	uint8_t flags = read_u8(&x->in);
	uint8_t how = read_u8(&x->in);
	uint16_t payload = read_be16(&x->in) & 0x7fff;
	uint8_t options = read_u8(&x->in) % 41;
	int16_t seq_off = (int16_t)read_be16(&x->in);
	int16_t ack_off = (int16_t)read_be16(&x->in);
	uint32_t seq;
	uint32_t ack;

	aim(x, &seq, &ack);
	options &= 0xfc;
	store_be16(head, x->peer_port);
	store_be16(head + 2, x->local_port);
	store_be32(head + 4, near(seq, seq_off, how & 1));
	store_be32(head + 8, near(ack, ack_off, how & 2));
	head[12] = (uint8_t)((20 + options) / 4 << 4);
	head[13] = flags;
	store_be16(head + 14, how & 4 ? 0 : read_be16(&x->in));
	store_be16(head + 18, how & 8 ? read_be16(&x->in) : 0);
	for (uint8_t i = 0; i < options; i++)
		head[20 + i] = read_u8(&x->in);
	memcpy(packet_push(p, 20u + options), head, 20u + options);
	if (payload > 3000 && !(how & 16))
		payload %= 1461;
	if (payload) {
		static const uint8_t zeros[32768];

		(void)packet_append_copy(p, zeros, payload);
	}
	if (how & 32 && payload > 1460)
		p->gso_bytes = 1460;
	p->csum = CSUM_VERIFIED;
	x->r.give_tos = how >> 6; /* ECN */
	rig_give(&x->r, 0, p);
	x->r.give_tos = 0;
}

/* sendto(MSG_FASTOPEN), as the socket layer passes it on. */
static ssize_t open_with(struct sock *s, const struct endpoint *to, uint8_t *data, size_t bytes)
{
	struct iovec iov = {data, bytes};
	struct proto_msg m = {.iov = &iov,
			      .iov_count = 1,
			      .bytes = bytes,
			      .flags = MSG_FASTOPEN,
			      .has_addr = true,
			      .addr = *to};

	return tcp_proto.send(s, &m);
}

static void call(struct play *x)
{
	static uint8_t buf[20000];
	uint8_t which = read_u8(&x->in);
	struct sock **slot = &x->socks[which & (SOCKS - 1)];
	struct sock *s = *slot;
	int value = read_u8(&x->in);
	struct endpoint peer = rig_endpoint(&x->r, 1, x->peer_port);
	struct sock_options *edited;

	if (!s) {
		if (tcp_proto.accept(x->listener, slot) < 0 && which & 64)
			*slot = sock_new(x->r.hosts[0].tp, &tcp_proto, AF_INET);
		return;
	}
	switch (which >> 2 & 15) {
	case 0:
	case 1:
		(void)rig_send(s, buf, (size_t)value * 77,
			       value & 1   ? MSG_OOB
			       : value & 2 ? MSG_MORE
					   : 0);
		break;
	case 2:
	case 3:
		(void)rig_recv(s, buf, (size_t)value * 77, value & 1 ? MSG_PEEK : 0);
		break;
	case 4:
		(void)rig_recv(s, buf, 1, MSG_OOB);
		break;
	case 5:
		(void)tcp_proto.shutdown(s, value % 3);
		break;
	case 6:
		edited = sock_edit_options(s); /* NULL: an allocation was to fail */
		if (edited)
			edited->linger = value & 1;
		tcp_proto.close(s);
		*slot = NULL;
		break;
	case 7:
		if (value & 1)
			(void)open_with(s, &peer, buf, (size_t)value * 10);
		else
			(void)tcp_proto.connect(s, &peer);
		if (s->local.port)
			x->local_port = s->local.port;
		break;
	case 8:
		(void)tcp_proto.disconnect(s);
		break;
	case 9:
		(void)opt_level_set(&tcp_options, s, value, &value, sizeof(value));
		break;
	case 10:
		s->rcvbuf = 2304u + (uint32_t)value * 1000;
		edited = sock_edit_options(s);
		if (edited)
			edited->rcvbuf_locked = true;
		break;
	case 11:
		x->r.hosts[0].net.mtu = 200u + (uint32_t)value * 8;
		break;
	case 12:
		x->r.hosts[0].f.fail_at = x->r.hosts[0].f.calls + 1 + value;
		break;
	case 13:
		x->local_port = value & 1 ? 80 : s->local.port;
		break;
	case 14:
		x->r.hosts[0].net.netif.tx_full = value & 1;
		if (!(value & 1))
			tcp_on_tx_space(x->r.hosts[0].tp, &x->r.hosts[0].net.netif);
		break;
	default:
		(void)tcp_proto.poll(s);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct play *x = calloc(1, sizeof(*x));
	unsigned deeds = 0;

	rig_init(&x->r, 1);
	x->r.scripted = true;
	x->r.hosts[0].f.env.knobs.tcp_ecn = bytes & 1;
	/* Every way of it; without cookies data in SYNs is taken. */
	x->r.hosts[0].f.env.knobs.tcp_fastopen = bytes & 2 ? 0x603 : 0x3;
	x->r.hosts[0].f.env.knobs.tcp_fastopen_blackhole_timeout_sec = bytes & 4 ? 10 : 0;
	x->r.hosts[0].f.env.knobs.tcp_mtu_probing = bytes >> 3 & 3 ? 2 : 1;
	x->in = reader_of(data, bytes);
	x->listener = rig_listen(&x->r, 0, 80, 2);
	x->local_port = 80;
	x->peer_port = 4000;
	while (reader_left(&x->in) > 1 && deeds++ < 400) {
		switch (read_u8(&x->in) & 7) {
		case 0:
			rig_run(&x->r, x->r.now + (berth_time)read_be16(&x->in) * BERTH_MSEC / 8);
			break;
		case 1:
			rig_run(&x->r, x->r.now + (berth_time)read_u8(&x->in) * BERTH_SEC);
			break;
		case 2:
		case 3:
			call(x);
			break;
		default:
			segment(x);
			break;
		}
		packet_queue_clear(&x->r.sent);
	}
	x->r.hosts[0].f.fail_at = 0;
	for (int i = 0; i < SOCKS; i++) {
		if (x->socks[i])
			tcp_proto.close(x->socks[i]);
	}
	tcp_proto.close(x->listener);
	rig_fini(&x->r);
	free(x);
	return 0;
}
