#include "unit.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/bodies.h"
#include "http/body.h"

#define GROUP_ID "0f6c2d1e9b8a47538e1d2c3b4a596877"

static union body_values values;
static struct body *parsed;
static struct problem problem;

/* Reads text by the table into `values`. The tree stays until the next call. */
static enum rc read_text(const struct field_table *t, const char *text)
{
	body_free(parsed);
	parsed = NULL;
	values = (union body_values){0};
	problem = (struct problem){.tries_left = -1};
	return body_read(view_of(text), t, &values, &parsed, &problem);
}

static void expect_refused(const struct field_table *t, const char *text, const char *code)
{
	enum rc rc = read_text(t, text);

	if (rc == RC_OK || problem.code == NULL || strcmp(problem.code, code) != 0)
		fail_msg("%s: expected %s, came %s %s", text, code, rc_name(rc),
			problem.code == NULL ? "-" : problem.code);
	assert_null(parsed);
}

static void all_fields_are_read(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(&claim_table,
			"{\"group\":\"" GROUP_ID "\",\"watch\":\"490154203237518\","
			"\"name\":\"  Mia \\u00e4 \",\"sim_number\":\"+491701234567\","
			"\"language\":\"de\",\"zone\":\"Europe/Berlin\",\"proof\":\"code\"}"),
		RC_OK);
	char id[UID_TEXT];
	uid_to_text(&values.claim.group, id);
	assert_string_equal(id, GROUP_ID);
	assert_true(view_is(values.claim.name, VIEW("Mia \xC3\xA4")));
	assert_true(view_is(values.claim.sim_number, VIEW("+491701234567")));
	assert_true(view_is(values.claim.proof, VIEW("code")));
}

static void optional_fields_may_be_absent(void **state)
{
	(void)state;
	assert_int_equal(read_text(&close_table, "{}"), RC_OK);
	assert_null(values.close.note.p);
	assert_int_equal(read_text(&group_table, "{\"wait_hours\":24}"), RC_OK);
	assert_true(values.group_body.wait_hours.is_there);
	assert_int_equal(values.group_body.wait_hours.value, 24);
	assert_null(values.group_body.zone.p);
}

static void unknown_fields_are_refused(void **state)
{
	static const char *const names[] = {"role", "admin", "owner_id", "__proto__", "constructor",
		"Name", "name ", "", "name\\u0000"};
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		(void)snprintf(text, sizeof text, "{\"name\":\"x\",\"%s\":1}", names[i]);
		expect_refused(&group_new_table, text,
			strstr(names[i], "\\u0000") != NULL ? "json_bad" : "field_unknown");
	}
}

