/* SPDX-License-Identifier: MIT */
/*
 * Neighbour discovery (RFC 4861): who is asked, what is answered, what is believed. The states of
 * neighbours are link/neigh.c's, routers' messages autoconf.c's and radv.c's.
 *
 * A message is believed only with hop limit 255, which no router lets through (§7.1, §6.1, §8.1),
 * code 0 and options that are well-formed. A solicitation for an address of ours teaches us the
 * asker, who is about to talk to us; an advertisement changes only entries that are there.
 *
 * Solicitations and advertisements about a tentative address decide whether it is a duplicate
 * (RFC 4862 §5.4.3, §5.4.4). Our own probes that come back to us (a link that echoes groups) are
 * told from others' by their nonce (RFC 7527): a probe carries one, and one that is ours says
 * nothing.
 *
 * Linux: with ndisc_notify 0, its default, nobody is told of a new address unasked (§7.2.6: MAY).
 * Deviation: anycast addresses and proxies (§7.2.8) are not there.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/route.h"
#include "wire/icmp6_header.h"
#include "wire/nd_message.h"

#define HOP_LIMIT 255u
#define MESSAGE_BYTES_MAX 64u
#define NONCE_BYTES 6u

const struct ipaddr ip6_any = {{0}};
const struct ipaddr ip6_all_nodes = {{0xff, 0x02, [15] = 1}};
const struct ipaddr ip6_all_routers = {{0xff, 0x02, [15] = 2}};

struct ipaddr ndp_solicited_node(const struct ipaddr *a)
{
	return (struct ipaddr){{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a->bytes[13],
				a->bytes[14], a->bytes[15]}};
}

static bool is_solicited_node(const struct ipaddr *a)
{
	struct ipaddr like = ndp_solicited_node(a);

	return ipaddr_equal(&like, a);
}

static void send_message(struct net *net, struct netif *n, const uint8_t *message, size_t bytes,
			 const struct ipaddr *src, const struct ipaddr *dst)
{
	struct berth_packet *p = packet_new(net->env->pool);

	if (!p) {
		drop(net->env, DROP_NO_MEMORY);
		return;
	}
	memcpy(packet_push(p, bytes), message, bytes);
	ip6_send_link(net, n, p, src, dst, false);
}

/* From which of our addresses to ask: that of the packet which waits, if it is ours, so that the
 * neighbour learns whom to answer (RFC 4861 §7.2.2). */
static struct ipaddr solicit_source(const struct net *net, const struct neigh *n)
{
	const struct addr *chosen;

	if (n->queue.head) {
		const struct berth_packet *p = n->queue.head;
		struct reader r = reader_of(p->head + p->head_off, p->head_len);
		struct ip6_header h;

		if (ip6_parse(&r, &h) && addr_find(net, n->netif, &h.src))
			return h.src;
	}
	chosen = addr_select6(net, n->netif, &n->addr);
	return chosen ? chosen->addr : ip6_any;
}

void ndp_solicit(struct net *net, struct neigh *n, bool unicast)
{
	const struct nd_solicit m = {n->addr};
	struct ipaddr src = solicit_source(net, n);
	struct ipaddr dst = unicast ? n->addr : ndp_solicited_node(&n->addr);
	uint8_t message[MESSAGE_BYTES_MAX];
	size_t bytes = nd_solicit_write(message, &m);

	if (ipaddr_is_any(&src)) /* nobody could answer */
		return;
	bytes += nd_option_write_mac(message + bytes, ND_OPTION_SOURCE_MAC, n->netif->mac);
	send_message(net, n->netif, message, bytes, &src, &dst);
}

/* Ours, of an address on an interface: the same for all its probes. */
static void nonce_of(const struct net *net, const struct addr *a, uint8_t out[NONCE_BYTES])
{
	uint64_t hash = siphash(net->env->hash_key, a->addr.bytes, sizeof(a->addr.bytes));

	hash ^= (uint64_t)a->created;
	memcpy(out, &hash, NONCE_BYTES);
}

void ndp_probe(struct net *net, const struct addr *a)
{
	const struct nd_solicit m = {a->addr};
	struct ipaddr dst = ndp_solicited_node(&a->addr);
	uint8_t message[MESSAGE_BYTES_MAX];
	size_t bytes = nd_solicit_write(message, &m);

	message[bytes] = ND_OPTION_NONCE;
	message[bytes + 1] = 1;
	nonce_of(net, a, message + bytes + 2);
	bytes += 8;
	send_message(net, a->netif, message, bytes, &ip6_any, &dst);
}

