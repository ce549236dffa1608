/* SPDX-License-Identifier: MIT */
/*
 * What TCP's tests stand on: hosts that have TCP and the transport layer, and below them not IP but
 * this file. Two hosts are joined by a wire with delay, loss, duplicates and reordering drawn from
 * a seed; or a host faces a script, which takes each segment it sends and gives it segments.
 */
#ifndef TESTS_UNIT_TCP_RIG_H
#define TESTS_UNIT_TCP_RIG_H

#include "../fixture.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include <berth/berth.h>

#include "link/netif.h"
#include "net/net.h"
#include "pkt/packet.h"
#include "tcp/tcp.h"
#include "tcp/tcp_usr.h"
#include "transport/demux.h"
#include "transport/port.h"
#include "wire/tcp_header.h"

#define RIG_MTU 1500u

struct rig;

struct net {
	struct rig *rig;
	int host; /* 0 or 1 */
	struct env *env;
	struct netif netif;
	struct ipaddr addr;
	struct ip_protocol tcp;
	uint32_t mtu;	/* of the path; a packet that is larger comes back as an error */
	int path_error; /* ip_path_find() fails with it */
};

struct rig_host {
	struct fixture f;
	struct net net;
	struct transport *tp;
};

/* A packet under way. */
struct rig_flight {
	struct berth_packet *p;
	berth_time due;
	uint64_t order;
	int to;
	uint8_t tos;
};

#define RIG_FLIGHTS_MAX 65536
#define RIG_SENT_MAX 4096u

struct rig {
	struct rig_host hosts[2];
	struct berth_pool *pool;
	struct fixture dice;
	berth_time now;
	/* The wire, per mille. */
	berth_time delay, jitter;
	unsigned loss, duplicate;
	unsigned mark; /* CE, of what carries ECT */
	uint32_t hole; /* IPv4 packets that are larger vanish; 0: none do */
	uint64_t marked;
	uint8_t give_tos;		/* of what rig_give() gives */
	uint8_t sent_tos[RIG_SENT_MAX]; /* of the packets in `sent` */
	uint32_t sent_count, taken_count;
	bool scripted; /* host 1 is the script: what host 0 sends is in `sent` */
	struct packet_queue sent;
	struct rig_flight *flights; /* a heap by (due, order) */
	uint32_t flight_count;
	uint64_t order;
	uint64_t packets, bytes; /* that were sent */
};

