#include "unit.h"

#include "http/problem_answer.h"

static const char *text_of(const struct problem *p, enum rc rc, unsigned *ret_status)
{
	static struct json_out j;
	static char text[1024];
	struct view v;

	json_out_init(&j, sizeof text - 1);
	*ret_status = problem_write(p, rc, &j);
	assert_int_equal(json_out_finish(&j, &v, NULL), RC_OK);
	assert_true(view_to_text(v, text, sizeof text));
	json_out_done(&j);
	return text;
}

static void codes_are_sorted_and_have_a_known_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < problem_codes_n; i++) {
		if (i > 0)
			assert_true(strcmp(problem_codes[i - 1].code, problem_codes[i].code) < 0);
		assert_string_not_equal(problem_title(problem_codes[i].status), "Error");
		assert_ptr_equal(problem_code_find(problem_codes[i].code), &problem_codes[i]);
		assert_true(strlen(problem_codes[i].detail) > 5);
	}
	assert_null(problem_code_find("no_such_code"));
	assert_null(problem_code_find(NULL));
	assert_string_equal(problem_title(418), "Error");
}

static void every_result_has_a_code_of_the_table(void **state)
{
	(void)state;
	for (int rc = RC_OK; rc <= RC_BUG; rc++)
		assert_non_null(problem_code_find(problem_code_of_rc((enum rc)rc)));
	assert_string_equal(problem_code_of_rc(RC_NOT_FOUND), "not_found");
	assert_string_equal(problem_code_of_rc(RC_DENIED), "not_found");
	assert_string_equal(problem_code_of_rc(RC_LIMIT), "busy");
}

static void answer_has_the_members_of_rfc_9457_and_ours(void **state)
{
	struct problem p = {.code = "claim_code_wrong", .field = "code", .tries_left = 3};
	unsigned status;

	(void)state;
	assert_string_equal(text_of(&p, RC_CONFLICT, &status),
		"{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,\"detail\":"
		"\"Wrong code; tries_left tells how many tries are left.\",\"code\":"
		"\"claim_code_wrong\",\"field\":\"code\",\"tries_left\":3}");
	assert_int_equal(status, 409);
}

static void detail_of_the_domain_is_told_and_escaped(void **state)
{
	struct problem p = {
		.code = "already_taken", .tries_left = 2, .detail = "Taken by \"Ann\"\n<b>"};
	unsigned status;

	(void)state;
	assert_string_equal(text_of(&p, RC_CONFLICT, &status),
		"{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,\"detail\":"
		"\"Taken by \\\"Ann\\\"\\n<b>\",\"code\":\"already_taken\"}");
}

static void unknown_code_becomes_internal(void **state)
{
	struct problem p = {.code = "surprise", .tries_left = -1};
	unsigned status;

	(void)state;
	assert_non_null(strstr(text_of(&p, RC_CONFLICT, &status), "\"code\":\"internal\""));
	assert_int_equal(status, 500);
}

static void code_comes_from_the_result_when_none_was_given(void **state)
{
	struct problem p = {.tries_left = -1};
	unsigned status;

	(void)state;
	assert_non_null(strstr(text_of(&p, RC_NOT_FOUND, &status), "\"code\":\"not_found\""));
	assert_int_equal(status, 404);
	assert_non_null(strstr(text_of(&p, RC_NOMEM, &status), "\"code\":\"busy\""));
	assert_int_equal(status, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_sorted_and_have_a_known_status),
		cmocka_unit_test(every_result_has_a_code_of_the_table),
		cmocka_unit_test(answer_has_the_members_of_rfc_9457_and_ours),
		cmocka_unit_test(detail_of_the_domain_is_told_and_escaped),
		cmocka_unit_test(unknown_code_becomes_internal),
		cmocka_unit_test(code_comes_from_the_result_when_none_was_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
