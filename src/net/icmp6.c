/* SPDX-License-Identifier: MIT */
/*
 * ICMPv6 (RFC 4443): echo, errors sent, errors received. What icmp4.c is to IPv4, and built alike.
 *
 * An error sent quotes as much of the packet as the minimum MTU allows and is limited in rate
 * (packet too big is not, as on Linux); there is none about errors, redirects, packets without a
 * sender and groups (but for packet too big and unknown options, RFC 4443 §2.4 (e.3)).
 *
 * An error received is believed if the packet that it quotes was from an address of ours and the
 * protocol that sent it says that the packet concerns one of its sockets. A path MTU below the
 * minimum changes nothing (RFC 8201 §4; RFC 8021: no atomic fragments).
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/icmp.h"
#include "pkt/csum.h"
#include "wire/icmp6_header.h"
#include "wire/nd_message.h"

#define QUOTE_BYTES_MAX (IP6_MTU_MIN - IP6_HEADER_BYTES - ICMP6_HEADER_BYTES)
#define QUOTE_L4_MIN 8u
#define MESSAGE_BYTES_MAX 1500u /* of neighbour discovery and MLD: no longer ones are read */

/* What follows all extension headers of a quoted packet. */
struct quoted {
	struct ip6_header h;
	uint8_t protocol;
	size_t l4_at;
	bool later_fragment; /* its transport header is in another packet */
	bool whole;	     /* false: the headers run over the end */
};

/* False: not even an IPv6 header. */
static bool quoted_parse(const uint8_t *at, size_t bytes, struct quoted *q)
{
	struct reader r = reader_of(at, bytes);
	struct ip6_ext_header e;
	struct ip6_fragment f;

	if (!ip6_parse(&r, &q->h))
		return false;
	q->protocol = q->h.next;
	q->later_fragment = false;
	while (ip6_ext_next(&r, q->protocol, &e)) {
		q->protocol = e.next;
		if (e.type != IP6_FRAGMENT)
			continue;
		ip6_fragment_parse(e.at, &f);
		if (f.offset > 0)
			q->later_fragment = true;
		if (q->later_fragment)
			break;
	}
	q->l4_at = bytes - reader_left(&r);
	q->whole = r.ok;
	return true;
}

/* RFC 4443 §2.4 (e): what no error is sent about. */
static bool deserves_error(const struct berth_packet *p, const uint8_t *at, size_t bytes,
			   uint8_t type, uint8_t code)
{
	bool even_to_groups = type == ICMP6_TOO_BIG ||
			      (type == ICMP6_PARAMETER && code == ICMP6_PARAMETER_OPTION);
	struct quoted q;

	if (!quoted_parse(at, bytes, &q))
		return false;
	if (ipaddr_is_any(&q.h.src) || ipaddr_is_multicast(&q.h.src) || ipaddr_is4(&q.h.src))
		return false;
	if ((p->broadcast || ipaddr_is_multicast(&q.h.dst)) && !even_to_groups)
		return false;
	if (q.protocol != IPPROTO_ICMPV6 || !q.whole || q.later_fragment)
		return true;
	return q.l4_at < bytes && !icmp6_is_error(at[q.l4_at]) && at[q.l4_at] != ICMP6_REDIRECT;
}

/* Sends an ICMPv6 message whose header is `icmp`, and whose body is all of `p`; consumed. */
static void send_message(struct net *net, struct berth_packet *p, const struct icmp6_header *icmp,
			 const struct ip_path *path, uint8_t tclass)
{
	const struct ip_send send = {.protocol = IPPROTO_ICMPV6, .tos = tclass};

	icmp6_write(packet_push(p, ICMP6_HEADER_BYTES), icmp);
	p->csum = CSUM_PARTIAL;
	p->l4_protocol = IPPROTO_ICMPV6;
	p->l4_off = p->head_off;
	(void)ip_output(net, p, path, &send); /* counted there */
}

/* The interface that an answer to `to` leaves through, if that is not for the routes to say. */
static unsigned scope_of(const struct berth_packet *p, const struct ipaddr *to)
{
	return ipaddr_needs_scope(to) ? p->ifindex : 0;
}

