/* SPDX-License-Identifier: MIT */
/*
 * Record route and timestamp (RFC 791 §3.1, RFC 781): lists with a pointer to the next free place,
 * counted from one, which whoever the packet meets fills in.
 *
 * Linux: a host that sends enters itself; one that receives enters the address by which it was
 * asked, and a router that by which it would answer the sender; in a recorded route it overwrites
 * it, when it forwards the packet, by that of the interface through which it leaves. An answer to
 * an echo, or an error, carries the lists on and so shows both ways (RFC 1122 §3.2.2.6, §3.2.1.8).
 *
 * Times are milliseconds since midnight UTC. A timestamp option that is full counts who had no
 * place. One with addresses given beforehand (flag 3) is filled in by who has the next of them.
 * Source routes are not followed, as with Linux's accept_source_route=0.
 */
#include "net/ip4_options.h"

#include <string.h>

#include "base/bytes.h"
#include "net/context.h"
#include "wire/ip4_header.h"

#define MS_PER_DAY (24 * 3600 * 1000)
#define STAMP_ONLY 0u
#define STAMP_ADDRESS 1u
#define STAMP_GIVEN 3u
#define OVERFLOW_MAX 15u

/* Flags and overflow count of a timestamp option. */
static uint8_t stamp_kind(const uint8_t *o)
{
	return o[3] & 0xf;
}

static uint32_t now_ms(const struct net *net)
{
	berth_time t = net->env->epoch + net->env->now;

	return (uint32_t)(t / BERTH_MSEC % MS_PER_DAY);
}

static bool is_ours(const struct net *net, const uint8_t *at)
{
	struct ipaddr a = ipaddr_from4(load_be32(at));

	return ip_kind_of(net, &a) != IP_KIND_OTHER;
}

/* Bytes of an entry; 0: it is not known what it looks like. */
static uint8_t entry_bytes(const uint8_t *o)
{
	if (o[0] == IP4_OPT_RECORD_ROUTE)
		return 4;
	switch (stamp_kind(o)) {
	case STAMP_ONLY:
		return 4;
	case STAMP_ADDRESS:
	case STAMP_GIVEN:
		return 8;
	default:
		return 0;
	}
}

static bool is_list(const struct ip4_option *o)
{
	return o->type == IP4_OPT_RECORD_ROUTE || o->type == IP4_OPT_TIMESTAMP;
}

/* Whether there is a free place. */
static bool has_room(const uint8_t *o)
{
	return o[2] <= o[1];
}

/* Whether a list counts who finds it full. */
static bool counts(const uint8_t *o)
{
	return o[0] == IP4_OPT_TIMESTAMP && stamp_kind(o) != STAMP_GIVEN && !has_room(o);
}

/* Whether one of its type was there before; Linux takes one of each. */
static bool seen_twice(uint8_t type, unsigned *seen)
{
	unsigned bit = type == IP4_OPT_RECORD_ROUTE ? 1 : 2;
	bool twice = (*seen & bit) != 0;

	*seen |= bit;
	return twice;
}

/* What is wrong with a list, as an offset into it; 0: nothing. Linux: __ip_options_compile(). */
static int list_fault(const uint8_t *o)
{
	uint8_t head = o[0] == IP4_OPT_RECORD_ROUTE ? 3 : 4;

	if (o[1] < head)
		return 1;
	if (o[2] < head + 1 || (has_room(o) && o[2] + 3 > o[1]))
		return 2;
	if (has_room(o) && entry_bytes(o) == 8 && o[2] + 7 > o[1])
		return 2;
	return counts(o) && o[3] >> 4 == OVERFLOW_MAX ? 3 : 0;
}

/* Fills the next place of a list, which has one. False: it is another's. */
static bool fill(const struct net *net, uint8_t *o, uint32_t address)
{
	uint8_t *at = o + o[2] - 1;

	if (o[0] == IP4_OPT_RECORD_ROUTE) {
		store_be32(at, address);
		o[2] = (uint8_t)(o[2] + 4);
		return true;
	}
	switch (stamp_kind(o)) {
	case STAMP_ONLY:
		store_be32(at, now_ms(net));
		break;
	case STAMP_ADDRESS:
		store_be32(at, address);
		store_be32(at + 4, now_ms(net));
		break;
	case STAMP_GIVEN:
		if (!is_ours(net, at))
			return false;
		store_be32(at + 4, now_ms(net));
		break;
	default:
		return false;
	}
	o[2] = (uint8_t)(o[2] + entry_bytes(o));
	return true;
}

