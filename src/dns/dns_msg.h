/* SPDX-License-Identifier: MIT */
/*
 * DNS messages: a bounded parser and a writer that compresses (RFC 1035 §4).
 */
#ifndef DNS_DNS_MSG_H
#define DNS_DNS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "dns/dns_name.h"

#define DNS_PORT 53u
#define DNS_HEADER_BYTES 12u
#define DNS_UDP_BYTES 512u /* without EDNS (RFC 1035 §4.2.1) */
#define DNS_MSG_BYTES 65535u

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_OPT = 41,
	DNS_IXFR = 251,
	DNS_AXFR = 252,
	DNS_ANY = 255,
};

enum dns_class {
	DNS_IN = 1,
	DNS_CLASS_ANY = 255,
};

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_BADVERS = 16, /* needs OPT (RFC 6891 §6.1.3) */
};

struct dns_header {
	uint16_t id;
	bool response, authoritative, truncated, recursion_desired, recursion_available;
	uint8_t opcode; /* 0: a standard query */
	uint8_t rcode;	/* the lower four bits */
	uint16_t questions, answers, authorities, additionals;
};

struct dns_question {
	struct dns_name name;
	uint16_t type, class;
};

/* A resource record. `data` points into the message; names in it need dns_read_name_at(). */
struct dns_record {
	struct dns_name name;
	uint16_t type, class;
	uint32_t ttl_s;
	const uint8_t *data;
	uint16_t data_bytes;
};

/* Walks a message from front to end: header, then as many questions and records as it says. */
struct dns_parser {
	const uint8_t *msg;
	size_t bytes;
	struct reader r;
};

/* False: shorter than a header. */
bool dns_parse(struct dns_parser *p, const void *msg, size_t bytes, struct dns_header *out);
/* False: malformed; nothing after it can be read. */
bool dns_parse_question(struct dns_parser *p, struct dns_question *out);
bool dns_parse_record(struct dns_parser *p, struct dns_record *out);

/* The name at `at`, a place in the parser's message, such as a CNAME record's data, and where it
 * ends. False: malformed. `out_end` may be NULL. */
bool dns_read_name_at(const struct dns_parser *p, const uint8_t *at, struct dns_name *out,
		      const uint8_t **out_end);

/* How many names' places a writer remembers, to point back at. */
#define DNS_WRITER_NAMES 32u

/* Where in a message sections are, for dns_writer's counts. */
enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

/* Writes a message front to end. What does not fit is left out whole, and `full` remembers it. */
struct dns_writer {
	uint8_t *buf;
	size_t max, bytes;
	bool full;
	uint16_t counts[4];
	uint16_t names[DNS_WRITER_NAMES]; /* offsets of suffixes written so far */
	unsigned name_count;
};

/* Starts a message of at most `max` bytes in `buf`; `max` is at least DNS_HEADER_BYTES. */
void dns_write_start(struct dns_writer *w, void *buf, size_t max);
void dns_write_question(struct dns_writer *w, const struct dns_question *q);
/* A record whose data is `data_bytes` bytes as they are, or one name. */
void dns_write_record(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
		      uint16_t type, uint16_t class, uint32_t ttl_s, const void *data,
		      size_t data_bytes);
void dns_write_name_record(struct dns_writer *w, enum dns_section section,
			   const struct dns_name *name, uint16_t type, uint32_t ttl_s,
			   const struct dns_name *target);
/* The OPT record of EDNS(0): the size we take, and the upper bits of the rcode. */
void dns_write_opt(struct dns_writer *w, uint16_t udp_bytes, uint16_t rcode);
/* Fills in the header, with the counts of what was written; sets TC if something was left
 * out. Returns the message's length. */
size_t dns_write_end(struct dns_writer *w, const struct dns_header *header);

#endif
