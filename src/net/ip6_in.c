/* SPDX-License-Identifier: MIT */
/*
 * IPv6 input (RFC 8200 §3 and §4).
 *
 * As for IPv4, what is known about (interface, source, destination) is kept with its generation in
 * a small table, so that packets of a running connection cost one comparison.
 *
 * Hop-by-hop options are looked at by every node, as Linux does; the other extension headers only
 * where the packet ends. All of them are made contiguous in head[], from which it follows
 * that a chain of more than EXTS_BYTES_MAX bytes is dropped (RFC 7045 §2.1, RFC 8883 allow such
 * limits). Routing headers that are not used up are refused (RFC 5095 for type 0; Linux: the others
 * too, unless it is configured to be a segment's end).
 *
 * Addresses that would be taken for IPv4 ones (::ffff:0:0/96) are of nobody (RFC 4291 §2.5.5.2).
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/mcast.h"
#include "wire/icmp6_header.h"

#define L4_BYTES_MAX 60u /* what a transport pulls later: the largest TCP header */
#define EXTS_BYTES_MAX (PACKET_HEAD_BYTES - IP6_HEADER_BYTES - L4_BYTES_MAX)

enum verdict {
	VERDICT_LOCAL,
	VERDICT_BAD_SOURCE,
	VERDICT_NOT_LOCAL,
	VERDICT_FORWARD, /* from here on: what a router does with it */
	VERDICT_NO_ROUTE,
	VERDICT_UNREACHABLE,
	VERDICT_PROHIBITED,
};

/* What is known of packets from src to dst that come in through an interface. */
struct flow6 {
	struct ipaddr src, dst;
	unsigned ifindex;
	unsigned info_ifindex; /* what sockets are told */
	enum verdict verdict;
	bool multicast; /* dst */
	uint64_t generation;
	struct ip_path path; /* VERDICT_FORWARD */
};

#define FLOW_SLOTS 16u /* a power of two */

struct flows6 {
	struct flow6 slots[FLOW_SLOTS];
};

struct flows6 *flows6_new(struct env *env)
{
	return env_calloc(env, 1, sizeof(struct flows6));
}

void flows6_free(struct flows6 *f, struct env *env)
{
	env_free(env, f);
}

/* Addresses that no packet on a link has (RFC 4291 §2.5.3, §2.7; Linux: ip6_rcv_core()). */
static bool addresses_valid(const struct netif *n, const struct flow6 *f, bool looped)
{
	bool local = looped || n->kind == BERTH_NETIF_LOOPBACK;

	if (ipaddr_is_multicast(&f->src) || ipaddr_is4(&f->src) || ipaddr_is4(&f->dst) ||
	    ipaddr_is_any(&f->dst))
		return false;
	if (!local && (ipaddr_is_loopback(&f->src) || ipaddr_is_loopback(&f->dst)))
		return false;
	if (!ipaddr_is_multicast(&f->dst))
		return true;
	/* Scope 0 is reserved, and 1 never crosses a link. */
	return addr_scope(&f->dst) > (local ? 0u : 1u);
}

static enum verdict judge_routed(struct net *net, const struct netif *n, struct flow6 *f)
{
	const struct ipaddr any = {{0}};
	int err;

	if (n->kind == BERTH_NETIF_LOOPBACK || ipaddr_is_any(&f->src) ||
	    ipaddr_is_link_local(&f->dst))
		return VERDICT_NOT_LOCAL;
	err = ip_path_find(net, &f->dst, &any, 0, &f->path);
	switch (err) {
	case 0:
		return VERDICT_FORWARD;
	case -EHOSTUNREACH:
		return VERDICT_UNREACHABLE;
	case -EACCES:
		return VERDICT_PROHIBITED;
	default:
		return VERDICT_NO_ROUTE;
	}
}

static enum verdict judge(struct net *net, const struct netif *n, struct flow6 *f, bool looped)
{
	bool lo = n->kind == BERTH_NETIF_LOOPBACK;
	const struct addr *own;

