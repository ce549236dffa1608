/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

#include "base/bytes.h"
#include "base/list.h"

static void reads_in_order_and_stops_at_the_end(void **state)
{
	static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct reader r = reader_of(data, sizeof(data));

	(void)state;
	assert_int_equal(read_u8(&r), 1);
	assert_int_equal(read_be16(&r), 0x0203);
	assert_int_equal(read_be32(&r), 0x04050607);
	assert_true(r.ok);
	assert_int_equal(read_be16(&r), 0); /* one byte is left */
	assert_false(r.ok);
	assert_int_equal(read_u8(&r), 0); /* a reader that failed stays so */
	assert_null(read_bytes(&r, 0));
}

static void stores_what_it_loads(void **state)
{
	uint8_t b[4];

	(void)state;
	store_be32(b, 0x89abcdef);
	assert_int_equal(b[0], 0x89);
	assert_int_equal(load_be32(b), 0x89abcdef);
	store_be16(b, 0xfedc);
	assert_int_equal(load_be16(b), 0xfedc);
}

struct item {
	int value;
	struct list link;
};

static void lists_keep_order_and_forgive_a_second_removal(void **state)
{
	struct item items[4] = {{.value = 0}, {.value = 1}, {.value = 2}, {.value = 3}};
	struct list head;
	struct list *l;
	struct list *tmp;
	int n = 0;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	list_add_tail(&head, &items[1].link);
	list_add_tail(&head, &items[3].link);
	list_add_head(&head, &items[0].link);
	list_add_before(&items[3].link, &items[2].link);
	list_for_each (l, &head)
		assert_int_equal(list_entry(l, struct item, link)->value, n++);
	assert_int_equal(n, 4);
	assert_int_equal(list_first(&head, struct item, link)->value, 0);
	assert_int_equal(list_last(&head, struct item, link)->value, 3);
	list_for_each_safe (l, tmp, &head)
		list_del(l);
	list_del(&items[2].link);
	assert_true(list_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_in_order_and_stops_at_the_end),
		cmocka_unit_test(stores_what_it_loads),
		cmocka_unit_test(lists_keep_order_and_forgive_a_second_removal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
