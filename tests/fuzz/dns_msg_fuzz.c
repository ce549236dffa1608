/* SPDX-License-Identifier: MIT */
/*
 * DNS messages from arbitrary bytes: what parses is walked to its end, written again and parsed to
 * the same; names survive the way to text and back; the name service answers with messages that
 * parse, never longer than allowed; and the resolver takes what answers the message's own question.
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "dns/dns_answer.h"
#include "dns/dns_msg.h"
#include "dns/dns_serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int lookup(void *ctx, const char *name, struct dns_addresses *out)
{
	(void)ctx;
	*out = (struct dns_addresses){.v4_count = 0};
	if (name[0] == 'n')
		return -ENOENT;
	out->v4_count = (unsigned char)name[0] % DNS_ADDRESSES_MAX;
	out->v6_count = (unsigned char)name[0] % 7u;
	return 0;
}

static const char *reverse(void *ctx, const uint8_t *address, size_t bytes)
{
	(void)ctx;
	return address[bytes - 1] % 2 ? "some.host" : NULL;
}

static void try_name(const struct dns_name *n)
{
	char text[DNS_TEXT_BYTES];
	struct dns_name again;
	uint8_t address[16];

	ASSERT(n->bytes >= 1 && n->wire[n->bytes - 1] == 0);
	dns_name_print(n, text);
	ASSERT(dns_name_parse(text, &again));
	ASSERT(again.bytes == n->bytes && memcmp(again.wire, n->wire, n->bytes) == 0);
	ASSERT(dns_name_equal(n, &again));
	(void)dns_name_reverse(n, address);
}

/* Writes a record and reads it back. */
static void try_again(const struct dns_record *r, const struct dns_question *q)
{
	const struct dns_header header = {.id = 1};
	uint8_t buf[2048];
	struct dns_parser p;
	struct dns_writer w;
	struct dns_header h;
	struct dns_question question;
	struct dns_record record;

	dns_write_start(&w, buf, sizeof(buf));
	dns_write_question(&w, q);
	dns_write_record(&w, DNS_ANSWER, &r->name, r->type, r->class, r->ttl_s, r->data,
			 r->data_bytes);
	dns_write_name_record(&w, DNS_ADDITIONAL, &q->name, DNS_PTR, 1, &r->name);
	ASSERT(dns_parse(&p, buf, dns_write_end(&w, &header), &h));
	ASSERT(h.questions == 1 && dns_parse_question(&p, &question));
	ASSERT(dns_name_equal(&question.name, &q->name));
	if (h.answers) {
		ASSERT(dns_parse_record(&p, &record));
		ASSERT(dns_name_equal(&record.name, &r->name));
		ASSERT(record.data_bytes == r->data_bytes && record.ttl_s == r->ttl_s);
	} else {
		ASSERT(h.truncated);
	}
}

static void try_parse(const uint8_t *data, size_t bytes)
{
	struct dns_question question = {{1, {0}}, 0, 0};
	struct dns_record record;
	struct dns_header h;
	struct dns_parser p;
	struct dns_name name;

	if (!dns_parse(&p, data, bytes, &h))
		return;
	for (unsigned i = 0; i < h.questions; i++) {
		if (!dns_parse_question(&p, &question))
			return;
		try_name(&question.name);
	}
	for (unsigned i = 0; i < (unsigned)h.answers + h.authorities + h.additionals; i++) {
		if (!dns_parse_record(&p, &record))
			return;
		try_name(&record.name);
		if (dns_read_name_at(&p, record.data, &name, NULL))
			try_name(&name);
		try_again(&record, &question);
	}
}

static void try_serve(const uint8_t *data, size_t bytes, bool udp)
{
	const struct dns_source source = {lookup, reverse, NULL, 5};
	uint8_t out[DNS_SERVE_UDP_BYTES + 1000];
	struct dns_header query;
	struct dns_header h;
	struct dns_parser p;
	size_t length = dns_serve(&source, data, bytes, udp, out, sizeof(out));

	if (length == 0)
		return;
	ASSERT(!udp || length <= DNS_SERVE_UDP_BYTES);
	ASSERT(dns_parse(&p, data, bytes, &query) && dns_parse(&p, out, length, &h));
	ASSERT(h.response && h.id == query.id);
	try_parse(out, length);
}

static void try_answer(const uint8_t *data, size_t bytes)
{
	struct dns_question question;
	struct dns_answer a;
	struct dns_header h;
	struct dns_parser p;

	if (!dns_parse(&p, data, bytes, &h) || !dns_parse_question(&p, &question))
		return;
	if (dns_answer_read(data, bytes, h.id, &question, &a) != DNS_TAKE)
		return;
	ASSERT(h.response && !h.truncated);
	ASSERT((a.outcome == DNS_FOUND) == (a.count > 0));
	ASSERT(a.count <= DNS_ANSWER_ADDRESSES);
	try_name(&a.canonical);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	try_answer(data, bytes);
	try_parse(data, bytes);
	try_serve(data, bytes, true);
	try_serve(data, bytes, false);
	return 0;
}