static inline bool rig_before(const struct rig_flight *a, const struct rig_flight *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static inline void rig_fly(struct rig *r, struct berth_packet *p, int to, berth_time due,
			   uint8_t tos)
{
	uint32_t i = r->flight_count++;

	assert_true(i < RIG_FLIGHTS_MAX);
	r->flights[i] = (struct rig_flight){p, due, r->order++, to, tos};
	while (i > 0 && rig_before(&r->flights[i], &r->flights[(i - 1) / 2])) {
		struct rig_flight up = r->flights[(i - 1) / 2];

		r->flights[(i - 1) / 2] = r->flights[i];
		r->flights[i] = up;
		i = (i - 1) / 2;
	}
}

static inline struct rig_flight rig_land(struct rig *r)
{
	struct rig_flight first = r->flights[0];
	uint32_t i = 0;

	r->flights[0] = r->flights[--r->flight_count];
	for (;;) {
		uint32_t least = i;

		for (uint32_t k = 2 * i + 1; k <= 2 * i + 2 && k < r->flight_count; k++) {
			if (rig_before(&r->flights[k], &r->flights[least]))
				least = k;
		}
		if (least == i)
			return first;
		struct rig_flight down = r->flights[i];

		r->flights[i] = r->flights[least];
		r->flights[least] = down;
		i = least;
	}
}

/* --- what net/ would be --- */

void net_register(struct net *net, uint8_t protocol, const struct ip_protocol *handler)
{
	assert_int_equal(protocol, IPPROTO_TCP);
	net->tcp = *handler;
}

/* Nobody filters here. */
struct links *net_links(const struct net *net)
{
	(void)net;
	return NULL;
}

int ip_path_find(struct net *net, const struct ipaddr *dst, const struct ipaddr *src,
		 unsigned ifindex, struct ip_path *path)
{
	(void)ifindex;
	if (net->path_error)
		return net->path_error;
	*path = (struct ip_path){.src = src && !ipaddr_is_any(src) ? *src : net->addr,
				 .dst = *dst,
				 .next_hop = *dst,
				 .netif = &net->netif,
				 .generation = 1,
				 .mtu = net->mtu};
	return 0;
}

int ip_path_check(struct net *net, struct ip_path *path, unsigned ifindex)
{
	(void)ifindex;
	path->mtu = net->mtu;
	return net->path_error;
}

void ip_path_confirm(struct net *net, struct ip_path *path)
{
	(void)net;
	(void)path;
}

enum ip_kind ip_kind_of(const struct net *net, const struct ipaddr *a)
{
	return ipaddr_equal(a, &net->addr) ? IP_KIND_LOCAL : IP_KIND_OTHER;
}

int ip_output(struct net *net, struct berth_packet *p, const struct ip_path *path,
	      const struct ip_send *send)
{
	struct rig *r = net->rig;
	bool local = ipaddr_equal(&path->dst, &net->addr);
	int to = local ? net->host : 1 - net->host;

	uint8_t tos = send->tos;

	if (!p->gso_bytes && packet_bytes(p) + 20 > net->mtu) {
		packet_free(p);
		return -EMSGSIZE;
	}
	assert_true(p->gso_bytes <= net->mtu - 40);
	r->packets++;
	r->bytes += p->payload_bytes;
	if (r->scripted && !local) {
		r->sent_tos[r->sent_count++ % RIG_SENT_MAX] = tos;
		packet_queue_add(&r->sent, p);
		return 0;
	}
	if (r->hole && (p->gso_bytes || packet_bytes(p) + 20 > r->hole)) {
		assert_int_equal(p->gso_bytes, 0); /* the rig's interfaces take none */
		packet_free(p);
		return 0;
	}
	if (fixture_below(&r->dice, 1000) < r->loss) {
		packet_free(p);
		return 0;
	}
	berth_time due = r->now + r->delay;

	if ((tos & 3) && r->mark && fixture_below(&r->dice, 1000) < r->mark) {
		tos |= 3;
		r->marked++;
	}
	if (fixture_below(&r->dice, 1000) < r->duplicate) {
		struct berth_packet *again = packet_clone(p);

		assert_non_null(again);
		rig_fly(r, again, to, due + (berth_time)fixture_below(&r->dice, 1000000), tos);
	}
	if (r->jitter)
		due += (berth_time)fixture_below(&r->dice, (size_t)r->jitter);
	rig_fly(r, p, to, due, tos);
	return 0;
}

/* --- time and the wire --- */

static inline void rig_give(struct rig *r, int to, struct berth_packet *p)
{
	struct net *net = &r->hosts[to].net;
	struct ip_info info = {
		.dst = net->addr, .src = r->hosts[1 - to].net.addr, .ttl = 64, .tos = r->give_tos};

	/* A connection to oneself. */
	if (p->flags & PACKET_FORWARDED)
		info.src = net->addr;
	net->tcp.input(net->tcp.ctx, p, &info);
}

static inline void rig_set_now(struct rig *r, berth_time now)
{
	r->now = now;
	for (int i = 0; i < 2; i++)
		r->hosts[i].f.env.now = now;
}

/* The next moment at which something happens. */
static inline berth_time rig_deadline(const struct rig *r)
{
	berth_time at = r->flight_count ? r->flights[0].due : BERTH_TIME_NEVER;

	for (int i = 0; i < 2; i++) {
		berth_time timer = timers_deadline(&r->hosts[i].f.env.timers);

		if (timer < at)
			at = timer;
	}
	return at;
}

/* Does what is due now. */
static inline void rig_settle(struct rig *r)
{
	for (int i = 0; i < 2; i++)
		timers_run(&r->hosts[i].f.env);
	while (r->flight_count && r->flights[0].due <= r->now) {
		struct rig_flight f = rig_land(r);

		r->give_tos = f.tos;
		rig_give(r, f.to, f.p);
		r->give_tos = 0;
	}
}

/* Lets time pass to `until`. */
static inline void rig_run(struct rig *r, berth_time until)
{
	rig_settle(r);
	while (rig_deadline(r) <= until) {
		berth_time at = rig_deadline(r);

		rig_set_now(r, at > r->now ? at : r->now);
		rig_settle(r);
	}
	rig_set_now(r, until);
}

/* Linux's values, as stack/sysctl.c has them. */
static inline void rig_configure(struct env *env)
{
	env->limits = (struct berth_limits){
		.sockets_max = 1u << 20,
		.timewait_max = 65536,
		.tcp_rmem_max = 6u << 20,
		.tcp_wmem_max = 4u << 20,
		.rmem_max = 4u << 20,
		.wmem_max = 4u << 20,
		.bytes_max = 1u << 30,
	};
	env->knobs = (struct knobs){
		.ip_local_port_lo = 32768,
		.ip_local_port_hi = 60999,
		.somaxconn = 4096,
		.tcp_rmem_default = 131072,
		.tcp_wmem_default = 16384,
		.tcp_fin_timeout = 60,
		.tcp_keepalive_time = 7200,
		.tcp_keepalive_intvl = 75,
		.tcp_keepalive_probes = 9,
		.tcp_retries1 = 3,
		.tcp_retries2 = 15,
		.tcp_syn_retries = 6,
		.tcp_synack_retries = 5,
		.tcp_syn_linear_timeouts = 4,
		.tcp_syncookies = 1,
		.tcp_max_syn_backlog = 4096,
		.tcp_sack = 1,
		.tcp_base_mss = 1024,
		.tcp_mtu_probe_floor = 48,
		.tcp_min_snd_mss = 48,
		.tcp_probe_threshold = 8,
		.tcp_probe_interval = 600,
		.tcp_ecn = 2,
		.tcp_ecn_fallback = 1,
		.tcp_dsack = 1,
		.tcp_timestamps = 1,
		.tcp_window_scaling = 1,
		.tcp_tw_reuse = 2,
		.tcp_moderate_rcvbuf = 1,
		.tcp_slow_start_after_idle = 1,
		.tcp_notsent_lowat = -1,
		.tcp_congestion_control = 1,
		.tcp_challenge_ack_limit = INT32_MAX,
	};
}

static inline void rig_init(struct rig *r, uint64_t seed)
{
	*r = (struct rig){.now = 1000 * BERTH_SEC, .delay = 10 * BERTH_MSEC};
	fixture_init(&r->dice, seed);
	r->flights = calloc(RIG_FLIGHTS_MAX, sizeof(*r->flights));
	r->pool = berth_pool_new(NULL, 0);
	assert_non_null(r->pool);
	for (int i = 0; i < 2; i++) {
		struct rig_host *h = &r->hosts[i];

		fixture_init(&h->f, seed * 2 + (uint64_t)i + 1);
		rig_configure(&h->f.env);
		h->f.env.pool = r->pool;
		h->net = (struct net){.rig = r, .host = i, .env = &h->f.env, .mtu = RIG_MTU};
		h->net.addr = ipaddr_from4(0x0a000001u + (uint32_t)i);
		h->net.netif.mtu = RIG_MTU;
		h->net.netif.up = h->net.netif.running = true;
		h->tp = transport_new(&h->f.env, &h->net);
		assert_non_null(h->tp);
		assert_int_equal(tcp_init(h->tp), 0);
	}
	rig_set_now(r, r->now);
}

static inline void rig_fini(struct rig *r)
{
	while (r->flight_count)
		packet_free(rig_land(r).p);
	packet_queue_clear(&r->sent);
	for (int i = 0; i < 2; i++) {
		tcp_shutdown(r->hosts[i].tp);
		tcp_fini(r->hosts[i].tp);
		transport_free(r->hosts[i].tp);
		assert_int_equal(r->hosts[i].f.env.bytes_held, 0);
		fixture_fini(&r->hosts[i].f);
	}
	assert_int_equal(pool_packets(r->pool), 0);
	berth_pool_free(r->pool);
	free(r->flights);
	timers_fini(&r->dice.env.timers, &r->dice.env);
}

/* --- sockets --- */

static inline struct sock *rig_socket(struct rig *r, int host)
{
	struct sock *s = sock_new(r->hosts[host].tp, &tcp_proto, AF_INET);

	assert_non_null(s);
	return s;
}

static inline struct endpoint rig_endpoint(const struct rig *r, int host, uint16_t port)
{
	return (struct endpoint){.addr = r->hosts[host].net.addr, .port = port};
}

static inline struct sock *rig_listen(struct rig *r, int host, uint16_t port, int backlog)
{
	struct sock *s = rig_socket(r, host);
	struct endpoint at = rig_endpoint(r, host, port);

	assert_int_equal(transport_bind(s, &at), 0);
	assert_int_equal(tcp_proto.listen(s, backlog), 0);
	return s;
}

/* Begins to connect from `host` to the other one. */
static inline struct sock *rig_connect(struct rig *r, int host, uint16_t port)
{
	struct sock *s = rig_socket(r, host);
	struct endpoint to = rig_endpoint(r, 1 - host, port);

	assert_int_equal(tcp_proto.connect(s, &to), -EINPROGRESS);
	return s;
}

static inline ssize_t rig_send(struct sock *s, const void *data, size_t bytes, int flags)
{
	struct iovec iov = {(void *)(uintptr_t)data, bytes};
	struct proto_msg m = {.iov = &iov, .iov_count = 1, .bytes = bytes, .flags = flags};

	return tcp_proto.send(s, &m);
}

static inline ssize_t rig_recv(struct sock *s, void *data, size_t bytes, int flags)
{
	struct iovec iov = {data, bytes};
	struct proto_msg m = {.iov = &iov, .iov_count = 1, .bytes = bytes, .flags = flags};

	return tcp_proto.recv(s, &m);
}

static inline int rig_state(const struct sock *s)
{
	return ((const struct tcp *)(const void *)s)->state;
}

/* A pair of connected sockets: [0] connected to port `port`, [1] was accepted. */
static inline void rig_pair(struct rig *r, uint16_t port, struct sock *out[2])
{
	struct sock *l = rig_listen(r, 1, port, 5);

	out[0] = rig_connect(r, 0, port);
	for (int i = 0; i < 600 && rig_state(out[0]) != TCP_ESTABLISHED; i++)
		rig_run(r, r->now + 100 * BERTH_MSEC);
	assert_int_equal(rig_state(out[0]), TCP_ESTABLISHED);
	for (int i = 0; i < 600; i++) {
		if (tcp_proto.accept(l, &out[1]) == 0) {
			tcp_proto.close(l);
			return;
		}
		rig_run(r, r->now + 100 * BERTH_MSEC);
	}
	fail_msg("not accepted");
}

/* The byte at a place of the test stream. */
static inline uint8_t rig_byte(uint64_t at)
{
	return (uint8_t)(at * 167 + (at >> 8) * 13 + (at >> 16));
}

/* One direction of a transfer that is checked byte by byte. */
struct rig_stream {
	struct sock *from, *to;
	uint64_t total, sent, received;
	size_t chunk;
	bool finished;
};

/* Sends and receives what can be. */
static inline void rig_pump(struct rig_stream *x)
{
	uint8_t buf[65536];

	while (x->sent < x->total) {
		size_t n = x->chunk < x->total - x->sent ? x->chunk : (size_t)(x->total - x->sent);

		for (size_t i = 0; i < n; i++)
			buf[i] = rig_byte(x->sent + i);
		ssize_t done = rig_send(x->from, buf, n, 0);

		if (done == -EAGAIN)
			break;
		assert_true(done > 0);
		x->sent += (uint64_t)done;
	}
	if (x->sent == x->total && !x->finished) {
		x->finished = true;
		assert_int_equal(tcp_proto.shutdown(x->from, SHUT_WR), 0);
	}
	for (;;) {
		ssize_t n = rig_recv(x->to, buf, x->chunk, 0);

		if (n == -EAGAIN || n == 0)
			break;
		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], rig_byte(x->received + (uint64_t)i));
		x->received += (uint64_t)n;
	}
}

/* Pumps until all has arrived or `limit` has passed. Returns how long it took. */
static inline berth_time rig_transfer(struct rig *r, struct rig_stream *x, berth_time limit)
{
	berth_time begin = r->now;

	rig_pump(x);
	while (x->received < x->total && r->now < begin + limit) {
		berth_time at = rig_deadline(r);

		assert_true(at < BERTH_TIME_NEVER);
		rig_set_now(r, at > r->now ? at : r->now);
		rig_settle(r);
		rig_pump(x);
	}
	assert_int_equal(x->received, x->total);
	return r->now - begin;
}

#endif
