/* SPDX-License-Identifier: MIT */
/*
 * The name service, query bytes to answer bytes, over a source that knows two names: "web" with
 * one address, and "many" with more than a plain UDP answer holds. Queries are made with the
 * writer, answers read with the parser.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "dns/dns_msg.h"
#include "dns/dns_serve.h"

static int lookup(void *ctx, const char *name, struct dns_addresses *out)
{
	(void)ctx;
	*out = (struct dns_addresses){.v4_count = 0};
	if (strcasecmp(name, "many") == 0) {
		for (unsigned i = 0; i < DNS_ADDRESSES_MAX; i++)
			memcpy(out->v4[out->v4_count++], &i, 4);
		return 0;
	}
	if (strcasecmp(name, "web") != 0)
		return -ENOENT;
	memcpy(out->v4[out->v4_count++], "\x0a\x09\x00\x01", 4);
	return 0;
}

static const char *reverse(void *ctx, const uint8_t *address, size_t bytes)
{
	(void)ctx;
	return bytes == 4 && memcmp(address, "\x0a\x09\x00\x01", 4) == 0 ? "web" : NULL;
}

static const struct dns_source source = {lookup, reverse, NULL, 5};

struct reply {
	struct dns_header header;
	struct dns_parser p;
	struct dns_question question;
	uint8_t buf[4096];
	size_t bytes;
};

static size_t make_query(uint8_t *out, const char *name, uint16_t type, uint16_t edns_bytes)
{
	const struct dns_header header = {.id = 77, .recursion_desired = true};
	struct dns_question q = {.type = type, .class = DNS_IN};
	struct dns_writer w;

	assert_true(dns_name_parse(name, &q.name));
	dns_write_start(&w, out, 512);
	dns_write_question(&w, &q);
	if (edns_bytes)
		dns_write_opt(&w, edns_bytes, 0);
	return dns_write_end(&w, &header);
}

static void send_bytes(const void *query, size_t bytes, bool udp, struct reply *r)
{
	r->bytes = dns_serve(&source, query, bytes, udp, r->buf, sizeof(r->buf));
	if (r->bytes == 0)
		return;
	assert_true(dns_parse(&r->p, r->buf, r->bytes, &r->header));
	assert_true(r->header.response);
	if (r->header.questions)
		assert_true(dns_parse_question(&r->p, &r->question));
}

static void ask(const char *name, uint16_t type, struct reply *r)
{
	uint8_t query[512];

	send_bytes(query, make_query(query, name, type, 0), true, r);
	assert_int_equal(r->header.id, 77);
}

static void test_a(void **state)
{
	struct dns_record record;
	struct reply r;

	(void)state;
	ask("wEb", DNS_A, &r);
	assert_int_equal(r.header.rcode, DNS_NOERROR);
	assert_true(r.header.authoritative && r.header.recursion_available);
	assert_true(r.header.recursion_desired);
	assert_int_equal(r.header.answers, 1);
	assert_memory_equal(r.question.name.wire, "\3wEb", 5);
	assert_true(dns_parse_record(&r.p, &record));
	assert_memory_equal(record.data, "\x0a\x09\x00\x01", 4);
	assert_int_equal(record.data_bytes, 4);
	assert_int_equal(record.ttl_s, 5);
}

static void test_ptr(void **state)
{
	struct dns_record record;
	struct dns_name name;
	struct reply r;

	(void)state;
	ask("1.0.9.10.in-addr.arpa", DNS_PTR, &r);
	assert_int_equal(r.header.answers, 1);
	assert_true(dns_parse_record(&r.p, &record));
	assert_true(dns_read_name_at(&r.p, record.data, &name, NULL));
	assert_memory_equal(name.wire, "\3web", 5);
	ask("2.0.9.10.in-addr.arpa", DNS_PTR, &r);
	assert_int_equal(r.header.rcode, DNS_NXDOMAIN);
}

/* No such record is not no such name (RFC 2308 §2). */
static void test_nodata_and_nxdomain(void **state)
{
	struct dns_record record;
	struct reply r;

	(void)state;
	ask("web", DNS_AAAA, &r);
	assert_int_equal(r.header.rcode, DNS_NOERROR);
	assert_int_equal(r.header.answers, 0);
	ask("nobody", DNS_AAAA, &r);
	assert_int_equal(r.header.rcode, DNS_NXDOMAIN);
	assert_int_equal(r.header.authorities, 1);
	assert_true(dns_parse_record(&r.p, &record));
	assert_int_equal(record.type, DNS_SOA);
	assert_int_equal(record.data_bytes, 22);
}