static void what_is_no_json_object_is_refused(void **state)
{
	static const char *const texts[] = {"", " ", "null", "1", "\"x\"", "[]", "[{}]", "{", "}",
		"{\"name\":}", "{\"name\":\"x\"", "{\"name\":\"x\",}", "{'name':'x'}",
		"{\"name\":\"x\"}{}", "{\"name\":\"x\"} x", "{\"name\":\"a\",\"name\":\"b\"}",
		"{\"name\":\"\xFF\"}", "{\"name\":\"\xC0\x80\"}", "{\"name\":\"\\ud800\"}",
		"{\"name\":\"\\u0000\"}", "\xEF\xBB\xBF{\"name\":\"x\"}", "{\"name\":NaN}",
		"{\"name\":\"x\ny\"}"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		expect_refused(&group_new_table, texts[i], "json_bad");
}

static void depth_is_limited(void **state)
{
	char text[BODY_DEPTH_MAX + 64];
	int n;

	(void)state;
	for (int depth = BODY_DEPTH_MAX - 1; depth <= BODY_DEPTH_MAX; depth++) {
		n = snprintf(text, sizeof text, "{\"name\":");
		memset(text + n, '[', (size_t)depth);
		text[n + depth] = '\0';
		expect_refused(&group_new_table, text, "json_bad");
		bool is_too_deep = strstr(problem.detail, "deep") != NULL;
		assert_int_equal(is_too_deep, depth == BODY_DEPTH_MAX);
	}
	/* Brackets in texts are no depth. */
	assert_int_equal(
		read_text(&group_new_table, "{\"name\":\"[[[[[[[[[[{{{{{{{{\\\"[\"}"), RC_OK);
}

static void a_million_brackets_do_not_overflow_the_stack(void **state)
{
	enum { N = 1000000 };
	char *text = malloc(N + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '[', N);
	text[N] = '\0';
	expect_refused(&group_new_table, text, "json_bad");
	free(text);
}

static void wrong_types_are_refused(void **state)
{
	static const char *const others[] = {"1", "1.5", "true", "null", "[]", "{}", "1e3"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		(void)snprintf(text, sizeof text, "{\"name\":%s}", others[i]);
		expect_refused(&group_new_table, text, "field_type");
		assert_string_equal(problem.field, "name");
	}
	expect_refused(&group_table, "{\"wait_hours\":\"24\"}", "field_type");
	expect_refused(&group_table, "{\"wait_hours\":24.0}", "field_type");
	expect_refused(&group_table, "{\"wait_hours\":99999999999999999999}", "json_bad");
}

static void required_fields_are_required(void **state)
{
	(void)state;
	expect_refused(&group_new_table, "{}", "field_missing");
	assert_string_equal(problem.field, "name");
	expect_refused(&sign_in_table, "{\"login\":\"x\"}", "field_missing");
	assert_string_equal(problem.field, "password");
	expect_refused(&account_table, "{}", "field_missing"); /* one of two */
	assert_null(problem.field);
}

static void lengths_are_counted_in_characters(void **state)
{
	char text[512];

	(void)state;
	for (int n = 79; n <= 81; n++) {
		int at = snprintf(text, sizeof text, "{\"name\":\"");
		for (int i = 0; i < n; i++)
			at += snprintf(text + at, sizeof text - (size_t)at, "\xE2\x82\xAC");
		(void)snprintf(text + at, sizeof text - (size_t)at, "\"}");
		if (n <= 80)
			assert_int_equal(read_text(&group_new_table, text), RC_OK);
		else
			expect_refused(&group_new_table, text, "field_too_long");
	}
	expect_refused(&group_new_table, "{\"name\":\"\"}", "field_too_short");
	expect_refused(&group_new_table, "{\"name\":\"   \"}", "field_too_short");
}

static void numbers_have_a_range(void **state)
{
	static const struct {
		int n;
		bool is_good;
	} cases[] = {{0, false}, {1, true}, {2, true}, {167, true}, {168, true}, {169, false},
		{-24, false}};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		(void)snprintf(text, sizeof text, "{\"wait_hours\":%d}", cases[i].n);
		if (cases[i].is_good)
			assert_int_equal(read_text(&group_table, text), RC_OK);
		else
			expect_refused(&group_table, text, "field_range");
	}
}

static void control_and_direction_characters_are_refused(void **state)
{
	static const char *const escapes[] = {"\\n", "\\t", "\\u001b", "\\u007f", "\\u0085",
		"\\u200b", "\\u200e", "\\u202e", "\\u2028", "\\u2066", "\\ufeff", "\\udb40\\udc41"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(escapes); i++) {
		(void)snprintf(text, sizeof text, "{\"name\":\"a%sb\"}", escapes[i]);
		expect_refused(&group_new_table, text, "field_value");
	}
	/* Joiners are part of scripts and emoji. */
	assert_int_equal(
		read_text(&group_new_table, "{\"name\":\"\\u200d\\u200c\\ud83d\\ude00\"}"), RC_OK);
}

static void secrets_are_taken_as_they_come(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(&sign_in_table, "{\"login\":\"ann\",\"password\":\" \\u202e\\tx \"}"),
		RC_OK);
	assert_true(view_is(values.sign_in.password, VIEW(" \xE2\x80\xAE\tx ")));
}

static void secrets_are_overwritten(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(&sign_in_table, "{\"login\":\"ann\",\"password\":\"very secret\"}"),
		RC_OK);
	const char *password = values.sign_in.password.p;
	body_forget(&sign_in_table, &values);
	assert_null(values.sign_in.password.p);
	assert_int_equal(password[0], 0);
	assert_int_equal(password[10], 0);
	assert_true(view_is(values.sign_in.login, VIEW("ann")));
}

