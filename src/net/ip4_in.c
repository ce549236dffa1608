/* SPDX-License-Identifier: MIT */
/*
 * IPv4 input (RFC 791, RFC 1122 §3.2.1, RFC 1812 §4.2 and §5.3).
 *
 * A packet is checked, then its addresses are judged: for this host, for another, or for nobody.
 * The judgement depends on (interface, source, destination) and on this host's addresses and
 * routes only, so the last few are kept, each with the generation it was made in, in a small
 * direct-mapped table: packets of a running connection cost one comparison. Strangers can
 * at worst empty that table.
 *
 * Deviation: source routes are refused, as Linux does with accept_source_route=0.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/ip4_options.h"
#include "net/mcast.h"
#include "wire/icmp_header.h"

enum verdict {
	VERDICT_LOCAL,
	VERDICT_BAD_SOURCE,
	VERDICT_NOT_LOCAL,
	VERDICT_FORWARD, /* from here on: what a router does with it */
	VERDICT_NO_ROUTE,
	VERDICT_UNREACHABLE,
};

/* What is known of packets from src to dst that come in through an interface. */
struct flow {
	uint32_t src, dst;
	unsigned ifindex;
	enum verdict verdict;
	bool broadcast, multicast; /* dst */
	uint64_t generation;
	struct ip_path path; /* VERDICT_FORWARD */
};

#define FLOW_SLOTS 16u /* a power of two */

struct flows {
	struct flow slots[FLOW_SLOTS];
};

struct flows *flows_new(struct env *env)
{
	return env_calloc(env, 1, sizeof(struct flows));
}

void flows_free(struct flows *f, struct env *env)
{
	env_free(env, f);
}

/* Sources that nobody may have (RFC 1122 §3.2.1.3, RFC 1812 §5.3.7; Linux: martians). */
static bool source_valid(const struct net *net, const struct netif *n, uint32_t src, uint32_t dst,
			 bool framed)
{
	struct ipaddr a = ipaddr_from4(src);

	if (src >> 28 >= 0xe) /* multicast, class E and 255.255.255.255 */
		return false;
	if (src >> 24 == 0) /* a host that does not know its address (RFC 2131) */
		return src == 0 && dst == 0xffffffff;
	/* Linux: what comes in through lo was routed when it left, and is not judged again; only a
	 * raw socket can have given it a stranger's address. A packet socket's frames were not. */
	if (n->kind == BERTH_NETIF_LOOPBACK && !framed)
		return true;
	return src >> 24 != 127 && !addr_is_local(net, &a) && !addr_by_broadcast(net, &a);
}

static enum verdict judge_routed(struct net *net, const struct netif *n, struct flow *f)
{
	const struct ipaddr dst = ipaddr_from4(f->dst);
	const struct ipaddr any = ipaddr_from4(0);
	int err;

	if (n->kind == BERTH_NETIF_LOOPBACK)
		return VERDICT_NOT_LOCAL;
	/* RFC 1812 §5.3.7: not 0/8, 127/8, nor class E. */
	if (f->dst >> 24 == 0 || f->dst >> 24 == 127 || f->dst >> 28 >= 0xf)
		return VERDICT_NOT_LOCAL;
	err = ip_path_find(net, &dst, &any, 0, &f->path);
	if (!err)
		return VERDICT_FORWARD;
	return err == -EHOSTUNREACH ? VERDICT_UNREACHABLE : VERDICT_NO_ROUTE;
}

static enum verdict judge(struct net *net, const struct netif *n, struct flow *f, uint8_t flags)
{
	struct ipaddr dst = ipaddr_from4(f->dst);

	f->broadcast = false;
	f->multicast = false;
	if (!(flags & PACKET_LOOPED) &&
	    !source_valid(net, n, f->src, f->dst, flags & PACKET_FRAMED))
		return VERDICT_BAD_SOURCE;
	if (f->dst >> 28 == 0xe) {
		f->multicast = true;
		return mcast_joined(net, n, &dst) ? VERDICT_LOCAL : VERDICT_NOT_LOCAL;
	}
	if (f->dst == 0xffffffff || addr_by_broadcast(net, &dst)) {
		f->broadcast = true;
		return VERDICT_LOCAL;
	}
	if (f->dst >> 24 == 127 && n->kind != BERTH_NETIF_LOOPBACK)
		return VERDICT_NOT_LOCAL;
	if (addr_is_local(net, &dst))
		return VERDICT_LOCAL;
	return judge_routed(net, n, f);
}