void icmp6_error_about(struct net *net, const struct berth_packet *p, const struct ip6_header *h,
		       uint8_t type, uint8_t code, uint32_t info)
{
	const struct icmp6_header icmp = {.type = type, .code = code, .info = info};
	struct ipaddr from = h->dst;
	struct ipaddr to = h->src;
	uint8_t quoted[QUOTE_BYTES_MAX];
	size_t bytes = icmp_quote(p, quoted, sizeof(quoted));
	struct berth_packet *q;
	struct ip_path path;

	if (!deserves_error(p, quoted, bytes, type, code))
		return;
	if (!addr_find(net, NULL, &from))
		from = ip6_any;
	if (ip_path_find(net, &to, &from, scope_of(p, &to), &path))
		return;
	/* Linux: neither lo nor path-MTU discovery is limited. */
	if (!path.local && type != ICMP6_TOO_BIG &&
	    !limiter_allow(net->limiter, &to, net->env->knobs.icmp6_ratelimit))
		return;
	q = packet_new(net->env->pool);
	if (!q || packet_append_copy(q, quoted, bytes)) {
		net_refuse(net, q, DROP_NO_MEMORY);
		return;
	}
	send_message(net, q, &icmp, &path, 0);
}

/* The errno that Linux makes of an error (icmpv6_err_convert()). False: it tells nothing. */
static bool error_of(const struct icmp6_header *icmp, struct ip_error *e)
{
	static const struct {
		int error;
		bool hard;
	} unreachable[] = {
		[ICMP6_UNREACHABLE_ROUTE] = {ENETUNREACH, false},
		[ICMP6_UNREACHABLE_PROHIBITED] = {EACCES, true},
		[ICMP6_UNREACHABLE_SCOPE] = {EHOSTUNREACH, false},
		[ICMP6_UNREACHABLE_ADDRESS] = {EHOSTUNREACH, false},
		[ICMP6_UNREACHABLE_PORT] = {ECONNREFUSED, true},
		[ICMP6_UNREACHABLE_POLICY] = {EACCES, true},
		[ICMP6_UNREACHABLE_REJECT] = {EACCES, true},
	};

	switch (icmp->type) {
	case ICMP6_UNREACHABLE:
		e->error = EPROTO;
		e->hard = true;
		if (icmp->code < ARRAY_LEN(unreachable)) {
			e->error = unreachable[icmp->code].error;
			e->hard = unreachable[icmp->code].hard;
		}
		return true;
	case ICMP6_TOO_BIG:
		e->error = EMSGSIZE;
		return true;
	case ICMP6_TIME_EXCEEDED:
		e->error = EHOSTUNREACH;
		return true;
	case ICMP6_PARAMETER:
		e->error = EPROTO;
		e->hard = true;
		return true;
	default:
		return false;
	}
}

/* Tells the protocol of a quoted packet what became of it. */
static enum drop tell_protocol(struct net *net, const struct icmp6_header *icmp, const uint8_t *at,
			       size_t bytes, const struct ip_info *message)
{
	unsigned ifindex = message ? message->ifindex : 0;

	struct ip_error e = {
		.icmp_type = icmp->type,
		.icmp_code = icmp->code,
		.info = icmp->info,
		.ifindex = ifindex,
	};
	struct icmp_listeners to;
	struct quoted q;

	if (!quoted_parse(at, bytes, &q) || !q.whole || q.later_fragment ||
	    bytes - q.l4_at < QUOTE_L4_MIN)
		return DROP_ICMP_EMBEDDED;
	e.src = q.h.src;
	e.dst = q.h.dst;
	e.offender = message ? message->src : e.src;
	e.message = message;
	e.protocol = q.protocol;
	e.flow_label = q.h.flow_label;
	e.l4 = at + q.l4_at;
	e.l4_bytes = bytes - q.l4_at;
	e.l3_bytes = q.l4_at;
	if (!addr_find(net, NULL, &e.src))
		return DROP_ICMP_EMBEDDED;
	if (!error_of(icmp, &e))
		return DROP_ICMP_TYPE;
	to = icmp_listeners(net, &e);
	if (!icmp_heard(&to))
		return DROP_ICMP_UNMATCHED;
	if (e.error == EMSGSIZE) {
		e.mtu = icmp->info;
		if (e.mtu < IP6_MTU_MIN) /* RFC 8201 §4: of no use */
			return DROP_ICMP_EMBEDDED;
		pmtu_update(net, &e.dst, e.mtu, ipaddr_needs_scope(&e.dst) ? ifindex : 0);
	}
	icmp_tell(net, &to, &e);
	return DROP_COUNT;
}

void icmp6_error_local(struct net *net, const struct berth_packet *p, uint8_t type, uint8_t code)
{
	const struct icmp6_header icmp = {.type = type, .code = code};
	uint8_t quoted[QUOTE_BYTES_MAX];
	size_t bytes = icmp_quote(p, quoted, sizeof(quoted));

	/* The packet itself is already counted as dropped. */
	(void)tell_protocol(net, &icmp, quoted, bytes, NULL);
}