static void advertise(struct net *net, struct netif *n, const struct ipaddr *target,
		      const struct ipaddr *dst, bool solicited)
{
	const struct nd_advert m = {
		.target = *target,
		.router = if6_forwards(net, n),
		.solicited = solicited,
		.override = true,
	};
	uint8_t message[MESSAGE_BYTES_MAX];
	size_t bytes = nd_advert_write(message, &m);

	bytes += nd_option_write_mac(message + bytes, ND_OPTION_TARGET_MAC, n->mac);
	send_message(net, n, message, bytes, target, dst);
}

/* What the options of a message said, as far as anybody here wants to know. */
struct options {
	bool has_mac;
	uint8_t mac[6];
	const uint8_t *nonce; /* NONCE_BYTES; NULL: none */
};

/* False: malformed. `mac_type` is the kind of link address that belongs to the message. */
static bool read_options(struct reader r, enum nd_option_type mac_type, struct options *out)
{
	struct nd_option o;

	*out = (struct options){0};
	while (nd_option_next(&r, &o)) {
		if (o.type == mac_type && !out->has_mac)
			out->has_mac = nd_option_mac(&o, out->mac);
		else if (o.type == ND_OPTION_NONCE && o.bytes == 8)
			out->nonce = o.at + 2;
	}
	return r.ok;
}

static void malformed(struct net *net)
{
	drop(net->env, DROP_ND_MALFORMED);
}

/* Somebody asks about an address that we are not sure of (RFC 4862 §5.4.3). */
static void on_tentative_solicited(struct net *net, struct addr *a, const struct options *o,
				   const struct ip_info *info)
{
	uint8_t ours[NONCE_BYTES];

	nonce_of(net, a, ours);
	if (!ipaddr_is_any(&info->src))
		return; /* somebody who resolves it: he will find out */
	if (o->nonce && memcmp(o->nonce, ours, NONCE_BYTES) == 0)
		return; /* our own, come back (RFC 7527 §4.1) */
	dad_conflict(net, a);
}

static void learn(struct net *net, struct netif *n, const struct ipaddr *who,
		  const struct options *o)
{
	struct neigh *neigh = neigh_get(net->neighs, n, who);

	if (neigh)
		neigh_update(neigh, o->mac, NEIGH_STALE, NEIGH_OVERRIDE);
}

/* RFC 4861 §7.1.1, §7.2.3. */
static void on_solicit(struct net *net, struct netif *n, struct reader r,
		       const struct ip_info *info)
{
	bool probe = ipaddr_is_any(&info->src);
	struct nd_solicit m;
	struct options o;
	struct addr *a;

	if (!nd_solicit_parse(&r, &m) || !read_options(r, ND_OPTION_SOURCE_MAC, &o) ||
	    ipaddr_is_multicast(&m.target) ||
	    (probe && (!is_solicited_node(&info->dst) || o.has_mac))) {
		malformed(net);
		return;
	}
	a = addr_entry(net, n, &m.target);
	if (!a || (a->flags & ADDR_DADFAILED)) {
		drop(net->env, DROP_ND_UNKNOWN);
		return;
	}
	if (a->flags & ADDR_TENTATIVE) {
		on_tentative_solicited(net, a, &o, info);
		return;
	}
	if (probe) { /* he is to hear that it is ours: all are told */
		advertise(net, n, &m.target, &ip6_all_nodes, false);
		return;
	}
	if (o.has_mac)
		learn(net, n, &info->src, &o);
	advertise(net, n, &m.target, &info->src, true);
}

/* A neighbour says that it is no router any more, or that it is one (RFC 4861 §7.2.5). */
static void note_router(struct net *net, struct neigh *neigh, bool router)
{
	bool was = neigh->router;

	neigh->router = router;
	if (was && !router)
		autoconf_forget_router(net, neigh->netif, &neigh->addr);
}

/* RFC 4861 §7.1.2, §7.2.5. */
static void on_advert(struct net *net, struct netif *n, struct reader r, const struct ip_info *info)
{
	struct nd_advert m;
	struct options o;
	struct neigh *neigh;
	struct addr *a;
	unsigned flags;

	if (!nd_advert_parse(&r, &m) || !read_options(r, ND_OPTION_TARGET_MAC, &o) ||
	    ipaddr_is_multicast(&m.target) || (info->multicast && m.solicited)) {
		malformed(net);
		return;
	}
	a = addr_entry(net, n, &m.target);
	if (a) { /* RFC 4862 §5.4.4; of an assigned one somebody else is wrong, or we are */
		if (a->flags & ADDR_TENTATIVE)
			dad_conflict(net, a);
		else
			drop(net->env, DROP_ND_CONFLICT);
		return;
	}
	neigh = neigh_find(net->neighs, n, &m.target);
	if (!neigh || (!o.has_mac && !(neigh->state & NEIGH_VALID))) {
		drop(net->env, DROP_ND_UNKNOWN);
		return;
	}
	flags = m.override ? NEIGH_OVERRIDE : NEIGH_DOUBT;
	neigh_update(neigh, o.has_mac ? o.mac : neigh->mac,
		     m.solicited ? NEIGH_REACHABLE : NEIGH_STALE, flags);
	note_router(net, neigh, m.router);
}

