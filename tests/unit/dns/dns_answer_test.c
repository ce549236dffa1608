/* SPDX-License-Identifier: MIT */
/*
 * Responses, good and bad, to one question: the addresses of "www", or as the case says. Each is
 * made with the writer, and judged as the resolver judges what a name server sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/dns_answer.h"

#define ID 7

struct response {
	struct dns_header header;
	struct dns_question question;
	struct dns_writer w;
	uint8_t buf[4096];
};

static struct dns_name name_of(const char *text)
{
	struct dns_name n;

	assert_true(dns_name_parse(text, &n));
	return n;
}

static void start(struct response *r)
{
	r->header = (struct dns_header){.id = ID, .response = true};
	r->question = (struct dns_question){name_of("www"), DNS_A, DNS_IN};
	dns_write_start(&r->w, r->buf, sizeof(r->buf));
	dns_write_question(&r->w, &r->question);
}

static void add_a(struct response *r, const char *name, const char *bytes, uint32_t ttl_s)
{
	struct dns_name n = name_of(name);

	dns_write_record(&r->w, DNS_ANSWER, &n, DNS_A, DNS_IN, ttl_s, bytes, 4);
}

static void add_alias(struct response *r, const char *name, const char *to, uint32_t ttl_s)
{
	struct dns_name n = name_of(name);
	struct dns_name target = name_of(to);

	dns_write_name_record(&r->w, DNS_ANSWER, &n, DNS_CNAME, ttl_s, &target);
}

static enum dns_verdict judge(struct response *r, struct dns_answer *out)
{
	size_t bytes = dns_write_end(&r->w, &r->header);

	return dns_answer_read(r->buf, bytes, ID, &r->question, out);
}

static void test_addresses(void **state)
{
	struct dns_answer a;
	struct response r;

	(void)state;
	start(&r);
	add_a(&r, "WWW", "\1\2\3\4", 30);
	add_a(&r, "www", "\5\6\7\10", 20);
	add_a(&r, "else", "\6\6\6\6", 1); /* nobody asked */
	assert_int_equal(judge(&r, &a), DNS_TAKE);
	assert_int_equal(a.outcome, DNS_FOUND);
	assert_int_equal(a.count, 2);
	assert_memory_equal(a.addresses[0], "\1\2\3\4", 4);
	assert_memory_equal(a.addresses[1], "\5\6\7\10", 4);
	assert_int_equal(a.ttl_s, 20);
}

/* RFC 1034 §3.6.2: the chain may stand in any order. */
static void test_chain(void **state)
{
	struct dns_answer a;
	struct response r;
	struct dns_name end = name_of("end");

	(void)state;
	start(&r);
	add_a(&r, "end", "\1\2\3\4", 30);
	add_alias(&r, "middle", "end", 10);
	add_alias(&r, "www", "middle", 40);
	assert_int_equal(judge(&r, &a), DNS_TAKE);
	assert_int_equal(a.outcome, DNS_FOUND);
	assert_true(dns_name_equal(&a.canonical, &end));
	assert_int_equal(a.ttl_s, 10);
	start(&r);
	add_alias(&r, "www", "end", 40);
	assert_int_equal(judge(&r, &a), DNS_TAKE);
	assert_int_equal(a.outcome, DNS_ALIAS);
	assert_true(dns_name_equal(&a.canonical, &end));
}

static void test_endless_chain(void **state)
{
	struct dns_answer a;
	struct response r;

	(void)state;
	start(&r);
	add_alias(&r, "www", "other", 40);
	add_alias(&r, "other", "www", 40);
	assert_int_equal(judge(&r, &a), DNS_REFUSES);
}

/* RFC 2308 §5 */
static void test_negative(void **state)
{
	uint8_t soa[2 + 5 * 4] = {0};
	struct dns_name root;
	struct dns_answer a;
	struct response r;

	(void)state;
	dns_name_init(&root);
	soa[sizeof(soa) - 1] = 9;
	start(&r);
	dns_write_record(&r.w, DNS_AUTHORITY, &root, DNS_SOA, DNS_IN, 100, soa, sizeof(soa));
	assert_int_equal(judge(&r, &a), DNS_TAKE);
	assert_int_equal(a.outcome, DNS_NO_DATA);
	assert_int_equal(a.ttl_s, 9);
	start(&r);
	r.header.rcode = DNS_NXDOMAIN;
	assert_int_equal(judge(&r, &a), DNS_TAKE);
	assert_int_equal(a.outcome, DNS_NO_NAME);
	assert_int_equal(a.ttl_s, 0);
}

static void test_not_ours(void **state)
{
	struct dns_answer a;
	struct response r;

	(void)state;
	start(&r);
	r.header.id = ID + 1;
	assert_int_equal(judge(&r, &a), DNS_IGNORE);
	start(&r);
	r.header.response = false;
	assert_int_equal(judge(&r, &a), DNS_IGNORE);
	start(&r);
	r.question.type = DNS_AAAA; /* another question was asked */
	assert_int_equal(judge(&r, &a), DNS_IGNORE);
	start(&r);
	r.question.name = name_of("web");
	assert_int_equal(judge(&r, &a), DNS_IGNORE);
	assert_int_equal(dns_answer_read(r.buf, 5, ID, &r.question, &a), DNS_IGNORE);
}

static void test_other_ways(void **state)
{
	struct dns_answer a;
	struct response r;
	struct dns_name www = name_of("www");

	(void)state;
	start(&r);
	r.header.truncated = true;
	assert_int_equal(judge(&r, &a), DNS_TRUNCATED);
	start(&r);
	r.header.rcode = DNS_SERVFAIL;
	assert_int_equal(judge(&r, &a), DNS_REFUSES);
	start(&r);
	r.header.rcode = DNS_NOTIMP;
	assert_int_equal(judge(&r, &a), DNS_NO_EDNS);
	dns_write_start(&r.w, r.buf, sizeof(r.buf));
	r.header.rcode = DNS_FORMERR;
	assert_int_equal(judge(&r, &a), DNS_NO_EDNS);
	start(&r); /* an A record of five bytes */
	dns_write_record(&r.w, DNS_ANSWER, &www, DNS_A, DNS_IN, 1, "12345", 5);
	assert_int_equal(judge(&r, &a), DNS_REFUSES);
}

/* Cut anywhere, it is never half an answer. */
static void test_cut(void **state)
{
	struct dns_answer a;
	struct response r;
	size_t bytes;

	(void)state;
	start(&r);
	add_a(&r, "www", "\1\2\3\4", 30);
	add_a(&r, "www", "\5\6\7\10", 20);
	bytes = dns_write_end(&r.w, &r.header);
	for (size_t n = 0; n < bytes; n++)
		assert_int_not_equal(dns_answer_read(r.buf, n, ID, &r.question, &a), DNS_TAKE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),     cmocka_unit_test(test_chain),
		cmocka_unit_test(test_endless_chain), cmocka_unit_test(test_negative),
		cmocka_unit_test(test_not_ours),      cmocka_unit_test(test_other_ways),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
