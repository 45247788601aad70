#include "base/mail_address.h"

#include "unit.h"

static void usual_addresses_are_taken(void **state)
{
	static const char *const texts[] = {"a@example.org", "maria.lopez+kinward@mail.example.org",
		"o'neil@Example.ORG", "x_y-z=1@a-b.example", "a@1.example"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (!is_mail_address(view_of(texts[i])))
			fail_msg("refused: %s", texts[i]);
	}
	assert_true(view_is(mail_address_domain(VIEW("a@example.org")), VIEW("example.org")));
}

static void what_could_be_more_than_one_address_is_refused(void **state)
{
	static const char *const texts[] = {"", "a", "@", "a@", "@example.org", "a@b@example.org",
		"a@localhost", "a@example.org,b@example.org", "a@example.org b@example.org",
		"a@example.org\r\nBcc: b@example.org", "a\n@example.org", "a@example.org\n",
		"<a@example.org>", "a <a@example.org>", "\"a b\"@example.org", "a(b)@example.org",
		"a@[127.0.0.1]", "a@127.0.0.1", "a..b@example.org", ".a@example.org",
		"a.@example.org", "-oQ/tmp@example.org", "a;b@example.org", "a:b@example.org",
		"\xc3\xa4@example.org", "a@\xc3\xa4.example", "a@example..org", "a@-x.example",
		"a%00@exa\x01mple.org", "a\\@example.org", "a@example.org."};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (is_mail_address(view_of(texts[i])))
			fail_msg("taken: %s", texts[i]);
	}
	assert_false(is_mail_address((struct view){.p = "a\0b@example.org", .n = 15}));
}

static void lengths_are_bounded(void **state)
{
	char text[400];

	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text + 64, "@example.org", 12);
	assert_true(is_mail_address((struct view){.p = text, .n = 76}));
	memset(text, 'a', sizeof text);
	memcpy(text + 65, "@example.org", 12);
	assert_false(is_mail_address((struct view){.p = text, .n = 77}));
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 == 0 ? 'a' : '.';
	text[1] = '@';
	assert_true(is_mail_address((struct view){.p = text, .n = 253}));
	assert_false(is_mail_address((struct view){.p = text, .n = 255}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_addresses_are_taken),
		cmocka_unit_test(what_could_be_more_than_one_address_is_refused),
		cmocka_unit_test(lengths_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
