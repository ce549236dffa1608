/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "cli/segment.h"

/* Ethernet, IPv4 10.9.0.2 to 10.9.0.1, TCP with a SACK option behind two NOPs, 4 bytes. */
static const unsigned char tcp[] = {
	2,    0,    0,	  0,	0, 1, 2,    0,	 0,  0, 0,    2,  8,	0, /* */
	0x45, 0,    0,	  56,	0, 9, 0x40, 0,	 64, 6, 0,    0,  10,	9,    0,   2,
	10,   9,    0,	  1, /* */
	0x9d, 0x78, 0x1b, 0x58, 0, 0, 3,    232, 0,  0, 0x23, 40, 0x80, 0x18, 1,   0,
	0,    0,    0,	  0, /* */
	1,    1,    5,	  10,	0, 0, 0x23, 50,	 0,  0, 0x23, 60, 'a',	'b',  'c', 'd',
};

static void tcp_with_sack(void **state)
{
	struct segment s;
	char text[64];

	(void)state;
	assert_true(segment_decode(tcp, sizeof(tcp), sizeof(tcp), &s));
	endpoint_print(&s.from, text, sizeof(text));
	assert_string_equal(text, "10.9.0.2:40312");
	endpoint_print(&s.to, text, sizeof(text));
	assert_string_equal(text, "10.9.0.1:7000");
	assert_int_equal(s.protocol, IPPROTO_TCP);
	assert_int_equal(s.seq, 1000);
	assert_int_equal(s.ack, 0x2328);
	assert_int_equal(s.bytes, 4);
	assert_true(s.has_sack);
	assert_int_equal(s.sack_left, 0x2332);
	assert_int_equal(s.sack_right, 0x233c);
}

/* Of a long packet only the headers are copied; the length is that of the IP header. */
static void headers_suffice(void **state)
{
	unsigned char frame[sizeof(tcp)];
	struct segment s;

	(void)state;
	memcpy(frame, tcp, sizeof(tcp));
	frame[16] = 5;
	assert_true(segment_decode(frame, sizeof(frame), 5 * 256 + 56 + 14, &s));
	assert_int_equal(s.bytes, 5 * 256 + 4);
}

/* Whatever is cut off or changed, nothing outside the frame is read (run under a sanitizer). */
static void cut_short(void **state)
{
	struct segment s;

	(void)state;
	for (size_t bytes = 0; bytes < 14 + 20 + 32; bytes++) {
		unsigned char *frame = test_malloc(bytes + 1);

		memcpy(frame, tcp, bytes);
		assert_false(segment_decode(frame, bytes, sizeof(tcp), &s));
		test_free(frame);
	}
	for (size_t i = 0; i < sizeof(tcp); i++) {
		for (unsigned value = 0; value < 256; value++) {
			unsigned char *frame = test_malloc(sizeof(tcp));

			memcpy(frame, tcp, sizeof(tcp));
			frame[i] = (unsigned char)value;
			(void)segment_decode(frame, sizeof(tcp), sizeof(tcp), &s);
			test_free(frame);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_with_sack),
		cmocka_unit_test(headers_suffice),
		cmocka_unit_test(cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
