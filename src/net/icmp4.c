/* SPDX-License-Identifier: MIT */
/*
 * ICMP (RFC 792, RFC 1122 §3.2.2, RFC 1812 §4.3): echo, errors sent, errors received.
 *
 * An error sent quotes as much of the packet as 576 bytes allow and is limited in rate; there is
 * none about errors, groups, broadcasts and later fragments.
 *
 * An error received is believed as far as it can be checked: the packet that it quotes must have
 * been from an address of ours, and hold the 8 bytes by which its socket is found. The protocol
 * that it names is told, with the errno that Linux makes of it. A path MTU is believed only if the
 * protocol says that the packet concerns one of its sockets.
 *
 * A packet that this host itself can't deliver (no neighbour) takes the same way without becoming
 * a message.
 *
 * Deviation: timestamp requests are not answered (RFC 1122 §3.2.2.8: MAY), redirects are
 * not followed, source quenches are ignored (RFC 6633).
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "net/addr.h"
#include "net/context.h"
#include "net/icmp.h"
#include "net/ip4_options.h"
#include "pkt/csum.h"
#include "wire/icmp6_header.h"
#include "wire/icmp_header.h"

#define ERROR_BYTES_MAX 576u /* RFC 1812 §4.3.2.3 */
#define QUOTE_BYTES_MAX (ERROR_BYTES_MAX - IP4_HEADER_BYTES - ICMP_HEADER_BYTES)
#define QUOTE_L4_MIN 8u /* RFC 792: 64 bits of the original datagram's data */
#define MTU_MIN 68u	/* RFC 791 §3.2 */
#define TOS_ERROR 0xc0u /* precedence "internetwork control" (RFC 1812 §4.3.2.5) */
#define TOS_MASK 0x1eu

/* RFC 1122 §3.2.2, RFC 1812 §4.3.2.7: what no error is sent about. */
static bool deserves_error(const struct net *net, const struct berth_packet *p,
			   const struct ip4_header *h, const uint8_t *quoted, size_t bytes)
{
	struct ipaddr src = ipaddr_from4(h->src);
	struct ipaddr dst = ipaddr_from4(h->dst);

	if (p->broadcast || h->fragment_offset != 0)
		return false;
	if (h->src >> 28 >= 0xe || h->src >> 24 == 0 || addr_by_broadcast(net, &src))
		return false;
	if (h->dst >> 28 >= 0xe || addr_by_broadcast(net, &dst))
		return false;
	if (h->protocol != IPPROTO_ICMP)
		return true;
	return bytes > h->header_bytes && !icmp_is_error(quoted[h->header_bytes]);
}

/* Sends an ICMP message whose header is `icmp`, and whose body is all of `p`; consumed. `options`
 * go along with it. */
static void send_message(struct net *net, struct berth_packet *p, const struct icmp_header *icmp,
			 const struct ip_path *path, uint8_t tos, const uint8_t *options,
			 size_t options_len)
{
	const struct ip_send send = {.protocol = IPPROTO_ICMP,
				     .tos = tos,
				     .options = options,
				     .options_len = (uint8_t)options_len};

	icmp_write(packet_push(p, ICMP_HEADER_BYTES), icmp);
	p->csum = CSUM_PARTIAL;
	p->l4_protocol = IPPROTO_ICMP;
	p->l4_off = p->head_off;
	(void)ip_output(net, p, path, &send); /* counted there */
}

void icmp4_error_about(struct net *net, const struct berth_packet *p, const struct ip4_header *h,
		       uint8_t type, uint8_t code, uint32_t info)
{
	struct icmp_header icmp = {.type = type, .code = code};
	struct ipaddr to = ipaddr_from4(h->src);
	struct ipaddr from = ipaddr_from4(h->dst);
	bool frag_needed = type == ICMP4_UNREACHABLE && code == ICMP4_UNREACHABLE_FRAG_NEEDED;
	uint8_t quoted[QUOTE_BYTES_MAX], options[IP4_OPTIONS_BYTES_MAX];
	size_t options_len = ip4_options_echo(h->options, h->options_len, options);
	size_t bytes = icmp_quote(p, quoted, sizeof(quoted) - options_len);
	struct berth_packet *q;
	struct ip_path path;

	if (!deserves_error(net, p, h, quoted, bytes))
		return;
	if (!addr_is_local(net, &from))
		from = ipaddr_from4(0);
	if (ip_path_find(net, &to, &from, 0, &path))
		return;
	/* Linux: neither lo nor path-MTU discovery is limited. */
	if (!path.local && !frag_needed &&
	    !limiter_allow(net->limiter, &to, net->env->knobs.icmp_ratelimit))
		return;
	if (frag_needed)
		icmp.mtu = (uint16_t)(info < UINT16_MAX ? info : UINT16_MAX);
	else if (type == ICMP4_PARAMETER)
		icmp.pointer = (uint8_t)info;
	if (p->csum == CSUM_PARTIAL)
		ip4_write_checksum(quoted, h->header_bytes);
	q = packet_new(net->env->pool);
	if (!q || packet_append_copy(q, quoted, bytes)) {
		net_refuse(net, q, DROP_NO_MEMORY);
		return;
	}
	send_message(net, q, &icmp, &path, (uint8_t)((h->tos & TOS_MASK) | TOS_ERROR), options,
		     options_len);
}

