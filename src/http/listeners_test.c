#include "unit.h"

#include <stdlib.h>

#include "http/listeners.h"

struct house {
	struct bus *bus;
	struct listeners *ls;
};

static int build(void **state)
{
	struct house *h = calloc(1, sizeof *h);

	assert_non_null(h);
	assert_int_equal(bus_new(&h->bus, NULL), RC_OK);
	assert_int_equal(listeners_new(h->bus, &h->ls, NULL), RC_OK);
	*state = h;
	return 0;
}

static int demolish(void **state)
{
	struct house *h = *state;

	listeners_free(h->ls);
	bus_free(h->bus);
	free(h);
	return 0;
}

static struct principal somebody(unsigned groups_n)
{
	struct principal who = {.account = uid_new(), .session = uid_new()};

	for (unsigned i = 0; i < groups_n; i++)
		who.groups[who.groups_n++] = uid_new();
	return who;
}

static unsigned count(const struct list *l)
{
	unsigned n = 0;

	if (l == NULL)
		return 0;
	for (const struct list *node = l->next; node != l; node = node->next)
		n++;
	return n;
}

static void a_listener_sits_in_each_of_its_groups(void **state)
{
	struct house *h = *state;
	struct principal ann = somebody(3);
	struct principal ben = somebody(0);
	ben.groups[ben.groups_n++] = ann.groups[1];
	struct uid other = uid_new();

	struct listener *a = listeners_take(h->ls, &ann);
	struct listener *b = listeners_take(h->ls, &ben);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(count(listeners_of_group(h->ls, &ann.groups[0])), 1);
	assert_int_equal(count(listeners_of_group(h->ls, &ann.groups[1])), 2);
	assert_null(listeners_of_group(h->ls, &other));
	assert_non_null(listener_seat(a, &ann.groups[2]));
	assert_null(listener_seat(b, &ann.groups[2]));
	assert_true(bus_is_heard(h->bus, &ann.groups[0]));
}

static void one_session_is_one_listener(void **state)
{
	struct house *h = *state;
	struct principal ann = somebody(1);
	struct principal phone = ann;

	phone.session = uid_new();
	struct listener *a = listeners_take(h->ls, &ann);
	assert_ptr_equal(listeners_take(h->ls, &ann), a);
	assert_ptr_not_equal(listeners_take(h->ls, &phone), a);
}

static void a_listener_that_left_is_gone_after_the_sweep(void **state)
{
	struct house *h = *state;
	struct principal ann = somebody(2);

	struct listener *a = listeners_take(h->ls, &ann);
	listeners_leave(h->ls, a);
	listeners_leave(h->ls, a); /* twice is once */
	assert_int_equal(count(listeners_of_group(h->ls, &ann.groups[0])), 1);
	listeners_sweep(h->ls);
	assert_null(listeners_of_group(h->ls, &ann.groups[0]));
	listeners_sweep(h->ls);
}

static void a_listener_that_comes_back_before_the_sweep_stays(void **state)
{
	struct house *h = *state;
	struct principal ann = somebody(1);

	struct listener *a = listeners_take(h->ls, &ann);
	listeners_leave(h->ls, a);
	assert_ptr_equal(listeners_take(h->ls, &ann), a);
	listeners_sweep(h->ls);
	assert_int_equal(count(listeners_of_group(h->ls, &ann.groups[0])), 1);
}

static void a_group_stays_heard_while_somebody_listens(void **state)
{
	struct house *h = *state;
	struct principal ann = somebody(1);
	struct principal ben = somebody(0);
	ben.groups[ben.groups_n++] = ann.groups[0];

	struct listener *a = listeners_take(h->ls, &ann);
	assert_non_null(listeners_take(h->ls, &ben));
	listeners_leave(h->ls, a);
	listeners_sweep(h->ls);
	assert_true(bus_is_heard(h->bus, &ann.groups[0]));
	assert_int_equal(count(listeners_of_group(h->ls, &ann.groups[0])), 1);
}

static void count_listener(void *ctx, struct listener *l)
{
	assert_int_equal(l->streams_n, 0);
	++*(unsigned *)ctx;
}

static void many_listeners_are_all_visited_and_freed(void **state)
{
	struct house *h = *state;
	unsigned n = 0;

	for (int i = 0; i < 5000; i++) {
		struct principal who = somebody(2);
		assert_non_null(listeners_take(h->ls, &who));
	}
	listeners_each(h->ls, count_listener, &n);
	assert_int_equal(n, 5000);
}

static void every_failing_allocation_leaves_no_half_listener(void **state)
{
	struct house *h = *state;

	for (long n = 0; n < 50; n++) {
		struct principal ann = somebody(3);
		alloc_fail_after(n);
		struct listener *a = listeners_take(h->ls, &ann);
		bool has_failed = alloc_has_failed() != 0;
		alloc_fail_after(-1);
		if (!has_failed) {
			assert_non_null(a);
			return;
		}
		if (a != NULL)
			continue;
		for (unsigned i = 0; i < ann.groups_n; i++)
			assert_null(listeners_of_group(h->ls, &ann.groups[i]));
	}
	fail_msg("the allocations never ended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_listener_sits_in_each_of_its_groups, build, demolish),
		cmocka_unit_test_setup_teardown(one_session_is_one_listener, build, demolish),
		cmocka_unit_test_setup_teardown(
			a_listener_that_left_is_gone_after_the_sweep, build, demolish),
		cmocka_unit_test_setup_teardown(
			a_listener_that_comes_back_before_the_sweep_stays, build, demolish),
		cmocka_unit_test_setup_teardown(
			a_group_stays_heard_while_somebody_listens, build, demolish),
		cmocka_unit_test_setup_teardown(
			many_listeners_are_all_visited_and_freed, build, demolish),
		cmocka_unit_test_setup_teardown(
			every_failing_allocation_leaves_no_half_listener, build, demolish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