	f->multicast = ipaddr_is_multicast(&f->dst);
	f->info_ifindex = n->ifindex;
	if (!addresses_valid(n, f, looped))
		return VERDICT_BAD_SOURCE;
	if (f->multicast)
		return mcast_joined(net, n, &f->dst) ? VERDICT_LOCAL : VERDICT_NOT_LOCAL;
	own = addr_find(net, ipaddr_is_link_local(&f->dst) && !lo ? n : NULL, &f->dst);
	if (!own)
		return judge_routed(net, n, f);
	if (lo) /* Linux: the interface that has the address, though lo carried it */
		f->info_ifindex = own->netif->ifindex;
	return VERDICT_LOCAL;
}

static uint32_t flow_slot(const struct ip6_header *h, unsigned ifindex)
{
	uint32_t src = load_be32(h->src.bytes + 4) ^ load_be32(h->src.bytes + 12);
	uint32_t dst = load_be32(h->dst.bytes + 4) ^ load_be32(h->dst.bytes + 12);
	uint32_t mixed = (src ^ dst * 0x9e3779b1u ^ ifindex) * 0x85ebca6bu;

	return mixed >> 28;
}
STATIC_ASSERT(FLOW_SLOTS == 1u << (32 - 28));

/* The judgement about a packet. The result is valid until the next call. */
static struct flow6 *judge_cached(struct net *net, const struct netif *n,
				  const struct ip6_header *h, bool looped)
{
	struct flow6 *f = &net->flows6->slots[flow_slot(h, n->ifindex)];

	if (f->generation == net->generation && f->ifindex == n->ifindex && !looped &&
	    ipaddr_equal(&f->src, &h->src) && ipaddr_equal(&f->dst, &h->dst))
		return f;
	f->src = h->src;
	f->dst = h->dst;
	f->ifindex = n->ifindex;
	f->verdict = judge(net, n, f, looped);
	f->generation = looped ? 0 : net->generation;
	return f;
}

/* A packet on its way through its extension headers. */
struct walk {
	struct net *net;
	struct berth_packet *p;
	struct ip6_header h;
	size_t at;	/* offset of the header of type `next` */
	size_t next_at; /* offset of the field that says so */
	uint8_t next;
	bool multicast;
	bool reassembled;
};

/* Tells the sender what is wrong at an offset, and drops the packet. */
static void refuse_telling(struct walk *w, uint8_t code, size_t offset, enum drop reason)
{
	icmp6_error_about(w->net, w->p, &w->h, ICMP6_PARAMETER, code, (uint32_t)offset);
	net_refuse(w->net, w->p, reason);
}

/* Makes the extension header at w->at contiguous. False: the packet is gone. */
static bool pull_ext(struct walk *w, struct ip6_ext_header *out)
{
	uint8_t *head;
	struct reader r;

	if (!packet_pull(w->p, w->at + 2)) {
		net_refuse(w->net, w->p, DROP_IP6_TRUNCATED);
		return false;
	}
	head = packet_head(w->p);
	size_t bytes = w->next == IP6_FRAGMENT ? IP6_FRAGMENT_BYTES : (head[w->at + 1] + 1u) * 8u;

	if (w->at + bytes > IP6_HEADER_BYTES + EXTS_BYTES_MAX) {
		net_refuse(w->net, w->p, DROP_IP6_EXTENSION);
		return false;
	}
	if (!packet_pull(w->p, w->at + bytes)) {
		net_refuse(w->net, w->p, DROP_IP6_TRUNCATED);
		return false;
	}
	r = reader_of(packet_head(w->p) + w->at, bytes);
	return ip6_ext_next(&r, w->next, out);
}

/* An option that nobody here knows (RFC 8200 §4.2). False: the packet is gone. */
static bool on_unknown_option(struct walk *w, const struct ip6_option *o)
{
	size_t offset = (size_t)(o->at - packet_head(w->p));

	switch (ip6_option_action(o->type)) {
	case IP6_OPTION_SKIP:
		return true;
	case IP6_OPTION_DISCARD:
		net_refuse(w->net, w->p, DROP_IP6_OPTIONS);
		return false;
	case IP6_OPTION_DISCARD_TELL_UNICAST:
		if (w->multicast) {
			net_refuse(w->net, w->p, DROP_IP6_OPTIONS);
			return false;
		}
		break;
	case IP6_OPTION_DISCARD_TELL:
		break;
	}
	refuse_telling(w, ICMP6_PARAMETER_OPTION, offset, DROP_IP6_OPTIONS);
	return false;
}

