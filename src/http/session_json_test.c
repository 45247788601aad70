#include "unit.h"

#include "base/err.h"
#include "http/session_json.h"

static struct shared_answer *new_answer(void)
{
	return shared_answer_new(MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

static int build(void **state)
{
	struct sessions_json *c = NULL;

	assert_int_equal(sessions_json_new(&c, NULL), RC_OK);
	*state = c;
	return 0;
}

static int demolish(void **state)
{
	sessions_json_free(*state);
	return 0;
}

static void what_was_kept_is_found_for_its_session_and_generation_only(void **state)
{
	struct uid session = uid_new();
	struct uid other = uid_new();
	struct shared_answer *a = new_answer();

	sessions_json_put(*state, &session, 7, sessions_json_stamp(*state), a);
	assert_null(sessions_json_get(*state, &session, 8));
	assert_null(sessions_json_get(*state, &other, 7));
	struct shared_answer *found = sessions_json_get(*state, &session, 7);
	assert_ptr_equal(found, a);
	shared_answer_unref(found);
	shared_answer_unref(a);
}

static void what_was_forgotten_is_gone_but_lives_while_it_is_used(void **state)
{
	struct uid session = uid_new();
	struct shared_answer *a = new_answer();

	sessions_json_put(*state, &session, 1, sessions_json_stamp(*state), a);
	shared_answer_unref(a);
	struct shared_answer *found = sessions_json_get(*state, &session, 1);
	sessions_json_forget(*state);
	assert_null(sessions_json_get(*state, &session, 1));
	assert_non_null(found->response);
	shared_answer_unref(found);
}

static void an_answer_made_of_old_values_is_not_kept(void **state)
{
	struct uid session = uid_new();
	uint64_t before = sessions_json_stamp(*state);
	struct shared_answer *a = new_answer();

	sessions_json_forget(*state); /* a name changed while the answer was being made */
	sessions_json_put(*state, &session, 1, before, a);
	assert_null(sessions_json_get(*state, &session, 1));
	shared_answer_unref(a);
}

static void a_newer_answer_takes_the_place_of_the_older(void **state)
{
	struct uid session = uid_new();
	struct shared_answer *a = new_answer();
	struct shared_answer *b = new_answer();

	sessions_json_put(*state, &session, 1, sessions_json_stamp(*state), a);
	sessions_json_put(*state, &session, 2, sessions_json_stamp(*state), b);
	assert_null(sessions_json_get(*state, &session, 1));
	struct shared_answer *found = sessions_json_get(*state, &session, 2);
	assert_ptr_equal(found, b);
	shared_answer_unref(found);
	shared_answer_unref(a);
	shared_answer_unref(b);
}

static void nothing_becomes_no_answer(void **state)
{
	(void)state;
	assert_null(shared_answer_new(NULL));
	shared_answer_unref(NULL);
	alloc_fail_after(0);
	struct sessions_json *c = NULL;
	assert_int_equal(sessions_json_new(&c, NULL), RC_NOMEM);
	alloc_fail_after(-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_was_kept_is_found_for_its_session_and_generation_only, build,
			demolish),
		cmocka_unit_test_setup_teardown(
			what_was_forgotten_is_gone_but_lives_while_it_is_used, build, demolish),
		cmocka_unit_test_setup_teardown(
			an_answer_made_of_old_values_is_not_kept, build, demolish),
		cmocka_unit_test_setup_teardown(
			a_newer_answer_takes_the_place_of_the_older, build, demolish),
		cmocka_unit_test(nothing_becomes_no_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
