#include "unit.h"

#include "base/err.h"
#include "base/list.h"

struct item {
	int value;
	struct list node;
};

static void items_come_out_in_their_order(void **state)
{
	struct list l;
	struct item items[3];

	(void)state;
	list_init(&l);
	assert_true(list_is_empty(&l));
	assert_null(list_pop(&l));
	for (int i = 0; i < 3; i++) {
		items[i].value = i;
		list_init(&items[i].node);
		list_append(&l, &items[i].node);
	}
	for (int i = 0; i < 3; i++) {
		struct list *node = list_pop(&l);
		assert_non_null(node);
		assert_int_equal(CONTAINER_OF(node, struct item, node)->value, i);
		assert_true(list_is_empty(node));
	}
	assert_null(list_pop(&l));
}

static void removing_from_the_middle_keeps_the_others(void **state)
{
	struct list l;
	struct list a;
	struct list b;
	struct list c;

	(void)state;
	list_init(&l);
	list_append(&l, &a);
	list_append(&l, &b);
	list_append(&l, &c);
	list_remove(&b);
	list_remove(&b); /* an unlinked node may be removed again */
	assert_ptr_equal(list_pop(&l), &a);
	assert_ptr_equal(list_pop(&l), &c);
	assert_true(list_is_empty(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_come_out_in_their_order),
		cmocka_unit_test(removing_from_the_middle_keeps_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
