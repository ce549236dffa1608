/* SPDX-License-Identifier: MIT */
/*
 * Neighbour discovery: flags and places of fields as RFC 4861 §4 draws them. Reserved fields are
 * written as zeros and not looked at. Lengths are all that is checked here; what a message must be
 * to be believed is net/'s.
 */
#include "wire/nd_message.h"

#include "wire/icmp6_header.h"

#define ADVERT_ROUTER 0x80u
#define ADVERT_SOLICITED 0x40u
#define ADVERT_OVERRIDE 0x20u
#define ROUTER_MANAGED 0x80u
#define ROUTER_OTHER 0x40u
#define ROUTER_PREFERENCE_SHIFT 3
#define PREFIX_ON_LINK 0x80u
#define PREFIX_AUTONOMOUS 0x40u

bool nd_option_next(struct reader *r, struct nd_option *o)
{
	if (!r->ok || reader_left(r) == 0)
		return false;
	const uint8_t *at = read_bytes(r, 2);

	/* RFC 4861 §4.6: length 0 discards the packet. */
	if (at == NULL || at[1] == 0) {
		r->ok = false;
		return false;
	}
	if (read_bytes(r, at[1] * 8u - 2u) == NULL)
		return false;
	*o = (struct nd_option){.type = at[0], .bytes = (uint16_t)(at[1] * 8u), .at = at};
	return true;
}

bool nd_options_valid(struct reader r)
{
	struct nd_option o;

	while (nd_option_next(&r, &o))
		continue;
	return r.ok;
}

static struct ipaddr load_addr(const uint8_t *at)
{
	struct ipaddr a;

	memcpy(a.bytes, at, sizeof(a.bytes));
	return a;
}

static void store_addr(uint8_t *at, const struct ipaddr *a)
{
	memcpy(at, a->bytes, sizeof(a->bytes));
}

bool nd_solicit_parse(struct reader *r, struct nd_solicit *m)
{
	const uint8_t *at = read_bytes(r, ND_SOLICIT_BYTES);

	if (at == NULL)
		return false;
	m->target = load_addr(at + 8);
	return true;
}

bool nd_advert_parse(struct reader *r, struct nd_advert *m)
{
	const uint8_t *at = read_bytes(r, ND_SOLICIT_BYTES);

	if (at == NULL)
		return false;
	m->target = load_addr(at + 8);
	m->router = at[4] & ADVERT_ROUTER;
	m->solicited = at[4] & ADVERT_SOLICITED;
	m->override = at[4] & ADVERT_OVERRIDE;
	return true;
}

bool nd_redirect_parse(struct reader *r, struct nd_redirect *m)
{
	const uint8_t *at = read_bytes(r, ND_REDIRECT_BYTES);

	if (at == NULL)
		return false;
	m->target = load_addr(at + 8);
	m->dst = load_addr(at + 24);
	return true;
}

bool nd_router_solicit_parse(struct reader *r)
{
	return read_bytes(r, ND_ROUTER_SOLICIT_BYTES) != NULL;
}

/* Two bits, two's complement; the reserved value is medium (RFC 4191 §2.2). */
static enum nd_preference preference_of(uint8_t flags)
{
	switch (flags >> ROUTER_PREFERENCE_SHIFT & 3u) {
	case 1:
		return ND_PREFERENCE_HIGH;
	case 3:
		return ND_PREFERENCE_LOW;
	default:
		return ND_PREFERENCE_MEDIUM;
	}
}

bool nd_router_advert_parse(struct reader *r, struct nd_router_advert *m)
{
	const uint8_t *at = read_bytes(r, ND_ROUTER_ADVERT_BYTES);

	if (at == NULL)
		return false;
	*m = (struct nd_router_advert){
		.hop_limit = at[4],
		.managed = at[5] & ROUTER_MANAGED,
		.other = at[5] & ROUTER_OTHER,
		.preference = preference_of(at[5]),
		.lifetime = load_be16(at + 6),
		.reachable_ms = load_be32(at + 8),
		.retrans_ms = load_be32(at + 12),
	};
	return true;
}

bool nd_option_mac(const struct nd_option *o, uint8_t out_mac[6])
{
	if (o->bytes != ND_OPTION_MAC_BYTES)
		return false;
	memcpy(out_mac, o->at + 2, 6);
	return true;
}

