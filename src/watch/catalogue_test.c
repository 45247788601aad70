/* The tables against the catalogue of the protocol (commands.json): every keyword of it is sent, or
 * named as never sent with the reason; and what is sent has its limits, answers and class. */
#include "unit.h"

#include <jansson.h>
#include <stdio.h>

#include "watch/command.h"
#include "watch/keyword.h"

static json_t *catalogue;

static int load(void **state)
{
	const char *root = secure_getenv("KINWARD_SOURCE_DIR");
	char path[4096];
	json_error_t error;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/tests/data/commands.json", root == NULL ? "." : root);
	catalogue = json_load_file(path, 0, &error);
	if (catalogue == NULL)
		fail_msg("%s: %s", path, error.text);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	json_decref(catalogue);
	return 0;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

static bool is_same(const char *a, const char *b)
{
	return view_is_nocase(view_of(a), view_of(b));
}

static bool is_never_sent(const char *keyword)
{
	size_t n = 0;
	const struct command_never *never = command_never(&n);

	for (size_t i = 0; i < n; i++) {
		if (is_same(never[i].keyword, keyword)) {
			assert_true(strlen(never[i].reason) > 10);
			return true;
		}
	}
	return false;
}

static bool is_reply(const char *keyword)
{
	size_t n = 0;
	const struct reply_definition *replies = reply_definitions(&n);

	for (size_t i = 0; i < n; i++) {
		if (is_same(replies[i].keyword, keyword))
			return true;
	}
	return false;
}

/* The next definition with this keyword, from kind *at on. */
static const struct command_definition *next_of(const char *keyword, unsigned *at)
{
	for (; *at < COMMAND_KIND_COUNT; (*at)++) {
		const struct command_definition *d = command_definition((enum command_kind) * at);
		if (is_same(d->keyword, keyword) ||
			(d->keyword_yisai != NULL && is_same(d->keyword_yisai, keyword))) {
			(*at)++;
			return d;
		}
	}
	return NULL;
}

static void every_keyword_is_sent_or_named_as_never_sent(void **state)
{
	size_t i = 0;
	const json_t *row = NULL;
	const json_t *down = json_object_get(catalogue, "down");

	(void)state;
	assert_int_equal(json_array_size(down), 142);
	json_array_foreach(down, i, row)
	{
		const char *keyword = text_of(row, "keyword");
		unsigned at = 0;
		bool is_sent = next_of(keyword, &at) != NULL;
		bool is_name_only = strcmp(text_of(row, "known"), "name_only") == 0;
		bool is_answer = json_object_get(row, "answer_to") != NULL;
		if (!is_sent && !is_reply(keyword) && !is_never_sent(keyword))
			fail_msg("%s is nowhere", keyword);
		if ((is_sent || is_reply(keyword)) && is_never_sent(keyword))
			fail_msg("%s is sent and never sent", keyword);
		if (is_name_only && !is_never_sent(keyword))
			fail_msg("%s is sent, but nothing of it is published", keyword);
		if (is_sent && is_answer)
			fail_msg("%s is an answer and no command", keyword);
		if (!is_sent && is_reply(keyword) && !is_answer && strcmp(keyword, "TK2") != 0)
			fail_msg("%s is a command and no answer", keyword);
	}
}

static void nothing_is_sent_that_the_catalogue_does_not_have(void **state)
{
	const json_t *down = json_object_get(catalogue, "down");
	size_t i = 0;
	const json_t *row = NULL;

	(void)state;
	for (unsigned k = 0; k < COMMAND_KIND_COUNT; k++) {
		const struct command_definition *d = command_definition((enum command_kind)k);
		bool is_found = false;
		json_array_foreach(down, i, row) is_found =
			is_found || is_same(text_of(row, "keyword"), d->keyword);
		assert_true(is_found);
	}
}

static bool lists(const json_t *array, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct view v = view_of(json_string_value(json_array_get(array, i)));
		v.n = view_find(v, ',');
		if (view_is_nocase(v, view_of(text)))
			return true;
	}
	return false;
}

/* Of a forbidden one only the value exists that switches it off. */
static void check_class(const json_t *row, const struct command_definition *d)
{
	const char *class = text_of(row, "class");

	if (strcmp(class, "forbidden") == 0) {
		assert_int_equal(d->fields_n, 1);
		assert_int_equal(d->fields[0].type, PARAM_FIXED);
		const char *by_value =
			text_of(json_object_get(row, "class_by_value"), d->fields[0].fixed);
		assert_string_equal(by_value, command_class_name(d->class));
		return;
	}
	if (strcmp(class, command_class_name(d->class)) != 0)
		fail_msg("%s is %s, not %s", d->keyword, class, command_class_name(d->class));
}

