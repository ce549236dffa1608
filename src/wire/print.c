/* SPDX-License-Identifier: MIT */
/*
 * Packets as text. The first bytes are copied out and parsed like any packet's, so a line is right
 * for whatever a cable carries; what does not parse is named as such, not guessed at. Sequence
 * numbers are absolute (tcpdump -S), addresses are numbers (-n).
 *
 * Left out: application protocols, and checksum verdicts.
 */
#include "wire/print.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#include "pkt/packet.h"
#include "wire/arp_packet.h"
#include "wire/ether_header.h"
#include "wire/icmp6_header.h"
#include "wire/icmp_header.h"
#include "wire/ip4_header.h"
#include "wire/ip6_header.h"
#include "wire/ipaddr.h"
#include "wire/nd_message.h"
#include "wire/tcp_header.h"
#include "wire/udp_header.h"

/* Longest headers, an ICMP error's included: Ethernet, IP, ICMP, IP, ports; and room for some
 * extension headers of IPv6. */
#define PEEK_BYTES 256u

struct text {
	char *buf;
	size_t size;
	size_t used; /* < size */
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(t->buf + t->used, t->size - t->used, format, args);

	va_end(args);
	if (n > 0)
		t->used += (size_t)n;
	if (t->used >= t->size)
		t->used = t->size - 1;
}

