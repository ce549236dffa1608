/* SPDX-License-Identifier: MIT */
/* Messages: what is written can be read, what does not fit is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/nlmsg.h"

static const struct nlmsghdr h = {.nlmsg_type = 20, .nlmsg_seq = 7};

static void there_and_back(void **state)
{
	_Alignas(8) uint8_t data[256];
	struct nl_writer w = nl_writer_of(data, sizeof(data));
	struct nl_attr at[8];
	struct nl_attr inner[4];
	struct nlmsghdr out;
	struct ipaddr a = ipaddr_from4(0x0a000001);
	struct ipaddr b;
	char text[8];
	size_t nest;

	(void)state;
	nlw_begin(&w, &h, "abc", 3);
	nlw_put_u8(&w, 1, 9);
	nlw_put_u32(&w, 2, 0xdeadbeef);
	nlw_put_string(&w, 3, "lo");
	nlw_put_addr(&w, 4, &a);
	nest = nlw_nest(&w, 5);
	nlw_put_u16(&w, 1, 77);
	nlw_nest_end(&w, nest);
	assert_true(nlw_end(&w));
	memcpy(&out, data, sizeof(out));
	assert_int_equal(out.nlmsg_len, w.used);
	assert_int_equal(w.used % 4, 0);
	assert_true(nl_attrs_read(data + 20, w.used - 20, at, 8));
	assert_int_equal(nl_attr_u8(&at[1], 0), 9);
	assert_int_equal(nl_attr_u32(&at[1], 5), 5); /* too short */
	assert_int_equal(nl_attr_u32(&at[2], 0), 0xdeadbeef);
	assert_true(nl_attr_string(&at[3], text, sizeof(text)));
	assert_string_equal(text, "lo");
	assert_false(nl_attr_string(&at[3], text, 2));
	assert_true(nl_attr_addr(&at[4], AF_INET, &b));
	assert_true(ipaddr_equal(&a, &b));
	assert_false(nl_attr_addr(&at[4], AF_INET6, &b));
	assert_true(nl_attrs_read(at[5].data, at[5].bytes, inner, 4));
	assert_int_equal(inner[1].bytes, 2);
	assert_null(at[6].data);
}

/* For every size of memory: the message is there whole, or not at all. */
static void all_or_nothing(void **state)
{
	(void)state;
	for (size_t room = 0; room < 80; room += 4) {
		_Alignas(8) uint8_t data[80];
		struct nl_writer w = nl_writer_of(data, room);
		bool fits;

		nlw_begin(&w, &h, NULL, 0);
		nlw_put_u32(&w, 1, 1);
		nlw_put_u64(&w, 2, 2);
		nlw_raw(&w, "xyz", 3);
		fits = nlw_end(&w);
		assert_int_equal(fits, room >= 16 + 8 + 12 + 4);
		assert_int_equal(w.used, fits ? 40 : 0);
	}
}

static void hostile_attributes(void **state)
{
	static const uint8_t longer[] = {12, 0, 1, 0, 1, 2, 3, 4};
	static const uint8_t shorter[] = {3, 0, 1, 0};
	static const uint8_t tail[] = {5, 0, 1, 0, 9, 0, 0};
	static const uint8_t high[] = {4, 0, 0xff, 0x3f};
	struct nl_attr at[4];

	(void)state;
	assert_false(nl_attrs_read(longer, sizeof(longer), at, 4));
	assert_false(nl_attrs_read(shorter, sizeof(shorter), at, 4));
	assert_true(nl_attrs_read(tail, sizeof(tail), at, 4)); /* padding cut short */
	assert_int_equal(nl_attr_u8(&at[1], 0), 9);
	assert_true(nl_attrs_read(high, sizeof(high), at, 4)); /* a type that nobody asked for */
	assert_true(nl_attrs_read(NULL, 0, at, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(hostile_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
