#include "crypto/token.h"

#include "unit.h"

static void token_hashes_to_what_is_stored_and_no_other_does(void **state)
{
	char text[TOKEN_TEXT_SIZE];
	char other[TOKEN_TEXT_SIZE];
	struct token_hash stored;
	struct token_hash hash;

	(void)state;
	token_new(text, &stored);
	assert_int_equal(strlen(text), TOKEN_TEXT_SIZE - 1);
	assert_true(token_hash_of(view_of(text), &hash));
	assert_true(token_hash_is(&stored, &hash));
	token_new(other, &hash);
	assert_false(token_hash_is(&stored, &hash));
	assert_string_not_equal(text, other);
	text[0] = text[0] == 'A' ? 'B' : 'A';
	assert_true(token_hash_of(view_of(text), &hash));
	assert_false(token_hash_is(&stored, &hash));
}

static void text_of_another_form_is_no_token(void **state)
{
	char text[TOKEN_TEXT_SIZE];
	struct token_hash hash;

	(void)state;
	token_new(text, &hash);
	assert_false(token_hash_of((struct view){.p = text, .n = TOKEN_TEXT_SIZE - 2}, &hash));
	assert_false(token_hash_of((struct view){.p = text, .n = TOKEN_TEXT_SIZE}, &hash));
	assert_false(token_hash_of(VIEW(""), &hash));
	text[7] = '=';
	assert_false(token_hash_of(view_of(text), &hash));
	text[7] = '\n';
	assert_false(token_hash_of(view_of(text), &hash));
}

static void digits_are_digits_and_all_of_them_occur(void **state)
{
	unsigned seen[10] = {0};
	char text[DIGITS_MAX + 1];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		unsigned n = 1 + (unsigned)i % DIGITS_MAX;
		digits_new(n, text);
		assert_int_equal(strlen(text), n);
		for (unsigned k = 0; k < n; k++) {
			assert_in_range(text[k], '0', '9');
			seen[text[k] - '0']++;
		}
	}
	for (int i = 0; i < 10; i++)
		assert_true(seen[i] > 400); /* 650 expected */
}

static void secrets_are_compared_whole(void **state)
{
	(void)state;
	assert_true(secret_is(VIEW("123456"), VIEW("123456")));
	assert_true(secret_is(VIEW(""), VIEW("")));
	assert_false(secret_is(VIEW("123456"), VIEW("123457")));
	assert_false(secret_is(VIEW("123456"), VIEW("12345")));
	assert_false(secret_is(VIEW(""), VIEW("1")));
}

static int start(void **state)
{
	(void)state;
	return crypto_start(NULL) == RC_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_hashes_to_what_is_stored_and_no_other_does),
		cmocka_unit_test(text_of_another_form_is_no_token),
		cmocka_unit_test(digits_are_digits_and_all_of_them_occur),
		cmocka_unit_test(secrets_are_compared_whole),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