static void check_answers(const json_t *row, const struct command_definition *d)
{
	const json_t *ack = json_object_get(row, "ack");

	for (size_t i = 0; i < json_array_size(ack); i++) {
		struct view v = view_of(json_string_value(json_array_get(ack, i)));
		bool is_no = v.p[v.n - 1] == '0';
		size_t n = view_find(v, ',');
		struct view keyword = {.p = v.p, .n = n};
		struct view params = {.p = v.p + n + 1, .n = n < v.n ? v.n - n - 1 : 0};
		enum command_kind kind = COMMAND_KIND_COUNT;
		assert_true(command_from_name(view_of(d->name), &kind));
		enum command_answer answer = command_answer_of(kind, keyword, params);
		enum command_answer wanted = kind == COMMAND_PHOTO ? ANSWER_RECEIVED
					     : n < v.n && is_no    ? ANSWER_REFUSED
								   : ANSWER_CONFIRMED;
		if (answer != wanted)
			fail_msg("%.*s for %s is %d", (int)v.n, v.p, d->name, (int)answer);
		assert_int_equal(d->has_status, n < v.n || kind == COMMAND_VOICE_GROUP);
	}
	if (json_array_size(ack) == 0 && d->silence != SILENCE_ALL)
		fail_msg("%s is not answered by any watch", d->keyword);
	if (json_array_size(ack) > 0 && is_same(d->keyword, text_of(row, "keyword")) &&
		!lists(ack, d->answers[0]))
		fail_msg("%s is usually answered otherwise", d->keyword);
}

static void check_vendors(const json_t *row, const struct command_definition *d)
{
	static const char *const yisai[] = {"YS", "XT", "TL", "BK", "RL"};
	const json_t *only = json_object_get(row, "only");
	const json_t *not_for = json_object_get(row, "not_for");
	bool is_yisai_keyword =
		d->keyword_yisai != NULL && is_same(d->keyword_yisai, text_of(row, "keyword"));

	if (is_yisai_keyword)
		assert_non_null(only);
	else
		assert_int_equal(d->vendors, only != NULL      ? VENDORS_YISAI
					     : not_for != NULL ? VENDORS_NOT_YISAI
							       : VENDORS_ALL);
	for (size_t i = 0; i < COUNT_OF(yisai) && only != NULL; i++)
		assert_true(lists(only, yisai[i]));
}

/* Where we allow less, or more on purpose. */
static bool is_limited_otherwise(const char *keyword, const char *name)
{
	static const char *const rows[][2] = {
		{"PHBX", "slot"}, /* 30, and 100 on watches that say so: the caller knows */
		{"PHL", "entry"}, /* 50; our books end at 30 */
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (strcmp(keyword, rows[i][0]) == 0 && strcmp(name, rows[i][1]) == 0)
			return true;
	}
	return false;
}

static const struct command_field *field_of(const struct command_definition *d, const char *name)
{
	for (size_t i = 0; i < d->fields_n; i++) {
		if (strcmp(d->fields[i].name, name) == 0)
			return &d->fields[i];
	}
	return NULL;
}

static void check_limit(const json_t *param, const char *key, int32_t own, const char *what)
{
	const json_t *wanted = json_object_get(param, key);

	if (wanted != NULL && (int64_t)json_number_value(wanted) != own)
		fail_msg("%s: %s is %d, not %d", what, key, (int)own,
			(int)json_number_value(wanted));
}

static void check_values(const json_t *param, const struct command_field *f)
{
	const json_t *values = json_object_get(param, "values");
	size_t n = 0;

	if (f->type != PARAM_ENUM)
		return;
	for (const struct command_value *v = f->values; v->name != NULL; v++, n++) {
		char key[12];
		(void)snprintf(key, sizeof key, "%d", (int)v->number);
		assert_string_equal(text_of(values, key), v->name);
	}
	assert_int_equal(n, json_object_size(values));
}