/* About a packet of IPv6 the error that means what `type` and `code` of ICMP mean. */
static void error_send6(struct net *net, const struct berth_packet *p, struct reader r,
			uint8_t type, uint8_t code)
{
	struct ip6_header h;

	ASSERT(type == ICMP4_UNREACHABLE);
	if (ip6_parse(&r, &h))
		icmp6_error_about(net, p, &h, ICMP6_UNREACHABLE,
				  code == ICMP4_UNREACHABLE_PORT ? ICMP6_UNREACHABLE_PORT
								 : ICMP6_UNREACHABLE_ADDRESS,
				  0);
}

void icmp_error_send(struct net *net, const struct berth_packet *p, const struct ip_info *info,
		     uint8_t type, uint8_t code, uint32_t mtu)
{
	struct reader r =
		reader_of(p->head + p->l3_off, (size_t)p->head_off + p->head_len - p->l3_off);
	struct ip4_header h;

	if (info->broadcast || info->multicast)
		return;
	if (!ipaddr_is4(&info->src))
		error_send6(net, p, r, type, code);
	else if (ip4_parse(&r, &h))
		icmp4_error_about(net, p, &h, type, code, mtu);
}

/* What Linux tells a program of each code of "unreachable" (icmp_err_convert[]). */
static const struct {
	int error;
	bool hard;
} unreachable_errors[] = {
	[ICMP4_UNREACHABLE_NET] = {ENETUNREACH, false},
	[ICMP4_UNREACHABLE_HOST] = {EHOSTUNREACH, false},
	[ICMP4_UNREACHABLE_PROTOCOL] = {ENOPROTOOPT, true},
	[ICMP4_UNREACHABLE_PORT] = {ECONNREFUSED, true},
	[ICMP4_UNREACHABLE_FRAG_NEEDED] = {EMSGSIZE, true},
	[ICMP4_UNREACHABLE_SOURCE_ROUTE] = {EOPNOTSUPP, false},
	[ICMP4_UNREACHABLE_NET_UNKNOWN] = {ENETUNREACH, true},
	[ICMP4_UNREACHABLE_HOST_UNKNOWN] = {EHOSTDOWN, true},
	[ICMP4_UNREACHABLE_HOST_ISOLATED] = {ENONET, true},
	[ICMP4_UNREACHABLE_NET_PROHIBITED] = {ENETUNREACH, true},
	[ICMP4_UNREACHABLE_HOST_PROHIBITED] = {EHOSTUNREACH, true},
	[ICMP4_UNREACHABLE_NET_TOS] = {ENETUNREACH, false},
	[ICMP4_UNREACHABLE_HOST_TOS] = {EHOSTUNREACH, false},
	[ICMP4_UNREACHABLE_FILTERED] = {EHOSTUNREACH, true},
	[14] = {EHOSTUNREACH, true}, /* host precedence violation */
	[15] = {EHOSTUNREACH, true}, /* precedence cutoff */
};

/* The errno of an ICMP error. False: it tells a program nothing. */
static bool error_of(const struct icmp_header *icmp, struct ip_error *e)
{
	switch (icmp->type) {
	case ICMP4_UNREACHABLE:
		if (icmp->code >= ARRAY_LEN(unreachable_errors))
			return false;
		e->error = unreachable_errors[icmp->code].error;
		e->hard = unreachable_errors[icmp->code].hard;
		return true;
	case ICMP4_TIME_EXCEEDED:
		e->error = EHOSTUNREACH;
		return true;
	case ICMP4_PARAMETER:
		e->error = EPROTO;
		e->hard = true;
		return true;
	default:
		return false;
	}
}

/* The MTU that "fragmentation needed" tells of, or that it must have meant. 0: nonsense. */
static uint32_t mtu_told(const struct icmp_header *icmp, const struct ip4_header *h)
{
	uint32_t mtu = icmp->mtu ? icmp->mtu : pmtu_plateau(h->total_bytes); /* RFC 1191 §5 */

	return mtu >= MTU_MIN && mtu < h->total_bytes ? mtu : 0;
}

