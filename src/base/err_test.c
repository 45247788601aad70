#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static void fail_fills_the_error_and_returns_the_code(void **state)
{
	struct err e = {.sys = 5};

	(void)state;
	assert_int_equal(fail(&e, RC_LIMIT, "at most %d, got %d", 3, 4), RC_LIMIT);
	assert_int_equal(e.rc, RC_LIMIT);
	assert_int_equal(e.sys, 0);
	assert_string_equal(e.msg, "at most 3, got 4");
	assert_int_equal(fail(NULL, RC_SYNTAX, "x"), RC_SYNTAX);
}

static void long_messages_are_cut(void **state)
{
	char text[ERR_MSG_MAX * 2];
	struct err e;

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_int_equal(fail(&e, RC_SYNTAX, "%s", text), RC_SYNTAX);
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
	errno = ENOENT;
	assert_int_equal(fail_sys(&e, "%s", text), RC_IO);
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
	text[ERR_MSG_MAX - 4] = '\0'; /* room for a part of the system's text */
	assert_int_equal(fail_sys(&e, "%s", text), RC_IO);
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
}

static void fail_sys_tells_and_keeps_errno(void **state)
{
	struct err e;

	(void)state;
	errno = ENOENT;
	assert_int_equal(fail_sys(&e, "open %s", "file"), RC_IO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(e.sys, ENOENT);
	assert_string_equal(e.msg, "open file: No such file or directory");
	assert_int_equal(fail_sys(NULL, "x"), RC_IO);
}

static void every_code_has_its_own_name(void **state)
{
	(void)state;
	for (int i = RC_OK; i <= RC_BUG; i++) {
		assert_string_not_equal(rc_name((enum rc)i), "unknown");
		for (int j = RC_OK; j < i; j++)
			assert_string_not_equal(rc_name((enum rc)i), rc_name((enum rc)j));
	}
	assert_string_equal(rc_name((enum rc)(RC_BUG + 1)), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_fills_the_error_and_returns_the_code),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(fail_sys_tells_and_keeps_errno),
		cmocka_unit_test(every_code_has_its_own_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
