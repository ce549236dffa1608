/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

#include <errno.h>

#include "base/table.h"

#define NODES 3000

static struct table_node *find(const struct table *t, const struct table_node *n, uint32_t hash)
{
	for (struct table_node *c = table_chain(t, hash); c != NULL; c = c->next) {
		if (c == n)
			return c;
	}
	return NULL;
}

/* A few hash values only, so that chains are long, and then well spread ones. */
static void holds_what_was_added(void **state)
{
	static struct table_node nodes[NODES];
	static uint32_t hashes[NODES];
	struct fixture f;
	struct table t;

	(void)state;
	for (size_t spread = 7; spread <= UINT32_MAX / 2; spread *= 30000000) {
		uint32_t count = 0;

		fixture_init(&f, 21);
		memset(nodes, 0, sizeof(nodes));
		assert_int_equal(table_init(&t, &f.env, 4), 0);
		for (int step = 0; step < 20000; step++) {
			size_t i = fixture_below(&f, NODES);

			if (table_node_linked(&nodes[i])) {
				assert_ptr_equal(find(&t, &nodes[i], hashes[i]), &nodes[i]);
				table_del(&t, &nodes[i]);
				assert_null(find(&t, &nodes[i], hashes[i]));
				count--;
			} else {
				hashes[i] = (uint32_t)fixture_below(&f, spread);
				table_add(&t, &f.env, &nodes[i], hashes[i]);
				count++;
			}
			assert_int_equal(t.count, count);
		}
		for (size_t i = 0; i < NODES; i++) {
			if (table_node_linked(&nodes[i]))
				assert_non_null(find(&t, &nodes[i], hashes[i]));
		}
		assert_true(t.mask + 1 >= count / 2);
		table_fini(&t, &f.env);
		fixture_fini(&f);
	}
}

static void works_on_when_it_cannot_grow(void **state)
{
	struct table_node nodes[100] = {{NULL, NULL, 0}};
	struct fixture f;
	struct table t;

	(void)state;
	fixture_init(&f, 22);
	f.fail_at = 1;
	assert_int_equal(table_init(&t, &f.env, 2), -ENOMEM);
	assert_int_equal(table_init(&t, &f.env, 2), 0);
	for (uint32_t i = 0; i < 100; i++) {
		f.fail_at = f.calls + 1;
		table_add(&t, &f.env, &nodes[i], i);
	}
	assert_int_equal(t.mask, 1);
	for (uint32_t i = 0; i < 100; i++)
		assert_non_null(find(&t, &nodes[i], i));
	table_fini(&t, &f.env);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_was_added),
		cmocka_unit_test(works_on_when_it_cannot_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
