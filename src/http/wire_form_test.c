#include "unit.h"

#include <string.h>

#include "base/err.h"
#include "http/wire_form.h"

/* A head as libmicrohttpd leaves it: `#` stands for the NULs that it writes over CR, LF, colon,
 * blank. */
static char memory[256];

static void lay_out(const char *text)
{
	memset(memory, 'X', sizeof memory);
	for (size_t i = 0; text[i] != '\0'; i++)
		memory[i] = text[i];
	for (size_t i = 0; i < strlen(text); i++) {
		if (memory[i] == '#')
			memory[i] = '\0';
	}
}

static bool is_strict(const char *text)
{
	struct wire_form w;
	const char *p = memory;
	const char *version;

	lay_out(text);
	version = p + strlen(p) + 1;
	wire_form_start(&w, p, strlen(p), version);
	p = version + strlen(version);
	while (*p == '\0' && p < memory + strlen(text))
		p++;
	while (p < memory + strlen(text)) {
		const char *value = p + strlen(p) + 1;
		value += strspn(value, " \t");
		wire_form_field(&w, p, strlen(p), value, strlen(value));
		p = value + strlen(value);
		while (p < memory + strlen(text) && *p == '\0')
			p++;
	}
	return wire_form_end(&w, memory, strlen(text));
}

static void lines_that_end_with_cr_lf_are_strict(void **state)
{
	(void)state;
	assert_true(is_strict("/a#HTTP/1.1##Host# x##A# b##C#d####"));
	assert_true(is_strict("/#HTTP/1.1##Host#\t x####"));
}

static void a_bare_line_feed_is_seen(void **state)
{
	(void)state;
	assert_false(is_strict("/a#HTTP/1.1#Host# x##A# b####"));
	assert_false(is_strict("/a#HTTP/1.1##Host# x#A# b####"));
	assert_false(is_strict("/a#HTTP/1.1##Host# x##A# b#"));
}

static void two_bare_line_feeds_before_a_body_are_seen(void **state)
{
	struct wire_form w;

	(void)state;
	lay_out("/a#HTTP/1.1##A# b##GET /");
	wire_form_start(&w, memory, 2, memory + 3);
	wire_form_field(&w, memory + 13, 1, memory + 16, 1);
	assert_true(w.is_strict);
	assert_false(wire_form_end(&w, memory, 21));
}

static void a_nul_in_a_value_is_seen(void **state)
{
	(void)state;
	assert_false(is_strict("/a#HTTP/1.1##Host# x#y##A# b####"));
}

static void a_nul_at_the_end_of_the_last_value_is_seen(void **state)
{
	(void)state;
	assert_false(is_strict("/a#HTTP/1.1##Host# x##Content-Length# 5#####"));
	assert_false(is_strict("/a#HTTP/1.1##Host# x###A# b####"));
}

static void a_nul_in_the_path_is_seen(void **state)
{
	struct wire_form w;

	(void)state;
	lay_out("/a#b#HTTP/1.1##Host# x####");
	wire_form_start(&w, memory, 2, memory + 5);
	assert_false(wire_form_end(&w, memory, sizeof memory));
}

static void a_field_from_elsewhere_is_seen(void **state)
{
	struct wire_form w;
	static const char folded[] = "Ac";

	(void)state;
	lay_out("/a#HTTP/1.1##A# b## c####");
	wire_form_start(&w, memory, 2, memory + 3);
	wire_form_field(&w, folded, 2, memory + 16, 1);
	assert_false(wire_form_end(&w, memory, sizeof memory));
	wire_form_start(&w, memory, 2, memory + 3);
	wire_form_field(&w, memory + 13, 1, NULL, 0);
	assert_false(wire_form_end(&w, memory, sizeof memory));
	wire_form_start(&w, NULL, 0, memory + 3);
	assert_false(wire_form_end(&w, memory, sizeof memory));
}

static void something_between_colon_and_value_is_seen(void **state)
{
	struct wire_form w;

	(void)state;
	lay_out("/a#HTTP/1.1##A#!b####");
	wire_form_start(&w, memory, 2, memory + 3);
	wire_form_field(&w, memory + 13, 1, memory + 16, 1);
	assert_false(wire_form_end(&w, memory, sizeof memory));
}

static void only_the_version_that_was_looked_at_is_known(void **state)
{
	(void)state;
	assert_true(wire_form_is_known("0.9.75"));
	assert_false(wire_form_is_known("0.9.76"));
	assert_false(wire_form_is_known("1.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_end_with_cr_lf_are_strict),
		cmocka_unit_test(a_bare_line_feed_is_seen),
		cmocka_unit_test(two_bare_line_feeds_before_a_body_are_seen),
		cmocka_unit_test(a_nul_in_a_value_is_seen),
		cmocka_unit_test(a_nul_at_the_end_of_the_last_value_is_seen),
		cmocka_unit_test(a_nul_in_the_path_is_seen),
		cmocka_unit_test(a_field_from_elsewhere_is_seen),
		cmocka_unit_test(something_between_colon_and_value_is_seen),
		cmocka_unit_test(only_the_version_that_was_looked_at_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
