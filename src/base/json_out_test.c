#include "unit.h"

#include "base/json_out.h"

static void assert_json(struct json_out *j, const char *expected)
{
	struct view text = {0};

	assert_int_equal(json_out_finish(j, &text, NULL), RC_OK);
	assert_int_equal(text.n, strlen(expected));
	assert_memory_equal(text.p, expected, text.n);
}

static void objects_and_arrays_nest_with_their_commas(void **state)
{
	struct uid id = {{0xAB, 0xCD}};
	struct json_out j;

	(void)state;
	json_out_init(&j, 4096);
	json_object(&j, NULL);
	json_text(&j, "name", VIEW("Mia"));
	json_array(&j, "list");
	json_int(&j, NULL, 1);
	json_int(&j, NULL, -2);
	json_object(&j, NULL);
	json_end(&j);
	json_array(&j, NULL);
	json_end(&j);
	json_end(&j);
	json_bool(&j, "yes", true);
	json_bool(&j, "no", false);
	json_null(&j, "none");
	json_raw(&j, "raw", VIEW("[1]"));
	json_uid(&j, "id", &id);
	json_time(&j, "time", INT64_C(1795344900007));
	json_end(&j);
	assert_json(&j, "{\"name\":\"Mia\",\"list\":[1,-2,{},[]],\"yes\":true,\"no\":false,"
			"\"none\":null,\"raw\":[1],\"id\":\"abcd0000000000000000000000000000\","
			"\"time\":\"2026-11-22T10:55:00.007Z\"}");
	json_out_done(&j);
}

static void strings_are_escaped(void **state)
{
	struct json_out j;

	(void)state;
	json_out_init(&j, 4096);
	json_text(&j, NULL, VIEW("a\"b\\c\b\f\n\r\t\x01\x1F\x7F/\0z"));
	assert_json(&j, "\"a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f/\\u0000z\"");
	json_out_done(&j);
}

struct utf8_row {
	struct view in;
	const char *out;
};

#define LOST "\xEF\xBF\xBD"