static void on_error(struct net *net, struct berth_packet *p, const struct icmp6_header *icmp,
		     const struct ip_info *info)
{
	uint8_t quoted[QUOTE_BYTES_MAX];
	size_t bytes = packet_copy_out(p, ICMP6_HEADER_BYTES, quoted, sizeof(quoted));
	enum drop reason = tell_protocol(net, icmp, quoted, bytes, info);

	if (reason != DROP_COUNT)
		drop(net->env, reason);
	packet_free(p);
}

/* RFC 4443 §4.2: everything that came goes back, from the address that was asked. */
static void on_echo(struct net *net, struct berth_packet *p, struct icmp6_header *icmp,
		    const struct ip_info *info)
{
	const struct knobs *knobs = &net->env->knobs;
	struct ipaddr from = info->multicast ? ip6_any : info->dst;
	struct ip_path path;

	if (knobs->icmp6_echo_ignore_all ||
	    (info->multicast && knobs->icmp6_echo_ignore_multicast)) {
		net_refuse(net, p, DROP_ICMP_TYPE);
		return;
	}
	if (ip_path_find(net, &info->src, &from, ipaddr_needs_scope(&info->src) ? info->ifindex : 0,
			 &path)) {
		net_refuse(net, p, DROP_IP6_NO_ROUTE);
		return;
	}
	packet_trim_front(p, ICMP6_HEADER_BYTES);
	p->broadcast = 0;
	p->flags = 0;
	icmp->type = ICMP6_ECHO_REPLY;
	send_message(net, p, icmp, &path, info->tos);
}

/* What ndp_input() and mld_input() are. */
typedef void message_fn(struct net *net, struct netif *n, const uint8_t *message, size_t bytes,
			const struct ip_info *info);

/* Neighbour discovery and MLD read their messages in one piece. */
static void on_message(struct net *net, struct netif *n, struct berth_packet *p,
		       const struct ip_info *info, message_fn *input, enum drop too_long)
{
	uint8_t message[MESSAGE_BYTES_MAX];
	size_t bytes = packet_copy_out(p, 0, message, sizeof(message));
	bool whole = bytes == packet_bytes(p);

	packet_free(p);
	if (whole)
		input(net, n, message, bytes, info);
	else
		drop(net->env, too_long);
}

static bool checksum_right(const struct berth_packet *p, const struct ip_info *info)
{
	size_t bytes = packet_bytes(p);
	uint32_t sum = csum_pseudo6(info->src.bytes, info->dst.bytes, IPPROTO_ICMPV6, bytes);

	return p->csum != CSUM_NONE || csum_finish(packet_sum(p, 0, bytes, sum)) == 0;
}

void icmp6_input(struct net *net, struct netif *n, struct berth_packet *p,
		 const struct ip_info *info)
{
	struct icmp6_header icmp;

	if (!packet_pull(p, ICMP6_HEADER_BYTES)) {
		net_refuse(net, p, DROP_ICMP_TRUNCATED);
		return;
	}
	if (!checksum_right(p, info)) {
		net_refuse(net, p, DROP_ICMP_CHECKSUM);
		return;
	}
	struct reader r = reader_of(packet_head(p), ICMP6_HEADER_BYTES);

	(void)icmp6_parse(&r, &icmp); /* as many bytes are there */
	icmp_tell_listener(net, IPPROTO_ICMPV6, p, info);
	switch (icmp.type) {
	case ICMP6_ECHO_REQUEST:
		on_echo(net, p, &icmp, info);
		break;
	case ICMP6_UNREACHABLE:
	case ICMP6_TOO_BIG:
	case ICMP6_TIME_EXCEEDED:
	case ICMP6_PARAMETER:
		on_error(net, p, &icmp, info);
		break;
	case ICMP6_ROUTER_SOLICIT:
	case ICMP6_ROUTER_ADVERT:
	case ICMP6_NEIGHBOUR_SOLICIT:
	case ICMP6_NEIGHBOUR_ADVERT:
	case ICMP6_REDIRECT:
		on_message(net, n, p, info, ndp_input, DROP_ND_MALFORMED);
		break;
	case ICMP6_MLD_QUERY:
	case ICMP6_MLD_REPORT:
	case ICMP6_MLD_DONE:
	case ICMP6_MLD2_REPORT:
		on_message(net, n, p, info, mld_input, DROP_MLD_MALFORMED);
		break;
	case ICMP6_ECHO_REPLY: /* for the listeners alone */
		if (net_handler(net, IPPROTO_ICMPV6))
			packet_free(p);
		else
			net_refuse(net, p, DROP_ICMP_TYPE);
		break;
	default:
		net_refuse(net, p, DROP_ICMP_TYPE);
	}
}