/* The options of a hop-by-hop or destination header. False: the packet is gone. */
static bool accept_options(struct walk *w, const struct ip6_ext_header *e)
{
	struct reader r = reader_of(e->at + 2, e->bytes - 2u);
	struct ip6_option o;

	while (ip6_option_next(&r, &o)) {
		if (o.type == IP6_OPT_ROUTER_ALERT && e->type == IP6_HOP_BY_HOP && o.bytes == 2)
			continue; /* for routers with something to hear: RFC 2711 §2.1 */
		if (!on_unknown_option(w, &o))
			return false;
	}
	if (r.ok)
		return true;
	net_refuse(w->net, w->p, DROP_IP6_OPTIONS);
	return false;
}

static void step_over(struct walk *w, const struct ip6_ext_header *e)
{
	w->next_at = w->at;
	w->next = e->next;
	w->at += e->bytes;
}

/* Hop-by-hop options, which stand first or nowhere. False: the packet is gone. */
static bool walk_hop_by_hop(struct walk *w)
{
	struct ip6_ext_header e;

	if (w->next != IP6_HOP_BY_HOP)
		return true;
	if (!pull_ext(w, &e) || !accept_options(w, &e))
		return false;
	step_over(w, &e);
	return true;
}

/* A routing header; used up, it says nothing. False: the packet is gone. */
static bool walk_routing(struct walk *w)
{
	struct ip6_ext_header e;
	struct ip6_routing routing;

	if (!pull_ext(w, &e))
		return false;
	ip6_routing_parse(e.at, &routing);
	if (routing.segments_left > 0) {
		refuse_telling(w, ICMP6_PARAMETER_HEADER, w->at + 2, DROP_IP6_ROUTING);
		return false;
	}
	step_over(w, &e);
	return true;
}

static void walk_begin(struct walk *w)
{
	w->at = IP6_HEADER_BYTES;
	w->next_at = 6;
	w->next = w->h.next;
}

/* A fragment. False: the packet is gone, or waits for others; true: it is whole, and the walk goes
 * on behind its first headers. */
static bool walk_fragment(struct walk *w)
{
	struct frag6_place place = {w->at, w->next_at, 0};
	struct ip6_ext_header e;
	struct reader r;

	if (w->reassembled) {
		net_refuse(w->net, w->p, DROP_FRAG_MALFORMED);
		return false;
	}
	if (!pull_ext(w, &e))
		return false;
	w->p = frag6_input(w->net->frags, w->p, &w->h, &place);
	if (!w->p)
		return false;
	w->reassembled = true;
	r = reader_of(packet_head(w->p), w->p->head_len);
	(void)ip6_parse(&r, &w->h); /* frag6_input() wrote it */
	w->at = place.at;
	w->next_at = place.next_at;
	w->next = place.next;
	return true;
}

/* Up to the transport header. False: the packet is gone. */
static bool walk_headers(struct walk *w)
{
	struct ip6_ext_header e;

	for (;;) {
		switch (w->next) {
		case IP6_DESTINATION:
			if (!pull_ext(w, &e) || !accept_options(w, &e))
				return false;
			step_over(w, &e);
			break;
		case IP6_ROUTING:
			if (!walk_routing(w))
				return false;
			break;
		case IP6_FRAGMENT:
			if (!walk_fragment(w))
				return false;
			break;
		case IP6_HOP_BY_HOP: /* RFC 8200 §4.1: not here */
			refuse_telling(w, ICMP6_PARAMETER_NEXT, w->next_at, DROP_IP6_EXTENSION);
			return false;
		default:
			return true;
		}
	}
}

/* Everything in front of the payload stays in head[], where ip_info points to it: so all that a
 * transport may pull has to be there before. */
static void fill_info(struct ip_info *info, struct walk *w, const struct flow6 *f)
{
	struct berth_packet *p = w->p;
	size_t bytes = packet_bytes(p);

	info->ext_bytes = (uint16_t)(w->at - IP6_HEADER_BYTES);
	if (info->ext_bytes)
		(void)packet_pull(p, bytes < w->at + L4_BYTES_MAX ? bytes : w->at + L4_BYTES_MAX);
	info->src = w->h.src;
	info->dst = w->h.dst;
	info->protocol = w->next;
	info->ttl = w->h.hop_limit;
	info->tos = w->h.tclass;
	info->broadcast = false;
	info->multicast = f->multicast;
	info->ifindex = f->info_ifindex;
	info->options_len = 0;
	info->fragment_bytes = 0;
	info->flow_label = w->h.flow_label;
	info->ext_first = w->h.next;
	info->ext = packet_head(p) + IP6_HEADER_BYTES;
}