bool nd_option_mtu(const struct nd_option *o, uint32_t *out_mtu)
{
	if (o->bytes != ND_OPTION_MTU_BYTES)
		return false;
	*out_mtu = load_be32(o->at + 4);
	return true;
}

bool nd_option_prefix(const struct nd_option *o, struct nd_prefix *out)
{
	if (o->bytes != ND_OPTION_PREFIX_BYTES)
		return false;
	*out = (struct nd_prefix){
		.prefix = load_addr(o->at + 16),
		.prefix_len = o->at[2],
		.on_link = o->at[3] & PREFIX_ON_LINK,
		.autonomous = o->at[3] & PREFIX_AUTONOMOUS,
		.valid = load_be32(o->at + 4),
		.preferred = load_be32(o->at + 8),
	};
	return true;
}

static void write_header(uint8_t *at, enum icmp6_type type, size_t bytes)
{
	memset(at, 0, bytes);
	at[0] = (uint8_t)type;
}

size_t nd_solicit_write(uint8_t *at, const struct nd_solicit *m)
{
	write_header(at, ICMP6_NEIGHBOUR_SOLICIT, ND_SOLICIT_BYTES);
	store_addr(at + 8, &m->target);
	return ND_SOLICIT_BYTES;
}

size_t nd_advert_write(uint8_t *at, const struct nd_advert *m)
{
	write_header(at, ICMP6_NEIGHBOUR_ADVERT, ND_SOLICIT_BYTES);
	at[4] = (uint8_t)((m->router ? ADVERT_ROUTER : 0) | (m->solicited ? ADVERT_SOLICITED : 0) |
			  (m->override ? ADVERT_OVERRIDE : 0));
	store_addr(at + 8, &m->target);
	return ND_SOLICIT_BYTES;
}

size_t nd_redirect_write(uint8_t *at, const struct nd_redirect *m)
{
	write_header(at, ICMP6_REDIRECT, ND_REDIRECT_BYTES);
	store_addr(at + 8, &m->target);
	store_addr(at + 24, &m->dst);
	return ND_REDIRECT_BYTES;
}

size_t nd_router_solicit_write(uint8_t *at)
{
	write_header(at, ICMP6_ROUTER_SOLICIT, ND_ROUTER_SOLICIT_BYTES);
	return ND_ROUTER_SOLICIT_BYTES;
}

size_t nd_router_advert_write(uint8_t *at, const struct nd_router_advert *m)
{
	write_header(at, ICMP6_ROUTER_ADVERT, ND_ROUTER_ADVERT_BYTES);
	at[4] = m->hop_limit;
	at[5] = (uint8_t)((m->managed ? ROUTER_MANAGED : 0) | (m->other ? ROUTER_OTHER : 0) |
			  ((unsigned)m->preference & 3u) << ROUTER_PREFERENCE_SHIFT);
	store_be16(at + 6, m->lifetime);
	store_be32(at + 8, m->reachable_ms);
	store_be32(at + 12, m->retrans_ms);
	return ND_ROUTER_ADVERT_BYTES;
}

static void write_option(uint8_t *at, enum nd_option_type type, size_t bytes)
{
	memset(at, 0, bytes);
	at[0] = (uint8_t)type;
	at[1] = (uint8_t)(bytes / 8);
}

size_t nd_option_write_mac(uint8_t *at, enum nd_option_type type, const uint8_t mac[6])
{
	write_option(at, type, ND_OPTION_MAC_BYTES);
	memcpy(at + 2, mac, 6);
	return ND_OPTION_MAC_BYTES;
}

size_t nd_option_write_mtu(uint8_t *at, uint32_t mtu)
{
	write_option(at, ND_OPTION_MTU, ND_OPTION_MTU_BYTES);
	store_be32(at + 4, mtu);
	return ND_OPTION_MTU_BYTES;
}

size_t nd_option_write_prefix(uint8_t *at, const struct nd_prefix *p)
{
	write_option(at, ND_OPTION_PREFIX, ND_OPTION_PREFIX_BYTES);
	at[2] = p->prefix_len;
	at[3] = (uint8_t)((p->on_link ? PREFIX_ON_LINK : 0) |
			  (p->autonomous ? PREFIX_AUTONOMOUS : 0));
	store_be32(at + 4, p->valid);
	store_be32(at + 8, p->preferred);
	store_addr(at + 16, &p->prefix);
	return ND_OPTION_PREFIX_BYTES;
}
