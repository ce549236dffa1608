/* SPDX-License-Identifier: MIT */
/*
 * UDP and UDP-Lite, the way in.
 *
 * A packet goes to the sock connected with its ends, else to the best one bound to its port;
 * broadcasts and multicasts to all of them. Nobody: port unreachable (RFC 1122 §4.1.3.1, RFC 4443
 * §3.1). A super-packet goes whole to who has UDP_GRO, else datagram by datagram.
 *
 * ICMP errors find their sock by the ends in the datagram that comes back, see dgram_on_error().
 *
 * A checksum of zero is none. IPv4 allows it (RFC 768); IPv6 only to who said so (RFC 8200 §8.1,
 * RFC 6936), UDP-Lite never.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "base/check.h"
#include "base/env.h"
#include "link/netif.h"
#include "pkt/csum.h"
#include "transport/demux.h"
#include "transport/member.h"
#include "transport/udp.h"
#include "wire/udp_header.h"

/* One packet, as far as it is understood. */
struct arrival {
	const struct ip_info *info;
	struct udp_header h;
	struct flow flow;
	enum space space;
	uint16_t covered; /* bytes that the checksum covers */
	bool partly;	  /* not all of them */
};

static void refuse(struct transport *tp, struct berth_packet *p, enum drop reason)
{
	drop(tp->env, reason);
	packet_free(p);
}

/* What the sock asks of a packet besides its ends. */
static bool acceptable(struct sock *s, const struct arrival *a)
{
	const struct udp *u = udp_of(s);

	if (a->space == SPACE_UDP)
		return a->h.checksum != 0 || ipaddr_is4(&a->info->src) || u->no_check6_rx;
	/* Linux: who says that it takes no partial coverage gets none. */
	return !u->limits_recv || !a->partly ||
	       (u->recv_coverage != 0 && a->covered >= u->recv_coverage);
}

/* Gives the sock a packet, which starts at its header; consumed. */
static void deliver(struct sock *s, struct berth_packet *p, const struct arrival *a)
{
	if (!acceptable(s, a)) {
		refuse(s->tp, p, DROP_UDP_CHECKSUM);
		return;
	}
	while (p && p->gso_bytes && !udp_of(s)->gro) {
		struct berth_packet *first = packet_cut(&p);

		if (!first) {
			refuse(s->tp, p, DROP_NO_MEMORY);
			return;
		}
		packet_trim_front(first, UDP_HEADER_BYTES);
		dgram_deliver(dgram_of(s), first, a->info, a->flow.remote_port);
	}
	if (!p)
		return;
	packet_trim_front(p, UDP_HEADER_BYTES);
	dgram_deliver(dgram_of(s), p, a->info, a->flow.remote_port);
}

/* A packet for many: each gets a copy of its own. */
struct group_packet {
	const struct berth_packet *p;
	const struct arrival *a;
	bool taken;
};

static void deliver_copy(void *ctx, struct sock *s)
{
	struct group_packet *g = ctx;
	const struct ip_info *info = g->a->info;
	struct berth_packet *copy;

	if (info->multicast && !member_wants(dgram_of(s), info))
		return;
	g->taken = true;
	copy = packet_clone(g->p);
	if (copy)
		deliver(s, copy, g->a);
	else
		drop(s->tp->env, DROP_NO_MEMORY);
}

static void deliver_all(struct transport *tp, struct berth_packet *p, const struct arrival *a)
{
	struct group_packet g = {p, a, false};

	demux_each(tp, a->space, &a->flow, deliver_copy, &g);
	if (!g.taken)
		drop(tp->env, DROP_UDP_NO_PORT);
	packet_free(p);
}