/* Each kind of field that nests. */
struct nest_values {
	struct field_bool flag;
	struct field_words words;
	const struct json_t *tree;
};
static const char *const days[] = {"mo", "tu", NULL};
static const struct field nest_fields[] = {
	{"flag", FIELD_BOOL, false, offsetof(struct nest_values, flag), 0, 0, NULL, NULL},
	{"words", FIELD_WORDS, false, offsetof(struct nest_values, words), 1, 2, days, NULL},
	{"tree", FIELD_JSON, false, offsetof(struct nest_values, tree), 0, 0, NULL, NULL},
};
static const struct field_table nest_table = {
	"NestBody", nest_fields, COUNT_OF(nest_fields), false};

static enum rc read_nest(const char *text, struct nest_values *ret)
{
	body_free(parsed);
	parsed = NULL;
	*ret = (struct nest_values){0};
	problem = (struct problem){.tries_left = -1};
	return body_read(view_of(text), &nest_table, ret, &parsed, &problem);
}

static void yes_and_no_are_read(void **state)
{
	static const char *const others[] = {"0", "1", "\"true\"", "null", "[true]", "{}"};
	struct nest_values v;
	char text[64];

	(void)state;
	assert_int_equal(read_nest("{}", &v), RC_OK);
	assert_false(v.flag.is_there);
	assert_int_equal(read_nest("{\"flag\":true}", &v), RC_OK);
	assert_true(v.flag.is_there && v.flag.value);
	assert_int_equal(read_nest("{\"flag\":false}", &v), RC_OK);
	assert_true(v.flag.is_there && !v.flag.value);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		(void)snprintf(text, sizeof text, "{\"flag\":%s}", others[i]);
		assert_int_equal(read_nest(text, &v), RC_SYNTAX);
		assert_string_equal(problem.code, "field_type");
	}
}

static void words_are_read_and_each_is_checked(void **state)
{
	static const struct {
		const char *text, *code;
	} bad[] = {{"\"mo\"", "field_type"}, {"[1]", "field_type"}, {"[[\"mo\"]]", "field_type"},
		{"[\"mo\",null]", "field_type"}, {"{}", "field_type"},
		{"[\"\"]", "field_too_short"}, {"[\"mon\"]", "field_too_long"},
		{"[\"we\"]", "field_value"}};
	struct nest_values v;
	char text[64];

	(void)state;
	assert_int_equal(read_nest("{\"words\":[]}", &v), RC_OK);
	assert_true(v.words.is_there);
	assert_int_equal(v.words.n, 0);
	assert_int_equal(read_nest("{\"words\":[\"tu\",\"mo\"]}", &v), RC_OK);
	assert_int_equal(v.words.n, 2);
	assert_true(view_is(v.words.words[0], VIEW("tu")));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		(void)snprintf(text, sizeof text, "{\"words\":%s}", bad[i].text);
		assert_int_equal(read_nest(text, &v), RC_SYNTAX);
		assert_string_equal(problem.code, bad[i].code);
	}
}

static void the_number_of_words_is_limited(void **state)
{
	struct nest_values v;
	char text[512];

	(void)state;
	for (int n = FIELD_WORDS_MAX - 1; n <= FIELD_WORDS_MAX + 1; n++) {
		int at = snprintf(text, sizeof text, "{\"words\":[");
		for (int i = 0; i < n; i++)
			at += snprintf(
				text + at, sizeof text - (size_t)at, "%s\"mo\"", i > 0 ? "," : "");
		(void)snprintf(text + at, sizeof text - (size_t)at, "]}");
		assert_int_equal(read_nest(text, &v), n <= FIELD_WORDS_MAX ? RC_OK : RC_SYNTAX);
	}
	assert_string_equal(problem.code, "field_too_long");
}

static void a_tree_is_read_by_tables_of_its_own(void **state)
{
	struct nest_values v;
	struct nest_values inner = {0};

	(void)state;
	assert_int_equal(read_nest("{\"tree\":[{\"flag\":true},{\"flog\":true},7]}", &v), RC_OK);
	assert_true(body_is_array(v.tree));
	assert_int_equal(body_array_n(v.tree), 3);
	assert_int_equal(
		body_read_object(body_array_at(v.tree, 0), &nest_table, &inner, &problem), RC_OK);
	assert_true(inner.flag.value);
	assert_int_equal(body_read_object(body_array_at(v.tree, 1), &nest_table, &inner, &problem),
		RC_SYNTAX);
	assert_string_equal(problem.code, "field_unknown");
	assert_int_equal(body_read_object(body_array_at(v.tree, 2), &nest_table, &inner, &problem),
		RC_SYNTAX);
	assert_null(body_array_at(v.tree, 3));
	assert_int_equal(read_nest("{\"tree\":\"x\"}", &v), RC_SYNTAX);
	assert_int_equal(read_nest("{\"tree\":true}", &v), RC_SYNTAX);
	assert_int_equal(body_array_n(v.tree), 0);
}