static void test_truncation_and_edns(void **state)
{
	uint8_t query[512];
	struct reply r;

	(void)state;
	ask("many", DNS_A, &r);
	assert_true(r.header.truncated);
	assert_true(r.bytes <= DNS_UDP_BYTES);
	assert_in_range(r.header.answers, 20, DNS_ADDRESSES_MAX - 1);
	send_bytes(query, make_query(query, "many", DNS_A, 4096), true, &r);
	assert_false(r.header.truncated);
	assert_int_equal(r.header.answers, DNS_ADDRESSES_MAX);
	assert_int_equal(r.header.additionals, 1);
	/* Truncated or not, an EDNS answer has its OPT (RFC 6891 §7). */
	send_bytes(query, make_query(query, "many", DNS_A, 100), true, &r);
	assert_true(r.header.truncated && r.bytes <= DNS_UDP_BYTES);
	assert_int_equal(r.header.additionals, 1);
	send_bytes(query, make_query(query, "many", DNS_A, 0), false, &r);
	assert_false(r.header.truncated);
	assert_int_equal(r.header.answers, DNS_ADDRESSES_MAX);
}

static void test_what_is_no_good_query(void **state)
{
	uint8_t query[512];
	struct reply r;
	size_t bytes = make_query(query, "web", DNS_A, 0);

	(void)state;
	for (size_t i = 0; i < DNS_HEADER_BYTES; i++) {
		send_bytes(query, i, true, &r);
		assert_int_equal(r.bytes, 0);
	}
	for (size_t i = DNS_HEADER_BYTES; i < bytes; i++) {
		send_bytes(query, i, true, &r);
		assert_int_equal(r.header.rcode, DNS_FORMERR);
	}
	query[2] = 0x80; /* an answer: silence */
	send_bytes(query, bytes, true, &r);
	assert_int_equal(r.bytes, 0);
	query[2] = 0x28; /* opcode 5, UPDATE */
	send_bytes(query, bytes, true, &r);
	assert_int_equal(r.header.rcode, DNS_NOTIMP);
	query[2] = 0;
	query[bytes - 1] = 3; /* class CHAOS */
	send_bytes(query, bytes, true, &r);
	assert_int_equal(r.header.rcode, DNS_REFUSED);
	query[5] = 2; /* two questions */
	send_bytes(query, bytes, true, &r);
	assert_int_equal(r.header.rcode, DNS_FORMERR);
}

static void test_edns_version_1_is_refused(void **state)
{
	struct dns_record record;
	uint8_t query[512];
	struct reply r;
	size_t bytes = make_query(query, "web", DNS_A, 1232);

	(void)state;
	query[bytes - 5] = 1; /* the version, second byte of the TTL */
	send_bytes(query, bytes, true, &r);
	assert_int_equal(r.header.rcode, DNS_BADVERS & 0xf);
	assert_int_equal(r.header.answers, 0);
	assert_true(dns_parse_record(&r.p, &record));
	assert_int_equal(record.type, DNS_OPT);
	assert_int_equal(record.ttl_s >> 24, DNS_BADVERS >> 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a),
		cmocka_unit_test(test_ptr),
		cmocka_unit_test(test_nodata_and_nxdomain),
		cmocka_unit_test(test_truncation_and_edns),
		cmocka_unit_test(test_what_is_no_good_query),
		cmocka_unit_test(test_edns_version_1_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