static uint32_t flow_slot(uint32_t src, uint32_t dst, unsigned ifindex)
{
	uint32_t mixed = (src ^ dst * 0x9e3779b1u ^ ifindex) * 0x85ebca6bu;

	return mixed >> 28;
}
STATIC_ASSERT(FLOW_SLOTS == 1u << (32 - 28));

/* The judgement about a packet. The result is valid until the next call. */
static struct flow *judge_cached(struct net *net, const struct netif *n, const struct ip4_header *h,
				 uint8_t flags)
{
	bool special = flags & (PACKET_LOOPED | PACKET_FRAMED);
	struct flow *f = &net->flows->slots[flow_slot(h->src, h->dst, n->ifindex)];

	if (f->generation == net->generation && f->src == h->src && f->dst == h->dst &&
	    f->ifindex == n->ifindex && !special)
		return f;
	f->src = h->src;
	f->dst = h->dst;
	f->ifindex = n->ifindex;
	f->verdict = judge(net, n, f, flags);
	f->generation = special ? 0 : net->generation;
	return f;
}

/* Who asks by which address a packet met this host. */
struct meeting {
	struct net *net;
	const struct ip4_header *h;
	const struct flow *f;
};

/* Linux: fib_compute_spec_dst(): the destination, or what an answer would have as its source. */
static uint32_t met_at(void *ctx)
{
	const struct meeting *m = ctx;
	struct ipaddr to = ipaddr_from4(m->h->src);
	struct ipaddr any = ipaddr_from4(0);
	struct ip_path path;

	if (m->f->verdict == VERDICT_LOCAL && !m->f->broadcast && !m->f->multicast)
		return m->h->dst;
	return ip_path_find(m->net, &to, &any, 0, &path) ? 0 : ipaddr_to4(&path.src);
}

/* RFC 1122 §3.2.1.8. False: drop it. */
static bool options_accept(struct net *net, struct berth_packet *p, const struct ip4_header *h,
			   const struct flow *f, uint8_t *out_slot)
{
	struct meeting m = {net, h, f};
	uint8_t *options = packet_head(p) + IP4_HEADER_BYTES;
	bool changed;
	int fault =
		ip4_options_receive(net, options, h->options_len, met_at, &m, out_slot, &changed);

	if (changed)
		ip4_write_checksum(packet_head(p), h->header_bytes);
	if (fault >= 0)
		icmp4_error_about(net, p, h, ICMP4_PARAMETER, 0,
				  (uint32_t)(IP4_HEADER_BYTES + (size_t)fault));
	return fault == IP4_OPTIONS_FINE;
}

static void fill_info(struct ip_info *info, const struct berth_packet *p,
		      const struct ip4_header *h, const struct flow *f)
{
	info->src = ipaddr_from4(h->src);
	info->dst = ipaddr_from4(h->dst);
	info->protocol = h->protocol;
	info->ttl = h->ttl;
	info->tos = h->tos;
	info->broadcast = f->broadcast;
	info->multicast = f->multicast;
	info->ifindex = p->ifindex;
	info->fragment_bytes = 0;
	info->flow_label = 0;
	info->ext_first = 0;
	info->ext_bytes = 0;
	info->ext = NULL;
	info->options_len = h->options_len;
	if (h->options_len)
		memcpy(info->options, h->options, h->options_len);
}

