/* SPDX-License-Identifier: MIT */
/*
 * The name service of a world.
 *
 * It is authoritative for all names: a name is a host's, or it does not exist. A name that exists
 * but has no record of the type asked for gets an answer without records (NODATA, RFC 2308 §2.2);
 * both kinds of "no" carry an SOA record so that they can be cached. What is no query is dropped,
 * so that two servers can't talk to each other for ever; what is a query but can't be read gets
 * FORMERR with as much of the header as there was.
 */
#include "dns/dns_serve.h"

#include <string.h>

#include "base/check.h"
#include "dns/dns_msg.h"

#define OPCODE_QUERY 0

struct answer {
	const struct dns_source *source;
	struct dns_header header;
	struct dns_question question;
	bool edns;
	uint16_t udp_bytes; /* what the client takes */
	uint16_t rcode;	    /* all twelve bits */
	struct dns_writer w;
};

/* The names of the SOA record: no one to write to, and no secondary. */
static void write_soa(struct answer *a)
{
	uint8_t data[2 + 5 * 4] = {0, 0}; /* MNAME and RNAME: the root */
	struct dns_name root;

	dns_name_init(&root);
	store_be32(data + 2, 1);
	store_be32(data + 6, 3600);
	store_be32(data + 10, 600);
	store_be32(data + 14, 86400);
	store_be32(data + 18, a->source->ttl_s); /* how long "no" holds (RFC 2308 §4) */
	dns_write_record(&a->w, DNS_AUTHORITY, &root, DNS_SOA, DNS_IN, a->source->ttl_s, data,
			 sizeof(data));
}

static bool asks(const struct answer *a, uint16_t type)
{
	return a->question.type == type || a->question.type == DNS_ANY;
}

static void answer_reverse(struct answer *a, const uint8_t *address, size_t bytes)
{
	const char *text = a->source->reverse(a->source->ctx, address, bytes);
	struct dns_name name;

	if (!text || !dns_name_parse(text, &name)) {
		a->rcode = DNS_NXDOMAIN;
		return;
	}
	if (asks(a, DNS_PTR))
		dns_write_name_record(&a->w, DNS_ANSWER, &a->question.name, DNS_PTR,
				      a->source->ttl_s, &name);
}

static void answer_forward(struct answer *a)
{
	char text[DNS_TEXT_BYTES];
	struct dns_addresses found = {.v4_count = 0};
	const struct dns_name *name = &a->question.name;
	uint32_t ttl = a->source->ttl_s;

	dns_name_print(name, text);
	if (a->source->lookup(a->source->ctx, text, &found) < 0) {
		a->rcode = DNS_NXDOMAIN;
		return;
	}
	ASSERT(found.v4_count <= DNS_ADDRESSES_MAX && found.v6_count <= DNS_ADDRESSES_MAX);
	for (unsigned i = 0; asks(a, DNS_A) && i < found.v4_count; i++)
		dns_write_record(&a->w, DNS_ANSWER, name, DNS_A, DNS_IN, ttl, found.v4[i], 4);
	for (unsigned i = 0; asks(a, DNS_AAAA) && i < found.v6_count; i++)
		dns_write_record(&a->w, DNS_ANSWER, name, DNS_AAAA, DNS_IN, ttl, found.v6[i], 16);
}

/* Reads all of the query; the reason why it is not answered as asked, or NOERROR. */
static enum dns_rcode read_query(struct answer *a, struct dns_parser *p)
{
	const struct dns_header *h = &a->header;
	uint32_t records = (uint32_t)h->answers + h->authorities + h->additionals;
	struct dns_record record;

	if (a->header.opcode != OPCODE_QUERY)
		return DNS_NOTIMP;
	if (a->header.questions != 1 || !dns_parse_question(p, &a->question))
		return DNS_FORMERR;
	dns_write_question(&a->w, &a->question);
	for (uint32_t i = 0; i < records; i++) {
		if (!dns_parse_record(p, &record))
			return DNS_FORMERR;
		if (record.type != DNS_OPT)
			continue;
		/* One, of the root, in the additional section (RFC 6891 §6.1.1). */
		if (a->edns || record.name.bytes != 1)
			return DNS_FORMERR;
		a->edns = true;
		a->udp_bytes = record.class;
		if (record.ttl_s >> 16 & 0xff)
			return DNS_BADVERS;
	}
	if (a->question.class != DNS_IN && a->question.class != DNS_CLASS_ANY)
		return DNS_REFUSED;
	if (a->question.type == DNS_AXFR || a->question.type == DNS_IXFR)
		return DNS_REFUSED;
	return DNS_NOERROR;
}

/* How long a UDP answer may be. */
static size_t udp_limit(const struct answer *a, size_t max)
{
	size_t limit = DNS_UDP_BYTES;

	if (a->edns && a->udp_bytes > limit)
		limit = a->udp_bytes < DNS_SERVE_UDP_BYTES ? a->udp_bytes : DNS_SERVE_UDP_BYTES;
	return limit < max ? limit : max;
}

static void answer_question(struct answer *a)
{
	uint8_t address[16];
	size_t bytes = dns_name_reverse(&a->question.name, address);

	if (bytes)
		answer_reverse(a, address, bytes);
	else
		answer_forward(a);
	if (a->w.counts[DNS_ANSWER] == 0 && !a->w.full)
		write_soa(a);
}

/* OPT has to fit even when the answers don't: they leave this much room at the end. */
#define OPT_BYTES 11u

static size_t finish(struct answer *a)
{
	bool full = a->w.full;

	if (a->edns) {
		a->w.max += OPT_BYTES;
		a->w.full = false;
		dns_write_opt(&a->w, DNS_SERVE_UDP_BYTES, a->rcode);
		ASSERT(!a->w.full);
		a->w.full = full;
	}
	a->header.response = true;
	a->header.authoritative = a->rcode == DNS_NOERROR || a->rcode == DNS_NXDOMAIN;
	a->header.truncated = false;
	a->header.recursion_available = true;
	a->header.rcode = a->rcode & 0xf;
	return dns_write_end(&a->w, &a->header);
}

size_t dns_serve(const struct dns_source *source, const void *query, size_t bytes, bool udp,
		 void *out, size_t max)
{
	struct answer a = {.source = source};
	struct dns_parser p;

	ASSERT(max >= DNS_UDP_BYTES);
	if (!dns_parse(&p, query, bytes, &a.header) || a.header.response)
		return 0;
	dns_write_start(&a.w, out, max - OPT_BYTES);
	a.rcode = (uint16_t)read_query(&a, &p);
	if (udp)
		a.w.max = udp_limit(&a, max) - OPT_BYTES;
	if (a.rcode == DNS_NOERROR)
		answer_question(&a);
	return finish(&a);
}