/* Whether `router` is where our packets to `dst` go now (RFC 4861 §8.1). */
static bool is_first_hop(struct net *net, const struct netif *n, const struct ipaddr *dst,
			 const struct ipaddr *router)
{
	struct ip_path path;

	return ip_path_find(net, dst, &ip6_any, ipaddr_needs_scope(dst) ? n->ifindex : 0, &path) ==
		       0 &&
	       path.netif == n && path.gateway && ipaddr_equal(&path.next_hop, router);
}

/* RFC 4861 §8.1, §8.3; Linux: hosts only, with accept_redirects. */
static void on_redirect(struct net *net, struct netif *n, struct reader r,
			const struct ip_info *info)
{
	struct nd_redirect m;
	struct options o;
	bool on_link;

	if (!nd_redirect_parse(&r, &m) || !read_options(r, ND_OPTION_TARGET_MAC, &o) ||
	    !ipaddr_is_link_local(&info->src) || ipaddr_is_multicast(&m.dst)) {
		malformed(net);
		return;
	}
	on_link = ipaddr_equal(&m.target, &m.dst);
	if (!on_link && !ipaddr_is_link_local(&m.target)) {
		malformed(net);
		return;
	}
	if (if6_forwards(net, n) || !n->if6 || !n->if6->conf.accept_redirects ||
	    !is_first_hop(net, n, &m.dst, &info->src)) {
		drop(net->env, DROP_ND_UNKNOWN);
		return;
	}
	pmtu_redirect(net, &m.dst, &m.target, n->ifindex);
	if (o.has_mac)
		learn(net, n, &m.target, &o);
}

/* RFC 4861 §6.1.1, §6.2.6. */
static void on_router_solicit(struct net *net, struct netif *n, struct reader r,
			      const struct ip_info *info)
{
	struct options o;

	if (!nd_router_solicit_parse(&r) || !read_options(r, ND_OPTION_SOURCE_MAC, &o) ||
	    (o.has_mac && ipaddr_is_any(&info->src))) {
		malformed(net);
		return;
	}
	if (!if6_forwards(net, n)) {
		drop(net->env, DROP_ND_UNKNOWN);
		return;
	}
	if (o.has_mac)
		learn(net, n, &info->src, &o);
	radv_on_solicit(net, n);
}

/* RFC 4861 §6.1.2: the address of the router; the rest is autoconf's. */
static void on_router_advert(struct net *net, struct netif *n, const uint8_t *at, size_t bytes,
			     const struct ip_info *info)
{
	struct reader r = reader_of(at, bytes);
	struct nd_router_advert m;
	struct options o;
	struct neigh *neigh;

	if (!nd_router_advert_parse(&r, &m) || !read_options(r, ND_OPTION_SOURCE_MAC, &o) ||
	    !ipaddr_is_link_local(&info->src)) {
		malformed(net);
		return;
	}
	if (o.has_mac)
		learn(net, n, &info->src, &o);
	neigh = neigh_find(net->neighs, n, &info->src);
	if (neigh)
		neigh->router = true;
	autoconf_on_advert(net, n, at, bytes, &info->src);
}

void ndp_input(struct net *net, struct netif *n, const uint8_t *at, size_t bytes,
	       const struct ip_info *info)
{
	struct reader r = reader_of(at, bytes);

	if (info->ttl != HOP_LIMIT || bytes < ICMP6_HEADER_BYTES || at[1] != 0 ||
	    n->kind != BERTH_NETIF_ETHER) {
		malformed(net);
		return;
	}
	switch (at[0]) {
	case ICMP6_NEIGHBOUR_SOLICIT:
		on_solicit(net, n, r, info);
		break;
	case ICMP6_NEIGHBOUR_ADVERT:
		on_advert(net, n, r, info);
		break;
	case ICMP6_ROUTER_SOLICIT:
		on_router_solicit(net, n, r, info);
		break;
	case ICMP6_ROUTER_ADVERT:
		on_router_advert(net, n, at, bytes, info);
		break;
	case ICMP6_REDIRECT:
		on_redirect(net, n, r, info);
		break;
	default:
		malformed(net);
	}
}
