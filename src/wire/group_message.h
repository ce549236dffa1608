/* SPDX-License-Identifier: MIT */
/*
 * Who is in which multicast group: the messages of IGMP (RFC 2236, RFC 3376) and of MLD (RFC 2710,
 * RFC 3810), which are the same but for the size of addresses.
 */
#ifndef WIRE_GROUP_MESSAGE_H
#define WIRE_GROUP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/ipaddr.h"

enum igmp_type {
	IGMP_QUERY = 0x11,
	IGMP_REPORT1 = 0x12,
	IGMP_REPORT2 = 0x16,
	IGMP_LEAVE2 = 0x17,
	IGMP_REPORT3 = 0x22,
};

/* RFC 3376 §4.2.12 */
enum group_record_type {
	GROUP_IS_INCLUDE = 1,
	GROUP_IS_EXCLUDE,
	GROUP_TO_INCLUDE,
	GROUP_TO_EXCLUDE,
	GROUP_ALLOW,
	GROUP_BLOCK,
};

/* A query. MLD's versions 1 and 2 are those of IGMP 2 and 3, and are called that here. */
struct group_query {
	uint8_t version;      /* 1 to 3 */
	struct ipaddr group;  /* any: all groups */
	uint32_t response_ms; /* answers are to be spread over this time; > 0 */
	uint8_t robustness;   /* 0: not told */
	uint32_t interval_s;  /* between general queries; 0: not told */
	uint16_t source_count;
	const uint8_t *sources; /* 4 or 16 bytes each */
};

/* A query of IGMP, or (`v6`) of MLD, from its first byte on; the type was looked at, the checksum
 * was right. False: malformed. */
bool group_query_parse(const uint8_t *at, size_t bytes, bool v6, struct group_query *out);
struct ipaddr group_query_source(const struct group_query *q, unsigned i, bool v6);

#define GROUP_MESSAGE_BYTES 8u /* a report's header, and all of IGMP's other messages */
#define MLD1_MESSAGE_BYTES 24u

static inline size_t group_address_bytes(bool v6)
{
	return v6 ? 16 : 4;
}

/* Bytes of a record with as many sources. */
static inline size_t group_record_bytes(bool v6, size_t sources)
{
	return 4 + (1 + sources) * group_address_bytes(v6);
}

/* Writes the header of a report of version 3 with `records` records, its checksum zero. */
void group_report_write(uint8_t at[GROUP_MESSAGE_BYTES], bool v6, uint16_t records);
/* Writes a record, and its sources one by one. */
void group_record_write(uint8_t *at, bool v6, enum group_record_type type,
			const struct ipaddr *group, uint16_t sources);
void group_source_write(uint8_t *at, bool v6, unsigned i, const struct ipaddr *source);
/* Writes a message of an older version about one group: IGMP_REPORT1, IGMP_REPORT2, IGMP_LEAVE2, or
 * an ICMPv6 type; its checksum zero. Returns its length. */
size_t group_old_write(uint8_t at[MLD1_MESSAGE_BYTES], bool v6, uint8_t type,
		       const struct ipaddr *group);
/* The group that such a message is about. False: truncated. */
bool group_old_parse(const uint8_t *at, size_t bytes, bool v6, struct ipaddr *out_group);

#endif