static void forms_are_checked(void **state)
{
	static const char *const colors[] = {
		"2f6fde0", "#2f6fdeg", "#2F6FDE", "2f6fde#", "#2f6f e"};
	static const char *const languages[] = {
		"d", "DE", "de-", "de-x", "d1", "-de", "de_DE", "deutsch"};
	char text[128];

	(void)state;
	assert_int_equal(read_text(&wearer_table, "{\"color\":\"#2f6fde\"}"), RC_OK);
	for (size_t i = 0; i < COUNT_OF(colors); i++) {
		(void)snprintf(text, sizeof text, "{\"color\":\"%s\"}", colors[i]);
		assert_int_equal(read_text(&wearer_table, text), RC_SYNTAX);
	}
	assert_int_equal(read_text(&account_table, "{\"language\":\"es-MX\"}"), RC_OK);
	for (size_t i = 0; i < COUNT_OF(languages); i++) {
		(void)snprintf(text, sizeof text, "{\"language\":\"%s\"}", languages[i]);
		assert_int_equal(read_text(&account_table, text), RC_SYNTAX);
	}
	expect_refused(&command_table, "{\"type\":\"monitor\"}", "field_value");
	expect_refused(&claim_code_table, "{\"code\":\"12345a\"}", "field_value");
	expect_refused(&claim_code_table, "{\"code\":\"1234567\"}", "field_too_long");
	expect_refused(&demo_table, "{\"group\":\"xyz\"}", "field_value");
}

static void every_failing_allocation_is_told(void **state)
{
	(void)state;
	for (long n = 0; n < 200; n++) {
		alloc_fail_after(n);
		enum rc rc = read_text(&group_new_table, "{\"name\":\"Family\"}");
		bool has_failed = alloc_has_failed() != 0;
		alloc_fail_after(-1);
		if (!has_failed) {
			assert_int_equal(rc, RC_OK);
			return;
		}
		assert_true(rc == RC_NOMEM || rc == RC_SYNTAX || rc == RC_OK);
		if (rc != RC_OK)
			assert_null(parsed);
	}
	fail_msg("the allocations never ended");
}

static void times_are_read_from_queries(void **state)
{
	struct history_values v = {0};
	struct problem p = {0};
	const struct field *from = field_find(&history_table, VIEW("from"));

	(void)state;
	assert_non_null(from);
	assert_int_equal(field_set_text(from, VIEW("2026-11-22T00:00:00Z"), &v, &p), RC_OK);
	assert_true(v.from.is_there);
	assert_int_equal(v.from.value, INT64_C(1795305600000));
	assert_int_equal(field_set_text(from, VIEW("yesterday"), &v, &p), RC_SYNTAX);
	assert_null(field_find(&history_table, VIEW("From")));
}

static int free_last(void **state)
{
	(void)state;
	body_free(parsed);
	parsed = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_are_read),
		cmocka_unit_test(optional_fields_may_be_absent),
		cmocka_unit_test(unknown_fields_are_refused),
		cmocka_unit_test(what_is_no_json_object_is_refused),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(a_million_brackets_do_not_overflow_the_stack),
		cmocka_unit_test(wrong_types_are_refused),
		cmocka_unit_test(required_fields_are_required),
		cmocka_unit_test(lengths_are_counted_in_characters),
		cmocka_unit_test(numbers_have_a_range),
		cmocka_unit_test(control_and_direction_characters_are_refused),
		cmocka_unit_test(secrets_are_taken_as_they_come),
		cmocka_unit_test(secrets_are_overwritten),
		cmocka_unit_test(yes_and_no_are_read),
		cmocka_unit_test(words_are_read_and_each_is_checked),
		cmocka_unit_test(the_number_of_words_is_limited),
		cmocka_unit_test(a_tree_is_read_by_tables_of_its_own),
		cmocka_unit_test(forms_are_checked),
		cmocka_unit_test(every_failing_allocation_is_told),
		cmocka_unit_test(times_are_read_from_queries),
	};
	return cmocka_run_group_tests(tests, NULL, free_last);
}
