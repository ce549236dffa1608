/* SPDX-License-Identifier: MIT */
/*
 * Names and messages: there and back, compressed, and what must be refused. Messages are made
 * with the writer and read with the parser, whose results are checked field by field; bad
 * ones are given as bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/dns_msg.h"

static struct dns_name name_of(const char *text)
{
	struct dns_name n;

	assert_true(dns_name_parse(text, &n));
	return n;
}

static void test_name_text(void **state)
{
	static const char *const texts[] = {"www.example.org", ".", "a", "a\\.b.c", "\\000\\255.x",
					    "_sip._tcp.host"};
	char long_label[65];
	char back[DNS_TEXT_BYTES];
	struct dns_name n;

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		n = name_of(texts[i]);
		dns_name_print(&n, back);
		assert_string_equal(back, texts[i]);
	}
	n = name_of("web.");
	dns_name_print(&n, back);
	assert_string_equal(back, "web");
	memset(long_label, 'x', 64);
	long_label[64] = '\0';
	assert_false(dns_name_parse(long_label, &n));
	long_label[63] = '\0';
	assert_true(dns_name_parse(long_label, &n));
	assert_false(dns_name_parse("", &n));
	assert_false(dns_name_parse("a..b", &n));
	assert_false(dns_name_parse(".a", &n));
	assert_false(dns_name_parse("a\\", &n));
	assert_false(dns_name_parse("a\\256", &n));
}

static void test_name_is_at_most_255_bytes(void **state)
{
	struct dns_name n;
	unsigned labels = 0;

	(void)state;
	dns_name_init(&n);
	while (dns_name_add_label(&n, "1234567", 7))
		labels++;
	assert_int_equal(labels, 31); /* 31 * 8 + 1 = 249 */
	assert_true(dns_name_add_label(&n, "12345", 5));
	assert_int_equal(n.bytes, DNS_NAME_BYTES);
	assert_false(dns_name_add_label(&n, "1", 1));
}

static void test_case_does_not_matter(void **state)
{
	struct dns_name a = name_of("WWW.Example.org");
	struct dns_name b = name_of("www.eXAMPLE.ORG");
	struct dns_name c = name_of("www.example.com");

	(void)state;
	assert_true(dns_name_equal(&a, &b));
	assert_false(dns_name_equal(&a, &c));
}