static void put_ip4(struct text *t, uint32_t a)
{
	put(t, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
}

static void put_addr(struct text *t, const struct ipaddr *a)
{
	char buf[IPADDR_TEXT_BYTES];

	put(t, "%s", ipaddr_print(a, buf));
}

/* From whom to whom, in either version. */
struct ends {
	struct ipaddr src, dst;
};

static void put_mac(struct text *t, const uint8_t mac[ETHER_MAC_BYTES])
{
	put(t, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void put_protocol(struct text *t, uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_ICMP:
		put(t, "icmp");
		break;
	case IPPROTO_TCP:
		put(t, "tcp");
		break;
	case IPPROTO_UDP:
		put(t, "udp");
		break;
	default:
		put(t, "ip-proto-%u", protocol);
	}
}

static void print_arp(struct text *t, struct reader *r)
{
	struct arp_packet a;
	size_t bytes = reader_left(r);

	if (!arp_parse(r, &a)) {
		put(t, "ARP, malformed, length %zu", bytes);
		return;
	}
	if (a.op == ARP_REQUEST) {
		put(t, "ARP, Request who-has ");
		put_ip4(t, a.target_ip);
		put(t, " tell ");
		put_ip4(t, a.sender_ip);
	} else {
		put(t, "ARP, Reply ");
		put_ip4(t, a.sender_ip);
		put(t, " is-at ");
		put_mac(t, a.sender_mac);
	}
	put(t, ", length %zu", bytes);
}

static void print_tcp_flags(struct text *t, uint8_t flags)
{
	static const struct {
		uint8_t flag;
		char letter;
	} letters[] = {
		{TCPF_FIN, 'F'}, {TCPF_SYN, 'S'}, {TCPF_RST, 'R'}, {TCPF_PSH, 'P'},
		{TCPF_ACK, '.'}, {TCPF_URG, 'U'}, {TCPF_ECE, 'E'}, {TCPF_CWR, 'W'},
	};

	put(t, ": Flags [");
	for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
		if (flags & letters[i].flag)
			put(t, "%c", letters[i].letter);
	}
	put(t, flags == 0 ? "none]" : "]");
}

static void print_tcp_options(struct text *t, const struct tcp_options *o)
{
	const char *comma = "";

	put(t, ", options [");
	if (o->has_mss) {
		put(t, "mss %u", o->mss);
		comma = ",";
	}
	if (o->sack_permitted) {
		put(t, "%ssackOK", comma);
		comma = ",";
	}
	if (o->has_ts) {
		put(t, "%sTS val %u ecr %u", comma, o->ts_val, o->ts_ecr);
		comma = ",";
	}
	if (o->has_wscale) {
		put(t, "%swscale %u", comma, o->wscale);
		comma = ",";
	}
	if (o->has_fastopen) {
		put(t, o->cookie_bytes ? "%stfo cookie" : "%stfo cookiereq", comma);
		comma = ",";
	}
	if (o->sack_count > 0) {
		put(t, "%ssack %u ", comma, o->sack_count);
		for (unsigned i = 0; i < o->sack_count; i++)
			put(t, "{%u:%u}", o->sacks[i].start, o->sacks[i].end);
	}
	put(t, "]");
}

/* `bytes` of TCP, header and data. */
static void print_tcp(struct text *t, struct reader *r, const struct ends *ends, size_t bytes)
{
	struct tcp_header h;

	put_addr(t, &ends->src);
	if (!tcp_parse(r, &h) || h.header_bytes > bytes) {
		put(t, " > ");
		put_addr(t, &ends->dst);
		put(t, ": tcp, truncated, length %zu", bytes);
		return;
	}
	size_t data = bytes - h.header_bytes;

	put(t, ".%u > ", h.src_port);
	put_addr(t, &ends->dst);
	put(t, ".%u", h.dst_port);
	print_tcp_flags(t, h.flags);
	if (data > 0)
		put(t, ", seq %u:%u", h.seq, h.seq + (uint32_t)data);
	else if (h.flags & (TCPF_SYN | TCPF_FIN | TCPF_RST))
		put(t, ", seq %u", h.seq);
	if (h.flags & TCPF_ACK)
		put(t, ", ack %u", h.ack);
	put(t, ", win %u", h.window);
	if (h.flags & TCPF_URG)
		put(t, ", urg %u", h.urgent);
	if (h.header_bytes > TCP_HEADER_BYTES)
		print_tcp_options(t, &h.options);
	put(t, ", length %zu", data);
}

static void print_udp(struct text *t, struct reader *r, const struct ends *ends, size_t bytes)
{
	struct udp_header h;

	put_addr(t, &ends->src);
	if (!udp_parse(r, &h)) {
		put(t, " > ");
		put_addr(t, &ends->dst);
		put(t, ": udp, truncated, length %zu", bytes);
		return;
	}
	put(t, ".%u > ", h.src_port);
	put_addr(t, &ends->dst);
	put(t, ".%u: UDP, length %u", h.dst_port, h.bytes - UDP_HEADER_BYTES);
}

/* The packet that an unreachable message is about. */
static void print_unreachable(struct text *t, struct reader *r, const struct icmp_header *h)
{
	struct ip4_header ip;

	if (!ip4_parse(r, &ip)) {
		put(t, "unreachable, code %u", h->code);
		return;
	}
	switch (h->code) {
	case ICMP4_UNREACHABLE_NET:
		put(t, "net ");
		put_ip4(t, ip.dst);
		put(t, " unreachable");
		break;
	case ICMP4_UNREACHABLE_HOST:
		put(t, "host ");
		put_ip4(t, ip.dst);
		put(t, " unreachable");
		break;
	case ICMP4_UNREACHABLE_PROTOCOL:
		put_ip4(t, ip.dst);
		put(t, " protocol %u unreachable", ip.protocol);
		break;
	case ICMP4_UNREACHABLE_PORT:
		(void)read_be16(r); /* the source port */
		put_ip4(t, ip.dst);
		put(t, " ");
		put_protocol(t, ip.protocol);
		put(t, " port %u unreachable", read_be16(r));
		break;
	case ICMP4_UNREACHABLE_FRAG_NEEDED:
		put_ip4(t, ip.dst);
		put(t, " unreachable - need to frag (mtu %u)", h->mtu);
		break;
	default:
		put_ip4(t, ip.dst);
		put(t, " unreachable, code %u", h->code);
	}
}

static void print_icmp(struct text *t, struct reader *r, const struct ip4_header *ip, size_t bytes)
{
	struct icmp_header h;

	put_ip4(t, ip->src);
	put(t, " > ");
	put_ip4(t, ip->dst);
	put(t, ": ICMP ");
	if (!icmp_parse(r, &h)) {
		put(t, "truncated, length %zu", bytes);
		return;
	}
	switch (h.type) {
	case ICMP4_ECHO:
		put(t, "echo request, id %u, seq %u", h.id, h.seq);
		break;
	case ICMP4_ECHO_REPLY:
		put(t, "echo reply, id %u, seq %u", h.id, h.seq);
		break;
	case ICMP4_UNREACHABLE:
		print_unreachable(t, r, &h);
		break;
	case ICMP4_TIME_EXCEEDED:
		put(t, h.code == ICMP4_TIME_EXCEEDED_TTL ? "time exceeded in-transit"
							 : "ip reassembly time exceeded");
		break;
	case ICMP4_REDIRECT:
		put(t, "redirect to ");
		put_ip4(t, h.gateway);
		break;
	default:
		put(t, "type %u, code %u", h.type, h.code);
	}
	put(t, ", length %zu", bytes);
}

/* `bytes` is what the packet has from the IP header on, of which `r` may hold only the first. */
static void print_ip4(struct text *t, struct reader *r, size_t bytes)
{
	struct ip4_header ip;

	put(t, "IP ");
	if (!ip4_parse(r, &ip)) {
		put(t, "malformed, length %zu", bytes);
		return;
	}
	if (ip.total_bytes > bytes)
		put(t, "truncated-ip - %zu bytes missing! ", ip.total_bytes - bytes);
	const struct ends ends = {ipaddr_from4(ip.src), ipaddr_from4(ip.dst)};
	size_t data = (size_t)ip.total_bytes - ip.header_bytes;

	if (ip.fragment_offset == 0 && ip.protocol == IPPROTO_TCP) {
		print_tcp(t, r, &ends, data);
	} else if (ip.fragment_offset == 0 && ip.protocol == IPPROTO_UDP) {
		print_udp(t, r, &ends, data);
	} else if (ip.fragment_offset == 0 && ip.protocol == IPPROTO_ICMP) {
		print_icmp(t, r, &ip, data);
	} else {
		put_ip4(t, ip.src);
		put(t, " > ");
		put_ip4(t, ip.dst);
		put(t, ": ");
		put_protocol(t, ip.protocol);
		put(t, ", length %zu", data);
	}
	if (ip4_is_fragment(&ip))
		put(t, " (frag %u:%zu@%u%s)", ip.id, data, ip.fragment_offset, ip.mf ? "+" : "");
}

static void put_ends(struct text *t, const struct ends *ends)
{
	put_addr(t, &ends->src);
	put(t, " > ");
	put_addr(t, &ends->dst);
	put(t, ": ");
}

/* The transport header of a quoted packet: its protocol and destination port. */
static void put_quoted_port(struct text *t, struct reader *r, uint8_t next)
{
	struct ip6_ext_header e;

	while (ip6_ext_next(r, next, &e))
		next = e.next;
	put(t, " ");
	put_protocol(t, next);
	(void)read_be16(r); /* the source port */
	put(t, " port %u", read_be16(r));
}

/* What an ICMPv6 error is about. */
static void print_unreachable6(struct text *t, struct reader *r, const struct icmp6_header *h)
{
	static const char *const words[] = {"unreachable route ", "unreachable prohibited ",
					    "beyond scope ",	  "unreachable address ",
					    "unreachable port, ", "unreachable policy ",
					    "unreachable reject "};
	struct ip6_header ip;

	put(t, "destination unreachable, ");
	if (h->code >= ARRAY_LEN(words) || !ip6_parse(r, &ip)) {
		put(t, "code %u", h->code);
		return;
	}
	put(t, "%s", words[h->code]);
	put_addr(t, &ip.dst);
	if (h->code == ICMP6_UNREACHABLE_SCOPE) {
		put(t, ", source address ");
		put_addr(t, &ip.src);
	} else if (h->code == ICMP6_UNREACHABLE_PORT) {
		put_quoted_port(t, r, ip.next);
	}
}

static void print_exceeded6(struct text *t, struct reader *r, const struct icmp6_header *h)
{
	struct ip6_header ip;

	if (h->code == ICMP6_TIME_EXCEEDED_HOPS && ip6_parse(r, &ip)) {
		put(t, "time exceeded in-transit for ");
		put_addr(t, &ip.dst);
	} else {
		put(t, "ip6 reassembly time exceeded");
	}
}

/* Neighbour discovery; `whole` stands at the ICMPv6 header. */
static void print_nd(struct text *t, struct reader *whole, uint8_t type)
{
	struct nd_solicit solicit;
	struct nd_advert advert;
	struct nd_redirect redirect;

	if (type == ICMP6_NEIGHBOUR_SOLICIT && nd_solicit_parse(whole, &solicit)) {
		put(t, "neighbor solicitation, who has ");
		put_addr(t, &solicit.target);
	} else if (type == ICMP6_NEIGHBOUR_ADVERT && nd_advert_parse(whole, &advert)) {
		put(t, "neighbor advertisement, tgt is ");
		put_addr(t, &advert.target);
	} else if (type == ICMP6_REDIRECT && nd_redirect_parse(whole, &redirect)) {
		put(t, "redirect, ");
		put_addr(t, &redirect.dst);
		put(t, " to ");
		put_addr(t, &redirect.target);
	} else if (type == ICMP6_ROUTER_SOLICIT) {
		put(t, "router solicitation");
	} else if (type == ICMP6_ROUTER_ADVERT) {
		put(t, "router advertisement");
	} else {
		put(t, "type-#%u, truncated", type);
	}
}

static void print_icmp6_type(struct text *t, struct reader *r, struct reader *whole,
			     const struct icmp6_header *h)
{
	static const char *const problems[] = {"errorneous", "next header", "option",
					       "incomplete first fragment"};

	switch (h->type) {
	case ICMP6_ECHO_REQUEST:
	case ICMP6_ECHO_REPLY:
		put(t, "echo %s, id %u, seq %u",
		    h->type == ICMP6_ECHO_REQUEST ? "request" : "reply", icmp6_id(h), icmp6_seq(h));
		break;
	case ICMP6_UNREACHABLE:
		print_unreachable6(t, r, h);
		break;
	case ICMP6_TOO_BIG:
		put(t, "packet too big, mtu %u", h->info);
		break;
	case ICMP6_TIME_EXCEEDED:
		print_exceeded6(t, r, h);
		break;
	case ICMP6_PARAMETER:
		put(t, "parameter problem, %s - octet %u",
		    h->code < ARRAY_LEN(problems) ? problems[h->code] : "unknown", h->info);
		break;
	case ICMP6_MLD_QUERY:
		put(t, "multicast listener query");
		break;
	case ICMP6_MLD_REPORT:
		put(t, "multicast listener report");
		break;
	case ICMP6_MLD_DONE:
		put(t, "multicast listener done");
		break;
	case ICMP6_MLD2_REPORT:
		put(t, "multicast listener report v2, %u group record(s)", h->info & 0xffffu);
		break;
	case ICMP6_ROUTER_SOLICIT:
	case ICMP6_ROUTER_ADVERT:
	case ICMP6_NEIGHBOUR_SOLICIT:
	case ICMP6_NEIGHBOUR_ADVERT:
	case ICMP6_REDIRECT:
		print_nd(t, whole, h->type);
		break;
	default:
		put(t, "type-#%u, code %u", h->type, h->code);
	}
}

static void print_icmp6(struct text *t, struct reader *r, size_t bytes)
{
	struct reader whole = *r;
	struct icmp6_header h;

	put(t, "ICMP6, ");
	if (icmp6_parse(r, &h))
		print_icmp6_type(t, r, &whole, &h);
	else
		put(t, "truncated");
	put(t, ", length %zu", bytes);
}

/* An extension header, as a word before what follows it. True: a fragment other than the first,
 * behind which there is nothing to be told. */
static bool print_ext(struct text *t, const struct ip6_ext_header *e, size_t left)
{
	struct ip6_fragment f;
	struct ip6_routing routing;

	switch (e->type) {
	case IP6_HOP_BY_HOP:
		put(t, "HBH ");
		return false;
	case IP6_DESTINATION:
		put(t, "DSTOPT ");
		return false;
	case IP6_ROUTING:
		ip6_routing_parse(e->at, &routing);
		put(t, "srcrt (type=%u, segleft=%u) ", routing.type, routing.segments_left);
		return false;
	case IP6_FRAGMENT:
		ip6_fragment_parse(e->at, &f);
		put(t, "frag (%u|%zu)%s", f.offset, left, f.offset == 0 ? " " : "");
		return f.offset != 0;
	default:
		put(t, "AH ");
		return false;
	}
}

/* `bytes` is what the packet has from the IP header on, of which `r` may hold only the first. */
static void print_ip6(struct text *t, struct reader *r, size_t bytes)
{
	struct ip6_header ip;
	struct ip6_ext_header e;

	put(t, "IP6 ");
	if (!ip6_parse(r, &ip)) {
		put(t, "malformed, length %zu", bytes);
		return;
	}
	const struct ends ends = {ip.src, ip.dst};
	size_t left = ip.payload_bytes;
	uint8_t next = ip.next;
	bool told = false;

	if (left > bytes - IP6_HEADER_BYTES)
		put(t, "truncated-ip6 - %zu bytes missing!", left - (bytes - IP6_HEADER_BYTES));
	while (ip6_ext_next(r, next, &e)) {
		left -= e.bytes < left ? e.bytes : left;
		if (!told)
			put_ends(t, &ends);
		told = true;
		if (print_ext(t, &e, left))
			return;
		next = e.next;
	}
	if (next == IPPROTO_TCP) {
		print_tcp(t, r, &ends, left);
	} else if (next == IPPROTO_UDP) {
		print_udp(t, r, &ends, left);
	} else {
		if (!told)
			put_ends(t, &ends);
		if (next == IPPROTO_ICMPV6)
			print_icmp6(t, r, left);
		else if (next == IP6_NONE)
			put(t, "no next header");
		else
			put(t, "ip-proto-%u, length %zu", next, left);
	}
}

size_t print_packet(const struct berth_packet *p, char *buf, size_t bytes)
{
	uint8_t head[PEEK_BYTES];
	struct reader r = reader_of(head, packet_copy_out(p, 0, head, sizeof(head)));
	struct text t = {buf, bytes, 0};
	struct ether_header ether;
	size_t left = packet_bytes(p);

	if (bytes == 0)
		return 0;
	buf[0] = '\0';
	if (p->l3_off != 0 && p->l3_off == p->head_off) {
		if (reader_left(&r) > 0 && head[0] >> 4 == 6)
			print_ip6(&t, &r, left);
		else
			print_ip4(&t, &r, left);
		return t.used;
	}
	if (!ether_parse(&r, &ether)) {
		put(&t, "truncated, length %zu", left);
		return t.used;
	}
	left -= ETHER_HEADER_BYTES;
	if (ether.type == ETHER_TYPE_IP4)
		print_ip4(&t, &r, left);
	else if (ether.type == ETHER_TYPE_IP6)
		print_ip6(&t, &r, left);
	else if (ether.type == ETHER_TYPE_ARP)
		print_arp(&t, &r);
	else
		put(&t, "ethertype 0x%04x, length %zu", ether.type, left);
	return t.used;
}