/* One list of a packet that came in. An offset into it: what is wrong. */
static int receive_list(struct net *net, uint8_t *o, uint32_t address, bool *changed)
{
	int fault = list_fault(o);

	if (fault)
		return fault;
	if (counts(o)) {
		o[3] = (uint8_t)(o[3] + 0x10);
		*changed = true;
	} else if (has_room(o) && fill(net, o, address)) {
		*changed = true;
	}
	return 0;
}

int ip4_options_receive(struct net *net, uint8_t *options, size_t bytes,
			uint32_t (*here)(void *ctx), void *ctx, uint8_t *out_slot, bool *changed)
{
	struct reader r = reader_of(options, bytes);
	struct ip4_option o;
	unsigned seen = 0;

	*out_slot = 0;
	*changed = false;
	while (ip4_option_next(&r, &o)) {
		size_t at = (size_t)(o.at - options);
		uint8_t before = o.bytes > 2 ? o.at[2] : 0;
		int fault;

		if (o.type == IP4_OPT_LOOSE_ROUTE || o.type == IP4_OPT_STRICT_ROUTE)
			return IP4_OPTIONS_SILENT;
		if (!is_list(&o))
			continue;
		if (seen_twice(o.type, &seen))
			return (int)at;
		fault = receive_list(net, options + at, here(ctx), changed);
		if (fault)
			return (int)at + fault;
		if (o.type == IP4_OPT_RECORD_ROUTE && options[at + 2] != before)
			*out_slot = (uint8_t)(at + before);
	}
	return r.ok ? IP4_OPTIONS_FINE : (int)(o.at - options); /* Linux: where it begins */
}

void ip4_options_forward(uint8_t *options, uint8_t slot, uint32_t address)
{
	store_be32(options + slot - 1, address);
}

void ip4_options_send(struct net *net, uint8_t *options, size_t bytes, uint32_t src)
{
	struct reader r = reader_of(options, bytes);
	struct ip4_option o;

	while (ip4_option_next(&r, &o)) {
		uint8_t *at = options + (o.at - options);

		if (is_list(&o) && list_fault(at) == 0 && has_room(at))
			(void)fill(net, at, src); /* another's place stays as it is */
	}
}

/* Appends the list of a type, of which there is one at most. */
static size_t copy_list(const uint8_t *options, size_t bytes, uint8_t type, uint8_t *out)
{
	struct reader r = reader_of(options, bytes);
	struct ip4_option o;
	size_t copied = 0;

	while (ip4_option_next(&r, &o)) {
		if (o.type == type) {
			memcpy(out, o.at, o.bytes);
			copied = o.bytes;
		}
	}
	return copied;
}

size_t ip4_options_echo(const uint8_t *options, size_t bytes, uint8_t *out)
{
	size_t used = copy_list(options, bytes, IP4_OPT_RECORD_ROUTE, out);

	used += copy_list(options, bytes, IP4_OPT_TIMESTAMP, out + used);
	while (used % 4)
		out[used++] = IP4_OPT_END;
	return used;
}

/* Linux: ip_options_undo(): the place of who answers is empty. */
static void clear_next(const struct net *net, uint8_t *o)
{
	uint8_t *at = o + o[2] - 1;

	if (list_fault(o) || !has_room(o))
		return;
	if (o[0] == IP4_OPT_TIMESTAMP && stamp_kind(o) == STAMP_GIVEN) {
		if (is_ours(net, at))
			memset(at + 4, 0, 4);
	} else {
		memset(at, 0, entry_bytes(o));
	}
}

size_t ip4_options_returned(const struct net *net, const uint8_t *options, size_t bytes,
			    uint8_t *out)
{
	size_t used = ip4_options_echo(options, bytes, out);
	struct reader r = reader_of(out, used);
	struct ip4_option o;

	while (ip4_option_next(&r, &o))
		clear_next(net, out + (o.at - out));
	return used;
}

bool ip4_options_valid(const uint8_t *options, size_t bytes)
{
	struct reader r = reader_of(options, bytes);
	struct ip4_option o;
	unsigned seen = 0;

	while (ip4_option_next(&r, &o)) {
		if (o.type == IP4_OPT_LOOSE_ROUTE || o.type == IP4_OPT_STRICT_ROUTE)
			return false;
		if (is_list(&o) && (list_fault(o.at) || seen_twice(o.type, &seen)))
			return false;
		if (o.type == IP4_OPT_ROUTER_ALERT && o.bytes < 4)
			return false;
	}
	return r.ok;
}
