/* SPDX-License-Identifier: MIT */
/*
 * Frames written down as bytes, and what a ladder reads from them. Each is then cut short at every
 * length and has every byte set to every value: what was read must be nothing outside the frame.
 */
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

/* Ethernet, IPv6 fd09::2 to fd09::1, a Destination Options header of 8 bytes, a first fragment's
 * header, UDP 1024 to 53 with 2 bytes. */
static const unsigned char udp6[] = {
	2,    0, 0, 0,	0, 1,  2,  0,  0,   0,	 0, 2, 0x86, 0xdd,	 /* */
	0x60, 0, 0, 0,	0, 26, 60, 64,					 /* */
	0xfd, 9, 0, 0,	0, 0,  0,  0,  0,   0,	 0, 0, 0,    0,	   0, 2, /* */
	0xfd, 9, 0, 0,	0, 0,  0,  0,  0,   0,	 0, 0, 0,    0,	   0, 1, /* */
	44,   0, 1, 4,	0, 0,  0,  0,					 /* */
	17,   0, 0, 1,	0, 0,  0,  9,					 /* */
	4,    0, 0, 53, 0, 10, 0,  0,  'h', 'i',
};

/* Whatever is cut off or changed, nothing outside the frame is read (run under a sanitizer). */
static void disturb(const unsigned char *whole, size_t bytes, size_t headers)
{
	struct segment s;

	for (size_t left = 0; left < headers; left++) {
		unsigned char *frame = test_malloc(left + 1);

		memcpy(frame, whole, left);
		assert_false(segment_decode(frame, left, bytes, &s));
		test_free(frame);
	}
	for (size_t i = 0; i < bytes; i++) {
		for (unsigned value = 0; value < 256; value++) {
			unsigned char *frame = test_malloc(bytes);

			memcpy(frame, whole, bytes);
			frame[i] = (unsigned char)value;
			(void)segment_decode(frame, bytes, bytes, &s);
			test_free(frame);
		}
	}
}

static void cut_short(void **state)
{
	(void)state;
	disturb(tcp, sizeof(tcp), sizeof(tcp) - 4);
	disturb(udp6, sizeof(udp6), sizeof(udp6) - 2);
}

static void extensions_are_passed_over(void **state)
{
	unsigned char frame[sizeof(udp6)];
	struct segment s;
	char text[64];

	(void)state;
	assert_true(segment_decode(udp6, sizeof(udp6), sizeof(udp6), &s));
	endpoint_print(&s.from, text, sizeof(text));
	assert_string_equal(text, "[fd09::2]:1024");
	endpoint_print(&s.to, text, sizeof(text));
	assert_string_equal(text, "[fd09::1]:53");
	assert_int_equal(s.protocol, IPPROTO_UDP);
	assert_int_equal(s.bytes, 2);
	memcpy(frame, udp6, sizeof(udp6));
	frame[14 + 40 + 8 + 3] = 9; /* a later fragment */
	assert_false(segment_decode(frame, sizeof(frame), sizeof(frame), &s));
	frame[14 + 40 + 8 + 3] = 1;
	frame[14 + 5] = 15; /* ends within the second header */
	assert_false(segment_decode(frame, sizeof(frame), sizeof(frame), &s));
	frame[14 + 5] = 20; /* ends within UDP's */
	assert_false(segment_decode(frame, sizeof(frame), sizeof(frame), &s));
	frame[14 + 40 + 1] = 255; /* longer than the packet */
	assert_false(segment_decode(frame, sizeof(frame), sizeof(frame), &s));
}

/* ff02::1:ff00:1 is where fd09::2 asks for fd09::1. */
static void neighbours_ask_and_answer(void **state)
{
	unsigned char frame[14 + 40 + 24];
	struct segment s;
	char text[64];

	(void)state;
	memcpy(frame, udp6, 14 + 40);
	frame[14 + 5] = 24;
	frame[14 + 6] = IPPROTO_ICMPV6;
	memset(frame + 14 + 24, 0xff, 16);
	memset(frame + 14 + 40, 0, 24);
	frame[14 + 40] = 135;
	memcpy(frame + 14 + 40 + 8, udp6 + 14 + 24, 16);
	assert_true(segment_decode(frame, sizeof(frame), sizeof(frame), &s));
	assert_int_equal(s.protocol, SEGMENT_NEIGHBOUR);
	assert_int_equal(s.flags, SEGMENT_ASKS);
	endpoint_print(&s.from, text, sizeof(text));
	assert_string_equal(text, "[fd09::2]:0");
	endpoint_print(&s.to, text, sizeof(text));
	assert_string_equal(text, "[fd09::1]:0");
	assert_false(segment_decode(frame, sizeof(frame) - 1, sizeof(frame), &s));
	memset(frame + 14 + 8, 0, 16); /* nobody yet, looking for a duplicate */
	assert_false(segment_decode(frame, sizeof(frame), sizeof(frame), &s));
	frame[14 + 40] = 136;
	assert_true(segment_decode(frame, sizeof(frame), sizeof(frame), &s));
	assert_int_equal(s.flags, SEGMENT_ANSWERS);
	endpoint_print(&s.from, text, sizeof(text));
	assert_string_equal(text, "[fd09::1]:0");
	frame[14 + 40] = 128; /* an echo */
	assert_false(segment_decode(frame, sizeof(frame), sizeof(frame), &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_with_sack),
		cmocka_unit_test(headers_suffice),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(extensions_are_passed_over),
		cmocka_unit_test(neighbours_ask_and_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