/* Tells the protocol of a quoted packet what became of it. */
static enum drop tell_protocol(struct net *net, const struct icmp_header *icmp, const uint8_t *at,
			       size_t bytes, const struct ip_info *message)
{
	struct reader r = reader_of(at, bytes);
	struct ip_error e = {.icmp_type = icmp->type, .icmp_code = icmp->code};
	struct icmp_listeners to;
	struct ip4_header h;

	if (!ip4_parse(&r, &h) || reader_left(&r) < QUOTE_L4_MIN || h.fragment_offset != 0)
		return DROP_ICMP_EMBEDDED;
	e.src = ipaddr_from4(h.src);
	e.dst = ipaddr_from4(h.dst);
	e.offender = message ? message->src : e.src;
	e.message = message;
	e.protocol = h.protocol;
	e.l4 = r.at;
	e.l4_bytes = reader_left(&r);
	e.l3_bytes = h.header_bytes;
	if (!addr_is_local(net, &e.src))
		return DROP_ICMP_EMBEDDED;
	if (!error_of(icmp, &e))
		return DROP_ICMP_TYPE;
	to = icmp_listeners(net, &e);
	if (!icmp_heard(&to))
		return DROP_ICMP_UNMATCHED;
	if (e.error == EMSGSIZE) {
		e.mtu = mtu_told(icmp, &h);
		if (e.mtu == 0 || net->env->knobs.ip_no_pmtu_disc)
			return DROP_ICMP_EMBEDDED;
		pmtu_update(net, &e.dst, e.mtu, 0);
	}
	icmp_tell(net, &to, &e);
	return DROP_COUNT;
}

void icmp4_error_local(struct net *net, const struct berth_packet *p, uint8_t type, uint8_t code)
{
	const struct icmp_header icmp = {.type = type, .code = code};
	uint8_t quoted[QUOTE_BYTES_MAX];
	size_t bytes = icmp_quote(p, quoted, sizeof(quoted));

	/* The packet itself is already counted as dropped. */
	(void)tell_protocol(net, &icmp, quoted, bytes, NULL);
}

static void on_error(struct net *net, struct berth_packet *p, const struct icmp_header *icmp,
		     const struct ip_info *info)
{
	uint8_t quoted[QUOTE_BYTES_MAX];
	size_t bytes = packet_copy_out(p, ICMP_HEADER_BYTES, quoted, sizeof(quoted));
	enum drop reason = tell_protocol(net, icmp, quoted, bytes, info);

	if (reason != DROP_COUNT)
		drop(net->env, reason);
	packet_free(p);
}

/* RFC 1122 §3.2.2.6: everything that came goes back, from the address that was asked. */
static void on_echo(struct net *net, struct berth_packet *p, struct icmp_header *icmp,
		    const struct ip_info *info)
{
	const struct knobs *knobs = &net->env->knobs;
	bool to_all = info->broadcast || info->multicast;
	struct ipaddr from = to_all ? ipaddr_from4(0) : info->dst;
	uint8_t options[IP4_OPTIONS_BYTES_MAX];
	struct ip_path path;

	if (knobs->icmp_echo_ignore_all || (to_all && knobs->icmp_echo_ignore_broadcasts)) {
		net_refuse(net, p, DROP_ICMP_TYPE);
		return;
	}
	if (ip_path_find(net, &info->src, &from, 0, &path)) {
		net_refuse(net, p, DROP_IP4_NO_ROUTE);
		return;
	}
	packet_trim_front(p, ICMP_HEADER_BYTES);
	p->broadcast = 0;
	p->flags = 0;
	icmp->type = ICMP4_ECHO_REPLY;
	send_message(net, p, icmp, &path, info->tos, options,
		     ip4_options_echo(info->options, info->options_len, options));
}

void icmp4_input(struct net *net, struct berth_packet *p, const struct ip_info *info)
{
	struct icmp_header icmp;

	if (!packet_pull(p, ICMP_HEADER_BYTES)) {
		net_refuse(net, p, DROP_ICMP_TRUNCATED);
		return;
	}
	if (p->csum == CSUM_NONE && csum_finish(packet_sum(p, 0, packet_bytes(p), 0)) != 0) {
		net_refuse(net, p, DROP_ICMP_CHECKSUM);
		return;
	}
	struct reader r = reader_of(packet_head(p), ICMP_HEADER_BYTES);

	(void)icmp_parse(&r, &icmp); /* as many bytes are there */
	icmp_tell_listener(net, IPPROTO_ICMP, p, info);
	switch (icmp.type) {
	case ICMP4_ECHO:
		on_echo(net, p, &icmp, info);
		break;
	case ICMP4_UNREACHABLE:
	case ICMP4_TIME_EXCEEDED:
	case ICMP4_PARAMETER:
		on_error(net, p, &icmp, info);
		break;
	case ICMP4_ECHO_REPLY: /* for the listeners alone */
		if (net_handler(net, IPPROTO_ICMP))
			packet_free(p);
		else
			net_refuse(net, p, DROP_ICMP_TYPE);
		break;
	default:
		net_refuse(net, p, DROP_ICMP_TYPE);
	}
}