static void deliver(struct walk *w, struct netif *n, const struct flow6 *f)
{
	struct net *net = w->net;
	struct berth_packet *p = w->p;
	const struct ip_protocol *handler = net_handler(net, w->next);
	struct ip_info info;
	bool heard;

	fill_info(&info, w, f);
	if (f->multicast)
		p->broadcast = 1;
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + w->at);
	packet_trim_front(p, w->at);
	heard = net_tell_raw(net, p, &info);
	if (w->next == IPPROTO_ICMPV6) {
		icmp6_input(net, n, p, &info);
	} else if (handler && w->next != IPPROTO_ICMP) {
		handler->input(handler->ctx, p, &info);
	} else if (heard) {
		packet_free(p);
	} else if (w->next == IP6_NONE) {
		net_refuse(net, p, DROP_IP6_PROTOCOL);
	} else {
		refuse_telling(w, ICMP6_PARAMETER_NEXT, w->next_at, DROP_IP6_PROTOCOL);
	}
}

/* Reads and checks the header. False: the packet is gone. */
static bool accept_header(struct net *net, struct berth_packet *p, struct ip6_header *h)
{
	if (!packet_pull(p, IP6_HEADER_BYTES)) {
		net_refuse(net, p, DROP_IP6_TRUNCATED);
		return false;
	}
	struct reader r = reader_of(packet_head(p), IP6_HEADER_BYTES);

	if (!ip6_parse(&r, h)) {
		net_refuse(net, p, DROP_IP6_HEADER);
		return false;
	}
	if (IP6_HEADER_BYTES + (size_t)h->payload_bytes > packet_bytes(p)) {
		net_refuse(net, p, DROP_IP6_TRUNCATED);
		return false;
	}
	return true;
}

static enum verdict verdict_now(const struct net *net, const struct flow6 *f)
{
	if (f->verdict >= VERDICT_FORWARD && !net->conf6_all.forwarding)
		return VERDICT_NOT_LOCAL;
	return f->verdict;
}

static void no_way(struct walk *w, uint8_t code)
{
	if (!ipaddr_is_link_local(&w->h.src))
		icmp6_error_about(w->net, w->p, &w->h, ICMP6_UNREACHABLE, code, 0);
	net_refuse(w->net, w->p, DROP_IP6_NO_ROUTE);
}

void ip6_input(void *ctx, struct netif *n, struct berth_packet *p)
{
	struct net *net = ctx;
	struct walk w = {.net = net, .p = p};
	struct flow6 *f;

	if (!accept_header(net, p, &w.h))
		return;
	if (!if6_mtu(n)) {
		net_refuse(net, p, DROP_IP6_NOT_LOCAL);
		return;
	}
	packet_trim_to(p, IP6_HEADER_BYTES + (size_t)w.h.payload_bytes); /* Ethernet pads */
	p->l3_off = p->head_off;
	p->l4_off = (uint8_t)(p->head_off + IP6_HEADER_BYTES);
	f = judge_cached(net, n, &w.h, p->flags & PACKET_LOOPED);
	w.multicast = f->multicast;
	walk_begin(&w);
	if (f->verdict != VERDICT_BAD_SOURCE && !walk_hop_by_hop(&w))
		return;
	switch (verdict_now(net, f)) {
	case VERDICT_LOCAL:
		if (walk_headers(&w))
			deliver(&w, n, f);
		break;
	case VERDICT_FORWARD:
		ip6_forward(net, n, p, &w.h, &f->path);
		break;
	case VERDICT_BAD_SOURCE:
		net_refuse(net, p, DROP_IP6_SOURCE);
		break;
	case VERDICT_NOT_LOCAL:
		net_refuse(net, p, DROP_IP6_NOT_LOCAL);
		break;
	case VERDICT_NO_ROUTE:
		no_way(&w, ICMP6_UNREACHABLE_ROUTE);
		break;
	case VERDICT_UNREACHABLE:
		no_way(&w, ICMP6_UNREACHABLE_ADDRESS);
		break;
	case VERDICT_PROHIBITED:
		no_way(&w, ICMP6_UNREACHABLE_PROHIBITED);
		break;
	}
}