static void deliver_one(struct transport *tp, struct berth_packet *p, struct arrival *a)
{
	struct sock *s;

	a->flow.packet = p;
	a->flow.payload_at = UDP_HEADER_BYTES;
	s = demux_find(tp, a->space, &a->flow);
	if (s) {
		deliver(s, p, a);
		return;
	}
	icmp_error_send(tp->net, p, a->info, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
	refuse(tp, p, DROP_UDP_NO_PORT);
}

/* How many of `bytes` bytes the checksum covers (RFC 3828 §3.1). False: what cannot be. */
static bool find_coverage(struct arrival *a, size_t bytes)
{
	a->covered = a->h.bytes;
	if (a->space == SPACE_UDPLITE && a->h.bytes == 0)
		a->covered = (uint16_t)bytes;
	a->partly = a->covered < bytes;
	return a->covered >= UDP_HEADER_BYTES && a->covered <= bytes;
}

static bool checksum_right(const struct berth_packet *p, const struct arrival *a)
{
	bool lite = a->space == SPACE_UDPLITE;
	uint32_t sum;

	if (p->csum != CSUM_NONE || (a->h.checksum == 0 && !lite))
		return true;
	if (a->h.checksum == 0)
		return false;
	sum = ipaddr_pseudo_sum(&a->info->src, &a->info->dst, a->info->protocol, packet_bytes(p));
	return csum_finish(packet_sum(p, 0, a->covered, sum)) == 0;
}

static void input(void *ctx, struct berth_packet *p, const struct ip_info *info)
{
	struct transport *tp = ctx;
	struct arrival a = {.info = info,
			    .space = info->protocol == IPPROTO_UDPLITE ? SPACE_UDPLITE : SPACE_UDP};
	struct reader r;

	if (!packet_pull(p, UDP_HEADER_BYTES)) {
		refuse(tp, p, DROP_UDP_TRUNCATED);
		return;
	}
	r = reader_of(packet_head(p), p->head_len);
	(void)udp_read(&r, &a.h); /* as many bytes are there */
	if (!find_coverage(&a, packet_bytes(p))) {
		refuse(tp, p, DROP_UDP_TRUNCATED);
		return;
	}
	if (a.space == SPACE_UDP)
		packet_trim_to(p, a.h.bytes);
	/* A checksum that is but a flag is there. */
	if (p->csum == CSUM_PARTIAL)
		a.h.checksum = 1;
	if (!checksum_right(p, &a)) {
		refuse(tp, p, DROP_UDP_CHECKSUM);
		return;
	}
	a.flow = flow_of(info, a.h.src_port, a.h.dst_port);
	if (info->broadcast || info->multicast)
		deliver_all(tp, p, &a);
	else
		deliver_one(tp, p, &a);
}

/* The socket that sent a packet which an error quotes; NULL: none. */
static struct sock *sender_of(struct transport *tp, const struct ip_error *e, uint16_t *out_port)
{
	enum space space = e->protocol == IPPROTO_UDPLITE ? SPACE_UDPLITE : SPACE_UDP;
	struct reader r = reader_of(e->l4, e->l4_bytes);
	struct udp_header h;

	if (!udp_read(&r, &h))
		return NULL;
	struct flow f = {.local = e->src,
			 .remote = e->dst,
			 .local_port = h.src_port,
			 .remote_port = h.dst_port,
			 .ifindex = e->ifindex};

	*out_port = h.dst_port;
	return demux_find(tp, space, &f);
}

static bool concerns(void *ctx, const struct ip_error *e)
{
	uint16_t port;

	return sender_of(ctx, e, &port) != NULL;
}

static void on_error(void *ctx, const struct ip_error *e)
{
	uint16_t port = 0;
	struct sock *s = sender_of(ctx, e, &port);

	if (s)
		dgram_on_error(dgram_of(s), e, port, UDP_HEADER_BYTES);
}

void udp_init(struct transport *tp)
{
	struct ip_protocol handler = {
		.input = input, .error = on_error, .concerns = concerns, .ctx = tp};

	net_register(tp->net, IPPROTO_UDP, &handler);
	net_register(tp->net, IPPROTO_UDPLITE, &handler);
}
