/* SPDX-License-Identifier: MIT */
/*
 * Reading responses.
 *
 * The answer section is walked once for each alias of the chain: from the question's name along
 * CNAME records, in whatever order they stand (RFC 1034 §3.6.2), then the records of the type asked
 * for at the end of the chain. Chains are at most CHAIN_MAX long, so that the work is bounded.
 *
 * How long a "no" holds comes from the SOA record in the authority section (RFC 2308 §5).
 */
#include "dns/dns_answer.h"

#include <string.h>

#include "base/check.h"

#define CHAIN_MAX 16
#define TTL_MAX_S 86400u

struct response {
	struct dns_header header;
	struct dns_question question;
	struct dns_parser answers; /* at the first record */
};

static bool read_start(const void *msg, size_t bytes, struct response *out)
{
	struct dns_parser p;

	if (!dns_parse(&p, msg, bytes, &out->header))
		return false;
	if (out->header.questions != 1 || !dns_parse_question(&p, &out->question))
		return false;
	out->answers = p;
	return true;
}

/* Whether all records of all sections can be read. */
static bool readable(const struct response *r)
{
	struct dns_parser p = r->answers;
	uint32_t left = (uint32_t)r->header.answers + r->header.authorities + r->header.additionals;
	struct dns_record record;

	for (; left > 0; left--)
		if (!dns_parse_record(&p, &record))
			return false;
	return true;
}

/* The next answer at `name` of `type`, from *p and *left on. False: no more. */
static bool next_answer(struct dns_parser *p, unsigned *left, const struct dns_name *name,
			uint16_t type, struct dns_record *out)
{
	while (*left > 0) {
		--*left;
		if (!dns_parse_record(p, out))
			return false;
		if (out->type == type && out->class == DNS_IN && dns_name_equal(&out->name, name))
			return true;
	}
	return false;
}

static void live_no_longer(struct dns_answer *out, uint32_t ttl_s)
{
	if (ttl_s < out->ttl_s)
		out->ttl_s = ttl_s;
}

/* Follows the aliases from out->canonical on. False: a chain without end, or unreadable. */
static bool follow(const struct response *r, struct dns_answer *out)
{
	for (int steps = 0; steps < CHAIN_MAX; steps++) {
		struct dns_parser p = r->answers;
		unsigned left = r->header.answers;
		struct dns_record record;

		if (!next_answer(&p, &left, &out->canonical, DNS_CNAME, &record))
			return true;
		live_no_longer(out, record.ttl_s);
		if (!dns_read_name_at(&p, record.data, &out->canonical, NULL))
			return false;
	}
	return false;
}

/* One record of the type asked for. False: malformed. */
static bool take_record(const struct dns_parser *p, const struct dns_record *record,
			struct dns_answer *out)
{
	size_t bytes = record->type == DNS_A ? 4 : 16;

	if (record->type == DNS_PTR) {
		if (out->count == DNS_ANSWER_NAMES)
			return true;
		return dns_read_name_at(p, record->data, &out->names[out->count++], NULL);
	}
	if (record->data_bytes != bytes)
		return false;
	if (out->count < DNS_ANSWER_ADDRESSES)
		memcpy(out->addresses[out->count++], record->data, bytes);
	return true;
}

static bool take_records(const struct response *r, struct dns_answer *out)
{
	struct dns_parser p = r->answers;
	unsigned left = r->header.answers;
	struct dns_record record;

	while (next_answer(&p, &left, &out->canonical, r->question.type, &record)) {
		live_no_longer(out, record.ttl_s);
		if (!take_record(&p, &record, out))
			return false;
	}
	return true;
}

/* RFC 2308 §5: the lesser of the SOA record's own time and its last field. */
static void live_as_negative(const struct response *r, struct dns_answer *out)
{
	struct dns_parser p = r->answers;
	unsigned total = (unsigned)r->header.answers + r->header.authorities;
	struct dns_record record;
	uint32_t ttl_s = 0;

	for (unsigned i = 0; i < total && dns_parse_record(&p, &record); i++) {
		if (i < r->header.answers || record.type != DNS_SOA || record.data_bytes < 4)
			continue;
		ttl_s = load_be32(record.data + record.data_bytes - 4);
		ttl_s = record.ttl_s < ttl_s ? record.ttl_s : ttl_s;
		break;
	}
	live_no_longer(out, ttl_s);
}

static enum dns_verdict read_answer(const struct response *r, struct dns_answer *out)
{
	*out = (struct dns_answer){.ttl_s = TTL_MAX_S, .canonical = r->question.name};
	if (!follow(r, out) || !take_records(r, out))
		return DNS_REFUSES;
	if (out->count > 0) {
		out->outcome = DNS_FOUND;
		return DNS_TAKE;
	}
	if (r->header.rcode == DNS_NXDOMAIN)
		out->outcome = DNS_NO_NAME;
	else if (!dns_name_equal(&out->canonical, &r->question.name))
		out->outcome = DNS_ALIAS;
	else
		out->outcome = DNS_NO_DATA;
	if (out->outcome != DNS_ALIAS)
		live_as_negative(r, out);
	return DNS_TAKE;
}

enum dns_verdict dns_answer_read(const void *msg, size_t bytes, uint16_t id,
				 const struct dns_question *question, struct dns_answer *out)
{
	struct response r;
	struct dns_header h;
	struct dns_parser p;

	if (!dns_parse(&p, msg, bytes, &h) || !h.response || h.id != id)
		return DNS_IGNORE;
	/* Servers that can't read a query may leave the question out. */
	if (h.questions == 0 && (h.rcode == DNS_FORMERR || h.rcode == DNS_NOTIMP))
		return DNS_NO_EDNS;
	if (!read_start(msg, bytes, &r) || r.question.type != question->type ||
	    r.question.class != question->class ||
	    !dns_name_equal(&r.question.name, &question->name))
		return DNS_IGNORE;
	if (h.truncated)
		return DNS_TRUNCATED;
	if (h.rcode == DNS_FORMERR || h.rcode == DNS_NOTIMP)
		return DNS_NO_EDNS;
	if ((h.rcode != DNS_NOERROR && h.rcode != DNS_NXDOMAIN) || !readable(&r))
		return DNS_REFUSES;
	return read_answer(&r, out);
}
