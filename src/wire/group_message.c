/* SPDX-License-Identifier: MIT */
/*
 * The two protocols differ in the size of an address, in the type numbers, and in how a query of
 * each version is told from the others: by its length, and in IGMP's first two by whether it gives
 * a time.
 */
#include "wire/group_message.h"

#include <string.h>

#include "wire/icmp6_header.h"

#define QUERY3_BYTES 12u     /* without sources (RFC 3376 §4.1) */
#define MLD_QUERY2_BYTES 28u /* RFC 3810 §5.1 */
#define V1_RESPONSE_MS 10000u
#define ROBUSTNESS_MASK 0x7u

static struct ipaddr read_address(struct reader *r, bool v6)
{
	struct ipaddr a = {{0}};
	const uint8_t *at;

	if (!v6)
		return ipaddr_from4(read_be32(r));
	at = read_bytes(r, sizeof(a.bytes));
	if (at)
		memcpy(a.bytes, at, sizeof(a.bytes));
	return a;
}

static void write_address(uint8_t *at, bool v6, const struct ipaddr *a)
{
	size_t bytes = group_address_bytes(v6);

	memcpy(at, a->bytes + sizeof(a->bytes) - bytes, bytes);
}

/* RFC 3376 §4.1.1: a mantissa of `bits` bits and three of an exponent, when the top bit is set. */
static uint32_t decode(uint32_t code, unsigned bits)
{
	uint32_t top = 1u << (bits + 3);

	if (code < top)
		return code;
	return ((code & ((1u << bits) - 1)) | 1u << bits) << ((code >> bits & 7) + 3);
}

/* What only the newest version has, behind the group. */
static void read_rest(struct reader *r, struct group_query *out)
{
	uint8_t robustness = read_u8(r) & ROBUSTNESS_MASK;

	out->robustness = robustness;
	out->interval_s = decode(read_u8(r), 4);
	out->source_count = read_be16(r);
}

static bool read_sources(struct reader *r, bool v6, struct group_query *out)
{
	out->sources = read_bytes(r, out->source_count * group_address_bytes(v6));
	return r->ok;
}

static bool parse_mld(struct reader *r, size_t bytes, struct group_query *out)
{
	uint16_t code;

	(void)read_bytes(r, 4);
	code = read_be16(r);
	(void)read_be16(r);
	out->group = read_address(r, true);
	out->version = bytes >= MLD_QUERY2_BYTES ? 3 : 2;
	if (bytes != MLD1_MESSAGE_BYTES && bytes < MLD_QUERY2_BYTES)
		return false; /* RFC 3810 §8.1 */
	out->response_ms = out->version == 3 ? decode(code, 12) : code;
	if (out->version < 3)
		return r->ok;
	read_rest(r, out);
	return read_sources(r, true, out);
}

static bool parse_igmp(struct reader *r, size_t bytes, struct group_query *out)
{
	uint8_t code;

	(void)read_u8(r);
	code = read_u8(r);
	(void)read_be16(r);
	out->group = read_address(r, false);
	if (bytes != GROUP_MESSAGE_BYTES && bytes < QUERY3_BYTES)
		return false; /* RFC 3376 §7.1 */
	out->version = bytes >= QUERY3_BYTES ? 3 : code ? 2 : 1;
	out->response_ms = out->version == 3   ? decode(code, 4) * 100
			   : out->version == 2 ? code * 100u
					       : V1_RESPONSE_MS;
	if (out->version < 3)
		return r->ok;
	read_rest(r, out);
	return read_sources(r, false, out);
}

bool group_query_parse(const uint8_t *at, size_t bytes, bool v6, struct group_query *out)
{
	struct reader r = reader_of(at, bytes);
	bool fine;

	*out = (struct group_query){.version = 0};
	fine = v6 ? parse_mld(&r, bytes, out) : parse_igmp(&r, bytes, out);
	if (out->response_ms == 0)
		out->response_ms = 1;
	return fine;
}

struct ipaddr group_query_source(const struct group_query *q, unsigned i, bool v6)
{
	size_t bytes = group_address_bytes(v6);
	struct reader r = reader_of(q->sources + i * bytes, bytes);

	return read_address(&r, v6);
}

void group_report_write(uint8_t at[GROUP_MESSAGE_BYTES], bool v6, uint16_t records)
{
	memset(at, 0, GROUP_MESSAGE_BYTES);
	at[0] = v6 ? ICMP6_MLD2_REPORT : IGMP_REPORT3;
	store_be16(at + 6, records);
}

void group_record_write(uint8_t *at, bool v6, enum group_record_type type,
			const struct ipaddr *group, uint16_t sources)
{
	at[0] = (uint8_t)type;
	at[1] = 0;
	store_be16(at + 2, sources);
	write_address(at + 4, v6, group);
}

void group_source_write(uint8_t *at, bool v6, unsigned i, const struct ipaddr *source)
{
	write_address(at + group_record_bytes(v6, i), v6, source);
}

size_t group_old_write(uint8_t at[MLD1_MESSAGE_BYTES], bool v6, uint8_t type,
		       const struct ipaddr *group)
{
	memset(at, 0, MLD1_MESSAGE_BYTES);
	at[0] = type;
	write_address(at + (v6 ? 8 : 4), v6, group);
	return v6 ? MLD1_MESSAGE_BYTES : GROUP_MESSAGE_BYTES;
}

bool group_old_parse(const uint8_t *at, size_t bytes, bool v6, struct ipaddr *out_group)
{
	struct reader r = reader_of(at, bytes);

	(void)read_bytes(&r, v6 ? 8 : 4);
	*out_group = read_address(&r, v6);
	return r.ok;
}