static void test_reverse_names(void **state)
{
	static const uint8_t address4[4] = {10, 9, 0, 1};
	uint8_t out[16];
	struct dns_name n = name_of("1.0.9.10.IN-ADDR.arpa");

	(void)state;
	assert_int_equal(dns_name_reverse(&n, out), 4);
	assert_memory_equal(out, address4, 4);
	n = name_of("b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	assert_int_equal(dns_name_reverse(&n, out), 16);
	assert_int_equal(out[0], 0x20);
	assert_int_equal(out[15], 0xab);
	n = name_of("1.0.9.300.in-addr.arpa");
	assert_int_equal(dns_name_reverse(&n, out), 0);
	n = name_of("0.9.10.in-addr.arpa");
	assert_int_equal(dns_name_reverse(&n, out), 0);
	n = name_of("1.0.9.10.in-addr.arpa.org");
	assert_int_equal(dns_name_reverse(&n, out), 0);
}

static void test_message_there_and_back(void **state)
{
	static const uint8_t address[4] = {192, 0, 2, 1};
	const struct dns_question q = {name_of("Web.example.org"), DNS_A, DNS_IN};
	const struct dns_name alias = name_of("www.example.org");
	const struct dns_header header = {.id = 0x1234, .response = true, .rcode = 3};
	struct dns_question question;
	struct dns_record record;
	struct dns_header back;
	struct dns_parser p;
	struct dns_writer w;
	struct dns_name target;
	uint8_t buf[512];

	(void)state;
	dns_write_start(&w, buf, sizeof(buf));
	dns_write_question(&w, &q);
	dns_write_name_record(&w, DNS_ANSWER, &q.name, DNS_CNAME, 60, &alias);
	dns_write_record(&w, DNS_ANSWER, &alias, DNS_A, DNS_IN, 30, address, 4);
	size_t bytes = dns_write_end(&w, &header);

	/* 12 + (17 + 4) + (2 + 10 + 6) + (2 + 10 + 4): the names are compressed. */
	assert_int_equal(bytes, 67);
	assert_true(dns_parse(&p, buf, bytes, &back));
	assert_int_equal(back.id, 0x1234);
	assert_true(back.response && !back.truncated);
	assert_int_equal(back.rcode, 3);
	assert_int_equal(back.questions, 1);
	assert_int_equal(back.answers, 2);
	assert_true(dns_parse_question(&p, &question));
	assert_memory_equal(question.name.wire, q.name.wire, q.name.bytes);
	assert_true(dns_parse_record(&p, &record));
	assert_int_equal(record.type, DNS_CNAME);
	assert_int_equal(record.ttl_s, 60);
	assert_true(dns_read_name_at(&p, record.data, &target, NULL));
	assert_true(dns_name_equal(&target, &alias));
	assert_true(dns_parse_record(&p, &record));
	assert_true(dns_name_equal(&record.name, &alias));
	assert_memory_equal(record.data, address, 4);
	assert_false(dns_parse_record(&p, &record));
}

static void test_repeated_labels_compress(void **state)
{
	const struct dns_question q = {name_of("a.a.a.a"), DNS_A, DNS_IN};
	const struct dns_header header = {0};
	struct dns_record record;
	struct dns_question question;
	struct dns_header back;
	struct dns_parser p;
	struct dns_writer w;
	uint8_t buf[512];

	(void)state;
	memset(buf, 1, sizeof(buf)); /* stale bytes must not be taken for labels */
	dns_write_start(&w, buf, sizeof(buf));
	dns_write_question(&w, &q);
	dns_write_record(&w, DNS_ANSWER, &q.name, DNS_A, DNS_IN, 0, "abcd", 4);
	assert_true(dns_parse(&p, buf, dns_write_end(&w, &header), &back));
	assert_true(dns_parse_question(&p, &question));
	assert_true(dns_parse_record(&p, &record));
	assert_true(dns_name_equal(&record.name, &q.name));
}

static void test_what_does_not_fit_is_left_out_whole(void **state)
{
	const struct dns_question q = {name_of("web"), DNS_A, DNS_IN};
	const struct dns_header header = {.response = true};
	struct dns_header back;
	struct dns_parser p;
	struct dns_writer w;
	uint8_t buf[60];

	(void)state;
	dns_write_start(&w, buf, sizeof(buf));
	dns_write_question(&w, &q);
	for (unsigned i = 0; i < 5; i++)
		dns_write_record(&w, DNS_ANSWER, &q.name, DNS_A, DNS_IN, 0, "abcd", 4);
	size_t bytes = dns_write_end(&w, &header);

	assert_int_equal(bytes, 12 + 9 + 2 * 16);
	assert_true(dns_parse(&p, buf, bytes, &back));
	assert_true(back.truncated);
	assert_int_equal(back.answers, 2);
}

/* A message of one question whose name is `name`, as bytes. */
static bool parses(const void *name, size_t bytes)
{
	uint8_t msg[600] = {0};
	struct dns_question question;
	struct dns_header header;
	struct dns_parser p;

	memcpy(msg + DNS_HEADER_BYTES, name, bytes);
	assert_true(dns_parse(&p, msg, DNS_HEADER_BYTES + bytes, &header));
	return dns_parse_question(&p, &question);
}

static void test_bad_names_are_refused(void **state)
{
	uint8_t deep[300];

	(void)state;
	assert_true(parses("\1a\0\0\1\0\1", 7));
	assert_false(parses("\1a\0\0\1\0", 6));		/* cut off */
	assert_false(parses("\5a\0\0\1\0\1", 7));	/* label past the end */
	assert_false(parses("\xc0\x0c\0\1\0\1", 6));	/* points to itself */
	assert_false(parses("\1a\xc0\x0c\0\1\0\1", 8)); /* points to its own start */
	assert_false(parses("\xc0\x20\0\1\0\1", 6));	/* points forward */
	assert_false(parses("\xc0", 1));		/* half a pointer */
	assert_false(parses("\x41"
			    "a\0\0\1\0\1",
			    7)); /* reserved kinds of label */
	assert_false(parses("\x81"
			    "a\0\0\1\0\1",
			    7));
	for (unsigned i = 0; i < sizeof(deep); i++) /* longer than 255 bytes */
		deep[i] = i % 2 ? 'a' : 1;
	assert_false(parses(deep, sizeof(deep)));
}

static void test_pointer_chain_ends(void **state)
{
	/* Each pointer goes back to the one before: legal steps, but to a name too long? No: to the
	 * root. It must end, and be read right. */
	uint8_t msg[DNS_HEADER_BYTES + 5 + 2 * 100 + 4] = {0};
	struct dns_header header;
	struct dns_parser p;
	struct dns_name n;
	size_t at = DNS_HEADER_BYTES;

	(void)state;
	msg[at++] = 1;
	msg[at++] = 'x';
	msg[at++] = 0;
	for (unsigned i = 0; i < 100; i++, at += 2) {
		size_t back = i == 0 ? DNS_HEADER_BYTES : at - 2;

		msg[at] = (uint8_t)(0xc0 | back >> 8);
		msg[at + 1] = (uint8_t)back;
	}
	assert_true(dns_parse(&p, msg, sizeof(msg), &header));
	assert_true(dns_read_name_at(&p, msg + at - 2, &n, NULL));
	assert_int_equal(n.bytes, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_text),
		cmocka_unit_test(test_name_is_at_most_255_bytes),
		cmocka_unit_test(test_case_does_not_matter),
		cmocka_unit_test(test_reverse_names),
		cmocka_unit_test(test_message_there_and_back),
		cmocka_unit_test(test_repeated_labels_compress),
		cmocka_unit_test(test_what_does_not_fit_is_left_out_whole),
		cmocka_unit_test(test_bad_names_are_refused),
		cmocka_unit_test(test_pointer_chain_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
