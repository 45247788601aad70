#include "unit.h"

#include "base/view.h"

static void assert_view(struct view v, const char *text)
{
	assert_int_equal(v.n, strlen(text));
	assert_memory_equal(v.p, text, v.n);
}

static void cut_moves_only_when_enough_is_there(void **state)
{
	struct view in = VIEW("abc");
	struct view head = VIEW("old");

	(void)state;
	assert_false(view_cut(&in, 4, &head));
	assert_view(in, "abc");
	assert_view(head, "old");
	assert_true(view_cut(&in, 3, &head));
	assert_view(head, "abc");
	assert_int_equal(in.n, 0);
	assert_true(view_cut(&in, 0, &head));
	assert_int_equal(head.n, 0);
	assert_false(view_cut(&in, SIZE_MAX, &head));
}

static void cut_until_finds_the_stop_within_the_limit(void **state)
{
	struct view in = VIEW("abc*rest");
	struct view head = {0};

	(void)state;
	assert_false(view_cut_until(&in, '*', 2, &head)); /* three bytes stand before it */
	assert_view(in, "abc*rest");
	assert_true(view_cut_until(&in, '*', 3, &head));
	assert_view(head, "abc");
	assert_view(in, "rest");
	assert_false(view_cut_until(&in, '*', 100, &head));
	assert_view(in, "rest");
}

static void cut_until_may_cut_nothing(void **state)
{
	struct view in = VIEW("*x");
	struct view head = VIEW("old");

	(void)state;
	assert_true(view_cut_until(&in, '*', 0, &head));
	assert_int_equal(head.n, 0);
	assert_view(in, "x");
}

static void fields_end_after_the_last_one(void **state)
{
	struct view in = VIEW("a,,b,");
	struct view field = {0};
	static const char *const expected[] = {"a", "", "b", ""};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(expected); i++) {
		assert_true(view_cut_field(&in, ',', &field));
		assert_view(field, expected[i]);
	}
	assert_null(in.p);
	assert_false(view_cut_field(&in, ',', &field));
}

static void the_empty_view_is_one_empty_field(void **state)
{
	struct view in = VIEW("");
	struct view field = VIEW("old");

	(void)state;
	assert_true(view_cut_field(&in, ',', &field));
	assert_int_equal(field.n, 0);
	assert_false(view_cut_field(&in, ',', &field));
}

static void find_tells_the_length_when_nothing_is_found(void **state)
{
	(void)state;
	assert_int_equal(view_find(VIEW("abc"), 'b'), 1);
	assert_int_equal(view_find(VIEW("abc"), 'x'), 3);
	assert_int_equal(view_find((struct view){0}, 'x'), 0);
}

static void comparing_regards_every_byte(void **state)
{
	(void)state;
	assert_true(view_is(VIEW("a\0b"), VIEW("a\0b")));
	assert_false(view_is(VIEW("a\0b"), VIEW("a\0c")));
	assert_false(view_is(VIEW("ab"), VIEW("abc")));
	assert_true(view_is((struct view){0}, VIEW("")));
	assert_int_equal(view_of(NULL).n, 0);
}

static void comparing_without_case_is_ascii_only(void **state)
{
	(void)state;
	assert_true(view_is_nocase(VIEW("AzZ9"), VIEW("aZz9")));
	assert_false(view_is_nocase(VIEW("\xC4"), VIEW("\xE4"))); /* Ä, ä in Latin-1 */
	assert_false(view_is_nocase(VIEW("@"), VIEW("`")));
	assert_false(view_is_nocase(VIEW("["), VIEW("{")));
	assert_false(view_is_nocase(VIEW("a"), VIEW("ab")));
	assert_true(view_starts_nocase(VIEW("UD_LTE"), VIEW("ud_")));
	assert_true(view_starts_nocase(VIEW("UD"), VIEW("")));
	assert_false(view_starts_nocase(VIEW("UD"), VIEW("UD2")));
}

static void trimming_takes_blanks_from_both_ends(void **state)
{
	(void)state;
	assert_view(view_trim(VIEW(" \t a b\t ")), "a b");
	assert_int_equal(view_trim(VIEW(" \t ")).n, 0);
	assert_int_equal(view_trim(VIEW("")).n, 0);
	assert_view(view_trim(VIEW("\na\n")), "\na\n");
}

static void to_text_refuses_what_does_not_fit(void **state)
{
	char text[4] = "old";

	(void)state;
	assert_true(view_to_text(VIEW("abc"), text, sizeof text));
	assert_string_equal(text, "abc");
	assert_false(view_to_text(VIEW("abcd"), text, sizeof text));
	assert_string_equal(text, "");
	assert_false(view_to_text(VIEW("a\0b"), text, sizeof text));
	assert_string_equal(text, "");
	assert_true(view_to_text(VIEW(""), text, sizeof text));
	assert_string_equal(text, "");
}

static void ascii_classes_are_exact(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		const char *digits = "0123456789abcdef";
		const char *hit = i == 0 ? NULL : strchr(digits, ascii_lower(c));
		assert_int_equal(ascii_hex(c), hit == NULL ? -1 : hit - digits);
		assert_int_equal(ascii_is_digit(c), i >= '0' && i <= '9');
		assert_int_equal(ascii_is_alnum(c),
			(i >= '0' && i <= '9') || (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z'));
		assert_int_equal(ascii_upper(ascii_lower(c)), ascii_upper(c));
	}
}

/* Joining the fields with the stop gives the input again. */
static void fields_round(struct prop *p)
{
	char buf[40];
	char joined[80];
	size_t n = prop_bytes(p, buf, sizeof buf, "ab,", 3);
	struct view in = {.p = buf, .n = n};
	struct view field;
	size_t m = 0;
	bool is_first = true;

	while (view_cut_field(&in, ',', &field)) {
		if (!is_first)
			joined[m++] = ',';
		is_first = false;
		assert_int_equal(view_find(field, ','), field.n);
		memcpy(joined + m, field.p, field.n);
		m += field.n;
	}
	assert_int_equal(m, n);
	assert_memory_equal(joined, buf, n);
}

static void fields_lose_nothing(void **state)
{
	(void)state;
	prop_run("fields_lose_nothing", 2000, fields_round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_moves_only_when_enough_is_there),
		cmocka_unit_test(cut_until_finds_the_stop_within_the_limit),
		cmocka_unit_test(cut_until_may_cut_nothing),
		cmocka_unit_test(fields_end_after_the_last_one),
		cmocka_unit_test(the_empty_view_is_one_empty_field),
		cmocka_unit_test(find_tells_the_length_when_nothing_is_found),
		cmocka_unit_test(comparing_regards_every_byte),
		cmocka_unit_test(comparing_without_case_is_ascii_only),
		cmocka_unit_test(trimming_takes_blanks_from_both_ends),
		cmocka_unit_test(to_text_refuses_what_does_not_fit),
		cmocka_unit_test(ascii_classes_are_exact),
		cmocka_unit_test(fields_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
