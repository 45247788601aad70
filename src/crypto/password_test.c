#include "crypto/password.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/token.h"
#include "unit.h"

static enum password_fault check(const char *password)
{
	static const struct view names[] = {
		{"maria.keller", 12}, {"Maria Keller", 12}, {"Kellerfamilie", 13}};

	return password_check(view_of(password), names, COUNT_OF(names));
}

static void length_counts_characters_from_twelve_up(void **state)
{
	(void)state;
	assert_int_equal(check("vq7lmxt0pzk"), PASSWORD_TOO_SHORT);
	assert_int_equal(check("vq7lmxt0pzkw"), PASSWORD_GOOD);
	assert_int_equal(check("vq7lmxt0pzkwh"), PASSWORD_GOOD);
	assert_int_equal(check(""), PASSWORD_TOO_SHORT);
	/* Twelve characters of two bytes each, and eleven. */
	assert_int_equal(check("äöüßéèñøåœçł"), PASSWORD_GOOD);
	assert_int_equal(check("äöüßéèñøåœç"), PASSWORD_TOO_SHORT);
}

static void length_ends_at_256_bytes(void **state)
{
	char text[PASSWORD_BYTES_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + (i * i * 7 + i / 3) % 26);
	for (size_t n = PASSWORD_BYTES_MAX - 1; n <= PASSWORD_BYTES_MAX + 1; n++) {
		enum password_fault fault =
			password_check((struct view){.p = text, .n = n}, NULL, 0);
		assert_int_equal(
			fault, n <= PASSWORD_BYTES_MAX ? PASSWORD_GOOD : PASSWORD_TOO_LONG);
	}
}

static void nothing_is_asked_of_the_composition(void **state)
{
	(void)state;
	assert_int_equal(check("correct horse battery staple"), PASSWORD_GOOD);
	assert_int_equal(check("mein dackel frisst nur lauch"), PASSWORD_GOOD);
	assert_int_equal(check("zebrakiosklampe"), PASSWORD_GOOD);
}

static void what_guessers_try_first_is_refused(void **state)
{
	static const char *const common[] = {"password1234", "Password1234!", "passwordpassword",
		"P@ssw0rd1234", "passwort2026", "123456789012", "111111111111", "aaaaaaaaaaaa",
		"abcabcabcabc", "abcdefghijkl", "qwertyuiopas", "qwertzuiopas", "1qaz2wsx3edc",
		"iloveyou1234", "letmein123456", "Kinward-2026", "admin12345678", "098765432109",
		"SmartWatch2026!", "setracker123456", "welcome12345", "qwerty123456",
		"abc123abc123", "iloveyouiloveyou", "ichliebedich1", "contraseña12"};

	(void)state;
	for (size_t i = 0; i + 1 < COUNT_OF(common); i++) {
		if (check(common[i]) != PASSWORD_COMMON)
			fail_msg("%s was taken", common[i]);
	}
}

static void own_names_are_refused_also_with_digits(void **state)
{
	(void)state;
	assert_int_equal(check("maria.keller"), PASSWORD_IS_NAME);
	assert_int_equal(check("MARIA KELLER 2026"), PASSWORD_IS_NAME);
	assert_int_equal(check("kellerfamilie1"), PASSWORD_IS_NAME);
	assert_int_equal(check("maria.keller likes leek"), PASSWORD_GOOD);
}

static void text_that_is_none_is_refused(void **state)
{
	(void)state;
	assert_int_equal(check("good length\x01 but"), PASSWORD_NOT_TEXT);
	assert_int_equal(check("good length\xff but"), PASSWORD_NOT_TEXT);
	assert_int_equal(password_check(VIEW("nul\0inside the text"), NULL, 0), PASSWORD_NOT_TEXT);
}

static void hash_verifies_its_password_alone(void **state)
{
	char hash[PASSWORD_HASH_TEXT];
	char other[PASSWORD_HASH_TEXT];

	(void)state;
	assert_int_equal(password_hash(VIEW("zebrakiosklampe"), hash, NULL), RC_OK);
	assert_int_equal(password_hash(VIEW("zebrakiosklampe"), other, NULL), RC_OK);
	assert_string_not_equal(hash, other); /* salted */
	assert_int_equal(strncmp(hash, "$argon2id$", 10), 0);
	assert_true(password_verify(hash, VIEW("zebrakiosklampe")));
	assert_false(password_verify(hash, VIEW("zebrakiosklampE")));
	assert_false(password_verify(hash, VIEW("")));
	assert_false(password_verify("", VIEW("zebrakiosklampe")));
	assert_false(password_verify(hash, view_of(hash))); /* a stolen hash is no password */
}

/* Alike for logins that exist and those that do not: within a factor, because machines are busy. */
static void nobody_takes_as_long_as_somebody(void **state)
{
	char hash[PASSWORD_HASH_TEXT];
	int64_t spent[2] = {INT64_MAX, INT64_MAX};

	(void)state;
	assert_int_equal(password_hash(VIEW("zebrakiosklampe"), hash, NULL), RC_OK);
	for (int i = 0; i < 6; i++) {
		struct timespec before;
		struct timespec after;
		assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before), 0);
		if (i % 2 == 0)
			assert_false(password_verify(hash, VIEW("another password")));
		else
			password_verify_nobody(VIEW("another password"));
		assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after), 0);
		int64_t us = (after.tv_sec - before.tv_sec) * 1000000 +
			     (after.tv_nsec - before.tv_nsec) / 1000;
		if (us < spent[i % 2])
			spent[i % 2] = us;
	}
	assert_true(spent[0] < spent[1] * 3 / 2 && spent[1] < spent[0] * 3 / 2);
}

static int start(void **state)
{
	(void)state;
	return crypto_start(NULL) == RC_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_counts_characters_from_twelve_up),
		cmocka_unit_test(length_ends_at_256_bytes),
		cmocka_unit_test(nothing_is_asked_of_the_composition),
		cmocka_unit_test(what_guessers_try_first_is_refused),
		cmocka_unit_test(own_names_are_refused_also_with_digits),
		cmocka_unit_test(text_that_is_none_is_refused),
		cmocka_unit_test(hash_verifies_its_password_alone),
		cmocka_unit_test(nobody_takes_as_long_as_somebody),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