static void deliver(struct net *net, struct berth_packet *p, const struct ip4_header *h,
		    const struct flow *f)
{
	const struct ip_protocol *handler = net_handler(net, h->protocol);
	struct ip_info info;
	bool heard;

	fill_info(&info, p, h, f);
	if (f->broadcast || f->multicast)
		p->broadcast = 1;
	packet_trim_front(p, h->header_bytes);
	heard = net_tell_raw(net, p, &info);
	if (h->protocol == IPPROTO_ICMP) {
		icmp4_input(net, p, &info);
	} else if (handler) {
		handler->input(handler->ctx, p, &info);
	} else if (heard) {
		packet_free(p);
	} else {
		icmp_error_send(net, p, &info, ICMP4_UNREACHABLE, ICMP4_UNREACHABLE_PROTOCOL, 0);
		net_refuse(net, p, DROP_IP4_PROTOCOL);
	}
}

static void deliver_local(struct net *net, struct berth_packet *p, struct ip4_header *h,
			  const struct flow *f)
{
	if (ip4_is_fragment(h)) {
		p = frag_input(net->frags, p, h);
		if (!p)
			return;
		struct reader r = reader_of(packet_head(p), p->head_len);

		(void)ip4_parse(&r, h); /* frag_input() wrote it */
	}
	deliver(net, p, h, f);
}

/* Reads and checks the header. False: the packet is gone. */
static bool accept_header(struct net *net, struct berth_packet *p, struct ip4_header *h)
{
	enum drop reason = DROP_IP4_HEADER;
	size_t header;

	if (!packet_pull(p, IP4_HEADER_BYTES)) {
		net_refuse(net, p, DROP_IP4_TRUNCATED);
		return false;
	}
	header = ip4_peek_header_bytes(packet_head(p));
	if (header && packet_pull(p, header)) {
		struct reader r = reader_of(packet_head(p), header);

		if (!ip4_parse(&r, h))
			reason = DROP_IP4_HEADER;
		else if (h->total_bytes > packet_bytes(p))
			reason = DROP_IP4_TRUNCATED;
		else if (p->csum != CSUM_PARTIAL && !ip4_checksum_ok(packet_head(p), header))
			reason = DROP_IP4_CHECKSUM;
		else
			return true;
	}
	net_refuse(net, p, reason);
	return false;
}

/* RFC 1122 §3.3.1.1: only a router does anything with what is not its own. */
static enum verdict verdict_now(const struct net *net, const struct flow *f)
{
	if (f->verdict >= VERDICT_FORWARD && !net->env->knobs.ip_forward)
		return VERDICT_NOT_LOCAL;
	return f->verdict;
}

void ip4_input(void *ctx, struct netif *n, struct berth_packet *p)
{
	struct net *net = ctx;
	struct ip4_header h;
	uint8_t slot = 0;
	struct flow *f;

	if (!accept_header(net, p, &h))
		return;
	if (packet_bytes(p) > h.total_bytes) /* Ethernet pads to 60 bytes */
		packet_trim_to(p, h.total_bytes);
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + h.header_bytes);
	f = judge_cached(net, n, &h, p->flags);
	if (h.options_len && f->verdict != VERDICT_BAD_SOURCE &&
	    !options_accept(net, p, &h, f, &slot)) {
		net_refuse(net, p, DROP_IP4_OPTIONS);
		return;
	}
	switch (verdict_now(net, f)) {
	case VERDICT_LOCAL:
		deliver_local(net, p, &h, f);
		break;
	case VERDICT_FORWARD:
		ip4_forward(net, p, &h, &f->path, slot);
		break;
	case VERDICT_BAD_SOURCE:
		net_refuse(net, p, DROP_IP4_SOURCE);
		break;
	case VERDICT_NOT_LOCAL:
		net_refuse(net, p, DROP_IP4_NOT_LOCAL);
		break;
	case VERDICT_NO_ROUTE:
		icmp4_error_about(net, p, &h, ICMP4_UNREACHABLE, ICMP4_UNREACHABLE_NET, 0);
		net_refuse(net, p, DROP_IP4_NO_ROUTE);
		break;
	case VERDICT_UNREACHABLE:
		icmp4_error_about(net, p, &h, ICMP4_UNREACHABLE, ICMP4_UNREACHABLE_HOST, 0);
		net_refuse(net, p, DROP_IP4_NO_ROUTE);
		break;
	}
}
