#include "courier/mail_format.h"

#include "unit.h"

static const struct uid id = {{1, 2, 3}};

static struct mail_parts parts_of(const char *subject, const char *text)
{
	return (struct mail_parts){.from = VIEW("kinward@example.org"),
		.to = VIEW("maria@example.net"),
		.subject = view_of(subject),
		.text = view_of(text),
		.id = id,
		.time_ms = INT64_C(1795000000000)};
}

static void mail_has_the_form_of_the_standard(void **state)
{
	struct mail_parts parts = parts_of("Hello", "Hi");
	char text[MAIL_FORMAT_MAX];
	size_t n = 0;
	static const char expected[] =
		"From: Kinward <kinward@example.org>\r\n"
		"To: <maria@example.net>\r\n"
		"Subject: Hello\r\n"
		"Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n"
		"Message-ID: <01020300000000000000000000000000@example.org>\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: base64\r\n"
		"\r\n"
		"SGk=\r\n";

	(void)state;
	assert_int_equal(mail_format(&parts, text, &n, NULL), RC_OK);
	assert_int_equal(n, sizeof expected - 1);
	assert_memory_equal(text, expected, n);
}

static void subject_with_other_letters_is_encoded(void **state)
{
	struct mail_parts parts = parts_of("Kinward: Änderung", "x");
	char text[MAIL_FORMAT_MAX + 1];
	size_t n = 0;

	(void)state;
	assert_int_equal(mail_format(&parts, text, &n, NULL), RC_OK);
	text[n] = '\0';
	assert_non_null(strstr(text, "\r\nSubject: =?utf-8?B?S2lud2FyZDogw4RuZGVydW5n?=\r\n"));
	/* What only looks like an encoded word is encoded, too. */
	parts.subject = VIEW("=?utf-8?B?S2lud2FyZA==?=");
	assert_int_equal(mail_format(&parts, text, &n, NULL), RC_OK);
	text[n] = '\0';
	assert_null(strstr(text, "S2lud2FyZA=="));
}

static void parts_that_could_add_a_header_are_refused(void **state)
{
	static const char *const subjects[] = {
		"", "a\nBcc: eve@example.org", "a\rb", "a\x7f", "\t"};
	char text[MAIL_FORMAT_MAX];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(subjects); i++) {
		struct mail_parts parts = parts_of(subjects[i], "x");
		assert_int_equal(mail_format(&parts, text, &n, NULL), RC_SYNTAX);
	}
	struct mail_parts parts = parts_of("a", "x");
	parts.to = VIEW("maria@example.net>\r\nBcc: <eve@example.org");
	assert_int_equal(mail_format(&parts, text, &n, NULL), RC_SYNTAX);
	parts = parts_of("a", "x");
	parts.from = VIEW("nobody");
	assert_int_equal(mail_format(&parts, text, &n, NULL), RC_SYNTAX);
}

static void longer_than_a_mail_may_be_is_a_limit(void **state)
{
	static char long_text[MAIL_FORMAT_MAX];
	struct mail_parts parts = parts_of("a", "x");
	char text[MAIL_FORMAT_MAX];
	size_t n = 0;

	(void)state;
	memset(long_text, 'x', sizeof long_text);
	parts.text = (struct view){.p = long_text, .n = sizeof long_text};
	assert_int_equal(mail_format(&parts, text, &n, NULL), RC_LIMIT);
	parts.text.n = 12000;
	assert_int_equal(mail_format(&parts, text, &n, NULL), RC_OK);
}

/* Whatever stands in subject and text: nine header lines, each of its own name, no line over the
 * limit, and a body of base64. */
static void one_mail(struct prop *p)
{
	static const char *const names[] = {
		"From: ", "To: ", "Subject: ", "Date: ", "Message-ID: ", "Auto-Submitted: ",
		"MIME-Version: ", "Content-Type: ", "Content-Transfer-Encoding: "};
	char subject[200];
	char body[2000];
	char text[MAIL_FORMAT_MAX];
	size_t n = 0;
	size_t header = 0;
	struct mail_parts parts = parts_of("a", "x");

	parts.subject =
		(struct view){.p = subject, .n = prop_bytes(p, subject, sizeof subject, NULL, 0)};
	parts.text = (struct view){.p = body, .n = prop_bytes(p, body, sizeof body, NULL, 0)};
	for (size_t i = 0; i < parts.subject.n && prop_chance(p, 99); i++) {
		if ((uint8_t)subject[i] < ' ' || subject[i] == 0x7F)
			subject[i] = (char)(0x80 + i % 0x80);
	}
	if (mail_format(&parts, text, &n, NULL) != RC_OK)
		return;
	struct view rest = {.p = text, .n = n};
	struct view line;
	while (view_cut_until(&rest, '\n', 998, &line)) {
		assert_true(line.n > 0 && line.p[line.n - 1] == '\r');
		line.n--;
		assert_true(view_find(line, '\r') == line.n);
		if (header < COUNT_OF(names) && view_starts_nocase(line, view_of(names[header])))
			header++;
		else if (header < COUNT_OF(names))
			assert_int_equal(line.p[0], ' '); /* a folded one */
		else
			assert_true(line.n <= 76);
	}
	assert_int_equal(rest.n, 0);
	assert_int_equal(header, COUNT_OF(names));
}

static void no_content_changes_the_headers(void **state)
{
	(void)state;
	prop_run("no_content_changes_the_headers", 20000, one_mail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_has_the_form_of_the_standard),
		cmocka_unit_test(subject_with_other_letters_is_encoded),
		cmocka_unit_test(parts_that_could_add_a_header_are_refused),
		cmocka_unit_test(longer_than_a_mail_may_be_is_a_limit),
		cmocka_unit_test(no_content_changes_the_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