static void bytes_that_are_not_utf8_become_the_replacement(void **state)
{
	static const struct utf8_row rows[] = {
		{VIEW("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"),
			"\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\""},
		{VIEW("\xFF"), "\"" LOST "\""},
		{VIEW("\x80"), "\"" LOST "\""},
		{VIEW("\xC3"), "\"" LOST "\""},
		{VIEW("\xC3x"), "\"" LOST "x\""},
		{VIEW("\xC0\xAF"), "\"" LOST LOST "\""},                   /* overlong */
		{VIEW("\xE0\x80\xAF"), "\"" LOST LOST LOST "\""},          /* overlong */
		{VIEW("\xED\xA0\x80"), "\"" LOST LOST LOST "\""},          /* surrogate */
		{VIEW("\xF0\x80\x80\x80"), "\"" LOST LOST LOST LOST "\""}, /* overlong */
		{VIEW("\xF4\x90\x80\x80"), "\"" LOST LOST LOST LOST "\""}, /* over U+10FFFF */
		{VIEW("\xF4\x8F\xBF\xBF"), "\"\xF4\x8F\xBF\xBF\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct json_out j;
		json_out_init(&j, 4096);
		json_text(&j, NULL, rows[i].in);
		assert_json(&j, rows[i].out);
		json_out_done(&j);
	}
}

struct decimal_row {
	int64_t value;
	unsigned decimals;
	const char *out;
};

static void decimals_have_no_trailing_zeros(void **state)
{
	static const struct decimal_row rows[] = {
		{225717070, 7, "22.571707"},
		{-225717070, 7, "-22.571707"},
		{10000000, 7, "1"},
		{1, 7, "0.0000001"},
		{-1, 9, "-0.000000001"},
		{0, 7, "0"},
		{120, 1, "12"},
		{125, 1, "12.5"},
		{100, 0, "100"},
		{INT64_MIN, 0, "-9223372036854775808"},
		{INT64_MAX, 9, "9223372036.854775807"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct json_out j;
		json_out_init(&j, 4096);
		json_decimal(&j, NULL, rows[i].value, rows[i].decimals);
		assert_json(&j, rows[i].out);
		json_out_done(&j);
	}
}

static void the_limit_counts_every_byte(void **state)
{
	struct view text = {0};
	struct json_out j;

	(void)state;
	for (size_t limit = 0; limit < 10; limit++) {
		json_out_init(&j, limit);
		json_text(&j, NULL, VIEW("1234567")); /* nine bytes with its quotes */
		assert_int_equal(json_out_finish(&j, &text, NULL), limit < 9 ? RC_LIMIT : RC_OK);
		assert_true(j.n <= limit);
		json_out_done(&j);
	}
}

static void a_failure_is_sticky_until_the_reset(void **state)
{
	struct view text = {0};
	struct err e = {0};
	struct json_out j;

	(void)state;
	json_out_init(&j, 8);
	json_array(&j, NULL);
	json_text(&j, NULL, VIEW("too long for eight"));
	json_end(&j);
	assert_int_equal(json_out_finish(&j, &text, &e), RC_LIMIT);
	assert_true(e.msg[0] != '\0');
	json_out_reset(&j);
	json_int(&j, NULL, 7);
	assert_json(&j, "7");
	json_out_done(&j);
}

static void unbalanced_levels_are_our_own_mistake(void **state)
{
	struct view text = {0};
	struct json_out j;

	(void)state;
	json_out_init(&j, 4096);
	json_object(&j, NULL);
	assert_int_equal(json_out_finish(&j, &text, NULL), RC_BUG);
	json_end(&j);
	assert_json(&j, "{}");
	json_end(&j);
	assert_int_equal(json_out_finish(&j, &text, NULL), RC_BUG);
	json_out_reset(&j);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_array(&j, NULL);
	assert_int_equal(j.rc, RC_OK);
	json_array(&j, NULL);
	assert_int_equal(json_out_finish(&j, &text, NULL), RC_BUG);
	json_out_done(&j);
}

static void out_of_memory_is_told_at_the_end(void **state)
{
	struct view text = {0};

	(void)state;
	for (long i = 0; i < 3; i++) {
		struct json_out j;
		json_out_init(&j, 1 << 20);
		alloc_fail_after(i);
		json_array(&j, NULL);
		for (int k = 0; k < 400; k++)
			json_text(&j, NULL, VIEW("abc"));
		json_end(&j);
		alloc_fail_after(-1);
		assert_int_equal(json_out_finish(&j, &text, NULL), RC_NOMEM);
		json_out_done(&j);
	}
}

/* Whatever the bytes, the text is valid: quotes only at the ends, no control characters. */
static void string_round(struct prop *p)
{
	char buf[64];
	struct view v = {.p = buf, .n = prop_bytes(p, buf, sizeof buf, NULL, 0)};
	struct view text = {0};
	struct json_out j;

	json_out_init(&j, 4096);
	json_text(&j, NULL, v);
	assert_int_equal(json_out_finish(&j, &text, NULL), RC_OK);
	assert_int_equal(text.p[0], '"');
	assert_int_equal(text.p[text.n - 1], '"');
	for (size_t i = 1; i + 1 < text.n; i++) {
		assert_true((unsigned char)text.p[i] >= 0x20);
		assert_int_not_equal(text.p[i], '"');
		if (text.p[i] != '\\')
			continue;
		i++;
		assert_non_null(strchr("\"\\bfnrtu", text.p[i]));
		if (text.p[i] == 'u')
			i += 4;
		assert_true(i + 1 < text.n);
	}
	json_out_done(&j);
}

static void any_bytes_make_a_valid_string(void **state)
{
	(void)state;
	prop_run("any_bytes_make_a_valid_string", 5000, string_round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_and_arrays_nest_with_their_commas),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(bytes_that_are_not_utf8_become_the_replacement),
		cmocka_unit_test(decimals_have_no_trailing_zeros),
		cmocka_unit_test(the_limit_counts_every_byte),
		cmocka_unit_test(a_failure_is_sticky_until_the_reset),
		cmocka_unit_test(unbalanced_levels_are_our_own_mistake),
		cmocka_unit_test(out_of_memory_is_told_at_the_end),
		cmocka_unit_test(any_bytes_make_a_valid_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