static void check_param(
	const json_t *param, const struct command_definition *d, const char *keyword)
{
	const char *name = text_of(param, "name");
	const struct command_field *f = field_of(d, name);
	const json_t *repeat = json_object_get(param, "repeat");
	char what[64];

	if (f == NULL || f->type == PARAM_FIXED || f->type == PARAM_COUNT ||
		is_limited_otherwise(keyword, name))
		return;
	(void)snprintf(what, sizeof what, "%s {%s}", keyword, name);
	int32_t scale = f->type == PARAM_DECIMAL ? 10 : 1;
	if (f->type == PARAM_INT || f->type == PARAM_DECIMAL) {
		check_limit(param, "min", f->has_zero ? 0 : f->min / scale, what);
		check_limit(param, "max", f->max / scale, what);
	}
	if (f->type == PARAM_DIGITS || f->type == PARAM_NAME || f->type == PARAM_AUDIO) {
		check_limit(param, "min", f->min, what);
		check_limit(param, "max",
			f->max == 0 ? (int32_t)json_number_value(json_object_get(param, "max"))
				    : f->max,
			what);
	}
	check_values(param, f);
	if (repeat != NULL) {
		assert_int_equal(f->repeat_min, json_integer_value(json_array_get(repeat, 0)));
		assert_int_equal(f->repeat_max, json_integer_value(json_array_get(repeat, 1)));
	}
}

static bool is_named(const struct command_definition *d, const json_t *params)
{
	size_t i = 0;
	const json_t *param = NULL;

	for (size_t k = 0; k < d->fields_n; k++) {
		const struct command_field *f = &d->fields[k];
		bool is_found = f->type == PARAM_FIXED;
		json_array_foreach(params, i, param) is_found =
			is_found || strcmp(text_of(param, "name"), f->name) == 0;
		/* two kinds and three of ours are one row each there */
		if (!is_found && strcmp(d->keyword, "APPLOCK") != 0 &&
			strcmp(d->keyword, "hrtstart") != 0)
			return false;
	}
	return true;
}

static void what_is_sent_is_as_the_catalogue_says(void **state)
{
	size_t i = 0;
	size_t k = 0;
	const json_t *row = NULL;
	const json_t *param = NULL;
	unsigned compared = 0;

	(void)state;
	json_array_foreach(json_object_get(catalogue, "down"), i, row)
	{
		const char *keyword = text_of(row, "keyword");
		const json_t *params = json_object_get(row, "params");
		const struct command_definition *d = NULL;
		for (unsigned at = 0; (d = next_of(keyword, &at)) != NULL; compared++) {
			check_class(row, d);
			check_answers(row, d);
			check_vendors(row, d);
			if (!is_named(d, params))
				fail_msg("%s has other values", keyword);
			json_array_foreach(params, k, param) check_param(param, d, keyword);
		}
	}
	assert_int_equal(compared, COMMAND_KIND_COUNT + 1); /* PHB1 is a form of its own */
}

/* Positions and alarms are known by how they begin. */
static bool is_family(const char *keyword)
{
	return strncmp(keyword, "UD", 2) == 0 || strncmp(keyword, "AL", 2) == 0 ||
	       strncmp(keyword, "WT", 2) == 0 || strcmp(keyword, "*") == 0;
}

static void check_answer(const json_t *row, const struct keyword *k)
{
	const char *rule = text_of(json_object_get(row, "reply"), "rule");
	const char *send = text_of(json_object_get(row, "reply"), "send");
	bool is_answered = k->answer != ANSWER_NONE;

	if (strcmp(rule, "none") == 0 || strcmp(rule, "ack_only") == 0)
		assert_false(is_answered);
	else if (strcmp(rule, "echo") == 0)
		assert_int_equal(k->answer, ANSWER_ECHO);
	else if (strcmp(rule, "fixed") == 0 && strchr(send, ',') == NULL)
		assert_true(k->answer == ANSWER_ECHO || k->answer == ANSWER_LK ||
			    k->answer == ANSWER_KA);
	else if (strcmp(rule, "fixed") == 0)
		assert_true(is_answered && k->answer != ANSWER_ECHO);
}

static void every_report_is_known_with_its_answer(void **state)
{
	size_t i = 0;
	const json_t *row = NULL;
	unsigned compared = 0;

	(void)state;
	json_array_foreach(json_object_get(catalogue, "up"), i, row)
	{
		const char *keyword = text_of(row, "keyword");
		char upper[REPORT_KEYWORD_MAX + 1] = "";
		if (is_family(keyword))
			continue;
		for (size_t k = 0; keyword[k] != '\0' && k < REPORT_KEYWORD_MAX; k++)
			upper[k] = ascii_upper(keyword[k]);
		const struct keyword *found = keyword_find(view_of(upper));
		if (found == NULL)
			fail_msg("%s is not known", keyword);
		else
			check_answer(row, found);
		compared++;
	}
	assert_true(compared > 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_keyword_is_sent_or_named_as_never_sent),
		cmocka_unit_test(nothing_is_sent_that_the_catalogue_does_not_have),
		cmocka_unit_test(what_is_sent_is_as_the_catalogue_says),
		cmocka_unit_test(every_report_is_known_with_its_answer),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
