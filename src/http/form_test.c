#include "http/form.h"

#include "unit.h"

static struct form_field fields[] = {{"grant_type", {0}}, {"assertion", {0}}};

static enum rc read_form(const char *text)
{
	static char copy[4096];
	size_t n = strlen(text);

	memcpy(copy, text, n);
	return form_read(copy, n, fields, COUNT_OF(fields), NULL);
}

static void assert_value(size_t i, const char *wanted)
{
	assert_non_null(fields[i].value.p);
	assert_true(view_is(fields[i].value, view_of(wanted)));
}

static void values_are_decoded_and_others_ignored(void **state)
{
	(void)state;
	assert_int_equal(read_form("grant_type=a%20b+c%3d%26&x=1&assertion=&y"), RC_OK);
	assert_value(0, "a b c=&");
	assert_value(1, "");
	assert_int_equal(read_form(""), RC_OK);
	assert_null(fields[0].value.p);
	assert_int_equal(read_form("grant_type"), RC_OK);
	assert_value(0, "");
	assert_int_equal(read_form("&&grant%5ftype=1&"), RC_OK);
	assert_value(0, "1");
	assert_int_equal(read_form("assertion=a=b"), RC_OK);
	assert_value(1, "a=b");
}

static void malformed_forms_are_refused(void **state)
{
	static const char *const bad[] = {"grant_type=%", "grant_type=%4", "grant_type=%4g",
		"grant_type=%00", "grant_type=%0a", "grant_type=\xc3\xa4", "grant_type=%c3%a4",
		"grant_type=1&grant_type=1",
		"grant_type=&grant_type=", "grant_type=1&grant%5Ftype=2", "%=1"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(read_form(bad[i]), RC_SYNTAX);
}

static void parameters_are_bounded(void **state)
{
	char text[4 * FORM_PARAMETERS_MAX + 8] = "";

	(void)state;
	for (unsigned i = 0; i < FORM_PARAMETERS_MAX; i++)
		memcpy(text + i * 4, "a=1&", 5);
	assert_int_equal(read_form(text), RC_OK);
	memcpy(text + FORM_PARAMETERS_MAX * 4, "a=1", 4);
	assert_int_equal(read_form(text), RC_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_decoded_and_others_ignored),
		cmocka_unit_test(malformed_forms_are_refused),
		cmocka_unit_test(parameters_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
